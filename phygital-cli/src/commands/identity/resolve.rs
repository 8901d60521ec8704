//! `identity resolve`: which rows are one person.

use phygital_core::identity::matching;
use serde_json::json;

use super::profiles::write;
use super::{model, read};
use crate::failure::{Exit, Failure};
use crate::identity_arguments::Resolve;
use crate::output::Output;

pub(super) fn resolve(with: &Resolve, output: &mut Output) -> Result<Exit, Failure> {
    let read = read(&with.learned.people, output)?;
    let model = model(&with.learned, &read, output)?;
    let entities = output.working("matching", || matching::resolve(&read.records, &model))?;
    write(entities.iter(), &read.id, with.out.as_deref(), output)?;
    if with.out.is_some() {
        let (records, profiles) = (read.records.len(), entities.len());
        if output.is_json() {
            output.object(&json!({ "records": records, "profiles": profiles }))?;
        } else {
            output.text(format_args!("{records} records are {profiles} profiles"))?;
        }
    }
    Ok(Exit::Done)
}
