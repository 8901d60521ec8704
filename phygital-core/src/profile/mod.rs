//! Profiles: what a shop knows of one customer, and the card that its staff may see of it.
//!
//! A [`Profile`] is the fold of one customer's events in [`FoldKey`] order. It is a pure function of
//! the set of events, so two tills that exchange events agree to the byte. Each thing in it names the
//! event that it rests on.
//!
//! # Which fact survives
//!
//! Sources differ. For each attribute (a size, a colour, a name) the fact that holds is found so:
//!
//! | rule | source |
//! |---|---|
//! | 1. one that has expired does not count | the expiry it was stated with |
//! | 2. [`Stated`](FactSource::Stated) beats [`Observed`](FactSource::Observed) beats [`Imported`](FactSource::Imported) beats [`Guessed`](FactSource::Guessed) | *Attribute Stated*; *User Identified* by account or device; *User Identified* with a CRM key; a statement read with little confidence |
//! | 3. among equals the later one in fold order | when it happened, then the event's key |
//! | 4. an empty statement takes back what was stated of that attribute | *Attribute Stated* with an empty value |
//! | 5. what was inferred from purchases shows only where none of these holds | marked as [`Inferred`](PreferenceBasis::Inferred) |
//!
//! A name is an attribute like any other: `name`, else `first_name` and `last_name`.
//!
//! What a product is called is what was said last.
//!
//! # What an order comes to
//!
//! | rule | reason |
//! |---|---|
//! | an order counts once, from the first *Order Completed* in fold order; a second one of the same id changes nothing, and is a conflict where its sum differs | a web shop and a till may both report it |
//! | its sum is [`OrderSums::net`](crate::event::kinds::commerce::OrderSums::net) of the last *Order Updated*, else of that *Order Completed* | an update holds the order as it now is |
//! | a refund takes off its own net, whatever its sign; without any sum it is in full | sources differ in the sign |
//! | what is paid back beyond the sum leaves nothing, and is a conflict beyond the total with tax and shipping | revenue is never negative; a refund in full pays those back too |
//! | a cancelled order came to nothing and was no purchase | |
//! | what is said of an order not yet seen waits for it | clocks of two tills differ |
//! | a sum below zero is nothing, one above [`ORDER_MINOR_MAX`](limits::ORDER_MINOR_MAX) is that much; either is a conflict | a fault of the source must not bend the totals |
//! | what was bought leaves cart and wish list, and stays out when it is returned | she did not want it |
//!
//! Conflicts are counted in [`Profile::conflicts`].
//!
//! # From events to a card
//!
//! ```
//! use phygital_core::consent::{Basis, Policy};
//! use phygital_core::event::{CodecOptions, Event, FoldKey, Origin, Recorded};
//! use phygital_core::profile::{CardRequest, Profile, Role, card};
//! use phygital_core::vocab::{CustomerId, DeviceId, Hlc, Purpose, Timestamp};
//!
//! let json = r#"{
//!   "specversion": "1.0", "id": "e-1", "source": "//shop.example/till",
//!   "type": "com.phygital.order_completed", "time": "2026-11-20T12:00:00Z",
//!   "data": {"place": "paris-1", "properties": {
//!     "order_id": "o-1", "revenue": 149.90, "currency": "EUR",
//!     "products": [{"sku": "BOOT-38", "name": "Chelsea boot", "category": "Shoes", "size": "38"}]
//!   }}
//! }"#;
//! let event = Event::from_json(json, &CodecOptions::default())?;
//! let now = Timestamp::parse("2026-11-21T12:00:00Z").unwrap();
//! let hlc = Hlc::ZERO.tick(now).unwrap();
//! let fold = FoldKey::of(&event, hlc);
//! let origin = Origin { device: DeviceId::from_bytes([1; 16]), epoch: 1, seq: 1 };
//!
//! let mut profile = Profile::default();
//! profile.apply(&Recorded { event, fold, origin, hlc, received_at: now });
//! assert_eq!(profile.spend()[0].net_minor, 14_990);
//!
//! let policy = Policy::default().with(Purpose::Personalization, Basis::LegitimateInterest);
//! let decision = policy.permits(None, Purpose::Personalization, now);
//! let customer = CustomerId::from_bytes([7; 16]);
//! let seen = card(&profile, &CardRequest::new(customer, Role::Associate, now, (&decision).into()));
//! let content = seen.content().unwrap();
//! assert_eq!(content.preferences[0].attribute, "size.shoes");
//! assert_eq!(content.not_again[0].product.key, "BOOT-38");
//!
//! // Without a legitimate interest it takes her consent, for which nobody asked.
//! let policy = Policy::default().with(Purpose::Personalization, Basis::Consent);
//! let decision = policy.permits(None, Purpose::Personalization, now);
//! let refused = card(&profile, &CardRequest::new(customer, Role::Associate, now, (&decision).into()));
//! assert!(refused.content().is_none());
//! assert_eq!(refused.withheld().unwrap()[0].code(), "never_asked");
//! # Ok::<(), phygital_core::event::EventError>(())
//! ```

mod card;
mod compact;
mod content;
mod facts;
mod goods;
mod interest;
pub mod limits;
mod membership;
mod orders;
mod preference;
mod rank;
mod role;
mod talk;
#[cfg(test)]
mod tests;
mod touch;
mod visits;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use card::{CardRequest, CustomerCard, Permission, card};
pub use content::{
    Browsed, CameBy, CardContent, CardLine, CardOrder, LastVisit, LoyaltySummary, NotAgain, ProductSummary,
    Seen, SpendSummary, TriedOnProduct, WantedProduct,
};
pub use facts::{Fact, FactSource};
pub use goods::Item;
pub use interest::{Look, Sight, TriedOn, Wanted};
pub use membership::Membership;
pub use orders::{Line, Order, OrderStatus, Spend};
pub use preference::{Preference, PreferenceBasis};
pub use rank::{Rank, RankBand, SpendBucket};
pub use role::{Role, Section};
pub use talk::{TalkingPoint, Topic};
pub(crate) use touch::channel as campaign_channel;
pub use touch::{CHANNEL_DIRECT, CHANNEL_EMAIL, CHANNEL_STORE, CHANNEL_TAP, Touch};
pub use visits::{Assist, Visit, VisitSign};

use compact::is_default;
use facts::Facts;
use goods::Goods;
use interest::Interest;
use membership::Memberships;
use orders::Orders;
use visits::Visits;

use crate::event::kinds::commerce::OrderCompleted;
use crate::event::{Body, Event, FoldKey, Recorded};
use crate::vocab::{Currency, Timestamp};

/// What a shop knows of one customer: the fold of her events.
///
/// Empty by default. Its JSON is short, the same bytes for the same events, and read back as it was;
/// its lists have the [`limits`]. `Debug` prints counts only.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    #[serde(default, skip_serializing_if = "Option::is_none", with = "compact::maybe_by")]
    last: Option<FoldKey>,
    #[serde(default, skip_serializing_if = "is_default")]
    events: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    taps: u32,
    /// When she last did something, in microseconds since the epoch.
    #[serde(default, skip_serializing_if = "is_default")]
    seen_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_touch: Option<Touch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_touch: Option<Touch>,
    #[serde(default, skip_serializing_if = "is_default")]
    visits: Visits,
    #[serde(default, skip_serializing_if = "is_default")]
    orders: Orders,
    #[serde(default, skip_serializing_if = "is_default")]
    interest: Interest,
    #[serde(default, skip_serializing_if = "is_default")]
    goods: Goods,
    #[serde(default, skip_serializing_if = "is_default")]
    memberships: Memberships,
    #[serde(default, skip_serializing_if = "is_default")]
    facts: Facts,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (taps, visits, orders) = (self.taps, self.visits.count(), self.orders.count());
        write!(f, "Profile({} events, {taps} taps, {visits} visits, {orders} orders)", self.events)
    }
}

impl Profile {
    /// Folds the next event of the customer. Total: what makes no sense changes nothing but counts.
    ///
    /// The result is a function of the set of events only when they come in [`FoldKey`] order, each
    /// once; see [`Profile::follows`].
    pub fn apply(&mut self, recorded: &Recorded) {
        let (event, by) = (&recorded.event, recorded.fold);
        self.last = self.last.max(Some(by));
        self.events = self.events.saturating_add(1);
        if matches!(&event.body, Body::TagTapped(tap) if tap.verified == Some(false)) {
            // A claim: anyone can make one.
            return;
        }
        self.see(event, by);
        self.sign_of_visit(event, by);
        let goods = &mut self.goods;
        let interest = &mut self.interest;
        match &event.body {
            // It speaks of no goods.
            Body::TagTapped(_) => {
                self.taps = self.taps.saturating_add(1);
                return;
            }
            Body::VisitEnded(_) => {
                if let Some(place) = &event.place {
                    self.visits.end(place, by.at);
                }
            }
            Body::AssociateAssisted(help) => self.visits.assist(help, event.place.as_ref(), by),
            Body::ProductTriedOn(tried) => interest.try_on(&tried.product, tried.fitted, by, goods),

            Body::ProductViewed(view) => {
                if let Some(key) = goods.note(&view.product) {
                    interest.look(Sight::Product(key), view.product.url.as_deref(), &event.context, by);
                }
            }
            Body::ProductListViewed(view) => {
                if let Some(name) = view.category.as_ref().or(view.list_id.as_ref()) {
                    interest.look(interest::list(name), None, &event.context, by);
                }
            }
            Body::ProductsSearched(search) => {
                if let Some(query) = &search.query {
                    interest.look(interest::search(query), None, &event.context, by);
                }
            }
            Body::ProductAdded(added) => interest.add(&added.product, by, goods),
            Body::ProductRemoved(removed) => interest.remove(&removed.product, by),
            Body::CartViewed(cart) => interest.show(&cart.products, by, goods),
            Body::CheckoutStarted(checkout) => interest.show(&checkout.order.products, by, goods),
            Body::ProductAddedToWishlist(wish) => interest.wish(&wish.product, by, goods),
            Body::ProductRemovedFromWishlist(wish) => interest.unwish(&wish.product),
            Body::WishlistProductAddedToCart(wish) => {
                interest.unwish(&wish.product);
                interest.add(&wish.product, by, goods);
            }

            Body::OrderCompleted(OrderCompleted { order_id, order, .. }) => {
                let place = event.place.as_ref().filter(|_| is_in_shop(event));
                if self.orders.complete(order_id, order, place, by, goods) {
                    interest.bought(order);
                }
            }
            Body::OrderUpdated(update) => self.orders.update(&update.order_id, &update.order, by, goods),
            Body::OrderRefunded(refund) => self.orders.refund(&refund.order_id, &refund.order, by),
            Body::OrderCancelled(cancel) => self.orders.cancel(&cancel.order_id, by),

            Body::LoyaltyMemberEnrolled(member) => {
                self.memberships.enroll(&member.programme, &member.tier, by);
            }
            Body::TierChanged(change) => self.memberships.rise(&change.programme, &change.tier, by),
            Body::PointsEarned(earned) => {
                self.memberships.points(&earned.programme, i64::from(earned.points), by);
            }
            Body::PointsRedeemed(spent) => {
                self.memberships.points(&spent.programme, -i64::from(spent.points), by);
            }

            Body::UserIdentified(traits) => self.facts.identify(traits, event, by),
            Body::AttributeStated(stated) => self.facts.state(stated, event, by),
            _ => return,
        }
        let spoken_of: BTreeSet<&str> = self.interest.products().chain(self.orders.products()).collect();
        self.goods.keep(&spoken_of);
    }

    /// Whether an event comes after all that were applied. One that does not is late, or was applied
    /// before: then the profile is folded anew from the empty one.
    pub fn follows(&self, fold: FoldKey) -> bool {
        self.last.is_none_or(|last| last < fold)
    }

    /// The last event that was applied.
    pub fn last(&self) -> Option<FoldKey> {
        self.last
    }

    /// How many events were applied.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// How many of them were taps; a claimed tap is none.
    pub fn taps(&self) -> u32 {
        self.taps
    }

    /// When the customer first did something herself.
    pub fn first_seen(&self) -> Option<Timestamp> {
        self.first_touch.as_ref().map(|touch| touch.by.at)
    }

    /// When the customer last did something herself.
    pub fn last_seen(&self) -> Option<Timestamp> {
        Timestamp::from_micros(self.seen_us).ok().filter(|_| self.first_touch.is_some())
    }

    /// How she first came.
    pub fn first_touch(&self) -> Option<&Touch> {
        self.first_touch.as_ref()
    }

    /// How she last came, direct only where nothing else ever brought her.
    pub fn last_touch(&self) -> Option<&Touch> {
        self.last_touch.as_ref()
    }

    /// How many visits in all.
    pub fn visit_count(&self) -> u32 {
        self.visits.count()
    }

    /// The last visits, by their last sign, oldest first.
    pub fn visits(&self) -> &[Visit] {
        self.visits.list()
    }

    /// The last acts of help, oldest first.
    pub fn assists(&self) -> &[Assist] {
        self.visits.assists()
    }

    /// How many purchases in all: orders placed and not cancelled.
    pub fn order_count(&self) -> u32 {
        self.orders.count()
    }

    /// The last orders, oldest first, also those refunded and cancelled.
    pub fn orders(&self) -> &[Order] {
        self.orders.list()
    }

    /// How often the sources said of orders what cannot be so: an order twice with two sums, more
    /// paid back than was paid, sums below zero, changes of orders that never came.
    pub fn conflicts(&self) -> u32 {
        self.orders.conflicts()
    }

    /// What she spent, by currency in order of their codes; amounts of two currencies are never added.
    pub fn spend(&self) -> Vec<Spend> {
        self.orders.spend().collect()
    }

    /// The currency she bought in most often; of several the first by code.
    pub fn main_currency(&self) -> Option<Currency> {
        let best = |best: Spend, one: Spend| if one.orders > best.orders { one } else { best };
        self.orders.spend().reduce(best).map(|spend| spend.currency)
    }

    /// What she looked at online, the last look last.
    pub fn looks(&self) -> &[Look] {
        &self.interest.looks
    }

    /// Her cart, the oldest line first.
    pub fn cart(&self) -> &[Wanted] {
        &self.interest.cart
    }

    /// Her wish list, the oldest wish first. What she bought has left it.
    pub fn wishlist(&self) -> &[Wanted] {
        &self.interest.wishes
    }

    /// What she tried on, the oldest first.
    pub fn tried_on(&self) -> &[TriedOn] {
        &self.interest.tried_on
    }

    /// Her loyalty programmes.
    pub fn memberships(&self) -> &[Membership] {
        &self.memberships.0
    }

    /// What is known of a product that something in the profile names.
    pub fn item(&self, key: &str) -> Option<&Item> {
        self.goods.get(key)
    }

    /// The fact that survives for an attribute at that time.
    pub fn fact(&self, attribute: &str, now: Timestamp) -> Option<&Fact> {
        self.facts.get(attribute, now)
    }

    /// Every attribute of which a fact holds at that time, by name.
    pub fn facts(&self, now: Timestamp) -> impl Iterator<Item = (&str, &Fact)> {
        self.facts.iter(now)
    }

    fn see(&mut self, event: &Event, by: FoldKey) {
        let Some(touch) = Touch::of(event, by) else { return };
        self.seen_us = self.seen_us.max(by.at.as_micros());
        if self.first_touch.is_none() {
            self.first_touch = Some(touch.clone());
        }
        if self.last_touch.is_none() || !touch.is_direct() {
            self.last_touch = Some(touch);
        }
    }

    fn sign_of_visit(&mut self, event: &Event, by: FoldKey) {
        let Some(place) = &event.place else { return };
        let sign = match &event.body {
            Body::TagTapped(_) => VisitSign::Tap,
            Body::VisitStarted(_) => VisitSign::Arrival,
            Body::ProductTriedOn(_) => VisitSign::TryOn,
            Body::AssociateAssisted(_) => VisitSign::Assistance,
            Body::OrderCompleted(_) if is_in_shop(event) => VisitSign::Order,
            Body::PickupArrived(_) | Body::PickupCollected(_) => VisitSign::Pickup,
            _ => return,
        };
        self.visits.sign(place, sign, by);
    }
}

/// Whether an event at a place happened in a shop: one that has a page is of the web, whatever place
/// it names.
fn is_in_shop(event: &Event) -> bool {
    event.context.page.is_none()
}
