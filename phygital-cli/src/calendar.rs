//! Days as files and arguments write them.

use chrono::NaiveDate;
use phygital_core::vocab::{Timestamp, Zone};

/// What a cell has to be where [`day_of`] says none.
pub(crate) const DAY_EXPECTED: &str =
    "expected a day such as 2026-03-31 or a time such as 2026-03-31T09:00:00Z";

/// The day of an argument, such as 2026-03-31.
pub(crate) fn day_argument(text: &str) -> Result<NaiveDate, &'static str> {
    text.parse().map_err(|_| "expected a day such as 2026-03-31")
}

/// A day as `2026-03-31` or `20260331`.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        10 => text.parse().ok(),
        8 if digits(text) => NaiveDate::parse_from_str(text, "%Y%m%d").ok(),
        _ => None,
    }
}

/// A day, or that of a moment in a zone.
pub(crate) fn day_of(text: &str, zone: Zone) -> Option<NaiveDate> {
    day(text).or_else(|| Timestamp::parse(text).ok().map(|at| zone.local(at).date()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_two_forms() {
        let last = NaiveDate::from_ymd_opt(2026, 3, 31);
        assert_eq!((day("20260331"), day("2026-03-31")), (last, last));
        for bad in ["2026-3-31", "20260231", "31.03.2026", "+2026031", ""] {
            assert_eq!(day(bad), None, "{bad}");
        }
        assert_eq!(day_of("2026-03-31T23:30:00Z", Zone::UTC), last);
        let paris = "Europe/Paris".parse().unwrap_or(Zone::UTC);
        assert_eq!(day_of("2026-03-31T23:30:00Z", paris), NaiveDate::from_ymd_opt(2026, 4, 1));
        assert_eq!(day_of("soon", Zone::UTC), None);
    }
}
