//! See [`phygital_fuzz::tokens::gs1_link`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tokens::gs1_link(data));
