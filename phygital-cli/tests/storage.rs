//! What goes wrong below: files that cannot be read or written, and arguments that are none.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::fs;

use serde_json::json;
use support::{Folder, NOW, event};

/// How a command failed on the store as it lies there.
fn failure(folder: &Folder, arguments: &str) -> (i32, String) {
    let ran = folder.at_now(&format!("--json {arguments}"));
    assert_eq!(ran.err.lines().count(), 1, "one line: {}", ran.err);
    (ran.code, ran.error()["kind"].as_str().unwrap().to_owned())
}

fn is(code: i32, kind: &str) -> (i32, String) {
    (code, kind.to_owned())
}

#[test]
fn a_store_that_is_none_is_told() {
    let folder = Folder::shop();
    let good = folder.store();
    let corrupt = |bytes: &[u8]| {
        fs::write(folder.path("shop.db"), bytes).unwrap();
        failure(&folder, "tag list")
    };
    assert_eq!(
        corrupt(b"this is no database, but it is longer than its header would be, and some more, and so on."),
        is(3, "corrupt")
    );
    assert_eq!(corrupt(b""), is(3, "unopened"));
    // The version stands at byte 60 of the header (SQLite file format, 1.3): `user_version`.
    let mut newer = good.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    assert_eq!(corrupt(&newer), is(3, "newer"));
    let mut torn = good.clone();
    torn[4096..].fill(0xa5);
    assert_eq!(corrupt(&torn), is(3, "corrupt"));
    fs::write(folder.path("shop.db"), good).unwrap();
    folder.done("tag list");
    fs::remove_file(folder.path("shop.db")).unwrap();
    for command in
        ["tag list", "record x", "card cookie:c", "explain cookie:a cookie:b", "outbox list", "rebuild"]
    {
        assert_eq!(failure(&folder, command), is(3, "unopened"), "{command}");
    }
    assert!(!folder.path("shop.db").exists(), "only init makes a store");
    fs::create_dir(folder.path("shop.db")).unwrap();
    assert_eq!(failure(&folder, "tag list"), is(3, "unopened"));
}

#[test]
fn a_damaged_state_is_seen_and_put_right() {
    let folder = Folder::shop();
    let line = event("e-1", "visit_started", NOW, "loyalty:needle-42", "{}");
    assert_eq!(folder.fed("record -", line.as_bytes()).code, 0);
    // The identifier stands in the log's payload and in the folded state, in a table and its index: change the state's
    // alone.
    let mut bytes = folder.store();
    let needle = b"needle-42";
    let is_state = |at: &usize| bytes[*at..].starts_with(needle) && !bytes[..*at].ends_with(br#""value":""#);
    let state: Vec<usize> = (0..bytes.len()).filter(is_state).collect();
    assert!(!state.is_empty());
    for at in state {
        bytes[at + 8] = b'3';
    }
    fs::write(folder.path("shop.db"), bytes).unwrap();
    let check = folder.at_now("rebuild --check --json");
    assert_eq!((check.code, &check.object()["equal"]), (1, &json!(false)), "{check:?}");
    assert!(folder.at_now("rebuild --check").out.contains("differs"));
    let rebuilt = folder.done("rebuild");
    assert!(rebuilt.out.contains("was put right"), "{}", rebuilt.out);
    folder.done("rebuild --check");
}

/// Changes the payload of an event where it lies in the file.
fn change_payload(folder: &Folder, id: &str) {
    let mut bytes = folder.store();
    let id = format!(r#""id":"{id}""#);
    let id = bytes.windows(id.len()).position(|part| part == id.as_bytes()).unwrap();
    let title = bytes[id..].windows(6).position(|part| part == b"needle").unwrap();
    bytes[id + title] = b'N';
    fs::write(folder.path("shop.db"), &bytes).unwrap();
}

#[test]
fn a_changed_log_is_seen() {
    let folder = Folder::shop();
    let line = |n: u32| event(&format!("e-{n}"), "page_viewed", NOW, "cookie:c-1", r#"{"title":"needle"}"#);
    let record = |folder: &Folder, count: u32| {
        let lines: Vec<String> = (1..=count).map(line).collect();
        assert_eq!(folder.fed("record -", lines.join("\n").as_bytes()).code, 0);
    };
    record(&folder, 2);
    change_payload(&folder, "e-2");
    // The end of the log is checked whenever it is opened.
    assert_eq!(failure(&folder, "tag list"), is(3, "chain_broken"));

    // Who asks for all of it is answered no.
    let folder = Folder::shop();
    record(&folder, 80);
    change_payload(&folder, "e-1");
    folder.done("tag list");
    assert_eq!(failure(&folder, "log check"), is(1, "chain_broken"));
    assert_eq!(failure(&folder, "rebuild --check"), is(1, "chain_broken"));
    assert_eq!(failure(&folder, "rebuild"), is(3, "chain_broken"));
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_written_is_told() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = Folder::shop();
    let root = fs::metadata(folder.path("shop.db")).unwrap().uid() == 0;
    fs::set_permissions(folder.path("shop.db"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = folder.path("phygital");
    fs::copy(env!("CARGO_BIN_EXE_phygital"), &copy).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = folder.command();
        if root {
            // Root may write anything, so the command runs as somebody else, from where she may run it.
            command = std::process::Command::new(&copy);
            command.current_dir(folder.path("")).uid(65534).stdin(std::process::Stdio::null());
        }
        support::ran(command.arg("--json").args(arguments).output().unwrap())
    };
    for asks in [&["tag", "list"][..], &["outbox", "list"], &["log", "check"], &["review"]] {
        let asked = run(asks);
        assert_eq!(asked.code, 0, "what only asks is answered: {asked:?}");
    }
    let ran = run(&["record", "-"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let kind = ran.error()["kind"].as_str().unwrap().to_owned();
    assert!(["read_only", "unopened"].contains(&kind.as_str()), "{kind}");
}

#[test]
fn misuse_is_one_line_and_repeats_nothing_personal() {
    let folder = Folder::new();
    for arguments in [
        &["card", "a", "zoe@shop.example"][..],
        &["zoe@shop.example"],
        &["card", "+15105550123", "--role", "zoe@shop.example"],
        &["--now", "zoe@shop.example", "card", "a:b"],
        &["consent", "grant", "x", "--purpose", "zoe@shop.example"],
        &["tag", "retire", "zoe@shop.example"],
        &["card"],
        &["--zoe=zoe@shop.example"],
        &[],
        &["tag"],
    ] {
        for json in [false, true] {
            let mut arguments = arguments.to_vec();
            if json {
                arguments.push("--json");
            }
            let ran = folder.run(&arguments);
            assert_eq!(ran.code, 2, "{arguments:?}");
            assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
            assert!(!ran.err.contains("shop.example"), "{}", ran.err);
            assert_eq!(ran.out, "");
            if json {
                assert_eq!(ran.error()["exit"], 2);
            }
        }
    }
}

#[test]
fn help_and_version_are_answers() {
    let folder = Folder::new();
    let help = folder.run(&["--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for command in
        ["demo", "init", "tap", "tag", "record", "card", "explain", "consent", "outbox", "rebuild", "log"]
    {
        assert!(help.out.contains(&format!("\n  {command} ")), "{}", help.out);
        assert_eq!(folder.run(&[command, "--help"]).code, 0);
    }
    assert!(help.out.contains("Exit codes"), "{}", help.out);
    assert_eq!(folder.run(&["--version"]).code, 0);
}

#[test]
fn the_environment_names_the_store() {
    let folder = Folder::new();
    let run = |arguments: &[&str]| {
        let mut command = folder.command();
        support::ran(command.env("PHYGITAL_DB", "env.db").args(arguments).output().unwrap())
    };
    assert_eq!(run(&["init"]).code, 0);
    assert!(folder.path("env.db").exists() && !folder.path("shop.db").exists());
    assert_eq!(run(&["tag", "list"]).code, 0);
    assert_eq!(run(&["--db", "other.db", "tag", "list"]).code, 3, "an argument is stronger");
}

#[test]
fn who_reads_no_further_is_not_complained_to() {
    use std::process::Stdio;
    let folder = Folder::shop();
    let line = event("e-1", "page_viewed", NOW, "cookie:c-1", "{}");
    assert_eq!(folder.fed("record -", line.as_bytes()).code, 0);
    let mut command = folder.command();
    let mut child =
        command.args(["log", "list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = support::ran(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.err.as_str()), (3, ""));
}
