//! Readers, whatever drives them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::card::Card;
use crate::link::{CardLink, LinkError, RawLink};

/// One way to reach readers: a library, a service, a serial line.
pub trait Backend: Send {
    /// Its name, as the command takes it: `pcsc`, `pn532`, `libnfc`.
    fn name(&self) -> &'static str;

    /// The readers that are there now, by names that [`Backend::open`] takes and that stay with a reader when it is
    /// plugged in again.
    ///
    /// # Errors
    /// The library or service is not there.
    fn list(&mut self) -> Result<Vec<ReaderName>, LinkError>;

    /// Opens a reader. It ends in bounded time.
    ///
    /// # Errors
    /// No such reader, no permission, another program holds it, or it does not answer as one.
    fn open(&mut self, reader: &ReaderName) -> Result<Box<dyn Reader>, LinkError>;
}

/// An open reader, owned by one thread. Dropping it lets its card go, powers the field down and closes it.
pub trait Reader: Send {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Ends, from any thread and at any time, the call that runs or the next one with
    /// [`LinkFault::Cancelled`](crate::LinkFault::Cancelled).
    fn canceller(&self) -> Canceller;

    /// Looks for a card until one is there or the time is over, and selects it. The one selected before is let go.
    ///
    /// # Errors
    /// A fault of the reader. That no card is there is `Ok(None)`.
    fn poll(&mut self, within: Duration) -> Result<Option<Card>, LinkError>;

    /// The link to the card that [`Reader::poll`] found last. Without one, its calls are
    /// [`LinkFault::CardGone`](crate::LinkFault::CardGone).
    fn link(&mut self) -> &mut dyn CardLink;

    /// Raw frames, where [`Capabilities::raw`] says so.
    fn raw(&mut self) -> Option<&mut dyn RawLink> {
        None
    }

    /// Lets the card go and switches the field off, so that a phone shows its screen again and a card that stays can be
    /// found anew.
    ///
    /// # Errors
    /// A fault of the reader.
    fn release(&mut self) -> Result<(), LinkError>;

    /// Asks the reader itself, no card, for a sign of life.
    ///
    /// # Errors
    /// It gave none.
    fn health(&mut self) -> Result<(), LinkError>;
}

/// What a reader can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The longest command it sends to a card, in bytes.
    pub command_bytes_max: usize,
    /// The longest answer it gives, in bytes.
    pub answer_bytes_max: usize,
    /// Whether it speaks to Type 2 tags.
    pub type2: bool,
    /// Whether it sends raw frames ([`Reader::raw`]).
    pub raw: bool,
}

impl Capabilities {
    /// Commands and answers of up to so many bytes; no Type 2 tags, no raw frames.
    #[must_use]
    pub const fn new(command_bytes_max: usize, answer_bytes_max: usize) -> Self {
        Self { command_bytes_max, answer_bytes_max, type2: false, raw: false }
    }
}

/// The name of a reader within its backend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReaderName(Box<str>);

impl ReaderName {
    /// A reader of this name.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Cancels what a reader does, from any thread.
#[derive(Clone)]
pub struct Canceller(Arc<dyn Fn() + Send + Sync>);

impl Canceller {
    /// Cancels by calling this, which may be called at any time and often.
    #[must_use]
    pub fn new(cancel: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(cancel))
    }

    /// Ends the call that runs or, if none does, the next one. Returns at once.
    pub fn cancel(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}
