//! What a tag says besides who it is: its tamper status and its file data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::tap::limits::FILE_DATA_MAX;
use crate::vocab::{hex, serde_text};

/// The decrypted file data of a tap, at most 128 bytes: whatever was written to the tag, such as a
/// product or a coupon.
///
/// It may be about a person, so `Debug` tells its length alone. JSON is lower-case hexadecimal text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FileData(Vec<u8>);

/// A text or list of bytes that is no [`FileData`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileDataError {
    /// More than a tag can mirror.
    #[error("file data has at most {FILE_DATA_MAX} bytes, found {found}")]
    Length {
        /// Bytes found.
        found: usize,
    },
    /// Not pairs of hexadecimal digits.
    #[error("file data is written as pairs of hexadecimal digits")]
    Digit,
}

impl FileData {
    /// These bytes as file data.
    ///
    /// # Errors
    /// [`FileDataError::Length`] for more than 128.
    pub fn new(bytes: Vec<u8>) -> Result<Self, FileDataError> {
        if bytes.len() > FILE_DATA_MAX {
            return Err(FileDataError::Length { found: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::lower(&self.0)
    }
}

impl fmt::Debug for FileData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileData({} bytes)", self.0.len())
    }
}

impl FromStr for FileData {
    type Err = FileDataError;

    fn from_str(text: &str) -> Result<Self, FileDataError> {
        if text.len() > 2 * FILE_DATA_MAX {
            return Err(FileDataError::Length { found: text.len() / 2 });
        }
        let mut bytes = vec![0; text.len() / 2];
        hex::decode_into(text.as_bytes(), &mut bytes).map_err(|_| FileDataError::Digit)?;
        Ok(Self(bytes))
    }
}

serde_text!(FileData, to_hex);

/// One tamper loop state of an NTAG 424 DNA TagTamper, by its letter (NT4H2421Tx §10.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoopState {
    /// `C`: the loop is unbroken.
    Closed,
    /// `O`: the loop is broken.
    Open,
    /// `I`: the loop was not measured yet.
    NotInitialised,
}

impl LoopState {
    /// The state that this letter stands for.
    #[must_use]
    pub const fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'C' => Some(Self::Closed),
            b'O' => Some(Self::Open),
            b'I' => Some(Self::NotInitialised),
            _ => None,
        }
    }

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Closed => 'C',
            Self::Open => 'O',
            Self::NotInitialised => 'I',
        }
    }
}

/// Where in a tap the tamper status stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TamperSource {
    /// In plain in the URL.
    Mirror,
    /// In the first two bytes of the decrypted file data.
    FileData,
}

/// The tamper status that came with a tap.
///
/// Only an `authenticated` status comes from the tag; one that stands outside the MAC input can be
/// rewritten by anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TagTamper {
    /// Whether the loop was ever found open.
    pub permanent: LoopState,
    /// The loop at this tap.
    pub current: LoopState,
    /// Whether the MAC covers it.
    pub authenticated: bool,
    /// Where it stood.
    pub source: TamperSource,
}

impl TagTamper {
    /// From the two letters of a plain mirror, permanent state first.
    pub(crate) fn from_mirror(letters: &[u8], authenticated: bool) -> Option<Self> {
        let (permanent, current) = states(letters)?;
        Some(Self { permanent, current, authenticated, source: TamperSource::Mirror })
    }

    /// From file data that starts with one of the four states a tag can be in. Data of a fleet without
    /// TagTamper that happens to start so reads alike; such a fleet ignores it by its source.
    pub(crate) fn from_file_data(data: &[u8]) -> Option<Self> {
        let letters = data.get(..2)?;
        if !matches!(letters, b"CC" | b"OC" | b"OO" | b"II") {
            return None;
        }
        let (permanent, current) = states(letters)?;
        Some(Self { permanent, current, authenticated: true, source: TamperSource::FileData })
    }

    /// The two letters as the tag writes them, permanent state first.
    #[must_use]
    pub fn letters(&self) -> String {
        [self.permanent.letter(), self.current.letter()].iter().collect()
    }
}

fn states(letters: &[u8]) -> Option<(LoopState, LoopState)> {
    match letters {
        [permanent, current] => {
            Some((LoopState::from_letter(*permanent)?, LoopState::from_letter(*current)?))
        }
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn file_data_has_at_most_128_bytes_and_does_not_print() {
        let data = FileData::new(b"name of a person".repeat(FILE_DATA_MAX / 16)).unwrap();
        assert_eq!(format!("{data:?}"), "FileData(128 bytes)");
        assert_eq!(FileData::new(vec![0; FILE_DATA_MAX + 1]), Err(FileDataError::Length { found: 129 }));
        assert_eq!(data.to_hex().parse(), Ok(data));
        assert_eq!("00".repeat(129).parse::<FileData>(), Err(FileDataError::Length { found: 129 }));
        assert_eq!("0".parse::<FileData>(), Err(FileDataError::Digit));
        assert_eq!("0g".parse::<FileData>(), Err(FileDataError::Digit));
    }

    #[test]
    fn json_reads_back() {
        let data = FileData::new(vec![1, 0xAB]).unwrap();
        assert_eq!(serde_json::to_string(&data).unwrap(), "\"01ab\"");
        let tamper = TagTamper::from_mirror(b"OC", true).unwrap();
        let json = serde_json::to_string(&tamper).unwrap();
        assert_eq!(json, r#"{"permanent":"open","current":"closed","authenticated":true,"source":"mirror"}"#);
        assert_eq!(serde_json::from_str::<TagTamper>(&json).unwrap(), tamper);
    }

    #[test]
    fn file_data_states_are_those_a_tag_can_be_in() {
        assert_eq!(TagTamper::from_file_data(b"OCxx").unwrap().letters(), "OC");
        for other in [&b"CO"[..], b"CI", b"C", b"", b"xx"] {
            assert_eq!(TagTamper::from_file_data(other), None, "{other:?}");
        }
        assert_eq!(TagTamper::from_mirror(b"CO", false).unwrap().letters(), "CO");
        assert_eq!(TagTamper::from_mirror(b"cc", false), None);
    }
}
