//! The PC/SC backend on a real pcscd with a virtual reader.

#![cfg(all(feature = "pcsc", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/pcscd.rs"]
mod pcscd;

use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use phygital_core::contactless::ndef::Message;
use phygital_core::crypto::Secret;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{self, KeySet, Keys};
use phygital_reader::pcsc::PcscBackend;
use phygital_reader::{Backend, Card, LinkError, LinkFault, Reader, ReaderName, Technology};
use phygital_sim::{
    Activation, Answer, Dice, Fault, Faults, Field, SoftCard, Tear, Type4Tag, VPCD_PORT, VpcdCard,
    VpcdMessage,
};

use pcscd::{NAME, Pcscd, inside, until};

const SHORT: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(60);

/// What a call may take beyond what it was given, on a machine that does much else.
const SLACK: Duration = Duration::from_millis(900);

const UID: [u8; 7] = [0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6];
const SELECT: [u8; 13] = [0x00, 0xA4, 0x04, 0x00, 7, 0xD2, 0x76, 0x00, 0x00, 0x85, 0x01, 0x01, 0x00];
const OK: [u8; 2] = [0x90, 0x00];

/// A service, a field on its reader, and the backend.
struct Counter {
    pcscd: Pcscd,
    field: Field,
    card: VpcdCard,
    backend: PcscBackend,
}

impl Counter {
    fn new() -> Self {
        let pcscd = Pcscd::start();
        let field = Field::new();
        let card = VpcdCard::new(field.clone(), VPCD_PORT);
        Self { pcscd, field, card, backend: PcscBackend::new() }
    }

    fn open(&mut self) -> Box<dyn Reader> {
        open(&mut self.backend, NAME)
    }
}

fn open(backend: &mut PcscBackend, name: &str) -> Box<dyn Reader> {
    // The service takes connections before it has its readers.
    let mut reader = None;
    until("the reader", || {
        reader = backend.open(&ReaderName::new(name)).ok();
        reader.is_some()
    });
    reader.unwrap()
}

fn tag() -> Type4Tag {
    Type4Tag::new(b"\xD1\x01\x0BU\x04tap.example")
}

fn found(reader: &mut dyn Reader) -> Card {
    reader.poll(LONG).unwrap().expect("a card")
}

fn fault<T: std::fmt::Debug>(outcome: Result<T, LinkError>) -> LinkFault {
    outcome.unwrap_err().fault
}

/// How long something took, with what it gave.
fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let done = work();
    (began.elapsed(), done)
}

/// Six APDUs, as the client of the trace sent them.
fn read_ndef(reader: &mut dyn Reader) -> Result<Vec<u8>, LinkError> {
    let link = reader.link();
    let mut send = |apdu: &[u8]| {
        let mut answer = link.transceive(apdu, SECOND)?;
        assert_eq!(answer.split_off(answer.len() - 2), OK, "{apdu:02X?}");
        Ok::<_, LinkError>(answer)
    };
    send(&SELECT)?;
    send(&[0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x03])?;
    send(&[0x00, 0xB0, 0x00, 0x00, 0x0F])?;
    send(&[0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x04])?;
    let length = send(&[0x00, 0xB0, 0x00, 0x00, 0x02])?;
    send(&[0x00, 0xB0, 0x00, 0x02, length[1]])
}

#[test]
fn a_card_is_found_read_and_missed() {
    inside("a_card_is_found_read_and_missed", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        assert_eq!(
            counter.backend.list().unwrap(),
            ["Virtual PCD", "Virtual PCD slot 1"].map(ReaderName::new)
        );
        let (took, none) = timed(|| reader.poll(SHORT).unwrap());
        assert_eq!(none, None);
        assert!((SHORT..SHORT + SLACK).contains(&took), "{took:?}");
        assert_eq!(fault(reader.link().transceive(&SELECT, SECOND)), LinkFault::CardGone);

        counter.field.put(tag());
        for _ in 0..3 {
            let card = found(&mut *reader);
            assert_eq!((card.technology, card.uid.as_bytes()), (Technology::IsoDep, &UID[..]));
            assert_eq!(read_ndef(&mut *reader).unwrap(), b"\xD1\x01\x0BU\x04tap.example");
            assert!(reader.link().is_present().unwrap());
        }
        assert_eq!(fault(reader.link().transceive(&[0; 300], SECOND)), LinkFault::Unsupported);
        assert_eq!(fault(reader.link().transceive(&[0xFF, 0xCA, 0, 0, 0], SECOND)), LinkFault::Unsupported);
        assert!(reader.link().is_present().unwrap(), "a refusal costs nothing");

        counter.field.take();
        let (took, ()) = timed(|| until("the removal", || !reader.link().is_present().unwrap()));
        assert!(took < 3 * SECOND, "{took:?}");
        assert_eq!(fault(reader.link().transceive(&SELECT, SECOND)), LinkFault::CardGone);
        assert_eq!(reader.poll(SHORT).unwrap(), None);

        counter.field.put(tag());
        found(&mut *reader);
        reader.release().unwrap();
        assert!(!reader.link().is_present().unwrap());
        assert_eq!(fault(reader.link().transceive(&SELECT, SECOND)), LinkFault::CardGone);
        reader.health().unwrap();
        found(&mut *reader);
        reader.health().unwrap();
        assert!(read_ndef(&mut *reader).is_ok());
    });
}

#[test]
fn a_url_with_a_message_code_is_verified() {
    inside("a_url_with_a_message_code_is_verified", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        let template = "tap.example/t?p={picc}&c={mac}".parse().unwrap();
        let mut soft = SoftTag::new("04a1b2c3d4e5f6".parse().unwrap(), template, &Secret::zeros())
            .meta_read_key(&Secret::zeros());
        let keys = Keys::new([KeySet::explicit(Secret::zeros()).meta_read_key(Secret::zeros())]).unwrap();
        for count in 1..=3 {
            counter.field.put(Type4Tag::new(&soft.tap_file(&[7; 16]).unwrap()[2..]));
            found(&mut *reader);
            let file = read_ndef(&mut *reader).unwrap();
            let url = Message::parse(&file).unwrap().uri().unwrap().unwrap();
            let proof = tap::verify(&url, &keys).unwrap();
            assert_eq!(proof.read_ctr().map(|ctr| ctr.get()), Some(count));
            counter.field.take();
            until("the removal", || !reader.link().is_present().unwrap());
        }
    });
}

/// A tag of pages that count, with a version.
struct Pages;

impl SoftCard for Pages {
    fn activate(&mut self) -> Activation {
        Activation { atqa: [0x44, 0x00], sak: 0x00, uid: UID.to_vec(), ats: None }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        match command {
            [0x30, page @ 0..45] => Answer::Bytes((0..16).map(|at| page * 4 + at).collect()),
            [0x60] => Answer::Bytes(vec![0x00, 0x04, 0x04, 0x02, 0x01, 0x00, 0x11, 0x03]),
            [0xA2, 4, ..] => Answer::Nibble(0x0A),
            [0x1B, ..] => Answer::Silence,
            _ => Answer::Nibble(0x00),
        }
    }
}

#[test]
fn type_2_tags_are_read_through_the_readers_own_words() {
    inside("type_2_tags_are_read_through_the_readers_own_words", || {
        for (name, knows_more) in [(NAME, false), ("ACS ACR122U PICC Interface", true)] {
            let _pcscd = Pcscd::named(&[name]);
            let field = Field::new();
            let _card = VpcdCard::new(field.clone(), VPCD_PORT);
            let mut reader = open(&mut PcscBackend::new(), name);
            field.put(Pages);
            let card = found(&mut *reader);
            assert_eq!((card.technology, card.uid.as_bytes()), (Technology::Type2, &UID[..]));
            assert!(reader.capabilities().type2);
            let mut say = |command: &[u8]| reader.link().transceive(command, SECOND);
            assert_eq!(say(&[0x30, 0x04]).unwrap(), (16..32).collect::<Vec<u8>>());
            assert_eq!(say(&[0x30, 0xF0]).unwrap(), [0x00], "a refusal");
            assert_eq!(say(&[0xA2, 4, 1, 2, 3, 4]).unwrap(), [0x0A]);
            assert_eq!(say(&[0xA2, 9, 1, 2, 3, 4]).unwrap(), [0x00]);
            match knows_more {
                true => assert_eq!(say(&[0x60]).unwrap().len(), 8),
                false => assert_eq!(fault(say(&[0x60])), LinkFault::Unsupported),
            }
            assert_eq!(say(&[0x30, 0x00]).unwrap().len(), 16);
            if knows_more {
                assert_eq!(fault(say(&[0x1B, 0, 0, 0, 0])), LinkFault::CardGone);
                assert_eq!(fault(say(&[0x30, 0x00])), LinkFault::CardGone, "it has to be found again");
                found(&mut *reader);
            }
        }
    });
}

#[test]
fn a_card_taken_in_mid_exchange_is_gone_and_found_again() {
    inside("a_card_taken_in_mid_exchange_is_gone_and_found_again", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        counter.field.put(tag());
        for step in 0..6 {
            for tear in [Tear::BeforeEffect, Tear::AfterEffect] {
                found(&mut *reader);
                counter.card.set_faults(Faults::none().at_exchange(step, Fault::CardTaken(tear)));
                assert_eq!(fault(read_ndef(&mut *reader)), LinkFault::CardGone, "at {step}");
                assert!(!reader.link().is_present().unwrap(), "at {step}");
                assert_eq!(fault(reader.link().transceive(&SELECT, SECOND)), LinkFault::CardGone);
                counter.field.put_boxed(counter.card.lost().remove(0));
            }
        }
        for (planned, told) in [
            (Fault::CardLifted(Tear::BeforeEffect), LinkFault::CardGone),
            (Fault::CommandLost, LinkFault::CardGone),
            (Fault::AnswerLost, LinkFault::CardGone),
            (Fault::AnswerBroken, LinkFault::Card),
        ] {
            found(&mut *reader);
            counter.card.set_faults(Faults::none().at_exchange(1, planned));
            assert_eq!(fault(read_ndef(&mut *reader)), told, "{planned:?}");
        }
        found(&mut *reader);
        assert!(read_ndef(&mut *reader).is_ok());
    });
}

#[test]
fn a_reader_that_does_not_answer_is_not_waited_for() {
    inside("a_reader_that_does_not_answer_is_not_waited_for", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        counter.field.put(tag());
        found(&mut *reader);
        counter.card.set_faults(Faults::none().at_exchange(0, Fault::Reader(LinkFault::Timeout)));
        let (took, outcome) = timed(|| reader.link().transceive(&SELECT, SHORT));
        assert_eq!(fault(outcome), LinkFault::Timeout);
        assert!(took < SHORT + SLACK, "{took:?}");
        let (took, closed) = timed(|| drop(reader));
        assert!(took < SECOND + SLACK, "{took:?} {closed:?}");
        // The call still hangs in the service, which keeps the card for it.
        let mut reader = counter.open();
        let (took, outcome) = timed(|| reader.poll(SHORT));
        assert!(
            matches!(outcome, Ok(None)) || matches!(&outcome, Err(error) if error.fault == LinkFault::Busy),
            "{outcome:?}"
        );
        assert!(took < SHORT + SECOND + SLACK, "{took:?}");
        let card = counter.field.take().unwrap();
        counter.field.put_boxed(card);
        until("the card", || matches!(reader.poll(SHORT), Ok(Some(_))));
        assert!(read_ndef(&mut *reader).is_ok());

        // One that is slow, and in time.
        counter.card.set_faults(Faults::none().at_exchange(0, Fault::Slow(SHORT)));
        assert_eq!(reader.link().transceive(&SELECT, LONG).unwrap(), OK);
    });
}

#[test]
fn of_two_openers_one_has_the_card_until_it_lets_go() {
    inside("of_two_openers_one_has_the_card_until_it_lets_go", || {
        let mut counter = Counter::new();
        let (mut first, mut second) = (counter.open(), counter.open());
        counter.field.put(tag());
        found(&mut *first);
        let (took, outcome) = timed(|| second.poll(SHORT));
        assert_eq!(fault(outcome), LinkFault::Busy);
        assert!(took < SHORT + SECOND + SLACK, "{took:?}");
        // Nothing of the second comes between what the first says.
        counter.card.record();
        assert!(read_ndef(&mut *first).is_ok());
        let said = apdus(&counter.card.record());
        assert_eq!(said.len(), 6, "{said:02X?}");
        first.release().unwrap();
        until("the other's turn", || matches!(second.poll(SHORT), Ok(Some(_))));
        assert!(read_ndef(&mut *second).is_ok());
        drop(second);
        found(&mut *first);
    });
}

#[test]
fn a_card_that_another_program_has_for_itself_is_busy() {
    inside("a_card_that_another_program_has_for_itself_is_busy", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        counter.field.put(tag());
        found(&mut *reader);
        reader.release().unwrap();
        let other = Context::establish(Scope::User).unwrap();
        let connect = |mode| other.connect(c"Virtual PCD 00 00", mode, Protocols::ANY);
        let held = connect(ShareMode::Exclusive).unwrap();
        assert_eq!(reader.poll(SHORT).unwrap(), None, "it may let go in a moment, as Windows does");
        let (took, outcome) = timed(|| reader.poll(LONG));
        assert_eq!(fault(outcome), LinkFault::Busy);
        assert!(took < 2 * SECOND + SLACK, "{took:?}");
        held.disconnect(Disposition::ResetCard).map_err(|(_, error)| error).unwrap();
        found(&mut *reader);
        assert!(read_ndef(&mut *reader).is_ok());

        // Another that shares the card and only waits its turn.
        reader.release().unwrap();
        let shared = connect(ShareMode::Shared).unwrap();
        found(&mut *reader);
        assert!(read_ndef(&mut *reader).is_ok());
        reader.release().unwrap();
        drop(shared);
    });
}

#[test]
fn a_service_that_ends_is_gone_and_one_that_comes_back_is_found() {
    inside("a_service_that_ends_is_gone_and_one_that_comes_back_is_found", || {
        let mut counter = Counter::new();
        for round in 0..3 {
            // While a card is waited for.
            let mut reader = counter.open();
            let (sender, receiver) = mpsc::channel();
            let polling = thread::spawn(move || {
                sender.send(()).unwrap();
                let outcome = reader.poll(LONG);
                (Instant::now(), fault(outcome), fault(reader.health()), fault(reader.poll(SHORT)))
            });
            receiver.recv().unwrap();
            thread::sleep(SHORT * 2);
            let killed = Instant::now();
            counter.pcscd.kill();
            let (told, polled, asked, again) = polling.join().unwrap();
            assert_eq!([polled, asked, again], [LinkFault::ReaderGone; 3], "round {round}");
            assert!(told - killed < SECOND, "{:?}", told - killed);
            assert_eq!(fault(counter.backend.list()), LinkFault::ReaderGone);
            assert!(counter.backend.open(&ReaderName::new(NAME)).is_err());

            // While one is spoken to.
            counter.pcscd.run();
            let mut reader = counter.open();
            counter.field.put(tag());
            found(&mut *reader);
            counter.pcscd.kill();
            assert_eq!(fault(reader.link().transceive(&SELECT, SECOND)), LinkFault::ReaderGone);
            counter.pcscd.run();
            assert!(reader.poll(SHORT).is_err(), "the old connection does not come back");
            drop(reader);
            let mut reader = counter.open();
            found(&mut *reader);
            assert!(read_ndef(&mut *reader).is_ok());
            counter.field.take();
        }
    });
}

#[test]
fn a_service_that_hangs_hangs_nobody() {
    inside("a_service_that_hangs_hangs_nobody", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        counter.field.put(tag());
        found(&mut *reader);
        counter.pcscd.signal("STOP");
        let canceller = reader.canceller();
        let (took, ()) = timed(|| canceller.cancel());
        assert!(took < SHORT, "{took:?}");
        assert_eq!(fault(reader.link().transceive(&SELECT, LONG)), LinkFault::Cancelled);
        let (took, outcome) = timed(|| reader.link().transceive(&SELECT, SHORT));
        assert_eq!(fault(outcome), LinkFault::Timeout);
        assert!(took < SHORT + SLACK, "{took:?}");
        let (took, outcome) = timed(|| reader.poll(SHORT));
        assert_eq!(fault(outcome), LinkFault::Timeout);
        assert!(took < SHORT + SECOND + SLACK, "{took:?}");
        let (took, listed) = timed(|| counter.backend.list());
        assert_eq!(fault(listed), LinkFault::Timeout);
        assert!(took < 6 * SECOND, "{took:?}");
        let (took, ()) = timed(|| drop(reader));
        assert!(took < SECOND + SLACK, "{took:?}");
        counter.pcscd.signal("CONT");
        let mut reader = counter.open();
        until("the card", || matches!(reader.poll(SHORT), Ok(Some(_))));
        assert!(read_ndef(&mut *reader).is_ok());
    });
}

#[test]
fn cancelling_ends_the_call_that_runs_or_the_next() {
    inside("cancelling_ends_the_call_that_runs_or_the_next", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        let canceller = reader.canceller();
        let mut longest = Duration::ZERO;
        for pause in [0, 1, 5, 30, 100, 200, 300] {
            let canceller = canceller.clone();
            let cancelling = thread::spawn(move || {
                thread::sleep(Duration::from_millis(pause));
                canceller.cancel();
                Instant::now()
            });
            assert_eq!(fault(reader.poll(LONG)), LinkFault::Cancelled);
            longest = longest.max(Instant::now() - cancelling.join().unwrap());
        }
        eprintln!("a cancelled poll ended within {longest:?}");
        assert!(longest < SHORT, "{longest:?}");
        assert_eq!(reader.poll(SHORT).unwrap(), None, "one call alone is cancelled");

        canceller.cancel();
        assert_eq!(fault(reader.poll(LONG)), LinkFault::Cancelled);
        canceller.cancel();
        assert_eq!(fault(reader.health()), LinkFault::Cancelled);
        reader.health().unwrap();

        // A card in mid-answer: nobody knows what it has done, so it is let go.
        counter.field.put(tag());
        found(&mut *reader);
        counter.card.set_faults(Faults::none().at_exchange(0, Fault::Slow(SHORT * 3)));
        let other = canceller.clone();
        let cancelling = thread::spawn(move || {
            thread::sleep(SHORT);
            other.cancel();
        });
        let (took, outcome) = timed(|| reader.link().transceive(&SELECT, LONG));
        assert_eq!(fault(outcome), LinkFault::Cancelled);
        assert!(took < SHORT * 2, "{took:?}");
        cancelling.join().unwrap();
        assert!(!reader.link().is_present().unwrap());
        found(&mut *reader);
        assert!(read_ndef(&mut *reader).is_ok());
        drop(reader);
        canceller.cancel();
    });
}

#[test]
fn two_slots_are_two_readers() {
    inside("two_slots_are_two_readers", || {
        let mut counter = Counter::new();
        let mut first = counter.open();
        let mut second = open(&mut counter.backend, "Virtual PCD slot 1");
        let there = Field::new();
        let _card = VpcdCard::new(there.clone(), VPCD_PORT + 1);
        there.put(tag().uid([9; 7]));
        assert_eq!(found(&mut *second).uid.as_bytes(), [9; 7]);
        assert_eq!(first.poll(SHORT).unwrap(), None);
        counter.field.put(tag());
        assert_eq!(found(&mut *first).uid.as_bytes(), UID);
        assert!(read_ndef(&mut *second).is_ok() && read_ndef(&mut *first).is_ok());
        // The service's own names, and one that nobody has.
        drop(first);
        drop(open(&mut counter.backend, "Virtual PCD 00 00"));
        assert_eq!(
            fault(counter.backend.open(&ReaderName::new("Virtual")).map(drop)),
            LinkFault::NoSuchReader
        );
    });
}

/// Debian's pcscd has readers come and go over USB alone, so its notice of one is not to be had here.
#[test]
fn another_list_of_readers_is_waited_for() {
    inside("another_list_of_readers_is_waited_for", || {
        let mut counter = Counter::new();
        drop(counter.open());
        let (took, listed) = timed(|| counter.backend.wait_for_change(&[], LONG).unwrap());
        assert_eq!(listed.len(), 2);
        assert!(took < SECOND, "{took:?}");
        let (took, same) = timed(|| counter.backend.wait_for_change(&listed, 7 * SHORT).unwrap());
        assert_eq!(same, listed);
        assert!((7 * SHORT..7 * SHORT + SLACK).contains(&took), "{took:?}");
        let mut backend = counter.backend;
        let waiting = thread::spawn(move || timed(|| fault(backend.wait_for_change(&listed, LONG))));
        thread::sleep(SHORT);
        counter.pcscd.kill();
        let (took, gone) = waiting.join().unwrap();
        assert_eq!(gone, LinkFault::ReaderGone);
        assert!(took < 2 * SECOND, "{took:?}");
    });
}

/// One card after the other, faster than the service looks, let go or not, in the middle of something or not.
#[test]
fn cards_that_follow_each_other_quickly_are_each_found() {
    inside("cards_that_follow_each_other_quickly_are_each_found", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        let mut dice = Dice::new(0x5EED);
        let mut longest = Duration::ZERO;
        for number in 0..30 {
            counter.field.put(tag().uid([number; 7]));
            let (took, card) = timed(|| found(&mut *reader));
            assert_eq!(card.uid.as_bytes(), [number; 7]);
            longest = longest.max(took);
            if dice.per_mille(500) {
                assert!(read_ndef(&mut *reader).is_ok(), "card {number}");
            }
            if dice.per_mille(300) {
                thread::sleep(Duration::from_millis(dice.below(500) as u64));
            }
            counter.field.take();
            match dice.below(5) {
                0 => reader.release().unwrap(),
                1 => assert_eq!(fault(reader.link().transceive(&SELECT, SECOND)), LinkFault::CardGone),
                2 => until("the removal", || !reader.link().is_present().unwrap()),
                3 => thread::sleep(Duration::from_millis(dice.below(500) as u64)),
                _ => {}
            }
        }
        eprintln!("the longest search took {longest:?}");
        assert!(longest < 3 * SECOND, "{longest:?}");
    });
}

/// The APDUs that reached a card.
fn apdus(messages: &[VpcdMessage]) -> Vec<Vec<u8>> {
    let apdu = |message: &VpcdMessage| match message {
        VpcdMessage::ToCard(bytes) if bytes.len() > 1 => Some(bytes.clone()),
        _ => None,
    };
    messages.iter().filter_map(apdu).collect()
}

#[test]
fn the_card_hears_what_it_heard_from_others() {
    inside("the_card_hears_what_it_heard_from_others", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        // A message as long as that of the trace, so that it is read by the same commands.
        let text = [b'x'; 68];
        counter.card.record();
        counter.field.put(Type4Tag::new(&[b"\xD1\x01\x45U\x04", &text[..]].concat()));
        found(&mut *reader);
        assert!(read_ndef(&mut *reader).is_ok());
        reader.release().unwrap();
        // The service does not wait for the card to have heard that its power goes.
        let mut heard = counter.card.record();
        until("power off", || {
            heard.extend(counter.card.record());
            heard.contains(&VpcdMessage::ToCard(vec![0x00]))
        });
        let said = apdus(&heard);
        let polls =
            |message: &&VpcdMessage| !matches!(message, VpcdMessage::ToCard(bytes) if bytes == &[0x04]);
        let to_card = |message: &VpcdMessage| match message {
            VpcdMessage::ToCard(bytes) => Some(bytes.clone()),
            VpcdMessage::ToReader(_) => None,
        };
        let all: Vec<_> = heard.iter().filter(polls).filter_map(to_card).collect();
        assert_eq!(all.first(), Some(&vec![0x01]), "power on");
        assert_eq!(all.last(), Some(&vec![0x00]), "power off");

        let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces/vpcd.jsonl");
        let Ok(trace) = fs::read_to_string(&trace) else {
            eprintln!("skipped: there is no {}", trace.display());
            return;
        };
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let expected = trace
            .lines()
            .filter(|line| line.contains("wait-read-remove") && line.contains("\"apdu\""))
            .filter_map(|line| line.split_once("\"hex\": \"")?.1.split_once('"'))
            .map(|(hex, _)| hex[4..].to_owned());
        let said: Vec<_> = said.iter().map(|apdu| hex(apdu)).collect();
        let expected: Vec<_> = expected.take(said.len()).collect();
        assert_eq!(said, expected);
    });
}

#[test]
fn many_cycles_leave_nothing_behind() {
    inside("many_cycles_leave_nothing_behind", || {
        let mut counter = Counter::new();
        counter.field.put(tag());
        let cycle = |counter: &mut Counter| {
            let mut reader = counter.open();
            found(&mut *reader);
            assert_eq!(reader.link().transceive(&SELECT, SECOND).unwrap(), OK);
            if counter.card.record().len().is_multiple_of(2) {
                reader.release().unwrap();
            }
            counter.backend.list().unwrap();
            reader.canceller().cancel();
            assert_eq!(fault(reader.poll(LONG)), LinkFault::Cancelled);
        };
        let left = || {
            // Threads that were left for a moment have ended.
            thread::sleep(SHORT);
            let count = |folder| fs::read_dir(folder).unwrap().count();
            (count("/proc/self/fd"), count("/proc/self/task"))
        };
        for _ in 0..20 {
            cycle(&mut counter);
        }
        let (before, memory) = (left(), resident());
        let (took, ()) = timed(|| (0..400).for_each(|_| cycle(&mut counter)));
        let (after, grown) = (left(), resident().saturating_sub(memory));
        eprintln!(
            "400 cycles in {took:?}; descriptors and threads {before:?} then {after:?}; {grown} KiB more"
        );
        assert_eq!(before, after, "descriptors and threads");
        assert!(grown < 2048, "{grown} KiB");
        for _ in 0..5 {
            counter.pcscd.kill();
            counter.pcscd.run();
            cycle(&mut counter);
        }
        assert_eq!(before, left(), "after restarts of the service");
    });
}

/// Memory of this process, in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "a measurement, which a busy machine spoils"]
fn what_the_thread_between_costs() {
    inside("what_the_thread_between_costs", || {
        let mut counter = Counter::new();
        let mut reader = counter.open();
        counter.field.put(tag());
        found(&mut *reader);
        let apdu = [0x00, 0xB0, 0x00, 0x00, 0x0F];
        for pause in [Duration::ZERO, Duration::from_millis(5)] {
            let mut medians = [0.0, 0.0];
            let slow = || (0..1000).fold(Faults::none(), |plan, n| plan.at_exchange(n, Fault::Slow(pause)));
            for (at, median) in medians.iter_mut().enumerate() {
                reader.release().unwrap();
                counter.card.set_faults(slow());
                let mut times: Vec<_> = match at {
                    0 => {
                        let context = Context::establish(Scope::User).unwrap();
                        let card =
                            context.connect(c"Virtual PCD 00 00", ShareMode::Shared, Protocols::ANY).unwrap();
                        let mut buffer = [0; 264];
                        (0..500)
                            .map(|_| timed(|| card.transmit(&apdu, &mut buffer).unwrap().len()).0)
                            .collect()
                    }
                    _ => {
                        found(&mut *reader);
                        (0..500)
                            .map(|_| timed(|| reader.link().transceive(&apdu, SECOND).unwrap()).0)
                            .collect()
                    }
                };
                times.sort();
                *median = times[times.len() / 2].as_secs_f64() * 1e6;
            }
            let [bare, driven] = medians;
            eprintln!(
                "{pause:?} in the card: {bare:.0} us bare, {driven:.0} us driven: {:.3}",
                driven / bare
            );
        }
    });
}
