//! Google Smart Tap 2.1, the reader's side: passes of Google Wallet, asked for, checked and decrypted.
//!
//! The protocol as published by Google's sample application and by the community (kormax, google-smart-tap).
//! **Commercial use needs Google's approval**: the collector's public key has to be registered with Google, which
//! gives the collector id.
//!
//! [`SmartTapReader`] runs the exchange: SELECT, NEGOTIATE with the collector's signature, GET DATA until the phone has
//! given all, and gives the passes checked and decrypted. [`crate::tap::wallet::from_smart_tap`] makes taps of them.
//! [`SealedBundle`] and [`Bundle`] are its last two steps, for who has an exchange recorded.
//!
//! What an exchange proves: whoever answered took part in it now, as the reader's nonce and fresh key enter the keys of
//! the session. It does not prove that a phone with Google Wallet answered: the phone shows no key of its own. So the
//! number of a pass has to be a random token, as hard to guess as a password.

#[cfg(any(test, feature = "simulate"))]
pub mod phone;

mod bundle;
mod collector;
mod error;
mod fields;
mod get_data;
mod negotiate;
mod objects;
mod reader;
mod select;
mod session;
mod status;

pub use bundle::{BUNDLE_INFLATED_MAX, SealedBundle, SmartTapKeys, inflate};
pub use collector::{CollectorKey, CollectorSigner, SIGNATURE_MAX, SignerUnavailable};
pub use error::SmartTapError;
pub use get_data::{PosCapabilities, SERVICES_MAX, ServiceAnswer, ServiceRequest, VasTypes};
pub use negotiate::{Negotiate, NegotiateAnswer, SIGNED_LENGTH, to_be_signed};
pub use objects::{Bundle, OBJECTS_MAX, ObjectKind, ServiceObject, Value};
pub use reader::{
    MORE_DATA_MAX, RESPONSE_MAX, SessionSeed, SmartTapOutcome, SmartTapRead, SmartTapReader, SmartTapTerminal,
};
pub use select::{DirectoryEntry, SMART_TAP_AID, SmartTapOse, SmartTapSelect};
pub use session::{Session, SessionStatus};
pub use status::SmartTapStatus;
