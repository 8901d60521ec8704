//! A hostile card against everything that a reader says to one. Plain functions, so that the corpus runs as a test too.

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::{Command, Response};
use phygital_core::contactless::apple_vas::phone::{SoftPass, VasPhone};
use phygital_core::contactless::apple_vas::{KdfVariant, PassRequest, VasMode, VasTerminal};
use phygital_core::contactless::ndef::NDEF_MESSAGE_MAX;
use phygital_core::contactless::ntag424::{Authentication, CommMode, Mode, Native, Session, Transaction};
use phygital_core::contactless::reading::{
    CardKind, READING_BYTES_MAX, READING_EXCHANGES_MAX, ReadOut, Reading, Wanted,
};
use phygital_core::contactless::smart_tap::CollectorKey;
use phygital_core::contactless::smart_tap::phone::SmartTapPhone;
use phygital_core::contactless::type4::{Type4Path, Type4Writer};
use phygital_core::crypto::Secret;
use phygital_core::vocab::Timestamp;

use super::wallet::{android, key, smart_tap};

/// Most exchanges of a session of twelve commands, each answered in parts.
const SESSION_EXCHANGES_MAX: usize = 12 * 40;

/// A byte that says which card it is and how it is read, a byte that says how many answers are those of a true phone,
/// then the card's answers, each after a byte of its length; after the last it begins anew. Every exchange ends within
/// its limits.
pub fn tag_side(data: &[u8]) {
    let [how, honest, rest @ ..] = data else { return };
    let mut card =
        Hostile { answers: answers(rest), at: 0, honest: usize::from(*honest), phone: phone(*how) };
    match how & 7 {
        0..=4 => reading(*how, &mut card),
        5 => writing(&mut card),
        mode => ntag424(if mode == 6 { Mode::Aes } else { Mode::Lrp }, &mut card),
    }
}

struct Hostile {
    answers: Vec<Vec<u8>>,
    at: usize,
    /// How many more answers the phone gives.
    honest: usize,
    phone: Phone,
}

enum Phone {
    Apple(VasPhone),
    Google(Box<SmartTapPhone>),
    None,
}

impl Hostile {
    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        if self.honest > 0 {
            self.honest -= 1;
            match &mut self.phone {
                Phone::Apple(phone) => return phone.answer(command),
                Phone::Google(phone) => return phone.answer(command),
                Phone::None => {}
            }
        }
        self.at += 1;
        self.answers[(self.at - 1) % self.answers.len()].clone()
    }
}

/// At least one; the byte 255 stands for the longest answer to a short command.
fn answers(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut answers = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let length = if *length == 255 { 258 } else { usize::from(*length) };
        let (answer, rest) = rest.split_at(length.min(rest.len()));
        answers.push(answer.to_vec());
        data = rest;
    }
    if answers.is_empty() {
        answers.push(Vec::new());
    }
    answers
}

fn phone(how: u8) -> Phone {
    match how >> 6 {
        1 => {
            let pass = SoftPass {
                pass: "pass.example.shop".parse().expect("a name"),
                merchant: key(1).public(),
                message: b"token".to_vec(),
                variant: KdfVariant::One,
            };
            let clock = Timestamp::parse("2026-11-21T12:00:00Z").expect("a time");
            let mut phone = VasPhone::new(vec![pass], clock);
            phone.add_key(key(9));
            Phone::Apple(phone)
        }
        2 => Phone::Google(Box::new(android())),
        _ => Phone::None,
    }
}

/// A reading that wants all there is.
fn reading(how: u8, card: &mut Hostile) {
    let kind = match how & 7 {
        0 => CardKind::Type2,
        1 => CardKind::IsoDep { random_uid: true },
        _ => CardKind::IsoDep { random_uid: false },
    };
    let path = if how & 8 == 0 { Type4Path::Known } else { Type4Path::Standard };
    let requests = ["pass.example.shop", "pass.example.other"]
        .map(|name| PassRequest::pass(name.parse().expect("a name")));
    let signer = CollectorKey::new(key(1), 1);
    let (terminal, seed) = smart_tap(&signer);
    let wanted = Wanted::ndef().ndef_by(path).signature();
    let wanted = wanted.vas(VasTerminal::new(VasMode::VasOrPayment), &requests).expect("two passes");
    let wanted = wanted.smart_tap(terminal, seed).expect("a terminal");
    let (mut reading, mut step) = Reading::new(kind, wanted);
    let mut exchanges = 0;
    let out = loop {
        match step {
            Step::Send(command) => {
                exchanges += 1;
                assert!(command.len() <= 262, "a command that a reader cannot send");
                step = reading.next(&card.answer(&command));
            }
            Step::Done(out) => break out,
        }
    };
    assert!(exchanges == out.cost.exchanges && exchanges <= READING_EXCHANGES_MAX);
    assert!(out.cost.received <= READING_BYTES_MAX + 258);
    assert!(out.ndef.as_ref().is_none_or(|message| (1..=NDEF_MESSAGE_MAX).contains(&message.len())));
    assert!(!out.is_nothing() || !out.misses.is_empty());
    let _ = format!("{out:?}");
    assert_eq!(reading.next(&[0x90, 0x00]), Step::Done(ReadOut::default()));
}

fn writing(card: &mut Hostile) {
    let (mut writer, mut command) = Type4Writer::new(&[7; 300]).expect("a message");
    for _ in 0..300 + 8 {
        match writer.next(&card.answer(&command.to_bytes())) {
            Ok(Step::Send(next)) => command = next,
            Ok(Step::Done(())) | Err(_) => return,
        }
    }
    panic!("a writing that does not end");
}

/// An authentication, which nobody passes without the key; then a session, whose answers nobody can make.
fn ntag424(mode: Mode, card: &mut Hostile) {
    let transaction = Transaction { id: [1, 2, 3, 4], cmd_ctr: 7 };
    let key = || Secret::take(&mut [0x5A; 16]);
    for before in [None, Some(transaction)] {
        let start = match before {
            None => Authentication::first(mode, 0, key(), key()),
            Some(before) => Authentication::non_first(mode, 0, key(), key(), before),
        };
        let answer = card.answer(&start.command().to_bytes());
        if let Ok(response) = Response::parse(&answer)
            && let Ok(proof) = start.challenged(&response)
        {
            let answer = card.answer(&proof.command().to_bytes());
            if let Ok(response) = Response::parse(&answer) {
                assert!(proof.answered(&response).is_err(), "nobody has this key");
            }
        }
    }
    let commands = [
        Native::get_version(),
        Native::read_signature(),
        Native::get_file_settings(2),
        Native::get_tamper_status(),
    ];
    let mut exchanges = 0;
    for native in commands {
        for comm_mode in [CommMode::Plain, CommMode::Mac, CommMode::Full] {
            let mut session = match mode {
                Mode::Aes => Session::resume_aes(key(), key(), transaction, 0),
                Mode::Lrp => Session::resume_lrp(&key(), transaction, 1, 0),
            };
            let first = session.command(&native, comm_mode).expect("a short command");
            let answered = transact(&mut session, first, card, &mut exchanges);
            assert!(comm_mode == CommMode::Plain || !answered, "nobody has these keys");
        }
    }
    assert!(exchanges <= SESSION_EXCHANGES_MAX);
}

/// Whether the session took an answer as its own.
fn transact(session: &mut Session, first: Command, card: &mut Hostile, exchanges: &mut usize) -> bool {
    let mut command = first;
    loop {
        *exchanges += 1;
        let answer = card.answer(&command.to_bytes());
        let Ok(response) = Response::parse(&answer) else { return false };
        match session.answer(&response) {
            Ok(Step::Send(next)) => command = next,
            Ok(Step::Done(_)) => return true,
            Err(_) => return false,
        }
    }
}
