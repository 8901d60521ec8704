//! The chip: bytes and the time in, bytes out.

mod perform;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::antenna::Antenna;
use super::command::{FROM_CHIP, FROM_HOST, status};
use super::fault::{FaultPlan, Pn532Fault};
use super::frame::{ACK, Frame, FrameReader, NACK, SYNTAX_ERROR, encode};
use super::wire::{Exchange, Pace, WireTime, line_time};
use crate::card::SoftCard;
use crate::field::Field;

/// Exchanges that the log holds; older ones go.
const LOG_EXCHANGES_MAX: usize = 4096;
/// Bytes from the host that one exchange in the log holds.
const LOG_HOST_BYTES_MAX: usize = 1024;
/// What a request takes that nobody answers.
const REQUEST: Duration = Duration::from_millis(5);
/// How often an automatic poll looks for a card.
const POLL_STEP: Duration = Duration::from_millis(10);

/// Retries without end.
const ENDLESS: u8 = 0xFF;
/// Before SetSerialBaudRate.
const BAUD_AT_START: u32 = 115_200;
/// Wakes the chip.
const WAKE: u8 = 0x55;

/// A PN532 without a line, a thread or a clock. Times are counted from when it was made.
pub struct Pn532 {
    antenna: Antenna,
    power: Power,
    reader: FrameReader,
    last_byte: u8,
    registers: BTreeMap<u16, u8>,
    parameters: u8,
    /// How often a request is repeated; [`ENDLESS`] for ever.
    retries: u8,
    /// The code of the timeout of an exchange.
    timeout: u8,
    target: Option<Target>,
    /// The first parts of a command to a card.
    sending: Vec<u8>,
    /// The last parts of a card's answer.
    rest: Vec<u8>,
    running: Option<Running>,
    code: u8,
    fault: Option<Pn532Fault>,
    answered: Vec<u8>,
    out: VecDeque<(Duration, Vec<u8>)>,
    baud: u32,
    next_baud: Option<u32>,
    pace: Pace,
    faults: FaultPlan,
    lost: Vec<Box<dyn SoftCard>>,
    now: Duration,
    /// When the command that runs was there, on a line that takes its time.
    arrived: Duration,
    /// What the command that runs took on the air and was not waited for.
    spent: Duration,
    heard: Vec<u8>,
    log: VecDeque<Exchange>,
    time: WireTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    Asleep,
    Awake,
    /// Until it is woken.
    Hung,
    /// Until it gets its power anew.
    Dead,
}

/// The card that InListPassiveTarget or InAutoPoll found.
struct Target {
    deselected: bool,
}

/// A command that takes longer.
enum Running {
    /// InListPassiveTarget: tries left, where they end.
    List { left: Option<u8>, next: Duration, cascade: Vec<u8> },
    /// InAutoPoll.
    Poll { end: Option<Duration>, next: Duration, types: Vec<u8> },
    /// It has no end.
    Endless,
}

/// How a command ends.
enum Outcome {
    Answer(Vec<u8>),
    /// After this time, which passes as timeouts do.
    After(Duration, Vec<u8>),
    Running(Running),
    Unknown,
}

impl Pn532 {
    /// A chip that was just given its power, over this field. It sleeps until it is woken.
    #[must_use]
    pub fn new(field: Field) -> Self {
        Self {
            antenna: Antenna::new(field),
            power: Power::Asleep,
            reader: FrameReader::default(),
            last_byte: 0,
            registers: BTreeMap::new(),
            parameters: 0x14,
            retries: ENDLESS,
            timeout: 0x0A,
            target: None,
            sending: Vec::new(),
            rest: Vec::new(),
            running: None,
            code: 0,
            fault: None,
            answered: Vec::new(),
            out: VecDeque::new(),
            baud: BAUD_AT_START,
            next_baud: None,
            pace: Pace::default(),
            faults: FaultPlan::default(),
            lost: Vec::new(),
            now: Duration::ZERO,
            arrived: Duration::ZERO,
            spent: Duration::ZERO,
            heard: Vec::new(),
            log: VecDeque::new(),
            time: WireTime::default(),
        }
    }

    /// Its power goes and comes back: it forgets everything but its log, its pace and what is to go wrong.
    pub fn reset(&mut self) {
        self.antenna.switch(false);
        self.power = Power::Asleep;
        self.reader.clear();
        self.registers.clear();
        (self.parameters, self.retries, self.timeout) = (0x14, ENDLESS, 0x0A);
        (self.target, self.running, self.fault, self.next_baud) = (None, None, None, None);
        self.baud = BAUD_AT_START;
        for bytes in [&mut self.sending, &mut self.rest, &mut self.answered, &mut self.heard] {
            bytes.clear();
        }
        self.out.clear();
    }

    /// Takes its time, or not.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
    }

    /// What is to go wrong.
    pub fn faults(&mut self) -> &mut FaultPlan {
        &mut self.faults
    }

    /// The cards that [`Pn532Fault::CardTaken`] took away, in their order; they are handed out once.
    pub fn lost(&mut self) -> Vec<Box<dyn SoftCard>> {
        std::mem::take(&mut self.lost)
    }

    /// The last exchanges, oldest first: 4096 of them at most.
    pub fn log(&self) -> impl Iterator<Item = &Exchange> {
        self.log.iter()
    }

    /// Empties the log.
    pub fn clear_log(&mut self) {
        self.log.clear();
    }

    /// What passed since it was made.
    #[must_use]
    pub fn wire_time(&self) -> WireTime {
        self.time
    }

    /// Whether its field is on.
    #[must_use]
    pub fn field_is_on(&self) -> bool {
        self.antenna.is_on()
    }

    /// Whether it listens: it was woken, and neither put to sleep since nor made to hang.
    #[must_use]
    pub fn is_awake(&self) -> bool {
        self.power == Power::Awake
    }

    /// Takes bytes that the host sent. Where they are cut makes no difference.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        self.advance(now);
        self.time.host_bytes += bytes.len() as u64;
        for byte in bytes {
            self.hear(*byte);
        }
    }

    /// The bytes that the chip has sent until now.
    pub fn transmit(&mut self, now: Duration) -> Vec<u8> {
        self.advance(now);
        let mut bytes = Vec::new();
        while self.out.front().is_some_and(|(due, _)| *due <= now) {
            bytes.extend(self.out.pop_front().into_iter().flat_map(|(_, part)| part));
        }
        bytes
    }

    /// When [`Pn532::transmit`] may have something without further bytes from the host.
    #[must_use]
    pub fn next_event(&self) -> Option<Duration> {
        let running = match &self.running {
            Some(Running::List { next, .. } | Running::Poll { next, .. }) => Some(*next),
            Some(Running::Endless) | None => None,
        };
        self.out.front().map(|(due, _)| *due).into_iter().chain(running).min()
    }

    // --- the line --------------------------------------------------------------------------------

    fn hear(&mut self, byte: u8) {
        let before = std::mem::replace(&mut self.last_byte, byte);
        if self.heard.len() == LOG_HOST_BYTES_MAX {
            self.heard.remove(0);
        }
        self.heard.push(byte);
        match self.power {
            Power::Asleep if byte == WAKE => self.power = Power::Awake,
            // Once may stand in any frame.
            Power::Hung if [before, byte] == [WAKE, WAKE] => self.power = Power::Awake,
            Power::Asleep | Power::Hung | Power::Dead => {}
            Power::Awake => {
                self.reader.push(&[byte]);
                while let Some(frame) = self.reader.next_frame() {
                    self.take(frame);
                }
            }
        }
    }

    fn take(&mut self, frame: Frame) {
        let heard = std::mem::take(&mut self.heard);
        self.arrived = self.now + self.on_line(heard.len());
        if self.log.len() == LOG_EXCHANGES_MAX {
            self.log.pop_front();
        }
        self.log.push_back(Exchange { at: self.now, host: heard, ..Exchange::default() });
        let unsent = self.out.back().is_some_and(|(due, _)| *due > self.now);
        match frame {
            Frame::Ack if self.running.is_some() || unsent => self.cancel(),
            Frame::Ack => self.baud = self.next_baud.take().unwrap_or(self.baud),
            Frame::Nack if self.running.is_some() || unsent => {}
            Frame::Nack => self.send(self.answered.clone(), self.arrived),
            Frame::Body(body) => {
                self.cancel();
                self.command(&body);
            }
        }
    }

    /// Ends the command that runs, without an answer.
    fn cancel(&mut self) {
        self.running = None;
        self.keep_fault();
        self.fault = None;
        self.out.retain(|(due, _)| *due <= self.now);
    }

    fn command(&mut self, body: &[u8]) {
        self.time.exchanges += 1;
        self.spent = Duration::ZERO;
        let (code, data) = match body {
            [FROM_HOST, code, data @ ..] => (*code, data),
            _ => {
                self.send(ACK.to_vec(), self.arrived);
                return self.send(SYNTAX_ERROR.to_vec(), self.arrived);
            }
        };
        self.code = code;
        self.fault = self.faults.draw(self.time.exchanges, code);
        match self.fault {
            Some(Pn532Fault::NoAck) => return,
            Some(Pn532Fault::BadAck) => {
                let mut bad = ACK;
                bad[4] = 0xFE;
                return self.send(bad.to_vec(), self.arrived);
            }
            Some(Pn532Fault::Nack) => return self.send(NACK.to_vec(), self.arrived),
            Some(Pn532Fault::Hang) => return self.power = Power::Hung,
            Some(Pn532Fault::Dead) => return self.power = Power::Dead,
            _ => {
                self.send(ACK.to_vec(), self.arrived);
                // It begins when it has said so.
                self.arrived += self.on_line(ACK.len());
            }
        }
        match self.perform(code, data) {
            Outcome::Answer(answer) => self.answer(answer, Duration::ZERO),
            Outcome::After(wait, answer) => {
                self.on_air(wait);
                self.answer(answer, wait);
            }
            Outcome::Running(running) => {
                self.running = Some(running);
                self.advance(self.now);
            }
            Outcome::Unknown => self.send(SYNTAX_ERROR.to_vec(), self.arrived),
        }
    }

    /// Sends an answer after a wait, unless it is to go wrong.
    fn answer(&mut self, data: Vec<u8>, wait: Duration) {
        let mut body = vec![FROM_CHIP, self.code.wrapping_add(1)];
        body.extend(data);
        let fault = self.fault.take();
        match &fault {
            Some(Pn532Fault::Nad) => body[2] |= status::NAD,
            Some(Pn532Fault::Status(status)) => body.splice(2.., [*status]).for_each(drop),
            Some(Pn532Fault::OtherCode) => body[1] ^= 0x10,
            _ => {}
        }
        let mut frame = encode(&body);
        self.answered.clone_from(&frame);
        let mut at = match self.pace {
            Pace::AtOnce => self.arrived,
            Pace::Timeouts => self.arrived + wait,
            Pace::Real => self.arrived + self.spent,
        };
        let len = frame.len();
        match fault {
            Some(Pn532Fault::Silent) => return,
            Some(Pn532Fault::HalfFrame) => frame.truncate(len / 2),
            Some(Pn532Fault::BadDcs) => frame[len - 2] = frame[len - 2].wrapping_add(1),
            Some(Pn532Fault::BadLcs) => {
                let at = if frame[3..5] == [0xFF, 0xFF] { 7 } else { 4 };
                frame[at] = frame[at].wrapping_add(1);
            }
            Some(Pn532Fault::ZeroLen) => frame = vec![0x00, 0x00, 0xFF, 0x00, 0x00, 0x00, 0x00],
            Some(Pn532Fault::Noise) => frame.splice(..0, [0x5A, 0x00, 0xA5, 0xFF, 0x17]).for_each(drop),
            Some(Pn532Fault::ErrorFrame) => frame = SYNTAX_ERROR.to_vec(),
            Some(Pn532Fault::Late(late)) => at = at.saturating_add(late),
            _ => {}
        }
        self.send(frame, at);
    }

    /// Puts bytes on the line, after those before.
    fn send(&mut self, bytes: Vec<u8>, at: Duration) {
        let free = self.out.back().map_or(Duration::ZERO, |(due, _)| *due);
        self.time.chip_bytes += bytes.len() as u64;
        if let Some(exchange) = self.log.back_mut() {
            exchange.chip.extend(&bytes);
        }
        self.out.push_back((at.max(free).saturating_add(self.on_line(bytes.len())), bytes));
    }

    /// What bytes take on the line, where the pace is real.
    fn on_line(&self, bytes: usize) -> Duration {
        match self.pace {
            Pace::Real => line_time(bytes as u64, self.baud),
            Pace::AtOnce | Pace::Timeouts => Duration::ZERO,
        }
    }

    fn on_air(&mut self, time: Duration) {
        self.time.air += time;
        self.spent += time;
        if let Some(exchange) = self.log.back_mut() {
            exchange.air += time;
        }
    }

    // --- time ------------------------------------------------------------------------------------

    /// Goes on with the command that runs.
    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        while let Some(running) = self.running.take() {
            match running {
                Running::List { left, next, cascade } if next <= self.now => {
                    self.arrived = self.arrived.max(next);
                    if let Some(found) = self.select(&cascade) {
                        let target = self.target_data(&found);
                        self.answer([&[1, 1][..], &target].concat(), Duration::ZERO);
                        continue;
                    }
                    let Some(left) = left else {
                        self.running = Some(Running::List { left, next: self.now + REQUEST, cascade });
                        continue;
                    };
                    self.time.air += REQUEST;
                    let next = if self.pace == Pace::AtOnce { next } else { next + REQUEST };
                    match left.checked_sub(1) {
                        Some(left) => self.running = Some(Running::List { left: Some(left), next, cascade }),
                        None => {
                            self.nobody();
                            self.answer(vec![0], Duration::ZERO);
                        }
                    }
                }
                Running::Poll { end, next, types } if next <= self.now => {
                    self.arrived = self.arrived.max(next);
                    if let Some((kind, found)) = self.poll(&types) {
                        let target = self.target_data(&found);
                        let len = u8::try_from(target.len() + 1).unwrap_or(u8::MAX);
                        self.answer([&[1, kind, len, 1][..], &target].concat(), Duration::ZERO);
                        continue;
                    }
                    match end {
                        Some(end) if end <= self.now => {
                            self.nobody();
                            self.answer(vec![0], Duration::ZERO);
                        }
                        _ => {
                            let next = end.unwrap_or(Duration::MAX).min(self.now + POLL_STEP);
                            self.running = Some(Running::Poll { end, next, types });
                        }
                    }
                }
                waits => {
                    self.running = Some(waits);
                    return;
                }
            }
        }
    }
}
