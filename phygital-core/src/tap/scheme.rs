//! The kinds of token that a tap brings.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of token that a tap brought.
///
/// JSON and text are its stable name, such as `ntag424-aes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scheme {
    /// NTAG 424 DNA secure dynamic messaging in AES mode: `ntag424-aes`.
    #[serde(rename = "ntag424-aes")]
    Ntag424Aes,
    /// NTAG 424 DNA secure dynamic messaging in LRP mode: `ntag424-lrp`.
    #[serde(rename = "ntag424-lrp")]
    Ntag424Lrp,
    /// NTAG 223 or 224 DNA, with or without StatusDetect: `ntag22x`.
    Ntag22x,
    /// NTAG 213, 215 or 216, which mirror UID and counter without any proof: `ntag21x`.
    Ntag21x,
    /// An originality signature, which proves the make of a chip: `originality`.
    Originality,
    /// A URL signed by the tag's own private key: `signed-url`.
    SignedUrl,
    /// A COSE_Sign1 token (RFC 9052): `cose-sign1`.
    CoseSign1,
    /// A PASETO v4.public token: `paseto-v4-public`.
    PasetoV4Public,
    /// A rotating code by time (RFC 6238): `totp`.
    Totp,
    /// A rotating code by counter (RFC 4226): `hotp`.
    Hotp,
    /// A GS1 Digital Link without any proof: `gs1-digital-link`.
    Gs1DigitalLink,
    /// An Eddystone beacon with an ephemeral identifier: `eddystone-eid`.
    EddystoneEid,
    /// An Eddystone beacon with a fixed identifier: `eddystone-uid`.
    EddystoneUid,
    /// An Eddystone beacon that sends a URL: `eddystone-url`.
    EddystoneUrl,
    /// An iBeacon: `ibeacon`.
    #[serde(rename = "ibeacon")]
    IBeacon,
    /// An Apple Wallet pass, by the VAS protocol: `apple-vas`.
    AppleVas,
    /// A Google Wallet pass, by the Smart Tap protocol: `smart-tap`.
    SmartTap,
}

impl Scheme {
    /// All schemes, in order.
    pub const ALL: [Self; 17] = [
        Self::Ntag424Aes,
        Self::Ntag424Lrp,
        Self::Ntag22x,
        Self::Ntag21x,
        Self::Originality,
        Self::SignedUrl,
        Self::CoseSign1,
        Self::PasetoV4Public,
        Self::Totp,
        Self::Hotp,
        Self::Gs1DigitalLink,
        Self::EddystoneEid,
        Self::EddystoneUid,
        Self::EddystoneUrl,
        Self::IBeacon,
        Self::AppleVas,
        Self::SmartTap,
    ];

    /// Its stable name, such as `ntag424-aes`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ntag424Aes => "ntag424-aes",
            Self::Ntag424Lrp => "ntag424-lrp",
            Self::Ntag22x => "ntag22x",
            Self::Ntag21x => "ntag21x",
            Self::Originality => "originality",
            Self::SignedUrl => "signed-url",
            Self::CoseSign1 => "cose-sign1",
            Self::PasetoV4Public => "paseto-v4-public",
            Self::Totp => "totp",
            Self::Hotp => "hotp",
            Self::Gs1DigitalLink => "gs1-digital-link",
            Self::EddystoneEid => "eddystone-eid",
            Self::EddystoneUid => "eddystone-uid",
            Self::EddystoneUrl => "eddystone-url",
            Self::IBeacon => "ibeacon",
            Self::AppleVas => "apple-vas",
            Self::SmartTap => "smart-tap",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`Scheme`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown tap scheme")]
pub struct UnknownScheme;

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str() == text).ok_or(UnknownScheme)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_text_and_as_json() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.as_str().parse(), Ok(scheme));
            assert_eq!(serde_json::to_value(scheme).unwrap(), scheme.as_str());
        }
        assert_eq!("NTAG22x".parse::<Scheme>(), Err(UnknownScheme));
    }
}
