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
    /// answered; of a request for a right what it withdraws and the action that waits for it. Nothing where nothing was, or the
    /// event is not there; not what was erased. The same whenever it is asked: what the host did about it later, such as
    /// [`Rights::extend`](super::Rights::extend), is not in it, nor who was told of it: those actions are in the outbox.
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
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::conversation::topic::Topic;
    use crate::engine::{Config, EntropyError};
    use crate::event::Body;
    use crate::event::kinds::conversation::{
        ConversationHandedBack, ConversationHandedOver, MessageReceived, MessageSent, RightsRequested,
    };
    use crate::log;
    use crate::optin::Notice;
    use crate::store::Memory;
    use crate::tap::Keys;
    use crate::vocab::{Identifier, Personal, Purpose, Right, Timestamp};

    const TOPIC: &str = r#"{"version": 1, "id": "fit", "languages": ["en"], "purpose": "service", "days": 3, "start": "size",
        "steps": {"size": {"ask": {"en": "{{ brand }}: which shoe size?"}, "attribute": "size.shoes", "tries": 2, "unclear": "person",
            "answer": {"type": "number", "min": 30, "max": 50}, "then": "thanks"},
            "thanks": {"say": {"en": "Thank you."}, "then": "end"}}}"#;

    /// What may happen to her.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Texts(&'static str),
        IsTold,
        IsAsked,
        GoesToAPerson,
        ComesBack,
        Claims(Right),
    }

    const STEPS: [Step; 21] = [
        Step::Texts("JOIN"),
        Step::Texts("YES"),
        Step::IsTold,
        Step::Texts("where is it"),
        Step::ComesBack,
        Step::Texts("HELP"),
        Step::IsAsked,
        Step::Texts("purple"),
        Step::Texts("41"),
        Step::Texts("STOP"),
        Step::Texts("STOP"),
        Step::Texts("START"),
        Step::Texts("no"),
        Step::Texts("JOIN ZZZZ99"),
        Step::Texts("wrong number"),
        Step::Claims(Right::Access),
        Step::Claims(Right::Objection),
        Step::Claims(Right::OptOut),
        Step::IsAsked,
        Step::GoesToAPerson,
        Step::ComesBack,
    ];

    /// Plays what happens, each a minute after the other. What follows of each is what its transaction put into the log, of
    /// whatever name, but for what tells who is who; gives the kinds.
    fn played(steps: &[Step]) -> BTreeSet<String> {
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
        let mut kinds = BTreeSet::new();
        for (number, step) in steps.iter().enumerate() {
            now = now.saturating_add(Duration::from_secs(60));
            let body: Body = match step {
                Step::Texts(text) => {
                    let mut message = MessageReceived::new(format!("m-{number}").parse().unwrap());
                    message.body = Some(Personal::new(*text));
                    message.into()
                }
                Step::IsTold => {
                    let mut sent = MessageSent::new(format!("m-{number}").parse().unwrap());
                    sent.order_id = Some("o-7".parse().unwrap());
                    sent.into()
                }
                Step::IsAsked => {
                    engine.topics().open(&her, &"fit".parse().unwrap(), None, now).unwrap();
                    continue;
                }
                Step::GoesToAPerson => ConversationHandedOver::new(her.clone(), "desk".to_owned()).into(),
                Step::ComesBack => ConversationHandedBack::new(her.clone()).into(),
                Step::Claims(right) => RightsRequested::new(*right).into(),
            };
            let id = EventId::new(format!("e-{number}")).unwrap();
            let mut event = Event::new(SourceId::new("//till").unwrap(), id, now, body);
            event.identifiers.push(her.clone());
            if matches!(step, Step::Claims(_)) {
                event.identifiers.push("email:ada@shop.example".parse().unwrap());
            }
            let (key, before) = (event.key(), engine.log().len().unwrap());
            engine.record(event.clone(), now).unwrap();
            let appended = engine.log().entries(before, 1_000).unwrap();
            let appended = appended.iter().map(|(_, entry)| log::open(entry).unwrap().unwrap().event);
            let decided: Vec<Event> =
                appended.skip(1).filter(|event| !matches!(event.body, Body::CustomerChanged(_))).collect();
            kinds.extend(decided.iter().map(|event| event.body.name().to_owned()));
            assert_eq!(engine.followed(&key).unwrap(), decided, "{number}: {step:?}");
            engine.record(event, now).unwrap();
            assert_eq!(engine.followed(&key).unwrap(), decided, "the same of the same again");
        }
        let nothing = EventKey::of(&SourceId::new("//till").unwrap(), &EventId::new("never").unwrap());
        assert_eq!(engine.followed(&nothing), Ok(Vec::new()));
        kinds
    }

    #[test]
    fn what_followed_is_what_the_log_has() {
        let expected = [
            "Action Requested",
            "Attribute Stated",
            "Consent Requested",
            "Contact Reassigned",
            "Conversation Handed Over",
            "Opt In Refused",
            "Opted In",
            "Opted Out",
            "Question Asked",
            "Topic Closed",
        ];
        assert_eq!(played(&STEPS).into_iter().collect::<Vec<_>>(), expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn nothing_that_was_decided_is_missing(
            steps in prop::collection::vec(prop::sample::select(STEPS.to_vec()), 1..24),
        ) {
            played(&steps);
        }
    }
}
