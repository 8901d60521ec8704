//! The life of a tag: which state may follow which.

use crate::vocab::TagStatus::{self, Active, Blank, Lost, Provisioning, Retired, Retiring, Suspended};

/// A change of status that the life of a tag does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a tag that is {from} cannot become {to}; expected {}", Expected(*.from))]
#[expect(clippy::exhaustive_structs, reason = "two states say it all")]
pub struct StatusRefusal {
    /// What it is.
    pub from: TagStatus,
    /// What it was to become.
    pub to: TagStatus,
}

/// What may follow a state, besides itself:
///
/// | from | to | |
/// |---|---|---|
/// | blank | provisioning, lost, retired | it has no keys of ours, so it cannot count |
/// | provisioning | blank, active, lost, retiring | wiped, or confirmed; what was never confirmed is not set aside |
/// | active | provisioning, suspended, lost, retiring, retired | new keys are a personalisation |
/// | suspended | provisioning, active, lost, retiring, retired | |
/// | lost | active, suspended, retired | whoever wants to write it has to find it first |
/// | retiring | blank, provisioning, suspended, lost, retired | which keys it has is not known, so it does not count at once |
/// | retired | provisioning, active, lost | taken back, by mistake retired |
///
/// ```
/// use phygital_core::machine::may_follow;
/// use phygital_core::vocab::TagStatus;
/// assert!(may_follow(TagStatus::Lost).contains(&TagStatus::Active));
/// assert!(!may_follow(TagStatus::Blank).contains(&TagStatus::Active));
/// ```
#[must_use]
pub fn may_follow(from: TagStatus) -> &'static [TagStatus] {
    match from {
        Blank => &[Provisioning, Lost, Retired],
        Provisioning => &[Blank, Active, Lost, Retiring],
        Active => &[Provisioning, Suspended, Lost, Retiring, Retired],
        Suspended => &[Provisioning, Active, Lost, Retiring, Retired],
        Lost => &[Active, Suspended, Retired],
        Retiring => &[Blank, Provisioning, Suspended, Lost, Retired],
        Retired => &[Provisioning, Active, Lost],
    }
}

/// With what the life of a tag begins, where nothing was said of it before. An enrolment begins it as active.
pub const FIRST_STATUSES: [TagStatus; 2] = [Blank, Provisioning];

/// Decides whether a tag may change. To say again what it is, is no change.
///
/// # Errors
/// [`StatusRefusal`] where [`may_follow`] does not have it.
pub fn change_status(from: TagStatus, to: TagStatus) -> Result<(), StatusRefusal> {
    if from == to || may_follow(from).contains(&to) { Ok(()) } else { Err(StatusRefusal { from, to }) }
}

/// The states that may follow, as a text.
struct Expected(TagStatus);

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = may_follow(self.0).iter().map(|status| status.name()).collect();
        match names.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
            None => f.write_str("nothing"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The table as a picture: a row for each state, in the order of their lives; `x` where a change is allowed.
    const PICTURE: [&str; 7] = [
        // b p a s l g r
        ". x . . x . x", // blank
        "x . x . x x .", // provisioning
        ". x . x x x x", // active
        ". x x . x x x", // suspended
        ". . x x . . x", // lost
        "x x . x x . x", // retiring
        ". x x . x . .", // retired
    ];

    #[test]
    fn the_table_is_the_picture() {
        for (row, &from) in PICTURE.iter().zip(TagStatus::ALL) {
            for (cell, &to) in row.split(' ').zip(TagStatus::ALL) {
                let allowed = cell == "x" || from == to;
                let answer = change_status(from, to);
                assert_eq!(answer.is_ok(), allowed, "{from} to {to}");
                assert!(allowed || answer == Err(StatusRefusal { from, to }));
            }
        }
    }

    #[test]
    fn every_state_is_reached_and_none_is_a_dead_end() {
        for &from in TagStatus::ALL {
            let mut reached = BTreeSet::from([from]);
            for _ in TagStatus::ALL {
                reached.extend(reached.clone().into_iter().flat_map(may_follow));
            }
            assert_eq!(reached.len(), TagStatus::ALL.len(), "from {from}");
        }
    }

    #[test]
    fn a_refusal_says_what_is_expected() {
        let refusal = change_status(Blank, Active).unwrap_err();
        let text = "a tag that is blank cannot become active; expected provisioning, lost or retired";
        assert_eq!(refusal.to_string(), text);
    }
}
