//! The opt-out signal of a browser: Global Privacy Control.

use serde::{Deserialize, Serialize};

use crate::event::{Event, FoldKey, Recorded};
use crate::vocab::{Purpose, Timestamp};

/// Since when and until when a browser said by `Sec-GPC: 1` that what it shows of her is not to be sold or shared: a
/// withdrawal of [`Signal::PURPOSE`] at the latest of these times.
///
/// It counts for the browser or device, for any profile tied to it, pseudonymous ones too, and for the person where she
/// is known (California Code of Regulations, title 11, section 7025(c)(1)). So it is kept for every identifier that such
/// an event names. The first and the last are kept, whatever lies between; that is a property of the set of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Signal {
    /// The first event with it.
    pub first: Seen,
    /// The last event with it.
    pub last: Seen,
}

/// An event that brought the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seen {
    /// Its place in the fold.
    pub fold: FoldKey,
    /// When the log received it.
    pub received_at: Timestamp,
}

impl Signal {
    /// What the signal withdraws: sale and sharing for advertising across contexts.
    pub const PURPOSE: Purpose = Purpose::Advertising;

    /// Whether an event came with the signal: `gpc` of its context is `true`, `1` or `"1"`.
    ///
    /// ```
    /// use phygital_core::consent::Signal;
    /// use phygital_core::event::{CodecOptions, Event};
    /// let page = |context: &str| {
    ///     let text = format!(
    ///         r#"{{"type": "page", "messageId": "m", "anonymousId": "a", "timestamp": "2026-11-20T21:04:00Z",
    ///             "context": {context}}}"#
    ///     );
    ///     Event::from_json(&text, &CodecOptions::default())
    /// };
    /// assert!(Signal::is_in(&page(r#"{"gpc": true}"#)?));
    /// assert!(!Signal::is_in(&page(r#"{"gpc": "0"}"#)?));
    /// # Ok::<(), phygital_core::event::EventError>(())
    /// ```
    pub fn is_in(event: &Event) -> bool {
        event
            .context
            .extra
            .get("gpc")
            .is_some_and(|value| matches!(value, "true" | "1" | "\"1\"" | "\"true\""))
    }

    /// The signal with that of one more event; says whether it is another now.
    pub(super) fn add(signal: &mut Option<Signal>, recorded: &Recorded) -> bool {
        let seen = Seen { fold: recorded.fold, received_at: recorded.received_at };
        match signal {
            None => {
                *signal = Some(Signal { first: seen, last: seen });
                true
            }
            Some(known) => {
                let both = Signal { first: known.first.min(seen), last: known.last.max(seen) };
                let changed = both != *known;
                *known = both;
                changed
            }
        }
    }

    /// The signal as it was when the log had nothing later than `at`: at least what it was then.
    pub(super) fn known_at(&self, at: Timestamp) -> Option<Signal> {
        let (first, last) = (self.first, self.last);
        match (first.received_at <= at, last.received_at <= at) {
            (_, true) => Some(Signal { first: if first.received_at <= at { first } else { last }, last }),
            (true, false) => Some(Signal { first, last: first }),
            (false, false) => None,
        }
    }

    /// The signal as of what was said until `at`. Where it was given before and after, it is taken as given at `at` too.
    pub(super) fn said_until(&self, at: Timestamp) -> Option<Signal> {
        let (first, mut last) = (self.first, self.last);
        if first.fold.at > at {
            return None;
        }
        last.fold.at = last.fold.at.min(at);
        Some(Signal { first, last })
    }
}
