//! Where the keys of a tag come from.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

use super::plan::KeySlot;
use crate::crypto::{Diversifier, SYSTEM_ID_MAX, Secret, ntag424_input};
use crate::vocab::hex;
use crate::vocab::tag::TagUid;

/// The version byte of a key that was never changed: the delivery key, all zeros (NT4H2421Gx §8.2.5).
pub const DELIVERY_VERSION: u8 = 0;

/// Longest JSON text of provisioning keys, in bytes: a set for each of 255 versions, with room.
pub const SLOT_KEYS_JSON_MAX: usize = 256 * 1024;

/// Gives the keys that tags have and get, by slot and version: a file ([`SlotKeyTable`]), or a vault of the host's.
/// It is never asked for [`DELIVERY_VERSION`].
pub trait SlotKeys {
    /// The key of a tag's slot of this version; `None` where there is none, so that the slot stays as it is.
    fn key(&self, uid: TagUid, slot: KeySlot, version: u8) -> Option<Secret<16>>;
}

/// The key of a slot, with the delivery key for its version.
pub(super) fn slot_key(keys: &dyn SlotKeys, uid: TagUid, slot: KeySlot, version: u8) -> Option<Secret<16>> {
    match version {
        DELIVERY_VERSION => Some(Secret::zeros()),
        version => keys.key(uid, slot, version),
    }
}

/// Keys by version, each written down or derived from a master key by AN10922.
///
/// ```
/// use phygital_core::crypto::Secret;
/// use phygital_core::tap::personalise::{KeySlot, SlotKeyTable, SlotKeys};
/// let keys = SlotKeyTable::from_json(
///     r#"{"version": 1, "master_key": "c9eb67df090afc8ed0b4b15d0fd3d7f9", "picc_slot": 1}"#,
/// )?;
/// let [one, two] = ["04DE5F1EACC040".parse()?, "04A1B2C3D4E5F6".parse()?];
/// let key = |uid, slot| keys.key(uid, KeySlot::new(slot).expect("0 to 4"), 1);
/// assert_eq!(key(one, 1), key(two, 1)); // the one that opens PICCData, before the UID is known
/// assert_ne!(key(one, 2), key(two, 2));
/// assert_eq!(keys.key(one, KeySlot::MASTER, 2), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SlotKeyTable {
    versions: BTreeMap<u8, Version>,
}

/// The keys of one version.
struct Version {
    master: Option<Diversifier>,
    system_id: Vec<u8>,
    picc_slot: Option<KeySlot>,
    written: BTreeMap<KeySlot, Secret<16>>,
}

/// Why a JSON text holds no provisioning keys. It names field and place, never what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SlotKeysError {
    /// Longer than [`SLOT_KEYS_JSON_MAX`].
    #[error("provisioning keys have at most {SLOT_KEYS_JSON_MAX} bytes")]
    TooLong,
    /// Not JSON, or not of this form.
    #[error(
        "line {line}, column {column}: expected a set, or a list of sets, each with version (1 to 255), master_key \
         (32 hexadecimal digits), system_id, picc_slot and keys (by slot, 0 to 4) alone"
    )]
    Form {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// No set at all.
    #[error("expected at least one set of keys")]
    Empty,
    /// Two sets of one version, or of the version that tags leave the factory with.
    #[error("set {set}: version: expected another number from 1 to 255 in each set")]
    Version {
        /// Which set, from 1.
        set: usize,
    },
    /// Neither a master key nor a key of any slot.
    #[error("set {set}: expected master_key or keys")]
    NoKey {
        /// Which set, from 1.
        set: usize,
    },
    /// More than [`SYSTEM_ID_MAX`] bytes, or given without a master key.
    #[error("set {set}: system_id: expected at most {SYSTEM_ID_MAX} bytes, beside master_key")]
    SystemId {
        /// Which set, from 1.
        set: usize,
    },
    /// Given without a master key, or for a slot whose key is written down.
    #[error("set {set}: picc_slot: expected a slot without a key of its own, beside master_key")]
    PiccSlot {
        /// Which set, from 1.
        set: usize,
    },
}

impl SlotKeyTable {
    /// Reads keys from JSON: an object, or a list of objects, one for each version of keys that is about.
    ///
    /// | field | value |
    /// |---|---|
    /// | `version` | 1 to 255, the byte that the tag keeps with each key |
    /// | `master_key` | 32 hexadecimal digits: each slot's key is derived from it by AN10922 with UID, application, number of the slot and `system_id`, as `Keys::from_json` does for `"an10922"` |
    /// | `system_id` | 0 to 32 digits |
    /// | `picc_slot` | the slot whose key is derived from the master key with the input `PICC` instead, the same in all tags: the key of `{picc}`, as `"meta_diversify": "picc"` has it |
    /// | `keys` | `{"0": "32 digits", ...}`: keys written down; they go before derived ones. A slot without either keeps its key |
    ///
    /// # Errors
    /// [`SlotKeysError`], also for unknown fields, so that a misspelt one is not silently without effect.
    pub fn from_json(text: &str) -> Result<Self, SlotKeysError> {
        if text.len() > SLOT_KEYS_JSON_MAX {
            return Err(SlotKeysError::TooLong);
        }
        // serde's own text may quote a key, so the error only says where.
        let form =
            |error: serde_json::Error| SlotKeysError::Form { line: error.line(), column: error.column() };
        let sets = match text.trim_start().starts_with('[') {
            true => serde_json::from_str::<Vec<Set>>(text).map_err(form)?,
            false => vec![serde_json::from_str::<Set>(text).map_err(form)?],
        };
        let mut versions = BTreeMap::new();
        for (number, set) in (1..).zip(sets) {
            let (version, keys) = set.read(number)?;
            if versions.insert(version, keys).is_some() {
                return Err(SlotKeysError::Version { set: number });
            }
        }
        if versions.is_empty() {
            return Err(SlotKeysError::Empty);
        }
        Ok(Self { versions })
    }

    /// The latest version of keys in it.
    #[must_use]
    pub fn latest(&self) -> u8 {
        self.versions.keys().next_back().copied().unwrap_or(DELIVERY_VERSION)
    }

    /// Whether it has keys of this version.
    #[must_use]
    pub fn has(&self, version: u8) -> bool {
        self.versions.contains_key(&version)
    }
}

impl SlotKeys for SlotKeyTable {
    fn key(&self, uid: TagUid, slot: KeySlot, version: u8) -> Option<Secret<16>> {
        let version = self.versions.get(&version)?;
        if let Some(key) = version.written.get(&slot) {
            return Some(key.duplicate());
        }
        let master = version.master.as_ref()?;
        if version.picc_slot == Some(slot) {
            return master.derive(b"PICC").ok();
        }
        let input = ntag424_input(uid, slot.number(), &version.system_id).ok()?;
        master.derive(&input).ok()
    }
}

impl fmt::Debug for SlotKeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlotKeyTable(elided, versions {:?})", self.versions.keys())
    }
}

/// A set as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    version: u8,
    #[serde(default)]
    master_key: Option<Digits>,
    #[serde(default)]
    system_id: Option<String>,
    #[serde(default)]
    picc_slot: Option<KeySlot>,
    #[serde(default)]
    keys: Written,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(rename = "0")]
    zero: Option<Digits>,
    #[serde(rename = "1")]
    one: Option<Digits>,
    #[serde(rename = "2")]
    two: Option<Digits>,
    #[serde(rename = "3")]
    three: Option<Digits>,
    #[serde(rename = "4")]
    four: Option<Digits>,
}

struct Digits(Secret<16>);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Key;
        impl Visitor<'_> for Key {
            type Value = Secret<16>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("32 hexadecimal digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret<16>, E> {
                Secret::from_hex(text).map_err(E::custom)
            }
        }
        reader.deserialize_str(Key).map(Digits).map_err(|_| D::Error::custom("32 hexadecimal digits"))
    }
}

impl Set {
    fn read(self, set: usize) -> Result<(u8, Version), SlotKeysError> {
        if self.version == DELIVERY_VERSION {
            return Err(SlotKeysError::Version { set });
        }
        let Written { zero, one, two, three, four } = self.keys;
        let written = KeySlot::ALL.into_iter().zip([zero, one, two, three, four]);
        let written: BTreeMap<_, _> = written.filter_map(|(slot, key)| Some((slot, key?.0))).collect();
        let master = self.master_key.map(|Digits(key)| Diversifier::new(&key));
        if master.is_none() && written.is_empty() {
            return Err(SlotKeysError::NoKey { set });
        }
        let mut system_id = Vec::new();
        if let Some(digits) = self.system_id {
            system_id.resize(digits.len() / 2, 0);
            let fits = system_id.len() <= SYSTEM_ID_MAX && master.is_some();
            if !fits || hex::decode_into(digits.as_bytes(), &mut system_id).is_err() {
                return Err(SlotKeysError::SystemId { set });
            }
        }
        if self.picc_slot.is_some_and(|slot| master.is_none() || written.contains_key(&slot)) {
            return Err(SlotKeysError::PiccSlot { set });
        }
        Ok((self.version, Version { master, system_id, picc_slot: self.picc_slot, written }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::diversify_aes128;

    const K: &str = "00112233445566778899aabbccddeeff";

    fn slot(number: u8) -> KeySlot {
        KeySlot::new(number).unwrap()
    }

    fn read(text: &str) -> Result<SlotKeyTable, SlotKeysError> {
        SlotKeyTable::from_json(&text.replace('\'', "\"").replace('K', K))
    }

    #[test]
    fn keys_are_derived_as_a_verifier_derives_them() {
        let keys =
            read("{'version':1,'master_key':'K','system_id':'aabb','picc_slot':1,'keys':{'4':'K'}}").unwrap();
        let uid = TagUid::new([4; 7]);
        let master = Secret::from_hex(K).unwrap();
        let derived =
            |number| diversify_aes128(&master, &ntag424_input(uid, number, &[0xAA, 0xBB]).unwrap()).unwrap();
        for number in [0, 2, 3] {
            assert_eq!(keys.key(uid, slot(number), 1), Some(derived(number)), "{number}");
        }
        assert_eq!(keys.key(uid, slot(1), 1), Some(diversify_aes128(&master, b"PICC").unwrap()));
        assert_eq!(keys.key(uid, slot(4), 1), Some(master));
        assert_eq!(keys.key(uid, slot(4), 2), None);
        assert_eq!(slot_key(&keys, uid, slot(4), DELIVERY_VERSION), Some(Secret::zeros()));
        assert!((keys.latest(), keys.has(1), keys.has(2)) == (1, true, false));
        assert!(!format!("{keys:?}").contains("0011"));
    }

    #[test]
    fn what_is_no_set_of_keys_is_refused_and_not_quoted() {
        for (text, error) in [
            ("[]", SlotKeysError::Empty),
            ("{'version':0,'master_key':'K'}", SlotKeysError::Version { set: 1 }),
            (
                "[{'version':1,'master_key':'K'},{'version':1,'master_key':'K'}]",
                SlotKeysError::Version { set: 2 },
            ),
            ("{'version':1}", SlotKeysError::NoKey { set: 1 }),
            ("{'version':1,'keys':{'0':'K'},'system_id':'00'}", SlotKeysError::SystemId { set: 1 }),
            ("{'version':1,'master_key':'K','system_id':'KKK'}", SlotKeysError::SystemId { set: 1 }),
            ("{'version':1,'keys':{'0':'K'},'picc_slot':1}", SlotKeysError::PiccSlot { set: 1 }),
            (
                "{'version':1,'master_key':'K','keys':{'1':'K'},'picc_slot':1}",
                SlotKeysError::PiccSlot { set: 1 },
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), error, "{text}");
        }
        for text in [
            "{'version':1,'master_key':'K0'}",
            "{'version':256,'master_key':'K'}",
            "{'version':'K','master_key':'K'}",
            "{'version':1,'master_key':'K','K':1}",
            "{'version':1,'keys':{'5':'K'}}",
            "{'version':1,'keys':{'1':'K','1':'K'}}",
            "{'version':1,'master_key':'K','picc_slot':5}",
        ] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, SlotKeysError::Form { line: 1, .. }), "{text}");
            assert!(!error.to_string().contains("0011"), "{error}");
        }
    }

    #[test]
    fn a_text_has_a_limit() {
        let text = format!("{{\"version\":1,\"master_key\":\"{K}\"}}");
        let padded = format!("{text}{}", " ".repeat(SLOT_KEYS_JSON_MAX - text.len()));
        assert!(SlotKeyTable::from_json(&padded).is_ok());
        assert_eq!(SlotKeyTable::from_json(&(padded + " ")).err(), Some(SlotKeysError::TooLong));
    }
}
