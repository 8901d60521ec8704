//! `attribution report`: the page, what it may show, and what is refused.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/balance.rs"]
mod balance;
mod support;

use std::fmt::Write;
use std::path::Path;

use balance::check_balance;
use serde_json::Value;
use support::Folder;

fn vectors(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/attribution").join(name);
    path.to_str().unwrap().to_owned()
}

const GROUPS: &str = "name,parent,side\nOwned,,\nIn store,Owned,physical\nstore_tap,In store,\nstore_visit,In store,visit\n\
                      email,Owned,\nPaid,,\nsearch,Paid,\nsocial,Paid,\n";
const COSTS: &str = "channel,cost_minor\nsearch,700000\nsocial,950000\nemail,0\n";

fn read(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path("page.html")).unwrap()
}

/// The page of the timed example, and the answer as JSON.
fn example(folder: &Folder, more: &[&str]) -> (String, Value) {
    folder.write("groups.csv", GROUPS);
    folder.write("costs.csv", COSTS);
    let (touches, orders) = (vectors("dev_timed_touches.csv"), vectors("dev_timed_orders.csv"));
    let mut arguments = vec!["--json", "attribution", "report", "--touches", &touches, "--orders", &orders];
    arguments.extend([
        "--groups",
        "groups.csv",
        "--costs",
        "costs.csv",
        "--currency",
        "EUR",
        "--out",
        "page.html",
    ]);
    arguments.extend(["--samples", "40"]);
    arguments.extend(more);
    let run = folder.run(&arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    (read(folder), serde_json::from_str(&run.out).unwrap())
}

#[test]
fn the_page_is_whole_by_itself_and_the_same_each_time() {
    let folder = Folder::new();
    let (page, answer) = example(&folder, &[]);
    check_balance(&page);
    for word in ["<script", "http:", "https:", "src=", "@import", "url(", "<link", "<img"] {
        assert!(!page.contains(word), "{word}");
    }
    for text in [
        "does not say what a touch caused",
        "Credit by model, side by side",
        "Between screen and shop",
        "What the answer rests on",
        "Cost and return",
        "What led to visits",
        "Ways to an order",
        "<td>7,064.77</td>",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // Every picture has its numbers beside it, and a name for those who cannot see it.
    assert_eq!(page.matches("<svg ").count(), page.matches("role=\"img\" aria-label=\"").count());
    assert!(page.matches("<table>").count() >= 7);
    assert_eq!(answer["causal"], false);
    let search =
        answer["channels"].as_array().unwrap().iter().find(|row| row["channel"] == "search").unwrap();
    // 889,987 of the timed example's linear credits at 30 days, for 700,000.
    assert_eq!((search["value_minor"].as_i64(), search["window_days"].as_i64()), (Some(889_987), Some(30)));
    assert!((search["roas"].as_f64().unwrap() - 889_987.0 / 700_000.0).abs() < 1e-12);
    assert!(search["roas_95"]["low"].as_f64() < search["roas"].as_f64());
    let email = answer["channels"].as_array().unwrap().iter().find(|row| row["channel"] == "email").unwrap();
    assert_eq!(
        (&email["roas"], &email["roi"], &email["cpa_minor"]),
        (&Value::Null, &Value::Null, &Value::from(0.0))
    );
    let (again, same) = example(&folder, &[]);
    assert!(page == again && answer == same);
    let (_, other) = example(&folder, &["--window", "14"]);
    assert_ne!(answer["run"], other["run"]);
}

#[test]
fn grouped_paths_have_a_page_too() {
    let folder = Folder::new();
    let run = folder.run(&["attribution", "report", &vectors("dev_paths_a.csv.gz"), "--out", "page.html"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let page = read(&folder);
    check_balance(&page);
    assert!(page.contains("time-decay has no answer here") && !page.contains("Between screen and shop"));
    let run = folder.run(&["attribution", "report", &vectors("dev_paths_a.csv.gz"), "--model", "time-decay"]);
    assert_eq!((run.code, run.err.contains("needs the time of each touch")), (2, true), "{}", run.err);
}

/// `crowd` buyers through one channel, and a few through another.
fn shop(folder: &Folder, crowd: u32, few: u32) {
    let mut touches = "person,channel,ts\n".to_owned();
    let mut orders = "person,order,ts,channel,value_minor\n".to_owned();
    for person in 0..crowd + few {
        let channel = if person < crowd { "crowd <b>" } else { "secret" };
        writeln!(touches, "p{person},{channel},1700000000").unwrap();
        writeln!(orders, "p{person},o{person},1700000100,web,{}", if person < crowd { 100 } else { 12_345 })
            .unwrap();
    }
    folder.write("touches.csv", &touches);
    folder.write("orders.csv", &orders);
}

#[test]
fn a_channel_of_few_is_not_shown() {
    let folder = Folder::new();
    let arguments = [
        "attribution",
        "report",
        "--touches",
        "touches.csv",
        "--orders",
        "orders.csv",
        "--samples",
        "5",
        "--out",
        "page.html",
    ];
    shop(&folder, 200, 3);
    let run = folder.run(&arguments);
    assert_eq!(run.code, 0, "{}", run.err);
    let page = read(&folder);
    check_balance(&page);
    // With the total shown, the crowd's credit would tell that of the few: both are hidden.
    assert!(!page.contains("secret") && !page.contains("crowd") && !run.out.contains("secret"));
    for figure in ["37,035", "20,000"] {
        assert!(!page.contains(figure), "{figure}");
    }
    assert!(page.contains("57,035"), "the total of all");
    shop(&folder, 200, 60);
    assert_eq!(folder.run(&arguments).code, 0);
    let page = read(&folder);
    check_balance(&page);
    assert!(page.contains("secret") && page.contains("crowd &lt;b&gt;") && !page.contains("<b>"));
    shop(&folder, 99, 0);
    let run = folder.run(&arguments);
    assert_eq!((run.code, run.err.contains("fewer than 100 people ordered")), (1, true), "{}", run.err);
    let run = folder.run(&[&arguments[..], &["--min-people", "9"]].concat());
    assert_eq!((run.code, run.err.contains("expected at least 10")), (2, true), "{}", run.err);
}

#[test]
fn a_bad_row_is_named() {
    let folder = Folder::new();
    shop(&folder, 100, 0);
    folder.write("orders.csv", "person,order,ts,channel,value_minor,refund_minor\nann,o1,1700000000,web,100,0\nann,o2,1700000000,web,100,101\n");
    let run = folder.run(&[
        "--json",
        "attribution",
        "report",
        "--touches",
        "touches.csv",
        "--orders",
        "orders.csv",
    ]);
    let error: Value = serde_json::from_str(run.err.lines().last().unwrap()).unwrap();
    assert_eq!((run.code, &error["error"]["line"]), (2, &Value::from(3)));
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("column refund_minor: more was refunded than the order was worth"), "{message}");
    assert!(!message.contains("ann"));
    folder.write("groups.csv", "name,parent\na,b\nb,a\n");
    let run =
        folder.run(&["attribution", "report", &vectors("dev_paths_a.csv.gz"), "--groups", "groups.csv"]);
    assert!(run.code == 2 && run.err.contains("line 2") && run.err.contains("column parent"), "{}", run.err);
}
