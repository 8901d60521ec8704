//! BG/BB: at each of some occasions a customer buys with a chance of her own, until before one of them she stops.

use std::ops::Range;

use super::customers::Customers;
use super::likelihood::{Likelihood, Point, Sums, soft};
use super::summary::Summary;
use crate::measure::numerics::Ladder;
use crate::vocab::limits::OCCASIONS_MAX;

/// Fader, Hardie, Shang 2010: chances to buy vary as a beta distribution with `alpha` and `beta`, chances to stop before an
/// occasion as one with `gamma` and `delta`. For seasons, yearly appeals, boxes of each month: [`Summary`] counts occasions,
/// so recency and age are whole numbers, with at most one purchase each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BgBb {
    /// The chance to buy.
    pub alpha: f64,
    /// The chance not to.
    pub beta: f64,
    /// The chance to stop.
    pub gamma: f64,
    /// The chance to go on.
    pub delta: f64,
}

/// A customer whose occasions are no whole numbers, or who bought more often than there were any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected whole occasions, repeats at most recency, and an age of at most {OCCASIONS_MAX}, for a model of occasions"
)]
pub struct NoOccasions;

/// A customer by occasions.
#[derive(Clone, Copy)]
struct Occasions {
    x: usize,
    last: usize,
    all: usize,
}

impl Occasions {
    fn of(summary: &Summary) -> Result<Occasions, NoOccasions> {
        let whole = |time: f64| {
            let fits = time <= f64::from(OCCASIONS_MAX) && time == libm::trunc(time);
            if fits { Ok(time as usize) } else { Err(NoOccasions) }
        };
        let (last, all) = (whole(summary.recency())?, whole(summary.age())?);
        let x = summary.repeats() as usize;
        if x <= last { Ok(Occasions { x, last, all }) } else { Err(NoOccasions) }
    }
}

impl BgBb {
    pub(super) fn of([alpha, beta, gamma, delta]: Point) -> BgBb {
        BgBb { alpha, beta, gamma, delta }
    }

    /// The logarithms of having stopped after each occasion from the last purchase on, by which the customer is summed, and
    /// of being alive.
    fn tables(&self, of: &Summary) -> Result<(Occasions, Tables), NoOccasions> {
        let of = Occasions::of(of)?;
        Ok((of, Tables::new(&[self.alpha, self.beta, self.gamma, self.delta], of.all)))
    }

    /// The logarithm of the chance of purchases at just these occasions.
    ///
    /// # Errors
    /// [`NoOccasions`].
    pub fn log_likelihood(&self, of: &Summary) -> Result<f64, NoOccasions> {
        let (of, tables) = self.tables(of)?;
        Ok(tables.alive(of) + tables.stopped(of).map_or(0.0, |stopped| soft(stopped - tables.alive(of)).0))
    }

    /// The probability that the customer has not stopped after the last occasion. That she will be there at the next is less
    /// by the chance to stop before it: see [`BgBb::probability_alive_at`].
    ///
    /// # Errors
    /// [`NoOccasions`].
    pub fn probability_alive(&self, of: &Summary) -> Result<f64, NoOccasions> {
        self.probability_alive_at(of, 0)
    }

    /// The probability that the customer has not stopped before the `ahead`-th occasion from now.
    ///
    /// # Errors
    /// [`NoOccasions`].
    pub fn probability_alive_at(&self, of: &Summary, ahead: u32) -> Result<f64, NoOccasions> {
        let (of, tables) = self.tables(of)?;
        let now = tables.stopped(of).map_or(1.0, |stopped| soft(stopped - tables.alive(of)).2);
        Ok((0..ahead).fold(now, |alive, later| alive * self.stays(of.all as f64 + f64::from(later))))
    }

    /// The probability to go on after so many occasions.
    fn stays(&self, after: f64) -> f64 {
        (self.delta + after) / (self.gamma + self.delta + after)
    }

    /// At how many of the next `ahead` occasions a purchase is expected.
    ///
    /// # Errors
    /// [`NoOccasions`].
    pub fn expected(&self, of: &Summary, ahead: u32) -> Result<f64, NoOccasions> {
        let mut alive = self.probability_alive(of)?;
        let buys = (self.alpha + f64::from(of.repeats())) / (self.alpha + self.beta + of.age());
        let mut sum = 0.0;
        for later in 0..ahead {
            alive *= self.stays(of.age() + f64::from(later));
            sum += alive;
        }
        Ok(buys * sum)
    }
}

/// Rising factorials of the parameters up to a number of occasions, by logarithm, and their derivatives.
struct Tables {
    gamma: f64,
    alpha: Vec<[f64; 3]>,
    beta: Vec<[f64; 3]>,
    /// Of alpha + beta, and of gamma + delta.
    buys: Vec<[f64; 3]>,
    delta: Vec<[f64; 3]>,
    stays: Vec<[f64; 3]>,
}

impl Tables {
    fn new(&[alpha, beta, gamma, delta]: &Point, occasions: usize) -> Tables {
        let table = |from: f64| {
            let mut ladder = Ladder::from(from);
            let rise = |to| {
                let rise = ladder.climb(to);
                [rise.ln, rise.first, rise.second]
            };
            (0..=occasions as u64).map(rise).collect()
        };
        let [alpha, beta, buys, delta, stays] = [alpha, beta, alpha + beta, delta, gamma + delta].map(table);
        Tables { gamma, alpha, beta, buys, delta, stays }
    }

    /// ln of the purchases if one was there at the first `there` occasions.
    fn buys(&self, of: Occasions, there: usize) -> f64 {
        self.alpha[of.x][0] + self.beta[there - of.x][0] - self.buys[there][0]
    }

    fn alive(&self, of: Occasions) -> f64 {
        self.buys(of, of.all) + self.delta[of.all][0] - self.stays[of.all][0]
    }

    /// ln of the purchases, if one stopped after `there` occasions.
    fn stopped_after(&self, of: Occasions, there: usize) -> f64 {
        self.buys(of, there) + libm::log(self.gamma) + self.delta[there][0] - self.stays[there + 1][0]
    }

    /// ln of the sum over all occasions after which one can have stopped.
    fn stopped(&self, of: Occasions) -> Option<f64> {
        let terms = (of.last..of.all).map(|there| self.stopped_after(of, there)).collect::<Vec<_>>();
        let most = terms.iter().copied().reduce(f64::max)?;
        Some(most + libm::log(terms.iter().map(|term| libm::exp(term - most)).sum()))
    }
}

/// The model on customers.
pub(super) struct BetaBinomial<'c> {
    customers: &'c Customers,
    rows: Vec<Occasions>,
    most: usize,
}

impl<'c> BetaBinomial<'c> {
    pub(super) fn new(customers: &'c Customers) -> Result<Self, NoOccasions> {
        let rows =
            customers.iter().map(|(summary, _)| Occasions::of(&summary)).collect::<Result<Vec<_>, _>>()?;
        let most = rows.iter().map(|row| row.all).max().unwrap_or(0);
        Ok(BetaBinomial { customers, rows, most })
    }
}

impl Likelihood for BetaBinomial<'_> {
    const COUNT: usize = 4;

    fn people(&self) -> f64 {
        self.customers.people() as f64
    }

    fn groups(&self) -> usize {
        self.rows.len()
    }

    fn shared(&self, _: &Point) -> Sums {
        Sums::default()
    }

    fn block(&self, point: &Point, groups: Range<usize>) -> Sums {
        let tables = Tables::new(point, self.most);
        let mut sums = Sums::default();
        for at in groups {
            let (of, weight) = (self.rows[at], self.customers.weights[at] as f64);
            let alive = tables.alive(of);
            let whole = alive + tables.stopped(of).map_or(0.0, |stopped| soft(stopped - alive).0);
            sums.value += weight * whole;
            let (mut mean, mut square) = ([0.0; 4], [[0.0; 4]; 4]);
            for there in of.last..=of.all {
                let stopped = there < of.all;
                let ln = if stopped { tables.stopped_after(of, there) } else { alive };
                let share = libm::exp(ln - whole);
                let ends = tables.stays[there + usize::from(stopped)];
                let by = |order: usize| {
                    let buys = tables.buys[there][order];
                    let gamma = if stopped {
                        [0.0, 1.0 / tables.gamma, -1.0 / (tables.gamma * tables.gamma)]
                    } else {
                        [0.0; 3]
                    };
                    [
                        tables.alpha[of.x][order] - buys,
                        tables.beta[there - of.x][order] - buys,
                        gamma[order] - ends[order],
                        tables.delta[there][order] - ends[order],
                    ]
                };
                let (slope, curve) = (by(1), by(2));
                for i in 0..4 {
                    mean[i] += share * slope[i];
                    for j in i..4 {
                        square[i][j] += share * slope[i] * slope[j];
                    }
                    square[i][i] += share * curve[i];
                }
                square[0][1] -= share * tables.buys[there][2];
                square[2][3] -= share * ends[2];
            }
            for i in 0..4 {
                sums.gradient[i] += weight * mean[i];
                for j in i..4 {
                    sums.curve(i, j, weight * (square[i][j] - mean[i] * mean[j]));
                }
            }
        }
        sums
    }
}
