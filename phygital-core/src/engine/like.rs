//! Whom a record may tell of, and what a person should look at.

use std::collections::BTreeSet;

use crate::identity::Details;
use crate::identity::matching::{BLOCK_MAX, Millibits};
use crate::identity::review::{Beside, Policy, Question, Queue};
use crate::identity::union::{Component, Cut};
use crate::store::{Read, Store};
use crate::vocab::{CustomerId, DescriptionKey, Identifier, IdentifierKey};

use super::Error;
use super::customers::Around;
use super::described::{holders, key_of, like};
use super::people::People;

/// A customer whom a record may tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Who.
    pub customer: CustomerId,
    /// An identifier of hers of which the most similar description was said; of several, that of the least key.
    pub identifier: Identifier,
    /// How much the agreement of the two is worth.
    pub weight: Millibits,
    /// Whether it is a match by the model, and not only worth a look.
    pub is_match: bool,
}

/// What a person should look at in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Review {
    /// The questions, the worst first.
    pub doubts: Vec<Doubtful>,
    /// How many blocking keys more than [`BLOCK_MAX`] descriptions share, so that those who share nothing else were not held
    /// against each other.
    pub crowded: u64,
}

/// A question to a person: are two one?
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Doubtful {
    /// The question.
    pub question: Question,
    /// An identifier at each end: an *Identifiers Linked* or *Identifiers Separated* of the two answers it.
    pub ends: (Identifier, Identifier),
}

/// Least events that name two together before it is asked why they are two customers. The store does not count them.
const SUPPORT_MIN: u32 = 1;

impl<S: Store> People<'_, S> {
    /// The customers whom a record may tell of, held against what is said of all: those of at least the model's weight for
    /// review, the weightiest first, among equals the least id.
    ///
    /// It finds, and does not decide. Costs a look at each of the record's blocking keys, and a comparison with the at most
    /// [`BLOCK_MAX`] that share it.
    ///
    /// # Errors
    /// [`Error::Misuse`] for a store without a model; [`Error::Storage`].
    pub fn candidates(&self, record: &Details) -> Result<Vec<Candidate>, Error> {
        self.engine.usable()?;
        let Some(model) = self.engine.model() else { return Err(Error::Misuse("a store with a model")) };
        let reader = self.engine.store.reader()?;
        let lens = self.engine.lens();
        let mut alike: Vec<(DescriptionKey, Millibits)> = Vec::new();
        let own = key_of(lens.tenant, record);
        alike.extend(like(&reader, lens, record)?.into_iter().map(|one| (one.with, one.weight)));
        if reader.description(&own)?.is_some() && alike.iter().all(|(key, _)| *key != own) {
            // What others say likewise is common, and all the same the very same.
            let worth = lens.matching.map_or(0, |matching| matching.worth(lens.rules, record));
            alike.push((own, worth));
        }
        alike.sort_by_key(|(key, weight)| (std::cmp::Reverse(*weight), *key));
        let mut candidates: Vec<Candidate> = Vec::new();
        for (key, weight) in alike {
            for holder in holders(&reader, &key)? {
                let Some(node) = reader.node(&holder)? else { continue };
                // The weightiest come first, so what follows of the same customer says no more.
                if candidates.iter().all(|one| one.customer != node.customer) {
                    let (customer, identifier) = (node.customer, node.identifier);
                    let is_match = weight >= model.match_at;
                    candidates.push(Candidate { customer, identifier, weight, is_match });
                }
            }
        }
        candidates.sort_by_key(|one| (std::cmp::Reverse(one.weight), one.customer));
        Ok(candidates)
    }

    /// What a person should look at: who is one customer although names or dates of birth differ, who is two although
    /// something says that they are one, and whom the model finds alike without being sure. At most so many questions, the
    /// worst.
    ///
    /// Costs reading everything that ties identifiers.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn review(&self, questions: usize) -> Result<Review, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        let lens = self.engine.lens();
        let (review, threshold) = self.engine.model().map_or((0, 0), |one| (one.review_at, one.match_at));
        let policy = Policy { questions, support: SUPPORT_MIN, threshold, review };
        let mut queue = Queue::new(policy);
        let mut all: Vec<IdentifierKey> = Vec::new();
        reader.each_identifier(&mut |key, _| all.push(key))?;
        let mut met = BTreeSet::new();
        let mut near = BTreeSet::new();
        for key in all {
            if met.contains(&key) {
                continue;
            }
            let around = Around::gather(&reader, lens, BTreeSet::from([key]))?;
            queue.look(
                &around.component,
                &around.cut(lens.rules),
                Beside::default(),
                &around.agreement(lens.rules),
            );
            for node in around.nodes.values() {
                for details in node.details.iter().filter(|_| lens.matching.is_some()) {
                    let one = key_of(lens.tenant, details);
                    let pairs = reader.alike(&one)?.into_iter().filter(|other| other.weight < threshold);
                    near.extend(pairs.map(|other| (one.min(other.with), one.max(other.with), other.weight)));
                }
            }
            met.extend(around.nodes.into_keys());
        }
        for (one, two, weight) in near {
            let mut start: BTreeSet<IdentifierKey> = holders(&reader, &one)?.into_iter().collect();
            start.extend(holders(&reader, &two)?);
            let around = Around::gather(&reader, lens, start)?;
            let places = (around.place_of_description(&one), around.place_of_description(&two));
            let (Some(first), Some(second)) = places else { continue };
            let cut = around.cut(lens.rules);
            if !is_answered(&around.component, &cut, (first, second)) {
                let pairs = [(first, second, weight)];
                let beside = Beside { pairs: &pairs, households: &[] };
                queue.look(&around.component, &cut, beside, &around.agreement(lens.rules));
            }
        }
        let mut doubts = Vec::new();
        for question in queue.questions() {
            let (one, two) = question.ends;
            let ends =
                (end(&reader, one.key, question.profiles.0)?, end(&reader, two.key, question.profiles.1)?);
            if let (Some(one), Some(two)) = ends {
                doubts.push(Doubtful { question: *question, ends: (one, two) });
            }
        }
        let crowded = if lens.matching.is_some() { reader.blocks_above(BLOCK_MAX)? } else { 0 };
        Ok(Review { doubts, crowded })
    }
}

/// Whether somebody said that an identifier of the one customer and one of the other are two people's.
fn is_answered(component: &Component, cut: &Cut, (one, two): (u32, u32)) -> bool {
    let profiles = |(one, two): (u32, u32)| {
        let (one, two) = (cut.cluster_of[one as usize], cut.cluster_of[two as usize]);
        (one.min(two), one.max(two))
    };
    component.apart.iter().any(|apart| profiles(*apart) == profiles((one, two)))
}

/// The identifier that stands at an end of a question: itself, or of a description the first of the customer's that it was
/// said of.
fn end(reader: &impl Read, key: IdentifierKey, customer: CustomerId) -> Result<Option<Identifier>, Error> {
    if let Some(node) = reader.node(&key)? {
        return Ok(Some(node.identifier));
    }
    for holder in holders(reader, &DescriptionKey::from_bytes(*key.as_bytes()))? {
        if let Some(node) = reader.node(&holder)?.filter(|node| node.customer == customer) {
            return Ok(Some(node.identifier));
        }
    }
    Ok(None)
}
