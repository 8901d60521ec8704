//! The laws of consent, checked on random events against a slow and obvious reading of the rules.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::event::kinds::conversation::{
    ConsentRequested, ContactReassigned, ContactSuppressed, OptedIn, OptedOut, SuppressionLifted,
};
use crate::event::kinds::decisions::SuppressionKept;
use crate::event::kinds::digital::{PageViewed, Unsubscribed};
use crate::event::{Body, Event, FoldKey, Origin, Recorded};
use crate::vocab::limits::LEDGER_ENTRIES_MAX;
use crate::vocab::{
    ConsentMethod, DeviceId, EventId, EventKey, Hlc, Identifier, Purpose, SourceId, SuppressionCause,
    Timestamp,
};

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
    if matches!(event.body, Body::Unsubscribed(_) | Body::PageViewed(_)) {
        event = event.with(phone(0));
    }
    if matches!(event.body, Body::PageViewed(_)) {
        event.context.extra.set("gpc", "true").unwrap();
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
fn of_two_grants_at_one_time_the_one_that_ends_first_counts() {
    for (short, long) in [("a", "b"), ("b", "a")] {
        let mut said = grant(&[Purpose::Marketing]);
        said.expires_at = Some(at(200));
        let events = [recorded(short, 10, said), recorded(long, 10, grant(&[Purpose::Marketing]))];
        let ledger = ledger(&events);
        assert_eq!((answer(&ledger, 199), answer(&ledger, 200)), (Reason::Granted, Reason::Expired));
        let record = ledger.record(
            Purpose::Marketing,
            "+33612345670",
            (&Catalogue::default(), &Policy::default()),
            at(300),
        );
        let record = record.unwrap();
        assert_eq!(record.state(), Some(ConsentStatus::Expired));
    }
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
fn a_crowd_of_one_instant_pushes_no_withdrawal_out() {
    let mut events = vec![recorded("out", 10, withdrawal(&[]))];
    events.extend(
        (0..2 * LEDGER_ENTRIES_MAX).map(|n| recorded(&format!("in{n}"), 10, grant(&[Purpose::Marketing]))),
    );
    assert_eq!(answer(&ledger(&events), 20), Reason::Withdrawn);
    assert_eq!(answer(&ledger(events.iter().rev()), 20), Reason::Withdrawn);
    assert_eq!(ledger(&events), ledger(events.iter().rev()));
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

#[test]
fn what_is_suppressed_is_suppressed_whatever_was_granted() {
    let say = |cause| ContactSuppressed::new(phone(0), cause);
    let yes = recorded("in", 10, grant(&[Purpose::Marketing, Purpose::Recognition]));
    let blocked = recorded("21610", 20, say(SuppressionCause::Gateway));
    let dead = recorded("dead", 25, say(SuppressionCause::Invalid));
    let lifted = recorded("up", 30, SuppressionLifted::new(phone(0), SuppressionCause::Gateway));
    let later = recorded("in2", 40, grant(&[Purpose::Marketing]));
    let policy = Policy::default();
    let all = ledger([&yes, &blocked, &dead, &later]);
    let decision = policy.permits(Some(&all), Purpose::Marketing, at(50));
    assert_eq!((decision.allowed, &decision.reasons[..]), (false, &[Reason::Suppressed][..]));
    assert_eq!(decision.suppressed_by, [SuppressionCause::Gateway, SuppressionCause::Invalid]);
    assert_eq!(decision.proofs, [blocked.fold.key, dead.fold.key]);
    assert_eq!(policy.permits(Some(&all), Purpose::Service, at(50)).reasons, [Reason::Suppressed]);
    assert!(policy.permits(Some(&all), Purpose::Recognition, at(50)).allowed, "it is sent nothing");
    let message = policy.permits_message(Some(&all), Purpose::Recognition, at(50));
    assert_eq!((message.reasons, message.proofs), (decision.reasons.clone(), decision.proofs.clone()));
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!(json["suppressed_by"], serde_json::json!(["gateway", "invalid"]));
    let up = ledger([&lifted, &blocked, &yes]);
    assert!(policy.permits(Some(&up), Purpose::Marketing, at(50)).allowed);
    let other = ledger([&yes, &dead, &lifted]);
    assert!(!policy.permits(Some(&other), Purpose::Marketing, at(50)).allowed, "another cause stands");
    let tie = ledger([
        &yes,
        &recorded("up2", 20, SuppressionLifted::new(phone(0), SuppressionCause::Gateway)),
        &blocked,
    ]);
    assert!(
        !policy.permits(Some(&tie), Purpose::Marketing, at(50)).allowed,
        "at the same time it is suppressed"
    );
    let out = ledger([&yes, &blocked, &recorded("out", 15, withdrawal(&[]))]);
    assert_eq!(answer(&out, 50), Reason::Withdrawn, "her own word is told first");
}

#[test]
fn a_reassigned_number_is_not_used_until_who_has_it_agrees() {
    let passed = recorded("passed", 20, ContactReassigned::new(phone(0)));
    let before = recorded("in", 10, grant(&[Purpose::Marketing]));
    let after = recorded("new", 30, grant(&[Purpose::Recognition]));
    let policy = Policy::default();
    let ask = |ledger: &Ledger, purpose, time| policy.permits(Some(ledger), purpose, at(time));
    let gone = ledger([&before, &passed]);
    assert_eq!(ask(&gone, Purpose::Marketing, 40).reasons, [Reason::Reassigned]);
    assert_eq!(ask(&gone, Purpose::Marketing, 40).proofs, [passed.fold.key]);
    assert_eq!(ask(&gone, Purpose::Service, 40).reasons, [Reason::Reassigned], "a stranger ordered nothing");
    assert_eq!(
        ask(&gone, Purpose::Marketing, 15).reasons,
        [Reason::Reassigned],
        "known though the clock was set back"
    );
    let new = ledger([&before, &passed, &after]);
    assert!(ask(&new, Purpose::Recognition, 40).allowed);
    assert_eq!(ask(&new, Purpose::Service, 40).reasons, [Reason::Contract]);
    assert_eq!(ask(&new, Purpose::Marketing, 40).reasons, [Reason::Reassigned]);
    let tie = ledger([&recorded("tie", 20, grant(&[Purpose::Marketing])), &passed]);
    assert!(!ask(&tie, Purpose::Marketing, 40).allowed, "at the same time it was the other's");
    let left = ledger([&recorded("out", 5, withdrawal(&[])), &passed, &after]);
    assert_eq!(ask(&left, Purpose::Service, 40).reasons, [Reason::Contract], "it was another who left");
    assert!(!new.is_withdrawn(Purpose::Recognition), "nobody took anything back");
}

#[test]
fn an_opt_in_that_is_to_be_confirmed_counts_when_it_was() {
    let terms = Terms { double_opt_in: true, valid_days: None };
    let policy = Policy::default().with_terms(Purpose::Marketing, terms);
    let ask = |ledger: &Ledger, time| policy.permits(Some(ledger), Purpose::Marketing, at(time)).reasons[0];
    let mut request = ConsentRequested::new(phone(0), vec![Purpose::Marketing], ConsentMethod::Web);
    request.expires_at = Some(at(30));
    let request = recorded("ask", 10, request);
    let typed = |id: &str, time, evidence: &[String]| {
        let mut said = OptedIn::new(phone(0), vec![Purpose::Marketing], ConsentMethod::Web);
        said.evidence = evidence.to_vec();
        recorded(id, time, said)
    };
    let proof = format!("{REQUEST}{}", request.fold.key);
    assert_eq!(ask(&ledger([&request]), 20), Reason::Requested);
    assert_eq!(ask(&ledger([&request]), 30), Reason::NeverAsked, "nobody answered in time");
    assert_eq!(ask(&ledger([&typed("in", 15, &[])]), 20), Reason::Unconfirmed);
    assert_eq!(ask(&ledger([&request, &typed("in", 15, &[])]), 20), Reason::Unconfirmed);
    assert_eq!(ask(&ledger([&typed("in", 15, std::slice::from_ref(&proof)), &request]), 20), Reason::Granted);
    assert_eq!(
        ask(&ledger([&request, &typed("in", 30, std::slice::from_ref(&proof))]), 40),
        Reason::Unconfirmed,
        "too late"
    );
    assert_eq!(
        ask(&ledger([&request, &typed("in", 9, std::slice::from_ref(&proof))]), 20),
        Reason::Unconfirmed,
        "before it"
    );
    let text = recorded("text", 15, grant(&[Purpose::Marketing]));
    assert_eq!(ask(&ledger([&text]), 20), Reason::Granted, "a text proves its number");
    let mut brought = OptedIn::new(phone(0), vec![Purpose::Marketing], ConsentMethod::Import);
    brought.evidence = vec![proof];
    let brought = ledger([&request, &recorded("in", 15, brought)]);
    assert_eq!(ask(&brought, 20), Reason::Unconfirmed, "another system's word");
    let out = recorded("out", 16, withdrawal(&[]));
    let again = ledger([&text, &out, &typed("in", 17, &[])]);
    assert_eq!(ask(&again, 20), Reason::Withdrawn, "nobody comes back by typing a number");
    let record = |ledger: &Ledger| {
        let about = (&Catalogue::default(), &policy);
        ledger.record(Purpose::Marketing, "+33612345670", about, at(20)).unwrap()
    };
    let told = |ledger: &Ledger| record(ledger).events.iter().map(|one| one.event_state).collect::<Vec<_>>();
    assert_eq!(told(&again), [ConsentStatus::Given, ConsentStatus::Withdrawn, ConsentStatus::Requested]);
    let both = ledger([&text, &typed("in", 17, &[])]);
    assert_eq!(ask(&both, 20), Reason::Granted, "nor does it take anything away");
}

#[test]
fn a_policy_may_end_every_consent() {
    let terms = Terms { double_opt_in: false, valid_days: Some(1) };
    let policy = Policy::default().with_terms(Purpose::Marketing, terms);
    let ask = |ledger: &Ledger, time| policy.permits(Some(ledger), Purpose::Marketing, at(time)).reasons[0];
    let day = 24 * 60 * 60;
    let plain = ledger([&recorded("in", 10, grant(&[Purpose::Marketing]))]);
    assert_eq!((ask(&plain, day + 9), ask(&plain, day + 10)), (Reason::Granted, Reason::Expired));
    let mut short = grant(&[Purpose::Marketing]);
    short.expires_at = Some(at(50));
    assert_eq!(ask(&ledger([&recorded("in", 10, short)]), 50), Reason::Expired, "the earlier end counts");
}

#[test]
fn a_browser_that_signals_opts_out_of_sale_and_sharing() {
    let page = |id: &str, time| recorded(id, time, PageViewed::new());
    let policy = Policy::default();
    let ask = |ledger: &Ledger, purpose, time| policy.permits(Some(ledger), purpose, at(time)).reasons[0];
    let yes = |id: &str, time| recorded(id, time, grant(&[Purpose::Advertising, Purpose::Marketing]));
    let signalled = ledger([&yes("in", 5), &page("p1", 10), &page("p2", 20)]);
    assert_eq!(ask(&signalled, Purpose::Advertising, 30), Reason::Withdrawn);
    assert_eq!(ask(&signalled, Purpose::Marketing, 30), Reason::Granted, "of nothing else");
    let signal = signalled.signal().unwrap();
    assert_eq!((signal.first.fold.at, signal.last.fold.at), (at(10), at(20)));
    let between = ledger([&page("p2", 20), &yes("in", 15), &page("p1", 10)]);
    assert_eq!(ask(&between, Purpose::Advertising, 30), Reason::Withdrawn);
    let later = ledger([&page("p2", 20), &yes("in", 25), &page("p1", 10)]);
    assert_eq!(ask(&later, Purpose::Advertising, 30), Reason::Granted, "asked since, she agreed");
    assert_eq!(signalled.blocked(), [Purpose::Advertising].into());
    assert_eq!(ask(&signalled.said_until(at(15)), Purpose::Advertising, 15), Reason::Withdrawn);
    assert_eq!(ask(&signalled.said_until(at(9)), Purpose::Advertising, 9), Reason::Granted);
    assert_eq!(ask(&signalled.known_at(at(9)), Purpose::Advertising, 9), Reason::Granted);
    assert_eq!(ask(&signalled.known_at(at(10)), Purpose::Advertising, 10), Reason::Withdrawn);
    let row = serde_json::to_string(&Ledger::default()).unwrap();
    assert_eq!(row, r#"{"entries":[],"cut":false}"#, "a row without a signal is as it always was");
}

#[test]
fn what_an_erasure_keeps_is_never_lifted() {
    let key = phone(0).key(&crate::vocab::TenantKey::new(&[7; 32]));
    let mut kept = SuppressionKept::new(key);
    kept.purposes = vec![Purpose::Marketing];
    let mut ledger = Ledger::default();
    assert!(ledger.keep(&recorded("kept", 10, kept)));
    ledger.apply(&phone(0), &recorded("up", 20, SuppressionLifted::new(phone(0), SuppressionCause::Erasure)));
    assert_eq!(answer(&ledger, 30), Reason::Suppressed);
    assert!(Policy::default().permits(Some(&ledger), Purpose::Service, at(30)).allowed);
    for n in 0..=LEDGER_ENTRIES_MAX {
        let lifted = SuppressionLifted::new(phone(0), SuppressionCause::Erasure);
        ledger.apply(&phone(0), &recorded(&format!("up{n}"), 30 + n as i64, lifted));
    }
    assert_eq!((answer(&ledger, 9_999), ledger.is_cut()), (Reason::Suppressed, true), "nor pushed out");
    let mut all = Ledger::default();
    all.keep(&recorded("kept", 10, SuppressionKept::new(key)));
    assert_eq!(all.blocked().len(), Purpose::ALL.len());
}

#[test]
fn requests_push_no_answer_out_of_a_ledger() {
    let out = recorded("out", 1, withdrawal(&[]));
    let mut many = ledger([&out]);
    for n in 0..=LEDGER_ENTRIES_MAX {
        let asked = ConsentRequested::new(phone(0), vec![Purpose::Marketing], ConsentMethod::Web);
        many.apply(&phone(0), &recorded(&format!("ask{n}"), 10 + n as i64, asked));
    }
    assert_eq!((many.entries().len(), many.is_cut()), (LEDGER_ENTRIES_MAX + 1, true));
    assert_eq!(answer(&many, 9_999), Reason::Withdrawn);
}

/// What may happen: few times, so that ties are common, and two contact points.
fn happening() -> impl Strategy<Value = (i64, Body)> {
    let purposes = proptest::sample::subsequence(Purpose::ALL.to_vec(), 0..=3);
    let expiry = proptest::option::of(0..14i64);
    let method = proptest::sample::select(vec![ConsentMethod::Web, ConsentMethod::TapToText]);
    let cause = proptest::sample::select(vec![SuppressionCause::Carrier, SuppressionCause::Staff]);
    let rest = (method, proptest::option::of(0..12u32), cause);
    (0..10i64, 0..2u32, 0..14u32, purposes, expiry, rest).prop_map(
        |(time, who, what, purposes, expiry, (method, answers, cause))| {
            let body = match what {
                0..5 if !purposes.is_empty() => {
                    let mut said = OptedIn::new(phone(who), purposes, method);
                    said.expires_at = expiry.map(at);
                    let key = |n| {
                        EventKey::of(&SourceId::new("test").unwrap(), &EventId::new(format!("e{n}")).unwrap())
                    };
                    said.evidence = answers.map(|n| format!("{REQUEST}{}", key(n))).into_iter().collect();
                    Body::from(said)
                }
                5..7 => {
                    let mut said = OptedOut::new(phone(who));
                    said.purposes = purposes;
                    said.into()
                }
                7 | 8 if !purposes.is_empty() => {
                    let mut asked = ConsentRequested::new(phone(who), purposes, method);
                    asked.expires_at = expiry.map(at);
                    asked.into()
                }
                9 => {
                    let mut said = ContactSuppressed::new(phone(who), cause);
                    said.purposes = purposes;
                    said.into()
                }
                10 => SuppressionLifted::new(phone(who), cause).into(),
                11 => ContactReassigned::new(phone(who)).into(),
                12 => PageViewed::new().into(),
                _ => Unsubscribed::new().into(),
            };
            (time, body)
        },
    )
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

fn policies() -> [Policy; 2] {
    let terms = Terms { double_opt_in: true, valid_days: None };
    let strict = Purpose::ALL.iter().fold(Policy::default(), |policy, one| policy.with_terms(*one, terms));
    [Policy::default(), strict]
}

/// The rules once more, slow and obvious: walk the events in order and remember the last word. Of a message to the contact
/// point, or of the purpose.
fn oracle(events: &[Recorded], purpose: Purpose, now: i64, strict: bool, message: bool) -> bool {
    let mut events: Vec<&Recorded> = events.iter().collect();
    events.sort_by_key(|event| event.fold);
    let asked_by = |key: &str| {
        events.iter().find(|event| event.fold.key.to_string() == key).and_then(|event| {
            match &event.event.body {
                Body::ConsentRequested(asked) if asked.contact == phone(0) => {
                    Some((event.fold.at, asked.clone()))
                }
                _ => None,
            }
        })
    };
    let confirmed = |said: &OptedIn, when: Timestamp| {
        said.method == ConsentMethod::TapToText
            || said.evidence.iter().filter_map(|one| asked_by(one.strip_prefix(REQUEST)?)).any(
                |(since, asked)| {
                    since <= when
                        && asked.expires_at.is_none_or(|end| when < end)
                        && said.purposes.iter().all(|one| asked.purposes.contains(one))
                },
            )
    };
    // Said yes, passed on, said no: at the same time the later of these three is the last word.
    let mut last_word: Option<(Timestamp, u8, Option<Timestamp>)> = None;
    let mut suppressed: std::collections::BTreeMap<_, (Timestamp, bool)> = Default::default();
    let mut passed: Option<Timestamp> = None;
    let mut agreed: Vec<Timestamp> = Vec::new();
    for event in events.iter() {
        let when = event.fold.at;
        let (word, purposes, expiry) = match &event.event.body {
            Body::OptedIn(said) if said.contact == phone(0) && when <= at(now) => {
                agreed.push(when);
                if strict && !confirmed(said, when) {
                    continue;
                }
                (0, said.purposes.clone(), said.expires_at)
            }
            Body::OptedOut(said) if said.contact == phone(0) => {
                let all =
                    if said.purposes.is_empty() { Purpose::ALL.to_vec() } else { said.purposes.clone() };
                (2, all, None)
            }
            Body::Unsubscribed(_) => (2, vec![Purpose::Marketing], None),
            Body::PageViewed(_) => (2, vec![Purpose::Advertising], None),
            Body::ContactReassigned(said) if said.contact == phone(0) => {
                passed = passed.max(Some(when));
                (1, Purpose::ALL.to_vec(), None)
            }
            Body::ContactSuppressed(said) if said.contact == phone(0) => {
                let all = if message { Purpose::ALL } else { &[Purpose::Service, Purpose::Marketing] };
                let covered = if said.purposes.is_empty() { all } else { &said.purposes[..] };
                if covered.contains(&purpose) {
                    suppressed.insert(said.cause, (when, true));
                }
                continue;
            }
            Body::SuppressionLifted(said) if said.contact == phone(0) => {
                if suppressed.get(&said.cause).is_none_or(|(since, _)| *since < when) {
                    suppressed.insert(said.cause, (when, false));
                }
                continue;
            }
            _ => continue,
        };
        let ends = |end: Option<Timestamp>| end.unwrap_or(Timestamp::MAX);
        let stronger_stands = matches!(last_word, Some((since, other, end))
            if since == when && (other > word || (other == word && ends(end) < ends(expiry))));
        if purposes.contains(&purpose) && !stronger_stands {
            last_word = Some((when, word, expiry));
        }
    }
    let is_suppressed = suppressed.values().any(|(_, stands)| *stands);
    let a_stranger_agreed = agreed.iter().any(|when| Some(*when) > passed);
    match last_word {
        Some((_, 2, _)) => false,
        Some((_, 1, _)) => purpose == Purpose::Service && a_stranger_agreed && !is_suppressed,
        _ if is_suppressed => false,
        _ if purpose == Purpose::Service => true,
        Some((_, _, expiry)) => expiry.is_none_or(|end| at(now) < end),
        None => false,
    }
}

proptest! {
    #[test]
    fn decisions_are_those_of_the_rules((events, _) in history(), now in 0..12i64) {
        let ledger = ledger(&events);
        for (policy, strict) in policies().iter().zip([false, true]) {
            for &purpose in Purpose::ALL {
                let decision = policy.permits(Some(&ledger), purpose, at(now));
                prop_assert_eq!(decision.allowed, oracle(&events, purpose, now, strict, false), "{}", purpose);
                let message = policy.permits_message(Some(&ledger), purpose, at(now));
                prop_assert_eq!(message.allowed, oracle(&events, purpose, now, strict, true), "{}", purpose);
                prop_assert!(message == decision || message.reasons == [Reason::Suppressed]);
                prop_assert_eq!(decision.reasons.len(), 1);
                let known = |proof: &EventKey| events.iter().any(|event| event.fold.key == *proof);
                prop_assert!(decision.proofs.iter().all(known));
            }
        }
    }

    #[test]
    fn order_of_arrival_and_repeats_do_not_matter((events, shuffled) in history(), now in 0..12i64) {
        let (one, other) = (ledger(&events), ledger(shuffled.iter().chain(&events)));
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(serde_json::from_str::<Ledger>(&serde_json::to_string(&one).unwrap()).unwrap(), one.clone());
        for &purpose in Purpose::ALL {
            for policy in policies() {
                prop_assert_eq!(
                    policy.permits(Some(&one), purpose, at(now)),
                    policy.permits(Some(&other), purpose, at(now))
                );
            }
        }
    }

    #[test]
    fn an_older_grant_never_undoes_a_no((events, _) in history(), now in 0..12i64, back in 0..10i64) {
        let before = ledger(&events);
        let policy = Policy::default();
        for &purpose in Purpose::ALL {
            let decision = policy.permits(Some(&before), purpose, at(now));
            if !matches!(decision.reasons[0], Reason::Withdrawn | Reason::Reassigned) {
                continue;
            }
            let said = events.iter().find(|event| event.fold.key == decision.proofs[0]).unwrap();
            let older = said.fold.at.saturating_sub(Duration::from_secs(back as u64));
            let mut after = before.clone();
            after.apply(&phone(0), &recorded("late", older.as_micros() / 1_000_000, grant(&[purpose])));
            let again = policy.permits(Some(&after), purpose, at(now));
            prop_assert_eq!(again, decision);
        }
    }

    /// Nothing that anybody but its owner says, and no request, ever permits anything.
    #[test]
    fn only_a_grant_or_the_end_of_a_suppression_permits_more((events, _) in history(), now in 0..12i64) {
        let Some((last, before)) = events.split_last() else { return Ok(()) };
        let harmless = !matches!(last.event.body, Body::OptedIn(_) | Body::SuppressionLifted(_));
        // A request may make a grant that answers it count.
        if !harmless || matches!(last.event.body, Body::ConsentRequested(_)) {
            return Ok(());
        }
        let (before, after) = (ledger(before), ledger(&events));
        for policy in policies() {
            for &purpose in Purpose::ALL {
                let ask = |ledger| policy.permits(Some(ledger), purpose, at(now));
                // Who has the number now is not bound by what the one before her refused.
                let passed = matches!(last.event.body, Body::ContactReassigned(_));
                let refused = ask(&before).reasons == [Reason::Withdrawn];
                prop_assert!(ask(&before).allowed || !ask(&after).allowed || (passed && refused));
            }
        }
    }

    #[test]
    fn another_contact_point_changes_nothing((events, _) in history()) {
        let mine = |event: &&Recorded| {
            contacts(&event.event).contains(&&phone(0)) || Signal::is_in(&event.event)
        };
        prop_assert_eq!(ledger(&events), ledger(events.iter().filter(mine)));
    }

    #[test]
    fn a_decision_depends_on_what_was_known((events, _) in history(), now in 0..12i64) {
        let known = ledger(events.iter().filter(|event| event.received_at <= at(now)));
        let seen = ledger(&events).known_at(at(now));
        prop_assert_eq!(seen.entries(), known.entries());
        prop_assert_eq!(seen.signal().is_some(), known.signal().is_some());
    }

    #[test]
    fn a_merge_never_allows_more_than_one_of_the_two_did(
        (one, _) in history(),
        (two, _) in history(),
        now in 0..12i64,
    ) {
        let (one, two) = (ledger(&one), ledger(&two));
        for &purpose in Purpose::ALL {
            for policy in policies() {
                let ask =
                    |ledgers: &[&Ledger]| policy.permits_any(ledgers.iter().copied(), purpose, at(now)).allowed;
                prop_assert!(!ask(&[&one, &two]) || ask(&[&one]) || ask(&[&two]));
                prop_assert_eq!(ask(&[&one]), policy.permits(Some(&one), purpose, at(now)).allowed);
            }
        }
    }

    /// What comes out as a record and in again permits nothing more than before: elsewhere, and where it came from.
    #[test]
    fn a_record_taken_in_permits_no_more(
        (events, _) in history(),
        now in 0..12i64,
        purpose in proptest::sample::select(Purpose::ALL),
    ) {
        let before = ledger(&events);
        let catalogue = Catalogue::default();
        for policy in policies() {
            let about = (&catalogue, &policy);
            let Some(record) = before.record(purpose, "+33612345670", about, at(now)) else { continue };
            let until_now = before.said_until(at(now));
            let told = until_now.record(purpose, "+33612345670", about, at(now)).and_then(|one| one.state());
            if matches!(told, Some(ConsentStatus::Given | ConsentStatus::Renewed)) {
                let held = policy.permits(Some(&until_now), purpose, at(now));
                let by_others = held.reasons == [Reason::Suppressed];
                prop_assert!(held.allowed || by_others, "told as given, and {:?}", held);
            }
            let text = serde_json::to_string(&record).unwrap();
            let read: ConsentRecord = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &record);
            let source = SourceId::new("elsewhere").unwrap();
            let imported = import(&text, &source, &catalogue, &Default::default()).unwrap();
            let again = import(&text, &source, &catalogue, &Default::default()).unwrap();
            prop_assert_eq!(&again, &imported, "the same text gives the same events");
            let (mut elsewhere, mut back) = (Ledger::default(), before.clone());
            for event in imported.events {
                let hlc = Hlc::ZERO.tick(event.occurred_at).unwrap();
                let (fold, received_at) = (FoldKey::of(&event, hlc), event.occurred_at);
                let origin = Origin { device: DeviceId::from_bytes([0; 16]), epoch: 0, seq: 1 };
                let recorded = Recorded { event, fold, origin, hlc, received_at };
                elsewhere.apply(&phone(0), &recorded);
                back.apply(&phone(0), &recorded);
            }
            let ask = |ledger| policy.permits(Some(ledger), purpose, at(now));
            let (was, there, here) = (ask(&before), ask(&elsewhere), ask(&back));
            let by_others = was.reasons == [Reason::Suppressed];
            let stranger = purpose == Purpose::Service && was.reasons == [Reason::Reassigned];
            prop_assert!(was.allowed || !there.allowed || by_others || stranger, "{:?} {:?}", was, there);
            prop_assert!(was.allowed || !here.allowed, "{:?} {:?}", was, here);
        }
    }
}
