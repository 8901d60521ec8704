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
    /// Every kind that is compared: all but [`FieldKind::Words`].
    pub const COMPARED: [Self; 9] = [
        Self::GivenName,
        Self::Surname,
        Self::Date,
        Self::Postcode,
        Self::Place,
        Self::Street,
        Self::Number,
        Self::Email,
        Self::Category,
    ];

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
    /// Empty where nothing is left. Of a value no more than its first four times [`VALUE_CHARS_MAX`] characters are looked
    /// at, so that a megabyte costs no more than they do.
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
        let mut normal = String::new();
        self.normalise(text, &mut normal);
        normal
    }

    /// Appends the normal form of a value.
    pub(super) fn normalise(self, text: &str, to: &mut String) {
        let cut = text.char_indices().nth(4 * VALUE_CHARS_MAX).map_or(text, |(at, _)| &text[..at]);
        if cut.is_ascii() {
            // The same, without the tables.
            self.keep(
                cut.bytes().take(VALUE_CHARS_MAX).map(|sign| char::from(sign.to_ascii_lowercase())),
                to,
            );
        } else {
            self.keep(cut.nfkc().take(VALUE_CHARS_MAX).flat_map(char::to_lowercase), to);
        }
    }

    /// Appends what the kind needs.
    fn keep(self, folded: impl Iterator<Item = char>, to: &mut String) {
        match self {
            Self::Date => to.extend(folded.filter(char::is_ascii_digit)),
            Self::Number => to.extend(folded.filter(|sign| sign.is_alphanumeric())),
            Self::Email => to.extend(folded.filter(|sign| !sign.is_whitespace())),
            _ => {
                let begin = to.len();
                let mut parted = false;
                // An apostrophe is part of a name, every other sign parts words.
                for sign in folded.filter(|sign| !matches!(sign, '\'' | '\u{2019}' | '`' | '.')) {
                    if sign.is_alphanumeric() {
                        if parted && to.len() > begin {
                            to.push(' ');
                        }
                        to.push(sign);
                        parted = false;
                    } else {
                        parted = true;
                    }
                }
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
    fn a_megabyte_costs_no_more_than_its_beginning() {
        let marks = format!("a{}", "\u{301}".repeat(500_000));
        assert!(FieldKind::Surname.normal(&marks).chars().count() <= VALUE_CHARS_MAX);
        assert_eq!(FieldKind::GivenName.normal(&" ".repeat(1 << 20)), "");
        let ligatures = "\u{fdfa}".repeat(1 << 18);
        assert!(FieldKind::Place.normal(&ligatures).chars().count() <= VALUE_CHARS_MAX);
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
