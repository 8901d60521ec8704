//! What goes out, what does not, and the laws behind it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::consent::Policy;
use crate::conversation::gate::Refusal;
use crate::engine::EntropyError;
use crate::event::kinds::conversation::{AttributeStated, MessageSent, OptedIn, OptedOut};
use crate::event::kinds::digital::UserIdentified;
use crate::machine::Outcome;
use crate::store::Memory;
use crate::tap::Keys;
use crate::vocab::{ConsentMethod, Identifier, MessageClass};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

const NIGHT: &str = "2026-07-02T03:30:00Z";
const MORNING: &str = "2026-07-02T14:00:00Z";

fn ada() -> Identifier {
    "phone:+13055550123".parse().unwrap()
}

fn shop() -> Engine<Memory> {
    shop_of(Policy::default())
}

fn shop_of(policy: Policy) -> Engine<Memory> {
    let mut count = 0_u8;
    let seeded = move |bytes: &mut [u8]| {
        count = count.wrapping_add(1);
        bytes.fill(count);
        Ok::<(), EntropyError>(())
    };
    let config = Config::default().with_brand("Maison Ada").with_policy(policy);
    Engine::open(Memory::new(), config, Keys::none(), seeded).unwrap()
}

fn said(engine: &mut Engine<Memory>, id: &str, when: &str, body: impl Into<crate::event::Body>) {
    let mut event = Event::new("//till/1".parse().unwrap(), id.parse().unwrap(), at(when), body);
    event.identifiers.push(ada());
    engine.record(event, at(when)).unwrap();
}

fn joined() -> Engine<Memory> {
    let mut engine = shop();
    let body = OptedIn::new(ada(), vec![Purpose::Marketing, Purpose::Service], ConsentMethod::Till);
    said(&mut engine, "in", "2026-07-01T12:00:00Z", body);
    engine
}

fn advert() -> Outgoing {
    let text = "Maison Ada: new shoes. Reply STOP to opt out";
    Outgoing::new(ada(), MessageClass::Marketing, Purpose::Marketing, text)
}

fn send(engine: &mut Engine<Memory>, id: &str, message: &Outgoing, now: &str) -> Sending {
    engine.conversations().send(id.parse().unwrap(), message, at(now)).unwrap()
}

fn due(engine: &mut Engine<Memory>, now: &str) -> Vec<Action> {
    engine.actions().due(None, 10, at(now)).unwrap()
}

#[test]
fn nothing_is_sent_to_who_did_not_agree() {
    let mut engine = shop();
    let Sending::Refused(verdict) = send(&mut engine, "a", &advert(), MORNING) else { panic!("sent") };
    assert_eq!(verdict.reasons(), [Refusal::NoConsent]);
    assert_eq!(engine.store().reader().unwrap().len().unwrap(), 0, "nothing was written");
    let email = "cookie:c-1".parse().unwrap();
    let nobody = Outgoing { to: email, ..advert() };
    assert!(engine.conversations().send("b".parse().unwrap(), &nobody, at(MORNING)).is_err());
}

#[test]
fn what_is_sent_expires_with_the_window() {
    let mut engine = joined();
    let Sending::Waits(_, verdict) = send(&mut engine, "a", &advert(), "2026-07-02T22:30:00Z") else {
        panic!("refused")
    };
    assert_eq!(verdict.expires_at, Some(at("2026-07-03T00:00:00Z")));
    assert!(matches!(send(&mut engine, "a", &advert(), "2026-07-02T22:31:00Z"), Sending::Known(_)));
    let waiting = due(&mut engine, "2026-07-02T23:00:00Z");
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].action.as_str(), waiting[0].expires_at), (Action::SEND, verdict.expires_at));
    assert_eq!(due(&mut engine, "2026-07-02T23:59:30Z"), [], "no time left to deliver it");
    engine.actions().acknowledge(&waiting[0].id, Outcome::Delivered, at("2026-07-02T23:01:00Z")).unwrap();
    assert_eq!(due(&mut engine, "2026-07-02T23:02:00Z"), []);
}

#[test]
fn what_is_sent_expires_with_the_consent() {
    let days = Terms { valid_days: Some(1), ..Terms::default() };
    let mut engine = shop_of(Policy::default().with_terms(Purpose::Marketing, days));
    let grant = OptedIn::new(ada(), vec![Purpose::Marketing], ConsentMethod::Till);
    said(&mut engine, "in", "2026-07-01T16:00:00Z", grant.clone());
    let judge = |engine: &mut Engine<Memory>| engine.conversations().judge(&advert(), at(MORNING)).unwrap();
    // Two hours on, sooner than a gateway may keep it.
    assert_eq!(judge(&mut engine).expires_at, Some(at("2026-07-02T16:00:00Z")));
    let late = engine.conversations().judge(&advert(), at("2026-07-02T16:00:00Z")).unwrap();
    assert_eq!(late.reasons(), [Refusal::NoConsent, Refusal::Expired]);
    // What it says itself is sooner.
    let grant = OptedIn { expires_at: Some(at("2026-07-02T15:00:00Z")), ..grant };
    said(&mut engine, "again", "2026-07-01T17:00:00Z", grant);
    assert_eq!(judge(&mut engine).expires_at, Some(at("2026-07-02T15:00:00Z")));
}

#[test]
fn a_pause_ends_with_a_consent_that_counts() {
    const NOON: &str = "2026-07-01T19:00:00Z";
    const SOON: &str = "2026-07-01T19:00:00.000500Z";
    // San Francisco: whoever opted out is not asked again for twelve months.
    let to: Identifier = "phone:+14155550123".parse().unwrap();
    let confirmed = Terms { double_opt_in: true, ..Terms::default() };
    let invites = |terms: Terms, grant: Option<(ConsentMethod, &str)>, now: &str| {
        let mut engine = shop_of(Policy::default().with_terms(Purpose::Marketing, terms));
        let mut left = OptedOut::new(to.clone());
        left.purposes = vec![Purpose::Marketing];
        said(&mut engine, "out", "2026-07-01T12:00:00Z", left);
        if let Some((method, when)) = grant {
            let body = OptedIn::new(to.clone(), vec![Purpose::Marketing], method);
            let event = Event::new("//till/1".parse().unwrap(), "in".parse().unwrap(), at(when), body);
            engine.record(event, at(NOON)).unwrap();
        }
        let invitation = Outgoing {
            to: to.clone(),
            class: MessageClass::Transactional,
            purpose: Purpose::Service,
            invites: true,
            ..advert()
        };
        engine.conversations().judge(&invitation, at(now)).unwrap().reasons()
    };
    let back = |method| Some((method, "2026-07-01T12:30:00Z"));
    assert_eq!(invites(Terms::default(), None, NOON), [Refusal::CoolingOff]);
    assert_eq!(invites(Terms::default(), back(ConsentMethod::Till), NOON), []);
    // Anybody can type a number.
    assert_eq!(invites(confirmed, back(ConsentMethod::Till), NOON), [Refusal::CoolingOff]);
    assert_eq!(invites(confirmed, back(ConsentMethod::Keyword), NOON), []);
    // It is yet to come: the log's clock has milliseconds, an event microseconds.
    let to_come = Some((ConsentMethod::Till, SOON));
    assert_eq!(invites(Terms::default(), to_come, NOON), [Refusal::CoolingOff]);
    assert_eq!(invites(Terms::default(), to_come, SOON), []);
}

#[test]
fn what_may_wait_goes_out_in_the_morning_unless_she_left() {
    for leaves in [false, true] {
        let mut engine = joined();
        let Sending::Refused(verdict) = send(&mut engine, "now", &advert(), NIGHT) else { panic!("sent") };
        assert_eq!(verdict.reasons(), [Refusal::QuietHours]);
        let patient = advert().waiting().until(at("2026-07-03T14:00:00Z"));
        let Sending::Waits(_, verdict) = send(&mut engine, "later", &patient, NIGHT) else {
            panic!("refused")
        };
        assert_eq!(verdict.next_allowed, Some(at("2026-07-02T12:00:00Z")));
        assert_eq!(due(&mut engine, NIGHT), []);
        if leaves {
            said(&mut engine, "out", "2026-07-02T08:00:00Z", OptedOut::new(ada()));
        }
        let waiting = due(&mut engine, MORNING);
        assert_eq!(waiting.len(), usize::from(!leaves));
        for action in waiting {
            assert_eq!(action.expires_at, Some(at("2026-07-02T18:00:00Z")), "four hours at the gateway");
        }
        // The clock of the host is set back to the day before: the log knows better.
        said(
            &mut engine,
            "note",
            MORNING,
            OptedIn::new("phone:+13055550199".parse().unwrap(), vec![Purpose::Service], ConsentMethod::Till),
        );
        said(
            &mut engine,
            "night",
            "2026-07-03T03:00:00Z",
            OptedIn::new("phone:+13055550198".parse().unwrap(), vec![Purpose::Service], ConsentMethod::Till),
        );
        assert_eq!(due(&mut engine, MORNING), []);
    }
}

#[test]
fn a_verdict_is_told_without_writing() {
    let mut engine = joined();
    let before = engine.store().reader().unwrap().len().unwrap();
    let verdict = engine.conversations().judge(&advert(), at(MORNING)).unwrap();
    assert!(verdict.allowed);
    assert_eq!(engine.store().reader().unwrap().len().unwrap(), before);
}

/// What happened, at so many minutes; to one of two numbers.
#[derive(Debug, Clone)]
enum Happening {
    Joined(usize, Option<i64>),
    Left(usize),
    Sent(usize),
    /// Both numbers were named with one login.
    Named,
    /// A zone was named by one of the numbers, or by the login.
    Zone(Option<usize>, usize),
}

/// The last takes back.
const ZONES: [&str; 5] = ["America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/Paris", ""];

fn happening() -> impl Strategy<Value = (Happening, i64)> {
    let who = 0_usize..2;
    let what = prop_oneof![
        3 => (who.clone(), prop::option::weighted(0.3, 1_i64..5_000)).prop_map(|(who, until)| Happening::Joined(who, until)),
        1 => who.clone().prop_map(Happening::Left),
        3 => who.prop_map(Happening::Sent),
        1 => Just(Happening::Named),
        2 => (prop::option::weighted(0.6, 0_usize..2), 0..ZONES.len()).prop_map(|(who, zone)| Happening::Zone(who, zone)),
    ];
    (what, 0_i64..4_000)
}

fn minute(minutes: i64) -> Timestamp {
    let start = at("2026-07-01T12:00:00Z").as_micros();
    Timestamp::from_micros(start + minutes * 60_000_000).unwrap()
}

fn number(which: usize) -> Identifier {
    // Miami, and the part of Florida that has two zones.
    ["phone:+13055550123", "phone:+18505550124"][which].parse().unwrap()
}

/// The events, each with its own id.
fn events(history: &[(Happening, i64)], with_names: bool) -> Vec<Event> {
    let mut events = Vec::new();
    for (index, (what, minutes)) in history.iter().enumerate() {
        let (named, body): (Vec<Identifier>, crate::event::Body) = match what {
            Happening::Joined(who, until) => {
                let mut body = OptedIn::new(number(*who), vec![Purpose::Marketing], ConsentMethod::Till);
                body.expires_at = until.map(|until| minute(minutes + until));
                (vec![number(*who)], body.into())
            }
            Happening::Left(who) => (vec![number(*who)], OptedOut::new(number(*who)).into()),
            Happening::Sent(who) => {
                let mut body = MessageSent::new(format!("m-{index}").parse().unwrap());
                body.purpose = Some(Purpose::Marketing);
                (vec![number(*who)], body.into())
            }
            Happening::Named if with_names => {
                let login = "login:ada".parse().unwrap();
                (vec![login, number(0), number(1)], UserIdentified::new().into())
            }
            Happening::Named => continue,
            Happening::Zone(who, zone) => {
                let named = who.map_or_else(|| "login:ada".parse().unwrap(), number);
                let zone = Personal::new(ZONES[*zone]);
                (vec![named], AttributeStated::new(AttributeStated::TIME_ZONE.to_owned(), zone).into())
            }
        };
        let id = format!("e-{index}").parse().unwrap();
        let mut event = Event::new("//till/1".parse().unwrap(), id, minute(*minutes), body);
        event.identifiers = named;
        events.push(event);
    }
    events
}

fn judged(events: &[Event], order: &[prop::sample::Index], now: Timestamp, who: usize) -> Verdict {
    let mut engine = shop();
    let mut left = events.to_vec();
    for index in order {
        if !left.is_empty() {
            let event = left.swap_remove(index.index(left.len()));
            engine.record(event, minute(4_000)).unwrap();
        }
    }
    for event in left {
        engine.record(event, minute(4_000)).unwrap();
    }
    let message = Outgoing { to: number(who), ..advert() };
    engine.conversations().judge(&message, now).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_goes_out_without_consent_in_force_nor_past_a_cap(
        history in prop::collection::vec(happening(), 0..10), order in prop::collection::vec(any::<prop::sample::Index>(), 10),
        who in 0_usize..2, ahead in 0_i64..3_000,
    ) {
        let now = minute(4_000 + ahead);
        let verdict = judged(&events(&history, true), &order, now, who);
        // Whatever order they came in.
        prop_assert_eq!(&verdict, &judged(&events(&history, true), &[], now, who));
        // Known to be one person, she gets no more than she would as two.
        let apart = judged(&events(&history, false), &order, now, who);
        prop_assert!(apart.allowed || !verdict.allowed);
        prop_assert!(apart.next_allowed.is_none() || verdict.next_allowed.is_none_or(|next| Some(next) >= apart.next_allowed));

        // The last word on this very number, and at one time that she left.
        let words = history.iter().filter_map(|(what, minutes)| match what {
            Happening::Joined(of, until) if *of == who => Some((*minutes, false, *until)),
            Happening::Left(of) if *of == who => Some((*minutes, true, None)),
            _ => None,
        });
        let last = words.max_by_key(|(minutes, left, _)| (*minutes, *left));
        let times: Vec<i64> = history.iter().filter(|(what, _)| matches!(what, Happening::Sent(of) if *of == who)).map(|(_, at)| *at).collect();
        let day = times.iter().filter(|sent| **sent > 4_000 + ahead - 24 * 60).count();
        // No earlier than eight and not past eight, by the clock that she named by this very number; by all that the number
        // leaves open where she named none; and by whatever else she named.
        let named = |by: Option<usize>| {
            let of = history.iter().enumerate().filter_map(|(index, (what, minutes))| match what {
                Happening::Zone(of, zone) if *of == by => Some(((*minutes, events(&history, true).iter().find(|event| event.id.as_str() == format!("e-{index}")).map(Event::key)), ZONES[*zone])),
                _ => None,
            });
            of.max().and_then(|(_, zone)| zone.parse::<Zone>().ok())
        };
        let candidates: &[&str] = if who == 0 { &ZONES[..1] } else { &ZONES[..2] };
        let own = named(Some(who));
        let mut clocks: Vec<Zone> = match own {
            Some(own) if candidates.contains(&own.name()) => vec![own],
            own => candidates.iter().map(|zone| zone.parse().unwrap()).chain(own).collect(),
        };
        // An event links nothing while somebody whom it names has withdrawn linking, and no joining here gives it back.
        let linked = history.iter().any(|(what, _)| matches!(what, Happening::Named))
            && !history.iter().any(|(what, _)| matches!(what, Happening::Left(_)));
        if linked {
            clocks.extend([Some(1 - who), None].into_iter().filter_map(named));
        }
        if verdict.allowed {
            for clock in &clocks {
                let hour = chrono::Timelike::hour(&clock.local(now));
                prop_assert!((8..20).contains(&hour), "{hour} in {clock}");
            }
            let (_, left, _) = last.expect("somebody has to agree");
            prop_assert!(!left, "she left");
            prop_assert!(day < 3, "{day} in a day");
            prop_assert!(verdict.expires_at.unwrap() <= now.saturating_add(Duration::from_secs(4 * 60 * 60)));
        }
    }
}

#[test]
fn messages_to_two_numbers_of_one_person_add_up() {
    let mut history = vec![(Happening::Joined(0, None), 0), (Happening::Joined(1, None), 0)];
    history.extend([(0, 3_000), (1, 3_010), (1, 3_020)].map(|(who, at)| (Happening::Sent(who), at)));
    let now = minute(4_400);
    assert!(judged(&events(&history, true), &[], now, 0).allowed);
    history.push((Happening::Named, 3_030));
    let verdict = judged(&events(&history, true), &[], now, 0);
    assert_eq!(verdict.reasons(), [Refusal::FrequencyCapped]);
    // A day after the first of the three.
    assert_eq!(verdict.next_allowed, Some(minute(3_000 + 24 * 60)));
}

fn states_zone(engine: &mut Engine<Memory>, id: &str, when: &str, by: &[&str], zone: &str) {
    let body = AttributeStated::new(AttributeStated::TIME_ZONE.to_owned(), Personal::new(zone));
    let mut event = Event::new("//till/1".parse().unwrap(), id.parse().unwrap(), at(when), body);
    event.identifiers = by.iter().map(|one| one.parse().unwrap()).collect();
    engine.record(event, at(when)).unwrap();
}

#[test]
fn her_own_word_answers_what_the_number_leaves_open() {
    const PENSACOLA: &str = "phone:+18505550123";
    let mut engine = shop();
    let to: Identifier = PENSACOLA.parse().unwrap();
    let grant = OptedIn::new(to.clone(), vec![Purpose::Marketing], ConsentMethod::Till);
    said(&mut engine, "in", "2026-07-01T12:00:00Z", grant);
    let advert = Outgoing { to, ..advert() };
    let judge = |engine: &mut Engine<Memory>, when: &str| {
        let verdict = engine.conversations().judge(&advert, at(when)).unwrap();
        (verdict.allowed, verdict.expires_at.map(|end| end.to_string()))
    };
    // Half past seven in the evening in Pensacola, half past eight in Tallahassee.
    let evening = "2026-07-02T00:30:00Z";
    assert_eq!(judge(&mut engine, evening), (false, None));
    // Another account of hers says so, and then a guess: neither is the word of this number.
    states_zone(&mut engine, "login", "2026-07-01T12:01:00Z", &["login:ada"], "America/Chicago");
    said(&mut engine, "named", "2026-07-01T12:02:00Z", {
        let mut traits = UserIdentified::new();
        traits.first_name = Some(Personal::new("Ada"));
        traits
    });
    assert_eq!(judge(&mut engine, evening), (false, None));
    states_zone(&mut engine, "own", "2026-07-01T12:03:00Z", &[PENSACOLA], "America/Chicago");
    assert_eq!(judge(&mut engine, evening), (true, Some("2026-07-02T01:00:00Z".to_owned())));
    // Half past seven in the morning there.
    assert_eq!(judge(&mut engine, "2026-07-02T12:30:00Z"), (false, None));
    // A zone that the number does not have is one more, and takes none away.
    states_zone(&mut engine, "moved", "2026-07-01T12:04:00Z", &[PENSACOLA], "Europe/Paris");
    assert_eq!(judge(&mut engine, evening), (false, None));
    assert_eq!(judge(&mut engine, "2026-07-02T18:30:00Z"), (false, None), "half past eight in Paris");
    assert!(judge(&mut engine, "2026-07-02T17:30:00Z").0);
    // Taken back.
    states_zone(&mut engine, "back", "2026-07-01T12:05:00Z", &[PENSACOLA], "");
    assert_eq!(judge(&mut engine, evening), (false, None));
    assert!(judge(&mut engine, "2026-07-02T18:30:00Z").0);
}

#[test]
fn what_expires_unsent_is_given_back_to_the_caps() {
    let mut engine = joined();
    // Three a day in Florida: three are asked for, and nobody carries them out.
    for (id, when) in
        [("a", "2026-07-02T14:00:00Z"), ("b", "2026-07-02T14:01:00Z"), ("c", "2026-07-02T14:02:00Z")]
    {
        assert!(matches!(send(&mut engine, id, &advert(), when), Sending::Waits(..)));
    }
    let Sending::Refused(full) = send(&mut engine, "d", &advert(), "2026-07-02T14:03:00Z") else {
        panic!("sent")
    };
    assert_eq!(full.reasons(), [Refusal::FrequencyCapped]);
    // They were to be delivered within four hours.
    let last = at("2026-07-02T18:02:00Z").saturating_sub(Duration::from_micros(1)).to_string();
    assert!(matches!(send(&mut engine, "e", &advert(), "2026-07-02T17:59:59Z"), Sending::Refused(_)));
    assert!(
        matches!(send(&mut engine, "f", &advert(), &last), Sending::Waits(..)),
        "the first two have expired"
    );
    assert!(matches!(send(&mut engine, "g", &advert(), "2026-07-02T18:02:00Z"), Sending::Waits(..)));
    assert!(matches!(send(&mut engine, "h", &advert(), "2026-07-02T18:02:01Z"), Sending::Waits(..)));
    assert!(matches!(send(&mut engine, "i", &advert(), "2026-07-02T18:02:02Z"), Sending::Refused(_)));
    // The first was handed on after all: it counts again, and with the three that wait it is one too many.
    engine
        .actions()
        .acknowledge(&"a".parse().unwrap(), Outcome::Delivered, at("2026-07-02T18:03:00Z"))
        .unwrap();
    assert_eq!(due(&mut engine, "2026-07-02T18:04:00Z").len(), 2);
}

#[test]
fn outcomes_outlast_an_erasure() {
    // An e-mail address named in an action's event, and erased: the number's thread is made anew.
    let mut engine = joined();
    assert!(matches!(send(&mut engine, "a", &advert(), "2026-07-02T14:00:00Z"), Sending::Waits(..)));
    engine.actions().acknowledge(&"a".parse().unwrap(), Outcome::Failed, at("2026-07-02T14:01:00Z")).unwrap();
    assert!(matches!(send(&mut engine, "b", &advert(), "2026-07-02T14:02:00Z"), Sending::Waits(..)));
    engine
        .actions()
        .acknowledge(&"b".parse().unwrap(), Outcome::Delivered, at("2026-07-02T14:03:00Z"))
        .unwrap();
    let mut texted = Event::new(
        "//sms".parse().unwrap(),
        "m".parse().unwrap(),
        at("2026-07-02T14:04:00Z"),
        crate::event::kinds::conversation::MessageReceived::new("m".parse().unwrap()),
    );
    let email: Identifier = "email:ada@shop.example".parse().unwrap();
    texted.identifiers = vec![ada(), email.clone()];
    engine.record(texted, at("2026-07-02T14:04:00Z")).unwrap();
    let thread = |engine: &Engine<Memory>| engine.consents().thread(&ada()).unwrap().unwrap();
    let before = thread(&engine);
    engine.erase_identifier(&email, at("2026-07-02T14:05:00Z")).unwrap();
    assert_eq!(thread(&engine).sends(at("2026-07-02T14:06:00Z")), before.sends(at("2026-07-02T14:06:00Z")));
    assert_eq!(thread(&engine).sends(at("2026-07-02T14:06:00Z")).len(), 1);
}
