//! Channels: what a touch came through, as a small id with its name kept aside.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::vocab::limits::{CHANNEL_NAME_BYTES_MAX, CHANNELS_MAX};

/// The channels of a set of journeys, numbered in the order in which they were first seen.
///
/// A name is data: `(start)`, `(null)` or `(conversion)` are channels like any other.
///
/// ```
/// use phygital_core::attribution::Channels;
/// let mut channels = Channels::new();
/// let email = channels.intern("email")?;
/// assert_eq!(channels.intern("email")?, email);
/// assert_eq!(channels.name(email), "email");
/// # Ok::<(), phygital_core::attribution::ChannelError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    names: Vec<Box<str>>,
    ids: BTreeMap<Box<str>, ChannelId>,
}

/// The number of a channel within its [`Channels`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub(super) u16);

/// Why a channel was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// A name without a character.
    #[error("a channel's name is empty")]
    Empty,
    /// A name longer than [`CHANNEL_NAME_BYTES_MAX`].
    #[error("a channel's name has {0} bytes, more than {CHANNEL_NAME_BYTES_MAX}")]
    TooLong(usize),
    /// One channel more than [`CHANNELS_MAX`].
    #[error("more than {CHANNELS_MAX} channels")]
    TooMany,
}

impl ChannelId {
    /// The place in lists that hold one entry for each channel.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl Channels {
    /// No channels yet.
    pub fn new() -> Channels {
        Channels::default()
    }

    /// The id of a name, a new one where it was not seen before.
    ///
    /// # Errors
    /// [`ChannelError`] for a name that is empty or too long, or one channel too many.
    pub fn intern(&mut self, name: &str) -> Result<ChannelId, ChannelError> {
        if let Some(id) = self.ids.get(name) {
            return Ok(*id);
        }
        if name.is_empty() {
            return Err(ChannelError::Empty);
        }
        if name.len() > CHANNEL_NAME_BYTES_MAX {
            return Err(ChannelError::TooLong(name.len()));
        }
        let id = id_at(self.names.len()).ok_or(ChannelError::TooMany)?;
        self.names.push(name.into());
        self.ids.insert(name.into(), id);
        Ok(id)
    }

    /// The id of a name, where it was seen.
    pub fn id(&self, name: &str) -> Option<ChannelId> {
        self.ids.get(name).copied()
    }

    /// The name of a channel of this set; empty for one of another set that is larger.
    pub fn name(&self, id: ChannelId) -> &str {
        self.names.get(id.index()).map_or("", |name| name)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The channels by number.
    pub fn iter(&self) -> impl Iterator<Item = (ChannelId, &str)> {
        self.names.iter().enumerate().filter_map(|(at, name)| Some((id_at(at)?, &**name)))
    }

    /// The same channels by name, and for each id here its id there.
    pub(super) fn roster(&self) -> (Roster, Vec<ChannelId>) {
        let mut map = vec![ChannelId(0); self.names.len()];
        for (rank, id) in self.ids.values().enumerate() {
            map[id.index()] = id_at(rank).expect("no more than before");
        }
        (Roster { names: self.ids.keys().cloned().collect() }, map)
    }

    /// The channels of one path by name, and the path in their ids.
    pub(super) fn roster_of(&self, path: &[ChannelId]) -> Result<(Roster, Vec<ChannelId>), ChannelError> {
        let mut own = Channels::new();
        let ids = path.iter().map(|id| own.intern(self.name(*id))).collect::<Result<Vec<_>, _>>()?;
        let (roster, map) = own.roster();
        Ok((roster, ids.into_iter().map(|id| map[id.index()]).collect()))
    }
}

/// Channels in the order of their names. Every aggregate numbers its channels so: then the sums of floating numbers go
/// in one order, and equal aggregates are equal bytes, however the journeys came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    pub(super) names: Vec<Box<str>>,
}

impl Roster {
    /// The channel of a name.
    pub fn id(&self, name: &str) -> Option<ChannelId> {
        self.names.binary_search_by(|other| (**other).cmp(name)).ok().and_then(id_at)
    }

    /// The name of a channel; empty for one that is not of this roster.
    pub fn name(&self, id: ChannelId) -> &str {
        self.names.get(id.index()).map_or("", |name| name)
    }

    /// The channels in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (ChannelId, &str)> {
        self.names.iter().enumerate().filter_map(|(at, name)| Some((id_at(at)?, &**name)))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A path in the ids of this roster, where it has all of its channels.
    pub(super) fn path(&self, channels: &Channels, path: &[ChannelId]) -> Option<Vec<ChannelId>> {
        path.iter().map(|id| self.id(channels.name(*id))).collect()
    }

    /// The channels of both, and where the ids of each are in it.
    pub(super) fn union(&self, other: &Roster) -> Result<Union, ChannelError> {
        let mut channels = Channels::new();
        for name in self.names.iter().chain(&other.names) {
            channels.intern(name)?;
        }
        let (roster, map) = channels.roster();
        let places =
            |one: &Roster| one.names.iter().map(|name| map[channels.ids[name].index()]).collect::<Vec<_>>();
        Ok(Union { ours: places(self), theirs: places(other), roster })
    }
}

/// Two rosters in one.
pub(super) struct Union {
    pub(super) roster: Roster,
    pub(super) ours: Vec<ChannelId>,
    pub(super) theirs: Vec<ChannelId>,
}

/// The id with this number, where ids go so far.
pub(super) fn id_at(at: usize) -> Option<ChannelId> {
    const { assert!(CHANNELS_MAX == u16::MAX as usize + 1) };
    u16::try_from(at).ok().map(ChannelId)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_million_channels_are_refused_past_the_limit() {
        let mut channels = Channels::new();
        for at in 0..CHANNELS_MAX {
            channels.intern(&format!("c{at}")).unwrap();
        }
        assert_eq!(channels.intern("one more"), Err(ChannelError::TooMany));
        assert_eq!(channels.intern("c65535").unwrap().index(), 65_535);
    }

    #[test]
    fn names_have_a_length() {
        let mut channels = Channels::new();
        assert_eq!(channels.intern(""), Err(ChannelError::Empty));
        channels.intern(&"x".repeat(CHANNEL_NAME_BYTES_MAX)).unwrap();
        let long = CHANNEL_NAME_BYTES_MAX + 1;
        assert_eq!(channels.intern(&"x".repeat(long)), Err(ChannelError::TooLong(long)));
    }

    #[test]
    fn a_roster_is_in_the_order_of_names() {
        let mut channels = Channels::new();
        for name in ["b", "(null)", "a"] {
            channels.intern(name).unwrap();
        }
        let (roster, map) = channels.roster();
        assert_eq!(roster.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["(null)", "a", "b"]);
        for (id, name) in channels.iter() {
            assert_eq!(roster.name(map[id.index()]), name);
        }
        let other = Roster { names: vec!["a".into(), "c".into()] };
        let union = roster.union(&other).unwrap();
        assert_eq!(union.roster.len(), 4);
        for (id, name) in other.iter() {
            assert_eq!(union.roster.name(union.theirs[id.index()]), name);
        }
    }
}
