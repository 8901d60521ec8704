//! A hash table of numbers: which row has a key, where the rows lie elsewhere.

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// Open addressing with linear probing; removal moves later entries back, so nothing is left behind. Never iterated, so its
/// order decides nothing. A slot holds a row and a byte of its hash, so that other rows are seldom looked at. Grown by half
/// when four fifths are taken: 6 to 9 bytes an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    len: usize,
}

/// The row, little-endian, and a byte of its hash.
type Slot = [u8; 5];

const EMPTY: Slot = [0xff; 5];

fn slot(hash: u64, row: u32) -> Slot {
    let [a, b, c, d] = row.to_le_bytes();
    [a, b, c, d, mixed(hash) as u8]
}

fn row_in([a, b, c, d, _]: Slot) -> u32 {
    u32::from_le_bytes([a, b, c, d])
}

impl Table {
    /// The first row for which `is` holds among those of this hash.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let byte = mixed(hash) as u8;
        let mut at = self.place(hash);
        loop {
            let slot = self.slots[at];
            if slot[4] == byte || slot == EMPTY {
                match row_in(slot) {
                    NONE => return None,
                    row if is(row) => return Some(row),
                    _ => {}
                }
            }
            at = self.after(at);
        }
    }

    /// Adds a row that is not there; `hash_of` gives the hash of a row that is.
    pub(super) fn insert(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.len + 1) * 5 > self.slots.len() * 4 {
            let larger = vec![EMPTY; (self.slots.len() + self.slots.len() / 2).max(8)];
            let old = std::mem::replace(&mut self.slots, larger);
            let rows = old.into_iter().filter(|slot| *slot != EMPTY).map(row_in);
            rows.for_each(|row| self.put(hash_of(row), row));
        }
        self.put(hash, row);
        self.len += 1;
    }

    fn put(&mut self, hash: u64, row: u32) {
        let mut at = self.place(hash);
        while self.slots[at] != EMPTY {
            at = self.after(at);
        }
        self.slots[at] = slot(hash, row);
    }

    /// Takes out a row that is there.
    pub(super) fn remove(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        let gone = slot(hash, row);
        let mut hole = self.place(hash);
        while self.slots[hole] != gone {
            hole = self.after(hole);
        }
        // Whatever was pushed past the hole by what is gone comes back (Knuth, vol. 3, 6.4, algorithm R).
        let mut at = hole;
        loop {
            at = self.after(at);
            let other = self.slots[at];
            if other == EMPTY {
                break;
            }
            let home = self.place(hash_of(row_in(other)));
            let stays = if hole <= at { hole < home && home <= at } else { hole < home || home <= at };
            if !stays {
                self.slots[hole] = other;
                hole = at;
            }
        }
        self.slots[hole] = EMPTY;
        self.len -= 1;
    }

    /// Where a hash begins to look: its upper bits, as a fraction of the table.
    fn place(&self, hash: u64) -> usize {
        (((mixed(hash) >> 32) * self.slots.len() as u64) >> 32) as usize
    }

    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }
}

/// A multiplied hash, its halves folded into each other, so that hashes need no mixing of their own (Knuth's
/// multiplicative method).
fn mixed(hash: u64) -> u64 {
    let both = u128::from(hash ^ 0x9e37_79b9_7f4a_7c15) * 0xd6e8_feb8_6659_fd93;
    both as u64 ^ (both >> 64) as u64
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
        fn holds_what_a_map_holds(steps in prop::collection::vec((0u32..40, any::<bool>()), 0..300)) {
            // Hashes that meet often.
            let hash_of = |row: u32| u64::from(row % 7);
            let (mut table, mut map) = (Table::default(), BTreeMap::new());
            for (row, add) in steps {
                let there = table.find(hash_of(row), |other| other == row).is_some();
                prop_assert_eq!(there, map.contains_key(&row));
                match (add, there) {
                    (true, false) => { table.insert(hash_of(row), row, hash_of); map.insert(row, ()); }
                    (false, true) => { table.remove(hash_of(row), row, hash_of); map.remove(&row); }
                    _ => {}
                }
            }
            for row in 0..40 {
                prop_assert_eq!(table.find(hash_of(row), |other| other == row).is_some(), map.contains_key(&row));
            }
        }
    }
}
