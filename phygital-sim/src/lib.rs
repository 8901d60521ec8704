//! Tags, phones and readers in software.
//!
//! A [`SoftCard`] is a tag or a phone. A [`Field`] is the place above a reader where it may lie; whoever emulates a
//! reader looks into the field, so the same card serves in memory, behind an emulated chip on a pseudo-terminal and
//! behind a virtual PC/SC reader.

mod card;
mod field;

pub use card::{Activation, Answer, SoftCard};
pub use field::Field;
