//! Events of every kind through their JSON form and back, and what makes two of them the same.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use phygital_core::event::kinds::commerce::{OrderCompleted, ProductViewed};
use phygital_core::event::kinds::conversation::OptedIn;
use phygital_core::event::kinds::digital::UserIdentified;
use phygital_core::event::{Body, CodecOptions, Event, Expected, Product};
use phygital_core::vocab::limits::{
    EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_IDENTIFIERS_MAX, EVENT_LIST_MAX, TEXT_BYTES_MAX,
};
use phygital_core::vocab::{
    ConsentMethod, EventId, Identifier, Money, MoneyError, OrderId, Personal, Price, Purpose, SourceId,
    Timestamp,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::value::RawValue;

mod event_samples;
use event_samples::{Words, any_event, envelope, event, read, type_of};

/// The text of an event reads back equal, whole, and as the same bytes.
fn round_trips(event: &Event) {
    let text = event.to_json();
    let again = read(&text).unwrap();
    assert_eq!(again, *event, "{text}");
    assert_eq!(again.to_json(), text);
    assert_eq!(again.content(), event.content());
    let mut settled = event.clone();
    settled.settle().unwrap();
    assert_eq!(settled, *event);
}

#[test]
fn every_kind_round_trips_with_all_it_has() {
    for name in Body::NAMES {
        let mut runner = TestRunner::new(ProptestConfig::with_cases(12));
        let checked = runner.run(&event(name, Words::Chance), |text| {
            let event = read(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
            assert_eq!(event.body.name(), *name);
            assert!(event.body.extra().is_empty(), "{name} does not know {:?}", event.body.extra());
            let json: serde_json::Value = serde_json::from_str(&event.to_json()).unwrap();
            for property in Body::properties(name).unwrap() {
                let value = &json["data"]["properties"][property.name];
                assert_eq!(value.is_array(), property.list, "{name}.{}", property.name);
                assert!(!value.is_null(), "{name}.{}", property.name);
            }
            round_trips(&event);
            Ok(())
        });
        checked.unwrap();
    }
}

#[test]
fn every_kind_needs_what_it_requires_and_nothing_else() {
    for name in Body::NAMES {
        let properties = Body::properties(name).unwrap();
        for left_out in properties.iter().filter(|property| property.required) {
            let mut runner = TestRunner::new(ProptestConfig::with_cases(1));
            let others = properties.iter().filter(|property| property.required && property != &left_out);
            let others = event_samples::object(others.copied().collect(), "EUR", Words::Chance);
            runner
                .run(&others, |others| {
                    let error = read(&envelope(&type_of(name), &format!(r#"{{"properties":{others}}}"#)));
                    let error = error.unwrap_err();
                    assert!(error.at.ends_with(&format!("properties.{}", left_out.name)), "{name}: {error}");
                    assert_eq!(error.expected, Expected::Present, "{name}: {error}");
                    Ok(())
                })
                .unwrap();
        }
    }
}

#[test]
fn names_are_known_in_each_of_their_forms() {
    for name in Body::NAMES {
        for form in [name.to_string(), name.to_ascii_lowercase(), name.replace(' ', "_"), type_of(name)] {
            assert_eq!(Body::named(&form), Some(*name), "{form}");
            assert!(Body::custom(&form).is_err(), "{form}");
        }
    }
    for name in ["", "Product  Viewed", "Product-Viewed", "com.phygital.custom", "com.phygital.", "Viewed"] {
        assert_eq!(Body::named(name), None, "{name}");
    }
}

#[test]
fn a_custom_event_keeps_its_name() {
    for name in ["Door Opened", "com.shop.bell", "com.phygital.kind_of_a_later_version", "com.phygital."] {
        let mut body = Body::custom(name).unwrap();
        body.extra_mut().set("door", r#"{"side":"left", "no":1.0}"#).unwrap();
        let mut event = new(body);
        event.settle().unwrap();
        round_trips(&event);
        assert_eq!(read(&envelope(name, "{}")).unwrap().body.name(), name);
        assert_eq!(
            read(&event.to_json()).unwrap().body.extra().get("door"),
            Some(r#"{"no":1.0,"side":"left"}"#)
        );
    }
    assert!(Body::custom("com.phygital.custom").is_err());
    let named = read(&envelope("com.phygital.custom", r#"{"event":"Door Opened"}"#)).unwrap();
    assert_eq!(named.body.name(), "Door Opened");
    assert_eq!(read(&envelope("com.phygital.custom", "{}")).unwrap_err().at, "data.event");
    assert_eq!(read(&envelope(" bell", "{}")).unwrap_err().at, "type");
}

/// Writes JSON anew with its names in reverse order, white space, and escapes.
fn disguised(json: &str, out: &mut String) {
    match json.as_bytes()[0] {
        b'{' => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap();
            out.push_str("{\n");
            for (index, (name, value)) in fields.iter().rev().enumerate() {
                out.push_str(if index > 0 { " ,\t" } else { "" });
                escaped(name, out);
                out.push_str(" : ");
                disguised(value.get(), out);
            }
            out.push('}');
        }
        b'[' => {
            let list: Vec<&RawValue> = serde_json::from_str(json).unwrap();
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                out.push_str(if index > 0 { "\r\n," } else { " " });
                disguised(value.get(), out);
            }
            out.push(']');
        }
        b'"' => escaped(&serde_json::from_str::<String>(json).unwrap(), out),
        _ => out.push_str(json),
    }
}

fn escaped(text: &str, out: &mut String) {
    out.push('"');
    text.encode_utf16().for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
    out.push('"');
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_content_is_the_same_bytes(text in any_event(Words::Chance)) {
        let event = read(&text).unwrap();
        // Numbers are compared as written, of which a float would not keep all digits.
        let mut other = String::new();
        disguised(&event.to_json(), &mut other);
        if other.len() <= EVENT_BYTES_MAX {
            prop_assert_eq!(read(&other).unwrap().content(), event.content());
        }
    }

    #[test]
    fn when_it_was_sent_is_no_content(text in any_event(Words::Chance), micros in 0..4_000_000_000_000_000_i64) {
        let mut event = read(&text).unwrap();
        let content = event.content();
        event.sent_at = Some(Timestamp::from_micros(micros).unwrap());
        prop_assert_eq!(event.content(), content.clone());
        event.sent_at = None;
        prop_assert_eq!(event.to_json(), content.clone());
        event.occurred_at = event.occurred_at.saturating_add(std::time::Duration::from_micros(1));
        prop_assert_ne!(event.content(), content);
    }
}

#[test]
fn the_personal_fields_never_print() {
    let mark = "zqxmark";
    let marked = |form: &str| ["personal", "identifier", "address"].contains(&form);
    for name in Body::NAMES {
        let all = Body::properties(name).unwrap();
        let (personal, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|property| marked(property.form));
        let others = others.into_iter().filter(|property| property.required).collect();
        let strategy = (
            event_samples::object(personal, "EUR", Words::Marked(mark)),
            event_samples::object(others, "EUR", Words::Chance),
        );
        TestRunner::new(ProptestConfig::with_cases(2))
            .run(&strategy, |(personal, others)| {
                let data = format!(
                    r#"{{"identifiers":["phone:+33612345678","email:{mark}@shop.example","card:{mark}"],
                    "context":{{"ip":"{mark}","userAgent":"{mark}","traits":{{"name":"{mark}","{mark}":1}}}},
                    "properties":{personal},{}"#,
                    &others[1..]
                );
                let data = data.replace(",}", "}");
                let event = read(&envelope(&type_of(name), &data)).unwrap();
                for printed in [format!("{event:?}"), format!("{event:#?}")] {
                    assert!(!printed.contains(mark), "{printed}");
                    assert!(!printed.contains("33612345678"), "{printed}");
                }
                Ok(())
            })
            .unwrap();
    }
    for (kind, property) in [
        ("Message Received", "body"),
        ("Message Failed", "reason"),
        ("Attribute Stated", "sentence"),
        ("Attribute Stated", "value"),
        ("User Identified", "firstName"),
        ("User Identified", "name"),
        ("Product Reviewed", "review_body"),
        ("Product Shared", "recipient"),
        ("Live Chat Message Sent", "message_body"),
        ("Action Completed", "detail"),
    ] {
        let all = Body::properties(kind).unwrap();
        let found = all.iter().find(|one| one.name == property).unwrap();
        assert_eq!(found.form, "personal", "{kind}.{property}");
    }
}

fn new(body: impl Into<Body>) -> Event {
    let time = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
    Event::new(SourceId::new("//shop.example/till").unwrap(), EventId::new("e-1").unwrap(), time, body)
}

fn money(amount: &str) -> Money {
    Money::parse(amount, "EUR").unwrap()
}

/// The events whose canonical bytes are kept. Others have stored them: they never change.
fn kept() -> Vec<(&'static str, Event)> {
    let text = |text| read(text).unwrap();
    let mut viewed = ProductViewed::new();
    viewed.product.sku = Some("BOOT-38".to_owned());
    viewed.product.name = Some("Chelsea boot \"noir\"\n".to_owned());
    viewed.product.price = Some(Price::Money(money("149.90")));
    viewed.product.quantity = Some(1);
    viewed.currency = Some("EUR".parse().unwrap());
    let mut viewed = new(viewed).with("cookie:c-77".parse().unwrap());
    viewed.sent_at = Some(Timestamp::parse("2026-11-21T12:00:00.25Z").unwrap());

    let mut order = OrderCompleted::new(OrderId::new("o-1").unwrap());
    order.order.total = Some(money("299.80"));
    order.order.revenue = Some(money("240"));
    let mut line = Product::default();
    line.product_id = Some("507f1f77".to_owned());
    line.price = Some(Price::Bare("149.90".parse().unwrap()));
    line.quantity = Some(2);
    line.extra.set("fabric", r#"["wool", {"b": 1.50, "a": null}]"#).unwrap();
    order.order.products = vec![line];
    let order = new(order).with("loyalty:L-0042".parse().unwrap()).at("paris-1".parse().unwrap());

    let opted_in = OptedIn::new(
        "phone:+33612345678".parse().unwrap(),
        vec![Purpose::Marketing, Purpose::Service],
        ConsentMethod::TapToText,
    );
    let mut identified = UserIdentified::new();
    identified.first_name = Some(Personal::new("Ada"));
    vec![
        ("product_viewed", viewed),
        ("order_completed", order),
        ("opted_in", new(opted_in)),
        ("user_identified", new(identified).with("email:ada@shop.example".parse().unwrap())),
        (
            "tag_tapped",
            text(&envelope(
                "com.phygital.tag_tapped",
                r#"{"place":"paris-1","zone":"Europe/Paris","identifiers":{"tag_visitor":"t-1"},"properties":{
                "scheme":"ntag424-aes","verified":true,"uid":"04DE5F1EACC040","read_ctr":61,"key_epoch":1,
                "touchpoint":"shelf-3","tag_tamper":"CC","tamper_authenticated":true,"file_data":"00ff"}}"#,
            )),
        ),
        (
            "custom",
            text(
                r#"{"type":"track","event":"Door Opened","messageId":7,"timestamp":"2026-11-21T13:00:00+01:00",
                "userId":81,"integrations":{"All":true},"context":{"ip":"203.0.113.9","campaign":{"name":"autumn"}},
                "properties":{"side":"left","width":1.20,"tags":[true,null,"é\u0001"]}}"#,
            ),
        ),
    ]
}

#[test]
fn canonical_bytes_stay_what_they_are() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    #[expect(clippy::disallowed_methods, reason = "a test that keeps files may rewrite them when asked to")]
    for (name, mut event) in kept() {
        event.settle().unwrap();
        round_trips(&event);
        let file = folder.join(format!("{name}.json"));
        let text = event.to_json() + "\n";
        if std::env::var("UPDATE_SNAPSHOTS").is_ok() {
            std::fs::write(&file, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, kept, "{name}: set UPDATE_SNAPSHOTS=1 only where nobody has stored the old bytes");
    }
}

#[test]
fn settling_brings_identifiers_into_order() {
    let mut event = new(OptedIn::new(
        "email:ada@shop.example".parse().unwrap(),
        vec![Purpose::Marketing],
        ConsentMethod::Web,
    ));
    for text in ["cookie:c", "loyalty:L", "cookie:c"] {
        event = event.with(text.parse().unwrap());
    }
    event.settle().unwrap();
    let kinds: Vec<_> = event.identifiers.iter().map(|one| one.kind().name()).collect();
    assert_eq!(kinds, ["loyalty", "email", "cookie"]);
    round_trips(&event);
}

#[test]
fn settling_refuses_what_could_not_be_read_again() {
    let refused = |event: &mut Event| event.settle().unwrap_err();
    let page = || phygital_core::event::kinds::digital::PageViewed::new();

    let mut long = page();
    long.title = Some("t".repeat(TEXT_BYTES_MAX + 1));
    assert_eq!(refused(&mut new(long)).at, "data.properties.title");

    let mut many = page();
    many.keywords = vec!["k".to_owned(); EVENT_LIST_MAX + 1];
    assert_eq!(refused(&mut new(many)).at, "data.properties.keywords");

    let mut twice = page();
    twice.title = Some("a".to_owned());
    twice.extra.set("title", "\"b\"").unwrap();
    assert_eq!(refused(&mut new(twice)).expected, Expected::Once);

    let mut bare = ProductViewed::new();
    bare.product.price = Some(Price::Bare("1.5".parse().unwrap()));
    bare.currency = Some("EUR".parse().unwrap());
    assert_eq!(refused(&mut new(bare)).at, "event");

    let mut large = new(page());
    for name in ["a", "b", "c", "d"] {
        large.body.extra_mut().set(name, &format!("\"{}\"", "x".repeat(4_000))).unwrap();
        large.context.extra.set(name, &format!("\"{}\"", "x".repeat(4_000))).unwrap();
        large.segment_message.set(name, &format!("\"{}\"", "x".repeat(4_000))).unwrap();
        large.extensions.set(name, &format!("\"{}\"", "x".repeat(4_000))).unwrap();
    }
    large.settle().unwrap();
    let mut page = phygital_core::event::Page::default();
    page.extra.set("a", &format!("\"{}\"", "x".repeat(4_000))).unwrap();
    large.context.page = Some(page);
    assert_eq!(refused(&mut large).expected, Expected::AtMost { most: EVENT_BYTES_MAX, unit: "bytes" });

    let mut empty = new(OptedIn::new("phone:+33612345678".parse().unwrap(), vec![], ConsentMethod::Web));
    assert_eq!(refused(&mut empty).at, "properties.purposes");

    let mut mixed = OrderCompleted::new(OrderId::new("o").unwrap());
    mixed.order.total = Some(money("1"));
    mixed.order.tax = Some(Money::parse("1", "USD").unwrap());
    assert_eq!(refused(&mut new(mixed)).expected, MoneyError::Sum.into());

    let mut crowd = new(Body::custom("Crowd").unwrap());
    for n in 0..=EVENT_IDENTIFIERS_MAX {
        crowd = crowd.with(format!("cookie:{n}").parse::<Identifier>().unwrap());
    }
    assert_eq!(refused(&mut crowd).at, "identifiers");
}

/// What is accepted can be read again, also where the canonical form is larger than the text.
#[test]
fn texts_that_grow_keep_the_limits() {
    let lines = |count: usize, price: &str| {
        let lines = vec![format!(r#"{{"price":{price}}}"#); count].join(",");
        read(&envelope("Cart Viewed", &format!(r#"{{"currency":"EUR","products":[{lines}]}}"#)))
    };
    round_trips(&lines(EVENT_LIST_MAX, "1").unwrap());

    let carts = |lists: usize| {
        // Two lists of lines in one event: the second is the associate's, and only extra.
        let extra = vec!["[1,1,1,1,1,1,1,1,1]"; lists].join(",");
        let lines = vec![r#"{"price":1}"#; EVENT_LIST_MAX].join(",");
        let data = format!(r#"{{"currency":"EUR","other":[{extra}],"products":[{lines}]}}"#);
        read(&envelope("Cart Viewed", &data))
    };
    let most = (1..).take_while(|lists| carts(*lists).is_ok()).last().unwrap();
    round_trips(&carts(most).unwrap());
    let error = carts(most + 1).unwrap_err();
    assert_eq!(error.at, "event in canonical form");

    // Segment's properties move one level down in our envelope, its other fields two.
    let deep = |field: &str, levels: usize| {
        let nested = format!("{}1{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        let text = format!(
            r#"{{"type":"track","event":"Door","messageId":"1","timestamp":"2026-11-21T12:00:00Z",{field}}}"#
        );
        Event::from_json(&text.replace("DEEP", &nested), &CodecOptions::default())
    };
    for (field, down) in [(r#""properties":{"x":DEEP}"#, 2), (r#""integrations":DEEP"#, 2)] {
        round_trips(&deep(field, EVENT_DEPTH_MAX - down).unwrap());
        let levels = EVENT_DEPTH_MAX - down + 1;
        assert_eq!(deep(field, levels).unwrap_err().at, "event in canonical form", "{field} {levels}");
    }
}
