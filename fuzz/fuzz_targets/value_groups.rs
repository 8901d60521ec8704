//! See [`phygital_fuzz::value::value_groups`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::value::value_groups(data));
