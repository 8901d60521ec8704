//! What an exchange wants next.

use super::apdu::Command;

/// What an exchange wants next: a command sent, or nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an exchange goes on or is over")]
pub enum Step<T> {
    /// Send this command and hand in its answer, status word included.
    Send(Command),
    /// It is over, with this result.
    Done(T),
}
