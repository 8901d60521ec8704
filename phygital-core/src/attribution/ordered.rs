//! The sum game with the place of each channel kept: who opens journeys that convert, and who closes them.

use std::collections::{BTreeMap, BTreeSet};

use super::channels::{ChannelId, Channels, Roster};
use super::codec::{AggregateError, Form, MergeError, Reader, Writer};
use super::journeys::{Journeys, Part, Touch, Visitor};
use super::outcome::{Count, Outcome};
use super::sums::{self, Key};
use super::table::Table;

/// The ordered Shapley value (Zhao, Mahboobi and Bagheri 2018): each conversion is shared equally among the distinct
/// channels of its path, as in the sum game, and each share is kept by the place at which its channel appeared first.
/// Exact integers, which add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ordered {
    roster: Roster,
    scale: u8,
    sums: BTreeMap<Place, Outcome>,
}

/// A channel, its place among the distinct ones of a path from 0, and how many those are.
type Place = (ChannelId, u16, u16);

impl Key for Place {
    fn renumbered(&self, map: &[ChannelId]) -> Place {
        (map[self.0.index()], self.1, self.2)
    }

    fn write(&self, writer: &mut Writer) {
        for number in [self.0.0, self.1, self.2] {
            writer.number(number.into());
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Place, AggregateError> {
        Ok((reader.channel()?, reader.narrow()?, reader.narrow()?))
    }
}

/// What a channel earned at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlaceCredit {
    /// The channel.
    pub channel: ChannelId,
    /// Its place among the distinct channels of a path, in the order in which they appear: from 1.
    pub place: u16,
    /// Conversions.
    pub conversions: f64,
    /// Value, in whole currency units.
    pub value: f64,
}

impl Ordered {
    /// None yet, with values of so many decimals.
    pub fn new(scale: u8) -> Ordered {
        Ordered { scale, ..Ordered::default() }
    }

    /// The shares of all journeys.
    pub fn of(journeys: &Journeys) -> Ordered {
        Ordered::of_part(&journeys.parts(1).swap_remove(0))
    }

    /// The shares of some of the journeys.
    pub fn of_part(part: &Part<'_>) -> Ordered {
        let channels = part.journeys.channels();
        let (roster, map) = channels.roster();
        let seen = vec![0; channels.len()];
        let mut fold = Fold { sums: Table::new(u64::BITS), seen, number: 0, distinct: Vec::new() };
        part.visit(&mut fold);
        let place = |key: u64| {
            let [channel, place, count] = [32, 16, 0].map(|shift| (key >> shift & 0xFFFF) as u16);
            (map[usize::from(channel)], place, count)
        };
        let sums = fold.sums.into_sorted().into_iter().map(|(key, sum)| (place(key), sum)).collect();
        Ordered { roster, scale: part.journeys.scale(), sums }
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
            let mut one = Ordered { roster, ..Ordered::new(self.scale) };
            one.add_path(&path, outcome)?;
            return self.merge(&one);
        };
        self.add_path(&path, outcome)
    }

    /// One more journey through channels of the roster.
    fn add_path(&mut self, path: &[ChannelId], outcome: &Outcome) -> Result<(), MergeError> {
        let mut seen = BTreeSet::new();
        let distinct = path.iter().copied().filter(|id| seen.insert(*id)).collect::<Vec<_>>();
        let count = u16::try_from(distinct.len()).map_err(|_| MergeError::Path)?;
        if outcome.conversions == Count::ZERO {
            return Ok(());
        }
        let places = (0..count).zip(distinct).map(|(place, id)| (id, place, count));
        let add = |place: Place| {
            let sum = self.sums.get(&place).copied().unwrap_or_default();
            Some((place, sum.checked_add(&outcome.converted())?))
        };
        let sums = places.map(add).collect::<Option<Vec<_>>>().ok_or(MergeError::TooMuch)?;
        self.sums.extend(sums);
        Ok(())
    }

    /// These and others.
    ///
    /// # Errors
    /// [`MergeError`]; nothing is changed then.
    pub fn merge(&mut self, other: &Ordered) -> Result<(), MergeError> {
        if self.scale != other.scale {
            return Err(MergeError::Scale(self.scale, other.scale));
        }
        let union = self.roster.union(&other.roster)?;
        self.sums = sums::merged((&self.sums, &union.ours), (&other.sums, &union.theirs))?;
        self.roster = union.roster;
        Ok(())
    }

    /// The channels, in the order of their names.
    pub fn channels(&self) -> &Roster {
        &self.roster
    }

    /// What each channel earned at each place where it earned anything, by channel and place.
    pub fn credits(&self) -> Vec<PlaceCredit> {
        let mut credits = Vec::<PlaceCredit>::new();
        for ((channel, place, count), sum) in &self.sums {
            let (channel, place) = (*channel, place + 1);
            if credits.last().is_none_or(|last| (last.channel, last.place) != (channel, place)) {
                credits.push(PlaceCredit { channel, place, conversions: 0.0, value: 0.0 });
            }
            let credit = credits.last_mut().expect("one was pushed");
            credit.conversions += sum.conversions.to_f64() / f64::from(*count);
            credit.value += sum.value as f64 / 10_f64.powi(i32::from(self.scale)) / f64::from(*count);
        }
        credits
    }

    /// The bytes of this aggregate.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(Form::Ordered, self.scale, &self.roster);
        sums::write(&self.sums, &mut writer);
        writer.finish()
    }

    /// The aggregate of these bytes.
    ///
    /// # Errors
    /// [`AggregateError`] for anything that [`Ordered::encode`] does not write.
    pub fn decode(bytes: &[u8]) -> Result<Ordered, AggregateError> {
        let (mut reader, scale, roster) = Reader::new(bytes, Form::Ordered)?;
        let mut ordered = Ordered { roster, ..Ordered::new(scale) };
        ordered.sums = sums::read(&mut reader, |(_, place, count): &Place, sum: &Outcome| {
            place < count && sum.conversions > Count::ZERO && sum.nulls == Count::ZERO
        })?;
        reader.finish()?;
        Ok(ordered)
    }
}

struct Fold {
    /// By channel, place and count, 16 bits each.
    sums: Table<Outcome>,
    /// The number of the path in which each channel was seen last.
    seen: Vec<u64>,
    number: u64,
    distinct: Vec<usize>,
}

impl Visitor for Fold {
    #[inline]
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        if outcome.conversions == Count::ZERO {
            return;
        }
        self.number += 1;
        self.distinct.clear();
        for touch in path {
            if self.seen[touch.at()] != self.number {
                self.seen[touch.at()] = self.number;
                self.distinct.push(touch.at());
            }
        }
        let sum = outcome.converted();
        let count = self.distinct.len() as u64;
        for (place, channel) in self.distinct.iter().enumerate() {
            // No key is zero: a path has at least one channel.
            self.sums.at((*channel as u64) << 32 | (place as u64) << 16 | count).add(&sum);
        }
    }
}
