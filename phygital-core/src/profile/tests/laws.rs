//! Laws that hold of any events, and slow obvious oracles beside the fold.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::event::kinds::commerce::*;
use crate::event::kinds::conversation::AttributeStated;
use crate::event::kinds::digital::UserIdentified;
use crate::event::kinds::shop::*;
use crate::profile::limits::{CONFIDENCE_MIN_PERCENT, VISIT_GAP};
use crate::profile::{Fact, FactSource};
use crate::vocab::{Currency, Identifier, IdentifierKind, Personal};

/// Few enough that no limit is met.
const PRODUCTS: [&str; 5] = ["a", "b", "c", "d", "e"];
const ORDERS: [&str; 5] = ["o-1", "o-2", "o-3", "usd-1", "usd-2"];
const PLACES: [&str; 3] = ["north", "south", "west"];

fn a_product() -> impl Strategy<Value = Product> {
    (select(&PRODUCTS[..]), proptest::option::of(0u32..4))
        .prop_map(|(sku, quantity)| Product { quantity, ..product(sku) })
}

/// Sums of an order in the one currency that its id tells.
fn a_change(minors: std::ops::Range<i64>) -> impl Strategy<Value = (OrderId, OrderSums)> {
    let sums = (proptest::option::of(minors), vec(a_product(), 0..4));
    (select(&ORDERS[..]), sums).prop_map(|(order, (minor, products))| {
        let currency: Currency = if order.starts_with("usd") { "USD" } else { "EUR" }.parse().unwrap();
        let revenue = minor.map(|minor| Money::new(minor, currency));
        (order_id(order), OrderSums { revenue, products, ..OrderSums::default() })
    })
}

fn an_order_body(minors: std::ops::Range<i64>) -> impl Strategy<Value = Body> {
    (0..5, a_change(minors)).prop_map(|(kind, (order_id, order))| match kind {
        0 | 1 => with!(OrderCompleted::new(order_id), order = order).into(),
        2 => with!(OrderUpdated::new(order_id), order = order).into(),
        3 => with!(OrderRefunded::new(order_id), order = order).into(),
        _ => OrderCancelled::new(order_id).into(),
    })
}

fn a_cart_body() -> impl Strategy<Value = Body> {
    (0..8, a_product(), vec(a_product(), 0..3)).prop_map(|(kind, product, products)| match kind {
        0 | 1 => with!(ProductAdded::new(), product = product).into(),
        2 => with!(ProductRemoved::new(), product = product).into(),
        3 => with!(CartViewed::new(), products = products).into(),
        4 => with!(ProductAddedToWishlist::new(), product = product).into(),
        5 => with!(ProductRemovedFromWishlist::new(), product = product).into(),
        6 => with!(WishlistProductAddedToCart::new(), product = product).into(),
        _ => with!(ProductTriedOn::new(), product = product).into(),
    })
}

fn a_sign() -> impl Strategy<Value = Body> {
    prop_oneof![
        Just(Body::from(TagTapped::new("ntag424-aes".into()))),
        Just(VisitStarted::new().into()),
        Just(AssociateAssisted::new().into()),
    ]
}

fn a_statement() -> impl Strategy<Value = (Body, bool)> {
    let value = select(&["Ada", "Augusta", ""][..]);
    let expiry = proptest::option::of(select(&[500i64, 900][..]));
    (0..4, value, expiry, any::<bool>()).prop_map(|(kind, value, expiry, crm)| match kind {
        0 => (with!(UserIdentified::new(), first_name = Some(Personal::new(value))).into(), crm),
        _ => {
            let stated = AttributeStated::new("first_name".into(), Personal::new(value));
            let confidence = (kind == 1).then_some(CONFIDENCE_MIN_PERCENT - 1);
            let expires_at = expiry.map(minute);
            (with!(stated, expires_at = expires_at, confidence = confidence).into(), false)
        }
    })
}

/// Any of the bodies, at any minute of a week, in a shop or not.
fn events(bodies: impl Strategy<Value = (Body, bool)>) -> impl Strategy<Value = Vec<Event>> {
    let place = proptest::option::of(select(&PLACES[..]));
    vec((bodies, 0i64..10_000, place), 0..40).prop_map(|drawn| {
        let made = drawn.into_iter().enumerate().map(|(at, ((body, crm), minutes, place))| {
            let mut event = event(minutes, &format!("e-{at}"), body);
            event.place = place.map(|place| place.parse().unwrap());
            if crm {
                event = event.with(Identifier::new(IdentifierKind::Crm, "k").unwrap());
            }
            event
        });
        made.collect()
    })
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let plain = |body: Body| (body, false);
    events(prop_oneof![
        an_order_body(-50..10_000).prop_map(plain),
        a_cart_body().prop_map(plain),
        a_sign().prop_map(plain),
        a_statement(),
    ])
}

fn in_fold_order(events: &[Event]) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = events.iter().cloned().map(recorded).collect();
    events.sort_by_key(|event| event.fold);
    events
}

/// Orders, net and refunded by currency, each order looked up among all events.
fn spend_oracle(events: &[Recorded]) -> BTreeMap<Currency, (u32, i64, i64)> {
    let mut totals = BTreeMap::new();
    for order in ORDERS {
        let of = |id: &OrderId| id.as_str() == order;
        let bodies = || events.iter().map(|event| &event.event.body);
        let completed = bodies().find_map(|body| match body {
            Body::OrderCompleted(one) if of(&one.order_id) => Some(&one.order),
            _ => None,
        });
        let updated = bodies().rev().find_map(|body| match body {
            Body::OrderUpdated(one) if of(&one.order_id) => one.order.net(),
            _ => None,
        });
        let cancelled = bodies().any(|body| matches!(body, Body::OrderCancelled(one) if of(&one.order_id)));
        let refunds = bodies().filter_map(|body| match body {
            Body::OrderRefunded(one) if of(&one.order_id) => Some(one.order.net()),
            _ => None,
        });
        let Some(completed) = completed.filter(|_| !cancelled) else { continue };
        let Some(gross) = updated.or(completed.net()) else { continue };
        let refunded = refunds.fold(0, |sum, one| match one {
            Some(money) => i64::saturating_add(sum, money.minor().abs()),
            None => i64::MAX,
        });
        let (gross, currency) = (gross.minor().max(0), gross.currency());
        let refunded = refunded.min(gross);
        let totals = totals.entry(currency).or_insert((0, 0, 0));
        *totals = (totals.0 + 1, totals.1 + gross - refunded, totals.2 + refunded);
    }
    totals
}

/// Pieces in the cart and whether it is wished for, product by product.
fn wants_oracle(events: &[Recorded]) -> BTreeMap<&str, (u32, bool)> {
    let mut wants = BTreeMap::new();
    for sku in PRODUCTS {
        let (mut pieces, mut wished, mut placed) = (0, false, Vec::new());
        let is = |product: &Product| product.sku.as_deref() == Some(sku);
        for event in events {
            match &event.event.body {
                Body::ProductAdded(one) if is(&one.product) => pieces += one.product.pieces(),
                Body::ProductRemoved(one) if is(&one.product) => {
                    pieces = one.product.quantity.map_or(0, |taken| u32::saturating_sub(pieces, taken));
                }
                Body::CartViewed(cart) if !cart.products.is_empty() => {
                    pieces = cart.products.iter().filter(|one| is(one)).map(Product::pieces).sum();
                }
                Body::ProductAddedToWishlist(one) if is(&one.product) => wished = true,
                Body::ProductRemovedFromWishlist(one) if is(&one.product) => wished = false,
                Body::WishlistProductAddedToCart(one) if is(&one.product) => {
                    wished = false;
                    pieces += one.product.pieces();
                }
                Body::OrderCompleted(one) => {
                    if !placed.contains(&&one.order_id) && one.order.products.iter().any(is) {
                        (pieces, wished) = (0, false);
                    }
                    placed.push(&one.order_id);
                }
                _ => {}
            }
        }
        if pieces > 0 || wished {
            wants.insert(sku, (pieces, wished));
        }
    }
    wants
}

/// Visits: a sign begins one where the last sign at its place is too long ago.
fn visits_oracle(events: &[Recorded]) -> u32 {
    let mut count = 0;
    for place in PLACES {
        let mut last: Option<Timestamp> = None;
        for event in
            events.iter().filter(|event| event.event.place.as_ref().is_some_and(|at| at.as_str() == place))
        {
            let is_sign = matches!(
                event.event.body,
                Body::TagTapped(_)
                    | Body::VisitStarted(_)
                    | Body::AssociateAssisted(_)
                    | Body::ProductTriedOn(_)
                    | Body::OrderCompleted(_)
            );
            if is_sign {
                count += u32::from(last.is_none_or(|last| event.fold.at.distance(last) > VISIT_GAP));
                last = Some(event.fold.at);
            }
        }
    }
    count
}

/// The name that survives: of all that were not taken back and hold, the strongest, then the last.
fn name_oracle(events: &[Recorded], now: Timestamp) -> Option<(FactSource, String)> {
    let mut facts: Vec<(FactSource, FoldKey, String, Option<Timestamp>)> = Vec::new();
    for event in events {
        match &event.event.body {
            Body::UserIdentified(traits) => {
                let value = traits.first_name.as_ref().unwrap().reveal().to_owned();
                let imported = !event.event.identifiers.is_empty();
                let source = if imported { FactSource::Imported } else { FactSource::Observed };
                if !value.is_empty() {
                    facts.push((source, event.fold, value, None));
                }
            }
            Body::AttributeStated(stated) if stated.value.reveal().is_empty() => {
                facts.retain(|fact| matches!(fact.0, FactSource::Observed | FactSource::Imported));
            }
            Body::AttributeStated(stated) => {
                let source =
                    if stated.confidence.is_some() { FactSource::Guessed } else { FactSource::Stated };
                facts.push((source, event.fold, stated.value.reveal().to_owned(), stated.expires_at));
            }
            _ => {}
        }
    }
    facts.retain(|fact| fact.3.is_none_or(|end| now < end));
    facts.into_iter().max_by_key(|fact| (fact.0, fact.1)).map(|fact| (fact.0, fact.2))
}

proptest! {
    #[test]
    fn the_fold_agrees_with_the_oracles(events in any_events()) {
        let sorted = in_fold_order(&events);
        let profile = fold(events);
        let spend: BTreeMap<_, _> = profile
            .spend()
            .iter()
            .map(|spend| (spend.currency, (spend.orders, spend.net_minor, spend.refunded_minor)))
            .collect();
        prop_assert_eq!(spend, spend_oracle(&sorted));

        let mut wants: BTreeMap<&str, (u32, bool)> = BTreeMap::new();
        for line in profile.cart() {
            wants.entry(&line.product).or_default().0 = line.quantity;
        }
        for wish in profile.wishlist() {
            wants.entry(&wish.product).or_default().1 = true;
        }
        prop_assert_eq!(wants, wants_oracle(&sorted));
        prop_assert_eq!(profile.visit_count(), visits_oracle(&sorted));
        for now in [0, 499, 500, 899, 900].map(minute) {
            let name = profile.fact("first_name", now).map(|Fact { source, value, .. }| (*source, value.reveal().to_owned()));
            prop_assert_eq!(name, name_oracle(&sorted, now));
        }
    }

    #[test]
    fn any_order_of_arrival_gives_the_same_bytes(
        (events, shuffled) in any_events().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        prop_assert_eq!(json(&fold(events)), json(&fold(shuffled)));
    }

    #[test]
    fn a_profile_is_read_back_as_it_was_stored(events in any_events()) {
        let mut stored = Profile::default();
        for event in in_fold_order(&events) {
            stored = serde_json::from_str(&json(&stored)).unwrap();
            stored.apply(&event);
        }
        prop_assert!(stored == fold(events));
    }

    #[test]
    fn revenue_is_never_negative(
        events in events(an_order_body(i64::MIN..i64::MAX).prop_map(|body| (body, false))),
    ) {
        let profile = fold(events);
        for spend in profile.spend() {
            prop_assert!(spend.net_minor >= 0 && spend.refunded_minor >= 0 && spend.average_minor() >= 0);
        }
        for order in profile.orders() {
            prop_assert!(order.net().is_none_or(|net| net.minor() >= 0));
            prop_assert!(order.lines.iter().all(|line| order.kept(line) <= line.quantity));
        }
    }

    #[test]
    fn an_order_told_twice_changes_no_sum(events in any_events(), minutes in 0i64..10_000) {
        let mut doubled = events.clone();
        for (at, again) in events.iter().enumerate() {
            if matches!(again.body, Body::OrderCompleted(_)) {
                // The second till tells it at the same minute or later.
                let later = again.occurred_at.saturating_add(std::time::Duration::from_secs(60 * minutes as u64 + 1));
                let mut again = event(0, &format!("again-{at}"), again.body.clone());
                again.occurred_at = later;
                doubled.push(again);
            }
        }
        prop_assert_eq!(fold(doubled).spend(), fold(events).spend());
    }

    #[test]
    fn a_card_can_be_made_of_anything(events in any_events(), now in 0i64..20_000) {
        let profile = fold(events);
        for role in [Role::Associate, Role::Manager, Role::Marketing] {
            let card = show(&profile, role, minute(now));
            let again = show(&profile, role, minute(now));
            prop_assert_eq!(serde_json::to_string(&card).unwrap(), serde_json::to_string(&again).unwrap());
        }
    }
}
