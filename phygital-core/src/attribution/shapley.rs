//! Shapley values: what a channel adds, on average over all orders in which the channels could come together.
//!
//! The formula is one, the games are many, and they give different answers; each is named here and says what a coalition is
//! worth. Efficiency holds for all: the values sum to what all channels together are worth.

use thiserror::Error;

use super::channels::ChannelId;
use super::coalitions::Coalitions;
use super::outcome::{Count, Outcome};
use crate::vocab::limits::SHAPLEY_PLAYERS_MAX;

/// What of the journeys a game is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "journeys have counts and values")]
pub enum Measure {
    /// Conversions.
    Conversions,
    /// Value, in whole currency units.
    Value,
}

/// Why a game was not solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapleyError {
    /// More players than [`SHAPLEY_PLAYERS_MAX`].
    #[error("{0} players, more than {SHAPLEY_PLAYERS_MAX}: sample the game, or group the channels")]
    Players(usize),
    /// A number of samples or a chance outside its range.
    #[error("samples have to be at least 2, the chance of error between 0 and 1")]
    Setting,
}

/// The Shapley values of any game: `value` says what a coalition is worth, given as a mask with the bit of each of the
/// `players`. The empty one is asked too.
///
/// ```
/// use phygital_core::attribution::shapley;
/// // Player 0 has a left glove, 1 and 2 have right ones; a pair is worth 1.
/// let worth = |mask: u32| f64::from(mask & 1 == 1 && mask > 1);
/// let values = shapley(3, worth)?;
/// assert!((values[0] - 2.0 / 3.0).abs() < 1e-15 && (values[1] - 1.0 / 6.0).abs() < 1e-15);
/// # Ok::<(), phygital_core::attribution::ShapleyError>(())
/// ```
///
/// # Errors
/// [`ShapleyError::Players`] for more than [`SHAPLEY_PLAYERS_MAX`].
pub fn shapley(players: usize, value: impl FnMut(u32) -> f64) -> Result<Vec<f64>, ShapleyError> {
    if players > SHAPLEY_PLAYERS_MAX {
        return Err(ShapleyError::Players(players));
    }
    Ok(of_table(players, (0..1_u32 << players).map(value).collect()))
}

/// The sum game: a coalition is worth all conversions of journeys that touched none but its channels. Its Shapley value
/// shares each journey equally among its channels (Zhao, Mahboobi and Bagheri 2018), so any number of channels is exact.
/// As [`Rule::LinearPerChannel`](super::Rule::LinearPerChannel).
pub fn sum_game(coalitions: &Coalitions, measure: Measure) -> Vec<f64> {
    let channels = coalitions.channels().len();
    let largest = coalitions.sets.keys().map(|set| set.len()).max().unwrap_or(0);
    // Exact sums by the size of the set, each divided once.
    let mut sums = vec![0_i128; channels * (largest + 1)];
    for (set, outcome) in &coalitions.sets {
        for id in set {
            sums[id.index() * (largest + 1) + set.len()] += amount(outcome, measure);
        }
    }
    let share = |(size, sum): (usize, &i128)| *sum as f64 / size.max(1) as f64;
    let value = |sums: &[i128]| sums.iter().enumerate().map(share).sum::<f64>() / unit(coalitions, measure);
    sums.chunks_exact(largest + 1).map(value).collect()
}

/// The rate game: a coalition is worth the conversion rate (or the value a journey) of journeys with exactly its channels,
/// and nothing where there are none. It does not grow with the coalition, so values may be negative. Only coalitions that
/// were seen are worth anything, so any number of channels is exact.
pub fn rate_game(coalitions: &Coalitions, measure: Measure) -> Vec<f64> {
    let players = coalitions.channels().len();
    let rates = coalitions.sets.iter().map(|(set, outcome)| (&**set, rate(outcome, measure)));
    let values = by_seen(players, rates, |id| id.index());
    values.into_iter().map(|value| value / unit_of_rate(coalitions, measure)).collect()
}

/// The cover-rate game: a coalition is worth the conversion rate (or the value a journey) of all journeys that touched none
/// but its channels.
///
/// # Errors
/// [`ShapleyError::Players`] for more than [`SHAPLEY_PLAYERS_MAX`] channels; [`cover_rate_game_sampled`] takes any number.
pub fn cover_rate_game(coalitions: &Coalitions, measure: Measure) -> Result<Vec<f64>, ShapleyError> {
    let players = coalitions.channels().len();
    if players > SHAPLEY_PLAYERS_MAX {
        return Err(ShapleyError::Players(players));
    }
    // Floating numbers are exact here up to 2^53 cents or millionths.
    let mut amounts = vec![0.0; 1 << players];
    let mut masses = vec![0_u64; 1 << players];
    for (set, outcome) in &coalitions.sets {
        let mask = set.iter().fold(0, |mask, id| mask | 1_usize << id.index());
        amounts[mask] = amount(outcome, measure) as f64;
        masses[mask] = outcome.mass().expect("less than the total");
    }
    add_subsets(&mut amounts, players);
    add_subsets(&mut masses, players);
    let worth = amounts.iter().zip(&masses).map(|(amount, mass)| ratio(*amount, *mass as f64));
    let worth = worth.collect::<Vec<_>>();
    drop((amounts, masses));
    let values = of_table(players, worth).into_iter();
    Ok(values.map(|value| value / unit_of_rate(coalitions, measure)).collect())
}

/// The journey subgame: for each set of channels that converted, the rate game among its own channels alone, scaled to the
/// conversions (or the value) of its journeys. What `marketing-attribution-models` does, without its cut to four channels.
/// Where such a game is worth nothing it shares out nothing.
pub fn journey_subgame(coalitions: &Coalitions, measure: Measure) -> Vec<f64> {
    let words = coalitions.channels().len().div_ceil(64);
    let bits = |set: &[ChannelId]| {
        let mut bits = vec![0_u64; words];
        for id in set {
            bits[id.index() / 64] |= 1 << (id.index() % 64);
        }
        bits
    };
    let rated = coalitions.sets.iter().map(|(set, outcome)| (&**set, bits(set), rate(outcome, measure)));
    let rated = rated.filter(|(_, _, rate)| *rate != 0.0).collect::<Vec<_>>();
    let mut values = vec![0.0; coalitions.channels().len()];
    for (set, own, _) in &rated {
        let inside = |other: &[u64]| other.iter().zip(own).all(|(other, own)| other & !own == 0);
        let subsets = rated.iter().filter(|(other, bits, _)| other.len() <= set.len() && inside(bits));
        let place = |id: ChannelId| set.binary_search(&id).expect("a subset's channels");
        let game = by_seen(set.len(), subsets.map(|(other, _, rate)| (*other, *rate)), place);
        let sum = game.iter().sum::<f64>();
        let total = amount(&coalitions.sets[*set], measure) as f64;
        for (id, value) in set.iter().zip(game) {
            values[id.index()] += ratio(value * total, sum);
        }
    }
    values.into_iter().map(|value| value / unit(coalitions, measure)).collect()
}

/// Sampled Shapley values, and how far off they can be.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sampled {
    /// One for each channel, in the order of their names.
    pub values: Vec<f64>,
    /// But for [`Sampled::chance`], every value is within its bound of the exact one: the lesser of Hoeffding's bound and
    /// the empirical one of Bernstein (Maurer and Pontil 2009), over all channels together.
    pub bounds: Vec<f64>,
    /// The chance that a bound does not hold.
    pub chance: f64,
    /// How many orders of the channels were drawn; each was taken backwards too.
    pub pairs: u32,
    /// What they were drawn from: the same seed gives the same values.
    pub seed: u64,
}

/// The cover-rate game of conversions, from orders of the channels that are drawn: for more channels than can be solved.
/// Each order is taken forwards and backwards, which cancels much of the chance.
///
/// # Errors
/// [`ShapleyError::Setting`] for less than two pairs, or a chance of error that is not between 0 and 1.
pub fn cover_rate_game_sampled(
    coalitions: &Coalitions,
    pairs: u32,
    chance: f64,
    seed: u64,
) -> Result<Sampled, ShapleyError> {
    if pairs < 2 || !(chance > 0.0 && chance < 1.0) {
        return Err(ShapleyError::Setting);
    }
    let players = coalitions.channels().len();
    let mut order = (0..players).collect::<Vec<_>>();
    let mut random = SplitMix(seed);
    let (mut sums, mut squares) = (vec![0.0; players], vec![0.0; players]);
    let mut game = Prefixes::new(coalitions);
    let mut marginals = vec![0.0; players];
    for _ in 0..pairs {
        for at in (1..players).rev() {
            order.swap(at, random.below(at as u64 + 1) as usize);
        }
        marginals.fill(0.0);
        game.add_marginals(&order, &mut marginals);
        order.reverse();
        game.add_marginals(&order, &mut marginals);
        for (player, marginal) in marginals.iter().enumerate() {
            let mean = marginal / 2.0;
            sums[player] += mean;
            squares[player] += mean * mean;
        }
    }
    let n = f64::from(pairs);
    // A rate lies in 0 to 1, so a marginal, and the mean of two, in a range of 2.
    let range = 2.0;
    let tail = libm::log(2.0 * players.max(1) as f64 / chance);
    let hoeffding = range * (tail / (2.0 * n)).sqrt();
    // Each of the two sides of Bernstein's bound has half of the chance.
    let tail = tail + core::f64::consts::LN_2;
    let bound = |(sum, square): (&f64, &f64)| {
        let variance = ((square - sum * sum / n) / (n - 1.0)).max(0.0);
        (2.0 * variance * tail / n).sqrt() + 7.0 * range * tail / (3.0 * (n - 1.0))
    };
    let bounds = sums.iter().zip(&squares).map(bound).map(|bernstein| bernstein.min(hoeffding)).collect();
    Ok(Sampled { values: sums.into_iter().map(|sum| sum / n).collect(), bounds, chance, pairs, seed })
}

/// The worth of the beginnings of an order of the channels.
struct Prefixes<'a> {
    sets: Vec<(&'a [ChannelId], u64, u64)>,
    places: Vec<usize>,
    conversions: Vec<u64>,
    masses: Vec<u64>,
}

impl<'a> Prefixes<'a> {
    fn new(coalitions: &'a Coalitions) -> Prefixes<'a> {
        let players = coalitions.channels().len();
        let sets = coalitions.sets.iter().map(|(set, outcome)| {
            (&**set, outcome.conversions.millionths(), outcome.mass().expect("less than the total"))
        });
        Prefixes {
            sets: sets.collect(),
            places: vec![0; players],
            conversions: vec![0; players],
            masses: vec![0; players],
        }
    }

    fn add_marginals(&mut self, order: &[usize], marginals: &mut [f64]) {
        for (place, player) in order.iter().enumerate() {
            self.places[*player] = place;
        }
        self.conversions.fill(0);
        self.masses.fill(0);
        for (set, conversions, mass) in &self.sets {
            let last = set.iter().map(|id| self.places[id.index()]).max().unwrap_or(0);
            self.conversions[last] += conversions;
            self.masses[last] += mass;
        }
        let (mut conversions, mut mass, mut before) = (0, 0, 0.0);
        for (place, player) in order.iter().enumerate() {
            conversions += self.conversions[place];
            mass += self.masses[place];
            let now = ratio(conversions as f64, mass as f64);
            marginals[*player] += now - before;
            before = now;
        }
    }
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit, each as likely: draws above the last multiple of the limit are drawn again.
    fn below(&mut self, limit: u64) -> u64 {
        let unfair = (u64::MAX % limit + 1) % limit;
        loop {
            let draw = self.next();
            if draw <= u64::MAX - unfair {
                return draw % limit;
            }
        }
    }
}

/// Adds to each coalition those within it, one player after the other (Yates 1937).
fn add_subsets<T: Copy + std::ops::AddAssign>(sums: &mut [T], players: usize) {
    for player in 0..players {
        for pair in sums.chunks_exact_mut(2 << player) {
            let (without, with) = pair.split_at_mut(1 << player);
            for (with, without) in with.iter_mut().zip(without) {
                *with += *without;
            }
        }
    }
}

/// The formula over all coalitions, with each taken once: its worth counts `1 / (s choose(n, s))` for its `s` members and
/// `-1 / ((n - s) choose(n, s))` for the others. The sums of the coalitions with a player are the upper halves of the table;
/// added to the lower ones they leave a table without that player.
fn of_table(players: usize, worth: Vec<f64>) -> Vec<f64> {
    let share = |size: usize| if size == 0 { 0.0 } else { 1.0 / (size as f64 * choose(players, size)) };
    let weights = (0..=players).map(|size| (share(size), share(players - size))).collect::<Vec<_>>();
    let mut table = worth;
    let weigh = |(mask, worth): (usize, &mut f64)| {
        let (member, other) = weights[mask.count_ones() as usize];
        let outside = *worth * other;
        *worth *= member + other;
        outside
    };
    let outside = table.iter_mut().enumerate().map(weigh);
    let outside = pairwise_sum(outside, 1 << players);
    let mut values = vec![0.0; players];
    for player in (0..players).rev() {
        let (without, with) = table.split_at_mut(1 << player);
        let with = &with[..1 << player];
        values[player] = pairwise_sum(with.iter().copied(), with.len()) - outside;
        for (without, with) in without.iter_mut().zip(with) {
            *without += *with;
        }
    }
    values
}

/// The sum of so many numbers, by halves: the error of millions of them stays that of a few.
fn pairwise_sum(mut numbers: impl Iterator<Item = f64>, count: usize) -> f64 {
    fn sum(numbers: &mut impl Iterator<Item = f64>, count: usize) -> f64 {
        if count <= 64 {
            return numbers.take(count).sum();
        }
        sum(numbers, count / 2) + sum(numbers, count - count / 2)
    }
    sum(&mut numbers, count)
}

/// The formula for a game in which few coalitions are worth anything: each of size `s` of `n` adds to its members
/// 1 / (s choose(n, s)) of its worth, and takes 1 / ((n - s) choose(n, s)) from the others.
fn by_seen<'a>(
    players: usize,
    seen: impl Iterator<Item = (&'a [ChannelId], f64)>,
    place: impl Fn(ChannelId) -> usize,
) -> Vec<f64> {
    // By size: all worth, and that of the coalitions of each player.
    let mut all = vec![0.0; players + 1];
    let mut own = vec![0.0; (players + 1) * players];
    for (set, worth) in seen {
        all[set.len()] += worth;
        for id in set {
            own[set.len() * players + place(*id)] += worth;
        }
    }
    let value = |player: usize| {
        let by_size = (1..=players).filter(|size| all[*size] != 0.0).map(|size| {
            let mine = own[size * players + player];
            let others = all[size] - mine;
            let takes = if size == players { 0.0 } else { others / (players - size) as f64 };
            (mine / size as f64 - takes) / choose(players, size)
        });
        by_size.sum::<f64>()
    };
    (0..players).map(value).collect()
}

/// How many coalitions of a size there are; infinite where 64 bits of floating number end.
fn choose(players: usize, size: usize) -> f64 {
    (0..size.min(players - size)).fold(1.0, |product, at| product * (players - at) as f64 / (at + 1) as f64)
}

fn amount(outcome: &Outcome, measure: Measure) -> i128 {
    match measure {
        Measure::Conversions => outcome.conversions.millionths().into(),
        Measure::Value => outcome.value.into(),
    }
}

/// By what an [`amount`] is divided for whole conversions or currency units.
fn unit(coalitions: &Coalitions, measure: Measure) -> f64 {
    match measure {
        Measure::Conversions => Count::ONE.millionths() as f64,
        Measure::Value => 10_f64.powi(i32::from(coalitions.scale)),
    }
}

fn rate(outcome: &Outcome, measure: Measure) -> f64 {
    ratio(amount(outcome, measure) as f64, outcome.mass().expect("less than the total") as f64)
}

/// By what a [`rate`] is divided: its denominator is in millionths.
fn unit_of_rate(coalitions: &Coalitions, measure: Measure) -> f64 {
    unit(coalitions, measure) / Count::ONE.millionths() as f64
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}
