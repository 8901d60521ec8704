//! The arguments of what `attribution` says of single orders of a store, and of the ledger of their credits.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use phygital_core::vocab::{Currency, OrderId, Timestamp};

use crate::attribution::Model;
use crate::attribution_arguments::TimedFiles;
use crate::journey_arguments::JourneyArguments;

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The order, as the shop names it
    #[arg(value_name = "ORDER")]
    pub(crate) order: OrderId,
    /// The model, as `attribution run` takes it; a Markov model spreads the order by the removal effects of its channels, a
    /// game by what they are worth
    #[arg(long, value_name = "MODEL", value_parser = Model::parse, default_value = "linear")]
    pub(crate) model: Model,
    #[command(flatten)]
    pub(crate) timed: TimedFiles,
    /// The currency of a file's orders, such as EUR
    #[arg(long, value_name = "CODE", requires = "orders")]
    pub(crate) currency: Option<Currency>,
    #[command(flatten)]
    pub(crate) journeys: JourneyArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Post what changed since: an entry for each order that is new, or whose value, touches or weights are others now
    Post(Post),
    /// What each channel was credited by a time, by what had been posted then
    Show(ShowLedger),
    /// What was posted for an order, and why
    Order(OrderOfLedger),
}

#[derive(Debug, Args)]
pub(crate) struct LedgerFile {
    /// The ledger: lines of JSON, to which entries are added and in which none is ever changed
    #[arg(long, value_name = "FILE", default_value = "credits.jsonl")]
    pub(crate) ledger: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Post {
    #[command(flatten)]
    pub(crate) file: LedgerFile,
    /// The model, as for `attribution explain`; each has a book of its own
    #[arg(long, value_name = "MODEL", value_parser = Model::parse, default_value = "linear")]
    pub(crate) model: Model,
    #[command(flatten)]
    pub(crate) journeys: JourneyArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShowLedger {
    #[command(flatten)]
    pub(crate) file: LedgerFile,
    /// The model [default: the only one of the ledger]
    #[arg(long, value_name = "MODEL", value_parser = Model::parse)]
    pub(crate) model: Option<Model>,
    /// By what had been posted then [default: all that was]
    #[arg(long, value_name = "RFC3339", value_parser = Timestamp::parse)]
    pub(crate) as_of: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub(crate) struct OrderOfLedger {
    /// The order
    #[arg(value_name = "ORDER")]
    pub(crate) order: OrderId,
    #[command(flatten)]
    pub(crate) ledger: ShowLedger,
}
