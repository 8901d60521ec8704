//! Attribution of a store: an order explained, credits in an append-only ledger, models over the log.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Folder, event};

/// A shop that may measure, with two orders of one customer and one of nobody.
fn shop() -> Folder {
    let folder = Folder::shop();
    let settings = fs::read_to_string(folder.path("shop.json")).unwrap();
    let mut settings: Value = serde_json::from_str(&settings).unwrap();
    settings["basis"] = json!({ "measurement": "legitimate_interest" });
    folder.write("shop.json", &settings.to_string());
    let web = |id: &str, at: &str, campaign: &str| {
        format!(
            r#"{{"type":"page","messageId":"{id}","timestamp":"{at}","anonymousId":"c-1","context":{{{campaign}}}}}"#
        )
    };
    let order =
        |id: &str, amount: &str| format!(r#"{{"order_id":"{id}","revenue":{amount},"currency":"EUR"}}"#);
    let lines = [
        event("i-1", "user_identified", "2026-01-01T08:00:00Z", "phone:+15105550123", "{}"),
        r#"{"type":"identify","messageId":"s-1","timestamp":"2026-02-01T08:00:00Z","anonymousId":"c-1","traits":{"phone":"+15105550123"}}"#.to_owned(),
        web("p-1", "2026-02-10T10:00:00Z", r#""campaign":{"name":"spring","source":"google","medium":"cpc"}"#),
        web("p-2", "2026-02-11T10:00:00Z", r#""campaign":{"name":"news","source":"crm","medium":"email"}"#),
        web("p-3", "2026-02-11T10:05:00Z", ""),
        event("t-1", "tag_tapped", "2026-02-12T10:00:00Z", "phone:+15105550123", r#"{"scheme":"ntag424-aes"}"#),
        event("o-1", "order_completed", "2026-02-12T11:00:00Z", "phone:+15105550123", &order("A-1", "100.00")),
        web("p-4", "2026-02-20T10:00:00Z", ""),
        event("o-2", "order_completed", "2026-02-20T11:00:00Z", "phone:+15105550123", &order("A-2", "10.01")),
        event("o-3", "order_completed", "2026-02-21T11:00:00Z", "", &order("A-3", "7.00")).replace(r#"[""]"#, "[]"),
    ];
    folder.write("events.jsonl", &lines.join("\n"));
    folder.done("record events.jsonl");
    folder
}

fn refund(folder: &Folder, id: &str, order: &str, amount: &str) {
    let json = format!(r#"{{"order_id":"{order}","revenue":{amount},"currency":"EUR"}}"#);
    let line = event(id, "order_refunded", "2026-02-25T11:00:00Z", "phone:+15105550123", &json);
    assert_eq!(folder.fed("record -", line.as_bytes()).code, 0);
}

#[test]
fn an_order_is_explained() {
    let folder = shop();
    let told = folder.done("--json attribution explain A-1").object();
    let touches = told["touches"].as_array().unwrap();
    let channels = touches.iter().map(|touch| touch["channel"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(channels, ["google/cpc", "crm/email", "tap"]);
    assert_eq!(touches[0]["weight"], json!({ "numerator": "1", "denominator": "3" }));
    assert_eq!(told["credits_minor"], json!({ "google/cpc": 3334, "crm/email": 3333, "tap": 3333 }));
    assert_eq!((&told["net_minor"], &told["unattributed_minor"]), (&json!(10_000), &json!(0)));
    assert_eq!((&told["model"]["name"], &told["causal"]), (&json!("linear"), &json!(false)));
    assert_eq!(told["excluded"][0]["reason"], "after_conversion");
    let again = folder.done("--json attribution explain A-1").object();
    assert_eq!(again["model"]["run"], told["model"]["run"]);

    let short = folder.done("--json attribution explain A-1 --model position --look-back 1d").object();
    assert_eq!(short["credits_minor"], json!({ "tap": 10_000 }));
    let reasons = short["excluded"].as_array().unwrap();
    assert!(reasons.iter().any(|touch| touch["reason"] == "outside_window"), "{short}");
    assert_ne!(short["model"]["run"], told["model"]["run"]);
    let w = folder.done("--json attribution explain A-1 --model w").object();
    assert_eq!(
        w["credits_minor"].as_object().unwrap().values().map(|v| v.as_i64().unwrap()).sum::<i64>(),
        10_000
    );
    for model in
        ["markov:1", "markov:bic", "shapley", "shapley:cover-rate", "time-decay:2d", "last-non-direct"]
    {
        let told = folder.done(&format!("--json attribution explain A-2 --model {model}")).object();
        let credits = told["credits_minor"].as_object().unwrap().values().map(|v| v.as_i64().unwrap());
        assert_eq!(
            credits.sum::<i64>() + told["unattributed_minor"].as_i64().unwrap(),
            1001,
            "{model}: {told}"
        );
    }

    let text = folder.done("attribution explain A-1").out;
    for part in ["33.34 EUR", "1/3", "after the order", "does not say what a touch caused"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let nobody = folder.done("attribution explain A-3").out;
    assert!(nobody.contains("unattributed: 7.00 EUR"), "{nobody}");
    let none = folder.at_now("--json attribution explain A-9");
    assert_eq!((none.code, &none.error()["kind"]), (1, &json!("unknown")));
    assert_eq!(folder.at_now("attribution explain A-1 --model shapley:ordered").code, 2);
    assert_eq!(folder.at_now("attribution explain A-1 --look-back fax=1d").code, 2);
}

#[test]
fn a_customer_who_objects_is_counted_and_not_shown() {
    let folder = shop();
    folder.done("consent withdraw +15105550123 --purpose measurement --method till");
    let told = folder.done("--json attribution explain A-1").object();
    assert_eq!((&told["touches"], &told["unattributed_minor"]), (&json!([]), &json!(10_000)));
    for touch in told["excluded"].as_array().unwrap() {
        assert_eq!((&touch["reason"], &touch["channel"]), (&json!("no_consent_now"), &Value::Null));
        assert_eq!((&touch["source"], &touch["place"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn the_ledger_keeps_the_past() {
    let folder = shop();
    let first = folder.done("--json attribution ledger post --model linear").object();
    assert_eq!((&first["posted"], &first["causes"]), (&json!(3), &json!({ "booked": 3 })));
    assert_eq!(folder.done("--json attribution ledger post --model linear").object()["posted"], 0);
    let before = folder.done("--json attribution ledger show").object();
    assert_eq!(before["sums"][0]["unattributed_minor"], 700);

    refund(&folder, "r-1", "A-1", "40");
    let later = |arguments: &str| {
        let arguments = ["--now", "2026-03-03T09:00:00Z"].into_iter().chain(arguments.split_whitespace());
        let ran = folder.run(&arguments.collect::<Vec<_>>());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran
    };
    let second = later("--json attribution ledger post").object();
    assert_eq!(second["causes"], json!({ "refunded": 1 }));
    let now = folder.done("--json attribution ledger show").object();
    assert_eq!(now["sums"][0]["net_minor"], 10_000 + 1_001 + 700 - 4_000);
    let past = folder.done("--json attribution ledger show --as-of 2026-03-02T12:00:00Z").object();
    assert_eq!(past["sums"], before["sums"]);
    let postings = folder.done("--json attribution ledger order A-1").lines();
    let sum = |posting: &Value| {
        posting["lines"].as_array().unwrap().iter().map(|line| line["minor"].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(postings.iter().map(sum).collect::<Vec<_>>(), [10_000, -4_000]);
    assert_eq!(postings[1]["causes"], json!(["refunded"]));
    refund(&folder, "r-2", "A-1", "60");
    later("attribution ledger post");
    let text = folder.done("attribution ledger order A-1").out;
    assert!(text.contains("-20.00 EUR"), "{text}");

    // Another model has a book of its own.
    later("attribution ledger post --model first");
    assert_eq!(folder.at_now("attribution ledger show").code, 2);
    let table = folder.done("attribution ledger show --model first").out;
    assert!(table.contains("(unattributed)") && table.contains("(net value)"), "{table}");
    assert_eq!(folder.at_now("attribution ledger order A-9 --model first").code, 1);
    assert_eq!(folder.at_now("attribution ledger show --ledger none.jsonl").code, 3);
}

#[test]
fn a_line_that_was_cut_off_was_never_posted() {
    let folder = shop();
    folder.done("attribution ledger post");
    let whole = fs::read_to_string(folder.path("credits.jsonl")).unwrap();
    // In the middle of the last line, and just before its end.
    for cut in [30, 1] {
        folder.write("credits.jsonl", &whole[..whole.len() - cut]);
        folder.done("attribution ledger show");
        folder.done("attribution ledger post");
        let again = fs::read_to_string(folder.path("credits.jsonl")).unwrap();
        assert_eq!(again.lines().collect::<Vec<_>>(), whole.lines().collect::<Vec<_>>(), "{cut}");
    }
    folder.write("credits.jsonl", &format!("{{}}\n{whole}"));
    let bad = folder.at_now("--json attribution ledger show");
    assert_eq!((bad.code, &bad.error()["line"]), (2, &json!(1)));
}

#[test]
fn models_run_on_the_log() {
    let folder = shop();
    let csv = folder.done("attribution run --model linear").out;
    assert!(csv.starts_with("channel,conversions,value\n"), "{csv}");
    assert!(csv.contains("google/cpc,0.58333"), "{csv}");
    assert!(csv.contains("\n,1,7.00\n"), "what is unattributed has a line: {csv}");
    folder.done("attribution ledger post");
    let ledger = folder.done("--json attribution ledger show").object();
    let told = folder.done("--json attribution run --model linear").object();
    for line in told["channels"].as_array().unwrap() {
        let minor = &ledger["sums"][0]["credits_minor"][line["channel"].as_str().unwrap()];
        assert_eq!(line["value"].as_f64().unwrap() * 100.0, minor.as_f64().unwrap(), "{line}");
    }
    assert!(told["run"]["settings"]["touches"].as_str().unwrap().starts_with("look_back tap=2592000"));
    for model in ["markov:1", "markov:1 --spread journey", "shapley:rate", "time-decay", "z", "shapley"] {
        let told = folder.done(&format!("--json attribution run --model {model}")).object();
        assert!(told["channels"].as_array().unwrap().len() >= 3, "{model}: {told}");
    }
    assert_eq!(folder.at_now("attribution run --model linear --currency EUR").code, 2);
    let none = folder.done("attribution run --model linear --only-currency USD").out;
    assert_eq!(none.lines().next(), Some("channel,conversions,value"));
}
