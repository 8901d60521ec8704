//! The published vectors of `vectors/engagement`: `sms:` links, stop words, inbound texts, quiet hours, caps, deadlines, holidays,
//! parts of a message.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use phygital_core::conversation::intent::{Asked, Class, Context, classify};
use phygital_core::conversation::segments::segments;
use phygital_core::optin::{Platform, SmsLinkError, sms_link};
use phygital_core::rules::{Cap, Place, RuleBook, Windows, hours};
use phygital_core::vocab::{Timestamp, Zone};
use serde_json::Value;

fn vectors(name: &str) -> Value {
    let path = format!("{}/../vectors/engagement/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().map(|one| one.as_str().unwrap()).collect(),
        one => vec![one.as_str().unwrap()],
    }
}

#[test]
fn sms_links_are_those_of_the_vectors() {
    let file = vectors("sms_uri.json");
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let link = |platform| sms_link(&texts(&case["to"]), case["body"].as_str(), platform);
        for (name, platform) in [
            ("rfc5724", Platform::Rfc5724),
            ("android", Platform::Android),
            ("ios", Platform::Ios),
            ("both", Platform::Both),
        ] {
            match case["expect"][name].as_str() {
                Some(expected) => assert_eq!(link(platform).as_deref(), Ok(expected), "{}", case["id"]),
                None => {
                    assert_eq!(case["expect_error"], "control character", "{}", case["id"]);
                    assert_eq!(link(platform), Err(SmsLinkError::Control), "{}", case["id"]);
                }
            }
        }
    }
    assert_eq!(cases.len(), 20);
}

#[test]
fn every_listed_keyword_is_read() {
    let file = vectors("opt_out_keywords.json");
    let (us, canada) = ("US".parse().unwrap(), "CA".parse().unwrap());
    let class = |text: &str, region| classify(text, &Context::default().with_region(region)).class;
    let mut words: Vec<(&str, &str)> = Vec::new();
    for list in file["lists"].as_array().unwrap() {
        words.extend(texts(&list["words"]).into_iter().map(|word| (list["kind"].as_str().unwrap(), word)));
    }
    words.extend(texts(&file["union_opt_out"]).into_iter().map(|word| ("opt_out", word)));
    assert_eq!(words.len(), 74);
    for (expected, word) in words {
        for typed in [word.to_owned(), word.to_lowercase(), format!("  \u{201c}{word}!!\u{201d}\n")] {
            assert_eq!(class(&typed, canada).code(), expected, "{typed}");
            let in_us = if word == "TD" { "other" } else { expected };
            assert_eq!(class(&typed, us).code(), in_us, "{typed}");
        }
    }
}

/// What a case says was said before.
fn context(case: &Value) -> Context<'static> {
    let mut context = Context::default().with_keywords(&["JOIN"]);
    let said = &case["context"];
    context.double_opt_in_pending = said["double_opt_in_pending"] == true;
    context.order_talked_of = said["order_talked_of"] == true;
    context.token_valid = said["token_valid"].as_bool();
    context.region = said["region"].as_str().map(|region| region.parse().unwrap());
    context.pending = match (&said["pending"], &said["pending_question"]) {
        (Value::String(asked), _) => Some(serde_json::from_value(Value::from(asked.as_str())).unwrap()),
        (_, Value::String(_)) => Some(Asked::Any),
        _ => None,
    };
    context
}

#[test]
fn inbound_texts_are_read_as_labelled() {
    let file = vectors("inbound_intents.json");
    let cases = file["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let read = classify(case["text"].as_str().unwrap(), &context(case));
        if case["expect"] != read.class.code() {
            wrong.push(format!("{}: {} {:?}", case["id"], read.class, read.reason));
        }
        assert_eq!(read.class == Class::Join, !read.codes.is_empty(), "{}", case["id"]);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(cases.len(), 59);
}

/// How many wishes to be left alone were found, missed, and seen where there was none.
#[derive(Debug, Default, PartialEq)]
struct Score {
    found: u32,
    missed: u32,
    false_alarms: u32,
    other_class: u32,
}

#[test]
fn wishes_are_found_in_our_own_texts_and_little_else_is() {
    let file = vectors("inbound_phrases.json");
    let cases = file["cases"].as_array().unwrap();
    let mut score = Score::default();
    for case in cases {
        let read = classify(case["text"].as_str().unwrap(), &context(case)).class;
        let expected = case["expect"].as_str().unwrap();
        match (expected.starts_with("opt_out"), read.is_opt_out()) {
            (true, true) => score.found += 1,
            (true, false) => score.missed += 1,
            (false, true) => score.false_alarms += 1,
            (false, false) => {}
        }
        score.other_class += u32::from(expected != read.code());
        // What always counts is not a matter of degree.
        assert!(expected != "opt_out" || read == Class::OptOut, "{}: {read}", case["id"]);
    }
    assert!(cases.len() > 1_300);
    assert!(score.missed * 100 < score.found, "a recall of 99 percent: {score:?}");
    assert!(score.false_alarms * 200 < score.found, "a precision of 99.5 percent: {score:?}");
    assert!(score.other_class * 100 < cases.len() as u32, "{score:?}");
}

/// What to expect of texts that nobody thought of. The head of the file says how it was first; nothing is tuned on it, so that it
/// stays what it is.
#[test]
fn wishes_are_found_in_texts_that_nobody_tuned_on() {
    let file = vectors("inbound_heldout.json");
    let cases = file["cases"].as_array().unwrap();
    let mut score = Score::default();
    for case in cases {
        let read = classify(case["text"].as_str().unwrap(), &context(case)).class;
        match (case["expect"] == "opt_out_likely", read.is_opt_out()) {
            (true, true) => score.found += 1,
            (true, false) => score.missed += 1,
            (false, true) => score.false_alarms += 1,
            (false, false) => score.other_class += 1,
        }
    }
    assert_eq!((score.found + score.missed, cases.len()), (385, 738));
    assert!(score.found >= 313, "a recall of 81 percent: {score:?}");
    assert!(score.false_alarms <= 11, "a precision of 96 percent: {score:?}");
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str().map(|text| Timestamp::parse(text).unwrap())
}

#[test]
fn quiet_hours_are_those_of_the_vectors() {
    let file = vectors("quiet_hours.json");
    let policies: BTreeMap<&str, Windows> = file["policies"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(id, policy)| (id.as_str(), Windows::from_json(&policy["windows"].to_string()).unwrap()))
        .collect();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let id = &case["id"];
        let named = texts(&case["policies"]);
        let applying: Vec<_> = named.iter().map(|id| hours::Hours::new(&policies[id])).collect();
        let zones: Vec<Zone> = texts(&case["zones"]).iter().map(|zone| zone.parse().unwrap()).collect();
        let at = time(&case["at"]).unwrap();
        let expected = &case["expect"];
        assert_eq!(hours::allowed(&applying, &zones, at), expected["allowed"], "{id}");
        let next = hours::next_allowed(&applying, &zones, at);
        assert_eq!(next, time(&expected["next_allowed"]), "{id}");
        if let Some(next) = next {
            let end = hours::open_until(&applying, &zones, next).unwrap();
            let last = Timestamp::from_micros(end.as_micros() - 1).unwrap();
            assert!(
                hours::allowed(&applying, &zones, last) && !hours::allowed(&applying, &zones, end),
                "{id}"
            );
        }
    }
    assert_eq!(cases.len(), 37);
    // The rules of the library's own book are these.
    for (rule, windows) in policies.iter().filter(|(id, _)| id.starts_with("us_")) {
        let own = RuleBook::standard().rule(rule).unwrap().body.to_string();
        let stated = own.split(", not on holidays").next().unwrap();
        assert_eq!(stated, windows.to_string(), "{rule}");
    }
}

#[test]
fn frequency_caps_are_those_of_the_vectors() {
    let file = vectors("frequency_caps.json");
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let cap: Cap = serde_json::from_value(case["rule"].clone()).unwrap();
        let sends: Vec<Timestamp> = case["sends"].as_array().unwrap().iter().filter_map(time).collect();
        let at = time(&case["at"]).unwrap();
        let verdict = cap.verdict(&sends, at);
        assert_eq!(verdict.allowed, case["expect"]["allowed"], "{}", case["id"]);
        if !verdict.allowed {
            assert_eq!(verdict.next_allowed, time(&case["expect"]["next_allowed"]), "{}", case["id"]);
        }
    }
    assert_eq!(cases.len(), 10);
}

#[test]
fn deadlines_are_those_of_the_vectors() {
    let file = vectors("deadlines.json");
    let book = RuleBook::standard();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let deadline = book.deadline(case["rule"].as_str().unwrap()).unwrap();
        let place: Place = case["country"].as_str().unwrap_or("US").parse().unwrap();
        let calendar = book.calendar(place).unwrap();
        let due = match (time(&case["received"]), case["zone"].as_str()) {
            (Some(received), Some(zone)) => {
                let due = deadline.due(received, zone.parse().unwrap(), calendar);
                assert_eq!(due.received_date.to_string(), case["expect"]["received_date"], "{}", case["id"]);
                due.deadline_date
            }
            _ => deadline.due_date(case["received_date"].as_str().unwrap().parse().unwrap(), calendar),
        };
        assert_eq!(due.to_string(), case["expect"]["deadline_date"], "{}", case["id"]);
    }
    assert_eq!(cases.len(), 14);
}

#[test]
fn calendars_have_the_holidays_of_the_vectors() {
    let file = vectors("holidays.json");
    for (place, days) in file["calendars"].as_object().unwrap() {
        let calendar = RuleBook::standard().calendar(place.parse().unwrap()).unwrap();
        let weekdays = (2024..=2035).flat_map(|year| calendar.holidays(year));
        let weekdays = weekdays.map(|day| (day.format("%u").to_string(), day.to_string()));
        let weekdays: Vec<String> =
            weekdays.filter(|(day, _)| day.as_str() < "6").map(|(_, day)| day).collect();
        let expected: Vec<&str> = days.as_str().unwrap().split(' ').collect();
        assert_eq!(weekdays, expected, "{place}");
    }
    assert_eq!(file["calendars"].as_object().unwrap().len(), RuleBook::standard().calendars().count());
}

#[test]
fn parts_of_a_message_are_those_of_the_vectors() {
    let file = vectors("sms_segmentation.json");
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let told = segments(case["text"].as_str().unwrap());
        let expected = &case["expect"];
        let said = serde_json::to_value(&told).unwrap();
        for field in ["encoding", "units", "segment_units"] {
            assert_eq!(said[field], expected[field], "{} {field}", case["id"]);
        }
        assert_eq!(told.segments() as u64, expected["segments"], "{}", case["id"]);
        let stranger = told.first_non_gsm7.map(|one| (one.index as u64, one.char.to_string()));
        let expected = expected["first_non_gsm7"].as_object();
        let expected =
            expected.map(|one| (one["index"].as_u64().unwrap(), one["char"].as_str().unwrap().to_owned()));
        assert_eq!(stranger, expected, "{}", case["id"]);
    }
    assert_eq!(cases.len(), 40);
}
