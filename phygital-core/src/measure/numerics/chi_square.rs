//! The chi-square distribution, with any number of degrees of freedom above zero.

use std::f64::consts::PI;

use super::Tail;
use super::gamma::{deviance, incomplete_gamma, stirling_error};
use super::invert::invert;

/// The probability of at least `x`.
pub(in crate::measure) fn chi_square_upper(x: f64, degrees: f64) -> f64 {
    incomplete_gamma(degrees / 2.0, x / 2.0).1
}

/// The point whose tail has the size `p`, 0 < p < 1.
pub(in crate::measure) fn chi_square_quantile(tail: Tail, p: f64, degrees: f64) -> f64 {
    let a = degrees / 2.0;
    2.0 * invert(tail, p, (0.0, f64::INFINITY), a, |x| {
        let (lower, upper) = incomplete_gamma(a, x);
        // a x^(a - 1) e^-x / G(a + 1)
        let density = libm::exp(-stirling_error(a) - deviance(a, x)) / (2.0 * PI * a).sqrt() * a / x;
        (if tail == Tail::Lower { lower } else { upper }, density)
    })
}
