//! The command at a reader of PC/SC: a real pcscd with a virtual reader.
#![cfg(all(feature = "pcsc", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../phygital-reader/tests/support/pcscd.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod pcscd;

use std::process::Command;

use pcscd::{Pcscd, inside};
use phygital_sim::{Field, Type4Tag, VPCD_PORT, VpcdCard};
use serde_json::{Value, json};

/// What the command says, and its exit code.
fn run(arguments: &str) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phygital"));
    let ran = command.args(arguments.split(' ')).output().unwrap();
    (String::from_utf8(ran.stdout).unwrap(), ran.status.code().unwrap())
}

#[test]
fn readers_of_the_service_are_listed_and_read() {
    inside("readers_of_the_service_are_listed_and_read", || {
        assert_ne!(run("reader list --json --backend pcsc").1, 0, "there is no service");
        let _pcscd = Pcscd::start();
        let (listed, code) = run("reader list --json --backend pcsc");
        let lines = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
        let named = |reader| json!({ "backend": "pcsc", "reader": reader });
        assert_eq!((lines, code), (vec![named("Virtual PCD"), named("Virtual PCD slot 1")], 0));

        let field = Field::new();
        let _card = VpcdCard::new(field.clone(), VPCD_PORT);
        field.put(Type4Tag::new(b"\xD1\x01\x0CU\x04tap.example"));
        let (read, _) = run("read --json --backend pcsc");
        let read: Value = serde_json::from_str(&read).unwrap();
        assert_eq!(read["url"], "https://tap.example", "{read}");
        // The first backend that has a reader is this one.
        let (selftest, code) = run("reader selftest --yes --wait 1");
        assert_eq!(code, 0, "{selftest}");
        assert!(selftest.contains("card and message   passed"), "{selftest}");
    });
}
