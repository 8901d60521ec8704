//! The readers in memory keep what every reader promises.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod conformance;

use conformance::conformance;
use conformance::memory::MemoryBench;

conformance!(|_, case| case(&mut MemoryBench::new()));
