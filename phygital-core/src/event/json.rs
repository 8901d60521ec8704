//! Reading and writing JSON within limits, exactly.
//!
//! Numbers stay text until their type is known, so `0.1` never becomes a float; each name stands
//! once in an object; an error says where. The grammar itself is `serde_json`'s.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{EventError, Expected};
use crate::vocab::limits::{
    EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_LIST_MAX, EVENT_VALUES_MAX, EXTRA_BYTES_MAX, TEXT_BYTES_MAX,
};
use crate::vocab::{
    ActionId, ConsentMethod, Currency, Decimal, Digest, EventId, EventKey, Identifier, IdentifierError,
    IdentifierKind, KeyEpoch, MessageId, Money, NoticeId, OrderId, Personal, PlaceId, Price, Purpose,
    ReadCounter, Region, SourceId, StaffId, TagStatus, TagUid, Timestamp, TouchpointId, Zone,
};

/// Where in the text a value stands.
#[derive(Clone, Copy)]
pub(crate) enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub(crate) fn fail(&self, expected: impl Into<Expected>) -> EventError {
        EventError { at: self.to_string(), expected: expected.into() }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => f.write_str("event"),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// What values around it tell about a value: the currency of its amounts, the region of its phones.
#[derive(Clone, Copy, Default)]
pub(crate) struct Scope {
    pub(crate) currency: Option<Currency>,
    pub(crate) region: Option<Region>,
}

/// Checks size, depth and count, and that the text is JSON.
pub(crate) fn document(text: &str) -> Result<&RawValue, EventError> {
    let root = Path::Root;
    if text.len() > EVENT_BYTES_MAX {
        return Err(root.fail(Expected::AtMost { most: EVENT_BYTES_MAX, unit: "bytes" }));
    }
    let (mut depth, mut deepest, mut values) = (0_usize, 0, 1_usize);
    let (mut in_text, mut escaped) = (false, false);
    for byte in text.bytes() {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'{' | b'[') => {
                depth += 1;
                values += 1;
                deepest = deepest.max(depth);
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, b',') => values += 1,
            _ => {}
        }
    }
    if deepest > EVENT_DEPTH_MAX {
        return Err(root.fail(Expected::AtMost { most: EVENT_DEPTH_MAX, unit: "levels of nesting" }));
    }
    if values > EVENT_VALUES_MAX {
        return Err(root.fail(Expected::AtMost { most: EVENT_VALUES_MAX, unit: "values" }));
    }
    serde_json::from_str(text).map_err(|_| root.fail(Expected::Json))
}

/// The fields of a JSON object that nobody has taken yet.
#[derive(Default)]
pub(crate) struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    pub(crate) fn read(raw: &'a RawValue, at: &Path<'_>) -> Result<Object<'a>, EventError> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(fields)
            }
        }
        let mut fields = serde_json::Deserializer::from_str(raw.get())
            .deserialize_map(Fields)
            .map_err(|_| at.fail(Expected::Value("an object")))?;
        fields.sort_by(|(one, _), (two, _)| one.cmp(two));
        if fields.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(at.fail(Expected::Once));
        }
        Ok(Object { fields })
    }

    /// Takes a field out; `null` is as good as absent, as Segment has it.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let index = self.fields.iter().position(|(field, _)| field == name)?;
        let (_, raw) = self.fields.remove(index);
        (raw.get() != "null").then_some(raw)
    }

    /// Looks at a field and leaves it there.
    pub(crate) fn peek(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.fields.iter().find(|(field, _)| field == name)?;
        (raw.get() != "null").then_some(*raw)
    }

    /// Puts a field back that was taken, so that it is kept with the rest.
    pub(crate) fn put_back(&mut self, name: &'a str, raw: &'a RawValue) {
        self.fields.push((Cow::Borrowed(name), raw));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Adds the fields of another object; a name that stands in both is an error.
    pub(crate) fn merge(&mut self, other: Object<'a>, at: &Path<'_>) -> Result<(), EventError> {
        self.fields.extend(other.fields);
        self.fields.sort_by(|(one, _), (two, _)| one.cmp(two));
        if self.fields.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(at.fail(Expected::Once));
        }
        Ok(())
    }

    /// The fields nobody took.
    pub(crate) fn rest(self, at: &Path<'_>) -> Result<Extra, EventError> {
        let mut extra = BTreeMap::new();
        let mut size = 0;
        for (name, raw) in self.fields {
            let mut text = String::new();
            canonical(raw, at, &mut text)?;
            size += name.len() + text.len();
            extra.insert(name.into_owned(), text);
        }
        if size > EXTRA_BYTES_MAX {
            return Err(
                at.fail(Expected::AtMost { most: EXTRA_BYTES_MAX, unit: "bytes of other properties" })
            );
        }
        Ok(Extra(extra))
    }
}

/// A name that may be borrowed from the text or, with escapes in it, owned.
struct Name<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The elements of a JSON array.
pub(crate) fn elements<'a>(raw: &'a RawValue, at: &Path<'_>) -> Result<Vec<&'a RawValue>, EventError> {
    struct Elements;
    impl<'de> Visitor<'de> for Elements {
        type Value = Vec<&'de RawValue>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = seq.next_element()? {
                elements.push(element);
            }
            Ok(elements)
        }
    }
    let elements = serde_json::Deserializer::from_str(raw.get())
        .deserialize_seq(Elements)
        .map_err(|_| at.fail(Expected::Value("a list")))?;
    if elements.len() > EVENT_LIST_MAX {
        return Err(at.fail(Expected::AtMost { most: EVENT_LIST_MAX, unit: "entries" }));
    }
    Ok(elements)
}

/// Writes JSON without white space and with the names of each object in order.
fn canonical(raw: &RawValue, at: &Path<'_>, out: &mut String) -> Result<(), EventError> {
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'{') => {
            out.push('{');
            let object = Object::read(raw, at)?;
            for (index, (name, value)) in object.fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_text(name, out);
                out.push(':');
                canonical(value, at, out)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            out.push('[');
            for (index, element) in elements(raw, at)?.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(element, at, out)?;
            }
            out.push(']');
        }
        Some(b'"') => push_text(&text_of(raw, at)?, out),
        _ => out.push_str(text),
    }
    Ok(())
}

fn text_of<'a>(raw: &'a RawValue, at: &Path<'_>) -> Result<Cow<'a, str>, EventError> {
    serde_json::from_str::<Name<'a>>(raw.get())
        .map(|Name(text)| text)
        .map_err(|_| at.fail(Expected::Value("a text")))
}

/// The text of a JSON string, within [`TEXT_BYTES_MAX`].
pub(crate) fn text<'a>(raw: &'a RawValue, at: &Path<'_>) -> Result<Cow<'a, str>, EventError> {
    let text = text_of(raw, at)?;
    if text.len() > TEXT_BYTES_MAX {
        return Err(at.fail(Expected::AtMost { most: TEXT_BYTES_MAX, unit: "bytes" }));
    }
    Ok(text)
}

fn push_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::to_string(text).expect("a text is always JSON"));
}

/// Properties that the vocabulary does not know, kept as canonical JSON by name.
///
/// They are carried along and never read by a rule. `Debug` prints how many there are.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Extra(BTreeMap<String, String>);

impl Extra {
    /// No properties.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON text of a property, canonical: no white space, names in order.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names and JSON texts, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extra({} properties)", self.0.len())
    }
}

/// Writes one JSON object, field by field; what is absent is left out.
pub(crate) struct Writer<'w> {
    out: &'w mut String,
    empty: bool,
}

impl<'w> Writer<'w> {
    /// Writes an object whose fields `fill` puts.
    pub(crate) fn object(out: &'w mut String, fill: impl FnOnce(&mut Writer<'_>)) {
        out.push('{');
        let mut writer = Writer { out, empty: true };
        fill(&mut writer);
        writer.out.push('}');
    }

    pub(crate) fn name(&mut self, name: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        push_text(name, self.out);
        self.out.push(':');
        self.out
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        push_text(value, self.name(name));
    }

    pub(crate) fn extra(&mut self, extra: &Extra) {
        for (name, text) in extra.iter() {
            self.name(name).push_str(text);
        }
    }
}

/// A value that has a JSON form.
pub(crate) trait Field: Sized {
    fn read(raw: &RawValue, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError>;
    fn write(&self, out: &mut String);
}

/// A field of an object, there or not.
pub(crate) trait Member: Sized {
    fn pick(object: &mut Object<'_>, name: &str, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError>;
    fn put(&self, name: &str, out: &mut Writer<'_>);
}

impl<T: Field> Member for Option<T> {
    fn pick(object: &mut Object<'_>, name: &str, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        object.take(name).map(|raw| T::read(raw, &Path::Field(at, name), scope)).transpose()
    }
    fn put(&self, name: &str, out: &mut Writer<'_>) {
        if let Some(value) = self {
            value.write(out.name(name));
        }
    }
}

impl<T: Field> Member for Vec<T> {
    fn pick(object: &mut Object<'_>, name: &str, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let Some(raw) = object.take(name) else { return Ok(Vec::new()) };
        let at = Path::Field(at, name);
        let read = |(index, raw)| T::read(raw, &Path::Index(&at, index), scope);
        elements(raw, &at)?.into_iter().enumerate().map(read).collect()
    }
    fn put(&self, name: &str, out: &mut Writer<'_>) {
        if self.is_empty() {
            return;
        }
        let out = out.name(name);
        out.push('[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            value.write(out);
        }
        out.push(']');
    }
}

/// Makes types stand in an object as fields that have to be there.
macro_rules! required {
    ($($name:ty),* $(,)?) => {$(
        impl Member for $name {
            fn pick(
                object: &mut Object<'_>,
                name: &str,
                at: &Path<'_>,
                scope: &Scope,
            ) -> Result<Self, $crate::event::EventError> {
                let at = Path::Field(at, name);
                let raw = object.take(name).ok_or_else(|| at.fail($crate::event::Expected::Present))?;
                <$name as Field>::read(raw, &at, scope)
            }
            fn put(&self, name: &str, out: &mut Writer<'_>) {
                Field::write(self, out.name(name));
            }
        }
    )*};
}

/// Gives types that parse from and print as a text their JSON form.
macro_rules! textual {
    ($($name:ty),* $(,)?) => {$(
        impl Field for $name {
            fn read(
                raw: &serde_json::value::RawValue,
                at: &Path<'_>,
                _: &Scope,
            ) -> Result<Self, $crate::event::EventError> {
                $crate::event::json::text(raw, at)?.parse::<$name>().map_err(|error| at.fail(error))
            }
            fn write(&self, out: &mut String) {
                out.push_str(&serde_json::to_string(&self.to_string()).expect("a text is always JSON"));
            }
        }
        required!($name);
    )*};
}

impl Field for String {
    /// A number or truth value is taken as its text: product ids often come so.
    fn read(raw: &RawValue, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        match raw.get().as_bytes().first() {
            Some(b'-' | b'0'..=b'9' | b't' | b'f') => Ok(raw.get().to_owned()),
            _ => Ok(text(raw, at)?.into_owned()),
        }
    }
    fn write(&self, out: &mut String) {
        push_text(self, out);
    }
}

impl Field for Personal {
    fn read(raw: &RawValue, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        String::read(raw, at, scope).map(Personal::new)
    }
    fn write(&self, out: &mut String) {
        push_text(self.reveal(), out);
    }
}

impl Field for bool {
    fn read(raw: &RawValue, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        match raw.get() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(at.fail(Expected::Value("true or false"))),
        }
    }
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Field for u32 {
    /// `2.0` is two: some languages know no integers.
    fn read(raw: &RawValue, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        let whole = raw.get().parse::<Decimal>().ok().filter(|number| number.scale() == 0);
        whole
            .and_then(|number| u32::try_from(number.units()).ok())
            .ok_or_else(|| at.fail(Expected::Value("a whole number from 0 to 4294967295")))
    }
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Field for i64 {
    fn read(raw: &RawValue, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        raw.get().parse().map_err(|_| at.fail(Expected::Value("a whole number of 64 bits")))
    }
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Field for Decimal {
    fn read(raw: &RawValue, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        let number = match raw.get().as_bytes().first() {
            Some(b'"') => text(raw, at)?,
            _ => Cow::Borrowed(raw.get()),
        };
        number.parse::<Decimal>().map_err(|error| at.fail(error))
    }
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Field for Price {
    /// A number or numeric text in major units, with the currency that stands beside it; or
    /// `{"minor": 1999, "currency": "EUR"}`.
    fn read(raw: &RawValue, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        if raw.get().starts_with('{') {
            let mut object = Object::read(raw, at)?;
            let minor = i64::pick(&mut object, "minor", at, scope)?;
            let currency = Currency::pick(&mut object, "currency", at, scope)?;
            return Ok(Price::Money(Money::new(minor, currency)));
        }
        let number = Decimal::read(raw, at, scope)?;
        match scope.currency {
            Some(currency) => {
                Money::from_decimal(number, currency).map(Price::Money).map_err(|error| at.fail(error))
            }
            None => Ok(Price::Bare(number)),
        }
    }
    fn write(&self, out: &mut String) {
        match self {
            Price::Money(money) => money.write(out),
            Price::Bare(number) => number.write(out),
        }
    }
}

impl Field for Money {
    fn read(raw: &RawValue, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let price = Price::read(raw, at, scope)?;
        price.money().ok_or_else(|| at.fail(Expected::Value("a currency beside the amount")))
    }
    fn write(&self, out: &mut String) {
        Writer::object(out, |out| {
            self.minor().put("minor", out);
            self.currency().put("currency", out);
        });
    }
}

impl Field for Timestamp {
    fn read(raw: &RawValue, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        Timestamp::parse(&text(raw, at)?).map_err(|error| at.fail(error))
    }
    fn write(&self, out: &mut String) {
        push_text(&self.to_string(), out);
    }
}

impl Field for ReadCounter {
    fn read(raw: &RawValue, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        ReadCounter::new(u32::read(raw, at, scope)?).map_err(|error| at.fail(error))
    }
    fn write(&self, out: &mut String) {
        self.get().write(out);
    }
}

impl Field for KeyEpoch {
    fn read(raw: &RawValue, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        u32::read(raw, at, scope).map(KeyEpoch::new)
    }
    fn write(&self, out: &mut String) {
        self.get().write(out);
    }
}

impl Field for Identifier {
    /// `{"kind": "phone", "value": "+33612345678"}` or `"phone:+33612345678"`.
    fn read(raw: &RawValue, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        if raw.get().starts_with('"') {
            let text = text(raw, at)?;
            let (kind, value) = text.split_once(':').ok_or_else(|| at.fail(IdentifierError::UnknownKind))?;
            let kind = kind.parse().map_err(|error: IdentifierError| at.fail(error))?;
            return Identifier::in_region(kind, value, scope.region).map_err(|error| at.fail(error));
        }
        let mut object = Object::read(raw, at)?;
        let kind = IdentifierKind::pick(&mut object, "kind", at, scope)?;
        let value = String::pick(&mut object, "value", at, scope)?;
        Identifier::in_region(kind, &value, scope.region)
            .map_err(|error| Path::Field(at, "value").fail(error))
    }
    fn write(&self, out: &mut String) {
        Writer::object(out, |out| {
            out.text("kind", self.kind().name());
            out.text("value", self.value());
        });
    }
}

textual!(
    ActionId,
    ConsentMethod,
    Currency,
    Digest,
    EventId,
    EventKey,
    IdentifierKind,
    MessageId,
    NoticeId,
    OrderId,
    PlaceId,
    Purpose,
    SourceId,
    StaffId,
    TagStatus,
    TagUid,
    TouchpointId,
    Zone,
);
required!(String, Personal, bool, u32, i64, Money, Timestamp, ReadCounter, KeyEpoch, Identifier);
