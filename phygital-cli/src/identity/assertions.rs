//! Rows as evidence of who is who.

use std::collections::BTreeMap;

use phygital_core::identity::evidence::limits::TRAIT_BYTES_MAX;
use phygital_core::identity::evidence::{Assertion, HashedContact, TraitName};
use phygital_core::vocab::{Identifier, IdentifierKind, Region, SourceId, Timestamp};

use super::mapping::Mapping;
use super::records::record_id;
use crate::failure::Failure;
use crate::settings::region;
use crate::table::{Row, Table};

/// The source of rows that name none.
const SOURCE: &str = "file";

/// Takes rows as assertions, by a mapping.
pub(super) struct Assertions<'m> {
    mapping: &'m Mapping,
    id: usize,
    identifiers: Vec<Named<'m>>,
    traits: Vec<(Column<'m>, TraitName)>,
    time: Option<Column<'m>>,
    source: Option<Column<'m>>,
    linking: Option<Column<'m>>,
    region: Option<Column<'m>>,
    default_region: Option<Region>,
}

/// Where a column stands, and its name.
#[derive(Clone, Copy)]
struct Column<'m> {
    place: usize,
    name: &'m str,
}

/// A column with identifiers.
struct Named<'m> {
    value: Column<'m>,
    kind: IdentifierKind,
    sha256: bool,
    /// The column whose value stands before.
    prefix: Option<Column<'m>>,
}

/// Values that are not what their column should hold, by column and reason: how many, and the line of the first.
///
/// They are left out and told. Where they may not be left out, the first ends the reading.
#[derive(Debug, Default)]
pub(super) struct Faults {
    strict: bool,
    seen: BTreeMap<(String, String), (u64, u64)>,
}

impl Faults {
    pub(super) fn new(strict: bool) -> Self {
        Self { strict, seen: BTreeMap::new() }
    }

    fn add(&mut self, column: &str, line: u64, what: &str) -> Result<(), Failure> {
        if self.strict {
            return Err(Failure::misuse("malformed", format!("column {column}: {what}")).at_line(line));
        }
        self.seen.entry((column.to_owned(), what.to_owned())).or_insert((0, line)).0 += 1;
        Ok(())
    }

    /// A line for each column and reason.
    pub(super) fn told(&self) -> impl Iterator<Item = String> {
        self.seen.iter().map(|((column, what), (count, line))| {
            let values = if *count == 1 { "1 value" } else { &format!("{count} values") };
            format!("column {column}: {values} left out, the first in line {line}: {what}")
        })
    }
}

/// A time with its zone, or one in UTC, or a day.
pub(super) fn time(text: &str) -> Result<Timestamp, &'static str> {
    let forms = [text.to_owned(), format!("{text}Z"), format!("{text}T00:00:00Z")];
    let read = forms.iter().find_map(|form| Timestamp::parse(form).ok());
    read.ok_or("expected a time such as 2026-11-21T12:00:00Z, from 1970 to 9999")
}

/// Whether a word says yes.
pub(super) fn yes(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Ok(true),
        "0" | "false" | "no" => Ok(false),
        _ => Err("expected 1 or 0, true or false, yes or no"),
    }
}

impl<'m> Assertions<'m> {
    /// Finds the columns of a mapping in a table.
    pub(super) fn new(mapping: &'m Mapping, table: &mut Table) -> Result<Self, Failure> {
        let mut column = |name: &'m str| table.column(name).map(|place| Column { place, name });
        let mut identifiers = Vec::new();
        for one in &mapping.identifiers {
            let prefix = one.prefix.as_deref().map(&mut column).transpose()?;
            let value = column(&one.name)?;
            identifiers.push(Named { value, kind: one.kind, sha256: one.sha256, prefix });
        }
        let mut traits = Vec::new();
        for ((name, _), kind) in mapping.details.each().into_iter().zip(TraitName::KNOWN) {
            if let Some(name) = name {
                traits.push((column(name)?, kind));
            }
        }
        let mut single = |name: &'m Option<String>| name.as_deref().map(&mut column).transpose();
        let (time, source) = (single(&mapping.time)?, single(&mapping.source)?);
        let (linking, region) = (single(&mapping.linking)?, single(&mapping.region)?);
        let default_region = mapping.default_region.as_deref().and_then(|code| code.parse().ok());
        let id = column(&mapping.id)?.place;
        Ok(Self { mapping, id, identifiers, traits, time, source, linking, region, default_region })
    }

    /// What a row says.
    pub(super) fn read(&self, row: &Row<'_>, faults: &mut Faults) -> Result<Assertion, Failure> {
        let mut reading = Reading { assertions: self, row, faults };
        let id = record_id(row, self.id, self.mapping)?;
        let source = reading.single(self.source, |text| SourceId::new(text))?;
        let source = source.unwrap_or_else(|| SourceId::new(SOURCE).expect("a short word"));
        let time = reading.single(self.time, time)?.unwrap_or(Timestamp::MIN);
        let region =
            reading.single(self.region, |code| region(&code.to_ascii_uppercase()))?.or(self.default_region);
        let mut said = Assertion::new(source, id, 0, time);
        // Who does not say yes says no.
        if self.linking.is_some() && reading.single(self.linking, yes)? != Some(true) {
            said = said.without_linking();
        }
        for named in &self.identifiers {
            said = reading.named(said, named, region)?;
        }
        for (column, name) in &self.traits {
            let value = row.get(column.place);
            if value.len() > TRAIT_BYTES_MAX {
                let what = format!("expected at most {TRAIT_BYTES_MAX} bytes");
                reading.faults.add(column.name, row.line, &what)?;
            } else if !self.mapping.is_null(value) {
                said = said.with_trait(name.clone(), value);
            }
        }
        said.check().map_err(|error| Failure::misuse("malformed", error.to_string()).at_line(row.line))?;
        Ok(said)
    }
}

/// One row on its way to be an assertion.
struct Reading<'r, 'm> {
    assertions: &'r Assertions<'m>,
    row: &'r Row<'r>,
    faults: &'r mut Faults,
}

impl Reading<'_, '_> {
    fn value(&self, column: Column<'_>) -> Option<&str> {
        Some(self.row.get(column.place)).filter(|value| !self.assertions.mapping.is_null(value))
    }

    /// The value of a column, read; `None` where there is none, or it is not as expected.
    fn single<T, E: std::fmt::Display>(
        &mut self,
        column: Option<Column<'_>>,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        let Some(column) = column else { return Ok(None) };
        match self.value(column).map(read) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(error)) => {
                self.faults.add(column.name, self.row.line, &error.to_string())?;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// The assertion with one identifier more, if the row has it.
    fn named(
        &mut self,
        said: Assertion,
        named: &Named<'_>,
        region: Option<Region>,
    ) -> Result<Assertion, Failure> {
        let Some(value) = self.value(named.value) else { return Ok(said) };
        let prefixed = match named.prefix {
            None => None,
            Some(prefix) => match self.value(prefix) {
                Some(before) => Some(format!("{before}:{value}")),
                None => {
                    let what = format!("expected a value in column {}", prefix.name);
                    self.faults.add(named.value.name, self.row.line, &what)?;
                    return Ok(said);
                }
            },
        };
        let value = prefixed.as_deref().unwrap_or(value);
        let what = if named.sha256 {
            match HashedContact::from_hex(named.kind, value) {
                Ok(contact) => return Ok(said.with_hashed(contact)),
                Err(error) => error.to_string(),
            }
        } else {
            match Identifier::in_region(named.kind, value, region) {
                Ok(identifier) => return Ok(said.with(identifier)),
                Err(error) => error.to_string(),
            }
        };
        self.faults.add(named.value.name, self.row.line, &what).map(|()| said)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::Output;

    const MAPPING: &str = r#"{"id": "id", "null": ["none"], "time": "at", "source": "from", "linking": "may",
        "region": "land", "default_region": "FR",
        "identifiers": [
            {"name": "phone", "kind": "phone"}, {"name": "hash", "kind": "email", "sha256": true},
            {"name": "till", "kind": "pos_customer", "prefix": "vendor"}],
        "details": {"given_name": "first", "country": "land"}}"#;

    const HEAD: &str = "id,at,from,may,land,phone,hash,vendor,till,first\n";

    fn read(rows: &str, strict: bool) -> Result<(Vec<Assertion>, Vec<String>), Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, format!("{HEAD}{rows}")).unwrap();
        let mapping: Mapping = serde_json::from_str(MAPPING).unwrap();
        let mut table = Table::open(&path, &Output::new(true))?;
        let assertions = Assertions::new(&mapping, &mut table)?;
        let mut faults = Faults::new(strict);
        let mut said = Vec::new();
        while let Some(row) = table.next()? {
            said.push(assertions.read(&row, &mut faults)?);
        }
        Ok((said, faults.told().collect()))
    }

    #[test]
    fn a_row_says_what_its_columns_mean() {
        let hash = "0".repeat(64);
        let row = format!(
            "7,2026-03-01 09:00:00,crm,1,us,(510) 555-0101,{hash},pos_a,42,Ada\n8,2026-03-01,,0,,06 12 34 56 78,,,,None\n"
        );
        let (said, faults) = read(&row, true).unwrap();
        assert!(faults.is_empty(), "{faults:?}");
        let named: Vec<String> =
            said[0].identifiers.iter().map(|one| format!("{}:{}", one.kind(), one.value())).collect();
        assert_eq!(named, ["phone:+15105550101", "pos_customer:pos_a:42"]);
        assert_eq!((said[0].source.as_str(), said[0].linking, said[0].hashed.len()), ("crm", true, 1));
        assert_eq!(said[0].time, Timestamp::parse("2026-03-01T09:00:00Z").unwrap());
        let first = said[0].traits.get(&TraitName::GivenName).map(|value| value.reveal());
        assert_eq!((first, said[0].traits.len()), (Some("Ada"), 2));
        assert_eq!((said[1].source.as_str(), said[1].linking, said[1].traits.len()), (SOURCE, false, 0));
        assert_eq!(said[1].identifiers[0].value(), "+33612345678");
        assert_eq!(said[1].time, Timestamp::parse("2026-03-01T00:00:00Z").unwrap());
    }

    #[test]
    fn what_is_no_value_is_counted_or_ends_the_reading() {
        let long = "x".repeat(TRAIT_BYTES_MAX + 1);
        let rows = format!("1,soon,a,perhaps,France,12,no,,42,{long}\n2,,a,1,,12,,pos_a,42,\n");
        let (said, faults) = read(&rows, false).unwrap();
        assert_eq!((said.len(), said[0].linking, said[0].identifiers.len()), (2, false, 0));
        assert_eq!((said[0].time, said[1].identifiers.len()), (Timestamp::MIN, 1));
        let told = [
            "column at: 1 value left out, the first in line 2: expected a time",
            "column first: 1 value left out, the first in line 2: expected at most 512 bytes",
            "column hash: 1 value left out, the first in line 2: expected 64 hexadecimal digits",
            "column land: 1 value left out, the first in line 2: expected a country of ISO 3166-1",
            "column may: 1 value left out, the first in line 2: expected 1 or 0",
            "column phone: 2 values left out, the first in line 2: expected a phone number",
            "column till: 1 value left out, the first in line 2: expected a value in column vendor",
        ];
        assert_eq!(faults.len(), told.len(), "{faults:?}");
        assert!(faults.iter().zip(told).all(|(found, told)| found.starts_with(told)), "{faults:?}");
        let failure = read("1,,,,,,,,,\n2,,a,1,,12,,,,\n", true).unwrap_err();
        assert_eq!(
            (failure.line, failure.message.starts_with("column phone: expected a phone")),
            (Some(3), true)
        );
    }

    #[test]
    fn a_trait_may_be_as_long_as_the_limit() {
        let (said, faults) = read(&format!("1,,,1,,,,,,{}\n", "x".repeat(TRAIT_BYTES_MAX)), true).unwrap();
        assert_eq!((said[0].traits.len(), faults.len()), (1, 0));
    }

    proptest! {
        #[test]
        fn any_row_is_an_assertion_or_a_failure(cells in prop::collection::vec("\\PC{0,12}", 9)) {
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            let (said, faults) = read(&format!("1,{}\n", quoted.join(",")), false).unwrap();
            prop_assert!(said.len() == 1 && faults.len() <= 9);
            prop_assert!(faults.iter().all(|fault| !cells.iter().any(|cell| cell.len() > 8 && fault.contains(cell.as_str()))));
        }
    }
}
