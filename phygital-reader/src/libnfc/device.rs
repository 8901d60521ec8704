//! libnfc within this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use phygital_core::contactless::ecp::Modulation;

use crate::card::{Card, Technology, Uid};
use crate::link::{CardLink, LinkError, LinkFault};
use crate::reader::{Backend, Canceller, Capabilities, Reader, ReaderName};

use super::guard::{ANSWER_BYTES_MAX, COMMAND_BYTES_MAX, Framing, Guarded, Target};
use super::interrupt::Interrupt;
use super::port;

/// How long the field rests between two tries to find a card.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a card has no field, so that it forgets: ISO/IEC 14443-3 asks for 5 ms.
const FIELD_OFF: Duration = Duration::from_millis(6);

/// How long a card has a field before it must answer: ISO/IEC 14443-3 asks for 5 ms.
const FIELD_ON: Duration = Duration::from_millis(6);

/// How long a tag has to show that it is there.
const PRESENCE: Duration = Duration::from_millis(200);

/// Asks a Type 2 tag which it is: no page is read, so no counter moves. Those that do not know it have none.
const GET_VERSION: [u8; 1] = [0x60];

/// Readers through libnfc, called within this process.
///
/// **What it risks.** libnfc ends the process it runs in, or corrupts its memory, when a chip gives it a status byte with
/// the highest bit set, a card's answer to select of length 0, or a firmware it does not know; a card that sends empty
/// parts for ever holds the calling thread for as long. Every other defect that is known is guarded against here. Other
/// threads that open files while a reader is being opened may push it over the 1,023 descriptors that libnfc can wait
/// for. libnfc prints its errors on standard error. Each [`Backend::open`] leaks a kilobyte per try. A cancelled exchange ends only when its time is over. A till is
/// better off with [`NfcdBackend`](crate::libnfc::NfcdBackend), which has none of this.
///
/// A reader's name is the path of its serial port, best one of `/dev/serial/by-id`, with a speed after a colon if it is
/// not 115,200 baud.
#[derive(Debug, Default)]
pub struct LibnfcBackend {
    named: Vec<ReaderName>,
}

/// A reader of [`LibnfcBackend`].
pub(super) struct LibnfcReader {
    device: Guarded,
    card: Option<Card>,
    /// Whether an exchange with the card failed, so that it has to be found again before the next.
    faulted: bool,
    /// Whether the field is on and no card was selected since, so that any card in it listens.
    fresh: bool,
    interrupt: Arc<Interrupt>,
}

impl LibnfcBackend {
    /// Readers on the serial ports that USB devices have.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lists this reader too, which no rule finds: a fixed port, a link of the administrator's.
    #[must_use]
    pub fn with(mut self, reader: ReaderName) -> Self {
        self.named.push(reader);
        self
    }
}

impl Backend for LibnfcBackend {
    fn name(&self) -> &'static str {
        "libnfc"
    }

    fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
        let mut readers = port::list();
        readers.extend(self.named.iter().filter(|named| port::is_there(named)).cloned());
        Ok(readers)
    }

    fn open(&mut self, reader: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
        Ok(Box::new(LibnfcReader::open(reader, Arc::default())?))
    }
}

impl LibnfcReader {
    /// Opens a reader whose calls this ends.
    pub(super) fn open(name: &ReaderName, interrupt: Arc<Interrupt>) -> Result<Self, LinkError> {
        Ok(Self { device: Guarded::open(name)?, card: None, faulted: false, fresh: true, interrupt })
    }

    fn check_interrupt(&self, doing: &'static str) -> Result<(), LinkError> {
        if self.interrupt.take() { Err(LinkError::new(LinkFault::Cancelled, doing)) } else { Ok(()) }
    }

    /// Puts a card that was selected, or hangs in between, back to where it listens.
    fn restart_field(&mut self) -> Result<(), LinkError> {
        self.let_go()?;
        std::thread::sleep(FIELD_OFF);
        self.device.field(true)?;
        std::thread::sleep(FIELD_ON);
        self.fresh = true;
        Ok(())
    }

    fn let_go(&mut self) -> Result<(), LinkError> {
        self.fresh = false;
        if self.card.take().is_some() {
            self.device.forget()?;
        }
        self.device.field(false)
    }

    fn speak(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError> {
        const DOING: &str = "speaking to the card";
        let Some(card) = self.card.as_ref().filter(|_| !self.faulted) else {
            return Err(LinkError::new(LinkFault::CardGone, DOING));
        };
        match card.technology {
            Technology::IsoDep => self.device.exchange(command, Framing::Blocks, within),
            Technology::Type2 => self.speak_type2(command, within),
            Technology::Other => Err(LinkError::new(LinkFault::Unsupported, DOING)),
        }
    }

    /// A tag says yes or no in four bits, which have no checksum, so ours is taken and the chip's is not.
    fn speak_type2(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError> {
        let framed = [command, &Modulation::A.crc(command)].concat();
        let mut answer = self.device.exchange(&framed, Framing::Plain, within)?;
        if let [bits] = answer[..] {
            return Ok(vec![bits & 0x0F]);
        }
        match answer.split_last_chunk() {
            Some((data, check)) if !data.is_empty() && Modulation::A.crc(data) == *check => {
                answer.truncate(answer.len() - check.len());
                Ok(answer)
            }
            _ => Err(LinkError::new(LinkFault::CardGone, "speaking to the card").detail("wrong checksum")),
        }
    }

    fn ask_presence(&mut self) -> Result<bool, LinkError> {
        let Some(card) = self.card.clone() else { return Ok(false) };
        match card.technology {
            Technology::IsoDep => self.device.ping(),
            Technology::Type2 => match self.speak_type2(&GET_VERSION, PRESENCE) {
                Ok(answer) if answer.len() > 1 => Ok(true),
                // It does not know that, and left its session; or it is gone.
                Err(error) if error.fault.ends_reader() => Err(error),
                _ => self.find_again(card),
            },
            Technology::Other => self.find_again(card),
        }
    }

    /// Selects a card anew, by its UID.
    fn find_again(&mut self, card: Card) -> Result<bool, LinkError> {
        self.restart_field()?;
        let found = self.device.select(card.uid.as_bytes())?;
        self.fresh = found.is_none();
        let there = found.is_some_and(|target| target.uid == card.uid.as_bytes());
        (self.card, self.faulted) = (there.then_some(card), false);
        Ok(there)
    }
}

impl Reader for LibnfcReader {
    fn capabilities(&self) -> Capabilities {
        // libnfc's public interface cannot send the frames of ECP: it has no say over the chip's retries and registers.
        let mut capabilities = Capabilities::new(COMMAND_BYTES_MAX, ANSWER_BYTES_MAX);
        capabilities.type2 = true;
        capabilities
    }

    fn canceller(&self) -> Canceller {
        let interrupt = Arc::clone(&self.interrupt);
        Canceller::new(move || interrupt.end_current())
    }

    fn poll(&mut self, within: Duration) -> Result<Option<Card>, LinkError> {
        const DOING: &str = "looking for a card";
        let end = Instant::now() + port::milliseconds(within);
        self.check_interrupt(DOING)?;
        if !self.fresh {
            self.restart_field()?;
        }
        loop {
            if let Some(target) = self.device.select(&[])? {
                (self.fresh, self.faulted) = (false, false);
                self.card = Some(card(&target)?);
                return Ok(self.card.clone());
            }
            let now = Instant::now();
            if now >= end {
                return Ok(None);
            }
            self.interrupt.wait_until(end.min(now + PAUSE));
            self.check_interrupt(DOING)?;
        }
    }

    fn link(&mut self) -> &mut dyn CardLink {
        self
    }

    fn release(&mut self) -> Result<(), LinkError> {
        self.check_interrupt("letting the card go")?;
        self.let_go()
    }

    fn health(&mut self) -> Result<(), LinkError> {
        const DOING: &str = "asking the reader for a sign of life";
        self.check_interrupt(DOING)?;
        self.device.sign_of_life(DOING)
    }
}

impl CardLink for LibnfcReader {
    fn transceive(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError> {
        self.check_interrupt("speaking to the card")?;
        let answer = self.speak(command, within);
        let of_card = |error: &LinkError| matches!(error.fault, LinkFault::CardGone | LinkFault::Card);
        self.faulted |= answer.as_ref().is_err_and(of_card);
        self.check_interrupt("speaking to the card")?;
        answer
    }

    fn is_present(&mut self) -> Result<bool, LinkError> {
        self.check_interrupt("looking whether the card is there")?;
        let there = self.ask_presence()?;
        if !there && self.card.take().is_some() {
            self.device.forget()?;
        }
        Ok(there)
    }
}

/// What a target is to the till.
fn card(target: &Target) -> Result<Card, LinkError> {
    let technology = match (target.sak, target.atqa) {
        (sak, _) if sak & 0x20 != 0 => Technology::IsoDep,
        (0, [0x00, 0x44]) => Technology::Type2,
        _ => Technology::Other,
    };
    let uid = Uid::new(&target.uid).ok_or_else(|| {
        LinkError::new(LinkFault::Card, "looking for a card").detail("lengths that cannot be")
    })?;
    Ok(Card::new(technology, uid))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn sak_and_atqa_say_how_a_card_is_spoken_to() {
        let technology = |atqa, sak| card(&Target { atqa, sak, uid: vec![4; 7] }).unwrap().technology;
        assert_eq!(technology([0x03, 0x44], 0x20), Technology::IsoDep);
        assert_eq!(technology([0x00, 0x04], 0x28), Technology::IsoDep);
        assert_eq!(technology([0x00, 0x44], 0x00), Technology::Type2);
        assert_eq!(technology([0x00, 0x04], 0x08), Technology::Other);
        assert_eq!(technology([0x00, 0x04], 0x00), Technology::Other);
    }
}
