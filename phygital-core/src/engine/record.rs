//! The one door for facts: one transaction, one commit, one receipt for each event.

use crate::event::{Body, Event, Origin, Recorded};
use crate::log::{self, Head};
use crate::store::{Read, StorageError, StorageFault, Store, Stored, Write};
use crate::vocab::limits::BATCH_EVENTS_MAX;
use crate::vocab::{EventKey, Hlc, Timestamp};

use super::customers::Lens;
use super::profiles::Profiles;
use super::taps::{DECISIONS, TAPS};
use super::{Config, Engine, Entropy, Error, fold, inbound};

/// Proof that an event lies durably in the log. The same for each time it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The key of the event's source and id.
    pub key: EventKey,
    /// Its place in the log.
    pub origin: Origin,
    /// The clock of the log.
    pub hlc: Hlc,
    /// When it was first received.
    pub received_at: Timestamp,
}

/// That an event is in the log: since now, or since earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an event is new or it is known")]
pub enum Accepted {
    /// It was recorded now.
    New(Receipt),
    /// It had been recorded, with the same content.
    Known(Receipt),
}

impl Accepted {
    /// The receipt.
    pub fn receipt(&self) -> &Receipt {
        match self {
            Accepted::New(receipt) | Accepted::Known(receipt) => receipt,
        }
    }

    /// Whether it was recorded now.
    pub fn is_new(&self) -> bool {
        matches!(self, Accepted::New(_))
    }
}

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
        self.record_all(vec![event], now)?.pop().unwrap_or(Err(Error::Bug("a batch of one has no answer")))
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
        self.transact(now, |session| {
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

    /// Runs `work` in one transaction and commits it where it appended anything.
    ///
    /// Another engine may have written to the same store meanwhile, so the end of the log is read
    /// again. A commit may take effect and still report an error, so after one the last event is
    /// looked up before the answer is given; the engine then refuses to go on either way.
    pub(super) fn transact<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Session<'_, S::Writer<'_>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.usable()?;
        let lens = Lens { tenant: &self.tenant, rules: &self.config.rules };
        // A store that cannot even begin has written nothing, and may be asked again.
        let tx = self.store.writer()?;
        let (config, entropy, known) = (&self.config, &mut *self.entropy, &self.head);
        let worked = (|| {
            let head = end_of_log(&tx, known)?;
            let mut session =
                Session { tx, lens, config, entropy, head, last: None, profiles: Profiles::default(), now };
            let value = work(&mut session)?;
            let Session { mut tx, head, last, mut profiles, .. } = session;
            profiles.write(&mut tx, lens)?;
            let committed = if last.is_some() { tx.commit() } else { Ok(()) };
            Ok((value, head, last, committed))
        })();
        let (value, head, last, committed) = worked.inspect_err(|error| self.broken = is_fault(error))?;
        if let Err(fault) = committed {
            self.broken = true;
            if !last.is_some_and(|last| self.took_effect(&last, &head, &fault)) {
                return Err(fault.into());
            }
        }
        self.head = head;
        Ok(value)
    }

    /// Whether a commit that reported a fault is in the store all the same.
    fn took_effect(&self, last: &EventKey, head: &Head, fault: &StorageError) -> bool {
        // A file that was deleted or replaced may still be read, and keeps nothing.
        let found = || self.store.reader()?.entry(last);
        fault.kind != StorageFault::Unopened
            && found().is_ok_and(|entry| entry.is_some_and(|entry| entry.link == head.link))
    }
}

/// Whether an error leaves open what state the store, or the engine, is in.
fn is_fault(error: &Error) -> bool {
    matches!(error, Error::Storage(_) | Error::Bug(_))
}

/// Where the log ends now, which is further than `known` where another engine wrote meanwhile.
///
/// # Errors
/// `Corrupt` where the log is shorter than it was, or another one: a backup was put in the place of the
/// store while it was open. To go on would give sequence numbers out twice.
fn end_of_log(tx: &impl Read, known: &Head) -> Stored<Head> {
    match tx.head(known.origin.device, known.origin.epoch)? {
        Some(now) if now.link == known.link => Ok(*known),
        None if known.origin.seq == 0 => Ok(*known),
        Some(now) if now.origin.seq > known.origin.seq => Ok(Head { hlc: now.hlc.max(tx.clock()?), ..now }),
        _ => Err(StorageError::new(
            StorageFault::Corrupt,
            "reading the end of the log",
            format!("expected {} or a later entry", known.origin),
        )),
    }
}

fn receipt(entry: &log::LogEntry) -> Receipt {
    Receipt { key: entry.key(), origin: entry.origin, hlc: entry.hlc, received_at: entry.received_at }
}

/// One transaction in progress.
pub(super) struct Session<'e, W> {
    pub(super) tx: W,
    pub(super) lens: Lens<'e>,
    pub(super) config: &'e Config,
    pub(super) entropy: &'e mut (dyn Entropy + Send),
    head: Head,
    /// The last event appended; `None` while nothing is to be committed.
    last: Option<EventKey>,
    /// Profiles that are to be written before the commit.
    profiles: Profiles,
    pub(super) now: Timestamp,
}

impl<W: Write> Session<'_, W> {
    /// Takes an event of the host in: checks it, records it, and decides what follows from it.
    fn submit(&mut self, mut event: Event) -> Result<Accepted, Error> {
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
        event.settle()?;
        let accepted = self.append_settled(event.clone())?;
        if accepted.is_new() {
            for decided in inbound::decide(self, &event)? {
                self.append(decided)?;
            }
        }
        Ok(accepted)
    }

    /// Appends an event to the log and folds it, unless it is there already.
    pub(super) fn append(&mut self, mut event: Event) -> Result<Accepted, Error> {
        event.settle()?;
        self.append_settled(event)
    }

    fn append_settled(&mut self, event: Event) -> Result<Accepted, Error> {
        let key = event.key();
        if let Some(entry) = self.tx.entry(&key)? {
            return match entry.is_same(&event) {
                Some(false) => Err(Error::Conflict { key }),
                // Of an erased payload nothing can be compared: the event is known, and stays erased.
                Some(true) | None => Ok(Accepted::Known(receipt(&entry))),
            };
        }
        self.append_new(event).map(Accepted::New)
    }

    /// Appends a settled event that is not in the log.
    pub(super) fn append_new(&mut self, event: Event) -> Result<Receipt, Error> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        let (entry, head) = log::seal(&self.head, &event, salt, self.now)
            .ok_or(Error::Bug("the clock of the log has run out"))?;
        self.tx.append(&entry)?;
        self.head = head;
        self.last = Some(entry.key());
        let recorded = Recorded {
            event,
            fold: entry.fold,
            origin: entry.origin,
            hlc: entry.hlc,
            received_at: entry.received_at,
        };
        fold::apply(&mut self.tx, self.lens, &recorded, &mut self.profiles)?;
        Ok(receipt(&entry))
    }

    /// The later of the host's clock and the log's, so that a clock set back revives no consent.
    pub(super) fn latest(&self) -> Timestamp {
        self.now.max(self.head.hlc.wall())
    }
}
