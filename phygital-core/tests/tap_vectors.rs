//! The published and generated vectors of `vectors/taps/`, each case run.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;

use phygital_core::crypto::{
    self, Diversifier, DiversifyError, Lrp, Secret, aes128_cmac, diversify_aes256, ntag424_input,
    truncate_mac,
};
use phygital_core::tap::replay::{Judgement, ReplayMark, judge};
use phygital_core::tap::{
    self, EncryptedPiccData, FileKey, KeySet, Keys, Layout, MacInput, MacStart, MetaKey, Mirrors, ModeRule,
    PiccData, SdmMode, SdmOffsets, SdmSession, SessionKeys, TapRefusal, UrlTemplate, VerifiedTap,
};
use phygital_core::vocab::tag::{KeyEpoch, ReadCounter, TagUid};
use serde_json::Value;

fn vectors(file: &str) -> Vec<Value> {
    let path = format!("{}/../vectors/taps/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn key<const N: usize>(vector: &Value, field: &str) -> Option<Secret<N>> {
    vector[field].as_str().map(|text| Secret::from_hex(text).unwrap())
}

/// The keys of a vector, read by this layout.
fn keys_of(vector: &Value, layout: Layout) -> Keys {
    let mode: ModeRule = vector["mode"].as_str().unwrap().parse().unwrap();
    let set = KeySet::explicit(key(vector, "file_read_key").unwrap());
    let mut set = set.layout(layout).mode(mode).label("vector");
    if let Some(meta) = key(vector, "meta_read_key") {
        set = set.meta_read_key(meta);
    }
    Keys::new([set]).unwrap()
}

/// Compares a result with what the vector expects of it.
fn check(vector: &Value, way: &str, result: &Result<VerifiedTap, TapRefusal>) {
    let (id, expect) = (vector["id"].as_str().unwrap(), &vector["expect"]);
    let code = result.as_ref().map_or_else(TapRefusal::code, |_| "ok");
    assert_eq!(code, expect["result"], "{id} by {way}");
    let Ok(tap) = result else { return };
    let text = |field: &str| expect[field].as_str().map(str::to_owned);
    assert_eq!(tap.uid().map(|uid| uid.to_string()), text("uid"), "{id} by {way}");
    assert_eq!(tap.read_ctr().map(|ctr| u64::from(ctr.get())), expect["read_ctr"].as_u64(), "{id} by {way}");
    assert_eq!(tap.picc_data_tag().map(|tag| tag.to_string()), text("picc_data_tag"), "{id} by {way}");
    assert_eq!(tap.file_data().map(|data| data.to_hex()), text("file_data"), "{id} by {way}");
    assert_eq!(tap.tag_tamper().map(|tamper| tamper.letters()), text("tag_tamper"), "{id} by {way}");
    if let Some(authenticated) = expect["tamper_authenticated"].as_bool() {
        assert_eq!(tap.tag_tamper().map(|tamper| tamper.authenticated), Some(authenticated), "{id} by {way}");
    }
    assert_eq!(tap.scheme().as_str(), format!("ntag424-{}", vector["mode"].as_str().unwrap()), "{id}");
    assert_eq!((tap.key_epoch(), tap.key_label()), (KeyEpoch::FIRST, Some("vector")));
}

#[test]
fn sun_in_aes_mode() {
    assert_eq!(sun("sun_ntag424_aes.json"), (73, 26, 19, 19));
}

#[test]
fn sun_in_lrp_mode() {
    assert_eq!(sun("sun_ntag424_lrp.json"), (64, 19, 19, 19));
}

/// Runs every vector as mirrors, and where they are given by URL, by template and by file; how many of each.
fn sun(file: &str) -> (u32, u32, u32, u32) {
    let (mut mirrors, mut urls, mut templates, mut files) = (0, 0, 0, 0);
    for vector in vectors(file) {
        let id = vector["id"].as_str().unwrap();
        let mode = if vector["mode"] == "lrp" { SdmMode::Lrp } else { SdmMode::Aes };
        let text = |field: &str| vector[field].as_str();
        let sdm: Option<SdmOffsets> = serde_json::from_value(vector["sdm"].clone()).ok();
        let auto = keys_of(&vector, Layout::default());

        let mac_input = bytes(text("mac_input").unwrap());
        let mut fields = Mirrors::new(&mac_input, text("sdmmac").unwrap());
        if let Some(uid) = text("uid_mirror") {
            fields = fields.uid(uid);
        }
        if let Some(ctr) = text("ctr_mirror") {
            fields = fields.read_ctr(ctr);
        }
        if let Some(picc) = text("picc_enc") {
            fields = fields.picc_data(picc);
        }
        if let Some(data) = text("enc_file") {
            fields = fields.file_data(data);
        }
        if let Some(tamper) = text("tt_mirror") {
            let at = sdm.and_then(|sdm| sdm.tt_offset?.checked_sub(sdm.mac_input_offset)).map(usize::from);
            fields = fields.tag_tamper(tamper, at);
        }
        check(&vector, "mirrors", &tap::verify_mirrors(&fields, &auto));
        mirrors += 1;

        // A host of digits is nothing that a fleet has.
        if let Some(url) = text("url").filter(|url| url[8..].contains('/')) {
            let result = tap::verify(url, &auto);
            check(&vector, "url of unknown layout", &result);
            let covered = result.unwrap().authenticated_text().as_bytes().to_vec();
            assert_eq!(hex(&covered), text("mac_input").unwrap().to_lowercase(), "{id}");
            urls += 1;
        }
        if let (Some(url), Some(template), Some(sdm)) = (text("url"), text("template"), sdm) {
            let template: UrlTemplate = template.parse().unwrap();
            check(
                &vector,
                "template",
                &tap::verify(url, &keys_of(&vector, Layout::Template(template.clone()))),
            );
            let offset = MacInput::From(MacStart::Offset(sdm.mac_input_offset));
            let exact = template.with_mac_input(offset).unwrap();
            check(
                &vector,
                "template with offset",
                &tap::verify(url, &keys_of(&vector, Layout::Template(exact.clone()))),
            );
            assert_eq!(exact.sdm_offsets(mode, usize::from(sdm.enc_length.unwrap_or(0))), Ok(sdm), "{id}");
            templates += 1;
        }
        if let (Some(file), Some(sdm)) = (text("ndef_file"), sdm) {
            let file = bytes(file);
            check(&vector, "file", &tap::verify_file(&file, &sdm, &auto));
            assert_eq!(tap::ndef_url(&file).unwrap(), text("url").unwrap(), "{id}");
            files += 1;
        }
    }
    (mirrors, urls, templates, files)
}

#[test]
fn what_the_mac_covers_is_told() {
    let vectors = vectors("sun_ntag424_aes.json");
    for (id, start, path) in [
        ("gen-aes-q-picc-1", MacStart::Empty, false),
        ("gen-aes-q-picc-enc-1", MacStart::FileData, false),
        ("gen-aes-plain-both-macall-1", MacStart::Mirrors, false),
        ("gen-aes-location-1", MacStart::Path, true),
        ("gen-aes-host-mac-1", MacStart::Host, true),
        ("gen-aes-path-x-1", MacStart::Mirrors, false),
    ] {
        let vector = vectors.iter().find(|vector| vector["id"] == id).unwrap();
        let tap = tap::verify(vector["url"].as_str().unwrap(), &keys_of(vector, Layout::default())).unwrap();
        assert_eq!((tap.mac_start(), tap.authenticates_path()), (start, path), "{id}");
    }
}

#[test]
fn file_data_that_no_tag_wrote_is_not_decrypted() {
    let vectors = vectors("sun_ntag424_aes.json");
    let vector = vectors.iter().find(|vector| vector["id"] == "an12196-t5").unwrap();
    let url = vector["url"].as_str().unwrap().replace("?e=", "?p=");
    let appended = url.replace("&c=", "&enc=94592FDE69FA06E8E3B6CA686A22842B&c=");
    let tap = tap::verify(&appended, &keys_of(vector, Layout::default())).unwrap();
    assert_eq!((tap.mac_start(), tap.file_data()), (MacStart::Empty, None));
}

#[test]
fn a_place_in_the_path_cannot_be_rewritten() {
    let vectors = vectors("sun_ntag424_aes.json");
    let vector = vectors.iter().find(|vector| vector["id"] == "gen-aes-location-1").unwrap();
    let moved = vector["url"].as_str().unwrap().replace("STORE-0042", "STORE-0043");
    let refusal = tap::verify(&moved, &keys_of(vector, Layout::default())).unwrap_err();
    assert_eq!(refusal, TapRefusal::MacMismatch);
}

#[test]
fn home_made_mistakes_are_named() {
    let vectors = vectors("sun_ntag424_aes.json");
    for (id, told) in [
        ("gen-aes-q-picc-0-mistake-first8", "if the first eight bytes of the CMAC are taken"),
        ("gen-aes-q-picc-0-mistake-last8", "if the last eight bytes of the CMAC are taken"),
        (
            "gen-aes-q-picc-0-mistake-ctr-be",
            "with the counter most significant byte first in the session vector",
        ),
    ] {
        let vector = vectors.iter().find(|vector| vector["id"] == id).unwrap();
        let fields = Mirrors::new("", vector["sdmmac"].as_str().unwrap())
            .picc_data(vector["picc_enc"].as_str().unwrap());
        let diagnosis = tap::diagnose_mirrors(&fields, &keys_of(vector, Layout::default()));
        assert!(diagnosis.result.is_err(), "{id}");
        assert!(diagnosis.notes[0].to_string().ends_with(told), "{id}: {}", diagnosis.notes[0]);
    }
}

#[test]
fn an10922() {
    let mut run = 0;
    for vector in vectors("an10922.json") {
        let id = vector["id"].as_str().unwrap();
        let expect = &vector["expect"];
        let input = bytes(vector["input_m"].as_str().unwrap());
        let derived = match vector["op"].as_str().unwrap() {
            "aes256" => {
                let master = key(&vector, "master_key").unwrap();
                diversify_aes256(&master, &input).map(|key| hex(key.expose()))
            }
            op => {
                if op == "aes128_ntag424" {
                    let uid: TagUid = vector["uid"].as_str().unwrap().parse().unwrap();
                    let system_id = bytes(vector["system_id"].as_str().unwrap());
                    let key_no = u8::try_from(vector["key_no"].as_u64().unwrap()).unwrap();
                    assert_eq!(ntag424_input(uid, key_no, &system_id).unwrap(), input, "{id}");
                    assert_eq!(vector["aid"], hex(&crypto::NTAG424_AID), "{id}");
                }
                let master = key(&vector, "master_key").unwrap();
                Diversifier::new(&master).derive(&input).map(|key| hex(key.expose()))
            }
        };
        match derived {
            Ok(key) => assert_eq!(key, expect["diversified_key"], "{id}"),
            Err(DiversifyError::InputLength { found }) => {
                assert_eq!((expect["result"].as_str(), found), (Some("bad_length"), input.len()), "{id}");
            }
            Err(error) => panic!("{id}: {error}"),
        }
        run += 1;
    }
    assert_eq!(run, 9);
}

#[test]
fn lrp() {
    let mut run = 0;
    for vector in vectors("lrp_an12304.json") {
        let id = vector["id"].as_str().unwrap();
        let expect = &vector["expect"];
        let text = |field: &str| vector[field].as_str().unwrap();
        let lrp = |number| Lrp::new(&key(&vector, "key").unwrap(), number);
        let hex_of = |secret: Secret<16>| hex(secret.expose());
        match text("op") {
            "plaintexts_and_updated_keys" => {
                let plaintexts: Vec<String> =
                    (0..16).map(|number| hex_of(lrp(0).plaintext(number))).collect();
                let updated: Vec<String> = (0..3).map(|number| hex_of(lrp(number).updated_key())).collect();
                assert_eq!(serde_json::json!(plaintexts), expect["plaintexts"], "{id}");
                assert_eq!(serde_json::json!(updated), expect["updated_keys"], "{id}");
            }
            "eval" => {
                let number = u8::try_from(vector["updated_key_index"].as_u64().unwrap()).unwrap();
                let half_bytes: Vec<u8> =
                    text("input_nibbles").chars().map(|digit| digit.to_digit(16).unwrap() as u8).collect();
                let out = lrp(number).eval(&half_bytes, vector["final"].as_bool().unwrap());
                assert_eq!(hex(&out), expect["out"], "{id}");
            }
            "lrp_cmac" => {
                let message = bytes(text("message"));
                let [whole, padded] = lrp(0).cmac_subkeys();
                let is_whole = !message.is_empty() && message.len().is_multiple_of(16);
                assert_eq!(hex_of(if is_whole { whole } else { padded }), expect["subkey"], "{id}");
                assert_eq!(hex(&lrp(0).cmac(&message)), expect["mac"], "{id}");
            }
            "lricb" => {
                let mut data = bytes(text("plaintext"));
                if vector["pad"] == true {
                    data.push(0x80);
                    data.resize(data.len().next_multiple_of(16), 0);
                }
                lrp(0).encrypt(&mut bytes(text("counter")), &mut data).unwrap();
                assert_eq!(hex(&data), expect["ciphertext"], "{id}");
            }
            op => panic!("{id}: unknown operation {op}"),
        }
        run += 1;
    }
    assert_eq!(run, 76);
}

#[test]
fn sdm_primitives() {
    for vector in vectors("sdm_primitives.json") {
        let id = vector["id"].as_str().unwrap();
        let expect = &vector["expect"];
        match vector["op"].as_str().unwrap() {
            "aes_cmac" => {
                let mac =
                    aes128_cmac(&key(&vector, "key").unwrap(), &bytes(vector["message"].as_str().unwrap()));
                assert_eq!(hex(&mac), expect["cmac"], "{id}");
                if let Some(truncated) = expect["truncated"].as_str() {
                    assert_eq!(hex(&truncate_mac(&mac)), truncated, "{id}");
                }
            }
            "sdm_session_keys" => {
                let uid = vector["uid"].as_str().unwrap().parse().unwrap();
                let lsb = bytes(vector["read_ctr_lsb"].as_str().unwrap());
                let ctr = ReadCounter::from_lsb(lsb.try_into().unwrap());
                let keys = SessionKeys::derive(&key(&vector, "file_read_key").unwrap(), Some(uid), Some(ctr));
                assert_eq!(
                    keys.enc.map(|key| hex(key.expose())).as_deref(),
                    expect["ses_enc"].as_str(),
                    "{id}"
                );
                assert_eq!(hex(keys.mac.expose()), expect["ses_mac"], "{id}");
            }
            "sdm_session_master" => {
                let uid = vector["uid"].as_str().unwrap().parse().unwrap();
                let lsb = bytes(vector["read_ctr_lsb"].as_str().unwrap());
                let ctr = ReadCounter::from_lsb(lsb.try_into().unwrap());
                let master =
                    SessionKeys::lrp_master(&key(&vector, "file_read_key").unwrap(), Some(uid), Some(ctr));
                let session = SdmSession::new(SdmMode::Lrp, Some(uid), Some(ctr));
                assert_eq!(hex(&session.mac_vector()), expect["sv"], "{id}");
                assert_eq!(hex(master.expose()), expect["master"], "{id}");
            }
            "sdm_file_decrypt" => {
                let data =
                    EncryptedPiccData::from_hex(vector["picc_enc"].as_str().unwrap().as_bytes()).unwrap();
                let plain = MetaKey::new(&key(&vector, "meta_read_key").unwrap()).decrypt(&data);
                let picc = PiccData::parse(&plain).unwrap();
                let session = SdmSession::new(data.mode(), picc.uid, picc.read_ctr);
                let mut data = bytes(vector["enc_file"].as_str().unwrap());
                let file_key = FileKey::new(&key(&vector, "file_read_key").unwrap());
                file_key.decrypt_file_data(&session, &mut data).unwrap();
                assert_eq!(picc.uid.unwrap().to_string(), expect["uid"], "{id}");
                assert_eq!(u64::from(picc.read_ctr.unwrap().get()), expect["read_ctr"], "{id}");
                assert_eq!(hex(&data), expect["file_data"], "{id}");
            }
            op => panic!("{id}: unknown operation {op}"),
        }
    }
}

#[test]
fn replay_sequences() {
    for vector in vectors("replay_sequences.json") {
        let id = vector["id"].as_str().unwrap();
        assert_eq!(vector["policy"], "strict", "{id}");
        let sets = vector["file_read_keys"].as_array().unwrap().iter().zip(0..).map(|(file_key, epoch)| {
            KeySet::explicit(Secret::from_hex(file_key.as_str().unwrap()).unwrap())
                .meta_read_key(key(&vector, "meta_read_key").unwrap())
                .epoch(KeyEpoch::new(epoch))
        });
        let keys = Keys::new(sets).unwrap();
        let mut marks: BTreeMap<(TagUid, KeyEpoch), ReplayMark> = BTreeMap::new();
        for (at, step) in vector["steps"].as_array().unwrap().iter().enumerate() {
            let verdict = match tap::verify(step["url"].as_str().unwrap(), &keys) {
                Err(refusal) => refusal.code(),
                Ok(tap) => {
                    assert_eq!(u64::from(tap.key_epoch().get()), step["key_epoch"], "{id} step {at}");
                    let tag = (tap.uid().unwrap(), tap.key_epoch());
                    match judge(marks.get(&tag).copied(), tap.read_ctr().unwrap()) {
                        Judgement::Accepted { mark, gap } => {
                            assert_eq!(u64::from(gap), step["gap"], "{id} step {at}");
                            marks.insert(tag, mark);
                            "accept"
                        }
                        Judgement::Replayed => "replay",
                    }
                }
            };
            assert_eq!(verdict, step["expect"], "{id} step {at}");
        }
    }
}
