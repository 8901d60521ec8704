//! Axes of a symmetric matrix of four rows.

use super::likelihood::{PARAMETERS, Point};

/// Most sweeps of rotations; five or six do.
const SWEEPS: usize = 50;

/// The values and, in rows, the vectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eigen {
    pub(super) values: Point,
    pub(super) vectors: [Point; PARAMETERS],
}

/// Jacobi's rotations.
pub(super) fn eigen(mut of: [Point; PARAMETERS]) -> Eigen {
    let mut vectors = [[0.0; PARAMETERS]; PARAMETERS];
    (0..PARAMETERS).for_each(|at| vectors[at][at] = 1.0);
    for _ in 0..SWEEPS {
        let mut turned = false;
        for i in 0..PARAMETERS {
            for j in i + 1..PARAMETERS {
                let off = of[i][j];
                if off == 0.0 || off.abs() <= 1e-300 + 1e-18 * (of[i][i].abs() * of[j][j].abs()).sqrt() {
                    continue;
                }
                turned = true;
                let half = (of[j][j] - of[i][i]) / (2.0 * off);
                let tangent = half.signum() / (half.abs() + (half * half + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                let turn = |x: f64, y: f64| (cosine * x - sine * y, sine * x + cosine * y);
                for row in &mut of {
                    (row[i], row[j]) = turn(row[i], row[j]);
                }
                for rows in [&mut of, &mut vectors] {
                    let (one, other) = (rows[i], rows[j]);
                    for (k, (x, y)) in one.into_iter().zip(other).enumerate() {
                        (rows[i][k], rows[j][k]) = turn(x, y);
                    }
                }
            }
        }
        if !turned {
            break;
        }
    }
    Eigen { values: std::array::from_fn(|at| of[at][at]), vectors }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn axes_give_the_matrix_back(entries in prop::array::uniform10(-9.0..9.0_f64)) {
            let mut of = [[0.0; 4]; 4];
            let mut entries = entries.into_iter();
            for (i, j) in (0..4).flat_map(|i| (i..4).map(move |j| (i, j))) {
                of[i][j] = entries.next().unwrap_or(0.0);
                of[j][i] = of[i][j];
            }
            let Eigen { values, vectors } = eigen(of);
            for i in 0..4 {
                for j in 0..4 {
                    let back = (0..4).map(|axis| values[axis] * vectors[axis][i] * vectors[axis][j]).sum::<f64>();
                    prop_assert!((back - of[i][j]).abs() < 1e-13 * 40.0);
                    let product = (0..4).map(|k| vectors[i][k] * vectors[j][k]).sum::<f64>();
                    prop_assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
                }
            }
        }
    }
}
