//! The reader's fuzz targets' functions on their corpora, and on random changes of them: a smoke run without a fuzzer.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may")]

#[cfg(feature = "pn532")]
#[path = "../../fuzz/src/pn532_line.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod pn532_line;
#[path = "../../fuzz/src/reader.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod reader;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

type Target = fn(&[u8]);

const TARGETS: &[(&str, Target)] = &[
    ("nfcd_protocol", reader::nfcd_protocol),
    #[cfg(feature = "pn532")]
    ("pn532_frames", pn532_line::frames),
];

#[test]
fn corpora_and_what_is_near_them() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
        let seeds = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        let mut seeds = seeds.collect::<Vec<_>>();
        assert!(seeds.len() >= 4);
        seeds.sort();
        seeds.iter().for_each(|seed| target(seed));
        let changed = (prop::sample::select(seeds), any::<prop::sample::Index>(), any::<u8>());
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let tried = runner.run(&changed, |(mut seed, at, byte)| {
            let at = at.index(seed.len());
            seed[at] = byte;
            target(&seed);
            seed.insert(at, byte);
            target(&seed);
            seed.truncate(at);
            target(&seed);
            Ok(())
        });
        tried.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
