//! `identity match`: what speaks for and against two records being one person.

use phygital_core::identity::matching::{self, Contribution, Model, Records};
use serde_json::{Value, json};

use super::{read_model, write};
use crate::failure::{Exit, Failure};
use crate::identity::{Bar, Config, Waterfall, pair};
use crate::identity_arguments::Match;
use crate::output::Output;
use crate::table::Table;

pub(super) fn compare(with: &Match, output: &mut Output) -> Result<Exit, Failure> {
    let bad = |what: &str| Err(Failure::misuse("bad_argument", what));
    if with.learned.source.rulings.is_some() {
        return bad("--rulings: a match is told by weights alone; `identity explain` heeds rulings");
    }
    if with.one == with.two {
        return bad("expected two records, found one");
    }
    let config = Config::read(with.learned.source.config.as_deref())?;
    let mut table = Table::open(&with.learned.source.file, output)?;
    let mapping = config.mapping(table.columns())?;
    let both = [with.one.as_str(), with.two.as_str()];
    let records = &pair(&mut table, &mapping, &config.rules()?, both)?;
    let model = match &with.learned.model {
        Some(file) => read_model(file)?,
        None => {
            output
                .note("weighed by the standard model; --model FILE takes one that `identity train` learned");
            Model::standard(records.fields())
        }
    };
    let model = config.thresholds.on(model)?;
    let parts = matching::explain(records, &model, &with.one, &with.two)?;
    let total: i32 = parts.iter().map(|part| part.weight).sum();
    let verdict = match () {
        () if total >= model.match_at => "a match",
        () if total >= model.review_at => "worth a look",
        () => "no match",
    };
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
        let records = (both[0], both[1]);
        let waterfall = Waterfall { records, bars: &bars, threshold: model.match_at, verdict };
        let text = if chart.page { waterfall.html() } else { waterfall.svg() };
        write(&chart.file, text.as_bytes())?;
    }
    let (is_match, is_doubtful) = (total >= model.match_at, total >= model.review_at);
    if output.is_json() {
        let part = |part: &Contribution| {
            let mut object = json!(part);
            object["values"] = Value::from(values(part).map(Value::from).to_vec());
            object
        };
        let parts: Vec<Value> = parts.iter().map(part).collect();
        output.object(
            &json!({ "weight": total, "parts": parts, "match": is_match, "review": is_doubtful && !is_match }),
        )?;
    } else {
        let bits = |weight: i32| format!("{:+.1}", f64::from(weight) / 1000.0);
        let rows = parts.iter().map(|part| {
            let field = if part.field.is_empty() { NEAR } else { &part.field };
            let level = part.level.map_or("-".to_owned(), |level| level.to_string());
            let [one, two] = values(part).map(|value| value.unwrap_or("-").to_owned());
            vec![field.to_owned(), one, two, level, bits(part.weight), bits(part.rarity)]
        });
        output.table(&["field", both[0], both[1], "level", "bits", "of which rarity"], rows.collect())?;
        output.text(format_args!("{} bits; {verdict}", bits(total)))?;
    }
    Ok(if is_match { Exit::Done } else { Exit::No })
}

/// What stands for no field: people who live together are few beside strangers.
const NEAR: &str = "few are near";

/// What both records say in a field, in the form that is compared.
fn values<'r>(records: &'r Records, part: &Contribution, ids: [&str; 2]) -> [Option<&'r str>; 2] {
    let field = records.fields().iter().position(|field| field.name == part.field);
    ids.map(|id| records.value(records.find(id)?, field?))
}
