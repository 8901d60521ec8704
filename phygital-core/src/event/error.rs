//! Why a text is no event.

use crate::vocab::{
    IdError, IdentifierError, MoneyError, ReadCounterError, TagUidError, TimeError, UnknownCause,
    UnknownClass, UnknownMethod, UnknownPurpose, UnknownRight, UnknownTagStatus, UnknownZone,
};

/// A refusal of an event: where in the text, and what was expected there.
///
/// Holds nothing that the sender wrote, neither a value nor a name of her own, so it can be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {expected}")]
#[non_exhaustive]
pub struct EventError {
    /// The path to the field, such as `data.properties.products[2].price`; where the text is no JSON,
    /// or beyond a limit before its fields are known, `event at byte 17`.
    pub at: String,
    /// What was expected there.
    pub expected: Expected,
}

impl EventError {
    pub(crate) fn at_byte(byte: usize, expected: Expected) -> EventError {
        EventError { at: format!("event at byte {byte}"), expected }
    }
}

/// What an event should have had at some place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Expected {
    /// Text that is JSON (RFC 8259) in UTF-8.
    #[error("expected JSON in UTF-8")]
    Json,
    /// Text within a named limit of [`vocab::limits`](crate::vocab::limits).
    #[error("expected at most {most} {unit}")]
    AtMost {
        /// The limit.
        most: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// A field that has to be there.
    #[error("expected a value, found none")]
    Present,
    /// A field that stands there once.
    #[error("expected each name once in an object")]
    Once,
    /// A value of another type or from another set.
    #[error("expected {0}")]
    Value(&'static str),
    /// An id.
    #[error(transparent)]
    Id(#[from] IdError),
    /// An identifier.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// An amount.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A time.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// A zone.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// A purpose.
    #[error(transparent)]
    Purpose(#[from] UnknownPurpose),
    /// A method of consent.
    #[error(transparent)]
    Method(#[from] UnknownMethod),
    /// A cause of suppression.
    #[error(transparent)]
    Cause(#[from] UnknownCause),
    /// No class of message.
    #[error(transparent)]
    Class(#[from] UnknownClass),
    /// A right.
    #[error(transparent)]
    Right(#[from] UnknownRight),
    /// A status of a tag.
    #[error(transparent)]
    TagStatus(#[from] UnknownTagStatus),
    /// A UID of a tag.
    #[error(transparent)]
    TagUid(#[from] TagUidError),
    /// A read counter.
    #[error(transparent)]
    ReadCounter(#[from] ReadCounterError),
}
