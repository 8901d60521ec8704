//! Records held against the customers of a store, one at a time.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use phygital_core::engine::{Candidate, Engine};
use phygital_core::event::Event;
use phygital_core::identity::Details;
use phygital_core::identity::matching::{Field, FieldKind, Model, Records};
use phygital_core::store::Memory;
use support::{at, engine, event, identifier};

const GIVEN: [&str; 8] = ["ada", "grace", "alan", "edith", "hedy", "mary", "joan", "radia"];
const SURNAMES: [&str; 8] =
    ["lovelace", "hopper", "turing", "clarke", "lamarr", "jackson", "perlman", "hamilton"];

/// A person of so many: given name, surname, date of birth, city.
fn person(n: usize) -> [String; 4] {
    let born = format!("19{:02}{:02}{:02}", 20 + n * 7 % 70, 1 + n % 12, 1 + n * 5 % 28);
    let city = ["Paris", "Lyon", "Nantes", "Lille"][n % 4].to_owned();
    [GIVEN[n % 8].to_owned(), SURNAMES[n / 8 % 8].to_owned(), born, city]
}

/// Learned from people of whom every third is there twice, once with a slip.
fn model() -> Model {
    let fields = [
        Field::new("given_name", FieldKind::GivenName),
        Field::new("surname", FieldKind::Surname),
        Field::new("birthday", FieldKind::Date),
        Field::new("city", FieldKind::Place),
    ];
    let mut rows: Vec<(String, [String; 4])> = (0..200).map(|n| (format!("a-{n:03}"), person(n))).collect();
    for n in (0..200).step_by(3) {
        let mut again = person(n);
        again[1].pop();
        rows.push((format!("b-{n:03}"), again));
    }
    Model::train(&Records::new(fields, rows).unwrap()).unwrap()
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

fn recorded(events: impl Iterator<Item = Event>) -> Engine<Memory> {
    let mut engine = engine();
    for one in events {
        engine.record(one, at(10_000)).unwrap();
    }
    engine
}

fn people() -> impl DoubleEndedIterator<Item = Event> {
    (0..60_usize).map(|n| says(&format!("e-{n}"), &[&format!("login:u-{n}")], &person(n), n as i64))
}

/// The record of person `n` as another source has it.
fn slipped(n: usize) -> Details {
    let mut said = person(n);
    said[1].pop();
    details(&said)
}

#[test]
fn a_record_finds_whom_it_tells_of_in_any_order_of_arrival() {
    let (forward, back) = (recorded(people()), recorded(people().rev()));
    let model = model();
    let (mut one, mut two) = (forward.matcher(model.clone()).unwrap(), back.matcher(model.clone()).unwrap());
    for n in 0..60 {
        let found = one.candidates(&forward, &slipped(n)).unwrap();
        let first = found.first().unwrap_or_else(|| panic!("nobody for {n}"));
        assert_eq!(first.identifier, identifier(&format!("login:u-{n}")), "{found:?}");
        assert!(found.is_sorted_by_key(|one| std::cmp::Reverse(one.weight)), "{found:?}");
        assert!(found.iter().all(|one| one.is_match == (one.weight >= model.match_at)));
        assert_eq!(two.candidates(&back, &slipped(n)).unwrap(), found);
    }
    let stranger = ["Zelda", "Quaternion", "20010203", "Oslo"].map(str::to_owned);
    assert_eq!(one.candidates(&forward, &details(&stranger)).unwrap(), []);
}

#[test]
fn what_the_log_got_meanwhile_is_found_and_what_it_lost_is_not() {
    let mut engine = recorded(people().take(30));
    let mut matcher = engine.matcher(model()).unwrap();
    let first = |matcher: &mut _, engine: &Engine<Memory>, n: usize| -> Option<Candidate> {
        let matcher: &mut phygital_core::engine::Matcher = matcher;
        let of = identifier(&format!("login:u-{n}"));
        matcher.candidates(engine, &slipped(n)).unwrap().into_iter().find(|one| one.identifier == of)
    };
    assert_eq!(first(&mut matcher, &engine, 40), None);
    for one in people().skip(30) {
        engine.record(one, at(10_000)).unwrap();
    }
    assert!(first(&mut matcher, &engine, 40).is_some());

    // Somebody says that it is she: one customer, found by either.
    engine.record(event("s-1", "page_viewed", 1, &["email:new@shop.example"], "{}"), at(10_000)).unwrap();
    let pair = ["email:new@shop.example", "login:u-40"];
    engine.record(event("s-2", "identifiers_linked", 2, &pair, "{}"), at(10_000)).unwrap();
    let whole = engine.people().find(&identifier(pair[0])).unwrap().unwrap();
    assert_eq!(first(&mut matcher, &engine, 40).unwrap().customer, whole);

    let out = r#"{"contact":"login:u-40"}"#;
    engine.record(event("s-3", "opted_out", 3, &[], out), at(10_000)).unwrap();
    assert_eq!(first(&mut matcher, &engine, 40), None, "linking was withdrawn");
    assert!(first(&mut matcher, &engine, 41).is_some());
    engine.erase_identifier(&identifier("login:u-41"), at(10_001)).unwrap();
    assert_eq!(first(&mut matcher, &engine, 41), None, "erased");
    let anew = engine.matcher(model()).unwrap();
    assert_eq!(format!("{anew:?}"), format!("{matcher:?}"));
}
