//! The CloudEvents 1.0 envelope, structured mode, JSON (CloudEvents JSON Event Format 1.0).
//!
//! `type` is `com.phygital.` and the event's name in lower case with underscores; the version of
//! the vocabulary stands in `dataschema`. A type outside `com.phygital.` is a custom event of that
//! name. `data` is shaped as Segment's messages are: `identifiers`, `place`, `zone`, `context`,
//! `properties`; properties may also stand directly in `data`.

use super::body::Body;
use super::envelope::{CodecOptions, Context, Event, identifiers};
use super::error::{EventError, Expected};
use super::json::{Member, Object, Path, Writer, text};
use crate::vocab::{Currency, Identifier, Timestamp};

const TYPE_PREFIX: &str = "com.phygital.";
const CUSTOM: &str = "com.phygital.custom";
/// Version 1 of the vocabulary. A later version reads it and all before it.
const SCHEMA: &str = "https://phygital.example/events/1";
const SENT: &str = "senttime";

pub(crate) fn read(mut object: Object<'_>, options: &CodecOptions) -> Result<Event, EventError> {
    let root = &Path::Root;
    let scope = &options.scope();
    let version = String::pick(&mut object, "specversion", root, scope)?;
    if version != "1.0" {
        return Err(Path::Field(root, "specversion").fail(Expected::Value("version 1.0 of CloudEvents")));
    }
    let id = Member::pick(&mut object, "id", root, scope)?;
    let source = Member::pick(&mut object, "source", root, scope)?;
    let kind = String::pick(&mut object, "type", root, scope)?;
    let occurred_at = Timestamp::pick(&mut object, "time", root, scope)?;
    let sent_at = Member::pick(&mut object, SENT, root, scope)?;
    if let Some(content_type) = Option::<String>::pick(&mut object, "datacontenttype", root, scope)?
        && content_type.split(';').next().map(str::trim) != Some("application/json")
    {
        return Err(Path::Field(root, "datacontenttype").fail(Expected::Value("application/json")));
    }
    if let Some(schema) = Option::<String>::pick(&mut object, "dataschema", root, scope)?
        && kind.starts_with(TYPE_PREFIX)
        && schema != SCHEMA
    {
        return Err(Path::Field(root, "dataschema").fail(Expected::Value(SCHEMA)));
    }

    let at = &Path::Field(root, "data");
    let mut data = match object.take("data") {
        Some(raw) => Object::read(raw, at)?,
        None => Object::default(),
    };
    let mut found = identifiers(&mut data, at, scope)?;
    if let Some(raw) = object.take("subject") {
        let subject = text(raw, &Path::Field(root, "subject"))?;
        match subject.parse::<Identifier>() {
            Ok(identifier) => found.push(identifier),
            // Any other subject is the maker's own business, and kept.
            Err(_) => object.put_back("subject", raw),
        }
    }
    let place = Member::pick(&mut data, "place", at, scope)?;
    let zone = Member::pick(&mut data, "zone", at, scope)?;
    let context = match data.take("context") {
        Some(raw) => {
            let at = &Path::Field(at, "context");
            Context::pick(&mut Object::read(raw, at)?, at, scope)?
        }
        None => Context::default(),
    };
    let name =
        if kind == CUSTOM { String::pick(&mut data, "event", at, scope)? } else { name_of(&kind).to_owned() };
    let properties = data.take("properties");
    let at_properties = &Path::Field(at, "properties");
    let mut properties = match properties {
        Some(raw) => Object::read(raw, at_properties)?,
        None => Object::default(),
    };
    properties.merge(data, at)?;
    let mut scope = *scope;
    if let Some(raw) = properties.peek("currency") {
        let at = &Path::Field(at_properties, "currency");
        scope.currency = Some(<Currency as super::json::Field>::read(raw, at, &scope)?);
    }
    let body = Body::read(&name, properties, at_properties, &scope)?;
    let extensions = object.rest(root)?;

    let mut event = Event::new(source, id, occurred_at, body);
    event.sent_at = sent_at;
    event.place = place;
    event.zone = zone;
    event.identifiers = found;
    event.context = context;
    event.extensions = extensions;
    Ok(event)
}

/// The name in the vocabulary that a type stands for, or the type itself.
fn name_of(kind: &str) -> &str {
    let Some(slug) = kind.strip_prefix(TYPE_PREFIX) else { return kind };
    let same = |name: &&&str| {
        name.len() == slug.len()
            && name.bytes().zip(slug.bytes()).all(|(one, two)| match one {
                b' ' => two == b'_',
                _ => one.eq_ignore_ascii_case(&two),
            })
    };
    Body::NAMES.iter().find(same).copied().unwrap_or(kind)
}

pub(crate) fn write(event: &Event, sent_at: Option<Timestamp>) -> String {
    let mut out = String::with_capacity(512);
    Writer::object(&mut out, |out| {
        out.text("specversion", "1.0");
        out.text("id", event.id.as_str());
        out.text("source", event.source.as_str());
        match &event.body {
            Body::Custom(_) => out.text("type", CUSTOM),
            body => {
                let slug = body.name().to_ascii_lowercase().replace(' ', "_");
                out.text("type", &format!("{TYPE_PREFIX}{slug}"));
            }
        }
        event.occurred_at.put("time", out);
        sent_at.put(SENT, out);
        out.text("datacontenttype", "application/json");
        out.text("dataschema", SCHEMA);
        out.extra(&event.extensions);
        Writer::object(out.name("data"), |out| {
            if let Body::Custom(custom) = &event.body {
                out.text("event", &custom.name);
            }
            event.identifiers.put("identifiers", out);
            event.place.put("place", out);
            event.zone.put("zone", out);
            event.context.put(out);
            Writer::object(out.name("properties"), |out| event.body.write(out));
        });
    });
    out
}
