//! What lies in a store, row by row.

use serde::{Deserialize, Serialize};

use crate::event::FoldKey;
use crate::vocab::{
    ActionId, CustomerId, DeviceId, EventKey, Identifier, IdentifierKey, IdentifierKind, KeyEpoch, Personal,
    PlaceId, Purpose, ReadCounter, TagStatus, TagUid, Timestamp, TouchpointId,
};

/// Whose store it is.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written as a whole")]
pub struct StoreIdentity {
    /// The device that writes it.
    pub device: DeviceId,
    /// How often it was made anew, copied or restored: part of every entry's origin.
    pub epoch: u32,
    /// Random, changed at every opening: a host that keeps it elsewhere notices a restored backup.
    pub incarnation: [u8; 16],
    /// The tenant's secret under which identifiers are hashed.
    pub tenant: [u8; 32],
}

impl std::fmt::Debug for StoreIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreIdentity({} epoch {})", self.device, self.epoch)
    }
}

/// An identifier that some event named.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct Node {
    /// The identifier itself.
    pub identifier: Identifier,
    /// The first event that names it.
    pub first: FoldKey,
    /// Whether more people use it than its kind allows, so that it ties nobody together.
    pub shared: bool,
    /// The customer it belongs to.
    pub customer: CustomerId,
}

/// Two identifiers that an event names together, seen from one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct Link {
    /// The other one.
    pub with: IdentifierKey,
    /// The kind of the other one.
    pub kind: IdentifierKind,
    /// The first event that names both.
    pub first: FoldKey,
}

/// What was last said of two identifiers, seen from one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct Statement {
    /// The other one.
    pub with: IdentifierKey,
    /// Whether they are one person, or two.
    pub same: bool,
    /// The event that says so.
    pub said: FoldKey,
}

/// A customer: what the fold of her events gave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct CustomerRow {
    /// Her profile as JSON.
    pub profile: String,
    /// The last event folded in.
    pub last: FoldKey,
}

/// A tag in the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TagRow {
    /// Its UID.
    pub uid: TagUid,
    /// Where it hangs.
    pub place: Option<PlaceId>,
    /// What it hangs on.
    pub touchpoint: Option<TouchpointId>,
    /// What staff call it.
    pub label: Option<String>,
    /// The lowest generation of its keys that still counts: taps under older keys are refused.
    pub key_epoch: Option<KeyEpoch>,
    /// The event that enrolled it; `None` while only its status is known.
    pub enrolled: Option<FoldKey>,
    /// Where it is in its life.
    pub status: TagStatus,
    /// The event that said so, where it was not the enrolment.
    pub status_said: Option<FoldKey>,
}

impl TagRow {
    /// A tag of which nothing is known yet.
    pub fn unknown(uid: TagUid) -> TagRow {
        TagRow {
            uid,
            place: None,
            touchpoint: None,
            label: None,
            key_epoch: None,
            enrolled: None,
            status: TagStatus::Active,
            status_said: None,
        }
    }
}

/// The high-water mark of a tag under one generation of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct Mark {
    /// The highest counter accepted.
    pub highest: ReadCounter,
    /// The event that the tap became.
    pub event: EventKey,
    /// When it was received.
    pub at: Timestamp,
    /// Digest of the client that sent it, where it named itself.
    pub client: Option<crate::vocab::Digest>,
}

/// An action that waits for the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Action {
    /// Its id: to carry it out twice is to carry it out once.
    pub id: ActionId,
    /// What: `send_message`, `raise_alarm`.
    pub action: String,
    /// The event that asked for it.
    pub cause: FoldKey,
    /// Whom it concerns.
    #[serde(with = "identifier_text", skip_serializing_if = "Option::is_none", default)]
    pub to: Option<Identifier>,
    /// To what end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub purpose: Option<Purpose>,
    /// What to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<Personal>,
    /// Not to be carried out later than this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
}

impl Action {
    /// An action with what it must have.
    pub fn new(id: ActionId, action: impl Into<String>, cause: FoldKey) -> Action {
        let action = action.into();
        Action { id, action, cause, to: None, purpose: None, text: None, expires_at: None }
    }
}

/// An identifier as `kind:value`.
mod identifier_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::vocab::Identifier;

    pub(super) fn serialize<S: Serializer>(
        identifier: &Option<Identifier>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match identifier {
            Some(one) => serializer.collect_str(&format_args!("{}:{}", one.kind(), one.value())),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Identifier>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
