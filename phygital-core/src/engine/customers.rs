//! Folding an event into identity and profile: which customer it belongs to, and what she becomes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::event::{Body, FoldKey, Recorded};
use crate::identity::{Basis, Component, Edge, Member, Rules, partition, primary};
use crate::log;
use crate::store::{Link, Node, Read, Statement, StorageError, StorageFault, Stored, Write};
use crate::vocab::{CustomerId, Identifier, IdentifierKey, IdentifierKind, TenantKey};

use super::profiles::Profiles;

/// What folding needs beside the event and the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lens<'e> {
    pub(crate) tenant: &'e TenantKey,
    pub(crate) rules: &'e Rules,
}

impl Lens<'_> {
    /// The identifiers that may link, with their keys.
    fn usable<'r>(&self, identifiers: &'r [Identifier]) -> Vec<(IdentifierKey, &'r Identifier)> {
        let usable = identifiers.iter().filter(|one| !self.rules.is_blocked(one));
        usable.map(|one| (one.key(self.tenant), one)).collect()
    }
}

/// Folds an event into identity and the profile of its customer; gives the customer.
pub(crate) fn apply<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    recorded: &Recorded,
    profiles: &mut Profiles,
) -> Stored<Option<CustomerId>> {
    let named = lens.usable(&recorded.event.identifiers);
    if named.is_empty() {
        return Ok(None);
    }
    let change = extend(tx, lens, recorded, &named)?;
    let owner = primary_of(&change.nodes)?;
    if change.recut {
        recut(tx, recorded, &named, owner, &change, profiles)?;
        return Ok(Some(node_of(tx, &owner)?.customer));
    }
    let customer = change.nodes[&owner].customer;
    profiles.advance(tx, customer, recorded)?;
    Ok(Some(customer))
}

/// What an event changed in the graph of identifiers.
#[derive(Default)]
struct Change {
    /// The identifiers of the event, as they are with it.
    nodes: BTreeMap<IdentifierKey, Node>,
    /// Identifiers never seen before.
    fresh: BTreeSet<IdentifierKey>,
    /// Whether customers may have to be cut anew.
    recut: bool,
    /// Identifiers that became shared by this event.
    became_shared: BTreeSet<IdentifierKey>,
}

/// Adds the event's identifiers, links and statements to the graph.
fn extend<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    recorded: &Recorded,
    named: &[(IdentifierKey, &Identifier)],
) -> Stored<Change> {
    let fold = recorded.fold;
    let mut change = Change::default();
    for (key, identifier) in named {
        tx.put_event_of(key, &fold)?;
        let node = match tx.node(key)? {
            None => {
                let customer = CustomerId::from(*key);
                let identifier = (*identifier).clone();
                let node = Node { identifier, first: fold, shared: false, customer };
                tx.put_node(key, &node)?;
                change.fresh.insert(*key);
                node
            }
            Some(node) if fold < node.first => {
                let node = Node { first: fold, ..node };
                tx.put_node(key, &node)?;
                change.recut = true;
                node
            }
            Some(node) => node,
        };
        change.nodes.insert(*key, node);
    }
    let stated = match &recorded.event.body {
        Body::IdentifiersLinked(_) => Some(true),
        Body::IdentifiersSeparated(_) => Some(false),
        _ => None,
    };
    let mut linked = BTreeSet::new();
    for (index, (one, one_is)) in named.iter().enumerate() {
        for (two, two_is) in &named[index + 1..] {
            if let Some(same) = stated {
                change.recut |= state(tx, *one, *two, same, fold)?;
                continue;
            }
            let known = tx.link(one, two)?;
            if known.is_some_and(|link| link.first <= fold) {
                continue;
            }
            tx.put_link(one, &Link { with: *two, kind: two_is.kind(), first: fold })?;
            tx.put_link(two, &Link { with: *one, kind: one_is.kind(), first: fold })?;
            change.recut = true;
            if known.is_none() {
                linked.extend([*one, *two]);
            }
        }
    }
    for (key, node) in change.nodes.iter_mut().filter(|(key, node)| linked.contains(*key) && !node.shared) {
        if lens.rules.is_shared(node.identifier.kind(), &partners(tx, key)?) {
            node.shared = true;
            tx.put_node(key, node)?;
            change.became_shared.insert(*key);
        }
    }
    Ok(change)
}

/// Says that two identifiers are one person or two, unless something later was said. Gives whether
/// anything changed.
fn state<W: Write>(
    tx: &mut W,
    one: IdentifierKey,
    two: IdentifierKey,
    same: bool,
    said: FoldKey,
) -> Stored<bool> {
    let before = tx.statements(&one)?.into_iter().find(|statement| statement.with == two);
    if before.is_some_and(|statement| statement.said >= said) {
        return Ok(false);
    }
    tx.put_statement(&one, &Statement { with: two, same, said })?;
    tx.put_statement(&two, &Statement { with: one, same, said })?;
    Ok(true)
}

fn partners(tx: &impl Read, key: &IdentifierKey) -> Stored<BTreeMap<IdentifierKind, u32>> {
    let mut count = BTreeMap::new();
    for link in tx.links(key)? {
        *count.entry(link.kind).or_default() += 1;
    }
    Ok(count)
}

/// Cuts the component around the event into customers again; those that changed are folded anew.
fn recut<W: Write>(
    tx: &mut W,
    recorded: &Recorded,
    named: &[(IdentifierKey, &Identifier)],
    owner: IdentifierKey,
    change: &Change,
    profiles: &mut Profiles,
) -> Stored<()> {
    let mut start: BTreeSet<IdentifierKey> = named.iter().map(|(key, _)| *key).collect();
    for key in &change.became_shared {
        // Events that name it now belong to others whom they name, linked to it or stated apart from it.
        start.extend(tx.links(key)?.into_iter().map(|link| link.with));
        start.extend(tx.statements(key)?.into_iter().map(|statement| statement.with));
    }
    let component = gather(tx, start)?;
    let clusters = partition(&component);

    let mut was: BTreeMap<IdentifierKey, CustomerId> = BTreeMap::new();
    for key in component.members.keys().filter(|key| !change.fresh.contains(*key)) {
        was.insert(*key, node_of(tx, key)?.customer);
    }
    let mut gone: BTreeSet<CustomerId> = was.values().copied().collect();
    for cluster in &clusters {
        let id = CustomerId::from(cluster.anchor);
        gone.remove(&id);
        let before: BTreeSet<CustomerId> =
            cluster.members.iter().filter_map(|key| was.get(key).copied()).collect();
        let whole = was.iter().filter(|(_, of)| **of == id).all(|(key, _)| cluster.members.contains(key));
        let unchanged = change.became_shared.is_empty()
            && whole
            && (before.is_empty() || (before.len() == 1 && before.contains(&id)));
        for key in &cluster.members {
            let node = node_of(tx, key)?;
            if node.customer != id {
                tx.put_node(key, &Node { customer: id, ..node })?;
            }
        }
        if !unchanged {
            profiles.make_anew(id);
        } else if cluster.members.contains(&owner) {
            profiles.advance(tx, id, recorded)?;
        }
    }
    gone.iter().try_for_each(|id| profiles.remove(tx, id))
}

/// All identifiers that links or statements tie to the given ones.
pub(crate) fn gather(tx: &impl Read, start: BTreeSet<IdentifierKey>) -> Stored<Component> {
    let mut component = Component::default();
    let mut nodes: BTreeMap<IdentifierKey, Node> = BTreeMap::new();
    let mut queue: VecDeque<IdentifierKey> = start.into_iter().collect();
    while let Some(key) = queue.pop_front() {
        if component.members.contains_key(&key) {
            continue;
        }
        let node = memoized(tx, &mut nodes, &key)?.clone();
        let kind = node.identifier.kind();
        component.members.insert(key, Member { kind, first: node.first });
        for statement in tx.statements(&key)? {
            let with = statement.with;
            if statement.same {
                let other = memoized(tx, &mut nodes, &with)?.identifier.kind();
                component.edges.insert(Edge::new(Basis::Stated, statement.said, (key, kind), (with, other)));
                queue.push_back(with);
            } else {
                component.apart.insert((key.min(with), key.max(with)));
            }
        }
        if node.shared {
            continue;
        }
        for link in tx.links(&key)? {
            if !memoized(tx, &mut nodes, &link.with)?.shared {
                let ends = ((key, kind), (link.with, link.kind));
                component.edges.insert(Edge::new(Basis::Together, link.first, ends.0, ends.1));
                queue.push_back(link.with);
            }
        }
    }
    Ok(component)
}

fn memoized<'n>(
    tx: &impl Read,
    nodes: &'n mut BTreeMap<IdentifierKey, Node>,
    key: &IdentifierKey,
) -> Stored<&'n Node> {
    if !nodes.contains_key(key) {
        nodes.insert(*key, node_of(tx, key)?);
    }
    Ok(&nodes[key])
}

fn node_of(tx: &impl Read, key: &IdentifierKey) -> Stored<Node> {
    tx.node(key)?.ok_or_else(|| {
        StorageError::new(StorageFault::Corrupt, "reading an identifier", format!("{key} is not there"))
    })
}

/// The identifier that an event with these identifiers belongs to.
fn primary_of(nodes: &BTreeMap<IdentifierKey, Node>) -> Stored<IdentifierKey> {
    let candidates = nodes.iter().map(|(key, node)| (*key, node.identifier.kind(), node.shared));
    primary(candidates).ok_or_else(|| {
        StorageError::new(StorageFault::Corrupt, "finding the owner of an event", "it names nobody")
    })
}

/// The customer that an event with these identifiers belongs to; `None` where it names nobody.
pub(super) fn owner_of(
    tx: &impl Read,
    lens: Lens<'_>,
    identifiers: &[Identifier],
) -> Stored<Option<CustomerId>> {
    let mut nodes = BTreeMap::new();
    for (key, _) in lens.usable(identifiers) {
        nodes.insert(key, node_of(tx, &key)?);
    }
    if nodes.is_empty() {
        return Ok(None);
    }
    Ok(Some(nodes[&primary_of(&nodes)?].customer))
}

pub(crate) fn read_entry(entry: &log::LogEntry) -> Stored<Option<Recorded>> {
    log::open(entry).map_err(|error| {
        let detail = format!("{}: {error}", entry.origin);
        StorageError::new(StorageFault::Corrupt, "reading a log entry", detail)
    })
}
