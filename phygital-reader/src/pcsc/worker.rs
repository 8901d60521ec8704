//! The thread that speaks to the service for one reader.

use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use pcsc::{
    Context, Disposition, Error, Protocols, ReaderState, Scope, ShareMode, State, Status, Transaction,
};

use super::atr;
use super::desk::{Desk, Reply, Request, Stage, Ticket};
use super::fault::{failed, refused};
use super::names;
use super::type2;
use crate::card::{Card, Technology, Uid};
use crate::link::{LinkError, LinkFault};
use crate::reader::ReaderName;

/// The longest answer that is taken: 256 bytes and the status word, with room for what a reader may add.
pub(super) const ANSWER_BYTES_MAX: usize = 264;

/// How long it waits for a card at a time. A wait is woken when it is no longer wanted; should that come in the moment
/// before it waits, it costs so much and no more.
const SLICE: Duration = Duration::from_millis(200);

/// How long it waits before it tries again to come to a card that another program has or that did not answer.
const PAUSE: Duration = Duration::from_millis(50);

/// How long another program may keep a card before that is a fault. Windows itself takes each card first, to look which
/// driver it needs.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long it waits, after a card was lost in the middle of something, for the service to notice that it left.
///
/// pcscd looks every 400 ms. Told to power a card that has gone, it takes the reader for empty without noticing that the
/// card went, and then not that one is put back either, until that one leaves too.
const SETTLE: Duration = Duration::from_millis(600);

/// The reader's own instruction that tells the UID (PC/SC part 3, 3.2.2.1.3).
const GET_UID: [u8; 5] = [0xFF, 0xCA, 0x00, 0x00, 0x00];

const POLLING: &str = "polling";
const OPENING: &str = "opening the reader";

/// Opens the reader and serves the desk until it is closed.
pub(super) fn work(desk: &Arc<Desk>, reader: &ReaderName) {
    /// Says that the thread ends, also when it panics: the crate below does at what it does not know.
    struct Leaving<'a>(&'a Desk);
    impl Drop for Leaving<'_> {
        fn drop(&mut self) {
            self.0.leave();
        }
    }
    let _leaving = Leaving(desk);
    match Worker::open(desk, reader) {
        Ok(mut worker) => {
            desk.answer(Desk::OPENING, Ok(Reply::Done));
            worker.serve();
        }
        Err(error) => drop(desk.answer(Desk::OPENING, Err(error))),
    }
}

/// What the service calls its readers.
///
/// # Errors
/// The service is not there, or does not let this program in.
pub(super) fn service_readers(context: &Context) -> Result<Vec<CString>, Error> {
    // A reader that is plugged in between the two calls inside makes the buffer too small.
    for _ in 0..4 {
        match context.list_readers_owned() {
            Err(Error::InsufficientBuffer) => {}
            listed => return listed,
        }
    }
    Err(Error::InsufficientBuffer)
}

struct Worker {
    desk: Arc<Desk>,
    context: Context,
    /// As the service calls it.
    reader: CString,
    /// Since when another program has the card.
    busy_since: Option<Instant>,
    /// When a card was lost in the middle of something, if the service has not said since that it left.
    shaken: Option<Instant>,
}

/// What comes after a card.
enum After {
    /// This request, which is not for a card.
    Serve(Ticket, Request),
    /// Whatever is asked next.
    Take,
    /// It was gone before it could be told of.
    Lost,
}

impl Worker {
    fn open(desk: &Arc<Desk>, reader: &ReaderName) -> Result<Self, LinkError> {
        let context = Context::establish(Scope::User).map_err(|error| refused(OPENING, error))?;
        let known = service_readers(&context).map_err(|error| failed(OPENING, error))?;
        let texts: Vec<_> = known.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let found = names::find(reader, &texts).and_then(|name| texts.iter().position(|text| text == name));
        let name = found.and_then(|at| known.into_iter().nth(at));
        let name = name.ok_or(LinkError::new(LinkFault::NoSuchReader, OPENING))?;
        let worker = Self { desk: Arc::clone(desk), context, reader: name, busy_since: None, shaken: None };
        worker.look(&mut worker.unaware(), Duration::ZERO, OPENING)?;
        Ok(worker)
    }

    fn serve(&mut self) {
        let mut next = self.desk.take();
        while let Some((ticket, request)) = next {
            let outcome = match request {
                Request::Poll { until } => {
                    next = self.poll(ticket, until);
                    continue;
                }
                Request::Exchange { .. } => Err(LinkError::new(LinkFault::CardGone, "speaking to the card")),
                Request::IsPresent => Ok(Reply::Present(false)),
                Request::Release => Ok(Reply::Done),
                Request::Health => self.health(),
            };
            self.desk.answer(ticket, outcome);
            next = self.desk.take();
        }
    }

    /// Finds a card and stays with it until another request ends that.
    fn poll(&mut self, ticket: Ticket, until: Instant) -> Option<(Ticket, Request)> {
        loop {
            let outcome = match self.approach(ticket, until) {
                Ok(Some(card)) => match self.attend(ticket, card) {
                    After::Serve(ticket, request) => return Some((ticket, request)),
                    After::Take => return self.desk.take(),
                    After::Lost => {
                        let left = until.saturating_duration_since(Instant::now());
                        if !left.is_zero() {
                            thread::sleep(left.min(PAUSE));
                            continue;
                        }
                        Ok(Reply::Found(None))
                    }
                },
                Ok(None) => Ok(Reply::Found(None)),
                Err(error) => Err(error),
            };
            self.desk.answer(ticket, outcome);
            return self.desk.take();
        }
    }

    /// Waits for a card and connects to it; `None` where the time is over or nobody wants it any more.
    fn approach(&mut self, ticket: Ticket, until: Instant) -> Result<Option<pcsc::Card>, LinkError> {
        let mut seen = self.unaware();
        let mut most = SLICE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let (desk, context) = (Arc::clone(&self.desk), self.context.clone());
            let looked = desk.wait_on(&context, ticket, || self.look(&mut seen, left.min(most), POLLING));
            let Some(looked) = looked else { return Ok(None) };
            looked?;
            most = SLICE;
            let settled = self.shaken.map_or(SETTLE, |since| since.elapsed());
            if !seen[0].event_state().contains(State::PRESENT) {
                self.shaken = None;
            } else if settled < SETTLE {
                most = SETTLE - settled;
            } else {
                match self.connect() {
                    Ok(card) => {
                        self.busy_since = None;
                        return Ok(Some(card));
                    }
                    Err(Error::SharingViolation) => {
                        let since = *self.busy_since.get_or_insert_with(Instant::now);
                        if since.elapsed() >= PATIENCE {
                            self.busy_since = None;
                            return Err(failed(POLLING, Error::SharingViolation));
                        }
                        most = PAUSE;
                    }
                    // Gone again, or held so badly that it could not be started: it may come closer.
                    Err(error) => match failed(POLLING, error) {
                        error if error.fault.ends_reader() => return Err(error),
                        _ => most = PAUSE,
                    },
                }
            }
            if until <= Instant::now() {
                return Ok(None);
            }
        }
    }

    /// Connects to the card. One that stayed while it was lost is started anew.
    fn connect(&mut self) -> Result<pcsc::Card, Error> {
        let (mode, protocols) = (ShareMode::Shared, Protocols::T0 | Protocols::T1);
        self.desk.enter(Stage::Connecting);
        let connected = self.context.connect(&self.reader, mode, protocols);
        self.desk.enter(Stage::Asking);
        let mut card = connected?;
        let shaken = self.shaken.take().is_some();
        if shaken && let Err(error) = card.reconnect(mode, protocols, Disposition::UnpowerCard) {
            drop(card.disconnect(Disposition::LeaveCard));
            return Err(error);
        }
        Ok(card)
    }

    /// Tells the caller of a card and speaks to it, until it is to be let go.
    fn attend(&mut self, ticket: Ticket, mut card: pcsc::Card) -> After {
        let (after, disposition) = self.transact(ticket, &mut card);
        // Where it fails, dropping the card tries once more, and the connection's end does the rest.
        drop(card.disconnect(disposition));
        after
    }

    /// All that is said to a card is one transaction, so that no other program and no system driver gets a word in
    /// between.
    fn transact(&mut self, ticket: Ticket, card: &mut pcsc::Card) -> (After, Disposition) {
        self.desk.enter(Stage::Connecting);
        let begun = card.transaction2();
        self.desk.enter(Stage::Asking);
        let Ok(transaction) = begun else { return (After::Lost, Disposition::LeaveCard) };
        let Ok(found) = self.introduce(&transaction) else {
            self.shaken = Some(Instant::now());
            return (After::Lost, Disposition::LeaveCard);
        };
        let technology = found.technology;
        if !self.desk.answer(ticket, Ok(Reply::Found(Some(found)))) {
            // Nobody saw it, so it stays as it is.
            return (After::Take, Disposition::LeaveCard);
        }
        let after = self.converse(&transaction, technology);
        // Only a card that is there for sure may be powered off.
        if transmit(&transaction, &GET_UID).is_ok() {
            return (after, Disposition::UnpowerCard);
        }
        self.shaken = Some(Instant::now());
        (after, Disposition::LeaveCard)
    }

    /// What card it is.
    fn introduce(&self, transaction: &Transaction<'_>) -> Result<Card, Error> {
        let status = transaction.status2_owned()?;
        let technology = atr::technology(status.atr());
        let uid = match &transmit(transaction, &GET_UID)?[..] {
            [uid @ .., 0x90, 0x00] => Uid::new(uid),
            _ => None,
        };
        Ok(Card::new(technology, uid.unwrap_or_default()))
    }

    /// Serves requests until one lets the card go, or it is gone.
    fn converse(&self, transaction: &Transaction<'_>, technology: Technology) -> After {
        while let Some((ticket, request)) = self.desk.take() {
            let (outcome, stays) = match request {
                Request::Poll { .. } | Request::Release => return After::Serve(ticket, request),
                Request::Health => (self.health(), true),
                Request::IsPresent => {
                    let present = self.is_present(transaction);
                    let stays = present == Ok(true);
                    (present.map(Reply::Present), stays)
                }
                Request::Exchange { command } => {
                    let answer = self.exchange(transaction, technology, &command);
                    let stays = match &answer {
                        Ok(_) => true,
                        Err(error) => matches!(error.fault, LinkFault::Card | LinkFault::Unsupported),
                    };
                    (answer.map(Reply::Bytes), stays)
                }
            };
            let heard = self.desk.answer(ticket, outcome);
            // After an answer that nobody heard, nobody knows what the card thinks was said.
            if !stays || !heard {
                break;
            }
        }
        After::Take
    }

    fn exchange(
        &self,
        transaction: &Transaction<'_>,
        technology: Technology,
        command: &[u8],
    ) -> Result<Vec<u8>, LinkError> {
        let doing = "speaking to the card";
        let unsupported = LinkError::new(LinkFault::Unsupported, doing);
        let transmit = |apdu: &[u8]| transmit(transaction, apdu).map_err(|error| failed(doing, error));
        match technology {
            // Class FF would not reach the card: the reader takes it for itself.
            Technology::IsoDep if command.first() == Some(&0xFF) => Err(unsupported),
            Technology::IsoDep => transmit(command),
            Technology::Type2 => {
                let worded = type2::word(command, &self.reader.to_string_lossy()).ok_or(unsupported)?;
                let response = transmit(&worded.apdu)?;
                worded.answer(&response).map_err(|fault| LinkError::new(fault, doing))
            }
            Technology::Other => Err(unsupported),
        }
    }

    /// Whether the card lies there, by what the service knows: nothing is sent to it.
    fn is_present(&self, transaction: &Transaction<'_>) -> Result<bool, LinkError> {
        let doing = "looking for the card";
        let mut seen = self.unaware();
        self.look(&mut seen, Duration::ZERO, doing)?;
        if !seen[0].event_state().contains(State::PRESENT) {
            return Ok(false);
        }
        // That a card lies there does not say that it is the same. Windows resets a card in a transaction in which
        // nothing is asked for five seconds; this counts as asking.
        match transaction.status2_owned() {
            Ok(status) => Ok(!status.status().contains(Status::ABSENT)),
            Err(error) => match failed(doing, error) {
                error if error.fault == LinkFault::CardGone => Ok(false),
                error => Err(error),
            },
        }
    }

    fn health(&self) -> Result<Reply, LinkError> {
        self.look(&mut self.unaware(), Duration::ZERO, "asking the reader").map(|()| Reply::Done)
    }

    /// Waits until the reader's state is another than the one seen last.
    fn look(&self, seen: &mut [ReaderState], within: Duration, doing: &'static str) -> Result<(), LinkError> {
        match self.context.get_status_change(within, seen) {
            Ok(()) | Err(Error::Timeout | Error::Cancelled) => {}
            Err(error) => return Err(failed(doing, error)),
        }
        for state in seen {
            if state.event_state().intersects(State::UNKNOWN | State::UNAVAILABLE | State::IGNORE) {
                return Err(LinkError::new(LinkFault::ReaderGone, doing));
            }
            state.sync_current_state();
        }
        Ok(())
    }

    /// Nothing seen yet, so that the next look tells the state at once.
    fn unaware(&self) -> [ReaderState; 1] {
        let name: &CStr = &self.reader;
        [ReaderState::new(name, State::UNAWARE)]
    }
}

/// Sends an APDU and gives the response.
fn transmit(transaction: &Transaction<'_>, apdu: &[u8]) -> Result<Vec<u8>, Error> {
    let mut buffer = [0; ANSWER_BYTES_MAX];
    match transaction.transmit(apdu, &mut buffer)? {
        // Of a card that was pulled away some drivers say that all went well, and that nothing came.
        [] => Err(Error::NotTransacted),
        response => Ok(response.to_vec()),
    }
}
