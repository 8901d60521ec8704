//! Which pairs of records are worth comparing.
//!
//! Two records are compared if they share a key. There is a key for each two fields, both as they are or the second only in
//! outline (the sound of a name, the year of a date, the district of a postal code); for each identifier alone; for both
//! names in either order; and for words that are rare or stand beside another value. A key that more than [`BLOCK_MAX`]
//! records share tells nothing and is left out: what it has in common is had by others too.

use super::field::FieldKind;
use super::records::Records;

/// Most records that a key may have in common.
pub const BLOCK_MAX: usize = 120;

/// Most records that a word may have in common to be a key by itself.
const RARE_MAX: u32 = 60;

/// Most words of a record that are looked at.
const WORDS_MAX: usize = 12;

/// The pairs to compare, each once, the lesser record first, in order.
pub(super) fn candidates(records: &Records) -> Vec<(u32, u32)> {
    let words = Words::of(records);
    let mut pairs: Vec<u64> = Vec::new();
    for family in families(records) {
        let mut keyed: Vec<(u64, u32)> = Vec::new();
        for record in 0..records.len() {
            family.keys(records, &words, record, &mut |key| keyed.push((key, record as u32)));
        }
        keyed.sort_unstable();
        keyed.dedup();
        for block in keyed.chunk_by(|one, two| one.0 == two.0).filter(|block| block.len() <= BLOCK_MAX) {
            for (at, one) in block.iter().enumerate() {
                pairs.extend(block[at + 1..].iter().map(|two| u64::from(one.1) << 32 | u64::from(two.1)));
            }
        }
        // Most pairs come by several keys.
        pairs.sort_unstable();
        pairs.dedup();
    }
    pairs.into_iter().map(|pair| ((pair >> 32) as u32, pair as u32)).collect()
}

/// A family of keys, which are made alike for every record.
#[derive(Clone, Copy)]
enum Family {
    /// An identifier.
    Alone(usize),
    /// Two fields as they are.
    Both(usize, usize),
    /// One as it is, the other in outline.
    Outline(usize, usize),
    /// Both names by sound, in either order.
    Names(usize, usize),
    /// The same beside another field.
    NamesAnd(usize, usize, usize),
    /// Two words.
    TwoWords,
    /// A rare word.
    RareWord,
    /// A word beside a field that is not made of words.
    WordAnd(usize),
}

fn families(records: &Records) -> Vec<Family> {
    let compared = |at: &usize| records.fields()[*at].kind != FieldKind::Words;
    let fields: Vec<usize> = (0..records.fields().len()).filter(compared).collect();
    let mut families = vec![Family::TwoWords, Family::RareWord];
    for &one in &fields {
        if matches!(records.fields()[one].kind, FieldKind::Number | FieldKind::Email) {
            families.push(Family::Alone(one));
        }
        if !is_of_words(records.fields()[one].kind) {
            families.push(Family::WordAnd(one));
        }
        families.extend(fields.iter().filter(|two| **two > one).map(|two| Family::Both(one, *two)));
        families.extend(fields.iter().filter(|two| **two != one).map(|two| Family::Outline(one, *two)));
    }
    if let (Some(given), Some(surname)) =
        (records.field_of(FieldKind::GivenName), records.field_of(FieldKind::Surname))
    {
        families.push(Family::Names(given, surname));
        let others = fields.iter().filter(|at| **at != given && **at != surname);
        families.extend(others.map(|other| Family::NamesAnd(given, surname, *other)));
    }
    families
}

/// Whether its words are looked at one by one.
fn is_of_words(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::GivenName | FieldKind::Surname | FieldKind::Street | FieldKind::Words)
}

impl Family {
    /// Gives the keys of a record.
    fn keys(self, records: &Records, words: &Words, record: usize, give: &mut dyn FnMut(u64)) {
        let place = |field: usize| records.columns()[field].of[record];
        let sound = |field: usize| records.value(record, field).map(soundex);
        match self {
            Self::Alone(field) if place(field) > 0 => give(u64::from(place(field))),
            Self::Both(one, two) if place(one) > 0 && place(two) > 0 => {
                give(u64::from(place(one)) << 32 | u64::from(place(two)));
            }
            Self::Outline(one, two) if place(one) > 0 => {
                let Some(value) = records.value(record, two) else { return };
                for outline in outlines(records.fields()[two].kind, value).into_iter().flatten() {
                    give(hash(&[&place(one).to_be_bytes(), outline.as_bytes()]));
                }
            }
            Self::Names(given, surname) => {
                let (Some(one), Some(two)) = (sound(given), sound(surname)) else { return };
                give(hash(&[one.clone().min(two.clone()).as_bytes(), one.max(two).as_bytes()]));
            }
            Self::NamesAnd(given, surname, other) if place(other) > 0 => {
                let (Some(one), Some(two)) = (sound(given), sound(surname)) else { return };
                let (first, last) = (one.clone().min(two.clone()), one.max(two));
                give(hash(&[first.as_bytes(), last.as_bytes(), &place(other).to_be_bytes()]));
            }
            Self::TwoWords => {
                let said = words.of_record(record);
                for (at, one) in said.iter().enumerate() {
                    said[at + 1..].iter().for_each(|two| give(u64::from(*one) << 32 | u64::from(*two)));
                }
            }
            Self::RareWord => {
                let rare =
                    words.of_record(record).iter().filter(|word| words.counts[**word as usize] <= RARE_MAX);
                rare.for_each(|word| give(u64::from(*word)));
            }
            Self::WordAnd(field) if place(field) > 0 => {
                let said = words.of_record(record);
                said.iter().for_each(|word| give(u64::from(*word) << 32 | u64::from(place(field))));
            }
            _ => {}
        }
    }
}

/// The outlines of a value: what stays the same when it is misspelt or has changed a little.
fn outlines(kind: FieldKind, value: &str) -> [Option<String>; 2] {
    let first = |most: usize| Some(value.chars().take(most).collect::<String>());
    let end = |most: usize| {
        let skip = value.chars().count().saturating_sub(most);
        Some(format!("…{}", value.chars().skip(skip).collect::<String>()))
    };
    match kind {
        FieldKind::GivenName | FieldKind::Surname => [Some(soundex(value)), first(1)],
        FieldKind::Date => [first(4), if value.len() == 8 { end(4) } else { None }],
        FieldKind::Postcode => [Some(super::compare::area(value).0.to_owned()), None],
        FieldKind::Number => [first(4), end(4)],
        FieldKind::Email => [value.split('@').next().map(str::to_owned), None],
        FieldKind::Street => [value.split(' ').next().map(str::to_owned), None],
        FieldKind::Place | FieldKind::Category | FieldKind::Words => [None, None],
    }
}

/// The words of each record, by number.
struct Words {
    counts: Vec<u32>,
    said: Vec<u32>,
    ends: Vec<usize>,
}

impl Words {
    fn of(records: &Records) -> Self {
        let full = records.field_of(FieldKind::Words);
        let fields: Vec<usize> = match full {
            Some(field) => vec![field],
            None => {
                (0..records.fields().len()).filter(|at| is_of_words(records.fields()[*at].kind)).collect()
            }
        };
        let mut known = std::collections::BTreeMap::new();
        let mut words =
            Self { counts: Vec::new(), said: Vec::new(), ends: Vec::with_capacity(records.len()) };
        for record in 0..records.len() {
            let values = fields.iter().filter_map(|field| records.value(record, *field));
            let mut said: Vec<u32> = Vec::new();
            for word in values.flat_map(|value| value.split(' ')).take(WORDS_MAX) {
                let next = words.counts.len() as u32;
                let number = *known.entry(word).or_insert(next);
                if number == next {
                    words.counts.push(0);
                }
                said.push(number);
            }
            said.sort_unstable();
            said.dedup();
            said.iter().for_each(|word| words.counts[*word as usize] += 1);
            words.said.extend(said);
            words.ends.push(words.said.len());
        }
        words
    }

    fn of_record(&self, record: usize) -> &[u32] {
        let begin = if record == 0 { 0 } else { self.ends[record - 1] };
        &self.said[begin..self.ends[record]]
    }
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

/// FNV-1a of 64 bits over parts. Two keys that meet by chance cost a comparison and decide nothing.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::field::Field;
    use super::*;

    fn records(rows: &[[&str; 4]]) -> Records {
        let fields = [
            Field::new("given", FieldKind::GivenName),
            Field::new("surname", FieldKind::Surname),
            Field::new("born", FieldKind::Date),
            Field::new("postcode", FieldKind::Postcode),
        ];
        let rows = rows.iter().enumerate().map(|(at, row)| (format!("{at:06}"), *row));
        Records::new(fields, rows).unwrap()
    }

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
    fn records_meet_by_what_they_share() {
        let records = records(&[
            ["robert", "allen", "19710624", "sw1a 1aa"],
            ["rob", "alen", "19710524", "sw1a 1aa"],
            ["allen", "robert", "", ""],
            ["grace", "hopper", "19061209", "10001"],
        ]);
        assert_eq!(candidates(&records), [(0, 1), (0, 2)]);
    }

    #[test]
    fn a_key_that_everybody_shares_is_left_out() {
        let same = ["ada", "lovelace", "18151210", "sw1a 1aa"];
        assert_eq!(candidates(&records(&[same; BLOCK_MAX])).len(), BLOCK_MAX * (BLOCK_MAX - 1) / 2);
        assert_eq!(candidates(&records(&[same; BLOCK_MAX + 1])).len(), 0);
    }
}
