//! `tap verify` and `tap diagnose`, with and without a store.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};
use support::{Folder, keys, tag, tap};

/// AN12196, table 5: all keys are zero.
const PUBLISHED: &str = "https://ntag.nxp.com/424?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086";

const KEYS: [&str; 8] =
    ["input", "verdict", "scheme", "uid", "read_ctr", "file_data", "tag_tamper", "reason"];

fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/../vectors/taps/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_published_url_is_judged_as_its_vector_says() {
    let folder = Folder::new();
    let mut run = 0;
    for vector in vectors("sun_ntag424_aes.json") {
        let (Some(url), id) = (vector["url"].as_str(), &vector["id"]) else { continue };
        let mut set = json!({ "file_read_key": vector["file_read_key"], "label": "vector" });
        if vector["meta_read_key"].is_string() {
            set["meta_read_key"] = vector["meta_read_key"].clone();
        }
        folder.write("vector.json", &set.to_string());
        let ran = folder.run(&["tap", "verify", "--json", "--no-replay", "--keys", "vector.json", url]);
        let answer = ran.object();
        for key in KEYS {
            assert!(answer.get(key).is_some(), "{id}: {key}");
        }
        assert_eq!(answer.as_object().unwrap().len(), KEYS.len());
        let expect = &vector["expect"];
        assert_eq!(answer["input"], url);
        if expect["result"] == "ok" {
            assert_eq!((ran.code, &answer["verdict"]), (0, &json!("genuine")), "{id}: {ran:?}");
            assert_eq!(answer["scheme"], "ntag424-aes");
            assert_eq!(answer["reason"], Value::Null);
        } else {
            assert_eq!((ran.code, &answer["reason"]), (1, &expect["result"]), "{id}");
        }
        for key in ["uid", "read_ctr", "file_data", "tag_tamper"] {
            assert_eq!(answer[key], *expect.get(key).unwrap_or(&Value::Null), "{id}: {key}");
        }
        run += 1;
    }
    assert_eq!(run, 26);
    assert!(!folder.path("shop.db").exists());
}

#[test]
fn replay_is_judged_among_the_urls_of_a_run() {
    let folder = Folder::new();
    let mut run = 0;
    for vector in vectors("replay_sequences.json").iter().filter(|vector| vector["mode"] != "lrp") {
        let sets = vector["file_read_keys"].as_array().unwrap().iter().zip(0..);
        let sets: Vec<Value> = sets
            .map(|(key, epoch)| {
                json!({ "file_read_key": key, "meta_read_key": vector["meta_read_key"], "epoch": epoch })
            })
            .collect();
        folder.write("vector.json", &Value::from(sets).to_string());
        let steps = vector["steps"].as_array().unwrap();
        let urls: Vec<&str> = steps.iter().map(|step| step["url"].as_str().unwrap()).collect();
        let ran = folder.fed("tap verify --json --keys vector.json -", urls.join("\n").as_bytes());
        let answers = ran.lines();
        assert_eq!(answers.len(), steps.len());
        for (step, answer) in steps.iter().zip(&answers) {
            let expected = match step["expect"].as_str().unwrap() {
                "accept" => ("genuine", Value::Null),
                "replay" => ("replayed", json!("replayed")),
                "mac_mismatch" => ("forged", json!("mac_mismatch")),
                other => panic!("{other}"),
            };
            let id = &vector["id"];
            assert_eq!((answer["verdict"].as_str().unwrap(), answer["reason"].clone()), expected, "{id}");
        }
        let all = answers.iter().all(|answer| answer["verdict"] == "genuine");
        assert_eq!(ran.code, if all { 0 } else { 1 });
        run += 1;
    }
    assert!(run > 3, "{run}");
}

#[test]
fn without_keys_the_factory_keys_are_tried_and_said_so() {
    let folder = Folder::new();
    let ran = folder.run(&["tap", "verify", PUBLISHED]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("genuine ") && ran.out.contains("04de5f1eacc040"), "{}", ran.out);
    assert!(ran.err.contains("factory keys"), "{}", ran.err);
    let ran = folder.run(&["tap", "verify", PUBLISHED, PUBLISHED, "--json"]);
    assert_eq!((ran.code, ran.lines()[1]["verdict"].as_str()), (1, Some("replayed")));
    assert!(serde_json::from_str::<Value>(ran.err.trim()).unwrap()["note"].is_string());

    // A keys file beside the store is found; so is the one that the settings name.
    folder.write("keys.json", &keys());
    let mut one = tag(1);
    let ran = folder.run(&["tap", "verify", &tap(&mut one)]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    fs::rename(folder.path("keys.json"), folder.path("tags.json")).unwrap();
    folder.write("shop.json", r#"{"keys": "tags.json"}"#);
    assert_eq!(folder.run(&["tap", "verify", &tap(&mut one)]).code, 0);
}

#[test]
fn a_tap_without_a_counter_is_genuine_only_where_replay_is_not_asked_for() {
    let folder = Folder::new();
    let uncounted = vectors("sun_ntag424_aes.json").into_iter().find(|vector| {
        vector["url"].is_string()
            && vector["expect"]["result"] == "ok"
            && vector["expect"]["read_ctr"].is_null()
    });
    let vector = uncounted.unwrap();
    let mut set = json!({ "file_read_key": vector["file_read_key"] });
    if vector["meta_read_key"].is_string() {
        set["meta_read_key"] = vector["meta_read_key"].clone();
    }
    folder.write("keys.json", &set.to_string());
    let url = vector["url"].as_str().unwrap();
    let ran = folder.run(&["--json", "tap", "verify", url]);
    let answer = ran.object();
    assert_eq!(
        (ran.code, &answer["verdict"], &answer["reason"]),
        (1, &json!("unauthenticated"), &json!("uncounted"))
    );
    assert_eq!(folder.run(&["tap", "verify", url, "--no-replay"]).code, 0);
}

#[test]
fn each_line_is_answered_as_it_comes() {
    let folder = Folder::new();
    folder.write("keys.json", &keys());
    let mut command = folder.command();
    command.args(["tap", "verify", "-", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let mut one = tag(1);
    for _ in 0..3 {
        // No end of file yet: the answer has to come while the pipe is open.
        writeln!(stdin, "{}", tap(&mut one)).unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["verdict"], "genuine");
    }
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn any_line_is_answered() {
    let folder = Folder::new();
    folder.write("keys.json", &keys());
    let url = tap(&mut tag(1));
    let mut input = b"\n  \r\n".to_vec();
    for line in [
        format!("  {url}\t\r").as_bytes(),
        b"https://tap.example/\xff\xfe",
        "x".repeat(2048).as_bytes(),
        "x".repeat(2049).as_bytes(),
        "x".repeat(3 << 20).as_bytes(),
        b"https://tap.example/t?p=00\x1b[2J",
        b"https://tap.example/t?p=EF963FF7828658A599F3041510671E88",
    ] {
        input.extend(line);
        input.push(b'\n');
    }
    let ran = folder.fed("tap verify - --json", &input);
    assert_eq!(ran.code, 1);
    let answers = ran.lines();
    let told: Vec<_> = answers.iter().map(|answer| answer["reason"].as_str().unwrap_or("-")).collect();
    assert_eq!(told[..6], ["-", "not_ascii", "no_tap", "too_long", "too_long", "not_ascii"], "{told:?}");
    assert_eq!(answers[0]["input"], url);
    assert!(answers.iter().all(|answer| answer["input"].as_str().unwrap().len() <= 3 * 2048));
    assert_eq!(answers[6]["verdict"], "malformed");

    let ran = folder.fed("tap verify -", b"https://tap.example/t?p=00\x1b[2J\n");
    assert!(!ran.out.contains('\u{1b}') && ran.out.contains("\\u{1b}[2J"), "{}", ran.out);
    let ran = folder.fed("tap verify -", b"");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
}

#[test]
fn with_a_store_registry_and_marks_are_asked() {
    let folder = Folder::shop();
    let mut one = tag(1);
    let judged = |url: &str, more: &[&str]| {
        let arguments = [&["--now", support::NOW, "--json", "tap", "verify", url], more].concat();
        let ran = folder.run(&arguments);
        let answer = ran.object();
        assert_eq!(ran.code, if answer["verdict"] == "genuine" { 0 } else { 1 });
        (answer["verdict"].as_str().unwrap().to_owned(), answer["reason"].clone())
    };
    let is = |verdict: &str, reason: Value| (verdict.to_owned(), reason);
    // By the clock: of two words at one moment neither is the later.
    let said = |arguments: &[&str]| assert_eq!(folder.run(arguments).code, 0, "{arguments:?}");
    let first = tap(&mut one);
    assert_eq!(judged(&first, &[]), is("not_enrolled", json!("not_enrolled")));
    folder.done("tag enroll 04A1B2C3D4E501 --place paris-1 --touchpoint shelf-1");
    assert_eq!(judged(&first, &[]), is("genuine", Value::Null));
    assert_eq!(judged(&first, &[]), is("replayed", json!("replayed")), "by another process");
    assert_eq!(judged(&first.replace("c=", "c=0"), &[]).0, "malformed");
    let mut forged = tap(&mut one);
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    assert_eq!(judged(&forged, &[]), is("forged", json!("mac_mismatch")));
    for status in ["suspend", "lost", "retire"] {
        said(&["tag", status, "04a1b2c3d4e501"]);
        let (verdict, reason) = judged(&tap(&mut one), &[]);
        assert_eq!(verdict, "not_enrolled");
        assert!(reason.as_str().unwrap().starts_with(&status[..4]), "{reason}");
    }
    said(&["tag", "activate", "04a1b2c3d4e501"]);
    assert_eq!(judged(&tap(&mut one), &[]), is("genuine", Value::Null));
    said(&["tag", "enroll", "04a1b2c3d4e501", "--key-epoch", "1"]);
    assert_eq!(judged(&tap(&mut one), &[]), is("not_enrolled", json!("old_keys")));

    let before = folder.store();
    assert_eq!(judged(&first, &["--no-replay"]), is("genuine", Value::Null));
    assert_eq!(folder.store(), before, "--no-replay writes nothing");
}

#[test]
fn record_tells_who_tapped_and_what_to_offer() {
    let folder = Folder::shop();
    folder.done("tag enroll 04a1b2c3d4e501 --place paris-1 --touchpoint shelf-1");
    let mut one = tag(1);
    let url = tap(&mut one);
    let first =
        folder.done(&format!("--json tap verify --record --client phone --seen cookie:c-7 {url}")).object();
    assert_eq!((&first["recognition"], &first["repeated"]), (&json!("anonymous"), &json!(false)));
    assert_eq!((&first["place"], &first["touchpoint"]), (&json!("paris-1"), &json!("shelf-1")));
    let code = first["opt_in"]["code"].as_str().unwrap();
    assert!(first["opt_in"]["link"].as_str().unwrap().ends_with(code));
    let again = folder.done(&format!("--json tap verify --record --client phone {url}")).object();
    assert_eq!((&again["repeated"], &again["event"]), (&json!(true), &first["event"]));
    let other = folder.at_now(&format!("--json tap verify --record --client other {url}"));
    assert_eq!((other.code, &other.object()["event"]), (1, &Value::Null), "the key is there all the same");

    let body = format!(r#"{{"message_id":"m-1","body":"join {code}"}}"#);
    folder.write(
        "sms.jsonl",
        &support::event("m-1", "message_received", support::NOW, "phone:+15105550123", &body),
    );
    folder.done("record sms.jsonl");
    let known = folder.done(&format!("tap verify --record --seen cookie:c-7 {}", tap(&mut one)));
    assert!(known.out.contains("known customer"), "{}", known.out);
}

#[test]
fn a_store_that_is_asked_for_has_to_be_there() {
    let folder = Folder::new();
    folder.write("keys.json", &keys());
    let url = tap(&mut tag(1));
    for arguments in [&["--db", "other.db", "tap", "verify", &url][..], &["tap", "verify", "--record", &url]]
    {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.err.contains("phygital init"), "{}", ran.err);
    }
    assert!(!folder.path("other.db").exists() && !folder.path("shop.db").exists());
    let ran = folder.run(&["--db", "other.db", "tap", "verify", "--no-replay", &url]);
    assert_eq!(ran.code, 0, "nothing is asked of a store");
    for arguments in [
        &["tap", "verify"][..],
        &["tap", "verify", "--no-replay", "--record", &url],
        &["tap", "verify", "--client", "x", &url],
        &["tap", "verify", "--keys", "none.json"],
    ] {
        assert_eq!(folder.run(arguments).code, 2, "{arguments:?}");
    }
    assert_eq!(folder.run(&["tap", "verify", "--keys", "none.json", &url]).code, 3, "no such file");
}

#[test]
fn a_bad_keys_file_is_refused_without_its_keys() {
    let folder = Folder::new();
    for text in [
        r#"{"file_read_key": "c0ffee"}"#,
        r#"{"file_read_kex": "c0ffeec0ffeec0ffeec0ffeec0ffeec0"}"#,
        r#"[{"file_read_key": "c0ffee"#,
    ] {
        folder.write("keys.json", text);
        let ran = folder.run(&["--json", "tap", "verify", "--no-replay", PUBLISHED]);
        assert_eq!((ran.code, &ran.error()["kind"]), (2, &json!("bad_keys")), "{ran:?}");
        assert!(!ran.err.contains("c0ffee"), "{}", ran.err);
    }
}

#[test]
fn a_link_of_ones_own_is_diagnosed() {
    let folder = Folder::new();
    folder.write("keys.json", &keys());
    let ran = folder.run(&["tap", "diagnose", PUBLISHED]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("the factory key"), "{}", ran.out);
    let ran = folder.run(&["tap", "diagnose", "--json", &tap(&mut tag(1))]);
    assert_eq!((ran.code, &ran.object()["verdict"]), (0, &json!("genuine")));
    let ran = folder.run(&["tap", "diagnose", "--json", "nonsense"]);
    assert_eq!((ran.code, &ran.object()["verdict"]), (1, &json!("malformed")));
}

#[test]
fn a_client_that_guesses_is_made_to_wait_and_staff_is_told() {
    let folder = Folder::shop();
    folder.done("tag enroll 04A1B2C3D4E501");
    let mut one = tag(1);
    let mut forged = tap(&mut one);
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    let lines = format!("{forged}\n").repeat(31) + &tap(&mut one) + "\n";
    let answers = folder.fed("--json tap verify --record --client session-1 -", lines.as_bytes()).lines();
    let told =
        |at: usize| (answers[at]["verdict"].as_str().unwrap(), answers[at]["reason"].as_str().unwrap());
    assert_eq!(answers.len(), 32);
    assert!((0..30).all(|at| told(at) == ("forged", "mac_mismatch")));
    for at in [30, 31] {
        assert_eq!(told(at), ("unauthenticated", "too_many_failures"));
        assert_eq!(answers[at].as_object().unwrap().len(), 16);
        assert!(answers[at]["uid"].is_null(), "it was not looked at");
    }
    assert_eq!(folder.done("--json outbox list").lines().len(), 0, "30 of a tag are within its limit");

    let mut lines = format!("{forged}\n").repeat(40);
    lines += &tap(&mut one);
    let answers = folder.fed("--json tap verify -", lines.as_bytes()).lines();
    assert_eq!(answers[39]["verdict"], "forged");
    assert_eq!(answers[40]["verdict"], "genuine", "nobody can lock a tag");
    let waiting = folder.done("--json outbox list").lines();
    assert_eq!((waiting.len(), &waiting[0]["action"]), (1, &json!("raise_alarm")));
}
