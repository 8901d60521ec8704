//! Whether a code that was texted counts.

use super::config::OptInConfig;
use super::offer::{Offer, Offered, Use};
use super::tries::Tries;
use crate::vocab::{Identifier, Timestamp};

/// What a code that was accepted means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a code is used for the first time or again")]
pub enum Acceptance<'o> {
    /// It is used now: link the contact point with what was offered.
    Join(&'o Offered),
    /// The same contact point used it before: give the same answer again. A gateway may deliver a text
    /// twice, and people press send twice. Says nothing of whether she has opted out since: ask
    /// [`consent`](crate::consent).
    AlreadyJoined(&'o Use),
}

/// Why a code is not accepted, from the least telling to the most: of several candidates in one text
/// the greatest is the reason to record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CodeRefusal {
    /// No such code was offered.
    #[error("unknown_code")]
    UnknownCode,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// Somebody else used it.
    #[error("used")]
    Used,
    /// The contact point has been wrong too often of late; nothing was looked at.
    #[error("too_many_tries")]
    TooManyTries,
}

impl CodeRefusal {
    /// Every refusal, from the least telling to the most.
    pub const ALL: &[CodeRefusal] =
        &[CodeRefusal::UnknownCode, CodeRefusal::Expired, CodeRefusal::Used, CodeRefusal::TooManyTries];

    /// The reason in "Opt In Refused"; it keeps its meaning for ever.
    pub fn code(self) -> &'static str {
        match self {
            CodeRefusal::UnknownCode => "unknown_code",
            CodeRefusal::Expired => "expired",
            CodeRefusal::Used => "used",
            CodeRefusal::TooManyTries => "too_many_tries",
        }
    }
}

/// Whether a code that `contact` texted counts at `now`.
///
/// `offer` is what the store has of the code, `tries` what it has of the contact point. The tries are
/// looked at first, so that who guesses learns nothing once they are used up; but who has already joined
/// is always answered so.
///
/// `now` should be the later of the host's clock and the log's: then a clock that was set back revives
/// nothing that the log has passed. What remains: a till that is set back before it recorded anything
/// later than the offer accepts its code longer, by as much as it was set back. A used code is never
/// revived, whatever the clock says.
///
/// # Errors
/// [`CodeRefusal`] is the reason to record, and no fault.
pub fn judge<'o>(
    offer: Option<&'o Offer>,
    tries: Option<&Tries>,
    contact: &Identifier,
    now: Timestamp,
    config: &OptInConfig,
) -> Result<Acceptance<'o>, CodeRefusal> {
    let used = offer.and_then(Offer::used);
    if let Some(used) = used.filter(|used| used.contact == *contact) {
        return Ok(Acceptance::AlreadyJoined(used));
    }
    if tries.is_some_and(|tries| tries.within(config.tries_window(), now) >= config.tries()) {
        return Err(CodeRefusal::TooManyTries);
    }
    if used.is_some() {
        return Err(CodeRefusal::Used);
    }
    let offered = offer.and_then(Offer::offered).ok_or(CodeRefusal::UnknownCode)?;
    if now >= offered.expires_at { Err(CodeRefusal::Expired) } else { Ok(Acceptance::Join(offered)) }
}
