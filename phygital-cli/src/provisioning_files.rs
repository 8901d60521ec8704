//! The files that provisioning reads: keys by slot and version, and a template.

use std::path::Path;

use phygital_core::tap::SdmMode;
use phygital_core::tap::personalise::{SLOT_KEYS_JSON_MAX, SlotKeyTable, TAG_TEMPLATE_JSON_MAX};
use phygital_core::tap::tag_setup::TagSetup;

use crate::failure::Failure;
use crate::settings::name;
use crate::text_file;

/// Reads the keys of tags.
pub(crate) fn slot_keys(path: &Path) -> Result<SlotKeyTable, Failure> {
    let bad = |what: &str| Failure::misuse("bad_keys", format!("{}: {what}", name(path)));
    let text = text_file::read(path, SLOT_KEYS_JSON_MAX as u64, bad)?;
    SlotKeyTable::from_json(&text).map_err(|error| bad(&error.to_string()))
}

/// The version of keys that a tag is to have: the one named, else the latest.
pub(crate) fn version(keys: &SlotKeyTable, named: Option<u8>) -> Result<u8, Failure> {
    let version = named.unwrap_or_else(|| keys.latest());
    match keys.has(version) {
        true => Ok(version),
        false => Err(Failure::misuse("bad_argument", "--version: expected one that the keys file has")),
    }
}

/// The setup of a template: a file of this name, else the text itself.
pub(crate) fn template(text: &str, mode: SdmMode) -> Result<TagSetup, Failure> {
    let bad = |what: &str| Failure::misuse("bad_template", format!("--template: {what}"));
    let path = Path::new(text);
    let read = match path.is_file() {
        true => Some(text_file::read(path, TAG_TEMPLATE_JSON_MAX as u64, bad)?),
        false => None,
    };
    let text = read.as_ref().map_or(text, |read| read.as_str());
    TagSetup::from_text(text, mode).map_err(|error| bad(&error.to_string()))
}
