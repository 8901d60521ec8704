//! The page that describes the format of the log is right.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use phygital_core::event::{Body, Event};
use phygital_core::log::{Head, LogEntry, seal};
use phygital_core::vocab::{Hlc, Identifier, IdentifierKind, Timestamp};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use support::shop;

const BEGIN: &str = "--ignored` -->\n```json\n";
const END: &str = "\n```\n<!-- end -->";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/log-format.md")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The two events of the example, as they were recorded.
fn recorded() -> Vec<(Event, LogEntry)> {
    let mut head = Head::start(shop::device(), 1, Hlc::ZERO);
    let mut entries = Vec::new();
    for n in 1..=2_u8 {
        let at = |millis| Timestamp::from_millis(1_795_899_900_000 + 1_000 * i64::from(n) + millis).unwrap();
        let mut body = Body::custom("Door Opened").unwrap();
        if let Body::Custom(custom) = &mut body {
            custom.extra.set("queue", r#"{"length": 4, "kind": "till"}"#).unwrap();
        }
        let source = "//shop.example/door".parse().unwrap();
        let mut event = Event::new(source, format!("door-{n}").parse().unwrap(), at(0), body);
        event.identifiers.push(Identifier::new(IdentifierKind::Device, "phone-81").unwrap());
        event.sent_at = (n == 1).then(|| at(125));
        let (entry, next) = seal(&head, &event, [n; 16], at(250)).unwrap();
        head = next;
        entries.push((event, if n == 2 { entry.erased() } else { entry }));
    }
    entries
}

/// An entry as the page shows it, with the 154 bytes put together by hand.
fn shown(event: &Event, entry: &LogEntry, link_before: &[u8]) -> Value {
    let big = |number: i64| number.to_be_bytes();
    let sent_at = entry.sent_at.map(Timestamp::as_micros);
    let mut between = b"phygital.log.1".to_vec();
    between.extend(link_before);
    between.extend(entry.origin.device.as_bytes());
    between.extend(entry.origin.epoch.to_be_bytes());
    between.extend(entry.origin.seq.to_be_bytes());
    between.extend(entry.hlc.as_raw().to_be_bytes());
    between.extend(entry.fold.key.as_bytes());
    between.extend(big(entry.fold.at.as_micros()));
    between.extend(big(entry.received_at.as_micros()));
    between.extend(big(sent_at.unwrap_or(-1)));
    between.extend(entry.payload_digest.as_bytes());
    json!({
        "source": event.source.as_str(),
        "id": event.id.as_str(),
        "event": entry.fold.key.to_string(),
        "device": entry.origin.device.to_string(),
        "epoch": entry.origin.epoch,
        "seq": entry.origin.seq,
        "hlc": entry.hlc.as_raw(),
        "at": entry.fold.at.as_micros(),
        "received_at": entry.received_at.as_micros(),
        "sent_at": sent_at,
        "salt": entry.payload.as_ref().map(|sealed| hex(&sealed.salt)),
        "payload": entry.payload.as_ref().map(|sealed| sealed.content.clone()),
        "payload_digest": entry.payload_digest.to_string(),
        "between": hex(&between),
        "link": entry.link.to_string(),
    })
}

fn example() -> Value {
    let mut before = vec![0; 32];
    let mut all = Vec::new();
    for (event, entry) in recorded() {
        all.push(shown(&event, &entry, &before));
        before = entry.link.as_bytes().to_vec();
    }
    Value::Array(all)
}

/// Written in order of the fields, one a line: `serde_json` would sort them.
fn print(example: &Value) -> String {
    const ORDER: [&str; 15] = [
        "source",
        "id",
        "event",
        "device",
        "epoch",
        "seq",
        "hlc",
        "at",
        "received_at",
        "sent_at",
        "salt",
        "payload",
        "payload_digest",
        "between",
        "link",
    ];
    let entry = |entry: &Value| {
        assert_eq!(entry.as_object().unwrap().len(), ORDER.len());
        let field = |name: &&str| format!("    \"{name}\": {}", entry[*name]);
        format!("  {{\n{}\n  }}", ORDER.iter().map(field).collect::<Vec<_>>().join(",\n"))
    };
    format!("[\n{}\n]", example.as_array().unwrap().iter().map(entry).collect::<Vec<_>>().join(",\n"))
}

fn on_page(text: &str) -> &str {
    let begin = text.find(BEGIN).unwrap() + BEGIN.len();
    &text[begin..begin + text[begin..].find(END).unwrap()]
}

#[test]
fn the_example_on_the_page_is_what_the_page_says() {
    let text = fs::read_to_string(page()).unwrap();
    let entries: Value = serde_json::from_str(on_page(&text)).unwrap();
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.len(), 2);
    let mut before = vec![0; 32];
    for entry in entries {
        let text = |name: &str| entry[name].as_str().unwrap();
        let key = digest(&SHA256, format!("{}\0{}", text("source"), text("id")).as_bytes());
        assert_eq!(text("event"), hex(&key.as_ref()[..16]));
        if let Some(payload) = entry["payload"].as_str() {
            let salted = [bytes(&entry["salt"]), payload.as_bytes().to_vec()].concat();
            assert_eq!(text("payload_digest"), hex(digest(&SHA256, &salted).as_ref()));
        }
        let between = bytes(&entry["between"]);
        assert_eq!(between.len(), 154);
        assert_eq!(text("link"), hex(digest(&SHA256, &between).as_ref()));
        // By the offsets of the table.
        let number = |name: &str| entry[name].as_i64().unwrap_or(-1).to_be_bytes().to_vec();
        for (at, expected) in [
            (0, b"phygital.log.1".to_vec()),
            (14, before),
            (46, bytes(&entry["device"])),
            (62, number("epoch")[4..].to_vec()),
            (66, number("seq")),
            (74, number("hlc")),
            (82, bytes(&entry["event"])),
            (98, number("at")),
            (106, number("received_at")),
            (114, number("sent_at")),
            (122, bytes(&entry["payload_digest"])),
        ] {
            assert_eq!(hex(&between[at..at + expected.len()]), hex(&expected), "offset {at}");
        }
        before = bytes(&entry["link"]);
    }
}

#[test]
fn the_example_on_the_page_is_what_the_code_writes() {
    let text = fs::read_to_string(page()).unwrap();
    assert_eq!(on_page(&text), print(&example()), "see the ignored test that writes it");
}

#[test]
#[ignore = "checks nothing: it writes the example on the page anew, for an unreleased change of the format"]
fn write_the_example() {
    let text = fs::read_to_string(page()).unwrap();
    let new = text.replacen(on_page(&text), &print(&example()), 1);
    fs::write(page(), new).unwrap();
}
