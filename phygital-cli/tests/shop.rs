//! The commands on a store: what they answer, and how they end.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::{Folder, NOW, event};

const PHONE: &str = "+15105550123";

/// A shop that knows one customer well.
fn with_customer() -> Folder {
    let folder = Folder::shop();
    let boot =
        r#"{"sku":"BOOT-38","name":"Chelsea boot","category":"Shoes","price":149.90,"currency":"EUR"}"#;
    let order = r#"{"order_id":"o-1","revenue":149.90,"currency":"EUR","products":[{"sku":"BOOT-38","name":"Chelsea boot","category":"Shoes","size":"38"}]}"#;
    let lines = [
        event("e-1", "product_viewed", "2026-03-01T20:00:00Z", "cookie:c-7", boot),
        r#"{"type":"identify","messageId":"s-1","timestamp":"2026-03-01T20:01:00Z","anonymousId":"c-7","traits":{"phone":"+15105550123","firstName":"Zoë"}}"#.to_owned(),
        event("e-2", "order_completed", "2026-03-01T20:05:00Z", "phone:+15105550123", order),
    ];
    folder.write("events.jsonl", &lines.join("\n"));
    folder.done("record events.jsonl");
    folder
}

#[test]
fn a_store_is_made_once() {
    let folder = Folder::new();
    let made = folder.done("init --json --device 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a").object();
    assert_eq!((&made["db"], &made["settings"]), (&json!("shop.db"), &Value::Null));
    assert_eq!(made["device"], "0a".repeat(16));
    let before = folder.store();
    let again = folder.at_now("init --json");
    assert_eq!((again.code, &again.error()["kind"]), (2, &json!("exists")));
    assert_eq!(folder.store(), before);

    let folder = Folder::shop();
    let settings: Value =
        serde_json::from_str(&fs::read_to_string(folder.path("shop.json")).unwrap()).unwrap();
    assert_eq!((&settings["brand"], &settings["notice"]["id"]), (&json!("Ada"), &json!("n-1")));
    // A second store in the folder has settings of its own.
    folder.done("--db web.db init --brand Web");
    assert!(folder.path("web.json").exists());
    fs::remove_file(folder.path("web.db")).unwrap();
    assert_eq!(folder.at_now("--db web.db init --brand Other").code, 2, "settings are never written over");
    folder.done("--db web.db init");
}

#[test]
fn init_refuses_what_is_malformed_and_repeats_no_secret() {
    let folder = Folder::new();
    folder.write("notice.json", r#"{"id": "n", "text": "Hi", "purposes": [], "sender": "72345"}"#);
    folder.write("typo.json", r#"{"id": "n", "test": "Hi", "purposes": ["marketing"], "sender": "72345"}"#);
    for (arguments, told) in [
        ("init --tenant-key c0ffee", "--tenant-key"),
        ("init --device c0ffee", "--device"),
        ("init --notice notice.json", "purposes"),
        ("init --notice typo.json", "test"),
    ] {
        let ran = folder.at_now(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(told) && !ran.err.contains("c0ffee"), "{}", ran.err);
    }
    assert_eq!(folder.at_now("init --notice none.json").code, 3);
    assert!(!folder.path("shop.db").exists() && !folder.path("shop.json").exists());

    // The same tenant's key gives the same customer ids at every till.
    let key = "c0ffee00".repeat(8);
    let customer = |db: &str| {
        let mut command = folder.command();
        let made = command.env("PHYGITAL_TENANT_KEY", &key).args(["--db", db, "init"]).output().unwrap();
        assert!(made.status.success());
        let line = event("e-1", "page_viewed", NOW, "cookie:c-1", "{}");
        assert_eq!(folder.fed(&format!("--db {db} record -"), line.as_bytes()).code, 0);
        let ran = folder.at_now(&format!("--db {db} card cookie:c-1 --json"));
        ran.object()["customer"].as_str().unwrap().to_owned()
    };
    assert_eq!(customer("one.db"), customer("two.db"));
    let help = folder.command().env("PHYGITAL_TENANT_KEY", &key).args(["init", "--help"]).output().unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("c0ffee"));
}

#[test]
fn the_registry_is_kept() {
    let folder = Folder::shop();
    let one = folder.done(
        "--json tag enroll 04A1B2C3D4E501 --place paris-1 --touchpoint shelf-1 --label Boots --key-epoch 2",
    );
    let expected = json!({
        "uid": "04a1b2c3d4e501", "status": "active", "place": "paris-1", "touchpoint": "shelf-1",
        "key_epoch": 2, "label": "Boots", "enrolled_at": NOW,
    });
    assert_eq!(one.object(), expected);
    folder.done("tag enroll 04a1b2c3d4e502");
    let later = ["--now", "2026-03-02T09:00:01Z", "--json", "tag", "retire", "04a1b2c3d4e502"];
    assert_eq!(folder.run(&later).object()["status"], "retired");
    let list = folder.done("--json tag list").lines();
    assert_eq!((list.len(), &list[0], &list[1]["status"]), (2, &expected, &json!("retired")));
    let table = folder.done("tag list").out;
    assert!(table.contains("Boots") && table.contains("retired"), "{table}");
    let unknown = folder.at_now("--json tag lost 04a1b2c3d4e503");
    assert_eq!((unknown.code, &unknown.error()["kind"]), (1, &json!("unknown")));
    assert_eq!(folder.at_now("tag retire 04").code, 2);
    assert_eq!(folder.at_now("tag enroll 04a1b2c3d4e503 --key-epoch -1").code, 2);
}

#[test]
fn events_of_every_form_are_recorded_once() {
    let folder = Folder::shop();
    let lines = [
        event("e-1", "page_viewed", NOW, "cookie:c-1", "{}"),
        String::new(),
        r#"{"type":"page","messageId":"p-1","timestamp":"2026-03-02T08:00:00Z","anonymousId":"c-1"}"#.to_owned(),
        r#"{"batch":[{"type":"page","messageId":"p-2","timestamp":"2026-03-02T08:00:00Z","anonymousId":"c-1"},{"type":"page","messageId":"p-3","timestamp":"2026-03-02T08:00:00Z","anonymousId":"c-1"}],"context":{"locale":"fr-FR"}}"#.to_owned(),
    ];
    folder.write("events.jsonl", &lines.join("\r\n"));
    let first = folder.done("record --json events.jsonl").lines();
    let told: Vec<_> =
        first.iter().map(|one| (one["line"].as_u64().unwrap(), one["result"].clone())).collect();
    assert_eq!(told, [1, 3, 4, 4].map(|line| (line, json!("accepted"))));
    assert_eq!((&first[2]["message"], &first[3]["message"]), (&json!(1), &json!(2)));
    assert_eq!((&first[0]["seq"], &first[0]["epoch"]), (&json!(1), &json!(1)));

    let again = folder.fed("record --json -", lines.join("\n").as_bytes());
    assert_eq!(again.code, 0);
    let again = again.lines();
    assert!(again.iter().all(|one| one["result"] == "known"));
    assert_eq!(again[3]["event"], first[3]["event"]);
    let table = folder.done("record events.jsonl").out;
    assert!(table.contains("already known") && table.contains("events a second"), "{table}");
    assert_eq!(folder.done("log check --json").object()["entries"], 4);
}

#[test]
fn refused_lines_hold_up_nobody() {
    let folder = Folder::shop();
    let good = |id: &str| event(id, "page_viewed", NOW, "cookie:c-1", "{}");
    let lines = [
        good("e-1"),
        "no json".to_owned(),
        good("e-1").replace("page_viewed", "visit_started"),
        event("d-1", "tap_refused", NOW, "cookie:c-1", r#"{"reason":"replayed"}"#),
        format!("\"{}\"", "x".repeat(2 << 20)),
        event("e-2", "order_completed", NOW, "phone:0612345678", r#"{"order_id":"o"}"#),
        good("e-3"),
    ];
    for batch in [1, 3, 1000] {
        let folder = if batch == 1 { &folder } else { &Folder::shop() };
        let ran = folder.fed(&format!("record - --batch {batch}"), lines.join("\n").as_bytes());
        assert_eq!(ran.code, 2, "{ran:?}");
        let told: Vec<&str> = ran.err.lines().collect();
        assert_eq!(told.len(), 5, "{}", ran.err);
        for (line, number) in told.iter().zip(2..) {
            assert!(line.starts_with(&format!("phygital: line {number}: ")), "{line}");
        }
        assert!(!ran.err.contains("0612345678"), "{}", ran.err);
        assert_eq!(folder.done("log check --json").object()["entries"], 2);
    }
    let ran = folder.fed("record - --json", lines.join("\n").as_bytes());
    let answers = ran.lines();
    let reasons: Vec<_> = answers.iter().map(|one| one["reason"].as_str().unwrap_or("-")).collect();
    assert_eq!(reasons, ["-", "malformed", "conflict", "misuse", "too_long", "malformed", "-"]);
    let errors: Vec<Value> = ran.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((errors.len(), &errors[0]["error"]["line"]), (6, &json!(2)));
    assert_eq!(errors[5]["summary"]["refused"], 5);

    // What the arguments or the settings say makes good what was refused.
    let national = &lines[5];
    assert_eq!(folder.fed("record - --region FR", national.as_bytes()).code, 0);
    for bad in ["--region fr", "--currency XXXX", "--batch 0", "--batch 10001", "--source"] {
        assert_eq!(folder.fed(&format!("record - {bad}"), b"").code, 2, "{bad}");
    }
    assert_eq!(folder.at_now("record none.jsonl").code, 3);
    assert_eq!(folder.fed("record -", b"").code, 0);
}

#[test]
fn an_event_of_a_pipe_is_recorded_while_the_pipe_is_open() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::Stdio;
    let folder = Folder::shop();
    let mut command = folder.command();
    command.args(["record", "-", "--json"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    for id in ["e-1", "e-2"] {
        writeln!(stdin, "{}", event(id, "page_viewed", NOW, "cookie:c-1", "{}")).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["result"], "accepted");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_card_is_shown_to_whom_it_may_concern() {
    let folder = with_customer();
    let withheld = folder.at_now(&format!("card {PHONE}"));
    assert_eq!(withheld.code, 1);
    assert!(withheld.out.contains("withheld: never_asked") && !withheld.out.contains("Chelsea"));
    let withheld = folder.at_now(&format!("card {PHONE} --json"));
    assert_eq!((withheld.code, &withheld.object()["withheld"]), (1, &json!(["never_asked"])));

    folder.done(&format!("consent grant {PHONE} --purpose personalization"));
    let card = folder.done(&format!("card {PHONE}"));
    for told in ["Chelsea boot", "149.90 EUR", "size.shoes 38", "\u{2022}123"] {
        assert!(card.out.contains(told), "{told}: {}", card.out);
    }
    assert!(!card.out.contains(PHONE));
    let by_cookie = folder.done("card --json cookie:c-7 --role manager").object();
    assert_eq!(by_cookie["content"]["spend"]["total"], json!({ "minor": 14990, "currency": "EUR" }));
    let customer = by_cookie["customer"].as_str().unwrap();
    assert_eq!(folder.done(&format!("card --json {customer} --role manager")).object(), by_cookie);
    assert_eq!(
        folder.done(&format!("card --json {customer} --role marketing")).object()["content"].get("name"),
        None
    );

    for (nobody, code) in
        [("+15105550199", 1), ("zoe@shop.example", 1), ("zoe", 2), ("fax:zoe", 2), ("+1", 2)]
    {
        let ran = folder.at_now(&format!("card {nobody}"));
        assert_eq!(ran.code, code, "{nobody}");
        assert!(!ran.err.contains("zoe") && !ran.err.contains("0199"), "{}", ran.err);
    }
    assert_eq!(folder.at_now(&format!("card {}", "0".repeat(32))).code, 1);
    assert_eq!(folder.at_now(&format!("card {PHONE} --role owner")).code, 2);
}

#[test]
fn a_name_moves_no_cursor() {
    let folder = with_customer();
    folder.done(&format!("consent grant {PHONE} --purpose personalization"));
    let evil = r#"{"sku":"X","name":"\u001b[2J\u202eevil\nspends 0 EUR","currency":"EUR"}"#;
    let line = event("e-9", "product_viewed", NOW, "cookie:c-7", evil);
    assert_eq!(folder.fed("record -", line.as_bytes()).code, 0);
    let card = folder.done(&format!("card {PHONE}")).out;
    assert!(card.contains("evil"), "{card}");
    assert!(
        !card.contains('\u{1b}') && !card.contains('\u{202e}') && !card.contains("\n spends 0"),
        "{card}"
    );
}

#[test]
fn who_is_one_customer_is_explained() {
    let folder = with_customer();
    let same = folder.done(&format!("explain --json {PHONE} cookie:c-7")).object();
    assert_eq!((&same["same"], &same["steps"][0]["id"]), (&json!(true), &json!("s-1")));
    let text = folder.done(&format!("explain {PHONE} cookie:c-7")).out;
    assert!(text.contains("one customer") && text.contains("segment s-1"), "{text}");
    let ran = folder.at_now(&format!("explain {PHONE} cookie:c-8 --json"));
    assert_eq!((ran.code, &ran.object()["reason"]), (1, &json!("unknown")));
    let ran = folder.at_now(&format!("explain {PHONE} test@test.com"));
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("the email is a value that names nobody"), "{}", ran.out);
    assert_eq!(folder.at_now(&format!("explain {PHONE}")).code, 2);
    assert_eq!(folder.at_now(&format!("explain {PHONE} {}", "0".repeat(32))).code, 2);
}

#[test]
fn consent_is_given_shown_and_withdrawn() {
    let folder = with_customer();
    let ask = |purpose: &str| folder.at_now(&format!("consent show {PHONE} --purpose {purpose}")).code;
    assert_eq!(ask("marketing"), 1);
    folder.done(&format!(
        "consent grant {PHONE} --purpose marketing --purpose measurement --method paper --notice-id n-1 --evidence paper:7"
    ));
    assert_eq!((ask("marketing"), ask("measurement"), ask("advertising")), (0, 0, 1));
    let shown = folder.done(&format!("consent show --json {PHONE}")).object();
    assert_eq!((shown["purposes"].as_array().unwrap().len(), &shown["contact"]), (6, &json!("•••••••••123")));
    let entry = &shown["entries"][0];
    assert_eq!((&entry["method"], &entry["evidence"]), (&json!("paper"), &json!(["paper:7"])));
    assert_eq!(entry["notice_hash"].as_str().unwrap().len(), 64, "the settings have that notice");
    // The log's clock counts, where the host's is behind it.
    let back = folder.run(&["--now", "2026-03-01T09:00:00Z", "consent", "show", "--json", PHONE]).object();
    assert_eq!((&back["at"], &back["purposes"]), (&shown["at"], &shown["purposes"]));
    let text = folder.done(&format!("consent show {PHONE}")).out;
    assert!(text.contains("paper:7") && text.contains("never_asked"), "{text}");

    folder.done(&format!("consent withdraw {PHONE} --purpose measurement"));
    assert_eq!((ask("marketing"), ask("measurement")), (0, 1));
    folder.done(&format!("consent withdraw {PHONE} --method till"));
    assert_eq!(ask("marketing"), 1);
    // Of a customer all contact points are shown.
    let customer =
        folder.at_now(&format!("card {PHONE} --json")).object()["customer"].as_str().unwrap().to_owned();
    assert_eq!(folder.done(&format!("consent show --json {customer}")).lines().len(), 1);
    assert_eq!(folder.at_now(&format!("consent show {customer} --purpose service")).code, 1, "withdrawn");

    // A retry with the same id and time is the same event; with another content it is a conflict.
    let said = |purpose: &str| {
        folder.at_now(&format!(
            "--json consent grant {PHONE} --purpose {purpose} --id s-1 --at 2026-03-01T00:00:00Z"
        ))
    };
    assert_eq!(said("marketing").object()["event"], said("marketing").object()["event"]);
    let conflict = said("service");
    assert_eq!((conflict.code, &conflict.error()["kind"]), (2, &json!("conflict")));
    assert_eq!(ask("marketing"), 1, "an older grant does not undo a withdrawal");

    for bad in ["--purpose spam", "--purpose service --method rumour", "", "--purpose service --expires soon"]
    {
        assert_eq!(folder.at_now(&format!("consent grant {PHONE} {bad}")).code, 2, "{bad}");
    }
    assert_eq!(folder.at_now(&format!("consent grant {customer} --purpose service")).code, 2);
}

#[test]
fn the_outbox_is_pulled_and_acknowledged() {
    let folder = with_customer();
    let body = r#"{"message_id":"m-1","body":"Help"}"#;
    let line = event("m-1", "message_received", NOW, "phone:+15105550123", body);
    assert_eq!(folder.fed("record -", line.as_bytes()).code, 0);
    let action = folder.done("outbox list --json --due").object();
    assert_eq!(action["to"], format!("phone:{PHONE}"));
    let id = action["id"].as_str().unwrap();
    let table = folder.done("outbox list").out;
    assert!(table.contains(id) && !table.contains(PHONE), "{table}");
    let late = folder.run(&["--now", "2026-04-02T09:00:00Z", "outbox", "list", "--due"]);
    assert_eq!((late.code, late.out.as_str()), (0, ""));
    let first = folder.done(&format!("outbox ack {id} delivered --json")).object();
    assert_eq!(folder.done(&format!("outbox ack {id} delivered --json")).object(), first);
    assert_eq!(folder.done("outbox list --json").out, "");
    assert_eq!(folder.at_now("outbox ack never failed").code, 1);
    assert_eq!(folder.at_now(&format!("outbox ack {id} perhaps")).code, 2);
}

#[test]
fn state_is_made_anew_from_the_log() {
    let folder = with_customer();
    let check = folder.done("rebuild --check --json").object();
    assert_eq!(
        (&check["equal"], &check["entries"], &check["kept"]),
        (&json!(true), &json!(3), &json!(false))
    );
    assert!(folder.done("rebuild").out.contains("is what the log says"));
    let listed = folder.done("log list --json").lines();
    assert_eq!((listed.len(), &listed[0]["payload"]["id"]), (3, &json!("e-1")));
    assert_eq!(folder.done("log list --json --after 1 --most 1").object()["position"], 2);
    assert!(folder.done("log list").out.contains("Product Viewed"));
    assert!(folder.done("log check").out.starts_with("3 entries"));
}

#[test]
fn what_is_erased_is_gone_for_good() {
    let folder = with_customer();
    let asked = folder.at_now(&format!("person erase {PHONE}"));
    assert_eq!((asked.code, asked.err.contains("--yes")), (2, true), "{}", asked.err);
    let told = folder.at_now(&format!("person erase {PHONE} --yes --json")).object();
    assert_eq!(told, json!({ "identifiers": 1, "struck": 1, "emptied": 1, "notices": 0 }));
    assert!(!folder.done("log list --json").out.contains("15105550123"));
    folder.done("record events.jsonl");
    assert!(!folder.done("log list --json").out.contains("15105550123"));
    assert_eq!(folder.at_now(&format!("card {PHONE}")).code, 1, "nobody is known by it");
    assert!(folder.done("log check").out.contains("each as it was written"));
    assert_eq!(folder.at_now("rebuild --check").code, 0);
    assert_eq!(folder.at_now("person erase cookie:c-7 --customer --yes --json").object()["identifiers"], 1);
    assert!(!folder.done("log list --json").out.contains("Zoë"));
}

#[test]
fn a_person_gets_what_is_kept_of_her() {
    let folder = with_customer();
    let export = folder.at_now(&format!("person export {PHONE} --json")).object();
    let named: Vec<&Value> =
        export["identifiers"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(named, [&json!("phone"), &json!("cookie")]);
    assert!(export["events"].as_array().unwrap().iter().any(|one| one["event"]["id"] == "e-1"));
    assert!(
        folder.at_now(&format!("person export {PHONE}")).out.contains("\n  \"identifiers\": ["),
        "to be read"
    );
    assert_eq!(folder.at_now("person export +15105550199").code, 1, "nobody");
}

#[test]
fn a_request_is_listed_and_put_off() {
    let folder = with_customer();
    let asks = |id: &str, right: &str, place: &str| {
        let asked = format!(r#"{{"right":"{right}","jurisdiction":"{place}"}}"#);
        event(id, "rights_requested", "2026-03-02T08:00:00Z", "phone:+15105550123", &asked)
    };
    let lines = [asks("r-1", "access", "FR"), asks("r-2", "opt_out", "US-CA")];
    folder.write("asked.jsonl", &lines.join("\n"));
    folder.done("record asked.jsonl");
    let listed = folder.done("person requests --json").out;
    let all: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |right: &str| all.iter().find(|one| one["right"] == right).unwrap()["action"].as_str().unwrap();
    let reason = ["--reason", "Four shops are asked."];
    let extend = |form: &[&str], action: &str| {
        let asked =
            [&["--now", NOW][..], form, &["person", "requests", "--extend", action], &reason].concat();
        folder.run(&asked)
    };
    assert_eq!(
        folder.at_now(&format!("person requests --extend {}", of("access"))).code,
        2,
        "without a reason"
    );
    let put_off = extend(&[], of("access"));
    assert!(put_off.code == 0 && put_off.out.contains("2026-06-02 (gdpr_3m)"), "{put_off:?}");
    assert!(put_off.out.contains("tell her before 2026-04-03T00:00:00Z"), "{put_off:?}");
    assert!(folder.done("outbox list --json").out.contains("tell_extension"));
    let again = extend(&["--json"], of("access"));
    assert_eq!((again.code, &again.error()["kind"]), (1, &json!("extended_already")));
    let never = extend(&["--json"], of("opt_out"));
    assert_eq!((never.code, &never.error()["kind"]), (1, &json!("not_extendable")));
}

#[test]
fn consent_comes_in_from_other_systems_and_goes_out_again() {
    let folder = with_customer();
    let message = r#"{"type":"track","event":"Segment Consent Preference Updated","messageId":"m-1","anonymousId":"c-9","timestamp":"2026-02-20T21:04:00Z","identifiers":["phone:+15105550123"],"context":{"consent":{"categoryPreferences":{"marketing":true,"advertising":false,"Fun":true}}}}"#;
    folder.write("consents.jsonl", &format!("{message}\n{{}}\n"));
    folder.done("--db cut.db init");
    let told = folder.at_now("consent import consents.jsonl --json");
    assert_eq!(told.code, 2, "a line is no consent");
    assert_eq!(
        told.object(),
        json!({"read": 2, "refused": 1, "recorded": 2, "known": 0, "unknown": ["Fun"]})
    );
    // A line that is too long is refused as any other, also where what fits of it is whole: the others count.
    let longer = message.replace("m-1", "m-2") + &" ".repeat(1024 * 1024) + "{}";
    folder.write("longer.jsonl", &format!("{longer}\n{message}\n"));
    let cut = folder.at_now("--db cut.db consent import longer.jsonl --json");
    assert_eq!(cut.code, 2);
    assert!(cut.error()["message"].as_str().unwrap().contains("at most 1048576 bytes"), "{}", cut.err);
    assert_eq!((&cut.object()["refused"], &cut.object()["recorded"]), (&json!(1), &json!(2)));
    let again = folder.at_now("consent import consents.jsonl --json").object();
    assert_eq!((&again["recorded"], &again["known"]), (&json!(0), &json!(2)));
    assert_eq!(folder.at_now(&format!("consent show {PHONE} --purpose marketing")).code, 0);
    assert_eq!(folder.at_now(&format!("consent show {PHONE} --purpose advertising")).code, 1);
    let context = folder.at_now(&format!("consent segment {PHONE} --json")).object();
    assert_eq!(context["consent"]["categoryPreferences"]["marketing"], true);
    assert_eq!(context["messaging_subscriptions"][0]["status"], "SUBSCRIBED");
    let receipts = folder.at_now(&format!("consent receipt {PHONE} --purpose marketing --json")).out;
    folder.write("receipts.jsonl", &receipts);
    folder.done("--db other.db init");
    let other = folder.at_now("--db other.db consent import receipts.jsonl --json");
    assert_eq!(other.object()["recorded"], 1, "{}", other.err);
    assert_eq!(folder.at_now(&format!("--db other.db consent show {PHONE} --purpose marketing")).code, 0);
    assert_eq!(folder.at_now("consent receipt +15105550199").code, 1, "nothing was ever said");
    let missing = folder.at_now("consent processing");
    assert!(missing.code == 2 && missing.err.contains("purpose catalogue"), "{}", missing.err);
}

#[test]
fn rules_are_changed_for_good() {
    let folder = with_customer();
    folder.write("rules.json", r#"{"version":1,"limits":{"cookie":{"phone":0}}}"#);
    folder.write("none.json", r#"{"version":1,"limit":{}}"#);
    let told = folder.done("rebuild --check --rules rules.json --json").object();
    assert_eq!((&told["customers_before"], &told["customers_after"]), (&json!(1), &json!(2)));
    assert_eq!(folder.at_now(&format!("explain cookie:c-7 {PHONE}")).code, 0, "nothing was changed yet");
    assert_eq!(folder.done("rebuild --rules rules.json --json").object()["kept"], json!(true));
    let apart = folder.at_now(&format!("explain cookie:c-7 {PHONE}"));
    assert_eq!(apart.code, 1);
    assert!(
        apart.out.contains("the cookie is shared: 1 of kind phone were named with it, more than 0"),
        "{}",
        apart.out
    );
    assert_eq!(folder.at_now("rebuild --check").code, 0, "the store folds by them from now on");
    let refused = folder.at_now("rebuild --rules none.json");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("limit"), "{}", refused.err);
}

#[test]
fn settings_are_read_by_all() {
    let folder = with_customer();
    folder.write("shop.json", r#"{"basis": {"personalization": "legitimate_interest"}, "region": "US"}"#);
    folder.done("card phone:5105550123");
    folder.write("strict.json", "{}");
    assert_eq!(folder.at_now(&format!("--config strict.json card {PHONE}")).code, 1);
    assert_eq!(folder.at_now(&format!("--config none.json card {PHONE}")).code, 3);
    folder.write("shop.json", "{\n  \"brandt\": 1}");
    let ran = folder.at_now(&format!("card {PHONE} --json"));
    assert_eq!((ran.code, &ran.error()["line"]), (2, &json!(2)));
    assert!(ran.err.contains("brandt"), "{}", ran.err);
}
