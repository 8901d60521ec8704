//! Vectors of the published schema, run through the public API.
//!
//! A vector's fields go in, what the library gives comes out as an object, and every field of `expect` has to
//! stand in it with the same value. A sequence has no `expect` of its own: that of each of its steps counts. Which
//! file a vector stands in does not matter: its fields tell its kind.

mod beacons;
mod case;
mod chips;
mod ev2;
mod gs1;
mod keys;
mod lrp;
mod otp;
mod sun;
mod tokens;
mod wallet;

use serde::Serialize;
use serde_json::{Map, Value};

use case::{Case, Got, Unreadable};

/// A vector that did not give what it expects.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Mismatch {
    /// The vector.
    pub(crate) id: String,
    /// What it expects.
    pub(crate) expected: Value,
    /// What came, or why it could not be run.
    pub(crate) got: Value,
}

/// Runs a vector.
pub(crate) fn judge(vector: &Value) -> Result<(), Mismatch> {
    let id = vector["id"].as_str().unwrap_or("(no id)").to_owned();
    let mismatch =
        |expected: &Value, got: Value| Mismatch { id: id.clone(), expected: expected.clone(), got };
    let Some(fields) = vector.as_object() else {
        return Err(mismatch(&Value::Null, "not an object".into()));
    };
    let expect = match vector.get("expect").and_then(Value::as_object) {
        Some(expect) => Value::Object(expect.clone()),
        None => sun::expected_of_steps(vector).map_or(Value::Null, Value::Object),
    };
    let got = match run(Case(fields)) {
        Ok(got) => got,
        Err(unreadable) => return Err(mismatch(&expect, unreadable.to_string().into())),
    };
    match expect.as_object() {
        Some(fields) if !fields.is_empty() && agrees(fields, &got) => Ok(()),
        _ => Err(mismatch(&expect, Value::Object(got))),
    }
}

/// Whether every expected field came.
fn agrees(expect: &Map<String, Value>, got: &Got) -> bool {
    expect.iter().all(|(field, value)| got.get(field).is_some_and(|got| same(value, got)))
}

/// Equal values; texts of hexadecimal digits are equal in either case, and lists item by item.
fn same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Array(one), Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (Value::String(one), Value::String(two)) => {
            one == two || (is_hex(one) && is_hex(two) && one.eq_ignore_ascii_case(two))
        }
        _ => one == two,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What kind of vector it is, and what it gives.
fn run(case: Case<'_>) -> Result<Got, Unreadable> {
    match case.optional_text("op") {
        Some("coinkite_tap_url") => tokens::coinkite_tap_url(case),
        Some("cose_sign1") => tokens::cose_sign1(case),
        Some("ecp_frame") => wallet::ecp_frame(case),
        Some("decrypt") => wallet::vas_decrypt(case),
        Some("decrypt_with_shared_secret") => wallet::vas_decrypt_with_shared_secret(case),
        Some("full_flow") => wallet::smart_tap_full_flow(case),
        Some("parse_select_response") => wallet::select_response(case),
        Some("parse_select_smart_tap") => wallet::smart_tap_select(case),
        Some("parse_negotiate_request") => wallet::smart_tap_negotiate_request(case),
        Some("parse_negotiate_response") => wallet::smart_tap_negotiate_response(case),
        Some("parse_get_data_request") => wallet::get_data_request(case),
        Some("parse_get_data_response") => wallet::get_data_response(case),
        Some("parse_record_bundle") => wallet::smart_tap_bundle(case),
        Some("status_word") => wallet::smart_tap_status(case),
        Some("paseto_v4_public") => tokens::paseto_v4_public(case),
        Some("aes128") => keys::an10922_aes128(case),
        Some("aes192") => keys::an10922_aes192(case),
        Some("aes256") => keys::an10922_aes256(case),
        Some("aes128_ntag424") => keys::an10922_ntag424(case),
        Some("boltcard_deterministic") => keys::boltcard(case),
        Some("sdm_backend_tag_key") => keys::sdm_backend_tag_key(case),
        Some("sdm_backend_undiversified") => keys::sdm_backend_undiversified(case),
        Some("sdm_backend_legacy_tag_key") => keys::sdm_backend_legacy_tag(case),
        Some("sdm_backend_legacy_undiversified") => keys::sdm_backend_legacy_undiversified(case),
        Some("plaintexts_and_updated_keys") => lrp::plaintexts_and_updated_keys(case),
        Some("eval") => lrp::eval(case),
        Some("lrp_cmac") => lrp::cmac(case),
        Some("lricb") => lrp::lricb(case),
        Some("aes_cmac") => sun::aes_cmac(case),
        Some("sdm_session_keys") => sun::session_keys(case),
        Some("sdm_session_master") => sun::session_master(case),
        Some("sdm_file_decrypt") => sun::file_decrypt(case),
        Some("hotp") => otp::hotp(case),
        Some("totp") => otp::totp(case),
        Some("parse_digital_link") => gs1::parse_digital_link(case),
        Some("eddystone_service_data") => beacons::eddystone_service_data(case),
        Some("eid") => beacons::eid(case),
        Some("etlm") => beacons::etlm(case),
        Some("ibeacon_manufacturer_data") => beacons::ibeacon_manufacturer_data(case),
        Some("identity_key") => beacons::identity_key(case),
        Some("resolve") => beacons::resolve(case),
        Some("auth_ev2_first") => ev2::auth_ev2_first(case),
        Some("auth_ev2_nonfirst") => ev2::auth_ev2_nonfirst(case),
        Some("auth_lrp_first") => ev2::auth_lrp_first(case),
        Some("encode_change_file_settings") => ev2::encode_change_file_settings(case),
        Some("lrp_session") => ev2::lrp_session(case),
        Some("lrp_session_master") => ev2::lrp_session_master(case),
        Some("parse_file_settings") => ev2::parse_file_settings(case),
        Some("wrap_full") => ev2::wrap_full(case),
        Some(_) => Err(Unreadable::Operation),
        None if case.has("steps") => sun::sequence(case),
        None if case.has("sdmmac") => sun::tap(case),
        None if case.has("suncmac_key") => chips::ntag22x(case),
        None if case.has("curve") => chips::originality(case),
        None => Err(Unreadable::Operation),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn files() -> Vec<Vec<Value>> {
        [
            "apple_vas.json",
            "otp.json",
            "gs1_digital_link.json",
            "ble_beacons.json",
            "eddystone_eid.json",
            "ev2_messaging.json",
            "originality.json",
            "smart_tap.json",
            "signed_tap_url.json",
            "signed_tokens.json",
            "sun_ntag22x.json",
            "sun_ntag424_aes.json",
            "sun_ntag424_lrp.json",
            "an10922.json",
            "key_derivation.json",
            "lrp_an12304.json",
            "sdm_primitives.json",
            "replay_sequences.json",
        ]
        .iter()
        .map(|file| {
            let path = format!("{}/../vectors/taps/{file}", env!("CARGO_MANIFEST_DIR"));
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
        })
        .collect()
    }

    #[test]
    fn every_vector_gives_what_it_expects() {
        for vector in files().concat() {
            assert_eq!(judge(&vector), Ok(()));
        }
    }

    /// Every field of every expectation, changed, has to be noticed.
    #[test]
    fn a_changed_expectation_is_a_failure() {
        for vector in files().concat() {
            for place in expectations(&vector) {
                let mut changed = vector.clone();
                let value = changed.pointer_mut(&place).unwrap();
                *value = other(value);
                assert!(judge(&changed).is_err(), "{} with another {place}", vector["id"]);
            }
        }
    }

    /// Where a vector says what it expects.
    fn expectations(vector: &Value) -> Vec<String> {
        if let Some(expect) = vector["expect"].as_object() {
            return expect.keys().map(|field| format!("/expect/{field}")).collect();
        }
        let steps = vector["steps"].as_array().unwrap().iter().enumerate();
        let fields = steps.flat_map(|(at, step)| {
            let given = ["expect", "gap"].into_iter().filter(|field| !step[field].is_null());
            given.map(move |field| format!("/steps/{at}/{field}")).collect::<Vec<_>>()
        });
        fields.collect()
    }

    /// A value that differs.
    fn other(value: &Value) -> Value {
        match value {
            Value::Bool(is) => (!is).into(),
            Value::Number(number) => (number.as_i64().unwrap() ^ 1).into(),
            Value::String(text) if text.is_empty() => "0".into(),
            Value::String(text) => {
                let last = text.chars().last().unwrap();
                let swapped = if last == '1' { '0' } else { '1' };
                format!("{}{swapped}", &text[..text.len() - last.len_utf8()]).into()
            }
            Value::Array(values) => {
                let mut values = values.clone();
                match values.pop() {
                    Some(last) => values.push(other(&last)),
                    None => values.push(0.into()),
                }
                values.into()
            }
            Value::Object(fields) => {
                let mut fields = fields.clone();
                let (name, value) = fields.iter().next_back().map(|(n, v)| (n.clone(), v.clone())).unwrap();
                fields.insert(name, other(&value));
                fields.into()
            }
            Value::Null => 0.into(),
        }
    }

    #[test]
    fn what_is_no_vector_is_told() {
        for text in ["1", "{}", r#"{"id":"x","op":"none","expect":{"result":"ok"}}"#] {
            assert!(judge(&serde_json::from_str(text).unwrap()).is_err(), "{text}");
        }
    }
}
