//! What was said of orders, folded into what they came to.

use std::collections::{BTreeMap, BTreeSet};

use super::order::Order;
use crate::vocab::{EventKey, Money, OrderId, PlaceId, Timestamp};

/// One thing that was said of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a fact is these five")]
pub struct Fact {
    /// When.
    pub at: Timestamp,
    /// Which came first of those of the same time; 0 where nobody counted.
    pub sequence: u64,
    /// The event that says it.
    pub id: EventKey,
    /// Of which order.
    pub order: OrderId,
    /// What.
    pub said: Said,
}

/// What may be said of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// It was placed and paid.
    Placed {
        /// What it is worth; none where nobody said.
        value: Option<Money>,
        /// What was paid with tax and shipping: as much may be paid back.
        total: Option<Money>,
        /// The shop; none for the web.
        place: Option<PlaceId>,
    },
    /// It is now worth something else.
    Updated {
        /// What it is worth; none where nobody said.
        value: Option<Money>,
        /// What it is worth with tax and shipping.
        total: Option<Money>,
    },
    /// So much was paid back; all of it where there is no amount. The sign does not matter: sources differ in it.
    Refunded(Option<Money>),
    /// It was called off.
    Cancelled,
}

impl PartialOrd for Said {
    fn partial_cmp(&self, other: &Said) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Said {
    /// Facts are told apart by their ids; of two with the same id and other contents, one has to come first everywhere.
    fn cmp(&self, other: &Said) -> std::cmp::Ordering {
        let key = |said: &Said| {
            let money = |money: &Option<Money>| money.map(|money| (money.currency(), money.minor()));
            match said {
                Said::Placed { value, total, place } => (0, money(value), money(total), place.clone()),
                Said::Updated { value, total } => (1, money(value), money(total), None),
                Said::Refunded(amount) => (2, money(amount), None, None),
                Said::Cancelled => (3, None, None, None),
            }
        };
        key(self).cmp(&key(other))
    }
}

/// All that was said of orders: a set of facts. Those of two shops merge by union.
///
/// - An order counts once, from the first fact that placed it. A further one changes nothing and is counted.
/// - Its value is that of the last update that has one, else that of its placing.
/// - Refunds take off their amounts in any order; without an amount they take all. What goes beyond the value leaves
///   nothing, and is counted where it also goes beyond what was paid with tax and shipping.
/// - An amount in another currency than the value's is left out and counted; so is a value below zero, which is none.
/// - What is said of an order that was never placed is counted.
///
/// ```
/// use phygital_core::journey::{Fact, Orders, Said};
/// use phygital_core::vocab::{EventKey, Money, OrderId, Timestamp};
/// let fact = |n: u8, said| Fact {
///     at: Timestamp::MIN, sequence: n.into(), id: EventKey::from_bytes([n; 16]), order: "o-1".parse().unwrap(), said,
/// };
/// let euro = |text| Money::parse(text, "EUR").ok();
/// let mut orders = Orders::default();
/// orders.take(fact(2, Said::Refunded(euro("30"))));
/// orders.take(fact(1, Said::Placed { value: euro("100"), total: None, place: None }));
/// let (orders, faults) = orders.fold();
/// assert_eq!(orders[0].net(), euro("70"));
/// assert_eq!(faults.total(), 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    facts: BTreeMap<OrderId, BTreeSet<Fact>>,
}

/// How often something was said of orders that cannot be so, and what was done is what [`Orders`] states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderFaults {
    /// An order placed again.
    pub duplicates: u64,
    /// More paid back than was paid.
    pub over_refunded: u64,
    /// An amount in another currency than the order's.
    pub other_currency: u64,
    /// A value below zero, taken as zero.
    pub negative: u64,
    /// An order without a value: it counts as a conversion and has no money to share out.
    pub unvalued: u64,
    /// Something said of an order that was never placed.
    pub orphans: u64,
}

impl OrderFaults {
    /// All together.
    pub fn total(&self) -> u64 {
        let OrderFaults { duplicates, over_refunded, other_currency, negative, unvalued, orphans } = self;
        duplicates + over_refunded + other_currency + negative + unvalued + orphans
    }

    /// Each with its name.
    pub fn each(&self) -> [(&'static str, u64); 6] {
        [
            ("duplicates", self.duplicates),
            ("over_refunded", self.over_refunded),
            ("other_currency", self.other_currency),
            ("negative", self.negative),
            ("unvalued", self.unvalued),
            ("orphans", self.orphans),
        ]
    }
}

impl Orders {
    /// Takes a fact; one that is there already changes nothing.
    pub fn take(&mut self, fact: Fact) {
        self.facts.entry(fact.order.clone()).or_default().insert(fact);
    }

    /// Takes all facts of others.
    pub fn merge(&mut self, others: Orders) {
        for (order, facts) in others.facts {
            self.facts.entry(order).or_default().extend(facts);
        }
    }

    /// The facts of an order, in their order.
    pub fn facts(&self, order: &OrderId) -> impl Iterator<Item = &Fact> {
        self.facts.get(order).into_iter().flatten()
    }

    /// The orders that were placed, in the order of their ids, and what could not be so.
    pub fn fold(&self) -> (Vec<Order>, OrderFaults) {
        let mut faults = OrderFaults::default();
        let orders = self.facts.iter().filter_map(|(id, facts)| fold(id, facts, &mut faults)).collect();
        (orders, faults)
    }
}

fn fold(id: &OrderId, facts: &BTreeSet<Fact>, faults: &mut OrderFaults) -> Option<Order> {
    // Two logs may date the same event apart: it is one fact, at the earlier time.
    let mut seen = BTreeSet::new();
    let facts = facts.iter().filter(|fact| seen.insert(fact.id)).collect::<Vec<_>>();
    let placed = facts.iter().find_map(|fact| match &fact.said {
        Said::Placed { value, total, place } => Some((*fact, *value, *total, place)),
        _ => None,
    });
    let Some((first, value, total, place)) = placed else {
        faults.orphans += facts.len() as u64;
        return None;
    };
    let (mut value, mut total) = (value, total);
    for fact in &facts {
        match &fact.said {
            Said::Placed { .. } => faults.duplicates += u64::from(fact.id != first.id),
            Said::Updated { value: Some(new), total: paid } => (value, total) = (Some(*new), *paid),
            _ => {}
        }
    }
    if let Some(money) = value.filter(|money| money.minor() < 0) {
        faults.negative += 1;
        value = Some(Money::new(0, money.currency()));
    }
    faults.unvalued += u64::from(value.is_none());
    let worth = value.map_or(0, |value| value.minor());
    let paid = total.filter(|total| Some(total.currency()) == value.map(|value| value.currency()));
    let paid = paid.map_or(worth, |paid| paid.minor().max(worth));
    let mut back = 0_i64;
    let mut all = false;
    let mut cancelled = false;
    for fact in &facts {
        match &fact.said {
            Said::Refunded(None) => all = true,
            Said::Refunded(Some(amount))
                if value.is_some_and(|value| value.currency() == amount.currency()) =>
            {
                back = back.saturating_add(amount.minor().saturating_abs());
            }
            Said::Refunded(Some(_)) => faults.other_currency += u64::from(value.is_some()),
            Said::Cancelled => cancelled = true,
            _ => {}
        }
    }
    faults.over_refunded += u64::from(back > paid);
    let refunded_minor = if all { worth } else { back.min(worth) };
    let (at, sequence, place) = (first.at, first.sequence, place.clone());
    Some(Order { id: id.clone(), at, sequence, place, value, refunded_minor, cancelled })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn euro(minor: i64) -> Money {
        Money::new(minor, "EUR".parse().unwrap())
    }

    fn fact(n: u8, said: Said) -> Fact {
        let id = EventKey::from_bytes([n; 16]);
        Fact { at: Timestamp::MIN, sequence: n.into(), id, order: OrderId::new("o-1").unwrap(), said }
    }

    fn placed(minor: i64) -> Said {
        Said::Placed { value: Some(euro(minor)), total: None, place: None }
    }

    fn folded(said: impl IntoIterator<Item = Said>) -> (Vec<Order>, OrderFaults) {
        let mut orders = Orders::default();
        said.into_iter().zip(0..).for_each(|(said, n)| orders.take(fact(n, said)));
        orders.fold()
    }

    #[test]
    fn what_cannot_be_so_is_counted() {
        let dollar = Money::new(5, "USD".parse().unwrap());
        let net = |said: Vec<Said>| {
            let (orders, faults) = folded(said);
            (orders.first().map(|order| order.net().map(|net| net.minor())), faults)
        };
        let none = OrderFaults::default();
        assert_eq!(net(vec![placed(100)]), (Some(Some(100)), none));
        assert_eq!(
            net(vec![placed(100), placed(70)]),
            (Some(Some(100)), OrderFaults { duplicates: 1, ..none })
        );
        let over = OrderFaults { over_refunded: 1, ..none };
        assert_eq!(net(vec![placed(100), Said::Refunded(Some(euro(101)))]), (Some(Some(0)), over));
        let taxed = Said::Placed { value: Some(euro(100)), total: Some(euro(120)), place: None };
        assert_eq!(net(vec![taxed, Said::Refunded(Some(euro(-120)))]), (Some(Some(0)), none));
        let other = OrderFaults { other_currency: 1, ..none };
        assert_eq!(net(vec![placed(100), Said::Refunded(Some(dollar))]), (Some(Some(100)), other));
        assert_eq!(net(vec![placed(-1)]), (Some(Some(0)), OrderFaults { negative: 1, ..none }));
        let unvalued = Said::Placed { value: None, total: None, place: None };
        assert_eq!(
            net(vec![unvalued, Said::Refunded(None)]),
            (Some(None), OrderFaults { unvalued: 1, ..none })
        );
        let orphans = OrderFaults { orphans: 2, ..none };
        assert_eq!(net(vec![Said::Cancelled, Said::Refunded(None)]), (None, orphans));
        let update = Said::Updated { value: Some(euro(80)), total: None };
        assert_eq!(net(vec![placed(100), update, Said::Refunded(Some(euro(30)))]), (Some(Some(50)), none));
        assert_eq!(net(vec![placed(100), Said::Cancelled]), (Some(Some(0)), none));
        let mut orders = Orders::default();
        orders.take(fact(0, placed(100)));
        let back = |n: u8, at| Fact { at, ..fact(n, Said::Refunded(Some(euro(30)))) };
        orders.take(back(1, Timestamp::MAX));
        orders.take(back(1, Timestamp::MIN));
        assert_eq!(orders.fold().0[0].refunded_minor, 30, "one event of two logs");
        assert_eq!(over.total() + over.each().iter().map(|(_, count)| count).sum::<u64>(), 2);
    }

    fn said() -> impl Strategy<Value = Said> {
        prop_oneof![
            (0..500_i64).prop_map(placed),
            (0..500_i64).prop_map(|value| Said::Updated { value: Some(euro(value)), total: None }),
            prop::option::of(-200..200_i64).prop_map(|amount| Said::Refunded(amount.map(euro))),
            Just(Said::Cancelled),
        ]
    }

    proptest! {
        #[test]
        fn facts_are_a_set(said in prop::collection::vec(said(), 0..8), seed in any::<prop::sample::Index>()) {
            let facts = said.into_iter().zip(0..).map(|(said, n)| fact(n, said)).collect::<Vec<_>>();
            let mut whole = Orders::default();
            facts.iter().cloned().for_each(|fact| whole.take(fact));
            let cut = seed.index(facts.len() + 1);
            let (mut one, mut other) = (Orders::default(), Orders::default());
            facts[cut..].iter().rev().cloned().for_each(|fact| one.take(fact));
            facts[..cut.saturating_add(1).min(facts.len())].iter().cloned().for_each(|fact| other.take(fact));
            one.merge(other);
            prop_assert_eq!(one.fold(), whole.fold());
            for order in whole.fold().0 {
                let net = order.net().unwrap().minor();
                prop_assert!(net >= 0 && net <= order.value.unwrap().minor());
                prop_assert!(!order.is_undone() || net == 0);
            }
        }
    }
}
