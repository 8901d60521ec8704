//! From what is held to a reader to taps, for months, through unplugged cables.
//!
//! A [`TapLoop`] owns one reader. It looks for cards, reads each once, has it judged, asks it every 125 ms whether it is
//! still there, and tells what happened as [`TapEvent`]s. It opens the reader again whenever that fails, after 0.2 to 5
//! seconds, and asks an idle one every 30 seconds for a sign of life.
//!
//! What it promises:
//! - One [`TapEvent::Tap`] for each time that something is held to the reader. What comes back within the debounce
//!   window is [`TapEvent::SameAgain`], told apart by what it proved to be and not by its UID, which phones draw anew.
//! - A tag is read once each time, since each read costs it a value of its counter: again only after the reader or the
//!   link failed, and once more where nothing could be made of what it said.
//! - Every call is bounded, [`TapLoop::canceller`] ends it from any thread, and a driver that panics costs a reopening.
//! - Memory is bounded: with [`TapLoop::spawn`], 64 events wait at most. Then the loop stands still until one is taken:
//!   nothing is dropped, and nothing is read that nobody would hear of.

mod backoff;
mod debounce;
mod event;
mod presentation;
mod rhythm;
mod thread;
mod wishes;

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use phygital_core::contactless::Step;
use phygital_core::contactless::ecp::{Frame, Modulation};
use phygital_core::contactless::reading::{CardKind, ReadOut, Reading};
use phygital_core::tap::Verifier;
use phygital_core::vocab::Timestamp;

pub use debounce::Credential;
pub use event::{TapEvent, Unreadable};
pub use presentation::{Presentation, Tap};
pub use thread::{EVENTS_MAX, StillRunning, TapEvents};
#[cfg(feature = "smart-tap")]
pub use wishes::SmartTapWish;
pub use wishes::Wishes;

use crate::card::{Card, Technology};
use crate::clock::{Alarm, Clock, SystemClock};
use crate::link::{LinkError, LinkFault};
use crate::reader::{Backend, Canceller, Reader, ReaderName};
use debounce::Debounce;
use rhythm::{Act, Notice, Outcome, Rhythm};

/// The debounce window where none is set.
pub const DEBOUNCE: Duration = Duration::from_millis(1500);

/// How long a card may take for one answer. Phones sign and agree on keys.
const EXCHANGE: Duration = Duration::from_secs(2);

/// How long the reading of a card may take in all. Nobody holds one still for longer.
const READING: Duration = Duration::from_secs(6);

/// Turns what is held to one reader into taps.
///
/// It is an iterator without a thread of its own; [`TapLoop::spawn`] gives it one.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::{Assurance, KeySet, Keys, Verifier, simulator::SoftTag};
/// use phygital_reader::{ReaderName, TapEvent, TapLoop, VirtualClock};
/// use phygital_sim::{MemoryBackend, Type4Tag};
///
/// // A reader in memory, and a tag that is held to it after a second, for a second.
/// let clock = VirtualClock::new();
/// let backend = MemoryBackend::with_clock(clock.clone());
/// let field = backend.plug("counter");
/// let mut tag = SoftTag::new("04a1b2c3d4e5f6".parse()?, "tap.example/?u={uid}&n={ctr}&c={mac}".parse()?, &Secret::zeros());
/// let (there, message) = (field.clone(), tag.tap_file(&[7; 16])?.split_off(2));
/// clock.at(Duration::from_secs(1), move || drop(there.put(Type4Tag::new(&message))));
/// clock.at(Duration::from_secs(2), move || drop(field.take()));
///
/// let keys = Keys::new([KeySet::explicit(Secret::zeros())])?;
/// let verifier = Arc::new(Verifier::new().sun(Arc::new(keys)));
/// let mut taps = TapLoop::new(backend, ReaderName::new("counter"), verifier).clock(clock);
/// assert!(matches!(taps.next(), Some(TapEvent::ReaderUp)));
/// let Some(TapEvent::Tap(tap)) = taps.next() else { panic!("a tap") };
/// assert_eq!(tap.verdict().assurance(), Some(Assurance::Dynamic));
/// assert!(matches!(taps.next(), Some(TapEvent::CardGone)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TapLoop {
    // Closed before its backend goes.
    reader: Option<Box<dyn Reader>>,
    backend: Box<dyn Backend>,
    name: ReaderName,
    verifier: Arc<Verifier>,
    wishes: Wishes,
    frame: Option<Vec<u8>>,
    clock: Arc<dyn Clock>,
    wall: Box<dyn Fn() -> Timestamp + Send>,
    rhythm: Rhythm,
    debounce: Debounce,
    stop: Arc<Stop>,
    card: Option<Card>,
    /// Why the reader is down, as it was told.
    told: Option<LinkFault>,
    /// What went wrong last.
    error: Option<LinkError>,
    why: Option<Unreadable>,
    events: VecDeque<TapEvent>,
}

/// How a loop is ended.
#[derive(Debug, Default)]
struct Stop {
    alarm: Alarm,
    reader: Mutex<Option<Canceller>>,
}

impl TapLoop {
    /// A loop over this reader. It wishes for NDEF messages; nothing happens before the first turn.
    #[must_use]
    pub fn new(backend: impl Backend + 'static, reader: ReaderName, verifier: Arc<Verifier>) -> Self {
        Self::boxed(Box::new(backend), reader, verifier)
    }

    /// As [`TapLoop::new`], for a backend that was chosen at run time.
    #[must_use]
    pub fn boxed(backend: Box<dyn Backend>, reader: ReaderName, verifier: Arc<Verifier>) -> Self {
        Self {
            reader: None,
            backend,
            name: reader,
            verifier,
            wishes: Wishes::ndef(),
            frame: None,
            clock: Arc::new(SystemClock::new()),
            wall: Box::new(system_time),
            rhythm: Rhythm::new(false),
            debounce: Debounce::new(DEBOUNCE),
            stop: Arc::default(),
            card: None,
            told: None,
            error: None,
            why: None,
            events: VecDeque::new(),
        }
    }

    /// Asks every card for this instead.
    #[must_use]
    pub fn wishes(mut self, wishes: Wishes) -> Self {
        self.wishes = wishes;
        self
    }

    /// Sends this frame between the polls, where the reader can, so that iPhones offer the right pass.
    #[must_use]
    pub fn polling_frame(mut self, frame: &Frame) -> Self {
        self.frame = Some(frame.to_bytes(Modulation::A));
        self.rhythm = Rhythm::new(true);
        self
    }

    /// Takes what comes back within this time after it left for the same tap; 1.5 seconds where it is not called.
    #[must_use]
    pub fn debounce(mut self, window: Duration) -> Self {
        self.debounce = Debounce::new(window);
        self
    }

    /// Goes by this clock instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Tells the verifier this time instead of the system's.
    #[must_use]
    pub fn wall_clock(mut self, wall: impl Fn() -> Timestamp + Send + 'static) -> Self {
        self.wall = Box::new(wall);
        self
    }

    /// Ends the loop from any thread, at once: the iterator gives `None`, and the reader is closed.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        let stop = Arc::clone(&self.stop);
        Canceller::new(move || stop.stop())
    }

    /// One turn: does what is next, which takes a bounded time, and tells what happened, if anything did.
    pub fn turn(&mut self) -> Option<TapEvent> {
        if self.stop.alarm.rings() {
            self.close();
            self.events.clear();
            return None;
        }
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let act = self.rhythm.next(self.clock.now());
        let outcome = self.act(act);
        if self.stop.alarm.rings() {
            self.close();
            return None;
        }
        for notice in self.rhythm.after(self.clock.now(), outcome) {
            self.notice(notice);
        }
        self.events.pop_front()
    }

    fn act(&mut self, act: Act) -> Outcome {
        if let Act::Wait(span) = act {
            self.clock.sleep(span, &self.stop.alarm);
            return Outcome::Done;
        }
        let done = match act {
            Act::Open => self.open(),
            Act::Read => return self.read(),
            _ => self.with_reader(|reader, frame| match act {
                Act::Poll(within) => Ok(reader.poll(within)?.map_or(Polled::Nobody, Polled::Found)),
                Act::Ping => Ok(Polled::Present(reader.link().is_present()?)),
                Act::Broadcast => match reader.raw().zip(frame) {
                    Some((raw, frame)) => raw.broadcast(frame).map(|()| Polled::Done),
                    None => Err(LinkError::new(LinkFault::Unsupported, "sending a polling frame")),
                },
                Act::Release => reader.release().map(|()| Polled::Done),
                Act::Health | Act::Open | Act::Read | Act::Wait(_) => reader.health().map(|()| Polled::Done),
            }),
        };
        match done {
            Ok(Polled::Done) => Outcome::Done,
            Ok(Polled::Opened { broadcasts }) => Outcome::Opened { broadcasts },
            Ok(Polled::Found(card)) => {
                self.card = Some(card);
                Outcome::Found
            }
            Ok(Polled::Nobody) => Outcome::Nobody,
            Ok(Polled::Present(present)) => Outcome::Present(present),
            Err(error) => self.failed(error),
        }
    }

    fn failed(&mut self, error: LinkError) -> Outcome {
        let fault = error.fault;
        self.why = Some(Unreadable::Link(error.clone()));
        self.error = Some(error);
        Outcome::Failed(fault)
    }

    fn open(&mut self) -> Result<Polled, LinkError> {
        let (backend, name) = (&mut self.backend, &self.name);
        let reader = guarded("opening the reader", || backend.open(name))?;
        let broadcasts = reader.capabilities().raw;
        self.stop.put(Some(reader.canceller()));
        self.reader = Some(reader);
        Ok(Polled::Opened { broadcasts })
    }

    fn with_reader<T>(
        &mut self,
        act: impl FnOnce(&mut dyn Reader, Option<&[u8]>) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        let doing = "using the reader";
        let Some(reader) = &mut self.reader else {
            return Err(LinkError::new(LinkFault::ReaderGone, doing));
        };
        guarded(doing, || act(&mut **reader, self.frame.as_deref()))
    }

    /// Closes the reader, which may fail in any way.
    fn close(&mut self) {
        self.stop.put(None);
        let reader = self.reader.take();
        // What a panicking driver leaves behind is not ours to clear up.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(reader)));
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Up => {
                self.told = None;
                self.events.push_back(TapEvent::ReaderUp);
            }
            Notice::Down { retry_in } => {
                self.close();
                let error = self.error.take();
                let error = error.unwrap_or(LinkError::new(LinkFault::ReaderGone, "using the reader"));
                if self.told.replace(error.fault) != Some(error.fault) {
                    self.events.push_back(TapEvent::ReaderDown { error, retry_in });
                }
            }
            Notice::Unreadable => {
                let left = || LinkError::new(LinkFault::CardGone, "reading the card").into();
                let why = self.why.take().unwrap_or_else(left);
                self.events.push_back(TapEvent::Unreadable { why });
            }
            Notice::Gone { last } => {
                self.debounce.leave(last);
                self.events.push_back(TapEvent::CardGone);
            }
        }
    }
}

/// What came of an act on the reader.
enum Polled {
    Done,
    Opened { broadcasts: bool },
    Found(Card),
    Nobody,
    Present(bool),
}

impl TapLoop {
    /// Reads the card and has it judged.
    fn read(&mut self) -> Outcome {
        let Some(card) = self.card.clone() else { return Outcome::Nobody };
        let kind = match card.technology {
            Technology::IsoDep => CardKind::iso_dep(card.uid.as_bytes()),
            Technology::Type2 => CardKind::Type2,
            Technology::Other => return self.unreadable(Unreadable::Technology),
        };
        let Some(reader) = &mut self.reader else { return Outcome::Failed(LinkFault::ReaderGone) };
        let (wishes, clock) = (&mut self.wishes, &*self.clock);
        let read = guarded("reading the card", || Ok(read(&mut **reader, kind, wishes, clock)));
        let Read { out, error, slow } = match read {
            Ok(read) => read,
            Err(error) => return self.failed(error),
        };
        let (needs_owner, misses) = (out.needs_owner(), out.misses.clone());
        let presentation = Presentation::new((self.wall)(), card, out);
        let verifier = &*self.verifier;
        match catch_unwind(AssertUnwindSafe(|| Tap::judge(presentation, verifier))) {
            Ok(Some(tap)) => self.tapped(tap),
            Ok(None) if needs_owner => {
                self.why = Some(Unreadable::NeedsOwner);
                Outcome::Owner
            }
            Ok(None) => match error {
                Some(error) => self.failed(error),
                None if slow => self.unreadable(Unreadable::TooSlow),
                None => {
                    self.why = Some(Unreadable::Nothing { misses });
                    Outcome::Nothing
                }
            },
            Err(_) => self.unreadable(Unreadable::Verifier),
        }
    }

    fn tapped(&mut self, tap: Tap) -> Outcome {
        let since = self.rhythm.card_since().unwrap_or_else(|| self.clock.now());
        let tap = Box::new(tap);
        self.events.push_back(match self.debounce.is_again(since, &tap.credentials) {
            true => TapEvent::SameAgain(tap),
            false => TapEvent::Tap(tap),
        });
        Outcome::Read
    }

    fn unreadable(&mut self, why: Unreadable) -> Outcome {
        self.why = Some(why);
        Outcome::Unreadable
    }
}

/// What came of a reading.
struct Read {
    out: ReadOut,
    error: Option<LinkError>,
    slow: bool,
}

/// Says to the card what the reading wants said, until it is over, the link fails or the time is up. What was read until
/// then counts.
fn read(reader: &mut dyn Reader, kind: CardKind, wishes: &mut Wishes, clock: &dyn Clock) -> Read {
    let end = clock.now() + READING;
    let (mut reading, mut step) = Reading::new(kind, wishes.for_card());
    let link = reader.link();
    loop {
        let command = match step {
            Step::Send(command) => command,
            Step::Done(out) => return Read { out, error: None, slow: false },
        };
        let left = end.saturating_sub(clock.now());
        if left.is_zero() {
            return Read { out: reading.lost(), error: None, slow: true };
        }
        match link.transceive(&command, left.min(EXCHANGE)) {
            Ok(answer) => step = reading.next(&answer),
            Err(error) => return Read { out: reading.lost(), error: Some(error), slow: false },
        }
    }
}

/// Calls a driver. One that panics is a reader that broke its protocol.
fn guarded<T>(doing: &'static str, call: impl FnOnce() -> Result<T, LinkError>) -> Result<T, LinkError> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(LinkError::new(LinkFault::Reader, doing).detail("the driver panicked")))
}

impl Iterator for TapLoop {
    type Item = TapEvent;

    /// Turns until something happens; `None` once it was cancelled.
    fn next(&mut self) -> Option<TapEvent> {
        while !self.stop.alarm.rings() {
            if let Some(event) = self.turn() {
                return Some(event);
            }
        }
        // For the reader to be closed.
        self.turn()
    }
}

impl Drop for TapLoop {
    fn drop(&mut self) {
        self.close();
    }
}

impl Stop {
    fn stop(&self) {
        self.alarm.ring();
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(reader) = reader {
            reader.cancel();
        }
    }

    fn put(&self, reader: Option<Canceller>) {
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = reader;
    }
}

fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::MIN.saturating_add(since)
}

impl fmt::Debug for TapLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("TapLoop");
        out.field("backend", &self.backend.name()).field("reader", &self.name);
        out.field("wishes", &self.wishes).field("rhythm", &self.rhythm).finish_non_exhaustive()
    }
}
