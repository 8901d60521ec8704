//! What the gate lets out, and the laws that it keeps.

#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::consent::{Policy, Reason};
use crate::rules::{Place, hours};
use crate::vocab::Zone;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn gate() -> Gate {
    Gate::new(RuleBook::standard().clone(), Style::new("Ada"))
}

/// What consent would say.
fn consent(purpose: Purpose, reason: Reason) -> Decision {
    let blank = Policy::default().permits(None, purpose, Timestamp::MIN);
    Decision { allowed: reason == Reason::Granted, reasons: vec![reason], ..blank }
}

fn advert(to: &str) -> Outgoing {
    let to = format!("phone:{to}").parse().unwrap();
    Outgoing::new(to, MessageClass::Marketing, Purpose::Marketing, "Ada: new shoes. Reply STOP to opt out")
}

fn granted(message: &Outgoing) -> Standing {
    Standing::new(consent(message.purpose, Reason::Granted), Whereabouts::of(&message.to))
}

fn reasons(message: &Outgoing, standing: &Standing, now: &str) -> Vec<Refusal> {
    gate().decide(message, standing, at(now)).reasons()
}

const NOON: &str = "2026-07-01T16:00:00Z";

#[test]
fn what_is_lawful_goes_out_until_the_window_closes() {
    let message = advert("+18505550123");
    let verdict = gate().decide(&message, &granted(&message), at("2026-07-01T22:30:00Z"));
    assert!(verdict.allowed && verdict.says_brand && verdict.says_opt_out);
    // 20:00 in Tallahassee, though it is an hour earlier in Pensacola.
    assert_eq!(verdict.expires_at, Some(at("2026-07-02T00:00:00Z")));
    assert_eq!(verdict.next_allowed, Some(at("2026-07-01T22:30:00Z")));
    let noon = gate().decide(&message, &granted(&message), at(NOON));
    assert_eq!(noon.expires_at, Some(at("2026-07-01T20:00:00Z")), "four hours at the gateway at most");
    let soon = message.until(at("2026-07-01T17:00:00Z"));
    assert_eq!(gate().decide(&soon, &granted(&soon), at(NOON)).expires_at, soon.expires_at);
}

#[test]
fn a_window_about_to_close_is_closed() {
    let message = advert("+12125550123");
    let verdict = gate().decide(&message, &granted(&message), at("2026-07-02T00:59:30Z"));
    assert_eq!(verdict.reasons(), [Refusal::QuietHours]);
    assert_eq!(verdict.next_allowed, Some(at("2026-07-02T12:00:00Z")));
    assert!(gate().decide(&message, &granted(&message), at("2026-07-02T00:59:00Z")).allowed);
}

#[test]
fn each_refusal_has_its_reason() {
    let message = advert("+12125550123");
    let standing = granted(&message);
    for (reason, refusal) in [
        (Reason::NeverAsked, Refusal::NoConsent),
        (Reason::Expired, Refusal::NoConsent),
        (Reason::Unconfirmed, Refusal::NoConsent),
        (Reason::Withdrawn, Refusal::Withdrawn),
        (Reason::Suppressed, Refusal::Suppressed),
        (Reason::Reassigned, Refusal::Reassigned),
    ] {
        let standing = Standing { consent: consent(Purpose::Marketing, reason), ..standing.clone() };
        let verdict = gate().decide(&message, &standing, at(NOON));
        assert_eq!(
            (verdict.reasons(), verdict.next_allowed, verdict.expires_at),
            (vec![refusal], None, None)
        );
    }
    // The consent to something else, one that ends, marketing under another name.
    let other = Standing { consent: consent(Purpose::Service, Reason::Granted), ..standing.clone() };
    assert_eq!(reasons(&message, &other, NOON), [Refusal::NoConsent]);
    let ended = Standing { consent_until: Some(at(NOON)), ..standing.clone() };
    assert_eq!(reasons(&message, &ended, NOON), [Refusal::NoConsent, Refusal::Expired]);
    let disguised = Outgoing { purpose: Purpose::Service, ..message.clone() };
    assert_eq!(reasons(&disguised, &granted(&disguised), NOON), [Refusal::WrongPurpose]);
    let late = message.clone().until(at(NOON));
    assert_eq!(reasons(&late, &standing, NOON), [Refusal::Expired]);
    let nowhere = Standing { whereabouts: Whereabouts::default(), ..standing.clone() };
    let everywhere = gate();
    let rule =
        r#"{"rules": [{"id": "b", "place": "*", "source": "", "windows": {"mon": [["08:00", "20:00"]]}}]}"#;
    let rules = everywhere.rules.extended_by(RuleBook::from_json(rule).unwrap()).unwrap();
    let verdict = Gate { rules, ..everywhere }.decide(&message, &nowhere, at(NOON));
    assert_eq!(verdict.reasons(), [Refusal::NeverLawful]);
    assert_eq!(verdict.next_allowed, None);
    for refusal in Refusal::ALL {
        let json = serde_json::to_string(&refusal).unwrap();
        assert_eq!(
            (json, refusal.to_string()),
            (format!("\"{}\"", refusal.code()), refusal.code().to_owned())
        );
    }
}

#[test]
fn caps_and_pauses_say_when_they_end() {
    let message = advert("+13055550123");
    let sent = |text: &str| Sent::new(at(text), MessageClass::Marketing).saying(true, true);
    let sends = ["2026-06-30T18:00:00Z", "2026-07-01T13:00:00Z", "2026-07-01T15:00:00Z"].map(sent).to_vec();
    let standing = Standing { sends, ..granted(&message) };
    let verdict = gate().decide(&message, &standing, at(NOON));
    assert_eq!(verdict.reasons(), [Refusal::FrequencyCapped]);
    assert_eq!(verdict.refused_by[0].rule.as_ref().unwrap().as_str(), "us_fl_cap");
    assert_eq!(verdict.next_allowed, Some(at("2026-07-01T18:00:00Z")));
    // A receipt is no solicitation.
    let receipt =
        Standing { sends: vec![Sent::new(at(NOON), MessageClass::Transactional); 9], ..granted(&message) };
    assert!(gate().decide(&advert("+13055550123"), &receipt, at(NOON)).allowed);

    let message = advert("+14155550123");
    let standing = Standing { opted_out_at: Some(at("2026-01-15T12:00:00Z")), ..granted(&message) };
    let verdict = gate().decide(&message, &standing, at(NOON));
    assert_eq!(verdict.reasons(), [Refusal::CoolingOff]);
    // A year later it is four in the morning in San Francisco.
    assert_eq!(verdict.next_allowed, Some(at("2027-01-15T16:00:00Z")));
    let told = Outgoing { class: MessageClass::Transactional, purpose: Purpose::Service, ..message.clone() };
    let standing = Standing { consent: consent(Purpose::Service, Reason::Granted), ..standing };
    assert!(gate().decide(&told, &standing, at(NOON)).allowed);
    assert_eq!(gate().decide(&told.inviting(), &standing, at(NOON)).reasons(), [Refusal::CoolingOff]);
}

#[test]
fn replies_are_free_while_they_are_replies() {
    let to = "phone:+12125550123".parse().unwrap();
    let reply = Outgoing::new(to, MessageClass::Conversational, Purpose::Service, "Size 38 is here.");
    let night = at("2026-07-02T03:30:00Z");
    let asked = Standing { last_inbound: Some(at("2026-07-02T03:00:00Z")), ..granted(&reply) };
    let verdict = gate().decide(&reply, &asked, night);
    assert_eq!((verdict.allowed, verdict.class), (true, MessageClass::Conversational));
    let strict = Gate { replies_as_marketing: true, ..gate() };
    assert_eq!(strict.decide(&reply, &asked, night).reasons(), [Refusal::QuietHours, Refusal::Content]);
    // Whoever wrote the day before is written to as anybody.
    let before = Standing { last_inbound: Some(at("2026-07-01T03:30:00Z")), ..granted(&reply) };
    let verdict = gate().decide(&reply, &before, night);
    assert_eq!(verdict.class, MessageClass::Marketing);
    assert_eq!(verdict.reasons(), [Refusal::QuietHours, Refusal::Content]);
}

#[test]
fn what_is_owed_goes_out_at_any_hour() {
    let message =
        Outgoing { class: MessageClass::Transactional, purpose: Purpose::Service, ..advert("+12125550123") };
    let standing = Standing { consent: consent(Purpose::Service, Reason::Withdrawn), ..granted(&message) };
    let night = at("2026-07-02T03:30:00Z");
    assert_eq!(gate().decide(&message, &standing, night).reasons(), [Refusal::Withdrawn]);
    let owed = message.owed().until(at("2026-07-02T03:35:00Z"));
    let verdict = gate().decide(&owed, &standing, night);
    assert_eq!((verdict.allowed, verdict.expires_at), (true, owed.expires_at));
    assert_eq!(gate().decide(&owed, &standing, at("2026-07-02T03:35:00Z")).reasons(), [Refusal::Expired]);
}

#[test]
fn brand_and_way_out_are_due_in_the_first_message_and_monthly() {
    let short = Outgoing { text: Personal::new("New shoes are in"), ..advert("+12125550123") };
    let content = |sent: Vec<Sent>, now: &str| {
        let standing = Standing { sends: sent, ..granted(&short) };
        gate().decide(&short, &standing, at(now)).allowed
    };
    let sent = |brand, opt_out| vec![Sent::new(at(NOON), MessageClass::Marketing).saying(brand, opt_out)];
    assert!(!content(vec![], "2026-07-02T16:00:00Z"));
    assert!(!content(sent(true, false), "2026-07-02T16:00:00Z"));
    assert!(!content(sent(false, true), "2026-07-02T16:00:00Z"));
    assert!(content(sent(true, true), "2026-07-02T16:00:00Z"));
    assert!(content(sent(true, true), "2026-07-31T15:59:59Z"));
    assert!(!content(sent(true, true), "2026-07-31T16:00:00Z"));
    let french = Outgoing { text: Personal::new("Ada: soldes"), ..advert("+33612345678") };
    let standing = Standing { sends: sent(true, true), ..granted(&french) };
    assert!(!gate().decide(&french, &standing, at("2026-07-02T16:00:00Z")).allowed, "in each message");
}

#[test]
fn addresses_keep_hours_where_the_host_says_them() {
    let to: Identifier = "email:ada@shop.example".parse().unwrap();
    let message = Outgoing { to, ..advert("+12125550123") };
    let night = "2026-07-02T03:30:00Z";
    assert_eq!(reasons(&message, &granted(&message), night), []);
    let florida = Whereabouts::known(["US-FL".parse().unwrap()], ["America/New_York".parse().unwrap()]);
    assert_eq!(
        reasons(&message, &Standing { whereabouts: florida, ..granted(&message) }, night),
        [Refusal::QuietHours]
    );
}

/// Phone numbers of places whose rules differ.
fn number() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "+18505550123",
        "+12125550123",
        "+12055550123",
        "+14015550123",
        "+17135550123",
        "+19155550123",
        "+18005550123",
        "+16055550123",
        "+33612345678",
        "+5511961234567",
        "+16045550123",
        "+18085550123",
    ])
}

fn time() -> impl Strategy<Value = Timestamp> {
    // The year from July 2026 on, with all changes of clocks.
    (0_i64..365 * 24 * 60).prop_map(|minutes| {
        Timestamp::from_micros(1_782_864_000_000_000 + minutes * 60_000_000 + 17).unwrap()
    })
}

fn class() -> impl Strategy<Value = (MessageClass, Purpose)> {
    prop::sample::select(vec![
        (MessageClass::Marketing, Purpose::Marketing),
        (MessageClass::Conversational, Purpose::Service),
        (MessageClass::Transactional, Purpose::Service),
    ])
}

prop_compose! {
    fn situation()(
        to in number(), (class, purpose) in class(), now in time(), ago in prop::collection::vec((-600_i64..3_000, 0_usize..3), 0..6),
        granted in prop::bool::weighted(0.9), inbound in prop::option::of(0_u64..3_000), out in prop::option::weighted(0.2, 0_u64..600_000),
        until in prop::option::of(-10_i64..3_000),
    ) -> (Outgoing, Standing, Timestamp) {
        let minute = |ago: i64| {
            let span = Duration::from_secs(60 * ago.unsigned_abs());
            if ago < 0 { now.saturating_add(span) } else { now.saturating_sub(span) }
        };
        let mut message = Outgoing { class, purpose, ..advert(to) };
        message.expires_at = until.map(|ahead| minute(-ahead));
        let reason = if granted { Reason::Granted } else { Reason::NeverAsked };
        let mut standing = Standing::new(consent(purpose, reason), Whereabouts::of(&message.to));
        standing.sends = ago.into_iter().map(|(ago, class)| Sent::new(minute(ago), MessageClass::ALL[class])).collect();
        standing.last_inbound = inbound.map(|ago| minute(ago as i64));
        standing.opted_out_at = out.map(|ago| minute(ago as i64));
        (message, standing, now)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_allowed_is_lawful_until_it_expires((message, standing, now) in situation()) {
        let gate = gate();
        let verdict = gate.decide(&message, &standing, now);
        prop_assert_eq!(verdict.allowed, verdict.refused_by.is_empty());
        prop_assert_eq!(verdict.allowed, verdict.expires_at.is_some());
        let Some(end) = verdict.expires_at else { return Ok(()) };
        prop_assert!(standing.consent.allowed && end > now && end <= now.saturating_add(gate.life));
        let windows = gate.rules.windows(standing.whereabouts.places(), verdict.class, now);
        let last = Timestamp::from_micros(end.as_micros() - 1).unwrap();
        let middle = Timestamp::from_micros((now.as_micros() + end.as_micros()) / 2).unwrap();
        for time in [now, middle, last] {
            for zone in standing.whereabouts.zones() {
                for one in &windows {
                    prop_assert!(hours::allowed(&[*one], &[*zone], time));
                }
            }
        }
        for (_, cap) in gate.rules.caps(standing.whereabouts.places(), verdict.class, now) {
            let recent = standing.sends.iter().filter(|sent| {
                sent.class == MessageClass::Marketing && sent.at > now.saturating_sub(Duration::from_secs(24 * 60 * 60))
            });
            prop_assert!(recent.count() < cap.limit() as usize);
        }
    }

    #[test]
    fn the_next_time_is_the_first_that_lets_it_out((message, standing, now) in situation()) {
        // Stepping from there on must not find an earlier one; five minutes a step, the hours being whole.
        let gate = gate();
        let verdict = gate.decide(&message, &standing, now);
        let judged = |time| {
            let judged = gate.class_of(&message, &standing, now) == gate.class_of(&message, &standing, time);
            judged && gate.decide(&message, &standing, time).allowed
        };
        let step = Duration::from_secs(60 * 60);
        if verdict.reasons().iter().any(|reason| !reason.passes()) {
            prop_assert_eq!(verdict.next_allowed, None);
            return Ok(());
        }
        match verdict.next_allowed {
            Some(next) => {
                let same = gate.class_of(&message, &standing, now) == gate.class_of(&message, &standing, next);
                let due = gate.decide(&message, &standing, next);
                // By then the way out may be due again, or the reply may be none.
                prop_assert!(due.allowed || !same || due.reasons() == [Refusal::Content]);
                let mut time = now;
                while time < next && time < now.saturating_add(step * 72) {
                    prop_assert!(!judged(time), "{time} before {next}");
                    time = time.saturating_add(step);
                }
            }
            None => {
                let mut time = now;
                while time < now.saturating_add(step * 72) {
                    prop_assert!(!judged(time), "{time}, never");
                    time = time.saturating_add(step);
                }
            }
        }
    }

    #[test]
    fn more_to_keep_never_loosens(
        (message, standing, now) in situation(), zone in prop::sample::select(vec!["Pacific/Guam", "Europe/Paris", "America/Denver"]),
        place in prop::sample::select(vec!["US-AL", "US-RI", "US-TX", "FR"]), limit in 0_u32..3, ahead in -600_i64..600,
    ) {
        let gate = gate();
        let verdict = gate.decide(&message, &standing, now);
        let stricter = |gate: &Gate, standing: &Standing| {
            let other = gate.decide(&message, standing, now);
            verdict.allowed || !other.allowed
                && other.expires_at <= verdict.expires_at
        };
        let zones: Vec<Zone> = vec![zone.parse().unwrap()];
        let places: Vec<Place> = vec![place.parse().unwrap()];
        let zoned = standing.whereabouts.clone().and(Whereabouts::known([], zones));
        let zoned = Standing { whereabouts: zoned, ..standing.clone() };
        prop_assert!(stricter(&gate, &zoned));
        let placed = standing.whereabouts.clone().and(Whereabouts::known(places, []));
        let placed = Standing { whereabouts: placed, ..standing.clone() };
        prop_assert!(stricter(&gate, &placed));
        let rule = format!(
            r#"{{"rules": [{{"id": "more", "place": "*", "source": "", "cap": {{"kind": "rolling", "limit": {limit}, "window_hours": 48}}}}]}}"#
        );
        let rules = gate.rules.extended_by(RuleBook::from_json(&rule).unwrap()).unwrap();
        let capped = Gate { rules, ..gate.clone() };
        prop_assert!(stricter(&capped, &standing));
        // A message more, whenever it went out, is no reason to send another.
        let micros = now.as_micros() + ahead * 60_000_000;
        let mut more = standing.clone();
        more.sends.push(Sent::new(Timestamp::from_micros(micros).unwrap(), MessageClass::Marketing));
        prop_assert!(stricter(&gate, &more));
        let no = Standing { consent: consent(message.purpose, Reason::Withdrawn), ..standing.clone() };
        prop_assert!(!gate.decide(&message, &no, now).allowed);
    }
}

proptest! {
    /// Whoever has forgotten what went out up to a time lets out nothing that who remembers would not.
    #[test]
    fn forgetting_loosens_nothing(
        sends in prop::collection::vec((0_i64..4_000, 0..3_usize), 0..12), forgotten in 0_i64..4_000, ahead in 0_i64..3_000,
        cap in 1..4_u32, hours in 1..60_u32, pause in 1..30_u32,
    ) {
        let start = at("2026-07-01T12:00:00Z").as_micros();
        let minute = |minutes: i64| Timestamp::from_micros(start + minutes * 60_000_000).unwrap();
        let rules = format!(
            r#"{{"rules": [
                {{"id": "own", "place": "*", "source": "", "cap": {{"kind": "rolling", "limit": {cap}, "window_hours": {hours}}}}},
                {{"id": "day", "place": "*", "source": "", "cap": {{"kind": "calendar_day", "limit": {cap}}}}},
                {{"id": "pause", "place": "*", "source": "", "cooling_off": {{"after": "send", "hours": {pause}}}}}
            ]}}"#
        );
        let rules = RuleBook::standard().clone().extended_by(RuleBook::from_json(&rules).unwrap()).unwrap();
        let gate = Gate { rules, ..gate() };
        let message = advert("+13055550123");
        let classes = [MessageClass::Marketing, MessageClass::Conversational, MessageClass::Transactional];
        let sends: Vec<Sent> =
            sends.into_iter().map(|(at, class)| Sent::new(minute(at), classes[class]).saying(true, true)).collect();
        let whole = Standing { sends, ..granted(&message) };
        let mut partly = whole.clone();
        partly.sends.retain(|sent| sent.at > minute(forgotten));
        partly.remembers_from = Some(minute(forgotten));
        let now = minute(4_000 + ahead);
        let (whole, partly) = (gate.decide(&message, &whole, now), gate.decide(&message, &partly, now));
        prop_assert!(whole.allowed || !partly.allowed);
        prop_assert!(partly.next_allowed.is_none_or(|next| whole.next_allowed.is_some_and(|whole| whole <= next)));
    }
}
