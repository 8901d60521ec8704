//! Which purposes need consent, which rest on something else, and what a consent has to be to count.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::decision::{Decision, Reason};
use super::entry::{Entry, State};
use super::ledger::{Ledger, Word};
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

/// What a consent to a purpose has to be to count, beside being given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Terms {
    /// For how many days it counts, where it says no earlier end itself; for good where none is said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_days: Option<u32>,
    /// Whether it has to prove that it came from the contact point itself: see [`Ledger::is_confirmed`].
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub double_opt_in: bool,
}

impl Terms {
    /// From when on a grant no longer counts.
    pub(crate) fn end(&self, grant: &Entry) -> Option<Timestamp> {
        let days = self.valid_days.map(|days| Duration::from_secs(u64::from(days) * 24 * 60 * 60));
        let outlived = days.map(|days| grant.fold.at.saturating_add(days));
        grant.expires_at.into_iter().chain(outlived).min()
    }
}

/// The basis of each purpose, and the terms of consent: configuration.
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Purposes that rest on something else than consent.
    others: BTreeMap<Purpose, Basis>,
    /// Terms that are not the default.
    terms: BTreeMap<Purpose, Terms>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { others: BTreeMap::from([(Purpose::Service, Basis::Contract)]), terms: BTreeMap::new() }
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

    /// The policy with other terms for consent to a purpose.
    pub fn with_terms(mut self, purpose: Purpose, terms: Terms) -> Policy {
        match terms == Terms::default() {
            true => self.terms.remove(&purpose),
            false => self.terms.insert(purpose, terms),
        };
        self
    }

    /// The basis of a purpose.
    pub fn basis(&self, purpose: Purpose) -> Basis {
        self.others.get(&purpose).copied().unwrap_or(Basis::Consent)
    }

    /// The terms of consent to a purpose.
    pub fn terms(&self, purpose: Purpose) -> Terms {
        self.terms.get(&purpose).copied().unwrap_or_default()
    }

    /// Whether a contact point may be used for a purpose at `now`, why, and what proves it.
    ///
    /// `ledger` is what the store has of the contact point, `None` where it has nothing. `now` should
    /// be the later of the host's clock and the log's: a clock that was set back then brings no expired
    /// consent to life.
    ///
    /// - Of the entries for the purpose the latest counts; a withdrawal comes after whatever was said at the
    ///   same time, and of two grants at the same time the one that ends first counts. So an older grant that
    ///   arrives late undoes nothing.
    /// - A withdrawal counts from the moment it is known, whatever time it bears.
    /// - A grant counts from its own time on, and until it expires. Where the latest has expired, an
    ///   older one does not count again: the customer was asked anew, and on other terms.
    /// - A grant that the [`Terms`] want confirmed and that is not changes nothing: anybody can type a number.
    /// - A number that passed to somebody else is not used at all until whoever has it now agreed to something; what was
    ///   granted before ended with it.
    /// - What the network, the gateway, a register or staff suppress is suppressed, whatever was granted.
    pub fn permits(&self, ledger: Option<&Ledger>, purpose: Purpose, now: Timestamp) -> Decision {
        let silence = Ledger::default();
        let ledger = ledger.unwrap_or(&silence);
        let (basis, terms) = (self.basis(purpose), self.terms(purpose));
        let confirmed = |grant: &Entry| !terms.double_opt_in || ledger.is_confirmed(grant);
        let word = ledger.last_word(purpose, |word| match word.entry {
            Some(grant) if word.state == State::Granted => word.fold.at <= now && confirmed(grant),
            _ => true,
        });
        let refuse = |reason, word: Word<'_>| Decision::refused(purpose, reason, vec![word.fold.key]);
        let given = match word {
            Some(word) if word.state == State::Withdrawn => return refuse(Reason::Withdrawn, word),
            Some(word) if word.state == State::Reassigned => {
                let agreed = |entry: &Entry| {
                    entry.state == State::Granted && word.fold.at < entry.fold.at && entry.fold.at <= now
                };
                if basis == Basis::Consent || !ledger.entries().iter().any(agreed) {
                    return refuse(Reason::Reassigned, word);
                }
                None
            }
            other => other.and_then(|word| word.entry),
        };
        let suppressions = ledger.suppressions(purpose);
        if !suppressions.is_empty() {
            return suppressed(purpose, &suppressions);
        }
        let expired = match given {
            Some(grant) if terms.end(grant).is_none_or(|end| now < end) => {
                return Decision::allowed(purpose, Reason::Granted, vec![grant.fold.key]);
            }
            other => other,
        };
        match basis {
            Basis::Contract => return Decision::allowed(purpose, Reason::Contract, Vec::new()),
            Basis::LegitimateInterest => {
                return Decision::allowed(purpose, Reason::LegitimateInterest, Vec::new());
            }
            Basis::Consent => {}
        }
        let first = |state, counts: &dyn Fn(&Entry) -> bool| {
            let mut of =
                ledger.entries().iter().filter(|entry| entry.state == state && entry.covers(purpose));
            of.find(|entry| counts(entry)).map(|entry| entry.fold.key)
        };
        let (reason, proof) = if let Some(grant) = expired {
            (Reason::Expired, Some(grant.fold.key))
        } else if let Some(to_come) = first(State::Granted, &|grant| now < grant.fold.at) {
            (Reason::NotYet, Some(to_come))
        } else if let Some(grant) = first(State::Granted, &|grant| !confirmed(grant)) {
            (Reason::Unconfirmed, Some(grant))
        } else if let Some(asked) =
            first(State::Requested, &|request| request.expires_at.is_none_or(|end| now < end))
        {
            (Reason::Requested, Some(asked))
        } else {
            (Reason::NeverAsked, None)
        };
        Decision::refused(purpose, reason, proof.into_iter().collect())
    }

    /// Whether a message may be sent to a contact point for a purpose: as [`Policy::permits`], but what keeps messages from it
    /// keeps that of every purpose. A question that is asked to know her better is a message too.
    pub fn permits_message(&self, ledger: Option<&Ledger>, purpose: Purpose, now: Timestamp) -> Decision {
        let decision = self.permits(ledger, purpose, now);
        let blocks = ledger.map(Ledger::blocks).unwrap_or_default();
        if blocks.is_empty() || !decision.allowed { decision } else { suppressed(purpose, &blocks) }
    }

    /// Whether a customer with several contact points may be recognised, shown or measured: for what
    /// is done with the person, not with one number. To send something ask [`Policy::permits_message`] for
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
        let mut all = Decision { allowed, ..Decision::refused(purpose, Reason::NeverAsked, Vec::new()) };
        all.reasons = decisions.iter().flat_map(|one| one.reasons.iter().copied()).collect();
        all.proofs = decisions.iter().flat_map(|one| one.proofs.iter().copied()).collect();
        all.suppressed_by = decisions.iter().flat_map(|one| one.suppressed_by.iter().copied()).collect();
        all.reasons.sort();
        all.reasons.dedup();
        all.proofs.sort();
        all.proofs.dedup();
        all.suppressed_by.sort();
        all.suppressed_by.dedup();
        all
    }
}

/// A purpose that is refused by suppressions.
fn suppressed(purpose: Purpose, by: &[&Entry]) -> Decision {
    let proofs = by.iter().map(|entry| entry.fold.key).collect();
    let mut decision = Decision::refused(purpose, Reason::Suppressed, proofs);
    decision.suppressed_by = by.iter().filter_map(|entry| entry.cause).collect();
    decision
}
