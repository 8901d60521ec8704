//! What people did: rows of a file, or the orders, taps and visits of a store.

use std::collections::BTreeMap;

use phygital_core::attribution::Threshold;
use phygital_core::engine::Custom;
use phygital_core::measure::value::Scale;
use phygital_core::vocab::Decimal;

use crate::calendar::{DAY_EXPECTED, day_of};
use crate::coverage::Coverage;
use crate::failure::Failure;
use crate::measure_arguments::{By, Doings};
use crate::named_column::{Column, no_column};
use crate::output::Output;
use crate::settings::name;
use crate::shop::{Shop, one_currency};
use crate::table::Table;

/// Most people.
const PEOPLE_MAX: usize = 20_000_000;

/// What one person did, by days as [`Scale::Days`] numbers them. What is not in a day after the end is not here.
#[derive(Default)]
pub(super) struct Person {
    /// When she was first known; with no word of that, when she was first seen.
    pub(super) start: Option<i64>,
    /// The days on which she visited, in any order.
    pub(super) visits: Vec<i64>,
    /// When she bought and for how much net, in minor units, in any order.
    pub(super) purchases: Vec<(i64, i64)>,
    /// With whom she is compared.
    pub(super) stratum: Option<String>,
    pub(super) held_out: bool,
}

/// What all did.
pub(super) struct People {
    /// By id.
    pub(super) people: BTreeMap<String, Person>,
    /// The last day.
    pub(super) end: i64,
    /// What there is to say of a store.
    pub(super) coverage: Option<Coverage>,
    /// Rows or orders after the end, and purchases that were paid back in full.
    pub(super) after_end: u64,
    pub(super) refunded: u64,
    /// How many decimals amounts have.
    pub(super) decimals: u8,
}

/// What a row is.
#[derive(Clone, Copy, PartialEq)]
enum Event {
    Start,
    Visit,
    Purchase,
}

const ID: &[&str] = &["id", "customer_id", "customer", "person"];
const DATE: &[&str] = &["date", "at", "time", "ts", "timestamp"];
const EVENT: &[&str] = &["event"];
const AMOUNT: &[&str] = &["amount", "value"];
const REFUND: &[&str] = &["refund", "refunded"];
const STRATUM: &[&str] = &["stratum"];
const HELD_OUT: &[&str] = &["held_out"];

impl Person {
    /// The days on which she did it.
    pub(super) fn days(&self, by: By) -> Vec<i64> {
        match by {
            By::Visits => self.visits.clone(),
            By::Purchases => self.purchases.iter().map(|(day, _)| *day).collect(),
        }
    }

    /// When she was first known: what the file says, else the first of what she did.
    pub(super) fn first(&self) -> Option<i64> {
        let seen = self.visits.iter().chain(self.purchases.iter().map(|(day, _)| day)).min().copied();
        self.start.or(seen)
    }
}

impl People {
    /// Reads the file, or the store. Rows of a file without the column `event` are what `by` says; without it they need one.
    pub(super) fn read(
        shop: &Shop,
        with: &Doings,
        by: Option<By>,
        output: &Output,
    ) -> Result<People, Failure> {
        let end = Scale::Days.period(with.end);
        let decimals = with.decimals;
        let mut all =
            People { people: BTreeMap::new(), end, coverage: None, after_end: 0, refunded: 0, decimals };
        match &with.file {
            Some(file) => all.of_file(Table::open(file, output)?, with, by)?,
            None => all.of_shop(shop, with, output)?,
        }
        for (count, what) in [
            (all.after_end, "rows after the last day"),
            (all.refunded, "purchases that were paid back in full"),
        ] {
            if count > 0 {
                output.note(&format!("left out: {count} {what}"));
            }
        }
        if let Some(coverage) = &all.coverage {
            coverage.notes(output);
        }
        Ok(all)
    }

    fn of_file(&mut self, mut table: Table, with: &Doings, by: Option<By>) -> Result<(), Failure> {
        let table = &mut table;
        let (id, date) = (Column::needed(table, ID)?, Column::needed(table, DATE)?);
        let [event, amount, refund, stratum, held_out] =
            [EVENT, AMOUNT, REFUND, STRATUM, HELD_OUT].map(|names| Column::find(table, names));
        let (event, amount, refund) = (event?, amount?, refund?);
        let (stratum, held_out) = (stratum?, held_out?);
        if by.is_none() && event.is_none() {
            return Err(no_column(table.name(), EVENT));
        }
        let file = table.name().to_owned();
        while let Some(row) = table.next()? {
            let line = row.line;
            let who = row.get(id.place);
            if who.is_empty() {
                return Err(id.refuse(&file, line, "expected an id"));
            }
            let day = day_of(row.get(date.place), with.zone);
            let day = Scale::Days.period(day.ok_or_else(|| date.refuse(&file, line, DAY_EXPECTED))?);
            let kind = match (&event, by) {
                (Some(column), _) => match row.get(column.place).to_ascii_lowercase().as_str() {
                    "purchase" | "order" => Event::Purchase,
                    "visit" | "tap" => Event::Visit,
                    "start" => Event::Start,
                    _ => return Err(column.refuse(&file, line, "expected purchase, visit or start")),
                },
                (None, Some(By::Visits)) => Event::Visit,
                (None, _) => Event::Purchase,
            };
            let minor = |column: &Option<Column>| match column {
                Some(column) if !row.get(column.place).is_empty() => {
                    let text = row.get(column.place);
                    minor(text, with.decimals).ok_or_else(|| {
                        let what = format!("expected an amount from 0 of at most {} decimals", with.decimals);
                        column.refuse(&file, line, what)
                    })
                }
                _ => Ok(0),
            };
            let (paid, back) = (minor(&amount)?, minor(&refund)?);
            if let Some(column) = refund.as_ref().filter(|_| back > paid) {
                return Err(column.refuse(&file, line, "expected a refund from 0 to the amount"));
            }
            let out = match held_out.as_ref().map(|column| (column, row.get(column.place))) {
                None | Some((_, "" | "0" | "false")) => false,
                Some((_, "1" | "true")) => true,
                Some((column, _)) => return Err(column.refuse(&file, line, "expected 0 or 1")),
            };
            let layer = stratum.as_ref().map(|column| (column, row.get(column.place)));
            let layer = layer.filter(|(_, text)| !text.is_empty());
            if day > self.end {
                self.after_end += 1;
                continue;
            }
            if kind == Event::Purchase && back > 0 && back == paid {
                self.refunded += 1;
                continue;
            }
            if !self.people.contains_key(who) {
                if self.people.len() >= PEOPLE_MAX {
                    return Err(id.refuse(&file, line, format!("expected at most {PEOPLE_MAX} people")));
                }
                self.people.insert(who.to_owned(), Person::default());
            }
            let person = self.people.get_mut(who).expect("just put there");
            match kind {
                Event::Start => person.start = Some(person.start.map_or(day, |start| start.min(day))),
                Event::Visit => person.visits.push(day),
                Event::Purchase => person.purchases.push((day, paid - back)),
            }
            person.held_out |= out;
            if let Some((column, layer)) = layer {
                let known = person.stratum.get_or_insert_with(|| layer.to_owned());
                if known != layer {
                    return Err(column.refuse(&file, line, "expected one stratum for each person"));
                }
            }
        }
        Ok(())
    }

    fn of_shop(&mut self, shop: &Shop, with: &Doings, output: &Output) -> Result<(), Failure> {
        let (engine, now) = (shop.read(&shop.settings()?)?, shop.now()?);
        let customers = output.working("reading the log", || engine.insight().customers(now))?;
        let mut coverage = Coverage::of(&customers);
        // Without orders there is no currency to choose.
        let currency = match customers.currencies() {
            found if found.is_empty() => with.currency,
            found => Some(one_currency(with.currency, &found, "--currency")?),
        };
        coverage.currency = currency;
        self.decimals = currency.map_or(0, |currency| currency.exponent());
        for custom in &customers.customers {
            let person = self.person_of(custom, with, &mut coverage);
            if person.first().is_some() {
                self.people.insert(custom.customer.to_string(), person);
            }
        }
        self.coverage = Some(coverage);
        Ok(())
    }

    fn person_of(&mut self, custom: &Custom, with: &Doings, coverage: &mut Coverage) -> Person {
        let end = self.end;
        let day = |at| Scale::Days.period(with.zone.local(at).date());
        let mut purchases = Vec::new();
        for order in &custom.orders {
            let day = day(order.at);
            match order.net() {
                _ if day > end => self.after_end += 1,
                _ if order.is_undone() => self.refunded += 1,
                None => coverage.unvalued += 1,
                Some(net) if Some(net.currency()) == coverage.currency => purchases.push((day, net.minor())),
                Some(_) => coverage.other_currency += 1,
            }
        }
        let start = custom.first_day(with.zone).filter(|day| *day <= end);
        let named = |(experiment, arm): &(String, String)| {
            custom.arms.iter().any(|one| *one.experiment == **experiment && *one.variation == **arm)
        };
        Person {
            start,
            visits: custom.visits(with.zone).into_iter().filter(|day| *day <= end).collect(),
            purchases,
            // People first met in one month are alike in what the month had to offer.
            stratum: start.map(|day| {
                super::periods::label(
                    Scale::CalendarMonths,
                    super::periods::of_day(Scale::CalendarMonths, day),
                )
            }),
            held_out: with.holdout.iter().any(named),
        }
    }

    /// What of the settings is common to all questions.
    pub(super) fn settings(&self, with: &Doings) -> serde_json::Map<String, serde_json::Value> {
        let mut settings = serde_json::Map::new();
        settings.insert("end".to_owned(), with.end.to_string().into());
        settings.insert("zone".to_owned(), with.zone.name().into());
        settings.insert(
            "source".to_owned(),
            with.file.as_deref().map_or_else(|| "store".to_owned(), name).into(),
        );
        settings.insert("after_end".to_owned(), self.after_end.into());
        settings.insert("refunded".to_owned(), self.refunded.into());
        if let Some(coverage) = &self.coverage {
            settings.insert("coverage".to_owned(), coverage.object());
        }
        settings
    }
}

/// A number of people that is large enough to be told.
pub(super) fn told(threshold: Threshold, people: u64) -> Option<u64> {
    (people == 0 || people >= threshold.persons()).then_some(people)
}

/// Notes how many people are left out.
pub(super) fn left_out(threshold: Threshold, people: u64, what: &str, output: &Output) {
    match told(threshold, people) {
        Some(0) => {}
        Some(people) => output.note(&format!("left out: {people} {what}")),
        None => output.note(&format!("left out: fewer than {} {what}", threshold.persons())),
    }
}

/// An amount not below zero in minor units.
fn minor(text: &str, decimals: u8) -> Option<i64> {
    let amount = text.parse::<Decimal>().ok()?;
    let more = decimals.checked_sub(amount.scale())?;
    amount.units().checked_mul(10_i64.pow(more.into())).filter(|minor| *minor >= 0)
}
