//! What a customer will bring, in money of today.

use thiserror::Error;

use crate::vocab::limits::OUTLOOK_STEPS_MAX;

/// How far one looks, and what later money is worth now.
///
/// The value of a customer is the sum over steps k = 1, 2, ... of (expected purchases within step k) times (expected value of
/// one) times margin / (1 + discount)^k. Discounting compounds once a step, and what comes within a step counts at its end.
///
/// ```
/// use phygital_core::measure::value::{BgNbd, Outlook, Summary};
/// let model = BgNbd::new(0.243, 4.414, 0.793, 2.426)?; // weeks
/// let customer = Summary::new(2, 30.43, 38.86)?;
/// // Thirteen steps of four weeks; a third of each sale stays; ten per cent a year.
/// let outlook = Outlook::new(13, 4.0)?.margin(0.33)?.discount(0.1, 52.0)?;
/// let to_come = outlook.residual(|ahead| model.expected(&customer, ahead), 24.66);
/// assert!((to_come - 12.10).abs() < 0.01, "{to_come}");
/// assert_eq!(outlook.total(to_come, 67.0), to_come + 0.33 * 67.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    steps: u32,
    step: f64,
    margin: f64,
    /// The logarithm of 1 + discount of a step.
    discount: f64,
}

/// Why an outlook cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OutlookError {
    /// No steps, too many of them, or of no length.
    #[error("expected 1 to {OUTLOOK_STEPS_MAX} steps, each longer than 0")]
    Steps,
    /// A margin that is no share.
    #[error("expected a margin from 0 to 1")]
    Margin,
    /// A discount below zero, or over no time.
    #[error("expected a discount not below 0, over a time longer than 0")]
    Discount,
}

impl Outlook {
    /// So many steps of so much time, in the model's unit; all that is paid counts, now as later.
    ///
    /// # Errors
    /// [`OutlookError::Steps`].
    pub fn new(steps: u32, step: f64) -> Result<Outlook, OutlookError> {
        let fits =
            (1..=OUTLOOK_STEPS_MAX).contains(&steps) && step > 0.0 && (step * f64::from(steps)).is_finite();
        if fits { Ok(Outlook { steps, step, margin: 1.0, discount: 0.0 }) } else { Err(OutlookError::Steps) }
    }

    /// Counts this share of what is paid, 0 to 1.
    ///
    /// # Errors
    /// [`OutlookError::Margin`].
    pub fn margin(self, margin: f64) -> Result<Outlook, OutlookError> {
        if (0.0..=1.0).contains(&margin) { Ok(Outlook { margin, ..self }) } else { Err(OutlookError::Margin) }
    }

    /// Discounts by the effective `rate` over `time`, such as 0.1 over the 52 weeks of a year; a step has the rate that
    /// compounds to it.
    ///
    /// # Errors
    /// [`OutlookError::Discount`].
    pub fn discount(self, rate: f64, time: f64) -> Result<Outlook, OutlookError> {
        let discount = libm::log1p(rate) * (self.step / time);
        match rate >= 0.0 && time > 0.0 && discount.is_finite() {
            true => Ok(Outlook { discount, ..self }),
            false => Err(OutlookError::Discount),
        }
    }

    /// In how many steps.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// How far it goes.
    pub fn horizon(&self) -> f64 {
        f64::from(self.steps) * self.step
    }

    /// What the customer will still bring: `expected` gives the purchases within so much time from now, `value` is what one
    /// is expected to be worth.
    pub fn residual(&self, expected: impl Fn(f64) -> f64, value: f64) -> f64 {
        let (mut sum, mut before) = (0.0, 0.0);
        for step in 1..=self.steps {
            let until = expected(f64::from(step) * self.step);
            // They only grow; where rounding says otherwise, nothing is added.
            sum += f64::max(until - before, 0.0) * libm::exp(-self.discount * f64::from(step));
            before = until;
        }
        sum * value * self.margin
    }

    /// The same with what the customer has `spent` already, which is not discounted.
    pub fn total(&self, residual: f64, spent: f64) -> f64 {
        residual + self.margin * spent
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_outlook_is_refused() {
        assert_eq!(Outlook::new(0, 1.0), Err(OutlookError::Steps));
        assert!(Outlook::new(OUTLOOK_STEPS_MAX, 1.0).is_ok());
        assert_eq!(Outlook::new(OUTLOOK_STEPS_MAX + 1, 1.0), Err(OutlookError::Steps));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Outlook::new(1, bad), Err(OutlookError::Steps));
        }
        let one = Outlook::new(1, 1.0).unwrap();
        assert_eq!(one.margin(1.1), Err(OutlookError::Margin));
        assert_eq!(one.margin(f64::NAN), Err(OutlookError::Margin));
        assert_eq!(one.discount(-0.1, 1.0), Err(OutlookError::Discount));
        assert_eq!(one.discount(0.1, 0.0), Err(OutlookError::Discount));
    }

    #[test]
    fn a_purchase_a_step_is_a_geometric_series() {
        let outlook = Outlook::new(24, 0.5).unwrap().margin(0.25).unwrap().discount(0.21, 1.0).unwrap();
        let found = outlook.residual(|ahead| 2.0 * ahead, 8.0);
        // Ten per cent a step, since 1.1² = 1.21.
        let known = 2.0 * (0..24).fold(0.0, |sum, _| (sum + 1.0) / 1.1);
        assert!((found - known).abs() < 1e-12 * known, "{found} and {known}");
        assert_eq!(outlook.horizon(), 12.0);
    }
}
