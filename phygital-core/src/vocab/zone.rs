//! Time zones, by their names in the IANA database.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::time::Timestamp;

/// A zone of the IANA time zone database, such as `Europe/Paris`.
///
/// Times are UTC everywhere; a zone is kept where a rule needs the local clock or calendar.
///
/// ```
/// use phygital_core::vocab::{Timestamp, Zone};
/// let paris: Zone = "Europe/Paris".parse()?;
/// let local = paris.local(Timestamp::parse("2026-07-01T22:30:00Z").unwrap());
/// assert_eq!(local.date().to_string(), "2026-07-02");
/// # Ok::<(), phygital_core::vocab::UnknownZone>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// What governments changed since the edition of the IANA database that `chrono-tz` carries (2025b): zones that keep another
/// zone's time from an instant to another one, in Unix seconds. Taken from the changes between editions 2025b and 2026f.
const CHANGES: [(&[Tz], Tz, i64, i64); 6] = [
    // Moldova changes its clocks when the European Union does.
    (&[Tz::Europe__Chisinau, Tz::Europe__Tiraspol], Tz::Europe__Bucharest, 1_640_995_200, i64::MAX),
    // Morocco gave up its hour of advance.
    (&[Tz::Africa__Casablanca, Tz::Africa__El_Aaiun], Tz::Africa__Abidjan, 1_789_866_000, i64::MAX),
    // Summer time all year, from the autumn of 2026.
    (&[Tz::America__Vancouver, Tz::Canada__Pacific], Tz::America__Phoenix, 1_793_491_200, i64::MAX),
    (
        &[Tz::America__Edmonton, Tz::America__Inuvik, Tz::America__Yellowknife, Tz::Canada__Mountain],
        Tz::America__Regina,
        1_793_491_200,
        i64::MAX,
    ),
    (
        &[Tz::America__Winnipeg, Tz::America__Rainy_River, Tz::Canada__Central],
        Tz::America__Panama,
        1_793_491_200,
        i64::MAX,
    ),
    // Cuba stays on summer time for a winter.
    (&[Tz::America__Havana, Tz::Cuba], Tz::America__Puerto_Rico, 1_793_491_200, 1_805_000_400),
];

/// The text names no zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a zone of the IANA database such as Europe/Paris")]
pub struct UnknownZone;

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(chrono_tz::UTC);

    /// What calendar and clock show in the zone at that time.
    pub fn local(&self, at: Timestamp) -> NaiveDateTime {
        at.to_utc().naive_utc() + TimeDelta::seconds(self.offset_seconds(at).into())
    }

    /// How many seconds the zone's clock is ahead of UTC at that time.
    pub fn offset_seconds(&self, at: Timestamp) -> i32 {
        let utc = at.to_utc();
        let seconds = utc.timestamp();
        let moved = |(zones, _, from, until): &&(&[Tz], Tz, i64, i64)| {
            (*from..*until).contains(&seconds) && zones.contains(&self.0)
        };
        let zone = CHANGES.iter().find(moved).map_or(self.0, |(_, as_of, ..)| *as_of);
        zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()
    }

    /// The first instant of a day in the zone, which is not midnight where clocks go forward then; the earliest or latest
    /// [`Timestamp`] for a day outside of their range.
    pub fn start_of(&self, day: NaiveDate) -> Timestamp {
        let utc = |seconds: i64| {
            let micros = seconds.saturating_mul(1_000_000);
            Timestamp::from_micros(micros.max(0)).unwrap_or(Timestamp::MAX)
        };
        let midnight = day.and_time(NaiveTime::MIN).and_utc().timestamp();
        // No zone is further from UTC than 16 hours. Between the hours before and after the day begins in some hour; in that
        // one the clock either shows midnight or jumps over it.
        let hours = (midnight - 16 * 3600..midnight + 16 * 3600).step_by(3600);
        let is_there = |seconds: i64| self.local(utc(seconds)).date() >= day;
        let Some(hour) = hours.into_iter().find(|hour| is_there(hour + 3600)) else { return utc(midnight) };
        let (mut before, mut after) = (hour, hour + 3600);
        if is_there(before) {
            return utc(before);
        }
        while after - before > 1 {
            let middle = (before + after) / 2;
            if is_there(middle) { after = middle } else { before = middle }
        }
        utc(after)
    }

    /// The zone's name.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }
}

impl Ord for Zone {
    /// By name.
    fn cmp(&self, other: &Zone) -> std::cmp::Ordering {
        self.name().cmp(other.name())
    }
}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Zone) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        text.parse().map(Zone).map_err(|_| UnknownZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn changes_are_those_since_the_edition_that_is_compiled_in() {
        // With another edition compare it with CHANGES, and strike what it has.
        assert_eq!(chrono_tz::IANA_TZDB_VERSION, "2025b");
        for (name, before, after) in [
            ("America/Vancouver", "2026-03-08T09:59:59Z -28800", "2026-12-01T12:00:00Z -25200"),
            ("Canada/Pacific", "2026-10-31T12:00:00Z -25200", "2027-07-01T12:00:00Z -25200"),
            ("America/Edmonton", "2026-10-31T12:00:00Z -21600", "2027-01-01T12:00:00Z -21600"),
            ("America/Winnipeg", "2026-10-31T12:00:00Z -18000", "2027-01-01T12:00:00Z -18000"),
            ("America/Havana", "2027-03-14T04:59:59Z -14400", "2027-11-08T12:00:00Z -18000"),
            ("Africa/Casablanca", "2026-09-20T00:59:59Z 3600", "2026-09-20T01:00:00Z 0"),
            ("Europe/Chisinau", "2026-03-29T00:59:59Z 7200", "2026-03-29T01:00:00Z 10800"),
            ("America/New_York", "2026-11-01T05:59:59Z -14400", "2026-11-01T06:00:00Z -18000"),
        ] {
            for case in [before, after] {
                let (time, offset) = case.split_once(' ').unwrap();
                assert_eq!(zone(name).offset_seconds(at(time)).to_string(), offset, "{name} {time}");
            }
        }
    }

    #[test]
    fn days_begin_where_the_clock_first_shows_them() {
        for (name, day, first) in [
            ("America/New_York", "2026-07-02", "2026-07-02T04:00:00Z"),
            ("America/New_York", "2026-03-09", "2026-03-09T04:00:00Z"),
            // Clocks went forward at midnight: the day began at one o'clock.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
            // Clocks go back at one o'clock, so there are two midnights.
            ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),
            ("Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z"),
            ("Pacific/Pago_Pago", "2026-01-01", "2026-01-01T11:00:00Z"),
            ("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15:00Z"),
        ] {
            assert_eq!(zone(name).start_of(day.parse().unwrap()), at(first), "{name} {day}");
        }
        assert_eq!(Zone::UTC.start_of("1960-01-01".parse().unwrap()), Timestamp::MIN);
        assert_eq!(Zone::UTC.start_of("+12000-01-01".parse().unwrap()), Timestamp::MAX);
    }

    #[test]
    fn zones_are_ordered_by_name() {
        assert!(zone("America/Chicago") < zone("America/New_York"));
    }
}
