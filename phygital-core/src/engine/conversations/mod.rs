//! What may be said to whom: messages on their way out, through the one gate.

#[cfg(test)]
mod tests;

use crate::consent::{Entry, Ledger, State, Terms};
use crate::conversation::Sent;
use crate::conversation::gate::{Outgoing, Standing, Verdict};
use crate::conversation::thread::{Thread, class_of};
use crate::event::kinds::decisions::ActionRequested;
use crate::event::{Event, FoldKey};
use crate::machine::Action;
use crate::rules::Whereabouts;
use crate::store::{Read, Store, Stored, Write};
use crate::vocab::{
    ActionId, EventId, EventKey, Identifier, IdentifierKey, IdentifierKind, Personal, Purpose, SourceId,
    TenantKey, Timestamp, Zone,
};

use crate::engine::session::{DECISIONS, Session};
use crate::engine::{Config, Engine, Error, Receipt, fold};

/// The conversations of an [`Engine`].
#[derive(Debug)]
pub struct Conversations<'e, S: Store> {
    pub(in crate::engine) engine: &'e mut Engine<S>,
}

/// What became of a message that was to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sending {
    /// It waits in the outbox: to be carried out now, or from the verdict's `next_allowed` on.
    Waits(Receipt, Box<Verdict>),
    /// It was asked for before, under the same id.
    Known(Receipt),
    /// It does not go out, and nothing was written.
    Refused(Box<Verdict>),
}

impl<S: Store> Conversations<'_, S> {
    /// What the [gate](Config::gate) says of a message at `now`. Writes nothing.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn judge(&self, message: &Outgoing, now: Timestamp) -> Result<Verdict, Error> {
        self.engine.usable()?;
        let engine = &*self.engine;
        let now = engine.latest(now);
        let tx = &engine.store.reader()?;
        Ok(Asking { tx, tenant: &engine.tenant, config: &engine.config, now }.ask(message, None)?)
    }

    /// Asks for a message to be sent: where the gate lets it out, an action [`SEND`](Action::SEND) of the id waits in the outbox,
    /// with the time at which it expires. A message that [waits](Outgoing::waits) does so too where only hours, caps or pauses are
    /// against it. The gate is asked again when the action is [due](crate::engine::Actions::due): in between she may have left.
    ///
    /// Asking twice under one id is asking once.
    ///
    /// # Errors
    /// [`Error::Misuse`] for somebody who can get no message, [`Error::Event`] for a text that is too long, [`Error::Storage`].
    pub fn send(&mut self, id: ActionId, message: &Outgoing, now: Timestamp) -> Result<Sending, Error> {
        if !message.to.kind().is_contact_point() {
            return Err(Error::Misuse("a phone number or e-mail address to send to"));
        }
        self.engine.transact(now, |session| {
            let key = EventKey::of(&source(), &event_id(&id));
            if let Some(entry) = session.tx.entry(&key)? {
                return Ok(Sending::Known(Receipt::of(&entry)));
            }
            match gated(session, id, message, &session.thread(&message.to)?, session.latest())? {
                Ok((event, verdict)) => {
                    Ok(Sending::Waits(*session.append(event)?.receipt(), Box::new(verdict)))
                }
                Err(verdict) => Ok(Sending::Refused(verdict)),
            }
        })
    }
}

/// A message through the gate within a transaction, where the conversation with who is to get it stands so: the event that asks
/// for it, at the time `at`, or the verdict against it.
pub(in crate::engine) fn gated<W: Write>(
    session: &Session<'_, W>,
    id: ActionId,
    message: &Outgoing,
    thread: &Thread,
    at: Timestamp,
) -> Result<Result<(Event, Verdict), Box<Verdict>>, Error> {
    let Session { tx, lens, config, .. } = session;
    let asking = Asking { tx, tenant: lens.tenant, config, now: session.latest() };
    let verdict = asking.judge(message, thread, None)?;
    let waits = message.waits && verdict.may_wait();
    if !verdict.allowed && !waits {
        return Ok(Err(Box::new(verdict)));
    }
    let event_id = event_id(&id);
    let kind = if message.owed { Action::ANSWER } else { Action::SEND };
    let mut action = ActionRequested::new(id, kind.to_owned());
    action.to = Some(message.to.clone());
    action.purpose = Some(message.purpose);
    action.class = Some(message.class);
    action.text = Some(message.text.clone());
    action.order_id = message.about.clone();
    let said = [(verdict.says_brand, "brand"), (verdict.says_opt_out, "opt_out")];
    action.says = said.iter().filter(|(says, _)| *says).map(|(_, what)| (*what).to_owned()).collect();
    action.expires_at = if verdict.allowed { verdict.expires_at } else { message.expires_at };
    let mut event = Event::new(source(), event_id, at, action);
    event.identifiers.push(message.to.clone());
    Ok(Ok((event, verdict)))
}

/// The message that an action sends, if it sends one.
pub(in crate::engine) fn message_of(action: &Action) -> Option<Outgoing> {
    if !action.is_message() {
        return None;
    }
    let owed = action.action == Action::ANSWER;
    let to = action.to.clone()?;
    let purpose = action.purpose.unwrap_or(Purpose::Marketing);
    let class = action.class.unwrap_or_else(|| class_of(action.purpose));
    let text = action.text.as_ref().map_or("", Personal::reveal);
    let mut message = Outgoing::new(to, class, purpose, text);
    message.expires_at = action.expires_at;
    // An answer within the conversation that she began is owed, whatever she withdrew: it may confirm just that.
    message.owed = owed;
    message.about = action.order_id.clone();
    Some(message)
}

/// All that a question to the gate needs.
pub(in crate::engine) struct Asking<'a, R> {
    pub(in crate::engine) tx: &'a R,
    pub(in crate::engine) tenant: &'a TenantKey,
    pub(in crate::engine) config: &'a Config,
    pub(in crate::engine) now: Timestamp,
}

impl<R: Read> Asking<'_, R> {
    /// What the gate says of a message; of that of an action that waits, as if it and whatever was asked for after it were not
    /// there.
    pub(in crate::engine) fn ask(&self, message: &Outgoing, of: Option<&Action>) -> Stored<Verdict> {
        let thread = fold::read_thread(self.tx, &message.to.key(self.tenant))?.unwrap_or_default();
        self.judge(message, &thread, of)
    }

    /// The same where it is known how the conversation with who is to get it stands.
    fn judge(&self, message: &Outgoing, thread: &Thread, of: Option<&Action>) -> Stored<Verdict> {
        let key = message.to.key(self.tenant);
        let ledger = fold::read_ledger(self.tx, &key)?;
        let History { mut sends, remembers_from, last_inbound, zones } =
            History::of(self.tx, &key, thread, self.now)?;
        if let Some(action) = of {
            let place = (action.cause.at, Some(&action.id));
            let before = |sent: &Sent| (sent.at, sent.action.as_ref()) < place;
            sends.retain(|sent| sent.action.as_ref() != Some(&action.id) && (!sent.waiting || before(sent)));
        }
        let consent = self.config.policy.permits_message(ledger.as_ref(), message.purpose, self.now);
        let mut standing = Standing::new(consent, zones.whereabouts(&message.to));
        if let Some(ledger) = &ledger {
            let policy = &self.config.policy;
            let terms = policy.terms(message.purpose);
            standing.consent_until = consent_until(ledger, &standing.consent.proofs, &terms);
            standing.opted_out_at = opted_out_at(ledger, &policy.terms(Purpose::Marketing), self.now);
        }
        standing.sends = sends;
        standing.remembers_from = remembers_from;
        standing.last_inbound = last_inbound;
        Ok(self.config.gate.decide(message, &standing, self.now))
    }
}

/// What the threads of a contact point and of its customer tell.
struct History {
    /// What went out to it or waits to. With it what went to the other numbers and addresses of its customer: the caps of two
    /// who turn out to be one add up.
    sends: Vec<Sent>,
    /// Up to when some of that may be forgotten.
    remembers_from: Option<Timestamp>,
    /// When she last wrote by it.
    last_inbound: Option<Timestamp>,
    zones: Zones,
}

impl History {
    fn of(tx: &impl Read, contact: &IdentifierKey, own: &Thread, now: Timestamp) -> Stored<History> {
        let (mut sends, mut zones) = (own.sends(now), Zones::own(own, now));
        let mut remembers_from = own.remembers_from();
        each_other(tx, contact, |thread| {
            // What another number was told this one was not.
            sends.extend(thread.sends(now).into_iter().map(|sent| sent.saying(false, false)));
            remembers_from = remembers_from.max(thread.remembers_from());
            zones.add(thread, now);
        })?;
        Ok(History { sends, remembers_from, last_inbound: own.last_inbound(), zones })
    }
}

/// Shows the threads of whatever else a contact point's customer is known by.
fn each_other(tx: &impl Read, contact: &IdentifierKey, mut show: impl FnMut(&Thread)) -> Stored<()> {
    let Some(node) = tx.node(contact)? else { return Ok(()) };
    for other in tx.identifiers_of(&node.customer)?.iter().filter(|other| *other != contact) {
        if let Some(thread) = fold::read_thread(tx, other)? {
            show(&thread);
        }
    }
    Ok(())
}

/// What is known of the zone in which the customer of a contact point is.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Zones {
    /// What she said by that very contact point.
    own: Option<(FoldKey, Zone)>,
    /// What she said by others of hers.
    others: Vec<(FoldKey, Zone)>,
    /// What was seen of her.
    seen: Vec<(FoldKey, Zone)>,
}

impl Zones {
    /// Of a contact point whose own conversation is `own`.
    pub(in crate::engine) fn of(
        tx: &impl Read,
        contact: &IdentifierKey,
        own: &Thread,
        now: Timestamp,
    ) -> Stored<Zones> {
        let mut zones = Zones::own(own, now);
        each_other(tx, contact, |thread| zones.add(thread, now))?;
        Ok(zones)
    }

    fn own(thread: &Thread, now: Timestamp) -> Zones {
        let seen = thread.zone_seen().into_iter().collect();
        Zones { own: thread.zone_said(now), others: Vec::new(), seen }
    }

    fn add(&mut self, thread: &Thread, now: Timestamp) {
        self.others.extend(thread.zone_said(now));
        self.seen.extend(thread.zone_seen());
    }

    /// Where rules have to be kept. The laws on hours are about calls and texts, so what is known of her times no mail.
    fn whereabouts(&self, contact: &Identifier) -> Whereabouts {
        let number = Whereabouts::of(contact);
        if contact.kind() != IdentifierKind::Phone {
            return number;
        }
        let others = self.others.iter().chain(&self.seen).map(|(_, zone)| *zone);
        number.told(self.own.map(|(_, zone)| zone), others)
    }

    /// Whose calendar her days are of: what she said last, by whatever number or account; else what was seen last; else the
    /// middle of where her number may be.
    pub(in crate::engine) fn calendar(&self, contact: &Identifier, at: Timestamp) -> Zone {
        let said = self.others.iter().chain(&self.own).max();
        let known = said.or(self.seen.iter().max()).map(|(_, zone)| *zone);
        known.or_else(|| Whereabouts::of(contact).middle(at)).unwrap_or(Zone::UTC)
    }
}

/// When the consent that counts ends.
fn consent_until(ledger: &Ledger, proofs: &[EventKey], terms: &Terms) -> Option<Timestamp> {
    let granted = ledger.entries().iter().filter(|entry| entry.state == State::Granted);
    granted.filter(|entry| proofs.contains(&entry.fold.key)).filter_map(|entry| terms.end(entry)).min()
}

/// When she last opted out of marketing, if no consent to it followed that counts: one that its terms want confirmed and that
/// is not changes nothing, nor does one that is yet to come.
fn opted_out_at(ledger: &Ledger, terms: &Terms, now: Timestamp) -> Option<Timestamp> {
    let counts = |entry: &Entry| match entry.state {
        State::Withdrawn => true,
        State::Granted => entry.fold.at <= now && (!terms.double_opt_in || ledger.is_confirmed(entry)),
        _ => false,
    };
    let of = |state: State| {
        let said = ledger.entries().iter().filter(move |entry| entry.state == state && counts(entry));
        said.filter(|entry| entry.covers(Purpose::Marketing)).map(|entry| entry.fold.at).max()
    };
    of(State::Withdrawn).filter(|out| of(State::Granted).is_none_or(|back| back <= *out))
}

fn source() -> SourceId {
    SourceId::new(DECISIONS).expect("a constant that is an id")
}

/// The id of the event that asks for an action, of whatever length the action's is.
pub(in crate::engine) fn event_id(id: &ActionId) -> EventId {
    let source = SourceId::new("action").expect("a constant that is an id");
    let key = EventKey::of(&source, &EventId::new(id.as_str()).expect("an id of the same form"));
    EventId::new(format!("send:{key}")).expect("made of hexadecimal digits")
}
