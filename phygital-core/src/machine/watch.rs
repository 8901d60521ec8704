//! Failed taps, counted: a source that fails too often waits, a tag that is forged too often raises an alarm.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::vocab::{Digest, TagUid, Timestamp, TouchpointId};

/// Most sources, and most tags, whose failures are remembered at once: 1 MB, or 4 MB where all are touchpoints
/// with the longest ids. Whoever comes with more names than that pushes the oldest out; the tags that they claim
/// still count.
pub const WATCHED_MAX: usize = 4_096;

/// How often a tag raises an alarm, however often it is forged.
pub const ALARM_EVERY: Duration = Duration::from_secs(60 * 60);

/// How many failed taps are let pass within a window.
///
/// Guessing a MAC takes 2⁶³ tries, so these do not keep it from being guessed; they keep guessing from costing
/// much, and tell staff of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailureLimits {
    /// Failures of one source, after which it is refused until its window ends.
    pub of_source: u32,
    /// Failures that claim one tag, after which an alarm is raised. Its genuine taps go on counting, else
    /// anybody could lock a tag.
    pub of_tag: u32,
    /// How long failures count, from the first.
    pub window: Duration,
}

impl Default for FailureLimits {
    /// 30 of a source, 30 of a tag, within ten minutes.
    fn default() -> FailureLimits {
        FailureLimits::new(30, 30, Duration::from_secs(10 * 60))
    }
}

impl FailureLimits {
    /// So many failures of a source and of a tag, within a window.
    #[must_use]
    pub fn new(of_source: u32, of_tag: u32, window: Duration) -> FailureLimits {
        FailureLimits { of_source, of_tag, window }
    }
}

/// Who sent a tap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TapSource {
    /// The digest of what tells a client from others.
    Client(Digest),
    /// A touchpoint, where the client did not name itself.
    Touchpoint(TouchpointId),
}

/// The failures of sources and tags, in memory alone: a forged tap writes nothing to the disk.
#[derive(Debug, Clone)]
pub struct Watch {
    limits: FailureLimits,
    sources: Failures<TapSource>,
    tags: Failures<TagUid>,
}

impl Watch {
    /// Nothing failed yet.
    #[must_use]
    pub fn new(limits: FailureLimits) -> Watch {
        Watch { limits, sources: Failures::new(limits.window), tags: Failures::new(limits.window) }
    }

    /// Until when a source is refused, where it failed as often as it may.
    #[must_use]
    pub fn refused_until(&self, source: &TapSource, now: Timestamp) -> Option<Timestamp> {
        let count = self.sources.current(source, now)?;
        (count.failed >= self.limits.of_source).then(|| count.since.saturating_add(self.limits.window))
    }

    /// A tap of this source failed.
    pub fn source_failed(&mut self, source: TapSource, now: Timestamp) {
        self.sources.fail(source, now);
    }

    /// A tap failed that claims to be of this tag. Gives how many did within the window where that is over the
    /// limit, once in [`ALARM_EVERY`].
    pub fn tag_failed(&mut self, uid: TagUid, now: Timestamp) -> Option<u32> {
        let count = self.tags.fail(uid, now);
        let quiet = count.alarmed.is_some_and(|last| now.distance(last) < ALARM_EVERY);
        if count.failed <= self.limits.of_tag || quiet {
            return None;
        }
        count.alarmed = Some(now);
        Some(count.failed)
    }
}

/// Counts by key, of which the oldest make room.
#[derive(Debug, Clone)]
struct Failures<K> {
    window: Duration,
    counts: BTreeMap<K, Count>,
    /// Whose window began when, in that order.
    order: BTreeMap<u64, K>,
    turn: u64,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    /// When the window began.
    since: Timestamp,
    failed: u32,
    alarmed: Option<Timestamp>,
    turn: u64,
}

impl<K: Ord + Clone> Failures<K> {
    fn new(window: Duration) -> Failures<K> {
        Failures { window, counts: BTreeMap::new(), order: BTreeMap::new(), turn: 0 }
    }

    /// The count of a key, unless its window has ended. A window ends too when the clock is set back further
    /// than it is long, so that nobody waits for a time that was a mistake.
    fn current(&self, key: &K, now: Timestamp) -> Option<&Count> {
        self.counts.get(key).filter(|count| now.distance(count.since) < self.window)
    }

    fn fail(&mut self, key: K, now: Timestamp) -> &mut Count {
        let known = self.counts.get(&key).copied();
        let count = match self.current(&key, now) {
            Some(count) => Count { failed: count.failed.saturating_add(1), ..*count },
            None => {
                self.turn += 1;
                if let Some(known) = known {
                    self.order.remove(&known.turn);
                }
                self.order.insert(self.turn, key.clone());
                let alarmed = known.and_then(|known| known.alarmed);
                Count { since: now, failed: 1, alarmed, turn: self.turn }
            }
        };
        if known.is_none()
            && self.counts.len() >= WATCHED_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.counts.remove(&oldest);
        }
        let slot = self.counts.entry(key).or_insert(count);
        *slot = count;
        slot
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000).unwrap()
    }

    fn client(n: u16) -> TapSource {
        let mut digest = [0; 32];
        digest[..2].copy_from_slice(&n.to_be_bytes());
        TapSource::Client(Digest::from_bytes(digest))
    }

    fn uid(n: u16) -> TagUid {
        let [high, low] = n.to_be_bytes();
        TagUid::new([4, 0, 0, 0, 0, high, low])
    }

    fn watch() -> Watch {
        Watch::new(FailureLimits::new(3, 2, Duration::from_secs(600)))
    }

    #[test]
    fn a_source_is_refused_from_its_limit_until_its_window_ends() {
        let mut watch = watch();
        for second in [1_000, 1_010] {
            watch.source_failed(client(1), at(second));
            assert_eq!(watch.refused_until(&client(1), at(second)), None);
        }
        watch.source_failed(client(1), at(1_020));
        assert_eq!(watch.refused_until(&client(1), at(1_599)), Some(at(1_600)));
        assert_eq!(watch.refused_until(&client(2), at(1_599)), None, "another client");
        let place = TapSource::Touchpoint("shelf-1".parse().unwrap());
        assert_eq!(watch.refused_until(&place, at(1_599)), None);
        assert_eq!(watch.refused_until(&client(1), at(1_600)), None);
        watch.source_failed(client(1), at(1_600));
        assert_eq!(watch.refused_until(&client(1), at(1_600)), None, "counted anew");
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let mut watch = watch();
        for _ in 0..3 {
            watch.source_failed(client(1), at(100_000));
        }
        assert_eq!(watch.refused_until(&client(1), at(99_999)), Some(at(100_600)));
        assert_eq!(watch.refused_until(&client(1), at(1_000)), None);
        watch.source_failed(client(1), at(1_000));
        assert_eq!(watch.refused_until(&client(1), at(1_000)), None, "a window of its own");
    }

    #[test]
    fn a_tag_raises_one_alarm_an_hour() {
        let mut watch = watch();
        let mut alarms = Vec::new();
        for second in (0..8_000).step_by(10) {
            if let Some(failed) = watch.tag_failed(uid(1), at(second)) {
                alarms.push((second, failed));
            }
        }
        // The third is one past the limit. An hour on, windows end at every 600 seconds.
        assert_eq!(alarms, [(20, 3), (3_620, 3), (7_220, 3)]);
        assert_eq!(watch.tag_failed(uid(2), at(8_000)), None, "another tag");
    }

    #[test]
    fn an_alarm_waits_its_hour_also_where_the_clock_was_set_back() {
        let mut watch = watch();
        let mut fail = |second| (0..3).filter_map(|_| watch.tag_failed(uid(1), at(second))).count();
        assert_eq!([fail(10_000), fail(9_000), fail(6_401), fail(6_400)], [1, 0, 0, 1]);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut watch = watch();
        let most = u16::try_from(WATCHED_MAX).unwrap();
        for n in 0..most {
            for _ in 0..3 {
                watch.source_failed(client(n), at(i64::from(n % 7)));
            }
        }
        assert!(watch.refused_until(&client(0), at(10)).is_some(), "at the limit");
        watch.source_failed(client(most), at(10));
        assert!(watch.refused_until(&client(0), at(10)).is_none(), "one past it");
        assert!(watch.refused_until(&client(1), at(10)).is_some());
        assert_eq!((watch.sources.counts.len(), watch.sources.order.len()), (WATCHED_MAX, WATCHED_MAX));
        // A window that begins anew makes its key the youngest.
        watch.source_failed(client(1), at(5_000));
        watch.source_failed(client(0), at(5_000));
        assert!(watch.sources.counts.contains_key(&client(1)));
        assert!(!watch.sources.counts.contains_key(&client(2)));
    }

    proptest! {
        /// The oracle keeps every failure and counts those of the last window that began.
        #[test]
        fn counts_are_those_of_the_window(steps in prop::collection::vec((0..3u16, -400..400i64), 0..60)) {
            let mut watch = watch();
            let mut now = 100_000;
            let mut told: Vec<(u16, i64)> = Vec::new();
            for (n, passed) in steps {
                now += passed;
                watch.source_failed(client(n), at(now));
                told.push((n, now));
                for n in 0..3 {
                    let mut window: Option<(i64, u32)> = None;
                    for (_, when) in told.iter().filter(|(who, _)| *who == n) {
                        window = match window {
                            Some((since, failed)) if when.abs_diff(since) < 600 => Some((since, failed + 1)),
                            _ => Some((*when, 1)),
                        };
                    }
                    let expected = window
                        .filter(|(since, failed)| now.abs_diff(*since) < 600 && *failed >= 3)
                        .map(|(since, _)| at(since + 600));
                    prop_assert_eq!(watch.refused_until(&client(n), at(now)), expected);
                }
            }
        }
    }
}
