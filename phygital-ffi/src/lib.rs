//! The facade of Phygital: what Swift, Kotlin, Python and C see of it, and what their skins are made of.
//!
//! [`Phygital`] is one open store, safe to use from any thread. Calls are coarse: a record crosses as one value, and
//! what is open-ended (a card, a profile) as JSON. Names are those of [`phygital_core`], and so are the rules: nothing
//! is decided here. What the host has to carry out it pulls, [`Phygital::due`]; nothing is ever called back.
//!
//! Clock and randomness are the system's, unless [`Options`] put others in their place. Every call that can fail gives a
//! [`PhygitalError`], whose number never changes; a panic within is such an error too, and closes the store.
//!
//! [`Verifier`], [`normalize_identifier`], [`attribute_paths`], [`assign_arm`], [`lint_text`], [`classify_text`], [`rules()`],
//! [`check_rules`] and [`simulate_tap`] need no store.
//!
//! The feature `uniffi` makes the bindings of Swift, Kotlin and Python from these very items; `phygital-capi` is the C
//! library.

#![cfg_attr(not(feature = "uniffi"), forbid(unsafe_code))]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!("phygital");

mod actions;
mod consents;
mod conversation;
mod elided;
mod error;
mod events;
mod exchange;
mod identifier;
mod identity;
mod insight;
mod measure;
mod names;
mod options;
mod people;
mod phygital;
mod random;
mod rights;
mod rules;
mod simulate;
mod tags;
mod taps;
#[cfg(feature = "test-panic")]
mod test_panic;
mod texts;
mod time;
mod verifier;

pub use actions::Action;
pub use consents::{Decision, OptedIn, OptedOut};
pub use conversation::{Finding, FollowUp, Opened, Outgoing, Proposal, Sending, Verdict};
pub use error::{PhygitalError, Status};
pub use events::{Erased, MessageReceived, Receipt, Recorded};
pub use exchange::Imported;
pub use identifier::normalize_identifier;
pub use insight::{Attribution, ChannelCredit, PathRow, attribute_paths};
pub use measure::{Assigned, assign_arm};
pub use names::{
    Assurance, ConsentMethod, MessageClass, Outcome, Purpose, Right, Role, SuppressionCause, TagStatus,
};
pub use options::{Options, StoreIdentity};
pub use people::Person;
pub use phygital::Phygital;
pub use rights::RightsRequested;
pub use rules::{check_rules, rules};
pub use simulate::{SoftTag, simulate_tap};
pub use tags::{Tag, TagEnrolled};
pub use taps::{OptIn, Recognition, TapOutcome, TapRequest};
#[cfg(feature = "test-panic")]
pub use test_panic::test_panic;
pub use texts::{TextContext, TextLint, TextReading, TextStyle, classify_text, lint_text};
pub use time::Time;
pub use verifier::{Presented, TapFact, TapProof, Verifier};

/// The version of this library, such as `0.1.0`.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
