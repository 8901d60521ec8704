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
//! | `traits.email`, `traits.phone` (also in `context.traits`) | identifiers `email`, `phone` |
//! | `previousId` of *alias* | identifier `cookie`, linked with `userId` |
//! | `event`, `properties` of *track* | kind and its fields |
//! | *identify*, *page*, *screen*, *group*, *alias* | User Identified, Page Viewed, Screen Viewed, Group Joined, Identifiers Linked |

use super::body::Body;
use super::envelope::{CodecOptions, Context, Event, identifiers};
use super::error::{EventError, Expected};
use super::json::{Field, Member, Object, Path, Scope};
use super::kinds::digital::{GroupJoined, PageViewed, ScreenViewed, UserIdentified};
use super::kinds::shop::IdentifiersLinked;
use crate::vocab::{Currency, EventId, Identifier, IdentifierKind, SourceId, Timestamp};

const SOURCE: &str = "segment";

pub(crate) fn read(mut object: Object<'_>, options: &CodecOptions) -> Result<Event, EventError> {
    let root = &Path::Root;
    let mut scope = options.scope();
    let call = String::pick(&mut object, "type", root, &scope)?;
    let id = EventId::pick(&mut object, "messageId", root, &scope)?;
    let source = match &options.source {
        Some(source) => source.clone(),
        None => SourceId::new(SOURCE).expect("a constant that is an id"),
    };
    let stated = Option::<Timestamp>::pick(&mut object, "timestamp", root, &scope)?;
    let original = Option::<Timestamp>::pick(&mut object, "originalTimestamp", root, &scope)?;
    let occurred_at =
        stated.or(original).ok_or_else(|| Path::Field(root, "timestamp").fail(Expected::Present))?;
    let sent_at = Member::pick(&mut object, "sentAt", root, &scope)?;
    // When Segment received it is Segment's business; when we did stands in the log.
    let _ = object.take("receivedAt");

    let mut found = identifiers(&mut object, root, &scope)?;
    push(&mut found, &mut object, "userId", IdentifierKind::Login, root, &scope)?;
    push(&mut found, &mut object, "anonymousId", IdentifierKind::Cookie, root, &scope)?;
    if call == "alias" {
        push(&mut found, &mut object, "previousId", IdentifierKind::Cookie, root, &scope)?;
    }
    let mut zone = None;
    let context = match object.take("context") {
        Some(raw) => {
            let at = &Path::Field(root, "context");
            let mut context = Object::read(raw, at)?;
            zone = Member::pick(&mut context, "timezone", at, &scope)?;
            if let Some(raw) = context.peek("device") {
                let at = &Path::Field(at, "device");
                let mut device = Object::read(raw, at)?;
                push(&mut found, &mut device, "id", IdentifierKind::Device, at, &scope)?;
            }
            if let Some(raw) = context.take("traits") {
                let at_traits = &Path::Field(at, "traits");
                let mut traits = Object::read(raw, at_traits)?;
                push(&mut found, &mut traits, "email", IdentifierKind::Email, at_traits, &scope)?;
                push(&mut found, &mut traits, "phone", IdentifierKind::Phone, at_traits, &scope)?;
                if !traits.is_empty() {
                    context.put_back("traits", raw);
                }
            }
            Context::pick(&mut context, at, &scope)?
        }
        None => Context::default(),
    };
    let place = Member::pick(&mut object, "place", root, &scope)?;

    let (name, holder) = match call.as_str() {
        "track" => (String::pick(&mut object, "event", root, &scope)?, "properties"),
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
    let mut properties = match object.take(holder) {
        Some(raw) => Object::read(raw, at)?,
        None => Object::default(),
    };
    // These calls name some of their properties beside, not within, the properties.
    let beside: &[(&str, &str)] = match call.as_str() {
        "page" | "screen" => &[("name", "name"), ("category", "category")],
        "group" => &[("groupId", "group_id")],
        _ => &[],
    };
    for (theirs, ours) in beside {
        if let Some(raw) = object.take(theirs)
            && properties.peek(ours).is_none()
        {
            properties.put_back(ours, raw);
        }
    }
    if call == "identify" {
        push(&mut found, &mut properties, "email", IdentifierKind::Email, at, &scope)?;
        push(&mut found, &mut properties, "phone", IdentifierKind::Phone, at, &scope)?;
    }
    if let Some(raw) = properties.peek("currency") {
        scope.currency = Some(Currency::read(raw, &Path::Field(at, "currency"), &scope)?);
    }
    let body = Body::read(&name, properties, at, &scope)?;
    // `version` is that of Segment's own protocol.
    let _ = object.take("version");
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

fn push(
    found: &mut Vec<Identifier>,
    object: &mut Object<'_>,
    name: &str,
    kind: IdentifierKind,
    at: &Path<'_>,
    scope: &Scope,
) -> Result<(), EventError> {
    if let Some(value) = Option::<String>::pick(object, name, at, scope)? {
        let identifier = Identifier::in_region(kind, &value, scope.region);
        found.push(identifier.map_err(|error| Path::Field(at, name).fail(error))?);
    }
    Ok(())
}
