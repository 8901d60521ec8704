//! The card against a reader of our own, and against what a real one said.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;

use phygital_reader::LinkFault;

use super::*;
use crate::card::{Activation, Answer};
use crate::type4::Type4Tag;

const GET_ATR: [u8; 1] = [0x04];
const SELECT: [u8; 13] = [0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00];

/// The reader's side.
struct Reader {
    listener: TcpListener,
    stream: Option<TcpStream>,
}

impl Reader {
    fn new() -> (Self, u16) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        (Self { listener, stream: None }, port)
    }

    fn accept(&mut self) {
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        self.stream = Some(stream);
    }

    fn send(&mut self, message: &[u8]) {
        let stream = self.stream.as_mut().unwrap();
        // In two segments, as the real one.
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        stream.write_all(&length).unwrap();
        stream.write_all(message).unwrap();
    }

    /// `None` where the card is gone.
    fn receive(&mut self) -> Option<Vec<u8>> {
        let stream = self.stream.as_mut().unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).ok()?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message).ok()?;
        Some(message)
    }

    fn ask(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        self.send(message);
        self.receive()
    }
}

fn tag() -> Type4Tag {
    Type4Tag::new(b"\xD1\x01\x02U\x04a")
}

#[test]
fn a_card_lies_there_while_it_is_connected() {
    let (mut reader, port) = Reader::new();
    let field = Field::new();
    let card = VpcdCard::new(field.clone(), port);
    field.put(tag());
    reader.accept();
    assert_eq!(reader.ask(&GET_ATR).unwrap()[..2], [0x3B, 0x80 | 1]);
    reader.send(&[0x01]);
    assert_eq!(reader.ask(&SELECT).unwrap(), [0x90, 0x00]);
    field.take();
    assert_eq!(reader.receive(), None);
    field.put(tag());
    reader.accept();
    assert!(reader.ask(&GET_ATR).is_some());
    drop(card);
    assert_eq!(reader.receive(), None);
    assert!(field.take().is_some());
}

#[test]
fn a_reader_that_comes_back_finds_the_card() {
    let (mut reader, port) = Reader::new();
    let field = Field::new();
    let _card = VpcdCard::new(field.clone(), port);
    field.put(tag());
    for _ in 0..3 {
        reader.accept();
        assert!(reader.ask(&GET_ATR).is_some());
        reader.stream = None;
    }
}

#[test]
fn faults_happen_as_planned() {
    let (mut reader, port) = Reader::new();
    let field = Field::new();
    let card = VpcdCard::new(field.clone(), port);
    card.set_faults(
        Faults::none()
            .at_exchange(0, Fault::AnswerBroken)
            .at_exchange(7, Fault::AnswerLost)
            .at_exchange(1, Fault::BitFlipped(0))
            .at_exchange(2, Fault::Slow(Duration::from_millis(30)))
            .at_exchange(3, Fault::CardLifted(Tear::AfterEffect))
            .at_exchange(5, Fault::CardTaken(Tear::BeforeEffect))
            .at_exchange(6, Fault::Reader(LinkFault::Timeout))
            .at_exchange(8, Fault::CommandLost),
    );
    field.put(tag());
    reader.accept();
    assert_eq!(reader.ask(&SELECT).unwrap().len(), BROKEN);
    assert_eq!(reader.ask(&[0xFF, 0xCA, 0x00, 0x00, 0x00]).unwrap().len(), 9, "it is no exchange");
    assert_eq!(reader.ask(&SELECT).unwrap(), [0x10, 0x00]);
    let began = Instant::now();
    assert_eq!(reader.ask(&SELECT).unwrap(), [0x90, 0x00]);
    assert!(began.elapsed() >= Duration::from_millis(30));
    assert_eq!(reader.ask(&SELECT), None);
    reader.accept();
    assert_eq!(reader.ask(&SELECT).unwrap(), [0x90, 0x00]);
    assert_eq!(reader.ask(&SELECT), None);
    let back = card.lost().remove(0);
    field.put_boxed(back);
    reader.accept();
    reader.send(&SELECT);
    thread::sleep(Duration::from_millis(50));
    field.take();
    assert_eq!(reader.receive(), None, "it answers no more");
    field.put(tag());
    reader.accept();
    assert_eq!(reader.ask(&SELECT), None);
    reader.accept();
    assert_eq!(reader.ask(&SELECT), None);
    reader.accept();
    assert_eq!(reader.ask(&SELECT).unwrap(), [0x90, 0x00]);
}

#[test]
fn messages_come_in_any_pieces() {
    let mut received = vec![0x00];
    assert_eq!(first_message(&mut received), None);
    received.extend([0x02, 0xAA]);
    assert_eq!(first_message(&mut received), None);
    received.extend([0xBB, 0x00, 0x00, 0x00]);
    assert_eq!(first_message(&mut received).unwrap(), [0xAA, 0xBB]);
    assert_eq!(first_message(&mut received), Some(Vec::new()));
    assert_eq!(received, [0x00]);
}

/// A card that says to each command what it said in the trace.
struct Replay(BTreeMap<Vec<u8>, Vec<u8>>);

impl SoftCard for Replay {
    fn activate(&mut self) -> Activation {
        let uid = self.0.get(&[0xFF, 0xCA, 0x00, 0x00, 0x00][..]).unwrap();
        let uid = uid[..uid.len() - 2].to_vec();
        Activation { atqa: [0x44, 0x03], sak: 0x20, uid, ats: Some(vec![0x06, 0x75, 0x77, 0x81, 0x02, 0x80]) }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        Answer::Bytes(self.0[command].clone())
    }
}

/// What pcscd said to another virtual card that was read, removed, put back and reset; ours answers to the byte.
#[test]
fn a_real_readers_messages_are_answered_as_they_were() {
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces/vpcd.jsonl");
    let Ok(trace) = std::fs::read_to_string(&trace) else {
        eprintln!("skipped: there is no {}", trace.display());
        return;
    };
    let value = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!("\"{key}\": \""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let bytes = |line: &str| {
        let hex = value(line, "hex").unwrap();
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (4..hex.len()).step_by(2).map(byte).collect::<Vec<u8>>()
    };
    let lines: Vec<_> = trace.lines().collect();
    let pairs = lines.windows(2).filter(|pair| {
        value(pair[0], "kind").as_deref() == Some("apdu")
            && value(pair[1], "kind").as_deref() == Some("rapdu")
    });
    let answers: BTreeMap<_, _> = pairs.map(|pair| (bytes(pair[0]), bytes(pair[1]))).collect();
    assert!(answers.len() > 5);

    let (mut reader, port) = Reader::new();
    let field = Field::new();
    let _card = VpcdCard::new(field.clone(), port);
    field.put(Replay(answers));
    reader.accept();
    let mut compared = 0;
    for line in lines {
        match value(line, "dir").as_deref() {
            Some("r2c") => reader.send(&bytes(line)),
            Some("c2r") => {
                assert_eq!(reader.receive().unwrap(), bytes(line), "{line}");
                compared += 1;
            }
            _ if line.contains("\"remove\"") => {
                let card = field.take().unwrap();
                assert_eq!(reader.receive(), None);
                field.put_boxed(card);
                reader.accept();
            }
            _ => {}
        }
    }
    assert!(compared > 90, "{compared} answers");
}
