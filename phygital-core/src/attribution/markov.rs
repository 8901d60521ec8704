//! Markov attribution in closed form: what share of the conversions is lost when a channel is taken out.

use std::collections::BTreeMap;

use thiserror::Error;

use super::channels::{ChannelId, Channels, Roster};
use super::outcome::Outcome;
use super::rule::Rule;
use super::shapley::Measure;
use super::shares::{Credit, Shares, SharesError};
use super::solve::{Chain, Solved};
use super::transitions::{Gram, Transitions, is_loop};
use crate::vocab::limits::MARKOV_STATES_MAX;

/// A solved Markov model: removal effects, and the two ways in which credit is spread by them.
///
/// The removal effect of a channel is 1 - P'/P, where P is the probability that a journey converts, and P' the same when
/// every state with the channel leads nowhere (Anderl, Becker, von Wangenheim and Schumann 2016). It is solved, not
/// simulated: no seed, no noise. With journeys that did not convert, P is conversions by journeys at every order.
///
/// - **A, of all** ([`Markov::conversions`], [`Markov::values`]): all conversions in proportion to the removal effects.
/// - **B, by journey** ([`Markov::rule`]): the conversions of each path among its own touches, in proportion to the removal
///   effects of their channels. This one explains an order; its totals are others.
///
/// ```
/// use phygital_core::attribution::{Journeys, Markov, Outcome, Transitions};
/// let mut journeys = Journeys::new(2);
/// let (one, other) = (journeys.path(["ga"])?, journeys.path(["mail"])?);
/// journeys.push(&one, Outcome::conversion(0))?;
/// journeys.push(&one, Outcome::conversion(0))?;
/// journeys.push(&one, Outcome::nothing())?;
/// journeys.push(&other, Outcome::conversion(0))?;
/// journeys.push(&[one, other].concat(), Outcome::conversion(0))?;
/// let model = Markov::solve(&Transitions::of(&journeys, 1))?;
/// assert!((model.probability() - 0.8).abs() < 1e-15);
/// assert!((model.removal_effects()[0] - 0.75).abs() < 1e-15); // ga
/// assert!((model.conversions()[0] - 2.4).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Markov {
    roster: Roster,
    scale: u8,
    order: u8,
    states: usize,
    probability: f64,
    expected: f64,
    removal: Vec<f64>,
    removal_of_value: Vec<f64>,
    total: Outcome,
    unattributed: Outcome,
}

/// Why a model was not solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MarkovError {
    /// More states than [`MARKOV_STATES_MAX`].
    #[error("{0} states, more than {MARKOV_STATES_MAX}: take a lower order or group the channels")]
    States(usize),
    /// The chain hardly ever ends: the iteration did not come to rest.
    #[error("the chain hardly ever ends: its probabilities did not come to rest")]
    NoRest,
}

/// Removal effects as integers: 2^62 is one.
const EFFECT_ONE: f64 = (1_u64 << 62) as f64;

impl Markov {
    /// Solves the model of these transitions.
    ///
    /// # Errors
    /// [`MarkovError`] for too many states, and for a chain that hardly ever ends.
    pub fn solve(transitions: &Transitions) -> Result<Markov, MarkovError> {
        let states = states(transitions);
        if states.len() > MARKOV_STATES_MAX {
            return Err(MarkovError::States(states.len()));
        }
        let Solved { all, removal } = chain(transitions, &states).solve().ok_or(MarkovError::NoRest)?;
        // Rounding may leave an effect a little outside.
        let effect = |effect: f64| effect.clamp(0.0, 1.0);
        Ok(Markov {
            roster: transitions.channels().clone(),
            scale: transitions.scale(),
            order: transitions.order(),
            states: states.len() + 1,
            probability: all.0,
            expected: all.1 / power(transitions.scale()),
            removal: removal.iter().map(|removal| effect(removal.0)).collect(),
            removal_of_value: removal.iter().map(|removal| removal.1).collect(),
            total: transitions.total(),
            unattributed: transitions.unattributed(),
        })
    }

    /// The channels, in the order of their names, which is the order of all lists here.
    pub fn channels(&self) -> &Roster {
        &self.roster
    }

    /// How many channels a state has.
    pub fn order(&self) -> u8 {
        self.order
    }

    /// How many states there are, with the start and without the ends.
    pub fn states(&self) -> usize {
        self.states
    }

    /// The probability that a journey converts.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// The expected value of a journey, in whole currency units.
    pub fn expected_value(&self) -> f64 {
        self.expected
    }

    /// The share of conversions that is lost without each channel: 0 to 1.
    pub fn removal_effects(&self) -> &[f64] {
        &self.removal
    }

    /// The share of the value that is lost without each channel. Where orders of negative value are among them it may lie
    /// outside 0 to 1.
    pub fn removal_effects_of_value(&self) -> &[f64] {
        &self.removal_of_value
    }

    /// Spread A of the conversions. All 0 where no channel has an effect: they are unattributed then.
    pub fn conversions(&self) -> Vec<f64> {
        spread(self.total.conversions.to_f64(), &self.removal)
    }

    /// Spread A of the value, in whole currency units, by the removal effects of the value.
    pub fn values(&self) -> Vec<f64> {
        spread(self.total.value as f64 / power(self.scale), &self.removal_of_value)
    }

    /// Spread A of the value in units of the scale, which sum to it exactly.
    ///
    /// # Errors
    /// [`SharesError::Nothing`] where no channel has an effect on the value.
    pub fn minor(&self) -> Result<Credit, SharesError> {
        Ok(self.shares(Measure::Value)?.split(self.total.value))
    }

    /// Spread A as shares of the channels in parts of 2^-62, an effect below zero taken as none: they split a total in units
    /// of any size.
    ///
    /// # Errors
    /// [`SharesError::Nothing`] where no channel has an effect.
    pub fn shares(&self, measure: Measure) -> Result<Shares, SharesError> {
        Shares::new(parts(match measure {
            Measure::Conversions => &self.removal,
            Measure::Value => &self.removal_of_value,
        }))
    }

    /// Spread B: the rule that gives each touch of a path what the removal effect of its channel weighs beside the others,
    /// in parts of 2^-62, for channels numbered as in `channels`.
    pub fn rule(&self, channels: &Channels) -> Rule {
        let parts = parts(&self.removal);
        let part = |name| self.roster.id(name).map_or(0, |id| parts[id.index()]);
        Rule::ByChannel(channels.iter().map(|(_, name)| part(name)).collect())
    }

    /// The journeys with touches, which were modelled.
    pub fn total(&self) -> Outcome {
        self.total
    }

    /// The journeys without a touch.
    pub fn unattributed(&self) -> Outcome {
        self.unattributed
    }
}

fn power(scale: u8) -> f64 {
    10_f64.powi(i32::from(scale))
}

fn spread(total: f64, effects: &[f64]) -> Vec<f64> {
    let sum = effects.iter().sum::<f64>();
    effects.iter().map(|effect| if sum > 0.0 { total * effect / sum } else { 0.0 }).collect()
}

fn parts(effects: &[f64]) -> Vec<u64> {
    effects.iter().map(|effect| libm::round(effect.clamp(0.0, 1.0) * EFFECT_ONE) as u64).collect()
}

/// The states in their order, each with its number.
fn states(transitions: &Transitions) -> BTreeMap<&[ChannelId], usize> {
    let mut states = BTreeMap::new();
    let ends = transitions.starts.keys().chain(transitions.ends.keys()).map(|gram: &Gram| &gram[..]);
    let steps = transitions.steps.keys().flat_map(|step| [&step[..step.len() - 1], &step[1..]]);
    for state in ends.chain(steps) {
        states.insert(state, 0);
    }
    for (number, at) in states.values_mut().enumerate() {
        *at = number;
    }
    states
}

fn chain(transitions: &Transitions, states: &BTreeMap<&[ChannelId], usize>) -> Chain {
    let steps = || transitions.steps.iter().filter(|(step, _)| !is_loop(step));
    let ends = |step: &[ChannelId]| (states[&step[..step.len() - 1]], states[&step[1..]]);
    let mut leaving = vec![0_u64; states.len()];
    let mut offsets = vec![0; states.len() + 1];
    for (step, mass) in steps() {
        let (from, to) = ends(step);
        leaving[from] += mass;
        offsets[to + 1] += 1;
    }
    let mut convert = vec![0.0; states.len()];
    let mut worth = vec![0.0; states.len()];
    for (state, end) in &transitions.ends {
        leaving[states[&state[..]]] += end.mass().expect("less than the total");
    }
    for (state, end) in &transitions.ends {
        let at = states[&state[..]];
        convert[at] = end.conversions.millionths() as f64 / leaving[at] as f64;
        // The value of a conversion is that of one journey, whose mass is a million millionths.
        worth[at] = end.value as f64 * 1e6 / leaving[at] as f64;
    }
    for at in 0..states.len() {
        offsets[at + 1] += offsets[at];
    }
    let mut into = vec![(0, 0.0); offsets[states.len()]];
    let mut next = offsets.clone();
    for (step, mass) in steps() {
        let (from, to) = ends(step);
        into[next[to]] = (from, *mass as f64 / leaving[from] as f64);
        next[to] += 1;
    }
    let all = transitions.starts.values().sum::<u64>() as f64;
    let mut start = vec![0.0; states.len()];
    for (state, mass) in &transitions.starts {
        start[states[&state[..]]] = *mass as f64 / all;
    }
    let holds = |state: &&[ChannelId]| {
        let mut channels = state.iter().map(|id| id.index()).collect::<Vec<_>>();
        channels.sort_unstable();
        channels.dedup();
        channels
    };
    Chain {
        start,
        offsets,
        into,
        convert,
        worth,
        holds: states.keys().map(holds).collect(),
        channels: transitions.channels().len(),
    }
}
