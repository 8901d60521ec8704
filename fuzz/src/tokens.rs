//! What the targets of signed tokens and links check of arbitrary bytes. Plain functions, so that the corpora run as
//! tests too.

use std::sync::LazyLock;

use phygital_core::crypto::{PublicKey, SignatureAlgorithm};
use phygital_core::tap::cose::{self, Sign1};
use phygital_core::tap::gs1::DigitalLink;
use phygital_core::tap::limits::{GS1_ELEMENTS_MAX, TOKEN_BYTES_MAX};
use phygital_core::tap::paseto::{self, Paseto};
use phygital_core::tap::signed_url::{KeySource, SignedFrom, SignedTo, UrlPart, UrlSignature, coinkite};
use phygital_core::tap::{PublicKeys, TokenPolicy};
use phygital_core::vocab::Timestamp;

/// The public keys of cose-wg/Examples (P-256, Ed25519) and of PASETO's vectors.
static EXAMPLES: LazyLock<[PublicKey; 3]> = LazyLock::new(|| {
    [
        (SignatureAlgorithm::Es256, "04bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"),
        (SignatureAlgorithm::EdDsa, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
        (SignatureAlgorithm::EdDsa, "1eb9dbbbbc047c03fd70604e0071f0987e16b28b757225c11f00415d0e20b1a2"),
    ]
    .map(|(algorithm, digits)| PublicKey::new(algorithm, &bytes(digits)).expect("a public key"))
});

/// The same, without an id and under those that the examples name.
static RING: LazyLock<PublicKeys> = LazyLock::new(|| {
    let ids = [&b"11"[..], b"k1", b"zVhMiPBP9fRf2snEcT7gFTioeA9COcNy9DfgL1W60haN"];
    let unnamed = EXAMPLES.iter().cloned().try_fold(PublicKeys::new(), PublicKeys::without_id);
    ids.iter()
        .zip(EXAMPLES.iter())
        .try_fold(unnamed.expect("three keys"), |ring, (id, key)| ring.with_id(id, key.clone()))
        .expect("three ids")
});

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("digits"), 16).expect("digits"))
        .collect()
}

/// Arbitrary bytes as COSE_Sign1: nothing panics, and nothing verifies but what the examples' keys signed.
pub fn cose(data: &[u8]) {
    let Ok(message) = Sign1::parse(data) else { return };
    assert!(data.len() <= TOKEN_BYTES_MAX && message.payload().len() < data.len());
    for aad in [&b""[..], b"\x11\xaa\x22\xbb\x33\xcc\x44\xdd\x55\x00\x66\x99"] {
        if EXAMPLES.iter().any(|key| message.is_signed_by(key, aad)) {
            assert_eq!(message.payload(), b"This is the content.");
        }
    }
    // The examples' payload is no web token.
    cose::verify(data, &RING, b"", &TokenPolicy::new().without_expiry(), Timestamp::MIN)
        .expect_err("no claims");
}

/// Arbitrary text as a PASETO: nothing panics, and nothing verifies but what the vectors' key signed.
pub fn paseto(data: &[u8]) {
    const PAYLOAD: &[u8] = br#"{"data":"this is a signed message","exp":"2022-01-01T00:00:00+00:00"}"#;
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(token) = Paseto::parse(text) else { return };
    let _ = token.key_id();
    if EXAMPLES.iter().any(|key| token.is_signed_by(key, b"")) {
        assert_eq!(token.payload(), PAYLOAD);
    }
    if let Ok(token) = paseto::verify(text, &RING, b"", &TokenPolicy::new(), Timestamp::MIN) {
        assert_eq!(token.payload(), PAYLOAD);
    }
}

/// Arbitrary text as a signed URL: what verifies as a card's keeps doing so with a tracker's parameter, and does not
/// with any other signed text.
pub fn signed_url(data: &[u8]) {
    let Ok(url) = std::str::from_utf8(data) else { return };
    if let Ok(tap) = coinkite::verify(url) {
        let signed = tap.signed_url().signed_text();
        assert!(url.contains(signed) && signed.ends_with("s="));
        let tracked = coinkite::verify(&format!("{url}&xyz=1"));
        assert!(
            url.len() > 2_000
                || url.ends_with("&xyz=1")
                || tracked.as_ref() == Ok(&tap)
                || url.contains("xyz")
        );
        assert!(coinkite::verify(&url.replacen(signed, &format!("x=1&{signed}"), 1)).is_err());
    }
    for (part, from, to) in [
        (UrlPart::Query, SignedFrom::Url, SignedTo::Separator),
        (UrlPart::Query, SignedFrom::Host, SignedTo::Name),
        (UrlPart::Fragment, SignedFrom::Parameters, SignedTo::Separator),
    ] {
        for id in [None, Some("kid".into())] {
            let key = KeySource::Ring { keys: RING.clone(), id };
            UrlSignature::new(part, "sig", key)
                .signs(from, to)
                .nonce("n")
                .verify(url)
                .expect_err("nobody signed");
        }
    }
}

/// Arbitrary text as a GS1 Digital Link: what is read has a canonical form that reads back as the same.
pub fn gs1_link(data: &[u8]) {
    let Ok(url) = std::str::from_utf8(data) else { return };
    let Ok(link) = DigitalLink::parse(url) else { return };
    assert!((1..=GS1_ELEMENTS_MAX).contains(&link.elements().count()));
    assert_eq!(link.gtin().is_some(), link.key() == "01" || link.value("01").is_some());
    let canonical = link.to_string();
    // Percent-encoding may make it longer than a URL may be.
    if canonical.len() <= 2_048 {
        assert_eq!(DigitalLink::parse(&canonical), Ok(link));
    }
}
