//! NTAG 424 DNA and TagTamper, spoken to over ISO/IEC 14443-4: authentication, secure messaging, file settings.
//!
//! [`Authentication`] is a state machine of two exchanges that ends with a [`Session`]; the session wraps each
//! [`Native`] command by its [`CommMode`] and unwraps the answer, in AES and in LRP mode alike (NT4H2421Gx §9.1 and
//! §9.2, AN12196). Randomness is an argument. What follows is a whole exchange, with the tag's side left out:
//!
//! ```
//! use phygital_core::contactless::apdu::Response;
//! use phygital_core::contactless::ntag424::{Authentication, Mode};
//! use phygital_core::crypto::Secret;
//! # fn hex(text: &str) -> Vec<u8> {
//! #     text.as_bytes().chunks(2).map(|p| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap()).collect()
//! # }
//! // AN12196 §6.6.
//! let rnd_a = Secret::from_hex("13c5db8a5930439fc3def9a4c675360f")?;
//! let start = Authentication::first(Mode::Aes, 0, Secret::zeros(), rnd_a);
//! assert_eq!(start.command().to_bytes(), hex("9071000002000000"));
//! let challenge = hex("a04c124213c186f22399d33ac2a3021591af");
//! let proof = start.challenged(&Response::parse(&challenge)?)?;
//! assert_eq!(proof.command().to_bytes().len(), 38);
//! let answer = hex("3fa64db5446d1f34cd6ea311167f5e4985b89690c04a05f17fa7ab2f081206639100");
//! let session = proof.answered(&Response::parse(&answer)?)?;
//! assert_eq!(session.transaction().id, [0x9D, 0x00, 0xC4, 0xDF]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answers;
mod authentication;
mod error;
mod file_settings;
mod native;
mod session;
#[cfg(any(test, feature = "simulate"))]
mod tag_side;

pub use answers::{
    TamperStatus, Version, VersionPart, card_uid, file_counter, key_version, originality_signature,
};
pub use authentication::{Authentication, Mode, Proof, lrp_session_master, lrp_session_vector};
pub use error::{Actor, Ntag424Error};
pub use file_settings::{
    Access, AccessRights, CommMode, FileSettings, FileSettingsError, OFFSET_MAX, SdmAccess,
};
pub use native::{Chain, FILE_CC, FILE_NDEF, FILE_PROPRIETARY, Native, select_application};
pub use session::{ChangeKeyCase, Session, Transaction};
#[cfg(any(test, feature = "simulate"))]
pub use tag_side::{TagAuthentication, TagSession, changed_key};
