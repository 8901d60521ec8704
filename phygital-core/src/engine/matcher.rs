//! Records held against the customers of a store, one at a time: who may it be?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::consent::contacts;
use crate::event::Body;
use crate::identity::Details;
use crate::identity::matching::{Index, Millibits, Model};
use crate::identity::resolver::values;
use crate::store::{Position, Read, Store};
use crate::vocab::{CustomerId, Identifier, IdentifierKey};

use super::customers::{Lens, read_entry};
use super::remake::companions;
use super::{Engine, Error};

/// How many entries are read at once.
const PAGE: usize = 256;

/// What is said of the customers of a store, in memory, for a new record to be held against: names, dates of birth and
/// addresses, weighed by a model.
///
/// It is a function of the state alone, so the order in which events came does not matter; asked, it first reads what the
/// log got meanwhile. Whoever took linking back is not in it, and what several people share is not either. It takes about
/// three kilobytes for each description.
///
/// It finds, and does not decide: a till whose staff, or whose rule, takes a candidate for the same person records an
/// *Identifiers Linked* of the two identifiers, and that outranks what keeps them apart.
pub struct Matcher {
    index: Index<(IdentifierKey, u8)>,
    /// How many descriptions of each identifier are in the index.
    described: BTreeMap<IdentifierKey, u8>,
    /// How far the log was read.
    behind: Position,
}

/// A customer whom a record may tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Who.
    pub customer: CustomerId,
    /// The identifier of which the most similar description was said.
    pub identifier: Identifier,
    /// How much the agreement of the two is worth.
    pub weight: Millibits,
    /// Whether it is a match by the model, and not only worth a look.
    pub is_match: bool,
}

impl<S: Store> Engine<S> {
    /// Reads what is said of the customers, to hold records against it by a model: one that was learned from records with
    /// fields named as those of [`Details`], such as [`resolver::train`](crate::identity::resolver::train) gives.
    ///
    /// Costs reading every identifier.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn matcher(&self, model: Model) -> Result<Matcher, Error> {
        self.usable()?;
        let mut matcher = Matcher { index: Index::new(model), described: BTreeMap::new(), behind: 0 };
        matcher.load(&self.store.reader()?)?;
        Ok(matcher)
    }
}

impl Matcher {
    /// The customers whom a record may tell of, as the store is now: those of at least the model's weight for review, the
    /// weightiest first, among equals the least id.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn candidates<S: Store>(
        &mut self,
        engine: &Engine<S>,
        record: &Details,
    ) -> Result<Vec<Candidate>, Error> {
        engine.usable()?;
        let reader = engine.store.reader()?;
        self.catch_up(&reader, Lens { tenant: &engine.tenant, rules: &engine.rules })?;
        let (review, sure) = (self.index.model().review_at, self.index.model().match_at);
        let said = values(self.index.model(), record);
        let fits = Error::Bug("a record has as many values as the model has fields");
        let found = self.index.matches(&said, review).map_err(|_| fits)?;
        let mut candidates: Vec<Candidate> = Vec::new();
        // The weightiest first, so what follows of the same customer says no more.
        for ((key, _), weight) in found {
            let Some(node) = reader.node(&key)? else { continue };
            if candidates.iter().all(|one| one.customer != node.customer) {
                let (customer, identifier) = (node.customer, node.identifier);
                candidates.push(Candidate { customer, identifier, weight, is_match: weight >= sure });
            }
        }
        candidates.sort_by_key(|one| (std::cmp::Reverse(one.weight), one.customer));
        Ok(candidates)
    }

    /// Reads all identifiers.
    fn load(&mut self, reader: &impl Read) -> Result<(), Error> {
        let mut keys: BTreeSet<IdentifierKey> = std::mem::take(&mut self.described).into_keys().collect();
        self.index = Index::new(self.index.model().clone());
        reader.each_identifier(&mut |key, _| {
            keys.insert(key);
        })?;
        self.behind = reader.len()?;
        keys.iter().try_for_each(|key| self.describe(reader, key))
    }

    /// Reads the identifiers anew of which the log says something behind what was read.
    fn catch_up(&mut self, reader: &impl Read, lens: Lens<'_>) -> Result<(), Error> {
        let mut keys = BTreeSet::new();
        loop {
            let page = reader.entries(self.behind, PAGE)?;
            let Some((last, _)) = page.last() else { break };
            self.behind = *last;
            for (_, entry) in &page {
                let Some(recorded) = read_entry(entry)? else { continue };
                let event = &recorded.event;
                keys.extend(lens.usable(&event.identifiers).into_iter().map(|(key, _)| key));
                for contact in contacts(event) {
                    // Whether it links says of whom else its names are.
                    keys.extend(companions(reader, lens, &contact.key(lens.tenant))?);
                }
                match &event.body {
                    Body::PayloadStruck(_) => return self.load(reader),
                    Body::CustomerChanged(change) if change.rules.is_some() => return self.load(reader),
                    _ => {}
                }
            }
        }
        keys.iter().try_for_each(|key| self.describe(reader, key))
    }

    /// Puts what is said of an identifier in place of what was.
    fn describe(&mut self, reader: &impl Read, key: &IdentifierKey) -> Result<(), Error> {
        for n in 0..self.described.remove(key).unwrap_or(0) {
            self.index.remove(&(*key, n));
        }
        let node = reader.node(key)?.filter(|node| !node.shared && !node.withdrawn);
        let details = node.map_or_else(Vec::new, |node| node.details);
        for (n, details) in (0..u8::MAX).zip(&details) {
            let said: Vec<String> =
                values(self.index.model(), details).into_iter().map(str::to_owned).collect();
            let full = Error::Misuse("fewer than 2^32 descriptions of customers");
            self.index.insert((*key, n), &said).map_err(|_| full)?;
            self.described.insert(*key, n + 1);
        }
        Ok(())
    }
}

/// Records are people: only how many there are is printed.
impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matcher({} descriptions of {} identifiers)", self.index.len(), self.described.len())
    }
}
