//! Pareto/NBD: customers buy at a rate of their own until they stop at some moment, with a rate of its own.

use std::ops::Range;

use super::customers::Customers;
use super::likelihood::{Likelihood, Point, Sums, soft};
use super::summary::Summary;
use crate::measure::numerics::{LEGENDRE_8, LEGENDRE_16, Ladder, Rise};

/// Schmittlein, Morrison, Colombo 1987: rates of purchases vary as a gamma distribution with shape `r` and rate `alpha`, rates
/// of stopping as one with shape `s` and rate `beta`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ParetoNbd {
    /// The shape of the rates of purchases.
    pub r: f64,
    /// Their rate, in units of time.
    pub alpha: f64,
    /// The shape of the rates of stopping.
    pub s: f64,
    /// Their rate, in units of time.
    pub beta: f64,
}

impl ParetoNbd {
    pub(super) fn of([r, alpha, s, beta]: Point) -> ParetoNbd {
        ParetoNbd { r, alpha, s, beta }
    }

    fn point(&self) -> Point {
        [self.r, self.alpha, self.s, self.beta]
    }

    /// The logarithm of the chance of just these purchases; times are densities.
    pub fn log_likelihood(&self, of: &Summary) -> f64 {
        let ParetoNbd { r, alpha, s, beta } = *self;
        let (repeats, age) = (f64::from(of.repeats()), of.age());
        let rate =
            Rise::over(r, repeats).ln - r * libm::log1p(age / alpha) - repeats * libm::log(alpha + age);
        rate - s * libm::log1p(age / beta) + stopped(&self.point(), of).map_or(0.0, |odds| soft(odds).0)
    }

    /// The probability that the customer still buys at the end of what was seen.
    pub fn probability_alive(&self, of: &Summary) -> f64 {
        stopped(&self.point(), of).map_or(1.0, |odds| soft(odds).2)
    }

    /// How many purchases are expected in the time `ahead` after the end of what was seen.
    pub fn expected(&self, of: &Summary, ahead: f64) -> f64 {
        let passed = libm::log1p(ahead.max(0.0) / (self.beta + of.age()));
        let e = self.s - 1.0;
        let time = if e == 0.0 { passed } else { -libm::expm1(-e * passed) / e };
        let rate = (self.r + f64::from(of.repeats())) / (self.alpha + of.age());
        rate * (self.beta + of.age()) * time * self.probability_alive(of)
    }

    /// How many repeat purchases a new customer is expected to make in the time `ahead` after the first.
    pub fn expected_of_new(&self, ahead: f64) -> f64 {
        Summary::new(0, 0.0, 0.0).map_or(0.0, |new| self.expected(&new, ahead))
    }
}

/// By how much, in logarithms, having stopped outweighs being alive; `None` where there was no time to.
fn stopped(point: &Point, of: &Summary) -> Option<f64> {
    let age = of.age();
    let ends = Ends::new(point, of.repeats(), of.recency(), age);
    let mut sum = 0.0;
    ends.integrate(point, |node| sum += node.weight);
    (sum > 0.0).then(|| ends.odds(point, sum))
}

/// The integral over the moment u of stopping, from the last purchase to the end:
/// A = s ∫ (alpha+u)^-(r+x) (beta+u)^-(s+1) du.
///
/// With c the smaller of alpha and beta and u + c = (t_x + c) e^v the integrand is analytic for |Im v| < π whatever the
/// parameters are, so Gauss and Legendre on panels of v give it to the last digit, without the cancellation and overflow of
/// the two hypergeometric functions of the textbook. Everything is relative to the integrand at t_x.
struct Ends {
    k: f64,
    /// alpha + t_x, beta + t_x
    start: [f64; 2],
    /// The logarithms of how far they go until T.
    passed: [f64; 2],
    /// Which of the two is the smaller.
    smaller: usize,
}

/// One moment of stopping.
struct Node {
    weight: f64,
    /// ln((alpha+u)/(alpha+t_x)) and 1/(alpha+u); the same of beta.
    passed: [f64; 2],
    inverse: [f64; 2],
}

/// Beyond this the integrand is nothing beside its start.
const DECAY_MAX: f64 = 46.0;

impl Ends {
    fn new([r, alpha, _, beta]: &Point, repeats: u32, recency: f64, age: f64) -> Ends {
        let start = [alpha + recency, beta + recency];
        Ends {
            k: r + f64::from(repeats),
            start,
            passed: start.map(|start| libm::log1p((age - recency) / start)),
            smaller: usize::from(beta < alpha),
        }
    }

    /// ln A less the logarithm of the chance to be alive, with the integral of the nodes.
    fn odds(&self, [_, _, s, _]: &Point, sum: f64) -> f64 {
        let scale = s * sum * self.start[self.smaller] / self.start[1];
        libm::log(scale) + self.k * self.passed[0] + s * self.passed[1]
    }

    fn integrate(&self, [_, _, s, _]: &Point, mut take: impl FnMut(Node)) {
        let other = 1 - self.smaller;
        let mut powers = [self.k, s + 1.0];
        powers.swap(0, self.smaller);
        let [own, others] = powers;
        let end = self.passed[self.smaller];
        let (mut from, mut decay) = (0.0, 0.0);
        while from < end && decay < DECAY_MAX {
            // How fast it falls here, and at most until the end of the panel.
            let here = self.start[self.smaller] * libm::exp(from);
            let share = here / (here - self.start[self.smaller] + self.start[other]);
            let rate = (own - 1.0 + others * share).abs().max(own + others * (4.5 * share).min(1.0) - 1.0);
            let length = (end - from).min(1.5).min(8.0 / rate.max(1.0));
            let nodes: &[(f64, f64)] = match length <= 0.8 && rate * length <= 2.0 {
                true => &LEGENDRE_8,
                false => &LEGENDRE_16,
            };
            let half = 0.5 * length;
            let mid = from + half;
            for (place, weight) in nodes {
                for place in [-place, *place] {
                    let v = mid + half * place;
                    let grown = self.start[self.smaller] * libm::expm1(v);
                    let mut passed = [v, libm::log1p(grown / self.start[other])];
                    let fall = own * passed[0] + others * passed[1] - v;
                    let weight = half * weight * libm::exp(-fall);
                    passed.swap(0, self.smaller);
                    let inverse = self.start.map(|start| 1.0 / (start + grown));
                    take(Node { weight, passed, inverse });
                }
            }
            from += length;
            let grown = self.start[self.smaller] * libm::expm1(from);
            decay = (own - 1.0) * from + others * libm::log1p(grown / self.start[other]);
        }
    }
}

/// The model on customers.
pub(super) struct Pareto<'c> {
    customers: &'c Customers,
    histogram: Vec<(u64, f64)>,
}

impl<'c> Pareto<'c> {
    pub(super) fn new(customers: &'c Customers) -> Self {
        Pareto { customers, histogram: customers.histogram() }
    }
}

impl Likelihood for Pareto<'_> {
    const COUNT: usize = 4;

    fn people(&self) -> f64 {
        self.customers.people() as f64
    }

    fn groups(&self) -> usize {
        self.customers.groups()
    }

    fn shared(&self, &[r, alpha, s, beta]: &Point) -> Sums {
        let mut sums = Sums::default();
        let people = self.people();
        for (at, shape, rate) in [(0, r, alpha), (2, s, beta)] {
            sums.value += people * shape * libm::log(rate);
            sums.gradient[at] += people * libm::log(rate);
            sums.gradient[at + 1] += people * shape / rate;
            sums.curve(at, at + 1, people / rate);
            sums.curve(at + 1, at + 1, -people * shape / (rate * rate));
        }
        let mut ladder = Ladder::from(r);
        for (repeats, count) in &self.histogram {
            let rise = ladder.climb(*repeats);
            sums.value += count * rise.ln;
            sums.gradient[0] += count * rise.first;
            sums.curve(0, 0, count * rise.second);
        }
        sums
    }

    fn block(&self, point: &Point, groups: Range<usize>) -> Sums {
        let [_, alpha, s, beta] = *point;
        let mut sums = Sums::default();
        for at in groups {
            let (recency, age) = (self.customers.recency[at], self.customers.age[at]);
            let weight = self.customers.weights[at] as f64;
            let ends = Ends::new(point, self.customers.repeats[at], recency, age);
            let k = ends.k;
            // Alive until the end: -(r+x) ln(alpha+T) - s ln(beta+T).
            let by = [1.0 / (alpha + age), 1.0 / (beta + age)];
            let ln_end = [libm::log(alpha + age), libm::log(beta + age)];
            sums.value -= weight * (k * ln_end[0] + s * ln_end[1]);
            for (half, power) in [(0, k), (1, s)] {
                sums.gradient[2 * half] -= weight * ln_end[half];
                sums.gradient[2 * half + 1] -= weight * power * by[half];
                sums.curve(2 * half, 2 * half + 1, -weight * by[half]);
                sums.curve(2 * half + 1, 2 * half + 1, weight * power * by[half] * by[half]);
            }
            let (mut sum, mut first, mut second) = (0.0, [0.0; 4], [[0.0; 4]; 4]);
            ends.integrate(point, |node| {
                let of = [node.passed[0], node.inverse[0], node.passed[1], node.inverse[1]];
                sum += node.weight;
                for i in 0..4 {
                    let weighed = node.weight * of[i];
                    first[i] += weighed;
                    for j in i..4 {
                        second[i][j] += weighed * of[j];
                    }
                }
            });
            if sum <= 0.0 {
                continue;
            }
            let (rest, stopped, alive) = soft(ends.odds(point, sum));
            let (share, both) = (weight * stopped, weight * stopped * alive);
            sums.value += weight * rest;
            let mean = first.map(|first| first / sum);
            // What having stopped adds to the slopes.
            let slope = [
                ends.passed[0] - mean[0],
                k * (by[0] - mean[1]),
                1.0 / s + ends.passed[1] - mean[2],
                s * by[1] - (s + 1.0) * mean[3],
            ];
            let factor = [1.0, k, 1.0, s + 1.0];
            for i in 0..4 {
                sums.gradient[i] += share * slope[i];
                for j in i..4 {
                    let spread = factor[i] * factor[j] * (second[i][j] / sum - mean[i] * mean[j]);
                    sums.curve(i, j, share * spread + both * slope[i] * slope[j]);
                }
            }
            for (half, power, alive) in [(0, k, k), (1, s + 1.0, s)] {
                let (i, j) = (2 * half, 2 * half + 1);
                let squared = second[j][j] / sum;
                sums.curve(i, j, share * (by[half] - mean[j]));
                sums.curve(j, j, share * (power * squared - alive * by[half] * by[half]));
            }
            sums.curve(2, 2, -share / (s * s));
        }
        sums
    }
}
