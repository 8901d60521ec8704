//! The windows of a week in which one may send, by the wall clock.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _};
use serde::{Deserialize, Serialize};

use super::span::next_day;
use crate::vocab::limits::WINDOWS_A_DAY_MAX;

/// Seconds of a day.
const DAY: u32 = 24 * 60 * 60;

/// The windows of each day of the week: local wall-clock times, the start within, the end not; `24:00` is the end of the day.
///
/// In JSON `{"mon": [["08:00", "21:00"]], "tue": …}`; a day that is absent has none. Windows that touch or overlap are one.
///
/// ```
/// use phygital_core::rules::Windows;
/// let windows = Windows::from_json(r#"{"sat": [["10:00", "12:00"], ["12:00", "24:00"]], "sun": []}"#)?;
/// assert_eq!(windows.to_string(), "sat 10:00-24:00");
/// # Ok::<(), phygital_core::rules::WindowsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Week", into = "Week")]
pub struct Windows {
    /// Seconds of the day, from Monday on; in order, none empty, none touching the next.
    week: [Vec<(u32, u32)>; 7],
}

/// Why windows do not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowsError {
    /// No JSON of this form.
    #[error("windows: {0}")]
    Json(String),
    /// A time that is none.
    #[error("{day}: expected times such as 08:00, up to 24:00")]
    Time {
        /// Which day.
        day: &'static str,
    },
    /// A window that ends before or when it starts. One over midnight is two.
    #[error("{day}: expected a window that ends after it starts")]
    Empty {
        /// Which day.
        day: &'static str,
    },
    /// More than [`WINDOWS_A_DAY_MAX`] in a day.
    #[error("{day}: expected at most {WINDOWS_A_DAY_MAX} windows")]
    TooMany {
        /// Which day.
        day: &'static str,
    },
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// How windows are written.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Week {
    mon: Vec<(String, String)>,
    tue: Vec<(String, String)>,
    wed: Vec<(String, String)>,
    thu: Vec<(String, String)>,
    fri: Vec<(String, String)>,
    sat: Vec<(String, String)>,
    sun: Vec<(String, String)>,
}

impl Windows {
    /// Reads windows from JSON.
    ///
    /// # Errors
    /// [`WindowsError`].
    pub fn from_json(text: &str) -> Result<Windows, WindowsError> {
        let week: Week = serde_json::from_str(text).map_err(|error| WindowsError::Json(error.to_string()))?;
        week.try_into()
    }

    /// The same window on every day, from one minute of the day to another: `(480, 1260)` is 8:00 to 21:00.
    ///
    /// # Errors
    /// [`WindowsError`] for one that is empty or longer than a day.
    pub fn daily(from: u32, to: u32) -> Result<Windows, WindowsError> {
        let text = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let day = || vec![(text(from), text(to))];
        Week { mon: day(), tue: day(), wed: day(), thu: day(), fri: day(), sat: day(), sun: day() }.try_into()
    }

    /// The windows of a date, in seconds of the day.
    fn of(&self, date: NaiveDate) -> &[(u32, u32)] {
        &self.week[date.weekday().num_days_from_monday() as usize]
    }

    /// Whether a wall clock stands within a window; `closed` says which dates have none.
    pub(super) fn is_open(&self, local: NaiveDateTime, closed: &impl Fn(NaiveDate) -> bool) -> bool {
        let second = local.num_seconds_from_midnight();
        let within = |(start, end): &(u32, u32)| (*start..*end).contains(&second);
        self.of(local.date()).iter().any(within) && !closed(local.date())
    }

    /// How far from `local` the next window starts by the wall clock, of the next `days` days.
    pub(super) fn until_open(
        &self,
        local: NaiveDateTime,
        days: u32,
        closed: &impl Fn(NaiveDate) -> bool,
    ) -> Option<TimeDelta> {
        let mut date = local.date();
        for _ in 0..=days {
            if !closed(date) {
                let starts = self.of(date).iter().map(|(start, _)| at(date, *start));
                if let Some(start) = starts.into_iter().find(|start| *start > local) {
                    return Some(start - local);
                }
            }
            date = next_day(date);
        }
        None
    }

    /// How far from `local`, which is within a window, that one ends by the wall clock, going on over midnight where the next
    /// day goes on; `None` where it does not end in the next `days` days.
    pub(super) fn until_closed(
        &self,
        local: NaiveDateTime,
        days: u32,
        closed: &impl Fn(NaiveDate) -> bool,
    ) -> Option<TimeDelta> {
        let mut date = local.date();
        let mut second = local.num_seconds_from_midnight();
        for _ in 0..=days {
            let around = self.of(date).iter().find(|(start, end)| (*start..*end).contains(&second));
            match around.filter(|_| !closed(date)) {
                Some((_, end)) if *end == DAY => (date, second) = (next_day(date), 0),
                Some((_, end)) => return Some(at(date, *end) - local),
                None => return Some(at(date, 0) - local),
            }
        }
        None
    }
}

/// A second of a date; that of 24:00 is the first of the next.
fn at(date: NaiveDate, second: u32) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN) + TimeDelta::seconds(second.into())
}

impl std::fmt::Display for Windows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |second: u32| format!("{:02}:{:02}", second / 3600, second / 60 % 60);
        let of_day = |windows: &[(u32, u32)]| {
            let each = windows.iter().map(|(start, end)| format!("{}-{}", text(*start), text(*end)));
            each.collect::<Vec<_>>().join(" ")
        };
        let mut said = Vec::new();
        let mut day = 0;
        // Days alike are told together.
        for alike in self.week.chunk_by(|one, next| one == next) {
            let last = day + alike.len() - 1;
            if let Some(windows) = alike.first().filter(|windows| !windows.is_empty()) {
                let days =
                    if day == last { DAYS[day].to_owned() } else { format!("{}-{}", DAYS[day], DAYS[last]) };
                said.push(format!("{days} {}", of_day(windows)));
            }
            day = last + 1;
        }
        f.write_str(if said.is_empty() { "never" } else { "" })?;
        f.write_str(&said.join(", "))
    }
}

impl TryFrom<Week> for Windows {
    type Error = WindowsError;
    fn try_from(week: Week) -> Result<Windows, WindowsError> {
        let days = [week.mon, week.tue, week.wed, week.thu, week.fri, week.sat, week.sun];
        let mut windows = Windows::default();
        for ((day, written), read) in DAYS.into_iter().zip(days).zip(&mut windows.week) {
            if written.len() > WINDOWS_A_DAY_MAX {
                return Err(WindowsError::TooMany { day });
            }
            let mut spans = Vec::new();
            for (start, end) in &written {
                let second = |text: &str| second(text).ok_or(WindowsError::Time { day });
                let (start, end) = (second(start)?, second(end)?);
                if start >= end {
                    return Err(WindowsError::Empty { day });
                }
                spans.push((start, end));
            }
            spans.sort_unstable();
            for (start, end) in spans {
                match read.last_mut() {
                    Some((_, last)) if start <= *last => *last = end.max(*last),
                    _ => read.push((start, end)),
                }
            }
        }
        Ok(windows)
    }
}

impl From<Windows> for Week {
    fn from(windows: Windows) -> Week {
        let text = |second: u32| format!("{:02}:{:02}", second / 3600, second / 60 % 60);
        let day =
            |day: usize| windows.week[day].iter().map(|(start, end)| (text(*start), text(*end))).collect();
        Week { mon: day(0), tue: day(1), wed: day(2), thu: day(3), fri: day(4), sat: day(5), sun: day(6) }
    }
}

/// The second of the day of a text `HH:MM`, up to `24:00`.
fn second(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str, most: u32| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|number| plain && *number <= most)
    };
    let second = number(hour, 24)? * 3600 + number(minute, 59)? * 60;
    (second <= DAY).then_some(second)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn windows_are_checked() {
        let read = |day: &str| Windows::from_json(&format!(r#"{{"mon": {day}}}"#));
        for bad in [
            r#"[["8:00", "9:00"]]"#,
            r#"[["08:00", "24:01"]]"#,
            r#"[["08:60", "09:00"]]"#,
            r#"[["+8:00", "09:00"]]"#,
        ] {
            assert_eq!(read(bad), Err(WindowsError::Time { day: "mon" }), "{bad}");
        }
        for bad in [r#"[["08:00", "08:00"]]"#, r#"[["22:00", "06:00"]]"#] {
            assert_eq!(read(bad), Err(WindowsError::Empty { day: "mon" }), "{bad}");
        }
        assert!(matches!(Windows::from_json(r#"{"mond": []}"#), Err(WindowsError::Json(_))));
        let many = |count: usize| {
            let all = (0..count).map(|at| format!(r#"["{:02}:{:02}", "23:59"]"#, at / 60, at % 60));
            read(&format!("[{}]", all.collect::<Vec<_>>().join(",")))
        };
        assert!(many(WINDOWS_A_DAY_MAX).is_ok());
        assert_eq!(many(WINDOWS_A_DAY_MAX + 1), Err(WindowsError::TooMany { day: "mon" }));
    }

    #[test]
    fn windows_are_brought_into_order() {
        let read = Windows::from_json(
            r#"{"mon": [["12:00", "14:00"], ["08:00", "12:00"], ["13:00", "13:30"], ["20:00", "24:00"]]}"#,
        );
        let windows = read.unwrap();
        assert_eq!(windows.to_string(), "mon 08:00-14:00 20:00-24:00");
        let text = serde_json::to_string(&windows).unwrap();
        assert_eq!(Windows::from_json(&text), Ok(windows));
        assert_eq!(Windows::daily(480, 1260).unwrap().to_string(), "mon-sun 08:00-21:00");
        assert_eq!(Windows::default().to_string(), "never");
        assert!(Windows::daily(480, 1441).is_err());
    }
}
