//! Records without identifiers, as they are compared by fields.

use phygital_core::identity::matching::Records;
use phygital_core::vocab::RecordId;

use super::mapping::Mapping;
use crate::failure::Failure;
use crate::table::{Row, Table};

/// The id of a record, and what it says in each field.
type Values = (Box<str>, Vec<String>);

/// The records of a table by a mapping that names fields alone. They are read one by one, so that a long cell is held once.
pub(crate) fn records(table: &mut Table, mapping: &Mapping) -> Result<Records, Failure> {
    let id = table.column(&mapping.id)?;
    let places: Vec<usize> =
        mapping.fields.iter().map(|field| table.column(&field.name)).collect::<Result<_, _>>()?;
    let mut failed = None;
    let mut next = || -> Result<Option<Values>, Failure> {
        let Some(row) = table.next()? else { return Ok(None) };
        let value = |at: &usize| Some(row.get(*at)).filter(|value| !mapping.is_null(value));
        let values = places.iter().map(|at| value(at).unwrap_or_default().to_owned()).collect();
        Ok(Some((record_id(&row, id, mapping)?.as_str().into(), values)))
    };
    let rows = std::iter::from_fn(|| {
        next().unwrap_or_else(|failure| {
            failed = Some(failure);
            None
        })
    });
    let records = Records::new(mapping.fields.iter().cloned(), rows);
    match failed {
        Some(failure) => Err(failure),
        None => Ok(records?),
    }
}

/// The id of a row, which it must have.
pub(super) fn record_id(row: &Row<'_>, column: usize, mapping: &Mapping) -> Result<RecordId, Failure> {
    RecordId::new(row.get(column)).map_err(|error| {
        Failure::misuse("malformed", format!("column {}: {error}", mapping.id)).at_line(row.line)
    })
}
