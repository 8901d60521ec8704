//! Numbers in a text: in digits as the language writes them, else in words.

use super::words::{Lexicon, Phrases, Piece};

/// Most digits before the point: no size, budget or date has more.
const WHOLE_DIGITS_MAX: usize = 12;

/// Thousandths, so that no float decides anything.
pub(super) const UNIT: i64 = 1_000;

/// A number in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// The first of its pieces.
    pub(super) at: usize,
    /// How many pieces it takes up.
    pub(super) len: usize,
    /// In thousandths.
    pub(super) value: i64,
}

impl Found {
    pub(super) fn end(&self) -> usize {
        self.at + self.len
    }
}

/// The numbers of a text from left to right: those in digits where there are any, else those in words.
pub(super) fn numbers(pieces: &[Piece], words: &Lexicon) -> Vec<Found> {
    let mut found = in_digits(pieces, words);
    if found.is_empty() {
        found = in_words(pieces, words);
    }
    found
}

/// The one of [`numbers`] that begins at a piece.
pub(super) fn number_at(numbers: &[Found], at: usize) -> Option<Found> {
    numbers.binary_search_by_key(&at, |number| number.at).ok().map(|place| numbers[place])
}

fn in_digits(pieces: &[Piece], words: &Lexicon) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let Some(value) = digits(&pieces[at], words.comma) else {
            at += 1;
            continue;
        };
        let (half, len) = half_behind(pieces, at + 1, value, words);
        found.push(Found { at, len: 1 + len, value: value.saturating_add(half) });
        at += 1 + len;
    }
    found
}

/// Digits with thousands and decimals as the language writes them, or as nothing but the other way explains.
pub(super) fn digits(piece: &Piece, comma: bool) -> Option<i64> {
    if !piece.is_number {
        return None;
    }
    let text = piece.text.as_str();
    let (own, other) = if comma { (',', '.') } else { ('.', ',') };
    let thousands = |text: &str, sign: char| {
        let mut groups = text.split(sign);
        let first = groups.next().unwrap_or_default();
        (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3)
    };
    let (whole, decimals) = match (text.contains(own), text.contains(other)) {
        (false, false) => (text.to_owned(), ""),
        // `1,234.5`: the last of the two stands before the decimals.
        (true, true) => {
            let (own_at, other_at) = (text.rfind(own)?, text.rfind(other)?);
            let (sign, decimal_at) = if own_at > other_at { (other, own_at) } else { (own, other_at) };
            let whole = text.get(..decimal_at).filter(|whole| thousands(whole, sign))?;
            (whole.replace(sign, ""), &text[decimal_at + 1..])
        }
        (false, true) if thousands(text, other) => (text.replace(other, ""), ""),
        (has_own, _) => {
            let (whole, decimals) = text.split_once(if has_own { own } else { other })?;
            (whole.to_owned(), decimals)
        }
    };
    if whole.len() > WHOLE_DIGITS_MAX || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let places = decimals.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = places.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    whole.parse::<i64>().ok()?.checked_mul(UNIT)?.checked_add(thousandths)
}

/// A half that follows a whole number, in thousandths, and how many pieces say it: `1/2`, the sign of a half, a word.
fn half_behind(pieces: &[Piece], at: usize, value: i64, words: &Lexicon) -> (i64, usize) {
    if value % UNIT != 0 {
        return (0, 0);
    }
    if let Some(len) = words.half.at(pieces, at) {
        return (UNIT / 2, len);
    }
    match pieces.get(at..) {
        Some([half, ..]) if half.text == "0.5" => (UNIT / 2, 1),
        Some([one, two, ..]) if one.text == "1" && two.text == "2" && two.before == '/' => (UNIT / 2, 2),
        _ => (0, 0),
    }
}

fn in_words(pieces: &[Piece], words: &Lexicon) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let Some((mut value, mut len)) = number_word(pieces, at, words) else {
            at += 1;
            continue;
        };
        // What follows belongs to it where it fills a place that is still empty: forty two, two hundred eighty.
        while let Some((next, behind)) = number_word(pieces, at + len, words).or_else(|| {
            number_word(pieces, at + len + 1, words)
                .filter(|_| is_and(&pieces[at + len]))
                .map(|(n, l)| (n, l + 1))
        }) {
            let sum = match (value, value % 100, next) {
                (2..=9, _, 100) => value * 100,
                (100.., 0, 1..=99) => value + next,
                (_, 20..=90, 1..=9) if value % 10 == 0 => value + next,
                (_, 60 | 80, 10..=19) => value + next,
                _ => break,
            };
            value = sum;
            len += behind;
        }
        let (half, behind) = half_behind(pieces, at + len, value * UNIT, words);
        found.push(Found { at, len: len + behind, value: value * UNIT + half });
        at += len + behind;
    }
    found
}

fn is_and(piece: &Piece) -> bool {
    matches!(piece.text.as_str(), "AND" | "ET" | "UND" | "Y" | "E" | "EN")
}

/// A number of one word or phrase, and how many pieces it takes up.
fn number_word(pieces: &[Piece], at: usize, words: &Lexicon) -> Option<(i64, usize)> {
    let listed = |lists: &[Phrases], value: fn(usize) -> i64| {
        let hits =
            lists.iter().enumerate().filter_map(|(place, names)| Some((value(place), names.at(pieces, at)?)));
        hits.max_by_key(|(_, len)| *len)
    };
    let small = listed(&words.numbers, |place| place as i64);
    let tens = listed(&words.tens, |place| (place as i64 + 3) * 10);
    let best = [small, tens].into_iter().flatten().max_by_key(|(_, len)| *len);
    best.or_else(|| Some((joined(pieces.get(at).filter(|piece| !piece.is_number)?, words)?, 1)))
}

/// One and ten in one word: *zweiundvierzig*, *quarantadue*, *veintidos*.
fn joined(piece: &Piece, words: &Lexicon) -> Option<i64> {
    let ones = || {
        let names = words.numbers.iter().enumerate().take(10).skip(1);
        names.flat_map(|(value, names)| {
            names.iter().filter(|name| name.len() == 1).map(move |name| (value as i64, &name[0]))
        })
    };
    let tens = || {
        let twenty = words.numbers.get(20).map(|names| (20, names));
        let others =
            words.tens.iter().take(7).enumerate().map(|(place, names)| ((place as i64 + 3) * 10, names));
        let all = twenty.into_iter().chain(others);
        all.flat_map(|(value, names)| {
            names.iter().filter(|name| name.len() == 1).map(move |name| (value, &name[0]))
        })
    };
    let text = piece.text.as_str();
    if let Some(and) = &words.joined_by {
        let and = and.to_uppercase();
        let split = |(ten, name): (i64, &String)| {
            let one = text.strip_suffix(name.as_str())?.strip_suffix(and.as_str())?;
            ones().find(|(_, name)| *name == one).map(|(value, _)| ten + value)
        };
        return tens().find_map(split);
    }
    // Romance languages drop or change the last vowel of the ten before a vowel: ventuno, veintiuno.
    let split = |(ten, name): (i64, &String)| {
        let stem = &name[..name.len() - name.chars().next_back().map_or(0, char::len_utf8)];
        let rest = text.strip_prefix(name.as_str()).or_else(|| text.strip_prefix(stem))?;
        // *veintidos* has a vowel of its own.
        let rest = rest.strip_prefix('I').unwrap_or(rest);
        ones().find(|(_, name)| *name == rest).map(|(value, _)| ten + value)
    };
    tens().find_map(split)
}

#[cfg(test)]
mod tests {
    use super::super::words::{Text, lexicon};
    use super::*;

    fn read(language: &str, text: &str) -> Vec<i64> {
        let words = lexicon(language).expect("known");
        numbers(&Text::read(text).pieces, words).iter().map(|found| found.value).collect()
    }

    #[test]
    fn digits_are_read_as_the_language_writes_them() {
        for (language, text, expected) in [
            ("en", "1,234.5", 1_234_500),
            ("en", "1,234", 1_234_000),
            ("en", "1.234", 1_234),
            ("de", "1.234", 1_234_000),
            ("de", "1.234,50", 1_234_500),
            ("de", "1,234", 1_234),
            ("en", "1,5", 1_500),
            ("fr", "42.5", 42_500),
            ("en", "007", 7_000),
        ] {
            assert_eq!(read(language, text), [expected], "{language}: {text}");
        }
        for text in ["1.2.3.4", "1234567890123", "1,23.4,5"] {
            assert_eq!(read("en", text), [0; 0], "{text}");
        }
        assert_eq!(read("en", "999999999999"), [999_999_999_999_000]);
    }

    #[test]
    fn a_number_is_found_where_it_begins() {
        let found = numbers(&Text::read("8 1/2 or 9 and 10").pieces, lexicon("en").expect("known"));
        let at: Vec<Option<i64>> =
            (0..8).map(|at| number_at(&found, at).map(|number| number.value)).collect();
        let (eight, nine, ten) = (Some(8_500), Some(9_000), Some(10_000));
        assert_eq!(at, [eight, None, None, None, nine, None, ten, None]);
    }

    #[test]
    fn halves_belong_to_the_number_before() {
        for text in ["8 1/2", "8\u{bd}", "8 \u{bd}", "8 and a half", "8.5", "eight and a half"] {
            assert_eq!(read("en", text), [8_500], "{text}");
        }
        assert_eq!(read("fr", "quarante-deux et demi"), [42_500]);
    }

    #[test]
    fn numbers_in_words() {
        for (language, text, expected) in [
            ("en", "forty-two", 42),
            ("en", "one hundred and eighty", 180),
            ("en", "two hundred fifty", 250),
            ("fr", "quarante et un", 41),
            ("fr", "soixante-dix-sept", 77),
            ("fr", "quatre-vingt-douze", 92),
            ("fr", "cent soixante-dix-huit", 178),
            ("de", "zweiundvierzig", 42),
            ("de", "einundzwanzig", 21),
            ("de", "neununddrei\u{df}ig", 39),
            ("nl", "tweeënveertig", 42),
            ("it", "quarantadue", 42),
            ("it", "ventuno", 21),
            ("es", "cuarenta y dos", 42),
            ("pt", "quarenta e dois", 42),
        ] {
            assert_eq!(read(language, text), [expected * UNIT], "{language}: {text}");
        }
        assert_eq!(read("en", "two or three"), [2_000, 3_000]);
        assert_eq!(read("en", "a size 42 for one of us"), [42_000], "digits before words");
    }
}
