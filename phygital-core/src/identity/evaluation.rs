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
    /// How often clusters have to be split until none is mixed.
    pub splits: u64,
    /// How often what is left has to be merged until no entity is split.
    pub merges: u64,
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
            splits: (cells.len() - clusters.len()) as u64,
            merges: (cells.len() - entities.len()) as u64,
        }
    }

    /// The least number of splits and merges that turn the partition into the true one: the basic merge distance
    /// (Menestrina, Whang and Garcia-Molina 2010).
    #[must_use]
    pub fn merge_distance(&self) -> u64 {
        self.splits + self.merges
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

/// How good a choice of pairs to compare is, whatever is made of them after.
///
/// ```
/// use phygital_core::identity::Blocking;
/// let records = [("a", "Ada"), ("b", "Ada"), ("c", "Ada"), ("d", "Bob")];
/// let blocking = Blocking::of(records, [("a", "b"), ("b", "a"), ("c", "d")]);
/// assert_eq!((blocking.candidates, blocking.truth, blocking.covered), (2, 3, 1));
/// assert_eq!(blocking.reduction(), Some(1.0 - 2.0 / 6.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocking {
    /// How many records.
    pub records: u64,
    /// Pairs that are compared, each counted once.
    pub candidates: u64,
    /// Pairs that are one entity.
    pub truth: u64,
    /// Pairs that are one entity and are compared.
    pub covered: u64,
}

impl Blocking {
    /// Judges a choice of pairs by the entity of each record, each named once. A record's pair with itself, and pairs of records that are
    /// not named, do not count.
    #[must_use]
    pub fn of<R: Ord, E: Ord>(
        records: impl IntoIterator<Item = (R, E)>,
        candidates: impl IntoIterator<Item = (R, R)>,
    ) -> Self {
        let mut entities: BTreeMap<E, u64> = BTreeMap::new();
        let mut of: BTreeMap<R, (usize, u64)> = BTreeMap::new();
        let mut sizes: Vec<u64> = Vec::new();
        for (record, entity) in records {
            let next = entities.len() as u64;
            let entity = *entities.entry(entity).or_insert(next);
            let place = of.len();
            if of.insert(record, (place, entity)).is_none() {
                sizes.resize(entities.len(), 0);
                sizes[entity as usize] += 1;
            }
        }
        let mut pairs: Vec<(usize, usize, bool)> = Vec::new();
        for (one, two) in candidates {
            if let (Some(one), Some(two)) = (of.get(&one), of.get(&two))
                && one.0 != two.0
            {
                pairs.push((one.0.min(two.0), one.0.max(two.0), one.1 == two.1));
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Self {
            records: of.len() as u64,
            candidates: pairs.len() as u64,
            truth: sizes.iter().map(|n| n * n.saturating_sub(1) / 2).sum(),
            covered: pairs.iter().filter(|pair| pair.2).count() as u64,
        }
    }

    /// Pair completeness, or blocking recall: how many of the true pairs are compared, 0 to 1; `None` where there is none.
    #[must_use]
    pub fn completeness(&self) -> Option<f64> {
        (self.truth > 0).then(|| self.covered as f64 / self.truth as f64)
    }

    /// Pair quality: how many of the pairs that are compared are true, 0 to 1; `None` where none is compared.
    #[must_use]
    pub fn quality(&self) -> Option<f64> {
        (self.candidates > 0).then(|| self.covered as f64 / self.candidates as f64)
    }

    /// Reduction ratio: how many of all pairs are spared, 0 to 1; `None` with fewer than two records.
    #[must_use]
    pub fn reduction(&self) -> Option<f64> {
        let all = self.records * self.records.saturating_sub(1) / 2;
        (all > 0).then(|| 1.0 - self.candidates as f64 / all as f64)
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
        assert_eq!((wrong.splits, wrong.merges, wrong.merge_distance()), (1, 1, 2));
        let nobody = Blocking::of::<u8, u8>([], [(1, 2)]);
        assert_eq!((nobody.completeness(), nobody.quality(), nobody.reduction()), (None, None, None));
        let all = Blocking::of([(1, 7), (2, 7)], [(2, 1), (1, 1), (1, 3)]);
        assert_eq!((all.completeness(), all.quality(), all.reduction()), (Some(1.0), Some(1.0), Some(0.0)));
    }

    /// Slow and obvious: splits each mixed cluster one entity at a time, then merges each split entity one piece at a time.
    fn distance(records: &[(u8, u8)]) -> u64 {
        let mut clusters: Vec<Vec<(u8, u8)>> = Vec::new();
        for record in records {
            match clusters.iter_mut().find(|cluster| cluster[0].0 == record.0) {
                Some(cluster) => cluster.push(*record),
                None => clusters.push(vec![*record]),
            }
        }
        let mut steps = 0;
        while let Some(at) =
            clusters.iter().position(|cluster| cluster.iter().any(|one| one.1 != cluster[0].1))
        {
            let (same, others) = clusters[at].iter().partition(|one| one.1 == clusters[at][0].1);
            clusters[at] = same;
            clusters.push(others);
            steps += 1;
        }
        while let Some((one, two)) = (0..clusters.len())
            .flat_map(|one| (0..one).map(move |two| (one, two)))
            .find(|(one, two)| clusters[*one][0].1 == clusters[*two][0].1)
        {
            let given = clusters.remove(one);
            clusters[two].extend(given);
            steps += 1;
        }
        steps
    }

    proptest! {
        #[test]
        fn counts_are_those_of_all_pairs(records in prop::collection::vec((0u8..6, 0u8..6), 1..40)) {
            let found = Evaluation::of(records.iter().copied());
            let (pairs, precision, recall) = oracle(&records);
            prop_assert_eq!(found.pairs, pairs);
            prop_assert!((found.b_cubed_precision.unwrap() - precision).abs() < 1e-9);
            prop_assert!((found.b_cubed_recall.unwrap() - recall).abs() < 1e-9);
            prop_assert_eq!(found.merge_distance(), distance(&records));
        }

        #[test]
        fn candidates_are_judged_as_all_pairs_say(
            entities in prop::collection::vec(0u8..5, 0..20),
            candidates in prop::collection::vec((0usize..22, 0usize..22), 0..60),
        ) {
            let found = Blocking::of(entities.iter().copied().enumerate(), candidates.iter().copied());
            let (mut compared, mut truth, mut both) = (0, 0, 0);
            for one in 0..entities.len() {
                for two in one + 1..entities.len() {
                    let chosen = candidates.contains(&(one, two)) || candidates.contains(&(two, one));
                    let same = entities[one] == entities[two];
                    compared += u64::from(chosen);
                    truth += u64::from(same);
                    both += u64::from(chosen && same);
                }
            }
            prop_assert_eq!((found.candidates, found.truth, found.covered), (compared, truth, both));
        }

        #[test]
        fn the_order_of_records_changes_nothing(
            records in prop::collection::vec((0u8..6, 0u8..6), 1..40).prop_flat_map(|one| (Just(one.clone()), Just(one).prop_shuffle())),
        ) {
            prop_assert_eq!(Evaluation::of(records.0), Evaluation::of(records.1));
        }
    }
}
