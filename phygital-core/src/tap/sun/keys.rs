//! A key ring in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::derivation::Derivation;
use super::file_key::FileKey;
use super::kept::Kept;
use super::key_set::{FileSource, KeySet};
use super::keyring::{Fleet, KeyRing, Mistake};
use crate::crypto::{DiversifyError, Secret};
use crate::tap::limits::{FILE_KEYS_MAX, FLEETS_MAX, KEY_ID_MAX, KEY_SETS_MAX};
use crate::vocab::tag::{KeyEpoch, TagUid};

/// Keys of tags, held in memory and expanded, so that a tap costs no key schedule but its own.
///
/// Sets with the same meta read key, layout, mode and key id form one fleet. Keys are wiped when this is dropped.
///
/// ```
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::{KeySet, Keys};
/// let master = Secret::from_hex("c9eb67df090afc8ed0b4b15d0fd3d7f9")?;
/// let keys = Keys::new([
///     // A tag with keys of its own.
///     KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros()),
///     // A fleet whose file read keys (number 2) are derived from one master key and each tag's UID.
///     KeySet::diversified(master, 2, b"shop-eu")?.meta_read_key(Secret::zeros()).label("eu"),
/// ])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Keys {
    fleets: Vec<Fleet>,
    /// For each fleet, in the same order.
    keys: Vec<FleetKeys>,
    /// Derived keys of the tags that tapped last; none if nothing is derived.
    kept: Option<Kept>,
}

/// The keys of one fleet.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "a list of bare keys would leave copies behind when it grows")]
struct FleetKeys {
    /// Keys of one tag each, latest generation first.
    bound: BTreeMap<TagUid, Vec<Box<FileKey>>>,
    /// Keys that any tag may have, latest generation first.
    open: Vec<OpenKey>,
    /// The raw meta read key as a file read key, for diagnosis.
    meta_as_file: Option<Box<FileKey>>,
}

enum OpenKey {
    Explicit(Box<FileKey>),
    Derived(Box<Derived>),
}

struct Derived {
    derivation: Derivation,
    /// Its place among all of the ring, under which keys are kept.
    source: u32,
    master_as_file: FileKey,
    key_no: u8,
    epoch: KeyEpoch,
    label: Option<Arc<str>>,
}

/// Why key sets make no key ring. It never holds anything of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// No set at all.
    #[error("a key ring needs at least one key set")]
    Empty,
    /// More than [`KEY_SETS_MAX`].
    #[error("a key ring has at most {KEY_SETS_MAX} key sets")]
    TooManySets,
    /// More than [`FLEETS_MAX`] fleets: sets that differ in meta read key, layout or mode.
    #[error(
        "a key ring has at most {FLEETS_MAX} different meta read keys and layouts: share the meta read key"
    )]
    TooManyFleets,
    /// More than [`FILE_KEYS_MAX`] keys for one tag, or for any.
    #[error("at most {FILE_KEYS_MAX} file read keys may fit one tag: bind each key to its uid")]
    TooManyFileKeys,
    /// Two sets for one tag and generation with different keys.
    #[error("two key sets for the same tag and epoch")]
    Conflict,
    /// A meta read key that is to be derived, without a master key, or by a way that the master key is not for.
    #[error("a meta read key can only be derived from a master key")]
    NoMasterKey,
    /// A meta read key that is to be derived from the UID, without a UID.
    #[error("a meta read key by key number needs the uid: it is not known before the PICCData is opened")]
    NoUid,
    /// A key id that is none, or does not fit in the template, or a template with `{kid}` and no key id.
    #[error(
        "a key id has 1 to {KEY_ID_MAX} letters, digits and -._~, and goes with a template that has {{kid}} or with none"
    )]
    KeyId,
    /// The system identifier is too long.
    #[error(transparent)]
    Diversify(#[from] DiversifyError),
}

impl Keys {
    /// No keys: for an engine that verifies no taps, such as a service that only records.
    #[must_use]
    pub fn none() -> Self {
        Self { fleets: Vec::new(), keys: Vec::new(), kept: None }
    }

    /// Expands the keys of these sets.
    ///
    /// # Errors
    /// [`KeysError`] for too many keys, or sets that contradict each other.
    pub fn new(sets: impl IntoIterator<Item = KeySet>) -> Result<Self, KeysError> {
        let mut ring = Self::none();
        let mut metas: Vec<Option<Secret<16>>> = Vec::new();
        // What each tag and generation has, to tell a repetition from a contradiction.
        let mut seen: BTreeMap<(usize, TagUid, KeyEpoch), Secret<16>> = BTreeMap::new();
        for (number, set) in sets.into_iter().enumerate() {
            if number == KEY_SETS_MAX {
                return Err(KeysError::TooManySets);
            }
            let fleet = ring.fleet_of(&set, &mut metas)?;
            ring.keys[fleet].add(fleet, number as u32, set, &mut seen)?;
        }
        if ring.fleets.is_empty() {
            return Err(KeysError::Empty);
        }
        ring.keys.iter_mut().for_each(FleetKeys::sort);
        let derives = |keys: &FleetKeys| keys.open.iter().any(|key| matches!(key, OpenKey::Derived(_)));
        ring.kept = ring.keys.iter().any(derives).then(Kept::new);
        Ok(ring)
    }

    /// The fleet that the set belongs to, made if need be.
    fn fleet_of(&mut self, set: &KeySet, metas: &mut Vec<Option<Secret<16>>>) -> Result<usize, KeysError> {
        let (meta, layout) = (set.meta()?, set.filled_layout()?);
        let same = |index: &usize| {
            let fleet = &self.fleets[*index];
            metas[*index] == meta
                && *fleet.layout() == layout
                && fleet.mode_rule() == set.mode
                && fleet.key_id_text() == set.key_id.as_deref()
        };
        if let Some(index) = (0..metas.len()).find(same) {
            return Ok(index);
        }
        if self.fleets.len() == FLEETS_MAX {
            return Err(KeysError::TooManyFleets);
        }
        let mut fleet = Fleet::new(meta.as_ref(), layout).mode(set.mode);
        if let Some(key_id) = &set.key_id {
            fleet = fleet.key_id(key_id.clone());
        }
        self.fleets.push(fleet);
        let meta_as_file = meta.as_ref().map(|key| Box::new(FileKey::new(key)));
        self.keys.push(FleetKeys { meta_as_file, ..FleetKeys::default() });
        metas.push(meta);
        Ok(self.fleets.len() - 1)
    }
}

impl FleetKeys {
    fn add(
        &mut self,
        fleet: usize,
        source: u32,
        set: KeySet,
        seen: &mut BTreeMap<(usize, TagUid, KeyEpoch), Secret<16>>,
    ) -> Result<(), KeysError> {
        let KeySet { file, uid, epoch, label, .. } = set;
        let key = match (file, uid) {
            (FileSource::Explicit(key), _) => key,
            (FileSource::Derived(master), Some(uid)) => master.prepare()?.tag_key(uid, master.key_no, epoch),
            (FileSource::Derived(master), None) => {
                self.open.push(OpenKey::Derived(Box::new(Derived {
                    derivation: master.prepare()?,
                    source,
                    master_as_file: FileKey::new(&master.key).epoch(epoch).label(label.clone()),
                    key_no: master.key_no,
                    epoch,
                    label,
                })));
                return self.within_limits(None);
            }
        };
        // Boxed last: moving a key out of a box would leave it in the memory that is freed.
        let file_key = FileKey::new(&key).epoch(epoch).label(label);
        let Some(uid) = uid else {
            self.open.push(OpenKey::Explicit(Box::new(file_key)));
            return self.within_limits(None);
        };
        match seen.get(&(fleet, uid, epoch)) {
            Some(same) if *same == key => return Ok(()),
            Some(_) => return Err(KeysError::Conflict),
            None => {}
        }
        seen.insert((fleet, uid, epoch), key);
        self.bound.entry(uid).or_default().push(Box::new(file_key.of_tag(uid)));
        self.within_limits(Some(uid))
    }

    fn within_limits(&self, uid: Option<TagUid>) -> Result<(), KeysError> {
        let bound = uid.and_then(|uid| self.bound.get(&uid)).map_or(0, Vec::len);
        if self.open.len() > FILE_KEYS_MAX || bound > FILE_KEYS_MAX {
            return Err(KeysError::TooManyFileKeys);
        }
        Ok(())
    }

    /// Latest generation first: it is what most tags have.
    fn sort(&mut self) {
        for keys in self.bound.values_mut() {
            keys.sort_by_key(|key| std::cmp::Reverse(key.key_epoch()));
        }
        self.open.sort_by_key(|key| {
            std::cmp::Reverse(match key {
                OpenKey::Explicit(key) => key.key_epoch(),
                OpenKey::Derived(key) => key.epoch,
            })
        });
    }
}

impl Derived {
    /// The key of this number for this tag. The number decides nothing but the input.
    #[inline]
    fn file_key(&self, uid: TagUid, key_no: u8) -> FileKey {
        let key = self.derivation.tag_key(uid, key_no, self.epoch);
        FileKey::new(&key).epoch(self.epoch).label(self.label.clone())
    }

    /// Shows the key of this tag, kept from its last tap or derived anew.
    fn show(
        &self,
        uid: TagUid,
        kept: Option<&Kept>,
        found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if let Some(key) = kept.and_then(|kept| kept.get(self.source, uid)) {
            return found(&key);
        }
        let key = self.file_key(uid, self.key_no);
        let flow = found(&key);
        if let (ControlFlow::Break(()), Some(kept)) = (flow, kept) {
            kept.put(self.source, uid, key);
        }
        flow
    }
}

impl KeyRing for Keys {
    fn fleets(&self) -> &[Fleet] {
        &self.fleets
    }

    fn file_keys(
        &self,
        fleet: usize,
        uid: Option<TagUid>,
        found: &mut dyn FnMut(&FileKey) -> ControlFlow<()>,
    ) {
        let Some(keys) = self.keys.get(fleet) else { return };
        let mut bound = match uid {
            Some(uid) => keys.bound.range(uid..=uid),
            None => keys.bound.range(..),
        };
        // Broken off means found, or given up.
        let _ = bound.try_for_each(|(_, keys)| keys.iter().try_for_each(|key| found(key))).is_continue()
            && keys
                .open
                .iter()
                .try_for_each(|key| match (key, uid) {
                    (OpenKey::Explicit(key), _) => found(key),
                    (OpenKey::Derived(key), Some(uid)) => key.show(uid, self.kept.as_ref(), found),
                    (OpenKey::Derived(_), None) => ControlFlow::Continue(()),
                })
                .is_continue();
    }

    fn mistaken_file_keys(
        &self,
        fleet: usize,
        uid: Option<TagUid>,
        found: &mut dyn FnMut(&FileKey, Mistake) -> ControlFlow<()>,
    ) {
        let Some(keys) = self.keys.get(fleet) else { return };
        for key in &keys.open {
            let OpenKey::Derived(key) = key else { continue };
            if found(&key.master_as_file, Mistake::MasterKey).is_break() {
                return;
            }
            for key_no in (0..=4).filter(|key_no| *key_no != key.key_no) {
                let Some(uid) = uid else { break };
                if found(&key.file_key(uid, key_no), Mistake::KeyNumber(key_no)).is_break() {
                    return;
                }
            }
        }
        if let Some(key) = &keys.meta_as_file {
            let _ = found(key, Mistake::MetaReadKey);
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound: usize = self.keys.iter().map(|keys| keys.bound.len()).sum();
        let open: usize = self.keys.iter().map(|keys| keys.open.len()).sum();
        write!(f, "Keys(elided, {} fleets, {bound} tags, {open} open keys)", self.fleets.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tap::simulator::SoftTag;
    use crate::tap::{Layout, TapRefusal, verify};

    fn secret(number: u32) -> Secret<16> {
        let mut bytes = [0xA5; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Secret::take(&mut bytes)
    }

    fn numbers(most: usize) -> std::ops::Range<u32> {
        0..u32::try_from(most).unwrap()
    }

    fn epochs_offered(keys: &Keys, fleet: usize, uid: Option<TagUid>) -> Vec<u32> {
        let mut epochs = Vec::new();
        keys.file_keys(fleet, uid, &mut |key| {
            epochs.push(key.key_epoch().get());
            ControlFlow::Continue(())
        });
        epochs
    }

    #[test]
    fn fleets_are_bounded() {
        let set = |number| KeySet::explicit(Secret::zeros()).meta_read_key(secret(number));
        assert_eq!(Keys::new(numbers(FLEETS_MAX).map(set)).unwrap().fleets().len(), FLEETS_MAX);
        assert_eq!(Keys::new(numbers(FLEETS_MAX + 1).map(set)).err(), Some(KeysError::TooManyFleets));
    }

    #[test]
    fn keys_of_one_tag_are_bounded() {
        let open = |number| KeySet::explicit(secret(number));
        assert!(Keys::new(numbers(FILE_KEYS_MAX).map(open)).is_ok());
        assert_eq!(Keys::new(numbers(FILE_KEYS_MAX + 1).map(open)).err(), Some(KeysError::TooManyFileKeys));
        let uid = TagUid::new([4; 7]);
        let bound = |number| open(number).of_tag(uid).epoch(KeyEpoch::new(number));
        assert!(Keys::new(numbers(FILE_KEYS_MAX).map(bound)).is_ok());
        assert_eq!(Keys::new(numbers(FILE_KEYS_MAX + 1).map(bound)).err(), Some(KeysError::TooManyFileKeys));
    }

    #[test]
    fn sets_are_bounded() {
        let sets = |most| (0..most).map(|_| KeySet::explicit(Secret::zeros()).of_tag(TagUid::new([4; 7])));
        assert!(Keys::new(sets(KEY_SETS_MAX)).is_ok());
        assert_eq!(Keys::new(sets(KEY_SETS_MAX + 1)).err(), Some(KeysError::TooManySets));
        assert_eq!(Keys::new(sets(0)).err(), Some(KeysError::Empty));
    }

    #[test]
    fn sets_with_one_meta_read_key_are_one_fleet_and_the_latest_generation_comes_first() {
        let [one, two] = [TagUid::new([1; 7]), TagUid::new([2; 7])];
        let meta = || secret(0);
        let keys = Keys::new([
            KeySet::explicit(secret(1)).meta_read_key(meta()).of_tag(one),
            KeySet::explicit(secret(2)).meta_read_key(meta()).of_tag(one).epoch(KeyEpoch::new(2)),
            KeySet::explicit(secret(3)).meta_read_key(meta()).of_tag(two).epoch(KeyEpoch::new(5)),
            KeySet::diversified(secret(4), 2, b"").unwrap().meta_read_key(meta()).epoch(KeyEpoch::new(7)),
            KeySet::explicit(secret(5)).epoch(KeyEpoch::new(9)),
        ])
        .unwrap();
        assert_eq!(keys.fleets().len(), 2);
        assert_eq!(epochs_offered(&keys, 0, Some(one)), [2, 0, 7]);
        assert_eq!(epochs_offered(&keys, 0, Some(TagUid::new([3; 7]))), [7]);
        // Without a UID nothing can be derived, and any bound key may be meant.
        assert_eq!(epochs_offered(&keys, 0, None), [2, 0, 5]);
        assert_eq!(epochs_offered(&keys, 1, Some(one)), [9]);
        assert_eq!(epochs_offered(&keys, 2, None), [0; 0]);
        assert_eq!(format!("{keys:?}"), "Keys(elided, 2 fleets, 2 tags, 2 open keys)");
    }

    #[test]
    fn a_tag_has_one_key_a_generation() {
        let set = |number| KeySet::explicit(secret(number)).of_tag(TagUid::new([4; 7]));
        assert!(Keys::new([set(1), set(1)]).is_ok());
        assert_eq!(Keys::new([set(1), set(2)]).err(), Some(KeysError::Conflict));
    }

    #[test]
    fn a_derived_meta_read_key_needs_what_it_is_derived_from() {
        let explicit = || KeySet::explicit(secret(1));
        assert_eq!(Keys::new([explicit().derive_meta_read_key()]).err(), Some(KeysError::NoMasterKey));
        assert_eq!(Keys::new([explicit().derive_meta_read_key_no(1)]).err(), Some(KeysError::NoMasterKey));
        let diversified = KeySet::diversified(secret(1), 2, b"").unwrap().derive_meta_read_key_no(1);
        assert_eq!(Keys::new([diversified]).err(), Some(KeysError::NoUid));
    }

    /// Two masters while keys are changed, and bolt cards set up anew: each generation is found, the latest first.
    #[test]
    fn generations_overlap() {
        let uid = TagUid::new([4; 7]);
        let boltcard = |version| KeySet::boltcard(secret(1)).epoch(KeyEpoch::new(version));
        let masters =
            |epoch| KeySet::sdm_backend(secret(epoch)).meta_read_key(secret(9)).epoch(KeyEpoch::new(epoch));
        let keys = Keys::new([boltcard(0), boltcard(1), boltcard(2), masters(3), masters(4)]).unwrap();
        assert_eq!(keys.fleets().len(), 2);
        assert_eq!(epochs_offered(&keys, 0, Some(uid)), [2, 1, 0]);
        assert_eq!(epochs_offered(&keys, 1, Some(uid)), [4, 3]);
        assert_eq!(epochs_offered(&keys, 0, None), [0; 0]);
    }

    /// A fleet by each derivation: taps verify, also once the key is kept, in both modes, and other tags' keys do not.
    #[test]
    fn fleets_move_in_as_they_are() {
        use crate::crypto::{Boltcard, SdmBackend};
        let uid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);
        let (boltcard, backend) = (Boltcard::new(&secret(1)), SdmBackend::new(&secret(2)));
        let legacy_meta = crate::crypto::sdm_backend_legacy_undiversified_key(&secret(3), 1);
        let legacy = crate::crypto::sdm_backend_legacy_tag_key(&secret(3), uid, 2);
        let [_, _, card_key, ..] = boltcard.card_keys(uid, 7);
        for (set, meta, file) in [
            (KeySet::boltcard(secret(1)).epoch(KeyEpoch::new(7)), boltcard.encryption_key(), card_key),
            (KeySet::sdm_backend(secret(2)), backend.undiversified_key(), backend.tag_key(uid, 2)),
            (KeySet::sdm_backend_legacy(secret(3)), legacy_meta, legacy),
        ] {
            let keys = Keys::new([set]).unwrap();
            for mode in crate::tap::SdmMode::ALL {
                let template = "h/?p={picc}&c={mac}".parse().unwrap();
                let mut tag = SoftTag::new(uid, template, &file).meta_read_key(&meta).mode(mode);
                for _ in 0..3 {
                    assert_eq!(verify(&tag.tap(&[1; 16]).unwrap(), &keys).unwrap().uid(), Some(uid));
                }
                let template = "h/?p={picc}&c={mac}".parse().unwrap();
                let other = SoftTag::new(TagUid::new([9; 7]), template, &file).meta_read_key(&meta);
                let refused = verify(&other.mode(mode).tap(&[1; 16]).unwrap(), &keys);
                assert_eq!(refused, Err(TapRefusal::MacMismatch));
            }
        }
    }

    #[test]
    fn key_ids_are_short_and_have_their_place() {
        let set = || KeySet::explicit(secret(1));
        let layout = || Layout::Template("h/{kid}?u={uid}&c={mac}".parse().unwrap());
        assert!(Keys::new([set().key_id("a").layout(layout())]).is_ok());
        for wrong in
            [set().layout(layout()), set().key_id(""), set().key_id("a b"), set().key_id("a".repeat(33))]
        {
            assert_eq!(Keys::new([wrong]).err(), Some(KeysError::KeyId));
        }
    }
}
