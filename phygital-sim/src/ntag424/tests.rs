//! The tag against the reader's side in the core, and against its data sheet.
#![allow(clippy::unwrap_used, reason = "tests")]

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::{Command, Response};
use phygital_core::contactless::ntag424::{
    Access, Authentication, Chain, ChangeKeyCase, CommMode, FILE_CC, FILE_PROPRIETARY, Native, Ntag424Error,
    SdmAccess, Session, TamperStatus, Version, card_uid, file_counter, key_version, select_application,
};
use phygital_core::tap::tag_setup::SdmRights;
use phygital_core::tap::{
    KeySet, Keys, MacInput, MacStart, ModeRule, PiccDataTag, UrlTemplate, VerifiedTap, ndef_url, verify,
    verify_file,
};
use proptest::prelude::*;

use super::*;

const UID: TagUid = TagUid::new([0x04, 0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6]);
const SELECT_NDEF: [u8; 7] = [0x00, 0xA4, 0x00, 0x0C, 2, 0xE1, 0x04];
const READ: [u8; 5] = [0x00, 0xB0, 0x00, 0x00, 0x00];

fn secret(byte: u8) -> Secret<16> {
    Secret::take(&mut [byte; 16])
}

fn keys() -> [Secret<16>; 5] {
    [10, 11, 12, 13, 14].map(secret)
}

fn say(tag: &mut Ntag424, command: &[u8]) -> Vec<u8> {
    match tag.answer(command) {
        Answer::Bytes(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

fn status_of(tag: &mut Ntag424, command: &[u8]) -> u16 {
    let answer = say(tag, command);
    Response::parse(&answer).unwrap().status.0
}

/// Activated, with the application selected.
fn ready(mut tag: Ntag424) -> Ntag424 {
    tag.activate();
    assert_eq!(say(&mut tag, &select_application().to_bytes()), [0x90, 0x00]);
    tag
}

fn authenticate(
    tag: &mut Ntag424,
    key_no: u8,
    key: Secret<16>,
    before: Option<&Session>,
) -> Result<Session, Ntag424Error> {
    let (mode, rnd_a) = (tag.mode(), secret(0x5A));
    let start = match before {
        None => Authentication::first(mode, key_no, key, rnd_a),
        Some(before) => Authentication::non_first(mode, key_no, key, rnd_a, before.transaction()),
    };
    let challenge = say(tag, &start.command().to_bytes());
    let proof = start.challenged(&Response::parse(&challenge).unwrap())?;
    let answer = say(tag, &proof.command().to_bytes());
    proof.answered(&Response::parse(&answer).unwrap())
}

fn finish(tag: &mut Ntag424, session: &mut Session, mut command: Command) -> Result<Vec<u8>, Ntag424Error> {
    loop {
        let answer = say(tag, &command.to_bytes());
        match session.answer(&Response::parse(&answer).unwrap())? {
            Step::Send(next) => command = next,
            Step::Done(data) => return Ok(data),
        }
    }
}

fn ask(
    tag: &mut Ntag424,
    session: &mut Session,
    native: &Native,
    mode: CommMode,
) -> Result<Vec<u8>, Ntag424Error> {
    let command = session.command(native, mode)?;
    finish(tag, session, command)
}

/// Without a session.
fn plain(tag: &mut Ntag424, native: &Native) -> Result<Vec<u8>, Ntag424Error> {
    let (mut chain, mut command) = (Chain::default(), native.plain().unwrap());
    loop {
        let answer = say(tag, &command.to_bytes());
        match chain.take(&Response::parse(&answer).unwrap())? {
            Step::Send(next) => command = next,
            Step::Done(data) => return Ok(data),
        }
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, Ntag424Error>) -> u16 {
    match result.unwrap_err() {
        Ntag424Error::Status { status } => status.0,
        other => panic!("{other}"),
    }
}

fn rights() -> SdmRights {
    SdmRights { ctr_ret: Access::Key(3), ..SdmRights::new(2, 1) }
}

/// With the MAC over the file data, the tamper status, or nothing, unless the template says where it begins.
fn setup(template: &str, mode: SdmMode, enc: u16, rights: SdmRights) -> TagSetup {
    let parsed: UrlTemplate = template.parse().unwrap();
    let start = match template {
        _ if template.contains("{mac_input}") => None,
        _ if template.contains("{enc}") => Some(MacStart::FileData),
        _ if template.contains("{tt}") => Some(MacStart::TagTamper),
        _ => Some(MacStart::Empty),
    };
    let parsed = match start {
        Some(start) => parsed.with_mac_input(MacInput::From(start)).unwrap(),
        None => parsed,
    };
    TagSetup::new(parsed, mode, enc, rights).unwrap()
}

fn personalised(template: &str, mode: SdmMode) -> Ntag424 {
    Ntag424::personalised(UID, 7, &setup(template, mode, 0, rights()), keys())
}

/// The URL of one reading, as a phone reads it.
fn url(tag: &mut Ntag424) -> Result<String, u16> {
    say(tag, &SELECT_NDEF);
    let answer = say(tag, &READ);
    let response = Response::parse(&answer).unwrap();
    if response.status.0 != 0x9000 {
        return Err(response.status.0);
    }
    Ok(ndef_url(response.data).unwrap())
}

fn verified(url: &str, mode: SdmMode) -> VerifiedTap {
    let set = KeySet::explicit(secret(11)).meta_read_key(secret(12)).mode(ModeRule::Only(mode));
    verify(url, &Keys::new([set]).unwrap()).unwrap()
}

#[test]
fn it_comes_as_the_factory_delivers_it() {
    let mut tag = Ntag424::new(UID, 1);
    let activation = tag.activate();
    assert_eq!(
        (activation.atqa, activation.sak, &activation.uid[..]),
        ([0x44, 0x03], 0x20, &UID.as_bytes()[..])
    );
    let mut tag = ready(tag);
    for (file, settings) in [
        (1, [0, 0, 0x00, 0xE0, 32, 0, 0]),
        (2, [0, 0, 0xE0, 0xEE, 0, 1, 0]),
        (3, [0, 3, 0x30, 0x23, 128, 0, 0]),
    ] {
        assert_eq!(plain(&mut tag, &Native::get_file_settings(file)).unwrap(), settings);
    }
    let cc = plain(&mut tag, &Native::read_data(FILE_CC, 0, 0).unwrap()).unwrap();
    assert_eq!(
        cc[..23],
        *b"\x00\x17\x20\x01\x00\x00\xFF\x04\x06\xE1\x04\x01\x00\x00\x00\x05\x06\xE1\x05\x00\x80\x82\x83"
    );
    let version = Version::parse(&plain(&mut tag, &Native::get_version()).unwrap()).unwrap();
    assert_eq!((version.hardware.major, version.hardware.subtype, version.uid), (0x30, 0x02, UID));
    for key_no in 0..5 {
        assert_eq!(plain(&mut tag, &Native::get_key_version(key_no)).unwrap(), [0]);
    }
    for key_no in 0..5 {
        assert!(authenticate(&mut tag, key_no, Secret::zeros(), None).is_ok());
    }
    let mut two = authenticate(&mut tag, 2, Secret::zeros(), None).unwrap();
    let read = ask(&mut tag, &mut two, &Native::read_data(3, 0, 0).unwrap(), CommMode::Full).unwrap();
    assert_eq!((read.len(), &read[..3]), (128, &[0x00, 0x7E, 0x00][..]));
    assert!(tag.is_blank());
}

#[test]
fn what_each_command_refuses() {
    let mut tag = personalised("h/?p={picc}&c={mac}", SdmMode::Aes);
    tag.activate();
    // Before the application is selected.
    assert_eq!(status_of(&mut tag, &SELECT_NDEF), 0x6A82);
    assert_eq!(status_of(&mut tag, &READ), 0x6985);
    assert_eq!(refused(plain(&mut tag, &Native::get_file_settings(2))), 0x919D);
    assert_eq!(refused(authenticate(&mut tag, 0, secret(10), None)), 0x919D);
    let mut tag = ready(tag);
    let long = [0x90, 0xAD, 0, 0, 7, 2, 0, 0, 0, 1, 1, 0, 0];
    for (command, status) in [
        (&[0x90, 0x71, 0, 0, 2, 5, 0, 0][..], 0x9140),
        (&[0x90, 0x71, 0, 0, 2, 0x40, 0, 0], 0x919E),
        (&[0x90, 0x71, 0, 0, 1, 0, 0], 0x917E),
        (&[0x90, 0x71, 0, 0, 3, 0, 2, 0, 0], 0x917E),
        (&[0x90, 0x77, 0, 0, 1, 0, 0], 0x919D),
        (&[0x90, 0x51, 0, 0, 0], 0x91AE),
        (&[0x90, 0xC4, 0, 0, 1, 0, 0], 0x91AE),
        (&[0x90, 0x5C, 0, 0, 2, 0, 2, 0], 0x91AE),
        (&[0x90, 0x64, 0, 0, 1, 5, 0], 0x9140),
        (&[0x90, 0x64, 0, 0, 0], 0x917E),
        (&[0x90, 0xF5, 0, 0, 1, 4, 0], 0x91F0),
        (&[0x90, 0xF5, 0, 0, 1, 0x22, 0], 0x919E),
        (&[0x90, 0xF6, 0, 0, 1, 1, 0], 0x919D),
        (&[0x90, 0xF6, 0, 0, 1, 2, 0], 0x91AE),
        (&[0x90, 0x5F, 0, 0, 4, 2, 0, 0, 0, 0], 0x91AE),
        (&[0x90, 0xAD, 0, 0, 7, 3, 0, 0, 0, 0, 0, 0, 0], 0x91AE),
        (&long, 0x91BE),
        (&[0x90, 0x8D, 0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 9, 0], 0x91AE),
        (&[0x90, 0x3C, 0, 0, 1, 1, 0], 0x919E),
        (&[0x90, 0xF7, 0, 0, 0], 0x911C),
        (&[0x90, 0xAF, 0, 0, 0], 0x911C),
        (&[0x90, 0x60, 0, 1, 0], 0x919E),
        (&[0x90, 0x60, 0, 0], 0x917E),
        (&[0x90, 0x60, 0, 0, 2, 0], 0x917E),
        (&[0x00, 0xA4, 0x04, 0x00, 1, 0xA0, 0], 0x6A82),
        (&[0x00, 0xA4, 0x05, 0x00, 1, 0xA0, 0], 0x6A86),
        (&[0x00, 0xA4, 0x00, 0x0C, 1, 0xE1], 0x6A87),
        (&[0x00, 0xB0, 0x00, 0x00], 0x6700),
        (&[0x00, 0xB0, 0x00, 0x00, 0x00], 0x6985),
        (&[0x00, 0xB0, 0x85, 0x00, 0x00], 0x6982),
        (&[0x00, 0xB0, 0x86, 0x00, 0x00], 0x6A82),
        (&[0x00, 0xB0, 0x9F, 0x00, 0x00], 0x6A86),
        (&[0x00, 0xD6, 0x84, 0x00, 1, 0], 0x6982),
        (&[0x00, 0xB0, 0x83, 0x20, 0x01], 0x6A86),
        (&[0x00, 0xCA, 0x00, 0x00], 0x6D00),
        (&[0x80, 0xCA, 0x00, 0x00], 0x6E00),
        (&[0x00, 0xA4], 0x6700),
        (&[0x90], 0x917E),
        (&[], 0x6E00),
    ] {
        assert_eq!(status_of(&mut tag, command), status, "{command:02X?}");
    }
    assert_eq!(tag.counter(), ReadCounter::ZERO);
}

#[test]
fn whatever_fails_ends_the_session_and_what_was_begun() {
    for mode in [SdmMode::Aes, SdmMode::Lrp] {
        let mut tag = ready(personalised("h/?p={picc}&c={mac}", mode));
        for command in [&[0x90, 0x71, 0, 0, 2, 0, 0, 0][..], &READ, &[0x90, 0x00, 0, 0, 0]] {
            let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
            assert!(ask(&mut tag, &mut session, &Native::get_card_uid(), CommMode::Full).is_ok());
            let first = status_of(&mut tag, command);
            assert!(matches!(first, 0x91AF | 0x919D | 0x6985 | 0x911C), "{first:04X}");
            let again = ask(&mut tag, &mut session, &Native::get_card_uid(), CommMode::Full);
            assert!(matches!(refused(again), 0x91AE | 0x91CA), "{command:02X?}");
            assert_eq!(status_of(&mut tag, &[0x90, 0x51, 0, 0, 0]), 0x91AE);
        }
        // A forged MAC.
        let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
        let mut command = session.command(&Native::get_key_version(1), CommMode::Mac).unwrap().to_bytes();
        let at = command.len() - 2;
        command[at] ^= 1;
        assert_eq!(status_of(&mut tag, &command), 0x911E);
        assert_eq!(status_of(&mut tag, &[0x90, 0x51, 0, 0, 0]), 0x91AE);
        // Another command in the middle of a version or an authentication.
        assert_eq!(status_of(&mut tag, &[0x90, 0x60, 0, 0, 0]), 0x91AF);
        assert_eq!(status_of(&mut tag, &[0x90, 0x64, 0, 0, 1, 0, 0]), 0x91CA);
        assert_eq!(status_of(&mut tag, &[0x90, 0x60, 0, 0, 0]), 0x91AF);
        assert_eq!(status_of(&mut tag, &READ), 0x6985);
        assert_eq!(status_of(&mut tag, &[0x90, 0xAF, 0, 0, 0]), 0x911C);
    }
}

#[test]
fn failures_delay_and_lock() {
    let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
    for _ in 0..50 {
        assert_eq!(refused(authenticate(&mut tag, 1, secret(0), None)), 0x91AE);
    }
    // It stays so without power.
    tag.lose_power();
    let mut tag = ready(tag);
    assert_eq!(refused(authenticate(&mut tag, 0, secret(10), None)), 0x91AD);
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    let few = Native::set_configuration(0x0A, &[1, 51, 0, 10, 0]);
    ask(&mut tag, &mut session, &few, CommMode::Full).unwrap();
    assert_eq!(refused(authenticate(&mut tag, 1, secret(0), None)), 0x91AE);
    assert_eq!(refused(authenticate(&mut tag, 1, secret(11), None)), 0x919D);
    // The master changes the key, which opens it again.
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    let case = ChangeKeyCase::Other { old: &secret(11) };
    let command = session.change_key(1, case, &secret(99), 2).unwrap();
    finish(&mut tag, &mut session, command).unwrap();
    assert!(authenticate(&mut tag, 1, secret(99), None).is_ok());
}

#[test]
fn keys_change_with_their_versions() {
    for mode in [SdmMode::Aes, SdmMode::Lrp] {
        let mut tag = ready(personalised("h/?p={picc}&c={mac}", mode));
        let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
        for key_no in 1..5 {
            let old = secret(10 + key_no);
            let case = ChangeKeyCase::Other { old: &old };
            let command = session.change_key(key_no, case, &secret(20 + key_no), 0x30 + key_no).unwrap();
            finish(&mut tag, &mut session, command).unwrap();
        }
        let version = ask(&mut tag, &mut session, &Native::get_key_version(4), CommMode::Mac).unwrap();
        assert_eq!(key_version(&version), Ok(0x34));
        let command = session.change_key(0, ChangeKeyCase::Own, &secret(20), 0x30).unwrap();
        finish(&mut tag, &mut session, command).unwrap();
        assert!(session.is_over());
        for key_no in 0..5 {
            assert_eq!(tag.key(key_no), Some((&secret(20 + key_no), 0x30 + key_no)));
            assert!(authenticate(&mut tag, key_no, secret(20 + key_no), None).is_ok());
        }
        // Whoever thinks that the old key was another one is told so, and changes nothing.
        let mut session = authenticate(&mut tag, 0, secret(20), None).unwrap();
        let case = ChangeKeyCase::Other { old: &secret(9) };
        let command = session.change_key(1, case, &secret(1), 1).unwrap();
        assert_eq!(refused(finish(&mut tag, &mut session, command)), 0x911E);
        assert_eq!(tag.key(1), Some((&secret(21), 0x31)));
        // And no key but the first may.
        let mut other = authenticate(&mut tag, 1, secret(21), None).unwrap();
        let case = ChangeKeyCase::Other { old: &secret(22) };
        let command = other.change_key(2, case, &secret(1), 1).unwrap();
        assert_eq!(refused(finish(&mut tag, &mut other, command)), 0x91AE);
    }
}

#[test]
fn a_reading_counts_once() {
    for mode in [SdmMode::Aes, SdmMode::Lrp] {
        let mut tag = ready(personalised("h/?p={picc}&c={mac}", mode));
        let first = url(&mut tag).unwrap();
        assert_eq!(verified(&first, mode).read_ctr().unwrap().get(), 1);
        // The same in parts, each the next read of its kind: one count, one link.
        say(&mut tag, &SELECT_NDEF);
        let parts: Vec<u8> = (0..16_u8)
            .flat_map(|part| {
                let answer = say(&mut tag, &[0x00, 0xB0, 0x00, part * 16, 16]);
                answer[..16].to_vec()
            })
            .collect();
        assert_eq!(verified(&ndef_url(&parts).unwrap(), mode).read_ctr().unwrap().get(), 2);
        assert_eq!(tag.counter().get(), 2);
        // Another kind of read, another command between, a refusal between: each counts.
        let native = plain(&mut tag, &Native::read_data(2, 0, 0).unwrap()).unwrap();
        assert_eq!(verified(&ndef_url(&native).unwrap(), mode).read_ctr().unwrap().get(), 3);
        say(&mut tag, &READ);
        say(&mut tag, &[0x90, 0x64, 0, 0, 1, 0, 0]);
        say(&mut tag, &READ);
        assert_eq!(tag.counter().get(), 5);
        assert_eq!(status_of(&mut tag, &[0x00, 0xB0, 0x7F, 0x00, 0x00]), 0x6A86);
        say(&mut tag, &READ);
        assert_eq!(tag.counter().get(), 6);
        // Power is lost: a new reading. Authenticated: none, and no mirror.
        let mut tag = ready(tag);
        url(&mut tag).unwrap();
        assert_eq!(tag.counter().get(), 7);
        let mut session = authenticate(&mut tag, 3, secret(13), None).unwrap();
        let count = ask(&mut tag, &mut session, &Native::get_file_counters(2), CommMode::Full).unwrap();
        assert_eq!(file_counter(&count).unwrap().get(), 7);
        let bare =
            ask(&mut tag, &mut session, &Native::read_data(2, 0, 0).unwrap(), CommMode::Plain).unwrap();
        assert!(ndef_url(&bare).unwrap().contains("p=0000"));
        assert_eq!(status_of(&mut tag, &READ), 0x6982);
        assert_eq!(tag.counter().get(), 7);
    }
}

#[test]
fn the_counter_stops_at_its_limit() {
    let limited = SdmRights { read_ctr_limit: Some(ReadCounter::new(2).unwrap()), ..rights() };
    let setup = setup("h/?p={picc}&c={mac}", SdmMode::Aes, 0, limited);
    let mut tag = ready(Ntag424::personalised(UID, 7, &setup, keys()));
    assert!(url(&mut tag).is_ok() && url(&mut tag).is_ok());
    assert_eq!(url(&mut tag), Err(0x6982));
    assert_eq!(refused(plain(&mut tag, &Native::read_data(2, 0, 0).unwrap())), 0x919D);
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    assert!(ask(&mut tag, &mut session, &Native::read_data(2, 0, 16).unwrap(), CommMode::Plain).is_ok());
    let full = ReadCounter::new(0xFF_FFFE).unwrap();
    let mut last = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes).counted(full));
    assert_eq!(verified(&url(&mut last).unwrap(), SdmMode::Aes).read_ctr(), Some(ReadCounter::MAX));
    assert_eq!(url(&mut last), Err(0x6982));
    assert_eq!(refused(plain(&mut last, &Native::read_data(2, 0, 0).unwrap())), 0x911E);
}

#[test]
fn mirrors_switched_on_start_the_counter_over() {
    let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
    url(&mut tag).unwrap();
    let on = *tag.file(2).unwrap().1;
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    let mut change = |tag: &mut Ntag424, settings: &FileSettings| {
        let native = Native::change_file_settings(2, settings).unwrap();
        ask(tag, &mut session, &native, CommMode::Full).unwrap()
    };
    change(&mut tag, &on);
    assert_eq!(tag.counter().get(), 1);
    change(&mut tag, &FileSettings { sdm: None, ..on });
    change(&mut tag, &on);
    assert_eq!(tag.counter().get(), 0);
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
    let on = *tag.file(2).unwrap().1;
    let sdm = on.sdm.unwrap();
    let cases = [
        SdmAccess { mac_offset: Some(241), ..sdm },
        SdmAccess { picc_data_offset: sdm.mac_offset, ..sdm },
        SdmAccess { mac_input_offset: Some(200), ..sdm },
        SdmAccess { uid: false, read_ctr: false, ctr_ret: Access::Never, ..sdm },
        SdmAccess { read_ctr: false, ..sdm },
        SdmAccess { read_ctr_limit: Some(ReadCounter::ZERO), ..sdm },
        SdmAccess { enc: Some((sdm.mac_offset.unwrap() - 32, 33)), ..sdm },
        SdmAccess { tt_status_offset: Some(0), ..sdm },
    ];
    for (number, sdm) in cases.into_iter().enumerate() {
        let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
        let native = Native::change_file_settings(2, &FileSettings { sdm: Some(sdm), ..on }).unwrap();
        assert_eq!(refused(ask(&mut tag, &mut session, &native, CommMode::Full)), 0x919E, "case {number}");
        assert_eq!(tag.file(2).unwrap().1, &on);
    }
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    let native = Native::change_file_settings(3, &on).unwrap();
    assert_eq!(refused(ask(&mut tag, &mut session, &native, CommMode::Full)), 0x919D);
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    let native = Native::new(0x5F, &[2], &[0x40, 0x00]);
    assert_eq!(refused(ask(&mut tag, &mut session, &native, CommMode::Full)), 0x917E);
}

#[test]
fn a_random_id_hides_the_tag_but_from_its_keys() {
    let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    ask(&mut tag, &mut session, &Native::set_configuration(0x00, &[0x02]), CommMode::Full).unwrap();
    let (one, two) = (tag.activate(), tag.activate());
    assert!(one.uid != two.uid && one.uid[0] == 0x08 && one.uid.len() == 4 && one.atqa == [0x04, 0x03]);
    let mut tag = ready(tag);
    let version = Version::parse(&plain(&mut tag, &Native::get_version()).unwrap()).unwrap();
    assert_eq!(version.uid, TagUid::new([0; 7]));
    assert_eq!(refused(plain(&mut tag, &Native::read_signature())), 0x910B);
    let mut session = authenticate(&mut tag, 4, secret(14), None).unwrap();
    let uid = ask(&mut tag, &mut session, &Native::get_card_uid(), CommMode::Full).unwrap();
    assert_eq!(card_uid(&uid), Ok(UID));
    assert_eq!(ask(&mut tag, &mut session, &Native::read_signature(), CommMode::Full).unwrap().len(), 56);
}

#[test]
fn the_change_to_lrp_is_for_good_and_switches_the_mirrors_off() {
    let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
    let start = Authentication::first(Mode::Lrp, 0, secret(10), secret(1));
    // Who can do LRP is answered in AES as long as the tag is.
    assert_eq!(say(&mut tag, &start.command().to_bytes()).len(), 18);
    assert_eq!(status_of(&mut tag, &[0x90, 0x71, 0, 0, 2, 0, 0, 0]), 0x91CA);
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    let lrp = Native::set_configuration(0x05, &[0, 0, 0, 0, 2, 0, 0, 0, 7, 8]);
    ask(&mut tag, &mut session, &lrp, CommMode::Full).unwrap();
    assert!(tag.file(2).unwrap().1.sdm.is_none() && !tag.is_blank());
    assert_eq!(status_of(&mut tag, &[0x90, 0x71, 0, 0, 2, 0, 0, 0]), 0x919D);
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    let [ours, theirs] = session.capabilities().unwrap();
    assert_eq!((ours, theirs), ([2, 0, 0, 0, 7, 8], [2, 0, 0, 0, 0, 0]));
    let none = Native::set_configuration(0x05, &[0; 10]);
    ask(&mut tag, &mut session, &none, CommMode::Full).unwrap();
    assert_eq!(tag.mode(), Mode::Lrp);
}

#[test]
fn a_tag_tamper_remembers_that_it_was_open() {
    let tampering = SdmRights { tamper_in_file_data: false, ..rights() };
    let setup = setup("h/?p={picc}&t={tt}&c={mac}", SdmMode::Aes, 0, tampering);
    let mut tag = ready(Ntag424::personalised(UID, 7, &setup, keys()).tag_tamper());
    let status =
        |tag: &mut Ntag424| TamperStatus::parse(&plain(tag, &Native::get_tamper_status()).unwrap()).unwrap();
    let letters = |tag: &mut Ntag424| {
        let status = status(tag);
        [status.permanent, status.current]
    };
    assert_eq!(letters(&mut tag), ['I', 'I']);
    let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
    ask(&mut tag, &mut session, &Native::set_configuration(0x07, &[0x01, 0x0E]), CommMode::Full).unwrap();
    let mut tag = ready(tag);
    assert_eq!(letters(&mut tag), ['C', 'C']);
    tag.set_loop(LoopState::Open);
    let mut tag = ready(tag);
    let tap = verified(&url(&mut tag).unwrap(), SdmMode::Aes).tag_tamper().unwrap();
    assert_eq!((tap.letters().as_str(), tap.authenticated), ("OO", true));
    tag.set_loop(LoopState::Closed);
    assert_eq!(letters(&mut tag), ['O', 'C']);
    let version = Version::parse(&plain(&mut tag, &Native::get_version()).unwrap()).unwrap();
    assert_eq!(version.hardware.subtype, 0x08);
}

#[test]
fn power_may_go_before_or_after_the_effect() {
    for (tear, changed) in [(Tear::BeforeEffect, false), (Tear::AfterEffect, true)] {
        let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
        let mut session = authenticate(&mut tag, 0, secret(10), None).unwrap();
        let command = session.change_key(0, ChangeKeyCase::Own, &secret(20), 2).unwrap();
        tag.tear_at(0, tear);
        assert_eq!(tag.answer(&command.to_bytes()), Answer::Silence);
        assert_eq!(tag.answer(&select_application().to_bytes()), Answer::Silence);
        assert_eq!(tag.key(0).unwrap().1, if changed { 2 } else { 1 });
        let mut tag = ready(tag);
        let key = if changed { 20 } else { 10 };
        assert!(authenticate(&mut tag, 0, secret(key), None).is_ok());
    }
}

#[test]
fn a_long_write_may_be_half_done() {
    for (bytes, written) in [(0, 0), (127, 0), (128, 128), (200, 128), (999, 200)] {
        let mut tag = ready(Ntag424::new(UID, 1));
        say(&mut tag, &SELECT_NDEF);
        tag.tear_within(0, bytes);
        let write = [&[0x00, 0xD6, 0x00, 0x00, 200][..], &[7; 200]].concat();
        assert_eq!(tag.answer(&write), Answer::Silence);
        let count = tag.file(2).unwrap().0.iter().filter(|byte| **byte == 7).count();
        assert_eq!(count, written, "{bytes}");
        let mut tag = ready(tag);
        say(&mut tag, &SELECT_NDEF);
        assert_eq!(say(&mut tag, &write), [0x90, 0x00]);
    }
    let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
    tag.tear_within(0, 256);
    assert_eq!(tag.answer(&SELECT_NDEF), Answer::Silence);
}

#[test]
fn mirrors_in_plain_need_no_key() {
    let mut tag = ready(Ntag424::new(UID, 1));
    say(&mut tag, &SELECT_NDEF);
    let mirrored = |ctr_offset| FileSettings {
        comm_mode: CommMode::Plain,
        access: tag_rights(),
        sdm: Some(SdmAccess {
            uid: true,
            read_ctr: true,
            meta_read: Access::Free,
            file_read: Access::Never,
            ctr_ret: Access::Free,
            uid_offset: Some(10),
            read_ctr_offset: Some(ctr_offset),
            picc_data_offset: None,
            tt_status_offset: None,
            mac_input_offset: None,
            enc: None,
            mac_offset: None,
            read_ctr_limit: None,
        }),
    };
    let change = |tag: &mut Ntag424, settings: &FileSettings| {
        let mut session = authenticate(tag, 0, secret(0), None).unwrap();
        let native = Native::change_file_settings(2, settings).unwrap();
        ask(tag, &mut session, &native, CommMode::Full).unwrap();
        say(tag, &select_application().to_bytes());
        say(tag, &SELECT_NDEF);
        say(tag, &READ)
    };
    let read = change(&mut tag, &mirrored(25));
    assert_eq!((&read[10..24], &read[25..31]), (&b"04A1B2C3D4E5F6"[..], &b"000001"[..]));
    // Counted, and not shown; whoever asks is told.
    let read = change(&mut tag, &mirrored(phygital_core::contactless::ntag424::OFFSET_MAX));
    assert_eq!((&read[10..24], &read[25..31]), (&b"04A1B2C3D4E5F6"[..], &[0; 6][..]));
    let count = plain(&mut tag, &Native::get_file_counters(2)).unwrap();
    assert_eq!(file_counter(&count).unwrap().get(), 2);
}

fn tag_rights() -> AccessRights {
    AccessRights {
        read: Access::Free,
        write: Access::Key(0),
        read_write: Access::Key(0),
        change: Access::Key(0),
    }
}

/// The places of a template that is mirrored in every way.
const TEMPLATES: [&str; 7] = [
    "h/?p={picc}&c={mac}",
    "h/?p={picc}&e={enc}&c={mac}",
    "h/{mac_input}?{picc}{enc}{mac}",
    "tap.example/store/?u={uid}&n={ctr}&c={mac}",
    "h/?u={uid}&c={mac}",
    "h/?n={ctr}&c={mac}",
    "h/?u={uid}&n={ctr}&e={enc}&c={mac}",
];

fn comm_modes() -> impl Strategy<Value = CommMode> {
    prop::sample::select(vec![CommMode::Plain, CommMode::Mac, CommMode::Full])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What it mirrors, the verifier accepts: in both modes, with every mirror, at each counter.
    #[test]
    fn the_links_that_it_mirrors_verify(
        template in prop::sample::select(&TEMPLATES[..]),
        lrp: bool,
        picc in prop::sample::select(vec![PiccDataTag::UidAndCounter, PiccDataTag::Uid, PiccDataTag::Counter]),
        counted in 0..0xFF_FFF0_u32,
        seed: u64,
    ) {
        let mode = if lrp { SdmMode::Lrp } else { SdmMode::Aes };
        let both = template.contains("{enc}") || !template.contains("{picc}");
        let picc_data = if both { PiccDataTag::UidAndCounter } else { picc };
        let rights = SdmRights { picc_data, ctr_ret: Access::Never, ..rights() };
        let enc = if template.contains("{enc}") { 32 } else { 0 };
        let setup = setup(template, mode, enc, rights);
        let counter = ReadCounter::new(counted).unwrap();
        let mut tag = ready(Ntag424::personalised(UID, seed, &setup, keys()).counted(counter));
        for step in 1..4 {
            say(&mut tag, &SELECT_NDEF);
            let read = say(&mut tag, &READ);
            let set = KeySet::explicit(secret(11)).meta_read_key(secret(12)).mode(ModeRule::Only(mode));
            // A tag that mirrors its counter alone is told by its key.
            let keys = Keys::new([set.of_tag(UID)]).unwrap();
            let tap = verify_file(&read[..256], &setup.offsets(), &keys);
            let url = ndef_url(&read[..256]).unwrap();
            let tap = tap.map_err(|refusal| TestCaseError::fail(format!("{url}: {refusal}")))?;
            // Without its layout, file data alone would be taken for PICCData.
            if template.contains("{picc}") || enc == 0 {
                prop_assert_eq!(verify(&url, &keys).unwrap().read_ctr(), tap.read_ctr());
            }
            if let Some(ctr) = tap.read_ctr() {
                prop_assert_eq!(ctr.get(), counted + step);
            }
            prop_assert_eq!(tap.file_data().is_some(), enc > 0);
        }
    }

    /// A sequence of commands under a session does to the tag what it does to a slow copy of it.
    #[test]
    fn sequences_do_what_they_say(
        lrp: bool,
        comm_mode in comm_modes(),
        steps in prop::collection::vec((0..8_u8, 0..128_usize, 1..100_usize, any::<u8>()), 1..14),
        seed: u64,
    ) {
        let mut tag = Ntag424::new(UID, seed);
        tag.memory.mode = if lrp { Mode::Lrp } else { Mode::Aes };
        let access = AccessRights {
            read: Access::Key(0), write: Access::Key(1), read_write: Access::Key(0), change: Access::Key(0),
        };
        tag.memory.file_mut(FILE_PROPRIETARY).unwrap().settings = FileSettings { comm_mode, access, sdm: None };
        let mut copy = tag.file(FILE_PROPRIETARY).unwrap().0.to_vec();
        let mut held = [0; 5].map(secret);
        let mut tag = ready(tag);
        let mut session = authenticate(&mut tag, 0, secret(0), None).unwrap();
        for (what, offset, length, byte) in steps {
            let (from, end) = (offset as u32, offset + length);
            match what {
                0 | 1 => {
                    let data = vec![byte; length];
                    let native = Native::write_data(3, from, &data).unwrap();
                    let written = ask(&mut tag, &mut session, &native, comm_mode);
                    if end <= copy.len() {
                        prop_assert_eq!(written, Ok(vec![]));
                        copy[offset..end].fill(byte);
                    } else {
                        prop_assert_eq!(refused(written), 0x91BE);
                    }
                }
                2 => {
                    let native = Native::read_data(3, from, length as u32).unwrap();
                    let read = ask(&mut tag, &mut session, &native, comm_mode);
                    match copy.get(offset..end) {
                        Some(expected) => prop_assert_eq!(read, Ok(expected.to_vec())),
                        None => prop_assert_eq!(refused(read), 0x91BE),
                    }
                }
                3 => {
                    let version = ask(&mut tag, &mut session, &Native::get_version(), CommMode::Mac).unwrap();
                    prop_assert_eq!(Version::parse(&version).unwrap().uid, UID);
                }
                4 => {
                    let uid = ask(&mut tag, &mut session, &Native::get_card_uid(), CommMode::Full).unwrap();
                    prop_assert_eq!(card_uid(&uid), Ok(UID));
                }
                5 => {
                    let settings = ask(&mut tag, &mut session, &Native::get_file_settings(3), CommMode::Mac).unwrap();
                    prop_assert_eq!(&FileSettings::parse(&settings).unwrap().0, tag.file(3).unwrap().1);
                }
                6 => {
                    let number = usize::from(byte % 4) + 1;
                    let old = std::mem::replace(&mut held[number], secret(byte));
                    let case = ChangeKeyCase::Other { old: &old };
                    let command = session.change_key(number as u8, case, &held[number], byte).unwrap();
                    prop_assert_eq!(finish(&mut tag, &mut session, command), Ok(vec![]));
                }
                _ => {
                    // By another key of the same transaction, and back.
                    let number = usize::from(byte % 5);
                    let other =
                        authenticate(&mut tag, number as u8, held[number].duplicate(), Some(&session)).unwrap();
                    prop_assert_eq!(other.transaction(), session.transaction());
                    session = authenticate(&mut tag, 0, held[0].duplicate(), Some(&other)).unwrap();
                }
            }
            if session.is_over() {
                session = authenticate(&mut tag, 0, held[0].duplicate(), None).unwrap();
            }
        }
        prop_assert_eq!(tag.file(FILE_PROPRIETARY).unwrap().0, &copy[..]);
    }

    /// Whatever settings it takes, it says again as they were, and reads by them; what it does not take changes nothing.
    #[test]
    fn settings_are_taken_whole_or_not_at_all(
        lrp: bool,
        has_tamper: bool,
        kinds in (any::<bool>(), any::<bool>(), 0..4_u8, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        gaps in [0..9_u32, 0..9, 0..9, 0..9, 0..9, 0..9],
        spoilt in prop::option::weighted(0.3, (3..40_usize, any::<u8>())),
    ) {
        let (uid, read_ctr, meta, by_file_key, enc, tamper, limit) = kinds;
        let meta_read = [Access::Key(2), Access::Key(4), Access::Free, Access::Never][usize::from(meta)];
        let in_plain = meta_read == Access::Free;
        // One after the other, with gaps between.
        let mut end = 7;
        let mut next = |is: bool, gap: usize, length: u32| {
            let at = end + gaps[gap];
            end = if is { at + length } else { end };
            is.then_some(at)
        };
        let uid_offset = next(in_plain && uid, 0, 14);
        let read_ctr_offset = next(in_plain && read_ctr, 1, 6);
        let picc = if lrp { 48 } else { 32 };
        let picc_data_offset = next(matches!(meta_read, Access::Key(_)), 2, picc);
        let tt_status_offset = next(tamper, 3, 2);
        let enc = next(enc && by_file_key, 4, 64).map(|at| (at, 64));
        let mac_offset = next(by_file_key, 5, 16);
        let sdm = SdmAccess {
            uid,
            read_ctr,
            meta_read,
            file_read: if by_file_key { Access::Key(1) } else { Access::Never },
            ctr_ret: if read_ctr { Access::Key(3) } else { Access::Never },
            uid_offset,
            read_ctr_offset,
            picc_data_offset,
            tt_status_offset,
            mac_input_offset: mac_offset.map(|mac| gaps[0].min(mac)),
            enc,
            mac_offset,
            read_ctr_limit: limit.then_some(ReadCounter::MAX),
        };
        let access = AccessRights { change: Access::Free, ..tag_rights() };
        let mut data = FileSettings { comm_mode: CommMode::Plain, access, sdm: Some(sdm) }.encode().unwrap();
        let is_possible = (if meta_read == Access::Never { !uid } else { uid || read_ctr })
            && (enc.is_none() || uid && read_ctr)
            && (!limit || read_ctr)
            && (!tamper || has_tamper);
        if let Some((at, value)) = spoilt
            && let Some(byte) = data.get_mut(at)
        {
            *byte = value;
        }
        let mut tag = Ntag424::new(UID, 1);
        tag.memory.mode = if lrp { Mode::Lrp } else { Mode::Aes };
        tag.memory.has_tamper = has_tamper;
        tag.memory.ndef_mut().settings.access.change = Access::Free;
        let before = tag.memory.ndef_mut().settings;
        let mut tag = ready(tag);
        let taken = plain(&mut tag, &Native::new(0x5F, &[2], &data));
        let said = plain(&mut tag, &Native::get_file_settings(2)).unwrap();
        let (settings, size) = FileSettings::parse(&said).unwrap();
        prop_assert_eq!(size, 256);
        if spoilt.is_none() {
            prop_assert_eq!(taken.is_ok(), is_possible, "{:?}", sdm);
        }
        match taken {
            Ok(_) => {
                // What is reserved among the rights is not kept.
                let mut said = [&said[1..4], &said[7..]].concat();
                if let (Some(said), Some(sent)) = (said.get_mut(4), data.get(4)) {
                    *said = *said & 0x0F | sent & 0xF0;
                }
                prop_assert_eq!(said, data);
            }
            Err(error) => {
                prop_assert!(matches!(refused::<()>(Err(error)), 0x917E | 0x919E));
                prop_assert_eq!(settings, before);
            }
        }
        say(&mut tag, &SELECT_NDEF);
        prop_assert_eq!(say(&mut tag, &READ).len(), 258);
    }

    /// Whatever is said to it, it answers: with a status word, and no more than 256 bytes before.
    #[test]
    fn noise_is_answered(commands in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20), ins in 0..20_usize) {
        let mut tag = ready(personalised("h/?p={picc}&c={mac}", SdmMode::Aes));
        let known = [0x71, 0x77, 0x60, 0x3C, 0x51, 0xF7, 0x64, 0xC4, 0x5C, 0xF5, 0x5F, 0xF6, 0xAD, 0x8D, 0xAF];
        for mut command in commands {
            if let (Some(ins), [class, said, p1, p2, length, data @ .., le]) = (known.get(ins), &mut command[..]) {
                (*class, *said, *p1, *p2, *le) = (0x90, *ins, 0, 0, 0);
                *length = data.len() as u8;
            }
            let answer = say(&mut tag, &command);
            prop_assert!((2..=258).contains(&answer.len()));
        }
        prop_assert_eq!(tag.key(0), Some((&secret(10), 1)));
    }
}
