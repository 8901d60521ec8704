//! `identity`: who is who in a file of events or records.

mod compare;
mod evaluate;
mod preview;
mod profiles;
mod resolve;
mod train;

use std::io::Write;
use std::path::Path;

use phygital_core::identity::matching::{MatchingError, Model, Records};

use crate::failure::{Exit, Failure};
use crate::identity::{Config, Table, records};
use crate::identity_arguments::{Identity, Learned, Source};
use crate::output::Output;
use crate::settings;
use crate::text_file;

/// Longest model file, in bytes: twelve fields with every common value that a model may name.
const MODEL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Runs one of them.
pub(crate) fn identity(with: Identity, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Identity::Resolve(with) => resolve::resolve(&with, output),
        Identity::Train(with) => train::train(&with, output),
        Identity::Match(with) => compare::compare(&with, output),
        Identity::Preview(with) => preview::preview(&with, output),
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

fn read(with: &Source, output: &Output) -> Result<Read, Failure> {
    let config = Config::read(with.config.as_deref())?;
    let mut table = Table::open(&with.file, output)?;
    let mapping = config.mapping(table.columns())?;
    let records = records(&mut table, &mapping)?;
    for column in table.unseen() {
        output.note(&format!("no line has {column}"));
    }
    Ok(Read { records, id: mapping.id, config })
}

impl Read {
    /// Learns from what the file says.
    fn learn(&self, output: &Output) -> Result<Model, MatchingError> {
        output.working("learning", || Model::train(&self.records))
    }

    /// The model of a file, or one learned from the records themselves; with the thresholds of the settings.
    fn model(&self, with: &Learned, output: &Output) -> Result<Model, Failure> {
        self.config.thresholds.on(self.learned(with, output)?)
    }

    /// As [`Read::model`], as it was learned.
    fn learned(&self, with: &Learned, output: &Output) -> Result<Model, Failure> {
        let Some(file) = &with.model else { return Ok(self.learn(output)?) };
        let bad = |what: &str| Failure::misuse("malformed", format!("{}: {what}", settings::name(file)));
        let text = text_file::read(file, MODEL_BYTES_MAX, bad)?;
        Model::from_json(&text).map_err(|error| bad(&error.to_string()))
    }
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
