//! What follows what in the paths: counts of grams, from which Markov models of every order up to theirs are made.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::channels::{ChannelId, Channels, Roster};
use super::codec::{AggregateError, Form, MergeError, Reader, Writer};
use super::journeys::{Journeys, Part, Touch, Visitor};
use super::outcome::{Count, Outcome};
use super::sums;
use super::table::Table;
use crate::vocab::limits::MARKOV_ORDER_MAX;

/// The counts of a Markov chain whose state is the last channels of a path, as many as its order. Exact integers, which
/// add up: parts folded apart and merged are the whole, to the byte.
///
/// A path of at least as many touches as the order starts in the state of its first ones, and steps with every further
/// touch; a shorter one is a state of its own. Counts of order `k` hold those of all lower orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transitions {
    pub(super) roster: Roster,
    scale: u8,
    order: u8,
    /// Millionths of journeys by the state in which they begin, and by each step: a state and the channel that follows.
    pub(super) starts: BTreeMap<Gram, u64>,
    pub(super) steps: BTreeMap<Gram, u64>,
    /// What came of the journeys that end in a state.
    pub(super) ends: BTreeMap<Gram, Outcome>,
    unattributed: Outcome,
    /// The journeys with touches.
    total: Outcome,
    /// Millionths of their touches and ends: no sum over grams, of this order or a lower one, is more.
    size: u64,
}

/// Some channels in a row.
pub(super) type Gram = Box<[ChannelId]>;

impl Transitions {
    /// No transitions yet, of an order from 1 to [`MARKOV_ORDER_MAX`] (one outside becomes the nearest), with values of so
    /// many decimals.
    pub fn new(order: u8, scale: u8) -> Transitions {
        Transitions { order: order.clamp(1, MARKOV_ORDER_MAX as u8), scale, ..Transitions::default() }
    }

    /// The transitions of all journeys.
    pub fn of(journeys: &Journeys, order: u8) -> Transitions {
        Transitions::of_part(&journeys.parts(1).swap_remove(0), order)
    }

    /// The transitions of some of the journeys.
    pub fn of_part(part: &Part<'_>, order: u8) -> Transitions {
        let channels = part.journeys.channels();
        let mut transitions = Transitions::new(order, part.journeys.scale());
        let (roster, map) = channels.roster();
        transitions.roster = roster;
        transitions.unattributed = part.unattributed();
        let order = u32::from(transitions.order);
        let bits = u32::BITS - (channels.len().max(2) as u32 - 1).leading_zeros();
        if bits * (order + 1) < 64 {
            let mut fold = Fold {
                order: order as usize,
                bits,
                state: (1 << (bits * order)) - 1,
                step: (1 << (bits * (order + 1))) - 1,
                starts: Table::new(bits * order + 1),
                steps: Table::new(bits * (order + 1)),
                ends: Table::new(bits * order + 1),
            };
            part.visit(&mut fold);
            fold.finish(&mut transitions, &map);
        } else {
            part.visit(&mut Slow { transitions: &mut transitions, map: &map });
        }
        let measured = transitions.measured();
        (transitions.total, transitions.size) =
            measured.expect("the journeys keep their sums within 64 bits");
        transitions
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
        if path.is_empty() {
            self.unattributed = self.unattributed.checked_add(outcome).ok_or(MergeError::TooMuch)?;
            return Ok(());
        }
        let size = outcome.mass().and_then(|mass| mass.checked_mul(path.len() as u64 + 1));
        let size = size.ok_or(MergeError::TooMuch)?;
        let Some(path) = self.roster.path(channels, path) else {
            // A new channel moves the others' numbers.
            let (roster, path) = channels.roster_of(path)?;
            let mut one =
                Transitions { roster, size, total: *outcome, ..Transitions::new(self.order, self.scale) };
            one.add_ids(&path, outcome);
            return self.merge(&one);
        };
        let size = self.size.checked_add(size).ok_or(MergeError::TooMuch)?;
        let total = self.total.checked_add(outcome).ok_or(MergeError::TooMuch)?;
        let end = &path[path.len().saturating_sub(self.order.into())..];
        let end = self.ends.get(end).copied().unwrap_or_default();
        end.checked_add(outcome).ok_or(MergeError::TooMuch)?;
        self.add_ids(&path, outcome);
        (self.size, self.total) = (size, total);
        Ok(())
    }

    /// Adds what the sums have room for.
    fn add_ids(&mut self, path: &[ChannelId], outcome: &Outcome) {
        let order = usize::from(self.order);
        let mass = outcome.mass().expect("checked before");
        if mass > 0 {
            *at(&mut self.starts, &path[..order.min(path.len())]) += mass;
            for step in path.windows(order + 1) {
                *at(&mut self.steps, step) += mass;
            }
            at(&mut self.ends, &path[path.len().saturating_sub(order)..]).add(outcome);
        }
    }

    /// These transitions and others of the same order.
    ///
    /// # Errors
    /// [`MergeError`]; nothing is changed then.
    pub fn merge(&mut self, other: &Transitions) -> Result<(), MergeError> {
        if self.scale != other.scale {
            return Err(MergeError::Scale(self.scale, other.scale));
        }
        if self.order != other.order {
            return Err(MergeError::Order(self.order, other.order));
        }
        let union = self.roster.union(&other.roster)?;
        let sum = |one: &Outcome, other: &Outcome| one.checked_add(other).ok_or(MergeError::TooMuch);
        *self = Transitions {
            scale: self.scale,
            order: self.order,
            starts: sums::merged((&self.starts, &union.ours), (&other.starts, &union.theirs))?,
            steps: sums::merged((&self.steps, &union.ours), (&other.steps, &union.theirs))?,
            ends: sums::merged((&self.ends, &union.ours), (&other.ends, &union.theirs))?,
            unattributed: sum(&self.unattributed, &other.unattributed)?,
            total: sum(&self.total, &other.total)?,
            size: self.size.checked_add(other.size).ok_or(MergeError::TooMuch)?,
            roster: union.roster,
        };
        Ok(())
    }

    /// The transitions of a lower order, or of the same: what a fold of that order gives.
    pub fn lower(&self, order: u8) -> Transitions {
        let order = order.clamp(1, self.order);
        let short = usize::from(order);
        let mut lower = Transitions::new(order, self.scale);
        lower.roster = self.roster.clone();
        (lower.unattributed, lower.total, lower.size) = (self.unattributed, self.total, self.size);
        for (start, mass) in &self.starts {
            *lower.starts.entry(start[..short.min(start.len())].into()).or_default() += mass;
            for step in start.windows(short + 1) {
                *lower.steps.entry(step.into()).or_default() += mass;
            }
        }
        for (step, mass) in &self.steps {
            *lower.steps.entry(step[step.len() - short - 1..].into()).or_default() += mass;
        }
        for (state, outcome) in &self.ends {
            let end = lower.ends.entry(state[state.len().saturating_sub(short)..].into()).or_default();
            let value = end.value.saturating_add(outcome.value);
            *end = Outcome {
                value,
                ..end.checked_add(&Outcome { value: 0, ..*outcome }).expect("below the size")
            };
        }
        lower
    }

    /// The channels, in the order of their names.
    pub fn channels(&self) -> &Roster {
        &self.roster
    }

    /// How many channels a state has.
    pub fn order(&self) -> u8 {
        self.order
    }

    /// How many decimals a value has.
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// All journeys, but for those without a touch.
    pub fn total(&self) -> Outcome {
        self.total
    }

    /// The journeys without a touch.
    pub fn unattributed(&self) -> Outcome {
        self.unattributed
    }

    /// The table of transitions: from a state (none: the start) to a state or to an end, and how many journeys went so.
    /// With `loops`, steps from a state to itself are in it, which the model leaves out: they change no probability of
    /// ending.
    pub fn table(&self, loops: bool) -> Vec<Transition> {
        let mut table = Vec::new();
        let mut row = |from: &[ChannelId], to: Target, mass: u64, value: i64| {
            if mass > 0 {
                let journeys = Count::from_millionths(mass);
                table.push(Transition { from: from.to_vec(), to, journeys, value });
            }
        };
        for (start, mass) in &self.starts {
            row(&[], Target::State(start.to_vec()), *mass, 0);
        }
        for (step, mass) in &self.steps {
            if loops || !is_loop(step) {
                row(&step[..step.len() - 1], Target::State(step[1..].to_vec()), *mass, 0);
            }
        }
        for (state, end) in &self.ends {
            row(state, Target::Conversion, end.conversions.millionths(), end.value);
            row(state, Target::Null, end.nulls.millionths(), 0);
        }
        table
    }

    /// The bytes of this aggregate.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(Form::Transitions, self.scale, &self.roster);
        writer.number(self.order.into());
        writer.outcome(&self.unattributed);
        sums::write(&self.starts, &mut writer);
        sums::write(&self.steps, &mut writer);
        sums::write(&self.ends, &mut writer);
        writer.finish()
    }

    /// The aggregate of these bytes.
    ///
    /// # Errors
    /// [`AggregateError`] for anything that [`Transitions::encode`] does not write, and for counts that do not flow: what
    /// comes into a state has to leave it.
    pub fn decode(bytes: &[u8]) -> Result<Transitions, AggregateError> {
        let (mut reader, scale, roster) = Reader::new(bytes, Form::Transitions)?;
        let order = reader.narrow::<u8>()?;
        let mut transitions = Transitions { roster, ..Transitions::new(order, scale) };
        transitions.unattributed = reader.outcome()?;
        let is_counted = |_: &Gram, mass: &u64| *mass > 0;
        transitions.starts = sums::read(&mut reader, is_counted)?;
        transitions.steps = sums::read(&mut reader, is_counted)?;
        transitions.ends =
            sums::read(&mut reader, |_: &Gram, end: &Outcome| end.mass().is_some_and(|mass| mass > 0))?;
        reader.finish()?;
        (transitions.total, transitions.size) = transitions.measured().ok_or(AggregateError::Form)?;
        if transitions.order == order && transitions.flows() {
            Ok(transitions)
        } else {
            Err(AggregateError::Form)
        }
    }

    /// Whether lengths fit the order, every journey that comes into a state leaves it, and every state is one that journeys
    /// come to: then every state leads to an end.
    fn flows(&self) -> bool {
        let order = usize::from(self.order);
        let state = |gram: &Gram| !gram.is_empty() && gram.len() <= order;
        if !self.starts.keys().chain(self.ends.keys()).all(state)
            || !self.steps.keys().all(|step| step.len() == order + 1)
        {
            return false;
        }
        let mut balance = BTreeMap::<&[ChannelId], i128>::new();
        for (start, mass) in &self.starts {
            *balance.entry(start).or_default() += i128::from(*mass);
        }
        for (step, mass) in &self.steps {
            *balance.entry(&step[1..]).or_default() += i128::from(*mass);
            *balance.entry(&step[..order]).or_default() -= i128::from(*mass);
        }
        for (state, outcome) in &self.ends {
            let mass = outcome.mass().expect("less than the total");
            *balance.entry(state).or_default() -= i128::from(mass);
        }
        balance.values().all(|left| *left == 0) && self.reached().len() == balance.len()
    }

    /// The states that journeys come to from the start.
    fn reached(&self) -> BTreeSet<&[ChannelId]> {
        let mut reached = self.starts.keys().map(|start| &start[..]).collect::<BTreeSet<_>>();
        // A shorter state is a whole path: nothing follows it.
        let full = |state: &&[ChannelId]| state.len() == usize::from(self.order);
        let mut next = reached.iter().copied().filter(full).collect::<Vec<_>>();
        while let Some(state) = next.pop() {
            let from = (Bound::Included(state), Bound::Unbounded);
            let steps = self.steps.range::<[ChannelId], _>(from).map(|(step, _)| &step[..]);
            for step in steps.take_while(|step| step.starts_with(state)) {
                if reached.insert(&step[1..]) {
                    next.push(&step[1..]);
                }
            }
        }
        reached
    }

    /// The total and the size; none where they leave their range.
    fn measured(&self) -> Option<(Outcome, u64)> {
        let total = self.ends.values().try_fold(Outcome::default(), |sum, end| sum.checked_add(end))?;
        let starts = self.starts.iter().map(|(start, mass)| u128::from(*mass) * (start.len() as u128 + 1));
        let size = starts.sum::<u128>() + self.steps.values().map(|mass| u128::from(*mass)).sum::<u128>();
        Some((total, u64::try_from(size).ok()?)).filter(|(total, _)| total.mass().is_some())
    }
}

/// A row of the table of transitions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The state that is left: its channels, oldest first. None of them: the start.
    pub from: Vec<ChannelId>,
    /// Where to.
    pub to: Target,
    /// How many journeys.
    pub journeys: Count,
    /// What they were worth, where they converted here; in units of the scale.
    pub value: i64,
}

/// Where a transition goes. Ends are no channels: one that is called `(null)` is another thing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a journey goes on, converts or does not")]
pub enum Target {
    /// To another state.
    State(Vec<ChannelId>),
    /// To a conversion.
    Conversion,
    /// To the end without one.
    Null,
}

/// The sum of a gram, to be changed: a gram that is known is not written down again.
fn at<'s, V: Default>(sums: &'s mut BTreeMap<Gram, V>, gram: &[ChannelId]) -> &'s mut V {
    if !sums.contains_key(gram) {
        sums.insert(gram.into(), V::default());
    }
    sums.get_mut(gram).expect("it is there now")
}

/// Whether a step leads from a state to itself.
pub(super) fn is_loop(step: &[ChannelId]) -> bool {
    step.iter().all(|id| *id == step[0])
}

/// The inner loop: a gram is a number of so many bits for each channel, with a bit above them where its length may vary.
struct Fold {
    order: usize,
    bits: u32,
    /// The bits of a state and of a step.
    state: u64,
    step: u64,
    starts: Table<u64>,
    steps: Table<u64>,
    ends: Table<Outcome>,
}

impl Visitor for Fold {
    #[inline]
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        // The usual orders, each with a loop of its own that the compiler unrolls.
        match self.order {
            1 => self.count::<1, T>(path, outcome),
            2 => self.count::<2, T>(path, outcome),
            _ => self.count::<0, T>(path, outcome),
        }
    }
}

impl Fold {
    #[inline]
    fn count<const ORDER: usize, T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        let mass = outcome.conversions.millionths() + outcome.nulls.millionths();
        let order = if ORDER == 0 { self.order } else { ORDER };
        let (first, rest) = path.split_at(order.min(path.len()));
        let mut gram = 0;
        for touch in first {
            gram = gram << self.bits | touch.at() as u64;
        }
        let length = 1 << (self.bits * first.len() as u32);
        *self.starts.at(gram | length) += mass;
        match &mut self.steps {
            Table::Flat(steps) => {
                for touch in rest {
                    gram = (gram << self.bits | touch.at() as u64) & self.step;
                    steps[gram as usize] += mass;
                }
            }
            steps => {
                for touch in rest {
                    gram = (gram << self.bits | touch.at() as u64) & self.step;
                    *steps.at(gram | (self.step + 1)) += mass;
                }
            }
        }
        self.ends.at(gram & self.state | length).add(outcome);
    }
}

impl Fold {
    fn finish(self, into: &mut Transitions, map: &[ChannelId]) {
        let bits = self.bits;
        let gram = |mut key: u64| {
            let mut gram = Vec::new();
            while key > 1 {
                gram.push(map[(key & ((1 << bits) - 1)) as usize]);
                key >>= bits;
            }
            gram.reverse();
            gram.into_boxed_slice()
        };
        into.starts = self.starts.into_sorted().into_iter().map(|(key, mass)| (gram(key), mass)).collect();
        // A flat table has no need of the bit above: all steps are of one length.
        let above = self.step + 1;
        into.steps =
            self.steps.into_sorted().into_iter().map(|(key, mass)| (gram(key | above), mass)).collect();
        into.ends = self.ends.into_sorted().into_iter().map(|(key, end)| (gram(key), end)).collect();
    }
}

/// The way for grams that no number holds.
struct Slow<'a> {
    transitions: &'a mut Transitions,
    map: &'a [ChannelId],
}

impl Visitor for Slow<'_> {
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome) {
        let path = path.iter().map(|touch| self.map[touch.at()]).collect::<Vec<_>>();
        self.transitions.add_ids(&path, outcome);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_of_counting_count_alike() {
        let mut journeys = Journeys::new(0);
        let names = (0..20).map(|at| at.to_string()).collect::<Vec<_>>();
        let ids = journeys.path(names.iter().map(String::as_str)).unwrap();
        let mut state = 1_u64;
        let mut draw = |limit: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % limit
        };
        for _ in 0..300 {
            let path = (0..1 + draw(16)).map(|_| ids[draw(20) as usize]).collect::<Vec<_>>();
            let won = draw(2) == 0;
            journeys.push(&path, if won { Outcome::conversion(3) } else { Outcome::nothing() }).unwrap();
        }
        // Five bits a channel: grams of order 12 are in no number, those of order 5 in an open table.
        let highest = Transitions::of(&journeys, 12);
        for order in [1, 3, 5, 11, 12] {
            let mut added = Transitions::new(order, 0);
            let whole = Transitions::of(&journeys, order);
            assert_eq!(highest.lower(order), whole);
            for part in journeys.parts(3) {
                added.merge(&Transitions::of_part(&part, order)).unwrap();
            }
            assert_eq!(added, whole);
            assert_eq!(Transitions::decode(&whole.encode()).unwrap(), whole);
        }
    }

    #[test]
    fn counts_that_do_not_flow_are_refused() {
        let mut journeys = Journeys::new(0);
        let ids = journeys.path(["a", "b"]).unwrap();
        journeys.push(&ids, Outcome::nothing()).unwrap();
        let good = Transitions::of(&journeys, 1);
        for change in [
            |bad: &mut Transitions| drop(bad.ends.pop_first()),
            |bad: &mut Transitions| drop(bad.steps.pop_first()),
            // A ring that nothing comes into or leaves.
            |bad: &mut Transitions| {
                let [one, other] = [2, 3].map(ChannelId);
                bad.roster.names.extend(["c".into(), "d".into()]);
                bad.steps.extend([(Gram::from([one, other]), 5), (Gram::from([other, one]), 5)]);
            },
            |bad: &mut Transitions| bad.order = 2,
            |bad: &mut Transitions| bad.starts.values_mut().for_each(|mass| *mass += 1),
        ] {
            let mut bad = good.clone();
            change(&mut bad);
            assert_eq!(Transitions::decode(&bad.encode()), Err(AggregateError::Form));
        }
    }
}
