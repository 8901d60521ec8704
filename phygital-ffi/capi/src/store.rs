//! Opening and closing a store.

use std::ptr;

use phygital_ffi::{Options, Phygital};

use crate::entry::{Answer, entry};
use crate::handle::{give, look, phygital_store, take};
use crate::input::{INPUT_BYTES_MAX, Record, maybe_time, phygital_bytes, phygital_str};
use crate::status::phygital_status;
use crate::text::{phygital_text, put_json};

/// How many of anything a caller can have at most; how many topics there may be says the facade.
const LIST_MAX: usize = INPUT_BYTES_MAX / size_of::<phygital_str>();

/// How a store is opened. Only the path has to be given; zeros stand for the default of all else.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct phygital_options {
    /// Set by phygital_options_init().
    pub size: usize,
    /// The file of the store; made where there is none.
    pub path: phygital_str,
    /// The settings of the shop as JSON: brand, notice, answers. See docs/bindings.md.
    pub settings: phygital_str,
    /// What taps are verified by, as JSON. Wipe your copy when the store is open.
    pub keys: phygital_str,
    /// The device of a new store, 32 digits; random where it is not given.
    pub device: phygital_str,
    /// The secret of a new store, 64 digits, the same at all tills of a brand; random where it is not given.
    pub tenant: phygital_str,
    /// The incarnation that the host kept when it last had this store open, 32 digits.
    pub incarnation: phygital_str,
    /// For tests: what randomness follows from, instead of the system's. One-time codes can be guessed then.
    pub seed: phygital_bytes,
    /// For tests: the time instead of the system's, in microseconds since 1970, UTC.
    pub clock: i64,
    /// 1 where the file has to be there, 0 where it may be made.
    pub must_exist: u32,
    /// Topics of conversation that may be opened, each the JSON of a topic file, at most 1,000.
    pub topics: *const phygital_str,
    /// How many.
    pub topics_len: usize,
}

// SAFETY: `repr(C)`, the size in front, and pointers and numbers alone.
unsafe impl Record for phygital_options {}

/// Opens a store; makes it where there is none.
///
/// @param options How.
/// @param store Where the handle goes; NULL on failure. Close it with phygital_store_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_open(
    options: *const phygital_options,
    store: *mut *mut phygital_store,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("store", store, ptr::null_mut())?;
        let options = caller.read("options", options)?;
        let seed = caller.bytes("seed", options.seed)?;
        let topics = caller.list("topics", options.topics, options.topics_len, LIST_MAX)?;
        let topics = topics.iter().map(|one| Ok(caller.text("topics", *one)?.to_owned()));
        let opened = Phygital::open(Options {
            path: caller.text("path", options.path)?.to_owned(),
            must_exist: options.must_exist != 0,
            settings: caller.text("settings", options.settings)?.to_owned(),
            topics: topics.collect::<Answer<Vec<String>>>()?,
            keys: caller.text("keys", options.keys)?.to_owned(),
            device: caller.maybe_string("device", options.device)?,
            tenant: caller.maybe_string("tenant", options.tenant)?,
            incarnation: caller.maybe_string("incarnation", options.incarnation)?,
            clock: maybe_time(options.clock),
            seed: (!seed.is_empty()).then(|| seed.to_vec()),
        })?;
        out.put(give(opened)?);
        Ok(())
    })
}

/// Closes a store. All that was answered is on the disk. NULL is fine; a call that another thread is in ends first.
///
/// @return 102 for a handle that was freed already, or is none of a store.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_store_free(store: *mut phygital_store) -> phygital_status {
    entry!(|_caller| take::<Phygital>(store))
}

/// Closes the file until phygital_resume(): before the system suspends the program, or the file is copied. To suspend
/// again changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_suspend(store: *const phygital_store) -> phygital_status {
    entry!(|_caller| look::<Phygital>(store)?.suspend())
}

/// Opens the file again. To resume what is open changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_resume(store: *const phygital_store) -> phygital_status {
    entry!(|_caller| look::<Phygital>(store)?.resume())
}

/// Whose store it is, as JSON: `device`, `epoch`, `incarnation`.
///
/// @param json Where the text goes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_identity(
    store: *const phygital_store,
    json: *mut phygital_text,
) -> phygital_status {
    entry!(|caller| {
        let out = caller.out("json", json, phygital_text::NONE)?;
        put_json(out, &look::<Phygital>(store)?.identity()?)
    })
}

/// For tests: puts this time in the place of the system's, or gives it back its place.
///
/// @param micros Microseconds since 1970, UTC; 0 for the system's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn phygital_set_clock(store: *const phygital_store, micros: i64) -> phygital_status {
    entry!(|_caller| look::<Phygital>(store)?.set_clock(maybe_time(micros)))
}
