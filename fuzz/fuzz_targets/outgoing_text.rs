//! See [`phygital_fuzz::gate::outgoing_text`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::gate::outgoing_text(data));
