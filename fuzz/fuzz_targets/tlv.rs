//! See [`phygital_fuzz::contactless::tlv`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::contactless::tlv(data));
