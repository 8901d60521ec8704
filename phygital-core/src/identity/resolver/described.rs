//! Descriptions of people as values that a model weighs.

use std::collections::BTreeSet;

use crate::identity::matching::{Field, FieldKind, Index, MatchingError, Millibits, Model, Records};
use crate::identity::{Details, Rules, Sighting};

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

/// Whether a model weighs anything that details hold.
pub(crate) fn weighs_details(model: &Model) -> bool {
    model.fields.iter().any(|field| FIELDS.iter().any(|(name, _)| *name == &*field.field.name))
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

/// What a description says, as values of a model's fields by their names; empty where it says nothing, where details have no
/// field of that name, or where it names nobody by the rules.
pub(crate) fn compared<'d>(model: &Model, rules: &Rules, details: &'d Details) -> Vec<&'d str> {
    let nobody = rules.is_nobody(details);
    let said = |field: &str| match (field, value(details, field)) {
        ("given_name" | "surname", _) if nobody => "",
        ("birthday", birth) if rules.is_nobodys_birth(birth) => "",
        (_, value) => value,
    };
    model.fields.iter().map(|field| said(&field.field.name)).collect()
}

/// What it is worth that two records say the very same.
pub(crate) fn worth<K: Ord + Clone>(index: &Index<K>, rules: &Rules, details: &Details) -> Millibits {
    let values = compared(index.model(), rules, details);
    index.weigh(&values, &values).expect("as many values as fields")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_like_nobody() {
        let row = |id: &'static str, name: &'static str| (id, [name, name, "18151210", "", "", "", ""]);
        let fields = FIELDS.map(|(name, kind)| Field::new(name, kind));
        let records = Records::new(fields, [row("1", "ada"), row("2", "ada"), row("3", "bob")]).unwrap();
        let model = Model::train(&records).unwrap();
        let details = |given: &str, surname: &str, born: &str| Details {
            given_name: Some(given.into()),
            surname: Some(surname.into()),
            birthday: Some(born.into()),
            ..Details::default()
        };
        let rules = Rules::default();
        let said = |details: &Details| compared(&model, &rules, details).concat();
        assert_eq!(said(&details("ada", "byron", "18151210")), "adabyron18151210");
        assert_eq!(said(&details("cash", "customer", "18151210")), "18151210");
        assert_eq!(said(&details("ada", "byron", "19000101")), "adabyron");
    }
}
