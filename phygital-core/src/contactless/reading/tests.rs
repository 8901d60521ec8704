//! Readings of cards in software.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::contactless::apdu::StatusWord;
use crate::contactless::type4::Type4Error;
use crate::contactless::type4::Type4Path;
use crate::contactless::type4::tests::{Tag, container};

const TAG: CardKind = CardKind::IsoDep { random_uid: false };
const PHONE: CardKind = CardKind::IsoDep { random_uid: true };

fn run(kind: CardKind, wanted: Wanted<'_>, mut card: impl FnMut(&[u8]) -> Vec<u8>) -> ReadOut {
    let (mut reading, mut step) = Reading::new(kind, wanted);
    for _ in 0..=READING_EXCHANGES_MAX {
        match step {
            Step::Send(command) => step = reading.next(&card(&command)),
            Step::Done(out) => {
                assert!(out.cost.received <= READING_BYTES_MAX + 70_000);
                return out;
            }
        }
    }
    panic!("more commands than the limit");
}

fn misses(out: &ReadOut) -> Vec<Protocol> {
    out.misses.iter().map(|miss| miss.protocol).collect()
}

/// A tag with a message and a maker's signature.
fn tag() -> impl FnMut(&[u8]) -> Vec<u8> {
    let mut tag = Tag::new(container(256, 255, 256), b"message");
    move |command| match command {
        [0x90, 0x3C, ..] => [&[5; 56][..], &[0x91, 0x90]].concat(),
        command => tag.answer(command),
    }
}

fn no_card(_: &[u8]) -> Vec<u8> {
    vec![0x6A, 0x82]
}

#[test]
fn a_tag_gives_its_message_first() {
    let out = run(TAG, Wanted::ndef().signature(), tag());
    assert_eq!((out.ndef.as_deref(), out.signature.as_deref()), (Some(&b"message"[..]), Some(&[5; 56][..])));
    assert_eq!((out.misses.len(), out.cost.exchanges), (0, 7));
    let out = run(TAG, Wanted::ndef().ndef_by(Type4Path::Known), tag());
    assert_eq!((out.ndef.as_deref(), out.cost.exchanges), (Some(&b"message"[..]), 3));
    assert_eq!((out.cost.sent, out.cost.received), (13 + 7 + 5, 2 + 2 + 130));
    // A UID that was drawn is none that the maker signed.
    let out = run(PHONE, Wanted::ndef().signature(), tag());
    assert!(out.ndef.is_some() && out.signature.is_none());
}

#[test]
fn nothing_comes_with_its_reasons() {
    let out = run(TAG, Wanted::ndef().signature(), no_card);
    assert!(out.is_nothing() && !out.needs_owner());
    assert_eq!(misses(&out), [Protocol::Ndef, Protocol::Signature]);
    let status = StatusWord(0x6A82);
    assert_eq!(out.misses[0].fault, ReadFault::Type4(Type4Error::NoApplication { status }));
    let out = run(TAG, Wanted::nothing(), no_card);
    assert_eq!((out.cost.exchanges, out.is_nothing()), (0, true));
}

#[test]
fn a_chained_answer_is_fetched() {
    let mut card = tag();
    let mut held = Vec::new();
    // A card that gives everything in pieces of ten bytes, and wants the length told.
    let out = run(TAG, Wanted::ndef().ndef_by(Type4Path::Known), |command| {
        if command[1] == 0xB0 && command[4] != 100 {
            return vec![0x6C, 100];
        }
        if command[1] != 0xC0 {
            held = card(command);
        }
        if held.len() <= 12 {
            return std::mem::take(&mut held);
        }
        let rest = held.split_off(10);
        [&std::mem::replace(&mut held, rest)[..], &[0x61, 0x0A]].concat()
    });
    assert_eq!(out.ndef.as_deref(), Some(&b"message"[..]));
    let out = run(TAG, Wanted::ndef(), |_| vec![0x61, 0x00]);
    assert_eq!(out.misses[0].fault, ReadFault::Chain(super::super::chaining::ChainError::TooMany));
}

/// Pages of a Type 2 tag that knows GET_VERSION and READ_SIG, or refuses everything but READ.
fn type2(message: &[u8], knows: bool) -> impl FnMut(&[u8]) -> Vec<u8> + use<> {
    let mut memory = vec![4; 16];
    memory[12..].copy_from_slice(&[0xE1, 0x10, 0x6D, 0]);
    memory.extend([3, u8::try_from(message.len()).unwrap()]);
    memory.extend(message);
    memory.resize(1_040, 0);
    move |command| match command {
        [0x30, page] => memory[usize::from(*page) * 4..][..16].to_vec(),
        [0x60] if knows => vec![0, 4, 4, 2, 1, 0, 0x13, 3],
        [0x3C, 0] if knows => vec![9; 32],
        _ => vec![0x00],
    }
}

#[test]
fn a_type_2_tag_is_read() {
    let out = run(CardKind::Type2, Wanted::ndef().signature(), type2(b"message", true));
    assert_eq!((out.ndef.as_deref(), out.signature.as_deref()), (Some(&b"message"[..]), Some(&[9; 32][..])));
    assert_eq!(out.version.unwrap().chip().unwrap().as_str(), "ntag216");
    assert_eq!((out.cost.exchanges, out.misses.len()), (4, 0));
    let out = run(CardKind::Type2, Wanted::ndef().signature(), type2(b"message", false));
    assert_eq!((out.ndef.is_some(), misses(&out)), (true, vec![Protocol::Type2Signature]));
    // A blank tag is signed all the same; one that refused hears nothing more.
    let out = run(CardKind::Type2, Wanted::ndef().signature(), type2(b"", true));
    assert!(out.ndef.is_none() && out.signature.is_some());
    let out = run(CardKind::Type2, Wanted::ndef().signature(), |_| vec![]);
    assert_eq!((misses(&out), out.cost.exchanges), (vec![Protocol::Type2], 1));
}

#[test]
fn a_lost_card_leaves_what_was_read() {
    let mut card = tag();
    let (mut reading, mut step) = Reading::new(TAG, Wanted::ndef().signature());
    while let Step::Send(command) = &step {
        if command[..2] == [0x90, 0x3C] {
            break;
        }
        step = reading.next(&card(command));
    }
    let out = reading.lost();
    assert!(out.ndef.is_some());
    assert_eq!((out.misses[0].protocol, &out.misses[0].fault), (Protocol::Signature, &ReadFault::Lost));
    assert_eq!(reading.next(&[0x90, 0x00]), Step::Done(ReadOut::default()));
}

#[test]
fn exchanges_and_bytes_are_bounded() {
    // As many bytes as fit, in answers that lead nowhere; and one more.
    for (more, fault) in [(0, None), (1, Some(ReadFault::TooLong))] {
        let (mut reading, _) = Reading::new(TAG, Wanted::ndef().signature());
        let refusal = [vec![0; READING_BYTES_MAX - 65_000 - 2 + more], vec![0x6A, 0x82]].concat();
        assert!(matches!(reading.next(&[vec![0; 64_998], vec![0x6A, 0x82]].concat()), Step::Send(_)));
        let Step::Done(out) = reading.next(&refusal) else { panic!() };
        assert_eq!(out.cost.received, READING_BYTES_MAX + more);
        let told =
            out.misses.last().map(|miss| miss.fault.clone()).filter(|fault| *fault == ReadFault::TooLong);
        assert_eq!(told, fault);
    }
    let (mut reading, _) = Reading::new(TAG, Wanted::ndef());
    for (exchanges, over) in [(READING_EXCHANGES_MAX - 1, false), (READING_EXCHANGES_MAX, true)] {
        reading.out.cost.exchanges = exchanges;
        let (opening, command) = Type4Reader::new(Type4Path::Standard);
        match reading.say(Talk::Type4(opening), command) {
            Step::Send(_) => assert!(!over),
            Step::Done(out) => {
                assert!(over);
                assert_eq!(out.misses[0].fault, ReadFault::TooMany);
            }
        }
    }
}

proptest! {
    /// Whatever a card says, a reading comes to an end within the limits.
    #[test]
    fn any_card_comes_to_an_end(
        answers in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..20), prop::sample::select(vec![0x9000u16, 0x6282, 0x6A82, 0x61FF, 0x6C10, 0x91AF, 0x9100])), 1..50),
        kind in prop::sample::select(vec![TAG, PHONE, CardKind::Type2]),
        known: bool,
    ) {
        let wanted = Wanted::ndef().ndef_by(if known { Type4Path::Known } else { Type4Path::Standard }).signature();
        let mut answers = answers.into_iter().cycle();
        run(kind, wanted, |_| {
            let (data, status) = answers.next().unwrap();
            Response { data: &data, status: StatusWord(status) }.to_bytes()
        });
    }
}

#[cfg(all(feature = "apple-vas", feature = "smart-tap"))]
mod wallets {
    use super::*;
    use crate::contactless::apple_vas::phone::{SoftPass, VasBehaviour, VasPhone};
    use crate::contactless::apple_vas::{KdfVariant, PassRequest, VasMode, VasStatus, VasTerminal};
    use crate::contactless::smart_tap::phone::{PhoneSeed, SmartTapBehaviour, SmartTapPhone, SoftObject};
    use crate::contactless::smart_tap::{CollectorKey, ObjectKind, SessionSeed, SmartTapTerminal, VasTypes};
    use crate::crypto::{P256Key, Secret};
    use crate::vocab::Timestamp;

    fn key(byte: u8) -> P256Key {
        P256Key::new(Secret::take(&mut [byte; 32])).unwrap()
    }

    fn iphone() -> VasPhone {
        let pass = SoftPass {
            pass: "pass.example.shop".parse().unwrap(),
            merchant: key(1).public(),
            message: b"token".to_vec(),
            variant: KdfVariant::One,
        };
        let mut phone = VasPhone::new(vec![pass], Timestamp::parse("2026-11-21T12:00:00Z").unwrap());
        phone.add_key(key(9));
        phone
    }

    fn android() -> SmartTapPhone {
        let object = SoftObject {
            kind: ObjectKind::Loyalty,
            issuer: 7,
            object_id: [1; 8],
            service_number: "token".to_owned(),
        };
        let mut phone = SmartTapPhone::new(vec![object]);
        phone.trust(7, 1, key(1).public());
        phone.add_seed(PhoneSeed { nonce: [2; 32], key: key(3), iv: [4; 12] });
        phone
    }

    fn wanted(signer: &CollectorKey) -> Wanted<'_> {
        let pass = |name: &str| PassRequest::pass(name.parse().unwrap());
        let requests = [
            PassRequest::Url("https://shop.example".to_owned()),
            pass("pass.example.other"),
            pass("pass.example.shop"),
        ];
        let seed = SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7) };
        let terminal = SmartTapTerminal::new(7, signer, VasTypes::PassOnly);
        let wanted = Wanted::ndef().vas(VasTerminal::new(VasMode::VasOrPayment), &requests).unwrap();
        wanted.smart_tap(terminal, seed).unwrap().signature()
    }

    fn signer() -> CollectorKey {
        CollectorKey::new(key(1), 1)
    }

    #[test]
    fn an_iphone_gives_its_pass() {
        let (signer, mut phone) = (signer(), iphone());
        let out = run(PHONE, wanted(&signer), |command| phone.answer(command));
        let statuses = out.vas.iter().map(|pass| pass.answer.status).collect::<Vec<_>>();
        assert_eq!(statuses, [VasStatus::Ok, VasStatus::PassNotAvailable, VasStatus::Ok]);
        assert_eq!(out.vas[2].cryptogram().unwrap().0.as_str(), "pass.example.shop");
        assert!(out.vas[0].cryptogram().is_none() && out.smart_tap.is_none() && !out.needs_owner());
        assert_eq!((out.cost.exchanges, out.misses.len()), (4, 0));
        let printed = format!("{out:?}");
        assert!(
            printed.contains("VasPass(Some(PassTypeId(pass.example.shop)), ok, cryptogram Some("),
            "{printed}"
        );
    }

    #[test]
    fn an_owner_is_asked_and_nothing_else() {
        let (signer, mut phone) = (signer(), iphone());
        phone.set_behaviour(VasBehaviour::Locked);
        let out = run(PHONE, wanted(&signer), |command| phone.answer(command));
        assert!(out.needs_owner() && out.misses.is_empty());
        let mut phone = android();
        phone.set_behaviour(SmartTapBehaviour::Locked);
        let out = run(PHONE, wanted(&signer), |command| phone.answer(command));
        assert!(out.needs_owner());
        assert_eq!(misses(&out), [Protocol::AppleVas]);
    }

    #[test]
    fn an_android_phone_is_selected_once() {
        let (signer, mut phone) = (signer(), android());
        let mut selects = 0;
        let out = run(PHONE, wanted(&signer), |command| {
            selects += usize::from(command.len() > 15 && command[5..15] == *b"OSE.VAS.01");
            phone.answer(command)
        });
        assert_eq!(selects, 1);
        let Some(SmartTapOutcome::Passes(read)) = &out.smart_tap else { panic!("{out:?}") };
        assert_eq!(read.objects()[0].service_number.as_ref().unwrap().bytes(), b"token");
        assert_eq!(misses(&out), [Protocol::AppleVas]);
        assert!(out.ndef.is_none());
    }

    #[test]
    fn a_phone_without_a_wallet_is_asked_for_a_message() {
        let (signer, mut card) = (signer(), tag());
        let out = run(PHONE, wanted(&signer), &mut card);
        assert_eq!(out.ndef.as_deref(), Some(&b"message"[..]));
        assert_eq!(misses(&out), [Protocol::AppleVas, Protocol::SmartTap]);
        assert_eq!(out.cost.exchanges, 8);
        // A tag is asked for its message first, and a phone with a UID of its own for its passes then.
        let out = run(TAG, wanted(&signer), &mut card);
        assert_eq!((out.cost.exchanges, out.misses.len()), (7, 0));
        let mut phone = iphone();
        let out = run(TAG, wanted(&signer), |command| phone.answer(command));
        assert!(out.vas[2].cryptogram().is_some());
        assert_eq!(misses(&out), [Protocol::Ndef]);
    }

    #[test]
    fn requests_that_cannot_be_are_refused_before_the_tap() {
        assert!(Wanted::ndef().vas(VasTerminal::new(VasMode::VasOnly), &[]).is_err());
        let signer = signer();
        let mut terminal = SmartTapTerminal::new(7, &signer, VasTypes::PassOnly);
        terminal.services.clear();
        let seed = SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7) };
        assert!(Wanted::ndef().smart_tap(terminal, seed).is_err());
    }

    proptest! {
        #[test]
        fn any_phone_comes_to_an_end(
            honest in 0..6usize,
            answers in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..20), prop::sample::select(vec![0x9000u16, 0x9100, 0x6A82, 0x61FF, 0x6C10, 0x9300])), 1..50),
            is_apple: bool,
        ) {
            let (signer, mut apple, mut google) = (signer(), iphone(), android());
            let mut answers = answers.into_iter().cycle();
            let mut count = 0;
            run(PHONE, wanted(&signer), |command| {
                count += 1;
                if count <= honest {
                    return if is_apple { apple.answer(command) } else { google.answer(command) };
                }
                let (data, status) = answers.next().unwrap();
                Response { data: &data, status: StatusWord(status) }.to_bytes()
            });
        }
    }
}
