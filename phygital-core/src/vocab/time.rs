//! Points in time, and the hybrid logical clock that orders the log.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
///
/// Ranges from 1970-01-01 to 9999-12-31, the years that RFC 3339 can write without a sign. Ordered
/// by time. Microseconds, since that is what every binding's own time type keeps. In JSON an RFC
/// 3339 text in UTC.
///
/// ```
/// use phygital_core::vocab::Timestamp;
/// let noon = Timestamp::parse("2026-11-21T13:00:00.25+01:00")?;
/// assert_eq!(noon.to_string(), "2026-11-21T12:00:00.250Z");
/// # Ok::<(), phygital_core::vocab::TimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text or number is no [`Timestamp`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeError {
    /// Not of the form of RFC 3339, section 5.6.
    #[error("expected an RFC 3339 time such as 2026-11-21T12:00:00Z")]
    Form,
    /// Before 1970 or after 9999.
    #[error("expected a time from 1970-01-01 to 9999-12-31")]
    Range,
}

impl Timestamp {
    /// The earliest time there is: 1970-01-01T00:00:00Z.
    pub const MIN: Timestamp = Timestamp(0);
    /// The latest time there is: 9999-12-31T23:59:59.999999Z.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999_999);

    /// The time so many microseconds after the epoch, or [`TimeError::Range`].
    pub fn from_micros(micros: i64) -> Result<Timestamp, TimeError> {
        let at = Timestamp(micros);
        if (Timestamp::MIN..=Timestamp::MAX).contains(&at) { Ok(at) } else { Err(TimeError::Range) }
    }

    /// The time so many milliseconds after the epoch, or [`TimeError::Range`].
    pub fn from_millis(millis: i64) -> Result<Timestamp, TimeError> {
        millis.checked_mul(1000).ok_or(TimeError::Range).and_then(Timestamp::from_micros)
    }

    /// Reads an RFC 3339 text with any offset; what is finer than a microsecond is cut off.
    pub fn parse(text: &str) -> Result<Timestamp, TimeError> {
        // Nearly all times come in UTC and plain digits, and every event has some.
        if let Some(micros) = parse_plain(text.as_bytes()) {
            return Timestamp::from_micros(micros);
        }
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::Form)?;
        Timestamp::from_micros(at.timestamp_micros())
    }

    /// Microseconds since the epoch.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch.
    pub fn as_millis(self) -> i64 {
        self.0 / 1000
    }

    /// As chrono has it, for calendar and zone.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).expect("the range of Timestamp lies within chrono's")
    }

    /// So much later, or the latest time there is.
    pub fn saturating_add(self, span: Duration) -> Timestamp {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.0.saturating_add(micros)).min(Timestamp::MAX)
    }

    /// So much earlier, or the earliest time there is.
    pub fn saturating_sub(self, span: Duration) -> Timestamp {
        let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Timestamp(self.0.saturating_sub(micros)).max(Timestamp::MIN)
    }

    /// How far apart two times are, whichever is first.
    pub fn distance(self, other: Timestamp) -> Duration {
        Duration::from_micros(self.0.abs_diff(other.0))
    }
}

impl fmt::Display for Timestamp {
    /// With as many digits of the second as say it exactly: none, three or six.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, of_day) = (self.0.div_euclid(DAY), self.0.rem_euclid(DAY));
        let (year, month, day) = civil(days);
        let (seconds, micros) = (of_day / SECOND, of_day % SECOND);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        digits(&mut text[..4], year);
        digits(&mut text[5..7], month);
        digits(&mut text[8..10], day);
        digits(&mut text[11..13], seconds / 3600);
        digits(&mut text[14..16], seconds / 60 % 60);
        digits(&mut text[17..19], seconds % 60);
        digits(&mut text[20..26], micros);
        let length = match micros {
            0 => 20,
            micros if micros % 1000 == 0 => 24,
            _ => 27,
        };
        text[length - 1] = b'Z';
        f.write_str(std::str::from_utf8(&text[..length]).expect("digits"))
    }
}

/// Microseconds of a second and of a day.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Writes a number into all of `out`, with zeros in front.
fn digits(out: &mut [u8], mut number: i64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Reads `YYYY-MM-DDTHH:MM:SS[.digits]Z`; `None` for every other form, correct or not.
fn parse_plain(text: &[u8]) -> Option<i64> {
    const FORM: &[u8; 19] = b"0000-00-00T00:00:00";
    let (whole, rest) = text.split_first_chunk::<19>()?;
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if !whole.iter().zip(FORM).all(fits) {
        return None;
    }
    let micros = match rest {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] if (1..=9).contains(&fraction.len()) => {
            let digit = |at: usize| fraction.get(at).map_or(0, |byte| i64::from(byte.wrapping_sub(b'0')));
            if !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            (0..6).fold(0, |sum, at| sum * 10 + digit(at))
        }
        _ => return None,
    };
    let number =
        |from: usize, to: usize| whole[from..to].iter().fold(0, |n, byte| n * 10 + i64::from(byte - b'0'));
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let (hour, minute, second) = (number(11, 13), number(14, 16), number(17, 19));
    let days = days_from_civil(year, month, day);
    // A day that its month does not have comes back as another one.
    if !(1..=12).contains(&month)
        || civil(days) != (year, month, day)
        || hour > 23
        || minute > 59
        || second > 59
    {
        return None;
    }
    Some(days * DAY + (hour * 3600 + minute * 60 + second) * SECOND + micros)
}

/// Year, month and day of so many days after 1970-01-01, in the proleptic Gregorian calendar.
///
/// Howard Hinnant, `chrono`-Compatible Low-Level Date Algorithms, `civil_from_days`: years begin in
/// March, so that the leap day is the last.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// The reverse of [`civil`], by `days_from_civil` of the same page.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Timestamp::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A reading of a hybrid logical clock (Kulkarni et al. 2014): 48 bits of milliseconds since the
/// epoch, 16 bits of counter.
///
/// Strictly increasing on one device, also when its wall clock is set back, since the greatest
/// reading is stored with each event.
///
/// ```
/// use phygital_core::vocab::{Hlc, Timestamp};
/// let noon = Timestamp::from_millis(1_000).unwrap();
/// let first = Hlc::ZERO.tick(noon).unwrap();
/// let second = first.tick(Timestamp::MIN).unwrap(); // the clock was set back
/// assert!(second > first);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hlc(u64);

impl Hlc {
    /// Before every event.
    pub const ZERO: Hlc = Hlc(0);

    /// The reading kept in a store as an integer.
    pub fn from_raw(raw: u64) -> Hlc {
        Hlc(raw)
    }

    /// The reading as an integer, ordered as the clock is.
    pub fn as_raw(self) -> u64 {
        self.0
    }

    /// The next reading after this one at wall time `now`; `None` when the clock has run out,
    /// which takes a forged reading near the year 10889.
    pub fn tick(self, now: Timestamp) -> Option<Hlc> {
        let wall = u64::try_from(now.as_millis()).unwrap_or(0) << 16;
        self.0.checked_add(1).map(|next| Hlc(next.max(wall)))
    }

    /// The wall time within the reading.
    pub fn wall(self) -> Timestamp {
        let millis = i64::try_from(self.0 >> 16).expect("48 bits fit");
        Timestamp::from_millis(millis).unwrap_or(Timestamp::MAX)
    }

    /// The counter within the reading: how many events share or outran the millisecond.
    pub fn counter(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

impl fmt::Display for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.wall(), self.counter())
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn range_is_kept_at_both_ends() {
        assert_eq!(Timestamp::parse("1970-01-01T00:00:00Z"), Ok(Timestamp::MIN));
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59.999999Z"), Err(TimeError::Range));
        assert_eq!(Timestamp::parse("9999-12-31T23:59:59.999999Z"), Ok(Timestamp::MAX));
        assert_eq!(Timestamp::from_micros(Timestamp::MAX.as_micros() + 1), Err(TimeError::Range));
        assert_eq!(Timestamp::from_millis(i64::MAX), Err(TimeError::Range));
        assert_eq!(Timestamp::parse("2026-11-21 12:00"), Err(TimeError::Form));
    }

    #[test]
    fn every_day_is_what_chrono_says() {
        use chrono::Datelike as _;
        for days in 0..=Timestamp::MAX.0 / DAY {
            let date = Timestamp(days * DAY).to_utc();
            let ymd = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(civil(days), ymd);
            assert_eq!(days_from_civil(ymd.0, ymd.1, ymd.2), days);
        }
    }

    #[test]
    fn arithmetic_stays_in_range() {
        let far = Duration::from_secs(u64::MAX);
        assert_eq!(Timestamp::MAX.saturating_add(far), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.saturating_sub(far), Timestamp::MIN);
        assert_eq!(Timestamp::MIN.distance(Timestamp::MAX), Timestamp::MAX.distance(Timestamp::MIN));
    }

    #[test]
    fn clock_that_runs_out_says_so() {
        assert_eq!(Hlc::from_raw(u64::MAX).tick(Timestamp::MIN), None);
    }

    proptest::proptest! {
        #[test]
        fn text_round_trips(micros in 0..=Timestamp::MAX.0) {
            let at = Timestamp::from_micros(micros).unwrap();
            proptest::prop_assert_eq!(Timestamp::parse(&at.to_string()), Ok(at));
        }

        #[test]
        fn text_is_what_chrono_prints(micros in 0..=Timestamp::MAX.0, unit in 0..3_usize) {
            let (unit, form) = [
                (1, chrono::SecondsFormat::Micros),
                (1_000, chrono::SecondsFormat::Millis),
                (1_000_000, chrono::SecondsFormat::Secs),
            ][unit];
            let at = Timestamp(micros / unit * unit);
            let text = at.to_utc().to_rfc3339_opts(form, true);
            proptest::prop_assert_eq!(at.to_utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true), at.to_string());
            proptest::prop_assert_eq!(Timestamp::parse(&text), Ok(at));
        }

        #[test]
        fn text_is_read_as_chrono_reads_it(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,12})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?"
        ) {
            let chrono = DateTime::parse_from_rfc3339(&text).map_err(|_| TimeError::Form);
            let chrono = chrono.and_then(|at| Timestamp::from_micros(at.timestamp_micros()));
            proptest::prop_assert_eq!(Timestamp::parse(&text), chrono);
        }

        #[test]
        fn clock_only_grows(walls in proptest::collection::vec(0i64..4_000_000_000_000, 1..50)) {
            let mut clock = Hlc::ZERO;
            for millis in walls {
                let now = Timestamp::from_millis(millis).unwrap();
                let next = clock.tick(now).unwrap();
                proptest::prop_assert!(next > clock && next.wall() >= now);
                clock = next;
            }
        }
    }
}
