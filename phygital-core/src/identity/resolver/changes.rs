//! What became of profiles.

use std::collections::BTreeSet;

use crate::vocab::CustomerId;

/// What became of a profile when evidence came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProfileChange {
    /// Somebody new.
    Created {
        /// Her profile.
        profile: CustomerId,
    },
    /// A profile goes by another id from now on.
    Renamed {
        /// The id that it had.
        from: CustomerId,
        /// The id that it has.
        to: CustomerId,
    },
    /// A profile went into another, and its id leads there.
    Merged {
        /// The one that is no more.
        from: CustomerId,
        /// The one that took it in.
        into: CustomerId,
    },
    /// Part of a profile, which goes on, is a profile of its own.
    Split {
        /// The one that it was part of.
        from: CustomerId,
        /// The new one.
        into: CustomerId,
    },
    /// Part of a profile went over to another, and both go on.
    Moved {
        /// The one that it was part of.
        from: CustomerId,
        /// The one that it is part of now.
        into: CustomerId,
    },
    /// Nothing is left of a profile.
    Ended {
        /// Its id.
        profile: CustomerId,
    },
}

/// What is seen of profiles while changes are settled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    was: BTreeSet<CustomerId>,
    is: BTreeSet<CustomerId>,
    went: BTreeSet<(CustomerId, CustomerId)>,
    last: Option<(Option<CustomerId>, Option<CustomerId>)>,
}

impl Tally {
    /// A member of a profile is one of another now, or of the same.
    pub(crate) fn member(&mut self, was: Option<CustomerId>, is: Option<CustomerId>) {
        // Members of one profile come one after the other.
        if self.last == Some((was, is)) {
            return;
        }
        self.last = Some((was, is));
        self.was.extend(was);
        self.is.extend(is);
        if let (Some(was), Some(is)) = (was, is)
            && was != is
        {
            self.went.insert((was, is));
        }
    }

    /// A record went over from a profile to another, whose other members may not have been looked at.
    pub(super) fn went(&mut self, from: CustomerId, into: CustomerId) {
        if from != into {
            self.went.insert((from, into));
        }
    }

    /// The changes, in order; begins anew.
    pub(crate) fn changes(&mut self) -> Vec<ProfileChange> {
        let Tally { mut was, mut is, went, .. } = std::mem::take(self);
        let unseen: BTreeSet<CustomerId> = went
            .iter()
            .flat_map(|(from, into)| [*from, *into])
            .filter(|id| !was.contains(id) && !is.contains(id))
            .collect();
        was.extend(&unseen);
        is.extend(&unseen);
        let mut changes = BTreeSet::new();
        for profile in is.difference(&was).filter(|id| !went.iter().any(|(_, into)| into == *id)) {
            changes.insert(ProfileChange::Created { profile: *profile });
        }
        for profile in was.difference(&is).filter(|id| {
            went.range((**id, CustomerId::from_bytes([0; 16]))..).next().is_none_or(|(from, _)| from != *id)
        }) {
            changes.insert(ProfileChange::Ended { profile: *profile });
        }
        let (mut renamed, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for &(from, into) in &went {
            let (stays, is_new) = (is.contains(&from), !was.contains(&into));
            changes.insert(match (stays, is_new) {
                (false, true) if !renamed.contains(&from) && taken.insert(into) => {
                    renamed.insert(from);
                    ProfileChange::Renamed { from, to: into }
                }
                (false, true) if renamed.contains(&from) => ProfileChange::Split { from, into },
                (false, _) => ProfileChange::Merged { from, into },
                (true, true) => ProfileChange::Split { from, into },
                (true, false) => ProfileChange::Moved { from, into },
            });
        }
        changes.into_iter().collect()
    }
}
