//! A till with more than a thousand open files. A test of its own, as its files are those of its process.

#![cfg(all(target_os = "linux", feature = "libnfc"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test, which tells what it skipped")]

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::time::Duration;

use phygital_reader::libnfc::{LibnfcBackend, NfcdBackend};
use phygital_reader::{Backend, LinkFault, ReaderName};
use phygital_sim::pn532::Pn532Chip;
use phygital_sim::{Field, Type4Tag};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than libnfc can wait for.
const FILES: u64 = 1100;

const LONG: Duration = Duration::from_secs(30);

#[test]
fn a_busy_till() {
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum < 2 * FILES) {
        println!("skipped: this process may not open {FILES} files");
        assert!(std::env::var_os("CI").is_none_or(|ci| ci.is_empty()), "the limit of open files is too low");
        return;
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(2 * FILES), maximum: limit.maximum }).unwrap();

    let field = Field::new();
    field.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"));
    let chip = Pn532Chip::start(field).unwrap();
    let name = ReaderName::new(chip.path().to_str().unwrap());
    let mut helper = NfcdBackend::at(env!("CARGO_BIN_EXE_phygital-nfcd"));

    // Whatever happens to a helper, the till's files stay as many as they were.
    let before = open_files();
    for round in 0..20 {
        let mut reader = helper.open(&name).unwrap();
        assert!(reader.poll(LONG).unwrap().is_some());
        if round % 4 == 0 {
            chip.chip().faults().next(phygital_sim::pn532::Pn532Fault::Nad);
            assert!(reader.link().transceive(&[0; 5], LONG).is_err());
            assert!(reader.poll(LONG).unwrap().is_some());
        }
    }
    for _ in 0..20 {
        let mut reader = LibnfcBackend::new().open(&name).unwrap();
        assert!(reader.poll(LONG).unwrap().is_some());
    }
    assert_eq!(open_files(), before);

    // Files that a child inherits, as a careless host opens them: the helper closes its copies.
    let careless = (0..FILES).map(|_| {
        let file = OwnedFd::from(File::open("/dev/null").unwrap());
        rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
        file
    });
    let careless = careless.collect::<Vec<_>>();
    assert_eq!(LibnfcBackend::new().open(&name).err().map(|error| error.fault), Some(LinkFault::Unsupported));
    let mut reader = helper.open(&name).unwrap();
    assert!(reader.poll(LONG).unwrap().is_some());
    drop(reader);
    drop(careless);
    assert!(LibnfcBackend::new().open(&name).is_ok());
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}
