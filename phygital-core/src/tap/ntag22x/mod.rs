//! NTAG 223 DNA and NTAG 224 DNA, with or without StatusDetect: UID, counter and status mirrored under one MAC.
//!
//! At each read such a tag writes `UIDxCTRxMAC` into its text, with StatusDetect `UIDxCTRxSTATUSxMAC`. The MAC
//! (SUNCMAC) is a truncated AES-CMAC under one key of the tag over UID, counter and status (AN12998); it covers
//! nothing else of the URL. [`verify`] takes the URL and a [`SuncmacRing`] and gives a [`Tap22x`].
//!
//! The key can be recovered from a tag whose key pages were left unlocked, with a reader that cuts the field in
//! the middle of a write. Whoever personalises must lock them (LOCK_SUNCMAC_KEY, AUTH0); nobody can see in a link
//! whether that was done, so these taps have an assurance of their own, [`crate::tap::Assurance::DynamicWeak`].

mod keys;
mod message;
#[cfg(any(test, feature = "simulate"))]
mod soft_tag;
mod verify;

pub use keys::{SYSTEM_ID_22X_MAX, SuncmacAnswer, SuncmacKeys, SuncmacKeysError, SuncmacRing};
pub use message::{Message22x, StatusDetect};
#[cfg(any(test, feature = "simulate"))]
pub use soft_tag::SoftNtag22x;
pub use verify::{Tap22x, verify, verify_message};
