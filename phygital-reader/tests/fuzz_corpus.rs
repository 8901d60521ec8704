//! The reader's fuzz targets' functions on their corpora, and on random changes of them: a smoke run without a fuzzer.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may")]

#[path = "../../fuzz/src/reader.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod reader;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[test]
fn corpora_and_what_is_near_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/nfcd_protocol");
    let seeds = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let seeds = seeds.collect::<Vec<_>>();
    assert!(seeds.len() >= 4);
    seeds.iter().for_each(|seed| reader::nfcd_protocol(seed));
    let changed = (prop::sample::select(seeds), any::<prop::sample::Index>(), any::<u8>());
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let tried = runner.run(&changed, |(mut seed, at, byte)| {
        let at = at.index(seed.len());
        seed[at] = byte;
        reader::nfcd_protocol(&seed);
        seed.truncate(at);
        reader::nfcd_protocol(&seed);
        Ok(())
    });
    tried.unwrap();
}
