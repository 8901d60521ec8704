//! `docs/command.md` and `docs/conversation.md`: every example of a page is run, in order, in one folder.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::Path;
use std::process::Command;

use support::Folder;

/// What differs from run to run.
const ANYTHING: char = '\u{2026}';

#[test]
fn the_examples_are_true() {
    let commands = run("command.md");
    assert!(commands > 30, "{commands}");
}

#[test]
fn the_conversations_are_true() {
    assert_eq!(run("conversation.md"), 8);
}

/// Runs the examples of a page, and gives how many there are.
fn run(page: &str) -> usize {
    let page = format!("{}/../docs/{page}", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(page).unwrap();
    let folder = Folder::new();
    let mut commands = 0;
    let mut code = 0;
    for (info, text) in blocks(&page) {
        match info.split_once(' ') {
            Some((_, file)) => folder.write(file, &text),
            None if info == "console" => {
                for example in text.split("$ ").skip(1) {
                    let (command, expected) = example.split_once('\n').unwrap();
                    commands += 1;
                    let found = if command == "echo $?" {
                        format!("{code}\n")
                    } else {
                        let (ran, out) = shell(&folder, command);
                        code = ran;
                        out
                    };
                    compare(command, expected, &found);
                }
            }
            None => {}
        }
    }
    commands
}

/// The fenced blocks of a page: what stands behind the fence, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                found.push((info.to_owned(), String::new()));
                open = true;
            }
            None if open => {
                let (_, text) = found.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            None => {}
        }
    }
    found
}

/// Runs a line of a shell, and gives its exit code and what it said on both outputs.
fn shell(folder: &Folder, command: &str) -> (i32, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_phygital")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(folder.path(""));
    shell.env("PATH", path).env_remove("PHYGITAL_DB").env_remove("PHYGITAL_TENANT_KEY");
    let ran = support::ran(shell.output().unwrap());
    (ran.code, ran.out)
}

fn compare(command: &str, expected: &str, found: &str) {
    let same = expected.lines().count() == found.lines().count()
        && expected.lines().zip(found.lines()).all(|(one, other)| matches(one.trim_end(), other.trim_end()));
    assert!(same, "$ {command}\nthe page says:\n{expected}\nit said:\n{found}");
}

/// Whether a text has the parts of a pattern in their order, the first at its start and the last at its end.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split(ANYTHING);
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn patterns_match_as_meant() {
    assert!(matches("a\u{2026}c", "abbc") && matches("a", "a") && matches("\u{2026}", ""));
    assert!(!matches("a\u{2026}c", "abb") && !matches("a", "ab") && !matches("b\u{2026}", "ab"));
}
