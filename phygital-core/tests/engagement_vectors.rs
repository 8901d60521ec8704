//! The published vectors of `vectors/engagement`: `sms:` links, stop words, inbound texts.

#![allow(clippy::unwrap_used, reason = "a test may")]

use phygital_core::optin::{Inbound, Platform, SmsLinkError, sms_link};
use phygital_core::vocab::Identifier;
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

fn number(text: &str) -> Identifier {
    format!("phone:{text}").parse().unwrap()
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
    let (us, canada) = (number("+12015550123"), number("+15062345678"));
    let mut words: Vec<(&str, &str)> = Vec::new();
    for list in file["lists"].as_array().unwrap() {
        words.extend(texts(&list["words"]).into_iter().map(|word| (list["kind"].as_str().unwrap(), word)));
    }
    words.extend(texts(&file["union_opt_out"]).into_iter().map(|word| ("opt_out", word)));
    assert_eq!(words.len(), 74);
    for (kind, word) in words {
        let expected = match (kind, word) {
            // It answers whatever was asked last, so it is left to a reading that knows what was.
            ("opt_in", "YES") => Inbound::Other,
            ("opt_in", _) => Inbound::OptInKeyword,
            ("help", _) => Inbound::Help,
            ("opt_out", _) => Inbound::OptOut,
            _ => panic!("unknown kind {kind}"),
        };
        for typed in [word.to_owned(), word.to_lowercase(), format!("  \u{201c}{word}!!\u{201d}\n")] {
            assert_eq!(Inbound::read(&typed, &canada, &["JOIN"]), expected, "{typed}");
            let in_us = if word == "TD" { &Inbound::Other } else { &expected };
            assert_eq!(&Inbound::read(&typed, &us, &["JOIN"]), in_us, "{typed}");
        }
    }
}

#[test]
fn inbound_texts_are_read_as_far_as_keywords_go() {
    let file = vectors("inbound_intents.json");
    let from = number("+12015550123");
    let mut read_all = 0;
    for case in file["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let read = Inbound::read(case["text"].as_str().unwrap(), &from, &["JOIN"]);
        match case["expect"].as_str().unwrap() {
            "opt_out" => assert_eq!(read, Inbound::OptOut, "{id}"),
            // A wish in other words: to be read by more than keywords, and never taken as consent.
            "opt_out_likely" => assert!(matches!(read, Inbound::OptOut | Inbound::Other), "{id}: {read:?}"),
            "opt_in" if id == "in-yes-kw" => assert_eq!(read, Inbound::Other, "{id}"),
            "opt_in" => assert_eq!(read, Inbound::OptInKeyword, "{id}"),
            "help" => assert_eq!(read, Inbound::Help, "{id}"),
            "join" => {
                let codes = vec!["K7QM4X".parse().unwrap()];
                assert_eq!(read, Inbound::Codes { codes, asked: true }, "{id}");
            }
            _ => assert_eq!(read, Inbound::Other, "{id}"),
        }
        read_all += 1;
    }
    assert_eq!(read_all, 59);
}
