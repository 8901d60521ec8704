//! What each command does.

use std::time::Duration;

use super::super::antenna::{Antenna, Heard, crc_a};
use super::super::command::*;
use super::super::fault::Pn532Fault;
use super::{ENDLESS, Outcome, Pn532, Power, Running, Target};
use crate::card::{Activation, Tear};

/// Most bytes of what an exchange with a card answers in one frame (UM0701-02, 7.3.8).
const DATA_BYTES_MAX: usize = 262;
/// Most bytes of a command to a card in parts: the longest APDU (ISO/IEC 7816-3, 12.1.3).
const CHAIN_BYTES_MAX: usize = 65_544;
/// Most bytes of what is said of a card that was found, so that a card cannot make the frame too long.
const TARGET_BYTES_MAX: usize = 250;
/// What GetFirmwareVersion says: PN532, version 1.6, types A and B and ISO/IEC 18092.
const FIRMWARE_VERSION: [u8; 4] = [0x32, 0x01, 0x06, 0x07];

/// What activating a card takes on the air.
const ACTIVATION: Duration = Duration::from_millis(10);
/// What a card takes to work on an APDU.
const APDU: Duration = Duration::from_millis(2);
/// What a card takes to begin with another answer.
const FRAME: Duration = Duration::from_micros(100);
/// A byte at 106 kbit/s, with its parity.
const AIR_BYTE: Duration = Duration::from_micros(85);
/// The unit of an automatic poll's period.
const POLL_PERIOD: Duration = Duration::from_millis(150);
/// The unit of timeouts, which their codes double.
const TIMEOUT_UNIT: Duration = Duration::from_micros(100);
/// The highest code of a timeout: 3.28 s.
const TIMEOUT_CODE_MAX: u8 = 0x10;

/// CIU_TxMode: bit 7 appends the checksum to what is sent.
const TX_MODE: u16 = 0x6302;
/// CIU_RxMode: bit 7 checks and takes off that of what is received.
const RX_MODE: u16 = 0x6303;
/// CIU_BitFraming: bits 0 to 2 say how many bits of the last byte are sent, 0 for all.
const BIT_FRAMING: u16 = 0x633D;
const CRC_ON: u8 = 0x80;
/// A request has seven bits.
const SHORT_FRAME: u8 = 0x07;
/// SetParameters: the ATS is fetched with a selection.
const AUTO_RATS: u8 = 0x10;
/// Rates that SetSerialBaudRate names, by number.
const BAUDS: [u32; 9] = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_288_000];
/// Commands of MIFARE Classic, with which InDataExchange authenticates by itself.
const MIFARE_AUTHENTICATE: [u8; 2] = [0x60, 0x61];
/// A part of a command to a card, and others follow.
const MORE_FOLLOWS: u8 = 0x40;
/// R(NAK), with which a card is asked whether it is there.
const R_NAK: u8 = 0xB2;
/// The first byte of a UID's part where others follow (ISO/IEC 14443-3, 6.5.4).
const CASCADE_TAG: u8 = 0x88;
/// Answers of fewer bytes are not split.
const SPLIT_BYTES_MIN: usize = 4;
/// The length of a UID that is longer than any.
const LONG_UID_BYTES: usize = 64;

impl Pn532 {
    pub(super) fn perform(&mut self, code: u8, data: &[u8]) -> Outcome {
        match (code, data) {
            (DIAGNOSE, [0x00, ..]) => Outcome::Answer(data.to_vec()), // line: an echo
            (DIAGNOSE, [0x01 | 0x02]) | (DIAGNOSE, [0x07, _]) => Outcome::Answer(vec![status::OK]), // ROM, RAM, antenna
            (DIAGNOSE, [0x06]) => self.attention(),
            (FIRMWARE, []) => Outcome::Answer(FIRMWARE_VERSION.to_vec()),
            (STATUS, []) => Outcome::Answer(match self.target {
                Some(_) => vec![0, 0, 1, 1, 0, 0, 0x10, 0],
                None => vec![0, 0, 0, 0],
            }),
            (READ_REGISTER, [_, _, ..]) if data.len().is_multiple_of(2) => {
                let values = data.chunks_exact(2).map(|address| self.register(address_of(address)));
                Outcome::Answer(values.collect())
            }
            (WRITE_REGISTER, [_, _, _, ..]) if data.len().is_multiple_of(3) => {
                self.registers.extend(data.chunks_exact(3).map(|write| (address_of(&write[..2]), write[2])));
                Outcome::Answer(Vec::new())
            }
            (BAUD_RATE, [number]) if usize::from(*number) < BAUDS.len() => {
                self.next_baud = Some(BAUDS[usize::from(*number)]);
                Outcome::Answer(Vec::new())
            }
            (PARAMETERS, [flags]) => {
                self.parameters = *flags;
                Outcome::Answer(Vec::new())
            }
            (SAM, [1..=4, ..]) if data.len() <= 3 => Outcome::Answer(Vec::new()),
            (POWER_DOWN, [_] | [_, _]) => {
                self.antenna.switch(false);
                self.target = None;
                self.power = Power::Asleep;
                Outcome::Answer(vec![status::OK])
            }
            (RF, [item, values @ ..]) => self.configure(*item, values),
            (EXCHANGE, [target, command @ ..]) => self.exchange(*target, command),
            (COMMUNICATE, [_, ..]) => self.communicate(data),
            (DESELECT, [0 | 1]) => Outcome::Answer(vec![self.let_go(data[0])]),
            (RELEASE, [0 | 1]) => {
                let status = self.let_go(data[0]);
                self.target = None;
                Outcome::Answer(vec![status])
            }
            (SELECT, [1]) => match self.reselect() {
                Err(outcome) => outcome,
                Ok(()) => Outcome::Answer(vec![status::OK]),
            },
            (LIST, [1 | 2, kind @ 0..=4, cascade @ ..]) => self.list(*kind, cascade),
            (AUTO_POLL, [rounds @ 1..=0xFF, period @ 1..=15, types @ ..])
                if (1..=15).contains(&types.len()) =>
            {
                self.forget();
                let round = POLL_PERIOD * u32::from(*period) * types.len() as u32;
                let end = (*rounds != ENDLESS).then(|| self.arrived + round * u32::from(*rounds));
                Outcome::Running(Running::Poll { end, next: self.arrived, types: types.to_vec() })
            }
            _ => Outcome::Unknown,
        }
    }

    // --- finding a card --------------------------------------------------------------------------

    fn list(&mut self, kind: u8, cascade: &[u8]) -> Outcome {
        self.forget();
        let left = (self.retries != ENDLESS).then_some(self.retries);
        match (kind, left) {
            (0, left) => Outcome::Running(Running::List { left, next: self.now, cascade: cascade.to_vec() }),
            // Cards of other kinds there are none.
            (_, None) => Outcome::Running(Running::Endless),
            (_, Some(_)) => Outcome::Answer(vec![0]),
        }
    }

    /// One request; `cascade` is the UID that is wanted, where one is.
    pub(super) fn select(&mut self, cascade: &[u8]) -> Option<Activation> {
        self.antenna.switch(true);
        let found = self.antenna.select(self.parameters & AUTO_RATS != 0)?;
        if !cascade.is_empty() && cascade != found.uid && cascade != cascaded(&found.uid) {
            self.antenna.deselect();
            return None;
        }
        self.target = Some(Target { deselected: false });
        self.set_bits(TX_MODE, CRC_ON, CRC_ON);
        self.set_bits(RX_MODE, CRC_ON, CRC_ON);
        self.set_bits(BIT_FRAMING, SHORT_FRAME, 0);
        self.on_air(ACTIVATION);
        Some(found)
    }

    /// One request; gives the type of those wanted that fits the card.
    pub(super) fn poll(&mut self, types: &[u8]) -> Option<(u8, Activation)> {
        let found = self.select(&[])?;
        let fits = |kind: &&u8| match kind {
            0x00 => true,
            0x10 => found.ats.is_none(),
            0x20 => found.ats.is_some(),
            _ => false,
        };
        match types.iter().find(fits) {
            Some(kind) => Some((*kind, found)),
            None => {
                self.antenna.deselect();
                self.forget();
                None
            }
        }
    }

    /// No card answered: the last thing sent was a request, seven bits without a checksum.
    pub(super) fn nobody(&mut self) {
        self.set_bits(TX_MODE, CRC_ON, 0);
        self.set_bits(RX_MODE, CRC_ON, 0);
        self.set_bits(BIT_FRAMING, SHORT_FRAME, SHORT_FRAME);
        self.keep_fault();
    }

    /// What the chip says of a card that it found.
    pub(super) fn target_data(&self, found: &Activation) -> Vec<u8> {
        let [low, high] = found.atqa;
        let mut uid = found.uid.clone();
        if self.fault == Some(Pn532Fault::LongUid) {
            uid = uid.iter().chain(&[0x5C]).copied().cycle().take(LONG_UID_BYTES).collect();
        }
        let mut data = vec![high, low, found.sak, u8::try_from(uid.len()).unwrap_or(u8::MAX)];
        data.extend(uid);
        match self.fault {
            Some(Pn532Fault::EmptyAts) => data.push(0),
            _ => data.extend(found.ats.iter().flatten()),
        }
        data.truncate(TARGET_BYTES_MAX);
        data
    }

    // --- speaking to it --------------------------------------------------------------------------

    fn exchange(&mut self, target: u8, command: &[u8]) -> Outcome {
        if target & !MORE_FOLLOWS != 1 {
            return Outcome::Answer(vec![status::CONTEXT]);
        }
        if let Err(outcome) = self.reselect() {
            return outcome;
        }
        if self.sending.len() + command.len() > CHAIN_BYTES_MAX {
            self.sending.clear();
            return Outcome::Answer(vec![status::OVERFLOW]);
        }
        if target & MORE_FOLLOWS != 0 {
            self.sending.extend(command);
            return Outcome::Answer(vec![status::OK]);
        }
        if command.is_empty() && !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return self.part(rest);
        }
        self.rest.clear();
        let mut whole = std::mem::take(&mut self.sending);
        whole.extend(command);
        let iso_dep = self.antenna.is_iso_dep();
        if !iso_dep && whole.first().is_some_and(|code| MIFARE_AUTHENTICATE.contains(code)) {
            return Outcome::Answer(vec![status::AUTHENTICATION]);
        }
        let heard = self.on_card(|antenna| antenna.exchange(&whole));
        let work = if iso_dep { APDU } else { FRAME };
        match heard {
            Heard::Bytes(answer) => {
                self.on_air(work + air_bytes(whole.len() + answer.len()));
                self.part(answer)
            }
            Heard::Nibble(0x0A) if !iso_dep => {
                self.on_air(work + air_bytes(whole.len()));
                Outcome::Answer(vec![status::OK])
            }
            Heard::Nibble(_) => Outcome::Answer(vec![status::CRC]),
            Heard::Nothing => self.timeout(),
        }
    }

    /// As much of a card's answer as a frame holds; the rest is kept to be fetched.
    fn part(&mut self, mut answer: Vec<u8>) -> Outcome {
        let mut len = answer.len().min(DATA_BYTES_MAX);
        if self.fault == Some(Pn532Fault::Split) {
            match answer.len() < SPLIT_BYTES_MIN {
                true => self.keep_fault(),
                false => len = len.min(answer.len() / 2),
            }
        }
        self.rest = answer.split_off(len);
        answer.insert(0, if self.rest.is_empty() { status::OK } else { status::MORE });
        Outcome::Answer(answer)
    }

    fn communicate(&mut self, data: &[u8]) -> Outcome {
        if self.register(BIT_FRAMING) & SHORT_FRAME != 0 {
            return self.timeout(); // the last byte is cut: a frame that nobody understands
        }
        let mut frame = data.to_vec();
        if self.register(TX_MODE) & CRC_ON != 0 {
            frame.extend(crc_a(data));
        }
        let checked = self.register(RX_MODE) & CRC_ON != 0;
        match self.on_card(|antenna| antenna.raw(&frame)) {
            Heard::Bytes(answer) => {
                self.on_air(FRAME + air_bytes(frame.len() + answer.len()));
                let crc = crc_a(&answer);
                let crc = if checked { &[][..] } else { &crc };
                match answer.len() + crc.len() > DATA_BYTES_MAX {
                    true => Outcome::Answer(vec![status::OVERFLOW]),
                    false => Outcome::Answer([&[status::OK][..], &answer, crc].concat()),
                }
            }
            Heard::Nibble(_) if checked => Outcome::Answer(vec![status::CRC]),
            Heard::Nibble(nibble) => Outcome::Answer(vec![status::OK, nibble]),
            Heard::Nothing => self.timeout(),
        }
    }

    /// Asks the card whether it is there.
    fn attention(&mut self) -> Outcome {
        if self.target.is_none() || !self.antenna.is_iso_dep() {
            return Outcome::Answer(vec![status::CONTEXT]);
        }
        let ping = [R_NAK];
        match self.antenna.raw(&[&ping[..], &crc_a(&ping)].concat()) {
            Heard::Bytes(_) => Outcome::Answer(vec![status::OK]),
            Heard::Nibble(_) | Heard::Nothing => self.timeout(),
        }
    }

    /// Speaks to the card, unless it is to be taken away just then.
    fn on_card(&mut self, speak: impl FnOnce(&mut Antenna) -> Heard) -> Heard {
        let (Some(Pn532Fault::CardTaken(tear)) | Some(Pn532Fault::CardLifted(tear))) = self.fault else {
            return speak(&mut self.antenna);
        };
        if tear == Tear::AfterEffect {
            speak(&mut self.antenna);
        }
        let card = self.antenna.take_card();
        match self.fault.take() {
            Some(Pn532Fault::CardLifted(_)) => self.antenna.put_card(card),
            _ => self.lost.extend(card),
        }
        Heard::Nothing
    }

    /// The card does not answer, for as long as was configured.
    fn timeout(&mut self) -> Outcome {
        match self.timeout.min(TIMEOUT_CODE_MAX) {
            0 => Outcome::Running(Running::Endless),
            code => Outcome::After(TIMEOUT_UNIT * (1 << (code - 1)), vec![status::TIMEOUT]),
        }
    }

    /// Selects a card that was deselected; there must be one.
    fn reselect(&mut self) -> Result<(), Outcome> {
        match &self.target {
            None => Err(Outcome::Answer(vec![status::CONTEXT])),
            Some(Target { deselected: false }) => Ok(()),
            Some(Target { deselected: true }) => match self.select(&[]) {
                Some(_) => Ok(()),
                None => Err(self.timeout()),
            },
        }
    }

    /// Deselects a card by its number, or all by 0; gives the status.
    fn let_go(&mut self, number: u8) -> u8 {
        self.sending.clear();
        self.rest.clear();
        match &mut self.target {
            Some(target) => {
                target.deselected = true;
                self.antenna.deselect();
                status::OK
            }
            None if number == 0 => status::OK,
            None => status::CONTEXT,
        }
    }

    /// Forgets the card that was found.
    fn forget(&mut self) {
        self.target = None;
        self.sending.clear();
        self.rest.clear();
    }

    // --- settings --------------------------------------------------------------------------------

    fn configure(&mut self, item: u8, values: &[u8]) -> Outcome {
        match (item, values) {
            (0x01, [field]) => self.antenna.switch(field & 0x01 != 0),
            (0x02, [_, _, timeout]) => self.timeout = *timeout,
            (0x04, [_]) => {} // retries of exchanges, which here never need any
            (0x05, [_, _, retries]) => self.retries = *retries,
            (0x0A..=0x0D, [_, ..]) => {} // the analog part
            _ => return Outcome::Unknown,
        }
        Outcome::Answer(Vec::new())
    }

    fn register(&self, address: u16) -> u8 {
        self.registers.get(&address).copied().unwrap_or_default()
    }

    fn set_bits(&mut self, address: u16, mask: u8, bits: u8) {
        let register = self.registers.entry(address).or_default();
        *register = *register & !mask | bits;
    }

    /// A fault of the answer that could not happen to this one meets the next.
    pub(super) fn keep_fault(&mut self) {
        let unfit = |fault: &mut Pn532Fault| {
            matches!(fault, Pn532Fault::EmptyAts | Pn532Fault::LongUid | Pn532Fault::Split)
        };
        if let Some(fault) = self.fault.take_if(unfit) {
            self.faults.give_back(fault);
        }
    }
}

fn address_of(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |address, byte| (address << 8) | u16::from(*byte))
}

fn air_bytes(bytes: usize) -> Duration {
    AIR_BYTE * u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A UID in the parts in which a host gives it.
fn cascaded(uid: &[u8]) -> Vec<u8> {
    let mut parts = Vec::new();
    let mut rest = uid;
    while rest.len() > 4 {
        parts.push(CASCADE_TAG);
        parts.extend(&rest[..3]);
        rest = &rest[3..];
    }
    parts.extend(rest);
    parts
}
