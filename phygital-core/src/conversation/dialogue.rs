//! What a topic does next: pure, from what is known and what was just heard.
//!
//! A [`Scene`] is a topic, where its run stands, and what is known of the customer. [`Scene::hear`] takes a text,
//! [`Scene::begin`], [`Scene::resume`] and [`Scene::silence`] take nothing. Each gives a [`Turn`]: facts to state, one
//! message to send, and what the dialogue waits for then. Nothing is changed: the caller records the turn as events, and the
//! next scene is made of those.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::{Answer, Asking, Reading, Unclear};
use super::proposal::Proposal;
use super::talk::{Handler, Talk, again};
use super::topic::{BRAND_FIELD, Ground, OnUnclear, Question, Stop, Texts, Topic, Walk, joined};
use crate::event::Body;
use crate::event::kinds::conversation::{AttributeStated, ConversationHandedOver};
use crate::event::kinds::decisions::{QuestionAsked, QuestionLeft, TopicClosed};
use crate::profile::limits::CONFIDENCE_MIN_PERCENT;
use crate::profile::{Fact, FactSource, Profile};
use crate::vocab::{Identifier, MessageId, Personal, Timestamp, TopicId, Zone};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A topic, where its run stands, and what is known of the customer at a time.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Scene<'a> {
    /// The topic.
    pub topic: &'a Topic,
    /// Where its run stands.
    pub talk: &'a Talk,
    /// When the run began.
    pub started_at: Timestamp,
    /// What is known of her, from every channel.
    pub profile: &'a Profile,
    /// The brand, as texts name it.
    pub brand: &'a str,
    /// The zone whose calendar her days are of.
    pub zone: Zone,
    /// The time.
    pub now: Timestamp,
}

/// A text that she sent.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Heard<'a> {
    /// What it says.
    pub body: &'a str,
    /// When it was sent.
    pub at: Timestamp,
    /// The gateway's id of it.
    pub message_id: Option<&'a MessageId>,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn {
    /// What she stated.
    pub facts: Vec<AttributeStated>,
    /// A question that is let be, and why: `declined` or `unclear`.
    pub left: Option<(String, &'static str)>,
    /// What to say; empty where there is nothing to.
    pub say: Personal,
    /// The language of it, BCP 47.
    pub language: String,
    /// What the dialogue waits for then.
    pub next: Next,
}

/// What a dialogue waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// For the answer to a question.
    Asked {
        /// The step of it.
        question: String,
        /// What it asks for: the name of the type of its answer.
        answer: &'static str,
        /// How often it is asked with this, from 1.
        attempt: u32,
        /// Why it is asked again: `unclear`, `silence`, `back`.
        again: Option<&'static str>,
        /// A later text does not answer it.
        expires_at: Timestamp,
    },
    /// For a person to give back: she takes over.
    HandedOver {
        /// Why: `question`, `unclear`, `topic`, `model`.
        reason: &'static str,
        /// The step that hands over.
        step: Option<String>,
    },
    /// For nothing: the topic is at its end.
    Closed {
        /// How: `completed`, `silent`.
        outcome: &'static str,
    },
}

impl Turn {
    /// The turn as events of the run: what was let be, then what follows. The facts are apart, since they are the customer's.
    pub fn events(
        &self,
        contact: &Identifier,
        topic: &TopicId,
        started_at: Timestamp,
        message_id: Option<&MessageId>,
    ) -> Vec<Body> {
        let mut events: Vec<Body> = Vec::new();
        if let Some((question, reason)) = &self.left {
            let (question, reason) = (question.clone(), (*reason).to_owned());
            let mut left = QuestionLeft::new(contact.clone(), topic.clone(), started_at, question, reason);
            left.message_id = message_id.cloned();
            events.push(left.into());
        }
        events.push(match &self.next {
            Next::Asked { question, answer, attempt, again, expires_at } => {
                let (contact, question) = (contact.clone(), question.clone());
                let mut asked = QuestionAsked::new(contact, topic.clone(), started_at, question, *attempt);
                asked.answer = Some((*answer).to_owned());
                asked.again = again.map(str::to_owned);
                asked.language = Some(self.language.clone());
                asked.expires_at = Some(*expires_at);
                asked.into()
            }
            Next::HandedOver { reason, step } => {
                let mut over = ConversationHandedOver::new(contact.clone(), (*reason).to_owned());
                over.topic = Some(topic.clone());
                over.started_at = Some(started_at);
                over.step.clone_from(step);
                over.message_id = message_id.cloned();
                over.into()
            }
            Next::Closed { outcome } => {
                TopicClosed::new(contact.clone(), topic.clone(), started_at, (*outcome).to_owned()).into()
            }
        });
        events
    }
}

impl<'a> Heard<'a> {
    /// A text of that time.
    pub fn new(body: &'a str, at: Timestamp) -> Heard<'a> {
        Heard { body, at, message_id: None }
    }

    /// The text with the gateway's id.
    #[must_use]
    pub fn with_id(self, message_id: &'a MessageId) -> Heard<'a> {
        Heard { message_id: Some(message_id), ..self }
    }
}

impl<'a> Scene<'a> {
    /// A scene at a time in UTC.
    pub fn new(
        topic: &'a Topic,
        talk: &'a Talk,
        profile: &'a Profile,
        brand: &'a str,
        now: Timestamp,
    ) -> Scene<'a> {
        let started_at = talk.open().map_or(now, |(_, started_at)| started_at);
        Scene { topic, talk, started_at, profile, brand, zone: Zone::UTC, now }
    }

    /// The scene by the calendar of a zone.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Scene<'a> {
        Scene { zone, ..self }
    }

    /// Opens the topic in the language that suits `language` best. `None` where there is nothing to ask or say: all of it is
    /// known.
    pub fn begin(&self, language: Option<&str>) -> Option<Turn> {
        let language = self.topic.language(language);
        // What an earlier run was told does not count in this one.
        let fresh = Talk::default();
        let turn =
            Scene { talk: &fresh, started_at: self.now, ..*self }.go_on(language, None, BTreeMap::new());
        (!matches!(turn.next, Next::Closed { .. })).then_some(turn)
    }

    /// Takes a text. `None` where it is not for the topic: none is open, a person answers, no question waits, or it was sent
    /// before the question or after the end of its time.
    pub fn hear(&self, heard: &Heard<'_>) -> Option<Turn> {
        self.hear_with(heard, None)
    }

    /// As [`Scene::hear`], with what somebody else makes of the text where no rule reads it.
    pub fn hear_with(&self, heard: &Heard<'_>, proposal: Option<&Proposal>) -> Option<Turn> {
        let (name, question, language) = self.waits()?;
        let asked = self.talk.asked(name)?;
        if heard.at < asked.at.at || asked.expires_at.is_some_and(|end| heard.at >= end) {
            return None;
        }
        let asking = Asking::new(language, self.zone.local(heard.at).date());
        let mut reading = question.answer.read(heard.body, &asking);
        if let (Reading::Unclear(Unclear::Nothing | Unclear::Several), Some(proposal)) = (&reading, proposal)
        {
            if *proposal == Proposal::HandOver {
                return Some(self.hand_over(language, "model"));
            }
            reading = proposal.judge(&question.answer, &asking).map_or(reading, Reading::Understood);
        }
        Some(match reading {
            Reading::Understood(answer) if answer.confidence >= CONFIDENCE_MIN_PERCENT => {
                self.understood(question, language, answer, heard)
            }
            Reading::Declined => self.go_on(language, Some((name, "declined")), BTreeMap::new()),
            Reading::Unclear(Unclear::Question) => self.hand_over(language, "question"),
            Reading::Understood(_) | Reading::Unclear(_) => {
                self.unclear(name, question, language, asked.unclear())
            }
        })
    }

    /// Goes on after a person gave back. `None` where no topic is open.
    pub fn resume(&self) -> Option<Turn> {
        self.talk.open()?;
        Some(self.go_on(self.language(), None, BTreeMap::new()))
    }

    /// Takes note that nothing came. `None` while it is not time to say so; see [`Scene::due`].
    pub fn silence(&self) -> Option<Turn> {
        let (at, ends) = self.silence_at()?;
        if self.now < at {
            return None;
        }
        let language = self.language();
        // Who follows up late reminds of nothing that could still be answered.
        if ends || self.is_over() {
            return Some(self.turn(language, String::new(), Next::Closed { outcome: "silent" }));
        }
        let (name, question, _) = self.waits()?;
        let text = question.remind.as_ref().unwrap_or(&question.ask);
        // By now the answer may have come another way.
        match self.walk(None, &BTreeMap::new()).stop {
            Stop::Ask(step, _) if step == name => {
                let said = self.said(&[text], language, &BTreeMap::new());
                Some(self.turn(language, said, self.ask(name, question, Some(again::SILENCE))))
            }
            _ => Some(self.go_on(language, None, BTreeMap::new())),
        }
    }

    /// When to call [`Scene::silence`]; `None` where nothing waits for her.
    pub fn due(&self) -> Option<Timestamp> {
        self.silence_at().map(|(at, _)| at)
    }

    /// When silence has lasted long enough, and whether the run ends then.
    fn silence_at(&self) -> Option<(Timestamp, bool)> {
        let end = self.ends_at();
        let (name, _, _) = self.waits()?;
        let remind = self.topic.draft().remind.filter(|remind| self.talk.reminders() < remind.times);
        let asked = self.talk.asked(name)?.at.at;
        let at = remind.map(|remind| asked.saturating_add(HOUR * remind.after_hours));
        Some(match at.filter(|at| *at < end) {
            Some(at) => (at, false),
            None => (end, true),
        })
    }

    /// Whether the run is past its life.
    pub fn is_over(&self) -> bool {
        self.now >= self.ends_at()
    }

    fn ends_at(&self) -> Timestamp {
        self.started_at.saturating_add(DAY * self.topic.draft().days)
    }

    fn language(&self) -> &'a str {
        self.topic.language(self.talk.language())
    }

    /// The question that waits for her, where one does and no person answers.
    fn waits(&self) -> Option<(&'a str, &'a Question, &'a str)> {
        let talk: &'a Talk = self.talk;
        if talk.handler() == Handler::Person {
            return None;
        }
        let pending = talk.pending()?;
        Some((pending.question, self.topic.question(pending.question)?, self.language()))
    }

    fn understood(&self, question: &Question, language: &str, answer: Answer, heard: &Heard<'_>) -> Turn {
        let mut fact = AttributeStated::new(question.attribute.clone(), answer.value.clone());
        fact.unit = answer.unit;
        fact.sentence = Some(Personal::new(heard.body));
        fact.message_id = heard.message_id.cloned();
        fact.confidence = Some(answer.confidence);
        fact.expires_at = question.valid_days.map(|days| heard.at.saturating_add(DAY * days));
        // Another step that asks for the same is answered by it too.
        let same = self.topic.questions().filter(|(_, other)| other.attribute == question.attribute);
        let values = same.map(|(name, _)| (name.to_owned(), answer.value.reveal().to_owned())).collect();
        let mut turn = self.go_on(language, None, values);
        turn.facts = vec![fact];
        turn
    }

    fn unclear(&self, name: &str, question: &Question, language: &str, before: u32) -> Turn {
        let none = BTreeMap::new();
        // By now the answer may have come another way.
        if !matches!(self.walk(None, &none).stop, Stop::Ask(step, _) if step == name) {
            return self.go_on(language, None, none);
        }
        if before + 1 < question.tries {
            let text = question.again.as_ref().unwrap_or(&question.ask);
            let said = self.said(&[text], language, &none);
            return self.turn(language, said, self.ask(name, question, Some(again::UNCLEAR)));
        }
        match question.unclear {
            OnUnclear::Person => self.hand_over(language, "unclear"),
            OnUnclear::Leave => self.go_on(language, Some((name, "unclear")), none),
        }
    }

    fn hand_over(&self, language: &str, reason: &'static str) -> Turn {
        self.turn(language, String::new(), Next::HandedOver { reason, step: None })
    }

    /// Walks on from what is known, what was just answered, and a question that is let be.
    fn go_on(
        &self,
        language: &str,
        left: Option<(&str, &'static str)>,
        values: BTreeMap<String, String>,
    ) -> Turn {
        let Walk { mut say, stop } = self.walk(left.map(|(name, _)| name), &values);
        let next = match stop {
            Stop::Ask(name, question) => {
                let was_asked = self.talk.asked(name).is_some();
                say.push(&question.ask);
                self.ask(name, question, was_asked.then_some(again::BACK))
            }
            Stop::HandOver(step) => Next::HandedOver { reason: "topic", step: Some(step.to_owned()) },
            Stop::End => Next::Closed { outcome: "completed" },
        };
        let said = self.said(&say, language, &values);
        let mut turn = self.turn(language, said, next);
        turn.left = left.map(|(name, why)| (name.to_owned(), why));
        turn
    }

    fn walk(&self, left: Option<&str>, values: &BTreeMap<String, String>) -> Walk<'a> {
        let topic: &'a Topic = self.topic;
        let known = self.known(values);
        topic.walk(&Known { values: known, talk: self.talk, left })
    }

    fn turn(&self, language: &str, say: String, next: Next) -> Turn {
        Turn { facts: Vec::new(), left: None, say: Personal::new(say), language: language.to_owned(), next }
    }

    fn ask(&self, name: &str, question: &Question, again: Option<&'static str>) -> Next {
        Next::Asked {
            question: name.to_owned(),
            answer: question.answer.name(),
            attempt: self.talk.asked(name).map_or(0, |asked| asked.attempt).saturating_add(1),
            again,
            expires_at: self.ends_at(),
        }
    }

    /// Texts in one message. A sound topic can fill them all in.
    fn said(&self, texts: &[&Texts], language: &str, values: &BTreeMap<String, String>) -> String {
        let known = self.known(values);
        let shown: BTreeMap<&str, &str> = known
            .iter()
            .map(|(name, value)| {
                let question = self.topic.question(name);
                (name.as_str(), question.map_or(value.as_str(), |question| question.shown(value, language)))
            })
            .collect();
        let filled = texts.iter().filter_map(|texts| texts.get(language)?.render(&shown).ok());
        filled.fold(String::new(), |all, text| joined(&all, &text))
    }

    /// The fields that are known and in force: the brand, what the profile says, what was just answered.
    fn known(&self, values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let draft = self.topic.draft();
        let mut known = BTreeMap::from([(BRAND_FIELD.to_owned(), self.brand.to_owned())]);
        for (field, attribute) in &draft.fields {
            if let Some(fact) =
                self.profile.fact(attribute, self.now).filter(|fact| fact.source != FactSource::Guessed)
            {
                known.insert(field.clone(), fact.value.reveal().to_owned());
            }
        }
        for (name, question) in self.topic.questions() {
            let fact = self.profile.fact(&question.attribute, self.now);
            if let Some(fact) = fact.filter(|fact| question.is_in_force(fact, self.now)) {
                known.insert(name.to_owned(), fact.value.reveal().to_owned());
            }
        }
        known.extend(values.iter().map(|(name, value)| (name.clone(), value.clone())));
        known
    }
}

impl Question {
    /// Whether a fact answers the question at that time, from whatever channel it came: it is no guess, has not expired, is
    /// younger than answers hold, and has not faded below [`CONFIDENCE_MIN_PERCENT`].
    pub fn is_in_force(&self, fact: &Fact, now: Timestamp) -> bool {
        let age = if now > fact.by.at { now.distance(fact.by.at) } else { Duration::ZERO };
        let days = age.as_secs() / DAY.as_secs();
        let faded = u64::from(self.fades) * days / 365;
        let sure = u64::from(fact.confidence.unwrap_or(100));
        fact.source != FactSource::Guessed
            && fact.holds(now)
            && self.valid_days.is_none_or(|valid| age < DAY * valid)
            && sure >= faded + u64::from(CONFIDENCE_MIN_PERCENT)
    }
}

/// What a walk knows: fields, and where the run stands.
struct Known<'k> {
    values: BTreeMap<String, String>,
    talk: &'k Talk,
    left: Option<&'k str>,
}

impl Ground for Known<'_> {
    fn value(&self, field: &str) -> Option<&str> {
        self.values.get(field).map(String::as_str)
    }

    fn is_passed(&self, step: &str) -> bool {
        self.left == Some(step) || self.talk.is_passed(step)
    }

    fn was_met(&self, step: &str) -> bool {
        self.left == Some(step) || self.talk.asked(step).is_some() || self.talk.is_passed(step)
    }
}
