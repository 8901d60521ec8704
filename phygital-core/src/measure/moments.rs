//! Sums of values, of their squares and products: all that means, variances and slopes need, exact and mergeable.

use thiserror::Error;

use super::exact::{COUNT_MAX, SCALE, Wide, units};
use crate::vocab::Decimal;

/// Why two sums do not go together, or bytes are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MomentsError {
    /// More than 2^62 values.
    #[error("expected at most 2^62 values")]
    TooMany,
    /// Bytes that are no sums.
    #[error("expected sums as this version writes them")]
    Form,
}

/// Count, sum and sum of squares of one variable.
///
/// Parts summed apart and merged equal the whole, whatever the order and split; nothing is rounded before a mean or a
/// variance is asked for.
///
/// ```
/// use phygital_core::measure::Moments;
/// let mut moments = Moments::default();
/// for value in ["0.1", "0.2", "0.3"] {
///     moments.push(value.parse()?)?;
/// }
/// assert_eq!(moments.mean(), Some(0.2));
/// assert_eq!(moments.variance(), Some(0.01));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    count: u64,
    sum: Wide,
    squares: Wide,
    /// How many values are 1.
    ones: u64,
    /// How many values are neither 0 nor 1.
    others: u64,
}

const ONE: i128 = 1_000_000_000_000_000_000;

impl Moments {
    /// Adds a value.
    ///
    /// # Errors
    /// [`MomentsError::TooMany`] beyond 2^62 values.
    pub fn push(&mut self, value: Decimal) -> Result<(), MomentsError> {
        self.push_units(units(value))
    }

    /// Adds a whole number, below 10^18 either way.
    pub(super) fn push_whole(&mut self, value: i64) -> Result<(), MomentsError> {
        self.push_units(i128::from(value) * ONE)
    }

    fn push_units(&mut self, value: i128) -> Result<(), MomentsError> {
        if self.count >= COUNT_MAX {
            return Err(MomentsError::TooMany);
        }
        self.count += 1;
        self.sum = self.sum.plus(Wide::of(value));
        self.squares = self.squares.plus(Wide::product(value, value));
        self.ones += u64::from(value == ONE);
        self.others += u64::from(value != 0 && value != ONE);
        Ok(())
    }

    /// Adds the values that others saw.
    ///
    /// # Errors
    /// [`MomentsError::TooMany`] beyond 2^62 values; nothing is changed then.
    pub fn merge(&mut self, other: &Moments) -> Result<(), MomentsError> {
        let count = self.count.checked_add(other.count).filter(|count| *count <= COUNT_MAX);
        self.count = count.ok_or(MomentsError::TooMany)?;
        self.sum = self.sum.plus(other.sum);
        self.squares = self.squares.plus(other.squares);
        self.ones += other.ones;
        self.others += other.others;
        Ok(())
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, the nearest floating number.
    pub fn sum(&self) -> f64 {
        self.sum.to_f64() / SCALE
    }

    /// Their mean; none of no value.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum.to_f64() / self.count as f64 / SCALE)
    }

    /// The sum of squared distances from the mean: exact up to its last rounding, so that equal values give zero.
    pub fn squared_deviations(&self) -> f64 {
        centred(self.count, self.squares, self.sum, self.sum)
    }

    /// The variance with n - 1; none of fewer than two values.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squared_deviations() / (self.count - 1) as f64)
    }

    /// How many values are 1, where all are 0 or 1.
    pub fn ones(&self) -> Option<u64> {
        (self.others == 0).then_some(self.ones)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        Wide::of(self.count.into()).write(out);
        self.sum.write(out);
        self.squares.write(out);
        Wide::of(self.ones.into()).write(out);
        Wide::of(self.others.into()).write(out);
    }

    pub(super) fn read(bytes: &[u8]) -> Option<(Moments, &[u8])> {
        let (count, bytes) = read_count(bytes)?;
        let (sum, bytes) = Wide::read(bytes)?;
        let (squares, bytes) = Wide::read(bytes)?;
        let (ones, bytes) = read_count(bytes)?;
        let (others, bytes) = read_count(bytes)?;
        let moments = Moments { count, sum, squares, ones, others };
        let whole = Wide::product(ones.into(), ONE);
        let plain = others > 0 || (sum == whole && squares == whole.times(Wide::of(ONE)));
        let fits = ones.checked_add(others).is_some_and(|some| some <= count);
        (fits && plain && possible(count, sum, squares)).then_some((moments, bytes))
    }
}

/// Counts, sums, squares and products of two variables of the same people.
///
/// As a covariate x (what was known before) and a metric y, or as a denominator x and a numerator y.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paired {
    x: Moments,
    y: Moments,
    products: Wide,
}

impl Paired {
    /// Adds a pair.
    ///
    /// # Errors
    /// [`MomentsError::TooMany`] beyond 2^62 pairs.
    pub fn push(&mut self, x: Decimal, y: Decimal) -> Result<(), MomentsError> {
        self.x.push(x)?;
        self.y.push(y)?;
        self.products = self.products.plus(Wide::product(units(x), units(y)));
        Ok(())
    }

    /// Adds the pairs that others saw.
    ///
    /// # Errors
    /// [`MomentsError::TooMany`] beyond 2^62 pairs; nothing is changed then.
    pub fn merge(&mut self, other: &Paired) -> Result<(), MomentsError> {
        self.x.merge(&other.x)?;
        self.y.merge(&other.y)?;
        self.products = self.products.plus(other.products);
        Ok(())
    }

    /// The first of the pairs.
    pub fn x(&self) -> &Moments {
        &self.x
    }

    /// The second of the pairs.
    pub fn y(&self) -> &Moments {
        &self.y
    }

    /// How many pairs.
    pub fn count(&self) -> u64 {
        self.x.count
    }

    /// The sum of the products of their distances from the means.
    pub fn co_deviations(&self) -> f64 {
        centred(self.x.count, self.products, self.x.sum, self.y.sum)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.x.write(out);
        self.y.write(out);
        self.products.write(out);
    }

    pub(super) fn read(bytes: &[u8]) -> Option<(Paired, &[u8])> {
        let (x, bytes) = Moments::read(bytes)?;
        let (y, bytes) = Moments::read(bytes)?;
        let (products, bytes) = Wide::read(bytes)?;
        // |2xy| <= x² + y², so that the products too stay in their range.
        let twice = products.plus(products);
        let bound = x.squares.plus(y.squares);
        let fits = products.bits() <= 303 && twice <= bound && twice.negated() <= bound;
        (x.count == y.count && fits).then_some((Paired { x, y, products }, bytes))
    }
}

fn read_count(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (count, bytes) = Wide::read(bytes)?;
    Some((count.to_u64().filter(|count| *count <= COUNT_MAX)?, bytes))
}

/// Whether values can have such sums: none is 10^18 or more, and squares are no less than the mean's.
fn possible(count: u64, sum: Wide, squares: Wide) -> bool {
    let limit = Wide::of(10_i128.pow(36)).times(Wide::of(count.into()));
    let in_range = sum <= limit && sum.negated() <= limit && !squares.is_negative();
    in_range && squares.bits() <= 303 && squares.times(Wide::of(count.into())) >= sum.times(sum)
}

/// (count * products - one * other) / count, in units of the values.
fn centred(count: u64, products: Wide, one: Wide, other: Wide) -> f64 {
    if count == 0 {
        return 0.0;
    }
    let times_count = products.times(Wide::of(count.into())).minus(one.times(other));
    times_count.to_f64() / count as f64 / SCALE / SCALE
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(units: i64, scale: u8) -> Decimal {
        format!("{units}e-{scale}").parse().unwrap()
    }

    fn pairs() -> impl Strategy<Value = Vec<(i64, i64)>> {
        prop::collection::vec((-100_000..100_000_i64, -5_000..90_000_i64), 2..40)
    }

    fn paired(pairs: &[(i64, i64)]) -> Paired {
        let mut paired = Paired::default();
        for (x, y) in pairs {
            paired.push(decimal(*x, 2), decimal(*y, 3)).unwrap();
        }
        paired
    }

    proptest! {
        #[test]
        fn as_in_two_passes(pairs in pairs()) {
            let found = paired(&pairs);
            let values = pairs.iter().map(|(x, y)| (*x as f64 / 100.0, *y as f64 / 1_000.0)).collect::<Vec<_>>();
            let n = values.len() as f64;
            let mean_x = values.iter().map(|(x, _)| x).sum::<f64>() / n;
            let mean_y = values.iter().map(|(_, y)| y).sum::<f64>() / n;
            let xx = values.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum::<f64>();
            let xy = values.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>();
            let near = |one: f64, other: f64, size: f64| (one - other).abs() <= 1e-12 * size.max(1.0);
            prop_assert!(near(found.x().mean().unwrap(), mean_x, 1_000.0));
            prop_assert!(near(found.y().mean().unwrap(), mean_y, 1_000.0));
            prop_assert!(near(found.x().squared_deviations(), xx, xx));
            prop_assert!(near(found.co_deviations(), xy, xx * 10.0));
        }

        #[test]
        fn order_and_split_change_nothing(pairs in pairs(), cut in any::<prop::sample::Index>(), seed in any::<u64>()) {
            let whole = paired(&pairs);
            let mut shuffled = pairs.clone();
            shuffled.sort_by_key(|(x, y)| (x ^ y ^ seed.cast_signed()).wrapping_mul(0x5851_F42D_4C95_7F2D));
            let (front, back) = shuffled.split_at(cut.index(pairs.len()));
            let mut merged = paired(back);
            merged.merge(&paired(front)).unwrap();
            prop_assert_eq!(merged, whole);
            let mut bytes = Vec::new();
            whole.write(&mut bytes);
            prop_assert_eq!(Paired::read(&bytes), Some((whole, &[][..])));
        }
    }

    #[test]
    fn equal_values_have_no_variance() {
        let mut moments = Moments::default();
        for _ in 0..1_000 {
            moments.push("123456789.123456789".parse().unwrap()).unwrap();
        }
        assert_eq!(moments.variance(), Some(0.0));
        assert_eq!(moments.ones(), None);
    }

    #[test]
    fn large_values_keep_small_differences() {
        let mut moments = Moments::default();
        for value in ["100000000000000001", "100000000000000002", "100000000000000003"] {
            moments.push(value.parse().unwrap()).unwrap();
        }
        assert_eq!(moments.variance(), Some(1.0));
        let mut extreme = Moments { count: COUNT_MAX, ..Moments::default() };
        assert_eq!(extreme.push("1".parse().unwrap()), Err(MomentsError::TooMany));
        assert_eq!(extreme.merge(&moments), Err(MomentsError::TooMany));
        assert_eq!(extreme.count(), COUNT_MAX);
    }

    #[test]
    fn ones_among_zeros() {
        let mut moments = Moments::default();
        for value in ["0", "1", "1.0", "0"] {
            moments.push(value.parse().unwrap()).unwrap();
        }
        assert_eq!(moments.ones(), Some(2));
        assert_eq!((Moments::default().ones(), Moments::default().mean()), (Some(0), None));
        moments.push("0.5".parse().unwrap()).unwrap();
        assert_eq!(moments.ones(), None);
    }

    #[test]
    fn what_no_values_give_is_refused() {
        let mut moments = Moments::default();
        moments.push("3".parse().unwrap()).unwrap();
        let forged = [
            Moments { squares: Wide::of(1), ..moments },
            Moments { count: 0, ..moments },
            Moments { others: 0, ..moments },
            Moments { ones: 1, ..moments },
            Moments { others: 2, ..moments },
        ];
        for forged in forged {
            let mut bytes = Vec::new();
            forged.write(&mut bytes);
            assert_eq!(Moments::read(&bytes), None, "{forged:?}");
        }
    }
}
