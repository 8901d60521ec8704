//! The one door for facts: one transaction, one commit, one receipt for each event.

use crate::event::{Body, CodecOptions, Event, Origin, Recorded};
use crate::log::{self, Head};
use crate::store::{Read, StorageError, Store, Write};
use crate::vocab::limits::BATCH_EVENTS_MAX;
use crate::vocab::{EventKey, Hlc, Timestamp};

use super::customers::Lens;
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
    /// others. For many events much faster than one by one.
    ///
    /// # Errors
    /// As [`Engine::record`]; [`Error::Storage`] for the whole batch when its commit failed, of
    /// which nothing is then in the store.
    pub fn record_all(
        &mut self,
        events: Vec<Event>,
        now: Timestamp,
    ) -> Result<Vec<Result<Accepted, Error>>, Error> {
        if events.len() > BATCH_EVENTS_MAX {
            return Err(Error::Misuse("at most 10,000 events in a batch"));
        }
        let keys: Vec<EventKey> = events.iter().map(Event::key).collect();
        self.transact(now, &keys, |session| {
            let mut answers = Vec::with_capacity(events.len());
            for event in events {
                match session.submit(event) {
                    // A store that failed in the middle has written who knows what: give it all up.
                    Err(Error::Storage(fault)) => return Err(fault.into()),
                    answer => answers.push(answer),
                }
            }
            Ok(answers)
        })
        .or_else(|failed| match failed {
            Failed::Refused(error) => Err(error),
            Failed::Uncertain { error, found } if found.iter().any(Option::is_some) => found
                .into_iter()
                .map(|receipt| receipt.map(|receipt| Ok(Accepted::New(receipt))).ok_or(error.clone()))
                .collect(),
            Failed::Uncertain { error, .. } => Err(error),
        })
    }

    /// Runs `work` in one transaction and commits it.
    ///
    /// After a storage fault the events that `keys` name are looked up, since a commit may take
    /// effect and still report an error; the engine then refuses to go on.
    pub(super) fn transact<T>(
        &mut self,
        now: Timestamp,
        keys: &[EventKey],
        work: impl FnOnce(&mut Session<'_, S::Writer<'_>>) -> Result<T, Error>,
    ) -> Result<T, Failed> {
        self.usable().map_err(Failed::Refused)?;
        let result = {
            let lens = Lens { tenant: &self.tenant, rules: &self.config.rules };
            // A store that cannot even begin has written nothing, and may be asked again.
            let tx = self.store.writer().map_err(|fault| Failed::Refused(fault.into()))?;
            let (config, entropy) = (&self.config, &mut *self.entropy);
            let mut session = Session { tx, lens, config, entropy, head: self.head, now };
            work(&mut session).and_then(|value| {
                let Session { tx, head, .. } = session;
                if head != self.head {
                    tx.commit()?;
                }
                Ok((value, head))
            })
        };
        match result {
            Ok((value, head)) => {
                self.head = head;
                Ok(value)
            }
            Err(error @ (Error::Storage(_) | Error::Bug(_))) => {
                self.broken = true;
                let found = self.look_up(keys).unwrap_or_else(|_| vec![None; keys.len()]);
                Err(Failed::Uncertain { error, found })
            }
            Err(error) => Err(Failed::Refused(error)),
        }
    }

    fn look_up(&self, keys: &[EventKey]) -> Result<Vec<Option<Receipt>>, StorageError> {
        let reader = self.store.reader()?;
        keys.iter().map(|key| Ok(reader.entry(key)?.map(|entry| receipt(&entry)))).collect()
    }
}

/// How a transaction failed.
pub(super) enum Failed {
    /// Nothing was written.
    Refused(Error),
    /// The store failed. These of the events asked for were found in it afterwards.
    Uncertain { error: Error, found: Vec<Option<Receipt>> },
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Error {
        match failed {
            Failed::Refused(error) | Failed::Uncertain { error, .. } => error,
        }
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
    pub(super) now: Timestamp,
}

impl<W: Write> Session<'_, W> {
    /// Takes an event of the host in: checks it, records it, and decides what follows from it.
    fn submit(&mut self, mut event: Event) -> Result<Accepted, Error> {
        event.settle()?;
        if event.body.is_decision() {
            return Err(Error::Misuse("a kind of event that hosts make: this one only the engine makes"));
        }
        if let Body::TagTapped(tap) = &mut event.body {
            // Only `Taps::verify` verifies. What a host says of a tap is a claim.
            tap.verified = Some(false);
        }
        // What a host put together itself may be beyond the limits of the log: better refused now than
        // unreadable later.
        let read_back = Event::from_json(&event.content(), &CodecOptions::default())?;
        if read_back != (Event { sent_at: None, ..event.clone() }) {
            return Err(Error::Misuse("an event whose fields have the form that reading gives them"));
        }
        let accepted = self.append(event.clone())?;
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
        let key = event.key();
        if let Some(entry) = self.tx.entry(&key)? {
            return match entry.is_same(&event) {
                Some(false) => Err(Error::Conflict { key }),
                // Of an erased payload nothing can be compared: the event is known, and stays erased.
                Some(true) | None => Ok(Accepted::Known(receipt(&entry))),
            };
        }
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        let (entry, head) = log::seal(&self.head, &event, salt, self.now)
            .ok_or(Error::Bug("the clock of the log has run out"))?;
        self.tx.append(&entry)?;
        let recorded = Recorded {
            event,
            fold: entry.fold,
            origin: entry.origin,
            hlc: entry.hlc,
            received_at: entry.received_at,
        };
        fold::apply(&mut self.tx, self.lens, &recorded)?;
        self.head = head;
        Ok(Accepted::New(receipt(&entry)))
    }
}
