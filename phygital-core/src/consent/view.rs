//! A ledger as a person reads it.

use serde::Serialize;

use super::decision::Decision;
use super::entry::Entry;
use super::ledger::Ledger;
use super::policy::{Basis, Policy};
use super::signal::Signal;
use crate::vocab::{Identifier, IdentifierKind, Purpose, Timestamp};

/// What a person may see of a contact point's consent: what is allowed now, and all that was said.
///
/// Serialises to JSON; the access right (GDPR, article 15) and `consent show` are answered with it.
/// The contact point stands in it masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LedgerView<'l> {
    /// Phone or e-mail.
    pub kind: IdentifierKind,
    /// The contact point with all but its last characters hidden.
    pub contact: String,
    /// The time of the decisions.
    pub at: Timestamp,
    /// Every purpose, in order.
    pub purposes: Vec<PurposeView>,
    /// What was said, oldest first.
    pub entries: &'l [Entry],
    /// The opt-out signal of a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<&'l Signal>,
    /// Whether older entries stand in the log alone.
    pub cut: bool,
}

/// A purpose in a [`LedgerView`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PurposeView {
    /// What the purpose rests on.
    pub basis: Basis,
    /// Whether it is allowed.
    #[serde(flatten)]
    pub decision: Decision,
}

impl Ledger {
    /// The ledger of `contact` as a person reads it at `now`.
    pub fn view<'l>(&'l self, contact: &Identifier, policy: &Policy, now: Timestamp) -> LedgerView<'l> {
        let view = |&purpose| PurposeView {
            basis: policy.basis(purpose),
            decision: policy.permits(Some(self), purpose, now),
        };
        LedgerView {
            kind: contact.kind(),
            contact: contact.masked(),
            at: now,
            purposes: Purpose::ALL.iter().map(view).collect(),
            entries: self.entries(),
            signal: self.signal(),
            cut: self.is_cut(),
        }
    }
}
