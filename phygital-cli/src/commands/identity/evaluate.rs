//! `identity evaluate`: profiles beside the truth.

use std::collections::BTreeMap;
use std::path::Path;

use phygital_core::identity::Evaluation;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::identity_arguments::Evaluate;
use crate::output::Output;
use crate::table::Table;

pub(super) fn evaluate(with: &Evaluate, output: &mut Output) -> Result<Exit, Failure> {
    let found = pairs(&with.clusters, None, None, output)?;
    let truth = pairs(&with.truth, with.record.as_deref(), with.entity.as_deref(), output)?;
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

/// Two columns of a table: by name, or else the first and the second.
fn pairs(
    file: &Path,
    record: Option<&str>,
    of: Option<&str>,
    output: &Output,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut table = Table::open(file, output)?;
    let names: Vec<String> = table.columns().to_vec();
    let mut place = |named: Option<&str>, at: usize| match named.or(names.get(at).map(String::as_str)) {
        Some(name) => table.column(name),
        None => Err(Failure::misuse("no_column", format!("{}: expected two columns", file.display()))),
    };
    let (record, of) = (place(record, 0)?, place(of, 1)?);
    let mut pairs = BTreeMap::new();
    while let Some(row) = table.next()? {
        if pairs.insert(row.get(record).to_owned(), row.get(of).to_owned()).is_some() {
            return Err(Failure::misuse("twice", "a record is there twice").at_line(row.line));
        }
    }
    Ok(pairs)
}
