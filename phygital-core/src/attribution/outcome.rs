//! What came of a journey: counts and values as exact integers.

use std::fmt;
use std::str::FromStr;

use crate::vocab::{Decimal, MoneyError};

/// A number of journeys in millionths. Grouped files may hold fractions of a conversion (shared or modelled ones); they
/// are kept as they are written, to six decimals, and never cut to whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u64);

impl Count {
    /// None.
    pub const ZERO: Count = Count(0);
    /// One.
    pub const ONE: Count = Count(1_000_000);

    /// How many decimals a count has.
    pub const DECIMALS: u8 = 6;

    /// So many millionths.
    pub fn from_millionths(millionths: u64) -> Count {
        Count(millionths)
    }

    /// So many whole ones; none where millionths of them leave 64 bits.
    pub fn whole(count: u64) -> Option<Count> {
        count.checked_mul(Count::ONE.0).map(Count)
    }

    /// A number as it is written; none where it is below zero, has more than six decimals, or leaves 64 bits.
    pub fn from_decimal(number: Decimal) -> Option<Count> {
        let places = Count::DECIMALS.checked_sub(number.scale())?;
        u64::try_from(number.units()).ok()?.checked_mul(10_u64.pow(u32::from(places))).map(Count)
    }

    /// The count in millionths.
    pub fn millionths(self) -> u64 {
        self.0
    }

    /// The count as a floating number, rightly rounded below 2^53 millionths.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Count::ONE.0 as f64
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / Count::ONE.0, self.0 % Count::ONE.0);
        write!(f, "{whole}")?;
        if rest > 0 {
            let digits = format!("{rest:06}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

impl FromStr for Count {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Count, MoneyError> {
        Count::from_decimal(text.parse()?).ok_or(MoneyError::TooManyDigits)
    }
}

/// What came of a row: how many journeys converted, what they were worth together, how many did not convert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Journeys that converted.
    pub conversions: Count,
    /// Their value, in units of the scale of the journeys (cents at 2).
    pub value: i64,
    /// Journeys that did not.
    pub nulls: Count,
}

impl Outcome {
    /// One journey that converted.
    #[inline]
    pub fn conversion(value: i64) -> Outcome {
        Outcome { conversions: Count::ONE, value, nulls: Count::ZERO }
    }

    /// One journey that did not.
    #[inline]
    pub fn nothing() -> Outcome {
        Outcome { conversions: Count::ZERO, value: 0, nulls: Count::ONE }
    }

    /// Journeys of both kinds in millionths, where 64 bits hold it.
    pub(super) fn mass(&self) -> Option<u64> {
        self.conversions.0.checked_add(self.nulls.0)
    }

    /// The part that converted.
    pub(super) fn converted(&self) -> Outcome {
        Outcome { nulls: Count::ZERO, ..*self }
    }

    /// Adds what is known to stay in range: the sums of [`Journeys`](super::Journeys) do.
    #[inline]
    pub(super) fn add(&mut self, other: &Outcome) {
        self.conversions.0 += other.conversions.0;
        self.value += other.value;
        self.nulls.0 += other.nulls.0;
    }

    pub(super) fn checked_add(&self, other: &Outcome) -> Option<Outcome> {
        Some(Outcome {
            conversions: Count(self.conversions.0.checked_add(other.conversions.0)?),
            value: self.value.checked_add(other.value)?,
            nulls: Count(self.nulls.0.checked_add(other.nulls.0)?),
        })
    }
}

/// A number in units of a scale, and whether it had to be rounded (half to even); none where it leaves 64 bits.
pub(super) fn round_to_scale(number: Decimal, scale: u8) -> Option<(i64, bool)> {
    let power = |places: u8| 10_i128.pow(u32::from(places));
    let units = i128::from(number.units());
    if number.scale() <= scale {
        let exact = units * power(scale - number.scale());
        return Some((i64::try_from(exact).ok()?, false));
    }
    let divisor = power(number.scale() - scale);
    let (floor, rest) = (units.div_euclid(divisor), units.rem_euclid(divisor));
    let up = rest * 2 > divisor || (rest * 2 == divisor && floor % 2 != 0);
    Some((i64::try_from(floor + i128::from(up)).ok()?, true))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn counts_keep_their_fractions() {
        for (text, shown) in [("0.5", "0.5"), ("3.0", "3"), ("1e3", "1000"), ("0.000001", "0.000001")] {
            assert_eq!(text.parse::<Count>().unwrap().to_string(), shown);
        }
        for bad in ["-1", "0.0000001", "NaN", "inf", "", "20000000000000"] {
            assert!(bad.parse::<Count>().is_err(), "{bad}");
        }
    }

    #[test]
    fn values_round_half_to_even_and_say_so() {
        for (text, units, rounded) in [
            ("1.5", 150, false),
            ("1.005", 100, true),
            ("1.015", 102, true),
            ("-1.005", -100, true),
            ("-1.0151", -102, true),
            ("0.0049999", 0, true),
        ] {
            assert_eq!(round_to_scale(text.parse().unwrap(), 2), Some((units, rounded)), "{text}");
        }
        assert_eq!(round_to_scale("1e17".parse().unwrap(), 3), None);
    }
}
