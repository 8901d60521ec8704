//! What of a store is not in the figures of its customers, and why.

use phygital_core::engine::ShopCustomers;
use phygital_core::vocab::Currency;
use serde_json::{Value, json};

use crate::output::Output;

/// What was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// The currency of what was not; none where figures have none.
    pub(crate) currency: Option<Currency>,
    unidentified: u64,
    not_permitted: u64,
    orders_not_permitted: u64,
    pub(crate) other_currency: u64,
    pub(crate) unvalued: u64,
}

impl Coverage {
    /// Of a store's customers. In what currency orders are, and which had none, is still to be said.
    pub(crate) fn of(customers: &ShopCustomers) -> Coverage {
        Coverage {
            currency: None,
            unidentified: customers.unidentified,
            not_permitted: customers.not_permitted,
            orders_not_permitted: customers.orders_not_permitted,
            other_currency: 0,
            unvalued: 0,
        }
    }

    /// For programs.
    pub(crate) fn object(&self) -> Value {
        json!({
            "currency": self.currency.map(|currency| currency.to_string()),
            "orders_of_nobody_known": self.unidentified, "customers_not_permitted": self.not_permitted,
            "orders_not_permitted": self.orders_not_permitted, "orders_in_other_currencies": self.other_currency,
            "orders_without_value": self.unvalued,
        })
    }

    /// For people.
    pub(crate) fn notes(&self, output: &Output) {
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
