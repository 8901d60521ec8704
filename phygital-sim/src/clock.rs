//! Time that a test moves.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What happens at its time.
type Action = Box<dyn FnOnce() + Send>;

/// A virtual clock: it stands still until somebody waits for it, and then time has passed at once. What was planned for
/// a time happens when it is reached, in the order of the times. Clones are the same clock.
///
/// A scenario needs no second thread: cards come and go while a reader polls.
///
/// ```
/// use std::time::Duration;
/// use phygital_reader::{Backend, Reader, ReaderName};
/// use phygital_sim::{MemoryBackend, SimClock, Type4Tag};
///
/// let clock = SimClock::new();
/// let mut backend = MemoryBackend::with_clock(clock.clone());
/// let field = backend.plug("counter");
/// clock.at(Duration::from_millis(70), move || drop(field.put(Type4Tag::new(b"\xD1\x01\x02U\x04a"))));
///
/// let mut reader = backend.open(&ReaderName::new("counter"))?;
/// assert!(reader.poll(Duration::from_millis(50))?.is_none());
/// assert!(reader.poll(Duration::from_millis(50))?.is_some());
/// assert_eq!(clock.now(), Duration::from_millis(70));
/// # Ok::<(), phygital_reader::LinkError>(())
/// ```
#[derive(Clone, Default)]
pub struct SimClock(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    now: Duration,
    /// By time, then by the order in which they were planned.
    planned: BTreeMap<(Duration, u64), Action>,
    plans: u64,
}

impl SimClock {
    /// A clock at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The time since it was made.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.inside().now
    }

    /// Plans something for a time; at once, where it has passed, when somebody waits next.
    pub fn at(&self, time: Duration, action: impl FnOnce() + Send + 'static) {
        let mut inside = self.inside();
        inside.plans += 1;
        let place = (time, inside.plans);
        inside.planned.insert(place, Box::new(action));
    }

    /// Lets so much time pass, and all happen that was planned for it.
    pub fn pass(&self, duration: Duration) {
        let until = self.now().saturating_add(duration);
        while self.now() < until || self.is_due(until) {
            self.step(until);
        }
    }

    /// Lets time pass to the next plan, which happens, or to `until`, whatever comes first. Whoever waits for something
    /// looks for it after each step.
    pub fn step(&self, until: Duration) {
        let action = {
            let mut inside = self.inside();
            match inside.planned.first_entry() {
                Some(first) if first.key().0 <= until => {
                    let ((time, _), action) = first.remove_entry();
                    inside.now = inside.now.max(time);
                    Some(action)
                }
                _ => {
                    inside.now = inside.now.max(until);
                    None
                }
            }
        };
        // Outside of the lock: it may plan, or look at the clock.
        if let Some(action) = action {
            action();
        }
    }

    fn is_due(&self, until: Duration) -> bool {
        self.inside().planned.first_key_value().is_some_and(|((time, _), _)| *time <= until)
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SimClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimClock({:?})", self.now())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn plans_happen_in_their_order_and_at_their_time() {
        let clock = SimClock::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        for (at, what) in [(5, 'b'), (2, 'a'), (5, 'c'), (9, 'd')] {
            let (seen, inner) = (Arc::clone(&seen), clock.clone());
            clock.at(at * MS, move || seen.lock().unwrap().push((what, inner.now())));
        }
        clock.pass(5 * MS);
        assert_eq!(*seen.lock().unwrap(), [('a', 2 * MS), ('b', 5 * MS), ('c', 5 * MS)]);
        clock.pass(3 * MS);
        assert_eq!((seen.lock().unwrap().len(), clock.now()), (3, 8 * MS));
    }

    #[test]
    fn a_plan_for_the_past_happens_and_turns_no_time_back() {
        let clock = SimClock::new();
        clock.pass(10 * MS);
        let inner = clock.clone();
        // It plans again from within.
        clock.at(MS, move || inner.clone().at(12 * MS, move || inner.pass(MS)));
        clock.pass(MS);
        assert_eq!(clock.now(), 11 * MS);
        clock.pass(MS);
        assert_eq!(clock.now(), 13 * MS);
    }
}
