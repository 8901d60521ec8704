//! How many purchases a customer makes who may stop after each.

use crate::measure::numerics::mean_of_beta;

/// Largest share of the way to infinity at which the series is short.
const NEAR: f64 = 0.95;
/// Most terms of the series.
const TERMS_MAX: u32 = 2_000;
/// Cancellation that costs no more than a digit.
const LOSS_MAX: f64 = 8.0;
/// Largest exponent whose power keeps its digits.
const EXPONENT_MAX: f64 = 16.0;

/// E[(1 - (1+p·ahead)^-k) / p] over p of a beta distribution with a and b: the purchases to come of one whose rate is of a
/// gamma distribution with shape k and rate 1 and who stops after each purchase with the chance p.
///
/// The hypergeometric function of the papers overflows; Euler's transformation of it, with L = -ln(1 + ahead), does not:
/// c · -expm1((a-1) L)/(a-1) - exp((a-1) L) · U, where c = a+b-1 and U = Σ (c-k)_n (a)_(n-1) z^n / ((c+1)_(n-1) n!) and
/// z = 1 - exp(L). Where that is slow or cancels, the mean is taken as an integral.
pub(super) fn future(k: f64, a: f64, b: f64, ahead: f64) -> f64 {
    if ahead <= 0.0 {
        return 0.0;
    }
    series(k, a, b, ahead).unwrap_or_else(|| integral(k, a, b, ahead))
}

fn series(k: f64, a: f64, b: f64, ahead: f64) -> Option<f64> {
    let (e, c) = (a - 1.0, a + b - 1.0);
    let l = -libm::log1p(ahead);
    let z = -libm::expm1(l);
    if z > NEAR || (e * l).abs() > EXPONENT_MAX {
        return None;
    }
    let mut term = (c - k) * z;
    let (mut sum, mut largest) = (term, term.abs());
    let mut n = 1.0;
    let mut terms = 1;
    while term.abs() > 1e-17 * sum.abs() {
        term *= (c - k + n) * (e + n) / ((c + n) * (n + 1.0)) * z;
        sum += term;
        largest = largest.max(term.abs());
        n += 1.0;
        terms += 1;
        if terms > TERMS_MAX || !sum.is_finite() {
            return None;
        }
    }
    let power = libm::exp(e * l);
    let whole = if e == 0.0 { -c * l } else { -c * libm::expm1(e * l) / e };
    let found = whole - power * sum;
    let size = whole.abs().max(power * largest);
    (found * LOSS_MAX > size).then_some(found)
}

fn integral(k: f64, a: f64, b: f64, ahead: f64) -> f64 {
    mean_of_beta(a, b, 1.0 + (k + 1.0) * ahead, |p| -libm::expm1(-k * libm::log1p(p * ahead)) / p)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-13 * expected.abs(), "{found}, expected {expected}");
    }

    proptest! {
        #[test]
        fn both_ways_agree(
            k in -3.0..4.0_f64, a in -3.0..2.0_f64, b in -3.0..4.0_f64, ahead in -6.0..1.2_f64,
        ) {
            let [k, a, b, ahead] = [k, a, b, ahead].map(libm::exp10);
            let found = integral(k, a, b, ahead);
            // No more than a rate that nobody stops would bring.
            prop_assert!(found > 0.0 && found <= k * ahead * (1.0 + 1e-13));
            if let Some(series) = series(k, a, b, ahead) {
                prop_assert!((series - found).abs() <= 4e-13 * found, "{} and {}", series, found);
            }
        }

        #[test]
        fn it_grows(k in 0.01..50.0_f64, a in 0.01..50.0_f64, b in 0.01..50.0_f64, ahead in 0.001..1000.0_f64) {
            let [one, two] = [ahead, 1.01 * ahead].map(|ahead| future(k, a, b, ahead));
            // Where all have stopped long before, nothing is added.
            prop_assert!(two >= one * (1.0 - 1e-14));
            prop_assert!(two > one || one > 0.999 * (a + b - 1.0) / (a - 1.0));
        }
    }

    #[test]
    fn where_the_answer_is_known() {
        // k = 1, a = b = 1: the integral of 1/(1+p t), which is ln(1+t)/t · t.
        for ahead in [1e-9, 0.5, 19.0, 1e6] {
            near(future(1.0, 1.0, 1.0, ahead), libm::log1p(ahead));
        }
        assert_eq!(future(1.0, 1.0, 1.0, 0.0), 0.0);
        // Nobody stops: k times the time.
        near(future(3.0, 1e-9, 1e6, 2.0), 6.0);
    }
}
