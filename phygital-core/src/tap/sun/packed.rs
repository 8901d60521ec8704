//! A key ring for a fleet of a million tags, each with a key of its own.

use std::fmt;
use std::ops::ControlFlow;

use zeroize::Zeroize;

use super::file_key::FileKey;
use super::kept::Kept;
use super::keyring::{Fleet, KeyRing};
use super::keys::KeysError;
use crate::crypto::Secret;
use crate::tap::limits::{FILE_KEYS_MAX, PACKED_KEYS_MAX};
use crate::vocab::tag::{KeyEpoch, TagUid};

/// The file read keys of one fleet in a sorted table: 20 bytes for each beside its UID.
///
/// [`super::Keys`] keeps each key expanded; here it is expanded when its tag taps, and kept for the tags that tapped
/// last. A tag that mirrors its counter alone has no key here, as it is found by its UID. The table is wiped when it is
/// dropped.
///
/// ```
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::{self, Fleet, Layout, PackedKeys};
/// use phygital_core::vocab::tag::KeyEpoch;
/// let fleet = Fleet::new(Some(&Secret::zeros()), Layout::default());
/// let keys = [("04de5f1eacc040".parse()?, KeyEpoch::FIRST, Secret::zeros())];
/// let keys = PackedKeys::new(fleet, keys)?;
/// let url = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";
/// assert!(tap::verify(url, &keys).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PackedKeys {
    fleet: [Fleet; 1],
    /// By UID, the latest generation first.
    entries: Vec<Entry>,
    kept: Kept,
}

/// Bytes alone, so that nothing is spent on alignment.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize)]
struct Entry {
    uid: [u8; 7],
    epoch: [u8; 4],
    key: [u8; 16],
}

impl PackedKeys {
    /// Packs the keys of a fleet, in any order.
    ///
    /// # Errors
    /// [`KeysError::Empty`]; [`KeysError::TooManySets`] for more than [`PACKED_KEYS_MAX`];
    /// [`KeysError::Conflict`] if a tag has two keys of one generation; [`KeysError::TooManyFileKeys`] if it has keys of
    /// more than [`FILE_KEYS_MAX`].
    pub fn new(
        fleet: Fleet,
        keys: impl IntoIterator<Item = (TagUid, KeyEpoch, Secret<16>)>,
    ) -> Result<Self, KeysError> {
        let keys = keys.into_iter();
        let expected = keys.size_hint().0.min(PACKED_KEYS_MAX);
        let mut ring = Self { fleet: [fleet], entries: Vec::with_capacity(expected), kept: Kept::new() };
        for (uid, epoch, key) in keys {
            if ring.entries.len() == PACKED_KEYS_MAX {
                return Err(KeysError::TooManySets);
            }
            if ring.entries.len() == ring.entries.capacity() {
                ring.move_to((2 * ring.entries.len()).max(1_024));
            }
            ring.entries.push(Entry {
                uid: *uid.as_bytes(),
                epoch: epoch.get().to_be_bytes(),
                key: *key.expose(),
            });
        }
        ring.entries.sort_unstable_by(|a, b| (a.uid, b.epoch).cmp(&(b.uid, a.epoch)));
        ring.entries.dedup();
        if ring.entries.is_empty() {
            return Err(KeysError::Empty);
        }
        for pair in ring.entries.windows(2) {
            if (pair[0].uid, pair[0].epoch) == (pair[1].uid, pair[1].epoch) {
                return Err(KeysError::Conflict);
            }
        }
        let most = |run: &[Entry]| run[0].uid == run[FILE_KEYS_MAX].uid;
        if ring.entries.windows(FILE_KEYS_MAX + 1).any(most) {
            return Err(KeysError::TooManyFileKeys);
        }
        if ring.entries.capacity() > ring.entries.len() {
            ring.move_to(ring.entries.len());
        }
        Ok(ring)
    }

    /// How many keys there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Moves the table to memory of another size. A list that grows by itself leaves its keys behind.
    fn move_to(&mut self, capacity: usize) {
        let mut entries = Vec::with_capacity(capacity);
        entries.extend_from_slice(&self.entries);
        self.entries.zeroize();
        self.entries = entries;
    }
}

impl KeyRing for PackedKeys {
    fn fleets(&self) -> &[Fleet] {
        &self.fleet
    }

    fn file_keys(
        &self,
        fleet: usize,
        uid: Option<TagUid>,
        found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>,
    ) {
        let (0, Some(uid)) = (fleet, uid) else { return };
        let first = self.entries.partition_point(|entry| entry.uid < *uid.as_bytes());
        for entry in self.entries[first..].iter().take_while(|entry| entry.uid == *uid.as_bytes()) {
            let epoch = u32::from_be_bytes(entry.epoch);
            let flow = match self.kept.get(epoch, uid) {
                Some(key) => found(&key),
                None => {
                    let key = FileKey::from_bytes(&entry.key).of_tag(uid).epoch(KeyEpoch::new(epoch));
                    let flow = found(&key);
                    if flow.is_break() {
                        self.kept.put(epoch, uid, key);
                    }
                    flow
                }
            };
            if flow.is_break() {
                return;
            }
        }
    }
}

impl fmt::Debug for PackedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackedKeys(elided, {} keys, {:?})", self.entries.len(), self.fleet[0])
    }
}

impl Drop for PackedKeys {
    fn drop(&mut self) {
        self.entries.zeroize();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tap::{KeySet, Keys, Layout};

    fn fleet() -> Fleet {
        Fleet::new(None, Layout::default())
    }

    fn secret(byte: u8) -> Secret<16> {
        Secret::take(&mut [byte; 16])
    }

    fn uid(byte: u8) -> TagUid {
        TagUid::new([byte; 7])
    }

    /// The generations offered for a tag, each with what its key makes of a session.
    fn offered(keys: &impl KeyRing, uid: Option<TagUid>) -> Vec<(u32, Option<[u8; 16]>)> {
        let session = crate::tap::SdmSession::new(crate::tap::SdmMode::Aes, uid, None);
        let mut offered = Vec::new();
        keys.file_keys(0, uid, &mut |key| {
            offered.push((key.key_epoch().get(), key.session_mac(&session, b"")));
            ControlFlow::Continue(())
        });
        offered
    }

    proptest! {
        /// The ring of single boxes is the oracle.
        #[test]
        fn a_tag_is_offered_the_same_keys(tags in prop::collection::btree_map((0..9u8, 0..4u32), any::<u8>(), 1..30)) {
            let packed = tags.iter().map(|((tag, epoch), key)| (uid(*tag), KeyEpoch::new(*epoch), secret(*key)));
            let sets = tags.iter().map(|((tag, epoch), key)| {
                KeySet::explicit(secret(*key)).of_tag(uid(*tag)).epoch(KeyEpoch::new(*epoch))
            });
            let (packed, keys) = (PackedKeys::new(fleet(), packed).unwrap(), Keys::new(sets).unwrap());
            for tag in 0..10 {
                prop_assert_eq!(offered(&packed, Some(uid(tag))), offered(&keys, Some(uid(tag))));
            }
            prop_assert_eq!(packed.len(), tags.len());
            prop_assert_eq!(offered(&packed, None), []);
        }
    }

    #[test]
    fn twenty_bytes_a_key_beside_its_uid() {
        assert_eq!(size_of::<Entry>() - 7, 20);
        let keys = (0..5_000u32).map(|number| {
            let [_, a, b, c] = number.to_be_bytes();
            (TagUid::new([4, a, b, c, 0, 0, 0]), KeyEpoch::FIRST, secret(a))
        });
        let keys = PackedKeys::new(fleet(), keys.filter(|_| true)).unwrap();
        assert_eq!((keys.len(), keys.entries.capacity()), (5_000, 5_000));
        assert!(format!("{keys:?}").starts_with("PackedKeys(elided, 5000 keys"));
    }

    #[test]
    fn keys_that_contradict_each_other_are_refused() {
        let key = |tag, epoch, byte| (uid(tag), KeyEpoch::new(epoch), secret(byte));
        assert!(PackedKeys::new(fleet(), [key(1, 0, 1), key(1, 0, 1)]).is_ok());
        assert_eq!(PackedKeys::new(fleet(), [key(1, 0, 1), key(1, 0, 2)]).err(), Some(KeysError::Conflict));
        assert_eq!(PackedKeys::new(fleet(), []).err(), Some(KeysError::Empty));
        let epochs = |most: usize| (0..most as u32).map(|epoch| key(1, epoch, 1));
        assert!(PackedKeys::new(fleet(), epochs(FILE_KEYS_MAX)).is_ok());
        let refused = PackedKeys::new(fleet(), epochs(FILE_KEYS_MAX + 1)).err();
        assert_eq!(refused, Some(KeysError::TooManyFileKeys));
    }

    #[test]
    fn tables_are_bounded() {
        let same =
            |most: usize| PackedKeys::new(fleet(), (0..most).map(|_| (uid(1), KeyEpoch::FIRST, secret(1))));
        assert_eq!(same(PACKED_KEYS_MAX).unwrap().len(), 1);
        assert_eq!(same(PACKED_KEYS_MAX + 1).err(), Some(KeysError::TooManySets));
    }
}
