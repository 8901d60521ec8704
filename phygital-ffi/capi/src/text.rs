//! Texts that the library gives away, and takes back.

use std::ffi::c_char;
use std::ptr;

use phygital_ffi::{PhygitalError, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entry::{Answer, entry};
use crate::input::{Caller, Out};
use crate::status::phygital_status;

/// A text of the library's: UTF-8, with a NUL behind it. Free it with phygital_text_free(); what is not given has NULL
/// and 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_text {
    /// Where it begins; NULL for none.
    pub data: *mut c_char,
    /// Its bytes, without the NUL.
    pub len: usize,
}

impl phygital_text {
    /// None.
    pub(crate) const NONE: phygital_text = phygital_text { data: ptr::null_mut(), len: 0 };

    /// Gives a text away.
    pub(crate) fn give(text: impl Into<Vec<u8>>) -> phygital_text {
        let mut bytes: Vec<u8> = text.into();
        let len = bytes.len();
        bytes.push(0);
        phygital_text { data: Box::into_raw(bytes.into_boxed_slice()).cast(), len }
    }

    /// Gives a text away, where there is one.
    pub(crate) fn maybe(text: Option<String>) -> phygital_text {
        text.map_or(phygital_text::NONE, phygital_text::give)
    }

    /// A place for a text that may be left out.
    pub(crate) fn place(caller: &Caller, place: *mut Self) -> Answer<Option<Out<Self>>> {
        (!place.is_null()).then(|| caller.out("json", place, phygital_text::NONE)).transpose()
    }

    /// Takes a text back, from a caller that did not make it up.
    fn take_back(self, _promised: &Caller) {
        if self.data.is_null() {
            return;
        }
        let bytes = ptr::slice_from_raw_parts_mut(self.data.cast::<u8>(), self.len + 1);
        // SAFETY: by the promise of the caller this is what `give` made: a box of `len` bytes and a NUL.
        drop(unsafe { Box::from_raw(bytes) });
    }
}

/// Puts a value into a place for a text, as JSON.
pub(crate) fn put_json(out: Out<phygital_text>, value: &impl Serialize) -> Answer<()> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|error| PhygitalError::new(Status::Bug, "bug", error))?;
    out.put(phygital_text::give(text));
    Ok(())
}

/// Reads what a caller gave as JSON.
pub(crate) fn read_json<T: DeserializeOwned>(name: &str, text: &[u8]) -> Answer<T> {
    serde_json::from_slice(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("{name}: not what is expected at line {line}, column {column}");
        PhygitalError::new(Status::InvalidArgument, "invalid_argument", detail)
    })
}

/// Frees a text, and sets it to none. NULL, and a text that is none, are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_text_free(text: *mut phygital_text) -> phygital_status {
    entry!(|caller| {
        free(caller, text);
        Ok(())
    })
}

/// Frees the text that stands in a place.
pub(crate) fn free(caller: &Caller, place: *mut phygital_text) {
    if let Some(text) = caller.take(place, phygital_text::NONE) {
        text.take_back(caller);
    }
}
