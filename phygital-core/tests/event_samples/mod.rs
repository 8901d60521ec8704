//! Events of every kind, with every property filled, by chance or with a mark.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use phygital_core::event::{
    Address, Body, Campaign, CodecOptions, Event, EventError, Page, Product, Property,
};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;

/// Reads with nothing said beforehand.
pub(crate) fn read(text: &str) -> Result<Event, EventError> {
    Event::from_json(text, &CodecOptions::default())
}

/// An envelope around `data`.
pub(crate) fn envelope(kind: &str, data: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"e-1","source":"//shop.example/till","type":"{kind}","time":"2026-05-04T10:00:00Z","data":{data}}}"#
    )
}

/// The type that stands for a name of the vocabulary.
pub(crate) fn type_of(name: &str) -> String {
    format!("com.phygital.{}", name.to_ascii_lowercase().replace(' ', "_"))
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Where values come from: chance, or one text that is looked for afterwards.
#[derive(Clone, Copy)]
pub(crate) enum Words {
    Chance,
    Marked(&'static str),
}

impl Words {
    fn text(self) -> BoxedStrategy<String> {
        match self {
            Words::Chance => prop_oneof!["\\PC{0,12}", "[a-z\"\\\\\n\t/é😀\u{1}]{0,6}", "[0-9]{1,6}"].boxed(),
            Words::Marked(mark) => Just(format!("a {mark}")).boxed(),
        }
    }
}

/// The JSON text of a value of that form; amounts are of `currency`, where it is known.
pub(crate) fn value(form: &str, currency: &'static str, words: Words) -> BoxedStrategy<String> {
    let amount = match currency {
        "JPY" => "-?(0|[1-9][0-9]{0,8})(\\.0{1,2})?",
        "KWD" => "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,3})?",
        _ => "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,2}0{0,2})?([eE][+]?[0-3])?",
    };
    let money = prop_oneof![
        amount,
        amount.prop_map(|amount| format!("\"{amount}\"")),
        any::<i64>().prop_map(move |minor| format!(r#"{{"minor":{minor},"currency":"{currency}"}}"#)),
    ];
    match form {
        "text" | "personal" => words.text().prop_map(|text| quoted(&text)).boxed(),
        "id" => match words {
            Words::Chance => prop_oneof!["\"[A-Za-z0-9:/ _-]{0,10}[a-z]\"", "[1-9][0-9]{0,12}"]
                .prop_map(|text: String| text.replace("\" ", "\"."))
                .boxed(),
            Words::Marked(_) => Just("\"id-1\"".to_owned()).boxed(),
        },
        "truth" => any::<bool>().prop_map(|truth| truth.to_string()).boxed(),
        "count" => prop_oneof!["[0-9]", "[1-9][0-9]{1,6}", "[1-9][0-9]{0,3}\\.0", "[1-9]e[0-6]"].boxed(),
        "integer" => any::<i64>().prop_map(|number| number.to_string()).boxed(),
        "decimal" => "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,9})?".boxed(),
        "price" | "money" => money.boxed(),
        "currency" => prop_oneof![Just(currency.to_owned()), Just(currency.to_ascii_lowercase())]
            .prop_map(|code| quoted(&code))
            .boxed(),
        "time" => (0..253_402_300_799_999_999_i64)
            .prop_map(|micros| {
                quoted(&phygital_core::vocab::Timestamp::from_micros(micros).unwrap().to_string())
            })
            .boxed(),
        "identifier" => match words {
            Words::Chance => prop_oneof![
                "\\+3361234567[0-9]".prop_map(|phone| format!(r#"{{"kind":"phone","value":"{phone}"}}"#)),
                "[a-z]{1,8}".prop_map(|local| format!(r#""email:{local}@shop.example""#)),
            ]
            .boxed(),
            Words::Marked(mark) => Just(format!(r#""email:{mark}@shop.example""#)).boxed(),
        },
        "digest" => "\"[0-9a-f]{64}\"".boxed(),
        "key" => "\"[0-9a-f]{32}\"".boxed(),
        "uid" => "\"04[0-9a-fA-F]{12}\"".boxed(),
        "zone" => select(vec!["\"Europe/Paris\"", "\"UTC\""]).prop_map(str::to_owned).boxed(),
        "purpose" => select(vec!["\"marketing\"", "\"service\""]).prop_map(str::to_owned).boxed(),
        "method" => select(vec!["\"till\"", "\"tap_to_text\""]).prop_map(str::to_owned).boxed(),
        "class" => select(vec!["\"marketing\"", "\"transactional\""]).prop_map(str::to_owned).boxed(),
        "cause" => select(vec!["\"carrier\"", "\"staff\""]).prop_map(str::to_owned).boxed(),
        "right" => select(vec!["\"access\"", "\"opt_out\""]).prop_map(str::to_owned).boxed(),
        "status" => select(vec!["\"lost\"", "\"active\""]).prop_map(str::to_owned).boxed(),
        "product" => object(Product::properties(), currency, words),
        "address" => object(Address::properties(), currency, words),
        "campaign" => object(Campaign::properties(), currency, words),
        "page" => object(Page::properties(), currency, words),
        other => panic!("no sample of the form {other}"),
    }
}

/// An object with every one of these properties, in any order.
pub(crate) fn object(
    properties: Vec<Property>,
    currency: &'static str,
    words: Words,
) -> BoxedStrategy<String> {
    let fields: Vec<_> = properties
        .into_iter()
        .map(|property| {
            let one = value(property.form, currency, words);
            let value = if property.list {
                proptest::collection::vec(one, 1..3).prop_map(|list| format!("[{}]", list.join(","))).boxed()
            } else {
                one
            };
            value.prop_map(move |value| format!("\"{}\":{value}", property.name))
        })
        .collect();
    fields.prop_shuffle().prop_map(|fields| format!("{{{}}}", fields.join(","))).boxed()
}

/// The whole text of an event of that kind, with every property, identifiers, place, zone, context,
/// an extension attribute and other properties.
pub(crate) fn event(name: &'static str, words: Words) -> BoxedStrategy<String> {
    select(vec!["EUR", "JPY", "KWD"])
        .prop_flat_map(move |currency| {
            let properties = object(Body::properties(name).unwrap(), currency, words);
            let one = |form: &str| value(form, currency, words);
            let who = (one("identifier"), one("identifier"));
            let around = (one("campaign"), one("page"), one("personal"), one("personal"), one("text"));
            (properties, who, around, one("text"), one("time"))
        })
        .prop_map(move |(properties, who, around, other, sent)| {
            let (campaign, page, user_agent, ip, locale) = around;
            let data = format!(
                r#"{{"place":"paris-1","zone":"Europe/Paris",
                "identifiers":[{},{},"phone:+33612345678","cookie:c-1"],
                "context":{{"campaign":{campaign},"page":{page},"userAgent":{user_agent},"ip":{ip},"locale":{locale},
                    "library":{{"name":"x","build":1}}}},
                "segmentMessage":{{"integrations":{{"All":true}},"channel":{other}}},
                "properties":{properties}}}"#,
                who.0, who.1
            );
            let text = envelope(&type_of(name), &data);
            text.replacen('{', &format!(r#"{{"senttime":{sent},"traceparent":{other},"#), 1)
        })
        .boxed()
}

/// An event of any kind.
pub(crate) fn any_event(words: Words) -> BoxedStrategy<String> {
    select(Body::NAMES).prop_flat_map(move |name| event(name, words)).boxed()
}
