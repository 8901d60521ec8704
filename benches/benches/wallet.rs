//! A pass of Apple VAS opened, and a bundle of Google Smart Tap opened, beside the bare cryptographic calls that
//! neither can do without.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench wallet`. All candidates run in one process, in interleaved
//! batches; the figures are medians, and the ratios are to the bare calls of the same run.

use std::process::ExitCode;

use aes::Aes128;
use aes_gcm::aead::consts::U16;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes256;
use aes_gcm::{AeadInOut, AesGcm, KeyInit};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use p256::{PublicKey, SecretKey};
use phygital_benches::{Candidate, medians};
use phygital_core::contactless::Step;
use phygital_core::contactless::apple_vas::freshness::{TimeWindow, UsedCryptograms};
use phygital_core::contactless::apple_vas::phone::{SoftPass, VasPhone};
use phygital_core::contactless::apple_vas::{
    Cryptogram, KdfVariant, PassRequest, PassTypeId, VasKeys, VasMode, VasReader, VasTerminal, shared_info,
};
use phygital_core::contactless::smart_tap::phone::{PhoneSeed, SmartTapPhone, SoftObject};
use phygital_core::contactless::smart_tap::{
    Bundle, CollectorKey, NegotiateAnswer, ObjectKind, ServiceAnswer, SessionSeed, SmartTapKeys,
    SmartTapReader, SmartTapTerminal, VasTypes, to_be_signed,
};
use phygital_core::crypto::{P256Key, P256Public, Secret};
use phygital_core::tap::wallet::verify_vas;
use phygital_core::vocab::Timestamp;
use ring::digest::{Context, SHA256};
use ring::{hkdf, hmac};

const BATCHES: usize = 15;
const CALLS: u32 = 200;
/// The aim: opening costs at most this many times the bare calls.
const RATIO_MAX: f64 = 1.2;

const COLLECTOR: u32 = 20_180_608;

fn key(byte: u8) -> P256Key {
    P256Key::new(Secret::take(&mut [byte; 32])).expect("a small number")
}

fn pass() -> PassTypeId {
    "pass.example.loyalty".parse().expect("a name")
}

/// A cryptogram as a phone gives it, with a message of 32 bytes.
fn cryptogram(now: Timestamp) -> Vec<u8> {
    let message = b"0123456789abcdef0123456789abcdef".to_vec();
    let card = SoftPass { pass: pass(), merchant: key(1).public(), message, variant: KdfVariant::One };
    let mut phone = VasPhone::new(vec![card], now);
    phone.add_key(key(9));
    let requests = [PassRequest::pass(pass())];
    let (mut reader, mut command) =
        VasReader::new(VasTerminal::new(VasMode::VasOnly), &requests).expect("one");
    loop {
        match reader.next(&phone.answer(&command.to_bytes())).expect("a true phone") {
            Step::Send(next) => command = next,
            Step::Done(read) => {
                let data = read.answers[0].data.clone().expect("a pass");
                return data.cryptogram.expect("a cryptogram");
            }
        }
    }
}

/// What the protocol asks for, on bytes: the phone's point, the product, one hash, one message.
fn bare_vas(cryptogram: &[u8], merchant: &[u8; 32], info: &[u8]) -> Vec<u8> {
    let mut point = [2; 33];
    point[1..].copy_from_slice(&cryptogram[4..36]);
    let phone = PublicKey::from_sec1_bytes(&point).expect("a point");
    let merchant = SecretKey::from_bytes(merchant.into()).expect("a scalar");
    let shared = merchant.diffie_hellman(&phone);
    let mut context = Context::new(&SHA256);
    context.update(shared.raw_secret_bytes());
    context.update(&[0, 0, 0, 1]);
    context.update(info);
    let key: [u8; 32] = context.finish().as_ref().try_into().expect("32 bytes");
    let (sealed, tag) = cryptogram[36..].split_last_chunk::<16>().expect("a tag");
    let mut plain = sealed.to_vec();
    AesGcm::<Aes256, U16>::new(&key.into())
        .decrypt_inout_detached(&[0; 16].into(), &[], InOutBuf::from(&mut plain[..]), tag.into())
        .expect("a true cryptogram");
    plain
}

/// The phone's answers to NEGOTIATE and GET DATA.
fn smart_tap_answers() -> [Vec<u8>; 2] {
    let object = SoftObject {
        kind: ObjectKind::Loyalty,
        issuer: 7,
        object_id: [1; 8],
        service_number: "0123456789abcdef0123456789abcdef".to_owned(),
    };
    let mut phone = SmartTapPhone::new(vec![object]);
    phone.trust(COLLECTOR, 1, key(1).public());
    phone.add_seed(PhoneSeed { nonce: [2; 32], key: key(3), iv: [4; 12] });
    let signer = CollectorKey::new(key(1), 1);
    let mut terminal = SmartTapTerminal::new(COLLECTOR, &signer, VasTypes::PassOnly);
    terminal.capabilities.0[0] = 0; // not compressed, as the bare calls do not inflate
    let seed = SessionSeed { session_id: [5; 8], reader_nonce: [6; 32], reader_key: key(7) };
    let (mut reader, mut command) = SmartTapReader::new(terminal, seed).expect("a terminal");
    let mut answers = Vec::new();
    loop {
        let answer = phone.answer(&command.to_bytes());
        answers.push(answer[..answer.len() - 2].to_vec());
        match reader.next(&answer).expect("a true phone") {
            Step::Send(next) => command = next,
            Step::Done(_) => break,
        }
    }
    let [_, negotiated, given] = answers.try_into().expect("three answers");
    [negotiated, given]
}

struct Length;
impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        48
    }
}

/// What the protocol asks for, on bytes: the phone's point, the product, the keys, the code, the cipher.
fn bare_smart_tap(phone: &[u8; 33], bundle: &[u8], signed: &[u8], signature: &[u8]) -> Vec<u8> {
    let point = PublicKey::from_sec1_bytes(phone).expect("a point");
    let reader = SecretKey::from_bytes(&[7; 32].into()).expect("a scalar");
    let shared = reader.diffie_hellman(&point);
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, phone).extract(shared.raw_secret_bytes());
    let mut keys = [0; 48];
    secret
        .expand(&[signed, signature], Length)
        .and_then(|keys_out| keys_out.fill(&mut keys))
        .expect("48 bytes");
    let (covered, mac) = bundle[1..].split_last_chunk::<32>().expect("a code");
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &keys[16..]), covered, mac).expect("a true bundle");
    let mut plain = covered[12..].to_vec();
    let mut counter = [0; 16];
    counter[..12].copy_from_slice(&covered[..12]);
    let cipher: [u8; 16] = keys[..16].try_into().expect("16 bytes");
    Ctr128BE::<Aes128>::new(&cipher.into(), &counter.into()).apply_keystream(&mut plain);
    plain
}

fn main() -> ExitCode {
    let now = Timestamp::parse("2026-11-21T12:00:00Z").expect("a time");
    let (cryptogram, keys, pass) = (cryptogram(now), VasKeys::new([key(1)]).expect("one key"), pass());
    let info = shared_info(&pass, KdfVariant::One);
    let parsed = Cryptogram::parse(&cryptogram).expect("a cryptogram");
    assert_eq!(
        bare_vas(&cryptogram, &[1; 32], &info)[4..],
        *parsed.open(&pass, &keys).expect("true").message()
    );
    let window = TimeWindow::default();

    let [negotiated, given] = smart_tap_answers();
    let reader = key(7);
    let reader_key = reader.public().to_compressed();
    let signed = to_be_signed(&[6; 32], &[2; 32], COLLECTOR, &reader_key);
    let collector = key(1);
    let signature = collector.sign(&signed);
    let open = || {
        let phone_key = NegotiateAnswer::parse(&negotiated).expect("an answer").phone_key;
        let phone = P256Public::from_compressed(&phone_key).expect("a point");
        let keys = SmartTapKeys::derive(&reader.agree(&phone), &phone_key, &signed, &signature);
        let bundle = ServiceAnswer::parse(&given).expect("an answer").bundle.expect("passes");
        Bundle::parse(&bundle.open(&keys).expect("a true bundle")).expect("passes")
    };
    let phone_key = NegotiateAnswer::parse(&negotiated).expect("an answer").phone_key;
    let bundle = ServiceAnswer::parse(&given).expect("an answer").bundle.expect("passes").to_bytes();
    let bare = bare_smart_tap(&phone_key, &bundle, &signed, &signature);
    assert_eq!(Bundle::parse(&bare), Ok(open()));

    let mut candidates = [
        Candidate::new("VAS: bare point, ECDH, hash, GCM", || bare_vas(&cryptogram, &[1; 32], &info)),
        Candidate::new("VAS: open", || {
            Cryptogram::parse(&cryptogram).and_then(|cryptogram| cryptogram.open(&pass, &keys))
        }),
        Candidate::new("VAS: verify, window and memory", || {
            verify_vas(&cryptogram, &pass, &keys, now, window, &mut UsedCryptograms::default())
        }),
        Candidate::new("Smart Tap: bare point, ECDH, HKDF, HMAC, CTR", || {
            bare_smart_tap(&phone_key, &bundle, &signed, &signature)
        }),
        Candidate::new("Smart Tap: open, answers to passes", open),
        Candidate::new("Smart Tap: the collector's signature", || collector.sign(&signed)),
    ];
    let times = medians(&mut candidates, BATCHES, CALLS);
    println!("{:<46} {:>9} {:>8}", "one tap", "us", "ratio");
    for (index, (candidate, time)) in candidates.iter().zip(&times).enumerate() {
        let bare = times[if index < 3 { 0 } else { 3 }];
        println!("{:<46} {:>9.1} {:>8.2}", candidate.name, time / 1_000.0, time / bare);
    }
    let worst = (times[2] / times[0]).max(times[4] / times[3]);
    println!("aim: at most {RATIO_MAX} times the bare calls, found {worst:.2}");
    if worst <= RATIO_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
