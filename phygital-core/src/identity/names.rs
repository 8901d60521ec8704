//! Whether two names may be one person's.
//!
//! Agreement is not transitive ("Jon" may be "John" and "Jan", who are two), so names are put in groups by [`groups`]
//! alone, in an order of the set itself.

use std::cmp::Reverse;
use std::fmt;

use super::matching::nicknames;
use super::sighting::Details;
use super::spelling::within;

/// Most words of a name that are looked at: two given names, and two parts of each.
const WORDS_MAX: usize = 4;

/// From this many letters on, two slips of the pen are forgiven in a name, below it one.
const LONG: usize = 6;

/// A person's name as a record has it, where it says enough to tell people apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name<'a> {
    given: &'a str,
    surname: &'a str,
}

impl<'a> Name<'a> {
    /// The name in the details of a record. A whole name written into one of the two fields is taken apart before its last
    /// word; `None` where a surname stands alone, since people marry.
    #[must_use]
    pub fn of(details: &'a Details) -> Option<Name<'a>> {
        let text =
            |field: &'a Option<Box<str>>| field.as_deref().map(str::trim).filter(|text| !text.is_empty());
        match (text(&details.given_name), text(&details.surname)) {
            (Some(given), Some(surname)) => Some(Name { given, surname }),
            (Some(whole), None) => match whole.rsplit_once(' ') {
                Some((given, surname)) => Some(Name { given, surname }),
                None => Some(Name { given: whole, surname: "" }),
            },
            (None, Some(whole)) => whole.rsplit_once(' ').map(|(given, surname)| Name { given, surname }),
            (None, None) => None,
        }
    }

    /// The given name, or all given names.
    #[must_use]
    pub fn given(&self) -> &'a str {
        self.given
    }

    /// The surname; empty where the record has none.
    #[must_use]
    pub fn surname(&self) -> &'a str {
        self.surname
    }

    /// Whether both may be one person's: the given names agree, or stand where the other has the surname. A surname may
    /// differ, since people marry. The same both ways.
    #[must_use]
    pub fn agrees(&self, other: &Name<'_>) -> bool {
        let across = |one: &str, two: &str| !one.is_empty() && !two.is_empty() && words_agree(one, two);
        words_agree(self.given, other.given)
            || match (self.surname.is_empty(), other.surname.is_empty()) {
                (false, false) => across(self.given, other.surname) && across(self.surname, other.given),
                // One word alone may be either.
                _ => across(self.given, other.surname) || across(self.surname, other.given),
            }
    }

    /// Whether it says hardly more than a letter.
    fn is_initial(&self) -> bool {
        is_letter(self.given)
    }
}

/// Whether two records name one person; `None` where one of them says too little.
///
/// ```
/// use phygital_core::identity::{Details, agree};
/// let name = |given: &str, surname: &str| Details {
///     given_name: Some(given.into()),
///     surname: Some(surname.into()),
///     ..Details::default()
/// };
/// assert_eq!(agree(&name("robert", "allen"), &name("bob", "allan")), Some(true));
/// assert_eq!(agree(&name("ada", "byron"), &name("ada", "king")), Some(true));
/// assert_eq!(agree(&name("ada", "byron"), &name("annabella", "byron")), Some(false));
/// assert_eq!(agree(&name("ada", "byron"), &Details::default()), None);
/// ```
#[must_use]
pub fn agree(one: &Details, two: &Details) -> Option<bool> {
    Some(Name::of(one)?.agrees(&Name::of(two)?))
}

/// Whether two surnames, or two given names, may be one: equal, a short form, an initial, a slip of the pen.
pub(super) fn words_agree(one: &str, two: &str) -> bool {
    if one == two {
        return true;
    }
    if !one.contains(' ') && !two.contains(' ') {
        return word_agrees(one, two);
    }
    let (ones, twos) = (words(one), words(two));
    match (&ones[..], &twos[..]) {
        // A second given name is left out as often as written, and may be the one she is called by.
        ([word], several) | (several, [word]) => {
            let may_be = |other: &&str| !is_letter(word) && !is_letter(other) && word_agrees(word, other);
            several.first().is_some_and(|first| word_agrees(word, first))
                || several.iter().any(may_be)
                || word_agrees(one, two)
        }
        (ones, twos) => {
            let both = ones.len().min(twos.len());
            both > 0 && ones.iter().zip(twos).all(|(one, two)| word_agrees(one, two))
        }
    }
}

fn words(name: &str) -> Vec<&str> {
    name.split_whitespace().take(WORDS_MAX).collect()
}

/// As [`words_agree`] for one word each, or for two written as one.
fn word_agrees(one: &str, two: &str) -> bool {
    if is_letter(one) || is_letter(two) {
        return one.chars().next() == two.chars().next();
    }
    let most = if one.chars().take(LONG).count().max(two.chars().take(LONG).count()) < LONG { 1 } else { 2 };
    within(one, two, most) || nicknames::may_be_one(one, two)
}

fn is_letter(word: &str) -> bool {
    word.chars().nth(1).is_none()
}

/// Puts names into groups that are each one person's: the number of its group for each, groups numbered from 0, the
/// largest first.
///
/// Each name comes once, with how often it was seen. Names are taken in order: those written out before initials, the
/// more frequent first, then by their letters. Each joins the group founded first in which a name agrees with it, and
/// founds one where there is none; no two groups are ever joined, so a spelling between two names makes them not one.
/// Groups are then put in order of how often their names were seen, of two that are equal the one founded first. So the
/// groups depend on the set of names alone. Costs at most one comparison for each pair of names.
pub(super) fn groups(names: &[(Name<'_>, u32)]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_unstable_by_key(|&at| {
        let (name, seen) = &names[at];
        (name.is_initial(), Reverse(*seen), *name)
    });
    // The names of each group, and how often they were seen.
    let mut groups: Vec<(Vec<usize>, u64)> = Vec::new();
    for at in order {
        let (name, seen) = &names[at];
        let agrees =
            |(members, _): &(Vec<usize>, u64)| members.iter().any(|&member| names[member].0.agrees(name));
        let group = groups.iter().position(agrees).unwrap_or_else(|| {
            groups.push(Default::default());
            groups.len() - 1
        });
        groups[group].0.push(at);
        groups[group].1 += u64::from(*seen);
    }
    groups.sort_by_key(|(_, seen)| Reverse(*seen));
    let mut group_of = vec![0; names.len()];
    for (number, (members, _)) in groups.iter().enumerate() {
        for &member in members {
            group_of[member] = number as u32;
        }
    }
    group_of
}

/// Nobody is printed: only how long it is.
impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({} and {} bytes)", self.given.len(), self.surname.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn details(given: &str, surname: &str) -> Details {
        let some = |text: &str| (!text.is_empty()).then(|| Box::from(text));
        Details { given_name: some(given), surname: some(surname), ..Details::default() }
    }

    fn agreed(one: (&str, &str), two: (&str, &str)) -> Option<bool> {
        let (one, two) = (details(one.0, one.1), details(two.0, two.1));
        let found = agree(&one, &two);
        assert_eq!(found, agree(&two, &one), "the same both ways");
        found
    }

    #[test]
    fn one_person_writes_her_name_in_many_ways() {
        for (one, two) in [
            (("robert", "allen"), ("bob", "allen")),
            (("will", "allen"), ("bill", "allen")),
            (("r", "allen"), ("robert", "allen")),
            (("robert", "allen"), ("robret", "allen")),
            (("katherine", "allen"), ("catharine", "allen")),
            (("jon", "allen"), ("john", "allen")),
            (("robert", "allen"), ("allen", "robert")),
            (("robert", "allen"), ("alen", "bob")),
            (("r", "allen"), ("allen", "robert")),
            (("ada", "byron"), ("ada", "king")),
            (("mary jane", "allen"), ("mary", "allen")),
            (("mary jane", "allen"), ("jane", "allen")),
            (("mary jane", "allen"), ("maryjane", "allen")),
            (("mary j", "allen"), ("mary jane", "allen")),
            (("m", "allen"), ("mary jane", "allen")),
            (("robert allen", ""), ("robert", "allen")),
            (("", "robert allen"), ("robert", "allen")),
            (("allen", ""), ("robert", "allen")),
            (("robert", ""), ("robert", "allen")),
        ] {
            assert_eq!(agreed(one, two), Some(true), "{one:?} {two:?}");
        }
    }

    #[test]
    fn two_people_of_one_house_are_two() {
        for (one, two) in [
            (("robert", "allen"), ("mary", "allen")),
            (("john", "allen"), ("joanna", "allen")),
            (("m", "allen"), ("robert", "allen")),
            (("mary jane", "allen"), ("mary ann", "allen")),
            (("j", "allen"), ("mary jane", "allen")),
            (("robert", "allen"), ("allen", "mary")),
            (("robert", ""), ("mary", "allen")),
            (("tim", "allen"), ("ben", "allen")),
        ] {
            assert_eq!(agreed(one, two), Some(false), "{one:?} {two:?}");
        }
    }

    #[test]
    fn too_little_says_nothing() {
        assert_eq!(agreed(("", ""), ("ada", "byron")), None);
        assert_eq!(agreed(("", "byron"), ("ada", "byron")), None);
        assert_eq!(agreed((" ", "byron"), ("ada", "king")), None);
    }

    #[test]
    fn a_name_of_a_megabyte_is_a_name() {
        let long = "ab ".repeat(400_000);
        assert_eq!(agreed((&long, "allen"), ("robert", "allen")), Some(false));
        assert_eq!(agreed((&long, "allen"), (&long, "king")), Some(true));
    }

    #[test]
    fn groups_are_those_of_people_and_the_largest_is_first() {
        let names = [("j", "allen"), ("mary", "allen"), ("john", "allen"), ("jon", "alen"), ("mary", "king")]
            .map(|(given, surname)| Name { given, surname });
        let seen = [5, 2, 3, 1, 1];
        let counted: Vec<_> = names.into_iter().zip(seen).collect();
        assert_eq!(groups(&counted), [0, 1, 0, 0, 1]);
        // "Joan" lies between two who are two.
        let between =
            [("john", ""), ("jane", ""), ("joan", "")].map(|(given, surname)| Name { given, surname });
        let counted: Vec<_> = between.into_iter().zip([3, 4, 1]).collect();
        assert_eq!(groups(&counted), [1, 0, 1]);
        assert_eq!(groups(&[]), Vec::<u32>::new());
    }

    proptest! {
        #[test]
        fn agreement_is_the_same_both_ways_and_with_oneself(
            one in ("[ab]{0,3}( [ab]{1,2})?", "[abc]{0,3}"),
            two in ("[ab]{0,3}( [ab]{1,2})?", "[abc]{0,3}"),
        ) {
            let (one, two) = (details(&one.0, &one.1), details(&two.0, &two.1));
            prop_assert_eq!(agree(&one, &two), agree(&two, &one));
            prop_assert_eq!(agree(&one, &one), Name::of(&one).map(|_| true));
        }

        #[test]
        fn groups_do_not_depend_on_the_order(
            names in prop::collection::btree_map(("[ab]{1,3}", "[ab]{0,2}"), 1u32..4, 0..12),
            turn in 0usize..12,
        ) {
            let listed: Vec<_> =
                names.iter().map(|((given, surname), seen)| (Name { given, surname }, *seen)).collect();
            let straight = groups(&listed);
            let mut turned = listed.clone();
            turned.rotate_left(if listed.is_empty() { 0 } else { turn % listed.len() });
            turned.reverse();
            for (name, group) in turned.iter().zip(groups(&turned)) {
                let at = listed.iter().position(|other| other == name);
                prop_assert_eq!(at.map(|at| straight[at]), Some(group));
            }
        }
    }
}
