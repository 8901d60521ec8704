//! What one version of a source's record says of one person.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::hashed::HashedContact;
use super::limits::{ASSERTION_IDENTIFIERS_MAX, ASSERTION_TRAITS_MAX, TRAIT_BYTES_MAX, TRAIT_NAME_BYTES_MAX};
use crate::vocab::{Identifier, Personal, RecordId, SourceId, Timestamp, serde_text};

/// What one version of a record says: a row of the customer database, an event, a receipt.
///
/// A newer version takes the place of the older, whichever came first. `Debug` names the record and counts the rest.
///
/// ```
/// use phygital_core::identity::evidence::{Assertion, TraitName};
/// use phygital_core::vocab::Timestamp;
/// let time = Timestamp::parse("2026-11-21T12:00:00Z")?;
/// let said = Assertion::new("//shop.example/crm".parse()?, "1042".parse()?, 1, time)
///     .with("email:ada@shop.example".parse()?)
///     .with_trait(TraitName::GivenName, "Ada")
///     .stated();
/// assert_eq!(format!("{said:?}"), "Assertion(//shop.example/crm 1042 v1, 1 identifiers, 0 hashed, 1 traits)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Assertion {
    /// Who keeps the record.
    pub source: SourceId,
    /// What its source calls it.
    pub record: RecordId,
    /// Which version; the greatest counts. An event has the one version 0.
    pub version: u64,
    /// When it was so.
    pub time: Timestamp,
    /// Whether it may be used to link.
    pub linking: bool,
    /// Whether she said so herself.
    pub provenance: Provenance,
    /// The identifiers that it names.
    pub identifiers: Vec<Identifier>,
    /// Contacts that it knows by their hashes alone.
    pub hashed: Vec<HashedContact>,
    /// What else it says of her, as it was written. White space around a value does not count, nor does an empty one.
    pub traits: BTreeMap<TraitName, Personal>,
}

/// How a source came to know something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "said by herself, or not")]
pub enum Provenance {
    /// Somebody else saw it, guessed it or bought it.
    Observed,
    /// She said so herself.
    Stated,
}

/// What a trait tells. Ordered, and named in files, as here; further ones by their own names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TraitName {
    /// Given name: `given_name`.
    GivenName,
    /// Family name: `surname`.
    Surname,
    /// Date of birth, best as `YYYY-MM-DD`: `birthday`.
    Birthday,
    /// Street and house number: `street`.
    Street,
    /// Town: `city`.
    City,
    /// Postal code: `postcode`.
    Postcode,
    /// Country, ISO 3166-1 alpha-2: `country`.
    Country,
    /// What the golden record alone asks for, such as `language` or `shoe_size`.
    Other(OtherTrait),
}

/// The name of a further trait: 1 to [`TRAIT_NAME_BYTES_MAX`] bytes without control characters and outer white space, and
/// none of the names that [`TraitName`] has itself. Read by `TraitName`'s `FromStr`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OtherTrait(Box<str>);

/// Why a text is no [`TraitName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the name of a trait: 1 to {TRAIT_NAME_BYTES_MAX} bytes without control characters and outer white space"
)]
pub struct TraitNameError;

/// What of an assertion is not as it must be. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// Too many identifiers, hashed contacts among them.
    #[error("identifiers: expected at most {ASSERTION_IDENTIFIERS_MAX} with hashed contacts, found {0}")]
    Identifiers(usize),
    /// Too many traits.
    #[error("traits: expected at most {ASSERTION_TRAITS_MAX}, found {0}")]
    Traits(usize),
    /// A value that is too long.
    #[error("traits.{field}: expected at most {TRAIT_BYTES_MAX} bytes, found {found}")]
    TraitTooLong {
        /// Which trait.
        field: TraitName,
        /// Bytes of its value.
        found: usize,
    },
    /// Keys that were computed beforehand, and are not one for each identifier.
    #[error("keys: expected {expected}, one for each identifier, found {found}")]
    Keys {
        /// As many as there are identifiers.
        expected: usize,
        /// As many as came.
        found: usize,
    },
}

impl Assertion {
    /// An assertion that may link, was observed, and says nothing yet.
    pub fn new(source: SourceId, record: RecordId, version: u64, time: Timestamp) -> Assertion {
        Assertion {
            source,
            record,
            version,
            time,
            linking: true,
            provenance: Provenance::Observed,
            identifiers: Vec::new(),
            hashed: Vec::new(),
            traits: BTreeMap::new(),
        }
    }

    /// The assertion with one more identifier.
    #[must_use]
    pub fn with(mut self, identifier: Identifier) -> Assertion {
        self.identifiers.push(identifier);
        self
    }

    /// The assertion with one more contact that is known by its hash.
    #[must_use]
    pub fn with_hashed(mut self, contact: HashedContact) -> Assertion {
        self.hashed.push(contact);
        self
    }

    /// The assertion with a trait, in place of any of that name.
    #[must_use]
    pub fn with_trait(mut self, name: TraitName, value: impl Into<String>) -> Assertion {
        self.traits.insert(name, Personal::new(value));
        self
    }

    /// The assertion as one that she made herself.
    #[must_use]
    pub fn stated(mut self) -> Assertion {
        self.provenance = Provenance::Stated;
        self
    }

    /// The assertion as one that may link nothing.
    #[must_use]
    pub fn without_linking(mut self) -> Assertion {
        self.linking = false;
        self
    }

    /// Checks every limit.
    ///
    /// # Errors
    /// [`AssertionError`] names the field that is beyond its limit.
    pub fn check(&self) -> Result<(), AssertionError> {
        let named = self.identifiers.len() + self.hashed.len();
        if named > ASSERTION_IDENTIFIERS_MAX {
            return Err(AssertionError::Identifiers(named));
        }
        if self.traits.len() > ASSERTION_TRAITS_MAX {
            return Err(AssertionError::Traits(self.traits.len()));
        }
        let long = self.traits.iter().find(|(_, value)| value.reveal().len() > TRAIT_BYTES_MAX);
        match long {
            Some((name, value)) => {
                Err(AssertionError::TraitTooLong { field: name.clone(), found: value.reveal().len() })
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Assertion({} {} v{}, {} identifiers, {} hashed, {} traits)",
            self.source,
            self.record,
            self.version,
            self.identifiers.len(),
            self.hashed.len(),
            self.traits.len()
        )
    }
}

impl Provenance {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Provenance::Observed => "observed",
            Provenance::Stated => "stated",
        }
    }
}

impl TraitName {
    /// The traits that the partition reads too.
    pub const KNOWN: [TraitName; 7] = [
        TraitName::GivenName,
        TraitName::Surname,
        TraitName::Birthday,
        TraitName::Street,
        TraitName::City,
        TraitName::Postcode,
        TraitName::Country,
    ];

    /// The name in files.
    pub fn as_str(&self) -> &str {
        match self {
            TraitName::GivenName => "given_name",
            TraitName::Surname => "surname",
            TraitName::Birthday => "birthday",
            TraitName::Street => "street",
            TraitName::City => "city",
            TraitName::Postcode => "postcode",
            TraitName::Country => "country",
            TraitName::Other(OtherTrait(name)) => name,
        }
    }
}

impl FromStr for TraitName {
    type Err = TraitNameError;
    fn from_str(text: &str) -> Result<TraitName, TraitNameError> {
        if let Some(known) = TraitName::KNOWN.into_iter().find(|known| known.as_str() == text) {
            return Ok(known);
        }
        let plain = text.trim() == text && !text.chars().any(char::is_control);
        if text.is_empty() || text.len() > TRAIT_NAME_BYTES_MAX || !plain {
            return Err(TraitNameError);
        }
        Ok(TraitName::Other(OtherTrait(text.into())))
    }
}

serde_text!(TraitName, as_str);

impl fmt::Display for TraitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn blank() -> Assertion {
        Assertion::new("s".parse().unwrap(), "1".parse().unwrap(), 0, Timestamp::MIN)
    }

    #[test]
    fn identifiers_and_hashes_are_limited_together() {
        let mut one = blank();
        for n in 0..ASSERTION_IDENTIFIERS_MAX - 1 {
            one = one.with(format!("cookie:{n}").parse().unwrap());
        }
        one = one.with_hashed(HashedContact::email([7; 32]));
        assert_eq!(one.check(), Ok(()));
        let over = one.clone().with_hashed(HashedContact::phone([7; 32]));
        assert_eq!(over.check(), Err(AssertionError::Identifiers(ASSERTION_IDENTIFIERS_MAX + 1)));
        let over = one.with("cookie:x".parse().unwrap());
        assert_eq!(over.check(), Err(AssertionError::Identifiers(ASSERTION_IDENTIFIERS_MAX + 1)));
    }

    #[test]
    fn traits_are_limited_in_number_and_length() {
        let mut one = blank();
        for n in 0..ASSERTION_TRAITS_MAX {
            one = one.with_trait(format!("t{n}").parse().unwrap(), "x");
        }
        assert_eq!(one.check(), Ok(()));
        let over = one.with_trait(TraitName::City, "x").check();
        assert_eq!(over, Err(AssertionError::Traits(ASSERTION_TRAITS_MAX + 1)));
        let long = "x".repeat(TRAIT_BYTES_MAX);
        assert_eq!(blank().with_trait(TraitName::City, long.clone()).check(), Ok(()));
        let over = blank().with_trait(TraitName::City, long + "x").check().unwrap_err();
        assert_eq!(over.to_string(), "traits.city: expected at most 512 bytes, found 513");
        let megabyte = blank().with_trait(TraitName::GivenName, "ada".repeat(350_000)).check().unwrap_err();
        assert!(!format!("{megabyte} {megabyte:?}").contains("ada"));
    }

    #[test]
    fn a_trait_has_one_name() {
        for known in TraitName::KNOWN {
            assert_eq!(known.as_str().parse(), Ok(known));
        }
        let other: TraitName = "shoe size".parse().unwrap();
        assert!(matches!(&other, TraitName::Other(_)) && other.to_string() == "shoe size");
        assert!("x".repeat(TRAIT_NAME_BYTES_MAX).parse::<TraitName>().is_ok());
        for bad in ["", " a", "a\n", &"x".repeat(TRAIT_NAME_BYTES_MAX + 1)] {
            assert_eq!(bad.parse::<TraitName>(), Err(TraitNameError));
        }
    }

    #[test]
    fn nobody_is_printed() {
        let one = blank()
            .with("email:ada@shop.example".parse().unwrap())
            .with_trait(TraitName::Surname, "Lovelace")
            .without_linking()
            .stated();
        let text = format!("{one:?}");
        assert!(!text.contains("ada") && !text.contains("Lovelace"), "{text}");
        assert!(!one.linking && one.provenance == Provenance::Stated);
    }
}
