//! What an analysis says: the sample ratio first, then arms, then figures.

use phygital_core::measure::experiment::{
    Analysis, ArmRole, Caution, Comparison, Cuped, Lift, Look, MetricKind, SAMPLE_RATIO_ALARM,
};
use phygital_core::measure::{Estimate, Interval};
use serde::Serialize;

use crate::experiment_arguments::Analyse;
use crate::failure::Failure;
use crate::output::{Output, clean};

/// Tells it all.
pub(super) fn told(
    with: &Analyse,
    control: &str,
    found: &Analysis,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.is_json() {
        return output.object(&View::of(with, control, found));
    }
    let ratio = &found.sample_ratio;
    let figures = format!("chi-square {}, p {}", figure(ratio.chi_square), figure(ratio.p_value));
    match ratio.alarm() {
        true => {
            output.text("SAMPLE RATIO MISMATCH: people did not come to the arms as planned.")?;
            output.text(format_args!(
                "{figures} (alarm below {SAMPLE_RATIO_ALARM}). Find out why before you believe any figure below."
            ))?;
        }
        false => output.text(format_args!("Sample ratio as planned: {figures}."))?,
    }
    let count = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    let arms = found.arms.iter().map(|arm| {
        let expected = arm.expected.map_or(String::new(), figure);
        vec![arm.arm.clone(), role(arm.role).to_owned(), arm.rows.to_string(), count(arm.clusters), expected]
    });
    output.table(&["Arm", "Role", "Rows", "Clusters", "Expected"], arms.collect())?;
    let rows = found.comparisons.iter().flat_map(|one| rows(one, found)).collect();
    let header =
        ["Metric", "Arm", "Control", "Treated", "Difference", "Interval", "p", "Lift", "Lift interval"];
    output.table(&header, rows)?;
    let percent = 100.0 * (1.0 - found.alpha_each.get());
    output.text(format_args!("Intervals hold {}% of the time{}.", figure(percent), shared(found)))?;
    for comparison in &found.comparisons {
        for caution in &comparison.cautions {
            let (metric, arm) = (&comparison.metric, &comparison.arm);
            output.text(format_args!("{} in {}: {}", clean(metric), clean(arm), words(*caution)))?;
        }
        if let Some(correlation) = comparison.correlation {
            let p = comparison
                .p_randomised
                .map_or(String::new(), |p| format!("; p by randomisation {}", figure(p)));
            let (metric, arm) = (clean(&comparison.metric), clean(&comparison.arm));
            output.text(format_args!(
                "{metric} in {arm}: intra-cluster correlation {}{p}",
                figure(correlation)
            ))?;
        }
    }
    Ok(())
}

fn shared(found: &Analysis) -> &'static str {
    let arms = found.arms.iter().filter(|arm| arm.role == ArmRole::Treated && arm.rows > 0).count();
    if arms > 1 { " each; p is that of each arm by itself, corrected figures are in --json" } else { "" }
}

/// The plain comparison, and below it those that know more.
fn rows(one: &Comparison, found: &Analysis) -> Vec<Vec<String>> {
    let number = |number: Option<f64>| number.map_or("-".to_owned(), figure);
    let lifts = |lift: Option<Lift>| {
        let interval = lift
            .and_then(|lift| lift.interval)
            .map(|Interval { low, high }| format!("{} to {}", percent(low), percent(high)));
        [lift.map_or("-".to_owned(), |lift| percent(lift.value)), interval.unwrap_or("-".to_owned())]
    };
    let name = format!("{} ({})", one.metric, kind(one.kind));
    let mut rows = Vec::new();
    let mut row = vec![name, one.arm.clone()];
    row.push(number(one.control.map(|side| side.mean)));
    row.push(number(one.treated.map(|side| side.mean)));
    row.push(number(one.difference.map(|difference| difference.value)));
    row.push(interval(one.interval));
    row.push(number(one.p_value));
    row.extend(lifts(one.lift));
    rows.push(row);
    if let Some(cuped) = one.cuped {
        let mut row = vec!["  known before taken out".to_owned(), one.arm.clone()];
        row.extend([cuped.control, cuped.treated, cuped.difference.value].map(figure));
        row.push(interval(cuped.difference.interval(found.alpha_each)));
        row.push(number(cuped.difference.p_value()));
        row.extend(lifts(cuped.lift));
        rows.push(row);
    }
    if let Some(look) = one.look {
        let mut row = vec!["  at any look".to_owned(), one.arm.clone()];
        row.extend(["", "", ""].map(str::to_owned));
        row.push(interval(Some(look.interval)));
        row.push(figure(look.p_value));
        row.extend(["", ""].map(str::to_owned));
        rows.push(row);
    }
    rows
}

fn interval(interval: Option<Interval>) -> String {
    interval.map_or("-".to_owned(), |Interval { low, high }| format!("{} to {}", figure(low), figure(high)))
}

fn percent(part: f64) -> String {
    format!("{}%", figure(100.0 * part))
}

/// Four digits, or all of a whole number.
pub(super) fn figure(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return "0".to_owned();
    }
    let power = libm::floor(libm::log10(number.abs()));
    if power < -6.0 {
        return format!("{number:.1e}");
    }
    let decimals = (3.0 - power).clamp(0.0, 9.0) as usize;
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn role(role: ArmRole) -> &'static str {
    match role {
        ArmRole::Control => "control",
        ArmRole::HeldOut => "held_out",
        _ => "treated",
    }
}

fn kind(kind: MetricKind) -> &'static str {
    match kind {
        MetricKind::Rate => "rate",
        MetricKind::Ratio => "ratio",
        _ => "mean",
    }
}

fn code(caution: Caution) -> &'static str {
    match caution {
        Caution::TooFew => "too_few",
        Caution::NoSpread => "no_spread",
        Caution::FewClusters => "few_clusters",
        Caution::NearZero => "near_zero",
        Caution::NoLift => "no_lift",
        Caution::MissingBefore => "missing_before",
        Caution::NothingBefore => "nothing_before",
        _ => "other",
    }
}

fn words(caution: Caution) -> &'static str {
    match caution {
        Caution::TooFew => {
            "an arm has fewer than two people or clusters, or nothing to divide by: nothing to compare"
        }
        Caution::NoSpread => "all numbers of each arm are equal: no probability",
        Caution::FewClusters => {
            "fewer than ten clusters in an arm: intervals are wide, and rest on few means"
        }
        Caution::NearZero => "the control is near zero: the lift's interval is Fieller's, or there is none",
        Caution::NoLift => "the control is not above zero: no lift",
        Caution::MissingBefore => "some were not known before; they have an indicator of their own",
        Caution::NothingBefore => "what was known before tells nobody apart: no adjustment",
        _ => "see --json",
    }
}

#[derive(Serialize)]
struct View<'a> {
    sample_ratio: RatioView,
    arms: Vec<ArmView<'a>>,
    alpha: f64,
    alpha_each: f64,
    correction: Option<&'static str>,
    comparisons: Vec<ComparisonView<'a>>,
}

#[derive(Serialize)]
struct RatioView {
    alarm: bool,
    chi_square: f64,
    p_value: f64,
}

#[derive(Serialize)]
struct ArmView<'a> {
    arm: &'a str,
    role: &'static str,
    rows: u64,
    clusters: Option<u64>,
    expected: Option<f64>,
}

#[derive(Serialize)]
struct ComparisonView<'a> {
    metric: &'a str,
    kind: &'static str,
    arm: &'a str,
    control: &'a str,
    treated_mean: Option<f64>,
    control_mean: Option<f64>,
    difference: Option<f64>,
    standard_error: Option<f64>,
    statistic: Option<f64>,
    degrees: Option<f64>,
    interval: Option<[f64; 2]>,
    p_value: Option<f64>,
    p_corrected: Option<f64>,
    /// How many more did it than would have at the control's rate.
    incremental: Option<f64>,
    lift: Option<LiftView>,
    cuped: Option<CupedView>,
    sequential: Option<LookView>,
    intra_cluster_correlation: Option<f64>,
    p_randomised: Option<f64>,
    cautions: Vec<&'static str>,
}

#[derive(Serialize)]
struct LiftView {
    value: f64,
    standard_error: f64,
    interval: Option<[f64; 2]>,
    method: &'static str,
}

#[derive(Serialize)]
struct CupedView {
    theta: f64,
    explained: f64,
    variance_ratio: f64,
    missing_before: u64,
    treated_mean: f64,
    control_mean: f64,
    difference: f64,
    standard_error: f64,
    statistic: Option<f64>,
    degrees: Option<f64>,
    interval: Option<[f64; 2]>,
    p_value: Option<f64>,
    p_corrected: Option<f64>,
    lift: Option<LiftView>,
}

#[derive(Serialize)]
struct LookView {
    likelihood_ratio: f64,
    p_value: f64,
    interval: [f64; 2],
}

impl<'a> View<'a> {
    fn of(with: &Analyse, control: &'a str, found: &'a Analysis) -> View<'a> {
        let ratio = &found.sample_ratio;
        let arms = found.arms.iter().map(|arm| ArmView {
            arm: &arm.arm,
            role: role(arm.role),
            rows: arm.rows,
            clusters: arm.clusters,
            expected: arm.expected,
        });
        let shares = found.comparisons.iter().filter(|one| one.metric == found.comparisons[0].metric).count();
        let shares = if with.uncorrected { 1 } else { shares };
        let comparisons = found.comparisons.iter();
        View {
            sample_ratio: RatioView {
                alarm: ratio.alarm(),
                chi_square: ratio.chi_square,
                p_value: ratio.p_value,
            },
            arms: arms.collect(),
            alpha: with.alpha,
            alpha_each: found.alpha_each.get(),
            correction: (shares > 1).then_some("bonferroni"),
            comparisons: comparisons.map(|one| comparison(one, control, found, shares)).collect(),
        }
    }
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

/// Infinite degrees are those of the normal distribution, which has none.
fn degrees(estimate: Estimate) -> Option<f64> {
    Some(estimate.degrees).filter(|degrees| degrees.is_finite())
}

fn comparison<'a>(
    one: &'a Comparison,
    control: &'a str,
    found: &Analysis,
    shares: usize,
) -> ComparisonView<'a> {
    let statistic = match one.rates {
        Some(rates) => rates.z,
        None => one.difference.and_then(|difference| difference.statistic()),
    };
    ComparisonView {
        metric: &one.metric,
        kind: kind(one.kind),
        arm: &one.arm,
        control,
        treated_mean: one.treated.map(|side| side.mean),
        control_mean: one.control.map(|side| side.mean),
        difference: one.difference.map(|difference| difference.value),
        standard_error: one.difference.map(|difference| difference.standard_error),
        statistic,
        degrees: one.difference.and_then(degrees),
        interval: one.interval.map(ends),
        p_value: one.p_value,
        p_corrected: one.p_corrected,
        incremental: one.rates.map(|rates| rates.incremental),
        lift: one.lift.map(lift),
        cuped: one.cuped.map(|adjusted| cuped(&adjusted, found, shares)),
        sequential: one.look.map(look),
        intra_cluster_correlation: one.correlation,
        p_randomised: one.p_randomised,
        cautions: one.cautions.iter().map(|caution| code(*caution)).collect(),
    }
}

fn lift(lift: Lift) -> LiftView {
    LiftView {
        value: lift.value,
        standard_error: lift.standard_error,
        interval: lift.interval.map(ends),
        method: if lift.fieller { "fieller" } else { "delta" },
    }
}

fn cuped(one: &Cuped, found: &Analysis, shares: usize) -> CupedView {
    let p_value = one.difference.p_value();
    CupedView {
        theta: one.theta,
        explained: one.explained,
        variance_ratio: one.variance_ratio,
        missing_before: one.missing,
        treated_mean: one.treated,
        control_mean: one.control,
        difference: one.difference.value,
        standard_error: one.difference.standard_error,
        statistic: one.difference.statistic(),
        degrees: degrees(one.difference),
        interval: one.difference.interval(found.alpha_each).map(ends),
        p_value,
        p_corrected: p_value.map(|p| (p * shares as f64).min(1.0)),
        lift: one.lift.map(lift),
    }
}

fn look(look: Look) -> LookView {
    LookView { likelihood_ratio: look.likelihood_ratio, p_value: look.p_value, interval: ends(look.interval) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (1_234_567.0, "1234567"),
            (12.3456, "12.35"),
            (-0.081_117_79, "-0.08112"),
            (1e-9, "1.0e-9"),
            (0.000_012_346, "0.00001235"),
            (99.999_99, "100"),
        ] {
            assert_eq!(figure(number), text);
        }
    }
}
