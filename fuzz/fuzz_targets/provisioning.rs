//! See [`phygital_fuzz::provisioning::provisioning`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::provisioning::provisioning(data));
