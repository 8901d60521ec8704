//! Experiments: who gets what, how many it takes, and what came of it.

mod analyse;
mod assign;
mod power;
mod told;

use crate::experiment_arguments::Experiment;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Runs one of the commands of `experiment`.
pub(crate) fn experiment(with: Experiment, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Experiment::Analyse(with) => analyse::analyse(&with, output),
        Experiment::Power(with) => power::power(&with, output),
        Experiment::Assign(with) => assign::assign(&with, output),
    }
}

fn bad(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::misuse("bad_argument", format!("{what}: {error}"))
}
