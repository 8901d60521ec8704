//! The PN532 driver keeps what every reader promises, on an emulated chip behind a pseudo-terminal.
#![cfg(all(unix, feature = "pn532"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod conformance;

use conformance::conformance;
use conformance::serial::SerialBench;
use phygital_reader::pn532::Pn532Backend;

fn bench() -> SerialBench<Pn532Backend> {
    SerialBench::new(Pn532Backend::new)
}

conformance!(|_, case| case(&mut bench()));
