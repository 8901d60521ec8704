//! What follows from a text message that came in.

use std::time::Duration;

use crate::event::kinds::conversation::{OptedIn, OptedOut};
use crate::event::kinds::decisions::{ActionRequested, OptInRefused};
use crate::event::{Body, Event};
use crate::machine::Action;
use crate::optin::{Acceptance, Code, CodeRefusal, Inbound, Notice, Offered, judge};
use crate::store::Write;
use crate::vocab::limits::EVENT_IDENTIFIERS_MAX;
use crate::vocab::{
    ConsentMethod, EventId, EventKey, Identifier, MessageId, Personal, Purpose, SourceId, Timestamp,
};

use super::session::{DECISIONS, Session};
use super::{Config, Error, fold};

/// An answer that comes later than this is no answer any more.
const ANSWER_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Decides what an event of the host leads to: for a text message, joining, leaving or help.
pub(super) fn decide<W: Write>(session: &Session<'_, W>, event: &Event) -> Result<Vec<Event>, Error> {
    let Body::MessageReceived(message) = &event.body else { return Ok(Vec::new()) };
    let Some(contact) = event.identifiers.iter().find(|one| one.kind().is_contact_point()) else {
        return Err(Error::Bug("a message without a sender was let in"));
    };
    let text = message.body.as_ref().map_or("", Personal::reveal);
    let inbound = Message { session, event, contact, id: &message.message_id, key: event.key() };
    let keywords = session.config.notice.as_ref().map(|notice| notice.keyword());
    match Inbound::read(text, contact, keywords.as_slice()) {
        Inbound::OptOut => Ok(inbound.leave()),
        Inbound::Help => Ok(vec![inbound.answer(&session.config.help_text)]),
        Inbound::Codes { codes, asked } => inbound.join(&codes, asked),
        Inbound::OptInKeyword | Inbound::Other => Ok(Vec::new()),
    }
}

/// Refuses settings with an answer that could not be recorded: better when the engine opens than when
/// somebody asks to be left alone.
pub(super) fn check_answers(config: &Config) -> Result<(), Error> {
    for text in [&config.joined_text, &config.left_text, &config.retry_text, &config.help_text] {
        let source = SourceId::new(DECISIONS).expect("a constant that is an id");
        let id = EventId::new("answer").expect("a constant that is an id");
        let mut action = ActionRequested::new("answer".parse().expect("an id"), Action::ANSWER.to_owned());
        action.text = Some(filled_in(text, config));
        let settled = Event::new(source, id, Timestamp::MIN, action).settle();
        settled.map_err(|_| Error::Misuse("answers of at most 4,096 bytes, the brand filled in"))?;
    }
    Ok(())
}

/// An answer's text with the brand in it.
fn filled_in(text: &str, config: &Config) -> Personal {
    Personal::new(text.replace("{brand}", &config.brand))
}

/// A text message and where it came from.
struct Message<'m, 's, W> {
    session: &'m Session<'s, W>,
    event: &'m Event,
    contact: &'m Identifier,
    id: &'m MessageId,
    key: EventKey,
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
            events.push(self.answer(&config.retry_text));
        }
        Ok(events)
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

    /// Somebody wants no more: of nothing, since she need not say of what.
    fn leave(&self) -> Vec<Event> {
        let mut body = OptedOut::new(self.contact.clone());
        body.method = Some(ConsentMethod::Keyword);
        body.evidence = vec![format!("message:{}", self.key)];
        vec![self.decided("left", body), self.answer(&self.session.config.left_text)]
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
