//! A store that fails on command: at the n-th operation, or in a commit that takes effect all the same.

use std::cell::RefCell;
use std::rc::Rc;

use phygital_core::event::FoldKey;
use phygital_core::identity::Details;
use phygital_core::log::{Head, LogEntry, Sealed};
use phygital_core::store::{
    Action, Alike, CustomerRow, KnownBy, Link, Mark, Node, Position, Read, Statement, StorageError,
    StorageFault, Store, StoreIdentity, Stored, TagRow, Waiting, Write,
};
use phygital_core::vocab::{
    ActionId, Currency, CustomerId, DescriptionKey, DeviceId, Digest, EventKey, Hlc, IdentifierKey, KeyEpoch,
    TagUid, Timestamp,
};

/// What is to go wrong, shared between a store and its test.
#[derive(Debug, Clone, Default)]
pub struct Plan(Rc<RefCell<Orders>>);

#[derive(Debug, Default)]
struct Orders {
    /// How many operations still succeed; `None` while nothing is to fail.
    left: Option<u64>,
    /// The next commit takes effect and reports a fault.
    lie: bool,
    /// Whether everything after the first fault fails too.
    lasting: bool,
    happened: bool,
}

impl Plan {
    /// Lets so many operations succeed, and the next one fail; all that follow too where it lasts.
    pub fn fail_after(&self, operations: u64, lasting: bool) {
        *self.0.borrow_mut() = Orders { left: Some(operations), lasting, ..Orders::default() };
    }

    /// Lets the next commit take effect and report a fault; where it lasts, nobody can look it up.
    pub fn lie_at_commit(&self, lasting: bool) {
        *self.0.borrow_mut() = Orders { lie: true, lasting, ..Orders::default() };
    }

    /// Ends it. Whether anything failed.
    pub fn heal(&self) -> bool {
        std::mem::take(&mut *self.0.borrow_mut()).happened
    }

    fn fault(doing: &'static str) -> StorageError {
        StorageError::new(StorageFault::Io, doing, "on command")
    }

    fn step(&self, doing: &'static str) -> Stored<()> {
        let mut orders = self.0.borrow_mut();
        if orders.happened && orders.lasting {
            return Err(Plan::fault(doing));
        }
        match orders.left {
            Some(0) => {
                orders.left = None;
                orders.happened = true;
                Err(Plan::fault(doing))
            }
            Some(left) => {
                orders.left = Some(left - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub fn lies(&self) -> bool {
        let mut orders = self.0.borrow_mut();
        let lies = std::mem::take(&mut orders.lie);
        orders.happened |= lies;
        lies
    }
}

/// A store over another that fails as its plan says.
#[derive(Debug)]
pub struct Faulty<S> {
    store: S,
    plan: Plan,
}

impl<S> Faulty<S> {
    pub fn over(store: S, plan: &Plan) -> Faulty<S> {
        Faulty { store, plan: plan.clone() }
    }
}

/// A transaction on a [`Faulty`].
pub struct FaultyTransaction<T> {
    inner: T,
    plan: Plan,
}

impl<S: Store> Store for Faulty<S> {
    type Reader<'s>
        = FaultyTransaction<S::Reader<'s>>
    where
        S: 's;
    type Writer<'s>
        = FaultyTransaction<S::Writer<'s>>
    where
        S: 's;

    fn reader(&self) -> Stored<Self::Reader<'_>> {
        self.plan.step("beginning to read")?;
        Ok(FaultyTransaction { inner: self.store.reader()?, plan: self.plan.clone() })
    }

    fn writer(&mut self) -> Stored<Self::Writer<'_>> {
        self.plan.step("beginning to write")?;
        Ok(FaultyTransaction { inner: self.store.writer()?, plan: self.plan.clone() })
    }
}

macro_rules! delegate {
    (read $($name:ident($($arg:ident: $type:ty),*) -> $gives:ty;)*) => {
        $(fn $name(&self $(, $arg: $type)*) -> Stored<$gives> {
            self.plan.step(stringify!($name))?;
            self.inner.$name($($arg),*)
        })*
    };
    (write $($name:ident($($arg:ident: $type:ty),*) -> $gives:ty;)*) => {
        $(fn $name(&mut self $(, $arg: $type)*) -> Stored<$gives> {
            self.plan.step(stringify!($name))?;
            self.inner.$name($($arg),*)
        })*
    };
}

impl<T: Read> Read for FaultyTransaction<T> {
    delegate! { read
        identity() -> Option<StoreIdentity>;
        rules() -> Option<String>;
        model() -> Option<String>;
        rules_digest() -> Option<Digest>;
        head(device: DeviceId, epoch: u32) -> Option<Head>;
        clock() -> Hlc;
        entry(key: &EventKey) -> Option<LogEntry>;
        entries(behind: Position, most: usize) -> Vec<(Position, LogEntry)>;
        len() -> u64;
        node(key: &IdentifierKey) -> Option<Node>;
        link(key: &IdentifierKey, with: &IdentifierKey) -> Option<Link>;
        links(key: &IdentifierKey) -> Vec<Link>;
        statements(key: &IdentifierKey) -> Vec<Statement>;
        description(key: &DescriptionKey) -> Option<Details>;
        described(key: &DescriptionKey, most: usize) -> Vec<IdentifierKey>;
        block(block: u64, most: usize) -> Vec<DescriptionKey>;
        blocks_above(most: usize) -> u64;
        alike(key: &DescriptionKey) -> Vec<Alike>;
        events_of(key: &IdentifierKey, behind: Option<&FoldKey>) -> Vec<FoldKey>;
        snapshot(id: &CustomerId, before: &FoldKey) -> Option<CustomerRow>;
        customer(id: &CustomerId) -> Option<CustomerRow>;
        identifiers_of(id: &CustomerId) -> Vec<IdentifierKey>;
        known_by(id: &CustomerId) -> Vec<KnownBy>;
        each_identifier(show: &mut dyn FnMut(IdentifierKey, CustomerId)) -> ();
        customers() -> u64;
        ledger(contact: &IdentifierKey) -> Option<String>;
        offer(code: &str) -> Option<String>;
        tries(contact: &IdentifierKey) -> Option<String>;
        thread(contact: &IdentifierKey) -> Option<String>;
        waiting_threads(behind: Option<&Waiting>, most: usize) -> Vec<Waiting>;
        is_erased(key: &IdentifierKey) -> bool;
        has_erased() -> bool;
        tag(uid: &TagUid) -> Option<TagRow>;
        tags(after: Option<&TagUid>, most: usize) -> Vec<TagRow>;
        mark(uid: &TagUid, epoch: KeyEpoch) -> Option<Mark>;
        spenders(currency: Currency) -> Vec<(u16, u64)>;
        action(id: &ActionId) -> Option<Action>;
        actions(behind: Option<&Action>, most: usize) -> Vec<Action>;
        each_folded(show: &mut dyn FnMut(&str, &str)) -> ();
    }
}

impl<T: Write> Write for FaultyTransaction<T> {
    delegate! { write
        put_identity(identity: &StoreIdentity) -> ();
        put_rules(rules: &str, model: Option<&str>, digest: &Digest) -> ();
        append(entry: &LogEntry) -> Position;
        strike(event: &EventKey, left: Option<&Sealed>) -> ();
        put_node(key: &IdentifierKey, node: &Node) -> ();
        remove_node(key: &IdentifierKey) -> ();
        put_link(key: &IdentifierKey, link: &Link) -> ();
        remove_link(key: &IdentifierKey, with: &IdentifierKey) -> ();
        put_statement(key: &IdentifierKey, statement: &Statement) -> ();
        remove_statement(key: &IdentifierKey, with: &IdentifierKey) -> ();
        put_description(key: &DescriptionKey, details: &Details) -> ();
        remove_description(key: &DescriptionKey) -> ();
        put_described(key: &DescriptionKey, identifier: &IdentifierKey) -> ();
        remove_described(key: &DescriptionKey, identifier: &IdentifierKey) -> ();
        put_in_block(block: u64, key: &DescriptionKey) -> ();
        remove_from_block(block: u64, key: &DescriptionKey) -> ();
        put_alike(key: &DescriptionKey, alike: &Alike) -> ();
        remove_alike(key: &DescriptionKey, with: &DescriptionKey) -> ();
        put_event_of(key: &IdentifierKey, event: &FoldKey) -> ();
        remove_event_of(key: &IdentifierKey, event: &FoldKey) -> ();
        put_erased(key: &IdentifierKey) -> ();
        put_customer(id: &CustomerId, row: &CustomerRow) -> ();
        remove_customer(id: &CustomerId) -> ();
        put_snapshot(id: &CustomerId, row: &CustomerRow) -> ();
        remove_snapshots(id: &CustomerId, from: Option<&FoldKey>) -> ();
        put_ledger(contact: &IdentifierKey, ledger: &str) -> ();
        remove_ledger(contact: &IdentifierKey) -> ();
        put_offer(code: &str, offer: &str) -> ();
        put_tries(contact: &IdentifierKey, tries: &str) -> ();
        remove_tries(contact: &IdentifierKey) -> ();
        put_thread(contact: &IdentifierKey, thread: &str, waits_since: Option<Timestamp>) -> ();
        remove_thread(contact: &IdentifierKey) -> ();
        put_tag(tag: &TagRow) -> ();
        put_mark(uid: &TagUid, epoch: KeyEpoch, mark: &Mark) -> ();
        put_spenders(currency: Currency, bucket: u16, customers: u64) -> ();
        put_action(action: &Action) -> ();
        remove_action(id: &ActionId) -> ();
        clear_folded() -> ();
    }

    fn commit(self) -> Stored<()> {
        self.plan.step("committing")?;
        self.inner.commit()?;
        if self.plan.lies() { Err(Plan::fault("committing")) } else { Ok(()) }
    }
}
