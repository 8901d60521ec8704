//! Random numbers for tests, the same in each run.

/// SplitMix64, and what is made of it.
pub(in crate::measure) struct Draws(u64);

impl Draws {
    pub(in crate::measure) fn new(seed: u64) -> Draws {
        Draws(seed)
    }

    /// From 0 to below 1.
    pub(in crate::measure) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 2_f64.powi(53)
    }

    /// Mean 0, variance 1 (Box and Muller).
    pub(in crate::measure) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Poisson, of a small mean (Knuth).
    pub(in crate::measure) fn poisson(&mut self, mean: f64) -> u64 {
        let limit = libm::exp(-mean);
        let (mut count, mut product) = (0, self.uniform());
        while product > limit {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    /// Gamma of a whole shape, mean 1.
    pub(in crate::measure) fn gamma(&mut self, shape: u32) -> f64 {
        (0..shape).map(|_| -libm::log(1.0 - self.uniform())).sum::<f64>() / f64::from(shape)
    }
}
