//! The profile of each record, as a table.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;
use crate::settings::name;

/// A record, its profile, and its household where that was asked for.
pub(super) type Placed<'r> = (&'r str, &'r str, Option<&'r str>);

/// Writes records with their profiles: CSV to a file, else to standard output, there as JSON Lines where programs read it.
pub(super) fn write<'r>(
    rows: impl Iterator<Item = Placed<'r>>,
    id: &str,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<(), Failure> {
    let record = if id == "event_id" { "event_id" } else { "record_id" };
    match file {
        Some(file) => {
            let written = File::create(file).and_then(|file| csv_rows(rows, record, file));
            written.map_err(|error| Failure::io(&name(file), &error))
        }
        None if output.is_json() => {
            let mut rows = rows;
            rows.try_for_each(|(one, profile, household)| {
                let mut object = json!({ record: one, "profile_id": profile });
                if let Some(household) = household {
                    object["household_id"] = household.into();
                }
                output.object(&object)
            })
        }
        None => output.written(|out| csv_rows(rows, record, out)),
    }
}

fn csv_rows<'r>(
    rows: impl Iterator<Item = Placed<'r>>,
    record: &'static str,
    out: impl Write,
) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let mut rows = rows.peekable();
    let head = (record, "profile_id", rows.peek().and_then(|row| row.2).map(|_| "household_id"));
    for (one, profile, household) in [head].into_iter().chain(rows) {
        // As it was below, so that a reader who left is known for one.
        table.write_record([one, profile].into_iter().chain(household)).map_err(|error| {
            match error.into_kind() {
                csv::ErrorKind::Io(error) => error,
                kind => io::Error::other(format!("{kind:?}")),
            }
        })?;
    }
    table.flush()
}
