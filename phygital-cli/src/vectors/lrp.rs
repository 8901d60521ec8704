//! `lrp_an12304.json`: the leakage resilient primitive.

use phygital_core::crypto::{Lrp, Secret};

use super::case::{Case, Got, Unreadable, got, hex, refused};

/// A key's sixteen plaintexts and its first three updated keys.
pub(super) fn plaintexts_and_updated_keys(case: Case<'_>) -> Result<Got, Unreadable> {
    let lrp = |number| Ok(Lrp::new(&case.secret("key")?, number));
    let first = lrp(0)?;
    let plaintexts: Vec<String> = (0..16).map(|number| digits(&first.plaintext(number))).collect();
    let updated: Result<Vec<String>, Unreadable> =
        (0..3).map(|number| Ok(digits(&lrp(number)?.updated_key()))).collect();
    Ok(got([("plaintexts", plaintexts.into()), ("updated_keys", updated?.into())]))
}

/// Evaluates LRP over half bytes, of any number.
pub(super) fn eval(case: Case<'_>) -> Result<Got, Unreadable> {
    let expected = "hexadecimal digits, also of odd number";
    let half_bytes: Option<Vec<u8>> =
        case.text("input_nibbles")?.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect();
    let half_bytes = half_bytes.ok_or(Unreadable::Field { field: "input_nibbles", expected })?;
    let lrp = Lrp::new(&case.secret("key")?, case.number("updated_key_index")?);
    Ok(got([("out", hex(lrp.eval(&half_bytes, case.flag("final")?)).into())]))
}

/// The MAC of a message, and the subkey that its last block takes.
pub(super) fn cmac(case: Case<'_>) -> Result<Got, Unreadable> {
    let (lrp, message) = (Lrp::new(&case.secret("key")?, 0), case.bytes("message")?);
    let [whole, padded] = lrp.cmac_subkeys();
    let is_whole = !message.is_empty() && message.len().is_multiple_of(16);
    let subkey = if is_whole { whole } else { padded };
    Ok(got([("subkey", digits(&subkey).into()), ("mac", hex(lrp.cmac(&message)).into())]))
}

/// Encrypts, or decrypts where a ciphertext is given.
pub(super) fn lricb(case: Case<'_>) -> Result<Got, Unreadable> {
    let lrp = Lrp::new(&case.secret("key")?, 0);
    let (mut counter, pad) = (case.bytes("counter")?, case.flag("pad")?);
    if case.has("ciphertext") {
        let mut data = case.bytes("ciphertext")?;
        if lrp.decrypt(&mut counter, &mut data).is_err() {
            return Ok(refused("bad_length"));
        }
        if pad {
            match data.iter().rposition(|byte| *byte != 0) {
                Some(at) if data[at] == 0x80 => data.truncate(at),
                _ => return Ok(refused("bad_padding")),
            }
        }
        return Ok(got([("plaintext", hex(data).into())]));
    }
    let mut data = case.bytes("plaintext")?;
    if pad {
        data.push(0x80);
        data.resize(data.len().next_multiple_of(16), 0);
    }
    match lrp.encrypt(&mut counter, &mut data) {
        Ok(()) => Ok(got([("ciphertext", hex(data).into())])),
        Err(_) => Ok(refused("bad_length")),
    }
}

fn digits(secret: &Secret<16>) -> String {
    hex(secret.expose())
}
