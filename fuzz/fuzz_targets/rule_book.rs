//! See [`phygital_fuzz::gate::rule_book`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::gate::rule_book(data));
