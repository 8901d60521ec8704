//! See [`phygital_fuzz::attribution::aggregates`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::attribution::aggregates(data));
