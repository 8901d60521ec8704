//! Where callers leave requests for the thread that speaks to the service, and wait for outcomes no longer than they
//! want.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pcsc::Context;

use super::threads::begin;
use crate::card::Card;
use crate::link::{LinkError, LinkFault};

/// What a reader is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    /// Find a card until then, and select it.
    Poll { until: Instant },
    /// Send the selected card a command.
    Exchange { command: Vec<u8> },
    /// Whether the selected card still lies there.
    IsPresent,
    /// Let the selected card go.
    Release,
    /// A sign of life.
    Health,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Found(Option<Card>),
    Bytes(Vec<u8>),
    Present(bool),
    Done,
}

pub(super) type Outcome = Result<Reply, LinkError>;

/// Which call an outcome belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// What the thread is blocked in, which says what a caller is told whose time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Anything that a service in order answers at once, or the reader.
    Asking,
    /// Coming to a card, which takes as long as another program keeps it.
    Connecting,
}

/// The desk of one reader.
pub(super) struct Desk {
    inside: Mutex<Inside>,
    changed: Condvar,
}

struct Inside {
    /// Of the last call.
    ticket: Ticket,
    /// Whether its caller still waits.
    wanted: bool,
    request: Option<Request>,
    outcome: Option<Outcome>,
    cancelled: bool,
    stage: Stage,
    /// The connection while the thread waits on it for a card, which is when it can be woken.
    waiting: Option<Context>,
    /// The caller has gone.
    closed: bool,
    /// The thread has ended.
    ended: bool,
}

impl Desk {
    /// A desk at which the ticket [`Desk::OPENING`] is open.
    pub(super) const fn new() -> Self {
        let inside = Inside {
            ticket: Self::OPENING,
            wanted: true,
            request: None,
            outcome: None,
            cancelled: false,
            stage: Stage::Asking,
            waiting: None,
            closed: false,
            ended: false,
        };
        Self { inside: Mutex::new(inside), changed: Condvar::new() }
    }

    /// The ticket of opening the reader, which is asked for by beginning the thread.
    pub(super) const OPENING: Ticket = Ticket(0);

    // --- the caller's side ---

    /// Leaves a request and waits for what comes of it.
    ///
    /// # Errors
    /// What came of it; that it was cancelled, before or meanwhile; that the time was over; that the thread has ended.
    pub(super) fn call(&self, request: Request, limit: Duration, doing: &'static str) -> Outcome {
        let mut inside = self.inside();
        inside.ticket.0 += 1;
        inside.wanted = true;
        inside.request = Some(request);
        inside.outcome = None;
        self.changed.notify_all();
        self.wait(inside, limit, doing)
    }

    /// Waits for the opening.
    pub(super) fn opened(&self, limit: Duration, doing: &'static str) -> Outcome {
        self.wait(self.inside(), limit, doing)
    }

    fn wait(&self, inside: MutexGuard<'_, Inside>, limit: Duration, doing: &'static str) -> Outcome {
        let pending = |inside: &mut Inside| inside.outcome.is_none() && !inside.cancelled && !inside.ended;
        let (mut inside, _) =
            self.changed.wait_timeout_while(inside, limit, pending).unwrap_or_else(PoisonError::into_inner);
        inside.wanted = false;
        inside.request = None;
        if let Some(outcome) = inside.outcome.take() {
            return outcome;
        }
        let fault = match (std::mem::take(&mut inside.cancelled), inside.ended, inside.stage) {
            (true, ..) => LinkFault::Cancelled,
            (_, true, _) => LinkFault::ReaderGone,
            (_, _, Stage::Connecting) => LinkFault::Busy,
            (_, _, Stage::Asking) => LinkFault::Timeout,
        };
        Err(LinkError::new(fault, doing))
    }

    /// Ends the call that waits, or else the next one, with [`LinkFault::Cancelled`]. Returns at once.
    pub(super) fn cancel(&self) {
        let mut inside = self.inside();
        inside.cancelled = !inside.closed;
        wake(&mut inside);
        self.changed.notify_all();
    }

    /// Sends the thread home and waits for it to have gone. Whether it has.
    pub(super) fn close(&self, limit: Duration) -> bool {
        let mut inside = self.inside();
        inside.closed = true;
        wake(&mut inside);
        self.changed.notify_all();
        let (inside, _) = self
            .changed
            .wait_timeout_while(inside, limit, |inside| !inside.ended)
            .unwrap_or_else(PoisonError::into_inner);
        inside.ended
    }

    // --- the thread's side ---

    /// The next request; `None` when there will be no more.
    pub(super) fn take(&self) -> Option<(Ticket, Request)> {
        let inside = self.inside();
        let idle = |inside: &mut Inside| inside.request.is_none() && !inside.closed;
        let mut inside = self.changed.wait_while(inside, idle).unwrap_or_else(PoisonError::into_inner);
        if inside.closed {
            return None;
        }
        inside.request.take().map(|request| (inside.ticket, request))
    }

    /// Hands an outcome over. Whether somebody waited for it.
    pub(super) fn answer(&self, ticket: Ticket, outcome: Outcome) -> bool {
        let mut inside = self.inside();
        if !inside.wants(ticket) {
            return false;
        }
        inside.outcome = Some(outcome);
        self.changed.notify_all();
        true
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.inside().stage = stage;
    }

    /// Waits on the connection for as long as this takes, unless nobody wants it. Meanwhile it can be woken.
    pub(super) fn wait_on<T>(
        &self,
        context: &Context,
        ticket: Ticket,
        wait: impl FnOnce() -> T,
    ) -> Option<T> {
        let mut inside = self.inside();
        if !inside.wants(ticket) {
            return None;
        }
        inside.waiting = Some(context.clone());
        drop(inside);
        let waited = wait();
        self.inside().waiting = None;
        Some(waited)
    }

    /// The thread ends.
    pub(super) fn leave(&self) {
        let mut inside = self.inside();
        inside.ended = true;
        inside.waiting = None;
        self.changed.notify_all();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn wants(&self, ticket: Ticket) -> bool {
        self.wanted && !self.closed && !self.cancelled && self.ticket == ticket
    }
}

/// Ends the thread's wait for a card. A service that hangs would hang this too, so another thread does it.
fn wake(inside: &mut Inside) {
    if let Some(context) = inside.waiting.take() {
        // A thread that cannot be had is no harm: the wait ends by itself a little later.
        let _ = begin("waking a reader", move || context.cancel().unwrap_or_default());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(20);

    fn fault(outcome: Outcome) -> LinkFault {
        outcome.unwrap_err().fault
    }

    /// A thread that answers every request with `Done`, and tells whether somebody waited.
    fn answering(desk: &Arc<Desk>, after: Duration) -> thread::JoinHandle<Vec<bool>> {
        let desk = Arc::clone(desk);
        thread::spawn(move || {
            let mut waited = Vec::new();
            while let Some((ticket, _)) = desk.take() {
                thread::sleep(after);
                waited.push(desk.answer(ticket, Ok(Reply::Done)));
            }
            desk.leave();
            waited
        })
    }

    #[test]
    fn a_call_gets_its_own_outcome() {
        let desk = Arc::new(Desk::new());
        let thread = answering(&desk, Duration::ZERO);
        assert_eq!(desk.call(Request::Health, LONG, "asking").unwrap(), Reply::Done);
        assert!(!desk.answer(Desk::OPENING, Ok(Reply::Done)), "that call is over");
        assert!(desk.close(LONG));
        assert_eq!(thread.join().unwrap(), [true]);
        assert_eq!(fault(desk.call(Request::Health, LONG, "asking")), LinkFault::ReaderGone);
    }

    #[test]
    fn time_over_says_what_the_thread_was_blocked_in() {
        let desk = Desk::new();
        assert_eq!(fault(desk.opened(SHORT, "opening")), LinkFault::Timeout);
        desk.enter(Stage::Connecting);
        assert_eq!(fault(desk.call(Request::Health, SHORT, "asking")), LinkFault::Busy);
        assert!(!desk.close(SHORT));
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_dropped() {
        let desk = Arc::new(Desk::new());
        let thread = answering(&desk, SHORT * 5);
        assert_eq!(fault(desk.call(Request::Release, SHORT, "releasing")), LinkFault::Timeout);
        assert_eq!(desk.call(Request::Health, LONG, "asking").unwrap(), Reply::Done);
        assert!(desk.close(LONG));
        assert_eq!(thread.join().unwrap(), [false, true]);
    }

    #[test]
    fn cancelling_ends_the_call_that_runs_or_the_next_and_one_alone() {
        let desk = Arc::new(Desk::new());
        desk.cancel();
        desk.cancel();
        assert_eq!(fault(desk.call(Request::Health, LONG, "asking")), LinkFault::Cancelled);
        assert_eq!(fault(desk.call(Request::Health, SHORT, "asking")), LinkFault::Timeout);
        let other = Arc::clone(&desk);
        let canceller = thread::spawn(move || {
            thread::sleep(SHORT);
            other.cancel();
        });
        let began = Instant::now();
        assert_eq!(fault(desk.call(Request::Health, LONG, "asking")), LinkFault::Cancelled);
        assert!(began.elapsed() < LONG / 2);
        canceller.join().unwrap();
    }
}
