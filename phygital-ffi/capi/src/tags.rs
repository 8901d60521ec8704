//! The registry of tags.

use phygital_ffi::{Phygital, TagEnrolled, TagStatus};

use crate::entry::entry;
use crate::events::phygital_receipt;
use crate::handle::{look, phygital_store};
use crate::input::{Record, one_of, phygital_str};
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json};

/// Where a tag is in its life.
#[repr(u32)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum phygital_tag_status {
    /// As it left the factory, or wiped.
    Blank = 1,
    /// Being personalised, which is not confirmed yet.
    Provisioning = 2,
    /// In its place; its taps count.
    Active = 3,
    /// Set aside for now; its taps are refused.
    Suspended = 4,
    /// Lost or stolen; its taps are refused and raise an alarm.
    Lost = 5,
    /// Being wiped or locked for good, which is not confirmed yet.
    Retiring = 6,
    /// Out of use; its taps are refused.
    Retired = 7,
}

/// A tag that goes into service, or is enrolled again with something else.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_tag_enrolled {
    /// Set by phygital_tag_enrolled_init().
    pub size: usize,
    /// Its UID, 14 digits.
    pub uid: phygital_str,
    /// Where it hangs.
    pub place: phygital_str,
    /// What it hangs on.
    pub touchpoint: phygital_str,
    /// What staff call it.
    pub label: phygital_str,
    /// 1 where `key_epoch` is given, else 0.
    pub has_key_epoch: u32,
    /// The generation of its keys: taps under older keys no longer count.
    pub key_epoch: u32,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_tag_enrolled {}

/// Enrols a tag, or enrols it again with another place, touchpoint or key epoch. It is active from then on.
///
/// @param receipt Where the receipt goes; may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_enroll(
    store: *const phygital_store,
    tag: *const phygital_tag_enrolled,
    receipt: *mut phygital_receipt,
) -> phygital_status {
    entry!(|caller| {
        let out = phygital_receipt::place(caller, receipt)?;
        let tag = caller.read("tag", tag)?;
        let enrolled = look::<Phygital>(store)?.enroll(TagEnrolled {
            uid: caller.text("uid", tag.uid)?.to_owned(),
            place: caller.maybe_string("place", tag.place)?,
            touchpoint: caller.maybe_string("touchpoint", tag.touchpoint)?,
            key_epoch: (tag.has_key_epoch != 0).then_some(tag.key_epoch),
            label: caller.maybe_string("label", tag.label)?,
        })?;
        phygital_receipt::put(out, &enrolled)
    })
}

/// Changes where a tag is in its life.
///
/// @param status A phygital_tag_status.
/// @return 404 for a tag that is not in the registry, 116 for a change that a tag's life does not have.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_set_tag_status(
    store: *const phygital_store,
    uid: phygital_str,
    status: u32,
) -> phygital_status {
    entry!(|caller| {
        let status = one_of("status", status, TagStatus::from_number(status))?;
        let uid = caller.text("uid", uid)?.to_owned();
        look::<Phygital>(store)?.set_tag_status(uid, status).map(drop)
    })
}

/// A tag as JSON: `uid`, `status`, `place`, `touchpoint`, `key_epoch`, `label`, `enrolled_at`; `null` where it is not in
/// the registry.
///
/// @param json Where the text goes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_tag(
    store: *const phygital_store,
    uid: phygital_str,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let uid = caller.text("uid", uid)?.to_owned();
        put_json(out, &look::<Phygital>(store)?.tag(uid)?)
    })
}

/// At most `most` tags whose UID comes after one, in order of UID, as a JSON list of what phygital_tag() gives.
///
/// @param after The last of the page before; empty for the first page.
/// @param json Where the text goes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_tags(
    store: *const phygital_store,
    after: phygital_str,
    most: u32,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        let after = caller.maybe_string("after", after)?;
        put_json(out, &look::<Phygital>(store)?.tags(after, most)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        use phygital_tag_status::*;
        let ours = [Blank, Provisioning, Active, Suspended, Lost, Retiring, Retired];
        let ours = ours.map(|one| (one as u32, format!("{one:?}")));
        let facade: Vec<_> = TagStatus::ALL.iter().map(|one| (one.number(), format!("{one:?}"))).collect();
        assert_eq!(ours.as_slice(), facade);
    }
}
