//! A till that listens to a loop, turn by turn, on the thread of the test.

use std::sync::Arc;
use std::time::Duration;

use phygital_reader::{Clock, Tap, TapEvent, TapLoop};

use super::{Bench, PATIENCE, cards};

/// A loop, and the time it goes by.
pub(crate) struct Till {
    taps: TapLoop,
    clock: Arc<dyn Clock>,
    /// Longest that anything takes, of its time.
    patience: Duration,
}

impl Till {
    /// A till whose reader is up, that wishes for all there is.
    pub(crate) fn new(bench: &dyn Bench) -> Self {
        Self::over(bench, |taps| taps)
    }

    /// A till whose reader is up, with a loop that is set so.
    pub(crate) fn over(bench: &dyn Bench, set: impl FnOnce(TapLoop) -> TapLoop) -> Self {
        let clock = bench.clock();
        let taps = set(taps(bench)).clock(Arc::clone(&clock));
        let mut till = Self { taps, clock, patience: PATIENCE * bench.haste() };
        till.until("the reader", |event| matches!(event, TapEvent::ReaderUp));
        till
    }

    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// One turn.
    pub(crate) fn turn(&mut self) -> Option<TapEvent> {
        self.taps.turn()
    }

    /// The next event.
    pub(crate) fn next(&mut self, wanted: &str) -> TapEvent {
        let end = self.now() + self.patience;
        loop {
            if let Some(event) = self.turn() {
                return event;
            }
            assert!(self.now() < end, "{wanted} did not come");
        }
    }

    /// Waits for this event, past others.
    pub(crate) fn until(&mut self, wanted: &str, is_it: impl Fn(&TapEvent) -> bool) {
        let end = self.now() + self.patience;
        while !is_it(&self.next(wanted)) {
            assert!(self.now() < end, "{wanted} did not come");
        }
    }

    /// A tap, which is the next event, or the next but one where something was unreadable at first.
    pub(crate) fn tap(&mut self) -> Box<Tap> {
        loop {
            match self.next("a tap") {
                TapEvent::Tap(tap) => return tap,
                TapEvent::Unreadable { .. } => {}
                other => panic!("a tap, and not {other:?}"),
            }
        }
    }

    /// The card is gone, which is the next event.
    pub(crate) fn gone(&mut self) {
        let event = self.next("that the card is gone");
        assert!(matches!(event, TapEvent::CardGone), "{event:?}");
    }

    /// Nothing happens for so long.
    pub(crate) fn quiet(&mut self, span: Duration) {
        let end = self.now() + span;
        while self.now() < end {
            let event = self.turn();
            assert!(event.is_none(), "{event:?}");
        }
    }

    /// So long, whatever happens.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now() + span;
        while self.now() < end {
            self.turn();
        }
    }
}

/// A loop over this bench that wishes for all there is.
pub(crate) fn taps(bench: &dyn Bench) -> TapLoop {
    TapLoop::boxed(bench.backend(), bench.reader(), cards::verifier())
        .wishes(cards::wishes())
        .clock(bench.clock())
        .wall_clock(cards::now)
}
