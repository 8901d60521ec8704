//! `identity`: who is who in a file of events or records.

mod ask;
mod compare;
mod evaluate;
mod preview;
mod profiles;
mod resolve;
mod review;
mod train;

use std::io::Write;
use std::path::Path;

use phygital_core::identity::matching::{LEARN_MIN, MatchingError, Model, Records};
use phygital_core::vocab::TenantKey;

use super::init::tenant_key;
use crate::failure::{Exit, Failure};
use crate::identity::{Config, People, described_fields, records};
use crate::identity_arguments::{Identity, Learned, Source};
use crate::output::Output;
use crate::settings;
use crate::table::Table;
use crate::text_file;

/// Longest model file, in bytes: twelve fields with every common value that a model may name.
const MODEL_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Runs one of them.
pub(crate) fn identity(with: Identity, output: &mut Output) -> Result<Exit, Failure> {
    match with {
        Identity::Resolve(with) => resolve::resolve(&with, output),
        Identity::Train(with) => train::train(&with, output),
        Identity::Match(with) => compare::compare(&with, output),
        Identity::Explain(with) => ask::explain(&with, output),
        Identity::WhyNot(with) => ask::why_not(&with, output),
        Identity::History(with) => ask::history(&with, output),
        Identity::Review(with) => review::review(&with, output),
        Identity::Preview(with) => preview::preview(&with, output),
        Identity::Evaluate(with) => evaluate::evaluate(&with, output),
    }
}

/// A file, read.
struct Read {
    said: Said,
    /// The column with the ids.
    id: String,
    config: Config,
}

/// What a file says.
enum Said {
    /// Records to compare, without identifiers.
    Records(Records),
    /// Evidence of who is who.
    People(Box<People>),
}

fn read(with: &Source, output: &Output) -> Result<Read, Failure> {
    read_as(with, false, output)
}

/// As [`read`], where keys are to be shown as what they stand for.
fn read_named(with: &Source, output: &Output) -> Result<Read, Failure> {
    read_as(with, true, output)
}

fn read_as(with: &Source, named: bool, output: &Output) -> Result<Read, Failure> {
    let config = Config::read(with.config.as_deref())?;
    let mut table = Table::open(&with.file, output)?;
    let mut mapping = config.mapping(table.columns())?;
    if config.mapping.is_none() {
        let absent = mapping.keep(|column| table.may_have(column));
        let absent: Vec<String> = absent.into_iter().collect();
        if !absent.is_empty() {
            output.note(&format!(
                "the mapping that comes with the command is used without {}",
                absent.join(", ")
            ));
        }
    }
    let mut said = match mapping.is_evidence() {
        true => {
            let given = (tenant(with)?, config.rules()?);
            let people = People::read(&mut table, &mapping, given, (with.strict, named), output)?;
            Said::People(Box::new(people))
        }
        false => Said::Records(records(&mut table, &mapping)?),
    };
    match (&with.rulings, &mut said) {
        (Some(file), Said::People(people)) => people.rule(&mut Table::open(file, output)?)?,
        (Some(_), Said::Records(_)) => {
            return Err(Failure::misuse(
                "bad_argument",
                "--rulings goes with a mapping of identifiers or details",
            ));
        }
        (None, _) => {}
    }
    for column in table.unseen() {
        output.note(&format!("no line has {column}"));
    }
    Ok(Read { said, id: mapping.id, config })
}

/// The secret under which profiles are named. A file alone is not a shop's, so all zeros do.
fn tenant(with: &Source) -> Result<TenantKey, Failure> {
    let given = with.tenant_key.as_deref().map(tenant_key).transpose()?;
    Ok(TenantKey::new(&given.unwrap_or_default()))
}

impl Read {
    /// Learns from what the file says.
    fn learn(&self, output: &Output) -> Result<Model, MatchingError> {
        output.working("learning", || match &self.said {
            Said::Records(records) => Model::train(records),
            Said::People(people) => people.learn(),
        })
    }

    /// The model of a file, or one learned from what the file of people says; with the thresholds of the settings. `None`
    /// where rows name people by identifiers and say too little beside to learn from.
    fn model(&self, with: &Learned, output: &Output) -> Result<Option<Model>, Failure> {
        let learned = self.learned(with, output)?;
        learned.map(|model| self.config.thresholds.on(model)).transpose()
    }

    /// As [`Read::model`], as it was learned; the standard one where the file says too little of people to learn from.
    fn learned(&self, with: &Learned, output: &Output) -> Result<Option<Model>, Failure> {
        if let Some(file) = &with.model {
            return read_model(file).map(Some);
        }
        let (said, fields) = match &self.said {
            Said::Records(records) => (records.len(), records.fields().to_vec()),
            Said::People(people) => (people.described(), described_fields()),
        };
        if said == 0 {
            return Ok(None);
        }
        if said < LEARN_MIN {
            let what = match &self.said {
                Said::Records(_) => "records",
                Said::People(_) => "descriptions of people",
            };
            output.note(&format!("{said} {what} are too few to learn from: weighed by the standard model"));
            return Ok(Some(Model::standard(&fields)));
        }
        match (self.learn(output), &self.said) {
            (Err(MatchingError::NothingToLearn), Said::People(_)) => Ok(None),
            (learned, _) => Ok(Some(learned?)),
        }
    }
}

/// Reads what `identity train` wrote.
pub(super) fn read_model(file: &Path) -> Result<Model, Failure> {
    let bad = |what: &str| Failure::misuse("malformed", format!("{}: {what}", settings::name(file)));
    let text = text_file::read(file, MODEL_BYTES_MAX, bad)?;
    Model::from_json(&text).map_err(|error| bad(&error.to_string()))
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
