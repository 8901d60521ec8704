//! A loop on a thread of its own.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::event::TapEvent;
use super::{Stop, TapLoop};
use crate::clock::Alarm;
use crate::reader::Canceller;

/// Most events that wait for somebody to take them. Then the loop stands still.
pub const EVENTS_MAX: usize = 64;

/// How often a loop that stands still looks for room.
const LOOK_FOR_ROOM: Duration = Duration::from_millis(20);

/// The events of a loop that runs on a thread of its own. Dropping it ends the loop, without waiting for its end.
pub struct TapEvents {
    events: Receiver<TapEvent>,
    stop: Arc<Stop>,
    ended: Alarm,
    thread: JoinHandle<()>,
}

/// A loop that did not end in time: its driver does not come back from a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the loop still runs: its driver does not come back from a call")]
#[expect(clippy::exhaustive_structs, reason = "there is no more to say")]
pub struct StillRunning;

impl TapLoop {
    /// Runs it on a thread of its own, which owns the reader.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn spawn(self) -> io::Result<TapEvents> {
        let (sender, events) = sync_channel(EVENTS_MAX);
        let (stop, ended) = (Arc::clone(&self.stop), Alarm::new());
        let rings = Rings(ended.clone());
        let name = format!("reader {}", self.name.as_str().replace('\0', " "));
        let thread = Builder::new().name(name).spawn(move || {
            let _rings = rings;
            run(self, &sender);
        })?;
        Ok(TapEvents { events, stop, ended, thread })
    }
}

/// Hands on what happens, until somebody ends it or nobody listens.
fn run(mut taps: TapLoop, sender: &SyncSender<TapEvent>) {
    while let Some(mut event) = taps.next() {
        loop {
            match sender.try_send(event) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) => event = back,
                Err(TrySendError::Disconnected(_)) => return,
            }
            if taps.stop.alarm.wait(LOOK_FOR_ROOM) {
                return;
            }
        }
    }
}

/// Rings when the thread ends, in whichever way.
struct Rings(Alarm);

impl Drop for Rings {
    fn drop(&mut self) {
        self.0.ring();
    }
}

impl TapEvents {
    /// Ends the loop from any thread, at once: the reader's call that runs is cancelled.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        let stop = Arc::clone(&self.stop);
        Canceller::new(move || stop.stop())
    }

    /// The next event, where one comes within this time.
    ///
    /// # Errors
    /// None came, or the loop has ended.
    pub fn next_within(&mut self, within: Duration) -> Result<TapEvent, RecvTimeoutError> {
        self.events.recv_timeout(within)
    }

    /// Ends the loop and waits until it has closed its reader, but no longer than this.
    ///
    /// # Errors
    /// [`StillRunning`]; it ends when its driver comes back.
    pub fn stop(self, within: Duration) -> Result<(), StillRunning> {
        self.stop.stop();
        if !self.ended.wait(within) {
            return Err(StillRunning);
        }
        Ok(())
    }

    /// Whether the loop has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

impl Iterator for TapEvents {
    type Item = TapEvent;

    /// Waits for the next event; `None` once the loop has ended.
    fn next(&mut self) -> Option<TapEvent> {
        self.events.recv().ok()
    }
}

impl Drop for TapEvents {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl fmt::Debug for TapEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TapEvents({})", if self.has_ended() { "ended" } else { "running" })
    }
}
