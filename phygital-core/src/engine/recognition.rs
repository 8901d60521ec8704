//! Who tapped: the customer, where she agreed to be known.

use crate::store::Write;
use crate::vocab::{CustomerId, Identifier, Purpose};

use super::customers::{node_of, owner_of};
use super::session::Session;
use super::{Error, fold};

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

/// Who somebody with these identifiers is, where she agreed to be known.
pub(super) fn recognize<W: Write>(
    session: &Session<'_, W>,
    identifiers: &[Identifier],
) -> Result<Recognition, Error> {
    let tx = &session.tx;
    let owner = owner_of(tx, session.lens, identifiers)?.ok_or(Error::Bug("a tap names nobody"))?;
    let members = tx.identifiers_of(&owner)?;
    let mut named = false;
    let mut ledgers = Vec::new();
    for member in &members {
        let kind = node_of(tx, member)?.identifier.kind();
        named |= kind.is_personal() || kind.is_contact_point();
        ledgers.extend(fold::read_ledger(tx, member)?);
    }
    let permits = || session.config.policy.permits_any(&ledgers, Purpose::Recognition, session.latest());
    Ok(match named && permits().allowed {
        true => Recognition::Known(owner),
        false => Recognition::Anonymous(owner),
    })
}
