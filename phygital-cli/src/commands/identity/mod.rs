//! `identity`: who is who in a file of events or records.

mod compare;
mod evaluate;
mod profiles;
mod resolve;
mod train;

use std::io::Write;
use std::path::Path;

use phygital_core::identity::matching::{MatchingError, Model, Records};

use crate::failure::{Exit, Failure};
use crate::identity::{Config, Table, records};
use crate::identity_arguments::{Identity, Learned, People};
use crate::output::Output;
use crate::settings;

/// Runs one of them.
pub(crate) fn identity(with: Identity, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Identity::Resolve(with) => resolve::resolve(&with, output),
        Identity::Train(with) => train::train(&with, output),
        Identity::Match(with) => compare::compare(&with, output),
        Identity::Evaluate(with) => evaluate::evaluate(&with, output),
    }
}

/// A file, read.
struct Read {
    records: Records,
    /// The column with the ids.
    id: String,
    config: Config,
}

fn read(with: &People, output: &Output) -> Result<Read, Failure> {
    let config = Config::read(with.config.as_deref())?;
    let mut table = Table::open(&with.file, output)?;
    let mapping = config.mapping(table.columns())?;
    let records = records(&mut table, &mapping)?;
    for column in table.unseen() {
        output.note(&format!("no line has {column}"));
    }
    Ok(Read { records, id: mapping.id, config })
}

/// A model from its file, or one learned from the records themselves; with the thresholds of the settings.
fn model(with: &Learned, read: &Read, output: &Output) -> Result<Model, Failure> {
    let model = match &with.model {
        Some(file) => {
            let named = |error: MatchingError| Failure::from(error).while_doing(&settings::name(file));
            Model::from_json(&settings::read(file)?).map_err(named)?
        }
        None => output.working("learning", || Model::train(&read.records))?,
    };
    Ok(read.config.thresholds.on(model))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = std::fs::File::create(file).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| Failure::io(&settings::name(file), &error))
}

impl From<MatchingError> for Failure {
    fn from(error: MatchingError) -> Failure {
        Failure::misuse("malformed", error.to_string())
    }
}
