//! `identity match`: what speaks for and against two records being one person.

use phygital_core::identity::matching::{self, Contribution, MatchingError, Records};
use serde_json::{Value, json};

use super::{Said, read, write};
use crate::failure::{Exit, Failure};
use crate::identity::{Bar, Waterfall, descriptions};
use crate::identity_arguments::Match;
use crate::output::Output;

pub(super) fn compare(with: &Match, output: &mut Output) -> Result<Exit, Failure> {
    let read = read(&with.learned.source, output)?;
    let model = read.model(&with.learned, output)?.ok_or(MatchingError::NothingToLearn)?;
    let both = [with.one.as_str(), with.two.as_str()];
    let (records, one, threshold) = match &read.said {
        Said::Records(records) => {
            let entities = output.working("matching", || matching::resolve(records, &model))?;
            (records, entities.of(&with.one) == entities.of(&with.two), model.merge)
        }
        Said::People(people) => {
            let details = |id: &str| people.details(id).ok_or_else(|| MatchingError::Unknown(id.into()));
            let details = [details(both[0])?, details(both[1])?];
            let resolver = people.resolver(Some(model.clone()), output);
            let [one, two] = both.map(|id| resolver.profile_of(&people.rows[id]));
            (&descriptions(both.into_iter().zip(&details))?, one == two, model.match_at)
        }
    };
    let parts = matching::explain(records, &model, &with.one, &with.two)?;
    let total: i32 = parts.iter().map(|part| part.weight).sum();
    let values = |part: &Contribution| values(records, part, both);
    if let Some(chart) = &with.chart {
        let bar = |part: &Contribution| {
            let [one, two] = values(part).map(|value| value.unwrap_or("\u{2013}"));
            let label = if part.field.is_empty() {
                NEAR.to_owned()
            } else {
                format!("{}: {one} | {two}", part.field)
            };
            Bar { label, weight: part.weight }
        };
        let bars: Vec<Bar> = parts.iter().map(bar).collect();
        let waterfall = Waterfall { records: (both[0], both[1]), bars: &bars, threshold, one };
        let text = if chart.page { waterfall.html() } else { waterfall.svg() };
        write(&chart.file, text.as_bytes())?;
    }
    if output.is_json() {
        let part = |part: &Contribution| {
            let mut object = json!(part);
            object["values"] = Value::from(values(part).map(Value::from).to_vec());
            object
        };
        let parts: Vec<Value> = parts.iter().map(part).collect();
        output.object(&json!({ "weight": total, "parts": parts, "one_profile": one }))?;
    } else {
        let bits = |weight: i32| format!("{:+.1}", f64::from(weight) / 1000.0);
        let rows = parts.iter().map(|part| {
            let field = if part.field.is_empty() { NEAR } else { &part.field };
            let level = part.level.map_or("-".to_owned(), |level| level.to_string());
            let [one, two] = values(part).map(|value| value.unwrap_or("-").to_owned());
            vec![field.to_owned(), one, two, level, bits(part.weight), bits(part.rarity)]
        });
        output.table(&["field", both[0], both[1], "level", "bits", "of which rarity"], rows.collect())?;
        let verdict = if one { "one profile" } else { "two profiles" };
        output.text(format_args!("{} bits; {verdict}", bits(total)))?;
    }
    Ok(if one { Exit::Done } else { Exit::No })
}

/// What stands for no field: people who live together are few beside strangers.
const NEAR: &str = "few are near";

/// What both records say in a field, in the form that is compared.
fn values<'r>(records: &'r Records, part: &Contribution, ids: [&str; 2]) -> [Option<&'r str>; 2] {
    let field = records.fields().iter().position(|field| field.name == part.field);
    ids.map(|id| records.value(records.find(id)?, field?))
}
