//! See [`phygital_fuzz::journal::journal`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::journal::journal(data));
