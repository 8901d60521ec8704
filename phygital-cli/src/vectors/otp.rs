//! `otp.json`: rotating codes by counter and by time.

use phygital_core::crypto::SecretBytes;
use phygital_core::tap::otp::{OtpHash, OtpKey, Totp};
use phygital_core::vocab::Timestamp;

use super::case::{Case, Got, Unreadable, got};

/// The code of a counter.
pub(super) fn hotp(case: Case<'_>) -> Result<Got, Unreadable> {
    let counter: i64 = case.number("counter")?;
    let code = key(case)?.code(counter.unsigned_abs());
    Ok(got([("code", code.into())]))
}

/// The code of a time, which also has to verify then.
pub(super) fn totp(case: Case<'_>) -> Result<Got, Unreadable> {
    let screen = Totp::new(key(case)?, case.number("period")?)
        .map_err(|_| Unreadable::Field { field: "period", expected: "1 to 3600 seconds" })?;
    let time: i64 = case.number("time")?;
    let at = time.checked_mul(1000).and_then(|millis| Timestamp::from_millis(millis).ok());
    let at = at.ok_or(Unreadable::Field { field: "time", expected: "seconds from 1970 on" })?;
    let code = screen.code(at);
    if screen.verify(&code, at, None).is_err() {
        return Ok(got([("code", "does not verify".into())]));
    }
    Ok(got([("code", code.into())]))
}

fn key(case: Case<'_>) -> Result<OtpKey, Unreadable> {
    let unreadable = |field, expected| Unreadable::Field { field, expected };
    let hash = match case.text("hash")? {
        "sha1" => OtpHash::Sha1,
        "sha256" => OtpHash::Sha256,
        "sha512" => OtpHash::Sha512,
        _ => return Err(unreadable("hash", "sha1, sha256 or sha512")),
    };
    let secret = SecretBytes::from_hex(case.text("secret")?)
        .map_err(|_| unreadable("secret", "1 to 128 bytes in hexadecimal digits"))?;
    OtpKey::new(secret, hash, case.number("digits")?)
        .map_err(|_| unreadable("secret", "at least 16 bytes, and 6 to 8 digits"))
}
