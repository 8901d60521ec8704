//! What is no tag, at the engine: codes and signed links count once, and only by a key that was known before.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use phygital_core::crypto::SecretBytes;
use phygital_core::engine::{Engine, Error, TapRefused, TapRequest};
use phygital_core::machine::TapRefusalReason;
use phygital_core::store::{Memory, Read, Store};
use phygital_core::tap::otp::{OtpHash, OtpKey, Totp};
use phygital_core::tap::signed_url::coinkite;
use phygital_core::tap::{Assurance, Presented, Scheme, Verifier};

use support::at;

fn screen() -> Totp {
    let secret = SecretBytes::take(&mut b"12345678901234567890".to_vec()).unwrap();
    Totp::new(OtpKey::new(secret, OtpHash::Sha1, 6).unwrap(), 30).unwrap()
}

fn shop() -> Engine<Memory> {
    let verifier = Verifier::new()
        .screens([("till 3".into(), screen())])
        .signed_urls(coinkite::satscard())
        .ntag21x("tap.example/t?m={uid}x{ctr}".parse().unwrap())
        .digital_links();
    Engine::open(Memory::new(), support::config(), verifier, support::entropy()).unwrap()
}

fn refused(result: Result<impl Sized, Error>) -> TapRefusalReason {
    match result.err().unwrap() {
        Error::Tap(TapRefused::NotCounted { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn entries(shop: &Engine<Memory>) -> u64 {
    shop.store().reader().unwrap().len().unwrap()
}

fn show<'r>(code: &'r str, client: &'r str) -> TapRequest<'r> {
    TapRequest::presented(Presented::Code { screen: "till 3", code }).from_client(client)
}

#[test]
fn what_never_repeats_counts_once() {
    let mut shop = shop();
    let code = screen().code(at(0));
    let first = shop.taps().verify(show(&code, "ada"), at(1)).unwrap();
    assert_eq!((first.proof.scheme(), first.proof.assurance()), (Scheme::Totp, Assurance::Rotating));
    let again = shop.taps().verify(show(&code, "ada"), at(2)).unwrap();
    assert!(again.repeated);
    assert_eq!(again.receipt.key, first.receipt.key);
    let before = entries(&shop);
    assert_eq!(refused(shop.taps().verify(show(&code, "bob"), at(2))), TapRefusalReason::Replayed);
    assert_eq!(entries(&shop), before, "a copy leaves nothing behind");
    let next = screen().code(at(30));
    assert!(!shop.taps().verify(show(&next, "bob"), at(31)).unwrap().repeated);
}

#[test]
fn what_never_repeats_survives_a_rebuild() {
    let mut shop = shop();
    let code = screen().code(at(0));
    shop.taps().verify(show(&code, "ada"), at(1)).unwrap();
    shop.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(refused(shop.taps().verify(show(&code, "bob"), at(2))), TapRefusalReason::Replayed);
}

#[test]
fn a_key_that_anybody_can_make_counts_for_nothing() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/taps/signed_tap_url.json");
    let vectors: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let genuine = vectors
        .as_array()
        .unwrap()
        .iter()
        .find(|vector| vector["expect"]["result"] == "ok" && vector["expect"].get("address").is_some());
    let url = format!("https://getsatscard.com/start#{}", genuine.unwrap()["fragment"].as_str().unwrap());
    let mut shop = shop();
    let refusal = refused(shop.taps().verify(TapRequest::url(&url), at(1)));
    assert_eq!(refusal, TapRefusalReason::NotEnrolled);
    assert_eq!(entries(&shop), 0);
}

#[test]
fn what_proves_nothing_counts_for_nothing_and_leaves_nothing() {
    let mut shop = shop();
    for url in ["https://tap.example/t?m=04E1415A2B3C80x00001F", "https://tap.example/01/09506000134352"] {
        let refusal = refused(shop.taps().verify(TapRequest::url(url), at(1)));
        assert_eq!(refusal, TapRefusalReason::Unauthenticated);
    }
    assert_eq!(entries(&shop), 0);
}
