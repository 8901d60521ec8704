//! What the engine answers for a recorded event.

use crate::event::Origin;
use crate::log::LogEntry;
use crate::vocab::{EventKey, Hlc, Timestamp};

/// Proof that an event lies durably in the log. The same for each time it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The key of the event's source and id.
    pub key: EventKey,
    /// Its place in the log.
    pub origin: Origin,
    /// The clock of the log.
    pub hlc: Hlc,
    /// When it was first received.
    pub received_at: Timestamp,
}

impl Receipt {
    /// The receipt of an entry of the log.
    pub(super) fn of(entry: &LogEntry) -> Receipt {
        Receipt { key: entry.key(), origin: entry.origin, hlc: entry.hlc, received_at: entry.received_at }
    }
}

/// That an event is in the log: since now, or since earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an event is new or it is known")]
pub enum Accepted {
    /// It was recorded now.
    New(Receipt),
    /// It had been recorded, with the same content.
    Known(Receipt),
}

impl Accepted {
    /// The receipt.
    pub fn receipt(&self) -> &Receipt {
        match self {
            Accepted::New(receipt) | Accepted::Known(receipt) => receipt,
        }
    }

    /// Whether it was recorded now.
    pub fn is_new(&self) -> bool {
        matches!(self, Accepted::New(_))
    }
}
