//! See [`phygital_fuzz::names::rules_json`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::names::rules_json(data));
