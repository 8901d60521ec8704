//! `signed_tap_url.json` and `signed_tokens.json`: signatures that need no shared secret.

use phygital_core::crypto::{PublicKey, SignatureAlgorithm};
use phygital_core::tap::cose::Sign1;
use phygital_core::tap::paseto::Paseto;
use phygital_core::tap::signed_url::coinkite::{self, Card};

use super::case::{Case, Got, Unreadable, got, hex, refused};

/// Verifies the fragment that a SATSCARD or TAPSIGNER writes.
pub(super) fn coinkite_tap_url(case: Case<'_>) -> Result<Got, Unreadable> {
    let tap = match coinkite::verify(&format!("https://tap.example/#{}", case.text("fragment")?)) {
        Ok(tap) => tap,
        Err(refusal) => return Ok(refused(refusal.code())),
    };
    let mut fields = got([
        ("result", "ok".into()),
        ("nonce", hex(tap.nonce()).into()),
        ("state", tap.state().as_str().into()),
        ("tampered", (tap.state() == coinkite::CardState::Tampered).into()),
    ]);
    match tap.card() {
        Card::Satscard { slot, address } => fields.extend(got([
            ("slot", (*slot).into()),
            ("slot_num", (*slot).into()),
            ("slot_pubkey", hex(tap.public_key()).into()),
            ("address", address.as_str().into()),
        ])),
        Card::Tapsigner { ident } => fields
            .extend(got([("card_ident", (&**ident).into()), ("card_pubkey", hex(tap.public_key()).into())])),
        _ => {}
    }
    Ok(fields)
}

/// Verifies a COSE_Sign1 message under an explicit key.
pub(super) fn cose_sign1(case: Case<'_>) -> Result<Got, Unreadable> {
    let algorithm = match case.number("alg")? {
        -7 => SignatureAlgorithm::Es256,
        -8 => SignatureAlgorithm::EdDsa,
        -47 => SignatureAlgorithm::Es256k,
        _ => return Err(Unreadable::Field { field: "alg", expected: "-7, -8 or -47" }),
    };
    let key = public_key(case, algorithm)?;
    let (bytes, aad) = (case.bytes("cbor")?, case.bytes("external_aad")?);
    Ok(match Sign1::parse(&bytes) {
        Ok(message) => match message.is_signed_by(&key, &aad) {
            true => got([("valid", true.into()), ("payload", hex(message.payload()).into())]),
            false => invalid("signature_invalid"),
        },
        Err(refusal) => invalid(refusal.code()),
    })
}

/// Verifies a PASETO under an explicit key, and compares its footer and payload with those stated.
pub(super) fn paseto_v4_public(case: Case<'_>) -> Result<Got, Unreadable> {
    let key = public_key(case, SignatureAlgorithm::EdDsa)?;
    let implicit = case.optional_text("implicit_assertion").unwrap_or_default();
    let token = match Paseto::parse(case.text("token")?) {
        Ok(token) => token,
        Err(refusal) => return Ok(invalid(refusal.code())),
    };
    let is_stated =
        |field, found: &[u8]| case.optional_text(field).is_none_or(|text| text.as_bytes() == found);
    if !is_stated("footer", token.footer()) || !is_stated("payload", token.payload()) {
        return Ok(invalid("other_content"));
    }
    Ok(match token.is_signed_by(&key, implicit.as_bytes()) {
        true => got([
            ("valid", true.into()),
            ("payload", String::from_utf8_lossy(token.payload()).into_owned().into()),
        ]),
        false => invalid("signature_invalid"),
    })
}

fn invalid(code: &str) -> Got {
    let mut fields = refused(code);
    fields.insert("valid".to_owned(), false.into());
    fields
}

fn public_key(case: Case<'_>, algorithm: SignatureAlgorithm) -> Result<PublicKey, Unreadable> {
    let field = "public_key";
    PublicKey::new(algorithm, &case.bytes(field)?)
        .map_err(|_| Unreadable::Field { field, expected: "a key of its algorithm" })
}
