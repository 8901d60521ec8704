//! Calendar arithmetic: a date some months later.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

/// A date as it is written: `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Date(pub(super) NaiveDate);

impl TryFrom<String> for Date {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Date, &'static str> {
        // Years of four digits alone, without a sign, so that what was written can be read.
        let plain = |day: &NaiveDate| text.len() == 10 && day.to_string() == text;
        text.parse().ok().filter(plain).map(Date).ok_or("expected a date such as 2026-11-22")
    }
}

impl From<Date> for String {
    fn from(Date(day): Date) -> String {
        day.to_string()
    }
}

/// The same day so many months later, or the last day of the month where it has no such day (Regulation 1182/71, article 3(2)(c)).
/// The last day that there is, past the end of the calendar.
pub(super) fn months_later(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(chrono::Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// The day after; the last day that there is, for itself.
pub(super) fn next_day(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}

/// Whether it is a Monday to Friday.
pub(super) fn is_weekday(day: NaiveDate) -> bool {
    day.weekday().num_days_from_monday() < 5
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_they_end() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(months_later(day("2028-01-31"), 1), day("2028-02-29"));
        assert_eq!(months_later(day("2026-01-31"), 1), day("2026-02-28"));
        assert_eq!(months_later(day("2026-11-30"), 3), day("2027-02-28"));
        assert_eq!(months_later(NaiveDate::MAX, 1), NaiveDate::MAX);
        assert_eq!(next_day(NaiveDate::MAX), NaiveDate::MAX);
        assert!(
            Date::try_from("2026-1-1".to_owned()).is_err()
                && Date::try_from("+12026-01-01".to_owned()).is_err()
                && Date::try_from("-026-11-22".to_owned()).is_err()
        );
    }
}
