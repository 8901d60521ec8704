//! The arguments of `value`: which customers are read, by which model, and how far one looks.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use phygital_core::measure::value::Kind;
use phygital_core::vocab::{Currency, Zone};

use crate::calendar::day_argument;

/// What customers will be worth, where no contract binds them. For subscriptions these are the wrong models: who has left is
/// known there.
#[derive(Debug, Subcommand)]
pub(crate) enum Value {
    /// Fit a model to customers: JSON with model, params, standard_errors, log_likelihood, status
    Fit(Fit),
    /// Tell for each customer how many purchases to expect, whether she still buys, what she will bring: CSV
    Predict(Predict),
}

/// A file of customers, or those of a store.
#[derive(Debug, Args)]
pub(crate) struct Customers {
    /// Customers or their transactions: CSV with a header or JSON Lines, also compressed by gzip; - reads standard input.
    /// Without it the orders of the store are taken, see --db: of customers who permit measurement
    ///
    /// Of customers: frequency (also x, repeats), recency (t_x), T (age, periods); where they are, id (customer_id), zbar
    /// (monetary_value, mean_value), weights (weight), spent. Of transactions: id (customer_id, customer), date (at, time,
    /// timestamp), amount (value), refund (refunded).
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Of transactions and orders: the last day that was seen, such as 2026-03-31
    #[arg(long, value_name = "DATE", value_parser = day_argument)]
    pub(crate) end: Option<chrono::NaiveDate>,
    /// Of transactions and orders: the unit of time. Purchases of one day count once, or of one week, month or year of the calendar
    #[arg(long, value_enum, default_value_t = Unit::Days)]
    pub(crate) unit: Unit,
    /// Of transactions and orders: the zone whose calendar tells the days of moments
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub(crate) zone: Zone,
    /// Of transactions: how many decimals amounts may have
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=6))]
    pub(crate) decimals: u8,
    /// Of orders: the currency of those that count [default: that of all of them]
    #[arg(long, value_name = "CODE", conflicts_with = "file")]
    pub(crate) currency: Option<Currency>,
}

/// See [`phygital_core::measure::value::Scale`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    /// Days
    Days,
    /// Weeks, and sevenths of them
    Weeks,
    /// Whole weeks from Monday on
    CalendarWeeks,
    /// Whole months
    CalendarMonths,
    /// Whole years
    CalendarYears,
}

#[derive(Debug, Args)]
pub(crate) struct Fit {
    /// bg-nbd, mbg-nbd, pareto-nbd (purchases at any time), bg-bb (purchases at occasions), gamma-gamma (their value)
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Kind,
    #[command(flatten)]
    pub(crate) customers: Customers,
    /// How many threads share the work; the fit is the same [default: as many as the machine has]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// What `value fit` wrote, of a model of purchases
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// What `value fit --model gamma-gamma` wrote: adds the columns value and clv, and clv_total where spent is known
    #[arg(long, value_name = "FILE")]
    pub(crate) value_model: Option<PathBuf>,
    /// How far to look, in the unit of time of the customers
    #[arg(long, value_name = "TIME")]
    pub(crate) horizon: f64,
    /// The share of what is paid that stays, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, requires = "value_model")]
    pub(crate) margin: f64,
    /// What later money is worth less: a rate for each step, such as 0.01, or for some time, such as 0.1/52 for a tenth in
    /// 52 weeks. It compounds once a step
    #[arg(long, value_name = "RATE[/TIME]", default_value = "0", requires = "value_model", value_parser = discount)]
    pub(crate) discount: Discount,
    /// How long a step is; the horizon is a whole number of them
    #[arg(long, value_name = "TIME", default_value_t = 1.0, requires = "value_model")]
    pub(crate) step: f64,
    #[command(flatten)]
    pub(crate) customers: Customers,
}

/// A rate, and the time that it is for; none for a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Discount {
    pub(crate) rate: f64,
    pub(crate) time: Option<f64>,
}

fn discount(text: &str) -> Result<Discount, &'static str> {
    let number = |text: &str| text.parse().map_err(|_| "expected a rate such as 0.01, or 0.1/52");
    match text.split_once('/') {
        Some((rate, time)) => Ok(Discount { rate: number(rate)?, time: Some(number(time)?) }),
        None => Ok(Discount { rate: number(text)?, time: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_for_a_step_or_a_time() {
        assert_eq!(discount("0.01"), Ok(Discount { rate: 0.01, time: None }));
        assert_eq!(discount("0.1/52"), Ok(Discount { rate: 0.1, time: Some(52.0) }));
        assert!(discount("10%").is_err() && discount("0.1/").is_err());
    }
}
