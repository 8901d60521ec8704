//! What the partition reads of a record: the step from contents to sightings, under the rules.

use std::borrow::Cow;

use super::assertion::TraitName;
use super::identifiers::Identifiers;
use super::keyed::Value;
use super::records::Content;
use crate::identity::matching::FieldKind;
use crate::identity::{Details, Named, Rules, Sighting};
use crate::vocab::{IdentifierKey, RecordKey, TenantKey};

/// What the rules say of an identifier.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Judged {
    /// Whether it names nobody.
    pub(super) junk: bool,
    /// The key of what it links as, where that is another spelling.
    pub(super) linking: Option<Box<IdentifierKey>>,
}

/// Judges an identifier. Depends on its value and the rules alone.
pub(super) fn judge(rules: &Rules, tenant: &TenantKey, value: &Value) -> Judged {
    let Value::Clear(identifier) = value else { return Judged::default() };
    let plain = rules.linking_value(identifier);
    let junk = rules.is_blocked(identifier) || rules.is_blocked(&plain);
    let linking = match plain {
        Cow::Borrowed(_) => None,
        Cow::Owned(plain) => Some(Box::new(plain.key(tenant))),
    };
    Judged { junk, linking }
}

/// The sighting that a content is under the rules by which its identifiers were judged.
pub(super) fn sighting(
    record: RecordKey,
    content: &Content,
    identifiers: &Identifiers,
    rules: &Rules,
) -> Sighting {
    let mut linking = content.linking;
    let mut named: Vec<Named> = Vec::with_capacity(content.named.len());
    for place in content.named.iter().copied() {
        linking &= !identifiers.get(place).withdrawn;
        named.extend(name(place, identifiers, rules));
    }
    // In order already, unless the rules gave one another key.
    if content.named.iter().any(|place| identifiers.get(*place).judged.linking.is_some()) {
        unite(&mut named);
    }
    let details = if content.traits.is_empty() { Details::default() } else { details(&content.traits) };
    Sighting { record, time: content.time, linking, named, details }
}

fn name(place: u32, identifiers: &Identifiers, rules: &Rules) -> Option<Named> {
    let row = identifiers.get(place);
    let spelling = match row.value.as_ref()? {
        Value::Clear(identifier) => rules.spelling(identifier),
        Value::Hashed(_) => None,
    };
    let linking = row.judged.linking.as_deref();
    // The key of the spelling stands among the forms, so that what was said of it is found.
    let forms = linking.map(|_| row.key).into_iter().chain(identifiers.forms(place)).collect();
    Some(Named { kind: row.kind, key: *linking.unwrap_or(&row.key), junk: row.judged.junk, forms, spelling })
}

/// Two spellings of one identifier become one, with the forms of both.
fn unite(named: &mut Vec<Named>) {
    named.sort();
    named.dedup_by(|two, one| {
        let same = (one.kind, one.key) == (two.kind, two.key);
        if same {
            one.junk |= two.junk;
            one.forms.append(&mut two.forms);
            one.forms.sort_unstable();
            one.forms.dedup();
        }
        same
    });
}

/// Traits in the normal forms of the partition. Which names and dates name nobody, it asks the rules itself.
fn details(traits: &[(TraitName, Box<str>)]) -> Details {
    let mut details = Details::default();
    for (name, value) in traits {
        let field = match name {
            TraitName::GivenName => &mut details.given_name,
            TraitName::Surname => &mut details.surname,
            TraitName::Birthday => &mut details.birthday,
            TraitName::Street => &mut details.street,
            TraitName::City => &mut details.city,
            TraitName::Postcode => &mut details.postcode,
            TraitName::Country => &mut details.country,
            TraitName::Other(_) => continue,
        };
        let normal = name.normal(value);
        *field = (!normal.is_empty()).then(|| normal.into());
    }
    details
}

impl TraitName {
    /// The form in which two values of the trait are compared: that of [`FieldKind::normal`], for a country the two letters
    /// of ISO 3166-1 in lower case, for a further trait lower case. Empty where the value says nothing.
    pub fn normal(&self, value: &str) -> String {
        let kind = match self {
            TraitName::GivenName => FieldKind::GivenName,
            TraitName::Surname => FieldKind::Surname,
            TraitName::Birthday => FieldKind::Date,
            TraitName::Street => FieldKind::Street,
            TraitName::City => FieldKind::Place,
            TraitName::Postcode => FieldKind::Postcode,
            TraitName::Country => {
                let code = value.trim();
                let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
                return if is_code { code.to_ascii_lowercase() } else { String::new() };
            }
            TraitName::Other(_) => return value.trim().to_lowercase(),
        };
        kind.normal(value)
    }
}
