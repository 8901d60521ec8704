//! Whether what is held to the reader was just there.

use std::time::Duration;

use phygital_core::vocab::Digest;

/// Most credentials that are remembered. Within a window of seconds few come by; of more, the oldest is forgotten.
const REMEMBERED_MAX: usize = 32;

/// What tells two taps with one thing from taps with two: which tag was proven, which pass was shown, or, where
/// nothing was proven, what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Credential(pub(super) Digest);

/// Remembers credentials while they lie on the reader and for a while after.
#[derive(Debug)]
pub(super) struct Debounce {
    window: Duration,
    /// Oldest first. Without a time for what lies there now.
    seen: Vec<(Credential, Option<Duration>)>,
}

impl Debounce {
    /// Takes a credential that comes back within this time for the same tap.
    pub(super) const fn new(window: Duration) -> Self {
        Self { window, seen: Vec::new() }
    }

    /// Judges what lies there since then and was read: whether all of it was there just before. Of nothing that cannot
    /// be said.
    pub(super) fn is_again(&mut self, since: Duration, credentials: &[Credential]) -> bool {
        let window = self.window;
        self.seen.retain(|(_, left)| left.is_none_or(|left| since.saturating_sub(left) <= window));
        let again = credentials.iter().all(|credential| self.seen.iter().any(|(seen, _)| seen == credential));
        // Something else may have taken the place of what was there without a gap.
        self.leave(since);
        self.seen.retain(|(seen, _)| !credentials.contains(seen));
        self.seen.extend(credentials.iter().map(|credential| (*credential, None)));
        let surplus = self.seen.len().saturating_sub(REMEMBERED_MAX);
        self.seen.drain(..surplus);
        again && !credentials.is_empty()
    }

    /// What lay there left, having been seen at `last` for the last time.
    pub(super) fn leave(&mut self, last: Duration) {
        for (_, left) in &mut self.seen {
            left.get_or_insert(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(1500);

    fn of(byte: u8) -> Credential {
        Credential(Digest::from_bytes([byte; 32]))
    }

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_credential_is_again_up_to_the_window_and_new_past_it() {
        let mut debounce = Debounce::new(WINDOW);
        assert!(!debounce.is_again(at(0), &[of(1)]));
        assert!(debounce.is_again(at(60_000), &[of(1)]), "it never left");
        debounce.leave(at(70_000));
        assert!(debounce.is_again(at(71_500), &[of(1)]));
        debounce.leave(at(71_500));
        assert!(!debounce.is_again(at(73_001), &[of(1)]));
    }

    #[test]
    fn what_changes_places_on_a_phone_counts_once() {
        let mut debounce = Debounce::new(WINDOW);
        assert!(!debounce.is_again(at(0), &[of(1)]));
        debounce.leave(at(100));
        assert!(!debounce.is_again(at(200), &[of(2)]));
        debounce.leave(at(300));
        assert!(debounce.is_again(at(400), &[of(1)]));
        // Another pass beside it is news.
        debounce.leave(at(500));
        assert!(!debounce.is_again(at(600), &[of(1), of(3)]));
        assert!(debounce.is_again(at(700), &[of(3)]));
        assert!(!debounce.is_again(at(800), &[]));
    }

    #[test]
    fn few_are_remembered() {
        let mut debounce = Debounce::new(WINDOW);
        let many = |count: u8| (0..count).map(of).collect::<Vec<_>>();
        let limit = u8::try_from(REMEMBERED_MAX).expect("a small one");
        assert!(!debounce.is_again(at(0), &many(limit)));
        assert!(debounce.is_again(at(1), &many(limit)));
        assert!(!debounce.is_again(at(2), &many(limit + 1)));
        assert!(!debounce.is_again(at(3), &many(limit + 1)), "one more than fits is forgotten");
        assert_eq!(debounce.seen.len(), REMEMBERED_MAX);
    }
}
