//! What an inbound text means, before anything else is done with it.
//!
//! A wish to be left alone may be told in any reasonable way (47 CFR 64.1200(a)(10)): in the words that always count, in plain
//! language, in another language, mistyped. [`classify`] finds it, and tells it from "don't stop", from "I'll stop by" and from
//! a tapback that quotes our own line. It knows no clock and no store: what was said before comes in as [`Context`].
//!
//! How well it does is measured on labelled texts in `vectors/engagement`; see `docs/inbound.md`.

mod lexicon;
mod own_words;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::lexicon::{Find, Kind, Lexicon, STANDARD, Text};
use self::own_words::own_words;
use self::words::{Words, words};
use crate::optin::keywords::{Keyword, REMOVE, keyword};
use crate::optin::{Code, Finds, find, text};
use crate::rules::{Place, WordKind};
use crate::vocab::{Region, Timestamp};

pub use self::vocabulary::Vocabulary;

/// What a text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// To stop at once, and to confirm it once: an exact keyword.
    OptOut,
    /// The same in other words: to stop at once, and to confirm it once, never to answer with "reply STOP".
    OptOutLikely,
    /// To be a subscriber again: a keyword alone.
    OptIn,
    /// To join, with the code of a tap.
    Join,
    /// To join, without a code that is good.
    JoinNoTap,
    /// Yes, in answer to the question of a double opt-in.
    ConfirmOptIn,
    /// The help text: a keyword alone.
    Help,
    /// Help of a person.
    HelpLikely,
    /// Yes, in answer to what was asked.
    AnswerYes,
    /// No, in answer to what was asked.
    AnswerNo,
    /// A number, in answer to what was asked.
    AnswerNumber,
    /// Anything else: conversation.
    Other,
}

impl Class {
    /// Every class.
    pub const ALL: &[Class] = &[
        Class::OptOut,
        Class::OptOutLikely,
        Class::OptIn,
        Class::Join,
        Class::JoinNoTap,
        Class::ConfirmOptIn,
        Class::Help,
        Class::HelpLikely,
        Class::AnswerYes,
        Class::AnswerNo,
        Class::AnswerNumber,
        Class::Other,
    ];

    /// The name in JSON and on the command line; it keeps its meaning for ever.
    pub fn code(self) -> &'static str {
        match self {
            Class::OptOut => "opt_out",
            Class::OptOutLikely => "opt_out_likely",
            Class::OptIn => "opt_in",
            Class::Join => "join",
            Class::JoinNoTap => "join_no_tap",
            Class::ConfirmOptIn => "confirm_opt_in",
            Class::Help => "help",
            Class::HelpLikely => "help_likely",
            Class::AnswerYes => "answer_yes",
            Class::AnswerNo => "answer_no",
            Class::AnswerNumber => "answer_number",
            Class::Other => "other",
        }
    }

    /// Whether it is a wish to get no more texts, in whatever words.
    pub fn is_opt_out(self) -> bool {
        matches!(self, Class::OptOut | Class::OptOutLikely)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a text was read as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// It is all of one keyword.
    Keyword,
    /// A phrase of plain language stands in it.
    Phrase,
    /// The same, mistyped or written with other letters.
    Mistyped,
    /// It says that the number is not whose we think.
    WrongNumber,
    /// It holds a code, or asks for one.
    Code,
    /// It answers what was asked.
    Asked,
    /// It has words of a wish in an everyday meaning: negated, of an order, of a place.
    Everyday,
    /// It would be a wish, but a question waits or an order is talked of.
    Conversation,
    /// A phone tells that somebody reacted to a message of ours.
    Reaction,
    /// Nothing is in it.
    Empty,
    /// Nothing in it is known here.
    Nothing,
}

impl Reason {
    /// The name in JSON; it keeps its meaning for ever.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Keyword => "keyword",
            Reason::Phrase => "phrase",
            Reason::Mistyped => "mistyped",
            Reason::WrongNumber => "wrong_number",
            Reason::Code => "code",
            Reason::Asked => "asked",
            Reason::Everyday => "everyday",
            Reason::Conversation => "conversation",
            Reason::Reaction => "reaction",
            Reason::Empty => "empty",
            Reason::Nothing => "nothing",
        }
    }
}

/// What kind of answer a question waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Asked {
    /// Yes or no.
    YesNo,
    /// A number.
    Number,
    /// One of several.
    Choice,
    /// Anything in words.
    Text,
    /// It is not known what.
    Any,
}

/// What was said before a text: all absent unless set.
///
/// ```
/// use phygital_core::conversation::intent::{Asked, Class, Context, classify};
/// assert_eq!(classify("yes", &Context::default()).class, Class::OptIn);
/// assert_eq!(classify("yes", &Context::default().with_pending(Asked::YesNo)).class, Class::AnswerYes);
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Context<'c> {
    /// The keywords of the notices that are shown.
    pub keywords: &'c [&'c str],
    /// The country of the number that texts.
    pub region: Option<Region>,
    /// The question that waits.
    pub pending: Option<Asked>,
    /// Whether she was asked to confirm that she joins.
    pub double_opt_in_pending: bool,
    /// Whether an order, a reservation or an appointment is talked of, so that "cancel it" may mean that.
    pub order_talked_of: bool,
    /// Whether the code in the text is good, where that is known.
    pub token_valid: Option<bool>,
    /// The keywords of a rule book, where she may be, and when.
    pub vocabulary: Option<(&'c Vocabulary, &'c [Place], Timestamp)>,
}

impl<'c> Context<'c> {
    /// With the keywords of the notices that are shown.
    pub fn with_keywords(self, keywords: &'c [&'c str]) -> Context<'c> {
        Context { keywords, ..self }
    }

    /// With the country of the number that texts.
    pub fn with_region(self, region: Region) -> Context<'c> {
        Context { region: Some(region), ..self }
    }

    /// With the keywords of a rule book as they hold at any of `places` at a time.
    pub fn with_vocabulary(
        self,
        vocabulary: &'c Vocabulary,
        places: &'c [Place],
        at: Timestamp,
    ) -> Context<'c> {
        Context { vocabulary: Some((vocabulary, places, at)), ..self }
    }

    /// With a question that waits.
    pub fn with_pending(self, asked: Asked) -> Context<'c> {
        Context { pending: Some(asked), ..self }
    }

    /// With the question of a double opt-in that waits.
    pub fn with_double_opt_in(self) -> Context<'c> {
        Context { double_opt_in_pending: true, ..self }
    }

    /// With an order, a reservation or an appointment that is talked of.
    pub fn with_order(self) -> Context<'c> {
        Context { order_talked_of: true, ..self }
    }

    /// With what is known of the code in the text.
    pub fn with_token(self, valid: bool) -> Context<'c> {
        Context { token_valid: Some(valid), ..self }
    }
}

/// What a text was read as, how sure that is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// What it asks for.
    pub class: Class,
    /// How sure that is, in percent. For [`Class::Other`] how sure it is that it is no wish.
    pub confidence: u8,
    /// Why.
    pub reason: Reason,
    /// Codes that may stand in it, likeliest first, at most
    /// [`CODE_CANDIDATES_MAX`](crate::vocab::limits::CODE_CANDIDATES_MAX). None in a wish to stop.
    pub codes: Vec<Code>,
    /// Whether a keyword stands with the codes. Where it does not and no code is known, the text was conversation: a try all
    /// the same, since guesses need no keyword, but nothing to answer.
    pub asked: bool,
}

impl Reading {
    fn new(class: Class, confidence: u8, reason: Reason) -> Reading {
        Reading { class, confidence, reason, codes: Vec::new(), asked: false }
    }
}

/// Reads a text, of which the first [`INBOUND_BYTES_MAX`](crate::vocab::limits::INBOUND_BYTES_MAX) bytes count.
///
/// In this order:
///
/// 1. What a phone sends for a reaction is conversation, whatever it quotes.
/// 2. A text that is all of one keyword is that keyword. The words that always count (STOP, QUIT, END, REVOKE, OPT OUT, CANCEL,
///    UNSUBSCRIBE) do so whatever was asked; REMOVE, which no law names, and YES answer a question that waits. Words to stop of
///    a [`Vocabulary`] always count, its words to come back while no question waits; a wish in other words outweighs its words
///    for help and to come back.
/// 3. A wish in other words, found by phrases. Everyday phrases ("don't stop", "stop by the store", "cancel my order") cover
///    their words; what is ambiguous ("enough", "cancel it") counts while no question waits and no order is talked of.
/// 4. Codes and keywords of a notice, calls for help, and conversation.
///
/// Compared are words in compatibility form, upper case, without accents and invisible characters; nothing depends on a
/// locale.
///
/// ```
/// use phygital_core::conversation::intent::{Class, Context, classify};
/// let class = |text| classify(text, &Context::default().with_keywords(&["JOIN"])).class;
/// assert_eq!(class("\u{201c}Stop!\u{201d}"), Class::OptOut);
/// assert_eq!(class("pls stop txting me"), Class::OptOutLikely);
/// assert_eq!(class("please don't stop"), Class::Other);
/// assert_eq!(class("Liked \u{201c}Reply STOP to end\u{201d}"), Class::Other);
/// assert_eq!(class("join k7qm4x"), Class::Join);
/// ```
pub fn classify(text: &str, context: &Context<'_>) -> Reading {
    read(text, context, &STANDARD)
}

fn read(text: &str, context: &Context<'_>, lexicon: &Lexicon) -> Reading {
    let plain = text::plain(text);
    let own = own_words(&plain);
    if own.reaction {
        return Reading::new(Class::Other, 95, Reason::Reaction);
    }
    let words = words(&own.lines, lexicon);
    if words.said.is_empty() {
        return Reading::new(Class::Other, 100, Reason::Empty);
    }
    let exact = !own.cut && !words.symbols;
    if let Some(reading) = exact.then(|| of_keyword(&words, context)).flatten() {
        return reading;
    }
    let added = context.added(&words.said);
    if added == Some(WordKind::OptOut) && exact {
        return Reading::new(Class::OptOut, 100, Reason::Keyword);
    }
    let text = Text::new(lexicon, &words.words);
    let wishes = || text.find_uncovered(&[Kind::Wish, Kind::Weak, Kind::Wrong]);
    let in_doubt = |wish: Option<Find>| context.in_talk() && wish.is_some_and(|wish| wish.kind == Kind::Weak);
    // "Cancel it" is no "cancel" with a courtesy where something else is talked of.
    let alone = lexicon.without_courtesies(&words.said);
    if context.added(&alone) == Some(WordKind::OptOut) && !in_doubt(wishes()) {
        return Reading::new(Class::OptOutLikely, 95, Reason::Keyword);
    }
    if let Some(wish) = text.find(&[Kind::Sure]) {
        return likely(wish);
    }
    let wish = wishes().or_else(|| lexicon.find_inside(&plain));
    let ambiguous = in_doubt(wish);
    // Perhaps something else in it is beyond doubt.
    let wish = if ambiguous { text.find_uncovered(&[Kind::Wish, Kind::Wrong]) } else { wish };
    if let Some(wish) = wish {
        return likely(wish);
    }
    if added == Some(WordKind::Help) && exact {
        return Reading::new(Class::Help, 100, Reason::Keyword);
    }
    if let Some(reading) = answer(&words, &text, context) {
        return reading;
    }
    if added == Some(WordKind::OptIn) && exact && context.pending.is_none() {
        return Reading::new(Class::OptIn, 100, Reason::Keyword);
    }
    let covered = ambiguous || text.is_covered();
    if let Some(reading) = join(&plain, &alone, &text, context, covered) {
        return reading;
    }
    if let Some(found) = text.find_uncovered(&[Kind::Help]) {
        return Reading::new(Class::HelpLikely, found.percent, Reason::Phrase);
    }
    match covered {
        true => Reading::new(Class::Other, 85, Reason::Everyday),
        false => Reading::new(Class::Other, 80, Reason::Nothing),
    }
}

/// A text that is all of one keyword.
fn of_keyword(words: &Words, context: &Context<'_>) -> Option<Reading> {
    let class = match keyword(&words.said, context.region)? {
        Keyword::Stop => Class::OptOut,
        // No law names it, and it may be what she wants done with something else.
        Keyword::Remove if context.in_talk() => {
            return Some(Reading::new(Class::Other, 60, Reason::Conversation));
        }
        Keyword::Remove => Class::OptOut,
        Keyword::Help => Class::Help,
        Keyword::Start => Class::OptIn,
    };
    Some(Reading::new(class, 100, Reason::Keyword))
}

/// A wish to be left alone in other words than a keyword.
fn likely(wish: Find) -> Reading {
    let reason = match wish.kind {
        Kind::Wrong => Reason::WrongNumber,
        _ if wish.mended => Reason::Mistyped,
        _ => Reason::Phrase,
    };
    Reading::new(Class::OptOutLikely, wish.percent, reason)
}

/// An answer to what was asked, and the keyword `YES` where nothing was.
fn answer(words: &Words, text: &Text<'_>, context: &Context<'_>) -> Option<Reading> {
    let asked = |class| Some(Reading::new(class, 95, Reason::Asked));
    let said = text.find(&[Kind::Yes, Kind::No]).map(|found| found.kind);
    match (said, context.pending) {
        (Some(Kind::Yes), _) if context.double_opt_in_pending => return asked(Class::ConfirmOptIn),
        (Some(Kind::No), _) if context.double_opt_in_pending => return asked(Class::AnswerNo),
        (Some(Kind::Yes), Some(Asked::YesNo | Asked::Any)) => return asked(Class::AnswerYes),
        (Some(Kind::No), Some(Asked::YesNo | Asked::Any)) => return asked(Class::AnswerNo),
        (_, Some(Asked::Number | Asked::Any)) if is_number(&words.said) => return asked(Class::AnswerNumber),
        _ => {}
    }
    // Where nothing waits it is CTIA's word to come back.
    let alone = words.said == "YES" && !words.symbols && context.pending.is_none();
    alone.then(|| Reading::new(Class::OptIn, 90, Reason::Keyword))
}

/// A keyword of a notice, or codes; `alone` is the text without courtesies, `covered` whether any of it is everyday talk.
fn join(plain: &str, alone: &str, text: &Text<'_>, context: &Context<'_>, covered: bool) -> Option<Reading> {
    if context.keywords.iter().any(|keyword| text::plain(keyword) == alone && !alone.is_empty()) {
        return Some(Reading { asked: true, ..Reading::new(Class::JoinNoTap, 95, Reason::Code) });
    }
    // Every code has a digit, so most texts need no search.
    if !plain.chars().any(|c| c.is_numeric()) {
        return None;
    }
    let Finds { codes, keyword } = find(&text::lines(plain), context.keywords);
    // "Don't join me to this, K7QM4X" is no consent.
    let refused = covered || text.find(&[Kind::No]).is_some();
    if codes.is_empty() || refused {
        return None;
    }
    let (class, confidence) = match (keyword, context.token_valid) {
        (_, Some(true)) | (true, None) => (Class::Join, 95),
        (true, Some(false)) => (Class::JoinNoTap, 95),
        (false, _) => (Class::Other, 70),
    };
    Some(Reading { codes, asked: keyword, ..Reading::new(class, confidence, Reason::Code) })
}

impl Context<'_> {
    /// What a text means that is all of one word of the rule book.
    fn added(&self, said: &str) -> Option<WordKind> {
        let (vocabulary, places, at) = self.vocabulary?;
        // No law names REMOVE: see `of_keyword`.
        vocabulary.kind(said, places, at).filter(|_| !(self.in_talk() && said == REMOVE))
    }

    /// Whether what is ambiguous may be about something else.
    fn in_talk(&self) -> bool {
        self.pending.is_some() || self.order_talked_of
    }
}

/// A whole number, alone or of so many: `9`, `9/10`, `a 9`, `nine`.
fn is_number(said: &str) -> bool {
    const NAMES: [&str; 11] =
        ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE", "TEN"];
    const LEADS: [&str; 12] =
        ["A", "AN", "I", "ID", "SAY", "MAYBE", "PROBABLY", "ABOUT", "AROUND", "SIZE", "ITS", "IT"];
    const UNITS: [&str; 16] = [
        "OUT", "OF", "POINTS", "STARS", "PLEASE", "THANKS", "EURO", "EUROS", "EUR", "DOLLARS", "USD", "DAYS",
        "PAIRS", "CM", "EU", "US",
    ];
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit()) || NAMES.contains(&word);
    let mut words = said.split(' ').skip_while(|word| LEADS.contains(word));
    let first = words.next().is_some_and(|word| !word.is_empty() && number(word));
    first && words.all(|word| number(word) || UNITS.contains(&word))
}
