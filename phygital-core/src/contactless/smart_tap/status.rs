//! How a phone ends an answer.

use crate::contactless::apdu::StatusWord;

/// What the status word of NEGOTIATE and GET DATA means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SmartTapStatus {
    /// 9000.
    Ok,
    /// 9001: all is well, and there is no pass.
    NoPayload,
    /// 9002: all is well, with an authentication that was signed before.
    PreSignedAuth,
    /// 9100: there is more.
    MoreData,
    /// 9201: the phone's cryptography failed.
    CryptoFailure,
    /// 9203: the phone failed.
    ExecutionFailure,
    /// 92xx: another failure that may pass.
    TransientFailure(StatusWord),
    /// 9300: the phone is locked.
    DeviceLocked,
    /// 9302: the phone shows several passes, and its owner has to choose.
    DisambiguationShown,
    /// 93xx: the owner has to act in another way.
    UserActionNeeded(StatusWord),
    /// 9400: a command that the phone does not know.
    UnknownCommand,
    /// 9402: a malformed command.
    ParsingFailure,
    /// 9403: a key or nonce that is none.
    InvalidCryptoInput,
    /// 9404: more was asked for where nothing was begun.
    MoreNotApplicable,
    /// 9405: more was asked for than there is.
    MoreNotAvailable,
    /// 9406: too many requests.
    TooManyRequests,
    /// 9407: no collector was told.
    NoMerchantSet,
    /// 9408: a link that cannot be pushed.
    InvalidPushbackUri,
    /// 94xx: another fault of the reader.
    TerminalError(StatusWord),
    /// 9500: the signature is not the collector's.
    AuthFailed,
    /// 9502: a version that the phone does not speak.
    VersionNotSupported,
    /// 95xx: another failure that stays.
    PermanentError(StatusWord),
    /// Any other.
    Other(StatusWord),
}

impl SmartTapStatus {
    const NAMED: [(u16, Self, &'static str); 18] = [
        (0x9000, Self::Ok, "ok"),
        (0x9001, Self::NoPayload, "no_payload"),
        (0x9002, Self::PreSignedAuth, "pre_signed_auth"),
        (0x9100, Self::MoreData, "more_data"),
        (0x9201, Self::CryptoFailure, "crypto_failure"),
        (0x9203, Self::ExecutionFailure, "execution_failure"),
        (0x9300, Self::DeviceLocked, "device_locked"),
        (0x9302, Self::DisambiguationShown, "disambiguation_shown"),
        (0x9400, Self::UnknownCommand, "unknown_command"),
        (0x9402, Self::ParsingFailure, "parsing_failure"),
        (0x9403, Self::InvalidCryptoInput, "invalid_crypto_input"),
        (0x9404, Self::MoreNotApplicable, "more_not_applicable"),
        (0x9405, Self::MoreNotAvailable, "more_not_available"),
        (0x9406, Self::TooManyRequests, "too_many_requests"),
        (0x9407, Self::NoMerchantSet, "no_merchant_set"),
        (0x9408, Self::InvalidPushbackUri, "invalid_pushback_uri"),
        (0x9500, Self::AuthFailed, "auth_failed"),
        (0x9502, Self::VersionNotSupported, "version_not_supported"),
    ];

    /// The meaning of a status word.
    #[must_use]
    pub fn of(status: StatusWord) -> Self {
        if let Some((_, named, _)) = Self::NAMED.iter().find(|(word, ..)| *word == status.0) {
            return *named;
        }
        match status.sw1() {
            0x92 => Self::TransientFailure(status),
            0x93 => Self::UserActionNeeded(status),
            0x94 => Self::TerminalError(status),
            0x95 => Self::PermanentError(status),
            _ => Self::Other(status),
        }
    }

    /// A stable code, such as `disambiguation_shown`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TransientFailure(_) => "transient_failure",
            Self::UserActionNeeded(_) => "user_action_needed",
            Self::TerminalError(_) => "terminal_error",
            Self::PermanentError(_) => "permanent_error",
            named => {
                Self::NAMED.iter().find(|(_, status, _)| *status == named).map_or("other", |named| named.2)
            }
        }
    }

    /// Whether the phone's owner has to act, after which the tap is made again.
    #[must_use]
    pub const fn needs_owner(self) -> bool {
        matches!(self, Self::DeviceLocked | Self::DisambiguationShown | Self::UserActionNeeded(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_word_has_its_code_and_every_other_its_class() {
        for (word, status, code) in SmartTapStatus::NAMED {
            assert_eq!((SmartTapStatus::of(StatusWord(word)), status.code()), (status, code));
        }
        for (word, code) in [
            (0x92FF, "transient_failure"),
            (0x9301, "user_action_needed"),
            (0x9401, "terminal_error"),
            (0x9501, "permanent_error"),
            (0x6A82, "other"),
        ] {
            assert_eq!(SmartTapStatus::of(StatusWord(word)).code(), code);
        }
        assert!(SmartTapStatus::of(StatusWord(0x9300)).needs_owner());
    }
}
