//! How close two values are: a level for each kind of field.
//!
//! Levels are those of the Fellegi-Sunter model (Fellegi and Sunter 1969; Winkler 1990 for partial agreement): what counts
//! is that the levels differ in how often they occur among matches and among others, which [`super::Model::train`] learns.

use super::field::{Field, FieldKind};
use super::keys::names;
use super::nicknames;
use super::records::Records;
use super::similarity::{likeness, slips};

/// Similarity by Jaro-Winkler from which two names are taken for spellings of one.
pub(super) const SPELLING: f64 = 0.92;

/// Similarity by Jaro-Winkler from which two names are alike.
pub(super) const ALIKE: f64 = 0.8;

/// Similarity by Jaro-Winkler from which two places are spellings of one.
pub(super) const PLACE: f64 = 0.9;

/// How two records agree: for each field the level, or nothing where either says nothing or the field is not compared.
/// Four bits a field, so that a pair is a number.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Levels(u64);

impl Levels {
    /// The level of names that stand in the wrong field: another spelling, at best.
    const SWAPPED: u8 = 3;

    /// Stands for a level that a glance does not tell; it is not that of equal values, and may be none.
    pub(super) const UNCLEAR: u8 = 14;

    pub(super) fn get(self, field: usize) -> Option<u8> {
        ((self.0 >> (4 * field)) as u8 & 15).checked_sub(1)
    }

    /// Whether the level of some field is [`Levels::UNCLEAR`].
    pub(super) fn is_unclear(self) -> bool {
        // A field is unclear where all of its four bits are set.
        let twos = self.0 & self.0 >> 1;
        twos & twos >> 2 & 0x1111_1111_1111_1111 != 0
    }

    pub(super) fn set(&mut self, field: usize, level: Option<u8>) {
        let said = level.map_or(0, |level| u64::from(level) + 1);
        self.0 = self.0 & !(15 << (4 * field)) | said << (4 * field);
    }

    /// Compares two records: `of` gives the level at which a field of the first agrees with a field of the second, by the
    /// rules of a kind; nothing where either says nothing. Where given names and surnames (`names`) agree in neither field
    /// but crosswise, they were swapped.
    pub(super) fn of(
        fields: &[Field],
        names: Option<(usize, usize)>,
        mut of: impl FnMut(usize, usize, FieldKind) -> Option<u8>,
    ) -> Self {
        let mut levels = Self::default();
        for (at, field) in fields.iter().enumerate().filter(|(_, field)| field.kind != FieldKind::Words) {
            levels.set(at, of(at, at, field.kind));
        }
        let Some((given, surname)) = names else { return levels };
        // An initial is no agreement to hold on to.
        let agrees = |field: usize| levels.get(field).is_some_and(|level| level > 1);
        if agrees(given) || agrees(surname) {
            return levels;
        }
        let mut across =
            |one: usize, two: usize| of(one, two, FieldKind::Surname).map(|level| level >= Self::SWAPPED);
        let there = across(given, surname);
        if there == Some(false) {
            return levels;
        }
        match (there, across(surname, given)) {
            (Some(true), Some(true)) => {
                levels.set(given, Some(Self::SWAPPED));
                levels.set(surname, Some(Self::SWAPPED));
            }
            // One name alone, in the wrong field.
            (Some(true), None) | (None, Some(true)) => {
                levels.set(given, None);
                levels.set(surname, Some(Self::SWAPPED));
            }
            _ => {}
        }
        levels
    }
}

/// Compares the records of a batch.
pub(super) struct Comparer<'r> {
    records: &'r Records,
    names: Option<(usize, usize)>,
}

impl<'r> Comparer<'r> {
    pub(super) fn new(records: &'r Records) -> Self {
        Self { records, names: names(records.fields()) }
    }

    /// How two records agree as far as marks tell, without a look at texts; [`Levels::UNCLEAR`] where they do not.
    pub(super) fn glance(&self, one: usize, two: usize) -> Levels {
        let (marks, others) = (self.records.marks(one), self.records.marks(two));
        let (one, two) = (self.records.row(one), self.records.row(two));
        let mut levels = Levels::default();
        for (at, field) in self.records.fields().iter().enumerate() {
            let level = match (one[at], two[at]) {
                _ if field.kind == FieldKind::Words => None,
                (0, _) | (_, 0) => None,
                (first, second) if first == second => Some((field.kind.levels() - 1) as u8),
                _ if marks[at].differs(others[at], field.kind) => Some(0),
                _ => Some(Levels::UNCLEAR),
            };
            levels.set(at, level);
        }
        let Some((given, surname)) = self.names else { return levels };
        // Names may stand crosswise, unless they agree where they are, or neither record has one of them.
        let equal = |field: usize| one[field] == two[field];
        let apart =
            |a: usize, b: usize| one[a] > 0 && two[b] > 0 && marks[a].differs(others[b], FieldKind::Surname);
        if !equal(given) && !equal(surname) && !apart(given, surname) {
            levels.set(given, Some(Levels::UNCLEAR));
            levels.set(surname, Some(Levels::UNCLEAR));
        }
        levels
    }

    /// How two records agree.
    pub(super) fn levels(&self, one: usize, two: usize) -> Levels {
        let columns = self.records.columns();
        let (marks, others) = (self.records.marks(one), self.records.marks(two));
        let (one, two) = (self.records.row(one), self.records.row(two));
        Levels::of(self.records.fields(), self.names, |a, b, kind| {
            let (first, second) = (one[a], two[b]);
            match (first, second) {
                (0, _) | (_, 0) => None,
                _ if a == b && first == second => Some((kind.levels() - 1) as u8),
                _ if marks[a].differs(others[b], kind) => Some(0),
                _ => {
                    // Short forms are looked up only where there may be some.
                    let plain = kind == FieldKind::GivenName && !marks[a].may_stand_for_one(others[b]);
                    let kind = if plain { FieldKind::Surname } else { kind };
                    Some(level(kind, columns[a].value(first), columns[b].value(second)))
                }
            }
        })
    }
}

/// The level at which two values in normal form agree, 0 to [`FieldKind::levels`] - 1; neither may be empty.
pub(super) fn level(kind: FieldKind, one: &str, two: &str) -> u8 {
    let equal = (kind.levels().max(1) - 1) as u8;
    if one == two {
        return equal;
    }
    // Jaro's matching is greedy from one side, so the side is fixed.
    let (one, two) = (one.min(two), one.max(two));
    match kind {
        FieldKind::GivenName if nicknames::may_be_one(one, two) => 3,
        FieldKind::GivenName | FieldKind::Surname | FieldKind::Street => name(one, two),
        FieldKind::Date => date(one, two),
        FieldKind::Postcode => postcode(one, two),
        FieldKind::Place => {
            u8::from(one.contains(two) || two.contains(one) || likeness(one, two, PLACE) >= PLACE)
        }
        FieldKind::Number => number(one, two),
        FieldKind::Email => email(one, two),
        FieldKind::Category | FieldKind::Words => 0,
    }
}

/// 3 another spelling, 2 alike, 1 an initial, 0 differs.
fn name(one: &str, two: &str) -> u8 {
    let initial = |name: &str| name.chars().nth(1).is_none();
    if initial(one) || initial(two) {
        return u8::from(one.chars().next() == two.chars().next());
    }
    let likeness = likeness(one, two, ALIKE);
    match () {
        () if likeness >= SPELLING => 3,
        () if likeness >= ALIKE => 2,
        () => 0,
    }
}

/// 3 one slip of the pen, 2 the same year or the same day of another year, 1 two slips, 0 differs.
fn date(one: &str, two: &str) -> u8 {
    let slips = slips(one, two, 2);
    let whole = one.len() == 8 && two.len() == 8;
    // 1 January is what stands where only the year is known.
    let same_day = || one[4..] == two[4..] && &one[4..] != "0101";
    match slips {
        Some(0 | 1) => 3,
        _ if one.get(..4).is_some() && one.get(..4) == two.get(..4) || whole && same_day() => 2,
        Some(_) => 1,
        None => 0,
    }
}

/// 3 one slip of the pen, 2 the same first part, 1 the same letters or first digits of it, 0 differs.
fn postcode(one: &str, two: &str) -> u8 {
    if slips(one, two, 1).is_some() {
        return 3;
    }
    let (first, other) = (area(one), area(two));
    match () {
        () if first.0 == other.0 => 2,
        () if first.1 == other.1 => 1,
        () => 0,
    }
}

/// The district of a postal code, and the region it lies in: for `SW1A 1AA` SW1A and SW, for `94107` 941 and 94.
pub(super) fn area(code: &str) -> (&str, &str) {
    let letters = code.bytes().take_while(u8::is_ascii_alphabetic).count();
    match code.split_once(' ') {
        Some((district, _)) if letters > 0 => (district, &code[..letters]),
        _ => {
            let upto = |n: usize| code.char_indices().nth(n).map_or(code, |(at, _)| &code[..at]);
            (upto(3), upto(2))
        }
    }
}

/// 2 one slip of the pen, 1 two of them in a number of eight signs or more, 0 differs.
fn number(one: &str, two: &str) -> u8 {
    match slips(one, two, 2) {
        Some(0 | 1) => 2,
        Some(_) if one.len() >= 8 => 1,
        _ => 0,
    }
}

/// 2 the same name at another provider, 1 another spelling, 0 differs.
fn email(one: &str, two: &str) -> u8 {
    if one.split('@').next() == two.split('@').next() {
        return 2;
    }
    u8::from(likeness(one, two, SPELLING) >= SPELLING)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_are_those_of_the_table() {
        for (kind, one, two, expected) in [
            (FieldKind::GivenName, "robert", "bob", 3),
            (FieldKind::GivenName, "robert", "robret", 3),
            (FieldKind::GivenName, "r", "robert", 1),
            (FieldKind::GivenName, "s", "robert", 0),
            (FieldKind::Surname, "muirhead", "muirhoad", 3),
            (FieldKind::Surname, "harrison", "harris", 3),
            (FieldKind::Surname, "johnson", "jonson", 3),
            (FieldKind::Surname, "dixon", "dickson", 2),
            (FieldKind::Surname, "martin", "maritn", 3),
            (FieldKind::Surname, "allen", "elena", 0),
            (FieldKind::Surname, "cole", "coles", 3),
            (FieldKind::Surname, "cole", "smith", 0),
            (FieldKind::Date, "18521004", "18621004", 3),
            (FieldKind::Date, "18521004", "18520101", 2),
            (FieldKind::Date, "18521004", "18411004", 2),
            (FieldKind::Date, "18520101", "18410101", 1),
            (FieldKind::Date, "18521004", "19430217", 0),
            (FieldKind::Postcode, "m30 9ef", "m30 9ex", 3),
            (FieldKind::Postcode, "m30 9ef", "m30 4gg", 2),
            (FieldKind::Postcode, "m30 9ef", "m1 4gg", 1),
            (FieldKind::Postcode, "94107", "94188", 2),
            (FieldKind::Place, "devon", "west devon", 1),
            (FieldKind::Number, "3787407", "3787470", 2),
            (FieldKind::Number, "3787407", "1030769", 0),
            (FieldKind::Email, "ada@example.com", "ada@example.org", 2),
            (FieldKind::Category, "painter", "poet", 0),
        ] {
            assert_eq!(level(kind, one, two), expected, "{kind:?} {one} {two}");
            assert_eq!(level(kind, two, one), expected, "{kind:?} {two} {one}");
        }
    }

    #[test]
    fn swapped_names_are_seen() {
        let fields = [
            Field::new("given", FieldKind::GivenName),
            Field::new("surname", FieldKind::Surname),
            Field::new("born", FieldKind::Date),
        ];
        let levels = |one: [&str; 3], two: [&str; 3]| {
            let levels = Levels::of(&fields, Some((0, 1)), |a, b, kind| {
                (!one[a].is_empty() && !two[b].is_empty()).then(|| level(kind, one[a], two[b]))
            });
            [levels.get(0), levels.get(1), levels.get(2)]
        };
        let mikhayla = ["mikhayla", "hannagan", "19770501"];
        assert_eq!(levels(mikhayla, ["hannagan", "mikhayla", ""]), [Some(3), Some(3), None]);
        assert_eq!(levels(["muirhead", "", ""], ["findlay", "muirhead", ""]), [None, Some(3), None]);
        assert_eq!(levels(mikhayla, ["findlay", "muirhead", "19770501"]), [Some(0), Some(0), Some(4)]);
    }

    proptest! {
        #[test]
        fn a_level_is_within_its_kind_and_the_same_both_ways(one in "[a-z0-9 @é]{1,12}", two in "[a-z0-9 @é]{1,12}") {
            for kind in FieldKind::COMPARED {
                let (one, two) = (kind.normal(&one), kind.normal(&two));
                if one.is_empty() || two.is_empty() { continue; }
                let found = level(kind, &one, &two);
                prop_assert!(usize::from(found) < kind.levels());
                prop_assert_eq!(found, level(kind, &two, &one));
                prop_assert_eq!(usize::from(found) == kind.levels() - 1, one == two);
            }
        }
    }
}
