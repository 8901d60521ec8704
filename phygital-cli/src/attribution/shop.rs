//! The orders of a store: their journeys, and the rule that a model is for a single one of them.

use phygital_core::attribution::{
    Attributed, AttributedFault, Coalitions, ColumnsFault, Journeys, Markov, Measure, ModelRun, OrderChoice,
    Rule, Transitions, columns_of, cover_rate_game, cover_rate_game_sampled, journey_subgame, rate_game,
    weights_of,
};
use phygital_core::engine::ShopJourneys;
use phygital_core::journey::{Order as JourneyOrder, OrderFaults, Settings};
use phygital_core::vocab::limits::SHAPLEY_PLAYERS_MAX;
use phygital_core::vocab::{Currency, Timestamp};

use super::files;
use super::model::{Game, Model, Named, ORDER_TRIED_MAX, Order};
use crate::attribution_arguments::TimedFiles;
use crate::failure::Failure;
use crate::journey_arguments::JourneyArguments;
use crate::output::Output;
use crate::shop::Shop;

/// The journeys of a store, and by which settings they are.
pub(crate) struct Gathered {
    pub(crate) journeys: ShopJourneys,
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
}

/// How a game of too many channels is drawn, where an order is explained by it: enough for weights of two digits.
const SAMPLES: u32 = 10_000;
const SEED: u64 = 1;
const CHANCE: f64 = 0.01;

/// Reads the journeys of a store, with the consents that hold now.
pub(crate) fn gather(shop: &Shop, with: &JourneyArguments, output: &Output) -> Result<Gathered, Failure> {
    gather_by(shop, with.settings(), with.only_currency, output)
}

/// The same by settings.
pub(crate) fn gather_by(
    shop: &Shop,
    settings: Settings,
    only_currency: Option<Currency>,
    output: &Output,
) -> Result<Gathered, Failure> {
    let engine = shop.read(&shop.settings()?)?;
    let now = shop.now()?;
    let read = || engine.insight().journeys(&settings, now);
    let journeys = output.working("reading the log", read)?;
    Ok(Gathered::of(journeys, only_currency, settings, now))
}

/// The same of files where they are named, else of the store.
pub(super) fn gather_named(
    shop: &Shop,
    files: &TimedFiles,
    currency: Option<Currency>,
    with: &JourneyArguments,
    output: &Output,
) -> Result<Gathered, Failure> {
    let Some(named) = files.touches.as_deref().zip(files.orders.as_deref()) else {
        return gather(shop, with, output);
    };
    let settings = with.settings();
    let journeys = files::journeys(named, currency, &settings, output)?;
    Ok(Gathered::of(journeys, with.only_currency, settings, shop.now()?))
}

impl Gathered {
    fn of(
        mut journeys: ShopJourneys,
        only_currency: Option<Currency>,
        settings: Settings,
        now: Timestamp,
    ) -> Gathered {
        if let Some(only) = only_currency {
            let all = journeys.journeys.into_iter().zip(journeys.owners);
            let of_it = |order: &JourneyOrder| order.value.is_none_or(|value| value.currency() == only);
            (journeys.journeys, journeys.owners) = all.filter(|(journey, _)| of_it(&journey.order)).unzip();
        }
        Gathered { journeys, settings, now }
    }

    /// The journeys in columns, and the currency of their values.
    pub(crate) fn columns(&self) -> Result<(Journeys, Option<Currency>), Failure> {
        let columns = columns_of(&self.journeys.journeys, &self.journeys.open, &self.settings);
        columns.map_err(|fault| match fault {
            ColumnsFault::Currencies(_) => {
                Failure::misuse("currencies", format!("{fault}, with --only-currency"))
            }
            fault => Failure::misuse("malformed", fault.to_string()),
        })
    }

    /// A run of a model on these journeys, ready for single orders. A Markov model spreads each order by the removal effects
    /// of its channels, a game by what they are worth in it.
    pub(super) fn run(&self, model: &Model) -> Result<ModelRun, Failure> {
        let (columns, rule) = match model {
            // No currency stands in the way of a rule that needs no other journey.
            Model::Rule(named) => {
                let mut channels = phygital_core::attribution::Channels::new();
                for channel in self.journeys.journeys.iter().flat_map(|journey| journey.channels()) {
                    let known = channels.intern(channel);
                    known.map_err(|error| Failure::misuse("malformed", error.to_string()))?;
                }
                if let Named::LastNonDirect(direct) = named {
                    // A channel that no order has yet may be the direct one all the same.
                    let known = channels.intern(direct);
                    known.map_err(|error| Failure::misuse("bad_argument", error.to_string()))?;
                }
                let rule = named.rule(&channels);
                (channels, rule)
            }
            Model::Markov(_) | Model::Shapley(_) => {
                let columns = self.columns()?.0;
                let rule = weighed(model, &columns)?;
                (columns.channels().clone(), rule)
            }
        };
        Ok(self.journeys.run(&model.to_string(), rule, &columns))
    }

    /// The credits of all orders by a run.
    pub(super) fn attribute(&self, run: ModelRun) -> Result<Attributed, Failure> {
        Attributed::of(run, self.journeys.journeys.iter().cloned()).map_err(refused)
    }

    /// Says what of the orders is not as it might be.
    pub(super) fn notes(&self, output: &Output) {
        let ShopJourneys { unidentified, faults, .. } = &self.journeys;
        if *unidentified > 0 {
            output.note(&format!("{unidentified} orders name nobody that is known: they are unattributed"));
        }
        for (name, count) in faults.each().into_iter().filter(|(_, count)| *count > 0) {
            output.note(&format!("{count} {}", told(name)));
        }
    }
}

pub(super) fn refused(fault: AttributedFault) -> Failure {
    Failure::misuse("bad_rule", fault.to_string())
}

/// What a fault of orders is called by people.
fn told(name: &str) -> &str {
    match name {
        "duplicates" => "orders were placed again: the first time counts",
        "over_refunded" => "orders had more paid back than was paid: nothing is left of them",
        "other_currency" => "refunds in another currency than their order's are left out",
        "negative" => "orders below zero count as zero",
        "unvalued" => "orders without a value have nothing to share out",
        "orphans" => "changes of orders that were never placed are left out",
        other => other,
    }
}

/// How often something was said of orders that cannot be so, for programs.
pub(super) fn faults(faults: &OrderFaults) -> serde_json::Value {
    faults
        .each()
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The rule that a model of all journeys is for one of them.
fn weighed(model: &Model, columns: &Journeys) -> Result<Rule, Failure> {
    let unsolved = |error: String| Failure::no("unsolved", error);
    match model {
        Model::Rule(named) => Ok(named.rule(columns.channels())),
        Model::Markov(order) => {
            let highest = match order {
                Order::Fixed(order) => *order,
                Order::CrossEntropy | Order::Bic => ORDER_TRIED_MAX,
            };
            let mut transitions = Transitions::of(columns, highest);
            match order {
                Order::Fixed(_) => {}
                Order::CrossEntropy => {
                    transitions = transitions.lower(OrderChoice::of(&transitions).by_cross_entropy)
                }
                Order::Bic => transitions = transitions.lower(OrderChoice::of(&transitions).by_bic),
            }
            let markov = Markov::solve(&transitions).map_err(|error| unsolved(error.to_string()))?;
            Ok(markov.rule(columns.channels()))
        }
        // Each journey equally among its channels: what the sum game comes to.
        Model::Shapley(Game::Sum) => Ok(Rule::LinearPerChannel),
        Model::Shapley(Game::Ordered) => Err(Failure::misuse(
            "no_single_order",
            "shapley:ordered credits places of channels, which no single order shows: shapley:sum shares out each order",
        )),
        Model::Shapley(game) => {
            let coalitions = Coalitions::of(columns);
            let measure = Measure::Conversions;
            let values = match game {
                Game::CoverRate if coalitions.channels().len() > SHAPLEY_PLAYERS_MAX => {
                    cover_rate_game_sampled(&coalitions, SAMPLES, CHANCE, SEED).map(|sampled| sampled.values)
                }
                Game::CoverRate => cover_rate_game(&coalitions, measure),
                Game::Rate => Ok(rate_game(&coalitions, measure)),
                _ => Ok(journey_subgame(&coalitions, measure)),
            };
            let values = values.map_err(|error| unsolved(error.to_string()))?;
            Ok(weights_of(columns.channels(), coalitions.channels(), &values))
        }
    }
}
