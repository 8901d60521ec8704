//! Verification of each token scheme beside the bare cryptographic calls that it cannot avoid.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench tokens`. Both of a pair run in one process, in interleaved
//! batches; the figures are medians, and the ratio is to the bare calls of the same run.

use std::process::ExitCode;
use std::time::Duration;

use aes::Aes128Enc;
use aes::cipher::{Array, BlockCipherEncrypt, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use phygital_benches::{Candidate, medians};
use phygital_core::crypto::{PublicKey, Secret, SecretBytes, SignatureAlgorithm};
use phygital_core::tap::beacon::{
    Beacon, BeaconClock, Drift, EidTable, IdentityKey, RotationExponent, read_service_data,
};
use phygital_core::tap::gs1::DigitalLink;
use phygital_core::tap::otp::{OtpHash, OtpKey, Totp};
use phygital_core::tap::signed_url::{KeySource, SignedFrom, SignedTo, UrlPart, UrlSignature, coinkite};
use phygital_core::tap::{PublicKeys, TokenPolicy, cose, paseto};
use phygital_core::vocab::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    UnparsedPublicKey,
};
use ring::{digest, hmac};

/// Many short batches: a moment of another process spoils few of them.
const BATCHES: usize = 201;
/// The aim: where a signature is verified, at most this many times the bare calls.
const RATIO_MAX: f64 = 1.2;

/// Prints a pair and gives its ratio.
fn pair(what: &str, calls: u32, mut bare: impl FnMut() -> bool, mut ours: impl FnMut() -> bool) -> f64 {
    assert!(bare() && ours(), "{what}: both have to verify");
    let times =
        medians(&mut [Candidate::new("bare", bare), Candidate::new("phygital", ours)], BATCHES, calls);
    let ratio = times[1] / times[0];
    println!("{what:<46} {:>10.1} {:>10.1} {ratio:>7.2}", times[0], times[1]);
    ratio
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn main() -> ExitCode {
    let now = Timestamp::parse("2026-11-21T12:00:00Z").expect("a time");
    println!("{:<46} {:>10} {:>10} {:>7}", "one verification", "bare, ns", "ours, ns", "ratio");
    let worst = [
        recovered_url(),
        ring_url(SignatureAlgorithm::EdDsa),
        ring_url(SignatureAlgorithm::Es256),
        cose_token(now),
        paseto_token(now),
    ]
    .into_iter()
    .fold(0.0, f64::max);
    rotating_code(now);
    beacons(now);
    println!("aim: signatures at most {RATIO_MAX} times the bare calls, found {worst:.2}");
    if worst <= RATIO_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A TAPSIGNER whose first recovered key fits, which costs one recovery.
fn recovered_url() -> f64 {
    let sha256 = |text: &[u8]| digest::digest(&digest::SHA256, text);
    // A card whose signature recovers to its key at the first try.
    let (text, signature, key) = (1u64..)
        .find_map(|nonce| {
            let card = SigningKey::from_slice(&[7; 32]).expect("a key");
            let ident = hex(&sha256(card.verifying_key().to_sec1_point(true).as_bytes()).as_ref()[..8]);
            let text = format!("t=1&u=S&c={ident}&n={nonce:016x}&s=");
            let signature: Signature = card.sign_prehash(sha256(text.as_bytes()).as_ref()).ok()?;
            let zero = RecoveryId::from_byte(0)?;
            let first =
                VerifyingKey::recover_from_prehash(sha256(text.as_bytes()).as_ref(), &signature, zero)
                    .ok()?;
            (first == *card.verifying_key()).then_some((text, signature, first))
        })
        .expect("every other nonce");
    let bytes = signature.to_bytes();
    let url = format!("https://tapsigner.com/start#{text}{}", hex(&bytes));
    pair(
        "signed URL, secp256k1 key recovered",
        10,
        || {
            let signature = Signature::from_slice(&bytes).expect("a signature");
            let zero = RecoveryId::from_byte(0).expect("an id");
            VerifyingKey::recover_from_prehash(sha256(text.as_bytes()).as_ref(), &signature, zero)
                .is_ok_and(|found| found == key)
        },
        || coinkite::verify(&url).is_ok(),
    )
}

/// A URL signed under a key of a ring.
fn ring_url(algorithm: SignatureAlgorithm) -> f64 {
    let random = SystemRandom::new();
    let text = "tap.example/p/7?kid=shop-1&n=8334bd83e0bb7b25";
    let (public, signature, what) = match algorithm {
        SignatureAlgorithm::EdDsa => {
            let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
            (
                pair.public_key().as_ref().to_vec(),
                pair.sign(text.as_bytes()).as_ref().to_vec(),
                "signed URL, Ed25519",
            )
        }
        _ => {
            let pkcs8 =
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random);
            let pair = pair.expect("a key");
            let signature = pair.sign(&random, text.as_bytes()).expect("a signature");
            (pair.public_key().as_ref().to_vec(), signature.as_ref().to_vec(), "signed URL, P-256")
        }
    };
    let key = PublicKey::new(algorithm, &public).expect("a key");
    let keys = PublicKeys::new().with_id(b"shop-1", key).expect("one key");
    let scheme = UrlSignature::new(UrlPart::Query, "sig", KeySource::Ring { keys, id: Some("kid".into()) })
        .signs(SignedFrom::Host, SignedTo::Separator)
        .nonce("n");
    let url = format!("https://{text}&sig={}", hex(&signature));
    pair(
        what,
        20,
        || {
            match algorithm {
                SignatureAlgorithm::EdDsa => {
                    UnparsedPublicKey::new(&ED25519, &public).verify(text.as_bytes(), &signature)
                }
                _ => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &public)
                    .verify(text.as_bytes(), &signature),
            }
            .is_ok()
        },
        || scheme.verify(&url).is_ok(),
    )
}

/// A CBOR web token of a member.
fn cose_token(now: Timestamp) -> f64 {
    // {1: "brand", 2: "member-7", 4: 1900000000}
    let payload = b"\xA3\x01\x65brand\x02\x68member-7\x04\x1A\x71\x3F\xB3\x00";
    let protected = b"\xA1\x01\x27";
    let signed = [b"\x84\x6ASignature1\x43", &protected[..], b"\x40\x58\x18", payload].concat();
    let signer = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
    let signature = signer.sign(&signed);
    let token = [
        b"\xD2\x84\x43",
        &protected[..],
        b"\xA1\x04\x42k1\x58\x18",
        payload,
        b"\x58\x40",
        signature.as_ref(),
    ]
    .concat();
    let public = signer.public_key().as_ref().to_vec();
    let key = PublicKey::new(SignatureAlgorithm::EdDsa, &public).expect("a key");
    let keys = PublicKeys::new().with_id(b"k1", key).expect("one key");
    let policy = TokenPolicy::new().issuer("brand");
    pair(
        "COSE_Sign1 with claims, Ed25519",
        20,
        || UnparsedPublicKey::new(&ED25519, &public).verify(&signed, signature.as_ref()).is_ok(),
        || cose::verify(&token, &keys, b"", &policy, now).is_ok(),
    )
}

/// The same as a PASETO.
fn paseto_token(now: Timestamp) -> f64 {
    let payload = br#"{"iss":"brand","sub":"member-7","exp":"2030-03-17T17:46:40Z"}"#;
    let (header, footer) = (b"v4.public.", br#"{"kid":"k1"}"#);
    let mut signed = 4u64.to_le_bytes().to_vec();
    for piece in [&header[..], payload, footer, b""] {
        signed.extend((piece.len() as u64).to_le_bytes());
        signed.extend(piece);
    }
    let signer = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
    let signature = signer.sign(&signed);
    let body = URL_SAFE_NO_PAD.encode([&payload[..], signature.as_ref()].concat());
    let token = format!("v4.public.{body}.{}", URL_SAFE_NO_PAD.encode(footer));
    let public = signer.public_key().as_ref().to_vec();
    let key = PublicKey::new(SignatureAlgorithm::EdDsa, &public).expect("a key");
    let keys = PublicKeys::new().with_id(b"k1", key).expect("one key");
    let policy = TokenPolicy::new().issuer("brand");
    pair(
        "PASETO v4.public with claims",
        20,
        || UnparsedPublicKey::new(&ED25519, &public).verify(&signed, signature.as_ref()).is_ok(),
        || paseto::verify(&token, &keys, b"", &policy, now).is_ok(),
    )
}

/// A code of the step before: two HMACs, whichever it is.
fn rotating_code(now: Timestamp) {
    let secret = [7; 20];
    let key = || SecretBytes::take(&mut secret.clone()).expect("20 bytes");
    let screen = Totp::new(OtpKey::new(key(), OtpHash::Sha256, 6).expect("a key"), 30).expect("a period");
    let code = screen.code(now.saturating_sub(Duration::from_secs(30)));
    let step = screen.step(now);
    pair(
        "TOTP, SHA-256, with its step of grace",
        500,
        || {
            let key = || hmac::Key::new(hmac::HMAC_SHA256, &secret);
            hmac::sign(&key(), &step.to_be_bytes()).as_ref()
                != hmac::sign(&key(), &(step - 1).to_be_bytes()).as_ref()
        },
        || screen.verify(&code, now, None).is_ok(),
    );
}

/// Beacons and links, which have no cryptography at the moment that they are read.
fn beacons(now: Timestamp) {
    let exponent = RotationExponent::new(10).expect("an exponent");
    let fleet: Vec<Beacon> = (0..1_000u32)
        .map(|number| {
            let mut key = [0; 16];
            key[..4].copy_from_slice(&number.to_be_bytes());
            Beacon {
                id: format!("beacon-{number}").parse().expect("an id"),
                key: IdentityKey::new(Secret::take(&mut key)),
                exponent,
                clock: BeaconClock {
                    counter: 65_280,
                    at: now.saturating_sub(Duration::from_secs(86_400 * 30)),
                },
            }
        })
        .collect();
    let build =
        || EidTable::build(&fleet, Drift::default(), now, Duration::from_secs(3_600)).expect("a table");
    let table = build();
    let counter = 65_280 + 86_400 * 30;
    let heard = fleet[617].key.eid(exponent, counter);
    let frame = [&[0x30, 0xEE][..], heard.as_bytes()].concat();
    pair(
        "Eddystone-EID, one of one beacon",
        500,
        || {
            // Two blocks under two keys.
            let mut block = Array::from([7; 16]);
            let temporary = {
                Aes128Enc::new(&[9; 16].into()).encrypt_block(&mut block);
                Aes128Enc::new(&block)
            };
            temporary.encrypt_block(&mut block);
            block[0] != block[1]
        },
        || fleet[617].key.eid(exponent, counter) == heard,
    );
    let size = table.len();
    let times = medians(
        &mut [
            Candidate::new("a block for each identifier", || {
                let cipher = Aes128Enc::new(&[9; 16].into());
                (0..size).fold(0, |sum, at| {
                    let mut block = Array::from((at as u128).to_be_bytes());
                    cipher.encrypt_block(&mut block);
                    sum ^ block[0]
                })
            }),
            Candidate::new("the table", || build().len()),
        ],
        7,
        1,
    );
    println!(
        "{:<46} {:>10.1} {:>10.1} {:>7.2}",
        format!("Eddystone-EID, table of {size}, per identifier"),
        times[0] / size as f64,
        times[1] / size as f64,
        times[1] / times[0]
    );
    assert!(table.resolve(heard, now).is_ok(), "a beacon of the table");
    let link = "https://id.gs1.org/01/09506000134352/10/ABC123/21/S42?17=271231";
    let times = medians(
        &mut [
            Candidate::new("", || table.resolve(heard, now).is_ok()),
            Candidate::new("", || read_service_data(&frame).is_ok()),
            Candidate::new("", || DigitalLink::parse(link).is_ok()),
        ],
        BATCHES,
        500,
    );
    for (what, time) in
        ["Eddystone-EID, found in that table", "Eddystone frame read", "GS1 Digital Link read"]
            .iter()
            .zip(times)
    {
        println!("{what:<46} {:>10} {time:>10.1}", "");
    }
}
