//! Where a contact point stands in its topics: what was asked, what was let be, who answers.
//!
//! A [`Talk`] is a fold of events that needs no order: each part of it is the greatest of what was said, or a set. A run of a
//! topic is named by when it began and by the topic; of two runs the later one counts.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::event::{Body, FoldKey};
use crate::vocab::{Timestamp, TopicId};

/// Most questions and steps kept of a run: as many as a topic has.
const TALK_STEPS_MAX: usize = super::topic::limits::TOPIC_STEPS_MAX;

/// Most attempts of one reason that are kept of a question; more than that is too often for any topic.
const ATTEMPTS_MAX: usize = 8;

/// Where a contact point stands in its topics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Talk {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Run>,
    /// The last that was said of who answers, and whether it is a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handed: Option<(FoldKey, bool)>,
    /// When she last opted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    out: Option<FoldKey>,
}

/// A run of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    started_at: Timestamp,
    topic: TopicId,
    /// What the last event that names a language names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<(FoldKey, String)>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    asked: BTreeMap<String, Asked>,
    /// Questions that are let be.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    left: BTreeSet<String>,
    /// Steps that handed over.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    handed: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<(FoldKey, String)>,
}

/// What is known of a question that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Asked {
    /// When it was asked last.
    pub at: FoldKey,
    /// How often it was asked.
    pub attempt: u32,
    /// What it asks for: the name of the type of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// A later text does not answer it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Attempts that were made because an answer was unclear.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    unclear: BTreeSet<u32>,
    /// Attempts that were made because of silence.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    silent: BTreeSet<u32>,
}

/// Who answers a contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Handler {
    /// Rules and topics.
    Rules,
    /// A person: rules keep still, but for what the law asks for.
    Person,
}

/// The question that she was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending<'t> {
    /// The step of it.
    pub question: &'t str,
    /// When and how it was asked.
    pub asked: &'t Asked,
}

/// Why a question is asked again, as events write it.
pub(crate) mod again {
    pub(crate) const UNCLEAR: &str = "unclear";
    pub(crate) const SILENCE: &str = "silence";
    pub(crate) const BACK: &str = "back";
}

impl Talk {
    /// Folds an event of the contact point, in whatever order it comes, once or more often.
    pub fn fold(talk: &mut Option<Talk>, body: &Body, by: FoldKey) {
        match body {
            Body::TopicOpened(opened) => {
                if let Some(run) = Talk::run_of(talk, opened.started_at, &opened.topic) {
                    run.speak(by, opened.language.as_ref());
                }
            }
            Body::QuestionAsked(asked) => {
                let Some(run) = Talk::run_of(talk, asked.started_at, &asked.topic) else { return };
                run.speak(by, asked.language.as_ref());
                run.ask(asked, by);
            }
            Body::QuestionLeft(left) => {
                if let Some(run) = Talk::run_of(talk, left.started_at, &left.topic) {
                    note(&mut run.left, &left.question);
                }
            }
            Body::TopicClosed(closed) => {
                if let Some(run) = Talk::run_of(talk, closed.started_at, &closed.topic) {
                    let new = (by, closed.outcome.clone());
                    run.closed = run.closed.take().max(Some(new));
                }
            }
            Body::ConversationHandedOver(over) => {
                let run = over.topic.as_ref().zip(over.started_at);
                let run = run.and_then(|(topic, started_at)| Talk::run_of(talk, started_at, topic));
                if let Some((run, step)) = run.zip(over.step.as_ref()) {
                    note(&mut run.handed, step);
                }
                let talk = talk.get_or_insert_default();
                talk.handed = talk.handed.max(Some((by, true)));
            }
            Body::ConversationHandedBack(_) => {
                let talk = talk.get_or_insert_default();
                talk.handed = talk.handed.max(Some((by, false)));
            }
            Body::OptedOut(_) => {
                let talk = talk.get_or_insert_default();
                talk.out = talk.out.max(Some(by));
            }
            _ => {}
        }
    }

    /// The run that an event is of; `None` where a later one has begun.
    fn run_of<'t>(talk: &'t mut Option<Talk>, started_at: Timestamp, topic: &TopicId) -> Option<&'t mut Run> {
        let slot = &mut talk.get_or_insert_default().run;
        match slot {
            Some(run) if (run.started_at, &run.topic) > (started_at, topic) => return None,
            Some(run) if (run.started_at, &run.topic) == (started_at, topic) => {}
            _ => *slot = Some(Run::new(started_at, topic.clone())),
        }
        slot.as_mut()
    }

    /// Who answers.
    pub fn handler(&self) -> Handler {
        match self.handed {
            Some((_, true)) => Handler::Person,
            Some((_, false)) | None => Handler::Rules,
        }
    }

    /// The topic whose run is open, and since when: neither closed, nor ended by an opt-out.
    pub fn open(&self) -> Option<(&TopicId, Timestamp)> {
        let run = self.run.as_ref().filter(|run| run.closed.is_none())?;
        let out = self.out.is_some_and(|out| out.at >= run.started_at);
        (!out).then_some((&run.topic, run.started_at))
    }

    /// The language of the last run, BCP 47.
    pub fn language(&self) -> Option<&str> {
        self.run.as_ref()?.language.as_ref().map(|(_, language)| language.as_str())
    }

    /// The question of the open run that was asked last and is not let be.
    pub fn pending(&self) -> Option<Pending<'_>> {
        self.open()?;
        let run = self.run.as_ref()?;
        let waits = run.asked.iter().filter(|(question, _)| !run.left.contains(*question));
        let (question, asked) = waits.max_by_key(|(question, asked)| (asked.at, *question))?;
        Some(Pending { question, asked })
    }

    /// A question of the last run that was asked.
    pub fn asked(&self, question: &str) -> Option<&Asked> {
        self.run.as_ref()?.asked.get(question)
    }

    /// Whether a step of the last run is behind her without an answer.
    pub fn is_passed(&self, step: &str) -> bool {
        self.run.as_ref().is_some_and(|run| run.left.contains(step) || run.handed.contains(step))
    }

    /// How often she was reminded in the last run.
    pub fn reminders(&self) -> u32 {
        let asked = self.run.iter().flat_map(|run| run.asked.values());
        asked.map(|asked| u32::try_from(asked.silent.len()).unwrap_or(u32::MAX)).sum()
    }
}

impl Run {
    fn new(started_at: Timestamp, topic: TopicId) -> Run {
        Run {
            started_at,
            topic,
            language: None,
            asked: BTreeMap::new(),
            left: BTreeSet::new(),
            handed: BTreeSet::new(),
            closed: None,
        }
    }

    fn speak(&mut self, by: FoldKey, language: Option<&String>) {
        let new = language.map(|language| (by, language.clone()));
        self.language = self.language.take().max(new);
    }

    fn ask(&mut self, event: &crate::event::kinds::decisions::QuestionAsked, by: FoldKey) {
        let new = || Asked {
            at: by,
            attempt: event.attempt,
            answer: event.answer.clone(),
            expires_at: event.expires_at,
            unclear: BTreeSet::new(),
            silent: BTreeSet::new(),
        };
        let known = self.asked.entry(event.question.clone()).or_insert_with(new);
        if by > known.at {
            let Asked { attempt, unclear, silent, .. } = std::mem::replace(known, new());
            (known.attempt, known.unclear, known.silent) = (attempt, unclear, silent);
        }
        known.attempt = known.attempt.max(event.attempt);
        let attempts = match event.again.as_deref() {
            Some(again::UNCLEAR) => &mut known.unclear,
            Some(again::SILENCE) => &mut known.silent,
            _ => &mut BTreeSet::new(),
        };
        attempts.insert(event.attempt);
        // The first ones of a set are the same in whatever order they come.
        if attempts.len() > ATTEMPTS_MAX {
            attempts.pop_last();
        }
        if self.asked.len() > TALK_STEPS_MAX {
            self.asked.pop_last();
        }
    }
}

impl Asked {
    /// How often it was asked again because an answer was unclear.
    pub fn unclear(&self) -> u32 {
        u32::try_from(self.unclear.len()).unwrap_or(u32::MAX)
    }
}

fn note(set: &mut BTreeSet<String>, step: &str) {
    set.insert(step.to_owned());
    if set.len() > TALK_STEPS_MAX {
        set.pop_last();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::kinds::conversation::{ConversationHandedBack, ConversationHandedOver, OptedOut};
    use crate::event::kinds::decisions::{QuestionAsked, QuestionLeft, TopicClosed, TopicOpened};
    use crate::vocab::{EventId, EventKey, Identifier, SourceId};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + minute * 60_000).unwrap()
    }

    fn by(minute: i64, n: usize) -> FoldKey {
        let id = EventId::new(format!("e-{n}")).unwrap();
        FoldKey { at: at(minute), key: EventKey::of(&SourceId::new("s").unwrap(), &id) }
    }

    fn phone() -> Identifier {
        "phone:+15105550199".parse().unwrap()
    }

    /// An event of one of two topics that began at one of three times.
    fn body((kind, run, question, attempt): (u8, i64, u8, u32)) -> Body {
        let topic: TopicId = if run % 2 == 0 { "fitting" } else { "party" }.parse().unwrap();
        let (started_at, question) = (at(run / 2), format!("q{question}"));
        match kind {
            0 => {
                let mut opened = TopicOpened::new(phone(), topic, started_at);
                opened.language = Some(format!("l{attempt}"));
                opened.into()
            }
            1 | 2 => {
                let mut asked = QuestionAsked::new(phone(), topic, started_at, question, attempt);
                let reasons = [None, Some(again::UNCLEAR), Some(again::SILENCE), Some(again::BACK)];
                asked.again = reasons[attempt as usize % 4].map(str::to_owned);
                asked.into()
            }
            3 => QuestionLeft::new(phone(), topic, started_at, question, "declined".into()).into(),
            4 => TopicClosed::new(phone(), topic, started_at, "completed".into()).into(),
            5 => {
                let mut over = ConversationHandedOver::new(phone(), "topic".into());
                (over.topic, over.started_at, over.step) = (Some(topic), Some(started_at), Some(question));
                over.into()
            }
            6 => ConversationHandedBack::new(phone()).into(),
            _ => OptedOut::new(phone()).into(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// The same events in any order, some twice, give the same state.
        #[test]
        fn a_talk_is_a_function_of_the_set_of_its_events(
            (events, order) in prop::collection::vec(((0..8_u8, 0..6_i64, 0..3_u8, 1..6_u32), 0..30_i64), 1..24)
                .prop_flat_map(|events| {
                    let order: Vec<usize> = (0..events.len()).chain(0..events.len().min(3)).collect();
                    (Just(events), Just(order).prop_shuffle())
                }),
        ) {
            let folded = |order: &[usize]| {
                let mut talk = None;
                for place in order {
                    let (what, minute) = events[*place];
                    Talk::fold(&mut talk, &body(what), by(minute, *place));
                }
                talk
            };
            let first = folded(&(0..events.len()).collect::<Vec<_>>());
            prop_assert_eq!(&folded(&order), &first);
            let json = serde_json::to_string(&first).unwrap();
            prop_assert_eq!(serde_json::from_str::<Option<Talk>>(&json).unwrap(), first);
        }
    }

    #[test]
    fn the_last_question_is_pending_until_the_run_ends() {
        let mut talk = None;
        for (n, (minute, event)) in
            [(0, (0, 0, 0, 1)), (1, (1, 0, 1, 1)), (2, (1, 0, 2, 1))].into_iter().enumerate()
        {
            Talk::fold(&mut talk, &body(event), by(minute, n));
        }
        let pending =
            |talk: &Option<Talk>| talk.as_ref().unwrap().pending().map(|one| one.question.to_owned());
        assert_eq!(pending(&talk).as_deref(), Some("q2"));
        let mut left = talk.clone();
        Talk::fold(&mut left, &body((3, 0, 2, 1)), by(3, 9));
        assert_eq!(pending(&left).as_deref(), Some("q1"));
        for ends in [(4, 0, 0, 1), (7, 0, 0, 1)] {
            let mut ended = talk.clone();
            Talk::fold(&mut ended, &body(ends), by(3, 9));
            assert_eq!(pending(&ended), None);
        }
        assert_eq!(talk.as_ref().unwrap().handler(), Handler::Rules);
        Talk::fold(&mut talk, &body((5, 0, 7, 1)), by(4, 10));
        assert_eq!(talk.as_ref().unwrap().handler(), Handler::Person);
        assert!(talk.as_ref().unwrap().is_passed("q7"));
    }

    #[test]
    fn a_talk_has_an_end() {
        let mut talk = None;
        for n in 0..200 {
            for kind in [1, 3, 5] {
                Talk::fold(&mut talk, &body((kind, 0, n as u8, n)), by(i64::from(n), n as usize));
            }
        }
        let run = talk.unwrap().run.unwrap();
        assert_eq!(
            (run.asked.len(), run.left.len(), run.handed.len()),
            (TALK_STEPS_MAX, TALK_STEPS_MAX, TALK_STEPS_MAX)
        );
        assert!(run.asked.values().all(|asked| asked.unclear.len().max(asked.silent.len()) <= ATTEMPTS_MAX));
    }
}
