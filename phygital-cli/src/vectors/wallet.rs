//! `apple_vas.json`, `smart_tap.json` and `ecp_frames.json`: passes of phone wallets, and polling frames.

use phygital_core::contactless::Step;
use phygital_core::contactless::apdu::{Command, Response, StatusWord};
use phygital_core::contactless::apple_vas::{
    Cryptogram, GetData, GetDataAnswer, KdfVariant, KeyId, KeyUnavailable, PassTypeId, VasKeyRing, VasKeys,
    VasMessage, VasSelect, derive_key, shared_info,
};
use phygital_core::contactless::ecp::{Frame, Modulation};
use phygital_core::contactless::smart_tap::{
    Bundle, CollectorSigner, Negotiate, NegotiateAnswer, SealedBundle, ServiceAnswer, ServiceObject,
    ServiceRequest, Session, SessionSeed, SignerUnavailable, SmartTapError, SmartTapKeys, SmartTapOse,
    SmartTapOutcome, SmartTapReader, SmartTapSelect, SmartTapStatus, SmartTapTerminal, VasTypes, inflate,
    to_be_signed,
};
use phygital_core::crypto::{P256Key, P256Public, Secret};
use serde_json::Value;

use super::case::{Case, Got, Unreadable, got, hex, refused};

/// Both CRCs and both frames of a payload.
pub(super) fn ecp_frame(case: Case<'_>) -> Result<Got, Unreadable> {
    let payload = case.bytes("payload")?;
    let Ok(frame) = Frame::from_payload(&payload) else { return Ok(refused("parse_error")) };
    Ok(got([
        ("result", "ok".into()),
        ("crc_a", hex(Modulation::A.crc(&payload)).into()),
        ("crc_b", hex(Modulation::B.crc(&payload)).into()),
        ("frame_a", hex(frame.to_bytes(Modulation::A)).into()),
        ("frame_b", hex(frame.to_bytes(Modulation::B)).into()),
    ]))
}

/// Opens a cryptogram under the merchant's private key.
pub(super) fn vas_decrypt(case: Case<'_>) -> Result<Got, Unreadable> {
    let (bytes, key) = (case.bytes("cryptogram")?, p256(case, "reader_private_key")?);
    let shared = bytes.get(4..36).and_then(|x| x.try_into().ok()).and_then(|x| P256Public::from_x(x).ok());
    let shared = shared.map(|phone| key.agree(&phone));
    let keys = VasKeys::new([key]).expect("one key");
    vas_open(case, &bytes, &keys, shared)
}

/// Opens a cryptogram with the secret that a module would give.
pub(super) fn vas_decrypt_with_shared_secret(case: Case<'_>) -> Result<Got, Unreadable> {
    struct Module(KeyId, Secret<32>);
    impl VasKeyRing for Module {
        fn agree(&self, key: KeyId, _: &P256Public) -> Result<Secret<32>, KeyUnavailable> {
            if key == self.0 { Ok(self.1.duplicate()) } else { Err(KeyUnavailable::Unknown) }
        }
    }
    let module = Module(KeyId(case.array("key_id")?), case.secret("ecdh_z")?);
    vas_open(case, &case.bytes("cryptogram")?, &module, Some(module.1.duplicate()))
}

fn vas_open(
    case: Case<'_>,
    bytes: &[u8],
    keys: &dyn VasKeyRing,
    shared: Option<Secret<32>>,
) -> Result<Got, Unreadable> {
    let expected = "a pass type identifier";
    let pass: PassTypeId = case
        .text("pass_type_id")?
        .parse()
        .map_err(|_| Unreadable::Field { field: "pass_type_id", expected })?;
    let variant = match case.has("kdf_variant").then(|| case.number("kdf_variant")).transpose()? {
        None => None,
        Some(1) => Some(KdfVariant::One),
        Some(2) => Some(KdfVariant::Two),
        Some(0_i64..) | Some(..0) => {
            return Err(Unreadable::Field { field: "kdf_variant", expected: "1 or 2" });
        }
    };
    let opened = Cryptogram::parse(bytes).and_then(|cryptogram| match variant {
        Some(variant) => cryptogram.open_as(variant, &pass, keys),
        None => cryptogram.open(&pass, keys),
    });
    let message: VasMessage = match opened {
        Ok(message) => message,
        Err(refusal) => return Ok(refused(refusal.code())),
    };
    let seconds = message.device_time().as_millis() / 1_000;
    let key = shared.map(|shared| derive_key(&shared, &pass, message.variant()));
    Ok(got([
        ("result", "ok".into()),
        ("key_id", message.key_id().to_string().into()),
        ("timestamp_2001", (seconds - 978_307_200).into()),
        ("timestamp_unix", seconds.into()),
        ("message", hex(message.message()).into()),
        ("pass_id_sha256", hex(pass.hash()).into()),
        ("shared_info", hex(shared_info(&pass, message.variant())).into()),
        ("aes256_key", key.map(|key| hex(key.expose())).into()),
    ]))
}

/// What a wallet says to SELECT of the directory.
pub(super) fn select_response(case: Case<'_>) -> Result<Got, Unreadable> {
    let answer = answer(case)?;
    if let Ok(select) = VasSelect::parse(&answer) {
        return Ok(got([
            ("result", "ok".into()),
            ("wallet", select.wallet.into()),
            ("version", hex(select.version).into()),
            ("nonce", select.nonce.map(hex).into()),
            ("capabilities", hex(select.capabilities).into()),
        ]));
    }
    let ose = match SmartTapOse::parse(&answer) {
        Ok(ose) => ose,
        Err(error) => return Ok(refused(error.code())),
    };
    let nonce = ose.device_nonce().map(hex);
    let entry = ose.entry.unwrap_or_default();
    Ok(got([
        ("result", "ok".into()),
        ("wallet", SmartTapOse::WALLET.into()),
        ("version", ose.version.map(hex).into()),
        ("features", ose.features.map(hex).into()),
        ("device_nonce", nonce.into()),
        ("device_ephemeral_public_key", ose.phone_key.map(hex).into()),
        ("min_version", entry.min_version.map(hex).into()),
        ("max_version", entry.max_version.map(hex).into()),
        ("capabilities", entry.capabilities.map(|byte| hex([byte])).into()),
    ]))
}

/// What a wallet says to SELECT of Smart Tap itself.
pub(super) fn smart_tap_select(case: Case<'_>) -> Result<Got, Unreadable> {
    Ok(match SmartTapSelect::parse(&answer(case)?) {
        Ok(select) => got([
            ("result", "ok".into()),
            ("min_version", hex(select.min_version).into()),
            ("max_version", hex(select.max_version).into()),
            ("device_nonce", hex(select.nonce).into()),
        ]),
        Err(error) => refused(error.code()),
    })
}

/// The data of NEGOTIATE.
pub(super) fn smart_tap_negotiate_request(case: Case<'_>) -> Result<Got, Unreadable> {
    let request = match Negotiate::parse(&case.bytes("data")?) {
        Ok(request) => request,
        Err(error) => return Ok(refused(error.code())),
    };
    let mut fields = session(request.session);
    fields.extend(got([
        ("version", "0001".into()),
        ("reader_nonce", hex(request.reader_nonce).into()),
        ("live_auth", request.live_auth.into()),
        ("reader_ephemeral_public_key", hex(request.reader_key).into()),
        ("key_version", request.key_version.into()),
        ("signature_der", hex(&request.signature).into()),
        ("collector_id", request.collector.into()),
    ]));
    Ok(fields)
}

/// The data of the answer to NEGOTIATE.
pub(super) fn smart_tap_negotiate_response(case: Case<'_>) -> Result<Got, Unreadable> {
    Ok(match NegotiateAnswer::parse(&case.bytes("data")?) {
        Ok(answer) => {
            let mut fields = session(answer.session);
            fields.extend(got([("device_ephemeral_public_key", hex(answer.phone_key).into())]));
            fields
        }
        Err(error) => refused(error.code()),
    })
}

/// GET DATA of either wallet: a whole command for Apple's, the data alone for Google's.
pub(super) fn get_data_request(case: Case<'_>) -> Result<Got, Unreadable> {
    if !case.has("apdu") {
        let request = match ServiceRequest::parse(&case.bytes("data")?) {
            Ok(request) => request,
            Err(error) => return Ok(refused(error.code())),
        };
        let mut fields = session(request.session);
        fields.extend(got([
            ("version", "0001".into()),
            ("collector_id", request.collector.into()),
            ("service_types", request.services.into()),
            ("pos_capabilities", hex(request.capabilities.0).into()),
        ]));
        return Ok(fields);
    }
    let command = Command::parse(&case.bytes("apdu")?);
    let Some(request) = command.ok().and_then(|command| GetData::parse(&command).ok()) else {
        return Ok(refused("parse_error"));
    };
    Ok(got([
        ("result", "ok".into()),
        ("mode", request.protocol.as_str().into()),
        ("version", hex(request.version).into()),
        ("pass_id_sha256", request.pass_hash.map(hex).into()),
        ("capabilities", hex(request.capabilities).into()),
        ("filter", request.filter.map(hex).into()),
        ("nonce", request.nonce.map(hex).into()),
        ("url", request.url.into()),
    ]))
}

/// The answer to GET DATA: of Google's wallet it is a message, which begins with a record of an external type.
pub(super) fn get_data_response(case: Case<'_>) -> Result<Got, Unreadable> {
    let data = case.bytes("data")?;
    if data.first().is_some_and(|first| first & 0x07 == 0x04 && first & 0xC0 == 0xC0) {
        return Ok(match ServiceAnswer::parse(&data) {
            Ok(answer) => {
                let mut fields = session(answer.session);
                let flags = answer.bundle.map(|bundle| bundle.flags());
                fields.extend(got([("bundle_flags", flags.into())]));
                fields
            }
            Err(error) => refused(error.code()),
        });
    }
    Ok(match GetDataAnswer::parse(&answer(case)?) {
        Ok((status, None)) => refused(status.code()),
        Ok((status, Some(data))) => got([
            ("result", status.code().into()),
            ("mobile_token", hex(data.mobile_token).into()),
            ("cryptogram", data.cryptogram.map(hex).into()),
        ]),
        Err(_) => refused("parse_error"),
    })
}

/// The passes of a bundle that was decrypted before.
pub(super) fn smart_tap_bundle(case: Case<'_>) -> Result<Got, Unreadable> {
    let plain = match case.has("compressed") {
        true => inflate(&case.bytes("compressed")?).map(|plain| plain.to_vec()),
        false => Ok(case.bytes("data")?),
    };
    let bundle = plain.and_then(|plain| Ok((plain.len(), Bundle::parse(&plain)?)));
    Ok(match bundle {
        Ok((length, bundle)) => got([
            ("result", "ok".into()),
            ("decompressed_len", length.into()),
            ("objects", bundle.objects.iter().map(object).collect()),
        ]),
        Err(error) => refused(error.code()),
    })
}

fn object(object: &ServiceObject) -> Value {
    let raw = |value: &Option<phygital_core::contactless::smart_tap::Value>| -> Value {
        value.as_ref().map(|value| hex(value.raw())).into()
    };
    let fields = got([
        ("kind", object.kind.as_str().into()),
        ("issuer", raw(&object.issuer)),
        ("object_id", raw(&object.object_id)),
        ("service_number", raw(&object.service_number)),
        ("customer_id", raw(&object.customer_id)),
    ]);
    fields.into()
}

/// The meaning of a status word.
pub(super) fn smart_tap_status(case: Case<'_>) -> Result<Got, Unreadable> {
    let status = SmartTapStatus::of(StatusWord(u16::from_be_bytes(case.array("sw")?)));
    Ok(got([("status", status.code().into())]))
}

/// A whole exchange, with the phone's answers as the vector has them.
pub(super) fn smart_tap_full_flow(case: Case<'_>) -> Result<Got, Unreadable> {
    let request = |field| -> Result<_, Unreadable> { Ok((field, case.bytes(field)?)) };
    let unreadable = |field| move |_| Unreadable::Field { field, expected: "a message of the protocol" };
    let (field, bytes) = request("negotiate_request")?;
    let live_auth = Negotiate::parse(&bytes).map_err(unreadable(field))?.live_auth;
    let (field, bytes) = request("get_data_request")?;
    let wanted = ServiceRequest::parse(&bytes).map_err(unreadable(field))?;
    let signer = Module { key_version: case.number("key_version")?, signature: case.bytes("signature_der")? };
    let mut terminal = SmartTapTerminal::new(case.number("collector_id")?, &signer, VasTypes::PassOnly);
    (terminal.capabilities, terminal.services, terminal.live_auth) =
        (wanted.capabilities, wanted.services, live_auth);
    let seed = SessionSeed {
        session_id: case.array("session_id")?,
        reader_nonce: case.array("reader_nonce")?,
        reader_key: p256(case, "reader_ephemeral_private_key")?,
    };
    let nonce = case.array("device_nonce")?;
    let select = SmartTapSelect { min_version: [0, 0], max_version: [0, 1], nonce };
    let ok = |data: &[u8]| Response { data, status: StatusWord::OK }.to_bytes();
    let mut sent = Vec::new();
    let exchange = || -> Result<SmartTapOutcome, SmartTapError> {
        let (mut reader, _) = SmartTapReader::new(terminal, seed)?;
        let answers = [
            vec![0x6A, 0x82],
            select.to_bytes(),
            ok(&case.bytes("negotiate_response").unwrap_or_default()),
            ok(&case.bytes("get_data_response").unwrap_or_default()),
        ];
        for answer in answers {
            match reader.next(&answer)? {
                Step::Send(command) => sent.push(hex(command.data_bytes())),
                Step::Done(outcome) => return Ok(outcome),
            }
        }
        Err(SmartTapError::TooLong)
    };
    let objects = match exchange() {
        Ok(SmartTapOutcome::Passes(read)) => read.objects().to_vec(),
        Ok(_) => Vec::new(),
        Err(error) => return Ok(refused(error.code())),
    };
    let mut fields = secrets(case, &nonce)?;
    let first = objects.first();
    let number = first.and_then(|object| object.service_number.as_ref()).map(|value| hex(value.bytes()));
    fields.extend(got([
        ("result", "ok".into()),
        ("negotiate_request", sent.get(1).cloned().into()),
        ("get_data_request", sent.get(2).cloned().into()),
        ("service_number", number.into()),
        ("kind", first.map(|object| object.kind.as_str()).into()),
        ("objects", objects.iter().map(object).collect()),
    ]));
    Ok(fields)
}

/// What an exchange computes on its way, step by step.
fn secrets(case: Case<'_>, device_nonce: &[u8; 32]) -> Result<Got, Unreadable> {
    let reader = p256(case, "reader_ephemeral_private_key")?;
    let reader_key = reader.public().to_compressed();
    let signed =
        to_be_signed(&case.array("reader_nonce")?, device_nonce, case.number("collector_id")?, &reader_key);
    let answer = NegotiateAnswer::parse(&case.bytes("negotiate_response")?);
    let sealed =
        ServiceAnswer::parse(&case.bytes("get_data_response")?).ok().and_then(|answer| answer.bundle);
    let phone = answer.ok().and_then(|answer| P256Public::from_compressed(&answer.phone_key).ok());
    let (Some(phone), Some(sealed)) = (phone, sealed) else { return Ok(Got::new()) };
    let sealed: SealedBundle = sealed;
    let phone_key = phone.to_compressed();
    let keys =
        SmartTapKeys::derive(&reader.agree(&phone), &phone_key, &signed, &case.bytes("signature_der")?);
    Ok(got([
        ("to_be_signed", hex(signed).into()),
        ("reader_ephemeral_public_key", hex(reader_key).into()),
        ("device_ephemeral_public_key", hex(phone_key).into()),
        ("aes_key", hex(keys.cipher().expose()).into()),
        ("hmac_key", hex(keys.mac().expose()).into()),
        ("bundle_flags", sealed.flags().into()),
        ("bundle_plain", sealed.open(&keys).ok().map(|plain| hex(&plain[..])).into()),
    ]))
}

/// A module that has signed already.
struct Module {
    key_version: u32,
    signature: Vec<u8>,
}

impl CollectorSigner for Module {
    fn key_version(&self) -> u32 {
        self.key_version
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignerUnavailable> {
        Ok(self.signature.clone())
    }
}

fn session(session: Session) -> Got {
    got([
        ("result", "ok".into()),
        ("session_id", hex(session.id).into()),
        ("sequence", session.sequence.into()),
        ("status", session.status.byte().into()),
    ])
}

/// An answer from its data and its status word, which is good where the vector tells none.
fn answer(case: Case<'_>) -> Result<Vec<u8>, Unreadable> {
    let status = if case.has("sw") { case.array("sw")? } else { [0x90, 0x00] };
    Ok([case.bytes("data")?, status.to_vec()].concat())
}

fn p256(case: Case<'_>, field: &'static str) -> Result<P256Key, Unreadable> {
    P256Key::new(case.secret(field)?).map_err(|_| Unreadable::Field { field, expected: "a key of P-256" })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The requests of the second implementation, byte for byte.
    #[test]
    fn exchanges_send_what_the_vectors_have() {
        let path = format!("{}/../vectors/taps/smart_tap.json", env!("CARGO_MANIFEST_DIR"));
        let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut compared = 0;
        for vector in &vectors {
            let wanted = (&vector["op"], &vector["expect"]["result"]);
            if wanted != (&json!("full_flow"), &json!("ok")) {
                continue;
            }
            let got = smart_tap_full_flow(Case(vector.as_object().unwrap())).unwrap();
            for field in ["negotiate_request", "get_data_request"] {
                assert_eq!(got[field], vector[field], "{} {field}", vector["id"]);
            }
            compared += 1;
        }
        assert!(compared > 0);
    }

    /// Captures whose licence does not let us carry them along, where they lie beside the project.
    #[test]
    #[allow(clippy::print_stdout, reason = "a test tells what it skips")]
    fn captured_vectors_pass_where_there_are_any() {
        for file in ["apple_vas.json", "ecp_frames.json", "smart_tap.json"] {
            let path = format!("{}/../../shared/vectors/taps/{file}", env!("CARGO_MANIFEST_DIR"));
            let Ok(text) = std::fs::read_to_string(&path) else {
                println!("skipped: there is no {path}");
                continue;
            };
            for vector in serde_json::from_str::<Vec<Value>>(&text).unwrap() {
                assert_eq!(super::super::judge(&vector), Ok(()));
            }
        }
    }
}
