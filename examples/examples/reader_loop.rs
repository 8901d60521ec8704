//! What is held to a reader, as taps: a tag that is held twice, lifted for a moment, and a reader whose cable is pulled.
//!
//! The reader and the tag are software and the clock is virtual, so nothing is needed and it ends at once. With a reader
//! on the counter, the backend is another one, the clock is the system's, and all else stays.
//!
//! ```sh
//! cargo run -p phygital-examples --example reader_loop
//! ```
#![allow(clippy::print_stdout, reason = "an example speaks to people")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use phygital_core::crypto::Secret;
use phygital_core::tap::tag_setup::{SdmRights, TagSetup};
use phygital_core::tap::{KeySet, Keys, SdmMode, Verifier};
use phygital_core::vocab::Timestamp;
use phygital_reader::{Clock, ReaderName, TapEvent, TapLoop, VirtualClock};
use phygital_sim::{MemoryBackend, Ntag424, SharedCard};

fn main() -> Result<(), Box<dyn Error>> {
    let clock = VirtualClock::new();
    let backend = MemoryBackend::with_clock(clock.clone());
    plan(&clock, &backend, tag()?);

    let keys = Keys::new([KeySet::explicit(key(2)).meta_read_key(key(3))])?;
    let verifier = Arc::new(Verifier::new().sun(Arc::new(keys)));
    let opening = Timestamp::parse("2026-11-21T09:00:00Z")?;
    let wall = clock.clone();
    let mut taps = TapLoop::new(backend, ReaderName::new("counter"), verifier)
        .clock(clock.clone())
        .wall_clock(move || opening.saturating_add(wall.now()));

    while clock.now() < Duration::from_secs(20) {
        if let Some(event) = taps.turn() {
            println!("{:6.2} s  {}", clock.now().as_secs_f64(), told(&event));
        }
    }
    Ok(())
}

/// What happens at the counter.
fn plan(clock: &VirtualClock, backend: &MemoryBackend, tag: Ntag424) {
    let (field, tag) = (backend.plug("counter"), SharedCard::new(tag));
    // Held, lifted for a moment, and held again later.
    for (from, to) in [(1_000, 2_000), (2_600, 4_000), (8_000, 9_000)] {
        let (put, take, tag) = (field.clone(), field.clone(), tag.clone());
        clock.at(Duration::from_millis(from), move || drop(put.put(tag)));
        clock.at(Duration::from_millis(to), move || drop(take.take()));
    }
    let (pulled, back) = (backend.clone(), backend.clone());
    clock.at(Duration::from_secs(12), move || pulled.unplug("counter"));
    clock.at(Duration::from_secs(15), move || drop(back.plug("counter")));
}

fn told(event: &TapEvent) -> String {
    match event {
        TapEvent::ReaderUp => "the reader is there".into(),
        TapEvent::ReaderDown { error, retry_in } => format!("{error}; again in {retry_in:?}"),
        TapEvent::Tap(tap) | TapEvent::SameAgain(tap) => {
            let kind = if matches!(event, TapEvent::Tap(_)) { "a tap" } else { "the same again" };
            match &tap.verdict().outcome {
                Ok(proof) => {
                    let counter = proof.read_ctr().map(|counter| counter.get());
                    format!("{kind}: {}, {}, read {counter:?}", proof.scheme(), proof.assurance())
                }
                Err(refusal) => format!("{kind}, refused: {refusal}"),
            }
        }
        TapEvent::Unreadable { why } => format!("cannot be read: {why}"),
        TapEvent::CardGone => "it left".into(),
        other => format!("{other:?}"),
    }
}

/// A tag of the shop: its URL brings its UID and counter, encrypted, and a MAC.
fn tag() -> Result<Ntag424, Box<dyn Error>> {
    let template = "tap.example/?p={mac_input}{picc}&c={mac}".parse()?;
    let setup = TagSetup::new(template, SdmMode::Aes, 0, SdmRights::new(2, 1))?;
    Ok(Ntag424::personalised("04a1b2c3d4e5f6".parse()?, 7, &setup, [1, 2, 3, 4, 5].map(key)))
}

fn key(byte: u8) -> Secret<16> {
    Secret::take(&mut [byte; 16])
}
