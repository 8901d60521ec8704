//! See [`phygital_fuzz::matching::model`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::matching::model(data));
