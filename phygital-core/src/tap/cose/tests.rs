//! Messages made with the `ciborium` crate, an encoder of its own.

use ciborium::{Value, cbor};
use proptest::prelude::*;
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::*;
use crate::tap::{Assurance, limits::CBOR_DEPTH_MAX};

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn public() -> PublicKey {
    PublicKey::new(SignatureAlgorithm::EdDsa, pair().public_key().as_ref()).unwrap()
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// A message as the standard has it, with its protected header as given.
fn message(protected: &[u8], unprotected: &Value, payload: &[u8], aad: &[u8]) -> Value {
    let hashed = if protected == [0xA0] { &[] } else { protected };
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let signed =
        Value::Array(vec![Value::Text("Signature1".into()), bytes(hashed), bytes(aad), bytes(payload)]);
    let signature = pair().sign(&encoded(&signed));
    Value::Array(vec![bytes(protected), unprotected.clone(), bytes(payload), bytes(signature.as_ref())])
}

fn headers() -> (Vec<u8>, Value) {
    (encoded(&cbor!({1 => -8}).unwrap()), Value::Map(vec![(4.into(), Value::Bytes(b"k1".to_vec()))]))
}

#[test]
fn claims_become_the_tap() {
    let (protected, unprotected) = headers();
    let payload = encoded(
        &cbor!({1 => "brand", 2 => "member-7", 3 => "till", 4 => 2_000, 5 => 900, 6 => 900, 7 => Value::Bytes(vec![9]), "own" => [1, {2 => 3}]})
            .unwrap(),
    );
    let token = encoded(&Value::Tag(
        61,
        Box::new(Value::Tag(18, Box::new(message(&protected, &unprotected, &payload, b"shop-4")))),
    ));
    let keys = PublicKeys::new().with_id(b"k1", public()).unwrap();
    let policy = TokenPolicy::new().issuer("brand").audience("till");
    let at = |seconds: i64| Timestamp::from_millis(1000 * seconds).unwrap();
    let tap = verify(&token, &keys, b"shop-4", &policy, at(1_000)).unwrap();
    assert_eq!(tap.scheme(), Scheme::CoseSign1);
    assert_eq!(tap.assurance(), Assurance::Static);
    assert_eq!(tap.key_id(), Some(&b"k1"[..]));
    assert_eq!(tap.claims().subject(), Some("member-7"));
    assert_eq!(tap.claims().expires(), Some(at(2_000)));
    assert_eq!(tap.claims().token_id(), Some(&[9][..]));
    assert_eq!(tap.payload(), payload);
    assert_eq!(verify(&token, &keys, b"shop-4", &policy, at(2_000)).unwrap_err().code(), "out_of_scope");
    assert_eq!(verify(&token, &keys, b"", &policy, at(1_000)), Err(TapRefusal::SignatureInvalid));
    let unnamed = PublicKeys::new().without_id(public()).unwrap();
    assert_eq!(verify(&token, &unnamed, b"shop-4", &policy, at(1_000)), Err(TapRefusal::NoKey));
}

#[test]
fn claims_are_of_their_kind() {
    for bad in [
        cbor!({1 => 7}),
        cbor!({2 => [1]}),
        cbor!({4 => "2026"}),
        cbor!({4 => -1}),
        cbor!({4 => u64::MAX}),
        cbor!({4 => 253_402_300_800_i64}),
        cbor!({7 => "text"}),
        cbor!([1]),
    ] {
        let bad = bad.unwrap();
        assert!(claims(&encoded(&bad)).is_err(), "{bad:?}");
    }
    assert!(claims(&encoded(&cbor!({4 => 253_402_300_799_i64}).unwrap())).is_ok());
    assert!(claims(b"\xA2\x04\x01\x04\x02").is_err(), "a claim twice");
    assert!(claims(b"This is the content.").is_err());
}

#[test]
fn an_empty_protected_header_is_hashed_as_no_bytes() {
    let unprotected = cbor!({1 => -8}).unwrap();
    for protected in [&[][..], &[0xA0]] {
        let bytes = encoded(&message(protected, &unprotected, b"x", b""));
        assert!(Sign1::parse(&bytes).unwrap().is_signed_by(&public(), b""), "{protected:?}");
    }
}

#[test]
fn the_key_decides_the_algorithm() {
    let named = |algorithm: Value| {
        let header = encoded(&Value::Map(vec![(1.into(), algorithm)]));
        let bytes = encoded(&message(&header, &cbor!({}).unwrap(), b"x", b""));
        Sign1::parse(&bytes).unwrap().is_signed_by(&public(), b"")
    };
    assert!(named((-8).into()));
    for other in
        [Value::from(-7), (-47).into(), (-999).into(), 5.into(), Value::Text("EdDSA".into()), Value::Null]
    {
        assert!(!named(other.clone()), "{other:?}");
    }
    // None is named: the key alone decides.
    let bytes = encoded(&message(&[], &cbor!({}).unwrap(), b"x", b""));
    assert!(Sign1::parse(&bytes).unwrap().is_signed_by(&public(), b""));
}

#[test]
fn what_is_no_message_is_refused() {
    let (protected, unprotected) = headers();
    let good = message(&protected, &unprotected, b"x", b"");
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let Value::Array(mut parts) = good.clone() else { panic!() };
        change(&mut parts);
        Sign1::parse(&encoded(&Value::Array(parts))).is_ok()
    };
    assert!(changed(&|_| {}));
    assert!(!changed(&|parts| parts.truncate(3)));
    assert!(!changed(&|parts| parts.push(Value::Null)));
    assert!(!changed(&|parts| parts[2] = Value::Null), "a payload that is elsewhere");
    assert!(!changed(&|parts| parts[1] = Value::Array(vec![])));
    assert!(!changed(&|parts| parts[0] = Value::Bytes(vec![0xA1])));
    assert!(!changed(&|parts| parts[0] = Value::Bytes(vec![0xA0, 0xA0])), "something after the map");
    assert!(!changed(&|parts| parts[1] = cbor!({1 => -8}).unwrap()), "a label in both maps");
    assert!(!changed(&|parts| parts[1] = cbor!({2 => [4]}).unwrap()), "critical");
    assert!(!changed(&|parts| parts[1] = cbor!({4 => "k1"}).unwrap()), "a key id is bytes");
    assert!(!changed(&|parts| parts[1] = Value::Map(vec![(Value::Bytes(vec![1]), 1.into())])));
    for tag in [16, 17, 98, 998] {
        assert!(Sign1::parse(&encoded(&Value::Tag(tag, Box::new(good.clone())))).is_err(), "{tag}");
    }
    let twice = Value::Tag(18, Box::new(Value::Tag(18, Box::new(good.clone()))));
    assert!(Sign1::parse(&encoded(&twice)).is_err());
    assert!(Sign1::parse(&encoded(&Value::Tag(61, Box::new(good.clone())))).is_err());
    assert!(Sign1::parse(&[encoded(&good), vec![0]].concat()).is_err());
}

#[test]
fn length_and_depth_are_bounded() {
    let of = |length: usize| {
        let bytes = encoded(&message(&[], &cbor!({}).unwrap(), &vec![7; length], b""));
        (bytes.len(), Sign1::parse(&bytes).map(|_| ()))
    };
    let overhead = of(1_000).0 - 1_000;
    assert_eq!(of(TOKEN_BYTES_MAX - overhead), (TOKEN_BYTES_MAX, Ok(())));
    assert_eq!(of(TOKEN_BYTES_MAX - overhead + 1).1.unwrap_err().code(), "bad_length");
    let nested = |depth: usize| {
        let value = (1..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let bytes = encoded(&message(&[], &Value::Map(vec![(99.into(), value)]), b"x", b""));
        Sign1::parse(&bytes).is_ok()
    };
    assert!(nested(CBOR_DEPTH_MAX) && !nested(CBOR_DEPTH_MAX + 1));
}

proptest! {
    /// Any changed bit is noticed, but in the unprotected header, which the signature does not cover.
    #[test]
    fn every_signed_bit_counts(at: prop::sample::Index, bit in 0..8u8) {
        let (protected, unprotected) = headers();
        let mut bytes = encoded(&message(&protected, &unprotected, b"payload", b""));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(changed) = Sign1::parse(&bytes) && changed.is_signed_by(&public(), b"") {
            let start = 2 + protected.len();
            prop_assert!((start..start + encoded(&unprotected).len()).contains(&at));
        }
    }
}
