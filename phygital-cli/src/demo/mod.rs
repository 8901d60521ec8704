//! The demonstration: a month at a small chain of three shops, or anyone's own events.
//!
//! It uses the public API alone: an [`Engine`] over a
//! [`Sqlite`] file, tags in software. The clock is the story's and the randomness is drawn from the
//! seed, so the same options write the same bytes.

mod events;
mod feed;
pub(crate) mod generator;
mod plan;
mod play;
mod published;
pub(crate) mod report;
mod shops;
mod tally;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use phygital_core::engine::Engine;
use phygital_core::event::EventError;
use phygital_core::store::StorageError;
use phygital_core::vocab::Timestamp;
use phygital_store::{Options as StoreOptions, Sqlite};

use feed::Feed;
use report::ReportData;

/// What the report is called in the folder.
const REPORT: &str = "report.html";
/// What the store is called there.
const STORE: &str = "shop.db";

/// What to play and where to write.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The same seed writes the same bytes.
    pub(crate) seed: u64,
    /// How many people the shops have to do with, at least [`plan::CAST`].
    pub(crate) customers: u32,
    /// Events to play instead of the month: JSON Lines, CloudEvents or Segment's wire form.
    pub(crate) events: Option<PathBuf>,
    /// The folder for `report.html` and `shop.db`; made where there is none.
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
    /// More people than there are telephone numbers for fiction.
    #[error(transparent)]
    Customers(#[from] generator::TooManyCustomers),
    /// Fewer people than the story has parts.
    #[error("{0} customers were asked for; the story has {parts} parts to give away", parts = plan::CAST)]
    TooFewCustomers(u32),
    /// A file of an earlier run is in the way.
    #[error("{} is there already: move it away, or choose another folder with --out", .0.display())]
    Exists(PathBuf),
    /// The folder cannot be made, or a file in it not be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file of events cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A line of it is no event.
    #[error("{}, line {line}: {source}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong with it.
        source: EventError,
    },
    /// A line of it was refused.
    #[error("{}, line {line}: {source}", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// Why.
        source: phygital_core::engine::Error,
    },
    /// There is nothing in it.
    #[error("{} holds no event", .0.display())]
    NoEvents(PathBuf),
    /// What the engine answered.
    #[error(transparent)]
    Engine(#[from] phygital_core::engine::Error),
    /// What the store answered.
    #[error(transparent)]
    Store(#[from] StorageError),
    /// Nobody reads the output any more.
    #[error("standard output: {0}")]
    Output(io::Error),
}

impl Error {
    /// Whether the caller has to ask for something else, rather than mend the machine.
    pub(crate) fn is_misuse(&self) -> bool {
        match self {
            Error::Customers(_)
            | Error::TooFewCustomers(_)
            | Error::Exists(_)
            | Error::Read { .. }
            | Error::Line { .. }
            | Error::Refused { .. }
            | Error::NoEvents(_) => true,
            Error::Write { .. } | Error::Engine(_) | Error::Store(_) | Error::Output(_) => false,
        }
    }
}

/// Plays the demonstration: prints to standard output, writes `report.html` and `shop.db`.
///
/// # Errors
/// [`Error`]. A file that is there already is never touched; what was begun is taken away again.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let is_terminal = io::stdout().is_terminal();
    let out = Box::new(io::BufWriter::new(io::stdout()));
    play(options, &mut Feed::new(out, options.quiet, options.json, is_terminal))
}

/// As [`run`], with the feed given.
fn play(options: &Options, feed: &mut Feed) -> Result<(), Error> {
    if options.events.is_none() && options.customers < plan::CAST {
        return Err(Error::TooFewCustomers(options.customers));
    }
    let (report, store) = (options.out.join(REPORT), options.out.join(STORE));
    for path in [&report, &store] {
        if path.exists() {
            return Err(Error::Exists(path.clone()));
        }
    }
    let unwritten = |path: &Path, source| Error::Write { path: path.to_owned(), source };
    fs::create_dir_all(&options.out).map_err(|source| unwritten(&options.out, source))?;
    let data = match &options.events {
        Some(file) => events::play(file, options, &store, feed),
        None => play::month(options, &store, feed),
    };
    let data = data.inspect_err(|_| take_away(&store))?;
    let written = fs::File::create_new(&report)
        .and_then(|mut file| file.write_all(report::render(&data).as_bytes()))
        .map_err(|source| unwritten(&report, source));
    written.inspect_err(|_| take_away(&store))?;
    feed.summary(&data, &[&report, &store])
}

/// A store that equal runs write with equal bytes.
fn new_store(path: &Path) -> Result<Sqlite, Error> {
    Ok(Sqlite::open_with(path, &StoreOptions::new().remember_place(false))?)
}

/// Makes the report and closes the store, so that one file is left.
fn finish(engine: Engine<Sqlite>, scope: &tally::Scope, now: Timestamp) -> Result<ReportData, Error> {
    let data = tally::report(&engine, scope, now)?;
    engine.into_store().close()?;
    Ok(data)
}

/// Removes a store that was begun; whether that works, nobody needs to know.
fn take_away(store: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut path = store.as_os_str().to_owned();
        path.push(ending);
        let _ = fs::remove_file(path);
    }
}
