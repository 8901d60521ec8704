//! Files of touches and of orders with their times, row by row.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use phygital_core::attribution::Sold;
use phygital_core::journey::TouchKind;
use phygital_core::vocab::{Currency, IdError, OrderId, PlaceId, Timestamp};

use crate::failure::Failure;
use crate::output::Output;
use crate::settings::name;
use crate::table::{Row, Table};

/// A row of touches.
pub(super) struct TouchRow<'r> {
    row: &'r Row<'r>,
    pub(super) person: &'r str,
    pub(super) channel: &'r str,
    pub(super) at: Timestamp,
    /// Its number among the person's, where the row says it.
    pub(super) number: Option<u64>,
    /// Of which kind, where the row says it.
    pub(super) kind: Option<TouchKind>,
    /// What of the channel it was; empty where nobody said.
    pub(super) source: &'r str,
    pub(super) place: Option<PlaceId>,
}

/// A row of orders.
pub(super) struct OrderRow<'r> {
    row: &'r Row<'r>,
    /// Whose it is; none where nobody was recognised.
    pub(super) person: Option<&'r str>,
    pub(super) order: OrderId,
    pub(super) at: Timestamp,
    pub(super) sold: Sold,
    pub(super) value_minor: i64,
    pub(super) refund_minor: i64,
    /// What the goods had cost, where it is known.
    pub(super) goods_minor: Option<i64>,
    pub(super) place: Option<PlaceId>,
    /// Where the row says it.
    pub(super) currency: Option<Currency>,
}

const TOUCHES: [&str; 7] = ["person", "channel", "ts", "touch", "kind", "source", "place"];
const ORDERS: [&str; 9] =
    ["person", "order", "ts", "channel", "value_minor", "refund_minor", "goods_minor", "place", "currency"];

/// Hands on each touch of a file; returns its digest.
pub(super) fn touches(
    file: &Path,
    output: &Output,
    mut take: impl FnMut(TouchRow<'_>) -> Result<(), Failure>,
) -> Result<[u8; 32], Failure> {
    let mut table = Table::open_hashed(file, output)?;
    let [person, channel, at] = needed(&mut table, ["person", "channel", "ts"])?;
    let [number, kind, source, place] = optional(&mut table, ["touch", "kind", "source", "place"])?;
    let digest = each_row(file, &mut table, |row| {
        let number = said(number, row).map(|column| column.number(row)).transpose()?;
        let kind = said(kind, row).map(|column| column.parsed(row)).transpose()?;
        take(TouchRow {
            row,
            person: person.some(row)?,
            channel: channel.some(row)?,
            at: at.time(row)?,
            number,
            kind,
            source: source.map_or("", |column| column.text(row)),
            place: said(place, row).map(|column| column.place(row)).transpose()?,
        })
    })?;
    passed_over(&table, &TOUCHES, output);
    Ok(digest)
}

/// Hands on each order of a file; returns its digest.
pub(super) fn orders(
    file: &Path,
    output: &Output,
    mut take: impl FnMut(OrderRow<'_>) -> Result<(), Failure>,
) -> Result<[u8; 32], Failure> {
    let mut table = Table::open_hashed(file, output)?;
    let [person, order, at, sold, value] =
        needed(&mut table, ["person", "order", "ts", "channel", "value_minor"])?;
    let [refund, goods, place, currency] =
        optional(&mut table, ["refund_minor", "goods_minor", "place", "currency"])?;
    let digest = each_row(file, &mut table, |row| {
        let amount = |column| said(column, row).map(|column: Column| column.amount(row)).transpose();
        take(OrderRow {
            row,
            person: Some(person.text(row)).filter(|text| !text.is_empty()),
            order: order.some(row)?.parse().map_err(|error: IdError| order.refuse(row, error))?,
            at: at.time(row)?,
            sold: match sold.some(row)? {
                "store" => Sold::Store,
                "web" => Sold::Web,
                _ => return Err(sold.refuse(row, "expected store or web")),
            },
            value_minor: value.amount(row)?,
            refund_minor: amount(refund)?.unwrap_or(0),
            goods_minor: amount(goods)?,
            place: said(place, row).map(|column| column.place(row)).transpose()?,
            currency: said(currency, row).map(|column| column.parsed(row)).transpose()?,
        })
    })?;
    passed_over(&table, &ORDERS, output);
    Ok(digest)
}

impl TouchRow<'_> {
    /// Its line in the file.
    pub(super) fn line(&self) -> u64 {
        self.row.line
    }

    /// What is wrong with a cell.
    pub(super) fn refuse(&self, column: &'static str, what: impl fmt::Display) -> Failure {
        refuse(self.row, column, what)
    }
}

impl OrderRow<'_> {
    /// What is wrong with a cell.
    pub(super) fn refuse(&self, column: &'static str, what: impl fmt::Display) -> Failure {
        refuse(self.row, column, what)
    }
}

/// The column, where it is there and the row has something in it.
fn said(column: Option<Column>, row: &Row<'_>) -> Option<Column> {
    column.filter(|column| !column.text(row).is_empty())
}

/// Hands on each row of a table; returns the digest of the file.
pub(super) fn each_row(
    file: &Path,
    table: &mut Table,
    mut take: impl FnMut(&Row<'_>) -> Result<(), Failure>,
) -> Result<[u8; 32], Failure> {
    while let Some(row) = table.next()? {
        take(&row).map_err(|failure| failure.while_doing(&name(file)))?;
    }
    Ok(table.sha256().unwrap_or_default())
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
pub(super) struct Column {
    place: usize,
    name: &'static str,
}

pub(super) fn needed<const N: usize>(
    table: &mut Table,
    names: [&'static str; N],
) -> Result<[Column; N], Failure> {
    let mut columns = names.map(|name| Column { place: 0, name });
    for column in &mut columns {
        column.place = table.column(column.name)?;
    }
    Ok(columns)
}

pub(super) fn optional<const N: usize>(
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
    pub(super) fn text<'r>(&self, row: &'r Row<'_>) -> &'r str {
        row.get(self.place)
    }

    /// The text, which has to be something.
    pub(super) fn some<'r>(&self, row: &'r Row<'_>) -> Result<&'r str, Failure> {
        match self.text(row) {
            "" => Err(self.refuse(row, "expected a value")),
            text => Ok(text),
        }
    }

    pub(super) fn number<N: FromStr>(&self, row: &Row<'_>) -> Result<N, Failure> {
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

    fn place(&self, row: &Row<'_>) -> Result<PlaceId, Failure> {
        PlaceId::new(self.text(row)).map_err(|error| self.refuse(row, error))
    }

    /// What the text says.
    fn parsed<T: FromStr<Err: fmt::Display>>(&self, row: &Row<'_>) -> Result<T, Failure> {
        self.text(row).parse().map_err(|error| self.refuse(row, error))
    }

    pub(super) fn refuse(&self, row: &Row<'_>, what: impl fmt::Display) -> Failure {
        refuse(row, self.name, what)
    }
}

fn refuse(row: &Row<'_>, column: &str, what: impl fmt::Display) -> Failure {
    Failure::misuse("malformed", format!("column {column}: {what}")).at_line(row.line)
}
