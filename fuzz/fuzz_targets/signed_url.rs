//! See [`phygital_fuzz::tokens::signed_url`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tokens::signed_url(data));
