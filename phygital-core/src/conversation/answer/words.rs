//! The words of the languages that answers are read in, and texts taken apart into words and numbers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::optin::text::plain;

/// A phrase, word by word, in plain form.
pub(super) type Phrase = Vec<String>;

/// What a language says for what answers are made of. Every phrase is in plain form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lexicon {
    pub(super) yes: Phrases,
    pub(super) no: Phrases,
    /// She would rather not say, or does not know.
    pub(super) decline: Phrases,
    /// A question begins with one of them.
    pub(super) asks: Phrases,
    /// She is not sure of what she says.
    pub(super) hedge: Phrases,
    /// What is said next does not count.
    pub(super) except: Phrases,
    /// From January.
    pub(super) months: Vec<Phrases>,
    /// From Monday.
    pub(super) weekdays: Vec<Phrases>,
    /// Today, tomorrow, the day after.
    pub(super) days: Vec<Phrases>,
    pub(super) yesterday: Phrases,
    pub(super) next: Phrases,
    /// Before a span of time that has to pass.
    #[serde(rename = "in")]
    pub(super) within: Phrases,
    /// Day, week, month.
    pub(super) spans: Vec<Phrases>,
    /// From 0 to 20.
    pub(super) numbers: Vec<Phrases>,
    /// From 30 to 100 in tens.
    pub(super) tens: Vec<Phrases>,
    /// What stands between one and ten in one word: `und` in *zweiundvierzig*.
    #[serde(default)]
    pub(super) joined_by: Option<String>,
    pub(super) half: Phrases,
    /// Names of units beside their signs.
    pub(super) units: BTreeMap<String, Phrases>,
    /// Names of sizes.
    pub(super) sizes: BTreeMap<String, Phrases>,
    /// Whether a comma, not a point, stands before decimals.
    pub(super) comma: bool,
    /// Whether the day stands before the month.
    pub(super) day_first: bool,
}

/// Phrases of one meaning, the longest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<String>")]
pub(super) struct Phrases(Vec<Phrase>);

impl From<Vec<String>> for Phrases {
    fn from(texts: Vec<String>) -> Phrases {
        Phrases::new(texts.iter().map(String::as_str))
    }
}

impl Phrases {
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Phrases {
        let mut phrases: Vec<Phrase> = texts.map(phrase).filter(|phrase| !phrase.is_empty()).collect();
        phrases.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        phrases.dedup();
        Phrases(phrases)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Phrase> {
        self.0.iter()
    }

    /// How many pieces the longest of them takes up from `at` on.
    pub(super) fn at(&self, pieces: &[Piece], at: usize) -> Option<usize> {
        let here = |phrase: &&Phrase| {
            let end = at + phrase.len();
            end <= pieces.len()
                && pieces[at..end].iter().zip(*phrase).all(|(piece, word)| piece.text == *word)
        };
        self.0.iter().find(here).map(Vec::len)
    }

    /// Where one of them stands, from the left, and how many pieces it takes up.
    pub(super) fn find(&self, pieces: &[Piece]) -> Option<(usize, usize)> {
        (0..pieces.len()).find_map(|at| Some((at, self.at(pieces, at)?)))
    }

    /// Whether one of them is the whole text.
    pub(super) fn are(&self, pieces: &[Piece]) -> bool {
        self.at(pieces, 0).is_some_and(|len| len == pieces.len())
    }
}

/// The words of a phrase in plain form.
pub(super) fn phrase(text: &str) -> Phrase {
    Text::read(text).pieces.into_iter().map(|piece| piece.text).collect()
}

static LEXICONS: LazyLock<BTreeMap<String, Lexicon>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../data/answers.json")).expect("checked by a test")
});

/// The words of a language tag's language: `en` for `en-GB`. `None` where they are not known.
pub(super) fn lexicon(language: &str) -> Option<&'static Lexicon> {
    let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
    LEXICONS.get(&primary)
}

/// The languages whose words are known, and their words.
pub(super) fn lexicons() -> impl Iterator<Item = (&'static str, &'static Lexicon)> {
    LEXICONS.iter().map(|(language, lexicon)| (language.as_str(), lexicon))
}

/// A word or a number of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Letters in plain form, or digits with points and commas between them.
    pub(super) text: String,
    pub(super) is_number: bool,
    /// What stands before it: a sign, a space, or nothing (`\0`) between letters and digits.
    pub(super) before: char,
}

/// A text in plain form, taken apart.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) pieces: Vec<Piece>,
    /// Everything that is neither letter, digit nor space: punctuation, emoji.
    pub(super) signs: Vec<char>,
    /// Whether it ends with a question mark.
    pub(super) asks: bool,
}

impl Text {
    /// Takes a text apart. What stands in typographic quotes is left out: a reaction quotes what we said.
    pub(super) fn read(text: &str) -> Text {
        let mut read = Text::default();
        let mut before = ' ';
        let said = plain(&halves(&without_quotes(text)));
        let mut chars = said.chars().peekable();
        while let Some(c) = chars.next() {
            let last = read.pieces.last_mut();
            if c.is_alphabetic() {
                match last.filter(|piece| before == '\0' && !piece.is_number) {
                    Some(piece) => piece.text.push(c),
                    None => read.pieces.push(Piece { text: c.into(), is_number: false, before }),
                }
                before = '\0';
            } else if c.is_ascii_digit() {
                match last.filter(|piece| before == '\0' && piece.is_number) {
                    Some(piece) => piece.text.push(c),
                    None => read.pieces.push(Piece { text: c.into(), is_number: true, before }),
                }
                before = '\0';
            } else if before == '\0'
                && let Some(piece) = last
                && chars.peek().is_some_and(|next| match (is_apostrophe(c), c) {
                    (true, _) => !piece.is_number && next.is_alphabetic(),
                    (false, '.' | ',') => piece.is_number && next.is_ascii_digit(),
                    _ => false,
                })
            {
                // `don't` is one word, `1.5` one number.
                if !is_apostrophe(c) {
                    piece.text.push(c);
                }
            } else if c.is_whitespace() {
                before = if before == '\0' { ' ' } else { before };
            } else {
                read.asks = matches!(c, '?' | '\u{61f}');
                before = c;
                read.signs.push(c);
            }
            read.asks &= !c.is_alphanumeric();
        }
        for piece in &mut read.pieces {
            if !piece.is_number {
                piece.text = unstretched(&piece.text).to_owned();
            }
        }
        read
    }
}

/// The text without what stands in typographic quotation marks.
fn without_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '\u{201c}' | '\u{201e}' | '\u{ab}' => depth += 1,
            '\u{201d}' | '\u{bb}' if depth > 0 => depth -= 1,
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    // One that is never closed was no quotation.
    if depth == 0 { out } else { text.to_owned() }
}

/// The sign of a half as a number of its own; the compatibility form would glue its parts to what stands before.
fn halves(text: &str) -> String {
    text.replace('\u{bd}', " 0.5 ")
}

/// What phones write for an apostrophe, and behind feet.
pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bc}' | '\u{2032}' | '`')
}

/// A word whose last letter was held down: `YESSSS` is `YES`.
fn unstretched(word: &str) -> &str {
    let Some(last) = word.chars().next_back() else { return word };
    let rest = word.trim_end_matches(last);
    let held = (word.len() - rest.len()) / last.len_utf8();
    if held > 2 { &word[..rest.len() + last.len_utf8()] } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        phrase(text)
    }

    #[test]
    fn every_language_is_whole() {
        assert_eq!(lexicons().count(), 7);
        for (language, words) in lexicons() {
            let counts =
                [&words.months, &words.weekdays, &words.days, &words.spans, &words.numbers, &words.tens];
            assert_eq!(counts.map(Vec::len), [12, 7, 3, 3, 21, 8], "{language}");
            for list in [&words.yes, &words.no, &words.decline] {
                assert!(list.iter().count() > 10, "{language}");
            }
            // A word that is both would answer whatever is asked.
            for yes in words.yes.iter() {
                assert!(words.no.iter().chain(words.decline.iter()).all(|other| other != yes), "{yes:?}");
            }
            for no in words.no.iter() {
                assert!(words.decline.iter().all(|other| other != no), "{language}: {no:?}");
            }
        }
        assert!(lexicon("en-GB").is_some() && lexicon("FR").is_some() && lexicon("tlh").is_none());
    }

    #[test]
    fn a_text_becomes_words_and_numbers() {
        assert_eq!(said("I don\u{2019}t know\u{2026} d'accord!"), ["I", "DONT", "KNOW", "DACCORD"]);
        assert_eq!(said("size 42eu, 1,5 or 8\u{bd}."), ["SIZE", "42", "EU", "1,5", "OR", "8", "0.5"]);
        assert_eq!(said("yesssss nooo coffee"), ["YES", "NO", "COFFEE"]);
        assert_eq!(said("5'11"), ["5", "11"]);
        assert_eq!(Text::read("5'11").pieces[1].before, '\'');
        assert_eq!(said("Liked \u{201c}Shall we? yes or no\u{201d}"), ["LIKED"]);
        assert_eq!(said("\u{201c}yes"), ["YES"]);
        assert_eq!(said("\u{662}\u{661}"), ["21"], "Arabic digits");
    }

    #[test]
    fn questions_are_told_by_their_mark_or_their_first_words() {
        for text in [
            "where is it",
            "Wheres my order",
            "is it ready yet",
            "so?",
            "hi, can you tell me?",
            "wo bleibt das Paket",
            "Où est ma commande",
            "¿dónde está mi pedido",
            "dov'\u{e8} il pacco",
            "onde está",
            "waar is mijn bestelling",
        ] {
            assert!(super::super::asks(text), "{text}");
        }
        for text in [
            "thanks!",
            "ok",
            "great, coming at five",
            "it is fine",
            "danke",
            "merci",
            "",
            "42",
            "Liked \u{201c}where is it\u{201d}",
        ] {
            assert!(!super::super::asks(text), "{text}");
        }
    }

    #[test]
    fn a_question_ends_with_its_mark() {
        for text in ["really?", "really ??", "vraiment ? "] {
            assert!(Text::read(text).asks, "{text}");
        }
        assert!(!Text::read("what? 42").asks);
    }
}
