//! Replay: a tag's counter only ever goes up.

use serde::{Deserialize, Serialize};

use crate::vocab::tag::ReadCounter;

/// The highest read counter accepted so far for one (tag, key epoch).
///
/// NXP calls it the minimum that any verifier must do (NT4H2421Gx §9.3): refuse values seen before or
/// out of order. The mark moves only for a tap whose MAC was checked, and it must be stored durably,
/// compared and set in one transaction, before success is reported. Keys of a later epoch have a mark of
/// their own, as the counter of a tag that is personalised anew starts over.
///
/// ```
/// use phygital_core::tap::replay::{Judgement, judge};
/// use phygital_core::vocab::tag::ReadCounter;
/// let Judgement::Accepted { mark, gap } = judge(None, ReadCounter::new(3)?) else { panic!() };
/// assert_eq!(gap, 2); // reads 1 and 2 never reached us
/// assert_eq!(judge(Some(mark), ReadCounter::new(3)?), Judgement::Replayed);
/// # Ok::<(), phygital_core::vocab::tag::ReadCounterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReplayMark {
    /// The highest counter accepted.
    pub highest: ReadCounter,
}

/// What the mark says about a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a counter is above the mark or it is not")]
pub enum Judgement {
    /// Never seen, and later than all seen.
    Accepted {
        /// The mark to store.
        mark: ReplayMark,
        /// How many values were skipped since the last accepted tap. Gaps are normal: every read of the
        /// tag counts, also one whose link nobody opened.
        gap: u32,
    },
    /// Seen before, out of order, or zero, which no tag sends.
    Replayed,
}

/// Judges a counter against the mark of its tag and key epoch; no mark means that no tap was accepted yet.
#[must_use]
pub fn judge(mark: Option<ReplayMark>, ctr: ReadCounter) -> Judgement {
    let before = mark.map_or(ReadCounter::ZERO, |mark| mark.highest);
    if ctr > before {
        Judgement::Accepted { mark: ReplayMark { highest: ctr }, gap: ctr.get() - before.get() - 1 }
    } else {
        Judgement::Replayed
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn ctr(value: u32) -> ReadCounter {
        ReadCounter::new(value).unwrap()
    }

    #[test]
    fn zero_is_never_accepted() {
        assert_eq!(judge(None, ReadCounter::ZERO), Judgement::Replayed);
    }

    #[test]
    fn the_last_value_ends_the_tag() {
        let Judgement::Accepted { mark, gap } = judge(None, ReadCounter::MAX) else { panic!("refused") };
        assert_eq!(gap, 0xFF_FFFE);
        assert_eq!(judge(Some(mark), ReadCounter::MAX), Judgement::Replayed);
        assert_eq!(judge(Some(mark), ctr(1)), Judgement::Replayed);
    }

    proptest! {
        /// The oracle remembers every counter ever accepted.
        #[test]
        fn accepted_means_later_than_all_accepted(values in prop::collection::vec(0..20u32, 0..60)) {
            let mut mark = None;
            let mut seen = BTreeSet::new();
            for value in values {
                let fresh = value > 0 && seen.iter().all(|earlier| *earlier < value);
                match judge(mark, ctr(value)) {
                    Judgement::Accepted { mark: next, gap } => {
                        prop_assert!(fresh);
                        prop_assert_eq!(gap, value - seen.last().copied().unwrap_or(0) - 1);
                        mark = Some(next);
                        seen.insert(value);
                    }
                    Judgement::Replayed => prop_assert!(!fresh),
                }
            }
        }
    }
}
