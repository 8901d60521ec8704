//! The cut done slowly and obviously, and components at random: what tests and fuzz targets hold [`Uniter`] to.
//!
//! Behind the feature `contract`, since it asserts rather than returns.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Agreement, Basis, Component, Cut, Edge, Limits, Refusal, Uniter, Vertex};
use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};

/// No two names and no two dates that differ agree.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing")]
pub struct Never;

impl Agreement for Never {
    fn names(&self, _: u32, _: u32) -> bool {
        false
    }
    fn births(&self, _: u32, _: u32) -> bool {
        false
    }
}

/// Identifiers of kinds, the first seen first, with keys that are their places; and edges between them.
#[cfg(test)]
pub(in crate::identity) fn of(kinds: &[IdentifierKind], edges: &[(u32, u32, Basis)]) -> Component {
    let vertex = |(n, kind): (u8, &IdentifierKind)| Vertex {
        key: IdentifierKey::from_bytes([n; 16]),
        kind: Some(*kind),
        first: (Timestamp::from_millis(i64::from(n)).expect("a time"), RecordKey::from_bytes([n; 16])),
    };
    let edge = |&(one, two, basis): &(u32, u32, Basis)| Edge { ends: (one, two), basis };
    Component {
        vertices: (0..).zip(kinds).map(vertex).collect(),
        edges: edges.iter().map(edge).collect(),
        ..Component::default()
    }
}

/// The cut as its description reads: all edges sorted by a key of many parts, clusters as sets, every pair looked at.
pub fn oracle(component: &Component, limits: &Limits, agreement: &impl Agreement) -> Cut {
    let Component { vertices, edges, apart, .. } = component;
    let count = vertices.len() as u32;
    let inside = |pair: (u32, u32)| pair.0 < count && pair.1 < count;
    let mut order: Vec<u32> = (0..edges.len() as u32).filter(|at| inside(edges[*at as usize].ends)).collect();
    order.sort_by_key(|at| {
        let edge = &edges[*at as usize];
        (turn(component, edge), begins(component, edge.ends), keys(component, edge.ends), edge.basis, *at)
    });

    let mut clusters: Vec<BTreeSet<u32>> = (0..count).map(|place| BTreeSet::from([place])).collect();
    let mut cut = Cut::default();
    for at in order {
        let edge = &edges[at as usize];
        let of = |place: u32| {
            clusters.iter().position(|one| one.contains(&place)).expect("every vertex is in one")
        };
        let (one, two) = (of(edge.ends.0), of(edge.ends.1));
        if one == two {
            continue;
        }
        match in_the_way(component, limits, agreement, edge, &clusters[one], &clusters[two]) {
            Some(refusal) => cut.refused.push((at, refusal)),
            None => {
                let given = clusters[two].clone();
                clusters[one].extend(given);
                clusters.remove(two);
                cut.taken.push(at);
            }
        }
    }
    let name = |place: u32| {
        let cluster = clusters.iter().find(|one| one.contains(&place)).expect("every vertex is in one");
        let first = |place: &&u32| (vertices[**place as usize].first, vertices[**place as usize].key);
        *cluster.iter().min_by_key(first).expect("a cluster has a vertex")
    };
    cut.cluster_of = (0..count).map(name).collect();
    cut.refused.retain(|(at, _)| {
        let (one, two) = edges[*at as usize].ends;
        name(one) != name(two)
    });
    debug_assert!(
        apart.iter().filter(|pair| inside(**pair)).all(|(one, two)| one == two || name(*one) != name(*two))
    );
    cut
}

/// When an edge's turn comes, ends aside: section, newest ruling, weight, kinds, support.
fn turn(component: &Component, edge: &Edge) -> (u8, Reverse<i64>, Reverse<i32>, u8, Reverse<u32>) {
    let kind = |place: u32| component.vertices[place as usize].kind;
    let (one, two) = (kind(edge.ends.0), kind(edge.ends.1));
    let weak = |kind| {
        matches!(kind, Some(IdentifierKind::Device | IdentifierKind::Cookie | IdentifierKind::TagVisitor))
    };
    let halvings = |support: u32| Reverse(support.max(1).ilog2());
    let sum = rank(one) + rank(two);
    match edge.basis {
        Basis::Ruled { at } => (0, Reverse(at.as_micros()), Reverse(0), 0, Reverse(0)),
        Basis::Matched { weight } => {
            let weight = weight.clamp(-134_217_727, 134_217_727);
            (2, Reverse(0), Reverse(weight), 0, Reverse(0))
        }
        Basis::Repaired { support } => (3, Reverse(0), Reverse(0), sum, halvings(support)),
        Basis::Together { support } => {
            let section = match (weak(one), weak(two)) {
                (false, false) => 1,
                (true, true) => 5,
                _ => 4,
            };
            (section, Reverse(0), Reverse(0), sum, halvings(support))
        }
    }
}

fn rank(kind: Option<IdentifierKind>) -> u8 {
    match kind.map(IdentifierKind::name) {
        Some("crm") => 0,
        Some("loyalty" | "login") => 1,
        Some("email") => 2,
        Some("phone") => 3,
        Some("pos_customer") => 4,
        Some("card") => 5,
        Some("device") => 6,
        Some("cookie") => 7,
        Some("tag_visitor") => 8,
        _ => 9,
    }
}

fn keys(component: &Component, (one, two): (u32, u32)) -> (IdentifierKey, IdentifierKey) {
    let (one, two) = (component.vertices[one as usize].key, component.vertices[two as usize].key);
    (one.min(two), one.max(two))
}

fn begins(component: &Component, ends: (u32, u32)) -> (Vec<u8>, Vec<u8>) {
    let (one, two) = keys(component, ends);
    (one.as_bytes()[..4].to_vec(), two.as_bytes()[..4].to_vec())
}

fn in_the_way(
    component: &Component,
    limits: &Limits,
    agreement: &impl Agreement,
    edge: &Edge,
    one: &BTreeSet<u32>,
    two: &BTreeSet<u32>,
) -> Option<Refusal> {
    let crosses =
        |(a, b): (u32, u32)| one.contains(&a) && two.contains(&b) || one.contains(&b) && two.contains(&a);
    let rulings = (0..component.apart.len() as u32).filter(|at| crosses(component.apart[*at as usize]));
    let apart = rulings.min_by_key(|at| (keys(component, component.apart[*at as usize]), *at));
    if let Some(ruling) = apart {
        return Some(Refusal::Apart { ruling });
    }
    if matches!(edge.basis, Basis::Ruled { .. }) {
        return None;
    }
    let holds = |cluster: &BTreeSet<u32>, kind| {
        cluster.iter().filter(|place| component.vertices[**place as usize].kind == Some(kind)).count() as u32
    };
    for kind in IdentifierKind::ALL {
        let (a, b) = (holds(one, kind), holds(two, kind));
        if let Some(limit) = limits.of(kind)
            && a > 0
            && b > 0
            && a + b > limit
        {
            return Some(Refusal::Limit { kind, count: a + b, limit });
        }
    }
    let said = |all: &[(u32, u32)], cluster: &BTreeSet<u32>| -> BTreeSet<u32> {
        all.iter().filter(|(place, _)| cluster.contains(place)).map(|(_, label)| *label).collect()
    };
    let differ = |all: &[(u32, u32)], agree: &dyn Fn(u32, u32) -> bool| {
        let (a, b) = (said(all, one), said(all, two));
        let any = a.iter().any(|x| b.iter().any(|y| x == y || agree(*x, *y)));
        !a.is_empty() && !b.is_empty() && !any
    };
    if differ(&component.names, &|x, y| agreement.names(x, y)) {
        return Some(Refusal::Names);
    }
    if differ(&component.births, &|x, y| agreement.births(x, y)) {
        return Some(Refusal::Births);
    }
    let emails = holds(one, IdentifierKind::Email) > 0 && holds(two, IdentifierKind::Email) > 0;
    let named = !said(&component.names, one).is_empty() && !said(&component.names, two).is_empty();
    (component.is_weak(edge) && emails && !named).then_some(Refusal::Emails)
}

/// Two small tables of which labels agree.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    names: u64,
    births: u64,
}

fn look_up(table: u64, one: u32, two: u32) -> bool {
    let (one, two) = (one.min(two) & 7, one.max(two) & 7);
    table >> (one * 8 + two) & 1 == 1
}

impl Agreement for Tables {
    fn names(&self, one: u32, two: u32) -> bool {
        assert_ne!(one, two, "equal names are not asked about");
        look_up(self.names, one, two)
    }
    fn births(&self, one: u32, two: u32) -> bool {
        assert_ne!(one, two, "equal dates are not asked about");
        look_up(self.births, one, two)
    }
}

/// Reads any bytes as a component, limits and an agreement, and asserts that the cut is the oracle's, in any order of the
/// arrays, and keeps what it promises.
pub fn play(data: &[u8]) {
    let (component, limits, agreement) = read(data);
    let seed = data.iter().fold(1u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    check(&component, &limits, &agreement, seed);
}

/// Reads any bytes as a component of at most 31 vertices, limits and an agreement.
pub fn read(data: &[u8]) -> (Component, Limits, Tables) {
    let mut bytes = data.iter().copied();
    let mut next = || bytes.next();
    let mut header = [0u8; 27];
    for byte in &mut header {
        *byte = next().unwrap_or_default();
    }
    let table = |from: usize| u64::from_le_bytes(header[from..from + 8].try_into().expect("8 bytes"));
    let tables = Tables { names: table(0), births: table(8) };
    let most: BTreeMap<IdentifierKind, u32> = IdentifierKind::ALL
        .into_iter()
        .zip(&header[16..26])
        .map(|(kind, byte)| (kind, u32::from(byte % 8)))
        .collect();
    let limits = Limits::new(|kind| most.get(&kind).copied().filter(|most| *most < 7));
    let count = u32::from(header[26] % 32);

    let mut component = Component::default();
    for n in 0..count {
        let (kind, key) = (next().unwrap_or_default(), next().unwrap_or_default());
        // Keys that begin alike, and begin with either of two bytes.
        let mut bytes = [key & 1; 16];
        bytes[4] = key;
        bytes[15] = n as u8;
        let first = Timestamp::from_millis(i64::from(key >> 5)).expect("a time");
        component.vertices.push(Vertex {
            key: IdentifierKey::from_bytes(bytes),
            kind: IdentifierKind::ALL.get(usize::from(kind % 12)).copied(),
            first: (first, RecordKey::from_bytes([key >> 3; 16])),
        });
    }
    while let (Some(what), Some(one), Some(two)) = (next(), next(), next()) {
        // One past the last place too: where nothing stands.
        let ends = (u32::from(one) % (count + 1), u32::from(two) % (count + 1));
        let value = u32::from(what >> 3);
        let basis = match what % 8 {
            0 => Basis::Ruled { at: Timestamp::from_millis(i64::from(value / 4)).expect("a time") },
            1 | 2 => Basis::Together { support: value },
            3 => Basis::Matched { weight: (value as i32 - 16) << 23 },
            4 => Basis::Repaired { support: value },
            5 => {
                component.apart.push(ends);
                continue;
            }
            6 => {
                component.names.push((ends.0, u32::from(two) % 8));
                continue;
            }
            _ => {
                component.births.push((ends.0, u32::from(two) % 8));
                continue;
            }
        };
        component.edges.push(Edge { ends, basis });
    }
    (component, limits, tables)
}

/// Asserts what every cut keeps to; `seed` picks another order of the same component.
pub fn check(component: &Component, limits: &Limits, agreement: &impl Agreement, seed: u64) {
    let mut uniter = Uniter::new(*limits);
    let cut = uniter.unite(component, agreement).clone();
    assert_eq!(cut, oracle(component, limits, agreement), "the oracle cuts otherwise");

    let parts: BTreeSet<&u32> = cut.cluster_of.iter().collect();
    assert_eq!(cut.taken.len() + parts.len(), component.vertices.len(), "what was taken is no forest");
    for at in &cut.taken {
        let (one, two) = component.edges[*at as usize].ends;
        assert_eq!(cut.cluster_of[one as usize], cut.cluster_of[two as usize], "an edge unites its ends");
    }
    let ruled = component.edges.iter().any(|edge| matches!(edge.basis, Basis::Ruled { .. }));
    for kind in IdentifierKind::ALL {
        for part in &parts {
            let held = component.vertices.iter().zip(&cut.cluster_of);
            let held = held.filter(|(vertex, of)| vertex.kind == Some(kind) && of == part).count();
            let most = limits.of(kind).map_or(usize::MAX, |most| most.max(1) as usize);
            assert!(ruled || held <= most, "{held} of {kind}, more than {most}");
        }
    }

    let shuffled = shuffled(component, seed);
    let other = uniter.unite(&shuffled, agreement);
    assert_eq!(named(component, &cut), named(&shuffled, other), "the order of the arrays changes the cut");
}

/// What a cut says, by keys instead of places: the profile of each vertex, the edges taken, the edges refused.
type Told = (BTreeMap<IdentifierKey, IdentifierKey>, Vec<String>, Vec<String>);

fn named(component: &Component, cut: &Cut) -> Told {
    let key = |place: u32| component.vertices[place as usize].key;
    let edge = |at: u32| {
        let edge = &component.edges[at as usize];
        format!("{:?} by {:?}", keys(component, edge.ends), edge.basis)
    };
    let clusters =
        component.vertices.iter().zip(&cut.cluster_of).map(|(vertex, of)| (vertex.key, key(*of))).collect();
    let refused = cut.refused.iter().map(|(at, refusal)| match refusal {
        Refusal::Apart { ruling } => {
            format!("{}: {:?} are apart", edge(*at), keys(component, component.apart[*ruling as usize]))
        }
        other => format!("{}: {other:?}", edge(*at)),
    });
    (clusters, cut.taken.iter().map(|at| edge(*at)).collect(), refused.collect())
}

/// The same component with every array, and the two ends of every pair, in another order.
pub fn shuffled(component: &Component, mut seed: u64) -> Component {
    let mut below = |most: usize| {
        // The multiplier of Knuth's MMIX.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % most.max(1)
    };
    let mut shuffle = |len: usize| {
        let mut order: Vec<usize> = (0..len).collect();
        for n in (1..len).rev() {
            order.swap(n, below(n + 1));
        }
        order
    };
    let order = shuffle(component.vertices.len());
    let mut now = vec![0; order.len()];
    for (place, before) in order.iter().enumerate() {
        now[*before] = place as u32;
    }
    let place = |before: u32| now.get(before as usize).copied().unwrap_or(before);
    let turned = |(one, two): (u32, u32)| (place(two), place(one));
    let said = |(vertex, label): (u32, u32)| (place(vertex), label);
    Component {
        vertices: order.iter().map(|before| component.vertices[*before]).collect(),
        edges: shuffle(component.edges.len())
            .into_iter()
            .map(|at| component.edges[at])
            .map(|edge| Edge { ends: turned(edge.ends), ..edge })
            .collect(),
        apart: shuffle(component.apart.len()).into_iter().map(|at| turned(component.apart[at])).collect(),
        names: shuffle(component.names.len()).into_iter().map(|at| said(component.names[at])).collect(),
        births: shuffle(component.births.len()).into_iter().map(|at| said(component.births[at])).collect(),
    }
}
