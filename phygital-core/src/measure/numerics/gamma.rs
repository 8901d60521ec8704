//! The incomplete gamma function, with its leading term in the form of Loader (2000), which keeps its digits for large
//! arguments where a difference of log gammas loses them.

use std::f64::consts::PI;

/// Terms enough for arguments up to 10^10; what is not done by then is as good as done.
const TERMS_MAX: u32 = 1_000_000;

/// The error of Stirling's formula: ln G(z + 1) less ln(sqrt(2 pi z) (z / e)^z), z > 0.
pub(super) fn stirling_error(z: f64) -> f64 {
    let (mut z, mut error) = (z, 0.0);
    while z < 16.0 {
        error += (z + 0.5) * libm::log1p(1.0 / z) - 1.0;
        z += 1.0;
    }
    let square = z * z;
    let terms = [1.0 / 1188.0, -1.0 / 1680.0, 1.0 / 1260.0, -1.0 / 360.0, 1.0 / 12.0];
    error + terms.into_iter().fold(0.0, |sum, term| sum / square + term) / z
}

/// x ln(x / mean) + mean - x, exact where the two are close; x >= 0, mean > 0.
pub(super) fn deviance(x: f64, mean: f64) -> f64 {
    if x == 0.0 {
        return mean;
    }
    if (x - mean).abs() >= 0.1 * (x + mean) {
        return x * libm::log(x / mean) + mean - x;
    }
    let v = (x - mean) / (x + mean);
    let (mut sum, mut term, mut odd) = ((x - mean) * v, 2.0 * x * v, 1.0);
    // Each term is less than a hundredth of the one before.
    for _ in 0..20 {
        term *= v * v;
        odd += 2.0;
        sum += term / odd;
    }
    sum
}

/// The regularised incomplete gamma functions P(a, x) and Q(a, x), a > 0, x >= 0.
pub(super) fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x.is_nan() || a.is_nan() {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    // x^a e^-x / G(a + 1)
    let leading = libm::exp(-stirling_error(a) - deviance(a, x)) / (2.0 * PI * a).sqrt();
    if x < a + 1.0 {
        let (mut sum, mut term) = (1.0, 1.0);
        for n in 1..TERMS_MAX {
            term *= x / (a + f64::from(n));
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        let lower = leading * sum;
        return (lower, 1.0 - lower);
    }
    // Lentz's evaluation of Legendre's continued fraction (DLMF 8.9.2, even part).
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for n in 1..TERMS_MAX {
        let n = f64::from(n);
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / not_zero(an * d + b);
        c = not_zero(b + an / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() <= 2e-16 {
            break;
        }
    }
    let upper = leading * a * fraction;
    (1.0 - upper, upper)
}

/// Keeps a denominator of Lentz's method from zero.
pub(super) fn not_zero(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1e-300 } else { x }
}
