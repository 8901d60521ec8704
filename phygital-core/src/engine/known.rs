//! A customer with all that she is known by, and what consent allows to be done with her.

use crate::consent::{Decision, Ledger, Policy};
use crate::profile::{self, CardRequest, CustomerCard, Permission, Profile, Rank, Role, SpendBucket};
use crate::store::{KnownBy, Read, Stored};
use crate::vocab::{CustomerId, Identifier, IdentifierKey, Purpose, Timestamp};

use super::fold;

/// A customer, her identifiers and her consents, read once.
pub(super) struct Known {
    pub(super) customer: CustomerId,
    /// What she is known by, in order of key.
    pub(super) by: Vec<By>,
}

/// What a customer is known by, with what was said of its consent.
pub(super) struct By {
    pub(super) key: IdentifierKey,
    pub(super) identifier: Identifier,
    pub(super) ledger: Option<Ledger>,
}

impl Known {
    pub(super) fn read(tx: &impl Read, customer: CustomerId) -> Stored<Known> {
        let by = tx.known_by(&customer)?.into_iter().map(|KnownBy { key, identifier, ledger }| {
            let ledger = ledger.map(|text| fold::read(&text, fold::READING_LEDGER)).transpose()?;
            Ok(By { key, identifier, ledger })
        });
        Ok(Known { customer, by: by.collect::<Stored<_>>()? })
    }

    fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        self.by.iter().filter_map(|one| one.ledger.as_ref())
    }

    /// Her identifiers, strongest kind first.
    pub(super) fn identifiers(&self) -> Vec<&Identifier> {
        let mut identifiers: Vec<&Identifier> = self.by.iter().map(|one| &one.identifier).collect();
        identifiers.sort();
        identifiers
    }

    /// Whether an identifier names a person, and not only a browser or a tap.
    pub(super) fn is_named(&self) -> bool {
        let mut kinds = self.by.iter().map(|one| one.identifier.kind());
        kinds.any(|kind| kind.is_personal() || kind.is_contact_point())
    }

    /// Whether something may be done with her at `now`, which is to be the later of the host's clock and
    /// the log's: a clock set back revives no consent.
    pub(super) fn permits(&self, policy: &Policy, purpose: Purpose, now: Timestamp) -> Decision {
        policy.permits_any(self.ledgers(), purpose, now)
    }

    /// Whether something was permitted at a time by what had been said until then.
    pub(super) fn permitted_then(&self, policy: &Policy, purpose: Purpose, at: Timestamp) -> bool {
        let then = self.ledgers().map(|ledger| ledger.said_until(at)).collect::<Vec<_>>();
        policy.permits_any(&then, purpose, at).allowed
    }

    /// What may be shown of her, by a decision on [`Purpose::Personalization`].
    pub(super) fn card(
        &self,
        tx: &impl Read,
        profile: &Profile,
        decision: Decision,
        role: Role,
        now: Timestamp,
    ) -> Stored<CustomerCard> {
        let permission = match decision.allowed {
            true => Permission::Granted { proofs: decision.proofs },
            false => Permission::Refused { reasons: decision.reasons },
        };
        let mut request = CardRequest::new(self.customer, role, now, permission);
        request.rank = rank(tx, profile)?;
        request.identifiers = self.identifiers().into_iter().map(Identifier::masked).collect();
        Ok(profile::card(profile, &request))
    }
}

fn rank(tx: &impl Read, profile: &Profile) -> Stored<Option<Rank>> {
    let Some(currency) = profile.main_currency() else { return Ok(None) };
    let Some(spend) = profile.spend().into_iter().find(|spend| spend.currency == currency) else {
        return Ok(None);
    };
    let counts = tx.spenders(currency)?;
    let counts =
        counts.into_iter().filter_map(|(index, count)| Some((SpendBucket::from_index(index)?, count)));
    Ok(Rank::from_counts(counts, SpendBucket::of(spend.net_minor)))
}
