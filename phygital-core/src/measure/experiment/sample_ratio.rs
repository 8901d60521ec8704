//! Whether people came to the arms as they were to: an experiment that lost some on the way says nothing.

use thiserror::Error;

use crate::measure::numerics::chi_square_upper;

/// Below this probability the sample ratio is not what was planned.
pub const SAMPLE_RATIO_ALARM: f64 = 0.001;

/// The arms' sizes beside what was planned.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SampleRatio {
    /// How many were to be in each arm.
    pub expected: Vec<f64>,
    /// The sum of squared differences, each divided by what was expected.
    pub chi_square: f64,
    /// The probability of so large a sum by chance.
    pub p_value: f64,
}

impl SampleRatio {
    /// Whether it is below [`SAMPLE_RATIO_ALARM`]: find out why before you believe any figure.
    pub fn alarm(&self) -> bool {
        self.p_value < SAMPLE_RATIO_ALARM
    }
}

/// Why there is no ratio to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SampleRatioError {
    /// Fewer than two arms, or not a weight for each.
    #[error("expected a weight for each of at least two arms")]
    Arms,
    /// A weight that is not above zero.
    #[error("expected weights above zero")]
    Weights,
    /// Nobody at all.
    #[error("expected somebody in an arm")]
    Nobody,
}

/// Checks the sizes of arms against their weights, of any scale (70 and 30, or 0.7 and 0.3).
///
/// ```
/// use phygital_core::measure::experiment::sample_ratio;
/// assert!(!sample_ratio(&[2_831, 1_169], &[70.0, 30.0])?.alarm());
/// assert!(sample_ratio(&[2_831, 1_169], &[1.0, 1.0])?.alarm());
/// # Ok::<(), phygital_core::measure::experiment::SampleRatioError>(())
/// ```
///
/// # Errors
/// [`SampleRatioError`] where there is nothing to compare.
pub fn sample_ratio(counts: &[u64], weights: &[f64]) -> Result<SampleRatio, SampleRatioError> {
    if counts.len() < 2 || counts.len() != weights.len() {
        return Err(SampleRatioError::Arms);
    }
    let sum = weights.iter().sum::<f64>();
    if !weights.iter().all(|weight| *weight > 0.0) || !sum.is_finite() {
        return Err(SampleRatioError::Weights);
    }
    let all = counts.iter().map(|count| *count as f64).sum::<f64>();
    if all <= 0.0 {
        return Err(SampleRatioError::Nobody);
    }
    let expected = weights.iter().map(|weight| all * weight / sum).collect::<Vec<_>>();
    let part = |(count, expected): (&u64, &f64)| {
        let off = *count as f64 - expected;
        off * off / expected
    };
    let chi_square = counts.iter().zip(&expected).map(part).sum::<f64>();
    let p_value = chi_square_upper(chi_square, counts.len() as f64 - 1.0);
    Ok(SampleRatio { expected, chi_square, p_value })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_small_loss_among_many_is_noticed() {
        let even = [1.0; 2];
        assert!(!sample_ratio(&[500_000, 500_000], &even).unwrap().alarm());
        assert_eq!(sample_ratio(&[500_000, 500_000], &even).unwrap().p_value, 1.0);
        assert!(sample_ratio(&[500_000, 495_000], &even).unwrap().alarm());
        assert!(!sample_ratio(&[50, 45], &even).unwrap().alarm());
        assert!(sample_ratio(&[100, 0, 100], &[1.0; 3]).unwrap().alarm());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        assert_eq!(sample_ratio(&[1], &[1.0]), Err(SampleRatioError::Arms));
        assert_eq!(sample_ratio(&[1, 2], &[1.0]), Err(SampleRatioError::Arms));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(sample_ratio(&[1, 2], &[1.0, bad]), Err(SampleRatioError::Weights));
        }
        assert_eq!(sample_ratio(&[0, 0], &[1.0, 1.0]), Err(SampleRatioError::Nobody));
    }
}
