//! Apple VAS, the reader's side: a pass of Apple Wallet, asked for and decrypted.
//!
//! The protocol as published by the community (kormax, apple-vas; gm3197's description of the key derivation).
//! **Commercial use needs Apple's approval**: the protocol is Apple's, and the keys of a pass are bound to a
//! certificate that Apple issues. A shop whose certified reader decrypts by itself needs none of this module:
//! [`crate::tap::wallet::WalletTap::vouched`] takes what such a reader hands over.
//!
//! [`VasReader`] asks (SELECT, then GET DATA for each pass), [`Cryptogram::open`] decrypts what came, under a key that
//! [`VasKeys`] holds or a module keeps ([`VasKeyRing`]).
//!
//! What a cryptogram proves: whoever made it had the pass, or had seen inside it: a pass carries the shop's public key
//! and its own message, and nothing else goes in. So a message has to be a random token, as hard to guess as a
//! password. It also proves the time that the phone's clock told, and nothing about now: the reader gives no challenge,
//! so cryptograms can be gathered ahead with the clock set forward. [`freshness`] bounds both by a window of time and a
//! memory of what was used; [`crate::tap::wallet::verify_vas`] does all of it.

pub mod freshness;
#[cfg(any(test, feature = "simulate"))]
pub mod phone;

mod cryptogram;
mod get_data;
mod keys;
mod pass;
mod reader;
mod select;
mod status;

pub use cryptogram::{
    CRYPTOGRAM_MAX, Cryptogram, Fingerprint, KdfVariant, VasMessage, VasRefusal, derive_key, shared_info,
};
pub use get_data::{GetData, GetDataAnswer, VasProtocol};
pub use keys::{KeyId, KeyUnavailable, VAS_KEYS_MAX, VasKeyRing, VasKeys, VasKeysError};
pub use pass::{PASS_TYPE_ID_MAX, PassTypeId, PassTypeIdError};
pub use reader::{PASSES_MAX, PassRequest, VasAnswer, VasError, VasMode, VasRead, VasReader, VasTerminal};
pub use select::{VAS_AID, VasSelect};
pub use status::VasStatus;
