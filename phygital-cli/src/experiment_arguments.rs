//! The arguments of `experiment`: who is compared with whom, in what, and how sure it shall be.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Whether something caused anything.
#[derive(Debug, Subcommand)]
pub(crate) enum Experiment {
    /// Compare the arms of an experiment; exit code 1 when people did not come to them as planned
    ///
    /// The sample ratio is checked before all else. Rates are compared by the score test, means by Welch's; what was known
    /// before (--pre) is taken out by CUPED; shops or other clusters (--cluster) are counted instead of people.
    Analyse(Analyse),
    /// Tell how many people or clusters it takes, or what can be seen with those that there are
    Power(Power),
    /// Say who gets what: CSV with id, arm and status
    Assign(Assign),
}

#[derive(Debug, Args)]
pub(crate) struct Analyse {
    /// A row for each person: CSV with a header or JSON Lines, also compressed by gzip; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The column with the arm
    #[arg(long, value_name = "COLUMN", default_value = "arm")]
    pub(crate) arm: String,
    /// A column to compare the means of, or the rates if it holds 0 and 1 alone; may stand several times [default: all
    /// columns that no other option names]
    #[arg(long, value_name = "COLUMN")]
    pub(crate) metric: Vec<String>,
    /// A ratio of sums to compare, such as value/orders; may stand several times
    #[arg(long, value_name = "COLUMN/COLUMN", value_parser = ratio)]
    pub(crate) ratio: Vec<Ratio>,
    /// What was known of each person before: a column for all metrics, or METRIC=COLUMN; its cells may be empty
    #[arg(long, value_name = "COLUMN")]
    pub(crate) pre: Vec<String>,
    /// The column with the cluster (the shop, or the person where one has several rows): those are counted then
    #[arg(long, value_name = "COLUMN")]
    pub(crate) cluster: Option<String>,
    /// A column that tells people apart: a person with two rows is refused
    #[arg(long, value_name = "COLUMN", conflicts_with = "cluster")]
    pub(crate) unit: Option<String>,
    /// The arm that the others are compared with [default: the one called control, or 0]
    #[arg(long, value_name = "ARM")]
    pub(crate) control: Option<String>,
    /// An arm that is held out of everything: counted and shown, never taken for treated; may stand several times
    #[arg(long, value_name = "ARM")]
    pub(crate) holdout: Vec<String>,
    /// How many an arm was to have beside the others, such as control=30; a row of an arm without is refused then [default:
    /// all alike]
    #[arg(long, value_name = "ARM=WEIGHT", value_parser = weight)]
    pub(crate) weight: Vec<Weight>,
    /// How often the statements about a metric may be wrong, shared by all treated arms
    #[arg(long, value_name = "PART", default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// Take each treated arm by itself
    #[arg(long)]
    pub(crate) uncorrected: bool,
    /// Give intervals that hold at every look, narrowest at so many people (or clusters) in both arms: a number fixed before
    /// the data
    #[arg(long, value_name = "N")]
    pub(crate) planned: Option<u64>,
    /// The same, narrowest for effects of about this size, in units of the metric: fixed before the data
    #[arg(long, value_name = "SIZE", conflicts_with = "planned")]
    pub(crate) effect: Option<f64>,
}

/// Two columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ratio {
    pub(crate) numerator: String,
    pub(crate) denominator: String,
}

/// An arm and its part.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weight {
    pub(crate) arm: String,
    pub(crate) weight: f64,
}

fn ratio(text: &str) -> Result<Ratio, &'static str> {
    let (numerator, denominator) = text.split_once('/').ok_or("expected two columns with / between")?;
    Ok(Ratio { numerator: numerator.to_owned(), denominator: denominator.to_owned() })
}

fn weight(text: &str) -> Result<Weight, &'static str> {
    let told = "expected the name of an arm, = and a number above zero";
    let (arm, weight) = text.rsplit_once('=').ok_or(told)?;
    let weight =
        weight.parse().ok().filter(|weight: &f64| *weight > 0.0 && weight.is_finite()).ok_or(told)?;
    Ok(Weight { arm: arm.to_owned(), weight })
}

#[derive(Debug, Args)]
pub(crate) struct Power {
    /// The rate of the control, from 0 to 1
    #[arg(long, value_name = "RATE", requires = "lift", conflicts_with_all = ["deviation", "difference"])]
    pub(crate) rate: Option<f64>,
    /// By what part the rate shall differ: 0.1 for ten in a hundred more
    #[arg(long, value_name = "PART", requires = "rate", allow_hyphen_values = true)]
    pub(crate) lift: Option<f64>,
    /// The standard deviation of a mean's values
    #[arg(long, value_name = "SIZE", requires = "difference", required_unless_present = "rate")]
    pub(crate) deviation: Option<f64>,
    /// By how much the means shall differ
    #[arg(long, value_name = "SIZE", requires = "deviation", allow_hyphen_values = true)]
    pub(crate) difference: Option<f64>,
    /// How often an effect that is there shall be seen
    #[arg(long, value_name = "PART", default_value_t = 0.8)]
    pub(crate) power: f64,
    /// How often one that is not there may be seen
    #[arg(long, value_name = "PART", default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// People in a cluster, on average, where whole clusters are treated
    #[arg(long, value_name = "N", requires = "correlation")]
    pub(crate) cluster_size: Option<f64>,
    /// How alike people of a cluster are, 0 to 1: the intra-cluster correlation that `experiment analyse` tells
    #[arg(long, value_name = "PART", requires = "cluster_size")]
    pub(crate) correlation: Option<f64>,
    /// Tell the power of so many in each arm instead: people, or clusters where they have a size
    #[arg(long, value_name = "N")]
    pub(crate) with: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Assign {
    /// The ids: CSV with a header or JSON Lines, also compressed by gzip; - reads standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The column with the id
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    pub(crate) id: String,
    /// What sets this experiment apart from all others: its key
    #[arg(long, value_name = "TEXT")]
    pub(crate) seed: String,
    /// An arm and its part, such as control=0.5; stands for each arm, the parts sum to 1
    #[arg(long, value_name = "ARM=PART", value_parser = weight, required = true)]
    pub(crate) arm: Vec<Weight>,
    /// What part of each arm's people takes part
    #[arg(long, value_name = "PART", default_value_t = 1.0)]
    pub(crate) coverage: f64,
    /// Only people in a range of a namespace take part, such as checkout:0:0.5
    #[arg(long, value_name = "NAME:FROM:TO", value_parser = namespace)]
    pub(crate) namespace: Option<Namespace>,
    /// Hold a part of all people out of everything, by a seed of its own, such as global=0.05
    #[arg(long, value_name = "SEED=PART", value_parser = weight)]
    pub(crate) holdout: Option<Weight>,
    /// The version of GrowthBook's hash
    #[arg(long, value_name = "1|2", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) hash_version: u8,
}

/// A range of a namespace.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Namespace {
    pub(crate) name: String,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

fn namespace(text: &str) -> Result<Namespace, &'static str> {
    let told = "expected a name, and from and to between 0 and 1, with : between";
    let mut parts = text.rsplitn(3, ':');
    let mut end = || parts.next()?.parse::<f64>().ok();
    let (to, from) = (end().ok_or(told)?, end().ok_or(told)?);
    let name = parts.next().ok_or(told)?.to_owned();
    Ok(Namespace { name, from, to })
}
