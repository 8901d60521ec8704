//! One SUN verification beside the bare cipher calls for the same message and beside the `ntag424` crate.
//!
//! `cargo bench --manifest-path benches/Cargo.toml --bench sun`. All candidates run in one process, in interleaved batches; the
//! figures are medians, and the ratios are to the bare calls of the same run.

use std::process::ExitCode;

use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use aes::{Aes128, Aes128Dec};
use cmac::{Cmac, Mac};
use ntag424::sdm::{SdmUrlOptions, Verifier, sdm_url_config};
use ntag424::types::file_settings::CryptoMode;
use phygital_benches::{Candidate, medians};
use phygital_core::crypto::Secret;
use phygital_core::tap::{self, KeySet, Keys, Layout, MacInput, MacStart, UrlTemplate, simulator::SoftTag};
use phygital_core::vocab::tag::TagUid;

const BATCHES: usize = 31;
const CALLS: u32 = 20_000;
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

fn main() -> ExitCode {
    let mut tag = SoftTag::new(TagUid::new(UID), template(), &secret(&FILE)).meta_read_key(&secret(&META));
    let url = tag.tap(&[0x77; 16]).expect("a tap");
    let at = url.find("p=").expect("p") + 2;
    let (picc, mac) = (hex::<16>(&url[at..]), hex::<8>(&url[at + 32 + 3..]));
    assert!(bare(&picc, &mac), "the bare calls must agree");

    // The peer takes bytes at known offsets, so it is given the URL without any parsing.
    let plan =
        sdm_url_config("https://tap.example/t?p={picc}&c=[[{mac}", CryptoMode::Aes, SdmUrlOptions::default())
            .expect("the peer's template");
    let shift = i32::try_from(plan.prefix_len).expect("small") - i32::try_from(plan.offset).expect("small");
    let peer = Verifier::try_new(&plan.sdm_settings, CryptoMode::Aes)
        .ok()
        .and_then(|verifier| verifier.with_offset(shift))
        .expect("the peer's verifier");
    assert!(peer.verify_with_meta_key(url.as_bytes(), &FILE, &META).is_ok(), "the peer must agree");

    let with_template = keys(Layout::Template(template()));
    let by_shape = keys(Layout::default());
    let diversified = Keys::new([KeySet::diversified(secret(&FILE), 2, b"shop")
        .expect("a short system id")
        .meta_read_key(secret(&META))
        .layout(Layout::Template(template()))])
    .expect("one set");
    let meta = Aes128Dec::new(&META.into());
    let file = Cmac::<Aes128>::new(&FILE.into());
    let forged = format!("{}0", &url[..url.len() - 1]);
    assert!(tap::verify(&url, &with_template).is_ok() && tap::verify(&url, &by_shape).is_ok());

    let mut candidates = [
        Candidate::new("bare aes + cmac, keys as bytes", || bare(&picc, &mac)),
        Candidate::new("bare aes + cmac, keys expanded before", || {
            let mut plain = Array::from(picc);
            meta.decrypt_block(&mut plain);
            bare_macs(&plain.into(), file.clone(), &mac)
        }),
        Candidate::new("phygital, template", || tap::verify(&url, &with_template)),
        Candidate::new("phygital, layout by shape", || tap::verify(&url, &by_shape)),
        Candidate::new("phygital, template, diversified key", || tap::verify(&url, &diversified).is_err()),
        Candidate::new("phygital, template, forged MAC", || tap::verify(&forged, &with_template)),
        Candidate::new("ntag424 crate, offsets known", || {
            peer.verify_with_meta_key(url.as_bytes(), &FILE, &META)
        }),
    ];
    let times = medians(&mut candidates, BATCHES, CALLS);
    println!("hardware AES: {}", aes_is_accelerated());
    println!("{:<40} {:>9} {:>8}", "one tap", "ns", "ratio");
    for (candidate, time) in candidates.iter().zip(&times) {
        println!("{:<40} {time:>9.1} {:>8.2}", candidate.name, time / times[0]);
    }
    let worst = times[2].max(times[3]) / times[0];
    println!("aim: at most {RATIO_MAX} times the bare calls with keys as bytes, found {worst:.2}");
    println!(
        "aim: faster than the ntag424 crate, found {:.2} of its time",
        times[2].max(times[3]) / times[6]
    );
    if worst <= RATIO_MAX { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn aes_is_accelerated() -> &'static str {
    if aes::hardware_accelerated() { "yes" } else { "no" }
}
