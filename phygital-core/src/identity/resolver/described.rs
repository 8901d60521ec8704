//! Descriptions of people as values that a model weighs.

use std::collections::BTreeSet;

use crate::identity::matching::{Field, FieldKind, Index, MatchingError, Millibits, Model, Records};
use crate::identity::{Details, Sighting};

/// What details hold, as fields of a model.
const FIELDS: [(&str, FieldKind); 7] = [
    ("given_name", FieldKind::GivenName),
    ("surname", FieldKind::Surname),
    ("birthday", FieldKind::Date),
    ("street", FieldKind::Street),
    ("city", FieldKind::Place),
    ("postcode", FieldKind::Postcode),
    ("country", FieldKind::Category),
];

/// Learns from sightings, without labels, what it is worth that two records say the same or nearly the same of a person:
/// from what is said by those that may link, each description once. The same sightings in any order give the same model.
///
/// # Errors
/// [`MatchingError::NothingToLearn`] where too little is said of people.
pub fn train<'s>(sightings: impl IntoIterator<Item = &'s Sighting>) -> Result<Model, MatchingError> {
    let said: BTreeSet<&Details> =
        sightings.into_iter().filter(|one| one.linking).map(|one| &one.details).collect();
    let fields = FIELDS.map(|(name, kind)| Field::new(name, kind));
    let rows = said
        .iter()
        .enumerate()
        .map(|(n, details)| (format!("{n:010}"), FIELDS.map(|(name, _)| value(details, name))));
    Model::train(&Records::new(fields, rows)?)
}

fn value<'d>(details: &'d Details, field: &str) -> &'d str {
    let value = match field {
        "given_name" => &details.given_name,
        "surname" => &details.surname,
        "birthday" => &details.birthday,
        "street" => &details.street,
        "city" => &details.city,
        "postcode" => &details.postcode,
        "country" => &details.country,
        _ => &None,
    };
    value.as_deref().unwrap_or_default()
}

/// What a description says, as values of a model's fields by their names; empty where it says nothing, or where details
/// have no field of that name.
pub(crate) fn values<'d>(model: &Model, details: &'d Details) -> Vec<&'d str> {
    model.fields.iter().map(|field| value(details, &field.field.name)).collect()
}

/// What it is worth that two records say the very same.
pub(super) fn worth<K: Ord + Clone>(index: &Index<K>, details: &Details) -> Millibits {
    let values = values(index.model(), details);
    index.weigh(&values, &values).expect("as many values as fields")
}
