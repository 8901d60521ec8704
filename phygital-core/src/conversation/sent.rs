//! A message that went out, or that waits to: what caps, pauses and the next text need to know of it.

use serde::{Deserialize, Serialize};

use crate::vocab::{ActionId, MessageClass, Timestamp};

/// A message to one contact point that went out or waits to go out.
///
/// In the order of time. In JSON `{"at": …, "class": "marketing", "brand": true, "opt_out": true, "action": …}`; what is false
/// or absent is left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sent {
    /// When it went out; when it was asked for, while it waits.
    pub at: Timestamp,
    /// What it was.
    pub class: MessageClass,
    /// Whether it named the brand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub brand: bool,
    /// Whether it said how to opt out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opt_out: bool,
    /// Whether it waits: it was asked for, and neither went out nor failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waiting: bool,
    /// The action that it was, if it was one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<ActionId>,
}

impl Sent {
    /// A message of which no more is known.
    pub fn new(at: Timestamp, class: MessageClass) -> Sent {
        Sent { at, class, brand: false, opt_out: false, waiting: false, action: None }
    }

    /// With what it said: the brand, how to opt out.
    pub fn saying(self, brand: bool, opt_out: bool) -> Sent {
        Sent { brand, opt_out, ..self }
    }

    /// That waits to go out.
    pub fn waiting(self) -> Sent {
        Sent { waiting: true, ..self }
    }

    /// With the action that it was.
    pub fn of_action(self, action: ActionId) -> Sent {
        Sent { action: Some(action), ..self }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_so_is_not_written() {
        let sent = Sent::new(Timestamp::MIN, MessageClass::Marketing);
        let text = serde_json::to_string(&sent).unwrap();
        assert_eq!(text, r#"{"at":"1970-01-01T00:00:00Z","class":"marketing"}"#);
        assert_eq!(serde_json::from_str::<Sent>(&text).unwrap(), sent);
        let full = sent.saying(true, true).waiting().of_action("a-1".parse().unwrap());
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<Sent>(&text).unwrap(), full);
    }
}
