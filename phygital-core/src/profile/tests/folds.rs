//! What events make of a profile, case by case.

use super::*;
use crate::event::kinds::commerce::*;
use crate::event::kinds::conversation::AttributeStated;
use crate::event::kinds::digital::{EmailLinkClicked, UserIdentified};
use crate::event::kinds::shop::*;
use crate::event::{Campaign, Page};
use crate::profile::{FactSource, OrderStatus, Sight, VisitSign};
use crate::vocab::{Identifier, IdentifierKind, MessageId, Personal};

fn complete(order: OrderSums) -> Body {
    with!(OrderCompleted::new(order_id("o")), order = order).into()
}

fn update(order: OrderSums) -> Body {
    with!(OrderUpdated::new(order_id("o")), order = order).into()
}

fn refund(order: OrderSums) -> Body {
    with!(OrderRefunded::new(order_id("o")), order = order).into()
}

fn cancel() -> Body {
    OrderCancelled::new(order_id("o")).into()
}

fn total(minor: i64) -> OrderSums {
    OrderSums { total: Some(euro(minor)), ..OrderSums::default() }
}

/// Orders, net and refunded in cents, and conflicts.
fn money(bodies: Vec<Body>) -> (u32, i64, i64, u32) {
    let profile = story(None, bodies);
    let spend = profile.spend();
    let (net, refunded) = spend.first().map_or((0, 0), |spend| (spend.net_minor, spend.refunded_minor));
    assert_eq!(spend.first().map_or(0, |spend| spend.orders), profile.order_count());
    (profile.order_count(), net, refunded, profile.conflicts())
}

#[test]
fn an_order_comes_to_what_its_events_say() {
    let order = || complete(sums(10_000, &["boot"]));
    let nothing = OrderSums::default;
    for (case, bodies, expected) in [
        ("once", vec![order()], (1, 10_000, 0, 0)),
        ("twice by two tills", vec![order(), order()], (1, 10_000, 0, 0)),
        ("twice with two sums", vec![order(), complete(sums(9_000, &[]))], (1, 10_000, 0, 1)),
        ("updated", vec![order(), update(sums(8_000, &[]))], (1, 8_000, 0, 0)),
        ("updated, then told again", vec![order(), update(sums(8_000, &[])), order()], (1, 8_000, 0, 0)),
        ("updated before seen", vec![update(sums(8_000, &[])), order()], (1, 8_000, 0, 0)),
        ("never seen", vec![update(sums(8_000, &[])), refund(nothing())], (0, 0, 0, 0)),
        ("refunded", vec![order(), refund(nothing())], (1, 0, 10_000, 0)),
        ("refunded before seen", vec![refund(nothing()), order()], (1, 0, 10_000, 0)),
        ("refunded in part", vec![order(), refund(total(3_000))], (1, 7_000, 3_000, 0)),
        ("refunded with a minus", vec![order(), refund(total(-3_000))], (1, 7_000, 3_000, 0)),
        ("in part before seen", vec![refund(total(3_000)), order()], (1, 7_000, 3_000, 0)),
        ("in parts", vec![order(), refund(total(3_000)), refund(total(7_000))], (1, 0, 10_000, 0)),
        ("too much", vec![order(), refund(total(13_000))], (1, 0, 10_000, 1)),
        ("too much before seen", vec![refund(total(13_000)), order()], (1, 0, 10_000, 1)),
        ("cancelled", vec![order(), cancel()], (0, 0, 0, 0)),
        ("cancelled before seen", vec![cancel(), order()], (0, 0, 0, 0)),
        ("cancelled and refunded", vec![order(), cancel(), refund(nothing())], (0, 0, 0, 0)),
        ("below zero", vec![complete(sums(-5, &[]))], (1, 0, 0, 1)),
    ] {
        assert_eq!(money(bodies), expected, "{case}");
    }
}

#[test]
fn a_refund_in_full_pays_tax_and_shipping_back_too() {
    let order = OrderSums { total: Some(euro(12_400)), ..sums(10_000, &[]) };
    assert_eq!(money(vec![complete(order.clone()), refund(total(12_400))]), (1, 0, 10_000, 0));
    assert_eq!(money(vec![refund(total(12_400)), complete(order.clone())]), (1, 0, 10_000, 0));
    assert_eq!(money(vec![complete(order), refund(total(12_401))]), (1, 0, 10_000, 1));
}

#[test]
fn currencies_stay_apart() {
    let dollars = Money::new(5_000, "USD".parse().unwrap());
    let other = OrderSums { revenue: Some(dollars), ..OrderSums::default() };
    let profile = story(
        None,
        [
            complete(sums(10_000, &[])),
            with!(OrderCompleted::new(order_id("p")), order = other.clone()).into(),
            refund(other),
        ],
    );
    let spend = profile.spend();
    assert_eq!(spend.len(), 2);
    assert_eq!((spend[0].currency.code(), spend[0].net_minor), ("EUR", 10_000));
    assert_eq!((spend[1].currency.code(), spend[1].net_minor), ("USD", 5_000));
    assert_eq!(profile.conflicts(), 1, "dollars do not pay euros back");
    assert_eq!(profile.main_currency().unwrap().code(), "EUR");
}

#[test]
fn lines_that_came_back_are_not_kept() {
    let pair = || OrderSums {
        products: vec![Product { quantity: Some(2), ..product("boot") }, product("belt")],
        ..sums(10_000, &[])
    };
    let back = OrderSums { products: vec![product("boot")], ..total(4_000) };
    for bodies in [vec![complete(pair()), refund(back.clone())], vec![refund(back.clone()), complete(pair())]]
    {
        let profile = story(None, bodies);
        let order = &profile.orders()[0];
        let kept: Vec<u32> = order.lines.iter().map(|line| order.kept(line)).collect();
        assert_eq!((kept, order.status()), (vec![1, 1], OrderStatus::PartlyRefunded));
    }
    let profile = story(None, vec![complete(pair()), refund(OrderSums::default())]);
    let order = &profile.orders()[0];
    assert_eq!((order.kept(&order.lines[0]), order.status()), (0, OrderStatus::Refunded));
}

#[test]
fn averages_round_half_to_even() {
    for (minors, average) in [([1, 0], 0), ([1, 2], 2), ([2, 3], 2), ([3, 4], 4), ([100, 101], 100)] {
        let orders = minors
            .iter()
            .zip(["a", "b"])
            .map(|(&minor, id)| with!(OrderCompleted::new(order_id(id)), order = sums(minor, &[])));
        assert_eq!(story(None, orders).spend()[0].average_minor(), average, "{minors:?}");
    }
    let third = ["a", "b", "c"].map(|id| with!(OrderCompleted::new(order_id(id)), order = sums(1, &[])));
    assert_eq!(story(None, third).spend()[0].average_minor(), 1);
}

#[test]
fn signs_of_her_are_one_visit() {
    let at = |minutes, place: &str, body: Body| {
        event(minutes, &format!("e-{minutes}"), body).at(place.parse().unwrap())
    };
    let mut web = at(40, "shop", complete(sums(1, &[])));
    web.context.page = Some(Page::default());
    let claimed = with!(TagTapped::new("static".into()), verified = Some(false));
    let profile = fold([
        at(0, "shop", TagTapped::new("ntag424-aes".into()).into()),
        at(1, "shop", VisitStarted::new().into()),
        at(2, "corner", AssociateAssisted::new().into()),
        at(30, "shop", ProductTriedOn::new().into()),
        at(31, "shop", VisitEnded::new().into()),
        at(32, "shop", PickupArrived::new(order_id("o")).into()),
        web,
        at(50, "elsewhere", claimed.into()),
    ]);
    let visits: Vec<_> =
        profile.visits().iter().map(|visit| (visit.place.as_str(), visit.sign, visit.ended)).collect();
    assert_eq!(
        visits,
        [
            ("corner", VisitSign::Assistance, false),
            ("shop", VisitSign::Tap, true),
            ("shop", VisitSign::Pickup, false)
        ]
    );
    assert_eq!((profile.visit_count(), profile.taps(), profile.events()), (3, 1, 8));
    assert_eq!(profile.orders()[0].place, None, "an order with a page is of the web");
    assert!(profile.visits()[2].is_open(minute(33)) && !profile.visits()[1].is_open(minute(33)));
}

#[test]
fn looks_are_counted_and_their_addresses_cut() {
    let view = || with!(ProductViewed::new(), product = product("boot"));
    let mut again = event(2, "b", view());
    let url = Some("https://shop.example/boot?email=ada@shop.example#top".to_owned());
    again.context.page = Some(Page { url, ..Page::default() });
    again.context.campaign = Some(Campaign { source: Some("news".into()), ..Campaign::default() });
    let search = with!(ProductsSearched::new(), query = Some("red boots".to_owned()));
    let list = with!(ProductListViewed::new(), category = Some("Shoes".to_owned()));
    let profile = fold([event(0, "a", view()), event(1, "s", search), event(1, "l", list), again]);
    let look = profile.looks().last().unwrap();
    assert!(look.what == Sight::Product("boot".into()));
    assert_eq!((look.times, look.by.at), (2, minute(2)));
    assert_eq!(look.url.as_deref(), Some("https://shop.example/boot"));
    assert_eq!(look.campaign.as_deref(), Some("news"));
    assert_eq!(profile.looks().len(), 3);
}

#[test]
fn touches_are_first_and_last_non_direct() {
    let campaign = |minutes, id, source: &str| {
        let mut event = event(minutes, id, ProductListViewed::new());
        let (source, medium) = (Some(source.to_owned()), Some("paid".to_owned()));
        event.context.campaign = Some(Campaign { source, medium, ..Campaign::default() });
        event
    };
    let tap = || event(3, "t", TagTapped::new("ntag424-aes".into()));
    let direct = |minutes, id| event(minutes, id, CartViewed::new());
    let walk = event(1, "w", VisitStarted::new()).at("shop".parse().unwrap());
    let points = event(0, "p", PointsEarned::new(5));
    let mail = event(7, "m", EmailLinkClicked::new());
    for (events, first, last) in [
        (vec![points.clone(), tap(), direct(9, "d")], "tap", "tap"),
        (vec![campaign(1, "c", "instagram"), tap()], "instagram/paid", "tap"),
        (vec![direct(0, "d"), campaign(5, "c", "instagram"), direct(6, "e")], "direct", "instagram/paid"),
        (vec![walk, mail], "store", "email"),
        (vec![direct(0, "d"), direct(1, "e")], "direct", "direct"),
    ] {
        let profile = fold(events);
        assert_eq!(profile.first_touch().unwrap().channel, first);
        assert_eq!(profile.last_touch().unwrap().channel, last);
    }
    assert!(fold([points]).first_touch().is_none(), "the shop gave the points");
}

#[test]
fn the_stated_rules_of_survivorship_hold() {
    let identify = |minutes, id: &str, name: &str, kind: IdentifierKind| {
        let traits = with!(UserIdentified::new(), first_name = Some(Personal::new(name)));
        event(minutes, id, traits).with(Identifier::new(kind, "k-1").unwrap())
    };
    let state = |minutes, id: &str, name: &str| {
        event(minutes, id, AttributeStated::new("first_name".into(), Personal::new(name)))
    };
    let import = || identify(5, "crm", "Augusta", IdentifierKind::Crm);
    let observe = || identify(3, "web", "A.", IdentifierKind::Login);
    let survivor = |events: Vec<Event>, now: i64| {
        let profile = fold(events);
        let fact = profile.fact("first_name", minute(now)).unwrap().clone();
        (fact.value.reveal().to_owned(), fact.source)
    };
    assert_eq!(survivor(vec![import()], 9), ("Augusta".into(), FactSource::Imported));
    assert_eq!(survivor(vec![import(), observe()], 9), ("A.".into(), FactSource::Observed));
    assert_eq!(
        survivor(vec![import(), observe(), state(1, "s", "Ada")], 9),
        ("Ada".into(), FactSource::Stated)
    );
    let twice = vec![state(1, "s", "Ada"), state(2, "t", "Adah")];
    assert_eq!(survivor(twice, 9), ("Adah".into(), FactSource::Stated));

    let mut brief = state(1, "s", "Ada");
    if let Body::AttributeStated(stated) = &mut brief.body {
        stated.expires_at = Some(minute(8));
    }
    assert_eq!(survivor(vec![brief.clone(), observe()], 7).0, "Ada");
    assert_eq!(survivor(vec![brief, observe()], 8).0, "A.", "what expired does not count");
    let taken_back = vec![observe(), state(4, "s", "Ada"), state(6, "t", " ")];
    assert_eq!(survivor(taken_back, 9).0, "A.", "what was taken back does not count");
}

#[test]
fn what_is_said_in_a_shop_is_said_to_staff() {
    let stated = || AttributeStated::new("size.shoes".into(), Personal::new("38"));
    let text = with!(stated(), message_id = Some(MessageId::new("m").unwrap()));
    let to_staff = |profile: Profile| profile.fact("size.shoes", minute(0)).unwrap().said_to_staff;
    assert!(to_staff(story(Some("shop"), [stated()])));
    assert!(!to_staff(story(None, [stated()])));
    assert!(!to_staff(story(Some("shop"), [text])));
}

#[test]
fn points_and_tiers_are_by_programme() {
    let club = || Some("club".to_owned());
    let profile = story(
        None,
        [
            Body::from(with!(PointsEarned::new(30), programme = club())),
            with!(LoyaltyMemberEnrolled::new(), programme = club(), tier = Some("silver".into())).into(),
            with!(PointsRedeemed::new(50), programme = club()).into(),
            with!(TierChanged::new("gold".into()), programme = club()).into(),
            PointsEarned::new(7).into(),
        ],
    );
    let [club, other] = profile.memberships() else { panic!("two programmes") };
    assert_eq!((club.points, club.tier.as_deref(), club.by.at), (-20, Some("gold"), minute(1)));
    assert_eq!((other.points, &other.programme), (7, &None));
}

#[test]
fn an_active_customer_fits_two_kibibytes() {
    let profile = active();
    let text = json(&profile);
    assert!(text.len() <= 2048, "{} bytes", text.len());
    assert!(serde_json::from_str::<Profile>(&text).unwrap() == profile);
}

/// Three orders, three visits, four looks, a cart, a wish, a try-on, four facts.
pub(super) fn active() -> Profile {
    let boot = || Product {
        product_id: Some("BOOT".into()),
        name: Some("Chelsea boot".into()),
        category: Some("Shoes".into()),
        brand: Some("Acme".into()),
        size: Some("38".into()),
        ..product("BOOT-38")
    };
    let coat = || Product {
        name: Some("Wool coat".into()),
        category: Some("Coats".into()),
        size: Some("M".into()),
        ..product("COAT-M")
    };
    let order = |minutes: i64, id: &str, product: Product| {
        let order = OrderSums { products: vec![product], ..sums(14_990, &[]) };
        event(minutes, id, with!(OrderCompleted::new(order_id(id)), order = order))
            .at("paris-1".parse().unwrap())
    };
    let view = |minutes, id, product| event(minutes, id, with!(ProductViewed::new(), product = product));
    let day = 24 * 60;
    let say = |minutes, attribute: &str, value: &str, sentence: Option<&str>| {
        let stated = AttributeStated::new(attribute.into(), Personal::new(value));
        event(minutes, attribute, with!(stated, sentence = sentence.map(Personal::new)))
    };
    let traits = with!(
        UserIdentified::new(),
        first_name = Some(Personal::new("Ada")),
        last_name = Some(Personal::new("Lovelace"))
    );
    fold([
        event(0, "tap", TagTapped::new("ntag424-aes".into())).at("paris-1".parse().unwrap()),
        event(1, "who", traits),
        order(9, "o-1001", boot()),
        view(day, "v1", coat()),
        view(day + 1, "v2", product("SCARF-RED")),
        view(day + 2, "v3", coat()),
        event(day + 3, "search", with!(ProductsSearched::new(), query = Some("wool".into()))),
        event(day + 4, "cart", with!(ProductAdded::new(), product = coat())),
        event(day + 5, "wish", with!(ProductAddedToWishlist::new(), product = product("SCARF-RED"))),
        order(9 * day, "o-1002", product("SOCKS")),
        event(9 * day + 1, "try", with!(ProductTriedOn::new(), product = coat(), fitted = Some(true)))
            .at("paris-1".parse().unwrap()),
        say(9 * day + 2, "occasion", "a wedding", Some("It is for a wedding in May")),
        say(9 * day + 3, "favourite_color", "green", None),
        event(9 * day + 4, "member", with!(LoyaltyMemberEnrolled::new(), tier = Some("gold".into()))),
        order(19 * day, "o-1003", boot()),
    ])
}
