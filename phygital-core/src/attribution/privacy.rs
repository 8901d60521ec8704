//! Which cells of a report may be shown: none of few persons, and none from which such a one could be reckoned.

use thiserror::Error;

use super::groups::Branch;
use super::people::PersonKey;

/// From how many persons on a figure is shown.
///
/// A figure of fewer is hidden. Where a total is shown, hiding one cell hides nothing, so others are hidden with it
/// (complementary suppression): the hidden ones have at least twice as many persons together, and each that is hidden for its
/// smallness could still be any number below the threshold, for one too who knows this rule. Which ones are hidden with it
/// goes by their place alone: to take the smallest would tell how large it is.
///
/// A cell of nobody is shown: it says that nobody did it.
///
/// ```
/// use phygital_core::attribution::Threshold;
/// let shown = Threshold::new(50)?.protect(&[7, 400, 0, 900]);
/// assert_eq!(shown.cells, [false, false, true, true]);
/// assert!(shown.total);
/// assert!(Threshold::new(9).is_err());
/// # Ok::<(), phygital_core::attribution::ThresholdError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold(u64);

/// What may be shown of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// Of each cell whether it may be shown. All others may be shown as one sum where the total is.
    pub cells: Vec<bool>,
    /// Whether the total may be shown.
    pub total: bool,
}

/// A threshold that hides too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a threshold of {0} persons; expected at least {least}", least = Threshold::LEAST)]
pub struct ThresholdError(pub u64);

impl Default for Threshold {
    /// 50 persons.
    fn default() -> Threshold {
        Threshold(50)
    }
}

impl Threshold {
    /// The lowest threshold.
    pub const LEAST: u64 = 10;

    /// A threshold of so many persons.
    ///
    /// # Errors
    /// [`ThresholdError`] below [`Threshold::LEAST`].
    pub fn new(persons: u64) -> Result<Threshold, ThresholdError> {
        if persons < Threshold::LEAST { Err(ThresholdError(persons)) } else { Ok(Threshold(persons)) }
    }

    /// The number of persons.
    pub fn persons(self) -> u64 {
        self.0
    }

    /// From so many persons in all on there is a report at all: every total of them may then be shown.
    pub fn least_in_all(self) -> u64 {
        self.0.saturating_mul(2)
    }

    /// Which cells of a table may be shown beside their total. `persons` has the persons of each cell; a person may be in
    /// several. The order of the cells must not depend on their figures.
    pub fn protect(self, persons: &[u64]) -> Shown {
        self.protect_with(persons, &vec![false; persons.len()])
    }

    /// The same, where some cells are hidden already: since another table with the same cell hides it.
    pub fn protect_with(self, persons: &[u64], hidden: &[bool]) -> Shown {
        let mut cells = persons
            .iter()
            .zip(hidden)
            .map(|(persons, hidden)| !hidden && (*persons == 0 || *persons >= self.0))
            .collect::<Vec<_>>();
        let mut enough = self.is_enough(persons, &cells, hidden);
        for at in 0..cells.len() {
            if !enough && persons[at] >= self.0 && cells[at] {
                cells[at] = false;
                enough = self.is_enough(persons, &cells, hidden);
            }
        }
        // With every cell hidden the total alone is left.
        let left = cells.iter().zip(persons).filter(|(shown, _)| !**shown).map(|(_, persons)| *persons);
        let (count, sum) =
            left.fold((0, 0_u64), |(count, sum), persons| (count + 1, sum.saturating_add(persons)));
        let total = enough || (count > 1 && sum >= self.least_in_all());
        Shown { cells, total }
    }

    /// Whether what is hidden is nothing, or is kept from being reckoned: by one cell among them that is large enough, which
    /// takes up whatever the small ones are; or by so many small ones that each could be anything below the threshold, for
    /// whoever knows how many they are and what they sum to. A cell that is hidden for another table's sake does neither:
    /// there may be more to know of it.
    fn is_enough(self, persons: &[u64], cells: &[bool], before: &[bool]) -> bool {
        let all = persons.iter().zip(cells).zip(before);
        let (mut count, mut sum, mut most) = (0_u64, 0_u64, 0);
        for ((persons, _), before) in all.filter(|((_, shown), _)| !**shown) {
            (count, sum) = (count + 1, sum.saturating_add(*persons));
            most = if *before { most } else { most.max(*persons) };
        }
        // The others at their most leave 1 for it, and at their least one less than the threshold.
        let free = || {
            let others = u128::from(count - 1);
            let below = u128::from(self.0 - 1);
            !before.contains(&true) && (others + below..=others * below + 1).contains(&sum.into())
        };
        count == 0 || (count > 1 && sum >= self.least_in_all() && (most >= self.0 || free()))
    }

    /// Which rows of a tree of channels may be shown, where each group is shown with the sum of its rows and all rows with
    /// their total. `persons` has those of each row. A group that cannot be protected is hidden with all that is in it.
    ///
    /// The last of `persons` and of the answer's cells stands for what is in no channel at all; `hide_last` hides it for the
    /// sake of another table.
    pub fn protect_tree(self, tree: &[Branch], persons: &[u64], hide_last: bool) -> Shown {
        let mut cells = vec![true; tree.len() + 1];
        let children =
            |of: Option<usize>| (0..tree.len()).filter(|at| tree[*at].parent == of).collect::<Vec<_>>();
        // Inner groups first: rows are numbered from the outside in.
        for at in (0..tree.len()).rev().filter(|at| tree[*at].group) {
            let mut below = children(Some(at));
            below.sort_by_key(|row| tree[*row].group);
            let hidden = below.iter().map(|row| !cells[*row]).collect::<Vec<_>>();
            let shown = self.protect_with(&pick(persons, &below), &hidden);
            for (row, shown) in below.iter().zip(&shown.cells) {
                cells[*row] = *shown;
            }
            cells[at] = shown.total;
        }
        // Single channels are hidden for the sake of others before whole groups are.
        let mut top = children(None);
        top.sort_by_key(|row| tree[*row].group);
        let mut hidden = top.iter().map(|row| !cells[*row]).collect::<Vec<_>>();
        let mut of_top = pick(persons, &top);
        top.push(tree.len());
        hidden.push(hide_last);
        of_top.push(persons.get(tree.len()).copied().unwrap_or(0));
        let shown = self.protect_with(&of_top, &hidden);
        for (row, shown) in top.iter().zip(&shown.cells) {
            cells[*row] = *shown;
        }
        // Whatever is in a hidden group is hidden.
        for at in 0..tree.len() {
            if tree[at].parent.is_some_and(|parent| !cells[parent]) {
                cells[at] = false;
            }
        }
        Shown { cells, total: shown.total }
    }
}

fn pick(persons: &[u64], rows: &[usize]) -> Vec<u64> {
    rows.iter().map(|row| persons[*row]).collect()
}

/// How many persons are in a cell, where what is of one person stands together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heads {
    last: Option<PersonKey>,
    count: u64,
}

impl Heads {
    /// Counts a person who was not the last one counted; one of nobody known counts each time.
    pub(super) fn add(&mut self, person: Option<PersonKey>) {
        self.count += u64::from(person.is_none() || person != self.last);
        self.last = person;
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_threshold_has_a_floor() {
        assert_eq!(Threshold::new(9), Err(ThresholdError(9)));
        assert_eq!(Threshold::new(10).unwrap().persons(), 10);
        assert_eq!(Threshold::default().persons(), 50);
    }

    /// What is published of a table: the cells that are shown, and the total.
    type Published = (Vec<Option<u64>>, Option<u64>);

    fn publish(threshold: Threshold, table: &[u64]) -> Published {
        let shown = threshold.protect(table);
        let cells = table.iter().zip(&shown.cells).map(|(cell, shown)| shown.then_some(*cell)).collect();
        (cells, shown.total.then(|| table.iter().sum()))
    }

    /// The attacker knows the rule, the threshold, and the number of persons in every cell that is shown. All tables there
    /// are, are published; for each publication, each hidden cell must have been at least as many different numbers as lie
    /// below the threshold.
    fn attack(cells: u32, persons: u64, most: u64) {
        let threshold = Threshold(persons);
        let side = most + 1;
        let mut all: BTreeMap<Published, Vec<BTreeSet<u64>>> = BTreeMap::new();
        for number in 0..side.pow(cells) {
            let table = (0..cells).map(|cell| number / side.pow(cell) % side).collect::<Vec<_>>();
            let seen = all
                .entry(publish(threshold, &table))
                .or_insert_with(|| vec![BTreeSet::new(); cells as usize]);
            for (seen, cell) in seen.iter_mut().zip(&table) {
                seen.insert(*cell);
            }
        }
        for ((shown, total), could_be) in &all {
            let known = shown.iter().flatten().sum::<u64>();
            // Beyond `most` not all tables were tried.
            if total.is_some_and(|total| total - known > most) {
                continue;
            }
            for (shown, could_be) in shown.iter().zip(could_be) {
                let least = persons as usize - 1;
                assert!(shown.is_some() || could_be.len() >= least, "{shown:?} {total:?} {could_be:?}");
                assert!(shown.is_none_or(|shown| shown == 0 || shown >= persons));
            }
        }
    }

    #[test]
    fn no_hidden_cell_can_be_reckoned() {
        attack(1, 4, 16);
        attack(2, 4, 24);
        attack(3, 4, 18);
        attack(3, 5, 22);
        attack(4, 3, 11);
    }

    /// A tree of which each shown group tells a sum: whoever knows all that is shown solves it by trying every number.
    #[test]
    fn groups_tell_nothing_of_what_is_in_them() {
        let branch = |name: &str, parent, depth, group| Branch { name: name.into(), parent, depth, group };
        let tree = [
            branch("g", None, 0, true),
            branch("a", Some(0), 1, false),
            branch("b", Some(0), 1, false),
            branch("c", None, 0, false),
        ];
        let threshold = Threshold(3);
        let most = 10_u64;
        let mut all: BTreeMap<_, Vec<BTreeSet<u64>>> = BTreeMap::new();
        for number in 0..(most + 1).pow(4) {
            let leaf = |at: u32| number / (most + 1).pow(at) % (most + 1);
            let (a, b, c, none) = (leaf(0), leaf(1), leaf(2), leaf(3));
            let figures = [a + b, a, b, c, none];
            let shown = threshold.protect_tree(&tree, &figures, false);
            let cells = figures.iter().zip(&shown.cells).map(|(figure, shown)| shown.then_some(*figure));
            let total = shown.total.then(|| a + b + c + none);
            let seen =
                all.entry((cells.collect::<Vec<_>>(), total)).or_insert_with(|| vec![BTreeSet::new(); 5]);
            for (seen, figure) in seen.iter_mut().zip(figures) {
                seen.insert(figure);
            }
        }
        for ((cells, total), could_be) in &all {
            let sums = [cells[0], *total].into_iter().flatten().max().unwrap_or(0);
            if sums > most {
                continue;
            }
            for (cell, could_be) in cells.iter().zip(could_be) {
                assert!(cell.is_some() || could_be.len() > 1, "{cells:?} {total:?} {could_be:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn small_cells_are_hidden_and_sums_are_of_many(
            cells in prop::collection::vec(prop_oneof![Just(0_u64), 1..30_u64, 10..400_u64], 0..12),
            persons in 10..60_u64,
        ) {
            let shown = Threshold::new(persons).unwrap().protect(&cells);
            let hidden = cells.iter().zip(&shown.cells).filter(|(_, shown)| !**shown).map(|(cell, _)| *cell);
            let hidden = hidden.collect::<Vec<_>>();
            prop_assert!(cells.iter().zip(&shown.cells).all(|(cell, shown)| !shown || *cell == 0 || *cell >= persons));
            if shown.total && !hidden.is_empty() {
                prop_assert!(hidden.len() > 1 && hidden.iter().sum::<u64>() >= 2 * persons);
            }
            if cells.iter().sum::<u64>() >= 2 * persons && cells.iter().filter(|cell| **cell > 0).count() != 1 {
                prop_assert!(shown.total);
            }
        }
    }
}
