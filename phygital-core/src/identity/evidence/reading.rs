//! What the partition reads of a record: the step from contents to sightings, under the rules.

use super::assertion::TraitName;
use super::identifiers::Identifiers;
use super::keyed::Value;
use super::records::Content;
use crate::identity::matching::FieldKind;
use crate::identity::{Details, Named, Rules, Sighting};
use crate::vocab::{Identifier, IdentifierKey, IdentifierKind, RecordKey, TenantKey};

/// What the rules say of an identifier: whether it is junk, and its key where they take it for another spelling.
pub(super) fn judge(rules: &Rules, tenant: &TenantKey, value: &Value) -> (bool, Option<Box<IdentifierKey>>) {
    let _ = tenant;
    match value {
        Value::Clear(identifier) => (rules.is_blocked(identifier), None),
        Value::Hashed(_) => (false, None),
    }
}

/// The sighting that a content is.
pub(super) fn sighting(record: RecordKey, content: &Content, identifiers: &Identifiers) -> Sighting {
    let mut linking = content.linking;
    let mut named: Vec<Named> = Vec::with_capacity(content.named.len());
    for place in content.named.iter().copied() {
        linking &= !identifiers.get(place).withdrawn;
        named.extend(name(place, identifiers));
    }
    // In order already, unless the rules gave one another key.
    if content.named.iter().any(|place| identifiers.get(*place).linking.is_some()) {
        unite(&mut named);
    }
    let details = if content.traits.is_empty() { Details::default() } else { details(&content.traits) };
    Sighting { record, time: content.time, linking, named, details }
}

fn name(place: u32, identifiers: &Identifiers) -> Option<Named> {
    let row = identifiers.get(place);
    let spelling = match row.value.as_ref()? {
        Value::Clear(identifier) => spelling(identifier),
        Value::Hashed(_) => None,
    };
    let own = row.linking.is_some().then_some(row.key);
    let forms = own.into_iter().chain(identifiers.forms(place)).collect();
    let key = row.linking.as_deref().copied().unwrap_or(row.key);
    Some(Named { kind: row.kind, key, junk: row.junk, forms, spelling })
}

/// Two spellings of one identifier become one, with the forms of both.
fn unite(named: &mut Vec<Named>) {
    named.sort();
    named.dedup_by(|two, one| {
        let same = (one.kind, one.key) == (two.kind, two.key);
        if same {
            one.forms.append(&mut two.forms);
            one.forms.sort_unstable();
            one.forms.dedup();
        }
        same
    });
}

/// What a typing error is looked for in.
fn spelling(identifier: &Identifier) -> Option<Box<str>> {
    match identifier.kind() {
        IdentifierKind::Phone => Some(identifier.value().trim_start_matches('+').into()),
        IdentifierKind::Email => Some(identifier.value().into()),
        _ => None,
    }
}

/// Traits in the normal forms of the partition, without names that name nobody.
fn details(traits: &[(TraitName, Box<str>)]) -> Details {
    let mut details = Details::default();
    for (name, value) in traits {
        let (field, kind) = match name {
            TraitName::GivenName => (&mut details.given_name, FieldKind::GivenName),
            TraitName::Surname => (&mut details.surname, FieldKind::Surname),
            TraitName::Birthday => (&mut details.birthday, FieldKind::Date),
            TraitName::Street => (&mut details.street, FieldKind::Street),
            TraitName::City => (&mut details.city, FieldKind::Place),
            TraitName::Postcode => (&mut details.postcode, FieldKind::Postcode),
            TraitName::Country => {
                let code = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_alphabetic());
                details.country = code.then(|| value.to_ascii_lowercase().into());
                continue;
            }
            TraitName::Other(_) => continue,
        };
        let normal = kind.normal(value);
        *field = (!normal.is_empty()).then(|| normal.into());
    }
    let part = |one: &Option<Box<str>>| one.as_deref().unwrap_or_default().to_owned();
    let whole = format!("{} {}", part(&details.given_name), part(&details.surname));
    if JUNK_NAMES.contains(&whole.trim()) {
        (details.given_name, details.surname) = (None, None);
    }
    details
}

/// What tills and forms write where nobody gave a name, in normal form.
const JUNK_NAMES: &[&str] = &[
    "cash",
    "cash customer",
    "cash sale",
    "customer",
    "guest",
    "guest customer",
    "guest guest",
    "guest user",
    "n a",
    "na",
    "no name",
    "none",
    "none none",
    "null",
    "null null",
    "test",
    "test customer",
    "test test",
    "test user",
    "unknown",
    "unknown unknown",
    "walk in",
    "walk in customer",
    "walkin",
    "walkin customer",
];
