//! How many people or shops it takes, and what can be seen with those that there are.

use thiserror::Error;

use crate::measure::Alpha;
use crate::measure::numerics::{normal_quantile, normal_upper, student_critical};

/// Why there is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PowerError {
    /// A rate that is none, or one that the effect would push out of range.
    #[error("expected rates between 0 and 1, with the effect too")]
    Rate,
    /// An effect of nothing.
    #[error("expected an effect other than zero")]
    Effect,
    /// A deviation that is not above zero.
    #[error("expected a standard deviation above zero")]
    Deviation,
    /// A power that is none.
    #[error("expected a power above 0.5 and below 1")]
    Power,
    /// People of a shop more alike than can be.
    #[error("expected an intra-cluster correlation from 0 to below 1, and clusters of at least one person")]
    Clusters,
    /// More people than there are.
    #[error("the effect is too small: it would take more than 10^15 people")]
    TooMany,
}

/// How sure a test shall be: how often it may see what is not there, and how often it shall see what is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sureness {
    alpha: Alpha,
    power: f64,
}

impl Sureness {
    /// Alpha on both sides together, and power above 0.5 and below 1 (0.8 is customary).
    ///
    /// # Errors
    /// [`PowerError::Power`].
    pub fn new(alpha: Alpha, power: f64) -> Result<Sureness, PowerError> {
        if power > 0.5 && power < 1.0 { Ok(Sureness { alpha, power }) } else { Err(PowerError::Power) }
    }

    fn z(self) -> (f64, f64) {
        (-normal_quantile(self.alpha.get() / 2.0), normal_quantile(self.power))
    }
}

/// People in each of two arms to tell a rate from one that is `lift` higher or lower, as a part of it: 0.1 for ten in a
/// hundred more.
///
/// ```
/// use phygital_core::measure::Alpha;
/// use phygital_core::measure::experiment::{Sureness, people_for_rates};
/// let sureness = Sureness::new(Alpha::CUSTOMARY, 0.8)?;
/// assert_eq!(people_for_rates(0.1, 0.1, sureness)?, 14_751);
/// # Ok::<(), phygital_core::measure::experiment::PowerError>(())
/// ```
///
/// # Errors
/// [`PowerError`] where there is no such rate or effect.
pub fn people_for_rates(rate: f64, lift: f64, sureness: Sureness) -> Result<u64, PowerError> {
    let other = rate * (1.0 + lift);
    let inside = |rate: f64| rate > 0.0 && rate < 1.0;
    if !inside(rate) || !inside(other) {
        return Err(PowerError::Rate);
    }
    let (z_alpha, z_power) = sureness.z();
    let (middle, spread) = (f64::midpoint(rate, other), |rate: f64| rate * (1.0 - rate));
    let root = z_alpha * (2.0 * spread(middle)).sqrt() + z_power * (spread(rate) + spread(other)).sqrt();
    whole(root / (other - rate))
}

/// People in each of two arms to see a difference of means, of values with this standard deviation.
///
/// # Errors
/// [`PowerError`] where there is no such deviation or effect.
pub fn people_for_means(deviation: f64, difference: f64, sureness: Sureness) -> Result<u64, PowerError> {
    if !(deviation > 0.0 && deviation.is_finite()) {
        return Err(PowerError::Deviation);
    }
    let (z_alpha, z_power) = sureness.z();
    whole((z_alpha + z_power) * deviation * std::f64::consts::SQRT_2 / difference)
}

/// The next whole number above a square.
fn whole(root: f64) -> Result<u64, PowerError> {
    if !root.is_finite() {
        return Err(PowerError::Effect);
    }
    let people = (root * root).ceil().max(2.0);
    if people > 1e15 { Err(PowerError::TooMany) } else { Ok(people as u64) }
}

/// How alike people of a cluster are, and how many it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterShape {
    size: f64,
    correlation: f64,
}

impl ClusterShape {
    /// People in a cluster on average, and their intra-cluster correlation.
    ///
    /// # Errors
    /// [`PowerError::Clusters`].
    pub fn new(size: f64, correlation: f64) -> Result<ClusterShape, PowerError> {
        let sound = size >= 1.0 && size.is_finite() && (0.0..1.0).contains(&correlation);
        if sound { Ok(ClusterShape { size, correlation }) } else { Err(PowerError::Clusters) }
    }

    /// How many people of clusters say as much as one drawn alone: the design effect.
    pub fn design_effect(self) -> f64 {
        1.0 + (self.size - 1.0) * self.correlation
    }

    /// Clusters in each arm where people drawn alone would be `people`, with what the t distribution of a few clusters adds.
    ///
    /// # Errors
    /// [`PowerError::TooMany`].
    pub fn clusters(self, people: u64, sureness: Sureness) -> Result<u64, PowerError> {
        let plain = people as f64 * self.design_effect() / self.size;
        if plain > 1e12 {
            return Err(PowerError::TooMany);
        }
        let (z_alpha, z_power) = sureness.z();
        let factor = |clusters: f64| {
            let t = student_critical(sureness.alpha.get(), 2.0 * (clusters - 1.0));
            let root = (t + z_power) / (z_alpha + z_power);
            root * root
        };
        // The fewer clusters, the more it takes: the first number that is enough is found going up.
        let mut clusters = plain.ceil().max(2.0);
        while clusters < plain * factor(clusters) {
            clusters += 1.0;
        }
        Ok(clusters as u64)
    }
}

/// How likely a test sees a difference of means of which the estimate has this standard error, with so many degrees of
/// freedom (infinite for many people).
///
/// # Errors
/// [`PowerError::Deviation`] without a standard error.
pub fn power(difference: f64, standard_error: f64, degrees: f64, alpha: Alpha) -> Result<f64, PowerError> {
    if !(standard_error > 0.0 && standard_error.is_finite() && degrees > 0.0) {
        return Err(PowerError::Deviation);
    }
    if !difference.is_finite() {
        return Err(PowerError::Effect);
    }
    let critical = student_critical(alpha.get(), degrees);
    let shift = difference.abs() / standard_error;
    Ok(normal_upper(critical - shift) + normal_upper(critical + shift))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn customary() -> Sureness {
        Sureness::new(Alpha::CUSTOMARY, 0.8).unwrap()
    }

    #[test]
    fn sizes_have_the_power_that_they_promise() {
        for (deviation, difference) in [(1.0, 0.1), (25.0, 2.0), (3.0, -0.05)] {
            let people = people_for_means(deviation, difference, customary()).unwrap();
            let error = |people: u64| deviation * (2.0 / people as f64).sqrt();
            let of = |people| power(difference, error(people), f64::INFINITY, Alpha::CUSTOMARY).unwrap();
            assert!(of(people) >= 0.8 - 1e-6 && of(people - 1) < 0.8 + 1e-6, "{people}");
        }
        assert!((power(0.0, 1.0, 5.0, Alpha::CUSTOMARY).unwrap() - 0.05).abs() < 0.05);
    }

    #[test]
    fn clusters_cost_more() {
        let people = people_for_means(25.0, 2.0, customary()).unwrap();
        assert_eq!(people, 2_453);
        let alone = ClusterShape::new(1.0, 0.0).unwrap();
        assert!(alone.clusters(people, customary()).unwrap() - people <= 2);
        let shops = ClusterShape::new(200.0, 0.05).unwrap();
        assert!((shops.design_effect() - 10.95).abs() < 1e-12);
        // 2,453 * 10.95 / 200 = 134.3, and one more for the t distribution.
        assert_eq!(shops.clusters(people, customary()).unwrap(), 136);
        // A few shops: far more than the normal distribution would promise (1.2).
        let few = shops.clusters(22, customary()).unwrap();
        assert!((3..=5).contains(&few), "{few}");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(Sureness::new(Alpha::CUSTOMARY, 1.0), Err(PowerError::Power));
        assert_eq!(Sureness::new(Alpha::CUSTOMARY, f64::NAN), Err(PowerError::Power));
        for (rate, lift) in [(0.0, 0.1), (1.0, -0.1), (0.9, 0.2), (f64::NAN, 0.1)] {
            assert_eq!(people_for_rates(rate, lift, customary()), Err(PowerError::Rate));
        }
        assert_eq!(people_for_rates(0.5, 0.0, customary()), Err(PowerError::Effect));
        assert_eq!(people_for_means(0.0, 1.0, customary()), Err(PowerError::Deviation));
        assert_eq!(people_for_means(1.0, 0.0, customary()), Err(PowerError::Effect));
        assert_eq!(people_for_means(1.0, 1e-9, customary()), Err(PowerError::TooMany));
        for (size, correlation) in [(0.5, 0.1), (10.0, 1.0), (10.0, -0.1), (f64::INFINITY, 0.1)] {
            assert_eq!(ClusterShape::new(size, correlation), Err(PowerError::Clusters));
        }
        assert_eq!(power(1.0, 0.0, 5.0, Alpha::CUSTOMARY), Err(PowerError::Deviation));
    }
}
