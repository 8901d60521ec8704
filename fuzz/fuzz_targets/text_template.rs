//! See [`phygital_fuzz::topics::text_template`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::topics::text_template(data));
