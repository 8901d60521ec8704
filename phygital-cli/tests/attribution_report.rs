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

/// A store with sixty customers: an advertisement, a visit or a tap, an order; ten of them were held out of the advertisement.
fn store() -> Folder {
    let folder = Folder::shop();
    let settings = std::fs::read_to_string(folder.path("shop.json")).unwrap();
    let mut settings: Value = serde_json::from_str(&settings).unwrap();
    settings["basis"] = serde_json::json!({ "measurement": "legitimate_interest" });
    folder.write("shop.json", &settings.to_string());
    let mut lines = Vec::new();
    for person in 0..60 {
        let phone = format!("phone:+151055501{person:02}");
        let mut add = |id: &str, kind: &str, at: &str, json: &str| {
            lines.push(support::event(&format!("{id}-{person}"), kind, at, &phone, json));
        };
        if person % 6 == 0 {
            let arm = r#"{"experiment_id":"spring","variation_id":"out"}"#;
            add("x", "experiment_viewed", "2026-01-01T09:00:00Z", arm);
        } else {
            let email = r#"{"campaign_name":"news"}"#;
            add("e", "email_link_clicked", "2026-01-05T10:00:00Z", email);
            add("f", "email_link_clicked", "2026-01-05T10:10:00Z", email);
        }
        add("t", "tag_tapped", "2026-02-12T10:00:00Z", r#"{"scheme":"ntag424-aes"}"#);
        add("v", "visit_started", "2026-01-20T10:00:00Z", "{}");
        let order = format!(r#"{{"order_id":"o-{person}","revenue":10.01,"currency":"EUR"}}"#);
        add("o", "order_completed", "2026-02-12T11:00:00Z", &order);
        add("w", "visit_started", "2026-02-20T10:00:00Z", "{}");
    }
    folder.write("events.jsonl", &lines.join("\n"));
    folder.done("record events.jsonl");
    folder
}

/// Net value by channel, of those that have any.
fn credited(answer: &Value) -> Vec<(String, i64)> {
    let channels = answer["channels"].as_array().unwrap().iter();
    let one = |row: &Value| Some((row["channel"].as_str()?.to_owned(), row["value_minor"].as_i64()?));
    let mut all = channels.filter_map(one).filter(|(_, minor)| *minor > 0).collect::<Vec<_>>();
    all.sort();
    all
}

#[test]
fn a_store_is_reported_as_its_orders_are_explained() {
    let folder = store();
    let settings = "--look-back 40d --look-back tap=1d --look-back visit=10d --model linear";
    let run = folder.done(&format!("--json attribution run {settings}")).object();
    let report = "attribution report --min-people 10 --samples 20 --out page.html";
    let told = folder.done(&format!("--json {report} {settings}")).object();
    let of_run = run["channels"].as_array().unwrap().iter().map(|row| {
        let euro = row["value"].to_string().parse::<f64>().unwrap();
        (row["channel"].as_str().unwrap().to_owned(), (euro * 100.0).round() as i64)
    });
    let mut of_run = of_run.filter(|(_, minor)| *minor > 0).collect::<Vec<_>>();
    of_run.sort();
    // The e-mail of five weeks ago and the tap of the hour before; the visit of three weeks ago is too old. A click that
    // repeats another is none.
    assert_eq!(credited(&told), of_run);
    assert_eq!(of_run, [("email".to_owned(), 25_050), ("tap".to_owned(), 35_010)]);
    let page = read(&folder);
    check_balance(&page);
    for text in [
        "40 days (tap 1 day, visit 10 days) back",
        "visit=864000",
        "dedupe 1800",
        "attribution run and explain",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(told["channels"][0]["window"], "40 days (tap 1 day, visit 10 days)");
    assert!(page.contains("What led to visits") && page.contains("What the answer rests on"));
    // Another dedupe is another report.
    let all = folder.done(&format!("--json {report} {settings} --dedupe none")).object();
    assert_eq!(credited(&all)[0], ("email".to_owned(), 33_400));
    assert_ne!(all["run"], told["run"]);
}

#[test]
fn touches_of_files_have_kinds_too() {
    let folder = Folder::new();
    let mut touches = "person,channel,ts,kind,source\n".to_owned();
    let mut orders = "person,order,ts,channel,value_minor\n".to_owned();
    for person in 0..40 {
        writeln!(touches, "p{person},shelf,2026-01-01T10:00:00Z,tap,s-1").unwrap();
        writeln!(touches, "p{person},search,2026-01-02T10:00:00Z,ad,spring").unwrap();
        writeln!(touches, "p{person},search,2026-01-02T10:20:00Z,ad,spring").unwrap();
        writeln!(orders, "p{person},o{person},2026-01-12T10:00:00Z,web,300").unwrap();
    }
    folder.write("t.csv", &touches);
    folder.write("o.csv", &orders);
    let report = "--json attribution report --touches t.csv --orders o.csv --min-people 10 --samples 0 --out page.html";
    let credits = |more: &str| credited(&folder.done(&format!("{report} {more}")).object());
    let both = |search: i64, shelf: i64| vec![("search".to_owned(), search), ("shelf".to_owned(), shelf)];
    assert_eq!(credits(""), both(8_000, 4_000));
    assert_eq!(credits("--dedupe 30m"), both(6_000, 6_000));
    assert_eq!(credits("--look-back ad=9d"), [("shelf".to_owned(), 12_000)]);
    assert_eq!(credits("--look-back 10d --look-back tap=11d --dedupe 30m"), both(6_000, 6_000));
    assert_eq!(credits("--cap 1"), [("search".to_owned(), 12_000)]);
}

#[test]
fn who_is_held_out_is_told_and_not_credited() {
    let folder = store();
    folder.write(
        "tests.csv",
        "channel,test,incremental_minor,attributed_minor\nemail,mail-7,30000,50000\nradio,r-1,1,1\n",
    );
    let report = "--json attribution report --min-people 10 --samples 0 --window 60 --out page.html";
    let told =
        folder.done(&format!("{report} --holdout spring=out --calibration tests.csv --model first")).object();
    assert_eq!(credited(&told), [("email".to_owned(), 50_050)]);
    let held = &told["held_out"];
    assert_eq!(
        (&held["people"], &held["orders"], &held["value_minor"]),
        (&10.into(), &10.into(), &"10010".into())
    );
    let one = &told["calibrated"][0];
    assert_eq!(
        (&one["test"], &one["factor"], &one["calibrated_minor"]),
        (&"mail-7".into(), &0.6.into(), &30_030.into())
    );
    assert_eq!(told["calibrated"].as_array().unwrap().len(), 1);
    let page = read(&folder);
    check_balance(&page);
    assert!(
        page.contains("Who was held out") && page.contains("Calibrated by tests") && page.contains("mail-7")
    );
    let report = report.replace("--min-people 10", "--min-people 11");
    let few = folder.done(&format!("{report} --holdout spring=out")).object();
    assert_eq!((&few["held_out"]["people"], &few["held_out"]["orders"]), (&Value::Null, &Value::Null));
    folder.write("tests.csv", "channel,test,incremental_minor,attributed_minor\nemail,mail-7,30000,0\n");
    let refused = folder.run(&["attribution", "report", "--calibration", "tests.csv"]);
    assert!(
        refused.code == 2
            && refused.err.contains("line 2")
            && refused.err.contains("column attributed_minor"),
        "{}",
        refused.err
    );
}
