//! Who tapped: the customer, where she agreed to be known.

use crate::profile::{CustomerCard, Role};
use crate::store::Write;
use crate::vocab::{CustomerId, Identifier, Purpose};

use super::Error;
use super::customers::owner_of;
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

/// Who somebody with these identifiers is, where she agreed to be known; and her card for a role, where
/// one is asked for.
pub(super) fn recognize<W: Write>(
    session: &mut Session<'_, W>,
    identifiers: &[Identifier],
    role: Option<Role>,
) -> Result<(Recognition, Option<CustomerCard>), Error> {
    let owner = owner_of(&session.tx, session.lens, identifiers)?.ok_or(Error::Bug("a tap names nobody"))?;
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
