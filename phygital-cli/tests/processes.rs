//! Several processes on one store, each a command of its own.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::process::{Child, Stdio};

use serde_json::json;
use support::{Folder, NOW, event, ran, tag, tap};

/// Starts the command, to be waited for later.
fn start(folder: &Folder, arguments: &[&str]) -> Child {
    let mut command = folder.command();
    command.args(["--now", NOW, "--json"]).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn two_processes_record_side_by_side() {
    let folder = Folder::shop();
    for name in ["one", "two"] {
        let line = |n| event(&format!("{name}-{n}"), "page_viewed", NOW, &format!("cookie:c-{n}"), "{}");
        folder.write(name, &(0..200).map(line).collect::<Vec<_>>().join("\n"));
    }
    let running = ["one", "two"].map(|file| start(&folder, &["record", "--batch", "5", file]));
    for child in running {
        let ran = ran(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.lines().iter().all(|line| line["result"] == "accepted"));
    }
    assert_eq!(folder.done("log check --json").object()["entries"], 400);
    folder.done("rebuild --check");
}

#[test]
fn of_many_processes_with_one_url_one_accepts_it() {
    let folder = Folder::shop();
    folder.done("tag enroll 04a1b2c3d4e501");
    let url = tap(&mut tag(1));
    let running: Vec<Child> = (0..8).map(|_| start(&folder, &["tap", "verify", &url])).collect();
    let mut verdicts = Vec::new();
    for child in running {
        let ran = ran(child.wait_with_output().unwrap());
        assert!(ran.code < 2, "{}", ran.err);
        verdicts.push(ran.object()["verdict"].clone());
    }
    verdicts.sort_by_key(ToString::to_string);
    assert_eq!(verdicts[0], json!("genuine"));
    assert!(verdicts[1..].iter().all(|verdict| *verdict == json!("replayed")), "{verdicts:?}");
}
