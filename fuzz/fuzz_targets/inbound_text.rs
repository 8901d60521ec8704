//! See [`phygital_fuzz::optin::inbound_text`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::optin::inbound_text(data));
