//! What a column of records holds, and its normal form.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Most fields that records are compared by. A comparison fits a fixed array, and twelve tell a person.
pub const FIELDS_MAX: usize = 12;

/// Longest value that is compared, in characters; what goes beyond is left out. The longest place name has 85.
pub const VALUE_CHARS_MAX: usize = 100;

/// A column of records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Field {
    /// Its name, for people and files.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a field holds, which says how two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldKind {
    /// Given names, nicknames and initials.
    GivenName,
    /// Family names.
    Surname,
    /// A date, best as `YYYY-MM-DD` or `YYYYMMDD`; digits are what counts.
    Date,
    /// A postal code, which says more from left to right.
    Postcode,
    /// A town, suburb or place of birth.
    Place,
    /// A street or a line of an address.
    Street,
    /// A number that is nearly one person's alone and may be mistyped: a phone, a national or loyalty number.
    Number,
    /// An email address.
    Email,
    /// One of a few values: an occupation, a gender, a house number.
    Category,
    /// Words that say where to look and are not compared: a full name beside its parts.
    Words,
}

impl Field {
    /// A field of this name and kind.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self { name: name.into(), kind }
    }
}

impl FieldKind {
    /// How many levels a comparison of two values has; the last is "equal", 0 is "differ". None for what is not compared.
    #[must_use]
    pub const fn levels(self) -> usize {
        match self {
            Self::GivenName | Self::Surname | Self::Street | Self::Date | Self::Postcode => 5,
            Self::Number | Self::Email => 4,
            Self::Place => 3,
            Self::Category => 2,
            Self::Words => 0,
        }
    }

    /// The form in which values are compared: compatibility form, lower case, only what the kind needs of signs and spaces.
    /// Empty where nothing is left.
    ///
    /// ```
    /// use phygital_core::identity::matching::FieldKind;
    /// assert_eq!(FieldKind::Surname.normal("  O\u{2019}Brien-SMITH "), "obrien smith");
    /// assert_eq!(FieldKind::Date.normal("1984-03-14"), "19840314");
    /// assert_eq!(FieldKind::Number.normal("+1 (415) 555-0100"), "14155550100");
    /// assert_eq!(FieldKind::Email.normal(" Ada@Example.COM"), "ada@example.com");
    /// ```
    #[must_use]
    pub fn normal(self, text: &str) -> String {
        let folded = text.nfkc().take(VALUE_CHARS_MAX).flat_map(char::to_lowercase);
        match self {
            Self::Date => folded.filter(char::is_ascii_digit).collect(),
            Self::Number => folded.filter(|sign| sign.is_alphanumeric()).collect(),
            Self::Email => folded.filter(|sign| !sign.is_whitespace()).collect(),
            _ => {
                // An apostrophe is part of a name, every other sign parts words.
                let words: String = folded
                    .filter(|sign| !matches!(sign, '\'' | '\u{2019}' | '`' | '.'))
                    .map(|sign| if sign.is_alphanumeric() { sign } else { ' ' })
                    .collect();
                words.split_whitespace().collect::<Vec<_>>().join(" ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_an_end() {
        let long = "x".repeat(VALUE_CHARS_MAX + 1);
        assert_eq!(FieldKind::Surname.normal(&long).len(), VALUE_CHARS_MAX);
        assert_eq!(FieldKind::Surname.normal(&long[1..]).len(), VALUE_CHARS_MAX);
    }

    #[test]
    fn signs_alone_are_nothing() {
        for kind in [FieldKind::GivenName, FieldKind::Date, FieldKind::Number, FieldKind::Place] {
            assert_eq!(kind.normal(" - / "), "");
        }
    }

    #[test]
    fn full_width_and_ligatures_are_what_they_look_like() {
        assert_eq!(FieldKind::GivenName.normal("ＡＤＡ"), "ada");
        assert_eq!(FieldKind::Surname.normal("Gri\u{fb03}th"), "griffith");
    }
}
