//! `identity preview`: what other rules would change.

use std::collections::BTreeMap;

use phygital_core::identity::Evaluation;
use phygital_core::identity::matching::{self, MatchingError, Model};
use serde_json::json;

use super::{Read, Said, read};
use crate::failure::{Exit, Failure};
use crate::identity::Config;
use crate::identity_arguments::Preview;
use crate::output::Output;

pub(super) fn preview(with: &Preview, output: &mut Output) -> Result<Exit, Failure> {
    let other = Config::read(Some(&with.rules))?;
    let read = read(&with.learned.source, output)?;
    let learned = read.learned(&with.learned, output)?;
    let now = profiles(&read, learned.clone(), &read.config, output)?;
    let then = profiles(&read, learned, &other, output)?;
    // The profiles of now are what the others are held against.
    let pairs = now.iter().filter_map(|(row, profile)| Some((then.get(row)?, profile)));
    let found = Evaluation::of(pairs.collect::<Vec<_>>());
    if output.is_json() {
        output.object(&json!({
            "rows": found.records, "profiles": { "now": found.entities, "then": found.clusters },
            "unchanged": found.exact_entities, "split": found.split_entities, "merged": found.mixed_clusters,
        }))?;
    } else {
        let row = |name: &str, count: u64| vec![name.to_owned(), count.to_string()];
        let rows = vec![
            row("profiles now", found.entities),
            row("profiles then", found.clusters),
            row("of those now, unchanged", found.exact_entities),
            row("of those now, split", found.split_entities),
            row("of those then, merged from several", found.mixed_clusters),
        ];
        output.table(&[], rows)?;
    }
    Ok(Exit::Done)
}

/// The profile of each row by a model and rules.
fn profiles(
    read: &Read,
    learned: Option<Model>,
    config: &Config,
    output: &Output,
) -> Result<BTreeMap<String, String>, Failure> {
    let model = learned.map(|model| config.thresholds.on(model)).transpose()?;
    Ok(match &read.said {
        Said::Records(records) => {
            let model = model.ok_or(MatchingError::NothingToLearn)?;
            let entities = output.working("matching", || matching::resolve(records, &model))?;
            entities.iter().map(|(row, profile)| (row.to_owned(), profile.to_owned())).collect()
        }
        Said::People(people) => {
            let people = people.under(config.rules()?)?;
            let resolver = people.resolver(model, output);
            let profile = |key| resolver.profile_of(key).map(|profile| profile.to_string());
            people.rows.iter().filter_map(|(id, key)| Some((id.to_string(), profile(key)?))).collect()
        }
    })
}
