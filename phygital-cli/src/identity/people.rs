//! What a file of events or records says of who is who.

use std::collections::{BTreeMap, BTreeSet};

use phygital_core::identity::evidence::{Evidence, Fact};
use phygital_core::identity::matching::{Field, MatchingError, Model};
use phygital_core::identity::resolver::{self, Resolver};
use phygital_core::identity::{
    Class, Details, HouseholdClass, Resident, Rules, Ruling, Sighting, Subject, households,
};
use phygital_core::vocab::{CustomerId, IdentifierKey, IdentifierKind, RecordKey, TenantKey, Timestamp};

use super::assertions::{Assertions, Faults};
use super::mapping::{DetailColumns, Mapping};
use super::names::Names;
use super::rulings::{rulings, subject};
use crate::failure::Failure;
use crate::output::Output;
use crate::table::Table;

/// The evidence of a file.
pub(crate) struct People {
    /// All that its rows say.
    pub(crate) evidence: Evidence,
    /// Its rows by their ids.
    pub(crate) rows: BTreeMap<Box<str>, RecordKey>,
    /// What its keys stand for, where that was asked for.
    pub(crate) names: Names,
}

impl People {
    /// Reads a table by a mapping of evidence. Values that are not what their column should hold are left out and told, or
    /// end the reading where it is `strict`. What keys stand for is kept where they are to be `named`.
    pub(crate) fn read(
        table: &mut Table,
        mapping: &Mapping,
        (tenant, rules): (TenantKey, Rules),
        (strict, named): (bool, bool),
        output: &Output,
    ) -> Result<Self, Failure> {
        let assertions = Assertions::new(mapping, table)?;
        let mut faults = Faults::new(strict);
        let evidence = Evidence::new(tenant.clone(), rules);
        let mut people = Self { evidence, rows: BTreeMap::new(), names: Names::default() };
        while let Some(row) = table.next()? {
            let said = assertions.read(&row, &mut faults)?;
            let id: Box<str> = said.record.as_str().into();
            if named {
                people.names.add(&said, &tenant, people.evidence.rules());
            }
            let refused = |error: &dyn std::fmt::Display| {
                Failure::misuse("malformed", error.to_string()).at_line(row.line)
            };
            let keyed = said.keyed(&tenant).map_err(|error| refused(&error))?;
            if people.rows.insert(id, keyed.record()).is_some() {
                return Err(refused(&format!("column {}: this id is there twice", mapping.id)));
            }
            people.evidence.add(Fact::Asserted(keyed)).map_err(|error| refused(&error))?;
        }
        faults.told().for_each(|line| output.note(&line));
        Ok(people)
    }

    /// Takes in what people decided.
    pub(crate) fn rule(&mut self, table: &mut Table) -> Result<(), Failure> {
        for fact in rulings(table, &self.rows, self.evidence.tenant(), self.evidence.rules())? {
            self.evidence.add(fact).map_err(|error| Failure::misuse("malformed", error.to_string()))?;
        }
        Ok(())
    }

    /// What a text names: a row by its id, or an identifier.
    pub(crate) fn subject(&self, text: &str) -> Result<Subject, Failure> {
        subject(text, &self.rows, self.evidence.tenant(), self.evidence.rules())
    }

    /// The same under other rules.
    pub(crate) fn under(&self, rules: Rules) -> Result<Self, Failure> {
        let mut evidence = Evidence::new(self.evidence.tenant().clone(), rules);
        evidence.merge(&self.evidence).map_err(|error| Failure::failed("bug", error.to_string()))?;
        Ok(Self { evidence, rows: self.rows.clone(), names: Names::default() })
    }

    /// Who is who by all of it.
    pub(crate) fn resolver(&self, model: Option<Model>, output: &Output) -> Resolver {
        let mut resolver = Resolver::new(self.evidence.rules().clone(), model);
        let sightings: Vec<Sighting> = self.evidence.sightings().collect();
        let rulings: Vec<Ruling> = self.evidence.rulings().copied().collect();
        output.working("resolving", || resolver.replace(&[], &sightings, &[], &rulings));
        resolver
    }

    /// The household of each profile, named by one of its profiles. Who lives in an institution is a household alone.
    pub(crate) fn households(&self, resolver: &Resolver) -> BTreeMap<CustomerId, CustomerId> {
        let sightings: Vec<Sighting> = self.evidence.sightings().collect();
        let mut known: BTreeMap<CustomerId, Known<'_>> = BTreeMap::new();
        for sighting in &sightings {
            let Some(profile) = resolver.profile_of(&sighting.record) else { continue };
            let known = known.entry(profile).or_insert_with(|| Known::since(sighting.time));
            known.first = known.first.min(sighting.time);
            // What may link nobody ties nobody.
            if sighting.linking {
                known.details.push(&sighting.details);
                // A number that was given out again does not tie those who had it one after the other.
                let counts = |key: &IdentifierKey| {
                    !matches!(resolver.class(key), None | Some(Class::Recycled { .. } | Class::Junk))
                };
                let named = sighting.named.iter().filter(|named| !named.junk && counts(&named.key));
                known.identifiers.extend(named.map(|named| (named.kind, named.key)));
            }
        }
        let residents: Vec<Resident<'_>> = known
            .iter()
            .map(|(profile, Known { first, details, identifiers })| Resident {
                profile: *profile,
                first: *first,
                details,
                identifiers,
            })
            .collect();
        let houses = households(self.evidence.rules(), &residents);
        let id = |one: &CustomerId, house: CustomerId, alone: bool| (*one, if alone { *one } else { house });
        houses
            .iter()
            .flat_map(|house| {
                let alone = house.class == HouseholdClass::Institution;
                house.members.iter().map(move |one| id(one, house.id, alone))
            })
            .collect()
    }

    /// How many descriptions of people there are, each counted once.
    pub(crate) fn described(&self) -> usize {
        let said = self.evidence.sightings().filter(|one| one.linking).map(|one| one.details);
        said.filter(|details| *details != Details::default()).collect::<BTreeSet<_>>().len()
    }

    /// What agreement and difference of names and addresses are worth, learned from all that is said of people.
    pub(crate) fn learn(&self) -> Result<Model, MatchingError> {
        let sightings: Vec<Sighting> = self.evidence.sightings().collect();
        resolver::train(&sightings)
    }
}

/// What the sightings of a profile say of where somebody lives.
struct Known<'s> {
    first: Timestamp,
    details: Vec<&'s Details>,
    identifiers: Vec<(IdentifierKind, IdentifierKey)>,
}

impl Known<'_> {
    fn since(first: Timestamp) -> Self {
        Self { first, details: Vec::new(), identifiers: Vec::new() }
    }
}

/// The fields of a description of a person, as models name them.
pub(crate) fn described_fields() -> Vec<Field> {
    let names = ["given_name", "surname", "birthday", "street", "city", "postcode", "country"];
    let kinds = DetailColumns::default().each().map(|(_, kind)| kind);
    names.into_iter().zip(kinds).map(|(name, kind)| Field::new(name, kind)).collect()
}
