//! Keys of tags that were personalised for NFC Developer's sdm-backend, by its derivation of 2023 and by the older one
//! (sdm-backend, libsdm/derive.py and libsdm/legacy_derive.py).
//!
//! Both have it that an all-zero master key stands for tags with factory keys.

use std::fmt;
use std::num::NonZeroU32;

use aes::Aes128Enc;
use ring::{hmac, pbkdf2};
use zeroize::Zeroize;

use super::cmac::CmacKey;
use super::secret::Secret;
use crate::vocab::tag::TagUid;

/// A master key, prepared to derive keys by HMAC-SHA256 and CMAC.
///
/// ```
/// use phygital_core::crypto::{SdmBackend, Secret};
/// // sdm-backend, tests/test_kdf.py.
/// let keys = SdmBackend::new(&Secret::from_hex("c9eb67df090aff47c3b19a2516680b9d")?);
/// assert_eq!(keys.undiversified_key(), Secret::from_hex("a13086f194d7bdfd108dd11716ea2bdf")?);
/// let tag_key = keys.tag_key("010203040506ab".parse()?, 1);
/// assert_eq!(tag_key, Secret::from_hex("f18cdd9389d47ae7ab381e80e5ab6fe3")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SdmBackend {
    /// None if it is all zeros.
    keys: Option<(Secret<16>, Secret<32>)>,
}

/// What goes into HMAC for the key that all tags share, for the key of a number, and for that of the UIDs.
const PICC_DATA_KEY: &[u8] = b"PICCDataKey";
const SLOT_MASTER_KEY: &[u8] = b"SlotMasterKey";
const DIVERSIFICATION_KEY: &[u8] = b"DivBaseKey";

impl SdmBackend {
    /// Prepares the master key.
    #[must_use]
    pub fn new(master_key: &Secret<16>) -> Self {
        let keys = (*master_key != Secret::zeros())
            .then(|| (master_key.duplicate(), hmac_sha256(master_key.expose(), &[DIVERSIFICATION_KEY])));
        Self { keys }
    }

    /// Key 1 of all tags: their SDMMetaReadKey.
    #[must_use]
    pub fn undiversified_key(&self) -> Secret<16> {
        self.keys
            .as_ref()
            .map_or_else(Secret::zeros, |(master, _)| front(&hmac_sha256(master.expose(), &[PICC_DATA_KEY])))
    }

    /// The key of this number of one tag; the backend takes number 2 as SDMFileReadKey.
    #[must_use]
    pub fn tag_key(&self, uid: TagUid, key_no: u8) -> Secret<16> {
        self.keys.as_ref().map_or_else(Secret::zeros, |(master, base)| {
            let slot = front(&hmac_sha256(master.expose(), &[SLOT_MASTER_KEY, &[key_no]]));
            let tag = front(&hmac_sha256(base.expose(), &[uid.as_bytes()]));
            let mut message = [1; 17];
            message[1..].copy_from_slice(tag.expose());
            let key = Secret::take(&mut CmacKey::<Aes128Enc>::new(slot.expose()).mac(&message));
            message.zeroize();
            key
        })
    }
}

impl fmt::Debug for SdmBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SdmBackend(elided)")
    }
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> Secret<32> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut code = Secret::zeros();
    code.expose_mut().copy_from_slice(context.sign().as_ref());
    code
}

fn front(code: &Secret<32>) -> Secret<16> {
    let mut key = Secret::zeros();
    key.expose_mut().copy_from_slice(&code.expose()[..16]);
    key
}

/// Rounds of the older derivation, which make each of its keys cost some milliseconds.
const ROUNDS: NonZeroU32 = NonZeroU32::new(5_000).expect("not zero");

/// Key `key_no` of all tags by the older derivation; the backend takes number 1 as SDMMetaReadKey. It takes some
/// milliseconds.
#[must_use]
pub fn sdm_backend_legacy_undiversified_key(master_key: &Secret<16>, key_no: u8) -> Secret<16> {
    stretched(master_key, &[b"key_no_uid", &[key_no]])
}

/// Key `key_no` of one tag by the older derivation; the backend takes number 2 as SDMFileReadKey. It takes some
/// milliseconds.
#[must_use]
pub fn sdm_backend_legacy_tag_key(master_key: &Secret<16>, uid: TagUid, key_no: u8) -> Secret<16> {
    stretched(master_key, &[b"key", uid.as_bytes(), &[key_no]])
}

fn stretched(master_key: &Secret<16>, salt: &[&[u8]]) -> Secret<16> {
    let mut key = Secret::zeros();
    if *master_key != key {
        let (algorithm, salt) = (pbkdf2::PBKDF2_HMAC_SHA512, salt.concat());
        pbkdf2::derive(algorithm, ROUNDS, &salt, master_key.expose(), key.expose_mut());
    }
    key
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secret(hex: &str) -> Secret<16> {
        Secret::from_hex(hex).unwrap()
    }

    #[test]
    fn an_all_zero_master_key_stands_for_factory_keys() {
        let uid = TagUid::new([4; 7]);
        let keys = SdmBackend::new(&Secret::zeros());
        assert_eq!(keys.undiversified_key(), Secret::zeros());
        assert_eq!(keys.tag_key(uid, 2), Secret::zeros());
        assert_eq!(sdm_backend_legacy_undiversified_key(&Secret::zeros(), 1), Secret::zeros());
        assert_eq!(sdm_backend_legacy_tag_key(&Secret::zeros(), uid, 2), Secret::zeros());
    }

    /// Recomputed with Python's hashlib.pbkdf2_hmac.
    #[test]
    fn the_older_derivation() {
        let master = secret("c9eb67df090aff47c3b19a2516680b9d");
        let uid = "010203040506ab".parse().unwrap();
        assert_eq!(sdm_backend_legacy_tag_key(&master, uid, 2), secret("937ebfdc8b7f3eaf86d3b28071bd21b5"));
        assert_eq!(
            sdm_backend_legacy_undiversified_key(&master, 1),
            secret("a78399936d9887a07e7d3958ff8831f9")
        );
    }
}
