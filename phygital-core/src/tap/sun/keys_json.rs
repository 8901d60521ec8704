//! The JSON form of keys, as an operator writes it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroize;

use super::key_set::{FILE_KEY_NO, KeySet};
use super::keyring::Layout;
use super::keys::{Keys, KeysError};
use super::template::{TemplateError, UrlTemplate, is_key_id};
use crate::crypto::{SYSTEM_ID_MAX, Secret};
use crate::tap::limits::{KEY_SETS_MAX, KEYS_JSON_MAX};
use crate::vocab::hex;
use crate::vocab::tag::KeyEpoch;

/// Why a JSON text holds no keys. It names field and place, never what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysJsonError {
    /// Longer than [`KEYS_JSON_MAX`].
    #[error("a key file has at most {KEYS_JSON_MAX} bytes")]
    TooLong,
    /// Not JSON.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// JSON, but neither an object, nor a list of objects, nor an object with such a list as `keys`.
    #[error("expected a key set, a list of key sets, or an object with a list `keys`")]
    Shape,
    /// A field with another value than expected.
    #[error("key set {number}: {field} must be {expected}")]
    Field {
        /// Which set, counted from 1.
        number: usize,
        /// Which field.
        field: &'static str,
        /// What it should hold.
        expected: String,
    },
    /// A field that key sets do not have.
    #[error("key set {number}: unknown field {name}")]
    UnknownField {
        /// Which set, counted from 1.
        number: usize,
        /// Its name, if it is a plain word.
        name: String,
    },
    /// A field that stands there twice.
    #[error("key set {number}: {field} stands there twice")]
    Duplicate {
        /// Which set, counted from 1.
        number: usize,
        /// Which field.
        field: &'static str,
    },
    /// The sets make no key ring.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl Keys {
    /// Reads keys from JSON: one object, a list of objects, or `{"keys": [...]}`.
    ///
    /// | field | value |
    /// |---|---|
    /// | `file_read_key` | 32 hexadecimal digits: the SDMFileReadKey itself |
    /// | `master_key` | 32 digits: the key from which each tag's file read key is derived |
    /// | `diversify` | how, with `master_key`: `"an10922"`, `"boltcard"`, `"sdm-backend"`, or `"sdm-backend-legacy"` for tags of before 2023. All but the first derive the meta read key too, if it is not given |
    /// | `system_id` | 0 to 32 digits, with `an10922` |
    /// | `file_key_no` | 0 to 4, with `master_key`: the number of the tag's SDMFileReadKey, 2 if absent |
    /// | `meta_read_key` | 32 digits: the SDMMetaReadKey; absent for tags that mirror in plain |
    /// | `meta_diversify` | `"picc"`, with `an10922`: the meta read key is derived with the input `PICC` |
    /// | `meta_key_no` | 0 to 4, with `master_key` and `uid`: it is derived like a file read key |
    /// | `uid` | 14 digits: the one tag that has these keys |
    /// | `epoch` | the generation of the keys, 0 if absent; of bolt cards their version. While keys are changed, give a set for each generation that is still about |
    /// | `label` | a name for results |
    /// | `template` | a [`UrlTemplate`]; the layout is recognised by its shape if absent |
    /// | `key_id` | the public text in the links of these tags that tells their keys: 1 to 32 letters, digits and `-._~`, put in for the `{kid}` of the template |
    /// | `mode` | what is known of the tags' mode, a [`super::ModeRule`]: `"aes"`, `"lrp"`, `"either"`; `"by-length"` if absent |
    /// | `mac_input` | where the MAC input starts, a [`super::MacInput`]: a name or the file offset |
    ///
    /// # Errors
    /// [`KeysJsonError`], also for unknown fields, so that a misspelt one is not silently without effect.
    pub fn from_json(text: &str) -> Result<Self, KeysJsonError> {
        if text.len() > KEYS_JSON_MAX {
            return Err(KeysJsonError::TooLong);
        }
        let mut fault = None;
        let mut reader = serde_json::Deserializer::from_str(text);
        let sets = reader.deserialize_any(FileVisitor { fault: &mut fault });
        let sets = sets.and_then(|sets| reader.end().map(|()| sets)).map_err(|error| match fault {
            Some(fault) => fault,
            // Only line and column: the message may hold a piece of the text.
            None => KeysJsonError::Syntax { line: error.line(), column: error.column() },
        })?;
        Ok(Keys::new(sets)?)
    }
}

/// Any JSON value, of which only what a field needs is kept.
enum Value<'de> {
    Text(Cow<'de, str>),
    Number(u64),
    Other,
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        // Text with escapes was copied out of the input.
        if let Self::Text(Cow::Owned(text)) = self {
            text.zeroize();
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

/// Reads the whole file.
struct FileVisitor<'f> {
    fault: &'f mut Option<KeysJsonError>,
}

/// Leaves through serde's error channel; what counts is the fault that was noted.
fn leave<E: serde::de::Error>(noted: &mut Option<KeysJsonError>, fault: KeysJsonError) -> E {
    noted.get_or_insert(fault);
    E::custom("")
}

impl<'de> Visitor<'de> for FileVisitor<'_> {
    type Value = Vec<KeySet>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("key sets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<KeySet>, A::Error> {
        let Some(first) = map.next_key::<Cow<'de, str>>()? else {
            return Err(leave(self.fault, KeysJsonError::Keys(KeysError::Empty)));
        };
        if first != "keys" {
            return read_set(1, Some(first), map, self.fault).map(|set| vec![set]);
        }
        let sets = map.next_value_seed(ListSeed { fault: self.fault })?;
        match map.next_key::<Cow<'de, str>>()? {
            None => Ok(sets),
            Some(_) => Err(leave(self.fault, KeysJsonError::Shape)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<KeySet>, A::Error> {
        read_list(list, self.fault)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, _: &'de str) -> Result<Vec<KeySet>, E> {
        Err(leave(self.fault, KeysJsonError::Shape))
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Vec<KeySet>, E> {
        Err(leave(self.fault, KeysJsonError::Shape))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Vec<KeySet>, E> {
        Err(leave(self.fault, KeysJsonError::Shape))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Vec<KeySet>, E> {
        Err(leave(self.fault, KeysJsonError::Shape))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Vec<KeySet>, E> {
        Err(leave(self.fault, KeysJsonError::Shape))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Vec<KeySet>, E> {
        Err(leave(self.fault, KeysJsonError::Shape))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Vec<KeySet>, E> {
        Err(leave(self.fault, KeysJsonError::Shape))
    }
}

/// Reads a list of sets.
struct ListSeed<'f> {
    fault: &'f mut Option<KeysJsonError>,
}

impl<'de> serde::de::DeserializeSeed<'de> for ListSeed<'_> {
    type Value = Vec<KeySet>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<KeySet>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSeed<'_> {
    type Value = Vec<KeySet>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of key sets")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Vec<KeySet>, A::Error> {
        read_list(list, self.fault)
    }
}

fn read_list<'de, A: SeqAccess<'de>>(
    mut list: A,
    fault: &mut Option<KeysJsonError>,
) -> Result<Vec<KeySet>, A::Error> {
    let mut sets = Vec::new();
    while let Some(set) = list.next_element_seed(SetSeed { number: sets.len() + 1, fault })? {
        if sets.len() == KEY_SETS_MAX {
            return Err(leave(fault, KeysJsonError::Keys(KeysError::TooManySets)));
        }
        sets.push(set);
    }
    Ok(sets)
}

/// Reads one set of a list.
struct SetSeed<'f> {
    number: usize,
    fault: &'f mut Option<KeysJsonError>,
}

impl<'de> serde::de::DeserializeSeed<'de> for SetSeed<'_> {
    type Value = KeySet;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<KeySet, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SetSeed<'_> {
    type Value = KeySet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key set")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeySet, A::Error> {
        read_set(self.number, None, map, self.fault)
    }
}

/// Reads one object as a key set; `first` is a name that was read already.
fn read_set<'de, A: MapAccess<'de>>(
    number: usize,
    first: Option<Cow<'de, str>>,
    mut map: A,
    fault: &mut Option<KeysJsonError>,
) -> Result<KeySet, A::Error> {
    let mut fields = Fields { number, ..Fields::default() };
    let mut next = match first {
        Some(name) => Some(name),
        None => map.next_key()?,
    };
    while let Some(name) = next {
        let value: Value<'de> = map.next_value()?;
        fields.set(&name, value).map_err(|refused| leave(fault, refused))?;
        next = map.next_key()?;
    }
    fields.key_set().map_err(|refused| leave(fault, refused))
}

/// The fields of one set as they come.
#[derive(Default)]
struct Fields {
    number: usize,
    meta_read_key: Option<Secret<16>>,
    file_read_key: Option<Secret<16>>,
    master_key: Option<Secret<16>>,
    diversify: Option<Diversify>,
    system_id: Option<Vec<u8>>,
    file_key_no: Option<u8>,
    meta_key_no: Option<u8>,
    meta_diversify: Option<()>,
    uid: Option<crate::vocab::tag::TagUid>,
    epoch: Option<KeyEpoch>,
    label: Option<String>,
    template: Option<UrlTemplate>,
    mac_input: Option<super::MacInput>,
    mode: Option<super::ModeRule>,
    key_id: Option<String>,
}

const KEY: &str = "32 hexadecimal digits";
const KEY_NO: &str = "a key number from 0 to 4";
const DIVERSIFY: &str = "an10922, boltcard, sdm-backend or sdm-backend-legacy";

/// The ways to derive keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Diversify {
    An10922,
    Boltcard,
    SdmBackend,
    SdmBackendLegacy,
}

impl Diversify {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "an10922" => Self::An10922,
            "boltcard" => Self::Boltcard,
            "sdm-backend" => Self::SdmBackend,
            "sdm-backend-legacy" => Self::SdmBackendLegacy,
            _ => return None,
        })
    }
}

impl Fields {
    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), KeysJsonError> {
        let number = self.number;
        match name {
            "meta_read_key" => {
                put(number, "meta_read_key", &mut self.meta_read_key, || value.key(number, "meta_read_key"))
            }
            "file_read_key" => {
                put(number, "file_read_key", &mut self.file_read_key, || value.key(number, "file_read_key"))
            }
            "master_key" => {
                put(number, "master_key", &mut self.master_key, || value.key(number, "master_key"))
            }
            "diversify" => put(number, "diversify", &mut self.diversify, || {
                value.read(number, "diversify", DIVERSIFY, Diversify::from_name)
            }),
            "system_id" => put(number, "system_id", &mut self.system_id, || {
                value.read(number, "system_id", "0 to 32 hexadecimal digits", |text| {
                    let mut bytes = vec![0; text.len() / 2];
                    let fits = bytes.len() <= SYSTEM_ID_MAX;
                    (fits && hex::decode_into(text.as_bytes(), &mut bytes).is_ok()).then_some(bytes)
                })
            }),
            "file_key_no" => {
                put(number, "file_key_no", &mut self.file_key_no, || value.key_no(number, "file_key_no"))
            }
            "meta_key_no" => {
                put(number, "meta_key_no", &mut self.meta_key_no, || value.key_no(number, "meta_key_no"))
            }
            "meta_diversify" => put(number, "meta_diversify", &mut self.meta_diversify, || {
                value.read(number, "meta_diversify", "\"picc\"", |text| (text == "picc").then_some(()))
            }),
            "uid" => put(number, "uid", &mut self.uid, || {
                value.read(number, "uid", "14 hexadecimal digits", |text| text.parse().ok())
            }),
            "epoch" => put(number, "epoch", &mut self.epoch, || match value {
                Value::Number(epoch) if epoch <= u64::from(u32::MAX) => Ok(KeyEpoch::new(epoch as u32)),
                _ => Err(refused(number, "epoch", "a number from 0 to 4294967295")),
            }),
            "label" => put(number, "label", &mut self.label, || {
                value.read(number, "label", "a text of 1 to 100 characters", |text| {
                    (1..=100).contains(&text.len()).then(|| text.to_owned())
                })
            }),
            "template" => put(number, "template", &mut self.template, || match &value {
                Value::Text(text) => text.parse().map_err(|error: TemplateError| {
                    refused(number, "template", format!("a URL template: {error}"))
                }),
                _ => Err(refused(number, "template", "a URL template")),
            }),
            "mac_input" => put(number, "mac_input", &mut self.mac_input, || {
                let read = match &value {
                    Value::Text(text) => text.parse().ok(),
                    Value::Number(offset) => offset.to_string().parse().ok(),
                    Value::Other => None,
                };
                read.ok_or_else(|| refused(number, "mac_input", super::MacInputError.to_string()))
            }),
            "key_id" => put(number, "key_id", &mut self.key_id, || {
                value.read(number, "key_id", "1 to 32 letters, digits and -._~", |text| {
                    is_key_id(text).then(|| text.to_owned())
                })
            }),
            "mode" => put(number, "mode", &mut self.mode, || {
                value.read(number, "mode", "aes, lrp, by-length or either", |text| text.parse().ok())
            }),
            _ => {
                let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                let plain = name.len() < 32 && name.bytes().all(word);
                let name = if plain { name.to_owned() } else { "(not a plain word)".to_owned() };
                Err(KeysJsonError::UnknownField { number, name })
            }
        }
    }

    fn key_set(self) -> Result<KeySet, KeysJsonError> {
        let number = self.number;
        let only_with_master = [
            ("diversify", self.diversify.is_some()),
            ("system_id", self.system_id.is_some()),
            ("file_key_no", self.file_key_no.is_some()),
            ("meta_key_no", self.meta_key_no.is_some()),
            ("meta_diversify", self.meta_diversify.is_some()),
        ];
        let mut set = match (self.file_read_key, self.master_key) {
            (Some(key), None) => {
                if let Some((field, _)) = only_with_master.into_iter().find(|(_, given)| *given) {
                    return Err(refused(number, field, "given with master_key only"));
                }
                KeySet::explicit(key)
            }
            (None, Some(master)) => {
                let Some(way) = self.diversify else {
                    let expected = format!("{DIVERSIFY} when there is a master_key");
                    return Err(refused(number, "diversify", expected));
                };
                let only_an10922 = [
                    ("system_id", self.system_id.is_some()),
                    ("meta_diversify", self.meta_diversify.is_some()),
                ];
                let misplaced = only_an10922.into_iter().find(|(_, given)| *given);
                if let (Some((field, _)), true) = (misplaced, way != Diversify::An10922) {
                    return Err(refused(number, field, "given with an10922 only"));
                }
                let key_no = self.file_key_no.unwrap_or(FILE_KEY_NO);
                match way {
                    Diversify::An10922 => {
                        let system_id = self.system_id.unwrap_or_default();
                        KeySet::diversified(master, key_no, &system_id).map_err(KeysError::from)?
                    }
                    Diversify::Boltcard => KeySet::boltcard(master).file_key_no(key_no),
                    Diversify::SdmBackend => KeySet::sdm_backend(master).file_key_no(key_no),
                    Diversify::SdmBackendLegacy => KeySet::sdm_backend_legacy(master).file_key_no(key_no),
                }
            }
            (Some(_), Some(_)) => {
                return Err(refused(number, "file_read_key", "absent when there is a master_key"));
            }
            (None, None) => return Err(refused(number, "file_read_key", "given, or else master_key")),
        };
        set = match (self.meta_read_key, self.meta_diversify, self.meta_key_no) {
            (None, None, None) => set,
            (Some(key), None, None) => set.meta_read_key(key),
            (None, Some(()), None) => set.derive_meta_read_key(),
            (None, None, Some(_)) if self.uid.is_none() => {
                return Err(refused(number, "meta_key_no", "given with uid only"));
            }
            (None, None, Some(key_no)) => set.derive_meta_read_key_no(key_no),
            _ => return Err(refused(number, "meta_read_key", "given, or derived, in one way only")),
        };
        if let Some(uid) = self.uid {
            set = set.of_tag(uid);
        }
        if let Some(label) = self.label {
            set = set.label(label);
        }
        let mut layout = Layout::default();
        if let Some(mut template) = self.template {
            if template.has_key_id() {
                let id = self.key_id.as_deref();
                let filled = id.ok_or(TemplateError::KeyId).and_then(|id| template.with_key_id(id));
                template = filled.map_err(|error| refused(number, "key_id", error.to_string()))?;
            }
            layout = Layout::Template(template);
        }
        if let Some(key_id) = self.key_id {
            set = set.key_id(key_id);
        }
        if let Some(mac_input) = self.mac_input {
            layout = layout
                .with_mac_input(mac_input)
                .map_err(|error| refused(number, "mac_input", error.to_string()))?;
        }
        Ok(set.epoch(self.epoch.unwrap_or_default()).layout(layout).mode(self.mode.unwrap_or_default()))
    }
}

/// Fills a field that was empty.
fn put<T>(
    number: usize,
    field: &'static str,
    slot: &mut Option<T>,
    read: impl FnOnce() -> Result<T, KeysJsonError>,
) -> Result<(), KeysJsonError> {
    if slot.is_some() {
        return Err(KeysJsonError::Duplicate { number, field });
    }
    *slot = Some(read()?);
    Ok(())
}

fn refused(number: usize, field: &'static str, expected: impl Into<String>) -> KeysJsonError {
    KeysJsonError::Field { number, field, expected: expected.into() }
}

impl Value<'_> {
    fn read<T>(
        &self,
        number: usize,
        field: &'static str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, KeysJsonError> {
        match self {
            Self::Text(text) => read(text),
            _ => None,
        }
        .ok_or_else(|| refused(number, field, expected))
    }

    fn key(&self, number: usize, field: &'static str) -> Result<Secret<16>, KeysJsonError> {
        self.read(number, field, KEY, |text| Secret::from_hex(text).ok())
    }

    fn key_no(&self, number: usize, field: &'static str) -> Result<u8, KeysJsonError> {
        match self {
            Self::Number(key_no @ 0..=4) => Ok(*key_no as u8),
            _ => Err(refused(number, field, KEY_NO)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const K: &str = "00112233445566778899aabbccddeeff";

    fn read(json: &str) -> Result<String, String> {
        let json = json.replace('\'', "\"").replace('K', K);
        match Keys::from_json(&json) {
            Ok(keys) => Ok(format!("{keys:?}")),
            Err(error) => {
                let text = format!("{error} {error:?}");
                assert!(!text.contains(&K[..8]), "a key is in {text}");
                Err(error.to_string())
            }
        }
    }

    #[test]
    fn one_set_a_list_or_an_object_with_a_list() {
        let one = Ok("Keys(elided, 1 fleets, 0 tags, 1 open keys)".to_owned());
        assert_eq!(read("{'file_read_key':'K'}"), one);
        assert_eq!(read("[{'file_read_key':'K','meta_read_key':'K'}]"), one);
        assert_eq!(read("{'keys':[{'master_key':'K','diversify':'an10922','meta_diversify':'picc'}]}"), one);
        for (way, tags) in [("boltcard", ""), ("sdm-backend", ""), ("sdm-backend-legacy", ",'file_key_no':3")]
        {
            assert_eq!(read(&format!("{{'master_key':'K','diversify':'{way}'{tags}}}")), one, "{way}");
        }
        assert_eq!(read("{'file_read_key':'K','key_id':'k7','template':'h/{kid}?u={uid}&c={mac}'}"), one);
        assert_eq!(
            read("[{'file_read_key':'K','mode':'lrp'},{'file_read_key':'K','mode':'aes'}]"),
            Ok("Keys(elided, 2 fleets, 0 tags, 2 open keys)".to_owned())
        );
        assert_eq!(
            read(
                "{'keys':[{'master_key':'K','diversify':'an10922','system_id':'6162','file_key_no':1,\
                 'meta_key_no':3,'uid':'04AABBCCDDEEFF','epoch':7,'label':'a','mac_input':'enc',\
                 'template':'h/?p={picc}&e={enc}&c={mac}'},{'file_read_key':'\\u0030K'}]}"
            ),
            Err("key set 2: file_read_key must be 32 hexadecimal digits".to_owned())
        );
        assert_eq!(
            read(
                "[{'master_key':'K','diversify':'an10922','meta_key_no':3,'uid':'04AABBCCDDEEFF','mac_input':19}]"
            ),
            Ok("Keys(elided, 1 fleets, 1 tags, 0 open keys)".to_owned())
        );
    }

    #[test]
    fn every_fault_names_its_field_and_no_key() {
        for (json, message) in [
            ("", "not JSON at line 1, column 0"),
            ("{", "not JSON at line 1, column 1"),
            ("{} x", "a key ring needs at least one key set"),
            ("[]", "a key ring needs at least one key set"),
            ("{'keys':[]}", "a key ring needs at least one key set"),
            ("'K'", "expected a key set, a list of key sets, or an object with a list `keys`"),
            ("12", "expected a key set, a list of key sets, or an object with a list `keys`"),
            ("{'keys':[],'K':1}", "expected a key set, a list of key sets, or an object with a list `keys`"),
            ("{'file_read_key':'K','K':1}", "key set 1: unknown field (not a plain word)"),
            ("{'file_read_key':'K','File_read_key':1}", "key set 1: unknown field File_read_key"),
            ("{'file_read_key':'K','file_read_key':'K'}", "key set 1: file_read_key stands there twice"),
            ("{'file_read_key':'KK'}", "key set 1: file_read_key must be 32 hexadecimal digits"),
            ("{'file_read_key':{'a':'K'}}", "key set 1: file_read_key must be 32 hexadecimal digits"),
            ("{'file_read_key':['K']}", "key set 1: file_read_key must be 32 hexadecimal digits"),
            ("{'meta_read_key':'K'}", "key set 1: file_read_key must be given, or else master_key"),
            ("{'file_read_key':'K','epoch':'K'}", "key set 1: epoch must be a number from 0 to 4294967295"),
            (
                "{'file_read_key':'K','epoch':4294967296}",
                "key set 1: epoch must be a number from 0 to 4294967295",
            ),
            ("{'file_read_key':'K','epoch':-1}", "key set 1: epoch must be a number from 0 to 4294967295"),
            ("{'file_read_key':'K','uid':'K'}", "key set 1: uid must be 14 hexadecimal digits"),
            (
                "{'file_read_key':'K','system_id':''}",
                "key set 1: system_id must be given with master_key only",
            ),
            (
                "{'master_key':'K'}",
                "key set 1: diversify must be an10922, boltcard, sdm-backend or sdm-backend-legacy when there is a \
                 master_key",
            ),
            (
                "{'master_key':'K','diversify':'K'}",
                "key set 1: diversify must be an10922, boltcard, sdm-backend or sdm-backend-legacy",
            ),
            (
                "{'master_key':'K','diversify':'boltcard','system_id':''}",
                "key set 1: system_id must be given with an10922 only",
            ),
            (
                "{'master_key':'K','diversify':'sdm-backend','meta_diversify':'picc'}",
                "key set 1: meta_diversify must be given with an10922 only",
            ),
            (
                "{'master_key':'K','diversify':'an10922','system_id':'K00'}",
                "key set 1: system_id must be 0 to 32 hexadecimal digits",
            ),
            (
                "{'master_key':'K','diversify':'an10922','file_key_no':5}",
                "key set 1: file_key_no must be a key number from 0 to 4",
            ),
            (
                "{'master_key':'K','diversify':'an10922','meta_key_no':1}",
                "key set 1: meta_key_no must be given with uid only",
            ),
            (
                "{'file_read_key':'K','key_id':'a b'}",
                "key set 1: key_id must be 1 to 32 letters, digits and -._~",
            ),
            (
                "{'file_read_key':'K','template':'h/{kid}?u={uid}&c={mac}'}",
                "key set 1: key_id must be {kid} stands once, for a whole path segment or parameter, and is 1 to 32 \
                 letters, digits and -._~",
            ),
            ("{'file_read_key':'K','mode':'AES'}", "key set 1: mode must be aes, lrp, by-length or either"),
            ("{'file_read_key':'K','label':''}", "key set 1: label must be a text of 1 to 100 characters"),
        ] {
            assert_eq!(read(json).unwrap_err(), message, "{json}");
        }
        assert!(
            read("{'file_read_key':'K','template':'K'}")
                .unwrap_err()
                .starts_with("key set 1: template must be a URL template")
        );
        assert!(
            read("{'file_read_key':'K','mac_input':'K'}")
                .unwrap_err()
                .starts_with("key set 1: mac_input must be a MAC input")
        );
    }

    #[test]
    fn length_comes_first() {
        let padded = |length: usize| {
            let json = format!("{{\"file_read_key\":\"{K}\"}}");
            " ".repeat(length - json.len()) + &json
        };
        assert!(Keys::from_json(&padded(KEYS_JSON_MAX)).is_ok());
        assert_eq!(Keys::from_json(&padded(KEYS_JSON_MAX + 1)).err(), Some(KeysJsonError::TooLong));
    }
}
