//! The highest point of a log-likelihood within a box, by Newton's steps within a radius that is trusted.

use super::likelihood::{Likelihood, PARAMETERS, Point, Spread, Sums};
use super::simplex;
use super::symmetric::{Eigen, eigen};

/// Most passes over the data of one climb.
const PASSES_MAX: u32 = 200;
/// The gain in log-likelihood that a full step still promises, per customer, at which a climb has arrived; and one that
/// rounding may hide.
const GAIN_LEAST: f64 = 1e-20;
const GAIN_SMALL: f64 = 1e-11;
/// Steps in the logarithms of parameters: the first that is trusted, the longest, the shortest.
const RADIUS: f64 = 1.0;
const RADIUS_MAX: f64 = 4.0;
const RADIUS_LEAST: f64 = 1e-9;
/// Passes of the simplex when Newton's steps do not arrive.
const SIMPLEX_PASSES: u32 = 400;
/// From so many groups on, a sample is climbed first: about so many groups.
const SAMPLE: usize = 16_384;

/// Where a climb ended.
#[derive(Clone, Debug)]
pub(super) struct Summit {
    /// The logarithms of the parameters.
    pub(super) logs: Point,
    /// The log-likelihood there, by the logarithms.
    pub(super) sums: Sums,
    pub(super) arrived: bool,
    pub(super) passes: u32,
    /// Whether the simplex was needed.
    pub(super) simplex: bool,
}

/// The logarithms between which parameters are looked for.
pub(super) type Bounds = [[f64; 2]; PARAMETERS];

/// Climbs from `start`: Newton, then the simplex where that does not arrive, then Newton again.
pub(super) fn climb<L: Likelihood>(model: &L, start: &Point, bounds: &Bounds, spread: &Spread<'_>) -> Summit {
    let first = newton(model, start, bounds, spread);
    if first.arrived {
        return first;
    }
    let value = |logs: &Point| model.sums_in_logs(logs, spread).value;
    let better = simplex::climb(&value, L::COUNT, &first.logs, bounds, SIMPLEX_PASSES);
    let second = newton(model, &better, bounds, spread);
    let passes = first.passes + SIMPLEX_PASSES + second.passes;
    let best = if second.sums.value >= first.sums.value { second } else { first };
    Summit { passes, simplex: true, ..best }
}

/// How many groups of all to take one of for a first climb, where that pays.
pub(super) fn sampling(groups: usize) -> Option<usize> {
    (groups >= 4 * SAMPLE).then_some(groups / SAMPLE)
}

fn newton<L: Likelihood>(model: &L, start: &Point, bounds: &Bounds, spread: &Spread<'_>) -> Summit {
    let people = model.people().max(1.0);
    let mut at = clamp(start, bounds);
    let mut sums = model.sums_in_logs(&at, spread);
    let (mut radius, mut passes, mut arrived) = (RADIUS, 1, false);
    while passes < PASSES_MAX && radius > RADIUS_LEAST {
        let (free, eigen) = free(&sums, &at, bounds, L::COUNT);
        let size = 1.0 + sums.value.abs() / people;
        let gain =
            free.iter().zip(&eigen.values).map(|(up, bend)| 0.5 * up * up / bend.abs()).sum::<f64>() / people;
        let peaked = eigen.values.iter().zip(&free).all(|(bend, up)| *bend > 0.0 || *up == 0.0);
        if peaked && gain <= GAIN_LEAST * size {
            arrived = true;
            break;
        }
        let step = within(&free, &eigen, radius);
        let next = clamp(&add(&at, &step), bounds);
        let promised = promise(&sums, &at, &next);
        if next == at || promised <= 0.0 {
            arrived = peaked && gain <= GAIN_SMALL * size;
            if arrived {
                break;
            }
            radius *= 0.25;
            continue;
        }
        let tried = model.sums_in_logs(&next, spread);
        passes += 1;
        let gained = tried.value - sums.value;
        // Near the top the gain drowns in rounding; there a step is good that makes the slope smaller.
        let drowned = peaked && gain <= GAIN_SMALL * size && tried.is_finite();
        if drowned {
            let (then, _) = self::free(&tried, &next, bounds, L::COUNT);
            if norm(&then) >= norm(&free) {
                arrived = true;
                break;
            }
        } else if !(tried.is_finite() && gained > 0.0) {
            radius = 0.25 * radius.min(norm(&step));
            continue;
        }
        if gained < 0.25 * promised && !drowned {
            radius = 0.5 * radius.min(norm(&step));
        } else if gained > 0.75 * promised {
            radius = (2.0 * radius).min(RADIUS_MAX);
        }
        (at, sums) = (next, tried);
    }
    Summit { logs: at, sums, arrived, passes, simplex: false }
}

/// The slope in the directions of the curvature's axes, of what may move: a parameter at its bound whose slope leads out of
/// the box stays.
fn free(sums: &Sums, at: &Point, bounds: &Bounds, count: usize) -> (Point, Eigen) {
    let mut moves = [false; PARAMETERS];
    for i in 0..count {
        let [low, high] = bounds[i];
        moves[i] = !((at[i] <= low && sums.gradient[i] < 0.0) || (at[i] >= high && sums.gradient[i] > 0.0));
    }
    // What stays has no slope and a curvature of its own.
    let mut curve = [[0.0; PARAMETERS]; PARAMETERS];
    for i in 0..PARAMETERS {
        for j in 0..PARAMETERS {
            curve[i][j] = match (moves[i] && moves[j], i == j) {
                (true, _) => -sums.hessian[i][j],
                (false, true) => 1.0,
                (false, false) => 0.0,
            };
        }
    }
    let eigen = eigen(curve);
    let slope = std::array::from_fn(|axis| {
        (0..count).filter(|i| moves[*i]).map(|i| sums.gradient[i] * eigen.vectors[axis][i]).sum()
    });
    (slope, eigen)
}

/// The step to the top of the parabola, or to its highest point within the radius.
fn within(slope: &Point, eigen: &Eigen, radius: f64) -> Point {
    let along =
        |shift: f64| -> Point { std::array::from_fn(|axis| slope[axis] / (eigen.values[axis] + shift)) };
    let lowest = eigen.values.iter().zip(slope).filter(|(_, up)| **up != 0.0).map(|(bend, _)| *bend);
    let lowest = lowest.fold(f64::INFINITY, f64::min);
    let mut low = 0.0;
    if lowest <= 0.0 {
        low = -lowest * (1.0 + 1e-12) + 1e-300;
    }
    if lowest <= 0.0 || norm(&along(0.0)) > radius {
        let mut high = low.max(norm(slope) / radius) + norm(slope) / radius;
        for _ in 0..80 {
            let mid = 0.5 * (low + high);
            if norm(&along(mid)) > radius { low = mid } else { high = mid }
        }
        low = high;
    }
    let along = along(low);
    std::array::from_fn(|i| (0..PARAMETERS).map(|axis| along[axis] * eigen.vectors[axis][i]).sum())
}

/// What the parabola at `from` gains up to `to`.
fn promise(sums: &Sums, from: &Point, to: &Point) -> f64 {
    let step: Point = std::array::from_fn(|i| to[i] - from[i]);
    let bent = |i: usize| (0..PARAMETERS).map(|j| sums.hessian[i][j] * step[j]).sum::<f64>();
    (0..PARAMETERS).map(|i| step[i] * (sums.gradient[i] + 0.5 * bent(i))).sum()
}

pub(super) fn clamp(at: &Point, bounds: &Bounds) -> Point {
    std::array::from_fn(|i| at[i].clamp(bounds[i][0], bounds[i][1]))
}

fn add(at: &Point, step: &Point) -> Point {
    std::array::from_fn(|i| at[i] + step[i])
}

pub(super) fn norm(of: &Point) -> f64 {
    of.iter().map(|part| part * part).sum::<f64>().sqrt()
}
