//! `phygital measure`: tables of what people did, from files and from a store, and what is said of files that are not as they
//! should be.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fmt::Write;

use serde_json::{Value, json};
use support::{Folder, Ran, event};

fn run(folder: &Folder, arguments: &str) -> Ran {
    folder.run(&arguments.split_whitespace().collect::<Vec<_>>())
}

fn csv(folder: &Folder, arguments: &str) -> Vec<String> {
    let ran = run(folder, arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.out.lines().map(str::to_owned).collect()
}

fn object(folder: &Folder, arguments: &str) -> Value {
    let ran = run(folder, &format!("--json {arguments}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

/// Forty people, and thirty who bought once; from the first day of the year.
fn doings() -> String {
    let mut text = "id,date,event,amount,refund,stratum,held_out\n".to_owned();
    for person in 0..70 {
        let often = person < 40;
        let out = u8::from(person % 5 == 0);
        let stratum = if person % 2 == 0 { "new" } else { "old" };
        let mut row = |day: u32, event: &str, amount: &str| {
            let (month, day) = (1 + day / 28, 1 + day % 28);
            writeln!(text, "p{person},2026-{month:02}-{day:02},{event},{amount},,{stratum},{out}").unwrap();
        };
        row(0, "start", "");
        row(1, "purchase", "10.00");
        if often {
            row(3, "visit", "");
            row(13, "visit", "");
            row(23, "visit", "");
            row(40, "purchase", "20.50");
            row(41 + person % 3, "purchase", "5");
        }
    }
    text
}

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("doings.csv", &doings());
    folder
}

#[test]
fn recency_frequency_and_money() {
    let folder = folder();
    let told = csv(&folder, "measure rfm doings.csv --end 2026-04-30 --classes 2 --min-people 10");
    // Thirty of the seventy bought once and long ago; the others' last purchases are days apart, and the cut falls among them.
    assert_eq!(told, ["recency,frequency,money,customers", "1,1,1,44", "2,1,1,26"]);
    let told = object(
        &folder,
        "measure rfm doings.csv --end 2026-04-30 --classes 2 --min-people 30 --version spring",
    );
    // Twenty-six may not be told, nor may what would tell them: but together they are all.
    assert_eq!(
        told["rows"],
        json!([{ "recency": "hidden", "frequency": null, "money": null, "customers": 70 }])
    );
    assert_eq!(
        (&told["cuts"], &told["causal"], &told["customers"]),
        (&json!("spring"), &json!(false), &json!(70))
    );
    let few = run(&folder, "measure rfm doings.csv --end 2026-04-30 --min-people 36");
    assert_eq!((few.code, few.out.as_str()), (1, ""));
    assert!(few.err.contains("fewer than 72 people"), "{}", few.err);
}

#[test]
fn who_came_back() {
    let folder = folder();
    let told = csv(&folder, "measure cohorts doings.csv --end 2026-03-31 --min-people 10");
    let expected = [
        "cohort,customers,later,active,retention",
        "2026-01,70,0,70,1.0",
        "2026-01,70,1,40,0.5714285714285714",
        "2026-01,70,2,0,0.0",
    ];
    assert_eq!(told, expected);
    // March is not over; of forty and thirty, thirty are too few to be told.
    let told = csv(&folder, "measure cohorts doings.csv --end 2026-03-30 --min-people 31");
    assert_eq!(told[1..], ["2026-01,70,0,70,1.0", "2026-01,70,1,,"]);
    let told = object(
        &folder,
        "measure cohorts doings.csv --end 2026-03-31 --by visits --period weeks --min-people 10",
    );
    assert_eq!(told["rows"][0]["cohort"], "2025-12-29");
    assert_eq!(told["rows"].as_array().unwrap().len(), 13);
    assert_eq!((&told["rows"][2]["active"], &told["rows"][1]["active"]), (&json!(40), &json!(0)));
}

#[test]
fn how_often_and_who_stopped() {
    let folder = folder();
    let told = csv(&folder, "measure cadence doings.csv --end 2026-02-14 --min-people 10");
    assert_eq!(told[..2], ["figure,at,people,count,value", "with_rhythm,,40,40,1.0"]);
    assert!(told.contains(&"median_gap_days,0.5,40,,10.0".to_owned()), "{told:?}");
    // The last visit was on 24 January: 21 days, which are more than two gaps of ten.
    assert!(told.contains(&"dropped,2,40,40,1.0".to_owned()), "{told:?}");
    let told = csv(&folder, "measure cadence doings.csv --end 2026-03-31 --by purchases --min-people 10");
    assert!(told.contains(&"lost,2026-01,70,30,0.42857142857142855".to_owned()), "{told:?}");
    assert!(told.contains(&"lost,2026-02,40,40,1.0".to_owned()), "{told:?}");
}

#[test]
fn visits_beside_purchases() {
    let folder = folder();
    let told = object(
        &folder,
        "measure retention doings.csv --end 2026-03-31 --window 28 --classes 1,3 --min-people 10",
    );
    let rows = told["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(
        (&rows[0]["visits"], &rows[0]["customers"], &rows[0]["purchases"]),
        (&json!("0"), &json!(30), &json!(0))
    );
    // Forty people with two purchases each in the 62 days from 29 January on.
    assert_eq!((&rows[2]["purchases"], &rows[2]["days"]), (&json!(80), &json!(40 * 62)));
    assert_eq!(rows[2]["rate"].as_f64().unwrap(), 80.0 / (40.0 * 62.0));
    assert!(rows[2]["low"].as_f64().unwrap() < rows[2]["rate"].as_f64().unwrap());
    // Nobody of the first class bought: there is nothing to divide by.
    assert_eq!((&rows[2]["ratio"], &rows[1]["customers"]), (&Value::Null, &json!(0)));
    let short = run(&folder, "measure frequency doings.csv --end 2026-01-20 --window 28 --min-people 10");
    assert!(short.code == 1 && short.err.contains("fewer than 20 people"), "{short:?}");
}

#[test]
fn revenue_after_a_day_fixed_beforehand() {
    let folder = folder();
    let told =
        object(&folder, "measure landmark doings.csv --end 2026-03-31 --day 14 --horizon 60 --min-people 10");
    let rows = told["rows"].as_array().unwrap();
    // One in five is held out by lot: of 40 visitors 8, of 30 others 6.
    assert_eq!(
        (&rows[0]["people"], &rows[0]["beside"], &rows[0]["value"]),
        (&json!(32), &json!(24), &json!(25.5))
    );
    assert_eq!(
        (&rows[1]["figure"], &rows[1]["people"], &rows[1]["beside"]),
        (&json!("asked_less_held_out"), &json!(56), &json!(14))
    );
    assert!(rows[1]["low"].as_f64().unwrap() < 0.0 && rows[1]["high"].as_f64().unwrap() > 0.0);
    assert_eq!(told["strata"], 2);
    let hidden =
        object(&folder, "measure landmark doings.csv --end 2026-03-31 --day 14 --horizon 60 --min-people 15");
    assert_eq!((&hidden["rows"][1]["beside"], &hidden["rows"][1]["value"]), (&Value::Null, &Value::Null));
}

#[test]
fn what_people_say() {
    let folder = Folder::new();
    let mut text = "person,score,date,wave\n".to_owned();
    for person in 0..60 {
        let score = [10, 8, 3][person % 3];
        writeln!(text, "p{person},{score},2026-03-01,spring").unwrap();
    }
    // One thinks again; one of another wave is alone.
    text += "p2,9,2026-03-02,spring\np3,1,2026-03-02,autumn\n";
    folder.write("nps.csv", &text);
    let told = object(&folder, "measure nps nps.csv --min-people 10");
    let row = &told["rows"][0];
    assert_eq!(
        (&row["promoters"], &row["passives"], &row["detractors"]),
        (&json!(21), &json!(20), &json!(19))
    );
    assert!(
        (row["score"].as_f64().unwrap() - 200.0 / 60.0).abs() < 1e-12 && row["low"].as_f64().unwrap() < 0.0
    );
    assert_eq!((&told["replaced"], &told["waves_hidden"]), (&json!(1), &json!(1)));
    let told = csv(&folder, "measure nps nps.csv --min-people 20");
    assert_eq!(told, ["wave,people,promoters,passives,detractors,score,low,high", "spring,60,,,,,,"]);
    let five = text.replace(",10,", ",5,").replace(",8,", ",4,").replace(",9,", ",2,");
    folder.write("csat.csv", &five);
    let told = csv(&folder, "measure csat csat.csv --min-people 10");
    assert!(told[1].starts_with("spring,60,40,0.6666666666666666,0.5"), "{told:?}");
}

#[test]
fn files_at_fault_say_where() {
    let folder = Folder::new();
    let refused = |text: &str, arguments: &str| {
        folder.write("f.csv", text);
        let ran = run(&folder, &format!("--json measure {arguments} f.csv"));
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        let error = serde_json::from_str::<Value>(ran.err.lines().last().unwrap()).unwrap();
        (error["error"]["message"].as_str().unwrap().to_owned(), error["error"]["line"].as_u64().unwrap_or(0))
    };
    let rfm = "rfm --end 2026-03-31";
    for (text, line, what) in [
        ("id,date\na,2026-01-01\n,2026-01-01\n", 3, "column id: expected an id"),
        ("id,date\na,soon\n", 2, "column date: expected a day such as"),
        (
            "id,at,amount\na,2026-01-01,1.234\n",
            2,
            "column amount: expected an amount from 0 of at most 2 decimals",
        ),
        ("id,at,amount\na,2026-01-01,-1\n", 2, "column amount: expected an amount from 0"),
        ("id,at,amount,refund\na,2026-01-01,1,2\n", 2, "column refund: expected a refund"),
        ("id,at,event\na,2026-01-01,looked\n", 2, "column event: expected purchase, visit or start"),
        ("id,at,held_out\na,2026-01-01,maybe\n", 2, "column held_out: expected 0 or 1"),
        ("id,at,stratum\na,2026-01-01,x\na,2026-01-02,y\n", 3, "column stratum: expected one stratum"),
        ("id,amount\na,1\n", 0, "expected a column date or at or time or ts or timestamp, found none"),
    ] {
        let (message, at) = refused(text, rfm);
        assert!(message.contains(what) && at == line, "{text}: {message} {at}");
    }
    let (message, _) = refused("id,date\na,2026-01-01\n", "landmark --end 2026-03-31");
    assert!(message.contains("expected a column event, found none"), "{message}");
    let (message, at) = refused("id,score\na,11\n", "nps");
    assert!(
        message.contains("column score: expected an answer from 0 to 10, found 11") && at == 2,
        "{message}"
    );
    let (message, at) = refused("id,answer\na,4.5\n", "csat");
    assert!(message.contains("column answer: expected a whole number") && at == 2, "{message}");
    let (message, _) =
        refused("id,date,event\na,2026-01-01,visit\n", "frequency --end 2026-03-31 --classes 5,2");
    assert!(message.contains("--classes: expected 1 to"), "{message}");
}

/// A shop that may measure, with thirty customers who tap and buy, and one order of nobody.
fn shop() -> Folder {
    let folder = Folder::shop();
    let settings = std::fs::read_to_string(folder.path("shop.json")).unwrap();
    let mut settings: Value = serde_json::from_str(&settings).unwrap();
    settings["basis"] = json!({ "measurement": "legitimate_interest" });
    folder.write("shop.json", &settings.to_string());
    let mut lines = Vec::new();
    for person in 0..30 {
        let phone = format!("phone:+151055501{person:02}");
        let order = |id: &str, amount: &str| {
            format!(r#"{{"order_id":"{person}-{id}","revenue":{amount},"currency":"EUR"}}"#)
        };
        let mut add = |id: &str, kind: &str, at: &str, json: &str| {
            lines.push(event(&format!("{id}-{person}"), kind, at, &phone, json));
        };
        add("t", "tag_tapped", "2026-01-02T10:00:00Z", r#"{"scheme":"ntag424-aes"}"#);
        add("o", "order_completed", "2026-01-03T10:00:00Z", &order("a", "10.00"));
        if person < 15 {
            add("v", "visit_started", "2026-01-09T10:00:00Z", "{}");
            add("p", "order_completed", "2026-02-10T10:00:00Z", &order("b", "30.00"));
        }
        if person == 0 {
            let named = r#"{"experiment_id":"spring","variation_id":"out"}"#;
            add("x", "experiment_viewed", "2026-01-02T09:00:00Z", named);
        }
    }
    let nobody = r#"{"order_id":"n","revenue":5,"currency":"EUR"}"#;
    lines.push(event("n", "order_completed", "2026-01-05T10:00:00Z", "", nobody).replace(r#"[""]"#, "[]"));
    folder.write("events.jsonl", &lines.join("\n"));
    folder.done("record events.jsonl");
    folder
}

#[test]
fn a_store_in_place_of_a_file() {
    let folder = shop();
    let end = "--end 2026-03-31 --min-people 10";
    let told = object(&folder, &format!("measure cohorts {end}"));
    assert_eq!(
        told["rows"][1],
        json!({ "cohort": "2026-01", "customers": 30, "later": 1, "active": 15, "retention": 0.5 })
    );
    let coverage = json!({
        "currency": "EUR", "orders_of_nobody_known": 1, "customers_not_permitted": 0, "orders_not_permitted": 0,
        "orders_in_other_currencies": 0, "orders_without_value": 0,
    });
    assert_eq!((&told["coverage"], &told["source"]), (&coverage, &json!("store")));
    let told = object(&folder, &format!("measure frequency {end} --window 14 --classes 3"));
    // Tap, order and visit are days of visits.
    assert_eq!((&told["rows"][0]["customers"], &told["rows"][1]["purchases"]), (&json!(15), &json!(15)));
    let told = object(&folder, &format!("measure landmark {end} --day 5 --horizon 60 --holdout spring=out"));
    assert_eq!(told["rows"][1]["beside"], Value::Null);
    let told = object(&folder, &format!("measure rfm {end} --classes 2"));
    assert_eq!(told["rows"][1], json!({ "recency": 2, "frequency": 2, "money": 2, "customers": 15 }));
    // The same customers, for what they will be worth.
    let told = object(&folder, "value fit --model gamma-gamma --end 2026-03-31 --unit weeks");
    assert_eq!((&told["customers"], &told["without_repeat"]), (&json!(15), &json!(15)));
    assert_eq!((&told["shop"]["currency"], &told["transactions"]["unit"]), (&json!("EUR"), &json!("weeks")));
    let fitted = run(&folder, "--json value fit --model bg-nbd --end 2026-03-31 --unit weeks");
    folder.write("bg.json", &fitted.out);
    let told = csv(&folder, "value predict --model bg.json --horizon 4 --end 2026-03-31 --unit weeks");
    assert_eq!((told.len(), told[0].as_str()), (31, "id,expected,alive"));
    let refused = run(&folder, "value fit --model bg-nbd");
    assert!(refused.code == 2 && refused.err.contains("orders of a store need --end DATE"), "{refused:?}");
}
