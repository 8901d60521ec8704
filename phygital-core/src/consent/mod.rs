//! Consent: what may be done with a contact point, and what proves it.
//!
//! Consent belongs to a phone number or e-mail address, not to a person: whoever else turns out to be
//! the same customer, a number says yes or no for itself. A [`Ledger`] holds what was said for one
//! contact point; a [`Policy`] says which purposes need consent; together with a time they give a
//! [`Decision`] with its reasons and the events that prove it.
//!
//! ```
//! use phygital_core::consent::{Ledger, Policy, Reason};
//! use phygital_core::vocab::{Purpose, Timestamp};
//! let policy = Policy::default();
//! let now = Timestamp::parse("2026-11-21T12:00:00Z")?;
//! let decision = policy.permits(None, Purpose::Marketing, now);
//! assert!(!decision.allowed);
//! assert_eq!(decision.reasons, [Reason::NeverAsked]);
//! assert!(policy.permits(None, Purpose::Service, now).allowed);
//! # Ok::<(), phygital_core::vocab::TimeError>(())
//! ```

mod catalogue;
mod decision;
mod entry;
mod import;
mod ledger;
mod policy;
mod processing;
mod record;
mod signal;
#[cfg(test)]
mod tests;
mod view;

pub use catalogue::{Catalogue, CatalogueError, NoticeVersion, Party, Processing};
pub use decision::{Decision, Reason};
pub use entry::{Entry, REQUEST, State, contacts};
pub use import::{ImportError, Imported, SegmentConsent, SegmentPreferences, Subscription, import};
pub use ledger::Ledger;
pub use policy::{Basis, Policy, Terms};
pub use processing::{Activity, RecordOfProcessing};
pub use record::{
    ConsentReceipt, ConsentRecord, ConsentStatus, Detail, RecordData, RecordEvent, RecordParty,
    RecordProcessing, RecordPurpose, SCHEMA,
};
pub use signal::{Seen, Signal};
pub use view::{LedgerView, PurposeView};
