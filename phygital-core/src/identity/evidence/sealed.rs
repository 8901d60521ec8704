//! Values at rest: each encrypted under a key of the tenant, beside the key by which it is met.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};

use crate::crypto::Secret;
use crate::vocab::TenantKey;

/// Encrypts and opens values of a tenant's evidence: AES-256-GCM (NIST SP 800-38D).
///
/// The key is derived from the tenant's by HKDF (RFC 5869, section 2.3; the tenant's key is random, so the first step is
/// left out, section 3.3).
///
/// **Every value is sealed to the same bytes each time**, so that two stores that hold equal sets write equal files. The
/// nonce is the start of the value's own key, which is an HMAC of the value and of where it stands: the same nonce comes
/// again only with the same value, where it gives the same bytes and so tells nothing new. Two different values share a
/// nonce with a chance of 2^-33 once there are 2^32 of them, which is what SP 800-38D (section 8.3) allows for nonces
/// drawn at random. The key is authenticated along, so no sealed value can be moved beside another key.
///
/// What equal bytes reveal: that two identifiers are equal, which their equal keys say anyway, and the length of a value.
/// The key of a trait takes in its record, so that nobody can count how often a surname stands in a file.
pub(super) struct Seal(LessSafeKey);

/// A sealed value that does not open: changed, beside another key, or of another tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DoesNotOpen;

/// `info` of RFC 5869, then the counter of its first block: the one of 32 bytes that is needed.
const INFO: &[u8] = b"\0phygital evidence seal v1\x01";

impl Seal {
    pub(super) fn new(tenant: &TenantKey) -> Seal {
        let mut bytes = *tenant.digest(INFO).as_bytes();
        let secret = Secret::take(&mut bytes);
        let key = UnboundKey::new(&AES_256_GCM, secret.expose()).expect("32 bytes are a key of AES-256");
        Seal(LessSafeKey::new(key))
    }

    /// Encrypts a value that has this key.
    pub(super) fn seal(&self, key: &[u8; 16], value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(value.len() + MAX_TAG_LEN);
        bytes.extend_from_slice(value);
        let sealed = self.0.seal_in_place_append_tag(nonce(key), Aad::from(key), &mut bytes);
        sealed.expect("a value is shorter than the 64 GiB that a nonce is good for");
        bytes
    }

    /// Opens what was sealed beside this key.
    pub(super) fn open(&self, key: &[u8; 16], mut sealed: Vec<u8>) -> Result<Vec<u8>, DoesNotOpen> {
        let opened = self.0.open_in_place(nonce(key), Aad::from(key), &mut sealed);
        let length = opened.map_err(|_| DoesNotOpen)?.len();
        sealed.truncate(length);
        Ok(sealed)
    }
}

fn nonce(key: &[u8; 16]) -> Nonce {
    Nonce::assume_unique_for_key(*key.first_chunk::<NONCE_LEN>().expect("16 bytes"))
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(elided)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_beside_its_own_key_and_nowhere_else() {
        let seal = Seal::new(&TenantKey::new(&[7; 32]));
        let sealed = seal.seal(&[1; 16], b"ada");
        assert_eq!(sealed.len(), 3 + MAX_TAG_LEN);
        assert_eq!(sealed, seal.seal(&[1; 16], b"ada"), "equal values are equal bytes");
        assert_eq!(seal.open(&[1; 16], sealed.clone()).as_deref(), Ok(&b"ada"[..]));
        // The end of a key is not in the nonce, and yet counts.
        let mut key = [1; 16];
        key[15] = 2;
        assert_eq!(seal.open(&key, sealed.clone()), Err(DoesNotOpen));
        let other = Seal::new(&TenantKey::new(&[8; 32]));
        assert_eq!(other.open(&[1; 16], sealed.clone()), Err(DoesNotOpen));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(&[1; 16], changed), Err(DoesNotOpen));
        }
        assert_eq!(seal.open(&[1; 16], sealed[1..].to_vec()), Err(DoesNotOpen));
        assert_eq!(seal.open(&[1; 16], Vec::new()), Err(DoesNotOpen));
        assert_eq!(format!("{seal:?}"), "Seal(elided)");
    }
}
