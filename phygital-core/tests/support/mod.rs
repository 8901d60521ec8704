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

/// Events of a small shop, made from a few numbers.
pub fn shop(choices: &[(u8, u8, u8, u8)]) -> Vec<Event> {
    let identifiers = |n: u8| {
        const ALL: [&str; 10] = [
            "loyalty:L-1",
            "loyalty:L-2",
            "login:ada",
            "phone:+33612345678",
            "phone:+33687654321",
            "email:ada@shop.example",
            "cookie:c-1",
            "cookie:c-2",
            "tag_visitor:v-1",
            "email:test@test.com",
        ];
        ALL[usize::from(n) % ALL.len()]
    };
    let one = |(index, &(kind, first, second, when)): (usize, &(u8, u8, u8, u8))| {
        let id = format!("e-{index}");
        let (a, b) = (identifiers(first), identifiers(second));
        let seconds = i64::from(when);
        let sku = format!(r#"{{"sku":"S-{}","price":{when}.5,"currency":"EUR"}}"#, first % 3);
        let order = format!(
            r#"{{"order_id":"o-{}","revenue":{when}.25,"currency":"EUR","products":[{sku}]}}"#,
            second % 4
        );
        match kind % 14 {
            0 => event(&id, "page_viewed", seconds, &[a], "{}"),
            1 => event(&id, "product_viewed", seconds, &[a], &sku),
            2 => {
                let name = ["Ada", "Grace", "Gracie"][usize::from(when % 3)];
                let said = format!(r#"{{"firstName":"{name}"}}"#);
                let mut seen = event(&id, "user_identified", seconds, &[a, b], &said);
                if second % 3 == 0 {
                    // On her own phone, which shows its zone.
                    (seen.place, seen.zone) = (None, "Asia/Kolkata".parse().ok());
                }
                seen
            }
            3 => event(&id, "order_completed", seconds, &[a, b], &order),
            4 => {
                event(&id, "order_refunded", seconds, &[a], &format!(r#"{{"order_id":"o-{}"}}"#, second % 4))
            }
            5 => event(&id, "product_added", seconds, &[a], &sku),
            6 if a != b => event(&id, "identifiers_separated", seconds, &[a, b], "{}"),
            7 if a != b => event(&id, "identifiers_linked", seconds, &[a, b], "{}"),
            8 => {
                let grant = format!(
                    r#"{{"contact":"{a}","purposes":["personalization","recognition"],"method":"web"}}"#
                );
                event(&id, "opted_in", seconds, &[], &grant)
            }
            9 => {
                // Often together with another identifier, and not always of everything.
                let named = if second % 3 == 0 { vec![] } else { vec![b] };
                let purposes = if first > 200 { r#","purposes":["marketing"]"# } else { "" };
                event(&id, "opted_out", seconds, &named, &format!(r#"{{"contact":"{a}"{purposes}}}"#))
            }
            10 if second % 3 == 0 => {
                let zone = ["Europe/Paris", "America/Chicago", ""][usize::from(when % 3)];
                let said = format!(r#"{{"attribute":"time_zone","value":"{zone}"}}"#);
                event(&id, "attribute_stated", seconds, &[a, b], &said)
            }
            10 => {
                let said =
                    format!(r#"{{"attribute":"size.shoes","value":"{when}","sentence":"I take {when}"}}"#);
                event(&id, "attribute_stated", seconds, &[a], &said)
            }
            11 => {
                let mut seen = event(&id, "page_viewed", seconds, &[a, b], "{}");
                seen.context.extra.set("gpc", "1").unwrap();
                seen
            }
            12 => {
                let says = ["contact_suppressed", "suppression_lifted"][usize::from(second % 2)];
                event(&id, says, seconds, &[], &format!(r#"{{"contact":"{a}","cause":"carrier"}}"#))
            }
            13 => event(&id, "contact_reassigned", seconds, &[], &format!(r#"{{"contact":"{a}"}}"#)),
            _ => event(&id, "visit_started", seconds, &[a], "{}"),
        }
    };
    choices.iter().enumerate().map(one).collect()
}
