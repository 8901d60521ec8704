//! NFC Forum Type 2 tags: an NDEF message in pages of four bytes (Type 2 Tag 1.2; data sheets of NTAG 21x and 22x).
//!
//! Their commands are no APDUs: bytes go out and come back without the CRC. A tag refuses in four bits, which readers hand
//! over as one byte, or not at all; it has then to be selected anew. [`Type2Reader`] therefore asks nothing that a
//! tag with a message could refuse. [`Type2Version`] tells the chip, [`READ_SIGNATURE`] its maker's signature.

mod area;
mod error;
mod reader;
mod version;

pub use area::{TYPE2_RESERVED_MAX, Type2Capability};
pub use error::Type2Error;
pub use reader::{TYPE2_BYTES_MAX, Type2Read, Type2Reader};
pub use version::{Type2Chip, Type2Version};

/// Bytes of a page.
pub const PAGE: usize = 4;

/// GET_VERSION, of NTAG 21x and later; see [`Type2Version::parse`].
pub const GET_VERSION: [u8; 1] = [0x60];

/// READ_SIG, of NTAG 21x and later; see [`signature`].
pub const READ_SIGNATURE: [u8; 2] = [0x3C, 0x00];

/// READ_CNT of the counter of reads; see [`counter`].
pub const READ_COUNTER: [u8; 2] = [0x39, 0x02];

/// READ of four pages, from this one.
#[must_use]
pub const fn read(page: u8) -> [u8; 2] {
    [0x30, page]
}

/// The answer to [`READ_SIGNATURE`]: 32 bytes of NTAG 21x, 48 of NTAG 22x, for [`crate::tap::originality`].
///
/// # Errors
/// [`Type2Error::Refused`] and [`Type2Error::Length`].
pub fn signature(answer: &[u8]) -> Result<Vec<u8>, Type2Error> {
    match bytes(answer, "READ_SIG")? {
        signature if matches!(signature.len(), 32 | 48) => Ok(signature.to_vec()),
        other => Err(Type2Error::Length { found: other.len(), expected: "32 or 48" }),
    }
}

/// The answer to [`READ_COUNTER`]: how often the tag was read, 24 bits.
///
/// # Errors
/// [`Type2Error::Refused`] and [`Type2Error::Length`].
pub fn counter(answer: &[u8]) -> Result<u32, Type2Error> {
    match *bytes(answer, "READ_CNT")? {
        [low, middle, high] => Ok(u32::from_le_bytes([low, middle, high, 0])),
        ref other => Err(Type2Error::Length { found: other.len(), expected: "3" }),
    }
}

/// The bytes of an answer that is no refusal.
fn bytes<'a>(answer: &'a [u8], command: &'static str) -> Result<&'a [u8], Type2Error> {
    match answer {
        [] => Err(Type2Error::Refused { command, code: None }),
        [code] => Err(Type2Error::Refused { command, code: Some(*code) }),
        bytes => Ok(bytes),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_their_length() {
        assert_eq!(signature(&[7; 32]).unwrap(), [7; 32]);
        assert_eq!(signature(&[7; 48]).unwrap().len(), 48);
        assert_eq!(signature(&[7; 33]), Err(Type2Error::Length { found: 33, expected: "32 or 48" }));
        assert_eq!(counter(&[1, 2, 3]), Ok(0x03_0201));
        assert_eq!(counter(&[1, 2]), Err(Type2Error::Length { found: 2, expected: "3" }));
        assert_eq!(counter(&[0x04]), Err(Type2Error::Refused { command: "READ_CNT", code: Some(4) }));
        assert_eq!(signature(&[]), Err(Type2Error::Refused { command: "READ_SIG", code: None }));
    }
}
