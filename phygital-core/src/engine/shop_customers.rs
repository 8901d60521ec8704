//! What the customers of a shop did: their orders and touches, and what value models make of them.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::event::Body;
use crate::journey::{Order, OrderFaults, Touch};
use crate::measure::value::{PurchaseError, Purchases, Scale};
use crate::vocab::{Currency, CustomerId, Zone};

/// What customers did, of those who permit measurement ([`Insight::customers`](super::Insight::customers)). Of the others there
/// is nothing here but how many they are: whoever does not permit it is left out before anything is learned, not after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShopCustomers {
    /// Each with an order or a touch, by id.
    pub customers: Vec<Custom>,
    /// How many orders name nobody that is known.
    pub unidentified: u64,
    /// How many customers do not permit measurement now.
    pub not_permitted: u64,
    /// How many orders are theirs.
    pub orders_not_permitted: u64,
    /// What was said of orders that cannot be so.
    pub faults: OrderFaults,
}

/// What one customer did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Custom {
    /// Who.
    pub customer: CustomerId,
    /// What she ordered, oldest first, with what was paid back or called off.
    pub orders: Vec<Order>,
    /// How she met the shop, oldest first.
    pub touches: Vec<Touch>,
    /// In which arms of experiments she was.
    pub arms: BTreeSet<Arm>,
}

/// An arm of an experiment that somebody met (*Experiment Viewed*).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "an experiment and one of its arms")]
pub struct Arm {
    /// The id of the experiment, else its name.
    pub experiment: Box<str>,
    /// The id of the variation, else its name.
    pub variation: Box<str>,
}

/// The arm that an event tells of, if it does.
pub(super) fn arm(body: &Body) -> Option<Arm> {
    let Body::ExperimentViewed(viewed) = body else { return None };
    let experiment = viewed.experiment_id.as_deref().or(viewed.experiment_name.as_deref())?;
    let variation = viewed.variation_id.as_deref().or(viewed.variation_name.as_deref())?;
    Some(Arm { experiment: experiment.into(), variation: variation.into() })
}

impl Custom {
    /// The days, numbered as [`Scale::period`] numbers them, on which she was met in a shop: by a tap, a visit, somebody's help, or
    /// an order placed there. Several meetings of a day are one visit.
    pub fn visits(&self, zone: Zone) -> BTreeSet<i64> {
        let touches = self.touches.iter().filter(|touch| touch.kind.is_physical()).map(|touch| touch.at);
        let orders = self.orders.iter().filter(|order| order.is_in_store()).map(|order| order.at);
        touches.chain(orders).map(|at| Scale::Days.period(zone.local(at).date())).collect()
    }

    /// The orders that are purchases: not those that were called off or paid back in full.
    pub fn purchases(&self) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(|order| !order.is_undone())
    }

    /// The day on which she was first met: by a touch or an order.
    pub fn first_day(&self, zone: Zone) -> Option<i64> {
        let first = self.touches.first().map(|touch| touch.at).into_iter();
        let first = first.chain(self.orders.first().map(|order| order.at)).min()?;
        Some(Scale::Days.period(zone.local(first).date()))
    }
}

/// The purchases of a shop's customers in one currency.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShopPurchases {
    /// By customer, each named by her id. Amounts are in the minor unit of the currency.
    pub purchases: Purchases,
    /// The currency.
    pub currency: Currency,
    /// What time is told in.
    pub scale: Scale,
    /// How many orders in other currencies are left out.
    pub other_currency: u64,
    /// How many orders are left out because nobody said what they were worth.
    pub unvalued: u64,
}

impl ShopCustomers {
    /// The purchases in a currency up to the end of a day, for models of value: how often, how lately and for how long each
    /// customer was seen in units of `scale`, and what her purchases were worth, are
    /// [`ShopPurchases::purchases`]'s [`histories`](Purchases::histories).
    ///
    /// ```
    /// # use phygital_core::engine::{Config, Engine, EntropyError};
    /// # use phygital_core::store::Memory;
    /// # use phygital_core::tap::Keys;
    /// # use phygital_core::vocab::{Timestamp, Zone};
    /// use phygital_core::measure::value::Scale;
    /// # let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
    /// # let seeded = |bytes: &mut [u8]| { bytes.fill(7); Ok::<(), EntropyError>(()) };
    /// # let engine = Engine::open(Memory::new(), Config::default(), Keys::none(), seeded)?;
    /// let customers = engine.insight().customers(now)?;
    /// let found = customers.purchases("EUR".parse()?, "2026-10-31".parse()?, Scale::Weeks, Zone::UTC)?;
    /// assert!(found.purchases.histories(found.currency.exponent())?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`PurchaseError`] for sums that leave their range.
    pub fn purchases(
        &self,
        currency: Currency,
        end: NaiveDate,
        scale: Scale,
        zone: Zone,
    ) -> Result<ShopPurchases, PurchaseError> {
        let purchases = Purchases::until(end, scale, zone);
        let mut found = ShopPurchases { purchases, currency, scale, other_currency: 0, unvalued: 0 };
        for custom in &self.customers {
            let name = custom.customer.to_string();
            for order in &custom.orders {
                match order.value {
                    None => found.unvalued += 1,
                    Some(value) if value.currency() != currency => found.other_currency += 1,
                    Some(value) => {
                        let back = if order.cancelled { value.minor() } else { order.refunded_minor };
                        found.purchases.add(&name, order.at, value.minor(), back)?;
                    }
                }
            }
        }
        Ok(found)
    }

    /// The currencies of the orders, in order.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        let orders = self.customers.iter().flat_map(|custom| &custom.orders);
        orders.filter_map(|order| order.value.map(|value| value.currency())).collect()
    }
}
