//! The store port: where the log and everything folded from it lie.
//!
//! [`Store`] is the seam between the domain and a database. The engine asks for the one row it
//! needs, so state may exceed memory; it writes within one transaction per accepted event, and
//! answers only after the commit. [`Memory`] is the reference, `contract` the suite that every
//! store passes.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod error;
pub mod memory;
mod rows;

pub use error::{StorageError, StorageFault};
pub use memory::Memory;
pub use rows::{Alike, CustomerRow, KnownBy, Link, Node, Statement, StoreIdentity, Waiting};

pub use crate::machine::{Action, Mark, TagRow};

use crate::event::FoldKey;
use crate::identity::Details;
use crate::log::{Head, LogEntry, Sealed};
use crate::vocab::{
    ActionId, Currency, CustomerId, DescriptionKey, DeviceId, Digest, EventKey, IdentifierKey, KeyEpoch,
    TagUid, Timestamp,
};

/// Shorthand for what every operation of a store gives.
pub type Stored<T> = Result<T, StorageError>;

/// How many entries the log has had before one: its place in the order of arrival, from 1.
pub type Position = u64;

/// A place for the log and its folds: one writer, many readers.
pub trait Store {
    /// A view of one moment.
    type Reader<'s>: Read
    where
        Self: 's;
    /// The one transaction that writes. Dropped without [`Write::commit`], it leaves nothing behind.
    type Writer<'s>: Write
    where
        Self: 's;

    /// Begins to read.
    fn reader(&self) -> Stored<Self::Reader<'_>>;

    /// Begins to write. Waits no longer than the store's own limit for another writer.
    fn writer(&mut self) -> Stored<Self::Writer<'_>>;

    /// Whether this is a copy of the place that was written last, such as a copied file: the engine
    /// then begins a new epoch. A store that cannot tell says no.
    fn is_copy(&self) -> Stored<bool> {
        Ok(false)
    }
}

/// What can be read.
pub trait Read {
    /// Whose store it is; `None` before it was first opened by an engine.
    fn identity(&self) -> Stored<Option<StoreIdentity>>;

    /// The rules of identity by which everything is folded, as JSON; `None` where none were put yet.
    fn rules(&self) -> Stored<Option<String>>;

    /// The model by which descriptions of people are held against each other, as JSON; `None` where they are not.
    fn model(&self) -> Stored<Option<String>>;

    /// The digest that was put with the rules: what every transaction asks, and so without reading them.
    fn rules_digest(&self) -> Stored<Option<Digest>>;

    /// The end of the log of a device and epoch; `None` while it has no entry.
    fn head(&self, device: DeviceId, epoch: u32) -> Stored<Option<Head>>;

    /// The greatest clock reading of any entry.
    fn clock(&self) -> Stored<crate::vocab::Hlc>;

    /// The entry of an event.
    fn entry(&self, key: &EventKey) -> Stored<Option<LogEntry>>;

    /// At most `most` entries behind a position, in order of arrival, with their positions.
    fn entries(&self, behind: Position, most: usize) -> Stored<Vec<(Position, LogEntry)>>;

    /// How many entries the log has.
    fn len(&self) -> Stored<u64>;

    /// Whether the log has no entry.
    fn is_empty(&self) -> Stored<bool> {
        Ok(self.len()? == 0)
    }

    /// An identifier.
    fn node(&self, key: &IdentifierKey) -> Stored<Option<Node>>;

    /// Whether and since when two identifiers were named together, seen from the first.
    fn link(&self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<Option<Link>>;

    /// What an identifier was named together with, in order of key.
    fn links(&self, key: &IdentifierKey) -> Stored<Vec<Link>>;

    /// What was said of an identifier and others, in order of key.
    fn statements(&self, key: &IdentifierKey) -> Stored<Vec<Statement>>;

    /// What a description of people says; `None` where nobody has it.
    fn description(&self, key: &DescriptionKey) -> Stored<Option<Details>>;

    /// The first `most` identifiers of those of which a description was said, in order of key.
    fn described(&self, key: &DescriptionKey, most: usize) -> Stored<Vec<IdentifierKey>>;

    /// The first `most` descriptions that share a blocking key, in order.
    fn block(&self, block: u64, most: usize) -> Stored<Vec<DescriptionKey>>;

    /// How many blocking keys more than `most` descriptions share. Reads all of them.
    fn blocks_above(&self, most: usize) -> Stored<u64>;

    /// The descriptions that are like one, in order of key.
    fn alike(&self, key: &DescriptionKey) -> Stored<Vec<Alike>>;

    /// The events that name an identifier, in order of the fold: all of them, or those behind one place in it.
    fn events_of(&self, key: &IdentifierKey, behind: Option<&FoldKey>) -> Stored<Vec<FoldKey>>;

    /// A customer.
    fn customer(&self, id: &CustomerId) -> Stored<Option<CustomerRow>>;

    /// A customer as she was before a place in the fold: the last snapshot of her whose last event comes before it. Which there
    /// are depends on the order of arrival, so they are not shown among the rows of the fold.
    fn snapshot(&self, id: &CustomerId, before: &FoldKey) -> Stored<Option<CustomerRow>>;

    /// The identifiers of a customer, in order of key.
    fn identifiers_of(&self, id: &CustomerId) -> Stored<Vec<IdentifierKey>>;

    /// The same identifiers as [`Read::identifiers_of`], each with what it is and its consent ledger.
    fn known_by(&self, id: &CustomerId) -> Stored<Vec<KnownBy>>;

    /// Shows every identifier and the customer that it belongs to, in order of key.
    fn each_identifier(&self, show: &mut dyn FnMut(IdentifierKey, CustomerId)) -> Stored<()>;

    /// How many customers there are.
    fn customers(&self) -> Stored<u64>;

    /// The consent ledger of a contact point, as JSON.
    fn ledger(&self, contact: &IdentifierKey) -> Stored<Option<String>>;

    /// An offer to opt in by its code, as JSON.
    fn offer(&self, code: &str) -> Stored<Option<String>>;

    /// The failed tries of a contact point, as JSON.
    fn tries(&self, contact: &IdentifierKey) -> Stored<Option<String>>;

    /// The thread of a contact point, as JSON.
    fn thread(&self, contact: &IdentifierKey) -> Stored<Option<String>>;

    /// The threads in which something waits for her, longest first, behind one of them; at most `most`.
    fn waiting_threads(&self, behind: Option<&Waiting>, most: usize) -> Stored<Vec<Waiting>>;

    /// Whether an identifier was erased.
    fn is_erased(&self, key: &IdentifierKey) -> Stored<bool>;

    /// Whether any identifier was erased.
    fn has_erased(&self) -> Stored<bool>;

    /// A tag.
    fn tag(&self, uid: &TagUid) -> Stored<Option<TagRow>>;

    /// At most `most` tags whose UID comes after one, in order of UID.
    fn tags(&self, after: Option<&TagUid>, most: usize) -> Stored<Vec<TagRow>>;

    /// The high-water mark of a tag under one generation of keys.
    fn mark(&self, uid: &TagUid, epoch: KeyEpoch) -> Stored<Option<Mark>>;

    /// How many customers spent what falls into each bucket of a currency, in order of bucket.
    fn spenders(&self, currency: Currency) -> Stored<Vec<(u16, u64)>>;

    /// An action that waits.
    fn action(&self, id: &ActionId) -> Stored<Option<Action>>;

    /// At most `most` actions that wait, in order of their cause and id, behind one of them.
    fn actions(&self, behind: Option<&Action>, most: usize) -> Stored<Vec<Action>>;

    /// Shows every row of the fold as texts, table by table in one fixed order: what two stores with
    /// the same events have in common, whatever the order of arrival.
    fn each_folded(&self, show: &mut dyn FnMut(&str, &str)) -> Stored<()>;
}

/// What can be written. Each `put` replaces.
pub trait Write: Read {
    /// Says whose store it is.
    fn put_identity(&mut self, identity: &StoreIdentity) -> Stored<()>;

    /// Stores the rules of identity, the model, if there is one, and the digest of both. Clearing the fold leaves them.
    fn put_rules(&mut self, rules: &str, model: Option<&str>, digest: &Digest) -> Stored<()>;

    /// Appends an entry; gives its position. An entry of the same event or origin is corrupt.
    fn append(&mut self, entry: &LogEntry) -> Stored<Position>;

    /// Takes what was erased out of the payload of an entry: puts `left` and its digest in its place, or nothing at all.
    /// The rest of the entry stays. An event that is not there is corrupt.
    fn strike(&mut self, event: &EventKey, left: Option<&Sealed>) -> Stored<()>;

    /// Stores an identifier.
    fn put_node(&mut self, key: &IdentifierKey, node: &Node) -> Stored<()>;

    /// Removes an identifier.
    fn remove_node(&mut self, key: &IdentifierKey) -> Stored<()>;

    /// Stores a link as seen from `key`.
    fn put_link(&mut self, key: &IdentifierKey, link: &Link) -> Stored<()>;

    /// Removes a link as seen from `key`.
    fn remove_link(&mut self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<()>;

    /// Stores a statement as seen from `key`.
    fn put_statement(&mut self, key: &IdentifierKey, statement: &Statement) -> Stored<()>;

    /// Removes a statement as seen from `key`.
    fn remove_statement(&mut self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<()>;

    /// Stores a description of people.
    fn put_description(&mut self, key: &DescriptionKey, details: &Details) -> Stored<()>;

    /// Removes a description.
    fn remove_description(&mut self, key: &DescriptionKey) -> Stored<()>;

    /// Stores that a description was said of an identifier.
    fn put_described(&mut self, key: &DescriptionKey, identifier: &IdentifierKey) -> Stored<()>;

    /// Removes that a description was said of an identifier.
    fn remove_described(&mut self, key: &DescriptionKey, identifier: &IdentifierKey) -> Stored<()>;

    /// Stores that a description has a blocking key.
    fn put_in_block(&mut self, block: u64, key: &DescriptionKey) -> Stored<()>;

    /// Removes that a description has a blocking key.
    fn remove_from_block(&mut self, block: u64, key: &DescriptionKey) -> Stored<()>;

    /// Stores that two descriptions are alike, as seen from `key`.
    fn put_alike(&mut self, key: &DescriptionKey, alike: &Alike) -> Stored<()>;

    /// Removes that two descriptions are alike, as seen from `key`.
    fn remove_alike(&mut self, key: &DescriptionKey, with: &DescriptionKey) -> Stored<()>;

    /// Stores that an event names an identifier.
    fn put_event_of(&mut self, key: &IdentifierKey, event: &FoldKey) -> Stored<()>;

    /// Removes that an event names an identifier.
    fn remove_event_of(&mut self, key: &IdentifierKey, event: &FoldKey) -> Stored<()>;

    /// Stores that an identifier was erased.
    fn put_erased(&mut self, key: &IdentifierKey) -> Stored<()>;

    /// Stores a customer.
    fn put_customer(&mut self, id: &CustomerId, row: &CustomerRow) -> Stored<()>;

    /// Removes a customer whose identifiers went to others.
    fn remove_customer(&mut self, id: &CustomerId) -> Stored<()>;

    /// Stores a customer as she was after an event.
    fn put_snapshot(&mut self, id: &CustomerId, row: &CustomerRow) -> Stored<()>;

    /// Removes the snapshots of a customer from a place in the fold on, or all of them.
    fn remove_snapshots(&mut self, id: &CustomerId, from: Option<&FoldKey>) -> Stored<()>;

    /// Stores a consent ledger.
    fn put_ledger(&mut self, contact: &IdentifierKey, ledger: &str) -> Stored<()>;

    /// Removes a consent ledger.
    fn remove_ledger(&mut self, contact: &IdentifierKey) -> Stored<()>;

    /// Stores an offer to opt in.
    fn put_offer(&mut self, code: &str, offer: &str) -> Stored<()>;

    /// Stores failed tries.
    fn put_tries(&mut self, contact: &IdentifierKey, tries: &str) -> Stored<()>;

    /// Removes failed tries.
    fn remove_tries(&mut self, contact: &IdentifierKey) -> Stored<()>;

    /// Stores the thread of a contact point, and since when something waits in it for her.
    fn put_thread(
        &mut self,
        contact: &IdentifierKey,
        thread: &str,
        waits_since: Option<Timestamp>,
    ) -> Stored<()>;

    /// Removes the thread of a contact point.
    fn remove_thread(&mut self, contact: &IdentifierKey) -> Stored<()>;

    /// Stores a tag.
    fn put_tag(&mut self, tag: &TagRow) -> Stored<()>;

    /// Stores a mark.
    fn put_mark(&mut self, uid: &TagUid, epoch: KeyEpoch, mark: &Mark) -> Stored<()>;

    /// Stores how many customers fall into a bucket; none removes the row.
    fn put_spenders(&mut self, currency: Currency, bucket: u16, customers: u64) -> Stored<()>;

    /// Stores an action that waits.
    fn put_action(&mut self, action: &Action) -> Stored<()>;

    /// Removes an action that was carried out.
    fn remove_action(&mut self, id: &ActionId) -> Stored<()>;

    /// Removes all that is folded from the log; the log and the identity stay.
    fn clear_folded(&mut self) -> Stored<()>;

    /// Makes everything written durable and visible, all of it or none.
    fn commit(self) -> Stored<()>;
}
