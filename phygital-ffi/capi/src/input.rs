//! What pointers of a caller point to.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::{ptr, slice};

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
/// It grows at its end, and says then where each version ended: whoever was built with an earlier one gives and gets that much,
/// and what came later is zeros to us and nothing to them. So zeros mean in a new field what was so before there was one, and no
/// field that was added to a result owns what has to be freed: an earlier caller would not free it.
///
/// A size between two versions is one that no version had, but a compiler may have padded the earlier one to it: it is taken for
/// that one, and what stands behind it is neither read nor written but for zeros, so that no field crosses in part.
///
/// # Safety
/// `repr(C)`, a `usize` in front, and every sequence of bytes is a value of it, zeros included.
pub(crate) unsafe trait Record: Copy {
    /// Where the last field of each version ends, the first version in front; ours is the last, with all of its padding.
    const VERSIONS: &'static [usize] = &[size_of::<Self>()];
}

/// A place that a result goes to, seen to be there.
pub(crate) struct Out<T>(*mut T);

/// A place for a struct, of the size that its caller knows.
pub(crate) struct OutSized<T> {
    place: *mut T,
    extent: Extent,
}

/// How far a struct of a caller goes.
#[derive(Clone, Copy)]
struct Extent {
    /// What its caller says: all of it is there.
    size: usize,
    /// How much of it the caller and we both know, as a version ends there; neither more than `size` nor than our own struct.
    known: usize,
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

    /// A struct that was lent. One of a later version may be longer: what it says more has to be zeros. What one of an earlier
    /// version does not say is zeros.
    pub(crate) fn read<T: Record>(&self, name: &str, place: *const T) -> Answer<T> {
        let Extent { size, known } = self.extent(name, place)?;
        if known < size_of::<T>() {
            let mut read = MaybeUninit::<T>::zeroed();
            // SAFETY: `known` bytes are there on both sides: of the place by the promise of the caller, of ours since it is no
            // more than `T`. What was read and the zeros behind it are a `T` by the promise of `Record`.
            return Ok(unsafe {
                ptr::copy_nonoverlapping(place.cast::<u8>(), read.as_mut_ptr().cast::<u8>(), known);
                read.assume_init()
            });
        }
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
        let extent = self.extent(name, place)?;
        let bytes = place.cast::<u8>();
        // SAFETY: writable for `size` bytes by the promise of the caller; the size in front is left as it is.
        unsafe { bytes.add(size_of::<usize>()).write_bytes(0, extent.size - size_of::<usize>()) };
        Ok(OutSized { place, extent })
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

    /// How far a struct goes that says its size: that of this version, of an earlier or of a later one.
    fn extent<T: Record>(&self, name: &str, place: *const T) -> Answer<Extent> {
        const { assert!(is_history(T::VERSIONS, size_of::<T>()), "versions that grow, up to our own") };
        if place.is_null() {
            return Err(null(name));
        }
        // SAFETY: not NULL; a struct is at least as long as its size, which stands in front.
        let size = unsafe { place.cast::<usize>().read_unaligned() };
        let known = T::VERSIONS.iter().rev().find(|end| **end <= size).copied();
        match known {
            Some(known) if size <= STRUCT_BYTES_MAX => Ok(Extent { size, known }),
            _ => Err(wrong_size(name)),
        }
    }
}

/// Whether these are the ends of versions of a struct that is `ours` long now: each has a size in front and is longer than the
/// one before it.
const fn is_history(versions: &[usize], ours: usize) -> bool {
    let (mut rest, mut before) = (versions, size_of::<usize>());
    while let [end, later @ ..] = rest {
        if *end <= before {
            return false;
        }
        (rest, before) = (later, *end);
    }
    before == ours
}

impl<T: Copy> Out<T> {
    /// Puts the result there.
    pub(crate) fn put(self, value: T) {
        // SAFETY: seen to be there by `Caller::out` in the same call.
        unsafe { self.0.write_unaligned(value) };
    }
}

impl<T: Record> OutSized<T> {
    /// Puts the result there, as far as the caller knows it, with the size that the caller said.
    pub(crate) fn put(self, value: T) {
        let Extent { size, known } = self.extent;
        // SAFETY: `known` bytes are there on both sides, as `Caller::out_sized` saw in the same call, and `value` is our own. A
        // version is longer than the `usize` in front of it.
        unsafe {
            ptr::copy_nonoverlapping((&raw const value).cast::<u8>(), self.place.cast::<u8>(), known);
            self.place.cast::<usize>().write_unaligned(size);
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

/// The same, where 0 stands for none.
pub(crate) fn maybe_one_of<T>(name: &str, number: u32, find: impl Fn(u32) -> Option<T>) -> Answer<Option<T>> {
    (number != 0).then(|| one_of(name, number, find(number))).transpose()
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use std::mem::offset_of;

    use super::*;

    /// A struct as its first version was. A C compiler pads it behind `one`.
    #[repr(C)]
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct First {
        size: usize,
        one: u32,
    }

    /// The same as it became: not into the padding, which has a name now.
    #[repr(C)]
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Second {
        size: usize,
        one: u32,
        unused: u32,
        two: u64,
        three: [u8; 16],
    }

    // SAFETY: `repr(C)`, the size in front, and numbers alone.
    unsafe impl Record for First {}
    // SAFETY: the same.
    unsafe impl Record for Second {
        const VERSIONS: &'static [usize] = &[offset_of!(Second, one) + size_of::<u32>(), size_of::<Second>()];
    }

    const SECOND: Second = Second { size: 0, one: 1, unused: 0, two: 2, three: [3; 16] };

    fn caller() -> Caller {
        // SAFETY: each test gives pointers to as much as it says.
        unsafe { Caller::trusted() }
    }

    /// The memory of a caller: exactly as long as its struct, so that a byte beyond it would be found by a sanitizer, and filled
    /// with what is not zero.
    fn memory(size: usize, there: usize) -> Vec<u8> {
        let mut bytes = vec![0xA5; there.max(size_of::<usize>())];
        bytes[..size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
        bytes
    }

    fn bytes_of<T: Record>(value: &T) -> &[u8] {
        // SAFETY: of our structs here, none of which has padding that is read.
        unsafe { slice::from_raw_parts((&raw const *value).cast::<u8>(), size_of::<T>()) }
    }

    fn code<T>(answer: Answer<T>) -> u32 {
        answer.map(drop).unwrap_err().code()
    }

    #[test]
    fn an_old_caller_goes_on_with_a_new_library() {
        let given = First { size: size_of::<First>(), one: 7 };
        let read = caller().read("it", (&raw const given).cast::<Second>()).unwrap();
        assert_eq!(read, Second { size: given.size, one: 7, unused: 0, two: 0, three: [0; 16] });
        let mut asked = First { size: size_of::<First>(), one: 9 };
        let out = caller().out_sized("it", (&raw mut asked).cast::<Second>()).unwrap();
        assert_eq!(asked, First { size: size_of::<First>(), one: 0 });
        out.put(SECOND);
        assert_eq!(asked, First { size: size_of::<First>(), one: 1 });
    }

    #[test]
    fn a_new_caller_goes_on_with_an_old_library() {
        let mut given = Second { size: size_of::<Second>(), one: 7, unused: 0, two: 0, three: [0; 16] };
        assert_eq!(caller().read("it", (&raw const given).cast::<First>()).unwrap().one, 7);
        given.three[15] = 1;
        assert_eq!(code(caller().read("it", (&raw const given).cast::<First>())), 103);
        let mut asked = Second { size: size_of::<Second>(), ..SECOND };
        caller().out_sized("it", (&raw mut asked).cast::<First>()).unwrap().put(First { size: 0, one: 5 });
        // What stands in the padding of the first version says nothing.
        assert_eq!(asked, Second { size: size_of::<Second>(), one: 5, two: 0, three: [0; 16], ..asked });
    }

    /// Every size that a caller may say, beside what is expected byte for byte.
    #[test]
    fn each_size_is_of_a_version_or_refused() {
        let (first, ours) = (Second::VERSIONS[0], size_of::<Second>());
        for size in (0..=ours + 64).chain(STRUCT_BYTES_MAX - 1..=STRUCT_BYTES_MAX + 1).chain([usize::MAX]) {
            let there = if size > STRUCT_BYTES_MAX { 0 } else { size };
            let mut bytes = memory(size, there);
            if there > ours {
                bytes[ours..].fill(0);
            }
            let place = bytes.as_mut_ptr().cast::<Second>();
            if size < first || size > STRUCT_BYTES_MAX {
                let before = bytes.clone();
                assert_eq!(code(caller().read("it", place)), 103, "{size}");
                assert_eq!(code(caller().out_sized("it", place)), 103, "{size}");
                assert_eq!(bytes, before, "{size}");
                continue;
            }
            let known = if size < ours { first } else { ours };
            let mut expected = bytes[..known].to_vec();
            expected.resize(ours, 0);
            let read = caller().read("it", place.cast_const()).unwrap();
            assert_eq!(bytes_of(&read), expected, "{size}");
            let mut expected = bytes_of(&SECOND)[..known].to_vec();
            expected.resize(size, 0);
            expected[..size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
            caller().out_sized("it", place).unwrap().put(SECOND);
            assert_eq!(bytes, expected, "{size}");
        }
    }

    #[test]
    fn versions_grow() {
        let word = size_of::<usize>();
        assert!(is_history(&[2 * word], 2 * word));
        assert!(is_history(&[word + 4, 3 * word], 3 * word));
        for (versions, ours) in [
            (&[][..], 2 * word),
            (&[word], word),
            (&[2 * word], 3 * word),
            (&[3 * word], 2 * word),
            (&[3 * word, 2 * word], 2 * word),
            (&[2 * word, 2 * word], 2 * word),
        ] {
            assert!(!is_history(versions, ours), "{versions:?} of {ours}");
        }
    }
}
