//! Two arms beside each other: the difference of their means, and by what part one exceeds the other.

use crate::measure::numerics::{normal_quantile, normal_two_sided};
use crate::measure::{Alpha, Estimate, Interval, Moments, Paired};

/// A mean (or ratio, or rate) of an arm, and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what comparisons need of an arm, and no more")]
pub struct Side {
    /// The mean.
    pub mean: f64,
    /// The variance of the mean: of the values divided by their number.
    pub variance: f64,
    /// Degrees of freedom of that variance.
    pub degrees: f64,
}

impl Side {
    /// The mean of values of people; none of fewer than two.
    pub fn of(values: &Moments) -> Option<Side> {
        let count = values.count() as f64;
        Some(Side { mean: values.mean()?, variance: values.variance()? / count, degrees: count - 1.0 })
    }

    /// A ratio of sums, such as value by order, of people who have many or no orders (x the denominator, y the numerator); its
    /// variance by the delta method. None of fewer than two people, or where the denominators do not sum above zero.
    pub fn ratio(pairs: &Paired) -> Option<Side> {
        let (x, y, count) = (pairs.x(), pairs.y(), pairs.count() as f64);
        if pairs.count() < 2 || x.sum() <= 0.0 {
            return None;
        }
        let ratio = y.sum() / x.sum();
        let residuals = y.squared_deviations() - 2.0 * ratio * pairs.co_deviations()
            + ratio * ratio * x.squared_deviations();
        let variance = residuals.max(0.0) / (count - 1.0) * count / (x.sum() * x.sum());
        Some(Side { mean: ratio, variance, degrees: count - 1.0 })
    }
}

/// The treated mean less the control's, by Welch's method: variances may differ.
pub fn difference(treated: &Side, control: &Side) -> Estimate {
    let variance = treated.variance + control.variance;
    let part = |side: &Side| side.variance * side.variance / side.degrees;
    let degrees = variance * variance / (part(treated) + part(control));
    Estimate { value: treated.mean - control.mean, standard_error: variance.sqrt(), degrees }
}

/// By what part the treated mean exceeds the control's: 0.1 for ten in a hundred more.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lift {
    /// The part.
    pub value: f64,
    /// Its standard error by the delta method.
    pub standard_error: f64,
    /// Its interval; none where the control's mean cannot be told from zero.
    pub interval: Option<Interval>,
    /// Whether the interval is Fieller's: the control's mean is less than ten standard errors from zero, where the delta
    /// method is too sure.
    pub fieller: bool,
}

/// Means at least so many standard errors above zero are far enough for the delta method.
const FAR: f64 = 10.0;

/// The lift of two independent means. None where the control's mean is not above zero.
pub fn lift(treated: &Side, control: &Side, alpha: Alpha) -> Option<Lift> {
    lift_with(treated, control, 0.0, alpha)
}

/// As [`lift`], of means with a covariance.
pub(super) fn lift_with(treated: &Side, control: &Side, covariance: f64, alpha: Alpha) -> Option<Lift> {
    if !(control.mean > 0.0 && control.mean.is_finite()) {
        return None;
    }
    let ratio = treated.mean / control.mean;
    let residual = treated.variance + ratio * ratio * control.variance - 2.0 * ratio * covariance;
    let standard_error = residual.max(0.0).sqrt() / control.mean;
    let z = -normal_quantile(alpha.get() / 2.0);
    let near = control.mean * control.mean < FAR * FAR * control.variance;
    let interval = if near {
        fieller(treated, control, covariance, z)
    } else {
        Some(Interval::around(ratio, z * standard_error)).filter(|_| standard_error > 0.0)
    };
    let interval = interval.map(|Interval { low, high }| Interval { low: low - 1.0, high: high - 1.0 });
    Some(Lift { value: ratio - 1.0, standard_error, interval, fieller: near })
}

/// All ratios r for which treated - r control is within z standard errors of zero, where they are one interval.
fn fieller(treated: &Side, control: &Side, covariance: f64, z: f64) -> Option<Interval> {
    let square = z * z;
    let a = control.mean * control.mean - square * control.variance;
    let half_b = treated.mean * control.mean - square * covariance;
    let c = treated.mean * treated.mean - square * treated.variance;
    let discriminant = half_b * half_b - a * c;
    if a <= 0.0 || discriminant <= 0.0 {
        return None;
    }
    let root = discriminant.sqrt();
    Some(Interval { low: (half_b - root) / a, high: (half_b + root) / a })
}

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    count: u64,
    of: u64,
}

impl Part {
    /// `count` of `of`; none where that is no part of anything.
    pub fn new(count: u64, of: u64) -> Option<Part> {
        (of > 0 && count <= of).then_some(Part { count, of })
    }

    /// As a number from 0 to 1.
    pub fn rate(self) -> f64 {
        self.count as f64 / self.of as f64
    }

    /// Wilson's interval (1927), which stays within 0 to 1 and is right for small numbers.
    pub fn wilson(self, alpha: Alpha) -> Interval {
        let (n, rate) = (self.of as f64, self.rate());
        let z = -normal_quantile(alpha.get() / 2.0);
        let square = z * z / n;
        let half = z * (rate * (1.0 - rate) / n + square / (4.0 * n)).sqrt();
        let end = |half: f64| (rate + square / 2.0 + half) / (1.0 + square);
        // At the ends the root is exactly what is added; rounding shall not leave the range.
        let low = if self.count == 0 { 0.0 } else { end(-half).max(0.0) };
        let high = if self.count == self.of { 1.0 } else { end(half).min(1.0) };
        Interval { low, high }
    }

    /// The rate as a mean of zeros and ones, its variance with n.
    pub fn side(self) -> Side {
        let (n, rate) = (self.of as f64, self.rate());
        Side { mean: rate, variance: rate * (1.0 - rate) / n, degrees: f64::INFINITY }
    }
}

/// Two rates beside each other.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateDifference {
    /// The treated rate less the control's.
    pub value: f64,
    /// Its standard error, each arm with its own rate.
    pub standard_error: f64,
    /// The difference in standard errors of one rate for both; none where all or nobody did it.
    pub z: Option<f64>,
    /// The probability of a difference as far from zero if there is none; none as for `z`.
    pub p_value: Option<f64>,
    /// The score interval (Mee 1984): it excludes zero exactly where `p_value` is below alpha.
    pub interval: Interval,
    /// How many more did it than would have at the control's rate.
    pub incremental: f64,
}

/// The difference of two rates.
pub fn rate_difference(treated: Part, control: Part, alpha: Alpha) -> RateDifference {
    let (n1, n0) = (treated.of as f64, control.of as f64);
    let value = treated.rate() - control.rate();
    let z = score(treated, control, 0.0);
    let critical = -normal_quantile(alpha.get() / 2.0);
    RateDifference {
        value,
        standard_error: (treated.side().variance + control.side().variance).sqrt(),
        z,
        p_value: z.map(normal_two_sided),
        interval: Interval {
            low: edge(treated, control, critical, (value, -1.0)),
            high: edge(treated, control, -critical, (value, 1.0)),
        },
        incremental: treated.count as f64 - n1 * control.count as f64 / n0,
    }
}

/// The difference less `delta` in standard errors, with the likeliest rates that differ by `delta`; none without spread.
fn score(treated: Part, control: Part, delta: f64) -> Option<f64> {
    let (n1, n0) = (treated.of as f64, control.of as f64);
    let low = likeliest(treated, control, delta);
    let high = (low + delta).clamp(0.0, 1.0);
    let variance = high * (1.0 - high) / n1 + low * (1.0 - low) / n0;
    Some((treated.rate() - control.rate() - delta) / variance.sqrt()).filter(|_| variance > 0.0)
}

/// The control's rate of greatest likelihood if the treated one exceeds it by `delta`: where the derivative is zero.
fn likeliest(treated: Part, control: Part, delta: f64) -> f64 {
    let (n1, n0) = (treated.of as f64, control.of as f64);
    let (c1, c0) = (treated.count as f64, control.count as f64);
    if delta == 0.0 {
        return (c1 + c0) / (n1 + n0);
    }
    // The derivative of the log likelihood falls from one end to the other.
    let part = |count: f64, at: f64| if count == 0.0 { 0.0 } else { count / at };
    let slope = |p: f64| {
        let q = p + delta;
        part(c1, q) - part(n1 - c1, 1.0 - q) + part(c0, p) - part(n0 - c0, 1.0 - p)
    };
    let (mut low, mut high) = ((-delta).max(0.0), (1.0 - delta).min(1.0));
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if slope(middle) > 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Between the difference and the end of what is possible, where the score is `target`.
fn edge(treated: Part, control: Part, target: f64, (inside, outside): (f64, f64)) -> f64 {
    let (mut inside, mut outside) = (inside, outside);
    for _ in 0..60 {
        let middle = f64::midpoint(inside, outside);
        // Without spread nothing but the difference itself is possible.
        let beyond = score(treated, control, middle).is_none_or(|score| score.abs() > target.abs());
        if beyond { outside = middle } else { inside = middle }
    }
    f64::midpoint(inside, outside)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_interval_of_rates_agrees_with_their_test(
            n1 in 2..400_u64, n0 in 2..400_u64, one in 0.0..1.0_f64, other in 0.0..1.0_f64,
        ) {
            let part = |n: u64, rate: f64| Part::new((rate * (n as f64 + 1.0)) as u64, n).unwrap();
            let found = rate_difference(part(n1, one), part(n0, other), Alpha::CUSTOMARY);
            prop_assert!(found.interval.contains(found.value) && found.interval.low >= -1.0 && found.interval.high <= 1.0);
            if let Some(p) = found.p_value {
                prop_assume!((p - 0.05).abs() > 1e-9);
                prop_assert_eq!(p < 0.05, !found.interval.contains(0.0));
            }
            // Who is called treated changes the sign alone.
            let mirror = rate_difference(part(n0, other), part(n1, one), Alpha::CUSTOMARY);
            prop_assert!((mirror.interval.low + found.interval.high).abs() < 1e-9);
        }
    }

    #[test]
    fn rates_at_their_ends() {
        assert_eq!((Part::new(1, 0), Part::new(3, 2)), (None, None));
        let (none, all) = (Part::new(0, 10).unwrap(), Part::new(10, 10).unwrap());
        let found = rate_difference(none, none, Alpha::CUSTOMARY);
        assert_eq!((found.p_value, found.value), (None, 0.0));
        assert!(found.interval.low < -0.2 && found.interval.high > 0.2);
        let found = rate_difference(all, none, Alpha::CUSTOMARY);
        assert!(found.p_value.unwrap() < 1e-4 && found.interval.low > 0.5 && found.interval.high > 0.999);
    }

    #[test]
    fn no_lift_over_nothing() {
        let side = |mean, variance| Side { mean, variance, degrees: 9.0 };
        let alpha = Alpha::CUSTOMARY;
        for control in [side(0.0, 1.0), side(-1.0, 0.1), side(f64::NAN, 0.1)] {
            assert_eq!(lift(&side(1.0, 1.0), &control, alpha), None);
        }
        // Two standard errors from zero is nearly nothing: Fieller's interval is wide; at one there is none.
        let near = lift(&side(1.2, 0.01), &side(1.0, 0.2), alpha).unwrap();
        assert!(near.fieller && near.interval.unwrap().high > 3.0);
        assert_eq!(lift(&side(1.2, 0.01), &side(1.0, 1.0), alpha).unwrap().interval, None);
        let far = lift(&side(1.2, 0.0001), &side(1.0, 0.0001), alpha).unwrap();
        assert!(!far.fieller && far.interval.unwrap().contains(0.2));
        // Far from zero both methods agree.
        let fieller = fieller(&side(1.2, 0.0001), &side(1.0, 0.0001), 0.0, 1.96).unwrap();
        assert!((fieller.low - 1.0 - far.interval.unwrap().low).abs() < 1e-3);
    }
}
