//! The reader on top of the chip.

use std::path::Path;
use std::time::{Duration, Instant};

use phygital_core::contactless::ecp::Modulation;
use phygital_core::contactless::type2;

use super::chip::{ANSWER_WITHIN, Chip};
use super::command::{AirTimeout, Command, EXCHANGE_MAX, Exchange, Firmware, Register, Target};
use super::port;
use crate::card::{Card, Technology};
use crate::link::{CardLink, LinkError, LinkFault, RawLink};
use crate::reader::{Backend, Canceller, Capabilities, Reader, ReaderName};

/// The longest command: an extended APDU with all it may have (ISO/IEC 7816-3, 12.1.3).
pub const COMMAND_BYTES_MAX: usize = 4 + 3 + 65_535 + 2;

/// The longest answer: 65,536 bytes and the status word. A card that goes on is refused.
pub const ANSWER_BYTES_MAX: usize = 65_536 + 2;

/// How much longer than `within` a call takes at most, when the reader does not answer. Calls without a `within` take no
/// longer than this.
pub const MARGIN: Duration = Duration::from_millis(1_500);

/// The speed of the line when a chip gets its power.
const BAUD: u32 = 115_200;

/// How often a chip is spoken to before opening fails: an answer that got lost costs a try.
const OPEN_TRIES: u8 = 3;

/// Between two looks for a card, so that a long poll leaves the processor alone.
const POLL_PAUSE: Duration = Duration::from_millis(10);

/// How long the field stays off so that every card forgets (NFC Forum Analog: 5.1 ms).
const FIELD_OFF: Duration = Duration::from_millis(6);

/// How long a card may take to wake in the field (ISO/IEC 14443-3, 5).
const FIELD_ON: Duration = Duration::from_millis(5);

/// Longest for going to sleep when the reader is dropped.
const CLOSE_WITHIN: Duration = Duration::from_millis(500);

/// A day is for ever, and no clock overflows by it.
const WAIT_MAX: Duration = Duration::from_secs(86_400);

/// R(NAK): a card answers it and does nothing else (ISO/IEC 14443-4, 7.5.4.3).
const R_NAK: [u8; 1] = [0xB2];

/// The checksum appended to what is sent, and stripped from what is received.
const CRC_ON: u8 = 0x80;
const CRC_OFF: u8 = 0x00;

/// PN532 chips on the serial lines of this machine.
///
/// ```no_run
/// # use std::time::Duration;
/// use phygital_reader::pn532::Pn532Backend;
/// use phygital_reader::{Backend, ReaderName};
/// let mut reader = Pn532Backend::new().open(&ReaderName::new("/dev/ttyUSB0"))?;
/// if let Some(card) = reader.poll(Duration::from_secs(1))? {
///     println!("{}", card.uid);
/// }
/// # Ok::<(), phygital_reader::LinkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pn532Backend {
    baud: u32,
}

/// An open PN532.
pub struct Pn532Reader {
    chip: Chip,
    firmware: Firmware,
    held: Option<Held>,
    field: bool,
    air_timeout: AirTimeout,
    /// How frames are sent past the chip's protocols; `None` where it may have changed that by itself.
    mode: Option<Mode>,
}

/// The card that lies there.
struct Held {
    /// `None` where it said something impossible, or is not the one that was asked for: it has to go before another poll.
    card: Option<Card>,
    version: Version,
}

/// Who appends and checks checksums. All are type A at 106 kbit/s and whole bytes: after a poll for nothing the chip is
/// left with seven bits for the last byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The chip does, as it does for cards.
    Checked,
    /// The chip appends, we check: an answer of four bits has none.
    Type2,
    /// We append, and nobody answers.
    Broadcast,
}

/// Whether a Type 2 tag knows GET_VERSION.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Untried,
    Known,
    Unknown,
}

impl Pn532Backend {
    /// Chips at 115,200 baud, the speed they start with.
    #[must_use]
    pub const fn new() -> Self {
        Self { baud: BAUD }
    }

    /// Chips that some other program or a strap has set to another speed.
    #[must_use]
    pub const fn baud(self, baud: u32) -> Self {
        Self { baud }
    }
}

impl Default for Pn532Backend {
    fn default() -> Self {
        Self::new()
    }
}

impl Backend for Pn532Backend {
    fn name(&self) -> &'static str {
        "pn532"
    }

    /// The serial lines where a chip may be: only opening one tells. Names from `/dev/serial/by-id` come first, for they
    /// stay with an adapter.
    fn list(&mut self) -> Result<Vec<ReaderName>, LinkError> {
        Ok(port::list()?.iter().map(|path| ReaderName::new(path.to_string_lossy())).collect())
    }

    /// Opens the chip at this path: any name of a serial line, such as a link.
    fn open(&mut self, reader: &ReaderName) -> Result<Box<dyn Reader>, LinkError> {
        Ok(Box::new(Pn532Reader::open(Path::new(reader.as_str()), self.baud)?))
    }
}

impl Pn532Reader {
    /// Opens the chip on a serial line. It takes a second for each of three tries at most.
    ///
    /// # Errors
    /// As [`Backend::open`]; [`LinkFault::Reader`] where another chip answers.
    pub fn open(path: &Path, baud: u32) -> Result<Self, LinkError> {
        let mut chip = Chip::open(path, baud)?;
        let mut tries = OPEN_TRIES;
        let firmware = loop {
            tries -= 1;
            match set_up(&mut chip, after(MARGIN)) {
                Ok(firmware) => break firmware,
                Err(error) if tries == 0 || error.fault == LinkFault::ReaderGone => return Err(error),
                Err(_) => {}
            }
        };
        Ok(Self { chip, firmware, held: None, field: false, air_timeout: AirTimeout::Usual, mode: None })
    }

    /// What the chip said of itself.
    #[must_use]
    pub fn firmware(&self) -> Firmware {
        self.firmware
    }

    /// Before each call: heeds a cancellation, and gets a chip back that fell asleep, lost its power or hung. The card is
    /// lost then.
    fn begin(&mut self, doing: &'static str, until: Instant) -> Result<(), LinkError> {
        self.chip.heed_cancel(doing)?;
        match self.chip.get_in_step(until) {
            Err(error) if error.fault == LinkFault::Timeout => {
                self.firmware = set_up(&mut self.chip, until)?;
                (self.held, self.field, self.air_timeout, self.mode) = (None, false, AirTimeout::Usual, None);
                Ok(())
            }
            result => result,
        }
    }

    /// A command that no card has a part in.
    fn tell(&mut self, command: &Command<'_>, until: Instant) -> Result<Vec<u8>, LinkError> {
        self.chip.call(command, ANSWER_WITHIN, until)
    }

    fn switch_field(&mut self, on: bool, until: Instant) -> Result<(), LinkError> {
        if self.field != on {
            self.tell(&Command::Field(on), until)?;
            self.field = on;
            if on {
                self.chip.pause(after(FIELD_ON), "waiting for the field")?;
            }
        }
        Ok(())
    }

    /// Readies the chip for frames of this mode, and for how long it waits for their answers.
    fn set_mode(&mut self, mode: Mode, until: Instant) -> Result<(), LinkError> {
        let timeout = if mode == Mode::Broadcast { AirTimeout::Short } else { AirTimeout::Usual };
        if self.air_timeout != timeout {
            self.tell(&Command::Timing(timeout), until)?;
            self.air_timeout = timeout;
        }
        self.write_mode(mode, until)
    }

    fn write_mode(&mut self, mode: Mode, until: Instant) -> Result<(), LinkError> {
        if self.mode != Some(mode) {
            self.mode = None;
            self.tell(&Command::WriteRegister(&mode.registers()), until)?;
            self.mode = Some(mode);
        }
        Ok(())
    }

    /// Lets the card go, if there is one, and takes its power, without which it would not answer the next poll.
    fn let_go(&mut self, until: Instant) -> Result<(), LinkError> {
        if self.held.is_some() {
            // A card that is gone cannot be told; its status does not matter.
            self.tell(&Command::InRelease, until)?;
            self.switch_field(false, until)?;
            self.held = None;
            self.chip.pause(after(FIELD_OFF), "waiting for the field")?;
        }
        Ok(())
    }

    /// One look for a card.
    fn look(&mut self, until: Instant) -> Result<Option<Card>, LinkError> {
        self.switch_field(true, until)?;
        if self.mode.is_some() {
            self.write_mode(Mode::Checked, until)?;
        }
        self.mode = None;
        let command = Command::InListPassiveTarget;
        let answer = self.tell(&command, until)?;
        let found = Target::parse(&answer).map_err(|fault| LinkError::new(fault, command.doing()));
        let card = match &found {
            Ok(None) => return Ok(None),
            Ok(Some(target)) => Some(target.card.clone()),
            Err(_) => None,
        };
        self.held = Some(Held { card: card.clone(), version: Version::Untried });
        found.and(Ok(card))
    }

    /// Looks for the card anew: whether the same lies there.
    fn find_again(&mut self, card: &Card, until: Instant) -> Result<bool, LinkError> {
        self.let_go(until)?;
        let found = match self.look(until) {
            Ok(found) => found.as_ref() == Some(card),
            Err(error) if error.fault == LinkFault::Card => false,
            Err(error) => return Err(error),
        };
        if let Some(held) = self.held.as_mut().filter(|_| !found) {
            held.card = None;
        }
        Ok(found)
    }

    /// A command that a card answers. When nothing comes in time, the chip tells whose silence it is.
    fn ask_card(
        &mut self,
        command: &Command<'_>,
        within: Duration,
        until: Instant,
    ) -> Result<Vec<u8>, LinkError> {
        match self.chip.call(command, within, until) {
            Err(error) if error.fault == LinkFault::Timeout && self.chip.took_command() => {
                self.chip.get_in_step(until)?;
                Err(LinkError::new(LinkFault::CardGone, command.doing()).detail("no answer in time"))
            }
            result => result,
        }
    }

    /// An APDU, in parts where it is long, and its answer, in parts as well.
    fn exchange_apdu(&mut self, apdu: &[u8], end: Instant, until: Instant) -> Result<Vec<u8>, LinkError> {
        let mut parts = apdu.chunks(EXCHANGE_MAX).peekable();
        let mut answer = Vec::new();
        let mut part = parts.next().unwrap_or_default();
        loop {
            let more = parts.peek().is_some();
            let command = Command::InDataExchange { data: part, more };
            let fault = |fault| LinkError::new(fault, command.doing());
            let said = self.ask_card(&command, left(end), until)?;
            let said = Exchange::parse(&said).map_err(fault)?;
            match parts.next() {
                // Between the parts of a command nothing is said.
                Some(_) if said.more || !said.data.is_empty() => return Err(fault(LinkFault::Card)),
                Some(next) => part = next,
                None => {
                    answer.extend(said.data);
                    if !said.more {
                        return Ok(answer);
                    }
                    if said.data.is_empty() || answer.len() > ANSWER_BYTES_MAX {
                        return Err(fault(LinkFault::Card).detail("without end"));
                    }
                    part = &[];
                }
            }
        }
    }

    /// A command of a Type 2 tag. The chip sends it as it is and leaves the checksum of the answer to us, since one of
    /// four bits, yes or no, has none.
    fn exchange_type2(&mut self, command: &[u8], end: Instant, until: Instant) -> Result<Vec<u8>, LinkError> {
        self.set_mode(Mode::Type2, until)?;
        let command = Command::InCommunicateThru(command);
        let said = self.ask_card(&command, left(end), until)?;
        let fault = |fault| LinkError::new(fault, command.doing());
        let said = Exchange::parse(&said).map_err(fault)?;
        match said.data {
            [bits] => Ok(vec![bits & 0x0F]),
            data => match data.split_last_chunk() {
                Some((data, check)) if !data.is_empty() && Modulation::A.crc(data) == *check => {
                    Ok(data.to_vec())
                }
                // Garbled on the air.
                _ => Err(fault(LinkFault::CardGone).detail("wrong checksum")),
            },
        }
    }

    /// Whether a frame is answered, whatever the answer.
    fn is_answered(&mut self, frame: &[u8], until: Instant) -> Result<bool, LinkError> {
        self.set_mode(Mode::Checked, until)?;
        let command = Command::InCommunicateThru(frame);
        match Exchange::parse(&self.tell(&command, until)?) {
            Ok(_) | Err(LinkFault::Card) => Ok(true),
            Err(LinkFault::CardGone) => Ok(false),
            Err(fault) => Err(LinkError::new(fault, command.doing())),
        }
    }

    /// A Type 2 tag has no command that asks for a sign of life alone. GET_VERSION reads no page, so no counter moves;
    /// every tag with a counter knows it (NTAG 21x, 22x, Ultralight EV1). One that does not know it has left its session and is
    /// selected anew; from then on its first page is read, for it has no counter to spend.
    fn is_type2_present(&mut self, card: &Card, version: Version, until: Instant) -> Result<bool, LinkError> {
        let frame = if version == Version::Unknown { &type2::read(0)[..] } else { &type2::GET_VERSION };
        let answer = match self.exchange_type2(frame, after(ANSWER_WITHIN), until) {
            Ok(answer) => answer,
            Err(error) if matches!(error.fault, LinkFault::CardGone | LinkFault::Card) => Vec::new(),
            Err(error) => return Err(error),
        };
        let (present, version) = match version {
            // One byte is a refusal.
            Version::Untried if answer.len() < 2 => (self.find_again(card, until)?, Version::Unknown),
            Version::Untried => (true, Version::Known),
            version => (!answer.is_empty(), version),
        };
        if let Some(held) = &mut self.held {
            held.version = version;
        }
        Ok(present)
    }

    /// The card that was found last.
    fn card(&self, doing: &'static str) -> Result<(Card, Version), LinkError> {
        let gone = || LinkError::new(LinkFault::CardGone, doing);
        let held = self.held.as_ref().ok_or_else(gone)?;
        Ok((held.card.clone().ok_or_else(gone)?, held.version))
    }
}

impl Mode {
    fn registers(self) -> [(Register, u8); 3] {
        let (sent, received) = match self {
            Self::Checked => (CRC_ON, CRC_ON),
            Self::Type2 => (CRC_ON, CRC_OFF),
            Self::Broadcast => (CRC_OFF, CRC_OFF),
        };
        [(Register::TxMode, sent), (Register::RxMode, received), (Register::BitFraming, 0)]
    }
}

/// Wakes the chip and tells it all that it has to know.
fn set_up(chip: &mut Chip, until: Instant) -> Result<Firmware, LinkError> {
    chip.wake(until)?;
    let version = Command::GetFirmwareVersion;
    let firmware = Firmware::parse(&chip.call(&version, ANSWER_WITHIN, until)?)
        .map_err(|fault| LinkError::new(fault, version.doing()).detail("no PN532"))?;
    for command in
        [Command::SetParameters, Command::Field(false), Command::PollOnce, Command::Timing(AirTimeout::Usual)]
    {
        chip.call(&command, ANSWER_WITHIN, until)?;
    }
    Ok(firmware)
}

fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

fn after(wait: Duration) -> Instant {
    Instant::now() + wait.min(WAIT_MAX)
}

impl Reader for Pn532Reader {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::new(COMMAND_BYTES_MAX, ANSWER_BYTES_MAX);
        capabilities.type2 = true;
        capabilities.raw = true;
        capabilities
    }

    fn canceller(&self) -> Canceller {
        let waker = self.chip.waker();
        Canceller::new(move || waker.cancel())
    }

    fn poll(&mut self, within: Duration) -> Result<Option<Card>, LinkError> {
        let end = after(within);
        let until = end + MARGIN;
        self.begin("looking for a card", until)?;
        self.let_go(until)?;
        loop {
            if let Some(card) = self.look(until)? {
                return Ok(Some(card));
            }
            if left(end).is_zero() {
                return Ok(None);
            }
            self.chip.pause(end.min(after(POLL_PAUSE)), "looking for a card")?;
        }
    }

    fn link(&mut self) -> &mut dyn CardLink {
        self
    }

    fn raw(&mut self) -> Option<&mut dyn RawLink> {
        Some(self)
    }

    fn release(&mut self) -> Result<(), LinkError> {
        let until = after(MARGIN);
        self.begin("letting the card go", until)?;
        self.let_go(until)?;
        self.switch_field(false, until)
    }

    fn health(&mut self) -> Result<(), LinkError> {
        let command = Command::GetFirmwareVersion;
        let until = after(MARGIN);
        self.begin(command.doing(), until)?;
        let answer = self.tell(&command, until)?;
        Firmware::parse(&answer).map(drop).map_err(|fault| LinkError::new(fault, command.doing()))
    }
}

impl CardLink for Pn532Reader {
    fn transceive(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError> {
        let doing = "exchanging with the card";
        let end = after(within);
        let until = end + MARGIN;
        self.begin(doing, until)?;
        let (card, _) = self.card(doing)?;
        match card.technology {
            Technology::IsoDep if (1..=COMMAND_BYTES_MAX).contains(&command.len()) => {
                self.exchange_apdu(command, end, until)
            }
            Technology::Type2 if (1..=EXCHANGE_MAX).contains(&command.len()) => {
                self.exchange_type2(command, end, until)
            }
            _ => Err(LinkError::new(LinkFault::Unsupported, doing)),
        }
    }

    fn is_present(&mut self) -> Result<bool, LinkError> {
        let doing = "looking whether the card is there";
        let until = after(MARGIN);
        self.begin(doing, until)?;
        let Ok((card, version)) = self.card(doing) else { return Ok(false) };
        match card.technology {
            Technology::IsoDep => self.is_answered(&R_NAK, until),
            Technology::Type2 => self.is_type2_present(&card, version, until),
            // Nothing is known that it would answer.
            Technology::Other => self.find_again(&card, until),
        }
    }
}

impl RawLink for Pn532Reader {
    fn broadcast(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        let until = after(MARGIN);
        let command = Command::InCommunicateThru(frame);
        self.begin(command.doing(), until)?;
        if frame.is_empty() || frame.len() > EXCHANGE_MAX {
            return Err(LinkError::new(LinkFault::Unsupported, command.doing()));
        }
        self.switch_field(true, until)?;
        // Written each time, whatever was written before.
        self.mode = None;
        self.set_mode(Mode::Broadcast, until)?;
        // That nobody answers is as it should be.
        self.tell(&command, until).map(drop)
    }
}

impl Drop for Pn532Reader {
    /// The chip sleeps until it is opened again.
    fn drop(&mut self) {
        let until = after(CLOSE_WITHIN);
        // It is too late to be cancelled.
        let _ = self.chip.heed_cancel("closing");
        let field = if self.field { Some(Command::Field(false)) } else { None };
        let release = self.held.as_ref().map(|_| Command::InRelease);
        for command in release.into_iter().chain(field).chain([Command::PowerDown]) {
            if self.tell(&command, until).is_err_and(|error| error.fault == LinkFault::ReaderGone) {
                return;
            }
        }
    }
}
