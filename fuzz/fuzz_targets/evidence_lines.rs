//! See [`phygital_fuzz::identity::evidence_lines`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::identity::evidence_lines(data));
