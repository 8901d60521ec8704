//! A key in memory.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::secret_bytes::SECRET_BYTES_MAX;
use crate::vocab::hex::{self, HexFault};

/// A secret of `N` bytes, such as an AES key.
///
/// It lives on the heap, so moving it leaves no copies behind, and its bytes are overwritten when it is
/// dropped. It is not `Clone`: a second copy is made by [`Secret::duplicate`], where one can see it. It
/// prints elided and compares in constant time.
///
/// ```
/// use phygital_core::crypto::Secret;
/// let key: Secret<16> = Secret::from_hex("00112233445566778899aabbccddeeff")?;
/// assert_eq!(format!("{key:?}"), "Secret<16>(elided)");
/// # Ok::<(), phygital_core::crypto::SecretError>(())
/// ```
pub struct Secret<const N: usize>(Box<[u8; N]>);

/// A text that is no [`Secret`]. It never holds any of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Not two digits a byte.
    #[error("a key of {bytes} bytes has {} hexadecimal digits", 2 * bytes)]
    Length {
        /// Bytes of the key that was expected.
        bytes: usize,
    },
    /// Of no length that a secret of variable length has.
    #[error("a secret of variable length has 1 to {SECRET_BYTES_MAX} bytes, none of them cut off")]
    Size,
    /// A character that is no hexadecimal digit.
    #[error("a key is written in hexadecimal digits only")]
    Digit,
}

impl<const N: usize> Secret<N> {
    /// Copies the secret out of `bytes` and overwrites them.
    #[must_use]
    pub fn take(bytes: &mut [u8; N]) -> Self {
        let secret = Self::copy(bytes);
        bytes.zeroize();
        secret
    }

    /// All zeros: what a factory-fresh tag has for every key.
    #[must_use]
    pub fn zeros() -> Self {
        Self(Box::new([0; N]))
    }

    /// Reads `2 * N` hexadecimal digits of either case.
    ///
    /// # Errors
    /// [`SecretError`] for another length or character.
    pub fn from_hex(text: &str) -> Result<Self, SecretError> {
        let mut secret = Self::zeros();
        match hex::decode_into(text.as_bytes(), &mut secret.0[..]) {
            Ok(()) => Ok(secret),
            Err(HexFault::Length) => Err(SecretError::Length { bytes: N }),
            Err(HexFault::Digit) => Err(SecretError::Digit),
        }
    }

    /// The bytes. Whoever copies them answers for the copy.
    #[must_use]
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// The bytes, to be filled in where they are.
    pub(crate) fn expose_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }

    /// A second copy, for the rare case where two owners need the key.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::copy(&self.0)
    }

    fn copy(bytes: &[u8; N]) -> Self {
        let mut secret = Self::zeros();
        secret.0.copy_from_slice(bytes);
        secret
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(elided)")
    }
}

impl<const N: usize> PartialEq for Secret<N> {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0[..]).into()
    }
}

impl<const N: usize> Eq for Secret<N> {}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HEX: &str = "00112233445566778899AABBCCDDEEFF";

    #[test]
    fn hex_is_exact() {
        let key = Secret::<16>::from_hex(HEX).unwrap();
        assert_eq!(key.expose()[15], 0xFF);
        assert_eq!(key, Secret::from_hex(&HEX.to_lowercase()).unwrap());
        assert_eq!(key, key.duplicate());
        assert_ne!(key, Secret::zeros());
        assert_eq!(Secret::<16>::from_hex(&HEX[1..]), Err(SecretError::Length { bytes: 16 }));
        assert_eq!(Secret::<16>::from_hex(&HEX.replace('F', "G")), Err(SecretError::Digit));
    }

    #[test]
    fn taking_wipes_the_source() {
        let mut bytes = [7; 16];
        let key = Secret::take(&mut bytes);
        assert_eq!(bytes, [0; 16]);
        assert_eq!(key.expose(), &[7; 16]);
    }

    #[test]
    fn nothing_of_the_key_is_printed() {
        let key = Secret::<16>::from_hex(HEX).unwrap();
        let error = Secret::<16>::from_hex("deadbeefZZ").unwrap_err();
        assert_eq!(format!("{key:?}"), "Secret<16>(elided)");
        assert!(!format!("{error:?} {error}").contains("dead"));
    }
}
