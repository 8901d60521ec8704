//! A hash table of numbers: which row has a key, where the rows lie elsewhere.

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// Open addressing with linear probing; removal moves later entries back, so nothing is left behind. Never iterated, so its
/// order decides nothing. At most three quarters full: 5 to 11 bytes an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    slots: Vec<u32>,
    len: usize,
}

impl Table {
    /// The first row for which `is` holds among those of this hash.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = place(hash, mask);
        loop {
            match self.slots[at] {
                NONE => return None,
                row if is(row) => return Some(row),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Adds a row that is not there; `hash_of` gives the hash of a row that is.
    pub(super) fn insert(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            let larger = vec![NONE; (self.slots.len() * 2).max(8)];
            let old = std::mem::replace(&mut self.slots, larger);
            old.into_iter().filter(|row| *row != NONE).for_each(|row| self.put(hash_of(row), row));
        }
        self.put(hash, row);
        self.len += 1;
    }

    fn put(&mut self, hash: u64, row: u32) {
        let mask = self.slots.len() - 1;
        let mut at = place(hash, mask);
        while self.slots[at] != NONE {
            at = (at + 1) & mask;
        }
        self.slots[at] = row;
    }

    /// Takes out a row that is there.
    pub(super) fn remove(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        let mask = self.slots.len() - 1;
        let mut hole = place(hash, mask);
        while self.slots[hole] != row {
            hole = (hole + 1) & mask;
        }
        // Whatever was pushed past the hole by what is gone comes back (Knuth, vol. 3, 6.4, algorithm R).
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let other = self.slots[at];
            if other == NONE {
                break;
            }
            let home = place(hash_of(other), mask);
            let stays = if hole <= at { hole < home && home <= at } else { hole < home || home <= at };
            if !stays {
                self.slots[hole] = other;
                hole = at;
            }
        }
        self.slots[hole] = NONE;
        self.len -= 1;
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u32>()
    }
}

/// The upper bits of a multiplied hash (Knuth's multiplicative method), so that hashes need no mixing of their own.
fn place(hash: u64, mask: usize) -> usize {
    (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask
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
