//! Who tapped: the customer, where she agreed to be known.

use crate::profile::{CustomerCard, Role};
use crate::store::Write;
use crate::vocab::{CustomerId, Purpose};

use super::Error;
use super::known::Known;
use super::session::Session;

/// Who tapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "she is known or she is not")]
pub enum Recognition {
    /// A customer who agreed to be known.
    Known(CustomerId),
    /// Somebody unknown, or somebody who did not agree to be known. The id is that of her history so
    /// far; who she is, it does not tell.
    Anonymous(CustomerId),
}

/// Whether the customer that a tap belongs to agreed to be known; and her card for a role, where one is
/// asked for.
pub(super) fn recognize<W: Write>(
    session: &mut Session<'_, W>,
    owner: CustomerId,
    role: Option<Role>,
) -> Result<(Recognition, Option<CustomerCard>), Error> {
    let known = Known::read(&session.tx, owner)?;
    let (policy, latest) = (&session.config.policy, session.latest());
    if !known.is_named() || !known.permits(policy, Purpose::Recognition, latest).allowed {
        return Ok((Recognition::Anonymous(owner), None));
    }
    let Some(role) = role else { return Ok((Recognition::Known(owner), None)) };
    let decision = known.permits(policy, Purpose::Personalization, latest);
    let profile = session.profile(owner)?;
    let card = known.card(&session.tx, &profile, decision, role, session.now)?;
    Ok((Recognition::Known(owner), Some(card)))
}
