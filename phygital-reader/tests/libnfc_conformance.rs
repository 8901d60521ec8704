//! The real libnfc keeps what every reader promises, on an emulated chip: in the helper's process and in the till's.
#![cfg(all(target_os = "linux", feature = "libnfc"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod conformance;

/// The helper's process.
mod helper {
    use phygital_reader::libnfc::NfcdBackend;

    use super::conformance::conformance;
    use super::conformance::serial::SerialBench;
    use super::*;

    conformance!(|_, case| {
        case(&mut SerialBench::new(|| NfcdBackend::at(env!("CARGO_BIN_EXE_phygital-nfcd"))));
    });
}

/// The till's process.
mod in_process {
    use phygital_reader::libnfc::LibnfcBackend;

    use super::conformance::conformance;
    use super::conformance::serial::SerialBench;
    use super::*;

    conformance!(|_, case| case(&mut SerialBench::new(LibnfcBackend::new)));
}
