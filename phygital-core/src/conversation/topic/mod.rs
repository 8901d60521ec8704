//! Topics: what a brand wants to learn in a conversation, as data.
//!
//! A topic is a JSON file: steps that ask, say something, or hand over to a person, and branches on what is known. It has no
//! position of its own: [`Topic::walk`] goes from the start along what is known, past every question whose answer is in
//! force, and stops at the first that is not. So nothing is asked that was answered anywhere else, an answer that has
//! expired is asked for again, and the order in which facts arrive does not matter.
//!
//! [`Topic::from_json`] takes only what is sound: every step can be reached, every way ends, every text can be filled in,
//! in every language. [`Draft::findings`] says what is not.

mod answers;
mod condition;
mod json;
pub mod limits;
mod lint;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use condition::Condition;
pub(crate) use lint::joined;
pub use lint::{Finding, Problem};

use super::answer::AnswerType;
use super::template::{Template, TemplateError};
use crate::vocab::language::lookup;
use crate::vocab::{Digest, Purpose, TopicId};

/// The field that every topic has: the brand's name.
pub const BRAND_FIELD: &str = "brand";

/// A topic that was found to be sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(Draft);

/// A topic as it is written, sound or not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Draft {
    /// Its name.
    pub id: TopicId,
    /// SHA-256 of its file.
    pub digest: Digest,
    /// Its languages, BCP 47; the first where nothing is known of hers.
    pub languages: Vec<String>,
    /// What its messages are for.
    pub purpose: Purpose,
    /// For how many days an open run of it lives.
    pub days: u32,
    /// Whether and when a question that met silence is asked again.
    pub remind: Option<Remind>,
    /// Fields beside the answers: attributes of her profile by the name that texts and conditions use.
    pub fields: BTreeMap<String, String>,
    /// Where it begins.
    pub start: String,
    /// Its steps by name.
    pub steps: BTreeMap<String, Step>,
}

/// After silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remind {
    /// How many hours of it.
    pub after_hours: u32,
    /// How often, at most, in one run.
    pub times: u32,
}

/// A step of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What happens there.
    pub act: Act,
    /// Where it goes on: the first whose condition holds. The last has none.
    pub then: Vec<Branch>,
}

/// What happens at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// A question, unless its answer is known.
    Ask(Box<Question>),
    /// Something is said, before what comes next; nothing where the step only branches.
    Say(Option<Texts>),
    /// A person takes over, and the topic goes on when she gives it back.
    HandOver {
        /// What is said then.
        say: Option<Texts>,
    },
}

/// A question and what its answer is to her profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// How it is asked.
    pub ask: Texts,
    /// How it is asked again when the answer was unclear; as before where it is absent.
    pub again: Option<Texts>,
    /// How it is asked again after silence; as before where it is absent.
    pub remind: Option<Texts>,
    /// The attribute that the answer states.
    pub attribute: String,
    /// What is asked for.
    pub answer: AnswerType,
    /// For how many days an answer holds, wherever it was given; for ever where it is absent.
    pub valid_days: Option<u32>,
    /// How many percent of confidence an answer loses a year.
    pub fades: u32,
    /// How often it is asked, at most, because answers are unclear.
    pub tries: u32,
    /// What happens then.
    pub unclear: OnUnclear,
}

/// What happens when an answer stays unclear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnclear {
    /// A person takes over.
    Person,
    /// The question is let be.
    Leave,
}

/// A way on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Branch {
    /// When it is taken; always where it is absent.
    pub when: Option<Condition>,
    /// To which step; the topic is at its end where it is absent.
    pub to: Option<String>,
}

/// A text in each language of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts(BTreeMap<String, Template>);

/// Why a text is no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// Longer than [`TOPIC_BYTES_MAX`](limits::TOPIC_BYTES_MAX).
    #[error("expected at most {} bytes", limits::TOPIC_BYTES_MAX)]
    TooLong,
    /// No JSON, or a key that is there twice.
    #[error("line {line}, column {column}: expected JSON with each key once")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A value that is not as it should be.
    #[error("{path}: expected {expected}")]
    Field {
        /// Where it stands: `steps.shoes.answer.options[2]`.
        path: String,
        /// What it has to be.
        expected: String,
    },
    /// A text that is no template.
    #[error("{path}: {error}")]
    Template {
        /// Where it stands.
        path: String,
        /// Why.
        error: TemplateError,
    },
    /// It can be read, and is not sound: what [`Draft::findings`] says, at least one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unsound(Vec<Finding>),
}

/// Where a walk through a topic stops.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop<'t> {
    /// At a question whose answer is not known.
    Ask(&'t str, &'t Question),
    /// Where a person is to take over.
    HandOver(&'t str),
    /// At the end.
    End,
}

/// A walk through a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Walk<'t> {
    /// What is to be said on the way, from the last step that she had a part in.
    pub say: Vec<&'t Texts>,
    /// Where it stops.
    pub stop: Stop<'t>,
}

/// What a walk has to know.
pub trait Ground {
    /// The value of a field that is known and in force.
    fn value(&self, field: &str) -> Option<&str>;
    /// Whether a step is behind her without an answer: a question that is let be, a person who gave back.
    fn is_passed(&self, step: &str) -> bool;
    /// Whether she had a part in a step: what was said before it, she has heard.
    fn was_met(&self, step: &str) -> bool;
}

impl Topic {
    /// Reads a topic from JSON, if it is sound; `docs/conversation.md` has its form.
    ///
    /// # Errors
    /// [`TopicError`]: for the first thing that cannot be read, else for all that is not sound.
    pub fn from_json(text: &str) -> Result<Topic, TopicError> {
        let draft = Draft::from_json(text)?;
        match draft.findings() {
            findings if findings.is_empty() => Ok(Topic(draft)),
            findings => Err(TopicError::Unsound(findings)),
        }
    }

    /// What stands in it.
    pub fn draft(&self) -> &Draft {
        &self.0
    }

    /// Its name.
    pub fn id(&self) -> &TopicId {
        &self.0.id
    }

    /// The language of the topic that suits a tag best: by lookup (RFC 4647, section 3.4), else its first.
    pub fn language(&self, wanted: Option<&str>) -> &str {
        let offered = self.0.languages.iter().map(String::as_str);
        let first = self.0.languages.first().map_or("", String::as_str);
        wanted.and_then(|wanted| lookup(wanted, offered)).unwrap_or(first)
    }

    /// A step by its name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.0.steps.get(name)
    }

    /// A question by the name of its step.
    pub fn question(&self, name: &str) -> Option<&Question> {
        match &self.step(name)?.act {
            Act::Ask(question) => Some(question),
            Act::Say(_) | Act::HandOver { .. } => None,
        }
    }

    /// The questions by the names of their steps.
    pub fn questions(&self) -> impl Iterator<Item = (&str, &Question)> {
        self.0.steps.iter().filter_map(|(name, step)| match &step.act {
            Act::Ask(question) => Some((name.as_str(), &**question)),
            Act::Say(_) | Act::HandOver { .. } => None,
        })
    }

    /// Goes from the start along what is known. Ends, since no way leads back.
    pub fn walk<'t>(&'t self, ground: &impl Ground) -> Walk<'t> {
        let mut say = Vec::new();
        let mut at = Some(self.0.start.as_str());
        while let Some((name, step)) = at.and_then(|name| self.0.steps.get_key_value(name)) {
            if ground.was_met(name) {
                say.clear();
            }
            match &step.act {
                Act::Ask(question) => {
                    if ground.value(name).is_none() && !ground.is_passed(name) {
                        return Walk { say, stop: Stop::Ask(name, question) };
                    }
                }
                Act::Say(text) => say.extend(text),
                Act::HandOver { say: text } => {
                    if !ground.is_passed(name) {
                        say.extend(text);
                        return Walk { say, stop: Stop::HandOver(name) };
                    }
                }
            }
            let holds = |branch: &&Branch| match &branch.when {
                Some(condition) => condition.holds(&|field: &str| ground.value(field)) == Some(true),
                None => true,
            };
            at = step.then.iter().find(holds).and_then(|branch| branch.to.as_deref());
        }
        Walk { say, stop: Stop::End }
    }
}

impl Texts {
    /// The text in a language that it has.
    pub fn get(&self, language: &str) -> Option<&Template> {
        self.0.get(language)
    }

    /// The languages and their texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.0.iter().map(|(language, text)| (language.as_str(), text))
    }
}

impl Question {
    /// How a value that is kept is said in a text of that language: the first name of a choice, else the value.
    pub fn shown<'v>(&'v self, value: &'v str, language: &str) -> &'v str {
        let AnswerType::Choice(choice) = &self.answer else { return value };
        let label = choice.labels().iter().find(|label| label.value == value);
        label.map_or(value, |label| label.name_in(language))
    }
}

impl Draft {
    /// The names of all fields: the brand, the answers, and its own.
    pub fn field_names(&self) -> BTreeSet<&str> {
        let asked = self.steps.iter().filter(|(_, step)| matches!(step.act, Act::Ask(_)));
        let own = self.fields.keys().map(String::as_str);
        asked.map(|(name, _)| name.as_str()).chain(own).chain([BRAND_FIELD]).collect()
    }
}
