//! What repeat purchases were worth, in groups.

use super::codec::{EncodingError, Form, Reader, Writer};
use super::customers::{GroupError, added};
use super::summary::{Field, SummaryError};
use crate::vocab::limits::{MEAN_VALUE_LEAST, MEAN_VALUE_MAX, REPEATS_MAX};

/// Customers with at least one repeat purchase: how many, and their mean value, in any one unit of money. Grouped and in one
/// fixed order, as [`Customers`](super::Customers) are.
///
/// ```
/// use phygital_core::measure::value::{Spending, SpendingError};
/// let mut spending = Spending::gather();
/// spending.push(2, 22.35, 1)?;
/// assert_eq!(spending.push(1, 0.0, 1), Err(SpendingError::NotPositive));
/// assert_eq!(spending.finish().people(), 1);
/// # Ok::<(), SpendingError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spending {
    pub(super) repeats: Vec<u32>,
    pub(super) means: Vec<f64>,
    pub(super) weights: Vec<u64>,
    people: u64,
}

/// Spending as it comes, in any order.
#[derive(Clone, Debug, Default)]
pub struct GatherSpending {
    rows: Vec<(u32, u64, u64)>,
    people: u64,
}

/// Why a customer's spending could not be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpendingError {
    /// A mean value that is not above zero. What was refunded is no purchase; what was given away says nothing of what a
    /// customer spends.
    #[error("expected a mean value above 0 with repeat purchases")]
    NotPositive,
    /// A mean value that is next to nothing, or more than there is.
    #[error("expected a mean value from {MEAN_VALUE_LEAST:e} to {MEAN_VALUE_MAX:e}")]
    Range,
    /// No repeat purchase.
    #[error("expected at least one repeat purchase")]
    NoRepeat,
    /// A figure that cannot be.
    #[error(transparent)]
    Figure(#[from] SummaryError),
    /// Too many customers.
    #[error(transparent)]
    Group(#[from] GroupError),
}

impl GatherSpending {
    /// Takes in `weight` customers that are alike; none for 0.
    ///
    /// # Errors
    /// [`SpendingError`].
    pub fn push(&mut self, repeats: u32, mean: f64, weight: u64) -> Result<(), SpendingError> {
        match repeats {
            0 => return Err(SpendingError::NoRepeat),
            1..=REPEATS_MAX => {}
            _ => return Err(SummaryError::TooMany.into()),
        }
        if !mean.is_finite() {
            return Err(SummaryError::Number(Field::Mean).into());
        }
        if mean <= 0.0 {
            return Err(SpendingError::NotPositive);
        }
        if !(MEAN_VALUE_LEAST..=MEAN_VALUE_MAX).contains(&mean) {
            return Err(SpendingError::Range);
        }
        self.people = added(self.people, weight)?;
        if weight > 0 {
            self.rows.push((repeats, mean.to_bits(), weight));
        }
        Ok(())
    }

    /// Sorts and groups it.
    pub fn finish(mut self) -> Spending {
        self.rows.sort_unstable();
        let mut spending = Spending { people: self.people, ..Spending::default() };
        for (repeats, mean, weight) in self.rows {
            let last = spending.weights.len().wrapping_sub(1);
            if last != usize::MAX
                && (spending.repeats[last], spending.means[last].to_bits()) == (repeats, mean)
            {
                spending.weights[last] += weight;
            } else {
                spending.repeats.push(repeats);
                spending.means.push(f64::from_bits(mean));
                spending.weights.push(weight);
            }
        }
        spending
    }
}

impl Spending {
    /// A place to put it, customer by customer.
    pub fn gather() -> GatherSpending {
        GatherSpending::default()
    }

    /// Adds that of other customers, in the same unit of money.
    ///
    /// # Errors
    /// [`GroupError::TooMany`]; nothing has changed then.
    pub fn merge(&mut self, other: &Spending) -> Result<(), GroupError> {
        let people = added(self.people, other.people)?;
        let mut rows = Vec::with_capacity(self.groups() + other.groups());
        for part in [&*self, other] {
            rows.extend(part.iter().map(|(repeats, mean, weight)| (repeats, mean.to_bits(), weight)));
        }
        *self = GatherSpending { rows, people }.finish();
        Ok(())
    }

    /// How many customers.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// How many different pairs of repeats and mean.
    pub fn groups(&self) -> usize {
        self.weights.len()
    }

    /// Repeats, mean value, and how many customers have them.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f64, u64)> {
        (0..self.groups()).map(|at| (self.repeats[at], self.means[at], self.weights[at]))
    }

    /// The correlation of how often and how much (Pearson), over customers. The Gamma-Gamma model takes them for
    /// independent: far from 0 it is the wrong model. `None` where one of them does not vary.
    pub fn correlation(&self) -> Option<f64> {
        let people = self.people as f64;
        let total = |of: &dyn Fn(f64, f64) -> f64| {
            self.iter().map(|(repeats, mean, weight)| weight as f64 * of(repeats.into(), mean)).sum::<f64>()
        };
        let (x, z) = (total(&|x, _| x) / people, total(&|_, z| z) / people);
        let (xx, zz) = (total(&|a, _| (a - x) * (a - x)), total(&|_, b| (b - z) * (b - z)));
        let both = total(&|a, b| (a - x) * (b - z));
        if xx > 0.0 && zz > 0.0 { Some((both / (xx.sqrt() * zz.sqrt())).clamp(-1.0, 1.0)) } else { None }
    }

    /// The bytes, the same for the same spending on every machine.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(Form::Spending, self.groups());
        for (repeats, mean, weight) in self.iter() {
            writer.number(repeats.into());
            writer.float(mean);
            writer.number(weight);
        }
        writer.finish()
    }

    /// Reads what [`Spending::encode`] wrote.
    ///
    /// # Errors
    /// [`EncodingError`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Spending, EncodingError> {
        let (mut reader, groups) = Reader::new(bytes, Form::Spending)?;
        let mut gather = Spending::gather();
        for _ in 0..groups {
            let repeats = u32::try_from(reader.number()?).map_err(|_| SummaryError::TooMany)?;
            let (mean, weight) = (reader.float()?, reader.number()?);
            gather.push(repeats, mean, weight).map_err(|_| EncodingError::Form)?;
            let [.., one, other] = &gather.rows[..] else { continue };
            if (one.0, one.1) >= (other.0, other.1) {
                return Err(EncodingError::Form);
            }
        }
        reader.finish()?;
        match gather.rows.len() as u64 == groups {
            true => Ok(gather.finish()),
            false => Err(EncodingError::Form), // a group of nobody
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn grouped(rows: &[(u32, u16, u64)]) -> Spending {
        let mut gather = Spending::gather();
        rows.iter().for_each(|(x, z, weight)| gather.push(*x, f64::from(*z) / 100.0, *weight).unwrap());
        gather.finish()
    }

    proptest! {
        #[test]
        fn order_and_split_change_nothing(
            rows in prop::collection::vec((1..4_u32, 1..9_u16, 0..5_u64), 0..30), at in 0..30_usize,
        ) {
            let whole = grouped(&rows);
            let (one, other) = rows.split_at(at.min(rows.len()));
            let mut merged = grouped(other);
            merged.merge(&grouped(one)).unwrap();
            prop_assert_eq!(merged.encode(), whole.encode());
            prop_assert_eq!(Spending::decode(&whole.encode()).unwrap(), whole);
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut gather = Spending::gather();
        assert_eq!(gather.push(0, 1.0, 1), Err(SpendingError::NoRepeat));
        assert_eq!(gather.push(1, -0.5, 1), Err(SpendingError::NotPositive));
        assert_eq!(gather.push(1, f64::NAN, 1), Err(SummaryError::Number(Field::Mean).into()));
        assert_eq!(gather.push(REPEATS_MAX + 1, 1.0, 1), Err(SummaryError::TooMany.into()));
        assert_eq!(gather.push(1, 0.99 * MEAN_VALUE_LEAST, 1), Err(SpendingError::Range));
        assert_eq!(gather.push(1, 1.01 * MEAN_VALUE_MAX, 1), Err(SpendingError::Range));
        gather.push(REPEATS_MAX, MEAN_VALUE_MAX, 1).unwrap();
        gather.push(1, MEAN_VALUE_LEAST, 1).unwrap();
    }

    #[test]
    fn correlation_of_a_line_is_one() {
        let line = grouped(&[(1, 100, 2), (2, 200, 1), (3, 300, 5)]);
        assert!((line.correlation().unwrap() - 1.0).abs() < 1e-15);
        assert_eq!(grouped(&[(1, 100, 2), (1, 200, 1)]).correlation(), None);
    }
}
