//! Erasing an identifier, or a person: out of the log, out of all that is folded from it, and for good.

use std::collections::BTreeSet;

use crate::consent::{Ledger, Signal, contacts};
use crate::conversation::thread::{self, Thread};
use crate::event::kinds::decisions::{IdentifierErased, PayloadStruck, SuppressionKept};
use crate::event::{Body, Event, FoldKey, Recorded};
use crate::log::Sealed;
use crate::machine::Action;
use crate::optin::Code;
use crate::store::{Read, Store, Stored, Write};
use crate::vocab::{CustomerId, Digest, EventKey, Identifier, IdentifierKey, Purpose, TenantKey, Timestamp};

use super::actions::outcome_of;
use super::customers::{Recut, owner_of, recut};
use super::remake::{forget, remake};
use super::rights::{Told, decided, notices};
use super::session::Session;
use super::{Engine, Error, Missing, fold};

/// What an erasure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Erased {
    /// How many identifiers are forgotten by it.
    pub identifiers: u64,
    /// How many events lost an identifier and keep the rest.
    pub struck: u64,
    /// How many events lost all that they said.
    pub emptied: u64,
    /// How many notices to recipients of her data wait in the outbox.
    pub notices: u64,
}

impl<S: Store> Engine<S> {
    /// Forgets an identifier, now and whenever it comes again.
    ///
    /// It is struck from every event that names it. Of an event that is about it, such as a consent given by that number,
    /// or that names nobody else, nothing is left but its place in the log. What it tied together falls apart, its consents
    /// are gone, and all is as if it had never been seen. A keyed tombstone stays, so that no event sent again, and no
    /// other one, brings it back: whoever wants to be known by it again cannot be. A tap still counts as used. Where it had
    /// opted out of something, or was suppressed, the tombstone's key keeps that too, also for a withdrawal that comes
    /// later: a list that is bought in years to come still meets it.
    ///
    /// Every recipient of the [catalogue](super::Config::catalogue) is to be told (GDPR, article 19): an action
    /// [`NOTIFY`](crate::machine::Action::NOTIFY) waits for each. It names what was erased, until it is acknowledged.
    ///
    /// Costs reading every event that names it, and every event that names what it was named with.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn erase_identifier(&mut self, identifier: &Identifier, now: Timestamp) -> Result<Erased, Error> {
        let key = identifier.key(&self.tenant);
        self.transact(now, |session| session.erase_and_tell(&BTreeSet::from([key]), None))
    }

    /// Forgets a customer: the identifiers that are hers alone as [`Engine::erase_identifier`] does, and all that her
    /// events say. An identifier that others share, such as the shop's own tablet, is theirs too, and stays.
    ///
    /// `customer` is her id now, or one that she had before a merge.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer; [`Error::Storage`].
    pub fn erase_customer(&mut self, customer: CustomerId, now: Timestamp) -> Result<Erased, Error> {
        self.transact(now, |session| {
            let unknown = Error::Unknown(Missing::Customer(customer));
            let anchor = session.tx.node(&IdentifierKey::from(customer))?.ok_or(unknown)?;
            let (mut hers, mut shared) = (BTreeSet::new(), BTreeSet::new());
            for key in session.tx.identifiers_of(&anchor.customer)? {
                let is_shared = session.tx.node(&key)?.is_some_and(|node| node.shared);
                if is_shared {
                    shared.insert(key)
                } else {
                    hers.insert(key)
                };
            }
            // Nobody but her is known by what is shared.
            let gone = if hers.is_empty() { shared } else { hers };
            session.erase_and_tell(&gone, Some(anchor.customer))
        })
    }
}

impl<W: Write> Session<'_, W> {
    /// Erases identifiers, and asks the host to tell whoever got data by them.
    fn erase_and_tell(
        &mut self,
        gone: &BTreeSet<IdentifierKey>,
        whole: Option<CustomerId>,
    ) -> Result<Erased, Error> {
        let mut identifiers = Vec::new();
        for key in gone {
            identifiers.extend(self.tx.node(key)?.map(|node| node.identifier));
        }
        identifiers.sort();
        let mut erased = self.erase(gone, whole)?;
        let told = Told { request: "erasure", customer: whole, identifiers, correct: None };
        for notice in notices(self.config.catalogue.recipients(), &told, &self.head.origin, self.now) {
            self.append(notice)?;
            erased.notices += 1;
        }
        Ok(erased)
    }

    /// Erases identifiers; of the events of `whole` nothing is left.
    fn erase(&mut self, gone: &BTreeSet<IdentifierKey>, whole: Option<CustomerId>) -> Result<Erased, Error> {
        let mut events = BTreeSet::new();
        for key in gone {
            events.extend(self.tx.events_of(key, None)?);
        }
        let (mut others, mut codes, mut struck) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let (mut unsaid, mut untold) = (BTreeSet::new(), BTreeSet::new());
        for at in events {
            let Some(recorded) = self.recorded(&at.key)? else { continue };
            let event = recorded.event;
            let named = self.lens.usable(&event.identifiers);
            let hers = match whole {
                Some(her) => owner_of(&self.tx, self.lens, &event.identifiers)? == Some(her),
                None => false,
            };
            let left = match strike(&event, gone, self.lens.tenant, hers) {
                Some(mut left) => {
                    let mut salt = [0; 16];
                    self.entropy.fill(&mut salt)?;
                    Some(Sealed { salt, content: left.arranged()? })
                }
                None => None,
            };
            self.tx.strike(&at.key, left.as_ref())?;
            struck.push((at.key, left.as_ref().map(Sealed::digest)));
            for (key, one) in named.into_iter().filter(|(key, _)| !gone.contains(key)) {
                if left.is_none() {
                    self.tx.remove_event_of(&key, &at)?;
                    if contacts(&event).contains(&one) || Signal::is_in(&event) {
                        unsaid.insert((key, one.clone()));
                    }
                    if thread::contacts(&event).contains(&one) || thread::tells_zone(&event) {
                        untold.insert((key, one.clone()));
                    }
                }
                others.insert(key);
            }
            match &event.body {
                Body::ActionRequested(action) if left.is_none() => {
                    self.tx.remove_action(&action.action_id)?
                }
                Body::OptInOffered(offer) => codes.extend(offer.code.parse::<Code>()),
                Body::OptedIn(said) => codes.extend(said.code.iter().flat_map(|code| code.parse::<Code>())),
                _ => {}
            }
        }
        for code in codes {
            if let Some(mut offer) = fold::read_offer(&self.tx, &code)? {
                offer.forget(|one| gone.contains(&one.key(self.lens.tenant)));
                self.tx.put_offer(code.as_str(), &fold::json(&offer)?)?;
            }
        }
        for (key, one) in &unsaid {
            self.say_again(key, one)?;
        }
        for (key, one) in &untold {
            self.tell_again(key, one)?;
        }
        let (mut lost, mut touched, mut kept) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        for key in gone {
            // Of one that is erased already nothing was said since, but for what was kept.
            if !self.tx.is_erased(key)? {
                let blocked = fold::read_ledger(&self.tx, key)?.unwrap_or_default().blocked();
                kept.extend((!blocked.is_empty()).then_some((*key, blocked)));
                self.tx.remove_ledger(key)?;
            }
            if let Some(node) = self.tx.node(key)? {
                lost.insert(node.customer);
                self.profiles.moves.note(*key, Some(node.customer));
            }
            forget(&mut self.tx, self.lens, key, &mut touched)?;
            self.tx.remove_tries(key)?;
            self.tx.remove_thread(key)?;
        }
        let mut remade = remake(&mut self.tx, self.lens, &others, &mut self.profiles)?;
        for key in touched {
            if self.tx.node(&key)?.is_some() {
                remade.around.insert(key);
            }
        }
        lost.extend(remade.lost);
        let change = Recut { fresh: &BTreeSet::new(), anew: true, newest: None, lost: &lost };
        recut(&mut self.tx, self.lens, remade.around, change, &mut self.profiles)?;
        let erased = self.tell_erased(gone, &struck)?;
        let behind = self.head.origin;
        for (key, blocked) in kept {
            self.append(kept_event(&key, &blocked, behind, self.now))?;
        }
        Ok(erased)
    }

    /// Makes the consent ledger of an identifier anew from the events that name it.
    fn say_again(&mut self, key: &IdentifierKey, identifier: &Identifier) -> Result<(), Error> {
        let mut ledger = Ledger::default();
        for at in self.tx.events_of(key, None)? {
            if let Some(recorded) = self.recorded(&at.key)? {
                ledger.apply(identifier, &recorded);
            }
        }
        match ledger == Ledger::default() {
            true => self.tx.remove_ledger(key)?,
            false => self.tx.put_ledger(key, &fold::json(&ledger)?)?,
        }
        Ok(())
    }

    /// Makes the thread of a contact point anew, where events of it are no more.
    fn tell_again(&mut self, key: &IdentifierKey, identifier: &Identifier) -> Result<(), Error> {
        let mut thread = Thread::default();
        for at in self.tx.events_of(key, None)? {
            let Some(recorded) = self.recorded(&at.key)? else { continue };
            let event = &recorded.event;
            if !thread::contacts(event).contains(&identifier) && !thread::tells_zone(event) {
                continue;
            }
            thread.apply(&recorded);
            // How it went is told by an event that names nobody.
            if let Body::ActionRequested(action) = &event.body
                && Action::requested(action, at).is_message()
            {
                let (source, id) = outcome_of(&action.action_id);
                if let Some(outcome) = self.recorded(&EventKey::of(&source, &id))? {
                    thread.apply(&outcome);
                }
            }
        }
        match thread == Thread::default() {
            true => self.tx.remove_thread(key)?,
            false => self.tx.put_thread(key, &fold::json(&thread)?, thread.waits_since())?,
        }
        Ok(())
    }

    /// Strikes all that an event said, and says so.
    pub(super) fn unsay(&mut self, event: &EventKey) -> Result<(), Error> {
        self.tx.strike(event, None)?;
        self.tell_erased(&BTreeSet::new(), &[(*event, None)]).map(drop)
    }

    /// What an event says of erased identifiers that has to be kept of them: that they are not to be used.
    ///
    /// A withdrawal may come in after the erasure, from a till that was offline.
    pub(super) fn kept_of(&self, event: &Event, gone: &BTreeSet<IdentifierKey>) -> Result<Vec<Event>, Error> {
        let mut kept = Vec::new();
        let fold = FoldKey { at: event.occurred_at, key: event.key() };
        let (origin, hlc) = (self.head.origin, self.head.hlc);
        let named: BTreeSet<&Identifier> = event.identifiers.iter().chain(event.body.whom()).collect();
        for identifier in named {
            let key = identifier.key(self.lens.tenant);
            if !gone.contains(&key) {
                continue;
            }
            let recorded = Recorded { event: event.clone(), fold, origin, hlc, received_at: self.now };
            let mut said = Ledger::default();
            said.apply(identifier, &recorded);
            let known = fold::read_ledger(&self.tx, &key)?.unwrap_or_default().blocked();
            let blocked: BTreeSet<Purpose> = said.blocked().difference(&known).copied().collect();
            if !blocked.is_empty() {
                kept.push(kept_event(&key, &blocked, fold.key, self.now));
            }
        }
        Ok(kept)
    }

    /// Appends the tombstones, and what is left of each payload.
    fn tell_erased(
        &mut self,
        gone: &BTreeSet<IdentifierKey>,
        struck: &[(EventKey, Option<Digest>)],
    ) -> Result<Erased, Error> {
        let mut erased = Erased::default();
        let behind = self.head.origin;
        for (key, left) in struck {
            let mut body = PayloadStruck::new(*key);
            body.left = *left;
            // An event may lose one identifier after the other.
            self.append(decided(format!("struck:{key}:{behind}"), self.now, body))?;
            *(if left.is_some() { &mut erased.struck } else { &mut erased.emptied }) += 1;
        }
        for key in gone {
            if !self.tx.is_erased(key)? {
                self.append(decided(format!("erased:{key}"), self.now, IdentifierErased::new(*key)))?;
                erased.identifiers += 1;
            }
        }
        self.erasures = None;
        Ok(erased)
    }

    /// Whether any identifier was erased, of which the store is asked once.
    fn any_erased(&mut self) -> Stored<bool> {
        let any = match self.erasures {
            Some(any) => any,
            None => self.tx.has_erased()?,
        };
        self.erasures = Some(any);
        Ok(any)
    }

    /// Which of those that an event names or is about were erased.
    pub(super) fn erased_of(&mut self, event: &Event) -> Result<BTreeSet<IdentifierKey>, Error> {
        let any = self.any_erased()?;
        let mut gone = BTreeSet::new();
        for identifier in event.identifiers.iter().chain(event.body.whom()).filter(|_| any) {
            let key = identifier.key(self.lens.tenant);
            if self.tx.is_erased(&key)? {
                gone.insert(key);
            }
        }
        Ok(gone)
    }

    /// Leaves out identifiers that were erased.
    pub(super) fn keep_unerased(&mut self, identifiers: &mut Vec<Identifier>) -> Result<(), Error> {
        if !self.any_erased()? {
            return Ok(());
        }
        let mut kept = Vec::with_capacity(identifiers.len());
        for one in identifiers.drain(..) {
            if !self.tx.is_erased(&one.key(self.lens.tenant))? {
                kept.push(one);
            }
        }
        *identifiers = kept;
        Ok(())
    }
}

/// That an erased identifier is not to be used for some purposes, for good.
fn kept_event(
    key: &IdentifierKey,
    blocked: &BTreeSet<Purpose>,
    because: impl std::fmt::Display,
    now: Timestamp,
) -> Event {
    let mut body = SuppressionKept::new(*key);
    if blocked.len() < Purpose::ALL.len() {
        body.purposes = blocked.iter().copied().collect();
    }
    decided(format!("kept:{key}:{because}"), now, body)
}

/// An event without identifiers; `None` where nothing may be left of it, as of all that is not somebody else's where `whole`
/// is said.
pub(super) fn strike(
    event: &Event,
    gone: &BTreeSet<IdentifierKey>,
    tenant: &TenantKey,
    whole: bool,
) -> Option<Event> {
    let is_gone = |one: &Identifier| gone.contains(&one.key(tenant));
    let about = event.body.whom();
    if about.is_some_and(is_gone) {
        return None;
    }
    // A consent is that of its contact point, and a tap that counted is used up.
    let stays = about.is_some()
        || matches!(event.body, Body::TagTapped(_) | Body::TapRefused(_) | Body::OptInOffered(_));
    let mut left = event.clone();
    left.identifiers.retain(|one| !is_gone(one));
    if !stays && (whole || left.identifiers.is_empty()) {
        return None;
    }
    let content = left.arranged().ok()?;
    let spelt = event.identifiers.iter().filter(|one| is_gone(one)).any(|one| spells(&content, one));
    (stays || !spelt).then_some(left)
}

/// Whether a text has the value of an identifier in it, in any letter case. Short ones are part of too much else.
fn spells(content: &str, identifier: &Identifier) -> bool {
    identifier.value().len() >= SPELT_MIN
        && content.to_lowercase().contains(&identifier.value().to_lowercase())
}

/// The shortest value that is looked for.
const SPELT_MIN: usize = 6;
