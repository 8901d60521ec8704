//! What is done at a reader, on the one in software: provisioning, reading, checking, recovering, resetting, watching.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::Folder;

const TEMPLATE: &str = "tap.example/l/STORE-0042?p={picc}&c={mac}";
const MASTER: &str = "c9eb67df090afc8ed0b4b15d0fd3d7f9";
const UID: &str = "04513a525e5e80";

/// A folder with keys of two versions, and those under which taps verify.
fn folder(shop: bool) -> Folder {
    let folder = if shop { Folder::shop() } else { Folder::new() };
    let set = |version| json!({ "version": version, "master_key": MASTER, "system_id": format!("0{version}"), "picc_slot": 1 });
    folder.write("tag-keys.json", &json!([set(1)]).to_string());
    folder.write("tag-keys-2.json", &json!([set(1), set(2)]).to_string());
    let verify = |epoch| {
        json!({ "master_key": MASTER, "diversify": "an10922", "system_id": format!("0{epoch}"),
            "meta_diversify": "picc", "epoch": epoch })
    };
    folder.write("keys.json", &json!([verify(1), verify(2)]).to_string());
    folder
}

fn provision(folder: &Folder, more: &str) -> support::Ran {
    folder.at_now(&format!(
        "--json tag provision --backend sim --template {TEMPLATE} --keys tag-keys.json --no-originality {more}"
    ))
}

#[test]
fn a_tag_is_provisioned_read_checked_and_reset() {
    let folder = folder(true);
    let ran = provision(&folder, "--place paris-1 --label Door");
    assert_eq!(ran.code, 0, "{ran:?}");
    let tag = ran.object();
    assert_eq!(
        (&tag["uid"], &tag["state"], &tag["status"]),
        (&json!(UID), &json!("provisioned"), &json!("active"))
    );
    assert_eq!((&tag["key_versions"], &tag["read_ctr"]), (&json!([1, 1, 1, 1, 1]), &json!(1)));
    let listed = folder.done("--json tag list").object();
    assert_eq!((&listed["place"], &listed["key_epoch"]), (&json!("paris-1"), &json!(1)));

    let read = folder.done("--json read --backend sim --keys keys.json").object();
    assert_eq!(
        (&read["verdict"], &read["uid"], &read["read_ctr"]),
        (&json!("genuine"), &json!(UID), &json!(2))
    );
    let judged = folder.at_now(&format!("--json tap verify {}", read["url"].as_str().unwrap()));
    assert_eq!(judged.object()["verdict"], "genuine", "{judged:?}");

    let check = format!(
        "--json tag verify --backend sim --template {TEMPLATE} --keys tag-keys.json --no-originality"
    );
    assert_eq!(folder.done(&check).object()["as_planned"], true);
    let other = check.replace("0042", "0043");
    let ran = folder.at_now(&other);
    assert_eq!(
        (ran.code, &ran.object()["differences"]),
        (1, &json!(["NDEF file: another URL than the template's"]))
    );

    // Once a version.
    let ran = provision(&folder, "");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("same_version"), "{ran:?}");
    let anew = format!(
        "--json tag provision --backend sim --template {TEMPLATE} --keys tag-keys-2.json --no-originality"
    );
    assert_eq!(folder.done(&anew).object()["key_versions"], json!([2, 2, 2, 2, 2]));
    assert_eq!(folder.done("--json tag list").object()["key_epoch"], 2);
    assert!(folder.path(&format!("journals/{UID}.jsonl.1")).exists(), "the journal before is kept");

    let reset = folder.done("--json tag reset --backend sim --keys tag-keys-2.json --yes").object();
    assert_eq!((&reset["state"], &reset["status"]), (&json!("reset"), &json!("blank")));
    assert_eq!(reset["key_versions"], json!([0, 0, 0, 0, 0]));
    let ran = folder.at_now("--json read --backend sim");
    assert_eq!((ran.code, &ran.object()["records"]), (1, &json!([])));
}

#[test]
fn a_journal_that_is_not_finished_is_recovered_or_taken_back() {
    for take_back in [false, true] {
        let folder = folder(false);
        assert_eq!(provision(&folder, "--journal tag.jsonl").code, 0);
        let whole = fs::read_to_string(folder.path("tag.jsonl")).unwrap();
        assert!(!whole.contains(MASTER) && !whole.contains("picc"), "the journal names versions alone");
        // As if power had failed at the change of key 2, on a tag that has forgotten nothing since.
        let cut = whole.find("{\"intended\":{\"change_key\":2}}").unwrap();
        folder.write("tag.jsonl", &whole[..cut + 40]);
        let ran = provision(&folder, "--journal tag.jsonl");
        assert_eq!(ran.code, 1, "{ran:?}");
        let recover =
            "--json tag recover --backend sim --keys tag-keys.json --journal tag.jsonl --no-originality";
        let missing = folder.at_now(recover);
        assert_eq!(missing.code, 2, "{missing:?}");
        let other = folder.at_now(&format!("{recover} --template other.example/?p={{picc}}&c={{mac}}"));
        assert!(other.code == 2 && other.err.contains("other_template"), "{other:?}");
        if take_back {
            let ran = folder.done(&format!("{recover} --reset"));
            assert_eq!(ran.object()["key_versions"], json!([0, 0, 0, 0, 0]), "{ran:?}");
        } else {
            let ran = folder.done(&format!("{recover} --template {TEMPLATE}"));
            assert_eq!(ran.object()["state"], "provisioned", "{ran:?}");
        }
    }
}

#[test]
fn what_cannot_be_undone_is_confirmed_and_wrong_files_are_named() {
    let folder = folder(false);
    let ran = provision(&folder, "--random-id");
    assert!(ran.code == 2 && ran.err.contains("not_confirmed"), "{ran:?}");
    let ran = provision(&folder, "--random-id --lrp --yes");
    assert_eq!((ran.code, &ran.object()["permanent"]), (0, &json!(["lrp", "random_id"])), "{ran:?}");
    let read = folder.done("--json read --backend sim --keys keys.json").object();
    assert_eq!(
        (&read["random_uid"], &read["uid"], &read["scheme"]),
        (&json!(true), &json!(UID), &json!("ntag424-lrp"))
    );
    folder.write("bad.json", "{\"version\": 1, \"master_key\": \"c9eb\"}");
    for (arguments, kind) in [
        (format!("tag verify --backend sim --template {TEMPLATE} --keys bad.json"), "bad_keys"),
        (
            "tag verify --backend sim --template tap.example/?p={picc} --keys tag-keys.json".to_owned(),
            "bad_template",
        ),
        (
            format!("tag verify --backend sim --template {TEMPLATE} --keys tag-keys.json --version 7"),
            "bad_argument",
        ),
        ("tag recover --backend sim --keys tag-keys.json".to_owned(), "missing_argument"),
    ] {
        let ran = folder.at_now(&format!("--json {arguments}"));
        assert!(ran.code == 2 && ran.err.contains(kind) && !ran.err.contains("c9eb"), "{arguments}: {ran:?}");
    }
    folder.write("bad.sim", "{\"ntag424\":\"04\"}\n");
    let ran = folder.at_now("--json read --backend sim --sim-tag bad.sim");
    assert!(ran.code == 2 && ran.err.contains("bad_sim_tag"), "{ran:?}");
    let ran = folder.at_now("--json read --backend pn532 --reader nowhere --wait 1");
    assert_eq!(ran.code, 3, "{ran:?}");
}

#[test]
fn taps_are_told_as_they_come() {
    let folder = folder(false);
    assert_eq!(provision(&folder, "").code, 0);
    let watched = folder.done("--json reader watch --backend sim --keys keys.json --count 1").lines();
    assert_eq!(watched[0], json!({ "event": "reader_up" }));
    let tap = watched.iter().find(|event| event["event"] == "tap").unwrap();
    assert_eq!((&tap["verdict"], &tap["uid"], &tap["read_ctr"]), (&json!("genuine"), &json!(UID), &json!(2)));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_watch_cleanly() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let folder = folder(false);
    let mut command = folder.command();
    command.args(["--json", "reader", "watch", "--backend", "sim", "--keys", "keys.json"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    told.read_line(&mut first).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&first).unwrap(), json!({ "event": "reader_up" }));
    let killed = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().unwrap();
    assert!(killed.success());
    // Read to the end: who stops listening is another ending.
    assert!(told.lines().all(|line| line.is_ok()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_self_test_says_what_was_not_tested() {
    let folder = folder(false);
    assert_eq!(provision(&folder, "").code, 0);
    let steps = folder.done("--json reader selftest --backend sim --yes").lines();
    let went = |step: &str| steps.iter().find(|one| one["step"] == step).unwrap()["result"].clone();
    for (step, result) in [
        ("open", "passed"),
        ("sign of life", "passed"),
        ("card and message", "passed"),
        ("removal noticed", "not_tested"),
        ("cancel", "passed"),
        ("phone", "not_tested"),
        ("unplug and replug", "not_tested"),
    ] {
        assert_eq!(went(step), result, "{steps:?}");
    }
    let listed = folder.done("--json reader list --backend sim").object();
    assert_eq!(listed, json!({ "backend": "sim", "reader": "sim" }));
}
