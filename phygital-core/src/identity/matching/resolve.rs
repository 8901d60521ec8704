//! From records to entities.

use std::fmt;
use std::sync::Arc;

use super::MatchingError;
use super::blocking;
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
    let groups = groups(records, |record| scale.weight(record, record) >= model.merge);
    let first_of: Vec<u32> = groups.iter().map(|group| group[0]).collect();
    let unit_of = unit_of(records.len(), &groups);
    let pairs = blocking::candidates(records);
    let mut weighed: Vec<(u32, u32, Millibits)> = Vec::new();
    for (one, two) in pairs {
        let (unit, other) = (unit_of[one as usize], unit_of[two as usize]);
        // Copies of a record are compared once, by the first of them.
        if unit != other && first_of[unit as usize] == one && first_of[other as usize] == two {
            weighed.push((unit.min(other), unit.max(other), scale.weight(one as usize, two as usize)));
        }
    }
    let units = Units { sizes: groups.iter().map(|group| group.len() as u64).collect() };
    let into = link(&units, &weighed, model);
    // Units are in the order of their first records, and a cluster is named by its least unit.
    let first = unit_of.iter().map(|unit| first_of[into[*unit as usize] as usize]).collect();
    Ok(Entities { ids: records.shared_ids(), first })
}

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
    let candidates = blocking::candidates(records).into_iter();
    let weighed =
        candidates.map(|(one, two)| Pair { one, two, weight: scale.weight(one as usize, two as usize) });
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

/// Records in groups: those that say the same, where `alike` allows, and each other by itself. In order of their first.
fn groups(records: &Records, alike: impl Fn(usize) -> bool) -> Vec<Vec<u32>> {
    let row = |record: u32| records.columns().iter().map(move |column| column.of[record as usize]);
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    order.sort_by(|one, two| row(*one).cmp(row(*two)).then(one.cmp(two)));
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for same in order.chunk_by(|one, two| row(*one).eq(row(*two))) {
        match same.len() > 1 && alike(same[0] as usize) {
            true => groups.push(same.to_vec()),
            false => groups.extend(same.iter().map(|record| vec![*record])),
        }
    }
    groups.sort_unstable();
    groups
}

fn unit_of(records: usize, groups: &[Vec<u32>]) -> Vec<u32> {
    let mut of = vec![0; records];
    for (unit, group) in groups.iter().enumerate() {
        group.iter().for_each(|record| of[*record as usize] = unit as u32);
    }
    of
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
