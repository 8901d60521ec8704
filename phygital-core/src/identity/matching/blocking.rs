//! The pairs of a batch of records that are worth comparing.

use super::keys::{BLOCK_MAX, Family, Said, families, fields_of_words, hash, outlines, words_of};
use super::records::Records;

/// Pairs of records that share a key, each once. They lie in buckets by the lesser record, so that a pair fits four bytes.
pub(super) struct Candidates {
    buckets: Vec<Vec<u32>>,
    /// How many bits the greater record takes; the lesser one's place in its bucket takes the rest.
    bits: u32,
}

impl Candidates {
    pub(super) fn of(records: &Records) -> Self {
        let mut hashed = Hashed::of(records);
        let mut pairs = Self::among(records.len());
        let families = families(records.fields());
        let mut settled: Vec<Settled> = Vec::with_capacity(families.len());
        let mut keyed: Vec<(u64, u32)> = Vec::new();
        for family in &families {
            keyed.clear();
            let coarser: Vec<&Settled> = family.coarser(&families).map(|at| &settled[at]).collect();
            for record in 0..records.len() {
                // Whoever shares this key shares a coarser one, by which all have met already.
                if !coarser.iter().any(|settled| settled.has(record)) {
                    family.keys(&hashed.record(records, record), |key| keyed.push((key, record as u32)));
                }
            }
            keyed.sort_unstable();
            keyed.dedup();
            let mut done = Settled::of(records.len());
            for block in keyed.chunk_by(|one, two| one.0 == two.0).filter(|block| block.len() <= BLOCK_MAX) {
                for (at, one) in block.iter().enumerate() {
                    done.put(one.1 as usize);
                    block[at + 1..].iter().for_each(|two| pairs.put(one.1, two.1));
                }
            }
            if family.is_of_single_words() {
                hashed.forget_rare_words(&keyed, *family);
            }
            settled.push(done);
        }
        for bucket in &mut pairs.buckets {
            bucket.sort_unstable();
            bucket.dedup();
            bucket.shrink_to_fit();
        }
        pairs
    }

    fn among(records: usize) -> Self {
        let bits = (u64::BITS - (records as u64).leading_zeros()).clamp(1, 32);
        Self { buckets: vec![Vec::new(); (records as u64 >> (32 - bits)) as usize + 1], bits }
    }

    /// Takes a pair, the lesser record first. A bucket that is full first loses what it has twice: most pairs come by several
    /// keys.
    fn put(&mut self, one: u32, two: u32) {
        let place = 32 - self.bits;
        let bucket = &mut self.buckets[(one >> place) as usize];
        if bucket.len() == bucket.capacity() && bucket.len() >= 256 {
            bucket.sort_unstable();
            bucket.dedup();
            if bucket.len() > bucket.capacity() / 3 * 2 {
                bucket.reserve_exact(bucket.capacity() / 2);
            }
        }
        bucket.push((u64::from(one) << self.bits) as u32 | two);
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

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
