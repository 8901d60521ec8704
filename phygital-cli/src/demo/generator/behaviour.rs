//! How often people buy, and how much: the two models with which the shape of real purchases is described.

use super::draw::Draw;

/// BG/NBD (Fader, Hardie, Lee 2005, *Marketing Science* 24(2)): while alive, a customer buys as a Poisson process whose
/// rate a week is Gamma(`r`, rate `alpha`) among people; after each repeat purchase the customer is lost with a
/// chance that is Beta(`a`, `b`) among people.
pub(super) struct BgNbd {
    pub(super) r: f64,
    pub(super) alpha: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

/// The parameters published for the buyers of CDNOW, time in weeks (the same paper, table 2).
pub(super) const CDNOW_PURCHASES: BgNbd = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

impl BgNbd {
    /// One customer's repeat purchases: weeks after the first purchase, ascending, up to `horizon`.
    pub(super) fn repeats(&self, horizon: f64, draw: &mut Draw) -> Vec<f64> {
        let rate = draw.gamma(self.r) / self.alpha;
        let lost = draw.beta(self.a, self.b);
        let mut at = 0.0;
        let mut repeats = Vec::new();
        loop {
            // A rate near 0 gives an infinite gap, which ends the loop like any other long one.
            at += draw.exponential() / rate;
            if at > horizon {
                return repeats;
            }
            repeats.push(at);
            if draw.unit() < lost {
                return repeats;
            }
        }
    }
}

/// Gamma-Gamma (Fader and Hardie 2013, note 025): a customer's orders are Gamma(`p`, rate v), and v is Gamma(`q`,
/// rate `gamma`) among people, whatever their purchase rate.
pub(super) struct GammaGamma {
    pub(super) p: f64,
    pub(super) q: f64,
    pub(super) gamma: f64,
}

/// The parameters published for the buyers of CDNOW, in dollars (the same note); the mean order is
/// `p gamma / (q - 1)` = 35.22 dollars.
pub(super) const CDNOW_SPEND: GammaGamma = GammaGamma { p: 6.25, q: 3.74, gamma: 15.44 };

impl GammaGamma {
    /// One customer's rate v, which fixes how much this person tends to spend.
    pub(super) fn rate(&self, draw: &mut Draw) -> f64 {
        draw.gamma(self.q) / self.gamma
    }

    /// One order of a customer with this rate, in hundredths, at least 1.
    pub(super) fn order_minor(&self, rate: f64, draw: &mut Draw) -> i64 {
        // The conversion saturates, and a draw is finite and positive.
        libm::round(draw.gamma(self.p) / rate * 100.0).max(1.0) as i64
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const PEOPLE: u64 = 50_000;

    /// Gauss's hypergeometric function by its series, for 0 <= z < 1 (DLMF 15.2.1).
    fn gauss(a: f64, b: f64, c: f64, z: f64) -> f64 {
        let (mut term, mut sum, mut n) = (1.0_f64, 1.0_f64, 0.0);
        while term.abs() > sum.abs() * 1e-15 {
            term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
            sum += term;
            n += 1.0;
        }
        sum
    }

    /// Expected repeat purchases in the first `t` weeks (the 2005 paper, equation 9).
    pub(in super::super) fn expected_repeats(m: &BgNbd, t: f64) -> f64 {
        let series = gauss(m.r, m.b, m.a + m.b - 1.0, t / (m.alpha + t));
        (m.a + m.b - 1.0) / (m.a - 1.0) * (1.0 - (m.alpha / (m.alpha + t)).powf(m.r) * series)
    }

    #[test]
    fn the_oracle_agrees_with_values_worked_by_hand() {
        // 2F1(1, 1; 2; z) = -ln(1 - z) / z.
        assert!((gauss(1.0, 1.0, 2.0, 0.5) - 2.0 * 2_f64.ln()).abs() < 1e-14);
        // At first nobody is lost, so buyers come at the mean rate r / alpha.
        let slope = expected_repeats(&CDNOW_PURCHASES, 1e-4) / 1e-4;
        assert!((slope - 0.243 / 4.414).abs() < 1e-5, "{slope}");
    }

    /// Stated tolerance: four standard errors of the sample.
    #[test]
    fn repeat_purchases_match_the_closed_form() {
        for (seed, weeks) in [(1, 4.3), (2, 39.0), (3, 78.0)] {
            let counts: Vec<f64> = (0..PEOPLE)
                .map(|i| CDNOW_PURCHASES.repeats(weeks, &mut Draw::new(seed, i)).len() as f64)
                .collect();
            let n = PEOPLE as f64;
            let mean = counts.iter().sum::<f64>() / n;
            let variance = counts.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            let expected = expected_repeats(&CDNOW_PURCHASES, weeks);
            assert!(
                (mean - expected).abs() < 4.0 * (variance / n).sqrt(),
                "{weeks} weeks: {mean} {expected}"
            );

            // Nobody is lost before the first repeat purchase, so P(X = 0) = (alpha / (alpha + t))^r.
            let none = counts.iter().filter(|&&x| x == 0.0).count() as f64 / n;
            let m = CDNOW_PURCHASES;
            let expected = (m.alpha / (m.alpha + weeks)).powf(m.r);
            let error = (expected * (1.0 - expected) / n).sqrt();
            assert!((none - expected).abs() < 4.0 * error, "{weeks} weeks: {none} {expected}");
        }
    }

    #[test]
    fn repeat_purchases_ascend_within_the_horizon() {
        for i in 0..2_000 {
            let repeats = CDNOW_PURCHASES.repeats(39.0, &mut Draw::new(4, i));
            assert!(repeats.is_sorted() && repeats.iter().all(|&at| at > 0.0 && at <= 39.0));
        }
    }

    /// Stated tolerance: 2 % of the mean, about five standard errors.
    #[test]
    fn spend_matches_its_expectation() {
        let total: i64 = (0..PEOPLE)
            .map(|i| {
                let mut draw = Draw::new(5, i);
                let rate = CDNOW_SPEND.rate(&mut draw);
                CDNOW_SPEND.order_minor(rate, &mut draw)
            })
            .sum();
        let mean = total as f64 / 100.0 / PEOPLE as f64;
        let m = CDNOW_SPEND;
        let expected = m.p * m.gamma / (m.q - 1.0);
        assert!((expected - 35.2189).abs() < 1e-4);
        assert!((mean / expected - 1.0).abs() < 0.02, "{mean} {expected}");
    }
}
