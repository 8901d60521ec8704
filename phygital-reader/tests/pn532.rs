//! The PN532 driver against an emulated chip behind a pseudo-terminal: what it says, and what it makes of faults.

#![cfg(all(unix, feature = "pn532"))]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: they unwrap, say what they skip, and speak to each other"
)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use phygital_reader::pn532::{ANSWER_BYTES_MAX, COMMAND_BYTES_MAX, MARGIN, Pn532Backend};
use phygital_reader::{Backend, Card, LinkError, LinkFault, Reader, ReaderName, Technology};
use phygital_sim::pn532::{Pn532Chip, Pn532Fault};
use phygital_sim::{Activation, Answer, Field, SharedCard, SoftCard, Type4Tag};

/// Long enough for a busy machine; nothing here waits for all of it unless it fails.
const SOON: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(300);
const MESSAGE: &[u8] = b"\xD1\x01\x12U\x04shop.example/t?a=1";
const SELECT_APPLICATION: [u8; 13] =
    [0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00];
const SELECT_FILE: [u8; 7] = [0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x04];

struct Bench {
    field: Field,
    chip: Pn532Chip,
}

impl Bench {
    fn new() -> Self {
        let field = Field::new();
        Self { chip: Pn532Chip::start(field.clone()).unwrap(), field }
    }

    fn with(card: impl SoftCard + 'static) -> Self {
        let bench = Self::new();
        bench.field.put(card);
        bench
    }

    fn name(&self) -> ReaderName {
        ReaderName::new(self.chip.path().to_string_lossy())
    }

    fn open(&self) -> Box<dyn Reader> {
        Pn532Backend::new().open(&self.name()).unwrap()
    }

    /// The next command that this can happen to goes wrong.
    fn plan(&self, fault: Pn532Fault) {
        self.chip.chip().faults().next(fault);
    }

    /// The bodies of the commands that the chip took.
    fn commands(&self) -> Vec<Vec<u8>> {
        self.chip.log().iter().map(|exchange| exchange.command()).filter(|body| !body.is_empty()).collect()
    }

    /// Until the chip was asked for a card twice more.
    fn wait_for_polls(&self) {
        let polls = || self.commands().iter().filter(|body| body.starts_with(&[0xD4, 0x4A])).count();
        let before = polls();
        wait_until("nobody polls", || polls() >= before + 2);
    }
}

fn wait_until(otherwise: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON, "{otherwise}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn poll(reader: &mut dyn Reader) -> Card {
    reader.poll(SOON).unwrap().unwrap()
}

fn say(reader: &mut dyn Reader, command: &[u8]) -> Vec<u8> {
    reader.link().transceive(command, SOON).unwrap()
}

fn fault<T: std::fmt::Debug>(result: Result<T, LinkError>) -> LinkFault {
    result.unwrap_err().fault
}

/// Reads the message of a Type 4 tag by APDUs.
fn read_type4(reader: &mut dyn Reader) -> Vec<u8> {
    assert_eq!(say(reader, &SELECT_APPLICATION), [0x90, 0x00]);
    assert_eq!(say(reader, &SELECT_FILE), [0x90, 0x00]);
    let answer = say(reader, &[0x00, 0xB0, 0x00, 0x00, 0xF6]);
    let len = usize::from(u16::from_be_bytes([answer[0], answer[1]]));
    answer[2..2 + len].to_vec()
}

/// Answers an APDU with as many bytes as its last two say; keeps what it was told and what it overheard.
#[derive(Default)]
struct Echo {
    heard: Vec<Vec<u8>>,
    overheard: Vec<Vec<u8>>,
    endless: bool,
    shy: bool,
}

impl Echo {
    fn answer_to(command: &[u8]) -> Vec<u8> {
        let (_, len) = command.split_last_chunk().unwrap();
        let len = usize::from(u16::from_be_bytes(*len));
        command.len().to_be_bytes().into_iter().chain(0..=255).cycle().take(len).collect()
    }
}

impl SoftCard for Echo {
    fn activate(&mut self) -> Activation {
        Activation {
            atqa: [0x04, 0x00],
            sak: 0x20,
            uid: vec![8, 1, 2, 3],
            ats: Some(vec![5, 0x78, 0x80, 0x70, 0x02]),
        }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        self.heard.push(command.to_vec());
        Answer::Bytes(if self.endless { vec![0; 100_000] } else { Self::answer_to(command) })
    }

    fn overhear(&mut self, frame: &[u8]) {
        self.overheard.push(frame.to_vec());
    }

    fn answers_polls(&self) -> bool {
        !self.shy
    }
}

/// A Type 2 tag of 45 pages that counts reads, one for each time that it gets its power (NTAG 213, 8.7).
struct Type2 {
    knows_version: bool,
    pages: Vec<[u8; 4]>,
    reads: u32,
    counted: bool,
}

impl Type2 {
    fn new(knows_version: bool) -> Self {
        let pages = (0..45).map(|page| [page, 1, 2, 3]).collect();
        Self { knows_version, pages, reads: 0, counted: false }
    }
}

impl SoftCard for Type2 {
    fn activate(&mut self) -> Activation {
        Activation { atqa: [0x44, 0x00], sak: 0x00, uid: vec![4, 1, 2, 3, 4, 5, 6], ats: None }
    }

    fn lose_power(&mut self) {
        self.counted = false;
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        if matches!(command[0], 0x30 | 0x3A) && !self.counted {
            self.counted = true;
            self.reads += 1;
        }
        match *command {
            [0x30, page] if usize::from(page) + 4 <= self.pages.len() => {
                Answer::Bytes(self.pages[usize::from(page)..][..4].concat())
            }
            [0x3A, from, to] if from <= to && usize::from(to) < self.pages.len() => {
                Answer::Bytes(self.pages[usize::from(from)..=usize::from(to)].concat())
            }
            [0xA2, page, a, b, c, d] if usize::from(page) < self.pages.len() => {
                self.pages[usize::from(page)] = [a, b, c, d];
                Answer::Nibble(0x0A)
            }
            [0x60] if self.knows_version => Answer::Bytes(vec![0, 4, 4, 2, 1, 0, 0x0F, 3]),
            _ => Answer::Nibble(0x00),
        }
    }
}

/// Neither APDUs nor commands of a Type 2 tag.
struct Classic(u8);

impl SoftCard for Classic {
    fn activate(&mut self) -> Activation {
        Activation { atqa: [0x04, 0x00], sak: 0x08, uid: vec![self.0, 2, 3, 4], ats: None }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, _: &[u8]) -> Answer {
        Answer::Silence
    }
}

#[test]
fn a_type_4_tag_is_found_and_read() {
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    let card = poll(&mut *reader);
    assert_eq!((card.technology, card.uid.to_string().as_str()), (Technology::IsoDep, "04A1B2C3D4E5F6"));
    assert_eq!(read_type4(&mut *reader), MESSAGE);
    assert!(reader.link().is_present().unwrap());
    reader.health().unwrap();

    bench.field.take();
    assert!(!reader.link().is_present().unwrap());
    assert_eq!(fault(reader.link().transceive(&SELECT_FILE, SHORT)), LinkFault::CardGone);
    assert_eq!(reader.poll(Duration::ZERO), Ok(None));
    assert_eq!(fault(reader.link().transceive(&SELECT_FILE, SHORT)), LinkFault::CardGone);
}

#[test]
fn a_card_that_stays_is_found_anew_with_and_without_release() {
    let bench = Bench::with(Type4Tag::new(MESSAGE).random_uid(7));
    let mut reader = bench.open();
    let mut find = |release: bool| {
        if release {
            reader.release().unwrap();
            assert!(!bench.chip.chip().field_is_on());
        }
        let card = poll(&mut *reader);
        assert_eq!(read_type4(&mut *reader), MESSAGE);
        assert!(card.uid.is_random());
        card.uid
    };
    // A new UID says that it had lost its power.
    let uids = [true, false, true, false, false].map(&mut find);
    assert!(uids.windows(2).all(|pair| pair[0] != pair[1]), "{uids:?}");
}

#[test]
fn opening_tells_the_chip_all_it_has_to_know_and_dropping_puts_it_to_sleep() {
    let bench = Bench::with(Echo::default());
    let mut reader = bench.open();
    let commands = bench.commands();
    for body in [
        &[0xD4, 0x14, 0x01][..],               // SAMConfiguration
        &[0xD4, 0x02],                         // GetFirmwareVersion
        &[0xD4, 0x12, 0x14],                   // SetParameters
        &[0xD4, 0x32, 0x05, 0xFF, 0x01, 0x00], // RFConfiguration: one try
        &[0xD4, 0x32, 0x02, 0x00, 0x0B, 0x0A], // RFConfiguration: 51.2 ms
    ] {
        assert!(commands.iter().any(|command| command == body), "{body:02X?} in {commands:02X?}");
    }
    assert_eq!(commands[0], [0xD4, 0x14, 0x01], "a chip that wakes takes nothing before");
    poll(&mut *reader);
    assert!(bench.chip.chip().field_is_on());
    drop(reader);
    assert!(!bench.chip.chip().field_is_on());
    assert!(!bench.chip.chip().is_awake());
    // And it wakes again.
    poll(&mut *bench.open());
}

#[test]
fn commands_and_answers_of_any_length_go_through() {
    let card = SharedCard::new(Echo::default());
    let bench = Bench::with(card.clone());
    let mut reader = bench.open();
    poll(&mut *reader);
    // Around a normal frame, an extended one, and one, two and many parts.
    for (command, answer) in [
        (2, 1),
        (251, 252),
        (252, 253),
        (253, 254),
        (262, 262),
        (263, 263),
        (524, 524),
        (525, 525),
        (5_000, 60_000),
    ] {
        let mut apdu: Vec<u8> = (0..=255).cycle().take(command).collect();
        apdu[command - 2..].copy_from_slice(&u16::try_from(answer).unwrap().to_be_bytes());
        assert_eq!(say(&mut *reader, &apdu), Echo::answer_to(&apdu), "{command} and {answer} bytes");
        assert_eq!(card.with(|card| card.heard.pop().unwrap()), apdu);
    }
    assert_eq!(reader.capabilities().command_bytes_max, COMMAND_BYTES_MAX);
    for refused in [0, COMMAND_BYTES_MAX + 1] {
        assert_eq!(fault(reader.link().transceive(&vec![0; refused], SOON)), LinkFault::Unsupported);
    }
}

#[test]
fn an_answer_without_end_is_refused() {
    let bench = Bench::with(Echo { endless: true, ..Echo::default() });
    let mut reader = bench.open();
    poll(&mut *reader);
    assert_eq!(fault(reader.link().transceive(&[0, 0xB0, 0, 0], SOON)), LinkFault::Card);
    const { assert!(ANSWER_BYTES_MAX < 100_000) };
    // The next card is read as if nothing had been.
    bench.field.put(Type4Tag::new(MESSAGE));
    poll(&mut *reader);
    assert_eq!(read_type4(&mut *reader), MESSAGE);
}

#[test]
fn a_type_2_tag_is_read_written_and_may_refuse() {
    let bench = Bench::with(Type2::new(true));
    let mut reader = bench.open();
    assert_eq!(poll(&mut *reader).technology, Technology::Type2);
    assert_eq!(say(&mut *reader, &[0x30, 4]), [4, 1, 2, 3, 5, 1, 2, 3, 6, 1, 2, 3, 7, 1, 2, 3]);
    assert_eq!(say(&mut *reader, &[0x3A, 0, 44]).len(), 180);
    assert_eq!(say(&mut *reader, &[0x60]), [0, 4, 4, 2, 1, 0, 0x0F, 3]);
    assert_eq!(say(&mut *reader, &[0xA2, 5, 9, 9, 9, 9]), [0x0A]);
    assert_eq!(say(&mut *reader, &[0x30, 5])[..4], [9; 4]);
    // A refusal is an answer, after which it has left its session.
    assert_eq!(say(&mut *reader, &[0x30, 200]), [0x00]);
    assert_eq!(fault(reader.link().transceive(&[0x30, 4], SHORT)), LinkFault::CardGone);
    // The next card finds the chip's checksums as it needs them.
    bench.field.put(Type4Tag::new(MESSAGE));
    poll(&mut *reader);
    assert_eq!(read_type4(&mut *reader), MESSAGE);
    assert!(reader.link().is_present().unwrap());
}

#[test]
fn whether_a_tag_is_there_costs_no_read() {
    for knows_version in [true, false] {
        let tag = SharedCard::new(Type2::new(knows_version));
        let bench = Bench::with(tag.clone());
        let mut reader = bench.open();
        poll(&mut *reader);
        assert!((0..3).all(|_| reader.link().is_present().unwrap()));
        // One that knows no version has no counter either; it is read.
        assert_eq!(tag.with(|tag| tag.reads) == 0, knows_version);
        assert_eq!(say(&mut *reader, &[0x30, 4]).len(), 16);
        assert!(reader.link().is_present().unwrap());
        assert_eq!(tag.with(|tag| tag.reads), 1);
        bench.field.take();
        assert!(!reader.link().is_present().unwrap());
        assert!(!reader.link().is_present().unwrap());
    }
}

#[test]
fn another_card_in_its_place_is_not_taken_for_it() {
    let bench = Bench::with(Classic(1));
    let mut reader = bench.open();
    assert_eq!(poll(&mut *reader).technology, Technology::Other);
    assert_eq!(fault(reader.link().transceive(&[0x30, 0], SHORT)), LinkFault::Unsupported);
    assert!(reader.link().is_present().unwrap());
    bench.field.put(Classic(9));
    assert!(!reader.link().is_present().unwrap());
    assert!(!reader.link().is_present().unwrap());
    assert_eq!(poll(&mut *reader).uid.to_string(), "09020304");
}

#[test]
fn after_any_fault_of_an_exchange_the_next_call_finds_the_reader_well() {
    use Pn532Fault::*;
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    let (gone, card, broken, silent) =
        (Some(LinkFault::CardGone), Some(LinkFault::Card), Some(LinkFault::Reader), Some(LinkFault::Timeout));
    for (planned, expected) in [
        // Noticed and asked for again.
        (BadDcs, None),
        (BadLcs, None),
        (ZeroLen, None),
        (HalfFrame, None),
        (Noise, None),
        (Split, None),
        (Late(Duration::from_millis(20)), None),
        // Not even an ACK: nobody knows whether the card heard it.
        (NoAck, silent),
        (BadAck, silent),
        (Hang, silent),
        (Nack, broken),
        (OtherCode, broken),
        (ErrorFrame, broken),
        // Taken and not answered, while the chip says that it is well: it was the card.
        (Silent, gone),
        (Late(Duration::from_secs(3600)), gone),
        (Status(0x01), gone),
        (Status(0x02), gone),
        (Status(0x27), gone),
        (Status(0x13), card),
        (Nad, card),
        (Status(0x2D), broken),
    ] {
        poll(&mut *reader);
        bench.plan(planned.clone());
        let within = if expected.is_some() { SHORT } else { SOON };
        let result = reader.link().transceive(&SELECT_APPLICATION, within);
        match expected {
            Some(expected) => assert_eq!(fault(result), expected, "{planned:?}"),
            None => assert_eq!(result, Ok(vec![0x90, 0x00]), "{planned:?}"),
        }
        bench.chip.chip().faults().clear();
        poll(&mut *reader);
        assert_eq!(read_type4(&mut *reader), MESSAGE, "{planned:?}");
    }
}

#[test]
fn after_any_fault_of_a_poll_the_next_one_finds_the_card() {
    use Pn532Fault::*;
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    for planned in [
        NoAck, BadAck, Nack, Silent, HalfFrame, BadDcs, BadLcs, ZeroLen, OtherCode, Noise, ErrorFrame, Hang,
        EmptyAts, LongUid,
    ] {
        bench.plan(planned.clone());
        let result = reader.poll(SHORT);
        if matches!(planned, EmptyAts | LongUid) {
            assert_eq!(fault(result), LinkFault::Card, "{planned:?}");
            assert_eq!(fault(reader.link().transceive(&SELECT_FILE, SHORT)), LinkFault::CardGone);
        }
        bench.chip.chip().faults().clear();
        poll(&mut *reader);
        assert_eq!(read_type4(&mut *reader), MESSAGE, "{planned:?}");
    }
}

#[test]
fn opening_survives_what_gets_lost() {
    use Pn532Fault::*;
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    for planned in
        [NoAck, BadAck, Nack, Silent, HalfFrame, BadDcs, ZeroLen, OtherCode, Noise, ErrorFrame, Hang]
    {
        bench.plan(planned);
        poll(&mut *bench.open());
    }
}

#[test]
fn a_reader_that_is_pulled_out_is_gone_and_comes_back_by_its_name() {
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    poll(&mut *reader);
    bench.chip.unplug().unwrap();
    assert_eq!(fault(reader.link().transceive(&SELECT_FILE, SOON)), LinkFault::ReaderGone);
    assert_eq!(fault(reader.poll(SOON)), LinkFault::ReaderGone);
    assert_eq!(fault(reader.link().is_present()), LinkFault::ReaderGone);
    assert_eq!(fault(reader.health()), LinkFault::ReaderGone);
    assert_eq!(fault(reader.release()), LinkFault::ReaderGone);
    assert_eq!(Pn532Backend::new().open(&bench.name()).err().unwrap().fault, LinkFault::NoSuchReader);
    // Even before the old one is dropped.
    bench.chip.plug().unwrap();
    let mut again = bench.open();
    drop(reader);
    poll(&mut *again);
    assert_eq!(read_type4(&mut *again), MESSAGE);
}

#[test]
fn a_blocked_poll_ends_when_the_reader_is_pulled_out() {
    let bench = Bench::new();
    let mut reader = bench.open();
    let (done, ended) = channel();
    let polling = thread::spawn(move || {
        let result = reader.poll(Duration::from_secs(3600));
        done.send(()).unwrap();
        result
    });
    bench.wait_for_polls();
    assert!(ended.try_recv().is_err());
    bench.chip.unplug().unwrap();
    ended.recv_timeout(SOON).unwrap();
    assert_eq!(fault(polling.join().unwrap()), LinkFault::ReaderGone);
}

#[test]
fn cancelling_ends_a_poll_and_leaves_the_reader_usable() {
    let bench = Bench::new();
    let mut reader = bench.open();
    let canceller = reader.canceller();
    for _ in 0..20 {
        let (done, ended) = channel();
        let polling = thread::spawn(move || {
            let result = reader.poll(Duration::from_secs(3600));
            done.send(()).unwrap();
            (reader, result)
        });
        // It runs, it is cancelled, it ends: in that order, and an hour before its time.
        bench.wait_for_polls();
        assert!(ended.try_recv().is_err());
        canceller.cancel();
        ended.recv_timeout(SOON).unwrap();
        let (back, result) = polling.join().unwrap();
        reader = back;
        assert_eq!(fault(result), LinkFault::Cancelled);
        // Once is once.
        reader.health().unwrap();
    }
    bench.field.put(Type4Tag::new(MESSAGE));
    poll(&mut *reader);
    assert_eq!(read_type4(&mut *reader), MESSAGE);
}

#[test]
fn cancelling_an_exchange_aborts_it_on_the_chip() {
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    poll(&mut *reader);
    bench.plan(Pn532Fault::Late(Duration::from_secs(3600)));
    let canceller = reader.canceller();
    let before = bench.commands().len();
    let (done, ended) = channel();
    let exchanging = thread::spawn(move || {
        let result = reader.link().transceive(&SELECT_FILE, Duration::from_secs(7200));
        done.send(()).unwrap();
        (reader, result)
    });
    wait_until("nothing was sent", || bench.commands().len() > before);
    assert!(ended.try_recv().is_err());
    canceller.cancel();
    ended.recv_timeout(SOON).unwrap();
    let (mut reader, result) = exchanging.join().unwrap();
    assert_eq!(fault(result), LinkFault::Cancelled);
    poll(&mut *reader);
    assert_eq!(read_type4(&mut *reader), MESSAGE);
    // The ACK that aborts it came before anything else.
    let log = bench.chip.log();
    let at = log.iter().position(|exchange| exchange.command().starts_with(&[0xD4, 0x40])).unwrap();
    // The filler after the command is the first byte.
    assert!(log[at + 1].host.ends_with(&[0x00, 0x00, 0xFF, 0x00, 0xFF]), "{:02X?}", log[at + 1].host);
    assert!(log[at + 1].command().is_empty());
}

#[test]
fn cancelling_before_a_call_ends_the_next_one_once() {
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    let canceller = reader.canceller();
    canceller.cancel();
    canceller.clone().cancel();
    assert_eq!(fault(reader.poll(SOON)), LinkFault::Cancelled);
    poll(&mut *reader);
    canceller.cancel();
    assert_eq!(fault(reader.link().is_present()), LinkFault::Cancelled);
    assert!(reader.link().is_present().unwrap());
    canceller.cancel();
    drop(reader);
    assert!(!bench.chip.chip().is_awake(), "closing is not cancelled");
    canceller.cancel();
}

#[test]
fn polling_frames_leave_the_line_as_published() {
    let vectors = ["../vectors/taps/ecp_frames.json", "../../shared/vectors/taps/ecp_frames.json"]
        .map(|path| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    let Some(vectors) = vectors.iter().find_map(|path| std::fs::read_to_string(path).ok()) else {
        return println!("no ecp_frames.json here: nothing compared");
    };
    let vectors: serde_json::Value = serde_json::from_str(&vectors).unwrap();
    let cases = vectors.as_array().unwrap().iter();
    let frames: Vec<Vec<u8>> = cases
        .filter_map(|case| case["expect"]["frame_a"].as_str())
        .map(|hex| {
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
        })
        .collect();
    assert!(frames.len() > 5, "{} frames", frames.len());

    let phone = SharedCard::new(Echo { shy: true, ..Echo::default() });
    let bench = Bench::with(phone.clone());
    let mut reader = bench.open();
    for frame in &frames {
        // After a poll for nothing the chip would send seven bits of the last byte, and no checksum.
        assert_eq!(reader.poll(Duration::ZERO), Ok(None));
        bench.chip.chip().clear_log();
        reader.raw().unwrap().broadcast(frame).unwrap();
        let commands = bench.commands();
        assert_eq!(commands.last().unwrap()[..], [&[0xD4, 0x42][..], frame].concat());
        let registers = &commands[commands.len() - 2];
        assert_eq!(registers[..], [0xD4, 0x08, 0x63, 0x02, 0x00, 0x63, 0x03, 0x00, 0x63, 0x3D, 0x00]);
    }
    assert_eq!(phone.with(|phone| phone.overheard.clone()), frames);
    for refused in [0, 263] {
        assert_eq!(fault(reader.raw().unwrap().broadcast(&vec![0; refused])), LinkFault::Unsupported);
    }
    // The waiting time is the usual one again before a card is waited for, and checksums are the chip's.
    bench.field.put(Type4Tag::new(MESSAGE));
    poll(&mut *reader);
    assert_eq!(read_type4(&mut *reader), MESSAGE);
    bench.chip.chip().clear_log();
    assert!(reader.link().is_present().unwrap());
    assert_eq!(bench.commands()[0], [0xD4, 0x32, 0x02, 0x00, 0x0B, 0x0A]);
}

#[test]
fn a_second_opener_is_told_that_it_is_busy_and_disturbs_nobody() {
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    poll(&mut *reader);
    let before = bench.chip.wire_time();
    for _ in 0..3 {
        assert_eq!(Pn532Backend::new().open(&bench.name()).err().unwrap().fault, LinkFault::Busy);
    }
    assert_eq!(bench.chip.wire_time().since(&before).host_bytes, 0, "not a byte");
    assert_eq!(read_type4(&mut *reader), MESSAGE);
    drop(reader);
    poll(&mut *bench.open());
}

/// Set for the process that [`an_opener_that_is_killed_leaves_the_chip_usable`] starts.
const HOLD: &str = "PHYGITAL_TEST_PN532_HOLD";

#[test]
fn an_opener_that_is_killed_leaves_the_chip_usable() {
    let bench = Bench::new();
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "hold_the_reader_until_killed", "--nocapture"])
            .env(HOLD, bench.chip.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("holding")));
        assert_eq!(Pn532Backend::new().open(&bench.name()).err().unwrap().fault, LinkFault::Busy);
        bench.wait_for_polls();
        child.kill().unwrap();
        child.wait().unwrap();
        bench.field.put(Type4Tag::new(MESSAGE));
        let mut reader = bench.open();
        poll(&mut *reader);
        assert_eq!(read_type4(&mut *reader), MESSAGE);
        bench.field.take();
    }
}

/// The other process of the test above; on its own it does nothing.
#[test]
fn hold_the_reader_until_killed() {
    let Some(path) = std::env::var_os(HOLD) else { return };
    let mut reader = Pn532Backend::new().open(&ReaderName::new(path.to_string_lossy())).unwrap();
    println!("holding");
    loop {
        reader.poll(SOON).unwrap();
    }
}

#[test]
fn no_call_takes_longer_than_it_may() {
    let bench = Bench::with(Type4Tag::new(MESSAGE));
    let mut reader = bench.open();
    poll(&mut *reader);
    // A chip that never answers again, not even when woken.
    bench.chip.chip().faults().by_chance(1, 1000, &[Pn532Fault::NoAck]);
    // Scheduling on a busy machine is not the driver's.
    let bound = MARGIN + Duration::from_secs(2);
    for _ in 0..2 {
        let start = Instant::now();
        assert_eq!(fault(reader.link().transceive(&SELECT_FILE, SHORT)), LinkFault::Timeout);
        assert!(start.elapsed() < SHORT + bound);
        let start = Instant::now();
        assert_eq!(fault(reader.poll(SHORT)), LinkFault::Timeout);
        assert!(start.elapsed() < SHORT + bound);
        let start = Instant::now();
        assert_eq!(fault(reader.health()), LinkFault::Timeout);
        assert!(start.elapsed() < bound);
    }
    let start = Instant::now();
    drop(reader);
    assert!(start.elapsed() < bound);
    // All the time there is, counted without overflow.
    bench.chip.chip().faults().clear();
    let mut reader = bench.open();
    assert!(reader.poll(Duration::MAX).unwrap().is_some());
    reader.link().transceive(&SELECT_APPLICATION, Duration::MAX).unwrap();
}
