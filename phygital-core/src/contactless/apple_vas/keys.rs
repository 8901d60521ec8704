//! The merchant's private keys, and the port to where they are kept.

use std::collections::BTreeMap;
use std::fmt;

use ring::digest::{SHA256, digest};

use crate::crypto::{P256Key, P256Public, Secret};
use crate::vocab::hex;

/// Most private keys in one [`VasKeys`]: several passes, each with a few generations of its key.
pub const VAS_KEYS_MAX: usize = 64;

/// Which key a cryptogram is for: the first four bytes of SHA-256 of the X of the public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "four bytes, by the protocol")]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    /// The id of a public key.
    #[must_use]
    pub fn of(key: &P256Public) -> Self {
        let hash = digest(&SHA256, &key.x());
        Self(hash.as_ref()[..4].try_into().expect("four of 32 bytes"))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::fmt_lower(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Where the merchant's private keys are.
///
/// [`VasKeys`] has them in memory. A host that keeps them in a module, or on a server, implements this: the core asks
/// for the shared secret alone, and no private key crosses the port.
pub trait VasKeyRing {
    /// The secret shared by the private key with this id and the phone's key: X of the product (ECDH). The sign of
    /// the phone's Y does not matter.
    ///
    /// # Errors
    /// [`KeyUnavailable`] if there is no such key, or it cannot be asked now.
    fn agree(&self, key: KeyId, phone: &P256Public) -> Result<Secret<32>, KeyUnavailable>;
}

/// Why a [`VasKeyRing`] gives no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "there is a key or there is none to be had")]
pub enum KeyUnavailable {
    /// It has no key with this id.
    #[error("no key with this id")]
    Unknown,
    /// The place where keys are kept does not answer.
    #[error("the key cannot be used now")]
    Failed,
}

/// Private keys in memory, told apart by their id. Old generations stay as long as passes with them are about.
///
/// ```
/// use phygital_core::contactless::apple_vas::VasKeys;
/// use phygital_core::crypto::{P256Key, Secret};
/// let keys = VasKeys::new([P256Key::new(Secret::take(&mut [1; 32]))?, P256Key::new(Secret::take(&mut [2; 32]))?])?;
/// assert_eq!(keys.ids().count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct VasKeys(BTreeMap<KeyId, P256Key>);

/// Keys that make no [`VasKeys`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VasKeysError {
    /// More than [`VAS_KEYS_MAX`].
    #[error("at most {VAS_KEYS_MAX} keys")]
    TooMany,
    /// Two keys with one id: the same key twice.
    #[error("the key {id} is there twice")]
    Duplicate {
        /// The id.
        id: KeyId,
    },
}

impl VasKeys {
    /// These keys.
    ///
    /// # Errors
    /// [`VasKeysError`] for too many, or one twice.
    pub fn new(keys: impl IntoIterator<Item = P256Key>) -> Result<Self, VasKeysError> {
        let mut map = BTreeMap::new();
        for key in keys {
            if map.len() == VAS_KEYS_MAX {
                return Err(VasKeysError::TooMany);
            }
            let id = KeyId::of(&key.public());
            if map.insert(id, key).is_some() {
                return Err(VasKeysError::Duplicate { id });
            }
        }
        Ok(Self(map))
    }

    /// The ids of its keys, in order.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.0.keys().copied()
    }
}

impl VasKeyRing for VasKeys {
    fn agree(&self, key: KeyId, phone: &P256Public) -> Result<Secret<32>, KeyUnavailable> {
        self.0.get(&key).map(|key| key.agree(phone)).ok_or(KeyUnavailable::Unknown)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(byte: usize) -> P256Key {
        P256Key::new(Secret::take(&mut [u8::try_from(byte).unwrap(); 32])).unwrap()
    }

    #[test]
    fn keys_are_counted_and_told_apart() {
        assert_eq!(VasKeys::new((1..=VAS_KEYS_MAX).map(key)).unwrap().ids().count(), VAS_KEYS_MAX);
        assert_eq!(VasKeys::new((1..=VAS_KEYS_MAX + 1).map(key)).err(), Some(VasKeysError::TooMany));
        let id = KeyId::of(&key(1).public());
        assert_eq!(VasKeys::new([key(1), key(1)]).err(), Some(VasKeysError::Duplicate { id }));
        let keys = VasKeys::new([key(1)]).unwrap();
        assert!(!format!("{keys:?}").contains("0101"));
        assert_eq!(keys.agree(id, &key(2).public()), Ok(key(2).agree(&key(1).public())));
        assert_eq!(keys.agree(KeyId([0; 4]), &key(2).public()), Err(KeyUnavailable::Unknown));
    }
}
