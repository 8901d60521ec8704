//! How a text is cut into the parts of a short message, and what they cost.

use serde::Serialize;

/// Septets of a message in the 7-bit alphabet that is one part (3GPP TS 23.038, 6.1.2.1).
pub const GSM7_SINGLE: usize = 160;
/// Septets of each part of several: six octets say which part it is (TS 23.040, 9.2.3.24.1).
pub const GSM7_PART: usize = 153;
/// UTF-16 units of a message in UCS-2 that is one part.
pub const UCS2_SINGLE: usize = 70;
/// UTF-16 units of each part of several.
pub const UCS2_PART: usize = 67;

/// The default alphabet of 3GPP TS 23.038, 6.2.1, by its codes; the escape at 0x1b is no character.
const BASIC: [char; 127] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ',
    'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')',
    '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>',
    '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S',
    'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h',
    'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ',
    'ü', 'à',
];

/// Its extension, 6.2.1.1: each costs an escape more.
const EXTENSION: [char; 10] = ['\u{c}', '^', '{', '}', '\\', '[', '~', ']', '|', '€'];

/// In what a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "short messages have these two alphabets")]
pub enum Encoding {
    /// The default alphabet, seven bits a character.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// UTF-16, for the whole text where one character is not in the default alphabet.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

/// A text cut into parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Segmentation {
    /// In what it is sent.
    pub encoding: Encoding,
    /// What it costs as a whole: septets, or UTF-16 units.
    pub units: usize,
    /// What each part costs; one part at least.
    pub segment_units: Vec<usize>,
    /// The first character that is not in the default alphabet, which makes the whole text UCS-2.
    pub first_non_gsm7: Option<NonGsm7>,
}

/// A character that is not in the default alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NonGsm7 {
    /// How many characters stand before it.
    pub index: usize,
    /// The character.
    pub char: char,
}

impl Segmentation {
    /// How many parts.
    pub fn segments(&self) -> usize {
        self.segment_units.len()
    }
}

/// Cuts a text into parts, none of which begins within an escaped character or a surrogate pair. Nothing is replaced by a
/// look-alike, as gateways may do on request.
///
/// ```
/// use phygital_core::conversation::segments::{Encoding, segments};
/// let told = segments("Don\u{2019}t miss out");
/// assert_eq!((told.encoding, told.units, told.segments()), (Encoding::Ucs2, 14, 1));
/// assert_eq!(told.first_non_gsm7.unwrap().char, '\u{2019}');
/// ```
pub fn segments(text: &str) -> Segmentation {
    let stranger = text.chars().enumerate().find(|(_, c)| septets(*c).is_none());
    let first_non_gsm7 = stranger.map(|(index, char)| NonGsm7 { index, char });
    let (encoding, single, part) = match first_non_gsm7 {
        None => (Encoding::Gsm7, GSM7_SINGLE, GSM7_PART),
        Some(_) => (Encoding::Ucs2, UCS2_SINGLE, UCS2_PART),
    };
    let cost = |c: char| match encoding {
        Encoding::Gsm7 => septets(c).expect("no character is a stranger"),
        Encoding::Ucs2 => c.len_utf16(),
    };
    let units = text.chars().map(cost).sum();
    let mut segment_units = vec![0];
    for c in text.chars() {
        let last = segment_units.last_mut().expect("one is there from the start");
        if units > single && *last + cost(c) > part {
            segment_units.push(cost(c));
        } else {
            *last += cost(c);
        }
    }
    Segmentation { encoding, units, segment_units, first_non_gsm7 }
}

/// What a character costs in the default alphabet, if it is there.
pub(super) fn septets(c: char) -> Option<usize> {
    match c {
        // Nearly all texts are these alone.
        ' '..='Z' | 'a'..='z' => Some(1),
        _ if EXTENSION.contains(&c) => Some(2),
        _ => BASIC.contains(&c).then_some(1),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_character_costs_what_its_table_says() {
        for c in '\0'..='\u{ffff}' {
            let slow = match (BASIC.contains(&c), EXTENSION.contains(&c)) {
                (false, false) => None,
                (basic, _) => Some(if basic { 1 } else { 2 }),
            };
            assert_eq!(septets(c), slow, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_hold_the_whole_text_in_order(text in "([a-z ~€ж\u{1f600}]|\\PC){0,400}") {
            let told = segments(&text);
            prop_assert_eq!(told.segment_units.iter().sum::<usize>(), told.units);
            let (single, part) = match told.encoding {
                Encoding::Gsm7 => (GSM7_SINGLE, GSM7_PART),
                Encoding::Ucs2 => (UCS2_SINGLE, UCS2_PART),
            };
            prop_assert_eq!(told.segments() == 1, told.units <= single);
            if told.segments() > 1 {
                prop_assert!(told.segment_units.iter().all(|units| (1..=part).contains(units)));
                // All but the last are full but for half of a pair.
                let (_, full) = told.segment_units.split_last().unwrap();
                prop_assert!(full.iter().all(|units| *units >= part - 1));
            }
        }
    }

    #[test]
    fn the_alphabet_has_each_character_once() {
        let mut all: Vec<char> = BASIC.iter().chain(&EXTENSION).copied().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 137);
        assert_eq!(segments("").segment_units, [0]);
    }
}
