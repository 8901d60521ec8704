//! `reader selftest`: what only real hardware can show, step by step, with a person's hands.

use std::io::{self, BufRead, IsTerminal};
use std::time::{Duration, Instant};

use phygital_core::contactless::ecp::{Frame, Modulation, Tci};
use phygital_reader::{LinkFault, Reader};
use serde::Serialize;

use super::read::{one, technology};
use crate::at_reader::{Desk, find};
use crate::failure::{Exit, Failure};
use crate::output::{Output, complain};
use crate::reader_arguments::Selftest;

/// How long a person has for what they are asked to do.
const HANDS: Duration = Duration::from_secs(60);

/// How often a card or reader is asked while a person does it.
const LOOK: Duration = Duration::from_millis(125);

/// What a cancelled call may take.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Went {
    Passed,
    Failed,
    NotTested,
}

/// A step, as programs read it.
#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    result: Went,
    detail: String,
}

/// Whoever does what is asked, or nobody.
#[derive(Debug, Clone, Copy)]
struct Person {
    there: bool,
}

impl Person {
    /// Asks for something; whether it was done.
    fn asked(self, what: &str) -> bool {
        if !self.there {
            return false;
        }
        complain(&format!("{what}. Enter goes on, s skips:"));
        let mut answer = String::new();
        matches!(io::stdin().lock().read_line(&mut answer), Ok(1..)) && answer.trim() != "s"
    }
}

type Outcome = Result<(Went, String), Failure>;

/// Walks through the steps; exit code 1 when one failed.
pub(crate) fn selftest(with: &Selftest, output: &mut Output) -> Result<Exit, Failure> {
    let person = Person { there: !with.yes && io::stdin().is_terminal() };
    let mut test = Test { with, person, failed: false };
    let mut desk = Desk::open(&with.at, output)?;
    let can = desk.reader.capabilities();
    let raw = if can.raw { "raw frames" } else { "no raw frames" };
    let detail =
        format!("commands of {}, answers of {} bytes; {raw}", can.command_bytes_max, can.answer_bytes_max);
    test.tell("open", Ok((Went::Passed, detail)), output)?;
    let alive = desk.reader.health();
    test.tell("sign of life", alive.map(|()| passed("")).map_err(Failure::from), output)?;
    let found = test.read_card(&mut desk);
    test.tell("card and message", found, output)?;
    let removed = test.removal(&mut desk);
    test.tell("removal noticed", removed, output)?;
    let cancelled = test.cancel(desk.reader.as_mut());
    test.tell("cancel", cancelled, output)?;
    let frames = test.polling_frames(desk.reader.as_mut());
    test.tell("polling frames", frames, output)?;
    let phone = test.phone(&mut desk);
    test.tell("phone", phone, output)?;
    let plugged = test.unplug(desk, output);
    test.tell("unplug and replug", plugged, output)?;
    Ok(if test.failed { Exit::No } else { Exit::Done })
}

fn passed(detail: &str) -> (Went, String) {
    (Went::Passed, detail.to_owned())
}

fn failed(detail: &str) -> (Went, String) {
    (Went::Failed, detail.to_owned())
}

fn skipped() -> (Went, String) {
    (Went::NotTested, "needs a person's hands".to_owned())
}

struct Test<'w> {
    with: &'w Selftest,
    person: Person,
    failed: bool,
}

impl Test<'_> {
    fn tell(&mut self, step: &'static str, outcome: Outcome, output: &mut Output) -> Result<(), Failure> {
        let (result, detail) = outcome.unwrap_or_else(|failure| failed(&failure.message));
        self.failed |= result == Went::Failed;
        if output.is_json() {
            output.object(&Step { step, result, detail })?;
        } else {
            let result = match result {
                Went::Passed => "passed",
                Went::Failed => "FAILED",
                Went::NotTested => "not tested",
            };
            output.text(format!("{step:<18} {result:<10}  {}", crate::output::clean(&detail)).trim_end())?;
        }
        output.flush()
    }

    /// A card is found and read.
    fn read_card(&self, desk: &mut Desk) -> Outcome {
        if self.person.there && !self.person.asked("Hold a tag with a message to the reader") {
            return Ok(skipped());
        }
        let began = Instant::now();
        let (card, read) = match one(desk) {
            Ok(found) => found,
            // Without a person nobody can be blamed for it.
            Err(failure) if failure.kind == "no_card" && !self.person.there => {
                return Ok((Went::NotTested, "no card lay on the reader".to_owned()));
            }
            Err(failure) => return Err(failure),
        };
        let took = began.elapsed().as_millis();
        match &read.ndef {
            Some(message) => {
                let exchanges = read.cost.exchanges;
                let detail = format!(
                    "{}, {} bytes in {exchanges} exchanges, {took} ms",
                    technology(&card),
                    message.len()
                );
                Ok((Went::Passed, detail))
            }
            None => {
                let why = read.misses.first().map(|miss| miss.fault.to_string()).unwrap_or_default();
                Ok(failed(&format!("{}: no message: {why}", technology(&card))))
            }
        }
    }

    /// A card that is taken away is noticed.
    fn removal(&self, desk: &mut Desk) -> Outcome {
        if !self.person.there {
            return Ok(skipped());
        }
        if !desk.reader.link().is_present()? {
            return Ok((Went::NotTested, "no card lies there".to_owned()));
        }
        complain("Take the card away now.");
        let until = Instant::now() + HANDS;
        while Instant::now() < until {
            if !desk.reader.link().is_present()? {
                return Ok(passed("noticed"));
            }
            std::thread::sleep(LOOK);
        }
        Ok(failed("the card still lies there"))
    }

    /// A call that waits is ended at once.
    fn cancel(&self, reader: &mut dyn Reader) -> Outcome {
        reader.release()?;
        let canceller = reader.canceller();
        let began = Instant::now();
        // The next call is ended, so this holds whether a card lies there or not.
        canceller.cancel();
        let ended = reader.poll(HANDS);
        let took = began.elapsed();
        match ended {
            Err(error) if error.fault == LinkFault::Cancelled && took < AT_ONCE => {
                Ok((Went::Passed, format!("ended after {} ms", took.as_millis())))
            }
            Err(error) if error.fault == LinkFault::Cancelled => {
                Ok((Went::Failed, format!("ended after {} ms", took.as_millis())))
            }
            Err(error) => Err(error.into()),
            Ok(_) => Ok(failed("the call was not ended")),
        }
    }

    /// The frames that wake an iPhone's wallet are sent.
    fn polling_frames(&self, reader: &mut dyn Reader) -> Outcome {
        let Some(raw) = reader.raw() else {
            return Ok((Went::NotTested, "this reader sends no raw frames".to_owned()));
        };
        for _ in 0..4 {
            raw.broadcast(&Frame::Tci(Tci::VAS_ONLY).to_bytes(Modulation::A))?;
        }
        Ok(passed("sent; a phone shows whether they leave the antenna"))
    }

    /// A phone is found, and draws another UID when it comes again.
    fn phone(&self, desk: &mut Desk) -> Outcome {
        if !self.person.asked("Hold an unlocked phone with a wallet to the reader") {
            return Ok(skipped());
        }
        let card = desk.card()?;
        match card.uid.is_random() {
            true => Ok(passed(technology(&card))),
            false => Ok(failed("what lies there is no phone: its UID is not drawn")),
        }
    }

    /// A reader that is unplugged is noticed, and opened again by its name.
    fn unplug(&self, mut desk: Desk, output: &Output) -> Outcome {
        if !self.person.asked("Unplug the reader after this") {
            return Ok(skipped());
        }
        let until = Instant::now() + HANDS;
        while desk.reader.health().is_ok() {
            if Instant::now() > until {
                return Ok(failed("the reader still answers"));
            }
            std::thread::sleep(LOOK);
        }
        drop(desk);
        complain("Noticed. Plug it in again.");
        let until = Instant::now() + HANDS;
        loop {
            let opened = find(&self.with.at, output)
                .and_then(|(mut backend, name)| backend.open(&name).map_err(Failure::from));
            match opened {
                Ok(_) => return Ok(passed("opened again")),
                Err(_) if Instant::now() < until => std::thread::sleep(LOOK),
                Err(failure) => return Err(failure),
            }
        }
    }
}
