//! Reports on the timed example of `vectors/attribution`: crossings, credits by look-back and model, laws of what may be shown.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;

use phygital_core::attribution::{
    Crossing, Groups, Lookback, Model, People, Ropo, SaleLines, Samples, Side, Threshold, TouchLines, Ways,
    direct,
};
use serde_json::Value;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/attribution").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The example, with its lines in the order of the file or turned round.
fn people(turned: bool) -> People {
    let mut people = People::new(2);
    let of = |name: &str| {
        let text = file(name);
        let mut lines = text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter();
        let header = lines.next().unwrap();
        let mut lines = (2..).zip(lines).collect::<Vec<(u64, String)>>();
        if turned {
            lines.reverse();
        }
        (header, lines)
    };
    let (header, lines) = of("dev_timed_touches.csv");
    let touches = TouchLines::new(&header).unwrap();
    for (number, line) in lines {
        touches.read(number, &line, &mut people).unwrap();
    }
    let (header, lines) = of("dev_timed_orders.csv");
    let mut sales = SaleLines::new(&header).unwrap();
    for (number, line) in lines {
        sales.read(number, &line, &mut people).unwrap();
    }
    people
}

#[test]
fn crossings_of_the_timed_example() {
    let people = people(false);
    let sides = Groups::default().sides(people.channels());
    let ropo = Ropo::of(&people.trails(&Lookback::days(30), &sides), &sides);
    let expected =
        serde_json::from_str::<Value>(&file("dev_timed.expected.json")).unwrap()["ropo_30d"].take();
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
    let expected = serde_json::from_str::<Value>(&file("dev_timed.expected.json")).unwrap();
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
    let told = file("dev_timed_touches.csv").lines().filter(|line| line.contains(",store_visit,")).count();
    // In no known shop, so two visits of a person within the hour are one.
    assert!(visits.len() <= told && visits.len() > told - 10, "{} of {told}", visits.len());
    assert!(visits.iter().all(|trail| trail.ages.iter().all(|age| *age <= 30 * 24 * 60 * 60 * 1000)));
}
