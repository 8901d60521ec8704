//! `sun_ntag424_*.json`, `sdm_primitives.json` and `replay_sequences.json`: taps of NTAG 424 DNA.

use std::collections::BTreeMap;

use phygital_core::crypto::{Aes128Cmac, Secret, truncate_mac};
use phygital_core::tap::replay::{Judgement, ReplayMark, judge};
use phygital_core::tap::{
    self, EncryptedPiccData, FileKey, KeySet, Keys, MetaKey, Mirrors, ModeRule, PiccData, SdmMode,
    SdmOffsets, SdmSession, SessionKeys, TapRefusal, VerifiedTap,
};
use phygital_core::vocab::tag::{KeyEpoch, ReadCounter, TagUid};
use serde_json::{Map, Value};

use super::case::{Case, Got, Unreadable, got, hex, refused};

/// Verifies the mirrors of a tap.
pub(super) fn tap(case: Case<'_>) -> Result<Got, Unreadable> {
    let keys = keys(case, [case.secret("file_read_key")?])?;
    let mac_input = case.bytes("mac_input")?;
    Ok(match verify(case, &mac_input, &keys)? {
        Err(refusal) => refused(refusal.code()),
        Ok(tap) => got([
            ("result", "ok".into()),
            ("uid", tap.uid().map(|uid| uid.to_string()).into()),
            ("read_ctr", tap.read_ctr().map(|ctr| ctr.get()).into()),
            ("picc_data_tag", tap.picc_data_tag().map(|tag| tag.to_string()).into()),
            ("file_data", tap.file_data().map(|data| data.to_hex()).into()),
            ("tag_tamper", tap.tag_tamper().map(|tamper| tamper.letters()).into()),
            ("tamper_authenticated", tap.tag_tamper().map(|tamper| tamper.authenticated).into()),
        ]),
    })
}

/// Verifies one tap after the other and judges their counters: `accept` with its gap, `replay`, or the code of a
/// refusal for each.
pub(super) fn sequence(case: Case<'_>) -> Result<Got, Unreadable> {
    if case.text("policy")? != "strict" {
        return Err(Unreadable::Field { field: "policy", expected: "strict" });
    }
    let unreadable = |field, expected| Unreadable::Field { field, expected };
    let file_keys = case.value("file_read_keys")?.as_array().into_iter().flatten();
    let file_keys: Option<Vec<Secret<16>>> =
        file_keys.map(|key| Secret::from_hex(key.as_str()?).ok()).collect();
    let keys = keys(case, file_keys.ok_or(unreadable("file_read_keys", "keys"))?)?;
    let mut marks: BTreeMap<(Option<TagUid>, KeyEpoch), ReplayMark> = BTreeMap::new();
    let mut steps = Vec::new();
    for step in case.value("steps")?.as_array().into_iter().flatten() {
        let step = Case(step.as_object().ok_or(unreadable("steps", "objects"))?);
        let verified = match step.optional_text("url") {
            Some(url) => tap::verify(url, &keys),
            None => verify(step, &step.bytes("mac_input").unwrap_or_default(), &keys)?,
        };
        steps.push(match verified {
            Err(refusal) => got([("expect", refusal.code().into())]),
            Ok(tap) => {
                let ctr = tap.read_ctr().ok_or(unreadable("steps", "taps with a counter"))?;
                let tag = (tap.uid(), tap.key_epoch());
                match judge(marks.get(&tag).copied(), ctr) {
                    Judgement::Accepted { mark, gap } => {
                        marks.insert(tag, mark);
                        got([("expect", "accept".into()), ("gap", gap.into())])
                    }
                    Judgement::Replayed => got([("expect", "replay".into())]),
                }
            }
        });
    }
    Ok(got([("steps", steps.into_iter().map(Value::Object).collect())]))
}

/// What a sequence expects of each step, in the form that [`sequence`] gives it.
pub(super) fn expected_of_steps(vector: &Value) -> Option<Map<String, Value>> {
    let of_step = |step: &Value| {
        let fields = step.as_object()?.iter().filter(|(name, _)| ["expect", "gap"].contains(&name.as_str()));
        Some(Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect()))
            .filter(|expected| !expected["expect"].is_null())
    };
    let steps: Option<Vec<Value>> = vector["steps"].as_array()?.iter().map(of_step).collect();
    Some(got([("steps", steps.filter(|steps| !steps.is_empty())?.into())]))
}

/// CMAC, with the subkeys on its way and what a tag sends of it.
pub(super) fn aes_cmac(case: Case<'_>) -> Result<Got, Unreadable> {
    let cmac = Aes128Cmac::new(&case.secret("key")?);
    let [l, k1, k2] = cmac.subkeys();
    let mac = cmac.mac(&case.bytes("message")?);
    Ok(got([
        ("l", hex(l.expose()).into()),
        ("k1", hex(k1.expose()).into()),
        ("k2", hex(k2.expose()).into()),
        ("cmac", hex(mac).into()),
        ("truncated", hex(truncate_mac(&mac)).into()),
    ]))
}

/// The session keys of a tap in AES mode.
pub(super) fn session_keys(case: Case<'_>) -> Result<Got, Unreadable> {
    let session = session(case, SdmMode::Aes)?;
    let keys = SessionKeys::derive(&case.secret("file_read_key")?, session.uid(), session.read_ctr());
    let enc = keys.enc.as_ref();
    Ok(got([
        ("sv1", enc.map(|_| hex(session.enc_vector())).into()),
        ("sv2", hex(session.mac_vector()).into()),
        ("ses_enc", enc.map(|key| hex(key.expose())).into()),
        ("ses_mac", hex(keys.mac.expose()).into()),
    ]))
}

/// The session's master key in LRP mode.
pub(super) fn session_master(case: Case<'_>) -> Result<Got, Unreadable> {
    let session = session(case, SdmMode::Lrp)?;
    let master = SessionKeys::lrp_master(&case.secret("file_read_key")?, session.uid(), session.read_ctr());
    Ok(got([("sv", hex(session.mac_vector()).into()), ("master", hex(master.expose()).into())]))
}

/// Opens PICCData and file data, without a MAC that would prove them.
pub(super) fn file_decrypt(case: Case<'_>) -> Result<Got, Unreadable> {
    let data = match EncryptedPiccData::from_hex(case.text("picc_enc")?.as_bytes()) {
        Ok(data) => data,
        Err(refusal) => return Ok(refused(refusal.code())),
    };
    let Some(picc) = PiccData::parse(&MetaKey::new(&case.secret("meta_read_key")?).decrypt(&data)) else {
        return Ok(refused(TapRefusal::BadPiccData.code()));
    };
    let mut file_data = case.bytes("enc_file")?;
    let session = SdmSession::new(data.mode(), picc.uid, picc.read_ctr);
    if FileKey::new(&case.secret("file_read_key")?).decrypt_file_data(&session, &mut file_data).is_none() {
        return Ok(refused("bad_length"));
    }
    Ok(got([
        ("uid", picc.uid.map(|uid| uid.to_string()).into()),
        ("read_ctr", picc.read_ctr.map(|ctr| ctr.get()).into()),
        ("picc_data_tag", picc.tag.to_string().into()),
        ("file_data", hex(file_data).into()),
    ]))
}

fn session(case: Case<'_>, mode: SdmMode) -> Result<SdmSession, Unreadable> {
    let uid = || case.array("uid").map(TagUid::new);
    let ctr = || case.array("read_ctr_lsb").map(ReadCounter::from_lsb);
    let uid = case.has("uid").then(uid).transpose()?;
    Ok(SdmSession::new(mode, uid, case.has("read_ctr_lsb").then(ctr).transpose()?))
}

/// The keys of a vector, each file read key of the generation of its place.
fn keys(case: Case<'_>, file_keys: impl IntoIterator<Item = Secret<16>>) -> Result<Keys, Unreadable> {
    let expected = "aes or lrp";
    let mode: ModeRule =
        case.text("mode")?.parse().map_err(|_| Unreadable::Field { field: "mode", expected })?;
    let meta = case.has("meta_read_key").then(|| case.secret("meta_read_key")).transpose()?;
    let sets = file_keys.into_iter().zip(0..).map(|(key, epoch)| {
        let set = KeySet::explicit(key).mode(mode).epoch(KeyEpoch::new(epoch));
        match &meta {
            Some(meta) => set.meta_read_key(meta.duplicate()),
            None => set,
        }
    });
    Keys::new(sets).map_err(|_| Unreadable::Field { field: "file_read_key", expected: "a key" })
}

/// Verifies mirrors.
fn verify(
    case: Case<'_>,
    mac_input: &[u8],
    keys: &Keys,
) -> Result<Result<VerifiedTap, TapRefusal>, Unreadable> {
    let mut mirrors = Mirrors::new(mac_input, case.text("sdmmac")?);
    if let Some(uid) = case.optional_text("uid_mirror") {
        mirrors = mirrors.uid(uid);
    }
    if let Some(ctr) = case.optional_text("ctr_mirror") {
        mirrors = mirrors.read_ctr(ctr);
    }
    if let Some(picc) = case.optional_text("picc_enc") {
        mirrors = mirrors.picc_data(picc);
    }
    if let Some(data) = case.optional_text("enc_file") {
        mirrors = mirrors.file_data(data);
    }
    if let Some(tamper) = case.optional_text("tt_mirror") {
        let sdm: Option<SdmOffsets> =
            case.value("sdm").ok().and_then(|sdm| serde_json::from_value(sdm.clone()).ok());
        let at = sdm.and_then(|sdm| sdm.tt_offset?.checked_sub(sdm.mac_input_offset)).map(usize::from);
        mirrors = mirrors.tag_tamper(tamper, at);
    }
    Ok(tap::verify_mirrors(&mirrors, keys))
}
