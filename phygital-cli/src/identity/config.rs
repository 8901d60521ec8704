//! The one file that says what the columns of a file mean and by which rules they are judged.

use std::cmp::Reverse;
use std::path::Path;

use phygital_core::identity::Rules;
use phygital_core::identity::matching::{Millibits, Model, WEIGHT_MAX};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::mapping::Mapping;
use crate::failure::Failure;
use crate::settings;

/// The mappings that come with the command, for files that many people have.
const SHIPPED: [&str; 4] = [
    include_str!("../../mappings/omnichannel.json"),
    include_str!("../../mappings/febrl.json"),
    include_str!("../../mappings/historical_50k.json"),
    include_str!("../../mappings/fake_1000.json"),
];

/// What the columns of a file mean, and by which rules they are judged. All may be absent; unknown ones are refused.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What the columns mean; else one that comes with the command.
    pub(crate) mapping: Option<Mapping>,
    /// What may link whom, as `Rules::from_json` reads it; else the rules by default.
    rules: Option<Box<RawValue>>,
    /// From which weights on.
    #[serde(default)]
    pub(crate) thresholds: Thresholds,
}

/// Weights from which something is so, in bits; those of the model unless said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thresholds {
    /// From which weight two records alone are one person's.
    #[serde(rename = "match")]
    matching: Option<f64>,
    /// From which weight a person should look at two records.
    review: Option<f64>,
    /// From which average weight of the pairs across, two groups of records without identifiers are one.
    merge: Option<f64>,
}

impl Config {
    /// Reads the file, or takes what goes without one.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::default()) };
        let config: Self = settings::parse(&settings::read(file)?, file)?;
        let named = |failure: Failure| failure.while_doing(&settings::name(file));
        config.mapping.iter().try_for_each(Mapping::check).map_err(named)?;
        config.thresholds.check().map_err(named)?;
        config.rules().map_err(named)?;
        Ok(config)
    }

    /// What may link whom.
    pub(crate) fn rules(&self) -> Result<Rules, Failure> {
        let read = self.rules.as_deref().map_or(Ok(Rules::default()), |text| Rules::from_json(text.get()));
        read.map_err(|error| Failure::misuse("bad_rules", format!("rules: {error}")))
    }

    /// What the columns mean: as the file says, else the mapping that comes with the command and knows the most of them. It
    /// may name columns that are not there, see [`Mapping::keep`].
    pub(crate) fn mapping(&self, columns: &[String]) -> Result<Mapping, Failure> {
        if let Some(mapping) = &self.mapping {
            return Ok(mapping.clone());
        }
        let there = |name: &str| columns.iter().any(|column| column == name);
        let shipped = SHIPPED.into_iter().filter_map(|text| serde_json::from_str::<Self>(text).ok()?.mapping);
        let fitting = shipped.filter(|mapping| there(&mapping.id) && mapping.telling().any(there));
        let best = fitting.max_by_key(|mapping| {
            let (known, unknown): (Vec<&str>, _) = mapping.columns().partition(|name| there(name));
            (unknown.is_empty(), known.len(), Reverse(unknown.len()))
        });
        best.ok_or_else(|| {
            let message = "no mapping comes with the command for these columns: expected event_id, rec_id or unique_id and, \
                           beside it, names, contacts or other identifiers as its own mappings call them; else write a \
                           mapping and name it with --config";
            Failure::misuse("no_mapping", message)
        })
    }
}

impl Thresholds {
    fn check(self) -> Result<(), Failure> {
        let most = f64::from(WEIGHT_MAX) / 1000.0;
        for (name, bits) in [("match", self.matching), ("review", self.review), ("merge", self.merge)] {
            if bits.is_some_and(|bits| !(-most..=most).contains(&bits)) {
                let what = format!("thresholds.{name}: expected bits from -{most} to {most}");
                return Err(Failure::misuse("bad_settings", what));
            }
        }
        Ok(())
    }

    /// The model with these thresholds.
    pub(crate) fn on(self, mut model: Model) -> Result<Model, Failure> {
        // Thousandths of a bit; within the range by `check`.
        let or = |bits: Option<f64>, own| bits.map_or(own, |bits| libm::round(bits * 1000.0) as Millibits);
        model.match_at = or(self.matching, model.match_at);
        // Whoever asks for less to match has less looked at too.
        let review =
            if self.review.is_none() { model.review_at.min(model.match_at) } else { model.review_at };
        model.review_at = or(self.review, review);
        model.merge = or(self.merge, model.merge);
        match model.review_at > model.match_at {
            true => {
                Err(Failure::misuse("bad_settings", "thresholds.review: expected at most that of a match"))
            }
            false => Ok(model),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use phygital_core::identity::matching::{Field, FieldKind, Records};

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
        for none in [&["a"][..], &["unique_id"], &["event_id", "ts", "source"], &["phone", "email"]] {
            assert_eq!(shipped(none).unwrap_err().kind, "no_mapping", "{none:?}");
        }
    }

    fn shipped(columns: &[&str]) -> Result<Mapping, Failure> {
        Config::default().mapping(&columns.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn of_shipped_mappings_the_one_that_knows_most_columns_is_taken() {
        let fields = |columns| {
            let mut mapping = shipped(columns).unwrap();
            let absent = mapping.keep(|name| columns.contains(&name));
            (mapping.columns().map(str::to_owned).collect::<Vec<_>>(), absent)
        };
        let (kept, absent) = fields(&["event_id", "phone", "email", "note"]);
        assert_eq!(kept, ["event_id", "phone", "email"]);
        assert!(absent.contains("consent_link") && absent.contains("dob"), "{absent:?}");
        let (kept, absent) = fields(&["city", "surname", "first_name", "unique_id"]);
        assert_eq!((kept.len(), absent), (4, ["dob".to_owned(), "email".to_owned()].into()));
        // All of fake_1000's, and as many of historical_50k's.
        let all = ["unique_id", "first_name", "surname", "dob", "city", "email", "occupation", "birth_place"];
        assert!(fields(&all).1.is_empty());
    }

    #[test]
    fn what_is_misspelt_or_beyond_is_refused() {
        for (text, told) in [
            (r#"{"id": "x"}"#, "unknown field `id`"),
            (r#"{"thresholds": {"unite": 1}}"#, "unknown field `unite`"),
            (r#"{"thresholds": {"match": 64.1}}"#, "thresholds.match: expected bits from -64 to 64"),
            (r#"{"thresholds": {"review": -64.1}}"#, "thresholds.review: expected bits from -64 to 64"),
            (r#"{"thresholds": {"merge": 1e9}}"#, "thresholds.merge: expected bits from -64 to 64"),
            (r#"{"mapping": {"id": "x"}}"#, "people.json: mapping: "),
            (r#"{"rules": {"limits": {}}}"#, "people.json: rules: version"),
            (r#"{"rules": {"version": 1, "holders": "x"}}"#, "people.json: rules: holders: expected"),
        ] {
            let failure = read(text).unwrap_err();
            assert!(failure.message.contains(told), "{failure}");
        }
        assert!(read(r#"{"thresholds": {"match": 64}}"#).is_ok());
        assert_eq!(Config::read(None).unwrap().rules(), Ok(Rules::default()));
        assert_eq!(read(r#"{"rules": {"version": 1, "holders": 9}}"#).unwrap().rules().unwrap().holders(), 9);
    }

    #[test]
    fn thresholds_are_those_of_the_file_or_else_of_the_model() {
        let fields = [Field::new("a", FieldKind::Surname), Field::new("b", FieldKind::Place)];
        let rows = [("1", ["ada", "x"]), ("2", ["ada", "x"]), ("3", ["bob", "y"]), ("4", ["eve", "z"])];
        let model = Model::train(&Records::new(fields, rows).unwrap()).unwrap();
        let on = |text: &str| read(text).unwrap().thresholds.on(model.clone());
        assert_eq!(on("{}"), Ok(model.clone()));
        let own = on(r#"{"thresholds": {"match": 7.5, "review": -1, "merge": 3.2}}"#).unwrap();
        assert_eq!((own.match_at, own.review_at, own.merge), (7_500, -1_000, 3_200));
        let low = on(r#"{"thresholds": {"match": -60}}"#).unwrap();
        assert_eq!((low.match_at, low.review_at), (-60_000, -60_000));
        assert!(on(r#"{"thresholds": {"match": 1, "review": 2}}"#).is_err());
    }
}
