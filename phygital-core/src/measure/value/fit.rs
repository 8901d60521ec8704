//! Fitting a model, and how far to trust the fit.

use thiserror::Error;

use super::bg::{BgNbd, Geometric, MbgNbd};
use super::bgbb::{BetaBinomial, BgBb, NoOccasions};
use super::customers::Customers;
use super::gamma_gamma::{GammaGamma, Values};
use super::likelihood::{Likelihood, PARAMETERS, Point, Spread, alone};
use super::newton::{Bounds, Summit, climb, norm, sampling};
use super::pareto::{Pareto, ParetoNbd};
use super::spending::Spending;
use super::status::{Boundary, Status, Verdict};
use super::symmetric::eigen;

/// Parameters are looked for between 1/`REACH` and `REACH` times what is usual for them.
const REACH: f64 = 1e6;
/// A curvature whose axes differ by more is flat.
const CONDITION_MAX: f64 = 1e8;
/// A slope per customer that is none, where rounding is all that is left.
const SLOPE_FLAT: f64 = 1e-6;

/// A fitted model, and what is known of the fit. A fit always comes with an answer: the status says what it is worth.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fit<M> {
    /// The model with the most likely parameters that were found.
    pub model: M,
    /// The log-likelihood there: that of the purchases, without the constants that papers leave out.
    pub log_likelihood: f64,
    /// How many customers it was fitted to.
    pub people: u64,
    /// How many groups of equal customers.
    pub groups: usize,
    /// Each parameter, in the order of the model's fields.
    pub parameters: Vec<Parameter>,
    /// How the search ended.
    pub status: Status,
}

/// A fitted parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The most likely value.
    pub value: f64,
    /// Its standard error by the curvature; `None` at a bound, and where there is no curvature.
    pub standard_error: Option<f64>,
}

/// Why there is nothing to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FitError {
    /// No customers.
    #[error("expected at least one customer")]
    Nobody,
    /// Customers that were watched for no time at all.
    #[error("expected an age above 0: no customer was watched for any time")]
    NoTime,
    /// See [`NoOccasions`].
    #[error(transparent)]
    Occasions(#[from] NoOccasions),
}

/// What a model is looked for with.
struct Search<const N: usize> {
    names: [&'static str; N],
    /// What the least and the most of each parameter mean.
    ends: [[&'static str; 2]; N],
    /// Where to begin, also what is usual for each.
    start: [f64; N],
}

fn search<L: Likelihood, M, const N: usize>(
    likelihood: &L,
    sample: Option<&L>,
    search: &Search<N>,
    spread: &Spread<'_>,
    of: impl Fn(Point) -> M,
) -> Fit<M> {
    let mut start = [0.0; PARAMETERS];
    let mut bounds: Bounds = [[0.0; 2]; PARAMETERS];
    let reach = libm::log(REACH);
    for at in 0..N {
        start[at] = libm::log(search.start[at]);
        bounds[at] = [start[at] - reach, start[at] + reach];
    }
    let before = sample.map(|sample| climb(sample, &start, &bounds, spread));
    let begin = before.as_ref().map_or(start, |summit| summit.logs);
    let mut summit = climb(likelihood, &begin, &bounds, spread);
    if before.is_some() && !summit.arrived {
        // A sample that led astray.
        let other = climb(likelihood, &start, &bounds, spread);
        if other.sums.value > summit.sums.value || other.arrived {
            summit = other;
        }
    }
    told(likelihood, &summit, &bounds, search, of)
}

fn told<L: Likelihood, M, const N: usize>(
    likelihood: &L,
    summit: &Summit,
    bounds: &Bounds,
    search: &Search<N>,
    of: impl Fn(Point) -> M,
) -> Fit<M> {
    let values = summit.logs.map(libm::exp);
    let end = |at: usize| (0..2).find(|end| summit.logs[at] == bounds[at][*end]);
    let boundaries = (0..N).filter_map(|at| {
        let end = end(at)?;
        Some(Boundary { parameter: search.names[at], highest: end == 1, meaning: search.ends[at][end] })
    });
    let boundaries = boundaries.collect::<Vec<_>>();
    let mut curve = [[0.0; PARAMETERS]; PARAMETERS];
    let mut slope = [0.0; PARAMETERS];
    let free = |at: usize| at < N && end(at).is_none();
    for i in (0..PARAMETERS).filter(|at| free(*at)) {
        slope[i] = summit.sums.gradient[i];
        for j in (0..PARAMETERS).filter(|at| free(*at)) {
            curve[i][j] = -summit.sums.hessian[i][j];
        }
    }
    let axes = eigen(curve);
    // Axes of parameters that are not free have the value 0, and stand by themselves.
    let own = |axis: usize| (0..PARAMETERS).any(|at| free(at) && axes.vectors[axis][at] != 0.0);
    let bends = (0..PARAMETERS).filter(|axis| own(*axis)).map(|axis| axes.values[axis]).collect::<Vec<_>>();
    let (least, most) = bends
        .iter()
        .fold((f64::INFINITY, 0.0), |(least, most), bend| (f64::min(least, *bend), f64::max(most, *bend)));
    let condition = (least > 0.0 && !bends.is_empty()).then(|| most / least);
    let error = |at: usize| {
        let variance = (0..PARAMETERS)
            .filter(|axis| own(*axis))
            .map(|axis| axes.vectors[axis][at] * axes.vectors[axis][at] / axes.values[axis])
            .sum::<f64>();
        (free(at) && condition.is_some()).then(|| values[at] * variance.sqrt())
    };
    let parameters = (0..N).map(|at| Parameter {
        name: search.names[at],
        value: values[at],
        standard_error: error(at).filter(|error| error.is_finite()),
    });
    let gradient_norm = norm(&slope) / likelihood.people().max(1.0);
    // Steps that end in rounding where there is no slope have come to a flat top.
    let arrived = summit.arrived || gradient_norm <= SLOPE_FLAT;
    let verdict = match (arrived, boundaries.is_empty(), condition) {
        (false, _, _) => Verdict::Stopped,
        (true, false, _) => Verdict::AtBoundary,
        (true, true, Some(condition)) if summit.arrived && condition <= CONDITION_MAX => Verdict::Converged,
        (true, true, _) => Verdict::Flat,
    };
    Fit {
        model: of(values),
        log_likelihood: summit.sums.value,
        people: likelihood.people() as u64,
        groups: likelihood.groups(),
        parameters: parameters.collect(),
        status: Status {
            verdict,
            gradient_norm,
            condition,
            boundaries,
            passes: summit.passes,
            simplex: summit.simplex,
        },
    }
}

/// Repeat purchases in a unit of time, and the mean age.
fn pace(customers: &Customers) -> Result<(f64, f64), FitError> {
    if customers.people() == 0 {
        return Err(FitError::Nobody);
    }
    let (mut repeats, mut time) = (0.0, 0.0);
    for at in 0..customers.groups() {
        let weight = customers.weights[at] as f64;
        repeats += weight * f64::from(customers.repeats[at]);
        time += weight * customers.age[at];
    }
    if time <= 0.0 {
        return Err(FitError::NoTime);
    }
    // Half a purchase where there is none, so that there is a start.
    Ok((f64::max(repeats, 0.5) / time, time / customers.people() as f64))
}

const SHAPE: [&str; 2] = ["hardly anybody buys again", "all customers buy at the same rate"];
const RATE: [&str; 2] =
    ["rates differ beyond measure", "all customers buy at the same rate, or hardly anybody buys again"];
const NONE_STOP: &str = "nobody is seen to stop";

impl BgNbd {
    /// The model under which these purchases are most likely.
    ///
    /// ```
    /// use phygital_core::measure::value::{BgNbd, Customers, Relation, Summary, Verdict};
    /// let mut customers = Customers::gather(Relation::AtWill)?;
    /// for (repeats, recency, weight) in [(0, 0.0, 60), (1, 9.0, 12), (1, 30.0, 10), (2, 12.0, 6), (2, 35.0, 8), (7, 36.0, 4)] {
    ///     customers.push(Summary::new(repeats, recency, 39.0)?, weight)?;
    /// }
    /// let fit = BgNbd::fit(&customers.finish())?;
    /// assert_eq!(fit.status.verdict, Verdict::Converged);
    /// let regular = Summary::new(7, 36.0, 39.0)?;
    /// assert!(fit.model.probability_alive(&regular) > 0.8);
    /// assert!(fit.model.expected(&regular, 13.0) > 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`FitError`] where there is nobody, or no time. A likelihood without a clear top is no error: see [`Status`].
    pub fn fit(customers: &Customers) -> Result<Fit<BgNbd>, FitError> {
        BgNbd::fit_with(customers, &alone)
    }

    /// As [`BgNbd::fit`], with the work spread by the caller; the result is the same to the last bit.
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit_with(customers: &Customers, spread: &Spread<'_>) -> Result<Fit<BgNbd>, FitError> {
        geometric(customers, 0, spread, BgNbd::of)
    }
}

impl MbgNbd {
    /// See [`BgNbd::fit`].
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit(customers: &Customers) -> Result<Fit<MbgNbd>, FitError> {
        MbgNbd::fit_with(customers, &alone)
    }

    /// See [`BgNbd::fit_with`].
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit_with(customers: &Customers, spread: &Spread<'_>) -> Result<Fit<MbgNbd>, FitError> {
        geometric(customers, 1, spread, MbgNbd::of)
    }
}

fn geometric<M>(
    customers: &Customers,
    first: u32,
    spread: &Spread<'_>,
    of: impl Fn(Point) -> M,
) -> Result<Fit<M>, FitError> {
    let (pace, _) = pace(customers)?;
    let few = sampling(customers.groups()).map(|every| customers.sample(every));
    let sample = few.as_ref().map(|few| Geometric::new(few, first));
    let from = Search {
        names: ["r", "alpha", "a", "b"],
        ends: [
            SHAPE,
            RATE,
            [NONE_STOP, "all have the same chance to stop"],
            ["those who stop do so at once", NONE_STOP],
        ],
        start: [0.5, 0.4 / pace, 0.8, 2.5],
    };
    Ok(search(&Geometric::new(customers, first), sample.as_ref(), &from, spread, of))
}

impl ParetoNbd {
    /// See [`BgNbd::fit`].
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit(customers: &Customers) -> Result<Fit<ParetoNbd>, FitError> {
        ParetoNbd::fit_with(customers, &alone)
    }

    /// See [`BgNbd::fit_with`].
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit_with(customers: &Customers, spread: &Spread<'_>) -> Result<Fit<ParetoNbd>, FitError> {
        let (pace, age) = pace(customers)?;
        let few = sampling(customers.groups()).map(|every| customers.sample(every));
        let sample = few.as_ref().map(Pareto::new);
        let from = Search {
            names: ["r", "alpha", "s", "beta"],
            ends: [
                SHAPE,
                RATE,
                [NONE_STOP, "all stop at the same rate"],
                ["those who stop do so at once", "all stop at the same rate, or nobody does"],
            ],
            start: [0.5, 0.35 / pace, 0.5, 0.5 * age],
        };
        Ok(search(&Pareto::new(customers), sample.as_ref(), &from, spread, ParetoNbd::of))
    }
}

impl BgBb {
    /// See [`BgNbd::fit`].
    ///
    /// # Errors
    /// [`FitError`]; also [`NoOccasions`] for times that are no whole numbers.
    pub fn fit(customers: &Customers) -> Result<Fit<BgBb>, FitError> {
        BgBb::fit_with(customers, &alone)
    }

    /// See [`BgNbd::fit_with`].
    ///
    /// # Errors
    /// As [`BgBb::fit`].
    pub fn fit_with(customers: &Customers, spread: &Spread<'_>) -> Result<Fit<BgBb>, FitError> {
        pace(customers)?;
        let few = sampling(customers.groups()).map(|every| customers.sample(every));
        let sample = few.as_ref().map(BetaBinomial::new).transpose()?;
        let from = Search {
            names: ["alpha", "beta", "gamma", "delta"],
            ends: [
                ["hardly anybody buys again", "all buy with the same chance"],
                ["who is there always buys", "all buy with the same chance"],
                [NONE_STOP, "all have the same chance to stop"],
                ["those who stop do so at once", NONE_STOP],
            ],
            start: [1.0, 1.0, 0.7, 2.5],
        };
        Ok(search(&BetaBinomial::new(customers)?, sample.as_ref(), &from, spread, BgBb::of))
    }
}

impl GammaGamma {
    /// See [`BgNbd::fit`].
    ///
    /// # Errors
    /// [`FitError::Nobody`].
    pub fn fit(spending: &Spending) -> Result<Fit<GammaGamma>, FitError> {
        GammaGamma::fit_with(spending, &alone)
    }

    /// See [`BgNbd::fit_with`].
    ///
    /// # Errors
    /// [`FitError::Nobody`].
    pub fn fit_with(spending: &Spending, spread: &Spread<'_>) -> Result<Fit<GammaGamma>, FitError> {
        if spending.people() == 0 {
            return Err(FitError::Nobody);
        }
        let sum = spending.iter().map(|(_, mean, weight)| weight as f64 * mean).sum::<f64>();
        let from = Search {
            names: ["p", "q", "g"],
            ends: [
                ["one customer's purchases vary beyond measure", "each customer always spends the same"],
                ["customers differ beyond measure", "all customers spend alike"],
                ["customers differ beyond measure", "all customers spend alike"],
            ],
            start: [2.0, 3.0, sum / spending.people() as f64],
        };
        Ok(search(&Values::new(spending), None, &from, spread, GammaGamma::of))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::likelihood::tests::differentiate;
    use super::super::{Relation, Summary};
    use super::*;

    fn customers() -> impl Strategy<Value = Customers> {
        let one = (0..30_u32, 1..200_u32, 0..400_u32, 1..4_u64);
        prop::collection::vec(one, 1..8).prop_map(|rows| {
            let mut gather = Customers::gather(Relation::AtWill).unwrap();
            for (repeats, recency, more, weight) in rows {
                let recency = if repeats > 0 { f64::from(recency) / 7.0 } else { 0.0 };
                let summary = Summary::new(repeats, recency, recency + f64::from(more) / 7.0).unwrap();
                gather.push(summary, weight).unwrap();
            }
            gather.finish()
        })
    }

    fn occasions() -> impl Strategy<Value = Customers> {
        prop::collection::vec((0..8_u32, 0..8_u32, 0..8_u32, 1..9_u64), 1..8).prop_map(|rows| {
            let mut gather = Customers::gather(Relation::AtWill).unwrap();
            for (repeats, between, after, weight) in rows {
                let last = if repeats > 0 { repeats + between } else { 0 };
                let summary = Summary::new(repeats, last.into(), (last + after).into()).unwrap();
                gather.push(summary, weight).unwrap();
            }
            gather.finish()
        })
    }

    /// Parameters over six orders of magnitude.
    fn point() -> impl Strategy<Value = Point> {
        prop::array::uniform4(-3.0..3.0_f64).prop_map(|powers| powers.map(libm::exp10))
    }

    proptest! {
        #[test]
        fn slopes_are_those_of_the_likelihood(customers in customers(), point in point()) {
            differentiate(&Geometric::new(&customers, 0), &point, 1e-6);
            differentiate(&Geometric::new(&customers, 1), &point, 1e-6);
            differentiate(&Pareto::new(&customers), &point, 1e-6);
        }

        #[test]
        fn slopes_of_occasions(customers in occasions(), point in point()) {
            differentiate(&BetaBinomial::new(&customers).unwrap(), &point, 1e-6);
        }

        #[test]
        fn slopes_of_values(
            rows in prop::collection::vec((1..30_u32, 1..90_000_u32, 1..4_u64), 1..8), point in point(),
        ) {
            let mut gather = Spending::gather();
            rows.iter().for_each(|(x, z, weight)| gather.push(*x, f64::from(*z) / 100.0, *weight).unwrap());
            let spending = gather.finish();
            differentiate(&Values::new(&spending), &point, 1e-4);
            let model = GammaGamma::of(point);
            let each = spending.iter().map(|(x, z, weight)| weight as f64 * model.log_likelihood(x, z)).sum::<f64>();
            let all = Values::new(&spending).sums(&point, &alone).value;
            prop_assert!((each - all).abs() <= 1e-9 * (1.0 + all.abs()), "{} and {}", each, all);
        }

        #[test]
        fn the_sum_is_that_of_customers(customers in customers(), occasions in occasions(), point in point()) {
            let same = |all: f64, one: &dyn Fn(&Summary) -> f64, of: &Customers| {
                let each = of.iter().map(|(summary, weight)| weight as f64 * one(&summary)).sum::<f64>();
                assert!((each - all).abs() <= 1e-10 * (1.0 + all.abs()), "{each} and {all}");
            };
            let (bg, mbg, pareto, bgbb) =
                (BgNbd::of(point), MbgNbd::of(point), ParetoNbd::of(point), BgBb::of(point));
            let all = Geometric::new(&customers, 0).sums(&point, &alone).value;
            same(all, &|of| bg.log_likelihood(of), &customers);
            let all = Geometric::new(&customers, 1).sums(&point, &alone).value;
            same(all, &|of| mbg.log_likelihood(of), &customers);
            let all = Pareto::new(&customers).sums(&point, &alone).value;
            same(all, &|of| pareto.log_likelihood(of), &customers);
            let all = BetaBinomial::new(&occasions).unwrap().sums(&point, &alone).value;
            same(all, &|of| bgbb.log_likelihood(of).unwrap(), &occasions);
        }
    }
}
