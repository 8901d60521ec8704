//! `experiment assign`: the arm of each person, by a hash of the id.

use phygital_core::measure::experiment::{Assignment, Design, DesignError, HashVersion, Holdout};
use serde::Serialize;

use super::bad;
use crate::experiment_arguments::Assign;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::table::Table;

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    arm: Option<&'a str>,
    status: &'static str,
}

/// Says who gets what, in the order of the file.
pub(super) fn assign(with: &Assign, output: &mut Output) -> Result<Exit, Failure> {
    let design = design(with).map_err(|error| bad("experiment", error))?;
    let mut table = Table::open(&with.file, output)?;
    let column = table.column(&with.id)?;
    let json = output.is_json();
    if !json {
        output.text("id,arm,status")?;
    }
    while let Some(row) = table.next()? {
        let id = row.get(column);
        if id.is_empty() {
            let message = format!("column {}: expected an id, found nothing", with.id);
            return Err(Failure::misuse("malformed", message).at_line(row.line));
        }
        let (arm, status) = match design.assign(id) {
            Assignment::Variation(at) => (with.arm.get(at).map(|arm| arm.arm.as_str()), "assigned"),
            Assignment::HeldOut => (None, "held_out"),
            _ => (None, "outside"),
        };
        match json {
            true => output.object(&Line { id, arm, status })?,
            false => output.written(|out| {
                let mut writer = csv::Writer::from_writer(out);
                writer.write_record([id, arm.unwrap_or_default(), status])?;
                writer.flush()
            })?,
        }
    }
    Ok(Exit::Done)
}

fn design(with: &Assign) -> Result<Design, DesignError> {
    let version = if with.hash_version == 1 { HashVersion::V1 } else { HashVersion::V2 };
    let weights = with.arm.iter().map(|arm| arm.weight).collect();
    let mut design = Design::new(&with.seed, with.arm.len())?.version(version).weights(weights)?;
    design = design.coverage(with.coverage)?;
    if let Some(namespace) = &with.namespace {
        design = design.namespace(&namespace.name, namespace.from, namespace.to)?;
    }
    if let Some(holdout) = &with.holdout {
        design = design.holdout(Holdout::new(&holdout.arm, holdout.weight)?);
    }
    Ok(design)
}
