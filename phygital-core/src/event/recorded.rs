//! An event as it stands in the log.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::envelope::Event;
use crate::vocab::{DeviceId, EventKey, Hlc, Timestamp};

/// Who wrote an event into which log, and as which one: contiguous from 1 within a device's epoch.
///
/// A copied or restored store begins a new epoch, so a sequence number never stands for two events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the identity of a log entry is these three")]
pub struct Origin {
    /// The device whose engine recorded the event.
    pub device: DeviceId,
    /// How often that device's store was made anew.
    pub epoch: u32,
    /// The how-manieth event of that epoch, from 1.
    pub seq: u64,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.device, self.epoch, self.seq)
    }
}

/// The order in which events fold into state: by time, then by key.
///
/// Both are properties of the event alone, so the same events give the same state in whatever order
/// they arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an order is these two")]
pub struct FoldKey {
    /// When it happened, but never later than the log's clock when it was recorded: a source whose
    /// clock runs ahead must not outrank what comes after.
    pub at: Timestamp,
    /// The event.
    pub key: EventKey,
}

impl FoldKey {
    /// Where an event that was recorded at `hlc` stands in the fold.
    pub fn of(event: &Event, hlc: Hlc) -> FoldKey {
        // The clock has milliseconds, an event microseconds: what happened within the clock's own
        // millisecond is not ahead of it.
        let latest = hlc.wall().saturating_add(Duration::from_micros(999));
        FoldKey { at: event.occurred_at.min(latest), key: event.key() }
    }
}

/// An event that was recorded: what the folds read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "an event and what recording it adds")]
pub struct Recorded {
    /// The event.
    pub event: Event,
    /// Its place in the fold.
    pub fold: FoldKey,
    /// Its place in the log.
    pub origin: Origin,
    /// The clock of the log.
    pub hlc: Hlc,
    /// When the engine received it, by the host's clock.
    pub received_at: Timestamp,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::event::Body;
    use crate::vocab::{EventId, SourceId};

    fn event(at: &str) -> Event {
        let (source, id) = (SourceId::new("s").unwrap(), EventId::new("1").unwrap());
        Event::new(source, id, Timestamp::parse(at).unwrap(), Body::custom("Bell").unwrap())
    }

    #[test]
    fn a_source_whose_clock_runs_ahead_folds_at_the_clock_of_the_log() {
        let hlc = Hlc::ZERO.tick(Timestamp::parse("2026-11-21T12:00:00.100Z").unwrap()).unwrap();
        for (occurred, folds) in [
            ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
            ("2026-11-21T12:00:00.100999Z", "2026-11-21T12:00:00.100999Z"),
            ("2026-11-21T12:00:00.101Z", "2026-11-21T12:00:00.100999Z"),
            ("2099-01-01T00:00:00Z", "2026-11-21T12:00:00.100999Z"),
        ] {
            let event = event(occurred);
            let fold = FoldKey::of(&event, hlc);
            assert_eq!((fold.at.to_string().as_str(), fold.key), (folds, event.key()));
        }
    }

    #[test]
    fn origins_are_told_apart_and_ordered() {
        let device = DeviceId::from_bytes([0xab; 16]);
        let origin = Origin { device, epoch: 2, seq: 7 };
        assert_eq!(origin.to_string(), format!("{}-2-7", "ab".repeat(16)));
        assert!(origin < Origin { device, epoch: 2, seq: 8 } && origin < Origin { device, epoch: 3, seq: 1 });
    }
}
