//! The one door for facts: one transaction, one commit, one receipt for each event.

use crate::conversation::proposal::Proposal;
use crate::event::{Body, Event};
use crate::store::{Store, Write};
use crate::vocab::Timestamp;
use crate::vocab::limits::BATCH_EVENTS_MAX;

use super::receipt::Accepted;
use super::session::{DECISIONS, Session, TAPS, is_fault};
use super::{Engine, Error, inbound, rights, topics};

impl<S: Store> Engine<S> {
    /// Records an event that was received at `now`; when this returns, it is durable.
    ///
    /// Idempotent by source and id: the same event again answers the same receipt.
    ///
    /// # Errors
    /// [`Error::Event`] for an event beyond the limits, [`Error::Conflict`] for a known id with
    /// another content, [`Error::Misuse`] for a kind of event that only the engine makes,
    /// [`Error::Storage`] when the store failed and the event is not in it.
    pub fn record(&mut self, event: Event, now: Timestamp) -> Result<Accepted, Error> {
        self.record_one(event, None, now)
    }

    /// Records an event with what somebody else makes of its text.
    pub(super) fn record_one(
        &mut self,
        event: Event,
        proposal: Option<Proposal>,
        now: Timestamp,
    ) -> Result<Accepted, Error> {
        let mut answers = self.record_batch(vec![event], proposal, now)?;
        answers.pop().unwrap_or(Err(Error::Bug("a batch of one has no answer")))
    }

    /// Records events in one transaction, and answers for each: a refused one does not hold up the
    /// others. For many events much faster than one by one, most of all for late ones.
    ///
    /// # Errors
    /// As [`Engine::record`]; any error for the whole batch means that nothing of it was recorded:
    /// [`Error::Storage`] when the store failed, [`Error::Entropy`] when no randomness was to be had.
    pub fn record_all(
        &mut self,
        events: Vec<Event>,
        now: Timestamp,
    ) -> Result<Vec<Result<Accepted, Error>>, Error> {
        if events.len() > BATCH_EVENTS_MAX {
            return Err(Error::Misuse("at most 10,000 events in a batch"));
        }
        self.record_batch(events, None, now)
    }

    fn record_batch(
        &mut self,
        events: Vec<Event>,
        proposal: Option<Proposal>,
        now: Timestamp,
    ) -> Result<Vec<Result<Accepted, Error>>, Error> {
        let taps_in_texts = self.taps_in_texts(&events, now)?;
        self.transact(now, |session| {
            session.taps_in_texts = taps_in_texts;
            session.proposal = proposal;
            let mut answers = Vec::with_capacity(events.len());
            for event in events {
                let last = session.last;
                match session.submit(event) {
                    // What failed half-way must not stay half-way: give it all up.
                    Err(error) if session.last != last || is_fault(&error) => return Err(error),
                    answer => answers.push(answer),
                }
            }
            Ok(answers)
        })
    }
}

impl<W: Write> Session<'_, W> {
    /// Takes an event of the host in: checks it, records it, and decides what follows from it.
    pub(super) fn submit(&mut self, mut event: Event) -> Result<Accepted, Error> {
        if event.body.is_decision() {
            return Err(Error::Misuse("a kind of event that hosts make: this one only the engine makes"));
        }
        if [TAPS, DECISIONS].contains(&event.source.as_str()) {
            // An id taken here beforehand would keep a tap from counting, or an opt-out.
            return Err(Error::Misuse("a source of the host's own: this one is the engine's"));
        }
        if let Body::TagTapped(tap) = &mut event.body {
            // Only `Taps::verify` verifies. What a host says of a tap is a claim.
            tap.verified = Some(false);
        }
        let content = event.settled()?;
        let accepted = self.append_settled(event.clone(), content)?;
        if accepted.is_new() {
            let decided = inbound::decide(self, &event)?;
            let resumed = topics::resumed(self, &event)?;
            for event in decided.into_iter().chain(resumed) {
                self.append(event)?;
            }
            for decided in rights::decide(self, &event)? {
                self.append(decided)?;
            }
        }
        Ok(accepted)
    }
}
