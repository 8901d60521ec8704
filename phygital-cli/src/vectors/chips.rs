//! `sun_ntag22x.json` and `originality.json`: NTAG 223 and 224 DNA, and the signatures of chips' makers.

use phygital_core::tap::ntag22x::{Message22x, SuncmacKeys, verify_message};
use phygital_core::tap::originality::{ByteOrder, OriginalityCurve, OriginalityKey, SignedUid};
use phygital_core::vocab::tag::KeyEpoch;

use super::case::{Case, Got, Unreadable, got, hex, refused};

/// Verifies the text that a tag mirrored.
pub(super) fn ntag22x(case: Case<'_>) -> Result<Got, Unreadable> {
    let message = match Message22x::parse(case.text("message")?) {
        Ok(message) => message,
        Err(refusal) => return Ok(refused(refusal.code())),
    };
    let mut keys = SuncmacKeys::new();
    keys.insert(message.claimed_uid(), KeyEpoch::FIRST, case.secret("suncmac_key")?)
        .map_err(|_| Unreadable::Field { field: "suncmac_key", expected: "a key" })?;
    let tap = match verify_message(&message, &keys) {
        Ok(tap) => tap,
        Err(refusal) => return Ok(refused(refusal.code())),
    };
    Ok(got([
        ("result", "ok".into()),
        ("uid", tap.uid().to_string().into()),
        ("nfc_ctr", tap.read_ctr().get().into()),
        ("mac_input", hex(message.mac_input()).into()),
        ("tag_tamper", tap.status().map(|status| status.letters()).into()),
    ]))
}

/// Checks the signature of a chip's maker.
pub(super) fn originality(case: Case<'_>) -> Result<Got, Unreadable> {
    let curve = match case.text("curve")? {
        "secp128r1" => OriginalityCurve::Secp128r1,
        "secp192r1" => OriginalityCurve::Secp192r1,
        "secp224r1" => OriginalityCurve::Secp224r1,
        _ => return Err(Unreadable::Field { field: "curve", expected: "secp128r1, secp192r1 or secp224r1" }),
    };
    let signed = match case.optional_text("hash").unwrap_or("none") {
        "none" => SignedUid::Plain,
        "sha256" => SignedUid::Sha256,
        _ => return Err(Unreadable::Field { field: "hash", expected: "none or sha256" }),
    };
    let order = match case.optional_text("byte_order").unwrap_or("msb") {
        "msb" => ByteOrder::Msb,
        "lsb" => ByteOrder::Lsb,
        _ => return Err(Unreadable::Field { field: "byte_order", expected: "msb or lsb" }),
    };
    let point = case.bytes("public_key")?;
    let key = OriginalityKey::new(curve, signed, &point);
    let verdict = key.verify(&case.bytes("uid")?, &case.bytes("signature")?, order);
    Ok(match verdict {
        Ok(_) => got([("valid", true.into()), ("result", "ok".into())]),
        Err(refusal) => got([("valid", false.into()), ("result", refusal.code().into())]),
    })
}
