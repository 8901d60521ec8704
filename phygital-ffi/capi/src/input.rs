//! What pointers of a caller point to.

use std::ffi::c_char;
use std::slice;

use phygital_ffi::{PhygitalError, Status, Time};

use crate::entry::Answer;
use crate::verifier::phygital_presented;

/// A text that is lent to a call: `len` bytes of UTF-8, without regard to a NUL behind them. All zeros is the empty text,
/// which stands for "not given" where a text may be left out.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_str {
    /// Where it begins; may be NULL where `len` is 0.
    pub data: *const c_char,
    /// Its bytes.
    pub len: usize,
}

/// Bytes that are lent to a call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_bytes {
    /// Where they begin; may be NULL where `len` is 0.
    pub data: *const u8,
    /// How many.
    pub len: usize,
}

/// Longest text or bytes that are looked at: the longest file of events that anybody sends at once, and more.
pub(crate) const INPUT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Longest struct that a later version may have.
const STRUCT_BYTES_MAX: usize = 4096;

/// A caller that keeps the rules for pointers. Whoever has it may look where its pointers point, for as long as it lives:
/// the time of one call.
pub(crate) struct Caller(());

/// A struct that crosses the border, its own size in front.
///
/// # Safety
/// `repr(C)`, a `usize` in front, and every sequence of bytes is a value of it, zeros included.
pub(crate) unsafe trait Record: Copy {}

/// A place that a result goes to, seen to be there.
pub(crate) struct Out<T>(*mut T);

/// A place for a struct, of the size that its caller knows.
pub(crate) struct OutSized<T> {
    place: *mut T,
    size: usize,
}

impl Caller {
    /// The caller of an entry.
    ///
    /// # Safety
    /// For the time of this call every pointer that the caller gives is NULL, or points to as much as its type or its
    /// length says, readable, and writable where a result goes there; and nobody else writes to it.
    pub(crate) unsafe fn trusted() -> Caller {
        Caller(())
    }

    /// Bytes that were lent.
    pub(crate) fn bytes<'c>(&'c self, name: &str, bytes: phygital_bytes) -> Answer<&'c [u8]> {
        self.list(name, bytes.data, bytes.len, INPUT_BYTES_MAX)
    }

    /// A list that was lent, of at most so many.
    pub(crate) fn list<'c, T>(
        &'c self,
        name: &str,
        data: *const T,
        len: usize,
        most: usize,
    ) -> Answer<&'c [T]> {
        if len == 0 {
            return Ok(&[]);
        }
        if data.is_null() {
            return Err(null(name));
        }
        if len > most {
            let detail = format!("{name}: expected at most {most}");
            return Err(PhygitalError::new(Status::TooLarge, "too_large", detail));
        }
        if !data.is_aligned() {
            return Err(argument(name, "expected a pointer that is aligned"));
        }
        // SAFETY: not NULL, aligned, and there for `len` by the promise of the caller; less than `isize::MAX` by the limit.
        // The slice lives no longer than the caller, and so than the call.
        Ok(unsafe { slice::from_raw_parts(data, len) })
    }

    /// A text that was lent.
    pub(crate) fn text<'c>(&'c self, name: &str, text: phygital_str) -> Answer<&'c str> {
        let bytes = self.bytes(name, phygital_bytes { data: text.data.cast(), len: text.len })?;
        utf8(name, bytes)
    }

    /// A text that may be left out.
    pub(crate) fn maybe_text<'c>(&'c self, name: &str, text: phygital_str) -> Answer<Option<&'c str>> {
        Ok(Some(self.text(name, text)?).filter(|text| !text.is_empty()))
    }

    /// The same, kept.
    pub(crate) fn maybe_string(&self, name: &str, text: phygital_str) -> Answer<Option<String>> {
        Ok(self.maybe_text(name, text)?.map(str::to_owned))
    }

    /// A struct without a size that was lent.
    pub(crate) fn presented(&self, place: *const phygital_presented) -> Answer<phygital_presented> {
        if place.is_null() {
            return Err(null("presented"));
        }
        // SAFETY: not NULL, and there by the promise of the caller; pointers and numbers are whatever stands there.
        Ok(unsafe { place.read_unaligned() })
    }

    /// A struct that was lent. One of a later version may be longer: what it says more has to be zeros.
    pub(crate) fn read<T: Record>(&self, name: &str, place: *const T) -> Answer<T> {
        let size = self.size(name, place)?;
        // SAFETY: not NULL, and `size` bytes long by the promise of the caller; bytes have no alignment.
        let more = unsafe { slice::from_raw_parts(place.cast::<u8>(), size) }.get(size_of::<T>()..);
        if more.is_some_and(|more| more.iter().any(|byte| *byte != 0)) {
            return Err(wrong_size(name));
        }
        // SAFETY: at least as long as `T`, and every sequence of bytes is one, by the promise of `Record`.
        Ok(unsafe { place.read_unaligned() })
    }

    /// The place for a struct, all zeros from now on but for its size.
    pub(crate) fn out_sized<T: Record>(&self, name: &str, place: *mut T) -> Answer<OutSized<T>> {
        let size = self.size(name, place)?;
        let bytes = place.cast::<u8>();
        // SAFETY: writable for `size` bytes by the promise of the caller; the size in front is left as it is.
        unsafe { bytes.add(size_of::<usize>()).write_bytes(0, size - size_of::<usize>()) };
        Ok(OutSized { place, size })
    }

    /// The place for a result that has no size in front, with `empty` in it from now on.
    pub(crate) fn out<T: Copy>(&self, name: &str, place: *mut T, empty: T) -> Answer<Out<T>> {
        if place.is_null() {
            return Err(null(name));
        }
        let out = Out(place);
        // SAFETY: not NULL, and writable by the promise of the caller, aligned or not.
        unsafe { place.write_unaligned(empty) };
        Ok(out)
    }

    /// What stands in a place, given back to be freed; `empty` stands there from now on. NULL is no place, and fine.
    pub(crate) fn take<T: Copy>(&self, place: *mut T, empty: T) -> Option<T> {
        if place.is_null() {
            return None;
        }
        // SAFETY: not NULL, and there by the promise of the caller, who got what stands there from this library.
        unsafe {
            let found = place.read_unaligned();
            place.write_unaligned(empty);
            Some(found)
        }
    }

    /// The size that a struct says it has: that of this version, or of a later one.
    fn size<T: Record>(&self, name: &str, place: *const T) -> Answer<usize> {
        if place.is_null() {
            return Err(null(name));
        }
        // SAFETY: not NULL; a struct is at least as long as its size, which stands in front.
        let size = unsafe { place.cast::<usize>().read_unaligned() };
        match size {
            size if size < size_of::<T>() || size > STRUCT_BYTES_MAX => Err(wrong_size(name)),
            size => Ok(size),
        }
    }
}

impl<T: Copy> Out<T> {
    /// Puts the result there.
    pub(crate) fn put(self, value: T) {
        // SAFETY: seen to be there by `Caller::out` in the same call.
        unsafe { self.0.write_unaligned(value) };
    }
}

impl<T: Record> OutSized<T> {
    /// Puts the result there, with the size that the caller said.
    pub(crate) fn put(self, value: T) {
        // SAFETY: seen to be at least as long as `T` by `Caller::out_sized` in the same call; `T` has a `usize` in front.
        unsafe {
            self.place.write_unaligned(value);
            self.place.cast::<usize>().write_unaligned(self.size);
        }
    }
}

pub(crate) fn utf8<'c>(name: &str, bytes: &'c [u8]) -> Answer<&'c str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("{name}: expected UTF-8, which ends at byte {}", error.valid_up_to());
        PhygitalError::new(Status::InvalidUtf8, "invalid_utf8", detail)
    })
}

/// A time that may be left out: 0 stands for none.
pub(crate) fn maybe_time(micros: i64) -> Option<Time> {
    (micros != 0).then_some(Time(micros))
}

/// A number that stands for one of a list.
pub(crate) fn one_of<T>(name: &str, number: u32, found: Option<T>) -> Answer<T> {
    found.ok_or_else(|| argument(name, &format!("{number} is none of the numbers expected")))
}

fn null(name: &str) -> PhygitalError {
    PhygitalError::new(Status::NullPointer, "null_pointer", format!("{name} is NULL"))
}

fn wrong_size(name: &str) -> PhygitalError {
    let detail = format!("{name}: its size is not that of a version known here; was it set by its _init?");
    PhygitalError::new(Status::WrongSize, "wrong_size", detail)
}

/// A value that is none of those expected.
pub(crate) fn argument(name: &str, expected: &str) -> PhygitalError {
    PhygitalError::new(Status::InvalidArgument, "invalid_argument", format!("{name}: {expected}"))
}
