//! One component, cut into profiles: which of its vertices are one person.
//!
//! A vertex is an identifier in one of its epochs, or a record without one. Edges say why two are one person. They are
//! taken in one order of the set itself, strongest first, and each unites the clusters of its ends unless something
//! stands in the way (constrained Kruskal; Wagstaff and Cardie 2001 for the constraints). So neither the order of
//! arrival nor the order in the arrays can change who is who.
//!
//! The order of edges:
//!
//! 1. [`Basis::Ruled`], the newest ruling first.
//! 2. [`Basis::Together`] between two strong identifiers.
//! 3. [`Basis::Matched`], the highest weight first.
//! 4. [`Basis::Repaired`].
//! 5. [`Basis::Together`] with one weak end (device, cookie, tag visitor).
//! 6. [`Basis::Together`] with two.
//!
//! Within 2, 4, 5 and 6 the sum of the ranks of the kinds decides (crm 0, loyalty and login 1, email 2, phone 3, customer
//! key of a till 4, card 5, device 6, cookie 7, tag visitor 8, a record 9), then the support, halved as often as it takes
//! to reach one, so that one more sighting seldom changes the order. Ties are broken by the keys of the ends: the first
//! four bytes of the smaller and of the greater, then both whole.
//!
//! What stands in the way is a [`Refusal`]. A ruling "same" yields to a ruling "different" alone.
//!
//! ```
//! use phygital_core::identity::union::{Basis, Component, Edge, Limits, Refusal, Uniter, Vertex};
//! use phygital_core::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};
//! let vertex = |n: u8, kind| Vertex {
//!     key: IdentifierKey::from_bytes([n; 16]),
//!     kind: Some(kind),
//!     first: (Timestamp::MIN, RecordKey::from_bytes([n; 16])),
//! };
//! let mut component = Component::default();
//! component.vertices.extend([
//!     vertex(1, IdentifierKind::Crm),
//!     vertex(2, IdentifierKind::Email),
//!     vertex(3, IdentifierKind::Crm),
//! ]);
//! for (one, support) in [(0, 8), (2, 1)] {
//!     component.edges.push(Edge { ends: (one, 1), basis: Basis::Together { support } });
//! }
//! let limits = Limits::new(|kind| (kind == IdentifierKind::Crm).then_some(1));
//! let mut uniter = Uniter::new(limits);
//! let cut = uniter.unite(&component, &(|_, _| false, |_, _| false)); // no two names, no two dates agree
//! assert_eq!(cut.cluster_of, [0, 0, 2]);
//! assert_eq!(cut.taken, [0]);
//! let limit = Refusal::Limit { kind: IdentifierKind::Crm, count: 2, limit: 1 };
//! assert_eq!(cut.refused, [(1, limit)]);
//! ```

mod apart;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod labels;
mod order;

use std::fmt;

use super::matching::Millibits;
use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};
use apart::Apart;
use labels::Labels;
use order::{Brief, Order};

/// How many kinds of identifier there are.
const KINDS: usize = IdentifierKind::ALL.len();

/// No place, no vertex, no list.
const NONE: u32 = u32::MAX;

/// An identifier in one of its epochs, or a record without an identifier of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "all that the cut reads of a vertex")]
pub struct Vertex {
    /// Its key; no two vertices of a component have the same.
    pub key: IdentifierKey,
    /// The kind of identifier; `None` for a record.
    pub kind: Option<IdentifierKind>,
    /// The first sighting of it.
    pub first: (Timestamp, RecordKey),
}

/// Why two vertices are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Basis {
    /// A person ruled that they are the same.
    Ruled {
        /// When.
        at: Timestamp,
    },
    /// Sightings name both.
    Together {
        /// How many sightings.
        support: u32,
    },
    /// Names, dates and addresses are alike.
    Matched {
        /// How much that speaks for one person. Beyond 134,217,727 millibits on either side it counts as that.
        weight: Millibits,
    },
    /// One is the other with a typing error.
    Repaired {
        /// How many sightings name the one that is right.
        support: u32,
    },
}

/// A reason to unite two vertices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "all that the cut reads of an edge")]
pub struct Edge {
    /// The places of both vertices, in any order.
    pub ends: (u32, u32),
    /// Why.
    pub basis: Basis,
}

/// What the cut is a function of, beside the limits. The order within each list says nothing. Whatever names a place
/// where no vertex stands is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole input of the cut")]
pub struct Component {
    /// The vertices.
    pub vertices: Vec<Vertex>,
    /// Reasons to unite.
    pub edges: Vec<Edge>,
    /// Places of vertices that a person ruled to be different, in any order.
    pub apart: Vec<(u32, u32)>,
    /// Names said of vertices: the place, and the number under which [`Agreement`] knows the name.
    pub names: Vec<(u32, u32)>,
    /// Dates of birth said of vertices: the place, and the number under which [`Agreement`] knows the date.
    pub births: Vec<(u32, u32)>,
}

impl Component {
    /// Empties it, and keeps its memory for the next.
    pub fn clear(&mut self) {
        let Component { vertices, edges, apart, names, births } = self;
        vertices.clear();
        edges.clear();
        apart.clear();
        names.clear();
        births.clear();
    }

    /// Whether an end of the edge is a weak identifier: device, cookie, tag visitor.
    pub fn is_weak(&self, edge: &Edge) -> bool {
        let weak = |place: u32| self.vertices.get(place as usize).is_some_and(|one| order::is_weak(one.kind));
        matches!(edge.basis, Basis::Together { .. }) && (weak(edge.ends.0) || weak(edge.ends.1))
    }
}

/// Whether two names, or two dates of birth, may be one person's. Symmetric. Only asked of two numbers that differ;
/// what is equal agrees.
pub trait Agreement {
    /// Of names.
    fn names(&self, one: u32, two: u32) -> bool;
    /// Of dates of birth.
    fn births(&self, one: u32, two: u32) -> bool;
}

/// One function for names, one for dates of birth.
impl<N: Fn(u32, u32) -> bool, B: Fn(u32, u32) -> bool> Agreement for (N, B) {
    fn names(&self, one: u32, two: u32) -> bool {
        (self.0)(one, two)
    }
    fn births(&self, one: u32, two: u32) -> bool {
        (self.1)(one, two)
    }
}

/// How many identifiers of each kind one profile holds at most. More than 4,094 is any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits([u16; KINDS]);

/// Bits of a count of identifiers of one kind; the highest that they hold means that and more.
const COUNT_BITS: usize = 12;
const COUNT_MAX: u16 = (1 << COUNT_BITS) - 1;
const _: () = assert!(COUNT_BITS * KINDS <= 128, "the counts of a cluster fit");

impl Limits {
    /// Asks for each kind; `None` for any number.
    pub fn new(per_profile: impl Fn(IdentifierKind) -> Option<u32>) -> Limits {
        let most = |kind| per_profile(kind).and_then(|most| u16::try_from(most).ok()).unwrap_or(COUNT_MAX);
        Limits(IdentifierKind::ALL.map(|kind| most(kind).min(COUNT_MAX)))
    }

    /// How many of a kind, `None` for any number.
    pub fn of(&self, kind: IdentifierKind) -> Option<u32> {
        let most = self.0[kind as usize];
        (most < COUNT_MAX).then_some(u32::from(most))
    }
}

/// Why an edge did not unite its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// It would join two vertices that a person ruled to be different.
    Apart {
        /// The place of the ruling in [`Component::apart`]; of several, that of the smallest keys.
        ruling: u32,
    },
    /// The profile would hold too many identifiers of a kind of which both sides hold some.
    Limit {
        /// The kind, the strongest of several.
        kind: IdentifierKind,
        /// How many it would be.
        count: u32,
        /// How many it may be.
        limit: u32,
    },
    /// Both sides have names, and none of the one agrees with any of the other.
    Names,
    /// Both sides have dates of birth, and none of the one agrees with any of the other.
    Births,
    /// A device, cookie or tag visitor would join two email addresses, and not both sides have a name.
    Emails,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Apart { .. } => f.write_str("a person ruled that they are different"),
            Refusal::Limit { kind, count, limit } => {
                write!(f, "one profile would hold {count} of kind {kind}, and may hold {limit}")
            }
            Refusal::Names => f.write_str("the names differ"),
            Refusal::Births => f.write_str("the dates of birth differ"),
            Refusal::Emails => {
                f.write_str("a device or browser alone does not join two email addresses without names")
            }
        }
    }
}

/// A component cut into profiles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole result of the cut")]
pub struct Cut {
    /// For each vertex the place of the one that names its profile: the first seen, and of several the one of the
    /// smallest key.
    pub cluster_of: Vec<u32>,
    /// The edges that united, in the order in which they were taken: a forest, the weakest last.
    pub taken: Vec<u32>,
    /// The edges that were refused and whose ends are in two profiles, in the same order, each with the first reason.
    pub refused: Vec<(u32, Refusal)>,
}

/// Cuts components, and keeps its memory between them.
#[derive(Debug, Clone)]
pub struct Uniter {
    limits: Limits,
    order: Order,
    briefs: Vec<Brief>,
    parent: Vec<u32>,
    clusters: Vec<Cluster>,
    names: Labels,
    births: Labels,
    apart: Apart,
    refusals: Vec<Remembered>,
    cut: Cut,
}

/// What a cluster holds, kept at its root.
#[derive(Debug, Clone, Copy)]
struct Cluster {
    /// How many of each kind, in [`COUNT_BITS`] each.
    counts: u128,
    /// How many vertices.
    size: u32,
    /// A bit for each kind that it holds.
    kinds: u16,
}

/// A cluster of one vertex of each kind, and of none.
const SINGLE: [Cluster; KINDS + 1] = {
    let mut single = [Cluster { counts: 0, size: 1, kinds: 0 }; KINDS + 1];
    let mut kind = 0;
    while kind < KINDS {
        single[kind] = Cluster { counts: 1 << (COUNT_BITS * kind), size: 1, kinds: 1 << kind };
        kind += 1;
    }
    single
};

impl Cluster {
    fn count(&self, kind: usize) -> u16 {
        (self.counts >> (COUNT_BITS * kind)) as u16 & COUNT_MAX
    }

    fn take(&mut self, other: &Cluster) {
        self.size += other.size;
        self.kinds |= other.kinds;
        if self.size <= u32::from(COUNT_MAX) {
            self.counts += other.counts;
            return;
        }
        let sum = |kind: usize| (self.count(kind) + other.count(kind)).min(COUNT_MAX);
        self.counts = (0..KINDS).map(|kind| u128::from(sum(kind)) << (COUNT_BITS * kind)).sum();
    }
}

/// A refusal that holds for every edge between two clusters as long as neither grows.
#[derive(Debug, Clone, Copy)]
struct Remembered {
    roots: (u32, u32),
    sizes: (u32, u32),
    refusal: Refusal,
}

/// How many refusals are remembered at least and at most, by a hash of the clusters; a power of two each.
const REMEMBERED_MIN: usize = 8;
const REMEMBERED_MAX: usize = 256;

impl Uniter {
    /// One that holds profiles to limits.
    pub fn new(limits: Limits) -> Uniter {
        Uniter {
            limits,
            order: Order::default(),
            briefs: Vec::new(),
            parent: Vec::new(),
            clusters: Vec::new(),
            names: Labels::default(),
            births: Labels::default(),
            apart: Apart::default(),
            refusals: Vec::new(),
            cut: Cut::default(),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Cuts a component into profiles. Costs O(m log m) for m edges, where names and rulings are few.
    ///
    /// An edge whose ends are together already when its turn comes is neither taken nor refused. Of identical edges one is
    /// taken.
    pub fn unite(&mut self, component: &Component, agreement: &impl Agreement) -> &Cut {
        self.begin(component);
        self.order.sort(component, &self.briefs);
        let mut parts = component.vertices.len();
        for turn in 0..self.order.len() {
            if parts == 1 {
                break;
            }
            let at = self.order.edge(turn);
            let edge = &component.edges[at as usize];
            let (one, two) = (find(&mut self.parent, edge.ends.0), find(&mut self.parent, edge.ends.1));
            if one == two {
                continue;
            }
            let sizes = (self.clusters[one as usize].size, self.clusters[two as usize].size);
            let (large, small) = if sizes.0 >= sizes.1 { (one, two) } else { (two, one) };
            match self.refusal(component, edge, (large, small), agreement) {
                Some(refusal) => self.cut.refused.push((at, refusal)),
                None => {
                    self.join(large, small);
                    self.cut.taken.push(at);
                    parts -= 1;
                }
            }
        }
        self.end(component);
        &self.cut
    }

    /// Every vertex a cluster of its own.
    fn begin(&mut self, component: &Component) {
        let count = component.vertices.len();
        assert!(count < NONE as usize, "a component has fewer vertices than there are places");
        self.parent.clear();
        self.parent.extend(0..count as u32);
        self.clusters.clear();
        self.briefs.clear();
        self.briefs.extend(component.vertices.iter().map(Brief::of));
        self.clusters.extend(self.briefs.iter().map(|one| SINGLE[usize::from(one.kind)]));
        self.names.fill(count, &component.names);
        self.births.fill(count, &component.births);
        self.apart.fill(count, &component.apart);
        self.refusals.clear();
        self.cut.taken.clear();
        self.cut.refused.clear();
    }

    /// What stands in the way of uniting two clusters by an edge.
    fn refusal(
        &mut self,
        component: &Component,
        edge: &Edge,
        (large, small): (u32, u32),
        agreement: &impl Agreement,
    ) -> Option<Refusal> {
        let sizes = (self.clusters[large as usize].size, self.clusters[small as usize].size);
        let ruled = matches!(edge.basis, Basis::Ruled { .. });
        // A ruling asks less than other edges, and comes before them: what is remembered holds for it too.
        let hash = (large.wrapping_mul(0x9E37_79B1) ^ small.wrapping_mul(0x85EB_CA6B)) >> 16;
        let slot = hash as usize & self.refusals.len().wrapping_sub(1);
        if let Some(known) = self.refusals.get(slot)
            && (known.roots, known.sizes) == ((large, small), sizes)
        {
            return Some(known.refusal);
        }
        let apart = self.apart.between(large, small, component, &mut self.parent);
        let found = apart.map(|ruling| Refusal::Apart { ruling }).or_else(|| {
            if ruled {
                return None;
            }
            self.limit(large, small).or_else(|| {
                let names = self.names.meet(large, small, |one, two| agreement.names(one, two));
                let mut births = || self.births.meet(large, small, |one, two| agreement.births(one, two));
                match names {
                    Some(false) => Some(Refusal::Names),
                    _ => (births() == Some(false)).then_some(Refusal::Births),
                }
            })
        });
        if let Some(refusal) = found {
            if self.refusals.is_empty() {
                let nothing = Remembered { roots: (NONE, NONE), sizes: (0, 0), refusal };
                let count = (component.edges.len() / 8).next_power_of_two();
                self.refusals.resize(count.clamp(REMEMBERED_MIN, REMEMBERED_MAX), nothing);
            }
            let slot = hash as usize & (self.refusals.len() - 1);
            self.refusals[slot] = Remembered { roots: (large, small), sizes, refusal };
            return Some(refusal);
        }
        let email = 1 << IdentifierKind::Email as u16;
        let both = self.clusters[large as usize].kinds & self.clusters[small as usize].kinds;
        let named = self.names.any(large) && self.names.any(small);
        (!ruled && both & email != 0 && !named && component.is_weak(edge)).then_some(Refusal::Emails)
    }

    /// A kind of which both hold some, and together too many.
    fn limit(&self, large: u32, small: u32) -> Option<Refusal> {
        let (large, small) = (&self.clusters[large as usize], &self.clusters[small as usize]);
        let mut both = large.kinds & small.kinds;
        while both != 0 {
            let kind = both.trailing_zeros() as usize;
            let count = u32::from(large.count(kind) + small.count(kind));
            if let Some(limit) = self.limits.of(IdentifierKind::ALL[kind])
                && count > limit
            {
                return Some(Refusal::Limit { kind: IdentifierKind::ALL[kind], count, limit });
            }
            both &= both - 1;
        }
        None
    }

    /// Makes two clusters one, under the root of the large one.
    fn join(&mut self, large: u32, small: u32) {
        self.parent[small as usize] = large;
        let given = self.clusters[small as usize];
        self.clusters[large as usize].take(&given);
        self.names.join(large, small);
        self.births.join(large, small);
        self.apart.join(large, small);
    }

    /// Names the clusters, and forgets refusals that no longer part anybody.
    fn end(&mut self, component: &Component) {
        let Uniter { parent, clusters, cut, .. } = self;
        let vertices = &component.vertices;
        let before = |one: u32, two: u32| {
            let (one, two) = (&vertices[one as usize], &vertices[two as usize]);
            one.first.0 < two.first.0
                || one.first.0 == two.first.0 && (one.first.1, one.key) < (two.first.1, two.key)
        };
        // From here on `size` of a root is the place of the vertex that names the cluster.
        (0..parent.len() as u32).for_each(|root| clusters[root as usize].size = root);
        cut.cluster_of.clear();
        for place in 0..parent.len() as u32 {
            let root = find(parent, place);
            cut.cluster_of.push(root);
            let best = &mut clusters[root as usize].size;
            if before(place, *best) {
                *best = place;
            }
        }
        cut.cluster_of.iter_mut().for_each(|of| *of = clusters[*of as usize].size);
        let Cut { cluster_of, refused, .. } = cut;
        refused.retain(|(at, _)| {
            let (one, two) = component.edges[*at as usize].ends;
            cluster_of[one as usize] != cluster_of[two as usize]
        });
    }
}

/// Cuts one component into profiles; [`Uniter::unite`] for many.
pub fn unite(component: &Component, limits: &Limits, agreement: &impl Agreement) -> Cut {
    let mut uniter = Uniter::new(*limits);
    uniter.unite(component, agreement);
    uniter.cut
}

/// The root of a vertex. Every second vertex on the way is hung one higher (path halving).
fn find(parent: &mut [u32], mut at: u32) -> u32 {
    while parent[at as usize] != at {
        let over = parent[parent[at as usize] as usize];
        parent[at as usize] = over;
        at = over;
    }
    at
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::contract::{self, Never, of};
    use super::*;

    fn together(one: u32, two: u32, support: u32) -> Edge {
        Edge { ends: (one, two), basis: Basis::Together { support } }
    }

    fn ruled(one: u32, two: u32, millis: i64) -> Edge {
        Edge { ends: (one, two), basis: Basis::Ruled { at: Timestamp::from_millis(millis).unwrap() } }
    }

    fn limits(most: u32) -> Limits {
        Limits::new(|kind| (kind == IdentifierKind::Email).then_some(most))
    }

    use IdentifierKind::{Cookie, Device, Email, Loyalty, Phone};

    #[test]
    fn a_limit_holds_at_and_past() {
        let mut component = of(&[Phone, Email, Email, Email], &[]);
        component.edges = vec![together(0, 1, 4), together(0, 2, 2), together(0, 3, 1)];
        assert_eq!(unite(&component, &limits(3), &Never).cluster_of, [0, 0, 0, 0]);
        let cut = unite(&component, &limits(2), &Never);
        assert_eq!(cut.cluster_of, [0, 0, 0, 3]);
        let refusal = Refusal::Limit { kind: Email, count: 3, limit: 2 };
        assert_eq!(cut.refused, [(2, refusal)]);
        assert_eq!(refusal.to_string(), "one profile would hold 3 of kind email, and may hold 2");
    }

    #[test]
    fn limits_are_counted_as_far_as_they_are_told_apart() {
        let mut component = of(&[Email; 1], &[]);
        for n in 1..4_200u32 {
            let mut key = [7; 16];
            key[..4].copy_from_slice(&n.to_be_bytes());
            let vertex =
                Vertex { key: IdentifierKey::from_bytes(key), kind: Some(Cookie), ..component.vertices[0] };
            component.vertices.push(vertex);
            component.edges.push(together(0, n, 1));
        }
        let cookies = |most| {
            let limits = Limits::new(|kind| (kind == Cookie).then_some(most));
            let cut = unite(&component, &limits, &Never);
            (limits.of(Cookie), cut.taken.len(), cut.refused.len())
        };
        assert_eq!(cookies(4_094), (Some(4_094), 4_094, 105));
        assert_eq!(cookies(4_095), (None, 4_199, 0));
    }

    #[test]
    fn names_and_dates_part_those_of_whom_no_pair_agrees() {
        let mut component = of(&[Phone, Email, Loyalty], &[]);
        component.edges = vec![together(0, 1, 1), together(0, 2, 1)];
        component.names = vec![(0, 7), (1, 8)];
        assert_eq!(unite(&component, &limits(9), &Never).refused, [(0, Refusal::Names)]);
        let agree = (|one, two| (one, two) == (7, 8), |_, _| false);
        assert_eq!(unite(&component, &limits(9), &agree).cluster_of, [0, 0, 0]);
        component.names.push((1, 7));
        assert_eq!(unite(&component, &limits(9), &Never).cluster_of, [0, 0, 0]);
        component.births = vec![(0, 1), (2, 2)];
        assert_eq!(unite(&component, &limits(9), &Never).refused, [(1, Refusal::Births)]);
    }

    #[test]
    fn a_device_does_not_join_two_addresses_without_names() {
        let mut component = of(&[Email, Device, Email], &[]);
        component.edges = vec![together(0, 1, 2), together(1, 2, 1)];
        assert_eq!(unite(&component, &limits(9), &Never).refused, [(1, Refusal::Emails)]);
        component.names = vec![(0, 1)];
        assert_eq!(unite(&component, &limits(9), &Never).refused, [(1, Refusal::Emails)]);
        component.names.push((2, 1));
        assert_eq!(unite(&component, &limits(9), &Never).cluster_of, [0, 0, 0]);
        component.names.clear();
        component.vertices[1].kind = Some(Phone);
        assert_eq!(unite(&component, &limits(9), &Never).cluster_of, [0, 0, 0]);
    }

    #[test]
    fn same_outranks_all_but_different() {
        let mut component = of(&[Email, Phone, Email, Cookie], &[]);
        component.names = vec![(0, 1), (2, 2)];
        component.edges = vec![ruled(0, 2, 1), together(0, 1, 1), together(1, 2, 1)];
        assert_eq!(unite(&component, &limits(1), &Never).cluster_of, [0, 0, 0, 3]);
        component.apart = vec![(3, 1), (2, 0)];
        let cut = unite(&component, &limits(1), &Never);
        assert_eq!(cut.cluster_of, [0, 0, 2, 3]);
        assert_eq!(cut.refused[0], (0, Refusal::Apart { ruling: 1 }));
        // A cycle of rulings: the newest hold, the oldest yields.
        component.apart = vec![(0, 3)];
        component.edges = vec![ruled(0, 1, 1), ruled(1, 2, 3), ruled(2, 3, 2)];
        let cut = unite(&component, &limits(1), &Never);
        assert_eq!(
            (cut.cluster_of, cut.refused),
            (vec![0, 1, 1, 1], vec![(0, Refusal::Apart { ruling: 0 })])
        );
    }

    #[test]
    fn the_strongest_edges_come_first() {
        let mut component = of(&[Loyalty, Phone, Email, Device, Cookie], &[]);
        component.vertices.push(Vertex { kind: None, ..component.vertices[0] });
        component.vertices[5].key = IdentifierKey::from_bytes([5; 16]);
        let matched = |weight| Edge { ends: (5, 0), basis: Basis::Matched { weight } };
        let edges = [
            ruled(0, 1, 9),
            ruled(0, 1, 8),
            together(0, 2, 1),
            together(0, 1, 7),
            together(0, 1, 3),
            together(1, 2, 255),
            matched(i32::MAX),
            matched(9_001),
            matched(9_000),
            matched(i32::MIN),
            Edge { ends: (2, 1), basis: Basis::Repaired { support: 1 } },
            together(3, 0, 1),
            together(1, 4, 1),
            together(3, 4, 100),
        ];
        component.edges = edges.iter().rev().copied().collect();
        let mut order = Order::default();
        let briefs: Vec<Brief> = component.vertices.iter().map(Brief::of).collect();
        order.sort(&component, &briefs);
        let turns: Vec<u32> = (0..order.len()).map(|turn| order.edge(turn)).collect();
        assert_eq!(turns, (0..edges.len() as u32).rev().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_and_places_where_nothing_stands_are_left_out() {
        assert_eq!(unite(&Component::default(), &limits(1), &Never), Cut::default());
        let mut component = of(&[Email, Phone], &[]);
        component.edges =
            vec![together(0, 7, 1), together(u32::MAX, 1, 1), ruled(2, 0, 1), together(1, 1, 1)];
        component.apart = vec![(0, 2), (1, 1)];
        component.names = vec![(9, 1)];
        component.births = vec![(2, 1)];
        let cut = unite(&component, &limits(1), &Never);
        assert_eq!((cut.cluster_of, cut.taken.len(), cut.refused.len()), (vec![0, 1], 0, 0));
    }

    #[test]
    fn a_profile_is_named_by_what_was_seen_first() {
        let mut component = of(&[Email, Phone, Email], &[]);
        component.edges = vec![together(0, 1, 1), together(1, 2, 1)];
        component.vertices[2].first = (Timestamp::MIN, RecordKey::from_bytes([9; 16]));
        assert_eq!(unite(&component, &limits(2), &Never).cluster_of, [0, 0, 0]);
        component.vertices[2].first.1 = RecordKey::from_bytes([0; 16]);
        component.vertices[0].key = IdentifierKey::from_bytes([7; 16]);
        assert_eq!(unite(&component, &limits(2), &Never).cluster_of, [2, 2, 2]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_cut_is_the_oracles_in_any_order(data in prop::collection::vec(any::<u8>(), 0..700)) {
            contract::play(&data);
        }
    }
}
