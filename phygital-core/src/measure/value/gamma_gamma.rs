//! Gamma-Gamma: what a purchase is worth, of customers who differ in what they spend.

use std::ops::Range;

use super::likelihood::{Likelihood, Point, Sums};
use super::spending::Spending;
use crate::measure::numerics::{Rise, digamma, trigamma};

/// Fader and Hardie 2013 (note 025, after Colombo and Jiang 1999): values of a customer's purchases vary as a gamma
/// distribution with shape `p` and a rate that itself varies as one with shape `q` and rate `g`. It takes how much for
/// independent of how often: see [`Spending::correlation`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GammaGamma {
    /// The shape of the values of one customer.
    pub p: f64,
    /// The shape of how customers differ.
    pub q: f64,
    /// The scale of it, in the unit of money; others call it γ or v.
    pub g: f64,
}

impl GammaGamma {
    pub(super) fn of([p, q, g, _]: Point) -> GammaGamma {
        GammaGamma { p, q, g }
    }

    /// The logarithm of the density of a mean value z > 0 of x > 0 repeat purchases.
    pub fn log_likelihood(&self, x: u32, z: f64) -> f64 {
        let GammaGamma { p, q, g } = *self;
        let x = f64::from(x);
        let rise = Rise::over(p * x, q).ln - libm::lgamma(q);
        rise + q * libm::log(g / (g + x * z)) - p * x * libm::log1p(g / (x * z)) - libm::log(z)
    }

    /// What all customers' purchases are worth on average; `None` where q <= 1, since then the model has no mean.
    pub fn mean(&self) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * self.g / (self.q - 1.0))
    }

    /// What a purchase of a customer is expected to be worth, given the mean value z of x repeat purchases (x may be 0).
    /// `None` where the model has no mean.
    pub fn expected(&self, x: u32, z: f64) -> Option<f64> {
        let x = f64::from(x);
        let z = if x > 0.0 { z } else { 0.0 };
        let below = self.p * x + self.q - 1.0;
        (below > 0.0).then(|| self.p * (self.g + x * z) / below)
    }
}

/// The model on spending.
pub(super) struct Values<'s> {
    spending: &'s Spending,
    histogram: Vec<(f64, f64)>,
    /// The sum of ln z, and of x ln x z.
    logs: [f64; 2],
}

impl<'s> Values<'s> {
    pub(super) fn new(spending: &'s Spending) -> Self {
        let mut histogram: Vec<(f64, f64)> = Vec::new();
        let mut logs = [0.0; 2];
        for (repeats, mean, weight) in spending.iter() {
            let (x, weight) = (f64::from(repeats), weight as f64);
            match histogram.last_mut() {
                Some(last) if last.0 == x => last.1 += weight,
                _ => histogram.push((x, weight)),
            }
            logs[0] += weight * libm::log(mean);
            logs[1] += weight * x * libm::log(x * mean);
        }
        Values { spending, histogram, logs }
    }
}

impl Likelihood for Values<'_> {
    const COUNT: usize = 3;

    fn people(&self) -> f64 {
        self.spending.people() as f64
    }

    fn groups(&self) -> usize {
        self.spending.groups()
    }

    fn shared(&self, &[p, q, g, _]: &Point) -> Sums {
        let mut sums = Sums::default();
        let people = self.people();
        sums.value = p * self.logs[1] - self.logs[0] + people * (q * libm::log(g) - libm::lgamma(q));
        sums.gradient = [self.logs[1], people * (libm::log(g) - digamma(q)), people * q / g, 0.0];
        sums.curve(1, 1, -people * trigamma(q));
        sums.curve(1, 2, people / g);
        sums.curve(2, 2, -people * q / (g * g));
        for (x, count) in &self.histogram {
            let rise = Rise::over(p * x, q);
            let (first, second) = (digamma(p * x + q), trigamma(p * x + q));
            sums.value += count * rise.ln;
            sums.gradient[0] += count * x * rise.first;
            sums.gradient[1] += count * first;
            sums.curve(0, 0, count * x * x * rise.second);
            sums.curve(0, 1, count * x * second);
            sums.curve(1, 1, count * second);
        }
        sums
    }

    fn block(&self, &[p, q, g, _]: &Point, groups: Range<usize>) -> Sums {
        let mut sums = Sums::default();
        for at in groups {
            let weight = self.spending.weights[at] as f64;
            let x = f64::from(self.spending.repeats[at]);
            let spent = g + x * self.spending.means[at];
            let (ln, by) = (libm::log(spent), 1.0 / spent);
            let power = p * x + q;
            sums.value -= weight * power * ln;
            sums.gradient[0] -= weight * x * ln;
            sums.gradient[1] -= weight * ln;
            sums.gradient[2] -= weight * power * by;
            sums.curve(0, 2, -weight * x * by);
            sums.curve(1, 2, -weight * by);
            sums.curve(2, 2, weight * power * by * by);
        }
        sums
    }
}
