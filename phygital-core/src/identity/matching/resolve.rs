//! From records to entities.

use std::fmt;
use std::sync::Arc;

use super::MatchingError;
use super::compare::Comparer;
use super::keys::mixed;
use super::linkage::{Units, link};
use super::model::{Millibits, Model};
use super::records::Records;
use super::scale::{Contribution, Scale};

/// Which records are one entity. An entity is named by the first of its records.
#[derive(Clone, PartialEq, Eq)]
pub struct Entities {
    ids: Arc<[Box<str>]>,
    /// For each record the place of the first record of its entity.
    first: Vec<u32>,
}

/// Cuts records into entities by a model.
///
/// Records that are equal in all they say are one unit from the start if that is worth enough, so that a thousand copies
/// cost as much as one.
///
/// # Errors
/// A model of other fields.
pub fn resolve(records: &Records, model: &Model) -> Result<Entities, MatchingError> {
    model.fits(records.fields())?;
    let scale = Scale::new(model, records);
    let comparer = Comparer::new(records);
    let weigh = |one: u32, two: u32| {
        let levels = comparer.levels(one as usize, two as usize);
        scale.weigh(one as usize, two as usize, levels)
    };
    let groups = groups(records, |record| weigh(record, record) >= model.merge);
    // Copies of a record are compared once, by the first of them.
    let firsts = |pair: &(u32, u32)| groups.is_first(pair.0) && groups.is_first(pair.1);
    // Most pairs are seen to be too light at a glance.
    let joins = |one: u32, two: u32| {
        let glance = comparer.glance(one as usize, two as usize);
        let most = scale.weigh(one as usize, two as usize, glance);
        match glance.is_unclear() {
            true if most < model.merge => TOO_LIGHT,
            true => weigh(one, two),
            false => most,
        }
    };
    let weighed = records.candidates().firm().filter(firsts);
    let weighed: Vec<Pair> = weighed.map(|(one, two)| Pair { one, two, weight: joins(one, two) }).collect();
    // A cluster holds together by at least one pair that reaches the average, so nothing joins beyond what such pairs join.
    let mut joined = Joined::of(&groups);
    let reach = weighed.iter().filter(|pair| pair.weight >= model.merge);
    reach.for_each(|pair| joined.join(pair.one, pair.two));
    let mut first: Vec<u32> = groups.first.clone();
    for (records, mut pairs) in joined.components(weighed, &groups) {
        pairs
            .iter_mut()
            .filter(|pair| pair.weight == TOO_LIGHT)
            .for_each(|pair| pair.weight = weigh(pair.one, pair.two));
        let local = |record: u32| records.partition_point(|other| *other < record) as u32;
        let sizes = records.iter().map(|record| u64::from(groups.sizes[*record as usize])).collect();
        let weighed: Vec<(u32, u32, Millibits)> =
            pairs.iter().map(|pair| (local(pair.one), local(pair.two), pair.weight)).collect();
        let into = link(&Units { sizes }, &weighed, model);
        for (record, root) in records.iter().zip(into) {
            first[*record as usize] = records[root as usize];
        }
    }
    // Copies follow the first of them.
    for record in 0..first.len() {
        first[record] = first[groups.first[record] as usize];
    }
    Ok(Entities { ids: records.shared_ids(), first })
}

/// Stands for the weight of a pair that was not weighed, since it reaches no average.
const TOO_LIGHT: Millibits = Millibits::MIN;

/// Two records of a batch and what they weigh together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "two ends and a weight are all that an edge is")]
pub struct Pair {
    /// The place of the first among [`Records::ids`].
    pub one: u32,
    /// The place of the second, which is greater.
    pub two: u32,
    /// What they weigh, in millibits.
    pub weight: Millibits,
}

/// All pairs of records that share a key and weigh at least so much, in the order of their places. An [`super::Index`] gives
/// the same pairs one record at a time.
///
/// # Errors
/// A model of other fields.
pub fn pairs(records: &Records, model: &Model, least: Millibits) -> Result<Vec<Pair>, MatchingError> {
    model.fits(records.fields())?;
    let scale = Scale::new(model, records);
    let comparer = Comparer::new(records);
    let weighed = records.candidates().iter().map(|(one, two)| {
        let levels = comparer.levels(one as usize, two as usize);
        Pair { one, two, weight: scale.weigh(one as usize, two as usize, levels) }
    });
    Ok(weighed.filter(|pair| pair.weight >= least).collect())
}

/// How the weight of a pair of records comes about: every field's part, for a chart of the match.
///
/// # Errors
/// No such record, or a model of other fields.
pub fn explain(
    records: &Records,
    model: &Model,
    one: &str,
    two: &str,
) -> Result<Vec<Contribution>, MatchingError> {
    model.fits(records.fields())?;
    let find = |id: &str| records.find(id).ok_or_else(|| MatchingError::Unknown(id.into()));
    Ok(Scale::new(model, records).explain(find(one)?, find(two)?))
}

/// Records in groups: those that say the same, where that is worth enough, and each other by itself.
struct Groups {
    /// For each record the first of its group.
    first: Vec<u32>,
    /// For each first record how many are of its group.
    sizes: Vec<u32>,
}

fn groups(records: &Records, mut alike: impl FnMut(u32) -> bool) -> Groups {
    let row = |record: u32| records.row(record as usize);
    let said = |record: u32| row(record).iter().fold(0, |hash, place| mixed(hash ^ u64::from(*place)));
    let mut order: Vec<(u64, u32)> = (0..records.len() as u32).map(|record| (said(record), record)).collect();
    order.sort_unstable_by(|one, two| {
        one.0.cmp(&two.0).then_with(|| row(one.1).cmp(row(two.1))).then(one.1.cmp(&two.1))
    });
    let mut groups = Groups { first: (0..records.len() as u32).collect(), sizes: vec![1; records.len()] };
    for same in order.chunk_by(|one, two| one.0 == two.0 && row(one.1) == row(two.1)) {
        let first = same[0].1;
        if same.len() > 1 && alike(first) {
            same.iter().for_each(|(_, record)| groups.first[*record as usize] = first);
            groups.sizes[first as usize] = same.len() as u32;
        }
    }
    groups
}

impl Groups {
    fn is_first(&self, record: u32) -> bool {
        self.first[record as usize] == record
    }
}

/// Sets of records that grow together (Galler and Fischer 1964; halving the paths: Tarjan and van Leeuwen 1984).
struct Joined(Vec<u32>);

impl Joined {
    fn of(groups: &Groups) -> Self {
        Self((0..groups.first.len() as u32).collect())
    }

    fn root(&mut self, mut record: u32) -> u32 {
        while self.0[record as usize] != record {
            self.0[record as usize] = self.0[self.0[record as usize] as usize];
            record = self.0[record as usize];
        }
        record
    }

    /// The lesser root stays.
    fn join(&mut self, one: u32, two: u32) {
        let (one, two) = (self.root(one), self.root(two));
        self.0[one.max(two) as usize] = one.min(two);
    }

    /// Each set of several: its records and the pairs within it, in order.
    fn components(
        mut self,
        mut pairs: Vec<Pair>,
        groups: &Groups,
    ) -> impl Iterator<Item = (Vec<u32>, Vec<Pair>)> {
        let roots: Vec<u32> = (0..self.0.len() as u32).map(|record| self.root(record)).collect();
        let mut members: Vec<(u32, u32)> = (0..)
            .zip(&roots)
            .map(|(record, root)| (*root, record))
            .filter(|(_, record)| groups.is_first(*record))
            .collect();
        members.sort_unstable();
        pairs.retain(|pair| roots[pair.one as usize] == roots[pair.two as usize]);
        pairs.sort_by_key(|pair| roots[pair.one as usize]);
        let (mut member, mut pair) = (0, 0);
        std::iter::from_fn(move || {
            let root = members.get(member)?.0;
            let records: Vec<u32> = members[member..]
                .iter()
                .take_while(|(own, _)| *own == root)
                .map(|(_, record)| *record)
                .collect();
            member += records.len();
            let own: Vec<Pair> =
                pairs[pair..].iter().copied().take_while(|pair| roots[pair.one as usize] == root).collect();
            pair += own.len();
            Some((records, own))
        })
        .filter(|(records, _)| records.len() > 1)
    }
}

impl Entities {
    /// How many entities there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first.iter().enumerate().filter(|(at, first)| *at == **first as usize).count()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// The entity of a record: the id of its first record. `None` where there is no such record.
    #[must_use]
    pub fn of(&self, record: &str) -> Option<&str> {
        let at = self.ids.binary_search_by(|id| (**id).cmp(record)).ok()?;
        Some(&self.ids[self.first[at] as usize])
    }

    /// Each record with its entity, in the order of the records' ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ids.iter().zip(&self.first).map(|(id, first)| (&**id, &*self.ids[*first as usize]))
    }
}

impl fmt::Debug for Entities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entities").field("records", &self.ids.len()).field("entities", &self.len()).finish()
    }
}
