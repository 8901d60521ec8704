//! The order in which edges are taken.

use std::cmp::Reverse;

use super::{Basis, Component, Edge, KINDS, Vertex};
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
}

impl Order {
    /// Orders the edges of a component, of whose vertices the briefs are given.
    pub(super) fn sort(&mut self, component: &Component, briefs: &[Brief]) {
        let Order { ruled, packed } = self;
        ruled.clear();
        packed.clear();
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
                    let section = [0, 3, 4][usize::from(one.is_weak()) + usize::from(two.is_weak())];
                    counted(section, one.rank() + two.rank(), support)
                }
                Basis::Matched { weight } => {
                    1 << 28 | (WEIGHT_SPAN - weight.clamp(-WEIGHT_SPAN, WEIGHT_SPAN)).unsigned_abs()
                }
                Basis::Repaired { support } => counted(2, one.rank() + two.rank(), support),
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
fn counted(section: u32, ranks: u32, support: u32) -> u32 {
    section << 28 | ranks << 8 | (31 - support.max(1).ilog2())
}

/// The first bytes of a key, which order keys almost always.
fn begin(key: &IdentifierKey) -> u32 {
    let [a, b, c, d, ..] = *key.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// What is read of a vertex for each edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brief {
    /// The first bytes of its key.
    begin: u32,
    /// The number of its kind, and one more than any for a record.
    pub(super) kind: u8,
}

impl Brief {
    pub(super) fn of(vertex: &Vertex) -> Brief {
        Brief { begin: begin(&vertex.key), kind: vertex.kind.map_or(KINDS as u8, |kind| kind as u8) }
    }

    fn is_weak(self) -> bool {
        WEAK >> self.kind & 1 == 1
    }

    fn rank(self) -> u32 {
        u32::from(RANKS[usize::from(self.kind)])
    }
}

/// A bit for each kind that names a thing rather than a person: what these link comes last.
const WEAK: u16 = 1 << IdentifierKind::Device as u16
    | 1 << IdentifierKind::Cookie as u16
    | 1 << IdentifierKind::TagVisitor as u16;

/// Whether a kind names a thing rather than a person.
pub(super) fn is_weak(kind: Option<IdentifierKind>) -> bool {
    kind.is_some_and(|kind| WEAK >> kind as u16 & 1 == 1)
}

/// How well a kind names one person, the best least, a record last: a customer database is kept, an email address is seldom
/// shared, a phone number is passed on.
const RANKS: [u8; KINDS + 1] = {
    let mut ranks = [9; KINDS + 1];
    ranks[IdentifierKind::Crm as usize] = 0;
    ranks[IdentifierKind::Loyalty as usize] = 1;
    ranks[IdentifierKind::Login as usize] = 1;
    ranks[IdentifierKind::Email as usize] = 2;
    ranks[IdentifierKind::Phone as usize] = 3;
    ranks[IdentifierKind::PosCustomer as usize] = 4;
    ranks[IdentifierKind::Card as usize] = 5;
    ranks[IdentifierKind::Device as usize] = 6;
    ranks[IdentifierKind::Cookie as usize] = 7;
    ranks[IdentifierKind::TagVisitor as usize] = 8;
    ranks
};
