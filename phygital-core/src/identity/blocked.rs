//! Values that name nobody: what cashiers, forms and programs write where there is nothing to write.

use std::collections::{BTreeMap, BTreeSet};

use super::names::Name;
use crate::vocab::{Identifier, IdentifierKind};

/// What is blocked, by list and by pattern. All texts in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blocked {
    /// Whole values of a kind.
    pub(super) values: BTreeMap<IdentifierKind, BTreeSet<String>>,
    /// Texts that mean, whatever the kind, that there is no value.
    pub(super) words: BTreeSet<String>,
    /// What stands before the `@` of an address that nobody has.
    pub(super) locals: BTreeSet<String>,
    /// Forms of values of a kind.
    pub(super) patterns: BTreeSet<(IdentifierKind, Pattern)>,
    /// Whole names, given name and surname with a space between, or one of them alone.
    pub(super) names: BTreeSet<String>,
    /// Dates of birth, digits alone.
    pub(super) births: BTreeSet<String>,
}

/// A form of values that name nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    /// Begins so.
    Prefix(String),
    /// Ends so.
    Suffix(String),
    /// Its last so many digits are one digit over and over.
    Repeated(u32),
    /// Its last so many digits count up or down by one, 0 after 9.
    Sequence(u32),
    /// One sign over and over, twice at least, hyphens aside.
    Uniform,
}

impl Pattern {
    fn fits(&self, value: &str) -> bool {
        let steps = |count: u32, all: fn(&[u8]) -> bool| {
            let digits: Vec<u8> = value.bytes().filter(u8::is_ascii_digit).collect();
            let from = digits.len().checked_sub(count as usize);
            from.is_some_and(|from| count > 1 && all(&digits[from..]))
        };
        match self {
            Pattern::Prefix(text) => value.starts_with(text.as_str()),
            Pattern::Suffix(text) => value.ends_with(text.as_str()),
            Pattern::Repeated(count) => steps(*count, |tail| tail.windows(2).all(|pair| pair[0] == pair[1])),
            Pattern::Sequence(count) => steps(*count, |tail| {
                let by =
                    |step: u8| tail.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
                by(1) || by(9)
            }),
            Pattern::Uniform => {
                let mut signs = value.chars().filter(|&sign| sign != '-');
                let (first, mut rest) = (signs.next(), signs.peekable());
                rest.peek().is_some() && rest.all(|sign| Some(sign) == first)
            }
        }
    }
}

/// Texts that mean that there is no value.
const WORDS: &[&str] = &[
    "-",
    "0",
    "anonymous",
    "false",
    "guest",
    "n/a",
    "na",
    "nan",
    "nil",
    "none",
    "null",
    "test",
    "true",
    "undefined",
    "unknown",
    "xxx",
];

/// What cashiers and forms put before the `@` when there is no address.
const LOCALS: &[&str] = &[
    "a",
    "abc",
    "abc123",
    "anonymous",
    "asd",
    "asdf",
    "customer",
    "donotreply",
    "email",
    "fake",
    "guest",
    "mail",
    "me",
    "n/a",
    "na",
    "no",
    "no-email",
    "no-reply",
    "no.email",
    "noemail",
    "nomail",
    "none",
    "noreply",
    "nobody",
    "null",
    "qwerty",
    "test",
    "test1",
    "test123",
    "testing",
    "undefined",
    "unknown",
    "user",
    "x",
    "xx",
    "xxx",
];

/// Addresses of programs rather than people.
const ADDRESSES: &[&str] = &["info@example.com"];

/// What cashiers write for a customer without a name.
const NAMES: &[&str] = &[
    "anonymous",
    "asdf",
    "cash",
    "cash customer",
    "cash sale",
    "customer",
    "first last",
    "guest",
    "guest customer",
    "guest guest",
    "guest user",
    "n a",
    "na",
    "na na",
    "no",
    "no name",
    "none",
    "none none",
    "null",
    "null null",
    "test",
    "test customer",
    "test test",
    "test user",
    "undefined",
    "undefined undefined",
    "unknown",
    "unknown unknown",
    "walk in",
    "walk in customer",
    "walkin",
    "walkin customer",
    "xxx",
    "xxx xxx",
];

/// Dates that programs put where none is known: their first and last days.
const BIRTHS: &[&str] = &["00000000", "00010101", "11111111", "18991230", "19000101", "19700101", "99991231"];

/// So many digits alike at the end of a phone number are nobody's: a subscriber's number has about seven.
const ALIKE_DIGITS: u32 = 7;

/// So many digits that count up or down at the end of a phone number are nobody's. Eight may be somebody's in a country
/// where numbers begin with a mobile prefix of one digit.
const COUNTING_DIGITS: u32 = 9;

/// What people write who do not want to give their number.
const COUNTED: &str = "1234567";

impl Default for Blocked {
    fn default() -> Blocked {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<String>>();
        let phone = |pattern| (IdentifierKind::Phone, pattern);
        let mut patterns = BTreeSet::from([
            phone(Pattern::Repeated(ALIKE_DIGITS)),
            phone(Pattern::Sequence(COUNTING_DIGITS)),
            phone(Pattern::Suffix(COUNTED.to_owned())),
        ]);
        patterns.extend(IdentifierKind::ALL.map(|kind| (kind, Pattern::Uniform)));
        Blocked {
            values: BTreeMap::from([(IdentifierKind::Email, set(ADDRESSES))]),
            words: set(WORDS),
            locals: set(LOCALS),
            patterns,
            names: set(NAMES),
            births: set(BIRTHS),
        }
    }
}

impl Blocked {
    /// Blocks one value.
    pub(super) fn add(&mut self, identifier: &Identifier) {
        self.values.entry(identifier.kind()).or_default().insert(identifier.value().to_lowercase());
    }

    /// Whether an identifier names nobody.
    pub(super) fn is_value(&self, identifier: &Identifier) -> bool {
        // Almost no value has capitals, and a text costs an allocation.
        let value = identifier.value();
        if value.chars().any(char::is_uppercase) {
            self.is_lower(identifier.kind(), &value.to_lowercase())
        } else {
            self.is_lower(identifier.kind(), value)
        }
    }

    fn is_lower(&self, kind: IdentifierKind, value: &str) -> bool {
        let local = || value.rsplit_once('@').is_some_and(|(local, _)| self.locals.contains(local));
        self.words.contains(value)
            || self.values.get(&kind).is_some_and(|values| values.contains(value))
            || kind == IdentifierKind::Email && local()
            || self.patterns.iter().any(|(of, pattern)| *of == kind && pattern.fits(value))
    }

    /// Whether a name is nobody's.
    pub(super) fn is_name(&self, name: &Name<'_>) -> bool {
        let whole = match (name.given(), name.surname()) {
            (given, "") => return self.names.contains(given),
            (given, surname) => format!("{given} {surname}"),
        };
        self.names.contains(&whole)
    }

    /// Whether a date of birth is nobody's.
    pub(super) fn is_birth(&self, birth: &str) -> bool {
        self.births.contains(birth)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::identity::{Details, Rules};

    fn blocked(text: &str) -> bool {
        Rules::default().is_blocked(&text.parse().unwrap())
    }

    #[test]
    fn junk_is_blocked_and_people_are_not() {
        for junk in [
            "email:Test@Test.com",
            "email:noemail@shop.example",
            "phone:+15555555555",
            "phone:+33600000000",
            "phone:+14151234567",
            "phone:+11234567890",
            "phone:+919876543210",
            "login:NULL",
            "loyalty:000000000",
            "card:xxxx",
            "cookie:undefined",
            "device:00000000-0000-0000-0000-000000000000",
        ] {
            assert!(blocked(junk), "{junk}");
        }
        for real in [
            "email:ada@shop.example",
            "email:testa.rossa@shop.example",
            "phone:+33612345678",
            "login:nulla",
            "loyalty:7",
            "loyalty:1001",
            "phone:+15105550101",
            "device:00000000-0000-0000-0000-000000000001",
        ] {
            assert!(!blocked(real), "{real}");
        }
        let own: Identifier = "phone:+33142000000".parse().unwrap();
        assert!(Rules::default().with_blocked(&own).is_blocked(&own));
    }

    #[test]
    fn a_pattern_of_one_sign_needs_two() {
        assert!(Pattern::Uniform.fits("xx") && Pattern::Uniform.fits("0-0"));
        assert!(!["", "x", "-", "x-", "xy"].into_iter().any(|value| Pattern::Uniform.fits(value)));
    }

    #[test]
    fn nobody_is_called_walk_in() {
        let rules = Rules::default();
        let details = |given: &str, surname: &str| Details {
            given_name: Some(given.into()),
            surname: (!surname.is_empty()).then(|| surname.into()),
            ..Details::default()
        };
        for (given, surname) in
            [("walk", "in"), ("walk in", ""), ("test", "test"), ("guest", ""), ("cash", "customer")]
        {
            assert!(rules.name(&details(given, surname)).is_none(), "{given} {surname}");
        }
        let (walker, ada) = (details("grace", "walk"), details("ada", "byron"));
        assert!(rules.name(&walker).is_some() && rules.name(&ada).is_some());
        assert!(rules.with_names(false).name(&ada).is_none());
    }

    #[test]
    fn the_first_day_of_a_computer_is_no_birthday() {
        let rules = Rules::default();
        let born = |day: &str| Details { birthday: Some(day.into()), ..Details::default() };
        assert_eq!(rules.birth(&born("19000101")), None);
        assert_eq!(rules.birth(&born("")), None);
        assert_eq!(rules.birth(&born("19840314")), Some("19840314"));
        assert_eq!(rules.with_births(false).birth(&born("19840314")), None);
    }

    #[test]
    fn a_pattern_counts_its_digits() {
        let fits = |pattern: Pattern, value| pattern.fits(value);
        assert!(fits(Pattern::Repeated(3), "+1-2000") && !fits(Pattern::Repeated(4), "+1-2000"));
        assert!(fits(Pattern::Sequence(4), "x8901") && fits(Pattern::Sequence(3), "210"));
        assert!(!fits(Pattern::Sequence(5), "8901") && !fits(Pattern::Repeated(0), "1"));
        assert!(
            fits(Pattern::Prefix("kiosk-".into()), "kiosk-7") && fits(Pattern::Suffix("9".into()), "kiosk-9")
        );
    }
}
