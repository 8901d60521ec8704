//! See [`phygital_fuzz::measure::experiment_sums`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::measure::experiment_sums(data));
