//! Threads that may block for as long as the service pleases.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::link::{LinkError, LinkFault};

/// Most threads of this module at a time. pcsc-lite knows 16 readers, so twice as many are there only when the service
/// has left calls unanswered; then nothing is begun any more until some come back.
const THREADS_MAX: usize = 32;

static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Does something that the service may never finish, and waits for it no longer than this.
pub(super) fn bounded<T: Send + 'static>(
    limit: Duration,
    doing: &'static str,
    work: impl FnOnce() -> Result<T, LinkError> + Send + 'static,
) -> Result<T, LinkError> {
    let (sender, outcome) = mpsc::sync_channel(1);
    begin(doing, move || drop(sender.send(work())))?;
    match outcome.recv_timeout(limit) {
        Ok(outcome) => outcome,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(LinkError::new(LinkFault::Timeout, doing)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(LinkError::new(LinkFault::Reader, doing)),
    }
}

/// Begins a thread that may block for as long as the service pleases.
///
/// # Errors
/// Too many do already, or the system gives none.
pub(super) fn begin(doing: &'static str, work: impl FnOnce() + Send + 'static) -> Result<(), LinkError> {
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            THREADS.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let others = THREADS.fetch_add(1, Ordering::Relaxed);
    let counted = Counted;
    if others >= THREADS_MAX {
        return Err(LinkError::new(LinkFault::Timeout, doing).detail("earlier calls have not come back"));
    }
    let work = move || {
        let _counted = counted;
        work();
    };
    thread::Builder::new()
        .name("phygital-pcsc".to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|error| LinkError::new(LinkFault::Io, doing).detail(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::{Arc, RwLock};
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// One test, since the count is one for the process.
    #[test]
    fn nobody_waits_too_long_and_threads_are_bounded() {
        let gate = Arc::new(RwLock::new(()));
        let shut = gate.write().unwrap();
        let pass = |gate: &Arc<RwLock<()>>| {
            let gate = Arc::clone(gate);
            move || drop(gate.read())
        };
        let work = pass(&gate);
        let outcome = bounded(Duration::from_millis(20), "testing", move || {
            work();
            Ok(())
        });
        assert_eq!(outcome.unwrap_err().fault, LinkFault::Timeout);
        let mut begun = 0;
        while begin("testing", pass(&gate)).is_ok() {
            begun += 1;
        }
        assert!(begun < THREADS_MAX);
        assert_eq!(bounded(LONG, "testing", || Ok(7)).unwrap_err().fault, LinkFault::Timeout);
        drop(shut);
        let began = Instant::now();
        while bounded(LONG, "testing", || Ok(7)) != Ok(7) {
            assert!(began.elapsed() < LONG, "they do not come back");
            thread::sleep(Duration::from_millis(1));
        }
    }
}
