//! See [`phygital_fuzz::reports::touches_and_orders`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::reports::touches_and_orders(data));
