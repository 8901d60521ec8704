//! Bytes as hexadecimal digits and back.

/// Bytes from digits of either case, two a byte.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Lower-case digits.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_read_back_and_nothing_else_is_read() {
        assert_eq!(bytes("00fFa7").map(hex).as_deref(), Some("00ffa7"));
        for text in ["0", "+1", "0x00", "g0", "\u{ff11}1"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
