//! `measure nps` and `measure csat`: what people answered, wave by wave.

use std::collections::BTreeMap;

use phygital_core::measure::value::Scale;
use phygital_core::measure::{Alpha, Answers};
use serde_json::{Map, Value, json};

use super::alpha;
use super::sheet::{Sheet, ends, may_split};
use crate::calendar::{DAY_EXPECTED, day_of};
use crate::failure::Failure;
use crate::measure_arguments::Survey;
use crate::named_column::Column;
use crate::output::Output;
use crate::table::Table;
use phygital_core::vocab::Timestamp;

const ID: &[&str] = &["id", "customer_id", "customer", "person"];
const DATE: &[&str] = &["date", "at", "time", "ts", "timestamp"];
const ANSWER: &[&str] = &["answer", "score"];
const WAVE: &[&str] = &["wave"];

/// Most waves of a file.
const WAVES_MAX: usize = 10_000;

pub(super) fn nps(with: &Survey, output: &mut Output) -> Result<(), Failure> {
    let columns = &["wave", "people", "promoters", "passives", "detractors", "score", "low", "high"];
    told("nps", with, columns, Answers::net_promoter, output, &|wave, alpha| {
        let Some(found) = wave.promoters(1) else { return vec![Value::Null; 6] };
        let counts = [found.promoters, found.passives, found.detractors];
        // The score and its error give two of the three away: all may be shown, or none of it is.
        let shown = with.min_people.protect(&counts).cells.iter().all(|shown| *shown);
        let mut cells = counts.map(|count| json!(shown.then_some(count))).to_vec();
        cells.push(json!(shown.then_some(found.score.value)));
        cells.extend(ends(found.interval(alpha).filter(|_| shown)));
        cells
    })
}

pub(super) fn csat(with: &Survey, output: &mut Output) -> Result<(), Failure> {
    let columns = &["wave", "people", "satisfied", "rate", "low", "high"];
    told("csat", with, columns, Answers::satisfaction, output, &|wave, alpha| {
        let Some(found) = wave.satisfied(1) else { return vec![Value::Null; 4] };
        let people = wave.people();
        let satisfied = (found.rate() * people as f64).round() as u64;
        let shown = may_split(with.min_people, satisfied, people);
        let mut cells = vec![json!(shown.then_some(satisfied)), json!(shown.then(|| found.rate()))];
        cells.extend(ends(shown.then(|| found.wilson(alpha))));
        cells
    })
}

fn told(
    measure: &str,
    with: &Survey,
    columns: &'static [&'static str],
    scale: fn() -> Answers<String>,
    output: &mut Output,
    cells: &dyn Fn(&Answers<String>, Alpha) -> Vec<Value>,
) -> Result<(), Failure> {
    let alpha = alpha(with.alpha)?;
    let waves = read(with, scale, output)?;
    let mut sheet = Sheet::new(columns);
    let mut few = 0_u64;
    let replaced = waves.values().map(Answers::replaced).sum::<u64>();
    for (name, wave) in &waves {
        // How many answered a wave is told of enough people; beside it no total is told.
        if wave.people() < with.min_people.least_in_all() {
            few += 1;
            continue;
        }
        let mut row = vec![name.as_str().into(), wave.people().into()];
        row.extend(cells(wave, alpha));
        sheet.row(row);
    }
    if few > 0 {
        let least = with.min_people.least_in_all();
        output.note(&format!("{few} waves of fewer than {least} people are hidden"));
    }
    let mut more = Map::new();
    more.insert("alpha".to_owned(), with.alpha.into());
    more.insert("replaced".to_owned(), replaced.into());
    more.insert("waves_hidden".to_owned(), few.into());
    sheet.write(measure, with.min_people, more, output)
}

fn read(
    with: &Survey,
    scale: fn() -> Answers<String>,
    output: &Output,
) -> Result<BTreeMap<String, Answers<String>>, Failure> {
    let mut table = Table::open(&with.file, output)?;
    let (id, answer) = (Column::needed(&mut table, ID)?, Column::needed(&mut table, ANSWER)?);
    let [date, wave] = [DATE, WAVE].map(|names| Column::find(&mut table, names));
    let (date, wave) = (date?, wave?);
    let file = table.name().to_owned();
    let mut waves = BTreeMap::<String, Answers<String>>::new();
    while let Some(row) = table.next()? {
        let line = row.line;
        let who = row.get(id.place);
        if who.is_empty() {
            return Err(id.refuse(&file, line, "expected an id"));
        }
        let at = match &date {
            None => 0,
            Some(column) => {
                let text = row.get(column.place);
                // Of two answers of a day the later one holds, where the file tells moments.
                match Timestamp::parse(text) {
                    Ok(at) => at.as_micros(),
                    Err(_) => {
                        let day = day_of(text, with.zone)
                            .ok_or_else(|| column.refuse(&file, line, DAY_EXPECTED))?;
                        (Scale::Days.period(day) - EPOCH) * 86_400_000_000
                    }
                }
            }
        };
        let number = row.get(answer.place).parse::<i64>();
        let number = number.map_err(|_| answer.refuse(&file, line, "expected a whole number"))?;
        let name = wave.as_ref().map_or("", |column| row.get(column.place));
        if !waves.contains_key(name) {
            if waves.len() >= WAVES_MAX {
                let column = wave.as_ref().unwrap_or(&id);
                return Err(column.refuse(&file, line, format!("expected at most {WAVES_MAX} waves")));
            }
            waves.insert(name.to_owned(), scale());
        }
        let answers = waves.get_mut(name).expect("just put there");
        answers.answer(who.to_owned(), at, number).map_err(|error| answer.refuse(&file, line, error))?;
    }
    Ok(waves)
}

/// The number of the day that moments are counted from.
const EPOCH: i64 = 719_163;
