//! See [`phygital_fuzz::matching::values`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::matching::values(data));
