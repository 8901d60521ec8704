//! `measure landmark`: what those who had visited by a day brought after it, beside those who had not.

use std::collections::BTreeMap;

use phygital_core::measure::{Estimate, Follow, Landmark as Mark};
use serde_json::json;

use super::alpha;
use super::doings::{People, left_out, told};
use super::sheet::{Sheet, ends, enough};
use crate::failure::Failure;
use crate::measure_arguments::Landmark;
use crate::output::Output;
use crate::shop::Shop;

pub(super) fn landmark(shop: &Shop, with: &Landmark, output: &mut Output) -> Result<(), Failure> {
    let alpha = alpha(with.alpha)?;
    let people = People::read(shop, &with.doings, None, output)?;
    let mut strata = BTreeMap::<&str, u32>::new();
    for name in people.people.values().filter_map(|person| person.stratum.as_deref()) {
        let next = u32::try_from(strata.len() + 1).unwrap_or(u32::MAX);
        strata.entry(name).or_insert(next);
    }
    let wide = |error: &dyn std::fmt::Display| Failure::misuse("too_wide", error.to_string());
    let mut mark = Mark::new(with.day.into(), with.horizon.into()).map_err(|error| wide(&error))?;
    let mut held_out = 0_u64;
    for person in people.people.values() {
        let Some(start) = person.first() else { continue };
        let stratum = person.stratum.as_deref().and_then(|name| strata.get(name)).copied().unwrap_or(0);
        let before = mark.not_seen();
        let follow = Follow {
            start,
            end: people.end,
            visits: &person.visits,
            purchases: &person.purchases,
            stratum,
            held_out: person.held_out,
        };
        mark.add(&follow).map_err(|error| wide(&error))?;
        held_out += u64::from(person.held_out && mark.not_seen() == before);
    }
    let threshold = with.doings.min_people;
    let [visited, not] = mark.people();
    enough(threshold, visited + not + held_out)?;
    let shown = threshold.protect(&[visited, not, held_out]);
    let mut sheet = Sheet::new(&["figure", "people", "beside", "value", "low", "high", "p"]);
    let money = |minor: f64| minor / libm::exp10(people.decimals.into());
    let mut row = |figure: &str, one: u64, other: u64, shown: bool, found: Option<Estimate>| {
        let found = found.filter(|_| shown);
        let interval = found.and_then(|found| found.interval(alpha)).map(|interval| {
            phygital_core::measure::Interval { low: money(interval.low), high: money(interval.high) }
        });
        let mut cells = vec![figure.into(), json!(shown.then_some(one)), json!(shown.then_some(other))];
        cells.push(json!(found.map(|found| money(found.value))));
        cells.extend(ends(interval));
        cells.push(json!(found.and_then(|found| found.p_value())));
        sheet.row(cells);
    };
    let cells = &shown.cells;
    row("visited_less_not", visited, not, cells[0] && cells[1], mark.matched());
    // What asking caused, by lot: the one figure here that speaks of a cause.
    let asked = visited + not;
    let by_lot = held_out > 0 && cells[2] && asked >= threshold.persons();
    if held_out > 0 {
        row("asked_less_held_out", asked, held_out, by_lot, mark.against_holdout());
    }
    let unseen = "people who were not seen to the end of the horizon";
    left_out(threshold, mark.not_seen(), unseen, output);
    let alone = "people who had visited and have fewer than two like them who had not";
    left_out(threshold, mark.unmatched(), alone, output);
    let mut more = people.settings(&with.doings);
    more.insert("day".to_owned(), with.day.into());
    more.insert("horizon".to_owned(), with.horizon.into());
    more.insert("alpha".to_owned(), with.alpha.into());
    more.insert("strata".to_owned(), strata.len().into());
    more.insert("not_seen".to_owned(), told(threshold, mark.not_seen()).into());
    more.insert("unmatched".to_owned(), told(threshold, mark.unmatched()).into());
    sheet.write("landmark", threshold, more, output)
}
