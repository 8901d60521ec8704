//! `identity match`: what speaks for and against two records being one person.

use phygital_core::identity::matching::{self, Contribution};
use serde_json::{Value, json};

use super::{Read, model, read, write};
use crate::failure::{Exit, Failure};
use crate::identity::{Bar, Waterfall};
use crate::identity_arguments::Match;
use crate::output::Output;

pub(super) fn compare(with: &Match, output: &mut Output) -> Result<Exit, Failure> {
    let read = read(&with.learned.people, output)?;
    let model = model(&with.learned, &read, output)?;
    let parts = matching::explain(&read.records, &model, &with.one, &with.two)?;
    let total: i32 = parts.iter().map(|part| part.weight).sum();
    let entities = output.working("matching", || matching::resolve(&read.records, &model))?;
    let one = entities.of(&with.one) == entities.of(&with.two);
    let values = |part: &Contribution| values(&read, part, [&with.one, &with.two]);
    if let Some(chart) = &with.chart {
        let bar = |part: &Contribution| {
            let [one, two] = values(part).map(|value| value.unwrap_or("\u{2013}"));
            Bar { label: format!("{}: {one} | {two}", part.field), weight: part.weight }
        };
        let bars: Vec<Bar> = parts.iter().map(bar).collect();
        let records = (with.one.as_str(), with.two.as_str());
        let waterfall = Waterfall { records, bars: &bars, threshold: model.merge, one };
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
            let level = part.level.map_or("-".to_owned(), |level| level.to_string());
            let [one, two] = values(part).map(|value| value.unwrap_or("-").to_owned());
            vec![part.field.clone(), one, two, level, bits(part.weight), bits(part.rarity)]
        });
        output.table(&["field", &with.one, &with.two, "level", "bits", "of which rarity"], rows.collect())?;
        let verdict = if one { "one profile" } else { "two profiles" };
        output.text(format_args!("{} bits; {verdict}", bits(total)))?;
    }
    Ok(if one { Exit::Done } else { Exit::No })
}

/// What both records say in a field, in the form that is compared.
fn values<'r>(read: &'r Read, part: &Contribution, ids: [&String; 2]) -> [Option<&'r str>; 2] {
    let field = read.records.fields().iter().position(|field| field.name == part.field);
    ids.map(|id| read.records.value(read.records.find(id)?, field?))
}
