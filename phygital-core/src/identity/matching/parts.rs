//! What of the records of a batch goes into keys, as numbers.

use super::keys::{WORDS_MAX, fields_of_words, hash, mixed, names, outlines, outlines_of};
use super::records::Records;

/// Of each record its values, their outlines and its words, as numbers that are equal where the hashes in a key are: they
/// take half the room and leave no gaps, so that records fall into groups without being compared.
pub(super) struct Parts {
    /// Where the parts of each field begin: its value, then its outlines.
    begins: Vec<usize>,
    /// How many numbers each part has; 0, for what says nothing or is said by nobody else, is one of them.
    sizes: Vec<usize>,
    /// How many pairs of records have the same number, part by part.
    crowding: Vec<u64>,
    /// The number of each part, record by record.
    rows: Vec<u32>,
    words: Words,
}

/// The words of all records.
pub(super) struct Words {
    /// One record after the other, in each every word once.
    all: Vec<u32>,
    /// Where those of each record end.
    ends: Vec<usize>,
    /// How many there are, and one more: they count from 1.
    size: usize,
}

/// Records by a number that they have.
pub(super) struct Groups {
    members: Vec<u32>,
    ends: Vec<u32>,
}

impl Parts {
    pub(super) fn of(records: &Records) -> Self {
        let fields = records.fields();
        let outlined = fields.iter().zip(records.columns()).map(|(field, column)| {
            let values = (0..column.len() as u32).map(|place| column.value(place));
            let each =
                values.map(|value| if value.is_empty() { [0, 0] } else { outlines(field.kind, value) });
            if outlines_of(field.kind) == 0 { Vec::new() } else { each.collect() }
        });
        let outlined: Vec<Vec<[u64; 2]>> = outlined.collect();
        // Of each part which field it is of, and the number of each value, if not its place.
        let mut known: Vec<(usize, Vec<u32>)> = Vec::new();
        let (mut begins, mut sizes) = (Vec::new(), Vec::new());
        for (at, (field, column)) in fields.iter().zip(records.columns()).enumerate() {
            begins.push(sizes.len());
            sizes.push(column.len());
            known.push((at, Vec::new()));
            for which in 0..outlines_of(field.kind) {
                let (numbers, size) = numbered(outlined[at].iter().map(|outlines| outlines[which]));
                sizes.push(size);
                known.push((at, numbers));
            }
        }
        let mut sounds = Vec::new();
        if let Some((given, surname)) = names(fields) {
            let both = (0..records.len()).map(|record| {
                let row = records.row(record);
                let sound = |field: usize| outlined[field][row[field] as usize][0];
                let (one, two) = (sound(given).min(sound(surname)), sound(given).max(sound(surname)));
                if one == 0 { 0 } else { mixed(mixed(one).wrapping_add(two)) }
            });
            let (numbers, size) = numbered(both);
            sounds = numbers;
            sizes.push(size);
        }
        let mut rows = Vec::with_capacity(sizes.len() * records.len());
        for record in 0..records.len() {
            let row = records.row(record);
            rows.extend(known.iter().map(|(field, numbers)| match row[*field] {
                place if numbers.is_empty() => place,
                place => numbers[place as usize],
            }));
            rows.extend(sounds.get(record));
        }
        let mut counts: Vec<Vec<u32>> = sizes.iter().map(|size| vec![0; *size]).collect();
        for row in rows.chunks_exact(sizes.len()) {
            counts.iter_mut().zip(row).for_each(|(counts, number)| counts[*number as usize] += 1);
        }
        for row in rows.chunks_exact_mut(sizes.len()) {
            let alone = counts.iter().zip(row).filter(|(counts, number)| counts[**number as usize] == 1);
            alone.for_each(|(_, number)| *number = 0);
        }
        let pairs = |count: &u32| u64::from(*count) * u64::from(*count).saturating_sub(1) / 2;
        let crowding = counts.iter().map(|counts| counts[1..].iter().map(pairs).sum()).collect();
        Self { begins, sizes, crowding, rows, words: Words::of(records) }
    }

    /// The part that is the value of a field.
    pub(super) fn whole(&self, field: usize) -> usize {
        self.begins[field]
    }

    /// The part that is one of its outlines.
    pub(super) fn outline(&self, field: usize, which: usize) -> usize {
        self.begins[field] + 1 + which
    }

    /// The part that is both names by sound, where there are names.
    pub(super) fn sounds(&self) -> usize {
        self.sizes.len() - 1
    }

    /// How many parts there are.
    pub(super) fn width(&self) -> usize {
        self.sizes.len()
    }

    /// The parts of a record.
    pub(super) fn row(&self, record: u32) -> &[u32] {
        &self.rows[record as usize * self.width()..][..self.width()]
    }

    /// The records by one of the parts.
    pub(super) fn groups(&self, part: usize) -> Groups {
        let each = (0..).zip(self.rows.chunks_exact(self.width())).map(|(record, row)| (row[part], record));
        Groups::of(each, self.sizes[part])
    }

    /// How many pairs of records have the same number of a part.
    pub(super) fn crowding(&self, part: usize) -> u64 {
        self.crowding[part]
    }

    pub(super) fn words(&self) -> &Words {
        &self.words
    }

    pub(super) fn words_mut(&mut self) -> &mut Words {
        &mut self.words
    }
}

impl Words {
    fn of(records: &Records) -> Self {
        let spoken = fields_of_words(records.fields());
        // Each word of each value once, so that a name is taken apart but once.
        let mut hashes: Vec<u64> = Vec::new();
        let mut values: Vec<Vec<usize>> = Vec::with_capacity(spoken.len());
        for field in &spoken {
            let column = &records.columns()[*field];
            // Where those of each value begin, and where the last ones end.
            let mut begins = vec![hashes.len()];
            begins.extend((0..column.len() as u32).map(|place| {
                let words = column.value(place).split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX);
                hashes.extend(words.map(|word| hash(word.as_bytes())));
                hashes.len()
            }));
            values.push(begins);
        }
        let (numbers, size) = numbered(hashes.into_iter());
        let (mut all, mut ends) = (Vec::new(), Vec::with_capacity(records.len()));
        let mut said: Vec<u32> = Vec::new();
        for record in 0..records.len() {
            let row = records.row(record);
            said.clear();
            for (field, begins) in spoken.iter().zip(&values) {
                let place = row[*field] as usize;
                said.extend(&numbers[begins[place]..begins[place + 1]]);
            }
            said.truncate(WORDS_MAX);
            said.sort_unstable();
            said.dedup();
            all.extend(&said);
            ends.push(all.len());
        }
        Self { all, ends, size }
    }

    /// Those of a record, in order.
    pub(super) fn of_record(&self, record: u32) -> &[u32] {
        let begin = if record == 0 { 0 } else { self.ends[record as usize - 1] };
        &self.all[begin..self.ends[record as usize]]
    }

    /// The records by their words.
    pub(super) fn groups(&self) -> Groups {
        let each = (0..self.ends.len() as u32)
            .flat_map(|record| self.of_record(record).iter().map(move |word| (*word, record)));
        Groups::of(each, self.size)
    }

    /// Leaves of each record the words that shall stay.
    pub(super) fn retain(&mut self, stays: impl Fn(u32) -> bool) {
        let (mut kept, mut begin) = (0, 0);
        for end in &mut self.ends {
            for at in begin..*end {
                let word = self.all[at];
                if stays(word) {
                    self.all[kept] = word;
                    kept += 1;
                }
            }
            begin = *end;
            *end = kept;
        }
        self.all.truncate(kept);
    }
}

impl Groups {
    /// Of numbers below `size` beside records, in the order of the records; 0 is no number.
    fn of(each: impl Iterator<Item = (u32, u32)> + Clone, size: usize) -> Self {
        let mut ends = vec![0_u32; size];
        each.clone().filter(|(number, _)| *number > 0).for_each(|(number, _)| ends[number as usize] += 1);
        let mut before = 0;
        for end in &mut ends {
            before += std::mem::replace(end, before);
        }
        let mut members = vec![0; before as usize];
        for (number, record) in each.filter(|(number, _)| *number > 0) {
            let end = &mut ends[number as usize];
            members[*end as usize] = record;
            *end += 1;
        }
        Self { members, ends }
    }

    /// The records with a number, in order.
    pub(super) fn with(&self, number: u32) -> &[u32] {
        self.between(number, number + 1)
    }

    /// The records with a number from one on to one before another, number by number.
    pub(super) fn between(&self, first: u32, end: u32) -> &[u32] {
        let upto = |number: u32| if number == 0 { 0 } else { self.ends[number as usize - 1] as usize };
        &self.members[upto(first)..upto(end)]
    }

    /// How many numbers there are, with 0.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}

/// Numbers hashes, equal ones alike; gives how many numbers there are, too. 0 stays 0, and is counted.
fn numbered(hashes: impl Iterator<Item = u64>) -> (Vec<u32>, usize) {
    let mut sorted: Vec<(u64, u32)> = (0..).zip(hashes).map(|(at, hash)| (hash, at)).collect();
    let mut numbers = vec![0; sorted.len()];
    sorted.sort_unstable();
    let (mut last, mut number) = (0, 0);
    for (hash, at) in sorted {
        number += u32::from(hash != last);
        last = hash;
        numbers[at as usize] = number;
    }
    (numbers, number as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_leave_no_gap_and_nothing_is_no_number() {
        assert_eq!(numbered([7, 0, 9, 7].into_iter()), (vec![1, 0, 2, 1], 3));
        assert_eq!(numbered([0, 0].into_iter()), (vec![0, 0], 1));
        assert_eq!(numbered([].into_iter()), (vec![], 1));
    }

    #[test]
    fn a_group_has_its_records_in_order() {
        let groups = Groups::of([(2, 0), (0, 1), (1, 2), (2, 3)].into_iter(), 4);
        assert_eq!(groups.len(), 4);
        let each: Vec<&[u32]> = (0..4).map(|number| groups.with(number)).collect();
        assert_eq!(each, [&[][..], &[2], &[0, 3], &[]]);
    }
}
