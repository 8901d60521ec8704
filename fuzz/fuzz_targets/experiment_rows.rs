//! See [`phygital_fuzz::measure::experiment_rows`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| phygital_fuzz::measure::experiment_rows(data));
