//! A store with a model: whoever is described alike is one customer, whatever came first and whatever has gone since.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use phygital_core::engine::{Candidate, Engine, Error, Explanation};
use phygital_core::event::{Body, Event};
use phygital_core::identity::matching::{Field, FieldKind, Index, Millibits, Model, Records};
use phygital_core::identity::resolver::Resolver;
use phygital_core::identity::review::Doubt;
use phygital_core::identity::union::Basis;
use phygital_core::identity::{Class, Details, Named, Rules, Ruling, Sighting, Subject};
use phygital_core::store::{Memory, Read, Store};
use phygital_core::tap::Keys;
use phygital_core::vocab::limits::DESCRIBED_MAX;
use phygital_core::vocab::{Identifier, IdentifierKey, IdentifierKind, RecordKey, TenantKey};
use proptest::prelude::*;
use support::{at, config, entropy, event, identifier};

const GIVEN: [&str; 8] = ["ada", "grace", "alan", "edith", "hedy", "mary", "joan", "radia"];
const SURNAMES: [&str; 8] =
    ["lovelace", "hopper", "turing", "clarke", "lamarr", "jackson", "perlman", "hamilton"];

/// A person of so many: given name, surname, date of birth, city.
fn person(n: usize) -> [String; 4] {
    let born = format!("19{:02}{:02}{:02}", 20 + n * 7 % 70, 1 + n % 12, 1 + n * 5 % 28);
    let city = ["Paris", "Lyon", "Nantes", "Lille"][n % 4].to_owned();
    [GIVEN[n % 8].to_owned(), SURNAMES[n / 8 % 8].to_owned(), born, city]
}

fn slip(mut said: [String; 4]) -> [String; 4] {
    said[1].pop();
    said
}

/// Learned once from people of whom every third is there twice, once with a slip.
fn model() -> Model {
    static MODEL: LazyLock<Model> = LazyLock::new(learned);
    MODEL.clone()
}

fn learned() -> Model {
    let fields = [
        Field::new("given_name", FieldKind::GivenName),
        Field::new("surname", FieldKind::Surname),
        Field::new("birthday", FieldKind::Date),
        Field::new("city", FieldKind::Place),
    ];
    let mut rows: Vec<(String, [String; 4])> = (0..200).map(|n| (format!("a-{n:03}"), person(n))).collect();
    rows.extend((0..200).step_by(3).map(|n| (format!("b-{n:03}"), slip(person(n)))));
    let mut model = Model::train(&Records::new(fields, rows).unwrap()).unwrap();
    // So few people cannot tell how rare a match is: a whole description is to be enough.
    (model.match_at, model.review_at) = (9_000, 2_000);
    model
}

fn says(id: &str, named: &[&str], [given, surname, born, city]: &[String; 4], time: i64) -> Event {
    let born = format!("{}-{}-{}", &born[..4], &born[4..6], &born[6..]);
    let said = format!(
        r#"{{"firstName":"{given}","lastName":"{surname}","birthday":"{born}","address":{{"city":"{city}"}}}}"#
    );
    event(id, "user_identified", time, named, &said)
}

fn details([given, surname, born, city]: &[String; 4]) -> Details {
    let some = |kind: FieldKind, text: &str| Some(kind.normal(text).into());
    Details {
        given_name: some(FieldKind::GivenName, given),
        surname: some(FieldKind::Surname, surname),
        birthday: some(FieldKind::Date, born),
        city: some(FieldKind::Place, city),
        ..Details::default()
    }
}

fn engine() -> Engine<Memory> {
    Engine::open(Memory::new(), config().with_model(model()), Keys::none(), entropy()).unwrap()
}

fn record(engine: &mut Engine<Memory>, events: impl IntoIterator<Item = Event>) {
    for one in events {
        engine.record(one, at(10_000)).unwrap();
    }
}

fn recorded(events: impl IntoIterator<Item = Event>) -> Engine<Memory> {
    let mut engine = engine();
    record(&mut engine, events);
    engine
}

fn people() -> impl DoubleEndedIterator<Item = Event> {
    (0..60_usize).map(|n| says(&format!("e-{n}"), &[&format!("login:u-{n}")], &person(n), n as i64))
}

fn rows(engine: &Engine<Memory>) -> Vec<String> {
    let mut rows = Vec::new();
    let reader = engine.store().reader().unwrap();
    // Without the tombstones, and what they keep.
    let mut show = |table: &str, row: &str| {
        let kept = table == "consent" && row.contains(r#""cause":"erasure""#);
        rows.extend((table != "erased" && !kept).then(|| format!("{table}: {row}")));
    };
    reader.each_folded(&mut show).unwrap();
    rows
}

fn same(engine: &Engine<Memory>, one: &str, two: &str) -> bool {
    let of = |text: &str| engine.people().find(&identifier(text)).unwrap().unwrap();
    of(one) == of(two)
}

#[test]
fn a_record_finds_whom_it_tells_of_in_any_order_of_arrival() {
    let (forward, back) = (recorded(people()), recorded(people().rev()));
    let match_at = model().match_at;
    for n in 0..60 {
        let record = details(&slip(person(n)));
        let found = forward.people().candidates(&record).unwrap();
        let first = found.first().unwrap_or_else(|| panic!("nobody for {n}"));
        assert_eq!(first.identifier, identifier(&format!("login:u-{n}")), "{found:?}");
        assert!(found.is_sorted_by_key(|one| std::cmp::Reverse(one.weight)), "{found:?}");
        assert!(found.iter().all(|one| one.is_match == (one.weight >= match_at)));
        assert_eq!(back.people().candidates(&record).unwrap(), found);
    }
    let stranger = ["Zelda", "Quaternion", "20010203", "Oslo"].map(str::to_owned);
    assert_eq!(forward.people().candidates(&details(&stranger)).unwrap(), []);
    let without = support::engine();
    assert!(matches!(without.people().candidates(&details(&stranger)), Err(Error::Misuse(_))));
}

#[test]
fn who_took_linking_back_or_was_erased_is_not_found() {
    let mut engine = recorded(people());
    let first = |engine: &Engine<Memory>, n: usize| -> Option<Candidate> {
        let of = identifier(&format!("login:u-{n}"));
        let found = engine.people().candidates(&details(&slip(person(n)))).unwrap();
        found.into_iter().find(|one| one.identifier == of)
    };
    assert!(first(&engine, 40).is_some() && first(&engine, 41).is_some());
    record(&mut engine, [event("s-3", "opted_out", 3, &[], r#"{"contact":"login:u-40"}"#)]);
    assert_eq!(first(&engine, 40), None, "linking was withdrawn");
    engine.erase_identifier(&identifier("login:u-41"), at(10_001)).unwrap();
    assert_eq!(first(&engine, 41), None, "erased");
}

#[test]
fn who_is_described_alike_is_one_customer_until_it_is_taken_back() {
    let (login, card) = ("login:ada", "loyalty:L-7");
    let mut engine = recorded([
        says("e-1", &[login], &person(0), 1),
        says("e-2", &[card], &slip(person(0)), 2),
        says("e-3", &["login:grace"], &person(9), 3),
    ]);
    assert!(same(&engine, login, card) && !same(&engine, login, "login:grace"));
    let Explanation::Same { steps, weakest } =
        engine.people().explain(&identifier(login), &identifier(card)).unwrap()
    else {
        panic!("one customer")
    };
    assert_eq!((steps.len(), weakest, steps[0].event), (1, Some(0), None));
    assert!(matches!(steps[0].basis, Basis::Matched { weight } if weight >= model().match_at));
    record(&mut engine, [event("e-4", "identifiers_separated", 4, &[login, card], "{}")]);
    assert!(!same(&engine, login, card), "who says so outranks what is alike");
    record(&mut engine, [event("e-5", "identifiers_linked", 5, &[login, card], "{}")]);
    record(&mut engine, [event("e-6", "opted_out", 6, &[], &format!(r#"{{"contact":"{login}"}}"#))]);
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn a_model_can_be_set_tried_and_taken_away() {
    let mut engine = support::engine();
    let pair = ["login:ada", "loyalty:L-7"];
    record(
        &mut engine,
        [says("e-1", &pair[..1], &person(0), 1), says("e-2", &pair[1..], &slip(person(0)), 2)],
    );
    let before = engine.log().state_digest().unwrap();
    let tried = engine.log().change_model(Some(model()), false, at(5), |_| ()).unwrap();
    assert_eq!((tried.customers_before, tried.customers_after, tried.changes.len()), (2, 1, 1));
    assert!(!same(&engine, pair[0], pair[1]) && engine.model().is_none());
    engine.log().change_model(Some(model()), true, at(5), |_| ()).unwrap();
    assert!(same(&engine, pair[0], pair[1]));
    let mut again = support::over(engine.into_store());
    assert_eq!(again.model(), Some(&model()), "a store keeps it");
    record(&mut again, [says("e-3", &["crm:9"], &person(0), 3)]);
    assert!(same(&again, pair[0], "crm:9"));
    let rules = Rules::default().with_repairs(false);
    let other = again.log().change_rules(rules, true, at(6), |_| ()).unwrap();
    assert_eq!(other.customers_before, other.customers_after, "other rules leave it");
    again.erase_identifier(&identifier("crm:9"), at(7)).unwrap();
    again.log().change_model(None, true, at(6), |_| ()).unwrap();
    assert_ne!(again.log().state_digest().unwrap(), before, "a tombstone is there");
    assert!(!same(&again, pair[0], pair[1]));
    assert!(!rows(&again).iter().any(|row| row.starts_with("block")));
    let row = |id: &'static str, name: &'static str| (id, [name]);
    let others = Records::new(
        [Field::new("maiden", FieldKind::Surname)],
        [row("1", "a"), row("2", "a"), row("3", "b")],
    );
    let of_others = Model::train(&others.unwrap()).unwrap();
    assert!(matches!(again.log().change_model(Some(of_others), true, at(6), |_| ()), Err(Error::Misuse(_))));
}

#[test]
fn who_is_nearly_alike_is_asked_about() {
    let [given, surname, _, city] = person(0);
    let near = [given, surname, "19550505".to_owned(), city];
    let pair = ["login:ada", "loyalty:L-7"];
    let mut engine = recorded([says("e-1", &pair[..1], &person(0), 1), says("e-2", &pair[1..], &near, 2)]);
    let found = engine.people().candidates(&details(&near)).unwrap();
    assert_eq!(found.iter().map(|one| one.is_match).collect::<Vec<_>>(), [true, false], "{found:?}");
    let review = engine.people().review(10).unwrap();
    let [one] = &review.doubts[..] else { panic!("{review:?}") };
    assert_eq!(BTreeSet::from([one.ends.0.clone(), one.ends.1.clone()]), pair.map(identifier).into());
    assert!(matches!(one.question.doubt, Doubt::Near { weight, .. } if weight == found[1].weight));
    assert_eq!(review.crowded, 0);
    let why = engine.people().explain(&identifier(pair[0]), &identifier(pair[1])).unwrap();
    assert!(matches!(&why, Explanation::Different(why) if why.code() == "below_threshold"), "{why:?}");
    record(&mut engine, [event("e-3", "identifiers_separated", 4, &pair, "{}")]);
    assert_eq!(engine.people().review(10).unwrap().doubts, [], "it was answered");
}

/// What a store keeps of who is alike, against an index in memory of the same descriptions.
fn judge_pairs(engine: &Engine<Memory>, model: &Model) {
    let mut index: Index<String> = Index::new(model.clone());
    let mut kept: BTreeSet<(String, String, Millibits)> = BTreeSet::new();
    let reader = engine.store().reader().unwrap();
    let mut show = |table: &str, row: &str| match table {
        "description" => {
            let (key, json) = row.split_once(' ').unwrap();
            let [said]: [Details; 1] = serde_json::from_str(json).unwrap();
            let value = |value: &Option<Box<str>>| value.as_deref().unwrap_or_default().to_owned();
            let values = [&said.given_name, &said.surname, &said.birthday, &said.city].map(value);
            index.insert(key.to_owned(), &values).unwrap();
        }
        "alike" => {
            let parts: Vec<&str> = row.split(' ').collect();
            kept.insert((parts[0].to_owned(), parts[1].to_owned(), parts[3].parse().unwrap()));
        }
        _ => {}
    };
    reader.each_folded(&mut show).unwrap();
    let all = kept.iter().map(|(one, ..)| one.clone()).collect::<BTreeSet<_>>();
    let mut expected = BTreeSet::new();
    let mut described = Vec::new();
    let mut keys = |table: &str, row: &str| {
        described.extend((table == "description").then(|| row.split(' ').next().unwrap().to_owned()))
    };
    reader.each_folded(&mut keys).unwrap();
    for key in described {
        let found = index.matches_of(&key, model.review_at).unwrap();
        expected.extend(found.into_iter().map(|(other, weight)| (key.clone(), other, weight)));
    }
    assert_eq!(kept, expected, "{} with somebody like them", all.len());
}

/// So few names that blocking keys become too common, and rare again.
fn of_few(n: usize) -> [String; 4] {
    let born = format!("19{:02}{:02}{:02}", 20 + n % 50, 1 + n % 3, 1 + n % 7);
    [GIVEN[n % 2].to_owned(), SURNAMES[n / 2 % 3].to_owned(), born, "Paris".to_owned()]
}

#[test]
fn keys_that_become_common_and_rare_again_leave_the_pairs_of_a_batch() {
    let mut engine = engine();
    let model = model();
    let named: Vec<String> = (0..90).map(|n| format!("login:u-{n}")).collect();
    for (n, one) in named.iter().enumerate() {
        record(&mut engine, [says(&format!("e-{n}"), &[one], &of_few(n), n as i64)]);
        if n % 6 == 0 || (18..24).contains(&n) {
            judge_pairs(&engine, &model);
        }
    }
    judge_pairs(&engine, &model);
    assert!(engine.people().review(1).unwrap().crowded > 0);
    for (n, one) in named.iter().enumerate().take(75) {
        engine.erase_identifier(&identifier(one), at(20_000)).unwrap();
        if n % 6 == 0 || (66..75).contains(&n) {
            judge_pairs(&engine, &model);
        }
    }
    let rebuilt = engine.log().rebuild(true, |_| ()).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

/// A form that was filled in for everybody ties nobody; one less than so many are a person's.
#[test]
fn what_is_said_of_too_many_ties_nobody() {
    let rules = Rules::default().with_per_profile(IdentifierKind::Cookie, 1_000);
    let mut engine =
        Engine::open(Memory::new(), config().with_rules(rules), Keys::none(), entropy()).unwrap();
    let named: Vec<String> = (0..=DESCRIBED_MAX).map(|n| format!("cookie:c-{n:03}")).collect();
    let all = named.iter().enumerate().map(|(n, one)| says(&format!("e-{n}"), &[one], &person(0), n as i64));
    engine.record_all(all.take(DESCRIBED_MAX).collect(), at(10_000)).unwrap();
    engine.log().change_model(Some(model()), true, at(10_000), |_| ()).unwrap();
    assert!(same(&engine, &named[0], &named[DESCRIBED_MAX - 1]));
    let last = &named[DESCRIBED_MAX];
    record(&mut engine, [says("e-last", &[last], &person(0), 999)]);
    assert!(!same(&engine, &named[0], &named[1]) && !same(&engine, &named[0], last));
    engine.erase_identifier(&identifier(last), at(10_001)).unwrap();
    assert!(same(&engine, &named[0], &named[DESCRIBED_MAX - 1]));
}

const NAMED: [&str; 9] = [
    "login:ada",
    "login:grace",
    "loyalty:L-1",
    "loyalty:L-2",
    "crm:1",
    "crm:2",
    "cookie:c-1",
    "cookie:c-2",
    "device:d-1",
];

/// Events of a shop whose customers say who they are.
fn shop(choices: &[(u8, u8, u8, u8)]) -> Vec<Event> {
    let one = |(index, &(kind, first, second, who)): (usize, &(u8, u8, u8, u8))| {
        let id = format!("e-{index}");
        let (a, b) = (NAMED[usize::from(first) % 9], NAMED[usize::from(second) % 9]);
        let said = match who % 12 {
            n @ 0..6 => person(usize::from(n)),
            n => slip(person(usize::from(n) - 6)),
        };
        let time = i64::from(who % 60);
        match kind % 9 {
            0..=3 => says(&id, &[a], &said, time),
            4 => says(&id, &[a, b], &said, time),
            5 => event(&id, "page_viewed", time, &[a, b], "{}"),
            6 if a != b => event(&id, "identifiers_separated", time, &[a, b], "{}"),
            7 => event(
                &id,
                "opted_out",
                time,
                &[],
                &format!(r#"{{"contact":"{a}","purposes":["recognition"]}}"#),
            ),
            8 => event(
                &id,
                "opted_in",
                time,
                &[],
                &format!(r#"{{"contact":"{a}","purposes":["recognition"],"method":"web"}}"#),
            ),
            _ => event(&id, "visit_started", time, &[a], "{}"),
        }
    };
    choices.iter().enumerate().map(one).collect()
}

fn choices(most: usize) -> impl Strategy<Value = Vec<(u8, u8, u8, u8)>> {
    prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>()), 1..most)
}

fn key(one: &Identifier) -> IdentifierKey {
    one.key(&TenantKey::new(&[7; 32]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The same set of events and the same model give the same state, row by row: in any order, in one batch, made anew, and
    /// when the model comes last.
    #[test]
    fn order_says_nothing(choices in choices(20), seed in any::<u64>(), batch in 1usize..6) {
        let events = shop(&choices);
        let first = recorded(events.clone());
        let mut shuffled = events.clone();
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let mut second = engine();
        for chunk in shuffled.chunks(batch) {
            second.record_all(chunk.to_vec(), at(10_000)).unwrap();
        }
        prop_assert_eq!(rows(&first), rows(&second));
        let rebuilt = second.log().rebuild(true, |_| {}).unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
        let mut last = support::engine();
        record(&mut last, shuffled);
        last.log().change_model(Some(model()), true, at(10_000), |_| ()).unwrap();
        prop_assert_eq!(rows(&first), rows(&last));
        judge_pairs(&first, &model());
    }

    /// Erased or never seen: the same state, with a model too.
    #[test]
    fn erasing_is_never_having_seen(choices in choices(20), which in prop::collection::vec(0usize..9, 1..3), half in any::<bool>()) {
        let events = shop(&choices);
        let gone: BTreeSet<Identifier> = which.iter().map(|n| identifier(NAMED[*n])).collect();
        let mut engine = engine();
        let (before, after) = events.split_at(if half { events.len() / 2 } else { events.len() });
        record(&mut engine, before.to_vec());
        for one in &gone {
            engine.erase_identifier(one, at(10_000)).unwrap();
        }
        record(&mut engine, after.to_vec());
        let never = events.iter().filter_map(|event| {
            let contact = match &event.body {
                Body::OptedIn(said) => Some(&said.contact),
                Body::OptedOut(said) => Some(&said.contact),
                _ => None,
            };
            let mut left = event.clone();
            left.identifiers.retain(|one| !gone.contains(one));
            let ruling = matches!(event.body, Body::IdentifiersSeparated(_));
            let lost = left.identifiers.len() < event.identifiers.len();
            let nobody = contact.is_none() && left.identifiers.is_empty() || ruling && left.identifiers.len() < 2;
            (!(contact.is_some_and(|one| gone.contains(one)) || lost && nobody)).then_some(left)
        });
        prop_assert_eq!(rows(&engine), rows(&recorded(never)));
        let rebuilt = engine.log().rebuild(true, |_| {}).unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
    }

    /// The customers of a till are the profiles of the same evidence at headquarters: where nobody has two names, no two
    /// were named together twice, which a till does not count, and no limit chooses between matches of one weight, which
    /// each takes in the order of its own keys of descriptions. So there is none where rulings join several people.
    #[test]
    fn a_till_and_headquarters_find_the_same_people(
        who in prop::collection::vec((0usize..14, 0u8..3, 0usize..2), 2..16),
        rulings in prop::collection::vec((0usize..16, 0usize..16), 0..3),
        same in any::<bool>(),
    ) {
        let limited = |rules: Rules, kind: &IdentifierKind| if same { rules.with_per_profile(*kind, 100) } else { rules };
        let rules = IdentifierKind::ALL.iter().fold(Rules::default(), limited);
        let kinds = ["login", "loyalty", "crm"];
        let names: Vec<String> = who.iter().enumerate().map(|(n, (_, kind, _))| format!("{}:u-{n}", kinds[usize::from(*kind)])).collect();
        let mut events = Vec::new();
        for (n, (person_of, _, cookie)) in who.iter().enumerate() {
            let said = if *person_of < 7 { person(*person_of) } else { slip(person(*person_of - 7)) };
            let cookie = format!("cookie:c-{}-{cookie}", person_of % 7);
            let named = [&*names[n], &*cookie];
            events.push(says(&format!("e-{n}"), &named[..1 + n % 2], &said, n as i64));
        }
        for (n, (one, two)) in rulings.iter().enumerate() {
            let (one, two) = (&*names[one % names.len()], &*names[two % names.len()]);
            let kind = if same { "identifiers_linked" } else { "identifiers_separated" };
            if one != two {
                events.push(event(&format!("r-{n}"), kind, 100 + n as i64, &[one, two], "{}"));
            }
        }
        let config = config().with_model(model()).with_rules(rules.clone());
        let mut engine = Engine::open(Memory::new(), config, Keys::none(), entropy()).unwrap();
        record(&mut engine, events.clone());
        let mut resolver = Resolver::new(rules, Some(model()));
        let (mut sightings, mut rulings) = (Vec::new(), Vec::new());
        for event in &events {
            let record = RecordKey::from_bytes(*event.key().as_bytes());
            let of = |one: &Identifier| Subject::Identifier(one.kind(), key(one));
            let same = match event.body {
                Body::IdentifiersLinked(_) => true,
                Body::IdentifiersSeparated(_) => false,
                _ => {
                    let named = |one: &Identifier| Named { kind: one.kind(), key: key(one), junk: false, forms: Vec::new(), spelling: None };
                    let mut named: Vec<Named> = event.identifiers.iter().map(named).collect();
                    named.sort();
                    let n: usize = event.id.as_str()[2..].parse().unwrap();
                    let said = if who[n].0 < 7 { person(who[n].0) } else { slip(person(who[n].0 - 7)) };
                    sightings.push(Sighting { record, time: event.occurred_at, linking: true, named, details: details(&said) });
                    continue;
                }
            };
            let (one, two) = (of(&event.identifiers[0]), of(&event.identifiers[1]));
            rulings.push(Ruling { ends: (one.min(two), one.max(two)), same, time: event.occurred_at, record });
        }
        resolver.replace(&[], &sightings, &[], &rulings);
        let all: BTreeSet<Identifier> = events.iter().flat_map(|event| event.identifiers.clone()).collect();
        let normal: Vec<&Identifier> = all.iter().filter(|one| resolver.class(&key(one)) == Some(Class::Normal)).collect();
        let mut of: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut customers: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for one in normal {
            of.entry(resolver.profile_of_identifier(&key(one))).or_default().insert(one);
            customers.entry(engine.people().find(one).unwrap()).or_default().insert(one);
        }
        prop_assert_eq!(of.values().collect::<BTreeSet<_>>(), customers.values().collect::<BTreeSet<_>>());
    }
}
