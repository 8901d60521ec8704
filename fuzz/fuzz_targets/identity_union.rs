//! See [`phygital_fuzz::identity::union`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::identity::union(data));
