//! See [`phygital_fuzz::tokens::paseto`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tokens::paseto(data));
