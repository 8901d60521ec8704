//! `experiment analyse`: a file of people, and what their arms did.

use std::collections::BTreeSet;

use phygital_core::measure::Alpha;
use phygital_core::measure::experiment::{
    AnalysisError, Metric, Mixture, Question, RowError, Statistics, analyse as analysis,
};

use super::bad;
use super::told::told;
use crate::experiment_arguments::Analyse;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::table::Table;

/// Most people whose ids are kept to find one twice.
const UNITS_MAX: usize = 20_000_000;

/// Compares the arms.
pub(super) fn analyse(with: &Analyse, output: &mut Output) -> Result<Exit, Failure> {
    let alpha = Alpha::new(with.alpha).map_err(|error| bad("--alpha", error))?;
    let mixture = match (with.planned, with.effect) {
        (Some(units), _) => Some(Mixture::planned(units).map_err(|error| bad("--planned", error))?),
        (None, Some(size)) => Some(Mixture::effect(size).map_err(|error| bad("--effect", error))?),
        (None, None) => None,
    };
    let statistics = statistics(with, output)?;
    let control = control(with, &statistics)?;
    let mut question = Question::new(&control).alpha(alpha);
    for arm in &with.holdout {
        question = question.holdout(arm);
    }
    for weight in &with.weight {
        question = question.weight(&weight.arm, weight.weight);
    }
    if with.uncorrected {
        question = question.uncorrected();
    }
    if let Some(mixture) = mixture {
        question = question.sequential(mixture);
    }
    let found = analysis(&statistics, &question).map_err(|error| match &error {
        AnalysisError::Arms(_) => Failure::misuse("too_few_arms", error.to_string()),
        AnalysisError::NoArm(_) => Failure::misuse("unknown_arm", error.to_string()),
        _ => Failure::misuse("bad_argument", error.to_string()),
    })?;
    told(with, &control, &found, output)?;
    Ok(if found.sample_ratio.alarm() { Exit::No } else { Exit::Done })
}

/// The arm to compare with: the one named, or one that is called so.
fn control(with: &Analyse, statistics: &Statistics) -> Result<String, Failure> {
    if let Some(control) = &with.control {
        return Ok(control.clone());
    }
    let called = |arm: &&str| arm.eq_ignore_ascii_case("control") || *arm == "0";
    let found = statistics.arms().filter(called).collect::<Vec<_>>();
    match found[..] {
        [one] => Ok(one.to_owned()),
        _ => Err(Failure::misuse(
            "missing_argument",
            "expected --control ARM: no arm, or several, is called control or 0",
        )),
    }
}

fn metrics(with: &Analyse, columns: &[String]) -> Result<Vec<Metric>, Failure> {
    let (mut of_all, mut of_one) = (None, Vec::new());
    for pre in &with.pre {
        match pre.split_once('=') {
            Some((metric, column)) => of_one.push((metric, column)),
            None if of_all.is_none() => of_all = Some(pre.as_str()),
            None => return Err(bad("--pre", "expected one column for all metrics, or METRIC=COLUMN")),
        }
    }
    let mut named = [Some(with.arm.as_str()), with.cluster.as_deref(), with.unit.as_deref(), of_all]
        .into_iter()
        .flatten()
        .chain(of_one.iter().map(|(_, column)| *column))
        .collect::<BTreeSet<_>>();
    named.extend(with.ratio.iter().flat_map(|ratio| [ratio.numerator.as_str(), ratio.denominator.as_str()]));
    let others = || columns.iter().map(String::as_str).filter(|column| !named.contains(column));
    let means = match with.metric.is_empty() && with.ratio.is_empty() {
        true => others().collect::<Vec<_>>(),
        false => with.metric.iter().map(String::as_str).collect(),
    };
    if let Some((metric, _)) = of_one.iter().find(|(metric, _)| !means.contains(metric)) {
        return Err(bad("--pre", format!("{metric} is no metric")));
    }
    let mean = |column: &&str| {
        let before = of_one.iter().find(|(metric, _)| metric == column).map(|(_, before)| *before).or(of_all);
        before.map_or_else(|| Metric::mean(column), |before| Metric::with_before(column, before))
    };
    let ratios = with.ratio.iter().map(|ratio| Metric::ratio(&ratio.numerator, &ratio.denominator));
    Ok(means.iter().map(mean).chain(ratios).collect())
}

fn statistics(with: &Analyse, output: &Output) -> Result<Statistics, Failure> {
    let mut table = Table::open(&with.file, output)?;
    let metrics = metrics(with, table.columns())?;
    let mut statistics = Statistics::new(&metrics).map_err(|error| bad("--metric", error))?;
    if with.cluster.is_some() {
        statistics = statistics.of_clusters();
    }
    if !with.weight.is_empty() {
        let weighed = with.weight.iter().map(|weight| weight.arm.as_str());
        let held = with.holdout.iter().map(String::as_str);
        let held = held.filter(|arm| !with.weight.iter().any(|weight| weight.arm == *arm));
        statistics = statistics.of_arms(weighed.chain(held)).map_err(|error| bad("--weight", error))?;
    }
    let arm = table.column(&with.arm)?;
    let cluster = with.cluster.as_deref().map(|column| table.column(column)).transpose()?;
    let unit = with.unit.as_deref().map(|column| table.column(column)).transpose()?;
    let columns = metrics.iter().flat_map(Metric::columns);
    let places = columns.map(|column| table.column(column)).collect::<Result<Vec<_>, _>>()?;
    let mut units = BTreeSet::new();
    while let Some(row) = table.next()? {
        let refuse = |kind, message: String| Failure::misuse(kind, message).at_line(row.line);
        let cells = places.iter().map(|place| row.get(*place)).collect::<Vec<_>>();
        if let Some(unit) = unit {
            let id = row.get(unit);
            let column = with.unit.as_deref().unwrap_or_default();
            if id.is_empty() {
                return Err(refuse("malformed", format!("column {column}: expected an id, found nothing")));
            }
            if units.len() >= UNITS_MAX {
                return Err(refuse(
                    "too_many",
                    format!("column {column}: expected at most {UNITS_MAX} people"),
                ));
            }
            if !units.insert(id.to_owned()) {
                let message = format!(
                    "column {column}: this person has a row already; with --cluster {column} people may have several"
                );
                return Err(refuse("twice", message));
            }
        }
        let pushed = statistics.push(row.get(arm), cluster.map(|cluster| row.get(cluster)), &cells);
        pushed.map_err(|error| match &error {
            RowError::Arm | RowError::UnknownArm | RowError::TooManyArms => {
                refuse("unknown_arm", format!("column {}: {error}", with.arm))
            }
            RowError::Cluster | RowError::TwoArms | RowError::TooManyClusters => {
                let column = with.cluster.as_deref().unwrap_or_default();
                refuse("malformed", format!("column {column}: {error}"))
            }
            _ => refuse("malformed", error.to_string()),
        })?;
    }
    if let Some(column) = table.unseen().first() {
        return Err(Failure::misuse("no_column", format!("no line has the column {column}")));
    }
    Ok(statistics)
}
