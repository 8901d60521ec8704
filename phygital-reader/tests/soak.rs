//! Presentations by the thousand over each backend, with faults. `PHYGITAL_SOAK=10000` makes it so many over each;
//! without it, 10,000 over readers in memory and some over those that take real time. That over pcscd stands in
//! `pcsc_conformance.rs`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod conformance;
#[cfg(all(target_os = "linux", feature = "libnfc"))]
#[path = "support/nfcd.rs"]
mod nfcd;

use std::sync::{Mutex, PoisonError};

use conformance::memory::MemoryBench;
use conformance::soak::{presentations, soak};

/// Readers at once where real time passes: they wait more than they work.
#[cfg(unix)]
const READERS: usize = 8;

/// One after the other: they count what the process holds.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn readers_in_memory() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    soak(&mut [MemoryBench::new()], presentations(10_000), 700, 1);
}

#[cfg(all(unix, feature = "pn532"))]
#[test]
fn pn532_on_a_serial_line() {
    use conformance::serial::SerialBench;
    use phygital_reader::pn532::Pn532Backend;

    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut benches = [(); READERS].map(|()| SerialBench::new(Pn532Backend::new).faster(8));
    soak(&mut benches, presentations(100), 500, 1);
}

/// Its helper is killed under way, and made to die of what libnfc dies of.
#[cfg(all(target_os = "linux", feature = "libnfc"))]
#[test]
fn libnfc_in_its_helper() {
    use conformance::serial::SerialBench;
    use phygital_reader::libnfc::NfcdBackend;
    use phygital_sim::pn532::Pn532Fault;
    use rustix::process::{Signal, kill_process};

    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut benches = [(); READERS].map(|()| {
        SerialBench::new(|| NfcdBackend::at(env!("CARGO_BIN_EXE_phygital-nfcd")))
            .faults(&[Pn532Fault::Nad, Pn532Fault::EmptyAts])
            .kill(|chip| {
                // None runs while it is being replaced.
                if let Some(helper) = nfcd::with_open(chip.path()) {
                    let _ = kill_process(helper, Signal::KILL);
                }
            })
            .faster(8)
    });
    soak(&mut benches, presentations(100), 500, 2);
}

#[cfg(all(target_os = "linux", feature = "libnfc"))]
#[test]
fn libnfc_in_process() {
    use conformance::serial::SerialBench;
    use phygital_reader::libnfc::LibnfcBackend;

    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut benches = [(); READERS].map(|()| SerialBench::new(LibnfcBackend::new).faster(8));
    soak(&mut benches, presentations(100), 500, 3);
}
