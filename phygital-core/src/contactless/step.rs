//! What an exchange wants next.

use super::apdu::Command;

/// What an exchange wants next: a command sent, or nothing any more.
///
/// Commands are APDUs, and bytes where a card is spoken to that has others ([`super::type2`], [`super::reading`]).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an exchange goes on or is over")]
pub enum Step<T, C = Command> {
    /// Send this command and hand in its answer, status word included.
    Send(C),
    /// It is over, with this result.
    Done(T),
}
