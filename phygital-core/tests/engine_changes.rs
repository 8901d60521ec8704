//! What becomes of customers is told in the log: once, and so that whoever follows it knows who is who.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeSet;

use phygital_core::engine::{Engine, change_of};
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::identity::Rules;
use phygital_core::identity::resolver::ProfileChange;
use phygital_core::store::Memory;
use phygital_core::vocab::{CustomerId, IdentifierKind};
use proptest::prelude::*;
use support::{at, engine, event, identifier, shop};

/// What the log tells behind a position of it.
fn told(engine: &mut Engine<Memory>, behind: u64) -> Vec<ProfileChange> {
    let entries = engine.log().entries(behind, usize::MAX).unwrap();
    let events = entries.into_iter().filter_map(|(_, entry)| entry.payload);
    let read = |content: &str| Event::from_json(content, &CodecOptions::default()).unwrap();
    let changes = events.map(|sealed| read(&sealed.content));
    changes
        .filter(|event| matches!(event.body, Body::CustomerChanged(_)))
        .map(|event| change_of(&event).unwrap())
        .collect()
}

fn len(engine: &mut Engine<Memory>) -> u64 {
    engine.log().len().unwrap()
}

fn whose(engine: &Engine<Memory>, one: &str) -> CustomerId {
    engine.people().find(&identifier(one)).unwrap().unwrap()
}

fn customers(engine: &Engine<Memory>, events: &[Event]) -> BTreeSet<CustomerId> {
    let all = events.iter().flat_map(|event| &event.identifiers);
    all.filter_map(|one| engine.people().find(one).unwrap()).collect()
}

#[test]
fn a_merge_a_split_and_another_id_are_told() {
    let mut engine = engine();
    let pair = &["cookie:c-1", "login:ada"];
    engine.record(event("e-1", "page_viewed", 10, &pair[..1], "{}"), at(10)).unwrap();
    engine.record(event("e-2", "page_viewed", 11, &pair[1..], "{}"), at(11)).unwrap();
    assert_eq!(told(&mut engine, 0), [], "somebody new is nothing to follow");
    let (cookie, login) = (whose(&engine, pair[0]), whose(&engine, pair[1]));
    let seen = event("e-3", "user_identified", 12, pair, "{}");
    engine.record(seen.clone(), at(12)).unwrap();
    let merged = ProfileChange::Merged { from: login, into: cookie };
    assert_eq!(told(&mut engine, 2), [merged]);
    let behind = len(&mut engine);
    engine.record(seen, at(13)).unwrap();
    assert_eq!(len(&mut engine), behind, "sent again, told once");
    engine.record(event("e-4", "identifiers_separated", 14, pair, "{}"), at(14)).unwrap();
    assert_eq!(told(&mut engine, behind), [ProfileChange::Split { from: cookie, into: login }]);

    let behind = len(&mut engine);
    engine.record(event("e-5", "page_viewed", 1, &["cookie:c-0", "login:ada"], "{}"), at(15)).unwrap();
    let earlier = whose(&engine, "cookie:c-0");
    assert_eq!(told(&mut engine, behind), [ProfileChange::Renamed { from: login, to: earlier }]);
    let length = len(&mut engine);
    assert_eq!(engine.log().check().unwrap(), length);
    engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(len(&mut engine), length, "state made anew is nothing new");
}

#[test]
fn what_came_and_went_within_a_batch_is_not_told() {
    let mut engine = engine();
    let batch = vec![
        event("e-1", "page_viewed", 1, &["cookie:c-1"], "{}"),
        event("e-2", "page_viewed", 2, &["login:ada"], "{}"),
        event("e-3", "user_identified", 3, &["cookie:c-1", "login:ada"], "{}"),
    ];
    engine.record_all(batch, at(4)).unwrap();
    assert_eq!(told(&mut engine, 0), []);
}

#[test]
fn other_rules_tell_whom_they_merge() {
    let mut engine = engine();
    let phone = "phone:+33612345678";
    for n in 1..=3 {
        let named = [phone, &*format!("loyalty:L-{n}")];
        engine.record(event(&format!("e-{n}"), "visit_started", n, &named, "{}"), at(n)).unwrap();
    }
    let (behind, head) = (len(&mut engine), whose(&engine, phone));
    let family = Rules::default()
        .with_limit(IdentifierKind::Phone, IdentifierKind::Loyalty, 3)
        .with_per_profile(IdentifierKind::Loyalty, 3);
    let preview = engine.log().change_rules(family.clone(), false, at(9), |_| ()).unwrap();
    let into = preview.changes.iter().map(|change| match change {
        ProfileChange::Merged { into, .. } => *into,
        other => panic!("{other:?}"),
    });
    assert_eq!(into.collect::<BTreeSet<_>>().len(), 1);
    assert_eq!((len(&mut engine), whose(&engine, phone)), (behind, head), "it only told");
    let done = engine.log().change_rules(family.clone(), true, at(9), |_| ()).unwrap();
    assert_eq!((done.changes.clone(), told(&mut engine, behind)), (preview.changes, done.changes));
    let behind = len(&mut engine);
    assert_eq!(engine.log().check().unwrap(), behind);
    assert_eq!(engine.log().change_rules(family, true, at(9), |_| ()).unwrap().changes, []);
    engine.record(event("e-9", "page_viewed", 9, &["loyalty:L-1"], "{}"), at(10)).unwrap();
    assert_eq!(engine.log().check().unwrap(), behind + 1, "the log goes on behind what was told");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// From the customers that there were, what is told leads to those that there are, in any order of arrival; and
    /// what is told leaves no trace in the state.
    #[test]
    fn what_is_told_leads_from_the_customers_of_before_to_those_of_now(
        choices in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), 0u8..60), 1..24),
        batch in 1usize..4,
    ) {
        let events = shop(&choices);
        let mut engine = engine();
        let (mut known, mut ever) = (BTreeSet::new(), BTreeSet::new());
        for chunk in events.chunks(batch) {
            let (behind, before) = (len(&mut engine), known);
            engine.record_all(chunk.to_vec(), at(10_000)).unwrap();
            known = customers(&engine, &events);
            let mut followed = before.clone();
            let mut once = BTreeSet::new();
            let mut gone = BTreeSet::new();
            let mut from_all = BTreeSet::new();
            for change in told(&mut engine, behind) {
                prop_assert!(once.insert(change), "{:?} twice", change);
                let (from, into, leaves) = match change {
                    ProfileChange::Merged { from, into } | ProfileChange::Renamed { from, to: into } => {
                        (from, Some(into), true)
                    }
                    ProfileChange::Split { from, into } | ProfileChange::Moved { from, into } => {
                        (from, Some(into), false)
                    }
                    ProfileChange::Ended { profile } => (profile, None, true),
                    other => panic!("{other:?}"),
                };
                prop_assert!(before.contains(&from), "{:?} of nobody", change);
                from_all.insert(from);
                gone.extend(leaves.then_some(from));
                followed.extend(into);
            }
            // Whoever was split stays, unless what is left of her is told to be somebody else.
            for from in from_all {
                prop_assert_eq!(known.contains(&from), !gone.contains(&from));
            }
            followed.retain(|one| !gone.contains(one));
            prop_assert!(followed.is_subset(&known));
            let new: BTreeSet<CustomerId> = known.difference(&followed).copied().collect();
            prop_assert!(new.is_disjoint(&ever), "an id that comes back was told");
            ever.extend(known.iter().copied());
        }
        let rebuilt = engine.log().rebuild(true, |_| {}).unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
    }
}
