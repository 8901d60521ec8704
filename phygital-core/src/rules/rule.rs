//! A rule: what it says, where, since when, and who says so.

use std::fmt;
use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::caps::Cap;
use super::deadline::Deadline;
use super::place::Place;
use super::span::Date;
use super::windows::Windows;
use crate::vocab::limits::{COOLING_OFF_MONTHS_MAX, ID_BYTES_MAX, RULE_WORD_BYTES_MAX, RULE_WORDS_MAX};
use crate::vocab::{MessageClass, Timestamp, Zone, is_language};

/// The id of a rule, such as `us_fl`: lower-case letters, digits and low lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleId(Box<str>);

/// A rule of a [`RuleBook`](super::RuleBook).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
#[non_exhaustive]
pub struct Rule {
    /// Its id: a rule of the same id takes its place.
    pub id: RuleId,
    /// Where it holds.
    pub place: Place,
    /// Who says so: act, section, page.
    pub source: String,
    /// The first date on which it holds; none where that is long ago.
    pub in_force: Option<NaiveDate>,
    /// The first date on which it holds no more.
    pub superseded: Option<NaiveDate>,
    /// To which messages it applies; none: to each.
    pub classes: Vec<MessageClass>,
    /// Where it is a deadline: the rule whose deadline it puts off, counted from the same day. Once, where the person is told
    /// why before the first one has passed.
    pub extends: Option<RuleId>,
    /// What to know of it.
    pub note: Option<String>,
    /// What it says.
    pub body: RuleBody,
}

/// What a [`Rule`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleBody {
    /// When one may send.
    Hours {
        /// The windows of the week.
        windows: Windows,
        /// Whose holidays have none.
        closed_on: Option<Place>,
    },
    /// How many one may send.
    Cap(Cap),
    /// By when to answer.
    Deadline(Deadline),
    /// How long to leave alone.
    CoolingOff(CoolingOff),
    /// What a text has to say.
    Content(Content),
    /// Words that mean something when they stand alone.
    Keywords(Keywords),
    /// What is to be done beyond what can be computed.
    Duty(String),
}

/// How far the clocks of the world are from UTC at most: a date begins somewhere so much earlier.
const FURTHEST: Duration = Duration::from_secs(14 * 60 * 60);

/// How long one leaves somebody alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CoolingOff {
    /// After what.
    pub after: Trigger,
    /// So many months of the calendar.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub months: u32,
    /// And so many hours.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hours: u32,
}

/// After what a [`CoolingOff`] begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trigger {
    /// Her last opt-out that no consent of hers followed: whoever said no is not asked again so soon.
    OptOut,
    /// The last message that went out: a pause between two.
    Send,
}

/// What a text has to say, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Content {
    /// The brand: in the first message, and again so many days after the last one with it. 0: in each.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub brand_days: Option<u32>,
    /// How to opt out, likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opt_out_days: Option<u32>,
}

impl Content {
    /// What a text has to say by the strictest of some rules.
    pub fn strictest<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Content {
        let stricter = |one: Option<u32>, other: Option<u32>| one.into_iter().chain(other).min();
        let contents = rules.into_iter().filter_map(|rule| match &rule.body {
            RuleBody::Content(content) => Some(content),
            _ => None,
        });
        contents.fold(Content { brand_days: None, opt_out_days: None }, |strictest, content| Content {
            brand_days: stricter(strictest.brand_days, content.brand_days),
            opt_out_days: stricter(strictest.opt_out_days, content.opt_out_days),
        })
    }
}

/// Words that mean something when they stand alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Keywords {
    /// What they mean.
    pub kind: WordKind,
    /// Which language they are of, BCP 47; for who reads the rule, since every language is heard.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// In capital letters, of at most [`RULE_WORD_BYTES_MAX`] bytes each. Compared without accents, case and punctuation.
    pub words: Vec<String>,
}

/// What a keyword means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WordKind {
    /// To get no more messages.
    OptOut,
    /// To get them again.
    OptIn,
    /// To be told what this is.
    Help,
}

impl Rule {
    /// Whether it holds at a place, for a class of message, on a date.
    pub fn applies(&self, place: Place, class: MessageClass, on: NaiveDate) -> bool {
        place.lies_in(self.place) && self.concerns(class) && self.is_in_force(on)
    }

    /// Whether it may apply to a message of a class at any of `places` at a time.
    ///
    /// Its dates are local ones, and the zone may be unknown: it applies from the moment at which its date begins anywhere, to
    /// that at which it has ended everywhere.
    pub fn may_apply(&self, places: &[Place], class: MessageClass, at: Timestamp) -> bool {
        let here = self.place == Place::ANYWHERE || places.iter().any(|place| place.lies_in(self.place));
        let on = |at: Timestamp| Zone::UTC.local(at).date();
        let days = [at.saturating_sub(FURTHEST), at.saturating_add(FURTHEST)];
        here && self.concerns(class) && days.into_iter().any(|day| self.is_in_force(on(day)))
    }

    /// Whether it holds on a date.
    pub fn is_in_force(&self, on: NaiveDate) -> bool {
        self.in_force.is_none_or(|first| first <= on) && self.superseded.is_none_or(|end| on < end)
    }

    /// Whether it applies to a class of message.
    pub fn concerns(&self, class: MessageClass) -> bool {
        self.classes.is_empty() || self.classes.contains(&class)
    }
}

impl RuleBody {
    /// The name of the kind, in JSON and on the command line.
    pub fn kind(&self) -> &'static str {
        match self {
            RuleBody::Hours { .. } => "windows",
            RuleBody::Cap(_) => "cap",
            RuleBody::Deadline(_) => "deadline",
            RuleBody::CoolingOff(_) => "cooling_off",
            RuleBody::Content(_) => "content",
            RuleBody::Keywords(_) => "keywords",
            RuleBody::Duty(_) => "duty",
        }
    }
}

impl fmt::Display for RuleBody {
    /// What it says, in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleBody::Hours { windows, closed_on: None } => windows.fmt(f),
            RuleBody::Hours { windows, closed_on: Some(place) } => {
                write!(f, "{windows}, not on holidays of {place}")
            }
            RuleBody::Cap(cap) => cap.fmt(f),
            RuleBody::Deadline(deadline) => deadline.fmt(f),
            RuleBody::CoolingOff(pause) => {
                let after = if pause.after == Trigger::OptOut { "an opt-out" } else { "a message" };
                let parts = [(pause.months, "months"), (pause.hours, "hours")];
                let parts = parts
                    .iter()
                    .filter(|(count, _)| *count > 0)
                    .map(|(count, unit)| format!("{count} {unit}"));
                write!(f, "{} after {after}", parts.collect::<Vec<_>>().join(" "))
            }
            RuleBody::Content(content) => {
                let often =
                    |days: u32| if days == 0 { "in each".to_owned() } else { format!("every {days} days") };
                let parts = [("brand", content.brand_days), ("opt-out", content.opt_out_days)];
                let parts =
                    parts.iter().filter_map(|(what, days)| Some(format!("{what} {}", often((*days)?))));
                f.write_str(&parts.collect::<Vec<_>>().join(", "))
            }
            RuleBody::Keywords(keywords) => {
                if let Some(language) = &keywords.language {
                    write!(f, "{language}: ")?;
                }
                f.write_str(&keywords.words.join(", "))
            }
            RuleBody::Duty(text) => f.write_str(text),
        }
    }
}

impl CoolingOff {
    /// When it ends that began at a time, by UTC's calendar.
    pub fn ends(&self, began: Timestamp) -> Timestamp {
        // The same time of a day some months later.
        let later = began.to_utc().checked_add_months(chrono::Months::new(self.months));
        let later = later.and_then(|at| Timestamp::from_micros(at.timestamp_micros()).ok());
        later.unwrap_or(Timestamp::MAX).saturating_add(Duration::from_secs(u64::from(self.hours) * 3600))
    }
}

impl RuleId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RuleId {
    type Error = String;
    fn try_from(text: String) -> Result<RuleId, String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if text.is_empty() || text.len() > ID_BYTES_MAX || !text.bytes().all(plain) {
            return Err("id: expected lower-case letters, digits and low lines, such as us_fl".to_owned());
        }
        Ok(RuleId(text.into()))
    }
}

impl From<RuleId> for String {
    fn from(id: RuleId) -> String {
        id.0.into()
    }
}

impl std::borrow::Borrow<str> for RuleId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A rule as it is written: one of the last fields, and no more.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: RuleId,
    place: Place,
    source: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    in_force: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    superseded: Option<Date>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    classes: Vec<MessageClass>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    extends: Option<RuleId>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    windows: Option<Windows>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    closed_on: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cap: Option<Cap>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deadline: Option<Deadline>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    cooling_off: Option<CoolingOff>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    content: Option<Content>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    keywords: Option<Keywords>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    duty: Option<String>,
}

impl TryFrom<Written> for Rule {
    type Error = String;
    fn try_from(written: Written) -> Result<Rule, String> {
        let Written { id, place, source, in_force, superseded, classes, extends, note, closed_on, .. } =
            written;
        let refused = |expected: &str| format!("rule {id}: {expected}");
        if closed_on.is_some() && written.windows.is_none() {
            return Err(refused("closed_on: expected beside windows alone"));
        }
        if extends.is_some() && written.deadline.is_none() {
            return Err(refused("extends: expected beside a deadline alone"));
        }
        if written.cooling_off.is_some_and(|pause| {
            pause.months > COOLING_OFF_MONTHS_MAX || pause.hours > 24 * 366 || pause.months + pause.hours == 0
        }) {
            return Err(refused(
                "cooling_off: expected months, hours or both, up to a century of months and a year of hours",
            ));
        }
        if let Some(keywords) = &written.keywords {
            if keywords.words.len() > RULE_WORDS_MAX {
                return Err(format!("rule {id}: keywords: expected at most {RULE_WORDS_MAX} words"));
            }
            let is_word =
                |word: &String| word.len() <= RULE_WORD_BYTES_MAX && word.chars().any(char::is_alphanumeric);
            if !keywords.words.iter().all(is_word) {
                let expected = "with a letter or digit each";
                return Err(format!(
                    "rule {id}: keywords: expected words of at most {RULE_WORD_BYTES_MAX} bytes {expected}"
                ));
            }
            if keywords.language.as_ref().is_some_and(|language| !is_language(language)) {
                return Err(refused("keywords: language: expected a tag of BCP 47, such as fr-CA"));
            }
        }
        let bodies = [
            written.windows.map(|windows| RuleBody::Hours { windows, closed_on }),
            written.cap.map(RuleBody::Cap),
            written.deadline.map(RuleBody::Deadline),
            written.cooling_off.map(RuleBody::CoolingOff),
            written.content.map(RuleBody::Content),
            written.keywords.map(RuleBody::Keywords),
            written.duty.map(RuleBody::Duty),
        ];
        let mut bodies = bodies.into_iter().flatten();
        let (Some(body), None) = (bodies.next(), bodies.next()) else {
            return Err(refused(
                "expected one of windows, cap, deadline, cooling_off, content, keywords and duty, and no second one",
            ));
        };
        let day = |date: Option<Date>| date.map(|Date(day)| day);
        let (in_force, superseded) = (day(in_force), day(superseded));
        Ok(Rule { id, place, source, in_force, superseded, classes, extends, note, body })
    }
}

impl From<Rule> for Written {
    fn from(rule: Rule) -> Written {
        let Rule { id, place, source, in_force, superseded, classes, extends, note, body } = rule;
        let mut written = Written {
            id,
            place,
            source,
            in_force: in_force.map(Date),
            superseded: superseded.map(Date),
            classes,
            extends,
            note,
            windows: None,
            closed_on: None,
            cap: None,
            deadline: None,
            cooling_off: None,
            content: None,
            keywords: None,
            duty: None,
        };
        match body {
            RuleBody::Hours { windows, closed_on } => {
                (written.windows, written.closed_on) = (Some(windows), closed_on)
            }
            RuleBody::Cap(cap) => written.cap = Some(cap),
            RuleBody::Deadline(deadline) => written.deadline = Some(deadline),
            RuleBody::CoolingOff(pause) => written.cooling_off = Some(pause),
            RuleBody::Content(content) => written.content = Some(content),
            RuleBody::Keywords(keywords) => written.keywords = Some(keywords),
            RuleBody::Duty(text) => written.duty = Some(text),
        }
        written
    }
}
