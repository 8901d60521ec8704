//! `sun_ntag22x.json`: NTAG 223 and 224 DNA.

use phygital_core::tap::ntag22x::{Message22x, SuncmacKeys, verify_message};
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
