//! The customers of a store: their orders in one currency.

use phygital_core::engine::{ShopCustomers, ShopPurchases};
use serde_json::{Value, json};

use super::customers::{Customer, Said, hand_on, last_day};
use crate::failure::Failure;
use crate::output::Output;
use crate::shop::{Shop, one_currency};
use crate::value_arguments::Customers;

/// What there is to say of a store's orders.
pub(super) struct OfShop {
    currency: String,
    unidentified: u64,
    not_permitted: u64,
    orders_not_permitted: u64,
    other_currency: u64,
    unvalued: u64,
}

impl OfShop {
    fn new(customers: &ShopCustomers, found: &ShopPurchases) -> OfShop {
        OfShop {
            currency: found.currency.to_string(),
            unidentified: customers.unidentified,
            not_permitted: customers.not_permitted,
            orders_not_permitted: customers.orders_not_permitted,
            other_currency: found.other_currency,
            unvalued: found.unvalued,
        }
    }

    /// For programs.
    pub(super) fn object(&self) -> Value {
        json!({
            "currency": self.currency, "orders_of_nobody_known": self.unidentified,
            "customers_not_permitted": self.not_permitted, "orders_not_permitted": self.orders_not_permitted,
            "orders_in_other_currencies": self.other_currency, "orders_without_value": self.unvalued,
        })
    }

    /// What is not in the figures.
    pub(super) fn notes(&self, output: &Output) {
        for (count, what) in [
            (self.unidentified, "orders name nobody that is known"),
            (self.not_permitted, "customers do not permit measurement"),
            (self.other_currency, "orders in other currencies"),
            (self.unvalued, "orders without a value"),
        ] {
            if count > 0 {
                output.note(&format!("left out: {count} {what}"));
            }
        }
    }
}

/// Reads the store and hands on each customer.
pub(super) fn of_shop(
    shop: &Shop,
    with: &Customers,
    output: &Output,
    take: &mut dyn FnMut(&Said, Customer<'_>) -> Result<(), Failure>,
) -> Result<Said, Failure> {
    let end = last_day(with, "orders of a store")?;
    let (engine, now) = (shop.open(&shop.settings()?)?, shop.now()?);
    let customers = output.working("reading the log", || engine.insight().customers(now))?;
    let currency = one_currency(with.currency, &customers.currencies(), "--currency")?;
    let name = crate::settings::name(&shop.db);
    let found = customers.purchases(currency, end, with.unit.into(), with.zone);
    let found = found.map_err(|error| Failure::misuse("malformed", format!("{name}: {error}")))?;
    let said = Said {
        name,
        left_out: Some(found.purchases.left_out()),
        mean: Some("value".to_owned()),
        shop: Some(OfShop::new(&customers, &found)),
    };
    hand_on(&said, &found.purchases, currency.exponent(), take)?;
    Ok(said)
}
