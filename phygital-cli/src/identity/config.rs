//! The one file that says what the columns of a file mean and by which rules they are judged.

use std::path::Path;

use phygital_core::identity::matching::{Millibits, Model, WEIGHT_MAX};
use serde::Deserialize;

use super::mapping::Mapping;
use crate::failure::Failure;
use crate::settings;

/// The mappings that come with the command, for files that many people have.
const SHIPPED: [&str; 3] = [
    include_str!("../../mappings/febrl.json"),
    include_str!("../../mappings/historical_50k.json"),
    include_str!("../../mappings/fake_1000.json"),
];

/// What the columns of a file mean, and by which rules they are judged. All may be absent; unknown ones are refused.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What the columns mean; else one that comes with the command.
    pub(crate) mapping: Option<Mapping>,
    /// From which weights on.
    #[serde(default)]
    pub(crate) thresholds: Thresholds,
}

/// Weights from which something is so, in bits; those of the model unless said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thresholds {
    /// From which average weight of the pairs across, two profiles are one.
    #[serde(rename = "match")]
    pub(crate) matching: Option<f64>,
}

impl Config {
    /// Reads the file, or takes what goes without one.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::default()) };
        let config: Self = settings::parse(&settings::read(file)?, file)?;
        let named = |failure: Failure| failure.while_doing(&settings::name(file));
        config.mapping.iter().try_for_each(Mapping::check).map_err(named)?;
        config.thresholds.check().map_err(named)?;
        Ok(config)
    }

    /// What the columns mean: as the file says, else one that comes with the command and names no other column.
    pub(crate) fn mapping(&self, columns: &[String]) -> Result<Mapping, Failure> {
        if let Some(mapping) = &self.mapping {
            return Ok(mapping.clone());
        }
        let fits =
            |mapping: &Mapping| mapping.columns().all(|name| columns.iter().any(|column| column == name));
        let shipped = SHIPPED.into_iter().filter_map(|text| serde_json::from_str::<Self>(text).ok()?.mapping);
        shipped.into_iter().find(fits).ok_or_else(|| {
            let message =
                "no mapping comes with the command for these columns: write one and name it with --config";
            Failure::misuse("no_mapping", message)
        })
    }
}

impl Thresholds {
    fn check(self) -> Result<(), Failure> {
        let most = f64::from(WEIGHT_MAX) / 1000.0;
        match self.matching {
            Some(bits) if !(-most..=most).contains(&bits) => Err(Failure::misuse(
                "bad_settings",
                format!("thresholds.match: expected bits from -{most} to {most}"),
            )),
            _ => Ok(()),
        }
    }

    /// The model with these thresholds.
    pub(crate) fn on(self, mut model: Model) -> Model {
        // Thousandths of a bit; within the range by `check`.
        let millibits = |bits: f64| libm::round(bits * 1000.0) as Millibits;
        model.merge = self.matching.map_or(model.merge, millibits);
        model
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("people.json");
        std::fs::write(&path, text).unwrap();
        Config::read(Some(&path))
    }

    #[test]
    fn shipped_mappings_are_whole_and_each_finds_its_file() {
        for text in SHIPPED {
            let mapping = read(text).unwrap().mapping.unwrap();
            let columns: Vec<String> = mapping.columns().map(str::to_owned).collect();
            assert_eq!(Config::default().mapping(&columns).unwrap(), mapping);
        }
        assert_eq!(Config::default().mapping(&["a".to_owned()]).unwrap_err().kind, "no_mapping");
    }

    #[test]
    fn what_is_misspelt_or_beyond_is_refused() {
        for (text, told) in [
            (r#"{"id": "x"}"#, "unknown field `id`"),
            (r#"{"thresholds": {"merge": 1}}"#, "unknown field `merge`"),
            (r#"{"thresholds": {"match": 64.1}}"#, "thresholds.match: expected bits from -64 to 64"),
            (r#"{"mapping": {"id": "x"}}"#, "people.json: mapping: "),
        ] {
            let failure = read(text).unwrap_err();
            assert!(failure.message.contains(told), "{failure}");
        }
        assert!(read(r#"{"thresholds": {"match": 64}}"#).is_ok());
        assert_eq!(Config::read(None), Ok(Config::default()));
    }
}
