//! The arguments of `attribution`: which journeys are read, and by which model credit is shared out.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use phygital_core::vocab::Currency;

use crate::attribution::{MODELS, Model};
use crate::attribution_order_arguments::{Explain, Ledger};
use crate::attribution_report_arguments::Report;
use crate::failure::Failure;
use crate::journey_arguments::JourneyArguments;

/// What each channel was worth. Credit shares out what happened; it does not say what a channel caused.
#[derive(Debug, Subcommand)]
pub(crate) enum Attribution {
    /// Share out the conversions and the value of journeys among channels: CSV with channel, conversions, value
    Run(Run),
    /// Explain an order of a store or a file: its touches, those that do not count and why, weights, credits to the cent
    Explain(Explain),
    /// Post the credits of a store's orders into a ledger that is only ever added to, and ask it about any time
    #[command(subcommand)]
    Ledger(Ledger),
    /// Write a page with what the channels earned by every model, how firm that is, and which ways led to orders
    Report(Box<Report>),
}

/// A file of grouped paths, and how it is read.
#[derive(Debug, Args)]
pub(crate) struct Paths {
    /// Grouped paths: path, conversions, value, nulls, or with the names of ChannelAttribution; CSV with a header or JSON
    /// Lines, also compressed by gzip; - reads standard input. Without it the orders of the store are taken, see --db
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// What stands between the channels of a path; white space around a channel is no part of it
    #[arg(long, value_name = "TEXT", default_value = ">", value_parser = separator)]
    pub(crate) separator: String,
    /// The currency of all values, such as EUR: credits are in its minor unit then, to the cent
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<Currency>,
    /// Round values to so many decimals, half to even [default: those of the currency, with none what is written]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=18))]
    pub(crate) decimals: Option<u8>,
}

impl Paths {
    /// The file, where there has to be one.
    pub(crate) fn file(&self) -> Result<&Path, Failure> {
        self.file
            .as_deref()
            .ok_or_else(|| Failure::misuse("no_file", "expected the name of a file of grouped paths"))
    }
}

/// Files of touches and orders with their times, in place of a store.
#[derive(Debug, Args)]
pub(crate) struct TimedFiles {
    /// Touches: person, channel, ts; where known touch (its number), kind, source, place
    #[arg(long, value_name = "FILE", requires = "orders")]
    pub(crate) touches: Option<PathBuf>,
    /// Orders: person, order, ts, channel (store or web), value_minor; where known refund_minor, place, currency
    #[arg(long, value_name = "FILE", requires = "touches")]
    pub(crate) orders: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[arg(long, value_name = "MODEL", value_parser = Model::parse, help = MODELS)]
    pub(crate) model: Model,
    #[command(flatten)]
    pub(crate) paths: Paths,
    #[command(flatten)]
    pub(crate) timed: TimedFiles,
    #[command(flatten)]
    pub(crate) journeys: JourneyArguments,
    /// How a Markov model spreads credit: all conversions by the removal effects, or those of each journey among its own
    /// channels
    #[arg(long, value_enum, default_value_t = Spread::All)]
    pub(crate) spread: Spread,
    /// Write the table of a Markov model's transitions to this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) transitions: Option<PathBuf>,
    /// Keep steps from a state to itself in the table; they change no credit
    #[arg(long, requires = "transitions")]
    pub(crate) loops: bool,
    /// How many orders of the channels are drawn for a game of too many channels to be solved
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) samples: u32,
    /// What they are drawn from: the same seed gives the same credits
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many threads share the work; the credits are the same [default: as many as the machine has]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// How a Markov model spreads credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Spread {
    /// All conversions in proportion to the removal effects
    All,
    /// Those of each journey among its own touches, by the removal effects of their channels
    Journey,
}

fn separator(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("expected a text with a sign that is no space"),
        text => Ok(text.to_owned()),
    }
}
