//! Time that only goes on, sleep that another thread can end, and a clock for tests that no hour is too long for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A clock that never goes back. What it shows is the time since its own beginning, and means nothing elsewhere.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Duration;

    /// Sleeps for this long, or until the alarm rings. An alarm that rings already ends it before it begins. Whether
    /// it slept to the end; the alarm goes on ringing.
    fn sleep(&self, span: Duration, alarm: &Alarm) -> bool;
}

/// Ends sleeps, from any thread. Clones are the same alarm.
///
/// ```
/// use std::time::Duration;
/// use phygital_reader::{Alarm, Clock, SystemClock};
/// let (clock, alarm) = (SystemClock::new(), Alarm::new());
/// let other = alarm.clone();
/// std::thread::spawn(move || other.ring());
/// assert!(!clock.sleep(Duration::from_secs(3600), &alarm));
/// assert!(alarm.take() && !alarm.take());
/// ```
#[derive(Clone, Default)]
pub struct Alarm(Arc<(Mutex<bool>, Condvar)>);

/// The system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

/// A clock on which sleeping takes no time. It shows what was slept, and what was planned happens on the way. Clones
/// are the same clock.
///
/// ```
/// use std::time::Duration;
/// use phygital_reader::{Alarm, Clock, VirtualClock};
/// let clock = VirtualClock::new();
/// let alarm = Alarm::new();
/// let rings = alarm.clone();
/// clock.at(Duration::from_secs(3600), move || rings.ring());
/// assert!(!clock.sleep(Duration::from_secs(86_400), &alarm));
/// assert_eq!(clock.now(), Duration::from_secs(3600));
/// ```
#[derive(Clone, Default)]
pub struct VirtualClock(Arc<Mutex<Course>>);

/// Where a virtual clock is.
#[derive(Default)]
struct Course {
    now: Duration,
    /// By time, then in the order of planning.
    plans: BTreeMap<(Duration, u64), Plan>,
    planned: u64,
}

type Plan = Box<dyn FnOnce() + Send>;

impl Alarm {
    /// An alarm that does not ring.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings, until somebody takes it. Returns at once.
    pub fn ring(&self) {
        *lock(&self.0.0) = true;
        self.0.1.notify_all();
    }

    /// Whether it rings.
    #[must_use]
    pub fn rings(&self) -> bool {
        *lock(&self.0.0)
    }

    /// Stops the ringing. Whether it rang.
    pub fn take(&self) -> bool {
        std::mem::take(&mut *lock(&self.0.0))
    }

    /// Waits for it, by the system's clock. Whether it rings.
    #[must_use]
    pub fn wait(&self, most: Duration) -> bool {
        let rings = lock(&self.0.0);
        let (rings, _) =
            self.0.1.wait_timeout_while(rings, most, |rings| !*rings).unwrap_or_else(PoisonError::into_inner);
        *rings
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn sleep(&self, span: Duration, alarm: &Alarm) -> bool {
        (**self).sleep(span, alarm)
    }
}

impl SystemClock {
    /// A clock that begins now.
    #[must_use]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, span: Duration, alarm: &Alarm) -> bool {
        !alarm.wait(span)
    }
}

impl VirtualClock {
    /// A clock that shows zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Plans something for a time that a sleeper passes. What is planned for now or earlier happens when somebody
    /// sleeps next.
    pub fn at(&self, when: Duration, plan: impl FnOnce() + Send + 'static) {
        let mut course = lock(&self.0);
        course.planned += 1;
        let key = (when, course.planned);
        course.plans.insert(key, Box::new(plan));
    }

    /// Lets time go by, as a sleep that nothing ends.
    pub fn pass(&self, span: Duration) {
        self.sleep(span, &Alarm::new());
    }

    /// Goes to the next plan up to `end` and gives it, or goes to `end`.
    fn go(&self, end: Duration) -> Option<Plan> {
        let mut course = lock(&self.0);
        let next = course.plans.first_entry().filter(|plan| plan.key().0 <= end);
        let (when, plan) = match next {
            Some(plan) => (plan.key().0, Some(plan.remove())),
            None => (end, None),
        };
        course.now = course.now.max(when);
        plan
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        lock(&self.0).now
    }

    fn sleep(&self, span: Duration, alarm: &Alarm) -> bool {
        let end = self.now() + span;
        while !alarm.rings() {
            match self.go(end) {
                Some(plan) => plan(),
                None => return true,
            }
        }
        false
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Alarm({})", if self.rings() { "rings" } else { "silent" })
    }
}

impl fmt::Debug for VirtualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let course = lock(&self.0);
        write!(f, "VirtualClock({:?}, {} planned)", course.now, course.plans.len())
    }
}

/// A thread that panicked left nothing half done in here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_alarm_ends_a_sleep_once_begun_and_before() {
        let (clock, alarm) = (SystemClock::new(), Alarm::new());
        assert!(clock.sleep(Duration::ZERO, &alarm));
        let (other, began) = (alarm.clone(), clock.now());
        let rings = std::thread::spawn(move || other.ring());
        assert!(!clock.sleep(60 * SECOND, &alarm));
        assert!(!clock.sleep(60 * SECOND, &alarm), "it goes on ringing");
        assert!(clock.now() - began < 30 * SECOND);
        rings.join().expect("rings");
        assert!(alarm.take() && !alarm.rings());
    }

    #[test]
    fn plans_happen_in_order_while_somebody_sleeps() {
        let clock = VirtualClock::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        for (name, when) in [("late", 30), ("second", 2), ("again", 2), ("first", 1)] {
            let (seen, at) = (Arc::clone(&seen), clock.clone());
            clock.at(when * SECOND, move || lock(&seen).push((name, at.now().as_secs())));
        }
        clock.pass(10 * SECOND);
        assert_eq!(*lock(&seen), [("first", 1), ("second", 2), ("again", 2)]);
        assert_eq!(clock.now(), 10 * SECOND);
        assert_eq!(format!("{clock:?}"), "VirtualClock(10s, 1 planned)");
    }

    #[test]
    fn a_plan_may_plan_and_a_late_plan_turns_no_time_back() {
        let clock = VirtualClock::new();
        clock.pass(5 * SECOND);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (within, log) = (clock.clone(), Arc::clone(&seen));
        clock.at(SECOND, move || {
            let at = within.clone();
            within.at(6 * SECOND, move || lock(&log).push(at.now()));
        });
        clock.pass(2 * SECOND);
        assert_eq!((*lock(&seen)).as_slice(), [6 * SECOND]);
        assert_eq!(clock.now(), 7 * SECOND);
    }
}
