//! A log-likelihood with its first two derivatives, summed over customers in a fixed order.

use std::ops::Range;

/// Groups that are summed together before the sums are. Fixed: it decides in which order numbers are added.
const BLOCK: usize = 4_096;

/// Most parameters of a model.
pub(super) const PARAMETERS: usize = 4;

pub(super) type Point = [f64; PARAMETERS];

/// The log-likelihood of some customers, with its derivatives by the parameters. What it holds is for the fit alone; a
/// [`Spread`] hands it on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    pub(super) value: f64,
    pub(super) gradient: Point,
    /// Both halves.
    pub(super) hessian: [Point; PARAMETERS],
}

/// Who does the work: given how many pieces there are and how to do one of them, gives what came of each, in their order.
///
/// The core has no threads; a host that has some hands the pieces to them. However many there are, the sums are the same to
/// the last bit. [`alone`] does one after the other.
pub type Spread<'s> = dyn Fn(usize, &(dyn Fn(usize) -> Sums + Sync)) -> Vec<Sums> + 's;

/// The [`Spread`] of one thread.
pub fn alone(pieces: usize, piece: &(dyn Fn(usize) -> Sums + Sync)) -> Vec<Sums> {
    (0..pieces).map(piece).collect()
}

impl Sums {
    pub(super) fn add(&mut self, other: &Sums) {
        self.value += other.value;
        for at in 0..PARAMETERS {
            self.gradient[at] += other.gradient[at];
            for and in 0..PARAMETERS {
                self.hessian[at][and] += other.hessian[at][and];
            }
        }
    }

    /// Adds to both halves.
    pub(super) fn curve(&mut self, at: usize, and: usize, by: f64) {
        self.hessian[at][and] += by;
        if at != and {
            self.hessian[and][at] += by;
        }
    }

    /// The same by the logarithms of the parameters.
    fn in_logs(mut self, point: &Point, count: usize) -> Sums {
        for at in 0..count {
            for and in 0..count {
                self.hessian[at][and] *= point[at] * point[and];
            }
            self.gradient[at] *= point[at];
            self.hessian[at][at] += self.gradient[at];
        }
        self
    }

    pub(super) fn is_finite(&self) -> bool {
        let curved = self.hessian.iter().flatten().all(|number| number.is_finite());
        curved && self.value.is_finite() && self.gradient.iter().all(|number| number.is_finite())
    }
}

/// A model on data.
pub(super) trait Likelihood: Sync {
    /// How many parameters it has; the rest of a [`Point`] is unused.
    const COUNT: usize;

    /// How many customers.
    fn people(&self) -> f64;
    /// How many groups.
    fn groups(&self) -> usize;
    /// What depends on the counts of customers by repeats alone.
    fn shared(&self, point: &Point) -> Sums;
    /// The rest, of some groups.
    fn block(&self, point: &Point, groups: Range<usize>) -> Sums;

    /// All of it, in blocks that are added in their order.
    fn sums(&self, point: &Point, spread: &Spread<'_>) -> Sums {
        let groups = self.groups();
        let piece = |at: usize| self.block(point, at * BLOCK..groups.min((at + 1) * BLOCK));
        let mut sums = self.shared(point);
        for block in spread(groups.div_ceil(BLOCK), &piece) {
            sums.add(&block);
        }
        sums
    }

    /// As [`Likelihood::sums`], by the logarithms of the parameters.
    fn sums_in_logs(&self, logs: &Point, spread: &Spread<'_>) -> Sums {
        let point = logs.map(libm::exp);
        self.sums(&point, spread).in_logs(&point, Self::COUNT)
    }
}

/// ln(1 + e^d), and the share of the second of two terms that differ by d in logarithms, and that of the first.
pub(super) fn soft(d: f64) -> (f64, f64, f64) {
    let e = libm::exp(-d.abs());
    let (rest, large, small) = (libm::log1p(e), 1.0 / (1.0 + e), e / (1.0 + e));
    if d > 0.0 { (d + rest, large, small) } else { (rest, small, large) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Numeric differences of the value and of the gradient beside what is claimed, at a point. An oracle.
    pub(in crate::measure::value) fn differentiate<L: Likelihood>(likelihood: &L, point: &Point, most: f64) {
        let sums = |point: &Point| likelihood.sums(point, &alone);
        let here = sums(point);
        assert!(here.is_finite(), "{here:?} at {point:?}");
        for at in 0..L::COUNT {
            let step = 1e-4 * point[at];
            let moved = |by: f64| {
                let mut point = *point;
                point[at] += by * step;
                sums(&point)
            };
            // Five points, of the fourth order.
            let by = [-2.0, -1.0, 1.0, 2.0].map(moved);
            let slope = |of: &dyn Fn(&Sums) -> f64| {
                (of(&by[0]) - 8.0 * of(&by[1]) + 8.0 * of(&by[2]) - of(&by[3])) / (12.0 * step)
            };
            // By logarithms, and no closer than the noise of the differences.
            let noise =
                1e-8 * (1.0 + here.value.abs() + point.iter().fold(0.0, |most, part| f64::max(most, *part)));
            let close = |found: f64, expected: f64, scale: f64| {
                let off = (found - expected).abs() * scale;
                assert!(
                    off <= most * expected.abs() * scale + noise,
                    "{at}: {found}, expected {expected} at {point:?}"
                );
            };
            close(here.gradient[at], slope(&|sums| sums.value), point[at]);
            for and in 0..L::COUNT {
                close(here.hessian[and][at], slope(&|sums| sums.gradient[and]), point[at] * point[and]);
                assert_eq!(here.hessian[and][at].to_bits(), here.hessian[at][and].to_bits());
            }
        }
    }
}
