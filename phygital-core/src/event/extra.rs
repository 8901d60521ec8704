//! Properties outside the vocabulary: carried along, read by no rule.

use std::collections::BTreeMap;
use std::fmt;

use super::error::{EventError, Expected};
use super::fields::{Object, Path, Writer};
use super::json::parse;
use crate::vocab::limits::EXTRA_BYTES_MAX;

/// Properties that the vocabulary does not know, kept as canonical JSON by name: no white space, the
/// names of every object in order, numbers as they were written.
///
/// At most [`EXTRA_BYTES_MAX`] bytes, names and values together. `null` is as good as absent.
/// `Debug` prints how many there are.
///
/// ```
/// use phygital_core::event::Extra;
/// let mut extra = Extra::default();
/// extra.set("queue", r#"{ "length": 4, "kind": "till" }"#)?;
/// assert_eq!(extra.get("queue"), Some(r#"{"kind":"till","length":4}"#));
/// # Ok::<(), phygital_core::event::EventError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Extra(BTreeMap<String, String>);

impl Extra {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON text of a property, canonical.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names and JSON texts, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Puts a property, whose value is a JSON text, in place of any of that name; `null` takes it away.
    ///
    /// # Errors
    /// The text is no JSON, or the properties would pass [`EXTRA_BYTES_MAX`]. They are then as
    /// before. That the vocabulary has a field of that name is found when the event is
    /// [settled](crate::event::Event::settle).
    pub fn set(&mut self, name: &str, json: &str) -> Result<(), EventError> {
        let at = Path::Root;
        let mut text = String::new();
        parse(json)?.0.canonical(&at, &mut text)?;
        let others: usize = self.iter().filter(|(other, _)| *other != name).map(size).sum();
        if text == "null" {
            self.0.remove(name);
        } else if others + size((name, &text)) > EXTRA_BYTES_MAX {
            return Err(at.fail(LIMIT));
        } else {
            self.0.insert(name.to_owned(), text);
        }
        Ok(())
    }

    /// Puts an object with these fields.
    pub(crate) fn put_object(&mut self, name: &str, fields: &Extra, at: &Path<'_>) -> Result<(), EventError> {
        let mut text = String::new();
        Writer::object(&mut text, |out| out.extra(fields));
        self.0.insert(name.to_owned(), text);
        self.check(at)
    }

    fn check(&self, at: &Path<'_>) -> Result<(), EventError> {
        if self.iter().map(size).sum::<usize>() > EXTRA_BYTES_MAX { Err(at.fail(LIMIT)) } else { Ok(()) }
    }

    /// The fields of an object that nobody took.
    pub(crate) fn rest(object: Object<'_>, at: &Path<'_>) -> Result<Extra, EventError> {
        let mut extra = BTreeMap::new();
        for (name, value) in object.into_fields() {
            let mut text = String::new();
            value.canonical(at, &mut text)?;
            extra.insert(name.into_owned(), text);
        }
        let extra = Extra(extra);
        extra.check(at)?;
        Ok(extra)
    }
}

const LIMIT: Expected = Expected::AtMost { most: EXTRA_BYTES_MAX, unit: "bytes of other properties" };

fn size((name, text): (&str, &str)) -> usize {
    name.len() + text.len()
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extra({} properties)", self.0.len())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn properties_are_set_and_taken_away() {
        let mut extra = Extra::default();
        extra.set("b", " [1.50, {\"y\": \"\\u0041\", \"x\": null}] ").unwrap();
        extra.set("a", "true").unwrap();
        let all: Vec<_> = extra.iter().collect();
        assert_eq!(all, [("a", "true"), ("b", r#"[1.50,{"x":null,"y":"A"}]"#)]);
        extra.set("a", "null").unwrap();
        assert_eq!(extra.get("a"), None);
        assert_eq!(extra.set("a", "{").unwrap_err().expected, Expected::Json);
        assert_eq!(extra.set("a", "{\"x\":1,\"x\":1}").unwrap_err().expected, Expected::Once);
        assert_eq!(format!("{extra:?}"), "Extra(1 properties)");
    }

    #[test]
    fn bytes_are_limited() {
        let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        let mut extra = Extra::default();
        extra.set("a", &text(EXTRA_BYTES_MAX - 1)).unwrap();
        assert_eq!(extra.set("a", &text(EXTRA_BYTES_MAX)).unwrap_err().expected, LIMIT);
        assert_eq!(extra.set("b", "1").unwrap_err().expected, LIMIT);
        extra.set("a", &text(EXTRA_BYTES_MAX - 3)).unwrap();
        extra.set("b", "1").unwrap();
    }
}
