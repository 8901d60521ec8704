//! The reference store: ordered maps in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{
    Action, Alike, CustomerRow, KnownBy, Link, Mark, Node, Position, Read, Statement, StorageError,
    StorageFault, Store, StoreIdentity, Stored, TagRow, Waiting, Write,
};
use crate::event::{FoldKey, Origin};
use crate::identity::Details;
use crate::log::{Head, LogEntry, Sealed};
use crate::vocab::{
    ActionId, Currency, CustomerId, DescriptionKey, DeviceId, Digest, EventKey, Hlc, IdentifierKey, KeyEpoch,
    TagUid, Timestamp,
};

/// A store that lives as long as its process: for tests, simulations and services that keep no data.
#[derive(Debug, Default, Clone)]
pub struct Memory {
    tables: Tables,
}

#[derive(Debug, Default, Clone)]
struct Tables {
    identity: Option<StoreIdentity>,
    rules: Option<(String, Option<String>, Digest)>,
    log: Vec<LogEntry>,
    by_event: BTreeMap<EventKey, usize>,
    by_origin: BTreeMap<Origin, usize>,
    /// The greatest reading of any entry.
    clock: Hlc,
    folded: Folded,
}

/// All that is folded from the log.
#[derive(Debug, Default, Clone)]
struct Folded {
    nodes: BTreeMap<IdentifierKey, Node>,
    links: BTreeMap<(IdentifierKey, IdentifierKey), Link>,
    statements: BTreeMap<(IdentifierKey, IdentifierKey), Statement>,
    events_of: BTreeMap<(IdentifierKey, FoldKey), ()>,
    descriptions: BTreeMap<DescriptionKey, Details>,
    described: BTreeMap<(DescriptionKey, IdentifierKey), ()>,
    blocks: BTreeMap<(u64, DescriptionKey), ()>,
    alike: BTreeMap<(DescriptionKey, DescriptionKey), Alike>,
    erased: BTreeMap<IdentifierKey, ()>,
    customers: BTreeMap<CustomerId, CustomerRow>,
    snapshots: BTreeMap<(CustomerId, FoldKey), CustomerRow>,
    members: BTreeMap<(CustomerId, IdentifierKey), ()>,
    ledgers: BTreeMap<IdentifierKey, String>,
    offers: BTreeMap<String, String>,
    tries: BTreeMap<IdentifierKey, String>,
    threads: BTreeMap<IdentifierKey, (String, Option<Timestamp>)>,
    tags: BTreeMap<TagUid, TagRow>,
    marks: BTreeMap<(TagUid, KeyEpoch), Mark>,
    spenders: BTreeMap<(Currency, u16), u64>,
    actions: BTreeMap<ActionId, Action>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Memory {
        Memory::default()
    }
}

impl Store for Memory {
    type Reader<'s> = &'s Memory;
    type Writer<'s> = MemoryWriter<'s>;

    fn reader(&self) -> Stored<&Memory> {
        Ok(self)
    }

    fn writer(&mut self) -> Stored<MemoryWriter<'_>> {
        Ok(MemoryWriter { memory: self, undo: Vec::new(), committed: false })
    }
}

/// How to take one change back.
type Undo = Box<dyn FnOnce(&mut Tables)>;

/// A transaction on a [`Memory`]: changes are made at once and taken back if it is dropped.
pub struct MemoryWriter<'s> {
    memory: &'s mut Memory,
    undo: Vec<Undo>,
    committed: bool,
}

impl std::fmt::Debug for MemoryWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemoryWriter({} changes)", self.undo.len())
    }
}

impl Drop for MemoryWriter<'_> {
    fn drop(&mut self) {
        if !self.committed {
            while let Some(undo) = self.undo.pop() {
                undo(&mut self.memory.tables);
            }
        }
    }
}

impl MemoryWriter<'_> {
    /// Sets or removes one entry of a table, remembering what stood there.
    fn set<K: Ord + Clone + 'static, V: 'static>(
        &mut self,
        table: fn(&mut Folded) -> &mut BTreeMap<K, V>,
        key: K,
        value: Option<V>,
    ) {
        let map = table(&mut self.memory.tables.folded);
        let before = match value {
            Some(value) => map.insert(key.clone(), value),
            None => map.remove(&key),
        };
        self.undo.push(Box::new(move |tables| {
            let map = table(&mut tables.folded);
            match before {
                Some(before) => map.insert(key, before),
                None => map.remove(&key),
            };
        }));
    }
}

/// The values of a map of pairs whose first is `key`.
fn under<'m, V>(
    map: &'m BTreeMap<(IdentifierKey, IdentifierKey), V>,
    key: &IdentifierKey,
) -> impl Iterator<Item = &'m V> {
    let (least, most) = (IdentifierKey::from_bytes([0; 16]), IdentifierKey::from_bytes([255; 16]));
    map.range((*key, least)..=(*key, most)).map(|(_, value)| value)
}

/// Before all events.
const BEGINNING: FoldKey = FoldKey { at: crate::vocab::Timestamp::MIN, key: EventKey::from_bytes([0; 16]) };

/// The first and the last of all keys of descriptions.
const FIRST: DescriptionKey = DescriptionKey::from_bytes([0; 16]);
const LAST: DescriptionKey = DescriptionKey::from_bytes([255; 16]);

impl Read for &Memory {
    fn identity(&self) -> Stored<Option<StoreIdentity>> {
        Ok(self.tables.identity.clone())
    }

    fn rules(&self) -> Stored<Option<String>> {
        Ok(self.tables.rules.as_ref().map(|(rules, ..)| rules.clone()))
    }

    fn model(&self) -> Stored<Option<String>> {
        Ok(self.tables.rules.as_ref().and_then(|(_, model, _)| model.clone()))
    }

    fn rules_digest(&self) -> Stored<Option<Digest>> {
        Ok(self.tables.rules.as_ref().map(|(.., digest)| *digest))
    }

    fn head(&self, device: DeviceId, epoch: u32) -> Stored<Option<Head>> {
        let first = Origin { device, epoch, seq: 0 };
        let last = Origin { device, epoch, seq: u64::MAX };
        let found = self.tables.by_origin.range(first..=last).next_back();
        Ok(found.map(|(_, &index)| {
            let entry = &self.tables.log[index];
            Head { origin: entry.origin, hlc: entry.hlc, link: entry.link }
        }))
    }

    fn clock(&self) -> Stored<Hlc> {
        Ok(self.tables.clock)
    }

    fn entry(&self, key: &EventKey) -> Stored<Option<LogEntry>> {
        Ok(self.tables.by_event.get(key).map(|&index| self.tables.log[index].clone()))
    }

    fn entries(&self, behind: Position, most: usize) -> Stored<Vec<(Position, LogEntry)>> {
        let from = usize::try_from(behind).unwrap_or(usize::MAX).min(self.tables.log.len());
        let entries = (from as Position + 1..).zip(&self.tables.log[from..]);
        Ok(entries.take(most).map(|(position, entry)| (position, entry.clone())).collect())
    }

    fn len(&self) -> Stored<u64> {
        Ok(self.tables.log.len() as u64)
    }

    fn node(&self, key: &IdentifierKey) -> Stored<Option<Node>> {
        Ok(self.tables.folded.nodes.get(key).cloned())
    }

    fn link(&self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<Option<Link>> {
        Ok(self.tables.folded.links.get(&(*key, *with)).copied())
    }

    fn links(&self, key: &IdentifierKey) -> Stored<Vec<Link>> {
        Ok(under(&self.tables.folded.links, key).copied().collect())
    }

    fn statements(&self, key: &IdentifierKey) -> Stored<Vec<Statement>> {
        Ok(under(&self.tables.folded.statements, key).copied().collect())
    }

    fn description(&self, key: &DescriptionKey) -> Stored<Option<Details>> {
        Ok(self.tables.folded.descriptions.get(key).cloned())
    }

    fn described(&self, key: &DescriptionKey, most: usize) -> Stored<Vec<IdentifierKey>> {
        let (least, last) = (IdentifierKey::from_bytes([0; 16]), IdentifierKey::from_bytes([255; 16]));
        let found = self.tables.folded.described.range((*key, least)..=(*key, last));
        Ok(found.take(most).map(|((_, identifier), ())| *identifier).collect())
    }

    fn block(&self, block: u64, most: usize) -> Stored<Vec<DescriptionKey>> {
        let found = self.tables.folded.blocks.range((block, FIRST)..=(block, LAST));
        Ok(found.take(most).map(|((_, key), ())| *key).collect())
    }

    fn blocks_above(&self, most: usize) -> Stored<u64> {
        let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
        for (block, _) in self.tables.folded.blocks.keys() {
            *sizes.entry(*block).or_default() += 1;
        }
        Ok(sizes.values().filter(|size| **size > most).count() as u64)
    }

    fn alike(&self, key: &DescriptionKey) -> Stored<Vec<Alike>> {
        let found = self.tables.folded.alike.range((*key, FIRST)..=(*key, LAST));
        Ok(found.map(|(_, alike)| *alike).collect())
    }

    fn events_of(&self, key: &IdentifierKey, behind: Option<&FoldKey>) -> Stored<Vec<FoldKey>> {
        let from =
            behind.map_or(Bound::Included((*key, BEGINNING)), |behind| Bound::Excluded((*key, *behind)));
        let events = self.tables.folded.events_of.range((from, Bound::Unbounded)).map(|(pair, ())| pair);
        Ok(events.take_while(|(of, _)| of == key).map(|(_, event)| *event).collect())
    }

    fn customer(&self, id: &CustomerId) -> Stored<Option<CustomerRow>> {
        Ok(self.tables.folded.customers.get(id).cloned())
    }

    fn snapshot(&self, id: &CustomerId, before: &FoldKey) -> Stored<Option<CustomerRow>> {
        let earlier = self.tables.folded.snapshots.range((*id, BEGINNING)..(*id, *before)).next_back();
        Ok(earlier.map(|(_, row)| row.clone()))
    }

    fn identifiers_of(&self, id: &CustomerId) -> Stored<Vec<IdentifierKey>> {
        let from = (*id, IdentifierKey::from_bytes([0; 16]));
        let members = self.tables.folded.members.range(from..).map(|(pair, ())| pair);
        Ok(members.take_while(|(of, _)| of == id).map(|(_, key)| *key).collect())
    }

    fn known_by(&self, id: &CustomerId) -> Stored<Vec<KnownBy>> {
        let keys = self.identifiers_of(id)?.into_iter();
        let known = keys.filter_map(|key| {
            let identifier = self.tables.folded.nodes.get(&key)?.identifier.clone();
            let ledger = self.tables.folded.ledgers.get(&key).cloned();
            Some(KnownBy { key, identifier, ledger })
        });
        Ok(known.collect())
    }

    fn each_identifier(&self, show: &mut dyn FnMut(IdentifierKey, CustomerId)) -> Stored<()> {
        self.tables.folded.nodes.iter().for_each(|(key, node)| show(*key, node.customer));
        Ok(())
    }

    fn customers(&self) -> Stored<u64> {
        Ok(self.tables.folded.customers.len() as u64)
    }

    fn ledger(&self, contact: &IdentifierKey) -> Stored<Option<String>> {
        Ok(self.tables.folded.ledgers.get(contact).cloned())
    }

    fn offer(&self, code: &str) -> Stored<Option<String>> {
        Ok(self.tables.folded.offers.get(code).cloned())
    }

    fn tries(&self, contact: &IdentifierKey) -> Stored<Option<String>> {
        Ok(self.tables.folded.tries.get(contact).cloned())
    }

    fn thread(&self, contact: &IdentifierKey) -> Stored<Option<String>> {
        Ok(self.tables.folded.threads.get(contact).map(|(thread, _)| thread.clone()))
    }

    fn waiting_threads(&self, behind: Option<&Waiting>, most: usize) -> Stored<Vec<Waiting>> {
        let waits = |(contact, (_, since)): (&IdentifierKey, &(String, Option<Timestamp>))| {
            since.map(|since| Waiting { since, contact: *contact })
        };
        let mut waiting: Vec<Waiting> = self.tables.folded.threads.iter().filter_map(waits).collect();
        waiting.sort_unstable();
        Ok(waiting.into_iter().filter(|one| behind.is_none_or(|behind| one > behind)).take(most).collect())
    }

    fn is_erased(&self, key: &IdentifierKey) -> Stored<bool> {
        Ok(self.tables.folded.erased.contains_key(key))
    }

    fn has_erased(&self) -> Stored<bool> {
        Ok(!self.tables.folded.erased.is_empty())
    }

    fn tag(&self, uid: &TagUid) -> Stored<Option<TagRow>> {
        Ok(self.tables.folded.tags.get(uid).cloned())
    }

    fn tags(&self, after: Option<&TagUid>, most: usize) -> Stored<Vec<TagRow>> {
        let from = after.map_or(Bound::Unbounded, |uid| Bound::Excluded(*uid));
        let tags = self.tables.folded.tags.range((from, Bound::Unbounded));
        Ok(tags.take(most).map(|(_, tag)| tag.clone()).collect())
    }

    fn mark(&self, uid: &TagUid, epoch: KeyEpoch) -> Stored<Option<Mark>> {
        Ok(self.tables.folded.marks.get(&(*uid, epoch)).copied())
    }

    fn spenders(&self, currency: Currency) -> Stored<Vec<(u16, u64)>> {
        let buckets = self.tables.folded.spenders.range((currency, 0)..=(currency, u16::MAX));
        Ok(buckets.map(|((_, bucket), &customers)| (*bucket, customers)).collect())
    }

    fn action(&self, id: &ActionId) -> Stored<Option<Action>> {
        Ok(self.tables.folded.actions.get(id).cloned())
    }

    fn actions(&self, behind: Option<&Action>, most: usize) -> Stored<Vec<Action>> {
        let mut actions: Vec<&Action> = self.tables.folded.actions.values().collect();
        actions.sort_by_key(|action| (action.cause, &action.id));
        let behind = behind.map(|action| (action.cause, &action.id));
        let later =
            actions.into_iter().filter(|action| behind.is_none_or(|at| (action.cause, &action.id) > at));
        Ok(later.take(most).cloned().collect())
    }

    fn each_folded(&self, show: &mut dyn FnMut(&str, &str)) -> Stored<()> {
        let folded = &self.tables.folded;
        for (key, node) in &folded.nodes {
            show("identifier", &text::node(key, node));
        }
        for ((key, _), link) in &folded.links {
            show("link", &text::link(key, link));
        }
        for ((key, _), statement) in &folded.statements {
            show("statement", &text::statement(key, statement));
        }
        for (key, event) in folded.events_of.keys() {
            show("event_of", &text::event_of(key, event));
        }
        for (key, details) in &folded.descriptions {
            show("description", &format!("{key} {}", text::details(std::slice::from_ref(details))));
        }
        for (key, identifier) in folded.described.keys() {
            show("described", &format!("{key} {identifier}"));
        }
        for (block, key) in folded.blocks.keys() {
            show("block", &text::block(*block, key));
        }
        for ((key, _), alike) in &folded.alike {
            show("alike", &text::alike(key, alike));
        }
        for key in folded.erased.keys() {
            show("erased", &key.to_string());
        }
        for (id, row) in &folded.customers {
            show("customer", &text::customer(id, row));
        }
        for (contact, ledger) in &folded.ledgers {
            show("consent", &format!("{contact} {ledger}"));
        }
        for (code, offer) in &folded.offers {
            show("offer", &format!("{code} {offer}"));
        }
        for (contact, tries) in &folded.tries {
            show("tries", &format!("{contact} {tries}"));
        }
        for (contact, (thread, waits_since)) in &folded.threads {
            show("thread", &text::thread(contact, thread, *waits_since));
        }
        for tag in folded.tags.values() {
            show("tag", &text::tag(tag));
        }
        for ((uid, epoch), mark) in &folded.marks {
            show("mark", &text::mark(uid, *epoch, mark));
        }
        for ((currency, bucket), customers) in &folded.spenders {
            show("spenders", &format!("{currency} {bucket} {customers}"));
        }
        for action in folded.actions.values() {
            show("action", &text::action(action));
        }
        Ok(())
    }
}

/// How the rows of the fold read as texts, the same in every store.
pub mod text {
    use super::*;

    /// An identifier's row.
    pub fn node(key: &IdentifierKey, node: &Node) -> String {
        let Node { identifier, first, shared, withdrawn, customer, details } = node;
        let (kind, value) = (identifier.kind(), identifier.value());
        let row = format!(
            "{key} {kind}:{value} first {} {} shared {shared} customer {customer}",
            first.at, first.key
        );
        let row = row + if *withdrawn { " withdrawn" } else { "" };
        match details.is_empty() {
            true => row,
            false => row + " details " + &self::details(details),
        }
    }

    /// What is said of whoever has an identifier, as JSON.
    pub fn details(details: &[Details]) -> String {
        serde_json::to_string(details).expect("texts are always JSON")
    }

    /// A thread's row.
    pub fn thread(contact: &IdentifierKey, thread: &str, waits_since: Option<Timestamp>) -> String {
        match waits_since {
            Some(since) => format!("{contact} {thread} waits since {since}"),
            None => format!("{contact} {thread}"),
        }
    }

    /// A link's row.
    pub fn link(key: &IdentifierKey, link: &Link) -> String {
        format!("{key} {} {} first {} {}", link.with, link.kind, link.first.at, link.first.key)
    }

    /// A statement's row.
    pub fn statement(key: &IdentifierKey, statement: &Statement) -> String {
        let Statement { with, same, said } = statement;
        format!("{key} {with} same {same} said {} {}", said.at, said.key)
    }

    /// The row of a description that has a blocking key.
    pub fn block(block: u64, key: &DescriptionKey) -> String {
        format!("{block:016x} {key}")
    }

    /// The row of two descriptions that are alike.
    pub fn alike(key: &DescriptionKey, alike: &Alike) -> String {
        format!("{key} {} weight {}", alike.with, alike.weight)
    }

    /// The row of an event that names an identifier.
    pub fn event_of(key: &IdentifierKey, event: &FoldKey) -> String {
        format!("{key} {} {}", event.at, event.key)
    }

    /// A customer's row.
    pub fn customer(id: &CustomerId, row: &CustomerRow) -> String {
        format!("{id} last {} {} {}", row.last.at, row.last.key, row.profile)
    }

    /// A tag's row.
    pub fn tag(tag: &TagRow) -> String {
        serde_json::to_string(tag).expect("a tag is always JSON")
    }

    /// A mark's row.
    pub fn mark(uid: &TagUid, epoch: KeyEpoch, mark: &Mark) -> String {
        let client = mark.client.map_or_else(String::new, |client| client.to_string());
        format!("{uid} {epoch} {} {} {} {client}", mark.highest, mark.event, mark.at)
    }

    /// An action's row.
    pub fn action(action: &Action) -> String {
        serde_json::to_string(action).expect("an action is always JSON")
    }
}

/// Reading within the transaction is reading the maps as they stand.
macro_rules! read_through {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Read for MemoryWriter<'_> {
            $(fn $name(&self, $($argument: $type),*) -> Stored<$result> {
                (&&*self.memory).$name($($argument),*)
            })*
        }
    };
}

read_through! {
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

impl Write for MemoryWriter<'_> {
    fn put_identity(&mut self, identity: &StoreIdentity) -> Stored<()> {
        let before = self.memory.tables.identity.replace(identity.clone());
        self.undo.push(Box::new(move |tables| tables.identity = before));
        Ok(())
    }

    fn put_rules(&mut self, rules: &str, model: Option<&str>, digest: &Digest) -> Stored<()> {
        let put = (rules.to_owned(), model.map(str::to_owned), *digest);
        let before = self.memory.tables.rules.replace(put);
        self.undo.push(Box::new(move |tables| tables.rules = before));
        Ok(())
    }

    fn append(&mut self, entry: &LogEntry) -> Stored<Position> {
        let tables = &mut self.memory.tables;
        if tables.by_event.contains_key(&entry.key()) || tables.by_origin.contains_key(&entry.origin) {
            let detail = format!("entry {} is there already", entry.origin);
            return Err(StorageError::new(StorageFault::Corrupt, "appending to the log", detail));
        }
        tables.by_event.insert(entry.key(), tables.log.len());
        tables.by_origin.insert(entry.origin, tables.log.len());
        tables.log.push(entry.clone());
        let clock = tables.clock;
        tables.clock = clock.max(entry.hlc);
        self.undo.push(Box::new(move |tables| {
            tables.clock = clock;
            if let Some(entry) = tables.log.pop() {
                tables.by_event.remove(&entry.key());
                tables.by_origin.remove(&entry.origin);
            }
        }));
        Ok(self.memory.tables.log.len() as Position)
    }

    fn strike(&mut self, event: &EventKey, left: Option<&Sealed>) -> Stored<()> {
        let tables = &mut self.memory.tables;
        let Some(&index) = tables.by_event.get(event) else {
            let detail = format!("{event} is not there");
            return Err(StorageError::new(StorageFault::Corrupt, "striking from the log", detail));
        };
        let entry = &mut tables.log[index];
        let before = std::mem::replace(entry, entry.clone().struck(left.cloned()));
        self.undo.push(Box::new(move |tables| tables.log[index] = before));
        Ok(())
    }

    fn put_node(&mut self, key: &IdentifierKey, node: &Node) -> Stored<()> {
        if let Some(before) = self.memory.tables.folded.nodes.get(key) {
            let member = (before.customer, *key);
            self.set(|folded| &mut folded.members, member, None);
        }
        self.set(|folded| &mut folded.members, (node.customer, *key), Some(()));
        self.set(|folded| &mut folded.nodes, *key, Some(node.clone()));
        Ok(())
    }

    fn remove_node(&mut self, key: &IdentifierKey) -> Stored<()> {
        if let Some(before) = self.memory.tables.folded.nodes.get(key) {
            let member = (before.customer, *key);
            self.set(|folded| &mut folded.members, member, None);
        }
        self.set(|folded| &mut folded.nodes, *key, None);
        Ok(())
    }

    fn put_link(&mut self, key: &IdentifierKey, link: &Link) -> Stored<()> {
        self.set(|folded| &mut folded.links, (*key, link.with), Some(*link));
        Ok(())
    }

    fn remove_link(&mut self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.links, (*key, *with), None);
        Ok(())
    }

    fn put_statement(&mut self, key: &IdentifierKey, statement: &Statement) -> Stored<()> {
        self.set(|folded| &mut folded.statements, (*key, statement.with), Some(*statement));
        Ok(())
    }

    fn remove_statement(&mut self, key: &IdentifierKey, with: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.statements, (*key, *with), None);
        Ok(())
    }

    fn put_description(&mut self, key: &DescriptionKey, details: &Details) -> Stored<()> {
        self.set(|folded| &mut folded.descriptions, *key, Some(details.clone()));
        Ok(())
    }

    fn remove_description(&mut self, key: &DescriptionKey) -> Stored<()> {
        self.set(|folded| &mut folded.descriptions, *key, None);
        Ok(())
    }

    fn put_described(&mut self, key: &DescriptionKey, identifier: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.described, (*key, *identifier), Some(()));
        Ok(())
    }

    fn remove_described(&mut self, key: &DescriptionKey, identifier: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.described, (*key, *identifier), None);
        Ok(())
    }

    fn put_in_block(&mut self, block: u64, key: &DescriptionKey) -> Stored<()> {
        self.set(|folded| &mut folded.blocks, (block, *key), Some(()));
        Ok(())
    }

    fn remove_from_block(&mut self, block: u64, key: &DescriptionKey) -> Stored<()> {
        self.set(|folded| &mut folded.blocks, (block, *key), None);
        Ok(())
    }

    fn put_alike(&mut self, key: &DescriptionKey, alike: &Alike) -> Stored<()> {
        self.set(|folded| &mut folded.alike, (*key, alike.with), Some(*alike));
        Ok(())
    }

    fn remove_alike(&mut self, key: &DescriptionKey, with: &DescriptionKey) -> Stored<()> {
        self.set(|folded| &mut folded.alike, (*key, *with), None);
        Ok(())
    }

    fn put_event_of(&mut self, key: &IdentifierKey, event: &FoldKey) -> Stored<()> {
        self.set(|folded| &mut folded.events_of, (*key, *event), Some(()));
        Ok(())
    }

    fn remove_event_of(&mut self, key: &IdentifierKey, event: &FoldKey) -> Stored<()> {
        self.set(|folded| &mut folded.events_of, (*key, *event), None);
        Ok(())
    }

    fn put_erased(&mut self, key: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.erased, *key, Some(()));
        Ok(())
    }

    fn put_customer(&mut self, id: &CustomerId, row: &CustomerRow) -> Stored<()> {
        self.set(|folded| &mut folded.customers, *id, Some(row.clone()));
        Ok(())
    }

    fn remove_customer(&mut self, id: &CustomerId) -> Stored<()> {
        self.set(|folded| &mut folded.customers, *id, None);
        Ok(())
    }

    fn put_snapshot(&mut self, id: &CustomerId, row: &CustomerRow) -> Stored<()> {
        self.set(|folded| &mut folded.snapshots, (*id, row.last), Some(row.clone()));
        Ok(())
    }

    fn remove_snapshots(&mut self, id: &CustomerId, from: Option<&FoldKey>) -> Stored<()> {
        let snapshots = self.memory.tables.folded.snapshots.range((*id, *from.unwrap_or(&BEGINNING))..);
        let gone: Vec<_> = snapshots.map(|(key, _)| *key).take_while(|(of, _)| of == id).collect();
        gone.into_iter().for_each(|key| self.set(|folded| &mut folded.snapshots, key, None));
        Ok(())
    }

    fn put_ledger(&mut self, contact: &IdentifierKey, ledger: &str) -> Stored<()> {
        self.set(|folded| &mut folded.ledgers, *contact, Some(ledger.to_owned()));
        Ok(())
    }

    fn remove_ledger(&mut self, contact: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.ledgers, *contact, None);
        Ok(())
    }

    fn put_offer(&mut self, code: &str, offer: &str) -> Stored<()> {
        self.set(|folded| &mut folded.offers, code.to_owned(), Some(offer.to_owned()));
        Ok(())
    }

    fn put_tries(&mut self, contact: &IdentifierKey, tries: &str) -> Stored<()> {
        self.set(|folded| &mut folded.tries, *contact, Some(tries.to_owned()));
        Ok(())
    }

    fn remove_tries(&mut self, contact: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.tries, *contact, None);
        Ok(())
    }

    fn put_thread(
        &mut self,
        contact: &IdentifierKey,
        thread: &str,
        waits_since: Option<Timestamp>,
    ) -> Stored<()> {
        self.set(|folded| &mut folded.threads, *contact, Some((thread.to_owned(), waits_since)));
        Ok(())
    }

    fn remove_thread(&mut self, contact: &IdentifierKey) -> Stored<()> {
        self.set(|folded| &mut folded.threads, *contact, None);
        Ok(())
    }

    fn put_tag(&mut self, tag: &TagRow) -> Stored<()> {
        self.set(|folded| &mut folded.tags, tag.uid, Some(tag.clone()));
        Ok(())
    }

    fn put_mark(&mut self, uid: &TagUid, epoch: KeyEpoch, mark: &Mark) -> Stored<()> {
        self.set(|folded| &mut folded.marks, (*uid, epoch), Some(*mark));
        Ok(())
    }

    fn put_spenders(&mut self, currency: Currency, bucket: u16, customers: u64) -> Stored<()> {
        let customers = (customers > 0).then_some(customers);
        self.set(|folded| &mut folded.spenders, (currency, bucket), customers);
        Ok(())
    }

    fn put_action(&mut self, action: &Action) -> Stored<()> {
        self.set(|folded| &mut folded.actions, action.id.clone(), Some(action.clone()));
        Ok(())
    }

    fn remove_action(&mut self, id: &ActionId) -> Stored<()> {
        self.set(|folded| &mut folded.actions, id.clone(), None);
        Ok(())
    }

    fn clear_folded(&mut self) -> Stored<()> {
        let before = std::mem::take(&mut self.memory.tables.folded);
        self.undo.push(Box::new(move |tables| tables.folded = before));
        Ok(())
    }

    fn commit(mut self) -> Stored<()> {
        self.committed = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_the_contract() {
        crate::store::contract::check(Memory::new);
    }
}
