//! The pairs of a batch of records that are worth comparing.

use super::keys::{BLOCK_MAX, Family, Said, families, fields_of_words, hash, outlines, words_of};
use super::records::Records;

/// One key is enough for two records to be compared where a whole batch is resolved if no more than this, divided by the
/// number of records, share it. Others have to share two. So pairs that met by one key of chance stay as many, however
/// many records there are, while those of one person share several keys.
const ENOUGH: usize = 1 << 20;

/// Pairs of records that share a key, each once. They lie in buckets by the lesser record, so that a pair fits four bytes.
///
/// A key that is finer than another one that both share says nothing new and does not count (see [`Family::coarser`]).
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
    pub(super) fn of(records: &Records) -> Self {
        Self::with(records, ENOUGH / records.len().max(1))
    }

    /// Those of which one key is enough where so many share it.
    fn with(records: &Records, enough: usize) -> Self {
        let mut hashed = Hashed::of(records);
        let mut pairs = Self::among(records.len());
        let families = families(records.fields());
        let mut settled: Vec<Settled> = Vec::with_capacity(families.len());
        let mut keyed: Vec<(u64, u32)> = Vec::new();
        let mut spare = Vec::new();
        for family in &families {
            keyed.clear();
            let coarser: Vec<&Settled> = family.coarser(&families).map(|at| &settled[at]).collect();
            for record in 0..records.len() {
                // Whoever shares this key shares a coarser one, by which all have met already.
                if !coarser.iter().any(|settled| settled.has(record)) {
                    family.keys(&hashed.record(records, record), |key| keyed.push((key, record as u32)));
                }
            }
            sort_by_key(&mut keyed, &mut spare);
            keyed.dedup();
            let mut done = Settled::of(records.len());
            for block in keyed.chunk_by(|one, two| one.0 == two.0).filter(|block| block.len() <= BLOCK_MAX) {
                let firm = block.len() <= enough || family.is_of_identifiers();
                for (at, one) in block.iter().enumerate() {
                    done.put(one.1 as usize);
                    block[at + 1..].iter().for_each(|two| pairs.put(one.1, two.1, firm));
                }
            }
            if family.is_of_single_words() {
                hashed.forget_rare_words(&keyed, *family);
            }
            settled.push(done);
        }
        pairs.settle();
        pairs
    }

    fn among(records: usize) -> Self {
        let bits = (u64::BITS - (records as u64).leading_zeros()).clamp(1, 32);
        let buckets = vec![Vec::new(); (records as u64 >> (32 - bits)) as usize + 1];
        Self { buckets, bits, firm: Vec::new(), spare: Vec::new() }
    }

    /// Takes a pair, the lesser record first; twice where one key is enough. A bucket that is full first loses what it has
    /// more than twice: most pairs of one person come by many keys.
    fn put(&mut self, one: u32, two: u32, firm: bool) {
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
    fn settle(&mut self) {
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

/// Sorts by key, then by record. Keys are hashes: three digits of them tell most apart.
fn sort_by_key(keyed: &mut Vec<(u64, u32)>, spare: &mut Vec<(u64, u32)>) {
    const REST: u32 = u64::BITS - 3 * DIGIT;
    if keyed.len() < MANY {
        return keyed.sort_unstable();
    }
    for digit in 0..3 {
        deal(keyed, spare, |one| one.0 >> (REST + digit * DIGIT));
    }
    keyed.chunk_by_mut(|one, two| one.0 >> REST == two.0 >> REST).for_each(<[_]>::sort_unstable);
}

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

/// Records all of whose keys of a family are shared by few enough.
struct Settled(Vec<u64>);

impl Settled {
    fn of(records: usize) -> Self {
        Self(vec![0; records.div_ceil(64)])
    }

    fn put(&mut self, record: usize) {
        self.0[record / 64] |= 1 << (record % 64);
    }

    fn has(&self, record: usize) -> bool {
        self.0[record / 64] >> (record % 64) & 1 == 1
    }
}

/// What goes into keys, once for each value.
struct Hashed {
    /// For each field and value the value and its outlines.
    values: Vec<Vec<(u64, [u64; 2])>>,
    /// The words of all records, one after the other.
    words: Vec<u64>,
    /// Where those of each end.
    ends: Vec<usize>,
}

impl Hashed {
    fn of(records: &Records) -> Self {
        let values = records.fields().iter().zip(records.columns()).map(|(field, column)| {
            let each = (0..column.len() as u32).map(|place| match column.value(place) {
                "" => (0, [0, 0]),
                value => (hash(value.as_bytes()), outlines(field.kind, value)),
            });
            each.collect()
        });
        let spoken = fields_of_words(records.fields());
        let (mut words, mut ends) = (Vec::new(), Vec::with_capacity(records.len()));
        let mut said = Vec::new();
        for record in 0..records.len() {
            words_of(spoken.iter().filter_map(|field| records.value(record, *field)), &mut said);
            words.extend_from_slice(&said);
            ends.push(words.len());
        }
        Self { values: values.collect(), words, ends }
    }

    fn record<'h>(&'h self, records: &'h Records, record: usize) -> Row<'h> {
        Row { hashed: self, records, record }
    }

    /// Leaves out the words by which all who say them have met.
    fn forget_rare_words(&mut self, keyed: &[(u64, u32)], family: Family) {
        let crowded = keyed.chunk_by(|one, two| one.0 == two.0).filter(|block| block.len() > BLOCK_MAX);
        // The keys are in order, and so are these.
        let crowded: Vec<u64> = crowded.map(|block| block[0].0).collect();
        let (mut kept, mut begin) = (0, 0);
        for end in &mut self.ends {
            for at in begin..*end {
                let word = self.words[at];
                if crowded.binary_search(&family.key_of_word(word)).is_ok() {
                    self.words[kept] = word;
                    kept += 1;
                }
            }
            begin = *end;
            *end = kept;
        }
        self.words.truncate(kept);
    }
}

/// A record of a batch.
struct Row<'h> {
    hashed: &'h Hashed,
    records: &'h Records,
    record: usize,
}

impl Row<'_> {
    fn value(&self, field: usize) -> &(u64, [u64; 2]) {
        &self.hashed.values[field][self.records.row(self.record)[field] as usize]
    }
}

impl Said for Row<'_> {
    fn whole(&self, field: usize) -> u64 {
        self.value(field).0
    }

    fn outline(&self, field: usize, which: usize) -> u64 {
        self.value(field).1[which]
    }

    fn words(&self) -> &[u64] {
        let begin = if self.record == 0 { 0 } else { self.hashed.ends[self.record - 1] };
        &self.hashed.words[begin..self.hashed.ends[self.record]]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::super::field::{Field, FieldKind};
    use super::*;

    fn records<V: AsRef<str>>(rows: &[[V; 4]]) -> Records {
        let fields = [
            Field::new("given", FieldKind::GivenName),
            Field::new("surname", FieldKind::Surname),
            Field::new("born", FieldKind::Date),
            Field::new("phone", FieldKind::Number),
        ];
        let rows = rows.iter().enumerate().map(|(at, row)| (format!("{at:06}"), row));
        Records::new(fields, rows).unwrap()
    }

    fn candidates<V: AsRef<str>>(rows: &[[V; 4]]) -> Vec<(u32, u32)> {
        Candidates::of(&records(rows)).iter().collect()
    }

    /// Slow and obvious: every key of every family, with nothing left out.
    fn oracle<V: AsRef<str>>(rows: &[[V; 4]]) -> Vec<(u32, u32)> {
        let records = records(rows);
        let hashed = Hashed::of(&records);
        let mut pairs = BTreeSet::new();
        for family in families(records.fields()) {
            let mut blocks: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
            for record in 0..records.len() {
                family.keys(&hashed.record(&records, record), |key| {
                    blocks.entry(key).or_default().insert(record as u32);
                });
            }
            for block in blocks.values().filter(|block| block.len() <= BLOCK_MAX) {
                block.iter().for_each(|one| pairs.extend(block.range(one + 1..).map(|two| (*one, *two))));
            }
        }
        pairs.into_iter().collect()
    }

    #[test]
    fn records_meet_by_what_they_share() {
        let rows = [
            ["robert", "allen", "19710624", "14155550100"],
            ["rob", "alen", "19710524", "14155550100"],
            ["allen", "robert", "", ""],
            ["grace", "hopper", "19061209", "12125550100"],
        ];
        assert_eq!(candidates(&rows), [(0, 1), (0, 2)]);
    }

    #[test]
    fn a_key_that_everybody_shares_is_left_out() {
        let same = ["ada", "lovelace", "18151210", "14155550100"];
        assert_eq!(candidates(&[same; BLOCK_MAX]).len(), BLOCK_MAX * (BLOCK_MAX - 1) / 2);
        assert_eq!(candidates(&[same; BLOCK_MAX + 1]).len(), 0);
        assert_eq!(candidates(&vec![same; 10_000]).len(), 0);
    }

    #[test]
    fn one_key_is_enough_where_few_have_it() {
        let counts = |rows: &[[&str; 4]]| {
            let found = Candidates::with(&records(rows), 2);
            (found.iter().count(), found.firm().count())
        };
        let word = ["zebedee", "", "", ""];
        assert_eq!(counts(&[word; 2]), (1, 1));
        assert_eq!(counts(&[word; 3]), (3, 0));
        let phone = ["", "", "", "14155550100"];
        assert_eq!(counts(&[phone; 3]), (3, 3));
        let both = ["zebedee", "", "", "14155550100"];
        assert_eq!(counts(&[word, word, both, phone, phone]), (6, 3));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn digits_sort_as_comparing_does(seed in any::<u64>(), count in MANY - 2..2 * MANY, bits in 1u32..64) {
            let number = |at: usize| super::super::keys::mixed(seed ^ at as u64) >> (64 - bits);
            let mut keyed: Vec<(u64, u32)> = (0..count).map(|at| (number(at) << (64 - bits), at as u32)).collect();
            let mut pairs: Vec<u32> = keyed.iter().map(|(key, _)| (*key >> 32) as u32).collect();
            let (mut by_key, mut ordered) = (keyed.clone(), pairs.clone());
            by_key.sort_unstable();
            ordered.sort_unstable();
            sort_by_key(&mut keyed, &mut Vec::new());
            sort_pairs(&mut pairs, &mut Vec::new());
            prop_assert_eq!(keyed, by_key);
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

        #[test]
        fn keys_left_out_bring_nobody_together(
            rows in prop::collection::vec(
                ["(ada|adah|bob|robert|r|)", "(lovelace|lovelac|smith|smyth|bob)", "(18151210|18151012|19010101|)", "(14155550100|14155550101|)"],
                1..300,
            ),
        ) {
            prop_assert_eq!(candidates(&rows), oracle(&rows));
        }
    }
}
