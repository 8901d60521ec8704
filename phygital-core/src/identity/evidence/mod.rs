//! What is known of who is who, and since when nothing of it is: the evidence that the partition reads.
//!
//! A source says what it knows of one person in an [`Assertion`]; newer versions of a record take the place of older ones,
//! a [`Retraction`] takes all of them back. People overrule the machine by a [`Ruling`](crate::identity::Ruling), take linking back by a
//! [`LinkingConsent`] and are forgotten by an [`Erasure`]. All these are [`Fact`]s, and [`Evidence`] is the set of them: two
//! stores that exchange facts in any order come to hold the same.

mod assertion;
mod fact;
mod hashed;
mod identifiers;
mod keyed;
pub mod limits;
mod lines;
mod of_event;
mod places;
mod reading;
mod records;
mod sealed;
mod set;
mod statement;

pub use assertion::{Assertion, AssertionError, OtherTrait, Provenance, TraitName, TraitNameError};
pub use fact::{Erasure, EvidenceError, Fact, LinkingConsent, Retraction, Ruled};
pub use hashed::{HashedContact, HashedContactError, mailbox};
pub use keyed::{Keyed, Keys};
pub use lines::{LINES_VERSION, LineError, LineFault, Lines};
pub use of_event::facts_of;
pub use set::{Change, Evidence};
pub use statement::Statement;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
pub(in crate::identity) mod laws;
