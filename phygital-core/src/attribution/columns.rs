//! Journeys of orders as columns: the input of every model.

use std::collections::BTreeMap;

use thiserror::Error;

use super::channels::ChannelId;
use super::journeys::{JourneyError, Journeys};
use super::outcome::Outcome;
use crate::journey::{Journey, OpenJourney, Refunded, Settings};
use crate::vocab::Currency;

/// Why journeys do not go into one set of columns.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ColumnsFault {
    /// Orders of several currencies, with how many there are of each: amounts are never added across.
    #[error("orders of several currencies ({}): choose one", listed(.0))]
    Currencies(Vec<(Currency, u64)>),
    /// A journey that no column holds.
    #[error(transparent)]
    Journey(#[from] JourneyError),
}

fn listed(currencies: &[(Currency, u64)]) -> String {
    let one = |(currency, orders): &(Currency, u64)| format!("{currency} {orders}");
    currencies.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The journeys in columns, with net values in the minor unit of their currency (2 decimals where there is none): each
/// order a conversion, each open journey one that did not convert, orders without touches unattributed. An order that was
/// called off is no conversion; one paid back in full is one worth nothing, unless [`Settings::refunded`] takes it back.
///
/// # Errors
/// [`ColumnsFault::Currencies`] unless all values are of one currency: leave the others out before.
pub fn columns_of(
    journeys: &[Journey],
    open: &[OpenJourney],
    settings: &Settings,
) -> Result<(Journeys, Option<Currency>), ColumnsFault> {
    let mut currencies = BTreeMap::<Currency, u64>::new();
    for value in journeys.iter().filter_map(|journey| journey.order.value) {
        *currencies.entry(value.currency()).or_default() += 1;
    }
    if currencies.len() > 1 {
        return Err(ColumnsFault::Currencies(currencies.into_iter().collect()));
    }
    let currency = currencies.into_keys().next();
    let mut columns = Journeys::new(currency.map_or(2, |currency| currency.exponent()));
    for journey in journeys {
        let path: Vec<ChannelId> = columns.path(journey.channels())?;
        columns.push(&path, outcome_of(journey, settings))?;
    }
    for open in open {
        let path = columns.path(open.channels())?;
        columns.push(&path, Outcome::nothing())?;
    }
    Ok((columns, currency))
}

/// What came of a journey, as [`columns_of`] counts it.
pub fn outcome_of(journey: &Journey, settings: &Settings) -> Outcome {
    let order = &journey.order;
    let undone = order.cancelled || (order.is_undone() && settings.refunded == Refunded::TakenBack);
    match order.net() {
        _ if undone => Outcome::nothing(),
        net => Outcome::conversion(net.map_or(0, |net| net.minor())),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::attribution::Count;
    use crate::journey::{Milestones, Order, Standing, Touch, TouchKind};
    use crate::vocab::{EventKey, Money, OrderId, Timestamp};

    fn touch() -> (Touch, Standing) {
        (Touch::new(Timestamp::MIN, EventKey::from_bytes([1; 16]), TouchKind::Ad, "ad"), Standing::CLEAR)
    }

    fn journey(amount: &str, currency: &str, change: impl FnOnce(Order) -> Order) -> Journey {
        let order =
            Order::new(OrderId::new("o").unwrap(), Timestamp::MIN, Money::parse(amount, currency).unwrap());
        Journey::of(change(order), [touch()], &Milestones::default(), &Settings::default())
    }

    #[test]
    fn what_went_back_is_worth_nothing_or_no_conversion() {
        let same = |order| order;
        let back = |order: Order| order.refunded(1);
        let off = |order: Order| Order { cancelled: true, ..order };
        let journeys = [journey("5", "JPY", same), journey("1", "JPY", back), journey("3", "JPY", off)];
        let open = OpenJourney::of([touch()], &Settings::default()).unwrap();
        let counts = |settings: &Settings| {
            let (columns, currency) = columns_of(&journeys, std::slice::from_ref(&open), settings).unwrap();
            assert_eq!((columns.scale(), currency.unwrap().code()), (0, "JPY"));
            let total = columns.totals();
            assert_eq!((total.value, columns.rows()), (5, 4));
            (total.conversions, total.nulls)
        };
        let whole = |count| Count::whole(count).unwrap();
        assert_eq!(counts(&Settings::default()), (whole(2), whole(2)));
        assert_eq!(counts(&Settings::default().with_refunded(Refunded::TakenBack)), (whole(1), whole(3)));
    }

    #[test]
    fn currencies_are_not_added() {
        let journeys = [journey("5", "JPY", |o| o), journey("5", "EUR", |o| o), journey("6", "EUR", |o| o)];
        let fault = columns_of(&journeys, &[], &Settings::default()).unwrap_err();
        assert_eq!(fault.to_string(), "orders of several currencies (EUR 2, JPY 1): choose one");
    }
}
