//! Why an exchange with a tag failed, and who has to act.

use super::file_settings::FileSettingsError;
use crate::contactless::apdu::{ApduError, StatusWord};

/// Why an exchange failed. It never holds anything of a key, a challenge or a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ntag424Error {
    /// What the reader handed over is no APDU, or a command is too long for one.
    #[error(transparent)]
    Apdu(#[from] ApduError),
    /// The tag refused the command.
    #[error("the tag answered {status}: {}", meaning(*.status))]
    Status {
        /// What it answered.
        status: StatusWord,
    },
    /// An answer of another length than its command has.
    #[error("{what} of {found} bytes, expected {expected}")]
    Length {
        /// Which part of the answer.
        what: &'static str,
        /// Bytes found.
        found: usize,
        /// Bytes expected.
        expected: &'static str,
    },
    /// The tag does not have this key: it could not answer our challenge.
    #[error("the tag did not prove that it has this key")]
    AuthMismatch,
    /// The answer was not made in this session, or was changed on its way.
    #[error("the MAC of the answer does not match")]
    MacMismatch,
    /// The decrypted answer is not padded as it has to be.
    #[error("the decrypted answer is malformed: {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// The tag has ended the session: after a refusal, or after its key was changed.
    #[error("the session is over: authenticate again")]
    SessionOver,
    /// A command was made before the answer to the one before, or an answer came without a command.
    #[error("commands and answers take turns")]
    OutOfTurn,
    /// The counter of commands stands at its end.
    #[error("the session has had 65535 commands: authenticate again")]
    SessionFull,
    /// File settings that cannot be.
    #[error(transparent)]
    FileSettings(#[from] FileSettingsError),
}

/// Who has to act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Actor {
    /// Whoever keeps the keys: this key is not the tag's, or may not do this.
    Keys,
    /// Whoever wrote the calling program: the command cannot be so.
    Caller,
    /// Whoever holds the tag: hold it still and try again, or wait.
    Holder,
    /// Nobody can help this tag: take another one.
    Tag,
}

impl Ntag424Error {
    /// A stable code, such as `auth_mismatch`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Apdu(_) => "bad_apdu",
            Self::Status { .. } => "status",
            Self::Length { .. } => "bad_length",
            Self::AuthMismatch => "auth_mismatch",
            Self::MacMismatch => "mac_mismatch",
            Self::Malformed { .. } => "malformed",
            Self::SessionOver => "session_over",
            Self::OutOfTurn => "out_of_turn",
            Self::SessionFull => "session_full",
            Self::FileSettings(error) => error.code(),
        }
    }

    /// Who has to act.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match self {
            Self::AuthMismatch => Actor::Keys,
            Self::MacMismatch | Self::Malformed { .. } | Self::Length { .. } => Actor::Holder,
            Self::Apdu(_)
            | Self::SessionOver
            | Self::OutOfTurn
            | Self::SessionFull
            | Self::FileSettings(_) => Actor::Caller,
            Self::Status { status } => match status.0 {
                0x91AE | 0x919D | 0x9140 | 0x6982 => Actor::Keys,
                // The delay after failed authentications, an aborted command, a torn write.
                0x91AD | 0x91CA | 0x911E => Actor::Holder,
                0x91EE | 0x6581 => Actor::Tag,
                _ => Actor::Caller,
            },
        }
    }

    /// Refuses any status but those given.
    pub(super) fn unless(status: StatusWord, allowed: &[u16]) -> Result<(), Self> {
        if allowed.contains(&status.0) { Ok(()) } else { Err(Self::Status { status }) }
    }
}

/// What a status says (NT4H2421Gx §10.2 and §10.9).
const fn meaning(status: StatusWord) -> &'static str {
    match status.0 {
        0x911C => "it does not know this command",
        0x911E => "MAC, padding or CRC of the command does not match",
        0x9140 => "there is no such key",
        0x917E => "the length of the command is wrong",
        0x919D => "the access rights or the state do not allow it",
        0x919E => "a parameter is wrong",
        0x91AD => "too many failed authentications: it has to be asked again until its delay is over",
        0x91AE => "not authenticated, or with another key than it needs",
        0x91AF => "there is more to come",
        0x91BE => "it lies outside the file",
        0x91CA => "the command before was not ended",
        0x91EE | 0x6581 => "its memory failed",
        0x91F0 | 0x6A82 => "there is no such file",
        0x6700 => "the length of the command is wrong",
        0x6982 => "the access rights do not allow it",
        0x6985 => "the state does not allow it",
        0x6A86 | 0x6A87 => "a parameter is wrong",
        0x6D00 => "it does not know this instruction",
        0x6E00 => "it does not know this class of instruction",
        0x9000 | 0x9100 => "done, where something else was expected",
        _ => "a status that its data sheet does not name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_names_who_has_to_act() {
        let status = |value| Ntag424Error::Status { status: StatusWord(value) };
        for (error, actor) in [
            (Ntag424Error::AuthMismatch, Actor::Keys),
            (status(0x91AE), Actor::Keys),
            (status(0x919D), Actor::Keys),
            (status(0x91AD), Actor::Holder),
            (Ntag424Error::MacMismatch, Actor::Holder),
            (status(0x91EE), Actor::Tag),
            (status(0x917E), Actor::Caller),
            (Ntag424Error::SessionOver, Actor::Caller),
        ] {
            assert_eq!(error.actor(), actor, "{error}");
        }
        let said = status(0x91AD).to_string();
        assert!(said.starts_with("the tag answered 91AD: too many failed"), "{said}");
    }
}
