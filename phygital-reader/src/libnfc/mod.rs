//! Readers through libnfc, the reference of PN532 drivers, best in a process of its own.
//!
//! libnfc can take the process it runs in down: a chip or a card that gives it certain bytes is enough. So there are two
//! ways to it. [`NfcdBackend`] starts the helper `phygital-nfcd` for each reader and talks to it; when libnfc dies, or does
//! not return, the helper is replaced and the till goes on. It needs neither libnfc nor a feature where the till is
//! built; the helper does. `LibnfcBackend` (feature `libnfc`) calls libnfc in the till's own process, guarded as well as
//! that can be; it says what risk is left.
//!
//! libnfc's licence is the LGPL, version 3 or later, and it uses libusb (LGPL-2.1): both are linked dynamically, to the
//! system's libraries, and with the helper they are not part of the till at all.
//!
//! Not possible here: polling frames for phones ([`Reader::raw`](crate::Reader::raw)). libnfc's public interface does not
//! give the control over the chip that they need; the driver for PN532 chips in Rust has it.

#[cfg(feature = "libnfc")]
mod device;
#[cfg(feature = "libnfc")]
mod guard;
mod helper;
#[cfg(feature = "libnfc")]
mod interrupt;
#[cfg(feature = "libnfc")]
mod port;
mod process;
pub mod protocol;
#[cfg(feature = "libnfc")]
mod serve;

#[cfg(feature = "libnfc")]
pub use device::LibnfcBackend;
pub use helper::NfcdBackend;
#[cfg(feature = "libnfc")]
pub use serve::serve;
