//! The passes in a bundle.

use std::fmt;

use zeroize::Zeroize;

use crate::contactless::ndef::{Message, Record, Tnf};

use super::error::SmartTapError;
use super::fields::find;

/// Most passes in one bundle. Phones send one, with the customer beside it.
pub const OBJECTS_MAX: usize = 64;

/// What kind of pass an object is, by the name of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// `ly`.
    Loyalty,
    /// `of`.
    Offer,
    /// `gc`.
    GiftCard,
    /// `pl`: a card for payments in one chain of shops.
    PrivateLabelCard,
    /// `et`.
    EventTicket,
    /// `fl`.
    Flight,
    /// `tr`.
    Transit,
    /// `gr`.
    Generic,
    /// `gp`.
    GenericPrivate,
    /// `cus`: the owner of the wallet.
    Customer,
}

impl ObjectKind {
    const ALL: [(Self, &'static str); 10] = [
        (Self::Loyalty, "ly"),
        (Self::Offer, "of"),
        (Self::GiftCard, "gc"),
        (Self::PrivateLabelCard, "pl"),
        (Self::EventTicket, "et"),
        (Self::Flight, "fl"),
        (Self::Transit, "tr"),
        (Self::Generic, "gr"),
        (Self::GenericPrivate, "gp"),
        (Self::Customer, "cus"),
    ];

    /// The name of its record, such as `ly`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    fn of(record: &Record<'_>) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| record.is_named(name.as_bytes())).map(|(kind, _)| *kind)
    }
}

/// The value of a field, with what stands before it. It may be about a person, so `Debug` tells its length alone; it
/// is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Value {
    raw: Vec<u8>,
    start: usize,
}

impl Value {
    /// The payload of the record: a byte of format (4 for bytes) before the value, or status and language before a text.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The value itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.raw[self.start..]
    }

    fn read(record: &Record<'_>, name: &'static str) -> Result<Self, SmartTapError> {
        let first = *record.payload.first().ok_or(SmartTapError::Field { record: name })?;
        // A text has the length of its language in its status.
        let is_text = (record.tnf, record.kind) == (Tnf::WellKnown, b"T");
        let start = if is_text { 1 + usize::from(first & 0x3F) } else { 1 };
        if start > record.payload.len() {
            return Err(SmartTapError::Field { record: name });
        }
        Ok(Self { raw: record.payload.to_vec(), start })
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({} bytes)", self.bytes().len())
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.raw.zeroize();
    }
}

/// A pass, or the owner of the wallet. A field is none where the phone does not tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceObject {
    /// What it is.
    pub kind: ObjectKind,
    /// Who issued it: a byte of kind (1 merchant, 2 wallet, 3 maker), then the id.
    pub issuer: Option<Value>,
    /// Its id at Google, which stays the same.
    pub object_id: Option<Value>,
    /// Its number: what the shop wrote into the pass for readers.
    pub service_number: Option<Value>,
    /// The owner's id.
    pub customer_id: Option<Value>,
    /// The owner's language.
    pub customer_language: Option<Value>,
    /// An id of this tap.
    pub tap_id: Option<Value>,
}

/// What a bundle holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bundle {
    /// The passes, and the owner, in order.
    pub objects: Vec<ServiceObject>,
}

const SERVICE_VALUE: &[u8] = b"asv";
const ISSUER: &str = "i";

impl Bundle {
    /// Reads passes: a message of `asv` records, each a message of the issuer and one or more objects. Records that
    /// are not known are passed over.
    ///
    /// # Errors
    /// [`SmartTapError`] for anything that is malformed, and for more than [`OBJECTS_MAX`] objects.
    pub fn parse(plain: &[u8]) -> Result<Self, SmartTapError> {
        let mut objects = Vec::new();
        let message = Message::parse(plain)?;
        for record in message.records().iter().filter(|record| record.is_named(SERVICE_VALUE)) {
            let inside = Message::parse(record.payload)?;
            let issuer = value(&inside, ISSUER)?;
            for record in inside.records() {
                let Some(kind) = ObjectKind::of(record) else { continue };
                if objects.len() == OBJECTS_MAX {
                    return Err(SmartTapError::TooLong);
                }
                let fields = Message::parse(record.payload)?;
                objects.push(ServiceObject {
                    kind,
                    issuer: issuer.clone(),
                    object_id: value(&fields, "oid")?,
                    service_number: value(&fields, "n")?,
                    customer_id: value(&fields, "cid")?,
                    customer_language: value(&fields, "cpl")?,
                    tap_id: value(&fields, "cut")?,
                });
            }
        }
        Ok(Self { objects })
    }
}

fn value(message: &Message<'_>, name: &'static str) -> Result<Option<Value>, SmartTapError> {
    find(message, name)?.map(|record| Value::read(&record, name)).transpose()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contactless::ndef::encode;
    use crate::contactless::smart_tap::fields::message;

    fn pass(kind: &str) -> Vec<u8> {
        let number = Record { tnf: Tnf::WellKnown, kind: b"T", id: b"n", payload: b"\x02en2018" };
        let fields = encode(&[Record::external(b"oid", b"\x04id"), number]).unwrap();
        message(&[("i", b"\x04\x01\0\0\0\x07"), (kind, &fields), ("zz", b"later")])
    }

    #[test]
    fn values_are_told_from_what_stands_before_them() {
        let bundle = message(&[("asv", &pass("ly")), ("new", b""), ("asv", &pass("et"))]);
        let bundle = Bundle::parse(&bundle).unwrap();
        assert_eq!(
            bundle.objects.iter().map(|object| object.kind.as_str()).collect::<Vec<_>>(),
            ["ly", "et"]
        );
        let object = &bundle.objects[0];
        assert_eq!(object.service_number.as_ref().unwrap().bytes(), b"2018");
        assert_eq!(object.service_number.as_ref().unwrap().raw(), b"\x02en2018");
        assert_eq!(object.object_id.as_ref().unwrap().bytes(), b"id");
        assert_eq!(object.issuer.as_ref().unwrap().bytes(), [1, 0, 0, 0, 7]);
        assert!(!format!("{bundle:?}").contains("2018"));
    }

    #[test]
    fn malformed_passes_are_refused() {
        for fields in [&b"\x04"[..], b"", b"\xD4\x03\x00oid", b"\x94\x03\x01oid\x04\x54\x03\x01oid\x04"] {
            let bundle = message(&[("asv", &message(&[("ly", fields)]))]);
            assert!(Bundle::parse(&bundle).is_err(), "{fields:02X?}");
        }
        let text = Record { tnf: Tnf::WellKnown, kind: b"T", id: b"n", payload: b"\x05en" };
        let bundle = message(&[("asv", &message(&[("ly", &encode(&[text]).unwrap())]))]);
        assert_eq!(Bundle::parse(&bundle), Err(SmartTapError::Field { record: "n" }));
        assert_eq!(Bundle::parse(&message(&[("cus", b"")])), Ok(Bundle::default()));
    }

    #[test]
    fn objects_are_counted() {
        let of = |count| {
            let pass = pass("ly");
            Bundle::parse(&message(&vec![("asv", &pass[..]); count]))
        };
        assert_eq!(of(OBJECTS_MAX).unwrap().objects.len(), OBJECTS_MAX);
        assert_eq!(of(OBJECTS_MAX + 1), Err(SmartTapError::TooLong));
    }
}
