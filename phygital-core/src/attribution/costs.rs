//! What channels cost, and what came back for it.

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use super::outcome::Count;

/// What each channel cost over the time of the journeys, in units of the same scale as their values.
///
/// ```
/// use phygital_core::attribution::Costs;
/// let mut costs = Costs::default();
/// for (channel, cost) in [("search", 50_000), ("search", 2_500), ("meta", 0)] {
///     costs.add(channel, cost)?;
/// }
/// assert_eq!(costs.of("search"), Some(52_500));
/// assert_eq!(costs.of("email"), None);
/// # Ok::<(), phygital_core::attribution::CostError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    costs: BTreeMap<Box<str>, i64>,
}

/// Why a cost was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CostError {
    /// Below zero.
    #[error("expected a number that is not below zero")]
    Negative,
    /// What a channel cost in sum leaves 64 bits.
    #[error("the costs of the channel leave 64 bits")]
    TooMuch,
}

/// What a channel was credited with, beside what it cost. What is not defined is none, never infinite.
///
/// The window stands with the figures: figures of different windows are not comparable. They share out what happened; they do
/// not say what would not have happened without the cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Return {
    /// Net value credited, in units of the scale.
    pub value: i64,
    /// The part of it that is margin: net value less what the goods had cost. None where that is not known of all orders.
    pub margin: Option<i64>,
    /// Conversions credited.
    pub conversions: Count,
    /// What the channel cost, in units of the scale.
    pub cost: Option<i64>,
    /// How far back from an order touches were credited.
    pub window: Duration,
}

impl Costs {
    /// One more cost of a channel, in units of the scale. The costs of a channel are added up.
    ///
    /// # Errors
    /// [`CostError`]; nothing is changed then.
    pub fn add(&mut self, channel: &str, cost: i64) -> Result<(), CostError> {
        if cost < 0 {
            return Err(CostError::Negative);
        }
        let sum = self.of(channel).unwrap_or(0).checked_add(cost).ok_or(CostError::TooMuch)?;
        self.costs.insert(channel.into(), sum);
        Ok(())
    }

    /// What a channel cost; none where nothing is stated.
    pub fn of(&self, channel: &str) -> Option<i64> {
        self.costs.get(channel).copied()
    }

    /// The channels with a cost, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.costs.iter().map(|(name, cost)| (&**name, *cost))
    }

    /// Whether no cost is stated.
    pub fn is_empty(&self) -> bool {
        self.costs.is_empty()
    }
}

impl Return {
    /// What a channel was credited with, within a window, beside its cost.
    pub fn new(value: i64, conversions: Count, cost: Option<i64>, window: Duration) -> Return {
        Return { value, margin: None, conversions, cost, window }
    }

    /// The same with its margin.
    pub fn with_margin(self, margin: Option<i64>) -> Return {
        Return { margin, ..self }
    }

    /// Return on advertising spend: value by cost. None without a cost above zero.
    pub fn roas(&self) -> Option<f64> {
        Some(self.value as f64 / self.spent()?)
    }

    /// Return on investment: margin less cost, by cost. None without a cost above zero, and without a margin.
    pub fn roi(&self) -> Option<f64> {
        let gain = i128::from(self.margin?) - i128::from(self.cost?);
        Some(gain as f64 / self.spent()?)
    }

    /// Cost of a conversion, in units of the scale. None without a cost, and where nothing converted.
    pub fn cpa(&self) -> Option<f64> {
        let cost = self.cost?;
        (self.conversions > Count::ZERO).then(|| cost as f64 / self.conversions.to_f64())
    }

    fn spent(&self) -> Option<f64> {
        self.cost.filter(|cost| *cost > 0).map(|cost| cost as f64)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(86_400);

    #[test]
    fn figures_by_hand() {
        let two = Count::whole(2).unwrap();
        let figures = Return::new(300, two, Some(100), WINDOW).with_margin(Some(150));
        assert_eq!((figures.roas(), figures.roi(), figures.cpa()), (Some(3.0), Some(0.5), Some(50.0)));
        let free = Return { cost: Some(0), ..figures };
        assert_eq!((free.roas(), free.roi(), free.cpa()), (None, None, Some(0.0)));
        let unknown = Return { cost: None, ..figures };
        assert_eq!((unknown.roas(), unknown.roi(), unknown.cpa()), (None, None, None));
        let idle = Return { conversions: Count::ZERO, margin: None, ..figures };
        assert_eq!((idle.roi(), idle.cpa()), (None, None));
    }

    #[test]
    fn costs_at_fault_are_refused() {
        let mut costs = Costs::default();
        costs.add("a", i64::MAX).unwrap();
        assert_eq!(costs.add("a", 1), Err(CostError::TooMuch));
        assert_eq!(costs.add("b", -1), Err(CostError::Negative));
        assert_eq!(costs.iter().collect::<Vec<_>>(), [("a", i64::MAX)]);
    }

    proptest! {
        #[test]
        fn no_figure_is_infinite(value: i64, margin: Option<i64>, count: u64, cost in prop::option::of(0..i64::MAX)) {
            let figures = Return::new(value, Count::from_millionths(count), cost, WINDOW).with_margin(margin);
            for figure in [figures.roas(), figures.roi(), figures.cpa()].into_iter().flatten() {
                prop_assert!(figure.is_finite());
            }
        }
    }
}
