//! See [`phygital_fuzz::consent::catalogue_json`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::consent::catalogue_json(data));
