//! When one may send: within the windows of every rule, in every zone where she may be.

use chrono::{NaiveDate, NaiveDateTime};

use super::calendar::Calendar;
use super::windows::Windows;
use crate::vocab::{Timestamp, Zone};
use std::time::Duration;

/// How far ahead a lawful time is looked for: every window of a week comes within seven days, unless holidays close its only
/// day, and clocks change once in them.
pub const HORIZON: Duration = Duration::from_secs(8 * 24 * 60 * 60);

/// The same in days of a wall clock, with one that is begun and one that a change of clocks moves.
const HORIZON_DAYS: u32 = 10;

/// Windows, and the calendar whose holidays have none.
#[derive(Debug, Clone, Copy)]
pub struct Hours<'r> {
    windows: &'r Windows,
    closed_on: Option<&'r Calendar>,
}

impl<'r> Hours<'r> {
    /// Windows that hold on holidays as on every day.
    pub fn new(windows: &'r Windows) -> Hours<'r> {
        Hours { windows, closed_on: None }
    }

    /// Without any window on the holidays of a calendar.
    pub fn closed_on(self, calendar: &'r Calendar) -> Hours<'r> {
        Hours { closed_on: Some(calendar), ..self }
    }

    fn is_closed(&self) -> impl Fn(NaiveDate) -> bool {
        let calendar = self.closed_on;
        move |date| calendar.is_some_and(|calendar| calendar.is_holiday(date))
    }

    fn is_open(&self, zone: Zone, at: Timestamp) -> bool {
        self.windows.is_open(zone.local(at), &self.is_closed())
    }

    /// The earliest time from `at` on at which they are open in a zone, up to `end`.
    fn opens(&self, zone: Zone, at: Timestamp, end: Timestamp) -> Option<Timestamp> {
        let mut at = at;
        while at <= end {
            let local = zone.local(at);
            if self.windows.is_open(local, &self.is_closed()) {
                return Some(at);
            }
            let ahead = self.windows.until_open(local, HORIZON_DAYS, &self.is_closed())?;
            match steady(zone, at, local, local + ahead) {
                Ok(opening) => return (opening <= end).then_some(opening),
                Err(change) => at = change,
            }
        }
        None
    }

    /// The earliest time from `at` on at which they are closed in a zone, `end` at the latest.
    fn closes(&self, zone: Zone, at: Timestamp, end: Timestamp) -> Timestamp {
        let mut at = at;
        while at < end {
            let local = zone.local(at);
            if !self.windows.is_open(local, &self.is_closed()) {
                return at;
            }
            let Some(ahead) = self.windows.until_closed(local, HORIZON_DAYS, &self.is_closed()) else {
                break;
            };
            match steady(zone, at, local, local + ahead) {
                Ok(closing) => return closing.min(end),
                Err(change) => at = change,
            }
        }
        end
    }
}

/// When the clock of a zone, which shows `local` at `at`, shows `then`, if it does not change before; otherwise when it changes.
fn steady(
    zone: Zone,
    at: Timestamp,
    local: NaiveDateTime,
    then: NaiveDateTime,
) -> Result<Timestamp, Timestamp> {
    let ahead = (then - local).to_std().unwrap_or_default();
    let reached = at.saturating_add(ahead);
    let offset = zone.offset_seconds(at);
    if zone.offset_seconds(reached) == offset {
        return Ok(reached);
    }
    // Clocks change at whole seconds: the first one with another offset.
    let second = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap_or(Timestamp::MAX);
    let mut before = at.as_micros() / 1_000_000;
    let mut after = reached.as_micros() / 1_000_000 + 1;
    while after - before > 1 {
        let middle = (before + after) / 2;
        if zone.offset_seconds(second(middle)) == offset { before = middle } else { after = middle }
    }
    Err(second(after))
}

/// Whether all of `hours` are open in all of `zones` at a time. Without hours there is nothing to keep; with hours and without a
/// zone they are kept nowhere.
pub fn allowed(hours: &[Hours<'_>], zones: &[Zone], at: Timestamp) -> bool {
    let open_in = |zone: &Zone| hours.iter().all(|one| one.is_open(*zone, at));
    hours.is_empty() || (!zones.is_empty() && zones.iter().all(open_in))
}

/// The earliest time from `at` on at which all of `hours` are open in all of `zones`: `at` itself where they are, `None` where
/// they never are within [`HORIZON`].
///
/// ```
/// use phygital_core::rules::{Windows, hours::{self, Hours}};
/// use phygital_core::vocab::{Timestamp, Zone};
/// let windows = Windows::daily(8 * 60, 21 * 60)?;
/// let zones: Vec<Zone> = ["America/New_York", "America/Chicago"].map(|zone| zone.parse().unwrap()).into();
/// let at = Timestamp::parse("2026-07-01T12:30:00Z").unwrap();
/// let next = Timestamp::parse("2026-07-01T13:00:00Z").ok();
/// assert_eq!(hours::next_allowed(&[Hours::new(&windows)], &zones, at), next);
/// # Ok::<(), phygital_core::rules::WindowsError>(())
/// ```
pub fn next_allowed(hours: &[Hours<'_>], zones: &[Zone], at: Timestamp) -> Option<Timestamp> {
    if hours.is_empty() {
        return Some(at);
    }
    if zones.is_empty() {
        return None;
    }
    let end = at.saturating_add(HORIZON);
    let mut next = at;
    loop {
        // Whoever is closed says when it opens; then all are asked again.
        let mut later = next;
        for zone in zones {
            for one in hours {
                later = one.opens(*zone, later, end)?;
            }
        }
        if later == next {
            return Some(next);
        }
        next = later;
    }
}

/// The end of the lawful time that `at` lies in: the first instant at which any of `hours` is closed in any of `zones`, at most
/// [`HORIZON`] ahead. `None` where it is not [`allowed`].
pub fn open_until(hours: &[Hours<'_>], zones: &[Zone], at: Timestamp) -> Option<Timestamp> {
    if !allowed(hours, zones, at) {
        return None;
    }
    let mut end = at.saturating_add(HORIZON);
    for zone in zones {
        for one in hours {
            end = one.closes(*zone, at, end);
        }
    }
    Some(end)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// The slow, obvious way: a minute at a time.
    fn stepped(hours: &[Hours<'_>], zones: &[Zone], at: Timestamp, wanted: bool) -> Option<Timestamp> {
        if allowed(hours, zones, at) == wanted {
            return Some(at);
        }
        let whole = at.as_micros() / 60_000_000 * 60_000_000;
        let mut next = Timestamp::from_micros(whole).unwrap();
        let end = at.saturating_add(HORIZON);
        while next < end {
            next = next.saturating_add(MINUTE);
            if allowed(hours, zones, next) == wanted {
                return Some(next);
            }
        }
        None
    }

    fn zone() -> impl Strategy<Value = Zone> {
        prop::sample::select(vec![
            "America/New_York",
            "America/Chicago",
            "America/Phoenix",
            "Pacific/Honolulu",
            "America/St_Johns",
            "Europe/London",
            "Europe/Paris",
            "Australia/Lord_Howe",
            "Pacific/Chatham",
            "Africa/Casablanca",
            "Asia/Kolkata",
            "America/Havana",
            "Asia/Beirut",
            "America/Vancouver",
            "Pacific/Kiritimati",
        ])
        .prop_map(|name| name.parse().unwrap())
    }

    /// Times of the clock that meet the hours in which clocks change, too.
    fn windows() -> impl Strategy<Value = Windows> {
        let minutes = vec![0, 30, 90, 120, 150, 180, 480, 545, 720, 1200, 1260, 1410, 1440];
        // Two of them in their order: a filter would spend the rejections of a whole run in some 3,000 cases.
        let window = prop::sample::subsequence(minutes, 2).prop_map(|two| (two[0], two[1]));
        prop::collection::vec(prop::collection::vec(window, 0..3), 7).prop_map(|week| {
            let text = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let all: std::collections::BTreeMap<_, Vec<_>> = days
                .into_iter()
                .zip(week.iter().map(|day| day.iter().map(|(a, b)| (text(*a), text(*b))).collect()))
                .collect();
            Windows::from_json(&serde_json::to_string(&all).unwrap()).unwrap()
        })
    }

    /// Around the days on which clocks change, and anywhere.
    fn time() -> impl Strategy<Value = Timestamp> {
        let near = prop::sample::select(vec![
            "2026-03-08T07:00:00Z",
            "2026-11-01T06:00:00Z",
            "2026-03-29T01:00:00Z",
            "2026-10-03T15:30:00Z",
            "2026-09-20T01:00:00Z",
            "2026-02-15T02:00:00Z",
            "2026-03-22T02:00:00Z",
            "2026-09-26T14:00:00Z",
            "2026-10-25T00:00:00Z",
        ])
        .prop_map(|text| Timestamp::parse(text).unwrap().as_micros());
        let around = (near, -200_000_i64..200_000).prop_map(|(at, seconds)| at + seconds * 1_000_000);
        let any = 1_735_689_600_i64..2_000_000_000;
        prop_oneof![around, any.prop_map(|seconds| seconds * 1_000_000)]
            .prop_map(|micros| Timestamp::from_micros(micros).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn next_allowed_is_what_stepping_finds(
            weeks in prop::collection::vec(windows(), 1..3), zones in prop::collection::vec(zone(), 1..3), at in time(),
        ) {
            let hours: Vec<Hours<'_>> = weeks.iter().map(Hours::new).collect();
            let slow = stepped(&hours, &zones, at, true);
            // Stepping looks a minute further at most.
            let slow = slow.filter(|found| *found <= at.saturating_add(HORIZON));
            prop_assert_eq!(next_allowed(&hours, &zones, at), slow);
        }

        #[test]
        fn open_until_is_what_stepping_finds(
            weeks in prop::collection::vec(windows(), 1..3), zones in prop::collection::vec(zone(), 1..3), at in time(),
        ) {
            let hours: Vec<Hours<'_>> = weeks.iter().map(Hours::new).collect();
            let Some(next) = next_allowed(&hours, &zones, at) else { return Ok(()) };
            let horizon = next.saturating_add(HORIZON);
            let slow = stepped(&hours, &zones, next, false).unwrap_or(horizon).min(horizon);
            prop_assert_eq!(open_until(&hours, &zones, next), Some(slow));
        }

        #[test]
        fn a_rule_or_a_zone_more_never_loosens(
            weeks in prop::collection::vec(windows(), 2..4), zones in prop::collection::vec(zone(), 2..4), at in time(),
        ) {
            let all: Vec<Hours<'_>> = weeks.iter().map(Hours::new).collect();
            let far = Timestamp::MAX;
            let next = |hours: &[Hours<'_>], zones: &[Zone]| next_allowed(hours, zones, at).unwrap_or(far);
            let until = |hours: &[Hours<'_>], zones: &[Zone]| open_until(hours, zones, at).unwrap_or(Timestamp::MIN);
            for (fewer, others) in [(&all[1..], &zones[..]), (&all[..], &zones[1..]), (&all[1..], &zones[1..])] {
                prop_assert!(next(fewer, others) <= next(&all, &zones));
                prop_assert!(until(fewer, others) >= until(&all, &zones));
            }
        }
    }

    #[test]
    fn holidays_have_no_window() {
        let windows = Windows::daily(8 * 60, 20 * 60).unwrap();
        let calendar = Calendar::of_dates(["2026-07-03".parse().unwrap()]);
        let hours = [Hours::new(&windows).closed_on(&calendar)];
        let zones = ["America/Chicago".parse().unwrap()];
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert!(!allowed(&hours, &zones, at("2026-07-03T18:00:00Z")));
        let next = next_allowed(&hours, &zones, at("2026-07-03T01:30:00Z"));
        assert_eq!(next, Some(at("2026-07-04T13:00:00Z")));
        assert_eq!(open_until(&hours, &zones, at("2026-07-02T18:00:00Z")), Some(at("2026-07-03T01:00:00Z")));
    }

    #[test]
    fn windows_go_on_over_midnight() {
        let whole = Windows::daily(0, 24 * 60).unwrap();
        let zones = ["Europe/Paris".parse().unwrap()];
        let at = Timestamp::parse("2026-07-03T18:00:00Z").unwrap();
        let until = |hours: &[Hours<'_>]| open_until(hours, &zones, at);
        assert_eq!(until(&[Hours::new(&whole)]), Some(at.saturating_add(HORIZON)));
        let calendar = Calendar::of_dates(["2026-07-05".parse().unwrap()]);
        let midnight = Timestamp::parse("2026-07-04T22:00:00Z").ok();
        assert_eq!(until(&[Hours::new(&whole).closed_on(&calendar)]), midnight);
        assert_eq!(until(&[]), Some(at.saturating_add(HORIZON)));
        let never = Windows::default();
        assert_eq!(next_allowed(&[Hours::new(&never)], &zones, at), None);
        assert_eq!(next_allowed(&[Hours::new(&whole)], &[], at), None);
        assert_eq!(next_allowed(&[], &[], at), Some(at));
    }
}
