//! What the engine decided because of an event of the host's.

use crate::event::Event;
use crate::store::{Read, Store};
use crate::vocab::{ActionId, EventId, EventKey, SourceId};

use super::customers::read_entry;
use super::session::DECISIONS;
use super::{Engine, Error, conversations};

/// What stands before the key of the cause in the name of a decision that is taken once.
const ONCE: [&str; 10] =
    ["left", "reassigned", "joined", "declined", "asked", "refused", "fact", "request", "answer", "question"];

impl<S: Store> Engine<S> {
    /// What was decided because of an event of the host's, in the order of the log: of a text that she left, joined, was asked or
    /// answered; of a request for a right what it withdraws. Nothing where nothing was, or the event is not there; not what was
    /// erased. The same whenever it is asked.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn followed(&self, cause: &EventKey) -> Result<Vec<Event>, Error> {
        self.usable()?;
        let reader = self.store.reader()?;
        let source = SourceId::new(DECISIONS).expect("a constant that is an id");
        let entry = |name: String| {
            let id = EventId::new(name).expect("made of digits and our own words");
            reader.entry(&EventKey::of(&source, &id))
        };
        let mut entries = Vec::new();
        for what in ONCE {
            entries.extend(entry(format!("{what}:{cause}"))?);
        }
        // Decisions of which there may be several are counted from 0 on.
        let numbered: [&dyn Fn(usize) -> String; 2] =
            [&|n| format!("topic{n}:{cause}"), &|n| format!("objected:{cause}:{n}")];
        for name in numbered {
            for found in (0..).map(|n| entry(name(n))) {
                let Some(found) = found? else { break };
                entries.push(found);
            }
        }
        let said: ActionId = format!("topic:{cause}").parse().expect("made of hexadecimal digits");
        entries.extend(reader.entry(&EventKey::of(&source, &conversations::event_id(&said)))?);
        entries.sort_by_key(|entry| entry.hlc);
        let mut events = Vec::with_capacity(entries.len());
        for recorded in entries.iter().map(read_entry) {
            events.extend(recorded?.map(|recorded| recorded.event));
        }
        Ok(events)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::conversation::topic::Topic;
    use crate::engine::{Config, EntropyError};
    use crate::event::kinds::conversation::{
        ConversationHandedBack, MessageReceived, MessageSent, RightsRequested,
    };
    use crate::event::{Body, CodecOptions};
    use crate::optin::Notice;
    use crate::store::Memory;
    use crate::tap::Keys;
    use crate::vocab::{Identifier, Personal, Purpose, Right, Timestamp};

    const TOPIC: &str = r#"{"version": 1, "id": "fit", "languages": ["en"], "purpose": "service", "days": 3, "start": "size",
        "steps": {"size": {"ask": {"en": "{{ brand }}: which shoe size?"}, "attribute": "size.shoes",
            "answer": {"type": "number", "min": 30, "max": 50}, "then": "thanks"},
            "thanks": {"say": {"en": "Thank you."}, "then": "end"}}}"#;

    /// The slow, obvious way: every decision of the log that names the cause.
    fn searched(engine: &mut Engine<Memory>, cause: &EventKey) -> Vec<String> {
        let entries = engine.log().entries(0, 10_000).unwrap();
        let events = entries.iter().filter_map(|(_, entry)| {
            let event = Event::from_json(&entry.payload.as_ref()?.content, &CodecOptions::default()).unwrap();
            let by_action = match &event.body {
                Body::ActionRequested(action) => action.action_id.as_str().contains(&cause.to_string()),
                _ => false,
            };
            let named = by_action || event.id.as_str().contains(&cause.to_string());
            (event.source.as_str() == DECISIONS && named).then(|| event.to_json())
        });
        events.collect()
    }

    #[test]
    fn what_followed_is_what_the_log_has() {
        let purposes = [Purpose::Recognition, Purpose::Marketing];
        let notice = Notice::new("n-1".parse().unwrap(), "We text you.", "+12015550101", purposes).unwrap();
        let mut config = Config::default().with_brand("Maison Ada").with_notice(notice);
        config.ways.keyword = true;
        let config = config.with_topic(Topic::from_json(TOPIC).unwrap());
        let seeded = |bytes: &mut [u8]| {
            bytes.fill(7);
            Ok::<(), EntropyError>(())
        };
        let mut engine = Engine::open(Memory::new(), config, Keys::none(), seeded).unwrap();
        let her: Identifier = "phone:+12015550123".parse().unwrap();
        let mut now = Timestamp::parse("2026-11-21T15:00:00Z").unwrap();
        let mut kinds = std::collections::BTreeSet::new();
        let mut say = |engine: &mut Engine<Memory>, number: usize, body: Body| {
            now = now.saturating_add(Duration::from_secs(60));
            let id = EventId::new(format!("e-{number}")).unwrap();
            let mut event = Event::new(SourceId::new("//till").unwrap(), id, now, body);
            event.identifiers.push(her.clone());
            let key = event.key();
            engine.record(event.clone(), now).unwrap();
            let told: Vec<String> = engine.followed(&key).unwrap().iter().map(Event::to_json).collect();
            assert_eq!(told, searched(engine, &key), "{number}");
            engine.record(event, now).unwrap();
            assert_eq!(engine.followed(&key).unwrap().len(), told.len(), "the same of the same again");
            kinds.extend(engine.followed(&key).unwrap().iter().map(|event| event.body.name().to_owned()));
            now
        };
        let texts = [
            "JOIN",
            "YES",
            "where is it",
            "HELP",
            "hello",
            "41",
            "39",
            "STOP",
            "STOP",
            "START",
            "no",
            "wrong number",
        ];
        let mut number = 0;
        for text in texts {
            number += 1;
            if text == "where is it" {
                let mut sent = MessageSent::new(format!("m-{number}").parse().unwrap());
                sent.order_id = Some("o-7".parse().unwrap());
                say(&mut engine, number, sent.into());
                number += 1;
            }
            let mut message = MessageReceived::new(format!("m-{number}").parse().unwrap());
            message.body = Some(Personal::new(text));
            let now = say(&mut engine, number, message.into());
            if text == "hello" {
                engine.topics().open(&her, &"fit".parse().unwrap(), None, now).unwrap();
            }
            if text == "where is it" {
                number += 1;
                say(&mut engine, number, ConversationHandedBack::new(her.clone()).into());
            }
        }
        for right in [Right::Access, Right::Objection, Right::OptOut] {
            number += 1;
            say(&mut engine, number, RightsRequested::new(right).into());
        }
        say(&mut engine, number + 1, ConversationHandedBack::new(her.clone()).into());
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        let expected = [
            "Action Requested",
            "Attribute Stated",
            "Consent Requested",
            "Contact Reassigned",
            "Conversation Handed Over",
            "Opted In",
            "Opted Out",
            "Topic Closed",
        ];
        assert_eq!(kinds, expected);
        let nothing = EventKey::of(&SourceId::new("//till").unwrap(), &EventId::new("never").unwrap());
        assert_eq!(engine.followed(&nothing), Ok(Vec::new()));
    }
}
