//! Topics with customers: opened, answered by texts, followed up, given back by a person.

use std::time::Duration;

use crate::conversation::dialogue::{Heard, Scene, Turn};
use crate::conversation::gate::{Outgoing, Verdict};
use crate::conversation::intent::Asked;
use crate::conversation::proposal::Proposal;
use crate::conversation::thread::Thread;
use crate::conversation::topic::Topic;
use crate::conversation::{Handler, Talk};
use crate::event::kinds::conversation::ConversationHandedOver;
use crate::event::kinds::decisions::TopicOpened;
use crate::event::{Body, Event};
use crate::profile::Profile;
use crate::store::{Read, Store, Waiting, Write};
use crate::vocab::limits::FOLLOW_UPS_MAX;
use crate::vocab::{
    ActionId, EventId, EventKey, Identifier, IdentifierKey, MessageClass, MessageId, Personal, SourceId,
    TenantKey, Timestamp, TopicId, Zone,
};

use super::conversations::{Zones, gated};
use super::customers::{owner_of, read_entry};
use super::session::{DECISIONS, Session};
use super::{Accepted, Config, Engine, Error, fold};

/// How long a message of a topic waits for its gateway: later it would answer a text that is forgotten.
const MESSAGE_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many threads are looked at together.
const PAGE: usize = 256;

/// The topics of an [`Engine`]: those of its [`Config`](super::Config).
///
/// Texts that come in are answered by [`Engine::record`]; a person takes over and gives back by events, *Conversation Handed
/// Over* and *Conversation Handed Back*. What is to be sent waits in the outbox.
#[derive(Debug)]
pub struct Topics<'e, S: Store> {
    pub(super) engine: &'e mut Engine<S>,
}

/// What became of a topic that was to be opened or followed up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opened {
    /// Something was said, and waits in the outbox.
    Said,
    /// There is nothing to ask: all of it is known, another run is open, or nothing is due.
    Nothing,
    /// The gate does not let out what would be said, now or later.
    Refused(Box<Verdict>),
}

/// A topic that is to be followed up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowUp {
    /// With whom.
    pub contact: Identifier,
    /// Which.
    pub topic: TopicId,
    /// Since when.
    pub due: Timestamp,
    /// Its place among those whose questions wait: others are listed behind it, whether or not it is still there.
    pub place: Waiting,
}

impl<S: Store> Topics<'_, S> {
    /// Opens a topic with a customer, in the language that suits `language` best; where none is said, in that of her profile.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a topic that the settings do not have, or a contact that is neither phone nor e-mail;
    /// [`Error::Storage`].
    pub fn open(
        &mut self,
        contact: &Identifier,
        topic: &TopicId,
        language: Option<&str>,
        now: Timestamp,
    ) -> Result<Opened, Error> {
        if !contact.kind().is_contact_point() {
            return Err(Error::Misuse("a phone number or an e-mail address to open a topic with"));
        }
        self.engine.transact(now, |session| {
            let Some(topic) = session.config.topics.get(topic) else {
                return Err(Error::Misuse("a topic of the settings"));
            };
            let thread = session.thread(contact)?;
            let stage = Stage::of(session, contact, topic, &thread, None)?;
            let open = Stage::open(session, contact, &thread)?.filter(|other| !other.scene().is_over());
            if open.is_some() || stage.talk.handler() == Handler::Person {
                return Ok(Opened::Nothing);
            }
            let known = stage.profile.fact("language", stage.now).map(|fact| fact.value.clone());
            let Some(turn) = stage.scene().begin(language.or(known.as_ref().map(Personal::reveal))) else {
                return Ok(Opened::Nothing);
            };
            let key = stage.moment("open", session.lens.tenant);
            let events = match stage.events(session, &turn, key, None, None)? {
                (events, None) => events,
                (_, Some(verdict)) => return Ok(Opened::Refused(verdict)),
            };
            let mut opened = TopicOpened::new(contact.clone(), topic.id().clone(), stage.started_at);
            opened.digest = Some(topic.draft().digest);
            opened.language = Some(turn.language.clone());
            let opened = stage.event("open", key, stage.now, opened);
            session.append(opened)?;
            for event in events {
                session.append(event)?;
            }
            Ok(Opened::Said)
        })
    }

    /// Records a text as [`Engine::record`] does, with what somebody else makes of it: a language model of the host's. It counts
    /// only where no rule reads the text as an answer to the question that waits ([`Topics::talk`] tells which), and only if
    /// the type of that question reads it; see [`Proposal`].
    ///
    /// # Errors
    /// As [`Engine::record`].
    pub fn hear(&mut self, event: Event, proposal: Proposal, now: Timestamp) -> Result<Accepted, Error> {
        self.engine.record_one(event, Some(proposal), now)
    }

    /// Takes note of silence: asks again, or ends the run, where it is time to; see [`Topics::due`] and [`Topics::follow_ups`].
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn follow_up(&mut self, contact: &Identifier, now: Timestamp) -> Result<Opened, Error> {
        self.engine.transact(now, |session| {
            let thread = session.thread(contact)?;
            let Some(stage) = Stage::open(session, contact, &thread)? else { return Ok(Opened::Nothing) };
            let Some(turn) = stage.scene().silence() else { return Ok(Opened::Nothing) };
            let key = stage.moment("silence", session.lens.tenant);
            match stage.events(session, &turn, key, None, None)? {
                (events, None) => {
                    for event in events {
                        session.append(event)?;
                    }
                    Ok(Opened::Said)
                }
                (_, Some(verdict)) => Ok(Opened::Refused(verdict)),
            }
        })
    }

    /// At most `most` topics, and never more than [`FOLLOW_UPS_MAX`], that are to be [followed up](Topics::follow_up) at `now`,
    /// behind a place; the one whose question waits longest comes first. Looks at those alone whose question waits.
    ///
    /// # Errors
    /// [`Error::Misuse`] for more than that; [`Error::Storage`].
    pub fn follow_ups(
        &self,
        mut behind: Option<Waiting>,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<FollowUp>, Error> {
        if most > FOLLOW_UPS_MAX {
            return Err(Error::Misuse("at most 1,000 topics that are to be followed up"));
        }
        self.engine.usable()?;
        let engine = &*self.engine;
        let now = engine.latest(now);
        let reader = engine.store.reader()?;
        let mut due = Vec::new();
        while due.len() < most {
            let page = reader.waiting_threads(behind.as_ref(), PAGE)?;
            let Some(last) = page.last() else { break };
            behind = Some(*last);
            for place in page {
                if due.len() < most {
                    due.extend(engine.follow_up_at(&reader, place, now)?);
                }
            }
        }
        Ok(due)
    }

    /// When [`Topics::follow_up`] has something to do, if nothing comes until then.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn due(&self, contact: &Identifier, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        Ok(self.engine.due_of(&self.talk(contact)?, now))
    }

    /// Where a contact point stands.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn talk(&self, contact: &Identifier) -> Result<Talk, Error> {
        self.engine.usable()?;
        talk_of(&self.engine.store.reader()?, &contact.key(&self.engine.tenant))
    }
}

impl<S: Store> Engine<S> {
    /// When the open topic is to be followed up, if nothing comes until then. What is known of her does not matter for it.
    fn due_of(&self, talk: &Talk, now: Timestamp) -> Option<Timestamp> {
        let topic = self.config.topics.get(talk.open()?.0)?;
        Scene::new(topic, talk, &Profile::default(), &self.config.brand, now).due()
    }

    /// The topic whose question waits there, where it is time to follow it up.
    fn follow_up_at(
        &self,
        reader: &impl Read,
        place: Waiting,
        now: Timestamp,
    ) -> Result<Option<FollowUp>, Error> {
        let talk = talk_of(reader, &place.contact)?;
        let (Some((topic, _)), Some(pending)) = (talk.open(), talk.pending()) else { return Ok(None) };
        let Some(due) = self.due_of(&talk, now).filter(|due| *due <= now) else { return Ok(None) };
        // The thread does not say whose it is; the question does.
        let asked =
            reader.entry(&pending.asked.at.key)?.map(|entry| read_entry(&entry)).transpose()?.flatten();
        let contact = asked.as_ref().and_then(|asked| asked.event.body.whom()).cloned();
        Ok(contact.map(|contact| FollowUp { contact, topic: topic.clone(), due, place }))
    }
}

/// What a message, all of whose text is `text`, means to the open topic: events, or `None` where it is not for it. `thread` is
/// where the conversation stands, the message included.
pub(super) fn answer<W: Write>(
    session: &mut Session<'_, W>,
    event: &Event,
    contact: &Identifier,
    thread: &Thread,
    text: &str,
) -> Result<Option<Vec<Event>>, Error> {
    let Body::MessageReceived(message) = &event.body else { return Ok(None) };
    let Some(stage) = Stage::open(session, contact, thread)? else { return Ok(None) };
    let heard = Heard::new(text, event.occurred_at).with_id(&message.message_id);
    let proposal = session.proposal.take();
    let Some(turn) = stage.scene().hear_with(&heard, proposal.as_ref()) else { return Ok(None) };
    let (at, id) = (Some(event.occurred_at), Some(&message.message_id));
    Ok(Some(stage.events(session, &turn, event.key(), at, id)?.0))
}

/// A person takes over, since she asks something that no topic answers; nothing where one answers already.
pub(super) fn hand_over<W: Write>(
    session: &Session<'_, W>,
    event: &Event,
    contact: &Identifier,
    thread: &Thread,
) -> Option<Event> {
    let Body::MessageReceived(message) = &event.body else { return None };
    if thread.talk().is_some_and(|talk| talk.handler() == Handler::Person) {
        return None;
    }
    let mut over = ConversationHandedOver::new(contact.clone(), "question".to_owned());
    over.message_id = Some(message.message_id.clone());
    Some(decided("question", event.key(), session.latest(), contact, over))
}

/// What kind of answer waits for a text in a conversation, for whoever reads it before a topic does.
pub(super) fn pending(thread: &Thread) -> Option<Asked> {
    let talk = thread.talk().filter(|talk| talk.handler() == Handler::Rules)?;
    Some(match talk.pending()?.asked.answer.as_deref() {
        Some("yes_no") => Asked::YesNo,
        Some("number" | "size") => Asked::Number,
        Some("choice") => Asked::Choice,
        Some(_) => Asked::Text,
        None => Asked::Any,
    })
}

/// What follows when a person gives a conversation back: the open topic goes on.
pub(super) fn resumed<W: Write>(session: &mut Session<'_, W>, event: &Event) -> Result<Vec<Event>, Error> {
    let Body::ConversationHandedBack(back) = &event.body else { return Ok(Vec::new()) };
    let thread = session.thread(&back.contact)?;
    let Some(stage) = Stage::open(session, &back.contact, &thread)? else { return Ok(Vec::new()) };
    // Somebody may have taken over again since.
    let turn = stage.scene().resume().filter(|_| stage.talk.handler() == Handler::Rules);
    let events = turn.map(|turn| stage.events(session, &turn, event.key(), None, None)).transpose()?;
    Ok(events.map_or(Vec::new(), |(events, _)| events))
}

/// Refuses topics of settings that could not be opened under their names.
pub(super) fn check(config: &Config) -> Result<(), Error> {
    match config.topics.iter().all(|(id, topic)| id == topic.id()) {
        true => Ok(()),
        false => Err(Error::Misuse("each topic under its own id")),
    }
}

/// A run of a topic, and what is known of the customer.
struct Stage<'t> {
    topic: &'t Topic,
    brand: &'t str,
    contact: Identifier,
    /// Where the conversation stands.
    thread: &'t Thread,
    talk: Talk,
    profile: Profile,
    /// Whose calendar her days are of.
    zone: Zone,
    started_at: Timestamp,
    now: Timestamp,
}

impl<'t> Stage<'t> {
    /// The open run of a contact point whose conversation stands so; `None` where there is none, or the settings have its topic
    /// no more.
    fn open<'e: 't, W: Write>(
        session: &mut Session<'e, W>,
        contact: &Identifier,
        thread: &'t Thread,
    ) -> Result<Option<Stage<'t>>, Error> {
        let Some((topic, started_at)) = thread.talk().and_then(Talk::open) else { return Ok(None) };
        let Some(topic) = session.config.topics.get(topic) else { return Ok(None) };
        Stage::of(session, contact, topic, thread, Some(started_at)).map(Some)
    }

    fn of<'e: 't, W: Write>(
        session: &mut Session<'e, W>,
        contact: &Identifier,
        topic: &'t Topic,
        thread: &'t Thread,
        started_at: Option<Timestamp>,
    ) -> Result<Stage<'t>, Error> {
        let now = session.latest();
        let key = contact.key(session.lens.tenant);
        let owner = match session.tx.node(&key)? {
            Some(_) => owner_of(&session.tx, session.lens, std::slice::from_ref(contact))?,
            None => None,
        };
        let profile = owner.map(|owner| session.profile(owner)).transpose()?.unwrap_or_default();
        let zone = Zones::of(&session.tx, &key, thread, now)?.calendar(contact, now);
        let (brand, contact) = (session.config.brand.as_str(), contact.clone());
        let talk = thread.talk().cloned().unwrap_or_default();
        let started_at = started_at.unwrap_or(now);
        Ok(Stage { topic, brand, contact, thread, talk, profile, zone, started_at, now })
    }

    fn scene(&self) -> Scene<'_> {
        let mut scene = Scene::new(self.topic, &self.talk, &self.profile, self.brand, self.now);
        scene.started_at = self.started_at;
        scene.in_zone(self.zone)
    }

    /// A turn as events named after `key`. What is to be said passes the gate, and may wait for its hours. Where the gate does
    /// not let it out at all, nothing is said, and what would be asked was not: the facts stand, and the topic goes on when it is
    /// followed up.
    fn events<W: Write>(
        &self,
        session: &Session<'_, W>,
        turn: &Turn,
        key: EventKey,
        heard_at: Option<Timestamp>,
        message_id: Option<&MessageId>,
    ) -> Result<(Vec<Event>, Option<Box<Verdict>>), Error> {
        let mut events = Vec::new();
        for fact in &turn.facts {
            events.push(self.event("fact", key, heard_at.unwrap_or(self.now), fact.clone()));
        }
        let id: ActionId = format!("topic:{key}").parse().expect("made of hexadecimal digits");
        let (said, refused) = match self.message(turn) {
            None => (None, None),
            Some(message) => match gated(session, id.clone(), &message, self.thread, self.now)? {
                Ok((said, _)) => (Some(said), None),
                Err(verdict) => (None, Some(verdict)),
            },
        };
        let turns = turn.events(&self.contact, self.topic.id(), self.started_at, message_id);
        for (place, mut body) in turns.into_iter().enumerate() {
            if let Body::QuestionAsked(asked) = &mut body {
                if refused.is_some() {
                    continue;
                }
                asked.action_id = said.as_ref().map(|_| id.clone());
            }
            events.push(self.event(&format!("topic{place}"), key, self.now, body));
        }
        events.extend(said);
        Ok((events, refused))
    }

    /// The message of a turn: a reply for as long as she wrote lately, as the gate says. `None` where nothing is said.
    fn message(&self, turn: &Turn) -> Option<Outgoing> {
        if turn.say.reveal().is_empty() {
            return None;
        }
        let purpose = self.topic.draft().purpose;
        let (to, text) = (self.contact.clone(), turn.say.reveal());
        let mut message = Outgoing::new(to, MessageClass::Conversational, purpose, text);
        message.expires_at = Some(self.now.saturating_add(MESSAGE_LIFE));
        message.waits = true;
        Some(message)
    }

    fn event(&self, what: &str, key: EventKey, at: Timestamp, body: impl Into<Body>) -> Event {
        decided(what, key, at, &self.contact, body)
    }

    /// A key for what no event of the host leads to: of the contact point, the run, and how often its question was asked.
    fn moment(&self, what: &str, tenant: &TenantKey) -> EventKey {
        let pending = self.talk.pending();
        let asked = pending.map_or(String::new(), |one| format!("{}:{}", one.question, one.asked.attempt));
        let contact = self.contact.key(tenant);
        let id = format!("{what}:{contact}:{}:{asked}", self.started_at.as_micros());
        EventKey::of(
            &SourceId::new(self.topic.id().as_str()).expect("an id of the same form"),
            &EventId::new(id).expect("short, of letters, digits and colons"),
        )
    }
}

/// An event named after what led to it.
fn decided(what: &str, key: EventKey, at: Timestamp, contact: &Identifier, body: impl Into<Body>) -> Event {
    let source = SourceId::new(DECISIONS).expect("a constant that is an id");
    let id = EventId::new(format!("{what}:{key}")).expect("made of hexadecimal digits");
    let mut event = Event::new(source, id, at, body);
    event.identifiers.push(contact.clone());
    event
}

/// Where a contact point stands in its topics.
fn talk_of(tx: &impl Read, contact: &IdentifierKey) -> Result<Talk, Error> {
    let thread = fold::read_thread(tx, contact)?.unwrap_or_default();
    Ok(thread.talk().cloned().unwrap_or_default())
}
