//! `sun_ntag424_*.json` and `replay_sequences.json`: taps of NTAG 424 DNA.

use phygital_core::tap::{self, KeySet, Keys, Layout, Mirrors, SdmOffsets};

use super::case::{Case, Got, Unreadable, got, refused};

/// Verifies the mirrors of a tap.
pub(super) fn tap(case: Case<'_>) -> Result<Got, Unreadable> {
    let mut set = KeySet::explicit(case.secret("file_read_key")?).layout(Layout::default());
    if case.has("meta_read_key") {
        set = set.meta_read_key(case.secret("meta_read_key")?);
    }
    let keys =
        Keys::new([set]).map_err(|_| Unreadable::Field { field: "file_read_key", expected: "a key" })?;
    let mac_input = case.bytes("mac_input")?;
    let mut mirrors = Mirrors::new(&mac_input, case.text("sdmmac")?);
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
    let tap = match tap::verify_mirrors(&mirrors, &keys) {
        Ok(tap) => tap,
        Err(refusal) => return Ok(refused(refusal.code())),
    };
    Ok(got([
        ("result", "ok".into()),
        ("uid", tap.uid().map(|uid| uid.to_string()).into()),
        ("read_ctr", tap.read_ctr().map(|ctr| ctr.get()).into()),
        ("picc_data_tag", tap.picc_data_tag().map(|tag| tag.to_string()).into()),
        ("file_data", tap.file_data().map(|data| data.to_hex()).into()),
        ("tag_tamper", tap.tag_tamper().map(|tamper| tamper.letters()).into()),
        ("tamper_authenticated", tap.tag_tamper().map(|tamper| tamper.authenticated).into()),
    ]))
}
