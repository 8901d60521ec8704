//! The files of a report: touches, orders, groups, costs, what tests found.

use std::path::Path;

use phygital_core::attribution::{
    Calibration, Calibrations, Contact, CostError, Costs, GroupError, Groups, People, PeopleError, PersonKey,
    Sale,
};
use phygital_core::vocab::Currency;
use ring::digest::{Context, SHA256};

use super::super::timed::{self, Column, each_row, needed, optional};
use crate::attribution_report_arguments::Report;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::name;
use crate::table::Table;

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
    let of_touches = timed::touches(touches, output, |row| {
        let channel = people.channel(row.channel).map_err(|error| row.refuse("channel", error))?;
        let mut touch = Contact::new(channel, row.at, row.number.unwrap_or(row.line()));
        (touch.place, touch.kind, touch.source) = (row.place.clone(), row.kind, row.source.into());
        people.touch(PersonKey::of(row.person.as_bytes()), touch).map_err(|error| row.refuse("touch", error))
    })?;
    let mut of_all: Option<Option<Currency>> = None;
    let of_orders = timed::orders(orders, output, |row| {
        let sale = Sale::new(row.order.clone(), row.at, row.sold, row.value_minor);
        let sale = sale.refunded(row.refund_minor.unsigned_abs());
        let mut sale = sale.map_err(|error| row.refuse("refund_minor", error))?;
        (sale.goods, sale.place) = (row.goods_minor, row.place.clone());
        let known = *of_all.get_or_insert(row.currency);
        if known != row.currency {
            let word = |currency: Option<Currency>| currency.map_or("none".to_owned(), |one| one.to_string());
            let what = format_args!("expected {}, as before, found {}", word(known), word(row.currency));
            return Err(row.refuse("currency", what));
        }
        let key = row.person.map(|person| PersonKey::of(person.as_bytes()));
        people.sale(key, sale).map_err(|error: PeopleError| row.refuse("order", error))
    })?;
    [of_touches, of_orders].iter().for_each(|file| digest.update(file));
    if people.repeated() > 0 {
        output.note(&format!("{} touches were told twice and count once", people.repeated()));
    }
    let currency = match (with.currency, of_all.flatten()) {
        (Some(asked), Some(told)) if asked != told => {
            let message = format!("{}: amounts are in {told}, not in {asked}", name(orders));
            return Err(Failure::misuse("currency", message));
        }
        (asked, told) => asked.or(told),
    };
    Ok(Read { people, currency, digest })
}

/// The groups of channels; none where no file was named.
pub(super) fn groups(file: Option<&Path>, digest: &mut Context, output: &Output) -> Result<Groups, Failure> {
    let mut groups = Groups::default();
    digest.update(&[1]);
    let Some(file) = file else { return Ok(groups) };
    let mut table = Table::open_hashed(file, output)?;
    let [own] = needed(&mut table, ["name"])?;
    let [parent, side] = optional(&mut table, ["parent", "side"])?;
    let file = each_row(file, &mut table, |row| {
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
    digest.update(&file);
    Ok(groups)
}

/// What channels cost; nothing where no file was named.
pub(super) fn costs(file: Option<&Path>, digest: &mut Context, output: &Output) -> Result<Costs, Failure> {
    let mut costs = Costs::default();
    digest.update(&[1]);
    let Some(file) = file else { return Ok(costs) };
    let mut table = Table::open_hashed(file, output)?;
    let [channel, cost] = needed(&mut table, ["channel", "cost_minor"])?;
    let file = each_row(file, &mut table, |row| {
        let amount = cost.number(row)?;
        costs.add(channel.some(row)?, amount).map_err(|error: CostError| cost.refuse(row, error))
    })?;
    digest.update(&file);
    Ok(costs)
}

/// What tests found of channels; nothing where no file was named.
pub(super) fn calibrations(
    file: Option<&Path>,
    digest: &mut Context,
    output: &Output,
) -> Result<Calibrations, Failure> {
    let mut calibrations = Calibrations::default();
    digest.update(&[1]);
    let Some(file) = file else { return Ok(calibrations) };
    let mut table = Table::open_hashed(file, output)?;
    let [channel, test, incremental, attributed] =
        needed(&mut table, ["channel", "test", "incremental_minor", "attributed_minor"])?;
    let file = each_row(file, &mut table, |row| {
        let found = Calibration::new(test.some(row)?, incremental.number(row)?, attributed.number(row)?);
        let found = found.map_err(|error| attributed.refuse(row, error))?;
        calibrations.add(channel.some(row)?, found).map_err(|error| channel.refuse(row, error))
    })?;
    digest.update(&file);
    Ok(calibrations)
}
