//! The chip by its promises.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use phygital_core::contactless::ecp::Modulation;
use proptest::prelude::*;

use super::*;
use crate::card::{Activation, Answer, SharedCard, SoftCard, Tear};
use crate::pn532::frame::BODY_BYTES_MAX;

const WAKE_UP: [u8; 16] = [0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const LIST: [u8; 3] = [0x4A, 0x01, 0x00];
const NOTHING: [u8; 0] = [];
const NOBODY: [u8; 1] = [0x00];

/// A card that keeps what it was told.
#[derive(Default)]
struct Card {
    iso_dep: bool,
    told: Vec<Vec<u8>>,
    overheard: Vec<Vec<u8>>,
    answer: Option<Answer>,
    activations: u8,
    uid: Vec<u8>,
    ats: Vec<u8>,
}

impl SoftCard for Card {
    fn activate(&mut self) -> Activation {
        self.activations += 1;
        let uid = if self.uid.is_empty() { vec![8, 0, 0, self.activations] } else { self.uid.clone() };
        let ats = self.iso_dep.then(|| if self.ats.is_empty() { vec![1] } else { self.ats.clone() });
        Activation { atqa: [0x44, 0x00], sak: if self.iso_dep { 0x20 } else { 0x00 }, uid, ats }
    }

    fn lose_power(&mut self) {}

    fn answer(&mut self, command: &[u8]) -> Answer {
        self.told.push(command.to_vec());
        self.answer.clone().unwrap_or_else(|| Answer::Bytes(vec![0x90, 0x00]))
    }

    fn overhear(&mut self, frame: &[u8]) {
        self.overheard.push(frame.to_vec());
    }
}

/// A chip that is awake, a card that may lie on it, and a clock.
struct Bench {
    chip: Pn532,
    field: Field,
    card: SharedCard<Card>,
    now: Duration,
}

impl Bench {
    fn new(card: Card) -> Self {
        let (field, card) = (Field::new(), SharedCard::new(card));
        field.put(card.clone());
        Self::over(field, card)
    }

    fn iso_dep() -> Self {
        Self::new(Card { iso_dep: true, ..Card::default() })
    }

    fn type2() -> Self {
        Self::new(Card::default())
    }

    fn empty() -> Self {
        Self::over(Field::new(), SharedCard::default())
    }

    fn over(field: Field, card: SharedCard<Card>) -> Self {
        let mut chip = Pn532::new(field.clone());
        chip.receive(&WAKE_UP, Duration::ZERO);
        let mut bench = Self { chip, field, card, now: Duration::ZERO };
        assert_eq!(bench.ask(&[0x32, 0x05, 0xFF, 0x01, 0x00]), NOTHING);
        bench
    }

    /// Sends a command, and gives all that comes until nothing more will, or 10 s have passed.
    fn send(&mut self, command: &[u8]) -> Vec<u8> {
        self.chip.receive(&encode(&[&[FROM_HOST], command].concat()), self.now);
        let end = self.now + Duration::from_secs(10);
        let mut sent = self.chip.transmit(self.now);
        while let Some(next) = self.chip.next_event().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            sent.extend(self.chip.transmit(self.now));
        }
        sent
    }

    /// The data of the right answer to a command.
    fn ask(&mut self, command: &[u8]) -> Vec<u8> {
        let sent = self.send(command);
        let answer = sent.strip_prefix(&ACK).unwrap();
        let mut reader = FrameReader::default();
        reader.push(answer);
        let Some(Frame::Body(body)) = reader.next_frame() else { panic!("{answer:02X?}") };
        assert_eq!(encode(&body), answer);
        assert_eq!(body[..2], [FROM_CHIP, command[0] + 1]);
        body[2..].to_vec()
    }

    /// Selects the card, which must be there.
    fn select(&mut self) -> Vec<u8> {
        let found = self.ask(&LIST);
        assert_eq!(found[0], 1, "{found:02X?}");
        found
    }

    fn told(&self) -> Vec<Vec<u8>> {
        self.card.with(|card| card.told.clone())
    }

    fn milliseconds(&mut self, command: &[u8]) -> u128 {
        let before = self.now;
        self.ask(command);
        (self.now - before).as_millis()
    }
}

// --- the line ------------------------------------------------------------------------------------

#[test]
fn it_sleeps_until_it_is_woken() {
    let mut chip = Pn532::new(Field::new());
    let firmware = encode(&[0xD4, 0x02]);
    chip.receive(&firmware, Duration::ZERO);
    assert_eq!((chip.transmit(Duration::ZERO), chip.is_awake()), (vec![], false));
    chip.receive(&[&WAKE_UP[..], &firmware].concat(), Duration::ZERO);
    let version = [&ACK[..], &encode(&[0xD5, 0x03, 0x32, 0x01, 0x06, 0x07])].concat();
    assert_eq!((chip.transmit(Duration::ZERO), chip.is_awake()), (version, true));
    chip.receive(&encode(&[0xD4, 0x32, 0x01, 0x01]), Duration::ZERO);
    assert!(chip.field_is_on());
    chip.receive(&[encode(&[0xD4, 0x16, 0xF0]), firmware].concat(), Duration::ZERO);
    assert_eq!(chip.transmit(Duration::ZERO)[15..], [&ACK[..], &encode(&[0xD5, 0x17, 0x00])].concat());
    assert!(!chip.is_awake() && !chip.field_is_on());
}

#[test]
fn what_it_does_not_know_is_a_syntax_error() {
    let mut bench = Bench::empty();
    let error = [&ACK[..], &SYNTAX_ERROR].concat();
    for command in [
        &[0xEE][..],
        &[0x02, 0x00],
        &[0x06, 0x63],
        &[0x08, 0x63, 0x02],
        &[0x10, 0x09],
        &[0x32, 0x05, 0x00],
        &[0x40],
        &[0x42],
        &[0x4A, 0x03, 0x00],
        &[0x60, 0x00, 0x01, 0x00],
    ] {
        assert_eq!(bench.send(command), error, "{command:02X?}");
    }
    bench.chip.receive(&encode(&[FROM_CHIP, 0x03]), bench.now);
    assert_eq!(bench.chip.transmit(bench.now), error);
}

#[test]
fn a_frame_that_is_asked_for_again_comes_again() {
    let mut bench = Bench::empty();
    bench.chip.faults().next(Pn532Fault::BadDcs);
    let spoilt = bench.send(&[0x02]);
    bench.chip.receive(&NACK, bench.now);
    let again = bench.chip.transmit(bench.now);
    assert_ne!(spoilt[6..], again);
    assert_eq!(again, encode(&[0xD5, 0x03, 0x32, 0x01, 0x06, 0x07]));
}

#[test]
fn an_acknowledgement_from_the_host_ends_what_runs() {
    let mut bench = Bench::empty();
    bench.ask(&[0x32, 0x05, 0xFF, 0x01, 0xFF]);
    for endless in [&LIST[..], &[0x60, 0xFF, 0x01, 0x20]] {
        assert_eq!(bench.send(endless), ACK);
        assert!(bench.chip.next_event().is_some());
        bench.chip.receive(&ACK, bench.now);
        assert_eq!((bench.chip.next_event(), bench.chip.transmit(bench.now)), (None, vec![]));
        bench.field.put(bench.card.clone());
        bench.now += Duration::from_secs(1);
        assert_eq!(bench.chip.transmit(bench.now), NOTHING);
        bench.field.take();
    }
    // With nothing under way it means nothing.
    bench.chip.receive(&ACK, bench.now);
    assert_eq!(bench.ask(&[0x02]), [0x32, 0x01, 0x06, 0x07]);
}

#[test]
fn a_new_command_ends_what_runs() {
    let mut bench = Bench::empty();
    bench.ask(&[0x32, 0x05, 0xFF, 0x01, 0xFF]);
    assert_eq!(bench.send(&LIST), ACK);
    assert_eq!(bench.ask(&[0x02]), [0x32, 0x01, 0x06, 0x07]);
    bench.field.put(bench.card.clone());
    bench.now += Duration::from_secs(1);
    assert_eq!(bench.chip.transmit(bench.now), NOTHING);
}

#[test]
fn a_card_that_comes_is_found_by_a_command_that_waits() {
    let mut bench = Bench::empty();
    bench.ask(&[0x32, 0x05, 0xFF, 0x01, 0xFF]);
    assert_eq!(bench.send(&LIST), ACK);
    bench.field.put(bench.card.clone());
    bench.now = bench.chip.next_event().unwrap();
    let found = encode(&[0xD5, 0x4B, 1, 1, 0x00, 0x44, 0x00, 4, 8, 0, 0, 1]);
    assert_eq!(bench.chip.transmit(bench.now), found);
}

#[test]
fn power_that_goes_takes_all_with_it() {
    let mut bench = Bench::iso_dep();
    bench.ask(&[0x08, 0x63, 0x05, 0x40]);
    bench.select();
    bench.chip.reset();
    assert!(!bench.chip.is_awake() && !bench.chip.field_is_on());
    bench.chip.receive(&WAKE_UP, bench.now);
    assert_eq!(bench.ask(&[0x06, 0x63, 0x05]), [0]);
    assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::CONTEXT]);
}

// --- cards ---------------------------------------------------------------------------------------

#[test]
fn a_selected_iso_dep_card_hears_no_request_until_it_is_let_go() {
    let mut bench = Bench::iso_dep();
    bench.ask(&[0x32, 0x05, 0xFF, 0x01, 0x0A]);
    bench.select();
    assert_eq!(bench.ask(&LIST), NOBODY);
    assert_eq!(bench.ask(&LIST), NOBODY);
    bench.ask(&[0x32, 0x01, 0x00]);
    bench.select();
    for let_go in [0x44, 0x52] {
        assert_eq!(bench.ask(&[let_go, 0x00]), [status::OK]);
        bench.select();
    }
}

#[test]
fn a_selected_type_2_tag_misses_one_request() {
    let mut bench = Bench::type2();
    for _ in 0..3 {
        bench.select();
        assert_eq!(bench.ask(&LIST), NOBODY);
    }
    bench.ask(&[0x32, 0x05, 0xFF, 0x01, 0x01]);
    bench.select();
    bench.select();
}

#[test]
fn a_card_keeps_its_uid_as_long_as_it_has_power() {
    let mut bench = Bench::iso_dep();
    let first = bench.select();
    bench.ask(&[0x52, 0x00]);
    assert_eq!(bench.select(), first);
    bench.ask(&[0x32, 0x01, 0x00]);
    assert_ne!(bench.select(), first);
}

#[test]
fn a_deselected_card_is_selected_when_it_is_spoken_to() {
    let mut bench = Bench::iso_dep();
    bench.select();
    assert_eq!(bench.ask(&[0x44, 0x01]), [status::OK]);
    assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::OK, 0x90, 0x00]);
    bench.ask(&[0x44, 0x01]);
    assert_eq!(bench.ask(&[0x54, 0x01]), [status::OK]);
    bench.ask(&[0x52, 0x01]);
    assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::CONTEXT]);
    assert_eq!(bench.ask(&[0x44, 0x01]), [status::CONTEXT]);
}

#[test]
fn another_card_is_not_the_one_that_was_selected() {
    let mut bench = Bench::iso_dep();
    bench.select();
    bench.field.put(bench.card.clone());
    assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::TIMEOUT]);
    assert_eq!(bench.told(), Vec::<Vec<u8>>::new());
    bench.select();
    assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::OK, 0x90, 0x00]);
}

#[test]
fn a_card_of_another_uid_than_the_wanted_one_is_left_alone() {
    let mut bench = Bench::new(Card { uid: vec![4, 1, 2, 3, 4, 5, 6], ..Card::default() });
    let wanted = |uid: &[u8]| [&LIST[..], uid].concat();
    assert_eq!(bench.ask(&wanted(&[0x88, 4, 1, 2, 3, 4, 5, 7])), NOBODY);
    assert_eq!(bench.ask(&wanted(&[0x88, 4, 1, 2, 3, 4, 5, 6]))[0], 1);
}

#[test]
fn long_answers_and_commands_come_in_parts() {
    let mut bench = Bench::iso_dep();
    let long = (0..600).map(|at| at as u8).collect::<Vec<_>>();
    bench.card.with(|card| card.answer = Some(Answer::Bytes(long.clone())));
    bench.select();
    assert_eq!(bench.ask(&[0x40, 0x41, 1, 2]), [status::OK]);
    let mut read = bench.ask(&[0x40, 0x01, 3, 4]);
    assert_eq!((read.remove(0), read.len()), (status::MORE, BODY_BYTES_MAX - 3));
    for last in [status::MORE, status::OK] {
        let mut part = bench.ask(&[0x40, 0x01]);
        assert_eq!(part.remove(0), last);
        read.extend(part);
    }
    assert_eq!((read, bench.told()), (long, vec![vec![1, 2, 3, 4]]));
    // A new command forgets what was not fetched.
    bench.ask(&[0x40, 0x01, 5]);
    bench.card.with(|card| card.answer = None);
    assert_eq!(bench.ask(&[0x40, 0x01, 6]), [status::OK, 0x90, 0x00]);
}

#[test]
fn a_command_in_parts_has_an_end() {
    let mut bench = Bench::iso_dep();
    bench.select();
    let part = [&[0x40, 0x41][..], &[0; 256]].concat();
    for _ in 0..65_544 / 256 {
        assert_eq!(bench.ask(&part), [status::OK]);
    }
    assert_eq!(bench.ask(&[0x40, 0x41, 0, 0, 0, 0, 0, 0, 0, 0]), [status::OK]);
    assert_eq!(bench.ask(&[0x40, 0x41, 0]), [status::OVERFLOW]);
}

#[test]
fn cards_that_lie_about_themselves_are_cut_short() {
    let card = Card { iso_dep: true, uid: vec![7; 300], ats: vec![9; 300], ..Card::default() };
    let mut bench = Bench::new(card);
    let found = bench.select();
    assert_eq!((found[5], found.len()), (0xFF, 252));
    bench.ask(&[0x52, 0x00]);
    assert_eq!(bench.ask(&[0x60, 0x01, 0x01, 0x20])[..4], [1, 0x20, 251, 1]);
}

#[test]
fn timeouts_last_as_configured() {
    let mut bench = Bench::iso_dep();
    bench.card.with(|card| card.answer = Some(Answer::Silence));
    bench.select();
    assert_eq!(bench.milliseconds(&[0x40, 0x01, 0x00]), 51);
    bench.ask(&[0x32, 0x02, 0x00, 0x0B, 0x08]);
    assert_eq!(bench.milliseconds(&[0x40, 0x01, 0x00]), 12);
    bench.chip.set_pace(Pace::AtOnce);
    assert_eq!(bench.milliseconds(&[0x40, 0x01, 0x00]), 0);
    assert!(bench.chip.wire_time().air > Duration::from_millis(51 + 12 + 12));
    bench.ask(&[0x32, 0x02, 0x00, 0x0B, 0x00]);
    assert_eq!(bench.send(&[0x40, 0x01, 0x00]), ACK);
}

#[test]
fn an_automatic_poll_lasts_as_long_as_it_was_told() {
    let mut bench = Bench::empty();
    assert_eq!(bench.milliseconds(&[0x60, 0x02, 0x01, 0x20, 0x10]), 600);
    bench.field.put(bench.card.clone());
    assert_eq!(bench.milliseconds(&[0x60, 0x02, 0x01, 0x20]), 300);
    assert_eq!(bench.ask(&[0x60, 0x02, 0x01, 0x20, 0x10])[..4], [1, 0x10, 9, 1]);
}

// --- raw frames ----------------------------------------------------------------------------------

#[test]
fn presence_is_asked_without_an_apdu() {
    let mut bench = Bench::iso_dep();
    assert_eq!(bench.ask(&[0x00, 0x06]), [status::CONTEXT]);
    bench.select();
    assert_eq!(bench.ask(&[0x42, 0xB2]), [status::OK, 0xA2]);
    assert_eq!(bench.ask(&[0x00, 0x06]), [status::OK]);
    assert_eq!(bench.told(), Vec::<Vec<u8>>::new());
    bench.field.take();
    assert_eq!(bench.ask(&[0x42, 0xB2]), [status::TIMEOUT]);
}

#[test]
fn blocks_pass_by_hand() {
    let mut bench = Bench::iso_dep();
    bench.ask(&[0x12, 0x04]); // no ATS
    assert_eq!(bench.select().len(), 10);
    bench.ask(&[0x08, 0x63, 0x02, 0x80, 0x63, 0x03, 0x80]);
    assert_eq!(bench.ask(&[0x42, 0xE0, 0x80]), [status::OK, 1]);
    assert_eq!(bench.ask(&[0x42, 0x02, 7]), [status::OK, 0x02, 0x90, 0x00]);
    assert_eq!(bench.ask(&[0x42, 0xC2]), [status::OK, 0xC2]);
    assert_eq!(bench.ask(&[0x42, 0x02, 7]), [status::TIMEOUT]);
    assert_eq!(bench.told(), [[7]]);
}

#[test]
fn four_bits_look_like_a_wrong_checksum_where_it_is_checked() {
    let mut bench = Bench::type2();
    bench.select();
    bench.card.with(|card| card.answer = Some(Answer::Nibble(0x0A)));
    assert_eq!(bench.ask(&[0x42, 0xA2, 4, 0, 0, 0, 0]), [status::CRC]);
    assert_eq!(bench.ask(&[0x40, 0x01, 0xA2, 4, 0, 0, 0, 0]), [status::OK]);
    bench.ask(&[0x08, 0x63, 0x03, 0x00]);
    assert_eq!(bench.ask(&[0x42, 0xA2, 4, 0, 0, 0, 0]), [status::OK, 0x0A]);
    bench.card.with(|card| card.answer = Some(Answer::Bytes(vec![0x00, 0x00])));
    assert_eq!(bench.ask(&[0x42, 0x30, 0]), [status::OK, 0x00, 0x00, 0xA0, 0x1E]);
    bench.card.with(|card| card.answer = Some(Answer::Nibble(0x00)));
    assert_eq!(bench.ask(&[0x40, 0x01, 0x30, 0xFF]), [status::CRC]);
    // It went back to where it was before its selection.
    assert_eq!(bench.ask(&[0x40, 0x01, 0x30, 0x00]), [status::TIMEOUT]);
}

#[test]
fn get_version_does_not_pass_where_mifare_authenticates() {
    let mut bench = Bench::type2();
    bench.select();
    assert_eq!(bench.ask(&[0x40, 0x01, 0x60]), [status::AUTHENTICATION]);
    assert_eq!(bench.ask(&[0x42, 0x60]), [status::OK, 0x90, 0x00]);
}

#[test]
fn a_polling_frame_is_overheard_when_it_is_whole() {
    let mut bench = Bench::iso_dep();
    let heard = |bench: &Bench| bench.card.with(|card| std::mem::take(&mut card.overheard));
    let ecp = [0x42, 0x6A, 0x01, 0x00, 0x00, 0x00];
    let whole = [&ecp[1..], &Modulation::A.crc(&ecp[1..])].concat();
    bench.field.take();
    assert_eq!(bench.ask(&LIST), NOBODY);
    bench.field.put(bench.card.clone());
    // A request has left seven bits, and no checksum.
    assert_eq!(bench.ask(&[0x06, 0x63, 0x3D, 0x63, 0x02]), [0x07, 0x00]);
    assert_eq!(bench.ask(&ecp), [status::TIMEOUT]);
    assert_eq!(heard(&bench), Vec::<Vec<u8>>::new());
    bench.ask(&[0x08, 0x63, 0x3D, 0x00]);
    bench.ask(&ecp);
    bench.ask(&[&ecp[..], &whole[5..]].concat());
    assert_eq!(heard(&bench), [whole[..5].to_vec(), whole.clone()]);
    bench.ask(&[0x08, 0x63, 0x02, 0x80]);
    bench.ask(&ecp);
    assert_eq!(heard(&bench), [whole]);
    // A card that is spoken to takes it for a command.
    bench.select();
    bench.ask(&ecp);
    bench.ask(&[0x32, 0x01, 0x00]);
    bench.ask(&ecp);
    assert_eq!(heard(&bench), Vec::<Vec<u8>>::new());
}

// --- faults --------------------------------------------------------------------------------------

#[test]
fn each_fault_is_what_it_says() {
    let good = encode(&[0xD5, 0x41, 0x00, 0x90, 0x00]);
    let cut = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        [&ACK[..], &bad].concat()
    };
    let after_ack = |frame: &[u8]| [&ACK[..], frame].concat();
    let lost = [
        (Pn532Fault::NoAck, vec![]),
        (Pn532Fault::BadAck, vec![0x00, 0x00, 0xFF, 0x00, 0xFE, 0x00]),
        (Pn532Fault::Nack, NACK.to_vec()),
        (Pn532Fault::CardLifted(Tear::BeforeEffect), after_ack(&encode(&[0xD5, 0x41, status::TIMEOUT]))),
    ];
    let done = [
        (Pn532Fault::Silent, ACK.to_vec()),
        (Pn532Fault::HalfFrame, after_ack(&good[..6])),
        (Pn532Fault::BadDcs, cut(10, 0x5B)),
        (Pn532Fault::BadLcs, cut(4, 0xFC)),
        (Pn532Fault::ZeroLen, after_ack(&[0x00, 0x00, 0xFF, 0x00, 0x00, 0x00, 0x00])),
        (Pn532Fault::OtherCode, after_ack(&encode(&[0xD5, 0x51, 0x00, 0x90, 0x00]))),
        (Pn532Fault::Noise, after_ack(&[&[0x5A, 0x00, 0xA5, 0xFF, 0x17], &good[..]].concat())),
        (Pn532Fault::ErrorFrame, after_ack(&SYNTAX_ERROR)),
        (Pn532Fault::Status(0x29), after_ack(&encode(&[0xD5, 0x41, 0x29]))),
        (Pn532Fault::Nad, after_ack(&encode(&[0xD5, 0x41, 0x80, 0x90, 0x00]))),
        (Pn532Fault::Late(Duration::from_secs(1)), after_ack(&good)),
        (Pn532Fault::CardLifted(Tear::AfterEffect), after_ack(&encode(&[0xD5, 0x41, status::TIMEOUT]))),
    ];
    let (lost, done) = (lost.into_iter().map(|case| (0, case)), done.into_iter().map(|case| (1, case)));
    for (told, (fault, sent)) in lost.chain(done) {
        let mut bench = Bench::iso_dep();
        bench.select();
        bench.chip.faults().next(fault.clone());
        assert_eq!(bench.send(&[0x40, 0x01, 0x00]), sent, "{fault:?}");
        assert_eq!(bench.told().len(), told, "{fault:?}");
        // The chip is well again.
        bench.ask(&[0x52, 0x00]);
        bench.select();
        assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::OK, 0x90, 0x00], "{fault:?}");
    }
}

#[test]
fn a_chip_that_hangs_is_woken_or_plugged_in_anew() {
    let mut bench = Bench::empty();
    for (fault, woken) in [(Pn532Fault::Hang, true), (Pn532Fault::Dead, false)] {
        bench.chip.faults().next(fault);
        assert_eq!(bench.send(&[0x02]), NOTHING);
        assert_eq!(bench.send(&[0x02]), NOTHING);
        bench.chip.receive(&WAKE_UP, bench.now);
        assert_eq!(bench.chip.is_awake(), woken);
    }
    bench.chip.reset();
    bench.chip.receive(&WAKE_UP, bench.now);
    bench.ask(&[0x02]);
}

#[test]
fn a_fault_waits_for_a_command_that_it_can_happen_to() {
    let mut bench = Bench::iso_dep();
    bench.chip.faults().next(Pn532Fault::Split);
    bench.chip.faults().next(Pn532Fault::LongUid);
    bench.field.take();
    assert_eq!(bench.ask(&LIST), NOBODY);
    bench.field.put(bench.card.clone());
    assert_eq!(bench.select()[5], 64);
    assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::OK, 0x90, 0x00]);
    bench.card.with(|card| card.answer = Some(Answer::Bytes(vec![1, 2, 3, 4])));
    assert_eq!(bench.ask(&[0x40, 0x01, 0x00]), [status::MORE, 1, 2]);
    assert_eq!(bench.ask(&[0x40, 0x01]), [status::OK, 3, 4]);
    bench.ask(&[0x52, 0x00]);
    bench.chip.faults().next(Pn532Fault::EmptyAts);
    assert_eq!(bench.select()[5..], [4, 8, 0, 0, 1, 0]);
}

#[test]
fn a_fault_meets_the_command_of_its_number() {
    let mut bench = Bench::empty(); // one command
    bench.chip.faults().at(3, Pn532Fault::NoAck);
    bench.ask(&[0x02]);
    assert_eq!(bench.send(&[0x02]), NOTHING);
    bench.ask(&[0x02]);
}

#[test]
fn a_card_that_is_taken_away_is_handed_out() {
    let mut bench = Bench::iso_dep();
    bench.select();
    bench.chip.faults().next(Pn532Fault::CardTaken(Tear::AfterEffect));
    assert_eq!(bench.ask(&[0x40, 0x01, 0x07]), [status::TIMEOUT]);
    assert_eq!(bench.told(), [[7]]);
    assert_eq!(bench.ask(&LIST), NOBODY);
    let lost = bench.chip.lost().pop().unwrap();
    assert_eq!(bench.chip.lost().len(), 0);
    bench.field.put_boxed(lost);
    bench.select();
}

#[test]
fn chance_is_decided_by_the_seed() {
    let faults = [Pn532Fault::NoAck, Pn532Fault::BadDcs, Pn532Fault::Nad];
    let met = |seed| {
        let mut bench = Bench::empty();
        bench.chip.faults().by_chance(seed, 100, &faults);
        (0..1000).map(|_| bench.send(&[0x02])).collect::<Vec<_>>()
    };
    let good = [&ACK[..], &encode(&[0xD5, 0x03, 0x32, 0x01, 0x06, 0x07])].concat();
    let one = met(1);
    assert_eq!(one, met(1));
    assert_ne!(one, met(2));
    let wrong = one.iter().filter(|sent| **sent != good).count();
    assert!((60..140).contains(&wrong), "{wrong}");
    // The node address can happen to exchanges alone.
    assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 3);
}

// --- time ----------------------------------------------------------------------------------------

#[test]
fn the_line_takes_its_time() {
    let mut bench = Bench::iso_dep();
    let mut line = |command: &[u8]| {
        let before = bench.chip.wire_time();
        bench.ask(command);
        let spent = bench.chip.wire_time().since(&before);
        assert_eq!(spent.exchanges, 1);
        (spent.host_bytes + spent.chip_bytes, spent.line(115_200).as_micros())
    };
    // 11 + 6 + 10 bytes there and back.
    assert_eq!(line(&[0x40, 0x01, 0x00]), (11 + 6 + 10, 2343));
    assert_eq!(line(&LIST), (11 + 6 + 20, 3211));
}

#[test]
fn at_its_real_pace_it_answers_when_a_chip_would() {
    let mut bench = Bench::iso_dep();
    bench.chip.set_pace(Pace::Real);
    let before = bench.now;
    bench.select();
    let wire = line_time(11 + 6 + 20, 115_200);
    let late = |spent: Duration, expected: Duration| spent.abs_diff(expected) < Duration::from_micros(1);
    assert!(late(bench.now - before, wire + Duration::from_millis(10)), "{:?}", bench.now - before);
    // Four times as fast, once the host has taken the answer.
    bench.ask(&[0x10, 0x06]);
    bench.chip.receive(&ACK, bench.now);
    let before = bench.now;
    bench.ask(&[0x02]);
    assert!(late(bench.now - before, line_time(9 + 6 + 13, 460_800)));
    // What is not yet on the line can be called back.
    bench.chip.receive(&encode(&[0xD4, 0x40, 0x01, 0x00]), bench.now);
    bench.chip.receive(&ACK, bench.now);
    assert_eq!(bench.chip.next_event(), None);
}

#[test]
fn the_log_is_bounded() {
    let mut bench = Bench::empty();
    for _ in 0..LOG_EXCHANGES_MAX + 1 {
        bench.ask(&[0x02]);
    }
    assert_eq!(bench.chip.log().count(), LOG_EXCHANGES_MAX);
    let last = bench.chip.log().last().unwrap();
    assert_eq!((last.command(), last.answer().len()), (vec![0xD4, 0x02], 6));
    bench.chip.receive(&[0xAA; LOG_HOST_BYTES_MAX + 1], bench.now);
    bench.ask(&[0x02]);
    assert_eq!(bench.chip.log().last().unwrap().host.len(), LOG_HOST_BYTES_MAX);
    bench.chip.clear_log();
    assert_eq!(bench.chip.log().count(), 0);
}

proptest! {
    #[test]
    fn where_bytes_are_cut_makes_no_difference(
        commands in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..12).prop_map(|data| encode(&[&[FROM_HOST][..], &data].concat())),
                Just(encode(&[0xD4, 0x4A, 0x01, 0x00])),
                Just(encode(&[0xD4, 0x40, 0x01, 0x00])),
                Just(WAKE_UP.to_vec()),
                Just(ACK.to_vec()),
                Just(NACK.to_vec()),
                prop::collection::vec(any::<u8>(), 0..40),
            ],
            0..12,
        ),
        cut in 1_usize..20,
    ) {
        let bytes = commands.concat();
        let sent = |parts: &mut dyn Iterator<Item = &[u8]>| {
            let mut chip = Bench::iso_dep().chip;
            let mut sent = Vec::new();
            for part in parts {
                chip.receive(part, Duration::from_secs(1));
                sent.extend(chip.transmit(Duration::from_secs(1)));
            }
            sent
        };
        prop_assert_eq!(sent(&mut std::iter::once(&bytes[..])), sent(&mut bytes.chunks(cut)));
    }
}
