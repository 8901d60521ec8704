//! The customers of a store: their orders in one currency.

use super::customers::{Customer, Said, hand_on, last_day};
use crate::coverage::Coverage;
use crate::failure::Failure;
use crate::output::Output;
use crate::shop::{Shop, one_currency};
use crate::value_arguments::Customers;

/// Reads the store and hands on each customer.
pub(super) fn of_shop(
    shop: &Shop,
    with: &Customers,
    output: &Output,
    take: &mut dyn FnMut(&Said, Customer<'_>) -> Result<(), Failure>,
) -> Result<Said, Failure> {
    let end = last_day(with, "orders of a store")?;
    let (engine, now) = (shop.read(&shop.settings()?)?, shop.now()?);
    let customers = output.working("reading the log", || engine.insight().customers(now))?;
    let currency = one_currency(with.currency, &customers.currencies(), "--currency")?;
    let name = crate::settings::name(&shop.db);
    let found = customers.purchases(currency, end, with.unit.into(), with.zone);
    let found = found.map_err(|error| Failure::misuse("malformed", format!("{name}: {error}")))?;
    let mut coverage = Coverage::of(&customers);
    coverage.currency = Some(currency);
    (coverage.other_currency, coverage.unvalued) = (found.other_currency, found.unvalued);
    let said = Said {
        name,
        left_out: Some(found.purchases.left_out()),
        mean: Some("value".to_owned()),
        shop: Some(coverage),
    };
    hand_on(&said, &found.purchases, currency.exponent(), take)?;
    Ok(said)
}
