//! `measure cohorts`: who came back so many periods after the first.

use phygital_core::measure::Activity;
use phygital_core::measure::value::Scale;
use serde_json::json;

use super::doings::People;
use super::periods::{label, of_day, open_after};
use super::sheet::{Sheet, enough, may_split};
use crate::failure::Failure;
use crate::measure_arguments::{By, Cohorts, Period};
use crate::output::Output;
use crate::shop::Shop;

pub(super) fn cohorts(shop: &Shop, with: &Cohorts, output: &mut Output) -> Result<(), Failure> {
    let people = People::read(shop, &with.doings, Some(with.by), output)?;
    let (scale, threshold) = (Scale::from(with.period), with.doings.min_people);
    let activity = activity(&people, with.by, scale)?;
    let table = activity.retention(number(open_after(scale, with.doings.end))?);
    let sizes = table.iter().map(|cohort| cohort.people).collect::<Vec<_>>();
    enough(threshold, sizes.iter().sum())?;
    let shown = threshold.protect(&sizes);
    let mut sheet = Sheet::new(&["cohort", "customers", "later", "active", "retention"]);
    let mut hidden = None;
    for (cohort, shown) in table.iter().zip(&shown.cells) {
        if !shown {
            *hidden.get_or_insert(0) += cohort.people;
            continue;
        }
        for (later, active) in cohort.active.iter().enumerate() {
            let Some(active) = active else { continue };
            // Who of a cohort was active, and who was not, are two parts of a number that is shown.
            let shown = may_split(threshold, *active, cohort.people);
            sheet.row(vec![
                label(scale, cohort.first.into()).into(),
                cohort.people.into(),
                later.into(),
                json!(shown.then_some(*active)),
                json!(cohort.retention(later).filter(|_| shown)),
            ]);
        }
    }
    if let Some(hidden) = hidden.filter(|_| shown.total) {
        sheet.row(vec!["hidden".into(), hidden.into(), json!(null), json!(null), json!(null)]);
    }
    let mut more = people.settings(&with.doings);
    more.insert("period".to_owned(), name(with.period).into());
    more.insert("by".to_owned(), by(with.by).into());
    sheet.write("cohorts", threshold, more, output)
}

/// In which periods people were active.
pub(super) fn activity(people: &People, by: By, scale: Scale) -> Result<Activity<&str>, Failure> {
    let mut activity = Activity::default();
    for (who, person) in &people.people {
        for day in person.days(by) {
            activity.add(who.as_str(), number(of_day(scale, day))?);
        }
    }
    Ok(activity)
}

/// A period's number as measures take it.
pub(super) fn number(period: i64) -> Result<i32, Failure> {
    i32::try_from(period).map_err(|_| Failure::misuse("malformed", "expected days of the years 1 to 9999"))
}

/// What a period is called as an argument.
pub(super) fn name(period: Period) -> &'static str {
    match period {
        Period::Days => "days",
        Period::Weeks => "weeks",
        Period::Months => "months",
        Period::Years => "years",
    }
}

/// What made people active, as an argument.
pub(super) fn by(by: By) -> &'static str {
    match by {
        By::Purchases => "purchases",
        By::Visits => "visits",
    }
}
