//! Records without identifiers, as they are compared by fields.

use std::collections::BTreeMap;

use phygital_core::identity::matching::{Field, FieldKind, MatchingError, Records};
use phygital_core::identity::{Details, Rules};
use phygital_core::vocab::RecordId;

use super::mapping::Mapping;
use super::people::described_fields;
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

/// Two records of a table by their ids, as they are compared: by the fields of the mapping, or by what it says of people beside
/// identifiers. Reads no further than both.
pub(crate) fn pair(
    table: &mut Table,
    mapping: &Mapping,
    rules: &Rules,
    ids: [&str; 2],
) -> Result<Records, Failure> {
    let (fields, columns): (Vec<Field>, Vec<Option<&str>>) = match mapping.is_evidence() {
        true => (described_fields(), mapping.details.each().map(|(column, _)| column).to_vec()),
        false => (mapping.fields.clone(), mapping.fields.iter().map(|field| Some(&*field.name)).collect()),
    };
    let id = table.column(&mapping.id)?;
    let places = columns.into_iter().map(|column| column.map(|column| table.column(column)).transpose());
    let places: Vec<Option<usize>> = places.collect::<Result<_, _>>()?;
    let mut found: BTreeMap<Box<str>, Vec<String>> = BTreeMap::new();
    while found.len() < 2
        && let Some(row) = table.next()?
    {
        if !ids.contains(&row.get(id)) {
            continue;
        }
        let value = |place: &Option<usize>| {
            let value = place.map_or("", |place| row.get(place));
            if mapping.is_null(value) { String::new() } else { value.to_owned() }
        };
        let mut values: Vec<String> = places.iter().map(value).collect();
        if mapping.is_evidence() {
            leave_out_nobody(&fields, &mut values, rules);
        }
        found.insert(row.get(id).into(), values);
    }
    if let Some(unknown) = ids.into_iter().find(|id| !found.contains_key(*id)) {
        return Err(MatchingError::Unknown(unknown.into()).into());
    }
    Ok(Records::new(fields, found)?)
}

/// Leaves out names and dates of birth that are nobody's by the rules, as resolving does.
fn leave_out_nobody(fields: &[Field], values: &mut [String], rules: &Rules) {
    let of = |kind: FieldKind| fields.iter().position(|field| field.kind == kind);
    let normal = |kind: FieldKind| of(kind).map(|at| Box::from(kind.normal(&values[at])));
    let details = Details {
        given_name: normal(FieldKind::GivenName),
        surname: normal(FieldKind::Surname),
        birthday: normal(FieldKind::Date),
        ..Details::default()
    };
    let mut clear = |kind: FieldKind| of(kind).into_iter().for_each(|at| values[at].clear());
    if rules.is_nobody(&details) {
        clear(FieldKind::GivenName);
        clear(FieldKind::Surname);
    }
    if details.birthday.as_deref().is_some_and(|birth| rules.is_nobodys_birth(birth)) {
        clear(FieldKind::Date);
    }
}

/// The id of a row, which it must have.
pub(super) fn record_id(row: &Row<'_>, column: usize, mapping: &Mapping) -> Result<RecordId, Failure> {
    RecordId::new(row.get(column)).map_err(|error| {
        Failure::misuse("malformed", format!("column {}: {error}", mapping.id)).at_line(row.line)
    })
}
