//! See [`phygital_fuzz::reader::nfcd_protocol`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::reader::nfcd_protocol(data));
