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

pub mod beacon;
pub mod cose;
pub mod gs1;
pub mod limits;
pub mod ntag21x;
pub mod ntag22x;
pub mod originality;
pub mod otp;
pub mod paseto;
pub mod personalise;
pub mod replay;
pub mod signed_url;
pub mod simulator;
pub mod tag_setup;
pub mod wallet;

mod assurance;
mod claim;
mod public_keys;
mod refusal;
mod scheme;
mod sun;
mod token;
mod verdict;
mod verifier;
mod verifier_json;

pub use assurance::Assurance;
pub use claim::claimed_uid;
pub use public_keys::{PublicKeys, PublicKeysError};
pub use refusal::{Field, RefusalClass, TapRefusal};
pub use scheme::{Scheme, UnknownScheme};
pub use sun::{
    Diagnosis, EncryptedPiccData, FileData, FileDataError, FileKey, Fleet, KeyRing, KeySet, Keys, KeysError,
    KeysJsonError, KeysUnavailable, Layout, LoopState, MacInput, MacInputError, MacStart, Match, MatchingKey,
    MetaKey, Mirrors, Mistake, ModeRule, Note, PackedKeys, PiccData, PiccDataTag, SdmMode, SdmOffsets,
    SdmSession, SessionKeys, TagTamper, TamperSource, TapLink, TemplateError, Trial, Truncation, UnknownMode,
    UrlTemplate, VerifiedTap, diagnose, diagnose_mirrors, ndef_url, try_keys, verify, verify_file,
    verify_link, verify_mirrors,
};
pub use token::{TokenClaims, TokenPolicy, VerifiedToken};
pub use verdict::{Freshness, TapFact, TapProof, TapVerdict};
pub use verifier::{Presented, Verifier};
pub use verifier_json::VerifierJsonError;
