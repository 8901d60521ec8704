//! The partition, slow and obvious: the whole set at once, over ordered maps. What [`Resolver`](super::Resolver) is held to.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::{NAMED_MAX, NAMES_MAX, PARTNERS_MAX, SEEN_MAX};
use super::described::{compared, worth};
use super::partition::Partition;
use super::rulings::precedence;
use crate::identity::matching::{Index, Model};
use crate::identity::union::{Basis, Component, Edge, Limits, Vertex, unite};
use crate::identity::{
    Class, Details, Name, Rules, Ruling, Seen, Sighting, Subject, agree, births_agree, hold, is_slip,
};
use crate::vocab::{CustomerId, IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// An identifier.
type Named = (IdentifierKind, IdentifierKey);

/// What may be one person: a vertex of the graph, in the order in which a sighting prefers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// A record that a ruling is about.
    Record(RecordKey),
    /// An identifier in one of its epochs.
    Identifier(Named, u8),
    /// A description that is worth a match by itself, by its number.
    Description(usize),
}

/// Which record belongs to which profile: a function of what is live, the rulings, the rules and the model alone. No two
/// sightings may be of one record.
#[must_use]
pub fn partition(
    sightings: &[Sighting],
    rulings: &[Ruling],
    rules: &Rules,
    model: Option<&Model>,
) -> Partition {
    let mut order: Vec<&Sighting> = sightings.iter().collect();
    order.sort_by_key(|one| (one.time, one.record));
    Whole::new(order, rulings, rules, model).partition()
}

impl Node {
    fn kind(self) -> Option<IdentifierKind> {
        match self {
            Node::Identifier((kind, _), _) => Some(kind),
            Node::Record(_) | Node::Description(_) => None,
        }
    }
}

struct Whole<'s> {
    rules: &'s Rules,
    /// In order of time, then record.
    sightings: Vec<&'s Sighting>,
    /// For each sighting the identifiers that may be used, and the epoch of each that it is in.
    used: Vec<Vec<(Named, Option<u8>)>>,
    /// For each hash the contact that it is of.
    clear: BTreeMap<Named, IdentifierKey>,
    /// For each identifier its sightings.
    seen: BTreeMap<Named, Vec<usize>>,
    crowded: BTreeSet<Named>,
    descriptions: Descriptions<'s>,
    rulings: BTreeMap<(Subject, Subject), Ruling>,
    /// For each sighting the nodes that it ties together, the strongest first.
    nodes: Vec<Vec<Node>>,
    places: BTreeMap<Node, u32>,
    component: Component,
}

/// Descriptions of people that are worth a match by themselves.
#[derive(Default)]
struct Descriptions<'s> {
    /// Each once, in order, with what it is worth that two records have it.
    each: Vec<(&'s Details, i32)>,
    /// Pairs that match, and what that is worth.
    pairs: Vec<(usize, usize, i32)>,
    /// For each the sightings that have it.
    seen: Vec<Vec<usize>>,
    /// For each sighting the one that it has, if any.
    of_sighting: Vec<Option<usize>>,
}

impl<'s> Descriptions<'s> {
    fn of(sightings: &[&'s Sighting], rules: &Rules, model: Option<&Model>) -> Self {
        let mut found = Self { of_sighting: vec![None; sightings.len()], ..Self::default() };
        let Some(model) = model else { return found };
        let linking = || sightings.iter().enumerate().filter(|(_, one)| one.linking);
        let distinct: BTreeSet<&Details> = linking().map(|(_, one)| &one.details).collect();
        let mut index = Index::new(model.clone());
        let enough = |details: &&'s Details| worth(&index, rules, details) >= model.match_at;
        let each: Vec<&'s Details> = distinct.into_iter().filter(enough).collect();
        for (number, details) in each.iter().enumerate() {
            index.insert(number, &compared(model, rules, details)).expect("as many values as fields");
        }
        for number in 0..each.len() {
            let matches = index.matches_of(&number, model.match_at).unwrap_or_default();
            found.pairs.extend(
                matches
                    .into_iter()
                    .filter(|(other, _)| *other > number)
                    .map(|(other, weight)| (number, other, weight)),
            );
        }
        found.seen = vec![Vec::new(); each.len()];
        for (at, sighting) in linking() {
            if let Ok(number) = each.binary_search(&&sighting.details) {
                found.seen[number].push(at);
                found.of_sighting[at] = Some(number);
            }
        }
        found.each = each.into_iter().map(|details| (details, worth(&index, rules, details))).collect();
        found
    }
}

impl<'s> Whole<'s> {
    fn new(
        sightings: Vec<&'s Sighting>,
        rulings: &[Ruling],
        rules: &'s Rules,
        model: Option<&Model>,
    ) -> Whole<'s> {
        let mut whole = Whole {
            rules,
            used: Vec::new(),
            clear: BTreeMap::new(),
            seen: BTreeMap::new(),
            crowded: BTreeSet::new(),
            descriptions: Descriptions::of(&sightings, rules, model),
            sightings,
            rulings: BTreeMap::new(),
            nodes: Vec::new(),
            places: BTreeMap::new(),
            component: Component::default(),
        };
        for ruling in rulings {
            let newest = whole.rulings.entry(ruling.pair()).or_insert(*ruling);
            if precedence(ruling) > precedence(newest) {
                *newest = *ruling;
            }
        }
        whole.use_identifiers();
        whole.hold();
        whole.make_nodes();
        whole.link_together();
        whole.link_descriptions();
        whole.link_repairs();
        whole.link_rulings();
        whole
    }

    /// Step 1: which identifiers each sighting names, a hash read as the contact that it is of.
    fn use_identifiers(&mut self) {
        for sighting in self.sightings.iter().filter(|one| one.linking) {
            for named in usable(sighting) {
                for form in named.forms.iter().filter(|_| named.kind.is_contact_point()) {
                    let known = self.clear.entry((named.kind, *form)).or_insert(named.key);
                    *known = (*known).min(named.key);
                }
            }
        }
        for sighting in &self.sightings {
            let mut used: Vec<Named> = Vec::new();
            if sighting.linking {
                used.extend(usable(sighting).map(|one| {
                    let hashed = self
                        .clear
                        .get(&(one.kind, one.key))
                        .filter(|_| one.forms.is_empty() && one.kind.is_contact_point());
                    (one.kind, *hashed.unwrap_or(&one.key))
                }));
            }
            used.sort();
            used.dedup();
            for named in &used {
                self.seen.entry(*named).or_default().push(self.used.len());
            }
            self.used.push(used.into_iter().map(|named| (named, Some(0))).collect());
        }
    }

    /// Step 2: who holds each identifier, and when.
    fn hold(&mut self) {
        let mut found: Vec<(usize, Named, Option<u8>)> = Vec::new();
        for (named, seen) in &self.seen {
            let partners = |at: &usize| -> Vec<Named> {
                self.used[*at].iter().map(|(other, _)| *other).filter(|other| other != named).collect()
            };
            let distinct: BTreeSet<Named> = seen.iter().flat_map(partners).collect();
            let names: BTreeSet<Name<'_>> =
                seen.iter().filter_map(|at| self.rules.name(&self.sightings[*at].details)).collect();
            if distinct.len() > PARTNERS_MAX || names.len() > NAMES_MAX {
                self.crowded.insert(*named);
                continue;
            }
            if seen.len() > SEEN_MAX {
                continue;
            }
            let partners: Vec<Vec<Named>> = seen.iter().map(partners).collect();
            let each: Vec<Seen<'_>> = seen
                .iter()
                .zip(&partners)
                .map(|(at, partners)| {
                    let sighting = self.sightings[*at];
                    Seen {
                        time: sighting.time,
                        record: sighting.record,
                        details: &sighting.details,
                        partners,
                    }
                })
                .collect();
            let holding = hold(self.rules, named.0, &each);
            if holding.crowded {
                self.crowded.insert(*named);
            }
            found.extend(seen.iter().zip(holding.epoch_of).map(|(at, epoch)| (*at, *named, epoch)));
        }
        for (at, named, epoch) in found {
            let held = self.used[at].iter_mut().find(|(other, _)| *other == named);
            held.expect("it names it").1 = epoch;
        }
    }

    /// Steps 3 and 4: which identifiers link, and the nodes of each sighting.
    fn make_nodes(&mut self) {
        let mut partners: BTreeMap<(Named, u8), BTreeSet<Named>> = BTreeMap::new();
        for used in &self.used {
            let held = || used.iter().filter_map(|(named, epoch)| Some((*named, (*epoch)?)));
            for one in held() {
                let others = held().map(|(other, _)| other).filter(|other| *other != one.0);
                partners.entry(one).or_default().extend(others);
            }
        }
        let normal = |node: &(Named, u8)| {
            !self.crowded.contains(&node.0) && {
                let mut counts: BTreeMap<IdentifierKind, u32> = BTreeMap::new();
                partners[node].iter().for_each(|(kind, _)| *counts.entry(*kind).or_default() += 1);
                Class::of(self.rules, node.0.0, 1, counts).links()
            }
        };
        let normal: BTreeSet<(Named, u8)> = partners.keys().filter(|node| normal(node)).copied().collect();
        let ruled: BTreeSet<Node> = self
            .rulings
            .values()
            .flat_map(|ruling| [ruling.ends.0, ruling.ends.1].map(|end| self.node_of(end, ruling.time)))
            .flatten()
            .collect();
        let mut nodes: Vec<Vec<Node>> = Vec::new();
        for (at, used) in self.used.iter().enumerate() {
            let mut own: Vec<Node> = Vec::new();
            let itself = Node::Record(self.sightings[at].record);
            let held = || used.iter().filter_map(|(named, epoch)| Some((*named, (*epoch)?)));
            own.extend(ruled.contains(&itself).then_some(itself));
            own.extend(
                held()
                    .filter(|node| normal.contains(node))
                    .map(|(named, epoch)| Node::Identifier(named, epoch)),
            );
            own.extend(
                self.descriptions.of_sighting[at]
                    .filter(|number| !self.is_common(*number))
                    .map(Node::Description),
            );
            nodes.push(own);
        }
        self.nodes = nodes;
        let own = self.nodes.iter().flatten().copied();
        let all: BTreeSet<Node> = own.chain(ruled).collect();
        for node in all {
            self.places.insert(node, self.component.vertices.len() as u32);
            let seen = self.seen_of(node);
            let first = seen.iter().map(|at| (self.sightings[*at].time, self.sightings[*at].record)).min();
            let first = first.expect("a node was seen");
            self.component.vertices.push(Vertex { key: self.key_of(node), kind: node.kind(), first });
        }
    }

    /// Whether a description was seen with so many identifiers that it tells nothing.
    fn is_common(&self, number: usize) -> bool {
        let seen = &self.descriptions.seen[number];
        let named: BTreeSet<Named> =
            seen.iter().flat_map(|at| self.used[*at].iter().map(|(named, _)| *named)).collect();
        named.len() > PARTNERS_MAX
    }

    /// The node that a ruling is about; `None` where nothing live is.
    fn node_of(&self, subject: Subject, time: Timestamp) -> Option<Node> {
        match subject {
            Subject::Record(record) => {
                let live = self.sightings.iter().any(|one| one.linking && one.record == record);
                live.then_some(Node::Record(record))
            }
            Subject::Identifier(kind, key) => {
                let clear = || Some((kind, *self.clear.get(&(kind, key))?));
                let named = Some((kind, key)).filter(|named| self.seen.contains_key(named)).or_else(clear)?;
                let seen = self.seen.get(&named)?;
                let epochs =
                    seen.iter().filter_map(|at| Some((self.epoch(*at, named)?, self.sightings[*at].time)));
                let mut began: BTreeMap<u8, Timestamp> = BTreeMap::new();
                for (epoch, time) in epochs {
                    let known = began.entry(epoch).or_insert(time);
                    *known = (*known).min(time);
                }
                let by_then = began.iter().rev().find(|(_, began)| **began <= time);
                let epoch = by_then.or(began.iter().next())?.0;
                Some(Node::Identifier(named, *epoch))
            }
        }
    }

    fn epoch(&self, at: usize, named: Named) -> Option<u8> {
        self.used[at].iter().find(|(other, _)| *other == named)?.1
    }

    /// The sightings of a node.
    fn seen_of(&self, node: Node) -> Vec<usize> {
        match node {
            Node::Record(record) => {
                (0..self.sightings.len()).filter(|at| self.sightings[*at].record == record).collect()
            }
            Node::Description(number) => self.descriptions.seen[number].clone(),
            Node::Identifier(named, epoch) => {
                self.seen[&named].iter().copied().filter(|at| self.epoch(*at, named) == Some(epoch)).collect()
            }
        }
    }

    fn key_of(&self, node: Node) -> IdentifierKey {
        let first = || self.sightings[self.seen_of(node)[0]].record;
        match node {
            Node::Record(record) => super::key_of_record(record),
            Node::Description(_) => super::key_of_description(first()),
            Node::Identifier((_, key), 0) => key,
            Node::Identifier(named, _) => {
                let place = self.used[self.seen_of(node)[0]].iter().position(|(other, _)| *other == named);
                super::key_of_epoch(first(), place.expect("it is named there"))
            }
        }
    }

    fn edge(&mut self, one: Node, two: Node, basis: Basis) {
        let ends = (self.places[&one], self.places[&two]);
        if ends.0 != ends.1 {
            self.component.edges.push(Edge { ends, basis });
        }
    }

    /// Step 5: what sightings name together.
    fn link_together(&mut self) {
        let mut support: BTreeMap<(Node, Node), u32> = BTreeMap::new();
        for nodes in &self.nodes {
            for (at, one) in nodes.iter().enumerate() {
                nodes[at + 1..].iter().for_each(|two| *support.entry((*one, *two)).or_default() += 1);
            }
        }
        for ((one, two), support) in support {
            let basis = match two {
                Node::Description(number) => Basis::Matched { weight: self.descriptions.each[number].1 },
                _ => Basis::Together { support },
            };
            self.edge(one, two, basis);
        }
        for (at, nodes) in self.nodes.iter().enumerate() {
            let details = &self.sightings[at].details;
            let (name, birth) = (self.rules.name(details), self.rules.birth(details));
            for place in nodes.iter().map(|node| self.places[node]) {
                // Named by the sighting: what agrees is asked of the texts.
                self.component.names.extend(name.map(|_| (place, at as u32)));
                self.component.births.extend(birth.map(|_| (place, at as u32)));
            }
        }
    }

    /// Descriptions that match.
    fn link_descriptions(&mut self) {
        for (one, two, weight) in self.descriptions.pairs.clone() {
            if self.is_common(one) || self.is_common(two) {
                continue;
            }
            self.edge(Node::Description(one), Node::Description(two), Basis::Matched { weight });
        }
    }

    /// Identifiers that were seen once, and are another with a typing error.
    fn link_repairs(&mut self) {
        if !self.rules.repairs() {
            return;
        }
        let mut spelled: BTreeMap<Named, &str> = BTreeMap::new();
        for named in self.sightings.iter().filter(|one| one.linking).flat_map(|one| usable(one)) {
            if let Some(spelling) = &named.spelling {
                spelled.insert((named.kind, named.key), spelling);
            }
        }
        let mut meant: BTreeSet<(Node, Node)> = BTreeSet::new();
        for (one, wrong) in &spelled {
            let near: Vec<Named> = spelled
                .iter()
                .filter(|(two, right)| two.0 == one.0 && is_slip(wrong, right))
                .map(|(two, _)| *two)
                .collect();
            let ([at], [right]) = (&self.seen[one][..], &near[..]) else { continue };
            let time = self.sightings[*at].time;
            let Some(right) = self.node_of(Subject::Identifier(right.0, right.1), time) else { continue };
            let wrong = Node::Identifier(*one, 0);
            if self.is_tied(wrong) && self.is_tied(right) {
                meant.insert((wrong.min(right), wrong.max(right)));
            }
        }
        for (one, two) in meant {
            let often =
                |node: &Node| if let Node::Identifier(named, _) = node { self.seen[named].len() } else { 0 };
            let support = often(&one).max(often(&two)) as u32;
            self.edge(one, two, Basis::Repaired { support });
        }
    }

    /// Whether sightings tie it to others: it is neither shared nor crowded.
    fn is_tied(&self, node: Node) -> bool {
        self.nodes.iter().any(|nodes| nodes.contains(&node))
    }

    /// What a person ruled.
    fn link_rulings(&mut self) {
        let mut newest: BTreeMap<(Node, Node), Ruling> = BTreeMap::new();
        for ruling in self.rulings.values() {
            let (one, two) =
                (self.node_of(ruling.ends.0, ruling.time), self.node_of(ruling.ends.1, ruling.time));
            let (Some(one), Some(two)) = (one, two) else { continue };
            let known = newest.entry((one.min(two), one.max(two))).or_insert(*ruling);
            if precedence(ruling) > precedence(known) {
                *known = *ruling;
            }
        }
        for ((one, two), ruling) in newest.into_iter().filter(|((one, two), _)| one != two) {
            match ruling.same {
                true => self.edge(one, two, Basis::Ruled { at: ruling.time }),
                false => self.component.apart.push((self.places[&one], self.places[&two])),
            }
        }
    }

    /// Steps 6 to 8.
    fn partition(self) -> Partition {
        let limits = Limits::new(|kind| self.rules.per_profile(kind));
        let details = |at: u32| &self.sightings[at as usize].details;
        let birth = |at: u32| self.rules.birth(details(at)).unwrap_or_default();
        let agreement = (
            |one: u32, two: u32| agree(details(one), details(two)) == Some(true),
            |one: u32, two: u32| births_agree(birth(one), birth(two)),
        );
        let cut = unite(&self.component, &limits, &agreement);
        let profile = |node: &Node| {
            let place = cut.cluster_of[self.places[node] as usize];
            CustomerId::from(self.component.vertices[place as usize].key)
        };
        let own: Vec<Option<CustomerId>> =
            (0..self.sightings.len()).map(|at| self.strongest(at).as_ref().map(profile)).collect();
        let each = self.sightings.iter().enumerate().map(|(at, sighting)| {
            let alone = CustomerId::from(super::key_of_record(sighting.record));
            (sighting.record, own[at].or_else(|| self.dominant(at, &own)).unwrap_or(alone))
        });
        each.collect()
    }

    /// The node whose profile a sighting belongs to.
    fn strongest(&self, at: usize) -> Option<Node> {
        let ruled = || {
            let held =
                self.used[at].iter().filter_map(|(named, epoch)| Some(Node::Identifier(*named, (*epoch)?)));
            held.into_iter().find(|node| self.places.contains_key(node))
        };
        self.nodes[at].first().copied().or_else(ruled)
    }

    /// The profile that has most to do with the shared identifier of a sighting that has no other.
    fn dominant(&self, at: usize, own: &[Option<CustomerId>]) -> Option<CustomerId> {
        let (named, epoch) = self.used[at].iter().find_map(|(named, epoch)| Some((*named, (*epoch)?)))?;
        let seen = &self.seen[&named];
        if self.crowded.contains(&named) || seen.len() > SEEN_MAX {
            return None;
        }
        // A name by which the rules let nobody be told apart counts for nothing here, too.
        let named_as = |at: usize| {
            let details = &self.sightings[at].details;
            self.rules.name(details).map(|_| details)
        };
        let agreeing = |other: usize| {
            let both = named_as(other).zip(named_as(at));
            both.is_some_and(|(one, two)| agree(one, two) == Some(true))
        };
        let with = |profile: &CustomerId, alike: bool| {
            let held = seen.iter().filter(|other| self.epoch(**other, named) == Some(epoch));
            let of = held.filter(|other| own[**other] == Some(*profile));
            of.filter(|other| !alike || agreeing(**other)).count()
        };
        let mut holders: Vec<CustomerId> = Vec::new();
        for profile in
            seen.iter().filter(|other| self.epoch(**other, named) == Some(epoch)).filter_map(|at| own[*at])
        {
            if !holders.contains(&profile) {
                holders.push(profile);
            }
        }
        if holders.len() > self.rules.holders() as usize {
            return None;
        }
        let alike = holders.iter().any(|profile| with(profile, true) > 0);
        // Of several that have as many, the one that had it first.
        holders.into_iter().rev().max_by_key(|profile| with(profile, alike))
    }
}

/// The identifiers of a sighting that name somebody.
fn usable(sighting: &Sighting) -> impl Iterator<Item = &crate::identity::Named> {
    sighting.named.iter().filter(|one| !one.junk).take(NAMED_MAX)
}
