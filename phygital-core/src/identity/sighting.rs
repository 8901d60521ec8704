//! What one live record says, as the partition reads it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// What the newest version of one record says of one person, with everything taken out that may not be used: what was
/// retracted, erased, or never consented to.
///
/// Who is who is a function of the set of sightings, the rulings and the rules, and of nothing else.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "all that the partition reads of a record")]
pub struct Sighting {
    /// The record: the same for every version of it.
    pub record: RecordKey,
    /// When it was so.
    pub time: Timestamp,
    /// Whether it may be used to link. One that may not is a profile of its own.
    pub linking: bool,
    /// The identifiers that it names, in order and each once.
    pub named: Vec<Named>,
    /// What it says of the person beside.
    pub details: Details,
}

/// An identifier as a sighting names it. In order of kind, then key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "all that the partition reads of an identifier")]
pub struct Named {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its key. Of a contact that is known by its hash alone: the key of that hash.
    pub key: IdentifierKey,
    /// Whether the rules say that its value names nobody, so that it links nothing.
    pub junk: bool,
    /// Keys of the hashes under which others may know the same contact, and that of its spelling where the rules link it as
    /// another; none where it is itself known by a hash alone. Spellings of one key differ in them.
    pub forms: Vec<IdentifierKey>,
    /// What a typing error is looked for in: the digits of a phone number, an email address. `None` where the rules do not
    /// ask, or the value is not known.
    pub spelling: Option<Box<str>>,
}

/// What a record says of a person beside identifiers, in the normal forms of
/// [`FieldKind::normal`](super::matching::FieldKind::normal). `None` where it says nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written as a whole")]
pub struct Details {
    /// Given name, nickname or initial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<Box<str>>,
    /// Family name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<Box<str>>,
    /// Date of birth, digits alone: `YYYYMMDD` where the source writes it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Box<str>>,
    /// Street and house number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<Box<str>>,
    /// Town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<Box<str>>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<Box<str>>,
    /// Country, ISO 3166-1 alpha-2 in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Box<str>>,
}

/// Nobody is printed: only which record and which kinds.
impl fmt::Debug for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.named.iter().map(|one| format!("{one:?}")).collect();
        write!(f, "Sighting({} at {}, linking {}, {})", self.record, self.time, self.linking, named.join(" "))
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}{}", self.kind, self.key, if self.junk { " (junk)" } else { "" })
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = [
            &self.given_name,
            &self.surname,
            &self.birthday,
            &self.street,
            &self.city,
            &self.postcode,
            &self.country,
        ];
        write!(f, "Details({} of 7)", each.into_iter().filter(|one| one.is_some()).count())
    }
}
