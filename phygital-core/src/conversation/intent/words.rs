//! A text taken apart into words, as they are written and as they are meant.

use super::lexicon::{Lexicon, Sense};
use crate::optin::text::{is_break, is_joint, is_space};

/// Most words of a text that are read: ten parts of a text message have some four hundred.
pub(super) const WORDS_MAX: usize = 512;

/// What stands before a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pause {
    /// White space, or a hyphen or dot between two letters.
    None,
    /// A comma, a bracket, a quotation mark, an emoji.
    Short,
    /// The end of a sentence or of a line, or the start of the text.
    Long,
}

/// A word and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) pause: Pause,
    pub(super) sense: Sense,
}

/// The words of a text.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// At most [`WORDS_MAX`].
    pub(super) words: Vec<Word>,
    /// All that was written, in words with one space between.
    pub(super) said: String,
    /// Whether there is anything beside letters, digits and punctuation: an emoji.
    pub(super) symbols: bool,
}

/// What separates words, as it is found.
fn pause(c: char) -> Pause {
    if is_break(c) || matches!(c, '.' | '!' | '?' | ';' | ':' | '\u{2026}' | '\u{3002}' | '\u{a1}' | '\u{bf}')
    {
        // A quotation mark is no end of a sentence.
        if matches!(c, '"' | '\u{201c}'..='\u{201f}' | '\u{ab}' | '\u{bb}') {
            Pause::Short
        } else {
            Pause::Long
        }
    } else if is_space(c) {
        Pause::None
    } else {
        Pause::Short
    }
}

/// Emoji, arrows and the like.
fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fffd}' | '\u{1f000}'..='\u{1faff}')
}

/// What phones write for an apostrophe.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{2b9}' | '\u{2bb}' | '\u{2bc}' | '\u{2032}')
}

/// French and Italian words that lose their vowel before another: what follows them is a word of its own.
const ELIDED: &str = "CDJLMNST";

/// The letter that one with a stroke is taken for; compatibility forms leave them as they are.
fn base(c: char) -> char {
    match c {
        '\u{141}' => 'L',
        '\u{110}' | '\u{d0}' => 'D',
        '\u{d8}' => 'O',
        other => other,
    }
}

/// Takes a plain text apart. `lines` are those of the text that she wrote herself.
pub(super) fn words(lines: &[&str], lexicon: &Lexicon) -> Words {
    let mut found = Words::default();
    let mut written: Vec<(usize, usize, Pause)> = Vec::new();
    for line in lines {
        let mut before = Pause::Long;
        let mut word: Option<usize> = None;
        let mut rest = line.chars().peekable();
        while let Some(c) = rest.next() {
            if written.len() >= WORDS_MAX {
                break;
            }
            let signs = is_symbol(c) && lexicon.is_sign(c);
            if c.is_alphanumeric() {
                if word.is_none() {
                    if !found.said.is_empty() {
                        found.said.push(' ');
                    }
                    word = Some(found.said.len());
                }
                found.said.push(base(c));
                continue;
            }
            let inside = word.is_some() && rest.peek().is_some_and(|next| next.is_alphanumeric());
            if is_apostrophe(c) && inside {
                let start = word.unwrap_or_default();
                let elided = found.said[start..].len() == 1 && ELIDED.contains(&found.said[start..]);
                let letters = rest.clone().take(2).filter(|next| next.is_alphanumeric()).count();
                if elided && letters == 2 {
                    written.extend(word.take().map(|start| (start, found.said.len(), before)));
                    before = Pause::None;
                }
                continue;
            }
            if let Some(start) = word.take() {
                written.push((start, found.said.len(), before));
                before = Pause::None;
            }
            found.symbols |= is_symbol(c);
            if signs {
                found.said.push_str(if found.said.is_empty() { "" } else { " " });
                let start = found.said.len();
                found.said.push(c);
                written.push((start, found.said.len(), before.max(Pause::Short)));
                before = Pause::Short;
            } else if !(is_apostrophe(c) || is_joint(c) && inside) {
                before = before.max(pause(c));
            }
        }
        written.extend(word.take().map(|start| (start, found.said.len(), before)));
    }
    found.words = meant(&found.said, &written, lexicon);
    found
}

/// The words as they are meant: those that belong together as one, single letters that spell a word as that word.
fn meant(said: &str, written: &[(usize, usize, Pause)], lexicon: &Lexicon) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::with_capacity(written.len());
    let mut at = 0;
    while let Some(&(start, end, pause)) = written.get(at) {
        if let Some((sense, many)) = spelt(said, &written[at..], lexicon) {
            words.push(Word { pause, sense });
            at += many;
            continue;
        }
        let sense = lexicon.sense(&said[start..end]);
        match words.last_mut() {
            Some(last) if pause == Pause::None => match lexicon.together(last.sense, sense) {
                Some(one) => last.sense = one,
                None => words.push(Word { pause, sense }),
            },
            _ => words.push(Word { pause, sense }),
        }
        at += 1;
    }
    words
}

/// The word that four or more single letters spell.
fn spelt(said: &str, written: &[(usize, usize, Pause)], lexicon: &Lexicon) -> Option<(Sense, usize)> {
    let single = |one: &&(usize, usize, Pause)| one.1 - one.0 == 1;
    let many = written.iter().take_while(single).take(12).count();
    if many < 4 {
        return None;
    }
    let word: String = written[..many].iter().map(|(start, end, _)| &said[*start..*end]).collect();
    lexicon.known(&word).map(|sense| (sense.mended(), many))
}
