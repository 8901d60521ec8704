//! What stands on the command line for a tap: a URL, or another kind of token behind its name.

use phygital_core::contactless::apple_vas::PassTypeId;
use phygital_core::tap::Presented;

use crate::hex::bytes;

/// A token as the operator wrote it, decoded.
#[derive(Debug)]
pub(crate) enum Written<'t> {
    /// A URL, and all that has no other name.
    Url(&'t str),
    /// `ndef:` and digits.
    NdefMessage(Vec<u8>),
    /// `cose:` and digits.
    Cose(Vec<u8>),
    /// `v4.public.` as it is.
    Paseto(&'t str),
    /// `code:SCREEN:DIGITS`.
    Code { screen: &'t str, code: &'t str },
    /// `beacon:` and the digits of a whole advertisement.
    Advertisement(Vec<u8>),
    /// `originality:`, the digits of a UID, `:` and those of a signature.
    Originality { uid: Vec<u8>, signature: Vec<u8> },
    /// `vas:PASS:` and the digits of a cryptogram.
    AppleVas { pass: PassTypeId, cryptogram: Vec<u8> },
}

impl<'t> Written<'t> {
    /// Reads a token; none where digits are not what their name asks for.
    pub(crate) fn read(text: &'t str) -> Option<Written<'t>> {
        if let Some(digits) = text.strip_prefix("ndef:") {
            return Some(Written::NdefMessage(bytes(digits)?));
        }
        if let Some(digits) = text.strip_prefix("cose:") {
            return Some(Written::Cose(bytes(digits)?));
        }
        if let Some(digits) = text.strip_prefix("beacon:") {
            return Some(Written::Advertisement(bytes(digits)?));
        }
        if let Some(rest) = text.strip_prefix("code:") {
            let (screen, code) = rest.rsplit_once(':')?;
            return Some(Written::Code { screen, code });
        }
        if let Some(rest) = text.strip_prefix("originality:") {
            let (uid, signature) = rest.split_once(':')?;
            return Some(Written::Originality { uid: bytes(uid)?, signature: bytes(signature)? });
        }
        if let Some(rest) = text.strip_prefix("vas:") {
            let (pass, digits) = rest.split_once(':')?;
            return Some(Written::AppleVas { pass: pass.parse().ok()?, cryptogram: bytes(digits)? });
        }
        if text.starts_with("v4.public.") {
            return Some(Written::Paseto(text));
        }
        Some(Written::Url(text))
    }

    /// As the verifier takes it.
    pub(crate) fn presented(&self) -> Presented<'_> {
        match self {
            Written::Url(url) => Presented::Url(url),
            Written::NdefMessage(bytes) => Presented::NdefMessage(bytes),
            Written::Cose(bytes) => Presented::Cose(bytes),
            Written::Paseto(token) => Presented::Paseto(token),
            Written::Code { screen, code } => Presented::Code { screen, code },
            Written::Advertisement(bytes) => Presented::Advertisement(bytes),
            Written::Originality { uid, signature } => Presented::Originality { uid, signature },
            Written::AppleVas { pass, cryptogram } => Presented::AppleVas { pass, cryptogram },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_name() {
        assert!(matches!(Written::read("https://tap.example/?p=1"), Some(Written::Url(_))));
        assert!(matches!(Written::read("v4.public.AA"), Some(Written::Paseto(_))));
        assert!(
            matches!(Written::read("ndef:d101"), Some(Written::NdefMessage(bytes)) if bytes == [0xD1, 0x01])
        );
        assert!(matches!(Written::read("code:till 3:123456"), Some(Written::Code { screen: "till 3", .. })));
        assert!(matches!(Written::read("vas:pass.example:00"), Some(Written::AppleVas { .. })));
        assert!(Written::read("code:123456").is_none());
        assert!(Written::read("cose:d1012").is_none());
        assert!(Written::read("cose:+1").is_none());
    }
}
