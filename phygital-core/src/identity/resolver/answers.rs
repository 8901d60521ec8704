//! Why and how: what is told of two subjects, of a profile, and of what is doubtful.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use super::bounds::SEEN_MAX;
use super::described::compared;
use super::graph::FREE;
use super::record_of_description;
use super::table::NONE;
use crate::identity::history::{Moment, Recorder};
use crate::identity::matching::Millibits;
use crate::identity::review::{Beside, Policy, Queue};
use crate::identity::union::{Component, Cut};
use crate::identity::why::{Bridge, Explanation, Gap, Node, Standing, WhyNot, explain, why_not};
use crate::identity::{Class, Ruling, Sighting, Subject};
use crate::vocab::{CustomerId, IdentifierKey, RecordKey, Timestamp};

/// Most sightings of a profile of which a history tells one by one, the newest; what came before is one moment.
pub const HISTORY_MAX: usize = 1_000;

/// Components put into one, and cut.
struct Around {
    component: Component,
    cut: Cut,
    /// The row of each vertex.
    rows: Vec<u32>,
    places: BTreeMap<u32, u32>,
}

impl Resolver {
    /// Why two subjects are one profile; `None` where they are not. Costs the size of their component.
    pub fn explain(&mut self, one: Subject, two: Subject) -> Option<Explanation> {
        let (from, to) = (self.vertices(&one).ok()?, self.vertices(&two).ok()?);
        let around = self.gathered(from.iter().chain(&to).copied());
        let places = &around.places;
        let mut pairs = from.iter().flat_map(|from| to.iter().map(move |to| (places[from], places[to])));
        pairs.find_map(|ends| {
            explain(&around.component, &around.cut, ends, |edge| self.support(&around, edge))
        })
    }

    /// Why two subjects are not one profile. Costs the size of their components, and of the neighbourhoods of shared
    /// identifiers between them.
    pub fn why_not(&mut self, one: Subject, two: Subject) -> WhyNot {
        let found = [self.vertices(&one), self.vertices(&two)];
        let around = self.gathered(found.iter().flatten().flatten().copied());
        let standing = |rows: &Result<Vec<u32>, Gap>| match rows {
            Ok(rows) => Standing::At(rows.iter().map(|row| around.places[row]).collect()),
            Err(gap) => Standing::Idle(*gap),
        };
        let mut bridges = self.bridges(&around);
        let homes = found.each_ref().map(|rows| rows.as_ref().ok().and_then(|rows| rows.first()).copied());
        bridges.extend(self.bridges_of_records([&one, &two], homes, &around));
        let [one, two] = found.each_ref().map(standing);
        why_not(&around.component, &around.cut, &bridges, &one, &two)
    }

    /// What a person should decide, worst first. Costs as much as cutting all components once.
    pub fn review(&mut self, policy: Policy) -> Queue {
        let mut queue = Queue::new(policy);
        let mut met: BTreeSet<u32> = BTreeSet::new();
        for row in 0..self.graph.rows.len() as u32 {
            if self.is_live_vertex(row) && !met.contains(&row) {
                let around = self.gathered([row]);
                queue.look(&around.component, &around.cut, Beside::default(), &self.said);
                met.extend(around.rows);
            }
        }
        for (one, two, weight) in self.near(policy) {
            let around = self.gathered([one, two]);
            let pairs = [(around.places[&one], around.places[&two], weight)];
            queue.look(&around.component, &around.cut, Beside { pairs: &pairs, households: &[] }, &self.said);
        }
        queue
    }

    /// How a profile came about: its sightings and those it was ever one with, in order of time, and when parts of it
    /// joined or separated. `sightings` are those that are live, at least those of its component and of the shared
    /// identifiers around it.
    ///
    /// Costs the size of the component for each of its sightings.
    pub fn history(&mut self, profile: CustomerId, sightings: &[Sighting]) -> Vec<Moment> {
        let records = self.records_around(profile);
        let mut order: Vec<&Sighting> =
            sightings.iter().filter(|one| records.contains(&one.record)).collect();
        order.sort_by_key(|one| (one.time, one.record));
        let mut rulings: Vec<Ruling> = self.rulings.all().collect();
        rulings.sort_by_key(|one| (one.time, one.record));
        let mut rulings = rulings.into_iter().peekable();

        let model = self.index.as_ref().map(|index| index.model().clone());
        let mut then = Resolver::new(self.rules.clone(), model);
        let mut recorder = Recorder::new();
        let at_once = order.len().saturating_sub(HISTORY_MAX);
        let before: Vec<Sighting> = order[..at_once].iter().map(|one| (*one).clone()).collect();
        then.replace(&[], &before, &[], &[]);
        for sighting in &order[at_once..] {
            while let Some(ruling) = rulings.next_if(|ruling| ruling.time <= sighting.time) {
                then.replace(&[], &[], &[], &[ruling]);
                then.tell(&mut recorder, (ruling.time, ruling.record), None);
            }
            then.replace(&[], std::slice::from_ref(*sighting), &[], &[]);
            let profile = then.profile_of(&sighting.record);
            then.tell(&mut recorder, (sighting.time, sighting.record), profile);
        }
        for ruling in rulings {
            then.replace(&[], &[], &[], &[ruling]);
            then.tell(&mut recorder, (ruling.time, ruling.record), None);
        }
        recorder.lineage(profile).into_iter().cloned().collect()
    }

    /// What a vertex of an answer stands for: an identifier, in whichever epoch, or the first record that describes somebody
    /// so. `None` where nothing of it is live.
    #[must_use]
    pub fn subject_of(&self, node: &Node) -> Option<Subject> {
        if let Some(kind) = node.kind {
            let row = self.graph.find(&node.key).or_else(|| self.epochs.get(&node.key).copied())?;
            return Some(Subject::Identifier(kind, self.graph.row(self.owner(row)).key));
        }
        let record = RecordKey::from_bytes(*node.key.as_bytes());
        let mut either = [record, record_of_description(record)].into_iter();
        either.find(|record| self.graph.sighting(record).is_some()).map(Subject::Record)
    }

    /// Tells a recorder how all is cut now.
    fn tell(&mut self, recorder: &mut Recorder, moment: (Timestamp, RecordKey), profile: Option<CustomerId>) {
        let all: Vec<u32> =
            (0..self.graph.rows.len() as u32).filter(|row| self.is_live_vertex(*row)).collect();
        let around = self.gathered(all);
        recorder.tell(moment, profile, &around.component, &around.cut);
    }

    fn is_live_vertex(&self, row: u32) -> bool {
        let row = self.graph.row(row);
        row.kind != FREE && row.is_vertex() && row.seen_or_epoch()
    }

    /// The vertices of a subject, or why it has none.
    fn vertices(&self, subject: &Subject) -> Result<Vec<u32>, Gap> {
        let (named, vertices): (Vec<u32>, Vec<u32>) = match subject {
            Subject::Record(record) => {
                let at = self.graph.sighting(record).ok_or(Gap::Unknown)?;
                if !self.graph.seen[at as usize].linking {
                    return Err(Gap::Consent);
                }
                (self.graph.named(at).collect(), self.strongest(at).into_iter().collect())
            }
            Subject::Identifier(kind, key) => {
                let row = self.row_of(*kind, key).ok_or(Gap::Unknown)?;
                (vec![row], self.epochs_of(row).into_iter().filter(|row| self.is_live_vertex(*row)).collect())
            }
        };
        if vertices.is_empty() {
            return Err(named.into_iter().find_map(|row| self.idle(row)).unwrap_or(Gap::Nameless));
        }
        Ok(vertices)
    }

    /// The rows that an identifier's epochs have.
    fn epochs_of(&self, row: u32) -> Vec<u32> {
        match self.side(row).and_then(|side| side.knot.as_ref()) {
            Some(knot) => knot.epochs.iter().map(|epoch| epoch.row).collect(),
            None => vec![row],
        }
    }

    /// Why an identifier ties nobody.
    fn idle(&self, row: u32) -> Option<Gap> {
        let kind = self.graph.row(row).identifier_kind()?;
        match self.class_of(row) {
            Class::Shared { partner, count, limit } => Some(Gap::Shared { kind, partner, count, limit }),
            Class::Crowded => Some(Gap::Crowded { kind }),
            Class::Junk => Some(Gap::Junk { kind }),
            Class::Normal | Class::Recycled { .. } => None,
        }
    }

    /// The components of some vertices, put into one and cut.
    fn gathered(&mut self, starts: impl IntoIterator<Item = u32>) -> Around {
        let (component, rows) = self.gather_around(&starts.into_iter().collect::<Vec<u32>>());
        let places = rows.iter().copied().zip(0..).collect();
        let cut = self.uniter.unite(&component, &self.said).clone();
        Around { component, cut, rows, places }
    }

    /// The first record that ties the ends of an edge.
    fn support(&self, around: &Around, edge: u32) -> Option<RecordKey> {
        let (one, two) = around.component.edges[edge as usize].ends;
        let (one, two) = (around.rows[one as usize], around.rows[two as usize]);
        let (owner, other) = (self.owner(one), self.owner(two));
        let both = self.graph.sightings(owner).filter(|at| {
            let named = self.graph.named(*at).any(|row| row == other);
            named && self.point_in(owner, *at) == Some(one) && self.point_in(other, *at) == Some(two)
        });
        both.map(|at| self.graph.when(at)).min().map(|(_, record)| record)
    }

    /// What would tie vertices of different profiles but for a rule.
    fn bridges(&self, around: &Around) -> Vec<Bridge> {
        let vertex = |place: u32| &around.component.vertices[place as usize];
        let profile = |place: u32| vertex(around.cut.cluster_of[place as usize]).key;
        let mut bridges = Vec::new();
        // Identifiers that link nothing, with the profiles that they were named with: of each the vertex of the least key.
        let mut idle: BTreeMap<u32, BTreeMap<IdentifierKey, (IdentifierKey, u32)>> = BTreeMap::new();
        for (place, row) in (0..).zip(&around.rows) {
            let owner = self.owner(*row);
            for (other, _) in self.graph.partners(owner) {
                if !self.epochs_of(other).into_iter().any(|row| self.is_live_vertex(row)) {
                    let near = idle
                        .entry(other)
                        .or_default()
                        .entry(profile(place))
                        .or_insert((vertex(place).key, place));
                    *near = (*near).min((vertex(place).key, place));
                }
            }
            let epochs = self.epochs_of(owner);
            let next = epochs.iter().zip(epochs.iter().skip(1)).find(|(one, _)| *one == row);
            let next = next.and_then(|(_, next)| around.places.get(next));
            if let (Some(next), Some(kind)) = (next, self.graph.row(owner).identifier_kind()) {
                bridges.push(Bridge { ends: (place, *next), gap: Gap::Recycled { kind } });
            }
        }
        for (row, near) in idle.into_iter().filter(|(_, near)| near.len() > 1) {
            let Some(gap) = self.idle(row) else { continue };
            let places: Vec<u32> = near.into_values().map(|(_, place)| place).collect();
            bridges.extend(places.windows(2).map(|pair| Bridge { ends: (pair[0], pair[1]), gap }));
        }
        bridges
    }

    /// What else would tie two records: an identifier that another holds, what is said of both.
    fn bridges_of_records(
        &self,
        subjects: [&Subject; 2],
        homes: [Option<u32>; 2],
        around: &Around,
    ) -> Vec<Bridge> {
        let mut bridges = Vec::new();
        let mut described = Vec::new();
        for (subject, home) in subjects.into_iter().zip(homes) {
            let (Subject::Record(record), Some(home)) = (subject, home) else { continue };
            let Some(at) = self.graph.sighting(record) else { continue };
            for row in self.graph.named(at).filter(|row| self.point_in(*row, at).is_none()) {
                let Some(kind) = self.graph.row(row).identifier_kind() else { continue };
                let holders = self.epochs_of(row);
                let places = holders.iter().filter_map(|row| around.places.get(row));
                let gap = Gap::Held { kind };
                bridges.extend(places.map(|place| Bridge { ends: (around.places[&home], *place), gap }));
            }
            described.push((around.places[&home], self.said.details(self.graph.seen[at as usize].details)));
        }
        if let ([(one, Some(first)), (two, Some(second))], Some(index)) = (&described[..], &self.index) {
            let values = [first, second].map(|details| compared(index.model(), &self.rules, details));
            let weight = index.weigh(&values[0], &values[1]).expect("as many values as fields");
            let threshold = index.model().match_at;
            if (1..threshold).contains(&weight) {
                bridges.push(Bridge { ends: (*one, *two), gap: Gap::Below { weight, threshold } });
            }
        }
        bridges
    }

    /// Descriptions that are alike, and not enough to match: their rows, and what that is worth.
    fn near(&self, policy: Policy) -> Vec<(u32, u32, Millibits)> {
        let Some(index) = &self.index else { return Vec::new() };
        let mut near = Vec::new();
        for (number, said) in (0u32..).zip(&self.said.each).filter(|(_, said)| said.row != NONE) {
            for (other, weight) in index.matches_of(&number, policy.review).into_iter().flatten() {
                let row = self.said.each[other as usize].row;
                if number < other && weight < policy.threshold && row != NONE {
                    near.push((said.row, row, weight));
                }
            }
        }
        near
    }

    /// The records of all profiles that a profile's component was cut into, and of the identifiers around it that link
    /// nothing, as far as they are looked at.
    fn records_around(&mut self, profile: CustomerId) -> BTreeSet<RecordKey> {
        let itself = RecordKey::from_bytes(*profile.as_bytes());
        let cluster = self.cluster(profile);
        let around = self.gathered(cluster);
        let mut owners: BTreeSet<u32> = around.rows.iter().map(|row| self.owner(*row)).collect();
        let near: Vec<u32> =
            owners.iter().flat_map(|row| self.graph.partners(*row)).map(|(row, _)| row).collect();
        owners.extend(near.into_iter().filter(|row| self.graph.row(*row).seen as usize <= SEEN_MAX));
        let sightings = owners.iter().flat_map(|row| self.graph.sightings(*row));
        let records = sightings.map(|at| self.graph.seen[at as usize].record);
        records.chain([itself]).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::identity::history::Turn;
    use crate::identity::{Details, Named, Rules};
    use crate::vocab::IdentifierKind::{self, Crm, Device, Email, Loyalty, Phone};

    fn identifier(kind: IdentifierKind, n: u8) -> Subject {
        Subject::Identifier(kind, IdentifierKey::from_bytes([n; 16]))
    }

    fn record(n: u8) -> Subject {
        Subject::Record(RecordKey::from_bytes([n; 16]))
    }

    /// What a record says on a day.
    fn seen(n: u8, name: &str, named: &[(IdentifierKind, u8)]) -> Sighting {
        let named = named.iter().map(|&(kind, key)| Named {
            kind,
            key: IdentifierKey::from_bytes([key; 16]),
            junk: false,
            forms: Vec::new(),
            spelling: None,
        });
        let mut named: Vec<Named> = named.collect();
        named.sort();
        let details = match name.split_once(' ') {
            Some((given, surname)) => Details {
                given_name: Some(given.into()),
                surname: Some(surname.into()),
                ..Details::default()
            },
            None => Details::default(),
        };
        let time = Timestamp::from_millis(i64::from(n) * 86_400_000).unwrap();
        Sighting { record: RecordKey::from_bytes([n; 16]), time, linking: true, named, details }
    }

    fn resolver(sightings: &[Sighting]) -> Resolver {
        let mut resolver = Resolver::new(Rules::default(), None);
        resolver.replace(&[], sightings, &[], &[]);
        resolver
    }

    #[test]
    fn a_path_names_its_records() {
        let all = [seen(1, "", &[(Loyalty, 1), (Email, 2)]), seen(2, "", &[(Email, 2), (Phone, 3)])];
        let mut resolver = resolver(&all);
        let why = resolver.explain(identifier(Phone, 3), record(1)).unwrap();
        let text = "phone and email: one sighting names both, as in 02020202020202020202020202020202 (the weakest)\n\
                    email and loyalty: one sighting names both, as in 01010101010101010101010101010101";
        assert_eq!(why.to_string(), text);
        assert_eq!(resolver.subject_of(&why.steps[0].from), Some(identifier(Phone, 3)));
        assert_eq!(resolver.why_not(record(1), record(2)), WhyNot::Together);
        assert_eq!(resolver.explain(record(1), record(9)), None);
        let unknown = WhyNot::Idle { one: None, two: Some(Gap::Unknown) };
        assert_eq!(resolver.why_not(record(1), identifier(Email, 9)), unknown);
    }

    #[test]
    fn what_is_between_two_is_told() {
        let mut silent = seen(9, "", &[(Email, 90)]);
        silent.linking = false;
        let all = [
            seen(1, "", &[(Email, 10), (Device, 5)]),
            seen(2, "", &[(Email, 20), (Device, 5)]),
            seen(3, "", &[(Crm, 31), (Phone, 6)]),
            seen(4, "", &[(Loyalty, 41)]),
            seen(5, "ada byron", &[(Email, 50)]),
            seen(6, "ada byron", &[(Email, 50)]),
            seen(7, "grace hopper", &[(Email, 50), (Loyalty, 51)]),
            silent,
        ];
        let mut resolver = resolver(&all);
        let mut told = |one, two| resolver.why_not(one, two).to_string();
        let shared = "email and email: the device is shared: 2 of kind email were named with it, more than 1";
        assert_eq!(told(record(1), record(2)), shared);
        assert_eq!(told(record(3), record(4)), "they share nothing");
        assert_eq!(told(record(7), record(5)), "loyalty and email: somebody of another name holds the email");
        assert_eq!(told(record(9), record(4)), "the first: nobody consented to linking by it");
        let device = "the second: the device is shared: 2 of kind email were named with it, more than 1";
        assert_eq!(told(record(3), identifier(Device, 5)), device);
    }

    #[test]
    fn a_history_ends_in_the_present() {
        let all = [
            seen(1, "", &[(Email, 10)]),
            seen(2, "", &[(Loyalty, 20)]),
            seen(3, "", &[(Loyalty, 20), (Email, 10)]),
            seen(4, "", &[(Email, 77)]),
        ];
        let mut resolver = resolver(&all);
        let profile = resolver.profile_of(&all[2].record).unwrap();
        let moments = resolver.history(profile, &all);
        let turns: Vec<&Turn> = moments.iter().flat_map(|one| &one.turns).collect();
        assert_eq!(
            moments.iter().map(|one| one.record).collect::<Vec<_>>(),
            [1, 2, 3].map(|n| all[n - 1].record)
        );
        assert!(
            matches!(turns[..], [Turn::Began { .. }, Turn::Began { .. }, Turn::Joined { into, .. }] if *into == profile)
        );
        assert_eq!(moments[2].profile, Some(profile));
    }

    #[test]
    fn the_review_queue_holds_what_was_refused() {
        let mut all: Vec<Sighting> = (1..5).map(|n| seen(n, "", &[(Crm, 1), (Email, 10)])).collect();
        all.extend((5..8).map(|n| seen(n, "", &[(Crm, 2), (Phone, 20)])));
        all.extend((8..12).map(|n| seen(n, "", &[(Email, 10), (Phone, 20)])));
        let policy = Policy { questions: 10, support: 3, threshold: 6_000, review: 4_000 };
        let queue = resolver(&all).review(policy);
        let asked: Vec<String> = queue.questions().map(|one| one.doubt.to_string()).collect();
        assert_eq!(asked.len(), 1);
        assert!(asked[0].contains("but one profile would hold 2 of kind crm, and may hold 1"), "{asked:?}");
    }
}
