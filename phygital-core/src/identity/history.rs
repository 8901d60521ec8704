//! How a profile came about: its sightings in order of time, and when parts of it joined or separated.
//!
//! That too is a function of the set, not of when anything arrived: after each sighting, in order of time and record, the
//! part of the set up to it is cut into profiles as the whole set is, and [`Recorder`] compares each cut with the one
//! before. So a link that came to the shop late is told where it belongs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::union::{Component, Cut};
use super::why::{Hop, Node, Standing, Step, WhyNot, path, why_not};
use crate::vocab::{CustomerId, IdentifierKey, RecordKey, Timestamp};

/// What one sighting or ruling changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole answer")]
pub struct Moment {
    /// When it was.
    pub time: Timestamp,
    /// The sighting or ruling.
    pub record: RecordKey,
    /// The profile that the sighting then belonged to; `None` for a ruling.
    pub profile: Option<CustomerId>,
    /// What it changed among profiles, in the order of [`Turn`]. Empty where it only added to one.
    pub turns: Vec<Turn>,
}

/// One change among profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Turn {
    /// Somebody new.
    Began {
        /// Her profile.
        profile: CustomerId,
    },
    /// Several profiles have turned out to be one person's.
    Joined {
        /// The profiles before, in order.
        parts: Vec<CustomerId>,
        /// The profile after.
        into: CustomerId,
        /// The ties across, the strongest first.
        by: Vec<Step>,
    },
    /// A profile has turned out to be several persons'.
    Separated {
        /// The profile before.
        from: CustomerId,
        /// The profiles after, in order.
        parts: Vec<CustomerId>,
        /// What tied them and no longer links anybody: an identifier that is shared, say.
        lost: Vec<Node>,
        /// Ties that are now refused.
        refused: Vec<Hop>,
    },
    /// A profile that is named by another vertex now.
    Renamed {
        /// Its id before.
        from: CustomerId,
        /// Its id after.
        to: CustomerId,
    },
    /// A profile of which nothing links any more.
    Ended {
        /// The profile.
        profile: CustomerId,
    },
}

/// Compares cuts of a growing set, and keeps what changed.
///
/// Costs O(n log n) a sighting for n vertices and edges, and more only where profiles join or separate. Of a profile with
/// very many sightings one begins with a longer part of the set: then its first moment has many changes.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    moments: Vec<Moment>,
    /// The profile of each vertex, by keys.
    before: BTreeMap<IdentifierKey, (Node, CustomerId)>,
}

impl Recorder {
    /// One that has seen nothing.
    pub fn new() -> Recorder {
        Recorder::default()
    }

    /// Takes the cut of the set up to and with a sighting or ruling.
    ///
    /// `profile` is the one that the sighting then belongs to. The component may be several put into one.
    pub fn tell(
        &mut self,
        (time, record): (Timestamp, RecordKey),
        profile: Option<CustomerId>,
        component: &Component,
        cut: &Cut,
    ) {
        let after: BTreeMap<IdentifierKey, (Node, CustomerId)> = component
            .vertices
            .iter()
            .zip(&cut.cluster_of)
            .enumerate()
            .map(|(place, (vertex, of))| {
                let profile = CustomerId::from(component.vertices[*of as usize].key);
                (vertex.key, (Node::at(component, place as u32), profile))
            })
            .collect();
        let turns = Comparison::new(&self.before, &after, component, cut).turns();
        self.moments.push(Moment { time, record, profile, turns });
        self.before = after;
    }

    /// All moments, in the order in which they were told.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The moments that concern a profile of the last cut: its own, and those of all that became part of it.
    pub fn lineage(&self, profile: CustomerId) -> Vec<&Moment> {
        let mut ours = BTreeSet::from([profile]);
        let mut found = Vec::new();
        for moment in self.moments.iter().rev() {
            let mut concerned = moment.profile.is_some_and(|profile| ours.contains(&profile));
            let (mut gone, mut come) = (Vec::new(), Vec::new());
            for turn in &moment.turns {
                let after = turn.after();
                if after.iter().any(|id| ours.contains(id)) {
                    concerned = true;
                    come.extend(turn.before());
                    gone.extend(after);
                }
            }
            gone.iter().for_each(|id| _ = ours.remove(id));
            ours.extend(come);
            if concerned {
                found.push(moment);
            }
        }
        found.reverse();
        found
    }
}

impl Turn {
    /// The profiles that it is made of.
    pub fn before(&self) -> Vec<CustomerId> {
        match self {
            Turn::Began { .. } => Vec::new(),
            Turn::Joined { parts, .. } => parts.clone(),
            Turn::Separated { from, .. } | Turn::Renamed { from, .. } => vec![*from],
            Turn::Ended { profile } => vec![*profile],
        }
    }

    /// The profiles that it leads to.
    pub fn after(&self) -> Vec<CustomerId> {
        match self {
            Turn::Began { profile } => vec![*profile],
            Turn::Joined { into, .. } => vec![*into],
            Turn::Separated { parts, .. } => parts.clone(),
            Turn::Renamed { to, .. } => vec![*to],
            Turn::Ended { .. } => Vec::new(),
        }
    }
}

/// Two cuts side by side.
struct Comparison<'c> {
    component: &'c Component,
    cut: &'c Cut,
    /// For each profile before, the profiles that its vertices are in after.
    became: BTreeMap<CustomerId, BTreeSet<CustomerId>>,
    /// For each profile after, the profiles that its vertices were in before, each with one of those vertices.
    made_of: BTreeMap<CustomerId, BTreeMap<CustomerId, u32>>,
    /// For each place, the profile before.
    was: Vec<Option<CustomerId>>,
    /// For each profile before, its vertices that are gone.
    lost: BTreeMap<CustomerId, Vec<Node>>,
}

type Profiles = BTreeMap<IdentifierKey, (Node, CustomerId)>;

impl<'c> Comparison<'c> {
    fn new(before: &Profiles, after: &Profiles, component: &'c Component, cut: &'c Cut) -> Comparison<'c> {
        let was =
            component.vertices.iter().map(|vertex| before.get(&vertex.key).map(|(_, id)| *id)).collect();
        let mut this = Comparison {
            component,
            cut,
            became: BTreeMap::new(),
            made_of: BTreeMap::new(),
            was,
            lost: BTreeMap::new(),
        };
        for (key, (node, old)) in before {
            let became = this.became.entry(*old).or_default();
            match after.get(key) {
                Some((_, new)) => _ = became.insert(*new),
                None => this.lost.entry(*old).or_default().push(*node),
            }
        }
        let mut places: Vec<u32> = (0..component.vertices.len() as u32).collect();
        places.sort_by_key(|place| component.vertices[*place as usize].key);
        for place in places {
            let new = after[&component.vertices[place as usize].key].1;
            let parts = this.made_of.entry(new).or_default();
            if let Some(old) = this.was[place as usize] {
                parts.entry(old).or_insert(place);
            }
        }
        this
    }

    fn turns(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (profile, parts) in &self.made_of {
            if parts.is_empty() {
                turns.push(Turn::Began { profile: *profile });
            }
        }
        for (into, parts) in self.made_of.iter().filter(|(_, parts)| parts.len() > 1) {
            let by = self.ties(parts);
            turns.push(Turn::Joined { parts: parts.keys().copied().collect(), into: *into, by });
        }
        for (from, parts) in self.became.iter().filter(|(_, parts)| parts.len() > 1) {
            let lost = self.lost.get(from).cloned().unwrap_or_default();
            let refused = self.refusals(*from, parts);
            turns.push(Turn::Separated {
                from: *from,
                parts: parts.iter().copied().collect(),
                lost,
                refused,
            });
        }
        for (from, parts) in &self.became {
            match parts.first() {
                Some(to) if parts.len() == 1 && to != from && self.made_of[to].len() == 1 => {
                    turns.push(Turn::Renamed { from: *from, to: *to });
                }
                None => turns.push(Turn::Ended { profile: *from }),
                Some(_) => {}
            }
        }
        turns
    }

    /// The edges that tie what was several profiles, and new vertices between them.
    fn ties(&self, parts: &BTreeMap<CustomerId, u32>) -> Vec<Step> {
        let mut places = parts.values();
        let Some(first) = places.next() else { return Vec::new() };
        let mut turns: BTreeSet<u32> = BTreeSet::new();
        for other in places {
            turns.extend(path(self.component, self.cut, *first, *other).into_iter().flatten());
        }
        let was = |place: u32| self.was[place as usize];
        let edges = turns.iter().map(|turn| &self.component.edges[self.cut.taken[*turn as usize] as usize]);
        let across = edges.filter(|edge| was(edge.ends.0).is_none() || was(edge.ends.0) != was(edge.ends.1));
        let steps = across.map(|edge| {
            let (one, two) = (Node::at(self.component, edge.ends.0), Node::at(self.component, edge.ends.1));
            Step { from: one.min(two), to: one.max(two), basis: edge.basis, record: None }
        });
        steps.collect()
    }

    /// What keeps the parts of what was one profile from each other.
    fn refusals(&self, from: CustomerId, parts: &BTreeSet<CustomerId>) -> Vec<Hop> {
        let place = |part: &CustomerId| self.made_of[part].get(&from).copied();
        let mut places = parts.iter().filter_map(place);
        let Some(first) = places.next() else { return Vec::new() };
        let mut hops: Vec<Hop> = Vec::new();
        for other in places {
            let (one, two) = (Standing::At(vec![first]), Standing::At(vec![other]));
            if let WhyNot::Gaps(found) = why_not(self.component, self.cut, &[], &one, &two) {
                for hop in found {
                    if !hops.contains(&hop) {
                        hops.push(hop);
                    }
                }
            }
        }
        hops
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ids: &[CustomerId]| ids.iter().map(CustomerId::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Turn::Began { profile } => write!(f, "{profile} began"),
            Turn::Renamed { from, to } => write!(f, "{from} is now {to}"),
            Turn::Ended { profile } => write!(f, "{profile} ended: nothing of it links any more"),
            Turn::Joined { parts, into, by } => {
                write!(f, "{} joined as {into}", list(parts))?;
                by.iter().try_for_each(|step| write!(f, "; {step}"))
            }
            Turn::Separated { from, parts, lost, refused } => {
                write!(f, "{from} separated into {}", list(parts))?;
                for node in lost {
                    match node.kind {
                        Some(kind) => write!(f, "; a {kind} no longer links")?,
                        None => write!(f, "; a record no longer links")?,
                    }
                }
                refused.iter().try_for_each(|hop| write!(f, "; {hop}"))
            }
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.time, self.record)?;
        self.turns.iter().try_for_each(|turn| write!(f, "\n  {turn}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::super::union::contract::{self, Never};
    use super::super::union::{Basis, Edge, Limits, Vertex, unite};
    use super::*;
    use crate::vocab::IdentifierKind::{self, Email, Loyalty, Phone};

    /// A vertex of a kind, first seen at that time.
    fn vertex(n: u8, kind: IdentifierKind) -> Vertex {
        let first = (Timestamp::from_millis(i64::from(n)).unwrap(), RecordKey::from_bytes([n; 16]));
        Vertex { key: IdentifierKey::from_bytes([n; 16]), kind: Some(kind), first }
    }

    fn id(n: u8) -> CustomerId {
        CustomerId::from_bytes([n; 16])
    }

    fn tell(recorder: &mut Recorder, n: u8, profile: u8, component: &Component) -> Vec<Turn> {
        let cut = unite(component, &Limits::new(|kind| (kind == Loyalty).then_some(1)), &Never);
        let moment = (Timestamp::from_millis(i64::from(n)).unwrap(), RecordKey::from_bytes([n; 16]));
        recorder.tell(moment, Some(id(profile)), component, &cut);
        recorder.moments().last().unwrap().turns.clone()
    }

    #[test]
    fn parts_join_and_separate() {
        let mut recorder = Recorder::new();
        let together = |one, two, support| Edge { ends: (one, two), basis: Basis::Together { support } };
        let mut component = Component { vertices: vec![vertex(1, Loyalty)], ..Component::default() };
        assert_eq!(tell(&mut recorder, 1, 1, &component), [Turn::Began { profile: id(1) }]);
        component.vertices.push(vertex(2, Email));
        assert_eq!(tell(&mut recorder, 2, 2, &component), [Turn::Began { profile: id(2) }]);
        // A telephone that both were seen with.
        component.vertices.push(vertex(3, Phone));
        component.edges = vec![together(0, 2, 1), together(2, 1, 1)];
        let turns = tell(&mut recorder, 3, 1, &component);
        let text = "01010101010101010101010101010101, 02020202020202020202020202020202 joined as \
                    01010101010101010101010101010101; loyalty and phone: one sighting names both; \
                    email and phone: one sighting names both";
        assert_eq!(turns.iter().map(Turn::to_string).collect::<Vec<_>>(), [text]);
        // The address turns up oftener with another loyalty number, and the telephone is shared.
        component.vertices[2] = vertex(4, Loyalty);
        component.edges = vec![together(0, 1, 1), together(2, 1, 2)];
        let turns = tell(&mut recorder, 4, 2, &component);
        let text = "01010101010101010101010101010101 separated into 01010101010101010101010101010101, \
                    02020202020202020202020202020202; a phone no longer links; \
                    loyalty and email: one sighting names both, but one profile would hold 2 of kind loyalty, and may hold 1";
        assert_eq!(turns.iter().map(Turn::to_string).collect::<Vec<_>>(), [text]);
        // Nothing names the address any more, and the first number is named later than was thought.
        component.vertices[1] = vertex(5, Email);
        component.edges = vec![together(1, 0, 1)];
        component.vertices[0].first = vertex(9, Email).first;
        let turns = tell(&mut recorder, 5, 5, &component);
        let ended = [Turn::Renamed { from: id(1), to: id(5) }, Turn::Renamed { from: id(2), to: id(4) }];
        assert_eq!(turns, ended);
        component.vertices.remove(2);
        assert_eq!(tell(&mut recorder, 6, 5, &component), [Turn::Ended { profile: id(4) }]);
        let times =
            |profile| recorder.lineage(profile).iter().map(|one| one.time.as_millis()).collect::<Vec<_>>();
        assert_eq!(times(id(5)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(times(id(7)), [0i64; 0]);
    }

    proptest! {
        #[test]
        fn the_moments_lead_to_the_last_cut(data in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut recorder = Recorder::new();
            let mut live: BTreeSet<CustomerId> = BTreeSet::new();
            // The bytes read as a component that grows.
            for (n, to) in (0..=data.len()).step_by(7).enumerate() {
                let (component, limits, agreement) = contract::read(&data[..to]);
                let cut = unite(&component, &limits, &agreement);
                let moment = (Timestamp::from_millis(n as i64).unwrap(), RecordKey::from_bytes([0; 16]));
                recorder.tell(moment, None, &component, &cut);
                let turns = &recorder.moments()[n].turns;
                turns.iter().flat_map(Turn::before).for_each(|id| _ = live.remove(&id));
                live.extend(turns.iter().flat_map(Turn::after));
                let ids = cut.cluster_of.iter().map(|of| CustomerId::from(component.vertices[*of as usize].key));
                prop_assert_eq!(&live, &ids.collect::<BTreeSet<_>>());
                for turn in turns {
                    match turn {
                        Turn::Joined { parts, by, .. } => prop_assert!(parts.len() > 1 && !by.is_empty()),
                        Turn::Separated { parts, .. } => prop_assert!(parts.len() > 1),
                        _ => {}
                    }
                }
            }
            let moments = recorder.moments();
            for id in &live {
                let lineage = recorder.lineage(*id);
                let began = |one: &&Moment| one.turns.iter().any(|turn| matches!(turn, Turn::Began { .. }));
                prop_assert!(lineage.iter().any(began));
                prop_assert!(lineage.iter().all(|one| moments.contains(one)));
            }
        }
    }
}
