//! Secrets, CMAC, LRP, key diversification.
//!
//! Primitives alone: they know keys and bytes, not tags. Which keys a tag has is said by
//! [`crate::tap::KeyRing`].

mod agreement;
mod boltcard;
mod cmac;
mod diversify;
mod eax;
mod lrp;
#[cfg(any(feature = "apple-vas", feature = "smart-tap"))]
mod p256;
mod public_key;
mod sdm_backend;
mod secret;
mod secret_bytes;
mod weierstrass;

#[cfg(any(feature = "apple-vas", feature = "smart-tap"))]
pub use self::p256::{P256Error, P256Key, P256Public};
pub use agreement::{ZeroSecret, x25519, x25519_public_key};
pub use boltcard::Boltcard;
#[cfg(test)]
pub(crate) use cmac::blocks_of;
pub use cmac::{Aes128Cmac, aes128_cmac, truncate_mac};
pub(crate) use cmac::{Block, CmacKey};
pub(crate) use diversify::ntag424_input_into;
pub use diversify::{
    AN10922_INPUT_MAX, Diversifier, DiversifyError, NTAG424_AID, SYSTEM_ID_MAX, diversify_aes128,
    diversify_aes192, diversify_aes256, ntag424_input,
};
pub(crate) use eax::Eax;
pub use lrp::{LricbError, Lrp};
pub use public_key::{PublicKey, PublicKeyError, SignatureAlgorithm, recovered_keys};
pub use sdm_backend::{SdmBackend, sdm_backend_legacy_tag_key, sdm_backend_legacy_undiversified_key};
pub use secret::{Secret, SecretError};
pub use secret_bytes::{SECRET_BYTES_MAX, SecretBytes};
pub(crate) use weierstrass::{SECP128R1, SECP192R1, SECP224R1};
