//! One component of linked identifiers, cut into customers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::rules::Basis;
use crate::event::FoldKey;
use crate::vocab::{IdentifierKey, IdentifierKind};

/// An identifier within a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what the partition reads of an identifier")]
pub struct Member {
    /// Its kind.
    pub kind: IdentifierKind,
    /// The first event that names it.
    pub first: FoldKey,
}

/// A link within a component. Ordered as the links are taken: statements before co-occurrence, then
/// the stronger kinds, then the earlier event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "what the partition reads of a link")]
pub struct Edge {
    /// Why the ends are linked.
    pub basis: Basis,
    /// The kinds of the ends, the stronger first.
    pub kinds: (IdentifierKind, IdentifierKind),
    /// The event that links them, the first if there are several.
    pub event: FoldKey,
    /// The ends, the smaller key first.
    pub ends: (IdentifierKey, IdentifierKey),
}

impl Edge {
    /// A link between two identifiers, given in any order.
    pub fn new(
        basis: Basis,
        event: FoldKey,
        one: (IdentifierKey, IdentifierKind),
        two: (IdentifierKey, IdentifierKind),
    ) -> Edge {
        let kinds = (one.1.min(two.1), one.1.max(two.1));
        Edge { basis, kinds, event, ends: (one.0.min(two.0), one.0.max(two.0)) }
    }
}

/// Identifiers that links may tie together, with all links among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole input of the partition")]
pub struct Component {
    /// The identifiers.
    pub members: BTreeMap<IdentifierKey, Member>,
    /// The links; both ends are members.
    pub edges: BTreeSet<Edge>,
    /// Pairs that are two persons, the smaller key first.
    pub apart: BTreeSet<(IdentifierKey, IdentifierKey)>,
}

/// Identifiers that are one customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "the whole result of the partition")]
pub struct Cluster {
    /// The identifier seen first: the customer's id is its key.
    pub anchor: IdentifierKey,
    /// All of them.
    pub members: BTreeSet<IdentifierKey>,
}

/// Cuts a component into customers.
///
/// Takes the links in their order and unites their ends, unless that joined a pair that is apart
/// (constrained Kruskal; Wagstaff and Cardie 2001 for the constraint). Costs O(m log m) for m links,
/// plus the pairs that are apart for each union.
pub fn partition(component: &Component) -> Vec<Cluster> {
    let (clusters, _) = unite(component);
    clusters
}

/// The links that tie two identifiers together, from the one to the other; `None` where they are
/// not one customer. Empty where both are the same.
pub fn path(component: &Component, from: IdentifierKey, to: IdentifierKey) -> Option<Vec<Edge>> {
    let (_, taken) = unite(component);
    let mut neighbours: BTreeMap<IdentifierKey, Vec<(IdentifierKey, Edge)>> = BTreeMap::new();
    for edge in taken {
        neighbours.entry(edge.ends.0).or_default().push((edge.ends.1, edge));
        neighbours.entry(edge.ends.1).or_default().push((edge.ends.0, edge));
    }
    let mut came: BTreeMap<IdentifierKey, (IdentifierKey, Edge)> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        if at == to {
            break;
        }
        for (next, edge) in neighbours.get(&at).into_iter().flatten() {
            if *next != from && !came.contains_key(next) {
                came.insert(*next, (at, *edge));
                queue.push_back(*next);
            }
        }
    }
    let mut chain = Vec::new();
    let mut at = to;
    while at != from {
        let (before, edge) = came.get(&at)?;
        chain.push(*edge);
        at = *before;
    }
    chain.reverse();
    component.members.contains_key(&from).then_some(chain)
}

/// The clusters, and the links that made them: a forest.
fn unite(component: &Component) -> (Vec<Cluster>, Vec<Edge>) {
    let mut of: BTreeMap<IdentifierKey, IdentifierKey> =
        component.members.keys().map(|key| (*key, *key)).collect();
    let mut clusters: BTreeMap<IdentifierKey, BTreeSet<IdentifierKey>> =
        component.members.keys().map(|key| (*key, BTreeSet::from([*key]))).collect();
    let mut taken = Vec::new();
    for edge in &component.edges {
        let (Some(&one), Some(&two)) = (of.get(&edge.ends.0), of.get(&edge.ends.1)) else { continue };
        if one == two {
            continue;
        }
        let crosses = |(a, b): &(IdentifierKey, IdentifierKey)| {
            let ends = (of.get(a), of.get(b));
            ends == (Some(&one), Some(&two)) || ends == (Some(&two), Some(&one))
        };
        if component.apart.iter().any(crosses) {
            continue;
        }
        let (keep, give) = if clusters[&one].len() >= clusters[&two].len() { (one, two) } else { (two, one) };
        let given = clusters.remove(&give).unwrap_or_default();
        for key in &given {
            of.insert(*key, keep);
        }
        clusters.entry(keep).or_default().extend(given);
        taken.push(*edge);
    }
    let named = clusters.into_values().filter_map(|members| {
        let first = |key: &&IdentifierKey| (component.members[*key].first, **key);
        let anchor = *members.iter().min_by_key(first)?;
        Some(Cluster { anchor, members })
    });
    let mut named: Vec<Cluster> = named.collect();
    named.sort();
    (named, taken)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::vocab::{EventKey, Timestamp};

    fn key(n: u8) -> IdentifierKey {
        IdentifierKey::from_bytes([n; 16])
    }

    fn fold(n: u8) -> FoldKey {
        FoldKey { at: Timestamp::from_millis(i64::from(n)).unwrap(), key: EventKey::from_bytes([n; 16]) }
    }

    fn kind(n: u8) -> IdentifierKind {
        IdentifierKind::ALL[usize::from(n) % IdentifierKind::ALL.len()]
    }

    fn component(size: u8, links: &[(u8, u8, u8)], apart: &[(u8, u8)]) -> Component {
        let mut component = Component::default();
        for n in 0..size {
            component.members.insert(key(n), Member { kind: kind(n), first: fold(n) });
        }
        for &(one, two, event) in links {
            let (one, two) = (one % size, two % size);
            if one != two {
                let ends = ((key(one), kind(one)), (key(two), kind(two)));
                component.edges.insert(Edge::new(Basis::Together, fold(event), ends.0, ends.1));
            }
        }
        for &(one, two) in apart {
            let (one, two) = (key(one % size), key(two % size));
            if one != two {
                component.apart.insert((one.min(two), one.max(two)));
            }
        }
        component
    }

    /// The slow way: every pair, again and again, until nothing changes.
    fn connected(component: &Component, from: IdentifierKey) -> BTreeSet<IdentifierKey> {
        let mut reached = BTreeSet::from([from]);
        loop {
            let before = reached.len();
            for edge in &component.edges {
                if reached.contains(&edge.ends.0) || reached.contains(&edge.ends.1) {
                    reached.extend([edge.ends.0, edge.ends.1]);
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }

    #[test]
    fn separated_ends_stay_apart_however_they_are_linked() {
        let linked = component(3, &[(0, 1, 1), (1, 2, 2)], &[]);
        assert_eq!(partition(&linked).len(), 1);
        let apart = component(3, &[(0, 1, 1), (1, 2, 2)], &[(0, 2)]);
        let clusters = partition(&apart);
        assert_eq!(clusters.len(), 2);
        assert_eq!(clusters[0].members, BTreeSet::from([key(0), key(1)]));
    }

    #[test]
    fn the_anchor_is_the_identifier_seen_first() {
        let mut one = component(3, &[(0, 1, 1), (1, 2, 2)], &[]);
        one.members.get_mut(&key(2)).unwrap().first = FoldKey { at: Timestamp::MIN, ..fold(0) };
        assert_eq!(partition(&one)[0].anchor, key(0));
        one.members.get_mut(&key(0)).unwrap().first = fold(9);
        assert_eq!(partition(&one)[0].anchor, key(2));
    }

    #[test]
    fn the_path_is_a_chain_of_links() {
        let one = component(4, &[(0, 1, 1), (1, 2, 2), (0, 2, 3)], &[]);
        let chain = path(&one, key(0), key(2)).unwrap();
        assert!((1..=2).contains(&chain.len()));
        assert_eq!(path(&one, key(0), key(0)), Some(vec![]));
        assert_eq!(path(&one, key(0), key(3)), None);
        assert_eq!(path(&one, key(9), key(9)), None);
    }

    proptest! {
        #[test]
        fn without_separations_clusters_are_connected_components(
            size in 1u8..12,
            links in prop::collection::vec((0u8..12, 0u8..12, 0u8..20), 0..30),
        ) {
            let one = component(size, &links, &[]);
            for cluster in partition(&one) {
                prop_assert_eq!(&cluster.members, &connected(&one, cluster.anchor));
            }
        }

        #[test]
        fn clusters_cover_all_once_and_keep_pairs_apart(
            size in 1u8..12,
            links in prop::collection::vec((0u8..12, 0u8..12, 0u8..20), 0..30),
            apart in prop::collection::vec((0u8..12, 0u8..12), 0..6),
        ) {
            let one = component(size, &links, &apart);
            let clusters = partition(&one);
            let all: Vec<_> = clusters.iter().flat_map(|cluster| &cluster.members).collect();
            prop_assert_eq!(all.len(), usize::from(size));
            for cluster in &clusters {
                prop_assert!(cluster.members.contains(&cluster.anchor));
                for (a, b) in &one.apart {
                    prop_assert!(!(cluster.members.contains(a) && cluster.members.contains(b)));
                }
                for member in &cluster.members {
                    let chain = path(&one, cluster.anchor, *member).unwrap();
                    prop_assert!(chain.iter().all(|edge| cluster.members.contains(&edge.ends.0)));
                }
            }
        }
    }
}
