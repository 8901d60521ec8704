//! What the tag answers to plain questions.

use super::error::Ntag424Error;
use crate::vocab::tag::{ReadCounter, TagUid};

/// One half of GetVersion: hardware or software.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VersionPart {
    /// 04 for NXP.
    pub vendor: u8,
    /// 04 for NTAG.
    pub kind: u8,
    /// 02 for 50 pF, 08 for 50 pF with TagTamper.
    pub subtype: u8,
    /// 30 hexadecimal for NTAG 424 DNA.
    pub major: u8,
    /// 00.
    pub minor: u8,
    /// 11 hexadecimal: between 256 and 512 bytes.
    pub storage: u8,
    /// 05: ISO/IEC 14443-2 and -3.
    pub protocol: u8,
}

/// The answer to GetVersion, its three parts together (NT4H2421Gx §10.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Version {
    /// The chip.
    pub hardware: VersionPart,
    /// Its program.
    pub software: VersionPart,
    /// The UID; all zero on a tag with random ID.
    pub uid: TagUid,
    /// Production batch and key of the factory, as they come.
    pub batch: [u8; 5],
    /// Week of production, 1 to 53, as two decimal digits of four bits.
    pub week: u8,
    /// Year of production, 00 to 99, as two decimal digits of four bits.
    pub year: u8,
}

impl Version {
    /// Reads the 28 bytes, or 29 of a tag with another factory key.
    ///
    /// # Errors
    /// [`Ntag424Error::Length`] for another number of bytes.
    pub fn parse(data: &[u8]) -> Result<Self, Ntag424Error> {
        let wrong = Ntag424Error::Length { what: "a version", found: data.len(), expected: "28 or 29" };
        let Some((bytes, [] | [_])) = data.split_first_chunk::<28>() else { return Err(wrong) };
        let part = |from: usize| VersionPart {
            vendor: bytes[from],
            kind: bytes[from + 1],
            subtype: bytes[from + 2],
            major: bytes[from + 3],
            minor: bytes[from + 4],
            storage: bytes[from + 5],
            protocol: bytes[from + 6],
        };
        Ok(Self {
            hardware: part(0),
            software: part(7),
            uid: TagUid::new(std::array::from_fn(|i| bytes[14 + i])),
            batch: std::array::from_fn(|i| bytes[21 + i]),
            week: bytes[26] & 0x7F,
            year: bytes[27],
        })
    }
}

/// The answer to GetTTStatus: two letters, `C` closed, `O` open, `I` not initialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TamperStatus {
    /// Whether the loop was ever found open.
    pub permanent: char,
    /// The loop now.
    pub current: char,
}

impl TamperStatus {
    /// Reads the two letters.
    ///
    /// # Errors
    /// [`Ntag424Error::Length`], or [`Ntag424Error::Malformed`] for other letters.
    pub fn parse(data: &[u8]) -> Result<Self, Ntag424Error> {
        let [permanent, current]: [u8; 2] = exactly("a tamper status", "2", data)?;
        match [permanent, current].iter().all(|letter| b"COI".contains(letter)) {
            true => Ok(Self { permanent: char::from(permanent), current: char::from(current) }),
            false => Err(Ntag424Error::Malformed { expected: "two letters of C, O, I" }),
        }
    }
}

/// The answer to GetCardUID.
///
/// # Errors
/// [`Ntag424Error::Length`] unless there are 7 bytes.
pub fn card_uid(data: &[u8]) -> Result<TagUid, Ntag424Error> {
    exactly("a UID", "7", data).map(TagUid::new)
}

/// The answer to Read_Sig: an ECDSA signature on secp224r1 over the UID.
///
/// # Errors
/// [`Ntag424Error::Length`] unless there are 56 bytes.
pub fn originality_signature(data: &[u8]) -> Result<[u8; 56], Ntag424Error> {
    exactly("a signature", "56", data)
}

/// The answer to GetKeyVersion.
///
/// # Errors
/// [`Ntag424Error::Length`] unless there is 1 byte.
pub fn key_version(data: &[u8]) -> Result<u8, Ntag424Error> {
    exactly("a key version", "1", data).map(|[version]| version)
}

/// The answer to GetFileCounters: SDMReadCtr, then two reserved bytes.
///
/// # Errors
/// [`Ntag424Error::Length`] unless there are 5 bytes.
pub fn file_counter(data: &[u8]) -> Result<ReadCounter, Ntag424Error> {
    let [low, middle, high, ..]: [u8; 5] = exactly("a file counter", "5", data)?;
    Ok(ReadCounter::from_lsb([low, middle, high]))
}

pub(super) fn exactly<const N: usize>(
    what: &'static str,
    expected: &'static str,
    data: &[u8],
) -> Result<[u8; N], Ntag424Error> {
    data.try_into().map_err(|_| Ntag424Error::Length { what, found: data.len(), expected })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_three_parts() {
        let mut data = vec![4, 4, 2, 0x30, 0, 0x11, 5, 4, 4, 2, 1, 2, 0x11, 5];
        data.extend([4, 0x96, 0x8C, 0xAA, 0x5C, 0x5E, 0x80, 0xCD, 0x65, 0x93, 0x5D, 0x40, 0xA1, 0x18]);
        let version = Version::parse(&data).unwrap();
        assert_eq!((version.hardware.major, version.software.minor), (0x30, 2));
        assert_eq!(version.uid.to_string(), "04968caa5c5e80");
        assert_eq!((version.batch[4], version.week, version.year), (0x40, 0x21, 0x18));
        data.push(0);
        assert_eq!(Version::parse(&data), Ok(version));
        data.push(0);
        assert_eq!(Version::parse(&data).unwrap_err().code(), "bad_length");
        assert_eq!(Version::parse(&data[..27]).unwrap_err().code(), "bad_length");
    }

    #[test]
    fn answers_have_their_length() {
        assert_eq!(TamperStatus::parse(b"OC"), Ok(TamperStatus { permanent: 'O', current: 'C' }));
        assert_eq!(TamperStatus::parse(b"Oc").unwrap_err().code(), "malformed");
        assert_eq!(TamperStatus::parse(b"O").unwrap_err().code(), "bad_length");
        assert_eq!(card_uid(&[4; 7]), Ok(TagUid::new([4; 7])));
        assert_eq!(file_counter(&[1, 2, 0, 0, 0]).unwrap().get(), 0x201);
        assert_eq!(key_version(&[9]), Ok(9));
        assert!(card_uid(&[4; 6]).is_err() && key_version(&[]).is_err() && file_counter(&[0; 3]).is_err());
        assert!(originality_signature(&[0; 56]).is_ok() && originality_signature(&[0; 55]).is_err());
    }
}
