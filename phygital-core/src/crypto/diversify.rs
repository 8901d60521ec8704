//! Key diversification: one master key, another key for every tag (NXP AN10922 §2.2 to §2.4).

use std::fmt;

use aes::{Aes128Enc, Aes192Enc, Aes256Enc};
use zeroize::Zeroize;

use super::cmac::CmacKey;
use super::secret::Secret;
use crate::vocab::tag::TagUid;

/// Longest diversification input, in bytes: with the constant before it, two AES blocks (AN10922 §2.2).
pub const AN10922_INPUT_MAX: usize = 31;

/// Longest system identifier in the NTAG 424 DNA layout, in bytes: what UID, application and key number
/// leave of [`AN10922_INPUT_MAX`].
pub const SYSTEM_ID_MAX: usize = 16;

/// The application of an NTAG 424 DNA by its ISO 7816 name (NT4H2421Gx §8.2.2).
pub const NTAG424_AID: [u8; 7] = [0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01];

/// An input that AN10922 does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiversifyError {
    /// Empty, or longer than [`AN10922_INPUT_MAX`].
    #[error("a diversification input has 1 to {AN10922_INPUT_MAX} bytes, found {found}")]
    InputLength {
        /// Bytes of the input.
        found: usize,
    },
    /// Longer than [`SYSTEM_ID_MAX`].
    #[error("a system identifier has at most {SYSTEM_ID_MAX} bytes, found {found}")]
    SystemIdLength {
        /// Bytes of the system identifier.
        found: usize,
    },
}

/// An AES-128 master key, expanded once to derive keys for many tags.
///
/// ```
/// use phygital_core::crypto::{Diversifier, Secret};
/// let master = Secret::from_hex("00112233445566778899aabbccddeeff")?;
/// let key = Diversifier::new(&master).derive(&[0x04, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80, 0x30, 0x42, 0xF5,
///     0x4E, 0x58, 0x50, 0x20, 0x41, 0x62, 0x75])?;
/// assert_eq!(key, Secret::from_hex("a8dd63a3b89d54b37ca802473fda9175")?); // AN10922 §2.2.1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Diversifier(CmacKey<Aes128Enc>);

impl Diversifier {
    /// Expands the master key.
    #[must_use]
    pub fn new(master: &Secret<16>) -> Self {
        Self(CmacKey::new(master.expose()))
    }

    /// The key for `input`, usually a UID with what else tells the tag apart.
    ///
    /// # Errors
    /// [`DiversifyError::InputLength`] unless there are 1 to 31 bytes.
    pub fn derive(&self, input: &[u8]) -> Result<Secret<16>, DiversifyError> {
        let mut key = self.derive_bytes(input)?;
        Ok(Secret::take(&mut key))
    }

    /// The encrypted zero block and the two subkeys made of it, K0, K1 and K2 (AN10922 §2.2.1).
    #[must_use]
    pub fn subkeys(&self) -> [Secret<16>; 3] {
        self.0.subkeys().map(|mut subkey| Secret::take(&mut subkey))
    }

    /// As [`Diversifier::derive`], on the stack; the caller wipes it.
    pub(crate) fn derive_bytes(&self, input: &[u8]) -> Result<[u8; 16], DiversifyError> {
        mac_with_constant(&self.0, 0x01, input)
    }
}

impl fmt::Debug for Diversifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Diversifier(elided)")
    }
}

/// The AES-128 key that AN10922 §2.2 derives from `master` and `input`.
///
/// # Errors
/// [`DiversifyError::InputLength`] unless the input has 1 to 31 bytes.
pub fn diversify_aes128(master: &Secret<16>, input: &[u8]) -> Result<Secret<16>, DiversifyError> {
    Diversifier::new(master).derive(input)
}

/// The AES-192 key that AN10922 §2.3 derives from `master` and `input`.
///
/// # Errors
/// [`DiversifyError::InputLength`] unless the input has 1 to 31 bytes.
pub fn diversify_aes192(master: &Secret<24>, input: &[u8]) -> Result<Secret<24>, DiversifyError> {
    let cmac = CmacKey::<Aes192Enc>::new(master.expose());
    let [mut first, mut second] =
        [mac_with_constant(&cmac, 0x11, input)?, mac_with_constant(&cmac, 0x12, input)?];
    // The second half of the one overlaps the first half of the other.
    let mut key = [0; 24];
    key[..16].copy_from_slice(&first);
    key[16..].copy_from_slice(&second[8..]);
    key[8..16].iter_mut().zip(&second[..8]).for_each(|(byte, other)| *byte ^= other);
    first.zeroize();
    second.zeroize();
    Ok(Secret::take(&mut key))
}

/// The AES-256 key that AN10922 §2.4 derives from `master` and `input`.
///
/// # Errors
/// [`DiversifyError::InputLength`] unless the input has 1 to 31 bytes.
pub fn diversify_aes256(master: &Secret<32>, input: &[u8]) -> Result<Secret<32>, DiversifyError> {
    let cmac = CmacKey::<Aes256Enc>::new(master.expose());
    let mut key = [0; 32];
    for (constant, half) in [(0x41, 0), (0x42, 16)] {
        let mut part = mac_with_constant(&cmac, constant, input)?;
        key[half..half + 16].copy_from_slice(&part);
        part.zeroize();
    }
    Ok(Secret::take(&mut key))
}

/// The diversification input for key `key_no` of an NTAG 424 DNA: UID, application, key number, system
/// identifier. With it, each tag and each of its keys differs, and so do two systems with one master key.
///
/// # Errors
/// [`DiversifyError::SystemIdLength`] for more than 16 bytes of system identifier.
pub fn ntag424_input(uid: TagUid, key_no: u8, system_id: &[u8]) -> Result<Vec<u8>, DiversifyError> {
    if system_id.len() > SYSTEM_ID_MAX {
        return Err(DiversifyError::SystemIdLength { found: system_id.len() });
    }
    let (input, length) = ntag424_input_into(uid, key_no, system_id);
    Ok(input[..length].to_vec())
}

/// As [`ntag424_input`], on the stack, with its length; what is too long of the system identifier is cut off.
#[inline]
pub(crate) fn ntag424_input_into(
    uid: TagUid,
    key_no: u8,
    system_id: &[u8],
) -> ([u8; AN10922_INPUT_MAX], usize) {
    let system_id = &system_id[..system_id.len().min(SYSTEM_ID_MAX)];
    let mut input = [0; AN10922_INPUT_MAX];
    input[..7].copy_from_slice(uid.as_bytes());
    input[7..14].copy_from_slice(&NTAG424_AID);
    input[14] = key_no;
    input[15..15 + system_id.len()].copy_from_slice(system_id);
    (input, 15 + system_id.len())
}

fn mac_with_constant<C>(cmac: &CmacKey<C>, constant: u8, input: &[u8]) -> Result<[u8; 16], DiversifyError>
where
    C: aes::cipher::BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16> + aes::cipher::KeyInit,
{
    if input.is_empty() || input.len() > AN10922_INPUT_MAX {
        return Err(DiversifyError::InputLength { found: input.len() });
    }
    let mut message = [constant; AN10922_INPUT_MAX + 1];
    message[1..=input.len()].copy_from_slice(input);
    Ok(cmac.mac_of_two_blocks(&message[..=input.len()]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn inputs_have_1_to_31_bytes() {
        let master = Secret::zeros();
        for length in 1..=31 {
            assert!(diversify_aes128(&master, &vec![0; length]).is_ok(), "{length}");
        }
        for length in [0, 32] {
            let expected = Some(DiversifyError::InputLength { found: length });
            assert_eq!(diversify_aes128(&master, &vec![0; length]).err(), expected);
            assert_eq!(diversify_aes192(&Secret::zeros(), &vec![0; length]).err(), expected);
            assert_eq!(diversify_aes256(&Secret::zeros(), &vec![0; length]).err(), expected);
        }
    }

    /// The example of AN10922 §2.3.1.
    #[test]
    fn aes192() {
        let master = Secret::from_hex("00112233445566778899aabbccddeeff0102030405060708").unwrap();
        let input = [
            4, 0x78, 0x2E, 0x21, 0x80, 0x1D, 0x80, 0x30, 0x42, 0xF5, 0x4E, 0x58, 0x50, 0x20, 0x41, 0x62, 0x75,
        ];
        let expected = Secret::from_hex("ce39c8e1cd82d9a7bedbe9d74af59b23176755ee7586e12c").unwrap();
        assert_eq!(diversify_aes192(&master, &input).unwrap(), expected);
    }

    #[test]
    fn system_identifiers_have_at_most_16_bytes() {
        let uid = TagUid::new([4; 7]);
        assert_eq!(ntag424_input(uid, 1, &[0; 16]).unwrap().len(), AN10922_INPUT_MAX);
        assert_eq!(ntag424_input(uid, 1, &[0; 17]), Err(DiversifyError::SystemIdLength { found: 17 }));
    }
}
