//! The pairs of a batch of records that are worth comparing.

use super::candidates::Candidates;
use super::keys::{BLOCK_MAX, Family, Of, families};
use super::parts::{Groups, Parts};
use super::records::Records;

/// One key is enough for two records to be compared where a whole batch is resolved if no more than this, divided by the
/// number of records, share it. Others have to share two. So pairs that met by one key of chance stay as many, however
/// many records there are, while those of one person share several keys.
const ENOUGH: usize = 1 << 20;

/// The pairs that share a key. A key that is finer than another one that both share says nothing new and does not count (see
/// [`Family::coarser`]).
///
/// Keys are not made: records are put into groups by one half of a key, the one that fewer have, and within a group looked at
/// by the other half. Most groups are a handful.
pub(super) fn candidates(records: &Records) -> Candidates {
    candidates_with(records, ENOUGH / records.len().max(1))
}

/// Those of which one key is enough where so many share it.
fn candidates_with(records: &Records, enough: usize) -> Candidates {
    let mut meeting = Meeting::of(records, enough);
    // Coarser keys come before finer ones.
    meeting.alone();
    meeting.beside(|of| matches!(of, Of::Outline(..)));
    meeting.by_words();
    meeting.beside(|of| matches!(of, Of::Both(..)));
    meeting.pairs.settle();
    meeting.pairs
}

/// So many records are fetched at once, or one group.
const AT_ONCE: usize = 4_096;

/// Records on their way to each other.
struct Meeting {
    families: Vec<Family>,
    parts: Parts,
    /// The parts that are identifiers, with their families.
    identifiers: Vec<(usize, usize)>,
    enough: usize,
    /// For each record a bit for each family of which it has a key that few enough share.
    settled: Vec<u64>,
    pairs: Candidates,
    /// Where a group is put in order.
    sorted: Vec<u64>,
}

/// A family of keys, seen from a group of those who have one half of the key.
struct Side {
    /// The other half.
    other: usize,
    family: usize,
    /// The families that are coarser.
    coarser: Vec<u64>,
}

impl Meeting {
    fn of(records: &Records, enough: usize) -> Self {
        let parts = Parts::of(records);
        let families = families(records.fields());
        let identifiers = families.iter().enumerate().filter_map(|(at, family)| match family.of {
            Of::Alone(field) => Some((parts.whole(field), at)),
            _ => None,
        });
        Self {
            identifiers: identifiers.collect(),
            settled: vec![0; families.len().div_ceil(64) * records.len()],
            families,
            parts,
            enough,
            pairs: Candidates::among(records.len()),
            sorted: Vec::new(),
        }
    }

    /// By keys of one part.
    fn alone(&mut self) {
        for family in 0..self.families.len() {
            let (part, always) = match self.families[family].of {
                Of::Alone(field) => (self.parts.whole(field), true),
                Of::Names(..) => (self.parts.sounds(), false),
                _ => continue,
            };
            let groups = self.parts.groups(part);
            for number in 1..groups.len() as u32 {
                let block = groups.with(number);
                if block.len() <= BLOCK_MAX {
                    block.iter().for_each(|record| self.settle(*record, family));
                    self.meet(block, always);
                }
            }
        }
    }

    /// By keys of two parts.
    fn beside(&mut self, chosen: impl Fn(Of) -> bool) {
        let mut sides: Vec<Vec<Side>> = (0..self.parts.width()).map(|_| Vec::new()).collect();
        for (at, family) in self.families.iter().enumerate().filter(|(_, family)| chosen(family.of)) {
            let (one, two) = match family.of {
                Of::Outline(one, two, which) => (self.parts.whole(one), self.parts.outline(two, which)),
                Of::Both(one, two) => (self.parts.whole(one), self.parts.whole(two)),
                _ => continue,
            };
            let (first, other) =
                if self.parts.crowding(one) <= self.parts.crowding(two) { (one, two) } else { (two, one) };
            sides[first].push(Side { other, family: at, coarser: self.coarser(at) });
        }
        for (part, sides) in sides.iter().enumerate().filter(|(_, sides)| !sides.is_empty()) {
            let groups = self.parts.groups(part);
            let mut halves = Vec::new();
            let mut number = 1;
            while number < groups.len() as u32 {
                // Records lie anywhere, so those of many groups are fetched before any is looked at.
                let (begin, mut fetched) = (number, 0);
                while number < groups.len() as u32 && fetched < AT_ONCE {
                    fetched += groups.with(number).len();
                    number += 1;
                }
                self.fetch(groups.between(begin, number), sides, &mut halves);
                let mut halves = &halves[..];
                for group in (begin..number).map(|number| groups.with(number)) {
                    let (own, others) = halves.split_at(group.len() * sides.len());
                    halves = others;
                    self.gather(group, sides, own);
                }
            }
        }
    }

    /// Puts down what records have of the other halves, record by record; 0 where a coarser key has brought a record together
    /// with all who share the key.
    fn fetch(&self, records: &[u32], sides: &[Side], halves: &mut Vec<u32>) {
        halves.clear();
        for &record in records {
            let (row, settled) = (self.parts.row(record), self.settled_of(record));
            halves.extend(sides.iter().map(|side| {
                let settled =
                    side.coarser.iter().zip(settled).fold(0, |any, (coarser, own)| any | coarser & own);
                row[side.other] * u32::from(settled == 0)
            }));
        }
    }

    /// Within a group.
    fn gather(&mut self, group: &[u32], sides: &[Side], halves: &[u32]) {
        if group.len() < 2 {
            return;
        }
        // Every key is few enough's, and either of few enough to suffice or of more.
        let sure = group.len() <= self.enough;
        if group.len() <= BLOCK_MAX && (sure || self.enough < 2) {
            return self.gather_few(group, sides, halves, sure);
        }
        let mut keyed = std::mem::take(&mut self.sorted);
        for (at, side) in sides.iter().enumerate() {
            keyed.clear();
            let own = group.iter().zip(halves.iter().skip(at).step_by(sides.len()));
            let own = own.filter(|(_, half)| **half > 0);
            keyed.extend(own.map(|(record, half)| u64::from(*half) << 32 | u64::from(*record)));
            self.blocks(&mut keyed, side.family);
        }
        self.sorted = keyed;
    }

    /// Within a group that is few enough: two records are held against each other by all other halves at once.
    fn gather_few(&mut self, group: &[u32], sides: &[Side], halves: &[u32], sure: bool) {
        let said = |at: usize| &halves[at * sides.len()..][..sides.len()];
        for (at, one) in group.iter().enumerate() {
            for (half, side) in said(at).iter().zip(sides) {
                if *half > 0 {
                    self.settle(*one, side.family);
                }
            }
            for (other, two) in group.iter().enumerate().skip(at + 1) {
                let same = |(one, two): (&u32, &u32)| u32::from(one == two && *one > 0);
                let shared: u32 = said(at).iter().zip(said(other)).map(same).sum();
                if shared > 0 {
                    self.put(*one, *two, sure || shared > 1);
                }
            }
        }
    }

    /// By words.
    fn by_words(&mut self) {
        for family in 0..self.families.len() {
            match self.families[family].of {
                Of::RareWord => {
                    let groups = self.parts.words().groups();
                    for word in 1..groups.len() as u32 {
                        let block = groups.with(word);
                        if block.len() <= BLOCK_MAX {
                            self.meet(block, false);
                        }
                    }
                    // By the others all who say them have met.
                    self.parts.words_mut().retain(|word| groups.with(word).len() > BLOCK_MAX);
                }
                Of::TwoWords => {
                    let groups = self.parts.words().groups();
                    // The rarer word first.
                    let rank = |word: u32| (groups.with(word).len(), word);
                    self.by_each_word(&groups, family, |meeting, word, record, found| {
                        let others = meeting.parts.words().of_record(record).iter();
                        found.extend(others.filter(|other| rank(**other) > rank(word)));
                    });
                }
                Of::WordAnd(field) => {
                    let groups = self.parts.words().groups();
                    let (whole, coarser) = (self.parts.whole(field), self.coarser(family));
                    self.by_each_word(&groups, family, |meeting, _, record, found| {
                        let number = meeting.parts.row(record)[whole];
                        if number > 0 && !meeting.is_settled(record, &coarser) {
                            found.push(number);
                        }
                    });
                }
                _ => {}
            }
        }
    }

    /// By a word and something else that a record with it says.
    fn by_each_word(
        &mut self,
        groups: &Groups,
        family: usize,
        others: impl Fn(&Self, u32, u32, &mut Vec<u32>),
    ) {
        let (mut found, mut keyed) = (Vec::new(), Vec::new());
        for word in 1..groups.len() as u32 {
            keyed.clear();
            for &record in groups.with(word) {
                found.clear();
                others(self, word, record, &mut found);
                keyed.extend(found.iter().map(|other| u64::from(*other) << 32 | u64::from(record)));
            }
            self.blocks(&mut keyed, family);
        }
    }

    /// Puts those in order who have one half of a key in common, by the other half and by record, and makes them meet.
    fn blocks(&mut self, keyed: &mut [u64], family: usize) {
        keyed.sort_unstable();
        let mut block = [0; BLOCK_MAX];
        for same in keyed.chunk_by(|one, two| one >> 32 == two >> 32).filter(|same| same.len() <= BLOCK_MAX) {
            for (record, keyed) in block.iter_mut().zip(same) {
                *record = *keyed as u32;
                self.settle(*record, family);
            }
            self.meet(&block[..same.len()], false);
        }
    }

    /// Takes the pairs of a block; one key is enough if it is an identifier's.
    fn meet(&mut self, block: &[u32], identifier: bool) {
        let firm = identifier || block.len() <= self.enough;
        for (at, one) in block.iter().enumerate() {
            block[at + 1..].iter().for_each(|two| self.pairs.put(*one, *two, firm));
        }
    }

    /// Takes a pair, unless an identifier has made it firm.
    fn put(&mut self, one: u32, two: u32, firm: bool) {
        let (row, other) = (self.parts.row(one), self.parts.row(two));
        let known = |&(part, family): &(usize, usize)| row[part] == other[part] && self.has(one, family);
        if !self.identifiers.iter().any(known) {
            self.pairs.put(one, two, firm);
        }
    }

    /// The families that are coarser, a bit each.
    fn coarser(&self, family: usize) -> Vec<u64> {
        let mut bits = vec![0; self.stride()];
        let coarser = self.families[family].coarser(&self.families);
        coarser.for_each(|other| bits[other / 64] |= 1 << (other % 64));
        bits
    }

    fn stride(&self) -> usize {
        self.families.len().div_ceil(64)
    }

    fn settled_of(&self, record: u32) -> &[u64] {
        &self.settled[record as usize * self.stride()..][..self.stride()]
    }

    fn settle(&mut self, record: u32, family: usize) {
        let at = record as usize * self.stride() + family / 64;
        self.settled[at] |= 1 << (family % 64);
    }

    fn has(&self, record: u32, family: usize) -> bool {
        self.settled[record as usize * self.stride() + family / 64] >> (family % 64) & 1 == 1
    }

    /// Whether a record has a key of one of these families that few enough share: whoever shares a finer one has met it.
    fn is_settled(&self, record: u32, families: &[u64]) -> bool {
        self.settled_of(record).iter().zip(families).any(|(own, families)| own & families != 0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::super::field::{Field, FieldKind};
    use super::super::keys::Hashed;
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

    fn met<V: AsRef<str>>(rows: &[[V; 4]]) -> Vec<(u32, u32)> {
        candidates(&records(rows)).iter().collect()
    }

    /// Slow and obvious: every key of every family. Each pair with how many keys it shares that no coarser one implies, where
    /// those that suffice count twice.
    fn oracle(records: &Records, enough: usize) -> BTreeMap<(u32, u32), usize> {
        let families = families(records.fields());
        let value = |record: usize, field: usize| records.value(record, field).unwrap_or_default();
        let mut said: Vec<Hashed> =
            (0..records.len()).map(|at| Hashed::of(records.fields(), |field| value(at, field))).collect();
        let mut pairs: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        let mut by_family: Vec<BTreeSet<(u32, u32)>> = Vec::new();
        for family in &families {
            let mut blocks: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
            for (record, said) in (0..).zip(&said) {
                family.keys(said, |key| {
                    blocks.entry(key).or_default().insert(record);
                });
            }
            let mut own = BTreeSet::new();
            for block in blocks.values().filter(|block| block.len() <= BLOCK_MAX) {
                let counts = 1 + usize::from(block.len() <= enough || matches!(family.of, Of::Alone(_)));
                for one in block {
                    for two in block.range(one + 1..) {
                        own.insert((*one, *two));
                        let coarser = |at: usize| by_family[at].contains(&(*one, *two));
                        if !family.coarser(&families).any(coarser) {
                            *pairs.entry((*one, *two)).or_default() += counts;
                        }
                    }
                }
            }
            by_family.push(own);
            if matches!(family.of, Of::RareWord) {
                let mut times: BTreeMap<u64, usize> = BTreeMap::new();
                said.iter()
                    .flat_map(|said| &said.words)
                    .for_each(|word| *times.entry(*word).or_default() += 1);
                said.iter_mut().for_each(|said| said.words.retain(|word| times[word] > BLOCK_MAX));
            }
        }
        pairs
    }

    #[test]
    fn records_meet_by_what_they_share() {
        let rows = [
            ["robert", "allen", "19710624", "14155550100"],
            ["rob", "alen", "19710524", "14155550100"],
            ["allen", "robert", "", ""],
            ["grace", "hopper", "19061209", "12125550100"],
        ];
        assert_eq!(met(&rows), [(0, 1), (0, 2)]);
    }

    #[test]
    fn a_key_that_everybody_shares_is_left_out() {
        let same = ["ada", "lovelace", "18151210", "14155550100"];
        assert_eq!(met(&[same; BLOCK_MAX]).len(), BLOCK_MAX * (BLOCK_MAX - 1) / 2);
        assert_eq!(met(&[same; BLOCK_MAX + 1]).len(), 0);
        assert_eq!(met(&vec![same; 10_000]).len(), 0);
    }

    #[test]
    fn one_key_is_enough_where_few_have_it() {
        let counts = |rows: &[[&str; 4]]| {
            let found = candidates_with(&records(rows), 2);
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
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn groups_bring_together_whom_keys_do(
            rows in prop::collection::vec(
                ["(ada|adah|bob|robert|r|)", "(lovelace|lovelac|smith|smyth|bob|van smith)", "(18151210|18151012|19010101|)", "(14155550100|14155550101|)"],
                1..200,
            ),
            words in any::<bool>(),
            enough in prop::sample::select(&[0, 1, 2, 5, 1000][..]),
        ) {
            let kind = if words { FieldKind::Words } else { FieldKind::Postcode };
            let fields = [("a", FieldKind::GivenName), ("b", FieldKind::Surname), ("c", FieldKind::Date), ("d", FieldKind::Number), ("e", kind)];
            let fields = fields.map(|(name, kind)| Field::new(name, kind));
            let rows = rows.iter().enumerate().map(|(at, [a, b, c, d])| {
                (format!("{at:06}"), [a.clone(), b.clone(), c.clone(), d.clone(), format!("{b} {a}")])
            });
            let records = Records::new(fields, rows).unwrap();
            let (found, expected) = (candidates_with(&records, enough), oracle(&records, enough));
            prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected.keys().copied().collect::<Vec<_>>());
            let firm = expected.iter().filter(|(_, keys)| **keys > 1).map(|(pair, _)| *pair);
            prop_assert_eq!(found.firm().collect::<Vec<_>>(), firm.collect::<Vec<_>>());
        }
    }
}
