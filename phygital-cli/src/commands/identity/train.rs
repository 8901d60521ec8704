//! `identity train`: what agreement and difference are worth.

use super::{read, write};
use crate::failure::{Exit, Failure};
use crate::identity_arguments::Train;
use crate::output::Output;

pub(super) fn train(with: &Train, output: &Output) -> Result<Exit, Failure> {
    let mut text = read(&with.source, output)?.learn(output)?.to_json();
    text.push('\n');
    write(&with.out, text.as_bytes())?;
    Ok(Exit::Done)
}
