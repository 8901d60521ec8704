//! A hash table of numbers: which row has a key, where the rows lie elsewhere.

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// Buckets of one cache line: a look-up reads one line almost always, whether it finds or not. What a bucket has no room for
/// goes to the next, and the bucket counts what went past it. Never iterated, so its order decides nothing. Doubled
/// when seven eighths are taken: 6 to 12 bytes an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    buckets: Vec<Bucket>,
    len: usize,
}

/// Rows, and a byte of the hash of each, so that other rows are seldom looked at.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Bucket {
    /// From the lowest byte on a byte of each row's hash, 0 where there is none; above them how many rows went past.
    tags: u128,
    rows: [u32; SLOTS],
}

const SLOTS: usize = 12;
/// Bits of the bytes.
const TAGS: u32 = 8 * SLOTS as u32;
const EMPTY: Bucket = Bucket { tags: 0, rows: [NONE; SLOTS] };
/// Each byte 1, among those of rows.
const ONES: u128 = (u128::MAX / 255) & ((1 << TAGS) - 1);

impl Bucket {
    /// The first slot of this byte, from a slot on. It may be one of another byte if it is not the first that is found.
    fn slots(&self, tag: u8) -> impl Iterator<Item = usize> + use<> {
        // Where a byte is zero, its highest bit is set: exact up to the lowest that is (Mycroft 1987).
        let apart = self.tags ^ (ONES * u128::from(tag));
        let mut found = apart.wrapping_sub(ONES) & !apart & (ONES << 7);
        std::iter::from_fn(move || {
            let slot = (found != 0).then(|| found.trailing_zeros() as usize / 8);
            found &= found.wrapping_sub(1);
            slot
        })
    }

    fn past(&self) -> u32 {
        (self.tags >> TAGS) as u32
    }
}

/// The byte of a hash in its bucket.
fn tag(hash: u64) -> u8 {
    (mixed(hash) as u8).max(1)
}

impl Table {
    /// The first row for which `is` holds among those of this hash.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.buckets.is_empty() {
            return None;
        }
        let tag = tag(hash);
        let mut at = self.place(hash);
        // Something may have gone past each of a few buckets, at one time or another.
        for _ in 0..self.buckets.len() {
            let bucket = &self.buckets[at];
            for slot in bucket.slots(tag) {
                let row = bucket.rows[slot];
                if row != NONE && is(row) {
                    return Some(row);
                }
            }
            if bucket.past() == 0 {
                break;
            }
            at = self.after(at);
        }
        None
    }

    /// Looks where a hash is looked for, and no further.
    pub(super) fn warm(&self, hash: u64) -> u32 {
        // A place is one of the buckets whenever there are any.
        self.buckets.get(self.place(hash)).map_or(0, |bucket| bucket.tags as u32)
    }

    /// A row that may be the one of this hash, without a look at it: so the look-ups of several do not wait for each other.
    pub(super) fn guess(&self, hash: u64) -> u32 {
        if self.buckets.is_empty() {
            return NONE;
        }
        let bucket = &self.buckets[self.place(hash)];
        bucket.slots(tag(hash)).next().map_or(NONE, |slot| bucket.rows[slot])
    }

    /// Adds a row that is not there; `hash_of` gives the hash of a row that is.
    pub(super) fn insert(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.len + 1) * 8 > self.buckets.len() * SLOTS * 7 {
            let larger = vec![EMPTY; (2 * self.buckets.len()).max(1)];
            let old = std::mem::replace(&mut self.buckets, larger);
            for Bucket { rows, .. } in old {
                // All hashes of a bucket first: rows lie anywhere, and need not wait for each other.
                let hashes = rows.map(|row| if row == NONE { 0 } else { hash_of(row) });
                let both = hashes.into_iter().zip(rows).filter(|(_, row)| *row != NONE);
                both.for_each(|(hash, row)| self.put(hash, row));
            }
        }
        self.put(hash, row);
        self.len += 1;
    }

    fn put(&mut self, hash: u64, row: u32) {
        let mut at = self.place(hash);
        loop {
            let bucket = &mut self.buckets[at];
            if let Some(slot) = bucket.slots(0).next() {
                bucket.tags |= u128::from(tag(hash)) << (8 * slot);
                bucket.rows[slot] = row;
                return;
            }
            bucket.tags += 1 << TAGS;
            at = self.after(at);
        }
    }

    /// Takes out a row that is there.
    pub(super) fn remove(&mut self, hash: u64, row: u32) {
        let mut at = self.place(hash);
        loop {
            let bucket = &mut self.buckets[at];
            if let Some(slot) = bucket.rows.iter().position(|other| *other == row) {
                bucket.tags &= !(0xff << (8 * slot));
                bucket.rows[slot] = NONE;
                break;
            }
            bucket.tags -= 1 << TAGS;
            at = self.after(at);
        }
        self.len -= 1;
    }

    /// The bucket where a hash begins to look: its upper bits, as a fraction of the table.
    fn place(&self, hash: u64) -> usize {
        (((mixed(hash) >> 32) * self.buckets.len() as u64) >> 32) as usize
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.buckets.len() { 0 } else { at + 1 }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }
}

/// A multiplied hash, its halves folded into each other, so that hashes need no mixing of their own (Knuth's
/// multiplicative method).
fn mixed(hash: u64) -> u64 {
    let both = u128::from(hash ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    both as u64 ^ (both >> 64) as u64
}

/// What was noted of some numbers for a short while: emptied at no cost, and kept for the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// What was noted, in the order in which it was.
    all: Vec<(u32, u32)>,
    /// Where in `all`, by open addressing; a place of another round is empty.
    places: Vec<(u32, u32)>,
    round: u32,
}

impl Notes {
    pub(super) fn get(&self, number: u32) -> Option<u32> {
        if self.all.is_empty() {
            return None;
        }
        let (_, note) = self.all[self.places[self.find(number).ok()?].1 as usize];
        Some(note)
    }

    /// Notes something, unless something is noted already.
    pub(super) fn note(&mut self, number: u32, note: u32) {
        if (self.all.len() + 1) * 2 > self.places.len() {
            self.places = vec![(self.round, 0); (self.places.len() * 2).max(16)];
            self.round = self.round.wrapping_add(1);
            for n in 0..self.all.len() {
                if let Err(at) = self.find(self.all[n].0) {
                    self.places[at] = (self.round, n as u32);
                }
            }
        }
        if let Err(at) = self.find(number) {
            self.places[at] = (self.round, self.all.len() as u32);
            self.all.push((number, note));
        }
    }

    /// The place that holds a number, or else where it would go.
    fn find(&self, number: u32) -> Result<usize, usize> {
        let last = self.places.len() - 1;
        let mut at = (number.wrapping_mul(0x9e37_79b1) >> 7) as usize & last;
        loop {
            let (round, n) = self.places[at];
            if round != self.round {
                return Err(at);
            }
            if self.all[n as usize].0 == number {
                return Ok(at);
            }
            at = (at + 1) & last;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The number noted at a place, and the note.
    pub(super) fn nth(&self, place: usize) -> (u32, u32) {
        self.all[place]
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.places.clear();
        }
    }
}

/// Adds to the end, and makes room for an eighth more where there is none: what lies there for years should not take twice
/// its size.
pub(super) fn push<T>(all: &mut Vec<T>, one: T) {
    if all.len() == all.capacity() {
        all.reserve_exact((all.len() / 8).max(16));
    }
    all.push(one);
}

/// The hash of a key that is itself a keyed digest.
pub(super) fn hash_of_key(key: &[u8; 16]) -> u64 {
    u64::from_le_bytes(key[..8].try_into().expect("8 of 16 bytes"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_a_map_holds(
            steps in prop::collection::vec((0u32..60, any::<bool>()), 0..400),
            hashes in 2u32..60,
        ) {
            // Few, so that they meet often and more than one bucket has room for; or all their own.
            let hash_of = |row: u32| u64::from(row % hashes).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for (row, add) in steps {
                let there = table.find(hash_of(row), |other| other == row).is_some();
                prop_assert_eq!(there, map.contains_key(&row));
                match (add, there) {
                    (true, false) => { table.insert(hash_of(row), row, hash_of); map.insert(row, ()); }
                    (false, true) => { table.remove(hash_of(row), row); map.remove(&row); }
                    _ => {}
                }
            }
            for row in 0..60 {
                prop_assert_eq!(table.find(hash_of(row), |other| other == row).is_some(), map.contains_key(&row));
            }
        }

        #[test]
        fn notes_what_a_map_notes(rounds in prop::collection::vec(prop::collection::vec((0u32..60, 0u32..9), 0..60), 1..5)) {
            let mut notes = Notes::default();
            for round in rounds {
                let mut map = BTreeMap::new();
                for (number, note) in round {
                    notes.note(number, note);
                    map.entry(number).or_insert(note);
                }
                for number in 0..60 {
                    prop_assert_eq!(notes.get(number), map.get(&number).copied());
                }
                let all: BTreeMap<u32, u32> = (0..notes.len()).map(|n| notes.nth(n)).collect();
                prop_assert_eq!(all, map);
                notes.clear();
            }
        }
    }
}
