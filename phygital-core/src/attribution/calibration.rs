//! What tests found a channel to have caused, beside what it was credited with.

use std::collections::BTreeMap;

use thiserror::Error;

/// What one test found of a channel: incremental value by the value that was credited to it, over the same people and time.
///
/// A model shares out what happened; a test with people held out says what a channel caused. Where both looked at the same,
/// their ratio turns later credits into what the channel may have caused then, as long as it works as it did: such a figure
/// stands with the id of its test, and never without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calibration {
    test: Box<str>,
    incremental: i64,
    attributed: i64,
}

/// Why a calibration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// No id of a test.
    #[error("expected the id of a test")]
    NoTest,
    /// Nothing was credited: nothing to compare with.
    #[error("expected an attributed value above zero")]
    NoAttributed,
    /// A channel that has one already.
    #[error("the channel has a calibration already")]
    Twice,
}

/// The calibrations of channels, one each.
///
/// ```
/// use phygital_core::attribution::{Calibration, Calibrations};
/// let mut calibrations = Calibrations::default();
/// calibrations.add("search", Calibration::new("geo-7", 30_000, 50_000)?)?;
/// let search = calibrations.of("search").ok_or("none")?;
/// assert_eq!((search.test(), search.factor(), search.calibrated(1_001)), ("geo-7", 0.6, Some(601)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calibrations {
    channels: BTreeMap<Box<str>, Calibration>,
}

impl Calibration {
    /// What a test found: what the channel brought beyond what would have come anyway, which may be below zero, and what a
    /// model credited it with, both in units of one scale.
    ///
    /// # Errors
    /// [`CalibrationError::NoTest`], [`CalibrationError::NoAttributed`].
    pub fn new(test: &str, incremental: i64, attributed: i64) -> Result<Calibration, CalibrationError> {
        if test.is_empty() {
            return Err(CalibrationError::NoTest);
        }
        if attributed <= 0 {
            return Err(CalibrationError::NoAttributed);
        }
        Ok(Calibration { test: test.into(), incremental, attributed })
    }

    /// The id of the test.
    pub fn test(&self) -> &str {
        &self.test
    }

    /// Incremental by attributed.
    pub fn factor(&self) -> f64 {
        self.incremental as f64 / self.attributed as f64
    }

    /// A credited value times the factor, to the nearest unit, halves to the even one; none where it leaves 64 bits.
    pub fn calibrated(&self, value: i64) -> Option<i64> {
        let (of, by) = (i128::from(value) * i128::from(self.incremental), i128::from(self.attributed));
        let (whole, rest) = (of.div_euclid(by), of.rem_euclid(by));
        let up = rest * 2 > by || (rest * 2 == by && whole % 2 != 0);
        i64::try_from(whole + i128::from(up)).ok()
    }
}

impl Calibrations {
    /// The calibration of a channel.
    ///
    /// # Errors
    /// [`CalibrationError::Twice`] where it has one: of two tests one says which counts.
    pub fn add(&mut self, channel: &str, calibration: Calibration) -> Result<(), CalibrationError> {
        if self.channels.contains_key(channel) {
            return Err(CalibrationError::Twice);
        }
        self.channels.insert(channel.into(), calibration);
        Ok(())
    }

    /// That of a channel; none where no test is known.
    pub fn of(&self, channel: &str) -> Option<&Calibration> {
        self.channels.get(channel)
    }

    /// Whether no test is known.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_unit(value in -1_000_000..1_000_000_i64, incremental in -1_000_000..1_000_000_i64, attributed in 1..1_000_000_i64) {
            let found = Calibration::new("t", incremental, attributed).unwrap();
            let calibrated = found.calibrated(value).unwrap();
            // Twice the distance is at most one unit, in whole numbers.
            let off = 2 * (i128::from(calibrated) * i128::from(attributed) - i128::from(value) * i128::from(incremental));
            prop_assert!(off.abs() <= i128::from(attributed));
            let mirror = Calibration::new("t", -incremental, attributed).unwrap();
            prop_assert_eq!(mirror.calibrated(value).unwrap(), -calibrated);
        }
    }

    #[test]
    fn what_is_no_calibration_is_refused() {
        assert_eq!(Calibration::new("", 1, 1), Err(CalibrationError::NoTest));
        assert_eq!(Calibration::new("t", 1, 0), Err(CalibrationError::NoAttributed));
        let one = Calibration::new("t", 2, 1).unwrap();
        assert_eq!(one.calibrated(i64::MAX), None);
        let mut all = Calibrations::default();
        all.add("a", one.clone()).unwrap();
        assert_eq!(all.add("a", one), Err(CalibrationError::Twice));
        assert!(all.of("b").is_none() && !all.is_empty());
    }
}
