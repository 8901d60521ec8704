//! Strict ASCII hexadecimal: two digits a byte, nothing else.

use std::fmt;

/// Why a text is not hexadecimal of the wanted length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HexFault {
    /// Not exactly two digits a byte.
    Length,
    /// A character other than `0-9`, `a-f`, `A-F`.
    Digit,
}

/// Not a digit.
const NONE: u8 = 0xFF;

/// The value of each ASCII digit, [`NONE`] for every other byte.
const VALUE: [u8; 256] = {
    let mut table = [NONE; 256];
    let mut digit = 0;
    while digit < 16 {
        table[b"0123456789abcdef"[digit] as usize] = digit as u8;
        table[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    table
};

/// Whether the byte is a hexadecimal digit of either case.
#[inline]
pub(crate) fn is_digit(byte: u8) -> bool {
    VALUE[usize::from(byte)] != NONE
}

/// Decodes `text` into all of `out`. On a fault `out` holds zeros, so no half-read key stays in it.
#[inline]
pub(crate) fn decode_into(text: &[u8], out: &mut [u8]) -> Result<(), HexFault> {
    if text.len() != 2 * out.len() {
        out.fill(0);
        return Err(HexFault::Length);
    }
    let mut seen = 0;
    for (byte, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        let (high, low) = (VALUE[usize::from(pair[0])], VALUE[usize::from(pair[1])]);
        seen |= high | low;
        *byte = (high << 4) | (low & 0x0F);
    }
    if seen == NONE {
        out.fill(0);
        return Err(HexFault::Digit);
    }
    Ok(())
}

/// Decodes exactly `N` bytes.
#[inline]
pub(crate) fn decode<const N: usize>(text: &[u8]) -> Result<[u8; N], HexFault> {
    let mut out = [0; N];
    decode_into(text, &mut out).map(|()| out)
}

/// Appends lower-case digits.
pub(crate) fn push_lower(bytes: &[u8], out: &mut String) {
    push(bytes, b"0123456789abcdef", out);
}

/// Appends upper-case digits, as a tag mirrors them.
pub(crate) fn push_upper(bytes: &[u8], out: &mut String) {
    push(bytes, b"0123456789ABCDEF", out);
}

fn push(bytes: &[u8], digits: &[u8; 16], out: &mut String) {
    for byte in bytes {
        out.push(char::from(digits[usize::from(byte >> 4)]));
        out.push(char::from(digits[usize::from(byte & 0x0F)]));
    }
}

/// Lower-case digits of `bytes`.
pub(crate) fn lower(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    push_lower(bytes, &mut out);
    out
}

/// Prints lower-case digits, 32 bytes at a time: one call of the formatter, not one a byte.
pub(crate) fn fmt_lower(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for part in bytes.chunks(32) {
        let mut text = [0; 64];
        for (byte, pair) in part.iter().zip(text.chunks_exact_mut(2)) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0x0F)]]);
        }
        f.write_str(std::str::from_utf8(&text[..2 * part.len()]).expect("digits"))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_ascii_digits_in_pairs() {
        assert_eq!(decode::<2>(b"0aFf"), Ok([0x0A, 0xFF]));
        assert_eq!(decode::<0>(b""), Ok([]));
        assert_eq!(decode::<2>(b"0aF"), Err(HexFault::Length));
        for bad in [&b"0x"[..], b"+1", b" 1", b"g0", b"0G", "１".as_bytes().get(..2).unwrap(), b"\0\0"] {
            assert_eq!(decode::<1>(bad), Err(HexFault::Digit), "{bad:?}");
        }
    }

    #[test]
    fn every_byte_is_a_digit_or_not_as_std_says() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_digit(byte), byte.is_ascii_hexdigit());
        }
    }

    #[test]
    fn printed_bytes_read_back_in_either_case() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        let mut upper = String::new();
        push_upper(&all, &mut upper);
        assert_eq!(decode::<256>(lower(&all).as_bytes()).unwrap()[..], all);
        assert_eq!(decode::<256>(upper.as_bytes()).unwrap()[..], all);
        assert_eq!(upper, lower(&all).to_uppercase());
        struct Shown<'a>(&'a [u8]);
        impl fmt::Display for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt_lower(self.0, f)
            }
        }
        for length in [0, 1, 7, 31, 32, 33, 256] {
            assert_eq!(Shown(&all[..length]).to_string(), lower(&all[..length]));
        }
    }
}
