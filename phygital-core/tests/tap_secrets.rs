//! No freed memory holds a key: an allocator looks into every block before it gives it back.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use phygital_core::contactless::apdu::Response;
use phygital_core::contactless::ntag424::{
    Authentication, ChangeKeyCase, CommMode, Mode, Native, Session, Transaction,
};
use phygital_core::crypto::{
    Boltcard, Diversifier, Lrp, SdmBackend, Secret, SecretBytes, diversify_aes128, ntag424_input,
    sdm_backend_legacy_tag_key, x25519, x25519_public_key,
};
use phygital_core::tap::beacon::{
    Beacon, BeaconClock, Drift, EidTable, EncryptedTelemetry, IdentityKey, RotationExponent,
};
use phygital_core::tap::ntag22x::{self, SuncmacKeys};
use phygital_core::tap::otp::{OtpHash, OtpKey, Totp};
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{self, Fleet, KeySet, Keys, PackedKeys, SdmMode, SessionKeys};
use phygital_core::vocab::Timestamp;
use phygital_core::vocab::tag::{KeyEpoch, ReadCounter, TagUid};

/// Bytes that stand in every key below and nowhere else.
const MARK: [u8; 8] = [0xD7, 0x5A, 0xE3, 0x91, 0x4C, 0xB8, 0x26, 0xFD];
const KEY: [u8; 16] = [0xD7, 0x5A, 0xE3, 0x91, 0x4C, 0xB8, 0x26, 0xFD, 1, 2, 3, 4, 5, 6, 7, 8];
/// The key as it stands in JSON, with an escape so that the reader has to copy the text.
const JSON: &str = r#"{"meta_read_key":"d75ae3914cb826fd0102030405060708","file_read_key":"\u0064\u0037\u0035ae3914cb826fd0102030405060708"}"#;

static FREED_WITH_KEY: AtomicUsize = AtomicUsize::new(0);

/// What is derived of the key and has to go with it: plaintexts and updated keys of LRP, keys of single tags.
static DERIVED: OnceLock<Vec<[u8; 16]>> = OnceLock::new();

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
        let derived = DERIVED.get().map_or(&[][..], |derived| &derived[..]);
        let marked = bytes.windows(MARK.len()).any(|window| window == MARK);
        // Most bytes are zero, and nothing that is derived begins with one.
        let mut windows = bytes.windows(16).filter(|window| window[0] != 0);
        if marked || windows.any(|window| derived.iter().any(|key| window == key)) {
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

    let chips = freed_with_key(|| {
        let mut keys = SuncmacKeys::new();
        for number in 0..100 {
            keys.insert(TagUid::new([number; 7]), KeyEpoch::FIRST, secret()).unwrap();
        }
        for _ in 0..9 {
            keys.insert_fleet(&secret(), b"shop", KeyEpoch::FIRST, None).unwrap();
        }
        assert!(ntag22x::verify("h/00000000000000x000001x0000000000000000", &keys).is_err());
        assert!(keys.insert(TagUid::new([0; 7]), KeyEpoch::FIRST, Secret::zeros()).is_err());
        drop(keys);
        let transaction = Transaction { id: [0; 4], cmd_ctr: 0 };
        for mode in [Mode::Aes, Mode::Lrp] {
            // In LRP mode our challenge is sent as it is.
            let rnd_a = if mode == Mode::Aes { secret() } else { Secret::zeros() };
            let start = Authentication::first(mode, 0, secret(), rnd_a);
            let challenge = [&[1][..usize::from(mode == Mode::Lrp)], &[7; 16], &[0x91, 0xAF]].concat();
            let proof = start.challenged(&Response::parse(&challenge).unwrap()).unwrap();
            drop(proof.command());
            assert!(
                proof.answered(&Response::parse(&[&[0; 32][..], &[0x91, 0x00]].concat()).unwrap()).is_err()
            );
            let mut session = match mode {
                Mode::Aes => Session::resume_aes(secret(), secret(), transaction, 0),
                Mode::Lrp => Session::resume_lrp(&secret(), transaction, 0, 0),
            };
            session.change_key(1, ChangeKeyCase::Other { old: &Secret::zeros() }, &secret(), 1).unwrap();
            assert!(session.command(&Native::get_card_uid(), CommMode::Full).is_err());
            let mut session = Session::resume_aes(secret(), secret(), transaction, 0);
            session.change_key(0, ChangeKeyCase::Own, &secret(), 1).unwrap();
        }
    });
    assert_eq!(chips, 0, "blocks were freed with a key in them");

    #[cfg(all(feature = "apple-vas", feature = "smart-tap", feature = "simulate"))]
    assert_eq!(freed_with_key(wallet_keys), 0, "blocks were freed with a key in them");

    let codes = freed_with_key(|| {
        let digits = "d75ae3914cb826fd0102030405060708";
        drop(SecretBytes::from_hex(&format!("{digits}0g")));
        let key = OtpKey::new(SecretBytes::from_hex(digits).unwrap(), OtpHash::Sha1, 6).unwrap();
        let screen = Totp::new(key, 30).unwrap();
        assert!(screen.verify(&screen.code(Timestamp::MIN), Timestamp::MIN, None).is_ok());
        let mut private = [0; 32];
        private[8..24].copy_from_slice(&KEY);
        let private = Secret::take(&mut private);
        let public = x25519_public_key(&private);
        drop(IdentityKey::agreed(&x25519(&private, &public).unwrap(), &public, &public));
        let beacon = Beacon {
            id: "shelf".parse().unwrap(),
            key: IdentityKey::new(secret()),
            exponent: RotationExponent::new(10).unwrap(),
            clock: BeaconClock { counter: 0, at: Timestamp::MIN },
        };
        let drift = Drift::default();
        drop(EidTable::build([&beacon], drift, Timestamp::MIN, Duration::ZERO).unwrap());
        assert!(EncryptedTelemetry::read([0; 16]).open(&beacon.key, beacon.exponent, 0).is_err());
        drop(format!("{screen:?} {beacon:?}"));
    });
    assert_eq!(codes, 0, "blocks were freed with a key in them");

    let text = freed_with_key(|| drop(Keys::from_json(JSON).unwrap()));
    assert_eq!(text, 0, "blocks were freed with a key in them");

    DERIVED.set(derived(uid)).unwrap();
    let shown = freed_with_key(|| drop(DERIVED.get().cloned()));
    assert_eq!(shown, 1, "the allocator must see what is derived");
    let freed = freed_with_key(|| {
        drop(Lrp::new(&secret(), 1));
        for mode in [SdmMode::Aes, SdmMode::Lrp] {
            let tag = |file: &Secret<16>, meta: &Secret<16>| {
                let template = "h/?p={picc}&e={enc}&c={mac}".parse().unwrap();
                SoftTag::new(uid, template, file).meta_read_key(meta).mode(mode)
            };
            let mut own = tag(&secret(), &secret());
            let (first, second) = (own.tap(&[0; 16]).unwrap(), own.tap(&[1; 16]).unwrap());
            let keys = Keys::new([KeySet::explicit(secret()).meta_read_key(secret())]).unwrap();
            let fleet = || Fleet::new(Some(&secret()), tap::Layout::default());
            // Of unknown number, so that the table has to grow.
            let many = (0..1_100u32).filter(|_| true).map(|epoch| match epoch {
                0 => (uid, KeyEpoch::FIRST, secret()),
                _ => {
                    (TagUid::new([5, 0, 0, 0, 0, (epoch >> 8) as u8, epoch as u8]), KeyEpoch::FIRST, secret())
                }
            });
            let packed = PackedKeys::new(fleet(), many).unwrap();
            assert!(PackedKeys::new(fleet(), [0; 40].map(|_| (uid, KeyEpoch::FIRST, secret()))).is_ok());
            for url in [&first, &second] {
                assert!(tap::verify(url, &keys).is_ok() && tap::verify(url, &packed).is_ok());
            }
            drop(tap::diagnose(&first.replace("c=", "c=0"), &keys));
            let boltcard = Boltcard::new(&secret());
            let [_, meta, file, ..] = boltcard.card_keys(uid, 0);
            let backend = SdmBackend::new(&secret());
            for (set, mut tag) in [
                (KeySet::boltcard(secret()), tag(&file, &meta)),
                (KeySet::sdm_backend(secret()), tag(&backend.tag_key(uid, 2), &backend.undiversified_key())),
                (
                    KeySet::sdm_backend_legacy(secret()).meta_read_key(secret()),
                    tag(&sdm_backend_legacy_tag_key(&secret(), uid, 2), &secret()),
                ),
            ] {
                let keys = Keys::new([set]).unwrap();
                for _ in 0..2 {
                    assert!(tap::verify(&tag.tap(&[0; 16]).unwrap(), &keys).is_ok());
                }
            }
        }
    });
    assert_eq!(freed, 0, "blocks were freed with what is derived of a key in them");
}

/// Plaintexts and updated keys of the key and of a tap's master key, and the keys of a tag by each derivation.
fn derived(uid: TagUid) -> Vec<[u8; 16]> {
    let mut derived = Vec::new();
    let ctr = ReadCounter::new(1).unwrap();
    for key in [secret(), SessionKeys::lrp_master(&secret(), Some(uid), Some(ctr))] {
        for number in 0..16 {
            derived.push(*Lrp::new(&key, 0).plaintext(number).expose());
        }
        derived.extend([0, 1].map(|number| *Lrp::new(&key, number).updated_key().expose()));
        derived.extend(Lrp::new(&key, 0).cmac_subkeys().map(|subkey| *subkey.expose()));
        derived.push(*key.expose());
    }
    let backend = SdmBackend::new(&secret());
    derived.extend(Boltcard::new(&secret()).card_keys(uid, 0).map(|key| *key.expose()));
    derived.extend([backend.undiversified_key(), backend.tag_key(uid, 2)].map(|key| *key.expose()));
    derived.push(*sdm_backend_legacy_tag_key(&secret(), uid, 2).expose());
    assert!(derived.iter().all(|key| key[0] != 0), "the search passes over what begins with zero");
    derived
}

/// The keys of a merchant and a collector, used as a reader uses them.
#[cfg(all(feature = "apple-vas", feature = "smart-tap", feature = "simulate"))]
fn wallet_keys() {
    use phygital_core::contactless::apple_vas::{VasKeyRing, VasKeys};
    use phygital_core::contactless::smart_tap::{CollectorKey, CollectorSigner, SmartTapKeys};
    use phygital_core::crypto::P256Key;

    let secret = || Secret::<32>::take(&mut std::array::from_fn(|i| KEY[i % 16]));
    let key = || P256Key::new(secret()).unwrap();
    let keys = VasKeys::new([key()]).unwrap();
    let id = keys.ids().next().unwrap();
    keys.agree(id, &key().public()).unwrap();
    let collector = CollectorKey::new(key(), 1);
    collector.sign(b"message").unwrap();
    let _ = format!("{keys:?} {collector:?} {:?}", key());
    drop(SmartTapKeys::derive(&secret(), &[2; 33], b"signed", b"signature"));
}
