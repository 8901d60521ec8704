//! What lies in a store, row by row.

use crate::event::FoldKey;
use crate::identity::Details;
use crate::identity::matching::Millibits;
use crate::vocab::{
    CustomerId, DescriptionKey, DeviceId, Identifier, IdentifierKey, IdentifierKind, Timestamp,
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
    /// Whether linking by it was withdrawn, so that no event that names it ties anybody together.
    pub withdrawn: bool,
    /// The customer it belongs to.
    pub customer: CustomerId,
    /// Names, dates of birth and addresses that events say of whoever has it, in order and each once.
    pub details: Vec<Details>,
}

/// An identifier of a customer, and what was said of consent for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct KnownBy {
    /// The identifier's key.
    pub key: IdentifierKey,
    /// The identifier itself.
    pub identifier: Identifier,
    /// Its consent ledger as JSON; none where nothing was said.
    pub ledger: Option<String>,
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

/// Two descriptions of people that are alike, seen from one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct Alike {
    /// The other one.
    pub with: DescriptionKey,
    /// How much that speaks for one person.
    pub weight: Millibits,
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

/// A thread in which something waits for her.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a row")]
pub struct Waiting {
    /// Since when.
    pub since: Timestamp,
    /// Whose thread it is.
    pub contact: IdentifierKey,
}
