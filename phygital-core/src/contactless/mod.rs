//! What is said to a contactless card or phone, without the wire: bytes in, bytes out.
//!
//! Each protocol is a state machine that a reader drives: it gives the command to send, takes the answer, and ends with
//! a value or a typed refusal. Nothing here knows readers, clocks or stores.

pub mod apdu;
#[cfg(feature = "apple-vas")]
pub mod apple_vas;
pub mod chaining;
pub mod ecp;
pub mod ndef;
pub mod ntag424;
pub mod reading;
#[cfg(feature = "smart-tap")]
pub mod smart_tap;
pub mod tlv;
pub mod type2;
pub mod type4;

mod step;

pub use step::Step;
