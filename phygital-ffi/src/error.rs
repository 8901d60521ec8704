//! The one error: few kinds by who has to act, each with a number that never changes.

use phygital_core::attribution::{ColumnsFault, JourneyError, ModelError, UnknownModel};
use phygital_core::conversation::topic::TopicError;
use phygital_core::engine::{EntropyError, Error, Missing, SettingsError, TapRefused};
use phygital_core::event::EventError;
use phygital_core::log::ChainFault;
use phygital_core::machine::{StatusRefusal, TapRefusalReason};
use phygital_core::rules::RuleBookError;
use phygital_core::store::{StorageError, StorageFault};
use phygital_core::tap::simulator::SoftTagError;
use phygital_core::tap::{RefusalClass, TapRefusal, TemplateError, VerifierJsonError};
use phygital_core::vocab::{IdError, IdentifierError};

/// What a number means. Hundreds are families: 1 the caller, 2 the tap, 3 consent, 4 what is not there, 5 the store, 6 the
/// state of the object, 9 a fault of ours or of the system. A number keeps its meaning for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
#[non_exhaustive]
pub enum Status {
    /// A pointer that has to point somewhere is null (C).
    NullPointer = 101,
    /// A handle of another kind, or one that was freed (C).
    WrongHandle = 102,
    /// A struct whose size no version had, or with something set that this version does not know (C).
    WrongSize = 103,
    /// A text is not UTF-8 (C).
    InvalidUtf8 = 104,
    /// Longer than anything that is read.
    TooLarge = 105,
    /// A value that is none of those expected.
    InvalidArgument = 106,
    /// The event is not as it should be.
    MalformedEvent = 110,
    /// An event of that source and id was recorded with another content.
    Conflict = 111,
    /// The keys are not as they should be.
    MalformedKeys = 112,
    /// The settings are not as they should be.
    MalformedSettings = 113,
    /// No identifier of its kind.
    MalformedIdentifier = 114,
    /// A rule that the documentation states was broken.
    Misuse = 115,
    /// The life of a tag has no such change.
    TagStatusRefused = 116,
    /// The model does not go with these journeys, or there is none of that name.
    ModelRefused = 117,
    /// The consent of another system is not as it should be.
    MalformedConsent = 118,
    /// The rules of messages are not as they should be.
    MalformedRules = 119,
    /// A topic of conversation is not as it should be.
    MalformedTopic = 120,
    /// What was delivered is no tap, or was damaged on its way.
    TapMalformed = 201,
    /// The tag that it names did not make it.
    TapForged = 202,
    /// It cannot be judged for want of a key.
    TapUnauthenticated = 203,
    /// Genuine, and out of its time or place.
    TapStale = 204,
    /// Genuine, and used before.
    TapReplayed = 210,
    /// Genuine, and does not count for another reason: an unknown, suspended, lost or retired tag.
    TapNotCounted = 211,
    /// Its source sent too many that were not genuine.
    TapTooManyFailures = 220,
    /// Consent does not permit it.
    NotPermitted = 301,
    /// There is no such customer.
    UnknownCustomer = 401,
    /// No customer has that identifier.
    UnknownIdentifier = 402,
    /// No such action waits.
    UnknownAction = 403,
    /// No such tag is in the registry.
    UnknownTag = 404,
    /// There is no such order.
    UnknownOrder = 405,
    /// Another process holds the store: try again.
    StorageBusy = 501,
    /// The disk is full.
    StorageFull = 502,
    /// The store may not be written.
    StorageReadOnly = 503,
    /// The store cannot be opened.
    StorageUnopened = 504,
    /// The store, or its log, is damaged or something else.
    StorageCorrupt = 505,
    /// A newer version of this library wrote the store.
    StorageNewer = 506,
    /// Input or output failed.
    StorageIo = 507,
    /// It is open what was written: suspend and resume.
    StorageReopen = 508,
    /// The store is suspended: resume it first.
    Suspended = 601,
    /// A panic within: please report it. The store is suspended.
    Panic = 901,
    /// A fault of this library: please report it.
    Bug = 902,
    /// The system gave no randomness.
    NoEntropy = 903,
    /// The system's clock is before 1970 or after 9999.
    NoClock = 904,
}

impl Status {
    /// Every one, in order.
    pub const ALL: &[Status] = &[
        Status::NullPointer,
        Status::WrongHandle,
        Status::WrongSize,
        Status::InvalidUtf8,
        Status::TooLarge,
        Status::InvalidArgument,
        Status::MalformedEvent,
        Status::Conflict,
        Status::MalformedKeys,
        Status::MalformedSettings,
        Status::MalformedIdentifier,
        Status::Misuse,
        Status::TagStatusRefused,
        Status::ModelRefused,
        Status::MalformedConsent,
        Status::MalformedRules,
        Status::MalformedTopic,
        Status::TapMalformed,
        Status::TapForged,
        Status::TapUnauthenticated,
        Status::TapStale,
        Status::TapReplayed,
        Status::TapNotCounted,
        Status::TapTooManyFailures,
        Status::NotPermitted,
        Status::UnknownCustomer,
        Status::UnknownIdentifier,
        Status::UnknownAction,
        Status::UnknownTag,
        Status::UnknownOrder,
        Status::StorageBusy,
        Status::StorageFull,
        Status::StorageReadOnly,
        Status::StorageUnopened,
        Status::StorageCorrupt,
        Status::StorageNewer,
        Status::StorageIo,
        Status::StorageReopen,
        Status::Suspended,
        Status::Panic,
        Status::Bug,
        Status::NoEntropy,
        Status::NoClock,
    ];

    /// The number.
    pub fn number(self) -> u32 {
        self as u32
    }
}

/// Why something was not done.
///
/// `code` is the number of a [`Status`], `reason` a stable word such as `mac_mismatch`, and `detail` a sentence for the
/// developer. None of them holds a key or anything personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error), uniffi::export(Display))]
#[non_exhaustive]
pub enum PhygitalError {
    /// The caller has to do it otherwise. Numbers from 100.
    #[error("{detail} ({reason}, {code})")]
    Argument {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
    /// The tap does not count: ask to tap again. Numbers from 200.
    #[error("{detail} ({reason}, {code})")]
    Tap {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
    /// Consent does not permit it: do without. Numbers from 300.
    #[error("{detail} ({reason}, {code})")]
    Consent {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
    /// What was asked for is not there. Numbers from 400.
    #[error("{detail} ({reason}, {code})")]
    Unknown {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
    /// The store failed: try again, or call the operator. Numbers from 500.
    #[error("{detail} ({reason}, {code})")]
    Storage {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
    /// The object is suspended: resume it first. Numbers from 600.
    #[error("{detail} ({reason}, {code})")]
    State {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
    /// A fault of ours or of the system. Numbers from 900.
    #[error("{detail} ({reason}, {code})")]
    Internal {
        /// The number of a status.
        code: u32,
        /// A stable word.
        reason: String,
        /// A sentence.
        detail: String,
    },
}

/// What the facade's own functions give.
pub(crate) type Answer<T> = Result<T, PhygitalError>;

impl PhygitalError {
    /// An error of a status, with a stable word and a sentence.
    pub fn new(status: Status, reason: impl Into<String>, detail: impl ToString) -> PhygitalError {
        let (code, reason, detail) = (status.number(), reason.into(), detail.to_string());
        match code {
            0..200 => PhygitalError::Argument { code, reason, detail },
            200..300 => PhygitalError::Tap { code, reason, detail },
            300..400 => PhygitalError::Consent { code, reason, detail },
            400..500 => PhygitalError::Unknown { code, reason, detail },
            500..600 => PhygitalError::Storage { code, reason, detail },
            600..700 => PhygitalError::State { code, reason, detail },
            _ => PhygitalError::Internal { code, reason, detail },
        }
    }

    /// The number.
    pub fn code(&self) -> u32 {
        self.parts().0
    }

    /// The stable word.
    pub fn reason(&self) -> &str {
        self.parts().1
    }

    /// The sentence.
    pub fn detail(&self) -> &str {
        self.parts().2
    }

    fn parts(&self) -> (u32, &str, &str) {
        match self {
            PhygitalError::Argument { code, reason, detail }
            | PhygitalError::Tap { code, reason, detail }
            | PhygitalError::Consent { code, reason, detail }
            | PhygitalError::Unknown { code, reason, detail }
            | PhygitalError::Storage { code, reason, detail }
            | PhygitalError::State { code, reason, detail }
            | PhygitalError::Internal { code, reason, detail } => (*code, reason, detail),
        }
    }

    /// A value that is none of those expected, in the field of that name.
    pub(crate) fn argument(field: &str, expected: impl ToString) -> PhygitalError {
        let detail = format!("{field}: {}", expected.to_string());
        PhygitalError::new(Status::InvalidArgument, "invalid_argument", detail)
    }

    /// A fault of ours.
    pub(crate) fn bug(detail: impl ToString) -> PhygitalError {
        PhygitalError::new(Status::Bug, "bug", detail)
    }

    /// A panic within.
    pub fn panic() -> PhygitalError {
        let detail = "a panic within; what stood on standard error says where. The store is suspended";
        PhygitalError::new(Status::Panic, "panic", detail)
    }
}

impl From<Error> for PhygitalError {
    fn from(error: Error) -> PhygitalError {
        let detail = error.to_string();
        let (status, reason) = match error {
            Error::Event(error) => return error.into(),
            Error::Tap(refused) => return refused.into(),
            Error::Storage(error) => return error.into(),
            Error::Chain(error) => return error.into(),
            Error::Entropy(error) => return error.into(),
            Error::Status(error) => return error.into(),
            Error::Conflict { .. } => (Status::Conflict, "conflict"),
            Error::NotPermitted(decision) => {
                let reason = decision.reasons.first().map_or("not_permitted", |reason| reason.code());
                (Status::NotPermitted, reason)
            }
            Error::Unknown(missing) => match missing {
                Missing::Customer(_) => (Status::UnknownCustomer, "unknown_customer"),
                Missing::Identifier => (Status::UnknownIdentifier, "unknown_identifier"),
                Missing::Action => (Status::UnknownAction, "unknown_action"),
                Missing::Tag => (Status::UnknownTag, "unknown_tag"),
                Missing::Order => (Status::UnknownOrder, "unknown_order"),
                _ => (Status::Bug, "bug"),
            },
            Error::Misuse(_) => (Status::Misuse, "misuse"),
            _ => (Status::Bug, "bug"),
        };
        PhygitalError::new(status, reason, detail)
    }
}

impl From<TapRefused> for PhygitalError {
    fn from(refused: TapRefused) -> PhygitalError {
        let status = match &refused {
            TapRefused::NotGenuine(refusal) => return refusal.clone().into(),
            TapRefused::NotCounted { reason: TapRefusalReason::Replayed, .. } => Status::TapReplayed,
            TapRefused::TooManyFailures { .. } => Status::TapTooManyFailures,
            _ => Status::TapNotCounted,
        };
        PhygitalError::new(status, refused.code(), &refused)
    }
}

impl From<TapRefusal> for PhygitalError {
    fn from(refusal: TapRefusal) -> PhygitalError {
        let status = match (refusal.class(), &refusal) {
            (_, TapRefusal::Used) => Status::TapReplayed,
            (RefusalClass::Forged, _) => Status::TapForged,
            (RefusalClass::Unauthenticated, _) => Status::TapUnauthenticated,
            (RefusalClass::Stale, _) => Status::TapStale,
            _ => Status::TapMalformed,
        };
        PhygitalError::new(status, refusal.code(), &refusal)
    }
}

impl From<StorageError> for PhygitalError {
    fn from(error: StorageError) -> PhygitalError {
        let (status, reason) = match error.kind {
            StorageFault::Busy => (Status::StorageBusy, "busy"),
            StorageFault::Full => (Status::StorageFull, "full"),
            StorageFault::ReadOnly => (Status::StorageReadOnly, "read_only"),
            StorageFault::Unopened => (Status::StorageUnopened, "unopened"),
            StorageFault::Corrupt => (Status::StorageCorrupt, "corrupt"),
            StorageFault::Newer => (Status::StorageNewer, "newer"),
            StorageFault::Reopen => (Status::StorageReopen, "reopen"),
            _ => (Status::StorageIo, "io"),
        };
        PhygitalError::new(status, reason, &error)
    }
}

/// Errors that have one status each.
macro_rules! plain {
    ($($error:ty => $status:ident $reason:literal),* $(,)?) => {$(
        impl From<$error> for PhygitalError {
            fn from(error: $error) -> PhygitalError {
                PhygitalError::new(Status::$status, $reason, &error)
            }
        }
    )*};
}

plain! {
    ChainFault => StorageCorrupt "chain",
    ColumnsFault => ModelRefused "journeys",
    EntropyError => NoEntropy "entropy",
    EventError => MalformedEvent "malformed_event",
    IdError => InvalidArgument "malformed_id",
    IdentifierError => MalformedIdentifier "malformed_identifier",
    JourneyError => ModelRefused "journeys",
    ModelError => ModelRefused "model",
    RuleBookError => MalformedRules "malformed_rules",
    SettingsError => MalformedSettings "malformed_settings",
    SoftTagError => InvalidArgument "soft_tag",
    StatusRefusal => TagStatusRefused "tag_status",
    TemplateError => InvalidArgument "template",
    TopicError => MalformedTopic "malformed_topic",
    UnknownModel => ModelRefused "unknown_model",
    VerifierJsonError => MalformedKeys "malformed_keys",
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_its_family() {
        assert!(Status::ALL.is_sorted());
        for &status in Status::ALL {
            let error = PhygitalError::new(status, "reason", "detail");
            let family = match &error {
                PhygitalError::Argument { .. } => 1,
                PhygitalError::Tap { .. } => 2,
                PhygitalError::Consent { .. } => 3,
                PhygitalError::Unknown { .. } => 4,
                PhygitalError::Storage { .. } => 5,
                PhygitalError::State { .. } => 6,
                PhygitalError::Internal { .. } => 9,
            };
            assert_eq!((error.code(), error.code() / 100), (status.number(), family), "{status:?}");
            assert_eq!(error.to_string(), format!("detail (reason, {})", status.number()));
        }
    }

    #[test]
    fn a_refusal_says_who_made_the_link() {
        for (refusal, status) in [
            (TapRefusal::MacMismatch, Status::TapForged),
            (TapRefusal::NoTap, Status::TapMalformed),
            (TapRefusal::NoKey, Status::TapUnauthenticated),
            (TapRefusal::OutOfScope { reason: "it has expired" }, Status::TapStale),
            (TapRefusal::Used, Status::TapReplayed),
        ] {
            let error = PhygitalError::from(refusal.clone());
            assert_eq!((error.code(), error.reason()), (status.number(), refusal.code()));
        }
    }
}
