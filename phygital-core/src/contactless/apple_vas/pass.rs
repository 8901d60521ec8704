//! The name of a pass.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, digest};

/// Longest pass type identifier, in bytes. Apple's own are names in reverse domain form.
pub const PASS_TYPE_ID_MAX: usize = 255;

/// A pass type identifier, such as `pass.com.example.loyalty`, registered with Apple for one merchant.
///
/// ```
/// use phygital_core::contactless::apple_vas::PassTypeId;
/// let pass: PassTypeId = "pass.example.shop".parse()?;
/// assert_eq!(pass.hash()[..4], [0x69, 0x51, 0xCA, 0xBD]);
/// # Ok::<(), phygital_core::contactless::apple_vas::PassTypeIdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PassTypeId {
    text: String,
    hash: [u8; 32],
}

/// A text that is no [`PassTypeId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pass type identifier has 1 to {PASS_TYPE_ID_MAX} printable ASCII characters")]
pub struct PassTypeIdError;

impl PassTypeId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its SHA-256, by which a reader asks for it.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl FromStr for PassTypeId {
    type Err = PassTypeIdError;

    fn from_str(text: &str) -> Result<Self, PassTypeIdError> {
        if !(1..=PASS_TYPE_ID_MAX).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(PassTypeIdError);
        }
        let hash = digest(&SHA256, text.as_bytes());
        Ok(Self { text: text.to_owned(), hash: hash.as_ref().try_into().expect("SHA-256 has 32 bytes") })
    }
}

impl fmt::Display for PassTypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PassTypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PassTypeId({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printable_and_bounded() {
        assert!("p".repeat(PASS_TYPE_ID_MAX).parse::<PassTypeId>().is_ok());
        for bad in ["", "a b", "pass.\u{e9}", &"p".repeat(PASS_TYPE_ID_MAX + 1)] {
            assert_eq!(bad.parse::<PassTypeId>(), Err(PassTypeIdError), "{bad}");
        }
    }
}
