//! Who was named with whom: for each row its partners, side by side.
//!
//! Most have two at most, and these lie in the row itself. More lie in a block of the next power of two, which is looked
//! through while it is small and hashed into when it is not: to add, find or take out a partner costs the same whether it
//! has three or a million.

use super::table::{NONE, push};

/// A partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Near {
    /// Its row; `NONE` where there is none.
    pub(super) other: u32,
    /// How many sightings name both.
    pub(super) support: u32,
}

const NOBODY: Near = Near { other: NONE, support: 0 };

/// The partners of one row, or where they lie.
#[derive(Clone, Debug)]
pub(super) struct Circle {
    /// Up to two partners; of a block where it begins, and how many there are.
    own: [Near; 2],
}

impl Circle {
    pub(super) const EMPTY: Circle = Circle { own: [NOBODY; 2] };
}

/// The smallest block that is hashed into.
const HASHED: u8 = 3;

/// How many partners a block of a class has room for.
fn room(class: u8) -> usize {
    2 << class
}

/// The blocks of all rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Circles {
    blocks: Vec<Near>,
    /// Free blocks of each class.
    free: Vec<Vec<u32>>,
}

/// Where a hashed block begins to look for a row.
fn place(row: u32, room: usize) -> usize {
    let mixed = row.wrapping_mul(0x9e37_79b1);
    (mixed ^ (mixed >> 15)) as usize & (room - 1)
}

/// Where a partner lies, or else where there is room for it; neither where a block is full.
fn find(block: &[Near], class: u8, other: u32) -> (Option<usize>, Option<usize>) {
    if class < HASHED {
        let at = |other: u32| block.iter().position(|near| near.other == other);
        return match at(other) {
            None => (None, at(NONE)),
            found => (found, None),
        };
    }
    let mut at = place(other, block.len());
    loop {
        match block[at].other {
            NONE => return (None, Some(at)),
            found if found == other => return (Some(at), None),
            _ => at = (at + 1) & (block.len() - 1),
        }
    }
}

/// Takes a partner out of a hashed block. Whatever was pushed past it comes back (Knuth, vol. 3, 6.4, algorithm R).
fn take_out(block: &mut [Near], mut hole: usize) {
    let last = block.len() - 1;
    let mut at = hole;
    loop {
        at = (at + 1) & last;
        if block[at].other == NONE {
            break;
        }
        let home = place(block[at].other, block.len());
        if (at.wrapping_sub(home) & last) >= (at.wrapping_sub(hole) & last) {
            block[hole] = block[at];
            hole = at;
        }
    }
    block[hole] = NOBODY;
}

impl Circles {
    /// All partners, in no order.
    pub(super) fn all<'c>(&'c self, class: u8, circle: &'c Circle) -> impl Iterator<Item = Near> + 'c {
        self.block(class, circle).iter().copied().filter(|near| near.other != NONE)
    }

    fn block<'c>(&'c self, class: u8, circle: &'c Circle) -> &'c [Near] {
        match class {
            0 => &circle.own,
            _ => {
                let from = circle.own[0].other as usize;
                &self.blocks[from..from + room(class)]
            }
        }
    }

    fn block_mut<'c>(&'c mut self, class: u8, circle: &'c mut Circle) -> &'c mut [Near] {
        match class {
            0 => &mut circle.own,
            _ => {
                let from = circle.own[0].other as usize;
                &mut self.blocks[from..from + room(class)]
            }
        }
    }

    /// Looks at where they lie.
    pub(super) fn warm(&self, class: u8, circle: &Circle) -> u32 {
        match class {
            0 => 0,
            _ => self.blocks.get(circle.own[0].other as usize).map_or(0, |near| near.support),
        }
    }

    /// How many sightings name a row and another; `None` where none does.
    pub(super) fn support(&self, class: u8, circle: &Circle, other: u32) -> Option<u32> {
        let block = self.block(class, circle);
        find(block, class, other).0.map(|at| block[at].support)
    }

    /// One more sighting names both. Gives how many it is now.
    pub(super) fn add(&mut self, class: &mut u8, circle: &mut Circle, other: u32) -> u32 {
        let block = self.block_mut(*class, circle);
        if let (Some(at), _) = find(block, *class, other) {
            block[at].support += 1;
            return block[at].support;
        }
        // A block that is hashed into has a quarter free.
        let most = if *class < HASHED { room(*class) } else { room(*class) / 4 * 3 };
        if self.len(*class, circle) == most {
            self.resize(class, circle, *class + 1);
        }
        self.put(*class, circle, Near { other, support: 1 });
        1
    }

    /// One sighting less names both. Gives how many are left, none where there was none.
    pub(super) fn less(&mut self, class: &mut u8, circle: &mut Circle, other: u32) -> u32 {
        let block = self.block_mut(*class, circle);
        let (Some(at), _) = find(block, *class, other) else { return 0 };
        block[at].support -= 1;
        if block[at].support > 0 {
            return block[at].support;
        }
        match *class {
            0..HASHED => block[at] = NOBODY,
            _ => take_out(block, at),
        }
        if *class > 0 {
            circle.own[1].support -= 1;
            if self.len(*class, circle) * 4 <= room(*class) {
                self.resize(class, circle, *class - 1);
            }
        }
        0
    }

    fn len(&self, class: u8, circle: &Circle) -> usize {
        match class {
            0 => circle.own.iter().filter(|near| near.other != NONE).count(),
            _ => circle.own[1].support as usize,
        }
    }

    /// Adds a partner that there is room for.
    fn put(&mut self, class: u8, circle: &mut Circle, near: Near) {
        let block = self.block_mut(class, circle);
        let (_, free) = find(block, class, near.other);
        block[free.expect("a block has room for what is put there")] = near;
        if class > 0 {
            circle.own[1].support += 1;
        }
    }

    /// Moves the partners of a row into a block of another class.
    fn resize(&mut self, class: &mut u8, circle: &mut Circle, into: u8) {
        let all: Vec<Near> = self.all(*class, circle).collect();
        let own = match into {
            0 => [NOBODY; 2],
            _ => [Near { other: self.take_block(into), support: 0 }, Near { other: NONE, support: 0 }],
        };
        if *class > 0 {
            self.free_block(*class, circle.own[0].other);
        }
        (*class, circle.own) = (into, own);
        all.into_iter().for_each(|near| self.put(into, circle, near));
    }

    fn take_block(&mut self, class: u8) -> u32 {
        if let Some(from) = self.free.get_mut(usize::from(class)).and_then(Vec::pop) {
            return from;
        }
        let from = self.blocks.len() as u32;
        (0..room(class)).for_each(|_| push(&mut self.blocks, NOBODY));
        from
    }

    fn free_block(&mut self, class: u8, from: u32) {
        self.blocks[from as usize..from as usize + room(class)].fill(NOBODY);
        if self.free.len() <= usize::from(class) {
            self.free.resize(usize::from(class) + 1, Vec::new());
        }
        self.free[usize::from(class)].push(from);
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Near>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn holds_what_a_map_holds(steps in prop::collection::vec((0u32..3, 0u32..60, any::<bool>()), 0..600)) {
            let mut circles = Circles::default();
            let mut rows = vec![(0u8, Circle::EMPTY); 3];
            let mut maps = vec![BTreeMap::<u32, u32>::new(); 3];
            for (row, other, add) in steps {
                let (class, circle) = &mut rows[row as usize];
                let map = &mut maps[row as usize];
                let found = if add { circles.add(class, circle, other) } else { circles.less(class, circle, other) };
                let support = map.entry(other).or_default();
                *support = if add { *support + 1 } else { support.saturating_sub(1) };
                prop_assert_eq!(found, *support);
                map.retain(|_, support| *support > 0);
                for ((class, circle), map) in rows.iter().zip(&maps) {
                    let all: BTreeMap<u32, u32> =
                        circles.all(*class, circle).map(|near| (near.other, near.support)).collect();
                    prop_assert_eq!(&all, map);
                    prop_assert_eq!(circles.support(*class, circle, other), map.get(&other).copied());
                    prop_assert!(*class == 0 || room(*class) <= 8 * map.len().max(1));
                }
            }
        }
    }
}
