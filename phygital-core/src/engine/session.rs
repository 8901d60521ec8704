//! One transaction in progress: events are appended, folded, and committed together.

use std::collections::{BTreeMap, BTreeSet};

use crate::conversation::intent::Vocabulary;
use crate::conversation::proposal::Proposal;
use crate::conversation::thread::Thread;
use crate::event::{Event, Recorded};
use crate::log::{self, Head, LogEntry};
use crate::profile::Profile;
use crate::store::{Read, StorageError, StorageFault, Store, Stored, Write};
use crate::vocab::{CustomerId, EventKey, Identifier, IdentifierKey, Timestamp};

use super::customers::{Lens, read_entry};
use super::erasure::strike;
use super::profiles::Profiles;
use super::receipt::{Accepted, Receipt};
use super::{Config, Engine, Entropy, Error, fold};

/// The source of the events that taps become. One for all devices, so that the same tap at two
/// tills is one event.
pub(super) const TAPS: &str = "//phygital/taps";
/// The source of what the engine decides.
pub(super) const DECISIONS: &str = "//phygital/decisions";

/// One transaction in progress.
pub(super) struct Session<'e, W> {
    pub(super) tx: W,
    pub(super) lens: Lens<'e>,
    pub(super) config: &'e Config,
    /// The keywords of its rules.
    pub(super) vocabulary: &'e Vocabulary,
    pub(super) entropy: &'e mut (dyn Entropy + Send),
    pub(super) head: Head,
    /// The last event appended; `None` while nothing is to be committed.
    pub(super) last: Option<EventKey>,
    /// Whether any identifier was erased, once it was asked.
    pub(super) erasures: Option<bool>,
    /// Profiles that are to be written before the commit.
    pub(super) profiles: Profiles,
    /// What somebody else makes of the text that is recorded.
    pub(super) proposal: Option<Proposal>,
    pub(super) now: Timestamp,
    /// The taps that came in texts, by the text's event; none where it does not count.
    pub(super) taps_in_texts: BTreeMap<EventKey, Option<EventKey>>,
}

impl<'e, W> Session<'e, W> {
    /// Begins behind the end of the log, with nothing written yet.
    pub(super) fn begin(
        tx: W,
        head: Head,
        lens: Lens<'e>,
        (config, vocabulary): (&'e Config, &'e Vocabulary),
        entropy: &'e mut (dyn Entropy + Send),
        now: Timestamp,
    ) -> Self {
        let (last, erasures, profiles) = (None, None, Profiles::default());
        Session {
            tx,
            lens,
            config,
            vocabulary,
            entropy,
            head,
            last,
            erasures,
            profiles,
            proposal: None,
            now,
            taps_in_texts: BTreeMap::new(),
        }
    }
}

impl<W: Write> Session<'_, W> {
    /// Appends an event to the log and folds it, unless it is there already.
    pub(super) fn append(&mut self, mut event: Event) -> Result<Accepted, Error> {
        let content = event.settled()?;
        self.append_settled(event, content)
    }

    /// Appends a settled event to the log and folds it, unless it is there already.
    pub(super) fn append_settled(&mut self, event: Event, content: String) -> Result<Accepted, Error> {
        let gone = self.erased_of(&event)?;
        let kept = if gone.is_empty() { Vec::new() } else { self.kept_of(&event, &gone)? };
        let accepted = self.append_without(event, content, &gone)?;
        if accepted.is_new() {
            for event in kept {
                self.append(event)?;
            }
        }
        Ok(accepted)
    }

    /// Appends a settled event without those that were erased.
    fn append_without(
        &mut self,
        event: Event,
        content: String,
        gone: &BTreeSet<IdentifierKey>,
    ) -> Result<Accepted, Error> {
        let key = event.key();
        let (event, content) = match gone.is_empty() {
            true => (event, content),
            false => match strike(&event, gone, self.lens.tenant, false) {
                Some(left) => {
                    let content = left.content();
                    (left, content)
                }
                None => {
                    return match self.tx.entry(&key)? {
                        Some(entry) => Ok(Accepted::Known(Receipt::of(&entry))),
                        None => Ok(Accepted::New(self.append_empty(event, content)?)),
                    };
                }
            },
        };
        if let Some(entry) = self.tx.entry(&key)? {
            return match entry.has_content(&content) {
                Some(false) => Err(Error::Conflict { key }),
                // Of an erased payload nothing can be compared: the event is known, and stays erased.
                Some(true) | None => Ok(Accepted::Known(Receipt::of(&entry))),
            };
        }
        let (receipt, _) = self.append_new(event, content)?;
        Ok(Accepted::New(receipt))
    }

    /// Appends a settled event that is not in the log, with its content; says to which customer it belongs.
    pub(super) fn append_new(
        &mut self,
        event: Event,
        content: String,
    ) -> Result<(Receipt, Option<CustomerId>), Error> {
        let entry = self.seal(&event, content)?;
        self.put_entry(&entry)?;
        let recorded = Recorded {
            event,
            fold: entry.fold,
            origin: entry.origin,
            hlc: entry.hlc,
            received_at: entry.received_at,
        };
        let owner = fold::apply(&mut self.tx, self.lens, &recorded, &mut self.profiles)?;
        Ok((Receipt::of(&entry), owner))
    }

    /// Appends an event that is not in the log and of which nothing may be left but its place there.
    fn append_empty(&mut self, event: Event, content: String) -> Result<Receipt, Error> {
        let entry = self.seal(&event, content)?.erased();
        self.put_entry(&entry)?;
        Ok(Receipt::of(&entry))
    }

    /// The next entry of the log.
    fn seal(&mut self, event: &Event, content: String) -> Result<LogEntry, Error> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt)?;
        let sealed = log::seal_written(&self.head, event, content, salt, self.now);
        let (entry, head) = sealed.ok_or(Error::Bug("the clock of the log has run out"))?;
        self.head = head;
        Ok(entry)
    }

    fn put_entry(&mut self, entry: &LogEntry) -> Result<(), Error> {
        self.tx.append(entry)?;
        self.last = Some(entry.key());
        Ok(())
    }

    /// The later of the host's clock and the log's, so that a clock set back revives no consent.
    pub(super) fn latest(&self) -> Timestamp {
        self.now.max(self.head.hlc.wall())
    }

    /// A customer's profile as this transaction leaves it.
    pub(super) fn profile(&mut self, customer: CustomerId) -> Stored<Profile> {
        self.profiles.written(&mut self.tx, self.lens, customer)
    }

    /// Where the conversation with a contact point stands.
    pub(super) fn thread(&self, contact: &Identifier) -> Stored<Thread> {
        Ok(fold::read_thread(&self.tx, &contact.key(self.lens.tenant))?.unwrap_or_default())
    }

    /// An event of the log by its key.
    pub(super) fn recorded(&self, key: &EventKey) -> Result<Option<Recorded>, Error> {
        let entry = self.tx.entry(key)?;
        Ok(entry.map(|entry| read_entry(&entry)).transpose()?.flatten())
    }
}

impl<S: Store> Engine<S> {
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
        self.writable()?;
        // A store that cannot even begin has written nothing, and may be asked again.
        let tx = self.store.writer()?;
        let lens = Lens { tenant: &self.tenant, rules: &self.rules, matching: self.matching.as_ref() };
        let (config, entropy, known) = ((&self.config, &self.vocabulary), &mut *self.entropy, &self.head);
        let worked = (|| {
            if tx.rules_digest()? != Some(self.rules_digest) {
                let detail = "another engine changed the rules of identity";
                return Err(StorageError::new(StorageFault::Reopen, "beginning", detail).into());
            }
            let head = end_of_log(&tx, known)?;
            let mut session = Session::begin(tx, head, lens, config, entropy, now);
            let value = work(&mut session)?;
            session.profiles.write(&mut session.tx, lens)?;
            session.tell_moves()?;
            let Session { tx, head, last, .. } = session;
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
pub(super) fn is_fault(error: &Error) -> bool {
    matches!(error, Error::Storage(_) | Error::Bug(_))
}

/// Where the log ends now, which is further than `known` where another engine wrote meanwhile.
///
/// # Errors
/// `Corrupt` where the log is shorter than it was, or another one: a backup was put in the place of the
/// store while it was open. To go on would give sequence numbers out twice.
pub(super) fn end_of_log(tx: &impl Read, known: &Head) -> Stored<Head> {
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
