//! `measure frequency`: whether those who visit more buy again more often.

use phygital_core::measure::{History, VisitRates};
use serde_json::json;

use super::alpha;
use super::doings::{People, left_out, told};
use super::sheet::{Sheet, ends, enough};
use crate::failure::Failure;
use crate::measure_arguments::Frequency;
use crate::output::Output;
use crate::shop::Shop;

pub(super) fn frequency(shop: &Shop, with: &Frequency, output: &mut Output) -> Result<(), Failure> {
    let alpha = alpha(with.alpha)?;
    let people = People::read(shop, &with.doings, None, output)?;
    let bad = |error: &dyn std::fmt::Display| Failure::misuse("bad_argument", format!("--classes: {error}"));
    let mut rates = VisitRates::new(with.window.into(), &with.classes).map_err(|error| bad(&error))?;
    for person in people.people.values() {
        let Some(start) = person.first() else { continue };
        let bought = person.purchases.iter().map(|(day, _)| *day).collect::<Vec<_>>();
        // The last day was seen to its end.
        let history = History { start, end: people.end + 1, visits: &person.visits, purchases: &bought };
        rates.add(&history).map_err(|error| Failure::misuse("too_wide", error.to_string()))?;
    }
    let threshold = with.doings.min_people;
    let counts = rates.classes().iter().map(|class| class.people).collect::<Vec<_>>();
    enough(threshold, counts.iter().sum())?;
    let shown = threshold.protect(&counts);
    let mut sheet = Sheet::new(&[
        "visits",
        "customers",
        "purchases",
        "days",
        "rate",
        "low",
        "high",
        "ratio",
        "ratio_low",
        "ratio_high",
        "ratio_spread_low",
        "ratio_spread_high",
        "dispersion",
    ]);
    let mut hidden = None;
    for (at, (class, shows)) in rates.classes().iter().zip(&shown.cells).enumerate() {
        if !shows {
            *hidden.get_or_insert(0) += class.people;
            continue;
        }
        let ratio = rates.ratio(at, alpha).filter(|_| at > 0 && shown.cells[0]);
        let mut row = vec![
            classes(&with.classes, at).into(),
            class.people.into(),
            class.purchases.into(),
            class.time.into(),
            json!(class.rate()),
        ];
        row.extend(ends(class.rate_interval(alpha)));
        row.push(json!(ratio.map(|ratio| ratio.value)));
        row.extend(ends(ratio.map(|ratio| ratio.poisson)));
        row.extend(ends(ratio.and_then(|ratio| ratio.negative_binomial)));
        row.push(json!(ratio.map(|ratio| ratio.dispersion)));
        sheet.row(row);
    }
    if let Some(hidden) = hidden.filter(|_| shown.total) {
        let mut row = vec!["hidden".into(), hidden.into()];
        row.extend((2..13).map(|_| json!(null)));
        sheet.row(row);
    }
    left_out(threshold, rates.too_short(), "people who were not seen beyond the window", output);
    let mut more = people.settings(&with.doings);
    more.insert("window_days".to_owned(), with.window.into());
    more.insert("alpha".to_owned(), with.alpha.into());
    more.insert("not_seen_beyond_window".to_owned(), told(threshold, rates.too_short()).into());
    sheet.write("frequency", threshold, more, output)
}

/// What a class of visits is called: `0-1`, `2-4`, `5+`.
fn classes(bounds: &[u64], at: usize) -> String {
    let low = at.checked_sub(1).map_or(0, |before| bounds[before]);
    match bounds.get(at) {
        None => format!("{low}+"),
        Some(next) if next - low == 1 => low.to_string(),
        Some(next) => format!("{low}-{}", next - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names() {
        assert_eq!([0, 1, 2].map(|at| classes(&[2, 5], at)), ["0-1", "2-4", "5+"]);
        assert_eq!([0, 1].map(|at| classes(&[1], at)), ["0", "1+"]);
    }
}
