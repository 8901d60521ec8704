//! From transactions to summaries.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, Days, NaiveDate};
use thiserror::Error;

use super::customers::{Customers, Gather, GroupError};
use super::spending::{GatherSpending, Spending, SpendingError};
use super::summary::{Summary, SummaryError};
use crate::vocab::{Timestamp, Zone};

/// In what time is told, and what counts as one purchase: all of a customer within one day, or within one occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scale {
    /// Days; purchases of one day are one.
    Days,
    /// Weeks and sevenths of them; purchases of one day are one.
    Weeks,
    /// Whole weeks from Monday on; purchases of one week are one. For [`BgBb`](super::BgBb).
    CalendarWeeks,
    /// Whole months of the calendar, likewise.
    CalendarMonths,
    /// Whole years of the calendar, likewise.
    CalendarYears,
}

/// The purchases of customers up to the end of what was seen.
///
/// Days are those that the calendar shows in the shop's zone. Until the first purchase a customer is not watched; of a month,
/// week or year that is the scale only those count that are over at the end.
///
/// ```
/// use phygital_core::measure::value::{Purchases, Relation, Scale};
/// use phygital_core::vocab::{Timestamp, Zone};
/// let end = "2026-03-31".parse().unwrap();
/// let mut purchases = Purchases::until(end, Scale::Days, "Europe/Paris".parse()?);
/// for (at, cents) in [("2026-01-01T09:00:00Z", 1999), ("2026-01-31T22:59:00Z", 500), ("2026-01-31T23:01:00Z", 700)] {
///     purchases.add("ada", Timestamp::parse(at).unwrap(), cents, 0)?;
/// }
/// let ada = &purchases.histories(2)?[0];
/// // In Paris the last two were on two days.
/// assert_eq!((ada.summary.repeats(), ada.summary.recency(), ada.summary.age()), (2, 31.0, 89.0));
/// assert_eq!((ada.mean, ada.spent), (Some(6.0), 31.99));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Purchases {
    end: NaiveDate,
    scale: Scale,
    zone: Zone,
    /// What each customer spent net in each period, in minor units.
    people: BTreeMap<Box<str>, BTreeMap<i64, i64>>,
    left_out: LeftOut,
}

/// Purchases that were not taken in, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// After the end, or in a period that was not over.
    pub after_end: u64,
    /// Refunded in full: such a purchase is none.
    pub refunded: u64,
}

/// Why a purchase was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PurchaseError {
    /// Less than nothing was paid. A return is a refund of its purchase, and no purchase.
    #[error("expected an amount not below 0")]
    Negative,
    /// More refunded than paid, or less than nothing.
    #[error("expected a refund from 0 to the amount")]
    Refund,
    /// Sums that leave their range.
    #[error("the amounts of a customer leave their range")]
    TooMuch,
    /// No name for the customer.
    #[error("expected a customer")]
    Nobody,
    /// A customer whose figures cannot be, such as too many purchases.
    #[error(transparent)]
    Summary(#[from] SummaryError),
    /// Too many customers.
    #[error(transparent)]
    Group(#[from] GroupError),
}

/// What is known of one customer.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// The customer, as given.
    pub customer: Box<str>,
    /// How often, how late, how long.
    pub summary: Summary,
    /// The mean value of the purchases after the first, in major units; `None` without any.
    pub mean: Option<f64>,
    /// All that was spent, the first purchase too, in major units.
    pub spent: f64,
}

/// Without the customer.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("summary", &self.summary).finish_non_exhaustive()
    }
}

/// Numbers of people alone.
impl fmt::Debug for Purchases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Purchases").field("people", &self.people.len()).finish_non_exhaustive()
    }
}

impl Purchases {
    /// None yet. `end` is the last day that was seen, in the zone.
    pub fn until(end: NaiveDate, scale: Scale, zone: Zone) -> Purchases {
        Purchases { end, scale, zone, people: BTreeMap::new(), left_out: LeftOut::default() }
    }

    /// Takes in a purchase at a moment: what was paid, and what of it was given back, in minor units.
    ///
    /// # Errors
    /// [`PurchaseError`].
    pub fn add(
        &mut self,
        customer: &str,
        at: Timestamp,
        paid: i64,
        refunded: i64,
    ) -> Result<(), PurchaseError> {
        self.add_on(customer, self.zone.local(at).date(), paid, refunded)
    }

    /// Takes in a purchase on a day of the zone.
    ///
    /// # Errors
    /// [`PurchaseError`].
    pub fn add_on(
        &mut self,
        customer: &str,
        day: NaiveDate,
        paid: i64,
        refunded: i64,
    ) -> Result<(), PurchaseError> {
        if customer.is_empty() {
            return Err(PurchaseError::Nobody);
        }
        if paid < 0 {
            return Err(PurchaseError::Negative);
        }
        if !(0..=paid).contains(&refunded) {
            return Err(PurchaseError::Refund);
        }
        if refunded > 0 && refunded == paid {
            self.left_out.refunded += 1;
            return Ok(());
        }
        let period = self.scale.period(day);
        if period > self.last() {
            self.left_out.after_end += 1;
            return Ok(());
        }
        if !self.people.contains_key(customer) {
            self.people.insert(customer.into(), BTreeMap::new());
        }
        let periods = self.people.get_mut(customer).expect("just put there");
        let spent = periods.entry(period).or_default();
        *spent = spent.checked_add(paid - refunded).ok_or(PurchaseError::TooMuch)?;
        Ok(())
    }

    /// The last period that was over at the end.
    fn last(&self) -> i64 {
        let period = self.scale.period(self.end);
        let over =
            self.end.checked_add_days(Days::new(1)).is_none_or(|next| self.scale.period(next) > period);
        if over { period } else { period - 1 }
    }

    /// What was not taken in.
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// Each customer, by name. Amounts have so many decimals.
    ///
    /// # Errors
    /// [`PurchaseError`] for sums that leave their range.
    pub fn histories(&self, decimals: u8) -> Result<Vec<History>, PurchaseError> {
        self.people.iter().map(|(customer, periods)| self.history(customer, periods, decimals)).collect()
    }

    fn history(
        &self,
        customer: &str,
        periods: &BTreeMap<i64, i64>,
        decimals: u8,
    ) -> Result<History, PurchaseError> {
        let (first, last) =
            periods.keys().next().zip(periods.keys().next_back()).ok_or(PurchaseError::Nobody)?;
        let repeats = u32::try_from(periods.len() - 1).map_err(|_| SummaryError::TooMany)?;
        let time = |periods: i64| periods as f64 / self.scale.periods_of_unit();
        let summary = Summary::new(repeats, time(last - first), time(self.last() - first))?;
        let all = periods.values().try_fold(0_i64, |sum, spent| sum.checked_add(*spent));
        let all = all.ok_or(PurchaseError::TooMuch)?;
        let unit = libm::exp10(decimals.into());
        let repeated = all - periods[first];
        Ok(History {
            customer: customer.into(),
            summary,
            mean: (repeats > 0).then(|| repeated as f64 / (f64::from(repeats) * unit)),
            spent: all as f64 / unit,
        })
    }
}

/// Puts histories into groups.
///
/// # Errors
/// [`SpendingError`], such as for a customer whose repeat purchases were all gifts.
pub fn grouped(
    histories: &[History],
    mut customers: Gather,
    mut spending: GatherSpending,
) -> Result<(Customers, Spending), SpendingError> {
    for history in histories {
        customers.push(history.summary, 1)?;
        if let Some(mean) = history.mean {
            spending.push(history.summary.repeats(), mean, 1)?;
        }
    }
    Ok((customers.finish(), spending.finish()))
}

impl Scale {
    /// The number of the period of a day: periods that follow one another have numbers that do. Days and weeks count by days.
    pub fn period(self, day: NaiveDate) -> i64 {
        let days = i64::from(day.num_days_from_ce());
        match self {
            Scale::Days | Scale::Weeks => days,
            // The first day of the calendar was a Monday.
            Scale::CalendarWeeks => (days - 1).div_euclid(7),
            Scale::CalendarMonths => i64::from(day.year()) * 12 + i64::from(day.month0()),
            Scale::CalendarYears => i64::from(day.year()),
        }
    }

    /// How many of them are one unit of time: 7 days of a week, 1 otherwise.
    pub fn periods_of_unit(self) -> f64 {
        if self == Scale::Weeks { 7.0 } else { 1.0 }
    }

    /// A stable code, as the command takes it.
    pub fn code(self) -> &'static str {
        match self {
            Scale::Days => "days",
            Scale::Weeks => "weeks",
            Scale::CalendarWeeks => "calendar-weeks",
            Scale::CalendarMonths => "calendar-months",
            Scale::CalendarYears => "calendar-years",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn of(end: &str, scale: Scale, days: &[&str]) -> (Vec<(u32, f64, f64)>, LeftOut) {
        let mut purchases = Purchases::until(day(end), scale, Zone::UTC);
        days.iter().for_each(|text| purchases.add_on("a", day(text), 100, 0).unwrap());
        let histories = purchases.histories(2).unwrap();
        let figures = |of: &History| (of.summary.repeats(), of.summary.recency(), of.summary.age());
        (histories.iter().map(figures).collect(), purchases.left_out())
    }

    #[test]
    fn the_first_customer_of_cdnow() {
        let days = ["1997-01-18", "1997-01-01", "1997-08-02", "1997-12-12", "1997-01-18"];
        let (found, left_out) = of("1997-09-30", Scale::Weeks, &days);
        assert_eq!(found, [(2, 213.0 / 7.0, 272.0 / 7.0)]);
        assert_eq!(left_out, LeftOut { after_end: 1, refunded: 0 });
    }

    #[test]
    fn occasions_are_those_that_are_over() {
        let days = ["2026-01-31", "2026-02-01", "2026-02-28", "2026-04-01", "2026-05-02"];
        assert_eq!(of("2026-05-31", Scale::CalendarMonths, &days).0, [(3, 4.0, 4.0)]);
        let (found, left_out) = of("2026-05-30", Scale::CalendarMonths, &days);
        assert_eq!((found, left_out.after_end), (vec![(2, 3.0, 3.0)], 1));
        assert_eq!(of("2027-12-31", Scale::CalendarYears, &days).0, [(0, 0.0, 1.0)]);
        // 2026-02-01 was a Sunday.
        assert_eq!(of("2026-02-08", Scale::CalendarWeeks, &["2026-02-01", "2026-02-02"]).0, [(1, 1.0, 1.0)]);
    }

    #[test]
    fn what_was_given_back_was_not_bought() {
        let mut purchases = Purchases::until(day("2026-01-31"), Scale::Days, Zone::UTC);
        let mut add = |paid, refunded| purchases.add_on("a", day("2026-01-02"), paid, refunded);
        assert_eq!(add(-1, 0), Err(PurchaseError::Negative));
        assert_eq!(add(100, 101), Err(PurchaseError::Refund));
        assert_eq!(add(100, -1), Err(PurchaseError::Refund));
        add(100, 100).unwrap();
        add(100, 30).unwrap();
        assert_eq!(add(i64::MAX, 0), Err(PurchaseError::TooMuch));
        assert_eq!(purchases.add_on("", day("2026-01-02"), 1, 0), Err(PurchaseError::Nobody));
        assert_eq!(purchases.left_out().refunded, 1);
        assert_eq!(purchases.histories(2).unwrap()[0].spent, 0.7);
    }
}
