//! What stands on a card, for whom, and what never does.

use super::folds::active;
use super::*;
use crate::consent::{Policy, Reason};
use crate::event::kinds::commerce::*;
use crate::event::kinds::conversation::AttributeStated;
use crate::event::kinds::digital::UserIdentified;
use crate::event::kinds::shop::*;
use crate::event::{Campaign, Page};
use crate::profile::{CardContent, PreferenceBasis, Rank, Section, Topic};
use crate::vocab::{MessageId, Personal, Purpose, StaffId};

const MARK: &str = "mArK";

/// A profile with the mark in every text that an event can bring.
fn marked() -> Profile {
    let mark = |what: &str| format!("{MARK}-{what}");
    let personal = |what: &str| Some(Personal::new(mark(what)));
    let product = || Product {
        product_id: Some(mark("style")),
        name: Some(mark("product")),
        brand: Some(mark("brand")),
        category: Some(mark("category")),
        color: Some(mark("color")),
        size: Some(mark("size")),
        url: Some(mark("url")),
        quantity: Some(2),
        ..product(&mark("sku"))
    };
    let other = || Product { sku: Some(mark("other")), product_id: None, ..product() };
    let order = OrderSums { products: vec![product()], ..sums(10, &[]) };
    let stated = |attribute: &str| {
        let stated = AttributeStated::new(mark(attribute), Personal::new(mark("value")));
        with!(stated, sentence = personal(attribute), unit = Some(mark("unit")))
    };
    let texted = with!(stated("texted"), message_id = Some(MessageId::new("m").unwrap()));
    let occasion = AttributeStated::new("occasion".into(), Personal::new(mark("occasion")));
    let traits = with!(
        UserIdentified::new(),
        first_name = personal("first"),
        last_name = personal("last"),
        birthday = personal("birthday"),
    );
    let member =
        with!(LoyaltyMemberEnrolled::new(), programme = Some(mark("programme")), tier = Some(mark("tier")));
    let help = with!(
        AssociateAssisted::new(),
        associate_id = Some(StaffId::new(mark("staff")).unwrap()),
        activity = Some(mark("activity"))
    );
    let bodies: Vec<Body> = vec![
        TagTapped::new("ntag424-aes".into()).into(),
        with!(OrderCompleted::new(order_id(&mark("order"))), order = order.clone()).into(),
        with!(OrderRefunded::new(order_id(&mark("unseen"))), order = order).into(),
        with!(ProductViewed::new(), product = other()).into(),
        with!(ProductViewed::new(), product = other()).into(),
        with!(ProductsSearched::new(), query = Some(mark("query"))).into(),
        with!(ProductListViewed::new(), category = Some(mark("list"))).into(),
        with!(ProductAdded::new(), product = other()).into(),
        with!(ProductAddedToWishlist::new(), product = other()).into(),
        with!(ProductTriedOn::new(), product = other(), fitted = Some(true)).into(),
        help.into(),
        member.into(),
        traits.into(),
        occasion.into(),
        stated("said").into(),
        texted.into(),
    ];
    fold(bodies.into_iter().enumerate().map(|(at, body)| {
        let mut event = event(at as i64, &format!("e-{at:02}"), body).at(mark("place").parse().unwrap());
        if matches!(event.body, Body::ProductViewed(_)) {
            event.context.page = Some(Page { url: Some(mark("page")), ..Page::default() });
            event.context.campaign = Some(Campaign { name: Some(mark("campaign")), ..Campaign::default() });
        }
        event
    }))
}

fn text(card: &CustomerCard) -> String {
    serde_json::to_string(card).unwrap()
}

fn content(card: &CustomerCard) -> &CardContent {
    card.content().unwrap()
}

#[test]
fn a_refusal_shows_nothing() {
    let mut request = request(Role::Manager, minute(99));
    request.identifiers = vec![MARK.to_owned()];
    request.rank = Some(Rank { top_percent: 1, among: 77 });
    request.permission = (&Policy::default().permits(None, Purpose::Personalization, minute(99))).into();
    let card = card(&marked(), &request);
    assert_eq!(
        text(&card),
        format!(
            r#"{{"customer":"{}","role":"manager","as_of":"2026-01-01T01:39:00Z","withheld":["never_asked"]}}"#,
            request.customer
        )
    );
    assert!(card.content().is_none());
    assert_eq!(card.withheld(), Some(&[Reason::NeverAsked][..]));
}

#[test]
fn nothing_personal_is_printed() {
    let profile = marked();
    let mut request = request(Role::Manager, minute(99));
    request.identifiers = vec![MARK.to_owned()];
    let card = card(&profile, &request);
    let seen = content(&card);
    let facts: Vec<_> = profile.facts(minute(99)).map(|(_, fact)| fact).collect();
    let printed = format!(
        "{profile:?} {request:?} {card:?} {seen:?} {facts:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        (profile.orders(), &profile.orders()[0].lines),
        (profile.visits(), profile.assists(), profile.memberships()),
        (profile.looks(), profile.cart(), profile.wishlist(), profile.tried_on()),
        (profile.first_touch(), profile.last_touch(), profile.item(&format!("{MARK}-sku")).unwrap()),
        (&seen.seen, &seen.last_visit, &seen.talking_points, &seen.preferences, &seen.browsing),
        (&seen.cart, &seen.wishlist, &seen.tried_on, &seen.orders, &seen.orders[0].lines[0]),
        (&seen.not_again, &seen.spend, &seen.loyalty, &seen.first_touch, &seen.last_touch),
        (&seen.name, &seen.cart[0].product),
    );
    assert!(!printed.contains(MARK), "{printed}");
    assert!(json(&profile).contains(MARK) && text(&card).contains(MARK));
    for list in [profile.looks().len(), profile.cart().len(), facts.len(), seen.talking_points.len()] {
        assert!(list > 0, "nothing to print proves nothing");
    }
}

#[test]
fn each_role_sees_its_sections() {
    let profile = marked();
    let mut request = request(Role::Associate, minute(99));
    request.identifiers = vec!["a***@shop.example".to_owned()];
    let mut show = |role| {
        request.role = role;
        card(&profile, &request)
    };
    let (associate, manager, marketing) = (show(Role::Associate), show(Role::Manager), show(Role::Marketing));
    let has = |card: &CustomerCard, what: &str| text(card).contains(what);
    for (what, expected) in [
        ("mArK-first", [true, true, false]),
        ("mArK-birthday", [true, true, false]),
        ("a***@", [true, true, false]),
        (r#""sentence":"mArK-said""#, [true, true, false]),
        (r#""sentence":"mArK-texted""#, [false, true, false]),
        (r#""total":"#, [false, true, true]),
        (r#""net":"#, [false, true, true]),
        (r#""average":"#, [true, true, true]),
        (r#""first_touch":"#, [false, true, true]),
        (r#""talking_points":"#, [true, true, false]),
        (r#""preferences":"#, [true, true, true]),
        (r#""not_again":"#, [true, true, true]),
    ] {
        let seen = [has(&associate, what), has(&manager, what), has(&marketing, what)];
        assert_eq!(seen, expected, "{what}");
    }
    assert!(Role::Manager.sees(Section::Totals) && !Role::Associate.sees(Section::Totals));
}

#[test]
fn an_associate_sees_what_helps() {
    let profile = active();
    let now = minute(19 * 24 * 60 + 60);
    let mut request = request(Role::Associate, now);
    request.rank = Some(Rank { top_percent: 4, among: 900 });
    let card = card(&profile, &request);
    let seen = content(&card);
    assert_eq!(seen.name.as_ref().unwrap().reveal(), "Ada Lovelace");
    let preferences: Vec<_> =
        seen.preferences.iter().map(|one| (one.attribute.as_str(), one.value.reveal(), one.basis)).collect();
    assert_eq!(
        preferences,
        [
            ("favourite_color", "green", PreferenceBasis::Stated),
            ("occasion", "a wedding", PreferenceBasis::Stated),
            ("brand", "Acme", PreferenceBasis::Inferred),
            ("size.coats", "M", PreferenceBasis::Inferred),
            ("size.shoes", "38", PreferenceBasis::Inferred),
        ]
    );
    let spend = seen.spend.as_ref().unwrap();
    assert_eq!((spend.average, spend.total), (euro(14_990), None));
    let not_again: Vec<_> = seen.not_again.iter().map(|one| one.product.key.as_str()).collect();
    assert_eq!(not_again, ["BOOT-38", "SOCKS"]);
    assert_eq!(seen.not_again[0].style.as_deref(), Some("BOOT"));
    let points: Vec<_> = seen.talking_points.iter().map(|point| (point.topic, point.text)).collect();
    assert_eq!(
        points,
        [
            (Topic::Occasion, "talk.occasion"),
            (Topic::CartLeft, "talk.cart_left"),
            (Topic::Wish, "talk.wish"),
            (Topic::Tier, "talk.tier"),
            (Topic::LastOrder, "talk.last_order"),
        ],
        "the coat is named once"
    );
    let left = &seen.talking_points[1];
    assert_eq!((left.parameters["product"].as_str(), left.by.at), ("COAT-M", minute(24 * 60 + 4)));
    assert!(seen.last_visit.as_ref().unwrap().open);
    assert_eq!(seen.browsing[0].search.as_ref().unwrap().reveal(), "wool", "the last look first");
}

#[test]
fn what_she_has_is_not_offered() {
    let other_size = || Product { product_id: Some("BOOT".into()), ..product("BOOT-39") };
    let bought = Product { product_id: Some("BOOT".into()), ..product("BOOT-38") };
    let order = OrderSums { products: vec![bought], ..sums(100, &[]) };
    let order = with!(OrderCompleted::new(order_id("o")), order = order);
    let wish = || with!(ProductAddedToWishlist::new(), product = other_size());
    let view = || with!(ProductViewed::new(), product = other_size());
    let bodies = || -> Vec<Body> { vec![wish().into(), view().into(), view().into(), order.clone().into()] };
    let card = show(&story(None, bodies()), Role::Associate, minute(90));
    assert!(content(&card).wishlist.is_empty());
    assert_eq!(
        content(&card).talking_points.iter().map(|one| one.topic).collect::<Vec<_>>(),
        [Topic::LastOrder]
    );

    let back = OrderRefunded::new(order_id("o")).into();
    let card = show(&story(None, bodies().into_iter().chain([back])), Role::Associate, minute(90));
    assert_eq!(content(&card).wishlist.len(), 1, "it came back, so she may want another size");
    assert!(content(&card).not_again.is_empty());
}

#[test]
fn a_stated_size_hides_the_inferred_one() {
    let boot = Product { category: Some("Shoes".into()), size: Some("38".into()), ..product("boot") };
    let order = OrderSums { products: vec![boot], ..sums(100, &[]) };
    let order = || Body::from(with!(OrderCompleted::new(order_id("o")), order = order.clone()));
    let stated = AttributeStated::new("size.shoes".into(), Personal::new("39"));
    let stated = with!(stated, expires_at = Some(minute(50)));
    let profile = story(None, [order(), stated.into()]);
    let size = |now| {
        let card = show(&profile, Role::Associate, minute(now));
        let preferences = &content(&card).preferences;
        assert_eq!(preferences.len(), 1);
        (preferences[0].value.reveal().to_owned(), preferences[0].basis)
    };
    assert_eq!(size(49), ("39".into(), PreferenceBasis::Stated));
    assert_eq!(size(50), ("38".into(), PreferenceBasis::Inferred));
}
