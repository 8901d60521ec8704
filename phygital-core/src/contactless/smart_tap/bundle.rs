//! The passes of an answer, sealed under the keys of the session.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use flate2::{Decompress, FlushDecompress, Status};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

use crate::crypto::Secret;

use super::error::SmartTapError;

/// Most bytes that passes may have when they are inflated. A full wallet's bundle has a few thousand; this is what
/// known readers take.
pub const BUNDLE_INFLATED_MAX: usize = 256 * 1024;

const ENCRYPTED: u8 = 0x01;
const COMPRESSED: u8 = 0x02;
const IV: usize = 12;
const MAC: usize = 32;

/// The keys of a session. They are wiped when they are dropped.
#[derive(Debug)]
pub struct SmartTapKeys {
    cipher: Secret<16>,
    mac: Secret<32>,
}

impl SmartTapKeys {
    /// Derives them (HKDF with SHA-256, RFC 5869): the shared secret, salted with the phone's key, over what was signed
    /// and the signature.
    #[must_use]
    pub fn derive(shared: &Secret<32>, phone_key: &[u8; 33], signed: &[u8], signature: &[u8]) -> Self {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                16 + 32
            }
        }
        let mut bytes = Zeroizing::new([0; 16 + 32]);
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, phone_key);
        let secret = salt.extract(shared.expose());
        let info = [signed, signature];
        let keys = secret.expand(&info, Length).expect("48 bytes are less than 255 hashes");
        keys.fill(&mut bytes[..]).expect("as long as asked for");
        let (cipher, mac) = bytes.split_at_mut(16);
        Self {
            cipher: Secret::take(cipher.try_into().expect("16 bytes")),
            mac: Secret::take(mac.try_into().expect("32 bytes")),
        }
    }

    /// The key of the cipher, AES-128 in counter mode.
    #[must_use]
    pub fn cipher(&self) -> &Secret<16> {
        &self.cipher
    }

    /// The key of the code, HMAC with SHA-256.
    #[must_use]
    pub fn mac(&self) -> &Secret<32> {
        &self.mac
    }

    fn apply(&self, iv: &[u8; IV], data: &mut [u8]) {
        let mut counter = [0; 16];
        counter[..IV].copy_from_slice(iv);
        Ctr128BE::<Aes128>::new(self.cipher.expose().into(), &counter.into()).apply_keystream(data);
    }

    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.mac.expose())
    }
}

/// Passes as a phone sends them: flags, a vector, what is encrypted, and the code over the last two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedBundle {
    flags: u8,
    /// Vector, then what is encrypted.
    covered: Vec<u8>,
    mac: [u8; MAC],
}

impl SealedBundle {
    /// Takes a bundle apart. Whether it is true only [`SealedBundle::open`] tells.
    ///
    /// # Errors
    /// [`SmartTapError::Unsealed`] for a bundle that is not encrypted, which anybody could make, or has a flag that is
    /// not known; [`SmartTapError::Field`] for one that is too short.
    pub fn parse(bytes: &[u8]) -> Result<Self, SmartTapError> {
        let wrong = SmartTapError::Field { record: "reb" };
        let (flags, rest) = bytes.split_first().ok_or(wrong)?;
        if flags & !COMPRESSED != ENCRYPTED {
            return Err(SmartTapError::Unsealed);
        }
        let (covered, mac) = rest.split_last_chunk().ok_or(wrong)?;
        if covered.len() < IV {
            return Err(wrong);
        }
        Ok(Self { flags: *flags, covered: covered.to_vec(), mac: *mac })
    }

    /// The flags: bit 0 encrypted, bit 1 compressed.
    #[must_use]
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Checks the code, in constant time and before anything else; decrypts; inflates. What comes is for
    /// [`super::Bundle::parse`]; it tells who the phone's owner is, and is wiped when it is dropped.
    ///
    /// # Errors
    /// [`SmartTapError::HmacMismatch`], [`SmartTapError::Inflate`], [`SmartTapError::TooLong`].
    pub fn open(&self, keys: &SmartTapKeys) -> Result<Zeroizing<Vec<u8>>, SmartTapError> {
        hmac::verify(&keys.hmac(), &self.covered, &self.mac).map_err(|_| SmartTapError::HmacMismatch)?;
        let (iv, encrypted) = self.covered.split_first_chunk().expect("checked when it was taken apart");
        let mut plain = Zeroizing::new(encrypted.to_vec());
        keys.apply(iv, &mut plain);
        if self.flags & COMPRESSED == 0 {
            return if plain.len() > BUNDLE_INFLATED_MAX { Err(SmartTapError::TooLong) } else { Ok(plain) };
        }
        inflate(&plain)
    }

    /// The bundle's bytes, as a phone sends them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[self.flags][..], &self.covered, &self.mac].concat()
    }

    /// Seals passes, as a phone does, compressed if it is asked to.
    #[cfg(any(test, feature = "simulate"))]
    pub(super) fn seal(keys: &SmartTapKeys, iv: &[u8; IV], passes: &[u8], compressed: bool) -> Self {
        let (mut data, flags) = match compressed {
            true => (deflate(passes), ENCRYPTED | COMPRESSED),
            false => (passes.to_vec(), ENCRYPTED),
        };
        keys.apply(iv, &mut data);
        let covered = [&iv[..], &data].concat();
        let mac = hmac::sign(&keys.hmac(), &covered);
        Self { flags, covered, mac: mac.as_ref().try_into().expect("32 bytes") }
    }
}

/// Inflates one zlib stream (RFC 1950) that takes up all of `data`, up to [`BUNDLE_INFLATED_MAX`] bytes: what
/// [`SealedBundle::open`] does with passes that come compressed. What comes is wiped when it is dropped.
///
/// # Errors
/// [`SmartTapError::Inflate`] for a damaged stream, [`SmartTapError::TooLong`] for one past the limit.
pub fn inflate(data: &[u8]) -> Result<Zeroizing<Vec<u8>>, SmartTapError> {
    let mut stream = Decompress::new(true);
    let mut plain = Zeroizing::new(Vec::new());
    let mut piece = Zeroizing::new([0; 4096]);
    loop {
        let (read, written) = (stream.total_in(), stream.total_out());
        let rest = data.get(usize::try_from(read).unwrap_or(usize::MAX)..).unwrap_or_default();
        let status = stream
            .decompress(rest, &mut piece[..], FlushDecompress::None)
            .map_err(|_| SmartTapError::Inflate)?;
        let length = usize::try_from(stream.total_out() - written).unwrap_or(usize::MAX);
        if plain.len().saturating_add(length) > BUNDLE_INFLATED_MAX {
            return Err(SmartTapError::TooLong);
        }
        plain.extend_from_slice(piece.get(..length).unwrap_or_default());
        match status {
            Status::StreamEnd if stream.total_in() == data.len() as u64 => return Ok(plain),
            Status::StreamEnd => return Err(SmartTapError::Inflate),
            // It would go on for more data, and there is none.
            _ if length == 0 && stream.total_in() == read => return Err(SmartTapError::Inflate),
            _ => {}
        }
    }
}

#[cfg(any(test, feature = "simulate"))]
fn deflate(data: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut stream = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    stream.write_all(data).expect("a vector takes all");
    stream.finish().expect("a vector takes all")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> SmartTapKeys {
        SmartTapKeys::derive(&Secret::take(&mut [1; 32]), &[2; 33], b"signed", b"signature")
    }

    fn sealed(passes: &[u8], compressed: bool) -> SealedBundle {
        SealedBundle::seal(&keys(), &[3; IV], passes, compressed)
    }

    #[test]
    fn inflating_stops_at_the_limit() {
        for compressed in [false, true] {
            let full = vec![0; BUNDLE_INFLATED_MAX + 1];
            assert_eq!(sealed(&full[1..], compressed).open(&keys()).unwrap().len(), BUNDLE_INFLATED_MAX);
            assert_eq!(sealed(&full, compressed).open(&keys()), Err(SmartTapError::TooLong));
        }
        // A bomb: 64 MiB of zeros in 64 KiB.
        let bomb = deflate(&vec![0; 64 * 1024 * 1024]);
        assert!(bomb.len() < 80_000);
        assert_eq!(inflate(&bomb), Err(SmartTapError::TooLong));
    }

    #[test]
    fn damaged_streams_are_told() {
        let stream = deflate(b"passes of a wallet, passes of a wallet");
        assert_eq!(inflate(&stream).unwrap()[..6], *b"passes");
        for cut in 0..stream.len() {
            assert_eq!(inflate(&stream[..cut]), Err(SmartTapError::Inflate), "{cut}");
        }
        assert_eq!(inflate(&[&stream[..], b"x"].concat()), Err(SmartTapError::Inflate));
        let mut other = stream;
        *other.last_mut().unwrap() ^= 1; // the checksum
        assert_eq!(inflate(&other), Err(SmartTapError::Inflate));
    }

    #[test]
    fn only_sealed_bundles_are_taken() {
        let bytes = sealed(b"p", false).to_bytes();
        for flags in (0..=u8::MAX).filter(|flags| ![1, 3].contains(flags)) {
            let other = [&[flags][..], &bytes[1..]].concat();
            assert_eq!(SealedBundle::parse(&other), Err(SmartTapError::Unsealed));
        }
        assert!(SealedBundle::parse(&bytes[..1 + IV + MAC]).is_ok());
        assert_eq!(SealedBundle::parse(&bytes[..IV + MAC]), Err(SmartTapError::Field { record: "reb" }));
        assert_eq!(SealedBundle::parse(&[]), Err(SmartTapError::Field { record: "reb" }));
    }

    proptest! {
        #[test]
        fn one_changed_bit_is_refused(passes in prop::collection::vec(any::<u8>(), 0..80), compressed: bool, bit: prop::sample::Index) {
            let good = sealed(&passes, compressed).to_bytes();
            let mut bad = good.clone();
            let bit = bit.index(8 * bad.len());
            bad[bit / 8] ^= 1 << (bit % 8);
            let opened = SealedBundle::parse(&bad).and_then(|bundle| bundle.open(&keys()));
            // The flag of compression stands outside of the code; a message of records tells.
            prop_assert!(opened.is_err() || bit == 1);
            let opened = SealedBundle::parse(&good).unwrap().open(&keys()).unwrap();
            prop_assert_eq!(&opened[..], &passes[..]);
        }
    }
}
