//! `measure rfm`: customers by how lately, how often and for how much they bought.

use phygital_core::measure::{Cuts, Purchases, Scores};
use serde_json::json;

use super::doings::People;
use super::sheet::{Sheet, enough};
use crate::failure::Failure;
use crate::measure_arguments::{By, Rfm};
use crate::output::Output;
use crate::shop::Shop;

pub(super) fn rfm(shop: &Shop, with: &Rfm, output: &mut Output) -> Result<(), Failure> {
    let people = People::read(shop, &with.doings, Some(By::Purchases), output)?;
    let mut customers = Vec::new();
    for person in people.people.values() {
        let Some(last) = person.purchases.iter().map(|(day, _)| *day).max() else { continue };
        let value = person.purchases.iter().try_fold(0_i64, |sum, (_, net)| sum.checked_add(*net));
        let value =
            value.ok_or_else(|| Failure::misuse("too_wide", "the amounts of a customer leave 64 bits"))?;
        let count = person.purchases.len() as u64;
        customers.push(Purchases { age: people.end - last, count, value });
    }
    let threshold = with.doings.min_people;
    enough(threshold, customers.len() as u64)?;
    let version = with.version.clone().unwrap_or_else(|| with.doings.end.to_string());
    let cuts = Cuts::learn(&version, &customers, with.classes);
    let cuts = cuts.map_err(|error| Failure::misuse("bad_argument", error.to_string()))?;
    let table = cuts.table(&customers);
    // All combinations, in one order: which of them are hidden for others' sake goes by their place alone.
    let classes = || 1..=cuts.classes();
    let all = classes().flat_map(|recency| {
        classes().flat_map(move |frequency| {
            (1..=with.classes).map(move |money| Scores { recency, frequency, money })
        })
    });
    let all = all.collect::<Vec<_>>();
    let counts = all.iter().map(|scores| table.get(scores).copied().unwrap_or(0)).collect::<Vec<_>>();
    let shown = threshold.protect(&counts);
    let mut sheet = Sheet::new(&["recency", "frequency", "money", "customers"]);
    let mut hidden = None;
    for ((scores, count), shown) in all.iter().zip(&counts).zip(&shown.cells) {
        match shown {
            true if *count > 0 => sheet.row(vec![
                scores.recency.into(),
                scores.frequency.into(),
                scores.money.into(),
                (*count).into(),
            ]),
            true => {}
            false => *hidden.get_or_insert(0) += count,
        }
    }
    if let Some(hidden) = hidden.filter(|_| shown.total) {
        sheet.row(vec!["hidden".into(), json!(null), json!(null), hidden.into()]);
    }
    let mut more = people.settings(&with.doings);
    more.insert("classes".to_owned(), with.classes.into());
    more.insert("cuts".to_owned(), cuts.version().into());
    more.insert("customers".to_owned(), shown.total.then_some(customers.len()).into());
    sheet.write("rfm", threshold, more, output)
}
