//! Sums by key, for the inner loops: a flat array where keys are small, an open table where they are not.

/// Sums by a key above zero. What is in it leaves in the order of the keys.
pub(super) enum Table<V> {
    Flat(Vec<V>),
    Open { keys: Vec<u64>, values: Vec<V>, used: usize },
}

/// Keys of so many bits lie in a flat array: 8 MiB of counts.
const FLAT_BITS_MAX: u32 = 20;

impl<V: Copy + Default + PartialEq> Table<V> {
    /// A table for keys of so many bits, at most 64.
    pub(super) fn new(bits: u32) -> Table<V> {
        if bits <= FLAT_BITS_MAX {
            Table::Flat(vec![V::default(); 1 << bits])
        } else {
            Table::Open { keys: vec![0; 1024], values: vec![V::default(); 1024], used: 0 }
        }
    }

    /// The sum of a key, to be changed.
    #[inline]
    pub(super) fn at(&mut self, key: u64) -> &mut V {
        match self {
            Table::Flat(values) => &mut values[key as usize],
            Table::Open { keys, values, used } => {
                if *used * 2 > keys.len() {
                    grow(keys, values);
                }
                let place = place(keys, key);
                *used += usize::from(keys[place] == 0);
                keys[place] = key;
                &mut values[place]
            }
        }
    }

    /// What is not nothing, in the order of the keys.
    pub(super) fn into_sorted(self) -> Vec<(u64, V)> {
        let mut all = match self {
            Table::Flat(values) => (0..).zip(values).collect::<Vec<_>>(),
            Table::Open { keys, values, .. } => keys.into_iter().zip(values).collect(),
        };
        all.retain(|(_, value)| *value != V::default());
        all.sort_unstable_by_key(|(key, _)| *key);
        all
    }
}

/// Where a key is, or where it has its place.
#[inline]
fn place(keys: &[u64], key: u64) -> usize {
    // Fibonacci hashing (Knuth, TAOCP volume 3, 6.4): the high bits of a product are well mixed.
    let mut place = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - keys.len().trailing_zeros())) as usize;
    while keys[place] != 0 && keys[place] != key {
        place = (place + 1) & (keys.len() - 1);
    }
    place
}

#[cold]
fn grow<V: Copy + Default>(keys: &mut Vec<u64>, values: &mut Vec<V>) {
    let length = keys.len() * 2;
    let old = std::mem::replace(keys, vec![0; length]);
    let sums = std::mem::replace(values, vec![V::default(); length]);
    for (key, sum) in old.into_iter().zip(sums).filter(|(key, _)| *key != 0) {
        let place = place(keys, key);
        keys[place] = key;
        values[place] = sum;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_a_map(adds in prop::collection::vec((1..4096_u64, 1..9_u64), 0..3000), wide in any::<bool>()) {
            // Keys that differ in their high bits alone are spread as well.
            let shift = if wide { 40 } else { 0 };
            let mut table = Table::new(if wide { 52 } else { 12 });
            let mut map = BTreeMap::new();
            for (key, add) in adds {
                *table.at(key << shift) += add;
                *map.entry(key << shift).or_insert(0) += add;
            }
            prop_assert_eq!(table.into_sorted(), map.into_iter().collect::<Vec<_>>());
        }
    }
}
