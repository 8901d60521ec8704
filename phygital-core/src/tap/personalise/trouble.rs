//! Why provisioning does not go on.

use super::journal::JournalError;
use super::plan::{KeySlot, Mode, Step};
use super::state::Stuck;
use crate::contactless::apdu::StatusWord;
use crate::contactless::ntag424::Ntag424Error;
use crate::vocab::tag::TagUid;

/// Why provisioning stopped. The tag is as the journal says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// What is in the field does not have the application, or says that it is another chip.
    #[error("this is no NTAG 424 DNA")]
    NotNtag424,
    /// It is not the tag of the journal, or not the one named.
    #[error("this is another tag; expected {expected}")]
    OtherTag {
        /// The tag that is meant.
        expected: TagUid,
    },
    /// The tag draws a random ID, and nobody said which it is.
    #[error("the tag hides its UID: name it")]
    HiddenUid,
    /// The tag draws a random ID, and none of the keys opens it: it may be another one.
    #[error("the tag hides its UID, and none of the keys opens it: it may be another tag")]
    NotRecognised,
    /// Only a TagTamper has a loop.
    #[error("the tag has no tamper loop: expected an NTAG 424 DNA TagTamper")]
    NoTamperLoop,
    /// Its signature is none of NXP's: a counterfeit, or a tag in software.
    #[error("the originality signature is not NXP's")]
    NotOriginal,
    /// The setup is for tags in the other mode; this cannot be changed by it.
    #[error("the tag is to be in {found:?} mode, and the setup is for {expected:?} mode")]
    Mode {
        /// The mode of the setup.
        expected: Mode,
        /// The mode that the tag will have.
        found: Mode,
    },
    /// Provisioning again would set its counter back, while its keys stay.
    #[error(
        "the tag has keys of version {version} already: give it another version, since its counter starts over"
    )]
    SameVersion {
        /// The version.
        version: u8,
    },
    /// The tag says that it has a key that we do not know.
    #[error("no key of version {version} for slot {slot}, which the tag has or is to have")]
    NoKey {
        /// The slot.
        slot: KeySlot,
        /// The version.
        version: u8,
    },
    /// The master key may not write the NDEF file, or not change its settings.
    #[error("the NDEF file is locked: the master key may not {what}")]
    Locked {
        /// What it may not.
        what: &'static str,
    },
    /// The tag slows down after failed authentications.
    #[error("too many authentications failed before: leave the tag in the field for a while")]
    Delayed,
    /// The tag refused a step as often as it was asked.
    #[error("the tag refuses a step: {step:?}: it answered {status}")]
    Refused {
        /// The step.
        step: Step,
        /// What it answered last.
        status: StatusWord,
    },
    /// The journal does not go on.
    #[error(transparent)]
    Journal(#[from] Stuck),
    /// The journal is full, or took an entry for impossible.
    #[error(transparent)]
    Entry(#[from] JournalError),
    /// An answer that says nothing about whether the command took effect.
    #[error(transparent)]
    Tag(#[from] Ntag424Error),
}

impl Trouble {
    /// A stable code, such as `other_tag`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotNtag424 => "not_ntag424",
            Self::OtherTag { .. } => "other_tag",
            Self::HiddenUid => "hidden_uid",
            Self::NotRecognised => "not_recognised",
            Self::NoTamperLoop => "no_tamper_loop",
            Self::NotOriginal => "not_original",
            Self::Mode { .. } => "mode",
            Self::SameVersion { .. } => "same_version",
            Self::NoKey { .. } => "no_key",
            Self::Locked { .. } => "locked",
            Self::Delayed => "delayed",
            Self::Refused { .. } => "refused",
            Self::Journal(Stuck::UnknownKey(_)) => "unknown_key",
            Self::Journal(Stuck::Refused(_)) => "refused",
            Self::Journal(Stuck::TooManyTries) => "too_many_tries",
            Self::Entry(_) => "journal",
            Self::Tag(error) => error.code(),
        }
    }

    /// Whether the same tag may go on when it is held to the reader again.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::OtherTag { .. } | Self::NotRecognised | Self::Delayed | Self::Tag(_))
    }
}

/// A journal that is not of this target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// Another URL, other rights, or another mode.
    #[error("the journal is of another template")]
    Content,
    /// Keys of another version.
    #[error("the journal is of another version of keys")]
    Version,
}

/// Whether a status says that the command was refused, so that nothing changed. Others, such as a fault of the memory
/// (91EE), say nothing.
pub(super) const fn is_refusal(status: StatusWord) -> bool {
    matches!(
        status.0,
        0x910B
            | 0x911C
            | 0x911E
            | 0x9140
            | 0x917E
            | 0x919D
            | 0x919E
            | 0x91AE
            | 0x91BE
            | 0x91F0
            | 0x6700
            | 0x6982
            | 0x6985
            | 0x6A80
            | 0x6A82
            | 0x6A86
            | 0x6A87
            | 0x6D00
            | 0x6E00
    )
}
