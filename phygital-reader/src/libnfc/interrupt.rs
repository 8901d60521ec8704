//! What ends a call early.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Ends calls by their number, from another thread.
#[derive(Default)]
pub(super) struct Interrupt {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    /// The call that runs, or ran last.
    call: u32,
    /// The last call that was told to end and did not yet.
    ended: Option<u32>,
}

impl Interrupt {
    /// From here on it is this call that runs.
    pub(super) fn begin(&self, call: u32) {
        self.state().call = call;
    }

    /// Ends this call, now or once it begins.
    pub(super) fn end(&self, call: u32) {
        self.state().ended = Some(call);
        self.woken.notify_all();
    }

    /// Ends the call that runs, or the next one where calls are not numbered.
    pub(super) fn end_current(&self) {
        let mut state = self.state();
        state.ended = Some(state.call);
        self.woken.notify_all();
    }

    /// Whether the call that runs is to end. Says so once.
    pub(super) fn take(&self) -> bool {
        let mut state = self.state();
        let ended = state.ended == Some(state.call);
        if ended {
            state.ended = None;
        }
        ended
    }

    /// Waits, but no longer than the call that runs may.
    pub(super) fn wait_until(&self, end: Instant) {
        let mut state = self.state();
        while state.ended != Some(state.call) {
            let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return;
            };
            state = self
                .woken
                .wait_timeout(state, left)
                .map_or_else(|error| error.into_inner().0, |(state, _)| state);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_call_is_ended_once_and_no_other() {
        let interrupt = Interrupt::default();
        interrupt.begin(1);
        interrupt.end(2);
        assert!(!interrupt.take());
        interrupt.begin(2);
        assert!(interrupt.take() && !interrupt.take());
        interrupt.end(1);
        assert!(!interrupt.take());
    }

    #[test]
    fn whoever_waits_is_woken() {
        let interrupt = Arc::new(Interrupt::default());
        let other = Arc::clone(&interrupt);
        let begin = Instant::now();
        let thread = std::thread::spawn(move || other.end_current());
        interrupt.wait_until(begin + Duration::from_secs(20));
        assert!(begin.elapsed() < Duration::from_secs(10) && interrupt.take());
        assert!(thread.join().is_ok());
    }
}
