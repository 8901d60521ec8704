//! Journeys in columns: what was touched, in which order, and what came of it.

use thiserror::Error;

use super::channels::{ChannelError, ChannelId, Channels};
use super::outcome::{Count, Outcome, round_to_scale};
use crate::vocab::Decimal;
use crate::vocab::limits::PATH_TOUCHES_MAX;

/// Journeys, kept in columns: a byte a touch (two from the 257th channel on), two bytes a journey, four for the value of
/// a conversion. A row is one journey or many of the same path with their counts.
///
/// Values are integers of one stated scale for all rows: 2 decimals for cents. A row whose value is written with more is
/// rounded, half to even, and counted in [`Journeys::rounded`]. A row without touches is kept as unattributed: it is part
/// of every result, and of no channel's.
///
/// ```
/// use phygital_core::attribution::{Count, Journeys, Outcome};
/// let mut journeys = Journeys::new(2);
/// let path = journeys.path(["email", "store"])?;
/// journeys.push(&path, Outcome::conversion(19_99))?;
/// journeys.push(&path, Outcome::nothing())?;
/// journeys.push_grouped(&path, "0.5".parse()?, "12.50".parse()?, "3".parse()?)?;
/// assert_eq!(journeys.totals().conversions, Count::from_millionths(1_500_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Journeys {
    channels: Channels,
    scale: u8,
    touches: Column,
    /// Touches of each journey; [`LONG`] where the next of `long` has them.
    lengths: Vec<u8>,
    long: Vec<u16>,
    kinds: Vec<Kind>,
    /// The value of each single conversion; [`LARGE`] where the next of `large` has it.
    values: Vec<u32>,
    large: Vec<i64>,
    /// What came of each row that is more than one journey.
    groups: Vec<Outcome>,
    unattributed: Outcome,
    totals: Outcome,
    /// The sum of the values without their signs: none of its parts leaves 64 bits.
    value_size: u64,
    /// Millionths of touches and ends.
    size: u64,
    rows: u64,
    rounded: u64,
}

/// Why a row was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("row {row}: {fault}")]
#[non_exhaustive]
pub struct JourneyError {
    /// The number of the row, from 1.
    pub row: u64,
    /// What is wrong with it.
    pub fault: JourneyFault,
}

/// What is wrong with a row of journeys.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JourneyFault {
    /// The path has a channel that cannot be one.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// A channel of other journeys.
    #[error("a channel that these journeys do not have")]
    Unknown,
    /// More touches than [`PATH_TOUCHES_MAX`].
    #[error("a path of {0} touches, more than {PATH_TOUCHES_MAX}")]
    TooLong(usize),
    /// Below zero, or with more than six decimals, or too many.
    #[error("{0} is no count: expected 0 or more, with at most six decimals")]
    Count(Decimal),
    /// A value, but nothing that was converted.
    #[error("a value without a conversion")]
    ValueWithoutConversion,
    /// All counts or values together leave 64 bits.
    #[error("the sums leave 64 bits")]
    TooMuch,
}

const LONG: u8 = u8::MAX;
const LARGE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Nothing,
    Conversion,
    Group,
}

#[derive(Clone, Debug)]
enum Column {
    Narrow(Vec<u8>),
    Wide(Vec<ChannelId>),
}

impl Default for Column {
    fn default() -> Self {
        Column::Narrow(Vec::new())
    }
}

impl Journeys {
    /// No journeys yet, with values of so many decimals (2 for cents; at most 18).
    pub fn new(scale: u8) -> Journeys {
        Journeys { scale: scale.min(18), ..Journeys::default() }
    }

    /// No journeys yet, with room for so many and for their touches, so that no column grows by doubling.
    pub fn with_capacity(scale: u8, journeys: usize, touches: usize) -> Journeys {
        Journeys {
            touches: Column::Narrow(Vec::with_capacity(touches)),
            lengths: Vec::with_capacity(journeys),
            kinds: Vec::with_capacity(journeys),
            ..Journeys::new(scale)
        }
    }

    /// The ids of the channels of a path, new ones where they were not seen before.
    ///
    /// # Errors
    /// [`JourneyError`] with the number of the next row.
    pub fn path<'a>(
        &mut self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<ChannelId>, JourneyError> {
        let path = names.into_iter().map(|name| self.channels.intern(name)).collect::<Result<_, _>>();
        path.map_err(|error| self.refuse(error.into()))
    }

    /// The id of a channel, a new one where it was not seen before.
    ///
    /// # Errors
    /// [`JourneyError`] with the number of the next row.
    pub fn channel(&mut self, name: &str) -> Result<ChannelId, JourneyError> {
        self.channels.intern(name).map_err(|error| self.refuse(error.into()))
    }

    /// Gives values more decimals, at most 18: of fewer than they have nothing comes.
    ///
    /// # Errors
    /// [`JourneyError`] with [`JourneyFault::TooMuch`] where the values together leave 64 bits then; nothing is changed.
    pub fn widen(&mut self, scale: u8) -> Result<(), JourneyError> {
        let scale = scale.min(18);
        let Some(more) = scale.checked_sub(self.scale).filter(|more| *more > 0) else { return Ok(()) };
        let times = 10_i64.pow(more.into());
        let size = self.value_size.checked_mul(times.unsigned_abs()).filter(|size| *size <= i64::MAX as u64);
        let Some(size) = size else { return Err(self.refuse(JourneyFault::TooMuch)) };
        let mut large = std::mem::take(&mut self.large).into_iter();
        for value in &mut self.values {
            let whole = match *value {
                LARGE => large.next().expect("one for each large value"),
                small => i64::from(small),
            };
            *value = narrow(whole * times, &mut self.large);
        }
        for outcome in self.groups.iter_mut().chain([&mut self.totals, &mut self.unattributed]) {
            outcome.value *= times;
        }
        (self.scale, self.value_size) = (scale, size);
        Ok(())
    }

    /// One row: a journey, or all that went one way with what came of them.
    ///
    /// # Errors
    /// [`JourneyError`]; nothing of the row is kept then.
    pub fn push(&mut self, path: &[ChannelId], outcome: Outcome) -> Result<(), JourneyError> {
        self.check(path, &outcome).map_err(|fault| self.refuse(fault))?;
        self.rows += 1;
        if path.is_empty() {
            return Ok(());
        }
        match &mut self.touches {
            Column::Narrow(touches) if self.channels.len() <= 256 => {
                touches.extend(path.iter().map(|id| id.0.to_le_bytes()[0]));
            }
            Column::Narrow(touches) => {
                let mut wide = Vec::with_capacity(touches.len() + path.len());
                wide.extend(touches.iter().map(|id| ChannelId(u16::from(*id))));
                wide.extend(path);
                self.touches = Column::Wide(wide);
            }
            Column::Wide(touches) => touches.extend(path),
        }
        match u8::try_from(path.len()) {
            Ok(length) if length != LONG => self.lengths.push(length),
            _ => {
                self.lengths.push(LONG);
                self.long.push(u16::try_from(path.len()).expect("checked above"));
            }
        }
        if outcome == Outcome::nothing() {
            self.kinds.push(Kind::Nothing);
        } else if outcome == Outcome::conversion(outcome.value) {
            self.kinds.push(Kind::Conversion);
            self.values.push(narrow(outcome.value, &mut self.large));
        } else {
            self.kinds.push(Kind::Group);
            self.groups.push(outcome);
        }
        Ok(())
    }

    /// A row of a grouped file: a path, how many converted, their value together, how many did not.
    ///
    /// # Errors
    /// [`JourneyError`]; nothing of the row is kept then.
    pub fn push_grouped(
        &mut self,
        path: &[ChannelId],
        conversions: Decimal,
        value: Decimal,
        nulls: Decimal,
    ) -> Result<(), JourneyError> {
        let count = |number| Count::from_decimal(number).ok_or(JourneyFault::Count(number));
        let read = || {
            let (value, rounded) = round_to_scale(value, self.scale).ok_or(JourneyFault::TooMuch)?;
            let outcome = Outcome { conversions: count(conversions)?, value, nulls: count(nulls)? };
            Ok((outcome, rounded))
        };
        let (outcome, rounded) = read().map_err(|fault| self.refuse(fault))?;
        self.push(path, outcome)?;
        self.rounded += u64::from(rounded);
        Ok(())
    }

    /// The channels.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// How many decimals a value has.
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// All rows together, the unattributed among them.
    pub fn totals(&self) -> Outcome {
        self.totals
    }

    /// The rows without touches, together.
    pub fn unattributed(&self) -> Outcome {
        self.unattributed
    }

    /// How many rows were pushed.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows had a value with more decimals than the scale.
    pub fn rounded(&self) -> u64 {
        self.rounded
    }

    /// How many touches there are.
    pub fn touches(&self) -> usize {
        match &self.touches {
            Column::Narrow(touches) => touches.len(),
            Column::Wide(touches) => touches.len(),
        }
    }

    /// The journeys in so many parts (at least one) of about as many rows, for as many threads: what is folded from the
    /// parts and merged is what is folded from the whole, to the byte.
    pub fn parts(&self, parts: usize) -> Vec<Part<'_>> {
        let parts = parts.clamp(1, self.lengths.len().max(1));
        let each = self.lengths.len().div_ceil(parts).max(1);
        let mut rest = Part {
            journeys: self,
            touches: match &self.touches {
                Column::Narrow(touches) => Slice::Narrow(touches),
                Column::Wide(touches) => Slice::Wide(touches),
            },
            lengths: &self.lengths,
            long: &self.long,
            kinds: &self.kinds,
            values: &self.values,
            large: &self.large,
            groups: &self.groups,
            first: true,
        };
        let mut all = Vec::with_capacity(parts);
        while rest.lengths.len() > each {
            all.push(rest.take_rows(each));
        }
        all.push(rest);
        all
    }

    fn refuse(&self, fault: JourneyFault) -> JourneyError {
        JourneyError { row: self.rows + 1, fault }
    }

    /// Takes a row into the sums, unless it is at fault.
    fn check(&mut self, path: &[ChannelId], outcome: &Outcome) -> Result<(), JourneyFault> {
        if path.len() > PATH_TOUCHES_MAX {
            return Err(JourneyFault::TooLong(path.len()));
        }
        if path.iter().any(|id| id.index() >= self.channels.len()) {
            return Err(JourneyFault::Unknown);
        }
        if outcome.value != 0 && outcome.conversions == Count::ZERO {
            return Err(JourneyFault::ValueWithoutConversion);
        }
        let weight = outcome.mass().ok_or(JourneyFault::TooMuch)?.checked_mul(path.len() as u64 + 1);
        let size = weight.and_then(|weight| self.size.checked_add(weight)).ok_or(JourneyFault::TooMuch)?;
        let value_size = self.value_size.checked_add(outcome.value.unsigned_abs());
        let value_size = value_size.filter(|size| *size <= i64::MAX as u64).ok_or(JourneyFault::TooMuch)?;
        (self.size, self.value_size) = (size, value_size);
        self.totals = self.totals.checked_add(outcome).expect("less than the sizes");
        if path.is_empty() {
            self.unattributed = self.unattributed.checked_add(outcome).expect("less than all");
        }
        Ok(())
    }
}

/// A value as the column keeps it, at length among the large ones where it has to be.
fn narrow(value: i64, large: &mut Vec<i64>) -> u32 {
    u32::try_from(value).ok().filter(|small| *small != LARGE).unwrap_or_else(|| {
        large.push(value);
        LARGE
    })
}

/// Some of the rows of [`Journeys`]. The first part also carries the rows without touches.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    pub(super) journeys: &'a Journeys,
    touches: Slice<'a>,
    lengths: &'a [u8],
    long: &'a [u16],
    kinds: &'a [Kind],
    values: &'a [u32],
    large: &'a [i64],
    groups: &'a [Outcome],
    first: bool,
}

#[derive(Clone, Copy, Debug)]
enum Slice<'a> {
    Narrow(&'a [u8]),
    Wide(&'a [ChannelId]),
}

/// Sees every row of a [`Part`].
pub(super) trait Visitor {
    fn journey<T: Touch>(&mut self, path: &[T], outcome: &Outcome);
}

/// A channel's number as a column keeps it.
pub(super) trait Touch: Copy + Eq {
    fn id(self) -> ChannelId;
    fn at(self) -> usize;
}

impl Touch for u8 {
    fn id(self) -> ChannelId {
        ChannelId(u16::from(self))
    }
    fn at(self) -> usize {
        usize::from(self)
    }
}

impl Touch for ChannelId {
    fn id(self) -> ChannelId {
        self
    }
    fn at(self) -> usize {
        self.index()
    }
}

impl<'a> Part<'a> {
    /// How many rows with touches it has.
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// The rows without touches, where this part carries them.
    pub(super) fn unattributed(&self) -> Outcome {
        if self.first { self.journeys.unattributed } else { Outcome::default() }
    }

    pub(super) fn visit(&self, visitor: &mut impl Visitor) {
        match self.touches {
            Slice::Narrow(touches) => self.visit_column(touches, visitor),
            Slice::Wide(touches) => self.visit_column(touches, visitor),
        }
    }

    #[inline]
    fn visit_column<T: Touch>(&self, mut touches: &[T], visitor: &mut impl Visitor) {
        let mut long = self.long.iter();
        let mut values = self.values.iter();
        let mut large = self.large.iter();
        let mut groups = self.groups.iter();
        for (length, kind) in self.lengths.iter().zip(self.kinds) {
            let length = match *length {
                LONG => usize::from(*long.next().expect("one for each long path")),
                short => usize::from(short),
            };
            let (path, rest) = touches.split_at(length);
            touches = rest;
            match kind {
                Kind::Nothing => visitor.journey(path, &Outcome::nothing()),
                Kind::Conversion => {
                    let value = match *values.next().expect("one for each conversion") {
                        LARGE => *large.next().expect("one for each large value"),
                        value => i64::from(value),
                    };
                    visitor.journey(path, &Outcome::conversion(value));
                }
                Kind::Group => visitor.journey(path, groups.next().expect("one for each group")),
            }
        }
    }

    /// Cuts off the first rows.
    fn take_rows(&mut self, rows: usize) -> Part<'a> {
        let mut taken = *self;
        (taken.lengths, self.lengths) = self.lengths.split_at(rows);
        (taken.kinds, self.kinds) = self.kinds.split_at(rows);
        let long = taken.lengths.iter().filter(|length| **length == LONG).count();
        (taken.long, self.long) = self.long.split_at(long);
        let short = taken.lengths.iter().filter(|length| **length != LONG);
        let touches = short.map(|length| usize::from(*length)).sum::<usize>()
            + taken.long.iter().map(|length| usize::from(*length)).sum::<usize>();
        (taken.touches, self.touches) = match self.touches {
            Slice::Narrow(column) => {
                let (one, other) = column.split_at(touches);
                (Slice::Narrow(one), Slice::Narrow(other))
            }
            Slice::Wide(column) => {
                let (one, other) = column.split_at(touches);
                (Slice::Wide(one), Slice::Wide(other))
            }
        };
        let of = |kind| taken.kinds.iter().filter(|other| **other == kind).count();
        (taken.values, self.values) = self.values.split_at(of(Kind::Conversion));
        (taken.groups, self.groups) = self.groups.split_at(of(Kind::Group));
        let large = taken.values.iter().filter(|value| **value == LARGE).count();
        (taken.large, self.large) = self.large.split_at(large);
        self.first = false;
        taken
    }
}
