//! The normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::Tail;
use super::invert::invert;

/// The probability of at least `z`.
pub(in crate::measure) fn normal_upper(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

/// The probability of at least `|z|` on either side.
pub(in crate::measure) fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() * FRAC_1_SQRT_2)
}

/// The point below which the probability `p` lies, 0 < p < 1.
pub(in crate::measure) fn normal_quantile(p: f64) -> f64 {
    if p == 0.5 {
        return 0.0;
    }
    let size = if p < 0.5 { p } else { 1.0 - p };
    let density = |z: f64| libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt();
    // The tail is about exp(-z²/2), so this start is above the point by less than one.
    let start = (-2.0 * libm::log(size)).sqrt();
    let z = invert(Tail::Upper, size, (0.0, f64::INFINITY), start, |z| (normal_upper(z), density(z)));
    if p < 0.5 { -z } else { z }
}
