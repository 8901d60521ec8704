//! Which purposes need consent, and which rest on something else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::decision::{Decision, Reason};
use super::ledger::{Entry, Ledger, State};
use crate::vocab::{Purpose, Timestamp};

/// What allows a purpose in general (GDPR, article 6(1)).
///
/// Whatever the basis, a withdrawal blocks: an objection is to be honoured under article 21 too, and a
/// text after a STOP is barred whatever it says (47 CFR 64.1200(a)(10) and (12), CTIA Messaging
/// Principles).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// A grant in the ledger: GDPR 6(1)(a) and 7; prior express written consent of 47 CFR
    /// 64.1200(a)(2); PECR regulation 22.
    Consent,
    /// Needed to perform what the customer ordered or asked for: GDPR 6(1)(b).
    Contract,
    /// An interest of the shop that hers does not override: GDPR 6(1)(f). The shop has to have weighed
    /// the two, and to have told her.
    LegitimateInterest,
}

/// The basis of each purpose: configuration.
///
/// By default [`Purpose::Service`] rests on the contract and everything else needs consent. A basis
/// other than consent suffices without a grant; a withdrawal still blocks.
///
/// ```
/// use phygital_core::consent::{Basis, Policy};
/// use phygital_core::vocab::{Purpose, Timestamp};
/// let policy = Policy::default().with(Purpose::Measurement, Basis::LegitimateInterest);
/// assert!(policy.permits(None, Purpose::Measurement, Timestamp::MIN).allowed);
/// assert_eq!(policy.basis(Purpose::Marketing), Basis::Consent);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy {
    /// Purposes that rest on something else than consent.
    others: BTreeMap<Purpose, Basis>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { others: BTreeMap::from([(Purpose::Service, Basis::Contract)]) }
    }
}

impl Policy {
    /// The policy with another basis for a purpose.
    pub fn with(mut self, purpose: Purpose, basis: Basis) -> Policy {
        match basis {
            Basis::Consent => self.others.remove(&purpose),
            _ => self.others.insert(purpose, basis),
        };
        self
    }

    /// The basis of a purpose.
    pub fn basis(&self, purpose: Purpose) -> Basis {
        self.others.get(&purpose).copied().unwrap_or(Basis::Consent)
    }

    /// Whether a contact point may be used for a purpose at `now`, why, and what proves it.
    ///
    /// `ledger` is what the store has of the contact point, `None` where it has nothing. `now` should
    /// be the later of the host's clock and the log's: a clock that was set back then brings no expired
    /// consent to life.
    ///
    /// - Of the entries for the purpose the latest in the order of the fold counts; a withdrawal comes
    ///   after whatever was said at the same time. So an older grant that arrives late undoes nothing.
    /// - A withdrawal counts from the moment it is known, whatever time it bears.
    /// - A grant counts from its own time on, and until it expires. Where the latest has expired, an
    ///   older one does not count again: the customer was asked anew, and on other terms.
    pub fn permits(&self, ledger: Option<&Ledger>, purpose: Purpose, now: Timestamp) -> Decision {
        let entries = ledger.map_or(&[][..], Ledger::entries);
        let covering = || entries.iter().filter(|entry| entry.covers(purpose));
        let counts = |entry: &&Entry| entry.state == State::Withdrawn || entry.fold.at <= now;
        let latest =
            covering().filter(counts).max_by_key(|entry| (entry.fold.at, entry.state, entry.fold.key));
        let (reason, proof) = match latest {
            Some(entry) if entry.state == State::Withdrawn => (Reason::Withdrawn, Some(entry)),
            Some(entry) if entry.expires_at.is_none_or(|end| now < end) => (Reason::Granted, Some(entry)),
            Some(entry) => (Reason::Expired, Some(entry)),
            None => match covering().next() {
                Some(entry) => (Reason::NotYet, Some(entry)),
                None => (Reason::NeverAsked, None),
            },
        };
        let proofs = proof.map(|entry| entry.fold.key).into_iter().collect();
        match (reason, self.basis(purpose)) {
            (Reason::Granted | Reason::Withdrawn, _) | (_, Basis::Consent) => {
                Decision { purpose, allowed: reason == Reason::Granted, reasons: vec![reason], proofs }
            }
            (_, basis) => {
                let reason =
                    if basis == Basis::Contract { Reason::Contract } else { Reason::LegitimateInterest };
                Decision { purpose, allowed: true, reasons: vec![reason], proofs: Vec::new() }
            }
        }
    }

    /// Whether a customer with several contact points may be recognised, shown or measured: for what
    /// is done with the person, not with one number. To send something ask [`Policy::permits`] for
    /// the very number it goes to.
    ///
    /// `ledgers` has one of each contact point, empty ones included or not. Allowed when at least one
    /// of them allows it and none has withdrawn. So a merge of two profiles never allows more than one
    /// of them did: it adds no grant, and it may add a withdrawal. That is the strictest reading there
    /// is without asking every number anew: whoever says "no" by one number means herself.
    pub fn permits_any<'l>(
        &self,
        ledgers: impl IntoIterator<Item = &'l Ledger>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Decision {
        let mut decisions: Vec<Decision> =
            ledgers.into_iter().map(|ledger| self.permits(Some(ledger), purpose, now)).collect();
        if decisions.is_empty() {
            return self.permits(None, purpose, now);
        }
        let withdrawn = decisions.iter().any(|one| one.reasons == [Reason::Withdrawn]);
        let allowed = !withdrawn && decisions.iter().any(|one| one.allowed);
        if withdrawn {
            decisions.retain(|one| one.reasons == [Reason::Withdrawn]);
        } else {
            decisions.retain(|one| one.allowed == allowed);
        }
        let mut reasons: Vec<_> = decisions.iter().flat_map(|one| one.reasons.iter().copied()).collect();
        let mut proofs: Vec<_> = decisions.iter().flat_map(|one| one.proofs.iter().copied()).collect();
        reasons.sort();
        reasons.dedup();
        proofs.sort();
        proofs.dedup();
        Decision { purpose, allowed, reasons, proofs }
    }
}
