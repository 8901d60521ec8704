//! Laws of customer value: what order and threads may not change, what any model has to keep, and that parameters come back
//! from customers who were drawn by them.

#![allow(clippy::unwrap_used, reason = "a test may")]

use phygital_core::measure::value::{
    BgBb, BgNbd, Customers, Fit, FitError, GammaGamma, MbgNbd, Model, ParetoNbd, Relation, Spending, Summary,
    Sums, Verdict, alone,
};
use proptest::prelude::*;

/// Numbers from a counter.
struct Draw(u64);

impl Draw {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -libm::log(self.share())
    }

    /// A gamma distribution of this shape (Marsaglia and Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * libm::pow(self.share(), 1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let normal = (2.0 * self.exponential()).sqrt() * libm::cos(std::f64::consts::TAU * self.share());
            let root = 1.0 + normal / (9.0 * d).sqrt();
            let v = root * root * root;
            if v > 0.0 && libm::log(self.share()) < 0.5 * normal * normal + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (one, other) = (self.gamma(a), self.gamma(b));
        one / (one + other)
    }

    /// A customer who buys at `rate` and after each purchase goes on as `stays` says; who stops at `end` at the latest.
    fn history(
        &mut self,
        rate: f64,
        end: f64,
        age: f64,
        mut stays: impl FnMut(&mut Draw) -> bool,
    ) -> Summary {
        let (mut repeats, mut recency, mut time) = (0, 0.0, 0.0);
        loop {
            time += self.exponential() / rate;
            if time > end.min(age) {
                return Summary::new(repeats, recency, age).unwrap();
            }
            (repeats, recency) = (repeats + 1, time);
            if !stays(self) {
                return Summary::new(repeats, recency, age).unwrap();
            }
        }
    }
}

fn grouped(rows: &[Summary]) -> Customers {
    let mut gather = Customers::gather(Relation::AtWill).unwrap();
    rows.iter().for_each(|summary| gather.push(*summary, 1).unwrap());
    gather.finish()
}

/// Converged, and each parameter within four of its standard errors.
#[track_caller]
fn recovered<M>(fit: &Fit<M>, truth: &[f64]) {
    assert_eq!(fit.status.verdict, Verdict::Converged, "{}", fit.status);
    for (parameter, truth) in fit.parameters.iter().zip(truth) {
        let error = parameter.standard_error.unwrap();
        assert!(
            (parameter.value - truth).abs() < 4.0 * error && error < *truth,
            "{parameter:?}, drawn with {truth}"
        );
    }
}

const PEOPLE: u32 = 6_000;

fn bought() -> Vec<Summary> {
    let mut draw = Draw(1);
    let one = |_| {
        let (rate, stop) = (draw.gamma(0.5) / 8.0, draw.beta(0.9, 3.0));
        let age = 20.0 + 60.0 * draw.share();
        draw.history(rate, f64::INFINITY, age, |draw| draw.share() > stop)
    };
    (0..PEOPLE).map(one).collect()
}

#[test]
fn bg_nbd_comes_back() {
    recovered(&BgNbd::fit(&grouped(&bought())).unwrap(), &[0.5, 8.0, 0.9, 3.0]);
}

#[test]
fn mbg_nbd_comes_back() {
    let mut draw = Draw(2);
    let one = |_| {
        let (rate, stop) = (draw.gamma(0.7) / 6.0, draw.beta(0.8, 2.0));
        let age = 20.0 + 60.0 * draw.share();
        if draw.share() < stop {
            return Summary::new(0, 0.0, age).unwrap();
        }
        draw.history(rate, f64::INFINITY, age, |draw| draw.share() > stop)
    };
    recovered(
        &MbgNbd::fit(&grouped(&(0..PEOPLE).map(one).collect::<Vec<_>>())).unwrap(),
        &[0.7, 6.0, 0.8, 2.0],
    );
}

#[test]
fn pareto_nbd_comes_back() {
    let mut draw = Draw(3);
    let one = |_| {
        let (rate, end) = (draw.gamma(0.6) / 9.0, draw.gamma(0.8) / 11.0);
        let (end, age) = (draw.exponential() / end, 30.0 + 60.0 * draw.share());
        draw.history(rate, end, age, |_| true)
    };
    let fit = ParetoNbd::fit(&grouped(&(0..PEOPLE / 2).map(one).collect::<Vec<_>>())).unwrap();
    recovered(&fit, &[0.6, 9.0, 0.8, 11.0]);
}

#[test]
fn bg_bb_comes_back() {
    let mut draw = Draw(4);
    let one = |_| {
        let (buys, stop) = (draw.beta(1.2, 0.8), draw.beta(0.7, 2.8));
        let (mut repeats, mut last) = (0, 0);
        for occasion in 1..=8 {
            if draw.share() < stop {
                break;
            }
            if draw.share() < buys {
                (repeats, last) = (repeats + 1, occasion);
            }
        }
        Summary::new(repeats, last.into(), 8.0).unwrap()
    };
    recovered(
        &BgBb::fit(&grouped(&(0..4 * PEOPLE).map(one).collect::<Vec<_>>())).unwrap(),
        &[1.2, 0.8, 0.7, 2.8],
    );
}

#[test]
fn gamma_gamma_comes_back() {
    let mut draw = Draw(5);
    let mut gather = Spending::gather();
    for _ in 0..PEOPLE {
        let repeats = 1 + (6.0 * draw.share()) as u32;
        let rate = draw.gamma(4.0) / 15.0;
        let sum = draw.gamma(6.0 * f64::from(repeats)) / rate;
        gather.push(repeats, sum / f64::from(repeats), 1).unwrap();
    }
    recovered(&GammaGamma::fit(&gather.finish()).unwrap(), &[6.0, 4.0, 15.0]);
}

#[test]
fn order_and_threads_change_no_bit() {
    let mut rows = bought();
    let customers = grouped(&rows);
    rows.reverse();
    let turned = grouped(&rows);
    assert_eq!(customers.encode(), turned.encode());
    let two = |pieces: usize, piece: &(dyn Fn(usize) -> Sums + Sync)| {
        std::thread::scope(|scope| {
            let other = scope.spawn(move || (pieces / 2..pieces).map(piece).collect::<Vec<_>>());
            let mut all = (0..pieces / 2).map(piece).collect::<Vec<_>>();
            all.extend(other.join().unwrap());
            all
        })
    };
    assert!(customers.groups() > 4_096);
    let fit = BgNbd::fit_with(&customers, &alone).unwrap();
    assert_eq!(BgNbd::fit_with(&turned, &two).unwrap(), fit);
    assert_eq!(fit.model.r.to_bits(), BgNbd::fit(&turned).unwrap().model.r.to_bits());
}

#[test]
fn data_without_a_top_have_a_status_and_no_error() {
    let of = |rows: &[(u32, f64, f64)]| {
        grouped(
            &rows
                .iter()
                .map(|(x, recency, age)| Summary::new(*x, *recency, *age).unwrap())
                .collect::<Vec<_>>(),
        )
    };
    let nobody_returns = of(&[(0, 0.0, 10.0), (0, 0.0, 20.0), (0, 0.0, 30.0)]);
    let one = of(&[(3, 9.0, 10.0)]);
    let all_alike = of(&[(5, 10.0, 11.0); 50]);
    let nobody_stops = of(&[(9, 30.0, 30.0), (5, 30.0, 30.0), (14, 30.0, 30.0), (2, 30.0, 30.0)]);
    for customers in [nobody_returns, one, all_alike, nobody_stops] {
        let status = [
            BgNbd::fit(&customers).unwrap().status,
            MbgNbd::fit(&customers).unwrap().status,
            ParetoNbd::fit(&customers).unwrap().status,
            BgBb::fit(&customers).unwrap().status,
        ];
        for status in status {
            assert_ne!(status.verdict, Verdict::Converged, "{status:?}");
            assert!(!status.to_string().is_empty());
            assert!(status.verdict != Verdict::AtBoundary || !status.boundaries.is_empty());
        }
    }
    assert_eq!(BgNbd::fit(&of(&[])).unwrap_err(), FitError::Nobody);
    assert_eq!(ParetoNbd::fit(&of(&[(0, 0.0, 0.0)])).unwrap_err(), FitError::NoTime);
    assert!(matches!(BgBb::fit(&of(&[(1, 1.5, 2.0)])), Err(FitError::Occasions(_))));
    let mut gather = Spending::gather();
    gather.push(3, 10.0, 5).unwrap();
    let fit = GammaGamma::fit(&gather.finish()).unwrap();
    assert_ne!(fit.status.verdict, Verdict::Converged);
    assert_eq!(GammaGamma::fit(&Spending::default()).unwrap_err(), FitError::Nobody);
}

fn models() -> impl Strategy<Value = Model> {
    let part = || (-3.0..3.0_f64).prop_map(libm::exp10);
    (0..4_usize, part(), part(), part(), part()).prop_map(|(which, one, two, three, four)| match which {
        0 => BgNbd::new(one, two, three, four).unwrap().into(),
        1 => MbgNbd::new(one, two, three, four).unwrap().into(),
        2 => ParetoNbd::new(one, two, three, four).unwrap().into(),
        _ => BgBb::new(one, two, three, four).unwrap().into(),
    })
}

proptest! {
    /// Whole times, so that the model of occasions may be asked too.
    #[test]
    fn probabilities_are_between_0_and_1_and_expectations_grow(
        model in models(), repeats in 0..200_u32, more in 0..300_u32, after in 0..300_u32, ahead in 1..200_u32,
    ) {
        let recency = if repeats > 0 { repeats + more } else { 0 };
        let of = Summary::new(repeats, recency.into(), (recency + after).into()).unwrap();
        let alive = model.probability_alive(&of).unwrap();
        prop_assert!((0.0..=1.0).contains(&alive), "{}", alive);
        let [none, one, more] = [0, ahead, ahead + 1].map(|ahead| model.expected(&of, ahead.into()).unwrap());
        prop_assert_eq!(none, 0.0);
        prop_assert!(one >= 0.0 && more >= one * (1.0 - 1e-13), "{} {}", one, more);
        prop_assert!(more > 0.0 || alive < 1e-290);
        // Who was there later is likelier there.
        if repeats > 0 && after > 0 {
            let later = Summary::new(repeats, (recency + 1).into(), (recency + after).into()).unwrap();
            prop_assert!(model.probability_alive(&later).unwrap() >= alive * (1.0 - 1e-12));
        }
    }
}
