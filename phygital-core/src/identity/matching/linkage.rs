//! Clusters by the average weight of the pairs across them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BinaryHeap};

use super::model::{Millibits, Model};

/// Records that are alike to the last sign count as one unit of that many.
pub(super) struct Units {
    /// How many records each unit is.
    pub(super) sizes: Vec<u64>,
}

/// What lies between two clusters: the sum of the weights of the pairs that were compared, and how many they are.
#[derive(Clone, Copy, Default)]
struct Between {
    sum: i64,
    pairs: u64,
}

/// A merge that could be made. The greatest average goes first; among equals the one of the first units.
struct Merge {
    sum: i64,
    pairs: u64,
    units: (u32, u32),
    sizes: (u64, u64),
}

/// Merges, again and again, the two clusters with the greatest average weight across, until none reaches the model's
/// (average linkage: Sokal and Michener 1958). A pair that was not compared weighs [`Model::unshared`]. So one chance
/// agreement between two households joins nobody, as it would where one good pair is enough.
///
/// Gives for each unit the least unit of its cluster. Costs O(m log² m) for m compared pairs.
pub(super) fn link(units: &Units, pairs: &[(u32, u32, Millibits)], model: &Model) -> Vec<u32> {
    let mut sizes = units.sizes.clone();
    let count = sizes.len();
    let mut around: Vec<BTreeMap<u32, Between>> = vec![BTreeMap::new(); count];
    let mut heap = BinaryHeap::new();
    for &(one, two, weight) in pairs {
        let across = sizes[one as usize] * sizes[two as usize];
        let between = Between { sum: i64::from(weight) * across as i64, pairs: across };
        around[one as usize].insert(two, between);
        around[two as usize].insert(one, between);
        offer(&mut heap, (one, two), between, &sizes, model);
    }
    let mut into: Vec<u32> = (0..count as u32).collect();
    while let Some(merge) = heap.pop() {
        let (one, two) = (merge.units.0.min(merge.units.1), merge.units.0.max(merge.units.1));
        let current = |unit: u32, size: u64| into[unit as usize] == unit && sizes[unit as usize] == size;
        // Either has grown since, and was offered again.
        if !current(merge.units.0, merge.sizes.0) || !current(merge.units.1, merge.sizes.1) {
            continue;
        }
        into[two as usize] = one;
        sizes[one as usize] += sizes[two as usize];
        let given = std::mem::take(&mut around[two as usize]);
        around[one as usize].remove(&two);
        for (other, between) in given.into_iter().filter(|(other, _)| *other != one) {
            around[other as usize].remove(&two);
            let sum = around[one as usize].entry(other).or_default();
            *sum = Between { sum: sum.sum + between.sum, pairs: sum.pairs + between.pairs };
        }
        let now: Vec<(u32, Between)> =
            around[one as usize].iter().map(|(other, sum)| (*other, *sum)).collect();
        for (other, between) in now {
            around[other as usize].insert(one, between);
            offer(&mut heap, (one, other), between, &sizes, model);
        }
    }
    // A unit points at a lesser one, so one walk upwards settles all.
    for unit in 0..count {
        into[unit] = into[into[unit] as usize];
    }
    into
}

/// Offers a merge, if its average reaches the model's.
fn offer(heap: &mut BinaryHeap<Merge>, units: (u32, u32), between: Between, sizes: &[u64], model: &Model) {
    let sizes = (sizes[units.0 as usize], sizes[units.1 as usize]);
    let pairs = sizes.0 * sizes.1;
    let sum = between.sum + i64::from(model.unshared) * (pairs - between.pairs) as i64;
    if i128::from(sum) >= i128::from(model.merge) * i128::from(pairs) {
        heap.push(Merge { sum, pairs, units, sizes });
    }
}

impl Ord for Merge {
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others) =
            (i128::from(self.sum) * i128::from(other.pairs), i128::from(other.sum) * i128::from(self.pairs));
        let key = |merge: &Self| (merge.units.0.min(merge.units.1), merge.units.0.max(merge.units.1));
        own.cmp(&others).then_with(|| key(other).cmp(&key(self)))
    }
}

impl PartialOrd for Merge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Merge {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Merge {}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::model::MODEL_VERSION;
    use super::*;

    fn model() -> Model {
        Model {
            version: MODEL_VERSION,
            fields: Vec::new(),
            near: None,
            merge: 4_000,
            unshared: -4_000,
            match_at: 0,
            review_at: 0,
        }
    }

    /// Slow and obvious: all pairs of clusters, all pairs of records across, at each step.
    fn oracle(sizes: &[u64], pairs: &[(u32, u32, Millibits)]) -> Vec<u32> {
        let model = model();
        let mut clusters: Vec<Vec<u32>> = (0..sizes.len() as u32).map(|unit| vec![unit]).collect();
        loop {
            let mut best: Option<(i128, i128, u32, u32)> = None;
            for one in &clusters {
                for two in clusters.iter().filter(|two| two[0] > one[0]) {
                    let (mut sum, mut count) = (0, 0);
                    for a in one {
                        for b in two {
                            let known = pairs.iter().find(|pair| (pair.0, pair.1) == (*a.min(b), *a.max(b)));
                            let across = i128::from(sizes[*a as usize] * sizes[*b as usize]);
                            sum += i128::from(known.map_or(model.unshared, |pair| pair.2)) * across;
                            count += across;
                        }
                    }
                    let better = best.is_none_or(|best| sum * best.1 > best.0 * count);
                    if sum >= i128::from(model.merge) * count && better {
                        best = Some((sum, count, one[0], two[0]));
                    }
                }
            }
            let Some((_, _, one, two)) = best else { break };
            let given = clusters.iter().position(|cluster| cluster[0] == two).unwrap();
            let given = clusters.remove(given);
            clusters.iter_mut().find(|cluster| cluster[0] == one).unwrap().extend(given);
        }
        let mut of = vec![0; sizes.len()];
        for cluster in clusters {
            cluster.iter().for_each(|unit| of[*unit as usize] = cluster[0]);
        }
        of
    }

    proptest! {
        #[test]
        fn merges_are_those_of_all_pairs(
            sizes in prop::collection::vec(1u64..4, 1..9),
            pairs in prop::collection::btree_map((0u32..9, 0u32..9), -20i32..30, 0..30),
        ) {
            let count = sizes.len() as u32;
            let mut seen = BTreeSet::new();
            let pairs: Vec<_> = pairs
                .into_iter()
                .map(|((one, two), weight)| (one % count, two % count, weight * 1_000))
                .filter(|(one, two, _)| one != two)
                .map(|(one, two, weight)| (one.min(two), one.max(two), weight))
                .filter(|(one, two, _)| seen.insert((*one, *two)))
                .collect();
            let found = link(&Units { sizes: sizes.clone() }, &pairs, &model());
            prop_assert_eq!(found, oracle(&sizes, &pairs));
        }
    }
}
