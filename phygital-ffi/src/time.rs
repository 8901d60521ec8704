//! Times as they cross the border: microseconds since 1970, UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use phygital_core::vocab::Timestamp;
use serde::ser::{Error as _, Serialize, Serializer};

use crate::error::{Answer, PhygitalError, Status};

/// A time: microseconds since 1970-01-01T00:00:00Z, from there to the end of 9999.
///
/// Kotlin, Swift and Python have it as their own type for times. Swift's counts in floating seconds, which are finer than
/// a microsecond and never quite it; so the nearest microsecond is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number of microseconds")]
pub struct Time(pub i64);

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Time, SystemTime, {
    lower: |time| time.to_system(),
    try_lift: |time| Ok(Time::of_system(time).map_err(|error| PhygitalError::argument("time", error.detail()))?),
});

impl Time {
    /// The system's time.
    ///
    /// # Errors
    /// 904 for a clock that is before 1970 or after 9999.
    pub fn now() -> Result<Time, PhygitalError> {
        Time::of_system(SystemTime::now())
    }

    pub(crate) fn core(self) -> Answer<Timestamp> {
        Timestamp::from_micros(self.0).map_err(|error| PhygitalError::argument("time", error))
    }

    fn of_system(time: SystemTime) -> Answer<Time> {
        let refused = || {
            let detail = "expected a time from 1970-01-01 to 9999-12-31";
            PhygitalError::new(Status::NoClock, "clock", detail)
        };
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| refused())?;
        let nearest = since.as_nanos().saturating_add(500) / 1_000;
        let micros = i64::try_from(nearest).map_err(|_| refused())?;
        Timestamp::from_micros(micros).map_err(|_| refused())?;
        Ok(Time(micros))
    }

    #[cfg(feature = "uniffi")]
    fn to_system(self) -> SystemTime {
        UNIX_EPOCH + std::time::Duration::from_micros(self.0.unsigned_abs())
    }
}

/// As JSON has it: RFC 3339.
impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.core().map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl From<Timestamp> for Time {
    fn from(time: Timestamp) -> Time {
        Time(time.as_micros())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_nearest_microsecond_is_taken() {
        let at = |nanos| Time::of_system(UNIX_EPOCH + Duration::from_nanos(nanos)).unwrap();
        assert_eq!((at(1_499), at(1_500), at(999)), (Time(1), Time(2), Time(1)));
        // What Swift makes of a microsecond: a floating number of seconds, cut off to nanoseconds.
        for micros in [1_795_899_900_123_456_u64, 1_795_899_900_999_999, 1_795_899_901_000_001] {
            let seconds = micros as f64 / 1e6;
            let nanos = (seconds.fract() * 1e9) as u64;
            assert_eq!(at(seconds.trunc() as u64 * 1_000_000_000 + nanos), Time(micros as i64));
        }
    }

    #[test]
    fn times_have_a_range() {
        assert!(Time::of_system(UNIX_EPOCH - Duration::from_secs(1)).is_err());
        assert!(Time::of_system(UNIX_EPOCH + Duration::from_secs(253_402_300_800)).is_err());
        assert_eq!(Time(-1).core().unwrap_err().code(), Status::InvalidArgument.number());
        assert!(Time::now().unwrap() > Time(1_700_000_000_000_000));
    }
}
