//! `identity`: who is who among records without a common identifier.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use phygital_core::identity::Evaluation;
use phygital_core::identity::matching::{self, MatchingError, Model, Records};
use serde_json::json;

use crate::arguments::{Identity, IdentityEvaluate, IdentityMatch, IdentityResolve, IdentityTrain};
use crate::failure::{Exit, Failure};
use crate::identity::{Mapping, Table};
use crate::output::Output;
use crate::settings;

/// Runs one of them.
pub(crate) fn identity(with: Identity, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Identity::Resolve(with) => resolve(&with, output),
        Identity::Train(with) => train(&with),
        Identity::Match(with) => compare(&with, output),
        Identity::Evaluate(with) => evaluate(&with, output),
    }
}

fn resolve(with: &IdentityResolve, output: &mut Output) -> Result<Exit, Failure> {
    let records = read(&with.file, with.config.as_deref())?;
    let model = model(with.model.as_deref(), &records)?;
    let entities = matching::resolve(&records, &model)?;
    let mut table = csv::Writer::from_writer(Vec::new());
    let rows = std::iter::once(("record_id", "profile_id")).chain(entities.iter());
    rows.map(|(record, profile)| [record, profile])
        .try_for_each(|row| table.write_record(row))
        .expect("two columns, into memory");
    let table = table.into_inner().expect("memory is always written");
    match &with.out {
        None => output.text(String::from_utf8_lossy(&table).trim_end())?,
        Some(file) => {
            write(file, &table)?;
            if output.is_json() {
                output.object(&json!({ "records": records.len(), "profiles": entities.len() }))?;
            } else {
                output.text(format_args!("{} records are {} profiles", records.len(), entities.len()))?;
            }
        }
    }
    Ok(Exit::Done)
}

fn train(with: &IdentityTrain) -> Result<Exit, Failure> {
    let records = read(&with.file, with.config.as_deref())?;
    let mut text = Model::train(&records)?.to_json();
    text.push('\n');
    write(&with.out, text.as_bytes())?;
    Ok(Exit::Done)
}

fn compare(with: &IdentityMatch, output: &mut Output) -> Result<Exit, Failure> {
    let records = read(&with.file, with.config.as_deref())?;
    let model = model(with.model.as_deref(), &records)?;
    let parts = matching::explain(&records, &model, &with.one, &with.two)?;
    let total: i32 = parts.iter().map(|part| part.weight).sum();
    let entities = matching::resolve(&records, &model)?;
    let one = entities.of(&with.one) == entities.of(&with.two);
    if output.is_json() {
        output.object(&json!({ "weight": total, "parts": parts, "one_profile": one }))?;
    } else {
        let bits = |weight: i32| format!("{:+.1}", f64::from(weight) / 1000.0);
        let rows = parts.iter().map(|part| {
            let level = part.level.map_or("-".to_owned(), |level| level.to_string());
            vec![part.field.clone(), level, bits(part.weight), bits(part.rarity)]
        });
        output.table(&["field", "level", "bits", "of which rarity"], rows.collect())?;
        let verdict = if one { "one profile" } else { "two profiles" };
        output.text(format_args!("{} bits; {verdict}", bits(total)))?;
    }
    Ok(if one { Exit::Done } else { Exit::No })
}

fn evaluate(with: &IdentityEvaluate, output: &mut Output) -> Result<Exit, Failure> {
    let found = pairs(&with.clusters, None, None)?;
    let truth = pairs(&with.truth, with.record.as_deref(), with.entity.as_deref())?;
    let mut missing = 0_u64;
    let known = truth.iter().filter_map(|(record, entity)| match found.get(record) {
        Some(cluster) => Some((cluster.as_str(), entity.as_str())),
        None => {
            missing += 1;
            None
        }
    });
    let found = Evaluation::of(known.collect::<Vec<_>>());
    if missing > 0 {
        output.note(&format!("{missing} records of the truth are in no cluster and were left out"));
    }
    let share = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
    let (pairs, rows) = (found.pairs, |name: &str, value: String| vec![name.to_owned(), value]);
    if output.is_json() {
        output.object(&json!({
            "records": found.records, "clusters": found.clusters, "entities": found.entities,
            "pairwise": { "precision": pairs.precision(), "recall": pairs.recall(), "f1": pairs.f1() },
            "b_cubed": {
                "precision": found.b_cubed_precision, "recall": found.b_cubed_recall, "f1": found.b_cubed_f1(),
            },
            "exact_entities": found.exact_entities, "split_entities": found.split_entities,
            "mixed_clusters": found.mixed_clusters, "missing": missing,
        }))?;
    } else {
        output.table(
            &[],
            vec![
                rows("records", found.records.to_string()),
                rows("clusters", found.clusters.to_string()),
                rows("entities", found.entities.to_string()),
                rows("pairwise precision", share(pairs.precision())),
                rows("pairwise recall", share(pairs.recall())),
                rows("pairwise F1", share(pairs.f1())),
                rows("B-cubed precision", share(found.b_cubed_precision)),
                rows("B-cubed recall", share(found.b_cubed_recall)),
                rows("B-cubed F1", share(found.b_cubed_f1())),
                rows("entities that are exactly one cluster", found.exact_entities.to_string()),
                rows("entities in several clusters", found.split_entities.to_string()),
                rows("clusters with several entities", found.mixed_clusters.to_string()),
            ],
        )?;
    }
    Ok(Exit::Done)
}

/// The records of a file, by its mapping or by the one that comes with the command.
fn read(file: &Path, config: Option<&Path>) -> Result<Records, Failure> {
    let mut table = Table::open(file)?;
    let mapping = match config {
        Some(config) => Mapping::read(config)?,
        None => Mapping::of_columns(&table.columns())?,
    };
    let id = table.column(&mapping.id)?;
    let places: Vec<usize> =
        mapping.fields.iter().map(|field| table.column(&field.name)).collect::<Result<_, _>>()?;
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    table.each(|row| {
        let value = |at: usize| row.get(at).unwrap_or_default().to_owned();
        rows.push((value(id), places.iter().map(|at| value(*at)).collect()));
        Ok(())
    })?;
    Ok(Records::new(mapping.fields, rows)?)
}

/// A model from its file, or one learned from the records themselves.
fn model(file: Option<&Path>, records: &Records) -> Result<Model, Failure> {
    let Some(file) = file else { return Ok(Model::train(records)?) };
    Ok(Model::from_json(&settings::read(file)?)?)
}

/// Two columns of a file: by name, or else the first and the second.
fn pairs(file: &Path, record: Option<&str>, of: Option<&str>) -> Result<BTreeMap<String, String>, Failure> {
    let table = Table::open(file)?;
    let at = |name: Option<&str>, otherwise: usize| name.map_or(Ok(otherwise), |name| table.column(name));
    let columns = [at(record, 0)?, at(of, 1)?];
    let mut pairs = BTreeMap::new();
    table.rows(columns, |[record, of]| match pairs.insert(record.to_owned(), of.to_owned()) {
        None => Ok(()),
        Some(_) => Err(Failure::misuse("twice", "a record is there twice")),
    })?;
    Ok(pairs)
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let name = file.display().to_string();
    let written = std::fs::File::create(file).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| Failure::io(&name, &error))
}

impl From<MatchingError> for Failure {
    fn from(error: MatchingError) -> Failure {
        Failure::misuse("malformed", error.to_string())
    }
}
