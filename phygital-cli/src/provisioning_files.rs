//! The files that provisioning reads: keys by slot and version, and a template.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use phygital_core::tap::SdmMode;
use phygital_core::tap::personalise::{SLOT_KEYS_JSON_MAX, SlotKeyTable, TAG_TEMPLATE_JSON_MAX};
use phygital_core::tap::tag_setup::TagSetup;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::settings::name;

/// Reads the keys of tags.
pub(crate) fn slot_keys(path: &Path) -> Result<SlotKeyTable, Failure> {
    let bad = |what: &str| Failure::misuse("bad_keys", format!("{}: {what}", name(path)));
    let text = read(path, SLOT_KEYS_JSON_MAX, bad)?;
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
        true => Some(read(path, TAG_TEMPLATE_JSON_MAX, bad)?),
        false => None,
    };
    let text = read.as_ref().map_or(text, |read| read.as_str());
    TagSetup::from_text(text, mode).map_err(|error| bad(&error.to_string()))
}

/// Reads a file that may hold keys. Its text has its length from the start, so that growing leaves no copies.
fn read(path: &Path, most: usize, bad: impl Fn(&str) -> Failure) -> Result<Zeroizing<String>, Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::InvalidData => bad("expected UTF-8"),
        _ => Failure::io(&name(path), &error),
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_or(0, |metadata| metadata.len()).min(most as u64 + 1);
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(length).unwrap_or_default() + 1));
    file.take(most as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
