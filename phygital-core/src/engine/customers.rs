//! Folding an event into identity and profile: which customer it belongs to, and what she becomes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::event::{Body, FoldKey, Recorded};
use crate::identity::{Basis, Component, Edge, Member, Rules, partition, primary};
use crate::log;
use crate::profile::{Profile, SpendBucket};
use crate::store::{CustomerRow, Link, Node, Read, Statement, StorageError, StorageFault, Stored, Write};
use crate::vocab::{CustomerId, Identifier, IdentifierKey, IdentifierKind, TenantKey};

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

/// Folds an event into identity and the profile of its customer, or adds her to `stale`.
pub(crate) fn apply<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    recorded: &Recorded,
    stale: &mut BTreeSet<CustomerId>,
) -> Stored<()> {
    let named = lens.usable(&recorded.event.identifiers);
    if named.is_empty() {
        return Ok(());
    }
    let change = extend(tx, lens, recorded, &named)?;
    let owner = owner(tx, &named)?;
    if change.recut {
        return recut(tx, recorded, &named, owner, &change, stale);
    }
    let id = node_of(tx, &owner)?.customer;
    advance(tx, id, recorded, stale)
}

/// Folds the newest event of a customer into her profile. After one that comes late it is stale.
fn advance<W: Write>(
    tx: &mut W,
    id: CustomerId,
    recorded: &Recorded,
    stale: &mut BTreeSet<CustomerId>,
) -> Stored<()> {
    if stale.contains(&id) {
        return Ok(());
    }
    match tx.customer(&id)? {
        None => put(tx, id, None, fold_one(Profile::default(), recorded), recorded.fold),
        Some(row) if row.last < recorded.fold => {
            let before = read_profile(&row)?;
            let after = fold_one(before.clone(), recorded);
            put(tx, id, Some(&before), after, recorded.fold)
        }
        Some(_) => {
            stale.insert(id);
            Ok(())
        }
    }
}

/// Makes the profiles of customers anew, each once however many of its events came late.
pub(crate) fn refold_stale<W: Write>(tx: &mut W, lens: Lens<'_>, stale: BTreeSet<CustomerId>) -> Stored<()> {
    for id in stale {
        refold(tx, lens, id)?;
    }
    Ok(())
}

/// What an event changed in the graph of identifiers.
#[derive(Default)]
struct Change {
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
        match tx.node(key)? {
            None => {
                let customer = CustomerId::from(*key);
                let identifier = (*identifier).clone();
                tx.put_node(key, &Node { identifier, first: fold, shared: false, customer })?;
                change.fresh.insert(*key);
            }
            Some(node) if fold < node.first => {
                tx.put_node(key, &Node { first: fold, ..node })?;
                change.recut = true;
            }
            Some(_) => {}
        }
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
    for key in linked {
        let node = node_of(tx, &key)?;
        if !node.shared && lens.rules.is_shared(node.identifier.kind(), &partners(tx, &key)?) {
            tx.put_node(&key, &Node { shared: true, ..node })?;
            change.became_shared.insert(key);
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

/// Cuts the component around the event into customers again; those that changed are stale.
fn recut<W: Write>(
    tx: &mut W,
    recorded: &Recorded,
    named: &[(IdentifierKey, &Identifier)],
    owner: IdentifierKey,
    change: &Change,
    stale: &mut BTreeSet<CustomerId>,
) -> Stored<()> {
    let mut start: BTreeSet<IdentifierKey> = named.iter().map(|(key, _)| *key).collect();
    for key in &change.became_shared {
        start.extend(tx.links(key)?.into_iter().map(|link| link.with));
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
            stale.insert(id);
        } else if cluster.members.contains(&owner) {
            advance(tx, id, recorded, stale)?;
        }
    }
    for id in gone {
        stale.remove(&id);
        if let Some(row) = tx.customer(&id)? {
            count_spend(tx, Some(&read_profile(&row)?), None)?;
            tx.remove_customer(&id)?;
        }
    }
    Ok(())
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

/// The identifier that the event belongs to.
fn owner(tx: &impl Read, named: &[(IdentifierKey, &Identifier)]) -> Stored<IdentifierKey> {
    let mut candidates = Vec::new();
    for (key, identifier) in named {
        candidates.push((*key, identifier.kind(), node_of(tx, key)?.shared));
    }
    primary(candidates).ok_or_else(|| {
        StorageError::new(StorageFault::Corrupt, "finding the owner of an event", "it names nobody")
    })
}

/// The customer that an event with these identifiers belongs to; `None` where it names nobody.
pub(crate) fn owner_of(
    tx: &impl Read,
    lens: Lens<'_>,
    identifiers: &[Identifier],
) -> Stored<Option<CustomerId>> {
    let named = lens.usable(identifiers);
    if named.is_empty() {
        return Ok(None);
    }
    let owner = owner(tx, &named)?;
    Ok(Some(node_of(tx, &owner)?.customer))
}

/// Folds all events of a customer from the first.
fn refold<W: Write>(tx: &mut W, lens: Lens<'_>, id: CustomerId) -> Stored<()> {
    let before = tx.customer(&id)?.as_ref().map(read_profile).transpose()?;
    let members: BTreeSet<IdentifierKey> = tx.identifiers_of(&id)?.into_iter().collect();
    let mut events: BTreeSet<FoldKey> = BTreeSet::new();
    for key in &members {
        events.extend(tx.events_of(key)?);
    }
    let mut profile = Profile::default();
    let mut last = None;
    for fold in events {
        let entry = tx.entry(&fold.key)?.ok_or_else(|| {
            StorageError::new(StorageFault::Corrupt, "refolding a customer", format!("{} is gone", fold.key))
        })?;
        let Some(recorded) = read_entry(&entry)? else { continue };
        if members.contains(&owner(tx, &lens.usable(&recorded.event.identifiers))?) {
            profile = fold_one(profile, &recorded);
            last = Some(fold);
        }
    }
    match last {
        Some(last) => put(tx, id, before.as_ref(), profile, last),
        None => {
            count_spend(tx, before.as_ref(), None)?;
            tx.remove_customer(&id)
        }
    }
}

pub(crate) fn read_entry(entry: &log::LogEntry) -> Stored<Option<Recorded>> {
    log::open(entry).map_err(|error| {
        let detail = format!("{}: {error}", entry.origin);
        StorageError::new(StorageFault::Corrupt, "reading a log entry", detail)
    })
}

pub(crate) fn read_profile(row: &CustomerRow) -> Stored<Profile> {
    serde_json::from_str(&row.profile).map_err(|error| {
        // serde's own text may quote the value: say only where.
        let detail = format!("line {} column {}", error.line(), error.column());
        StorageError::new(StorageFault::Corrupt, "reading a profile", detail)
    })
}

fn fold_one(mut profile: Profile, recorded: &Recorded) -> Profile {
    profile.apply(recorded);
    profile
}

/// Writes a customer, and moves her from the bucket of what she had spent to the one she is in now.
fn put<W: Write>(
    tx: &mut W,
    id: CustomerId,
    before: Option<&Profile>,
    after: Profile,
    last: FoldKey,
) -> Stored<()> {
    count_spend(tx, before, Some(&after))?;
    let profile = serde_json::to_string(&after)
        .map_err(|_| StorageError::new(StorageFault::Corrupt, "writing a profile", "it has no JSON form"))?;
    tx.put_customer(&id, &CustomerRow { profile, last })
}

fn count_spend<W: Write>(tx: &mut W, before: Option<&Profile>, after: Option<&Profile>) -> Stored<()> {
    let buckets = |profile: Option<&Profile>| -> BTreeSet<_> {
        let spend = profile.map(Profile::spend).unwrap_or_default();
        let spend = spend.into_iter().filter(|spend| spend.orders > 0);
        spend.map(|spend| (spend.currency, SpendBucket::of(spend.net_minor).index())).collect()
    };
    let (before, after) = (buckets(before), buckets(after));
    for &(currency, bucket) in before.difference(&after) {
        step(tx, currency, bucket, false)?;
    }
    for &(currency, bucket) in after.difference(&before) {
        step(tx, currency, bucket, true)?;
    }
    Ok(())
}

fn step<W: Write>(tx: &mut W, currency: crate::vocab::Currency, bucket: u16, up: bool) -> Stored<()> {
    let counts = tx.spenders(currency)?;
    let count = counts.iter().find(|(one, _)| *one == bucket).map_or(0, |(_, count)| *count);
    tx.put_spenders(currency, bucket, if up { count + 1 } else { count.saturating_sub(1) })
}
