//! An emulated PN532, as hosts see it on a serial line.
//!
//! [`Pn532`] is the chip without a line, a thread or a clock: bytes and the time in, bytes out. [`Pn532Chip`] puts it
//! behind a pseudo-terminal, where a program opens it as it opens a chip. What it says was compared with what libnfc
//! was answered when it read tags.
//!
//! It proves protocol and recovery. Of the air it models selections, timeouts and durations, and no collision, no
//! field strength, no noise.

mod antenna;
mod chip;
mod command;
mod fault;
mod frame;
#[cfg(unix)]
mod pty;
mod wire;

pub use chip::Pn532;
pub use fault::{FaultPlan, Pn532Fault};
pub use frame::{ACK, BODY_BYTES_MAX, Frame, FrameReader, NACK, SYNTAX_ERROR, encode};
#[cfg(unix)]
pub use pty::Pn532Chip;
pub use wire::{Exchange, Pace, WireTime, line_time};
