//! What a tag is to become, and the steps there in the order that fails safely.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vocab::Digest;
use crate::vocab::tag::TagUid;

/// What a tag is to become. Keys are named by their slot and version; which key that is, the caller knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// The tag.
    pub uid: TagUid,
    /// The key versions of slots 0 to 4, now and then.
    pub keys: [KeyChange; KeySlot::COUNT],
    /// How it authenticates now.
    pub mode: Mode,
    /// What is switched on for good.
    pub features: BTreeSet<Feature>,
    /// SHA-256 of the NDEF file and the file settings to be written, made by the caller, so that whoever
    /// goes on writes the same.
    pub content: Digest,
}

/// The key of a slot, now and then, by the version byte that the tag keeps with it (0 in the factory). The same
/// version means the same key, which is left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "before and after")]
pub struct KeyChange {
    /// What the slot holds.
    pub now: u8,
    /// What it is to hold.
    pub then: u8,
}

/// One of the five keys of a tag. Slot 0 is the master: it alone may change the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct KeySlot(u8);

/// A number that is no [`KeySlot`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key slot is a number from 0 to 4")]
pub struct NoKeySlot;

impl KeySlot {
    /// Keys of an NTAG 424 DNA.
    pub const COUNT: usize = 5;
    /// The master key, AppMasterKey.
    pub const MASTER: Self = Self(0);
    /// All slots, from 0.
    pub const ALL: [Self; Self::COUNT] = [Self(0), Self(1), Self(2), Self(3), Self(4)];

    /// The slot of this number, 0 to 4.
    ///
    /// # Errors
    /// [`NoKeySlot`] for another number.
    pub fn new(number: u8) -> Result<Self, NoKeySlot> {
        Self::ALL.get(usize::from(number)).copied().ok_or(NoKeySlot)
    }

    /// Its number, 0 to 4.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl TryFrom<u8> for KeySlot {
    type Error = NoKeySlot;

    fn try_from(number: u8) -> Result<Self, NoKeySlot> {
        Self::new(number)
    }
}

impl From<KeySlot> for u8 {
    fn from(slot: KeySlot) -> u8 {
        slot.0
    }
}

impl fmt::Display for KeySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a tag authenticates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the two modes of the chip")]
pub enum Mode {
    /// AES, as it left the factory.
    #[default]
    Aes,
    /// LRP, for good.
    Lrp,
}

impl From<Mode> for crate::contactless::ntag424::Mode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Aes => Self::Aes,
            Mode::Lrp => Self::Lrp,
        }
    }
}

/// What SetConfiguration switches on and nothing switches off again, in the order in which it is done: the random
/// ID comes last, since after it the tag no longer shows by which UID its journal is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Feature {
    /// The tamper loop of a TagTamper.
    TagTamper,
    /// LRP mode.
    Lrp,
    /// A random ID instead of the UID before authentication.
    RandomId,
}

/// A command that changes a tag, or that reads what has to be known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Reads what chip it is (60h).
    GetVersion,
    /// Reads the originality signature (3Ch).
    ReadSignature,
    /// Writes the NDEF file (8Dh).
    WriteNdef,
    /// Switches secure dynamic messaging on and sets who may read and write (5Fh).
    ChangeFileSettings,
    /// Puts a new key into a slot (C4h).
    ChangeKey(KeySlot),
    /// Switches something on for good (5Ch).
    SetConfiguration(Feature),
}

impl Step {
    /// Whether it needs a session under the master key.
    pub(super) fn needs_session(self) -> bool {
        !matches!(self, Self::GetVersion | Self::ReadSignature)
    }
}

impl Plan {
    /// A plan for a tag with factory keys in AES mode that writes content and changes no key.
    #[must_use]
    pub fn new(uid: TagUid, content: Digest) -> Self {
        let keys = [KeyChange::default(); KeySlot::COUNT];
        Self { uid, keys, mode: Mode::Aes, features: BTreeSet::new(), content }
    }

    /// Changes the key of a slot from one version to another.
    #[must_use]
    pub fn change_key(mut self, slot: KeySlot, now: u8, then: u8) -> Self {
        self.keys[slot.index()] = KeyChange { now, then };
        self
    }

    /// Switches something on for good.
    #[must_use]
    pub fn switch_on(mut self, feature: Feature) -> Self {
        self.features.insert(feature);
        self
    }

    /// Says that the tag is in LRP mode already.
    #[must_use]
    pub fn in_lrp_mode(mut self) -> Self {
        self.mode = Mode::Lrp;
        self
    }

    /// The steps in the order that fails safely: what can be repeated first, then the keys that do not lock us
    /// out, then what cannot be undone, and the master key last. The session under the master key is begun
    /// where the first step needs it. LRP mode switches dynamic messaging off, so the settings come once more after it.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps =
            vec![Step::GetVersion, Step::ReadSignature, Step::WriteNdef, Step::ChangeFileSettings];
        let (master, others) = KeySlot::ALL.split_first().expect("there are five");
        let changes = |slot: &&KeySlot| self.changes(**slot);
        steps.extend(others.iter().rev().filter(changes).map(|slot| Step::ChangeKey(*slot)));
        let features = self.features.iter().filter(|feature| !self.has(**feature));
        steps.extend(features.map(|feature| Step::SetConfiguration(*feature)));
        steps.extend(Some(master).filter(changes).map(|slot| Step::ChangeKey(*slot)));
        steps
    }

    pub(super) fn changes(&self, slot: KeySlot) -> bool {
        let KeyChange { now, then } = self.keys[slot.index()];
        now != then
    }

    fn has(&self, feature: Feature) -> bool {
        feature == Feature::Lrp && self.mode == Mode::Lrp
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new(TagUid::new([4; 7]), Digest::from_bytes([1; 32]))
    }

    #[test]
    fn the_master_key_comes_last_and_the_random_id_last_of_the_features() {
        let mut whole = plan();
        for slot in KeySlot::ALL {
            whole = whole.change_key(slot, 0, 1);
        }
        for feature in [Feature::RandomId, Feature::Lrp, Feature::TagTamper] {
            whole = whole.switch_on(feature);
        }
        let slot = |number| Step::ChangeKey(KeySlot::new(number).unwrap());
        let expected = [
            Step::GetVersion,
            Step::ReadSignature,
            Step::WriteNdef,
            Step::ChangeFileSettings,
            slot(4),
            slot(3),
            slot(2),
            slot(1),
            Step::SetConfiguration(Feature::TagTamper),
            Step::SetConfiguration(Feature::Lrp),
            Step::SetConfiguration(Feature::RandomId),
            slot(0),
        ];
        assert_eq!(whole.steps(), expected);
    }

    #[test]
    fn what_is_there_already_is_left_alone() {
        let slot = KeySlot::new(2).unwrap();
        let less = plan().change_key(slot, 7, 7).in_lrp_mode().switch_on(Feature::Lrp);
        assert_eq!(less.steps().len(), 4);
        assert_eq!(KeySlot::new(4).map(KeySlot::number), Ok(4));
        assert_eq!(KeySlot::new(5), Err(NoKeySlot));
        assert!(serde_json::from_str::<KeySlot>("5").is_err());
    }
}
