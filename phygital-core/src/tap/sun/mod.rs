//! Secure dynamic messaging (SDM, SUN): what tags of the NTAG 424 DNA family write into their URL at each tap.

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
pub(crate) use reading::Span;
pub use reading::{MacInput, MacInputError, MacStart};
pub(crate) use session::{PiccData, SdmFileKey};
pub use session::{PiccDataTag, SessionKeys};
pub use template::{TemplateError, UrlTemplate};
pub use verify::{VerifiedTap, verify, verify_file, verify_link, verify_mirrors};
