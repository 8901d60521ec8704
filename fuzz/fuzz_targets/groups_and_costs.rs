//! See [`phygital_fuzz::reports::groups_and_costs`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::reports::groups_and_costs(data));
