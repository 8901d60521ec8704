//! `measure cadence`: how often people come, how many of them stopped, and how many of each period were lost.

use phygital_core::measure::value::Scale;
use phygital_core::measure::{Cadence as Beat, Rhythm};
use serde_json::{Value, json};

use super::cohorts::{activity, by, name, number};
use super::doings::People;
use super::periods::{label, open_after};
use super::sheet::{Sheet, enough, may_split};
use crate::failure::Failure;
use crate::measure_arguments::Cadence;
use crate::output::Output;
use crate::shop::Shop;

/// The parts of people whose median gaps are told.
const QUANTILES: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// Most periods of which it is told who was lost.
const PERIODS_MAX: i64 = 1_040;

pub(super) fn cadence(shop: &Shop, with: &Cadence, output: &mut Output) -> Result<(), Failure> {
    let people = People::read(shop, &with.doings, Some(with.by), output)?;
    let threshold = with.doings.min_people;
    let days = people.people.values().map(|person| person.days(with.by)).filter(|days| !days.is_empty());
    let days = days.collect::<Vec<_>>();
    enough(threshold, days.len() as u64)?;
    let all = days.len() as u64;
    let rhythm = Rhythm::of(days.iter().map(Vec::as_slice));
    let beats = days.iter().filter_map(|days| Beat::of(days)).collect::<Vec<_>>();
    let with_beat = beats.len() as u64;
    let mut sheet = Sheet::new(&["figure", "at", "people", "count", "value"]);
    // A count of some people and its part of them, where both it and the rest may be shown.
    let part = |count: u64, of: u64| -> [Value; 2] {
        let shown = may_split(threshold, count, of);
        [json!(shown.then_some(count)), json!((shown && of > 0).then(|| count as f64 / of as f64))]
    };
    let mut of = |figure: &str, at: Value, people: u64, [count, value]: [Value; 2]| {
        sheet.row(vec![figure.into(), at, people.into(), count, value]);
    };
    of("with_rhythm", json!(null), all, part(with_beat, all));
    if may_split(threshold, with_beat, all) && with_beat >= threshold.least_in_all() {
        for quantile in QUANTILES {
            let gap = rhythm.quantile(quantile);
            of("median_gap_days", json!(quantile), with_beat, [json!(null), json!(gap)]);
        }
        let dropped = beats.iter().filter(|beat| beat.dropped(people.end, with.drop, 1)).count() as u64;
        of("dropped", json!(with.drop), with_beat, part(dropped, with_beat));
    }
    let scale = Scale::from(with.period);
    let activity = activity(&people, with.by, scale)?;
    let open = open_after(scale, with.doings.end);
    let first = days.iter().flatten().min().map(|day| super::periods::of_day(scale, *day)).unwrap_or(open);
    let periods = first.max(open - PERIODS_MAX)..open;
    let churn = periods.filter_map(|period| {
        let found = number(period).and_then(|at| Ok(activity.churn(at, with.after, number(open)?)));
        found.map(|found| found.map(|found| (period, found))).transpose()
    });
    let churn = churn.collect::<Result<Vec<_>, _>>()?;
    // How many were active in a period is itself a figure of them.
    for (period, churn) in churn {
        let shown = churn.active == 0 || churn.active >= threshold.persons();
        let parts = if shown { part(churn.lost, churn.active) } else { [json!(null), json!(null)] };
        sheet.row(
            [json!("lost"), label(scale, period).into(), json!(shown.then_some(churn.active))]
                .into_iter()
                .chain(parts)
                .collect(),
        );
    }
    let mut more = people.settings(&with.doings);
    more.insert("by".to_owned(), by(with.by).into());
    more.insert("drop".to_owned(), with.drop.into());
    more.insert("period".to_owned(), name(with.period).into());
    more.insert("after".to_owned(), with.after.into());
    sheet.write("cadence", threshold, more, output)
}
