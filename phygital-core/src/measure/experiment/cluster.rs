//! Experiments in which whole shops are treated: people of one shop are alike, so that shops are what is counted.

use crate::measure::Moments;
use crate::measure::experiment::compare::Side;

/// A cluster: the sum of what its people did, and its size (or the sum of a ratio's denominators).
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "what a ratio of sums needs of a cluster, and no more")]
pub struct ClusterSum {
    /// The sum.
    pub sum: f64,
    /// The size, from 0.
    pub size: f64,
}

/// The mean over all people of an arm's clusters; its variance made of the clusters' residuals, each divided by what it
/// cannot show of itself (CR2 of Bell and McCaffrey 2002), unbiased where the means of clusters vary alike; and the degrees of
/// freedom that such a variance has then: one less than the clusters if all are of one size, fewer otherwise. None of fewer
/// than two clusters with anybody in them.
///
/// ```
/// use phygital_core::measure::experiment::{ClusterSum, cluster_side};
/// let shops = [(520.0, 100.0), (480.0, 100.0), (500.0, 100.0)].map(|(sum, size)| ClusterSum { sum, size });
/// let side = cluster_side(&shops).ok_or("too few")?;
/// assert_eq!(side.mean, 5.0);
/// assert!((side.degrees - 2.0).abs() < 1e-9);
/// # Ok::<(), &str>(())
/// ```
pub fn cluster_side(clusters: &[ClusterSum]) -> Option<Side> {
    let size = clusters.iter().map(|cluster| cluster.size).sum::<f64>();
    let mean = clusters.iter().map(|cluster| cluster.sum).sum::<f64>() / size;
    // With p the parts of the clusters in all people and W what their squared residuals are divided by, the variance is the
    // quadratic form of M = (I - p 1') W (I - 1 p') in the clusters' means: its trace tells the bias, the trace of its square
    // the degrees of freedom (Satterthwaite).
    let mut squares = 0.0;
    let [mut w, mut pp, mut wp, mut ww, mut wwp, mut wpp] = [0.0; 6];
    for cluster in clusters.iter().filter(|cluster| cluster.size > 0.0) {
        let part = cluster.size / size;
        if part >= 1.0 {
            return None;
        }
        let residual = (cluster.sum - mean * cluster.size) / size;
        squares += residual * residual / (1.0 - part);
        let weight = part * part / (1.0 - part);
        w += weight;
        pp += part * part;
        wp += weight * part;
        ww += weight * weight;
        wwp += weight * weight * part;
        wpp += weight * part * part;
    }
    let trace = w - 2.0 * wp + w * pp;
    let of_square =
        ww + 2.0 * ww * pp + 2.0 * wp * wp + w * w * pp * pp - 4.0 * wwp + 2.0 * w * wpp - 4.0 * w * wp * pp;
    let degrees = trace * trace / of_square;
    Some(Side { mean, variance: squares * pp / trace, degrees })
        .filter(|side| side.degrees > 0.0 && side.variance.is_finite() && side.mean.is_finite())
}

/// How alike people of a cluster are: the part of the variance that lies between clusters, by the analysis of variance over
/// arms (their differences are not counted). Below zero where clusters differ less than chance would have it. None of no two
/// clusters in an arm, of clusters of one person each, or without spread.
pub fn intra_cluster_correlation(arms: &[Vec<Moments>]) -> Option<f64> {
    let (mut between, mut within, mut people, mut clusters, mut uneven) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for arm in arms {
        let size = arm.iter().map(|cluster| cluster.count() as f64).sum::<f64>();
        let mean = arm.iter().map(Moments::sum).sum::<f64>() / size;
        for cluster in arm.iter().filter(|cluster| cluster.count() > 0) {
            let count = cluster.count() as f64;
            let off = cluster.sum() / count - mean;
            between += count * off * off;
            within += cluster.squared_deviations();
            uneven += count * count / size;
            clusters += 1.0;
        }
        people += size;
    }
    let free =
        clusters - arms.iter().filter(|arm| arm.iter().any(|cluster| cluster.count() > 0)).count() as f64;
    if free < 1.0 || people <= clusters {
        return None;
    }
    let size = (people - uneven) / free;
    let (between, within) = (between / free, within / (people - clusters));
    let correlation = (between - within) / (between + (size - 1.0) * within);
    Some(correlation).filter(|correlation| correlation.is_finite())
}

/// Most ways to choose the treated clusters that are tried one by one: those of ten among twenty.
const WAYS_MAX: u64 = 184_756;

/// Randomisation inference: in what part of all ways to choose as many treated clusters the difference of the clusters' mean
/// values would have been as far from zero. It needs no assumption but the draw itself, and with few clusters cannot be
/// small: three of six give a tenth at best. None for an empty arm, or where there are more ways than 184,756.
pub fn randomisation_p(treated: &[f64], control: &[f64]) -> Option<f64> {
    let (count, all) = (treated.len(), treated.len() + control.len());
    let ways = ways(all, count).filter(|ways| *ways <= WAYS_MAX)?;
    if treated.is_empty() || control.is_empty() {
        return None;
    }
    let values = treated.iter().chain(control).copied().collect::<Vec<_>>();
    let total = values.iter().sum::<f64>();
    let (n1, n0) = (count as f64, control.len() as f64);
    let distance = |sum: f64| (sum / n1 - (total - sum) / n0).abs();
    let size = values.iter().fold(0.0_f64, |size, value| size.max(value.abs()));
    // Ways that differ by rounding alone are as far.
    let found = distance(treated.iter().sum()) - 1e-12 * size;
    let mut chosen = (0..count).collect::<Vec<_>>();
    let mut far = 0_u64;
    loop {
        far += u64::from(distance(chosen.iter().map(|at| values[*at]).sum()) >= found);
        // The next choice in order: the last place that can move does, and all behind it follow closely.
        let Some(place) = (0..count).rev().find(|place| chosen[*place] < all - count + place) else { break };
        chosen[place] += 1;
        for behind in place + 1..count {
            chosen[behind] = chosen[behind - 1] + 1;
        }
    }
    Some(far as f64 / ways as f64)
}

/// How many ways there are to choose `count` of `all`; none where 64 bits do not hold it.
fn ways(all: usize, count: usize) -> Option<u64> {
    let mut ways = 1_u64;
    for step in 0..count.min(all - count) {
        ways = ways.checked_mul((all - step) as u64)? / (step as u64 + 1);
    }
    Some(ways)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::measure::Alpha;
    use crate::measure::experiment::compare::difference;
    use crate::measure::experiment::simulated::Draws;

    /// Few shops of very unequal size, with people alike: intervals hold the truth nearly as often as they say, where those
    /// that count people would hold it half the time.
    #[test]
    fn few_unequal_shops_are_honest() {
        const RUNS: u32 = 1_500;
        let sizes = [400.0, 60.0, 80.0, 100.0, 50.0, 120.0];
        for count in [2, 3, 4, 6] {
            let mut draws = Draws::new(7);
            let mut held = 0;
            for _ in 0..RUNS {
                let mut arm = || {
                    let shop = |size: &f64| {
                        let mean = 10.0 + draws.normal() + 3.0 / size.sqrt() * draws.normal();
                        ClusterSum { sum: mean * size, size: *size }
                    };
                    sizes[..count].iter().map(shop).collect::<Vec<_>>()
                };
                let found = difference(&cluster_side(&arm()).unwrap(), &cluster_side(&arm()).unwrap());
                held += u32::from(found.interval(Alpha::CUSTOMARY).unwrap().contains(0.0));
            }
            let rate = f64::from(held) / f64::from(RUNS);
            assert!((0.93..0.995).contains(&rate), "{count} shops: {rate}");
        }
    }

    #[test]
    fn alike_people_are_found_alike() {
        let mut draws = Draws::new(3);
        let mut shop = |spread: f64| {
            let middle = spread * draws.normal();
            let mut moments = Moments::default();
            for _ in 0..40 {
                let value = format!("{:.5}", middle + draws.normal());
                moments.push(value.parse().unwrap()).unwrap();
            }
            moments
        };
        let arms = |spread: f64, shop: &mut dyn FnMut(f64) -> Moments| {
            [0, 1].map(|_| (0..60).map(|_| shop(spread)).collect::<Vec<_>>())
        };
        // Variances 0.25 between and 1 within: a fifth lies between.
        let found = intra_cluster_correlation(&arms(0.5, &mut shop)).unwrap();
        assert!((found - 0.2).abs() < 0.05, "{found}");
        assert!(intra_cluster_correlation(&arms(0.0, &mut shop)).unwrap().abs() < 0.02);
        assert_eq!(intra_cluster_correlation(&[vec![shop(0.0)], vec![shop(0.0)]]), None);
        assert_eq!(intra_cluster_correlation(&[vec![Moments::default(); 3]]), None);
    }

    #[test]
    fn all_ways_are_tried() {
        // 3 of 6: the one furthest choice and its mirror, of twenty.
        assert_eq!(randomisation_p(&[7.0, 8.0, 9.0], &[1.0, 2.0, 3.0]), Some(0.1));
        assert_eq!(randomisation_p(&[1.0, 1.0], &[1.0, 1.0]), Some(1.0));
        assert_eq!(randomisation_p(&[4.0], &[1.0, 1.5]), Some(1.0 / 3.0));
        assert_eq!((randomisation_p(&[], &[1.0]), randomisation_p(&[1.0], &[])), (None, None));
        let eleven = [1.0; 11];
        assert_eq!(randomisation_p(&eleven, &eleven), None);
        assert_eq!(randomisation_p(&eleven[..10], &eleven[..10]), Some(1.0));
    }

    #[test]
    fn one_shop_says_nothing() {
        let shop = ClusterSum { sum: 5.0, size: 1.0 };
        let empty = ClusterSum { sum: 0.0, size: 0.0 };
        for clusters in [&[][..], &[shop], &[shop, empty], &[empty, empty]] {
            assert_eq!(cluster_side(clusters), None);
        }
        let equal = cluster_side(&[shop; 5]).unwrap();
        assert!((equal.degrees - 4.0).abs() < 1e-9 && equal.variance == 0.0);
    }
}
