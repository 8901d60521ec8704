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
        let folds =
            rules.iter().map(|rule| Fold::new(rule, channels.len())).collect::<Result<Vec<_>, _>>()?;
        let by_place = folds.iter().any(|fold| fold.by_place).then(|| Places::new(channels.len()));
        let mut folds = Folds { folds, by_place, total: part.unattributed() };
        part.visit(&mut folds);
        let (roster, map) = channels.roster();
        let Folds { folds, by_place, total } = folds;
        let finish = |fold: Fold<'_>| {
            let mut credits = Credits {
                roster: roster.clone(),
                scale: part.journeys.scale(),
                counts: vec![0; map.len()],
                values: vec![0; map.len()],
                total,
                unattributed: fold.unattributed,
            };
            credits.unattributed.add(&part.unattributed());
            for (at, id) in map.iter().enumerate() {
                credits.counts[id.index()] = fold.counts[at];
                credits.values[id.index()] = fold.values[at];
                let (conversions, value) = fold.whole[at];
                credits.earn(id.index(), conversions, value, UNIT);
            }
            if let Some(places) = by_place.as_ref().filter(|_| fold.by_place) {
                places.credit(fold.rule, &map, &mut credits);
            }
            credits
        };
        Ok(folds.into_iter().map(finish).collect())
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
        if shares.is_some_and(|shares| shares.parts().len() != path.len()) {
            return Err(MergeError::Path);
        }
        let Some(path) = self.roster.path(channels, path) else {
            // A new channel moves the others' numbers.
            let (roster, path) = channels.roster_of(path)?;
            let mut one = Credits::new(self.scale);
            (one.counts, one.values) = (vec![0; roster.len()], vec![0; roster.len()]);
            one.roster = roster;
            one.add_path(&path, shares, outcome)?;
            return self.merge(&one);
        };
        self.add_path(&path, shares, outcome)
    }

    /// One more journey through channels of the roster.
    fn add_path(
        &mut self,
        path: &[ChannelId],
        shares: Option<&Shares>,
        outcome: &Outcome,
    ) -> Result<(), MergeError> {
        let unearned = match shares {
            Some(_) => Outcome::default(),
            None if path.is_empty() => *outcome,
            None => outcome.converted(),
        };
        let total = self.total.checked_add(outcome).ok_or(MergeError::TooMuch)?;
        let unattributed = self.unattributed.checked_add(&unearned).ok_or(MergeError::TooMuch)?;
        let earned = || {
            let units = shares.into_iter().flat_map(Shares::units);
            path.iter().map(|id| id.index()).zip(units)
        };
        // The shares of a path are one together: with room for all of it in each channel, there is room for them.
        let most = (u128::from(outcome.conversions.millionths()), i128::from(outcome.value));
        let room = |at: usize| {
            let count = self.counts[at].checked_add(most.0 * u128::from(UNIT))?;
            // One less than the range, so that every value has its mirror.
            let value = self.values[at].checked_add(most.1 * i128::from(UNIT))?;
            (value > i128::MIN).then_some(count)
        };
        if earned().any(|(at, _)| room(at).is_none()) {
            return Err(MergeError::TooMuch);
        }
        for (at, unit) in earned() {
            self.earn(at, outcome.conversions.millionths(), outcome.value, unit);
        }
        (self.total, self.unattributed) = (total, unattributed);
        Ok(())
    }

    fn earn(&mut self, channel: usize, conversions: u64, value: i64, unit: u64) {
        self.counts[channel] += u128::from(conversions) * u128::from(unit);
        self.values[channel] += i128::from(value) * i128::from(unit);
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
                // One less than the range, so that every value has its mirror.
                let sum = value.checked_add(credits.values[at]).filter(|sum| *sum > i128::MIN);
                *value = sum.ok_or(MergeError::TooMuch)?;
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
        self.values_finer(1)
    }

    /// The conversions of each channel in millionths, by largest remainder: they sum to what is attributed.
    pub fn millionths(&self) -> Vec<i64> {
        self.conversions_finer(1)
    }

    /// As [`Credits::minor`], with so many decimals: at least those of the scale; none where that leaves 64 bits.
    pub fn values_with(&self, decimals: u8) -> Option<Vec<i64>> {
        let finer = finer(decimals, self.scale, largest(&self.values))?;
        Some(self.values_finer(finer))
    }

    /// As [`Credits::millionths`], with so many decimals: at least six; none where that leaves 64 bits.
    pub fn conversions_with(&self, decimals: u8) -> Option<Vec<i64>> {
        let finer = finer(decimals, Count::DECIMALS, self.attributed_millionths())?;
        Some(self.conversions_finer(finer))
    }

    fn values_finer(&self, finer: i128) -> Vec<i64> {
        whole_units(self.attributed_value(), &self.values, i128::from(UNIT), finer)
    }

    fn conversions_finer(&self, finer: i128) -> Vec<i64> {
        let counts = self.counts.iter().map(|count| count.cast_signed()).collect::<Vec<_>>();
        whole_units(self.attributed_millionths(), &counts, i128::from(UNIT), finer)
    }

    fn attributed_value(&self) -> i128 {
        i128::from(self.total.value) - i128::from(self.unattributed.value)
    }

    fn attributed_millionths(&self) -> i128 {
        let [all, none] =
            [self.total, self.unattributed].map(|outcome| i128::from(outcome.conversions.millionths()));
        (all - none).max(0)
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
        if credits.is_in_range() { Ok(credits) } else { Err(AggregateError::Form) }
    }

    /// Whether no share is more than the totals allow, so that sums of such credits stay in their range.
    fn is_in_range(&self) -> bool {
        let unit = u128::from(UNIT);
        let counts = self.counts.iter().try_fold(0_u128, |sum, count| sum.checked_add(*count));
        counts.is_some_and(|sum| sum <= u128::from(self.total.conversions.millionths()) * unit)
            && self.values.iter().all(|value| value.unsigned_abs() <= u128::from(u64::MAX >> 1) * unit)
    }
}

/// The whole units above the largest amount.
fn largest(amounts: &[i128]) -> i128 {
    amounts.iter().map(|amount| amount.abs() / i128::from(UNIT) + 1).max().unwrap_or(0)
}

/// How many times smaller units of so many decimals are; none where an amount leaves 64 bits in them.
fn finer(decimals: u8, scale: u8, amount: i128) -> Option<i128> {
    let finer = 10_i128.checked_pow(decimals.checked_sub(scale)?.into())?;
    i64::try_from(amount.checked_mul(finer)?).is_ok().then_some(finer)
}

/// Several rules on their way through the journeys.
struct Folds<'a> {
    folds: Vec<Fold<'a>>,
    by_place: Option<Places>,
    total: Outcome,
}

impl Visitor for Folds<'_> {
    #[inline]
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        self.total.add(outcome);
        if outcome.conversions == Count::ZERO {
            return;
        }
        let counted = self.by_place.as_mut().is_some_and(|places| places.count(path, outcome));
        for fold in &mut self.folds {
            if !(counted && fold.by_place) {
                fold.journey(path, outcome);
            }
        }
    }
}

/// Conversions and values by length of path, place in it and channel. What a rule gives by place alone is multiplied once
/// in the end, so that all such rules together cost one addition a touch.
struct Places {
    channels: usize,
    longest: usize,
    sums: Vec<(u64, i64)>,
}

/// Places are counted up to paths of this length, and to so many sums (of 16 bytes).
const PLACES_MAX: usize = 64;
const SUMS_MAX: usize = 1 << 16;

impl Places {
    fn new(channels: usize) -> Places {
        let size = |length: usize| channels * length * (length + 1) / 2;
        let longest = (0..=PLACES_MAX).rev().find(|length| size(*length) <= SUMS_MAX).unwrap_or(0);
        Places { channels, longest, sums: vec![(0, 0); size(longest)] }
    }

    /// Whether the path was short enough to be counted.
    #[inline]
    fn count<T: Touch>(&mut self, path: &[T], outcome: &Outcome) -> bool {
        if path.len() > self.longest {
            return false;
        }
        let mut row = self.channels * path.len() * (path.len() - 1) / 2;
        for touch in path {
            let (conversions, value) = &mut self.sums[row + touch.at()];
            *conversions += outcome.conversions.millionths();
            *value += outcome.value;
            row += self.channels;
        }
        true
    }

    fn credit(&self, rule: &Rule, map: &[ChannelId], credits: &mut Credits) {
        let mut rows = self.sums.chunks_exact(self.channels.max(1));
        for length in 1..=self.longest {
            let rows = rows.by_ref().take(length).collect::<Vec<_>>();
            if rows.iter().all(|row| row.iter().all(|sum| *sum == (0, 0))) {
                continue;
            }
            let units = units_by_place(rule, length);
            credits.unattributed.add(&unearned(&rows, &units));
            for (row, unit) in rows.into_iter().zip(units) {
                for ((conversions, value), id) in row.iter().zip(map) {
                    credits.earn(id.index(), *conversions, *value, unit);
                }
            }
        }
    }
}

/// What journeys of one length leave unattributed: all, where the rule gives nothing at any place.
fn unearned(rows: &[&[(u64, i64)]], units: &[u64]) -> Outcome {
    let mut unearned = Outcome::default();
    if units.iter().all(|unit| *unit == 0) {
        // Each journey is once in each row.
        for (conversions, value) in rows[0] {
            unearned.add(&Outcome {
                conversions: Count::from_millionths(*conversions),
                value: *value,
                nulls: Count::ZERO,
            });
        }
    }
    unearned
}

/// The shares of the touches of a path of some length, by a rule that asks for nothing else.
fn units_by_place(rule: &Rule, length: usize) -> Vec<u64> {
    let path = vec![ChannelId::default(); length];
    rule.shares(&Path::new(&path)).map_or(vec![0; length], |shares| shares.units().collect())
}

/// One rule on its way through the journeys.
struct Fold<'a> {
    rule: &'a Rule,
    by_place: bool,
    counts: Vec<u128>,
    values: Vec<i128>,
    /// Millionths of conversions and values of paths that went to one channel whole: these are multiplied once in the end.
    whole: Vec<(u64, i64)>,
    unattributed: Outcome,
    /// The number of the path in which each channel was seen last, and of the present one.
    seen: Vec<u64>,
    number: u64,
    distinct: Vec<usize>,
}

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
            by_place: rule.is_by_place(),
            counts: vec![0; channels],
            values: vec![0; channels],
            whole: vec![(0, 0); channels],
            unattributed: Outcome::default(),
            seen: vec![0; channels],
            number: 0,
            distinct: Vec::new(),
        })
    }

    #[inline]
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        let mut sums = Sums { counts: &mut self.counts, values: &mut self.values, outcome };
        match self.rule {
            Rule::LastNonDirect(direct) => {
                let other = path.iter().rev().find(|touch| touch.id() != *direct);
                let (conversions, value) = &mut self.whole[other.unwrap_or(&path[path.len() - 1]).at()];
                *conversions += outcome.conversions.millionths();
                *value += outcome.value;
            }
            Rule::LinearPerChannel if self.seen.len() <= 64 => {
                let mut set = path.iter().fold(0, |set, touch| set | 1_u64 << touch.at());
                let share = sums.share(UNIT / u64::from(set.count_ones()));
                while set != 0 {
                    sums.add_share(set.trailing_zeros() as usize, share);
                    set &= set - 1;
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
            Rule::ByChannel(weights) => {
                // As `Rule::shares`, without a list for each path.
                let weight = |touch: &T| weights.get(touch.at()).copied().unwrap_or(0);
                let total = path.iter().map(|touch| u128::from(weight(touch))).sum::<u128>();
                if total == 0 {
                    self.unattributed.add(&outcome.converted());
                    return;
                }
                for touch in path {
                    let unit = u128::from(weight(touch)) * u128::from(UNIT) / total;
                    sums.add(touch.at(), u64::try_from(unit).expect("a part is at most the total"));
                }
            }
            rule => {
                let ids = path.iter().map(|touch| touch.id()).collect::<Vec<_>>();
                match rule.shares(&Path::new(&ids)) {
                    Ok(shares) => {
                        path.iter().zip(shares.units()).for_each(|(touch, unit)| sums.add(touch.at(), unit))
                    }
                    // What a rule asks for was checked before, so there is nothing to credit.
                    Err(_) => self.unattributed.add(&outcome.converted()),
                }
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
