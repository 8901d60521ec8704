//! The link to a card, and what can go wrong on it.

use std::time::Duration;

/// Bytes to a card and back. Every call ends, by an answer or a fault, soon after `within`.
pub trait CardLink {
    /// Sends a command and gives the answer: an APDU and its response with the status word for
    /// [`Technology::IsoDep`](crate::Technology::IsoDep); a command of a Type 2 tag and its answer, both without
    /// CRC, for [`Technology::Type2`](crate::Technology::Type2).
    ///
    /// # Errors
    /// A fault of the link; a card that refuses is an answer.
    fn transceive(&mut self, command: &[u8], within: Duration) -> Result<Vec<u8>, LinkError>;

    /// Whether the card still lies there. Costs it no read: counters stay as they are.
    ///
    /// # Errors
    /// A fault of the reader; a card that is gone is `Ok(false)`.
    fn is_present(&mut self) -> Result<bool, LinkError>;
}

/// Frames outside of any exchange with a card, for the polling frames of
/// [`ecp`](phygital_core::contactless::ecp).
pub trait RawLink {
    /// Sends a frame, whose last two bytes are its CRC, to whoever listens. Nobody is expected to answer.
    ///
    /// # Errors
    /// A fault of the reader.
    fn broadcast(&mut self, frame: &[u8]) -> Result<(), LinkError>;
}

/// A fault of a reader or of the link to a card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{doing}: {fault}{}", detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default())]
#[non_exhaustive]
pub struct LinkError {
    /// What it is, which says who can help.
    pub fault: LinkFault,
    /// What was being done.
    pub doing: &'static str,
    /// What the driver said. Never holds what was exchanged with a card.
    pub detail: Option<String>,
}

/// Which fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LinkFault {
    /// The card left, or fell silent. Hold it there again.
    #[error("the card is gone")]
    CardGone,
    /// The card answered what the protocol does not allow.
    #[error("the card broke the protocol")]
    Card,
    /// The reader did not answer in time.
    #[error("the reader did not answer in time")]
    Timeout,
    /// The reader answered what its protocol does not allow.
    #[error("the reader broke its protocol")]
    Reader,
    /// The reader was unplugged, or its service ended.
    #[error("the reader is gone")]
    ReaderGone,
    /// Another program holds the reader.
    #[error("another program holds the reader")]
    Busy,
    /// This program may not open it.
    #[error("permission denied")]
    Permission,
    /// No reader of that name.
    #[error("no such reader")]
    NoSuchReader,
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// This reader cannot do that.
    #[error("this reader cannot do that")]
    Unsupported,
    /// The system refused to read or write.
    #[error("input or output failed")]
    Io,
}

impl LinkFault {
    /// Whether the reader is of no use until it is opened again.
    #[must_use]
    pub fn ends_reader(self) -> bool {
        !matches!(self, Self::CardGone | Self::Card | Self::Cancelled | Self::Unsupported)
    }
}

impl LinkError {
    /// A fault while doing something.
    #[must_use]
    pub const fn new(fault: LinkFault, doing: &'static str) -> Self {
        Self { fault, doing, detail: None }
    }

    /// With what the driver said.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_done_and_what_the_driver_said() {
        let error = LinkError::new(LinkFault::Busy, "opening the reader");
        assert_eq!(error.to_string(), "opening the reader: another program holds the reader");
        let error = error.detail("SharingViolation");
        assert_eq!(
            error.to_string(),
            "opening the reader: another program holds the reader (SharingViolation)"
        );
    }

    #[test]
    fn a_card_that_misbehaves_does_not_end_the_reader() {
        assert!(!LinkFault::CardGone.ends_reader() && !LinkFault::Card.ends_reader());
        assert!(LinkFault::ReaderGone.ends_reader() && LinkFault::Timeout.ends_reader());
    }
}
