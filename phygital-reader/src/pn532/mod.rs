//! PN532 chips on a serial line (HSU), in Rust alone.
//!
//! Beside what any backend does: a cancellation that ends a blocked call at once and leaves the chip usable, polling
//! frames ([`RawLink`](crate::RawLink)), commands and answers as long as APDUs get, and a lock that keeps a second
//! program from the line. NXP's document UM0701-02 (PN532 User Manual) is what it goes by.

mod chip;
pub mod command;
mod driver;
pub mod frame;
mod port;

pub use driver::{ANSWER_BYTES_MAX, COMMAND_BYTES_MAX, MARGIN, Pn532Backend, Pn532Reader};
