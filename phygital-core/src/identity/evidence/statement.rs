//! What a live record says, to be shown to whom it may concern.

use std::fmt;

use super::assertion::{Provenance, TraitName};
use super::identifiers::Identifiers;
use super::keyed::Value;
use super::records::{Content, Row};
use super::set::Evidence;
use crate::vocab::{Identifier, RecordId, RecordKey, SourceId, Timestamp};

/// What the newest version of a live record says, in the clear and without what was erased.
///
/// `Debug` names the record alone.
#[derive(Clone, Copy)]
pub struct Statement<'e> {
    record: RecordKey,
    version: u64,
    source: &'e SourceId,
    content: &'e Content,
    identifiers: &'e Identifiers,
}

impl Evidence {
    /// What a record says; `None` where it says nothing, or nothing any more.
    pub fn statement(&self, record: &RecordKey) -> Option<Statement<'_>> {
        let (Row { key, version, state }, identifiers) = self.row_of(record)?;
        let content = state.live()?;
        Some(Statement {
            record: *key,
            version: *version,
            source: self.source_of(content),
            content,
            identifiers,
        })
    }
}

impl<'e> Statement<'e> {
    /// The record's key.
    pub fn record(&self) -> RecordKey {
        self.record
    }

    /// Who keeps the record.
    pub fn source(&self) -> &'e SourceId {
        self.source
    }

    /// What its source calls it.
    pub fn id(&self) -> &'e RecordId {
        &self.content.id
    }

    /// Which version counts.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When it was so.
    pub fn time(&self) -> Timestamp {
        self.content.time
    }

    /// Whether she said so herself.
    pub fn provenance(&self) -> Provenance {
        self.content.provenance
    }

    /// The identifiers that it names in the clear, in order of kind.
    pub fn identifiers(&self) -> impl Iterator<Item = &'e Identifier> {
        let identifiers = self.identifiers;
        self.content.named.iter().filter_map(move |place| match identifiers.get(*place).value.as_ref()? {
            Value::Clear(identifier) => Some(identifier),
            Value::Hashed(_) => None,
        })
    }

    /// What it says beside, as it was written, in order of name.
    pub fn traits(&self) -> impl Iterator<Item = (&'e TraitName, &'e str)> {
        self.content.traits.iter().map(|(name, value)| (name, &**value))
    }

    /// What it says of one trait.
    pub fn trait_of(&self, name: &TraitName) -> Option<&'e str> {
        let at = self.content.traits.binary_search_by(|(one, _)| one.cmp(name)).ok()?;
        Some(&self.content.traits[at].1)
    }
}

impl fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({} {} v{})", self.source, self.record, self.version)
    }
}
