//! Laws of attribution, each beside a slow and obvious way: what is conserved, what order and split may not change, and what
//! models have to agree on.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use phygital_core::attribution::{
    AggregateError, ChannelId, Coalitions, Count, Credits, JourneyFault, Journeys, Markov, MarkovError,
    Measure, MergeError, Ordered, Outcome, Path, Rule, ShapleyError, Target, Transitions, cover_rate_game,
    cover_rate_game_sampled, journey_subgame, rate_game, shapley, sum_game,
};
use phygital_core::vocab::limits::{
    MARKOV_ORDER_MAX, MARKOV_STATES_MAX, PATH_TOUCHES_MAX, SHAPLEY_PLAYERS_MAX,
};
use proptest::prelude::*;

const NAMES: [&str; 5] = ["email", "ad", "store", "(null)", "search"];

type Row = (Vec<usize>, Outcome);

fn rows(longest: usize) -> impl Strategy<Value = Vec<Row>> {
    let outcome = prop_oneof![
        3 => Just(Outcome::nothing()),
        3 => (-500..5_000_000_000_i64).prop_map(Outcome::conversion),
        2 => (1..30_000_000_u64, -900..90_000_i64, 0..9_000_000_u64).prop_map(|(conversions, value, nulls)| Outcome {
            conversions: Count::from_millionths(conversions),
            value,
            nulls: Count::from_millionths(nulls),
        }),
    ];
    prop::collection::vec((prop::collection::vec(0..NAMES.len(), 0..longest), outcome), 1..30)
}

fn journeys_named(rows: &[Row], names: &[&str]) -> Journeys {
    let mut journeys = Journeys::new(2);
    for (path, outcome) in rows {
        let ids = journeys.path(path.iter().map(|at| names[*at])).unwrap();
        journeys.push(&ids, *outcome).unwrap();
    }
    journeys
}

fn journeys(rows: &[Row]) -> Journeys {
    journeys_named(rows, &NAMES)
}

fn rules(journeys: &Journeys) -> Vec<Rule> {
    vec![
        Rule::First,
        Rule::Last,
        journeys.channels().id("ad").map_or(Rule::Last, Rule::LastNonDirect),
        Rule::Linear,
        Rule::LinearPerChannel,
        Rule::position(),
        Rule::RankDecay { numerator: 2, denominator: 3 },
        Rule::ByChannel(vec![3, 0, 5, 1]),
    ]
}

/// All aggregates of some journeys, as bytes.
fn bytes(journeys: &Journeys) -> Vec<Vec<u8>> {
    let part = journeys.parts(1).swap_remove(0);
    let mut all = Credits::of_part(&part, &named_rules(journeys))
        .unwrap()
        .iter()
        .map(Credits::encode)
        .collect::<Vec<_>>();
    all.extend((1..4).map(|order| Transitions::of(journeys, order).encode()));
    all.extend([Coalitions::of(journeys).encode(), Ordered::of(journeys).encode()]);
    all
}

/// Rules that do not hang on the numbers of channels.
fn named_rules(journeys: &Journeys) -> Vec<Rule> {
    rules(journeys).into_iter().filter(|rule| !matches!(rule, Rule::ByChannel(_))).collect()
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-11 * (1.0 + other.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn order_and_split_change_no_byte(rows in rows(9), rotation in 0..30_usize, cut in 0..30_usize, parts in 1..5_usize) {
        let whole = journeys(&rows);
        let expected = bytes(&whole);
        let mut turned = rows.clone();
        turned.rotate_left(rotation % rows.len());
        turned.reverse();
        prop_assert_eq!(&bytes(&journeys(&turned)), &expected);

        // Two shops that number their channels on their own, and threads that share one set of columns.
        let (one, other) = rows.split_at(cut % rows.len());
        let (one, other) = (journeys(one), journeys(other));
        for order in 1..4 {
            let mut merged = Transitions::of(&other, order);
            merged.merge(&Transitions::of(&one, order)).unwrap();
            prop_assert_eq!(merged, Transitions::of(&whole, order));
            let mut merged = Transitions::new(order, 2);
            for part in whole.parts(parts) {
                merged.merge(&Transitions::of_part(&part, order)).unwrap();
            }
            prop_assert_eq!(merged, Transitions::of(&whole, order));
        }
        for at in 0..named_rules(&whole).len() {
            let of = |journeys: &Journeys| Credits::of(journeys, &named_rules(journeys)[at]).unwrap();
            let mut merged = of(&other);
            merged.merge(&of(&one)).unwrap();
            prop_assert_eq!(merged, of(&whole));
            let mut merged = Credits::new(2);
            for part in whole.parts(parts) {
                let rules = &named_rules(&whole)[at..=at];
                merged.merge(&Credits::of_part(&part, rules).unwrap()[0]).unwrap();
            }
            prop_assert_eq!(merged, of(&whole));
        }
        let mut merged = Coalitions::of(&other);
        merged.merge(&Coalitions::of(&one)).unwrap();
        prop_assert_eq!(merged, Coalitions::of(&whole));
        let mut merged = Ordered::of(&other);
        merged.merge(&Ordered::of(&one)).unwrap();
        prop_assert_eq!(merged, Ordered::of(&whole));
    }

    #[test]
    fn one_more_journey_is_the_whole(rows in rows(9)) {
        let whole = journeys(&rows);
        let rules = rules(&whole);
        let mut credits = vec![Credits::new(2); rules.len()];
        let mut transitions = Transitions::new(2, 2);
        let (mut coalitions, mut ordered) = (Coalitions::new(2), Ordered::new(2));
        let channels = whole.channels();
        for (path, outcome) in &rows {
            let ids = path.iter().map(|at| channels.id(NAMES[*at]).unwrap()).collect::<Vec<_>>();
            for (credits, rule) in credits.iter_mut().zip(&rules) {
                let shares = rule.shares(&Path::new(&ids)).ok();
                credits.add(channels, &ids, shares.as_ref(), outcome).unwrap();
            }
            transitions.add(channels, &ids, outcome).unwrap();
            coalitions.add(channels, &ids, outcome).unwrap();
            ordered.add(channels, &ids, outcome).unwrap();
        }
        for (credits, rule) in credits.iter().zip(&rules) {
            prop_assert_eq!(credits, &Credits::of(&whole, rule).unwrap(), "{:?}", rule);
        }
        prop_assert_eq!(transitions, Transitions::of(&whole, 2));
        prop_assert_eq!(&coalitions, &Coalitions::of(&whole));
        prop_assert_eq!(ordered, Ordered::of(&whole));
        // What is refused changes nothing, and what is kept beside the sums is theirs.
        let huge = Outcome { conversions: Count::from_millionths(u64::MAX), ..Outcome::conversion(1) };
        let ids = channels.iter().map(|(id, _)| id).collect::<Vec<_>>();
        if !ids.is_empty() {
            let most = Outcome { nulls: Count::ONE, ..huge };
            prop_assert!(coalitions.clone().add(channels, &ids, &most).is_err());
            let before = coalitions.clone();
            if coalitions.add(channels, &ids, &huge).is_err() {
                prop_assert_eq!(&coalitions, &before);
            }
        }
        prop_assert_eq!(Coalitions::decode(&coalitions.encode()).unwrap(), coalitions);
    }

    #[test]
    fn values_widen_and_say_the_same(rows in rows(9)) {
        let whole = journeys(&rows);
        let mut wide = whole.clone();
        wide.widen(2).unwrap();
        wide.widen(5).unwrap();
        prop_assert_eq!((wide.scale(), wide.totals().value), (5, whole.totals().value * 1000));
        for rule in rules(&whole) {
            let (narrow, wide) = (Credits::of(&whole, &rule).unwrap(), Credits::of(&wide, &rule).unwrap());
            prop_assert_eq!(narrow.values_with(5).unwrap().iter().sum::<i64>(), wide.minor().iter().sum::<i64>());
            prop_assert_eq!(narrow.conversions_with(6).unwrap(), narrow.millionths());
            let finer = narrow.conversions_with(9).unwrap();
            prop_assert_eq!(finer.iter().sum::<i64>(), narrow.millionths().iter().sum::<i64>() * 1000);
            prop_assert!(finer.iter().zip(narrow.millionths()).all(|(one, other)| (one - other * 1000).abs() <= 1000));
            prop_assert_eq!((narrow.values_with(1), narrow.conversions_with(5)), (None, None));
        }
        let mut added = Journeys::new(5);
        for (path, outcome) in &rows {
            let ids = added.path(path.iter().map(|at| NAMES[*at])).unwrap();
            added.push(&ids, Outcome { value: outcome.value * 1000, ..*outcome }).unwrap();
        }
        prop_assert_eq!(Coalitions::of(&wide), Coalitions::of(&added));
        prop_assert!(wide.widen(18).is_ok() || whole.totals().conversions > Count::ZERO);
    }

    #[test]
    fn bytes_come_back(rows in rows(9), place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let whole = journeys(&rows);
        let encoded = bytes(&whole);
        let credits = encoded.len() - 5;
        let again = |at: usize, bytes: &[u8]| -> Result<Vec<u8>, AggregateError> {
            Ok(match at {
                at if at < credits => Credits::decode(bytes)?.encode(),
                at if at < credits + 3 => Transitions::decode(bytes)?.encode(),
                at if at < credits + 4 => Coalitions::decode(bytes)?.encode(),
                _ => Ordered::decode(bytes)?.encode(),
            })
        };
        for (at, bytes) in encoded.iter().enumerate() {
            prop_assert_eq!(&again(at, bytes).unwrap(), bytes);
            prop_assert_eq!(again((at + 4) % encoded.len(), &bytes[..bytes.len() - 1]).is_err(), true);
            // Other bytes are refused, or are another aggregate that is written so.
            let mut other = bytes.clone();
            *place.get_mut(&mut other) ^= change;
            if let Ok(written) = again(at, &other) {
                prop_assert_eq!(written, other);
            }
        }
    }

    #[test]
    fn money_is_conserved(rows in rows(9)) {
        let whole = journeys(&rows);
        let total = whole.totals();
        for rule in rules(&whole) {
            let credits = Credits::of(&whole, &rule).unwrap();
            let unattributed = credits.unattributed();
            prop_assert_eq!(credits.total(), total);
            prop_assert_eq!(credits.minor().iter().sum::<i64>() + unattributed.value, total.value);
            let conversions = total.conversions.millionths() - unattributed.conversions.millionths();
            prop_assert_eq!(credits.millionths().iter().sum::<i64>() as u64, conversions);
            // The slow way: each row by itself, in floating point.
            let mut sums = BTreeMap::<&str, (f64, f64)>::new();
            for (path, outcome) in &rows {
                let ids = path.iter().map(|at| whole.channels().id(NAMES[*at]).unwrap()).collect::<Vec<_>>();
                let Ok(shares) = rule.shares(&Path::new(&ids)) else { continue };
                for (touch, at) in path.iter().enumerate() {
                    let sum = sums.entry(NAMES[*at]).or_default();
                    sum.0 += shares.fraction(touch) * outcome.conversions.to_f64();
                    sum.1 += shares.fraction(touch) * outcome.value as f64 / 100.0;
                }
            }
            for (id, name) in credits.channels().iter() {
                let (conversions, value) = sums.get(name).copied().unwrap_or_default();
                prop_assert!(near(credits.conversions(id), conversions) && near(credits.value(id), value));
            }
        }
        if let Ok(minor) = Markov::solve(&Transitions::of(&whole, 2)).unwrap().minor() {
            prop_assert_eq!(minor.credits().iter().sum::<i64>(), total.value - whole.unattributed().value);
        }
    }

    #[test]
    fn orders_hold_the_lower_ones_and_agree_on_p(rows in rows(7)) {
        let whole = journeys(&rows);
        let highest = Transitions::of(&whole, 5);
        let with = |outcome: Outcome| (outcome.conversions.to_f64(), outcome.nulls.to_f64());
        let (conversions, nulls) = with(highest.total());
        for order in 1..=5 {
            let lower = highest.lower(order);
            prop_assert_eq!(&lower, &Transitions::of(&whole, order));
            let model = Markov::solve(&lower).unwrap();
            let rate = if conversions > 0.0 { conversions / (conversions + nulls) } else { 0.0 };
            prop_assert!(near(model.probability(), rate));
            let value = highest.total().value as f64 / 100.0 / (conversions + nulls).max(1e-6);
            prop_assert!(near(model.expected_value(), value));
            let sum = model.conversions().iter().sum::<f64>();
            prop_assert!(near(sum, conversions) || conversions == 0.0);
        }
    }

    #[test]
    fn removal_effects_are_those_of_a_chain_without_the_channel(rows in rows(7), order in 1..4_u8) {
        let whole = journeys(&rows);
        let transitions = Transitions::of(&whole, order);
        let model = Markov::solve(&transitions).unwrap();
        for (id, _) in model.channels().iter() {
            let (all, rest) = (converted(&transitions, None), converted(&transitions, Some(id)));
            let effect = if all.0 > 0.0 { 1.0 - rest.0 / all.0 } else { 0.0 };
            prop_assert!((model.removal_effects()[id.index()] - effect).abs() < 1e-10);
            if all.1.abs() > 1e-3 {
                let effect = 1.0 - rest.1 / all.1;
                prop_assert!((model.removal_effects_of_value()[id.index()] - effect).abs() < 1e-7 * (1.0 + effect.abs()));
            }
        }
    }

    #[test]
    fn names_of_ends_are_data(rows in rows(8)) {
        let plain = journeys_named(&rows, &["c0", "c1", "c2", "c3", "c4"]);
        // In another order of names too: only the order of floating sums may change.
        let odd_names = ["(start)", "(null)", "c1 > c2", "(conversion)", "Z"];
        let odd = journeys_named(&rows, &odd_names);
        let (one, other) = (Transitions::of(&plain, 2), Transitions::of(&odd, 2));
        let (one, other) = (Markov::solve(&one).unwrap(), Markov::solve(&other).unwrap());
        for (at, name) in odd_names.iter().enumerate() {
            let ids = (one.channels().id(&format!("c{at}")), other.channels().id(name));
            let (Some(here), Some(there)) = ids else { continue };
            prop_assert!(near(one.conversions()[here.index()], other.conversions()[there.index()]));
            for (rule, odd_rule) in rules(&plain).iter().zip(rules(&odd)) {
                if matches!(rule, Rule::LastNonDirect(_)) {
                    continue;
                }
                let (one, other) = (Credits::of(&plain, rule).unwrap(), Credits::of(&odd, &odd_rule).unwrap());
                prop_assert_eq!(one.conversions(here).to_bits(), other.conversions(there).to_bits());
                prop_assert_eq!(one.value(here).to_bits(), other.value(there).to_bits());
            }
        }
    }

    #[test]
    fn games_are_what_all_orders_come_to(rows in rows(6)) {
        let whole = journeys(&rows);
        let coalitions = Coalitions::of(&whole);
        let players = coalitions.channels().len();
        let masks = coalitions.iter().map(|(set, outcome)| (set.iter().fold(0_u32, |mask, id| mask | 1 << id.index()), *outcome));
        let masks = masks.collect::<Vec<_>>();
        let conversions = |outcome: &Outcome| outcome.conversions.to_f64();
        let all = |outcome: &Outcome| conversions(outcome) + outcome.nulls.to_f64();
        let inside = |mask: u32, figure: &dyn Fn(&Outcome) -> f64| {
            masks.iter().filter(|(set, _)| set & !mask == 0).map(|(_, outcome)| figure(outcome)).sum::<f64>()
        };
        let exactly = |mask: u32| {
            let seen = masks.iter().find(|(set, _)| *set == mask);
            seen.map_or(0.0, |(_, outcome)| conversions(outcome) / all(outcome))
        };
        let cover = |mask: u32| if inside(mask, &all) > 0.0 { inside(mask, &conversions) / inside(mask, &all) } else { 0.0 };

        let check = |ours: &[f64], expected: &[f64]| ours.iter().zip(expected).all(|(one, other)| near(*one, *other));
        let sum = sum_game(&coalitions, Measure::Conversions);
        prop_assert!(check(&sum, &by_permutations(players, &|mask| inside(mask, &conversions))));
        let linear = Credits::of(&whole, &Rule::LinearPerChannel).unwrap();
        prop_assert!(linear.channels().iter().all(|(id, _)| near(linear.conversions(id), sum[id.index()])));
        let rate = rate_game(&coalitions, Measure::Conversions);
        prop_assert!(check(&rate, &by_permutations(players, &exactly)));
        let covered = cover_rate_game(&coalitions, Measure::Conversions).unwrap();
        prop_assert!(check(&covered, &by_permutations(players, &cover)));

        let mut subgame = vec![0.0; players];
        for (set, outcome) in &masks {
            let members = (0..players).filter(|player| set >> player & 1 == 1).collect::<Vec<_>>();
            let spread = |mask: u32| members.iter().enumerate().map(|(at, player)| (mask >> at & 1) << player).sum::<u32>();
            let game = by_permutations(members.len(), &|mask| exactly(spread(mask)));
            for (player, value) in members.iter().zip(&game).filter(|_| outcome.conversions > Count::ZERO) {
                subgame[*player] += value / exactly(*set) * conversions(outcome);
            }
        }
        let ours = journey_subgame(&coalitions, Measure::Conversions);
        prop_assert!(ours.iter().zip(&subgame).all(|(one, other)| (one - other).abs() < 1e-8 * (1.0 + other.abs())));

        // Each place of the ordered value, summed, is the sum game.
        let mut places = vec![0.0; players];
        for credit in Ordered::of(&whole).credits() {
            places[credit.channel.index()] += credit.conversions;
        }
        prop_assert!(check(&places, &sum));

        if players > 0 {
            let sampled = cover_rate_game_sampled(&coalitions, 200, 1e-9, 7).unwrap();
            prop_assert_eq!(&sampled, &cover_rate_game_sampled(&coalitions, 200, 1e-9, 7).unwrap());
            for (at, exact) in covered.iter().enumerate() {
                prop_assert!((sampled.values[at] - exact).abs() <= sampled.bounds[at]);
            }
        }
    }

    #[test]
    fn shapley_values_keep_their_axioms(
        worth in prop::collection::vec(-9.0..9.0_f64, 32), other in prop::collection::vec(-9.0..9.0_f64, 32),
    ) {
        let value = |mask: u32| if mask == 0 { 0.0 } else { worth[mask as usize] };
        let values = shapley(5, value).unwrap();
        let expected = by_permutations(5, &value);
        for (ours, expected) in values.iter().zip(&expected) {
            prop_assert!(near(*ours, *expected));
        }
        prop_assert!(near(values.iter().sum(), worth[31]));
        // Additivity.
        let both = shapley(5, |mask| value(mask) + other[mask as usize]).unwrap();
        let others = shapley(5, |mask| other[mask as usize]).unwrap();
        prop_assert!((0..5).all(|at| near(both[at], values[at] + others[at])));
        // A dummy adds what it is worth alone; two that are alike get alike.
        let dummy = shapley(5, |mask| worth[(mask & 15) as usize] + 2.5 * f64::from(mask >> 4)).unwrap();
        prop_assert!(near(dummy[4], 2.5));
        let alike = shapley(5, |mask| worth[(mask >> 2 << 1 | u32::from(mask & 3 > 0)) as usize]).unwrap();
        prop_assert!(near(alike[0], alike[1]));
    }
}

/// The average over all orders in which the players could come.
fn by_permutations(players: usize, worth: &dyn Fn(u32) -> f64) -> Vec<f64> {
    fn come(mask: u32, players: usize, weight: f64, worth: &dyn Fn(u32) -> f64, values: &mut [f64]) {
        let left = (0..players).filter(|player| mask >> player & 1 == 0).collect::<Vec<_>>();
        for player in &left {
            let (with, weight) = (mask | 1 << player, weight / left.len() as f64);
            values[*player] += weight * (worth(with) - worth(mask));
            come(with, players, weight, worth, values);
        }
    }
    let mut values = vec![0.0; players];
    come(0, players, 1.0, worth, &mut values);
    values
}

/// The probability that a journey converts and its expected value, by walking the table of transitions step by step.
fn converted(transitions: &Transitions, without: Option<ChannelId>) -> (f64, f64) {
    let table = transitions.table(false);
    let mut leaving = BTreeMap::<&[ChannelId], f64>::new();
    for row in &table {
        *leaving.entry(&row.from).or_default() += row.journeys.to_f64();
    }
    let mut now = BTreeMap::<Vec<ChannelId>, f64>::from([(Vec::new(), 1.0)]);
    let (mut ends, mut value) = (0.0, 0.0);
    while now.values().sum::<f64>() > 1e-15 && !leaving.is_empty() {
        let mut next = BTreeMap::<Vec<ChannelId>, f64>::new();
        for row in &table {
            let Some(share) = now.get(&row.from) else { continue };
            let share = share * row.journeys.to_f64() / leaving[&row.from[..]];
            match &row.to {
                Target::State(to) if without.is_none_or(|id| !to.contains(&id)) => {
                    *next.entry(to.clone()).or_default() += share;
                }
                Target::Conversion => {
                    ends += share;
                    value += share * row.value as f64 / 100.0 / row.journeys.to_f64();
                }
                _ => {}
            }
        }
        now = next;
    }
    (ends, value)
}

#[test]
fn bad_rows_name_themselves() {
    let mut journeys = Journeys::new(2);
    let ids = journeys.path(["a", "b"]).unwrap();
    let number = |text: &str| text.parse().unwrap();
    journeys.push(&ids, Outcome::nothing()).unwrap();
    for (conversions, value, nulls, what) in [
        ("-1", "0", "0", "row 2: -1 is no count: expected 0 or more, with at most six decimals"),
        ("1", "0", "-0.5", "row 2: -0.5 is no count: expected 0 or more, with at most six decimals"),
        (
            "0.0000001",
            "0",
            "0",
            "row 2: 0.0000001 is no count: expected 0 or more, with at most six decimals",
        ),
        ("0", "1", "3", "row 2: a value without a conversion"),
        ("1", "900000000000000000", "3", "row 2: the sums leave 64 bits"),
        ("9000000000000", "0", "0", "row 2: the sums leave 64 bits"),
    ] {
        let refused = journeys.push_grouped(&ids, number(conversions), number(value), number(nulls));
        assert_eq!(refused.unwrap_err().to_string(), what);
    }
    let foreign = Journeys::new(2).path(["a"]).unwrap();
    assert_eq!(Journeys::new(0).push(&foreign, Outcome::nothing()).unwrap_err().fault, JourneyFault::Unknown);
    let error = journeys.path(["a", ""]).unwrap_err();
    assert_eq!((error.row, error.to_string().as_str()), (2, "row 2: a channel's name is empty"));

    journeys.push(&vec![ids[0]; PATH_TOUCHES_MAX], Outcome::conversion(5)).unwrap();
    let error = journeys.push(&vec![ids[0]; 1_000_000], Outcome::conversion(5)).unwrap_err();
    assert_eq!((error.row, error.fault), (3, JourneyFault::TooLong(1_000_000)));
    assert!(journeys.push(&vec![ids[0]; PATH_TOUCHES_MAX + 1], Outcome::conversion(5)).is_err());
    assert_eq!((journeys.rows(), journeys.touches()), (2, PATH_TOUCHES_MAX + 2));
    let credits = Credits::of(&journeys, &Rule::Linear).unwrap();
    assert_eq!(credits.minor(), [5, 0]);

    // Fractions are kept, and a row without touches is no channel's.
    let mut journeys = Journeys::new(2);
    let ids = journeys.path(["a"]).unwrap();
    journeys.push_grouped(&ids, number("0.5"), number("1.235"), number("0")).unwrap();
    journeys.push_grouped(&[], number("2"), number("7"), number("1")).unwrap();
    let credits = Credits::of(&journeys, &Rule::First).unwrap();
    assert_eq!((credits.minor(), credits.millionths()), (vec![124], vec![500_000]));
    assert_eq!((credits.total().value, credits.unattributed().value, journeys.rounded()), (824, 700, 1));
    let model = Markov::solve(&Transitions::of(&journeys, 1)).unwrap();
    assert_eq!((model.conversions()[0], model.unattributed().value), (0.5, 700));
}

#[test]
fn merges_that_do_not_fit_are_refused() {
    let refused = Transitions::new(1, 2).merge(&Transitions::new(2, 2)).unwrap_err();
    assert_eq!(refused, MergeError::Order(1, 2));
    assert_eq!(Credits::new(2).merge(&Credits::new(3)).unwrap_err(), MergeError::Scale(2, 3));
    let mut journeys = Journeys::new(0);
    let ids = journeys.path(["a"]).unwrap();
    let outcome =
        Outcome { conversions: Count::from_millionths(u64::MAX / 2), value: i64::MAX, nulls: Count::ZERO };
    journeys.push(&ids, outcome).unwrap();
    let mut transitions = Transitions::of(&journeys, 1);
    assert_eq!(transitions.merge(&transitions.clone()).unwrap_err(), MergeError::TooMuch);
    assert_eq!(transitions.add(journeys.channels(), &ids, &outcome).unwrap_err(), MergeError::TooMuch);
    assert_eq!(transitions, Transitions::of(&journeys, 1));
    let mut credits = Credits::of(&journeys, &Rule::Last).unwrap();
    assert_eq!(credits.merge(&credits.clone()).unwrap_err(), MergeError::TooMuch);
    assert_eq!(credits.minor(), [i64::MAX]);
    let foreign = Rule::Linear.shares(&Path::new(&[ids[0], ids[0]])).unwrap();
    let error = credits.add(journeys.channels(), &ids, Some(&foreign), &outcome).unwrap_err();
    assert_eq!(error, MergeError::Path);
}

#[test]
fn limits_of_models() {
    assert_eq!(usize::from(Transitions::new(200, 0).order()), MARKOV_ORDER_MAX);
    assert_eq!(Transitions::new(MARKOV_ORDER_MAX as u8, 0).order(), 16);

    // A state each: pairs of 317 channels, and one more.
    let mut journeys = Journeys::new(0);
    let names = (0..317).map(|at| at.to_string()).collect::<Vec<_>>();
    let ids = journeys.path(names.iter().map(String::as_str)).unwrap();
    let mut pairs = ids.iter().flat_map(|one| ids.iter().map(move |other| [*one, *other]));
    for pair in pairs.by_ref().take(MARKOV_STATES_MAX) {
        journeys.push(&pair, Outcome::conversion(1)).unwrap();
    }
    let mut transitions = Transitions::of(&journeys, 2);
    let model = Markov::solve(&transitions).unwrap();
    assert_eq!(model.states(), MARKOV_STATES_MAX + 1);
    assert!((model.probability() - 1.0).abs() < 1e-9);
    transitions.add(journeys.channels(), &pairs.next().unwrap(), &Outcome::nothing()).unwrap();
    assert_eq!(Markov::solve(&transitions).unwrap_err(), MarkovError::States(MARKOV_STATES_MAX + 1));

    let many = Coalitions::of(&journeys);
    assert_eq!(cover_rate_game(&many, Measure::Conversions).unwrap_err(), ShapleyError::Players(317));
    assert!(cover_rate_game_sampled(&many, 2, 0.05, 1).is_ok());
    assert_eq!(cover_rate_game_sampled(&many, 1, 0.05, 1).unwrap_err(), ShapleyError::Setting);
    assert_eq!(shapley(SHAPLEY_PLAYERS_MAX + 1, |_| 0.0).unwrap_err(), ShapleyError::Players(25));
    let additive = shapley(SHAPLEY_PLAYERS_MAX, |mask| f64::from(mask.count_ones())).unwrap();
    assert!(additive.iter().all(|value| (value - 1.0).abs() < 1e-12), "{additive:?}");
}

#[test]
fn nothing_gives_nothing() {
    let journeys = Journeys::new(2);
    let model = Markov::solve(&Transitions::of(&journeys, 1)).unwrap();
    assert_eq!((model.probability(), model.conversions()), (0.0, vec![]));
    assert!(sum_game(&Coalitions::of(&journeys), Measure::Value).is_empty());
    assert!(cover_rate_game(&Coalitions::of(&journeys), Measure::Value).unwrap().is_empty());
    assert!(Credits::of(&journeys, &Rule::Linear).unwrap().minor().is_empty());
}
