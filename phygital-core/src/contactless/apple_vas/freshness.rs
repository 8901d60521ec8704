//! Whether a cryptogram is of now, and was not seen before.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::vocab::Timestamp;

use super::cryptogram::Fingerprint;

/// Most cryptograms that are remembered. A shop with a tap every second of the default window needs a tenth.
pub const USED_MAX: usize = 4_096;

/// How far the phone's clock may be from ours.
///
/// Phones set their clock by the network, so minutes are ample. A narrower window leaves less to whoever gathered
/// cryptograms ahead by setting a phone's clock forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "two sides of now")]
pub struct TimeWindow {
    /// How far behind.
    pub past: Duration,
    /// How far ahead.
    pub future: Duration,
}

impl Default for TimeWindow {
    /// Five minutes behind, two ahead.
    fn default() -> Self {
        Self { past: Duration::from_secs(300), future: Duration::from_secs(120) }
    }
}

/// What the window and the memory say about a cryptogram that decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it is of now and new, or it is not, in one of three ways")]
pub enum Freshness {
    /// Of now, and never seen. It is remembered from now on.
    Fresh,
    /// From before the window, or so old that the memory may have forgotten it.
    Stale,
    /// From after the window: the phone's clock, or ours, is wrong, or the cryptogram was gathered ahead.
    Ahead,
    /// Seen before.
    Replayed,
}

/// The memory of used cryptograms, bounded, and judged without a clock of its own.
///
/// What leaves the window is forgotten; nothing older is accepted afterwards, also when our clock is set back. When
/// [`USED_MAX`] cryptograms are remembered, the oldest goes, and with it everything as old. So no cryptogram is ever
/// accepted twice. A host stores it as it stores a replay mark: durably, in the transaction that accepts the tap.
/// Tills that share no store each remember their own.
///
/// ```
/// use phygital_core::contactless::apple_vas::{Fingerprint, freshness::{Freshness, TimeWindow, UsedCryptograms}};
/// use phygital_core::vocab::Timestamp;
/// let now = Timestamp::parse("2026-11-21T12:00:00Z")?;
/// let mut used = UsedCryptograms::default();
/// let mut judge = || used.judge(Fingerprint([1; 16]), now, now, TimeWindow::default());
/// assert_eq!([judge(), judge()], [Freshness::Fresh, Freshness::Replayed]);
/// # Ok::<(), phygital_core::vocab::TimeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedCryptograms {
    /// When each was made, by the phone's clock.
    used: BTreeMap<Fingerprint, Timestamp>,
    /// Nothing before this is accepted.
    floor: Timestamp,
}

impl Default for UsedCryptograms {
    /// Nothing was used yet.
    fn default() -> Self {
        Self { used: BTreeMap::new(), floor: Timestamp::MIN }
    }
}

impl UsedCryptograms {
    /// A memory of these, as [`UsedCryptograms::entries`] and [`UsedCryptograms::floor`] gave them; the oldest past
    /// [`USED_MAX`] are forgotten as ever.
    #[must_use]
    pub fn restore(entries: impl IntoIterator<Item = (Fingerprint, Timestamp)>, floor: Timestamp) -> Self {
        let mut this = Self { used: BTreeMap::new(), floor };
        for (fingerprint, made) in entries {
            this.remember(fingerprint, made);
        }
        this
    }

    /// What is remembered: each with the time at which it was made.
    pub fn entries(&self) -> impl Iterator<Item = (Fingerprint, Timestamp)> {
        self.used.iter().map(|(fingerprint, made)| (*fingerprint, *made))
    }

    /// Before this time nothing is accepted any more.
    #[must_use]
    pub fn floor(&self) -> Timestamp {
        self.floor
    }

    /// Judges a cryptogram that decrypted, made at `made` by the phone's clock, and remembers it if it is fresh.
    pub fn judge(
        &mut self,
        fingerprint: Fingerprint,
        made: Timestamp,
        now: Timestamp,
        window: TimeWindow,
    ) -> Freshness {
        if made > now.saturating_add(window.future) {
            return Freshness::Ahead;
        }
        if self.used.contains_key(&fingerprint) {
            return Freshness::Replayed;
        }
        if made < now.saturating_sub(window.past) || made < self.floor {
            return Freshness::Stale;
        }
        self.forget_before(now.saturating_sub(window.past));
        self.remember(fingerprint, made);
        Freshness::Fresh
    }

    fn forget_before(&mut self, time: Timestamp) {
        self.floor = self.floor.max(time);
        let floor = self.floor;
        self.used.retain(|_, made| *made >= floor);
    }

    fn remember(&mut self, fingerprint: Fingerprint, made: Timestamp) {
        self.used.insert(fingerprint, made);
        if self.used.len() > USED_MAX {
            let oldest = self.used.values().copied().min().expect("more than USED_MAX");
            // The next moment that a phone can tell: what is as old as the oldest goes with it.
            self.forget_before(oldest.saturating_add(Duration::from_micros(1)));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const WINDOW: TimeWindow = TimeWindow { past: Duration::from_secs(10), future: Duration::from_secs(5) };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + second * 1_000).unwrap()
    }

    fn print(number: usize) -> Fingerprint {
        Fingerprint(u128::try_from(number).unwrap().to_be_bytes())
    }

    #[test]
    fn the_window_has_two_sides() {
        for (made, expected) in
            [(-11, Freshness::Stale), (-10, Freshness::Fresh), (5, Freshness::Fresh), (6, Freshness::Ahead)]
        {
            let mut used = UsedCryptograms::default();
            assert_eq!(used.judge(print(0), at(made), at(0), WINDOW), expected, "{made}");
        }
    }

    #[test]
    fn a_full_memory_forgets_the_oldest_and_all_that_is_as_old() {
        let mut used = UsedCryptograms::default();
        let mut judge = |number: usize, made| used.judge(print(number), at(made), at(0), WINDOW);
        assert_eq!([judge(0, -2), judge(1, -2)], [Freshness::Fresh; 2]);
        for number in 2..USED_MAX {
            assert_eq!(judge(number, 0), Freshness::Fresh);
        }
        assert_eq!(judge(0, -2), Freshness::Replayed);
        assert_eq!(judge(USED_MAX, 1), Freshness::Fresh);
        assert_eq!([judge(0, -2), judge(USED_MAX + 1, -2)], [Freshness::Stale; 2]);
        assert_eq!([judge(2, 0), judge(USED_MAX, 1)], [Freshness::Replayed; 2]);
        assert_eq!(used.entries().count(), USED_MAX - 1);
        let restored = UsedCryptograms::restore(used.entries(), used.floor());
        assert_eq!(restored, used);
    }

    proptest! {
        /// The oracle remembers all: nothing is accepted twice, also when clocks go back and forth, and what is
        /// accepted is within the window.
        #[test]
        fn nothing_is_accepted_twice(
            // When each was made is under its seal, so it does not change.
            times in prop::collection::vec(-40..40i64, 12),
            taps in prop::collection::vec((0..12usize, -40..40i64), 0..60),
        ) {
            let mut used = UsedCryptograms::default();
            let mut seen = BTreeSet::new();
            let mut latest = i64::MIN;
            for (number, now) in taps {
                let made = times[number];
                match used.judge(print(number), at(made), at(now), WINDOW) {
                    Freshness::Fresh => {
                        prop_assert!(seen.insert(number));
                        prop_assert!((now - 10..=now + 5).contains(&made));
                        latest = latest.max(now);
                    }
                    Freshness::Ahead => prop_assert!(made > now + 5),
                    Freshness::Replayed => prop_assert!(seen.contains(&number)),
                    Freshness::Stale => prop_assert!(made < now.max(latest) - 10),
                }
            }
        }
    }
}
