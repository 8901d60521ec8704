//! Which chip a tag has.

use super::{Type2Error, bytes};

/// The answer to GET_VERSION (NTAG213/215/216 §10.1 and those of the later chips).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Type2Version {
    /// 04 for NXP.
    pub vendor: u8,
    /// 03 for MIFARE Ultralight, 04 for NTAG.
    pub kind: u8,
    /// 01 for 17 pF, 02 for 50 pF, 04 with field detection, 05 for NTAG I2C, 08 with StatusDetect.
    pub subtype: u8,
    /// Its generation.
    pub major: u8,
    /// Its step within.
    pub minor: u8,
    /// Bytes of memory: 2 to the power of the upper seven bits, or more where the lowest bit is set.
    pub storage: u8,
    /// 03: ISO/IEC 14443-3.
    pub protocol: u8,
}

/// A chip that is known by its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Type2Chip {
    /// MIFARE Ultralight EV1.
    UltralightEv1,
    /// MIFARE Ultralight AES.
    UltralightAes,
    /// NTAG 210.
    Ntag210,
    /// NTAG 212.
    Ntag212,
    /// NTAG 213 and 213F.
    Ntag213,
    /// NTAG 213 TagTamper.
    Ntag213Tt,
    /// NTAG 215.
    Ntag215,
    /// NTAG 216 and 216F.
    Ntag216,
    /// NTAG I2C and I2C plus.
    NtagI2c,
    /// NTAG 223 DNA.
    Ntag223Dna,
    /// NTAG 223 DNA StatusDetect.
    Ntag223DnaStatusDetect,
    /// NTAG 224 DNA.
    Ntag224Dna,
    /// NTAG 224 DNA StatusDetect.
    Ntag224DnaStatusDetect,
}

impl Type2Version {
    /// Reads the eight bytes.
    ///
    /// # Errors
    /// [`Type2Error::Refused`] and [`Type2Error::Length`].
    ///
    /// ```
    /// use phygital_core::contactless::type2::{Type2Chip, Type2Version};
    /// let version = Type2Version::parse(&[0x00, 0x04, 0x04, 0x02, 0x01, 0x00, 0x11, 0x03])?;
    /// assert_eq!(version.chip(), Some(Type2Chip::Ntag215));
    /// # Ok::<(), phygital_core::contactless::type2::Type2Error>(())
    /// ```
    pub fn parse(answer: &[u8]) -> Result<Self, Type2Error> {
        match *bytes(answer, "GET_VERSION")? {
            [_, vendor, kind, subtype, major, minor, storage, protocol] => {
                Ok(Self { vendor, kind, subtype, major, minor, storage, protocol })
            }
            ref other => Err(Type2Error::Length { found: other.len(), expected: "8" }),
        }
    }

    /// The chip, where it is one of NXP's that is known.
    #[must_use]
    pub const fn chip(&self) -> Option<Type2Chip> {
        match (self.vendor, self.kind, self.subtype, self.major, self.storage) {
            (4, 3, 1 | 2, 1, 0x0B | 0x0E) => Some(Type2Chip::UltralightEv1),
            (4, 3, 1 | 2, 4, _) => Some(Type2Chip::UltralightAes),
            (4, 4, 1 | 2, 1, 0x0B) => Some(Type2Chip::Ntag210),
            (4, 4, 1 | 2, 1, 0x0E) => Some(Type2Chip::Ntag212),
            (4, 4, 2 | 4, 1, 0x0F) => Some(Type2Chip::Ntag213),
            (4, 4, 2, 3, 0x0F) => Some(Type2Chip::Ntag213Tt),
            (4, 4, 2, 1, 0x11) => Some(Type2Chip::Ntag215),
            (4, 4, 2 | 4, 1, 0x13) => Some(Type2Chip::Ntag216),
            (4, 4, 5, _, _) => Some(Type2Chip::NtagI2c),
            (4, 4, 2, 4, 0x0F) => Some(Type2Chip::Ntag223Dna),
            (4, 4, 8, 4, 0x0F) => Some(Type2Chip::Ntag223DnaStatusDetect),
            (4, 4, 2, 5, 0x10) => Some(Type2Chip::Ntag224Dna),
            (4, 4, 8, 5, 0x10) => Some(Type2Chip::Ntag224DnaStatusDetect),
            _ => None,
        }
    }
}

impl Type2Chip {
    /// Its name, such as `ntag215`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UltralightEv1 => "ultralight-ev1",
            Self::UltralightAes => "ultralight-aes",
            Self::Ntag210 => "ntag210",
            Self::Ntag212 => "ntag212",
            Self::Ntag213 => "ntag213",
            Self::Ntag213Tt => "ntag213tt",
            Self::Ntag215 => "ntag215",
            Self::Ntag216 => "ntag216",
            Self::NtagI2c => "ntag-i2c",
            Self::Ntag223Dna => "ntag223",
            Self::Ntag223DnaStatusDetect => "ntag223sd",
            Self::Ntag224Dna => "ntag224",
            Self::Ntag224DnaStatusDetect => "ntag224sd",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn chips_are_told_by_their_version() {
        for (bytes, name) in [
            ([0, 4, 3, 1, 1, 0, 0x0B, 3], Some("ultralight-ev1")),
            ([0, 4, 3, 1, 4, 0, 0x0F, 3], Some("ultralight-aes")),
            ([0, 4, 4, 1, 1, 0, 0x0B, 3], Some("ntag210")),
            ([0, 4, 4, 1, 1, 0, 0x0E, 3], Some("ntag212")),
            ([0, 4, 4, 2, 1, 0, 0x0F, 3], Some("ntag213")),
            ([0, 4, 4, 4, 1, 0, 0x0F, 3], Some("ntag213")),
            ([0, 4, 4, 2, 3, 0, 0x0F, 3], Some("ntag213tt")),
            ([0, 4, 4, 2, 1, 0, 0x11, 3], Some("ntag215")),
            ([0, 4, 4, 2, 1, 0, 0x13, 3], Some("ntag216")),
            ([0, 4, 4, 5, 2, 1, 0x13, 3], Some("ntag-i2c")),
            ([0, 4, 4, 2, 4, 0, 0x0F, 3], Some("ntag223")),
            ([0, 4, 4, 8, 4, 0, 0x0F, 3], Some("ntag223sd")),
            ([0, 4, 4, 2, 5, 0, 0x10, 3], Some("ntag224")),
            ([0, 4, 4, 8, 5, 0, 0x10, 3], Some("ntag224sd")),
            ([0, 2, 4, 2, 1, 0, 0x11, 3], None),
            ([0, 4, 4, 2, 9, 0, 0x11, 3], None),
        ] {
            let chip = Type2Version::parse(&bytes).unwrap().chip();
            assert_eq!(chip.map(Type2Chip::as_str), name, "{bytes:02X?}");
        }
        assert_eq!(Type2Version::parse(&[0; 7]).unwrap_err().code(), "bad_length");
        assert_eq!(Type2Version::parse(&[0]).unwrap_err().code(), "refused");
    }
}
