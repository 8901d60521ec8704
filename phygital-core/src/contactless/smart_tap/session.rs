//! The record that both sides put into every message.

use crate::contactless::ndef::Message;

use super::error::SmartTapError;
use super::fields::fixed;

/// Which exchange a message belongs to, and how it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of the record")]
pub struct Session {
    /// The reader's id of the exchange.
    pub id: [u8; 8],
    /// Counts the messages of both sides, from 0.
    pub sequence: u8,
    /// How it goes.
    pub status: SessionStatus,
}

/// How an exchange goes, as the other side sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SessionStatus {
    /// 0.
    Unknown,
    /// 1: all is well.
    Ok,
    /// 2: a malformed message.
    NdefFormatInvalid,
    /// 3: a version that is not spoken.
    UnsupportedVersion,
    /// 4: out of order.
    InvalidSequenceNumber,
    /// 5: a collector that is not known.
    UnknownMerchant,
    /// 6: the collector's record is not there.
    MerchantInfoMissing,
    /// 7: the services' record is not there.
    ServiceDataMissing,
    /// 8: ask again.
    ResendRequest,
    /// 9: ask later.
    DataNotAvailableYet,
    /// Any other.
    Other(u8),
}

impl SessionStatus {
    const NAMED: [(Self, &'static str); 10] = [
        (Self::Unknown, "unknown"),
        (Self::Ok, "ok"),
        (Self::NdefFormatInvalid, "ndef_format_invalid"),
        (Self::UnsupportedVersion, "unsupported_version"),
        (Self::InvalidSequenceNumber, "invalid_sequence_number"),
        (Self::UnknownMerchant, "unknown_merchant"),
        (Self::MerchantInfoMissing, "merchant_info_missing"),
        (Self::ServiceDataMissing, "service_data_missing"),
        (Self::ResendRequest, "resend_request"),
        (Self::DataNotAvailableYet, "data_not_available_yet"),
    ];

    /// The meaning of the byte.
    #[must_use]
    pub fn of(byte: u8) -> Self {
        Self::NAMED.get(usize::from(byte)).map_or(Self::Other(byte), |(status, _)| *status)
    }

    /// The byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        let position = Self::NAMED.iter().position(|(status, _)| *status == self);
        match (self, position) {
            (Self::Other(byte), _) => byte,
            (_, position) => u8::try_from(position.unwrap_or_default()).expect("ten of them"),
        }
    }

    /// A stable code, such as `unknown_merchant`.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::NAMED.iter().find(|(status, _)| *status == self).map_or("other", |(_, code)| code)
    }
}

impl Session {
    pub(super) const RECORD: &'static str = "ses";

    /// The first message of an exchange.
    #[must_use]
    pub const fn first(id: [u8; 8]) -> Self {
        Self { id, sequence: 0, status: SessionStatus::Ok }
    }

    /// The message after this one.
    #[must_use]
    pub const fn following(self) -> Self {
        Self { id: self.id, sequence: self.sequence.wrapping_add(1), status: SessionStatus::Ok }
    }

    pub(super) fn read(message: &Message<'_>) -> Result<Self, SmartTapError> {
        let bytes: [u8; 10] = fixed(message, Self::RECORD)?;
        let [id @ .., sequence, status] = bytes;
        Ok(Self { id, sequence, status: SessionStatus::of(status) })
    }

    pub(super) fn to_bytes(self) -> [u8; 10] {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.id);
        bytes[8..].copy_from_slice(&[self.sequence, self.status.byte()]);
        bytes
    }

    /// Whether this answers the message `sent`: of the same exchange, next in order, and all is well.
    pub(super) fn answers(self, sent: Self) -> Result<(), SmartTapError> {
        if self.status != SessionStatus::Ok {
            return Err(SmartTapError::SessionFailed { status: self.status });
        }
        if self != sent.following() {
            return Err(SmartTapError::OtherSession);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_status_reads_back() {
        for byte in 0..=u8::MAX {
            assert_eq!(SessionStatus::of(byte).byte(), byte);
        }
        assert_eq!(SessionStatus::of(5).code(), "unknown_merchant");
        assert_eq!(SessionStatus::of(10).code(), "other");
    }

    #[test]
    fn an_answer_is_next_in_order() {
        let sent = Session::first([1; 8]);
        assert_eq!(sent.following().answers(sent), Ok(()));
        for other in
            [sent, Session { id: [2; 8], ..sent.following() }, Session { sequence: 2, ..sent.following() }]
        {
            assert_eq!(other.answers(sent), Err(SmartTapError::OtherSession));
        }
        let status = SessionStatus::UnknownMerchant;
        let failed = Session { status, ..sent.following() };
        assert_eq!(failed.answers(sent), Err(SmartTapError::SessionFailed { status }));
    }
}
