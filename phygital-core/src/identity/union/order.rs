//! The order in which edges are taken.

use std::cmp::Reverse;

use super::{Basis, Component, Edge};
use crate::vocab::{IdentifierKey, IdentifierKind, Timestamp};

/// How far from zero weights are told apart: 27 bits and a sign.
pub(super) const WEIGHT_SPAN: i32 = (1 << 27) - 1;

/// The order of one component's edges; keeps its memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    /// Rulings: when, and the edge. Few, so they are compared in full.
    ruled: Vec<(Timestamp, u32)>,
    /// The others, each in one number: strength (32 bits, the strongest least), first bytes of the smaller and of the
    /// greater key (32 each), edge (32).
    packed: Vec<u128>,
    /// What is read of each vertex: the first bytes of its key, its rank, and 1 where it is weak.
    briefs: Vec<Brief>,
}

/// See [`Order::briefs`].
#[derive(Debug, Clone, Copy)]
struct Brief {
    begin: u32,
    rank: u16,
    weak: u16,
}

impl Order {
    /// Orders the edges of a component.
    pub(super) fn sort(&mut self, component: &Component) {
        let Order { ruled, packed, briefs } = self;
        ruled.clear();
        packed.clear();
        briefs.clear();
        briefs.extend(component.vertices.iter().map(|one| Brief {
            begin: begin(&one.key),
            rank: rank(one.kind),
            weak: u16::from(is_weak(one.kind)),
        }));
        assert!(
            component.edges.len() < u32::MAX as usize,
            "a component has fewer edges than there are places"
        );
        for (at, edge) in component.edges.iter().enumerate() {
            let ends = (briefs.get(edge.ends.0 as usize), briefs.get(edge.ends.1 as usize));
            let (Some(one), Some(two)) = ends else { continue };
            let strength = match edge.basis {
                Basis::Ruled { at: time } => {
                    ruled.push((time, at as u32));
                    continue;
                }
                Basis::Together { support } => {
                    // After what is matched and repaired, where an end is weak.
                    let section = [0, 3, 4][usize::from(one.weak + two.weak)];
                    counted(section, one.rank + two.rank, support)
                }
                Basis::Matched { weight } => {
                    1 << 28 | (WEIGHT_SPAN - weight.clamp(-WEIGHT_SPAN, WEIGHT_SPAN)).unsigned_abs()
                }
                Basis::Repaired { support } => counted(2, one.rank + two.rank, support),
            };
            let keys = u64::from(one.begin.min(two.begin)) << 32 | u64::from(one.begin.max(two.begin));
            packed.push(u128::from(strength) << 96 | u128::from(keys) << 32 | at as u128);
        }
        let exact = |at: u32| {
            let edge = &component.edges[at as usize];
            (keys(component, edge), edge.basis, at)
        };
        ruled.sort_unstable_by_key(|&(time, at)| {
            let exact = exact(at);
            let (one, two) = exact.0;
            (Reverse(time), begin(&one), begin(&two), exact)
        });
        packed.sort_unstable();
        // Edges that their numbers do not tell apart: the same ends twice, or keys that begin alike.
        let mut from = 0;
        while from + 1 < packed.len() {
            let same = |one: u128, two: u128| one >> 32 == two >> 32;
            if same(packed[from], packed[from + 1]) {
                let run = &mut packed[from..];
                let count = run.iter().take_while(|other| same(run[0], **other)).count();
                run[..count].sort_unstable_by_key(|packed| exact(*packed as u32));
                from += count;
            } else {
                from += 1;
            }
        }
    }

    /// How many edges there are.
    pub(super) fn len(&self) -> usize {
        self.ruled.len() + self.packed.len()
    }

    /// The edge whose turn it is.
    pub(super) fn edge(&self, turn: usize) -> u32 {
        match self.ruled.get(turn) {
            Some(&(_, at)) => at,
            None => self.packed[turn - self.ruled.len()] as u32,
        }
    }
}

/// The keys of both ends, the smaller first.
fn keys(component: &Component, edge: &Edge) -> (IdentifierKey, IdentifierKey) {
    let key = |place: u32| component.vertices[place as usize].key;
    let (one, two) = (key(edge.ends.0), key(edge.ends.1));
    (one.min(two), one.max(two))
}

/// How strong an edge is within a section, the strongest least.
fn counted(section: u32, ranks: u16, support: u32) -> u32 {
    section << 28 | u32::from(ranks) << 8 | (31 - support.max(1).ilog2())
}

/// The first bytes of a key, which order keys almost always.
fn begin(key: &IdentifierKey) -> u32 {
    let [a, b, c, d, ..] = *key.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Whether a kind names a thing rather than a person: what it links comes last.
pub(super) fn is_weak(kind: Option<IdentifierKind>) -> bool {
    matches!(kind, Some(IdentifierKind::Device | IdentifierKind::Cookie | IdentifierKind::TagVisitor))
}

/// How well a kind names one person, the best least: a customer database is kept, an email address is seldom shared, a
/// phone number is passed on.
fn rank(kind: Option<IdentifierKind>) -> u16 {
    match kind {
        Some(IdentifierKind::Crm) => 0,
        Some(IdentifierKind::Loyalty | IdentifierKind::Login) => 1,
        Some(IdentifierKind::Email) => 2,
        Some(IdentifierKind::Phone) => 3,
        Some(IdentifierKind::PosCustomer) => 4,
        Some(IdentifierKind::Card) => 5,
        Some(IdentifierKind::Device) => 6,
        Some(IdentifierKind::Cookie) => 7,
        Some(IdentifierKind::TagVisitor) => 8,
        None => 9,
    }
}
