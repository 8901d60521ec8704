//! Secure dynamic messaging (SDM, SUN): what tags of the NTAG 424 DNA family write into their URL at each tap.

mod attempt;
mod auto;
mod content;
mod diagnose;
mod file_key;
mod keyring;
mod keys;
mod keys_json;
mod link;
mod meta_key;
mod mirrors;
mod mode;
mod ndef;
mod reading;
mod search;
mod session;
mod template;
mod verify;

pub use content::{FileData, FileDataError, LoopState, TagTamper, TamperSource};
pub use diagnose::{Diagnosis, Match, MatchingKey, Note, Truncation, diagnose, diagnose_mirrors};
pub use file_key::FileKey;
pub use keyring::{Fleet, KeyRing, KeysUnavailable, Layout, Mistake};
pub use keys::{KeySet, Keys, KeysError};
pub use keys_json::KeysJsonError;
pub use link::TapLink;
pub use meta_key::MetaKey;
pub use mirrors::Mirrors;
pub use mode::{ModeRule, SdmMode, UnknownMode};
pub use ndef::{SdmOffsets, ndef_url};
pub(crate) use reading::Span;
pub use reading::{MacInput, MacInputError, MacStart};
pub use session::{EncryptedPiccData, PiccData, PiccDataTag, SdmSession, SessionKeys};
pub use template::{TemplateError, UrlTemplate};
pub use verify::{Trial, VerifiedTap, try_keys, verify, verify_file, verify_link, verify_mirrors};
