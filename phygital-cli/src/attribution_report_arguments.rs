//! The arguments of `attribution report`: what is read, how it is looked at, and where the page goes.

use std::path::PathBuf;

use clap::Args;
use phygital_core::attribution::{Model, Threshold};
use phygital_core::vocab::Currency;

use crate::journey_arguments::JourneyArguments;
use crate::measure_arguments::arm;

/// What is read, and how it is looked at.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Grouped paths, as `attribution run` reads them. They have no times and no persons: each conversion counts as one
    /// person's, and what needs more is left out. Without a file, and without --touches, the orders of the store are taken,
    /// see --db
    #[arg(value_name = "FILE", conflicts_with_all = ["touches", "orders"])]
    pub(crate) file: Option<PathBuf>,
    /// Touches: CSV with person, channel, ts (seconds since 1970, or RFC 3339), and where known touch, place
    #[arg(long, value_name = "FILE", requires = "orders")]
    pub(crate) touches: Option<PathBuf>,
    /// Orders: CSV with person, order, ts, channel (store or web), value_minor, and where known refund_minor, goods_minor,
    /// place, currency; a person is empty where nobody was recognised
    #[arg(long, value_name = "FILE", requires = "touches")]
    pub(crate) orders: Option<PathBuf>,
    /// Channel groups: CSV with name, and where known parent, side (physical, visit, digital or direct)
    #[arg(long, value_name = "FILE")]
    pub(crate) groups: Option<PathBuf>,
    /// What channels cost over the same time: CSV with channel, cost_minor
    #[arg(long, value_name = "FILE")]
    pub(crate) costs: Option<PathBuf>,
    /// How many days back from an order touches count, where --look-back does not say it
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(crate) window: u32,
    #[command(flatten)]
    pub(crate) journeys: JourneyArguments,
    /// Of a store: who was in this arm of this experiment is held out: reported, and not attributed as treated; repeatedly
    #[arg(long, value_name = "EXPERIMENT=ARM", conflicts_with_all = ["file", "touches"], value_parser = arm)]
    pub(crate) holdout: Vec<(String, String)>,
    /// What tests found of channels: CSV with channel, test, incremental_minor, attributed_minor
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// The model whose answer is put to the test: first, last, last-non-direct, linear, time-decay, position, shapley:sum,
    /// markov:ORDER
    #[arg(long, value_name = "MODEL", default_value_t = Model::Linear)]
    pub(crate) model: Model,
    /// A channel with a cost is kept while it earns so many percent of the cost
    #[arg(long, value_name = "PERCENT", default_value_t = 100)]
    pub(crate) target_roas: u32,
    /// Figures of fewer people are hidden; at least 10
    #[arg(long, value_name = "N", default_value = "50", value_parser = threshold)]
    pub(crate) min_people: Threshold,
    /// How many samples the intervals come from
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub(crate) samples: u16,
    /// What stands between the channels of a path
    #[arg(long, value_name = "TEXT", default_value = ">")]
    pub(crate) separator: String,
    /// The currency of all values, such as EUR [default: what the orders name]
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<Currency>,
    /// The page to write
    #[arg(long, value_name = "FILE", default_value = "attribution.html")]
    pub(crate) out: PathBuf,
    /// The heading of the page
    #[arg(long, value_name = "TEXT", default_value = "Attribution report")]
    pub(crate) title: String,
}

/// A number of people from which on figures are shown.
pub(crate) fn threshold(text: &str) -> Result<Threshold, String> {
    let persons = text.parse().map_err(|_| "expected a number of people".to_owned())?;
    Threshold::new(persons).map_err(|error| error.to_string())
}
