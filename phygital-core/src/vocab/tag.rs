//! What names a tag: its UID, its read counter, the generation of its keys; and where it is in its life.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::hex::{self, HexFault};
use super::purpose::names;
use super::serde_text::serde_text;

/// The 7-byte identifier burnt into an NTAG 424 DNA (ISO/IEC 14443-3 double-size UID).
///
/// Written as 14 hexadecimal digits: read in either case, printed in lower case. Ordered by its bytes.
///
/// ```
/// use phygital_core::vocab::tag::TagUid;
/// let uid: TagUid = "04DE5F1EACC040".parse()?;
/// assert_eq!(uid.to_string(), "04de5f1eacc040");
/// # Ok::<(), phygital_core::vocab::tag::TagUidError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagUid([u8; TagUid::LENGTH]);

/// A text that is no [`TagUid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagUidError {
    /// Not 14 characters.
    #[error("a tag UID has 14 hexadecimal digits, found {found} characters")]
    Length {
        /// How many bytes the text has.
        found: usize,
    },
    /// A character that is no hexadecimal digit.
    #[error("a tag UID has 14 hexadecimal digits, found another character")]
    Digit,
}

impl TagUid {
    /// Bytes of a UID.
    pub const LENGTH: usize = 7;

    /// The UID with these bytes, first byte first (the manufacturer, `04` for NXP).
    #[must_use]
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes, first byte first.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl FromStr for TagUid {
    type Err = TagUidError;

    fn from_str(text: &str) -> Result<Self, TagUidError> {
        hex::decode(text.as_bytes()).map(Self).map_err(|fault| match fault {
            HexFault::Length => TagUidError::Length { found: text.len() },
            HexFault::Digit => TagUidError::Digit,
        })
    }
}

impl fmt::Display for TagUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::fmt_lower(&self.0, f)
    }
}

impl fmt::Debug for TagUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TagUid({self})")
    }
}

serde_text!(TagUid);

/// How many times a tag was read since its messaging was switched on: SDMReadCtr, 24 bits.
///
/// A tag counts up before the first read of an activation, so its first tap shows 1, and it answers with
/// an error after `FFFFFF` (NT4H2421Gx §9.3.1). Values are skipped whenever a read never reaches us.
/// Printed and serialised as a decimal number.
///
/// ```
/// use phygital_core::vocab::tag::ReadCounter;
/// let ctr = ReadCounter::from_lsb([0x3D, 0, 0]);
/// assert_eq!(ctr, ReadCounter::from_mirror("00003D")?);
/// assert_eq!(ctr.to_string(), "61");
/// # Ok::<(), phygital_core::vocab::tag::ReadCounterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ReadCounter(u32);

/// A value that is no [`ReadCounter`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadCounterError {
    /// More than 24 bits.
    #[error("a read counter is at most 16777215")]
    Range,
    /// Not 6 hexadecimal digits.
    #[error("a mirrored read counter has 6 hexadecimal digits")]
    Mirror,
    /// Not a decimal number.
    #[error("a read counter is a decimal number: {0}")]
    Number(#[from] ParseIntError),
}

impl ReadCounter {
    /// No read yet. A real tag never sends it.
    pub const ZERO: Self = Self(0);
    /// The last value; the tag refuses further reads.
    pub const MAX: Self = Self(0xFF_FFFF);

    /// The counter with this value, at most [`ReadCounter::MAX`].
    ///
    /// # Errors
    /// [`ReadCounterError::Range`] for more than 24 bits.
    pub const fn new(value: u32) -> Result<Self, ReadCounterError> {
        if value <= Self::MAX.0 { Ok(Self(value)) } else { Err(ReadCounterError::Range) }
    }

    /// From the three bytes as the tag puts them in PICCData and session vectors: least significant first.
    #[must_use]
    pub const fn from_lsb(bytes: [u8; 3]) -> Self {
        Self(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
    }

    /// From the plain mirror in a URL: six hexadecimal digits, most significant first.
    ///
    /// # Errors
    /// [`ReadCounterError::Mirror`] for anything else.
    pub fn from_mirror(text: &str) -> Result<Self, ReadCounterError> {
        match hex::decode::<3>(text.as_bytes()) {
            Ok([high, middle, low]) => Ok(Self::from_lsb([low, middle, high])),
            Err(_) => Err(ReadCounterError::Mirror),
        }
    }

    /// The three bytes, least significant first.
    #[must_use]
    pub const fn to_lsb(self) -> [u8; 3] {
        let [low, middle, high, _] = self.0.to_le_bytes();
        [low, middle, high]
    }

    /// The value, at most 16 777 215.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for ReadCounter {
    type Err = ReadCounterError;

    fn from_str(text: &str) -> Result<Self, ReadCounterError> {
        Self::new(text.parse()?)
    }
}

impl fmt::Display for ReadCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for ReadCounter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u32::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The generation of a tag's keys, counted from 0.
///
/// A tag that is personalised anew gets new keys and its read counter starts over, so everything
/// remembered about counters is per (UID, key epoch). Printed and serialised as a decimal number;
/// the default is the first generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyEpoch(u32);

impl KeyEpoch {
    /// The first generation.
    pub const FIRST: Self = Self(0);

    /// Generation `number`, counted from 0.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number, counted from 0.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl FromStr for KeyEpoch {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for KeyEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

names! {
    /// Where a tag is in its life. Only the taps of an active one count.
    ///
    /// Two states say that something was begun and not confirmed: from there the tag may hold old keys or new
    /// ones, until what was begun is taken up again.
    TagStatus, UnknownTagStatus("expected a status of a tag: blank, provisioning, active, suspended, lost, retiring or retired") {
        /// As it left the factory, or wiped; it belongs to us and carries nothing.
        Blank = "blank",
        /// Being personalised, which is not confirmed yet.
        Provisioning = "provisioning",
        /// In its place; its taps count.
        Active = "active",
        /// Set aside for now; its taps are refused.
        Suspended = "suspended",
        /// Lost or stolen; its taps are refused and raise an alarm.
        Lost = "lost",
        /// Being wiped or locked for good, which is not confirmed yet.
        Retiring = "retiring",
        /// Out of use; its taps are refused.
        Retired = "retired",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_name() {
        for &status in TagStatus::ALL {
            assert_eq!(status.name().parse(), Ok(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("{:?}", status.name()));
        }
        assert_eq!("Active".parse::<TagStatus>(), Err(UnknownTagStatus));
    }

    #[test]
    fn a_uid_has_fourteen_digits_of_either_case() {
        let uid: TagUid = "04de5F1eaCC040".parse().unwrap();
        assert_eq!(uid.as_bytes(), &[0x04, 0xDE, 0x5F, 0x1E, 0xAC, 0xC0, 0x40]);
        assert_eq!(uid.to_string().parse(), Ok(uid));
        assert_eq!("04de5f1eacc04".parse::<TagUid>(), Err(TagUidError::Length { found: 13 }));
        assert_eq!("04de5f1eacc0400".parse::<TagUid>(), Err(TagUidError::Length { found: 15 }));
        assert_eq!("04de5f1eacc04g".parse::<TagUid>(), Err(TagUidError::Digit));
    }

    #[test]
    fn a_counter_has_24_bits() {
        assert_eq!(ReadCounter::new(0xFF_FFFF), Ok(ReadCounter::MAX));
        assert_eq!(ReadCounter::new(0x100_0000), Err(ReadCounterError::Range));
        assert_eq!(ReadCounter::from_mirror("123456").unwrap().to_lsb(), [0x56, 0x34, 0x12]);
        assert_eq!(ReadCounter::from_mirror("12345"), Err(ReadCounterError::Mirror));
        assert_eq!(ReadCounter::from_mirror("+12345"), Err(ReadCounterError::Mirror));
        assert!("16777216".parse::<ReadCounter>().is_err());
        assert!("-1".parse::<ReadCounter>().is_err());
    }

    #[test]
    fn json_is_text_or_number() {
        let uid: TagUid = serde_json::from_str("\"04DE5F1EACC040\"").unwrap();
        assert_eq!(serde_json::to_string(&uid).unwrap(), "\"04de5f1eacc040\"");
        let ctr: ReadCounter = serde_json::from_str("61").unwrap();
        assert_eq!(serde_json::to_string(&ctr).unwrap(), "61");
        assert!(serde_json::from_str::<ReadCounter>("16777216").is_err());
        assert_eq!(serde_json::from_str::<KeyEpoch>("1").unwrap(), KeyEpoch::new(1));
    }
}
