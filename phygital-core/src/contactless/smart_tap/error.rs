//! Why an exchange or a bundle is refused.

use crate::contactless::apdu::{ApduError, StatusWord};
use crate::contactless::ndef::NdefError;
use crate::contactless::tlv::TlvError;

use super::bundle::BUNDLE_INFLATED_MAX;
use super::session::SessionStatus;
use super::status::SmartTapStatus;

/// Why an exchange cannot begin or go on, or a bundle is not accepted. Nothing of keys or passes is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SmartTapError {
    /// The bundle's code does not match: changed on its way, or of another session.
    #[error("the code of the bundle does not match")]
    HmacMismatch,
    /// No APDU, or one that is too long.
    #[error(transparent)]
    Apdu(#[from] ApduError),
    /// No objects, or not those of the protocol.
    #[error(transparent)]
    Tlv(#[from] TlvError),
    /// No message.
    #[error(transparent)]
    Ndef(#[from] NdefError),
    /// A record that has to be there is not.
    #[error("no record {record}")]
    Missing {
        /// Its name.
        record: &'static str,
    },
    /// A record that may be there once is there twice.
    #[error("the record {record} is there twice")]
    Duplicate {
        /// Its name.
        record: &'static str,
    },
    /// A record of another length or content.
    #[error("the record {record} as the protocol has it")]
    Field {
        /// Its name.
        record: &'static str,
    },
    /// A bundle that is not encrypted, or has a flag that is not known.
    #[error("a bundle that is encrypted")]
    Unsealed,
    /// Compressed data that is damaged.
    #[error("compressed data that inflates")]
    Inflate,
    /// More than is taken in.
    #[error("at most {BUNDLE_INFLATED_MAX} bytes of passes, and answers to match")]
    TooLong,
    /// The phone's key is no point of the curve.
    #[error("the phone's key is no point of P-256")]
    BadPoint,
    /// The phone has no wallet, or does not want to talk.
    #[error("the wallet is not there, status {status}")]
    NotSelected {
        /// What it said.
        status: StatusWord,
    },
    /// The wallet is not Google's.
    #[error("another wallet than Google's")]
    OtherWallet,
    /// The phone speaks no version that is spoken here.
    #[error("another version of the protocol than 1")]
    Version,
    /// The phone refused a command.
    #[error("the phone refused: {}", status.code())]
    Refused {
        /// How.
        status: SmartTapStatus,
    },
    /// The phone's record of the session says that something is wrong.
    #[error("the session went wrong: {}", status.code())]
    SessionFailed {
        /// What.
        status: SessionStatus,
    },
    /// An answer of another session, or out of order.
    #[error("an answer of this session, next in order")]
    OtherSession,
    /// The signer cannot be asked now, or gave no signature.
    #[error("the collector's signature cannot be had now")]
    Signer,
    /// The exchange is over, or was broken off.
    #[error("the exchange is over")]
    Over,
}

impl SmartTapError {
    /// A stable code. Everything that is malformed is `parse_error`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::HmacMismatch => "hmac_mismatch",
            Self::NotSelected { .. } | Self::OtherWallet => "other_wallet",
            Self::Version => "version_not_supported",
            Self::Refused { .. } | Self::SessionFailed { .. } => "refused",
            Self::Signer => "signer_failed",
            Self::Over => "over",
            _ => "parse_error",
        }
    }
}
