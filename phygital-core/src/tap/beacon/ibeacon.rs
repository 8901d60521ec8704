//! iBeacon: manufacturer data of Apple's (Apple, *Proximity Beacon Specification*). Anybody can send any of them.

use std::fmt;
use std::str::FromStr;

use crate::tap::refusal::TapRefusal;
use crate::vocab::{IdError, hex};

/// The UUID that the beacons of one owner share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProximityUuid([u8; 16]);

impl ProximityUuid {
    /// The UUID with these bytes, in the order in which it is written.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for ProximityUuid {
    type Err = IdError;

    /// Reads 32 digits, with the four hyphens or without.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bare = text.replacen('-', "", 4);
        let uuid = hex::decode(bare.as_bytes()).map(Self).map_err(|_| IdError::Hex(32))?;
        if bare == text || uuid.to_string().eq_ignore_ascii_case(text) {
            Ok(uuid)
        } else {
            Err(IdError::Hex(32))
        }
    }
}

impl fmt::Display for ProximityUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in [0..4, 4..6, 6..8, 8..10, 10..16].into_iter().enumerate() {
            if at > 0 {
                f.write_str("-")?;
            }
            hex::fmt_lower(&self.0[part], f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ProximityUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProximityUuid({self})")
    }
}

/// What an iBeacon sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the frame has these four")]
pub struct IBeacon {
    /// Shared by the beacons of one owner.
    pub uuid: ProximityUuid,
    /// A group of them, such as a shop.
    pub major: u16,
    /// One in the group.
    pub minor: u16,
    /// Power received at 1 m, in dBm.
    pub tx_power: i8,
}

/// Reads manufacturer data, the company's number (`4C 00`) included.
///
/// # Errors
/// [`TapRefusal::NotIBeacon`] for another company or type; [`TapRefusal::WrongLength`] if it does not have 25 bytes.
pub fn read_manufacturer_data(data: &[u8]) -> Result<IBeacon, TapRefusal> {
    const PREFIX: [u8; 4] = [0x4C, 0x00, 0x02, 0x15];
    let shown = data.len().min(PREFIX.len());
    if data[..shown] != PREFIX[..shown] {
        return Err(TapRefusal::NotIBeacon);
    }
    let frame: &[u8; 25] = data.try_into().map_err(|_| TapRefusal::WrongLength {
        found: data.len(),
        expected: "manufacturer data of 25 bytes",
    })?;
    let [_, _, _, _, uuid @ .., major_high, major_low, minor_high, minor_low, power] = frame;
    Ok(IBeacon {
        uuid: ProximityUuid(*uuid),
        major: u16::from_be_bytes([*major_high, *major_low]),
        minor: u16::from_be_bytes([*minor_high, *minor_low]),
        tx_power: power.cast_signed(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_to_the_byte() {
        let data = hex::decode::<25>(b"4c00021518caa8bd6ab930e5ee8f1b8f220b6335aa5b87bdb5").unwrap();
        let beacon = read_manufacturer_data(&data).unwrap();
        assert_eq!(beacon.uuid.to_string(), "18caa8bd-6ab9-30e5-ee8f-1b8f220b6335");
        assert_eq!((beacon.major, beacon.minor, beacon.tx_power), (0xAA5B, 0x87BD, -75));
        for length in 0..25 {
            let refused = read_manufacturer_data(&data[..length]).unwrap_err();
            assert_eq!(refused.code(), "bad_length", "{length}");
        }
        assert_eq!(read_manufacturer_data(&[&data[..], &[0]].concat()).unwrap_err().code(), "bad_length");
        for at in 0..4 {
            let mut other = data;
            other[at] ^= 1;
            assert_eq!(read_manufacturer_data(&other), Err(TapRefusal::NotIBeacon), "{at}");
        }
    }
}
