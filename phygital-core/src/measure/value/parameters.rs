//! Parameters given by hand.

use thiserror::Error;

use super::bg::{BgNbd, MbgNbd};
use super::bgbb::BgBb;
use super::gamma_gamma::GammaGamma;
use super::pareto::ParetoNbd;

/// Least and most that a parameter may be: wide beyond all data, and far from where numbers end.
const LEAST: f64 = 1e-12;
const MOST: f64 = 1e12;

/// A parameter out of range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected {0} to be a number from 1e-12 to 1e12")]
pub struct ParameterError(pub &'static str);

fn check<const N: usize>(given: [(&'static str, f64); N]) -> Result<(), ParameterError> {
    match given.iter().find(|(_, value)| !(LEAST..=MOST).contains(value)) {
        Some((name, _)) => Err(ParameterError(name)),
        None => Ok(()),
    }
}

impl BgNbd {
    /// The model with these parameters.
    ///
    /// # Errors
    /// [`ParameterError`] unless each is a number from 1e-12 to 1e12.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<BgNbd, ParameterError> {
        check([("r", r), ("alpha", alpha), ("a", a), ("b", b)]).map(|()| BgNbd { r, alpha, a, b })
    }
}

impl MbgNbd {
    /// The model with these parameters.
    ///
    /// # Errors
    /// [`ParameterError`] unless each is a number from 1e-12 to 1e12.
    pub fn new(r: f64, alpha: f64, a: f64, b: f64) -> Result<MbgNbd, ParameterError> {
        check([("r", r), ("alpha", alpha), ("a", a), ("b", b)]).map(|()| MbgNbd { r, alpha, a, b })
    }
}

impl ParetoNbd {
    /// The model with these parameters.
    ///
    /// # Errors
    /// [`ParameterError`] unless each is a number from 1e-12 to 1e12.
    pub fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Result<ParetoNbd, ParameterError> {
        check([("r", r), ("alpha", alpha), ("s", s), ("beta", beta)]).map(|()| ParetoNbd {
            r,
            alpha,
            s,
            beta,
        })
    }
}

impl BgBb {
    /// The model with these parameters.
    ///
    /// # Errors
    /// [`ParameterError`] unless each is a number from 1e-12 to 1e12.
    pub fn new(alpha: f64, beta: f64, gamma: f64, delta: f64) -> Result<BgBb, ParameterError> {
        check([("alpha", alpha), ("beta", beta), ("gamma", gamma), ("delta", delta)])?;
        Ok(BgBb { alpha, beta, gamma, delta })
    }
}

impl GammaGamma {
    /// The model with these parameters.
    ///
    /// # Errors
    /// [`ParameterError`] unless each is a number from 1e-12 to 1e12.
    pub fn new(p: f64, q: f64, g: f64) -> Result<GammaGamma, ParameterError> {
        check([("p", p), ("q", q), ("g", g)]).map(|()| GammaGamma { p, q, g })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_parameter_is_refused_by_its_name() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e13] {
            assert_eq!(BgNbd::new(1.0, 1.0, bad, 1.0), Err(ParameterError("a")));
            assert_eq!(MbgNbd::new(1.0, bad, 1.0, 1.0), Err(ParameterError("alpha")));
            assert_eq!(ParetoNbd::new(1.0, 1.0, bad, 1.0), Err(ParameterError("s")));
            assert_eq!(BgBb::new(1.0, 1.0, 1.0, bad), Err(ParameterError("delta")));
            assert_eq!(GammaGamma::new(1.0, bad, 1.0), Err(ParameterError("q")));
        }
        assert!(BgNbd::new(LEAST, MOST, 1.0, 1.0).is_ok());
    }
}
