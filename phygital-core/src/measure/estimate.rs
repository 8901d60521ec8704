//! An estimate with its standard error, and the interval and probability that follow from them.

use thiserror::Error;

use super::numerics::{student_critical, student_two_sided};

/// How often an interval may miss what it estimates: 0.05 for intervals of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Alpha(f64);

/// Why a number is no [`Alpha`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a number of at least 0.000001 and below 1, such as 0.05")]
pub struct AlphaError;

impl Alpha {
    /// 0.05, as is custom.
    pub const CUSTOMARY: Alpha = Alpha(0.05);

    /// So often, from 10^-6 to below 1.
    ///
    /// # Errors
    /// [`AlphaError`] for any other number.
    pub fn new(alpha: f64) -> Result<Alpha, AlphaError> {
        if (1e-6..1.0).contains(&alpha) { Ok(Alpha(alpha)) } else { Err(AlphaError) }
    }

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// What is left for each of `count` statements if all together may fail as often (Bonferroni).
    #[must_use]
    pub fn shared_by(self, count: usize) -> Alpha {
        Alpha(self.0 / count.max(1) as f64)
    }
}

/// Two ends, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "two ends are an interval")]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether it holds a number.
    pub fn contains(&self, number: f64) -> bool {
        (self.low..=self.high).contains(&number)
    }

    pub(super) fn around(value: f64, half: f64) -> Interval {
        Interval { low: value - half, high: value + half }
    }
}

/// A figure and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what Student's interval is made of, and no more")]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its standard error, from 0.
    pub standard_error: f64,
    /// Degrees of freedom of the standard error; infinite where the normal distribution is used.
    pub degrees: f64,
}

impl Estimate {
    /// The figure in standard errors; none without spread, where it says nothing.
    pub fn statistic(&self) -> Option<f64> {
        Some(self.value / self.standard_error).filter(|_| self.is_sound())
    }

    /// The probability of a figure as far from zero, on either side, if the truth is zero.
    pub fn p_value(&self) -> Option<f64> {
        self.statistic().map(|statistic| student_two_sided(statistic, self.degrees))
    }

    /// The interval that holds the truth but for `alpha`; none without spread.
    pub fn interval(&self, alpha: Alpha) -> Option<Interval> {
        let half = || student_critical(alpha.0, self.degrees) * self.standard_error;
        self.is_sound().then(|| Interval::around(self.value, half()))
    }

    fn is_sound(&self) -> bool {
        self.standard_error > 0.0
            && self.standard_error.is_finite()
            && self.value.is_finite()
            && self.degrees > 0.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_alpha_is_a_part() {
        for bad in [0.0, 1.0, -0.1, 9e-7, f64::NAN, f64::INFINITY] {
            assert_eq!(Alpha::new(bad), Err(AlphaError));
        }
        assert_eq!(Alpha::new(1e-6).unwrap().get(), 1e-6);
        assert_eq!(Alpha::CUSTOMARY.shared_by(2).get(), 0.025);
    }

    #[test]
    fn no_spread_says_nothing() {
        for (standard_error, degrees) in
            [(0.0, 5.0), (f64::NAN, 5.0), (f64::INFINITY, 5.0), (1.0, 0.0), (0.0, f64::NAN)]
        {
            let estimate = Estimate { value: 1.0, standard_error, degrees };
            assert_eq!((estimate.p_value(), estimate.interval(Alpha::CUSTOMARY)), (None, None));
        }
        let estimate = Estimate { value: 12.706204736174694, standard_error: 1.0, degrees: 1.0 };
        assert!((estimate.p_value().unwrap() - 0.05).abs() < 1e-14);
        assert!(estimate.interval(Alpha::CUSTOMARY).unwrap().low.abs() < 1e-12);
    }
}
