//! See [`phygital_fuzz::wallet::smart_tap_bundle`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::wallet::smart_tap_bundle(data));
