//! See [`phygital_fuzz::pn532::chip`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::pn532::chip(data));
