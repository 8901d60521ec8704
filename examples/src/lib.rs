//! Runnable stories on the public API of Phygital: see `examples/` beside this file.

/// The code in the README runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
