//! See [`phygital_fuzz::tap::slot_keys_json`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::tap::slot_keys_json(data));
