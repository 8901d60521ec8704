//! What an engine may answer instead of doing, by who has to act.

use crate::consent::Decision;
use crate::event::EventError;
use crate::log::ChainFault;
use crate::machine::{StatusRefusal, TapRefusalReason};
use crate::store::StorageError;
use crate::tap::TapRefusal;
use crate::vocab::limits::EXTENSION_REASON_BYTES_MAX;
use crate::vocab::{CustomerId, EventKey, Timestamp};

use super::entropy::EntropyError;

/// Why an engine did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The event is not as it should be: its source has to mend it.
    #[error(transparent)]
    Event(#[from] EventError),
    /// An event of that source and id was recorded with another content: its source has to use a new id.
    #[error("event {key} was recorded with another content; a new event needs a new id")]
    Conflict {
        /// The key of both.
        key: EventKey,
    },
    /// The tap does not count: show the shopper "please tap again".
    #[error(transparent)]
    Tap(#[from] TapRefused),
    /// The store failed: retry, or call the operator.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log is not what was once written: call the operator.
    #[error(transparent)]
    Chain(#[from] ChainFault),
    /// Consent does not permit it. Not a fault: do without.
    #[error("not permitted for the purpose {}", .0.purpose)]
    NotPermitted(Box<Decision>),
    /// There is no such customer, action, tag: the caller has to ask for another.
    #[error("there is no {0}")]
    Unknown(Missing),
    /// The life of a tag has no such change: say first what became of it.
    #[error(transparent)]
    Status(#[from] StatusRefusal),
    /// The day by which a person is answered cannot be put off: answer her by that day.
    #[error(transparent)]
    Extension(#[from] ExtensionRefusal),
    /// The caller broke a rule that the documentation states.
    #[error("expected {0}")]
    Misuse(&'static str),
    /// No randomness was to be had.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// We broke a rule of our own: please report it.
    #[error("a fault of this library: {0}")]
    Bug(&'static str),
}

/// What was asked for and is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// A customer of that id.
    #[error("customer {0}")]
    Customer(CustomerId),
    /// A customer with that identifier.
    #[error("customer with that identifier")]
    Identifier,
    /// An action of that id that still waits.
    #[error("action of that id that waits")]
    Action,
    /// A tag of that UID in the registry.
    #[error("tag of that UID in the registry")]
    Tag,
    /// An order of that id.
    #[error("order of that id")]
    Order,
}

/// Why the day by which a person's request is answered is not put off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtensionRefusal {
    /// It was once, and no law lets it twice.
    #[error("the request was extended already, and may be once")]
    Twice,
    /// She has to be told before the first deadline passes.
    #[error("too late: she was to be told before {before}")]
    TooLate {
        /// The first instant that was too late.
        before: Timestamp,
    },
    /// A rule that may hold puts nothing off.
    #[error("the rule {rule} knows no later day")]
    NotExtendable {
        /// Its id.
        rule: String,
    },
    /// No rule says by when she is answered.
    #[error("no rule says by when she is to be answered")]
    NoDeadline,
    /// She is to be told the reason, and it is none, or longer than [`EXTENSION_REASON_BYTES_MAX`].
    #[error("reason: expected 1 to {EXTENSION_REASON_BYTES_MAX} bytes")]
    Reason,
}

impl ExtensionRefusal {
    /// A stable code for logs and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ExtensionRefusal::Twice => "extended_already",
            ExtensionRefusal::TooLate { .. } => "too_late",
            ExtensionRefusal::NotExtendable { .. } => "not_extendable",
            ExtensionRefusal::NoDeadline => "no_deadline",
            ExtensionRefusal::Reason => "extension_reason",
        }
    }
}

/// Why a tap was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TapRefused {
    /// What was delivered is no genuine tap.
    #[error(transparent)]
    NotGenuine(#[from] TapRefusal),
    /// The tap is genuine and does not count.
    #[error("{reason}")]
    NotCounted {
        /// Why.
        reason: TapRefusalReason,
        /// When the refusal was first recorded.
        since: Timestamp,
    },
    /// The client or touchpoint sent too many taps that were not genuine, and this one was not looked at. See
    /// [`Config::failure_limits`](super::Config::failure_limits).
    #[error("too many taps of this source failed: it is refused until {until}")]
    TooManyFailures {
        /// From when on its taps are looked at again.
        until: Timestamp,
    },
}

impl TapRefused {
    /// A stable code for logs and tests, such as `mac_mismatch`, `replayed` or `too_many_failures`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            TapRefused::NotGenuine(refusal) => refusal.code(),
            TapRefused::NotCounted { reason, .. } => reason.code(),
            TapRefused::TooManyFailures { .. } => "too_many_failures",
        }
    }
}
