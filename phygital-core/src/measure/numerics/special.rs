//! Gamma functions, and how they differ over a distance: ln Γ(a+n) - ln Γ(a) and its first two derivatives, without the
//! cancellation of taking each end by itself.

/// From here on the asymptotic series below are exact to the last digit.
const FAR: f64 = 16.0;
/// Distances up to this are summed term by term.
const NEAR: u64 = 64;

/// ψ(x), the derivative of ln Γ, for x > 0.
pub(in crate::measure) fn digamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < FAR {
        sum -= 1.0 / x;
        x += 1.0;
    }
    sum + libm::log(x) + digamma_rest(x)
}

/// ψ'(x), for x > 0.
pub(in crate::measure) fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < FAR {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    sum + trigamma_far(x)
}

/// ln Γ(x) - (x - ½) ln x + x - ½ ln 2π for x >= 16 (Abramowitz and Stegun 6.1.41).
fn stirling_rest(x: f64) -> f64 {
    let (y, z) = (1.0 / x, 1.0 / (x * x));
    y * (1.0 / 12.0
        - z * (1.0 / 360.0
            - z * (1.0 / 1260.0 - z * (1.0 / 1680.0 - z * (1.0 / 1188.0 - z * (691.0 / 360_360.0))))))
}

/// ψ(x) - ln x for x >= 16 (6.3.18).
fn digamma_rest(x: f64) -> f64 {
    let z = 1.0 / (x * x);
    let series = 1.0 / 12.0
        - z * (1.0 / 120.0
            - z * (1.0 / 252.0 - z * (1.0 / 240.0 - z * (1.0 / 132.0 - z * (691.0 / 32_760.0)))));
    -0.5 / x - z * series
}

/// ψ'(x) for x >= 16 (6.4.12).
fn trigamma_far(x: f64) -> f64 {
    let (y, z) = (1.0 / x, 1.0 / (x * x));
    let series = 1.0 / 6.0
        - z * (1.0 / 30.0 - z * (1.0 / 42.0 - z * (1.0 / 30.0 - z * (5.0 / 66.0 - z * (691.0 / 2730.0)))));
    y + z * (0.5 + y * series)
}

/// How ln Γ and its derivatives grow from `a` on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::measure) struct Rise {
    /// ln Γ(a+n) - ln Γ(a)
    pub(in crate::measure) ln: f64,
    /// ψ(a+n) - ψ(a)
    pub(in crate::measure) first: f64,
    /// ψ'(a+n) - ψ'(a), which is not above 0
    pub(in crate::measure) second: f64,
}

impl Rise {
    fn add(&mut self, other: Rise) {
        self.ln += other.ln;
        self.first += other.first;
        self.second += other.second;
    }

    /// Over any distance `by` >= 0 from `from` > 0.
    pub(in crate::measure) fn over(mut from: f64, by: f64) -> Rise {
        let to = from + by;
        let mut rise = Rise::default();
        // Γ(a+n)/Γ(a) = Γ(a+n+1)/Γ(a+1) · a/(a+n), until both ends are far enough for the series.
        let mut end = to;
        while from < FAR {
            rise.ln += if from > 0.5 * end { libm::log1p((from - end) / end) } else { libm::log(from / end) };
            rise.first += 1.0 / from - 1.0 / end;
            rise.second -= 1.0 / (from * from) - 1.0 / (end * end);
            from += 1.0;
            end += 1.0;
        }
        let grown = libm::log1p(by / from);
        rise.add(Rise {
            ln: (end - 0.5) * grown
                + by * (libm::log(from) - 1.0)
                + (stirling_rest(end) - stirling_rest(from)),
            first: grown + (digamma_rest(end) - digamma_rest(from)),
            second: trigamma_far(end) - trigamma_far(from),
        });
        rise
    }
}

/// [`Rise`]s from one start over whole distances, taken in rising order, each from the one before.
#[derive(Clone, Debug)]
pub(in crate::measure) struct Ladder {
    start: f64,
    at: u64,
    rise: Rise,
}

impl Ladder {
    /// From a > 0.
    pub(in crate::measure) fn from(start: f64) -> Ladder {
        Ladder { start, at: 0, rise: Rise::default() }
    }

    /// Up to a + `to`, which is not below the last.
    pub(in crate::measure) fn climb(&mut self, to: u64) -> Rise {
        if to - self.at > NEAR {
            self.rise.add(Rise::over(self.start + self.at as f64, (to - self.at) as f64));
        } else {
            // Eight factors under one logarithm.
            let (mut product, mut factors) = (1.0, 0);
            for step in self.at..to {
                let factor = self.start + step as f64;
                let inverse = 1.0 / factor;
                self.rise.first += inverse;
                self.rise.second -= inverse * inverse;
                product *= factor;
                factors += 1;
                if factors == 8 {
                    self.rise.ln += libm::log(product);
                    (product, factors) = (1.0, 0);
                }
            }
            if factors > 0 {
                self.rise.ln += libm::log(product);
            }
        }
        self.at = to;
        self.rise
    }
}

/// Nodes and weights of Gauss and Legendre on (-1, 1), for x > 0; they mirror.
pub(in crate::measure) const LEGENDRE_8: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_27),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];
/// As [`LEGENDRE_8`], with sixteen nodes.
pub(in crate::measure) const LEGENDRE_16: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_58),
    (0.458_016_777_657_227_37, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_8, 0.149_595_988_816_576_74),
    (0.755_404_408_355_003, 0.124_628_971_255_533_88),
    (0.865_631_202_387_831_8, 0.095_158_511_682_492_79),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_894),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_096),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(found: f64, expected: f64, most: f64) {
        assert!((found - expected).abs() <= most * (1.0 + expected.abs()), "{found}, expected {expected}");
    }

    #[test]
    fn known_values() {
        // Abramowitz and Stegun 6.3.2, 6.3.3, 6.4.3, 6.4.4.
        let euler = 0.577_215_664_901_532_9;
        let pi = std::f64::consts::PI;
        near(digamma(1.0), -euler, 1e-15);
        near(digamma(0.5), -euler - 2.0 * std::f64::consts::LN_2, 1e-15);
        near(digamma(1e-6), -1_000_000.577_214_02, 1e-15);
        near(trigamma(1.0), pi * pi / 6.0, 1e-15);
        near(trigamma(0.5), pi * pi / 2.0, 1e-15);
        near(Rise::over(1.0, 20.0).ln, libm::log(2_432_902_008_176_640_000.0), 1e-15);
    }

    proptest! {
        #[test]
        fn two_ways_up_agree(start in -13.0..13.0_f64, steps in prop::collection::vec(0..900_u64, 1..5)) {
            let start = libm::exp(start);
            let mut ladder = Ladder::from(start);
            let mut at = 0;
            for step in steps {
                at += step;
                let (rise, over) = (ladder.climb(at), Rise::over(start, at as f64));
                near(rise.ln, over.ln, 1e-13);
                near(rise.first, over.first, 1e-13);
                near(rise.second, over.second, 1e-13);
                near(over.first, digamma(start + at as f64) - digamma(start), 1e-13);
                near(over.second, trigamma(start + at as f64) - trigamma(start), 1e-13);
                let ends = libm::lgamma(start + at as f64) - libm::lgamma(start);
                prop_assert!((over.ln - ends).abs() <= 1e-14 * (1.0 + libm::lgamma(start + at as f64).abs()));
            }
        }
    }

    #[test]
    fn polynomials_up_to_their_degree_are_exact() {
        for (nodes, degree) in [(&LEGENDRE_8[..], 14), (&LEGENDRE_16, 30)] {
            for power in (0..=degree).step_by(2) {
                let sum = nodes.iter().map(|(x, w)| 2.0 * w * x.powi(power)).sum::<f64>();
                near(sum, 2.0 / f64::from(power + 1), 1e-15);
            }
        }
    }
}
