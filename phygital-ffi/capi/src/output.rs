//! Short texts of fixed length within structs.

use std::ffi::c_char;

use phygital_ffi::PhygitalError;

use crate::entry::Answer;

/// A text with its NUL in `N` bytes.
pub(crate) fn fixed<const N: usize>(text: &str) -> Answer<[c_char; N]> {
    let mut chars = [0; N];
    if text.len() >= N || text.contains('\0') {
        return Err(PhygitalError::new(
            phygital_ffi::Status::Bug,
            "bug",
            "a text that does not fit its place",
        ));
    }
    for (place, byte) in chars.iter_mut().zip(text.bytes()) {
        *place = byte as c_char;
    }
    Ok(chars)
}

/// As [`fixed`], cut off where it is longer.
pub(crate) fn cut<const N: usize>(text: &str) -> Answer<[c_char; N]> {
    let mut end = text.len().min(N - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    fixed(&text[..end])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_with_a_nul() {
        assert_eq!(fixed::<4>("abc").unwrap().map(|c| c as u8), *b"abc\0");
        assert!(fixed::<3>("abc").is_err());
        assert_eq!(cut::<3>("aé").unwrap().map(|c| c as u8), *b"a\0\0");
    }
}
