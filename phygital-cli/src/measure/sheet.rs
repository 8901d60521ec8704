//! A table of answers: CSV for people and programs, one JSON object with --json.

use phygital_core::attribution::Threshold;
use phygital_core::measure::Interval;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::output::Output;

/// A table.
pub(super) struct Sheet {
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Sheet {
    /// A table with these columns.
    pub(super) fn new(columns: &'static [&'static str]) -> Sheet {
        Sheet { columns, rows: Vec::new() }
    }

    /// Adds a row: a cell for each column; null where there is none or it may not be shown.
    pub(super) fn row(&mut self, cells: Vec<Value>) {
        self.rows.push(cells);
    }

    /// Writes it: as CSV, or as an object with what else there is to say.
    pub(super) fn write(
        self,
        measure: &str,
        threshold: Threshold,
        more: Map<String, Value>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        if output.is_json() {
            let named = |cells: Vec<Value>| -> Value {
                self.columns.iter().map(|name| (*name).to_owned()).zip(cells).collect::<Map<_, _>>().into()
            };
            let rows = self.rows.into_iter().map(named).collect::<Vec<_>>();
            let mut told = Map::new();
            told.insert("measure".to_owned(), measure.into());
            told.insert("causal".to_owned(), false.into());
            told.insert("min_people".to_owned(), threshold.persons().into());
            told.extend(more);
            told.insert("rows".to_owned(), rows.into());
            return output.object(&Value::Object(told));
        }
        output.written(|out| {
            let mut writer =
                csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
            writer.write_record(self.columns)?;
            for row in &self.rows {
                writer.write_record(row.iter().map(cell))?;
            }
            writer.flush()
        })
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Both ends of an interval; two empty cells without one.
pub(super) fn ends(interval: Option<Interval>) -> [Value; 2] {
    [json!(interval.map(|interval| interval.low)), json!(interval.map(|interval| interval.high))]
}

/// Whether a part of a number of people may be shown beside the number.
pub(crate) fn may_split(threshold: Threshold, part: u64, of: u64) -> bool {
    threshold.protect(&[part, of - part]).cells.iter().all(|shown| *shown)
}

/// That there are too few people for any figure of them; nobody at all is another thing.
pub(super) fn enough(threshold: Threshold, people: u64) -> Result<(), Failure> {
    let least = threshold.least_in_all();
    if people >= least {
        return Ok(());
    }
    let message = format!(
        "fewer than {least} people: figures would tell of single ones (--min-people {} asks for twice as many)",
        threshold.persons()
    );
    Err(Failure::no("too_few", message))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_part_hides_with_its_rest() {
        let ten = Threshold::new(10).unwrap();
        assert!(may_split(ten, 10, 20) && may_split(ten, 0, 20) && may_split(ten, 20, 20));
        assert!(!may_split(ten, 9, 40) && !may_split(ten, 31, 40));
        assert!(enough(ten, 20).is_ok() && enough(ten, 19).is_err());
    }
}
