//! Attribution: journeys of files and of a store, the credits of their channels, and what they rest on.

mod amounts;
mod explain;
mod files;
mod ledger;
mod loader;
mod model;
mod paths;
mod report;
mod run;
pub(crate) mod shop;
mod shop_run;
mod timed;
mod transitions;

pub(crate) use model::{MODELS, Model};

use crate::attribution_arguments::Attribution;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::shop::Shop;

/// Runs one of the commands of `attribution`.
pub(crate) fn attribution(shop: &Shop, with: Attribution, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Attribution::Run(with) => run::run(shop, &with, output),
        Attribution::Explain(with) => explain::explain(shop, &with, output),
        Attribution::Ledger(with) => ledger::ledger(shop, &with, output),
        Attribution::Report(with) => report::report(shop, &with, output),
    }
}
