//! Which given names may be short for which.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Pairs of a name and a form of it (`data/README.md` names the source).
const TABLE: &str = include_str!("../../../data/nicknames.csv");

/// The full names that each name may stand for, itself among them.
static FULL: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut full: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, short) in TABLE.lines().filter_map(|line| line.split_once(',')) {
        full.entry(short).or_default().push(name);
        full.entry(name).or_default().push(name);
    }
    for names in full.values_mut() {
        names.sort_unstable();
        names.dedup();
    }
    full
});

/// Whether two given names in normal form may be one person's: one is short for the other, or both for a third.
pub(in crate::identity) fn may_be_one(one: &str, two: &str) -> bool {
    let twos = full(two);
    full(one).iter().any(|name| twos.binary_search(name).is_ok())
}

/// The names that a given name in normal form may stand for, in order, itself among them; none where it is neither short for
/// another nor has a short form.
pub(super) fn full(name: &str) -> &'static [&'static str] {
    FULL.get(name).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_meet() {
        assert!(may_be_one("bob", "robert") && may_be_one("robert", "bob"));
        assert!(may_be_one("bill", "will"), "both are short for william");
        assert!(!may_be_one("bob", "william") && !may_be_one("", "bob") && !may_be_one("qqq", "qqq"));
    }

    #[test]
    fn the_table_is_whole() {
        assert!(TABLE.lines().all(|line| line.split(',').count() == 2 && line == line.to_lowercase()));
        assert!(FULL.len() > 1_000);
    }
}
