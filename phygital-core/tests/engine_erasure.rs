//! Linking that is withdrawn, and identifiers and people that are erased: all is as if it had never been seen.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use phygital_core::engine::{Engine, Error, change_of};
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::identity::resolver::ProfileChange;
use phygital_core::profile::Role;
use phygital_core::store::{Memory, Read, Store, Write};
use phygital_core::vocab::{CustomerId, Identifier, IdentifierKey, TenantKey};
use proptest::prelude::*;
use support::{at, engine, event, identifier, over, shop};

/// All that is folded, but for the tombstones.
fn rows(engine: &Engine<Memory>) -> Vec<String> {
    let mut rows = Vec::new();
    let reader = engine.store().reader().unwrap();
    reader
        .each_folded(&mut |table, row| {
            if table != "erased" {
                rows.push(format!("{table}: {row}"));
            }
        })
        .unwrap();
    rows
}

fn whose(engine: &Engine<Memory>, one: &str) -> Option<CustomerId> {
    engine.people().find(&identifier(one)).unwrap()
}

fn log(engine: &mut Engine<Memory>) -> Vec<Option<String>> {
    let entries = engine.log().entries(0, usize::MAX).unwrap();
    entries.into_iter().map(|(_, entry)| entry.payload.map(|sealed| sealed.content)).collect()
}

fn record(engine: &mut Engine<Memory>, events: &[Event]) {
    for one in events {
        engine.record(one.clone(), at(10_000)).unwrap();
    }
}

/// A visitor who becomes known, and has a past.
fn ada() -> Vec<Event> {
    let viewed = |id: &str, at: i64, sku: &str| {
        event(id, "product_viewed", at, &["cookie:c-1"], &format!(r#"{{"sku":"{sku}"}}"#))
    };
    vec![
        viewed("e-1", 1, "BOOT-38"),
        event(
            "e-2",
            "user_identified",
            2,
            &["cookie:c-1", "email:ada@shop.example"],
            r#"{"firstName":"Ada"}"#,
        ),
        event(
            "e-3",
            "order_completed",
            3,
            &["email:ada@shop.example", "loyalty:L-1"],
            r#"{"order_id":"o-1","revenue":20,"currency":"EUR"}"#,
        ),
        viewed("e-4", 4, "SOCK"),
    ]
}

fn says(purposes: &str, id: &str, at: i64, given: bool) -> Event {
    let contact = "email:ada@shop.example";
    match given {
        true => {
            let said = format!(r#"{{"contact":"{contact}","purposes":[{purposes}],"method":"web"}}"#);
            event(id, "opted_in", at, &[], &said)
        }
        false => {
            let said = format!(r#"{{"contact":"{contact}","purposes":[{purposes}]}}"#);
            event(id, "opted_out", at, &[], &said)
        }
    }
}

#[test]
fn what_a_visitor_did_is_hers_once_she_is_known_and_given_back_when_linking_is_withdrawn() {
    let mut engine = engine();
    record(&mut engine, &ada());
    let card = |engine: &Engine<Memory>, one: &str| {
        let customer = whose(engine, one).unwrap();
        serde_json::to_string(&engine.people().card(customer, Role::Associate, at(20_000)).unwrap()).unwrap()
    };
    record(&mut engine, &[says(r#""personalization","recognition""#, "c-1", 5, true)]);
    let known = card(&engine, "loyalty:L-1");
    assert!(known.contains("BOOT-38") && known.contains("SOCK") && known.contains("o-1"), "{known}");
    assert_eq!(whose(&engine, "loyalty:L-1"), whose(&engine, "cookie:c-1"));

    record(&mut engine, &[says(r#""recognition""#, "c-2", 6, false)]);
    let all = ["cookie:c-1", "email:ada@shop.example", "loyalty:L-1"].map(|one| whose(&engine, one).unwrap());
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 3, "nothing that names the address links");
    let alone = card(&engine, "email:ada@shop.example");
    assert!(!alone.contains("BOOT-38") && !alone.contains("SOCK"), "{alone}");
    let told = log(&mut engine).into_iter().flatten();
    let told = told.filter_map(|one| change_of(&Event::from_json(&one, &CodecOptions::default()).unwrap()));
    let parts = told.filter(|change| matches!(change, ProfileChange::Split { .. })).count();
    assert_eq!(parts, 2, "whoever keeps customers hears of it");

    record(&mut engine, &[says(r#""recognition""#, "c-3", 7, true)]);
    let again = card(&engine, "loyalty:L-1");
    assert!(again.contains("BOOT-38") && again.contains("o-1"), "{again}");
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_withdrawal_of_something_else_parts_nobody() {
    let mut engine = engine();
    record(&mut engine, &ada());
    record(&mut engine, &[says(r#""marketing""#, "c-1", 5, false)]);
    assert_eq!(whose(&engine, "email:ada@shop.example"), whose(&engine, "cookie:c-1"));
    record(&mut engine, &[says("", "c-2", 6, false)]);
    assert_ne!(whose(&engine, "email:ada@shop.example"), whose(&engine, "cookie:c-1"), "no purpose is all");
}

#[test]
fn what_names_somebody_who_took_linking_back_is_hers_whoever_shares_what() {
    let events = [
        event("e-1", "opted_out", 0, &["loyalty:L-2"], r#"{"contact":"login:ada"}"#),
        event("e-2", "page_viewed", 1, &["loyalty:L-1"], "{}"),
        event("e-3", "user_identified", 2, &["loyalty:L-1", "loyalty:L-2"], r#"{"firstName":"Ada"}"#),
    ];
    let all = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]].map(|order| {
        let mut engine = engine();
        for index in order {
            engine.record(events[index].clone(), at(10_000)).unwrap();
        }
        rows(&engine)
    });
    assert!(all.iter().all(|one| *one == all[0]), "two loyalty numbers together share each other");
}

#[test]
fn an_erased_identifier_is_nowhere_and_does_not_come_back() {
    let mut engine = engine();
    record(&mut engine, &ada());
    record(&mut engine, &[says(r#""marketing""#, "c-1", 5, true)]);
    let address = identifier("email:ada@shop.example");
    let length = engine.log().len().unwrap();
    let erased = engine.erase_identifier(&address, at(10_001)).unwrap();
    assert_eq!((erased.identifiers, erased.struck, erased.emptied), (1, 2, 1));
    assert!(log(&mut engine).iter().flatten().all(|one| !one.contains("ada@shop")));
    assert_eq!(engine.people().find(&address).unwrap(), None);
    assert_eq!(engine.consents().ledger(&address).unwrap(), None);
    assert_ne!(whose(&engine, "cookie:c-1"), whose(&engine, "loyalty:L-1"), "it had tied them");
    assert!(engine.log().check().unwrap() > length);

    // A replay, a new event, a new consent: nothing brings it back, and none is refused.
    record(&mut engine, &ada());
    record(&mut engine, &[says(r#""marketing""#, "c-1", 5, true), says(r#""marketing""#, "c-9", 9, true)]);
    record(&mut engine, &[event("e-9", "page_viewed", 9, &["email:ada@shop.example", "cookie:c-9"], "{}")]);
    assert!(log(&mut engine).iter().flatten().all(|one| !one.contains("ada@shop")));
    assert_eq!(engine.people().find(&address).unwrap(), None);
    assert!(whose(&engine, "cookie:c-9").is_some(), "the rest of the event stands");
    let again = engine.erase_identifier(&address, at(10_002)).unwrap();
    assert_eq!((again.identifiers, again.struck, again.emptied), (0, 0, 0));
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);

    // Nor does opening the store again.
    let mut engine = over(engine.into_store());
    record(&mut engine, &ada());
    assert_eq!(engine.people().find(&address).unwrap(), None);
}

#[test]
fn an_erased_person_leaves_what_others_share() {
    let mut engine = engine();
    let tablet = "device:tablet-1";
    let mut events = ada();
    for n in 1..=4 {
        let named = [tablet, &*format!("loyalty:L-{n}")];
        events.push(event(&format!("t-{n}"), "visit_started", 5 + n, &named, "{}"));
    }
    record(&mut engine, &events);
    let her = whose(&engine, "loyalty:L-1").unwrap();
    let nobody = CustomerId::from_bytes([1; 16]);
    assert!(matches!(engine.erase_customer(nobody, at(10_000)), Err(Error::Unknown(_))));
    let erased = engine.erase_customer(her, at(10_001)).unwrap();
    assert_eq!((erased.identifiers, erased.struck, erased.emptied), (3, 0, 5));
    for one in ["cookie:c-1", "email:ada@shop.example", "loyalty:L-1"] {
        assert_eq!(whose(&engine, one), None, "{one}");
    }
    assert!(whose(&engine, tablet).is_some() && whose(&engine, "loyalty:L-2").is_some());
    assert!(log(&mut engine).iter().flatten().all(|one| !one.contains("BOOT-38") && !one.contains("Ada")));
    let ended = log(&mut engine).into_iter().flatten().any(|one| {
        let told = change_of(&Event::from_json(&one, &CodecOptions::default()).unwrap());
        told == Some(ProfileChange::Ended { profile: her })
    });
    assert!(ended, "whoever keeps customers hears that she is gone");
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_payload_that_nothing_says_was_struck_breaks_the_log() {
    let mut first = engine();
    record(&mut first, &ada());
    let key = ada()[0].key();
    let mut store = first.into_store();
    let mut sealed = store.reader().unwrap().entry(&key).unwrap().unwrap().payload.unwrap();
    sealed.content = sealed.content.replace("BOOT-38", "BOOT-39");
    let mut writer = store.writer().unwrap();
    writer.strike(&key, Some(&sealed)).unwrap();
    writer.commit().unwrap();
    let mut engine = over(store);
    assert!(matches!(engine.log().check(), Err(Error::Chain(_))), "its own digest is not enough");
}

/// The events as a shop would have recorded them that never saw some identifiers; none of what is about them.
fn never_seen(events: &[Event], gone: &[Identifier]) -> Vec<Event> {
    let is_gone = |one: &Identifier| gone.contains(one);
    let left = events.iter().filter_map(|event| {
        let mut left = event.clone();
        let contact = match &event.body {
            Body::OptedIn(said) => Some(&said.contact),
            Body::OptedOut(said) => Some(&said.contact),
            _ => None,
        };
        left.identifiers.retain(|one| !is_gone(one));
        let ruling = matches!(event.body, Body::IdentifiersLinked(_) | Body::IdentifiersSeparated(_));
        let lost = event.identifiers.len() > left.identifiers.len();
        let nobody = contact.is_none() && left.identifiers.is_empty() || ruling && left.identifiers.len() < 2;
        let is_struck = contact.is_some_and(is_gone) || lost && nobody;
        (!is_struck).then_some(left)
    });
    left.collect()
}

fn key(one: &Identifier) -> IdentifierKey {
    one.key(&TenantKey::new(&[7; 32]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The law of erasure: the state is that of a shop that never saw the identifiers, row by row, and stays so whatever
    /// is sent again.
    #[test]
    fn erasing_is_never_having_seen(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0u8..60), 1..24),
        erased in prop::collection::vec(any::<prop::sample::Index>(), 1..3),
        at_once in any::<bool>(),
    ) {
        let events = shop(&choices);
        let all: Vec<Identifier> =
            events.iter().flat_map(|event| &event.identifiers).cloned().collect::<BTreeSet<_>>().into_iter().collect();
        prop_assume!(!all.is_empty());
        let gone: Vec<Identifier> = erased.iter().map(|index| index.get(&all).clone()).collect();
        let gone: Vec<Identifier> =
            gone.into_iter().filter(|one| !phygital_core::identity::Rules::default().is_blocked(one)).collect();
        let mut engine = engine();
        if at_once {
            record(&mut engine, &events);
            for one in &gone {
                engine.erase_identifier(one, at(10_000)).unwrap();
            }
        } else {
            // Half of it comes after the tombstones.
            record(&mut engine, &events[..events.len() / 2]);
            for one in &gone {
                engine.erase_identifier(one, at(10_000)).unwrap();
            }
            record(&mut engine, &events[events.len() / 2..]);
        }
        let mut never = support::engine();
        record(&mut never, &never_seen(&events, &gone));
        prop_assert_eq!(rows(&engine), rows(&never));
        record(&mut engine, &events);
        prop_assert_eq!(rows(&engine), rows(&never));
        prop_assert!(gone.iter().all(|one| engine.store().reader().unwrap().is_erased(&key(one)).unwrap()));
        let rebuilt = engine.log().rebuild(true, |_| {}).unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
        let length = engine.log().len().unwrap();
        prop_assert_eq!(engine.log().check().unwrap(), length);
    }

    /// A person erased leaves a state that is that of the log, and none of her identifiers.
    #[test]
    fn erasing_a_person_leaves_what_the_log_says(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0u8..60), 1..24),
        who in any::<prop::sample::Index>(),
    ) {
        let events = shop(&choices);
        let mut engine = engine();
        record(&mut engine, &events);
        let named: Vec<Identifier> = events.iter().flat_map(|event| event.identifiers.clone()).collect();
        let found: Vec<CustomerId> =
            named.iter().filter_map(|one| engine.people().find(one).unwrap()).collect();
        prop_assume!(!found.is_empty());
        let her = *who.get(&found);
        engine.erase_customer(her, at(10_000)).unwrap();
        let left = rows(&engine);
        engine.log().rebuild(true, |_| {}).unwrap();
        prop_assert_eq!(left, rows(&engine));
        let gone: BTreeSet<IdentifierKey> = named.iter().map(key).collect();
        let reader = engine.store().reader().unwrap();
        let gone = gone.into_iter().filter(|key| reader.is_erased(key).unwrap()).collect::<BTreeSet<_>>();
        prop_assert!(!gone.is_empty());
        prop_assert!(gone.iter().all(|key| reader.node(key).unwrap().is_none()));
    }
}
