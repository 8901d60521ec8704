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
    const TOUCHES: &str = "person,touch,channel,ts,place\n";
    const ORDERS: &str = "person,order,ts,channel,value_minor,refund_minor,currency\n";
    let folder = Folder::new();
    let told = |touches: &str, orders: &str| {
        folder.write("touches.csv", touches);
        folder.write("orders.csv", orders);
        let mut arguments = vec!["--json", "attribution", "report", "--touches", "touches.csv"];
        arguments.extend(["--orders", "orders.csv", "--min-people", "10"]);
        let run = folder.run(&arguments);
        let error: Value = serde_json::from_str(run.err.lines().last().unwrap()).unwrap();
        let error = &error["error"];
        assert!(run.code > 0 && !run.err.contains("zoe"), "{}", run.err);
        (error["line"].as_u64(), error["message"].as_str().unwrap().to_owned())
    };
    let touch = |row: &str| told(&format!("{TOUCHES}zoe,0,ad,10,\n\n\n{row}\n"), ORDERS);
    for (row, what) in [
        (",0,ad,10,", "column person: expected a value"),
        ("zoe,-1,ad,10,", "column touch: expected a whole number"),
        ("zoe,1,,10,", "column channel: expected a value"),
        (
            "zoe,1,ad,soon,",
            "column ts: expected whole seconds since 1970, or else: expected an RFC 3339 time",
        ),
        ("zoe,1,ad,9223372036854775807,", "column ts: expected whole seconds since 1970, or else: expected"),
        ("zoe,0,mail,10,", "column touch: another touch of this person has the same time and number"),
        ("zoe,1,ad,10", "expected 5 columns, found 4"),
    ] {
        let (line, message) = touch(row);
        assert_eq!(line, Some(5), "{row}: {message}");
        assert!(message.starts_with(&format!("touches.csv: {what}")), "{row}: {message}");
    }
    let order = |row: &str| told(TOUCHES, &format!("{ORDERS}zoe,1,10,web,5,0,EUR\n{row}\n"));
    for (row, what) in [
        ("zoe,1,10,web,5,0,EUR", "column order: an order of this id is there already"),
        ("zoe,2,10,fax,5,0,EUR", "column channel: expected store or web"),
        ("zoe,2,10,web,-5,0,EUR", "column value_minor: expected a number that is not below zero"),
        ("zoe,2,10,web,NaN,0,EUR", "column value_minor: expected a whole number"),
        ("zoe,2,10,web,5,6,EUR", "column refund_minor: more was refunded than the order was worth"),
        ("zoe,2,10,web,5,0,Euro", "column currency: expected"),
        ("zoe,2,10,web,5,0,USD", "column currency: expected EUR, as before, found USD"),
        ("zoe,2,10,web,5,0,", "column currency: expected EUR, as before, found none"),
        ("zoe,2,10,web,9223372036854775807,0,EUR", "column order: the sums leave 64 bits"),
    ] {
        let (line, message) = order(row);
        assert_eq!(line, Some(3), "{row}: {message}");
        assert!(message.starts_with(&format!("orders.csv: {what}")), "{row}: {message}");
    }
    let (line, message) = told("person,ts\n", ORDERS);
    assert_eq!((line, message.as_str()), (None, "touches.csv: expected a column channel, found none"));
}

#[test]
fn groups_and_costs_at_fault_are_refused() {
    let folder = Folder::new();
    let told = |argument: &str, text: &str| {
        folder.write("file.csv", text);
        let run =
            folder.run(&["attribution", "report", &vectors("dev_paths_a.csv.gz"), argument, "file.csv"]);
        assert_eq!(run.code, 2, "{}", run.err);
        run.err.trim_end().to_owned()
    };
    for (text, message) in [
        ("name,parent\na,b\nb,a\n", "line 3: file.csv: column parent: the group is within itself"),
        ("name\na\n\na\n", "line 4: file.csv: column name: something was stated of this name before"),
        ("name,side\na,left\n", "line 2: file.csv: column side: expected physical, visit, digital or direct"),
        ("name,parent\n,b\n", "line 2: file.csv: column name: expected a value"),
        ("", "file.csv: expected a column name, found none"),
    ] {
        assert_eq!(told("--groups", text), format!("phygital: {message}"));
    }
    for (text, message) in [
        ("channel,cost_minor\na,-1\n", "column cost_minor: expected a number that is not below zero"),
        ("channel,cost_minor\na,inf\n", "column cost_minor: expected a whole number"),
        ("cost_minor,channel\n1,\n", "column channel: expected a value"),
    ] {
        assert_eq!(told("--costs", text), format!("phygital: line 2: file.csv: {message}"));
    }
    let most = format!("channel,cost_minor\na,{}\n\na,1\n", i64::MAX);
    let message = "line 4: file.csv: column cost_minor: the costs of the channel leave 64 bits";
    assert_eq!(told("--costs", &most), format!("phygital: {message}"));
}

#[test]
fn lines_of_json_and_archives_give_the_same_page() {
    let folder = Folder::new();
    shop(&folder, 200, 60);
    let run = |touches: &str, orders: &str| {
        let mut arguments = vec!["--json", "attribution", "report", "--touches", touches, "--orders", orders];
        arguments.extend(["--samples", "5", "--out", "page.html"]);
        let run = folder.run(&arguments);
        assert_eq!(run.code, 0, "{}", run.err);
        let mut answer: Value = serde_json::from_str(&run.out).unwrap();
        answer["run"].take();
        answer
    };
    let expected = run("touches.csv", "orders.csv");
    for name in ["touches", "orders"] {
        let text = std::fs::read_to_string(folder.path(&format!("{name}.csv"))).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let mut json = String::new();
        for row in reader.records() {
            let row = row.unwrap();
            let fields =
                header.iter().zip(row.iter()).map(|(name, value)| (name.to_owned(), Value::from(value)));
            writeln!(json, "{}", Value::Object(fields.collect())).unwrap();
        }
        folder.write(&format!("{name}.jsonl"), &json);
    }
    assert_eq!(run("touches.jsonl", "orders.jsonl"), expected);
    folder.write("orders.jsonl", "{\"order\": \"1\"}\n");
    let refused =
        folder.run(&["attribution", "report", "--touches", "touches.jsonl", "--orders", "orders.jsonl"]);
    assert!(refused.err.contains("line 1: orders.jsonl: column ts: expected a value"), "{}", refused.err);
}
