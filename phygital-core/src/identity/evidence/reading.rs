//! What the partition reads of a record: the step from contents to sightings, under the rules.

use std::borrow::Cow;

use super::assertion::TraitName;
use super::identifiers::Identifiers;
use super::keyed::Value;
use super::records::Content;
use crate::identity::matching::FieldKind;
use crate::identity::{Details, Named, Rules, Sighting};
use crate::vocab::{Identifier, IdentifierKey, IdentifierKind, RecordKey, TenantKey};

/// What the rules say of an identifier.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Judged {
    /// Whether it names nobody.
    pub(super) junk: bool,
    /// What it links as, where that is another spelling.
    pub(super) linking: Option<Box<Mailbox>>,
}

/// A mailbox as it is spelled to link.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Mailbox {
    key: IdentifierKey,
    address: Box<str>,
}

/// Judges an identifier. Depends on its value and the rules alone.
pub(super) fn judge(rules: &Rules, tenant: &TenantKey, value: &Value) -> Judged {
    let Value::Clear(identifier) = value else { return Judged::default() };
    let linking = match rules.linking_value(identifier) {
        Cow::Borrowed(_) => None,
        Cow::Owned(plain) => {
            Some(Box::new(Mailbox { key: plain.key(tenant), address: plain.value().into() }))
        }
    };
    Judged { junk: rules.is_blocked(identifier), linking }
}

/// The sighting that a content is; with the spelling of contacts where `repairs` are asked for.
pub(super) fn sighting(
    record: RecordKey,
    content: &Content,
    identifiers: &Identifiers,
    repairs: bool,
) -> Sighting {
    let mut linking = content.linking;
    let mut named: Vec<Named> = Vec::with_capacity(content.named.len());
    for place in content.named.iter().copied() {
        linking &= !identifiers.get(place).withdrawn;
        named.extend(name(place, identifiers, repairs));
    }
    // In order already, unless the rules gave one another key.
    if content.named.iter().any(|place| identifiers.get(*place).judged.linking.is_some()) {
        unite(&mut named);
    }
    let details = if content.traits.is_empty() { Details::default() } else { details(&content.traits) };
    Sighting { record, time: content.time, linking, named, details }
}

fn name(place: u32, identifiers: &Identifiers, repairs: bool) -> Option<Named> {
    let row = identifiers.get(place);
    let value = row.value.as_ref()?;
    let mailbox = row.judged.linking.as_deref();
    // The key of the spelling stands among the forms, so that what was said of it is found.
    let forms = mailbox.map(|_| row.key).into_iter().chain(identifiers.forms(place)).collect();
    let spelling = match (value, mailbox) {
        (Value::Clear(_), Some(mailbox)) if repairs => Some(mailbox.address.clone()),
        (Value::Clear(identifier), None) if repairs => spelling(identifier),
        _ => None,
    };
    let key = mailbox.map_or(row.key, |mailbox| mailbox.key);
    Some(Named { kind: row.kind, key, junk: row.judged.junk, forms, spelling })
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

/// Traits in the normal forms of the partition. Which names and dates name nobody, it asks the rules itself.
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
    details
}
