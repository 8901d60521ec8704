//! `identity resolve`: which rows are one person.

use std::collections::BTreeSet;

use phygital_core::identity::matching::{self, MatchingError};
use phygital_core::vocab::CustomerId;
use serde_json::json;

use super::profiles::write;
use super::{Said, read};
use crate::failure::{Exit, Failure};
use crate::identity_arguments::Resolve;
use crate::output::Output;

pub(super) fn resolve(with: &Resolve, output: &mut Output) -> Result<Exit, Failure> {
    let read = read(&with.learned.source, output)?;
    let model = read.model(&with.learned, output)?;
    let file = with.out.as_deref();
    let (rows, profiles) = match &read.said {
        Said::Records(records) => {
            if with.households {
                let what = "--households goes with a mapping of identifiers or details";
                return Err(Failure::misuse("bad_argument", what));
            }
            let model = model.ok_or(MatchingError::NothingToLearn)?;
            let entities = output.working("matching", || matching::resolve(records, &model))?;
            write(entities.iter().map(|(id, entity)| (id, entity, None)), &read.id, file, output)?;
            (records.len(), entities.len())
        }
        Said::People(people) => {
            let resolver = people.resolver(model, output);
            let households = with.households.then(|| people.households(&resolver));
            let placed = people.rows.iter().filter_map(|(id, key)| {
                let profile = resolver.profile_of(key)?;
                let household = households.as_ref().and_then(|of| of.get(&profile));
                Some((&**id, profile.to_string(), household.map(CustomerId::to_string)))
            });
            let rows: Vec<(&str, String, Option<String>)> = placed.collect();
            let each = rows.iter().map(|(id, profile, house)| (*id, profile.as_str(), house.as_deref()));
            write(each, &read.id, file, output)?;
            (rows.len(), rows.iter().map(|(_, profile, _)| profile).collect::<BTreeSet<_>>().len())
        }
    };
    if file.is_some() {
        let what = if read.id == "event_id" { "events" } else { "records" };
        if output.is_json() {
            output.object(&json!({ what: rows, "profiles": profiles }))?;
        } else {
            output.text(format_args!("{rows} {what} are {profiles} profiles"))?;
        }
    }
    Ok(Exit::Done)
}
