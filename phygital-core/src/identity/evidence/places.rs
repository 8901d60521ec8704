//! Where the row of a key lies: a table of places that only grows.

/// A hash table from keys of 16 bytes to places of rows, which hold the keys themselves. Four bytes an entry at half load;
/// looked up and never iterated, so that it cannot bring an order into anything.
///
/// Keys may come from a file of somebody else's, so where they fall depends on a secret.
#[derive(Clone)]
pub(super) struct Places {
    secret: [u64; 2],
    /// A power of two of them.
    cells: Vec<u32>,
    filled: usize,
}

/// No row has this place.
const EMPTY: u32 = u32::MAX;

/// Most rows.
pub(super) const PLACES_MAX: usize = u32::MAX as usize - 1;

impl Places {
    /// An empty table.
    pub(super) fn new(secret: [u64; 2]) -> Places {
        Places { secret, cells: vec![EMPTY; 16], filled: 0 }
    }

    /// The place of a key, where `key_of` tells the key of a place.
    pub(super) fn find(&self, key: &[u8; 16], key_of: impl Fn(u32) -> [u8; 16]) -> Option<u32> {
        let mask = self.cells.len() - 1;
        let mut at = self.start(key) & mask;
        loop {
            match self.cells[at] {
                EMPTY => return None,
                place if key_of(place) == *key => return Some(place),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Puts in the place of a key that is not there yet.
    pub(super) fn insert(&mut self, key: &[u8; 16], place: u32, key_of: impl Fn(u32) -> [u8; 16]) {
        // Half full at most: a search then looks at two cells on average.
        if 2 * (self.filled + 1) > self.cells.len() {
            let old = std::mem::take(&mut self.cells);
            self.cells = vec![EMPTY; 2 * old.len()];
            for place in old.into_iter().filter(|place| *place != EMPTY) {
                self.put(&key_of(place), place);
            }
        }
        self.put(key, place);
        self.filled += 1;
    }

    fn put(&mut self, key: &[u8; 16], place: u32) {
        let mask = self.cells.len() - 1;
        let mut at = self.start(key) & mask;
        while self.cells[at] != EMPTY {
            at = (at + 1) & mask;
        }
        self.cells[at] = place;
    }

    /// Both halves of the key with the secret, multiplied and folded.
    fn start(&self, key: &[u8; 16]) -> usize {
        let half = |from: usize| u64::from_le_bytes(key[from..from + 8].try_into().expect("8 bytes"));
        let product = u128::from(half(0) ^ self.secret[0]) * u128::from(half(8) ^ self.secret[1]);
        (product as u64 ^ (product >> 64) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_map_finds(keys in prop::collection::vec((0u8..6, 0u8..6), 0..200)) {
            let mut rows: Vec<[u8; 16]> = Vec::new();
            let mut map = BTreeMap::new();
            let mut places = Places::new([1, 2]);
            for (one, two) in keys {
                let mut key = [0; 16];
                (key[0], key[15]) = (one, two);
                let found = places.find(&key, |place| rows[place as usize]);
                prop_assert_eq!(found, map.get(&key).copied());
                if found.is_none() {
                    let place = rows.len() as u32;
                    rows.push(key);
                    places.insert(&key, place, |place| rows[place as usize]);
                    map.insert(key, place);
                }
            }
        }
    }
}
