//! The answer to "may we?": yes or no, why, and the proof.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vocab::{EventKey, Purpose};

/// Whether something is allowed, with the reasons and the events that decided.
///
/// Made by [`Policy`](super::Policy) alone. In JSON `{"purpose": "marketing", "allowed": true,
/// "reasons": ["granted"], "proofs": ["<key of the Opted In event>"]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[must_use = "a decision that is not read guards nothing"]
pub struct Decision {
    /// What was asked for.
    pub purpose: Purpose,
    /// The answer.
    pub allowed: bool,
    /// Why: one reason for one contact point, otherwise each that decided, once, in their order.
    pub reasons: Vec<Reason>,
    /// The events that decided; none where nothing was ever said.
    pub proofs: Vec<EventKey>,
}

/// Why something is allowed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Allowed: consent was given and holds.
    Granted,
    /// Allowed: the contract suffices, and nothing was withdrawn.
    Contract,
    /// Allowed: a legitimate interest suffices, and nothing was withdrawn.
    LegitimateInterest,
    /// Not allowed: consent was withdrawn.
    Withdrawn,
    /// Not allowed: the latest consent has expired.
    Expired,
    /// Not allowed: consent was given for a time that is still to come.
    NotYet,
    /// Not allowed: nothing was ever said of this purpose.
    NeverAsked,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: &[Reason] = &[
        Reason::Granted,
        Reason::Contract,
        Reason::LegitimateInterest,
        Reason::Withdrawn,
        Reason::Expired,
        Reason::NotYet,
        Reason::NeverAsked,
    ];

    /// The code in JSON and on the command line; it keeps its meaning for ever.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Granted => "granted",
            Reason::Contract => "contract",
            Reason::LegitimateInterest => "legitimate_interest",
            Reason::Withdrawn => "withdrawn",
            Reason::Expired => "expired",
            Reason::NotYet => "not_yet",
            Reason::NeverAsked => "never_asked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
