//! See [`phygital_fuzz::tokens::cose`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tokens::cose(data));
