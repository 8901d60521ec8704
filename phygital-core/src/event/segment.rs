//! Segment's wire form: the messages of its HTTP API.
//!
//! | Segment | here |
//! |---|---|
//! | `messageId` | id; the source is the host's to say |
//! | `timestamp`, else `originalTimestamp` | when it happened |
//! | `sentAt` | when it was sent |
//! | `userId` | identifier `login` |
//! | `anonymousId` | identifier `cookie` |
//! | `context.device.id` | identifier `device` |
//! | `traits.email`, `traits.phone` of *identify* and of `context` | identifiers `email`, `phone` |
//! | `context.externalIds` of type `user_id`, `email`, `phone` | identifiers `login`, `email`, `phone` |
//! | `context.timezone`, where it is a zone | zone |
//! | `previousId` of *alias* | identifier `cookie`, linked with `userId` |
//! | `event`, `properties` of *track* | kind and its fields |
//! | *identify*, *page*, *screen*, *group*, *alias* | User Identified, Page Viewed, Screen Viewed, Group Joined, Identifiers Linked |
//!
//! Older names are read as well: `action` for `type`, `context.user_agent` for `context.userAgent`.
//! Beside Segment's own fields a message may have `identifiers` and `place`, as in our `data`.

use super::body::Body;
use super::context::Context;
use super::envelope::{CodecOptions, Event};
use super::error::{EventError, Expected};
use super::extra::Extra;
use super::fields::{Member, Object, Path, Scope};
use super::identifiers;
use super::json::Json;
use super::kinds::digital::{GroupJoined, PageViewed, ScreenViewed, UserIdentified};
use super::kinds::shop::IdentifiersLinked;
use crate::vocab::{EventId, Identifier, IdentifierKind, SourceId, Timestamp, Zone};

const SOURCE: &str = "segment";

pub(crate) fn read(mut object: Object<'_>, options: &CodecOptions) -> Result<Event, EventError> {
    let root = &Path::Root;
    let scope = &options.scope();
    let call = match Option::<String>::pick(&mut object, "type", root, scope)? {
        Some(call) => call,
        None => String::pick(&mut object, "action", root, scope)?,
    };
    let id = EventId::pick(&mut object, "messageId", root, scope)?;
    let source = match &options.source {
        Some(source) => source.clone(),
        None => SourceId::new(SOURCE).expect("a constant that is an id"),
    };
    let occurred_at = match Option::<Timestamp>::pick(&mut object, "timestamp", root, scope)? {
        Some(at) => at,
        None => Option::<Timestamp>::pick(&mut object, "originalTimestamp", root, scope)?
            .ok_or_else(|| Path::Field(root, "timestamp").fail(Expected::Present))?,
    };
    let sent_at = Member::pick(&mut object, "sentAt", root, scope)?;

    let mut found = identifiers::take(&mut object, root, scope)?;
    let mut push = |found: &mut _, name, kind| identifiers::push(found, &mut object, name, kind, root, scope);
    push(&mut found, "userId", IdentifierKind::Login)?;
    push(&mut found, "anonymousId", IdentifierKind::Cookie)?;
    if call == "alias" {
        push(&mut found, "previousId", IdentifierKind::Cookie)?;
    }
    let surroundings = object.take_object("context", root)?;
    let (context, zone) = context(surroundings, &mut found, &Path::Field(root, "context"), scope)?;
    let place = Member::pick(&mut object, "place", root, scope)?;

    let (name, holder) = match call.as_str() {
        "track" => (String::pick(&mut object, "event", root, scope)?, "properties"),
        "identify" => (UserIdentified::NAME.to_owned(), "traits"),
        "page" => (PageViewed::NAME.to_owned(), "properties"),
        "screen" => (ScreenViewed::NAME.to_owned(), "properties"),
        "group" => (GroupJoined::NAME.to_owned(), "traits"),
        "alias" => (IdentifiersLinked::NAME.to_owned(), "properties"),
        _ => {
            let expected = "a Segment call: track, identify, page, screen, group or alias";
            return Err(Path::Field(root, "type").fail(Expected::Value(expected)));
        }
    };
    let at = &Path::Field(root, holder);
    let mut properties = object.take_object(holder, root)?;
    match call.as_str() {
        // These calls name some of their properties beside, not within, the properties.
        "page" | "screen" => {
            for name in ["name", "category"] {
                if properties.peek(name).is_none() {
                    if let Some(json) = object.take(name) {
                        properties.put(name, json);
                    }
                } else if properties.peek(name) == object.peek(name) {
                    object.take(name);
                }
            }
        }
        "group" => {
            let group = object.take("groupId");
            let group = group.ok_or_else(|| Path::Field(root, "groupId").fail(Expected::Present))?;
            properties.put("group_id", group);
        }
        "identify" => contacts(&mut properties, &mut found, at, scope)?,
        _ => {}
    }
    let body = Body::read((&name, &Path::Field(root, "event")), properties, at, scope)?;
    // Segment's own business: when it received the message, the version of its protocol; and its
    // credential, which nobody else should keep.
    for name in ["receivedAt", "version", "writeKey"] {
        object.take(name);
    }

    let mut event = Event::new(source, id, occurred_at, body);
    event.sent_at = sent_at;
    event.place = place;
    event.zone = zone;
    event.identifiers = found;
    event.context = context;
    event.segment_message = Extra::rest(object, root)?;
    Ok(event)
}

/// Reads `context`, and takes the identifiers out that stand in it.
fn context(
    mut object: Object<'_>,
    found: &mut Vec<Identifier>,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<(Context, Option<Zone>), EventError> {
    // What a browser calls its zone may be no zone; that is no reason to refuse what happened.
    let zone = match object.peek("timezone") {
        Some(Json::Text(name)) => name.parse().ok(),
        _ => None,
    };
    if zone.is_some() {
        object.take("timezone");
    }
    if object.peek("userAgent").is_none()
        && let Some(json) = object.take("user_agent")
    {
        object.put("userAgent", json);
    }
    let rest = |object: Object<'_>, name| -> Result<Option<Extra>, EventError> {
        let extra = Extra::rest(object, &Path::Field(at, name))?;
        Ok(Some(extra).filter(|extra| !extra.is_empty()))
    };
    let mut device = object.take_object("device", at)?;
    identifiers::push(found, &mut device, "id", IdentifierKind::Device, &Path::Field(at, "device"), scope)?;
    let device = rest(device, "device")?;
    let mut traits = object.take_object("traits", at)?;
    contacts(&mut traits, found, &Path::Field(at, "traits"), scope)?;
    let traits = rest(traits, "traits")?;
    if let Some(json) = object.take("externalIds") {
        let others = external_ids(json, found, &Path::Field(at, "externalIds"), scope)?;
        if !others.is_empty() {
            object.put("externalIds", Json::List(others));
        }
    }
    let mut context = Context::whole(object, at, scope)?;
    for (name, part) in [("device", device), ("traits", traits)] {
        if let Some(part) = part {
            context.extra.put_object(name, &part, at)?;
        }
    }
    Ok((context, zone))
}

/// Takes the phone number and the e-mail address out of traits.
fn contacts(
    traits: &mut Object<'_>,
    found: &mut Vec<Identifier>,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<(), EventError> {
    identifiers::push(found, traits, "email", IdentifierKind::Email, at, scope)?;
    identifiers::push(found, traits, "phone", IdentifierKind::Phone, at, scope)
}

/// Takes the identifiers out that surely name a user; gives the others back.
fn external_ids<'a>(
    json: Json<'a>,
    found: &mut Vec<Identifier>,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<Vec<Json<'a>>, EventError> {
    let mut others = Vec::new();
    for (index, json) in json.list(at)?.into_iter().enumerate() {
        let at = &Path::Index(at, index);
        let mut entry = Object::read(json, at)?;
        let says =
            |name: &str, value: &str| matches!(entry.peek(name), Some(Json::Text(text)) if text == value);
        let kind = [
            ("user_id", IdentifierKind::Login),
            ("email", IdentifierKind::Email),
            ("phone", IdentifierKind::Phone),
        ];
        let kind = kind.into_iter().find(|(name, _)| says("type", name));
        match kind {
            Some((_, kind)) if says("collection", "users") && says("encoding", "none") => {
                identifiers::push(found, &mut entry, "id", kind, at, scope)?;
            }
            _ => others.push(Json::Object(entry.into_fields().collect())),
        }
    }
    Ok(others)
}
