//! Contactless readers behind one trait.
//!
//! A [`Backend`] lists and opens readers; a [`Reader`] looks for cards; the [`CardLink`] speaks to the one it found.
//! What is said over the link are the state machines of [`phygital_core::contactless`].

#![deny(unsafe_code)]

mod card;
mod clock;
#[cfg(all(unix, not(any(target_os = "android", target_os = "ios"))))]
pub mod libnfc;
mod link;
#[cfg(all(feature = "pcsc", not(any(target_os = "android", target_os = "ios"))))]
pub mod pcsc;
#[cfg(all(feature = "pn532", not(any(target_os = "android", target_os = "ios"))))]
pub mod pn532;
mod reader;
mod tap_loop;

pub use card::{Card, Technology, UID_BYTES_MAX, Uid};
pub use clock::{Alarm, Clock, SystemClock, VirtualClock};
pub use link::{CardLink, LinkError, LinkFault, RawLink};
pub use reader::{Backend, Canceller, Capabilities, Reader, ReaderName};
#[cfg(feature = "smart-tap")]
pub use tap_loop::SmartTapWish;
pub use tap_loop::{
    Credential, DEBOUNCE, EVENTS_MAX, Presentation, StillRunning, Tap, TapEvent, TapEvents, TapLoop,
    Unreadable, Wishes,
};
