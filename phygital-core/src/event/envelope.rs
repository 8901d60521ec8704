//! What every event has, whatever happened: names, times, place, the identifiers of who was there.

use super::body::Body;
use super::context::Context;
use super::error::{EventError, Expected};
use super::extra::Extra;
use super::fields::{Object, Path, Scope};
use super::json::parse;
use super::{cloudevents, segment};
use crate::vocab::limits::{EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_IDENTIFIERS_MAX};
use crate::vocab::{Currency, EventId, EventKey, Identifier, PlaceId, Region, SourceId, Timestamp, Zone};

/// Something that happened, once and for ever.
///
/// Named by `(source, id)`: recording the same pair twice is one event. Three times are kept apart:
/// when it happened (`occurred_at`), when its source sent it (`sent_at`), and when it was received,
/// which stands in the log.
///
/// ```
/// use phygital_core::event::{CodecOptions, Event};
/// let json = r#"{
///   "specversion": "1.0", "id": "e-1", "source": "//shop.example/web",
///   "type": "com.phygital.product_viewed", "time": "2026-11-20T21:04:00Z",
///   "data": {
///     "identifiers": [{"kind": "cookie", "value": "c-77"}],
///     "properties": {"sku": "BOOT-38", "name": "Chelsea boot", "price": 149.90, "currency": "EUR"}
///   }
/// }"#;
/// let event = Event::from_json(json, &CodecOptions::default())?;
/// assert_eq!(event.body.name(), "Product Viewed");
/// assert_eq!(Event::from_json(&event.to_json(), &CodecOptions::default())?, event);
/// # Ok::<(), phygital_core::event::EventError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Who made the event.
    pub source: SourceId,
    /// What its maker calls it.
    pub id: EventId,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When its source sent it; a retry may say another time, so it is not part of the content.
    pub sent_at: Option<Timestamp>,
    /// Where it happened.
    pub place: Option<PlaceId>,
    /// The zone whose clock the place shows.
    pub zone: Option<Zone>,
    /// Everything known of who was there; at most [`EVENT_IDENTIFIERS_MAX`], each once.
    pub identifiers: Vec<Identifier>,
    /// What surrounded it.
    pub context: Context,
    /// What happened.
    pub body: Body,
    /// Extension attributes of its CloudEvents envelope, and a `subject` that is no identifier.
    pub extensions: Extra,
    /// Other fields of the Segment message it came as, such as `integrations`.
    pub segment_message: Extra,
}

/// What a text cannot say of itself when it is read.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CodecOptions {
    /// The source of Segment messages, which name none; `segment` where nothing is said.
    pub source: Option<SourceId>,
    /// The currency of amounts that name none, as at a place with one currency. Without it such an
    /// amount is refused in an order, and is a bare number in a product.
    pub currency: Option<Currency>,
    /// The country of phone numbers without a country code; without it they are refused.
    pub region: Option<Region>,
}

impl CodecOptions {
    pub(crate) fn scope(&self) -> Scope {
        Scope { currency: self.currency, region: self.region }
    }
}

impl Event {
    /// An event with what it must have and nothing else.
    pub fn new(source: SourceId, id: EventId, occurred_at: Timestamp, body: impl Into<Body>) -> Event {
        Event {
            source,
            id,
            occurred_at,
            sent_at: None,
            place: None,
            zone: None,
            identifiers: Vec::new(),
            context: Context::default(),
            body: body.into(),
            extensions: Extra::default(),
            segment_message: Extra::default(),
        }
    }

    /// The event with one more identifier of who was there.
    pub fn with(mut self, identifier: Identifier) -> Event {
        self.identifiers.push(identifier);
        self
    }

    /// The event at a place.
    pub fn at(mut self, place: PlaceId) -> Event {
        self.place = Some(place);
        self
    }

    /// The key of `(source, id)`.
    pub fn key(&self) -> EventKey {
        EventKey::of(&self.source, &self.id)
    }

    /// Reads one event: a CloudEvents 1.0 envelope (structured JSON), or a message in Segment's
    /// wire form (`track`, `identify`, `page`, `screen`, `group`, `alias`).
    ///
    /// Nothing is dropped silently: properties that the vocabulary does not know are kept in `extra`.
    /// Left out are only what speaks of the transport: `datacontenttype`, `dataschema`, and of Segment
    /// `receivedAt`, `version` and `writeKey`, which is a credential.
    ///
    /// # Errors
    /// [`EventError`] says which field of the text is not as expected.
    pub fn from_json(text: &str, options: &CodecOptions) -> Result<Event, EventError> {
        let (json, depth) = parse(text)?;
        let object = Object::read(json, &Path::Root)?;
        let mut event = if object.peek("specversion").is_some() {
            cloudevents::read(object, options)?
        } else if ["type", "action"].iter().any(|name| object.peek(name).is_some()) {
            segment::read(object, options)?
        } else {
            let expected = "a CloudEvents envelope (specversion) or a Segment message (type)";
            return Err(Path::Root.fail(Expected::Value(expected)));
        };
        event.arrange()?;
        // The canonical form of a small text is surely within the limits: no value grows more than
        // eightfold or moves more than two levels down, and each that grows takes eight bytes.
        if text.len() > EVENT_BYTES_MAX / 16 || depth > EVENT_DEPTH_MAX - 2 {
            parse(&event.to_json())
                .map_err(|error| EventError { at: "event in canonical form".to_owned(), ..error })?;
        }
        Ok(event)
    }

    /// Reads one event from bytes, as [`Event::from_json`] does.
    ///
    /// # Errors
    /// As there, and [`Expected::Json`] where the bytes are no UTF-8.
    pub fn from_bytes(bytes: &[u8], options: &CodecOptions) -> Result<Event, EventError> {
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(Path::Root.fail(Expected::AtMost { most: EVENT_BYTES_MAX, unit: "bytes" }));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| EventError::at_byte(error.valid_up_to(), Expected::Json))?;
        Event::from_json(text, options)
    }

    /// The event as a CloudEvents 1.0 envelope in JSON, always the same bytes for the same event.
    pub fn to_json(&self) -> String {
        cloudevents::write(self, self.sent_at)
    }

    /// The content that makes two events of one name the same: all but the time of sending.
    pub fn content(&self) -> String {
        cloudevents::write(self, None)
    }

    /// Brings an event that a host put together into the form in which it is kept, and checks it.
    ///
    /// The identifiers come into order, none twice, the contact point of a consent among them. Then
    /// the event is written and read again, which tries every limit: an event that is settled can
    /// be read from the log for ever.
    ///
    /// # Errors
    /// As for [`Event::from_json`]; and a value beside which its own JSON form means another, such as
    /// a bare price in an event with a currency.
    pub fn settle(&mut self) -> Result<(), EventError> {
        self.settled().map(drop)
    }

    /// As [`Event::settle`]; gives the content, so that nobody has to write it again.
    pub(crate) fn settled(&mut self) -> Result<String, EventError> {
        self.arrange()?;
        let content = self.content();
        let mut read = Event::from_json(&content, &CodecOptions::default())?;
        // The time of sending stands beside the content, and reads back as any other time.
        read.sent_at = self.sent_at;
        if read == *self {
            Ok(content)
        } else {
            Err(Path::Root.fail(Expected::Value("values that read back as they were written")))
        }
    }

    /// As [`Event::settled`] for an event that the engine made of values that are within their limits: it
    /// is put into order and written, and only debug builds read it again.
    pub(crate) fn arranged(&mut self) -> Result<String, EventError> {
        self.arrange()?;
        let content = self.content();
        debug_assert_eq!(self.clone().settled().as_ref(), Ok(&content));
        Ok(content)
    }

    fn arrange(&mut self) -> Result<(), EventError> {
        // Whom an action concerns need not have been there.
        let there = !matches!(self.body, Body::ActionRequested(_));
        let contact = self.body.whom().filter(|_| there);
        self.identifiers.extend(contact.cloned());
        self.identifiers.sort();
        self.identifiers.dedup();
        let at = Path::Field(&Path::Root, "identifiers");
        if self.identifiers.len() > EVENT_IDENTIFIERS_MAX {
            return Err(at.fail(Expected::AtMost { most: EVENT_IDENTIFIERS_MAX, unit: "identifiers" }));
        }
        if matches!(self.body, Body::IdentifiersLinked(_) | Body::IdentifiersSeparated(_))
            && self.identifiers.len() < 2
        {
            return Err(at.fail(Expected::Value("two identifiers or more")));
        }
        if matches!(self.body, Body::MessageReceived(_) | Body::Unsubscribed(_))
            && !self.identifiers.iter().any(|one| one.kind().is_contact_point())
        {
            return Err(at.fail(Expected::Value("the phone number or e-mail address it came from")));
        }
        if matches!(self.body, Body::RightsRequested(_)) && self.identifiers.is_empty() {
            return Err(at.fail(Expected::Value("an identifier of who asks")));
        }
        let for_nothing = match &self.body {
            Body::OptedIn(kind) => kind.purposes.is_empty(),
            Body::ConsentRequested(kind) => kind.purposes.is_empty(),
            _ => false,
        };
        if for_nothing {
            return Err(property("purposes").fail(Expected::Present));
        }
        let sums = match &self.body {
            Body::CheckoutStarted(kind) => Some(&kind.order),
            Body::OrderUpdated(kind) => Some(&kind.order),
            Body::OrderCompleted(kind) => Some(&kind.order),
            Body::OrderRefunded(kind) => Some(&kind.order),
            Body::OrderCancelled(kind) => Some(&kind.order),
            _ => None,
        };
        if let Some(sums) = sums {
            sums.one_currency().map_err(|error| property("currency").fail(error))?;
        }
        Ok(())
    }
}

/// The path to a property. The two wire forms differ in what stands before it.
fn property(name: &str) -> Path<'_> {
    Path::Field(&Path::Field(&Path::Root, "properties"), name)
}
