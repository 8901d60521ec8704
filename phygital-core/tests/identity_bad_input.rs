//! What a hostile or broken source may do to who is who: bounded work, a stated class, nobody swallowed.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeSet;

use phygital_core::identity::resolver::{PARTNERS_MAX, ProfileChange, Resolver};
use phygital_core::identity::{Class, Details, Named, Rules, Ruling, Sighting, Subject};
use phygital_core::vocab::{CustomerId, IdentifierKey, IdentifierKind, RecordKey, Timestamp};

fn bytes(tag: u8, n: u32) -> [u8; 16] {
    // Spread, as keys are.
    let mut bytes = [tag; 16];
    bytes[..8].copy_from_slice(&u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    bytes[12..].copy_from_slice(&n.to_be_bytes());
    bytes
}

fn key(kind: IdentifierKind, n: u32) -> IdentifierKey {
    IdentifierKey::from_bytes(bytes(kind as u8, n))
}

fn sighting(n: u32, days: i64, named: &[(IdentifierKind, u32)]) -> Sighting {
    let named = named.iter().map(|&(kind, n)| Named {
        kind,
        key: key(kind, n),
        junk: false,
        forms: Vec::new(),
        spelling: None,
    });
    let mut named: Vec<Named> = named.collect();
    named.sort();
    Sighting {
        record: RecordKey::from_bytes(bytes(200, n)),
        time: Timestamp::from_millis(1_700_000_000_000 + days * 86_400_000).unwrap(),
        linking: true,
        named,
        details: Details::default(),
    }
}

use IdentifierKind::{Cookie, Device, Email, Loyalty, Phone};

#[test]
fn a_kiosk_on_every_event_links_nobody() {
    let mut resolver = Resolver::new(Rules::default(), None);
    let count = 3 * PARTNERS_MAX as u32;
    for n in 0..count {
        let changes = resolver.replace(&[], &[sighting(n, 0, &[(Loyalty, n), (Device, 0)])], &[], &[]);
        assert!(changes.len() <= 4, "{changes:?}");
    }
    assert_eq!(resolver.class(&key(Device, 0)), Some(Class::Crowded));
    assert_eq!(resolver.partition().profiles().len(), count as usize);
    // It falls back below the bound as events go.
    let gone: Vec<Sighting> = (3..count).map(|n| sighting(n, 0, &[(Loyalty, n), (Device, 0)])).collect();
    resolver.replace(&gone, &[], &[], &[]);
    let shared = Class::Shared { partner: Loyalty, count: 3, limit: 2 };
    assert_eq!(resolver.class(&key(Device, 0)), Some(shared));
    assert_eq!(resolver.len(), 3);
}

#[test]
fn a_phone_shared_by_ten_thousand_swallows_nobody() {
    let events: Vec<Sighting> =
        (0..10_000).map(|n| sighting(n, i64::from(n % 90), &[(Email, n), (Phone, 0)])).collect();
    let mut resolver = Resolver::new(Rules::default(), None);
    resolver.replace(&[], &events, &[], &[]);
    assert_eq!(resolver.class(&key(Phone, 0)), Some(Class::Crowded));
    assert_eq!(resolver.partition().profiles().len(), 10_000);
    // One that names it alone is nobody's.
    let alone = sighting(10_000, 3, &[(Phone, 0)]);
    resolver.replace(&[], std::slice::from_ref(&alone), &[], &[]);
    assert_eq!(resolver.profile_of(&alone.record), Some(CustomerId::from_bytes(*alone.record.as_bytes())));
}

#[test]
fn rulings_that_contradict_each_other_in_a_circle_are_settled_by_the_newest() {
    let events =
        [sighting(1, 0, &[(Email, 1)]), sighting(2, 1, &[(Email, 2)]), sighting(3, 2, &[(Email, 3)])];
    let mut resolver = Resolver::new(Rules::default(), None);
    resolver.replace(&[], &events, &[], &[]);
    let ruling = |n: u32, same, one, two| Ruling {
        time: Timestamp::from_millis(1_700_000_000_000 + i64::from(n)).unwrap(),
        record: RecordKey::from_bytes(bytes(201, n)),
        same,
        ends: (Subject::Identifier(Email, key(Email, one)), Subject::Identifier(Email, key(Email, two))),
    };
    let circle = [ruling(1, true, 1, 2), ruling(2, true, 2, 3), ruling(3, false, 3, 1)];
    resolver.replace(&[], &[], &[], &circle);
    let of = |resolver: &Resolver, n: usize| resolver.profile_of(&events[n].record).unwrap();
    assert_eq!(of(&resolver, 1), of(&resolver, 2), "the newest of those that may hold");
    assert_ne!(of(&resolver, 0), of(&resolver, 1));
    // A newer word on the same pair ends it.
    resolver.replace(&[], &[], &[], &[ruling(4, true, 1, 3)]);
    assert_eq!(of(&resolver, 0), of(&resolver, 2));
    resolver.replace(&[], &[], &circle, &[]);
    resolver.replace(&[], &[], &[ruling(4, true, 1, 3)], &[]);
    assert_eq!(resolver.partition().profiles().len(), 3);
}

#[test]
fn a_clock_a_year_ahead_or_beyond_all_time_moves_nobody() {
    let mut resolver = Resolver::new(Rules::default(), None);
    let usual = [sighting(1, 0, &[(Loyalty, 1), (Phone, 1)]), sighting(2, 5, &[(Loyalty, 1), (Cookie, 1)])];
    resolver.replace(&[], &usual, &[], &[]);
    let before = resolver.profile_of(&usual[0].record);
    let ahead = sighting(3, 370, &[(Loyalty, 1), (Cookie, 2)]);
    let last = Sighting { time: Timestamp::MAX, ..sighting(4, 0, &[(Phone, 1), (Cookie, 3)]) };
    let first = Sighting { time: Timestamp::MIN, ..sighting(5, 0, &[(Cookie, 9)]) };
    resolver.replace(&[], &[ahead.clone(), last.clone(), first.clone()], &[], &[]);
    for one in [&ahead, &last] {
        assert_eq!(resolver.profile_of(&one.record), before);
    }
    assert_ne!(resolver.profile_of(&first.record), before);
}

#[test]
fn what_a_browser_did_is_the_customers_once_she_is_known_and_is_given_back() {
    let mut resolver = Resolver::new(Rules::default(), None);
    let browsed: Vec<Sighting> = (0..5).map(|n| sighting(n, 10 + i64::from(n), &[(Cookie, 7)])).collect();
    let bought = sighting(10, 3, &[(Loyalty, 1)]);
    resolver.replace(&[], &browsed, &[], &[]);
    resolver.replace(&[], std::slice::from_ref(&bought), &[], &[]);
    let (visitor, customer) =
        (resolver.profile_of(&browsed[0].record).unwrap(), resolver.profile_of(&bought.record).unwrap());
    let signed_in = sighting(11, 20, &[(Loyalty, 1), (Cookie, 7)]);
    let changes = resolver.replace(&[], std::slice::from_ref(&signed_in), &[], &[]);
    assert_eq!(changes, [ProfileChange::Merged { from: visitor, into: customer }]);
    let records: BTreeSet<RecordKey> = resolver.members(customer).into_iter().collect();
    assert_eq!(records.len(), 7);
    assert_eq!(resolver.profile(visitor), Some(customer));
    let changes = resolver.replace(&[signed_in], &[], &[], &[]);
    assert_eq!(changes, [ProfileChange::Split { from: customer, into: visitor }]);
    assert_eq!(resolver.members(visitor).len(), 5);
    assert_eq!(resolver.members(customer), [bought.record]);
}

#[test]
fn many_names_at_one_identifier_make_a_crowd() {
    let mut resolver = Resolver::new(Rules::default(), None);
    let events: Vec<Sighting> = (0..5_000u32)
        .map(|n| Sighting {
            details: Details {
                given_name: Some(format!("given{n}").into()),
                surname: Some(format!("family{n}").into()),
                ..Details::default()
            },
            ..sighting(n, 0, &[(Phone, 0)])
        })
        .collect();
    for some in events.chunks(100) {
        resolver.replace(&[], some, &[], &[]);
    }
    assert_eq!(resolver.class(&key(Phone, 0)), Some(Class::Crowded));
    assert_eq!(resolver.partition().profiles().len(), 5_000);
}

/// One of a family at one phone: name and date of birth.
fn person(n: u32, days: i64, given: &str, birth: &str) -> Sighting {
    Sighting {
        details: Details {
            given_name: Some(given.into()),
            surname: Some("byron".into()),
            birthday: Some(birth.into()),
            ..Details::default()
        },
        ..sighting(n, days, &[(Loyalty, n / 10), (Phone, 0)])
    }
}

#[test]
fn a_name_of_a_megabyte_is_one_name_more() {
    // The door of the evidence takes 512 bytes; whoever gives sightings to the resolver may say more.
    let (long, other) = ("ada ".repeat(250_000), "grace".repeat(200_000));
    let mut resolver = Resolver::new(Rules::default(), None);
    let events: Vec<Sighting> = (0..30)
        .map(|n| person(n, i64::from(n), [&long, "ada", &other][n as usize / 10], "18151210"))
        .collect();
    for event in &events {
        resolver.replace(&[], std::slice::from_ref(event), &[], &[]);
    }
    let of = |n: usize| resolver.profile_of(&events[n].record).unwrap();
    assert!((0..10).all(|n| of(n) == of(0)));
    // Another name at the same phone and date of birth is another person still.
    assert!((20..30).all(|n| of(n) == of(20) && of(n) != of(0)));
    assert_ne!(resolver.class(&key(Phone, 0)), Some(Class::Normal));
    let text = format!("{resolver:?} {:?}", events[0]);
    assert!(!text.contains("ada"), "nobody is printed");
}

#[test]
fn births_and_events_of_the_year_9999_are_nobodys_and_no_earlier() {
    let mut resolver = Resolver::new(Rules::default(), None);
    let usual = [person(0, 0, "ada", "18151210"), person(1, 1, "ada", "18151210")];
    resolver.replace(&[], &usual, &[], &[]);
    let before = resolver.profile_of(&usual[0].record);
    // What a form writes for "unknown" parts nobody, and a real date of that year is a date as any other.
    let unknown = Sighting { time: Timestamp::MAX, ..person(2, 2, "ada", "99991231") };
    let odd = person(30, 3, "mary", "99990101");
    resolver.replace(&[], &[unknown.clone(), odd.clone()], &[], &[]);
    assert_eq!(
        resolver.profile_of(&unknown.record),
        before,
        "it names itself after its first sighting still"
    );
    assert_ne!(resolver.profile_of(&odd.record), before);
    // An identifier seen at both ends of time has one holder, and no epoch in between.
    let ends = [
        Sighting { time: Timestamp::MIN, ..sighting(40, 0, &[(Cookie, 4), (Email, 4)]) },
        Sighting { time: Timestamp::MAX, ..sighting(41, 0, &[(Cookie, 4), (Email, 4)]) },
    ];
    resolver.replace(&[], &ends, &[], &[]);
    assert_eq!(resolver.class(&key(Cookie, 4)), Some(Class::Normal));
    assert_eq!(resolver.profile_of(&ends[0].record), resolver.profile_of(&ends[1].record));
}
