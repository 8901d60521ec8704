//! Entries that panic, for the tests of the binding: never part of a library that is shipped.

use phygital_ffi::{Phygital, test_panic};

use crate::entry::entry;
use crate::handle::{look, phygital_store};
use crate::status::phygital_status;

/// Panics.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_test_panic() -> phygital_status {
    entry!(|_caller| test_panic())
}

/// Panics while the store is held.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_test_panic_within(store: *const phygital_store) -> phygital_status {
    entry!(|_caller| look::<Phygital>(store)?.test_panic_within())
}
