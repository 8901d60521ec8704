//! Folding an event into identity and profile: which customer it belongs to, and what she becomes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::consent::contacts;
use crate::event::{Address, Body, Event, FoldKey, Recorded};
use crate::identity::matching::{FieldKind, Millibits};
use crate::identity::union::{Agreement, Basis, Component, Cut, Edge, Limits, Vertex, unite};
use crate::identity::{Class, Details, Rules, births_agree, primary};
use crate::log;
use crate::store::{Alike, Link, Node, Read, Statement, StorageError, StorageFault, Stored, Write};
use crate::vocab::{
    CustomerId, DescriptionKey, Identifier, IdentifierKey, IdentifierKind, Personal, Purpose, RecordKey,
    TenantKey, Timestamp,
};

use super::described::{Matching, details_of_key, holders, key_of, update};
use super::fold::read_ledger;
use super::profiles::Profiles;
use super::remake::{companions, remake};

/// What folding needs beside the event and the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lens<'e> {
    pub(crate) tenant: &'e TenantKey,
    pub(crate) rules: &'e Rules,
    /// What people are held against each other by; nobody is where there is none.
    pub(crate) matching: Option<&'e Matching>,
}

impl Lens<'_> {
    /// The identifiers that may link, with their keys.
    pub(super) fn usable<'r>(&self, identifiers: &'r [Identifier]) -> Vec<(IdentifierKey, &'r Identifier)> {
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
    let mut change = extend(tx, lens, recorded, &named, profiles)?;
    let mut around: BTreeSet<IdentifierKey> = named.iter().map(|(key, _)| *key).collect();
    for key in &change.became_shared {
        // Events that name it now belong to others whom they name, linked to it or stated apart from it.
        around.extend(neighbours(tx, key)?);
    }
    for key in &change.touched {
        if tx.node(key)?.is_some() {
            around.insert(*key);
        }
    }
    let mut anew = !change.became_shared.is_empty();
    if !change.turned.is_empty() {
        let mut keys = around.clone();
        for key in &change.turned {
            keys.extend(companions(tx, lens, key)?);
        }
        around.extend(remake(tx, lens, &keys, profiles)?.around);
        for (key, node) in &mut change.nodes {
            *node = node_of(tx, key)?;
        }
        anew = true;
    }
    let owner = primary_of(&change.nodes)?;
    if change.recut | anew | !change.touched.is_empty() {
        let newest = Some((recorded, owner));
        recut(
            tx,
            lens,
            around,
            Recut { fresh: &change.fresh, anew, newest, lost: &BTreeSet::new() },
            profiles,
        )?;
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
    /// Identifiers of which linking was withdrawn by this event, or granted again.
    turned: BTreeSet<IdentifierKey>,
    /// Identifiers of people who are like others than before.
    touched: BTreeSet<IdentifierKey>,
}

/// Adds the event's identifiers, links and statements to the graph.
fn extend<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    recorded: &Recorded,
    named: &[(IdentifierKey, &Identifier)],
    profiles: &mut Profiles,
) -> Stored<Change> {
    let fold = recorded.fold;
    let details = details_of(&recorded.event.body);
    let said = linking_said(tx, lens, &recorded.event)?;
    let mut known = Vec::with_capacity(named.len());
    let mut links = true;
    for (key, identifier) in named {
        let node = tx.node(key)?;
        let before = node.as_ref().is_some_and(|node| node.withdrawn);
        let withdrawn = said.get(key).copied().unwrap_or(before);
        links &= !withdrawn;
        known.push((key, identifier, node, withdrawn));
    }
    let mut change = Change::default();
    for (key, identifier, node, withdrawn) in known {
        tx.put_event_of(key, &fold)?;
        // Where linking is withdrawn, the name that is said is not that of what else is named.
        let details = details.as_ref().filter(|_| links || withdrawn);
        let node = match node {
            None => {
                let customer = CustomerId::from(*key);
                let identifier = (*identifier).clone();
                let details = details.into_iter().cloned().collect();
                let node = Node { identifier, first: fold, shared: false, withdrawn, customer, details };
                tx.put_node(key, &node)?;
                update(tx, lens, key, None, Some(&node), &mut change.touched)?;
                profiles.moves.note(*key, None);
                change.fresh.insert(*key);
                node
            }
            Some(mut node) => {
                let before = lens.matching.map(|_| node.clone());
                let earlier = fold < node.first;
                node.first = node.first.min(fold);
                let turned = std::mem::replace(&mut node.withdrawn, withdrawn) != withdrawn;
                if earlier | turned | describe(&mut node.details, details) {
                    tx.put_node(key, &node)?;
                    update(tx, lens, key, before.as_ref(), Some(&node), &mut change.touched)?;
                    change.recut = true;
                }
                if turned {
                    change.turned.insert(*key);
                }
                node
            }
        };
        change.nodes.insert(*key, node);
    }
    let stated = stated(&recorded.event.body);
    let mut linked = BTreeSet::new();
    for (index, (one, one_is)) in named.iter().enumerate() {
        for (two, two_is) in &named[index + 1..] {
            if let Some(same) = stated {
                change.recut |= state(tx, *one, *two, same, fold)?;
                continue;
            }
            if !links {
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
        if !Class::of(lens.rules, node.identifier.kind(), 1, partners(tx, key)?).links() {
            let before = lens.matching.map(|_| node.clone());
            node.shared = true;
            tx.put_node(key, node)?;
            update(tx, lens, key, before.as_ref(), Some(node), &mut change.touched)?;
            change.became_shared.insert(*key);
        }
    }
    Ok(change)
}

/// Whether a person says of the identifiers of an event that they are one or several.
pub(super) fn stated(body: &Body) -> Option<bool> {
    match body {
        Body::IdentifiersLinked(_) => Some(true),
        Body::IdentifiersSeparated(_) => Some(false),
        _ => None,
    }
}

/// What an event says of linking: whether it is withdrawn, after all that was ever said for the contact points that it is
/// about. Grants do not run out here: who is who does not depend on the present.
fn linking_said(tx: &impl Read, lens: Lens<'_>, event: &Event) -> Stored<BTreeMap<IdentifierKey, bool>> {
    let mut said = BTreeMap::new();
    for contact in contacts(event) {
        let key = contact.key(lens.tenant);
        let ledger = read_ledger(tx, &key)?;
        said.insert(key, ledger.is_some_and(|ledger| ledger.is_withdrawn(Purpose::Recognition)));
    }
    Ok(said)
}

/// What links or statements tie to an identifier.
pub(super) fn neighbours(tx: &impl Read, key: &IdentifierKey) -> Stored<Vec<IdentifierKey>> {
    let mut all: Vec<IdentifierKey> = tx.links(key)?.into_iter().map(|link| link.with).collect();
    all.extend(tx.statements(key)?.into_iter().map(|statement| statement.with));
    Ok(all)
}

/// Most descriptions that are kept of whoever has an identifier: the first in order, so that it does not matter which came
/// first. Nobody has sixteen names; a shop's tablet has.
const DETAILS_MAX: usize = 16;

/// Adds a description to those of an identifier; gives whether that changed them.
pub(super) fn describe(known: &mut Vec<Details>, said: Option<&Details>) -> bool {
    let Some(said) = said else { return false };
    let Err(at) = known.binary_search(said) else { return false };
    if at >= DETAILS_MAX {
        return false;
    }
    known.insert(at, said.clone());
    known.truncate(DETAILS_MAX);
    true
}

/// The name, the date of birth and the address that an event says of its person, in normal form.
pub(super) fn details_of(body: &Body) -> Option<Details> {
    let Body::UserIdentified(said) = body else { return None };
    let normal = |text: &Option<Personal>, kind: FieldKind| {
        let text = kind.normal(text.as_ref()?.reveal());
        (!text.is_empty()).then(|| text.into())
    };
    let nowhere = Address::default();
    let address = said.address.as_ref().unwrap_or(&nowhere);
    let first = normal(&said.first_name, FieldKind::GivenName);
    let details = Details {
        // A whole name is taken apart where it is compared.
        given_name: first.or_else(|| normal(&said.name, FieldKind::GivenName)),
        surname: normal(&said.last_name, FieldKind::Surname),
        birthday: normal(&said.birthday, FieldKind::Date),
        street: normal(&address.street, FieldKind::Street),
        city: normal(&address.city, FieldKind::Place),
        postcode: normal(&address.postal_code, FieldKind::Postcode),
        country: normal(&address.country, FieldKind::Category),
    };
    (details != Details::default()).then_some(details)
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

/// How many others of each kind an identifier was named with.
pub(super) fn partners(tx: &impl Read, key: &IdentifierKey) -> Stored<BTreeMap<IdentifierKind, u32>> {
    let mut count = BTreeMap::new();
    for link in tx.links(key)? {
        *count.entry(link.kind).or_default() += 1;
    }
    Ok(count)
}

/// What is known of a change before the cut.
pub(super) struct Recut<'c> {
    /// Identifiers never seen before.
    pub(super) fresh: &'c BTreeSet<IdentifierKey>,
    /// Whether events may belong to others than before, so that all profiles are folded from the first event.
    pub(super) anew: bool,
    /// The event that brought the change, and the identifier that it belongs to.
    pub(super) newest: Option<(&'c Recorded, IdentifierKey)>,
    /// Customers that lost identifiers which are no more.
    pub(super) lost: &'c BTreeSet<CustomerId>,
}

/// Cuts the component around some identifiers into customers again; those that changed are folded anew.
pub(super) fn recut<W: Write>(
    tx: &mut W,
    lens: Lens<'_>,
    start: BTreeSet<IdentifierKey>,
    change: Recut<'_>,
    profiles: &mut Profiles,
) -> Stored<()> {
    let around = Around::gather(tx, lens, start)?;
    let cut = around.cut(lens.rules);

    let mut was: BTreeMap<CustomerId, BTreeSet<IdentifierKey>> = BTreeMap::new();
    for (key, node) in around.nodes.iter().filter(|(key, _)| !change.fresh.contains(*key)) {
        was.entry(node.customer).or_default().insert(*key);
    }
    let mut now: BTreeMap<CustomerId, BTreeSet<IdentifierKey>> = BTreeMap::new();
    for (key, anchor) in around.keys().zip(&cut.cluster_of) {
        let anchor = around.component.vertices[*anchor as usize].key;
        now.entry(CustomerId::from(anchor)).or_default().insert(*key);
    }
    for (id, members) in &now {
        for (key, node) in members.iter().map(|key| (key, &around.nodes[key])) {
            if node.customer != *id {
                profiles.moves.note(*key, Some(node.customer));
                tx.put_node(key, &Node { customer: *id, ..node.clone() })?;
            }
        }
        // She keeps all her identifiers, and gets none but new ones.
        let known = members.iter().filter(|key| !change.fresh.contains(*key));
        let unchanged = !change.anew && known.eq(was.get(id).into_iter().flatten());
        if !unchanged {
            profiles.make_anew(*id);
        } else if let Some((recorded, owner)) = change.newest
            && members.contains(&owner)
        {
            profiles.advance(tx, *id, recorded)?;
        }
    }
    let gone = was.keys().chain(change.lost).filter(|id| !now.contains_key(*id));
    gone.collect::<BTreeSet<_>>().into_iter().try_for_each(|id| profiles.remove(tx, id))
}

/// All identifiers that links, statements or descriptions tie to some, and what ties them.
pub(crate) struct Around {
    pub(crate) nodes: BTreeMap<IdentifierKey, Node>,
    /// Its vertices are the nodes, in order of key, and behind them the descriptions.
    pub(crate) component: Component,
    /// Shared identifiers that were met on the way, and lead no further.
    beyond: BTreeMap<IdentifierKey, Node>,
    /// The event that each edge of the component rests on; none where it rests on what is alike.
    pub(crate) because: Vec<Option<FoldKey>>,
    /// What the component's numbers of names and dates of birth stand for.
    details: Vec<Details>,
}

impl Around {
    pub(crate) fn gather(tx: &impl Read, lens: Lens<'_>, start: BTreeSet<IdentifierKey>) -> Stored<Around> {
        let mut nodes: BTreeMap<IdentifierKey, Node> = BTreeMap::new();
        let mut members: BTreeSet<IdentifierKey> = BTreeSet::new();
        // What ties a pair, the smaller key first, and whether somebody said so.
        let mut ties: BTreeMap<(IdentifierKey, IdentifierKey, bool), FoldKey> = BTreeMap::new();
        let mut apart: BTreeSet<(IdentifierKey, IdentifierKey)> = BTreeSet::new();
        let mut said: BTreeMap<DescriptionKey, Said> = BTreeMap::new();
        let mut queue: VecDeque<IdentifierKey> = start.into_iter().collect();
        while let Some(key) = queue.pop_front() {
            if !members.insert(key) {
                continue;
            }
            for Statement { with, same, said } in tx.statements(&key)? {
                if same {
                    ties.insert((key.min(with), key.max(with), true), said);
                    queue.push_back(with);
                } else {
                    apart.insert((key.min(with), key.max(with)));
                }
            }
            if memoized(tx, &mut nodes, &key)?.shared {
                continue;
            }
            for Link { with, first, .. } in tx.links(&key)? {
                if !memoized(tx, &mut nodes, &with)?.shared {
                    ties.insert((key.min(with), key.max(with), false), first);
                    queue.push_back(with);
                }
            }
            if let (Some(matching), false) = (lens.matching, nodes[&key].withdrawn) {
                let keys: Vec<_> = nodes[&key].details.iter().map(|one| key_of(lens.tenant, one)).collect();
                Said::gather(tx, lens, matching, keys, &mut said, &mut queue)?;
            }
        }
        let (nodes, beyond): (BTreeMap<_, _>, BTreeMap<_, _>) =
            nodes.into_iter().partition(|(key, _)| members.contains(key));
        let places: BTreeMap<IdentifierKey, u32> = nodes.keys().copied().zip(0..).collect();
        let ends = |one, two| Some((*places.get(one)?, *places.get(two)?));
        let mut component = Component::default();
        component.vertices.extend(nodes.iter().map(|(key, node)| Vertex {
            key: *key,
            kind: Some(node.identifier.kind()),
            first: (node.first.at, RecordKey::from_bytes(*node.first.key.as_bytes())),
        }));
        component.apart.extend(apart.iter().filter_map(|(one, two)| ends(one, two)));
        let mut details: Vec<Details> = Vec::new();
        let described = said.values().map(|one| std::slice::from_ref(&one.details));
        for (each, place) in nodes.values().map(|node| &node.details[..]).chain(described).zip(0..) {
            for one in each {
                let number = details.len() as u32;
                component.names.extend(lens.rules.name(one).map(|_| (place, number)));
                component.births.extend(lens.rules.birth(one).map(|_| (place, number)));
                details.push(one.clone());
            }
        }
        let mut because = Vec::with_capacity(ties.len());
        for ((one, two, stated), event) in &ties {
            let Some(ends) = ends(one, two) else { continue };
            let basis = match stated {
                true => Basis::Ruled { at: event.at },
                // How often both were named together is not kept.
                false => Basis::Together { support: 1 },
            };
            component.edges.push(Edge { ends, basis });
            because.push(Some(*event));
        }
        let described: BTreeMap<DescriptionKey, u32> =
            said.keys().copied().zip(places.len() as u32..).collect();
        for (key, one) in &said {
            let place = described[key];
            component.vertices.push(Vertex { key: vertex_key(*key), kind: None, first: LAST_SEEN });
            let mut edge = |other: Option<&u32>, weight| {
                let edge =
                    other.map(|other| Edge { ends: (place, *other), basis: Basis::Matched { weight } });
                component.edges.extend(edge);
            };
            one.holders.iter().for_each(|holder| edge(places.get(holder), one.worth));
            let once = one.alike.iter().filter(|alike| alike.with > *key);
            once.for_each(|alike| edge(described.get(&alike.with), alike.weight));
        }
        because.resize(component.edges.len(), None);
        Ok(Around { nodes, beyond, component, because, details })
    }

    /// Who is who among them.
    pub(crate) fn cut(&self, rules: &Rules) -> Cut {
        let limits = Limits::new(|kind| rules.per_profile(kind));
        unite(&self.component, &limits, &self.agreement(rules))
    }

    /// Which of the names and dates of birth may be one person's.
    pub(super) fn agreement<'a>(&'a self, rules: &'a Rules) -> impl Agreement + 'a {
        let of = |number: u32| &self.details[number as usize];
        let names = move |one, two| match (rules.name(of(one)), rules.name(of(two))) {
            (Some(one), Some(two)) => one.agrees(&two),
            _ => true,
        };
        let births = move |one, two| match (rules.birth(of(one)), rules.birth(of(two))) {
            (Some(one), Some(two)) => births_agree(one, two),
            _ => true,
        };
        (names, births)
    }

    /// Where a description stands among the vertices.
    pub(super) fn place_of_description(&self, key: &DescriptionKey) -> Option<u32> {
        let key = vertex_key(*key);
        let place =
            self.component.vertices[self.nodes.len()..].binary_search_by(|one| one.key.cmp(&key)).ok()?;
        u32::try_from(self.nodes.len() + place).ok()
    }

    /// Where an identifier stands among the vertices.
    pub(crate) fn place(&self, key: &IdentifierKey) -> Option<u32> {
        let identifiers = &self.component.vertices[..self.nodes.len()];
        let place = identifiers.binary_search_by(|vertex| vertex.key.cmp(key)).ok()?;
        u32::try_from(place).ok()
    }

    /// An identifier that was read.
    pub(crate) fn node(&self, key: &IdentifierKey) -> Option<&Node> {
        self.nodes.get(key).or_else(|| self.beyond.get(key))
    }

    /// The identifiers, in the order of the vertices.
    fn keys(&self) -> impl Iterator<Item = &IdentifierKey> {
        self.nodes.keys()
    }
}

/// A description that ties identifiers to each other, and to others that match it.
struct Said {
    details: Details,
    /// What it is worth that two people are described so.
    worth: Millibits,
    holders: Vec<IdentifierKey>,
    alike: Vec<Alike>,
}

impl Said {
    /// Reads some descriptions and all that match them; whoever has one is to be looked at.
    fn gather(
        tx: &impl Read,
        lens: Lens<'_>,
        matching: &Matching,
        mut keys: Vec<DescriptionKey>,
        said: &mut BTreeMap<DescriptionKey, Said>,
        queue: &mut VecDeque<IdentifierKey>,
    ) -> Stored<()> {
        while let Some(key) = keys.pop() {
            if said.contains_key(&key) {
                continue;
            }
            let holders = holders(tx, &key)?;
            // It says too little, or too many have it.
            if holders.is_empty() {
                continue;
            }
            let mut alike = tx.alike(&key)?;
            alike.retain(|one| one.weight >= matching.model().match_at);
            keys.extend(alike.iter().map(|one| one.with));
            queue.extend(&holders);
            let details = details_of_key(tx, &key)?;
            let worth = matching.worth(lens.rules, &details);
            said.insert(key, Said { details, worth, holders, alike });
        }
        Ok(())
    }
}

/// No identifier is seen later, so that no customer is named after a description.
const LAST_SEEN: (Timestamp, RecordKey) = (Timestamp::MAX, RecordKey::from_bytes([255; 16]));

/// The key by which the cut knows a description.
fn vertex_key(key: DescriptionKey) -> IdentifierKey {
    IdentifierKey::from_bytes(*key.as_bytes())
}

/// A node, read once.
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

/// The identifier that an event with these identifiers belongs to: each with its kind, and whether it is shared, and whether
/// linking by it was withdrawn.
///
/// What names somebody who took linking back is hers, and nobody else's: then it does not matter who shares what, which
/// only links would tell.
pub(super) fn strongest(
    named: impl Iterator<Item = (IdentifierKey, IdentifierKind, bool, bool)> + Clone,
) -> Option<IdentifierKey> {
    let withdrawn = named.clone().any(|(.., withdrawn)| withdrawn);
    let candidates = named.filter(|one| one.3 == withdrawn);
    primary(candidates.map(|(key, kind, shared, _)| (key, kind, shared && !withdrawn)))
}

fn primary_of(nodes: &BTreeMap<IdentifierKey, Node>) -> Stored<IdentifierKey> {
    let named = nodes.iter().map(|(key, node)| (*key, node.identifier.kind(), node.shared, node.withdrawn));
    strongest(named).ok_or_else(|| {
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn named(n: usize) -> Details {
        Details { given_name: Some(format!("name {n:02}").into()), ..Details::default() }
    }

    #[test]
    fn the_first_descriptions_in_order_are_kept() {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        assert!((0..DETAILS_MAX).all(|n| describe(&mut up, Some(&named(n)))));
        assert!(!describe(&mut up, Some(&named(DETAILS_MAX))), "one past the limit");
        assert!(!describe(&mut up, Some(&named(3))) && !describe(&mut up, None));
        (0..=DETAILS_MAX).rev().for_each(|n| {
            describe(&mut down, Some(&named(n)));
        });
        assert_eq!((up.len(), &up), (DETAILS_MAX, &down));
    }

    #[test]
    fn a_person_is_described_by_what_identify_says() {
        let body = |json: &str| {
            let text = format!(
                r#"{{"specversion":"1.0","id":"e","source":"//s","type":"com.phygital.user_identified",
                    "time":"2026-01-01T00:00:00Z","data":{{"identifiers":{{"login":"ada"}},"properties":{json}}}}}"#
            );
            crate::event::Event::from_json(&text, &crate::event::CodecOptions::default()).unwrap().body
        };
        let said = details_of(&body(r#"{"firstName":" ADA ","lastName":"O'Neil","birthday":"1815-12-10"}"#));
        let said = said.unwrap();
        assert_eq!((said.given_name.as_deref(), said.surname.as_deref()), (Some("ada"), Some("oneil")));
        assert_eq!(said.birthday.as_deref(), Some("18151210"));
        let whole = details_of(&body(r#"{"name":"Ada Lovelace"}"#)).unwrap();
        assert_eq!(whole.given_name.as_deref(), Some("ada lovelace"));
        assert_eq!(details_of(&body(r#"{"firstName":" - ","gender":"f"}"#)), None);
    }
}
