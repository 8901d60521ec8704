//! An order: what a journey came to, and what is left of it.

use crate::vocab::{Money, OrderId, PlaceId, Timestamp};

/// An order as it now is: what it was worth, and what went back.
///
/// ```
/// use phygital_core::journey::Order;
/// use phygital_core::vocab::{Money, OrderId, Timestamp};
/// let at = Timestamp::parse("2026-11-21T12:00:00Z")?;
/// let order = Order::new(OrderId::new("o-1")?, at, Money::parse("100.00", "EUR")?).refunded(40_00);
/// assert_eq!(order.net().map(|net| net.minor()), Some(60_00));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Order {
    /// As the host names it.
    pub id: OrderId,
    /// When it was placed.
    pub at: Timestamp,
    /// Which came first of what has the same time: a touch of that time counts where its own is not greater.
    pub sequence: u64,
    /// The shop where it was placed; none for the web.
    pub place: Option<PlaceId>,
    /// What it was worth before refunds, at least zero; none where nobody said.
    pub value: Option<Money>,
    /// What went back, in minor units: at least zero, at most the value.
    pub refunded_minor: i64,
    /// Whether it was called off: it came to nothing and was no purchase.
    pub cancelled: bool,
}

impl Order {
    /// An order of the web, of which nothing went back. Touches of its very moment count.
    pub fn new(id: OrderId, at: Timestamp, value: Money) -> Order {
        Order {
            id,
            at,
            sequence: u64::MAX,
            place: None,
            value: Some(value),
            refunded_minor: 0,
            cancelled: false,
        }
    }

    /// The order placed in a shop.
    pub fn at_place(self, place: PlaceId) -> Order {
        Order { place: Some(place), ..self }
    }

    /// The order with so many minor units paid back; never below zero or above its value.
    pub fn refunded(self, minor: i64) -> Order {
        let value = self.value.map_or(0, |value| value.minor());
        Order { refunded_minor: minor.clamp(0, value.max(0)), ..self }
    }

    /// The order with its place among what has the same time.
    pub fn in_sequence(self, sequence: u64) -> Order {
        Order { sequence, ..self }
    }

    /// What is left of its value: zero when it was called off; none where no value is known.
    pub fn net(&self) -> Option<Money> {
        let value = self.value?;
        let left = value.minor().saturating_sub(self.refunded_minor);
        Some(Money::new(if self.cancelled { 0 } else { left }, value.currency()))
    }

    /// Whether all of its value went back, or it was called off. An order without a value was not.
    pub fn is_undone(&self) -> bool {
        self.cancelled
            || self.value.is_some_and(|value| value.minor() > 0 && value.minor() == self.refunded_minor)
    }

    /// Whether it was placed in a shop.
    pub fn is_in_store(&self) -> bool {
        self.place.is_some()
    }
}
