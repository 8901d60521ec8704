//! Why a tap was refused.

use std::fmt;

use super::limits::{NDEF_FILE_MAX, URL_LENGTH_MAX};

/// What a tag mirrors into its URL, each as ASCII hexadecimal except the tamper status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The UID in plain: 14 digits.
    Uid,
    /// The read counter in plain, most significant byte first: 6 digits.
    ReadCounter,
    /// Encrypted UID and counter: 32 digits, or 48 in LRP mode.
    PiccData,
    /// Encrypted file data: a multiple of 32 digits.
    FileData,
    /// TagTamper status: two letters of `C`, `O`, `I`.
    TagTamper,
    /// The truncated MAC: 16 digits.
    Mac,
}

impl Field {
    pub(crate) const COUNT: usize = 6;

    pub(crate) const ALL: [Self; Self::COUNT] =
        [Self::Uid, Self::ReadCounter, Self::PiccData, Self::FileData, Self::TagTamper, Self::Mac];

    /// Its name in a [`super::UrlTemplate`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uid => "uid",
            Self::ReadCounter => "ctr",
            Self::PiccData => "picc",
            Self::FileData => "enc",
            Self::TagTamper => "tt",
            Self::Mac => "mac",
        }
    }

    /// Characters of its mirror, in AES mode; none for file data, whose length is configured.
    #[must_use]
    pub const fn width(self) -> Option<usize> {
        match self {
            Self::Uid => Some(14),
            Self::ReadCounter => Some(6),
            Self::PiccData => Some(32),
            Self::FileData => None,
            Self::TagTamper => Some(2),
            Self::Mac => Some(16),
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Uid => "14 hexadecimal digits",
            Self::ReadCounter => "6 hexadecimal digits",
            Self::PiccData => "32 hexadecimal digits, or 48 in LRP mode",
            Self::FileData => "a multiple of 32 hexadecimal digits",
            Self::TagTamper => "two letters of C, O, I",
            Self::Mac => "16 hexadecimal digits",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a link is not accepted as a genuine tap.
///
/// [`TapRefusal::code`] is stable text for logs and tests; [`TapRefusal::class`] tells what to make of
/// it. No refusal holds anything of a key, nor anything that the link said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TapRefusal {
    /// Longer than any tap can be.
    #[error("the link has {found} bytes, at most {URL_LENGTH_MAX} are read")]
    TooLong {
        /// Bytes of the link.
        found: usize,
    },
    /// A space, a control character or a byte outside ASCII.
    #[error("the link holds a character that no tag writes")]
    NotAscii,
    /// Nothing in the link looks like what a tag mirrors.
    #[error("no tap was found in the link")]
    NoTap,
    /// Some of what is needed is there, but not this.
    #[error("the link has no {field}: expected {}", field.expected())]
    Missing {
        /// What is missing.
        field: Field,
    },
    /// The link does not follow the template of its keys.
    #[error("the link does not follow the template")]
    TemplateMismatch,
    /// A field or parameter stands there twice.
    #[error("the link states {field} twice")]
    Duplicate {
        /// The field.
        field: Field,
    },
    /// A character that is no hexadecimal digit, or half a pair of digits.
    #[error("{field} is not as expected: {}", field.expected())]
    BadHex {
        /// The field.
        field: Field,
    },
    /// Another number of characters than the field has.
    #[error("{field} has {found} characters, expected {}", field.expected())]
    BadLength {
        /// The field.
        field: Field,
        /// Characters found.
        found: usize,
    },
    /// The decrypted PICCData starts with no tag that an NTAG 424 DNA makes, so neither the data nor the
    /// key is right. This is no proof of either.
    #[error("the PICCData decrypts to nothing that a tag sends")]
    BadPiccData,
    /// The NDEF file is not one short URI record, or an SDM offset points outside of it.
    #[error("the NDEF file is malformed: {expected}")]
    BadFile {
        /// What was expected.
        expected: &'static str,
    },
    /// No key fits: the link was forged or changed, or the keys are not those of this tag.
    #[error("the MAC does not match")]
    MacMismatch,
    /// There is no key for this tag, so nothing can be said about it.
    #[error("no key for this tag")]
    NoKey,
    /// The key ring holds more keys that may fit than are tried for one link.
    #[error("too many keys may fit this link: bind keys to their UID, or give templates")]
    SearchLimit,
    /// The keys are in a vault that does not answer, so nothing can be said about the tap yet.
    #[error("the keys cannot be reached now: try again")]
    KeysUnavailable,
    /// Not of the form of its scheme, in a way that no other refusal names.
    #[error("malformed: expected {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// A token, frame or number of another length than its kind has.
    #[error("{found} bytes or digits, expected {expected}")]
    WrongLength {
        /// How many there are.
        found: usize,
        /// How many there have to be.
        expected: &'static str,
    },
    /// The last digit of a GS1 key does not follow from the others.
    #[error("the check digit does not match")]
    BadCheckDigit,
    /// No GS1 key stands in the path.
    #[error("the link is no GS1 Digital Link")]
    NotDigitalLink,
    /// Manufacturer data of something else than an iBeacon.
    #[error("the frame is no iBeacon")]
    NotIBeacon,
    /// The signature is not the key's: the token was forged or changed.
    #[error("the signature does not match")]
    SignatureInvalid,
    /// A rotating code that the secret does not give now.
    #[error("the code does not match")]
    CodeMismatch,
    /// A genuine token whose time is over or has not come, or that is meant for somebody else.
    #[error("the token does not hold here and now: {reason}")]
    OutOfScope {
        /// Which of its claims says so.
        reason: &'static str,
    },
    /// A genuine token or code that was used before.
    #[error("it was used before")]
    Used,
}

/// What a refusal means for whoever has to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalClass {
    /// Not a tap as we know it, or damaged on its way.
    Malformed,
    /// Looks like a tap, but the tag that it names did not make it.
    Forged,
    /// Could not be judged for want of a key.
    Unauthenticated,
    /// Genuine, but not good here and now: used before, out of its time, meant for somebody else.
    Stale,
}

impl TapRefusal {
    /// A stable code, such as `mac_mismatch`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::NotAscii => "not_ascii",
            Self::NoTap => "no_tap",
            Self::Missing { .. } => "missing_field",
            Self::TemplateMismatch => "template_mismatch",
            Self::Duplicate { .. } => "duplicate_parameter",
            Self::BadHex { .. } => "bad_hex",
            Self::BadLength { .. } => "bad_length",
            Self::BadPiccData => "bad_picc_data",
            Self::BadFile { .. } => "bad_file",
            Self::MacMismatch => "mac_mismatch",
            Self::NoKey => "no_key",
            Self::SearchLimit => "search_limit",
            Self::KeysUnavailable => "keys_unavailable",
            Self::Malformed { .. } => "malformed",
            Self::WrongLength { .. } => "bad_length",
            Self::BadCheckDigit => "bad_check_digit",
            Self::NotDigitalLink => "not_digital_link",
            Self::NotIBeacon => "not_ibeacon",
            Self::SignatureInvalid => "signature_invalid",
            Self::CodeMismatch => "code_mismatch",
            Self::OutOfScope { .. } => "out_of_scope",
            Self::Used => "used",
        }
    }

    /// What it means.
    #[must_use]
    pub const fn class(&self) -> RefusalClass {
        match self {
            Self::MacMismatch | Self::SignatureInvalid | Self::CodeMismatch => RefusalClass::Forged,
            Self::OutOfScope { .. } | Self::Used => RefusalClass::Stale,
            Self::NoKey | Self::SearchLimit | Self::KeysUnavailable => RefusalClass::Unauthenticated,
            _ => RefusalClass::Malformed,
        }
    }

    pub(crate) const fn malformed(expected: &'static str) -> Self {
        Self::Malformed { expected }
    }

    pub(crate) fn bad_file(expected: &'static str) -> Self {
        Self::BadFile { expected }
    }
}

/// Used where a file is longer than the tag's memory.
pub(crate) const FILE_TOO_LONG: &str = "at most 256 bytes";
const _: () = assert!(NDEF_FILE_MAX == 256, "FILE_TOO_LONG says 256");
