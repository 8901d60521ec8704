//! All arms of an experiment against its control, metric by metric, with what has to be known before any of it is believed.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::cluster::{ClusterSum, cluster_side, intra_cluster_correlation, randomisation_p};
use super::cluster_cuped::{ClusterBefore, cluster_cuped};
use super::compare::{Lift, Part, RateDifference, Side, difference, lift, rate_difference};
use super::cuped::{Cuped, cuped};
use super::sample_ratio::{SampleRatio, SampleRatioError, sample_ratio};
use super::sequential::{Look, Mixture};
use super::statistics::{Statistics, Sums};
use crate::measure::{Alpha, Estimate, Interval, Moments, MomentsError};

/// Fewer clusters than this in an arm are worth a word: intervals are right but wide, and rest on the shape of few means.
const FEW_CLUSTERS: u64 = 10;

/// What is asked of the statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    control: String,
    holdout: BTreeSet<String>,
    weights: BTreeMap<String, f64>,
    alpha: Alpha,
    corrected: bool,
    mixture: Option<Mixture>,
}

impl Question {
    /// All other arms against this one, intervals of 95 %, arms drawn alike, corrected for several arms (Bonferroni).
    pub fn new(control: &str) -> Question {
        Question {
            control: control.to_owned(),
            holdout: BTreeSet::new(),
            weights: BTreeMap::new(),
            alpha: Alpha::CUSTOMARY,
            corrected: true,
            mixture: None,
        }
    }

    /// This arm is held out: it is counted and shown, and never taken for treated.
    #[must_use]
    pub fn holdout(mut self, arm: &str) -> Question {
        self.holdout.insert(arm.to_owned());
        self
    }

    /// An arm was to have so many, beside the others' weights. Once one has a weight, the sample ratio is that of the arms
    /// that have one.
    #[must_use]
    pub fn weight(mut self, arm: &str, weight: f64) -> Question {
        self.weights.insert(arm.to_owned(), weight);
        self
    }

    /// How often the statements about a metric may be wrong.
    #[must_use]
    pub fn alpha(self, alpha: Alpha) -> Question {
        Question { alpha, ..self }
    }

    /// Each arm by itself, as if it were the only one.
    #[must_use]
    pub fn uncorrected(self) -> Question {
        Question { corrected: false, ..self }
    }

    /// With intervals that hold at every look.
    #[must_use]
    pub fn sequential(self, mixture: Mixture) -> Question {
        Question { mixture: Some(mixture), ..self }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// Fewer than two arms have anybody.
    #[error("expected people in at least two arms, found {0}")]
    Arms(usize),
    /// Nobody is in an arm that was named.
    #[error("expected people in the arm {0}, found none")]
    NoArm(String),
    /// The control is held out.
    #[error("the arm {0} cannot be both control and held out")]
    ControlHeldOut(String),
    /// All but the control are held out.
    #[error("expected a treated arm beside the control")]
    NothingTreated,
    /// An arm without the weight that the others have.
    #[error("expected a weight for the arm {0} too")]
    NoWeight(String),
    /// Weights of nothing.
    #[error(transparent)]
    SampleRatio(#[from] SampleRatioError),
    /// Sums out of range.
    #[error(transparent)]
    Moments(#[from] MomentsError),
}

/// What an arm is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArmRole {
    /// What the others are compared with.
    Control,
    /// Treated.
    Treated,
    /// Held out of everything.
    HeldOut,
}

/// An arm.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ArmCount {
    /// Its name.
    pub arm: String,
    /// What it is for.
    pub role: ArmRole,
    /// Its rows: people, or rows of its clusters.
    pub rows: u64,
    /// Its clusters, where those are counted.
    pub clusters: Option<u64>,
    /// How many people (or clusters) it was to have; none where it has no part in the sample ratio.
    pub expected: Option<f64>,
}

/// How a metric is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// Means of numbers.
    Mean,
    /// Parts of people: all numbers are 0 or 1.
    Rate,
    /// Ratios of sums.
    Ratio,
}

/// What is worth a word beside a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Caution {
    /// An arm has fewer than two people or clusters, or no denominator: nothing to compare.
    TooFew,
    /// All numbers are equal: no interval and no probability.
    NoSpread,
    /// Fewer than ten clusters in an arm.
    FewClusters,
    /// The control's mean is less than ten standard errors above zero: the lift's interval is Fieller's, or none.
    NearZero,
    /// The control's mean is not above zero: no lift.
    NoLift,
    /// Some were not known before; they have an indicator of their own.
    MissingBefore,
    /// What was known before tells nobody apart: no adjustment.
    NothingBefore,
}

/// A treated arm beside the control in one metric.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// The metric.
    pub metric: String,
    /// How it is compared.
    pub kind: MetricKind,
    /// The treated arm.
    pub arm: String,
    /// Its mean, rate or ratio.
    pub treated: Option<Side>,
    /// That of the control.
    pub control: Option<Side>,
    /// The treated less the control, with a standard error. Of rates see `rates`.
    pub difference: Option<Estimate>,
    /// The difference of rates; its test and its interval are those to read.
    pub rates: Option<RateDifference>,
    /// The interval of the difference, corrected for several arms.
    pub interval: Option<Interval>,
    /// The probability of a difference as far from zero if there is none, not corrected.
    pub p_value: Option<f64>,
    /// The same corrected for several arms: below alpha exactly where the interval excludes zero.
    pub p_corrected: Option<f64>,
    /// By what part the treated exceeds the control.
    pub lift: Option<Lift>,
    /// The difference without what was known before; its lift's interval is corrected too.
    pub cuped: Option<Cuped>,
    /// An interval that holds at every look, of the adjusted difference where there is one.
    pub look: Option<Look>,
    /// How alike people of a cluster are.
    pub correlation: Option<f64>,
    /// The probability by randomisation inference over clusters.
    pub p_randomised: Option<f64>,
    /// What is worth a word.
    pub cautions: BTreeSet<Caution>,
}

/// An experiment, analysed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Analysis {
    /// Whether people came to the arms as planned: before all else.
    pub sample_ratio: SampleRatio,
    /// The arms, in order of their names.
    pub arms: Vec<ArmCount>,
    /// Every metric, every treated arm.
    pub comparisons: Vec<Comparison>,
    /// What each interval may miss: alpha, shared by the treated arms if corrected.
    pub alpha_each: Alpha,
}

/// Compares the arms.
///
/// ```
/// use phygital_core::measure::experiment::{Metric, Question, Statistics, analyse};
/// let mut statistics = Statistics::new(&[Metric::mean("revenue")])?;
/// for (arm, revenue) in [("a", "10"), ("a", "12"), ("a", "11"), ("b", "14"), ("b", "15"), ("b", "13")] {
///     statistics.push(arm, None, &[revenue])?;
/// }
/// let found = analyse(&statistics, &Question::new("a"))?;
/// assert!(!found.sample_ratio.alarm());
/// let revenue = &found.comparisons[0];
/// assert_eq!(revenue.difference.ok_or("too few")?.value, 3.0);
/// assert!(revenue.p_value.ok_or("no spread")? < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`AnalysisError`] where there is nothing to compare. What is not defined of a metric is none, with a [`Caution`].
pub fn analyse(statistics: &Statistics, question: &Question) -> Result<Analysis, AnalysisError> {
    let present = statistics.arms().filter(|arm| statistics.rows(arm) > 0).collect::<Vec<_>>();
    if present.len() < 2 {
        return Err(AnalysisError::Arms(present.len()));
    }
    let named = std::iter::once(&question.control).chain(&question.holdout);
    if let Some(absent) = named.into_iter().find(|arm| !present.contains(&arm.as_str())) {
        return Err(AnalysisError::NoArm(absent.clone()));
    }
    if question.holdout.contains(&question.control) {
        return Err(AnalysisError::ControlHeldOut(question.control.clone()));
    }
    let role = |arm: &str| match arm {
        arm if arm == question.control => ArmRole::Control,
        arm if question.holdout.contains(arm) => ArmRole::HeldOut,
        _ => ArmRole::Treated,
    };
    let treated = present.iter().filter(|arm| role(arm) == ArmRole::Treated).copied().collect::<Vec<_>>();
    if treated.is_empty() {
        return Err(AnalysisError::NothingTreated);
    }
    let (sample_ratio, expected) = ratio(statistics, question, &role)?;
    let arm = |arm: &str| ArmCount {
        arm: arm.to_owned(),
        role: role(arm),
        rows: statistics.rows(arm),
        clusters: statistics.clusters(arm),
        expected: expected.get(arm).copied(),
    };
    let shares = if question.corrected { treated.len() } else { 1 };
    let mut comparisons = Vec::new();
    for metric in 0..statistics.metrics().len() {
        for arm in &treated {
            let pair = Pair { statistics, metric, arm, control: &question.control };
            comparisons.push(pair.compare(question, shares)?);
        }
    }
    let arms = statistics.arms().map(arm).collect();
    Ok(Analysis { sample_ratio, arms, comparisons, alpha_each: question.alpha.shared_by(shares) })
}

type Expected = BTreeMap<String, f64>;

fn ratio(
    statistics: &Statistics,
    question: &Question,
    role: &dyn Fn(&str) -> ArmRole,
) -> Result<(SampleRatio, Expected), AnalysisError> {
    let weighed = !question.weights.is_empty();
    let mut names = statistics.arms().collect::<BTreeSet<_>>();
    names.extend(question.weights.keys().map(String::as_str));
    // Who is held out was drawn from another hat, unless a weight says otherwise.
    names.retain(|arm| question.weights.contains_key(*arm) || role(arm) != ArmRole::HeldOut);
    let count = |arm: &str| statistics.clusters(arm).unwrap_or_else(|| statistics.rows(arm));
    let mut weights = Vec::with_capacity(names.len());
    for arm in &names {
        let weight = if weighed { question.weights.get(*arm).copied() } else { Some(1.0) };
        weights.push(weight.ok_or_else(|| AnalysisError::NoWeight((*arm).to_owned()))?);
    }
    let counts = names.iter().map(|arm| count(arm)).collect::<Vec<_>>();
    let found = sample_ratio(&counts, &weights)?;
    let expected = names.into_iter().map(str::to_owned).zip(found.expected.iter().copied()).collect();
    Ok((found, expected))
}

/// An arm and the control in one metric.
struct Pair<'s> {
    statistics: &'s Statistics,
    metric: usize,
    arm: &'s str,
    control: &'s str,
}

impl Pair<'_> {
    fn compare(&self, question: &Question, shares: usize) -> Result<Comparison, AnalysisError> {
        let alpha = question.alpha.shared_by(shares);
        let arms = [self.arm, self.control];
        let totals = [self.total(self.arm)?, self.total(self.control)?];
        let values = [totals[0].values()?, totals[1].values()?];
        let parts = [part(&values[0]), part(&values[1])];
        let kind = match (&totals[0], parts) {
            (Sums::Ratio(_), _) => MetricKind::Ratio,
            (_, [Some(_), Some(_)]) => MetricKind::Rate,
            _ => MetricKind::Mean,
        };
        let clustered = self.statistics.is_clustered();
        let rates = match parts {
            [Some(treated), Some(control)] if kind == MetricKind::Rate && !clustered => {
                Some(rate_difference(treated, control, alpha))
            }
            _ => None,
        };
        let side = |at: usize| match (&totals[at], clustered) {
            (_, true) => cluster_side(&self.cluster_sums(arms[at])),
            (Sums::Ratio(pairs), _) => Side::ratio(pairs),
            (Sums::Mean(_), _) if rates.is_some() => parts[at].map(Part::side),
            (Sums::Mean(_), _) => Side::of(&values[at]),
        };
        let (treated, control) = (side(0), side(1));
        let both = treated.zip(control);
        let difference = both.map(|(treated, control)| difference(&treated, &control));
        let p_value = match &rates {
            Some(rates) => rates.p_value,
            None => difference.and_then(|difference| difference.p_value()),
        };
        let interval = match &rates {
            Some(rates) => Some(rates.interval),
            None => difference.and_then(|difference| difference.interval(alpha)),
        };
        let lift = both.and_then(|(treated, control)| lift(&treated, &control, alpha));
        let (adjusted, with_before) = match totals {
            [Sums::Mean(one), Sums::Mean(other)] => {
                let known = one.present.count() + other.present.count() > 0;
                let adjusted = match clustered {
                    true => cluster_cuped(&self.clusters(self.arm), &self.clusters(self.control), alpha),
                    false => cuped(&one, &other, alpha),
                };
                (adjusted, known)
            }
            _ => (None, false),
        };
        let shown = adjusted.map(|adjusted| adjusted.difference).or(difference);
        // With clusters the plan counts clusters.
        let units =
            arms.map(|arm| self.statistics.clusters(arm).unwrap_or_else(|| self.statistics.rows(arm)));
        let look = question.mixture.zip(shown).and_then(|(mixture, shown)| {
            mixture.look(shown.value, shown.standard_error, units[0] + units[1], alpha)
        });
        let mut cautions = BTreeSet::new();
        let mut caution = |caution, holds: bool| holds.then(|| cautions.insert(caution));
        caution(Caution::TooFew, both.is_none());
        caution(Caution::NoSpread, both.is_some() && p_value.is_none());
        caution(Caution::FewClusters, clustered && units.iter().any(|units| *units < FEW_CLUSTERS));
        caution(Caution::NearZero, lift.is_some_and(|lift| lift.fieller));
        caution(Caution::NoLift, both.is_some() && lift.is_none());
        caution(Caution::MissingBefore, adjusted.is_some_and(|adjusted| adjusted.missing > 0));
        caution(Caution::NothingBefore, with_before && adjusted.is_none());
        Ok(Comparison {
            metric: self.statistics.metrics()[self.metric].name(),
            kind,
            arm: self.arm.to_owned(),
            treated,
            control,
            difference,
            rates,
            interval,
            p_value,
            p_corrected: p_value.map(|p| (p * shares as f64).min(1.0)),
            lift,
            cuped: adjusted,
            look,
            correlation: self.correlation(clustered, kind)?,
            p_randomised: self.randomised(clustered),
            cautions,
        })
    }

    fn total(&self, arm: &str) -> Result<Sums, MomentsError> {
        self.statistics.total(arm, self.metric)
    }

    fn cluster_sums(&self, arm: &str) -> Vec<ClusterSum> {
        self.clusters(arm).into_iter().map(|cluster| cluster.since).collect()
    }

    fn clusters(&self, arm: &str) -> Vec<ClusterBefore> {
        let sums = self.statistics.by_cluster(arm, self.metric);
        let cluster = |sums: &Sums| match sums {
            Sums::Ratio(pairs) => ClusterBefore {
                since: ClusterSum { sum: pairs.y().sum(), size: pairs.x().sum() },
                before: None,
            },
            Sums::Mean(covaried) => {
                let (known, missing) = (covaried.present.y(), &covaried.missing);
                let size = known.count() + missing.count();
                let since = ClusterSum { sum: known.sum() + missing.sum(), size: size as f64 };
                ClusterBefore { since, before: covaried.present.x().mean() }
            }
        };
        sums.map(cluster).collect()
    }

    fn correlation(&self, clustered: bool, kind: MetricKind) -> Result<Option<f64>, MomentsError> {
        if !clustered || kind == MetricKind::Ratio {
            return Ok(None);
        }
        let arm = |arm| self.statistics.by_cluster(arm, self.metric).map(Sums::values).collect();
        let arms = [self.arm, self.control].map(arm);
        let [treated, control]: [Result<Vec<Moments>, MomentsError>; 2] = arms;
        Ok(intra_cluster_correlation(&[treated?, control?]))
    }

    fn randomised(&self, clustered: bool) -> Option<f64> {
        if !clustered {
            return None;
        }
        let means = |arm| {
            let sums = self.cluster_sums(arm).into_iter().filter(|cluster| cluster.size > 0.0);
            sums.map(|cluster| cluster.sum / cluster.size).collect::<Vec<_>>()
        };
        randomisation_p(&means(self.arm), &means(self.control))
    }
}

/// Numbers of 0 and 1 as a part of people.
fn part(values: &Moments) -> Option<Part> {
    Part::new(values.ones()?, values.count())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::measure::experiment::Metric;

    fn of(rows: &[(&str, &str)]) -> Statistics {
        let mut statistics = Statistics::new(&[Metric::mean("x")]).unwrap();
        for (arm, value) in rows {
            statistics.push(arm, None, &[value]).unwrap();
        }
        statistics
    }

    #[test]
    fn who_is_held_out_is_shown_and_not_treated() {
        let rows = [("a", "1.5"), ("a", "2"), ("b", "3"), ("b", "4"), ("out", "0"), ("out", "0.1")];
        let found = analyse(&of(&rows), &Question::new("a").holdout("out")).unwrap();
        assert_eq!(found.comparisons.len(), 1);
        assert_eq!(found.comparisons[0].arm, "b");
        let out = found.arms.iter().find(|arm| arm.arm == "out").unwrap();
        assert_eq!((out.role, out.rows, out.expected), (ArmRole::HeldOut, 2, None));
        assert_eq!(found.alpha_each, Alpha::CUSTOMARY);
    }

    #[test]
    fn several_arms_share_alpha() {
        let rows = [("a", "1"), ("a", "2"), ("b", "3"), ("b", "4"), ("c", "2"), ("c", "5")];
        let found = analyse(&of(&rows), &Question::new("a")).unwrap();
        assert_eq!(found.alpha_each.get(), 0.025);
        let alone = analyse(&of(&rows), &Question::new("a").uncorrected()).unwrap();
        for (together, alone) in found.comparisons.iter().zip(&alone.comparisons) {
            let (wide, narrow) = (together.interval.unwrap(), alone.interval.unwrap());
            assert!(wide.low < narrow.low && wide.high > narrow.high);
            assert_eq!(together.p_corrected.unwrap(), (alone.p_value.unwrap() * 2.0).min(1.0));
            assert_eq!(alone.p_corrected, alone.p_value);
        }
    }

    #[test]
    fn what_is_not_defined_is_none_and_said() {
        let caution = |rows: &[(&str, &str)]| {
            let found = analyse(&of(rows), &Question::new("a")).unwrap();
            let one = &found.comparisons[0];
            assert_eq!((one.interval, one.p_value), (None, None));
            one.cautions.iter().copied().collect::<Vec<_>>()
        };
        assert_eq!(caution(&[("a", "2"), ("b", "3"), ("b", "4")]), [Caution::TooFew]);
        assert_eq!(caution(&[("a", "2"), ("a", "2"), ("b", "3"), ("b", "3")]), [Caution::NoSpread]);
        let negative = [("a", "-2"), ("a", "-3"), ("b", "3"), ("b", "4")];
        let found = analyse(&of(&negative), &Question::new("a")).unwrap();
        assert!(
            found.comparisons[0].cautions.contains(&Caution::NoLift) && found.comparisons[0].lift.is_none()
        );
        // Nobody did it: the difference is nothing, its interval is not.
        let nobody = of(&[("a", "0"), ("a", "0"), ("b", "0"), ("b", "0")]);
        let found = analyse(&nobody, &Question::new("a")).unwrap();
        let one = &found.comparisons[0];
        assert_eq!((one.kind, one.p_value, one.lift), (MetricKind::Rate, None, None));
        assert!(one.interval.unwrap().contains(0.3));
    }

    #[test]
    fn questions_that_have_no_answer() {
        let two = of(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let error = |question: Question| analyse(&two, &question).unwrap_err();
        assert_eq!(error(Question::new("x")), AnalysisError::NoArm("x".to_owned()));
        assert_eq!(error(Question::new("a").holdout("a")), AnalysisError::ControlHeldOut("a".to_owned()));
        let out = Question::new("a").holdout("b").holdout("c");
        assert_eq!(error(out), AnalysisError::NothingTreated);
        assert_eq!(
            error(Question::new("a").weight("a", 1.0).weight("b", 1.0)),
            AnalysisError::NoWeight("c".to_owned())
        );
        let none = Question::new("a").weight("a", 1.0).weight("b", 0.0).weight("c", 1.0);
        assert_eq!(error(none), AnalysisError::SampleRatio(SampleRatioError::Weights));
        let one = of(&[("a", "1"), ("a", "2")]);
        assert_eq!(analyse(&one, &Question::new("a")), Err(AnalysisError::Arms(1)));
        // An arm that was to have people and has none is a matter for the sample ratio.
        let lost = Question::new("a").weight("a", 1.0).weight("b", 1.0).weight("c", 1.0).weight("d", 1_000.0);
        assert!(analyse(&two, &lost).unwrap().sample_ratio.alarm());
    }

    /// Shops that differ, and did so before: what was known of them is taken out of the difference of shops.
    #[test]
    fn shops_have_a_before() {
        let mut statistics = Statistics::new(&[Metric::with_before("x", "past")]).unwrap().of_clusters();
        for (arm, shop, past, value) in [
            ("a", "1", "10", 11),
            ("a", "2", "20", 20),
            ("a", "3", "30", 31),
            ("a", "4", "", 19),
            ("b", "5", "12", 17),
            ("b", "6", "24", 29),
            ("b", "7", "33", 38),
        ] {
            for off in [-1, 1] {
                statistics.push(arm, Some(shop), &[&(value + off).to_string(), past]).unwrap();
            }
        }
        let found = analyse(&statistics, &Question::new("a")).unwrap();
        let one = &found.comparisons[0];
        let cuped = one.cuped.unwrap();
        // 5 more, by shops that stood 3 higher before.
        assert!((cuped.difference.value - 5.0).abs() < 1.0 && (cuped.theta - 1.0).abs() < 0.05, "{cuped:?}");
        assert!(cuped.variance_ratio < 0.02 && cuped.missing == 1 && cuped.difference.degrees < 4.0);
        assert!(one.p_value.unwrap() > 0.3 && cuped.difference.p_value().unwrap() < 0.01);
        assert!(
            one.cautions.contains(&Caution::MissingBefore) && one.cautions.contains(&Caution::FewClusters)
        );
    }

    #[test]
    fn shops_are_counted_not_people() {
        let mut statistics =
            Statistics::new(&[Metric::mean("x"), Metric::ratio("x", "n")]).unwrap().of_clusters();
        for (arm, shop, value) in
            [("a", "1", 10), ("a", "2", 14), ("a", "3", 12), ("b", "4", 15), ("b", "5", 19), ("b", "6", 17)]
        {
            for off in [-1, 0, 1] {
                let value = (value + off).to_string();
                statistics.push(arm, Some(shop), &[&value, &value, "1"]).unwrap();
            }
        }
        let found = analyse(&statistics, &Question::new("a")).unwrap();
        let (mean, ratio) = (&found.comparisons[0], &found.comparisons[1]);
        assert!((mean.difference.unwrap().value - 5.0).abs() < 1e-12);
        assert!((mean.difference.unwrap().degrees - 4.0).abs() < 1e-9);
        // The means of three shops each: variance 4, so the standard error is sqrt(8 / 3).
        assert!((mean.difference.unwrap().standard_error - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!((mean.p_randomised, ratio.p_randomised), (Some(0.1), Some(0.1)));
        assert_eq!(mean.difference, ratio.difference);
        assert!(mean.correlation.unwrap() > 0.7 && ratio.correlation.is_none());
        assert!(mean.cautions.contains(&Caution::FewClusters));
        assert_eq!(found.arms[0].clusters, Some(3));
    }
}
