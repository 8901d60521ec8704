//! The incomplete beta function.

use std::f64::consts::PI;

use super::Tail;
use super::gamma::{deviance, not_zero, stirling_error};
use super::invert::invert;

/// The fraction needs about the square root of its larger argument.
const TERMS_MAX: u32 = 1_000_000;

/// x^a y^b / B(a, b), where x + y = 1.
fn leading(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let error = stirling_error(n) - stirling_error(a) - stirling_error(b);
    (a * b / (2.0 * PI * n)).sqrt() * libm::exp(error - deviance(a, n * x) - deviance(b, n * y))
}

/// The regularised incomplete beta functions I_x(a, b) and I_y(b, a), where x + y = 1; a, b > 0.
pub(super) fn incomplete_beta(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if (a + b + x + y).is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = leading(a, b, x, y) / fraction(a, b, x, y);
        (lower, 1.0 - lower)
    } else {
        let upper = leading(a, b, x, y) / fraction(b, a, y, x);
        (1.0 - upper, upper)
    }
}

/// x^a y^b / (B(a, b) I_x(a, b)) by the even part of the continued fraction of DLMF 8.17.22, after Lentz. It takes the small
/// one of x and y as it is: made from the other it would have lost its digits.
fn fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let first = a * y - b * x + 1.0;
    let mut fraction = not_zero(a * first / (a + 1.0));
    let mut c = fraction;
    let mut d = 0.0;
    for m in 1..TERMS_MAX {
        let m = f64::from(m);
        let place = a + 2.0 * m;
        let over = (a + m - 1.0) * (a + b + m - 1.0) / (place - 1.0) * (m * (b - m) * x * x / (place - 1.0));
        let under = m + m * (b - m) * x / (place - 1.0) + (a + m) * (first + m * (1.0 + y)) / (place + 1.0);
        d = 1.0 / not_zero(under + over * d);
        c = not_zero(under + over / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() <= 2e-16 {
            break;
        }
    }
    fraction
}

/// The point whose tail has the size `p`, 0 < p < 1, of the beta distribution; a, b > 0.
pub(in crate::measure) fn beta_quantile(tail: Tail, p: f64, a: f64, b: f64) -> f64 {
    invert(tail, p, (0.0, 1.0), a / (a + b), |x| {
        let (lower, upper) = incomplete_beta(a, b, x, 1.0 - x);
        let found = if tail == Tail::Lower { lower } else { upper };
        (found, leading(a, b, x, 1.0 - x) / (x * (1.0 - x)))
    })
}
