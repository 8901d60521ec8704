//! Tags in software: links as a tag writes them, for tests of one's own.

use phygital_core::crypto::Secret;
use phygital_core::tap::simulator;
use phygital_core::vocab::ReadCounter;

use crate::error::{Answer, PhygitalError};
use crate::tags::read_uid;

/// An NTAG 424 DNA in software, in AES mode. Not for the keys of true tags.
#[derive(Clone)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi::export(Display))]
#[expect(clippy::exhaustive_structs, reason = "tests fill it in")]
pub struct SoftTag {
    /// Its UID, 14 digits.
    pub uid: String,
    /// What it mirrors where, such as `tap.example/t?p={picc}&c={mac}`.
    pub template: String,
    /// Its SDMFileReadKey, 32 digits.
    pub file_read_key: String,
    /// Its SDMMetaReadKey, 32 digits, which `{picc}` needs.
    pub meta_read_key: Option<String>,
    /// How often it was read before.
    pub read_ctr: u32,
}

/// The link that the tag writes at its next read, always the same: a true tag's varies in what is random. Needs no store.
///
/// # Errors
/// 106 for a tag that cannot be.
#[cfg_attr(feature = "uniffi", uniffi::export)]
pub fn simulate_tap(tag: SoftTag) -> Result<String, PhygitalError> {
    let key = |field: &str, text: &str| -> Answer<Secret<16>> {
        Secret::from_hex(text).map_err(|error| PhygitalError::argument(field, error))
    };
    let file_read_key = key("file_read_key", &tag.file_read_key)?;
    let template = tag.template.parse::<phygital_core::tap::UrlTemplate>()?;
    let read_ctr =
        ReadCounter::new(tag.read_ctr).map_err(|error| PhygitalError::argument("read_ctr", error))?;
    let mut soft = simulator::SoftTag::new(read_uid(&tag.uid)?, template, &file_read_key).counted(read_ctr);
    if let Some(text) = &tag.meta_read_key {
        soft = soft.meta_read_key(&key("meta_read_key", text)?);
    }
    Ok(soft.tap(&[7; 16])?)
}
