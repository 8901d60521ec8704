//! The limits on an event's text, each at the limit and one past it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use phygital_core::event::{Body, CodecOptions, Event, EventError, Expected};
use phygital_core::vocab::limits::{
    CUSTOM_NAME_BYTES_MAX, EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_IDENTIFIERS_MAX, EVENT_LIST_MAX,
    EVENT_VALUES_MAX, EXTRA_BYTES_MAX, TEXT_BYTES_MAX,
};

/// An event that is nobody's in particular, with these fields in `data`; all of the envelope is there,
/// so that its canonical form, which has to keep the limits too, is no larger.
fn event(kind: &str, data: &str) -> String {
    let envelope = r#""specversion":"1.0","id":"1","source":"till","time":"2026-05-04T10:00:00Z""#;
    let schema = "https://phygital.example/events/1";
    format!(
        r#"{{{envelope},"type":"{kind}","datacontenttype":"application/json","dataschema":"{schema}","data":{data}}}"#
    )
}

fn read(text: &str) -> Result<Event, EventError> {
    Event::from_json(text, &CodecOptions::default())
}

/// `most` of something is read, one more is refused, and the refusal names the limit.
fn holds(most: usize, text: impl Fn(usize) -> String) {
    read(&text(most)).unwrap();
    match read(&text(most + 1)).map_err(|error| error.expected) {
        Err(Expected::AtMost { most: named, .. }) => assert_eq!(named, most),
        other => panic!("{most} and one more gave {other:?}"),
    }
}

/// The slow and obvious count of values.
fn values(value: &serde_json::Value) -> usize {
    1 + match value {
        serde_json::Value::Array(list) => list.iter().map(values).sum(),
        serde_json::Value::Object(fields) => fields.values().map(values).sum(),
        _ => 0,
    }
}

#[test]
fn bytes() {
    let text = event("com.shop.bell", "{}");
    holds(EVENT_BYTES_MAX, |bytes| text.clone() + &" ".repeat(bytes - text.len()));
}

#[test]
fn depth() {
    // The envelope, `data` and `properties` are three levels.
    holds(EVENT_DEPTH_MAX, |levels| {
        let lists = levels - 3;
        let deep = format!("{}0{}", "[".repeat(lists), "]".repeat(lists));
        event("com.shop.bell", &format!(r#"{{"properties":{{"deep":{deep}}}}}"#))
    });
}

#[test]
fn count_of_values() {
    let text = |zeros: usize| {
        // Lists of no more than a list may have.
        let lists = (0..zeros).step_by(EVENT_LIST_MAX).map(|from| {
            let len = EVENT_LIST_MAX.min(zeros - from);
            format!("[{}]", vec!["0"; len].join(","))
        });
        let lists = lists.collect::<Vec<_>>().join(",");
        event("com.phygital.bell", &format!(r#"{{"properties":{{"many":[{lists}]}}}}"#))
    };
    let count = |zeros: usize| values(&serde_json::from_str(&text(zeros)).unwrap());
    // Near enough that the difference takes no further list.
    let fewer = EVENT_VALUES_MAX - 20;
    let zeros = fewer + (EVENT_VALUES_MAX - count(fewer));
    assert_eq!((count(zeros), count(zeros + 1)), (EVENT_VALUES_MAX, EVENT_VALUES_MAX + 1));
    holds(EVENT_VALUES_MAX, |most| text(zeros + most - EVENT_VALUES_MAX));
}

#[test]
fn identifiers() {
    holds(EVENT_IDENTIFIERS_MAX, |count| {
        let list = (0..count).map(|n| format!(r#""cookie:c{n}""#)).collect::<Vec<_>>().join(",");
        event("com.shop.bell", &format!(r#"{{"identifiers":[{list}]}}"#))
    });
}

#[test]
fn lists() {
    let zeros = |len| vec!["0"; len].join(",");
    holds(EVENT_LIST_MAX, |len| {
        event("com.shop.bell", &format!(r#"{{"properties":{{"list":[{}]}}}}"#, zeros(len)))
    });
    let product = |n: usize| format!(r#"{{"product_id":"p{n}"}}"#);
    holds(EVENT_LIST_MAX, |len| {
        let products = (0..len).map(product).collect::<Vec<_>>().join(",");
        event(
            "com.phygital.order_completed",
            &format!(r#"{{"properties":{{"order_id":"o","products":[{products}]}}}}"#),
        )
    });
}

#[test]
fn texts() {
    holds(TEXT_BYTES_MAX, |bytes| {
        let title = "t".repeat(bytes);
        event("com.phygital.page_viewed", &format!(r#"{{"properties":{{"title":"{title}"}}}}"#))
    });
}

#[test]
fn names_of_custom_events() {
    assert!(Body::custom(&"n".repeat(CUSTOM_NAME_BYTES_MAX)).is_ok());
    holds(CUSTOM_NAME_BYTES_MAX, |bytes| event(&"n".repeat(bytes), "{}"));
}

#[test]
fn other_properties() {
    holds(EXTRA_BYTES_MAX, |bytes| {
        // Eight fields, each a name of one letter and a text in quotes.
        let texts = bytes - 8 * 3;
        let fields = ["a", "b", "c", "d", "e", "f", "g", "h"].iter().enumerate().map(|(n, name)| {
            let len = texts / 8 + if n == 0 { texts % 8 } else { 0 };
            format!(r#""{name}":"{}""#, "x".repeat(len))
        });
        let fields = fields.collect::<Vec<_>>().join(",");
        event("com.shop.bell", &format!(r#"{{"properties":{{{fields}}}}}"#))
    });
}
