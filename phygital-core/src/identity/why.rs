//! Why two vertices are one profile, and why they are not.
//!
//! ```
//! use phygital_core::identity::union::{Basis, Component, Edge, Limits, Refusal, Vertex, unite};
//! use phygital_core::identity::why::{Standing, explain, why_not};
//! use phygital_core::vocab::{IdentifierKey, IdentifierKind, RecordKey, Timestamp};
//! let vertex = |n: u8, kind| Vertex {
//!     key: IdentifierKey::from_bytes([n; 16]),
//!     kind: Some(kind),
//!     first: (Timestamp::MIN, RecordKey::from_bytes([n; 16])),
//! };
//! let edge = |one, two, support| Edge { ends: (one, two), basis: Basis::Together { support } };
//! let (crm, email) = (IdentifierKind::Crm, IdentifierKind::Email);
//! let component = Component {
//!     vertices: vec![vertex(1, crm), vertex(2, email), vertex(3, crm)],
//!     edges: vec![edge(0, 1, 8), edge(1, 2, 1)],
//!     ..Component::default()
//! };
//! let none_agree = (|_: u32, _: u32| false, |_: u32, _: u32| false);
//! let cut = unite(&component, &Limits::new(|kind| (kind == crm).then_some(1)), &none_agree);
//! let why = explain(&component, &cut, (1, 0), |_| None).ok_or("one profile")?;
//! assert_eq!(why.to_string(), "email and crm: 8 sightings name both");
//! let not = why_not(&component, &cut, &[], &Standing::At(vec![0]), &Standing::At(vec![2]));
//! let limit = "email and crm: one sighting names both, but one profile would hold 2 of kind crm, and may hold 1";
//! assert_eq!(not.to_string(), limit);
//! # Ok::<(), &str>(())
//! ```

use std::collections::VecDeque;
use std::fmt;

use super::matching::Millibits;
use super::union::{Basis, Component, Cut, Refusal};
use crate::vocab::{IdentifierKey, IdentifierKind, RecordKey};

/// A vertex, as an answer names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "all that may be told of a vertex")]
pub struct Node {
    /// Its key.
    pub key: IdentifierKey,
    /// The kind of identifier; `None` for a record.
    pub kind: Option<IdentifierKind>,
}

impl Node {
    /// The vertex at a place of a component.
    pub(super) fn at(component: &Component, place: u32) -> Node {
        let vertex = &component.vertices[place as usize];
        Node { key: vertex.key, kind: vertex.kind }
    }
}

/// Why two vertices are one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole answer")]
pub struct Explanation {
    /// What ties each vertex on the way to the next. Empty where both are one vertex.
    pub steps: Vec<Step>,
    /// The weakest of them: that whose edge was taken last. `None` without steps.
    pub weakest: Option<usize>,
}

/// One tie on the way from one vertex to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole answer")]
pub struct Step {
    /// Where it begins.
    pub from: Node,
    /// Where it leads.
    pub to: Node,
    /// What ties them.
    pub basis: Basis,
    /// A record that says so.
    pub record: Option<RecordKey>,
}

/// Tells why two vertices, given by their places, are one profile; `None` where they are not.
///
/// `record` gives a record that supports an edge, by its place in the component.
pub fn explain(
    component: &Component,
    cut: &Cut,
    (from, to): (u32, u32),
    record: impl Fn(u32) -> Option<RecordKey>,
) -> Option<Explanation> {
    let turns = path(component, cut, from, to)?;
    let mut at = from;
    let steps = turns.iter().map(|turn| {
        let place = cut.taken[*turn as usize];
        let edge = &component.edges[place as usize];
        let next = if edge.ends.0 == at { edge.ends.1 } else { edge.ends.0 };
        let (from, to) = (Node::at(component, at), Node::at(component, next));
        at = next;
        Step { from, to, basis: edge.basis, record: record(place) }
    });
    let steps = steps.collect();
    let weakest = (0..turns.len()).max_by_key(|step| turns[*step]);
    Some(Explanation { steps, weakest })
}

/// The way between two places along the edges taken, as their turns; `None` where they are not in one profile.
pub(super) fn path(component: &Component, cut: &Cut, from: u32, to: u32) -> Option<Vec<u32>> {
    let cluster = |place: u32| cut.cluster_of.get(place as usize);
    if cluster(from)? != cluster(to)? {
        return None;
    }
    let hops = cut.taken.iter().map(|at| component.edges[*at as usize].ends);
    way(component.vertices.len(), hops, &[from], |place| place == to)
}

/// What keeps an identifier or a pair from tying people together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Gap {
    /// An edge was refused.
    Refused(Refusal),
    /// One after the other had the identifier.
    Recycled {
        /// Its kind.
        kind: IdentifierKind,
    },
    /// Somebody of another name holds the identifier.
    Held {
        /// Its kind.
        kind: IdentifierKind,
    },
    /// Two descriptions are alike, and not enough.
    Below {
        /// What speaks for one person.
        weight: Millibits,
        /// What is asked for.
        threshold: Millibits,
    },
    /// The identifier is shared.
    Shared {
        /// Its kind.
        kind: IdentifierKind,
        /// The kind of the partners that are too many.
        partner: IdentifierKind,
        /// How many there are.
        count: u32,
        /// How many the rules allow.
        limit: u32,
    },
    /// So many people have the identifier that nobody counts.
    Crowded {
        /// Its kind.
        kind: IdentifierKind,
    },
    /// The value names nobody.
    Junk {
        /// Its kind.
        kind: IdentifierKind,
    },
    /// It names nothing that links.
    Nameless,
    /// Nobody consented to linking by it.
    Consent,
    /// Nothing live names it.
    Unknown,
}

impl Gap {
    /// A stable code, for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Gap::Refused(Refusal::Apart { .. }) => "separated",
            Gap::Refused(Refusal::Limit { .. }) => "limit",
            Gap::Refused(Refusal::Names) => "names",
            Gap::Refused(Refusal::Births) => "births",
            Gap::Refused(Refusal::Emails) => "emails",
            Gap::Recycled { .. } => "recycled",
            Gap::Held { .. } => "held",
            Gap::Below { .. } => "below_threshold",
            Gap::Shared { .. } => "shared",
            Gap::Crowded { .. } => "crowded",
            Gap::Junk { .. } => "junk",
            Gap::Nameless => "nameless",
            Gap::Consent => "consent",
            Gap::Unknown => "unknown",
        }
    }
}

/// Something that would make two vertices one, were it not for a rule. Refused edges need not be given: the cut has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "all that is asked of it")]
pub struct Bridge {
    /// The places of both vertices, in any order.
    pub ends: (u32, u32),
    /// The rule.
    pub gap: Gap,
}

/// Where something stands that is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is a vertex or it is none")]
pub enum Standing {
    /// At these places: one for each epoch of an identifier.
    At(Vec<u32>),
    /// Nowhere, since it links nothing.
    Idle(Gap),
}

/// Why two things are not one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyNot {
    /// They are one; [`explain`] tells why.
    Together,
    /// One of them, or each, links nothing.
    Idle {
        /// What keeps the first from it.
        one: Option<Gap>,
        /// What keeps the second from it.
        two: Option<Gap>,
    },
    /// What stands in the way, on the way from the one to the other with the fewest gaps, and of several on that of the
    /// strongest edges.
    Gaps(Vec<Hop>),
    /// Nothing leads from the one to the other: they share nothing.
    Nothing,
}

impl WhyNot {
    /// A stable code, for programs: that of the first gap.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            WhyNot::Together => "together",
            WhyNot::Idle { one, two } => one.or(*two).map_or("unconnected", Gap::code),
            WhyNot::Gaps(hops) => hops.first().map_or("unconnected", |hop| hop.gap.code()),
            WhyNot::Nothing => "unconnected",
        }
    }
}

/// A gap on the way from one profile to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole answer")]
pub struct Hop {
    /// The vertex on this side.
    pub from: Node,
    /// The vertex on the other side.
    pub to: Node,
    /// What would have tied them, where it is an edge.
    pub basis: Option<Basis>,
    /// Why it did not.
    pub gap: Gap,
}

/// Tells why two things are not one profile.
///
/// The component may be several put into one: it need not hang together. A bridge to a place where no vertex stands is
/// left out.
pub fn why_not(
    component: &Component,
    cut: &Cut,
    bridges: &[Bridge],
    one: &Standing,
    two: &Standing,
) -> WhyNot {
    let (from, to) = match (one, two) {
        (Standing::At(from), Standing::At(to)) => (from, to),
        _ => {
            let idle = |standing: &Standing| match standing {
                Standing::At(_) => None,
                Standing::Idle(gap) => Some(*gap),
            };
            return WhyNot::Idle { one: idle(one), two: idle(two) };
        }
    };
    let cluster = |place: &u32| cut.cluster_of.get(*place as usize).copied();
    let (from, to): (Vec<u32>, Vec<u32>) =
        (from.iter().filter_map(cluster).collect(), to.iter().filter_map(cluster).collect());
    if from.iter().any(|place| to.contains(place)) {
        return WhyNot::Together;
    }
    let refused = cut.refused.iter().map(|(at, refusal)| {
        let edge = &component.edges[*at as usize];
        (edge.ends, Some(edge.basis), Gap::Refused(*refusal))
    });
    let mut known: Vec<&Bridge> = bridges
        .iter()
        .filter(|one| cluster(&one.ends.0).is_some() && cluster(&one.ends.1).is_some())
        .collect();
    let key = |place: u32| component.vertices[place as usize].key;
    known.sort_by_key(|bridge| {
        let (one, two) = (key(bridge.ends.0), key(bridge.ends.1));
        (bridge.gap, one.min(two), one.max(two))
    });
    let hops: Vec<((u32, u32), Option<Basis>, Gap)> =
        refused.chain(known.into_iter().map(|bridge| (bridge.ends, None, bridge.gap))).collect();
    let ends = |hop: &((u32, u32), Option<Basis>, Gap)| {
        let (one, two) = hop.0;
        (cut.cluster_of[one as usize], cut.cluster_of[two as usize])
    };
    let Some(turns) = way(cut.cluster_of.len(), hops.iter().map(ends), &from, |place| to.contains(&place))
    else {
        return WhyNot::Nothing;
    };
    // The way may begin at any of the clusters: that which its first hop has, and its second has not.
    let first = turns.first().map(|turn| ends(&hops[*turn as usize]));
    let mut at = first.map_or(0, |(one, two)| if from.contains(&one) { one } else { two });
    let each = turns.iter().map(|turn| {
        let hop = &hops[*turn as usize];
        let (mut from, mut to) = hop.0;
        if cut.cluster_of[from as usize] != at {
            (from, to) = (to, from);
        }
        at = cut.cluster_of[to as usize];
        Hop { from: Node::at(component, from), to: Node::at(component, to), basis: hop.1, gap: hop.2 }
    });
    WhyNot::Gaps(each.collect())
}

/// The hops, by their numbers, of a shortest way from any of some places to one that is looked for. Of ways that are as
/// short, that of the least numbers, hop by hop from the start.
fn way(
    places: usize,
    hops: impl Iterator<Item = (u32, u32)>,
    from: &[u32],
    sought: impl Fn(u32) -> bool,
) -> Option<Vec<u32>> {
    let mut near: Vec<Vec<(u32, u32)>> = vec![Vec::new(); places];
    for (number, (one, two)) in hops.enumerate() {
        near[one as usize].push((two, number as u32));
        near[two as usize].push((one, number as u32));
    }
    // For each place reached, where from and by which hop.
    let mut came: Vec<Option<(u32, Option<u32>)>> = vec![None; places];
    let mut queue = VecDeque::new();
    for place in from {
        if came[*place as usize].is_none() {
            came[*place as usize] = Some((*place, None));
            queue.push_back(*place);
        }
    }
    while let Some(at) = queue.pop_front() {
        if sought(at) {
            let mut turns = Vec::new();
            let mut at = at;
            while let Some((before, Some(turn))) = came[at as usize] {
                turns.push(turn);
                at = before;
            }
            turns.reverse();
            return Some(turns);
        }
        for (next, number) in &near[at as usize] {
            if came[*next as usize].is_none() {
                came[*next as usize] = Some((at, Some(*number)));
                queue.push_back(*next);
            }
        }
    }
    None
}

/// A kind, or that it is a record.
pub(super) struct Kind(pub(super) Option<IdentifierKind>);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(kind) => write!(f, "{kind}"),
            None => f.write_str("record"),
        }
    }
}

/// A weight in bits, to a tenth.
pub(super) struct Bits(pub(super) Millibits);

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.unsigned_abs() + 50) / 100;
        let sign = if self.0 < 0 && tenths > 0 { "-" } else { "" };
        write!(f, "{sign}{}.{} bits", tenths / 10, tenths % 10)
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Ruled { at } => write!(f, "a person ruled on {at} that they are the same"),
            Basis::Together { support: 1 } => f.write_str("one sighting names both"),
            Basis::Together { support } => write!(f, "{support} sightings name both"),
            Basis::Matched { weight } => write!(f, "what is said of the person is alike, {}", Bits(*weight)),
            Basis::Repaired { support } => {
                write!(f, "one is the other with a typing error, of {support} sightings")
            }
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::Refused(refusal) => refusal.fmt(f),
            Gap::Recycled { kind } => write!(f, "the {kind} was given out again: one had it after the other"),
            Gap::Held { kind } => write!(f, "somebody of another name holds the {kind}"),
            Gap::Below { weight, threshold } => write!(
                f,
                "what is said of the person is alike, {}, and {} are asked for",
                Bits(*weight),
                Bits(*threshold)
            ),
            Gap::Shared { kind, partner, count, limit } => write!(
                f,
                "the {kind} is shared: {count} of kind {partner} were named with it, more than {limit}"
            ),
            Gap::Crowded { kind } => write!(f, "the {kind} is used by so many that it links nobody"),
            Gap::Junk { kind } => write!(f, "the {kind} is a value that names nobody"),
            Gap::Nameless => f.write_str("it names nothing that links"),
            Gap::Consent => f.write_str("nobody consented to linking by it"),
            Gap::Unknown => f.write_str("nothing live names it"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {}: {}", Kind(self.from.kind), Kind(self.to.kind), self.basis)?;
        self.record.map_or(Ok(()), |record| write!(f, ", as in {record}"))
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {}: ", Kind(self.from.kind), Kind(self.to.kind))?;
        match self.basis {
            Some(basis) => write!(f, "{basis}, but {}", self.gap),
            None => self.gap.fmt(f),
        }
    }
}

/// One line for each step; the weakest says that it is.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str("they are one and the same");
        }
        for (n, step) in self.steps.iter().enumerate() {
            let end = if n + 1 < self.steps.len() { "\n" } else { "" };
            let weakest = if self.steps.len() > 1 && self.weakest == Some(n) { " (the weakest)" } else { "" };
            write!(f, "{step}{weakest}{end}")?;
        }
        Ok(())
    }
}

/// One line for each gap.
impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WhyNot::Together => f.write_str("they are one profile"),
            WhyNot::Nothing => f.write_str("they share nothing"),
            WhyNot::Idle { one, two } => {
                let each = [("the first", one), ("the second", two)];
                let mut begun = false;
                for (which, gap) in each {
                    let Some(gap) = gap else { continue };
                    write!(f, "{}{which}: {gap}", if begun { "\n" } else { "" })?;
                    begun = true;
                }
                Ok(())
            }
            WhyNot::Gaps(hops) => {
                for (n, hop) in hops.iter().enumerate() {
                    write!(f, "{}{hop}", if n > 0 { "\n" } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::super::union::contract::{self, Never, of};
    use super::super::union::{Limits, unite};
    use super::*;
    use IdentifierKind::{Cookie, Device, Email, Loyalty, Phone};

    fn cut(component: &Component) -> Cut {
        unite(component, &Limits::new(|kind| (kind == Loyalty).then_some(1)), &Never)
    }

    const ONCE: Basis = Basis::Together { support: 1 };

    #[test]
    fn the_weakest_step_is_the_edge_taken_last() {
        let matched = Basis::Matched { weight: 9_250 };
        let component =
            of(&[Cookie, Email, Phone], &[(0, 1, Basis::Together { support: 90 }), (2, 1, matched)]);
        let why = explain(&component, &cut(&component), (2, 0), |at| {
            (at == 0).then_some(RecordKey::from_bytes([7; 16]))
        });
        let text = "phone and email: what is said of the person is alike, 9.3 bits\n\
                    email and cookie: 90 sightings name both, as in 07070707070707070707070707070707 (the weakest)";
        assert_eq!(why.unwrap().to_string(), text);
        let same = explain(&component, &cut(&component), (1, 1), |_| None).unwrap();
        assert_eq!((same.to_string().as_str(), same.weakest), ("they are one and the same", None));
        assert_eq!(explain(&component, &cut(&component), (0, 9), |_| None), None);
    }

    #[test]
    fn what_is_in_the_way_is_told() {
        let mut component = of(&[Phone, Email, Device, Email], &[(0, 1, ONCE), (1, 2, ONCE), (2, 3, ONCE)]);
        let told = |component: &Component, bridges: &[Bridge], one, two| {
            why_not(component, &cut(component), bridges, &Standing::At(vec![one]), &Standing::At(vec![two]))
                .to_string()
        };
        assert_eq!(told(&component, &[], 0, 2), "they are one profile");
        let emails = "device and email: one sighting names both, but a device or browser alone does not join two email \
                      addresses without names";
        assert_eq!(told(&component, &[], 0, 3), emails);
        component.edges.pop();
        assert_eq!(told(&component, &[], 0, 3), "they share nothing");
        let gap = Gap::Shared { kind: Cookie, partner: Email, count: 3, limit: 1 };
        let shared = "email and phone: the cookie is shared: 3 of kind email were named with it, more than 1";
        assert_eq!(told(&component, &[Bridge { ends: (0, 3), gap }], 3, 1), shared);
        let outside = Bridge { ends: (0, 4), gap };
        assert_eq!(told(&component, &[outside], 3, 1), "they share nothing");
        let both = [Gap::Recycled { kind: Phone }, Gap::Below { weight: -40, threshold: 6_000 }];
        let both = both.map(|gap| Bridge { ends: (3, 0), gap });
        let first = "phone and email: the phone was given out again: one had it after the other";
        assert_eq!(told(&component, &[both[1], both[0]], 2, 3), first);
        let below =
            "phone and email: what is said of the person is alike, 0.0 bits, and 6.0 bits are asked for";
        assert_eq!(told(&component, &[both[1]], 2, 3), below);
    }

    #[test]
    fn what_links_nothing_says_why() {
        let component = of(&[Phone], &[]);
        let cut = cut(&component);
        let at = Standing::At(vec![0]);
        let idle = Standing::Idle;
        let junk = why_not(&component, &cut, &[], &at, &idle(Gap::Junk { kind: Email })).to_string();
        assert_eq!(junk, "the second: the email is a value that names nobody");
        let both = why_not(&component, &cut, &[], &idle(Gap::Consent), &idle(Gap::Unknown)).to_string();
        assert_eq!(both, "the first: nobody consented to linking by it\nthe second: nothing live names it");
        let crowded = idle(Gap::Crowded { kind: Phone });
        let told = why_not(&component, &cut, &[], &crowded, &at).to_string();
        assert_eq!(told, "the first: the phone is used by so many that it links nobody");
        assert_eq!(Gap::Held { kind: Phone }.to_string(), "somebody of another name holds the phone");
        assert_eq!(why_not(&component, &cut, &[], &at, &Standing::At(vec![])), WhyNot::Nothing);
    }

    proptest! {
        #[test]
        fn every_answer_is_a_way_of_its_own_kind(
            data in prop::collection::vec(any::<u8>(), 0..500),
            bridges in prop::collection::vec((0u32..32, 0u32..32), 0..8),
        ) {
            let (component, limits, agreement) = contract::read(&data);
            let cut = unite(&component, &limits, &agreement);
            let gap = Gap::Recycled { kind: Phone };
            let bridges: Vec<Bridge> = bridges.into_iter().map(|ends| Bridge { ends, gap }).collect();
            let count = component.vertices.len();
            let place = |node: Node| component.vertices.iter().position(|one| one.key == node.key).unwrap();
            // How many gaps lie between two clusters, by way of every third (Floyd and Warshall).
            let far = u32::MAX / 2;
            let mut gaps = vec![vec![far; count]; count];
            let refused = cut.refused.iter().map(|(at, _)| component.edges[*at as usize].ends);
            let inside = |ends: &(u32, u32)| (ends.0.max(ends.1) as usize) < count;
            for (one, two) in refused.chain(bridges.iter().map(|one| one.ends).filter(inside)) {
                for (one, two) in [(one, two), (two, one)] {
                    let (one, two) = (cut.cluster_of[one as usize] as usize, cut.cluster_of[two as usize] as usize);
                    gaps[one][two] = 1;
                }
            }
            (0..count).for_each(|n| gaps[n][n] = 0);
            for by in 0..count {
                for one in 0..count {
                    for two in 0..count {
                        gaps[one][two] = gaps[one][two].min(gaps[one][by] + gaps[by][two]);
                    }
                }
            }
            for one in 0..count {
                for two in 0..count {
                    let together = cut.cluster_of[one] == cut.cluster_of[two];
                    let why = explain(&component, &cut, (one as u32, two as u32), |_| None);
                    prop_assert_eq!(why.is_some(), together);
                    if let Some(why) = why {
                        let mut at = one;
                        for step in &why.steps {
                            prop_assert_eq!(place(step.from), at);
                            at = place(step.to);
                        }
                        prop_assert_eq!(at, two);
                        prop_assert_eq!(why.steps.is_empty(), why.weakest.is_none());
                    }
                    let ends = (Standing::At(vec![one as u32]), Standing::At(vec![two as u32]));
                    let least = gaps[cut.cluster_of[one] as usize][cut.cluster_of[two] as usize];
                    match why_not(&component, &cut, &bridges, &ends.0, &ends.1) {
                        WhyNot::Together => prop_assert!(together),
                        WhyNot::Nothing => prop_assert!(least >= far),
                        WhyNot::Gaps(hops) => {
                            prop_assert_eq!(hops.len() as u32, least);
                            let mut at = cut.cluster_of[one];
                            for hop in &hops {
                                prop_assert_eq!(cut.cluster_of[place(hop.from)], at);
                                at = cut.cluster_of[place(hop.to)];
                            }
                            prop_assert_eq!(at, cut.cluster_of[two]);
                        }
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
            }
        }
    }
}
