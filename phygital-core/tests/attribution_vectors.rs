//! The vectors of `vectors/attribution`, and the example paths of the R package ChannelAttribution where they lie beside the
//! project: rules, Markov models, Shapley values and money against an independent implementation.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may")]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path as File, PathBuf};

use phygital_core::attribution::{
    ChannelId, Channels, Coalitions, Count, Credits, Journeys, Markov, Measure, Ordered, Path, Roster, Rule,
    Shares, Target, Transitions, cover_rate_game, journey_subgame, rate_game, shapley, sum_game,
};
use serde_json::Value;
use timed::number;

#[path = "support/timed.rs"]
mod timed;

fn own(name: &str) -> PathBuf {
    File::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/attribution").join(name)
}

/// A file that is not ours to carry; none where it does not lie beside the project.
fn beside(name: &str) -> Option<PathBuf> {
    let path = File::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/attribution").join(name);
    if !path.exists() {
        println!("skipped: {name} is not here");
    }
    Some(path).filter(|path| path.exists())
}

fn json(path: &File) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn lines(path: &File) -> Vec<Vec<String>> {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if path.extension().unwrap() == "gz" {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn paths(path: &File, scale: u8, nulls: bool) -> Journeys {
    let mut journeys = Journeys::new(scale);
    for line in lines(path) {
        let ids = journeys.path(line[0].split(" > ")).unwrap();
        let null = if nulls { &line[3] } else { "0" };
        let [conversions, value, null] = [&line[1], &line[2], null].map(|number| number.parse().unwrap());
        journeys.push_grouped(&ids, conversions, value, null).unwrap();
    }
    journeys
}

/// Equal to nine digits, or to nothing that such figures can show.
fn close(ours: f64, expected: &Value, size: f64, what: &str) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what}: no number"));
    let off = (ours - expected).abs();
    assert!(off <= 1e-9 * expected.abs() || off <= 1e-13 * size, "{what}: {ours}, expected {expected}");
}

/// A list by channel against a map by name: no name is missing.
fn close_all(roster: &Roster, ours: &[f64], expected: &Value, what: &str) {
    let expected = expected.as_object().unwrap();
    let size = ours.iter().fold(0.0_f64, |size, one| size.max(one.abs()));
    assert_eq!(ours.len(), roster.len());
    for (id, name) in roster.iter() {
        let zero = Value::from(0.0);
        close(ours[id.index()], expected.get(name).unwrap_or(&zero), size, &format!("{what} {name}"));
    }
    assert!(expected.keys().all(|name| roster.id(name).is_some()), "{what}: channels");
}

fn check_credits(credits: &Credits, expected: &Value, what: &str) {
    let by = |figure: &dyn Fn(ChannelId) -> f64| {
        credits.channels().iter().map(|(id, _)| figure(id)).collect::<Vec<_>>()
    };
    close_all(credits.channels(), &by(&|id| credits.conversions(id)), &expected["conversions"], what);
    close_all(credits.channels(), &by(&|id| credits.value(id)), &expected["value"], what);
    assert_eq!(
        credits.minor().iter().sum::<i64>(),
        credits.total().value - credits.unattributed().value,
        "{what}"
    );
}

fn check_markov(transitions: &Transitions, expected: &Value, what: &str) {
    let model = Markov::solve(transitions).unwrap();
    let roster = model.channels();
    assert_eq!(model.states() as u64, expected["states"].as_u64().unwrap(), "{what}");
    close(model.probability(), &expected["p_conv"], 1.0, what);
    close(model.expected_value(), &expected["exp_value"], 1.0, what);
    close_all(roster, model.removal_effects(), &expected["removal_effect"], what);
    close_all(roster, model.removal_effects_of_value(), &expected["removal_effect_value"], what);
    close_all(roster, &model.conversions(), &expected["conversions"], what);
    close_all(roster, &model.values(), &expected["value"], what);
    if let Ok(minor) = model.minor() {
        assert_eq!(minor.total(), transitions.total().value);
    }
}

/// All that an expected file says of a set of paths.
fn check_file(journeys: &Journeys, without_nulls: &Journeys, expected: &Value, what: &str) {
    let direct = |expected: &Value| journeys.channels().id(expected["direct"].as_str().unwrap()).unwrap();
    let transitions = Transitions::of(journeys, 3);
    let converted = Transitions::of(without_nulls, 3);
    let coalitions = Coalitions::of(journeys);
    let roster = coalitions.channels();
    let mut checked = 0;
    for (key, expected) in expected.as_object().unwrap() {
        let what = format!("{what} {key}");
        let rule = match key.as_str() {
            "first" => Some(Rule::First),
            "last" => Some(Rule::Last),
            "linear" => Some(Rule::Linear),
            "position" => Some(Rule::position()),
            "position_50_20_30" => Some(Rule::ends(50, 20, 30)),
            "position_decay" => Some(Rule::RankDecay { numerator: 1, denominator: 2 }),
            "last_non_direct" => Some(Rule::LastNonDirect(direct(expected))),
            _ => None,
        };
        if let Some(rule) = rule {
            check_credits(&Credits::of(journeys, &rule).unwrap(), expected, &what);
            checked += 1;
            continue;
        }
        checked += 1;
        match key.as_str() {
            "markov_o1" | "markov_o2" | "markov_o3" => {
                let order = key.as_bytes()[8] - b'0';
                check_markov(&transitions.lower(order), expected, &what);
            }
            "markov_o1_nonull" | "markov_o2_nonull" | "markov_o3_nonull" => {
                let order = key.as_bytes()[8] - b'0';
                check_markov(&converted.lower(order), expected, &what);
            }
            "markov_o1_journey_weighted" => {
                let rule = Markov::solve(&transitions.lower(1)).unwrap().rule(journeys.channels());
                let credits = Credits::of(journeys, &rule).unwrap();
                let ours =
                    credits.channels().iter().map(|(id, _)| credits.conversions(id)).collect::<Vec<_>>();
                close_all(roster, &ours, expected.get("conversions").unwrap_or(expected), &what);
            }
            "shapley_sum_game" | "shapley_sum_closed" => {
                let conversions = sum_game(&coalitions, Measure::Conversions);
                close_all(roster, &conversions, expected.get("conversions").unwrap_or(expected), &what);
                if let Some(value) = expected.get("value") {
                    close_all(roster, &sum_game(&coalitions, Measure::Value), value, &what);
                    check_credits(&Credits::of(journeys, &Rule::LinearPerChannel).unwrap(), expected, &what);
                }
            }
            "shapley_rate_game" => {
                close_all(roster, &rate_game(&coalitions, Measure::Conversions), expected, &what);
            }
            "shapley_cover_rate_game" => {
                close_all(
                    roster,
                    &cover_rate_game(&coalitions, Measure::Conversions).unwrap(),
                    expected,
                    &what,
                );
            }
            "shapley_subgame" => {
                close_all(roster, &journey_subgame(&coalitions, Measure::Conversions), expected, &what);
            }
            "shapley_ordered" => {
                let ordered = Ordered::of(journeys).credits().into_iter();
                let ordered = ordered.map(|one| ((roster.name(one.channel), one.place), one.conversions));
                let mut ordered = ordered.collect::<BTreeMap<_, _>>();
                for row in expected.as_array().unwrap() {
                    let key = (row[0].as_str().unwrap(), row[1].as_u64().unwrap() as u16);
                    close(ordered.remove(&key).unwrap_or(0.0), &row[2], 1.0, &what);
                }
                assert!(ordered.is_empty(), "{what}: {ordered:?}");
            }
            "transition_counts_o1_collapsed" | "transition_counts_o1_selfloops" => {
                let state = |ids: &[ChannelId]| ids.first().map_or("(start)", |id| roster.name(*id));
                let table = transitions.lower(1).table(key.ends_with("selfloops"));
                let ours = table.iter().map(|row| {
                    let to = match &row.to {
                        Target::State(to) => state(to),
                        Target::Conversion => "(conversion)",
                        Target::Null => "(null)",
                    };
                    ((state(&row.from), to), row.journeys)
                });
                let mut ours = ours.collect::<BTreeMap<_, _>>();
                for row in expected.as_array().unwrap() {
                    let count = ours.remove(&(row[0].as_str().unwrap(), row[1].as_str().unwrap()));
                    let expected = Count::whole(row[2].as_f64().unwrap() as u64).unwrap();
                    assert_eq!(count.unwrap_or_default(), expected, "{what} {row}");
                }
                assert!(ours.is_empty(), "{what}: {ours:?}");
            }
            "totals" => {
                assert_eq!(journeys.rows(), expected["rows"].as_u64().unwrap(), "{what}");
                assert_eq!(journeys.touches() as u64, expected["touches"].as_u64().unwrap(), "{what}");
                close(journeys.totals().conversions.to_f64(), &expected["conversions"], 1.0, &what);
                close(journeys.totals().nulls.to_f64(), &expected["null"], 1.0, &what);
                let value = journeys.totals().value as f64 / 10_f64.powi(journeys.scale().into());
                close(value, &expected["value"], 1.0, &what);
            }
            "paths" => checked -= 1,
            _ => panic!("{what}: unknown"),
        }
    }
    assert!(checked > 8, "{what}: {checked} figures");
}

#[test]
fn drawn_paths_are_those_of_the_vectors() {
    for name in ["dev_paths_a", "dev_paths_b"] {
        let file = own(&format!("{name}.csv.gz"));
        let expected = json(&own(&format!("{name}.expected.json")));
        check_file(&paths(&file, 2, true), &paths(&file, 2, false), &expected, name);
    }
}

/// The data is under the GPL: it is read where it lies and not carried. What the package itself prints for Markov is noisy
/// and is not compared.
#[test]
fn example_paths_of_channelattribution() {
    let Some(file) = beside("channelattribution_pathdata.csv.gz") else { return };
    let Some(expected) = beside("channelattribution_pathdata.expected.json") else { return };
    let journeys = paths(&file, 12, true);
    check_file(&journeys, &paths(&file, 12, false), &json(&expected)["exact"], "ChannelAttribution");
    // Written with up to 17 decimals: those with more than 12 are counted.
    assert_eq!(journeys.rounded(), 242);
}

#[test]
fn worked_examples() {
    let file = json(&own("worked_examples.json"));
    let mut sets = 0;
    for (name, expected) in file.as_object().unwrap().iter().filter(|(name, _)| !name.starts_with('_')) {
        let build = |nulls: bool| {
            let mut journeys = Journeys::new(2);
            for row in expected["paths"].as_array().unwrap() {
                let ids = journeys.path(row[0].as_str().unwrap().split(" > ")).unwrap();
                let null = if nulls { row[3].to_string() } else { "0".to_owned() };
                let [conversions, value, null] =
                    [row[1].to_string(), row[2].to_string(), null].map(|number| number.parse().unwrap());
                journeys.push_grouped(&ids, conversions, value, null).unwrap();
            }
            journeys
        };
        check_file(&build(true), &build(false), expected, name);
        sets += 1;
    }
    assert_eq!(sets, 10);
}

#[test]
fn worked_money() {
    let file = json(&own("worked_examples.json"));
    for case in file["_largest_remainder"].as_array().unwrap() {
        // Weights are written as they come; their smallest common unit here is a fifteenth.
        let weights = case["weights"].as_array().unwrap().iter().map(|weight| weight.as_f64().unwrap());
        let unit = if case["weights"][0].is_i64() { 1.0 } else { 30.0 };
        let parts = weights.map(|weight| {
            let part = weight * unit;
            assert!((part - part.round()).abs() < 1e-9);
            part.round() as u64
        });
        let shares = Shares::new(parts.collect()).unwrap();
        let expected = case["credits"].as_array().unwrap().iter().map(|credit| credit.as_i64().unwrap());
        assert_eq!(
            shares.split(case["total"].as_i64().unwrap()).credits(),
            expected.collect::<Vec<_>>(),
            "{case}"
        );
    }
}

#[test]
fn worked_weights() {
    let file = json(&own("worked_examples.json"));
    let cases = file["_weights"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let touches = case["n"].as_u64().unwrap() as usize;
        let mut journeys = Journeys::new(0);
        let ids = journeys.path((0..touches).map(|_| "a")).unwrap();
        // Hours, in milliseconds.
        let hours = |value: &Value| (value.as_f64().unwrap() * 3_600_000.0) as u64;
        let ages = case["ages"].as_array().map(|ages| ages.iter().map(hours).collect::<Vec<_>>());
        let at = |key: &str| case[key].as_u64().map(|at| at as usize);
        let percent = |key: &str| case[key].as_f64().map(|share| (share * 100.0).round() as u32);
        let path = Path::new(&ids).with_milestones(at("lead"), at("opp"));
        let path = ages.as_ref().map_or(path, |ages| path.aged(ages));
        let rule = match case["model"].as_str().unwrap() {
            "first" => Rule::First,
            "last" => Rule::Last,
            "linear" => Rule::Linear,
            "position" => {
                let (first, last) = (percent("first").unwrap_or(40), percent("last").unwrap_or(40));
                Rule::ends(first, 100 - first - last, last)
            }
            "position_decay" => Rule::RankDecay { numerator: 1, denominator: 2 },
            "time_decay" => Rule::TimeDecay { half_life: hours(&case["half_life"]) },
            "w_shaped" => Rule::w_shaped(),
            "z_shaped" => Rule::z_shaped(),
            other => panic!("{other}"),
        };
        let shares = rule.shares(&path).unwrap();
        let expected = case["w"].as_array().unwrap();
        assert_eq!(shares.parts().len(), expected.len());
        for (at, expected) in expected.iter().enumerate() {
            let (ours, expected) = (shares.fraction(at), expected.as_f64().unwrap());
            // What is below half of 2^-62 of the largest is nothing.
            let off = (ours - expected).abs();
            assert!(off <= 1e-9 * expected || expected < 2.0_f64.powi(-62) && ours == 0.0, "{case}: {ours}");
        }
    }
}

#[test]
fn worked_games() {
    let file = json(&own("worked_examples.json"));
    let games = &file["_games"];
    let check = |name: &str, players: &[&str], worth: &dyn Fn(u32) -> f64| {
        for (at, value) in shapley(players.len(), worth).unwrap().into_iter().enumerate() {
            close(value, &games[name][players[at]], 1.0, name);
        }
        assert_eq!(games[name].as_object().unwrap().len(), players.len());
    };
    check("glove_1L2R", &["L", "R1", "R2"], &|mask| f64::from(mask & 1 == 1 && mask > 1));
    check("airport_1_2_3", &["A", "B", "C"], &|mask| f64::from(u32::BITS - mask.leading_zeros()));
    check("majority_3of5", &["a", "b", "c", "d", "e"], &|mask| f64::from(mask.count_ones() >= 3));
    check("additive", &["a", "b", "c", "d"], &|mask| f64::from(mask));
    check("un_security_like_2veto_3of5", &["v1", "v2", "x", "y", "z"], &|mask| {
        f64::from(mask & 3 == 3 && mask.count_ones() >= 3)
    });
}

struct Order {
    time: i64,
    net: i64,
    /// Time, number, channel.
    touches: Vec<(i64, i64, ChannelId)>,
}

fn timed_orders() -> (Channels, Vec<Order>) {
    let mut channels = Channels::new();
    let mut touches = BTreeMap::<i64, Vec<_>>::new();
    for line in timed::rows("dev_timed_touches.csv") {
        let id = channels.intern(&line[2]).unwrap();
        touches.entry(number(&line[0])).or_default().push((number(&line[3]), number(&line[1]), id));
    }
    let orders = timed::rows("dev_timed_orders.csv").into_iter().map(|line| {
        let mut touches = touches.remove(&number(&line[0])).unwrap_or_default();
        touches.sort_unstable();
        Order { time: number(&line[2]), net: number(&line[4]) - number(&line[5]), touches }
    });
    let orders = orders.collect();
    (channels, orders)
}

#[test]
fn orders_with_times_and_refunds() {
    let (channels, orders) = timed_orders();
    let expected = timed::expected();
    let mut checked = 0;
    for (key, expected) in expected.as_object().unwrap() {
        let Some((rule, days)) = timed::asked(key) else { continue };
        let window = i64::from(days) * 86_400;
        let rule = timed::rule(rule, channels.id("direct").unwrap());
        let mut minor = vec![0; channels.len()];
        let mut counts = Credits::new(2);
        let mut unattributed = 0;
        for order in &orders {
            let kept = order.touches.iter().filter(|touch| (0..=window).contains(&(order.time - touch.0)));
            let kept = kept.collect::<Vec<_>>();
            let ids = kept.iter().map(|touch| touch.2).collect::<Vec<_>>();
            let ages = kept.iter().map(|touch| (order.time - touch.0) as u64 * 1000).collect::<Vec<_>>();
            let shares = rule.shares(&Path::new(&ids).aged(&ages)).ok();
            let outcome = phygital_core::attribution::Outcome::conversion(order.net);
            counts.add(&channels, &ids, shares.as_ref(), &outcome).unwrap();
            let Some(shares) = shares else {
                unattributed += 1;
                continue;
            };
            for (id, credit) in ids.iter().zip(shares.split(order.net).credits()) {
                minor[id.index()] += credit;
            }
        }
        for (id, name) in channels.iter() {
            assert_eq!(
                minor[id.index()],
                expected["net_minor_largest_remainder"][name].as_i64().unwrap_or(0),
                "{key}"
            );
            let count = counts.channels().id(name).map_or(0.0, |id| counts.conversions(id));
            close(count, &expected["orders_credit"][name], 1.0, key);
        }
        assert_eq!(unattributed, expected["unattributed_orders"].as_i64().unwrap(), "{key}");
        assert_eq!(minor.iter().sum::<i64>(), expected["sum_minor"].as_i64().unwrap(), "{key}");
        checked += 1;
    }
    assert_eq!(checked, 18);
}
