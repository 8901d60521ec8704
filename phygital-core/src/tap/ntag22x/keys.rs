//! Where the SUNCMAC keys are: a port that answers with MACs, and keys in memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use aes::Aes128Enc;
use zeroize::Zeroize;

use crate::crypto::{AN10922_INPUT_MAX, CmacKey, Diversifier, Secret};
use crate::tap::limits::{FILE_KEYS_MAX, KEY_SETS_MAX};
use crate::vocab::tag::{KeyEpoch, TagUid};

/// Longest system identifier behind the UID, in bytes: what a UID leaves of [`AN10922_INPUT_MAX`].
pub const SYSTEM_ID_22X_MAX: usize = AN10922_INPUT_MAX - TagUid::LENGTH;

/// Where the SUNCMAC keys of tags are kept.
///
/// It answers with MACs and not with keys, so a vault or a secure element can stand behind it.
pub trait SuncmacRing {
    /// Shows `found` the AES-128 CMAC of `input` under each key that the tag with this UID may have, likeliest
    /// first, until it breaks. No more than [`FILE_KEYS_MAX`] are looked at.
    fn suncmacs(
        &self,
        uid: TagUid,
        input: &[u8],
        found: &mut dyn FnMut(&SuncmacAnswer<'_>) -> ControlFlow<()>,
    );
}

/// What one key makes of a message.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "made by whoever implements the port")]
pub struct SuncmacAnswer<'a> {
    /// The full CMAC.
    pub mac: [u8; 16],
    /// The generation of the key.
    pub epoch: KeyEpoch,
    /// The name of the key, for whoever reads the result.
    pub label: Option<&'a Arc<str>>,
}

impl fmt::Debug for SuncmacAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SuncmacAnswer(elided, epoch {}, {:?})", self.epoch, self.label)
    }
}

/// SUNCMAC keys in memory: keys of one tag each, and master keys from which each tag's is derived.
///
/// Keys are wiped when this is dropped.
///
/// ```
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::ntag22x::{SuncmacKeys, verify};
/// use phygital_core::vocab::tag::KeyEpoch;
/// let mut keys = SuncmacKeys::new();
/// keys.insert("04aa2bd2335780".parse()?, KeyEpoch::FIRST, Secret::zeros())?;
/// let tap = verify("https://tap.example/?m=04AA2BD2335780x000001xB188AC6F69140B92", &keys)?; // AN12998
/// assert_eq!(tap.read_ctr().get(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
#[expect(clippy::vec_box, reason = "a list of bare keys would leave copies behind when it grows")]
pub struct SuncmacKeys {
    /// Latest generation first. Bare, not expanded: 16 bytes a tag, and expanding is a fraction of the MAC.
    tags: BTreeMap<(TagUid, Reverse<KeyEpoch>), Secret<16>>,
    /// Latest generation first.
    masters: Vec<Box<Master>>,
}

struct Master {
    key: Diversifier,
    system_id: Vec<u8>,
    epoch: KeyEpoch,
    label: Option<Arc<str>>,
}

/// Why a key cannot be taken in. It never holds anything of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SuncmacKeysError {
    /// The tag has another key in this generation.
    #[error("two different keys for the same tag and epoch")]
    Conflict,
    /// More than [`KEY_SETS_MAX`] keys, or [`FILE_KEYS_MAX`] that may fit one tag.
    #[error("at most {KEY_SETS_MAX} keys, and {FILE_KEYS_MAX} that may fit one tag")]
    TooMany,
    /// The system identifier is too long.
    #[error("a system identifier has at most {SYSTEM_ID_22X_MAX} bytes, found {found}")]
    SystemIdLength {
        /// Bytes found.
        found: usize,
    },
}

impl SuncmacKeys {
    /// No keys yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the key of one tag in one generation.
    ///
    /// # Errors
    /// [`SuncmacKeysError`] for too many keys, or another key for the same tag and generation.
    pub fn insert(&mut self, uid: TagUid, epoch: KeyEpoch, key: Secret<16>) -> Result<(), SuncmacKeysError> {
        let at = (uid, Reverse(epoch));
        match self.tags.get(&at) {
            Some(same) if *same == key => return Ok(()),
            Some(_) => return Err(SuncmacKeysError::Conflict),
            None => {}
        }
        if self.tags.len() >= KEY_SETS_MAX || self.of_tag(uid).count() + self.masters.len() >= FILE_KEYS_MAX {
            return Err(SuncmacKeysError::TooMany);
        }
        self.tags.insert(at, key);
        Ok(())
    }

    /// Adds a fleet whose keys are derived from `master` by AN10922 with the UID and, behind it, `system_id`.
    ///
    /// # Errors
    /// [`SuncmacKeysError`] for too many keys, or a system identifier of more than [`SYSTEM_ID_22X_MAX`] bytes.
    pub fn insert_fleet(
        &mut self,
        master: &Secret<16>,
        system_id: &[u8],
        epoch: KeyEpoch,
        label: Option<Arc<str>>,
    ) -> Result<(), SuncmacKeysError> {
        if system_id.len() > SYSTEM_ID_22X_MAX {
            return Err(SuncmacKeysError::SystemIdLength { found: system_id.len() });
        }
        let mut most = 0;
        let mut last = (None, 0);
        for (uid, _) in self.tags.keys() {
            last = if last.0 == Some(uid) { (Some(uid), last.1 + 1) } else { (Some(uid), 1) };
            most = most.max(last.1);
        }
        if most + self.masters.len() >= FILE_KEYS_MAX {
            return Err(SuncmacKeysError::TooMany);
        }
        let key = Diversifier::new(master);
        self.masters.push(Box::new(Master { key, system_id: system_id.to_vec(), epoch, label }));
        self.masters.sort_by_key(|master| Reverse(master.epoch));
        Ok(())
    }

    /// The keys of one tag, latest generation first.
    fn of_tag(&self, uid: TagUid) -> impl Iterator<Item = (KeyEpoch, &Secret<16>)> {
        let from = (uid, Reverse(KeyEpoch::new(u32::MAX)));
        let to = (uid, Reverse(KeyEpoch::FIRST));
        self.tags.range(from..=to).map(|((_, Reverse(epoch)), key)| (*epoch, key))
    }
}

impl SuncmacRing for SuncmacKeys {
    fn suncmacs(
        &self,
        uid: TagUid,
        input: &[u8],
        found: &mut dyn FnMut(&SuncmacAnswer<'_>) -> ControlFlow<()>,
    ) {
        for (epoch, key) in self.of_tag(uid) {
            let mac = CmacKey::<Aes128Enc>::new(key.expose()).mac(input);
            if found(&SuncmacAnswer { mac, epoch, label: None }).is_break() {
                return;
            }
        }
        for master in &self.masters {
            let (diversification, length) = fleet_input(uid, &master.system_id);
            let key = master.key.derive_bytes(&diversification[..length]);
            let mut key = key.expect("a UID with at most SYSTEM_ID_22X_MAX bytes is an input");
            let mac = CmacKey::<Aes128Enc>::new(&key).mac(input);
            key.zeroize();
            let answer = SuncmacAnswer { mac, epoch: master.epoch, label: master.label.as_ref() };
            if found(&answer).is_break() {
                return;
            }
        }
    }
}

/// The UID, then the system identifier.
fn fleet_input(uid: TagUid, system_id: &[u8]) -> ([u8; AN10922_INPUT_MAX], usize) {
    let mut input = [0; AN10922_INPUT_MAX];
    let length = TagUid::LENGTH + system_id.len();
    input[..TagUid::LENGTH].copy_from_slice(uid.as_bytes());
    input[TagUid::LENGTH..length].copy_from_slice(system_id);
    (input, length)
}

impl fmt::Debug for SuncmacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SuncmacKeys({} keys of tags, {} master keys, elided)", self.tags.len(), self.masters.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::{aes128_cmac, diversify_aes128};

    const UID: TagUid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);

    fn key(byte: u8) -> Secret<16> {
        Secret::take(&mut [byte; 16])
    }

    fn macs(keys: &SuncmacKeys, uid: TagUid) -> Vec<(u32, [u8; 16])> {
        let mut macs = Vec::new();
        keys.suncmacs(uid, b"text", &mut |answer| {
            macs.push((answer.epoch.get(), answer.mac));
            ControlFlow::Continue(())
        });
        macs
    }

    #[test]
    fn own_keys_come_before_derived_ones_and_later_before_earlier() {
        let mut keys = SuncmacKeys::new();
        for epoch in [1, 0, 2] {
            keys.insert(UID, KeyEpoch::new(epoch), key(epoch as u8)).unwrap();
        }
        keys.insert_fleet(&key(8), b"shop", KeyEpoch::new(0), None).unwrap();
        keys.insert_fleet(&key(9), b"", KeyEpoch::new(7), None).unwrap();
        let derived = |master: u8, system_id: &[u8]| {
            let input = [&UID.as_bytes()[..], system_id].concat();
            aes128_cmac(&diversify_aes128(&key(master), &input).unwrap(), b"text")
        };
        let own = |byte| aes128_cmac(&key(byte), b"text");
        let expected =
            [(2, own(2)), (1, own(1)), (0, own(0)), (7, derived(9, b"")), (0, derived(8, b"shop"))];
        assert_eq!(macs(&keys, UID), expected);
        assert_eq!(macs(&keys, TagUid::new([4; 7])).len(), 2);
        let mut count = 0;
        keys.suncmacs(UID, b"text", &mut |_| {
            count += 1;
            if count == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(count, 2);
    }

    #[test]
    fn a_repetition_is_none_and_a_contradiction_is_refused() {
        let mut keys = SuncmacKeys::new();
        keys.insert(UID, KeyEpoch::FIRST, key(1)).unwrap();
        keys.insert(UID, KeyEpoch::FIRST, key(1)).unwrap();
        assert_eq!(keys.insert(UID, KeyEpoch::FIRST, key(2)), Err(SuncmacKeysError::Conflict));
        assert_eq!(macs(&keys, UID).len(), 1);
    }

    #[test]
    fn a_tag_has_a_bounded_number_of_keys() {
        let mut keys = SuncmacKeys::new();
        for epoch in 0..FILE_KEYS_MAX as u32 - 1 {
            keys.insert(UID, KeyEpoch::new(epoch), key(1)).unwrap();
        }
        keys.insert_fleet(&key(2), b"", KeyEpoch::FIRST, None).unwrap();
        assert_eq!(keys.insert(UID, KeyEpoch::new(99), key(1)), Err(SuncmacKeysError::TooMany));
        assert_eq!(keys.insert_fleet(&key(3), b"", KeyEpoch::FIRST, None), Err(SuncmacKeysError::TooMany));
        keys.insert(TagUid::new([4; 7]), KeyEpoch::FIRST, key(1)).unwrap();
    }

    #[test]
    fn system_identifiers_have_at_most_24_bytes() {
        let mut keys = SuncmacKeys::new();
        keys.insert_fleet(&key(1), &[0; SYSTEM_ID_22X_MAX], KeyEpoch::FIRST, None).unwrap();
        assert_eq!(macs(&keys, UID).len(), 1);
        assert_eq!(
            keys.insert_fleet(&key(1), &[0; 25], KeyEpoch::FIRST, None),
            Err(SuncmacKeysError::SystemIdLength { found: SYSTEM_ID_22X_MAX + 1 })
        );
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        let mut keys = SuncmacKeys::new();
        keys.insert(UID, KeyEpoch::FIRST, key(0xAB)).unwrap();
        assert_eq!(format!("{keys:?}"), "SuncmacKeys(1 keys of tags, 0 master keys, elided)");
    }
}
