//! One vector: its fields, read as what they have to be.

use phygital_core::crypto::Secret;
use serde_json::{Map, Value};

pub(super) use crate::hex::{bytes, hex};

/// What a vector's run gave: the fields that its `expect` may name.
pub(super) type Got = Map<String, Value>;

/// Why a vector could not be run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// No such operation in the schema.
    #[error("no operation that is known here")]
    Operation,
    /// A field is missing or not what it has to be.
    #[error("{field}: expected {expected}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
}

/// One vector.
#[derive(Clone, Copy)]
pub(super) struct Case<'v>(pub(super) &'v Map<String, Value>);

impl<'v> Case<'v> {
    /// Whether it has the field.
    pub(super) fn has(self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Any value.
    pub(super) fn value(self, field: &'static str) -> Result<&'v Value, Unreadable> {
        self.0.get(field).ok_or(Unreadable::Field { field, expected: "a value" })
    }

    /// A text.
    pub(super) fn text(self, field: &'static str) -> Result<&'v str, Unreadable> {
        self.optional_text(field).ok_or(Unreadable::Field { field, expected: "a text" })
    }

    /// A text, where it is there.
    pub(super) fn optional_text(self, field: &str) -> Option<&'v str> {
        self.0.get(field).and_then(Value::as_str)
    }

    /// A number that fits.
    pub(super) fn number<N: TryFrom<i64>>(self, field: &'static str) -> Result<N, Unreadable> {
        let number = self.0.get(field).and_then(Value::as_i64).and_then(|number| N::try_from(number).ok());
        number.ok_or(Unreadable::Field { field, expected: "a number in its range" })
    }

    /// Whether something is so.
    pub(super) fn flag(self, field: &'static str) -> Result<bool, Unreadable> {
        self.0
            .get(field)
            .and_then(Value::as_bool)
            .ok_or(Unreadable::Field { field, expected: "true or false" })
    }

    /// Bytes in hexadecimal digits.
    pub(super) fn bytes(self, field: &'static str) -> Result<Vec<u8>, Unreadable> {
        bytes(self.text(field)?).ok_or(Unreadable::Field { field, expected: "hexadecimal digits" })
    }

    /// Exactly `N` bytes in hexadecimal digits.
    pub(super) fn array<const N: usize>(self, field: &'static str) -> Result<[u8; N], Unreadable> {
        let expected = "hexadecimal digits of the length that it has";
        self.bytes(field)?.try_into().map_err(|_| Unreadable::Field { field, expected })
    }

    /// A key.
    pub(super) fn secret<const N: usize>(self, field: &'static str) -> Result<Secret<N>, Unreadable> {
        Ok(Secret::take(&mut self.array(field)?))
    }
}

/// The fields that a run gave, from what has a value.
pub(super) fn got<const N: usize>(fields: [(&str, Value); N]) -> Got {
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A refusal, by its code.
pub(super) fn refused(code: &str) -> Got {
    got([("result", code.into())])
}
