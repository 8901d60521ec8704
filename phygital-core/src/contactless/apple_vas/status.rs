//! How a phone ends an answer.

use crate::contactless::apdu::StatusWord;

/// What the status word of GET DATA means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VasStatus {
    /// 9000: the pass, or the URL was taken.
    Ok,
    /// 6A83: no such pass on the phone, or another one was chosen on the screen.
    PassNotAvailable,
    /// 6287: the phone shows the pass and waits for its owner. The tap is made again after that.
    UserAuthenticationRequired,
    /// 6984: the owner has to do something on the phone.
    UserInterventionRequired,
    /// 6700: the command's length is wrong.
    WrongLength,
    /// 6B00: the command's parameters are wrong.
    WrongParameters,
    /// 6A80: the command's data is wrong.
    IncorrectData,
    /// 6982: the phone wants more security than there is.
    SecurityStatusNotSatisfied,
    /// 6A81: the phone does not do this.
    FunctionNotSupported,
    /// 6A82: there is no such application.
    ApplicationNotFound,
    /// Any other.
    Other(StatusWord),
}

impl VasStatus {
    /// The meaning of a status word.
    #[must_use]
    pub const fn of(status: StatusWord) -> Self {
        match status.0 {
            0x9000 => Self::Ok,
            0x6A83 => Self::PassNotAvailable,
            0x6287 => Self::UserAuthenticationRequired,
            0x6984 => Self::UserInterventionRequired,
            0x6700 => Self::WrongLength,
            0x6B00 => Self::WrongParameters,
            0x6A80 => Self::IncorrectData,
            0x6982 => Self::SecurityStatusNotSatisfied,
            0x6A81 => Self::FunctionNotSupported,
            0x6A82 => Self::ApplicationNotFound,
            _ => Self::Other(status),
        }
    }

    /// A stable code, such as `user_authentication_required`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::PassNotAvailable => "pass_not_available",
            Self::UserAuthenticationRequired => "user_authentication_required",
            Self::UserInterventionRequired => "user_intervention_required",
            Self::WrongLength => "wrong_length",
            Self::WrongParameters => "wrong_parameters",
            Self::IncorrectData => "incorrect_data",
            Self::SecurityStatusNotSatisfied => "security_status_not_satisfied",
            Self::FunctionNotSupported => "function_not_supported",
            Self::ApplicationNotFound => "application_not_found",
            Self::Other(_) => "other",
        }
    }

    /// Whether the phone's owner has to act, after which the tap is made again.
    #[must_use]
    pub const fn needs_owner(self) -> bool {
        matches!(self, Self::UserAuthenticationRequired | Self::UserInterventionRequired)
    }
}
