//! What may be said of who is who: the members of the set of evidence.

use super::keyed::{Keyed, Keys};
use super::limits::FACT_KEYS_MAX;
use crate::identity::{Named, Ruling, Sighting};
use crate::vocab::{Identifier, IdentifierKey, RecordKey, SourceId, TenantKey, Timestamp};

/// A fact of the evidence. Facts are never taken back: what undoes one is another.
///
/// Where two facts of equal version or time contradict each other, the one that links and keeps less holds: a
/// retraction over an assertion, "different" over "same", a withdrawal over a grant. So nothing is beyond recall,
/// whatever version or time it claims.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fact {
    /// A record says so.
    Asserted(Keyed),
    /// A record says nothing any more.
    Retracted(Retraction),
    /// A person, or another system, says that two are one or are not.
    Ruled(Ruled),
    /// What names an identifier may be used to link, or may not.
    Linking(LinkingConsent),
    /// Identifiers and records are to be forgotten, now and whenever they come again.
    Erased(Erasure),
}

/// A version of a record without content. Counts as any version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a version without content")]
pub struct Retraction {
    /// The record.
    pub record: RecordKey,
    /// The version; that of an assertion takes back that very one.
    pub version: u64,
}

/// A ruling, and who said it. Of each pair the newest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what was said, and by whom")]
pub struct Ruled {
    /// What was said. A contact may stand there by any of its [`Keys`].
    pub ruling: Ruling,
    /// Who said it.
    pub by: SourceId,
}

/// Whether what names an identifier may be used to link. Of each identifier the newest counts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whom, what and when")]
pub struct LinkingConsent {
    /// The identifier.
    pub identifier: Keys,
    /// Granted, or withdrawn.
    pub allowed: bool,
    /// When it was said.
    pub time: Timestamp,
}

/// What is to be forgotten, as keys alone.
///
/// A set that forgot is as one that never knew: a withdrawal of linking is forgotten with its identifier, and what else its
/// records name links again. To forget a person, forget her records too ([`Erasure::of_person`]).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Erasure {
    /// Identifiers: they are struck from every assertion.
    pub identifiers: Vec<IdentifierKey>,
    /// Records: whatever version says is dropped.
    pub records: Vec<RecordKey>,
}

/// Why a fact is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// A ruling over one subject.
    #[error("subjects: expected two different ones")]
    OneSubject,
    /// An erasure or a consent of too many keys.
    #[error("keys: expected at most {FACT_KEYS_MAX}, found {0}")]
    Keys(usize),
    /// Evidence of another tenant, whose keys mean nothing here.
    #[error("evidence: expected keys of this tenant")]
    Tenant,
    /// As many records or identifiers as can be numbered.
    #[error("evidence: expected fewer than 2^32 - 1 records and identifiers")]
    Full,
}

impl Ruled {
    /// What says which of two rulings over a pair counts: the greater.
    pub(super) fn rank(&self) -> (Timestamp, bool, RecordKey, &SourceId) {
        (self.ruling.time, !self.ruling.same, self.ruling.record, &self.by)
    }
}

impl LinkingConsent {
    /// What was said of one identifier, and so of every spelling of its mailbox and of its hash.
    pub fn of(identifier: &Identifier, tenant: &TenantKey, allowed: bool, time: Timestamp) -> LinkingConsent {
        LinkingConsent { identifier: Keys::of(identifier, tenant), allowed, time }
    }
}

impl Erasure {
    /// Forgets an identifier, every spelling of its mailbox and its hash.
    pub fn of_identifier(identifier: &Identifier, tenant: &TenantKey) -> Erasure {
        Erasure { identifiers: Keys::of(identifier, tenant).0, records: Vec::new() }
    }

    /// Forgets a record.
    pub fn of_record(record: RecordKey) -> Erasure {
        Erasure { identifiers: Vec::new(), records: vec![record] }
    }

    /// Forgets a person: the records that tell of her, and of the identifiers that they name those that are `hers`.
    ///
    /// An identifier that others share, such as the shop's own tablet, is not hers: erased, it would be struck from
    /// their records too.
    pub fn of_person<'s>(
        sightings: impl IntoIterator<Item = &'s Sighting>,
        hers: impl Fn(&Named) -> bool,
    ) -> Erasure {
        let (mut records, mut keys) = (Vec::new(), Vec::new());
        for sighting in sightings {
            records.push(sighting.record);
            for named in sighting.named.iter().filter(|named| hers(named)) {
                keys.push(named.key);
                keys.extend_from_slice(&named.forms);
            }
        }
        records.sort_unstable();
        records.dedup();
        Erasure { identifiers: Keys::from_keys(keys).0, records }
    }
}
