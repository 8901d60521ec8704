//! `identity resolve`: which rows are one person.

use std::collections::BTreeSet;

use phygital_core::identity::matching::{self, MatchingError};
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
            let model = model.ok_or(MatchingError::NothingToLearn)?;
            let entities = output.working("matching", || matching::resolve(records, &model))?;
            write(entities.iter(), &read.id, file, output)?;
            (records.len(), entities.len())
        }
        Said::People(people) => {
            let resolver = people.resolver(model, output);
            let profile = |key| resolver.profile_of(key).map(|profile| profile.to_string());
            let rows: Vec<(&str, String)> =
                people.rows.iter().filter_map(|(id, key)| Some((&**id, profile(key)?))).collect();
            write(rows.iter().map(|(id, profile)| (*id, profile.as_str())), &read.id, file, output)?;
            (rows.len(), rows.iter().map(|(_, profile)| profile).collect::<BTreeSet<_>>().len())
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
