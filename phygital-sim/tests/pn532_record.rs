//! The chip without a line, told what libnfc once told an emulated PN532: it answers as that one did, byte for byte.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::time::Duration;

use phygital_sim::pn532::{Pace, Pn532, Pn532Fault, encode};
use phygital_sim::{Activation, Answer, Field, SoftCard};

const RECORD: &str = include_str!("data/pn532-libnfc.txt");
/// Registers that libnfc leaves in a chip: most runs of the record were made on one that libnfc had used before.
const USED: &str = "0000ff07f9d50780800000002400";

/// The tags of the record.
struct Tag {
    uid: Vec<u8>,
    ats: Option<Vec<u8>>,
    files: Vec<(u16, Vec<u8>)>,
    application: bool,
    file: usize,
}

#[test]
fn every_run_of_the_record() {
    let runs = RECORD.split("run ").skip(1).map(|run| run.split_once('\n').unwrap()).collect::<Vec<_>>();
    let first = runs[0].1;
    assert_eq!(runs.len(), 28);
    let mut frames = 0;
    for (name, run) in runs {
        let mut replay = Replay::new(name);
        if run.contains(USED) {
            replay.run(first);
        }
        frames += replay.run(run);
    }
    assert_eq!(frames, 1002, "frames from the chip");
}

/// A run, as far as it was replayed.
struct Replay {
    name: &'static str,
    chip: Pn532,
    field: Field,
    now: Duration,
    /// A card that speaks ISO/IEC 14443-4 is selected.
    held: bool,
}

impl Replay {
    fn new(name: &'static str) -> Self {
        let field = Field::new();
        let mut chip = Pn532::new(field.clone());
        chip.set_pace(Pace::Timeouts);
        Self { name, chip, field, now: Duration::ZERO, held: false }
    }

    /// Gives the number of frames that the chip sent.
    fn run(&mut self, run: &str) -> usize {
        let mut frames = 0;
        let mut lines = run.lines().peekable();
        while let Some(line) = lines.next() {
            if line.starts_with('#') {
                continue;
            }
            let (what, with) = line.split_at(2);
            match what {
                "! " => self.happen(with),
                "> " => {
                    let mut expected = Vec::new();
                    while let Some(frame) = lines.next_if(|line| line.starts_with("< ")) {
                        expected.extend(bytes(&frame[2..]));
                        frames += 1;
                    }
                    self.tell(&bytes(with), &expected);
                }
                "< " => {
                    // It comes because of what happened.
                    frames += 1;
                    let expected = bytes(with);
                    let answer = self.answer(expected.len());
                    assert_eq!(hex(&answer), hex(&expected), "{}", self.name);
                }
                _ => panic!("{}: {line}", self.name),
            }
        }
        frames
    }

    fn happen(&mut self, what: &str) {
        match what.split_once(' ') {
            Some(("tag", "none")) => drop(self.field.take()),
            Some(("tag", tag)) => drop(self.field.put(Tag::of(tag))),
            Some(("fault", fault)) => self.chip.faults().next(match fault {
                "mi" => Pn532Fault::Split,
                "silent" => Pn532Fault::Silent,
                "noack" => Pn532Fault::NoAck,
                "badack" => Pn532Fault::BadAck,
                "nackack" => Pn532Fault::Nack,
                "half" => Pn532Fault::HalfFrame,
                "baddcs" => Pn532Fault::BadDcs,
                "zerolen" => Pn532Fault::ZeroLen,
                "nad" => Pn532Fault::Nad,
                other => panic!("{other}"),
            }),
            None if what == "hangup" => self.chip.reset(),
            _ => panic!("{what}"),
        }
        self.held &= what.starts_with("fault");
    }

    fn tell(&mut self, frame: &[u8], expected: &[u8]) {
        let is = |command: &[u8]| frame == encode(command);
        let list = is(&[0xD4, 0x4A, 0x01, 0x00]);
        if list && self.held {
            // Where the record has no states of cards, ours has: the card hears no request until it is let go.
            let none = [&phygital_sim::pn532::ACK[..], &encode(&[0xD5, 0x4B, 0x00])].concat();
            assert_eq!(hex(&self.told(frame, none.len())), hex(&none), "{}", self.name);
            self.told(&encode(&[0xD4, 0x32, 0x01, 0x00]), 14);
        }
        let answer = self.told(frame, expected.len());
        assert_eq!(hex(&answer), hex(expected), "{}: after {}", self.name, hex(frame));
        if list {
            self.held = expected.len() > 6 + 10 && self.name != "type2-read-and-raw";
        } else if is(&[0xD4, 0x44, 0x00]) || is(&[0xD4, 0x52, 0x00]) {
            self.held = false;
        }
    }

    fn told(&mut self, frame: &[u8], len: usize) -> Vec<u8> {
        self.chip.receive(frame, self.now);
        self.answer(len)
    }

    /// What the chip sends; time goes on until it has sent as much as is expected.
    fn answer(&mut self, len: usize) -> Vec<u8> {
        let mut sent = self.chip.transmit(self.now);
        while sent.len() < len {
            let Some(next) = self.chip.next_event() else { break };
            assert!(next < self.now + Duration::from_secs(3600), "{}: no end", self.name);
            self.now = self.now.max(next);
            sent.extend(self.chip.transmit(self.now));
        }
        sent
    }
}

impl Tag {
    fn of(name: &str) -> Self {
        let url = "example.test/t?e=00112233445566778899AABBCCDDEEFF&c=0123456789ABCDEF";
        let short = [b"\x00\x49\xD1\x01\x45U\x04".as_slice(), url.as_bytes()].concat();
        let mut long = b"\x01\x91\xC1\x01\x00\x00\x01\x8AU\x04example.test/".to_vec();
        long.resize(0x191 + 2, b'x');
        let container = bytes("001720010000ff0406e10401000000");
        let ats = bytes(if name == "badats" { "00" } else { "067777710280" });
        match name {
            "t2" => Self {
                uid: bytes("04112233445566"),
                ats: None,
                files: vec![(
                    0,
                    bytes(
                        "041122bf3344556644480000e11012000314d1011055046578616d706c652e746573742f7432fe\
                         0000000000000000000000000000000000000000000000000000000000000000000000000000000000",
                    ),
                )],
                application: false,
                file: 0,
            },
            "t4" | "t4long" | "badats" => Self {
                uid: bytes("04a1b2c3d4e5f6"),
                ats: Some(ats),
                files: vec![(0xE103, container), (0xE104, if name == "t4long" { long } else { short })],
                application: false,
                file: 0,
            },
            other => panic!("{other}"),
        }
    }

    fn apdu(&mut self, apdu: &[u8]) -> Vec<u8> {
        match apdu {
            [0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, ..] => self.application = true,
            [0x00, 0xA4, 0x00, 0x0C, 2, high, low] if self.application => {
                let id = u16::from_be_bytes([*high, *low]);
                self.file = self.files.iter().position(|(file, _)| *file == id).unwrap();
            }
            [0x00, 0xB0, high, low, le] if self.application => {
                let le = if *le == 0 { 256 } else { usize::from(*le) };
                let from = usize::from(u16::from_be_bytes([*high, *low]));
                let file = &self.files[self.file].1;
                return [&file[from..file.len().min(from + le)], &[0x90, 0x00]].concat();
            }
            _ => return vec![0x6D, 0x00],
        }
        vec![0x90, 0x00]
    }

    /// Blocks of four bytes; what lies past the end is zero.
    fn pages(&self, from: u8, to: u8) -> Vec<u8> {
        let memory = &self.files[0].1;
        (usize::from(from) * 4..=usize::from(to) * 4 + 3)
            .map(|at| memory.get(at).copied().unwrap_or_default())
            .collect()
    }
}

impl SoftCard for Tag {
    fn activate(&mut self) -> Activation {
        let (atqa, sak) = if self.ats.is_some() { ([0x44, 0x03], 0x20) } else { ([0x44, 0x00], 0x00) };
        Activation { atqa, sak, uid: self.uid.clone(), ats: self.ats.clone() }
    }

    fn lose_power(&mut self) {
        self.application = false;
    }

    fn answer(&mut self, command: &[u8]) -> Answer {
        if self.ats.is_some() {
            return Answer::Bytes(self.apdu(command));
        }
        match command {
            [0x30, page] => Answer::Bytes(self.pages(*page, *page + 3)),
            [0x3A, from, to] => Answer::Bytes(self.pages(*from, *to)),
            [0x60] => Answer::Bytes(bytes("0004040201000f03")),
            _ => Answer::Nibble(0),
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.trim().as_bytes();
    assert!(digits.len().is_multiple_of(2));
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
