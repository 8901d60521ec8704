//! What is no event, and what the refusal says: where, what was expected, and nothing that the
//! sender wrote.

#![allow(clippy::unwrap_used, reason = "tests")]

use phygital_core::event::{Body, CodecOptions, Event, Expected};
use phygital_core::vocab::limits::{
    DECIMAL_DIGITS_MAX, EVENT_BYTES_MAX, ID_BYTES_MAX, IDENTIFIER_BYTES_MAX, TEXT_BYTES_MAX,
};
use phygital_core::vocab::{Currency, IdError, IdentifierError, MoneyError, TimeError};
use proptest::prelude::*;

mod event_samples;
use event_samples::{Words, any_event, envelope, read};

fn bytes(bytes: &[u8]) -> Result<Event, phygital_core::event::EventError> {
    Event::from_bytes(bytes, &CodecOptions::default())
}

/// An envelope with these attributes in place of its own.
fn attributes(changes: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("specversion", "\"1.0\""),
        ("id", "\"e-1\""),
        ("source", "\"//shop.example\""),
        ("type", "\"com.phygital.visit_started\""),
        ("time", "\"2026-05-04T10:00:00Z\""),
    ];
    for (name, value) in changes {
        all.retain(|(other, _)| other != name);
        all.push((name, value));
    }
    let all: Vec<_> = all.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", all.join(","))
}

#[test]
fn what_is_no_json_is_refused() {
    assert!(bytes(attributes(&[]).as_bytes()).is_ok());
    for (text, at) in [
        (&b""[..], "event at byte 0"),
        (b"\xff", "event at byte 0"),
        (b"{\"id\":\"\xc3\x28\"}", "event at byte 7"),
        (b"{\"id\":\"\xed\xa0\x80\"}", "event at byte 7"),
        (b"\xef\xbb\xbf{}", "event at byte 0"),
        (b"\xff\xfe{\0}\0", "event at byte 0"),
        (b"{}\0", "event at byte 2"),
        (b"{} {}", "event at byte 3"),
        (b"{\"id\":NaN}", "event at byte 6"),
        (b"{\"id\":\"\\ud800\"}", "event at byte 13"),
    ] {
        let error = bytes(text).unwrap_err();
        assert_eq!((error.at.as_str(), error.expected), (at, Expected::Json), "{text:?}");
    }
    for text in ["null", "true", "1", "\"a\"", "[]", "[{}]"] {
        let error = read(text).unwrap_err();
        assert_eq!((error.at.as_str(), error.expected), ("event", Expected::Value("an object")), "{text}");
    }
    let error = read("{}").unwrap_err();
    assert!(error.to_string().contains("specversion"), "{error}");
    let error = read(r#"{"id":1,"id":2}"#).unwrap_err();
    assert_eq!((error.at.as_str(), error.expected), ("event", Expected::Once));
    let large = vec![0xff; EVENT_BYTES_MAX + 1];
    assert_eq!(
        bytes(&large).unwrap_err().expected,
        Expected::AtMost { most: EVENT_BYTES_MAX, unit: "bytes" }
    );
    let mut padded = attributes(&[]).into_bytes();
    padded.resize(EVENT_BYTES_MAX, b' ');
    assert!(bytes(&padded).is_ok());
}

#[test]
fn bombs_are_refused_without_a_deep_stack() {
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let small = small.spawn(|| {
        for bomb in ["[", "{\"a\":", "[[{\"a\":[", "\"\\u0000", "[1,", "{\"a\":1,"] {
            assert!(read(&bomb.repeat(EVENT_BYTES_MAX / bomb.len())).is_err());
            let text = envelope("com.shop.bell", &bomb.repeat(EVENT_BYTES_MAX / bomb.len() - 100));
            assert!(read(&text).is_err());
        }
    });
    small.unwrap().join().unwrap();
}

#[test]
fn the_envelope_is_that_of_cloudevents() {
    for required in ["id", "source", "type", "time"] {
        let error = read(&attributes(&[(required, "null")])).unwrap_err();
        assert_eq!((error.at.as_str(), error.expected), (required, Expected::Present));
        for wrong in ["1", "{}", "[]", "true"] {
            let error = read(&attributes(&[(required, wrong)])).unwrap_err();
            assert_eq!((error.at.as_str(), error.expected), (required, Expected::Value("a text")));
        }
        assert_eq!(read(&attributes(&[(required, "\"\"")])).unwrap_err().at, required);
    }
    for (name, value) in [
        ("specversion", "\"0.3\""),
        ("specversion", "1.0"),
        ("specversion", "\"1.0.2\""),
        ("datacontenttype", "\"application/xml\""),
        ("datacontenttype", "\"json\""),
        ("datacontenttype", "\"application/jsonp\""),
        ("dataschema", "\"https://phygital.example/events/2\""),
        ("data_base64", "\"e30=\""),
        ("data", "\"e30=\""),
        ("data", "[]"),
        ("subject", "7"),
        ("time", "\"2026-05-04\""),
        ("senttime", "\"now\""),
    ] {
        assert_eq!(read(&attributes(&[(name, value)])).unwrap_err().at, name, "{name}: {value}");
    }
    let error = read(&attributes(&[("data_base64", "\"e30=\"")])).unwrap_err();
    assert_eq!(error.to_string(), "data_base64: expected JSON in data, not bytes in Base64");
    for media_type in
        ["application/json", "Application/JSON; charset=utf-8", "text/json", "application/vnd.shop+json"]
    {
        assert!(
            read(&attributes(&[("datacontenttype", &format!("\"{media_type}\""))])).is_ok(),
            "{media_type}"
        );
    }
    // A type of another's has a schema of its own.
    assert!(
        read(&attributes(&[("type", "\"com.shop.bell\""), ("dataschema", "\"https://shop.example/1\"")]))
            .is_ok()
    );
}

#[test]
fn extension_attributes_are_those_of_cloudevents() {
    let event = read(&attributes(&[
        ("traceparent", "\"00-4bf9\""),
        ("sequence", "-2147483648"),
        ("sampled", "true"),
        ("subject", "\"order 7\""),
        ("gone", "null"),
    ]))
    .unwrap();
    let kept: Vec<_> = event.extensions.iter().collect();
    let expected = [
        ("sampled", "true"),
        ("sequence", "-2147483648"),
        ("subject", "\"order 7\""),
        ("traceparent", "\"00-4bf9\""),
    ];
    assert_eq!(kept, expected);
    assert_eq!(read(&event.to_json()).unwrap(), event);
    for name in ["sentTime", "sent_time", "sent-time", "sent.time", "é", "", " a"] {
        let error = read(&attributes(&[(name, "1")])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "event: expected extension attributes named in lower-case letters and digits"
        );
    }
    for value in ["{}", "[]", "1.5", "2147483648", "1e3"] {
        let error = read(&attributes(&[("extra", value)])).unwrap_err();
        assert!(
            error.to_string().ends_with("texts, truth values or integers of 32 bits"),
            "{value}: {error}"
        );
    }
    // A subject that is an identifier is one.
    let event = read(&attributes(&[("subject", "\"phone:+33 6 12 34 56 78\"")])).unwrap();
    assert!(event.extensions.is_empty());
    assert_eq!(event.identifiers, ["phone:+33612345678".parse().unwrap()]);
}

#[test]
fn properties_stand_in_data_or_in_properties_but_not_in_both() {
    let one =
        read(&envelope("com.phygital.points_earned", r#"{"points":7,"properties":{"programme":"gold"}}"#));
    let other =
        read(&envelope("com.phygital.points_earned", r#"{"properties":{"points":7,"programme":"gold"}}"#));
    assert_eq!(one.unwrap(), other.unwrap());
    let both = read(&envelope("com.phygital.points_earned", r#"{"points":7,"properties":{"points":7}}"#));
    assert_eq!(both.unwrap_err().to_string(), "data: expected each name once in an object");
    let null = read(&envelope("com.phygital.points_earned", r#"{"points":7,"properties":{"points":null}}"#));
    assert!(null.is_ok());
}

#[test]
fn amounts_are_exact() {
    let total = |amount: &str, currency: &str| {
        let data = format!(r#"{{"order_id":"o","total":{amount},"currency":"{currency}"}}"#);
        let event = read(&envelope("com.phygital.order_completed", &data)).map_err(|error| {
            assert_eq!(error.at, "data.properties.total");
            error.expected
        })?;
        let Body::OrderCompleted(order) = event.body else { panic!() };
        Ok(order.order.total.unwrap().minor())
    };
    for (amount, currency, minor) in [
        ("1500", "JPY", 1500),
        ("1500.00", "jpy", 1500),
        ("19.9", "EUR", 1990),
        ("\"19.90\"", "eur", 1990),
        ("0.1", "EUR", 10),
        ("-0.01", "EUR", -1),
        ("-0", "EUR", 0),
        ("1e3", "EUR", 100_000),
        ("1.5E+1", "EUR", 1500),
        ("150e-1", "EUR", 1500),
        ("1.234", "KWD", 1234),
        ("9999999999999999.99", "EUR", 999_999_999_999_999_999),
        (r#"{"minor":-9223372036854775808,"currency":"EUR"}"#, "EUR", i64::MIN),
        (r#"{"minor":1.0,"currency":"EUR"}"#, "EUR", 1),
    ] {
        assert_eq!(total(amount, currency), Ok(minor), "{amount} {currency}");
    }
    let too_precise = |currency: &str, exponent| {
        let currency = currency.parse::<Currency>().unwrap();
        Expected::Money(MoneyError::TooPrecise { currency, exponent })
    };
    for (amount, currency, expected) in [
        ("1.5", "JPY", too_precise("JPY", 0)),
        ("19.999", "EUR", too_precise("EUR", 2)),
        ("1e-3", "EUR", too_precise("EUR", 2)),
        ("1.2345", "KWD", too_precise("KWD", 3)),
        ("99999999999999999.99", "EUR", MoneyError::TooManyDigits.into()),
        ("1e400", "EUR", MoneyError::TooManyDigits.into()),
        ("1e999999999999", "EUR", MoneyError::NotANumber.into()),
        ("\"\"", "EUR", MoneyError::NotANumber.into()),
        ("\"19,99\"", "EUR", MoneyError::NotANumber.into()),
        ("\"$19\"", "EUR", MoneyError::NotANumber.into()),
        ("\"NaN\"", "EUR", MoneyError::NotANumber.into()),
        ("true", "EUR", Expected::Value("a text")),
        ("[1]", "EUR", Expected::Value("a text")),
    ] {
        assert_eq!(total(amount, currency), Err(expected), "{amount} {currency}");
    }
    let digits = "9".repeat(DECIMAL_DIGITS_MAX);
    assert!(total(&digits, "JPY").is_ok());
    assert_eq!(total(&format!("{digits}9"), "JPY"), Err(MoneyError::TooManyDigits.into()));

    for (data, at) in [
        (r#"{"order_id":"o","total":{"minor":1,"currency":"EUR","x":1}}"#, "data.properties.total"),
        (r#"{"order_id":"o","total":{"currency":"EUR"}}"#, "data.properties.total.minor"),
        (r#"{"order_id":"o","total":{"minor":1}}"#, "data.properties.total.currency"),
        (r#"{"order_id":"o","total":{"minor":1.5,"currency":"EUR"}}"#, "data.properties.total.minor"),
        (
            r#"{"order_id":"o","total":{"minor":9223372036854775808,"currency":"EUR"}}"#,
            "data.properties.total.minor",
        ),
        (r#"{"order_id":"o","total":{"minor":1,"currency":"USD"},"currency":"EUR"}"#, "properties.currency"),
        (
            r#"{"order_id":"o","total":1,"tax":{"minor":1,"currency":"USD"},"currency":"EUR"}"#,
            "properties.currency",
        ),
    ] {
        assert_eq!(read(&envelope("com.phygital.order_completed", data)).unwrap_err().at, at, "{data}");
    }
}

#[test]
fn numbers_texts_ids_and_times_have_their_ranges() {
    let refused = |kind: &str, data: &str| read(&envelope(kind, data)).unwrap_err();
    for (quantity, ok) in [
        ("0", true),
        ("4294967295", true),
        ("2.0", true),
        ("2e1", true),
        ("\"3\"", true),
        ("4294967296", false),
        ("-1", false),
        ("1.5", false),
        ("\"+3\"", false),
        ("\"\"", false),
        ("true", false),
        ("1e99", false),
    ] {
        let text = envelope("com.phygital.product_viewed", &format!(r#"{{"quantity":{quantity}}}"#));
        assert_eq!(read(&text).is_ok(), ok, "{quantity}");
    }

    let order = |bytes: usize| {
        let kind = "com.phygital.order_refunded";
        read(&envelope(kind, &format!(r#"{{"order_id":"{}"}}"#, "o".repeat(bytes))))
    };
    assert!(order(ID_BYTES_MAX).is_ok());
    assert_eq!(order(ID_BYTES_MAX + 1).unwrap_err().expected, IdError::TooLong.into());

    let cookie = |bytes: usize| {
        read(&envelope("com.shop.bell", &format!(r#"{{"identifiers":["cookie:{}"]}}"#, "c".repeat(bytes))))
    };
    assert!(cookie(IDENTIFIER_BYTES_MAX).is_ok());
    let error = cookie(IDENTIFIER_BYTES_MAX + 1).unwrap_err();
    assert_eq!((error.at.as_str(), error.expected), ("data.identifiers[0]", IdentifierError::TooLong.into()));

    // A number is taken as text only within the same limit; bytes count, not characters.
    let title =
        |title: String| read(&envelope("com.phygital.page_viewed", &format!(r#"{{"title":{title}}}"#)));
    assert!(title("1".repeat(TEXT_BYTES_MAX)).is_ok());
    assert!(title("1".repeat(TEXT_BYTES_MAX + 1)).is_err());
    assert!(title(format!("\"{}\"", "é".repeat(TEXT_BYTES_MAX / 2))).is_ok());
    assert!(title(format!("\"{}\"", "é".repeat(TEXT_BYTES_MAX / 2 + 1))).is_err());

    for (time, expected) in [
        ("1969-12-31T23:59:59Z", TimeError::Range),
        ("9999-12-31T23:59:59-01:00", TimeError::Range),
        ("2026-02-30T00:00:00Z", TimeError::Form),
        ("2026-05-04T10:00:00", TimeError::Form),
        ("1777888800", TimeError::Form),
    ] {
        let error = read(&attributes(&[("time", &format!("\"{time}\""))])).unwrap_err();
        assert_eq!((error.at.as_str(), error.expected), ("time", expected.into()), "{time}");
    }
    let offset = read(&attributes(&[("time", "\"2026-05-04t12:00:00.123456789+02:00\"")])).unwrap();
    assert_eq!(offset.occurred_at.to_string(), "2026-05-04T10:00:00.123456Z");

    for (kind, data, at) in [
        (
            "opted_in",
            r#"{"contact":"phone:+33612345678","purposes":["spam"],"method":"till"}"#,
            "purposes[0]",
        ),
        ("opted_in", r#"{"contact":"phone:+33612345678","purposes":[],"method":"till"}"#, "purposes"),
        ("opted_in", r#"{"contact":"phone:06","purposes":["service"],"method":"till"}"#, "contact"),
        (
            "opted_in",
            r#"{"contact":{"kind":"phone"},"purposes":["service"],"method":"till"}"#,
            "contact.value",
        ),
        (
            "opted_in",
            r#"{"contact":{"kind":"phone","value":"+33612345678","x":1},"purposes":["service"],"method":"till"}"#,
            "contact",
        ),
        ("opted_in", r#"{"contact":"phone:+33612345678","purposes":["service"],"method":"guess"}"#, "method"),
        ("tag_enrolled", r#"{"uid":"04"}"#, "uid"),
        ("tag_status_changed", r#"{"uid":"04de5f1eacc040","status":"eaten"}"#, "status"),
        ("tag_tapped", r#"{"scheme":"x","read_ctr":16777216}"#, "read_ctr"),
        ("tag_tapped", r#"{"scheme":"x","verified":"yes"}"#, "verified"),
        ("user_identified", r#"{"address":"Paris"}"#, "address"),
    ] {
        let error = refused(&format!("com.phygital.{kind}"), data);
        assert_eq!(error.at.rsplit("properties.").next(), Some(at), "{data}: {error}");
    }
    assert_eq!(refused("com.phygital.message_received", r#"{"message_id":"m"}"#).at, "identifiers");
    assert_eq!(refused("com.phygital.unsubscribed", r#"{"identifiers":["cookie:c"]}"#).at, "identifiers");
    assert_eq!(
        refused("com.phygital.identifiers_linked", r#"{"identifiers":["cookie:c","cookie:c"]}"#).at,
        "identifiers"
    );
    assert_eq!(refused("com.phygital.visit_started", r#"{"zone":"Paris"}"#).at, "data.zone");
    assert_eq!(refused("com.phygital.visit_started", r#"{"place":" "}"#).at, "data.place");
}

/// A value of another type in the place of every value of an event, one after the other.
fn replaced(value: &serde_json::Value, with: &serde_json::Value, out: &mut Vec<serde_json::Value>) {
    out.push(with.clone());
    let mut inner = Vec::new();
    match value {
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                replaced(field, with, &mut inner);
                for changed in inner.drain(..) {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), changed);
                    out.push(serde_json::Value::Object(fields));
                }
            }
        }
        serde_json::Value::Array(list) => {
            for (index, entry) in list.iter().enumerate() {
                replaced(entry, with, &mut inner);
                for changed in inner.drain(..) {
                    let mut list = list.clone();
                    list[index] = changed;
                    out.push(serde_json::Value::Array(list));
                }
            }
        }
        _ => {}
    }
}

const MARK: &str = "zqxmark";

/// Whatever is accepted can be read again; a refusal says where, in words of ours.
fn holds(text: &[u8]) -> Result<(), TestCaseError> {
    match bytes(text) {
        Ok(event) => {
            let canonical = event.to_json();
            let again = read(&canonical);
            prop_assert_eq!(again.as_ref(), Ok(&event), "{}", canonical);
            prop_assert_eq!(again.unwrap().to_json(), canonical);
        }
        Err(error) => {
            prop_assert!(!error.at.is_empty());
            let printed = format!("{error} {error:?}");
            prop_assert!(printed.contains("expected") && !printed.contains(MARK), "{}", printed);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}|[\\[\\]{}\":,0-9a-z\\\\ ]{0,60}") {
        holds(text.as_bytes())?;
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in proptest::collection::vec(any::<u8>(), 0..80)) {
        holds(&text)?;
    }

    #[test]
    fn other_types_in_place_of_any_value_are_read_or_refused(
        text in any_event(Words::Marked(MARK)),
        with in proptest::sample::select(vec![
            "null", "[]", "{}", "\"a zqxmark\"", "-1", "1.5", "true", "[null]", "{\"zqxmark\":1}", "[[\"zqxmark\"]]",
        ]),
        pick in any::<proptest::sample::Index>(),
    ) {
        let event: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut all = Vec::new();
        replaced(&event, &serde_json::from_str(with).unwrap(), &mut all);
        holds(all[pick.index(all.len())].to_string().as_bytes())?;
    }

    #[test]
    fn damaged_events_are_read_or_refused(
        text in any_event(Words::Marked(MARK)),
        at in any::<proptest::sample::Index>(),
        length in 0..12_usize,
        what in 0..5,
        bytes in proptest::collection::vec(any::<u8>(), 0..4),
    ) {
        let mut text = text.into_bytes();
        let at = at.index(text.len());
        let end = (at + length).min(text.len());
        match what {
            0 => text.truncate(at),
            1 => drop(text.drain(at..end)),
            2 => drop(text.splice(at..end, bytes)),
            3 => {
                let copy = text[at..end].to_vec();
                text.splice(at..at, copy);
            }
            _ => text[at] ^= 1 << (length % 8),
        }
        holds(&text)?;
    }
}
