//! The stage of a played conversation: an engine in memory, one customer, a clock.

use std::time::Duration;

use phygital_core::conversation::gate::Verdict;
use phygital_core::conversation::topic::Topic;
use phygital_core::engine::{Config, Engine, EntropyError, Opened};
use phygital_core::event::kinds::conversation::{
    AttributeStated, ConversationHandedBack, ConversationHandedOver, MessageReceived, OptedIn,
};
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::machine::Outcome;
use phygital_core::store::Memory;
use phygital_core::tap::Keys;
use phygital_core::vocab::{
    ConsentMethod, EventId, Identifier, MessageId, Personal, Purpose, SourceId, Timestamp,
};

use crate::failure::Failure;

/// Her number: one that is kept free for stories.
const HER_NUMBER: &str = "phone:+15105550199";

/// The source of what happens on stage.
const SOURCE: &str = "//phygital/stage";

/// How many entries of the log are read at once.
const PAGE: usize = 64;

/// Something that was said, or that happened.
pub(super) struct Line {
    pub(super) at: Timestamp,
    /// `brand`, `she`, or `note`.
    pub(super) who: &'static str,
    pub(super) text: String,
}

/// An engine, a customer and a clock.
pub(super) struct Stage {
    engine: Engine<Memory>,
    topic: Topic,
    her: Identifier,
    now: Timestamp,
    events: u64,
    /// How much of the log was told.
    told: u64,
}

impl Stage {
    /// A stage with a customer who agreed to what the topic is for.
    pub(super) fn new(topic: Topic, brand: &str, now: Timestamp) -> Result<Stage, Failure> {
        let config = Config::default().with_brand(brand).with_topic(topic.clone());
        // Nothing here is a secret or lasts.
        let entropy = |bytes: &mut [u8]| {
            bytes.fill(7);
            Ok::<(), EntropyError>(())
        };
        let engine = Engine::open(Memory::new(), config, Keys::none(), entropy)?;
        let her: Identifier = HER_NUMBER.parse().expect("a number");
        let mut stage = Stage { engine, topic, her, now, events: 0, told: 0 };
        let purposes = vec![stage.topic.draft().purpose, Purpose::Service];
        stage.record(OptedIn::new(stage.her.clone(), purposes, ConsentMethod::Till))?;
        // She wrote first, so that the topic answers her.
        stage.record(MessageReceived::new(MessageId::new("m-0").expect("an id")))?;
        stage.told = stage.engine.log().len()?;
        Ok(stage)
    }

    /// A line at the time that it is.
    pub(super) fn line(&self, who: &'static str, text: impl Into<String>) -> Line {
        Line { at: self.now, who, text: text.into() }
    }

    /// Opens the topic.
    pub(super) fn open(&mut self, language: Option<&str>) -> Result<Vec<Line>, Failure> {
        let opened = self.engine.topics().open(&self.her, self.topic.id(), language, self.now)?;
        let mut lines = self.happened()?;
        match opened {
            Opened::Said => {}
            Opened::Refused(verdict) => lines.push(self.line("note", refused(&verdict))),
            _ => lines.push(self.line("note", "nothing to ask")),
        }
        Ok(lines)
    }

    /// She sends a text.
    pub(super) fn text(&mut self, text: &str) -> Result<Vec<Line>, Failure> {
        let id = MessageId::new(format!("m-{}", self.events)).expect("an id");
        let mut message = MessageReceived::new(id);
        message.body = Some(Personal::new(text));
        self.record(message)?;
        let lines = self.happened()?;
        if lines.is_empty() {
            return Ok(vec![self.line("note", "nothing answers: this is for a person")]);
        }
        Ok(lines)
    }

    /// She says something at the till.
    pub(super) fn fact(&mut self, attribute: &str, value: &str) -> Result<Vec<Line>, Failure> {
        self.record(AttributeStated::new(attribute.to_owned(), Personal::new(value)))?;
        self.happened()
    }

    /// A person takes over.
    pub(super) fn person(&mut self) -> Result<Vec<Line>, Failure> {
        self.record(ConversationHandedOver::new(self.her.clone(), "desk".to_owned()))?;
        self.happened()
    }

    /// She gives back.
    pub(super) fn back(&mut self) -> Result<Vec<Line>, Failure> {
        self.record(ConversationHandedBack::new(self.her.clone()))?;
        self.happened()
    }

    /// Time passes; what is due meanwhile is done when it is.
    pub(super) fn wait(&mut self, span: Duration) -> Result<Vec<Line>, Failure> {
        let until = self.now.saturating_add(span);
        let mut lines = Vec::new();
        while let Some(due) = self.engine.topics().due(&self.her, self.now)?.filter(|due| *due <= until) {
            self.now = self.now.max(due);
            let followed = self.engine.topics().follow_up(&self.her, self.now)?;
            lines.extend(self.happened()?);
            if let Opened::Refused(verdict) = &followed {
                lines.push(self.line("note", refused(verdict)));
            }
            if followed != Opened::Said {
                break;
            }
        }
        self.now = self.now.max(until);
        Ok(lines)
    }

    /// What is known of her.
    pub(super) fn known(&mut self) -> Result<Vec<Line>, Failure> {
        let Some(customer) = self.engine.people().find(&self.her)? else { return Ok(Vec::new()) };
        let profile = self.engine.people().profile(customer, self.topic.draft().purpose, self.now)?;
        let mut lines = Vec::new();
        for (attribute, fact) in profile.facts(self.now) {
            let mut text = format!("{attribute} = {}", fact.value.reveal());
            if let Some(unit) = &fact.unit {
                text += &format!(" {unit}");
            }
            if let Some(sure) = fact.confidence {
                text += &format!(", {sure} percent sure");
            }
            if let Some(end) = fact.expires_at {
                text += &format!(", until {}", end.to_string().get(..10).unwrap_or_default());
            }
            lines.push(self.line("note", text));
        }
        Ok(lines)
    }

    fn record(&mut self, body: impl Into<Body>) -> Result<(), Failure> {
        self.events += 1;
        self.now = self.now.saturating_add(Duration::from_millis(1));
        let (source, id) = (SourceId::new(SOURCE), EventId::new(format!("e-{}", self.events)));
        let mut event = Event::new(source.expect("an id"), id.expect("an id"), self.now, body);
        event.identifiers.push(self.her.clone());
        self.engine.record(event, self.now)?;
        Ok(())
    }

    /// What the engine decided since, and what it asks to send, which is sent.
    fn happened(&mut self) -> Result<Vec<Line>, Failure> {
        let mut lines = Vec::new();
        loop {
            let entries = self.engine.log().entries(self.told, PAGE)?;
            let Some((last, _)) = entries.last() else { break };
            self.told = *last;
            for (_, entry) in &entries {
                let Some(payload) = entry.payload.as_ref() else { continue };
                let event = Event::from_json(&payload.content, &CodecOptions::default());
                let event = event.map_err(|error| Failure::failed("log", error.to_string()))?;
                lines.extend(told(&event.body).map(|text| self.line("note", text)));
            }
        }
        for action in self.engine.actions().due(None, PAGE, self.now)? {
            let text = action.text.as_ref().map_or("", Personal::reveal);
            lines.push(self.line("brand", text));
            self.engine.actions().acknowledge(&action.id, Outcome::Delivered, self.now)?;
        }
        self.told = self.engine.log().len()?;
        Ok(lines)
    }
}

/// What a decision means to whoever looks on; `None` where what is said tells it.
fn told(body: &Body) -> Option<String> {
    match body {
        Body::QuestionLeft(left) => Some(format!("{} is let be: {}", left.question, left.reason)),
        Body::TopicClosed(closed) => Some(format!("the topic ends: {}", closed.outcome)),
        Body::ConversationHandedOver(over) => Some(format!("a person takes over: {}", over.reason)),
        Body::ConversationHandedBack(_) => Some("the person gives back".to_owned()),
        Body::OptedOut(_) => Some("she has left".to_owned()),
        Body::AttributeStated(stated) => Some(format!("{} = {}", stated.attribute, stated.value.reveal())),
        _ => None,
    }
}

fn refused(verdict: &Verdict) -> String {
    let mut reasons: Vec<&str> = verdict.reasons().iter().map(|reason| reason.code()).collect();
    reasons.extend(verdict.findings.iter().map(|finding| finding.fault.code()));
    format!("not let out: {}", reasons.join(" "))
}
