//! What is permitted, why, and what proves it.

use crate::consent::{ConsentRecord, Decision, Ledger, SegmentConsent, Subscription};
use crate::conversation::thread::Thread;
use crate::store::Store;
use crate::vocab::{CustomerId, Identifier, IdentifierKind, Purpose, Timestamp};

use super::people::known;
use super::{Engine, Error, fold};

/// The consents of an [`Engine`]. They are given and withdrawn by events: *Opted In*, *Opted Out*.
#[derive(Debug)]
pub struct Consents<'e, S: Store> {
    pub(super) engine: &'e Engine<S>,
}

impl<S: Store> Consents<'_, S> {
    /// Whether a contact point may be used for a purpose at `now`: the answer, the reasons, the events
    /// that prove it.
    pub fn permits(&self, purpose: Purpose, contact: &Identifier, now: Timestamp) -> Result<Decision, Error> {
        let ledger = self.ledger(contact)?;
        Ok(self.engine.config.policy.permits(ledger.as_ref(), purpose, self.engine.latest(now)))
    }

    /// Whether something may be done with a customer at `now`: to recognise, show, measure or share her, which is no matter of
    /// one number. Allowed where one of what she is known by allows it and none has refused; so the opt-out signal of a
    /// browser counts for her as soon as the browser is hers.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is no such customer.
    pub fn permits_customer(
        &self,
        purpose: Purpose,
        customer: CustomerId,
        now: Timestamp,
    ) -> Result<Decision, Error> {
        self.engine.usable()?;
        let known = known(&self.engine.store.reader()?, customer)?;
        Ok(known.permits(&self.engine.config.policy, purpose, self.engine.latest(now)))
    }

    /// All that was ever said for a contact point; `None` where nothing was.
    pub fn ledger(&self, contact: &Identifier) -> Result<Option<Ledger>, Error> {
        self.engine.usable()?;
        let key = contact.key(&self.engine.tenant);
        Ok(fold::read_ledger(&self.engine.store.reader()?, &key)?)
    }

    /// The consent records of a contact point (ISO/IEC TS 27560), one for each purpose of which anything was said, with the
    /// contact point in clear: they are its owner's. [`ConsentRecord::receipt`] makes receipts of them.
    pub fn records(&self, contact: &Identifier, now: Timestamp) -> Result<Vec<ConsentRecord>, Error> {
        let ledger = self.ledger(contact)?.unwrap_or_default();
        let config = &self.engine.config;
        let now = self.engine.latest(now);
        let principal = format!("{}:{}", contact.kind(), contact.value());
        let of = |&purpose| ledger.record(purpose, &principal, (&config.catalogue, &config.policy), now);
        Ok(Purpose::ALL.iter().filter_map(of).collect())
    }

    /// What is permitted of a contact point as Segment's consent object and subscriptions have it.
    pub fn segment(&self, contact: &Identifier, now: Timestamp) -> Result<SegmentConsent, Error> {
        let (ledger, now) = (self.ledger(contact)?, self.engine.latest(now));
        let decide = |&purpose| self.engine.config.policy.permits(ledger.as_ref(), purpose, now);
        let decisions: Vec<Decision> = Purpose::ALL.iter().map(decide).collect();
        let allowed = |purpose| decisions.iter().any(|one| one.purpose == purpose && one.allowed);
        let consent = self.engine.config.catalogue.segment_preferences(allowed);
        let mut context = SegmentConsent { consent, ..SegmentConsent::default() };
        let channel = match contact.kind() {
            IdentifierKind::Phone => Some("SMS"),
            IdentifierKind::Email => Some("EMAIL"),
            _ => None,
        };
        let marketing = decisions.iter().find(|one| one.purpose == Purpose::Marketing);
        if let (Some(channel), Some(marketing)) = (channel, marketing) {
            context.messaging_subscriptions.push(Subscription::of(contact.value(), channel, marketing));
        }
        Ok(context)
    }

    /// Where the conversation with a contact point stands; `None` where there was none.
    pub fn thread(&self, contact: &Identifier) -> Result<Option<Thread>, Error> {
        self.engine.usable()?;
        let key = contact.key(&self.engine.tenant);
        Ok(fold::read_thread(&self.engine.store.reader()?, &key)?)
    }
}
