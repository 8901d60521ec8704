//! A touch: one time that a customer met the shop.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::vocab::{EventKey, PlaceId, Timestamp};

/// How a customer met the shop once.
///
/// Touches stand in the order of their time, then of their sequence, then of their id: total, and the same however they
/// came in.
///
/// ```
/// use phygital_core::journey::{Touch, TouchKind};
/// use phygital_core::vocab::{EventId, EventKey, SourceId, Timestamp};
/// let id = EventKey::of(&SourceId::new("//till/1")?, &EventId::new("t-1")?);
/// let touch = Touch::new(Timestamp::parse("2026-11-21T12:00:00Z")?, id, TouchKind::Tap, "tap").from("shelf-3");
/// assert_eq!((&*touch.channel, &*touch.source), ("tap", "shelf-3"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Touch {
    /// When.
    pub at: Timestamp,
    /// Which came first of those of the same time, as their source counted them; 0 where it did not.
    pub sequence: u64,
    /// The event that it is.
    pub id: EventKey,
    /// Of which kind: it decides how far back it counts.
    pub kind: TouchKind,
    /// What earns the credit. A name of 1 to [`CHANNEL_NAME_BYTES_MAX`](crate::vocab::limits::CHANNEL_NAME_BYTES_MAX)
    /// bytes.
    pub channel: Box<str>,
    /// What of the channel it was: the tag, the page's site, the campaign, the e-mail; empty where nobody said.
    pub source: Box<str>,
    /// In which shop; none on the web.
    pub place: Option<PlaceId>,
}

impl Touch {
    /// A touch of the web, without a source.
    pub fn new(at: Timestamp, id: EventKey, kind: TouchKind, channel: impl Into<Box<str>>) -> Touch {
        Touch { at, sequence: 0, id, kind, channel: channel.into(), source: "".into(), place: None }
    }

    /// The touch with what of the channel it was.
    pub fn from(self, source: impl Into<Box<str>>) -> Touch {
        Touch { source: source.into(), ..self }
    }

    /// The touch in a shop.
    pub fn at_place(self, place: PlaceId) -> Touch {
        Touch { place: Some(place), ..self }
    }

    /// The touch with its place among those of the same time.
    pub fn in_sequence(self, sequence: u64) -> Touch {
        Touch { sequence, ..self }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal),* $(,)?) => {
        /// What kind of touch it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum TouchKind {
            $($(#[$doc])* $kind),*
        }

        impl TouchKind {
            /// Every kind, in order.
            pub const ALL: &[TouchKind] = &[$(TouchKind::$kind),*];

            /// The name in JSON and on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $(TouchKind::$kind => $name),*
                }
            }
        }
    };
}

kinds! {
    /// A phone met a tag.
    Tap = "tap",
    /// She came into a shop.
    Visit = "visit",
    /// She came to a web site or an app.
    Web = "web",
    /// She clicked in an e-mail.
    Email = "email",
    /// She was sent a text that advertises.
    Sms = "sms",
    /// She came through an advertisement that was paid for.
    Ad = "ad",
    /// Somebody of the shop helped her.
    Associate = "associate",
}

impl TouchKind {
    /// Whether it takes place in a shop.
    pub fn is_physical(self) -> bool {
        matches!(self, TouchKind::Tap | TouchKind::Visit | TouchKind::Associate)
    }
}

/// The text names no [`TouchKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of touch: tap, visit, web, email, sms, ad or associate")]
pub struct UnknownTouchKind;

impl FromStr for TouchKind {
    type Err = UnknownTouchKind;
    fn from_str(text: &str) -> Result<TouchKind, UnknownTouchKind> {
        TouchKind::ALL.iter().copied().find(|kind| kind.name() == text).ok_or(UnknownTouchKind)
    }
}

impl fmt::Display for TouchKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_one_name_each() {
        for &kind in TouchKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(serde_json::to_string(&kind).ok(), Some(format!("\"{kind}\"")));
        }
        assert_eq!("fax".parse::<TouchKind>(), Err(UnknownTouchKind));
    }
}
