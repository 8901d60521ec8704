//! Who is who, as a whole.

use std::collections::BTreeMap;

use crate::vocab::{CustomerId, Digest, RecordKey};

/// For each record the profile that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partition {
    of: BTreeMap<RecordKey, CustomerId>,
}

impl Partition {
    /// The profile of a record; `None` where there is no such record.
    #[must_use]
    pub fn of(&self, record: &RecordKey) -> Option<CustomerId> {
        self.of.get(record).copied()
    }

    /// Each record with its profile, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (RecordKey, CustomerId)> {
        self.of.iter().map(|(record, profile)| (*record, *profile))
    }

    /// The profiles, each with its records in order.
    #[must_use]
    pub fn profiles(&self) -> BTreeMap<CustomerId, Vec<RecordKey>> {
        let mut profiles: BTreeMap<CustomerId, Vec<RecordKey>> = BTreeMap::new();
        for (record, profile) in self.iter() {
            profiles.entry(profile).or_default().push(record);
        }
        profiles
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// SHA-256 over each record and its profile, in order: equal where two stores agree on everything.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        for (record, profile) in &self.of {
            hash.update(record.as_bytes());
            hash.update(profile.as_bytes());
        }
        Digest::from_bytes(hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

impl FromIterator<(RecordKey, CustomerId)> for Partition {
    fn from_iter<I: IntoIterator<Item = (RecordKey, CustomerId)>>(each: I) -> Self {
        Self { of: each.into_iter().collect() }
    }
}
