//! See [`phygital_fuzz::consent::consent_import`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::consent::consent_import(data));
