//! Segment's Spec: every event and property of it, its six calls, and what its sources really send.

#![allow(clippy::unwrap_used, reason = "tests")]

use phygital_core::event::{Body, CodecOptions, Event, EventError, Expected};
use phygital_core::vocab::{Currency, IdentifierError, MoneyError, Region, SourceId};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;

mod event_samples;
use event_samples::{Words, read, value};

/// A message of that call, with these further fields.
fn message(call: &str, fields: &str) -> String {
    format!(r#"{{"type":"{call}","messageId":"m-1","timestamp":"2026-11-20T21:09:00.000Z",{fields}}}"#)
}

fn who(event: &Event) -> Vec<String> {
    event.identifiers.iter().map(|one| format!("{}:{}", one.kind(), one.value())).collect()
}

fn properties(event: &Event) -> Value {
    let json: Value = serde_json::from_str(&event.to_json()).unwrap();
    json["data"]["properties"].clone()
}

fn sample(form: &str) -> String {
    let mut runner = TestRunner::deterministic();
    value(form, "EUR", Words::Chance).new_tree(&mut runner).unwrap().current()
}

/// Sets `path` of the Spec, such as `products.$.sku`, within an object.
fn set(object: &mut Value, path: &str, value: Value) {
    match path.split_once('.') {
        None => object[path] = value,
        Some((list, rest)) if rest.starts_with("$.") => {
            if !object[list].is_array() {
                object[list] = Value::Array(vec![Value::Object(Default::default())]);
            }
            set(&mut object[list][0], &rest[2..], value);
        }
        Some((name, rest)) => {
            if !object[name].is_object() {
                object[name] = Value::Object(Default::default());
            }
            set(&mut object[name], rest, value);
        }
    }
}

#[test]
fn every_event_and_property_of_the_spec_is_typed() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/events/segment_spec_events.json");
    let spec: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let products = phygital_core::event::Product::properties();
    for entry in spec["events"].as_array().unwrap() {
        let name = entry["event"].as_str().unwrap();
        assert!(Body::NAMES.contains(&name), "{name}");
        let known = Body::properties(name).unwrap();
        let mut body = Value::Object(Default::default());
        let mut context = Value::Object(Default::default());
        let mut typed = Vec::new();
        for path in entry["properties"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()) {
            // The parts of a list or object follow it.
            let (holder, list) = match path.split_once('.') {
                Some(("context", "traits" | "traits.email")) => {
                    set(&mut context, "traits.email", "ada@shop.example".into());
                    continue;
                }
                Some(("context", rest)) => {
                    set(&mut context, rest, "text".into());
                    continue;
                }
                Some(("filters" | "sorts", _)) => {
                    set(&mut body, path, "text".into());
                    continue;
                }
                Some(("products", rest)) => (rest.strip_prefix("$.").unwrap(), &products),
                Some(_) => panic!("{name}: {path} is of a form that this test does not know"),
                None => (path, &known),
            };
            if ["filters", "sorts", "products"].contains(&holder) {
                continue;
            }
            let property = list.iter().find(|property| property.name == holder);
            let property = property.unwrap_or_else(|| panic!("{name}: {path} has no typed field"));
            set(&mut body, path, serde_json::from_str(&sample(property.form)).unwrap());
            typed.push(path);
        }
        body["currency"] = "EUR".into();
        // What the Spec does not have but we require.
        for property in known.iter().filter(|property| property.required) {
            if body.get(property.name).is_none() {
                body[property.name] = serde_json::from_str(&sample(property.form)).unwrap();
            }
        }
        let fields = format!(r#""event":"{name}","userId":"u-1","context":{context},"properties":{body}"#);
        let event = read(&message("track", &fields)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(event.body.name(), name);
        for (other, _) in event.body.extra().iter() {
            assert!(["filters", "sorts", "currency"].contains(&other), "{name}: {other} landed in extra");
        }
        let written = properties(&event);
        for path in typed {
            let at = format!("/{}", path.replace(".$.", "/0/").replace('.', "/"));
            assert!(written.pointer(&at).is_some(), "{name}: {path} is lost: {written}");
        }
        if context["traits"]["email"].is_string() {
            assert!(who(&event).contains(&"email:ada@shop.example".to_owned()), "{name}");
        }
        assert_eq!(event.context.ip.is_some(), context["ip"].is_string(), "{name}");
        assert_eq!(event.context.user_agent.is_some(), context["user_agent"].is_string(), "{name}");
        assert_eq!(read(&event.to_json()).unwrap(), event);
    }
}

#[test]
fn every_trait_of_the_spec_is_read() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/events/segment_spec_events.json");
    let spec: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let known = Body::properties("User Identified").unwrap();
    for name in spec["reserved_traits"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
        match name {
            // Identifiers, and an object that stays in extra.
            "email" | "phone" | "company" => {}
            _ => assert!(known.iter().any(|property| property.name == name), "{name}"),
        }
    }
}

#[test]
fn the_six_calls() {
    let track = read(&message(
        "track",
        r#""event":"Product Added","userId":"u-1","properties":{"sku":45,"price":"18.99","quantity":"2","currency":"usd"}"#,
    ))
    .unwrap();
    assert_eq!((track.source.as_str(), track.id.as_str()), ("segment", "m-1"));
    assert_eq!(track.occurred_at.to_string(), "2026-11-20T21:09:00Z");
    assert_eq!(who(&track), ["login:u-1"]);
    assert_eq!(
        properties(&track).to_string(),
        r#"{"currency":"USD","price":{"currency":"USD","minor":1899},"quantity":2,"sku":"45"}"#
    );

    let identify = read(&message(
        "identify",
        r#""anonymousId":"a-1","userId":97980,"traits":{"email":"Peter@Initech.com","phone":"+1 510 555 0101",
        "firstName":"Peter","age":32,"address":{"city":"Austin","postalCode":78701,"zone":"b"},"createdAt":1412000000,
        "plan":"premium"}"#,
    ))
    .unwrap();
    assert_eq!(identify.body.name(), "User Identified");
    assert_eq!(
        who(&identify),
        ["login:97980", "phone:+15105550101", "email:peter@initech.com", "cookie:a-1"]
    );
    let Body::UserIdentified(traits) = &identify.body else { panic!() };
    assert_eq!(traits.age, Some(32));
    assert_eq!(traits.address.as_ref().unwrap().postal_code.as_ref().unwrap().reveal(), "78701");
    assert_eq!(traits.address.as_ref().unwrap().extra.get("zone"), Some("\"b\""));
    assert_eq!(traits.created_at.as_deref(), Some("1412000000"));
    assert_eq!(traits.extra.iter().collect::<Vec<_>>(), [("plan", "\"premium\"")]);

    for call in ["page", "screen"] {
        let seen =
            read(&message(call, r#""name":"Pricing","category":"Docs","properties":{"title":"T"}"#)).unwrap();
        assert_eq!(seen.body.name(), if call == "page" { "Page Viewed" } else { "Screen Viewed" });
        assert_eq!(properties(&seen)["name"], "Pricing");
        assert_eq!(properties(&seen)["category"], "Docs");
        // The same name in both places is one; of two names, neither is lost.
        let twice = read(&message(call, r#""name":"Pricing","properties":{"name":"Pricing"}"#)).unwrap();
        assert!(twice.segment_message.is_empty());
        let other = read(&message(call, r#""name":"Pricing","properties":{"name":"Price list"}"#)).unwrap();
        assert_eq!(properties(&other)["name"], "Price list");
        assert_eq!(other.segment_message.get("name"), Some("\"Pricing\""));
    }

    let group =
        read(&message("group", r#""userId":"u-1","groupId":42,"traits":{"name":"Initech","employees":329}"#));
    let group = group.unwrap();
    assert_eq!(properties(&group).to_string(), r#"{"employees":329,"group_id":"42","name":"Initech"}"#);
    assert_eq!(read(&message("group", r#""userId":"u-1""#)).unwrap_err().at, "groupId");

    let alias = read(&message("alias", r#""previousId":"a-1","userId":"u-1""#)).unwrap();
    assert_eq!(alias.body.name(), "Identifiers Linked");
    assert_eq!(who(&alias), ["login:u-1", "cookie:a-1"]);
    assert_eq!(read(&message("alias", r#""userId":"u-1""#)).unwrap_err().at, "identifiers");

    assert_eq!(read(&message("batch", r#""batch":[]"#)).unwrap_err().at, "type");
    assert_eq!(read(&message("track", r#""userId":"u-1""#)).unwrap_err().at, "event");
}

#[test]
fn a_whole_message_of_a_browser() {
    let text = r#"{
      "_metadata": {"bundled": ["Segment.io"], "unbundled": []}, "anonymousId": "3d316d2c", "channel": "client",
      "context": {
        "active": true, "app": {"name": "Shop", "version": "545"},
        "campaign": {"name": "autumn", "source": "newsletter", "medium": "email", "term": "t", "content": "c", "id": 7},
        "consent": {"categoryPreferences": {"Advertising": false}},
        "device": {"id": "B5372DB0", "advertisingId": "7A3C", "type": "ios"},
        "externalIds": [
          {"id": "u-2", "type": "user_id", "collection": "users", "encoding": "none"},
          {"id": "Ada@Shop.example", "type": "email", "collection": "users", "encoding": "none"},
          {"id": "+33 6 12 34 56 78", "type": "phone", "collection": "users", "encoding": "none"},
          {"id": "s-1", "type": "shopify_id", "collection": "users", "encoding": "none"},
          {"id": "u-3", "type": "user_id", "collection": "accounts", "encoding": "none"},
          {"id": "5d41402a", "type": "email", "collection": "users", "encoding": "md5"}],
        "groupId": "g", "ip": "203.0.113.9", "library": {"name": "analytics.js"}, "locale": "en-US",
        "page": {"path": "/", "referrer": "", "search": "", "title": "Shop", "url": "https://shop.example/", "tab": 1},
        "timezone": "Europe/Amsterdam", "traits": {"email": "ada@shop.example", "plan": "gold"},
        "userAgent": "Mozilla/5.0"},
      "event": "Product Viewed", "integrations": {"All": true, "Mixpanel": false},
      "messageId": "ajs-18c6", "originalTimestamp": "2026-06-21T16:33:26.060Z", "projectId": "T6ayE2GKL8",
      "properties": {"product_id": "507f", "price": 18.99, "position": 3, "value": 18.99, "currency": "USD"},
      "receivedAt": "2026-06-21T16:33:26.158Z", "sentAt": "2026-06-21T16:33:26.060Z",
      "timestamp": "2026-06-21T16:33:26.158Z", "type": "track", "userId": null, "version": 2, "writeKey": "secret"
    }"#;
    let options = {
        let mut options = CodecOptions::default();
        options.source = Some(SourceId::new("//shop.example/web").unwrap());
        options
    };
    let event = Event::from_json(text, &options).unwrap();
    assert_eq!(event.source.as_str(), "//shop.example/web");
    assert_eq!(event.occurred_at.to_string(), "2026-06-21T16:33:26.158Z");
    assert_eq!(event.sent_at.unwrap().to_string(), "2026-06-21T16:33:26.060Z");
    assert_eq!(event.zone.unwrap().name(), "Europe/Amsterdam");
    assert_eq!(
        who(&event),
        ["login:u-2", "phone:+33612345678", "email:ada@shop.example", "device:B5372DB0", "cookie:3d316d2c"]
    );
    let context = &event.context;
    assert_eq!(context.campaign.as_ref().unwrap().extra.get("id"), Some("7"));
    assert_eq!(context.page.as_ref().unwrap().extra.get("tab"), Some("1"));
    assert_eq!(context.extra.get("traits"), Some(r#"{"plan":"gold"}"#));
    assert_eq!(context.extra.get("device"), Some(r#"{"advertisingId":"7A3C","type":"ios"}"#));
    let others: Value = serde_json::from_str(context.extra.get("externalIds").unwrap()).unwrap();
    let others: Vec<_> = others.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(others, ["s-1", "u-3", "5d41402a"]);
    let kept: Vec<_> = context.extra.iter().map(|(name, _)| name).collect();
    assert_eq!(kept, ["active", "app", "consent", "device", "externalIds", "groupId", "library", "traits"]);
    let kept: Vec<_> = event.segment_message.iter().map(|(name, _)| name).collect();
    assert_eq!(kept, ["_metadata", "channel", "integrations", "originalTimestamp", "projectId"]);
    assert!(event.extensions.is_empty() && event.body.extra().is_empty());
    assert!(!event.to_json().contains("secret"));
    // The canonical form holds all of it, and is read without being told the source.
    assert_eq!(read(&event.to_json()).unwrap(), event);
}

#[test]
fn what_older_and_careless_sources_send() {
    let ok = |text: &str| read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // Older names.
    let old = message("track", r#""event":"Tag Seen","context":{"user_agent":"Mozilla"}"#)
        .replace("\"type\"", "\"action\"");
    assert_eq!(ok(&old).context.user_agent.unwrap().reveal(), "Mozilla");
    // Numbers as ids; the time of the device where there is no other.
    let numbers = r#"{"type":"track","event":"Order Refunded","messageId":12,"userId":7,"anonymousId":8,
        "originalTimestamp":"2026-11-20T21:09:00Z","properties":{"order_id":50314,"currency":null}}"#;
    let numbers = ok(numbers);
    assert_eq!(
        (numbers.id.as_str(), who(&numbers)),
        ("12", vec!["login:7".to_owned(), "cookie:8".to_owned()])
    );
    assert!(numbers.segment_message.is_empty());
    // Names in other letter case.
    assert_eq!(ok(&message("track", r#""event":"product_viewed""#)).body.name(), "Product Viewed");
    // Empty texts name nobody; a zone that is none is kept.
    let empty = ok(&message(
        "track",
        r#""event":"Bell","userId":"","anonymousId":" ","context":{"timezone":"Etc/Unknown"}"#,
    ));
    assert!(empty.identifiers.is_empty() && empty.zone.is_none());
    assert_eq!(empty.context.extra.get("timezone"), Some("\"Etc/Unknown\""));
    // null is as good as absent.
    let nulls = ok(&message(
        "track",
        r#""event":"Product Viewed","userId":null,"context":null,"sentAt":null,"integrations":null,"place":null,
        "properties":{"sku":null,"price":null,"other":null}"#,
    ));
    assert_eq!(nulls, ok(&message("track", r#""event":"Product Viewed","properties":{}"#)));
    // Names that our own envelope uses are only names here.
    let clash = ok(&message(
        "track",
        r#""event":"Bell","id":1,"source":"s","data":{"a":1},"data_base64":"x","time":2,"Specversion":"1.0""#,
    ));
    let kept: Vec<_> = clash.segment_message.iter().map(|(name, _)| name).collect();
    assert_eq!(kept, ["Specversion", "data", "data_base64", "id", "source", "time"]);
    assert_eq!(read(&clash.to_json()).unwrap(), clash);
    // Our own fields beside Segment's.
    let ours = ok(&message(
        "track",
        r#""event":"Bell","place":"paris-1","identifiers":{"loyalty":["L-1","L-2"],"email":"a@b.example"}"#,
    ));
    assert_eq!(ours.place.as_ref().unwrap().as_str(), "paris-1");
    assert_eq!(who(&ours), ["loyalty:L-1", "loyalty:L-2", "email:a@b.example"]);
}

#[test]
fn amounts_without_a_currency() {
    let added = r#""event":"Product Added","properties":{"sku":"a","price":18.99}"#;
    let added = message("track", added);
    assert_eq!(properties(&read(&added).unwrap())["price"].to_string(), "18.99");
    let mut options = CodecOptions::default();
    options.currency = Some("EUR".parse::<Currency>().unwrap());
    let event = Event::from_json(&added, &options).unwrap();
    assert_eq!(properties(&event)["price"].to_string(), r#"{"currency":"EUR","minor":1899}"#);

    let order = message("track", r#""event":"Order Completed","properties":{"order_id":"o","total":18.99}"#);
    let error = read(&order).unwrap_err();
    assert_eq!(error.to_string(), "properties.total: expected a currency beside the amount");
    assert!(Event::from_json(&order, &options).is_ok());
    let error = read(&order.replace("18.99", "18.99,\"currency\":\"EURO\"")).unwrap_err();
    assert_eq!(
        (error.at.as_str(), error.expected),
        ("properties.currency", MoneyError::UnknownCurrency.into())
    );
    // Outside the vocabulary a currency is whatever the host means by it.
    assert!(
        read(&message("track", r#""event":"Game Won","properties":{"currency":"gold","value":3}"#)).is_ok()
    );
    // A product may have one of its own.
    let cart = r#""event":"Cart Viewed","properties":{"currency":"EUR","products":[{"price":1,"currency":"jpy"},{"price":1},{"currency":"JPY"}]}"#;
    let cart = read(&message("track", cart)).unwrap();
    assert_eq!(
        properties(&cart)["products"].to_string(),
        r#"[{"price":{"currency":"JPY","minor":1}},{"price":{"currency":"EUR","minor":100}},{"currency":"JPY"}]"#
    );
}

#[test]
fn phones_of_a_country_need_to_be_told_which() {
    let text = message("identify", r#""traits":{"phone":"06 12 34 56 78"}"#);
    let error = read(&text).unwrap_err();
    assert_eq!((error.at.as_str(), error.expected), ("traits.phone", IdentifierError::Phone.into()));
    let mut options = CodecOptions::default();
    options.region = Some("FR".parse::<Region>().unwrap());
    assert_eq!(who(&Event::from_json(&text, &options).unwrap()), ["phone:+33612345678"]);
}

#[test]
fn faults_say_where() {
    let fault = |fields: &str| -> EventError { read(&message("track", fields)).unwrap_err() };
    for (fields, at) in [
        (r#""event":"Bell","context":[]"#, "context"),
        (r#""event":"Bell","context":{"page":"/"}"#, "context.page"),
        (r#""event":"Bell","context":{"device":"x"}"#, "context.device"),
        (r#""event":"Bell","context":{"traits":{"email":"x"}}"#, "context.traits.email"),
        (r#""event":"Bell","context":{"externalIds":{}}"#, "context.externalIds"),
        (r#""event":"Bell","context":{"externalIds":[1]}"#, "context.externalIds[0]"),
        (
            r#""event":"Bell","context":{"externalIds":[{"id":"x","type":"phone","collection":"users","encoding":"none"}]}"#,
            "context.externalIds[0].id",
        ),
        (r#""event":"Bell","context":{"a":{"b":1,"b":2}}"#, "context"),
        (r#""event":"Bell","properties":"x""#, "properties"),
        (r#""event":"Bell","properties":{"a":1,"a":2}"#, "properties"),
        (r#""event":"Bell","sentAt":"yesterday""#, "sentAt"),
        (r#""event":"Bell","identifiers":{"fax":"1"}"#, "identifiers"),
        (r#""event":"Bell","identifiers":{"phone":["x"]}"#, "identifiers.phone[0]"),
        (r#""event":"Bell","identifiers":["fax:1"]"#, "identifiers[0]"),
        (
            r#""event":"Cart Viewed","properties":{"products":[{},{"quantity":-1}]}"#,
            "properties.products[1].quantity",
        ),
        (r#""event":" Bell""#, "event"),
        (r#""event":{}"#, "event"),
    ] {
        assert_eq!(fault(fields).at, at, "{fields}");
    }
    let error = read(r#"{"type":"track","event":"Bell","timestamp":"2026-11-20T21:09:00Z"}"#).unwrap_err();
    assert_eq!((error.at.as_str(), &error.expected), ("messageId", &Expected::Present));
    let error = read(r#"{"type":"track","event":"Bell","messageId":"1"}"#).unwrap_err();
    assert_eq!((error.at.as_str(), &error.expected), ("timestamp", &Expected::Present));
}
