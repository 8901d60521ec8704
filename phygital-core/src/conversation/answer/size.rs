//! Sizes of clothes and shoes: letters, numbers with halves, or the host's own.

use super::numbers::{Found, UNIT, number_at, numbers};
use super::words::{Lexicon, Phrase, Phrases, Piece, Text, phrase};
use super::{Reading, Unclear, confidence, understood};

/// Sizes of one system or of several, of which she names one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SizeAnswer {
    /// The scales that she may answer in, the shop's own first: a bare size is of the first, or of the only one that has it.
    pub scales: Vec<Scale>,
}

/// The sizes of one system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    system: Option<String>,
    sizes: Vec<(String, Phrase)>,
}

impl Scale {
    /// The sizes of a system such as `eu`, in order; without a name where there is but one.
    ///
    /// # Errors
    /// The size that says nothing, or that another is written like.
    pub fn new(system: Option<String>, sizes: impl IntoIterator<Item = String>) -> Result<Scale, String> {
        let mut known: Vec<(String, Phrase)> = Vec::new();
        for size in sizes {
            let words = phrase(&size);
            if words.is_empty() || known.iter().any(|(_, other)| *other == words) {
                return Err(size);
            }
            known.push((size, words));
        }
        Ok(Scale { system, sizes: known })
    }

    /// Its name.
    pub fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    /// Its sizes.
    pub fn sizes(&self) -> impl Iterator<Item = &str> {
        self.sizes.iter().map(|(size, _)| size.as_str())
    }

    fn has(&self, words: &[String]) -> Option<&str> {
        self.sizes.iter().find(|(_, size)| size == words).map(|(size, _)| size.as_str())
    }
}

/// A size that stands in a text.
struct Named<'s> {
    len: usize,
    size: Option<&'s str>,
    scale: usize,
}

impl SizeAnswer {
    /// Sizes of these scales.
    pub fn new(scales: Vec<Scale>) -> SizeAnswer {
        SizeAnswer { scales }
    }

    pub(super) fn read(&self, said: &Text, words: &Lexicon) -> Reading {
        let pieces = &said.pieces;
        let named = self.system_in(pieces);
        let numbers = numbers(pieces, words);
        let mut found: Vec<Named<'_>> = Vec::new();
        let mut at = 0;
        while at < pieces.len() {
            match self.at(pieces, at, named, &numbers, words) {
                Some(one) => {
                    at += one.len;
                    found.push(one);
                }
                None => at += 1,
            }
        }
        // A number that is no size stands for one only where nothing else does: `two pairs, M`.
        if found.iter().any(|one| one.size.is_some()) {
            found.retain(|one| one.size.is_some());
        }
        let Some(first) = found.first() else { return Reading::Unclear(Unclear::Nothing) };
        if found.iter().any(|one| (one.size, one.scale) != (first.size, first.scale)) {
            return Reading::Unclear(Unclear::Several);
        }
        let Some(size) = first.size else { return Reading::Unclear(Unclear::OutOfRange) };
        let unit = self.scales[first.scale].system();
        let taken = first.len + usize::from(named.is_some());
        // A bare size is the shop's own; else it may be of one other system only.
        let elsewhere =
            self.scales.iter().skip(first.scale + 1).any(|scale| scale.has(&phrase(size)).is_some());
        if named.is_none() && first.scale > 0 && elsewhere {
            return Reading::Unclear(Unclear::Several);
        }
        let sure = confidence(&said.pieces, taken);
        understood(size, unit, sure)
    }

    /// The scale whose system she names.
    fn system_in(&self, pieces: &[Piece]) -> Option<usize> {
        let names = |scale: &Scale, piece: &Piece| {
            let is = |name: &str| piece.text.eq_ignore_ascii_case(name);
            scale.system().is_some_and(|system| {
                is(system) || (system == "eu" && is("eur")) || (system == "us" && is("usa"))
            })
        };
        self.scales
            .iter()
            .position(|scale| pieces.iter().any(|piece| !piece.is_number && names(scale, piece)))
    }

    /// The size that begins at `at`: one of the scale that is named, else of the first that has it.
    fn at(
        &self,
        pieces: &[Piece],
        at: usize,
        named: Option<usize>,
        numbers: &[Found],
        words: &Lexicon,
    ) -> Option<Named<'_>> {
        let scales = || {
            self.scales.iter().enumerate().filter(move |(place, _)| named.is_none_or(|named| named == *place))
        };
        for (scale, sizes) in scales() {
            // As it is written in the scale: `W32 L34`, `34B`, `Tall M`.
            let literal = sizes.sizes.iter().filter(|(_, size)| is_at(size, pieces, at));
            if let Some((size, len)) =
                literal.map(|(size, words)| (size, words.len())).max_by_key(|(_, len)| *len)
                && !goes_on(pieces, at + len, words)
            {
                return Some(Named { len, size: Some(size), scale });
            }
        }
        if let Some((letters, len)) = letters_at(pieces, at, words) {
            let has = scales().find_map(|(scale, sizes)| Some((scale, sizes.has(&phrase(&letters))?)));
            let any = self
                .scales
                .iter()
                .any(|scale| scale.sizes().any(|size| size.chars().all(char::is_alphabetic)));
            return match has {
                Some((scale, size)) => Some(Named { len, size: Some(size), scale }),
                None => any.then_some(Named { len, size: None, scale: 0 }),
            };
        }
        let number = number_at(numbers, at)?;
        let (whole, rest) = (number.value / UNIT, number.value % UNIT);
        let written = if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:03}") };
        let written = phrase(if rest == 0 { &written } else { written.trim_end_matches('0') });
        let has = scales().find_map(|(scale, sizes)| Some((scale, sizes.has(&written)?)));
        // A number in words that is no size says something else: `the one my sister has`.
        if has.is_none() && !pieces[at].is_number {
            return None;
        }
        let (scale, size) = has.map_or((0, None), |(scale, size)| (scale, Some(size)));
        Some(Named { len: number.len, size, scale })
    }
}

fn is_at(size: &[String], pieces: &[Piece], at: usize) -> bool {
    let end = at + size.len();
    end <= pieces.len() && pieces[at..end].iter().zip(size).all(|(piece, word)| piece.text == *word)
}

/// Whether a half follows, so that the size is another one.
fn goes_on(pieces: &[Piece], at: usize, words: &Lexicon) -> bool {
    let half = pieces.get(at).is_some_and(|piece| piece.text == "0.5")
        || matches!(pieces.get(at..at + 2), Some([one, two]) if one.text == "1" && two.text == "2" && two.before == '/');
    half || words.half.at(pieces, at).is_some()
}

/// A size of letters in its usual form, and how many pieces say it: `small` is `S`, `2xl` is `XXL`.
fn letters_at(pieces: &[Piece], at: usize, words: &Lexicon) -> Option<(String, usize)> {
    let named = words
        .sizes
        .iter()
        .filter_map(|(size, names): (&String, &Phrases)| Some((size, names.at(pieces, at)?)));
    if let Some((size, len)) = named.max_by_key(|(_, len)| *len) {
        return Some((size.clone(), len));
    }
    let piece = pieces.get(at)?;
    let letters = |text: &str| {
        matches!(text, "S" | "M" | "L")
            || text.trim_start_matches('X').len() == 1 && matches!(text.trim_start_matches('X'), "S" | "L")
    };
    if !piece.is_number {
        return letters(&piece.text).then(|| (piece.text.clone(), 1));
    }
    // Letters that follow a count without a space: `3XL`.
    let times: usize = piece.text.parse().ok().filter(|times| (1..=6).contains(times))?;
    let next =
        pieces.get(at + 1).filter(|next| next.before == '\0' && matches!(next.text.as_str(), "XL" | "XS"))?;
    Some((format!("{}{}", "X".repeat(times), &next.text[1..]), 2))
}
