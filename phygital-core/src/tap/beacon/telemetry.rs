//! How a beacon is doing: Eddystone-TLM, and its encrypted form for beacons with a key (Eddystone `tlm-plain`,
//! `tlm-encrypted`).

use super::eid::{IdentityKey, RotationExponent};
use crate::crypto::Eax;
use crate::tap::refusal::TapRefusal;

/// Telemetry of a beacon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telemetry([u8; Telemetry::LENGTH]);

impl Telemetry {
    /// Bytes of it, without type and version.
    pub const LENGTH: usize = 12;

    /// Takes the bytes behind type and version.
    #[must_use]
    pub const fn read(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes behind type and version.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The battery, in millivolts. None if the beacon has no battery or does not tell.
    #[must_use]
    pub fn battery(&self) -> Option<u16> {
        Some(u16::from_be_bytes([self.0[0], self.0[1]])).filter(|millivolts| *millivolts > 0)
    }

    /// The temperature, in 256ths of a degree Celsius. None if the beacon does not tell.
    #[must_use]
    pub fn temperature(&self) -> Option<i16> {
        Some(i16::from_be_bytes([self.0[2], self.0[3]])).filter(|degrees| *degrees != i16::MIN)
    }

    /// Advertisements since it was switched on.
    #[must_use]
    pub fn advertisements(&self) -> u32 {
        u32::from_be_bytes([self.0[4], self.0[5], self.0[6], self.0[7]])
    }

    /// Time since it was switched on, in tenths of a second.
    #[must_use]
    pub fn uptime(&self) -> u32 {
        u32::from_be_bytes([self.0[8], self.0[9], self.0[10], self.0[11]])
    }
}

/// Telemetry under the identity key, with a check of 16 bits: one guess in 65,536 passes, so it is good for seeing which
/// battery is low and for nothing that has to be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptedTelemetry {
    ciphertext: [u8; Telemetry::LENGTH],
    salt: [u8; 2],
    tag: [u8; 2],
}

impl EncryptedTelemetry {
    /// Bytes of it, without type and version.
    pub const LENGTH: usize = 16;

    /// Takes the bytes behind type and version.
    #[must_use]
    pub fn read(bytes: [u8; Self::LENGTH]) -> Self {
        let [ciphertext @ .., salt_0, salt_1, tag_0, tag_1] = bytes;
        Self { ciphertext, salt: [salt_0, salt_1], tag: [tag_0, tag_1] }
    }

    /// The bytes behind type and version.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..12].copy_from_slice(&self.ciphertext);
        bytes[12..14].copy_from_slice(&self.salt);
        bytes[14..].copy_from_slice(&self.tag);
        bytes
    }

    /// Decrypts it with the key of the beacon whose EID was heard beside it, and the counter of that EID
    /// ([`super::Sighting::counter`]).
    ///
    /// # Errors
    /// [`TapRefusal::MacMismatch`].
    pub fn open(
        &self,
        key: &IdentityKey,
        exponent: RotationExponent,
        counter: u32,
    ) -> Result<Telemetry, TapRefusal> {
        let mut plain = self.ciphertext;
        let nonce = nonce(exponent, counter, self.salt);
        match Eax::new(key.secret()).open(&nonce, &mut plain, &self.tag) {
            true => Ok(Telemetry(plain)),
            false => Err(TapRefusal::MacMismatch),
        }
    }

    /// What a beacon with this key sends.
    #[cfg(any(test, feature = "simulate"))]
    #[must_use]
    pub fn seal(
        telemetry: &Telemetry,
        key: &IdentityKey,
        exponent: RotationExponent,
        counter: u32,
        salt: [u8; 2],
    ) -> Self {
        let mut ciphertext = telemetry.0;
        let tag = Eax::new(key.secret()).seal(&nonce(exponent, counter, salt), &mut ciphertext);
        Self { ciphertext, salt, tag: [tag[0], tag[1]] }
    }
}

fn nonce(exponent: RotationExponent, counter: u32, salt: [u8; 2]) -> [u8; 6] {
    let [a, b, c, d] = exponent.truncated(counter).to_be_bytes();
    [a, b, c, d, salt[0], salt[1]]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::crypto::Secret;

    #[test]
    fn values_are_read_to_the_byte() {
        let telemetry = Telemetry::read([0x0B, 0xB8, 0x15, 0x80, 0, 0, 1, 0, 0, 1, 0, 0]);
        assert_eq!(telemetry.battery(), Some(3_000));
        assert_eq!(telemetry.temperature(), Some(0x1580));
        assert_eq!((telemetry.advertisements(), telemetry.uptime()), (256, 65_536));
        let silent = Telemetry::read([0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((silent.battery(), silent.temperature()), (None, None));
    }

    #[test]
    fn encrypted_telemetry_opens_within_its_rotation_alone() {
        let key = IdentityKey::new(Secret::take(&mut [7; 16]));
        let exponent = RotationExponent::new(10).unwrap();
        let telemetry = Telemetry::read(*b"twelve bytes");
        let sealed = EncryptedTelemetry::seal(&telemetry, &key, exponent, 5 << 10, [1, 2]);
        assert_eq!(EncryptedTelemetry::read(sealed.to_bytes()), sealed);
        assert_eq!(sealed.open(&key, exponent, (6 << 10) - 1), Ok(telemetry));
        assert_eq!(sealed.open(&key, exponent, 6 << 10), Err(TapRefusal::MacMismatch));
        let other = IdentityKey::new(Secret::take(&mut [8; 16]));
        assert_eq!(sealed.open(&other, exponent, 5 << 10), Err(TapRefusal::MacMismatch));
        for at in 0..EncryptedTelemetry::LENGTH {
            let mut bytes = sealed.to_bytes();
            bytes[at] ^= 1;
            assert!(EncryptedTelemetry::read(bytes).open(&key, exponent, 5 << 10).is_err(), "{at}");
        }
    }
}
