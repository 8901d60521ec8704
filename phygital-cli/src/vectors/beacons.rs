//! `eddystone_eid.json` and `ble_beacons.json`: what beacons send.

use phygital_core::crypto::{x25519, x25519_public_key};
use phygital_core::tap::beacon::{
    EncryptedTelemetry, Frame, IdentityKey, RotationExponent, Telemetry, read_manufacturer_data,
    read_service_data, search,
};
use serde_json::Value;

use super::case::{Case, Got, Unreadable, got, hex, refused};

/// The identifier of a moment.
pub(super) fn eid(case: Case<'_>) -> Result<Got, Unreadable> {
    let eid = key(case)?.eid(exponent(case)?, case.number("time")?);
    Ok(got([("eid", eid.to_string().into())]))
}

/// The key that both sides agree on.
pub(super) fn identity_key(case: Case<'_>) -> Result<Got, Unreadable> {
    let (resolver, beacon): ([u8; 32], [u8; 32]) =
        (case.array("resolver_public")?, case.array("beacon_public")?);
    let mut shared = Vec::new();
    for (private, public, other) in
        [("resolver_private", &resolver, &beacon), ("beacon_private", &beacon, &resolver)]
    {
        if case.has(private) {
            let secret = case.secret(private)?;
            if x25519_public_key(&secret) != *public {
                return Ok(refused("other_public_key"));
            }
            match x25519(&secret, other) {
                Ok(agreed) => shared.push(agreed),
                Err(_) => return Ok(refused("zero_secret")),
            }
        }
    }
    let [first, others @ ..] = &shared[..] else {
        return Err(Unreadable::Field { field: "resolver_private", expected: "a private key" });
    };
    if others.iter().any(|other| other != first) {
        return Ok(refused("no_agreement"));
    }
    let key = IdentityKey::agreed(first, &resolver, &beacon);
    Ok(got([
        ("result", "ok".into()),
        ("shared_secret", hex(first.expose()).into()),
        ("identity_key", hex(key.secret().expose()).into()),
    ]))
}

/// Looks for an identifier around the resolver's clock.
pub(super) fn resolve(case: Case<'_>) -> Result<Got, Unreadable> {
    let eid = case.text("eid")?.parse();
    let eid = eid.map_err(|_| Unreadable::Field { field: "eid", expected: "16 hexadecimal digits" })?;
    let (time, window) = (case.number("resolver_time")?, case.number("window_quanta")?);
    let offset = search(&key(case)?, exponent(case)?, time, window, eid);
    let mut fields = got([("resolved", offset.is_some().into())]);
    fields.insert("offset_quanta".to_owned(), offset.map_or(Value::Null, Value::from));
    Ok(fields)
}

/// Encrypts telemetry, and decrypts it again.
pub(super) fn etlm(case: Case<'_>) -> Result<Got, Unreadable> {
    let (key, exponent, time) = (key(case)?, exponent(case)?, case.number("time")?);
    let plain = Telemetry::read(case.array("plain_tlm")?);
    let sealed = EncryptedTelemetry::seal(&plain, &key, exponent, time, case.array("salt")?);
    if sealed.open(&key, exponent, time) != Ok(plain) {
        return Ok(refused("does_not_open"));
    }
    Ok(got([("frame", (String::from("2001") + &hex(sealed.to_bytes())).into())]))
}

/// Reads service data of Eddystone.
pub(super) fn eddystone_service_data(case: Case<'_>) -> Result<Got, Unreadable> {
    Ok(match read_service_data(&case.bytes("data")?) {
        Ok(Frame::EddystoneUid { tx_power, id }) => got([
            ("result", "ok".into()),
            ("type", "uid".into()),
            ("tx_power", tx_power.into()),
            ("namespace", hex(id.namespace).into()),
            ("instance", hex(id.instance).into()),
        ]),
        Ok(Frame::EddystoneUrl { tx_power, url }) => got([
            ("result", "ok".into()),
            ("type", "url".into()),
            ("tx_power", tx_power.into()),
            ("url", url.into_string().into()),
        ]),
        Ok(Frame::EddystoneEid { tx_power, eid }) => got([
            ("result", "ok".into()),
            ("type", "eid".into()),
            ("tx_power", tx_power.into()),
            ("eid", eid.to_string().into()),
        ]),
        Ok(Frame::Telemetry(telemetry)) => got([
            ("result", "ok".into()),
            ("type", "tlm".into()),
            ("version", 0.into()),
            ("battery_mv", telemetry.battery().unwrap_or(0).into()),
            ("temperature", telemetry.temperature().map(|degrees| f64::from(degrees) / 256.0).into()),
            ("adv_count", telemetry.advertisements().into()),
            ("sec_count", telemetry.uptime().into()),
        ]),
        Ok(Frame::EncryptedTelemetry(telemetry)) => got([
            ("result", "ok".into()),
            ("type", "etlm".into()),
            ("version", 1.into()),
            ("etlm", hex(&telemetry.to_bytes()[..12]).into()),
            ("salt", hex(&telemetry.to_bytes()[12..14]).into()),
            ("mic", hex(&telemetry.to_bytes()[14..]).into()),
        ]),
        Ok(_) => return Err(Unreadable::Operation),
        Err(refusal) => refused(refusal.code()),
    })
}

/// Reads manufacturer data of an iBeacon.
pub(super) fn ibeacon_manufacturer_data(case: Case<'_>) -> Result<Got, Unreadable> {
    Ok(match read_manufacturer_data(&case.bytes("data")?) {
        Ok(beacon) => got([
            ("result", "ok".into()),
            ("type", "ibeacon".into()),
            ("uuid", hex(beacon.uuid.as_bytes()).into()),
            ("major", beacon.major.into()),
            ("minor", beacon.minor.into()),
            ("tx_power", beacon.tx_power.into()),
        ]),
        Err(refusal) => refused(refusal.code()),
    })
}

fn key(case: Case<'_>) -> Result<IdentityKey, Unreadable> {
    case.secret("identity_key").map(IdentityKey::new)
}

fn exponent(case: Case<'_>) -> Result<RotationExponent, Unreadable> {
    RotationExponent::new(case.number("k")?)
        .map_err(|_| Unreadable::Field { field: "k", expected: "0 to 15" })
}
