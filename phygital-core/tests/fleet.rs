//! A fleet of tags in service: late taps, the life of a tag, and what many failures lead to.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::time::Duration;

use phygital_core::crypto::Secret;
use phygital_core::engine::{Config, Engine, Error, TapOutcome, TapRefused, TapRequest};
use phygital_core::event::kinds::shop::TagEnrolled;
use phygital_core::event::{Body, CodecOptions, Event};
use phygital_core::machine::{Action, FailureLimits, StatusRefusal, TapRefusalReason};
use phygital_core::store::{Memory, Read, Store};
use phygital_core::tap::replay::ReplayPolicy;
use phygital_core::tap::simulator::SoftTag;
use phygital_core::tap::{KeySet, Keys};
use phygital_core::vocab::{KeyEpoch, TagStatus};
use proptest::prelude::*;
use support::{at, config, engine, entropy, event};

const MINUTES: i64 = 60;

fn key(n: u8) -> Secret<16> {
    Secret::from_hex(&format!("{n:02x}").repeat(16)).unwrap()
}

fn tag(n: u8) -> SoftTag {
    let template = "tap.example/t?p={picc}&c={mac}".parse().unwrap();
    let uid = format!("04a1b2c3d4e5{n:02x}").parse().unwrap();
    SoftTag::new(uid, template, &key(n)).meta_read_key(&key(0xee))
}

/// A shop with two enrolled tags, the second of a fleet called `doors`.
fn shop(config: Config) -> Engine<Memory> {
    let set = |n: u8| KeySet::explicit(key(n)).meta_read_key(key(0xee)).of_tag(tag(n).uid());
    let keys = Keys::new([set(1).label("shelves"), set(2).label("doors")]).unwrap();
    let mut shop = Engine::open(Memory::new(), config, keys, entropy()).unwrap();
    for n in [1, 2] {
        shop.tags().enroll(TagEnrolled::new(tag(n).uid()), None, at(0)).unwrap();
    }
    shop
}

/// A shop where a tap may be 15 minutes late.
fn late_shop() -> Engine<Memory> {
    shop(config().with_replay(minutes(15)))
}

fn minutes(late: u64) -> ReplayPolicy {
    ReplayPolicy::late_within(Duration::from_secs(late * 60)).unwrap()
}

fn urls(tag: &mut SoftTag, count: usize) -> Vec<String> {
    (0..count).map(|_| tag.tap(&[9; 16]).unwrap()).collect()
}

fn send(shop: &mut Engine<Memory>, url: &str, seconds: i64) -> Result<TapOutcome, Error> {
    shop.taps().verify(TapRequest::url(url), at(seconds))
}

fn reason(answer: Result<TapOutcome, Error>) -> TapRefusalReason {
    match answer {
        Err(Error::Tap(TapRefused::NotCounted { reason, .. })) => reason,
        other => panic!("expected a tap that does not count, got {other:?}"),
    }
}

fn highest(shop: &Engine<Memory>, tag: &SoftTag) -> u32 {
    let mark = shop.store().reader().unwrap().mark(&tag.uid(), KeyEpoch::FIRST).unwrap();
    mark.unwrap().highest.get()
}

#[test]
fn a_tap_of_an_offline_till_counts_late_and_once() {
    let mut shop = late_shop();
    let mut tag = tag(1);
    let urls = urls(&mut tag, 5);
    assert!(!send(&mut shop, &urls[4], 10).unwrap().late);
    let late = send(&mut shop, &urls[1], 10 + 15 * MINUTES).unwrap();
    assert!(late.late && !late.repeated);
    assert_eq!(late.proof.read_ctr().unwrap().get(), 2);
    assert_eq!(highest(&shop, &tag), 5, "a late tap moves no mark");
    assert_eq!(reason(send(&mut shop, &urls[1], 20)), TapRefusalReason::Replayed, "once");
    assert_eq!(reason(send(&mut shop, &urls[4], 20)), TapRefusalReason::Replayed);
    assert_eq!(reason(send(&mut shop, &urls[3], 11 + 15 * MINUTES)), TapRefusalReason::Replayed, "too late");

    // The log says it, and the state made anew from it is the same.
    let entries = shop.log().entries(0, 100).unwrap();
    let flags: Vec<Option<bool>> = entries
        .iter()
        .filter_map(|(_, entry)| {
            let payload = entry.payload.as_ref().unwrap();
            match Event::from_json(&payload.content, &CodecOptions::default()).unwrap().body {
                Body::TagTapped(tapped) => Some(tapped.late),
                _ => None,
            }
        })
        .collect();
    assert_eq!(flags, [None, Some(true)]);
    let rebuilt = shop.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
    assert_eq!(reason(send(&mut shop, &urls[1], 30)), TapRefusalReason::Replayed, "nor after a rebuild");
}

#[test]
fn the_window_opens_with_the_first_tap_that_overtook() {
    let mut shop = late_shop();
    let urls = urls(&mut tag(1), 4);
    send(&mut shop, &urls[2], 0).unwrap();
    send(&mut shop, &urls[3], 14 * MINUTES).unwrap();
    assert_eq!(reason(send(&mut shop, &urls[0], 16 * MINUTES)), TapRefusalReason::Replayed);
    assert_eq!(reason(send(&mut shop, &urls[1], 16 * MINUTES)), TapRefusalReason::Replayed);
}

#[test]
fn a_late_tap_is_at_most_64_behind() {
    let mut shop = late_shop();
    let urls = urls(&mut tag(1), 66);
    send(&mut shop, &urls[65], 0).unwrap();
    assert!(send(&mut shop, &urls[1], 1).unwrap().late);
    assert_eq!(reason(send(&mut shop, &urls[0], 1)), TapRefusalReason::Replayed);
}

#[test]
fn the_same_client_may_send_a_late_tap_again() {
    let mut shop = late_shop();
    let urls = urls(&mut tag(1), 2);
    send(&mut shop, &urls[1], 0).unwrap();
    let ask = |client: &'static str| TapRequest::url(&urls[0]).from_client(client);
    let first = shop.taps().verify(ask("till-2"), at(10)).unwrap();
    let again = shop.taps().verify(ask("till-2"), at(130)).unwrap();
    assert!(again.repeated && again.late);
    assert_eq!(again.receipt, first.receipt);
    assert_eq!(reason(shop.taps().verify(ask("till-3"), at(11))), TapRefusalReason::Replayed);
    assert_eq!(reason(shop.taps().verify(ask("till-2"), at(131))), TapRefusalReason::Replayed);
}

#[test]
fn each_fleet_has_its_own_rule() {
    let mut shop = shop(config().with_replay_of("doors", minutes(15)));
    let (shelf, door) = (urls(&mut tag(1), 2), urls(&mut tag(2), 2));
    send(&mut shop, &shelf[1], 0).unwrap();
    send(&mut shop, &door[1], 0).unwrap();
    assert_eq!(reason(send(&mut shop, &shelf[0], 1)), TapRefusalReason::Replayed, "strict unless said");
    assert!(send(&mut shop, &door[0], 1).unwrap().late);
}

#[test]
fn a_clock_set_back_lets_no_old_tap_in() {
    let mut shop = late_shop();
    let urls = urls(&mut tag(1), 3);
    send(&mut shop, &urls[2], 0).unwrap();
    let other = tag(2).tap(&[1; 16]).unwrap();
    send(&mut shop, &other, 3 * 24 * 60 * MINUTES).unwrap();
    assert_eq!(reason(send(&mut shop, &urls[0], 1)), TapRefusalReason::Replayed);
}

#[test]
fn a_forged_tap_moves_no_mark_under_any_rule() {
    for rule in [ReplayPolicy::STRICT, minutes(15)] {
        let mut shop = shop(config().with_replay(rule));
        let mut tag = tag(1);
        let urls = urls(&mut tag, 90);
        send(&mut shop, &urls[1], 0).unwrap();
        for url in [&urls[0], &urls[89]] {
            let other = if url.ends_with('0') { "1" } else { "0" };
            let forged = format!("{}{other}", &url[..url.len() - 1]);
            let answer = send(&mut shop, &forged, 1);
            assert!(matches!(answer, Err(Error::Tap(TapRefused::NotGenuine(_)))), "{answer:?}");
        }
        assert_eq!(highest(&shop, &tag), 2);
        assert_eq!(send(&mut shop, &urls[0], 2).is_ok(), !rule.is_strict());
        send(&mut shop, &urls[2], 3).unwrap();
    }
}

#[test]
fn only_an_active_tag_counts() {
    use TagStatus::{Active, Lost, Provisioning, Retired, Retiring, Suspended};
    let mut shop = shop(config());
    let mut tag = tag(1);
    for (second, (status, refusal)) in (1..).zip([
        (Provisioning, Some(TapRefusalReason::Provisioning)),
        (Active, None),
        (Suspended, Some(TapRefusalReason::Suspended)),
        (Retiring, Some(TapRefusalReason::Retired)),
        (Lost, Some(TapRefusalReason::Lost)),
        (Active, None),
        (Retired, Some(TapRefusalReason::Retired)),
        (Active, None),
    ]) {
        shop.tags().set_status(tag.uid(), status, at(second)).unwrap();
        let answer = send(&mut shop, &tag.tap(&[9; 16]).unwrap(), second);
        match refusal {
            Some(refusal) => assert_eq!(reason(answer), refusal),
            None => assert!(answer.is_ok(), "{answer:?}"),
        }
    }
}

#[test]
fn a_tag_begins_blank_and_counts_once_it_is_confirmed() {
    let mut shop = shop(config());
    let new = tag(3).uid();
    let refused = |from, to| Err(Error::Status(StatusRefusal { from, to }));
    let length = shop.log().len().unwrap();
    assert!(matches!(shop.tags().set_status(new, TagStatus::Suspended, at(1)), Err(Error::Unknown(_))));
    assert_eq!(shop.log().len().unwrap(), length);
    shop.tags().set_status(new, TagStatus::Blank, at(1)).unwrap();
    let enrolled = shop.tags().enroll(TagEnrolled::new(new), None, at(2));
    assert_eq!(enrolled, refused(TagStatus::Blank, TagStatus::Active));
    shop.tags().set_status(new, TagStatus::Provisioning, at(3)).unwrap();
    let retired = shop.tags().set_status(new, TagStatus::Retired, at(4));
    assert_eq!(retired, refused(TagStatus::Provisioning, TagStatus::Retired));
    shop.tags().enroll(TagEnrolled::new(new), None, at(5)).unwrap();
    assert_eq!(shop.tags().get(new).unwrap().unwrap().status, TagStatus::Active);
}

/// A shop that lets three failures of a source and two of a tag pass, within ten minutes.
fn guarded_shop() -> Engine<Memory> {
    shop(config().with_failure_limits(FailureLimits::new(3, 2, Duration::from_secs(600))))
}

/// A link that a tag did not make, and which still says that it did.
fn forged(tag: &mut SoftTag) -> String {
    let url = tag.tap(&[9; 16]).unwrap();
    let other = if url.ends_with('0') { "1" } else { "0" };
    format!("{}{other}", &url[..url.len() - 1])
}

fn code(answer: Result<TapOutcome, Error>) -> &'static str {
    match answer {
        Err(Error::Tap(refused)) => refused.code(),
        other => panic!("expected a tap that does not count, got {other:?}"),
    }
}

fn alarms(shop: &mut Engine<Memory>) -> Vec<String> {
    let waiting = shop.actions().waiting(None, 100).unwrap();
    assert!(waiting.iter().all(|action| action.action == Action::ALARM));
    waiting.into_iter().map(|action| action.text.unwrap().reveal().to_owned()).collect()
}

#[test]
fn a_client_that_fails_too_often_is_refused_until_its_window_ends() {
    let mut shop = guarded_shop();
    let mut tag = tag(1);
    let genuine = urls(&mut tag, 3);
    let forged = forged(&mut tag);
    let mut ask =
        |client, url: &str, second| shop.taps().verify(TapRequest::url(url).from_client(client), at(second));
    for second in [10, 20, 30] {
        assert_eq!(code(ask("a", &forged, second)), "mac_mismatch");
    }
    let until = at(610);
    let refused = Err(Error::Tap(TapRefused::TooManyFailures { until }));
    assert_eq!(ask("a", &forged, 40).map(drop), refused, "one past the limit");
    assert_eq!(ask("a", &genuine[0], 40).map(drop), refused, "nor is a genuine one looked at");
    assert!(ask("b", &genuine[0], 40).is_ok(), "another client");
    assert_eq!(ask("a", &genuine[1], 609).map(drop), refused);
    assert!(ask("a", &genuine[1], 610).is_ok());

    // A clock set back makes nobody wait for a time that was a mistake.
    for _ in 0..3 {
        assert_eq!(code(ask("c", &forged, 100_000)), "mac_mismatch");
    }
    assert_eq!(code(ask("c", &forged, 100_000)), "too_many_failures");
    assert!(ask("c", &genuine[2], 700).is_ok());
}

#[test]
fn what_is_no_tap_and_what_was_used_counts_as_no_failure() {
    let mut shop = guarded_shop();
    let used = tag(1).tap(&[9; 16]).unwrap();
    let mut ask = |url: &str, second| shop.taps().verify(TapRequest::url(url).from_client("a"), at(second));
    assert!(ask(&used, 0).is_ok());
    for second in 1..10 {
        assert_eq!(code(ask("https://shop.example/", second)), "no_tap");
        assert_eq!(code(ask(&used, 200 + second)), "replayed");
    }
}

#[test]
fn a_touchpoint_is_the_source_where_no_client_is_named() {
    let mut shop = guarded_shop();
    let forged = forged(&mut tag(1));
    let door = || TapRequest::url(&forged).on("door".parse().unwrap());
    for _ in 0..3 {
        assert_eq!(code(shop.taps().verify(door(), at(1))), "mac_mismatch");
    }
    assert_eq!(code(shop.taps().verify(door(), at(1))), "too_many_failures");
    assert_eq!(code(shop.taps().verify(door().from_client("a"), at(1))), "mac_mismatch");
    for _ in 0..9 {
        assert_eq!(code(send(&mut shop, &forged, 1)), "mac_mismatch", "nobody to refuse");
    }
}

#[test]
fn a_tag_that_is_forged_too_often_raises_an_alarm_an_hour_and_goes_on_counting() {
    let mut shop = guarded_shop();
    let mut tag = tag(1);
    let genuine = urls(&mut tag, 2);
    let link = forged(&mut tag);
    let before = shop.log().len().unwrap();
    for second in [1, 2] {
        assert_eq!(code(send(&mut shop, &link, second)), "mac_mismatch");
    }
    assert_eq!(shop.log().len().unwrap(), before, "a forged tap writes nothing");
    for second in 3..400 {
        assert_eq!(code(send(&mut shop, &link, second)), "mac_mismatch");
    }
    let told = format!("tag {}: 3 forged taps within 10 minutes", tag.uid());
    assert_eq!(alarms(&mut shop), std::slice::from_ref(&told));
    assert_eq!(shop.log().len().unwrap(), before + 1, "and many of them one alarm");
    assert!(send(&mut shop, &genuine[0], 400).is_ok(), "nobody can lock a tag");

    for second in 3_600..3_603 {
        send(&mut shop, &link, second).unwrap_err();
    }
    assert_eq!(alarms(&mut shop).len(), 1, "an hour has not passed");
    send(&mut shop, &link, 3_603).unwrap_err();
    assert_eq!(alarms(&mut shop), [told.as_str(), &told.replace("3 forged", "4 forged")]);
    assert!(send(&mut shop, &genuine[1], 3_604).is_ok());

    let rebuilt = shop.log().rebuild(false, |_| {}).unwrap();
    assert_eq!(rebuilt.before, rebuilt.after);
}

#[test]
fn an_engine_opened_anew_raises_no_second_alarm_within_the_hour() {
    let mut shop = guarded_shop();
    let link = forged(&mut tag(1));
    let first = 59 * MINUTES; // one minute to ten
    for second in first..first + 3 {
        send(&mut shop, &link, second).unwrap_err();
    }
    let keys = Keys::new([KeySet::explicit(key(1)).meta_read_key(key(0xee)).of_tag(tag(1).uid())]).unwrap();
    let limits = FailureLimits::new(3, 2, Duration::from_secs(600));
    let again = config().with_failure_limits(limits);
    let mut shop = Engine::open(shop.into_store(), again, keys, entropy()).unwrap();
    for second in [first + 3, first + 30, first + 60, first + 61, first + 62, first + 90] {
        assert_eq!(code(send(&mut shop, &link, second)), "mac_mismatch");
    }
    assert_eq!(alarms(&mut shop).len(), 1);
}

#[test]
fn who_claims_tags_that_are_not_ours_raises_no_alarm() {
    let keys = Keys::new([KeySet::explicit(key(1)).meta_read_key(key(0xee))]).unwrap();
    let limits = FailureLimits::new(3, 2, Duration::from_secs(600));
    let mut shop =
        Engine::open(Memory::new(), config().with_failure_limits(limits), keys, entropy()).unwrap();
    let link = forged(&mut tag(3));
    for second in 0..20 {
        assert_eq!(code(send(&mut shop, &link, second)), "mac_mismatch");
    }
    assert_eq!(shop.log().len().unwrap(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What hosts say of a tag folds to one state in any order of arrival, also what no life would have: the
    /// fold refuses nothing.
    #[test]
    fn the_fold_of_a_tags_life_knows_no_order(
        said in prop::collection::vec((0..20i64, 0..8usize), 1..10),
        shuffle in any::<u64>(),
    ) {
        let uid = tag(1).uid();
        let events: Vec<Event> = said.iter().enumerate().map(|(n, (when, what))| {
            let id = format!("e-{n}");
            match TagStatus::ALL.get(*what) {
                Some(status) => {
                    let body = format!(r#"{{"uid":"{uid}","status":"{status}"}}"#);
                    event(&id, "tag_status_changed", *when, &[], &body)
                }
                None => event(&id, "tag_enrolled", *when, &[], &format!(r#"{{"uid":"{uid}","label":"{n}"}}"#)),
            }
        }).collect();
        let mut shuffled = events.clone();
        let mut state = shuffle | 1;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(index, (state >> 33) as usize % (index + 1));
        }
        let fold = |events: &[Event]| {
            let mut shop = engine();
            for one in events {
                shop.record(one.clone(), at(100)).unwrap();
            }
            let row = shop.tags().get(uid).unwrap().unwrap();
            let rebuilt = shop.log().rebuild(false, |_| {}).unwrap();
            (row, rebuilt.before == rebuilt.after)
        };
        let (row, rebuilt) = fold(&shuffled);
        prop_assert!(rebuilt);
        prop_assert_eq!(&row, &fold(&events).0);
        let last = events.iter().max_by_key(|event| (event.occurred_at, event.key())).unwrap();
        let expected = match &last.body {
            Body::TagStatusChanged(changed) => changed.status,
            _ => TagStatus::Active,
        };
        prop_assert_eq!(row.status, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Links come in any order, at any time, again and again, to an engine that is opened anew in between. The
    /// oracle keeps what was accepted and when: never twice, never older than the window, and what is strict
    /// above the mark always counts.
    #[test]
    fn late_taps_at_the_engine_are_as_the_oracle_says(
        late in 0..30u64,
        sends in prop::collection::vec((1..100usize, 0..9 * MINUTES, any::<bool>()), 1..40),
    ) {
        let mut shop = shop(config().with_replay(minutes(late)));
        let mut tag = tag(1);
        let urls = urls(&mut tag, 100);
        let mut seen: std::collections::BTreeMap<usize, i64> = Default::default();
        let mut now = 0;
        for (ctr, passed, jump) in sends {
            // Mostly near the mark, where it matters.
            let last = seen.keys().last().copied().unwrap_or(0);
            let ctr = if jump { ctr } else { (last + ctr % 9).saturating_sub(5).clamp(1, 99) };
            now += passed;
            let answer = send(&mut shop, &urls[ctr - 1], now);
            let above = seen.range(ctr + 1..).map(|(_, when)| *when).min();
            let is_late = above.is_some_and(|first| now - first <= late as i64 * MINUTES)
                && late > 0 && !seen.contains_key(&ctr) && last - ctr <= 64;
            match answer {
                Ok(outcome) => {
                    prop_assert_eq!(outcome.late, ctr <= last);
                    prop_assert!(ctr > last || is_late, "{} at {}", ctr, now);
                    prop_assert!(seen.insert(ctr, now).is_none(), "twice");
                }
                answer => {
                    prop_assert_eq!(reason(answer), TapRefusalReason::Replayed);
                    prop_assert!(ctr <= last && !is_late, "{} at {}", ctr, now);
                }
            }
            prop_assert_eq!(highest(&shop, &tag) as usize, *seen.keys().last().unwrap());
        }
        let rebuilt = shop.log().rebuild(false, |_| {}).unwrap();
        prop_assert_eq!(rebuilt.before, rebuilt.after);
    }
}
