//! An NTAG 22x tap beside the bare CMAC that it cannot avoid, and an originality signature on each curve beside a
//! P-256 signature in the `p256` crate.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench chips`. All candidates of a table run in one process, in
//! interleaved batches; the figures are medians.

use std::process::ExitCode;

use aes::Aes128;
use cmac::{Cmac, KeyInit, Mac};
use p256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use phygital_benches::{Candidate, medians};
use phygital_core::crypto::Secret;
use phygital_core::tap::ntag22x::{Message22x, SuncmacKeys, verify, verify_message};
use phygital_core::tap::originality::{
    self, ByteOrder, ChipFamily, OriginalityCurve, OriginalityKey, SignedUid,
};
use phygital_core::vocab::tag::{KeyEpoch, TagUid};

/// The aim: a tap from its message costs at most this many times the bare calls.
const RATIO_MAX: f64 = 1.5;

const URL: &str = "https://tap.example/t?m=04AA2BD2335780x000001xB188AC6F69140B92";
const INPUT: [u8; 10] = [0x04, 0xAA, 0x2B, 0xD2, 0x33, 0x57, 0x80, 0, 0, 1];
const MAC: [u8; 8] = [0xB1, 0x88, 0xAC, 0x6F, 0x69, 0x14, 0x0B, 0x92];

fn main() -> ExitCode {
    let met = tap();
    signature();
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tap() -> bool {
    let text = &URL[URL.find("04AA").expect("the UID")..];
    let message = Message22x::parse(text).expect("a message");
    let mut keys = SuncmacKeys::new();
    keys.insert(message.claimed_uid(), KeyEpoch::FIRST, Secret::zeros()).expect("one key");
    for number in 0..10_000u64 {
        let [_, uid @ ..] = number.to_be_bytes();
        keys.insert(TagUid::new(uid), KeyEpoch::FIRST, Secret::zeros()).expect("few keys");
    }
    let mut fleet = SuncmacKeys::new();
    fleet.insert_fleet(&Secret::zeros(), b"shop", KeyEpoch::FIRST, None).expect("one fleet");
    let forged = format!("{}3", &URL[..URL.len() - 1]);
    let bare = |key: &[u8; 16]| {
        let mut cmac = Cmac::<Aes128>::new(key.into());
        cmac.update(&INPUT);
        let full = cmac.finalize().into_bytes();
        (0..8).all(|i| full[2 * i + 1] == MAC[i])
    };
    assert!(bare(&[0; 16]) && verify(URL, &keys).is_ok() && verify(&forged, &keys).is_err());
    let mut candidates = [
        Candidate::new("bare cmac crate, key as bytes", || bare(std::hint::black_box(&[0; 16]))),
        Candidate::new("phygital, message, 10,001 tags", || verify_message(&message, &keys).is_ok()),
        Candidate::new("phygital, URL, 10,001 tags", || verify(URL, &keys).is_ok()),
        Candidate::new("phygital, URL, forged MAC", || verify(&forged, &keys).is_ok()),
        Candidate::new("phygital, URL, diversified key", || verify(URL, &fleet).is_ok()),
    ];
    let times = medians(&mut candidates, 31, 20_000);
    println!("{:<40} {:>9} {:>8}", "one NTAG 22x tap", "ns", "ratio");
    for (candidate, time) in candidates.iter().zip(&times) {
        println!("{:<40} {time:>9.1} {:>8.2}", candidate.name, time / times[0]);
    }
    let found = times[1] / times[0];
    println!("aim: a message at most {RATIO_MAX} times the bare calls, found {found:.2}");
    found <= RATIO_MAX
}

/// A key, a UID of four bytes or more, its signature: AN12196 §7.2 and two of `vectors/taps/originality.json`.
const SIGNED: [(OriginalityCurve, &str, &str, &str); 3] = [
    (
        OriginalityCurve::Secp128r1,
        "044863534bea7b8355ad1bcc34b9c82f906da65b29fdca5134a0a0ec71e66f3487",
        "04cd574c1d7d7a",
        "274df3098ef8eaebc60678531a36c3c298a437c162849b716d7511080174adf7",
    ),
    (
        OriginalityCurve::Secp192r1,
        "049612ed69da95389075ee671af52b7d04a4460ea59909724762b7d89103059028332204bd367d145070b36b47b271ba4b",
        "041b4aef726f92",
        "b5a6a0d06cc155ebc0d5b286783c8f70f1941745d9ba8cf563ed9957c40a02814f50b84201a2facc41a849f6bf4e66d0",
    ),
    (
        OriginalityCurve::Secp224r1,
        "048a9b380af2ee1b98dc417fecc263f8449c7625cece82d9b916c992da209d68422b81ec20b65a66b5102a61596af3379200599316a00a1410",
        "04518dfaa96180",
        "d1940d17cfeda4bff80359ab975f9f6514313e8f90c1d3caaf5941ad744a1cdf9a83f883cafe0fe95d1939b1b7e47113993324473b785d21",
    ),
];

fn signature() {
    let signing = SigningKey::from_slice(&[7; 32]).expect("a scalar");
    let digest = [9; 32];
    let signed: Signature = signing.sign_prehash(&digest).expect("a signature");
    let verifying = VerifyingKey::from(&signing);
    let chips = SIGNED.map(|(curve, point, uid, signature)| (curve, hex(point), hex(uid), hex(signature)));
    let mut candidates =
        vec![Candidate::new("p256 crate, P-256", || verifying.verify_prehash(&digest, &signed).is_ok())];
    for (curve, point, uid, signature) in &chips {
        let key = OriginalityKey::new(*curve, SignedUid::Plain, point);
        let verify = move || key.verify(uid, signature, ByteOrder::Msb).is_ok();
        assert!(verify(), "{}", curve.as_str());
        let name = match curve {
            OriginalityCurve::Secp128r1 => "phygital, secp128r1",
            OriginalityCurve::Secp192r1 => "phygital, secp192r1",
            _ => "phygital, secp224r1",
        };
        candidates.push(Candidate::new(name, verify));
    }
    let (_, _, uid, signature) = &chips[2];
    candidates.push(Candidate::new("phygital, maker unknown, 56 bytes", || {
        originality::identify(uid, signature).is_ok_and(|found| found.family() == Some(ChipFamily::Ntag424))
    }));
    let times = medians(&mut candidates, 11, 200);
    println!("{:<40} {:>9} {:>8}", "one originality signature", "us", "ratio");
    for (candidate, time) in candidates.iter().zip(&times) {
        println!("{:<40} {:>9.1} {:>8.2}", candidate.name, time / 1_000.0, time / times[0]);
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
}
