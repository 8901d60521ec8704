//! Where a rule holds: a country, a part of one, the European Union, or everywhere.

use std::fmt;
use std::str::FromStr;

use crate::vocab::serde_text;

/// A place in which rules hold: a country of ISO 3166-1 (`US`), a part of one by ISO 3166-2 (`US-FL`, `GB-ENG`), `EU`, or
/// `*` for everywhere.
///
/// ```
/// use phygital_core::rules::Place;
/// let florida: Place = "US-FL".parse()?;
/// assert_eq!(florida.country(), Some("US"));
/// assert!(florida.lies_in("US".parse()?) && florida.lies_in(Place::ANYWHERE));
/// assert!(!florida.lies_in("US-TX".parse()?));
/// # Ok::<(), phygital_core::rules::UnknownPlace>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// ASCII, filled up with zeros, so that order is that of the texts.
    text: [u8; 6],
}

/// The text names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a country such as US, a part of one such as US-FL, EU, or * for everywhere")]
pub struct UnknownPlace;

/// Members of the European Union, with those of their parts that have a code of their own and lie in it (TFEU, articles 349,
/// 355(1) and (4)), and of the EEA, where the GDPR holds as well (Decision of the EEA Joint Committee 154/2018). In order.
const EEA: [&str; 37] = [
    "AT", "AX", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GF", "GP", "GR", "HR", "HU",
    "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MF", "MQ", "MT", "NL", "NO", "PL", "PT", "RE", "RO", "SE",
    "SI", "SK", "YT",
];

/// Whether a country of ISO 3166-1 lies in the European Economic Area.
pub(crate) fn is_in_eea(country: &str) -> bool {
    EEA.binary_search(&country).is_ok()
}

impl Place {
    /// Everywhere.
    pub const ANYWHERE: Place = Place { text: *b"*\0\0\0\0\0" };

    /// The text, such as `US-FL`.
    pub fn as_str(&self) -> &str {
        let end = self.text.iter().position(|byte| *byte == 0).unwrap_or(self.text.len());
        std::str::from_utf8(&self.text[..end]).expect("made of ASCII")
    }

    /// The country, of a country and of its parts; `EU` and `*` have none.
    pub fn country(&self) -> Option<&str> {
        let text = self.as_str();
        text.get(..2).filter(|country| *country != "EU")
    }

    /// Whether a rule of `other` holds here: of the place itself, of its country, of the European Union in the countries of the
    /// European Economic Area, and of everywhere.
    pub fn lies_in(&self, other: Place) -> bool {
        let within = |country| country == other.as_str() || (other.as_str() == "EU" && is_in_eea(country));
        *self == other || other == Place::ANYWHERE || self.country().is_some_and(within)
    }
}

impl FromStr for Place {
    type Err = UnknownPlace;
    fn from_str(text: &str) -> Result<Place, UnknownPlace> {
        let upper = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
        let known = match text.split_once('-') {
            None => text == "*" || (text.len() == 2 && upper(text)),
            Some((country, part)) => {
                let letters = part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
                country.len() == 2 && upper(country) && (1..=3).contains(&part.len()) && letters
            }
        };
        if !known {
            return Err(UnknownPlace);
        }
        let mut place = Place { text: [0; 6] };
        place.text[..text.len()].copy_from_slice(text.as_bytes());
        Ok(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_text!(Place, as_str);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn places_lie_in_others() {
        for (inner, outer, expected) in [
            ("US-FL", "US", true),
            ("US", "US-FL", false),
            ("FR", "EU", true),
            ("MQ", "EU", true),
            ("AX", "EU", true),
            ("YT", "EU", true),
            ("NC", "EU", false),
            ("NO", "EU", true),
            ("GB-ENG", "EU", false),
            ("GB-ENG", "GB", true),
            ("EU", "EU", true),
            ("EU", "*", true),
            ("*", "US", false),
        ] {
            assert_eq!(place(inner).lies_in(place(outer)), expected, "{inner} in {outer}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in ["", "us", "U", "USA", "US-", "US-FLOR", "US-fl", "**", "US-FL-1", "\u{c9}\u{c9}"] {
            assert_eq!(text.parse::<Place>(), Err(UnknownPlace), "{text}");
        }
        for text in ["*", "EU", "FR", "FR-2A", "GB-ENG"] {
            assert_eq!(place(text).to_string(), text);
        }
    }
}
