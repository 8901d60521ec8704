//! The fuzz target's function on its corpus, and on random changes of it: a smoke run without a fuzzer.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../fuzz/src/pn532.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod pn532;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/pn532_chip");
    let mut files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn seeds_pass() {
    assert_eq!(seeds().len(), 5);
    seeds().iter().for_each(|seed| pn532::chip(seed));
}

proptest! {
    #[test]
    fn changed_seeds_pass(
        seed in prop::sample::select(seeds()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut seed = seed;
        for (at, byte) in changes {
            let at = at.index(seed.len());
            seed[at] = byte;
        }
        pn532::chip(&[seed, noise].concat());
    }
}
