//! See [`phygital_fuzz::topics::topic_file`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::topics::topic_file(data));
