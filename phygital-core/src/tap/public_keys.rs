//! The public keys of issuers and tags, by the id that their tokens name.

use std::collections::BTreeMap;

use super::limits::{PUBLIC_KEY_ID_MAX, PUBLIC_KEYS_MAX, PUBLIC_KEYS_TRIED_MAX};
use super::refusal::TapRefusal;
use crate::crypto::PublicKey;

/// A ring of public keys.
///
/// A token that names a key is verified by that key or not at all; one that names none is tried under the keys that
/// were added without an id, [`PUBLIC_KEYS_TRIED_MAX`] at most. During a rotation both keys stand in the ring.
///
/// ```
/// use phygital_core::crypto::{PublicKey, SignatureAlgorithm};
/// use phygital_core::tap::PublicKeys;
/// let key = PublicKey::new(SignatureAlgorithm::EdDsa, &[7; 32])?;
/// let keys = PublicKeys::new().with_id(b"2026-11", key.clone())?.without_id(key)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct PublicKeys {
    by_id: BTreeMap<Box<[u8]>, PublicKey>,
    unnamed: Vec<PublicKey>,
}

/// Why a key could not be added to a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeysError {
    /// The id is empty or too long.
    #[error("the id of a public key has 1 to {PUBLIC_KEY_ID_MAX} bytes")]
    Id,
    /// The ring has a key of this id.
    #[error("two public keys have the same id")]
    Duplicate,
    /// The ring is full.
    #[error(
        "a ring holds at most {PUBLIC_KEYS_MAX} public keys with an id and {PUBLIC_KEYS_TRIED_MAX} without"
    )]
    Full,
}

impl PublicKeys {
    /// An empty ring.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key for the tokens that name it.
    ///
    /// # Errors
    /// [`PublicKeysError`].
    pub fn with_id(mut self, id: &[u8], key: PublicKey) -> Result<Self, PublicKeysError> {
        if !(1..=PUBLIC_KEY_ID_MAX).contains(&id.len()) {
            return Err(PublicKeysError::Id);
        }
        if self.by_id.len() >= PUBLIC_KEYS_MAX {
            return Err(PublicKeysError::Full);
        }
        match self.by_id.insert(id.into(), key) {
            None => Ok(self),
            Some(_) => Err(PublicKeysError::Duplicate),
        }
    }

    /// Adds a key for tokens that name none.
    ///
    /// # Errors
    /// [`PublicKeysError::Full`].
    pub fn without_id(mut self, key: PublicKey) -> Result<Self, PublicKeysError> {
        if self.unnamed.len() >= PUBLIC_KEYS_TRIED_MAX {
            return Err(PublicKeysError::Full);
        }
        self.unnamed.push(key);
        Ok(self)
    }

    /// The first key that a token with this key id may have been signed with and for which `verifies` holds.
    ///
    /// # Errors
    /// [`TapRefusal::NoKey`] if no key comes into question, [`TapRefusal::SignatureInvalid`] if none fits.
    pub(crate) fn find(
        &self,
        id: Option<&[u8]>,
        verifies: impl Fn(&PublicKey) -> bool,
    ) -> Result<&PublicKey, TapRefusal> {
        let keys = match id {
            Some(id) => self.by_id.get(id).map(std::slice::from_ref).unwrap_or_default(),
            None => &self.unnamed,
        };
        if keys.is_empty() {
            return Err(TapRefusal::NoKey);
        }
        keys.iter().find(|key| verifies(key)).ok_or(TapRefusal::SignatureInvalid)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::SignatureAlgorithm;

    fn key(byte: u8) -> PublicKey {
        PublicKey::new(SignatureAlgorithm::EdDsa, &[byte; 32]).unwrap()
    }

    #[test]
    fn a_named_key_is_the_only_one_that_is_tried() {
        let ring = PublicKeys::new().with_id(b"a", key(1)).unwrap().without_id(key(2)).unwrap();
        assert_eq!(ring.find(Some(b"a"), |_| true), Ok(&key(1)));
        assert_eq!(ring.find(None, |_| true), Ok(&key(2)));
        assert_eq!(ring.find(Some(b"a"), |tried| *tried == key(2)), Err(TapRefusal::SignatureInvalid));
        assert_eq!(ring.find(Some(b"b"), |_| true), Err(TapRefusal::NoKey));
        assert_eq!(PublicKeys::new().find(None, |_| true), Err(TapRefusal::NoKey));
    }

    #[test]
    fn ids_are_unique_and_bounded() {
        let ring = PublicKeys::new().with_id(&[7; PUBLIC_KEY_ID_MAX], key(1)).unwrap();
        let ring = || ring.clone();
        assert_eq!(ring().with_id(&[7; PUBLIC_KEY_ID_MAX], key(2)).unwrap_err(), PublicKeysError::Duplicate);
        assert_eq!(ring().with_id(&[7; PUBLIC_KEY_ID_MAX + 1], key(2)).unwrap_err(), PublicKeysError::Id);
        assert_eq!(ring().with_id(b"", key(2)).unwrap_err(), PublicKeysError::Id);
    }

    #[test]
    fn a_ring_is_bounded() {
        let mut ring = PublicKeys::new();
        for _ in 0..PUBLIC_KEYS_TRIED_MAX {
            ring = ring.without_id(key(1)).unwrap();
        }
        for id in 0..PUBLIC_KEYS_MAX {
            ring = ring.with_id(&id.to_be_bytes(), key(1)).unwrap();
        }
        assert_eq!(ring.clone().without_id(key(1)).unwrap_err(), PublicKeysError::Full);
        assert_eq!(ring.with_id(b"x", key(1)).unwrap_err(), PublicKeysError::Full);
    }
}
