//! `attribution run`: the credits of channels by one model.

use std::io::{self, Write};

use phygital_core::attribution::{
    Coalitions, Count, Credits, Journeys, Markov, Measure, MergeError, OrderChoice, Ordered, Part,
    PlaceCredit, Roster, Rule, RuleError, ShapleyError, Transitions, cover_rate_game,
    cover_rate_game_sampled, journey_subgame, rate_game,
};
use phygital_core::vocab::limits::SHAPLEY_PLAYERS_MAX;
use ring::digest::{Context, SHA256, digest};
use serde::Serialize;
use serde_json::{Value, json};

use super::amounts::{Amount, Parted, Total};
use super::model::{Game, Model, ORDER_TRIED_MAX, Order};
use super::paths::{Grouped, read};
use super::{shop_run, transitions};
use crate::attribution_arguments::{Run, Spread};
use crate::failure::{Exit, Failure};
use crate::hex::hex;
use crate::output::Output;
use crate::shop::Shop;

/// Raised whenever a model gives other figures for the same journeys and settings.
const MODELS_VERSION: u32 = 1;

/// The chance that a bound of a sampled game does not hold.
const CHANCE: f64 = 0.01;

/// What was asked, in the form that the id of the run is made from.
#[derive(Debug, Serialize)]
pub(super) struct Settings {
    pub(super) model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) spread: Option<&'static str>,
    /// Of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) separator: Option<String>,
    /// Of a store: by which settings touches count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) touches: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) decimals: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) samples: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<u64>,
}

/// What one channel earned, or what none did.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Where the channel first appears among those of a path, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u16>,
    conversions: Amount,
    value: Amount,
    #[serde(flatten)]
    figures: Figures,
}

/// What else a model says of a channel.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_effect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_effect_of_value: Option<f64>,
    /// But for a stated chance the conversions are no further off.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<f64>,
}

/// What came of a model.
pub(super) struct Answer {
    lines: Vec<Line>,
    /// What no channel earned: none where the worth of a game is no sum of conversions.
    unattributed: Option<Line>,
    /// What the model says of itself.
    pub(super) details: Value,
    /// SHA-256 of what was folded from the journeys, in hexadecimal digits: the same in whatever order and parts they came.
    folded: String,
}

/// Runs a model over a file, or over the orders of a store.
pub(super) fn run(shop: &Shop, with: &Run, output: &mut Output) -> Result<Exit, Failure> {
    let markov = matches!(with.model, Model::Markov(_));
    if !markov && (with.transitions.is_some() || with.spread == Spread::Journey) {
        return Err(Failure::misuse(
            "conflicting_arguments",
            "--spread and --transitions go with markov alone",
        ));
    }
    if with.paths.file.is_some() && with.timed.orders.is_some() {
        let message = "a file of grouped paths, or --touches and --orders: not both";
        return Err(Failure::misuse("conflicting_arguments", message));
    }
    if with.paths.file.is_none() {
        return shop_run::run(shop, with, output);
    }
    if let Model::Rule(named) = &with.model
        && named.asks_for_times()
    {
        let message = "time-decay needs the time of each touch, and grouped paths have none; rank-decay:1/2 halves by \
                       place instead of time";
        return Err(Failure::misuse("no_times", message));
    }
    let read = read(&with.paths, output)?;
    let answer = output.working("attributing", || answer(with, &read))?;
    let settings =
        Settings { separator: Some(with.paths.separator.clone()), ..Settings::of(with, &read, &answer) };
    let input = Source { input_sha256: &answer.folded, file_sha256: Some(&read.sha256) };
    tell(&settings, &read, &answer, input, output)?;
    if !output.is_json() {
        notes(&read, output);
    }
    Ok(Exit::Done)
}

impl Answer {
    /// The answer with the aggregates, in their stable bytes, that it comes from.
    fn named_by(self, aggregates: &[Vec<u8>]) -> Answer {
        let mut context = Context::new(&SHA256);
        aggregates.iter().for_each(|bytes| context.update(bytes));
        Answer { folded: hex(context.finish()), ..self }
    }
}

impl Settings {
    /// What was asked, of whatever input.
    pub(super) fn of(with: &Run, read: &Grouped, answer: &Answer) -> Settings {
        let sampled = answer.details.get("seed").is_some();
        Settings {
            model: with.model.to_string(),
            spread: matches!(with.model, Model::Markov(_)).then_some(with.spread.name()),
            separator: None,
            touches: None,
            currency: read.currency.map(|currency| currency.to_string()),
            decimals: read.journeys.scale(),
            samples: sampled.then_some(with.samples),
            seed: sampled.then_some(with.seed),
        }
    }
}

/// The answer as CSV, or as one object.
pub(super) fn tell(
    settings: &Settings,
    read: &Grouped,
    answer: &Answer,
    source: Source<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    match output.is_json() {
        true => output.object(&Told::of(settings, read, answer, source)),
        false => output.written(|out| csv_lines(answer, out)),
    }
}

/// Everything as one object. Not as a `Value`, whose numbers are floating ones.
#[derive(Debug, Serialize)]
struct Told<'a> {
    run: RunView<'a>,
    channels: &'a [Line],
    #[serde(skip_serializing_if = "Option::is_none")]
    unattributed: Option<&'a Line>,
    model: &'a Value,
    input: InputView,
}

/// What an answer comes from.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Source<'a> {
    /// Of what was folded, in whatever order it came: it is part of the run's id.
    pub(super) input_sha256: &'a str,
    /// Of the bytes of the file as they lay there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_sha256: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RunView<'a> {
    /// SHA-256 of the settings, the version of the models and the digest of what was folded.
    id: String,
    models_version: u32,
    phygital: &'static str,
    settings: &'a Settings,
    #[serde(flatten)]
    source: Source<'a>,
    /// Attribution shares out what happened.
    causal: bool,
}

#[derive(Debug, Serialize)]
struct InputView {
    rows: u64,
    touches: usize,
    channels: usize,
    conversions: Amount,
    value: Amount,
    nulls: Amount,
    rows_without_touch: u64,
    values_rounded: u64,
    numbers_missing: u64,
}

impl<'a> Told<'a> {
    fn of(settings: &'a Settings, read: &'a Grouped, answer: &'a Answer, source: Source<'a>) -> Told<'a> {
        let journeys = &read.journeys;
        let totals = journeys.totals();
        let count = |count: Count| Totals::count(count).all();
        let id =
            json!({ "settings": settings, "models_version": MODELS_VERSION, "input": source.input_sha256 });
        Told {
            run: RunView {
                id: hex(digest(&SHA256, id.to_string().as_bytes())),
                models_version: MODELS_VERSION,
                phygital: env!("CARGO_PKG_VERSION"),
                settings,
                source,
                causal: false,
            },
            channels: &answer.lines,
            unattributed: answer.unattributed.as_ref(),
            model: &answer.details,
            input: InputView {
                rows: journeys.rows(),
                touches: journeys.touches(),
                channels: journeys.channels().len(),
                conversions: count(totals.conversions),
                value: Totals { read }.value(totals.value).all(),
                nulls: count(totals.nulls),
                rows_without_touch: read.empty,
                values_rounded: journeys.rounded(),
                numbers_missing: read.missing,
            },
        }
    }
}

fn csv_lines(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let by_place = answer.lines.iter().any(|line| line.place.is_some());
    let mut header = vec!["channel", "conversions", "value"];
    if by_place {
        header.insert(1, "place");
    }
    table.write_record(header)?;
    // A channel has a name: the line without one is what no channel earned.
    let left = answer.unattributed.iter().filter(|left| !left.conversions.is_zero() || !left.value.is_zero());
    for line in answer.lines.iter().chain(left) {
        let channel = line.channel.clone().unwrap_or_default();
        let mut row = vec![channel, line.conversions.to_string(), line.value.to_string()];
        if by_place {
            row.insert(1, line.place.map_or(String::new(), |place| place.to_string()));
        }
        table.write_record(row)?;
    }
    table.flush()
}

/// What was done with rows that are not as they might be.
fn notes(read: &Grouped, output: &Output) {
    let note = |count: u64, what: &str| {
        if count > 0 {
            output.note(&format!("{count} {what}"));
        }
    };
    note(read.empty, "rows without a touch: what came of them is in the line without a channel");
    note(read.journeys.rounded(), "values were rounded, half to even");
    note(read.missing, "numbers are left out and count as 0");
}

impl Spread {
    fn name(self) -> &'static str {
        match self {
            Spread::All => "all",
            Spread::Journey => "journey",
        }
    }
}

pub(super) fn answer(with: &Run, read: &Grouped) -> Result<Answer, Failure> {
    let journeys = &read.journeys;
    let fold = Fold { journeys, threads: with.threads };
    let totals = Totals { read };
    match with.model {
        Model::Rule(ref named) => credited(&fold, &totals, &named.rule(journeys.channels())),
        Model::Shapley(Game::Sum) => credited(&fold, &totals, &Rule::LinearPerChannel),
        Model::Markov(order) => markov(with, order, &fold, &totals),
        Model::Shapley(Game::Ordered) => {
            let ordered = fold.parts(Ordered::of_part, |one, other| one.merge(other))?;
            Ok(totals.ordered(&ordered).named_by(&[ordered.encode()]))
        }
        Model::Shapley(game) => {
            let coalitions = fold.parts(Coalitions::of_part, |one, other| one.merge(other))?;
            Ok(played(with, game, &coalitions, &totals)?.named_by(&[coalitions.encode()]))
        }
    }
}

fn credited(fold: &Fold<'_>, totals: &Totals<'_>, rule: &Rule) -> Result<Answer, Failure> {
    let credits = fold.credits(rule)?;
    Ok(totals.credits(&credits).named_by(&[credits.encode()]))
}

fn markov(with: &Run, order: Order, fold: &Fold<'_>, totals: &Totals<'_>) -> Result<Answer, Failure> {
    let highest = match order {
        Order::Fixed(order) => order,
        Order::CrossEntropy | Order::Bic => ORDER_TRIED_MAX,
    };
    let mut transitions =
        fold.parts(|part| Transitions::of_part(part, highest), |one, other| one.merge(other))?;
    let folded = transitions.encode();
    let mut details = json!({});
    if !matches!(order, Order::Fixed(_)) {
        let choice = OrderChoice::of(&transitions);
        let fits = choice.fits.iter().map(|fit| {
            json!({ "order": fit.order, "log_likelihood": fit.log_likelihood, "parameters": fit.parameters,
                    "bic": fit.bic, "cross_entropy": fit.cross_entropy })
        });
        details["orders"] = fits.collect();
        let best = if order == Order::Bic { choice.by_bic } else { choice.by_cross_entropy };
        transitions = transitions.lower(best);
    }
    if let Some(file) = &with.transitions {
        transitions::write(file, &transitions, with.loops, &with.paths.separator)?;
    }
    let model = Markov::solve(&transitions).map_err(|error| Failure::no("unsolved", error.to_string()))?;
    details["order"] = model.order().into();
    details["states"] = model.states().into();
    details["probability"] = model.probability().into();
    details["expected_value"] = model.expected_value().into();
    let mut answer = match with.spread {
        Spread::All => totals.markov(&model).named_by(&[folded]),
        Spread::Journey => {
            let credits = fold.credits(&model.rule(fold.journeys.channels()))?;
            totals.credits(&credits).named_by(&[folded, credits.encode()])
        }
    };
    let effects = model.removal_effects().iter().zip(model.removal_effects_of_value());
    for (line, (effect, of_value)) in answer.lines.iter_mut().zip(effects) {
        line.figures.removal_effect = Some(*effect);
        line.figures.removal_effect_of_value = Some(*of_value);
    }
    answer.details = details;
    Ok(answer)
}

/// A game whose worth is a rate, or scaled from one: what a channel earns may be below zero.
fn played(with: &Run, game: Game, coalitions: &Coalitions, totals: &Totals<'_>) -> Result<Answer, Failure> {
    let failed = |error: ShapleyError| Failure::no("unsolved", error.to_string());
    let mut bounds = None;
    let mut details = json!({});
    let [conversions, value] = match game {
        Game::CoverRate if coalitions.channels().len() > SHAPLEY_PLAYERS_MAX => {
            let sampled =
                cover_rate_game_sampled(coalitions, with.samples, CHANCE, with.seed).map_err(failed)?;
            details = json!({ "seed": sampled.seed, "pairs": sampled.pairs, "chance": sampled.chance });
            bounds = Some(sampled.bounds);
            [sampled.values, Vec::new()]
        }
        _ => {
            let play = |measure| match game {
                Game::CoverRate => cover_rate_game(coalitions, measure),
                Game::Rate => Ok(rate_game(coalitions, measure)),
                _ => Ok(journey_subgame(coalitions, measure)),
            };
            [play(Measure::Conversions).map_err(failed)?, play(Measure::Value).map_err(failed)?]
        }
    };
    let line = |(at, name): (usize, &str)| {
        let value = value.get(at).copied().unwrap_or(0.0);
        let bound = bounds.as_ref().map(|bounds| bounds[at]);
        let line = Line::of(name, Amount::Float(conversions[at]), Amount::Float(value));
        Line { figures: Figures { bound, ..Figures::default() }, ..line }
    };
    let names = coalitions.channels().iter().map(|(id, name)| (id.index(), name));
    let unattributed = (game == Game::Subgame).then(|| totals.without_touch());
    Ok(Answer { lines: names.map(line).collect(), unattributed, details, folded: String::new() })
}

/// Journeys that several threads fold.
struct Fold<'a> {
    journeys: &'a Journeys,
    threads: Option<std::num::NonZeroUsize>,
}

impl Fold<'_> {
    fn credits(&self, rule: &Rule) -> Result<Credits, Failure> {
        let rules = std::slice::from_ref(rule);
        let of_part = |part: &Part<'_>| Ok(Credits::of_part(part, rules)?.swap_remove(0));
        let merge =
            |one: &mut Result<Credits, RuleError>, other: &Result<Credits, RuleError>| match (one, other) {
                (Ok(one), Ok(other)) => one.merge(other),
                // A rule is at fault for all parts or for none.
                _ => Ok(()),
            };
        let credits = self.parts(of_part, merge)?;
        credits.map_err(|error: RuleError| Failure::misuse("bad_rule", error.to_string()))
    }

    /// Folds parts in threads and merges them in their order.
    fn parts<T: Send>(
        &self,
        of_part: impl Fn(&Part<'_>) -> T + Sync,
        merge: impl Fn(&mut T, &T) -> Result<(), MergeError>,
    ) -> Result<T, Failure> {
        let threads = self.threads.or_else(|| std::thread::available_parallelism().ok());
        let parts = self.journeys.parts(threads.map_or(1, std::num::NonZero::get));
        let (first, others) = parts.split_first().expect("at least one part");
        let (mut all, others) = std::thread::scope(|scope| {
            let of_part = &of_part;
            let running = others.iter().map(|part| scope.spawn(move || of_part(part))).collect::<Vec<_>>();
            let first = of_part(first);
            let others = running.into_iter().map(|thread| thread.join());
            (first, others.collect::<Vec<_>>())
        });
        for other in others {
            let other = other.map_err(|_| Failure::failed("bug", "a thread ended early"))?;
            merge(&mut all, &other).map_err(|error| Failure::misuse("malformed", error.to_string()))?;
        }
        Ok(all)
    }
}

/// What is shared out, and how finely.
pub(super) struct Totals<'a> {
    pub(super) read: &'a Grouped,
}

impl Totals<'_> {
    fn count(count: Count) -> Total {
        // Journeys keep the sum of their millionths within 64 bits.
        Total::fine(i64::try_from(count.millionths()).unwrap_or(i64::MAX), Count::DECIMALS)
    }

    fn value(&self, value: i64) -> Total {
        let scale = self.read.journeys.scale();
        if self.read.currency.is_some() { Total::money(value, scale) } else { Total::fine(value, scale) }
    }

    /// All that came in.
    fn all(&self) -> (Total, Total) {
        let totals = self.read.journeys.totals();
        (Totals::count(totals.conversions), self.value(totals.value))
    }

    fn answer(roster: &Roster, conversions: &Parted, value: &Parted) -> Answer {
        let line = |(at, name): (usize, &str)| Line::of(name, conversions.parts[at], value.parts[at]);
        let lines = roster.iter().map(|(id, name)| line((id.index(), name))).collect();
        let left = Line { channel: None, ..Line::of("", conversions.left, value.left) };
        Answer { lines, unattributed: Some(left), details: json!({}), folded: String::new() }
    }

    /// Conversions by credits, and values as they were credited order by order: whole minor units.
    pub(super) fn by_order(&self, credits: &Credits, minor: &[i64]) -> Answer {
        let conversions = self.conversions(credits);
        let value = Total::money(self.read.journeys.totals().value, self.read.journeys.scale()).parts(minor);
        Totals::answer(credits.channels(), &conversions, &value)
    }

    fn conversions(&self, credits: &Credits) -> Parted {
        let (conversions, _) = self.all();
        let counts = credits.conversions_with(conversions.decimals());
        // Finer than they are no sum of credits is where 64 bits do not hold it.
        counts.map_or_else(
            || Totals::exact(&credits.millionths(), self.read.journeys.totals().conversions),
            |counts| conversions.parts(&counts),
        )
    }

    fn credits(&self, credits: &Credits) -> Answer {
        let (_, value) = self.all();
        let values = credits.values_with(value.decimals());
        let conversions = self.conversions(credits);
        let value = values.map_or_else(|| self.whole(&credits.minor()), |values| value.parts(&values));
        Totals::answer(credits.channels(), &conversions, &value)
    }

    fn exact(millionths: &[i64], count: Count) -> Parted {
        let units = i64::try_from(count.millionths()).unwrap_or(i64::MAX);
        Total::exact(units, Count::DECIMALS).parts(millionths)
    }

    fn whole(&self, minor: &[i64]) -> Parted {
        let journeys = &self.read.journeys;
        Total::exact(journeys.totals().value, journeys.scale()).parts(minor)
    }

    fn markov(&self, model: &Markov) -> Answer {
        let channels = model.channels().len();
        let (conversions, value) = self.all();
        let total = model.total();
        let millionths = i64::try_from(total.conversions.millionths()).unwrap_or(i64::MAX);
        let shares = |measure| model.shares(measure).ok();
        let counts = shares(Measure::Conversions);
        let conversions = conversions.shares(millionths, Count::DECIMALS, counts.as_ref(), channels);
        let values = shares(Measure::Value);
        let value = value.shares(total.value, self.read.journeys.scale(), values.as_ref(), channels);
        Totals::answer(model.channels(), &conversions, &value)
    }

    fn ordered(&self, ordered: &Ordered) -> Answer {
        let line = |credit: &PlaceCredit| {
            let name = ordered.channels().name(credit.channel);
            let line = Line::of(name, Amount::Float(credit.conversions), Amount::Float(credit.value));
            Line { place: Some(credit.place), ..line }
        };
        let lines = ordered.credits().iter().map(line).collect();
        let unattributed = Some(self.without_touch());
        Answer { lines, unattributed, details: json!({}), folded: String::new() }
    }

    /// What came of the journeys without a touch.
    fn without_touch(&self) -> Line {
        let outcome = self.read.journeys.unattributed();
        let line = Line::of("", Totals::count(outcome.conversions).all(), self.value(outcome.value).all());
        Line { channel: None, ..line }
    }
}

impl Line {
    fn of(channel: &str, conversions: Amount, value: Amount) -> Line {
        let channel = Some(channel.to_owned());
        Line { channel, place: None, conversions, value, figures: Figures::default() }
    }
}
