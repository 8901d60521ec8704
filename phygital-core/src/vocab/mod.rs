//! The words that everything else is written in: ids, time, money, identifiers, limits.

pub mod limits;
pub mod tag;

pub(crate) mod gs1;
pub(crate) mod hex;
mod identifier;
mod ids;
mod json;
pub(crate) mod language;
pub(crate) mod leb128;
mod money;
mod personal;
mod purpose;
mod serde_text;
mod time;
mod tzif;
mod zone;

pub use gs1::{Gln, Gs1KeyError, Gtin, Sscc};
pub use identifier::{Identifier, IdentifierError, IdentifierKind, Region, TenantKey};
pub use ids::{
    ActionId, BeaconId, CustomerId, DescriptionKey, DeviceId, Digest, EventId, EventKey, IdError,
    IdentifierKey, MessageId, NoticeId, OrderId, PlaceId, RecordId, RecordKey, SourceId, StaffId, TopicId,
    TouchpointId,
};
pub(crate) use json::Json;
pub use language::is_language;
pub use money::{Currency, Decimal, Money, MoneyError, Price};
pub use personal::Personal;
pub use purpose::{
    ConsentMethod, MessageClass, Purpose, Right, SuppressionCause, UnknownCause, UnknownClass, UnknownMethod,
    UnknownPurpose, UnknownRight,
};
pub(crate) use serde_text::serde_text;
pub use tag::{KeyEpoch, ReadCounter, ReadCounterError, TagStatus, TagUid, TagUidError, UnknownTagStatus};
pub use time::{Hlc, TimeError, Timestamp};
pub use zone::{UnknownZone, Zone};
