//! See [`phygital_fuzz::tap::tag_setup`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tap::tag_setup(data));
