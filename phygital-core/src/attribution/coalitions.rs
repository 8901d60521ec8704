//! Which channels met in a journey, whatever their order: the counts that games are played on.

use std::collections::BTreeMap;

use super::channels::{ChannelId, Channels, Roster};
use super::codec::{AggregateError, Form, MergeError, Reader, Writer};
use super::journeys::{Journeys, Part, Touch, Visitor};
use super::outcome::Outcome;
use super::sums;
use super::table::Table;

/// Channels by number, each once.
type Set = Box<[ChannelId]>;

/// What came of the journeys with exactly each set of channels. Exact integers, which add up: parts folded apart and merged
/// are the whole, to the byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coalitions {
    pub(super) roster: Roster,
    pub(super) scale: u8,
    /// By channels in rising order.
    pub(super) sets: BTreeMap<Set, Outcome>,
    unattributed: Outcome,
    /// Of all sets.
    total: Outcome,
}

impl Coalitions {
    /// None yet, with values of so many decimals.
    pub fn new(scale: u8) -> Coalitions {
        Coalitions { scale, ..Coalitions::default() }
    }

    /// The sets of all journeys.
    pub fn of(journeys: &Journeys) -> Coalitions {
        Coalitions::of_part(&journeys.parts(1).swap_remove(0))
    }

    /// The sets of some of the journeys.
    pub fn of_part(part: &Part<'_>) -> Coalitions {
        let (roster, map) = part.journeys.channels().roster();
        let unattributed = part.unattributed();
        let sets = if map.len() <= 64 {
            let mut fold = Fold(Table::new(u64::BITS));
            part.visit(&mut fold);
            let set = |mask: u64| {
                let mut set = Vec::new();
                let mut rest = mask;
                while rest != 0 {
                    set.push(map[rest.trailing_zeros() as usize]);
                    rest &= rest - 1;
                }
                set.sort_unstable();
                set.into_boxed_slice()
            };
            fold.0.into_sorted().into_iter().map(|(mask, outcome)| (set(mask), outcome)).collect()
        } else {
            let mut slow = Slow { sets: BTreeMap::new(), map: &map };
            part.visit(&mut slow);
            slow.sets
        };
        let mut coalitions =
            Coalitions { roster, sets, unattributed, ..Coalitions::new(part.journeys.scale()) };
        coalitions.sets.retain(|_, outcome| *outcome != Outcome::default());
        coalitions.total = coalitions.summed().expect("the journeys keep their sums within 64 bits");
        coalitions
    }

    /// One more journey.
    ///
    /// # Errors
    /// [`MergeError`]; nothing is changed then.
    pub fn add(
        &mut self,
        channels: &Channels,
        path: &[ChannelId],
        outcome: &Outcome,
    ) -> Result<(), MergeError> {
        let Some(path) = self.roster.path(channels, path) else {
            // A new channel moves the others' numbers.
            let (roster, path) = channels.roster_of(path)?;
            let mut one = Coalitions { roster, ..Coalitions::new(self.scale) };
            one.add_set(path, outcome)?;
            return self.merge(&one);
        };
        if path.is_empty() {
            self.unattributed = self.unattributed.checked_add(outcome).ok_or(MergeError::TooMuch)?;
            return Ok(());
        }
        self.add_set(path, outcome)
    }

    /// One more journey through these channels of the roster, at least one.
    fn add_set(&mut self, mut set: Vec<ChannelId>, outcome: &Outcome) -> Result<(), MergeError> {
        if *outcome == Outcome::default() {
            return Ok(());
        }
        set.sort_unstable();
        set.dedup();
        let total = within_range(self.total.checked_add(outcome))?;
        let sum = self.sets.get(&set[..]).copied().unwrap_or_default();
        let sum = sum.checked_add(outcome).ok_or(MergeError::TooMuch)?;
        self.sets.insert(set.into(), sum);
        self.total = total;
        Ok(())
    }

    /// These and others.
    ///
    /// # Errors
    /// [`MergeError`]; nothing is changed then.
    pub fn merge(&mut self, other: &Coalitions) -> Result<(), MergeError> {
        if self.scale != other.scale {
            return Err(MergeError::Scale(self.scale, other.scale));
        }
        let union = self.roster.union(&other.roster)?;
        let unattributed = self.unattributed.checked_add(&other.unattributed).ok_or(MergeError::TooMuch)?;
        let total = within_range(self.total.checked_add(&other.total))?;
        let sets = sums::merged((&self.sets, &union.ours), (&other.sets, &union.theirs))?;
        *self = Coalitions { roster: union.roster, scale: self.scale, sets, unattributed, total };
        Ok(())
    }

    /// The channels, in the order of their names.
    pub fn channels(&self) -> &Roster {
        &self.roster
    }

    /// The sets that were seen, and what came of them.
    pub fn iter(&self) -> impl Iterator<Item = (&[ChannelId], &Outcome)> {
        self.sets.iter().map(|(set, outcome)| (&**set, outcome))
    }

    /// All journeys, but for those without a touch.
    pub fn total(&self) -> Outcome {
        self.total
    }

    /// The journeys without a touch.
    pub fn unattributed(&self) -> Outcome {
        self.unattributed
    }

    /// The bytes of this aggregate.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(Form::Coalitions, self.scale, &self.roster);
        writer.outcome(&self.unattributed);
        sums::write(&self.sets, &mut writer);
        writer.finish()
    }

    /// The aggregate of these bytes.
    ///
    /// # Errors
    /// [`AggregateError`] for anything that [`Coalitions::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Coalitions, AggregateError> {
        let (mut reader, scale, roster) = Reader::new(bytes, Form::Coalitions)?;
        let mut coalitions = Coalitions { roster, ..Coalitions::new(scale) };
        coalitions.unattributed = reader.outcome()?;
        coalitions.sets = sums::read(&mut reader, |set: &Set, outcome: &Outcome| {
            let is_set = !set.is_empty() && set.windows(2).all(|pair| pair[0] < pair[1]);
            is_set && *outcome != Outcome::default()
        })?;
        reader.finish()?;
        coalitions.total = coalitions.summed().ok_or(AggregateError::Form)?;
        Ok(coalitions)
    }

    /// The total; none where it leaves its range.
    fn summed(&self) -> Option<Outcome> {
        let total = self.sets.values().try_fold(Outcome::default(), |sum, outcome| sum.checked_add(outcome));
        within_range(total).ok()
    }
}

/// A total whose journeys of both kinds are in range together.
fn within_range(total: Option<Outcome>) -> Result<Outcome, MergeError> {
    total.filter(|total| total.mass().is_some()).ok_or(MergeError::TooMuch)
}

/// A set as a mask: the bit of each channel.
struct Fold(Table<Outcome>);

impl Visitor for Fold {
    #[inline]
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        let mask = path.iter().fold(0, |mask, touch| mask | 1_u64 << touch.at());
        self.0.at(mask).add(outcome);
    }
}

struct Slow<'a> {
    sets: BTreeMap<Set, Outcome>,
    map: &'a [ChannelId],
}

impl Visitor for Slow<'_> {
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        let mut set = path.iter().map(|touch| self.map[touch.at()]).collect::<Vec<_>>();
        set.sort_unstable();
        set.dedup();
        self.sets.entry(set.into()).or_default().add(outcome);
    }
}
