//! See [`phygital_fuzz::pn532_line::frames`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::pn532_line::frames(data));
