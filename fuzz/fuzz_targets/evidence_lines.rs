//! See [`phygital_fuzz::evidence::evidence_lines`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::evidence::evidence_lines(data));
