//! What a loop tells.

use phygital_core::contactless::reading::Miss;

use super::presentation::Tap;
use crate::link::LinkError;
use std::time::Duration;

/// What a loop tells.
///
/// After each [`TapEvent::Tap`], [`TapEvent::SameAgain`] or [`TapEvent::Unreadable`] one [`TapEvent::CardGone`] follows
/// when what was there left. Where a phone's owner has to unlock it first, or a card falls silent and is heard again, an
/// [`TapEvent::Unreadable`] and a tap may share one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TapEvent {
    /// The reader is open.
    ReaderUp,
    /// The reader is not there. Told when it goes, and again when the fault is another one.
    ReaderDown {
        /// Why.
        error: LinkError,
        /// When it is tried again; later tries come after longer pauses.
        retry_in: Duration,
    },
    /// Something was held to the reader: once for each time, however long it stays.
    Tap(Box<Tap>),
    /// The same thing was lifted for a moment, or the reader lost sight of it. It was read anew, and is no new tap.
    SameAgain(Box<Tap>),
    /// Something is there that cannot be read, or was there too shortly. Told once for each time.
    Unreadable {
        /// Why.
        why: Unreadable,
    },
    /// What was there left.
    CardGone,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// It left, fell silent or broke the protocol. It is tried again while it stays.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It has nothing of what is wished, asked twice.
    #[error("nothing that is wished, after {} protocols", misses.len())]
    Nothing {
        /// What was tried, and why it gave nothing.
        misses: Vec<Miss>,
    },
    /// The phone's owner has to unlock it, or to choose a pass. It is asked again every second while it stays.
    #[error("the phone's owner has to unlock it")]
    NeedsOwner,
    /// It took longer than anybody waits.
    #[error("the reading takes too long")]
    TooSlow,
    /// It is no tag or phone that can be spoken to.
    #[error("a technology that is not spoken here")]
    Technology,
    /// Judging it failed: a key ring panicked.
    #[error("the verifier failed")]
    Verifier,
}
