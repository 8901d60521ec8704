//! The rule book: every rule by its id, and the calendars of holidays.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::caps::Cap;
use super::deadline::Deadline;
use super::hours::Hours;
use super::place::Place;
use super::rule::{CoolingOff, Rule, RuleBody, RuleId, WordKind};
use super::span::Date;
use crate::vocab::limits::{CALENDARS_MAX, RULE_BOOK_BYTES_MAX, RULES_MAX};
use crate::vocab::{MessageClass, Timestamp};

/// The rules of this library, written in `data/rules.json`.
const STANDARD: &str = include_str!("../../data/rules.json");

/// Rules by their ids, and calendars by their places.
///
/// ```
/// use phygital_core::rules::RuleBook;
/// let brand = RuleBook::from_json(r#"{"rules": [
///   {"id": "brand_hours", "place": "*", "source": "our own", "classes": ["marketing"],
///    "windows": {"mon": [["11:00", "20:00"]], "tue": [["11:00", "20:00"]]}}
/// ]}"#)?;
/// let book = RuleBook::standard().extended_by(brand)?;
/// assert!(book.rule("us_fl").is_some() && book.rule("brand_hours").is_some());
/// # Ok::<(), phygital_core::rules::RuleBookError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct RuleBook {
    compiled: Option<NaiveDate>,
    rules: BTreeMap<RuleId, Rule>,
    calendars: BTreeMap<Place, Calendar>,
}

/// Why a rule book does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleBookError {
    /// Longer than [`RULE_BOOK_BYTES_MAX`].
    #[error("expected at most {RULE_BOOK_BYTES_MAX} bytes of rules")]
    TooLong,
    /// No JSON, an unknown field, or a value that cannot be.
    #[error("line {line}: {expected}")]
    Json {
        /// From 1; 0 where no line can be named.
        line: usize,
        /// What is wrong there.
        expected: String,
    },
    /// A book that is too large by what was added to it.
    #[error("expected at most {RULES_MAX} rules and {CALENDARS_MAX} calendars")]
    TooMany,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    compiled: Option<Date>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    calendars: BTreeMap<Place, Calendar>,
}

impl RuleBook {
    /// The rules that come with the library: United States, European Union, United Kingdom, as compiled on
    /// [`RuleBook::compiled`]. Not legal advice.
    pub fn standard() -> &'static RuleBook {
        static BOOK: OnceLock<RuleBook> = OnceLock::new();
        BOOK.get_or_init(|| {
            let calendars = BTreeMap::new();
            let written: Written = serde_json::from_str(STANDARD).expect("a test reads it");
            RuleBook { calendars, compiled: None, rules: BTreeMap::new() }.with(written)
        })
    }

    /// Reads a book of rules from JSON; `docs/rules.md` has its form. It holds what is written and nothing else, but for
    /// calendars: those that it lacks are the library's.
    ///
    /// # Errors
    /// [`RuleBookError`].
    pub fn from_json(text: &str) -> Result<RuleBook, RuleBookError> {
        if text.len() > RULE_BOOK_BYTES_MAX {
            return Err(RuleBookError::TooLong);
        }
        serde_json::from_str(text)
            .map_err(|error| RuleBookError::Json { line: error.line(), expected: error.to_string() })
    }

    /// This book with the rules and calendars of another one: of two with one id the other's. To take a rule out, give it again
    /// with a date on which it is `superseded`.
    ///
    /// # Errors
    /// [`RuleBookError::TooMany`].
    pub fn extended_by(&self, other: RuleBook) -> Result<RuleBook, RuleBookError> {
        let mut book = self.clone();
        book.rules.extend(other.rules);
        book.calendars.extend(other.calendars);
        if book.rules.len() > RULES_MAX || book.calendars.len() > CALENDARS_MAX {
            return Err(RuleBookError::TooMany);
        }
        Ok(book)
    }

    /// A book without a rule.
    pub fn empty() -> RuleBook {
        RuleBook { compiled: None, rules: BTreeMap::new(), calendars: BTreeMap::new() }
    }

    /// When it was compiled, if it says so.
    pub fn compiled(&self) -> Option<NaiveDate> {
        self.compiled
    }

    /// All rules, by their ids.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values()
    }

    /// A rule by its id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id)
    }

    /// The deadline of a rule.
    pub fn deadline(&self, id: &str) -> Option<&Deadline> {
        match &self.rule(id)?.body {
            RuleBody::Deadline(deadline) => Some(deadline),
            _ => None,
        }
    }

    /// The rules that put off the deadline of another one and are in force on a date, by their ids.
    pub fn extensions_of(&self, id: &str, on: NaiveDate) -> impl Iterator<Item = (&Rule, &Deadline)> {
        let extends = move |rule: &&Rule| {
            rule.is_in_force(on) && rule.extends.as_ref().is_some_and(|other| other.as_str() == id)
        };
        self.rules.values().filter(extends).filter_map(|rule| match &rule.body {
            RuleBody::Deadline(deadline) => Some((rule, deadline)),
            _ => None,
        })
    }

    /// The holidays of a place: of a part of a country its own, or else the country's.
    pub fn calendar(&self, place: Place) -> Option<&Calendar> {
        let of =
            |place: Place| self.calendars.get(&place).or_else(|| RuleBook::standard().calendars.get(&place));
        of(place).or_else(|| of(place.country()?.parse().ok()?))
    }

    /// The places of all calendars of the book itself.
    pub fn calendars(&self) -> impl Iterator<Item = (Place, &Calendar)> {
        self.calendars.iter().map(|(place, calendar)| (*place, calendar))
    }

    /// The rules that [may apply](Rule::may_apply) to a message of a class at any of `places` at a time, by their ids.
    pub fn applying(
        &self,
        places: &[Place],
        class: MessageClass,
        at: Timestamp,
    ) -> impl Iterator<Item = &Rule> {
        self.rules.values().filter(move |rule| rule.may_apply(places, class, at))
    }

    /// The windows of all rules that may apply.
    pub fn windows(&self, places: &[Place], class: MessageClass, at: Timestamp) -> Vec<Hours<'_>> {
        self.applying(places, class, at).filter_map(|rule| self.hours_of(rule)).collect()
    }

    /// The windows of a rule of the book, where it has some.
    pub(crate) fn hours_of<'r>(&'r self, rule: &'r Rule) -> Option<Hours<'r>> {
        let RuleBody::Hours { windows, closed_on } = &rule.body else { return None };
        let hours = Hours::new(windows);
        match closed_on {
            None => Some(hours),
            Some(place) => {
                Some(hours.closed_on(self.calendar(*place).expect("looked up when the book was read")))
            }
        }
    }

    /// The caps of all rules that may apply.
    pub fn caps(&self, places: &[Place], class: MessageClass, at: Timestamp) -> Vec<(&RuleId, &Cap)> {
        let caps = self.applying(places, class, at).filter_map(|rule| match &rule.body {
            RuleBody::Cap(cap) => Some((&rule.id, cap)),
            _ => None,
        });
        caps.collect()
    }

    /// The pauses of all rules that may apply.
    pub fn cooling_offs(
        &self,
        places: &[Place],
        class: MessageClass,
        at: Timestamp,
    ) -> Vec<(&RuleId, CoolingOff)> {
        let pauses = self.applying(places, class, at).filter_map(|rule| match &rule.body {
            RuleBody::CoolingOff(pause) => Some((&rule.id, *pause)),
            _ => None,
        });
        pauses.collect()
    }

    /// The keywords of a kind by all rules that may apply at any of `places` at a time, each once, in order.
    pub fn keywords(&self, kind: WordKind, places: &[Place], at: Timestamp) -> Vec<&str> {
        let rules = self.applying(places, MessageClass::Conversational, at);
        let lists = rules.filter_map(|rule| match &rule.body {
            RuleBody::Keywords(keywords) if keywords.kind == kind => Some(keywords.words.iter()),
            _ => None,
        });
        let mut words: Vec<&str> = lists.flatten().map(String::as_str).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    fn with(mut self, written: Written) -> RuleBook {
        self.compiled = written.compiled.map(|Date(day)| day);
        self.rules = written.rules.into_iter().map(|rule| (rule.id.clone(), rule)).collect();
        self.calendars = written.calendars;
        self
    }
}

impl TryFrom<Written> for RuleBook {
    type Error = String;
    fn try_from(written: Written) -> Result<RuleBook, String> {
        if written.rules.len() > RULES_MAX || written.calendars.len() > CALENDARS_MAX {
            return Err(RuleBookError::TooMany.to_string());
        }
        let count = written.rules.len();
        let book = RuleBook::empty().with(written);
        if book.rules.len() < count {
            return Err("expected each id of a rule once".to_owned());
        }
        for rule in book.rules() {
            if let RuleBody::Hours { closed_on: Some(place), .. } = &rule.body
                && book.calendar(*place).is_none()
            {
                return Err(format!("rule {}: closed_on: expected a place with a calendar", rule.id));
            }
        }
        Ok(book)
    }
}

impl From<RuleBook> for Written {
    fn from(book: RuleBook) -> Written {
        let rules = book.rules.into_values().collect();
        Written { about: None, compiled: book.compiled.map(Date), rules, calendars: book.calendars }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::rule::Content;
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn places(all: &[&str]) -> Vec<Place> {
        all.iter().map(|place| place.parse().unwrap()).collect()
    }

    #[test]
    fn the_standard_book_is_one_that_could_be_read() {
        let read = RuleBook::from_json(STANDARD).unwrap();
        assert_eq!(&read, RuleBook::standard());
        let again = RuleBook::from_json(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again, read);
        for rule in read.rules() {
            assert!(!rule.source.is_empty() && !rule.body.to_string().is_empty(), "{}", rule.id);
            assert!(rule.body.kind().len() > 2);
        }
        assert_eq!(read.deadline("us_fl"), None);
        assert_eq!(read.deadline("nothing"), None);
        let on = "2026-11-22".parse().unwrap();
        for (id, extension) in [
            ("gdpr_1m", Some("gdpr_3m")),
            ("uk_gdpr_1m", Some("uk_gdpr_3m")),
            ("us_ca_request_45d", Some("us_ca_request_extended_90d")),
            ("us_ca_optout_15bd", None),
        ] {
            let found: Vec<&str> = read.extensions_of(id, on).map(|(rule, _)| rule.id.as_str()).collect();
            assert_eq!(found, extension.as_slice(), "{id}");
        }
        assert_eq!(read.extensions_of("gdpr_1m", "2018-05-24".parse().unwrap()).count(), 0);
    }

    #[test]
    fn rules_apply_by_place_class_and_date() {
        let book = RuleBook::standard();
        let ids = |all: &[&str], class, time| {
            let places = places(all);
            let rules = book.applying(&places, class, at(time)).filter(|rule| rule.body.kind() == "windows");
            rules.map(|rule| rule.id.to_string()).collect::<Vec<_>>()
        };
        let now = "2026-11-22T12:00:00Z";
        assert_eq!(ids(&["US-FL"], MessageClass::Marketing, now), ["us_federal", "us_fl"]);
        assert_eq!(ids(&["US-FL", "US-TX"], MessageClass::Marketing, now), ["us_federal", "us_fl", "us_tx"]);
        assert_eq!(ids(&["US-FL"], MessageClass::Transactional, now), [""; 0]);
        assert_eq!(ids(&["FR"], MessageClass::Marketing, now), [""; 0]);
        // In Kiritimati the first of July began 14 hours before UTC's.
        assert_eq!(ids(&["US-FL"], MessageClass::Marketing, "2021-06-30T09:59:59Z"), ["us_federal"]);
        assert_eq!(ids(&["US-FL"], MessageClass::Marketing, "2021-06-30T10:00:00Z"), ["us_federal", "us_fl"]);
    }

    #[test]
    fn the_strictest_content_wins() {
        let book = RuleBook::standard();
        let content = |all: &[&str]| {
            let (places, now) = (places(all), at("2026-11-22T12:00:00Z"));
            Content::strictest(book.applying(&places, MessageClass::Marketing, now))
        };
        assert_eq!(content(&["US"]).opt_out_days, Some(30));
        assert_eq!(content(&["US", "FR"]).opt_out_days, Some(0));
    }

    #[test]
    fn keywords_are_of_the_place() {
        let book = RuleBook::standard();
        let words = |all: &[&str]| book.keywords(WordKind::OptOut, &places(all), at("2026-11-22T12:00:00Z"));
        assert!(words(&["CA-QC"]).contains(&"TD") && !words(&["US-NY"]).contains(&"TD"));
        assert!(words(&["US-NY"]).contains(&"REVOKE"));
    }

    #[test]
    fn a_book_replaces_and_adds_by_id() {
        let rule = |id: &str, limit: u32| {
            format!(
                r#"{{"rules": [{{"id": "{id}", "place": "US", "source": "ours", "cap": {{"kind": "rolling", "limit": {limit}, "window_hours": 24}}}}]}}"#
            )
        };
        let other = RuleBook::from_json(&rule("us_fl_cap", 1)).unwrap();
        let book = RuleBook::standard().extended_by(other).unwrap();
        let caps = book.caps(&places(&["US-FL"]), MessageClass::Marketing, at("2026-11-22T12:00:00Z"));
        assert_eq!(caps.iter().map(|(_, cap)| cap.limit()).collect::<Vec<_>>(), [1]);
        assert_eq!(book.rules().count(), RuleBook::standard().rules().count());
    }

    #[test]
    fn books_are_checked() {
        let rule = |fields: &str| {
            RuleBook::from_json(&format!(
                r#"{{"rules": [{{"id": "a", "place": "US", "source": "s"{fields}}}]}}"#
            ))
        };
        assert!(rule(r#", "duty": "x""#).is_ok());
        for (fields, told) in [
            ("", "expected one of windows"),
            (r#", "duty": "x", "deadline": {"count": "days", "length": 1}"#, "no second one"),
            (r#", "closed_on": "US", "duty": "x""#, "beside windows alone"),
            (r#", "extends": "b", "duty": "x""#, "beside a deadline alone"),
            (r#", "windows": {}, "closed_on": "ZZ""#, "with a calendar"),
            (r#", "cooling_off": {"after": "opt_out"}"#, "months, hours or both"),
            (r#", "cooling_off": {"after": "opt_out", "months": 1201}"#, "a century"),
            (r#", "dutty": "x""#, "dutty"),
        ] {
            assert!(rule(fields).unwrap_err().to_string().contains(told), "{fields}");
        }
        let twice = r#"{"id": "a", "place": "US", "source": "s", "duty": "x"}"#;
        let text = format!("{{\"rules\": [{twice},\n{twice}]}}");
        assert!(RuleBook::from_json(&text).unwrap_err().to_string().contains("once"));
        assert!(
            RuleBook::from_json(&text.replacen("\"a\"", "\"A\"", 1))
                .unwrap_err()
                .to_string()
                .contains("lower-case")
        );
    }

    #[test]
    fn books_have_limits() {
        let sized = |bytes: usize| format!("{{}}{}", " ".repeat(bytes - 2));
        assert!(RuleBook::from_json(&sized(RULE_BOOK_BYTES_MAX)).is_ok());
        assert_eq!(RuleBook::from_json(&sized(RULE_BOOK_BYTES_MAX + 1)), Err(RuleBookError::TooLong));
        let rules = |count: usize| {
            let each = (0..count).map(|n| format!(r#"{{"id":"r{n}","place":"*","source":"","duty":""}}"#));
            RuleBook::from_json(&format!(r#"{{"rules":[{}]}}"#, each.collect::<Vec<_>>().join(",")))
        };
        let full = rules(RULES_MAX).unwrap();
        assert!(rules(RULES_MAX + 1).unwrap_err().to_string().contains("at most"));
        assert_eq!(RuleBook::standard().extended_by(full.clone()), Err(RuleBookError::TooMany));
        assert!(RuleBook::empty().extended_by(full).is_ok());
        let calendars = |count: usize| {
            let each = (0..count).map(|n| format!(r#""AA-{n}":{{}}"#));
            RuleBook::from_json(&format!(r#"{{"calendars":{{{}}}}}"#, each.collect::<Vec<_>>().join(",")))
        };
        assert!(calendars(CALENDARS_MAX).is_ok() && calendars(CALENDARS_MAX + 1).is_err());
        let words = |count: usize| {
            let list = vec![r#""A""#; count].join(",");
            RuleBook::from_json(&format!(
                r#"{{"rules":[{{"id":"a","place":"*","source":"","keywords":{{"kind":"help","words":[{list}]}}}}]}}"#
            ))
        };
        let most = crate::vocab::limits::RULE_WORDS_MAX;
        assert!(words(most).is_ok() && words(most + 1).is_err());
        let word = |word: &str, language: &str| {
            RuleBook::from_json(&format!(
                r#"{{"rules":[{{"id":"a","place":"*","source":"","keywords":{{"kind":"help","language":"{language}","words":["{word}"]}}}}]}}"#
            ))
        };
        let longest = crate::vocab::limits::RULE_WORD_BYTES_MAX;
        assert!(word(&"A".repeat(longest), "fr-CA").is_ok());
        assert!(word(&"A".repeat(longest + 1), "fr").is_err());
        assert!(word("!", "fr").is_err() && word("", "fr").is_err());
        assert!(word("A", "en_GB").unwrap_err().to_string().contains("BCP 47"));
        assert_eq!(word("A", "cy").unwrap().rule("a").unwrap().body.to_string(), "cy: A");
    }

    #[test]
    fn pauses_end_by_the_calendar() {
        let pause = |text: &str| serde_json::from_str::<CoolingOff>(text).unwrap();
        let year = pause(r#"{"after": "opt_out", "months": 12}"#);
        assert_eq!(year.ends(at("2028-02-29T10:30:00Z")), at("2029-02-28T10:30:00Z"));
        let hours = pause(r#"{"after": "send", "hours": 36}"#);
        assert_eq!(hours.ends(at("2026-01-01T00:00:00Z")), at("2026-01-02T12:00:00Z"));
        assert_eq!(year.ends(Timestamp::MAX), Timestamp::MAX);
        let longest = crate::vocab::limits::COOLING_OFF_MONTHS_MAX;
        assert_eq!(pause(&format!(r#"{{"after": "opt_out", "months": {longest}}}"#)).months, longest);
    }
}
