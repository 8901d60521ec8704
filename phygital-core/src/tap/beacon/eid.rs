//! The ephemeral identifier of an Eddystone-EID beacon (Eddystone `eid-computation`).

use std::fmt;
use std::str::FromStr;

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use ring::hkdf;
use zeroize::Zeroize;

use crate::crypto::Secret;
use crate::vocab::IdError;
use crate::vocab::hex;

/// What an EID beacon sends as its name, for the length of one rotation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Eid([u8; 8]);

impl Eid {
    /// The identifier with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl FromStr for Eid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        hex::decode(text.as_bytes()).map(Self).map_err(|_| IdError::Hex(16))
    }
}

impl fmt::Display for Eid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::fmt_lower(&self.0, f)
    }
}

impl fmt::Debug for Eid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Eid({self})")
    }
}

/// How often a beacon changes its identifier: every 2^K seconds, K from 0 to 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RotationExponent(u8);

/// An exponent beyond 15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rotation exponent is 0 to 15")]
pub struct RotationExponentError;

impl RotationExponent {
    /// K.
    ///
    /// # Errors
    /// [`RotationExponentError`] beyond 15.
    pub const fn new(exponent: u8) -> Result<Self, RotationExponentError> {
        if exponent <= 15 { Ok(Self(exponent)) } else { Err(RotationExponentError) }
    }

    /// K.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Seconds between two identifiers.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        1 << self.0
    }

    /// A counter without its K lowest bits: when its rotation began.
    #[must_use]
    pub const fn truncated(self, counter: u32) -> u32 {
        counter >> self.0 << self.0
    }
}

/// The key that a beacon and its resolver share.
///
/// ```
/// use phygital_core::crypto::{Secret, x25519, x25519_public_key};
/// use phygital_core::tap::beacon::{IdentityKey, RotationExponent, search};
/// let (resolver, beacon) = (Secret::take(&mut [1; 32]), Secret::take(&mut [2; 32]));
/// let public = (x25519_public_key(&resolver), x25519_public_key(&beacon));
/// let key = IdentityKey::agreed(&x25519(&resolver, &public.1)?, &public.0, &public.1);
/// let exponent = RotationExponent::new(9)?;
/// let heard = key.eid(exponent, 1_000_000);
/// // A clock that is 1,000 seconds fast finds it two rotations back.
/// assert_eq!(search(&key, exponent, 1_001_000, 3, heard), Some(-2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct IdentityKey(Secret<16>);

impl IdentityKey {
    /// A key that was set, or read from the beacon by someone who may.
    #[must_use]
    pub fn new(key: Secret<16>) -> Self {
        Self(key)
    }

    /// The key that follows from an agreement ([`crate::crypto::x25519`]): HKDF-SHA256 with both public keys as salt.
    #[must_use]
    pub fn agreed(shared: &Secret<32>, resolver_public: &[u8; 32], beacon_public: &[u8; 32]) -> Self {
        struct Bytes16;
        impl hkdf::KeyType for Bytes16 {
            fn len(&self) -> usize {
                16
            }
        }
        let mut salt = [0; 64];
        salt[..32].copy_from_slice(resolver_public);
        salt[32..].copy_from_slice(beacon_public);
        let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(shared.expose());
        let mut key = [0; 16];
        extracted
            .expand(&[], Bytes16)
            .and_then(|expanded| expanded.fill(&mut key))
            .expect("16 bytes are less than 255 hashes");
        Self(Secret::take(&mut key))
    }

    /// The identifier at a value of the beacon's clock, in seconds.
    #[must_use]
    pub fn eid(&self, exponent: RotationExponent, counter: u32) -> Eid {
        Schedule::new(self).eid(exponent, counter)
    }

    /// The key itself. Whoever copies it answers for the copy.
    #[must_use]
    pub fn secret(&self) -> &Secret<16> {
        &self.0
    }
}

/// An identity key that is used for many identifiers: its temporary key changes only every 65,536 seconds.
pub(super) struct Schedule {
    identity: Aes128Enc,
    temporary: Option<(u16, Aes128Enc)>,
}

impl Schedule {
    pub(super) fn new(key: &IdentityKey) -> Self {
        Self { identity: Aes128Enc::new(key.0.expose().into()), temporary: None }
    }

    pub(super) fn eid(&mut self, exponent: RotationExponent, counter: u32) -> Eid {
        let top = (counter >> 16) as u16;
        if self.temporary.as_ref().is_none_or(|(of, _)| *of != top) {
            self.temporary = Some((top, self.temporary_key(top)));
        }
        let (_, temporary) = self.temporary.as_ref().expect("it was just made");
        let mut block = [0; 16];
        block[11] = exponent.get();
        block[12..].copy_from_slice(&exponent.truncated(counter).to_be_bytes());
        let mut block = Array::from(block);
        temporary.encrypt_block(&mut block);
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 16]>::from(block);
        Eid([a, b, c, d, e, f, g, h])
    }

    fn temporary_key(&self, top: u16) -> Aes128Enc {
        let mut block = [0; 16];
        block[11] = 0xFF;
        block[14..].copy_from_slice(&top.to_be_bytes());
        let mut block = Array::from(block);
        self.identity.encrypt_block(&mut block);
        let key = Aes128Enc::new(&block);
        block.zeroize();
        key
    }
}

/// Looks for an identifier around a value of the beacon's clock, nearest first, `reach` rotations both ways. Gives how
/// many rotations later it is (negative: earlier).
///
/// For one beacon, such as when it is registered; [`super::EidTable`] serves many.
#[must_use]
pub fn search(
    key: &IdentityKey,
    exponent: RotationExponent,
    counter: u32,
    reach: u16,
    eid: Eid,
) -> Option<i32> {
    let mut schedule = Schedule::new(key);
    let offsets = (0..=i32::from(reach)).flat_map(|far| [-far, far]).skip(1);
    let mut at = |offset: i32| {
        let counter = counter.wrapping_add((offset << exponent.get()).cast_unsigned());
        schedule.eid(exponent, counter)
    };
    offsets.into_iter().find(|offset| at(*offset) == eid)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> IdentityKey {
        IdentityKey::new(Secret::take(&mut [byte; 16]))
    }

    /// The specification, word for word.
    fn slow(key: [u8; 16], k: u8, counter: u32) -> [u8; 8] {
        let encrypt = |key: [u8; 16], block: [u8; 16]| -> [u8; 16] {
            let mut block = Array::from(block);
            aes::Aes128::new(&key.into()).encrypt_block(&mut block);
            block.into()
        };
        let ts = counter.to_be_bytes();
        let temporary = encrypt(key, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, ts[0], ts[1]]);
        let ts = (counter / 2u32.pow(k.into()) * 2u32.pow(k.into())).to_be_bytes();
        let full = encrypt(temporary, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, k, ts[0], ts[1], ts[2], ts[3]]);
        full[..8].try_into().unwrap()
    }

    #[test]
    fn exponents_end_at_fifteen() {
        assert_eq!(RotationExponent::new(15).unwrap().seconds(), 32_768);
        assert_eq!(RotationExponent::new(16), Err(RotationExponentError));
    }

    #[test]
    fn nothing_of_the_key_is_printed() {
        assert_eq!(format!("{:?}", key(7)), "IdentityKey(Secret<16>(elided))");
        assert_eq!("0102030405060708".parse(), Ok(Eid([1, 2, 3, 4, 5, 6, 7, 8])));
        assert!("01020304050607".parse::<Eid>().is_err());
    }

    #[test]
    fn a_search_reaches_over_both_ends_of_the_clock() {
        let k = RotationExponent::new(4).unwrap();
        for (counter, heard, expected) in
            [(0, u32::MAX, -1), (u32::MAX, 0, 1), (100, 100, 0), (1_000, 1_048, 3)]
        {
            assert_eq!(search(&key(7), k, counter, 3, key(7).eid(k, heard)), Some(expected), "{counter}");
        }
        assert_eq!(search(&key(7), k, 1_000, 2, key(7).eid(k, 1_048)), None);
        assert_eq!(search(&key(7), k, 1_000, 2, key(8).eid(k, 1_000)), None);
    }

    proptest! {
        #[test]
        fn identifiers_follow_the_specification(bytes: [u8; 16], k in 0..16u8, counters: [u32; 4]) {
            let key = IdentityKey::new(Secret::take(&mut bytes.clone()));
            let exponent = RotationExponent::new(k).unwrap();
            let mut schedule = Schedule::new(&key);
            for counter in counters {
                let expected = Eid(slow(bytes, k, counter));
                prop_assert_eq!(key.eid(exponent, counter), expected);
                prop_assert_eq!(schedule.eid(exponent, counter), expected);
            }
        }
    }
}
