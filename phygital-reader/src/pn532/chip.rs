//! A conversation with a PN532: a command, its ACK, its answer (UM0701-02, 6.2.2).
//!
//! The chip does one command at a time and answers without saying to which one of the same code. So after anything that
//! did not end with an answer (a timeout, a cancellation) the next command first gets back in step: the running one is
//! aborted by an ACK, and the chip echoes a number that it was never told before. What came before that echo is stale.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use super::command::{Command, TO_HOST};
use super::frame::{ACK, Decoder, Frame, NACK, encode};
use super::port::{Ended, Port, Waker};
use crate::link::{LinkError, LinkFault};

/// Longest from a command to its ACK. The chip takes 15 ms at most (UM0701-02, 6.2.2); a USB adapter may keep bytes for
/// 16 ms, and the machine may be busy.
const ACK_WITHIN: Duration = Duration::from_millis(250);

/// Longest until the chip answers a command that no card has a part in.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_millis(300);

/// How often the chip is asked for an answer again that came garbled.
const NACKS_MAX: u8 = 2;

/// How often the chip is asked for an echo, before it is given up.
const ECHOES_MAX: u8 = 2;

/// Longest between two bytes of a frame: the line or a busy machine may pause, but not for that long.
const GAP_MAX: Duration = Duration::from_millis(100);

/// Most bytes taken from the line at once.
const READ_BYTES: usize = 512;

/// Two bytes wake the chip; the zeros give it time and are no frame (UM0701-02, 6.3.2.1).
const WAKE: [u8; 16] = [0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A chip at the other end of a line.
pub(super) struct Chip {
    port: Port,
    decoder: Decoder,
    /// Frames that came with an earlier one.
    frames: VecDeque<Frame>,
    /// Whether nothing is under way that could answer late.
    in_step: bool,
    /// Whether the last command was taken, as far as the chip said.
    taken: bool,
    /// Asked for in the next echo.
    echo: u32,
}

impl Chip {
    pub(super) fn open(path: &Path, baud: u32) -> Result<Self, LinkError> {
        Ok(Self {
            port: Port::open(path, baud)?,
            decoder: Decoder::new(),
            frames: VecDeque::new(),
            in_step: false,
            taken: false,
            // Another start than that of a program that was killed here.
            echo: std::process::id().rotate_left(16),
        })
    }

    pub(super) fn waker(&self) -> Waker {
        self.port.waker()
    }

    /// Ends with [`LinkFault::Cancelled`] where it was cancelled since the last call.
    pub(super) fn heed_cancel(&self, doing: &'static str) -> Result<(), LinkError> {
        if self.port.take_cancel() { Err(LinkError::new(LinkFault::Cancelled, doing)) } else { Ok(()) }
    }

    /// Wakes a chip that sleeps, ends what one that does not was doing, and has it be a reader.
    pub(super) fn wake(&mut self, until: Instant) -> Result<(), LinkError> {
        let command = Command::SamConfiguration;
        self.forget(command.doing())?;
        for bytes in [&ACK[..], &WAKE] {
            self.port.write(bytes).map_err(|ended| error(ended, command.doing()))?;
        }
        // Until this is said it may take no other command. Whatever it still had to say may come before the answer.
        self.in_step = false;
        self.say(&command, ANSWER_WITHIN, until).map(drop)
    }

    /// Waits, unless cancelled.
    pub(super) fn pause(&mut self, until: Instant, doing: &'static str) -> Result<(), LinkError> {
        self.port.pause(until).map_err(|ended| error(ended, doing))
    }

    /// Sends a command and gives what follows the code of its answer. Ends by `until` at the latest, and the answer comes
    /// within `within` or not at all.
    ///
    /// # Errors
    /// [`LinkFault::Timeout`]: no ACK, or no answer. [`LinkFault::Reader`]: the chip did not understand it, or garbled its
    /// answer again and again. [`LinkFault::Cancelled`], [`LinkFault::ReaderGone`]. After each the chip is free for the next.
    pub(super) fn call(
        &mut self,
        command: &Command<'_>,
        within: Duration,
        until: Instant,
    ) -> Result<Vec<u8>, LinkError> {
        let doing = command.doing();
        self.heed_cancel(doing)?;
        self.get_in_step(until)?;
        // Noise on an idle line could look like the start of a frame and swallow the answer.
        self.forget(doing)?;
        let result = self.say(command, within, until);
        self.in_step = matches!(result, Ok((_, true)));
        match &result {
            // The chip shall not go on, for its answer is not waited for any more.
            Err(fault) if fault.fault != LinkFault::ReaderGone => {
                self.port.write(&ACK).map_err(|ended| error(ended, doing))?;
            }
            _ => {}
        }
        result.map(|(answer, _)| answer)
    }

    /// Whether the last command came to the chip, answered or not.
    pub(super) fn took_command(&self) -> bool {
        self.taken
    }

    /// One command, its answer, and whether no second answer can follow.
    fn say(
        &mut self,
        command: &Command<'_>,
        within: Duration,
        until: Instant,
    ) -> Result<(Vec<u8>, bool), LinkError> {
        let (doing, code) = (command.doing(), command.code() + 1);
        self.port.write(&encode(&command.body())).map_err(|ended| error(ended, doing))?;
        let sent = Instant::now();
        let answer_by = until.min(sent + within);
        let mut wait_until = answer_by.min(sent + ACK_WITHIN);
        let mut nacks = 0;
        self.taken = false;
        loop {
            let broken = |detail| Err(LinkError::new(LinkFault::Reader, doing).detail(detail));
            match self.next(wait_until).map_err(|ended| error(ended, doing))? {
                Frame::Ack => {
                    self.taken = true;
                    wait_until = answer_by;
                }
                // An answer says that the command came, even where the ACK was lost.
                Frame::Body(body) => match *body {
                    [TO_HOST, answer, ref rest @ ..] if answer == code => {
                        return Ok((rest.to_vec(), nacks == 0));
                    }
                    _ if self.in_step => return broken("an answer to something else"),
                    _ => {}
                },
                Frame::Error => return broken("syntax error"),
                // The next frame may stand in the same bytes.
                Frame::Corrupt if !self.frames.is_empty() => {}
                // It may have been the ACK. What the chip would send again is the answer before: not to be asked for.
                Frame::Corrupt if !self.taken => {}
                Frame::Corrupt if nacks < NACKS_MAX => {
                    nacks += 1;
                    self.decoder.reset();
                    self.port.write(&NACK).map_err(|ended| error(ended, doing))?;
                }
                Frame::Corrupt => return broken("garbled answers"),
                Frame::Nack => return broken("a NACK, which hosts alone may send"),
            }
        }
    }

    /// Where something is under way: ends it, and waits until the chip echoes a new number.
    pub(super) fn get_in_step(&mut self, until: Instant) -> Result<(), LinkError> {
        if self.in_step {
            return Ok(());
        }
        let doing = Command::Echo(&[]).doing();
        for _ in 0..ECHOES_MAX {
            self.forget(doing)?;
            self.echo = self.echo.wrapping_add(1);
            let number = self.echo.to_be_bytes();
            let command = Command::Echo(&number);
            self.port.write(&ACK).map_err(|ended| error(ended, doing))?;
            self.port.write(&encode(&command.body())).map_err(|ended| error(ended, doing))?;
            let expected = [&[TO_HOST, command.code() + 1, 0x00][..], &number].concat();
            let wait_until = until.min(Instant::now() + ANSWER_WITHIN);
            loop {
                match self.next(wait_until) {
                    Ok(Frame::Body(body)) if *body == *expected => {
                        self.in_step = true;
                        return Ok(());
                    }
                    Ok(_) => {}
                    Err(Ended::Timeout) => break,
                    Err(ended) => return Err(error(ended, doing)),
                }
            }
        }
        Err(LinkError::new(LinkFault::Timeout, doing))
    }

    /// The next frame.
    fn next(&mut self, until: Instant) -> Result<Frame, Ended> {
        let mut buffer = [0; READ_BYTES];
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Ok(frame);
            }
            let part = self.decoder.is_inside();
            let wait_until = if part { until.min(Instant::now() + GAP_MAX) } else { until };
            let len = match self.port.read(&mut buffer, wait_until) {
                Err(Ended::Timeout) if part => {
                    self.decoder.reset();
                    return Ok(Frame::Corrupt);
                }
                read => read?,
            };
            self.decoder.feed(&buffer[..len], |frame| self.frames.push_back(frame));
        }
    }

    /// Forgets all that came.
    fn forget(&mut self, doing: &'static str) -> Result<(), LinkError> {
        self.frames.clear();
        self.decoder.reset();
        self.port.discard().map_err(|ended| error(ended, doing))
    }
}

fn error(ended: Ended, doing: &'static str) -> LinkError {
    match ended {
        Ended::Timeout => LinkError::new(LinkFault::Timeout, doing),
        Ended::Cancelled => LinkError::new(LinkFault::Cancelled, doing),
        Ended::Gone(error) => LinkError::new(LinkFault::ReaderGone, doing).detail(error.to_string()),
    }
}
