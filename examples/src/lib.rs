//! Runnable stories on the public API of Phygital; see `examples/`.
