//! Customers in groups: all that a model of purchases needs to know of them.

use super::codec::{EncodingError, Form, Reader, Writer};
use super::summary::{Field, Summary, SummaryError};
use crate::vocab::limits::PEOPLE_MAX;

/// How customers and the shop are bound to each other.
///
/// Models of purchases infer from silence who has left. Where a contract says so, as with a subscription, that is known,
/// and they answer the wrong question: they are refused there. Measure the length of contracts by survival instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "either is one bound or not")]
pub enum Relation {
    /// Customers come and stay away as they like: shops, tills, hotels, donations.
    AtWill,
    /// Customers are bound until one of both ends it: subscriptions, memberships with a fee, leases.
    Contract,
}

/// Why customers could not be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// See [`Relation`].
    #[error(
        "expected customers without a contract: whose contract has ended is known, not inferred from silence"
    )]
    Contract,
    /// More than [`PEOPLE_MAX`] together.
    #[error("expected at most {PEOPLE_MAX} customers")]
    TooMany,
}

/// Customers with equal summaries counted together, in one fixed order: by repeats, recency, age. Parts of them merge into
/// the same bytes as the whole, however they were split and in whatever order they came.
///
/// ```
/// use phygital_core::measure::value::{Customers, Relation, Summary};
/// let mut customers = Customers::gather(Relation::AtWill)?;
/// customers.push(Summary::new(2, 30.43, 38.86)?, 1)?;
/// customers.push(Summary::new(0, 0.0, 38.86)?, 3)?;
/// let customers = customers.finish();
/// assert_eq!((customers.people(), customers.groups()), (4, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Customers {
    pub(super) repeats: Vec<u32>,
    pub(super) recency: Vec<f64>,
    pub(super) age: Vec<f64>,
    pub(super) weights: Vec<u64>,
    people: u64,
}

/// Customers as they come, in any order.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    rows: Vec<Row>,
    people: u64,
}

/// Numbers not below zero go in the order of their bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    repeats: u32,
    recency: u64,
    age: u64,
    weight: u64,
}

impl Gather {
    /// Takes in `weight` customers that are alike; none for 0.
    ///
    /// # Errors
    /// [`GroupError::TooMany`].
    pub fn push(&mut self, summary: Summary, weight: u64) -> Result<(), GroupError> {
        self.people = added(self.people, weight)?;
        if weight > 0 {
            self.rows.push(Row {
                repeats: summary.repeats(),
                recency: summary.recency().to_bits(),
                age: summary.age().to_bits(),
                weight,
            });
        }
        Ok(())
    }

    /// Sorts and groups them.
    pub fn finish(mut self) -> Customers {
        // Equal rows are equal in all, so an unstable sort gives one order.
        self.rows.sort_unstable();
        let mut customers = Customers { people: self.people, ..Customers::default() };
        customers.take(self.rows);
        customers
    }
}

pub(super) fn added(people: u64, more: u64) -> Result<u64, GroupError> {
    people.checked_add(more).filter(|people| *people <= PEOPLE_MAX).ok_or(GroupError::TooMany)
}

impl Customers {
    /// A place to put customers, one by one.
    ///
    /// # Errors
    /// [`GroupError::Contract`] for customers under contract.
    pub fn gather(relation: Relation) -> Result<Gather, GroupError> {
        match relation {
            Relation::AtWill => Ok(Gather::default()),
            Relation::Contract => Err(GroupError::Contract),
        }
    }

    /// Takes rows in their order.
    fn take(&mut self, rows: Vec<Row>) {
        for row in rows {
            let last = self.weights.len().wrapping_sub(1);
            let alike = self.weights.last().is_some()
                && self.repeats[last] == row.repeats
                && self.recency[last].to_bits() == row.recency
                && self.age[last].to_bits() == row.age;
            if alike {
                self.weights[last] += row.weight;
            } else {
                self.repeats.push(row.repeats);
                self.recency.push(f64::from_bits(row.recency));
                self.age.push(f64::from_bits(row.age));
                self.weights.push(row.weight);
            }
        }
    }

    fn row(&self, at: usize) -> Row {
        Row {
            repeats: self.repeats[at],
            recency: self.recency[at].to_bits(),
            age: self.age[at].to_bits(),
            weight: self.weights[at],
        }
    }

    /// Adds other customers, such as those of another shop.
    ///
    /// # Errors
    /// [`GroupError::TooMany`]; nothing has changed then.
    pub fn merge(&mut self, other: &Customers) -> Result<(), GroupError> {
        let people = added(self.people, other.people)?;
        let mut rows = (0..self.groups()).map(|at| self.row(at)).collect::<Vec<_>>();
        rows.extend((0..other.groups()).map(|at| other.row(at)));
        // Two runs in order: the stable sort merges them.
        rows.sort();
        *self = Customers { people, ..Customers::default() };
        self.take(rows);
        Ok(())
    }

    /// How many there are.
    pub fn people(&self) -> u64 {
        self.people
    }

    /// How many different summaries there are.
    pub fn groups(&self) -> usize {
        self.weights.len()
    }

    /// Each summary, and how many customers have it.
    pub fn iter(&self) -> impl Iterator<Item = (Summary, u64)> {
        (0..self.groups()).map(|at| {
            let summary = Summary::new(self.repeats[at], self.recency[at], self.age[at]);
            (summary.expect("only summaries were taken in"), self.weights[at])
        })
    }

    /// Every so-many-th group, which is a fair sample since they are in order.
    pub(super) fn sample(&self, every: usize) -> Customers {
        let mut sample = Customers::default();
        for at in (every / 2..self.groups()).step_by(every) {
            sample.people += self.weights[at];
            sample.take(vec![self.row(at)]);
        }
        sample
    }

    /// How many customers have each number of repeats.
    pub(super) fn histogram(&self) -> Vec<(u64, f64)> {
        let mut counts: Vec<(u32, u64)> = Vec::new();
        for (repeats, weight) in self.repeats.iter().zip(&self.weights) {
            match counts.last_mut() {
                Some(last) if last.0 == *repeats => last.1 += weight,
                _ => counts.push((*repeats, *weight)),
            }
        }
        counts.into_iter().map(|(repeats, weight)| (u64::from(repeats), weight as f64)).collect()
    }

    /// The bytes, the same for the same customers on every machine.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(Form::Customers, self.groups());
        for at in 0..self.groups() {
            writer.number(self.repeats[at].into());
            writer.float(self.recency[at]);
            writer.float(self.age[at]);
            writer.number(self.weights[at]);
        }
        writer.finish()
    }

    /// Reads what [`Customers::encode`] wrote.
    ///
    /// # Errors
    /// [`EncodingError`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Customers, EncodingError> {
        let (mut reader, groups) = Reader::new(bytes, Form::Customers)?;
        let mut customers = Customers::default();
        let mut last = None;
        for _ in 0..groups {
            let repeats = u32::try_from(reader.number()?).map_err(|_| SummaryError::TooMany)?;
            let summary = Summary::new(repeats, reader.float()?, reader.float()?)?;
            let weight = reader.number()?;
            let row = Row {
                repeats,
                recency: summary.recency().to_bits(),
                age: summary.age().to_bits(),
                weight: 0,
            };
            if last.is_some_and(|last| last >= row) {
                return Err(EncodingError::Form);
            }
            if weight == 0 {
                return Err(SummaryError::Number(Field::Weight).into());
            }
            last = Some(row);
            customers.people = added(customers.people, weight).map_err(|_| EncodingError::Form)?;
            customers.take(vec![Row { weight, ..row }]);
        }
        reader.finish()?;
        Ok(customers)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Rows = Vec<(u32, u16, u16, u64)>;

    fn rows() -> impl Strategy<Value = Rows> {
        prop::collection::vec((0..4_u32, 1..6_u16, 0..3_u16, 0..5_u64), 0..40)
    }

    fn grouped(rows: &[(u32, u16, u16, u64)]) -> Customers {
        let mut gather = Customers::gather(Relation::AtWill).unwrap();
        for (repeats, recency, more, weight) in rows {
            let recency = if *repeats > 0 { f64::from(*recency) / 7.0 } else { 0.0 };
            gather
                .push(Summary::new(*repeats, recency, recency + f64::from(*more)).unwrap(), *weight)
                .unwrap();
        }
        gather.finish()
    }

    proptest! {
        #[test]
        fn order_and_split_change_nothing(rows in rows(), at in 0..40_usize, turn in 0..40_usize) {
            let whole = grouped(&rows);
            let mut turned = rows.clone();
            turned.rotate_left(turn % rows.len().max(1));
            prop_assert_eq!(&grouped(&turned), &whole);
            let (one, other) = turned.split_at(at.min(turned.len()));
            let mut merged = grouped(one);
            merged.merge(&grouped(other)).unwrap();
            prop_assert_eq!(merged.encode(), whole.encode());
            prop_assert_eq!(Customers::decode(&whole.encode()).unwrap(), whole);
        }
    }

    #[test]
    fn people_have_a_limit() {
        let mut gather = Customers::gather(Relation::AtWill).unwrap();
        let summary = Summary::new(0, 0.0, 1.0).unwrap();
        gather.push(summary, PEOPLE_MAX).unwrap();
        assert_eq!(gather.push(summary, 1), Err(GroupError::TooMany));
        let mut customers = gather.finish();
        let before = customers.clone();
        assert_eq!(customers.merge(&before), Err(GroupError::TooMany));
        assert_eq!(customers, before);
    }

    #[test]
    fn contracts_are_refused() {
        assert_eq!(Customers::gather(Relation::Contract).unwrap_err(), GroupError::Contract);
    }

    #[test]
    fn only_one_way_to_write_them() {
        let bytes = grouped(&[(1, 2, 1, 3), (0, 1, 2, 1)]).encode();
        for cut in 0..bytes.len() {
            assert!(Customers::decode(&bytes[..cut]).is_err());
        }
        assert_eq!(Customers::decode(&[&bytes[..], &[0]].concat()), Err(EncodingError::Long));
        let (head, groups) = bytes.split_at(7);
        let (first, second) = groups.split_at(18);
        let turned = [head, second, first].concat();
        assert_eq!(Customers::decode(&turned), Err(EncodingError::Form));
    }
}
