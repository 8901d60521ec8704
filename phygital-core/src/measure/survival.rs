//! How long until something happens, where for some it has not happened yet: the estimate of Kaplan and Meier (1958).

use thiserror::Error;

use super::numerics::normal_quantile;
use super::{Alpha, Interval};

/// How long somebody was seen, and whether it happened then.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what survival needs of a person, and no more")]
pub struct Span {
    /// The time until it happened, or until she was seen last, in any unit; from 0.
    pub time: f64,
    /// Whether it happened. If not, it may have happened any time later.
    pub happened: bool,
}

/// A time that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("span {0}: expected a finite time of at least 0")]
pub struct SpanError(
    /// The place of the span, from 0.
    pub usize,
);

/// What is known at a time at which it happened to somebody.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Step {
    /// The time.
    pub time: f64,
    /// To how many it could have happened.
    pub at_risk: u64,
    /// To how many it happened.
    pub happened: u64,
    /// The part to whom it has not happened up to and at this time.
    pub survival: f64,
    /// Its standard error (Greenwood 1926); 0 once it has happened to all.
    pub standard_error: f64,
}

/// The part of people to whom it has not happened, over time.
///
/// ```
/// use phygital_core::measure::{Span, Survival};
/// let spans = [(3.0, true), (5.0, false), (5.0, true), (8.0, true)];
/// let spans = spans.map(|(time, happened)| Span { time, happened });
/// let found = Survival::of(&spans)?;
/// assert_eq!(found.at(4.0), 0.75);
/// assert_eq!(found.quantile(0.5), Some(5.0));
/// # Ok::<(), phygital_core::measure::SpanError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    steps: Vec<Step>,
    /// The sums of Greenwood's formula, one for each step.
    sums: Vec<f64>,
    people: u64,
}

impl Survival {
    /// From what is known of each person, in any order. Who was seen last at the time of a step was at risk there.
    ///
    /// # Errors
    /// [`SpanError`] where a time is none.
    pub fn of(spans: &[Span]) -> Result<Survival, SpanError> {
        let bad = spans.iter().position(|span| !(span.time >= 0.0 && span.time.is_finite()));
        if let Some(place) = bad {
            return Err(SpanError(place));
        }
        let mut sorted = spans.to_vec();
        sorted.sort_by(|one, other| one.time.total_cmp(&other.time));
        let (mut steps, mut sums) = (Vec::new(), Vec::new());
        let (mut at_risk, mut survival, mut sum) = (sorted.len() as u64, 1.0, 0.0);
        for together in sorted.chunk_by(|one, other| one.time == other.time) {
            let happened = together.iter().filter(|span| span.happened).count() as u64;
            if happened > 0 {
                let (d, n) = (happened as f64, at_risk as f64);
                survival *= (n - d) / n;
                sum += d / (n * (n - d));
                let standard_error = if happened == at_risk { 0.0 } else { survival * sum.sqrt() };
                let time = together[0].time;
                steps.push(Step { time, at_risk, happened, survival, standard_error });
                sums.push(sum);
            }
            at_risk -= together.len() as u64;
        }
        Ok(Survival { steps, sums, people: sorted.len() as u64 })
    }

    /// How many people.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// Every time at which it happened, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn last(&self, time: f64) -> Option<usize> {
        self.steps.partition_point(|step| step.time <= time).checked_sub(1)
    }

    /// The part to whom it has not happened up to and at a time. Beyond the last person seen it is what it was then.
    pub fn at(&self, time: f64) -> f64 {
        self.last(time).map_or(1.0, |last| self.steps[last].survival)
    }

    /// Its interval at a time, on the scale of log(-log), which stays within 0 to 1; none before the first step, and where it
    /// has happened to all.
    pub fn interval(&self, time: f64, alpha: Alpha) -> Option<Interval> {
        let last = self.last(time)?;
        let survival = self.steps[last].survival;
        if survival <= 0.0 {
            return None;
        }
        let log = libm::log(survival);
        let half = -normal_quantile(alpha.get() / 2.0) * self.sums[last].sqrt() / log.abs();
        let end = |half: f64| libm::exp(log * libm::exp(half));
        Some(Interval { low: end(half), high: end(-half) })
    }

    /// The first time by which it has happened to at least this part of people (0.5 for the median); none if it has not.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        self.steps.iter().find(|step| step.survival <= 1.0 - part).map(|step| step.time)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let span =
            (0..20_u8, any::<bool>()).prop_map(|(time, happened)| Span { time: time.into(), happened });
        prop::collection::vec(span, 1..40)
    }

    proptest! {
        #[test]
        fn with_nobody_lost_it_is_what_one_counts(spans in spans(), time in 0..20_u8) {
            let spans = spans.into_iter().map(|span| Span { happened: true, ..span }).collect::<Vec<_>>();
            let left = spans.iter().filter(|span| span.time > time.into()).count();
            let found = Survival::of(&spans).unwrap();
            prop_assert!((found.at(time.into()) - left as f64 / spans.len() as f64).abs() < 1e-12);
        }

        #[test]
        fn order_changes_nothing(spans in spans()) {
            let found = Survival::of(&spans).unwrap();
            let mut turned = spans.clone();
            turned.reverse();
            prop_assert_eq!(Survival::of(&turned).unwrap(), found.clone());
            prop_assert!(found.steps().windows(2).all(|two| two[1].survival < two[0].survival));
            for step in found.steps() {
                if let Some(interval) = found.interval(step.time, Alpha::CUSTOMARY) {
                    prop_assert!(interval.contains(step.survival) && interval.low >= 0.0 && interval.high <= 1.0);
                }
            }
        }
    }

    #[test]
    fn nothing_happened_to_anybody() {
        let found = Survival::of(&[Span { time: 3.0, happened: false }]).unwrap();
        assert_eq!((found.at(9.0), found.quantile(0.5), found.steps().len()), (1.0, None, 0));
        assert_eq!(found.interval(9.0, Alpha::CUSTOMARY), None);
        assert_eq!(Survival::of(&[]).unwrap().people(), 0);
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let good = Span { time: 0.0, happened: true };
            assert_eq!(Survival::of(&[good, Span { time: bad, happened: true }]), Err(SpanError(1)));
        }
    }
}
