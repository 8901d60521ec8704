//! The arguments of `measure`: whose doings are read, up to which day, and what is asked of them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use phygital_core::attribution::Threshold;
use phygital_core::measure::value::Scale;
use phygital_core::vocab::{Currency, Zone};

use crate::attribution_report_arguments::threshold;
use crate::calendar::day_argument;

/// What customers did: CSV, or with --json one object with the settings and the rows. Figures of fewer people than --min-people
/// are hidden, and others with them from which they could be reckoned. What goes together is no cause; see `experiment`.
#[derive(Debug, Subcommand)]
pub(crate) enum Measure {
    /// Count customers by recency, frequency and money: recency, frequency, money (scores from 1, the highest is the best),
    /// customers
    Rfm(Rfm),
    /// Tell what part of each cohort came back so many periods after its first: cohort, customers, later, active, retention
    Cohorts(Cohorts),
    /// Tell how often people come, how many stopped, and how many of each period did not come back: figure, at, people, count,
    /// value
    Cadence(Cadence),
    /// Set purchases after a window beside the visits within it: visits, customers, purchases, days, rate with its interval, its
    /// ratio to the first class
    #[command(visible_alias = "retention")]
    Frequency(Frequency),
    /// Set revenue after a day fixed beforehand, of those who had visited by then, beside that of those like them who had not
    Landmark(Landmark),
    /// The net promoter score of each wave: wave, people, promoters, passives, detractors, score, low, high
    Nps(Survey),
    /// Who is satisfied (4 or 5 of 5) in each wave: wave, people, satisfied, rate, low, high
    Csat(Survey),
}

/// What people did, of a file or a store.
#[derive(Debug, Args)]
pub(crate) struct Doings {
    /// What people did: CSV with a header or JSON Lines, also compressed by gzip; - reads standard input. Without it the
    /// orders, taps and visits of the store are taken, see --db: of customers who permit measurement
    ///
    /// One row each: id (customer_id, customer, person), date (at, time, ts, timestamp), and where known event (purchase or order,
    /// visit or tap, start), amount (value), refund (refunded), stratum (with whom she is compared), held_out (0 or 1). Without
    /// the column event all rows are what the question is of.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The last day that was seen, such as 2026-03-31: it is never today by itself
    #[arg(long, value_name = "DATE", value_parser = day_argument)]
    pub(crate) end: chrono::NaiveDate,
    /// The zone whose calendar tells the days of moments
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: Zone,
    /// Of a file: how many decimals amounts may have
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=6))]
    pub(crate) decimals: u8,
    /// Of a store: the currency of the orders whose amounts count [default: that of all of them]
    #[arg(long, value_name = "CODE", conflicts_with = "file")]
    pub(crate) currency: Option<Currency>,
    /// Of a store: who was in this arm of this experiment is held out; repeatedly
    #[arg(long, value_name = "EXPERIMENT=ARM", conflicts_with = "file", value_parser = arm)]
    pub(crate) holdout: Vec<(String, String)>,
    /// Figures of fewer people are hidden; at least 10
    #[arg(long, value_name = "N", default_value = "50", value_parser = threshold)]
    pub(crate) min_people: Threshold,
}

#[derive(Debug, Args)]
pub(crate) struct Rfm {
    #[command(flatten)]
    pub(crate) doings: Doings,
    /// How many classes a score has
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=10))]
    pub(crate) classes: u8,
    /// What the cuts between the classes are called [default: the last day]
    #[arg(long, value_name = "NAME")]
    pub(crate) version: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Cohorts {
    #[command(flatten)]
    pub(crate) doings: Doings,
    /// How long a period is
    #[arg(long, value_enum, default_value_t = Period::Months)]
    pub(crate) period: Period,
    /// What makes somebody active
    #[arg(long, value_enum, default_value_t = By::Purchases)]
    pub(crate) by: By,
}

#[derive(Debug, Args)]
pub(crate) struct Cadence {
    #[command(flatten)]
    pub(crate) doings: Doings,
    /// What the gaps are between
    #[arg(long, value_enum, default_value_t = By::Visits)]
    pub(crate) by: By,
    /// Who stayed away for more than so many of her median gaps has stopped
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) drop: u32,
    /// How long a period is of which one asks who was lost
    #[arg(long, value_enum, default_value_t = Period::Months)]
    pub(crate) period: Period,
    /// Who was active in a period and in none of so many after it was lost
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=1_000))]
    pub(crate) after: i32,
}

#[derive(Debug, Args)]
pub(crate) struct Frequency {
    #[command(flatten)]
    pub(crate) doings: Doings,
    /// Visits within so many days after the start are counted, and purchases from then on
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(crate) window: u32,
    /// Where classes of visits begin: 2,5 makes 0 to 1, 2 to 4, 5 and more
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "1,2,5")]
    pub(crate) classes: Vec<u64>,
    /// How often an interval may miss
    #[arg(long, value_name = "PART", default_value_t = 0.05)]
    pub(crate) alpha: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Landmark {
    #[command(flatten)]
    pub(crate) doings: Doings,
    /// So many days after the start one looks who has visited
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(crate) day: u32,
    /// Revenue of so many days after that is compared
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    pub(crate) horizon: u32,
    /// How often an interval may miss
    #[arg(long, value_name = "PART", default_value_t = 0.05)]
    pub(crate) alpha: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Survey {
    /// Answers: CSV with a header or JSON Lines, also compressed by gzip; - reads standard input
    ///
    /// id (customer_id, customer, person), answer (score), and where known date (at, time, ts, timestamp; of several answers of a
    /// person in a wave the last counts) and wave.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The zone whose calendar tells the days of moments
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: Zone,
    /// How often an interval may miss
    #[arg(long, value_name = "PART", default_value_t = 0.05)]
    pub(crate) alpha: f64,
    /// Figures of fewer people are hidden; at least 10
    #[arg(long, value_name = "N", default_value = "50", value_parser = threshold)]
    pub(crate) min_people: Threshold,
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Period {
    /// Days
    Days,
    /// Weeks from Monday on
    Weeks,
    /// Months of the calendar
    Months,
    /// Years of the calendar
    Years,
}

/// What makes somebody active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// Days with a purchase
    Purchases,
    /// Days with a visit to a shop, such as a tap or a purchase there
    Visits,
}

impl From<Period> for Scale {
    fn from(period: Period) -> Scale {
        match period {
            Period::Days => Scale::Days,
            Period::Weeks => Scale::CalendarWeeks,
            Period::Months => Scale::CalendarMonths,
            Period::Years => Scale::CalendarYears,
        }
    }
}

/// An arm of an experiment, such as `spring=held-out`.
pub(crate) fn arm(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((experiment, arm)) if !experiment.is_empty() && !arm.is_empty() => {
            Ok((experiment.to_owned(), arm.to_owned()))
        }
        _ => Err("expected an experiment and one of its arms, such as spring=held-out"),
    }
}
