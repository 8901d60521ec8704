//! See [`phygital_fuzz::tap::template`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tap::template(data));
