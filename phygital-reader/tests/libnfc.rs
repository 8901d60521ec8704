//! The real libnfc on an emulated PN532: within this process, and in the helper's.

#![cfg(all(target_os = "linux", feature = "libnfc"))]
#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "support/nfcd.rs"]
mod nfcd;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use phygital_core::crypto::Secret;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{self, KeySet, Keys};
use phygital_reader::libnfc::{LibnfcBackend, NfcdBackend};
use phygital_reader::{Backend, LinkError, LinkFault, Reader, ReaderName, Technology};
use phygital_sim::pn532::{Pn532Chip, Pn532Fault};
use phygital_sim::{Activation, Answer, Field, SoftCard, Type4Tag};
use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything here takes, whatever else the machine does.
const LONG: Duration = Duration::from_secs(30);

/// What an answer takes.
const SHORT: Duration = Duration::from_millis(500);

const APPLICATION: &[u8] = b"\x00\xA4\x04\x00\x07\xD2\x76\x00\x00\x85\x01\x01\x00";
const CONTAINER: &[u8] = b"\x00\xA4\x00\x0C\x02\xE1\x03";
const MESSAGE: &[u8] = b"\x00\xA4\x00\x0C\x02\xE1\x04";
const OK: &[u8] = b"\x90\x00";

/// A chip, what lies on it, and a name for it.
struct Bench {
    field: Field,
    chip: Pn532Chip,
    name: ReaderName,
}

impl Bench {
    fn new() -> Self {
        let field = Field::new();
        let chip = Pn532Chip::start(field.clone()).unwrap();
        let name = ReaderName::new(chip.path().to_str().unwrap());
        Self { field, chip, name }
    }

    fn with_tag() -> Self {
        let bench = Self::new();
        bench.field.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"));
        bench
    }

    fn fault(&self, fault: Pn532Fault) {
        self.chip.chip().faults().next(fault);
    }

    /// The helper that has the chip open.
    fn helper(&self) -> Option<Pid> {
        nfcd::with_open(self.chip.path())
    }

    fn signal(&self, signal: Signal) -> Pid {
        let helper = self.helper().expect("a helper has the chip open");
        kill_process(helper, signal).unwrap();
        helper
    }

    /// The bytes that the chip was sent. The nought after a frame counts as the beginning of the next.
    fn heard(&self) -> Vec<u8> {
        let heard = self.chip.log().into_iter().flat_map(|exchange| exchange.host).collect::<Vec<_>>();
        let begin = heard.iter().position(|byte| *byte != 0).unwrap_or(0);
        heard[begin..].to_vec()
    }
}

fn helper() -> NfcdBackend {
    NfcdBackend::at(env!("CARGO_BIN_EXE_phygital-nfcd"))
}

/// Both ways to libnfc.
fn ways() -> [(&'static str, Box<dyn Backend>); 2] {
    [("in process", Box::new(LibnfcBackend::new())), ("helper", Box::new(helper()))]
}

fn say(reader: &mut dyn Reader, command: &[u8]) -> Result<Vec<u8>, LinkError> {
    reader.link().transceive(command, SHORT)
}

fn fault<T>(result: Result<T, LinkError>) -> Option<LinkFault> {
    result.err().map(|error| error.fault)
}

/// Finds the tag and reads its message.
fn read_ndef(reader: &mut dyn Reader) -> Vec<u8> {
    let card = reader.poll(LONG).unwrap().expect("a tag lies there");
    assert_eq!(card.technology, Technology::IsoDep);
    assert_eq!(say(reader, APPLICATION).unwrap(), OK);
    assert_eq!(say(reader, MESSAGE).unwrap(), OK);
    let length = say(reader, b"\x00\xB0\x00\x00\x02").unwrap();
    let [0, length, 0x90, 0x00] = length[..] else { panic!("a length of {length:02X?}") };
    let mut message = say(reader, &[0x00, 0xB0, 0x00, 0x02, length]).unwrap();
    assert_eq!(message.split_off(message.len() - 2), OK);
    message
}

/// A card that answers by rule.
struct Rule<F>(Activation, F);

impl<F: FnMut(&[u8]) -> Answer + Send> Rule<F> {
    fn iso_dep(rule: F) -> Self {
        let (uid, ats) = (vec![4, 1, 2, 3, 4, 5, 6], Some(vec![6, 0x77, 0x77, 0x71, 2, 0x80]));
        Self(Activation { atqa: [0x44, 0x03], sak: 0x20, uid, ats }, rule)
    }

    fn plain(atqa: [u8; 2], sak: u8, rule: F) -> Self {
        Self(Activation { atqa, sak, uid: vec![4, 1, 2, 3, 4, 5, 6], ats: None }, rule)
    }
}

impl<F: FnMut(&[u8]) -> Answer + Send> SoftCard for Rule<F> {
    fn activate(&mut self) -> Activation {
        self.0.clone()
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        (self.1)(command)
    }
}

#[test]
fn a_sun_url_is_read_and_verified() {
    let template = "tap.example/l/STORE-0042?p={picc}&c={mac}".parse().unwrap();
    let uid = "04a1b2c3d4e5f6".parse().unwrap();
    let mut tag = SoftTag::new(uid, template, &Secret::zeros()).meta_read_key(&Secret::zeros());
    let keys = Keys::new([KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros())]).unwrap();
    let bench = Bench::new();
    for (round, (way, mut backend)) in (1..).zip(ways()) {
        let url = tag.tap(&[7; 16]).unwrap();
        let uri = url.strip_prefix("https://").unwrap();
        let head = [0xD1, 0x01, u8::try_from(uri.len() + 1).unwrap(), b'U', 0x04];
        bench.field.put(Type4Tag::new(&[&head, uri.as_bytes()].concat()));
        let mut reader = backend.open(&bench.name).unwrap();
        let message = read_ndef(reader.as_mut());
        let read = format!("https://{}", std::str::from_utf8(&message[5..]).unwrap());
        let tap = tap::verify(&read, &keys).unwrap();
        assert_eq!(tap.read_ctr().map(|counter| counter.get()), Some(round), "{way}");
    }
}

#[test]
fn its_bytes_are_those_of_the_record() {
    let record = include_str!("../../phygital-sim/tests/data/pn532-libnfc.txt");
    let run = |name: &str| {
        let run = record.split("run ").find_map(|run| run.strip_prefix(name)?.strip_prefix('\n')).unwrap();
        let frames = run.lines().filter_map(|line| line.strip_prefix("> "));
        frames
            .flat_map(|frame| {
                (0..frame.len()).step_by(2).map(|at| u8::from_str_radix(&frame[at..at + 2], 16).unwrap())
            })
            .collect::<Vec<_>>()
    };
    for (way, mut backend) in ways() {
        let bench = Bench::with_tag();
        // A chip that was just given its power: to the end of the set-up.
        drop(backend.open(&bench.name).unwrap());
        let (list, heard) = (run("nfc-list"), bench.heard());
        let set_up = b"\xD4\x32\x05\x00\x01\x02\xF2";
        let end = list.windows(set_up.len()).position(|window| window == set_up).unwrap() + set_up.len();
        assert_eq!(heard[..end], list[..end], "{way}");

        // One that was used before: open, selection, commands, presence, close.
        bench.chip.chip().clear_log();
        let mut reader = backend.open(&bench.name).unwrap();
        assert!(reader.poll(Duration::ZERO).unwrap().is_some());
        for command in [
            APPLICATION,
            CONTAINER,
            b"\x00\xB0\x00\x00\x0F",
            MESSAGE,
            b"\x00\xB0\x00\x00\x02",
            b"\x00\xB0\x00\x02\x49",
        ] {
            say(reader.as_mut(), command).unwrap();
        }
        assert!(reader.link().is_present().unwrap());
        drop(reader);
        let whole = run("nfc1-read-type4");
        assert_eq!(bench.heard(), whole[..whole.len() - 1], "{way}");
        assert!(!bench.chip.chip().is_awake() && !bench.chip.chip().field_is_on());
    }
}

#[test]
fn a_card_that_is_taken_away_is_gone_and_comes_back() {
    for (way, mut backend) in ways() {
        let bench = Bench::with_tag();
        let mut reader = backend.open(&bench.name).unwrap();
        assert_eq!(
            fault(say(reader.as_mut(), APPLICATION)),
            Some(LinkFault::CardGone),
            "{way}: none was found"
        );
        assert!(!reader.link().is_present().unwrap());
        read_ndef(reader.as_mut());
        assert!(reader.link().is_present().unwrap() && reader.link().is_present().unwrap());
        let tag = bench.field.take().unwrap();
        assert_eq!(fault(say(reader.as_mut(), APPLICATION)), Some(LinkFault::CardGone), "{way}");
        assert!(!reader.link().is_present().unwrap());
        assert_eq!(reader.poll(Duration::from_millis(50)).unwrap(), None);
        bench.field.put_boxed(tag);
        read_ndef(reader.as_mut());
        // Also one that stays, after it was let go, and after it was not.
        reader.release().unwrap();
        assert!(!bench.chip.chip().field_is_on());
        read_ndef(reader.as_mut());
        read_ndef(reader.as_mut());
        reader.health().unwrap();
    }
}

#[test]
fn a_reader_that_is_pulled_out_is_gone_and_comes_back() {
    for (way, mut backend) in ways() {
        let bench = Bench::with_tag();
        let mut reader = backend.open(&bench.name).unwrap();
        read_ndef(reader.as_mut());
        bench.chip.unplug().unwrap();
        assert_eq!(fault(say(reader.as_mut(), APPLICATION)), Some(LinkFault::ReaderGone), "{way}");
        assert!(fault(reader.poll(Duration::ZERO)).is_some_and(LinkFault::ends_reader));
        drop(reader);
        assert_eq!(fault(backend.open(&bench.name)), Some(LinkFault::NoSuchReader), "{way}");
        bench.chip.plug().unwrap();
        let mut reader = backend.open(&bench.name).unwrap();
        read_ndef(reader.as_mut());

        // While it looks for a card.
        bench.field.take();
        std::thread::scope(|scope| {
            let poll = scope.spawn(|| reader.poll(LONG));
            sleep(Duration::from_millis(100));
            bench.chip.unplug().unwrap();
            assert_eq!(fault(poll.join().unwrap()), Some(LinkFault::ReaderGone), "{way}");
        });
    }
}

#[test]
fn a_poll_is_cancelled_at_once() {
    for (way, mut backend) in ways() {
        let bench = Bench::new();
        let mut reader = backend.open(&bench.name).unwrap();
        let canceller = reader.canceller();
        std::thread::scope(|scope| {
            let poll = scope.spawn(|| (reader.poll(LONG), Instant::now()));
            sleep(Duration::from_millis(100));
            let begin = Instant::now();
            canceller.cancel();
            let (result, end) = poll.join().unwrap();
            assert_eq!(fault(result), Some(LinkFault::Cancelled), "{way}");
            assert!(end - begin < Duration::from_secs(2), "{way}: {:?}", end - begin);
        });
        // Or the next call; and no more than that.
        canceller.cancel();
        assert_eq!(fault(reader.poll(LONG)), Some(LinkFault::Cancelled), "{way}");
        bench.field.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"));
        read_ndef(reader.as_mut());
    }
}

#[test]
fn a_port_is_held_by_one() {
    let bench = Bench::with_tag();
    for (first, mut backend) in ways() {
        let mut reader = backend.open(&bench.name).unwrap();
        for (second, mut other) in ways() {
            assert_eq!(fault(other.open(&bench.name)), Some(LinkFault::Busy), "{first}, {second}");
        }
        #[cfg(feature = "pn532")]
        assert_eq!(
            fault(phygital_reader::pn532::Pn532Backend::new().open(&bench.name)),
            Some(LinkFault::Busy),
            "our driver takes the same lock"
        );
        read_ndef(reader.as_mut());
    }
}

#[test]
fn a_lost_answer_does_not_fail_an_open() {
    for (way, mut backend) in ways() {
        let bench = Bench::with_tag();
        for lost in [Pn532Fault::Silent, Pn532Fault::NoAck, Pn532Fault::BadDcs] {
            bench.fault(lost);
            read_ndef(backend.open(&bench.name).unwrap().as_mut());
        }
        // The third command is GetFirmwareVersion. libnfc forgets that it failed, and would read a null pointer at the
        // first selection.
        for command in 3..7 {
            let bench = Bench::with_tag();
            bench.chip.chip().faults().at(command, Pn532Fault::Silent);
            read_ndef(backend.open(&bench.name).expect(way).as_mut());
        }
    }
}

#[test]
fn a_port_without_a_chip_is_no_reader() {
    for (way, mut backend) in ways() {
        let bench = Bench::new();
        for _ in 0..3 {
            bench.fault(Pn532Fault::Hang);
        }
        let begin = Instant::now();
        assert_eq!(fault(backend.open(&bench.name)), Some(LinkFault::Timeout), "{way}");
        assert!(begin.elapsed() < LONG);
        assert_eq!(fault(backend.open(&ReaderName::new("/dev/null"))), Some(LinkFault::Timeout), "{way}");
        let absent = ReaderName::new("/dev/no-such-port");
        assert_eq!(fault(backend.open(&absent)), Some(LinkFault::NoSuchReader), "{way}");
        let long = ReaderName::new(format!("/dev/{}", "n".repeat(300)));
        assert_eq!(fault(backend.open(&long)), Some(LinkFault::NoSuchReader), "{way}");
    }
}

/// 262 bytes pass, 263 would end the process.
#[test]
fn a_command_as_long_as_can_be_and_one_past_it() {
    for (way, mut backend) in ways() {
        let heard = Arc::new(Mutex::new(0));
        let bench = Bench::new();
        let card = Arc::clone(&heard);
        bench.field.put(Rule::iso_dep(move |command| {
            *card.lock().unwrap() = command.len();
            Answer::Bytes(vec![0x90, 0x00])
        }));
        let mut reader = backend.open(&bench.name).unwrap();
        let capabilities = reader.capabilities();
        assert_eq!((capabilities.command_bytes_max, capabilities.answer_bytes_max), (262, 261));
        assert!(capabilities.type2 && !capabilities.raw && reader.raw().is_none());
        assert!(reader.poll(LONG).unwrap().is_some());
        let mut command = vec![0x5A; capabilities.command_bytes_max];
        assert_eq!(say(reader.as_mut(), &command).unwrap(), OK, "{way}");
        assert_eq!(*heard.lock().unwrap(), 262);
        command.push(0);
        for _ in 0..8 {
            assert_eq!(fault(say(reader.as_mut(), &command)), Some(LinkFault::Unsupported), "{way}");
            command.extend_from_within(..);
        }
        assert_eq!(fault(say(reader.as_mut(), &[])), Some(LinkFault::Unsupported), "{way}");
        assert_eq!(say(reader.as_mut(), &command[..5]).unwrap(), OK, "{way}");
    }
}

#[test]
fn an_answer_as_long_as_can_be_and_one_past_it() {
    for (way, mut backend) in ways() {
        let bench = Bench::new();
        bench.field.put(Rule::iso_dep(|command| {
            Answer::Bytes(vec![0x5A; usize::from(u16::from_be_bytes([command[0], command[1]]))])
        }));
        let mut reader = backend.open(&bench.name).unwrap();
        for length in [2_u16, 255, 256, 258, 261] {
            assert!(reader.poll(LONG).unwrap().is_some());
            let answer = say(reader.as_mut(), &length.to_be_bytes()).unwrap();
            assert_eq!(answer, vec![0x5A; length.into()], "{way}");
        }
        // From 262 on it comes in parts, and libnfc would not notice that one was lost.
        for length in [262_u16, 263, 264, 600, 60_000] {
            assert!(reader.poll(LONG).unwrap().is_some());
            assert_eq!(fault(say(reader.as_mut(), &length.to_be_bytes())), Some(LinkFault::Card), "{way}");
            // It has to be found again, and is.
            assert_eq!(fault(say(reader.as_mut(), &[0, 2])), Some(LinkFault::CardGone), "{way}");
        }
        assert!(reader.poll(LONG).unwrap().is_some());
        assert_eq!(say(reader.as_mut(), &[0, 2]).unwrap().len(), 2);
        // In two parts.
        bench.fault(Pn532Fault::Split);
        assert_eq!(say(reader.as_mut(), &[0, 200]).unwrap(), [0x5A; 200], "{way}");
    }
}

#[test]
fn a_card_that_says_nothing_is_gone_soon() {
    for (way, mut backend) in ways() {
        let bench = Bench::new();
        bench.field.put(Rule::iso_dep(|_| Answer::Silence));
        let mut reader = backend.open(&bench.name).unwrap();
        // Nought would be for ever; libnfc gives up before the chip does.
        for within in [Duration::ZERO, Duration::from_micros(1), Duration::from_millis(20), SHORT] {
            assert!(reader.poll(LONG).unwrap().is_some());
            let begin = Instant::now();
            let answer = reader.link().transceive(APPLICATION, within);
            assert_eq!(fault(answer), Some(LinkFault::CardGone), "{way}, {within:?}");
            assert!(begin.elapsed() < Duration::from_secs(5), "{way}: {:?}", begin.elapsed());
        }
    }
}

#[test]
fn a_chip_that_says_nothing_is_a_fault_of_the_reader() {
    for (way, mut backend) in ways() {
        let bench = Bench::with_tag();
        let mut reader = backend.open(&bench.name).unwrap();
        read_ndef(reader.as_mut());
        bench.fault(Pn532Fault::Hang);
        assert_eq!(fault(say(reader.as_mut(), APPLICATION)), Some(LinkFault::Timeout), "{way}");
        drop(reader);
        let mut reader = backend.open(&bench.name).unwrap();
        read_ndef(reader.as_mut());
        for broken in [Pn532Fault::BadDcs, Pn532Fault::BadLcs, Pn532Fault::OtherCode, Pn532Fault::ErrorFrame]
        {
            bench.fault(broken.clone());
            assert_eq!(fault(reader.health()), Some(LinkFault::Reader), "{way}, {broken:?}");
            reader.health().unwrap();
        }
        read_ndef(reader.as_mut());
    }
}

#[test]
fn a_uid_of_sixty_four_bytes_is_survived() {
    for (way, mut backend) in ways() {
        let bench = Bench::with_tag();
        let mut reader = backend.open(&bench.name).unwrap();
        bench.fault(Pn532Fault::LongUid);
        let card = reader.poll(LONG).unwrap().unwrap();
        assert_eq!(card.uid.as_bytes().len(), 10, "{way}");
        read_ndef(reader.as_mut());
    }
}

#[test]
fn type_2_tags_are_spoken_to() {
    let memory = Arc::new(Mutex::new([0_u8; 64]));
    let tag = || {
        let memory = Arc::clone(&memory);
        Rule::plain([0x44, 0x00], 0x00, move |command: &[u8]| {
            let mut memory = memory.lock().unwrap();
            match *command {
                [0x30, page @ 0..12] => Answer::Bytes(memory[usize::from(page) * 4..][..16].to_vec()),
                [0xA2, page @ 0..16, ref data @ ..] if data.len() == 4 => {
                    memory[usize::from(page) * 4..][..4].copy_from_slice(data);
                    Answer::Nibble(0xA)
                }
                [0x60] => Answer::Bytes(vec![0, 4, 4, 2, 1, 0, 0x0F, 3]),
                _ => Answer::Nibble(0),
            }
        })
    };
    for (way, mut backend) in ways() {
        let bench = Bench::new();
        bench.field.put(tag());
        let mut reader = backend.open(&bench.name).unwrap();
        assert_eq!(reader.poll(LONG).unwrap().unwrap().technology, Technology::Type2);
        assert_eq!(say(reader.as_mut(), b"\x60").unwrap(), [0, 4, 4, 2, 1, 0, 0x0F, 3], "{way}");
        assert_eq!(say(reader.as_mut(), b"\xA2\x05page").unwrap(), [0x0A], "{way}");
        assert_eq!(&say(reader.as_mut(), b"\x30\x05").unwrap()[..4], b"page", "{way}");
        assert!(reader.link().is_present().unwrap());
        // That it refuses is an answer; then it listens no more.
        assert_eq!(say(reader.as_mut(), b"\x30\xFF").unwrap(), [0x00], "{way}");
        assert_eq!(fault(say(reader.as_mut(), b"\x30\x05")), Some(LinkFault::CardGone), "{way}");
        assert!(reader.poll(LONG).unwrap().is_some());
        assert_eq!(&say(reader.as_mut(), b"\x30\x05").unwrap()[..4], b"page", "{way}");
        bench.field.take();
        assert!(!reader.link().is_present().unwrap());

        // One that does not know the question that shows it is there.
        bench.field.put(Rule::plain([0x44, 0x00], 0x00, |command: &[u8]| match command {
            [0x30, _] => Answer::Bytes(vec![7; 16]),
            _ => Answer::Nibble(0),
        }));
        assert!(reader.poll(LONG).unwrap().is_some());
        assert!(reader.link().is_present().unwrap() && reader.link().is_present().unwrap(), "{way}");
        assert_eq!(say(reader.as_mut(), b"\x30\x05").unwrap(), [7; 16], "{way}");

        bench.field.put(Rule::plain([0x04, 0x00], 0x08, |_| Answer::Silence));
        assert_eq!(reader.poll(LONG).unwrap().unwrap().technology, Technology::Other);
        assert_eq!(fault(say(reader.as_mut(), b"\x30\x05")), Some(LinkFault::Unsupported), "{way}");
        assert!(reader.link().is_present().unwrap() && reader.link().is_present().unwrap());
        bench.field.put(tag());
        assert!(reader.link().is_present().unwrap(), "one of the same UID lies there");
        bench.field.take();
        assert!(!reader.link().is_present().unwrap());
    }
}

/// The same scenario through our own driver: the same cards, the same answers, the same faults.
#[cfg(feature = "pn532")]
#[test]
fn libnfc_and_our_driver_see_the_same() {
    let seen = [
        Scenario::through(&mut phygital_reader::pn532::Pn532Backend::new()),
        Scenario::through(&mut LibnfcBackend::new()),
        Scenario::through(&mut helper()),
    ];
    assert!(seen[0].len() > 40, "{seen:#?}");
    for other in &seen[1..] {
        for (ours, theirs) in seen[0].iter().zip(other) {
            assert_eq!(ours, theirs);
        }
        assert_eq!(seen[0].len(), other.len());
    }
}

/// What a till sees while cards come, are spoken to, and go.
#[cfg(feature = "pn532")]
struct Scenario {
    reader: Box<dyn Reader>,
    seen: Vec<String>,
}

#[cfg(feature = "pn532")]
impl Scenario {
    fn through(backend: &mut dyn Backend) -> Vec<String> {
        let bench = Bench::new();
        let mut scenario = Self { reader: backend.open(&bench.name).unwrap(), seen: Vec::new() };
        scenario.speak("nothing lies there", &[APPLICATION]);
        scenario.poll(Duration::ZERO);

        bench.field.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"));
        let read: &[&[u8]] =
            &[APPLICATION, CONTAINER, b"\x00\xB0\x00\x00\x0F", MESSAGE, b"\x00\xB0\x00\x00\x00"];
        scenario.poll(LONG);
        scenario.speak("a Type 4 tag", read);
        scenario.speak("what it does not know", &[b"\x90\x60\x00\x00\x00", b"\x00\xCA\x00\x00", b"\x00"]);
        scenario.speak("nothing at all", &[b""]);
        let tag = bench.field.take().unwrap();
        scenario.speak("taken away", &[APPLICATION, APPLICATION]);
        scenario.poll(Duration::from_millis(30));
        bench.field.put_boxed(tag);
        scenario.poll(LONG);
        scenario.speak("put back", read);
        scenario.poll(LONG);
        scenario.speak("found again while it lay", read);
        scenario.reader.release().unwrap();
        scenario.speak("let go", &[APPLICATION]);
        scenario.poll(LONG);
        scenario.speak("found again", read);

        let ten = vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        for (uid, sak) in [(vec![8, 9, 7, 5], 0x20), (ten, 0x20), (vec![4, 1, 2, 3], 0x08)] {
            let ats = (sak == 0x20).then(|| vec![1]);
            bench.field.put(Rule(Activation { atqa: [0x04, 0x00], sak, uid, ats }, |command: &[u8]| {
                Answer::Bytes(vec![0x5A; command.len() - 1])
            }));
            scenario.poll(LONG);
            scenario.speak("an echo", &[&[1, 2], &[3; 100], &[4; 255], &[5; 262]]);
        }

        bench.field.put(Rule::plain([0x44, 0x00], 0x00, |command: &[u8]| match command {
            [0x60] => Answer::Bytes(vec![0, 4, 4, 2, 1, 0, 0x0F, 3]),
            [0x30, page @ ..=20] => Answer::Bytes(vec![*page; 16]),
            [0x3A, from, to] if from < to => Answer::Bytes(vec![9; usize::from(to - from + 1) * 4]),
            [0xA2, page @ 4..=20, ..] if command.len() == 6 => {
                Answer::Nibble(if *page == 4 { 0x0A } else { 0x04 })
            }
            [0x1B, ..] => Answer::Silence,
            _ => Answer::Nibble(0x00),
        }));
        for commands in [
            &[
                &b"\x60"[..],
                b"\x30\x00",
                b"\x30\x04",
                b"\x3A\x04\x0F",
                b"\xA2\x04abcd",
                b"\x30\x20",
                b"\x30\x00",
            ][..],
            &[b"\xA2\x05abcd", b"\x30\x00"],
            &[b"\x1Bpass", b"\x30\x00"],
        ] {
            scenario.poll(LONG);
            scenario.speak("a Type 2 tag", commands);
        }
        scenario.seen
    }

    fn poll(&mut self, within: Duration) {
        let found = self.reader.poll(within).map_err(|error| error.fault);
        self.seen.push(format!("poll: {found:?}"));
    }

    fn speak(&mut self, what: &str, commands: &[&[u8]]) {
        for command in commands {
            let answer = say(self.reader.as_mut(), command).map_err(|error| error.fault);
            self.seen.push(format!("{what}: {command:02X?}: {answer:02X?}"));
        }
        let there = self.reader.link().is_present().map_err(|error| error.fault);
        self.seen.push(format!("{what}: present: {there:?}"));
    }
}

#[test]
fn what_libnfc_dies_of_costs_the_helper_alone() {
    let bench = Bench::with_tag();
    let mut reader = helper().open(&bench.name).unwrap();
    // A status that says a node address follows: libnfc calls abort.
    read_ndef(reader.as_mut());
    bench.fault(Pn532Fault::Nad);
    let error = say(reader.as_mut(), APPLICATION).unwrap_err();
    assert_eq!(error.fault, LinkFault::ReaderGone);
    assert!(error.detail.as_ref().is_some_and(|detail| detail.contains("SIGABRT")), "{error}");
    assert_eq!(fault(say(reader.as_mut(), APPLICATION)), Some(LinkFault::CardGone));
    assert!(!reader.link().is_present().unwrap());
    read_ndef(reader.as_mut());

    // An answer to select of length 0: libnfc copies as many bytes as there are, less one.
    bench.fault(Pn532Fault::EmptyAts);
    let error = reader.poll(LONG).unwrap_err();
    assert_eq!(error.fault, LinkFault::ReaderGone);
    assert!(error.detail.is_some_and(|detail| detail.contains("signal")));
    read_ndef(reader.as_mut());
}

#[test]
fn a_helper_that_is_killed_is_replaced() {
    let bench = Bench::with_tag();
    let mut reader = helper().open(&bench.name).unwrap();
    for _ in 0..3 {
        read_ndef(reader.as_mut());
        // Between two calls: nobody notices, but the card has to be found again.
        let first = bench.signal(Signal::KILL);
        wait_until(|| is_zombie(first) != Some(false));
        // Unless the call came while it was dying.
        assert!(matches!(fault(reader.link().is_present()), None | Some(LinkFault::ReaderGone)));
        read_ndef(reader.as_mut());
        assert_ne!(bench.helper().unwrap(), first);
        assert_eq!(is_zombie(first), None, "it was waited for");

        // In a call: that one fails.
        bench.field.take();
        let second = std::thread::scope(|scope| {
            let poll = scope.spawn(|| reader.poll(LONG));
            sleep(Duration::from_millis(60));
            let second = bench.signal(Signal::KILL);
            assert_eq!(fault(poll.join().unwrap()), Some(LinkFault::ReaderGone));
            second
        });
        assert_eq!(is_zombie(second), None);
        bench.field.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"));
    }
    let last = bench.helper();
    drop(reader);
    assert!(last.is_none_or(|last| is_zombie(last).is_none()), "nothing is left");
}

#[test]
fn a_helper_that_falls_silent_is_killed() {
    let bench = Bench::with_tag();
    let mut reader = helper().patience(SHORT).open(&bench.name).unwrap();
    read_ndef(reader.as_mut());
    let stopped = bench.signal(Signal::STOP);
    let begin = Instant::now();
    let error = say(reader.as_mut(), APPLICATION).unwrap_err();
    assert_eq!(error.fault, LinkFault::Timeout);
    assert!(error.detail.is_some_and(|detail| detail.contains("killed")));
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
    assert_eq!(is_zombie(stopped), None);
    read_ndef(reader.as_mut());

    // A cancel does not wait for it.
    bench.signal(Signal::STOP);
    let canceller = reader.canceller();
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| reader.poll(LONG));
        sleep(Duration::from_millis(50));
        let begin = Instant::now();
        canceller.cancel();
        assert_eq!(fault(poll.join().unwrap()), Some(LinkFault::Cancelled));
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    });
    // Nor does the end.
    let begin = Instant::now();
    drop(reader);
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(bench.helper(), None);
}

#[test]
fn a_helper_ends_with_its_till() {
    let bench = Bench::with_tag();
    let mut reader = helper().open(&bench.name).unwrap();
    read_ndef(reader.as_mut());
    drop(reader);
    assert_eq!(bench.helper(), None);
    assert!(!bench.chip.chip().is_awake() && !bench.chip.chip().field_is_on(), "the chip was put to sleep");
}

#[test]
fn a_helper_that_is_none_is_refused() {
    let bench = Bench::new();
    for (program, wanted) in [
        ("/no/such/helper", LinkFault::ReaderGone),
        ("/dev/null", LinkFault::ReaderGone),
        ("true", LinkFault::ReaderGone),
        ("cat", LinkFault::Reader), // says what it was told, which is no answer
    ] {
        let mut backend = NfcdBackend::at(program);
        let error = backend.open(&bench.name).err().unwrap();
        assert_eq!(error.fault, wanted, "{program}: {error}");
        assert_eq!(fault(backend.list()), Some(wanted), "{program}");
    }
    // `yes` never stops; `sleep` gives up on its arguments. Neither keeps the till.
    assert_eq!(fault(NfcdBackend::at("yes").open(&bench.name)), Some(LinkFault::Reader));
}

#[test]
fn readers_are_listed() {
    let bench = Bench::new();
    let absent = ReaderName::new("/dev/no-such-port");
    let mut in_process = LibnfcBackend::new().with(bench.name.clone()).with(absent.clone());
    let mut in_helper = helper().with(bench.name.clone()).with(absent.clone());
    for backend in [&mut in_process as &mut dyn Backend, &mut in_helper] {
        assert_eq!(backend.name(), "libnfc");
        let readers = backend.list().unwrap();
        assert!(readers.contains(&bench.name) && !readers.contains(&absent));
    }
}

fn wait_until(mut there: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !there() {
        assert!(begin.elapsed() < LONG);
        sleep(Duration::from_millis(2));
    }
}

/// Whether a process has ended and nobody waited for it; `None` where there is none.
fn is_zombie(process: Pid) -> Option<bool> {
    let stat = fs::read_to_string(Path::new("/proc").join(process.as_raw_nonzero().to_string()).join("stat"))
        .ok()?;
    Some(stat.rsplit(") ").next()?.starts_with('Z'))
}
