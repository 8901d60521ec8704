//! The JSON Schema of topic files, held against the parser: what the parser reads the schema lets pass, and what it refuses for
//! its form the schema refuses too.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::fs;
use std::path::{Path, PathBuf};

use phygital_core::conversation::answer::Unit;
use phygital_core::conversation::topic::{Draft, Topic, limits};
use phygital_core::vocab::{Purpose, is_language};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&read("docs/topic.schema.json")).unwrap()
}

/// What of JSON Schema 2020-12 the schema uses; anything else in it fails, so that nothing of it is passed over.
struct Validator<'s> {
    root: &'s Value,
}

impl Validator<'_> {
    fn holds(&self, schema: &Value, value: &Value) -> bool {
        let Value::Object(rules) = schema else { return schema == &Value::Bool(true) };
        rules.iter().all(|(keyword, rule)| self.rule(keyword, rule, rules, value))
    }

    fn rule(&self, keyword: &str, rule: &Value, beside: &Map<String, Value>, value: &Value) -> bool {
        let limit = || rule.as_f64().unwrap();
        let size = || rule.as_u64().unwrap() as usize;
        let (object, array) = (value.as_object(), value.as_array());
        match keyword {
            "$schema" | "title" | "description" | "$defs" => true,
            "$ref" => self
                .holds(self.root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap(), value),
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "number" => value.is_number(),
                "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
                other => panic!("type {other}"),
            },
            "const" => rule == value,
            "enum" => rule.as_array().unwrap().contains(value),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| self.holds(one, value)),
            "not" => !self.holds(rule, value),
            "minimum" => value.as_f64().is_none_or(|number| number >= limit()),
            "maximum" => value.as_f64().is_none_or(|number| number <= limit()),
            "multipleOf" => value.as_f64().is_none_or(|number| (number / limit()).fract() == 0.0),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() <= size()),
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
            "items" => array.is_none_or(|all| all.iter().all(|one| self.holds(rule, one))),
            "minItems" => array.is_none_or(|all| all.len() >= size()),
            "maxItems" => array.is_none_or(|all| all.len() <= size()),
            "uniqueItems" => {
                array.is_none_or(|all| all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)))
            }
            "required" => object.is_none_or(|fields| {
                rule.as_array().unwrap().iter().all(|key| fields.contains_key(key.as_str().unwrap()))
            }),
            "properties" => object.is_none_or(|fields| {
                let known =
                    |(key, rule): (&String, &Value)| fields.get(key).is_none_or(|one| self.holds(rule, one));
                rule.as_object().unwrap().iter().all(known)
            }),
            "additionalProperties" => object.is_none_or(|fields| {
                let known = beside.get("properties").and_then(Value::as_object);
                let others =
                    fields.iter().filter(|(key, _)| !known.is_some_and(|known| known.contains_key(*key)));
                others.into_iter().all(|(_, one)| self.holds(rule, one))
            }),
            "propertyNames" => object
                .is_none_or(|fields| fields.keys().all(|key| self.holds(rule, &Value::from(key.as_str())))),
            "minProperties" => object.is_none_or(|fields| fields.len() >= size()),
            "maxProperties" => object.is_none_or(|fields| fields.len() <= size()),
            other => panic!("{other} is unknown"),
        }
    }
}

/// The patterns of the schema, by hand.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        r"\S" => !text.trim().is_empty(),
        "^[a-z][a-z0-9_]{0,39}$" => {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 40 && text.bytes().all(plain)
        }
        "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$" => is_language(text),
        other => panic!("{other} is unknown"),
    }
}

fn fits(topic: &Value) -> bool {
    let root = schema();
    Validator { root: &root }.holds(&root, topic)
}

/// A topic with every form that there is.
fn full() -> Value {
    json!({
        "$schema": "topic.schema.json", "version": 1, "id": "all", "about": ["every form"], "languages": ["en", "fr-CA"],
        "purpose": "service", "days": 90, "remind": {"after_hours": 336, "times": 2},
        "fields": {"first_name": "first_name"}, "start": "a",
        "steps": {
            "a": {
                "ask": {"en": "Size?", "fr-CA": "Taille ?"}, "again": {"en": "Which?"}, "remind": {"en": "Still?"},
                "attribute": "size.shoes", "valid_days": 3653, "fades_percent_a_year": 100, "tries": 4, "unclear": "leave",
                "answer": {"type": "size", "scales": [
                    {"system": "eu", "from": 35, "to": 47, "step": 0.5}, {"sizes": ["S", "M"]}
                ]},
                "then": [
                    {"if": {"all": [{"known": "a"}, {"not": {"any": [{"field": "b", "is": ["x", "y"]}]}}]}, "to": "b"},
                    {"if": {"field": "c", "at_least": 1.5}, "to": "c"},
                    {"if": {"field": "c", "below": 9}, "to": "d"},
                    {"if": {"field": "b", "is": "x"}, "to": "person"},
                    {"to": "end"}
                ]
            },
            "b": {
                "ask": {"en": "What for?"}, "attribute": "occasion",
                "answer": {"type": "choice", "numbered": true, "options": ["x", {"value": "y", "names": {"fr-CA": ["z"]}}]},
                "then": "c"
            },
            "c": {
                "ask": {"en": "How long?"}, "attribute": "inseam",
                "answer": {"type": "number", "min": 0, "max": 99.5, "decimals": 1, "unit": "cm", "also": ["in"]},
                "then": "d"
            },
            "d": {
                "ask": {"en": "When?"}, "attribute": "birthday",
                "answer": {"type": "date", "range": "past", "year": "optional"}, "then": "e"
            },
            "e": {"ask": {"en": "Sure?"}, "attribute": "sure", "answer": {"type": "yes_no"}, "then": "f"},
            "f": {"ask": {"en": "More?"}, "attribute": "more", "answer": {"type": "text"}, "then": "person"},
            "person": {"hand_over": true, "say": {"en": "One moment."}, "then": "bye"},
            "bye": {"say": {"en": "Bye, {{ first_name | default('you') }}"}, "then": "end"}
        }
    })
}

/// Every topic file of the tree, and those that stand in its documents.
fn topics() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "node_modules" {
                    folders.push(path);
                }
                continue;
            }
            let texts: Vec<String> = match path.extension().and_then(|end| end.to_str()) {
                Some("json") => fs::read_to_string(&path).into_iter().collect(),
                Some("md") => {
                    let text = fs::read_to_string(&path).unwrap();
                    let blocks = text.split("\n```json").skip(1).filter_map(|block| {
                        let (_, block) = block.split_once('\n')?;
                        Some(block.split_once("\n```")?.0.to_owned())
                    });
                    blocks.collect()
                }
                _ => continue,
            };
            let is_topic = |text: &String| {
                text.contains("\"languages\"") && text.contains("\"steps\"") && text.contains("\"start\"")
            };
            found.extend(texts.into_iter().filter(is_topic).map(|text| (path.display().to_string(), text)));
        }
    }
    found.retain(|(path, _)| !path.ends_with("topic.schema.json"));
    found
}

#[test]
fn every_topic_of_the_tree_fits() {
    let topics = topics();
    assert!(topics.iter().any(|(path, _)| path.ends_with("fitting.json")));
    assert!(topics.iter().any(|(path, _)| path.ends_with("conversation.md")));
    for (path, text) in topics {
        Topic::from_json(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(fits(&serde_json::from_str(&text).unwrap()), "{path}");
    }
    let full = full();
    Draft::from_json(&full.to_string()).unwrap();
    assert!(fits(&full));
}

#[test]
fn names_and_limits_are_those_of_the_parser() {
    let schema = schema();
    let at = |path: &str| schema.pointer(path).unwrap();
    let purposes: Vec<&str> = Purpose::ALL.iter().map(|one| one.name()).collect();
    assert_eq!(at("/properties/purpose/enum"), &json!(purposes));
    let units: Vec<&str> = Unit::ALL.iter().map(|unit| unit.sign()).collect();
    let also = "/$defs/answer/anyOf/1/properties/also";
    assert_eq!(at(&format!("{also}/items/enum")), &json!(units));
    for (path, limit) in [
        ("/properties/languages/maxItems", limits::TOPIC_LANGUAGES_MAX),
        ("/properties/days/maximum", limits::TOPIC_DAYS_MAX as usize),
        ("/properties/remind/properties/after_hours/maximum", limits::REMIND_HOURS_MAX as usize),
        ("/properties/remind/properties/times/maximum", limits::REMIND_TIMES_MAX as usize),
        ("/properties/fields/maxProperties", limits::TOPIC_FIELDS_MAX),
        ("/properties/steps/maxProperties", limits::TOPIC_STEPS_MAX),
        ("/$defs/short/maxLength", limits::NAME_BYTES_MAX),
        ("/$defs/step/anyOf/0/properties/valid_days/maximum", limits::VALID_DAYS_MAX as usize),
        ("/$defs/step/anyOf/0/properties/tries/maximum", limits::TRIES_MAX as usize),
        ("/$defs/then/anyOf/1/maxItems", limits::BRANCHES_MAX),
        ("/$defs/conditions/maxItems", limits::CONDITIONS_MAX),
        ("/$defs/condition/anyOf/4/properties/is/anyOf/1/maxItems", limits::OPTIONS_MAX),
        ("/$defs/answer/anyOf/0/properties/options/maxItems", limits::OPTIONS_MAX),
        ("/$defs/answer/anyOf/1/properties/also/maxItems", Unit::ALL.len()),
        ("/$defs/answer/anyOf/2/properties/scales/maxItems", limits::SCALES_MAX),
        ("/$defs/option/anyOf/1/properties/names/additionalProperties/maxItems", limits::NAMES_MAX),
        ("/$defs/scale/properties/sizes/maxItems", limits::SIZES_MAX),
    ] {
        assert_eq!(at(path), &json!(limit), "{path}");
    }
}

/// A topic with something else at a place; nothing there where it is `None`.
fn with(path: &str, value: Option<Value>) -> Value {
    let mut topic = full();
    let (above, key) = path.rsplit_once('/').unwrap();
    match (topic.pointer_mut(above).unwrap(), value) {
        (Value::Object(fields), Some(value)) => drop(fields.insert(key.to_owned(), value)),
        (Value::Object(fields), None) => drop(fields.remove(key).unwrap()),
        (Value::Array(all), Some(value)) => all[key.parse::<usize>().unwrap()] = value,
        (Value::Array(all), None) => drop(all.remove(key.parse().unwrap())),
        _ => panic!("{path}"),
    }
    topic
}

#[test]
fn what_the_parser_refuses_for_its_form_the_schema_refuses() {
    let refused = |path: &str, value: Option<Value>| {
        let topic = with(path, value);
        assert!(Draft::from_json(&topic.to_string()).is_err(), "{path}: read");
        !fits(&topic)
    };
    let many =
        |count: usize| Value::from((0..count).map(|n| Value::from(format!("v{n}"))).collect::<Vec<_>>());
    for (path, value) in [
        ("/version", json!(2)),
        ("/version", json!("1")),
        ("/id", json!("")),
        ("/languages", json!([])),
        ("/languages", json!(["en", "en"])),
        ("/languages", json!(["en_GB"])),
        ("/purpose", json!("fun")),
        ("/days", json!(91)),
        ("/days", json!(0)),
        ("/days", json!(1.5)),
        ("/remind", json!({"times": 1})),
        ("/remind/times", json!(3)),
        ("/remind/after_hours", json!(337)),
        ("/fields", json!({"end": "x"})),
        ("/fields/First", json!("x")),
        ("/fields/first_name", json!("x".repeat(97))),
        ("/steps", json!({})),
        ("/steps/end", json!({"then": "end"})),
        ("/steps/bye/sy", json!("x")),
        ("/steps/bye/say", json!({"en": " "})),
        ("/steps/bye/then", json!([])),
        ("/steps/bye/then", json!([{"if": {"known": "a"}}])),
        ("/steps/person/hand_over", json!(false)),
        ("/steps/a/valid_days", json!(3654)),
        ("/steps/a/tries", json!(5)),
        ("/steps/a/unclear", json!("shout")),
        ("/steps/a/fades_percent_a_year", json!(101)),
        ("/steps/a/then/0/if", json!({"unknown": "a"})),
        ("/steps/a/then/0/if", json!({"field": "a", "is": "x", "below": 1})),
        ("/steps/a/answer/type", json!("colour")),
        ("/steps/a/answer/scales", json!([])),
        ("/steps/a/answer/scales/0/step", json!(0)),
        ("/steps/a/answer/scales/0/step", json!(0.25)),
        ("/steps/a/answer/scales/0/step", json!(1.25)),
        ("/steps/a/answer/scales/0/step", json!(10.5)),
        ("/steps/a/answer/scales/0/from", json!(-1)),
        ("/steps/a/answer/scales/0/from", json!(35.25)),
        ("/steps/a/answer/scales/1/sizes", many(129)),
        ("/steps/b/answer/options", json!(["x"])),
        ("/steps/b/answer/options", many(33)),
        ("/steps/b/answer/numbered", json!("yes")),
        ("/steps/c/answer/also", json!(["mile"])),
        ("/steps/c/answer/decimals", json!(4)),
        ("/steps/c/answer/max", json!(1_000_000_001)),
        ("/steps/d/answer/range", json!("soon")),
        ("/steps/e/answer/more", json!(1)),
        ("/more", json!(1)),
    ] {
        assert!(refused(path, Some(value)), "{path}");
    }
    for path in [
        "/version",
        "/id",
        "/languages",
        "/start",
        "/steps",
        "/steps/a/attribute",
        "/steps/a/then",
        "/steps/a/answer",
    ] {
        assert!(refused(path, None), "{path}");
    }
    // What no schema can say is for `phygital conversation lint`.
    for (path, value) in [
        ("/start", json!("nowhere")),
        ("/steps/bye/then", json!("nowhere")),
        ("/steps/bye/say", json!({"en": "{{ nothing }}"})),
        ("/steps/bye/say", json!({"de": "x"})),
        ("/steps/bye/then", json!([{"if": {"known": "a"}, "to": "end"}])),
        ("/languages", json!(["en", "EN", "fr-CA"])),
        ("/steps/a/answer/scales/0/to", json!(34.5)),
        ("/steps/c/answer/also", json!(["kg"])),
        ("/steps/b/answer/options", json!(["red", "Red!"])),
        ("/steps/c/answer/min", json!(100)),
    ] {
        assert!(!refused(path, Some(value)), "{path}");
    }
}

/// Every place in a value.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, one)| (key.clone(), one)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(n, one)| (n.to_string(), one)).collect(),
        _ => Vec::new(),
    };
    for (key, one) in children {
        let path = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        all.push(path.clone());
        places(one, &path, all);
    }
}

proptest! {
    /// The oracle is the parser: nothing that it reads is refused by an editor with the schema.
    #[test]
    fn what_the_parser_reads_fits(place in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), what in 0..16usize) {
        let full = full();
        let mut all = Vec::new();
        places(&full, "", &mut all);
        let values = [
            json!(null), json!(true), json!(0), json!(1), json!(2.5), json!(40), json!(-1), json!("x"), json!(""), json!("end"),
            json!([]), json!({}), json!(["x", "y"]), json!({"en": "x"}),
        ];
        let value = match what {
            14 => None,
            15 => full.pointer(&all[other.index(all.len())]).cloned(),
            n => Some(values[n].clone()),
        };
        let topic = with(&all[place.index(all.len())], value);
        if Draft::from_json(&topic.to_string()).is_ok() {
            prop_assert!(fits(&topic), "{}", topic);
        }
    }
}
