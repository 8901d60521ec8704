//! Student's t distribution, with any number of degrees of freedom above zero.

use std::f64::consts::PI;

use super::Tail;
use super::beta::incomplete_beta;
use super::gamma::stirling_error;
use super::invert::invert;
use super::normal::{normal_quantile, normal_two_sided};

/// From here on Wallace's transformation to the normal distribution is exact to more digits than the fraction.
const DEGREES_LARGE: f64 = 1e7;

/// The probability of at least `|t|` on either side.
pub(in crate::measure) fn student_two_sided(t: f64, degrees: f64) -> f64 {
    if degrees >= DEGREES_LARGE {
        return normal_two_sided(wallace(t, degrees));
    }
    let sum = degrees + t * t;
    incomplete_beta(degrees / 2.0, 0.5, degrees / sum, t * t / sum).0
}

/// The point beyond which, on both sides together, the probability `alpha` lies; 0 < alpha < 1.
pub(in crate::measure) fn student_critical(alpha: f64, degrees: f64) -> f64 {
    let start = -normal_quantile(alpha / 2.0);
    if degrees.is_infinite() {
        return start;
    }
    let error = stirling_error((degrees + 1.0) / 2.0) - stirling_error(degrees / 2.0);
    // The density on both sides; its constant is G((v + 1) / 2) / (sqrt(v pi) G(v / 2)).
    let half = degrees / 2.0;
    let log_ratio = half * libm::log1p(0.5 / half) + 0.5 * libm::log(half) - 0.5 + error;
    let constant = libm::exp(log_ratio - 0.5 * libm::log(degrees * PI));
    invert(Tail::Upper, alpha, (0.0, f64::INFINITY), start.max(f64::MIN_POSITIVE), |t| {
        let density = constant * libm::exp(-(half + 0.5) * libm::log1p(t * t / degrees));
        (student_two_sided(t, degrees), 2.0 * density)
    })
}

/// Wallace (1959): the error of the normal deviate is of the order of 1 / degrees².
fn wallace(t: f64, degrees: f64) -> f64 {
    if degrees.is_infinite() {
        return t;
    }
    let factor = (8.0 * degrees + 1.0) / (8.0 * degrees + 3.0);
    factor * (degrees * libm::log1p(t * t / degrees)).sqrt()
}
