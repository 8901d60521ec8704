//! Opting in by a tap and a text.
//!
//! Somebody unknown taps; she is shown a [`Notice`] and an `sms:` link ([`sms_link`]) that holds a
//! one-time [`Code`]; she presses send. What comes back, however the phone mangled it, is read by
//! [`candidates`]; [`judge`] says whether the code still counts. The code ties the number to the
//! tap: two proofs of one consent.
//!
//! [`Offer`] and [`Tries`] are folds of events, so what was decided is never decided again.
//!
//! ```
//! use phygital_core::optin::{Code, Notice, Platform, candidates};
//! use phygital_core::vocab::{NoticeId, Purpose};
//! let notice = Notice::new(
//!     NoticeId::new("tap-sms-2026-03")?,
//!     "Send this text to get offers from Acme. STOP ends it.",
//!     "+1 510 555 0101",
//!     [Purpose::Recognition, Purpose::Marketing],
//! )?;
//! let code: Code = "K7QM4X".parse()?;
//! assert_eq!(notice.link(&code, Platform::Ios), "sms:+15105550101&body=JOIN%20K7QM4X");
//!
//! assert_eq!(candidates("Hi! join k7qm 4x\n\nSent from my iPhone", &[notice.keyword()]), [code]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod candidates;
mod code;
mod config;
mod judge;
pub(crate) mod keywords;
mod notice;
mod offer;
mod sms;
mod tag_text;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod tries;

pub use candidates::candidates;
pub(crate) use candidates::{Finds, find};
pub use code::{Code, CodeError, CodeLength};
pub use config::{OptInConfig, OptInConfigError};
pub use judge::{Acceptance, CodeRefusal, judge};
pub use notice::{Notice, NoticeError};
pub use offer::{Offer, Offered, Use};
pub use sms::{Platform, SmsLinkError, sms_link};
pub use tag_text::TagText;
pub use tries::Tries;
