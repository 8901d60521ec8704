//! The laws of consent, checked on random events against a slow and obvious reading of the rules.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::event::kinds::conversation::{OptedIn, OptedOut};
use crate::event::kinds::digital::Unsubscribed;
use crate::event::{Body, Event, FoldKey, Origin, Recorded};
use crate::vocab::limits::LEDGER_ENTRIES_MAX;
use crate::vocab::{ConsentMethod, DeviceId, EventId, Hlc, Identifier, Purpose, SourceId, Timestamp};

fn phone(n: u32) -> Identifier {
    format!("phone:+3361234567{n}").parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

/// An event recorded in the very second that it happened.
fn recorded(id: &str, seconds: i64, body: impl Into<Body>) -> Recorded {
    let source = SourceId::new("test").unwrap();
    let mut event = Event::new(source, EventId::new(id).unwrap(), at(seconds), body);
    if matches!(event.body, Body::Unsubscribed(_)) {
        event = event.with(phone(0));
    }
    event.settle().unwrap();
    let hlc = Hlc::ZERO.tick(at(seconds)).unwrap();
    let fold = FoldKey::of(&event, hlc);
    let origin = Origin { device: DeviceId::from_bytes([0; 16]), epoch: 0, seq: 1 };
    Recorded { event, fold, origin, hlc, received_at: at(seconds) }
}

fn grant(purposes: &[Purpose]) -> OptedIn {
    OptedIn::new(phone(0), purposes.to_vec(), ConsentMethod::TapToText)
}

fn withdrawal(purposes: &[Purpose]) -> OptedOut {
    let mut said = OptedOut::new(phone(0));
    said.purposes = purposes.to_vec();
    said
}

fn ledger<'r>(events: impl IntoIterator<Item = &'r Recorded>) -> Ledger {
    let mut ledger = Ledger::default();
    for event in events {
        ledger.apply(&phone(0), event);
    }
    ledger
}

fn answer(ledger: &Ledger, seconds: i64) -> Reason {
    let decision = Policy::default().permits(Some(ledger), Purpose::Marketing, at(seconds));
    assert_eq!(decision.allowed, decision.reasons == [Reason::Granted]);
    decision.reasons[0]
}

#[test]
fn a_grant_counts_from_its_time_until_it_expires() {
    let mut said = grant(&[Purpose::Marketing]);
    said.expires_at = Some(at(200));
    let ledger = ledger([&recorded("in", 100, said)]);
    assert_eq!(answer(&ledger, 0), Reason::NotYet);
    assert_eq!(answer(&ledger, 99), Reason::NotYet);
    assert_eq!(answer(&ledger, 100), Reason::Granted);
    assert_eq!(answer(&ledger, 199), Reason::Granted);
    assert_eq!(answer(&ledger, 200), Reason::Expired);
}

#[test]
fn a_newer_grant_that_expired_hides_an_older_one() {
    let mut renewed = grant(&[Purpose::Marketing]);
    renewed.expires_at = Some(at(200));
    let ledger =
        ledger([&recorded("first", 10, grant(&[Purpose::Marketing])), &recorded("second", 100, renewed)]);
    assert_eq!(answer(&ledger, 150), Reason::Granted);
    assert_eq!(answer(&ledger, 300), Reason::Expired);
}

#[test]
fn each_purpose_is_a_consent_of_its_own() {
    let ledger = ledger([&recorded("in", 10, grant(&[Purpose::Recognition]))]);
    assert_eq!(answer(&ledger, 20), Reason::NeverAsked);
    assert!(Policy::default().permits(Some(&ledger), Purpose::Recognition, at(20)).allowed);
    // The door refuses such an event; the ledger would not take it for a consent either.
    let mut none = recorded("none", 30, grant(&[Purpose::Marketing]));
    if let Body::OptedIn(said) = &mut none.event.body {
        said.purposes.clear();
    }
    assert!(!ledger.clone().apply(&phone(0), &none));
}

#[test]
fn a_withdrawal_wins_a_tie_and_blocks_at_once() {
    for (yes, no) in [("a", "b"), ("b", "a")] {
        let ledger =
            ledger([&recorded(no, 10, withdrawal(&[])), &recorded(yes, 10, grant(&[Purpose::Marketing]))]);
        assert_eq!(answer(&ledger, 10), Reason::Withdrawn);
    }
    let ledger =
        ledger([&recorded("in", 10, grant(&[Purpose::Marketing])), &recorded("out", 500, withdrawal(&[]))]);
    assert_eq!(answer(&ledger, 100), Reason::Withdrawn, "known though the clock was set back");
}

#[test]
fn a_new_grant_ends_a_withdrawal() {
    let events = [
        recorded("out", 10, withdrawal(&[])),
        recorded("in", 20, grant(&[Purpose::Marketing])),
        recorded("left", 30, Unsubscribed::new()),
    ];
    assert_eq!(answer(&ledger(&events[..2]), 20), Reason::Granted);
    assert_eq!(answer(&ledger(&events), 30), Reason::Withdrawn);
    let service = Policy::default().permits(Some(&ledger(&events)), Purpose::Service, at(30));
    assert_eq!(service.reasons, [Reason::Withdrawn], "the grant was for marketing alone");
}

#[test]
fn a_basis_suffices_without_a_grant_but_not_against_a_withdrawal() {
    let policy = Policy::default().with(Purpose::Measurement, Basis::LegitimateInterest);
    assert_eq!(policy.permits(None, Purpose::Service, at(0)).reasons, [Reason::Contract]);
    assert_eq!(policy.permits(None, Purpose::Measurement, at(0)).reasons, [Reason::LegitimateInterest]);
    let out = recorded("out", 10, withdrawal(&[Purpose::Service, Purpose::Measurement]));
    let stopped = ledger([&out]);
    for purpose in [Purpose::Service, Purpose::Measurement] {
        let decision = policy.permits(Some(&stopped), purpose, at(20));
        assert_eq!((decision.allowed, decision.proofs), (false, vec![out.fold.key]));
    }
    let strict = policy.with(Purpose::Service, Basis::Consent);
    assert_eq!(strict.permits(None, Purpose::Service, at(0)).reasons, [Reason::NeverAsked]);
}

#[test]
fn one_number_that_says_no_outweighs_those_that_say_yes() {
    let policy = Policy::default();
    let yes = ledger([&recorded("in", 10, grant(&[Purpose::Recognition]))]);
    let out = recorded("out", 5, withdrawal(&[]));
    let (no, silent) = (ledger([&out]), Ledger::default());
    let any = |ledgers: &[&Ledger]| policy.permits_any(ledgers.iter().copied(), Purpose::Recognition, at(20));
    assert!(any(&[&yes, &silent]).allowed);
    let refused = any(&[&yes, &no, &silent]);
    assert_eq!((refused.allowed, refused.reasons), (false, vec![Reason::Withdrawn]));
    assert_eq!(refused.proofs, [out.fold.key]);
    assert_eq!(any(&[&silent]).reasons, [Reason::NeverAsked]);
    assert_eq!(any(&[]).reasons, [Reason::NeverAsked]);
}

#[test]
fn a_ledger_keeps_the_latest_of_each_purpose() {
    let out = recorded("out", 1, withdrawal(&[Purpose::Service]));
    let mut many = ledger([&out]);
    for n in 0..LEDGER_ENTRIES_MAX {
        many.apply(&phone(0), &recorded(&format!("in{n}"), 10 + n as i64, grant(&[Purpose::Marketing])));
    }
    assert_eq!((many.entries().len(), many.is_cut()), (LEDGER_ENTRIES_MAX + 1, false));
    many.apply(&phone(0), &recorded("more", 5, grant(&[Purpose::Marketing])));
    assert_eq!((many.entries().len(), many.is_cut()), (LEDGER_ENTRIES_MAX + 1, true));
    let service = Policy::default().permits(Some(&many), Purpose::Service, at(9_999));
    assert_eq!(service.proofs, [out.fold.key], "what still decides is never cut");
}

#[test]
fn what_was_known_at_a_time_can_be_asked_later() {
    let mut late = recorded("out", 10, withdrawal(&[]));
    late.received_at = at(100);
    let ledger = ledger([&recorded("in", 5, grant(&[Purpose::Marketing])), &late]);
    assert_eq!(answer(&ledger.known_at(at(50)), 50), Reason::Granted);
    assert_eq!(answer(&ledger.known_at(at(100)), 100), Reason::Withdrawn);
}

#[test]
fn nothing_personal_is_printed_and_the_view_masks() {
    let mut said = grant(&[Purpose::Marketing]);
    said.evidence = vec!["text from Ada Lovelace".into()];
    let ledger = ledger([&recorded("in", 10, said)]);
    assert!(!format!("{ledger:?}").contains("Ada"));
    let view = ledger.view(&phone(0), &Policy::default(), at(20));
    let json = serde_json::to_value(&view).unwrap();
    assert_eq!(json["contact"], "•••••••••670");
    let marketing = Purpose::ALL.iter().position(|one| *one == Purpose::Marketing).unwrap();
    assert_eq!(json["purposes"][marketing]["reasons"][0], "granted");
    assert_eq!(json["entries"][0]["evidence"][0], "text from Ada Lovelace", "she may see what is kept");
}

#[test]
fn codes_are_the_names_in_json() {
    for &reason in Reason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
    }
}

/// What may happen: few times, so that ties are common, and two contact points.
fn happening() -> impl Strategy<Value = (i64, Body)> {
    let purposes = proptest::sample::subsequence(Purpose::ALL.to_vec(), 0..=3);
    let expiry = proptest::option::of(0..14i64);
    (0..10i64, 0..2u32, 0..8u32, purposes, expiry).prop_map(|(time, who, what, purposes, expiry)| {
        let body = match what {
            0..5 if !purposes.is_empty() => {
                let mut said = OptedIn::new(phone(who), purposes, ConsentMethod::Web);
                said.expires_at = expiry.map(at);
                Body::from(said)
            }
            5..7 => {
                let mut said = OptedOut::new(phone(who));
                said.purposes = purposes;
                said.into()
            }
            _ => Unsubscribed::new().into(),
        };
        (time, body)
    })
}

/// Events, each with its place in another order of arrival.
fn history() -> impl Strategy<Value = (Vec<Recorded>, Vec<Recorded>)> {
    proptest::collection::vec(happening(), 0..12).prop_flat_map(|happened| {
        let events: Vec<Recorded> = happened
            .into_iter()
            .enumerate()
            .map(|(n, (time, body))| recorded(&format!("e{n}"), time, body))
            .collect();
        (Just(events.clone()), Just(events).prop_shuffle())
    })
}

/// The rules once more, slow and obvious: walk the events in order and remember the last word.
fn oracle(events: &[Recorded], purpose: Purpose, now: i64) -> bool {
    let mut events: Vec<&Recorded> = events.iter().collect();
    events.sort_by_key(|event| event.fold);
    let mut last_word: Option<(Timestamp, bool, Option<Timestamp>)> = None;
    for event in events {
        let (said_yes, purposes, expiry) = match &event.event.body {
            Body::OptedIn(said) if said.contact == phone(0) && event.fold.at <= at(now) => {
                (true, said.purposes.clone(), said.expires_at)
            }
            Body::OptedOut(said) if said.contact == phone(0) => {
                let all =
                    if said.purposes.is_empty() { Purpose::ALL.to_vec() } else { said.purposes.clone() };
                (false, all, None)
            }
            Body::Unsubscribed(_) => (false, vec![Purpose::Marketing], None),
            _ => continue,
        };
        if !purposes.contains(&purpose) {
            continue;
        }
        let a_no_stands = matches!(last_word, Some((when, false, _)) if when == event.fold.at);
        if !(said_yes && a_no_stands) {
            last_word = Some((event.fold.at, said_yes, expiry));
        }
    }
    match last_word {
        Some((_, false, _)) => false,
        _ if purpose == Purpose::Service => true,
        Some((_, true, expiry)) => expiry.is_none_or(|end| at(now) < end),
        None => false,
    }
}

proptest! {
    #[test]
    fn decisions_are_those_of_the_rules((events, _) in history(), now in 0..12i64) {
        let ledger = ledger(&events);
        for &purpose in Purpose::ALL {
            let decision = Policy::default().permits(Some(&ledger), purpose, at(now));
            prop_assert_eq!(decision.allowed, oracle(&events, purpose, now), "{}", purpose);
            let known: Vec<_> = ledger.entries().iter().map(|entry| entry.fold.key).collect();
            prop_assert!(decision.proofs.iter().all(|proof| known.contains(proof)));
        }
    }

    #[test]
    fn order_of_arrival_and_repeats_do_not_matter((events, shuffled) in history(), now in 0..12i64) {
        let (one, other) = (ledger(&events), ledger(shuffled.iter().chain(&events)));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(serde_json::from_str::<Ledger>(&serde_json::to_string(&one).unwrap()).unwrap(), one.clone());
        for &purpose in Purpose::ALL {
            let policy = Policy::default();
            prop_assert_eq!(
                policy.permits(Some(&one), purpose, at(now)),
                policy.permits(Some(&other), purpose, at(now))
            );
        }
    }

    #[test]
    fn an_older_grant_never_undoes_a_withdrawal((events, _) in history(), now in 0..12i64, back in 0..10i64) {
        let before = ledger(&events);
        for &purpose in Purpose::ALL {
            let decision = Policy::default().permits(Some(&before), purpose, at(now));
            if decision.reasons != [Reason::Withdrawn] {
                continue;
            }
            let said = before.entries().iter().find(|entry| entry.fold.key == decision.proofs[0]).unwrap();
            let older = said.fold.at.saturating_sub(Duration::from_secs(back as u64));
            let mut after = before.clone();
            after.apply(&phone(0), &recorded("late", older.as_micros() / 1_000_000, grant(&[purpose])));
            let again = Policy::default().permits(Some(&after), purpose, at(now));
            prop_assert_eq!(again, decision);
        }
    }

    #[test]
    fn another_contact_point_changes_nothing((events, _) in history()) {
        let mine = |event: &&Recorded| contacts(&event.event).contains(&&phone(0));
        prop_assert_eq!(ledger(&events), ledger(events.iter().filter(mine)));
    }

    #[test]
    fn a_decision_depends_on_what_was_known((events, _) in history(), now in 0..12i64) {
        let known = events.iter().filter(|event| event.received_at <= at(now));
        prop_assert_eq!(ledger(&events).known_at(at(now)), ledger(known));
    }

    #[test]
    fn a_merge_never_allows_more_than_one_of_the_two_did(
        (one, _) in history(),
        (two, _) in history(),
        now in 0..12i64,
    ) {
        let (one, two) = (ledger(&one), ledger(&two));
        for &purpose in Purpose::ALL {
            let policy = Policy::default();
            let ask = |ledgers: &[&Ledger]| policy.permits_any(ledgers.iter().copied(), purpose, at(now)).allowed;
            prop_assert!(!ask(&[&one, &two]) || ask(&[&one]) || ask(&[&two]));
            prop_assert_eq!(ask(&[&one]), policy.permits(Some(&one), purpose, at(now)).allowed);
        }
    }
}
