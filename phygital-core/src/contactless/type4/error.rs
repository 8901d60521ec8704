//! Why a Type 4 tag was not read or written.

use crate::contactless::apdu::{ApduError, StatusWord};
use crate::contactless::ndef::NDEF_MESSAGE_MAX;

/// Why a tag was not read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Type4Error {
    /// What came is no response.
    #[error(transparent)]
    Apdu(#[from] ApduError),
    /// The card has no NDEF application.
    #[error("no NDEF application, status {status}")]
    NoApplication {
        /// What it said.
        status: StatusWord,
    },
    /// A file that has to be there is not.
    #[error("no file {id:04X}, status {status}")]
    NoFile {
        /// Its id.
        id: u16,
        /// What the card said.
        status: StatusWord,
    },
    /// The access rights forbid it: an NTAG 424 DNA wants to be authenticated first, or a tag is read-only.
    #[error("access denied, status {status}")]
    AccessDenied {
        /// What the card said, or [`StatusWord::OK`] where the capability container says it.
        status: StatusWord,
    },
    /// Another refusal.
    #[error("{doing} was refused, status {status}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What the card said.
        status: StatusWord,
    },
    /// A capability container that cannot be.
    #[error("a capability container with {expected}")]
    Container {
        /// What was expected.
        expected: &'static str,
    },
    /// The message has no bytes: the tag was never written.
    #[error("the tag is empty")]
    Empty,
    /// The message is longer than is read, or than the tag has room for.
    #[error("a message of at most {most} bytes")]
    TooLong {
        /// How many fit.
        most: usize,
    },
    /// An answer of another length than was asked for.
    #[error("an answer of {found} bytes, asked for {asked}")]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes asked for.
        asked: usize,
    },
    /// More pieces than a message of [`NDEF_MESSAGE_MAX`] bytes has.
    #[error("pieces too small for a message of at most {NDEF_MESSAGE_MAX} bytes")]
    TooMany,
    /// The exchange is over, or was broken off.
    #[error("the exchange is over")]
    Over,
}

impl Type4Error {
    /// A stable code, such as `no_application`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Apdu(_) => "bad_apdu",
            Self::NoApplication { .. } => "no_application",
            Self::NoFile { .. } => "no_file",
            Self::AccessDenied { .. } => "access_denied",
            Self::Refused { .. } => "refused",
            Self::Container { .. } => "bad_container",
            Self::Empty => "empty",
            Self::TooLong { .. } => "too_long",
            Self::Length { .. } => "bad_length",
            Self::TooMany => "too_many",
            Self::Over => "over",
        }
    }

    /// What a status means that is no success.
    pub(super) const fn of(status: StatusWord, doing: &'static str) -> Self {
        match status.0 {
            // Security status, conditions of use; the native answers of an NTAG 424 DNA.
            0x6982 | 0x6985 | 0x919D | 0x91AE => Self::AccessDenied { status },
            _ => Self::Refused { doing, status },
        }
    }
}
