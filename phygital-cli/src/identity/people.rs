//! What a file of events or records says of who is who.

use std::collections::BTreeMap;

use phygital_core::identity::evidence::{Evidence, Fact};
use phygital_core::identity::matching::{Field, MatchingError, Model, Records};
use phygital_core::identity::resolver::{self, Resolver};
use phygital_core::identity::{Details, Rules, Ruling, Sighting, Subject};
use phygital_core::vocab::{RecordKey, TenantKey};

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

    /// What a row says of a person; `None` where there is no such row.
    pub(crate) fn details(&self, id: &str) -> Option<Details> {
        Some(self.evidence.sighting(self.rows.get(id)?)?.details)
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

    /// What agreement and difference of names and addresses are worth, learned from all that is said of people.
    pub(crate) fn learn(&self) -> Result<Model, MatchingError> {
        let sightings: Vec<Sighting> = self.evidence.sightings().collect();
        resolver::train(&sightings)
    }
}

/// Descriptions of people as records to compare, by fields of the names that details have.
pub(crate) fn descriptions<'d, I: Into<Box<str>>>(
    rows: impl IntoIterator<Item = (I, &'d Details)>,
) -> Result<Records, MatchingError> {
    let names = ["given_name", "surname", "birthday", "street", "city", "postcode", "country"];
    let kinds = DetailColumns::default().each().map(|(_, kind)| kind);
    let fields = names.into_iter().zip(kinds).map(|(name, kind)| Field::new(name, kind));
    Records::new(fields, rows.into_iter().map(|(id, details)| (id, values(details))))
}

fn values(details: &Details) -> [&str; 7] {
    let Details { given_name, surname, birthday, street, city, postcode, country } = details;
    [given_name, surname, birthday, street, city, postcode, country]
        .map(|value| value.as_deref().unwrap_or_default())
}
