//! How the model that comes with the core is made, `phygital-core/data/standard_model.json`.
//!
//! `phygital-core/tests/standard_model.rs` reads this file too, and makes the model anew.

use phygital_core::identity::matching::{Field, FieldKind, MatchingError, Model, Records};

use crate::people::{self, Row, mixed};

/// How many records it is learned from.
pub const RECORDS: usize = 100_000;

/// Their seed: another one than that of the records that are measured.
const SEED: u64 = 11;

/// A field of each kind, with the column that holds it. The last is in no column: one of eight values that says nothing else
/// of a person, and is wrong in one record of thirty.
const FIELDS: [(&str, FieldKind, usize); 9] = [
    ("given_name", FieldKind::GivenName, 1),
    ("surname", FieldKind::Surname, 2),
    ("date", FieldKind::Date, 3),
    ("number", FieldKind::Number, 4),
    ("email", FieldKind::Email, 5),
    ("street", FieldKind::Street, 6),
    ("place", FieldKind::Place, 7),
    ("postcode", FieldKind::Postcode, 8),
    ("category", FieldKind::Category, 9),
];

/// The model, from so many records.
///
/// # Errors
/// No records.
pub fn model(records: usize) -> Result<Model, MatchingError> {
    let fields = FIELDS.map(|(name, kind, _)| Field::new(name, kind));
    let rows = people::records(records, SEED).into_iter().map(|row| {
        let values = FIELDS.map(|(_, kind, column)| match kind {
            FieldKind::Category => category(&row),
            _ => row[column].clone(),
        });
        (row[0].clone(), values)
    });
    Ok(Model::train(&Records::new(fields, rows)?)?.without_values())
}

fn category(row: &Row) -> String {
    let [record, person] = [&row[0], &row[9]].map(|id| id[1..].parse().unwrap_or_default());
    let of = |number: u64| (mixed(number) % 8).to_string();
    if mixed(record ^ 0xca7e).is_multiple_of(30) { of(record) } else { of(person) }
}
