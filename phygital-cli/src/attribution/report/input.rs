//! The files of a report: touches, orders, groups, costs.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use phygital_core::attribution::{
    Contact, CostError, Costs, GroupError, Groups, People, PeopleError, PersonKey, Sale, Sold,
};
use phygital_core::vocab::{Currency, IdError, OrderId, PlaceId, Timestamp};
use ring::digest::{Context, SHA256};

use crate::attribution_report_arguments::Report;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::name;
use crate::table::{Row, Table};

/// Who came when, and what was bought.
pub(super) struct Read {
    pub(super) people: People,
    pub(super) currency: Option<Currency>,
    /// SHA-256 over the files, for the id of the run.
    pub(super) digest: Context,
}

/// Reads touches and orders.
pub(super) fn people(with: &Report, touches: &Path, orders: &Path, output: &Output) -> Result<Read, Failure> {
    // Amounts are in minor units already; the scale only says how they are shown.
    let mut people = People::new(with.currency.map_or(0, |currency| currency.exponent()));
    let mut digest = Context::new(&SHA256);
    read_touches(touches, &mut people, &mut digest, output)?;
    let told = read_orders(orders, &mut people, &mut digest, output)?;
    if people.repeated() > 0 {
        output.note(&format!("{} touches were told twice and count once", people.repeated()));
    }
    let currency = match (with.currency, told) {
        (Some(asked), Some(told)) if asked != told => {
            let message = format!("{}: amounts are in {told}, not in {asked}", name(orders));
            return Err(Failure::misuse("currency", message));
        }
        (asked, told) => asked.or(told),
    };
    Ok(Read { people, currency, digest })
}

/// The touch of each row; its number among the person's is that of the line where no column says it.
fn read_touches(
    file: &Path,
    people: &mut People,
    digest: &mut Context,
    output: &Output,
) -> Result<(), Failure> {
    let mut table = Table::open_hashed(file, output)?;
    let [person, channel, at] = needed(&mut table, ["person", "channel", "ts"])?;
    let [number, place] = optional(&mut table, ["touch", "place"])?;
    each_row(file, &mut table, digest, |row| {
        let key = PersonKey::of(person.some(row)?.as_bytes());
        let time = at.time(row)?;
        let counted = number.filter(|column| !column.text(row).is_empty());
        let order = counted.map_or(Ok(row.line), |column| column.number(row))?;
        let id = people.channel(channel.some(row)?).map_err(|error| channel.refuse(row, error))?;
        let mut touch = Contact::new(id, time, order);
        if let Some(column) = place {
            touch.place = column.place(row)?;
        }
        people.touch(key, touch).map_err(|error| counted.unwrap_or(at).refuse(row, error))
    })?;
    passed_over(&table, &["person", "channel", "ts", "touch", "place"], output);
    Ok(())
}

/// The order of each row, and the currency that all of them name.
fn read_orders(
    file: &Path,
    people: &mut People,
    digest: &mut Context,
    output: &Output,
) -> Result<Option<Currency>, Failure> {
    let mut table = Table::open_hashed(file, output)?;
    let [person, order, at, sold, value] =
        needed(&mut table, ["person", "order", "ts", "channel", "value_minor"])?;
    let [refund, goods, place, currency] =
        optional(&mut table, ["refund_minor", "goods_minor", "place", "currency"])?;
    let mut of_all: Option<Option<Currency>> = None;
    each_row(file, &mut table, digest, |row| {
        // Empty where nobody was recognised.
        let key = Some(person.text(row)).filter(|text| !text.is_empty());
        let key = key.map(|text| PersonKey::of(text.as_bytes()));
        let id: OrderId = order.some(row)?.parse().map_err(|error: IdError| order.refuse(row, error))?;
        let time = at.time(row)?;
        let side = match sold.some(row)? {
            "store" => Sold::Store,
            "web" => Sold::Web,
            _ => return Err(sold.refuse(row, "expected store or web")),
        };
        let mut sale = Sale::new(id, time, side, value.amount(row)?);
        if let Some(column) = refund.filter(|column| !column.text(row).is_empty()) {
            let refund = column.amount(row)?.unsigned_abs();
            sale = sale.refunded(refund).map_err(|error| column.refuse(row, error))?;
        }
        if let Some(column) = goods.filter(|column| !column.text(row).is_empty()) {
            sale.goods = Some(column.amount(row)?);
        }
        if let Some(column) = place {
            sale.place = column.place(row)?;
        }
        if let Some(column) = currency {
            let told = Some(column.text(row)).filter(|text| !text.is_empty());
            let told = told.map(str::parse::<Currency>).transpose();
            let told = told.map_err(|error| column.refuse(row, error))?;
            let known = *of_all.get_or_insert(told);
            if known != told {
                let word =
                    |currency: Option<Currency>| currency.map_or("none".to_owned(), |one| one.to_string());
                let what = format_args!("expected {}, as before, found {}", word(known), word(told));
                return Err(column.refuse(row, what));
            }
        }
        people.sale(key, sale).map_err(|error: PeopleError| order.refuse(row, error))
    })?;
    passed_over(
        &table,
        &[
            "person",
            "order",
            "ts",
            "channel",
            "value_minor",
            "refund_minor",
            "goods_minor",
            "place",
            "currency",
        ],
        output,
    );
    Ok(of_all.flatten())
}

/// The groups of channels; none where no file was named.
pub(super) fn groups(file: Option<&Path>, digest: &mut Context, output: &Output) -> Result<Groups, Failure> {
    let mut groups = Groups::default();
    digest.update(&[1]);
    let Some(file) = file else { return Ok(groups) };
    let mut table = Table::open_hashed(file, output)?;
    let [own] = needed(&mut table, ["name"])?;
    let [parent, side] = optional(&mut table, ["parent", "side"])?;
    each_row(file, &mut table, digest, |row| {
        let text = |column: Option<Column>| {
            column.map(|column| (column, column.text(row))).filter(|(_, text)| !text.is_empty())
        };
        let (above, stated) = (text(parent), text(side));
        let stated =
            stated.map(|(column, side)| side.parse().map_err(|error: GroupError| column.refuse(row, error)));
        groups.add(own.some(row)?, above.map(|(_, name)| name), stated.transpose()?).map_err(|error| {
            match error {
                GroupError::Ring => parent.unwrap_or(own).refuse(row, error),
                _ => own.refuse(row, error),
            }
        })
    })?;
    Ok(groups)
}

/// What channels cost; nothing where no file was named.
pub(super) fn costs(file: Option<&Path>, digest: &mut Context, output: &Output) -> Result<Costs, Failure> {
    let mut costs = Costs::default();
    digest.update(&[1]);
    let Some(file) = file else { return Ok(costs) };
    let mut table = Table::open_hashed(file, output)?;
    let [channel, cost] = needed(&mut table, ["channel", "cost_minor"])?;
    each_row(file, &mut table, digest, |row| {
        let amount = cost.number(row)?;
        costs.add(channel.some(row)?, amount).map_err(|error: CostError| cost.refuse(row, error))
    })?;
    Ok(costs)
}

/// Hands on each row, and takes the file into the digest.
fn each_row(
    file: &Path,
    table: &mut Table,
    digest: &mut Context,
    mut take: impl FnMut(&Row<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    while let Some(row) = table.next()? {
        take(&row).map_err(|failure| failure.while_doing(&name(file)))?;
    }
    digest.update(&table.sha256().unwrap_or_default());
    Ok(())
}

fn passed_over(table: &Table, read: &[&str], output: &Output) {
    let columns = table.columns().iter().map(String::as_str).filter(|column| !read.contains(column));
    let columns = columns.collect::<Vec<_>>();
    if !columns.is_empty() {
        output.note(&format!("{}: columns that are not read: {}", table.name(), columns.join(", ")));
    }
}

/// A column, by its place and name.
#[derive(Clone, Copy)]
struct Column {
    place: usize,
    name: &'static str,
}

fn needed<const N: usize>(table: &mut Table, names: [&'static str; N]) -> Result<[Column; N], Failure> {
    let mut columns = names.map(|name| Column { place: 0, name });
    for column in &mut columns {
        column.place = table.column(column.name)?;
    }
    Ok(columns)
}

fn optional<const N: usize>(
    table: &mut Table,
    names: [&'static str; N],
) -> Result<[Option<Column>; N], Failure> {
    let mut columns = [None; N];
    for (column, name) in columns.iter_mut().zip(names) {
        *column = table.optional(name)?.map(|place| Column { place, name });
    }
    Ok(columns)
}

impl Column {
    fn text<'r>(&self, row: &'r Row<'_>) -> &'r str {
        row.get(self.place)
    }

    /// The text, which has to be something.
    fn some<'r>(&self, row: &'r Row<'_>) -> Result<&'r str, Failure> {
        match self.text(row) {
            "" => Err(self.refuse(row, "expected a value")),
            text => Ok(text),
        }
    }

    fn number<N: FromStr>(&self, row: &Row<'_>) -> Result<N, Failure> {
        self.some(row)?.parse().map_err(|_| self.refuse(row, "expected a whole number"))
    }

    /// An amount that is not below zero.
    fn amount(&self, row: &Row<'_>) -> Result<i64, Failure> {
        match self.number(row)? {
            amount if amount < 0 => Err(self.refuse(row, "expected a number that is not below zero")),
            amount => Ok(amount),
        }
    }

    /// Whole seconds since 1970, or a time of RFC 3339.
    fn time(&self, row: &Row<'_>) -> Result<Timestamp, Failure> {
        let text = self.some(row)?;
        let time = match text.parse::<i64>() {
            Ok(seconds) => Timestamp::from_millis(seconds.saturating_mul(1000)),
            Err(_) => Timestamp::parse(text),
        };
        time.map_err(|error| {
            self.refuse(row, format_args!("expected whole seconds since 1970, or else: {error}"))
        })
    }

    fn place(&self, row: &Row<'_>) -> Result<Option<PlaceId>, Failure> {
        match self.text(row) {
            "" => Ok(None),
            text => PlaceId::new(text).map(Some).map_err(|error| self.refuse(row, error)),
        }
    }

    fn refuse(&self, row: &Row<'_>, what: impl fmt::Display) -> Failure {
        Failure::misuse("malformed", format!("column {}: {what}", self.name)).at_line(row.line)
    }
}
