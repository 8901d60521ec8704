//! What is permitted, why, and what proves it.

use crate::consent::{Decision, Ledger};
use crate::store::Store;
use crate::vocab::{Identifier, Purpose, Timestamp};

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
        // The later of the host's clock and the log's: a clock set back revives no consent.
        let now = now.max(self.engine.head.hlc.wall());
        Ok(self.engine.config.policy.permits(ledger.as_ref(), purpose, now))
    }

    /// All that was ever said for a contact point; `None` where nothing was.
    pub fn ledger(&self, contact: &Identifier) -> Result<Option<Ledger>, Error> {
        self.engine.usable()?;
        let key = contact.key(&self.engine.tenant);
        Ok(fold::read_ledger(&self.engine.store.reader()?, &key)?)
    }
}
