//! The method of Nelder and Mead, for when slopes lead nowhere.

use super::likelihood::Point;
use super::newton::{Bounds, clamp};

/// How far the first corners are from the start.
const EDGE: f64 = 0.5;

/// The highest point that is found within a box from `start`, with `passes` values of `of`; values that are no number count
/// as lowest.
pub(super) fn climb(
    of: &dyn Fn(&Point) -> f64,
    count: usize,
    start: &Point,
    bounds: &Bounds,
    passes: u32,
) -> Point {
    let height = |at: &Point| {
        let height = of(at);
        if height.is_nan() { f64::NEG_INFINITY } else { height }
    };
    let mut corners = vec![*start];
    for at in 0..count {
        let mut corner = *start;
        corner[at] += if corner[at] + EDGE <= bounds[at][1] { EDGE } else { -EDGE };
        corners.push(clamp(&corner, bounds));
    }
    let mut corners = corners.into_iter().map(|corner| (height(&corner), corner)).collect::<Vec<_>>();
    let mut left = passes.saturating_sub(corners.len() as u32);
    while left > 0 {
        corners.sort_by(|one, other| other.0.total_cmp(&one.0));
        let (best, worst) = (corners[0], corners[count]);
        let mut middle = [0.0; 4];
        for (_, corner) in &corners[..count] {
            (0..4).for_each(|at| middle[at] += corner[at] / count as f64);
        }
        // Through the middle of the others, by so much of the way that leads there.
        let mut across = |by: f64| {
            left = left.saturating_sub(1);
            let corner =
                clamp(&std::array::from_fn(|at| middle[at] + by * (middle[at] - worst.1[at])), bounds);
            (height(&corner), corner)
        };
        let mirrored = across(1.0);
        let better = if mirrored.0 > best.0 {
            let further = across(2.0);
            if further.0 > mirrored.0 { further } else { mirrored }
        } else if mirrored.0 > corners[count - 1].0 {
            mirrored
        } else {
            across(if mirrored.0 > worst.0 { 0.5 } else { -0.5 })
        };
        if better.0 > worst.0 {
            corners[count] = better;
            continue;
        }
        for corner in &mut corners[1..] {
            (0..4).for_each(|at| corner.1[at] = 0.5 * (corner.1[at] + best.1[at]));
            corner.0 = height(&corner.1);
            left = left.saturating_sub(1);
        }
    }
    corners
        .into_iter()
        .reduce(|one, other| if other.0 > one.0 { other } else { one })
        .map_or(*start, |best| best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Bounds = [[-50.0, 50.0]; 4];

    #[test]
    fn it_climbs_a_bent_ridge() {
        // Rosenbrock's valley upside down, twice.
        let of = |at: &Point| {
            let one = |x: f64, y: f64| (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x);
            -one(at[0], at[1]) - one(at[2], at[3])
        };
        let found = climb(&of, 4, &[-1.0, 1.0, 0.0, 0.0], &WIDE, 5_000);
        assert!(found.iter().all(|x| (x - 1.0).abs() < 1e-4), "{found:?}");
    }

    #[test]
    fn it_stays_in_its_box_and_minds_no_hole() {
        let of =
            |at: &Point| if at[0] > 2.0 { f64::NAN } else { at[0] + at[1] - (at[2] - 1.0) * (at[2] - 1.0) };
        let found = climb(&of, 3, &[0.0; 4], &[[-1.0, 3.0], [-1.0, 3.0], [-1.0, 3.0], [0.0, 0.0]], 2_000);
        assert!((found[0] - 2.0).abs() < 1e-3 && (found[1] - 3.0).abs() < 1e-3, "{found:?}");
        assert!((found[2] - 1.0).abs() < 0.05 && found[3] == 0.0, "{found:?}");
    }
}
