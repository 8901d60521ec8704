//! Whether those who visit more buy more: rates of repeat purchases by the number of visits.
//!
//! Who stays longer has more time to visit and to buy, so that counting both over the same time finds a link where there is
//! none (immortal time). Here visits count within a window after the start, and purchases from its end on, over the time that
//! each person was seen from there.

use thiserror::Error;

use super::numerics::{Tail, beta_quantile, chi_square_quantile, normal_quantile};
use super::{Alpha, Interval};

/// Most classes of visits.
const CLASSES_MAX: usize = 100;

/// What is known of a person; all times in one unit, such as days or seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what rates need of a person, and no more")]
pub struct History<'a> {
    /// When she was first known, such as her tap.
    pub start: i64,
    /// Until when she was seen: the same day for all who did not leave.
    pub end: i64,
    /// When she visited, in any order.
    pub visits: &'a [i64],
    /// When she bought, in any order.
    pub purchases: &'a [i64],
}

/// Why there are no rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrequencyError {
    /// A window of no length.
    #[error("expected a window longer than 0")]
    Window,
    /// Bounds of classes that do not rise from above zero.
    #[error("expected 1 to {CLASSES_MAX} bounds that rise, the first above 0")]
    Bounds,
    /// Rates of other windows or classes.
    #[error("expected rates of the same window and classes")]
    Others,
    /// Sums out of range.
    #[error("the sums leave their range")]
    TooMuch,
}

/// People with about as many visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VisitClass {
    /// How many people.
    pub people: u64,
    /// How often they bought after the window.
    pub purchases: u64,
    /// How long they were seen after it, all together.
    pub time: u64,
    /// Sums over people: purchases squared, purchases by time, time squared.
    squares: [u128; 3],
}

impl VisitClass {
    /// Purchases in a unit of time; none where nobody was seen.
    pub fn rate(&self) -> Option<f64> {
        (self.time > 0).then(|| self.purchases as f64 / self.time as f64)
    }

    /// The interval of the rate if purchases come by themselves (Garwood 1936, exact).
    pub fn rate_interval(&self, alpha: Alpha) -> Option<Interval> {
        let count = self.purchases as f64;
        let end = |tail, count: f64| {
            if count == 0.0 { 0.0 } else { chi_square_quantile(tail, alpha.get() / 2.0, 2.0 * count) / 2.0 }
        };
        let time = self.time as f64;
        let interval =
            Interval { low: end(Tail::Lower, count) / time, high: end(Tail::Upper, count + 1.0) / time };
        (self.time > 0).then_some(interval)
    }

    /// Squared distances of the people's purchases from what their time makes them expect, and the sum of what is expected,
    /// squared.
    fn spread(&self) -> (f64, f64) {
        let rate = self.rate().unwrap_or(0.0);
        let [cc, ct, tt] = self.squares.map(|sum| sum as f64);
        (cc - 2.0 * rate * ct + rate * rate * tt, rate * rate * tt)
    }

    fn add(&mut self, other: &VisitClass) -> Option<()> {
        self.people = self.people.checked_add(other.people)?;
        self.purchases = self.purchases.checked_add(other.purchases)?;
        self.time = self.time.checked_add(other.time)?;
        for (sum, other) in self.squares.iter_mut().zip(other.squares) {
            *sum = sum.checked_add(other)?;
        }
        Some(())
    }
}

/// A class beside the first.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateRatio {
    /// How many times the rate of the first class.
    pub value: f64,
    /// Its interval if purchases come by themselves (Poisson, exact given their sum).
    pub poisson: Interval,
    /// Its interval if some people buy more than others of their class (negative binomial): the one to read where
    /// `dispersion` is above zero. None where a class has no purchase.
    pub negative_binomial: Option<Interval>,
    /// By how much people of a class differ: the variance of their purchases is m + dispersion m². 0 for a Poisson process.
    pub dispersion: f64,
}

/// Repeat purchases by the number of visits in a window.
///
/// ```
/// use phygital_core::measure::{Alpha, History, VisitRates};
/// // Visits within 30 days of the tap: none or one; two or more.
/// let mut rates = VisitRates::new(30, &[2])?;
/// rates.add(&History { start: 0, end: 130, visits: &[3, 9], purchases: &[5, 40, 90] })?;
/// rates.add(&History { start: 0, end: 130, visits: &[50, 60], purchases: &[70] })?;
/// assert_eq!(rates.classes()[1].rate(), Some(0.02));
/// let ratio = rates.ratio(1, Alpha::CUSTOMARY).ok_or("no purchase")?;
/// assert_eq!(ratio.value, 2.0);
/// assert!(ratio.poisson.contains(1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitRates {
    window: i64,
    bounds: Vec<u64>,
    classes: Vec<VisitClass>,
    too_short: u64,
}

impl VisitRates {
    /// Visits within a window after the start; a class ends below each bound: 2 and 5 make 0 to 1, 2 to 4, 5 and more.
    ///
    /// # Errors
    /// [`FrequencyError::Window`], [`FrequencyError::Bounds`].
    pub fn new(window: i64, bounds: &[u64]) -> Result<VisitRates, FrequencyError> {
        if window <= 0 {
            return Err(FrequencyError::Window);
        }
        let rise =
            bounds.first().is_some_and(|first| *first > 0) && bounds.windows(2).all(|two| two[0] < two[1]);
        if !rise || bounds.len() > CLASSES_MAX {
            return Err(FrequencyError::Bounds);
        }
        let classes = vec![VisitClass::default(); bounds.len() + 1];
        Ok(VisitRates { window, bounds: bounds.to_vec(), classes, too_short: 0 })
    }

    /// Adds a person. Who was not seen beyond the window is counted apart; nothing is known of her afterwards.
    ///
    /// # Errors
    /// [`FrequencyError::TooMuch`]; nothing is added then.
    pub fn add(&mut self, person: &History<'_>) -> Result<(), FrequencyError> {
        let from = person.start.checked_add(self.window).filter(|from| *from < person.end);
        let Some(from) = from else {
            self.too_short += 1;
            return Ok(());
        };
        let count =
            |times: &[i64], from: i64, to: i64| times.iter().filter(|at| (from..to).contains(at)).count();
        let visits = count(person.visits, person.start, from) as u64;
        let purchases = count(person.purchases, from, person.end) as u64;
        let time = person.end.checked_sub(from).and_then(|time| u64::try_from(time).ok());
        let time = time.ok_or(FrequencyError::TooMuch)?;
        let (c, t) = (u128::from(purchases), u128::from(time));
        let one = VisitClass { people: 1, purchases, time, squares: [c * c, c * t, t * t] };
        let place = self.bounds.partition_point(|bound| *bound <= visits);
        let mut class = self.classes[place];
        class.add(&one).ok_or(FrequencyError::TooMuch)?;
        self.classes[place] = class;
        Ok(())
    }

    /// Takes in what others saw.
    ///
    /// # Errors
    /// [`FrequencyError::Others`], [`FrequencyError::TooMuch`]; nothing is changed then.
    pub fn merge(&mut self, other: &VisitRates) -> Result<(), FrequencyError> {
        if (self.window, &self.bounds) != (other.window, &other.bounds) {
            return Err(FrequencyError::Others);
        }
        let mut both = self.clone();
        both.too_short = both.too_short.checked_add(other.too_short).ok_or(FrequencyError::TooMuch)?;
        for (class, other) in both.classes.iter_mut().zip(&other.classes) {
            class.add(other).ok_or(FrequencyError::TooMuch)?;
        }
        *self = both;
        Ok(())
    }

    /// The classes, from fewest visits to most.
    pub fn classes(&self) -> &[VisitClass] {
        &self.classes
    }

    /// How many people were not seen beyond the window.
    pub fn too_short(&self) -> u64 {
        self.too_short
    }

    /// How many times the rate of the first class another class has; none where the first has no purchase, or either has
    /// nobody.
    pub fn ratio(&self, class: usize, alpha: Alpha) -> Option<RateRatio> {
        let (first, other) = (self.classes.first()?, self.classes.get(class)?);
        let (base, rate) = (first.rate()?, other.rate()?);
        if first.purchases == 0 {
            return None;
        }
        let (c1, c0) = (other.purchases as f64, first.purchases as f64);
        let scale = first.time as f64 / other.time as f64;
        // Given their sum, the purchases of one class are a binomial part of both (Clopper and Pearson).
        let tail = alpha.get() / 2.0;
        let odds = |part: f64| part / (1.0 - part) * scale;
        let low = if c1 == 0.0 { 0.0 } else { odds(beta_quantile(Tail::Lower, tail, c1, c0 + 1.0)) };
        let high = odds(beta_quantile(Tail::Upper, tail, c1 + 1.0, c0));
        let (squares, expected) = self
            .classes
            .iter()
            .map(VisitClass::spread)
            .fold((0.0, 0.0), |sums, one| (sums.0 + one.0, sums.1 + one.1));
        let purchases = self.classes.iter().map(|class| class.purchases as f64).sum::<f64>();
        let dispersion = ((squares - purchases) / expected).max(0.0);
        let part = |class: &VisitClass, count: f64| (count + dispersion * class.spread().1) / (count * count);
        let half = -normal_quantile(tail) * (part(other, c1) + part(first, c0)).sqrt();
        let value = rate / base;
        let wide = Interval { low: value * libm::exp(-half), high: value * libm::exp(half) };
        Some(RateRatio {
            value,
            poisson: Interval { low, high },
            negative_binomial: Some(wide).filter(|_| c1 > 0.0 && half.is_finite()),
            dispersion: if dispersion.is_finite() { dispersion } else { 0.0 },
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::measure::experiment::simulated::Draws;

    proptest! {
        #[test]
        fn order_and_split_change_nothing(
            people in prop::collection::vec(
                (0..50_i64, 20..200_i64, prop::collection::vec(0..200_i64, 0..6), prop::collection::vec(0..200_i64, 0..6)),
                0..30,
            ),
            cut in any::<prop::sample::Index>(),
        ) {
            let of = |people: &[(i64, i64, Vec<i64>, Vec<i64>)]| {
                let mut rates = VisitRates::new(30, &[1, 3]).unwrap();
                for (start, end, visits, purchases) in people {
                    rates.add(&History { start: *start, end: *end, visits, purchases }).unwrap();
                }
                rates
            };
            let cut = if people.is_empty() { 0 } else { cut.index(people.len()) };
            let mut merged = of(&people[cut..]);
            merged.merge(&of(&people[..cut])).unwrap();
            let whole = of(&people);
            prop_assert_eq!(&merged, &whole);
            let counted = whole.classes().iter().map(|class| class.people).sum::<u64>();
            prop_assert_eq!(counted + whole.too_short(), people.len() as u64);
            if let Some(ratio) = whole.ratio(1, Alpha::CUSTOMARY) {
                prop_assert!(ratio.poisson.contains(ratio.value) && ratio.poisson.high.is_finite());
            }
        }
    }

    /// Visits and purchases that have nothing to do with each other, of people who stay for shorter or longer: the ratio is
    /// one as often as its interval says, and those who buy more than others need the wide one.
    #[test]
    fn staying_longer_is_no_cause() {
        let mut draws = Draws::new(1);
        const RUNS: u32 = 400;
        let (mut naive, mut held, mut narrow) = (0.0, 0, 0);
        for _ in 0..RUNS {
            let mut rates = VisitRates::new(30, &[1]).unwrap();
            let mut ever = [(0_u64, 0_u64); 2];
            for _ in 0..120 {
                let end = 31 + (250.0 * draws.uniform()) as i64;
                let eager = draws.gamma(1);
                let mut times = |rate: f64| {
                    let count = draws.poisson(rate * end as f64);
                    (0..count).map(|_| (draws.uniform() * end as f64) as i64).collect::<Vec<_>>()
                };
                let (visits, purchases) = (times(0.02), times(0.02 * eager));
                rates.add(&History { start: 0, end, visits: &visits, purchases: &purchases }).unwrap();
                let place = usize::from(!visits.is_empty());
                ever[place] = (ever[place].0 + 1, ever[place].1 + purchases.len() as u64);
            }
            let ratio = rates.ratio(1, Alpha::CUSTOMARY).unwrap();
            assert!(ratio.dispersion > 0.0);
            held += u32::from(ratio.negative_binomial.unwrap().contains(1.0));
            narrow += u32::from(ratio.poisson.contains(1.0));
            let [never, once] = ever.map(|(people, purchases)| purchases as f64 / people as f64);
            naive += once / never / f64::from(RUNS);
        }
        let rate = |count: u32| f64::from(count) / f64::from(RUNS);
        assert!((0.92..0.98).contains(&rate(held)), "{}", rate(held));
        assert!(rate(narrow) < 0.8, "{}", rate(narrow));
        // Purchases a head of those who ever visited beside those who never did.
        assert!(naive > 1.5, "{naive}");
    }

    #[test]
    fn nothing_bought_is_no_ratio() {
        let mut rates = VisitRates::new(10, &[1]).unwrap();
        rates.add(&History { start: 0, end: 20, visits: &[], purchases: &[5] }).unwrap();
        rates.add(&History { start: 0, end: 10, visits: &[], purchases: &[] }).unwrap();
        rates.add(&History { start: i64::MAX, end: 10, visits: &[], purchases: &[] }).unwrap();
        assert_eq!((rates.classes()[0].purchases, rates.too_short()), (0, 2));
        assert_eq!((rates.ratio(1, Alpha::CUSTOMARY), rates.classes()[1].rate()), (None, None));
        assert_eq!(rates.ratio(2, Alpha::CUSTOMARY), None);
        let interval = rates.classes()[0].rate_interval(Alpha::CUSTOMARY).unwrap();
        // None in ten days: at most 3.69 in ten, by -ln 0.025.
        assert!(interval.low == 0.0 && (interval.high - 0.368_887_945_411_393_6).abs() < 1e-12);
        let long = History { start: i64::MIN, end: i64::MAX, visits: &[], purchases: &[] };
        assert_eq!(rates.add(&long), Err(FrequencyError::TooMuch));
    }

    #[test]
    fn what_is_no_window_is_refused() {
        assert_eq!(VisitRates::new(0, &[1]), Err(FrequencyError::Window));
        for bounds in [&[][..], &[0], &[2, 2], &[3, 1]] {
            assert_eq!(VisitRates::new(1, bounds), Err(FrequencyError::Bounds));
        }
        let many = (1..=CLASSES_MAX as u64 + 1).collect::<Vec<_>>();
        assert!(VisitRates::new(1, &many[..CLASSES_MAX]).is_ok());
        assert_eq!(VisitRates::new(1, &many), Err(FrequencyError::Bounds));
        let mut one = VisitRates::new(1, &[1]).unwrap();
        assert_eq!(one.merge(&VisitRates::new(2, &[1]).unwrap()), Err(FrequencyError::Others));
    }
}
