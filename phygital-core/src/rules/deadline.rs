//! By when something has to be done.

use std::time::Duration;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::span::{months_later, next_day};
use crate::vocab::limits::DEADLINE_LENGTH_MAX;
use crate::vocab::{Timestamp, Zone};

/// A time in which something has to be done. Counting starts on the day after it was received, by the local calendar.
///
/// In JSON `{"count": "business_days", "length": 10}`; where `rolls` is true and the last day is no business day, it ends with
/// the next one (Regulation 1182/71, article 3(4)).
///
/// ```
/// use phygital_core::rules::RuleBook;
/// let book = RuleBook::standard();
/// let month = book.deadline("gdpr_1m").unwrap();
/// let france = book.calendar("FR".parse()?).unwrap();
/// // 1 May is a holiday, and a Friday.
/// let due = month.due_date("2026-04-01".parse().unwrap(), france);
/// assert_eq!(due.to_string(), "2026-05-04");
/// # Ok::<(), phygital_core::rules::UnknownPlace>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Deadline {
    counting: Counting,
    length: u32,
    rolls: bool,
}

/// What a [`Deadline`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Counting {
    /// Hours from the moment on.
    Hours,
    /// Days of the calendar.
    Days,
    /// Monday to Friday without public holidays.
    BusinessDays,
    /// Months: the day of the same number, or the month's last.
    Months,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    count: Counting,
    length: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rolls: bool,
}

/// By when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Due {
    /// The local date on which it was received.
    pub received_date: NaiveDate,
    /// The last local date on which it may be done.
    pub deadline_date: NaiveDate,
    /// The first instant that is too late.
    pub before: Timestamp,
}

impl Deadline {
    /// What it counts.
    pub fn counting(&self) -> Counting {
        self.counting
    }

    /// How many of them.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// The last day on which it may be done, of what was received on a day. Hours count as the days that they begin.
    pub fn due_date(&self, received: NaiveDate, calendar: &Calendar) -> NaiveDate {
        let later = |days: u32| received.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
        let mut due = match self.counting {
            Counting::Hours => later(self.length.div_ceil(24)),
            Counting::Days => later(self.length),
            Counting::Months => months_later(received, self.length),
            Counting::BusinessDays => {
                let mut day = received;
                let mut left = self.length;
                while left > 0 && day != NaiveDate::MAX {
                    day = next_day(day);
                    left -= u32::from(calendar.is_business_day(day));
                }
                day
            }
        };
        while self.rolls && !calendar.is_business_day(due) && due != NaiveDate::MAX {
            due = next_day(due);
        }
        due
    }

    /// By when it is due, of what was received at a time, by the calendar of a zone.
    pub fn due(&self, received: Timestamp, zone: Zone, calendar: &Calendar) -> Due {
        let received_date = zone.local(received).date();
        if self.counting == Counting::Hours && !self.rolls {
            let before = received.saturating_add(Duration::from_secs(u64::from(self.length) * 3600));
            return Due { received_date, deadline_date: zone.local(before).date(), before };
        }
        let deadline_date = self.due_date(received_date, calendar);
        Due { received_date, deadline_date, before: zone.start_of(next_day(deadline_date)) }
    }
}

impl std::fmt::Display for Deadline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.counting {
            Counting::Hours => "hours",
            Counting::Days => "days",
            Counting::BusinessDays => "business days",
            Counting::Months => "months",
        };
        write!(f, "{} {unit}", self.length)
    }
}

impl TryFrom<Written> for Deadline {
    type Error = String;
    fn try_from(written: Written) -> Result<Deadline, String> {
        if !(1..=DEADLINE_LENGTH_MAX).contains(&written.length) {
            return Err(format!("length: expected 1 to {DEADLINE_LENGTH_MAX}"));
        }
        Ok(Deadline { counting: written.count, length: written.length, rolls: written.rolls })
    }
}

impl From<Deadline> for Written {
    fn from(deadline: Deadline) -> Written {
        Written { count: deadline.counting, length: deadline.length, rolls: deadline.rolls }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn deadline(text: &str) -> Result<Deadline, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn hours_end_in_the_hour() {
        let hours = deadline(r#"{"count": "hours", "length": 72}"#).unwrap();
        let zone = "Europe/Paris".parse().unwrap();
        let due = hours.due(Timestamp::parse("2026-11-20T22:30:00Z").unwrap(), zone, &Calendar::default());
        assert_eq!(due.before, Timestamp::parse("2026-11-23T22:30:00Z").unwrap());
        assert_eq!(
            (due.received_date.to_string().as_str(), due.deadline_date.to_string().as_str()),
            ("2026-11-20", "2026-11-23")
        );
        assert_eq!(
            hours.due_date("2026-11-20".parse().unwrap(), &Calendar::default()).to_string(),
            "2026-11-23"
        );
    }

    #[test]
    fn days_end_with_the_day() {
        let days = deadline(r#"{"count": "days", "length": 45}"#).unwrap();
        let due = days.due(
            Timestamp::parse("2026-06-02T03:00:00Z").unwrap(),
            "America/Los_Angeles".parse().unwrap(),
            &Calendar::default(),
        );
        assert_eq!(due.deadline_date.to_string(), "2026-07-16");
        assert_eq!(due.before, Timestamp::parse("2026-07-17T07:00:00Z").unwrap());
    }

    #[test]
    fn deadlines_are_checked() {
        let sized = |length: u32| deadline(&format!(r#"{{"count": "business_days", "length": {length}}}"#));
        assert!(sized(0).is_err() && sized(DEADLINE_LENGTH_MAX + 1).is_err());
        let longest = sized(DEADLINE_LENGTH_MAX).unwrap();
        assert!(longest.due_date(NaiveDate::MAX, &Calendar::default()) == NaiveDate::MAX);
        let text = r#"{"count":"months","length":1,"rolls":true}"#;
        assert_eq!(serde_json::to_string(&deadline(text).unwrap()).unwrap(), text);
        assert_eq!(deadline(text).unwrap().to_string(), "1 months");
        // A calendar without a business day comes to an end as well.
        let days = "2026-01-01".parse::<NaiveDate>().unwrap().iter_days().take(40);
        let closed = Calendar::of_dates(days);
        assert_eq!(
            deadline(text).unwrap().due_date("2026-01-01".parse().unwrap(), &closed).to_string(),
            "2026-02-10"
        );
    }
}
