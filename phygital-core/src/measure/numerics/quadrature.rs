//! Means over a beta distribution.

/// The mean of `of(p)` over p of a beta distribution with a and b, where `of` is smooth and changes within p of about
/// 1/`steep` at the fastest.
///
/// By the trapezoidal rule in y with p = 1/(1+e^-y), which converges exponentially since all is analytic about the line. The
/// same rule gives the weight of the whole, so that no gamma function is needed. Far tails are geometric series.
pub(in crate::measure) fn mean_of_beta(a: f64, b: f64, steep: f64, of: impl Fn(f64) -> f64) -> f64 {
    let spread = (1.0 / a + 1.0 / b).sqrt();
    let step = (0.4 * spread).min(0.2);
    let peak = libm::log(a / b);
    // ln p^a (1-p)^b, less that of the peak.
    let ln_weight = |y: f64| {
        let soft = libm::log1p(libm::exp(-y.abs()));
        let (ln_p, ln_rest) = if y > 0.0 { (-soft, -y - soft) } else { (y - soft, -soft) };
        a * ln_p + b * ln_rest
    };
    let highest = ln_weight(peak);
    let (mut weight, mut sum) = (1.0, of(1.0 / (1.0 + libm::exp(-peak))));
    let far = 39.0 + libm::log(1.0 + a + b + steep);
    for (sign, power) in [(-1.0, a), (1.0, b)] {
        let mut steps = 0.0;
        loop {
            steps += 1.0;
            let y = peak + sign * steps * step;
            let density = libm::exp(ln_weight(y) - highest);
            let value = density * of(1.0 / (1.0 + libm::exp(-y)));
            weight += density;
            sum += value;
            if density <= 1e-19 * weight && value.abs() <= 1e-19 * sum.abs() {
                break;
            }
            if sign * y > far {
                // From here on it falls by the same factor with each step.
                let rest = 1.0 / libm::expm1(power * step);
                weight += density * rest;
                sum += value * rest;
                break;
            }
        }
    }
    sum / weight
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn moments_are_those_of_the_distribution(a in -4.0..5.0_f64, b in -4.0..5.0_f64) {
            let [a, b] = [a, b].map(libm::exp10);
            let mean = mean_of_beta(a, b, 1.0, |p| p);
            prop_assert!((mean - a / (a + b)).abs() <= 1e-12 * mean);
            let square = mean_of_beta(a, b, 1.0, |p| p * p);
            let known = a / (a + b) * ((a + 1.0) / (a + b + 1.0));
            prop_assert!((square - known).abs() <= 1e-12 * known);
        }
    }
}
