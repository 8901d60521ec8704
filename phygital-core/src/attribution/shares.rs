//! An order's money among its touches: exact shares, cents that sum to the order, differences for refunds.

use std::cmp::Reverse;

use thiserror::Error;

/// How much each touch of a path gets, as exact fractions: `parts[i] / total`.
///
/// ```
/// use phygital_core::attribution::Shares;
/// let thirds = Shares::new(vec![1, 1, 1])?;
/// assert_eq!(thirds.split(100).credits(), [34, 33, 33]);
/// assert_eq!(thirds.split(-100).credits(), [-34, -33, -33]);
/// // 40 of the 100 go back: the difference is posted, with the same weights.
/// assert_eq!(thirds.difference(100, 60)?.credits(), [-14, -13, -13]);
/// # Ok::<(), phygital_core::attribution::SharesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shares {
    parts: Vec<u64>,
    total: u128,
    /// Which touches have no place of their own, but a part of the rest; empty where that makes no difference.
    rest: Vec<bool>,
}

/// Why there are no shares, or no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SharesError {
    /// No touch, or none with a part above zero: the order is unattributed.
    #[error("no touch has a part above zero: the order is unattributed")]
    Nothing,
    /// Two totals so far apart that their difference leaves 64 bits.
    #[error("the difference of the totals leaves 64 bits")]
    Overflow,
}

/// Credits in minor units that sum to their total. There is no way to make one that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    total: i64,
    credits: Vec<i64>,
}

/// One, in the fixed point of weights: 2^60. A weight kept so is at most 2^-60 too low, never too high.
pub(super) const UNIT: u64 = 1 << 60;

impl Shares {
    /// Shares of these sizes beside each other.
    ///
    /// # Errors
    /// [`SharesError::Nothing`] where none is above zero.
    pub fn new(parts: Vec<u64>) -> Result<Shares, SharesError> {
        match parts.iter().map(|part| u128::from(*part)).sum() {
            0 => Err(SharesError::Nothing),
            total => Ok(Shares { parts, total, rest: Vec::new() }),
        }
    }

    /// Shares of touches with a place of their own and of others, which have a part of the rest.
    pub(super) fn with_rest(parts: Vec<u64>, rest: Vec<bool>) -> Result<Shares, SharesError> {
        Ok(Shares { rest, ..Shares::new(parts)? })
    }

    /// The numerators, one for each touch.
    pub fn parts(&self) -> &[u64] {
        &self.parts
    }

    /// The denominator of all: their sum.
    pub fn total(&self) -> u128 {
        self.total
    }

    /// Which touches have no place of their own; empty where that makes no difference.
    pub(super) fn rest(&self) -> &[bool] {
        &self.rest
    }

    /// A touch's share as a floating number.
    pub fn fraction(&self, touch: usize) -> f64 {
        self.parts.get(touch).map_or(0.0, |part| *part as f64 / self.total as f64)
    }

    /// The shares in units of 2^-60, each rounded down.
    pub(super) fn units(&self) -> impl Iterator<Item = u64> {
        let unit = |part: &u64| (u128::from(*part) * u128::from(UNIT)) / self.total;
        self.parts.iter().map(unit).map(|unit| u64::try_from(unit).expect("a part is at most the total"))
    }

    /// An amount in minor units by largest remainder: each touch gets its exact share rounded down, and what is left goes,
    /// one by one, to those that lost most; of equals the earlier one first. A negative amount mirrors the positive one.
    /// With rules of places and milestones, of equals those with a place of their own come before those between.
    ///
    /// The credits sum to the amount, and each is less than one unit from its exact share.
    pub fn split(&self, amount: i64) -> Credit {
        let size = u128::from(amount.unsigned_abs());
        let mut left = size;
        let mut sizes = Vec::with_capacity(self.parts.len());
        let mut remainders = Vec::with_capacity(self.parts.len());
        for (touch, part) in self.parts.iter().enumerate() {
            let product = size * u128::from(*part);
            sizes.push(product / self.total);
            remainders.push((product % self.total, touch));
            left -= product / self.total;
        }
        let after = |touch: usize| self.rest.get(touch).copied().unwrap_or(false);
        remainders.sort_by_key(|(remainder, touch)| (Reverse(*remainder), after(*touch), *touch));
        for (_, touch) in remainders.into_iter().take(usize::try_from(left).expect("less than the touches")) {
            sizes[touch] += 1;
        }
        let signed = |size: u128| {
            let size = i128::try_from(size).expect("64 bits");
            let credit = if amount < 0 { -size } else { size };
            i64::try_from(credit).expect("no more than the amount")
        };
        Credit::new(amount, sizes.into_iter().map(signed).collect())
    }

    /// What has to be posted when an order's net value becomes another: the new credits less the old ones. So refunds in
    /// any number and order end where one refund of them all ends, and a full one ends at zero everywhere.
    ///
    /// # Errors
    /// [`SharesError::Overflow`] where the totals are further apart than 64 bits.
    pub fn difference(&self, from: i64, to: i64) -> Result<Credit, SharesError> {
        let total = to.checked_sub(from).ok_or(SharesError::Overflow)?;
        let (old, new) = (self.split(from), self.split(to));
        let credits = new.credits.iter().zip(&old.credits).map(|(new, old)| new.checked_sub(*old));
        let credits = credits.collect::<Option<Vec<_>>>().ok_or(SharesError::Overflow)?;
        Ok(Credit::new(total, credits))
    }
}

impl Credit {
    fn new(total: i64, credits: Vec<i64>) -> Credit {
        let sum = credits.iter().map(|credit| i128::from(*credit)).sum::<i128>();
        assert!(sum == i128::from(total), "credits sum to their total");
        Credit { total, credits }
    }

    /// What the credits sum to.
    pub fn total(&self) -> i64 {
        self.total
    }

    /// One for each touch.
    pub fn credits(&self) -> &[i64] {
        &self.credits
    }
}

/// Fixed-point amounts, which fall short of a total by their rounding alone, as whole units that sum to it: each rounded down,
/// what is left to the largest remainders, of equals to the earlier one. A negative total mirrors the positive. The units
/// are so many times finer than those of the amounts and the total.
pub(super) fn whole_units(total: i128, exact: &[i128], unit: i128, finer: i128) -> Vec<i64> {
    let sign = if total < 0 { -1 } else { 1 };
    // In two parts: a whole product may leave 128 bits.
    let scaled = |exact: &i128| {
        let (whole, rest) = ((exact * sign).div_euclid(unit), (exact * sign).rem_euclid(unit) * finer);
        (whole * finer + rest / unit, rest % unit)
    };
    let (mut whole, remainders): (Vec<_>, Vec<_>) = exact.iter().map(scaled).unzip();
    let mut order = (0..exact.len()).collect::<Vec<_>>();
    order.sort_by_key(|at| (Reverse(remainders[*at]), *at));
    let left = total * sign * finer - whole.iter().sum::<i128>();
    // There is less than one for each, unless the amounts are not those of the total.
    let (each, rest) = match exact.len() as i128 {
        0 => (0, 0),
        count => (left.div_euclid(count), left.rem_euclid(count)),
    };
    for (place, at) in order.into_iter().enumerate() {
        whole[at] += each + i128::from((place as i128) < rest);
    }
    let narrow = |credit: i128| i64::try_from(credit).unwrap_or(if credit < 0 { i64::MIN } else { i64::MAX });
    whole.into_iter().map(|credit| narrow(credit * sign)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hands out one unit after the other, each to the touch that is furthest below its exact share.
    fn one_by_one(amount: i64, parts: &[u64]) -> Vec<i64> {
        let total = parts.iter().map(|part| i128::from(*part)).sum::<i128>();
        let exact = |touch: usize| i128::from(amount.unsigned_abs()) * i128::from(parts[touch]);
        let mut credits = parts.iter().enumerate().map(|(touch, _)| exact(touch) / total).collect::<Vec<_>>();
        for _ in credits.iter().sum::<i128>()..i128::from(amount.unsigned_abs()) {
            let mut best = 0;
            for touch in 1..parts.len() {
                if exact(touch) - credits[touch] * total > exact(best) - credits[best] * total {
                    best = touch;
                }
            }
            credits[best] += 1;
        }
        let sign = if amount < 0 { -1 } else { 1 };
        credits.into_iter().map(|credit| i64::try_from(credit * sign).unwrap()).collect()
    }

    fn parts() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec(prop_oneof![0..5_u64, any::<u32>().prop_map(u64::from)], 1..12)
            .prop_filter("some part", |parts| parts.iter().any(|part| *part > 0))
    }

    proptest! {
        #[test]
        fn as_one_by_one(parts in parts(), amount in -1_000_000..1_000_000_i64) {
            let credit = Shares::new(parts.clone()).unwrap().split(amount);
            prop_assert_eq!(credit.credits(), one_by_one(amount, &parts));
        }

        #[test]
        fn credits_sum_and_stay_near(parts in prop::collection::vec(any::<u64>(), 1..20), amount in any::<i64>()) {
            prop_assume!(parts.iter().any(|part| *part > 0));
            let shares = Shares::new(parts).unwrap();
            let credit = shares.split(amount);
            prop_assert_eq!(credit.credits().iter().map(|c| i128::from(*c)).sum::<i128>(), i128::from(amount));
            for (credit, part) in credit.credits().iter().zip(shares.parts()) {
                let floor = u128::from(amount.unsigned_abs()) * u128::from(*part) / shares.total();
                prop_assert!(u128::from(credit.unsigned_abs()).abs_diff(floor) <= 1);
            }
        }

        #[test]
        fn refunds_in_any_order_end_alike(
            parts in parts(), value in 0..100_000_i64, cuts in prop::collection::vec(0..100_000_i64, 0..6),
        ) {
            let shares = Shares::new(parts).unwrap();
            for end in [0, value / 3] {
                let mut posted = shares.split(value).credits().to_vec();
                let mut net = value;
                for next in cuts.iter().map(|cut| (*cut).min(value)).chain([end]) {
                    for (sum, credit) in posted.iter_mut().zip(shares.difference(net, next).unwrap().credits()) {
                        *sum += credit;
                    }
                    net = next;
                }
                let once = shares.split(end);
                prop_assert_eq!(&posted[..], once.credits());
                prop_assert!(end > 0 || posted.iter().all(|credit| *credit == 0));
            }
        }

        #[test]
        fn whole_units_sum(exact in prop::collection::vec(-9_999..9_999_i128, 1..9)) {
            let sum = exact.iter().sum::<i128>();
            prop_assume!(sum.rem_euclid(100) == 0 || sum > 0);
            // The total is what the fixed points were rounded down from.
            let total = if sum < 0 { sum / 100 } else { (sum + 99) / 100 };
            let whole = whole_units(total, &exact, 100, 1);
            prop_assert_eq!(whole.iter().map(|c| i128::from(*c)).sum::<i128>(), total);
            for (whole, exact) in whole.iter().zip(&exact) {
                prop_assert!((i128::from(*whole) * 100 - exact).abs() <= 100);
            }
        }
    }

    #[test]
    fn no_shares_without_a_part() {
        assert_eq!(Shares::new(vec![]), Err(SharesError::Nothing));
        assert_eq!(Shares::new(vec![0, 0]), Err(SharesError::Nothing));
        let one = Shares::new(vec![u64::MAX, u64::MAX]).unwrap();
        assert_eq!(
            one.split(i64::MIN).credits().iter().map(|c| i128::from(*c)).sum::<i128>(),
            i128::from(i64::MIN)
        );
        assert_eq!(one.difference(i64::MIN, 1), Err(SharesError::Overflow));
    }
}
