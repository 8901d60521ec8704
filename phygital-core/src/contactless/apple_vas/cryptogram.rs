//! The encrypted message of a pass.

use std::fmt;

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes256;
use aes_gcm::{AeadInOut, AesGcm, KeyInit};
use ring::digest::{Context, SHA256, digest};
use zeroize::Zeroizing;

use crate::crypto::{P256Public, Secret};
use crate::vocab::{Timestamp, hex};

use super::keys::{KeyId, KeyUnavailable, VasKeyRing};
use super::pass::PassTypeId;

/// Longest cryptogram, in bytes. A pass has a message of at most 64 bytes, which makes 120; an answer holds no more
/// than this.
pub const CRYPTOGRAM_MAX: usize = 256;

/// Key id, X of the phone's key, time and tag: what a cryptogram of an empty message has.
const CRYPTOGRAM_MIN: usize = 4 + 32 + TIME + TAG;
const TIME: usize = 4;
const TAG: usize = 16;

/// 2001-01-01T00:00:00Z, from which phones count, in seconds since 1970.
const EPOCH_2001: i64 = 978_307_200;

/// AES-256-GCM with a nonce of 16 bytes rather than 12.
type Gcm = AesGcm<Aes256, U16>;

/// The encrypted message of a pass, as a phone gives it: whom it is for, the phone's fresh key, and the sealed rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cryptogram {
    key: KeyId,
    phone_x: [u8; 32],
    sealed: Vec<u8>,
}

/// Why a cryptogram is not accepted. Nothing of keys or messages is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VasRefusal {
    /// Too short for the fixed parts, or longer than [`CRYPTOGRAM_MAX`].
    #[error("a cryptogram of {found} bytes, expected {CRYPTOGRAM_MIN} to {CRYPTOGRAM_MAX}")]
    BadLength {
        /// Bytes found.
        found: usize,
    },
    /// The phone's key is no point of the curve.
    #[error("the phone's key is no point of P-256")]
    BadPoint,
    /// No private key has this id: another merchant's pass, or a key that was thrown away too early.
    #[error("no private key has the id {key}")]
    UnknownKeyId {
        /// The id.
        key: KeyId,
    },
    /// The keys cannot be asked now; the same cryptogram may be tried again.
    #[error("the private keys cannot be used now")]
    KeyFailed,
    /// It does not decrypt: changed on its way, another pass, or forged.
    #[error("the cryptogram does not decrypt for this pass")]
    AuthFailed,
}

impl VasRefusal {
    /// A stable code, such as `auth_failed`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BadLength { .. } => "bad_length",
            Self::BadPoint => "bad_point",
            Self::UnknownKeyId { .. } => "unknown_key_id",
            Self::KeyFailed => "key_failed",
            Self::AuthFailed => "auth_failed",
        }
    }
}

/// How the key of the cipher is made. Phones in the field do the first; the second was seen in older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "two, by the protocol")]
pub enum KdfVariant {
    /// The derivation takes in the cipher's name and the pass; no associated data.
    One,
    /// The derivation takes in neither; the pass is associated data.
    Two,
}

impl Cryptogram {
    /// Takes a cryptogram apart. Whether it is true only [`Cryptogram::open`] tells.
    ///
    /// # Errors
    /// [`VasRefusal::BadLength`].
    pub fn parse(bytes: &[u8]) -> Result<Self, VasRefusal> {
        let found = bytes.len();
        if !(CRYPTOGRAM_MIN..=CRYPTOGRAM_MAX).contains(&found) {
            return Err(VasRefusal::BadLength { found });
        }
        let (key, rest) = bytes.split_first_chunk().expect("at least CRYPTOGRAM_MIN");
        let (phone_x, sealed) = rest.split_first_chunk().expect("at least CRYPTOGRAM_MIN");
        Ok(Self { key: KeyId(*key), phone_x: *phone_x, sealed: sealed.to_vec() })
    }

    /// Which private key it is for.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// By what it is told apart from every other one: a hash of the phone's key, which is fresh for each tap.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let hash = digest(&SHA256, &self.phone_x);
        Fingerprint(hash.as_ref()[..16].try_into().expect("16 of 32 bytes"))
    }

    /// Decrypts it, trying both variants.
    ///
    /// # Errors
    /// [`VasRefusal`].
    pub fn open(&self, pass: &PassTypeId, keys: &dyn VasKeyRing) -> Result<VasMessage, VasRefusal> {
        let shared = self.agree(keys)?;
        self.open_shared(pass, &shared, KdfVariant::One)
            .or_else(|_| self.open_shared(pass, &shared, KdfVariant::Two))
    }

    /// Decrypts it as this variant alone.
    ///
    /// # Errors
    /// [`VasRefusal`].
    pub fn open_as(
        &self,
        variant: KdfVariant,
        pass: &PassTypeId,
        keys: &dyn VasKeyRing,
    ) -> Result<VasMessage, VasRefusal> {
        self.open_shared(pass, &self.agree(keys)?, variant)
    }

    fn agree(&self, keys: &dyn VasKeyRing) -> Result<Secret<32>, VasRefusal> {
        let phone = P256Public::from_x(&self.phone_x).map_err(|_| VasRefusal::BadPoint)?;
        keys.agree(self.key, &phone).map_err(|error| match error {
            KeyUnavailable::Unknown => VasRefusal::UnknownKeyId { key: self.key },
            KeyUnavailable::Failed => VasRefusal::KeyFailed,
        })
    }

    fn open_shared(
        &self,
        pass: &PassTypeId,
        shared: &Secret<32>,
        variant: KdfVariant,
    ) -> Result<VasMessage, VasRefusal> {
        let key = derive_key(shared, pass, variant);
        let (sealed, tag) = self.sealed.split_last_chunk::<TAG>().expect("at least CRYPTOGRAM_MIN");
        let mut plain = Zeroizing::new(sealed.to_vec());
        Gcm::new(key.expose().into())
            .decrypt_inout_detached(
                &[0; 16].into(),
                associated(pass, variant),
                InOutBuf::from(&mut plain[..]),
                tag.into(),
            )
            .map_err(|_| VasRefusal::AuthFailed)?;
        let (time, message) = plain.split_first_chunk::<TIME>().expect("at least CRYPTOGRAM_MIN");
        let seconds = EPOCH_2001 + i64::from(u32::from_be_bytes(*time));
        let device_time = Timestamp::from_millis(seconds * 1_000).expect("32 bits of seconds end in 2137");
        Ok(VasMessage { pass: pass.clone(), key: self.key, variant, device_time, message: message.to_vec() })
    }

    /// Seals a message, as a phone does with a fresh key.
    #[cfg(any(test, feature = "simulate"))]
    pub(super) fn seal(
        merchant: &P256Public,
        phone: &crate::crypto::P256Key,
        pass: &PassTypeId,
        variant: KdfVariant,
        seconds_2001: u32,
        message: &[u8],
    ) -> Vec<u8> {
        let key = derive_key(&phone.agree(merchant), pass, variant);
        let mut sealed = [&seconds_2001.to_be_bytes()[..], message].concat();
        let tag = Gcm::new(key.expose().into())
            .encrypt_inout_detached(
                &[0; 16].into(),
                associated(pass, variant),
                InOutBuf::from(&mut sealed[..]),
            )
            .expect("a short message");
        [&KeyId::of(merchant).0[..], &phone.public().x(), &sealed, &tag].concat()
    }
}

/// The key of the cipher: X9.63 with SHA-256 (SEC 1 §3.6.1), one round.
#[must_use]
pub fn derive_key(shared: &Secret<32>, pass: &PassTypeId, variant: KdfVariant) -> Secret<32> {
    let mut context = Context::new(&SHA256);
    context.update(shared.expose());
    context.update(&[0, 0, 0, 1]);
    context.update(&shared_info(pass, variant));
    let mut key: [u8; 32] = context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
    Secret::take(&mut key)
}

/// What enters the derivation beside the shared secret.
#[must_use]
pub fn shared_info(pass: &PassTypeId, variant: KdfVariant) -> Vec<u8> {
    const CIPHER: &[u8; 13] = b"id-aes256-GCM";
    const LABEL: &[u8] = b"ApplePay encrypted VAS data";
    match variant {
        KdfVariant::One => [&[13], &CIPHER[..], LABEL, pass.hash()].concat(),
        KdfVariant::Two => LABEL.to_vec(),
    }
}

/// The associated data of the cipher.
fn associated(pass: &PassTypeId, variant: KdfVariant) -> &[u8] {
    match variant {
        KdfVariant::One => &[],
        KdfVariant::Two => pass.hash(),
    }
}

/// The message of a pass, decrypted and authentic.
///
/// It tells who the phone's owner is, so `Debug` tells its length alone. It is wiped when it is dropped.
#[derive(PartialEq, Eq)]
pub struct VasMessage {
    pass: PassTypeId,
    key: KeyId,
    variant: KdfVariant,
    device_time: Timestamp,
    message: Vec<u8>,
}

impl VasMessage {
    /// The pass that it is of.
    #[must_use]
    pub fn pass(&self) -> &PassTypeId {
        &self.pass
    }

    /// The message, as the shop wrote it into the pass.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// The phone's clock at the tap, in whole seconds.
    #[must_use]
    pub fn device_time(&self) -> Timestamp {
        self.device_time
    }

    /// Which private key opened it.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// How its key was made.
    #[must_use]
    pub fn variant(&self) -> KdfVariant {
        self.variant
    }
}

impl fmt::Debug for VasMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pass, key, variant, device_time, message } = self;
        let length = message.len();
        write!(f, "VasMessage({pass}: {length} bytes at {device_time}, key {key}, variant {variant:?})")
    }
}

impl Drop for VasMessage {
    fn drop(&mut self) {
        use zeroize::Zeroize as _;
        self.message.zeroize();
    }
}

/// By what a cryptogram is told apart from every other one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "16 bytes")]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(")?;
        hex::fmt_lower(&self.0, f)?;
        f.write_str(")")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contactless::apple_vas::VasKeys;
    use crate::crypto::P256Key;

    fn key(byte: u8) -> P256Key {
        P256Key::new(Secret::take(&mut [byte; 32])).unwrap()
    }

    fn pass() -> PassTypeId {
        "pass.example.shop".parse().unwrap()
    }

    fn sealed(variant: KdfVariant, message: &[u8]) -> Vec<u8> {
        Cryptogram::seal(&key(1).public(), &key(9), &pass(), variant, 800_000_000, message)
    }

    fn open(bytes: &[u8]) -> Result<VasMessage, VasRefusal> {
        Cryptogram::parse(bytes)?.open(&pass(), &VasKeys::new([key(1), key(2)]).unwrap())
    }

    #[test]
    fn both_variants_open_and_say_which() {
        for variant in [KdfVariant::One, KdfVariant::Two] {
            let opened = open(&sealed(variant, b"member-0001")).unwrap();
            assert_eq!((opened.message(), opened.variant()), (&b"member-0001"[..], variant));
            assert_eq!(opened.device_time(), Timestamp::parse("2026-05-09T06:13:20Z").unwrap());
            assert!(!format!("{opened:?}").contains("member"));
            let other = if variant == KdfVariant::One { KdfVariant::Two } else { KdfVariant::One };
            let keys = VasKeys::new([key(1)]).unwrap();
            let cryptogram = Cryptogram::parse(&sealed(variant, b"m")).unwrap();
            assert_eq!(cryptogram.open_as(other, &pass(), &keys), Err(VasRefusal::AuthFailed));
        }
    }

    #[test]
    fn lengths_are_kept() {
        let empty = sealed(KdfVariant::One, b"");
        assert_eq!(open(&empty).unwrap().message(), b"");
        assert_eq!(open(&empty[1..]), Err(VasRefusal::BadLength { found: CRYPTOGRAM_MIN - 1 }));
        let full = sealed(KdfVariant::One, &[7; CRYPTOGRAM_MAX - CRYPTOGRAM_MIN]);
        assert_eq!(open(&full).unwrap().message().len(), CRYPTOGRAM_MAX - CRYPTOGRAM_MIN);
        let long = sealed(KdfVariant::One, &[7; CRYPTOGRAM_MAX - CRYPTOGRAM_MIN + 1]);
        assert_eq!(open(&long), Err(VasRefusal::BadLength { found: CRYPTOGRAM_MAX + 1 }));
    }

    #[test]
    fn keys_rotate_by_their_id() {
        let old = Cryptogram::seal(&key(2).public(), &key(9), &pass(), KdfVariant::One, 0, b"old");
        assert_eq!(open(&old).unwrap().message(), b"old");
        let gone = Cryptogram::seal(&key(3).public(), &key(9), &pass(), KdfVariant::One, 0, b"gone");
        let id = KeyId::of(&key(3).public());
        assert_eq!(open(&gone), Err(VasRefusal::UnknownKeyId { key: id }));
        struct Away;
        impl VasKeyRing for Away {
            fn agree(&self, _: KeyId, _: &P256Public) -> Result<Secret<32>, KeyUnavailable> {
                Err(KeyUnavailable::Failed)
            }
        }
        let refusal = Cryptogram::parse(&old).unwrap().open(&pass(), &Away);
        assert_eq!(refusal.unwrap_err().code(), "key_failed");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn one_changed_bit_is_refused(message in prop::collection::vec(any::<u8>(), 0..=64), bit: prop::sample::Index) {
            let good = sealed(KdfVariant::One, &message);
            let mut bad = good.clone();
            let bit = bit.index(8 * bad.len());
            bad[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(open(&bad).is_err());
            let opened = open(&good).unwrap();
            prop_assert_eq!(opened.message(), &message[..]);
        }
    }
}
