//! What the engine's tests share: an engine over memory, seeded randomness, short ways to events.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its share")]

use phygital_core::engine::{Config, Engine, EntropyError};
use phygital_core::event::{CodecOptions, Event};
use phygital_core::store::{Memory, Store};
use phygital_core::tap::Keys;
use phygital_core::vocab::{Identifier, Timestamp};

/// The moment at which tests begin.
pub const START: &str = "2026-03-02T09:00:00Z";

/// So many seconds after the start.
pub fn at(seconds: i64) -> Timestamp {
    let start = Timestamp::parse(START).unwrap();
    Timestamp::from_micros(start.as_micros() + seconds * 1_000_000).unwrap()
}

/// Randomness that is the same each time: a counter, spread by a multiplication.
pub fn entropy() -> impl FnMut(&mut [u8]) -> Result<(), EntropyError> + Send {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (state >> 56) as u8;
        }
        Ok(())
    }
}

pub fn config() -> Config {
    Config::default().with_tenant([7; 32]).with_brand("Maison Ada")
}

pub fn engine() -> Engine<Memory> {
    over(Memory::new())
}

pub fn over<S: Store>(store: S) -> Engine<S> {
    Engine::open(store, config(), Keys::none(), entropy()).unwrap()
}

/// An event from its kind, time, identifiers and properties.
pub fn event(id: &str, kind: &str, seconds: i64, identifiers: &[&str], properties: &str) -> Event {
    let identifiers: Vec<String> = identifiers.iter().map(|text| format!("{text:?}")).collect();
    let json = format!(
        r#"{{"specversion":"1.0","id":{id:?},"source":"//test","type":"com.phygital.{kind}","time":"{}",
           "data":{{"identifiers":[{}],"place":"paris-1","properties":{properties}}}}}"#,
        at(seconds),
        identifiers.join(","),
    );
    Event::from_json(&json, &CodecOptions::default()).unwrap()
}

pub fn identifier(text: &str) -> Identifier {
    text.parse().unwrap()
}
