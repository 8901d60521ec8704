//! The engine over the reference store: one door, one receipt, and state that depends on the set of
//! events alone.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use phygital_core::conversation::proposal::Proposal;
use phygital_core::conversation::topic::Topic;
use phygital_core::engine::{Accepted, Engine, Error, Explanation, Opened};
use phygital_core::event::Event;
use phygital_core::machine::{Action, Outcome};
use phygital_core::profile::Role;
use phygital_core::store::{Memory, StorageFault};
use phygital_core::tap::Keys;
use phygital_core::vocab::limits::BATCH_EVENTS_MAX;
use phygital_core::vocab::{CustomerId, Digest, IdentifierKind, Purpose, Timestamp, TopicId};
use proptest::prelude::*;
use support::{at, engine, event, identifier, over, shop};

fn digest(engine: &mut Engine<Memory>) -> Digest {
    engine.log().state_digest().unwrap()
}

fn same(engine: &Engine<Memory>, one: &str, two: &str) -> bool {
    matches!(engine.people().explain(&identifier(one), &identifier(two)).unwrap(), Explanation::Same { .. })
}

fn why_not(engine: &Engine<Memory>, one: &str, two: &str) -> &'static str {
    match engine.people().explain(&identifier(one), &identifier(two)).unwrap() {
        Explanation::Different(why) => why.code(),
        Explanation::Same { .. } => panic!("{one} and {two} are one customer"),
    }
}

#[test]
fn the_same_event_answers_the_same_receipt() {
    let mut engine = engine();
    let visit = event("e-1", "visit_started", 0, &["loyalty:L-1"], "{}");
    let first = engine.record(visit.clone(), at(1)).unwrap();
    assert!(first.is_new());
    let again = engine.record(visit.clone(), at(99)).unwrap();
    assert!(!again.is_new());
    assert_eq!(first.receipt(), again.receipt());

    let mut sent_again = visit.clone();
    sent_again.sent_at = Some(at(50));
    assert!(matches!(engine.record(sent_again, at(99)), Ok(Accepted::Known(_))));

    let other = event("e-1", "visit_ended", 0, &["loyalty:L-1"], "{}");
    assert!(matches!(engine.record(other, at(99)), Err(Error::Conflict { .. })));
    assert_eq!(engine.log().len().unwrap(), 1);
}

#[test]
fn a_batch_answers_for_each_event() {
    let mut engine = engine();
    let visit = |n: usize| event(&format!("e-{n}"), "visit_started", 0, &[&format!("loyalty:L-{n}")], "{}");
    let decision = event("d-1", "tap_refused", 0, &[], r#"{"reason":"replayed"}"#);
    let answers = engine.record_all(vec![visit(1), visit(1), decision, visit(2)], at(1)).unwrap();
    assert!(matches!(answers[0], Ok(Accepted::New(_))));
    assert!(matches!(answers[1], Ok(Accepted::Known(_))));
    assert!(matches!(answers[2], Err(Error::Misuse(_))));
    assert!(matches!(answers[3], Ok(Accepted::New(_))));

    let most: Vec<Event> = (0..BATCH_EVENTS_MAX).map(visit).collect();
    let mut over = most.clone();
    over.push(visit(BATCH_EVENTS_MAX));
    assert!(matches!(engine.record_all(over, at(2)), Err(Error::Misuse(_))));
    assert_eq!(engine.record_all(most, at(2)).unwrap().len(), BATCH_EVENTS_MAX);
}

#[test]
fn an_event_beyond_the_limits_of_the_log_is_refused() {
    let mut engine = engine();
    let mut event = event("e-1", "page_viewed", 0, &["cookie:c-1"], "{}");
    event.context.locale = Some("x".repeat(100_000));
    assert!(matches!(engine.record(event, at(1)), Err(Error::Event(_))));
    assert!(engine.log().is_empty().unwrap());
}

#[test]
fn a_tap_that_a_host_records_is_a_claim() {
    let mut engine = engine();
    let claim =
        r#"{"scheme":"ntag424-aes","verified":true,"uid":"04c767f2066180","read_ctr":5,"key_epoch":0}"#;
    engine.record(event("t-1", "tag_tapped", 0, &["cookie:c-1"], claim), at(1)).unwrap();
    let (_, entry) = engine.log().entries(0, 1).unwrap().remove(0);
    assert!(entry.payload.unwrap().content.contains(r#""verified":false"#));
}

#[test]
fn a_chain_of_events_explains_a_customer() {
    let mut engine = engine();
    for one in [
        event("e-1", "page_viewed", 0, &["cookie:c-1"], "{}"),
        event("e-2", "user_identified", 10, &["cookie:c-1", "login:ada"], "{}"),
        event("e-3", "loyalty_member_enrolled", 20, &["login:ada", "loyalty:L-1"], "{}"),
        event("e-4", "page_viewed", 30, &["cookie:c-2"], "{}"),
    ] {
        engine.record(one, at(100)).unwrap();
    }
    let Explanation::Same { steps, weakest } =
        engine.people().explain(&identifier("cookie:c-1"), &identifier("loyalty:L-1")).unwrap()
    else {
        panic!("they are one customer")
    };
    let ids: Vec<_> = steps.iter().map(|step| step.name.as_ref().unwrap().1.as_str().to_owned()).collect();
    assert_eq!(ids, ["e-2", "e-3"]);
    assert_eq!(weakest, Some(0), "a cookie is the weaker end");
    assert_eq!(steps[0].from, identifier("cookie:c-1"));
    assert_eq!(steps[1].to, identifier("loyalty:L-1"));
    assert_eq!(why_not(&engine, "cookie:c-1", "cookie:c-2"), "unconnected");
    assert_eq!(why_not(&engine, "cookie:c-9", "cookie:c-2"), "unknown");
    assert_eq!(why_not(&engine, "email:test@test.com", "cookie:c-2"), "junk");
}

#[test]
fn a_shared_phone_ties_nobody_together() {
    let mut engine = engine();
    let buys = |engine: &mut Engine<Memory>, n: i64| {
        let (loyalty, order) = (format!("loyalty:L-{n}"), format!(r#"{{"order_id":"o-{n}"}}"#));
        let named = ["phone:+33612345678", loyalty.as_str()];
        engine.record(event(&format!("e-{n}"), "order_completed", n, &named, &order), at(n)).unwrap();
    };
    buys(&mut engine, 1);
    assert!(same(&engine, "phone:+33612345678", "loyalty:L-1"));
    buys(&mut engine, 2);
    assert!(!same(&engine, "loyalty:L-1", "loyalty:L-2"));
    assert_eq!(why_not(&engine, "phone:+33612345678", "loyalty:L-1"), "shared");
    for n in 1..=2 {
        let loyalty = format!("loyalty:L-{n}");
        let customer = engine.people().find(&identifier(&loyalty)).unwrap().unwrap();
        let grant = format!(r#"{{"contact":"{loyalty}","purposes":["personalization"],"method":"till"}}"#);
        engine.record(event(&loyalty, "opted_in", 7, &[], &grant), at(8)).unwrap();
        let card = engine.people().card(customer, Role::Associate, at(9)).unwrap();
        let json = serde_json::to_string(&card).unwrap();
        assert!(json.contains(&format!("o-{n}")), "{json}");
    }
}

#[test]
fn names_and_limits_keep_two_people_apart() {
    let mut engine = engine();
    let called = |id: &str, name: &str, identifiers: &[&str]| {
        event(id, "user_identified", 0, identifiers, &format!(r#"{{"firstName":"{name}"}}"#))
    };
    for one in [
        called("e-1", "Ada", &["login:ada", "cookie:c-1"]),
        called("e-2", "Grace", &["login:grace"]),
        event("e-3", "page_viewed", 9, &["login:grace", "card:t-1"], "{}"),
        event("e-4", "page_viewed", 9, &["login:ada", "card:t-1"], "{}"),
        event("e-5", "page_viewed", 9, &["crm:1", "crm:2"], "{}"),
    ] {
        engine.record(one, at(10)).unwrap();
    }
    assert_eq!(why_not(&engine, "login:ada", "login:grace"), "names");
    assert_eq!(why_not(&engine, "crm:1", "crm:2"), "limit");
    engine.record(event("e-6", "identifiers_linked", 11, &["crm:1", "crm:2"], "{}"), at(11)).unwrap();
    assert!(same(&engine, "crm:1", "crm:2"), "somebody who knows outranks a limit");
}

#[test]
fn a_store_keeps_its_rules_until_they_are_changed() {
    use phygital_core::identity::Rules;
    let mut engine = engine();
    let pair = &["phone:+33612345678", "loyalty:L-1"];
    for (n, loyalty) in ["loyalty:L-1", "loyalty:L-2", "loyalty:L-3"].into_iter().enumerate() {
        engine
            .record(event(&format!("e-{n}"), "visit_started", 0, &[pair[0], loyalty], "{}"), at(1))
            .unwrap();
    }
    assert!(!same(&engine, pair[0], pair[1]), "three members use the phone");
    let kept = digest(&mut engine);
    let family = Rules::default()
        .with_limit(IdentifierKind::Phone, IdentifierKind::Loyalty, 3)
        .with_per_profile(IdentifierKind::Loyalty, 3);
    let told = engine.log().change_rules(family.clone(), false, at(5), |_| ()).unwrap();
    assert_eq!((told.customers_before, told.customers_after), (3, 1));
    assert_eq!((digest(&mut engine), told.before), (kept, kept), "it only told");
    let id = engine.people().find(&identifier("loyalty:L-2")).unwrap().unwrap();
    let done = engine.log().change_rules(family.clone(), true, at(5), |_| ()).unwrap();
    assert_eq!((done.after, digest(&mut engine)), (told.after, told.after));
    assert!(same(&engine, "loyalty:L-1", "loyalty:L-3"));
    let whole = engine.people().get(id).unwrap();
    assert_eq!(whole.identifiers.len(), 4, "an id that was given leads on");

    // Whoever opens it with other settings folds by the store's rules.
    let mut again = over(engine.into_store());
    assert_eq!(again.rules().digest(), family.digest());
    again.record(event("e-9", "page_viewed", 9, &["loyalty:L-1", "cookie:c-1"], "{}"), at(10)).unwrap();
    let rebuilt = again.log().rebuild(false, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_merge_is_undone_by_a_later_event_and_done_again_by_another() {
    let mut engine = engine();
    engine.record(event("e-1", "page_viewed", 0, &["cookie:c-1"], "{}"), at(0)).unwrap();
    engine.record(event("e-2", "page_viewed", 1, &["login:ada"], "{}"), at(1)).unwrap();
    let alone = engine.people().find(&identifier("login:ada")).unwrap().unwrap();
    engine.record(event("e-3", "user_identified", 2, &["cookie:c-1", "login:ada"], "{}"), at(2)).unwrap();
    let merged = engine.people().find(&identifier("login:ada")).unwrap().unwrap();
    assert_ne!(alone, merged);
    assert_eq!(engine.people().get(alone).unwrap().customer, merged, "the older id leads on");

    let pair = &["cookie:c-1", "login:ada"];
    engine.record(event("e-4", "identifiers_separated", 3, pair, "{}"), at(3)).unwrap();
    assert_eq!(engine.people().find(&identifier("login:ada")).unwrap(), Some(alone));
    assert_eq!(why_not(&engine, "cookie:c-1", "login:ada"), "separated");
    engine.record(event("e-5", "user_identified", 4, pair, "{}"), at(4)).unwrap();
    assert!(!same(&engine, "cookie:c-1", "login:ada"), "seen together again is no proof against it");
    engine.record(event("e-6", "identifiers_linked", 5, pair, "{}"), at(5)).unwrap();
    assert!(same(&engine, "cookie:c-1", "login:ada"));
}

#[test]
fn a_shared_identifier_gives_its_events_up_to_whoever_was_stated_apart_from_it() {
    let events = [
        event("e-1", "user_identified", 0, &["loyalty:L-2", "cookie:c-2"], "{}"),
        event("e-2", "identifiers_separated", 1, &["cookie:c-1", "cookie:c-2"], "{}"),
        event("e-3", "user_identified", 2, &["loyalty:L-1", "cookie:c-2"], "{}"),
    ];
    let digests = [[0, 1, 2], [0, 2, 1], [1, 2, 0], [2, 1, 0]].map(|order| {
        let mut engine = engine();
        for index in order {
            engine.record(events[index].clone(), at(9)).unwrap();
        }
        digest(&mut engine)
    });
    assert!(digests.iter().all(|one| *one == digests[0]), "c-2 is shared once e-3 is known");
}

#[test]
fn an_unknown_customer_is_said_to_be_unknown() {
    let engine = engine();
    let nobody = CustomerId::from_bytes([1; 16]);
    assert!(matches!(engine.people().card(nobody, Role::Associate, at(0)), Err(Error::Unknown(_))));
}

#[test]
fn a_clock_set_back_loses_nothing() {
    let mut engine = engine();
    let visit = |n: i64| event(&format!("e-{n}"), "visit_started", n, &["loyalty:L-1"], "{}");
    let first = *engine.record(visit(1), at(1000)).unwrap().receipt();
    let second = *engine.record(visit(2), Timestamp::MIN).unwrap().receipt();
    assert!(second.hlc > first.hlc);
    assert_eq!(second.received_at, Timestamp::MIN);
    assert_eq!(engine.log().check().unwrap(), 2);
}

#[test]
fn an_engine_goes_on_where_the_last_one_stopped() {
    let mut first = engine();
    let device = first.identity().device;
    first.record(event("e-1", "visit_started", 0, &["loyalty:L-1"], "{}"), at(1)).unwrap();
    let mut second = over(first.into_store());
    assert_eq!((second.identity().device, second.identity().epoch), (device, 1));
    let receipt = *second.record(event("e-2", "visit_started", 0, &[], "{}"), at(1)).unwrap().receipt();
    assert_eq!(receipt.origin.seq, 2);
    assert_eq!(second.log().check().unwrap(), 2);
}

#[test]
fn a_changed_payload_is_noticed_at_opening() {
    use phygital_core::store::{Read, Store, Write};
    for count in [1, 3] {
        let mut engine = engine();
        for n in 0..count {
            engine.record(event(&format!("e-{n}"), "visit_started", 0, &[], "{}"), at(1)).unwrap();
        }
        let whole = engine.into_store();
        let mut changed = Memory::new();
        let mut writer = changed.writer().unwrap();
        writer.put_identity(&whole.reader().unwrap().identity().unwrap().unwrap()).unwrap();
        for (position, mut entry) in whole.reader().unwrap().entries(0, 10).unwrap() {
            if position == count {
                entry.payload.as_mut().unwrap().content.push(' ');
            }
            writer.append(&entry).unwrap();
        }
        writer.commit().unwrap();
        let keys = phygital_core::tap::Keys::none();
        let opened = Engine::open(changed, support::config(), keys, support::entropy());
        assert!(matches!(opened, Err(Error::Chain(_))));
    }
}

#[test]
fn a_restored_backup_begins_a_new_epoch() {
    let mut first = engine();
    first.record(event("e-1", "visit_started", 0, &["loyalty:L-1"], "{}"), at(1)).unwrap();
    let backup = first.into_store();
    // The till went on, and its host kept what it was told; then the backup came back.
    let config = support::config().with_incarnation([42; 16]);
    let keys = phygital_core::tap::Keys::none();
    let mut restored = Engine::open(backup, config, keys, support::entropy()).unwrap();
    assert!(restored.identity().epoch > 1);
    let receipt = *restored.record(event("e-2", "visit_started", 0, &[], "{}"), at(1)).unwrap().receipt();
    assert_eq!((receipt.origin.seq, receipt.origin.epoch), (1, restored.identity().epoch));
    assert_eq!(restored.log().check().unwrap(), 2);
}

#[test]
fn storage_faults_are_told_by_kind() {
    let error = phygital_core::store::StorageError::new(StorageFault::Full, "appending to the log", "13");
    assert_eq!(Error::from(error).to_string(), "the disk is full while appending to the log: 13");
}

/// Who is who by the obvious way: cut the whole graph at once, with the rules as the manual states
/// them.
fn oracle_clusters(events: &[Event]) -> BTreeSet<BTreeSet<String>> {
    use phygital_core::event::{Body, FoldKey};
    use phygital_core::identity::union::{Basis, Component, Edge, Limits, Vertex, unite};
    use phygital_core::identity::{Class, Details, Rules, agree};
    use phygital_core::vocab::{Hlc, IdentifierKey, Purpose, RecordKey, TenantKey};

    let (rules, tenant) = (Rules::default(), TenantKey::new(&[7; 32]));
    let hlc = Hlc::ZERO.tick(at(10_000)).unwrap();
    let mut names = BTreeMap::new();
    let mut first: BTreeMap<IdentifierKey, FoldKey> = BTreeMap::new();
    let mut links = BTreeMap::new();
    let mut called: BTreeSet<(IdentifierKey, String)> = BTreeSet::new();
    let mut said: BTreeMap<_, (FoldKey, bool)> = BTreeMap::new();
    // Of each contact point the last word on linking, a withdrawal after a grant of the same moment.
    let mut consent: BTreeMap<IdentifierKey, (Timestamp, bool)> = BTreeMap::new();
    for event in events {
        let (contact, withdrawn, purposes) = match &event.body {
            Body::OptedIn(said) => (&said.contact, false, &said.purposes),
            Body::OptedOut(said) => (&said.contact, true, &said.purposes),
            _ => continue,
        };
        if purposes.contains(&Purpose::Recognition) || withdrawn && purposes.is_empty() {
            let word = consent.entry(contact.key(&tenant)).or_insert((Timestamp::MIN, false));
            *word = (*word).max((FoldKey::of(event, hlc).at, withdrawn));
        }
    }
    let withdrawn = |key: &IdentifierKey| consent.get(key).is_some_and(|(_, withdrawn)| *withdrawn);
    for event in events {
        let fold = FoldKey::of(event, hlc);
        let usable: Vec<_> = event.identifiers.iter().filter(|one| !rules.is_blocked(one)).collect();
        let may_link = !usable.iter().any(|one| withdrawn(&one.key(&tenant)));
        for one in &usable {
            let key = one.key(&tenant);
            names.insert(key, (*one).clone());
            let seen = first.entry(key).or_insert(fold);
            *seen = (*seen).min(fold);
            if let Body::UserIdentified(who) = &event.body
                && (may_link || withdrawn(&key))
            {
                called.insert((key, who.first_name.as_ref().unwrap().reveal().to_lowercase()));
            }
            for two in usable.iter().filter(|two| one < *two) {
                let pair = (key, two.key(&tenant));
                let same = match &event.body {
                    Body::IdentifiersLinked(_) => Some(true),
                    Body::IdentifiersSeparated(_) => Some(false),
                    _ => None,
                };
                if let Some(same) = same {
                    let last = said.entry(pair).or_insert((fold, same));
                    if last.0 < fold {
                        *last = (fold, same);
                    }
                } else if may_link {
                    let seen = links.entry(pair).or_insert(fold);
                    *seen = (*seen).min(fold);
                }
            }
        }
    }
    let shared: BTreeSet<IdentifierKey> = names
        .iter()
        .filter(|(key, identifier)| {
            let mut partners = BTreeMap::new();
            for (one, two) in links.keys() {
                let other = if one == *key {
                    two
                } else if two == *key {
                    one
                } else {
                    continue;
                };
                *partners.entry(names[other].kind()).or_insert(0) += 1;
            }
            !Class::of(&rules, identifier.kind(), 1, partners).links()
        })
        .map(|(key, _)| *key)
        .collect();
    let mut component = Component::default();
    for (key, identifier) in &names {
        let first = (first[key].at, RecordKey::from_bytes(*first[key].key.as_bytes()));
        component.vertices.push(Vertex { key: *key, kind: Some(identifier.kind()), first });
    }
    let place = |key: &IdentifierKey| names.keys().position(|one| one == key).unwrap() as u32;
    for (one, two) in links.keys() {
        if !shared.contains(one) && !shared.contains(two) {
            let basis = Basis::Together { support: 1 };
            component.edges.push(Edge { ends: (place(one), place(two)), basis });
        }
    }
    for ((one, two), (fold, same)) in &said {
        let ends = (place(one), place(two));
        match same {
            true => component.edges.push(Edge { ends, basis: Basis::Ruled { at: fold.at } }),
            false => component.apart.push(ends),
        }
    }
    let given: Vec<&String> =
        called.iter().map(|(_, name)| name).collect::<BTreeSet<_>>().into_iter().collect();
    for (key, name) in &called {
        component.names.push((place(key), given.iter().position(|one| *one == name).unwrap() as u32));
    }
    let details =
        |n: u32| Details { given_name: Some(given[n as usize].as_str().into()), ..Details::default() };
    let names_agree = |one, two| agree(&details(one), &details(two)) == Some(true);
    let limits = Limits::new(|kind| rules.per_profile(kind));
    let cut = unite(&component, &limits, &(names_agree, |_, _| true));
    let mut clusters: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for (identifier, cluster) in names.values().zip(&cut.cluster_of) {
        clusters.entry(*cluster).or_default().insert(format!("{}:{}", identifier.kind(), identifier.value()));
    }
    clusters.into_values().collect()
}

fn clusters(engine: &Engine<Memory>, events: &[Event]) -> BTreeSet<BTreeSet<String>> {
    let mut clusters = BTreeSet::new();
    for identifier in events.iter().flat_map(|event| &event.identifiers) {
        if let Some(customer) = engine.people().find(identifier).unwrap() {
            let person = engine.people().get(customer).unwrap();
            let texts = person.identifiers.iter().map(|one| format!("{}:{}", one.kind(), one.value()));
            clusters.insert(texts.collect());
        }
    }
    clusters
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The law that everything here serves: the same set of events gives the same state, in
    /// whatever order and in whatever batches they arrive; and making it anew from the log gives it
    /// again.
    #[test]
    fn any_order_of_arrival_gives_the_same_state(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0u8..60), 1..24),
        shuffle in any::<u64>(),
        batch in 1usize..8,
    ) {
        let events = shop(&choices);
        let mut in_order = engine();
        for one in &events {
            in_order.record(one.clone(), at(10_000)).unwrap();
        }
        let mut shuffled = events.clone();
        let mut state = shuffle | 1;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(index, (state >> 33) as usize % (index + 1));
        }
        let mut other = engine();
        for chunk in shuffled.chunks(batch) {
            for answer in other.record_all(chunk.to_vec(), at(10_000)).unwrap() {
                answer.unwrap();
            }
        }
        prop_assert_eq!(digest(&mut in_order), digest(&mut other));
        let rebuilt = other.log().rebuild(true, |_| {}).unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
        prop_assert_eq!(clusters(&in_order, &events), oracle_clusters(&events));
    }

    /// Sending everything twice changes nothing.
    #[test]
    fn sending_again_changes_nothing(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0u8..60), 1..12),
    ) {
        let mut engine = engine();
        let first: Vec<_> =
            shop(&choices).into_iter().map(|one| engine.record(one, at(10_000)).unwrap()).collect();
        let before = digest(&mut engine);
        for (one, first) in shop(&choices).into_iter().zip(first) {
            let again = engine.record(one, at(20_000)).unwrap();
            prop_assert!(!again.is_new());
            prop_assert_eq!(again.receipt(), first.receipt());
        }
        prop_assert_eq!(digest(&mut engine), before);
    }
}

#[test]
fn a_store_that_may_only_be_read_answers_and_is_left_as_it_is() {
    use phygital_core::store::{Read, Store};
    let config = support::config;
    let refused = |error: Error| match error {
        Error::Storage(error) => error.kind,
        other => panic!("{other}"),
    };
    let nobodys = Engine::read(Memory::new(), config()).map_err(refused);
    assert_eq!(nobodys.err(), Some(StorageFault::Unopened));
    let mut first = engine();
    first.record(event("e-1", "page_viewed", 0, &["cookie:c-1", "login:ada"], "{}"), at(1)).unwrap();
    let (kept, state) = (first.identity().clone(), digest(&mut first));
    let mut reading = Engine::read(first.into_store(), config()).unwrap();
    let her = reading.people().find(&identifier("login:ada")).unwrap().unwrap();
    assert!(reading.people().card(her, Role::Associate, at(2)).is_ok());
    assert!(same(&reading, "cookie:c-1", "login:ada"));
    assert_eq!((reading.log().check().unwrap(), digest(&mut reading)), (1, state));
    let visit = event("e-2", "page_viewed", 0, &["login:ada"], "{}");
    assert_eq!(reading.record(visit.clone(), at(2)).map_err(refused), Err(StorageFault::ReadOnly));
    assert!(reading.log().rebuild(true, |_| ()).is_err());
    assert!(reading.erase_identifier(&identifier("login:ada"), at(2)).is_err());
    assert_eq!(reading.people().find(&identifier("login:ada")).unwrap(), Some(her), "it still answers");
    let store = reading.into_store();
    assert_eq!(store.reader().unwrap().identity().unwrap(), Some(kept), "its incarnation too");
    assert!(over(store).record(visit, at(3)).unwrap().is_new());
}

/// A customer of many events: what comes late folds what is behind it, and gives the state that all of it at once gives.
#[test]
fn late_events_of_a_regular_give_the_state_of_all_at_once() {
    use phygital_core::store::{Read, Store};
    let visit = |n: i64, cookie: i64| {
        let named = ["loyalty:L-1".to_owned(), format!("cookie:c-{cookie}")];
        let named: Vec<&str> = named.iter().map(String::as_str).take(1 + usize::from(n % 3 == 0)).collect();
        let sku = format!(r#"{{"sku":"S-{}","price":{n}.5,"currency":"EUR"}}"#, n % 7);
        event(&format!("e-{n}"), "product_viewed", n, &named, &sku)
    };
    let mut engine = engine();
    let late = [100, 640, 641, 1_100, 1_279, 30];
    let all: Vec<Event> = (0..1_280).filter(|n| !late.contains(n)).map(|n| visit(n, n % 5)).collect();
    engine.record_all(all, at(5_000)).unwrap();
    let snapshots = |engine: &Engine<Memory>| {
        let id = engine.people().find(&identifier("loyalty:L-1")).unwrap().unwrap();
        let reader = engine.store().reader().unwrap();
        let mut before = reader.customer(&id).unwrap().unwrap().last;
        let earlier = std::iter::from_fn(|| {
            before = reader.snapshot(&id, &before).unwrap()?.last;
            Some(before)
        });
        earlier.count()
    };
    let judge = |engine: &mut Engine<Memory>| {
        let rebuilt = engine.log().rebuild(false, |_| ()).unwrap();
        assert_eq!(rebuilt.before, rebuilt.after);
    };
    let mut found = Vec::new();
    for n in late {
        engine.record(visit(n, n % 5), at(5_000)).unwrap();
        found.push(snapshots(&engine));
    }
    assert_eq!(found, [2, 2, 2, 2, 2, 2], "one after each 512 events that were folded again");
    judge(&mut engine);
    engine.erase_identifier(&identifier("cookie:c-3"), at(5_001)).unwrap();
    judge(&mut engine);
    engine.record(visit(2_000, 1), at(5_002)).unwrap();
    engine
        .record(event("r-1", "order_refunded", 700, &["loyalty:L-1"], r#"{"order_id":"o-1"}"#), at(5_003))
        .unwrap();
    judge(&mut engine);
    engine.log().rebuild(true, |_| ()).unwrap();
    engine.record(event("r-2", "visit_started", 20, &["loyalty:L-1"], "{}"), at(5_004)).unwrap();
    judge(&mut engine);
}

const PHONE: &str = "phone:+15105550199";

/// An engine with the example's topic, and a customer who agreed to it or not.
fn fitting(agreed: bool) -> (Engine<Memory>, TopicId) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/topics/fitting.json");
    let topic = Topic::from_json(&std::fs::read_to_string(file).unwrap()).unwrap();
    let id = topic.id().clone();
    let config = support::config().with_topic(topic);
    let mut engine = Engine::open(Memory::new(), config, Keys::none(), support::entropy()).unwrap();
    if agreed {
        let grant = format!(r#"{{"contact":"{PHONE}","purposes":["personalization"],"method":"till"}}"#);
        engine.record(event("c-1", "opted_in", 0, &[PHONE, "loyalty:L-1"], &grant), at(0)).unwrap();
    }
    (engine, id)
}

/// What waits to be sent, carried out.
fn sent(engine: &mut Engine<Memory>, now: i64) -> Vec<String> {
    let due = engine.actions().due(None, 16, at(now)).unwrap();
    let text = |action: &Action| action.text.as_ref().unwrap().reveal().to_owned();
    let texts = due.iter().map(text).collect();
    for action in &due {
        engine.actions().acknowledge(&action.id, Outcome::Delivered, at(now)).unwrap();
    }
    texts
}

fn texted(id: &str, seconds: i64, body: &str) -> Event {
    let body = serde_json::to_string(body).unwrap();
    event(id, "message_received", seconds, &[PHONE], &format!(r#"{{"message_id":"{id}","body":{body}}}"#))
}

#[test]
fn a_topic_is_opened_answered_and_given_back() {
    let (mut engine, topic) = fitting(true);
    let her = identifier(PHONE);
    // Said at the till, under her loyalty number: it is not asked by text.
    let stated =
        event("f-1", "attribute_stated", 1, &["loyalty:L-1"], r#"{"attribute":"size.shoes","value":"38"}"#);
    engine.record(stated, at(1)).unwrap();
    // She writes first, so that what follows is a reply.
    engine.record(texted("m-0", 5, "hello"), at(6)).unwrap();
    assert_eq!(engine.topics().open(&her, &topic, Some("en"), at(10)).unwrap(), Opened::Said);
    assert!(sent(&mut engine, 11)[0].ends_with("What is it for? 1 work, 2 a party, 3 a wedding"));
    assert_eq!(engine.topics().open(&her, &topic, None, at(12)).unwrap(), Opened::Nothing, "one at a time");

    let wedding = texted("m-1", 20, "the third, a wedding!");
    engine.record(wedding.clone(), at(21)).unwrap();
    assert_eq!(sent(&mut engine, 22), ["How lovely. On which day is the wedding?"]);
    assert!(!engine.record(wedding, at(23)).unwrap().is_new());
    assert_eq!(sent(&mut engine, 24), [""; 0], "a webhook that comes twice says nothing twice");

    engine.record(texted("m-2", 30, "5 June"), at(31)).unwrap();
    assert_eq!(sent(&mut engine, 32), ["Noted: 2026-06-05. A stylist will write to you here."]);
    engine.record(texted("m-3", 40, "yes"), at(41)).unwrap();
    assert_eq!(sent(&mut engine, 42), [""; 0], "a person answers");
    let back = format!(r#"{{"contact":"{PHONE}"}}"#);
    engine.record(event("b-1", "conversation_handed_back", 50, &[PHONE], &back), at(51)).unwrap();
    assert_eq!(sent(&mut engine, 52), ["Shall we set size 38 aside for you?"]);
    // Sent before the question was.
    engine.record(texted("m-4", 45, "no"), at(53)).unwrap();
    assert_eq!(sent(&mut engine, 54), [""; 0]);

    let due = engine.topics().due(&her, at(55)).unwrap().unwrap();
    assert_eq!(engine.topics().follow_up(&her, at(56)).unwrap(), Opened::Nothing);
    assert_eq!(engine.topics().follow_up(&her, due).unwrap(), Opened::Said);
    let later = due.as_micros() / 1_000_000 - at(0).as_micros() / 1_000_000;
    assert_eq!(sent(&mut engine, later), ["Shall we set size 38 aside for you?"]);
    let said = texted("m-5", later + 9, "sure, like my sister's");
    engine.topics().hear(said, Proposal::answer("no"), at(later + 10)).unwrap();
    assert_eq!(
        sent(&mut engine, later + 11),
        ["They wait for you.\nThank you, see you soon!"],
        "what she says counts"
    );
    assert_eq!(engine.topics().talk(&her).unwrap().open(), None);

    let customer = engine.people().find(&her).unwrap().unwrap();
    let profile = engine.people().profile(customer, Purpose::Personalization, at(later + 12)).unwrap();
    let value = |attribute: &str| profile.fact(attribute, at(later + 12)).unwrap().value.reveal().to_owned();
    assert_eq!(
        [value("occasion"), value("wedding_day"), value("set_aside")],
        ["wedding", "2026-06-05", "yes"]
    );

    let before = digest(&mut engine);
    engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(digest(&mut engine), before, "replay decides nothing again");
}

#[test]
fn a_topic_needs_consent_and_ends_with_it() {
    let her = identifier(PHONE);
    let (mut engine, topic) = fitting(false);
    assert!(matches!(engine.topics().open(&her, &topic, None, at(1)).unwrap(), Opened::Refused(_)));
    assert!(engine.log().is_empty().unwrap());
    let unknown = "party".parse().unwrap();
    assert!(matches!(engine.topics().open(&her, &unknown, None, at(1)), Err(Error::Misuse(_))));
    assert!(matches!(
        engine.topics().open(&identifier("loyalty:L-1"), &topic, None, at(1)),
        Err(Error::Misuse(_))
    ));

    let (mut engine, topic) = fitting(true);
    engine.record(texted("m-0", 1, "hello"), at(1)).unwrap();
    assert_eq!(engine.topics().open(&her, &topic, None, at(2)).unwrap(), Opened::Said);
    engine.record(texted("m-1", 10, "STOP"), at(11)).unwrap();
    let texts = sent(&mut engine, 12);
    assert_eq!(texts.len(), 1, "the confirmation alone; the question that waits is not sent");
    assert!(texts[0].contains("you have left"));
    engine.record(texted("m-2", 20, "38"), at(21)).unwrap();
    assert_eq!((sent(&mut engine, 22), engine.topics().due(&her, at(22)).unwrap()), (vec![], None));
    let customer = engine.people().find(&her).unwrap().unwrap();
    assert!(engine.people().profile(customer, Purpose::Personalization, at(23)).is_err());
}
