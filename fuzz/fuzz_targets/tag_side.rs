//! See [`phygital_fuzz::tag_side::tag_side`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tag_side::tag_side(data));
