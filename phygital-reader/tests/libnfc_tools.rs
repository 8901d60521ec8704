//! libnfc's own programs on the emulated PN532: they cannot tell it from a chip.

#![cfg(all(unix, feature = "libnfc"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test, which tells what it skipped")]

use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use phygital_sim::pn532::Pn532Chip;
use phygital_sim::{Field, Type4Tag};

/// No program takes so long, whatever else the machine does.
const LONG: Duration = Duration::from_secs(60);
/// As nfc-list and nfc-poll print the UID of [`Type4Tag`].
const UID: &str = "04  a1  b2  c3  d4  e5  f6";

#[test]
fn nfc_list_finds_the_tag_that_lies_there() {
    let field = Field::new();
    let chip = Pn532Chip::start(field.clone()).unwrap();
    let Some(empty) = run("nfc-list", &chip) else { return };
    assert!(!text(&empty).contains("UID"), "{}", text(&empty));
    field.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"));
    let found = text(&run("nfc-list", &chip).unwrap());
    assert!(found.contains(UID) && found.contains("1 ISO14443A passive target(s) found"), "{found}");
    // It leaves the chip as one leaves a chip.
    assert!(!chip.chip().is_awake() && !chip.chip().field_is_on());
    let commands = chip.log().iter().map(|exchange| exchange.command()).collect::<Vec<_>>();
    assert_eq!(commands.last().unwrap(), &[0xD4, 0x16, 0xF0]);
    assert!(commands.contains(&vec![0xD4, 0x4A, 0x01, 0x00]));
}

#[test]
fn nfc_list_comes_back_with_the_chip() {
    let field = Field::new();
    field.put(Type4Tag::new(b""));
    let chip = Pn532Chip::start(field).unwrap();
    chip.unplug().unwrap();
    let Some(gone) = run("nfc-list", &chip) else { return };
    assert!(!text(&gone).contains(UID), "{}", text(&gone));
    chip.plug().unwrap();
    let found = text(&run("nfc-list", &chip).unwrap());
    assert!(found.contains(UID), "{found}");
}

#[test]
fn nfc_poll_sees_a_tag_come_and_go() {
    let field = Field::new();
    let chip = Pn532Chip::start(field.clone()).unwrap();
    let Some(polls) = start("nfc-poll", &chip) else { return };
    wait_for(&chip, 0x60); // InAutoPoll
    field.put(Type4Tag::new(b""));
    wait_for(&chip, 0x42); // InCommunicateThru: is it still there?
    field.take();
    let seen = text(&end(polls));
    assert!(seen.contains(UID) && seen.contains("done"), "{seen}");
}

#[test]
fn a_program_that_was_killed_leaves_a_chip_that_can_be_opened() {
    let field = Field::new();
    let chip = Pn532Chip::start(field.clone()).unwrap();
    let Some(mut polls) = start("nfc-poll", &chip) else { return };
    wait_for(&chip, 0x60);
    polls.kill().unwrap();
    polls.wait().unwrap();
    field.put(Type4Tag::new(b""));
    let found = text(&run("nfc-list", &chip).unwrap());
    assert!(found.contains(UID), "{found}");
}

/// Runs a program of libnfc to its end; `None` where it is not installed.
fn run(program: &str, chip: &Pn532Chip) -> Option<Output> {
    start(program, chip).map(end)
}

fn start(program: &str, chip: &Pn532Chip) -> Option<Child> {
    let mut command = Command::new(program);
    command.env("LIBNFC_DEVICE", format!("pn532_uart:{}", chip.path().display()));
    match command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => Some(child),
        Err(error) => {
            println!("skipped: {program} cannot be run ({error}); install libnfc-bin and libnfc-examples");
            assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "{program} is missing");
            None
        }
    }
}

fn end(mut child: Child) -> Output {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > LONG {
            child.kill().unwrap();
            panic!("it hangs: {}", text(&child.wait_with_output().unwrap()));
        }
        sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Until the chip was given this command.
fn wait_for(chip: &Pn532Chip, code: u8) {
    let began = Instant::now();
    while !chip.log().iter().any(|exchange| exchange.command().get(1) == Some(&code)) {
        assert!(began.elapsed() < LONG, "no command {code:02X}");
        sleep(Duration::from_millis(5));
    }
}

fn text(output: &Output) -> String {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    format!("{out}\n{err}")
}
