//! Topics of conversation through the engine: whose calendar her answers are of, which order is talked of, what is to be
//! followed up.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use phygital_core::conversation::gate::{Outgoing, Refusal};
use phygital_core::conversation::proposal::{CONFIDENCE_PROPOSED, Proposal};
use phygital_core::conversation::topic::Topic;
use phygital_core::engine::{Engine, Error, FollowUp, Opened, Sending};
use phygital_core::event::kinds::conversation::{
    AttributeStated, ContactSuppressed, ConversationHandedBack, ConversationHandedOver, MessageReceived,
    MessageSent, OptedIn, OptedOut, SuppressionLifted,
};
use phygital_core::event::kinds::digital::UserIdentified;
use phygital_core::event::{Body, Event};
use phygital_core::profile::Profile;
use phygital_core::rules::Whereabouts;
use phygital_core::store::Memory;
use phygital_core::tap::Keys;
use phygital_core::vocab::limits::FOLLOW_UPS_MAX;
use phygital_core::vocab::{
    ConsentMethod, Identifier, MessageClass, Personal, Purpose, SuppressionCause, Timestamp,
};
use proptest::prelude::*;
use support::{config, entropy, identifier};

const PARTY: &str = r#"{
  "version": 1, "id": "party", "languages": ["en"], "remind": {"after_hours": 20}, "start": "day", "steps": {
    "day": {
      "ask": {"en": "Maison Ada: when is the party? Reply STOP to opt out"}, "attribute": "occasion.date",
      "answer": {"type": "date", "range": "any", "year": "needed"}, "then": "end"
    }
  }
}"#;

/// Two numbers of one zone, one of two, and one that may be anywhere in North America.
const NUMBERS: [&str; 4] =
    ["phone:+12125550123", "phone:+18505550123", "phone:+33612345678", "phone:+18005550123"];
const ZONES: [&str; 4] = ["Pacific/Kiritimati", "America/Los_Angeles", "Europe/Paris", "Pacific/Pago_Pago"];

fn shop() -> Engine<Memory> {
    let party = Topic::from_json(PARTY).unwrap();
    Engine::open(Memory::new(), config().with_topic(party), Keys::none(), entropy()).unwrap()
}

fn tell(engine: &mut Engine<Memory>, id: &str, at: Timestamp, who: &str, body: impl Into<Body>) {
    let mut event = Event::new("//host".parse().unwrap(), id.parse().unwrap(), at, body);
    event.identifiers.push(identifier(who));
    engine.record(event, at).unwrap();
}

fn text(engine: &mut Engine<Memory>, id: &str, at: Timestamp, who: &str, body: &str) {
    let mut message = MessageReceived::new(id.parse().unwrap());
    message.body = Some(Personal::new(body));
    tell(engine, id, at, who, message);
}

fn profile(engine: &Engine<Memory>, who: &Identifier, now: Timestamp) -> Profile {
    let customer = engine.people().find(who).unwrap().unwrap();
    engine.people().profile(customer, Purpose::Service, now).unwrap()
}

/// What "tomorrow" is, said at a time.
fn tomorrow(number: &str, now: Timestamp, zones: impl FnOnce(&mut Engine<Memory>)) -> String {
    let mut engine = shop();
    let purposes = vec![Purpose::Personalization, Purpose::Service];
    tell(&mut engine, "in", now, number, OptedIn::new(identifier(number), purposes, ConsentMethod::Till));
    zones(&mut engine);
    // She wrote first, so that the topic answers her.
    text(&mut engine, "hello", now, number, "hello!");
    let opened = engine.topics().open(&identifier(number), &"party".parse().unwrap(), None, now).unwrap();
    assert_eq!(opened, Opened::Said);
    text(&mut engine, "answer", now, number, "tomorrow");
    let profile = profile(&engine, &identifier(number), now);
    profile.fact("occasion.date", now).unwrap().value.reveal().to_owned()
}

fn states(zone: &str) -> AttributeStated {
    AttributeStated::new(AttributeStated::TIME_ZONE.to_owned(), Personal::new(zone))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// "Tomorrow" is the day after the one that the calendar shows where she is: by her word, else by her phone, else in the
    /// middle of where her number may be.
    #[test]
    fn days_are_those_of_her_calendar(
        number in prop::sample::select(NUMBERS.to_vec()), said in prop::option::of(0..ZONES.len()),
        seen in prop::option::of(0..ZONES.len()), by_login: bool, hours in 0_i64..10_000,
    ) {
        let now = Timestamp::from_micros(1_780_000_000_000_000 + hours * 3_600_000_000).unwrap();
        let given = tomorrow(number, now, |engine| {
            if let Some(seen) = seen {
                let mut event = Event::new("//web".parse().unwrap(), "seen".parse().unwrap(), now, UserIdentified::new());
                event.identifiers = vec![identifier(number), identifier("login:ada")];
                event.zone = ZONES[seen].parse().ok();
                engine.record(event, now).unwrap();
            }
            if let Some(said) = said {
                // By an account that is known to be hers, or by the number.
                let by_login = by_login && seen.is_some();
                tell(engine, "said", now, if by_login { "login:ada" } else { number }, states(ZONES[said]));
            }
        });
        let zones = match said.or(seen) {
            Some(known) => vec![ZONES[known].parse().unwrap()],
            None => Whereabouts::of(&identifier(number)).zones().to_vec(),
        };
        // A clock in the middle shows a day in the middle: of two, the earlier.
        let mut days: Vec<_> = zones.iter().map(|zone| zone.local(now).date().succ_opt().unwrap()).collect();
        days.sort_unstable();
        prop_assert_eq!(&given, &days[(days.len() - 1) / 2].to_string(), "by {:?}", zones);
    }
}

const ADA: &str = "phone:+13055550123";

fn minute(minutes: i64) -> Timestamp {
    let start = Timestamp::parse("2026-07-02T14:00:00Z").unwrap().as_micros();
    Timestamp::from_micros(start + minutes * 60_000_000).unwrap()
}

fn joins(engine: &mut Engine<Memory>, who: &str, at: Timestamp) {
    let purposes = vec![Purpose::Marketing, Purpose::Personalization, Purpose::Service];
    tell(engine, &format!("in:{who}"), at, who, OptedIn::new(identifier(who), purposes, ConsentMethod::Till));
}

/// What was decided of handing over, in the order of the log.
fn handed_over(engine: &mut Engine<Memory>) -> Vec<ConversationHandedOver> {
    let mut found = Vec::new();
    for (_, entry) in engine.log().entries(0, 1_000).unwrap() {
        let recorded = phygital_core::log::open(&entry).unwrap();
        if let Some(Body::ConversationHandedOver(over)) = recorded.map(|recorded| recorded.event.body) {
            found.push(over);
        }
    }
    found
}

/// A message about an order goes out, and is carried out.
fn ready(engine: &mut Engine<Memory>, id: &str, at: Timestamp, order: Option<&str>) {
    let text = "Maison Ada: your boots are at the counter. Reply STOP to opt out";
    let mut message = Outgoing::new(identifier(ADA), MessageClass::Transactional, Purpose::Service, text);
    if let Some(order) = order {
        message = message.about(order.parse().unwrap());
    }
    let id = id.parse().unwrap();
    assert!(matches!(engine.conversations().send(id, &message, at).unwrap(), Sending::Waits(..)));
    let due = engine.actions().due(None, 9, at).unwrap();
    assert_eq!(due.last().unwrap().order_id.as_ref().map(ToString::to_string).as_deref(), order);
    let mut sent = MessageSent::new(format!("out:{}", due[0].id).parse().unwrap());
    sent.action_id = Some(due[0].id.clone());
    tell(engine, &format!("sent:{}", due[0].id), at, ADA, sent);
    engine.actions().acknowledge(&due[0].id, phygital_core::machine::Outcome::Delivered, at).unwrap();
}

#[test]
fn a_question_about_an_order_leads_to_a_person_with_the_order() {
    for (question, leads) in
        [("where is it", true), ("Can I come at nine?", true), ("thanks!", false), ("great", false)]
    {
        let mut engine = shop();
        joins(&mut engine, ADA, minute(0));
        text(&mut engine, "before", minute(1), ADA, "where is it");
        assert_eq!(handed_over(&mut engine), [], "of nothing");
        ready(&mut engine, "ready", minute(2), Some("o-7"));
        text(&mut engine, "question", minute(3), ADA, question);
        let over = handed_over(&mut engine);
        assert_eq!(over.len(), usize::from(leads), "{question}");
        for over in over {
            assert_eq!((over.reason.as_str(), over.order_id.unwrap().as_str()), ("question", "o-7"));
            assert_eq!(over.message_id.unwrap().as_str(), "question");
            // She is there already, until she gives back.
            text(&mut engine, "more", minute(4), ADA, "hello? where?");
            assert_eq!(handed_over(&mut engine).len(), 1);
            tell(&mut engine, "back", minute(5), ADA, ConversationHandedBack::new(identifier(ADA)));
            text(&mut engine, "again", minute(6), ADA, "and when do you close?");
            assert_eq!(handed_over(&mut engine).len(), 2);
        }
    }
}

#[test]
fn a_topic_that_hands_over_says_which_order() {
    let mut engine = shop();
    joins(&mut engine, ADA, minute(0));
    ready(&mut engine, "ready", minute(1), Some("o-7"));
    let mut sent = MessageSent::new("by-hand".parse().unwrap());
    sent.order_id = Some("o-8".parse().unwrap());
    let opened = engine.topics().open(&identifier(ADA), &"party".parse().unwrap(), None, minute(2)).unwrap();
    assert_eq!(opened, Opened::Said);
    tell(&mut engine, "by-hand", minute(3), ADA, sent);
    text(&mut engine, "question", minute(4), ADA, "where is my order?");
    let over = handed_over(&mut engine);
    assert_eq!((over.len(), over[0].topic.as_ref().unwrap().as_str()), (1, "party"));
    assert_eq!(over[0].order_id.as_ref().unwrap().as_str(), "o-8");
}

/// Whether "cancel it" is taken for a wish to be left alone.
fn leaves(engine: &Engine<Memory>) -> bool {
    engine.consents().thread(&identifier(ADA)).unwrap().unwrap().is_out()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// What is ambiguous is about the order only where the last thing that went out before it was, and not long ago. A word
    /// that always counts does so whatever is talked of.
    #[test]
    fn only_what_was_said_last_is_talked_of(
        sends in prop::collection::vec((1_i64..6_000, any::<bool>()), 0..4), wrote in 1_i64..11_000,
    ) {
        let mut engine = shop();
        joins(&mut engine, ADA, minute(0));
        let mut sends = sends;
        sends.sort_unstable();
        sends.dedup_by_key(|(at, _)| *at);
        for (at, about) in &sends {
            ready(&mut engine, &format!("s-{at}"), minute(*at), about.then_some("o-1"));
        }
        let last = sends.iter().rfind(|(at, _)| *at <= wrote);
        let talked_of = last.is_some_and(|(at, about)| *about && wrote - at < 3 * 24 * 60);
        text(&mut engine, "m", minute(wrote), ADA, "cancel it");
        prop_assert_eq!(leaves(&engine), !talked_of);
        text(&mut engine, "stop", minute(wrote + 1), ADA, "stop");
        prop_assert!(leaves(&engine));
    }
}

/// Something that happens to one of many.
#[derive(Debug, Clone)]
enum Happens {
    Opens(usize),
    Answers(usize),
    Leaves(usize),
    HandsOver(usize),
    HandsBack(usize),
    FollowsUp(usize),
}

const MANY: usize = 6;

fn number(n: usize) -> String {
    format!("phone:+1305555012{n}")
}

fn happens() -> impl Strategy<Value = (Happens, i64)> {
    let who = 0..MANY;
    let what = prop_oneof![
        4 => who.clone().prop_map(Happens::Opens),
        1 => who.clone().prop_map(Happens::Answers),
        1 => who.clone().prop_map(Happens::Leaves),
        1 => who.clone().prop_map(Happens::HandsOver),
        1 => who.clone().prop_map(Happens::HandsBack),
        1 => who.prop_map(Happens::FollowsUp),
    ];
    (what, 1_i64..1_500)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// What is listed is what asking for each contact point alone says, whatever happened, in pages of any size; and once
    /// each is followed up nothing is.
    #[test]
    fn every_topic_that_is_due_is_listed_once(
        history in prop::collection::vec(happens(), 0..24), most in 1_usize..4, later in 0_i64..24_000,
    ) {
        let mut engine = shop();
        for n in 0..MANY {
            joins(&mut engine, &number(n), minute(0));
        }
        let mut now = 0;
        for (index, (what, minutes)) in history.iter().enumerate() {
            now += minutes;
            let (id, at) = (format!("e-{index}"), minute(now));
            match what {
                Happens::Opens(n) => {
                    engine.topics().open(&identifier(&number(*n)), &"party".parse().unwrap(), None, at).unwrap();
                }
                Happens::Answers(n) => text(&mut engine, &id, at, &number(*n), "2026-12-24"),
                Happens::Leaves(n) => tell(&mut engine, &id, at, &number(*n), OptedOut::new(identifier(&number(*n)))),
                Happens::HandsOver(n) => {
                    let over = ConversationHandedOver::new(identifier(&number(*n)), "desk".to_owned());
                    tell(&mut engine, &id, at, &number(*n), over);
                }
                Happens::HandsBack(n) => {
                    tell(&mut engine, &id, at, &number(*n), ConversationHandedBack::new(identifier(&number(*n))));
                }
                Happens::FollowsUp(n) => drop(engine.topics().follow_up(&identifier(&number(*n)), at).unwrap()),
            }
        }
        let now = minute(now + later);
        let mut listed: Vec<FollowUp> = Vec::new();
        loop {
            let page = engine.topics().follow_ups(listed.last().map(|one| one.place), most, now).unwrap();
            prop_assert!(page.len() <= most);
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        prop_assert_eq!(&listed, &engine.topics().follow_ups(None, 1_000, now).unwrap());
        prop_assert_eq!(engine.topics().follow_ups(None, 0, now).unwrap(), []);
        let mut one_by_one = Vec::new();
        for n in 0..MANY {
            let contact = identifier(&number(n));
            let due = engine.topics().due(&contact, now).unwrap().filter(|due| *due <= now);
            one_by_one.extend(due.map(|due| (contact, due)));
        }
        let mut found: Vec<_> = listed.iter().map(|one| (one.contact.clone(), one.due)).collect();
        found.sort();
        prop_assert_eq!(found, one_by_one);
        for one in &listed {
            prop_assert_eq!(one.topic.as_str(), "party");
            engine.topics().follow_up(&one.contact, now).unwrap();
        }
        // Nothing is asked twice at once; what the gate refuses stays to be done.
        for left in engine.topics().follow_ups(None, 1_000, now).unwrap() {
            let refused = engine.topics().follow_up(&left.contact, now).unwrap();
            prop_assert!(matches!(refused, Opened::Refused(_)), "{:?}", refused);
        }
    }
}

#[test]
fn a_topic_asks_nobody_whom_messages_are_kept_from() {
    let mut engine = shop();
    joins(&mut engine, ADA, minute(0));
    let party = "party".parse().unwrap();
    let open =
        |engine: &mut Engine<Memory>, at| engine.topics().open(&identifier(ADA), &party, None, at).unwrap();
    tell(
        &mut engine,
        "dead",
        minute(1),
        ADA,
        ContactSuppressed::new(identifier(ADA), SuppressionCause::Invalid),
    );
    // The purpose of the topic is to know her better, which is allowed; to write to her is not.
    let permits = engine.consents().permits(Purpose::Personalization, &identifier(ADA), minute(2)).unwrap();
    assert!(permits.allowed);
    let Opened::Refused(verdict) = open(&mut engine, minute(2)) else { panic!("it was asked") };
    assert_eq!(verdict.reasons(), [Refusal::Suppressed]);
    tell(
        &mut engine,
        "lives",
        minute(3),
        ADA,
        SuppressionLifted::new(identifier(ADA), SuppressionCause::Invalid),
    );
    assert_eq!(open(&mut engine, minute(4)), Opened::Said);
}

/// What is known of the party and may be used, and how sure it is.
fn party(engine: &Engine<Memory>, now: Timestamp) -> Option<(String, Option<u32>)> {
    let customer = engine.people().find(&identifier(ADA)).unwrap().unwrap();
    let profile = engine.people().profile(customer, Purpose::Personalization, now).ok()?;
    let fact = profile.fact("occasion.date", now)?;
    Some((fact.value.reveal().to_owned(), fact.confidence))
}

/// She is asked for the day of the party, and answers a minute later; a model makes of it what is proposed.
fn heard(body: &str, proposal: Proposal) -> Engine<Memory> {
    let mut engine = shop();
    joins(&mut engine, ADA, minute(0));
    engine.topics().open(&identifier(ADA), &"party".parse().unwrap(), None, minute(1)).unwrap();
    let accepted = engine.topics().hear(message(body, minute(2)), proposal, minute(2)).unwrap();
    assert!(accepted.is_new());
    engine
}

fn message(body: &str, at: Timestamp) -> Event {
    let mut message = MessageReceived::new("m-1".parse().unwrap());
    message.body = Some(Personal::new(body));
    let mut event = Event::new("//host".parse().unwrap(), "m-1".parse().unwrap(), at, message);
    event.identifiers.push(identifier(ADA));
    event
}

#[test]
fn a_model_is_heard_where_no_rule_reads_the_text() {
    let unread = "the day after my sister's";
    let proposed = || Proposal::answer("2026-12-24");
    let mut engine = heard(unread, proposed());
    assert_eq!(party(&engine, minute(3)), Some(("2026-12-24".to_owned(), Some(CONFIDENCE_PROPOSED))));
    // A text counts once: what is made of it later comes too late, and is no conflict.
    let again = engine.topics().hear(message(unread, minute(2)), Proposal::HandOver, minute(4)).unwrap();
    assert!(!again.is_new() && handed_over(&mut engine).is_empty());
    assert!(!engine.record(message(unread, minute(2)), minute(5)).unwrap().is_new());

    let plain = heard("it is on 2026-12-31", proposed());
    assert_eq!(party(&plain, minute(3)).map(|(day, _)| day).as_deref(), Some("2026-12-31"));
    assert_eq!(party(&heard(unread, Proposal::answer("soon")), minute(3)), None);
    let mut engine = heard(unread, Proposal::HandOver);
    assert_eq!(handed_over(&mut engine).first().map(|over| over.reason.as_str()), Some("model"));
    // Whether she wants to be left alone no model decides.
    let mut engine = heard("STOP", proposed());
    assert!(leaves(&engine) && handed_over(&mut engine).is_empty());
    assert_eq!(party(&engine, minute(3)), None);
}

/// Where no question waits, it is a text like others, with all that follows from one.
#[test]
fn what_no_question_waits_for_is_recorded_as_it_is() {
    let (mut plain, mut proposed) = (shop(), shop());
    for engine in [&mut plain, &mut proposed] {
        joins(engine, ADA, minute(0));
    }
    plain.record(message("hello!", minute(2)), minute(2)).unwrap();
    proposed.topics().hear(message("hello!", minute(2)), Proposal::answer("2026-12-24"), minute(2)).unwrap();
    let kinds = |engine: &mut Engine<Memory>| -> Vec<String> {
        let entries = engine.log().entries(0, 100).unwrap();
        let bodies = entries.iter().filter_map(|(_, entry)| phygital_core::log::open(entry).unwrap());
        bodies.map(|recorded| format!("{:?}", recorded.event)).collect()
    };
    assert_eq!(kinds(&mut plain), kinds(&mut proposed));
}

#[test]
fn a_page_of_follow_ups_has_an_end() {
    let mut engine = shop();
    assert_eq!(engine.topics().follow_ups(None, FOLLOW_UPS_MAX, minute(0)).unwrap(), []);
    let refused = engine.topics().follow_ups(None, FOLLOW_UPS_MAX + 1, minute(0)).unwrap_err();
    assert!(matches!(refused, Error::Misuse(_)), "{refused}");
}
