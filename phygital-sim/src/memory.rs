//! Readers in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use phygital_reader::{
    Alarm, Backend, Canceller, Capabilities, Card, CardLink, Clock, LinkError, LinkFault, RawLink, Reader,
    ReaderName, SystemClock, Technology, Uid,
};

use crate::card::{Activation, Answer, SoftCard, Tear};
use crate::faults::{Fault, Faults};
use crate::field::Field;

/// How often a reader looks for a card that it waits for.
const LOOK: Duration = Duration::from_millis(1);

/// The longest command and the longest answer, as a PN532 behind libnfc has them.
const CAPABILITIES: (usize, usize) = (262, 264);

/// Readers in memory, each with the [`Field`] above it. Clones are the same readers, so a test keeps one to plug and
/// unplug them while a loop owns the other.
///
/// ```
/// use std::time::Duration;
/// use phygital_reader::{Backend, CardLink, Clock, LinkFault, Reader, ReaderName, Technology, VirtualClock};
/// use phygital_sim::{Fault, Faults, MemoryBackend, Type4Tag};
///
/// let clock = VirtualClock::new();
/// let mut backend = MemoryBackend::with_clock(clock.clone());
/// let field = backend.plug("counter");
/// let there = field.clone();
/// clock.at(Duration::from_millis(70), move || drop(there.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"))));
///
/// let mut reader = backend.open(&ReaderName::new("counter"))?;
/// assert!(reader.poll(Duration::from_millis(50))?.is_none());
/// let second = Duration::from_secs(1);
/// let card = reader.poll(second)?.expect("it lies there");
/// assert_eq!((card.technology, clock.now()), (Technology::IsoDep, Duration::from_millis(70)));
/// let select = [0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00];
/// assert_eq!(reader.link().transceive(&select, second)?, [0x90, 0x00]);
///
/// backend.set_faults("counter", Faults::none().at_exchange(0, Fault::AnswerLost));
/// let error = reader.link().transceive(&select, second).unwrap_err();
/// assert_eq!(error.fault, LinkFault::CardGone);
/// # Ok::<(), phygital_reader::LinkError>(())
/// ```
#[derive(Clone)]
pub struct MemoryBackend {
    slots: Arc<Mutex<BTreeMap<ReaderName, Shared>>>,
    clock: Arc<dyn Clock>,
}

/// A reader of a [`MemoryBackend`].
pub struct MemoryReader {
    shared: Shared,
    /// The plugging under which it was opened: one that was unplugged stays gone.
    plugging: u64,
    clock: Arc<dyn Clock>,
    cancelled: Alarm,
    selected: Option<Selected>,
}

type Shared = Arc<Mutex<Slot>>;

/// A place where a reader may be plugged in.
struct Slot {
    field: Field,
    plugged: bool,
    pluggings: u64,
    open: bool,
    capabilities: Capabilities,
    faults: Faults,
    lost: Vec<Box<dyn SoftCard>>,
    exchanges: u64,
}

/// The card that was found last.
#[derive(Clone, Copy)]
struct Selected {
    technology: Technology,
    /// [`Field::changes`] as it was: another number is another card, or the same one put back.
    changes: u64,
}

impl MemoryBackend {
    /// No readers yet; they wait in real time.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(SystemClock::new())
    }

    /// As [`MemoryBackend::new`], by this clock. On a [`VirtualClock`](phygital_reader::VirtualClock) no wait takes any
    /// time, and what is planned for it happens while a reader polls or an answer is slow.
    #[must_use]
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        Self { slots: Arc::default(), clock: Arc::new(clock) }
    }

    /// Plugs a reader in, for the first time or again; gives the field above it, which stays the same.
    pub fn plug(&self, reader: &str) -> Field {
        let shared = Arc::clone(self.slots().entry(ReaderName::new(reader)).or_default());
        let mut slot = lock(&shared);
        if !slot.plugged {
            slot.plugged = true;
            slot.pluggings += 1;
        }
        slot.field.clone()
    }

    /// Unplugs a reader: what was opened fails from now on, and the card above it has no power. One that is not there
    /// stays so.
    pub fn unplug(&self, reader: &str) {
        if let Some(shared) = self.slot(reader) {
            lock(&shared).unplug();
        }
    }

    /// Sets what goes wrong at a reader from now on; counting begins anew. One that was never plugged in has no faults.
    pub fn set_faults(&self, reader: &str, faults: Faults) {
        if let Some(shared) = self.slot(reader) {
            lock(&shared).faults = faults;
        }
    }

    /// Sets what a reader says it can do, and does: by default 262 bytes out, 264 in, Type 2 tags and raw frames.
    pub fn set_capabilities(&self, reader: &str, capabilities: Capabilities) {
        if let Some(shared) = self.slot(reader) {
            lock(&shared).capabilities = capabilities;
        }
    }

    /// The cards that [`Fault::CardTaken`] took away, in their order; they are handed out once.
    #[must_use]
    pub fn lost(&self, reader: &str) -> Vec<Box<dyn SoftCard>> {
        self.slot(reader).map(|shared| std::mem::take(&mut lock(&shared).lost)).unwrap_or_default()
    }

    /// How many exchanges with cards a reader has had, failed ones included.
    #[must_use]
    pub fn exchanges(&self, reader: &str) -> u64 {
        self.slot(reader).map_or(0, |shared| lock(&shared).exchanges)
    }

    fn slot(&self, reader: &str) -> Option<Shared> {
        self.slots().get(&ReaderName::new(reader)).map(Arc::clone)
    }

    fn slots(&self) -> MutexGuard<'_, BTreeMap<ReaderName, Shared>> {
        lock(&self.slots)
    }
}

impl Backend for MemoryBackend {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
        let slots = self.slots();
        Ok(slots.iter().filter(|(_, shared)| lock(shared).plugged).map(|(name, _)| name.clone()).collect())
    }

    fn open(&mut self, reader: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
        let failed = |fault| Err(LinkError::new(fault, "opening the reader"));
        let Some(shared) = self.slot(reader.as_str()) else { return failed(LinkFault::NoSuchReader) };
        let mut slot = lock(&shared);
        let fault = match slot.faults.next_open() {
            Some(fault) => Some(fault),
            None if !slot.plugged => Some(LinkFault::NoSuchReader),
            None if slot.open => Some(LinkFault::Busy),
            None => None,
        };
        if let Some(fault) = fault {
            return failed(fault);
        }
        slot.open = true;
        let plugging = slot.pluggings;
        drop(slot);
        Ok(Box::new(MemoryReader {
            shared,
            plugging,
            clock: Arc::clone(&self.clock),
            cancelled: Alarm::new(),
            selected: None,
        }))
    }
}

impl Reader for MemoryReader {
    fn capabilities(&self) -> Capabilities {
        lock(&self.shared).capabilities
    }

    fn canceller(&self) -> Canceller {
        let cancelled = self.cancelled.clone();
        Canceller::new(move || cancelled.ring())
    }

    fn poll(&mut self, within: Duration) -> Result<Option<Card>, LinkError> {
        let doing = "polling";
        let mut slot = self.call(doing)?;
        slot.let_go();
        drop(slot);
        self.selected = None;
        let end = self.clock.now().saturating_add(within);
        loop {
            let (activation, changes) = lock(&self.shared).activate();
            if let Some(activation) = activation {
                let (card, technology) = card(&activation, doing)?;
                self.selected = Some(Selected { technology, changes });
                return Ok(Some(card));
            }
            if !self.wait(end, doing)? {
                return Ok(None);
            }
        }
    }

    fn link(&mut self) -> &mut dyn CardLink {
        self
    }

    fn raw(&mut self) -> Option<&mut dyn RawLink> {
        match self.capabilities().raw {
            true => Some(self),
            false => None,
        }
    }

    fn release(&mut self) -> Result<(), LinkError> {
        self.call("releasing the card")?.let_go();
        self.selected = None;
        Ok(())
    }

    fn health(&mut self) -> Result<(), LinkError> {
        self.call("asking the reader").map(drop)
    }
}

impl CardLink for MemoryReader {
    fn transceive(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError> {
        let doing = "speaking to the card";
        let error = |fault| LinkError::new(fault, doing);
        let slot = self.call(doing)?;
        let capabilities = slot.capabilities;
        let selected = self.selected.filter(|selected| selected.changes == slot.field.changes());
        let Some(Selected { technology, changes }) = selected else {
            return Err(error(LinkFault::CardGone));
        };
        let speaks = match technology {
            Technology::IsoDep => true,
            Technology::Type2 => capabilities.type2,
            _ => false,
        };
        if !speaks || command.len() > capabilities.command_bytes_max {
            return Err(error(LinkFault::Unsupported));
        }
        let (answer, slow) = self.exchange(slot, changes, command)?;
        let silent = matches!(answer, None | Some(Answer::Silence));
        let end = self.clock.now().saturating_add(if silent { within } else { slow.min(within) });
        while self.wait(end, doing)? {}
        let answer = match answer {
            Some(Answer::Bytes(bytes)) if slow <= within => bytes,
            // As a front end gives it: the four bits in a byte.
            Some(Answer::Nibble(bits)) if slow <= within && technology == Technology::Type2 => vec![bits],
            Some(Answer::Nibble(_)) => return Err(error(LinkFault::Card)),
            Some(Answer::Silence) | None | Some(Answer::Bytes(_)) => {
                if technology == Technology::Type2 {
                    self.selected = None;
                }
                return Err(error(LinkFault::CardGone));
            }
        };
        match answer.len() <= capabilities.answer_bytes_max {
            true => Ok(answer),
            false => Err(error(LinkFault::Card)),
        }
    }

    fn is_present(&mut self) -> Result<bool, LinkError> {
        let changes = self.call("looking for the card")?.field.changes();
        Ok(self.selected.is_some_and(|selected| selected.changes == changes))
    }
}

impl RawLink for MemoryReader {
    fn broadcast(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        self.call("sending a frame")?.field.with_card(|card| card.overhear(frame));
        Ok(())
    }
}

impl MemoryReader {
    /// Begins a call: it may be cancelled already, the reader gone, or a fault planned.
    fn call(&self, doing: &'static str) -> Result<MutexGuard<'_, Slot>, LinkError> {
        let fault = lock(&self.shared).faults.next_call();
        self.check(doing)?;
        let mut slot = lock(&self.shared);
        match fault {
            Some(fault) => Err(slot.fail(fault, doing)),
            None => Ok(slot),
        }
    }

    /// Waits a little, but not past the end. Whether there was time left.
    fn wait(&self, end: Duration, doing: &'static str) -> Result<bool, LinkError> {
        let left = end.saturating_sub(self.clock.now());
        if !left.is_zero() {
            self.clock.sleep(left.min(LOOK), &self.cancelled);
            self.check(doing)?;
        }
        Ok(!left.is_zero())
    }

    /// Whether a call may go on.
    fn check(&self, doing: &'static str) -> Result<(), LinkError> {
        if self.cancelled.take() {
            return Err(LinkError::new(LinkFault::Cancelled, doing));
        }
        let slot = lock(&self.shared);
        match slot.plugged && slot.pluggings == self.plugging {
            true => Ok(()),
            false => Err(LinkError::new(LinkFault::ReaderGone, doing)),
        }
    }

    /// Takes a command to the card: its answer, where one arrives, and how long it takes.
    fn exchange(
        &self,
        mut slot: MutexGuard<'_, Slot>,
        changes: u64,
        command: &[u8],
    ) -> Result<(Option<Answer>, Duration), LinkError> {
        slot.exchanges += 1;
        let fault = slot.faults.next_exchange();
        let mut slow = Duration::ZERO;
        let answered = |slot: &Slot| slot.field.with_same_card(changes, |card| card.answer(command));
        let doing = "speaking to the card";
        let answer = match fault {
            None => answered(&slot),
            Some(Fault::CommandLost) => None,
            Some(Fault::AnswerLost) => {
                answered(&slot);
                None
            }
            Some(Fault::AnswerBroken) => {
                answered(&slot);
                return Err(LinkError::new(LinkFault::Card, doing));
            }
            Some(Fault::BitFlipped(bit)) => match answered(&slot) {
                Some(Answer::Bytes(mut bytes)) => {
                    let at = bit % (bytes.len() * 8).max(1);
                    if let Some(byte) = bytes.get_mut(at / 8) {
                        *byte ^= 0x80 >> (at % 8);
                    }
                    Some(Answer::Bytes(bytes))
                }
                other => other,
            },
            Some(Fault::Slow(duration)) => {
                slow = duration;
                answered(&slot)
            }
            Some(Fault::CardTaken(tear) | Fault::CardLifted(tear)) => {
                if tear == Tear::AfterEffect {
                    answered(&slot);
                }
                let card = slot.field.take();
                match fault {
                    Some(Fault::CardLifted(_)) => drop(card.map(|card| slot.field.put_boxed(card))),
                    _ => slot.lost.extend(card),
                }
                None
            }
            Some(Fault::Reader(fault)) => return Err(slot.fail(fault, doing)),
        };
        Ok((answer, slow))
    }
}

impl Drop for MemoryReader {
    fn drop(&mut self) {
        let mut slot = lock(&self.shared);
        // Another may hold it since it was plugged in again.
        if slot.pluggings == self.plugging {
            slot.let_go();
            slot.open = false;
        }
    }
}

impl Slot {
    /// The field goes off.
    fn let_go(&mut self) {
        self.field.with_card(|card| card.lose_power());
    }

    fn unplug(&mut self) {
        self.plugged = false;
        self.open = false;
        self.let_go();
    }

    fn fail(&mut self, fault: LinkFault, doing: &'static str) -> LinkError {
        if fault == LinkFault::ReaderGone {
            self.unplug();
        }
        LinkError::new(fault, doing)
    }

    /// What the card that lies there says, if it answers, and the number of changes that goes with it.
    fn activate(&mut self) -> (Option<Activation>, u64) {
        let changes = self.field.changes();
        let activate = |card: &mut dyn SoftCard| card.answers_polls().then(|| card.activate());
        (self.field.with_same_card(changes, activate).flatten(), changes)
    }
}

impl Default for Slot {
    fn default() -> Self {
        let mut capabilities = Capabilities::new(CAPABILITIES.0, CAPABILITIES.1);
        capabilities.type2 = true;
        capabilities.raw = true;
        Self {
            field: Field::new(),
            plugged: false,
            pluggings: 0,
            open: false,
            capabilities,
            faults: Faults::none(),
            lost: Vec::new(),
            exchanges: 0,
        }
    }
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

/// What was found, as a reader tells it.
fn card(activation: &Activation, doing: &'static str) -> Result<(Card, Technology), LinkError> {
    let technology = match activation {
        Activation { ats: Some(_), sak, .. } if sak & 0x20 != 0 => Technology::IsoDep,
        Activation { ats: None, sak: 0x00, atqa: [0x44, 0x00], .. } => Technology::Type2,
        _ => Technology::Other,
    };
    let uid = Uid::new(&activation.uid).ok_or(LinkError::new(LinkFault::Card, doing))?;
    Ok((Card::new(technology, uid), technology))
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.slots().keys()).finish()
    }
}

impl fmt::Debug for MemoryReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryReader")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use phygital_core::contactless::ecp::{Frame, Modulation, Tci};
    use phygital_reader::VirtualClock;

    use super::*;
    use crate::phone::SoftPhone;
    use crate::type4::Type4Tag;

    const SECOND: Duration = Duration::from_secs(1);
    const SELECT: &[u8] = &[0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00];
    const READ: &[u8] = &[0x00, 0xB0, 0x00, 0x00, 0x02];
    const NO_FILE: [u8; 2] = [0x69, 0x85];

    fn name() -> ReaderName {
        ReaderName::new("counter")
    }

    fn virtual_reader() -> (VirtualClock, MemoryBackend, Field, Box<dyn Reader>) {
        let clock = VirtualClock::new();
        let mut backend = MemoryBackend::with_clock(clock.clone());
        let field = backend.plug("counter");
        let reader = backend.open(&name()).unwrap();
        (clock, backend, field, reader)
    }

    fn fault<T>(result: Result<T, LinkError>) -> Option<LinkFault> {
        result.err().map(|error| error.fault)
    }

    #[test]
    fn readers_come_and_go() {
        let (clock, mut backend, field, mut reader) = virtual_reader();
        assert_eq!(backend.list().unwrap(), [name()]);
        assert_eq!(fault(backend.open(&name())), Some(LinkFault::Busy));
        assert_eq!(fault(backend.open(&ReaderName::new("till"))), Some(LinkFault::NoSuchReader));
        // In the middle of a poll.
        let other = backend.clone();
        clock.at(SECOND / 2, move || other.unplug("counter"));
        assert_eq!(fault(reader.poll(SECOND)), Some(LinkFault::ReaderGone));
        assert_eq!(clock.now(), SECOND / 2);
        assert!(backend.list().unwrap().is_empty());
        assert_eq!(fault(backend.open(&name())), Some(LinkFault::NoSuchReader));
        backend.plug("counter");
        field.put(Type4Tag::new(b""));
        // What was opened before stays gone, and its end does not disturb the one opened after.
        let mut again = backend.open(&name()).unwrap();
        assert_eq!(fault(reader.health()), Some(LinkFault::ReaderGone));
        again.poll(SECOND).unwrap().unwrap();
        drop(reader);
        assert_eq!(again.link().transceive(SELECT, SECOND), Ok(vec![0x90, 0x00]));
        assert_eq!(fault(backend.open(&name())), Some(LinkFault::Busy));
        drop(again);
        assert!(backend.open(&name()).is_ok());
    }

    #[test]
    fn a_card_is_found_left_and_found_again() {
        let (clock, _backend, field, mut reader) = virtual_reader();
        assert_eq!(reader.poll(SECOND), Ok(None));
        assert_eq!(clock.now(), SECOND);
        assert_eq!(fault(reader.link().transceive(SELECT, SECOND)), Some(LinkFault::CardGone));
        let tag = Type4Tag::new(b"abc").random_uid(1);
        let there = field.clone();
        clock.at(SECOND + SECOND / 4, move || drop(there.put(tag)));
        let first = reader.poll(SECOND).unwrap().unwrap();
        assert_eq!((first.technology, clock.now()), (Technology::IsoDep, SECOND + SECOND / 4));
        assert!(first.uid.is_random());
        assert_eq!(reader.link().transceive(SELECT, SECOND), Ok(vec![0x90, 0x00]));
        assert_eq!(reader.link().is_present(), Ok(true));
        // Lifted and put back is another presentation.
        let card = field.take().unwrap();
        assert_eq!(reader.link().is_present(), Ok(false));
        field.put_boxed(card);
        assert_eq!(reader.link().is_present(), Ok(false));
        assert_eq!(fault(reader.link().transceive(READ, SECOND)), Some(LinkFault::CardGone));
        let second = reader.poll(SECOND).unwrap().unwrap();
        assert_ne!(first.uid, second.uid);
        reader.release().unwrap();
        assert_eq!(fault(reader.link().transceive(READ, SECOND)), Some(LinkFault::CardGone));
    }

    #[test]
    fn exchanges_go_wrong_as_planned() {
        let (clock, backend, field, mut reader) = virtual_reader();
        field.put(Type4Tag::new(b"abc"));
        reader.poll(SECOND).unwrap().unwrap();
        let link = reader.link();
        let plan = Faults::none()
            .at_exchange(0, Fault::CommandLost)
            .at_exchange(2, Fault::AnswerLost)
            .at_exchange(3, Fault::BitFlipped(7))
            .at_exchange(4, Fault::AnswerBroken)
            .at_exchange(5, Fault::Slow(SECOND / 2))
            .at_exchange(6, Fault::Slow(SECOND * 2))
            .at_exchange(7, Fault::CardLifted(Tear::BeforeEffect));
        backend.set_faults("counter", plan);
        let gone = Some(LinkFault::CardGone);
        assert_eq!(fault(link.transceive(SELECT, SECOND)), gone);
        assert_eq!(clock.now(), SECOND);
        let file = [0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x04];
        // The first SELECT never arrived, the next does though its answer is lost.
        assert_eq!(link.transceive(&file, SECOND), Ok(vec![0x6A, 0x82]));
        assert_eq!(fault(link.transceive(SELECT, SECOND)), gone);
        assert_eq!(link.transceive(&file, SECOND), Ok(vec![0x91, 0x00]));
        assert_eq!(fault(link.transceive(READ, SECOND)), Some(LinkFault::Card));
        let before = clock.now();
        assert_eq!(link.transceive(READ, SECOND), Ok(vec![0x00, 0x03, 0x90, 0x00]));
        assert_eq!(clock.now(), before + SECOND / 2);
        assert_eq!(fault(link.transceive(READ, SECOND)), gone);
        assert_eq!(clock.now(), before + SECOND * 3 / 2);
        assert_eq!(fault(link.transceive(READ, SECOND)), gone);
        assert_eq!(fault(link.transceive(READ, SECOND)), gone);
        reader.poll(SECOND).unwrap().unwrap();
        assert_eq!(reader.link().transceive(READ, SECOND), Ok(NO_FILE.to_vec()));
        assert_eq!(backend.exchanges("counter"), 9);
    }

    #[test]
    fn a_taken_card_is_handed_back() {
        let (_clock, backend, field, mut reader) = virtual_reader();
        field.put(Type4Tag::new(b"abc"));
        reader.poll(SECOND).unwrap().unwrap();
        backend.set_faults("counter", Faults::none().at_exchange(0, Fault::CardTaken(Tear::AfterEffect)));
        assert_eq!(fault(reader.link().transceive(SELECT, SECOND)), Some(LinkFault::CardGone));
        assert_eq!(reader.poll(SECOND), Ok(None));
        assert_eq!(backend.lost("counter").len(), 1);
        assert!(backend.lost("counter").is_empty());
    }

    #[test]
    fn calls_fail_as_planned() {
        let (_clock, mut backend, _field, mut reader) = virtual_reader();
        let plan = Faults::none()
            .at_call(1, LinkFault::Timeout)
            .at_call(2, LinkFault::ReaderGone)
            .at_open(0, LinkFault::Busy);
        backend.set_faults("counter", plan);
        assert_eq!(reader.health(), Ok(()));
        assert_eq!(fault(reader.release()), Some(LinkFault::Timeout));
        assert_eq!(fault(reader.poll(SECOND)), Some(LinkFault::ReaderGone));
        assert_eq!(fault(reader.health()), Some(LinkFault::ReaderGone));
        backend.plug("counter");
        assert_eq!(fault(backend.open(&name())), Some(LinkFault::Busy));
        assert!(backend.open(&name()).is_ok());
    }

    #[test]
    fn a_reader_does_what_it_says_it_can() {
        let (_clock, backend, field, mut reader) = virtual_reader();
        field.put(Type4Tag::new(&[7; 600]));
        reader.poll(SECOND).unwrap().unwrap();
        reader.raw().unwrap().broadcast(&[0x6A]).unwrap();
        assert_eq!(reader.link().transceive(&[0; 262], SECOND), Ok(vec![0x67, 0x00]));
        assert_eq!(fault(reader.link().transceive(&[0; 263], SECOND)), Some(LinkFault::Unsupported));
        backend.set_capabilities("counter", Capabilities::new(262, 1));
        assert_eq!(fault(reader.link().transceive(SELECT, SECOND)), Some(LinkFault::Card));
        assert!(reader.raw().is_none());
    }

    #[test]
    fn a_phone_that_waits_for_polling_frames_is_found_between_polls() {
        let (_clock, _backend, field, mut reader) = virtual_reader();
        field.put(SoftPhone::new(1).after_polling_frames(3));
        let frame = Frame::Tci(Tci::VAS_ONLY).to_bytes(Modulation::A);
        let mut polls = 0;
        let card = loop {
            if let Some(card) = reader.poll(SECOND / 100).unwrap() {
                break card;
            }
            polls += 1;
            reader.raw().unwrap().broadcast(&frame).unwrap();
        };
        assert!((polls, card.uid.is_random()) == (3, true), "{polls} {card:?}");
        // Released, it waits for frames again.
        reader.release().unwrap();
        assert_eq!(reader.poll(SECOND / 100), Ok(None));
    }

    #[test]
    fn a_cancellation_ends_the_call_that_runs_or_the_next_one() {
        let mut backend = MemoryBackend::new();
        backend.plug("counter");
        let mut reader = backend.open(&name()).unwrap();
        let canceller = reader.canceller();
        canceller.cancel();
        canceller.cancel();
        assert_eq!(fault(reader.poll(SECOND)), Some(LinkFault::Cancelled));
        assert_eq!(reader.poll(Duration::ZERO), Ok(None));
        let running = thread::spawn(move || {
            let start = Instant::now();
            let result = reader.poll(SECOND * 60);
            (fault(result), start.elapsed(), reader)
        });
        thread::sleep(Duration::from_millis(20));
        canceller.cancel();
        let (found, took, mut reader) = running.join().unwrap();
        assert_eq!(found, Some(LinkFault::Cancelled));
        assert!(took < SECOND * 30, "{took:?}");
        assert_eq!(reader.health(), Ok(()));
    }

    #[test]
    fn in_real_time_a_card_is_found_when_it_comes() {
        let mut backend = MemoryBackend::new();
        let field = backend.plug("counter");
        let mut reader = backend.open(&name()).unwrap();
        let running = thread::spawn(move || reader.poll(SECOND * 60));
        field.put(Type4Tag::new(b""));
        assert!(running.join().unwrap().unwrap().is_some());
    }
}
