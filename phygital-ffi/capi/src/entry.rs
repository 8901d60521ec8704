//! What every entry does: catches panics, and leaves a message for the thread.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use phygital_ffi::PhygitalError;

use crate::status::phygital_status;

/// What the facade and this library give.
pub(crate) type Answer<T> = Result<T, PhygitalError>;

/// The last failure of a thread.
struct Failure {
    message: CString,
    reason: CString,
}

thread_local! {
    static LAST: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Runs an entry with what its caller promised. A macro, so that the one promise that all entries rest on stands once.
macro_rules! entry {
    (|$caller:ident| $body:expr) => {{
        // SAFETY: an entry is an `unsafe fn`: its caller keeps the rules for pointers at the head of the header.
        let $caller = &unsafe { $crate::input::Caller::trusted() };
        $crate::entry::guarded(move || $body)
    }};
}
pub(crate) use entry;

/// The status of what was done. A panic is one too.
pub(crate) fn guarded(act: impl FnOnce() -> Answer<()>) -> phygital_status {
    let answer = catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|payload| {
        // A payload may panic when it is dropped.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
        Err(PhygitalError::panic())
    });
    match answer {
        Ok(()) => phygital_status::Ok,
        Err(error) => {
            keep(&error);
            phygital_status::of(error.code())
        }
    }
}

fn keep(error: &PhygitalError) {
    let text = |text: &str| CString::new(text.replace('\0', "")).unwrap_or_default();
    let failure = Failure { message: text(error.detail()), reason: text(error.reason()) };
    // A thread that is ending has no place for it any more.
    let _ = LAST.try_with(|last| *last.borrow_mut() = Some(failure));
}

fn last(part: impl Fn(&Failure) -> *const c_char) -> *const c_char {
    let found = LAST.try_with(|last| last.borrow().as_ref().map(part));
    found.ok().flatten().unwrap_or(c"".as_ptr())
}

/// What the last entry that failed on this thread says of it, for the developer: a sentence in English without keys and
/// without anything personal.
///
/// @return A text that lives until another entry fails on this thread; empty where none has. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn phygital_last_error_message() -> *const c_char {
    last(|failure| failure.message.as_ptr())
}

/// The reason of the same failure as a stable word, such as `mac_mismatch`, `suspended` or `never_asked`: finer than the
/// status.
///
/// @return As phygital_last_error_message().
#[unsafe(no_mangle)]
pub extern "C" fn phygital_last_error_reason() -> *const c_char {
    last(|failure| failure.reason.as_ptr())
}
