//! What a few rows need beyond a row: names, epochs, spellings, matches.

use std::collections::BTreeMap;

use crate::identity::matching::Millibits;

/// What else is known of a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    /// Names of its sightings, by number, and in how many.
    pub(super) names: BTreeMap<u32, u32>,
    /// Dates of birth, likewise.
    pub(super) births: BTreeMap<u32, u32>,
    /// Whether two of the names cannot be one person's.
    pub(super) at_odds: bool,
    /// Who holds it, where that is not all of its sightings at all times.
    pub(super) knot: Option<Box<Knot>>,
    /// How it is spelt, where typing errors are looked for, and how many mentions say so.
    pub(super) spelling: Option<(Box<str>, u32)>,
    /// Identifiers that are one typing error away.
    pub(super) alike: Vec<u32>,
    /// Of a description: others that match it, and how well.
    pub(super) matches: Vec<(u32, Millibits)>,
    /// Of a description: what it is worth that two records have it.
    pub(super) worth: Millibits,
    /// Of an epoch: the row of its identifier.
    pub(super) owner: u32,
}

/// An identifier that is cut into epochs, or that some sightings do not use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Knot {
    /// In order of time.
    pub(super) epochs: Vec<Epoch>,
    /// For each sighting, in their order, the epoch that it belongs to; `None` where another name holds the identifier.
    pub(super) epoch_of: Vec<(u32, Option<u8>)>,
    /// What is named together with each epoch, by sightings that hold both.
    pub(super) ties: Vec<Tie>,
}

/// A stretch of time in which one holder has an identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch {
    /// The row of its vertex: of the first epoch that of the identifier.
    pub(super) row: u32,
    /// Its first sighting.
    pub(super) first: u32,
    pub(super) names: Vec<u32>,
    pub(super) births: Vec<u32>,
}

/// What sightings name together that hold both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tie {
    pub(super) epoch: u8,
    /// The row of the other, and its epoch.
    pub(super) other: u32,
    pub(super) its_epoch: u8,
    /// How many sightings.
    pub(super) support: u32,
}

impl Side {
    /// Whether it has neither epochs, nor two names, nor what a typing error may tie it to.
    pub(super) fn is_plain(&self) -> bool {
        self.knot.is_none() && self.names.len() < 2 && self.births.len() < 2 && self.alike.is_empty()
    }
}

impl Knot {
    /// The epoch of one of its sightings.
    pub(super) fn epoch(&self, sighting: u32) -> Option<u8> {
        let at = self.epoch_of.binary_search_by_key(&sighting, |(at, _)| *at).ok()?;
        self.epoch_of[at].1
    }
}

/// Counts one more of a number. Whether it is new.
pub(super) fn count_in(counts: &mut BTreeMap<u32, u32>, number: u32) -> bool {
    let count = counts.entry(number).or_default();
    *count += 1;
    *count == 1
}

/// Counts one less. Whether none is left.
pub(super) fn count_out(counts: &mut BTreeMap<u32, u32>, number: u32) -> bool {
    let Some(count) = counts.get_mut(&number) else { return false };
    *count -= 1;
    let gone = *count == 0;
    if gone {
        counts.remove(&number);
    }
    gone
}
