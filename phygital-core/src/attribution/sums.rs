//! Sums by key, as aggregates keep them: merged, added to in place, written and read.

use std::collections::BTreeMap;

use super::channels::ChannelId;
use super::codec::{AggregateError, MergeError, Reader, Writer};
use super::outcome::Outcome;

/// What sums are kept by: channels in some order.
pub(super) trait Key: Ord + Sized {
    /// The same channels in another numbering, in which they rise as here.
    fn renumbered(&self, map: &[ChannelId]) -> Self;
    fn write(&self, writer: &mut Writer);
    fn read(reader: &mut Reader<'_>) -> Result<Self, AggregateError>;
}

/// What is summed.
pub(super) trait Sum: Copy + Default {
    fn plus(&self, other: &Self) -> Option<Self>;
    fn write(&self, writer: &mut Writer);
    fn read(reader: &mut Reader<'_>) -> Result<Self, AggregateError>;
}

impl Key for Box<[ChannelId]> {
    fn renumbered(&self, map: &[ChannelId]) -> Self {
        self.iter().map(|id| map[id.index()]).collect()
    }

    fn write(&self, writer: &mut Writer) {
        writer.key(self);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, AggregateError> {
        reader.key()
    }
}

impl Sum for Outcome {
    fn plus(&self, other: &Self) -> Option<Self> {
        self.checked_add(other)
    }

    fn write(&self, writer: &mut Writer) {
        writer.outcome(self);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, AggregateError> {
        reader.outcome()
    }
}

/// Millionths of journeys.
impl Sum for u64 {
    fn plus(&self, other: &Self) -> Option<Self> {
        self.checked_add(*other)
    }

    fn write(&self, writer: &mut Writer) {
        writer.number((*self).into());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, AggregateError> {
        reader.narrow()
    }
}

/// The sums of two aggregates, whose channels have new numbers in both.
pub(super) fn merged<K: Key, V: Sum>(
    ours: (&BTreeMap<K, V>, &[ChannelId]),
    theirs: (&BTreeMap<K, V>, &[ChannelId]),
) -> Result<BTreeMap<K, V>, MergeError> {
    let renumbered = |(sums, map): (&BTreeMap<K, V>, &[ChannelId])| -> BTreeMap<K, V> {
        sums.iter().map(|(key, sum)| (key.renumbered(map), *sum)).collect()
    };
    let mut all = renumbered(ours);
    for (key, sum) in renumbered(theirs) {
        let into = all.entry(key).or_default();
        *into = into.plus(&sum).ok_or(MergeError::TooMuch)?;
    }
    Ok(all)
}

/// Writes sums by rising keys.
pub(super) fn write<K: Key, V: Sum>(sums: &BTreeMap<K, V>, writer: &mut Writer) {
    writer.length(sums.len());
    for (key, sum) in sums {
        key.write(writer);
        sum.write(writer);
    }
}

/// Reads what [`write`] writes, where every entry is good.
pub(super) fn read<K: Key, V: Sum>(
    reader: &mut Reader<'_>,
    is_good: impl Fn(&K, &V) -> bool,
) -> Result<BTreeMap<K, V>, AggregateError> {
    let mut sums = BTreeMap::new();
    for _ in 0..reader.length()? {
        let (key, sum) = (K::read(reader)?, V::read(reader)?);
        let rises = sums.last_key_value().is_none_or(|(last, _)| *last < key);
        if !rises || !is_good(&key, &sum) {
            return Err(AggregateError::Form);
        }
        sums.insert(key, sum);
    }
    Ok(sums)
}
