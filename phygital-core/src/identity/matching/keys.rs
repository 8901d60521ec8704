//! Which records are worth comparing: those that share a key.
//!
//! There is a key for each two fields, both as they are or the second only in outline (the sound of a name, the year of a
//! date, the district of a postal code); for each identifier alone; for both names by sound, in either order; and for words
//! that are rare or stand together. A key that more than [`BLOCK_MAX`] records share tells nothing and is left out: what it
//! has in common is had by others too. What is left out may be told by a finer key.
//!
//! A key is a hash of what a record says and of nothing else, so that records meet in any batch and one at a time.

use super::field::{Field, FieldKind};

/// Most records that a key may have in common. A key of more brings hardly one more pair that is true: on the records of
/// `historical_50k`, of whom ten are one person, 120 found 1.6 % more of them and compared three times as many others.
pub const BLOCK_MAX: usize = 20;

/// Most words of a record that are looked at.
pub(super) const WORDS_MAX: usize = 12;

/// A family of keys, which are made alike for every record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Family {
    /// What tells its keys from those of other families.
    salt: u64,
    pub(super) of: Of,
}

/// What a key is made of; fields by their places.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    /// An identifier.
    Alone(usize),
    /// Two fields as they are.
    Both(usize, usize),
    /// One as it is, the other in outline, of which there are two.
    Outline(usize, usize, usize),
    /// Both names by sound, in either order.
    Names(usize, usize),
    /// Two words.
    TwoWords,
    /// A rare word.
    RareWord,
    /// A word beside a field that is not made of words.
    WordAnd(usize),
}

/// What of a record goes into its keys.
pub(super) struct Hashed {
    /// For each field the hashes of its value and of its outlines; 0 where it says nothing.
    values: Vec<(u64, [u64; 2])>,
    /// The hashes of its words, each once.
    pub(super) words: Vec<u64>,
}

/// The families of keys for records of these fields.
pub(super) fn families(fields: &[Field]) -> Vec<Family> {
    let compared: Vec<usize> = (0..fields.len()).filter(|at| fields[*at].kind != FieldKind::Words).collect();
    let is = |at: &usize, kinds: &[FieldKind]| kinds.contains(&fields[*at].kind);
    // Coarser keys come before finer ones.
    let mut of = vec![Of::RareWord, Of::TwoWords];
    let identifiers = compared.iter().filter(|at| is(at, &[FieldKind::Number, FieldKind::Email]));
    of.extend(identifiers.map(|at| Of::Alone(*at)));
    of.extend(names(fields).map(|(given, surname)| Of::Names(given, surname)));
    if fields.iter().any(|field| field.kind == FieldKind::Words) {
        of.extend(compared.iter().filter(|at| !is_of_words(fields[**at].kind)).map(|at| Of::WordAnd(*at)));
    }
    for &one in &compared {
        for &two in compared.iter().filter(|two| **two != one) {
            of.extend((0..outlines_of(fields[two].kind)).map(|which| Of::Outline(one, two, which)));
        }
    }
    for &one in &compared {
        of.extend(compared.iter().filter(|two| **two > one).map(|two| Of::Both(one, *two)));
    }
    of.into_iter().enumerate().map(|(at, of)| Family { salt: mixed(at as u64), of }).collect()
}

/// The first field of given names, and the first of surnames.
pub(super) fn names(fields: &[Field]) -> Option<(usize, usize)> {
    let first = |kind: FieldKind| fields.iter().position(|field| field.kind == kind);
    Some((first(FieldKind::GivenName)?, first(FieldKind::Surname)?))
}

/// The fields whose words are looked at one by one: that of words, or else those of names and streets.
pub(super) fn fields_of_words(fields: &[Field]) -> Vec<usize> {
    match fields.iter().position(|field| field.kind == FieldKind::Words) {
        Some(field) => vec![field],
        None => (0..fields.len()).filter(|at| is_of_words(fields[*at].kind)).collect(),
    }
}

fn is_of_words(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::GivenName | FieldKind::Surname | FieldKind::Street | FieldKind::Words)
}

impl Family {
    /// The families, by their places before it, of which a record has a key that all who share a key of this family share.
    pub(super) fn coarser(self, families: &[Self]) -> impl Iterator<Item = usize> {
        families.iter().enumerate().filter(move |(_, other)| self.is_finer_than(other.of)).map(|(at, _)| at)
    }

    fn is_finer_than(self, other: Of) -> bool {
        match (self.of, other) {
            (Of::WordAnd(one) | Of::Outline(one, _, _), Of::Alone(alone)) => one == alone,
            (Of::Both(one, two), Of::Alone(alone)) => one == alone || two == alone,
            (Of::Both(one, two), Of::Outline(whole, outline, _)) => {
                (one, two) == (whole, outline) || (two, one) == (whole, outline)
            }
            (Of::Both(one, two) | Of::Outline(one, two, 0), Of::Names(given, surname)) => {
                (one, two) == (given, surname) || (two, one) == (given, surname)
            }
            _ => false,
        }
    }

    fn key(self, one: u64, two: u64) -> u64 {
        mixed(mixed(one ^ self.salt).wrapping_add(two))
    }

    /// Gives the keys of a record; seldom one of them twice.
    pub(super) fn keys(self, record: &Hashed, mut give: impl FnMut(u64)) {
        let mut both = |one: u64, two: u64| {
            if one != 0 && two != 0 {
                give(self.key(one, two));
            }
        };
        let whole = |field: usize| record.values[field].0;
        let outline = |field: usize, which: usize| record.values[field].1[which];
        match self.of {
            Of::Alone(field) => both(whole(field), 1),
            Of::Both(one, two) => both(whole(one), whole(two)),
            Of::Outline(one, two, which) => both(whole(one), outline(two, which)),
            Of::Names(given, surname) => {
                let (one, two) = (outline(given, 0), outline(surname, 0));
                both(one.min(two), one.max(two));
            }
            Of::TwoWords => {
                let said = &record.words;
                for (at, one) in said.iter().enumerate() {
                    said[at + 1..].iter().for_each(|two| both(*one.min(two), *one.max(two)));
                }
            }
            Of::RareWord => record.words.iter().for_each(|word| both(*word, 1)),
            Of::WordAnd(field) => {
                let other = whole(field);
                record.words.iter().for_each(|word| both(*word, other));
            }
        }
    }
}

impl Hashed {
    /// Of a record that says so in each field; nothing where it is empty.
    pub(super) fn of<'v>(fields: &[Field], value: impl Fn(usize) -> &'v str) -> Self {
        let values = fields.iter().enumerate().map(|(at, field)| match value(at) {
            "" => (0, [0, 0]),
            value => (hash(value.as_bytes()), outlines(field.kind, value)),
        });
        let spoken = fields_of_words(fields);
        let mut words = Vec::new();
        words_of(spoken.iter().map(|field| value(*field)).filter(|value| !value.is_empty()), &mut words);
        Self { values: values.collect(), words }
    }
}

/// How many outlines a value of a kind may have.
pub(super) fn outlines_of(kind: FieldKind) -> usize {
    match kind {
        FieldKind::GivenName | FieldKind::Surname | FieldKind::Date => 2,
        FieldKind::Postcode | FieldKind::Number | FieldKind::Email => 1,
        FieldKind::Street | FieldKind::Place | FieldKind::Category | FieldKind::Words => 0,
    }
}

/// The outlines of a value, as hashes: what stays the same when it is misspelt or has changed a little. 0 is none.
pub(super) fn outlines(kind: FieldKind, value: &str) -> [u64; 2] {
    let upto = |most: usize| value.char_indices().nth(most).map_or(value, |(at, _)| &value[..at]);
    let first = |most: usize| hash(upto(most).as_bytes());
    let last = |most: usize| {
        let skip = value.chars().count().saturating_sub(most);
        hash(value.char_indices().nth(skip).map_or("", |(at, _)| &value[at..]).as_bytes())
    };
    let before_at = || hash(value.split('@').next().unwrap_or_default().as_bytes());
    match kind {
        FieldKind::GivenName | FieldKind::Surname => [hash(soundex(value).as_bytes()), first(1)],
        FieldKind::Date => [first(4), if value.len() == 8 { last(4) } else { 0 }],
        FieldKind::Postcode => [hash(super::compare::area(value).0.as_bytes()), 0],
        // How a number begins says where it is from.
        FieldKind::Number => [last(4), 0],
        FieldKind::Email => [before_at(), 0],
        FieldKind::Street | FieldKind::Place | FieldKind::Category | FieldKind::Words => [0, 0],
    }
}

/// The words of a record as hashes, each once; no more than the first [`WORDS_MAX`].
fn words_of<'v>(values: impl Iterator<Item = &'v str>, said: &mut Vec<u64>) {
    said.clear();
    let words = values.flat_map(|value| value.split(' ')).take(WORDS_MAX);
    said.extend(words.map(|word| hash(word.as_bytes())));
    said.sort_unstable();
    said.dedup();
}

/// American Soundex (Russell 1918, as the US National Archives give it): a letter and up to three digits; signs that are
/// no letters of English count as vowels.
fn soundex(name: &str) -> String {
    let code = |sign: char| match sign {
        'b' | 'f' | 'p' | 'v' => Some('1'),
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => Some('2'),
        'd' | 't' => Some('3'),
        'l' => Some('4'),
        'm' | 'n' => Some('5'),
        'r' => Some('6'),
        _ => None,
    };
    let mut signs = name.chars();
    let Some(first) = signs.next() else { return String::new() };
    let mut sound = String::from(first);
    let mut last = code(first);
    for sign in signs {
        let next = code(sign);
        if let Some(digit) = next.filter(|_| next != last) {
            sound.push(digit);
            if sound.chars().count() == 4 {
                break;
            }
        }
        // H and W do not part two letters of one sound.
        if !matches!(sign, 'h' | 'w') {
            last = next;
        }
    }
    sound
}

/// FNV-1a of 64 bits, stirred; never 0. Two keys that meet by chance cost a comparison and decide nothing.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash =
        bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    mixed(hash).max(1)
}

/// The last step of SplitMix64 (Steele, Lea and Flood 2014).
pub(super) fn mixed(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_those_of_the_archives() {
        for (name, sound) in [
            ("washington", "w252"),
            ("lee", "l"),
            ("gutierrez", "g362"),
            ("pfister", "p236"),
            ("ashcraft", "a261"),
        ] {
            assert_eq!(soundex(name), sound);
        }
    }

    #[test]
    fn an_outline_outlasts_a_slip() {
        let same = |kind: FieldKind, one: &str, two: &str| {
            let (one, two) = (outlines(kind, one), outlines(kind, two));
            (0..2).any(|at| one[at] != 0 && one[at] == two[at])
        };
        assert!(same(FieldKind::Surname, "allen", "alen"));
        assert!(same(FieldKind::Date, "19710624", "19710524"));
        assert!(same(FieldKind::Date, "19710624", "19610624"));
        assert!(same(FieldKind::Postcode, "sw1a 1aa", "sw1a 2ab"));
        assert!(same(FieldKind::Email, "ada@example.com", "ada@example.org"));
        assert!(!same(FieldKind::Place, "london", "london"));
        assert!(!same(FieldKind::Date, "19710624", "18151210"));
    }
}
