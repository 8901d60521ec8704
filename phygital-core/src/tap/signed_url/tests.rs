//! Signed URLs made here with keys of our own, and what is wrong with them changed piece by piece.

use k256::ecdsa::SigningKey;
use k256::ecdsa::signature::hazmat::PrehashSigner;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::coinkite::{Card, CardState};
use super::*;
use crate::crypto::{PublicKey, SignatureAlgorithm};

/// A card in software.
struct SoftCard(SigningKey);

impl SoftCard {
    fn new(seed: u8) -> Self {
        Self(SigningKey::from_slice(&[seed; 32]).unwrap())
    }

    fn public_key(&self) -> [u8; 33] {
        self.0.verifying_key().to_sec1_point(true).as_bytes().try_into().unwrap()
    }

    fn sign(&self, text: &str) -> String {
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        let signature: k256::ecdsa::Signature = self.0.sign_prehash(digest.as_ref()).unwrap();
        hex::lower(&signature.to_bytes())
    }

    fn satscard(&self, network: Network, state: char, nonce: &str) -> String {
        let address = Address::new(&self.public_key(), network);
        let tail = &address.as_str()[34..];
        let text = format!("u={state}&o=3&r={tail}&n={nonce}&s=");
        format!("https://getsatscard.com/start#{text}{}", self.sign(&text))
    }

    fn tapsigner(&self, state: char, nonce: &str) -> String {
        let ident = hex::lower(&digest::digest(&digest::SHA256, &self.public_key()).as_ref()[..8]);
        let text = format!("t=1&u={state}&c={ident}&n={nonce}&s=");
        format!("https://tapsigner.com/start#{text}{}", self.sign(&text))
    }
}

const NONCE: &str = "3efca6c545903a9a";

#[test]
fn a_satscard_is_known_by_its_address_on_either_network() {
    let card = SoftCard::new(5);
    for (network, prefix) in [(Network::Main, "bc1q"), (Network::Test, "tb1q")] {
        let tap = coinkite::verify(&card.satscard(network, 'S', NONCE)).unwrap();
        let Card::Satscard { slot: 3, address } = tap.card() else { panic!("{:?}", tap.card()) };
        assert_eq!(address.network(), network);
        assert!(address.as_str().starts_with(prefix));
        assert_eq!(tap.state(), CardState::Sealed);
        assert_eq!(hex::lower(tap.nonce()), NONCE);
        assert_eq!(*tap.public_key(), card.public_key());
        assert_eq!(tap.signed_url().assurance(), Assurance::Dynamic);
    }
}

#[test]
fn a_tapsigner_is_known_by_its_key() {
    let card = SoftCard::new(6);
    let tap = coinkite::verify(&card.tapsigner('E', NONCE)).unwrap();
    assert!(matches!(tap.card(), Card::Tapsigner { ident } if ident.len() == 23));
    assert_eq!(tap.state(), CardState::Tampered);
    assert_eq!(*tap.public_key(), card.public_key());
}

#[test]
fn each_nonce_has_a_replay_key_of_its_own() {
    let card = SoftCard::new(5);
    let key = |url: &str| coinkite::verify(url).unwrap().signed_url().replay_key().unwrap();
    let first = key(&card.satscard(Network::Main, 'S', NONCE));
    assert_eq!(first, key(&card.satscard(Network::Main, 'U', NONCE)), "the nonce makes it, not the state");
    assert_ne!(first, key(&card.satscard(Network::Main, 'S', "0000000000000000")));
    assert_ne!(first, key(&SoftCard::new(7).satscard(Network::Main, 'S', NONCE)));
}

#[test]
fn any_change_under_the_signature_is_noticed() {
    let url = SoftCard::new(5).satscard(Network::Main, 'S', NONCE);
    for (old, new) in [("u=S", "u=U"), ("o=3", "o=4"), ("n=3", "n=4"), ("#u", "#v=1&u")] {
        let changed = url.replacen(old, new, 1);
        assert_ne!(changed, url);
        assert_eq!(coinkite::verify(&changed), Err(TapRefusal::SignatureInvalid), "{new}");
    }
    // Another card's signature over the same text leads to another key.
    let text = url.split_once('#').unwrap().1.split_once("s=").unwrap().0.to_owned() + "s=";
    let other = format!("https://x/#{text}{}", SoftCard::new(8).sign(&text));
    assert_eq!(coinkite::verify(&other), Err(TapRefusal::SignatureInvalid));
}

#[test]
fn what_is_out_of_form_is_refused_before_any_signature() {
    let url = SoftCard::new(5).satscard(Network::Main, 'S', NONCE);
    let code = |url: &str| coinkite::verify(url).unwrap_err().code();
    assert_eq!(code("https://getsatscard.com/start"), "no_tap");
    assert_eq!(code(&url[..url.len() - 1]), "bad_length");
    assert_eq!(code(&format!("{}g", &url[..url.len() - 1])), "malformed");
    assert_eq!(code(&url.replace("n=", "m=")), "malformed");
    assert_eq!(code(&url.replace("r=", "q=")), "malformed");
    assert_eq!(code(&format!("{url}&u=U")), "malformed", "a repeated parameter");
    assert_eq!(code(&format!("{url}&s=00")), "malformed");
    // The end of an address has a least length, or any key would fit.
    let short =
        url.split("&r=").next().unwrap().to_owned() + "&r=8f3t4&n=" + url.split_once("&n=").unwrap().1;
    assert_eq!(code(&short), "bad_length");
    assert_eq!(code(&url.replace('#', "?")), "no_tap", "in another part of the URL");
    let signed_state = SoftCard::new(5).satscard(Network::Main, 'X', NONCE);
    assert_eq!(code(&signed_state), "malformed");
    assert_eq!(code(&SoftCard::new(5).satscard(Network::Main, 'S', "3efc")), "malformed");
}

#[test]
fn what_trackers_append_does_no_harm() {
    let url = SoftCard::new(5).satscard(Network::Main, 'S', NONCE) + "&utm_source=qr";
    let tap = coinkite::verify(&url).unwrap();
    assert_eq!(tap.signed_url().parameter("utm_source"), None, "not under the signature");
}

#[test]
fn a_nonce_is_bounded() {
    for (length, code) in [(URL_NONCE_MAX, "malformed"), (URL_NONCE_MAX + 1, "bad_length")] {
        let url = SoftCard::new(5).satscard(Network::Main, 'S', &"a".repeat(length));
        assert_eq!(coinkite::verify(&url).unwrap_err().code(), code, "{length}");
    }
}

#[test]
fn an_explicit_ring_serves_both_of_rings_curves() {
    let random = SystemRandom::new();
    let edwards = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let key = |algorithm, bytes: &[u8]| PublicKey::new(algorithm, bytes).unwrap();
    let keys = PublicKeys::new()
        .with_id(b"ed", key(SignatureAlgorithm::EdDsa, edwards.public_key().as_ref()))
        .unwrap()
        .with_id(b"p256", key(SignatureAlgorithm::Es256, p256.public_key().as_ref()))
        .unwrap();
    let source = KeySource::Ring { keys, id: Some("kid".into()) };
    let sign = |id: &str, text: &str| match id {
        "ed" => edwards.sign(text.as_bytes()).as_ref().to_vec(),
        _ => p256.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec(),
    };
    for from in [SignedFrom::Url, SignedFrom::Host, SignedFrom::Parameters] {
        for to in [SignedTo::Name, SignedTo::Separator] {
            for (text, nonce) in [(SignatureText::Hex, None), (SignatureText::Base64Url, Some("n"))] {
                let mut scheme =
                    UrlSignature::new(UrlPart::Query, "sig", source.clone()).signs(from, to).written_in(text);
                if let Some(nonce) = nonce {
                    scheme = scheme.nonce(nonce);
                }
                for id in ["ed", "p256"] {
                    let before = format!("https://tap.example/p/7?kid={id}&n=1");
                    let signed = match to {
                        SignedTo::Name => before.clone() + "&sig=",
                        SignedTo::Separator => before.clone(),
                    };
                    let signed = match from {
                        SignedFrom::Url => &signed[..],
                        SignedFrom::Host => &signed[8..],
                        SignedFrom::Parameters => signed.split_once('?').unwrap().1,
                    };
                    let bytes = sign(id, signed);
                    let written = match text {
                        SignatureText::Hex => hex::lower(&bytes),
                        SignatureText::Base64Url => URL_SAFE_NO_PAD.encode(&bytes),
                    };
                    let url = format!("{before}&sig={written}&fbclid=1#top");
                    let tap = scheme.verify(&url).unwrap();
                    assert_eq!(tap.signed_text(), signed);
                    assert_eq!(tap.key_id(), Some(id));
                    let expected = if nonce.is_some() { Assurance::Dynamic } else { Assurance::Static };
                    assert_eq!(tap.assurance(), expected);
                    assert_eq!(tap.replay_key().is_some(), nonce.is_some());
                    let moved = url.replace("/p/7", "/p/8");
                    let covers_path = from != SignedFrom::Parameters;
                    assert_eq!(scheme.verify(&moved).is_err(), covers_path);
                    let other = if id == "ed" { "p256" } else { "ed" };
                    let swapped = url.replace(&format!("kid={id}"), &format!("kid={other}"));
                    assert_eq!(scheme.verify(&swapped), Err(TapRefusal::SignatureInvalid));
                    let unknown = url.replace(&format!("kid={id}"), "kid=x");
                    assert_eq!(scheme.verify(&unknown), Err(TapRefusal::NoKey));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// A character changed anywhere in the fragment never verifies as the same card.
    #[test]
    fn a_changed_character_is_noticed(at: prop::sample::Index, byte in b'0'..=b'z') {
        let card = SoftCard::new(5);
        let url = card.satscard(Network::Main, 'S', NONCE);
        let start = url.find('#').unwrap() + 1;
        let mut bytes = url.clone().into_bytes();
        let at = start + at.index(bytes.len() - start);
        prop_assume!(bytes[at] != byte && !bytes[at].eq_ignore_ascii_case(&byte));
        bytes[at] = byte;
        prop_assert!(coinkite::verify(std::str::from_utf8(&bytes).unwrap()).is_err());
    }
}
