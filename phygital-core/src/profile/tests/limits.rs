//! Every limit at the limit and one past it.

use super::*;
use crate::event::kinds::commerce::*;
use crate::event::kinds::conversation::AttributeStated;
use crate::event::kinds::shop::*;
use crate::profile::limits::*;
use crate::vocab::{Personal, PlaceId};

fn names(count: usize) -> impl DoubleEndedIterator<Item = String> {
    (0..count).map(|at| format!("x-{at:03}"))
}

fn assert_limit(most: usize, kept: impl Fn(usize) -> Vec<String>) {
    assert_eq!(kept(most), names(most).collect::<Vec<_>>());
    assert_eq!(kept(most + 1), names(most + 1).skip(1).collect::<Vec<_>>(), "the oldest goes");
}

fn complete(order: String, products: &[&str]) -> OrderCompleted {
    with!(OrderCompleted::new(order_id(&order)), order = sums(100, products))
}

#[test]
fn lists_have_limits() {
    assert_limit(LOOKS_MAX, |count| {
        let views = names(count).map(|sku| with!(ProductViewed::new(), product = product(&sku)));
        let profile = story(None, views);
        let keys = profile.looks().iter().map(|look| match &look.what {
            crate::profile::Sight::Product(key) => key.clone(),
            _ => unreachable!(),
        });
        keys.collect()
    });
    assert_limit(CART_MAX, |count| {
        let added = names(count).map(|sku| with!(ProductAdded::new(), product = product(&sku)));
        story(None, added).cart().iter().map(|line| line.product.clone()).collect()
    });
    assert_limit(WISHES_MAX, |count| {
        let wishes = names(count).map(|sku| with!(ProductAddedToWishlist::new(), product = product(&sku)));
        story(None, wishes).wishlist().iter().map(|wish| wish.product.clone()).collect()
    });
    assert_limit(TRIED_ON_MAX, |count| {
        let tried = names(count).map(|sku| with!(ProductTriedOn::new(), product = product(&sku)));
        story(None, tried).tried_on().iter().map(|tried| tried.product.clone()).collect()
    });
    assert_limit(ASSISTS_MAX, |count| {
        let helped = names(count).map(|activity| with!(AssociateAssisted::new(), activity = Some(activity)));
        story(None, helped).assists().iter().map(|help| help.activity.clone().unwrap()).collect()
    });
    assert_limit(VISITS_MAX, |count| {
        let visits = names(count).enumerate().map(|(at, place)| {
            event(at as i64, &place, VisitStarted::new()).at(PlaceId::new(&place).unwrap())
        });
        let profile = fold(visits);
        assert_eq!(profile.visit_count() as usize, count, "the count goes on");
        profile.visits().iter().map(|visit| visit.place.to_string()).collect()
    });
    assert_limit(MEMBERSHIPS_MAX, |count| {
        let members =
            names(count).map(|programme| with!(LoyaltyMemberEnrolled::new(), programme = Some(programme)));
        story(None, members).memberships().iter().map(|member| member.programme.clone().unwrap()).collect()
    });
    assert_limit(ATTRIBUTES_MAX, |count| {
        let stated = names(count).map(|attribute| AttributeStated::new(attribute, Personal::new("yes")));
        story(None, stated).facts(minute(0)).map(|(attribute, _)| attribute.to_owned()).collect()
    });
}

#[test]
fn orders_have_limits() {
    assert_limit(ORDERS_MAX, |count| {
        let profile = story(None, names(count).map(|order| complete(order, &[])));
        assert_eq!(profile.spend()[0].net_minor, 100 * count as i64, "the sums go on");
        assert_eq!(profile.order_count() as usize, count);
        profile.orders().iter().map(|order| order.id.to_string()).collect()
    });
    let lines = |count| {
        let products: Vec<String> = names(count).collect();
        let products: Vec<&str> = products.iter().map(String::as_str).collect();
        story(None, [complete("o".into(), &products)]).orders()[0].lines.len()
    };
    assert_eq!(lines(ORDER_LINES_MAX), ORDER_LINES_MAX);
    assert_eq!(lines(ORDER_LINES_MAX + 1), ORDER_LINES_MAX, "the first lines stay");

    let with_lines = |count| {
        let profile = story(None, names(count).map(|order| complete(order, &["one"])));
        profile.orders().iter().filter(|order| !order.lines.is_empty()).count()
    };
    assert_eq!(with_lines(LINES_MAX), LINES_MAX);
    assert_eq!(with_lines(LINES_MAX + 1), LINES_MAX);
}

#[test]
fn pending_changes_have_a_limit() {
    let net = |count: usize| {
        let early = names(count).map(|order| Body::from(OrderCancelled::new(order_id(&order))));
        let profile = story(None, early.chain(names(count).map(|order| complete(order, &[]).into())));
        (profile.order_count(), profile.conflicts())
    };
    assert_eq!(net(ORDERS_PENDING_MAX), (0, 0));
    assert_eq!(net(ORDERS_PENDING_MAX + 1), (1, 1), "the oldest note goes, and is counted");
}

#[test]
fn amounts_have_a_limit() {
    let net = |minor| {
        let profile = story(None, [with!(OrderCompleted::new(order_id("o")), order = sums(minor, &[]))]);
        (profile.spend()[0].net_minor, profile.conflicts())
    };
    assert_eq!(net(ORDER_MINOR_MAX), (ORDER_MINOR_MAX, 0));
    assert_eq!(net(ORDER_MINOR_MAX + 1), (ORDER_MINOR_MAX, 1));
    assert_eq!(net(-1), (0, 1));
}

#[test]
fn texts_have_limits() {
    let value = |bytes: usize| {
        let stated = AttributeStated::new("a".into(), Personal::new("v".repeat(bytes)));
        let stated = with!(stated, sentence = Some(Personal::new("s".repeat(bytes))));
        let profile = story(None, [stated]);
        let fact = profile.fact("a", minute(0)).unwrap();
        (fact.value.reveal().len(), fact.sentence.as_ref().unwrap().reveal().len())
    };
    assert_eq!(value(SHORT_TEXT_BYTES_MAX).0, SHORT_TEXT_BYTES_MAX);
    assert_eq!(value(SHORT_TEXT_BYTES_MAX + 1).0, SHORT_TEXT_BYTES_MAX);
    assert_eq!(value(LONG_TEXT_BYTES_MAX).1, LONG_TEXT_BYTES_MAX);
    assert_eq!(value(LONG_TEXT_BYTES_MAX + 1).1, LONG_TEXT_BYTES_MAX);

    let url = |bytes: usize| {
        let product = Product { url: Some("u".repeat(bytes)), ..product("a") };
        story(None, [with!(ProductViewed::new(), product = product)]).looks()[0].url.is_some()
    };
    assert!(url(LONG_TEXT_BYTES_MAX) && !url(LONG_TEXT_BYTES_MAX + 1), "half an address leads nowhere");
}

#[test]
fn facts_of_an_attribute_have_a_limit() {
    // Each newer one ends sooner, so that each older one may hold again.
    let holding = |count: i64| {
        let stated = (0..count).map(|at| {
            let stated = AttributeStated::new("a".into(), Personal::new(format!("x-{at:03}")));
            with!(stated, expires_at = Some(minute(1000 - at)))
        });
        let profile = story(None, stated);
        let value = |at| profile.fact("a", minute(at)).map(|fact| fact.value.reveal().to_owned());
        (value(1000 - count), value(999))
    };
    let most = ATTRIBUTE_FACTS_MAX as i64;
    assert_eq!(holding(most), (Some(format!("x-{:03}", most - 1)), Some("x-000".into())));
    assert_eq!(holding(most + 1), (Some(format!("x-{most:03}")), None), "the oldest goes");
}

#[test]
fn cards_have_limits() {
    // As many topics as it takes, each with as many points as it may have and one more.
    let points = |topics: usize, of_each: usize| {
        let all = names(of_each).flat_map(|sku| {
            let key = |topic| product(&format!("{topic}-{sku}"));
            let stated = AttributeStated::new(format!("occasion.{sku}"), Personal::new("party"));
            let view = || with!(ProductViewed::new(), product = key("viewed"));
            [
                vec![Body::from(stated)],
                vec![with!(ProductTriedOn::new(), product = key("tried")).into()],
                vec![view().into(), view().into()],
                vec![with!(ProductAddedToWishlist::new(), product = key("wished")).into()],
            ]
            .into_iter()
            .take(topics)
            .flatten()
            .collect::<Vec<_>>()
        });
        show(&story(None, all), Role::Associate, minute(90)).content().unwrap().talking_points.len()
    };
    assert_eq!(points(1, TOPIC_POINTS_MAX), TOPIC_POINTS_MAX);
    assert_eq!(points(1, TOPIC_POINTS_MAX + 1), TOPIC_POINTS_MAX);
    assert_eq!(points(3, TOPIC_POINTS_MAX), TALKING_POINTS_MAX);
    assert_eq!(points(4, TOPIC_POINTS_MAX), TALKING_POINTS_MAX);
    let orders = |count: usize| {
        let profile = story(None, names(count).map(|order| complete(order, &[])));
        show(&profile, Role::Associate, minute(9)).content().unwrap().orders.len()
    };
    assert_eq!(orders(CARD_ORDERS_MAX), CARD_ORDERS_MAX);
    assert_eq!(orders(CARD_ORDERS_MAX + 1), CARD_ORDERS_MAX);
}

#[test]
fn times_have_limits() {
    let visits = |micros: i64| {
        let first = event(0, "a", VisitStarted::new());
        let mut second = event(0, "b", TagTapped::new("ntag424-aes".into()));
        second.occurred_at = Timestamp::from_micros(first.occurred_at.as_micros() + micros).unwrap();
        let shop = || "shop".parse::<PlaceId>().unwrap();
        fold([first.at(shop()), second.at(shop())]).visit_count()
    };
    let gap = i64::try_from(VISIT_GAP.as_micros()).unwrap();
    assert_eq!((visits(gap), visits(gap + 1)), (1, 2));

    let day = 24 * 60;
    let profile = story(None, [complete("o".into(), &["boot"])]);
    let not_again = |at| show(&profile, Role::Associate, minute(at)).content().unwrap().not_again.len();
    let last = NOT_AGAIN_DAYS as i64 * day;
    assert_eq!((not_again(last - 1), not_again(last)), (1, 0));

    let profile = story(None, [with!(ProductAdded::new(), product = product("boot"))]);
    let left = |at| show(&profile, Role::Associate, minute(at)).content().unwrap().talking_points.len();
    let cold = i64::try_from(CART_COLD.as_secs()).unwrap() / 60;
    assert_eq!((left(cold - 1), left(cold)), (0, 1));

    let sure = |percent| {
        let stated = AttributeStated::new("a".into(), Personal::new("b"));
        let stated = with!(stated, confidence = Some(percent));
        story(None, [stated]).fact("a", minute(0)).unwrap().source
    };
    assert_eq!(sure(CONFIDENCE_MIN_PERCENT), crate::profile::FactSource::Stated);
    assert_eq!(sure(CONFIDENCE_MIN_PERCENT - 1), crate::profile::FactSource::Guessed);

    let brand = |pieces: u32| {
        let boot = Product { brand: Some("Acme".into()), quantity: Some(pieces), ..product("boot") };
        let order = OrderSums { products: vec![boot], ..OrderSums::default() };
        let profile = story(None, [with!(OrderCompleted::new(order_id("o")), order = order)]);
        show(&profile, Role::Associate, minute(0)).content().unwrap().preferences.len()
    };
    assert_eq!((brand(INFERRED_PIECES_MIN - 1), brand(INFERRED_PIECES_MIN)), (0, 1));
}

#[test]
fn the_worst_customer_still_fits_a_row() {
    // Every text full of what JSON writes longest, every list past its limit.
    let long = |head: &str| format!("{head}{}", "\u{1}".repeat(LONG_TEXT_BYTES_MAX));
    let id = |head: &str| format!("{head}{}", "\"".repeat(240));
    let mut events = Vec::new();
    for at in 0..ORDERS_MAX as i64 + 10 {
        let head = format!("{at:03}");
        let thing = |sku: String| Product {
            sku: Some(long(&sku)),
            product_id: Some(long("style")),
            name: Some(long("name")),
            brand: Some(long("brand")),
            category: Some(long("category")),
            color: Some(long("color")),
            size: Some(long("size")),
            url: Some("\u{1}".repeat(LONG_TEXT_BYTES_MAX)),
            ..Product::default()
        };
        let order = || {
            let products = (0..2 * ORDER_LINES_MAX).map(|line| thing(format!("{head}-{line:02}"))).collect();
            OrderSums { products, ..sums(5, &[]) }
        };
        let stated = |turn: i64| {
            let stated = AttributeStated::new(long(&head), Personal::new(long("value")));
            let (unit, sentence) = (Some(long("unit")), Some(Personal::new(long(""))));
            with!(stated, unit = unit, sentence = sentence, expires_at = Some(minute(9_000 - turn)))
        };
        let mut bodies: Vec<Body> = vec![
            with!(OrderCompleted::new(order_id(&id(&head))), order = order()).into(),
            with!(OrderRefunded::new(order_id(&id(&head))), order = order()).into(),
            with!(OrderUpdated::new(order_id(&id(&format!("p{head}")))), order = order()).into(),
            with!(OrderRefunded::new(order_id(&id(&format!("p{head}")))), order = order()).into(),
            with!(ProductViewed::new(), product = thing(format!("v{head}"))).into(),
            with!(ProductAdded::new(), product = thing(format!("a{head}"))).into(),
            with!(ProductAddedToWishlist::new(), product = thing(format!("w{head}"))).into(),
            with!(ProductTriedOn::new(), product = thing(format!("t{head}"))).into(),
            with!(AssociateAssisted::new(), activity = Some(long(&head))).into(),
            with!(LoyaltyMemberEnrolled::new(), programme = Some(long(&head)), tier = Some(long("tier")))
                .into(),
        ];
        bodies.extend((0..4).map(|turn| stated(4 * at + turn).into()));
        for (turn, body) in bodies.into_iter().enumerate() {
            let turn = turn as i64;
            let place = PlaceId::new(id(&head)).unwrap();
            events.push(event(20 * at + turn, &format!("{at}-{turn}"), body).at(place));
        }
    }
    let bytes = json(&fold(events)).len();
    assert!(bytes <= PROFILE_BYTES_MAX, "{bytes} bytes");
    assert!(bytes > PROFILE_BYTES_MAX / 2, "{bytes} bytes: not the worst any more");
}
