//! JSON as files of an operator need it: each key once. Whoever reads one says where in it a value is wrong.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON value.
#[derive(Debug)]
pub(crate) enum Json {
    Null,
    Flag(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Number::from_f64(number).map(Json::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Json>()? {
            if fields.insert(key, value).is_some() {
                return Err(A::Error::custom("a key that is there twice"));
            }
        }
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_there_once_at_any_depth() {
        for twice in [r#"{"a": 1, "a": 1}"#, r#"[{"a": {"b": 1, "b": 2}}]"#, r#"{"a": 1, "\u0061": 1}"#] {
            serde_json::from_str::<Json>(twice).unwrap_err();
        }
        let Json::Object(fields) = serde_json::from_str(r#"{"b": [null, true], "a": {"b": "x"}}"#).unwrap()
        else {
            panic!("an object")
        };
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert!(
            matches!(&fields["b"], Json::List(values) if matches!(values[..], [Json::Null, Json::Flag(true)]))
        );
    }

    #[test]
    fn a_number_is_what_stands_there() {
        let number = |text: &str| match serde_json::from_str(text) {
            Ok(Json::Number(number)) => Some((number.as_u64(), number.as_f64())),
            _ => None,
        };
        assert_eq!(number("18446744073709551615"), Some((Some(u64::MAX), Some(u64::MAX as f64))));
        assert_eq!(number("-1"), Some((None, Some(-1.0))));
        assert_eq!(number("2.5"), Some((None, Some(2.5))));
        assert_eq!(number("1e999"), None);
    }
}
