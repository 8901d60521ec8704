//! Erasing an identifier, or a person: out of the log, out of all that is folded from it, and for good.

use std::collections::BTreeSet;

use crate::event::kinds::decisions::{IdentifierErased, PayloadStruck};
use crate::event::{Body, Event};
use crate::log::Sealed;
use crate::optin::Code;
use crate::store::{Read, Store, Write};
use crate::vocab::{
    CustomerId, Digest, EventId, EventKey, Identifier, IdentifierKey, SourceId, TenantKey, Timestamp,
};

use super::customers::{Recut, owner_of, recut};
use super::remake::{forget, remake};
use super::session::{DECISIONS, Session};
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
}

impl<S: Store> Engine<S> {
    /// Forgets an identifier, now and whenever it comes again.
    ///
    /// It is struck from every event that names it. Of an event that is about it, such as a consent given by that number,
    /// or that names nobody else, nothing is left but its place in the log. What it tied together falls apart, its consents
    /// are gone, and all is as if it had never been seen. A keyed tombstone stays, so that no event sent again, and no
    /// other one, brings it back: whoever wants to be known by it again cannot be. A tap still counts as used.
    ///
    /// Costs reading every event that names it, and every event that names what it was named with.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn erase_identifier(&mut self, identifier: &Identifier, now: Timestamp) -> Result<Erased, Error> {
        let key = identifier.key(&self.tenant);
        self.transact(now, |session| session.erase(&BTreeSet::from([key]), None))
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
            session.erase(&gone, Some(anchor.customer))
        })
    }
}

impl<W: Write> Session<'_, W> {
    /// Erases identifiers; of the events of `whole` nothing is left.
    fn erase(&mut self, gone: &BTreeSet<IdentifierKey>, whole: Option<CustomerId>) -> Result<Erased, Error> {
        let mut events = BTreeSet::new();
        for key in gone {
            events.extend(self.tx.events_of(key, None)?);
        }
        let (mut others, mut codes, mut struck) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
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
            for (key, _) in named.into_iter().filter(|(key, _)| !gone.contains(key)) {
                if left.is_none() {
                    self.tx.remove_event_of(&key, &at)?;
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
        let (mut lost, mut touched) = (BTreeSet::new(), BTreeSet::new());
        for key in gone {
            if let Some(node) = self.tx.node(key)? {
                lost.insert(node.customer);
                self.profiles.moves.note(*key, Some(node.customer));
            }
            forget(&mut self.tx, self.lens, key, &mut touched)?;
            self.tx.remove_ledger(key)?;
            self.tx.remove_tries(key)?;
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
        self.tell_erased(gone, &struck)
    }

    /// Appends the tombstones, and what is left of each payload.
    fn tell_erased(
        &mut self,
        gone: &BTreeSet<IdentifierKey>,
        struck: &[(EventKey, Option<Digest>)],
    ) -> Result<Erased, Error> {
        let mut erased = Erased::default();
        let event = |id: String, now, body: Body| {
            let source = SourceId::new(DECISIONS).expect("a constant that is an id");
            Event::new(source, EventId::new(id).expect("made of hexadecimal digits"), now, body)
        };
        let behind = self.head.origin;
        for (key, left) in struck {
            let mut body = PayloadStruck::new(*key);
            body.left = *left;
            // An event may lose one identifier after the other.
            self.append(event(format!("struck:{key}:{behind}"), self.now, body.into()))?;
            *(if left.is_some() { &mut erased.struck } else { &mut erased.emptied }) += 1;
        }
        for key in gone {
            if !self.tx.is_erased(key)? {
                self.append(event(format!("erased:{key}"), self.now, IdentifierErased::new(*key).into()))?;
                erased.identifiers += 1;
            }
        }
        self.erasures = None;
        Ok(erased)
    }

    /// Which of those that an event names or is about were erased.
    pub(super) fn erased_of(&mut self, event: &Event) -> Result<BTreeSet<IdentifierKey>, Error> {
        let any = match self.erasures {
            Some(any) => any,
            None => self.tx.has_erased()?,
        };
        self.erasures = Some(any);
        let mut gone = BTreeSet::new();
        for identifier in event.identifiers.iter().chain(about(&event.body)).filter(|_| any) {
            let key = identifier.key(self.lens.tenant);
            if self.tx.is_erased(&key)? {
                gone.insert(key);
            }
        }
        Ok(gone)
    }

    /// Leaves out identifiers that were erased.
    pub(super) fn keep_unerased(&mut self, identifiers: &mut Vec<Identifier>) -> Result<(), Error> {
        if !self.tx.has_erased()? {
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

/// Whom an event is about, beyond naming her.
fn about(body: &Body) -> Option<&Identifier> {
    match body {
        Body::OptedIn(said) => Some(&said.contact),
        Body::OptedOut(said) => Some(&said.contact),
        Body::OptInRefused(said) => Some(&said.contact),
        Body::ActionRequested(action) => action.to.as_ref(),
        _ => None,
    }
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
    let about = about(&event.body);
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
