//! Presentations by the thousand, with faults: no tap missed, none doubled, nothing leaked, nothing stuck.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use phygital_core::vocab::tag::TagUid;
use phygital_reader::{DEBOUNCE, TapEvent, Unreadable, Wishes};
use phygital_sim::{Dice, Ntag424, SharedCard};

use super::{Bench, Till, cards};

/// Tags that come by: so many that few come back within the window.
const TAGS: u8 = 64;

/// Growth of the process that is no leak: what an allocator keeps.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

/// Descriptors that a reader may have more than before: of the service that it is just coming back to.
const GROWTH_DESCRIPTORS_MAX: usize = 2;

/// What a soak met.
#[derive(Debug, Default)]
pub(crate) struct Soaked {
    pub(crate) presentations: u64,
    pub(crate) again: u64,
    pub(crate) unreadable: u64,
    pub(crate) outages: u64,
    /// Whether the till believes that something is there.
    there: bool,
    pub(crate) reads: u64,
    pub(crate) took: Duration,
    pub(crate) growth_kib: u64,
    /// Why something could not be read, the last time.
    why: Option<Unreadable>,
}

/// How many presentations: the number in `PHYGITAL_SOAK` where there is one; few where `PHYGITAL_TEST_EFFORT` says
/// `low`, as under a slow checker.
pub(crate) fn presentations(usual: u64) -> u64 {
    let low = std::env::var("PHYGITAL_TEST_EFFORT").is_ok_and(|effort| effort == "low");
    let asked = std::env::var("PHYGITAL_SOAK").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or(if low { usual.min(50) } else { usual })
}

/// Holds so many tags to the benches, at all of them at once, to each one after the other until it was a tap, with
/// faults at `per_mille` of them. After a tenth it looks what the process holds, and again at the end.
pub(crate) fn soak<B: Bench + Send>(
    benches: &mut [B],
    presentations: u64,
    per_mille: u16,
    seed: u64,
) -> Soaked {
    println!("a soak of {presentations} presentations over {} readers, seed {seed}", benches.len());
    let began = Instant::now();
    let mut counters = benches
        .iter_mut()
        .zip(seed..)
        .map(|(bench, seed)| Counter::new(bench, per_mille, seed))
        .collect::<Vec<_>>();
    let warm = presentations / 10;
    present(&mut counters, warm);
    let before = Resources::now();
    present(&mut counters, presentations - warm);
    let after = Resources::now();
    let descriptors = before.descriptors + GROWTH_DESCRIPTORS_MAX * counters.len();
    assert!(after.descriptors <= descriptors, "{before:?}, then {after:?}");
    let mut soaked = Soaked::default();
    for counter in &counters {
        soaked.add(&counter.soaked);
        soaked.reads += counter.tags.iter().map(|(_, tag)| u64::from(cards::reads(tag))).sum::<u64>();
    }
    soaked.took = began.elapsed();
    soaked.growth_kib = after.kib.saturating_sub(before.kib);
    assert!(soaked.growth_kib <= GROWTH_KIB_MAX, "{before:?}, then {after:?}");
    println!("{soaked:?}");
    soaked
}

/// So many presentations, shared out.
fn present<B: Bench + Send>(counters: &mut [Counter<'_, B>], presentations: u64) {
    let readers = counters.len() as u64;
    thread::scope(|scope| {
        for (counter, index) in counters.iter_mut().zip(0..) {
            let share = presentations / readers + u64::from(index < presentations % readers);
            scope.spawn(move || (0..share).for_each(|_| counter.present()));
        }
    });
}

/// One reader, its till, and the tags that come by.
struct Counter<'b, B> {
    bench: &'b mut B,
    till: Till,
    window: Duration,
    tags: Vec<(TagUid, SharedCard<Ntag424>)>,
    left_at: Vec<Option<Duration>>,
    dice: Dice,
    per_mille: u16,
    soaked: Soaked,
}

impl<'b, B: Bench> Counter<'b, B> {
    fn new(bench: &'b mut B, per_mille: u16, seed: u64) -> Self {
        // Messages alone: for passes it would make a session's key at each tap.
        // However fast the clock goes, what comes back has as long as in a shop: a busy machine takes its time.
        let window = DEBOUNCE * bench.haste();
        let till = Till::over(bench, |taps| taps.wishes(Wishes::ndef()).debounce(window));
        let tags = (0..TAGS).map(|number| (cards::uid(number), cards::tag(number))).collect::<Vec<_>>();
        let left_at = vec![None; tags.len()];
        Self {
            bench,
            till,
            window,
            tags,
            left_at,
            dice: Dice::new(seed),
            per_mille,
            soaked: Soaked::default(),
        }
    }

    /// Holds a tag to the reader and takes it away.
    fn present(&mut self) {
        let number = self.soaked.presentations;
        // At once, unless it was there within the window.
        let pick = self.dice.below(self.tags.len());
        if let Some(left) = self.left_at[pick] {
            while self.till.now() <= left + self.window {
                assert_eq!(self.turn(), None, "nothing is there, presentation {number}");
            }
        }
        let (uid, tag) = self.tags[pick].clone();
        self.perhaps_fault();
        self.bench.field().put(tag);
        let end = self.till.now() + self.till.patience();
        let tapped = loop {
            if let Some(tapped) = self.turn() {
                break tapped;
            }
            assert!(self.till.now() < end, "presentation {number} was missed: {:?}", self.soaked);
        };
        assert_eq!(tapped, uid, "presentation {number}");
        self.soaked.presentations += 1;
        // It stays a while, through another fault, and leaves.
        self.perhaps_fault();
        let stays = if self.dice.per_mille(100) { 3_000 } else { 200 };
        let end = self.till.now() + Duration::from_millis(self.dice.number() % stays);
        while self.till.now() < end {
            assert_eq!(self.turn(), None, "presentation {number} was doubled");
        }
        self.bench.field().take();
        // One that was lifted by a fault may be gone already.
        let end = self.till.now() + self.till.patience();
        while self.soaked.there {
            assert_eq!(self.turn(), None, "presentation {number} was doubled");
            assert!(self.till.now() < end, "presentation {number} did not leave: {:?}", self.soaked);
        }
        self.left_at[pick] = Some(self.till.now());
    }

    fn perhaps_fault(&mut self) {
        if self.dice.per_mille(self.per_mille) {
            self.bench.fault(&mut self.dice);
        }
    }

    fn turn(&mut self) -> Option<TagUid> {
        self.till.turn().and_then(|event| self.soaked.hear(event))
    }
}

impl Soaked {
    /// Counts an event; gives whose tap it is.
    fn hear(&mut self, event: TapEvent) -> Option<TagUid> {
        match event {
            TapEvent::Tap(tap) => {
                self.there = true;
                let proof = tap.verdict().outcome.as_ref().expect("a tag of the shop");
                return Some(proof.uid().expect("a tag that tells its UID"));
            }
            TapEvent::SameAgain(_) => {
                self.again += 1;
                self.there = true;
            }
            TapEvent::Unreadable { why } => {
                self.unreadable += 1;
                self.why = Some(why);
                self.there = true;
            }
            TapEvent::ReaderDown { .. } => self.outages += 1,
            TapEvent::CardGone => self.there = false,
            _ => {}
        }
        None
    }

    fn add(&mut self, other: &Self) {
        self.presentations += other.presentations;
        self.again += other.again;
        self.unreadable += other.unreadable;
        self.outages += other.outages;
        self.why.clone_from(&other.why);
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
