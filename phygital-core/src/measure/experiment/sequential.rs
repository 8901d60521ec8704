//! Intervals that may be looked at as often as one likes: the mixture sequential probability ratio test (Robbins 1970; Johari,
//! Pekelis, Walsh 2015), which with an estimated variance is the asymptotic confidence sequence of Waudby-Smith and others
//! (2021).

use thiserror::Error;

use crate::measure::{Alpha, Interval};

/// Which effects the interval is narrowest for. It has to be fixed before the data: chosen after a look, it promises nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mixture {
    /// Effects of about this size, in units of the metric (tau).
    Effect(f64),
    /// Any effect, at about this many units in both arms.
    Planned(u64),
}

/// Why a mixture is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a size above zero")]
pub struct MixtureError;

/// What a look at the data says, however many there were before.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Look {
    /// How much likelier the data are under the mixture of effects than without effect.
    pub likelihood_ratio: f64,
    /// The always-valid probability of this look: the reciprocal, at most 1.
    pub p_value: f64,
    /// The interval at this look; the truth is in all of them but for alpha.
    pub interval: Interval,
}

impl Look {
    /// The probability that holds after this look, given that of the looks before: the lowest.
    pub fn p_after(&self, before: Option<f64>) -> f64 {
        before.map_or(self.p_value, |before| before.min(self.p_value))
    }
}

impl Mixture {
    /// Effects of about this size.
    ///
    /// # Errors
    /// [`MixtureError`] unless it is above zero and finite.
    pub fn effect(tau: f64) -> Result<Mixture, MixtureError> {
        if tau > 0.0 && tau.is_finite() { Ok(Mixture::Effect(tau)) } else { Err(MixtureError) }
    }

    /// Narrowest at this many units.
    ///
    /// # Errors
    /// [`MixtureError`] for none.
    pub fn planned(units: u64) -> Result<Mixture, MixtureError> {
        if units > 0 { Ok(Mixture::Planned(units)) } else { Err(MixtureError) }
    }

    /// A look at an effect with its standard error, of so many units in both arms. None without spread.
    pub fn look(self, effect: f64, standard_error: f64, units: u64, alpha: Alpha) -> Option<Look> {
        let square = standard_error * standard_error;
        // The variance of the mixture beside that of the estimate.
        let ratio = match self {
            Mixture::Effect(tau) => tau * tau / square,
            Mixture::Planned(planned) => {
                let log = -2.0 * libm::log(alpha.get());
                (log + libm::log(log + 1.0)) * units as f64 / planned as f64
            }
        };
        if !(square > 0.0 && ratio > 0.0 && ratio.is_finite() && effect.is_finite()) {
            return None;
        }
        let z = effect / standard_error;
        let half_log = libm::log1p(ratio) / 2.0;
        let log_likelihood = z * z / 2.0 * ratio / (1.0 + ratio) - half_log;
        let half = (2.0 * square * (1.0 + ratio) / ratio * (half_log - libm::log(alpha.get()))).sqrt();
        Some(Look {
            likelihood_ratio: libm::exp(log_likelihood.min(700.0)),
            p_value: libm::exp(-log_likelihood).min(1.0),
            interval: Interval { low: effect - half, high: effect + half },
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::measure::experiment::simulated::Draws;

    /// Looks after each of 400 pairs: an ordinary interval of 95 % would miss in about a third of the runs.
    #[test]
    fn many_looks_do_not_spoil_it() {
        let mut draws = Draws::new(5);
        const RUNS: u32 = 600;
        for (mixture, truth) in [(Mixture::planned(400), 0.0), (Mixture::effect(0.3), 0.2)] {
            let mixture = mixture.unwrap();
            let (mut missed, mut fooled) = (0, 0);
            for _ in 0..RUNS {
                let (mut sum, mut squares, mut miss, mut p) = (0.0, 0.0, false, None);
                for n in 1..=400_u32 {
                    let value = truth + draws.normal() * std::f64::consts::SQRT_2;
                    sum += value;
                    squares += value * value;
                    if n < 20 {
                        continue;
                    }
                    let n = f64::from(n);
                    let error = ((squares - sum * sum / n) / (n - 1.0) / n).sqrt();
                    let look = mixture.look(sum / n, error, 2 * n as u64, Alpha::CUSTOMARY).unwrap();
                    miss |= !look.interval.contains(truth);
                    p = Some(look.p_after(p));
                    assert_eq!(look.p_value < 0.05, !look.interval.contains(0.0));
                }
                missed += u32::from(miss);
                fooled += u32::from(truth == 0.0 && p.unwrap() < 0.05);
            }
            assert!(missed <= RUNS / 20 && fooled <= RUNS / 20, "{missed} {fooled} of {RUNS}");
        }
    }

    #[test]
    fn no_look_without_spread_or_size() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Mixture::effect(bad), Err(MixtureError));
        }
        assert_eq!(Mixture::planned(0), Err(MixtureError));
        let mixture = Mixture::planned(100).unwrap();
        assert_eq!(mixture.look(1.0, 0.0, 10, Alpha::CUSTOMARY), None);
        assert_eq!(mixture.look(1.0, 1.0, 0, Alpha::CUSTOMARY), None);
        // An effect beyond all doubt stays finite.
        let look = mixture.look(1e9, 1.0, 10, Alpha::CUSTOMARY).unwrap();
        assert!(look.likelihood_ratio.is_finite() && look.p_value == 0.0);
    }
}
