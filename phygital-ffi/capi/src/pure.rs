//! What needs no store, and what channels earned.

use phygital_ffi::{PathRow, Phygital, SoftTag, attribute_paths, normalize_identifier, simulate_tap};

use crate::entry::entry;
use crate::handle::{look, phygital_store};
use crate::input::{Record, argument, phygital_str};
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json, read_json};

/// An NTAG 424 DNA in software, in AES mode. Not for the keys of true tags.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_soft_tag {
    /// Set by phygital_soft_tag_init().
    pub size: usize,
    /// Its UID, 14 digits.
    pub uid: phygital_str,
    /// What it mirrors where, such as `tap.example/t?p={picc}&c={mac}`.
    pub url_template: phygital_str,
    /// Its SDMFileReadKey, 32 digits.
    pub file_read_key: phygital_str,
    /// Its SDMMetaReadKey, 32 digits, which `{picc}` needs.
    pub meta_read_key: phygital_str,
    /// How often it was read before.
    pub read_ctr: u32,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_soft_tag {}

/// An identifier, `kind:value` such as `phone:06 12 34 56 78`, in the normal form of its kind.
///
/// @param region The country of a phone number without a country code, ISO 3166-1; empty for none.
/// @param normal Where the text goes.
/// @return 114 for no identifier of its kind, or no region.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_normalize_identifier(
    identifier: phygital_str,
    region: phygital_str,
    normal: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("normal", normal, phygital_text::NONE)?;
        let identifier = caller.text("identifier", identifier)?.to_owned();
        let region = caller.maybe_string("region", region)?;
        out.put(phygital_text::give(normalize_identifier(identifier, region)?));
        Ok(())
    })
}

/// The link that a tag writes at its next read, for tests of one's own.
///
/// @param url Where the text goes.
/// @return 106 for a tag that cannot be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_simulate_tap(
    tag: *const phygital_soft_tag,
    url: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("url", url, phygital_text::NONE)?;
        let tag = caller.read("tag", tag)?;
        let link = simulate_tap(SoftTag {
            uid: caller.text("uid", tag.uid)?.to_owned(),
            template: caller.text("url_template", tag.url_template)?.to_owned(),
            file_read_key: caller.text("file_read_key", tag.file_read_key)?.to_owned(),
            meta_read_key: caller.maybe_string("meta_read_key", tag.meta_read_key)?,
            read_ctr: tag.read_ctr,
        })?;
        out.put(phygital_text::give(link));
        Ok(())
    })
}

/// What the channels of a shop's orders earned by a model: `first`, `last`, `last-non-direct`, `linear`, `time-decay`,
/// `position`, `shapley:sum`, `markov:1` to `markov:16`. Attribution shares out what happened; it does not say what a touch caused.
///
/// @param json Where the text goes: `model`, `causal` (false), `currency`, `decimals`, `channels`, `total`,
/// `unattributed`; each credit with `channel`, `minor` (cents at two decimals) and `millionths` of conversions.
/// @return 117 for no such model, or orders of several currencies.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_attribute(
    store: *const phygital_store,
    model: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let model = caller.text("model", model)?.to_owned();
        put_json(out, &look::<Phygital>(store)?.attribute(model)?)
    })
}

/// What the channels of these paths earned by a model, without a store: those of phygital_attribute() but `time-decay`, since
/// paths have no times.
///
/// @param decimals How many decimals values have: 2 for cents.
/// @param rows A JSON list, each with `path` (a list of channels, first touch first), `conversions`, `minor` (what those
/// were worth together) and `nulls` (how many came to nothing).
/// @param json As of phygital_attribute().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_attribute_paths(
    model: phygital_str,
    decimals: u32,
    rows: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let model = caller.text("model", model)?.to_owned();
        let decimals = u8::try_from(decimals).map_err(|_| argument("decimals", "expected at most 18"))?;
        let rows: Vec<PathRow> = read_json("rows", caller.text("rows", rows)?.as_bytes())?;
        put_json(out, &attribute_paths(model, decimals, rows)?)
    })
}
