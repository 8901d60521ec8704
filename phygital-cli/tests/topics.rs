//! Topics with the customers of a store: opened, listed when they are to be followed up, and followed up.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::json;
use support::{Folder, event};

const TOPIC: &str = r#"{"version": 1, "id": "fit", "languages": ["en"], "days": 3, "start": "size", "remind": {"after_hours": 20},
    "steps": {"size": {"ask": {"en": "{{ brand }}: which shoe size?"}, "attribute": "size.shoes",
        "answer": {"type": "number", "min": 30, "max": 50}, "then": "end"}}}"#;
/// Of New Jersey, where it is ten in the morning.
const NUMBERS: [&str; 3] = ["+12015550123", "+12015550124", "+12015550125"];
const MORNING: &str = "2026-03-02T15:00:00Z";

/// A shop in which three have agreed and said hello.
fn with_customers() -> Folder {
    let folder = Folder::shop();
    folder.write("fit.json", TOPIC);
    for (place, number) in NUMBERS.iter().enumerate() {
        folder.done(&format!(
            "consent grant {number} --purpose personalization --method till --id form-{place}"
        ));
        let hello = format!(r#"{{"message_id":"m-{place}","body":"hello"}}"#);
        let hello =
            event(&format!("m-{place}"), "message_received", MORNING, &format!("phone:{number}"), &hello);
        folder.write("hello.jsonl", &hello);
        at(&folder, MORNING, "record hello.jsonl", 0);
    }
    folder
}

fn at(folder: &Folder, now: &str, arguments: &str, code: i32) -> support::Ran {
    let arguments: Vec<&str> = ["--now", now].into_iter().chain(arguments.split_whitespace()).collect();
    let ran = folder.run(&arguments);
    assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    ran
}

#[test]
fn silence_is_listed_and_followed_up() {
    let folder = with_customers();
    for (place, number) in NUMBERS.iter().enumerate() {
        let now = format!("2026-03-02T15:0{place}:00Z");
        let opened = at(&folder, &now, &format!("conversation open fit.json {number} --json"), 0);
        assert_eq!(opened.object(), json!({"done": true, "reasons": []}));
    }
    let again = at(&folder, MORNING, &format!("conversation open fit.json {}", NUMBERS[0]), 1);
    assert!(again.out.starts_with("nothing to ask"), "{}", again.out);
    let sent = at(&folder, MORNING, "outbox list --json", 0).lines();
    assert_eq!((sent.len(), &sent[0]["text"]), (3, &json!("Ada: which shoe size?")));

    let list =
        |now: &str, more: &str| at(&folder, now, &format!("conversation follow-up fit.json {more}"), 0);
    assert_eq!(
        list("2026-03-03T10:59:59Z", "--json").lines(),
        Vec::<serde_json::Value>::new(),
        "they have time"
    );
    let later = "2026-03-03T14:30:00Z";
    at(&folder, later, &format!("consent withdraw {}", NUMBERS[1]), 0);
    let suppressed = r#"{"contact":"phone:+12015550125","cause":"carrier"}"#;
    let suppressed = event("s-1", "contact_suppressed", later, "phone:+12015550125", suppressed);
    folder.write("suppressed.jsonl", &suppressed);
    at(&folder, later, "record suppressed.jsonl", 0);
    let before = folder.store();
    let due = |place: usize| json!({"contact": format!("phone:{}", NUMBERS[place]), "topic": "fit", "due": format!("2026-03-03T11:0{place}:00Z")});
    assert_eq!(list(later, "--json").lines(), [due(0), due(2)], "whoever left is not asked again");
    let table = list(later, "").out;
    assert!(table.contains("123") && !table.contains(NUMBERS[0]), "{table}");
    assert_eq!(folder.store(), before, "to look changes nothing");

    let applied = list(later, "--apply --json").lines();
    let with = |place: usize, done: bool, reasons: &[&str]| {
        let mut with = due(place);
        (with["done"], with["reasons"]) = (json!(done), json!(reasons));
        with
    };
    assert_eq!(applied, [with(0, true, &[]), with(2, false, &["suppressed"])]);
    assert_eq!(at(&folder, later, "outbox list --json", 0).lines().len(), 4);
    assert_eq!(list(later, "--json").lines(), [due(2)], "what is not let out stays");
    assert!(list(later, "--apply").out.contains("not let out: suppressed"));
    // At the end of the run it is over, and there is nothing to be let out.
    let over = list("2026-03-05T15:30:00Z", "--apply").out;
    assert_eq!(over.matches("done").count(), 2, "{over}");
    assert_eq!(list("2026-03-05T15:30:00Z", "--json").lines().len(), 0);
}

#[test]
fn what_the_gate_refuses_is_not_opened() {
    let folder = with_customers();
    at(&folder, MORNING, &format!("consent withdraw {}", NUMBERS[0]), 0);
    let refused = at(&folder, MORNING, &format!("conversation open fit.json {} --json", NUMBERS[0]), 1);
    assert_eq!(refused.object(), json!({"done": false, "reasons": ["withdrawn"]}));
    let refused = at(&folder, MORNING, &format!("conversation open fit.json {}", NUMBERS[0]), 1);
    assert_eq!(refused.out, "not let out: withdrawn\n");
}

#[test]
fn files_that_are_no_topics_are_refused() {
    let folder = with_customers();
    folder.write("bad.json", "{");
    folder.write("same.json", TOPIC);
    for (arguments, told) in [
        ("conversation follow-up", "FILE"),
        ("conversation follow-up none.json", "none.json"),
        ("conversation follow-up bad.json", "bad.json"),
        ("conversation follow-up fit.json same.json", "same.json: a topic of this id was given before"),
        ("conversation open fit.json ada", "phone"),
        ("conversation open bad.json +12015550123", "bad.json"),
        ("--db none.db conversation follow-up fit.json", "none.db"),
    ] {
        let ran = folder.at_now(arguments);
        assert!(ran.code >= 2 && ran.err.contains(told), "{arguments}: {ran:?}");
    }
}
