//! Who is who in memory: events a second, and bytes an identifier, from ten thousand identifiers to ten million.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench resolver [-- MOST]`, where MOST is the greatest number of
//! identifiers (1,000,000; 10,000,000 takes 4 GB). The events are deterministic evidence: a person has a loyalty number, a
//! phone, an email address, a card and browsers that come and go; an event names one to three of them, seldom something
//! shared; nobody gives a name. The limit is the bare look-up of the same identifiers in the same order in a table of the
//! same keys, in the standard library's `HashMap` with a hash that is nothing but the key.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use phygital_core::identity::resolver::Resolver;
use phygital_core::identity::{Details, Named, Rules, Sighting};
use phygital_core::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// The aims.
const EVENTS_A_SECOND_MIN: f64 = 500_000.0;
const BYTES_MAX: f64 = 100.0;

static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: all calls are handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, block: Layout) -> *mut u8 {
        LIVE.fetch_add(block.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(block) }
    }

    unsafe fn dealloc(&self, at: *mut u8, block: Layout) {
        LIVE.fetch_sub(block.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, block) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The first eight bytes of a key: keys are keyed digests.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
    fn write_usize(&mut self, _: usize) {}
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    fn below(&mut self, most: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(most)) >> 64) as u64
    }
}

fn bytes(tag: u64, n: u64) -> [u8; 16] {
    let mut chance = Chance(tag << 56 ^ n);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&chance.next().to_le_bytes());
    bytes[8..].copy_from_slice(&chance.next().to_le_bytes());
    bytes
}

/// Events of so many people, in the order of time.
struct Stream {
    chance: Chance,
    people: u64,
    n: u64,
}

impl Stream {
    fn next(&mut self) -> Sighting {
        let Stream { chance, people, n } = self;
        *n += 1;
        let who = chance.below(*people);
        let browser = who * 4 + chance.below(4);
        use IdentifierKind::{Card, Cookie, Device, Email, Loyalty, Phone};
        let mut named: Vec<(IdentifierKind, u64)> = match chance.below(10) {
            0..4 => vec![(Cookie, browser)],
            4 | 5 => vec![(Email, who), (Cookie, browser)],
            6 => vec![(Loyalty, who), (Phone, who)],
            7 => vec![(Loyalty, who), (Card, who)],
            8 => vec![(Phone, who), (Email, who), (Cookie, browser)],
            _ => vec![(Loyalty, who), (Cookie, browser)],
        };
        // A shop's tablet.
        if chance.below(200) == 0 {
            named.push((Device, chance.below(20)));
        }
        named.sort_unstable();
        let named = named.into_iter().map(|(kind, n)| Named {
            kind,
            key: IdentifierKey::from_bytes(bytes(kind as u64, n)),
            junk: false,
            forms: Vec::new(),
            spelling: None,
        });
        Sighting {
            record: RecordKey::from_bytes(bytes(100, *n)),
            time: Timestamp::from_millis(1_700_000_000_000 + *n as i64 * 1_000)
                .expect("a time of this century"),
            linking: true,
            named: named.collect(),
            details: Details::default(),
        }
    }
}

fn main() -> ExitCode {
    let most = std::env::args().filter_map(|text| text.parse().ok()).next().unwrap_or(1_000_000_u64);
    println!(
        "{:>12} {:>12} {:>14} {:>14} {:>14} {:>10} {:>12} {:>14}",
        "identifiers",
        "events",
        "batch, ev/s",
        "eager, ev/s",
        "look-ups, ns",
        "batch/look",
        "index, B/id",
        "whole, B/event"
    );
    let mut met = true;
    for target in [10_000, 100_000, 1_000_000, 10_000_000].into_iter().filter(|target| *target <= most) {
        // Eight identifiers a person, of which three in four are met by then.
        let people = target / 6;
        let count = people * 6;
        let chunk = 10_000.min(count);
        let mut eager_seconds = 0.0;
        let mut batch_seconds = 0.0;
        let mut look_seconds = 0.0;
        let mut looked = 0_u64;
        let mut known: HashMap<IdentifierKey, u32, BuildHasherDefault<FirstBytes>> = HashMap::default();
        let mut figures = (0.0, 0.0, 0);
        for eager in [false, true] {
            let before = LIVE.load(Ordering::Relaxed);
            let mut stream = Stream { chance: Chance(1), people, n: 0 };
            let mut resolver = Resolver::new(Rules::default(), None);
            let mut done = 0;
            while done < count {
                let events: Vec<Sighting> = (0..chunk).map(|_| stream.next()).collect();
                let began = Instant::now();
                if eager {
                    for event in &events {
                        black_box(resolver.replace(&[], std::slice::from_ref(event), &[], &[]));
                        black_box(resolver.profile_of(&event.record));
                    }
                    eager_seconds += began.elapsed().as_secs_f64();
                } else {
                    black_box(resolver.replace(&[], &events, &[], &[]));
                    batch_seconds += began.elapsed().as_secs_f64();
                    let began = Instant::now();
                    for named in events.iter().flat_map(|event| &event.named) {
                        let next = known.len() as u32;
                        black_box(*known.entry(named.key).or_insert(next));
                        looked += 1;
                    }
                    look_seconds += began.elapsed().as_secs_f64();
                }
                done += chunk;
            }
            if !eager {
                let identifiers = known.len();
                let map = known.capacity() * 21;
                let whole =
                    LIVE.load(Ordering::Relaxed) - before - map.min(LIVE.load(Ordering::Relaxed) - before);
                let memory = resolver.memory();
                figures =
                    (memory.index as f64 / identifiers as f64, whole as f64 / count as f64, identifiers);
            }
        }
        let look = look_seconds * 1e9 / looked as f64;
        let (batch, eager) = (count as f64 / batch_seconds, count as f64 / eager_seconds);
        let ratio = batch_seconds / look_seconds;
        println!(
            "{:>12} {:>12} {:>14.0} {:>14.0} {:>14.1} {:>10.1} {:>12.1} {:>14.1}",
            figures.2, count, batch, eager, look, ratio, figures.0, figures.1
        );
        met &= batch >= EVENTS_A_SECOND_MIN && figures.0 <= BYTES_MAX;
    }
    println!(
        "aims: {EVENTS_A_SECOND_MIN} events a second in batch, {BYTES_MAX} bytes an identifier: {}",
        if met { "met" } else { "missed" }
    );
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
