//! Where a tail of a distribution has a given size: Newton's steps on its logarithm, kept between two bounds.

use super::Tail;

/// More steps than any of our distributions needs, so that none goes on for ever.
const STEPS_MAX: u32 = 400;

/// The point in `low..high` whose tail is `size`. `at` gives the tail and the density there; the tail is monotone.
pub(super) fn invert(
    tail: Tail,
    size: f64,
    (mut low, mut high): (f64, f64),
    start: f64,
    at: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let sign = if tail == Tail::Lower { -1.0 } else { 1.0 };
    let mut x = start;
    for _ in 0..STEPS_MAX {
        let (found, density) = at(x);
        // An upper tail that is too large lies too low, a lower one too high.
        if (found > size) == (tail == Tail::Upper) {
            low = x;
        } else {
            high = x;
        }
        let newton = x + sign * found / density * libm::log(found / size);
        let middle = if high.is_finite() { low + (high - low) / 2.0 } else { x.max(1.0) * 2.0 };
        let next = if newton > low && newton < high { newton } else { middle };
        // Newton's steps double the digits: one this small is the last that changes any.
        if (next - x).abs() <= 1e-14 * x.abs() {
            return next;
        }
        x = next;
    }
    x
}
