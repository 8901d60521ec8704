//! `an10922.json` and `key_derivation.json`: keys derived from a master key.

use phygital_core::crypto::{
    Boltcard, Diversifier, DiversifyError, SdmBackend, Secret, diversify_aes192, diversify_aes256,
    ntag424_input, sdm_backend_legacy_tag_key, sdm_backend_legacy_undiversified_key,
};
use phygital_core::vocab::tag::TagUid;

use super::case::{Case, Got, Unreadable, got, hex, refused};

/// AN10922 with an AES-128 master key.
pub(super) fn an10922_aes128(case: Case<'_>) -> Result<Got, Unreadable> {
    let master = Diversifier::new(&case.secret("master_key")?);
    let [k0, k1, k2] = master.subkeys().map(|subkey| hex(subkey.expose()));
    let mut fields = diversified(master.derive(&case.bytes("input_m")?));
    if !fields.contains_key("result") {
        fields.extend(got([("k0", k0.into()), ("k1", k1.into()), ("k2", k2.into())]));
    }
    Ok(fields)
}

/// AN10922 with an AES-192 master key.
pub(super) fn an10922_aes192(case: Case<'_>) -> Result<Got, Unreadable> {
    Ok(diversified(diversify_aes192(&case.secret("master_key")?, &case.bytes("input_m")?)))
}

/// AN10922 with an AES-256 master key.
pub(super) fn an10922_aes256(case: Case<'_>) -> Result<Got, Unreadable> {
    Ok(diversified(diversify_aes256(&case.secret("master_key")?, &case.bytes("input_m")?)))
}

/// AN10922 with the input of an NTAG 424 DNA, made of its parts.
pub(super) fn an10922_ntag424(case: Case<'_>) -> Result<Got, Unreadable> {
    let input = match ntag424_input(uid(case)?, case.number("key_no")?, &case.bytes("system_id")?) {
        Ok(input) => input,
        Err(error) => return Ok(diversified::<16>(Err(error))),
    };
    let mut fields = diversified(Diversifier::new(&case.secret("master_key")?).derive(&input));
    fields.insert("input_m".to_owned(), hex(input).into());
    Ok(fields)
}

fn diversified<const N: usize>(key: Result<Secret<N>, DiversifyError>) -> Got {
    match key {
        Ok(key) => got([("diversified_key", hex(key.expose()).into())]),
        Err(_) => refused("bad_length"),
    }
}

/// All keys of a bolt card.
pub(super) fn boltcard(case: Case<'_>) -> Result<Got, Unreadable> {
    let issuer = Boltcard::new(&case.secret("issuer_key")?);
    let (uid, version) = (uid(case)?, case.number("version")?);
    let [k0, k1, k2, k3, k4] = issuer.card_keys(uid, version).map(|key| hex(key.expose()));
    Ok(got([
        ("card_key", hex(issuer.card_key(uid, version).expose()).into()),
        ("k0", k0.into()),
        ("k1", k1.into()),
        ("k2", k2.into()),
        ("k3", k3.into()),
        ("k4", k4.into()),
        ("id", hex(issuer.card_id(uid)).into()),
    ]))
}

/// A tag's key by sdm-backend.
pub(super) fn sdm_backend_tag_key(case: Case<'_>) -> Result<Got, Unreadable> {
    let key = SdmBackend::new(&case.secret("master_key")?).tag_key(uid(case)?, case.number("key_no")?);
    Ok(key_field(&key))
}

/// The key of all tags by sdm-backend.
pub(super) fn sdm_backend_undiversified(case: Case<'_>) -> Result<Got, Unreadable> {
    Ok(key_field(&SdmBackend::new(&case.secret("master_key")?).undiversified_key()))
}

/// A tag's key by sdm-backend before 2023.
pub(super) fn sdm_backend_legacy_tag(case: Case<'_>) -> Result<Got, Unreadable> {
    let master = case.secret("master_key")?;
    Ok(key_field(&sdm_backend_legacy_tag_key(&master, uid(case)?, case.number("key_no")?)))
}

/// The key of all tags by sdm-backend before 2023.
pub(super) fn sdm_backend_legacy_undiversified(case: Case<'_>) -> Result<Got, Unreadable> {
    let key_no = if case.has("key_no") { case.number("key_no")? } else { 1 };
    Ok(key_field(&sdm_backend_legacy_undiversified_key(&case.secret("master_key")?, key_no)))
}

fn key_field(key: &Secret<16>) -> Got {
    got([("key", hex(key.expose()).into())])
}

fn uid(case: Case<'_>) -> Result<TagUid, Unreadable> {
    case.array("uid").map(TagUid::new)
}
