//! See [`phygital_fuzz::names::names`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::names::names(data));
