//! What follows from a text message that came in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use crate::conversation::answer;
use crate::conversation::intent::{Class, Context, Reason, Vocabulary, classify};
use crate::conversation::lint::names_a_price;
use crate::conversation::thread::{Status, Thread};
use crate::event::kinds::conversation::{
    ConsentRequested, ContactReassigned, MessageReceived, OptedIn, OptedOut,
};
use crate::event::kinds::decisions::{ActionRequested, OptInRefused};
use crate::event::{Body, Event, FoldKey, Recorded};
use crate::log::Head;
use crate::machine::Action;
use crate::optin::{Acceptance, Code, CodeRefusal, Notice, Offered, TagText, judge};
use crate::rules::Whereabouts;
use crate::store::{Read, Store, Write};
use crate::vocab::limits::{CONFIRM_LIFE_MAX, EVENT_IDENTIFIERS_MAX};
use crate::vocab::{
    ConsentMethod, EventId, EventKey, Identifier, MessageId, Personal, Purpose, SourceId, Timestamp,
};

use super::customers::read_entry;
use super::session::{DECISIONS, Session};
use super::{Config, Engine, Error, TapRequest, fold, topics};

/// An answer that comes later than this is no answer any more.
const ANSWER_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Decides what an event of the host leads to. For a text message, in this order:
///
/// 1. A message that a gateway told before, under another event, leads to nothing. Of one in parts each part is heard for a wish
///    to be left alone, and the whole for everything else.
/// 2. Compliance: a wish to be left alone, in whatever words, and the help text.
/// 3. The tap: what a tag mirrored into its own link, the one-time code of a page, the keyword; and the answer to the question
///    of a double opt-in.
/// 4. What is left is conversation: the open topic, or a person where she asks something about an order.
pub(super) fn decide<W: Write>(session: &mut Session<'_, W>, event: &Event) -> Result<Vec<Event>, Error> {
    let Body::MessageReceived(message) = &event.body else { return Ok(Vec::new()) };
    let Some(contact) = event.identifiers.iter().find(|one| one.kind().is_contact_point()) else {
        return Err(Error::Bug("a message without a sender was let in"));
    };
    let key = event.key();
    let thread = session.thread(contact)?;
    if thread.has_received(&message.message_id, key) {
        return Ok(Vec::new());
    }
    let asked = thread.pending_double_opt_in(session.latest()).filter(|asked| asked.at <= event.occurred_at);
    let notice = session.config.notice.as_ref();
    let keywords = notice.map(|notice| notice.keyword());
    let whereabouts = Whereabouts::of(contact);
    let mut context = Context::default().with_keywords(keywords.as_slice()).with_vocabulary(
        session.vocabulary,
        whereabouts.places(),
        session.latest(),
    );
    context.region = contact.region();
    context.pending = topics::pending(&thread);
    context.double_opt_in_pending = asked.is_some();
    let order = thread.order_talked_of(event.occurred_at).cloned();
    context.order_talked_of = order.is_some();
    let inbound = Message { session, event, contact, id: &message.message_id, key, thread: &thread };
    let text = said(message);
    let mut read = classify(text, &context);
    let mut whole: Option<String> = None;
    if let Some((reference, parts)) = in_parts(message).filter(|_| !read.class.is_opt_out()) {
        let Some(all) = inbound.whole(reference, parts)? else { return Ok(Vec::new()) };
        read = classify(&all, &context);
        whole = Some(all);
    }
    if read.class.is_opt_out() {
        return Ok(inbound.leave(read.reason));
    }
    if read.class == Class::Help {
        return Ok(vec![inbound.answer(&session.config.help_text)]);
    }
    if let Some(tap) = session.taps_in_texts.get(&key) {
        return inbound.join_by_tag(*tap);
    }
    let events = match (read.class, asked) {
        (Class::ConfirmOptIn, Some(asked)) => return inbound.confirm(&asked.key),
        (Class::AnswerNo, Some(asked)) => return inbound.decline(&asked.key),
        _ if !read.codes.is_empty() => inbound.join(&read.codes, read.asked)?,
        (Class::JoinNoTap, _) => return Ok(inbound.ask(ConsentMethod::Keyword, None)),
        // Not "yes", which is less sure: it answers whatever was asked last.
        (Class::OptIn, _) if read.confidence == 100 => return Ok(inbound.ask(ConsentMethod::Keyword, None)),
        _ => Vec::new(),
    };
    // What may be a code by chance may be an answer as well; what a phone sends for a reaction is none.
    let joined = events.iter().any(|event| matches!(event.body, Body::OptedIn(_)));
    if joined || read.asked || read.reason == Reason::Reaction {
        return Ok(events);
    }
    let text = whole.as_deref().unwrap_or(text);
    let talk = match topics::answer(session, event, contact, &thread, text)? {
        Some(talk) => talk,
        // Somebody has to look the order up.
        None if order.is_some() && (read.class == Class::HelpLikely || answer::asks(text)) => {
            topics::hand_over(session, event, contact, &thread).into_iter().collect()
        }
        None => Vec::new(),
    };
    let about = |mut event: Event| {
        if let Body::ConversationHandedOver(over) = &mut event.body {
            over.order_id.clone_from(&order);
        }
        event
    };
    Ok(events.into_iter().chain(talk.into_iter().map(about)).collect())
}

/// The reference that the parts of one message have in common and how many they are, where it came in parts.
fn in_parts(message: &MessageReceived) -> Option<(&str, u32)> {
    let parts = message.parts.filter(|parts| *parts > 1)?;
    Some((message.reference.as_deref()?, parts))
}

/// What a message says; nothing where that is erased.
fn said(message: &MessageReceived) -> &str {
    message.body.as_ref().map_or("", Personal::reveal)
}

/// What a recorded message says.
fn text_of(recorded: Option<&Recorded>) -> &str {
    match recorded.map(|recorded| &recorded.event.body) {
        Some(Body::MessageReceived(message)) => said(message),
        _ => "",
    }
}

/// Parts of messages that a batch brings, before any of it is recorded.
#[derive(Default)]
struct Arriving<'e> {
    /// Where conversations will stand behind the parts so far.
    threads: BTreeMap<&'e Identifier, Thread>,
    texts: BTreeMap<EventKey, &'e str>,
}

impl<S: Store> Engine<S> {
    /// Judges the taps that came in texts, before the texts are recorded: each in a transaction of its own, and again the same
    /// where the text was not recorded after all. Of a message in parts the whole is judged, with the part that is the last to come.
    pub(super) fn taps_in_texts(
        &mut self,
        events: &[Event],
        now: Timestamp,
    ) -> Result<BTreeMap<EventKey, Option<EventKey>>, Error> {
        let mut taps = BTreeMap::new();
        let Some(template) = self.config.ways.tag_text.clone() else { return Ok(taps) };
        let mut arriving = Arriving::default();
        for event in events {
            let Body::MessageReceived(message) = &event.body else { continue };
            let contact = event.identifiers.iter().find(|one| one.kind().is_contact_point());
            let Some(contact) = contact else { continue };
            let text = match in_parts(message) {
                None => Some(Cow::Borrowed(said(message))),
                Some(of) => self.whole(&mut arriving, event, contact, said(message), of)?.map(Cow::Owned),
            };
            let found = text.and_then(|text| TagText::find(&text));
            let (Some(link), key) = (found.and_then(|found| found.link(&template)), event.key()) else {
                continue;
            };
            if self.store.reader()?.entry(&key)?.is_some() {
                continue;
            }
            let client = format!("text:{key}");
            let request = TapRequest::url(&link).from_client(&client).seen(contact.clone()).without_offer();
            let tap = match self.taps().verify(request, now) {
                Ok(outcome) => Some(outcome.receipt.key),
                Err(Error::Tap(_)) => None,
                Err(error) => return Err(error),
            };
            taps.insert(key, tap);
        }
        Ok(taps)
    }

    /// All of a message of which a part comes in, as it will be once that is recorded; `None` while another is missing.
    fn whole<'e>(
        &self,
        arriving: &mut Arriving<'e>,
        event: &'e Event,
        contact: &'e Identifier,
        text: &'e str,
        (reference, parts): (&str, u32),
    ) -> Result<Option<String>, Error> {
        let reader = self.store.reader()?;
        let thread = match arriving.threads.entry(contact) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let known = fold::read_thread(&reader, &contact.key(&self.tenant))?;
                new.insert(known.unwrap_or_default())
            }
        };
        let fold = FoldKey { at: event.occurred_at, key: event.key() };
        let Head { origin, hlc, .. } = self.head;
        thread.apply(&Recorded { event: event.clone(), fold, origin, hlc, received_at: event.occurred_at });
        arriving.texts.insert(fold.key, text);
        let Some(folds) = thread.whole(reference, parts) else { return Ok(None) };
        let mut whole = String::new();
        for part in folds {
            match arriving.texts.get(&part.key) {
                Some(text) => whole.push_str(text),
                None => {
                    let entry = reader.entry(&part.key)?;
                    let recorded = entry.map(|entry| read_entry(&entry)).transpose()?.flatten();
                    whole.push_str(text_of(recorded.as_ref()));
                }
            }
        }
        Ok(Some(whole))
    }
}

/// Refuses settings with an answer that could not be recorded: better when the engine opens than when
/// somebody asks to be left alone.
pub(super) fn check_answers(config: &Config) -> Result<(), Error> {
    if config.confirm_life > CONFIRM_LIFE_MAX {
        return Err(Error::Misuse("a question of a double opt-in that waits at most 30 days"));
    }
    if config.ways.tag_text.as_ref().is_some_and(|link| !TagText::is_template(link)) {
        return Err(Error::Misuse(
            "a link with places for what a tag mirrors: {uid}, {ctr}, {mac} or {picc}, {mac}",
        ));
    }
    if let Some(notice) = &config.notice
        && Vocabulary::of(&config.gate.rules).has(notice.keyword())
    {
        return Err(Error::Misuse("a keyword of the notice that no rule has for something else"));
    }
    let texts =
        [&config.joined_text, &config.left_text, &config.retry_text, &config.help_text, &config.confirm_text];
    for text in texts {
        let source = SourceId::new(DECISIONS).expect("a constant that is an id");
        let id = EventId::new("answer").expect("a constant that is an id");
        let mut action = ActionRequested::new("answer".parse().expect("an id"), Action::ANSWER.to_owned());
        action.text = Some(filled_in(text, config));
        let settled = Event::new(source, id, Timestamp::MIN, action).settle();
        settled.map_err(|_| Error::Misuse("answers of at most 4,096 bytes, the brand filled in"))?;
    }
    let left = filled_in(&config.left_text, config);
    // A brand may be called 100% Silk.
    let said = match config.brand.as_str() {
        "" => left.reveal().to_owned(),
        brand => left.reveal().replace(brand, "-"),
    };
    if names_a_price(&said) {
        return Err(Error::Misuse("a confirmation of an opt-out that names no price and no share of one"));
    }
    Ok(())
}

/// An answer's text with the brand and the notice in it.
fn filled_in(text: &str, config: &Config) -> Personal {
    let notice = config.notice.as_ref().map_or("", Notice::text);
    Personal::new(text.replace("{brand}", &config.brand).replace("{notice}", notice))
}

/// A text message and where it came from.
struct Message<'m, 's, W> {
    session: &'m Session<'s, W>,
    event: &'m Event,
    contact: &'m Identifier,
    id: &'m MessageId,
    key: EventKey,
    /// Where the conversation stands, this message included.
    thread: &'m Thread,
}

impl<W: Write> Message<'_, '_, W> {
    /// Somebody texted a code: her number, the tap, the visit and the consent belong together.
    fn join(&self, codes: &[Code], asked: bool) -> Result<Vec<Event>, Error> {
        let Session { tx, lens, config, now, .. } = self.session;
        let tries = fold::read_tries(tx, &self.contact.key(lens.tenant))?;
        let mut refusal = CodeRefusal::UnknownCode;
        for code in codes {
            let offer = fold::read_offer(tx, code)?;
            match judge(offer.as_ref(), tries.as_ref(), self.contact, *now, &config.opt_in) {
                Ok(Acceptance::Join(offered)) => return self.joined(code, offered),
                // Who has left since has to tap again: a code counts once.
                Ok(Acceptance::AlreadyJoined(_)) if asked && self.thread.is_out() => {
                    return Ok(vec![self.answer(&config.retry_text)]);
                }
                Ok(Acceptance::AlreadyJoined(_)) => return Ok(Vec::new()),
                Err(CodeRefusal::UnknownCode) => {}
                Err(why) => refusal = why,
            }
        }
        let mut body = OptInRefused::new(self.contact.clone(), refusal.code().to_owned());
        body.message_id = Some(self.id.clone());
        let mut events = vec![self.decided("refused", body)];
        // Whoever did not ask to join is left alone; whoever guesses is not told so for ever.
        if asked && refusal != CodeRefusal::TooManyTries {
            match config.ways.keyword {
                true => events.extend(self.ask(ConsentMethod::Keyword, None)),
                false => events.push(self.answer(&config.retry_text)),
            }
        }
        Ok(events)
    }

    /// Somebody sent what a tag mirrored into its own link: a tap that counts, or none.
    fn join_by_tag(&self, tap: Option<EventKey>) -> Result<Vec<Event>, Error> {
        let config = self.session.config;
        match tap {
            Some(tap) => Ok(self.ask(ConsentMethod::TagText, Some(tap))),
            None if config.ways.keyword => Ok(self.ask(ConsentMethod::Keyword, None)),
            None => Ok(vec![self.answer(&config.retry_text)]),
        }
    }

    /// Asks somebody who has not seen the notice whether she joins: the first half of a double opt-in. Nothing where the host does
    /// not offer this way, where she has joined already, or where the same question waits.
    fn ask(&self, method: ConsentMethod, tap: Option<EventKey>) -> Vec<Event> {
        let Session { config, .. } = self.session;
        let now = self.session.latest();
        let offered = tap.is_some() || config.ways.keyword;
        let Some(notice) = config.notice.as_ref().filter(|_| offered) else { return Vec::new() };
        let waits = self.thread.pending_double_opt_in(now).is_some();
        if waits || self.thread.status(now) == Status::Subscribed {
            return Vec::new();
        }
        let purposes = notice.purposes().iter().copied().collect();
        let mut body = ConsentRequested::new(self.contact.clone(), purposes, method);
        body.notice_id = Some(notice.id().clone());
        body.notice_hash = Some(notice.hash());
        body.language = notice.language().map(str::to_owned);
        body.evidence = tap.map(|tap| format!("tap:{tap}")).into_iter().collect();
        body.evidence.push(format!("message:{}", self.key));
        body.expires_at = Some(now.saturating_add(config.confirm_life));
        vec![self.decided("asked", body), self.answer(&config.confirm_text)]
    }

    /// Yes, in answer to that question: the second half.
    fn confirm(&self, asked: &EventKey) -> Result<Vec<Event>, Error> {
        let Some(Body::ConsentRequested(request)) =
            self.session.recorded(asked)?.map(|asked| asked.event.body)
        else {
            return Ok(Vec::new());
        };
        let mut body = OptedIn::new(self.contact.clone(), request.purposes, request.method);
        body.notice_id = request.notice_id;
        body.notice_hash = request.notice_hash;
        body.language = request.language;
        body.evidence = vec![format!("request:{asked}"), format!("message:{}", self.key)];
        body.evidence.extend(request.evidence.into_iter().filter(|proof| proof.starts_with("tap:")));
        Ok(vec![self.decided("joined", body), self.answer(&self.session.config.joined_text)])
    }

    /// No, in answer to that question: it waits no longer, and what it asked for is refused.
    fn decline(&self, asked: &EventKey) -> Result<Vec<Event>, Error> {
        let Some(Body::ConsentRequested(request)) =
            self.session.recorded(asked)?.map(|asked| asked.event.body)
        else {
            return Ok(Vec::new());
        };
        let mut body = OptedOut::new(self.contact.clone());
        body.purposes = request.purposes;
        body.evidence = vec![format!("request:{asked}"), format!("message:{}", self.key)];
        Ok(vec![self.decided("declined", body)])
    }

    /// A message whose parts have all come in; `None` while one is missing.
    fn whole(&self, reference: &str, parts: u32) -> Result<Option<String>, Error> {
        let Some(events) = self.thread.whole(reference, parts) else { return Ok(None) };
        let mut text = String::new();
        for part in events {
            text.push_str(text_of(self.session.recorded(&part.key)?.as_ref()));
        }
        Ok(Some(text))
    }

    fn joined(&self, code: &Code, offered: &Offered) -> Result<Vec<Event>, Error> {
        let config = self.session.config;
        // The consent is to the notice that was shown: a host that has another by now cannot tell what
        // it was to, and asks anew.
        let shown = |notice: &&Notice| notice.hash() == offered.notice_hash;
        let Some(notice) = config.notice.as_ref().filter(shown) else {
            return Ok(vec![self.answer(&config.retry_text)]);
        };
        let purposes = notice.purposes().iter().copied().collect();
        let mut body = OptedIn::new(self.contact.clone(), purposes, ConsentMethod::TapToText);
        body.notice_id = Some(notice.id().clone());
        body.notice_hash = Some(notice.hash());
        body.language = notice.language().map(str::to_owned);
        body.evidence = vec![format!("tap:{}", offered.tap), format!("message:{}", self.key)];
        body.code = Some(code.to_string());
        let mut joined = self.decided("joined", body);
        // The number that joins counts as one of those that an event may name.
        let visitors = offered.visitors.iter().filter(|one| *one != self.contact);
        joined.identifiers.extend(visitors.take(EVENT_IDENTIFIERS_MAX - 1).cloned());
        joined.place = offered.place.clone();
        Ok(vec![joined, self.answer(&config.joined_text)])
    }

    /// Somebody wants no more: of nothing, since she need not say of what. She is told so once, until she joins again.
    fn leave(&self, reason: Reason) -> Vec<Event> {
        let mut body = OptedOut::new(self.contact.clone());
        body.method = Some(ConsentMethod::Keyword);
        body.evidence = vec![format!("message:{}", self.key)];
        let mut events = vec![self.decided("left", body)];
        if reason == Reason::WrongNumber {
            // Whoever has the number now never agreed to anything.
            let mut reassigned = ContactReassigned::new(self.contact.clone());
            reassigned.evidence = vec![format!("message:{}", self.key)];
            events.push(self.decided("reassigned", reassigned));
        }
        let left_at = self.event.occurred_at.min(self.session.latest());
        if self.thread.owes_confirmation(left_at) {
            events.push(self.answer(&self.session.config.left_text));
        }
        events
    }

    /// A text back, within the conversation that she began.
    fn answer(&self, text: &str) -> Event {
        let id = format!("answer:{}", self.key).parse().expect("made of hexadecimal digits");
        let mut action = ActionRequested::new(id, Action::ANSWER.to_owned());
        action.to = Some(self.contact.clone());
        action.purpose = Some(Purpose::Service);
        action.text = Some(filled_in(text, self.session.config));
        action.expires_at = Some(self.session.now.saturating_add(ANSWER_LIFE));
        self.decided("answer", action)
    }

    /// An event that this message led to, named after it, at the time that the message bears.
    fn decided(&self, what: &str, body: impl Into<Body>) -> Event {
        let source = SourceId::new(DECISIONS).expect("a constant that is an id");
        let id = EventId::new(format!("{what}:{}", self.key)).expect("made of hexadecimal digits");
        let mut event = Event::new(source, id, self.event.occurred_at, body);
        event.identifiers.push(self.contact.clone());
        event
    }
}
