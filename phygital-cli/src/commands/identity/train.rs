//! `identity train`: what agreement and difference are worth.

use phygital_core::identity::matching::Model;

use super::{read, write};
use crate::failure::{Exit, Failure};
use crate::identity_arguments::Train;
use crate::output::Output;

pub(super) fn train(with: &Train, output: &Output) -> Result<Exit, Failure> {
    let read = read(&with.people, output)?;
    let mut text = output.working("learning", || Model::train(&read.records))?.to_json();
    text.push('\n');
    write(&with.out, text.as_bytes())?;
    Ok(Exit::Done)
}
