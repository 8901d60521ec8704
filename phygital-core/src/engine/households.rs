//! Who lives together, among the customers of a store.

use std::collections::BTreeMap;

use crate::identity::{Details, Household, Resident, households};
use crate::store::{Read, Store};
use crate::vocab::{CustomerId, IdentifierKey, IdentifierKind, Timestamp};

use super::Error;
use super::people::People;

/// What is known of where a customer lives.
struct Known {
    first: Timestamp,
    details: Vec<Details>,
    identifiers: Vec<(IdentifierKind, IdentifierKey)>,
}

impl<S: Store> People<'_, S> {
    /// Who lives together: every customer in one household, in order of their ids; see [`households`]. By the addresses that
    /// were said of them, and by what they share. Who took linking back is alone.
    ///
    /// Reads every identifier, and keeps what is said of people in memory.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn households(&self) -> Result<Vec<Household>, Error> {
        self.engine.usable()?;
        let reader = self.engine.store.reader()?;
        let mut all: Vec<(IdentifierKey, CustomerId)> = Vec::new();
        reader.each_identifier(&mut |key, customer| all.push((key, customer)))?;
        let mut known: BTreeMap<CustomerId, Known> = BTreeMap::new();
        for (key, customer) in all {
            let Some(node) = reader.node(&key)? else { continue };
            let nothing = || Known { first: node.first.at, details: Vec::new(), identifiers: Vec::new() };
            let hers = known.entry(customer).or_insert_with(nothing);
            hers.first = hers.first.min(node.first.at);
            if node.withdrawn {
                continue;
            }
            hers.identifiers.push((node.identifier.kind(), key));
            if node.shared {
                // What is said of whoever has it is not said of her alone.
                continue;
            }
            hers.details.extend(node.details);
            hers.identifiers.extend(reader.links(&key)?.iter().map(|link| (link.kind, link.with)));
        }
        let details: Vec<Vec<&Details>> = known.values().map(|hers| hers.details.iter().collect()).collect();
        let residents = known.iter().zip(&details).map(|((profile, hers), details)| Resident {
            profile: *profile,
            first: hers.first,
            details,
            identifiers: &hers.identifiers,
        });
        Ok(households(self.engine.rules(), &residents.collect::<Vec<_>>()))
    }
}
