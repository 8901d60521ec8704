//! The memory of the keys of a million tags, counted by the allocator.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench keys`. What counts is what lies on the heap once the ring stands,
//! for each tag and beside its UID of seven bytes; and the peak while it is made.

use std::alloc::{GlobalAlloc, Layout as Block, System};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use phygital_core::crypto::Secret;
use phygital_core::tap::replay::ReplayMark;
use phygital_core::tap::{
    self, Fleet, KeyRing, KeySet, Keys, Layout, PackedKeys, SdmMode, simulator::SoftTag,
};
use phygital_core::vocab::tag::{KeyEpoch, TagUid};

const TAGS: u32 = 1_000_000;
/// What a ring of single keys holds at most, and a tenth of it, for what taps leave behind.
const SINGLE: u32 = 200_000;
const TAPPED: u32 = 20_000;
/// The aim: bytes a tag beside its UID.
const BYTES_MAX: f64 = 64.0;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: all calls are handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, block: Block) -> *mut u8 {
        let live = LIVE.fetch_add(block.size(), Ordering::Relaxed) + block.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(block) }
    }

    unsafe fn dealloc(&self, at: *mut u8, block: Block) {
        LIVE.fetch_sub(block.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, block) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a value leaves on the heap, and the peak while it was made.
fn measured<T>(make: impl FnOnce() -> T) -> (T, usize, usize) {
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let value = make();
    let live = LIVE.load(Ordering::Relaxed) - before;
    (value, live, PEAK.load(Ordering::Relaxed) - before)
}

fn uid(number: u32) -> TagUid {
    // Spread, as UIDs are.
    let [a, b, c, d] = number.wrapping_mul(0x9E37_79B1).to_be_bytes();
    TagUid::new([4, a, b, c, d, 0x5A, 0x80])
}

fn key(number: u32) -> Secret<16> {
    let mut bytes = [0xC3; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Secret::take(&mut bytes)
}

fn tap_each(keys: &impl KeyRing, tags: u32, mode: SdmMode) {
    for number in 0..tags {
        let template = "tap.example/t?p={picc}&c={mac}".parse().expect("a template");
        let tag = SoftTag::new(uid(number), template, &key(number)).meta_read_key(&Secret::zeros());
        let tap = tap::verify(&tag.mode(mode).tap(&[7; 16]).expect("a tap"), keys);
        assert_eq!(tap.expect("a key").keys_tried(), 1);
    }
}

fn main() -> ExitCode {
    println!("{:<52} {:>12} {:>16} {:>10}", "", "bytes", "a tag, no UID", "peak, MB");
    let line = |what: &str, tags: u32, live: usize, peak: usize| {
        let each = live as f64 / f64::from(tags) - 7.0;
        println!("{what:<52} {live:>12} {each:>16.1} {:>10.1}", peak as f64 / 1e6);
        each
    };
    let fleet = || Fleet::new(Some(&Secret::zeros()), Layout::default());
    let all = || (0..TAGS).map(|number| (uid(number), KeyEpoch::FIRST, key(number)));
    let (packed, live, peak) = measured(|| PackedKeys::new(fleet(), all()).expect("keys"));
    let each = line("PackedKeys, 1,000,000 tags", TAGS, live, peak);
    let ((), more, peak) = measured(|| tap_each(&packed, TAPPED, SdmMode::Lrp));
    let after = line("  and after 20,000 of them tapped in LRP mode", TAGS, live + more, peak);
    drop(packed);

    let sets = || {
        (0..SINGLE)
            .map(|number| KeySet::explicit(key(number)).meta_read_key(Secret::zeros()).of_tag(uid(number)))
    };
    let (keys, live, peak) = measured(|| Keys::new(sets()).expect("keys"));
    line("Keys, 200,000 tags, expanded for AES", SINGLE, live, peak);
    let ((), more, peak) = measured(|| tap_each(&keys, TAPPED, SdmMode::Lrp));
    let lrp = more as f64 / f64::from(TAPPED);
    println!(
        "{:<52} {more:>12} {lrp:>16.1} {:>10.1}",
        "  more for each of 20,000 that tapped in LRP mode",
        peak as f64 / 1e6
    );
    println!("a mark takes {} bytes in memory; a store keeps it on disk", size_of::<ReplayMark>());
    println!("aim: at most {BYTES_MAX} bytes a tag beside its UID, found {:.1}", each.max(after));
    if each.max(after) <= BYTES_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
