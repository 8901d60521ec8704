//! An assertion with the keys of its record and identifiers.

use std::fmt;

use super::assertion::{Assertion, AssertionError, Provenance, TraitName};
use super::hashed::HashedContact;
use crate::vocab::{
    Identifier, IdentifierKey, IdentifierKind, RecordId, RecordKey, SourceId, TenantKey, Timestamp,
};

/// An [`Assertion`] within its limits, with the keys under which a tenant's evidence knows its record and its
/// identifiers: what the set takes in.
///
/// Hashing the keys is the dear part, so it is done once, by whoever comes first.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyed {
    pub(super) record: RecordKey,
    pub(super) version: u64,
    pub(super) said: Said,
    /// In order of kind and key, each once.
    pub(super) named: Vec<(IdentifierKey, Value)>,
}

/// What an assertion says beside identifiers.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) source: SourceId,
    pub(super) id: RecordId,
    pub(super) time: Timestamp,
    pub(super) linking: bool,
    pub(super) provenance: Provenance,
    /// In order of name, none empty.
    pub(super) traits: Box<[(TraitName, Box<str>)]>,
}

/// What an identifier's key stands for.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Clear(Identifier),
    Hashed(Box<HashedContact>),
}

impl Value {
    pub(super) fn kind(&self) -> IdentifierKind {
        match self {
            Value::Clear(identifier) => identifier.kind(),
            Value::Hashed(contact) => contact.kind(),
        }
    }
}

impl Assertion {
    /// Computes the keys.
    ///
    /// # Errors
    /// What is beyond a limit, as [`Assertion::check`] tells.
    pub fn keyed(self, tenant: &TenantKey) -> Result<Keyed, AssertionError> {
        let record = RecordKey::of(tenant, &self.source, &self.record);
        let keys = self.identifiers.iter().map(|one| one.key(tenant)).collect();
        self.with_keys(tenant, record, keys)
    }

    /// Takes keys that the caller has computed already: that of the record, and those of [`Assertion::identifiers`] in
    /// their order.
    ///
    /// They have to be right; a debug build tries them.
    ///
    /// # Errors
    /// As for [`Assertion::keyed`], and keys that are not as many as the identifiers.
    pub fn with_keys(
        self,
        tenant: &TenantKey,
        record: RecordKey,
        keys: Vec<IdentifierKey>,
    ) -> Result<Keyed, AssertionError> {
        self.check()?;
        if keys.len() != self.identifiers.len() {
            return Err(AssertionError::Keys { expected: self.identifiers.len(), found: keys.len() });
        }
        debug_assert_eq!(record, RecordKey::of(tenant, &self.source, &self.record));
        let mut named: Vec<(IdentifierKey, Value)> = Vec::with_capacity(keys.len() + self.hashed.len());
        for (key, identifier) in keys.into_iter().zip(self.identifiers) {
            debug_assert_eq!(key, identifier.key(tenant));
            named.push((key, Value::Clear(identifier)));
        }
        named.extend(self.hashed.into_iter().map(|one| (one.key(tenant), Value::Hashed(Box::new(one)))));
        named.sort_unstable_by_key(|(key, value)| (value.kind(), *key));
        named.dedup_by_key(|(key, _)| *key);
        let traits = self.traits.into_iter().filter_map(|(name, value)| {
            let value = value.reveal().trim();
            (!value.is_empty()).then(|| (name, value.into()))
        });
        let said = Said {
            source: self.source,
            id: self.record,
            time: self.time,
            linking: self.linking,
            provenance: self.provenance,
            traits: traits.collect(),
        };
        Ok(Keyed { record, version: self.version, said, named })
    }
}

impl Keyed {
    /// The record that says it.
    pub fn record(&self) -> RecordKey {
        self.record
    }

    /// Which version of the record.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (named, traits) = (self.named.len(), self.said.traits.len());
        write!(f, "Keyed({} v{}, {named} identifiers, {traits} traits)", self.record, self.version)
    }
}

/// The keys by which one identifier may be known: its own, and those of the hashes of a contact.
///
/// Two spellings of one Gmail mailbox share a key, as do a contact and its hash. So what is said of one, such as that
/// it is to be erased, holds for all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keys(pub(super) Vec<IdentifierKey>);

impl Keys {
    /// The keys of an identifier.
    pub fn of(identifier: &Identifier, tenant: &TenantKey) -> Keys {
        let forms = HashedContact::forms(identifier);
        Keys::from_keys([identifier.key(tenant)].into_iter().chain(forms.iter().map(|form| form.key(tenant))))
    }

    /// The key of a contact that is known by its hash.
    pub fn of_hashed(contact: &HashedContact, tenant: &TenantKey) -> Keys {
        Keys(vec![contact.key(tenant)])
    }

    /// These keys, as a [`Sighting`](crate::identity::Sighting) or a line of a file has them.
    pub fn from_keys(keys: impl IntoIterator<Item = IdentifierKey>) -> Keys {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Keys(keys)
    }

    /// The keys, in order.
    pub fn iter(&self) -> impl Iterator<Item = IdentifierKey> {
        self.0.iter().copied()
    }
}
