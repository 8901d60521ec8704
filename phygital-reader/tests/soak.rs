//! Presentations by the thousand over each backend, with faults. `PHYGITAL_SOAK=10000` makes it so many over each;
//! without it, 10,000 over readers in memory and some over those that take real time.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod conformance;

use std::sync::{Mutex, PoisonError};

use conformance::memory::MemoryBench;
use conformance::soak::{presentations, soak};

/// One after the other: they count what the process holds.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn readers_in_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    soak(&mut MemoryBench::new(), presentations(10_000), 700, 1);
}

#[cfg(all(unix, feature = "pn532"))]
#[test]
fn pn532_on_a_serial_line() {
    use conformance::serial::SerialBench;
    use phygital_reader::pn532::Pn532Backend;

    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut bench = SerialBench::new(Pn532Backend::new).faster(8);
    soak(&mut bench, presentations(100), 500, 1);
}
