//! The two modes of an NTAG 424 DNA, and what is known of a fleet's.

use std::fmt;
use std::str::FromStr;

use crate::tap::refusal::Field;
use crate::tap::scheme::Scheme;

/// What a tag computes with. SetConfiguration changes AES to LRP, for good (NT4H2421Gx §10.5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the chip has two modes")]
pub enum SdmMode {
    /// AES-128, as from the factory.
    #[default]
    Aes,
    /// The leakage resilient primitive, AN12304.
    Lrp,
}

/// What is known of the mode of a fleet's tags.
///
/// PICCData tells the mode by its length; mirrors in plain do not, so for them it has to be said. Printed and read
/// as `by-length`, `aes`, `lrp`, `either`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ModeRule {
    /// As the length of the PICCData says; AES for mirrors in plain.
    #[default]
    ByLength,
    /// All tags are in this mode; what is of the other is refused.
    Only(SdmMode),
    /// As the length of the PICCData says; for mirrors in plain both are tried.
    Either,
}

/// A text that names no [`ModeRule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mode is aes, lrp, by-length or either")]
#[non_exhaustive]
pub struct UnknownMode;

impl SdmMode {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Aes, Self::Lrp];

    /// Digits of encrypted PICCData.
    pub(crate) const fn picc_data_width(self) -> usize {
        match self {
            Self::Aes => 32,
            Self::Lrp => 48,
        }
    }

    /// Characters of a field's mirror; none for file data, whose length is configured.
    pub(crate) const fn width(self, field: Field) -> Option<usize> {
        match field {
            Field::PiccData => Some(self.picc_data_width()),
            field => field.width(),
        }
    }

    /// The scheme of taps in this mode.
    pub(crate) const fn scheme(self) -> Scheme {
        match self {
            Self::Aes => Scheme::Ntag424Aes,
            Self::Lrp => Scheme::Ntag424Lrp,
        }
    }
}

impl ModeRule {
    /// Whether encrypted PICCData of this mode may come from the fleet.
    pub(crate) const fn allows_encrypted(self, mode: SdmMode) -> bool {
        match self {
            Self::ByLength | Self::Either => true,
            Self::Only(only) => only as u8 == mode as u8,
        }
    }

    /// Whether mirrors in plain are tried in this mode.
    pub(crate) const fn allows_plain(self, mode: SdmMode) -> bool {
        match self {
            Self::ByLength => matches!(mode, SdmMode::Aes),
            Self::Either => true,
            Self::Only(only) => only as u8 == mode as u8,
        }
    }
}

impl fmt::Display for SdmMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aes => "AES",
            Self::Lrp => "LRP",
        })
    }
}

impl fmt::Display for ModeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByLength => "by-length",
            Self::Only(SdmMode::Aes) => "aes",
            Self::Only(SdmMode::Lrp) => "lrp",
            Self::Either => "either",
        })
    }
}

impl FromStr for ModeRule {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Ok(match text {
            "by-length" => Self::ByLength,
            "aes" => Self::Only(SdmMode::Aes),
            "lrp" => Self::Only(SdmMode::Lrp),
            "either" => Self::Either,
            _ => return Err(UnknownMode),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_read_back_and_say_what_is_tried() {
        for (text, encrypted, plain) in [
            ("by-length", [true, true], [true, false]),
            ("aes", [true, false], [true, false]),
            ("lrp", [false, true], [false, true]),
            ("either", [true, true], [true, true]),
        ] {
            let rule: Result<ModeRule, _> = text.parse();
            assert_eq!(rule.map(|rule| rule.to_string()).as_deref(), Ok(text));
            let rule = rule.unwrap_or_default();
            assert_eq!(SdmMode::ALL.map(|mode| rule.allows_encrypted(mode)), encrypted, "{text}");
            assert_eq!(SdmMode::ALL.map(|mode| rule.allows_plain(mode)), plain, "{text}");
        }
        assert_eq!("AES".parse::<ModeRule>(), Err(UnknownMode));
    }
}
