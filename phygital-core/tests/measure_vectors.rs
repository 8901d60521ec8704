//! The vectors of `vectors/measure`: experiments, surveys and survival against an independent implementation.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;

use phygital_core::measure::experiment::{
    Comparison, Metric, Mixture, Part, Question, Statistics, Sureness, analyse, people_for_rates,
};
use phygital_core::measure::{Alpha, Answers, Span, Survival};
use serde_json::Value;

fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/measure");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn expected() -> Value {
    serde_json::from_str(&text("dev_measurement.expected.json")).unwrap()
}

/// Equal to nine digits.
fn close(ours: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what}: no number"));
    assert!((ours - expected).abs() <= 1e-9 * expected.abs(), "{what}: {ours}, expected {expected}");
}

fn statistics() -> Statistics {
    let metrics = [Metric::with_before("post", "pre"), Metric::mean("bought")];
    let mut statistics = Statistics::new(&metrics).unwrap();
    for line in text("dev_experiment.csv").lines().skip(1) {
        let cells = line.split(',').collect::<Vec<_>>();
        statistics.push(cells[0], None, &[cells[2], cells[1], cells[3]]).unwrap();
    }
    statistics
}

#[test]
fn an_experiment() {
    let expected = expected();
    let question = Question::new("0").weight("0", 30.0).weight("1", 70.0);
    let found = analyse(&statistics(), &question).unwrap();
    close(found.sample_ratio.chi_square, &expected["srm_70"]["chi2"], "chi2");
    close(found.sample_ratio.p_value, &expected["srm_70"]["p"], "p of the sample ratio");
    let [post, bought] = &found.comparisons[..] else { panic!("two comparisons") };
    welch(post, &expected["welch"], found.arms[1].rows, found.arms[0].rows);
    cuped(post, &expected["cuped"]);
    let (lift, with) = (post.lift.unwrap(), &expected["relative_lift"]);
    close(lift.value, &with["lift"], "lift");
    close(lift.standard_error, &with["se"], "lift");
    close(lift.interval.unwrap().low, &with["lo"], "lift");
    close(lift.interval.unwrap().high, &with["hi"], "lift");
    rates(bought, &expected["two_prop"]);
}

fn welch(post: &Comparison, with: &Value, treated: u64, control: u64) {
    assert_eq!((Value::from(treated), Value::from(control)), (with["n1"].clone(), with["n0"].clone()));
    close(post.treated.unwrap().mean, &with["mean1"], "mean");
    close(post.control.unwrap().mean, &with["mean0"], "mean");
    let difference = post.difference.unwrap();
    close(difference.value, &with["diff"], "difference");
    close(difference.standard_error, &with["se"], "se");
    close(difference.statistic().unwrap(), &with["t"], "t");
    close(difference.degrees, &with["df"], "df");
    close(post.p_value.unwrap(), &with["p"], "p");
    close(post.interval.unwrap().low, &with["lo"], "low");
    close(post.interval.unwrap().high, &with["hi"], "high");
}

fn cuped(post: &Comparison, with: &Value) {
    let found = post.cuped.unwrap();
    close(found.theta, &with["theta"], "theta");
    close(found.explained, &with["rho2"], "rho2");
    close(found.variance_ratio, &with["var_ratio"], "var_ratio");
    close(found.treated, &with["mean1"], "mean");
    close(found.control, &with["mean0"], "mean");
    let difference = found.difference;
    close(difference.value, &with["diff"], "difference");
    close(difference.standard_error, &with["se"], "se");
    close(difference.statistic().unwrap(), &with["t"], "t");
    close(difference.degrees, &with["df"], "df");
    close(difference.p_value().unwrap(), &with["p"], "p");
    let interval = difference.interval(Alpha::CUSTOMARY).unwrap();
    close(interval.low, &with["lo"], "low");
    close(interval.high, &with["hi"], "high");
    assert_eq!(found.missing, 0);
}

fn rates(bought: &Comparison, with: &Value) {
    close(bought.treated.unwrap().mean, &with["p1"], "p1");
    close(bought.control.unwrap().mean, &with["p0"], "p0");
    let rates = bought.rates.unwrap();
    close(rates.value, &with["diff"], "difference");
    close(rates.z.unwrap(), &with["z_pooled"], "z");
    close(rates.p_value.unwrap(), &with["p_value"], "p");
    close(rates.standard_error, &with["se_unpooled"], "se");
    close(rates.incremental, &with["incremental"], "incremental");
    let lift = bought.lift.unwrap();
    close(lift.value, &with["lift"], "lift");
    close(lift.interval.unwrap().low, &with["lift_lo"], "lift");
    close(lift.interval.unwrap().high, &with["lift_hi"], "lift");
}

#[test]
fn intervals_of_rates() {
    for (name, ends) in expected()["wilson"].as_object().unwrap() {
        let (count, of) = name.split_once('/').unwrap();
        let part = Part::new(count.parse().unwrap(), of.parse().unwrap()).unwrap();
        let found = part.wilson(Alpha::CUSTOMARY);
        close(found.low, &ends[0], name);
        close(found.high, &ends[1], name);
    }
}

#[test]
fn sizes_of_samples() {
    let sureness = Sureness::new(Alpha::CUSTOMARY, 0.8).unwrap();
    for (name, people) in expected()["sample_size"].as_object().unwrap() {
        let numbers = name.split(' ').map(|part| part.split_once('=').unwrap().1.parse::<f64>().unwrap());
        let [rate, lift] = numbers.collect::<Vec<_>>()[..] else { panic!("{name}") };
        assert_eq!(Value::from(people_for_rates(rate, lift, sureness).unwrap()), *people, "{name}");
    }
}

#[test]
fn sequential_tests() {
    for case in expected()["msprt"].as_array().unwrap() {
        let number = |key: &str| case[key].as_f64().unwrap();
        let n = case["n"].as_u64().unwrap();
        let mixture = Mixture::effect(number("tau2").sqrt()).unwrap();
        let error = (number("V") / n as f64).sqrt();
        let look = mixture.look(number("diff"), error, n, Alpha::CUSTOMARY).unwrap();
        close(look.likelihood_ratio, &case["Lambda"], "Lambda");
        close(look.p_value, &case["p_once"], "p");
        close((look.interval.high - look.interval.low) / 2.0, &case["ci_half"], "half");
    }
}

#[test]
fn net_promoter_scores() {
    let expected = expected();
    let (small, large) = (&expected["nps_small"], &expected["nps"]);
    let scores = small["scores"].as_array().unwrap().iter().map(|score| score.as_i64().unwrap());
    // Of the larger wave the counts alone are known.
    let kinds = [("promoters", 9), ("passives", 7), ("detractors", 0)];
    let counts = kinds.iter().map(|(key, score)| (large[*key].as_u64().unwrap(), *score));
    let of_counts = counts.flat_map(|(count, score)| (0..count).map(move |_| score));
    for (with, scores) in [(small, scores.collect::<Vec<_>>()), (large, of_counts.collect())] {
        let mut wave = Answers::net_promoter();
        for (person, score) in scores.iter().enumerate() {
            wave.answer(person, 0, *score).unwrap();
        }
        let found = wave.promoters(40).unwrap();
        assert_eq!(with["n"], wave.people());
        assert_eq!(with["promoters"], found.promoters);
        assert_eq!(with["passives"], found.passives);
        assert_eq!(with["detractors"], found.detractors);
        close(found.score.value, &with["nps"], "nps");
        close(found.score.standard_error, &with["se"], "nps se");
        let interval = found.interval(Alpha::CUSTOMARY).unwrap();
        close(interval.low, &with["lo"], "nps low");
        close(interval.high, &with["hi"], "nps high");
        assert_eq!(wave.promoters(wave.people() + 1), None);
    }
}

#[test]
fn a_survival_table() {
    let expected = &expected()["kaplan_meier"];
    let [times, events] = ["time", "event"].map(|key| expected[key].as_array().unwrap());
    let spans = times
        .iter()
        .zip(events)
        .map(|(time, event)| Span { time: time.as_f64().unwrap(), happened: event == 1 });
    let found = Survival::of(&spans.collect::<Vec<_>>()).unwrap();
    let table = expected["table"].as_array().unwrap();
    assert_eq!(found.steps().len(), table.len());
    for (step, row) in found.steps().iter().zip(table) {
        close(step.time, &row[0], "time");
        assert_eq!((Value::from(step.at_risk), Value::from(step.happened)), (row[1].clone(), row[2].clone()));
        close(step.survival, &row[3], "survival");
        close(step.standard_error, &row[4], "standard error");
    }
}
