//! The C library: `libphygital`, with the header `bindings/c/include/phygital.h`, over the facade of `phygital-ffi`.
//!
//! Every entry answers with a [`phygital_status`]: it checks what it was given, catches panics, and leaves a message for
//! the thread. Rules that hold for all entries stand at the head of the header, which `bindings/generate` makes from the
//! documentation here.
//!
//! `unsafe` stands in `input` (what pointers point to), `text` (what is given away and taken back), and, once, in
//! `entry`.

#![allow(non_camel_case_types, reason = "the names of the C library")]
#![allow(clippy::missing_safety_doc, reason = "the rules for pointers are one, at the head of the header")]

mod entry;
mod handle;
mod input;
mod output;
mod status;
mod text;

mod actions;
mod conversation;
mod events;
mod exchange;
mod identity;
mod measure;
mod pure;
mod rights;
mod store;
mod tags;
mod taps;
#[cfg(feature = "test-panic")]
mod test_panic;
mod texts;
mod verifier;
mod who;

pub use actions::*;
pub use conversation::*;
pub use entry::{phygital_last_error_message, phygital_last_error_reason};
pub use events::*;
pub use exchange::*;
pub use identity::*;
pub use measure::*;
pub use pure::*;
pub use rights::*;
pub use status::*;
pub use store::*;
pub use tags::*;
pub use taps::*;
#[cfg(feature = "test-panic")]
pub use test_panic::*;
pub use text::*;
pub use texts::*;
pub use verifier::*;
pub use who::*;

pub use handle::{phygital_actions, phygital_store, phygital_verifier};
pub use input::{phygital_bytes, phygital_str};
