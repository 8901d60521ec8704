//! The review queue: what a person should decide, worst first.
//!
//! A question is about two vertices: are they one person? The answer is a ruling, same or different. What the queue holds
//! is a function of the components that were looked at, whatever their order; its length is bounded, and the worst stay.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ring::digest::{SHA256, digest};

use super::matching::Millibits;
use super::union::{Agreement, Basis, Component, Cut, Refusal};
use super::why::{Bits, Kind, Node};
use crate::vocab::{CustomerId, IdentifierKey};

/// Most vertices of one profile, each with names of its own, that are compared with each other; dates of birth too. A
/// profile with more is doubtful by then.
pub const REVIEW_VERTICES_MAX: usize = 32;

/// What makes two vertices doubtful, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Doubt {
    /// A ruling says that they are the same, and others lead to that they are not.
    Contradiction,
    /// They are one profile, and of different households.
    Households {
        /// How many households the profile has.
        count: u32,
    },
    /// They are one profile, and no date of birth of the one agrees with any of the other.
    Births {
        /// How many pairs of vertices of the profile disagree so.
        pairs: u32,
    },
    /// They are one profile, and no name of the one agrees with any of the other.
    Names {
        /// How many pairs of vertices of the profile disagree so.
        pairs: u32,
    },
    /// They are two profiles, although much says that they are one.
    Refused {
        /// What says so.
        basis: Basis,
        /// Why they are two.
        refusal: Refusal,
    },
    /// They are two profiles, and what is said of them is almost enough to make them one.
    Near {
        /// What speaks for one person.
        weight: Millibits,
        /// What is asked for.
        threshold: Millibits,
    },
}

/// Something for a person to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the whole question")]
pub struct Question {
    /// Its id: of the two vertices and the kind of doubt, so that it stays the same while evidence grows.
    pub id: QuestionId,
    /// What is to be the same or different, the smaller key first.
    pub ends: (Node, Node),
    /// The profiles that they are in, in the order of the ends.
    pub profiles: (CustomerId, CustomerId),
    /// What makes it doubtful.
    pub doubt: Doubt,
}

/// The id of a [`Question`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuestionId([u8; 16]);

/// Which doubts are worth a person's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written as a whole")]
pub struct Policy {
    /// Most questions.
    pub questions: usize,
    /// Least sightings of an edge that was refused.
    pub support: u32,
    /// The weight that two descriptions need to be one person's.
    pub threshold: Millibits,
    /// The weight from which on a pair below that is asked about.
    pub review: Millibits,
}

/// What is known of a component beside its cut.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "all that is asked of a component")]
pub struct Beside<'c> {
    /// Pairs of places whose descriptions were compared, and what that is worth.
    pub pairs: &'c [(u32, u32, Millibits)],
    /// Households of vertices: the place, and the number of the household.
    pub households: &'c [(u32, u32)],
}

/// The worst questions of all components looked at.
#[derive(Debug, Clone)]
pub struct Queue {
    policy: Policy,
    worst: BTreeMap<Urgency, Question>,
    of: BTreeMap<QuestionId, Urgency>,
}

/// What goes before what: the kind of doubt, how bad it is, the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Urgency {
    class: u8,
    /// The least is the worst.
    mildness: i64,
    id: QuestionId,
}

impl Queue {
    /// An empty one.
    pub fn new(policy: Policy) -> Queue {
        Queue { policy, worst: BTreeMap::new(), of: BTreeMap::new() }
    }

    /// The questions, worst first.
    pub fn questions(&self) -> impl Iterator<Item = &Question> {
        self.worst.values()
    }

    /// Looks through a component for what is doubtful.
    ///
    /// Asks at most once about each profile for each kind of doubt, and once about each two profiles that refused edges lie
    /// between. Two vertices that a person ruled on are not asked about again, but where rulings contradict each other.
    pub fn look(&mut self, component: &Component, cut: &Cut, beside: Beside<'_>, agreement: &impl Agreement) {
        let case = Case::new(component, cut);
        let mut known: BTreeSet<(u32, u32)> = BTreeSet::new();
        for (at, refusal) in &cut.refused {
            let edge = &component.edges[*at as usize];
            let (one, two) = edge.ends;
            let doubt = match edge.basis {
                Basis::Ruled { .. } => Doubt::Contradiction,
                // A person has decided that.
                _ if matches!(refusal, Refusal::Apart { .. }) => continue,
                Basis::Together { support } | Basis::Repaired { support }
                    if support < self.policy.support =>
                {
                    continue;
                }
                basis => Doubt::Refused { basis, refusal: *refusal },
            };
            let profiles = ordered((cut.cluster_of[one as usize], cut.cluster_of[two as usize]));
            let ruled = doubt == Doubt::Contradiction;
            // The strongest come first.
            if ruled || !case.is_ruled(one, two) && known.insert(profiles) {
                self.ask(&case, edge.ends, doubt);
            }
        }
        for &(one, two, weight) in beside.pairs {
            let (Some(first), Some(second)) = (case.profile(one), case.profile(two)) else { continue };
            let near = (self.policy.review..self.policy.threshold).contains(&weight);
            if near && first != second && !case.is_ruled(one, two) {
                self.ask(&case, (one, two), Doubt::Near { weight, threshold: self.policy.threshold });
            }
        }
        for labels in case.labels(beside.households) {
            let count = labels.iter().flat_map(|(_, labels)| labels).collect::<BTreeSet<_>>().len() as u32;
            if let Some((ends, _)) = case.disagreement(&labels, |_, _| false) {
                self.ask(&case, ends, Doubt::Households { count });
            }
        }
        for labels in case.labels(&component.births) {
            if let Some((ends, pairs)) = case.disagreement(&labels, |one, two| agreement.births(one, two)) {
                self.ask(&case, ends, Doubt::Births { pairs });
            }
        }
        for labels in case.labels(&component.names) {
            if let Some((ends, pairs)) = case.disagreement(&labels, |one, two| agreement.names(one, two)) {
                self.ask(&case, ends, Doubt::Names { pairs });
            }
        }
    }

    fn ask(&mut self, case: &Case<'_>, (one, two): (u32, u32), doubt: Doubt) {
        let key = |place: u32| case.component.vertices[place as usize].key;
        let (one, two) = if key(one) <= key(two) { (one, two) } else { (two, one) };
        let profile = |place: u32| CustomerId::from(key(case.cut.cluster_of[place as usize]));
        let (class, mildness) = doubt.urgency();
        let id = QuestionId::of(class, key(one), key(two));
        let urgency = Urgency { class, mildness, id };
        // Of two that ask the same, the worse one.
        match self.of.get(&id) {
            Some(known) if *known <= urgency => return,
            Some(known) => _ = self.worst.remove(known),
            None => {}
        }
        let ends = (Node::at(case.component, one), Node::at(case.component, two));
        self.of.insert(id, urgency);
        self.worst.insert(urgency, Question { id, ends, profiles: (profile(one), profile(two)), doubt });
        if self.worst.len() > self.policy.questions
            && let Some((_, mildest)) = self.worst.pop_last()
        {
            self.of.remove(&mildest.id);
        }
    }
}

/// A component as the queue reads it.
struct Case<'c> {
    component: &'c Component,
    cut: &'c Cut,
    /// Pairs of places that a person ruled on, in order.
    ruled: BTreeSet<(u32, u32)>,
}

/// A vertex, and the labels that it has.
type Labelled = (u32, BTreeSet<u32>);

impl<'c> Case<'c> {
    fn new(component: &'c Component, cut: &'c Cut) -> Case<'c> {
        let same = component.edges.iter().filter(|edge| matches!(edge.basis, Basis::Ruled { .. }));
        let ruled = same.map(|edge| edge.ends).chain(component.apart.iter().copied()).map(ordered).collect();
        Case { component, cut, ruled }
    }

    fn is_ruled(&self, one: u32, two: u32) -> bool {
        self.ruled.contains(&ordered((one, two)))
    }

    fn profile(&self, place: u32) -> Option<u32> {
        self.cut.cluster_of.get(place as usize).copied()
    }

    /// For each profile its vertices with labels, each set of labels once and with the vertex of the smallest key, in the
    /// order of keys.
    fn labels(&self, said: &[(u32, u32)]) -> Vec<Vec<Labelled>> {
        let mut of_place: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
        for &(place, label) in said {
            of_place.entry(place).or_default().insert(label);
        }
        let mut of_profile: BTreeMap<u32, Vec<Labelled>> = BTreeMap::new();
        for (place, labels) in of_place {
            if let Some(profile) = self.profile(place) {
                of_profile.entry(profile).or_default().push((place, labels));
            }
        }
        for list in of_profile.values_mut() {
            list.sort_by_key(|(place, _)| self.component.vertices[*place as usize].key);
            let mut known: BTreeSet<BTreeSet<u32>> = BTreeSet::new();
            list.retain(|(_, labels)| known.insert(labels.clone()));
            list.truncate(REVIEW_VERTICES_MAX);
        }
        of_profile.into_values().collect()
    }

    /// The first two vertices, in the order of keys, of which no label of the one agrees with any of the other, and how many
    /// such pairs there are.
    fn disagreement(&self, of: &[Labelled], agree: impl Fn(u32, u32) -> bool) -> Option<((u32, u32), u32)> {
        let mut found: Option<((u32, u32), u32)> = None;
        for (n, (one, labels)) in of.iter().enumerate() {
            for (two, others) in &of[n + 1..] {
                let any = labels.iter().any(|a| others.iter().any(|b| a == b || agree(*a, *b)));
                if !any && !self.is_ruled(*one, *two) {
                    found.get_or_insert(((*one, *two), 0)).1 += 1;
                }
            }
        }
        found
    }
}

impl Doubt {
    /// The kind of doubt, and how mild it is within its kind.
    fn urgency(&self) -> (u8, i64) {
        match *self {
            Doubt::Contradiction => (0, 0),
            Doubt::Households { count } => (1, -i64::from(count)),
            Doubt::Births { pairs } => (2, -i64::from(pairs)),
            Doubt::Names { pairs } => (3, -i64::from(pairs)),
            // A bit of weight counts as a sighting.
            Doubt::Refused { basis: Basis::Matched { weight }, .. } => (4, -i64::from(weight / 1_000)),
            Doubt::Refused { basis: Basis::Together { support } | Basis::Repaired { support }, .. } => {
                (4, -i64::from(support))
            }
            Doubt::Refused { basis: Basis::Ruled { .. }, .. } => (4, i64::MIN),
            Doubt::Near { weight, threshold } => (5, i64::from(threshold) - i64::from(weight)),
        }
    }
}

impl QuestionId {
    fn of(class: u8, one: IdentifierKey, two: IdentifierKey) -> QuestionId {
        let hash = digest(&SHA256, &[&b"review"[..], &[class], one.as_bytes(), two.as_bytes()].concat());
        QuestionId(hash.as_ref()[..16].try_into().expect("SHA-256 has 32 bytes"))
    }

    /// The bytes of the id.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

fn ordered((one, two): (u32, u32)) -> (u32, u32) {
    (one.min(two), one.max(two))
}

impl fmt::Display for QuestionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Contradiction => {
                f.write_str("a ruling says that they are the same, and others that they are not")
            }
            Doubt::Households { count } => write!(f, "one profile, and {count} households"),
            Doubt::Births { .. } => f.write_str("one profile, and the dates of birth differ"),
            Doubt::Names { .. } => f.write_str("one profile, and the names differ"),
            Doubt::Refused { basis, refusal } => write!(f, "two profiles: {basis}, but {refusal}"),
            Doubt::Near { weight, threshold } => write!(
                f,
                "two profiles: what is said of the person is alike, {}, and {} are asked for",
                Bits(*weight),
                Bits(*threshold)
            ),
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: are {} {} and ", self.id, Kind(self.ends.0.kind), self.ends.0.key)?;
        write!(f, "{} {} one person? {}", Kind(self.ends.1.kind), self.ends.1.key, self.doubt)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::super::union::contract::{self, Never, of};
    use super::super::union::{Edge, Limits, unite};
    use super::*;
    use crate::vocab::IdentifierKind::{Email, Loyalty, Phone};
    use crate::vocab::Timestamp;

    const POLICY: Policy = Policy { questions: 100, support: 3, threshold: 6_000, review: 4_000 };

    /// The ends, as numbers of vertices, and the doubt of each question.
    fn asked(component: &Component, beside: Beside<'_>) -> Vec<(u8, u8, String)> {
        let cut = unite(component, &Limits::new(|kind| (kind == Loyalty).then_some(1)), &Never);
        let mut queue = Queue::new(POLICY);
        queue.look(component, &cut, beside, &Never);
        let number = |node: Node| node.key.as_bytes()[0];
        queue.questions().map(|one| (number(one.ends.0), number(one.ends.1), one.doubt.to_string())).collect()
    }

    #[test]
    fn each_doubt_is_asked_about_at_its_bound() {
        let together = |support| Basis::Together { support };
        let mut component = of(&[Loyalty, Email, Loyalty], &[(0, 1, together(9)), (1, 2, together(3))]);
        let refused = "two profiles: 3 sightings name both, but one profile would hold 2 of kind loyalty, and may hold 1";
        assert_eq!(asked(&component, Beside::default()), [(1, 2, refused.to_owned())]);
        component.edges[1].basis = together(2);
        assert_eq!(asked(&component, Beside::default()), []);
        component.edges.pop();
        let near = |weight| {
            let pairs = [(2, 0, weight), (0, 1, 5_000), (0, 7, 5_000)];
            asked(&component, Beside { pairs: &pairs, ..Beside::default() }).len()
        };
        assert_eq!([3_999, 4_000, 5_999, 6_000].map(near), [0, 1, 1, 0]);
    }

    #[test]
    fn profiles_that_hold_several_people_are_asked_about_until_somebody_decides() {
        let ruled = |millis| Basis::Ruled { at: Timestamp::from_millis(millis).unwrap() };
        let mut component = of(&[Phone, Email, Phone], &[(0, 1, ruled(2)), (2, 1, ruled(1))]);
        component.names = vec![(0, 1), (2, 2), (1, 1), (1, 2)];
        component.births = vec![(0, 5), (2, 6)];
        let beside = Beside { households: &[(0, 1), (1, 1), (2, 2)], ..Beside::default() };
        let texts = |asked: Vec<(u8, u8, String)>| asked.into_iter().map(|one| one.2).collect::<Vec<_>>();
        let all = [
            "one profile, and 2 households",
            "one profile, and the dates of birth differ",
            "one profile, and the names differ",
        ];
        assert_eq!(texts(asked(&component, beside)), all);
        component.edges.push(Edge { ends: (0, 2), basis: ruled(3) });
        assert_eq!(asked(&component, beside), []);
        component.edges.pop();
        component.apart = vec![(0, 2)];
        let told = "a ruling says that they are the same, and others that they are not";
        assert_eq!(asked(&component, beside), [(1, 2, told.to_owned())]);
    }

    #[test]
    fn a_question_keeps_its_id_and_prints_nobody() {
        let key = |n| IdentifierKey::from_bytes([n; 16]);
        let id = QuestionId::of(5, key(1), key(2));
        assert_eq!(id.to_string(), "efdaab3674577261a8938ccdb7d543b0");
        let node = |n, kind| Node { key: key(n), kind };
        let doubt = Doubt::Near { weight: 5_140, threshold: 6_000 };
        let ends = (node(1, Some(Phone)), node(2, None));
        let question = Question { id, ends, profiles: (key(1).into(), key(2).into()), doubt };
        let text = question.to_string();
        let (_, told) = text.split_once(": ").unwrap();
        assert_eq!(
            told,
            "are phone 01010101010101010101010101010101 and record 02020202020202020202020202020202 one person? two \
             profiles: what is said of the person is alike, 5.1 bits, and 6.0 bits are asked for"
        );
    }

    proptest! {
        #[test]
        fn the_worst_stay_in_any_order(
            all in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..5),
            questions in 0usize..12,
            seed in any::<u64>(),
        ) {
            let look = |most: usize, turned: bool| {
                let mut queue = Queue::new(Policy { questions: most, support: 2, ..POLICY });
                let mut order: Vec<(usize, &Vec<u8>)> = all.iter().enumerate().collect();
                if turned {
                    order.reverse();
                }
                for (n, data) in order {
                    let (mut component, limits, agreement) = contract::read(data);
                    // No vertex is in two components.
                    for vertex in &mut component.vertices {
                        let mut key = *vertex.key.as_bytes();
                        key[14] = n as u8;
                        vertex.key = IdentifierKey::from_bytes(key);
                    }
                    if turned {
                        component = contract::shuffled(&component, seed);
                    }
                    let cut = unite(&component, &limits, &agreement);
                    queue.look(&component, &cut, Beside::default(), &agreement);
                }
                queue.questions().copied().collect::<Vec<_>>()
            };
            let whole = look(usize::MAX, false);
            let urgency = |one: &Question| (one.doubt.urgency(), one.id);
            prop_assert!(whole.is_sorted_by(|one, two| urgency(one) < urgency(two)));
            let ids: BTreeSet<QuestionId> = whole.iter().map(|one| one.id).collect();
            prop_assert_eq!(ids.len(), whole.len());
            let worst = look(questions, false);
            prop_assert_eq!(&worst[..], &whole[..questions.min(whole.len())]);
            prop_assert_eq!(worst, look(questions, true));
        }
    }
}
