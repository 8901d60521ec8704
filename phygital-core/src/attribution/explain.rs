//! One order explained: touches in, touches out, weights as fractions, cents, and the run that they are of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ring::digest::{Context, SHA256};

use super::channels::{ChannelId, Channels, Roster};
use super::rule::{Path, Rule, RuleError};
use super::shares::{Credit, Shares};
use crate::journey::{Journey, OpenJourney, Settings};
use crate::vocab::{Currency, Digest, Money, OrderId};

/// The version of the rules: part of every run's id. A change to what a rule gives counts it up.
pub const RULES_VERSION: u32 = 1;

/// A rule made ready for orders: under which name, with which weights, of which input.
///
/// Equal settings, rule and input have one id, on every machine.
///
/// ```
/// use phygital_core::attribution::{Channels, ModelRun, Rule, digest_of};
/// use phygital_core::journey::{Journey, Milestones, Order, Settings, Standing, Touch, TouchKind};
/// use phygital_core::vocab::{EventKey, Money, OrderId, Timestamp};
/// let at = |text| Timestamp::parse(text);
/// let touch = |n, channel| Ok((
///     Touch::new(at("2026-11-20T12:00:00Z")?, EventKey::from_bytes([n; 16]), TouchKind::Web, channel),
///     Standing::CLEAR,
/// ));
/// let touches = ["ad", "email", "ad"].into_iter().zip(1..).map(|(channel, n)| touch(n, channel));
/// let touches = touches.collect::<Result<Vec<_>, phygital_core::vocab::TimeError>>()?;
/// let order = Order::new(OrderId::new("o-1")?, at("2026-11-21T12:00:00Z")?, Money::parse("1.00", "EUR")?);
/// let settings = Settings::default().with_dedupe(None);
/// let journey = Journey::of(order, touches, &Milestones::default(), &settings);
/// let input = digest_of([&journey], []);
/// let run = ModelRun::new("linear", Rule::Linear, Channels::new(), &settings, input);
/// let explained = run.explain(journey)?;
/// assert_eq!(explained.fraction(1), (1, 3));
/// assert_eq!(explained.credits(), [34, 33, 33]);
/// assert_eq!(explained.by_channel()["ad"], 67);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRun {
    name: Box<str>,
    rule: Rule,
    rule_text: String,
    channels: Channels,
    settings: Digest,
    input: Digest,
    id: Digest,
}

impl ModelRun {
    /// A run of a rule under a name such as `linear` or `markov:2`, for channels numbered as in `channels`, on the input of
    /// that [digest](digest_of).
    pub fn new(name: &str, rule: Rule, channels: Channels, settings: &Settings, input: Digest) -> ModelRun {
        let rule_text = text(&rule, &channels);
        let settings = settings.digest();
        let mut hash = Context::new(&SHA256);
        hash.update(format!("phygital.attribution.run.{RULES_VERSION}\n{name}\n{rule_text}\n").as_bytes());
        hash.update(settings.as_bytes());
        hash.update(input.as_bytes());
        ModelRun { name: name.into(), rule, rule_text, channels, settings, input, id: finish(hash) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What tells it from every other run: a digest of name, rule with its weights, settings and input.
    pub fn id(&self) -> Digest {
        self.id
    }

    /// The digest of the settings by which touches count.
    pub fn settings(&self) -> Digest {
        self.settings
    }

    /// The digest of the journeys that the run is of.
    pub fn input(&self) -> Digest {
        self.input
    }

    /// The rule in words, with all its numbers: for models with weights of channels, each channel and its weight.
    pub fn rule(&self) -> &str {
        &self.rule_text
    }

    /// The weight of each channel, by name, where the rule is one of weights; in parts of any unit.
    pub fn weights(&self) -> Option<Vec<(&str, u64)>> {
        let Rule::ByChannel(weights) = &self.rule else { return None };
        let weight = |(id, name): (ChannelId, _)| (name, weights.get(id.index()).copied().unwrap_or(0));
        let mut named = self.channels.iter().map(weight).collect::<Vec<_>>();
        named.sort_unstable();
        Some(named)
    }

    /// The credits of one order, with all that they rest on. Where no touch earns anything, it is unattributed.
    ///
    /// # Errors
    /// [`RuleError::Setting`] for a rule with a setting at fault.
    pub fn explain(&self, journey: Journey) -> Result<Explained, RuleError> {
        let path = self.path(&journey);
        let ages = journey.ages();
        let path = Path::new(&path).aged(&ages).with_milestones(journey.lead, journey.opportunity);
        let shares = match self.rule.shares(&path) {
            Ok(shares) => Some(shares),
            Err(RuleError::Shares(_)) => None,
            Err(error) => return Err(error),
        };
        let net = journey.order.net();
        let credit = shares.as_ref().map(|shares| shares.split(net.map_or(0, |net| net.minor())));
        Ok(Explained { journey, net, shares, credit })
    }

    /// The channels of a journey in the run's ids; those that it does not know are told apart, and have ids past its own.
    fn path(&self, journey: &Journey) -> Vec<ChannelId> {
        let mut others: Vec<&str> = Vec::new();
        let id = |name| {
            self.channels.id(name).unwrap_or_else(|| {
                let at = others.iter().position(|other| *other == name).unwrap_or_else(|| {
                    others.push(name);
                    others.len() - 1
                });
                // Ids end where channels do: past the last, unknown ones are one channel.
                super::channels::id_at(self.channels.len() + at).unwrap_or(ChannelId(u16::MAX))
            })
        };
        journey.channels().map(id).collect()
    }
}

/// An order with its credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    journey: Journey,
    net: Option<Money>,
    shares: Option<Shares>,
    credit: Option<Credit>,
}

impl Explained {
    /// The order, its touches, and those that do not count with their reasons.
    pub fn journey(&self) -> &Journey {
        &self.journey
    }

    /// What the order is worth after refunds; none where no value is known.
    pub fn net(&self) -> Option<Money> {
        self.net
    }

    /// The weights of the touches; none where the order is unattributed.
    pub fn shares(&self) -> Option<&Shares> {
        self.shares.as_ref()
    }

    /// The weight of a touch as a fraction in lowest terms; 0/1 where the order is unattributed.
    pub fn fraction(&self, touch: usize) -> (u128, u128) {
        let part =
            |shares: &Shares| shares.parts().get(touch).map(|part| (u128::from(*part), shares.total()));
        let (part, total) = self.shares.as_ref().and_then(part).unwrap_or((0, 1));
        let (mut one, mut other) = (part, total);
        while other > 0 {
            (one, other) = (other, one % other);
        }
        (part / one, total / one)
    }

    /// The credit of each touch in minor units: their sum is the net value. Empty where the order is unattributed.
    pub fn credits(&self) -> &[i64] {
        self.credit.as_ref().map_or(&[], Credit::credits)
    }

    /// The credit of each channel in minor units.
    pub fn by_channel(&self) -> BTreeMap<&str, i64> {
        let mut sums = BTreeMap::new();
        for (channel, credit) in self.journey.channels().zip(self.credits()) {
            *sums.entry(channel).or_default() += credit;
        }
        sums
    }

    /// What no channel earns, in minor units: the net value of an order without a touch that counts.
    pub fn unattributed(&self) -> i64 {
        let net = self.net.map_or(0, |net| net.minor());
        if self.credit.is_some() { 0 } else { net }
    }
}

/// The orders of a run with their credits, and their sums. There is no way to make one whose credits and unattributed
/// value do not sum to its net value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributed {
    run: ModelRun,
    orders: Vec<Explained>,
    sums: BTreeMap<Currency, Sums>,
}

/// What orders of one currency came to, in its minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sums {
    /// How many orders there are.
    pub orders: u64,
    /// How many of them have no touch that earns anything.
    pub unattributed_orders: u64,
    /// Their net value.
    pub net: i128,
    /// What each channel earned.
    pub by_channel: BTreeMap<Box<str>, i128>,
    /// What none did.
    pub unattributed: i128,
}

impl Sums {
    /// Adds an order's credits.
    pub(super) fn add<'c>(&mut self, net: i64, credits: Option<impl Iterator<Item = (&'c str, i64)>>) {
        self.orders += 1;
        self.net += i128::from(net);
        match credits {
            None => {
                self.unattributed_orders += 1;
                self.unattributed += i128::from(net);
            }
            Some(credits) => {
                for (channel, minor) in credits {
                    *self.by_channel.entry(channel.into()).or_default() += i128::from(minor);
                }
            }
        }
    }

    /// Whether the credits and what is unattributed sum to the net value.
    pub(super) fn is_conserved(&self) -> bool {
        self.by_channel.values().sum::<i128>() + self.unattributed == self.net
    }
}

/// Why orders were not credited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributedFault {
    /// A setting of the rule is at fault.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// Two journeys of one order: it would be credited twice.
    #[error("order {0} comes twice")]
    Twice(OrderId),
}

impl Attributed {
    /// The credits of orders by a run.
    ///
    /// # Errors
    /// [`AttributedFault`]; orders are told apart by their ids.
    pub fn of(
        run: ModelRun,
        journeys: impl IntoIterator<Item = Journey>,
    ) -> Result<Attributed, AttributedFault> {
        let orders =
            journeys.into_iter().map(|journey| run.explain(journey)).collect::<Result<Vec<_>, _>>()?;
        let mut ids = BTreeSet::new();
        if let Some(order) = orders.iter().find(|order| !ids.insert(&order.journey.order.id)) {
            return Err(AttributedFault::Twice(order.journey.order.id.clone()));
        }
        let mut sums = BTreeMap::<Currency, Sums>::new();
        for order in &orders {
            let Some(net) = order.net else { continue };
            let credits = order.credit.as_ref();
            let credits =
                credits.map(|credit| order.journey.channels().zip(credit.credits().iter().copied()));
            sums.entry(net.currency()).or_default().add(net.minor(), credits);
        }
        assert!(sums.values().all(Sums::is_conserved), "each order's credits sum to its net value");
        Ok(Attributed { run, orders, sums })
    }

    /// The run.
    pub fn run(&self) -> &ModelRun {
        &self.run
    }

    /// The orders, as they were given.
    pub fn orders(&self) -> &[Explained] {
        &self.orders
    }

    /// The sums of each currency; amounts of two currencies are never added. Orders without a value are in none.
    pub fn sums(&self) -> &BTreeMap<Currency, Sums> {
        &self.sums
    }
}

/// The rule that spreads each order by what its touches' channels weigh in a model of all: `values` of the channels of
/// `roster`, such as Shapley values, for channels numbered as in `channels`. Weights are kept to 2^-62 of the largest; one
/// below zero weighs nothing.
pub fn weights_of(channels: &Channels, roster: &Roster, values: &[f64]) -> Rule {
    let largest = values.iter().copied().fold(0.0, f64::max);
    let part = |name: &str| {
        let value = roster.id(name).and_then(|id| values.get(id.index())).copied().unwrap_or(0.0);
        let share =
            if largest > 0.0 && largest.is_finite() { (value / largest).clamp(0.0, 1.0) } else { 0.0 };
        libm::round(share * (1_u64 << 62) as f64) as u64
    };
    Rule::ByChannel(channels.iter().map(|(_, name)| part(name)).collect())
}

/// The digest of journeys as an input: the same in whatever order they come.
pub fn digest_of<'j>(
    journeys: impl IntoIterator<Item = &'j Journey>,
    open: impl IntoIterator<Item = &'j OpenJourney>,
) -> Digest {
    let mut all = journeys.into_iter().map(of_journey).collect::<Vec<_>>();
    all.extend(open.into_iter().map(|open| {
        let mut hash = Context::new(&SHA256);
        hash.update(b"open\n");
        touches(&mut hash, &open.touches);
        finish(hash)
    }));
    all.sort_unstable();
    let mut hash = Context::new(&SHA256);
    hash.update(b"phygital.attribution.input.1\n");
    all.iter().for_each(|one| hash.update(one.as_bytes()));
    finish(hash)
}

fn of_journey(journey: &Journey) -> Digest {
    let order = &journey.order;
    let mut hash = Context::new(&SHA256);
    hash.update(b"order\n");
    texts(&mut hash, &[order.id.as_str(), order.place.as_ref().map_or("", |place| place.as_str())]);
    let value = order.value.map_or_else(|| "none".to_owned(), |value| value.to_string());
    texts(&mut hash, &[&value]);
    hash.update(&order.at.as_micros().to_be_bytes());
    hash.update(&order.refunded_minor.to_be_bytes());
    hash.update(&[u8::from(order.cancelled)]);
    for milestone in [journey.lead, journey.opportunity] {
        hash.update(&milestone.map_or(u64::MAX, |at| at as u64).to_be_bytes());
    }
    touches(&mut hash, &journey.touches);
    finish(hash)
}

fn touches(hash: &mut Context, touches: &[crate::journey::Touch]) {
    for touch in touches {
        hash.update(&touch.at.as_micros().to_be_bytes());
        hash.update(touch.id.as_bytes());
        texts(hash, &[touch.kind.name(), &touch.channel, &touch.source]);
    }
}

/// Texts with their lengths, so that no two lists run together.
fn texts(hash: &mut Context, texts: &[&str]) {
    for text in texts {
        hash.update(&(text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
}

fn finish(hash: Context) -> Digest {
    Digest::from_bytes(hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// A rule in words, with all its numbers.
fn text(rule: &Rule, channels: &Channels) -> String {
    match rule {
        Rule::First => "first".to_owned(),
        Rule::Last => "last".to_owned(),
        Rule::LastNonDirect(direct) => format!("last but {}", quoted(channels.name(*direct))),
        Rule::Linear => "linear".to_owned(),
        Rule::LinearPerChannel => "linear per channel".to_owned(),
        Rule::TimeDecay { half_life } => format!("time decay, half-life {half_life} ms"),
        Rule::RankDecay { numerator, denominator } => format!("rank decay {numerator}/{denominator}"),
        Rule::Places(places) => {
            format!("places {:?}, {:?} from the end, rest {}", places.head, places.tail, places.rest)
        }
        Rule::WShaped(milestones) => format!("W: {} each, rest {}", milestones.each, milestones.rest),
        Rule::ZShaped(milestones) => format!("Z: {} each, rest {}", milestones.each, milestones.rest),
        Rule::ByChannel(weights) => {
            let mut named = channels.iter().collect::<Vec<_>>();
            named.sort_unstable_by_key(|(_, name)| *name);
            let mut text = "by channel".to_owned();
            for (id, name) in named {
                let weight = weights.get(id.index()).copied().unwrap_or(0);
                write!(text, " {}={weight}", quoted(name)).expect("a string takes all");
            }
            text
        }
    }
}

/// As JSON quotes it: the same with every version of the language.
fn quoted(name: &str) -> String {
    serde_json::to_string(name).expect("a text has a JSON form")
}
