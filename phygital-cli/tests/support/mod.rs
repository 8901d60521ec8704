//! What the command's tests share: a folder, the command run in it, its answers.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its share")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use phygital_core::crypto::Secret;
use phygital_core::tap::simulator::SoftTag;
use serde_json::Value;
use tempfile::TempDir;

/// When tests take place.
pub const NOW: &str = "2026-03-02T09:00:00Z";

/// A folder of its own, in which the command runs.
pub struct Folder(TempDir);

/// What the command answered.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A folder with a store, its settings with a notice, and the keys of [`tag`].
    pub fn shop() -> Folder {
        let folder = Folder::new();
        folder.write(
            "notice.json",
            r#"{"id": "n-1", "text": "Text us to be known. STOP ends it.", "sender": "+15105550101",
                "purposes": ["recognition", "personalization", "marketing"], "language": "en"}"#,
        );
        folder.write("keys.json", &keys());
        folder.done("init --brand Ada --notice notice.json --device 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a");
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The command, to be run in this folder.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phygital"));
        command.current_dir(self.0.path()).env_remove("PHYGITAL_DB").env_remove("PHYGITAL_TENANT_KEY");
        command.stdin(Stdio::null());
        command
    }

    /// Runs the command with these arguments.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, arguments: &[S]) -> Ran {
        let output = self.command().args(arguments).output().unwrap();
        ran(output)
    }

    /// Runs the command with arguments that hold no space, at [`NOW`].
    pub fn at_now(&self, arguments: &str) -> Ran {
        let arguments: Vec<&str> = ["--now", NOW].into_iter().chain(arguments.split_whitespace()).collect();
        self.run(&arguments)
    }

    /// As [`Folder::at_now`], for what has to succeed.
    pub fn done(&self, arguments: &str) -> Ran {
        let ran = self.at_now(arguments);
        assert_eq!(ran.code, 0, "{arguments}: {ran:?}");
        ran
    }

    /// Runs the command with a text on its standard input.
    pub fn fed(&self, arguments: &str, input: &[u8]) -> Ran {
        let mut command = self.command();
        command.args(["--now", NOW]).args(arguments.split_whitespace());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let feeder = std::thread::spawn(move || {
            // Who refuses early does not read to the end.
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        ran(output)
    }

    /// The bytes of the store.
    pub fn store(&self) -> Vec<u8> {
        fs::read(self.path("shop.db")).unwrap()
    }
}

pub fn ran(output: std::process::Output) -> Ran {
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// Standard output as JSON Lines.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The one object on standard output.
    pub fn object(&self) -> Value {
        let mut lines = self.lines();
        assert_eq!(lines.len(), 1, "{self:?}");
        lines.remove(0)
    }

    /// The last error of standard error, which has to be JSON.
    pub fn error(&self) -> Value {
        let line = self.err.lines().last().unwrap();
        serde_json::from_str::<Value>(line).unwrap()["error"].clone()
    }
}

fn key(n: u8) -> String {
    format!("{n:02x}").repeat(16)
}

/// A tag in software: number `n` of the shop's.
pub fn tag(n: u8) -> SoftTag {
    let uid = format!("04a1b2c3d4e5{n:02x}").parse().unwrap();
    let template = "tap.example/t?p={picc}&c={mac}".parse().unwrap();
    let secret = |n| Secret::from_hex(&key(n)).unwrap();
    SoftTag::new(uid, template, &secret(n)).meta_read_key(&secret(0xee))
}

/// The keys of the first three tags, as a file has them.
pub fn keys() -> String {
    let set = |n: u8| {
        format!(
            r#"{{"uid": "04a1b2c3d4e5{n:02x}", "file_read_key": "{}", "meta_read_key": "{}"}}"#,
            key(n),
            key(0xee)
        )
    };
    format!("[{}, {}, {}]", set(1), set(2), set(3))
}

/// The URL of a tag's next tap.
pub fn tap(tag: &mut SoftTag) -> String {
    tag.tap(&[9; 16]).unwrap()
}

/// An event as a line of JSON.
pub fn event(id: &str, kind: &str, at: &str, identifier: &str, properties: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"//test","type":"com.phygital.{kind}","time":"{at}","data":{{"identifiers":["{identifier}"],"place":"paris-1","properties":{properties}}}}}"#
    )
}
