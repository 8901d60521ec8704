//! What the loop does next, by the clock and by what came of what it did last. No reader, no thread: a function of
//! both alone.

use std::time::Duration;

use super::backoff::Backoff;
use crate::link::LinkFault;

/// How long the reader looks for a card before its loop turns. Phones want a polling frame every 100 to 250 ms.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// How often a card that was read is asked whether it is still there.
pub(super) const PING_EVERY: Duration = Duration::from_millis(125);

/// How often in a row it has to be silent to be gone. One frame may be lost.
const MISSES: u32 = 2;

/// How often a reader that has nothing to do is asked for a sign of life: some hang after weeks.
pub(super) const HEALTH_EVERY: Duration = Duration::from_secs(30);

/// Pauses between tries to open the reader.
pub(super) const REOPEN_FIRST: Duration = Duration::from_millis(200);
pub(super) const REOPEN_LONGEST: Duration = Duration::from_secs(5);

/// How long a reader has to stay for its pauses to begin anew: one that dies whenever it was opened is not asked five
/// times a second.
const STAYED: Duration = Duration::from_secs(1);

/// How often a card that fell silent is tried again at once, before somebody hears of it.
const QUICK_TRIES: u32 = 3;

/// Pauses between further tries: each may cost the tag a value of its counter. Whoever changes cards faster than the
/// loop sees waits for the longest at most.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_LONGEST: Duration = Duration::from_secs(4);

/// Pause before a phone is asked again whose owner has to unlock it.
const OWNER_PAUSE: Duration = Duration::from_secs(1);

/// How long nobody may be found for what was there to be gone.
const LEFT_AFTER: Duration = Duration::from_millis(250);

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Open the reader.
    Open,
    /// Nothing, for so long.
    Wait(Duration),
    /// Look for a card, for so long.
    Poll(Duration),
    /// Send the polling frame.
    Broadcast,
    /// Read the card.
    Read,
    /// Ask whether the card is there.
    Ping,
    /// Let the card go and the field down.
    Release,
    /// Ask the reader for a sign of life.
    Health,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was done: waited, sent, let go, alive.
    Done,
    /// The reader is open. Whether it sends polling frames.
    Opened { broadcasts: bool },
    /// A card is there.
    Found,
    /// No card is there.
    Nobody,
    /// The card was read.
    Read,
    /// Nothing could be made of what the card said.
    Nothing,
    /// The card cannot be read, however often one tries.
    Unreadable,
    /// The phone's owner has to do something first.
    Owner,
    /// The card is still there, or not.
    Present(bool),
    /// A fault of the reader or the link.
    Failed(LinkFault),
}

/// What the till should hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The reader is there.
    Up,
    /// It is not, and will be tried again after this.
    Down { retry_in: Duration },
    /// The card could not be read. Said once for each presentation.
    Unreadable,
    /// The card left, having been seen at `last` for the last time. Said after each that was read or unreadable.
    Gone { last: Duration },
}

/// The loop's state.
#[derive(Debug)]
pub(super) struct Rhythm {
    state: State,
    doing: Act,
    wants_broadcasts: bool,
    broadcasts: bool,
    broadcast_due: bool,
    reopen: Backoff,
    up_since: Duration,
    health_at: Duration,
    /// Not before this is anybody looked for.
    look_at: Duration,
    poll_began: Duration,
    card: Option<Presence>,
}

/// What is held to the reader.
#[derive(Debug)]
struct Presence {
    first_seen: Duration,
    last_seen: Duration,
    /// Reads that failed.
    tries: u32,
    /// Whether a read gave nothing.
    blank: bool,
    retry: Backoff,
    /// Not before this is it read again.
    read_at: Duration,
    /// Whether the till has heard of it, and so has to hear that it left.
    said: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Down { until: Duration },
    Looking,
    Found,
    Releasing,
    Held { ping_at: Duration, misses: u32 },
}

impl Rhythm {
    /// A loop that opens its reader first. `broadcasts`: whether a polling frame is to be sent where the reader can.
    pub(super) const fn new(broadcasts: bool) -> Self {
        Self {
            state: State::Down { until: Duration::ZERO },
            doing: Act::Open,
            wants_broadcasts: broadcasts,
            broadcasts: false,
            broadcast_due: false,
            reopen: Backoff::new(REOPEN_FIRST, REOPEN_LONGEST),
            up_since: Duration::ZERO,
            health_at: Duration::ZERO,
            look_at: Duration::ZERO,
            poll_began: Duration::ZERO,
            card: None,
        }
    }

    /// What to do at this time.
    pub(super) fn next(&mut self, now: Duration) -> Act {
        let until = |then: Duration, act| match then.checked_sub(now) {
            Some(pause) if !pause.is_zero() => Act::Wait(pause),
            _ => act,
        };
        self.doing = match self.state {
            State::Down { until: then } => until(then, Act::Open),
            State::Looking if self.health_at <= now => Act::Health,
            State::Looking if self.broadcast_due => Act::Broadcast,
            State::Looking => until(self.look_at, Act::Poll(TICK)),
            State::Found => Act::Read,
            State::Releasing => Act::Release,
            State::Held { ping_at, .. } => until(ping_at, Act::Ping),
        };
        self.poll_began = now;
        self.doing
    }

    /// Takes what came of it, by this time.
    pub(super) fn after(&mut self, now: Duration, outcome: Outcome) -> Vec<Notice> {
        let mut notices = Vec::new();
        match (self.doing, outcome) {
            (Act::Open | Act::Health, Outcome::Failed(_)) => self.down(now, &mut notices),
            (doing, Outcome::Failed(fault)) if fault.ends_reader() => {
                if doing == Act::Read {
                    self.torn(now, &mut notices);
                }
                self.down(now, &mut notices);
            }
            (_, Outcome::Opened { broadcasts }) => {
                self.up(now, broadcasts);
                notices.push(Notice::Up);
            }
            (Act::Poll(_), Outcome::Found) => self.found(now),
            // Somebody is there and cannot be understood.
            (Act::Poll(_), Outcome::Failed(LinkFault::Card)) => self.torn(now, &mut notices),
            (Act::Poll(asked), _) => {
                // A reader that gives up early does not make the loop spin.
                self.look_at = self.poll_began + asked;
                self.broadcast_due = self.broadcasts;
                self.nobody(now, &mut notices);
            }
            (Act::Broadcast, outcome) => {
                self.broadcast_due = false;
                self.broadcasts &= outcome != Outcome::Failed(LinkFault::Unsupported);
            }
            (Act::Read, Outcome::Read) => self.hold(now),
            // Not every driver notices that an answer was cut, so once more, with a fresh field.
            (Act::Read, Outcome::Nothing) if !std::mem::replace(&mut self.presence(now).blank, true) => {
                self.state = State::Releasing;
            }
            (Act::Read, Outcome::Nothing | Outcome::Unreadable | Outcome::Failed(LinkFault::Unsupported)) => {
                self.unreadable(now, &mut notices);
                self.hold(now);
            }
            (Act::Read, Outcome::Owner) => {
                self.unreadable(now, &mut notices);
                self.presence(now).read_at = now + OWNER_PAUSE;
                self.state = State::Releasing;
            }
            (Act::Read, _) => self.torn(now, &mut notices),
            (Act::Release, _) => {
                self.look_at = now;
                // While the field was down nobody could be seen.
                self.presence(now);
                self.state = State::Looking;
            }
            (Act::Ping, Outcome::Present(true)) => self.hold(now),
            (Act::Ping, _) => self.missed(now, &mut notices),
            (Act::Health, _) => self.health_at = now + HEALTH_EVERY,
            (Act::Open | Act::Wait(_), _) => {}
        }
        notices
    }

    /// Since when the card is there, as far as was seen.
    pub(super) fn card_since(&self) -> Option<Duration> {
        self.card.as_ref().map(|card| card.first_seen)
    }

    fn up(&mut self, now: Duration, broadcasts: bool) {
        self.broadcasts = self.wants_broadcasts && broadcasts;
        self.broadcast_due = false;
        self.up_since = now;
        self.health_at = now + HEALTH_EVERY;
        self.look_at = now;
        self.state = State::Looking;
        // What lay there when the reader went is not gone before the reader looked.
        if let Some(card) = &mut self.card {
            card.last_seen = now;
        }
    }

    fn down(&mut self, now: Duration, notices: &mut Vec<Notice>) {
        if !matches!(self.state, State::Down { .. }) && now.saturating_sub(self.up_since) >= STAYED {
            self.reopen.reset();
        }
        let retry_in = self.reopen.pause();
        self.state = State::Down { until: now + retry_in };
        notices.push(Notice::Down { retry_in });
    }

    /// A card is there. One that was tried before waits for its time, selected now and then, which costs it nothing.
    fn found(&mut self, now: Duration) {
        if self.presence(now).read_at > now {
            self.look_at = now + TICK;
        } else {
            self.state = State::Found;
        }
    }

    /// The card that is there, seen now.
    fn presence(&mut self, now: Duration) -> &mut Presence {
        let card = self.card.get_or_insert_with(|| Presence {
            first_seen: now,
            last_seen: now,
            tries: 0,
            blank: false,
            retry: Backoff::new(RETRY_FIRST, RETRY_LONGEST),
            read_at: now,
            said: false,
        });
        card.last_seen = now;
        card
    }

    /// It was read, or cannot be: it stays selected until it leaves.
    fn hold(&mut self, now: Duration) {
        let card = self.presence(now);
        card.said = true;
        card.tries = 0;
        self.state = State::Held { ping_at: now + PING_EVERY, misses: 0 };
    }

    fn unreadable(&mut self, now: Duration, notices: &mut Vec<Notice>) {
        if !std::mem::replace(&mut self.presence(now).said, true) {
            notices.push(Notice::Unreadable);
        }
    }

    /// A read broke off, or nothing could be made of the card: it is tried again, with a fresh field.
    fn torn(&mut self, now: Duration, notices: &mut Vec<Notice>) {
        let card = self.presence(now);
        card.tries += 1;
        if card.tries >= QUICK_TRIES {
            card.read_at = now + card.retry.pause();
            self.unreadable(now, notices);
        }
        self.state = State::Releasing;
    }

    fn missed(&mut self, now: Duration, notices: &mut Vec<Notice>) {
        let State::Held { misses, .. } = self.state else { return };
        if misses + 1 < MISSES {
            self.state = State::Held { ping_at: now + PING_EVERY, misses: misses + 1 };
            return;
        }
        self.gone(notices);
        self.look_at = now;
        self.state = State::Looking;
    }

    /// Nobody was found.
    fn nobody(&mut self, now: Duration, notices: &mut Vec<Notice>) {
        if self.card.as_ref().is_some_and(|card| now.saturating_sub(card.last_seen) >= LEFT_AFTER) {
            self.gone(notices);
        }
    }

    fn gone(&mut self, notices: &mut Vec<Notice>) {
        let Some(card) = self.card.take() else { return };
        // It left before it could be read.
        if !card.said {
            notices.push(Notice::Unreadable);
        }
        notices.push(Notice::Gone { last: card.last_seen });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
