//! CUPED (Deng, Xu, Kohavi, Walker 2013): what was known of people before explains a part of what they did since, and is taken
//! out of the difference.

use super::compare::{Lift, Side, difference, lift_with};
use crate::measure::{Alpha, Estimate, Moments, MomentsError, Paired};
use crate::vocab::Decimal;

/// A metric of people, beside the same or another figure from before the experiment, which some may not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covaried {
    pub(super) present: Paired,
    pub(super) missing: Moments,
}

impl Covaried {
    /// Adds a person: what was known before, if anything, and the metric.
    ///
    /// # Errors
    /// [`MomentsError::TooMany`].
    pub fn push(&mut self, before: Option<Decimal>, value: Decimal) -> Result<(), MomentsError> {
        match before {
            Some(before) => self.present.push(before, value),
            None => self.missing.push(value),
        }
    }

    /// Adds the people that others saw.
    ///
    /// # Errors
    /// [`MomentsError::TooMany`].
    pub fn merge(&mut self, other: &Covaried) -> Result<(), MomentsError> {
        let mut both = *self;
        both.present.merge(&other.present)?;
        both.missing.merge(&other.missing)?;
        // Together they have to be countable too.
        both.values()?;
        *self = both;
        Ok(())
    }

    /// The metric alone, of all.
    ///
    /// # Errors
    /// [`MomentsError::TooMany`].
    pub fn values(&self) -> Result<Moments, MomentsError> {
        let mut all = *self.present.y();
        all.merge(&self.missing)?;
        Ok(all)
    }

    /// How many people were not known before.
    pub fn missing(&self) -> u64 {
        self.missing.count()
    }
}

/// The difference that is left when what was known before is taken out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cuped {
    /// What one more before was worth since: the slope over both arms.
    pub theta: f64,
    /// The squared correlation of before and since, of those who have both.
    pub explained: f64,
    /// The adjusted mean of the treated.
    pub treated: f64,
    /// The adjusted mean of the control.
    pub control: f64,
    /// The adjusted difference.
    pub difference: Estimate,
    /// The lift over the adjusted mean of the control. Its interval knows that both means were moved by the same estimate of
    /// the mean before.
    pub lift: Option<Lift>,
    /// The variance of the difference beside that without adjustment.
    pub variance_ratio: f64,
    /// How many of both arms were not known before. They have an indicator of their own, never a zero.
    pub missing: u64,
}

/// What is left of a figure of an arm: c y - slope (x - mean x) - step [x missing], its mean and variance.
struct Residual<'a> {
    arm: &'a Covaried,
    /// The mean of x over both arms.
    centre: f64,
}

impl Residual<'_> {
    fn counts(&self) -> (f64, f64) {
        (self.arm.present.count() as f64, self.arm.missing.count() as f64)
    }

    fn mean_known(&self, c: f64, slope: f64) -> f64 {
        let mean = |moments: &Moments| moments.mean().unwrap_or(0.0);
        let (x, y) = (self.arm.present.x(), self.arm.present.y());
        if x.count() == 0 { 0.0 } else { c * mean(y) - slope * (mean(x) - self.centre) }
    }

    fn mean_missing(&self, c: f64, step: f64) -> f64 {
        self.arm.missing.mean().map_or(0.0, |mean| c * mean - step)
    }

    fn mean(&self, slope: f64, step: f64) -> f64 {
        let (known, missing) = self.counts();
        (known * self.mean_known(1.0, slope) + missing * self.mean_missing(1.0, step)) / (known + missing)
    }

    /// The variance of the mean.
    fn variance(&self, c: f64, slope: f64, step: f64) -> f64 {
        let pairs = &self.arm.present;
        let (known, missing) = self.counts();
        let count = known + missing;
        let within_known = c * c * pairs.y().squared_deviations() - 2.0 * c * slope * pairs.co_deviations()
            + slope * slope * pairs.x().squared_deviations();
        let within_missing = c * c * self.arm.missing.squared_deviations();
        let between = self.mean_known(c, slope) - self.mean_missing(c, step);
        let between = known * missing / count * between * between;
        // Where x explains all of y, rounding may leave less than nothing.
        (within_known.max(0.0) + within_missing + between) / (count - 1.0) / count
    }
}

/// The adjusted difference and lift. None where an arm has fewer than two people, or where nothing was known before that
/// could tell people apart.
pub fn cuped(treated: &Covaried, control: &Covaried, alpha: Alpha) -> Option<Cuped> {
    let mut pooled = *treated;
    pooled.merge(control).ok()?;
    let values = [treated, control].map(|arm| arm.values().ok());
    let [Some(treated_values), Some(control_values)] = values else { return None };
    let plain = difference(&Side::of(&treated_values)?, &Side::of(&control_values)?);
    let before = pooled.present.x().squared_deviations();
    if before <= 0.0 {
        return None;
    }
    let since = pooled.present.y().squared_deviations();
    let co = pooled.present.co_deviations();
    let theta = co / before;
    let step = match (pooled.missing.mean(), pooled.present.y().mean()) {
        (Some(missing), Some(known)) => missing - known,
        _ => 0.0,
    };
    let centre = pooled.present.x().mean()?;
    let count = |arm: &Moments| arm.count() as f64;
    let all = count(&treated_values) + count(&control_values);
    let part = [count(&treated_values) / all, count(&control_values) / all];
    let shift = step * pooled.missing.count() as f64 / all;
    let [one, other] = [treated, control].map(|arm| Residual { arm, centre });
    let variance = |of_one: (f64, f64), of_other: (f64, f64)| {
        one.variance(of_one.0, of_one.1 * theta, of_one.1 * step)
            + other.variance(of_other.0, of_other.1 * theta, of_other.1 * step)
    };
    let side = |residual: &Residual<'_>, values: &Moments| Side {
        mean: residual.mean(theta, step) + shift,
        variance: residual.variance(1.0, theta, step),
        degrees: count(values) - 1.0,
    };
    let (treated_side, control_side) = (side(&one, &treated_values), side(&other, &control_values));
    let adjusted = difference(&treated_side, &control_side);
    // Each adjusted mean by itself also holds the error of the mean before over both arms, which the difference does not.
    let treated_alone = variance((1.0, part[1]), (0.0, part[1]));
    let control_alone = variance((0.0, part[0]), (1.0, part[0]));
    let between = adjusted.standard_error * adjusted.standard_error;
    let covariance = (treated_alone + control_alone - between) / 2.0;
    let lift = lift_with(
        &Side { variance: treated_alone, ..treated_side },
        &Side { variance: control_alone, ..control_side },
        covariance,
        alpha,
    );
    Some(Cuped {
        theta,
        explained: if since > 0.0 { co * co / (before * since) } else { 0.0 },
        treated: treated_side.mean,
        control: control_side.mean,
        difference: adjusted,
        lift,
        variance_ratio: between / (plain.standard_error * plain.standard_error),
        missing: pooled.missing.count(),
    })
    .filter(|found| found.variance_ratio.is_finite())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::experiment::simulated::Draws;

    type Person = (Option<i32>, i32);

    fn covaried(people: &[Person]) -> Covaried {
        let mut covaried = Covaried::default();
        for (before, value) in people {
            let decimal = |number: i32| format!("{number}e-2").parse().unwrap();
            covaried.push(before.map(decimal), decimal(*value)).unwrap();
        }
        covaried
    }

    /// The same by least squares over people: y on (x, missing), both centred over all.
    fn in_two_passes(treated: &[Person], control: &[Person]) -> (f64, f64, f64) {
        let all = treated.iter().chain(control);
        let known =
            all.clone().filter_map(|(before, value)| Some((f64::from((*before)?), f64::from(*value))));
        let known = known.collect::<Vec<_>>();
        let missing = all.clone().filter(|(before, _)| before.is_none()).map(|(_, value)| f64::from(*value));
        let missing = missing.collect::<Vec<_>>();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let xs = known.iter().map(|(x, _)| *x).collect::<Vec<_>>();
        let ys = known.iter().map(|(_, y)| *y).collect::<Vec<_>>();
        let (mx, my) = (mean(&xs), mean(&ys));
        let theta = known.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>()
            / xs.iter().map(|x| (x - mx) * (x - mx)).sum::<f64>();
        let step = if missing.is_empty() { 0.0 } else { mean(&missing) - my };
        let part = missing.len() as f64 / (missing.len() + known.len()) as f64;
        let adjusted = |people: &[Person]| {
            let one = |(before, value): &Person| match before {
                Some(x) => f64::from(*value) - theta * (f64::from(*x) - mx) + step * part,
                None => f64::from(*value) - step * (1.0 - part),
            };
            let values = people.iter().map(one).collect::<Vec<_>>();
            let middle = mean(&values);
            let n = values.len() as f64;
            (middle, values.iter().map(|y| (y - middle) * (y - middle)).sum::<f64>() / (n - 1.0) / n)
        };
        let ((one, v1), (other, v0)) = (adjusted(treated), adjusted(control));
        (theta, (one - other) / 100.0, (v1 + v0).sqrt() / 100.0)
    }

    fn person() -> impl Strategy<Value = Person> {
        (prop::option::weighted(0.8, -2_000..9_000_i32), -500..9_000_i32)
            .prop_map(|(before, noise)| (before, noise + before.unwrap_or(0) / 2))
    }

    proptest! {
        #[test]
        fn as_in_two_passes_over_people(
            treated in prop::collection::vec(person(), 2..40), control in prop::collection::vec(person(), 2..40),
        ) {
            let (one, other) = (covaried(&treated), covaried(&control));
            let Some(found) = cuped(&one, &other, Alpha::CUSTOMARY) else {
                return Ok(());
            };
            let (theta, difference, error) = in_two_passes(&treated, &control);
            let near = |one: f64, other: f64, size: f64| (one - other).abs() <= 1e-9 * size.max(1.0);
            prop_assert!(near(found.theta, theta, theta.abs()));
            prop_assert!(near(found.difference.value, difference, 100.0), "{} {difference}", found.difference.value);
            prop_assert!(near(found.difference.standard_error, error, error));
            let mut merged = other;
            merged.merge(&one).unwrap();
            prop_assert_eq!(merged.values().unwrap().count(), (treated.len() + control.len()) as u64);
        }
    }

    #[test]
    fn nothing_known_before_changes_nothing() {
        let people = [(None, 5), (None, 7), (None, 9)];
        let constant = [(Some(3), 5), (Some(3), 7), (Some(3), 9)];
        for arm in [&people, &constant] {
            assert_eq!(cuped(&covaried(arm), &covaried(arm), Alpha::CUSTOMARY), None);
        }
        let one = covaried(&[(Some(1), 5)]);
        assert_eq!(cuped(&one, &covaried(&constant), Alpha::CUSTOMARY), None);
    }

    /// Half as much again, strongly correlated with before: an interval that takes the adjusted means as independent, or the
    /// mean before as known, misses too often.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let mut draws = Draws::new(11);
        let (mut differences, mut lifts) = (0, 0);
        const RUNS: u32 = 1_500;
        for _ in 0..RUNS {
            let [mut treated, mut control] = [Covaried::default(); 2];
            for at in 0..120 {
                let before = 40.0 + 12.0 * draws.normal();
                let is_treated = at % 3 == 0;
                let since = before + 2.0 * draws.normal();
                let since = if is_treated { since * 1.5 } else { since };
                let decimal = |number: f64| format!("{number:.4}").parse().unwrap();
                let arm = if is_treated { &mut treated } else { &mut control };
                arm.push(Some(decimal(before)), decimal(since)).unwrap();
            }
            let found = cuped(&treated, &control, Alpha::CUSTOMARY).unwrap();
            differences += u32::from(found.difference.interval(Alpha::CUSTOMARY).unwrap().contains(20.0));
            lifts += u32::from(found.lift.unwrap().interval.unwrap().contains(0.5));
        }
        let rate = |count: u32| f64::from(count) / f64::from(RUNS);
        assert!((0.93..0.97).contains(&rate(lifts)), "lift {}", rate(lifts));
        assert!((0.93..0.97).contains(&rate(differences)), "difference {}", rate(differences));
    }
}
