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
    /// Profiles that keep members.
    kept: Vec<CustomerId>,
    /// Profiles that lose some, or get some.
    lost: Vec<CustomerId>,
    got: Vec<CustomerId>,
    went: Vec<(CustomerId, CustomerId)>,
}

impl Tally {
    /// A member of a profile is one of another now, or of the same.
    pub(crate) fn member(&mut self, was: Option<CustomerId>, is: Option<CustomerId>) {
        match (was, is) {
            // Members of one profile come one after the other.
            (Some(was), Some(is)) if was == is => {
                if self.kept.last() != Some(&is) {
                    self.kept.push(is);
                }
            }
            (was, is) => {
                self.lost.extend(was);
                self.got.extend(is);
                self.went.extend(was.zip(is));
            }
        }
    }

    /// A record went over from a profile to another, whose other members may not have been looked at.
    pub(crate) fn went(&mut self, from: CustomerId, into: CustomerId) {
        if from != into {
            self.went.push((from, into));
        }
    }

    /// The changes, in order; begins anew.
    pub(crate) fn changes(&mut self) -> Vec<ProfileChange> {
        let Tally { kept, lost: was, got: is, went } = self;
        if was.is_empty() && is.is_empty() && went.is_empty() {
            kept.clear();
            return Vec::new();
        }
        if was.is_empty() && went.is_empty() {
            // Somebody new, or somebody known who has one identifier more: by far the most that happens.
            in_order(kept);
            in_order(is);
            let fresh = is.drain(..).filter(|profile| kept.binary_search(profile).is_err());
            let changes = fresh.map(|profile| ProfileChange::Created { profile }).collect();
            kept.clear();
            return changes;
        }
        was.extend_from_slice(kept);
        is.extend_from_slice(kept);
        in_order(was);
        in_order(is);
        in_order(went);
        let holds = |all: &[CustomerId], id: &CustomerId| all.binary_search(id).is_ok();
        // What nobody looked at stays.
        let ends = went.iter().flat_map(|(from, into)| [*from, *into]);
        let unseen: Vec<CustomerId> = ends.filter(|id| !holds(was, id) && !holds(is, id)).collect();
        for all in [&mut *was, &mut *is] {
            if !unseen.is_empty() {
                all.extend(&unseen);
                in_order(all);
            }
        }
        let mut changes = Vec::new();
        let mut targets: Vec<CustomerId> = went.iter().map(|(_, into)| *into).collect();
        in_order(&mut targets);
        for profile in is.iter().filter(|id| !holds(was, id) && !holds(&targets, id)) {
            changes.push(ProfileChange::Created { profile: *profile });
        }
        let goes = |id: &CustomerId| {
            went.get(went.partition_point(|(from, _)| from < id)).is_some_and(|(from, _)| from == id)
        };
        for profile in was.iter().filter(|id| !holds(is, id) && !goes(id)) {
            changes.push(ProfileChange::Ended { profile: *profile });
        }
        let mut taken: BTreeSet<CustomerId> = BTreeSet::new();
        let mut renamed = None;
        for &(from, into) in went.iter() {
            let (stays, is_new) = (holds(is, &from), !holds(was, &into));
            changes.push(match (stays, is_new) {
                (false, true) if renamed != Some(from) && taken.insert(into) => {
                    renamed = Some(from);
                    ProfileChange::Renamed { from, to: into }
                }
                (false, true) if renamed == Some(from) => ProfileChange::Split { from, into },
                (false, _) => ProfileChange::Merged { from, into },
                (true, true) => ProfileChange::Split { from, into },
                (true, false) => ProfileChange::Moved { from, into },
            });
        }
        in_order(&mut changes);
        kept.clear();
        was.clear();
        is.clear();
        went.clear();
        changes
    }
}

/// Sorts, and keeps one of each.
fn in_order<T: Ord>(all: &mut Vec<T>) {
    all.sort_unstable();
    all.dedup();
}
