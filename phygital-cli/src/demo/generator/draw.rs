//! Seeded random draws that are the same bits on every platform.
//!
//! Only IEEE 754 basic operations, the exactly rounded square root and `libm`'s own `log` and `pow` are used. A
//! distribution crate over the standard library's mathematics would call the C library of the platform, whose last
//! digit differs from one to the next.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One stream of random draws.
///
/// A seed has 2^64 streams that do not overlap, one for each customer, so a customer's life does not depend on how
/// many others there are.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    /// Stream `stream` of `seed`.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        // Spelled out, since `seed_from_u64` may expand a seed differently in a later version.
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Uniform on the open interval (0, 1): an odd multiple of 2^-53, so that neither its logarithm nor that of its
    /// complement is infinite.
    pub(super) fn unit(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Fills the buffer with random bytes.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// Uniform on `0..n`; 0 for `n = 0`. The bias is below `n` / 2^64.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let scaled = (u128::from(self.0.next_u64()) * n as u128) >> 64;
        usize::try_from(scaled).expect("the product's upper half is below n")
    }

    /// True in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `items`, each as likely as its weight.
    ///
    /// # Panics
    /// If no weight is positive; the callers' tables are constants.
    pub(crate) fn weighted<'a, T>(&mut self, items: &'a [(usize, T)]) -> &'a T {
        let mut left = self.below(items.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in items {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        unreachable!("the draw is below the sum of the weights")
    }

    /// Exponential with mean 1.
    pub(super) fn exponential(&mut self) -> f64 {
        -libm::log(self.unit())
    }

    /// Normal with mean 0 and variance 1, by Marsaglia's polar method (SIAM Review 6(3), 1964).
    fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let s = x * x + y * y;
            if s < 1.0 && s > 0.0 {
                return x * libm::sqrt(-2.0 * libm::log(s) / s);
            }
        }
    }

    /// Gamma with the given positive shape and rate 1, by Marsaglia and Tsang (ACM TOMS 26(3), 2000), with their
    /// boost `G(k) = G(k + 1) U^(1/k)` below shape 1.
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * libm::pow(self.unit(), 1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if libm::log(self.unit()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// Beta with positive parameters, as a share of two gammas.
    pub(super) fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        x / (x + y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 50_000;

    /// Largest distance between the draws' distribution and `cdf` (Kolmogorov and Smirnov).
    fn distance(mut draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        draws.sort_by(f64::total_cmp);
        let n = draws.len() as f64;
        let gap = |(i, x): (usize, &f64)| {
            let f = cdf(*x);
            (f - i as f64 / n).abs().max(((i + 1) as f64 / n - f).abs())
        };
        draws.iter().enumerate().map(gap).fold(0.0, f64::max)
    }

    /// 1.95 / sqrt(n) is passed by a true sample in 999 of 1,000 cases.
    fn fits(draws: Vec<f64>, cdf: impl Fn(f64) -> f64) -> bool {
        let bound = 1.95 / (draws.len() as f64).sqrt();
        distance(draws, cdf) < bound
    }

    /// Regularised lower incomplete gamma by its power series (DLMF 8.7.1).
    fn gamma_cdf(shape: f64, x: f64) -> f64 {
        let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
        while term > sum * 1e-16 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        sum * (shape * x.ln() - x - libm::lgamma(shape)).exp()
    }

    /// Beta distribution by Simpson's rule on the density, after `x = u^(1/a)` took away the pole at 0.
    fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
        let ln_beta = libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
        let density = |u: f64| (1.0 - u.powf(1.0 / a)).powf(b - 1.0) / a;
        let (end, steps) = (x.powf(a), 200);
        let h = end / steps as f64;
        let inner: f64 = (1..steps).map(|i| density(i as f64 * h) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
        (density(0.0) + inner + density(end)) * h / 3.0 / ln_beta.exp()
    }

    #[test]
    fn samples_follow_their_distributions() {
        let sample = |stream, f: fn(&mut Draw) -> f64| {
            let mut draw = Draw::new(7, stream);
            (0..DRAWS).map(|_| f(&mut draw)).collect::<Vec<_>>()
        };
        assert!(fits(sample(0, Draw::unit), |x| x));
        assert!(fits(sample(1, Draw::exponential), |x| 1.0 - (-x).exp()));
        assert!(fits(sample(2, Draw::normal), |x| 0.5 * libm::erfc(-x / 2_f64.sqrt())));
        assert!(fits(sample(3, |d| d.gamma(0.243)), |x| gamma_cdf(0.243, x)));
        assert!(fits(sample(4, |d| d.gamma(0.793)), |x| gamma_cdf(0.793, x)));
        assert!(fits(sample(5, |d| d.gamma(3.74)), |x| gamma_cdf(3.74, x)));
        assert!(fits(sample(6, |d| d.beta(0.793, 2.426)), |x| beta_cdf(0.793, 2.426, x)));
        // The oracle can tell a wrong sampler.
        assert!(!fits(sample(5, |d| d.gamma(3.74)), |x| gamma_cdf(3.84, x)));
    }

    #[test]
    fn whole_numbers_are_uniform_and_weighted() {
        let mut draw = Draw::new(1, 0);
        let mut counts = [0_u32; 5];
        (0..DRAWS).for_each(|_| counts[draw.below(5)] += 1);
        assert!(counts.iter().all(|&n| n.abs_diff(10_000) < 400), "{counts:?}");

        let mut heads = 0_u32;
        (0..DRAWS).for_each(|_| heads += u32::from(draw.chance(30)));
        assert!(heads.abs_diff(15_000) < 450, "{heads}");

        let mut counts = [0_u32; 3];
        let table = [(1, 0), (0, 1), (3, 2)];
        (0..DRAWS).for_each(|_| counts[*draw.weighted(&table)] += 1);
        assert_eq!(counts[1], 0);
        assert!(counts[0].abs_diff(12_500) < 450, "{counts:?}");
    }

    #[test]
    fn streams_repeat_and_differ() {
        let first = |seed, stream| Draw::new(seed, stream).unit().to_bits();
        assert_eq!(first(1, 1), first(1, 1));
        assert_ne!(first(1, 1), first(1, 2));
        assert_ne!(first(1, 1), first(2, 1));
    }
}
