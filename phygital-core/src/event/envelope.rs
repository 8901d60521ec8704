//! What every event has, whatever happened: names, times, place, the identifiers of who was there.

use super::body::Body;
use super::error::{EventError, Expected};
use super::json::{Extra, Member, Object, Path, Scope, Writer, document};
use super::{cloudevents, segment};
use crate::vocab::limits::EVENT_IDENTIFIERS_MAX;
use crate::vocab::{
    Currency, EventId, EventKey, Identifier, IdentifierKind, Personal, PlaceId, Region, SourceId, Timestamp,
    Zone,
};

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
    /// Extension attributes of its CloudEvents envelope, or other fields of a Segment message.
    pub extensions: Extra,
}

/// What surrounded an event: the campaign and page that led to it, the device, as Segment's
/// `context` has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Context {
    /// The campaign that brought the visitor.
    pub campaign: Option<Campaign>,
    /// The page it happened on.
    pub page: Option<Page>,
    /// Language and country, BCP 47.
    pub locale: Option<String>,
    /// What the browser calls itself.
    pub user_agent: Option<Personal>,
    /// The network address.
    pub ip: Option<Personal>,
    /// The rest.
    pub extra: Extra,
}

macro_rules! part {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<String>,)*
            /// The rest.
            pub extra: Extra,
        }

        impl super::json::Field for $name {
            fn read(
                raw: &serde_json::value::RawValue,
                at: &Path<'_>,
                scope: &Scope,
            ) -> Result<Self, EventError> {
                let mut object = Object::read(raw, at)?;
                Ok($name {
                    $($field: Member::pick(&mut object, stringify!($field), at, scope)?,)*
                    extra: object.rest(at)?,
                })
            }
            fn write(&self, out: &mut String) {
                Writer::object(out, |out| {
                    $(self.$field.put(stringify!($field), out);)*
                    out.extra(&self.extra);
                });
            }
        }
    };
}

part! {
    /// A campaign, by its UTM names.
    Campaign {
        /// `utm_campaign`.
        name,
        /// `utm_source`.
        source,
        /// `utm_medium`.
        medium,
        /// `utm_term`.
        term,
        /// `utm_content`.
        content,
    }
}

part! {
    /// A page of the web.
    Page {
        /// Path of the address.
        path,
        /// Address of the page before.
        referrer,
        /// Query of the address.
        search,
        /// Title.
        title,
        /// The whole address.
        url,
    }
}

/// What a text cannot say of itself when it is read.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CodecOptions {
    /// The source of Segment messages, which name none; `segment` where nothing is said.
    pub source: Option<SourceId>,
    /// The currency of amounts that name none, as at a place with one currency.
    pub currency: Option<Currency>,
    /// The country of phone numbers without a country code.
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
    /// # Errors
    /// [`EventError`] says which field of the text is not as expected. Nothing is dropped silently:
    /// properties that the vocabulary does not know are kept in `extra`.
    pub fn from_json(text: &str, options: &CodecOptions) -> Result<Event, EventError> {
        let raw = document(text)?;
        let object = Object::read(raw, &Path::Root)?;
        let mut event = if object.has("specversion") {
            cloudevents::read(object, options)?
        } else {
            segment::read(object, options)?
        };
        event.settle()?;
        Ok(event)
    }

    /// The event as a CloudEvents 1.0 envelope in JSON, always the same bytes for the same event.
    pub fn to_json(&self) -> String {
        cloudevents::write(self, self.sent_at)
    }

    /// The content that makes two events of one name the same: all but the time of sending.
    pub fn content(&self) -> String {
        cloudevents::write(self, None)
    }

    /// Brings the identifiers into order: the contact point of a consent is one of them, none
    /// stands twice, and there are at most [`EVENT_IDENTIFIERS_MAX`].
    ///
    /// Reading does this; the engine does it again for events that a host put together.
    pub fn settle(&mut self) -> Result<(), EventError> {
        let contact = match &self.body {
            Body::OptedIn(kind) => Some(&kind.contact),
            Body::OptedOut(kind) => Some(&kind.contact),
            Body::OptInRefused(kind) => Some(&kind.contact),
            _ => None,
        };
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
        Ok(())
    }
}

/// Reads `identifiers`: a list of them, or an object of kind and value or values.
pub(crate) fn identifiers(
    object: &mut Object<'_>,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<Vec<Identifier>, EventError> {
    let Some(raw) = object.take("identifiers") else { return Ok(Vec::new()) };
    let at = &Path::Field(at, "identifiers");
    if !raw.get().starts_with('{') {
        let read = |(index, raw)| super::json::Field::read(raw, &Path::Index(at, index), scope);
        return super::json::elements(raw, at)?.into_iter().enumerate().map(read).collect();
    }
    let mut by_kind = Object::read(raw, at)?;
    let mut found = Vec::new();
    for kind in IdentifierKind::ALL {
        let at = &Path::Field(at, kind.name());
        let Some(raw) = by_kind.take(kind.name()) else { continue };
        let values = if raw.get().starts_with('[') { super::json::elements(raw, at)? } else { vec![raw] };
        for value in values {
            let value = <String as super::json::Field>::read(value, at, scope)?;
            let read = Identifier::in_region(kind, &value, scope.region);
            found.push(read.map_err(|error| at.fail(error))?);
        }
    }
    if by_kind.is_empty() { Ok(found) } else { Err(at.fail(crate::vocab::IdentifierError::UnknownKind)) }
}

impl Context {
    pub(crate) fn pick(object: &mut Object<'_>, at: &Path<'_>, scope: &Scope) -> Result<Context, EventError> {
        Ok(Context {
            campaign: Member::pick(object, "campaign", at, scope)?,
            page: Member::pick(object, "page", at, scope)?,
            locale: Member::pick(object, "locale", at, scope)?,
            user_agent: Member::pick(object, "userAgent", at, scope)?,
            ip: Member::pick(object, "ip", at, scope)?,
            extra: std::mem::take(object).rest(at)?,
        })
    }

    pub(crate) fn put(&self, out: &mut Writer<'_>) {
        if *self == Context::default() {
            return;
        }
        Writer::object(out.name("context"), |out| {
            self.campaign.put("campaign", out);
            self.page.put("page", out);
            self.locale.put("locale", out);
            self.user_agent.put("userAgent", out);
            self.ip.put("ip", out);
            out.extra(&self.extra);
        });
    }
}
