//! How good a partition is, beside the truth.

use std::collections::BTreeMap;

/// A partition of records beside the true one: who was put together, and who belongs together.
///
/// The measures are those of the field. Pairs: of all pairs of records, how many are together in both partitions. B-cubed
/// (Bagga and Baldwin 1998): for each record, how much of its cluster is its entity and how much of its entity is in its
/// cluster, averaged over records. Every record counts, also one that no rule compared with any other.
///
/// ```
/// use phygital_core::identity::Evaluation;
/// let truth = [("a", "Ada"), ("a", "Ada"), ("b", "Ada"), ("c", "Bob")];
/// let found = Evaluation::of(truth);
/// assert_eq!((found.pairs.both, found.pairs.found, found.pairs.truth), (1, 1, 3));
/// assert_eq!(found.pairs.precision(), Some(1.0));
/// assert_eq!(found.pairs.f1(), Some(0.5));
/// assert_eq!((found.exact_entities, found.split_entities, found.mixed_clusters), (1, 1, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// How many records.
    pub records: u64,
    /// How many clusters they were put into.
    pub clusters: u64,
    /// How many entities they are in truth.
    pub entities: u64,
    /// Pairs of records.
    pub pairs: Pairs,
    /// For each record, how much of its cluster is its entity: the average, 0 to 1. `None` without records.
    pub b_cubed_precision: Option<f64>,
    /// For each record, how much of its entity is in its cluster: the average, 0 to 1. `None` without records.
    pub b_cubed_recall: Option<f64>,
    /// Entities that are one cluster, with nobody else in it.
    pub exact_entities: u64,
    /// Entities in more than one cluster: under-clustering.
    pub split_entities: u64,
    /// Clusters with more than one entity: over-clustering.
    pub mixed_clusters: u64,
}

/// Counts of pairs of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a measure over pairs needs")]
pub struct Pairs {
    /// Together in both partitions.
    pub both: u64,
    /// Together in the partition that is judged.
    pub found: u64,
    /// Together in truth.
    pub truth: u64,
}

impl Evaluation {
    /// Judges a partition by the cluster and the entity of each record, in any order.
    #[must_use]
    pub fn of<C: Ord + Clone, E: Ord + Clone>(records: impl IntoIterator<Item = (C, E)>) -> Self {
        let mut clusters: BTreeMap<C, u64> = BTreeMap::new();
        let mut entities: BTreeMap<E, u64> = BTreeMap::new();
        let mut cells: BTreeMap<(C, E), u64> = BTreeMap::new();
        for (cluster, entity) in records {
            *clusters.entry(cluster.clone()).or_default() += 1;
            *entities.entry(entity.clone()).or_default() += 1;
            *cells.entry((cluster, entity)).or_default() += 1;
        }
        let total: u64 = cells.values().sum();
        let pairs = |counts: &mut dyn Iterator<Item = &u64>| counts.map(|n| n * (n - 1) / 2).sum();
        let mut parts: BTreeMap<&C, u64> = BTreeMap::new();
        let mut pieces: BTreeMap<&E, u64> = BTreeMap::new();
        let (mut precision, mut recall, mut exact) = (0.0, 0.0, 0);
        for ((cluster, entity), &both) in &cells {
            *parts.entry(cluster).or_default() += 1;
            *pieces.entry(entity).or_default() += 1;
            let (in_cluster, in_entity) = (clusters[cluster], entities[entity]);
            precision += (both * both) as f64 / in_cluster as f64;
            recall += (both * both) as f64 / in_entity as f64;
            exact += u64::from(both == in_cluster && both == in_entity);
        }
        let several = |counts: &mut dyn Iterator<Item = &u64>| counts.filter(|n| **n > 1).count() as u64;
        let average = |sum: f64| (total > 0).then(|| sum / total as f64);
        Self {
            records: total,
            clusters: clusters.len() as u64,
            entities: entities.len() as u64,
            pairs: Pairs {
                both: pairs(&mut cells.values()),
                found: pairs(&mut clusters.values()),
                truth: pairs(&mut entities.values()),
            },
            b_cubed_precision: average(precision),
            b_cubed_recall: average(recall),
            exact_entities: exact,
            split_entities: several(&mut pieces.values()),
            mixed_clusters: several(&mut parts.values()),
        }
    }

    /// The harmonic mean of B-cubed precision and recall, 0 to 1; `None` without records.
    #[must_use]
    pub fn b_cubed_f1(&self) -> Option<f64> {
        harmonic(self.b_cubed_precision?, self.b_cubed_recall?)
    }
}

impl Pairs {
    /// How many of the pairs that were found are true, 0 to 1; `None` where none was found.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        (self.found > 0).then(|| self.both as f64 / self.found as f64)
    }

    /// How many of the true pairs were found, 0 to 1; `None` where there is none.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        (self.truth > 0).then(|| self.both as f64 / self.truth as f64)
    }

    /// The harmonic mean of both, 0 to 1; `None` where either is.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        harmonic(self.precision()?, self.recall()?)
    }
}

fn harmonic(one: f64, two: f64) -> Option<f64> {
    Some(if one + two > 0.0 { 2.0 * one * two / (one + two) } else { 0.0 })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Slow and obvious: every pair of records, every record.
    fn oracle(records: &[(u8, u8)]) -> (Pairs, f64, f64) {
        let mut pairs = Pairs::default();
        for (n, one) in records.iter().enumerate() {
            for two in &records[n + 1..] {
                let (found, truth) = (one.0 == two.0, one.1 == two.1);
                pairs.found += u64::from(found);
                pairs.truth += u64::from(truth);
                pairs.both += u64::from(found && truth);
            }
        }
        let share = |of: fn(&(u8, u8)) -> u8, by: fn(&(u8, u8)) -> u8| {
            let each = records.iter().map(|one| {
                let group: Vec<_> = records.iter().filter(|two| of(one) == of(two)).collect();
                group.iter().filter(|two| by(one) == by(two)).count() as f64 / group.len() as f64
            });
            each.sum::<f64>() / records.len() as f64
        };
        (pairs, share(|r| r.0, |r| r.1), share(|r| r.1, |r| r.0))
    }

    #[test]
    fn nothing_found_and_nothing_to_find_have_no_measure() {
        let none = Evaluation::of::<u8, u8>([]);
        assert_eq!((none.records, none.pairs.f1(), none.b_cubed_f1()), (0, None, None));
        let apart = Evaluation::of([(1, 1), (2, 2)]);
        assert_eq!((apart.pairs.precision(), apart.pairs.recall()), (None, None));
        assert_eq!((apart.exact_entities, apart.b_cubed_f1()), (2, Some(1.0)));
        let wrong = Evaluation::of([(1, 1), (1, 2), (2, 1)]);
        assert_eq!((wrong.pairs.f1(), wrong.mixed_clusters, wrong.split_entities), (Some(0.0), 1, 1));
    }

    proptest! {
        #[test]
        fn counts_are_those_of_all_pairs(records in prop::collection::vec((0u8..6, 0u8..6), 1..40)) {
            let found = Evaluation::of(records.iter().copied());
            let (pairs, precision, recall) = oracle(&records);
            prop_assert_eq!(found.pairs, pairs);
            prop_assert!((found.b_cubed_precision.unwrap() - precision).abs() < 1e-9);
            prop_assert!((found.b_cubed_recall.unwrap() - recall).abs() < 1e-9);
        }

        #[test]
        fn the_order_of_records_changes_nothing(
            records in prop::collection::vec((0u8..6, 0u8..6), 1..40).prop_flat_map(|one| (Just(one.clone()), Just(one).prop_shuffle())),
        ) {
            prop_assert_eq!(Evaluation::of(records.0), Evaluation::of(records.1));
        }
    }
}
