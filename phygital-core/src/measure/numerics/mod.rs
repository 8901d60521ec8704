//! Distribution functions, gamma functions and integrals that give the same bits on every platform: `libm`, square roots and the four operations alone.
//!
//! Tails are computed as tails, never as one less the other side, so that a small probability keeps its digits.

mod beta;
mod chi_square;
mod gamma;
mod invert;
mod normal;
mod quadrature;
mod special;
mod student;

pub(in crate::measure) use beta::beta_quantile;
pub(in crate::measure) use chi_square::{chi_square_quantile, chi_square_upper};
pub(in crate::measure) use normal::{normal_quantile, normal_two_sided, normal_upper};
pub(in crate::measure) use quadrature::mean_of_beta;
pub(in crate::measure) use special::{LEGENDRE_8, LEGENDRE_16, Ladder, Rise, digamma, trigamma};
pub(in crate::measure) use student::{student_critical, student_two_sided};

/// A tail of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::measure) enum Tail {
    /// At most so much.
    Lower,
    /// At least so much.
    Upper,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// `vectors/measure/distributions.json`: rows of a function's arguments and its value in fifty digits.
    fn rows(function: &str) -> Vec<Vec<f64>> {
        let vectors = include_str!("../../../../vectors/measure/distributions.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let number = |cell: &Value| cell.as_str().unwrap().parse().unwrap();
        let row = |row: &Value| row.as_array().unwrap().iter().map(number).collect();
        vectors[function].as_array().unwrap().iter().map(row).collect()
    }

    fn check(function: &str, tolerance: f64, ours: impl Fn(&[f64]) -> f64) {
        let rows = rows(function);
        assert!(rows.len() > 10, "{function}");
        for row in rows {
            let (expected, arguments) = row.split_last().unwrap();
            let found = ours(arguments);
            let off = (found - expected).abs() / expected.abs();
            assert!(
                off <= tolerance,
                "{function}{arguments:?}: {found}, expected {expected}, off by {off:e}"
            );
        }
    }

    #[test]
    fn as_in_fifty_digits() {
        check("normal_upper", 1e-13, |with| normal_upper(with[0]));
        check("normal_quantile", 1e-13, |with| normal_quantile(with[0]));
        check("student_two_sided", 1e-12, |with| student_two_sided(with[0], with[1]));
        check("student_critical", 1e-12, |with| student_critical(with[0], with[1]));
        check("chi_square_upper", 1e-12, |with| chi_square_upper(with[0], with[1]));
        check("chi_square_quantile_lower", 1e-12, |with| chi_square_quantile(Tail::Lower, with[0], with[1]));
        check("chi_square_quantile_upper", 1e-12, |with| chi_square_quantile(Tail::Upper, with[0], with[1]));
        check("beta_quantile", 1e-11, |with| beta_quantile(Tail::Lower, with[0], with[1], with[2]));
    }
}
