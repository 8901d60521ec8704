//! Numbers of an answer, as decimals: exact ones keep every digit and sum to their total.

use std::fmt;

use phygital_core::attribution::Shares;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A number of conversions, or of money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Amount {
    /// So many units, of which each is `10^-decimals`.
    Exact { units: i64, decimals: u8 },
    /// Of money: all decimals of its currency are shown.
    Money { minor: i64, decimals: u8 },
    /// The worth of a game, or of a probability.
    Float(f64),
}

/// How many decimals credits have, where they need not be whole cents: figures of nine digits compare to the last one.
const DECIMALS: u8 = 12;

/// A total, in the units that it is shared out in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    units: i64,
    decimals: u8,
    money: bool,
}

/// A total in parts.
#[derive(Clone, Debug)]
pub(super) struct Parted {
    pub(super) parts: Vec<Amount>,
    pub(super) left: Amount,
}

impl Total {
    /// So many units, to be shared out with as many decimals as 64 bits hold, twelve at most.
    pub(super) fn fine(units: i64, decimals: u8) -> Total {
        let finer = (decimals..=DECIMALS).rev().find_map(|finer| {
            let times = 10_i64.pow(u32::from(finer - decimals));
            Some(Total { units: units.checked_mul(times)?, decimals: finer, money: false })
        });
        finer.unwrap_or(Total::exact(units, decimals))
    }

    /// So many units as they are.
    pub(super) fn exact(units: i64, decimals: u8) -> Total {
        Total { units, decimals, money: false }
    }

    /// So many minor units of a currency, to be shared out whole.
    pub(super) fn money(minor: i64, decimals: u8) -> Total {
        Total { units: minor, decimals, money: true }
    }

    pub(super) fn decimals(self) -> u8 {
        self.decimals
    }

    /// So many of its units.
    pub(super) fn amount(self, units: i64) -> Amount {
        match (self.money, self.decimals) {
            (true, decimals) => Amount::Money { minor: units, decimals },
            (false, decimals) => Amount::Exact { units, decimals },
        }
    }

    /// All of it.
    pub(super) fn all(self) -> Amount {
        self.amount(self.units)
    }

    /// So many units of another scale in its own; of more than 64 bits the nearest.
    fn units_of(self, units: i64, decimals: u8) -> i64 {
        units.saturating_mul(10_i64.pow(self.decimals.saturating_sub(decimals).into()))
    }

    /// Units of another scale by these shares, and what is left of the total; without shares that is all.
    pub(super) fn shares(self, units: i64, decimals: u8, shares: Option<&Shares>, count: usize) -> Parted {
        let credit = shares.map(|shares| shares.split(self.units_of(units, decimals)));
        self.parts(credit.as_ref().map_or(&vec![0; count], |credit| credit.credits()))
    }

    /// The parts as they are, and what they leave.
    pub(super) fn parts(self, parts: &[i64]) -> Parted {
        let left = parts.iter().fold(self.units, |left, part| left.saturating_sub(*part));
        Parted { parts: parts.iter().map(|part| self.amount(*part)).collect(), left: self.amount(left) }
    }
}

impl Amount {
    /// Whether it is nothing.
    pub(super) fn is_zero(self) -> bool {
        match self {
            Amount::Exact { units, .. } | Amount::Money { minor: units, .. } => units == 0,
            Amount::Float(number) => number == 0.0,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (units, decimals, money) = match *self {
            Amount::Exact { units, decimals } => (units, decimals, false),
            Amount::Money { minor, decimals } => (minor, decimals, true),
            Amount::Float(number) => return write!(f, "{number}"),
        };
        let sign = if units < 0 { "-" } else { "" };
        let one = 10_u64.pow(decimals.into());
        write!(f, "{sign}{}", units.unsigned_abs() / one)?;
        if decimals == 0 {
            return Ok(());
        }
        let digits = format!("{:0width$}", units.unsigned_abs() % one, width = decimals.into());
        let digits = if money { &digits } else { digits.trim_end_matches('0') };
        if digits.is_empty() { Ok(()) } else { write!(f, ".{digits}") }
    }
}

/// A number of JSON with every digit.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits() {
        for (amount, text) in [
            (Amount::Exact { units: 1_500_000, decimals: 6 }, "1.5"),
            (Amount::Exact { units: -1, decimals: 3 }, "-0.001"),
            (Amount::Exact { units: 1200, decimals: 2 }, "12"),
            (Amount::Money { minor: 1250, decimals: 2 }, "12.50"),
            (Amount::Money { minor: -5, decimals: 2 }, "-0.05"),
            (Amount::Money { minor: 12, decimals: 0 }, "12"),
            (Amount::Exact { units: i64::MIN, decimals: 18 }, "-9.223372036854775808"),
            (Amount::Float(1e-9), "0.000000001"),
        ] {
            assert_eq!(amount.to_string(), text);
            assert_eq!(serde_json::to_string(&amount).unwrap(), text);
        }
    }

    #[test]
    fn a_total_is_shared_out_whole() {
        let thirds = Shares::new(vec![1, 1, 1]).unwrap();
        let parted = Total::fine(1_500_000, 6).shares(1_000_000, 6, Some(&thirds), 3);
        let shown = parted.parts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown, ["0.333333333334", "0.333333333333", "0.333333333333"]);
        assert_eq!(parted.left.to_string(), "0.5");
        let parted = Total::money(100, 2).shares(100, 2, None, 2);
        assert!(parted.parts.iter().all(|part| part.is_zero()));
        assert_eq!(parted.left.to_string(), "1.00");
        // As fine as 64 bits allow.
        assert_eq!(Total::fine(i64::MAX / 10, 6).decimals(), 7);
        assert_eq!(Total::fine(i64::MAX, 17).decimals(), 17);
    }
}
