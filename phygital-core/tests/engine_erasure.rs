//! Linking that is withdrawn, and identifiers and people that are erased: all is as if it had never been seen.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use phygital_core::consent::{Catalogue, Reason};
use phygital_core::engine::{Engine, Error, ExtensionRefusal, OpenRequest, Receipt, change_of};
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::identity::resolver::ProfileChange;
use phygital_core::machine::Outcome;
use phygital_core::profile::Role;
use phygital_core::rules::RuleBook;
use phygital_core::store::{Memory, Read, Store, Write};
use phygital_core::tap::Keys;
use phygital_core::vocab::limits::EXTENSION_REASON_BYTES_MAX;
use phygital_core::vocab::{
    ActionId, CustomerId, Identifier, IdentifierKey, Purpose, Right, SuppressionCause, TenantKey,
};
use proptest::prelude::*;
use support::{at, config, engine, entropy, event, identifier, over, shop};

/// All that is folded, but for the tombstones and what they keep.
fn rows(engine: &Engine<Memory>) -> Vec<String> {
    let mut rows = Vec::new();
    let reader = engine.store().reader().unwrap();
    reader
        .each_folded(&mut |table, row| {
            let kept = table == "consent" && row.contains(r#""cause":"erasure""#);
            if table != "erased" && !kept {
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
fn whoever_opted_out_stays_so_after_an_erasure() {
    let mut engine = engine();
    let address = identifier("email:ada@shop.example");
    record(&mut engine, &ada());
    record(&mut engine, &[says(r#""marketing""#, "c-1", 5, false)]);
    engine.erase_identifier(&address, at(10_001)).unwrap();
    let ask =
        |engine: &Engine<Memory>, purpose| engine.consents().permits(purpose, &address, at(20_000)).unwrap();
    let marketing = ask(&engine, Purpose::Marketing);
    assert_eq!((&marketing.reasons[..], marketing.allowed), (&[Reason::Suppressed][..], false));
    assert_eq!(marketing.suppressed_by, [SuppressionCause::Erasure]);
    assert!(ask(&engine, Purpose::Service).allowed, "she had not left that");
    let told = log(&mut engine).into_iter().flatten().chain(rows(&engine)).collect::<String>();
    assert!(!told.contains("ada@shop"), "by a key alone");

    // A till that was offline knew more: she had left everything.
    record(&mut engine, &[says("", "c-2", 6, false), says(r#""marketing""#, "c-3", 7, true)]);
    assert_eq!(ask(&engine, Purpose::Service).reasons, [Reason::Suppressed]);
    let length = engine.log().len().unwrap();
    record(&mut engine, &[says("", "c-2", 6, false)]);
    engine.erase_identifier(&address, at(10_003)).unwrap();
    assert_eq!(engine.log().len().unwrap(), length, "nothing more to say");
    assert_eq!(ask(&engine, Purpose::Marketing).reasons, [Reason::Suppressed]);
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);

    let other = identifier("phone:+33612345678");
    engine.erase_identifier(&other, at(10_004)).unwrap();
    assert!(engine.consents().permits(Purpose::Service, &other, at(20_000)).unwrap().allowed);
}

#[test]
fn whoever_got_her_data_is_told_and_the_notice_goes_too() {
    let catalogue = r#"{"recipients": [{"id": "ads", "name": "Ads"}, {"id": "mail", "name": "Mail"}]}"#;
    let config = support::config().with_catalogue(Catalogue::from_json(catalogue).unwrap());
    let mut engine = Engine::open(Memory::new(), config, Keys::none(), support::entropy()).unwrap();
    record(&mut engine, &ada());
    let her = whose(&engine, "loyalty:L-1").unwrap();
    let erased = engine.erase_customer(her, at(10_001)).unwrap();
    assert_eq!((erased.identifiers, erased.notices), (3, 2));
    let waiting = engine.actions().due(None, 10, at(10_002)).unwrap();
    let mut texts: Vec<serde_json::Value> = waiting
        .iter()
        .map(|one| serde_json::from_str(one.text.as_ref().unwrap().reveal()).unwrap())
        .collect();
    texts.sort_by_key(|one| one["recipient"].to_string());
    assert_eq!(
        texts.iter().map(|one| one["recipient"].as_str().unwrap()).collect::<Vec<_>>(),
        ["ads", "mail"]
    );
    assert_eq!((&texts[0]["request"], &texts[0]["customer"]), (&"erasure".into(), &her.to_string().into()));
    assert_eq!(
        texts[1]["identifiers"],
        serde_json::json!(["loyalty:L-1", "email:ada@shop.example", "cookie:c-1"])
    );
    assert!(log(&mut engine).iter().flatten().any(|one| one.contains("ada@shop")), "till they were told");
    for action in &waiting {
        engine.actions().acknowledge(&action.id, Outcome::Delivered, at(10_003)).unwrap();
        engine.actions().acknowledge(&action.id, Outcome::Delivered, at(10_004)).unwrap();
    }
    assert!(log(&mut engine).iter().flatten().all(|one| !one.contains("ada@shop")));
    assert!(engine.actions().waiting(None, 10).unwrap().is_empty());
    let length = engine.log().len().unwrap();
    assert_eq!(engine.log().check().unwrap(), length);
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_signal_that_an_erased_page_view_brought_is_forgotten() {
    let mut engine = engine();
    let seen = |id: &str, at: i64, named: &[&str]| {
        let mut page = event(id, "page_viewed", at, named, "{}");
        page.context.extra.set("gpc", "true").unwrap();
        page
    };
    let tablet = "device:tablet-1";
    let mut events = vec![seen("p-1", 1, &[tablet, "loyalty:L-1"])];
    for n in 2..=4 {
        events.push(event(
            &format!("t-{n}"),
            "visit_started",
            5,
            &[tablet, &*format!("loyalty:L-{n}")],
            "{}",
        ));
    }
    record(&mut engine, &events);
    let sold = |engine: &Engine<Memory>, one: &str| {
        engine.consents().permits(Purpose::Advertising, &identifier(one), at(20_000)).unwrap().reasons[0]
    };
    assert_eq!([sold(&engine, tablet), sold(&engine, "loyalty:L-1")], [Reason::Withdrawn; 2]);
    let her = whose(&engine, "loyalty:L-1").unwrap();
    engine.erase_customer(her, at(10_001)).unwrap();
    assert_eq!(sold(&engine, tablet), Reason::NeverAsked);
    assert_eq!(sold(&engine, "loyalty:L-1"), Reason::Suppressed);
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
        let contact = event.body.whom();
        left.identifiers.retain(|one| !is_gone(one));
        let ruling = matches!(event.body, Body::IdentifiersLinked(_) | Body::IdentifiersSeparated(_));
        let lost = event.identifiers.len() > left.identifiers.len();
        let nobody = contact.is_none() && left.identifiers.is_empty() || ruling && left.identifiers.len() < 2;
        let is_struck = contact.is_some_and(is_gone) || lost && nobody;
        (!is_struck).then_some(left)
    });
    left.collect()
}

#[test]
fn a_person_gets_all_that_is_kept_of_her_and_nothing_of_others() {
    let catalogue = r#"{"controller": {"id": "ada", "name": "Maison Ada"}, "purposes": [
        {"purpose": "service", "basis": "contract", "description": {"en": "Orders"}, "data": ["orders"], "retention_days": 365}]}"#;
    let config = support::config().with_catalogue(Catalogue::from_json(catalogue).unwrap());
    let mut engine = Engine::open(Memory::new(), config, Keys::none(), support::entropy()).unwrap();
    let mut events = ada();
    for n in 1..=4 {
        let named = ["device:tablet-1", &*format!("loyalty:L-{n}")];
        events.push(event(&format!("t-{n}"), "visit_started", 5 + n, &named, "{}"));
    }
    let stated = r#"{"attribute":"size.shoes","value":"38","sentence":"I take 38"}"#;
    events.push(event("a-1", "attribute_stated", 20, &["loyalty:L-1"], stated));
    record(&mut engine, &events);
    record(&mut engine, &[says(r#""marketing""#, "c-1", 21, true)]);
    let her = whose(&engine, "loyalty:L-1").unwrap();
    let export = engine.people().export(her, at(30_000)).unwrap();
    let json = serde_json::to_value(&export).unwrap();
    let named: Vec<&str> =
        json["identifiers"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert_eq!(named, ["L-1", "ada@shop.example", "c-1"]);
    assert_eq!(json["events"].as_array().unwrap().len(), 4 + 1 + 1 + 1);
    let text = json.to_string();
    assert!(!text.contains("tablet-1") && !text.contains("L-2"), "{text}");
    let fact = json["facts"].as_array().unwrap().iter().find(|one| one["attribute"] == "size.shoes").unwrap();
    assert_eq!(
        (&fact["value"], &fact["source"], &fact["sentence"]),
        (&"38".into(), &"stated".into(), &"I take 38".into())
    );
    let since = json["events"].as_array().unwrap().iter().find(|one| one["key"] == fact["event"]).unwrap();
    assert_eq!(since["event"]["id"], "a-1", "a fact names its event");
    assert_eq!(json["consents"][0]["of"]["value"], "ada@shop.example");
    assert_eq!(json["consents"][0]["entries"][0]["state"], "granted");
    assert_eq!(json["processing"][0]["article"], "GDPR 6(1)(b)");
    assert!(!format!("{export:?}").contains("ada@shop"), "it prints nobody");
    let nobody = CustomerId::from_bytes([1; 16]);
    assert!(matches!(engine.people().export(nobody, at(30_000)), Err(Error::Unknown(_))));
}

/// A request of whoever has the loyalty number.
fn asks(id: &str, right: &str, more: &str) -> Event {
    event(id, "rights_requested", 9_000, &["loyalty:L-1"], &format!(r#"{{"right":"{right}"{more}}}"#))
}

#[test]
fn a_request_waits_until_it_is_answered_by_a_day() {
    let mut engine = engine();
    record(&mut engine, &ada());
    record(
        &mut engine,
        &[
            asks("r-1", "access", r#","jurisdiction":"FR""#),
            asks("r-2", "access", r#","jurisdiction":"US-CA""#),
            asks("r-3", "opt_out", r#","jurisdiction":"US-CA""#),
            asks("r-4", "access", ""),
            asks("r-5", "access", r#","jurisdiction":"Atlantis""#),
        ],
    );
    // Recorded on Monday 2026-03-02.
    let open = engine.open_requests(at(10_001)).unwrap();
    let told: Vec<(String, String, Vec<String>)> = open
        .iter()
        .map(|one| {
            let dates = one.deadlines.iter().map(|due| format!("{} {} {}", due.what, due.date, due.rule));
            (one.right.to_string(), one.due_by.unwrap().to_string(), dates.collect())
        })
        .collect();
    let of = |right: &str, dates: &[&str]| {
        let found = told.iter().any(|(is, _, told)| is == right && told.iter().eq(dates.iter()));
        assert!(found, "{right} {dates:?}: {told:?}");
    };
    of("access", &["answer 2026-04-02 gdpr_1m"]);
    of("access", &["confirm 2026-03-16 us_ca_confirm_10bd", "answer 2026-04-16 us_ca_request_45d"]);
    of("opt_out", &["answer 2026-03-23 us_ca_optout_15bd"]);
    assert_eq!(open[0].right, Right::OptOut, "the most urgent first");
    let anywhere = open.iter().filter(|one| one.deadlines.iter().any(|due| due.rule == "uk_gdpr_1m")).count();
    assert_eq!(anywhere, 2, "where it is not known where she lives every rule counts");
    assert!(open.iter().all(|one| !one.is_overdue));
    let later = engine.open_requests(at(24 * 60 * 60 * 22)).unwrap();
    assert_eq!(later.iter().filter(|one| one.is_overdue).count(), 1);
    let due = engine.actions().due(None, 10, at(10_001)).unwrap();
    assert_eq!(due.len(), 5);
    for one in open {
        engine.actions().acknowledge(&one.action, Outcome::Delivered, at(10_002)).unwrap();
    }
    assert!(engine.open_requests(at(10_003)).unwrap().is_empty());
    let length = engine.log().len().unwrap();
    record(&mut engine, &[asks("r-1", "access", r#","jurisdiction":"FR""#)]);
    assert_eq!(engine.log().len().unwrap(), length, "she asked once");
}

#[test]
fn a_request_is_put_off_once_and_in_time() {
    let mut engine = engine();
    record(&mut engine, &ada());
    let requests = [
        asks("r-fr", "access", r#","jurisdiction":"FR""#),
        asks("r-gb", "erasure", r#","jurisdiction":"GB-SCT""#),
        asks("r-ca", "access", r#","jurisdiction":"US-CA""#),
        asks("r-out", "opt_out", r#","jurisdiction":"US-CA""#),
        asks("r-any", "access", ""),
        asks("r-all", "opt_out", ""),
    ];
    // Recorded on Monday 2026-03-02.
    record(&mut engine, &requests);
    let action = |id: &str| -> ActionId {
        let of = requests.iter().find(|event| event.id.as_str() == id).unwrap();
        format!("request:{}", of.key()).parse().unwrap()
    };
    let extend = |engine: &mut Engine<Memory>, id: &str, now: i64| {
        engine.rights().extend(&action(id), " Four shops have to be asked. ", at(now))
    };
    let open = |engine: &Engine<Memory>, id: &str, now: i64| -> OpenRequest {
        let all = engine.open_requests(at(now)).unwrap();
        all.into_iter().find(|one| one.action == action(id)).unwrap()
    };
    let refused = |result: Result<Receipt, Error>| match result {
        Err(Error::Extension(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let first = open(&engine, "r-fr", 10_001);
    assert_eq!(first.extension, None);
    for (id, dates) in [
        ("r-fr", &["answer 2026-06-02 gdpr_3m"][..]),
        ("r-gb", &["answer 2026-06-02 uk_gdpr_3m"]),
        ("r-ca", &["confirm 2026-03-16 us_ca_confirm_10bd", "answer 2026-05-31 us_ca_request_extended_90d"]),
        (
            "r-any",
            &[
                "confirm 2026-03-16 us_ca_confirm_10bd",
                "answer 2026-05-31 us_ca_request_extended_90d",
                "answer 2026-06-02 gdpr_3m",
                "answer 2026-06-02 uk_gdpr_3m",
            ],
        ),
    ] {
        let before = open(&engine, id, 10_001).due_by.unwrap();
        extend(&mut engine, id, 10_002).unwrap();
        let later = open(&engine, id, 10_003);
        let told = later.deadlines.iter().map(|due| format!("{} {} {}", due.what, due.date, due.rule));
        assert_eq!(told.collect::<Vec<_>>(), dates, "{id}");
        assert!(before < later.due_by.unwrap() && !later.is_overdue, "{id}");
        let extension = later.extension.unwrap();
        assert_eq!(
            (extension.tell_before, extension.is_told),
            (before, false),
            "the first day is that to tell her"
        );
        assert_eq!(refused(extend(&mut engine, id, 10_004)), ExtensionRefusal::Twice);
    }
    let no_later_day = ExtensionRefusal::NotExtendable { rule: "us_ca_optout_15bd".to_owned() };
    assert_eq!(refused(extend(&mut engine, "r-out", 10_005)), no_later_day);
    assert_eq!(refused(extend(&mut engine, "r-all", 10_005)), no_later_day, "a rule that may hold lets none");

    // She is told by an action of its own, in the outbox.
    let due = engine.actions().due(None, 20, at(10_006)).unwrap();
    let tell =
        due.iter().find(|one| open(&engine, "r-fr", 10_006).extension.unwrap().action == one.id).unwrap();
    let text: serde_json::Value = serde_json::from_str(tell.text.as_ref().unwrap().reveal()).unwrap();
    assert_eq!(tell.action, "tell_extension");
    assert_eq!((tell.due_by, &text["reason"]), (first.due_by, &"Four shops have to be asked.".into()));
    assert_eq!(text["due_by"], open(&engine, "r-fr", 10_006).due_by.unwrap().to_string());
    assert!(!format!("{due:?}").contains("Four shops"));
    let tell = tell.id.clone();
    engine.actions().acknowledge(&tell, Outcome::Delivered, at(10_007)).unwrap();
    assert!(open(&engine, "r-fr", 10_008).extension.unwrap().is_told);
    let rebuilt = engine.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);

    // At the last instant of the first month, and at the first that is too late.
    let late = [
        asks("r-late", "access", r#","jurisdiction":"FR""#),
        asks("r-later", "access", r#","jurisdiction":"FR""#),
    ];
    record(&mut engine, &late);
    let before = engine.open_requests(at(10_009)).unwrap();
    let of = |event: &Event| before.iter().find(|one| one.event == event.key()).unwrap().clone();
    let end = of(&late[0]).due_by.unwrap();
    let last = end.saturating_sub(std::time::Duration::from_micros(1));
    engine.rights().extend(&of(&late[0]).action, "many", last).unwrap();
    let too_late = engine.rights().extend(&of(&late[1]).action, "many", end);
    assert_eq!(refused(too_late), ExtensionRefusal::TooLate { before: end });
    engine.record(asks("r-more", "access", ""), end).unwrap();
    let set_back = engine.rights().extend(&of(&late[1]).action, "many", at(10_010));
    assert_eq!(
        refused(set_back),
        ExtensionRefusal::TooLate { before: end },
        "a clock set back gives no time"
    );

    for (length, fits) in
        [(0, false), (EXTENSION_REASON_BYTES_MAX, true), (EXTENSION_REASON_BYTES_MAX + 1, false)]
    {
        let refusal = refused(engine.rights().extend(&action("r-out"), &"x".repeat(length), at(10_011)));
        assert_eq!(refusal != ExtensionRefusal::Reason, fits, "{length}");
    }
    assert_eq!(
        refused(engine.rights().extend(&action("r-out"), " \n ", at(10_011))),
        ExtensionRefusal::Reason
    );
    let answered = action("r-fr");
    engine.actions().acknowledge(&answered, Outcome::Delivered, last).unwrap();
    assert!(matches!(engine.rights().extend(&answered, "x", last), Err(Error::Unknown(_))));
    assert!(matches!(engine.rights().extend(&tell, "x", last), Err(Error::Unknown(_))));
}

#[test]
fn the_strictest_rule_says_how_far_a_request_is_put_off() {
    let rule = |id: &str, place: &str, months: u32| {
        format!(
            r#"{{"id": "{id}", "place": "{place}", "source": "ours", "extends": "gdpr_1m",
                "deadline": {{"count": "months", "length": {months}}}}}"#
        )
    };
    let rules = [rule("own_2m", "EU", 2), rule("own_fr", "FR", 1)].join(",");
    let book = RuleBook::from_json(&format!(r#"{{"rules": [{rules}]}}"#)).unwrap();
    let book = RuleBook::standard().extended_by(book).unwrap();
    let mut engine =
        Engine::open(Memory::new(), config().with_rule_book(book), Keys::none(), entropy()).unwrap();
    record(&mut engine, &ada());
    let places = ["FR", "DE", "JP"];
    let asked = places.map(|place| asks(place, "access", &format!(r#","jurisdiction":"{place}""#)));
    record(&mut engine, &asked);
    let extended = |engine: &mut Engine<Memory>, event: &Event| {
        let action = format!("request:{}", event.key()).parse().unwrap();
        engine.rights().extend(&action, "many", at(10_001)).map(|_| {
            let open = engine.open_requests(at(10_002)).unwrap();
            let deadlines = open.into_iter().find(|one| one.action == action).unwrap().deadlines;
            let answers = deadlines.into_iter().filter(|due| due.what == "answer");
            answers.map(|due| due.rule).collect::<Vec<_>>()
        })
    };
    let no_later_day = ExtensionRefusal::NotExtendable { rule: "gdpr_1m".to_owned() };
    assert_eq!(
        extended(&mut engine, &asked[0]),
        Err(Error::Extension(no_later_day)),
        "the same day is no later one"
    );
    assert_eq!(extended(&mut engine, &asked[1]).unwrap(), ["own_2m"]);
    // Where no rule is known every rule counts, and each is put off by its own.
    let everywhere = extended(&mut engine, &asked[2]).unwrap();
    assert_eq!(everywhere, ["own_2m", "us_ca_request_extended_90d", "uk_gdpr_3m"]);
}

#[test]
fn an_objection_and_an_opt_out_hold_at_once() {
    let catalogue = r#"{"recipients": [{"id": "ads", "name": "Ads"}, {"id": "post", "name": "Post"}], "purposes": [
        {"purpose": "advertising", "basis": "legitimate_interest", "interest": "x", "description": {"en": "Ads"},
         "data": ["e-mail"], "retention_days": 9, "recipients": ["ads"]},
        {"purpose": "service", "basis": "contract", "description": {"en": "Orders"}, "data": ["e-mail"],
         "retention_days": 9, "recipients": ["post"]}]}"#;
    let config = support::config().with_catalogue(Catalogue::from_json(catalogue).unwrap());
    let open = || Engine::open(Memory::new(), config.clone(), Keys::none(), support::entropy()).unwrap();
    let ask = |engine: &Engine<Memory>, purpose, one: &str| {
        engine.consents().permits(purpose, &identifier(one), at(20_000)).unwrap().reasons[0]
    };
    let mut engine = open();
    record(&mut engine, &ada());
    assert_eq!(ask(&engine, Purpose::Advertising, "cookie:c-1"), Reason::LegitimateInterest);
    record(&mut engine, &[asks("r-1", "opt_out", "")]);
    for one in ["cookie:c-1", "email:ada@shop.example", "loyalty:L-1"] {
        assert_eq!(ask(&engine, Purpose::Advertising, one), Reason::Withdrawn, "{one}");
        assert_eq!(ask(&engine, Purpose::Service, one), Reason::Contract);
    }
    let waiting = engine.actions().waiting(None, 10).unwrap();
    let texts: String = waiting.iter().map(|one| one.text.as_ref().unwrap().reveal()).collect();
    assert!(texts.contains(r#""recipient":"ads""#) && !texts.contains(r#""recipient":"post""#), "{texts}");
    assert!(texts.contains("email:ada@shop.example"));

    let mut engine = open();
    record(&mut engine, &ada());
    record(&mut engine, &[says(r#""marketing","personalization","recognition""#, "c-1", 5, true)]);
    record(&mut engine, &[asks("r-1", "objection", "")]);
    let address = "email:ada@shop.example";
    for purpose in [Purpose::Marketing, Purpose::Advertising, Purpose::Personalization] {
        assert_eq!(ask(&engine, purpose, address), Reason::Withdrawn);
    }
    assert_eq!(ask(&engine, Purpose::Recognition, address), Reason::Granted, "she is known all the same");
    assert_eq!(whose(&engine, "loyalty:L-1"), whose(&engine, "cookie:c-1"));
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn whoever_was_erased_may_ask_again() {
    let mut engine = engine();
    record(&mut engine, &ada());
    engine.erase_customer(whose(&engine, "loyalty:L-1").unwrap(), at(10_001)).unwrap();
    let asked = |id: &str, right: &str, named: &[&str]| {
        event(id, "rights_requested", 9_000, named, &format!(r#"{{"right":"{right}"}}"#))
    };
    let gone = ["loyalty:L-1", "email:ada@shop.example"];
    record(&mut engine, &[asked("r-1", "access", &gone), asked("r-2", "objection", &gone)]);
    record(&mut engine, &[asked("r-3", "opt_out", &["email:ada@shop.example", "cookie:c-9"])]);
    assert_eq!(engine.open_requests(at(10_002)).unwrap().len(), 3);
    assert!(log(&mut engine).iter().flatten().all(|one| !one.contains("ada@shop")));
    let sold =
        engine.consents().permits(Purpose::Advertising, &identifier("cookie:c-9"), at(20_000)).unwrap();
    assert_eq!(sold.reasons, [Reason::Withdrawn]);
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_signal_of_a_browser_counts_for_her_once_it_is_hers() {
    let mut engine = engine();
    let mut page = event("p-1", "page_viewed", 1, &["cookie:c-1"], "{}");
    page.context.extra.set("gpc", "1").unwrap();
    record(&mut engine, &[page]);
    record(&mut engine, &[says(r#""advertising""#, "c-1", 5, true)]);
    let ask = |engine: &Engine<Memory>, one: &str| {
        let her = whose(engine, one).unwrap();
        engine.consents().permits_customer(Purpose::Advertising, her, at(20_000)).unwrap().reasons[0]
    };
    assert_eq!(ask(&engine, "email:ada@shop.example"), Reason::Granted);
    assert_eq!(ask(&engine, "cookie:c-1"), Reason::Withdrawn);
    record(
        &mut engine,
        &[event("e-1", "user_identified", 6, &["cookie:c-1", "email:ada@shop.example"], "{}")],
    );
    assert_eq!(ask(&engine, "email:ada@shop.example"), Reason::Withdrawn);
}

#[test]
fn what_is_wrong_is_put_right_and_told() {
    let catalogue = r#"{"recipients": [{"id": "mail", "name": "Mail"}]}"#;
    let config = support::config().with_catalogue(Catalogue::from_json(catalogue).unwrap());
    let mut engine = Engine::open(Memory::new(), config, Keys::none(), support::entropy()).unwrap();
    record(&mut engine, &ada());
    let her = whose(&engine, "loyalty:L-1").unwrap();
    let fact = |engine: &Engine<Memory>| {
        let json = serde_json::to_value(engine.people().export(her, at(30_000)).unwrap()).unwrap();
        let facts = json["facts"].as_array().unwrap().clone();
        facts.into_iter().find(|one| one["attribute"] == "first_name").map(|one| one["value"].clone())
    };
    let before = fact(&engine);
    engine.rights().correct(her, "first_name", "Adele", at(10_001)).unwrap();
    assert_eq!((before, fact(&engine)), (Some("Ada".into()), Some("Adele".into())));
    let waiting = engine.actions().waiting(None, 10).unwrap();
    let text = waiting[0].text.as_ref().unwrap().reveal().to_owned();
    assert!(text.contains(r#""request":"correction""#) && text.contains("Adele"), "{text}");
    let nobody = CustomerId::from_bytes([1; 16]);
    assert!(matches!(engine.rights().correct(nobody, "a", "b", at(1)), Err(Error::Unknown(_))));
    let long = "x".repeat(10_000);
    assert!(matches!(engine.rights().correct(her, "a", &long, at(1)), Err(Error::Event(_))));
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

    /// What is exported of everybody is hers, in any order of arrival.
    #[test]
    fn nothing_of_others_is_exported(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0u8..60), 1..24),
    ) {
        let events = shop(&choices);
        let (mut engine, mut other) = (engine(), engine());
        record(&mut engine, &events);
        record(&mut other, &events.iter().rev().cloned().collect::<Vec<_>>());
        let all: BTreeSet<Identifier> = events.iter().flat_map(|event| event.identifiers.clone()).collect();
        let everybody: BTreeSet<CustomerId> =
            all.iter().filter_map(|one| engine.people().find(one).unwrap()).collect();
        for her in everybody {
            let json = serde_json::to_value(engine.people().export(her, at(30_000)).unwrap()).unwrap();
            let again = serde_json::to_value(other.people().export(her, at(30_000)).unwrap()).unwrap();
            prop_assert_eq!(&json["events"], &again["events"]);
            prop_assert_eq!(&json["facts"], &again["facts"]);
            let named = json["identifiers"].as_array().unwrap();
            let is_hers = |value: &str| named.iter().any(|one| one["value"] == value);
            for one in all.iter().filter(|one| !is_hers(one.value())) {
                prop_assert!(!json.to_string().contains(&format!("\"{}\"", one.value())), "{} {}", one.kind(), json);
            }
        }
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
