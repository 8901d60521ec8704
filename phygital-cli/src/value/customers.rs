//! A file of customers, or of their transactions; or the orders of a store.

use std::fmt;

use chrono::NaiveDate;
use phygital_core::measure::value::{
    Field, LeftOut, PurchaseError, Purchases, Scale, Summary, SummaryError, decimal, whole,
};
use phygital_core::vocab::{Decimal, Timestamp};

use super::shop::of_shop;
use crate::calendar::{DAY_EXPECTED, day};
use crate::coverage::Coverage;
use crate::failure::Failure;
use crate::named_column::{Column, no_column};
use crate::output::Output;
use crate::shop::Shop;
use crate::table::Table;
use crate::value_arguments::{Customers, Unit};

/// One customer of a file.
pub(super) struct Customer<'c> {
    pub(super) place: Place,
    /// Empty where the file has no such column.
    pub(super) id: &'c str,
    pub(super) summary: Summary,
    /// The mean value of repeat purchases, where it is told.
    pub(super) mean: Option<f64>,
    pub(super) spent: Option<f64>,
    pub(super) weight: u64,
}

/// Where a customer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In this line.
    Line(u64),
    /// In several lines of transactions: which customer in the order of their ids, from 1. The id itself may be personal.
    Number(u64),
}

/// What there is to say of a file.
pub(super) struct Said {
    pub(super) name: String,
    /// Of transactions: what was left out.
    pub(super) left_out: Option<LeftOut>,
    /// The name of the column with mean values.
    pub(super) mean: Option<String>,
    /// Of a store: whose orders they are, and whose they are not.
    pub(super) shop: Option<Coverage>,
}

const ID: &[&str] = &["id", "customer_id", "customer"];
const REPEATS: &[&str] = &["frequency", "x", "repeats"];
const RECENCY: &[&str] = &["recency", "t_x"];
const AGE: &[&str] = &["t", "age", "periods"];
const MEAN: &[&str] = &["zbar", "monetary_value", "mean_value"];
const WEIGHT: &[&str] = &["weights", "weight"];
const SPENT: &[&str] = &["spent"];
const DATE: &[&str] = &["date", "at", "time", "timestamp"];
const AMOUNT: &[&str] = &["amount", "value"];
const REFUND: &[&str] = &["refund", "refunded"];

/// Says that a customer's mean value is needed, and no column has it.
pub(super) fn no_mean(said: &Said) -> Failure {
    no_column(&said.name, MEAN)
}

/// What is wrong with a cell.
pub(super) fn refuse(file: &str, place: Place, column: &str, what: impl fmt::Display) -> Failure {
    malformed(file, place, format_args!("column {column}: {what}"))
}

/// What is wrong with a customer.
pub(super) fn malformed(file: &str, place: Place, what: impl fmt::Display) -> Failure {
    match place {
        Place::Line(line) => Failure::misuse("malformed", format!("{file}: {what}")).at_line(line),
        Place::Number(number) => {
            Failure::misuse("malformed", format!("{file}: customer {number} in the order of ids: {what}"))
        }
    }
}

/// Reads a file, or the store, and hands on each customer.
pub(super) fn read(
    shop: &Shop,
    with: &Customers,
    output: &Output,
    mut take: impl FnMut(&Said, Customer<'_>) -> Result<(), Failure>,
) -> Result<Said, Failure> {
    let Some(file) = &with.file else { return of_shop(shop, with, output, &mut take) };
    let mut table = Table::open(file, output)?;
    match Column::find(&mut table, DATE)? {
        Some(date) => transactions(with, &mut table, &date, &mut take),
        None => customers(with, &mut table, &mut take),
    }
}

fn customers(
    with: &Customers,
    table: &mut Table,
    take: &mut dyn FnMut(&Said, Customer<'_>) -> Result<(), Failure>,
) -> Result<Said, Failure> {
    if with.end.is_some() {
        return Err(Failure::misuse("bad_argument", "--end goes with transactions, and these are customers"));
    }
    let [repeats, recency, age] = [REPEATS, RECENCY, AGE].map(|names| Column::needed(table, names));
    let (repeats, recency, age) = (repeats?, recency?, age?);
    let [id, mean, weight, spent] = [ID, MEAN, WEIGHT, SPENT].map(|names| Column::find(table, names));
    let (id, mean, weight, spent) = (id?, mean?, weight?, spent?);
    let said = Said {
        name: table.name().to_owned(),
        left_out: None,
        shop: None,
        mean: mean.as_ref().map(|column| column.name.clone()),
    };
    while let Some(row) = table.next()? {
        let place = Place::Line(row.line);
        let summary = Summary::parse(row.get(repeats.place), row.get(recency.place), row.get(age.place));
        let summary = summary.map_err(|error| {
            let column = match error {
                SummaryError::Number(Field::Recency)
                | SummaryError::Range(Field::Recency)
                | SummaryError::Order
                | SummaryError::NoRecency
                | SummaryError::NoRepeat => &recency.name,
                SummaryError::Number(Field::Age) | SummaryError::Range(Field::Age) => &age.name,
                _ => &repeats.name,
            };
            refuse(&said.name, place, column, error)
        })?;
        // An empty cell is no mean value, as it is for those who did not come back.
        let mean = match &mean {
            Some(column) if !row.get(column.place).is_empty() => Some(
                signed(row.get(column.place))
                    .ok_or_else(|| refuse(&said.name, place, &column.name, "expected a number"))?,
            ),
            _ => None,
        };
        let number = |column: &Column, field| {
            decimal(row.get(column.place), field)
                .map_err(|_| refuse(&said.name, place, &column.name, "expected a number not below 0"))
        };
        let spent = spent.as_ref().map(|column| number(column, Field::Mean)).transpose()?;
        let weight = weight.as_ref().map(|column| {
            whole(row.get(column.place), Field::Weight)
                .map_err(|error| refuse(&said.name, place, &column.name, error))
        });
        let weight = weight.transpose()?.unwrap_or(1);
        let id = id.as_ref().map_or("", |column| row.get(column.place));
        take(&said, Customer { place, id, summary, mean, spent, weight })?;
    }
    Ok(said)
}

/// A finite number of either sign: what is not above zero is refused where it matters.
fn signed(text: &str) -> Option<f64> {
    match text.strip_prefix('-') {
        Some(rest) => decimal(rest, Field::Mean).ok().map(|number| -number),
        None => decimal(text, Field::Mean).ok(),
    }
}

fn transactions(
    with: &Customers,
    table: &mut Table,
    date: &Column,
    take: &mut dyn FnMut(&Said, Customer<'_>) -> Result<(), Failure>,
) -> Result<Said, Failure> {
    let end = last_day(with, "transactions")?;
    let id = Column::needed(table, ID)?;
    let [amount, refund] = [AMOUNT, REFUND].map(|names| Column::find(table, names));
    let (amount, refund) = (amount?, refund?);
    let name = table.name().to_owned();
    let mut purchases = Purchases::until(end, with.unit.into(), with.zone);
    while let Some(row) = table.next()? {
        let place = Place::Line(row.line);
        let minor = |column: &Option<Column>| match column {
            None => Ok(0),
            Some(column) if row.get(column.place).is_empty() => Ok(0),
            Some(column) => {
                let minor = row.get(column.place).parse::<Decimal>().ok().and_then(|amount| {
                    let more = with.decimals.checked_sub(amount.scale())?;
                    amount.units().checked_mul(10_i64.pow(more.into()))
                });
                let what = || format!("expected an amount of at most {} decimals", with.decimals);
                minor.ok_or_else(|| refuse(&name, place, &column.name, what()))
            }
        };
        let (paid, refunded) = (minor(&amount)?, minor(&refund)?);
        let customer = row.get(id.place);
        let text = row.get(date.place);
        let added = match day(text) {
            Some(day) => purchases.add_on(customer, day, paid, refunded),
            None => match Timestamp::parse(text) {
                Ok(at) => purchases.add(customer, at, paid, refunded),
                Err(_) => return Err(refuse(&name, place, &date.name, DAY_EXPECTED)),
            },
        };
        added.map_err(|error| {
            let column = match error {
                PurchaseError::Nobody => &id.name,
                PurchaseError::Refund => refund.as_ref().map_or("refund", |column| &column.name),
                _ => amount.as_ref().map_or("amount", |column| &column.name),
            };
            refuse(&name, place, column, error)
        })?;
    }
    let mean = amount.as_ref().map(|column| column.name.clone());
    let said = Said { name, left_out: Some(purchases.left_out()), mean, shop: None };
    hand_on(&said, &purchases, with.decimals, take)?;
    Ok(said)
}

/// The last day that was seen, which is never today by itself: what was bought since would be missing.
pub(super) fn last_day(with: &Customers, what: &str) -> Result<NaiveDate, Failure> {
    with.end.ok_or_else(|| {
        Failure::misuse("bad_argument", format!("{what} need --end DATE, the last day that was seen"))
    })
}

/// Hands on the customers of purchases.
pub(super) fn hand_on(
    said: &Said,
    purchases: &Purchases,
    decimals: u8,
    take: &mut dyn FnMut(&Said, Customer<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let histories = purchases.histories(decimals);
    let histories =
        histories.map_err(|error| Failure::misuse("malformed", format!("{}: {error}", said.name)))?;
    for (number, history) in (1..).zip(histories) {
        let (mean, spent) = match &said.mean {
            Some(_) => (history.mean, Some(history.spent)),
            None => (None, None),
        };
        let (place, id, summary) = (Place::Number(number), &history.customer, history.summary);
        take(said, Customer { place, id, summary, mean, spent, weight: 1 })?;
    }
    Ok(())
}

impl From<Unit> for Scale {
    fn from(unit: Unit) -> Scale {
        match unit {
            Unit::Days => Scale::Days,
            Unit::Weeks => Scale::Weeks,
            Unit::CalendarWeeks => Scale::CalendarWeeks,
            Unit::CalendarMonths => Scale::CalendarMonths,
            Unit::CalendarYears => Scale::CalendarYears,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_may_be_of_either_sign_until_it_matters() {
        assert_eq!((signed("-1.5"), signed("2")), (Some(-1.5), Some(2.0)));
        assert_eq!((signed("--1"), signed("nan"), signed("")), (None, None, None));
    }
}
