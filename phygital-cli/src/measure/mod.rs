//! What people did, measured: tables of counts of people with what follows from them.

mod cadence;
mod cohorts;
mod doings;
mod frequency;
mod landmark;
mod periods;
mod rfm;
mod sheet;
mod survey;

use phygital_core::measure::Alpha;

use crate::failure::{Exit, Failure};
use crate::measure_arguments::Measure;
use crate::output::Output;
use crate::shop::Shop;

pub(crate) use sheet::may_split;

/// Runs one of the commands of `measure`.
pub(crate) fn measure(shop: &Shop, with: Measure, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Measure::Rfm(with) => rfm::rfm(shop, &with, output),
        Measure::Cohorts(with) => cohorts::cohorts(shop, &with, output),
        Measure::Cadence(with) => cadence::cadence(shop, &with, output),
        Measure::Frequency(with) => frequency::frequency(shop, &with, output),
        Measure::Landmark(with) => landmark::landmark(shop, &with, output),
        Measure::Nps(with) => survey::nps(&with, output),
        Measure::Csat(with) => survey::csat(&with, output),
    }?;
    Ok(Exit::Done)
}

fn alpha(number: f64) -> Result<Alpha, Failure> {
    Alpha::new(number).map_err(|error| Failure::misuse("bad_argument", format!("--alpha: {error}")))
}
