//! See [`phygital_fuzz::attribution::credit_lines`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::attribution::credit_lines(data));
