//! The table of a Markov model's transitions as CSV.

use std::fs::File;
use std::io;
use std::path::Path;

use phygital_core::attribution::{ChannelId, Target, Transition, Transitions};

use super::amounts::{Amount, Total};
use crate::failure::Failure;
use crate::settings::name;

/// Writes the table: a state without a name is the start, a target without one is an end, which stands beside it.
pub(super) fn write(
    file: &Path,
    transitions: &Transitions,
    loops: bool,
    separator: &str,
) -> Result<(), Failure> {
    let rows = transitions.table(loops);
    let state = |state: &[ChannelId]| {
        let names = state.iter().map(|id| transitions.channels().name(*id));
        names.collect::<Vec<_>>().join(&format!(" {separator} "))
    };
    let written = File::create(file).and_then(|file| {
        let mut table = csv::Writer::from_writer(io::BufWriter::new(file));
        table.write_record(["from", "to", "end", "journeys", "probability", "value"])?;
        for rows in rows.chunk_by(|one, other| one.from == other.from) {
            let all = rows.iter().map(|row| row.journeys.to_f64()).sum::<f64>();
            for Transition { from, to, journeys, value, .. } in rows {
                let (to, end) = match to {
                    Target::State(to) => (state(to), ""),
                    Target::Conversion => (String::new(), "conversion"),
                    _ => (String::new(), "null"),
                };
                let probability = Amount::Float(journeys.to_f64() / all).to_string();
                let value = match end {
                    "conversion" => Total::exact(*value, transitions.scale()).all().to_string(),
                    _ => String::new(),
                };
                let row = [&state(from), &to, end, &journeys.to_string(), &probability, &value];
                table.write_record(row)?;
            }
        }
        table.flush()
    });
    written.map_err(|error| Failure::io(&name(file), &error))
}
