//! The JSON form of the rules: one file, as an operator writes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::blocked::Pattern;
use super::matching::FieldKind;
use super::rules::{HouseholdLimits, Rules};
use crate::vocab::{Digest, Identifier, IdentifierKind, Json, SourceId};

/// Longest JSON text of rules, in bytes. Twenty thousand blocked values fit.
pub const RULES_JSON_MAX: usize = 1024 * 1024;

/// Most patterns of blocked values: each is tried with each value.
pub const RULES_PATTERNS_MAX: usize = 256;

/// Most digits that a pattern asks for. An E.164 number has fifteen.
const PATTERN_DIGITS_MAX: u32 = 64;

/// Longest time that an identifier may have to rest, in days: a century.
const REST_DAYS_MAX: u32 = 36_525;

/// Most profiles that a household or an identifier of one may be allowed.
const HOUSEHOLD_MAX: u32 = 1_000;

/// The version of the form that is written, and read.
const VERSION: u32 = 1;

/// Why a JSON text is no set of rules. Names the field, and never holds what stands there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesJsonError {
    /// Longer than [`RULES_JSON_MAX`].
    #[error("expected at most {RULES_JSON_MAX} bytes")]
    TooLong,
    /// No JSON, or a key that is there twice.
    #[error("line {line}, column {column}: expected JSON with each key once")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A key that the rules do not have.
    #[error("{field}: expected {expected}, not another key")]
    Key {
        /// The object that has it, `rules` for the whole.
        field: String,
        /// The keys that it may have.
        expected: &'static str,
    },
    /// A value that is not as it should be.
    #[error("{field}: expected {expected}")]
    Field {
        /// Its name, such as `limits.phone.email` or `blocked.names[3]`.
        field: String,
        /// What it has to be.
        expected: &'static str,
    },
}

impl Rules {
    /// Reads rules from JSON: the defaults, but for what the text says.
    ///
    /// | key | value |
    /// |---|---|
    /// | `version` | 1; has to be there |
    /// | `limits` | kind → kind of partner → most partners, `null` for any number ([`Rules::limit`]) |
    /// | `per_profile` | kind → most identifiers of one person, `null` for any number |
    /// | `blocked.values` | kind → whole values, in the place of the defaults |
    /// | `blocked.words` | texts that name nobody, whatever the kind |
    /// | `blocked.local_parts` | what stands before the `@` of no address |
    /// | `blocked.patterns` | `{"kind", "prefix" or "suffix": text}`, `{"kind", "repeated" or "sequence": last digits}`, `{"kind", "uniform": true}` |
    /// | `blocked.names` | whole names that are nobody's |
    /// | `blocked.birthdays` | dates that are nobody's |
    /// | `gmail`, `repairs`, `names`, `birthdays` | whether addresses of Gmail are one, typing errors are put right, names and dates of birth tell people apart |
    /// | `holders` | [`Rules::holders`] |
    /// | `recycled_after_days` | [`Rules::recycled_after_days`] |
    /// | `household` | `holders`, `profiles` ([`HouseholdLimits`]) |
    /// | `sources` | sources, the most trusted first |
    ///
    /// ```
    /// use phygital_core::identity::Rules;
    /// use phygital_core::vocab::IdentifierKind::{Email, Phone};
    /// let rules = Rules::from_json(r#"{"version": 1, "limits": {"phone": {"email": 6}}, "repairs": false}"#)?;
    /// assert_eq!(rules.limit(Phone, Email), Some(6));
    /// assert_eq!(Rules::from_json(&rules.to_json())?, rules);
    /// let error = Rules::from_json(r#"{"version": 1, "per_profile": {"crm": -1}}"#).unwrap_err();
    /// assert_eq!(error.to_string(), "per_profile.crm: expected a whole number, or null for any number");
    /// # Ok::<(), phygital_core::identity::RulesJsonError>(())
    /// ```
    ///
    /// # Errors
    /// [`RulesJsonError`], for the first thing that is not as the table says.
    pub fn from_json(text: &str) -> Result<Rules, RulesJsonError> {
        if text.len() > RULES_JSON_MAX {
            return Err(RulesJsonError::TooLong);
        }
        let value: Json = serde_json::from_str(text)
            .map_err(|error| RulesJsonError::Json { line: error.line(), column: error.column() })?;
        read(&At { path: String::new(), value: &value })
    }

    /// The rules as JSON, everything said, the same text for the same rules.
    #[must_use]
    pub fn to_json(&self) -> String {
        let kinds = |limits: &[Option<u32>]| -> BTreeMap<IdentifierKind, Option<u32>> {
            IdentifierKind::ALL.into_iter().zip(limits.iter().copied()).collect()
        };
        let blocked = &self.blocked;
        let written = Written {
            version: VERSION,
            limits: IdentifierKind::ALL.into_iter().zip(self.limits.iter().map(|row| kinds(row))).collect(),
            per_profile: kinds(&self.per_profile),
            blocked: WrittenBlocked {
                values: &blocked.values,
                words: &blocked.words,
                local_parts: &blocked.locals,
                patterns: blocked
                    .patterns
                    .iter()
                    .map(|(kind, form)| WrittenPattern { kind: *kind, form })
                    .collect(),
                names: &blocked.names,
                birthdays: &blocked.births,
            },
            gmail: self.gmail,
            repairs: self.repairs,
            names: self.names,
            birthdays: self.births,
            holders: self.holders,
            recycled_after_days: self.recycled_after_days,
            household: WrittenHousehold {
                holders: self.household.holders,
                profiles: self.household.profiles,
            },
            sources: self.sources.iter().map(SourceId::as_str).collect(),
        };
        serde_json::to_string_pretty(&written).expect("texts, numbers and keys that are texts")
    }

    /// What tells these rules from all others: SHA-256 of [`Rules::to_json`]. Two stores give the same profiles of the same
    /// evidence where it is equal.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_json().as_bytes())
    }
}

#[derive(Serialize)]
struct Written<'r> {
    version: u32,
    limits: BTreeMap<IdentifierKind, BTreeMap<IdentifierKind, Option<u32>>>,
    per_profile: BTreeMap<IdentifierKind, Option<u32>>,
    blocked: WrittenBlocked<'r>,
    gmail: bool,
    repairs: bool,
    names: bool,
    birthdays: bool,
    holders: u32,
    recycled_after_days: u32,
    household: WrittenHousehold,
    sources: Vec<&'r str>,
}

#[derive(Serialize)]
struct WrittenBlocked<'r> {
    values: &'r BTreeMap<IdentifierKind, BTreeSet<String>>,
    words: &'r BTreeSet<String>,
    local_parts: &'r BTreeSet<String>,
    patterns: Vec<WrittenPattern<'r>>,
    names: &'r BTreeSet<String>,
    birthdays: &'r BTreeSet<String>,
}

#[derive(Serialize)]
struct WrittenHousehold {
    holders: u32,
    profiles: u32,
}

struct WrittenPattern<'r> {
    kind: IdentifierKind,
    form: &'r Pattern,
}

impl Serialize for WrittenPattern<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("kind", &self.kind)?;
        match self.form {
            Pattern::Prefix(text) => map.serialize_entry("prefix", text)?,
            Pattern::Suffix(text) => map.serialize_entry("suffix", text)?,
            Pattern::Repeated(digits) => map.serialize_entry("repeated", digits)?,
            Pattern::Sequence(digits) => map.serialize_entry("sequence", digits)?,
            Pattern::Uniform => map.serialize_entry("uniform", &true)?,
        }
        map.end()
    }
}

const KEYS: &str = "version, limits, per_profile, blocked, gmail, repairs, names, birthdays, holders, recycled_after_days, \
                    household or sources";

fn read(whole: &At<'_>) -> Result<Rules, RulesJsonError> {
    let mut rules = Rules::default();
    let fields = whole.object()?;
    match fields.iter().find(|(key, _)| *key == "version") {
        Some((_, version)) => version.whole(VERSION..=VERSION, "1, the version of the form")?,
        None => return Err(whole.under("version").wrong("1, the version of the form")),
    };
    for (key, field) in &fields {
        match *key {
            "version" => {}
            "limits" => {
                for (kind, row) in field.kinds()? {
                    for (partner, most) in row.kinds()? {
                        rules.limits[kind as usize][partner as usize] = most.whole_or_null()?;
                    }
                }
            }
            "per_profile" => {
                for (kind, most) in field.kinds()? {
                    rules.per_profile[kind as usize] = most.whole_or_null()?;
                }
            }
            "blocked" => read_blocked(field, &mut rules)?,
            "gmail" => rules.gmail = field.flag()?,
            "repairs" => rules.repairs = field.flag()?,
            "names" => rules.names = field.flag()?,
            "birthdays" => rules.births = field.flag()?,
            "holders" => rules.holders = field.whole(0..=HOUSEHOLD_MAX, "a whole number from 0 to 1000")?,
            "recycled_after_days" => {
                rules.recycled_after_days =
                    field.whole(0..=REST_DAYS_MAX, "a whole number of days from 0 to 36525")?;
            }
            "household" => rules.household = read_household(field, rules.household)?,
            "sources" => rules.sources = read_sources(field)?,
            _ => return Err(whole.odd_key(KEYS)),
        }
    }
    Ok(rules)
}

fn read_blocked(blocked: &At<'_>, rules: &mut Rules) -> Result<(), RulesJsonError> {
    // What is kept has to be its own normal form, so that it is read back as it was written.
    fn stable(normal: impl Fn(&str) -> String) -> impl Fn(&str) -> Option<String> {
        move |text| Some(normal(text)).filter(|once| !once.is_empty() && normal(once) == *once)
    }
    let lower = stable(|text| text.trim().to_lowercase());
    let list = &mut rules.blocked;
    for (key, field) in blocked.object()? {
        match key {
            "values" => {
                let mut values: BTreeMap<IdentifierKind, BTreeSet<String>> = BTreeMap::new();
                for (kind, texts) in field.kinds()? {
                    let normal = stable(|text| {
                        let identifier = Identifier::new(kind, text);
                        identifier.map(|identifier| identifier.value().to_lowercase()).unwrap_or_default()
                    });
                    let texts = texts.texts(
                        normal,
                        "an identifier of its kind, in international form if a phone number",
                    )?;
                    values.insert(kind, texts);
                }
                list.values = values;
            }
            "words" => list.words = field.texts(&lower, "a text that is not empty")?,
            "local_parts" => {
                let local = |text: &str| lower(text).filter(|text| !text.contains('@'));
                list.locals = field.texts(local, "what stands before the @ of an address")?;
            }
            "patterns" => {
                let patterns = field.list()?;
                if patterns.len() > RULES_PATTERNS_MAX {
                    return Err(field.wrong("at most 256 patterns"));
                }
                list.patterns = patterns.iter().map(read_pattern).collect::<Result<_, _>>()?;
            }
            "names" => {
                list.names = field.texts(stable(|text| FieldKind::GivenName.normal(text)), "a name")?;
            }
            "birthdays" => {
                let normal = stable(|text| FieldKind::Date.normal(text));
                list.births = field.texts(normal, "a date such as 1900-01-01")?;
            }
            _ => return Err(blocked.odd_key("values, words, local_parts, patterns, names or birthdays")),
        }
    }
    Ok(())
}

fn read_pattern(pattern: &At<'_>) -> Result<(IdentifierKind, Pattern), RulesJsonError> {
    const FORM: &str = "a kind and one of prefix, suffix, repeated, sequence and uniform";
    let (mut kind, mut form) = (None, None);
    for (key, field) in pattern.object()? {
        let text = || field.text().map(str::to_lowercase);
        let digits = || field.whole(2..=PATTERN_DIGITS_MAX, "a whole number of digits from 2 to 64");
        let one = match key {
            "kind" => {
                kind = Some(field.text()?.parse().map_err(|_| field.wrong(KIND))?);
                continue;
            }
            "prefix" => Pattern::Prefix(text()?),
            "suffix" => Pattern::Suffix(text()?),
            "repeated" => Pattern::Repeated(digits()?),
            "sequence" => Pattern::Sequence(digits()?),
            "uniform" if field.flag()? => Pattern::Uniform,
            "uniform" => return Err(field.wrong("true")),
            _ => return Err(pattern.odd_key(FORM)),
        };
        if form.replace(one).is_some() {
            return Err(pattern.wrong(FORM));
        }
    }
    kind.zip(form).ok_or_else(|| pattern.wrong(FORM))
}

fn read_household(household: &At<'_>, defaults: HouseholdLimits) -> Result<HouseholdLimits, RulesJsonError> {
    const COUNT: &str = "a whole number from 1 to 1000";
    let mut read = defaults;
    for (key, field) in household.object()? {
        match key {
            "holders" => read.holders = field.whole(1..=HOUSEHOLD_MAX, COUNT)?,
            "profiles" => read.profiles = field.whole(1..=HOUSEHOLD_MAX, COUNT)?,
            _ => return Err(household.odd_key("holders or profiles")),
        }
    }
    Ok(read)
}

fn read_sources(list: &At<'_>) -> Result<Vec<SourceId>, RulesJsonError> {
    let mut sources: Vec<SourceId> = Vec::new();
    for one in list.list()? {
        let source = SourceId::new(one.text()?).map_err(|_| one.wrong("a source"))?;
        if sources.contains(&source) {
            return Err(one.wrong("each source once"));
        }
        sources.push(source);
    }
    Ok(sources)
}

const KIND: &str = "loyalty, login, crm, phone, email, pos_customer, card, device, cookie or tag_visitor";

/// A value and where it stands.
struct At<'j> {
    path: String,
    value: &'j Json,
}

impl<'j> At<'j> {
    fn under(&self, key: &str) -> At<'j> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        At { path, value: self.value }
    }

    fn wrong(&self, expected: &'static str) -> RulesJsonError {
        RulesJsonError::Field { field: self.name(), expected }
    }

    fn odd_key(&self, expected: &'static str) -> RulesJsonError {
        RulesJsonError::Key { field: self.name(), expected }
    }

    fn name(&self) -> String {
        if self.path.is_empty() { "rules".to_owned() } else { self.path.clone() }
    }

    fn object(&self) -> Result<Vec<(&'j str, At<'j>)>, RulesJsonError> {
        let Json::Object(fields) = self.value else { return Err(self.wrong("an object")) };
        Ok(fields.iter().map(|(key, value)| (key.as_str(), At { value, ..self.under(key) })).collect())
    }

    fn kinds(&self) -> Result<Vec<(IdentifierKind, At<'j>)>, RulesJsonError> {
        let fields = self.object()?;
        fields
            .into_iter()
            .map(|(key, value)| key.parse().map(|kind| (kind, value)).map_err(|_| self.odd_key(KIND)))
            .collect()
    }

    fn list(&self) -> Result<Vec<At<'j>>, RulesJsonError> {
        let Json::List(values) = self.value else { return Err(self.wrong("a list")) };
        let at = |(place, value)| At { path: format!("{}[{place}]", self.path), value };
        Ok(values.iter().enumerate().map(at).collect())
    }

    fn texts(
        &self,
        normal: impl Fn(&str) -> Option<String>,
        expected: &'static str,
    ) -> Result<BTreeSet<String>, RulesJsonError> {
        let one = |at: &At<'j>| at.text().and_then(|text| normal(text).ok_or_else(|| at.wrong(expected)));
        self.list()?.iter().map(one).collect()
    }

    fn text(&self) -> Result<&'j str, RulesJsonError> {
        match self.value {
            Json::Text(text) if !text.is_empty() => Ok(text),
            _ => Err(self.wrong("a text that is not empty")),
        }
    }

    fn flag(&self) -> Result<bool, RulesJsonError> {
        if let Json::Flag(flag) = self.value { Ok(*flag) } else { Err(self.wrong("true or false")) }
    }

    fn whole(
        &self,
        range: std::ops::RangeInclusive<u32>,
        expected: &'static str,
    ) -> Result<u32, RulesJsonError> {
        self.number().filter(|number| range.contains(number)).ok_or_else(|| self.wrong(expected))
    }

    fn whole_or_null(&self) -> Result<Option<u32>, RulesJsonError> {
        match self.value {
            Json::Null => Ok(None),
            _ => self.number().map(Some).ok_or_else(|| self.wrong("a whole number, or null for any number")),
        }
    }

    fn number(&self) -> Option<u32> {
        let Json::Number(number) = self.value else { return None };
        number.as_u64().and_then(|number| u32::try_from(number).ok())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use IdentifierKind::{Crm, Device, Email, Phone};

    fn error(text: &str) -> String {
        Rules::from_json(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_left_out_stays_as_it_was() {
        assert_eq!(Rules::from_json(r#"{"version": 1}"#), Ok(Rules::default()));
        let rules = Rules::from_json(
            r#"{"version": 1, "limits": {"phone": {"email": 7, "card": null}}, "per_profile": {"crm": 2},
                "blocked": {"values": {"phone": ["+33 1 42 00 00 01"]}, "names": ["Till, Front"],
                            "birthdays": ["1901-01-01"], "patterns": [{"kind": "device", "prefix": "Kiosk-"}]},
                "gmail": false, "holders": 2, "household": {"profiles": 5}, "sources": ["crm", "till"]}"#,
        )
        .unwrap();
        assert_eq!((rules.limit(Phone, Email), rules.limit(Phone, IdentifierKind::Card)), (Some(7), None));
        assert_eq!(rules.limit(Phone, Crm), Some(1));
        assert_eq!((rules.per_profile(Crm), rules.per_profile(Phone)), (Some(2), Some(3)));
        let blocked = |text: &str| rules.is_blocked(&text.parse().unwrap());
        assert!(blocked("phone:+33142000001") && blocked("device:KIOSK-7") && blocked("login:null"));
        assert!(!blocked("phone:+33600000000"), "patterns are in the place of the defaults");
        assert!(!rules.gmail && rules.repairs());
        assert_eq!((rules.holders(), rules.household()), (2, HouseholdLimits { holders: 6, profiles: 5 }));
        let rank = |source: &str| rules.source_rank(&SourceId::new(source).unwrap());
        assert_eq!((rank("crm"), rank("till"), rank("web")), (0, 1, 2));
        let details = |given: &str, born: &str| crate::identity::Details {
            given_name: Some(given.into()),
            birthday: Some(born.into()),
            ..Default::default()
        };
        assert!(rules.name(&details("till front", "")).is_none());
        assert!(rules.birth(&details("", "19010101")).is_none());
    }

    #[test]
    fn rules_come_back_as_they_were_written() {
        let own: Identifier = "device:Till-1".parse().unwrap();
        let mut rules = Rules::default().with_blocked(&own).with_limit(Device, Phone, 0).with_names(false);
        rules.limits[0][0] = None;
        rules.sources = vec![SourceId::new("crm").unwrap()];
        for rules in [Rules::default(), rules] {
            let read = Rules::from_json(&rules.to_json()).unwrap();
            assert_eq!(read, rules);
            assert_eq!(read.digest(), rules.digest());
        }
        assert_ne!(Rules::default().digest(), Rules::default().with_gmail(false).digest());
    }

    #[test]
    fn an_error_names_the_field() {
        for (text, expected) in [
            ("{}", "version: expected 1, the version of the form"),
            (r#"{"version": 2}"#, "version: expected 1, the version of the form"),
            ("[]", "rules: expected an object"),
            ("{", "line 1, column 1: expected JSON with each key once"),
            (r#"{"version": 1, "version": 1}"#, "line 1, column 28: expected JSON with each key once"),
            (
                r#"{"version": 1, "limits": {"phone": {"email": 1.5}}}"#,
                "limits.phone.email: expected a whole number, or null for any number",
            ),
            (
                r#"{"version": 1, "limits": {"phone": {"email": 4294967296}}}"#,
                "limits.phone.email: expected a whole number, or null for any number",
            ),
            (
                r#"{"version": 1, "limits": {"phone": {"fax": 1}}}"#,
                "limits.phone: expected loyalty, login, crm, phone, email, pos_customer, card, device, cookie or tag_visitor, not another key",
            ),
            (
                r#"{"version": 1, "blocked": {"names": ["a", ""]}}"#,
                "blocked.names[1]: expected a text that is not empty",
            ),
            (
                r#"{"version": 1, "blocked": {"values": {"phone": ["12"]}}}"#,
                "blocked.values.phone[0]: expected an identifier of its kind, in international form if a phone number",
            ),
            (
                r#"{"version": 1, "blocked": {"patterns": [{"kind": "phone"}]}}"#,
                "blocked.patterns[0]: expected a kind and one of prefix, suffix, repeated, sequence and uniform",
            ),
            (
                r#"{"version": 1, "blocked": {"patterns": [{"kind": "phone", "suffix": ""}]}}"#,
                "blocked.patterns[0].suffix: expected a text that is not empty",
            ),
            (
                r#"{"version": 1, "blocked": {"patterns": [{"kind": "phone", "repeated": 1}]}}"#,
                "blocked.patterns[0].repeated: expected a whole number of digits from 2 to 64",
            ),
            (
                r#"{"version": 1, "blocked": {"word": []}}"#,
                "blocked: expected values, words, local_parts, patterns, names or birthdays, not another key",
            ),
            (r#"{"version": 1, "gmail": 1}"#, "gmail: expected true or false"),
            (
                r#"{"version": 1, "household": {"profiles": 0}}"#,
                "household.profiles: expected a whole number from 1 to 1000",
            ),
            (r#"{"version": 1, "sources": ["crm", "crm"]}"#, "sources[1]: expected each source once"),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        assert!(error(r#"{"version": 1, "secret": "x"}"#).starts_with("rules: expected version, limits"));
    }

    #[test]
    fn a_text_has_an_end() {
        let long = |bytes: usize| format!(r#"{{"version": 1{}}}"#, " ".repeat(bytes - 14));
        assert_eq!(Rules::from_json(&long(RULES_JSON_MAX)), Ok(Rules::default()));
        assert_eq!(Rules::from_json(&long(RULES_JSON_MAX + 1)), Err(RulesJsonError::TooLong));
        let patterns = |count: usize| {
            let one: Vec<String> =
                (0..count).map(|n| format!(r#"{{"kind": "login", "prefix": "p{n}"}}"#)).collect();
            format!(r#"{{"version": 1, "blocked": {{"patterns": [{}]}}}}"#, one.join(","))
        };
        assert!(Rules::from_json(&patterns(RULES_PATTERNS_MAX)).is_ok());
        assert_eq!(
            error(&patterns(RULES_PATTERNS_MAX + 1)),
            "blocked.patterns: expected at most 256 patterns"
        );
        assert!(Rules::from_json(&"[".repeat(100_000)).is_err());
    }
}
