//! Personalisation of an NTAG 424 DNA: the safe order of its steps, and a journal from which a tag that was
//! left half-way is brought to its planned state.
//!
//! [`Provisioning`] drives it: it gives lines to write **durably before** the commands to send, and takes the tag's
//! answers. A [`Target`] says what a fleet's tags become, [`SlotKeys`] which keys they have and get. Tags go back to how
//! they were delivered by the same way ([`Target::delivery`]).
//!
//! Beneath it, [`Journal::next`] says what comes next, and [`Journal::record`] takes in what was sent and answered.
//! Power may fail at any moment: a journal that is read again knows which keys each slot may hold, what to try in
//! which order, and which steps remain ([`Journal::recover`]).
//!
//! Cards are bricked by key changes that nobody saw confirmed. So at most one step is ever in doubt, keys are
//! named by slot and version and never stored, the version byte that a tag shows is a hint and authentication
//! the proof, and every wrong try is counted, since a tag counts them too (TotFailCtr of the NT4H2421Gx).
//!
//! ```
//! use phygital_core::tap::personalise::{Entry, Journal, KeySlot, Next, Plan, Step};
//! use phygital_core::vocab::Digest;
//!
//! let content = Digest::from_bytes([1; 32]); // of the NDEF file and settings to write
//! let plan = Plan::new("04DE5F1EACC040".parse()?, content).change_key(KeySlot::MASTER, 0, 1);
//! let mut journal = Journal::begin(plan);
//! let mut file = journal.header();
//! assert_eq!(journal.next(), Next::Step(Step::GetVersion));
//! file += &journal.record(Entry::Intended(Step::GetVersion))?; // write it, then send the command
//! file += &journal.record(Entry::Confirmed(Step::GetVersion))?;
//!
//! let again = Journal::parse(&file)?; // after a power cut
//! assert_eq!(again.next(), Next::Step(Step::ReadSignature));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod carry_out;
mod check;
mod discovery;
mod journal;
mod plan;
mod provisioning;
mod slot_keys;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod trouble;

pub use check::{Check, Difference, Findings};
pub use journal::{Entry, JOURNAL_BYTES_MAX, Journal, JournalError};
pub use plan::{Feature, KeyChange, KeySlot, Mode, NoKeySlot, Plan, Step};
pub use provisioning::{Do, Provisioning, Report};
pub use slot_keys::{DELIVERY_VERSION, SLOT_KEYS_JSON_MAX, SlotKeyTable, SlotKeys, SlotKeysError};
pub use state::{Holding, Next, REFUSALS_MAX, Recovery, Stuck, Try, WRONG_TRIES_MAX};
pub use target::{DELIVERY_SETTINGS, PROVISIONED_ACCESS, TAG_TEMPLATE_JSON_MAX, TagTemplateError, Target};
pub use trouble::{ResumeError, Trouble};
