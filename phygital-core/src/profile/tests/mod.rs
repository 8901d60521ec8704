//! Laws and examples of profiles and cards.

#![allow(clippy::unwrap_used, reason = "tests")]

mod cards;
mod folds;
mod laws;
mod limits;

use super::{CardRequest, CustomerCard, Permission, Profile, Role, card};
use crate::event::kinds::commerce::OrderSums;
use crate::event::{Body, Event, FoldKey, Origin, Product, Recorded};
use crate::vocab::{CustomerId, DeviceId, EventId, EventKey, Hlc, Money, OrderId, SourceId, Timestamp};

/// So many minutes after the first of January 2026.
fn minute(minutes: i64) -> Timestamp {
    let start = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    Timestamp::from_micros(start.as_micros() + minutes * 60_000_000).unwrap()
}

fn event(minutes: i64, id: &str, body: impl Into<Body>) -> Event {
    Event::new(SourceId::new("//shop.example").unwrap(), EventId::new(id).unwrap(), minute(minutes), body)
}

fn recorded(event: Event) -> Recorded {
    let hlc = Hlc::ZERO.tick(minute(600_000)).unwrap();
    let origin = Origin { device: DeviceId::from_bytes([1; 16]), epoch: 1, seq: 1 };
    Recorded { fold: FoldKey::of(&event, hlc), event, origin, hlc, received_at: minute(600_000) }
}

/// Folds the events in the order of their [`FoldKey`]s.
fn fold(events: impl IntoIterator<Item = Event>) -> Profile {
    let mut events: Vec<Recorded> = events.into_iter().map(recorded).collect();
    events.sort_by_key(|event| event.fold);
    let mut profile = Profile::default();
    for event in &events {
        assert!(profile.follows(event.fold));
        profile.apply(event);
        assert!(!profile.follows(event.fold));
    }
    profile
}

/// Folds bodies, one a minute, at a place or none.
fn story<B: Into<Body>>(place: Option<&str>, bodies: impl IntoIterator<Item = B>) -> Profile {
    fold(bodies.into_iter().enumerate().map(|(at, body)| {
        let mut event = event(i64::try_from(at).unwrap(), &format!("e-{at:04}"), body);
        event.place = place.map(|place| place.parse().unwrap());
        event
    }))
}

fn json(profile: &Profile) -> String {
    serde_json::to_string(profile).unwrap()
}

fn product(sku: &str) -> Product {
    Product { sku: Some(sku.to_owned()), ..Product::default() }
}

fn order_id(id: &str) -> OrderId {
    OrderId::new(id).unwrap()
}

/// An order of that revenue in euro cents.
fn sums(minor: i64, products: &[&str]) -> OrderSums {
    OrderSums {
        revenue: Some(euro(minor)),
        products: products.iter().map(|sku| product(sku)).collect(),
        ..OrderSums::default()
    }
}

fn euro(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

/// A kind of event with its flattened part.
macro_rules! with {
    ($kind:expr, $($field:ident = $value:expr),* $(,)?) => {{
        let mut kind = $kind;
        $(kind.$field = $value;)*
        kind
    }};
}
use with;

fn request(role: Role, now: Timestamp) -> CardRequest {
    let permission = Permission::Granted { proofs: vec![EventKey::from_bytes([9; 16])] };
    CardRequest::new(CustomerId::from_bytes([7; 16]), role, now, permission)
}

fn show(profile: &Profile, role: Role, now: Timestamp) -> CustomerCard {
    card(profile, &request(role, now))
}
