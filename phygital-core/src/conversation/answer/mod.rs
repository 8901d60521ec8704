//! Answers to typed questions, read out of what somebody texted.
//!
//! An [`AnswerType`] says what a question asks for. [`AnswerType::read`] takes any text whatever, and says what was
//! understood and how surely, that she would rather not say, or why it is no answer. It never guesses between two
//! readings: what may mean two things is [`Unclear::Several`].

mod choice;
mod date;
mod numbers;
mod quantity;
mod size;
#[cfg(test)]
mod tests;
mod words;
mod yes_no;

use std::fmt;

use chrono::NaiveDate;

pub use choice::{Choice, Label};
pub use date::{DateAnswer, DateRange};
pub use quantity::{DECIMALS_MAX, Quantity, Unit};
pub use size::{Scale, SizeAnswer};

use crate::vocab::Personal;
use words::{Lexicon, Piece, Text, lexicon, lexicons};

/// How sure a reading is where the text is nothing but the answer, in percent.
pub const CONFIDENCE_WHOLE: u32 = 100;
/// How sure it is where a short text says other things too.
pub const CONFIDENCE_WITHIN: u32 = 90;
/// How sure it is where the text is longer than [`SHORT_PIECES_MAX`] words, and may be about something else.
pub const CONFIDENCE_LONG: u32 = 70;
/// What is taken off where she says `about` or `I think`, where she asks, or where another language than that of the
/// conversation was read.
pub const CONFIDENCE_DOUBT: u32 = 20;

/// Most words of a text that is taken to be an answer and little else.
pub const SHORT_PIECES_MAX: usize = 8;

/// What a question asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerType {
    /// One of several.
    Choice(Choice),
    /// A number, with a unit where it has one.
    Number(Quantity),
    /// A size of clothes or shoes.
    Size(SizeAnswer),
    /// A day of the calendar.
    Date(DateAnswer),
    /// Yes or no.
    YesNo,
    /// Whatever she says.
    Text,
}

/// What was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// In the form of its type: the value of the choice, digits with a point, `M` or `42.5`, `2026-12-24` or `--12-24`, `yes`
    /// or `no`, the text itself.
    pub value: Personal,
    /// Unit of the value: that of the quantity, the system of the size.
    pub unit: Option<String>,
    /// How sure it is, in percent, from 1 to 100.
    pub confidence: u32,
}

/// What a text is, held against a question.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reading {
    /// An answer.
    Understood(Answer),
    /// She would rather not say, or does not know.
    Declined,
    /// No answer that could be told.
    Unclear(Unclear),
}

/// Why a text is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Unclear {
    /// It says nothing.
    Empty,
    /// Nothing in it is of the type.
    Nothing,
    /// It can be read in more than one way, or says more than one.
    Several,
    /// It lies outside what the question allows.
    OutOfRange,
    /// It is in a unit that cannot be turned into that of the question.
    Unit,
    /// She asks something herself.
    Question,
}

/// What the reading of an answer may know beside the text.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Asking<'a> {
    /// The language of the conversation, BCP 47.
    pub language: &'a str,
    /// The day it is where she is.
    pub today: NaiveDate,
}

impl<'a> Asking<'a> {
    /// A question in that language on that day.
    pub fn new(language: &'a str, today: NaiveDate) -> Asking<'a> {
        Asking { language, today }
    }
}

impl AnswerType {
    /// Its name in topic files and events.
    pub fn name(&self) -> &'static str {
        match self {
            AnswerType::Choice(_) => "choice",
            AnswerType::Number(_) => "number",
            AnswerType::Size(_) => "size",
            AnswerType::Date(_) => "date",
            AnswerType::YesNo => "yes_no",
            AnswerType::Text => "text",
        }
    }

    /// Reads a text as an answer; at most its first [`INBOUND_BYTES_MAX`](crate::vocab::limits::INBOUND_BYTES_MAX) bytes
    /// count.
    ///
    /// It is read in the language of the conversation first, then in the others that are known, less surely and only where
    /// they agree: people answer in the language that they think in.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use phygital_core::conversation::answer::{AnswerType, Asking, Reading, Unclear};
    /// let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    /// let asking = Asking::new("en", today);
    /// let Reading::Understood(answer) = AnswerType::YesNo.read("Yes please!", &asking) else { panic!() };
    /// assert_eq!((answer.value.reveal(), answer.confidence), ("yes", 100));
    /// assert_eq!(AnswerType::YesNo.read("rather not say", &asking), Reading::Declined);
    /// assert_eq!(AnswerType::YesNo.read("yes and no", &asking), Reading::Unclear(Unclear::Several));
    /// ```
    pub fn read(&self, text: &str, asking: &Asking<'_>) -> Reading {
        let said = Text::read(text);
        if said.pieces.is_empty() && said.signs.is_empty() {
            return Reading::Unclear(Unclear::Empty);
        }
        let own = lexicon(asking.language);
        let all = || own.into_iter().chain(lexicons().map(|(_, words)| words));
        if all().any(|words| words.decline.are(&said.pieces)) {
            return Reading::Declined;
        }
        let reading = match self {
            // The names of what there is to choose are the question's, and her own words are hers: no lexicon has a say.
            AnswerType::Choice(choice) => choice.read(&said),
            AnswerType::Text => free(text, &said),
            AnswerType::Number(quantity) => in_languages(own, |words| quantity.read(&said, words)),
            AnswerType::Size(size) => in_languages(own, |words| size.read(&said, words)),
            AnswerType::Date(date) => in_languages(own, |words| date.read(&said, words, asking)),
            AnswerType::YesNo => in_languages(own, |words| yes_no::read(&said, words)),
        };
        match reading {
            Reading::Understood(mut answer) => {
                if said.asks || own.is_some_and(|words| words.hedge.find(&said.pieces).is_some()) {
                    answer.confidence = answer.confidence.saturating_sub(CONFIDENCE_DOUBT).max(1);
                }
                Reading::Understood(answer)
            }
            // A single word may be part of a sentence; a phrase of several is not there by chance.
            Reading::Unclear(Unclear::Nothing | Unclear::Several)
                if all().any(|words| declines(words, &said)) =>
            {
                Reading::Declined
            }
            Reading::Unclear(Unclear::Nothing) if said.asks => Reading::Unclear(Unclear::Question),
            other => other,
        }
    }
}

/// What a text says in the language of the conversation; else, less surely, what it says in all others that have anything to say.
fn in_languages(own: Option<&'static Lexicon>, read: impl Fn(&Lexicon) -> Reading) -> Reading {
    let first = own.map(&read);
    if let Some(reading) = &first
        && !matches!(reading, Reading::Unclear(Unclear::Nothing))
    {
        return reading.clone();
    }
    let mut found: Option<Answer> = None;
    for (_, words) in lexicons() {
        let Reading::Understood(answer) = read(words) else { continue };
        match &mut found {
            None => found = Some(answer),
            Some(known) if known.value == answer.value && known.unit == answer.unit => {
                known.confidence = known.confidence.min(answer.confidence);
            }
            Some(_) => return Reading::Unclear(Unclear::Several),
        }
    }
    match found {
        Some(mut answer) => {
            answer.confidence = answer.confidence.saturating_sub(CONFIDENCE_DOUBT).max(1);
            Reading::Understood(answer)
        }
        None => first.unwrap_or(Reading::Unclear(Unclear::Nothing)),
    }
}

/// Languages that answers are read in, as primary subtags of BCP 47: `de`, `en`, ...
pub fn languages() -> impl Iterator<Item = &'static str> {
    lexicons().map(|(language, _)| language)
}

/// Whether a text asks something: by its mark at the end, or by the words that it begins with, in any of the [`languages`].
pub(crate) fn asks(text: &str) -> bool {
    let said = Text::read(text);
    said.asks || lexicons().any(|(_, words)| words.asks.at(&said.pieces, 0).is_some())
}

fn declines(words: &Lexicon, said: &Text) -> bool {
    (0..said.pieces.len()).any(|at| words.decline.at(&said.pieces, at).is_some_and(|len| len > 1))
}

/// What she says in her own words. A question is none: somebody has to answer it.
fn free(text: &str, said: &Text) -> Reading {
    if said.asks {
        return Reading::Unclear(Unclear::Question);
    }
    if said.pieces.is_empty() {
        return Reading::Unclear(Unclear::Nothing);
    }
    understood(text.trim(), None, CONFIDENCE_WHOLE)
}

fn understood(value: impl Into<String>, unit: Option<&str>, confidence: u32) -> Reading {
    let (value, unit) = (Personal::new(value), unit.map(str::to_owned));
    Reading::Understood(Answer { value, unit, confidence })
}

/// How sure a reading of `taken` pieces of a text is.
fn confidence(pieces: &[Piece], taken: usize) -> u32 {
    match pieces.len() {
        all if all <= taken => CONFIDENCE_WHOLE,
        all if all <= SHORT_PIECES_MAX => CONFIDENCE_WITHIN,
        _ => CONFIDENCE_LONG,
    }
}

impl Unclear {
    /// Its name in events.
    pub fn name(self) -> &'static str {
        match self {
            Unclear::Empty => "empty",
            Unclear::Nothing => "nothing",
            Unclear::Several => "several",
            Unclear::OutOfRange => "out_of_range",
            Unclear::Unit => "unit",
            Unclear::Question => "question",
        }
    }
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
