//! The answer to "may we?": yes or no, why, and the proof.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vocab::{EventKey, Purpose, SuppressionCause};

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
    /// Who suppresses it, where somebody does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressed_by: Vec<SuppressionCause>,
}

impl Decision {
    pub(super) fn allowed(purpose: Purpose, reason: Reason, proofs: Vec<EventKey>) -> Decision {
        Decision { purpose, allowed: true, reasons: vec![reason], proofs, suppressed_by: Vec::new() }
    }

    pub(super) fn refused(purpose: Purpose, reason: Reason, proofs: Vec<EventKey>) -> Decision {
        Decision { allowed: false, ..Decision::allowed(purpose, reason, proofs) }
    }
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
    /// Not allowed: the number passed to somebody else, who agreed to nothing yet.
    Reassigned,
    /// Not allowed: the network, the gateway, a register or staff keep messages from it.
    Suppressed,
    /// Not allowed: consent was given in a way that has to be confirmed, and was not.
    Unconfirmed,
    /// Not allowed: consent was asked for, and the answer is to come.
    Requested,
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
        Reason::Reassigned,
        Reason::Suppressed,
        Reason::Unconfirmed,
        Reason::Requested,
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
            Reason::Reassigned => "reassigned",
            Reason::Suppressed => "suppressed",
            Reason::Unconfirmed => "unconfirmed",
            Reason::Requested => "requested",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
