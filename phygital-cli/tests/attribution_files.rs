//! `attribution run` and `explain` on files of touches and orders: the published example whole, and what is refused.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::Path;

use serde_json::Value;
use support::Folder;

fn vectors(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/attribution").join(name);
    path.to_str().unwrap().to_owned()
}

fn run(folder: &Folder, command: &[&str], files: [&str; 2], more: &[&str]) -> support::Ran {
    let mut arguments = vec!["--json", "attribution"];
    arguments.extend(command);
    arguments.extend(["--touches", files[0], "--orders", files[1]]);
    arguments.extend(more);
    folder.run(&arguments)
}

/// Of touches nothing but the look-back and the order's time decides.
const PLAIN: [&str; 8] = ["--dedupe", "none", "--own-visit", "none", "--cap", "65535", "--currency", "EUR"];

#[test]
fn the_timed_example_in_full() {
    let folder = Folder::new();
    let (touches, orders) = (vectors("dev_timed_touches.csv"), vectors("dev_timed_orders.csv"));
    let expected = std::fs::read_to_string(vectors("dev_timed.expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    let mut checked = 0;
    for (key, expected) in expected.as_object().unwrap() {
        let Some((rule, days)) = key.strip_suffix('d').and_then(|key| key.split_once("_lookback")) else {
            continue;
        };
        let model = match rule {
            "time_decay_7d" => "time-decay".to_owned(),
            rule => rule.replace('_', "-"),
        };
        let look_back = format!("{days}d");
        let more = [&["--look-back", &look_back], &PLAIN[..]].concat();
        let run = run(&folder, &["run", "--model", &model], [&touches, &orders], &more);
        assert_eq!(run.code, 0, "{}", run.err);
        let told: Value = serde_json::from_str(&run.out).unwrap();
        for line in told["channels"].as_array().unwrap() {
            let channel = line["channel"].as_str().unwrap();
            let minor = (line["value"].as_f64().unwrap() * 100.0).round() as i64;
            let due = expected["net_minor_largest_remainder"][channel].as_i64().unwrap_or(0);
            assert_eq!(minor, due, "{key} {channel}");
            let count = line["conversions"].as_f64().unwrap();
            let due = expected["orders_credit"][channel].as_f64().unwrap_or(0.0);
            assert!((count - due).abs() <= 1e-9 * due.max(1.0), "{key} {channel}: {count}, not {due}");
        }
        assert_eq!(told["unattributed"]["conversions"], expected["unattributed_orders"], "{key}");
        checked += 1;
    }
    assert_eq!(checked, 18);
}

const TOUCHES: &str = "person,channel,ts,kind,source\n\
    ann,search,2026-03-01T10:00:00Z,ad,spring\n\
    ann,search,2026-03-01T10:10:00Z,ad,spring\n\
    ann,store_tap,2026-03-02T12:00:00Z,,\n\
    bob,email,2026-03-02T08:00:00Z,,\n";
const ORDERS: &str = "person,order,ts,channel,value_minor,refund_minor,currency\n\
    ann,o-1,2026-03-02T12:30:00Z,store,2000,500,EUR\n\
    ,o-2,2026-03-02T13:00:00Z,web,700,0,EUR\n";

#[test]
fn an_order_of_a_file_is_explained() {
    let folder = Folder::new();
    folder.write("touches.csv", TOUCHES);
    folder.write("orders.csv", ORDERS);
    let files = ["touches.csv", "orders.csv"];
    let ran = run(&folder, &["explain", "o-1"], files, &["--model", "time-decay"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["net_minor"], &told["refunded_minor"]), (&1500.into(), &500.into()));
    let text = folder.run(&["attribution", "explain", "o-1", "--touches", files[0], "--orders", files[1]]);
    assert_eq!(text.code, 0, "{}", text.err);
    for part in ["search", "store_tap", "7.50", "spring", "repeats an earlier touch"] {
        assert!(text.out.contains(part), "{part}: {}", text.out);
    }
    // What came to no order is a path that did not convert.
    let ran = run(&folder, &["run", "--model", "markov:1"], files, &[]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["input"]["nulls"], &told["unattributed"]["value"]), (&1.into(), &Value::from(7.0)));
    assert!(run(&folder, &["explain", "o-9"], files, &[]).err.contains("no order of that id"));
}

#[test]
fn the_order_of_rows_is_no_part_of_a_run() {
    let folder = Folder::new();
    let turned = |text: &str| {
        let mut lines = text.lines().collect::<Vec<_>>();
        lines[1..].reverse();
        lines.join("\n")
    };
    for (name, text) in [("touches", TOUCHES), ("orders", ORDERS)] {
        folder.write(&format!("{name}.csv"), text);
        folder.write(&format!("{name}-turned.csv"), &turned(text));
    }
    for model in ["linear", "markov:1", "shapley:ordered", "shapley:rate", "time-decay"] {
        let command = ["run", "--model", model];
        let one = run(&folder, &command, ["touches.csv", "orders.csv"], &[]);
        let other = run(&folder, &command, ["touches-turned.csv", "orders-turned.csv"], &[]);
        assert_eq!((one.code, &one.out), (0, &other.out), "{model}: {}", one.err);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = Folder::new();
    let told = |touches: &str, orders: &str, more: &[&str]| {
        folder.write("touches.csv", touches);
        folder.write("orders.csv", orders);
        let ran = run(&folder, &["run", "--model", "first"], ["touches.csv", "orders.csv"], more);
        assert!(ran.code > 0 && !ran.err.contains("zoe"), "{}", ran.err);
        let error: Value = serde_json::from_str(ran.err.lines().last().unwrap()).unwrap();
        error["error"]["message"].as_str().unwrap().to_owned()
    };
    const HEAD: &str = "person,touch,channel,ts,kind\n";
    let order = |row: &str| format!("{ORDERS}{row}\n");
    for (row, what) in [
        ("zoe,1,ad,10,fax", "column kind: expected"),
        ("zoe,1,ad,10,\nzoe,1,mail,10,", "column touch: another touch of this person has the same time"),
    ] {
        let message = told(&format!("{HEAD}{row}\n"), ORDERS, &[]);
        assert!(message.starts_with(&format!("touches.csv: {what}")), "{message}");
    }
    for (row, more, what) in [
        ("zoe,o-1,10,web,5,0,EUR", &[][..], "column order: an order of this id is there already"),
        ("zoe,o-3,10,web,5,6,EUR", &[], "column refund_minor: more was refunded than the order was worth"),
        ("zoe,o-3,10,web,5,0,", &[], "column value_minor: expected a currency, in a column currency or"),
        ("zoe,o-3,10,web,5,0,USD", &["--currency", "EUR"], "column currency: expected EUR, found USD"),
    ] {
        let message = told(TOUCHES, &order(row), more);
        assert!(message.starts_with(&format!("orders.csv: {what}")), "{message}");
    }
    let mixed = told(TOUCHES, &order("zoe,o-3,10,web,5,0,USD"), &[]);
    assert!(mixed.contains("--only-currency"), "{mixed}");
    folder.write("orders.csv", ORDERS);
    let command = ["run", "--model", "first", "paths.csv"];
    let both = run(&folder, &command, ["touches.csv", "orders.csv"], &[]);
    assert!(both.code == 2 && both.err.contains("not both"), "{}", both.err);
    let half = folder.run(&["attribution", "run", "--model", "first", "--touches", "touches.csv"]);
    assert!(half.code == 2 && half.err.contains("--orders"), "{}", half.err);
}
