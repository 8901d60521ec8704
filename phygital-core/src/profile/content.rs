//! What stands on a card, section by section.

use std::time::Duration;

use serde::Serialize;

use super::Profile;
use super::card::CardRequest;
use super::compact::elided_debug;
use super::interest::{Sight, Wanted};
use super::limits::{CARD_ORDERS_MAX, NOT_AGAIN_DAYS};
use super::orders::{Order, OrderStatus};
use super::preference::{Preference, name, preferences};
use super::rank::RankBand;
use super::role::{Role, Section};
use super::talk::{TalkingPoint, talking_points};
use super::touch::Touch;
use super::visits::VisitSign;
use crate::event::FoldKey;
use crate::vocab::{EventKey, Money, OrderId, Personal, PlaceId, StaffId, Timestamp};

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_doc])* #[serde(skip_serializing_if = "Blank::is_blank")] pub $field: $type,)*
        }
        elided_debug!($name);
    )*};
}

sections! {
    /// What a role may see of a customer. Newest first, wherever things have a time. What is empty
    /// is left out of the JSON.
    CardContent {
        /// The consents that permit the card.
        proofs: Vec<EventKey>,
        /// Her name.
        name: Option<Personal>,
        /// Her identifiers, masked.
        identifiers: Vec<String>,
        /// How often and when she was here.
        seen: Option<Seen>,
        /// Her last visit.
        last_visit: Option<LastVisit>,
        /// What to talk about, the best first.
        talking_points: Vec<TalkingPoint>,
        /// Sizes and preferences, stated before inferred.
        preferences: Vec<Preference>,
        /// What she looked at online.
        browsing: Vec<Browsed>,
        /// Her cart.
        cart: Vec<WantedProduct>,
        /// Her wish list without what she has.
        wishlist: Vec<WantedProduct>,
        /// What she tried on.
        tried_on: Vec<TriedOnProduct>,
        /// Her last orders.
        orders: Vec<CardOrder>,
        /// What not to offer: she just bought it.
        not_again: Vec<NotAgain>,
        /// What she spends.
        spend: Option<SpendSummary>,
        /// Her loyalty programmes.
        loyalty: Vec<LoyaltySummary>,
        /// How she first came.
        first_touch: Option<CameBy>,
        /// How she last came.
        last_touch: Option<CameBy>,
    }

    /// How often and when a customer was here.
    Seen {
        /// First.
        first_at: Option<Timestamp>,
        /// Last.
        last_at: Option<Timestamp>,
        /// Visits in all.
        visits: u32,
        /// Taps in all.
        taps: u32,
        /// Purchases in all.
        orders: u32,
    }

    /// A customer's last visit.
    LastVisit {
        /// Where.
        place: PlaceId,
        /// The event that began it.
        by: FoldKey,
        /// What that was.
        sign: VisitSign,
        /// The last sign of her.
        last_at: Timestamp,
        /// Whether it may still go on.
        open: bool,
        /// Who helped her last, at any visit.
        assisted_by: Option<StaffId>,
        /// With what.
        activity: Option<String>,
        /// The event that says so.
        assisted: Option<FoldKey>,
    }

    /// A product as a card names it.
    ProductSummary {
        /// What tells it from others, such as its SKU.
        key: String,
        /// Name.
        name: Option<String>,
        /// Brand.
        brand: Option<String>,
        /// Category.
        category: Option<String>,
        /// Colour.
        color: Option<String>,
    }

    /// Something looked at online: one of product, list and search is there.
    Browsed {
        /// A product.
        product: Option<ProductSummary>,
        /// A list or category.
        list: Option<String>,
        /// What she searched for.
        search: Option<Personal>,
        /// How often.
        times: u32,
        /// The last time.
        by: FoldKey,
        /// The page, without its query.
        url: Option<String>,
        /// The campaign that led there.
        campaign: Option<String>,
    }

    /// A product in the cart or on the wish list.
    WantedProduct {
        /// Which.
        product: ProductSummary,
        /// Size.
        size: Option<String>,
        /// Pieces.
        quantity: u32,
        /// The event that put it there.
        by: FoldKey,
    }

    /// A product that she tried on.
    TriedOnProduct {
        /// Which.
        product: ProductSummary,
        /// Size.
        size: Option<String>,
        /// Whether it fitted.
        fitted: Option<bool>,
        /// The event.
        by: FoldKey,
    }

    /// An order.
    CardOrder {
        /// As the host names it.
        id: OrderId,
        /// The event that placed it.
        by: FoldKey,
        /// The shop; none for the web.
        place: Option<PlaceId>,
        /// Where it stands.
        status: OrderStatus,
        /// What is left of its sum after refunds, for roles that see sums.
        net: Option<Money>,
        /// Its first lines.
        lines: Vec<CardLine>,
    }

    /// A line of an order.
    CardLine {
        /// The product.
        product: ProductSummary,
        /// Size.
        size: Option<String>,
        /// Pieces bought.
        quantity: u32,
        /// Pieces that came back.
        returned: u32,
    }

    /// A product not to offer, in no size and colour.
    NotAgain {
        /// Which.
        product: ProductSummary,
        /// What its sizes and colours share.
        style: Option<String>,
        /// Until when.
        until: Timestamp,
        /// The event by which she bought it.
        by: FoldKey,
    }

    /// What a customer spends, in her main currency.
    SpendSummary {
        /// Net per purchase, rounded half to even.
        average: Money,
        /// Where her total stands among all customers.
        band: Option<RankBand>,
        /// Her total, for roles that see sums.
        total: Option<Money>,
        /// What was paid back, for roles that see sums.
        refunded: Option<Money>,
    }

    /// A loyalty programme.
    LoyaltySummary {
        /// Which; none where the shop has but one.
        programme: Option<String>,
        /// Tier.
        tier: Option<String>,
        /// Points.
        points: i64,
        /// The event that enrolled her.
        by: FoldKey,
    }

    /// How a customer came.
    CameBy {
        /// Channel, as [`Touch`] names it.
        channel: String,
        /// Campaign.
        campaign: Option<String>,
        /// The event.
        by: FoldKey,
    }
}

/// Whether a field says nothing and is left out.
trait Blank {
    fn is_blank(&self) -> bool {
        false
    }
}
impl<T> Blank for Option<T> {
    fn is_blank(&self) -> bool {
        self.is_none()
    }
}
impl<T> Blank for Vec<T> {
    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}
macro_rules! never_blank {
    ($($type:ty),*) => { $(impl Blank for $type {})* };
}
never_blank!(
    String,
    u32,
    i64,
    bool,
    Timestamp,
    FoldKey,
    PlaceId,
    OrderId,
    VisitSign,
    OrderStatus,
    Money,
    ProductSummary
);

impl CardContent {
    /// Fills the sections that the role sees. Takes the proofs, so that who fills a card holds a
    /// permission.
    pub(super) fn of(profile: &Profile, request: &CardRequest, proofs: &[EventKey]) -> CardContent {
        let (role, now) = (request.role, request.now);
        let view = View { profile, role, now };
        CardContent {
            proofs: proofs.to_vec(),
            name: view.one(Section::Name, || name(profile, now)),
            identifiers: view.many(Section::Identifiers, || request.identifiers.clone()),
            seen: view.one(Section::Visits, || Some(view.seen())),
            last_visit: view.one(Section::Visits, || view.last_visit()),
            talking_points: view.many(Section::TalkingPoints, || talking_points(profile, now)),
            preferences: view.many(Section::Preferences, || preferences(profile, role, now)),
            browsing: view.many(Section::Browsing, || view.browsing()),
            cart: view
                .many(Section::Wants, || profile.cart().iter().rev().map(|one| view.wanted(one)).collect()),
            wishlist: view.many(Section::Wants, || {
                let missing = profile.wishlist().iter().rev().filter(|wish| !profile.has(&wish.product));
                missing.map(|wish| view.wanted(wish)).collect()
            }),
            tried_on: view.many(Section::Wants, || view.tried_on()),
            orders: view.many(Section::Orders, || {
                profile.orders().iter().rev().take(CARD_ORDERS_MAX).map(|order| view.order(order)).collect()
            }),
            not_again: view.many(Section::Orders, || view.not_again()),
            spend: view.one(Section::AverageSpend, || view.spend(request)),
            loyalty: view.many(Section::Loyalty, || view.loyalty()),
            first_touch: view.one(Section::Touches, || profile.first_touch().map(came_by)),
            last_touch: view.one(Section::Touches, || profile.last_touch().map(came_by)),
        }
    }
}

/// A profile as one role sees it at one time.
struct View<'p> {
    profile: &'p Profile,
    role: Role,
    now: Timestamp,
}

impl View<'_> {
    fn one<T>(&self, section: Section, fill: impl FnOnce() -> Option<T>) -> Option<T> {
        self.role.sees(section).then(fill).flatten()
    }

    fn many<T>(&self, section: Section, fill: impl FnOnce() -> Vec<T>) -> Vec<T> {
        if self.role.sees(section) { fill() } else { Vec::new() }
    }

    fn seen(&self) -> Seen {
        Seen {
            first_at: self.profile.first_seen(),
            last_at: self.profile.last_seen(),
            visits: self.profile.visit_count(),
            taps: self.profile.taps(),
            orders: self.profile.order_count(),
        }
    }

    fn last_visit(&self) -> Option<LastVisit> {
        let visit = self.profile.visits().last()?;
        let help = self.profile.assists().last();
        Some(LastVisit {
            place: visit.place.clone(),
            by: visit.by,
            sign: visit.sign,
            last_at: visit.last_at(),
            open: visit.is_open(self.now),
            assisted_by: help.and_then(|help| help.associate.clone()),
            activity: help.and_then(|help| help.activity.clone()),
            assisted: help.map(|help| help.by),
        })
    }

    fn browsing(&self) -> Vec<Browsed> {
        let browsed = self.profile.looks().iter().rev().map(|look| {
            let (mut product, mut list, mut search) = (None, None, None);
            match &look.what {
                Sight::Product(key) => product = Some(self.product(key)),
                Sight::List(name) => list = Some(name.clone()),
                Sight::Search(query) => search = Some(Personal::new(query)),
            }
            let (url, campaign) = (look.url.clone(), look.campaign.clone());
            Browsed { product, list, search, times: look.times, by: look.by, url, campaign }
        });
        browsed.collect()
    }

    fn wanted(&self, wanted: &Wanted) -> WantedProduct {
        let (size, quantity) = (wanted.size.clone(), wanted.quantity);
        WantedProduct { product: self.product(&wanted.product), size, quantity, by: wanted.by }
    }

    fn tried_on(&self) -> Vec<TriedOnProduct> {
        let tried_on = self.profile.tried_on().iter().rev().map(|tried| TriedOnProduct {
            product: self.product(&tried.product),
            size: tried.size.clone(),
            fitted: tried.fitted,
            by: tried.by,
        });
        tried_on.collect()
    }

    fn order(&self, order: &Order) -> CardOrder {
        let lines = order.lines.iter().map(|line| CardLine {
            product: self.product(&line.product),
            size: line.size.clone(),
            quantity: line.quantity,
            returned: line.quantity - order.kept(line),
        });
        CardOrder {
            id: order.id.clone(),
            by: order.by,
            place: order.place.clone(),
            status: order.status(),
            net: self.one(Section::Totals, || order.net()),
            lines: lines.collect(),
        }
    }

    fn not_again(&self) -> Vec<NotAgain> {
        let mut found: Vec<NotAgain> = Vec::new();
        for order in self.profile.orders().iter().rev() {
            let until = order.by.at.saturating_add(Duration::from_secs(NOT_AGAIN_DAYS * 24 * 60 * 60));
            for line in order.lines.iter().filter(|line| self.now < until && order.kept(line) > 0) {
                if found.iter().all(|known| known.product.key != line.product) {
                    let style = self.profile.item(&line.product).and_then(|item| item.style.clone());
                    found.push(NotAgain { product: self.product(&line.product), style, until, by: order.by });
                }
            }
        }
        found
    }

    fn spend(&self, request: &CardRequest) -> Option<SpendSummary> {
        let currency = self.profile.main_currency()?;
        let spend = self.profile.spend().into_iter().find(|spend| spend.currency == currency)?;
        let money = |minor| Money::new(minor, currency);
        Some(SpendSummary {
            average: money(spend.average_minor()),
            band: request.rank.map(|rank| rank.band()),
            total: self.one(Section::Totals, || Some(money(spend.net_minor))),
            refunded: self.one(Section::Totals, || Some(money(spend.refunded_minor))),
        })
    }

    fn loyalty(&self) -> Vec<LoyaltySummary> {
        let loyalty = self.profile.memberships().iter().map(|membership| LoyaltySummary {
            programme: membership.programme.clone(),
            tier: membership.tier.clone(),
            points: membership.points,
            by: membership.by,
        });
        loyalty.collect()
    }

    fn product(&self, key: &str) -> ProductSummary {
        let item = self.profile.item(key);
        ProductSummary {
            key: key.to_owned(),
            name: item.and_then(|item| item.name.clone()),
            brand: item.and_then(|item| item.brand.clone()),
            category: item.and_then(|item| item.category.clone()),
            color: item.and_then(|item| item.color.clone()),
        }
    }
}

fn came_by(touch: &Touch) -> CameBy {
    CameBy { channel: touch.channel.clone(), campaign: touch.campaign.clone(), by: touch.by }
}
