//! What other rules would change, told before they do.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Tally;
use super::{Partition, ProfileChange, Resolver};
use crate::identity::matching::Model;
use crate::identity::{Rules, Sighting};
use crate::vocab::CustomerId;

/// Most merges, and most splits, that a preview names. Whoever looks at more wants the counts.
pub const PREVIEW_MAX: usize = 100;

/// How two partitions of the same records differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Preview {
    /// How many profiles there are.
    pub profiles_before: u64,
    /// How many there would be.
    pub profiles_after: u64,
    /// How many profiles would be made of several.
    pub merges: u64,
    /// How many profiles would fall apart.
    pub splits: u64,
    /// The first [`PREVIEW_MAX`] merges in order: what would be one, and of which profiles.
    pub merged: Vec<(CustomerId, Vec<CustomerId>)>,
    /// The first [`PREVIEW_MAX`] splits in order: what would fall apart, and into which profiles.
    pub split: Vec<(CustomerId, Vec<CustomerId>)>,
}

impl Preview {
    /// Compares two partitions.
    #[must_use]
    pub fn between(before: &Partition, after: &Partition) -> Preview {
        let mut into: BTreeMap<CustomerId, BTreeSet<CustomerId>> = BTreeMap::new();
        let mut from: BTreeMap<CustomerId, BTreeSet<CustomerId>> = BTreeMap::new();
        for (record, was) in before.iter() {
            let went = into.entry(was).or_default();
            if let Some(is) = after.of(&record) {
                went.insert(is);
                from.entry(is).or_default().insert(was);
            }
        }
        let several = |map: &BTreeMap<CustomerId, BTreeSet<CustomerId>>| {
            let several = map.iter().filter(|(_, others)| others.len() > 1);
            let named = several
                .clone()
                .take(PREVIEW_MAX)
                .map(|(one, others)| (*one, others.iter().copied().collect()));
            (several.count() as u64, named.collect())
        };
        let ((merges, merged), (splits, split)) = (several(&from), several(&into));
        let profiles = |partition: &Partition| partition.profiles().len() as u64;
        Preview {
            profiles_before: profiles(before),
            profiles_after: profiles(after),
            merges,
            splits,
            merged,
            split,
        }
    }
}

impl Resolver {
    /// What another configuration would make of the same records, without changing anything. The sightings are those of
    /// the evidence as the other rules read it; rulings stay. Costs as much as making it anew.
    #[must_use]
    pub fn preview(&self, rules: &Rules, model: Option<&Model>, sightings: &[Sighting]) -> Preview {
        Preview::between(&self.partition(), &self.anew(rules, model, sightings).partition())
    }

    /// Goes over to another configuration, and says what became of profiles.
    pub fn configure(
        &mut self,
        rules: &Rules,
        model: Option<&Model>,
        sightings: &[Sighting],
    ) -> Vec<ProfileChange> {
        let before = self.partition();
        *self = self.anew(rules, model, sightings);
        let after = self.partition();
        let mut tally = Tally::default();
        for (record, was) in before.iter() {
            tally.member(Some(was), after.of(&record));
        }
        let new = after.iter().filter(|(record, _)| before.of(record).is_none());
        new.for_each(|(_, is)| tally.member(None, Some(is)));
        tally.changes()
    }

    fn anew(&self, rules: &Rules, model: Option<&Model>, sightings: &[Sighting]) -> Resolver {
        let mut other = Resolver::new(rules.clone(), model.cloned());
        let rulings: Vec<_> = self.rulings.all().collect();
        other.replace(&[], sightings, &[], &rulings);
        other
    }
}
