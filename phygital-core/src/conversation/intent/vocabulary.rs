//! The keywords of a rule book, in the form in which texts are held against them.

use std::collections::BTreeMap;

use super::lexicon::STANDARD;
use super::words::words;
use crate::optin::text;
use crate::rules::{Place, Rule, RuleBody, RuleBook, WordKind};
use crate::vocab::{MessageClass, Timestamp};

/// The words of a [`RuleBook`] that mean something when they stand alone: to stop, to come back, to be helped. Made once from
/// the book, and asked for every text.
///
/// The words of the laws and trade lists are read without any book and by none can be taken back; a book adds to them, in
/// any language. Every language is heard wherever its rule holds: nobody has to tell which one she writes.
///
/// ```
/// use phygital_core::conversation::intent::{Class, Context, Vocabulary, classify};
/// use phygital_core::rules::RuleBook;
/// use phygital_core::vocab::Timestamp;
/// let book = RuleBook::from_json(r#"{"rules": [{"id": "brand_stop_cy", "place": "GB", "source": "our own",
///     "keywords": {"kind": "opt_out", "language": "cy", "words": ["DIGON"]}}]}"#)?;
/// let (vocabulary, wales) = (Vocabulary::of(&book), ["GB-WLS".parse()?]);
/// let context = Context::default().with_vocabulary(&vocabulary, &wales, Timestamp::MIN);
/// assert_eq!(classify("Digon!", &context).class, Class::OptOut);
/// assert_eq!(classify("Digon!", &Context::default()).class, Class::Other);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    rules: Vec<Rule>,
    /// By the word as [`said`], the rules that have it, as places in `rules`.
    words: BTreeMap<String, Vec<(WordKind, usize)>>,
}

impl Vocabulary {
    /// The words of a book.
    pub fn of(book: &RuleBook) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for rule in book.rules() {
            let RuleBody::Keywords(keywords) = &rule.body else { continue };
            for word in &keywords.words {
                let rules = vocabulary.words.entry(said(word)).or_default();
                rules.push((keywords.kind, vocabulary.rules.len()));
            }
            vocabulary.rules.push(rule.clone());
        }
        vocabulary
    }

    /// Whether any rule has a word, wherever and whenever that holds.
    pub fn has(&self, word: &str) -> bool {
        self.words.contains_key(&said(word))
    }

    /// What a text says that is all of one word of the book, by every rule that may hold. Where rules differ the strictest
    /// wins: a word to stop before one for help, and that before one to come back. Where nobody knows where she is, the words
    /// to stop of every place count.
    pub(super) fn kind(&self, said: &str, places: &[Place], at: Timestamp) -> Option<WordKind> {
        let rules = self.words.get(said)?.iter().filter(|(kind, rule)| {
            let rule = &self.rules[*rule];
            let anywhere = places.is_empty() && *kind == WordKind::OptOut;
            let places = if anywhere { std::slice::from_ref(&rule.place) } else { places };
            rule.may_apply(places, MessageClass::Conversational, at)
        });
        let strictness = |kind: &WordKind| match kind {
            WordKind::OptOut => 2,
            WordKind::Help => 1,
            WordKind::OptIn => 0,
        };
        rules.map(|(kind, _)| *kind).max_by_key(strictness)
    }
}

/// A word as it is compared: its letters and digits in plain form, with one space for whatever stands between.
fn said(word: &str) -> String {
    words(&[&text::plain(word)], &STANDARD).said
}
