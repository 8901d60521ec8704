//! Reports on the timed example of `vectors/attribution`: crossings, credits by look-back and model, laws of what may be shown.

#![allow(clippy::unwrap_used, reason = "a test may")]

use phygital_core::attribution::{
    Contact, Crossing, Groups, Lookback, Model, People, PersonKey, Ropo, Sale, Samples, Side, Sold,
    Threshold, Ways, direct,
};
use phygital_core::vocab::Timestamp;
use proptest::prelude::*;
use timed::number;

#[path = "support/timed.rs"]
mod timed;

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

/// The example, with its rows in the order of the files or turned round.
fn people(turned: bool) -> People {
    let mut people = People::new(2);
    let rows = |name: &str| {
        let mut rows = timed::rows(name);
        if turned {
            rows.reverse();
        }
        rows
    };
    for row in rows("dev_timed_touches.csv") {
        let channel = people.channel(&row[2]).unwrap();
        let touch = Contact::new(channel, seconds(number(&row[3])), row[1].parse().unwrap());
        people.touch(PersonKey::of(row[0].as_bytes()), touch).unwrap();
    }
    for row in rows("dev_timed_orders.csv") {
        let sold = if &row[3] == "store" { Sold::Store } else { Sold::Web };
        let sale = Sale::new(row[1].parse().unwrap(), seconds(number(&row[2])), sold, number(&row[4]));
        let sale = sale.refunded(row[5].parse().unwrap()).unwrap();
        people.sale(Some(PersonKey::of(row[0].as_bytes())), sale).unwrap();
    }
    people
}

#[test]
fn crossings_of_the_timed_example() {
    let people = people(false);
    let sides = Groups::default().sides(people.channels());
    let ropo = Ropo::of(&people.trails(&Lookback::days(30), &sides), &sides);
    let expected = timed::expected()["ropo_30d"].take();
    for (crossing, name) in [
        (Crossing::Ropo, "ropo"),
        (Crossing::Showroomed, "showroom"),
        (Crossing::StoreOnly, "store_only"),
        (Crossing::WebOnly, "web_only"),
    ] {
        let row = ropo.rows.iter().find(|row| row.crossing == crossing).unwrap();
        assert_eq!(row.orders, expected[name]["orders"].as_u64().unwrap(), "{name}");
        assert_eq!(row.net, i128::from(expected[name]["net_minor"].as_i64().unwrap()), "{name}");
    }
    assert_eq!((ropo.orders(), ropo.match_rates()), (800, [Some(1.0); 3]));
}

#[test]
fn credits_of_the_timed_example() {
    let people = people(false);
    let sides = Groups::default().sides(people.channels());
    let expected = timed::expected();
    for days in [7, 30, 90] {
        let trails = people.trails(&Lookback::days(days), &sides);
        for (model, name) in [
            (Model::First, "first"),
            (Model::Last, "last"),
            (Model::Linear, "linear"),
            (Model::Position, "position"),
            (Model::TimeDecay, "time_decay_7d"),
            (Model::LastNonDirect, "last_non_direct"),
        ] {
            let of = &expected[format!("{name}_lookback{days}d")];
            let direct = direct(&sides, people.channels());
            let scores = model.scores(people.channels(), 2, direct, &trails, |_| 1).unwrap();
            for (id, channel) in people.channels().iter() {
                let what = format!("{name} {days} {channel}");
                assert_eq!(
                    Some(scores.minor[id.index()]),
                    of["net_minor_largest_remainder"][channel].as_i64(),
                    "{what}"
                );
                let credit = of["orders_credit"][channel].as_f64().unwrap();
                assert!((scores.conversions(id).to_f64() - credit).abs() < 1e-5, "{what}");
            }
            assert_eq!(scores.attributed(), i128::from(of["sum_minor"].as_i64().unwrap()));
            let unattributed = of["unattributed_orders"].as_f64().unwrap();
            assert_eq!(scores.unattributed.conversions.to_f64(), unattributed);
        }
    }
}

#[test]
fn the_order_of_lines_changes_nothing() {
    let (one, other) = (people(false), people(true));
    let sides = |people: &People| Groups::default().sides(people.channels());
    let lookback = Lookback::days(30);
    // Channels are numbered as they come: what is by name is the same.
    let by_name = |people: &People| {
        let trails = people.trails(&lookback, &sides(people));
        let samples = Samples::of_model(20, people.channels(), 2, None, &trails, Model::Position).unwrap();
        let ways = Ways::of(&trails).top(people.channels(), Threshold::new(10).unwrap(), 50, false);
        let rows = ways.rows.into_iter().map(|(way, tally)| {
            (way.iter().map(|id| people.channels().name(*id).to_owned()).collect::<Vec<_>>(), tally)
        });
        (samples, rows.collect::<Vec<_>>(), ways.other)
    };
    assert_eq!(by_name(&one), by_name(&other));
}

#[test]
fn visits_are_outcomes_too() {
    let people = people(false);
    let sides = Groups::default().sides(people.channels());
    let visits = people.trails_to_visits(&Lookback::days(30), &sides);
    let visit = people.channels().id("store_visit").unwrap();
    assert_eq!(sides[visit.index()], Side::Visit);
    let told = timed::rows("dev_timed_touches.csv").iter().filter(|row| &row[2] == "store_visit").count();
    // In no known shop, so two visits of a person within the hour are one.
    assert!(visits.len() <= told && visits.len() > told - 10, "{} of {told}", visits.len());
    assert!(visits.iter().all(|trail| trail.ages.iter().all(|age| *age <= 30 * 24 * 60 * 60 * 1000)));
}

const CHANNELS: [&str; 5] = ["search", "store_visit", "direct", "shelf", "(null)"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every order is in one class and has one way, every model shares out all there is, and whatever order it is told in the
    /// sums are the same.
    #[test]
    fn every_order_is_in_every_report(
        touches in prop::collection::vec((0..6_u8, 0..CHANNELS.len(), 0..4_000_000_i64), 0..25),
        orders in prop::collection::vec((0..7_u8, 0..4_000_000_i64, any::<bool>(), 0..10_000_i64), 0..12),
    ) {
        let told = |turned: bool| {
            let mut people = People::new(2);
            for name in CHANNELS {
                people.channel(name).unwrap();
            }
            type Tell<'t> = Box<dyn Fn(&mut People) + 't>;
            let mut tells: Vec<Tell<'_>> = Vec::new();
            for (number, (person, channel, at)) in (0..).zip(&touches) {
                tells.push(Box::new(move |people| {
                    let channel = people.channel(CHANNELS[*channel]).unwrap();
                    people.touch(PersonKey::of(&[*person]), Contact::new(channel, seconds(*at), number)).unwrap();
                }));
            }
            for (number, (person, at, store, net)) in orders.iter().enumerate() {
                tells.push(Box::new(move |people| {
                    let sold = if *store { Sold::Store } else { Sold::Web };
                    let sale = Sale::new(format!("o{number}").parse().unwrap(), seconds(*at), sold, *net);
                    // The last of them is nobody that is known.
                    people.sale((*person < 6).then(|| PersonKey::of(&[*person])), sale).unwrap();
                }));
            }
            if turned {
                tells.reverse();
            }
            tells.iter().for_each(|tell| tell(&mut people));
            people
        };
        let people = told(false);
        let sides = Groups::default().sides(people.channels());
        let direct = direct(&sides, people.channels());
        let trails = people.trails(&Lookback::days(30), &sides);
        prop_assert_eq!(&trails, &told(true).trails(&Lookback::days(30), &sides));
        let sold = trails.iter().filter(|trail| Crossing::of(trail, &sides).is_some()).count();
        prop_assert_eq!(sold, orders.len());
        prop_assert_eq!(Ropo::of(&trails, &sides).orders(), sold as u64);
        let ways = Ways::of(&trails);
        let all = ways.lengths.iter().map(|tally| tally.orders.millionths()).sum::<u64>();
        prop_assert_eq!(all, sold as u64 * 1_000_000);
        let top = ways.top(people.channels(), Threshold::default(), 10, false);
        prop_assert!(top.rows.iter().all(|(_, tally)| tally.persons >= 50));
        for model in Model::USUAL {
            if let Ok(scores) = model.scores(people.channels(), 2, direct, &trails, |_| 1) {
                let unattributed = i128::from(scores.unattributed.value);
                prop_assert_eq!(scores.attributed() + unattributed, i128::from(scores.total.value));
            }
        }
        let samples = Samples::of_model(3, people.channels(), 2, direct, &trails, Model::Linear).unwrap();
        prop_assert_eq!(samples.count(), 3);
        let visits = people.trails_to_visits(&Lookback::days(30), &sides);
        prop_assert!(visits.len() as u64 <= people.touches());
    }
}
