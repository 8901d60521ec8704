//! The pairs of a batch of records that are worth comparing.

use super::compare::{Levels, level};
use super::keys::{Said, families, fields_of_words, hash, names, outlines, words_of};
use super::records::Records;

/// The pairs to compare, each once, the lesser record first, in order.
pub(super) fn candidates(records: &Records) -> Vec<(u32, u32)> {
    let hashed = Hashed::of(records);
    let mut pairs: Vec<u64> = Vec::new();
    let mut keyed: Vec<(u64, u32)> = Vec::new();
    for family in families(records.fields()) {
        keyed.clear();
        for record in 0..records.len() {
            family.keys(&hashed.record(records, record), |key| keyed.push((key, record as u32)));
        }
        keyed.sort_unstable();
        keyed.dedup();
        for block in keyed.chunk_by(|one, two| one.0 == two.0).filter(|block| block.len() <= family.most()) {
            for (at, one) in block.iter().enumerate() {
                pairs.extend(block[at + 1..].iter().map(|two| u64::from(one.1) << 32 | u64::from(two.1)));
            }
        }
        // Most pairs come by several keys.
        pairs.sort_unstable();
        pairs.dedup();
    }
    pairs.into_iter().map(|pair| ((pair >> 32) as u32, pair as u32)).collect()
}

/// How two records of a batch agree.
pub(super) fn levels(records: &Records, one: usize, two: usize) -> Levels {
    let columns = records.columns();
    Levels::of(records.fields(), names(records.fields()), |a, b, kind| {
        let (first, second) = (columns[a].of[one], columns[b].of[two]);
        match (first, second) {
            (0, _) | (_, 0) => None,
            _ if a == b && first == second => Some((kind.levels() - 1) as u8),
            _ => Some(level(kind, columns[a].value(first), columns[b].value(second))),
        }
    })
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
        for record in 0..records.len() {
            let said = words_of(spoken.iter().filter_map(|field| records.value(record, *field)));
            words.extend(said);
            ends.push(words.len());
        }
        Self { values: values.collect(), words, ends }
    }

    fn record<'h>(&'h self, records: &'h Records, record: usize) -> Row<'h> {
        Row { hashed: self, records, record }
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
        &self.hashed.values[field][self.records.columns()[field].of[self.record] as usize]
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
    use super::super::field::{Field, FieldKind};
    use super::super::keys::BLOCK_MAX;
    use super::*;

    fn records(rows: &[[&str; 4]]) -> Records {
        let fields = [
            Field::new("given", FieldKind::GivenName),
            Field::new("surname", FieldKind::Surname),
            Field::new("born", FieldKind::Date),
            Field::new("postcode", FieldKind::Postcode),
        ];
        let rows = rows.iter().enumerate().map(|(at, row)| (format!("{at:06}"), *row));
        Records::new(fields, rows).unwrap()
    }

    #[test]
    fn records_meet_by_what_they_share() {
        let records = records(&[
            ["robert", "allen", "19710624", "sw1a 1aa"],
            ["rob", "alen", "19710524", "sw1a 1aa"],
            ["allen", "robert", "", ""],
            ["grace", "hopper", "19061209", "10001"],
        ]);
        assert_eq!(candidates(&records), [(0, 1), (0, 2)]);
    }

    #[test]
    fn a_key_that_everybody_shares_is_left_out() {
        let same = ["ada", "lovelace", "18151210", "sw1a 1aa"];
        assert_eq!(candidates(&records(&[same; BLOCK_MAX])).len(), BLOCK_MAX * (BLOCK_MAX - 1) / 2);
        assert_eq!(candidates(&records(&[same; BLOCK_MAX + 1])).len(), 0);
    }
}
