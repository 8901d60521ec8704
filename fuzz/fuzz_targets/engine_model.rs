//! A shop at random over a store that fails, four bytes a command, against a plain model.

#![no_main]

#[path = "../../phygital-core/tests/model/mod.rs"]
mod model;

libfuzzer_sys::fuzz_target!(|data: &[u8]| model::play(data));
