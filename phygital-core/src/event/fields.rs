//! Fields of JSON objects as values of the vocabulary, read and written.
//!
//! A type says once how it stands in JSON ([`Field`]); `Option`, `Vec` and the type itself then say
//! whether it may be absent ([`Member`]).

use std::borrow::Cow;
use std::fmt;

use super::error::{EventError, Expected};
use super::extra::Extra;
use super::json::{Json, Named, in_order, push_text};
use crate::vocab::limits::TEXT_BYTES_MAX;
use crate::vocab::{
    ActionId, ConsentMethod, Currency, CustomerId, Decimal, Digest, EventId, EventKey, Identifier,
    IdentifierError, IdentifierKey, IdentifierKind, KeyEpoch, MessageClass, MessageId, Money, NoticeId,
    OrderId, Personal, PlaceId, Price, Purpose, ReadCounter, Region, Right, SourceId, StaffId,
    SuppressionCause, TagStatus, TagUid, Timestamp, TopicId, TouchpointId, Zone,
};

/// Where in the text a value stands. Its names are of the vocabulary, never the sender's own.
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

/// The fields of a JSON object that nobody has taken yet, in order of their names.
///
/// `null` is as good as absent, as Segment and CloudEvents have it; what was taken becomes `null`.
#[derive(Default)]
pub(crate) struct Object<'a> {
    fields: Vec<Named<'a>>,
}

impl<'a> Object<'a> {
    pub(crate) fn read(json: Json<'a>, at: &Path<'_>) -> Result<Object<'a>, EventError> {
        match json {
            Json::Object(fields) => Ok(Object { fields: in_order(fields, at)? }),
            _ => Err(at.fail(Expected::Value("an object"))),
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        // Among few fields a look at each length is faster than a comparison of texts.
        if self.fields.len() <= 24 {
            return self.fields.iter().position(|(field, _)| field == name);
        }
        self.fields.binary_search_by(|(field, _)| field.as_ref().cmp(name)).ok()
    }

    /// Takes a field out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let at = self.find(name)?;
        match std::mem::replace(&mut self.fields[at].1, Json::Null) {
            Json::Null => None,
            json => Some(json),
        }
    }

    /// Looks at a field and leaves it there.
    pub(crate) fn peek(&self, name: &str) -> Option<&Json<'a>> {
        let at = self.find(name)?;
        Some(&self.fields[at].1).filter(|json| !json.is_null())
    }

    /// Puts a field in, in place of any of that name.
    pub(crate) fn put(&mut self, name: &'static str, json: Json<'a>) {
        match self.fields.binary_search_by(|(field, _)| field.as_ref().cmp(name)) {
            Ok(at) => self.fields[at].1 = json,
            Err(at) => self.fields.insert(at, (Cow::Borrowed(name), json)),
        }
    }

    /// Takes a field that is an object out; an absent one is empty.
    pub(crate) fn take_object(&mut self, name: &str, at: &Path<'_>) -> Result<Object<'a>, EventError> {
        match self.take(name) {
            Some(json) => Object::read(json, &Path::Field(at, name)),
            None => Ok(Object::default()),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.iter().all(|(_, json)| json.is_null())
    }

    /// The names of the fields that are there.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, json)| !json.is_null()).map(|(name, _)| name.as_ref())
    }

    /// The values of the fields that are there.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Json<'a>> {
        self.fields.iter().map(|(_, json)| json).filter(|json| !json.is_null())
    }

    /// Adds the fields of another object; a name that stands in both is an error.
    pub(crate) fn merge(&mut self, other: Object<'a>, at: &Path<'_>) -> Result<(), EventError> {
        if !other.is_empty() {
            let mut fields: Vec<_> = std::mem::take(self).into_fields().collect();
            fields.extend(other.into_fields());
            self.fields = in_order(fields, at)?;
        }
        Ok(())
    }

    /// That everything was taken: an object of the vocabulary that is closed.
    pub(crate) fn close(self, at: &Path<'_>, expected: &'static str) -> Result<(), EventError> {
        if self.is_empty() { Ok(()) } else { Err(at.fail(Expected::Value(expected))) }
    }

    /// The fields that are there.
    pub(crate) fn into_fields(self) -> impl Iterator<Item = Named<'a>> {
        self.fields.into_iter().filter(|(_, json)| !json.is_null())
    }
}

/// A value that has a JSON form.
pub(crate) trait Field: Sized {
    /// What the form is called where the vocabulary is described.
    const FORM: &'static str;

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError>;
    fn write(&self, out: &mut String);
}

/// A field of an object, there or not.
pub(crate) trait Member: Sized {
    const FORM: &'static str;
    const LIST: bool = false;

    fn pick(object: &mut Object<'_>, name: &str, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError>;
    fn put(&self, name: &str, out: &mut Writer<'_>);
}

impl<T: Field> Member for Option<T> {
    const FORM: &'static str = T::FORM;

    fn pick(object: &mut Object<'_>, name: &str, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        object.take(name).map(|json| T::read(json, &Path::Field(at, name), scope)).transpose()
    }
    fn put(&self, name: &str, out: &mut Writer<'_>) {
        if let Some(value) = self {
            value.write(out.name(name));
        }
    }
}

impl<T: Field> Member for Vec<T> {
    const FORM: &'static str = T::FORM;
    const LIST: bool = true;

    fn pick(object: &mut Object<'_>, name: &str, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let Some(json) = object.take(name) else { return Ok(Vec::new()) };
        let at = Path::Field(at, name);
        let read = |(index, json)| T::read(json, &Path::Index(&at, index), scope);
        json.list(&at)?.into_iter().enumerate().map(read).collect()
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

/// A text within [`TEXT_BYTES_MAX`]. A number is taken as its text, since ids often come so.
pub(crate) fn text<'a>(json: Json<'a>, at: &Path<'_>) -> Result<Cow<'a, str>, EventError> {
    let text = match json {
        Json::Text(text) => text,
        Json::Number(text) => Cow::Borrowed(text),
        _ => return Err(at.fail(Expected::Value("a text"))),
    };
    if text.len() > TEXT_BYTES_MAX {
        return Err(at.fail(Expected::AtMost { most: TEXT_BYTES_MAX, unit: "bytes" }));
    }
    Ok(text)
}

impl Field for String {
    const FORM: &'static str = "text";

    /// A truth value is taken as its text, too.
    fn read(json: Json<'_>, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        match json {
            Json::Bool(value) => Ok(value.to_string()),
            json => Ok(text(json, at)?.into_owned()),
        }
    }
    fn write(&self, out: &mut String) {
        push_text(self, out);
    }
}

impl Field for Personal {
    const FORM: &'static str = "personal";

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        String::read(json, at, scope).map(Personal::new)
    }
    fn write(&self, out: &mut String) {
        push_text(self.reveal(), out);
    }
}

impl Field for bool {
    const FORM: &'static str = "truth";

    fn read(json: Json<'_>, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        match json {
            Json::Bool(value) => Ok(value),
            _ => Err(at.fail(Expected::Value("true or false"))),
        }
    }
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

/// The integers of JSON. `2.0` is two, and so is `"2"`: some languages know no integers, some forms
/// nothing but text.
macro_rules! integers {
    ($($name:ty, $form:literal, $expected:literal);*) => {$(
        impl Field for $name {
            const FORM: &'static str = $form;

            fn read(json: Json<'_>, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
                let whole = |text: &str| {
                    let plain = !text.starts_with('+');
                    text.parse().ok().filter(|_| plain).or_else(|| {
                        let number: Decimal = text.parse().ok()?;
                        if number.scale() == 0 { <$name>::try_from(number.units()).ok() } else { None }
                    })
                };
                let number = match &json {
                    Json::Number(text) => whole(text),
                    Json::Text(text) => whole(text),
                    _ => None,
                };
                number.ok_or_else(|| at.fail(Expected::Value($expected)))
            }
            fn write(&self, out: &mut String) {
                out.push_str(&self.to_string());
            }
        }
    )*};
}

integers! {
    u32, "count", "a whole number from 0 to 4294967295";
    i64, "integer", "a whole number of 64 bits"
}

impl Field for Decimal {
    const FORM: &'static str = "decimal";

    fn read(json: Json<'_>, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        text(json, at)?.parse().map_err(|error: crate::vocab::MoneyError| at.fail(error))
    }
    fn write(&self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Field for Price {
    const FORM: &'static str = "price";

    /// A number or numeric text in major units, with the currency that stands beside it; or
    /// `{"minor": 1999, "currency": "EUR"}`.
    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        if let Json::Object(_) = json {
            let mut object = Object::read(json, at)?;
            let minor = i64::pick(&mut object, "minor", at, scope)?;
            let currency = Currency::pick(&mut object, "currency", at, scope)?;
            object.close(at, "nothing but minor and currency")?;
            return Ok(Price::Money(Money::new(minor, currency)));
        }
        let number = Decimal::read(json, at, scope)?;
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
    const FORM: &'static str = "money";

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let price = Price::read(json, at, scope)?;
        price.money().ok_or_else(|| at.fail(Expected::Value("a currency beside the amount")))
    }
    fn write(&self, out: &mut String) {
        Writer::object(out, |out| {
            self.minor().put("minor", out);
            self.currency().put("currency", out);
        });
    }
}

impl Field for ReadCounter {
    const FORM: &'static str = "count";

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        ReadCounter::new(u32::read(json, at, scope)?).map_err(|error| at.fail(error))
    }
    fn write(&self, out: &mut String) {
        self.get().write(out);
    }
}

impl Field for KeyEpoch {
    const FORM: &'static str = "count";

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        u32::read(json, at, scope).map(KeyEpoch::new)
    }
    fn write(&self, out: &mut String) {
        self.get().write(out);
    }
}

impl Field for Identifier {
    const FORM: &'static str = "identifier";

    /// `{"kind": "phone", "value": "+33612345678"}` or `"phone:+33612345678"`.
    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        if let Json::Text(_) = json {
            let text = text(json, at)?;
            let (kind, value) = text.split_once(':').ok_or_else(|| at.fail(IdentifierError::UnknownKind))?;
            let kind = kind.parse().map_err(|error: IdentifierError| at.fail(error))?;
            return Identifier::in_region(kind, value, scope.region).map_err(|error| at.fail(error));
        }
        let mut object = Object::read(json, at)?;
        let kind = IdentifierKind::pick(&mut object, "kind", at, scope)?;
        let value = String::pick(&mut object, "value", at, scope)?;
        object.close(at, "nothing but kind and value")?;
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

/// Makes types stand in an object as fields that have to be there.
macro_rules! required {
    ($($name:ty),* $(,)?) => {$(
        impl Member for $name {
            const FORM: &'static str = <$name as Field>::FORM;

            fn pick(
                object: &mut Object<'_>,
                name: &str,
                at: &Path<'_>,
                scope: &Scope,
            ) -> Result<Self, EventError> {
                let at = Path::Field(at, name);
                let json = object.take(name).ok_or_else(|| at.fail(Expected::Present))?;
                <$name as Field>::read(json, &at, scope)
            }
            fn put(&self, name: &str, out: &mut Writer<'_>) {
                Field::write(self, out.name(name));
            }
        }
    )*};
}

/// Gives types that parse from and print as a text their JSON form.
macro_rules! textual {
    ($($name:ty = $form:literal),* $(,)?) => {$(
        impl Field for $name {
            const FORM: &'static str = $form;

            fn read(json: Json<'_>, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
                text(json, at)?.parse::<$name>().map_err(|error| at.fail(error))
            }
            fn write(&self, out: &mut String) {
                push_text(&self.to_string(), out);
            }
        }
        required!($name);
    )*};
}

textual! {
    ActionId = "id",
    ConsentMethod = "method",
    CustomerId = "key",
    Digest = "digest",
    EventId = "id",
    EventKey = "key",
    IdentifierKey = "key",
    IdentifierKind = "kind",
    MessageClass = "class",
    MessageId = "id",
    NoticeId = "id",
    OrderId = "id",
    PlaceId = "id",
    Purpose = "purpose",
    Right = "right",
    SourceId = "id",
    StaffId = "id",
    SuppressionCause = "cause",
    TagStatus = "status",
    TagUid = "uid",
    TopicId = "id",
    TouchpointId = "id",
    Zone = "zone",
}
required!(Currency, String, Personal, bool, u32, i64, Money, Timestamp, ReadCounter, KeyEpoch, Identifier);

impl Field for Currency {
    const FORM: &'static str = "currency";

    fn read(json: Json<'_>, at: &Path<'_>, scope: &Scope) -> Result<Self, EventError> {
        let code = text(json, at)?;
        // The table of currencies is long, and all amounts of an event mostly have one.
        match scope.currency {
            Some(known) if known.code() == code => Ok(known),
            _ => code.parse().map_err(|error: crate::vocab::MoneyError| at.fail(error)),
        }
    }
    fn write(&self, out: &mut String) {
        push_text(self.code(), out);
    }
}

impl Field for Timestamp {
    const FORM: &'static str = "time";

    fn read(json: Json<'_>, at: &Path<'_>, _: &Scope) -> Result<Self, EventError> {
        Timestamp::parse(&text(json, at)?).map_err(|error| at.fail(error))
    }
    fn write(&self, out: &mut String) {
        push_text(&self.to_string(), out);
    }
}
