//! Ids: names that the host gives, and keys that the library makes from them.

use std::fmt;
use std::str::FromStr;

use super::hex;
use super::identifier::TenantKey;
use super::limits::ID_BYTES_MAX;
use super::serde_text::serde_text;
use super::time::Timestamp;

/// Why a text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    #[error("expected an id that is not empty")]
    Empty,
    /// The text is longer than [`ID_BYTES_MAX`] bytes.
    #[error("expected an id of at most {ID_BYTES_MAX} bytes")]
    TooLong,
    /// The text has a control character, or white space at an end.
    #[error("expected an id without control characters and outer white space")]
    Form,
    /// Not the hexadecimal form of this key.
    #[error("expected {0} hexadecimal digits")]
    Hex(usize),
}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        Err(IdError::Empty)
    } else if text.len() > ID_BYTES_MAX {
        Err(IdError::TooLong)
    } else if text.trim() != text || text.chars().any(char::is_control) {
        Err(IdError::Form)
    } else {
        Ok(())
    }
}

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        ///
        /// A text of 1 to [`ID_BYTES_MAX`] bytes without control characters; opaque, compared byte
        /// by byte.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a text as an id, or says what is wrong with it.
            pub fn new(text: impl AsRef<str>) -> Result<$name, IdError> {
                check(text.as_ref())?;
                Ok($name(text.as_ref().into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                $name::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        serde_text!($name, as_str);
    )*};
}

text_ids! {
    /// What the maker of an event calls it: a UUIDv7 or any text unique within its source.
    EventId,
    /// Who made an event: a URI reference as CloudEvents 1.0 has it, such as `//shop.example/web`.
    SourceId,
    /// A shop, a warehouse, a web site.
    PlaceId,
    /// What was touched within a place: a shelf, a till, a fitting room.
    TouchpointId,
    /// A beacon, as the host names it.
    BeaconId,
    /// A staff member, as the host names her.
    StaffId,
    /// An order, as the host names it.
    OrderId,
    /// A text message, as the gateway names it.
    MessageId,
    /// Something for the host to carry out, made by the engine.
    ActionId,
    /// A notice that was shown, such as `tap-sms-2026-03`.
    NoticeId,
    /// A topic of conversation, as its file names it.
    TopicId,
    /// A record as its source names it: a row of the customer database, an event.
    RecordId,
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $bytes:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The key as kept in a store.
            pub const fn from_bytes(bytes: [u8; $bytes]) -> $name {
                $name(bytes)
            }

            /// The bytes of the key.
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                hex::decode(text.as_bytes()).map($name).map_err(|_| IdError::Hex(2 * $bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex::fmt_lower(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        serde_text!($name);
    )*};
}

keys! {
    /// One event wherever it is known: the start of SHA-256 over source and id.
    EventKey = 16,
    /// One identifier within a tenant: the start of HMAC-SHA-256 over kind and value under the
    /// tenant's key, so that the value cannot be guessed from it.
    IdentifierKey = 16,
    /// One record of a source within a tenant, whatever its version: the start of HMAC-SHA-256 over source and
    /// id under the tenant's key.
    RecordKey = 16,
    /// What is said of a person (a name, a date of birth, an address) within a tenant: the start of HMAC-SHA-256 over it
    /// under the tenant's key.
    DescriptionKey = 16,
    /// One customer: the key of the identifier that anchors her cluster.
    ///
    /// Identifiers that were anchors once keep leading to the customer they now belong to, so an id
    /// handed out before a merge still answers.
    CustomerId = 16,
    /// One device, such as a till: random, made when its store is created.
    DeviceId = 16,
    /// SHA-256 of something.
    Digest = 32,
}

impl EventId {
    /// A UUID of version 7 (RFC 9562, section 5.7): the time in milliseconds, then 74 random bits, so
    /// ids sort by time and no two makers need to agree.
    ///
    /// ```
    /// use phygital_core::vocab::{EventId, Timestamp};
    /// let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
    /// let id = EventId::uuid_v7(now, &[0x5a; 10]); // random, in earnest
    /// assert_eq!(id.as_str(), "01a1fdfa-4600-7a5a-9a5a-5a5a5a5a5a5a");
    /// ```
    pub fn uuid_v7(now: Timestamp, random: &[u8; 10]) -> EventId {
        let millis = u64::try_from(now.as_millis()).expect("no time before 1970");
        let id = uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid();
        EventId(id.to_string().into())
    }
}

impl EventKey {
    /// The key of the event that `source` calls `id`.
    pub fn of(source: &SourceId, id: &EventId) -> EventKey {
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        hash.update(source.as_str().as_bytes());
        // A control character stands in no id, so two pairs never run together.
        hash.update(&[0]);
        hash.update(id.as_str().as_bytes());
        let digest = hash.finish();
        EventKey(digest.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes"))
    }
}

impl Digest {
    /// SHA-256 of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> Digest {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        Digest(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
    }
}

impl RecordKey {
    /// The key of the record that `source` calls `id`.
    pub fn of(tenant: &TenantKey, source: &SourceId, id: &RecordId) -> RecordKey {
        // A control character stands in no id, so two pairs never run together; none begins a kind of identifier.
        let name = [b"\0record\0", source.as_str().as_bytes(), &[0], id.as_str().as_bytes()].concat();
        RecordKey(tenant.digest(&name).as_bytes()[..16].try_into().expect("32 bytes"))
    }
}

impl From<IdentifierKey> for CustomerId {
    fn from(anchor: IdentifierKey) -> CustomerId {
        CustomerId(anchor.0)
    }
}

impl From<CustomerId> for IdentifierKey {
    fn from(customer: CustomerId) -> IdentifierKey {
        IdentifierKey(customer.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn id_length_is_limited() {
        assert!(EventId::new("x".repeat(ID_BYTES_MAX)).is_ok());
        assert_eq!(EventId::new("x".repeat(ID_BYTES_MAX + 1)), Err(IdError::TooLong));
        assert_eq!(EventId::new(""), Err(IdError::Empty));
        assert_eq!(EventId::new("a\u{0}b"), Err(IdError::Form));
        assert_eq!(EventId::new(" a"), Err(IdError::Form));
    }

    #[test]
    fn source_and_id_do_not_run_together() {
        let key = |source, id| EventKey::of(&SourceId::new(source).unwrap(), &EventId::new(id).unwrap());
        assert_ne!(key("ab", "c"), key("a", "bc"));
    }

    #[test]
    fn keys_round_trip_as_text() {
        let key = EventKey::from_bytes([0xa5; 16]);
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!("zz".parse::<EventKey>(), Err(IdError::Hex(32)));
        assert_eq!("é".repeat(16).parse::<EventKey>(), Err(IdError::Hex(32)));
    }
}
