//! What a person ruled: these two are the same, or they are not.

use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// A person's word on two identifiers or records. It outranks whatever the evidence says.
///
/// Of several rulings on one pair the newest is in force; of two of one time, that of the greater record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "all that the partition reads of a ruling")]
pub struct Ruling {
    /// When it was said.
    pub time: Timestamp,
    /// Its own record.
    pub record: RecordKey,
    /// Whether both are one person.
    pub same: bool,
    /// On what, in any order.
    pub ends: (Subject, Subject),
}

/// What a ruling is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "identifiers and records are all that evidence has")]
pub enum Subject {
    /// Whoever has the identifier: at the time of the ruling, where it was recycled.
    Identifier(IdentifierKind, IdentifierKey),
    /// Whomever the record is about.
    Record(RecordKey),
}

impl Ruling {
    /// What it is about, the smaller first.
    #[must_use]
    pub fn pair(&self) -> (Subject, Subject) {
        let (one, two) = self.ends;
        (one.min(two), one.max(two))
    }
}
