//! A secret whose length is known only when it is read, such as that of a rotating code.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::secret::SecretError;
use crate::vocab::hex;

/// Most bytes of a [`SecretBytes`]: one block of SHA-512, beyond which HMAC hashes a key before it uses it.
pub const SECRET_BYTES_MAX: usize = 128;

/// A secret of 1 to [`SECRET_BYTES_MAX`] bytes.
///
/// Like [`super::Secret`]: overwritten when it is dropped, not `Clone`, elided in `Debug`, compared in constant time
/// (its length is no secret).
///
/// ```
/// use phygital_core::crypto::SecretBytes;
/// let secret = SecretBytes::from_base32("gezd gnbv GY3TQOJQ")?;
/// assert_eq!(secret.expose(), b"1234567890");
/// assert_eq!(format!("{secret:?}"), "SecretBytes(10 bytes, elided)");
/// # Ok::<(), phygital_core::crypto::SecretError>(())
/// ```
pub struct SecretBytes(Box<[u8]>);

impl SecretBytes {
    /// Copies the secret out of `bytes` and overwrites them.
    ///
    /// # Errors
    /// [`SecretError::Size`] if there are none or more than [`SECRET_BYTES_MAX`].
    pub fn take(bytes: &mut [u8]) -> Result<Self, SecretError> {
        let taken = match bytes.len() {
            1..=SECRET_BYTES_MAX => Ok(Self(Box::from(&*bytes))),
            _ => Err(SecretError::Size),
        };
        bytes.zeroize();
        taken
    }

    /// Reads two hexadecimal digits a byte, of either case.
    ///
    /// # Errors
    /// [`SecretError`] for another length or character.
    pub fn from_hex(text: &str) -> Result<Self, SecretError> {
        if text.is_empty() || text.len() > 2 * SECRET_BYTES_MAX {
            return Err(SecretError::Size);
        }
        let mut secret = Self(vec![0; text.len() / 2].into());
        hex::decode_into(text.as_bytes(), &mut secret.0).map_err(|fault| match fault {
            hex::HexFault::Length => SecretError::Size,
            hex::HexFault::Digit => SecretError::Digit,
        })?;
        Ok(secret)
    }

    /// Reads base 32 (RFC 4648 §6), as `otpauth` links and people write it: either case, with or without padding,
    /// spaces between groups.
    ///
    /// # Errors
    /// [`SecretError::Size`] or, for any other character, [`SecretError::Digit`].
    pub fn from_base32(text: &str) -> Result<Self, SecretError> {
        let digits = || text.trim_end_matches('=').bytes().filter(|byte| *byte != b' ');
        let length = digits().count() * 5 / 8;
        if length == 0 || length > SECRET_BYTES_MAX {
            return Err(SecretError::Size);
        }
        let mut secret = Self(vec![0; length].into());
        let (mut held, mut bits, mut at) = (0u32, 0, 0);
        for digit in digits() {
            let value = match digit {
                b'A'..=b'Z' => digit - b'A',
                b'a'..=b'z' => digit - b'a',
                b'2'..=b'7' => digit - b'2' + 26,
                _ => return Err(SecretError::Digit),
            };
            held = held << 5 | u32::from(value);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                secret.0[at] = (held >> bits) as u8;
                held &= (1 << bits) - 1;
                at += 1;
            }
        }
        // What is left over is less than one digit, and zero, or the text was cut off.
        if bits < 5 && held == 0 { Ok(secret) } else { Err(SecretError::Size) }
    }

    /// The bytes. Whoever copies them answers for the copy.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes, elided)", self.0.len())
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretBytes {}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_a_bounded_length() {
        let mut bytes = [7; SECRET_BYTES_MAX + 1];
        assert_eq!(SecretBytes::take(&mut bytes), Err(SecretError::Size));
        assert_eq!(bytes, [0; SECRET_BYTES_MAX + 1], "wiped all the same");
        assert_eq!(SecretBytes::take(&mut []), Err(SecretError::Size));
        assert!(SecretBytes::take(&mut bytes[1..]).is_ok());
        let hex = "ab".repeat(SECRET_BYTES_MAX);
        assert_eq!(SecretBytes::from_hex(&hex).unwrap().expose(), [0xAB; SECRET_BYTES_MAX]);
        for bad in ["", "a", "abc", &format!("{hex}ab")] {
            assert_eq!(SecretBytes::from_hex(bad), Err(SecretError::Size), "{bad}");
        }
        assert_eq!(SecretBytes::from_hex("0g"), Err(SecretError::Digit));
    }

    /// RFC 4648 §10.
    #[test]
    fn base32_reads_its_published_examples() {
        for (text, bytes) in [
            ("MY======", "f"),
            ("MZXQ====", "fo"),
            ("MZXW6===", "foo"),
            ("MZXW6YQ=", "foob"),
            ("MZXW6YTB", "fooba"),
            ("MZXW6YTBOI======", "foobar"),
            ("mzxw 6ytb oi", "foobar"),
        ] {
            assert_eq!(SecretBytes::from_base32(text).unwrap().expose(), bytes.as_bytes(), "{text}");
        }
        for bad in ["", "====", "M", "MZX", "MZ1Q", "MZXW8YTB", "MZ=XQ"] {
            assert!(SecretBytes::from_base32(bad).is_err(), "{bad}");
        }
        // Bits that no byte takes.
        assert!(SecretBytes::from_base32("MZ").is_err());
        let long = "A".repeat(8 * SECRET_BYTES_MAX / 5 + 1);
        assert!(SecretBytes::from_base32(&long).is_ok());
        assert_eq!(SecretBytes::from_base32(&format!("{long}AA")), Err(SecretError::Size));
    }

    #[test]
    fn nothing_of_it_is_printed() {
        let secret = SecretBytes::from_hex("deadbeef").unwrap();
        assert_eq!(format!("{secret:?}"), "SecretBytes(4 bytes, elided)");
        assert_eq!(secret, SecretBytes::from_hex("DEADBEEF").unwrap());
        assert_ne!(secret, SecretBytes::from_hex("DEADBEEE").unwrap());
    }
}
