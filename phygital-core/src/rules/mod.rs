//! The law of messages as dated data: when one may be sent, how many, by when a request is answered.
//!
//! A [`RuleBook`] holds rules, each with an id, the place where it holds, its source and its dates. A host may replace any of
//! them by its id, and add its own; none of it is legal advice. What a rule says is pure arithmetic: [`Windows`] of the week in
//! every zone where somebody may be, a [`Cap`] on messages, a [`Deadline`] with a [`Calendar`] of holidays, a [`CoolingOff`].
//! [`Whereabouts`] says where the holder of a phone number may be, as far as the number tells. The strictest of all that may
//! apply wins.
//!
//! ```
//! use phygital_core::rules::{MessageClass, RuleBook, Whereabouts, hours};
//! use phygital_core::vocab::Timestamp;
//! let book = RuleBook::standard();
//! let florida = Whereabouts::of(&"phone:+18505550123".parse()?);
//! let at = Timestamp::parse("2026-07-02T00:30:00Z").unwrap(); // 20:30 in Miami, 19:30 in Pensacola
//! let windows = book.windows(florida.places(), MessageClass::Marketing, at);
//! assert!(!hours::allowed(&windows, florida.zones(), at));
//! let morning = Timestamp::parse("2026-07-02T13:00:00Z").unwrap(); // 8:00 in Pensacola
//! assert_eq!(hours::next_allowed(&windows, florida.zones(), at), Some(morning));
//! # Ok::<(), phygital_core::vocab::IdentifierError>(())
//! ```

mod book;
mod calendar;
mod caps;
mod check;
mod deadline;
pub mod hours;
mod place;
mod rule;
mod span;
mod whereabouts;
mod windows;

pub use book::{RuleBook, RuleBookError};
pub use calendar::Calendar;
pub use caps::{Cap, CapVerdict};
pub use check::Checked;
pub use deadline::{Counting, Deadline, Due};
pub(crate) use place::is_in_eea;
pub use place::{Place, UnknownPlace};
pub use rule::{Content, CoolingOff, Keywords, Rule, RuleBody, RuleId, Trigger, WordKind};
pub use whereabouts::Whereabouts;
pub use windows::{Windows, WindowsError};

pub use crate::vocab::{MessageClass, UnknownClass};
