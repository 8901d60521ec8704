//! The body of Segment's batch call: many messages in one object.
//!
//! What stands beside `batch` (`context`, `integrations`, `sentAt`) holds for each message that does not say
//! otherwise (Segment, HTTP Tracking API, "Batch").

use std::collections::BTreeMap;

use phygital_core::event::{CodecOptions, Event, EventError};
use serde_json::value::{RawValue, to_raw_value};

type Fields = BTreeMap<String, Box<RawValue>>;

/// Fields of a batch that its messages inherit.
const INHERITED: [&str; 3] = ["context", "integrations", "sentAt"];

/// A batch that was told apart from an event.
pub(super) struct Batch {
    messages: Vec<Box<RawValue>>,
    inherited: Fields,
}

impl Batch {
    /// Reads a batch; `None` for any other text, an event among them.
    pub(super) fn read(text: &str) -> Option<Batch> {
        // Most lines are events: they are told without being read twice.
        if !text.contains("\"batch\"") {
            return None;
        }
        let mut fields: Fields = serde_json::from_str(text).ok()?;
        if ["type", "action", "specversion"].iter().any(|name| fields.contains_key(*name)) {
            return None;
        }
        let messages = serde_json::from_str(fields.get("batch")?.get()).ok()?;
        fields.retain(|name, value| INHERITED.contains(&name.as_str()) && value.get() != "null");
        Some(Batch { messages, inherited: fields })
    }

    /// The events of its messages, each read for itself.
    pub(super) fn events(&self, options: &CodecOptions) -> Vec<Result<Event, EventError>> {
        self.messages.iter().map(|message| self.event(message.get(), options)).collect()
    }

    fn event(&self, message: &str, options: &CodecOptions) -> Result<Event, EventError> {
        // As it came, so that whatever is wrong with it is found before it is put together anew.
        let event = Event::from_json(message, options)?;
        match self.inherit(message) {
            Some(whole) => Event::from_json(&whole, options),
            None => Ok(event),
        }
    }

    /// The message with what it inherits, its numbers and texts as they came.
    fn inherit(&self, message: &str) -> Option<String> {
        if self.inherited.is_empty() {
            return None;
        }
        let mut own: Fields = serde_json::from_str(message).ok()?;
        for (name, value) in &self.inherited {
            let value = match own.get(name).filter(|mine| mine.get() != "null") {
                Some(mine) => merge(mine, value),
                None => value.clone(),
            };
            own.insert(name.clone(), value);
        }
        serde_json::to_string(&own).ok()
    }
}

/// Two objects as one, where the message's own names win; of anything else its own.
fn merge(own: &RawValue, inherited: &RawValue) -> Box<RawValue> {
    let read = |value: &RawValue| serde_json::from_str::<Fields>(value.get()).ok();
    let merged = read(own).zip(read(inherited)).and_then(|(own, mut merged)| {
        merged.extend(own);
        to_raw_value(&merged).ok()
    });
    merged.unwrap_or_else(|| own.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const PAGE: &str =
        r#"{"type":"page","messageId":"m-1","timestamp":"2026-03-02T09:00:00Z","anonymousId":"c-1"}"#;

    fn events(text: &str) -> Vec<Result<Event, EventError>> {
        Batch::read(text).unwrap().events(&CodecOptions::default())
    }

    #[test]
    fn an_event_is_no_batch() {
        assert!(Batch::read(PAGE).is_none());
        assert!(Batch::read(r#"{"type":"track","event":"x","properties":{"batch":[]}}"#).is_none());
        assert!(Batch::read(r#"{"batch":{}}"#).is_none());
        assert!(Batch::read(r#"{"batch":[1"#).is_none());
    }

    #[test]
    fn messages_inherit_what_they_do_not_say() {
        let own = PAGE.replace("\"anonymousId\"", "\"context\":{\"locale\":\"fr-FR\"},\"anonymousId\"");
        let text = format!(
            r#"{{"batch":[{PAGE},{own},7],"sentAt":"2026-03-02T09:00:05Z","context":{{"locale":"en-GB","ip":"192.0.2.1"}}}}"#
        );
        let events = events(&text);
        let first = events[0].as_ref().unwrap();
        assert_eq!(first.context.locale.as_deref(), Some("en-GB"));
        assert_eq!(first.sent_at.unwrap().to_string(), "2026-03-02T09:00:05Z");
        let second = events[1].as_ref().unwrap();
        assert_eq!(second.context.locale.as_deref(), Some("fr-FR"));
        assert_eq!(second.context.ip.as_ref().unwrap().reveal(), "192.0.2.1");
        assert!(events[2].is_err());
    }

    #[test]
    fn amounts_are_not_read_as_floats_on_the_way() {
        let order = r#"{"type":"track","event":"Order Completed","messageId":"m-2","timestamp":"2026-03-02T09:00:00Z","userId":"u",
            "properties":{"order_id":"o-1","total":123456789012.10,"currency":"EUR","note":1.10000000000000000001}}"#;
        let text = format!(r#"{{"batch":[{order}],"context":{{"ip":"192.0.2.1"}}}}"#);
        let event = events(&text).remove(0).unwrap();
        assert!(event.to_json().contains(r#""minor":12345678901210"#), "{}", event.to_json());
        assert!(event.to_json().contains("1.10000000000000000001"));
    }

    #[test]
    fn a_name_that_stands_twice_is_still_refused() {
        let twice = PAGE.replace("\"anonymousId\"", "\"messageId\":\"m-2\",\"anonymousId\"");
        let text = format!(r#"{{"batch":[{twice}],"context":{{"ip":"192.0.2.1"}}}}"#);
        assert!(events(&text)[0].is_err());
    }
}
