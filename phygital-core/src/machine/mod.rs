//! What commands mean: pure decisions over what is known, and the small states they rest on.
//!
//! Deciding may refuse and reads no clock, no store and no randomness. What was decided becomes an
//! event; applying an event never refuses, so replaying the log decides nothing again.

mod action;
mod life;
mod tag;
mod watch;

pub use action::{Action, Outcome, UnknownOutcome};
pub use life::{FIRST_STATUSES, StatusRefusal, change_status, may_follow};
pub use tag::{Mark, TagRow, TapDecision, TapRefusalReason, decide_tap};
pub use watch::{ALARM_EVERY, FailureLimits, TapSource, WATCHED_MAX, Watch};
