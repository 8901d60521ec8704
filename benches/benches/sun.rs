//! One SUN verification, in AES and in LRP mode, beside the bare cipher calls for the same message and beside the
//! `ntag424` crate; and on two threads beside one.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench sun`. All candidates run in one process, in interleaved batches; the
//! figures are medians, and the ratios are to the bare calls of the same run.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes128Dec, Aes128Enc};
use cmac::{Cmac, Mac};
use ntag424::sdm::{SdmUrlOptions, Verifier, sdm_url_config};
use ntag424::types::file_settings::CryptoMode;
use phygital_benches::{Candidate, medians};
use phygital_core::crypto::{Boltcard, Secret};
use phygital_core::tap::{
    self, KeySet, Keys, Layout, MacInput, MacStart, SdmMode, UrlTemplate, simulator::SoftTag,
};
use phygital_core::vocab::tag::TagUid;

/// Many short batches: one that another process interrupts is no median.
const BATCHES: usize = 401;
const CALLS: u32 = 400;
/// The aim: verification costs at most this many times the bare calls.
const RATIO_MAX: f64 = 1.5;

const TEMPLATE: &str = "tap.example/t?p={picc}&c={mac}";
const META: [u8; 16] = [0x5A; 16];
const FILE: [u8; 16] = [0xC3; 16];
const UID: [u8; 7] = [0x04, 0xDE, 0x5F, 0x1E, 0xAC, 0xC0, 0x40];

fn secret(bytes: &[u8; 16]) -> Secret<16> {
    Secret::take(&mut bytes.clone())
}

fn keys(layout: Layout) -> Keys {
    let set = KeySet::explicit(secret(&FILE)).meta_read_key(secret(&META)).layout(layout);
    Keys::new([set]).expect("one set")
}

fn template() -> UrlTemplate {
    let template: UrlTemplate = TEMPLATE.parse().expect("a template");
    template.with_mac_input(MacInput::From(MacStart::Empty)).expect("an empty MAC input")
}

/// What the standard asks for, on bytes, with keys that are expanded anew: decrypt one block, two CMACs.
fn bare(picc: &[u8; 16], mac: &[u8; 8]) -> bool {
    let mut plain = Array::from(*picc);
    Aes128Dec::new(&META.into()).decrypt_block(&mut plain);
    bare_macs(&plain.into(), Cmac::<Aes128>::new(&FILE.into()), mac)
}

fn bare_macs(plain: &[u8; 16], mut file: Cmac<Aes128>, mac: &[u8; 8]) -> bool {
    let mut vector = [0; 16];
    vector[..6].copy_from_slice(&[0x3C, 0xC3, 0x00, 0x01, 0x00, 0x80]);
    vector[6..].copy_from_slice(&plain[1..11]);
    file.update(&vector);
    let full = Cmac::<Aes128>::new(&file.finalize().into_bytes()).finalize().into_bytes();
    (0..8).all(|i| full[2 * i + 1] == mac[i])
}

fn hex<const N: usize>(text: &str) -> [u8; N] {
    std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("digits"))
}

/// AES of one block under a key that is used for it alone: of what LRP is made.
fn step(key: &[u8; 16], block: &[u8; 16]) -> [u8; 16] {
    let mut out = Array::from(*block);
    Aes128Enc::new(key.into()).encrypt_block(&mut out);
    out.into()
}

/// A bare key of LRP: plaintexts and first updated key, as AN12304 has them.
struct BareLrp {
    plaintexts: [[u8; 16]; 16],
    updated: [u8; 16],
}

impl BareLrp {
    fn new(key: &[u8; 16]) -> Self {
        let mut chain = step(key, &[0x55; 16]);
        let plaintexts = std::array::from_fn(|_| {
            let plaintext = step(&chain, &[0xAA; 16]);
            chain = step(&chain, &[0x55; 16]);
            plaintext
        });
        Self { plaintexts, updated: step(&step(key, &[0xAA; 16]), &[0xAA; 16]) }
    }

    fn eval(&self, input: &[u8]) -> [u8; 16] {
        let half_bytes = input.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let state =
            half_bytes.fold(self.updated, |key, half| step(&key, &self.plaintexts[usize::from(half)]));
        step(&state, &[0; 16])
    }

    /// The MAC of one block: whole, or empty and padded.
    fn mac(&self, block: Option<&[u8; 16]>) -> [u8; 16] {
        let subkey = u128::from_be_bytes(self.eval(&[0; 16]));
        let double = |value: u128| (value << 1) ^ (0x87 & 0u128.wrapping_sub(value >> 127));
        let last = match block {
            Some(block) => u128::from_be_bytes(*block) ^ double(subkey),
            None => (0x80 << 120) ^ double(double(subkey)),
        };
        self.eval(&last.to_be_bytes())
    }
}

/// What the standard asks for in LRP mode: LRICB of one block, two MACs.
fn bare_lrp(picc: &[u8; 24], mac: &[u8; 8], meta: &BareLrp, file: &BareLrp) -> bool {
    let (random, block) = picc.split_at(8);
    let mut plain = Array::try_from(block).expect("16 bytes");
    Aes128Dec::new(&meta.eval(random).into()).decrypt_block(&mut plain);
    let mut vector = [0; 16];
    vector[..4].copy_from_slice(&[0x00, 0x01, 0x00, 0x80]);
    vector[4..14].copy_from_slice(&plain[1..11]);
    vector[14..].copy_from_slice(&[0x1E, 0xE1]);
    let full = BareLrp::new(&file.mac(Some(&vector))).mac(None);
    (0..8).all(|i| full[2 * i + 1] == mac[i])
}

fn main() -> ExitCode {
    println!("hardware AES: {}", if aes::hardware_accelerated() { "yes" } else { "no" });
    let met = [mode(SdmMode::Aes), mode(SdmMode::Lrp), two_threads()];
    if met.iter().all(|met| *met) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One verification in this mode; tells whether the aims are met.
fn mode(mode: SdmMode) -> bool {
    let tag = SoftTag::new(TagUid::new(UID), template(), &secret(&FILE)).meta_read_key(&secret(&META));
    let url = tag.mode(mode).tap(&[0x77; 16]).expect("a tap");
    // The peer takes bytes at known offsets, so it is given the URL without any parsing.
    let peer_mode = match mode {
        SdmMode::Aes => CryptoMode::Aes,
        SdmMode::Lrp => CryptoMode::Lrp,
    };
    let plan =
        sdm_url_config("https://tap.example/t?p={picc}&c=[[{mac}", peer_mode, SdmUrlOptions::default())
            .expect("the peer's template");
    let shift = i32::try_from(plan.prefix_len).expect("small") - i32::try_from(plan.offset).expect("small");
    let peer = Verifier::try_new(&plan.sdm_settings, peer_mode)
        .ok()
        .and_then(|verifier| verifier.with_offset(shift))
        .expect("the peer's verifier");
    assert!(peer.verify_with_meta_key(url.as_bytes(), &FILE, &META).is_ok(), "the peer must agree");

    let with_template = keys(Layout::Template(template()));
    let by_shape = keys(Layout::default());
    // Bolt cards, whose key for this tag is derived at its first tap and kept.
    let issuer = Boltcard::new(&secret(&FILE));
    let [_, meta, file, ..] = issuer.card_keys(TagUid::new(UID), 0);
    let card = SoftTag::new(TagUid::new(UID), template(), &file).meta_read_key(&meta);
    let card_url = card.mode(mode).tap(&[0x77; 16]).expect("a tap");
    let derived = KeySet::boltcard(secret(&FILE)).layout(Layout::Template(template()));
    let derived = Keys::new([derived]).expect("one set");
    let forged = format!("{}0", &url[..url.len() - 1]);
    for (url, keys) in [(&url, &with_template), (&url, &by_shape), (&card_url, &derived)] {
        assert!(tap::verify(url, keys).is_ok());
    }

    let at = url.find("p=").expect("p") + 2;
    let (picc, mac) = (hex::<16>(&url[at..]), hex::<8>(&url[url.len() - 16..]));
    let (meta, file) = (Aes128Dec::new(&META.into()), Cmac::<Aes128>::new(&FILE.into()));
    let aes = mode == SdmMode::Aes;
    let picc_lrp = if aes { [0; 24] } else { hex::<24>(&url[at..]) };
    let kept = [&META, &FILE].map(BareLrp::new);
    let agrees = if aes { bare(&picc, &mac) } else { bare_lrp(&picc_lrp, &mac, &kept[0], &kept[1]) };
    assert!(agrees, "the bare calls must agree");
    let mut candidates = [
        Candidate::new("bare calls, keys as bytes", || {
            if aes {
                return bare(&picc, &mac);
            }
            bare_lrp(&picc_lrp, &mac, &BareLrp::new(&META), &BareLrp::new(&FILE))
        }),
        Candidate::new("bare calls, keys expanded before", || {
            if !aes {
                return bare_lrp(&picc_lrp, &mac, &kept[0], &kept[1]);
            }
            let mut plain = Array::from(picc);
            meta.decrypt_block(&mut plain);
            bare_macs(&plain.into(), file.clone(), &mac)
        }),
        Candidate::new("phygital, template", || tap::verify(&url, &with_template)),
        Candidate::new("phygital, layout by shape", || tap::verify(&url, &by_shape)),
        Candidate::new("phygital, template, derived key", || tap::verify(&card_url, &derived)),
        Candidate::new("phygital, template, forged MAC", || tap::verify(&forged, &with_template)),
        Candidate::new("ntag424 crate, offsets known", || {
            peer.verify_with_meta_key(url.as_bytes(), &FILE, &META)
        }),
    ];
    let times = medians(&mut candidates, BATCHES, if aes { CALLS } else { CALLS / 20 });
    println!("{:<40} {:>9} {:>8}", format!("one tap, {mode} mode"), "ns", "ratio");
    for (candidate, time) in candidates.iter().zip(&times) {
        println!("{:<40} {time:>9.1} {:>8.2}", candidate.name, time / times[0]);
    }
    let ours = times[2].max(times[3]).max(times[4]);
    // The peer knows the layout, so it stands beside those of ours that know it.
    let peer = times[6] / times[2].max(times[4]);
    let (bare_max, peer_min) = if aes { (RATIO_MAX, 1.3) } else { (RATIO_MAX, 3.0) };
    println!("aim: at most {bare_max} times the bare calls with keys as bytes, found {:.2}", ours / times[0]);
    println!(
        "aim: at least {peer_min} times as fast as the ntag424 crate, found {peer:.2} from a template\n"
    );
    ours <= bare_max * times[0] && peer >= peer_min
}

/// One ring shared by two threads, beside one thread; tells whether they get in each other's way.
fn two_threads() -> bool {
    let derived = KeySet::boltcard(secret(&FILE)).layout(Layout::Template(template()));
    let keys = Keys::new([derived]).expect("one set");
    let issuer = Boltcard::new(&secret(&FILE));
    println!("{:<40} {:>12} {:>12} {:>8}", "taps a second, 500 tags, derived keys", "one", "two", "ratio");
    let mut met = true;
    for mode in [SdmMode::Aes, SdmMode::Lrp] {
        let urls: Vec<String> = (0..500u16)
            .map(|number| {
                let [high, low] = number.to_be_bytes();
                let uid = TagUid::new([4, high, low, 1, 2, 3, 4]);
                let [_, meta, file, ..] = issuer.card_keys(uid, 0);
                let tag = SoftTag::new(uid, template(), &file).meta_read_key(&meta);
                tag.mode(mode).tap(&[0x77; 16]).expect("a tap")
            })
            .collect();
        let rounds = if mode == SdmMode::Aes { 600 } else { 30 };
        let run = |threads: usize| {
            let start = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        for url in (0..rounds).flat_map(|_| &urls) {
                            assert!(tap::verify(black_box(url), &keys).is_ok());
                        }
                    });
                }
            });
            (threads * rounds * urls.len()) as f64 / start.elapsed().as_secs_f64()
        };
        let mut runs: Vec<[f64; 2]> = (0..9).map(|_| [run(1), run(2)]).collect();
        let mut median = |at: usize| {
            runs.sort_by(|a, b| a[at].total_cmp(&b[at]));
            runs[runs.len() / 2][at]
        };
        let (one, two) = (median(0), median(1));
        println!("{:<40} {one:>12.0} {two:>12.0} {:>8.2}", format!("{mode} mode"), two / one);
        met &= two > one;
    }
    met
}
