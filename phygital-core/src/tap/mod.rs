//! Tap tokens: parse what a phone or reader delivers, verify it, say what was proven.
//!
//! A tag of the NTAG 424 DNA family writes into its URL, anew at every tap, who it is, how often it was
//! read, and a MAC over both (secure dynamic messaging, SUN). [`verify`] takes that URL and a [`KeyRing`] and
//! gives a [`VerifiedTap`] or a [`TapRefusal`]; [`replay`] then judges the counter. [`diagnose`] says why a
//! link of one's own does not verify, and [`simulator`] makes true links without a tag.
//!
//! What a verified tap proves: a tag that has the key was read, with this counter, and wrote
//! [`VerifiedTap::authenticated_text`]. What it does not: that the tag is here now (a link can be taken
//! earlier and opened later), nor anything else that stands in the URL.

pub mod limits;
pub mod replay;
pub mod simulator;

mod auto;
mod content;
mod diagnose;
mod keyring;
mod keys;
mod keys_json;
mod link;
mod mirrors;
mod ndef;
mod reading;
mod refusal;
mod session;
mod template;
mod verify;

pub use content::{FileData, FileDataError, LoopState, TagTamper, TamperSource};
pub use diagnose::{Diagnosis, Match, MatchingKey, Note, Truncation, diagnose, diagnose_mirrors};
pub use keyring::{FileKey, Fleet, KeyRing, Layout, Mistake};
pub use keys::{KeySet, Keys, KeysError};
pub use keys_json::KeysJsonError;
pub use link::TapLink;
pub use mirrors::Mirrors;
pub use ndef::{SdmOffsets, ndef_url};
pub use reading::{MacInput, MacInputError, MacStart};
pub use refusal::{Field, RefusalClass, TapRefusal};
pub use session::{PiccDataTag, SessionKeys};
pub use template::{TemplateError, UrlTemplate};
pub use verify::{Scheme, UnknownScheme, VerifiedTap, verify, verify_file, verify_link, verify_mirrors};
