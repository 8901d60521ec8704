//! See [`phygital_fuzz::chips::ntag424`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::chips::ntag424(data));
