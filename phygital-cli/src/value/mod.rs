//! Customer value: customers of a file or of a store, models fitted to them, what they tell.

mod customers;
mod fit;
mod predict;
mod shop;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;
use crate::value_arguments::Value;

/// Runs one of the commands of `value`.
pub(crate) fn value(shop: &Shop, with: Value, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Value::Fit(with) => fit::fit(shop, &with, output),
        Value::Predict(with) => predict::predict(shop, &with, output),
    }
}
