//! What each channel earned by a rule: an aggregate that adds up in any order.

use super::channels::{ChannelId, Channels, Roster};
use super::codec::{AggregateError, Form, MergeError, Reader, Writer};
use super::journeys::{Journeys, Part, Touch, Visitor};
use super::outcome::{Count, Outcome};
use super::rule::{Path, Rule, RuleError};
use super::shares::{Shares, UNIT, whole_units};

/// Credits of channels by one rule, summed over journeys.
///
/// Each share is kept in units of 2^-60, rounded down, and sums are exact integers: so any order, split and merge gives the
/// same bytes, and a channel is at most 2^-60 of a conversion short for each of its touches.
///
/// ```
/// use phygital_core::attribution::{Credits, Journeys, Outcome, Rule};
/// let mut journeys = Journeys::new(2);
/// let path = journeys.path(["ad", "email", "store"])?;
/// journeys.push(&path, Outcome::conversion(100))?;
/// let credits = Credits::of(&journeys, &Rule::Linear)?;
/// assert_eq!(credits.minor(), [34, 33, 33]);
/// assert_eq!(credits.total().value, 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credits {
    roster: Roster,
    scale: u8,
    /// Millionths of conversions, in units of 2^-60.
    counts: Vec<u128>,
    /// Values, in units of 2^-60.
    values: Vec<i128>,
    total: Outcome,
    unattributed: Outcome,
}

impl Credits {
    /// No credits yet, with values of so many decimals.
    pub fn new(scale: u8) -> Credits {
        Credits { scale, ..Credits::default() }
    }

    /// The credits of all journeys by a rule.
    ///
    /// # Errors
    /// [`RuleError`] for a rule that asks for what columns do not hold (times, milestones), or with a setting at fault.
    pub fn of(journeys: &Journeys, rule: &Rule) -> Result<Credits, RuleError> {
        let part = journeys.parts(1).swap_remove(0);
        Ok(Credits::of_part(&part, std::slice::from_ref(rule))?.swap_remove(0))
    }

    /// The credits of some of the journeys by several rules, in one run through them.
    ///
    /// # Errors
    /// As of [`Credits::of`].
    pub fn of_part(part: &Part<'_>, rules: &[Rule]) -> Result<Vec<Credits>, RuleError> {
        let channels = part.journeys.channels();
        let folds = rules.iter().map(|rule| Fold::new(rule, channels.len())).collect::<Result<_, _>>()?;
        let mut folds = Folds { folds, total: part.unattributed() };
        part.visit(&mut folds);
        let (roster, map) = channels.roster();
        let finish = |fold: Fold<'_>| {
            let mut credits = Credits {
                roster: roster.clone(),
                scale: part.journeys.scale(),
                counts: vec![0; map.len()],
                values: vec![0; map.len()],
                total: folds.total,
                unattributed: fold.unattributed.checked_add(&part.unattributed()).expect("less than all"),
            };
            for (at, id) in map.iter().enumerate() {
                credits.counts[id.index()] = fold.counts[at];
                credits.values[id.index()] = fold.values[at];
            }
            credits
        };
        Ok(folds.folds.into_iter().map(finish).collect())
    }

    /// One more journey, with its shares by the rule; without shares its outcome is unattributed.
    ///
    /// # Errors
    /// [`MergeError`]; nothing is changed then.
    pub fn add(
        &mut self,
        channels: &Channels,
        path: &[ChannelId],
        shares: Option<&Shares>,
        outcome: &Outcome,
    ) -> Result<(), MergeError> {
        let (roster, path) = channels.roster_of(path)?;
        let mut one = Credits {
            scale: self.scale,
            counts: vec![0; roster.len()],
            values: vec![0; roster.len()],
            total: *outcome,
            unattributed: if shares.is_some() { Outcome::default() } else { *outcome },
            roster,
        };
        if let Some(shares) = shares {
            if shares.parts().len() != path.len() {
                return Err(MergeError::Path);
            }
            let mut sums = Sums { counts: &mut one.counts, values: &mut one.values, outcome };
            for (channel, unit) in path.iter().zip(shares.units()) {
                sums.add(channel.index(), unit);
            }
        }
        self.merge(&one)
    }

    /// These credits and others of the same rule.
    ///
    /// # Errors
    /// [`MergeError`]; nothing is changed then.
    pub fn merge(&mut self, other: &Credits) -> Result<(), MergeError> {
        if self.scale != other.scale {
            return Err(MergeError::Scale(self.scale, other.scale));
        }
        let union = self.roster.union(&other.roster)?;
        let mut merged = Credits {
            counts: vec![0; union.roster.len()],
            values: vec![0; union.roster.len()],
            scale: self.scale,
            total: self.total.checked_add(&other.total).ok_or(MergeError::TooMuch)?,
            unattributed: self.unattributed.checked_add(&other.unattributed).ok_or(MergeError::TooMuch)?,
            roster: union.roster,
        };
        for (credits, map) in [(&*self, &union.ours), (other, &union.theirs)] {
            for (at, id) in map.iter().enumerate() {
                let (count, value) = (&mut merged.counts[id.index()], &mut merged.values[id.index()]);
                *count = count.checked_add(credits.counts[at]).ok_or(MergeError::TooMuch)?;
                *value = value.checked_add(credits.values[at]).ok_or(MergeError::TooMuch)?;
            }
        }
        *self = merged;
        Ok(())
    }

    /// The channels, in the order of their names, which is the order of all lists here.
    pub fn channels(&self) -> &Roster {
        &self.roster
    }

    /// How many decimals a value has.
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// The conversions of a channel, within 2^-53 of them.
    pub fn conversions(&self, channel: ChannelId) -> f64 {
        let count = self.counts.get(channel.index()).copied().unwrap_or(0);
        count as f64 / UNIT as f64 / Count::ONE.millionths() as f64
    }

    /// The value of a channel in whole currency units, within 2^-53 of it.
    pub fn value(&self, channel: ChannelId) -> f64 {
        let value = self.values.get(channel.index()).copied().unwrap_or(0);
        value as f64 / UNIT as f64 / 10_f64.powi(i32::from(self.scale))
    }

    /// The value of each channel in units of the scale, by largest remainder: they sum to what is attributed.
    pub fn minor(&self) -> Vec<i64> {
        let total = i128::from(self.total.value) - i128::from(self.unattributed.value);
        whole_units(total, &self.values, i128::from(UNIT)).expect("shares sum to one, but for their rounding")
    }

    /// The conversions of each channel in millionths, by largest remainder: they sum to what is attributed.
    pub fn millionths(&self) -> Vec<i64> {
        let counts = self.counts.iter().map(|count| i128::try_from(*count).expect("64 bits of millionths"));
        let total = self.total.conversions.millionths() - self.unattributed.conversions.millionths();
        let counts = counts.collect::<Vec<_>>();
        whole_units(total.into(), &counts, i128::from(UNIT))
            .expect("shares sum to one, but for their rounding")
    }

    /// All that came in.
    pub fn total(&self) -> Outcome {
        self.total
    }

    /// What no channel earned: journeys without a touch, or with none that the rule rewards.
    pub fn unattributed(&self) -> Outcome {
        self.unattributed
    }

    /// The bytes of this aggregate.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(Form::Credits, self.scale, &self.roster);
        writer.outcome(&self.total);
        writer.outcome(&self.unattributed);
        for (count, value) in self.counts.iter().zip(&self.values) {
            writer.number(*count);
            writer.signed(*value);
        }
        writer.finish()
    }

    /// The aggregate of these bytes.
    ///
    /// # Errors
    /// [`AggregateError`] for anything that [`Credits::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Credits, AggregateError> {
        let (mut reader, scale, roster) = Reader::new(bytes, Form::Credits)?;
        let (total, unattributed) = (reader.outcome()?, reader.outcome()?);
        let (mut counts, mut values) = (Vec::new(), Vec::new());
        for _ in 0..roster.len() {
            counts.push(reader.number()?);
            values.push(reader.signed()?);
        }
        reader.finish()?;
        let credits = Credits { roster, scale, counts, values, total, unattributed };
        if credits.is_whole() { Ok(credits) } else { Err(AggregateError::Form) }
    }

    /// Whether the shares can have come from the totals.
    fn is_whole(&self) -> bool {
        let unit = i128::from(UNIT);
        let conversions =
            self.total.conversions.millionths().checked_sub(self.unattributed.conversions.millionths());
        let counts = self.counts.iter().map(|count| i128::try_from(*count).ok()).collect::<Option<Vec<_>>>();
        let value = i128::from(self.total.value) - i128::from(self.unattributed.value);
        let sums = |total: i128, exact: &[i128]| {
            exact.iter().try_fold(0_i128, |sum, exact| sum.checked_add(*exact)).is_some()
                && !exact.contains(&i128::MIN)
                && whole_units(total, exact, unit).is_some()
        };
        conversions.zip(counts).is_some_and(|(total, counts)| sums(total.into(), &counts))
            && sums(value, &self.values)
    }
}

struct Folds<'a> {
    folds: Vec<Fold<'a>>,
    total: Outcome,
}

impl Visitor for Folds<'_> {
    #[inline]
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        self.total = self.total.checked_add(outcome).expect("the journeys keep their sums within 64 bits");
        if outcome.conversions > Count::ZERO {
            for fold in &mut self.folds {
                fold.journey(path, outcome);
            }
        }
    }
}

/// One rule on its way through the journeys.
struct Fold<'a> {
    rule: &'a Rule,
    counts: Vec<u128>,
    values: Vec<i128>,
    unattributed: Outcome,
    /// The shares of paths of each length, where nothing else counts.
    by_length: Vec<Vec<u64>>,
    /// The number of the path in which each channel was seen last, and of the present one.
    seen: Vec<u64>,
    number: u64,
    distinct: Vec<usize>,
}

/// Shares by length are kept up to this one.
const KEPT_MAX: usize = 256;

impl<'a> Fold<'a> {
    fn new(rule: &'a Rule, channels: usize) -> Result<Fold<'a>, RuleError> {
        match rule {
            Rule::TimeDecay { .. } => return Err(RuleError::NoAges),
            // A setting at fault is one for every path.
            Rule::RankDecay { .. } => drop(rule.shares(&Path::new(&[ChannelId::default()]))?),
            _ => {}
        }
        Ok(Fold {
            rule,
            counts: vec![0; channels],
            values: vec![0; channels],
            unattributed: Outcome::default(),
            by_length: vec![Vec::new(); if rule.is_by_length() { KEPT_MAX } else { 0 }],
            seen: vec![0; channels],
            number: 0,
            distinct: Vec::new(),
        })
    }

    #[inline]
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        let mut sums = Sums { counts: &mut self.counts, values: &mut self.values, outcome };
        match self.rule {
            Rule::First => sums.add(path[0].at(), UNIT),
            Rule::Last => sums.add(path[path.len() - 1].at(), UNIT),
            Rule::LastNonDirect(direct) => {
                let other = path.iter().rposition(|touch| touch.id() != *direct);
                sums.add(path[other.unwrap_or(path.len() - 1)].at(), UNIT);
            }
            Rule::Linear => {
                let share = sums.share(UNIT / path.len() as u64);
                for touch in path {
                    sums.add_share(touch.at(), share);
                }
            }
            Rule::LinearPerChannel => {
                self.number += 1;
                self.distinct.clear();
                for touch in path {
                    if self.seen[touch.at()] != self.number {
                        self.seen[touch.at()] = self.number;
                        self.distinct.push(touch.at());
                    }
                }
                let share = sums.share(UNIT / self.distinct.len() as u64);
                for at in &self.distinct {
                    sums.add_share(*at, share);
                }
            }
            _ => self.by_shares(path, outcome),
        }
    }

    fn by_shares<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        let mut sums = Sums { counts: &mut self.counts, values: &mut self.values, outcome };
        if let Some(units) = self.by_length.get(path.len()).filter(|units| !units.is_empty()) {
            for (touch, unit) in path.iter().zip(units) {
                sums.add(touch.at(), *unit);
            }
            return;
        }
        if let Rule::ByChannel(weights) = self.rule {
            // As `Rule::shares`, without a list for each path.
            let weight = |touch: &T| u128::from(weights.get(touch.at()).copied().unwrap_or(0));
            let total = path.iter().map(weight).sum::<u128>();
            if total > 0 {
                for touch in path {
                    let unit = weight(touch) * u128::from(UNIT) / total;
                    sums.add(touch.at(), u64::try_from(unit).expect("a part is at most the total"));
                }
                return;
            }
        }
        let ids = path.iter().map(|touch| touch.id()).collect::<Vec<_>>();
        match self.rule.shares(&Path::new(&ids)) {
            Ok(shares) => {
                for (touch, unit) in path.iter().zip(shares.units()) {
                    sums.add(touch.at(), unit);
                }
                if let Some(kept) = self.by_length.get_mut(path.len()) {
                    *kept = shares.units().collect();
                }
            }
            // What a rule asks for was checked before, so there is nothing to credit.
            Err(_) => {
                self.unattributed = self.unattributed.checked_add(outcome).expect("less than all");
            }
        }
    }
}

/// Where one path's shares go.
struct Sums<'a> {
    counts: &'a mut [u128],
    values: &'a mut [i128],
    outcome: &'a Outcome,
}

impl Sums<'_> {
    #[inline]
    fn share(&self, unit: u64) -> (u128, i128) {
        let count = u128::from(self.outcome.conversions.millionths()) * u128::from(unit);
        (count, i128::from(self.outcome.value) * i128::from(unit.cast_signed()))
    }

    #[inline]
    fn add_share(&mut self, channel: usize, (count, value): (u128, i128)) {
        self.counts[channel] += count;
        self.values[channel] += value;
    }

    #[inline]
    fn add(&mut self, channel: usize, unit: u64) {
        let share = self.share(unit);
        self.add_share(channel, share);
    }
}
