//! Failed tries of one contact point.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judge::CodeRefusal;
use crate::event::{Body, FoldKey, Recorded};
use crate::vocab::limits::TRIES_MAX;
use crate::vocab::{Identifier, Timestamp};

/// When a phone number or address texted codes that were not accepted: the latest [`TRIES_MAX`].
///
/// The fold of "Opt In Refused". A refusal for too many tries is no try: nothing was looked up, and who
/// waits for the window to pass is not to be pushed further away. The same events give the same state in
/// any order. Kept as JSON in one row of the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tries {
    /// In the order of the fold.
    refused: Vec<FoldKey>,
}

impl Tries {
    /// Takes an event into the tries of `contact`, and says whether they have to be stored anew.
    pub fn apply(&mut self, contact: &Identifier, recorded: &Recorded) -> bool {
        let Body::OptInRefused(refused) = &recorded.event.body else { return false };
        if refused.contact != *contact || refused.reason == CodeRefusal::TooManyTries.code() {
            return false;
        }
        if self.refused.iter().any(|known| known.key == recorded.fold.key) {
            return false;
        }
        self.refused.push(recorded.fold);
        self.refused.sort();
        self.refused.drain(..self.refused.len().saturating_sub(TRIES_MAX));
        true
    }

    /// How many of them lie less than `window` from `now`, before or after: a clock that was set back a
    /// little does not give new tries, and one that ran years ahead for a day does not lock anyone out.
    pub fn within(&self, window: Duration, now: Timestamp) -> usize {
        self.refused.iter().filter(|refused| refused.at.distance(now) < window).count()
    }
}
