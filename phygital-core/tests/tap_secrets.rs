//! No freed memory holds a key: an allocator looks into every block before it gives it back.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use phygital_core::crypto::{Diversifier, Secret, diversify_aes128, ntag424_input};
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{self, KeySet, Keys, SessionKeys};
use phygital_core::vocab::tag::{ReadCounter, TagUid};

/// Bytes that stand in every key below and nowhere else.
const MARK: [u8; 8] = [0xD7, 0x5A, 0xE3, 0x91, 0x4C, 0xB8, 0x26, 0xFD];
const KEY: [u8; 16] = [0xD7, 0x5A, 0xE3, 0x91, 0x4C, 0xB8, 0x26, 0xFD, 1, 2, 3, 4, 5, 6, 7, 8];
/// The key as it stands in JSON, with an escape so that the reader has to copy the text.
const JSON: &str = r#"{"meta_read_key":"d75ae3914cb826fd0102030405060708","file_read_key":"\u0064\u0037\u0035ae3914cb826fd0102030405060708"}"#;

static FREED_WITH_KEY: AtomicUsize = AtomicUsize::new(0);

struct Looking;

// SAFETY: all calls are handed to the system's allocator; blocks are zeroed so that every byte of them may be
// read.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has this size, was zeroed when it was made, and is still ours.
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        if bytes.windows(MARK.len()).any(|window| window == MARK) {
            FREED_WITH_KEY.fetch_add(1, Ordering::SeqCst);
        }
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Looking = Looking;

fn freed_with_key(work: impl FnOnce()) -> usize {
    let before = FREED_WITH_KEY.load(Ordering::SeqCst);
    work();
    FREED_WITH_KEY.load(Ordering::SeqCst) - before
}

fn secret() -> Secret<16> {
    Secret::take(&mut KEY.clone())
}

/// One test, as the count is of the whole process.
#[test]
fn keys_are_wiped_before_their_memory_is_freed() {
    let shown = freed_with_key(|| drop(vec![KEY; 2]));
    assert_eq!(shown, 1, "the allocator must see a key that is not wiped");

    let uid = TagUid::new([4, 1, 2, 3, 4, 5, 6]);
    let freed = freed_with_key(|| {
        drop(secret().duplicate());
        drop(Secret::<16>::from_hex("d75ae3914cb826fd0102030405060708"));
        drop(Secret::<16>::from_hex("d75ae3914cb826fd010203040506070g"));
        drop(SessionKeys::derive(&secret(), Some(uid), Some(ReadCounter::MAX)));
        let input = ntag424_input(uid, 2, b"").unwrap();
        drop(diversify_aes128(&secret(), &input));
        drop(Diversifier::new(&secret()));
        let template = "h/?p={picc}&e={enc}&c={mac}".parse().unwrap();
        let mut tag = SoftTag::new(uid, template, &secret()).meta_read_key(&secret());
        let url = tag.tap(&[0; 16]).unwrap();
        // Enough fleets and tags for the lists to grow and move.
        let sets = (0..100).map(|number| {
            let meta = Secret::take(&mut std::array::from_fn(|i| if i == 15 { number } else { KEY[i] }));
            KeySet::explicit(secret()).meta_read_key(meta).of_tag(TagUid::new([number; 7])).label("l")
        });
        let keys = Keys::new(sets.chain([KeySet::explicit(secret()).meta_read_key(secret())])).unwrap();
        let _ = format!("{keys:?} {tag:?} {:?}", tap::diagnose(&url, &keys));
        assert!(tap::verify(&url, &keys).is_ok());
        let fleet = KeySet::diversified(secret(), 2, b"").unwrap().derive_meta_read_key();
        drop(Keys::new([fleet]).unwrap());
        drop(keys);
        drop(tag);
    });
    assert_eq!(freed, 0, "blocks were freed with a key in them");

    let text = freed_with_key(|| drop(Keys::from_json(JSON).unwrap()));
    assert_eq!(text, 0, "blocks were freed with a key in them");
}
