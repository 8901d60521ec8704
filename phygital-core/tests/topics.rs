//! Topics of conversation through the engine: whose calendar her answers are of.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use phygital_core::conversation::topic::Topic;
use phygital_core::engine::{Engine, Opened};
use phygital_core::event::kinds::conversation::{AttributeStated, MessageReceived, OptedIn};
use phygital_core::event::kinds::digital::UserIdentified;
use phygital_core::event::{Body, Event};
use phygital_core::profile::Profile;
use phygital_core::store::Memory;
use phygital_core::tap::Keys;
use phygital_core::vocab::{ConsentMethod, Identifier, Personal, Purpose, Timestamp, Zone};
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

/// A number that says nothing of a zone, one in two zones, and one in eleven of them.
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
        let zone = |name: &str| name.parse::<Zone>().unwrap();
        let likely = match number {
            "phone:+12125550123" => "America/New_York",
            // Eastern time is later; of two the earlier clock is taken.
            "phone:+18505550123" => "America/Chicago",
            "phone:+33612345678" => "Europe/Paris",
            _ => "America/Chicago",
        };
        let zone = zone(said.or(seen).map_or(likely, |known| ZONES[known]));
        let day = |zone: Zone| zone.local(now).date().succ_opt().unwrap().to_string();
        prop_assert_eq!(&given, &day(zone), "by {}", zone);
    }
}
