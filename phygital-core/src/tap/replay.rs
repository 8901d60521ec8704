//! Replay: a tag's counter only ever goes up, and how late a tap may still arrive.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits::{LATE_REACH_MAX, LATE_WINDOW_MAX};
use crate::vocab::Timestamp;
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

/// Whether taps that arrive out of order count.
///
/// The default is strict, as NXP requires (NT4H2421Gx §9.3): what lies below the mark is refused. Where tills
/// verify for themselves and send their taps on when they are online again, a tag that is tapped at two tills
/// within minutes gives the later tap first. A window lets the earlier one count all the same; each such tap
/// is flagged as late.
///
/// ```
/// use phygital_core::tap::replay::ReplayPolicy;
/// use std::time::Duration;
/// assert!(ReplayPolicy::default().is_strict());
/// assert!(!ReplayPolicy::late_within(Duration::from_secs(15 * 60))?.is_strict());
/// assert_eq!(ReplayPolicy::late_within(Duration::ZERO)?, ReplayPolicy::STRICT);
/// assert!(ReplayPolicy::late_within(Duration::from_secs(86_400)).is_err());
/// # Ok::<(), phygital_core::tap::replay::LateWindowError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayPolicy {
    window: Duration,
}

/// A window longer than [`LATE_WINDOW_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a window for late taps is at most 12 hours")]
pub struct LateWindowError;

impl ReplayPolicy {
    /// Nothing below the mark counts.
    pub const STRICT: Self = Self { window: Duration::ZERO };

    /// A tap counts that arrives within `window` of the first later tap of its tag; zero is
    /// [`ReplayPolicy::STRICT`].
    ///
    /// # Errors
    /// [`LateWindowError`] for more than [`LATE_WINDOW_MAX`].
    pub fn late_within(window: Duration) -> Result<Self, LateWindowError> {
        if window > LATE_WINDOW_MAX { Err(LateWindowError) } else { Ok(Self { window }) }
    }

    /// Whether nothing below the mark counts.
    #[must_use]
    pub fn is_strict(self) -> bool {
        self.window.is_zero()
    }

    /// How long after the first later tap one may arrive.
    #[must_use]
    pub fn window(self) -> Duration {
        self.window
    }

    /// Whether a counter that [`judge`] calls replayed counts as a late one: it was never accepted, lies at
    /// most [`LATE_REACH_MAX`] below the mark, and the first acceptance of any counter above it lies no
    /// further back than the window.
    ///
    /// - `accepted` tells when a counter was accepted, if it was. It is asked for the counter itself and for
    ///   those above it up to the mark, so at most [`LATE_REACH_MAX`] + 1 times.
    /// - `clocks` are all that tell the time, such as the host's and the latest that the log has seen. The
    ///   window has to hold by each, so that a clock that jumped, either way, opens it to nothing.
    ///
    /// # Errors
    /// Those of `accepted`.
    pub fn admits_late<E>(
        self,
        mark: ReplayMark,
        ctr: ReadCounter,
        clocks: &[Timestamp],
        mut accepted: impl FnMut(ReadCounter) -> Result<Option<Timestamp>, E>,
    ) -> Result<bool, E> {
        let (highest, ctr) = (mark.highest.get(), ctr.get());
        if self.is_strict() || ctr == 0 || ctr >= highest || highest - ctr > LATE_REACH_MAX {
            return Ok(false);
        }
        let mut first: Option<Timestamp> = None;
        for value in ctr..=highest {
            let counter = ReadCounter::new(value).expect("it is at most the mark");
            match accepted(counter)? {
                Some(_) if value == ctr => return Ok(false),
                Some(at) => first = Some(first.map_or(at, |first| first.min(at))),
                None => {}
            }
        }
        Ok(first.is_some_and(|first| clocks.iter().all(|now| now.distance(first) <= self.window)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::convert::Infallible;

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

        /// The oracle keeps every acceptance and looks at all of them; clocks run as they please.
        #[test]
        fn a_late_tap_counts_once_and_only_within_the_window(
            window in 0..40u64,
            taps in prop::collection::vec((0..150u32, -20..20i64), 0..80),
        ) {
            let policy = ReplayPolicy::late_within(Duration::from_secs(window)).unwrap();
            let (mut now, mut latest) = (1_000_i64, 1_000_i64);
            let mut mark: Option<ReplayMark> = None;
            let mut seen: BTreeMap<u32, i64> = BTreeMap::new();
            for (value, passed) in taps {
                now += passed;
                latest = latest.max(now);
                let in_order = match judge(mark, ctr(value)) {
                    Judgement::Accepted { mark: next, .. } => { mark = Some(next); true }
                    Judgement::Replayed => false,
                };
                let late = !in_order && mark.is_some_and(|mark| {
                    policy.admits_late(mark, ctr(value), &[at(now), at(latest)], |ctr| {
                        Ok::<_, Infallible>(seen.get(&ctr.get()).map(|when| at(*when)))
                    }).unwrap()
                });
                let above: Vec<i64> = seen.range(value + 1..).map(|(_, when)| *when).collect();
                let young = above.iter().min().is_some_and(|first| {
                    now.abs_diff(*first) <= window && latest.abs_diff(*first) <= window
                });
                let reached = seen.keys().last().is_some_and(|last| last - value.min(*last) <= LATE_REACH_MAX);
                let expected = window > 0 && value > 0 && !seen.contains_key(&value) && young && reached;
                prop_assert_eq!(late, expected && !in_order, "{} at {}", value, now);
                if in_order || late {
                    prop_assert!(seen.insert(value, now).is_none(), "accepted twice");
                }
            }
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000).unwrap()
    }

    /// Asks for counter `value` below a mark of 100 that was accepted at second 1,000.
    fn late(value: u32, window: u64, clocks: &[i64]) -> bool {
        let clocks: Vec<Timestamp> = clocks.iter().map(|now| at(*now)).collect();
        let mut asked = 0;
        let answer = ReplayPolicy::late_within(Duration::from_secs(window)).unwrap().admits_late(
            ReplayMark { highest: ctr(100) },
            ctr(value),
            &clocks,
            |ctr| {
                asked += 1;
                Ok::<_, Infallible>((ctr.get() == 100).then(|| at(1_000)))
            },
        );
        assert!(asked <= LATE_REACH_MAX + 1);
        answer.unwrap()
    }

    #[test]
    fn the_window_has_limits() {
        assert!(late(99, 60, &[1_060, 1_060]) && !late(99, 60, &[1_061, 1_061]), "time");
        assert!(late(36, 60, &[1_000]) && !late(35, 60, &[1_000]), "reach");
        assert!(!late(100, 60, &[1_000]) && !late(101, 60, &[1_000]) && !late(0, 60, &[1_000]));
        assert!(!late(99, 0, &[1_000]), "strict");
        assert!(ReplayPolicy::late_within(LATE_WINDOW_MAX).is_ok());
        assert!(ReplayPolicy::late_within(LATE_WINDOW_MAX + Duration::from_nanos(1)).is_err());
    }

    #[test]
    fn a_clock_that_jumped_opens_the_window_to_nothing() {
        assert!(!late(99, 60, &[1_001, 90_000]), "set back: the log knows a later time");
        assert!(!late(99, 60, &[500, 1_000]), "set back further than the window");
        assert!(late(99, 60, &[999, 1_000]), "set back a second");
    }
}
