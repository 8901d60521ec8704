//! Attribution of files: journeys as they are written, and the credits of their channels.

mod amounts;
mod loader;
mod model;
mod paths;
mod run;
mod transitions;

pub(crate) use model::Model;

use crate::attribution_arguments::Attribution;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// Runs one of the commands of `attribution`.
pub(crate) fn attribution(with: Attribution, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Attribution::Run(with) => run::run(&with, output),
    }
}
