//! A number with a unit, turned exactly into the unit of the question.

use super::numbers::{Found, UNIT, numbers};
use super::words::{Lexicon, Piece, Text, is_apostrophe};
use super::{CONFIDENCE_DOUBT, CONFIDENCE_WITHIN, Reading, Unclear, confidence, understood};

/// Most decimals of an answer.
pub const DECIMALS_MAX: u32 = 3;

/// A number, with what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quantity {
    /// Its unit: a [`Unit`], a currency, or a word of the host's own; `None` for a bare count.
    pub unit: Option<String>,
    /// Units of the same kind that she may answer in.
    pub also: Vec<Unit>,
    /// The least it may be, in thousandths.
    pub min: i64,
    /// The most it may be, in thousandths.
    pub max: i64,
    /// Decimals that are kept, at most [`DECIMALS_MAX`]; the rest is rounded, half up.
    pub decimals: u32,
}

macro_rules! units {
    ($($variant:ident $sign:literal $length:literal $size:literal),* $(,)?) => {
        /// A unit of length or weight.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Unit {
            $(#[doc = concat!("`", $sign, "`")] $variant),*
        }

        impl Unit {
            /// Every one.
            pub const ALL: &[Unit] = &[$(Unit::$variant),*];

            /// Its sign, as topic files write it.
            pub fn sign(self) -> &'static str {
                match self { $(Unit::$variant => $sign),* }
            }

            /// Whether it measures lengths; else weights.
            pub fn is_length(self) -> bool {
                match self { $(Unit::$variant => $length),* }
            }

            /// In tenths of a micrometre or in micrograms: the international yard and pound of 1959 are exact in them.
            fn size(self) -> i128 {
                match self { $(Unit::$variant => $size),* }
            }
        }
    };
}

units! {
    Millimetre "mm" true 10_000,
    Centimetre "cm" true 100_000,
    Metre "m" true 10_000_000,
    Inch "in" true 254_000,
    Foot "ft" true 3_048_000,
    Gram "g" false 1_000_000,
    Kilogram "kg" false 1_000_000_000,
    Ounce "oz" false 28_349_523,
    Pound "lb" false 453_592_370,
}

impl Unit {
    /// The unit of that sign.
    pub fn of(sign: &str) -> Option<Unit> {
        Unit::ALL.iter().copied().find(|unit| unit.sign() == sign)
    }
}

/// Signs of currencies before or behind an amount, and the codes that they may stand for.
const CURRENCIES: [(char, &[&str]); 4] = [
    ('\u{20ac}', &["EUR"]),
    ('$', &["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"]),
    ('\u{a3}', &["GBP"]),
    ('\u{a5}', &["JPY", "CNY"]),
];

/// A number and the unit it was said with.
#[derive(Debug, Clone, Copy)]
struct Measured {
    value: i64,
    unit: Option<Unit>,
    taken: usize,
}

impl Quantity {
    /// A number from `min` to `max`, in thousandths, without unit and decimals.
    pub fn new(min: i64, max: i64) -> Quantity {
        Quantity { unit: None, also: Vec::new(), min, max, decimals: 0 }
    }

    /// The length of the longest value as it is kept, in characters.
    pub fn longest(&self) -> usize {
        let whole = [self.min, self.max].map(|bound| self.written(bound).len());
        whole[0].max(whole[1]).max(1)
    }

    pub(super) fn read(&self, said: &Text, words: &Lexicon) -> Reading {
        let foreign = |(sign, codes): &(char, &[&str])| {
            said.signs.contains(sign) && !self.unit.as_deref().is_some_and(|unit| codes.contains(&unit))
        };
        if CURRENCIES.iter().any(foreign) {
            return Reading::Unclear(Unclear::Unit);
        }
        let found = numbers(&said.pieces, words);
        let mut measured = Vec::new();
        let mut rest = found.as_slice();
        while let Some(first) = rest.first() {
            let (one, used) = measure(first, rest.get(1), &said.pieces, words);
            measured.push(one);
            rest = &rest[used..];
        }
        match measured.as_slice() {
            [] => Reading::Unclear(Unclear::Nothing),
            [one] => self.judge(one, said),
            // Said twice is said once.
            [one, others @ ..]
                if others.iter().all(|other| {
                    other.value == one.value && (other.unit.is_none() || other.unit == one.unit)
                }) =>
            {
                self.judge(one, said)
            }
            _ => Reading::Unclear(Unclear::Several),
        }
    }

    fn judge(&self, said_so: &Measured, said: &Text) -> Reading {
        let own = self.unit.as_deref().and_then(Unit::of);
        let sure = confidence(&said.pieces, said_so.taken);
        let within = |value: i64| (self.min..=self.max).contains(&value);
        if let Some(unit) = said_so.unit {
            let Some(own) = own.filter(|own| own.is_length() == unit.is_length()) else {
                return Reading::Unclear(Unclear::Unit);
            };
            return match convert(said_so.value, unit, own)
                .map(|value| self.rounded(value))
                .filter(|value| within(*value))
            {
                Some(value) => understood(self.written(value), self.unit.as_deref(), sure),
                None => Reading::Unclear(Unclear::OutOfRange),
            };
        }
        let value = self.rounded(said_so.value);
        if within(value) {
            return understood(self.written(value), self.unit.as_deref(), sure);
        }
        // `1.80` to a question in centimetres: the one unit in which it makes sense.
        let turned = self.also.iter().filter_map(|unit| convert(said_so.value, *unit, own?));
        let mut fitting = turned.map(|value| self.rounded(value)).filter(|value| within(*value));
        match (fitting.next(), fitting.next()) {
            (Some(value), None) => {
                let sure = sure.min(CONFIDENCE_WITHIN).saturating_sub(CONFIDENCE_DOUBT / 2);
                understood(self.written(value), self.unit.as_deref(), sure)
            }
            _ => Reading::Unclear(Unclear::OutOfRange),
        }
    }

    fn rounded(&self, value: i64) -> i64 {
        let step = 10_i64.pow(3 - self.decimals.min(DECIMALS_MAX));
        value.saturating_add(step / 2).div_euclid(step).saturating_mul(step)
    }

    /// Digits with a point, without zeros at the end.
    fn written(&self, value: i64) -> String {
        let (whole, rest) = (value.div_euclid(UNIT), value.rem_euclid(UNIT));
        match rest {
            0 => whole.to_string(),
            _ => format!("{whole}.{rest:03}").trim_end_matches('0').to_owned(),
        }
    }
}

/// A number with its unit, together with the next one where both are one measure: `1 m 80`, `5'11`, `5 ft 11 in`. Says how
/// many numbers it is of.
fn measure(first: &Found, next: Option<&Found>, pieces: &[Piece], words: &Lexicon) -> (Measured, usize) {
    let (unit, len) = unit_at(pieces, first.end(), words);
    let alone = Measured { value: first.value, unit, taken: first.len + len };
    let Some(next) = next.filter(|next| next.at == first.end() + len) else { return (alone, 1) };
    let (behind, behind_len) = unit_at(pieces, next.end(), words);
    let is_foot = unit == Some(Unit::Foot) || (unit.is_none() && is_apostrophe(pieces[next.at].before));
    let taken = alone.taken + next.len + behind_len;
    if is_foot && matches!(behind, None | Some(Unit::Inch)) && next.value < 12 * UNIT {
        let value = first.value.saturating_mul(12).saturating_add(next.value);
        return (Measured { value, unit: Some(Unit::Inch), taken }, 2);
    }
    let two_digits = (10 * UNIT..100 * UNIT).contains(&next.value);
    if unit == Some(Unit::Metre) && two_digits && matches!(behind, None | Some(Unit::Centimetre)) {
        let value = first.value.saturating_mul(100).saturating_add(next.value);
        return (Measured { value, unit: Some(Unit::Centimetre), taken }, 2);
    }
    (alone, 1)
}

/// The unit that stands at `at`, and how many pieces it takes up.
fn unit_at(pieces: &[Piece], at: usize, words: &Lexicon) -> (Option<Unit>, usize) {
    let Some(piece) = pieces.get(at) else { return (None, 0) };
    for unit in Unit::ALL {
        if piece.text.eq_ignore_ascii_case(unit.sign())
            && !words.within.iter().any(|phrase| is_word(phrase, pieces, at))
        {
            return (Some(*unit), 1);
        }
        if let Some(len) = words.units.get(unit.sign()).and_then(|names| names.at(pieces, at)) {
            return (Some(*unit), len);
        }
    }
    (None, 0)
}

/// Whether a phrase that is spelled like a unit goes on: `in` is an inch at the end of `5 in`, no more in `2 in my house`.
fn is_word(phrase: &[String], pieces: &[Piece], at: usize) -> bool {
    phrase.len() == 1 && phrase[0] == pieces[at].text && at + 1 < pieces.len() && !pieces[at + 1].is_number
}

/// In thousandths of `to`, rounded half up.
fn convert(value: i64, from: Unit, to: Unit) -> Option<i64> {
    if from.is_length() != to.is_length() {
        return None;
    }
    let (numerator, denominator) = (i128::from(value) * from.size(), to.size());
    i64::try_from((numerator + denominator / 2).div_euclid(denominator)).ok()
}
