//! Orders and what they came to, by the rules that the module's documentation states.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::compact::{elided_debug, is_default};
use super::goods::{Goods, key, size};
use super::limits::{LINES_MAX, ORDER_LINES_MAX, ORDER_MINOR_MAX, ORDERS_MAX, ORDERS_PENDING_MAX};
use crate::event::FoldKey;
use crate::event::kinds::commerce::OrderSums;
use crate::vocab::{Currency, Money, OrderId, PlaceId};

/// The orders of one customer and their totals.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Orders {
    /// By placing, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    list: Vec<Order>,
    /// Not placed as far as we know, oldest note first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<Order>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    totals: BTreeMap<Currency, Totals>,
    /// Purchases in all: placed and not cancelled, whether or not they have a sum.
    #[serde(default, skip_serializing_if = "is_default")]
    count: u32,
    /// What the sources said that cannot be so.
    #[serde(default, skip_serializing_if = "is_default")]
    conflicts: u32,
}

/// One order as the profile keeps it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Order {
    /// As the host names it.
    pub id: OrderId,
    /// The event that placed it.
    #[serde(with = "super::compact::by")]
    pub by: FoldKey,
    /// The shop; none for the web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// Its sum before refunds, at least zero.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::compact::money")]
    pub gross: Option<Money>,
    /// Its total with tax and shipping in minor units, where that is more than `gross`.
    #[serde(default, skip_serializing_if = "is_default")]
    paid: i64,
    /// What was paid back in part.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::compact::money")]
    refunded: Option<Money>,
    /// Whether it was paid back in full.
    #[serde(default, skip_serializing_if = "is_default")]
    refunded_in_full: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    cancelled: bool,
    /// Whether the sum comes from an update.
    #[serde(default, skip_serializing_if = "is_default")]
    updated: bool,
    /// Its first lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Products that came back, and how many pieces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    returned: BTreeMap<String, u32>,
}

/// One line of an order.
///
/// In JSON a list of the three.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(String, Option<String>, u32)", into = "(String, Option<String>, u32)")]
#[non_exhaustive]
pub struct Line {
    /// Key of the product.
    pub product: String,
    /// Size bought.
    pub size: Option<String>,
    /// How many pieces were bought.
    pub quantity: u32,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderStatus {
    /// Placed and paid.
    Placed,
    /// A part was paid back.
    PartlyRefunded,
    /// All was paid back.
    Refunded,
    /// Called off.
    Cancelled,
}

/// What the purchases of one currency came to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Totals {
    orders: u32,
    net: i64,
    #[serde(default, skip_serializing_if = "is_default")]
    refunded: i64,
}

/// What a customer spent in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Spend {
    /// The currency.
    pub currency: Currency,
    /// Purchases: orders with a sum that were not cancelled; those paid back are among them.
    pub orders: u32,
    /// What is left of their sums after refunds, in minor units; at least zero.
    pub net_minor: i64,
    /// What was paid back, in minor units.
    pub refunded_minor: i64,
}

elided_debug!(Orders, Order, Line);

impl From<(String, Option<String>, u32)> for Line {
    fn from((product, size, quantity): (String, Option<String>, u32)) -> Line {
        Line { product, size, quantity }
    }
}

impl From<Line> for (String, Option<String>, u32) {
    fn from(line: Line) -> Self {
        (line.product, line.size, line.quantity)
    }
}

impl Spend {
    /// Net per purchase in minor units, rounded half to even; zero where there is no purchase.
    pub fn average_minor(&self) -> i64 {
        let orders = i64::from(self.orders);
        let (Some(whole), Some(rest)) =
            (self.net_minor.checked_div(orders), self.net_minor.checked_rem(orders))
        else {
            return 0;
        };
        match (rest * 2).cmp(&orders) {
            std::cmp::Ordering::Less => whole,
            std::cmp::Ordering::Equal => whole + (whole & 1),
            std::cmp::Ordering::Greater => whole + 1,
        }
    }
}

impl Order {
    fn new(id: &OrderId, by: FoldKey) -> Order {
        Order {
            id: id.clone(),
            by,
            place: None,
            gross: None,
            paid: 0,
            refunded: None,
            refunded_in_full: false,
            cancelled: false,
            updated: false,
            lines: Vec::new(),
            returned: BTreeMap::new(),
        }
    }

    /// Where it stands.
    pub fn status(&self) -> OrderStatus {
        let refunded = self.refunded_minor();
        if self.cancelled {
            OrderStatus::Cancelled
        } else if self.refunded_in_full || (refunded > 0 && refunded == self.gross_minor()) {
            OrderStatus::Refunded
        } else if refunded > 0 {
            OrderStatus::PartlyRefunded
        } else {
            OrderStatus::Placed
        }
    }

    /// What is left of its sum: at least zero, zero when cancelled; none where no sum is known.
    pub fn net(&self) -> Option<Money> {
        let gross = self.gross?;
        let minor = if self.cancelled { 0 } else { gross.minor() - self.refunded_minor() };
        Some(Money::new(minor, gross.currency()))
    }

    /// How many pieces of a line she kept.
    pub fn kept(&self, line: &Line) -> u32 {
        if self.cancelled || self.status() == OrderStatus::Refunded {
            return 0;
        }
        line.quantity.saturating_sub(self.returned.get(&line.product).copied().unwrap_or(0))
    }

    fn gross_minor(&self) -> i64 {
        self.gross.map_or(0, |gross| gross.minor())
    }

    /// What was paid back of the sum: at least zero, at most the sum.
    fn refunded_minor(&self) -> i64 {
        match self.refunded {
            _ if self.refunded_in_full => self.gross_minor(),
            Some(sum) if self.gross.is_some_and(|gross| gross.currency() == sum.currency()) => {
                sum.minor().min(self.gross_minor())
            }
            _ => 0,
        }
    }

    /// What the order adds to the totals of its currency.
    fn counts(&self) -> Option<(Currency, Totals)> {
        let net = self.net().filter(|_| !self.cancelled)?;
        Some((net.currency(), Totals { orders: 1, net: net.minor(), refunded: self.refunded_minor() }))
    }

    /// Takes the sums and lines that an event gives. Gives how many of them cannot be so.
    fn take(&mut self, sums: &OrderSums, goods: &mut Goods) -> u32 {
        let mut conflicts = 0;
        if let Some(net) = sums.net() {
            let minor = net.minor().clamp(0, ORDER_MINOR_MAX);
            conflicts += u32::from(minor != net.minor());
            self.gross = Some(Money::new(minor, net.currency()));
            let total = sums.total.filter(|total| total.currency() == net.currency());
            self.paid = total.map_or(0, |total| total.minor()).clamp(0, ORDER_MINOR_MAX);
            if self.paid <= minor {
                self.paid = 0;
            }
        }
        if !sums.products.is_empty() {
            let lines = sums.products.iter().filter_map(|product| {
                let (product, size, quantity) = (goods.note(product)?, size(product), product.pieces());
                Some(Line { product, size, quantity })
            });
            self.lines = lines.take(ORDER_LINES_MAX).collect();
        }
        conflicts
    }
}

impl Orders {
    pub(super) fn list(&self) -> &[Order] {
        &self.list
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn conflicts(&self) -> u32 {
        self.conflicts
    }

    pub(super) fn spend(&self) -> impl Iterator<Item = Spend> {
        self.totals.iter().map(|(&currency, totals)| Spend {
            currency,
            orders: totals.orders,
            net_minor: totals.net,
            refunded_minor: totals.refunded,
        })
    }

    pub(super) fn products(&self) -> impl Iterator<Item = &str> {
        self.list.iter().chain(&self.pending).flat_map(|order| &order.lines).map(|line| line.product.as_str())
    }

    /// *Order Completed*. Gives whether the order was new.
    pub(super) fn complete(
        &mut self,
        id: &OrderId,
        sums: &OrderSums,
        place: Option<&PlaceId>,
        by: FoldKey,
        goods: &mut Goods,
    ) -> bool {
        if let Some(known) = self.list.iter().find(|order| order.id == *id) {
            let differs = !known.updated && sums.net().is_some_and(|net| Some(net) != known.gross);
            self.conflicts += u32::from(differs);
            return false;
        }
        let noted = self.pending.iter().position(|order| order.id == *id);
        let mut order = noted.map_or_else(|| Order::new(id, by), |at| self.pending.remove(at));
        order.by = by;
        order.place = place.cloned();
        if !order.updated {
            self.conflicts += order.take(sums, goods);
        }
        self.conflicts += u32::from(overpaid(&order));
        self.tally(None, Some(&order));
        self.list.push(order);
        if self.list.len() > ORDERS_MAX {
            self.list.remove(0);
        }
        self.trim_lines();
        true
    }

    /// *Order Updated*.
    pub(super) fn update(&mut self, id: &OrderId, sums: &OrderSums, by: FoldKey, goods: &mut Goods) {
        self.change(id, by, |order| {
            order.updated |= sums.net().is_some();
            order.take(sums, goods)
        });
        self.trim_lines();
    }

    /// *Order Refunded*.
    pub(super) fn refund(&mut self, id: &OrderId, sums: &OrderSums, by: FoldKey) {
        self.change(id, by, |order| {
            for product in &sums.products {
                let Some(key) = key(product) else { continue };
                if order.returned.len() < ORDER_LINES_MAX || order.returned.contains_key(&key) {
                    let pieces = order.returned.entry(key).or_default();
                    *pieces = pieces.saturating_add(product.pieces());
                }
            }
            let Some(sum) = sums.net() else {
                order.refunded_in_full = true;
                return 0;
            };
            let minor = sum.minor().saturating_abs().min(ORDER_MINOR_MAX);
            let currency = sum.currency();
            if [order.gross, order.refunded].iter().flatten().any(|known| known.currency() != currency) {
                return 1;
            }
            let before = order.refunded.map_or(0, |refunded| refunded.minor());
            let was_over = overpaid(order);
            let minor = before.saturating_add(minor).min(ORDER_MINOR_MAX);
            order.refunded = Some(Money::new(minor, currency));
            u32::from(!was_over && overpaid(order))
        });
    }

    /// *Order Cancelled*.
    pub(super) fn cancel(&mut self, id: &OrderId, by: FoldKey) {
        self.change(id, by, |order| {
            order.cancelled = true;
            0
        });
    }

    /// Changes an order, or notes the change for when the order is seen.
    fn change(&mut self, id: &OrderId, by: FoldKey, change: impl FnOnce(&mut Order) -> u32) {
        if let Some(at) = self.list.iter().position(|order| order.id == *id) {
            let before = self.list[at].clone();
            self.conflicts += change(&mut self.list[at]);
            let after = self.list[at].clone();
            self.tally(Some(&before), Some(&after));
            return;
        }
        let at = self.pending.iter().position(|order| order.id == *id).unwrap_or_else(|| {
            self.pending.push(Order::new(id, by));
            self.pending.len() - 1
        });
        self.conflicts += change(&mut self.pending[at]);
        if self.pending.len() > ORDERS_PENDING_MAX {
            self.pending.remove(0);
            self.conflicts += 1;
        }
    }

    fn tally(&mut self, before: Option<&Order>, after: Option<&Order>) {
        let bought = |order: Option<&Order>| u32::from(order.is_some_and(|order| !order.cancelled));
        self.count = self.count.saturating_add(bought(after)).saturating_sub(bought(before));
        if let Some((currency, was)) = before.and_then(Order::counts) {
            let totals = self.totals.entry(currency).or_default();
            totals.orders = totals.orders.saturating_sub(was.orders);
            totals.net = totals.net.saturating_sub(was.net);
            totals.refunded = totals.refunded.saturating_sub(was.refunded);
        }
        if let Some((currency, is)) = after.and_then(Order::counts) {
            let totals = self.totals.entry(currency).or_default();
            totals.orders = totals.orders.saturating_add(is.orders);
            totals.net = totals.net.saturating_add(is.net);
            totals.refunded = totals.refunded.saturating_add(is.refunded);
        }
        self.totals.retain(|_, totals| totals.orders > 0);
    }

    /// Drops the lines of the oldest orders until [`LINES_MAX`] are left.
    fn trim_lines(&mut self) {
        let mut left = LINES_MAX;
        for order in self.list.iter_mut().rev() {
            if order.lines.len() > left {
                left = 0;
                order.lines.clear();
                order.returned.clear();
            }
            left -= order.lines.len();
        }
    }
}

/// Whether more was paid back than was paid, or in another currency.
fn overpaid(order: &Order) -> bool {
    match (order.gross, order.refunded) {
        (Some(gross), Some(refunded)) => {
            gross.currency() != refunded.currency() || refunded.minor() > gross.minor().max(order.paid)
        }
        _ => false,
    }
}
