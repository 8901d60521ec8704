//! BG/NBD and MBG/NBD: customers buy at a rate of their own until, after a purchase, they stop with a chance of their own.

use std::ops::Range;

use super::customers::Customers;
use super::future::future;
use super::likelihood::{Likelihood, Point, Sums, soft};
use super::summary::Summary;
use crate::measure::numerics::{Ladder, Rise};

/// Fader, Hardie, Lee 2005 ("Counting your customers the easy way"): rates vary as a gamma distribution with shape `r` and
/// rate `alpha`, chances to stop after each repeat purchase as a beta distribution with `a` and `b`.
///
/// A customer without repeat purchase is alive for sure by this model, which is its known flaw; [`MbgNbd`] mends it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BgNbd {
    /// The shape of the rates.
    pub r: f64,
    /// The rate of the rates, in units of time.
    pub alpha: f64,
    /// The chance to stop: large for many who stop.
    pub a: f64,
    /// The chance to go on.
    pub b: f64,
}

/// Batislam, Denizel, Filiztekin 2007; Hoppe and Wagner 2007: as [`BgNbd`], and one may stop after the first purchase too.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MbgNbd {
    /// The shape of the rates.
    pub r: f64,
    /// The rate of the rates, in units of time.
    pub alpha: f64,
    /// The chance to stop: large for many who stop.
    pub a: f64,
    /// The chance to go on.
    pub b: f64,
}

impl BgNbd {
    pub(super) fn of([r, alpha, a, b]: Point) -> BgNbd {
        BgNbd { r, alpha, a, b }
    }

    fn point(&self) -> Point {
        [self.r, self.alpha, self.a, self.b]
    }

    /// The logarithm of the chance of just these purchases; times are densities.
    pub fn log_likelihood(&self, of: &Summary) -> f64 {
        one(&self.point(), of, 0)
    }

    /// The probability that the customer still buys at the end of what was seen.
    pub fn probability_alive(&self, of: &Summary) -> f64 {
        alive(&self.point(), of, 0)
    }

    /// How many purchases are expected in the time `ahead` after the end of what was seen.
    pub fn expected(&self, of: &Summary, ahead: f64) -> f64 {
        expected(&self.point(), of, ahead, 0)
    }

    /// How many repeat purchases a new customer is expected to make in the time `ahead` after the first.
    pub fn expected_of_new(&self, ahead: f64) -> f64 {
        future(self.r, self.a, self.b, ahead / self.alpha)
    }
}

impl MbgNbd {
    pub(super) fn of([r, alpha, a, b]: Point) -> MbgNbd {
        MbgNbd { r, alpha, a, b }
    }

    fn point(&self) -> Point {
        [self.r, self.alpha, self.a, self.b]
    }

    /// See [`BgNbd::log_likelihood`].
    pub fn log_likelihood(&self, of: &Summary) -> f64 {
        one(&self.point(), of, 1)
    }

    /// See [`BgNbd::probability_alive`].
    pub fn probability_alive(&self, of: &Summary) -> f64 {
        alive(&self.point(), of, 1)
    }

    /// See [`BgNbd::expected`].
    pub fn expected(&self, of: &Summary, ahead: f64) -> f64 {
        expected(&self.point(), of, ahead, 1)
    }

    /// See [`BgNbd::expected_of_new`]; the first purchase may have been the last.
    pub fn expected_of_new(&self, ahead: f64) -> f64 {
        self.b / (self.a + self.b) * future(self.r, self.a, self.b + 1.0, ahead / self.alpha)
    }
}

/// How many times a customer could have stopped: `first` is 1 where the first purchase counts.
fn stops(of: &Summary, first: u32) -> Option<f64> {
    Some(f64::from((of.repeats() + first).checked_sub(1)?))
}

/// By how much, in logarithms, having stopped outweighs being alive; `None` where one cannot have stopped.
fn odds([r, alpha, a, b]: &Point, of: &Summary, first: u32) -> Option<f64> {
    let passed = libm::log((alpha + of.age()) / (alpha + of.recency()));
    Some(libm::log(a / (b + stops(of, first)?)) + (r + f64::from(of.repeats())) * passed)
}

fn alive(point: &Point, of: &Summary, first: u32) -> f64 {
    odds(point, of, first).map_or(1.0, |odds| soft(odds).2)
}

fn one(point: &Point, of: &Summary, first: u32) -> f64 {
    let [r, alpha, a, b] = *point;
    let repeats = f64::from(of.repeats());
    let passed = repeats + f64::from(first);
    let rate =
        Rise::over(r, repeats).ln - r * libm::log1p(of.age() / alpha) - repeats * libm::log(alpha + of.age());
    let chance = Rise::over(b, passed).ln - Rise::over(a + b, passed).ln;
    rate + chance + odds(point, of, first).map_or(0.0, |odds| soft(odds).0)
}

fn expected(point: &Point, of: &Summary, ahead: f64, first: u32) -> f64 {
    let [r, alpha, a, b] = *point;
    let repeats = f64::from(of.repeats());
    let ahead = ahead.max(0.0) / (alpha + of.age());
    alive(point, of, first) * future(r + repeats, a, b + repeats + f64::from(first), ahead)
}

/// Either model on customers.
pub(super) struct Geometric<'c> {
    customers: &'c Customers,
    histogram: Vec<(u64, f64)>,
    /// 1 where one may stop after the first purchase.
    first: u32,
}

impl<'c> Geometric<'c> {
    pub(super) fn new(customers: &'c Customers, first: u32) -> Self {
        Geometric { customers, histogram: customers.histogram(), first }
    }
}

impl Likelihood for Geometric<'_> {
    const COUNT: usize = 4;

    fn people(&self) -> f64 {
        self.customers.people() as f64
    }

    fn groups(&self) -> usize {
        self.customers.groups()
    }

    fn shared(&self, &[r, alpha, a, b]: &Point) -> Sums {
        let mut sums = Sums::default();
        let people = self.people();
        sums.value += people * r * libm::log(alpha);
        sums.gradient[0] += people * libm::log(alpha);
        sums.gradient[1] += people * r / alpha;
        sums.curve(0, 1, people / alpha);
        sums.curve(1, 1, -people * r / (alpha * alpha));
        let mut ladders = [r, b, a + b].map(Ladder::from);
        for (repeats, count) in &self.histogram {
            let passed = repeats + u64::from(self.first);
            let [rate, on, both] = &mut ladders;
            let (rate, on, both) = (rate.climb(*repeats), on.climb(passed), both.climb(passed));
            sums.value += count * (rate.ln + on.ln - both.ln);
            sums.gradient[0] += count * rate.first;
            sums.gradient[2] -= count * both.first;
            sums.gradient[3] += count * (on.first - both.first);
            sums.curve(0, 0, count * rate.second);
            sums.curve(2, 2, -count * both.second);
            sums.curve(2, 3, -count * both.second);
            sums.curve(3, 3, count * (on.second - both.second));
        }
        sums
    }

    fn block(&self, &[r, alpha, a, b]: &Point, groups: Range<usize>) -> Sums {
        let Customers { repeats, recency, age, weights, .. } = self.customers;
        let mut sums = Sums::default();
        let (mut value, mut by_r, mut by_alpha, mut by_a, mut by_b) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let (mut rr, mut ra, mut aa) = (0.0, 0.0, 0.0);
        // By r, alpha with a, b, of which a appears through its inverse alone.
        let (mut r_a, mut r_b, mut alpha_a, mut alpha_b) = (0.0, 0.0, 0.0, 0.0);
        let (mut a_a, mut a_b, mut b_b) = (0.0, 0.0, 0.0);
        // Groups are in the order of their repeats.
        let (mut last, mut ln_stop, mut on) = (u32::MAX, 0.0, 0.0);
        for at in groups {
            let (x, weight) = (repeats[at], weights[at] as f64);
            let k = r + f64::from(x);
            let end = alpha + age[at];
            let by_end = 1.0 / end;
            let ln_end = libm::log(end);
            value -= weight * k * ln_end;
            by_r -= weight * ln_end;
            by_alpha -= weight * k * by_end;
            ra -= weight * by_end;
            aa += weight * k * by_end * by_end;
            let stops = f64::from(x + self.first) - 1.0;
            if stops < 0.0 {
                continue;
            }
            if x != last {
                (last, ln_stop, on) = (x, libm::log(a / (b + stops)), 1.0 / (b + stops));
            }
            let start = alpha + recency[at];
            let by_start = 1.0 / start;
            let passed = libm::log(end * by_start);
            let (rest, stopped, alive) = soft(ln_stop + k * passed);
            let (share, both) = (weight * stopped, weight * stopped * alive);
            let slope = k * (by_end - by_start);
            value += weight * rest;
            by_r += share * passed;
            by_alpha += share * slope;
            by_a += share;
            by_b -= share * on;
            rr += both * passed * passed;
            ra += share * (by_end - by_start) + both * passed * slope;
            aa += share * k * (by_start * by_start - by_end * by_end) + both * slope * slope;
            r_a += both * passed;
            r_b -= both * passed * on;
            alpha_a += both * slope;
            alpha_b -= both * slope * on;
            a_a += both - share;
            a_b -= both * on;
            b_b += (share + both) * on * on;
        }
        let by = 1.0 / a;
        sums.value = value;
        sums.gradient = [by_r, by_alpha, by_a * by, by_b];
        for (at, and, by) in [
            (0, 0, rr),
            (0, 1, ra),
            (1, 1, aa),
            (0, 2, r_a * by),
            (0, 3, r_b),
            (1, 2, alpha_a * by),
            (1, 3, alpha_b),
            (2, 2, a_a * by * by),
            (2, 3, a_b * by),
            (3, 3, b_b),
        ] {
            sums.curve(at, and, by);
        }
        sums
    }
}
