//! One of several.

use std::collections::BTreeMap;

use strsim::osa_distance;

use super::words::{Lexicon, Phrases, Piece, Text, lexicons};
use super::{CONFIDENCE_DOUBT, Reading, Unclear, confidence, understood};

/// A word has to be so long before a slip of the thumb in it is forgiven: short ones have neighbours.
const SLIP_LETTERS_MIN: usize = 5;

/// How many words before a label may deny it: `not the black one`.
const DENIAL_REACH: usize = 2;

/// Several things of which she names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    options: Vec<(String, Phrases)>,
    numbered: bool,
    labels: Vec<Label>,
}

/// One thing to choose, with everything it may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Label {
    /// What is kept when it is chosen.
    pub value: String,
    /// What she may call it, by language; the value itself as well. The first of a language is how texts call it.
    pub names: BTreeMap<String, Vec<String>>,
}

impl Label {
    /// A value that has no other name.
    pub fn new(value: impl Into<String>) -> Label {
        Label { value: value.into(), names: BTreeMap::new() }
    }

    /// How texts of a language call it.
    pub fn name_in(&self, language: &str) -> &str {
        self.names.get(language).and_then(|names| names.first()).unwrap_or(&self.value)
    }
}

impl Choice {
    /// A choice of these; `numbered` where the question shows them as 1, 2, 3.
    ///
    /// # Errors
    /// The value of one that can be told from none, or from no other: it has no letter or digit, or a name that another has.
    pub fn new(labels: Vec<Label>, numbered: bool) -> Result<Choice, String> {
        let mut options: Vec<(String, Phrases)> = Vec::new();
        for label in &labels {
            let names = label.names.values().flatten().chain([&label.value]).map(String::as_str);
            let phrases = Phrases::new(names);
            let taken = |phrase| options.iter().any(|(_, others)| others.iter().any(|other| other == phrase));
            if phrases.iter().next().is_none() || phrases.iter().any(taken) {
                return Err(label.value.clone());
            }
            options.push((label.value.clone(), phrases));
        }
        Ok(Choice { options, numbered, labels })
    }

    /// What there is to choose from.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Denials count in every language: one that was not seen would be taken for its opposite.
    pub(super) fn read(&self, said: &Text) -> Reading {
        let mut found: Option<(usize, usize)> = None;
        let (mut denied, mut at) = (false, 0);
        while at < said.pieces.len() {
            let lengths = self.options.iter().map(|(_, names)| names.at(&said.pieces, at).unwrap_or(0));
            let Some((option, len)) =
                lengths.enumerate().max_by_key(|(_, len)| *len).filter(|(_, len)| *len > 0)
            else {
                at += 1;
                continue;
            };
            if is_denied(&said.pieces, at) {
                denied = true;
            } else {
                match found {
                    Some((other, _)) if other != option => return Reading::Unclear(Unclear::Several),
                    _ => found = Some((option, len + found.map_or(0, |(_, before)| before))),
                }
            }
            at += len;
        }
        if let Some((option, taken)) = found {
            return understood(&*self.options[option].0, None, confidence(&said.pieces, taken));
        }
        if denied {
            return Reading::Unclear(Unclear::Nothing);
        }
        self.by_number(said).or_else(|| self.by_slip(said)).unwrap_or(Reading::Unclear(Unclear::Nothing))
    }

    /// The number of one, where the question shows numbers and the text is nothing else.
    fn by_number(&self, said: &Text) -> Option<Reading> {
        let [Piece { text, is_number: true, .. }] = said.pieces.as_slice() else { return None };
        if !self.numbered {
            return None;
        }
        let place: usize = text.parse().ok()?;
        match place.checked_sub(1).and_then(|place| self.options.get(place)) {
            Some((value, _)) => Some(understood(&**value, None, super::CONFIDENCE_WHOLE)),
            None => Some(Reading::Unclear(Unclear::OutOfRange)),
        }
    }

    /// The one whose name of one word differs by one letter from a word of the text.
    fn by_slip(&self, said: &Text) -> Option<Reading> {
        let is_slip = |piece: &Piece, name: &str| {
            let enough = piece.text.chars().count().min(name.chars().count()) >= SLIP_LETTERS_MIN;
            enough && !piece.is_number && osa_distance(&piece.text, name) <= 1
        };
        let mut close = self.options.iter().filter(|(_, names)| {
            let single = names.iter().filter_map(|name| name.first().filter(|_| name.len() == 1));
            let mut single = single.flat_map(|name| said.pieces.iter().map(move |piece| (piece, name)));
            single.any(|(piece, name)| is_slip(piece, name))
        });
        let (value, _) = close.next()?;
        if close.next().is_some() {
            return Some(Reading::Unclear(Unclear::Several));
        }
        Some(understood(&**value, None, confidence(&said.pieces, 1).saturating_sub(CONFIDENCE_DOUBT)))
    }
}

/// Whether one of the words before denies what stands at `at`.
fn is_denied(pieces: &[Piece], at: usize) -> bool {
    (at.saturating_sub(DENIAL_REACH)..at).any(|before| {
        let ended = pieces[before + 1..=at].iter().any(|piece| matches!(piece.before, ',' | '.' | ';' | '!'));
        let denies = |words: &Lexicon| words.except.at(pieces, before).is_some_and(|len| before + len <= at);
        !ended && lexicons().any(|(_, words)| denies(words))
    })
}
