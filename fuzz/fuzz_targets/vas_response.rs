//! See [`phygital_fuzz::wallet::vas_response`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::wallet::vas_response(data));
