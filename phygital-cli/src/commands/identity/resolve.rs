//! `identity resolve`: which rows are one person.

use phygital_core::identity::matching;
use serde_json::json;

use super::profiles::write;
use super::read;
use crate::failure::{Exit, Failure};
use crate::identity_arguments::Resolve;
use crate::output::Output;

pub(super) fn resolve(with: &Resolve, output: &mut Output) -> Result<Exit, Failure> {
    let read = read(&with.learned.source, output)?;
    let model = read.model(&with.learned, output)?;
    let file = with.out.as_deref();
    let entities = output.working("matching", || matching::resolve(&read.records, &model))?;
    write(entities.iter(), &read.id, file, output)?;
    let (rows, profiles) = (read.records.len(), entities.len());
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
