//! `experiment`: the figures of a file, what is said first, and what is refused.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use support::Folder;

fn vector(name: &str) -> String {
    fs::read_to_string(format!("{}/../vectors/measure/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Equal to nine digits.
fn close(found: &Value, expected: &Value) {
    let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found}, expected {expected}");
}

const ANALYSE: &str =
    "--json experiment analyse --metric post --metric bought --pre post=pre --weight 0=30 --weight 1=70";

#[test]
fn the_figures_of_a_file() {
    let folder = Folder::new();
    folder.write("people.csv", &vector("dev_experiment.csv"));
    let found = folder.done(&format!("{ANALYSE} people.csv")).object();
    let expected = serde_json::from_str::<Value>(&vector("dev_measurement.expected.json")).unwrap();
    close(&found["sample_ratio"]["chi_square"], &expected["srm_70"]["chi2"]);
    assert_eq!(found["sample_ratio"]["alarm"], false);
    assert_eq!(found["correction"], Value::Null);
    let [post, bought] = [&found["comparisons"][0], &found["comparisons"][1]];
    for (mine, theirs) in [
        ("difference", "diff"),
        ("standard_error", "se"),
        ("statistic", "t"),
        ("degrees", "df"),
        ("p_value", "p"),
    ] {
        close(&post[mine], &expected["welch"][theirs]);
        close(&post["cuped"][mine], &expected["cuped"][theirs]);
    }
    close(&post["interval"][0], &expected["welch"]["lo"]);
    close(&post["cuped"]["interval"][1], &expected["cuped"]["hi"]);
    close(&post["lift"]["interval"][0], &expected["relative_lift"]["lo"]);
    assert_eq!((&bought["kind"], &bought["degrees"]), (&json!("rate"), &Value::Null));
    close(&bought["p_value"], &expected["two_prop"]["p_value"]);
    close(&bought["incremental"], &expected["two_prop"]["incremental"]);
}

#[test]
fn order_packing_and_pipes_change_no_byte() {
    let folder = Folder::new();
    let text = vector("dev_experiment.csv");
    folder.write("people.csv", &text);
    let found = folder.done(&format!("{ANALYSE} people.csv"));
    let (header, rows) = text.split_once('\n').unwrap();
    let turned = rows.lines().rev().fold(header.to_owned(), |text, row| text + "\n" + row);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(turned.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for input in [turned.as_bytes(), &packed] {
        let piped = folder.fed(&format!("{ANALYSE} -"), input);
        assert_eq!((piped.code, &piped.out), (0, &found.out), "{}", piped.err);
    }
    let lines = rows.lines().map(|row| {
        let cells = row.split(',').collect::<Vec<_>>();
        let [arm, pre, post, bought] = cells[..] else { panic!("{row}") };
        format!("{{\"arm\": \"{arm}\", \"pre\": {pre}, \"post\": {post}, \"bought\": {bought}}}\n")
    });
    let piped = folder.fed(&format!("{ANALYSE} -"), lines.collect::<String>().as_bytes());
    assert_eq!(piped.out, found.out, "{}", piped.err);
}

#[test]
fn a_lost_sample_is_said_first() {
    let folder = Folder::new();
    folder.write("people.csv", &vector("dev_experiment.csv"));
    let ran = folder.at_now("experiment analyse people.csv");
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("SAMPLE RATIO MISMATCH"), "{}", ran.out);
    let ran = folder.at_now("--json experiment analyse people.csv");
    assert_eq!((ran.code, &ran.object()["sample_ratio"]["alarm"]), (1, &json!(true)));
    // Without --metric all columns that nothing else names are compared.
    let found = ran.object();
    let metrics = found["comparisons"].as_array().unwrap().iter().map(|one| &one["metric"]);
    assert_eq!(metrics.collect::<Vec<_>>(), ["pre", "post", "bought"]);
}

#[test]
fn what_is_refused_names_line_and_column() {
    let folder = Folder::new();
    let told = |arguments: &str, text: &str| {
        let ran = folder.fed(&format!("--json experiment analyse {arguments} -"), text.as_bytes());
        assert_eq!(ran.code, 2, "{ran:?}");
        let error = ran.error();
        (error["kind"].as_str().unwrap().to_owned(), error["line"].as_u64(), error["message"].to_string())
    };
    for (arguments, text, kind, line, part) in [
        ("", "arm,x\n0,1\n1,NaN\n", "malformed", Some(3), "column x: expected a decimal number"),
        ("", "arm,x\n0,1\n1,inf\n", "malformed", Some(3), "column x"),
        ("", "arm,x\n0,1\n1,\n", "malformed", Some(3), "column x: expected a number, found nothing"),
        ("", "arm,x\n0,1\n,2\n", "unknown_arm", Some(3), "column arm"),
        ("--weight 0=1 --weight 1=1", "arm,x\n0,1\n2,2\n", "unknown_arm", Some(3), "column arm"),
        ("", "arm,x\n0,1\n0,2\n", "too_few_arms", None, "at least two arms, found 1"),
        ("", "arm,x\n", "missing_argument", None, "--control"),
        ("--control 0", "arm,x\n", "too_few_arms", None, "found 0"),
        ("--control z", "arm,x\n0,1\n1,2\n", "unknown_arm", None, "the arm z"),
        ("--metric y", "arm,x\n0,1\n", "no_column", None, "expected a column y"),
        ("--unit x", "arm,x,y\n0,1,5\n1,1,5\n", "twice", Some(3), "column x: this person has a row already"),
        (
            "--cluster x",
            "arm,x,y\n0,1,5\n1,1,5\n",
            "malformed",
            Some(3),
            "column x: expected each cluster in one arm",
        ),
        ("--ratio y/n", "arm,y,n\n0,1,5\n1,1,-5\n", "malformed", Some(3), "column n: expected a denominator"),
        ("--alpha 2", "arm,x\n0,1\n1,2\n", "bad_argument", None, "--alpha"),
        ("--pre z=x", "arm,x,y\n0,1,5\n1,1,5\n", "bad_argument", None, "z is no metric"),
    ] {
        let found = told(arguments, text);
        assert_eq!((found.0.as_str(), found.1), (kind, line), "{arguments} {text:?}: {}", found.2);
        assert!(found.2.contains(part), "{}", found.2);
    }
}

#[test]
fn what_is_not_defined_is_null() {
    let folder = Folder::new();
    let text = "arm,x\ncontrol,2\ncontrol,2\noffer,3\noffer,3\nheld,9\n";
    let found = folder.fed("--json experiment analyse --holdout held -", text.as_bytes()).object();
    let one = &found["comparisons"][0];
    assert_eq!(found["comparisons"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&one["difference"], &one["p_value"], &one["interval"]),
        (&json!(1.0), &Value::Null, &Value::Null)
    );
    assert_eq!(one["cautions"], json!(["no_spread"]));
    assert_eq!(
        found["arms"][1],
        json!({"arm": "held", "role": "held_out", "rows": 1, "clusters": null, "expected": null})
    );
}

#[test]
fn sizes_and_power() {
    let folder = Folder::new();
    let found = folder.done("--json experiment power --rate 0.1 --lift 0.1").object();
    assert_eq!(found["people_each"], 14_751);
    let shops = "--deviation 25 --difference 2 --cluster-size 200 --correlation 0.05";
    let found = folder.done(&format!("--json experiment power {shops}")).object();
    assert_eq!((&found["clusters_each"], &found["people_each"]), (&json!(136), &json!(2_453)));
    let found = folder.done(&format!("--json experiment power {shops} --with 136")).object();
    assert!((found["power"].as_f64().unwrap() - 0.8).abs() < 0.01, "{found}");
    for bad in [
        "--rate 0.1",
        "--rate 2 --lift 0.1",
        "--deviation 1 --difference 0",
        "",
        "--rate 0.1 --lift 0.1 --power 1",
    ] {
        assert_eq!(folder.at_now(&format!("experiment power {bad}")).code, 2, "{bad}");
    }
}

#[test]
fn who_gets_what() {
    let folder = Folder::new();
    folder.write("people.csv", "id\ncustomer-1\nZo\u{eb}\n\"a,b\"\n");
    let assign = "experiment assign --seed winback-2026 --arm control=0.5 --arm offer=0.5";
    // The buckets of the vectors: 0.9759 and 0.8772.
    let ran = folder.done(&format!("{assign} people.csv"));
    let lines = ran.out.lines().collect::<Vec<_>>();
    assert_eq!(lines[..3], ["id,arm,status", "customer-1,offer,assigned", "Zo\u{eb},offer,assigned"]);
    assert!(lines[3].starts_with("\"a,b\","), "{}", lines[3]);
    let ran = folder.done(&format!("--json {assign} --coverage 0.9 people.csv"));
    assert_eq!(ran.lines()[0], json!({"id": "customer-1", "arm": null, "status": "outside"}));
    // The bucket of customer-1 under this seed is 0.6107.
    for (part, status) in [("0.61", "assigned"), ("0.62", "held_out")] {
        let ran = folder.done(&format!("--json {assign} --holdout holdout:global={part} people.csv"));
        assert_eq!(ran.lines()[0]["status"], status);
    }
    for bad in ["--arm a=0.5 --arm b=0.6", "--arm a=1", "--arm a=0.5 --arm b=0.5 --coverage 2"] {
        assert_eq!(folder.at_now(&format!("experiment assign --seed x {bad} people.csv")).code, 2, "{bad}");
    }
}
