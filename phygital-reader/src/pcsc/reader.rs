//! A reader of the service, as its owner sees it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::desk::{Desk, Outcome, Reply, Request};
use super::threads::begin;
use super::worker::{self, ANSWER_BYTES_MAX};
use crate::card::Card;
use crate::link::{CardLink, LinkError, LinkFault};
use crate::reader::{Canceller, Capabilities, Reader, ReaderName};

/// A command in short form with 255 bytes of data. Extended length works with some readers and some cards alone.
const COMMAND_BYTES_MAX: usize = 4 + 1 + 255 + 1;

/// How long a call that needs no card may take, and what a poll may take above its time to start a card that came at
/// its end. The service answers in less than a millisecond, a reader starts a card in less than half a second.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// How long an opening may take: the system may have to start the service first.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// How long closing waits for the service before it leaves the rest to the thread.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// A reader that the service knows.
pub(super) struct PcscReader {
    desk: Arc<Desk>,
}

impl PcscReader {
    /// Opens a reader.
    ///
    /// # Errors
    /// As [`Backend::open`](crate::Backend::open).
    pub(super) fn open(name: &ReaderName) -> Result<Self, LinkError> {
        let doing = "opening the reader";
        let desk = Arc::new(Desk::new());
        let reader = Self { desk: Arc::clone(&desk) };
        let name = name.clone();
        if let Err(error) = begin(doing, move || worker::work(&desk, &name)) {
            reader.desk.leave();
            return Err(error);
        }
        reader.desk.opened(OPEN_WITHIN, doing)?;
        Ok(reader)
    }
}

impl Reader for PcscReader {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::new(COMMAND_BYTES_MAX, ANSWER_BYTES_MAX);
        capabilities.type2 = true;
        capabilities
    }

    fn canceller(&self) -> Canceller {
        let desk = Arc::clone(&self.desk);
        Canceller::new(move || desk.cancel())
    }

    fn poll(&mut self, within: Duration) -> Result<Option<Card>, LinkError> {
        let doing = "polling";
        // A year is for ever, and fits the clock.
        let within = within.min(Duration::from_secs(365 * 86_400));
        let request = Request::Poll { until: Instant::now() + within };
        match self.desk.call(request, within + ANSWER_WITHIN, doing)? {
            Reply::Found(card) => Ok(card),
            other => Err(unexpected(doing, &other)),
        }
    }

    fn link(&mut self) -> &mut dyn CardLink {
        self
    }

    fn release(&mut self) -> Result<(), LinkError> {
        done(self.desk.call(Request::Release, ANSWER_WITHIN, "releasing the card"))
    }

    fn health(&mut self) -> Result<(), LinkError> {
        done(self.desk.call(Request::Health, ANSWER_WITHIN, "asking the reader"))
    }
}

impl CardLink for PcscReader {
    fn transceive(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError> {
        let doing = "speaking to the card";
        if command.len() > COMMAND_BYTES_MAX {
            return Err(LinkError::new(LinkFault::Unsupported, doing));
        }
        match self.desk.call(Request::Exchange { command: command.to_vec() }, within, doing)? {
            Reply::Bytes(answer) => Ok(answer),
            other => Err(unexpected(doing, &other)),
        }
    }

    fn is_present(&mut self) -> Result<bool, LinkError> {
        let doing = "looking for the card";
        match self.desk.call(Request::IsPresent, ANSWER_WITHIN, doing)? {
            Reply::Present(present) => Ok(present),
            other => Err(unexpected(doing, &other)),
        }
    }
}

impl Drop for PcscReader {
    fn drop(&mut self) {
        self.desk.close(CLOSE_WITHIN);
    }
}

fn done(outcome: Outcome) -> Result<(), LinkError> {
    outcome.map(drop)
}

/// The thread answered another question. It does not.
fn unexpected(doing: &'static str, reply: &Reply) -> LinkError {
    debug_assert!(false, "{doing}: {reply:?}");
    LinkError::new(LinkFault::Reader, doing)
}
