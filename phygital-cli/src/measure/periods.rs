//! Periods of the calendar, and what they are called.

use chrono::NaiveDate;
use phygital_core::measure::value::Scale;

/// The period of a day that [`Scale::Days`] numbered so.
pub(super) fn of_day(scale: Scale, day: i64) -> i64 {
    date(day).map_or(day, |date| scale.period(date))
}

/// What a period is called: a day, a Monday, a month, a year.
pub(super) fn label(scale: Scale, period: i64) -> String {
    match scale {
        Scale::CalendarWeeks => label(Scale::Days, period * 7 + 1),
        Scale::CalendarMonths => format!("{:04}-{:02}", period.div_euclid(12), period.rem_euclid(12) + 1),
        Scale::CalendarYears => format!("{period:04}"),
        _ => date(period).map_or_else(|| period.to_string(), |date| date.to_string()),
    }
}

fn date(day: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(day).ok()?)
}

/// The first period that is not over at the end of a day.
pub(super) fn open_after(scale: Scale, end: NaiveDate) -> i64 {
    end.succ_opt().map_or_else(|| scale.period(end) + 1, |next| scale.period(next))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_names() {
        let day: NaiveDate = "2026-03-05".parse().unwrap();
        let told = |scale: Scale| label(scale, scale.period(day));
        assert_eq!(told(Scale::Days), "2026-03-05");
        assert_eq!(told(Scale::CalendarWeeks), "2026-03-02");
        assert_eq!(
            (told(Scale::CalendarMonths), told(Scale::CalendarYears)),
            ("2026-03".into(), "2026".into())
        );
        let number = Scale::Days.period(day);
        assert_eq!(of_day(Scale::CalendarMonths, number), Scale::CalendarMonths.period(day));
        let of = |text: &str| {
            label(Scale::CalendarMonths, open_after(Scale::CalendarMonths, text.parse().unwrap()))
        };
        assert_eq!((of("2026-03-30"), of("2026-03-31")), ("2026-03".into(), "2026-04".into()));
    }
}
