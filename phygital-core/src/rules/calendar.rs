//! Public holidays, as rules of the year: dates, weekdays, days around Easter.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::span::{Date, is_weekday, next_day};
use crate::vocab::limits::{CALENDAR_DATES_MAX, CALENDAR_DAYS_MAX};

/// The public holidays of a place.
///
/// In JSON `{"source": …, "days": [{"date": "12-25"}, {"easter": 1}, {"weekday": "mon", "nth": 3, "month": 1}], "extra":
/// ["2026-06-15"]}`. A `date` may have a year `since` when it is one, and be `observed` on another day where it falls on a
/// weekend: the `nearest` weekday, or the `next` that is no holiday. `nth` counts from the month's end where it is negative.
/// `orthodox_easter` counts from the Easter of the Julian calendar. `{"weekday": "thu", "from": "04-19"}` is the first
/// Thursday from that date on.
///
/// ```
/// use phygital_core::rules::RuleBook;
/// let book = RuleBook::standard();
/// let france = book.calendar("FR".parse()?).unwrap();
/// assert!(france.is_holiday("2026-05-14".parse().unwrap())); // Ascension
/// assert!(france.is_business_day("2026-05-15".parse().unwrap()));
/// # Ok::<(), phygital_core::rules::UnknownPlace>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Calendar {
    source: String,
    days: Vec<Day>,
    extra: BTreeSet<NaiveDate>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    source: String,
    #[serde(default)]
    days: Vec<Day>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    extra: BTreeSet<Date>,
}

/// A day of each year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Day {
    Fixed(Fixed),
    Easter(Easter),
    Orthodox(Orthodox),
    Nth(Nth),
    From(Since),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixed {
    date: MonthDay,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observed: Option<Observed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Easter {
    easter: i16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Orthodox {
    orthodox_easter: i16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nth {
    weekday: DayName,
    nth: i8,
    month: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    weekday: DayName,
    from: MonthDay,
}

/// Where a date that falls on a weekend is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Observed {
    /// Saturday on Friday, Sunday on Monday (5 U.S.C. 6103(b), Executive Order 11582).
    Nearest,
    /// On the next weekday that is no holiday (Banking and Financial Dealings Act 1971).
    Next,
}

/// Month and day of a text such as `12-25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct MonthDay(u32, u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DayName {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Calendar {
    /// A calendar of dates that the host knows.
    pub fn of_dates(dates: impl IntoIterator<Item = NaiveDate>) -> Calendar {
        Calendar { extra: dates.into_iter().collect(), ..Calendar::default() }
    }

    /// Where its holidays are from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a date is a public holiday, or the day on which one is kept.
    pub fn is_holiday(&self, date: NaiveDate) -> bool {
        let year = date.year();
        // A holiday at the turn of the year may be kept in the other one.
        let years = match date.month() {
            1 => year - 1..=year,
            12 => year..=year + 1,
            _ => year..=year,
        };
        self.extra.contains(&date) || years.into_iter().any(|year| self.is_holiday_of(year, date))
    }

    /// Monday to Friday and no holiday.
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        is_weekday(date) && !self.is_holiday(date)
    }

    /// The holidays of a year in order, for showing.
    pub fn holidays(&self, year: i32) -> Vec<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1);
        let days =
            first.into_iter().flat_map(|day| day.iter_days().take_while(move |day| day.year() == year));
        days.filter(|day| self.is_holiday(*day)).collect()
    }

    /// Whether a date is one of the holidays of `year`, or where one of them is kept.
    fn is_holiday_of(&self, year: i32, date: NaiveDate) -> bool {
        if self.days.iter().any(|day| day.of(year) == Some(date)) {
            return true;
        }
        let moves = self.days.iter().any(|day| matches!(day, Day::Fixed(Fixed { observed: Some(_), .. })));
        moves && is_weekday(date) && self.observed(year).contains(&date)
    }

    /// The weekdays on which the holidays of a year are kept that fall on a weekend.
    fn observed(&self, year: i32) -> BTreeSet<NaiveDate> {
        let mut fixed: Vec<_> = self.days.iter().filter_map(|day| Some((day.of(year)?, *day))).collect();
        fixed.sort_by_key(|(date, _)| *date);
        let mut kept = BTreeSet::new();
        for (date, day) in &fixed {
            let Day::Fixed(Fixed { observed: Some(observed), .. }) = day else { continue };
            if is_weekday(*date) {
                continue;
            }
            let mut other = match (observed, date.weekday()) {
                (Observed::Nearest, Weekday::Sat) => date.pred_opt().unwrap_or(*date),
                _ => next_day(*date),
            };
            let taken = |day: NaiveDate, kept: &BTreeSet<NaiveDate>| {
                !is_weekday(day) || kept.contains(&day) || fixed.iter().any(|(date, _)| *date == day)
            };
            while *observed == Observed::Next && taken(other, &kept) && next_day(other) != other {
                other = next_day(other);
            }
            kept.insert(other);
        }
        kept
    }
}

impl Day {
    /// Its date in a year.
    fn of(self, year: i32) -> Option<NaiveDate> {
        match self {
            Day::Fixed(fixed) => {
                let MonthDay(month, day) = fixed.date;
                NaiveDate::from_ymd_opt(year, month, day)
                    .filter(|_| fixed.since.is_none_or(|since| since <= year))
            }
            Day::Easter(Easter { easter: days }) => shifted(easter(year)?, days),
            Day::Orthodox(Orthodox { orthodox_easter: days }) => shifted(orthodox_easter(year)?, days),
            Day::Nth(Nth { weekday, nth, month }) => {
                if nth > 0 {
                    return NaiveDate::from_weekday_of_month_opt(
                        year,
                        month,
                        weekday.day(),
                        nth.unsigned_abs(),
                    );
                }
                let last = (1..=5)
                    .rev()
                    .find_map(|nth| NaiveDate::from_weekday_of_month_opt(year, month, weekday.day(), nth))?;
                last.checked_sub_days(Days::new(7 * (u64::from(nth.unsigned_abs()) - 1)))
                    .filter(|date| date.month() == month)
            }
            Day::From(Since { weekday, from: MonthDay(month, day) }) => {
                let from = NaiveDate::from_ymd_opt(year, month, day)?;
                from.iter_days().take(7).find(|date| date.weekday() == weekday.day())
            }
        }
    }
}

fn shifted(date: NaiveDate, days: i16) -> Option<NaiveDate> {
    let by = Days::new(days.unsigned_abs().into());
    if days < 0 { date.checked_sub_days(by) } else { date.checked_add_days(by) }
}

/// Easter Sunday of the Gregorian calendar: J. Meeus, Astronomical Algorithms, chapter 8.
fn easter(year: i32) -> Option<NaiveDate> {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

/// Easter Sunday of the Julian calendar, as a date of the Gregorian: the same chapter.
fn orthodox_easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year.rem_euclid(4), year.rem_euclid(7), year.rem_euclid(19));
    let d = (19 * c + 15) % 30;
    let e = (2 * a + 4 * b - d + 34) % 7;
    let n = d + e + 114;
    let julian = NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)?;
    let century = year.div_euclid(100);
    shifted(julian, i16::try_from(century - century / 4 - 2).ok()?)
}

impl DayName {
    fn day(self) -> Weekday {
        match self {
            DayName::Mon => Weekday::Mon,
            DayName::Tue => Weekday::Tue,
            DayName::Wed => Weekday::Wed,
            DayName::Thu => Weekday::Thu,
            DayName::Fri => Weekday::Fri,
            DayName::Sat => Weekday::Sat,
            DayName::Sun => Weekday::Sun,
        }
    }
}

impl TryFrom<String> for MonthDay {
    type Error = &'static str;
    fn try_from(text: String) -> Result<MonthDay, &'static str> {
        let number = |text: &str| text.parse().ok().filter(|_| text.len() == 2);
        let read = text.split_once('-').and_then(|(month, day)| Some(MonthDay(number(month)?, number(day)?)));
        // In a leap year, so that 29 February is a date.
        read.filter(|MonthDay(month, day)| NaiveDate::from_ymd_opt(2024, *month, *day).is_some())
            .ok_or("expected month and day such as 12-25")
    }
}

impl From<MonthDay> for String {
    fn from(MonthDay(month, day): MonthDay) -> String {
        format!("{month:02}-{day:02}")
    }
}

impl TryFrom<Written> for Calendar {
    type Error = String;
    fn try_from(written: Written) -> Result<Calendar, String> {
        if written.days.len() > CALENDAR_DAYS_MAX {
            return Err(format!("expected at most {CALENDAR_DAYS_MAX} days in a calendar"));
        }
        if written.extra.len() > CALENDAR_DATES_MAX {
            return Err(format!("expected at most {CALENDAR_DATES_MAX} dates in a calendar"));
        }
        for day in &written.days {
            let fits = match day {
                Day::Nth(Nth { nth, month, .. }) => {
                    (1..=12).contains(month) && (1..=5).contains(&nth.unsigned_abs())
                }
                Day::Easter(Easter { easter: days }) | Day::Orthodox(Orthodox { orthodox_easter: days }) => {
                    days.unsigned_abs() <= 100
                }
                Day::Fixed(_) | Day::From(_) => true,
            };
            if !fits {
                return Err(
                    "expected a month of 1 to 12, an nth of 1 to 5 or -1 to -5, 100 days around Easter"
                        .to_owned(),
                );
            }
        }
        let extra = written.extra.into_iter().map(|Date(day)| day).collect();
        Ok(Calendar { source: written.source, days: written.days, extra })
    }
}

impl From<Calendar> for Written {
    fn from(calendar: Calendar) -> Written {
        let extra = calendar.extra.into_iter().map(Date).collect();
        Written { source: calendar.source, days: calendar.days, extra }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn calendar(text: &str) -> Result<Calendar, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn easter_is_where_it_was() {
        for (year, west, east) in [
            (2024, "2024-03-31", "2024-05-05"),
            (2025, "2025-04-20", "2025-04-20"),
            (2026, "2026-04-05", "2026-04-12"),
            (2038, "2038-04-25", "2038-04-25"),
            (2076, "2076-04-19", "2076-04-26"),
        ] {
            assert_eq!(easter(year), west.parse().ok());
            assert_eq!(orthodox_easter(year), east.parse().ok());
        }
    }

    #[test]
    fn days_at_the_turn_of_the_year_are_kept_in_the_other() {
        let us = calendar(r#"{"days": [{"date": "01-01", "observed": "nearest"}, {"weekday": "mon", "nth": -1, "month": 5}]}"#).unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert!(us.is_holiday(day("2027-12-31")) && us.is_holiday(day("2028-01-01")));
        assert!(!us.is_holiday(day("2026-12-31")));
        assert_eq!(us.holidays(2027), [day("2027-01-01"), day("2027-05-31"), day("2027-12-31")]);
        let gb = calendar(
            r#"{"days": [{"date": "12-25", "observed": "next"}, {"date": "12-26", "observed": "next"}]}"#,
        )
        .unwrap();
        assert_eq!(gb.holidays(2027), ["2027-12-25", "2027-12-26", "2027-12-27", "2027-12-28"].map(day));
        assert_eq!(gb.holidays(2026), ["2026-12-25", "2026-12-26", "2026-12-28"].map(day));
    }

    #[test]
    fn a_fifth_weekday_that_a_month_has_not_is_none() {
        for nth in ["5", "-5"] {
            let fifth =
                calendar(&format!(r#"{{"days": [{{"weekday": "mon", "nth": {nth}, "month": 11}}]}}"#));
            // November has five Mondays in 2026 and four in 2028.
            let (with, without) =
                (fifth.as_ref().unwrap().holidays(2026), fifth.as_ref().unwrap().holidays(2028));
            assert_eq!((with.len(), without.len()), (1, 0), "{nth}");
        }
    }

    #[test]
    fn calendars_are_checked() {
        for bad in [
            r#"{"days": [{"date": "02-30"}]}"#,
            r#"{"days": [{"date": "2-3"}]}"#,
            r#"{"days": [{"weekday": "mon", "nth": 0, "month": 1}]}"#,
            r#"{"days": [{"weekday": "mon", "nth": 1, "month": 13}]}"#,
            r#"{"days": [{"easter": 101}]}"#,
            r#"{"days": [{"easter": 1, "orthodox_easter": 1}]}"#,
            r#"{"dates": []}"#,
        ] {
            assert!(calendar(bad).is_err(), "{bad}");
        }
        let days = |count: usize| format!(r#"{{"days": [{}]}}"#, vec![r#"{"easter": 1}"#; count].join(","));
        assert!(calendar(&days(CALENDAR_DAYS_MAX)).is_ok());
        assert!(calendar(&days(CALENDAR_DAYS_MAX + 1)).is_err());
        let dates = |count: usize| {
            let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
            let all: Vec<_> = first.iter_days().take(count).map(|day| day.to_string()).collect();
            serde_json::json!({ "extra": all }).to_string()
        };
        assert!(calendar(&dates(CALENDAR_DATES_MAX)).is_ok());
        assert!(calendar(&dates(CALENDAR_DATES_MAX + 1)).is_err());
    }

    #[test]
    fn calendars_come_back_from_json() {
        let text = r#"{"source":"s","days":[{"date":"12-25","since":2026},{"easter":-2},{"weekday":"thu","from":"04-19"}],"extra":["2026-06-15"]}"#;
        let read = calendar(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert!(
            !read.is_holiday("2025-12-25".parse().unwrap()) && read.is_holiday("2026-04-23".parse().unwrap())
        );
    }
}
