//! The CloudEvents 1.0 envelope, structured mode, JSON (CloudEvents JSON Event Format 1.0).
//!
//! `type` is `com.phygital.` and the event's name in lower case with underscores; the version of
//! the vocabulary stands in `dataschema`. A type outside the vocabulary is a custom event of that
//! name. `data` is shaped as Segment's messages are: `identifiers`, `place`, `zone`, `context`,
//! `properties`; properties may also stand directly in `data`.

use super::body::{Body, TYPE_CUSTOM, TYPE_PREFIX};
use super::context::Context;
use super::envelope::{CodecOptions, Event};
use super::error::{EventError, Expected};
use super::extra::Extra;
use super::fields::{Field, Member, Object, Path, Writer, text};
use super::identifiers;
use super::json::Json;
use crate::vocab::{Identifier, Timestamp};

/// Version 1 of the vocabulary. A later version reads it and all before it.
const SCHEMA: &str = "https://phygital.example/events/1";
const SENT: &str = "senttime";

pub(crate) fn read(mut object: Object<'_>, options: &CodecOptions) -> Result<Event, EventError> {
    let root = &Path::Root;
    let scope = &options.scope();
    let fail = |name, expected| Err(Path::Field(root, name).fail(Expected::Value(expected)));
    // Attributes of the envelope are texts: a version of 1.0 that is a number is no version.
    for name in
        ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", SENT]
    {
        if object.peek(name).is_some_and(|json| !matches!(json, Json::Text(_))) {
            return fail(name, "a text");
        }
    }
    if String::pick(&mut object, "specversion", root, scope)? != "1.0" {
        return fail("specversion", "version 1.0 of CloudEvents");
    }
    let id = Member::pick(&mut object, "id", root, scope)?;
    let source = Member::pick(&mut object, "source", root, scope)?;
    let kind = String::pick(&mut object, "type", root, scope)?;
    let occurred_at = Timestamp::pick(&mut object, "time", root, scope)?;
    let sent_at = Member::pick(&mut object, SENT, root, scope)?;
    if let Some(media_type) = Option::<String>::pick(&mut object, "datacontenttype", root, scope)?
        && !is_json(&media_type)
    {
        return fail("datacontenttype", "application/json");
    }
    if object.take("data_base64").is_some() {
        return fail("data_base64", "JSON in data, not bytes in Base64");
    }
    let schema = Option::<String>::pick(&mut object, "dataschema", root, scope)?;
    if kind.starts_with(TYPE_PREFIX) && schema.is_some_and(|schema| schema != SCHEMA) {
        return fail("dataschema", SCHEMA);
    }

    let mut data = object.take_object("data", root)?;
    let at = &Path::Field(root, "data");
    let mut found = identifiers::take(&mut data, at, scope)?;
    if let Some(json) = object.take("subject") {
        let subject = text(json, &Path::Field(root, "subject"))?;
        match subject.parse::<Identifier>() {
            Ok(identifier) => found.push(identifier),
            // Any other subject is the maker's own business, and kept.
            Err(_) => object.put("subject", Json::Text(subject)),
        }
    }
    let place = Member::pick(&mut data, "place", at, scope)?;
    let zone = Member::pick(&mut data, "zone", at, scope)?;
    let context = Context::whole(data.take_object("context", at)?, &Path::Field(at, "context"), scope)?;
    let message = data.take_object("segmentMessage", at)?;
    let segment_message = Extra::rest(message, &Path::Field(at, "segmentMessage"))?;
    let own_name = match kind.as_str() {
        TYPE_CUSTOM => Some(String::pick(&mut data, "event", at, scope)?),
        _ => None,
    };
    let name = match &own_name {
        Some(name) => (name.as_str(), &Path::Field(at, "event")),
        None => (kind.as_str(), &Path::Field(root, "type")),
    };
    let mut properties = data.take_object("properties", at)?;
    properties.merge(data, at)?;
    let body = Body::read(name, properties, &Path::Field(at, "properties"), scope)?;

    let mut event = Event::new(source, id, occurred_at, body);
    event.sent_at = sent_at;
    event.place = place;
    event.zone = zone;
    event.identifiers = found;
    event.context = context;
    event.segment_message = segment_message;
    event.extensions = extensions(object)?;
    Ok(event)
}

/// Whether a media type is that of JSON: its subtype is `json` or ends so, such as
/// `application/vnd.shop+json` (CloudEvents JSON Event Format, section 3.1).
fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.split_once('/').is_some_and(|(_, subtype)| subtype == "json" || subtype.ends_with("+json"))
}

/// The extension attributes: names of lower-case letters and digits (CloudEvents 1.0, section 3),
/// values that are texts, truth values or integers of 32 bits.
fn extensions(object: Object<'_>) -> Result<Extra, EventError> {
    let at = &Path::Root;
    let fits =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    if !object.names().all(fits) {
        return Err(at.fail(Expected::Value("extension attributes named in lower-case letters and digits")));
    }
    let simple = |json: &Json<'_>| match json {
        Json::Text(_) | Json::Bool(_) => true,
        Json::Number(text) => text.parse::<i32>().is_ok(),
        _ => false,
    };
    if !object.values().all(simple) {
        let expected = "extension attributes that are texts, truth values or integers of 32 bits";
        return Err(at.fail(Expected::Value(expected)));
    }
    Extra::rest(object, at)
}

pub(crate) fn write(event: &Event, sent_at: Option<Timestamp>) -> String {
    let mut out = String::with_capacity(1024);
    // The name of a custom event stands in its type where that is one of ours: it may be a kind that
    // a later version knows.
    let own_name = match &event.body {
        Body::Custom(custom) if !custom.name.starts_with(TYPE_PREFIX) => Some(&custom.name),
        _ => None,
    };
    Writer::object(&mut out, |out| {
        out.text("specversion", "1.0");
        out.text("id", event.id.as_str());
        out.text("source", event.source.as_str());
        match &event.body {
            Body::Custom(_) if own_name.is_some() => out.text("type", TYPE_CUSTOM),
            Body::Custom(custom) => out.text("type", &custom.name),
            body => out.text("type", &type_of(body.name())),
        }
        event.occurred_at.put("time", out);
        sent_at.put(SENT, out);
        out.text("datacontenttype", "application/json");
        out.text("dataschema", SCHEMA);
        out.extra(&event.extensions);
        Writer::object(out.name("data"), |out| {
            if let Some(name) = own_name {
                out.text("event", name);
            }
            event.identifiers.put("identifiers", out);
            event.place.put("place", out);
            event.zone.put("zone", out);
            if event.context != Context::default() {
                event.context.write(out.name("context"));
            }
            if !event.segment_message.is_empty() {
                Writer::object(out.name("segmentMessage"), |out| out.extra(&event.segment_message));
            }
            Writer::object(out.name("properties"), |out| event.body.write(out));
        });
    });
    out
}

/// `com.phygital.product_viewed` for `Product Viewed`.
fn type_of(name: &str) -> String {
    let slug = name.chars().map(|c| if c == ' ' { '_' } else { c.to_ascii_lowercase() });
    TYPE_PREFIX.chars().chain(slug).collect()
}
