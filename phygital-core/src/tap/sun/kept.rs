//! Derived keys of the tags that tapped last, kept expanded.
//!
//! Deriving a key costs from two blocks of AES to milliseconds, and its first use in LRP mode some hundred blocks more.
//! What is kept changes no answer, only its time. Only a key whose MAC was right comes in, so that nobody drives out
//! the others without a genuine tag.

use std::sync::{Arc, Mutex, TryLockError};

use super::file_key::FileKey;
use crate::tap::limits::KEPT_KEYS_MAX;
use crate::vocab::tag::TagUid;

/// A table in which each tag has one place, which it shares with others: the latest stays.
pub(super) struct Kept {
    places: Box<[Mutex<Option<Entry>>]>,
}

struct Entry {
    /// Which of the ring's sources derived it.
    source: u32,
    uid: TagUid,
    key: Arc<FileKey>,
}

impl Kept {
    /// An empty table of [`KEPT_KEYS_MAX`] places.
    pub(super) fn new() -> Self {
        Self { places: (0..KEPT_KEYS_MAX).map(|_| Mutex::new(None)).collect() }
    }

    /// The key of this tag by this source, if it is there and nobody else is looking.
    pub(super) fn get(&self, source: u32, uid: TagUid) -> Option<Arc<FileKey>> {
        let place = self.place(source, uid).try_lock();
        let entry = match &place {
            Ok(entry) => entry.as_ref(),
            Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => None,
        };
        entry.filter(|entry| entry.source == source && entry.uid == uid).map(|entry| entry.key.clone())
    }

    /// Keeps a key in place of the one that was there.
    pub(super) fn put(&self, source: u32, uid: TagUid, key: FileKey) {
        if let Ok(mut entry) = self.place(source, uid).try_lock() {
            *entry = Some(Entry { source, uid, key: Arc::new(key) });
        }
    }

    fn place(&self, source: u32, uid: TagUid) -> &Mutex<Option<Entry>> {
        let [a, b, c, d, e, f, g] = *uid.as_bytes();
        let number = u64::from_le_bytes([a, b, c, d, e, f, g, 0]) ^ (u64::from(source) << 32);
        // Fibonacci hashing: the upper bits of a product with 2^64 divided by the golden ratio.
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        &self.places[mixed as usize % self.places.len()]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::vocab::tag::KeyEpoch;

    #[test]
    fn a_key_is_given_to_its_tag_and_source_alone() {
        let kept = Kept::new();
        let uid = |number: u32| {
            let [a, b, c, d] = number.to_be_bytes();
            TagUid::new([4, a, b, c, d, 1, 2])
        };
        let count = 4 * u32::try_from(KEPT_KEYS_MAX).unwrap();
        for number in 0..count {
            kept.put(number % 3, uid(number), FileKey::sealed().epoch(KeyEpoch::new(number)));
            let key = kept.get(number % 3, uid(number)).unwrap();
            assert_eq!(key.key_epoch(), KeyEpoch::new(number));
            assert!(kept.get(number % 3 + 1, uid(number)).is_none());
        }
        let left = (0..count).filter(|number| kept.get(number % 3, uid(*number)).is_some()).count();
        assert!((KEPT_KEYS_MAX / 2..=KEPT_KEYS_MAX).contains(&left), "{left} of {KEPT_KEYS_MAX} places used");
    }
}
