//! The orders of two files, with their journeys: what a store gives out of its log, without one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use phygital_core::attribution::{Channels, Groups, PeopleError, Side, Sold};
use phygital_core::engine::ShopJourneys;
use phygital_core::journey::{Journey, Milestones, OpenJourney, Order, Settings, Standing, Touch, TouchKind};
use phygital_core::vocab::{Currency, CustomerId, EventKey, Money, PlaceId, Timestamp};
use ring::digest::{Context, SHA256};

use super::timed::{self, OrderRow, TouchRow};
use crate::failure::Failure;
use crate::output::Output;

/// Where orders were placed that no shop is known of.
const SOME_SHOP: &str = "store";

/// The touches of a person.
#[derive(Default)]
struct Touches {
    numbered: BTreeMap<(Timestamp, u64), Touch>,
    others: Vec<Touch>,
}

/// Reads touches and orders, and holds them against each other. Touches of a file are permitted, and their persons known.
pub(super) fn journeys(
    (touches, orders): (&Path, &Path),
    currency: Option<Currency>,
    settings: &Settings,
    output: &Output,
) -> Result<ShopJourneys, Failure> {
    let mut of_person: BTreeMap<CustomerId, Touches> = BTreeMap::new();
    timed::touches(touches, output, |row| {
        let touch = touch(&row)?;
        let hers = of_person.entry(customer(row.person)).or_default();
        match row.number {
            Some(number) => {
                let known = hers.numbered.entry((row.at, number));
                if *known.or_insert_with(|| touch.clone()) != touch {
                    let what = "another touch of this person has the same time and number";
                    return Err(row.refuse("touch", what));
                }
            }
            None => hers.others.push(touch),
        }
        Ok(())
    })?;
    let of_person = of_person.into_iter().map(|(owner, hers)| (owner, hers.told(owner)));
    let mut of_person = of_person.collect::<BTreeMap<_, _>>();
    let mut placed: BTreeMap<Option<CustomerId>, Vec<Order>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    timed::orders(orders, output, |row| {
        if !ids.insert(row.order.clone()) {
            return Err(row.refuse("order", "an order of this id is there already"));
        }
        placed.entry(row.person.map(customer)).or_default().push(order(&row, currency)?);
        Ok(())
    })?;
    let mut all = ShopJourneys::default();
    all.settings = settings.clone();
    let mut owned = Vec::new();
    let cleared = |touch: &Touch| (touch.clone(), Standing::CLEAR);
    for (owner, orders) in placed {
        let hers = owner.and_then(|owner| of_person.get_mut(&owner));
        let last = orders.iter().map(|order| order.at).max();
        all.unidentified += if owner.is_none() { orders.len() as u64 } else { 0 };
        for order in orders {
            let touches = hers.iter().flat_map(|touches| touches.iter()).map(cleared);
            owned.push((Journey::of(order, touches, &Milestones::default(), settings), owner));
        }
        // What is left after her last order has come to none.
        if let Some((touches, last)) = hers.zip(last) {
            touches.retain(|touch| touch.at > last);
        }
    }
    owned.sort_by(|(one, _), (other, _)| {
        (one.order.at, &one.order.id).cmp(&(other.order.at, &other.order.id))
    });
    (all.journeys, all.owners) = owned.into_iter().unzip();
    for (owner, touches) in of_person {
        if let Some(open) = OpenJourney::of(touches.iter().map(cleared), settings) {
            all.open.push(open);
            all.open_owners.push(owner);
        }
    }
    Ok(all)
}

impl Touches {
    /// All of them. Those without a number have one by what they say, so that the order of rows is no part of them.
    fn told(self, owner: CustomerId) -> Vec<Touch> {
        let Touches { numbered, mut others } = self;
        others.sort();
        for at in 0..others.len() {
            let before = at.checked_sub(1).map(|before| (others[before].at, others[before].sequence));
            let number =
                before.filter(|(time, _)| *time == others[at].at).map_or(0, |(_, number)| number + 1);
            others[at].sequence = number;
            others[at].id = event(owner, others[at].at, number, b"unnumbered");
        }
        numbered.into_values().chain(others).collect()
    }
}

/// The event that a touch would be.
fn event(owner: CustomerId, at: Timestamp, number: u64, form: &[u8]) -> EventKey {
    let (at, number) = (at.as_micros().to_le_bytes(), number.to_le_bytes());
    EventKey::from_bytes(digest(&[owner.as_bytes(), &at, &number, form]))
}

/// Who is who: a digest of what names her.
fn customer(person: &str) -> CustomerId {
    CustomerId::from_bytes(digest(&[person.as_bytes()]))
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref()[..16].try_into().expect("a digest of 32 bytes")
}

/// A touch; a kind that nobody states follows from the channel's name.
fn touch(row: &TouchRow<'_>) -> Result<Touch, Failure> {
    let mut channels = Channels::new();
    channels.intern(row.channel).map_err(|error| row.refuse("channel", error))?;
    let kind = row.kind.unwrap_or_else(|| match Groups::default().side(row.channel) {
        Side::Physical => TouchKind::Tap,
        Side::Visit => TouchKind::Visit,
        Side::Digital | Side::Direct => TouchKind::Web,
    });
    let number = row.number.unwrap_or(0);
    let id = event(customer(row.person), row.at, number, b"");
    let mut touch = Touch::new(row.at, id, kind, row.channel).from(row.source).in_sequence(number);
    touch.place = row.place.clone();
    Ok(touch)
}

fn order(row: &OrderRow<'_>, currency: Option<Currency>) -> Result<Order, Failure> {
    let of = match (currency, row.currency) {
        (Some(asked), Some(told)) if asked != told => {
            return Err(row.refuse("currency", format_args!("expected {asked}, found {told}")));
        }
        (asked, told) => asked.or(told),
    };
    let of = of.ok_or_else(|| {
        row.refuse("value_minor", "expected a currency, in a column currency or as --currency")
    })?;
    if row.refund_minor > row.value_minor {
        return Err(row.refuse("refund_minor", PeopleError::RefundOverOrder));
    }
    let order = Order::new(row.order.clone(), row.at, Money::new(row.value_minor, of));
    let order = order.refunded(row.refund_minor);
    Ok(match (&row.place, row.sold) {
        (Some(place), _) => order.at_place(place.clone()),
        (None, Sold::Store) => order.at_place(PlaceId::new(SOME_SHOP).expect("a short word")),
        (None, Sold::Web) => order,
    })
}
