//! See [`phygital_fuzz::contactless::ndef`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::contactless::ndef(data));
