//! Customer value of files: customers as they are written, models fitted to them, what they tell.

mod customers;
mod fit;
mod predict;

use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::value_arguments::Value;

/// Runs one of the commands of `value`.
pub(crate) fn value(with: Value, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Value::Fit(with) => fit::fit(&with, output),
        Value::Predict(with) => predict::predict(&with, output),
    }
}
