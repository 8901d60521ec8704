//! Cards by the thousand, with faults: no tap missed, none doubled, nothing leaked, nothing stuck.

use std::fs;
use std::time::{Duration, Instant};

use phygital_core::vocab::tag::TagUid;
use phygital_reader::{DEBOUNCE, TapEvent};
use phygital_sim::Dice;

use super::{Bench, PATIENCE, Till, cards};

/// Tags that come by.
const TAGS: u8 = 16;

/// Growth of the process that is no leak: what an allocator keeps.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

/// What a soak met.
#[derive(Debug, Default)]
pub(crate) struct Soaked {
    pub(crate) presentations: u64,
    pub(crate) again: u64,
    pub(crate) unreadable: u64,
    pub(crate) outages: u64,
    gone: u64,
    pub(crate) reads: u64,
    pub(crate) took: Duration,
    pub(crate) growth_kib: u64,
}

/// How many presentations: the number in `PHYGITAL_SOAK` where there is one; few where `PHYGITAL_TEST_EFFORT` says
/// `low`, as under a slow checker.
pub(crate) fn presentations(usual: u64) -> u64 {
    let low = std::env::var("PHYGITAL_TEST_EFFORT").is_ok_and(|effort| effort == "low");
    let asked = std::env::var("PHYGITAL_SOAK").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or(if low { usual.min(50) } else { usual })
}

/// Holds tags to the bench, one after the other, each until it was a tap, with faults at `per_mille` of them.
pub(crate) fn soak(bench: &mut dyn Bench, presentations: u64, per_mille: u16, seed: u64) -> Soaked {
    println!("a soak of {presentations} presentations, seed {seed}");
    let (mut dice, began) = (Dice::new(seed), Instant::now());
    let mut till = Till::new(bench);
    let tags = (0..TAGS).map(|number| (cards::uid(number), cards::tag(number))).collect::<Vec<_>>();
    let mut soaked = Soaked::default();
    let (mut left_at, mut resources) = (vec![None; tags.len()], None);
    for number in 0..presentations {
        if number == presentations / 10 {
            resources = Some(Resources::now());
        }
        let turn = |soaked: &mut Soaked, till: &mut Till| till.turn().and_then(|event| soaked.hear(event));
        // At once, unless it was there within the window.
        let pick = dice.below(tags.len());
        if let Some(left) = left_at[pick] {
            while till.now() <= left + DEBOUNCE {
                assert_eq!(turn(&mut soaked, &mut till), None, "nothing is there, presentation {number}");
            }
        }
        let (uid, tag) = &tags[pick];
        if dice.per_mille(per_mille) {
            bench.fault(&mut dice);
        }
        bench.field().put(tag.clone());
        let end = till.now() + PATIENCE;
        let tapped = loop {
            if let Some(tapped) = turn(&mut soaked, &mut till) {
                break tapped;
            }
            assert!(till.now() < end, "presentation {number} was missed: {soaked:?}");
        };
        assert_eq!(tapped, *uid, "presentation {number}");
        soaked.presentations += 1;
        // It stays a while, through another fault, and leaves.
        if dice.per_mille(per_mille) {
            bench.fault(&mut dice);
        }
        let stays = if dice.per_mille(100) { 3_000 } else { 200 };
        let end = till.now() + Duration::from_millis(dice.number() % stays);
        while till.now() < end {
            assert_eq!(turn(&mut soaked, &mut till), None, "presentation {number} was doubled");
        }
        bench.field().take();
        let gone = soaked.gone;
        let end = till.now() + PATIENCE;
        while soaked.gone == gone {
            assert_eq!(turn(&mut soaked, &mut till), None, "presentation {number} was doubled");
            assert!(till.now() < end, "that presentation {number} left was not noticed");
        }
        left_at[pick] = Some(till.now());
    }
    soaked.reads = tags.iter().map(|(_, tag)| u64::from(cards::reads(tag))).sum();
    soaked.took = began.elapsed();
    if let Some(before) = resources {
        let after = Resources::now();
        assert!(after.descriptors <= before.descriptors + 2, "{before:?}, then {after:?}");
        soaked.growth_kib = after.kib.saturating_sub(before.kib);
        assert!(soaked.growth_kib <= GROWTH_KIB_MAX, "{before:?}, then {after:?}");
    }
    println!("{soaked:?}");
    soaked
}

impl Soaked {
    /// Counts an event; gives whose tap it is.
    fn hear(&mut self, event: TapEvent) -> Option<TagUid> {
        match event {
            TapEvent::Tap(tap) => {
                let proof = tap.verdict().outcome.as_ref().expect("a tag of the shop");
                return Some(proof.uid().expect("a tag that tells its UID"));
            }
            TapEvent::SameAgain(_) => self.again += 1,
            TapEvent::Unreadable { .. } => self.unreadable += 1,
            TapEvent::ReaderDown { .. } => self.outages += 1,
            TapEvent::CardGone => self.gone += 1,
            _ => {}
        }
        None
    }
}

/// What this process holds.
#[derive(Debug)]
struct Resources {
    descriptors: usize,
    kib: u64,
}

impl Resources {
    /// Zeros where the system does not tell.
    fn now() -> Self {
        let descriptors = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = kib.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok());
        Self { descriptors, kib: kib.unwrap_or(0) }
    }
}
