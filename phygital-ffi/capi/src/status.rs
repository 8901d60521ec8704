//! Status numbers, and what they mean in words.

use std::ffi::{CStr, c_char};

/// What an entry answers: 0 for done, else why not. Hundreds are families: 1 the caller, 2 the tap, 3 consent, 4 what is
/// not there, 5 the store, 6 the state of the store, 9 a fault of ours or of the system. A number keeps its meaning for
/// ever; later versions may add some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
pub enum phygital_status {
    /// Done.
    Ok = 0,
    /// A pointer that has to point somewhere is NULL.
    NullPointer = 101,
    /// A handle of another kind, or one that was freed.
    WrongHandle = 102,
    /// A struct whose size no version had, or with something set that this version does not know.
    WrongSize = 103,
    /// A text is not UTF-8.
    InvalidUtf8 = 104,
    /// Longer than anything that is read.
    TooLarge = 105,
    /// A value that is none of those expected.
    InvalidArgument = 106,
    /// The event is not as it should be.
    MalformedEvent = 110,
    /// An event of that source and id was recorded with another content.
    Conflict = 111,
    /// The keys are not as they should be.
    MalformedKeys = 112,
    /// The settings are not as they should be.
    MalformedSettings = 113,
    /// No identifier of its kind.
    MalformedIdentifier = 114,
    /// A rule that the documentation states was broken.
    Misuse = 115,
    /// The life of a tag has no such change.
    TagStatusRefused = 116,
    /// The model does not go with these journeys, or there is none of that name.
    ModelRefused = 117,
    /// The consent of another system is not as it should be.
    MalformedConsent = 118,
    /// The rules of messages are not as they should be.
    MalformedRules = 119,
    /// A topic of conversation is not as it should be.
    MalformedTopic = 120,
    /// What was delivered is no tap, or was damaged on its way.
    TapMalformed = 201,
    /// The tag that it names did not make it.
    TapForged = 202,
    /// It cannot be judged for want of a key.
    TapUnauthenticated = 203,
    /// Genuine, and out of its time or place.
    TapStale = 204,
    /// Genuine, and used before.
    TapReplayed = 210,
    /// Genuine, and does not count for another reason: an unknown, suspended, lost or retired tag.
    TapNotCounted = 211,
    /// Its source sent too many that were not genuine.
    TapTooManyFailures = 220,
    /// Consent does not permit it.
    NotPermitted = 301,
    /// There is no such customer.
    UnknownCustomer = 401,
    /// No customer has that identifier.
    UnknownIdentifier = 402,
    /// No such action waits.
    UnknownAction = 403,
    /// No such tag is in the registry.
    UnknownTag = 404,
    /// There is no such order.
    UnknownOrder = 405,
    /// Another process holds the store: try again.
    StorageBusy = 501,
    /// The disk is full.
    StorageFull = 502,
    /// The store may not be written.
    StorageReadOnly = 503,
    /// The store cannot be opened.
    StorageUnopened = 504,
    /// The store, or its log, is damaged or something else.
    StorageCorrupt = 505,
    /// A newer version of this library wrote the store.
    StorageNewer = 506,
    /// Input or output failed.
    StorageIo = 507,
    /// It is open what was written: suspend and resume.
    StorageReopen = 508,
    /// The store is suspended: resume it first.
    Suspended = 601,
    /// A panic within: please report it. The store, where there is one, is suspended.
    Panic = 901,
    /// A fault of this library: please report it.
    Bug = 902,
    /// The system gave no randomness.
    NoEntropy = 903,
    /// The system's clock is before 1970 or after 9999.
    NoClock = 904,
}

use phygital_status::*;

/// Each with its name.
const NAMES: &[(phygital_status, &CStr)] = &[
    (Ok, c"ok"),
    (NullPointer, c"null_pointer"),
    (WrongHandle, c"wrong_handle"),
    (WrongSize, c"wrong_size"),
    (InvalidUtf8, c"invalid_utf8"),
    (TooLarge, c"too_large"),
    (InvalidArgument, c"invalid_argument"),
    (MalformedEvent, c"malformed_event"),
    (Conflict, c"conflict"),
    (MalformedKeys, c"malformed_keys"),
    (MalformedSettings, c"malformed_settings"),
    (MalformedIdentifier, c"malformed_identifier"),
    (Misuse, c"misuse"),
    (TagStatusRefused, c"tag_status_refused"),
    (ModelRefused, c"model_refused"),
    (MalformedConsent, c"malformed_consent"),
    (MalformedRules, c"malformed_rules"),
    (MalformedTopic, c"malformed_topic"),
    (TapMalformed, c"tap_malformed"),
    (TapForged, c"tap_forged"),
    (TapUnauthenticated, c"tap_unauthenticated"),
    (TapStale, c"tap_stale"),
    (TapReplayed, c"tap_replayed"),
    (TapNotCounted, c"tap_not_counted"),
    (TapTooManyFailures, c"tap_too_many_failures"),
    (NotPermitted, c"not_permitted"),
    (UnknownCustomer, c"unknown_customer"),
    (UnknownIdentifier, c"unknown_identifier"),
    (UnknownAction, c"unknown_action"),
    (UnknownTag, c"unknown_tag"),
    (UnknownOrder, c"unknown_order"),
    (StorageBusy, c"storage_busy"),
    (StorageFull, c"storage_full"),
    (StorageReadOnly, c"storage_read_only"),
    (StorageUnopened, c"storage_unopened"),
    (StorageCorrupt, c"storage_corrupt"),
    (StorageNewer, c"storage_newer"),
    (StorageIo, c"storage_io"),
    (StorageReopen, c"storage_reopen"),
    (Suspended, c"suspended"),
    (Panic, c"panic"),
    (Bug, c"bug"),
    (NoEntropy, c"no_entropy"),
    (NoClock, c"no_clock"),
];

impl phygital_status {
    /// The one of a number of the facade.
    pub(crate) fn of(code: u32) -> phygital_status {
        let wanted = |(status, _): &&(phygital_status, &CStr)| *status as i64 == i64::from(code);
        NAMES.iter().find(wanted).map_or(Bug, |(status, _)| *status)
    }
}

/// The name of a status, such as `tap_replayed`; `unknown` for a number that has none.
///
/// @return A static text, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn phygital_status_name(status: i32) -> *const c_char {
    let wanted = |(one, _): &&(phygital_status, &CStr)| *one as i32 == status;
    NAMES.iter().find(wanted).map_or(c"unknown", |(_, name)| *name).as_ptr()
}

/// The version of the library, such as `0.1.0`. `PHYGITAL_VERSION` is that of the header.
///
/// @return A static text, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn phygital_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    VERSION.as_ptr().cast()
}

/// The version of the ABI. A program that was built with a header of another `PHYGITAL_ABI_VERSION` does not go with this
/// library.
#[unsafe(no_mangle)]
pub extern "C" fn phygital_abi_version() -> u32 {
    ABI_VERSION
}

/// Counted up when a function is taken away or means something else.
pub(crate) const ABI_VERSION: u32 = 0;

#[cfg(test)]
mod tests {
    use phygital_ffi::Status;

    use super::*;

    #[test]
    fn numbers_are_those_of_the_facade() {
        let facade: Vec<i64> = Status::ALL.iter().map(|status| i64::from(status.number())).collect();
        let ours: Vec<i64> = NAMES.iter().skip(1).map(|(status, _)| *status as i64).collect();
        assert_eq!(ours, facade);
        for (status, name) in NAMES {
            assert_eq!(name.to_str().ok(), Some(snake(&format!("{status:?}")).as_str()));
            assert_eq!(phygital_status::of(*status as u32), *status);
        }
        assert_eq!(phygital_status::of(7), phygital_status::Bug);
    }

    fn snake(name: &str) -> String {
        let mut text = String::new();
        for c in name.chars() {
            if c.is_uppercase() && !text.is_empty() {
                text.push('_');
            }
            text.extend(c.to_lowercase());
        }
        text
    }
}
