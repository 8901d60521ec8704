//! Why a Type 2 tag was not read.

use crate::contactless::ndef::NDEF_MESSAGE_MAX;

use super::area::TYPE2_RESERVED_MAX;

/// Why a tag was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Type2Error {
    /// The tag refused a command: it does not know it, or the pages are protected.
    #[error("{command} was refused")]
    Refused {
        /// Which.
        command: &'static str,
        /// Its four bits, where the reader hands them over.
        code: Option<u8>,
    },
    /// An answer of another length than its command has.
    #[error("an answer of {found} bytes, expected {expected}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes expected.
        expected: &'static str,
    },
    /// Page 3 is no capability container that is known: the tag was never formatted.
    #[error("a capability container of mapping version 1 in page 3")]
    Container,
    /// The capability container says that the tag may not be read.
    #[error("the tag may not be read")]
    AccessDenied,
    /// An object of the data area that is malformed or leads out of it.
    #[error("objects of the data area: {expected}")]
    Area {
        /// What was expected.
        expected: &'static str,
    },
    /// More reserved areas than [`TYPE2_RESERVED_MAX`].
    #[error("at most {TYPE2_RESERVED_MAX} reserved areas")]
    TooMany,
    /// No object with a message.
    #[error("no message on the tag")]
    NoMessage,
    /// The message has no bytes.
    #[error("the tag is empty")]
    Empty,
    /// The message is longer than is read.
    #[error("a message of at most {NDEF_MESSAGE_MAX} bytes")]
    TooLong,
    /// The exchange is over, or was broken off.
    #[error("the exchange is over")]
    Over,
}

impl Type2Error {
    /// A stable code, such as `no_message`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Length { .. } => "bad_length",
            Self::Container => "bad_container",
            Self::AccessDenied => "access_denied",
            Self::Area { .. } => "bad_area",
            Self::TooMany => "too_many",
            Self::NoMessage => "no_message",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::Over => "over",
        }
    }
}
