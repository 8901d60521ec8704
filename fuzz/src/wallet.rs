//! What the targets of phone wallets check of arbitrary bytes.

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::Command;
use phygital_core::contactless::apple_vas::{
    Cryptogram, GetData, PassRequest, VasKeys, VasMode, VasReader, VasTerminal,
};
use phygital_core::contactless::smart_tap::phone::{PhoneSeed, SmartTapPhone, SoftObject};
use phygital_core::contactless::smart_tap::{
    BUNDLE_INFLATED_MAX, Bundle, CollectorKey, Negotiate, ObjectKind, SealedBundle, ServiceRequest,
    SessionSeed, SmartTapKeys, SmartTapOutcome, SmartTapReader, SmartTapTerminal, VasTypes, inflate,
};
use phygital_core::crypto::{P256Key, Secret};

const COLLECTOR: u32 = 20_180_608;

pub(crate) fn key(byte: u8) -> P256Key {
    P256Key::new(Secret::take(&mut [byte; 32])).expect("a small number")
}

/// An Android phone with a pass, which gives its answers in pieces.
pub(crate) fn android() -> SmartTapPhone {
    let object = SoftObject {
        kind: ObjectKind::Loyalty,
        issuer: 7,
        object_id: [1; 8],
        service_number: "token".to_owned(),
    };
    let mut phone = SmartTapPhone::new(vec![object]);
    phone.set_piece(90);
    phone.trust(COLLECTOR, 1, key(1).public());
    phone.add_seed(PhoneSeed { nonce: [2; 32], key: key(3), iv: [4; 12] });
    phone
}

/// What the shop asks such a phone for: the terminal, and the session's randomness.
pub(crate) fn smart_tap(signer: &CollectorKey) -> (SmartTapTerminal<'_>, SessionSeed) {
    let terminal = SmartTapTerminal::new(COLLECTOR, signer, VasTypes::PassOnly);
    (terminal, SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7) })
}

/// A length, an answer to SELECT of that length, an answer to GET DATA; the same bytes as a cryptogram and a command.
pub fn vas_response(data: &[u8]) {
    let pass = || "pass.example.shop".parse().expect("a name");
    let requests = [PassRequest::pass(pass())];
    let (mut reader, _) = VasReader::new(VasTerminal::new(VasMode::VasOnly), &requests).expect("one pass");
    if let Some((length, rest)) = data.split_first() {
        let (select, get_data) = rest.split_at(rest.len().min(usize::from(*length)));
        if let Ok(Step::Send(_)) = reader.next(select)
            && let Ok(Step::Done(read)) = reader.next(get_data)
        {
            assert_eq!(read.answers.len(), 1);
            let data = read.answers.into_iter().find_map(|answer| answer.data);
            data.and_then(|data| data.cryptogram).iter().for_each(|bytes| cryptogram(bytes));
        }
    }
    cryptogram(data);
    if let Ok(command) = Command::parse(data)
        && let Ok(request) = GetData::parse(&command)
    {
        let again = request.to_command().expect("what was read");
        assert_eq!(GetData::parse(&again).as_ref(), Ok(&request));
    }
}

fn cryptogram(bytes: &[u8]) {
    if let Ok(cryptogram) = Cryptogram::parse(bytes) {
        let pass = "pass.example.shop".parse().expect("a name");
        let keys = VasKeys::new([key(1)]).expect("one key");
        if let Ok(opened) = cryptogram.open(&pass, &keys) {
            assert!(opened.message().len() < bytes.len());
        }
    }
}

/// How many answers of a true phone come first, and the answer after them; then the phone goes on. Nothing comes
/// through but what the phone gave.
pub fn smart_tap_response(data: &[u8]) {
    let Some((before, answer)) = data.split_first() else { return };
    let mut phone = android();
    let signer = CollectorKey::new(key(1), 1);
    let (terminal, seed) = smart_tap(&signer);
    let (mut reader, mut command) = SmartTapReader::new(terminal, seed).expect("a terminal");
    for round in 0..12 {
        let truly = phone.answer(&command.to_bytes());
        let given = if round == before & 3 { answer } else { &truly };
        match reader.next(given) {
            Ok(Step::Send(next)) => command = next,
            Ok(Step::Done(SmartTapOutcome::Passes(read))) => {
                let number = read.objects()[0].service_number.as_ref().expect("the phone's own");
                assert_eq!(number.bytes(), b"token");
                return;
            }
            Ok(Step::Done(_)) | Err(_) => return,
        }
    }
}

/// Arbitrary bytes as a bundle: sealed, compressed, plain; and as the requests that a phone reads.
pub fn smart_tap_bundle(data: &[u8]) {
    if let Ok(sealed) = SealedBundle::parse(data) {
        assert_eq!(sealed.to_bytes(), data);
        let keys = SmartTapKeys::derive(&Secret::zeros(), &[2; 33], b"", b"");
        assert!(sealed.open(&keys).is_err(), "nobody has these keys");
    }
    if let Ok(plain) = inflate(data) {
        assert!(plain.len() <= BUNDLE_INFLATED_MAX);
        let _ = Bundle::parse(&plain);
    }
    let _ = Bundle::parse(data);
    if let Ok(request) = Negotiate::parse(data) {
        assert_eq!(Negotiate::parse(&request.to_bytes()).as_ref(), Ok(&request));
    }
    if let Ok(request) = ServiceRequest::parse(data) {
        assert_eq!(ServiceRequest::parse(&request.to_bytes()).as_ref(), Ok(&request));
    }
}
