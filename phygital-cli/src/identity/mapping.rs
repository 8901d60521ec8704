//! Which columns of a file are compared, and as what.

use std::path::Path;

use phygital_core::identity::matching::Field;
use serde::Deserialize;

use crate::failure::Failure;
use crate::settings;

/// The mappings that come with the command, for files that many people have.
const SHIPPED: [&str; 3] = [
    include_str!("../../mappings/febrl.json"),
    include_str!("../../mappings/historical_50k.json"),
    include_str!("../../mappings/fake_1000.json"),
];

/// Which column names a record, and which are compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// The column with the id of a record.
    pub(crate) id: String,
    /// The columns that are compared, by their names.
    pub(crate) fields: Vec<Field>,
}

impl Mapping {
    /// Reads a mapping.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        settings::parse(&settings::read(file)?, file)
    }

    /// The one that comes with the command for a file of these columns.
    pub(crate) fn of_columns(columns: &[&str]) -> Result<Self, Failure> {
        let fits = |mapping: &Self| {
            let names = mapping.fields.iter().map(|field| field.name.as_str()).chain([mapping.id.as_str()]);
            names.into_iter().all(|name| columns.contains(&name))
        };
        let shipped = SHIPPED.into_iter().filter_map(|text| parse(text).ok());
        shipped.into_iter().find(fits).ok_or_else(|| {
            let message =
                "no mapping comes with the command for these columns: write one and name it with --config";
            Failure::misuse("no_mapping", message)
        })
    }
}

fn parse(text: &str) -> Result<Mapping, serde_json::Error> {
    serde_json::from_str(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn shipped_mappings_are_whole() {
        for text in SHIPPED {
            let mapping = parse(text).unwrap();
            let mut columns: Vec<&str> = mapping.fields.iter().map(|field| field.name.as_str()).collect();
            columns.push(&mapping.id);
            assert_eq!(Mapping::of_columns(&columns).unwrap().fields, mapping.fields);
        }
        assert_eq!(Mapping::of_columns(&["a", "b"]).unwrap_err().kind, "no_mapping");
    }
}
