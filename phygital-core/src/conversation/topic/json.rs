//! JSON as topic files need it: numbers exact to the thousandth, and where each value stands.

use std::collections::BTreeMap;

use super::TopicError;
use crate::vocab::Json;

/// A value and its path.
#[derive(Debug)]
pub(super) struct At<'j> {
    pub(super) path: String,
    value: &'j Json,
}

/// A field of an object: its name, its value.
pub(super) type Field<'j> = (&'j str, At<'j>);

/// Greatest number of a topic file, in thousandths: with room to multiply.
const NUMBER_MAX: f64 = 1e15;

/// Reads a whole text.
pub(super) fn read(text: &str) -> Result<Json, TopicError> {
    serde_json::from_str(text)
        .map_err(|error| TopicError::Json { line: error.line(), column: error.column() })
}

impl<'j> At<'j> {
    /// The value that paths begin at.
    pub(super) fn root(value: &'j Json) -> At<'j> {
        At { path: String::new(), value }
    }

    pub(super) fn wrong(&self, expected: impl Into<String>) -> TopicError {
        let path = if self.path.is_empty() { "topic".to_owned() } else { self.path.clone() };
        TopicError::Field { path, expected: expected.into() }
    }

    fn under(&self, key: &str, value: &'j Json) -> At<'j> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        At { path, value }
    }

    /// The fields of an object, in order of their names.
    pub(super) fn object(&self) -> Result<Vec<Field<'j>>, TopicError> {
        let Json::Object(fields) = self.value else { return Err(self.wrong("an object")) };
        Ok(fields.iter().map(|(key, value)| (key.as_str(), self.under(key, value))).collect())
    }

    /// The fields of an object that has no others than these.
    pub(super) fn fields(&self, allowed: &[&str]) -> Result<Fields<'j>, TopicError> {
        let fields = self.object()?;
        if let Some((_, odd)) = fields.iter().find(|(key, _)| !allowed.contains(key)) {
            return Err(odd.wrong(format!("no such key here, but one of {}", allowed.join(", "))));
        }
        Ok(Fields { path: self.path.clone(), fields: fields.into_iter().collect() })
    }

    /// Whether it is an object that has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(self.value, Json::Object(fields) if fields.contains_key(key))
    }

    pub(super) fn list(&self, most: usize) -> Result<Vec<At<'j>>, TopicError> {
        let Json::List(values) = self.value else { return Err(self.wrong("a list")) };
        if values.len() > most {
            return Err(self.wrong(format!("at most {most} of them")));
        }
        let at = |(place, value)| At { path: format!("{}[{place}]", self.path), value };
        Ok(values.iter().enumerate().map(at).collect())
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self.value, Json::Text(_))
    }

    pub(super) fn text(&self) -> Result<&'j str, TopicError> {
        match self.value {
            Json::Text(text) if !text.trim().is_empty() => Ok(text),
            _ => Err(self.wrong("a text that is not empty")),
        }
    }

    pub(super) fn flag(&self) -> Result<bool, TopicError> {
        if let Json::Flag(flag) = self.value { Ok(*flag) } else { Err(self.wrong("true or false")) }
    }

    /// In thousandths.
    pub(super) fn number(&self) -> Result<i64, TopicError> {
        let number = if let Json::Number(number) = self.value { number.as_f64() } else { None };
        number.and_then(thousandths).ok_or_else(|| self.wrong("a number with at most three decimals"))
    }

    pub(super) fn whole(&self, range: std::ops::RangeInclusive<u32>) -> Result<u32, TopicError> {
        let expected = || self.wrong(format!("a whole number from {} to {}", range.start(), range.end()));
        let number = self.number().map_err(|_| expected())?;
        let whole = u32::try_from(number / 1_000).ok().filter(|_| number % 1_000 == 0);
        whole.filter(|whole| range.contains(whole)).ok_or_else(expected)
    }
}

/// The fields of an object by name.
pub(super) struct Fields<'j> {
    path: String,
    fields: BTreeMap<&'j str, At<'j>>,
}

impl<'j> Fields<'j> {
    pub(super) fn get(&self, key: &str) -> Option<&At<'j>> {
        self.fields.get(key)
    }

    /// A field that has to be there.
    pub(super) fn must(&self, key: &str) -> Result<&At<'j>, TopicError> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        self.get(key).ok_or(TopicError::Field { path, expected: "a value".to_owned() })
    }
}

/// A decimal of at most three places is the double nearest to it, and so is its thousandfold, rounded.
fn thousandths(number: f64) -> Option<i64> {
    let thousandths = (number * 1_000.0).round();
    let exact = thousandths.abs() <= NUMBER_MAX && thousandths / 1_000.0 == number;
    exact.then_some(thousandths as i64)
}
