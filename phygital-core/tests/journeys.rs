//! Journeys, credits and the ledger: the published example in full, and the laws.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use phygital_core::attribution::{
    Attributed, AttributedFault, Cause, Channels, CreditLedger, LedgerEntry, Markov, Measure, ModelRun,
    Outcome, Rule, Transitions, columns_of, digest_of, sum_game, weights_of,
};
use phygital_core::journey::{
    Exclusion, Journey, Known, Milestones, OpenJourney, Order, Settings, Standing, Touch, TouchKind,
};
use phygital_core::vocab::{Currency, Digest, EventKey, Money, OrderId, PlaceId, Timestamp};
use proptest::prelude::*;
use timed::{number, rows};

#[path = "support/timed.rs"]
mod timed;

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn key(one: u32, other: u32) -> EventKey {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&one.to_be_bytes());
    bytes[4..8].copy_from_slice(&other.to_be_bytes());
    EventKey::from_bytes(bytes)
}

/// The kind that the example's channels stand for.
fn kind(channel: &str) -> TouchKind {
    match channel {
        "store_tap" => TouchKind::Tap,
        "store_visit" => TouchKind::Visit,
        "email" => TouchKind::Email,
        "search" | "social" | "display" => TouchKind::Ad,
        _ => TouchKind::Web,
    }
}

/// The orders of the example with all their touches, some of them after the order.
fn timed() -> Vec<(Order, Vec<Touch>)> {
    let mut touches = BTreeMap::<i64, Vec<Touch>>::new();
    for row in rows("dev_timed_touches.csv") {
        let (person, touch) = (number(&row[0]), number(&row[1]));
        let id = key(person as u32, touch as u32);
        let touch =
            Touch::new(seconds(number(&row[3])), id, kind(&row[2]), &row[2]).in_sequence(touch as u64);
        touches.entry(person).or_default().push(touch);
    }
    let orders = rows("dev_timed_orders.csv");
    let order = |row: csv::StringRecord| {
        let value = Money::new(number(&row[4]), euro());
        let order = Order::new(OrderId::new(&row[1]).unwrap(), seconds(number(&row[2])), value);
        let order = order.refunded(number(&row[5]));
        let shop = PlaceId::new("shop").unwrap();
        let order = if &row[3] == "store" { order.at_place(shop) } else { order };
        (order, touches.remove(&number(&row[0])).unwrap_or_default())
    };
    orders.into_iter().map(order).collect()
}

fn held(orders: &[(Order, Vec<Touch>)], settings: &Settings) -> Vec<Journey> {
    let journey = |(order, touches): &(Order, Vec<Touch>)| {
        let touches = touches.iter().map(|touch| (touch.clone(), Standing::CLEAR));
        Journey::of(order.clone(), touches, &Milestones::default(), settings)
    };
    orders.iter().map(journey).collect()
}

fn run(name: &str, rule: Rule, channels: &Channels, journeys: &[Journey], settings: &Settings) -> ModelRun {
    ModelRun::new(name, rule, channels.clone(), settings, digest_of(journeys, []))
}

#[test]
fn the_timed_example_in_full() {
    let orders = timed();
    let expected = timed::expected();
    let mut checked = 0;
    for (key, expected) in expected.as_object().unwrap() {
        let Some((rule, days)) = timed::asked(key) else { continue };
        let settings = Settings::plain(u64::from(days) * 86_400);
        let journeys = held(&orders, &settings);
        let (columns, currency) = columns_of(&journeys, &[], &settings).unwrap();
        let channels = columns.channels();
        let rule = timed::rule(rule, channels.id("direct").unwrap());
        let run = run(key, rule.clone(), channels, &journeys, &settings);
        let credits = Attributed::of(run, journeys.clone()).unwrap();
        let sums = &credits.sums()[&currency.unwrap()];
        for (channel, minor) in expected["net_minor_largest_remainder"].as_object().unwrap() {
            assert_eq!(sums.by_channel[&**channel], i128::from(minor.as_i64().unwrap()), "{key} {channel}");
        }
        let unattributed = credits.orders().iter().filter(|order| order.shares().is_none()).count();
        assert_eq!(
            (unattributed as u64, expected["unattributed_orders"].as_u64()),
            (sums.unattributed_orders, Some(unattributed as u64))
        );
        let attributed = sums.net - sums.unattributed;
        assert_eq!(attributed, i128::from(expected["sum_minor"].as_i64().unwrap()), "{key}");
        // Conversions, as sums of fractions of orders.
        for (channel, count) in expected["orders_credit"].as_object().unwrap() {
            let mut sum = 0.0;
            for order in credits.orders() {
                for (at, name) in order.journey().channels().enumerate().filter(|(_, name)| name == channel) {
                    let (part, total) = order.fraction(at);
                    assert!(total > 0 && !name.is_empty());
                    sum += part as f64 / total as f64;
                }
            }
            let count = count.as_f64().unwrap();
            assert!((sum - count).abs() <= 1e-9 * count.max(1.0), "{key} {channel}: {sum} {count}");
        }
        for order in credits.orders() {
            let excluded = order.journey().excluded.iter().map(|excluded| excluded.reason);
            assert!(
                excluded
                    .into_iter()
                    .all(|why| [Exclusion::OutsideWindow, Exclusion::AfterConversion].contains(&why))
            );
        }
        checked += 1;
    }
    assert_eq!(checked, 18);
}

#[test]
fn models_of_all_explain_one() {
    let settings = Settings::default();
    let orders = timed();
    let journeys = held(&orders, &settings);
    let (columns, _) = columns_of(&journeys, &[], &settings).unwrap();
    let markov = Markov::solve(&Transitions::of(&columns, 2)).unwrap();
    let coalitions = phygital_core::attribution::Coalitions::of(&columns);
    let values = sum_game(&coalitions, Measure::Value);
    let channels = columns.channels();
    for (name, rule) in [
        ("markov:2", markov.rule(channels)),
        ("shapley:sum", weights_of(channels, coalitions.channels(), &values)),
    ] {
        let run = run(name, rule, channels, &journeys, &settings);
        let weights = run.weights().unwrap();
        assert_eq!(weights.len(), channels.len());
        assert!(run.rule().contains("\"email\"="), "{}", run.rule());
        let credits = Attributed::of(run.clone(), journeys.clone()).unwrap();
        let sums = &credits.sums()[&euro()];
        assert_eq!(sums.by_channel.values().sum::<i128>() + sums.unattributed, sums.net);
        for order in credits.orders().iter().filter(|order| order.shares().is_some()) {
            let part = |name: &str| weights.iter().find(|(channel, _)| *channel == name).unwrap().1;
            let parts = order.journey().channels().map(part).collect::<Vec<_>>();
            assert_eq!(order.shares().unwrap().parts(), parts);
        }
    }
    let same = run("linear", Rule::Linear, channels, &journeys, &settings).id();
    let mut turned = journeys.clone();
    turned.reverse();
    assert_eq!(run("linear", Rule::Linear, channels, &turned, &settings).id(), same);
    assert_ne!(run("linear", Rule::First, channels, &journeys, &settings).id(), same);
    assert_ne!(run("linear", Rule::Linear, channels, &journeys[1..], &settings).id(), same);
    assert_ne!(run("linear", Rule::Linear, channels, &journeys, &Settings::plain(1)).id(), same);
    assert_ne!(run("lineal", Rule::Linear, channels, &journeys, &settings).id(), same);
    assert_eq!(
        ModelRun::new("linear", Rule::Linear, Channels::new(), &settings, digest_of(&journeys, [])).input(),
        digest_of(&turned, [])
    );
}

#[test]
fn an_order_is_credited_once() {
    let settings = Settings::default();
    let journeys = held(&timed()[..1], &settings);
    let run = run("first", Rule::First, &Channels::new(), &journeys, &settings);
    let twice = [journeys[0].clone(), journeys[0].clone()];
    let fault = Attributed::of(run, twice).unwrap_err();
    assert_eq!(fault, AttributedFault::Twice(OrderId::new("0").unwrap()));
}

/// What came to pass with an order, one after the other.
#[derive(Clone, Debug)]
enum Step {
    Touch { seconds: i64, channel: usize },
    Refund(i64),
    Withdraw { now: bool },
    Part(usize),
    Cancel,
}

#[derive(Clone, Debug)]
struct World {
    order: Order,
    touches: Vec<(Touch, Standing)>,
    placed: bool,
}

fn step() -> impl Strategy<Value = (usize, Step)> {
    let step = prop_oneof![
        5 => (-900..50_i64, 0..3_usize).prop_map(|(seconds, channel)| Step::Touch { seconds, channel }),
        2 => (0..80_i64).prop_map(Step::Refund),
        1 => any::<bool>().prop_map(|now| Step::Withdraw { now }),
        1 => (0..8_usize).prop_map(Step::Part),
        1 => Just(Step::Cancel),
    ];
    (0..3_usize, step)
}

fn worlds() -> Vec<World> {
    let order = |n: i64| {
        let value = Money::new(100 + n, euro());
        Order::new(OrderId::new(format!("o-{n}")).unwrap(), seconds(1_000_000 + n), value)
    };
    (0..3).map(|n| World { order: order(n), touches: Vec::new(), placed: n != 1 }).collect()
}

impl World {
    fn take(&mut self, n: usize, step: &Step) {
        self.placed = true;
        match step {
            Step::Touch { seconds: at, channel } => {
                let at = Timestamp::from_micros(self.order.at.as_micros() + at * 1_000_000).unwrap();
                let id = key(self.touches.len() as u32, n as u32);
                let touch = Touch::new(at, id, TouchKind::Web, ["a", "b", "direct"][*channel]);
                self.touches.push((touch, Standing::CLEAR));
            }
            Step::Refund(minor) => {
                self.order = self.order.clone().refunded(self.order.refunded_minor + minor)
            }
            Step::Withdraw { now } => {
                self.touches.iter_mut().for_each(|(_, standing)| standing.permitted_now = *now)
            }
            Step::Part(at) => {
                if let Some((_, standing)) = self.touches.get_mut(*at) {
                    standing.identity = Known::Revoked;
                }
            }
            Step::Cancel => self.order.cancelled = true,
        }
    }
}

fn rules() -> Vec<(&'static str, Rule)> {
    vec![
        ("linear", Rule::Linear),
        ("position", Rule::position()),
        ("time-decay", Rule::TimeDecay { half_life: 77_000 }),
    ]
}

fn credited(worlds: &[World], name: &str, rule: &Rule) -> Attributed {
    let settings = Settings::plain(600).with_cap(6);
    let there = worlds.iter().filter(|world| world.placed);
    let journeys = there.map(|world| {
        Journey::of(world.order.clone(), world.touches.clone(), &Milestones::default(), &settings)
    });
    let journeys = journeys.collect::<Vec<_>>();
    let run = run(name, rule.clone(), &Channels::new(), &journeys, &settings);
    Attributed::of(run, journeys).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A ledger that is posted to after each step is, as of each step, what is computed from all that was known then; so is
    /// the sum of its postings; and its lines in any order, in parts and repeatedly, are the same ledger.
    #[test]
    fn a_past_date_is_what_was_known_then(
        steps in prop::collection::vec(step(), 0..14), stop in any::<prop::sample::Index>(), rotation in any::<prop::sample::Index>(),
    ) {
        for (name, rule) in rules() {
            let mut worlds = worlds();
            let mut ledger = CreditLedger::new();
            let mut past = Vec::new();
            for (n, (at, step)) in steps.iter().enumerate() {
                worlds[*at].take(n, step);
                let time = seconds(2_000_000 + n as i64 / 2);
                let credits = credited(&worlds, name, &rule);
                for entry in ledger.post(&credits, time) {
                    prop_assert!(!entry.causes.is_empty());
                    prop_assert_eq!(LedgerEntry::read(&entry.write()).unwrap(), entry);
                }
                prop_assert_eq!(ledger.post(&credits, time).len(), 0, "what is posted is posted once");
                past.push((time, credits));
            }
            // Of the steps of one moment the last counts.
            for (at, (time, credits)) in past.iter().enumerate() {
                if past.get(at + 1).is_none_or(|next| next.0 != *time) {
                    prop_assert_eq!(&ledger.sums(name, *time), credits.sums());
                }
            }
            let end = seconds(9_000_000);
            for order in ledger.entries().map(|entry| entry.order.clone()).collect::<std::collections::BTreeSet<_>>() {
                let mut accounts = BTreeMap::<Option<Box<str>>, i128>::new();
                for posting in ledger.postings(name, &order) {
                    for line in posting.lines {
                        prop_assert!(line.minor != 0);
                        *accounts.entry(line.channel).or_default() += line.minor;
                    }
                }
                accounts.retain(|_, minor| *minor != 0);
                let entry = ledger.entry_at(name, &order, end).unwrap();
                let mut now = entry.accounts();
                now.retain(|_, minor| *minor != 0);
                prop_assert_eq!(now.len(), accounts.len());
                prop_assert!(now.iter().all(|(channel, minor)| accounts.get(&channel.map(Box::from)) == Some(minor)));
                prop_assert_eq!(accounts.values().sum::<i128>(), i128::from(entry.net.minor()));
            }
            let lines = ledger.to_lines();
            let mut turned = lines.lines().collect::<Vec<_>>();
            let cut = stop.index(turned.len() + 1);
            let by = rotation.index(turned.len().max(1));
            turned.rotate_left(by);
            let mut one = CreditLedger::from_lines(&turned[cut..].join("\n")).unwrap();
            one.merge(CreditLedger::from_lines(&turned[..cut].join("\n")).unwrap());
            one.merge(CreditLedger::from_lines(&turned[..cut].join("\n")).unwrap());
            prop_assert_eq!(&one, &ledger);
            prop_assert_eq!(one.to_lines(), lines);
        }
    }

    /// Refunds in any number and order end where one does; a full one leaves nothing anywhere.
    #[test]
    fn a_full_refund_leaves_nothing(
        touches in prop::collection::vec((-500..0_i64, 0..3_usize), 0..9), refunds in prop::collection::vec(0..60_i64, 0..5),
    ) {
        for (name, rule) in rules() {
            let mut worlds = worlds();
            for (n, (seconds, channel)) in touches.iter().enumerate() {
                worlds[0].take(n, &Step::Touch { seconds: *seconds, channel: *channel });
            }
            let mut ledger = CreditLedger::new();
            let before = credited(&worlds[..1], name, &rule);
            ledger.post(&before, seconds(2_000_000));
            for (n, refund) in refunds.iter().enumerate() {
                worlds[0].take(n, &Step::Refund(*refund));
                let credits = credited(&worlds[..1], name, &rule);
                // The difference, with the same weights.
                let (old, new) = (credits.orders()[0].shares(), before.orders()[0].shares());
                prop_assert_eq!(old, new);
                let net = worlds[0].order.net().unwrap().minor();
                let posted = ledger.post(&credits, seconds(2_000_001 + n as i64));
                for entry in &posted {
                    prop_assert_eq!(&entry.causes, &[Cause::Refunded].into());
                    if let Some(shares) = old {
                        let postings = ledger.postings(name, &entry.order);
                        let last = postings.last().unwrap();
                        let before = i64::try_from(last.lines.iter().map(|line| line.minor).sum::<i128>()).unwrap();
                        let difference = shares.difference(net - before, net).unwrap();
                        let mut by_channel = BTreeMap::<&str, i128>::new();
                        for (channel, minor) in credits.orders()[0].journey().channels().zip(difference.credits()) {
                            *by_channel.entry(channel).or_default() += i128::from(*minor);
                        }
                        by_channel.retain(|_, minor| *minor != 0);
                        let lines = last.lines.iter().map(|line| (line.channel.as_deref().unwrap(), line.minor));
                        prop_assert_eq!(lines.collect::<BTreeMap<_, _>>(), by_channel);
                    }
                }
            }
            worlds[0].take(99, &Step::Refund(100));
            ledger.post(&credited(&worlds[..1], name, &rule), seconds(3_000_000));
            let sums = &ledger.sums(name, seconds(3_000_000))[&euro()];
            prop_assert!(sums.net == 0 && sums.unattributed == 0 && sums.by_channel.values().all(|minor| *minor == 0));
            let all = ledger.sums(name, seconds(2_000_000)).remove(&euro()).unwrap();
            prop_assert_eq!(&all, &before.sums()[&euro()], "the past stays as it was");
        }
    }

    /// Credits and what is unattributed sum to the net value, and none of it depends on the order or the split of the input.
    #[test]
    fn money_is_conserved_in_any_order(
        orders in prop::collection::vec((0..9_999_i64, prop::collection::vec((-700..20_i64, 0..3_usize), 0..6)), 0..9),
        rotation in any::<prop::sample::Index>(), cut in any::<prop::sample::Index>(),
    ) {
        let settings = Settings::plain(600);
        let journeys = orders.iter().zip(0..).map(|((value, touches), n): (_, i64)| {
            let order = Order::new(OrderId::new(format!("o-{n}")).unwrap(), seconds(1_000_000), Money::new(*value, euro()));
            let mut world = World { order: order.refunded(value / 3 * (n % 2)), touches: Vec::new(), placed: true };
            for (at, (seconds, channel)) in touches.iter().enumerate() {
                world.take(at, &Step::Touch { seconds: *seconds, channel: *channel });
            }
            Journey::of(world.order, world.touches, &Milestones::default(), &settings)
        });
        let journeys = journeys.collect::<Vec<_>>();
        let mut turned = journeys.clone();
        turned.rotate_left(rotation.index(journeys.len().max(1)));
        let (one, other) = turned.split_at(cut.index(turned.len() + 1));
        for (name, rule) in rules() {
            let run = run(name, rule, &Channels::new(), &journeys, &settings);
            let sums = |journeys: &[Journey]| Attributed::of(run.clone(), journeys.to_vec()).unwrap().sums().clone();
            let whole = sums(&journeys);
            let net = journeys.iter().map(|journey| i128::from(journey.order.net().unwrap().minor())).sum::<i128>();
            prop_assert_eq!(whole.get(&euro()).map_or(0, |sums| sums.by_channel.values().sum::<i128>() + sums.unattributed), net);
            prop_assert_eq!(&sums(&turned), &whole);
            let mut ledgers = [one, other].map(|part| {
                let mut ledger = CreditLedger::new();
                ledger.post(&Attributed::of(run.clone(), part.to_vec()).unwrap(), seconds(5));
                ledger
            });
            let mut merged = std::mem::take(&mut ledgers[0]);
            merged.merge(std::mem::take(&mut ledgers[1]));
            prop_assert_eq!(&merged.sums(name, seconds(5)), &whole, "shops post their own orders and merge");
            let mut at_once = CreditLedger::new();
            at_once.post(&Attributed::of(run.clone(), journeys.clone()).unwrap(), seconds(5));
            prop_assert_eq!(merged, at_once);
        }
    }
}

#[test]
fn causes_say_what_happened() {
    let rule = Rule::Linear;
    let mut worlds = worlds();
    let mut ledger = CreditLedger::new();
    let mut time = 2_000_000;
    let mut post = |worlds: &[World], rule: &Rule| {
        time += 1;
        let posted = ledger.post(&credited(worlds, "linear", rule), seconds(time));
        posted
            .into_iter()
            .map(|entry| (entry.order.to_string(), entry.causes.into_iter().collect::<Vec<_>>()))
            .collect::<Vec<_>>()
    };
    let one = |order: &str, causes: &[Cause]| vec![(order.to_owned(), causes.to_vec())];
    let booked = [Cause::Booked];
    assert_eq!(post(&worlds, &rule), [one("o-0", &booked), one("o-2", &booked)].concat());
    worlds[0].take(0, &Step::Touch { seconds: -5, channel: 0 });
    worlds[0].take(1, &Step::Touch { seconds: -4, channel: 1 });
    assert_eq!(post(&worlds, &rule), one("o-0", &[Cause::TouchAdded]));
    assert_eq!(post(&worlds, &Rule::First), one("o-0", &[Cause::Reweighed]));
    assert_eq!(post(&worlds, &rule), one("o-0", &[Cause::Reweighed]));
    worlds[0].take(2, &Step::Part(1));
    assert_eq!(post(&worlds, &rule), one("o-0", &[Cause::IdentityChanged]));
    worlds[0].take(3, &Step::Withdraw { now: false });
    assert_eq!(post(&worlds, &rule), one("o-0", &[Cause::ConsentWithdrawn]));
    worlds[0].take(4, &Step::Withdraw { now: true });
    worlds[0].take(5, &Step::Refund(7));
    assert_eq!(post(&worlds, &rule), one("o-0", &[Cause::Refunded, Cause::TouchAdded]));
    worlds[0].take(6, &Step::Cancel);
    assert_eq!(post(&worlds, &rule), one("o-0", &[Cause::Cancelled]));
    worlds[0].placed = false;
    assert_eq!(post(&worlds, &rule), one("o-0", &[Cause::Gone]));
    assert_eq!(post(&worlds, &rule), []);
    worlds[0].placed = true;
    worlds[0].order.cancelled = false;
    let back = post(&worlds, &rule);
    assert_eq!(back.len(), 1);
    let last = ledger.entry_at("linear", &OrderId::new("o-0").unwrap(), Timestamp::MAX).unwrap();
    assert_eq!((last.number, last.is_gone()), (10, false));
    assert!(ledger.sums("last", Timestamp::MAX).is_empty());
    assert_eq!(ledger.models().into_iter().collect::<Vec<_>>(), ["linear"]);
    assert_eq!(ledger.entry_at("linear", &last.order, seconds(1)), None);
}

#[test]
fn a_clock_that_went_back_posts_no_earlier() {
    let mut worlds = worlds();
    let mut ledger = CreditLedger::new();
    ledger.post(&credited(&worlds, "linear", &Rule::Linear), seconds(100));
    worlds[0].take(0, &Step::Refund(1));
    let posted = ledger.post(&credited(&worlds, "linear", &Rule::Linear), seconds(50));
    assert_eq!(posted[0].posted_at, seconds(100));
    assert_eq!(ledger.entry_at("linear", &posted[0].order, seconds(100)).unwrap().number, 2);
}

#[test]
fn an_order_in_another_currency_posts_both() {
    let mut worlds = worlds();
    let mut ledger = CreditLedger::new();
    ledger.post(&credited(&worlds[..1], "linear", &Rule::Linear), seconds(1));
    worlds[0].order.value = Some(Money::new(70, "USD".parse().unwrap()));
    ledger.post(&credited(&worlds[..1], "linear", &Rule::Linear), seconds(2));
    let order = worlds[0].order.id.clone();
    let postings = ledger.postings("linear", &order);
    let lines =
        postings[1].lines.iter().map(|line| (line.currency.to_string(), line.minor)).collect::<Vec<_>>();
    assert_eq!(lines, [("EUR".to_owned(), -100), ("USD".to_owned(), 70)]);
}

#[test]
fn open_journeys_are_part_of_the_input() {
    let touch = Touch::new(seconds(5), key(1, 1), TouchKind::Web, "a");
    let open = OpenJourney::of([(touch, Standing::CLEAR)], &Settings::default()).unwrap();
    assert_ne!(digest_of([], [&open]), digest_of([], []));
    assert_ne!(digest_of([], []), Digest::from_bytes([0; 32]));
    let (columns, currency) = columns_of(&[], &[open], &Settings::default()).unwrap();
    assert_eq!((columns.totals(), currency), (Outcome::nothing(), None));
}
