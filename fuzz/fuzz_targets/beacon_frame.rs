//! See [`phygital_fuzz::beacons::frame`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::beacons::frame(data));
