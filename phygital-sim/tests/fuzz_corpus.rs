//! The fuzz targets' functions on their corpora, and on random changes of them: a smoke run without a fuzzer.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../fuzz/src/pn532.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod pn532;
#[path = "../../fuzz/src/provisioning.rs"]
#[allow(unreachable_pub, reason = "a module of the fuzz package")]
mod provisioning;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 2] =
    [("pn532_chip", pn532::chip), ("provisioning", provisioning::provisioning)];

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn seeds_pass() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() >= 4, "{name}");
        seeds.iter().for_each(|seed| target(seed));
    }
}

proptest! {
    #[test]
    fn changed_seeds_pass(
        (target, seed) in prop::sample::select(TARGETS.to_vec())
            .prop_flat_map(|(name, target)| (Just(target), prop::sample::select(seeds(name)))),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut seed = seed;
        for (at, byte) in changes {
            let at = at.index(seed.len());
            seed[at] = byte;
        }
        target(&[seed, noise].concat());
    }
}
