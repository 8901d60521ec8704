//! Pairs of records, in little room.

/// Pairs of records that share a key, each once. They lie in buckets by the lesser record, so that a pair fits four bytes.
pub(super) struct Candidates {
    buckets: Vec<Vec<u32>>,
    /// How many bits the greater record takes; the lesser one's place in its bucket takes the rest.
    bits: u32,
    /// For each pair, in order, whether it is [firm](Self::firm).
    firm: Vec<u64>,
    /// Where buckets are sorted.
    spare: Vec<u32>,
}

impl Candidates {
    /// None yet, of so many records.
    pub(super) fn among(records: usize) -> Self {
        let bits = (u64::BITS - (records as u64).leading_zeros()).clamp(1, 32);
        let buckets = vec![Vec::new(); (records as u64 >> (32 - bits)) as usize + 1];
        Self { buckets, bits, firm: Vec::new(), spare: Vec::new() }
    }

    /// Takes a pair, the lesser record first; twice where one key is enough. A bucket that is full first loses what it has
    /// more than twice: most pairs of one person come by many keys.
    pub(super) fn put(&mut self, one: u32, two: u32, firm: bool) {
        let bucket = &mut self.buckets[(u64::from(one) >> (32 - self.bits)) as usize];
        if bucket.len() + 2 > bucket.capacity() && bucket.len() >= 256 {
            keep_two(bucket, &mut self.spare);
            if bucket.len() > bucket.capacity() / 3 * 2 {
                bucket.reserve_exact(bucket.capacity() / 2);
            }
        }
        let pair = (u64::from(one) << self.bits) as u32 | two;
        bucket.push(pair);
        if firm {
            bucket.push(pair);
        }
    }

    /// Keeps each pair once, and whether it came several times.
    pub(super) fn settle(&mut self) {
        let mut count = 0;
        let mut spare = std::mem::take(&mut self.spare);
        for bucket in &mut self.buckets {
            sort_pairs(bucket, &mut spare);
            let (mut kept, mut at) = (0, 0);
            while at < bucket.len() {
                let pair = bucket[at];
                let times = bucket[at..].iter().take_while(|other| **other == pair).count();
                if count % 64 == 0 {
                    self.firm.push(0);
                }
                self.firm[count / 64] |= u64::from(times > 1) << (count % 64);
                bucket[kept] = pair;
                (kept, at, count) = (kept + 1, at + times, count + 1);
            }
            bucket.truncate(kept);
            bucket.shrink_to_fit();
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.buckets.iter().map(Vec::len).sum()
    }

    /// Each with the lesser record first, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let (bits, place) = (self.bits, 32 - self.bits);
        let most = (u64::MAX >> (64 - bits)) as u32;
        self.buckets.iter().enumerate().flat_map(move |(at, bucket)| {
            let first = ((at as u64) << place) as u32;
            bucket.iter().map(move |pair| (first | (u64::from(*pair) >> bits) as u32, pair & most))
        })
    }

    /// Those that share two keys, an identifier, or one key that hardly anybody else has; in the same order.
    pub(super) fn firm(&self) -> impl Iterator<Item = (u32, u32)> {
        let firm = |at: &usize| self.firm[at / 64] >> (at % 64) & 1 == 1;
        (0..).zip(self.iter()).filter(move |(at, _)| firm(at)).map(|(_, pair)| pair)
    }
}

/// Leaves of each pair no more than two; of one that came once, one.
fn keep_two(pairs: &mut Vec<u32>, spare: &mut Vec<u32>) {
    sort_pairs(pairs, spare);
    let mut kept = 0;
    for at in 0..pairs.len() {
        if kept < 2 || pairs[kept - 2] != pairs[at] {
            pairs[kept] = pairs[at];
            kept += 1;
        }
    }
    pairs.truncate(kept);
}

/// How many bits of a number are sorted at a time.
const DIGIT: u32 = 11;

/// Fewer are sorted by comparing them.
const MANY: usize = 4_096;

fn sort_pairs(pairs: &mut Vec<u32>, spare: &mut Vec<u32>) {
    if pairs.len() < MANY {
        return pairs.sort_unstable();
    }
    for digit in 0..u32::BITS.div_ceil(DIGIT) {
        deal(pairs, spare, |pair| u64::from(pair >> (digit * DIGIT)));
    }
}

/// Sorts by one digit, and keeps the order of those with the same: a turn of a radix sort (Seward 1954).
fn deal<T: Copy>(items: &mut Vec<T>, spare: &mut Vec<T>, number: impl Fn(T) -> u64) {
    let Some(&first) = items.first() else { return };
    let digit = |item: T| number(item) as usize % (1 << DIGIT);
    let mut places = [0; 1 << DIGIT];
    items.iter().for_each(|item| places[digit(*item)] += 1);
    let mut before = 0;
    for place in &mut places {
        before += std::mem::replace(place, before);
    }
    spare.resize(items.len(), first);
    for item in items.iter() {
        let place = &mut places[digit(*item)];
        spare[*place] = *item;
        *place += 1;
    }
    std::mem::swap(items, spare);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn digits_sort_as_comparing_does(seed in any::<u64>(), count in MANY - 2..2 * MANY, bits in 1u32..64) {
            let number = |at: usize| super::super::keys::mixed(seed ^ at as u64) >> (64 - bits);
            let mut pairs: Vec<u32> = (0..count).map(|at| ((number(at) << (64 - bits)) >> 32) as u32).collect();
            let mut ordered = pairs.clone();
            ordered.sort_unstable();
            sort_pairs(&mut pairs, &mut Vec::new());
            prop_assert_eq!(pairs, ordered);
        }

        #[test]
        fn a_pair_that_came_often_is_kept_twice(pairs in prop::collection::vec((0u32..20, any::<bool>()), 0..3_000)) {
            let mut found = Candidates::among(1_000);
            let mut times = BTreeMap::<u32, u32>::new();
            for (two, firm) in pairs {
                found.put(1, 2 + two, firm);
                *times.entry(2 + two).or_default() += 1 + u32::from(firm);
            }
            found.settle();
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), times.keys().map(|two| (1, *two)).collect::<Vec<_>>());
            let often = times.iter().filter(|(_, times)| **times > 1).map(|(two, _)| (1, *two));
            prop_assert_eq!(found.firm().collect::<Vec<_>>(), often.collect::<Vec<_>>());
        }
    }
}
